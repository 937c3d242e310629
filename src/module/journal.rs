//! Where log lines go: standard error, syslog, or nowhere. One line each, never a secret.

use std::ffi::CString;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use assembly::Destination;
use cryptoki_sys::CK_RV;
use log::{Level, Log, Metadata, Record};
use pkcs11::Error;

use crate::exports::Function;
use crate::{library, rv};

/// The log of this library: the `log` crate within it writes here, the host's own does not.
pub(crate) struct Journal {
    destination: AtomicU8,
    /// Taken around syslog, whose own lock a fork would otherwise leave taken in the child.
    writing: Mutex<()>,
}

impl Journal {
    /// Writes warnings and errors to standard error, until a configuration says otherwise.
    pub(crate) const fn new() -> Self {
        Self { destination: AtomicU8::new(Destination::Stderr as u8), writing: Mutex::new(()) }
    }

    /// Does as configured from now on.
    pub(crate) fn follow(&self, settings: assembly::Journal) {
        self.destination.store(settings.destination as u8, Ordering::Relaxed);
        log::set_max_level(settings.level);
    }

    /// Keeps other threads from writing to syslog, over a fork.
    pub(crate) fn hold(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, level: Level, mut line: String) {
        let destination = self.destination.load(Ordering::Relaxed);
        if destination == Destination::Stderr as u8 {
            line.push('\n');
            library::write_standard_error(line.as_bytes());
        } else if destination == Destination::Syslog as u8 {
            let Ok(line) = CString::new(line) else { return };
            let held = self.hold();
            library::write_syslog(priority(level), &line);
            drop(held);
        }
    }
}

impl Log for Journal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.write(record.level(), line(*record.args()));
        }
    }

    fn flush(&self) {}
}

/// One line, whatever a path or a reason holds.
fn line(message: std::fmt::Arguments<'_>) -> String {
    let mut line = String::from("claviger: ");
    // A message that cannot be formatted is shown as far as it went.
    let _ = line.write_fmt(message);
    line.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn priority(level: Level) -> libc::c_int {
    libc::LOG_AUTHPRIV
        | match level {
            Level::Error => libc::LOG_ERR,
            Level::Warn => libc::LOG_WARNING,
            Level::Info => libc::LOG_INFO,
            Level::Debug | Level::Trace => libc::LOG_DEBUG,
        }
}

/// Notes that a call failed.
pub(crate) fn failed(function: Function, error: &Error, code: CK_RV) {
    log::log!(rv::level(error), "{}: {error} ({})", function.name(), rv::name(code));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line(format_args!("{}", "a\nb\0c")), "claviger: a?b?c");
    }
}
