//! What `C_Initialize` opens: the configuration, then the token that it describes.

use std::sync::Arc;

use assembly::Journal;
use pkcs11::{Result, Token};

/// What must not be in use while the process forks (decision 0006).
pub(crate) trait Gate: Send + Sync {
    /// Before a fork: waits until nobody is inside, and keeps everybody out.
    fn prepare(&self);
    /// After a fork, in the parent: lets everybody in again.
    fn release_in_parent(&self);
    /// After a fork, in the child: as in the parent, and closes the inherited lock descriptors.
    fn release_in_child(&self);
}

impl Gate for assembly::ForkGate {
    fn prepare(&self) {
        self.prepare();
    }

    fn release_in_parent(&self) {
        self.release_in_parent();
    }

    fn release_in_child(&self) {
        self.release_in_child();
    }
}

/// An opened token.
pub(crate) struct Opened {
    /// What calls go to.
    pub(crate) token: Arc<dyn Token>,
    /// Its gate.
    pub(crate) gate: Arc<dyn Gate>,
}

/// A configuration that was read, and how to open what it describes.
pub(crate) struct Plan {
    /// Where log lines go, and which.
    pub(crate) journal: Journal,
    /// Opens the token; not called before the log lines know where to go.
    pub(crate) open: Box<dyn FnOnce() -> Result<Opened>>,
}

/// Reads the configuration of this process.
#[cfg(not(test))]
pub(crate) fn plan() -> Result<Plan> {
    let config = assembly::Config::load()?;
    let journal = config.journal;
    let open = move || {
        let opened = assembly::open(&config)?;
        Ok(Opened { token: opened.token, gate: opened.fork })
    };
    Ok(Plan { journal, open: Box::new(open) })
}

/// The file that calls are traced to.
#[cfg(not(test))]
pub(crate) fn trace_file() -> Option<std::path::PathBuf> {
    assembly::config::trace_file()
}
