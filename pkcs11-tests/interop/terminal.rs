//! A terminal, and a program that it belongs to: what a person types and sees.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use pkcs11_tests::program::program;

/// How long words may take to appear, in milliseconds, before they are called missing.
const MISSING_AFTER: u16 = 60_000;

/// A program that runs in a terminal of its own.
pub(crate) struct Terminal {
    master: PtyMaster,
    /// Keeps the other end open, so that what was written last can be read.
    other: File,
    child: Child,
    seen: Vec<u8>,
}

impl Terminal {
    /// Starts a program as the leader of a session whose terminal this is: Ctrl-C reaches it.
    pub(crate) fn start(command: &Command) -> Self {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let open = || {
            let no_control = OFlag::O_NOCTTY.bits();
            let name = ptsname_r(&master).unwrap();
            OpenOptions::new().read(true).write(true).custom_flags(no_control).open(name).unwrap()
        };
        let mut leader = program("setsid", "util-linux");
        leader.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            leader.env(name, value.unwrap_or_default());
        }
        leader.env("TERM", "xterm").current_dir(command.get_current_dir().unwrap());
        let child = leader.stdin(open()).stdout(open()).stderr(open()).spawn().unwrap();
        let other = open();
        Self { master, other, child, seen: Vec::new() }
    }

    /// Reads until these words have appeared.
    pub(crate) fn until(&mut self, words: &str) {
        while !self.text().contains(words) {
            let mut ready = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            let count = poll(&mut ready, PollTimeout::from(MISSING_AFTER)).unwrap();
            assert!(count > 0, "no {words:?} in {:?}", self.text());
            let mut room = [0; 256];
            let len = self.master.read(&mut room).unwrap();
            self.seen.extend_from_slice(&room[..len]);
        }
    }

    /// Everything that the person has seen.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Sends the program a signal from elsewhere.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for the end of the program; whether the terminal echoes then, and what the person has seen.
    pub(crate) fn ended(mut self) -> (ExitStatus, bool, String) {
        let status = self.child.wait().unwrap();
        let echoes = tcgetattr(&self.other).unwrap().local_flags.contains(LocalFlags::ECHO);
        // A mark behind what was written last.
        self.other.write_all(b"[the end]").unwrap();
        self.until("[the end]");
        (status, echoes, self.text())
    }
}
