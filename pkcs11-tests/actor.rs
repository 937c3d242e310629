//! Another application: a process of its own that does what it is told, a line at a time.
//!
//! The program is `bin/actor.rs`; what it understands stands there.

use std::env;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use cryptoki_sys::{CK_RV, CKR_OK};

use crate::names::rv_by_name;
use crate::program::{Lines, over};
use crate::provider::{Installation, Provider, beside_this_program};
use crate::recorder::{SEEN_VARIABLE, keep};

/// The variable that names the module to the actor.
pub const MODULE_VARIABLE: &str = "PKCS11_TESTS_MODULE";

/// Set for an actor that must hold every answer of its module against the standard's lists.
pub const LISTED_VARIABLE: &str = "PKCS11_TESTS_LISTED";

/// How a line starts by which an actor tells a function and a value that it had not met before.
pub const MET: &str = "met";

/// What an actor answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The return value.
    pub rv: CK_RV,
    /// What follows it.
    pub words: Vec<String>,
}

impl Answer {
    /// The words, when the value is `CKR_OK`.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn ok(self) -> Vec<String> {
        crate::assert_rv!(self.rv, CKR_OK);
        self.words
    }

    /// The first word as a number, when the value is `CKR_OK`.
    ///
    /// # Panics
    /// When it is not, or there is none.
    #[must_use]
    pub fn number(self) -> u64 {
        self.ok().first().expect("a word").parse().expect("a number")
    }
}

/// The process.
pub struct Actor {
    child: Child,
    input: ChildStdin,
    output: Lines,
    /// Where its answers are kept: by this process, since it may be another user's, or have a disk that fails.
    seen: Option<PathBuf>,
}

/// The actor's program.
fn program() -> PathBuf {
    beside_this_program("pkcs11-actor").expect("pkcs11-actor, which cargo builds for tests")
}

impl Actor {
    /// Starts one over an installation; its messages go where this test's go.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(installation: &Installation) -> Self {
        Self::start_with(installation, |_| {})
    }

    /// Starts one whose standard error goes into a file.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_logging(installation: &Installation, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
        Self::start_with(installation, |command| {
            command.stderr(log);
        })
    }

    /// Starts one as another user.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_as(installation: &Installation, user: u32, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
        let program = installation.copy_for_others(&program());
        let module = installation.copy_for_others(&installation.provider().module_path());
        Self::start_program(&program, &module, installation, |command| {
            command.stderr(log).gid(user).uid(user);
        })
    }

    /// Starts one after `prepare` has had its say.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start_with(installation: &Installation, prepare: impl FnOnce(&mut Command)) -> Self {
        Self::start_program(&program(), &installation.provider().module_path(), installation, prepare)
    }

    fn start_program(
        program: &Path,
        module: &Path,
        installation: &Installation,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env(MODULE_VARIABLE, module);
        if installation.provider() == Provider::Claviger {
            command.env(LISTED_VARIABLE, "yes");
        }
        prepare(over(&mut command, installation));
        let mut child = command.spawn().expect("the actor");
        let input = child.stdin.take().expect("a pipe");
        let output = Lines::of(child.stdout.take().expect("a pipe"));
        let seen = env::var_os(SEEN_VARIABLE).map(PathBuf::from);
        Self { child, input, output, seen }
    }

    /// Tells it what to do; its answer is to be fetched with [`Actor::answer`].
    ///
    /// # Panics
    /// When it is gone.
    pub fn tell(&mut self, order: &str) {
        writeln!(self.input, "{order}").expect("a living actor");
    }

    /// Its next answer; `None` when it is gone.
    ///
    /// # Panics
    /// When it is no answer.
    pub fn answer(&mut self) -> Option<Answer> {
        let line = self.output.next_line()?;
        let mut words = line.split_whitespace();
        let rv = words.next().expect("an answer");
        if rv == MET {
            if let (Some(folder), Some(function), Some(value)) = (&self.seen, words.next(), words.next()) {
                keep(folder, function, value);
            }
            return self.answer();
        }
        let rv = rv_by_name(rv).or_else(|| u64::from_str_radix(rv.trim_start_matches("0x"), 16).ok());
        Some(Answer { rv: rv.expect("a return value"), words: words.map(str::to_owned).collect() })
    }

    /// Tells it what to do and waits for the answer.
    ///
    /// # Panics
    /// When it is gone.
    pub fn does(&mut self, order: &str) -> Answer {
        self.tell(order);
        self.answer().unwrap_or_else(|| panic!("the actor ended at {order:?}"))
    }

    /// Initialises, opens a read-write session with the first token and logs the user in.
    ///
    /// # Panics
    /// When the module refuses.
    pub fn logs_in(&mut self) {
        let _ = self.does("initialize").ok();
        let _ = self.does("open rw").ok();
        let _ = self.does(&format!("login user {}", crate::USER_PIN)).ok();
    }

    /// Ends it with SIGKILL.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn kill(mut self) {
        self.child.kill().expect("a process to kill");
        let _status = self.child.wait().expect("a process to wait for");
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _may_be_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
