//! Messages of the parts, for the person who typed the command: always on standard error.

use std::io::Write;

use log::{LevelFilter, Log, Metadata, Record};

use crate::show::printable;

struct StandardError;

/// Writes messages down to `level` from now on.
pub(crate) fn start(level: LevelFilter) {
    // Fails only where a journal was started before, which then stays.
    if log::set_logger(&StandardError).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = record.level().as_str().to_lowercase();
            // Where standard error is closed there is nobody to tell.
            let _ =
                writeln!(std::io::stderr(), "claviger: {level}: {}", printable(&record.args().to_string()));
        }
    }

    fn flush(&self) {}
}
