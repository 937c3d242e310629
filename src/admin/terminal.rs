//! Asking a person at the terminal, without echo.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use pkcs11::Secret;

use crate::signals::Held;

/// Longest line that a terminal gives in canonical mode, in bytes (termios(3)).
const LONGEST_LINE: usize = 4096;
/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

/// Whom PINs are asked from.
pub trait Asker {
    /// Shows `prompt` and gives the line that is typed, without its end.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] and its like where there is no terminal; [`ErrorKind::Interrupted`] for Ctrl-C and for
    /// a signal, which ends the process once the terminal echoes again;
    /// [`ErrorKind::UnexpectedEof`] for Ctrl-D.
    fn ask(&mut self, prompt: &str) -> io::Result<Secret>;

    /// As [`Asker::ask`], for what may be seen.
    ///
    /// # Errors
    /// As there; Ctrl-C ends the process.
    fn ask_openly(&mut self, prompt: &str) -> io::Result<String>;
}

/// The terminal of this process.
pub struct Terminal {
    path: PathBuf,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { path: PathBuf::from("/dev/tty") }
    }
}

impl Asker for Terminal {
    fn ask(&mut self, prompt: &str) -> io::Result<Secret> {
        let mut terminal = self.open()?;
        // A signal that ends the process has to wait until the terminal echoes again.
        let held = Held::begin().inspect_err(|error| log::debug!("signals are not held back: {error}")).ok();
        let quiet = Quiet::begin(terminal.try_clone()?)?;
        terminal.write_all(prompt.as_bytes())?;
        let line = wait(&terminal, held.as_ref()).and_then(|()| line(&mut terminal));
        drop(quiet);
        terminal.write_all(b"\n")?;
        drop(held);
        line
    }

    fn ask_openly(&mut self, prompt: &str) -> io::Result<String> {
        let mut terminal = self.open()?;
        terminal.write_all(prompt.as_bytes())?;
        let typed = line(&mut terminal)?;
        Ok(String::from_utf8_lossy(typed.expose()).into_owned())
    }
}

impl Terminal {
    fn open(&self) -> io::Result<File> {
        let no_control = OFlag::O_NOCTTY.bits();
        OpenOptions::new().read(true).write(true).custom_flags(no_control).open(&self.path)
    }
}

/// Waits until there is something to read, or until a signal has come.
fn wait(terminal: &File, held: Option<&Held>) -> io::Result<()> {
    let Some(held) = held else { return Ok(()) };
    let asked = |file| PollFd::new(file, PollFlags::POLLIN);
    let mut both = [asked(terminal.as_fd()), asked(held.as_fd())];
    loop {
        match poll(&mut both, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) if both.iter().skip(1).any(|signal| signal.any() == Some(true)) => {
                return Err(ErrorKind::Interrupted.into());
            }
            Ok(_) => return Ok(()),
        }
    }
}

fn line(terminal: &mut File) -> io::Result<Secret> {
    let mut typed = Secret::zeroed(LONGEST_LINE);
    // Canonical mode: one read is one line.
    let len = terminal.read(typed.as_mut())?;
    match typed.expose().get(..len).unwrap_or_default() {
        [] => Err(ErrorKind::UnexpectedEof.into()),
        [.., INTERRUPT] => Err(ErrorKind::Interrupted.into()),
        [line @ .., b'\n'] | line => Ok(Secret::from(line)),
    }
}

/// A terminal without echo, restored when dropped. Ctrl-C ends the line instead of the process, which would leave
/// the terminal without echo.
struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    fn begin(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ISIG);
        quiet.local_flags.insert(LocalFlags::ICANON);
        if let Some(end_of_line) = quiet.control_chars.get_mut(SpecialCharacterIndices::VEOL as usize) {
            *end_of_line = INTERRUPT;
        }
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that has gone away needs no echo.
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};

    use super::*;

    /// Types `typed` once the prompt has come; gives the answer, everything that the person saw, and whether the
    /// terminal echoes afterwards.
    fn conversation(typed: &'static [u8]) -> (io::Result<Secret>, String, bool) {
        let mut master: PtyMaster = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = PathBuf::from(ptsname_r(&master).unwrap());
        // Keeps the other end open, so that the last words can be read.
        let other = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(&path)
            .unwrap();
        let asking = thread::spawn(move || Terminal { path }.ask("PIN: "));
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"PIN: ") {
            master.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        master.write_all(typed).unwrap();
        let answer = asking.join().unwrap();
        while !seen.ends_with(b"\n") {
            master.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        let echoes = tcgetattr(&other).unwrap().local_flags.contains(LocalFlags::ECHO);
        (answer, String::from_utf8(seen).unwrap(), echoes)
    }

    #[test]
    fn a_line_is_read_without_echo_and_the_echo_comes_back() {
        let (answer, seen, echoes) = conversation(b"sesame 1\n");
        assert_eq!(answer.unwrap().expose(), b"sesame 1");
        assert_eq!(seen, "PIN: \r\n");
        assert!(echoes);
    }

    #[test]
    fn what_is_rubbed_out_is_not_part_of_the_line() {
        let (answer, _, _) = conversation(b"sesamx\x7fe\n");
        assert_eq!(answer.unwrap().expose(), b"sesame");
    }

    #[test]
    fn interrupting_gives_an_error_and_the_echo_comes_back() {
        let (answer, seen, echoes) = conversation(b"sesa\x03");
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(seen, "PIN: \r\n");
        assert!(echoes);
    }

    #[test]
    fn the_end_of_input_gives_an_error() {
        let (answer, _, _) = conversation(b"\x04");
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn no_terminal_is_an_error() {
        let mut missing = Terminal { path: PathBuf::from("/nonexistent/tty") };
        assert_eq!(missing.ask("PIN: ").unwrap_err().kind(), ErrorKind::NotFound);
    }
}
