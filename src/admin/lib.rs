//! The command claviger.
