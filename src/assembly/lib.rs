//! Where all parts meet: configuration and the opened token.
#![forbid(unsafe_code)]

pub mod config;

pub use config::{Config, Destination, Journal};
