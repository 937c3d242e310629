//! Where all parts meet: configuration and the opened token.
#![forbid(unsafe_code)]

pub mod config;

use std::sync::Arc;

use engine::application::{Application, Parts};
use engine::clock::SystemClock;
use engine::place::Places;
use pkcs11::{Result, Token};

pub use config::{Config, Destination, Journal};
pub use store::ForkGate;

/// What is opened.
pub struct Opened {
    /// Everything that the tokens can be asked, for one application.
    pub token: Arc<dyn Token>,
    /// What must be shut while the process forks.
    pub fork: Arc<ForkGate>,
}

/// Opens the tokens that the configuration names, without looking at any of them yet.
///
/// # Errors
/// [`pkcs11::Error::Configuration`] for folders that cannot be used, with path and reason.
pub fn open(_config: &Config) -> Result<Opened> {
    Err(pkcs11::Error::FunctionNotSupported)
}

/// Joins the parts over the tokens in `places`.
pub fn join(config: &Config, places: Arc<dyn Places>) -> Arc<dyn Token> {
    Arc::new(Application::new(Parts {
        places,
        mechanisms: mechanisms::MECHANISMS,
        primitives: mechanisms::primitives(),
        clock: Arc::new(SystemClock),
        settings: config.settings.clone(),
    }))
}
