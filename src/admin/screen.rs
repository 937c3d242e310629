//! What a terminal can show: its width, colours, and that something is still running.
//!
//! Where results go to a file or a pipe, all of this is off, so that programs read the same bytes everywhere.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::show::printable;

/// How long something may run before it is told of.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often what is told is drawn anew.
const PACE: Duration = Duration::from_millis(120);
/// Cells of a bar.
const BAR: u64 = 24;

/// What words mean, as far as a colour tells it; the words tell it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The names of columns and lines.
    Heading,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Heading => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// What standard output and standard error can show. The default is a file: no width, no colour, nothing that moves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Screen {
    /// Columns of the terminal that results go to.
    width: Option<usize>,
    colours: bool,
    /// Whether standard error is a terminal, where something may move.
    lively: bool,
}

impl Screen {
    /// Of this process. `NO_COLOR` (no-color.org), when it is not empty, and `TERM=dumb` turn colours off.
    #[must_use]
    pub fn of_this_process() -> Self {
        let terminal = io::stdout().is_terminal();
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|value| value == "dumb");
        let size = if terminal { terminal_size::terminal_size_of(io::stdout()) } else { None };
        Self {
            width: size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0),
            colours: terminal && !plain && !dumb,
            lively: io::stderr().is_terminal() && !dumb,
        }
    }

    /// Columns of the terminal; none for a file.
    pub(crate) fn width(self) -> Option<usize> {
        self.width
    }

    /// Words for standard output, coloured where it is a terminal that has colours.
    pub(crate) fn paint(self, tone: Tone, words: &str) -> Cow<'_, str> {
        if !self.colours {
            return Cow::Borrowed(words);
        }
        let style = tone.style();
        Cow::Owned(format!("{style}{words}{style:#}"))
    }

    /// Tells on standard error, if that is a terminal, what is running once it takes longer than a second; until the
    /// result is dropped. `words` as in "making an RSA key".
    pub(crate) fn progress(self, words: &str) -> Progress {
        if self.lively { Progress::begin(words, PATIENCE, io::stderr()) } else { Progress::default() }
    }

    #[cfg(test)]
    pub(crate) fn coloured(width: usize) -> Self {
        Self { width: Some(width), colours: true, lively: false }
    }
}

/// Something that is running: ends, and wipes its line, when dropped.
#[derive(Default)]
pub(crate) struct Progress {
    running: Option<(Arc<Shared>, JoinHandle<()>)>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    done: u64,
    /// How many there are in all, if that is known.
    total: Option<u64>,
    over: bool,
}

impl Progress {
    fn begin(words: &str, patience: Duration, mut to: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let (words, seen) = (printable(words).into_owned(), Arc::clone(&shared));
        let drawing = std::thread::Builder::new().name("progress".to_owned());
        // Without a thread nothing is told, and everything is done.
        let thread = drawing.spawn(move || draw(&words, patience, &seen, &mut to)).ok();
        Self { running: thread.map(|thread| (shared, thread)) }
    }

    /// Says how many of how many are done: a bar is shown instead of a wheel.
    pub(crate) fn set(&self, done: u64, total: u64) {
        if let Some((shared, _)) = &self.running {
            let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.done, state.total) = (done, Some(total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((shared, thread)) = self.running.take() {
            shared.state.lock().unwrap_or_else(PoisonError::into_inner).over = true;
            shared.ended.notify_all();
            // It has nothing to say but what it drew.
            let _ = thread.join();
        }
    }
}

fn draw(words: &str, patience: Duration, shared: &Shared, to: &mut dyn Write) {
    let mut wait = patience;
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    for round in 0_usize.. {
        let (now, _) = shared
            .ended
            .wait_timeout_while(state, wait, |state| !state.over)
            .unwrap_or_else(PoisonError::into_inner);
        state = now;
        if state.over {
            if round > 0 {
                // Wipes the line (ECMA-48, EL): a terminal that has gone away needs no wiping.
                let _ = write!(to, "\r\x1b[K").and_then(|()| to.flush());
            }
            return;
        }
        let _ = write!(to, "\r{}\x1b[K", line(words, *state, round)).and_then(|()| to.flush());
        wait = PACE;
    }
}

fn line(words: &str, state: State, round: usize) -> String {
    const WHEEL: [char; 4] = ['|', '/', '-', '\\'];
    match state {
        State { done, total: Some(total @ 1..), .. } => {
            let done = done.min(total);
            let full = done.saturating_mul(BAR) / total;
            let cells: String = (0..BAR).map(|cell| if cell < full { '#' } else { '.' }).collect();
            format!("{words} [{cells}] {done}/{total}")
        }
        _ => format!("{words} {}", WHEEL.get(round % WHEEL.len()).copied().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    #[test]
    fn a_file_gets_no_colours_and_a_terminal_does() {
        assert_eq!(Screen::default().paint(Tone::Bad, "no"), "no");
        assert_eq!(Screen::coloured(80).paint(Tone::Good, "yes"), "\x1b[32myes\x1b[0m");
    }

    #[test]
    fn a_bar_is_drawn_where_the_number_is_known_and_a_wheel_elsewhere() {
        let known = State { done: 1, total: Some(2), over: false };
        assert_eq!(line("importing", known, 0), "importing [############............] 1/2");
        let beyond = State { done: 3, total: Some(2), over: false };
        assert_eq!(line("importing", beyond, 0), "importing [########################] 2/2");
        assert_eq!(line("making", State::default(), 1), "making /");
        assert_eq!(line("none", State { total: Some(0), ..State::default() }, 4), "none |");
    }

    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_runs_long_is_told_and_its_line_is_wiped_at_the_end() {
        let (told, heard) = channel();
        let progress = Progress::begin("making a key\x07", Duration::ZERO, Told(told));
        let first = heard.recv().unwrap();
        drop(progress);
        let all = heard.iter().fold(first, |all, bytes| [all, bytes].concat());
        let all = String::from_utf8(all).unwrap();
        assert!(all.starts_with("\rmaking a key\\u{7} |\x1b[K"), "{all:?}");
        assert!(all.ends_with("\r\x1b[K"), "{all:?}");
    }

    #[test]
    fn what_is_over_soon_is_not_told_of() {
        let (told, heard) = channel();
        drop(Progress::begin("making a key", Duration::MAX, Told(told)));
        assert_eq!(heard.iter().count(), 0);
    }
}
