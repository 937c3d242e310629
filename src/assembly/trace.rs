//! `CLAVIGER_TRACE`: the file that calls are traced to, what a line may show, and a token that traces itself.
//!
//! The library traces its calls as it reads them out of the application's memory (`src/module/trace.rs`). The command has no
//! such memory: its token is wrapped into one that writes a line for each call.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::unistd::gettid;
use pkcs11::Token;

use crate::config::trace_file;

mod looks;
mod shown;
mod sink;
#[cfg(test)]
mod tests;
mod traced;

pub use shown::{LONGEST, Public, bytes, handle, listed, named, public};
pub use sink::Sink;
pub use traced::Traced;

/// The token, tracing itself if `CLAVIGER_TRACE` is set. A file that cannot be written is told in the log, and harms no call.
pub fn follow(token: Arc<dyn Token>) -> Arc<dyn Token> {
    let Some(path) = trace_file() else { return token };
    match Sink::open(&path) {
        Ok(sink) => Arc::new(Traced::new(token, sink)),
        Err(why) => {
            log::warn!("CLAVIGER_TRACE: {why}");
            token
        }
    }
}

/// What a line begins with: seconds since 1970, process and thread.
#[must_use]
pub fn head() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (process, thread) = (std::process::id(), gettid());
    format!("{}.{:06} {process}/{thread} ", since.as_secs(), since.subsec_micros())
}
