//! Locked, undumpable pages that a fork wipes.
