//! What is going on now: shown on standard error, and looked at by a watchman, so that a module that makes no end ends
//! the measurement with a message rather than hanging it.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes so long, a store that SoftHSM reads before it is ready included.
const NO_END: Duration = Duration::from_secs(300);
/// How often a line is written where no terminal is.
const BETWEEN_LINES: Duration = Duration::from_secs(15);
/// The exit status of a measurement that made no end.
const ENDED: i32 = 3;

struct State {
    what: String,
    since: Instant,
    /// When the last line was written.
    shown: Option<Instant>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);

/// Starts the watchman.
pub(crate) fn watch() {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_secs(1));
            let state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(State { what, since, .. }) =
                state.as_ref().filter(|state| state.since.elapsed() > NO_END)
            {
                eprintln!("\nmeter: {what}: no end after {} s", since.elapsed().as_secs());
                process::exit(ENDED);
            }
        }
    });
}

/// Says what comes next.
pub(crate) fn at(what: String) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let terminal = stderr().is_terminal();
    let shown = state.as_ref().and_then(|state| state.shown);
    let due = shown.is_none_or(|shown| shown.elapsed() > BETWEEN_LINES);
    if terminal {
        eprint!("\r\x1b[Kmeter: {what}");
        let _flushed = stderr().flush();
    } else if due {
        eprintln!("meter: {what}");
    }
    let shown = if due { Some(Instant::now()) } else { shown };
    *state = Some(State { what, since: Instant::now(), shown });
}

/// Ends the line on a terminal.
pub(crate) fn done() {
    *STATE.lock().unwrap_or_else(PoisonError::into_inner) = None;
    if stderr().is_terminal() {
        eprintln!();
    }
}
