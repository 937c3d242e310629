//! `CLAVIGER_TRACE`: a line for each call, with what was sent, what was answered and how long it took.
//!
//! ```text
//! 1795332562.123456 812/815 C_Sign(hSession=9, pData=32 bytes, pSignature=room for 512 bytes) = CKR_OK, pulSignatureLen=256 bytes; 233 us
//! ```
//!
//! Seconds since 1970, process and thread, the function with its arguments, the return value with the results, and
//! microseconds. What is shown of an argument is said in `pointers/look.rs`, by its kind in the table of `exports.rs`,
//! so that a function has its trace by having its row.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use assembly::trace::{Sink, head};
use cryptoki_sys::CK_RV;
use pkcs11::constants::{CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_OK};

use crate::exports::Function;
use crate::{library, rv};

#[cfg(test)]
mod tests;

/// Whether and where calls are traced.
pub(crate) struct Trace {
    on: AtomicBool,
    sink: ArcSwapOption<Sink>,
}

impl Trace {
    /// No trace.
    pub(crate) const fn off() -> Self {
        Self { on: AtomicBool::new(false), sink: ArcSwapOption::const_empty() }
    }

    /// Traces to a file from now on, or no longer. A file that cannot be written is told in the log, and harms no call.
    pub(crate) fn follow(&self, path: Option<&Path>) {
        let kept = self.sink.load_full().filter(|sink| path.is_some_and(|path| sink.is(path)));
        let sink = kept.or_else(|| {
            let opened = Sink::open(path?);
            opened.inspect_err(|why| log::warn!("CLAVIGER_TRACE: {why}")).ok().map(Arc::new)
        });
        self.on.store(sink.is_some(), Ordering::Relaxed);
        self.sink.store(sink);
    }

    fn write(&self, line: &str) {
        if let Some(sink) = self.sink.load().as_ref() {
            sink.write(line);
        }
    }
}

/// A call and its line, if calls are traced. A call costs one relaxed load where they are not.
pub(crate) fn traced(
    function: Function,
    arguments: &dyn Fn(&mut Line),
    results: &dyn Fn(&mut Line),
    call: impl FnOnce() -> CK_RV,
) -> CK_RV {
    // This call may be the one that turns the trace on.
    if !library::trace().on.load(Ordering::Relaxed) && function != Function::C_Initialize {
        return call();
    }
    let began = Began::now(function, arguments);
    let code = call();
    began.end(code, results);
    code
}

/// A call that is under way.
struct Began {
    line: Line,
    at: Instant,
}

impl Began {
    #[cold]
    fn now(function: Function, arguments: &dyn Fn(&mut Line)) -> Self {
        let mut line = Line::answering(CKR_OK);
        line.add(format_args!("{}{}(", head(), function.name()));
        library::quietly(|| arguments(&mut line));
        Self { line, at: Instant::now() }
    }

    #[cold]
    fn end(self, code: CK_RV, results: &dyn Fn(&mut Line)) {
        let took = self.at.elapsed().as_micros();
        let mut line = self.line;
        (line.code, line.separate) = (code, true);
        line.add(format_args!(") = {}", if code == CKR_OK { "CKR_OK" } else { rv::name(code) }));
        library::quietly(|| {
            results(&mut line);
            line.add(format_args!("; {took} us\n"));
            library::trace().write(&line.text);
        });
    }
}

/// A line that is being written.
pub(crate) struct Line {
    text: String,
    /// Whether the next argument or result follows another.
    separate: bool,
    code: CK_RV,
}

impl Line {
    /// A line of a call that answers `code`.
    pub(crate) fn answering(code: CK_RV) -> Self {
        Self { text: String::new(), separate: false, code }
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        // A String takes everything.
        let _ = self.text.write_fmt(text);
    }

    /// An argument or a result.
    pub(crate) fn tell(&mut self, name: &str, value: &str) {
        let separator = if std::mem::replace(&mut self.separate, true) { ", " } else { "" };
        self.add(format_args!("{separator}{name}={value}"));
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the call gave its results.
    pub(crate) fn answered(&self) -> bool {
        self.code == CKR_OK
    }

    /// Whether the call told a length (section 5.2).
    pub(crate) fn measured(&self) -> bool {
        [CKR_OK, CKR_BUFFER_TOO_SMALL].contains(&self.code)
    }

    /// Whether the call told of each attribute (section 5.7.5).
    pub(crate) fn revealed(&self) -> bool {
        self.measured() || [CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID].contains(&self.code)
    }
}
