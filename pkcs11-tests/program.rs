//! Real programs: run, waited for, stopped whatever happens.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::provider::Installation;

/// Where Debian puts programs.
const FOLDERS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// A program of a Debian package.
///
/// # Panics
/// When it is not there, naming the package.
#[must_use]
pub fn program(name: &str, package: &str) -> Command {
    let path = FOLDERS.iter().map(|folder| PathBuf::from(folder).join(name)).find(|path| path.exists());
    Command::new(path.unwrap_or_else(|| panic!("{name} is missing: install the package {package}")))
}

/// Fails when a file of a Debian package is missing, naming the package.
///
/// # Panics
/// Then.
pub fn require(path: &str, package: &str) {
    assert!(PathBuf::from(path).exists(), "{path} is missing: install the package {package}");
}

/// Runs to the end; gives standard output.
///
/// # Panics
/// When it cannot be started or fails, with all that it wrote.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = output(command);
    assert!(output.status.success(), "{}", told(command, &output));
    output.stdout
}

/// Runs to the end, whatever that is.
///
/// # Panics
/// When it cannot be started.
pub fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|why| panic!("{command:?}: {why}"))
}

/// Runs to the end with something on standard input; gives standard output.
///
/// # Panics
/// When it cannot be started or fails.
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let _it_may_not_read_all = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{}", told(command, &output));
    output.stdout
}

/// What a command was and what came of it.
#[must_use]
pub fn told(command: &Command, output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{command:?} ended with {}:\n{out}\n{err}", output.status)
}

/// A command that finds the installation's configuration.
pub fn over<'a>(command: &'a mut Command, installation: &Installation) -> &'a mut Command {
    let (variable, value) = installation.environment();
    command.env(variable, value)
}

/// Builds a C program against Debian's p11-kit header.
///
/// # Panics
/// When it does not compile.
pub fn build_c(source: &str, out: &std::path::Path, flags: &[&str]) {
    require("/usr/include/p11-kit-1/p11-kit/pkcs11.h", "libp11-kit-dev");
    compile(source, "/usr/include/p11-kit-1".as_ref(), out, flags);
}

/// Builds a C program against the header of this repository, and finds no other.
///
/// # Panics
/// When it does not compile.
pub fn build_c_with_our_header(source: &str, out: &std::path::Path) {
    compile(source, concat!(env!("CARGO_MANIFEST_DIR"), "/../include").as_ref(), out, &[]);
}

fn compile(source: &str, headers: &std::path::Path, out: &std::path::Path, flags: &[&str]) {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("c").join(source);
    let strict = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-I"];
    let mut gcc = program("gcc", "gcc");
    run(gcc.args(strict).arg(headers).arg(source).arg("-o").arg(out).args(flags).arg("-ldl"));
}

/// A program in the background: killed when dropped.
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts it, with a pipe to its standard input.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).spawn().unwrap_or_else(|why| panic!("{command:?}: {why}"));
        Self { child }
    }

    /// Its process id.
    ///
    /// # Panics
    /// Never on Linux.
    #[must_use]
    pub fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill(self.id(), signal).expect("a living process");
    }

    /// Writes to its standard input.
    ///
    /// # Panics
    /// When that is closed.
    pub fn say(&mut self, words: &[u8]) {
        self.child.stdin.as_mut().expect("a pipe").write_all(words).expect("somebody who reads");
    }

    /// The lines of its standard output, where the command pipes that.
    ///
    /// # Panics
    /// When it does not, or they were taken before.
    #[must_use]
    pub fn lines(&mut self) -> Lines {
        Lines::of(self.child.stdout.take().expect("a pipe"))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it cannot be waited for.
    #[must_use]
    pub fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("a child to wait for")
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // SIGTERM first: a server that has workers takes them along.
        let _may_be_gone = kill(self.id(), Signal::SIGTERM);
        let until = Instant::now() + Duration::from_secs(5);
        while !self.has_ended() && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        let _may_be_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A port of 127.0.0.1 that nobody listens on.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Waits until somebody listens on a port.
///
/// # Panics
/// When the program ends before, or nobody does within a minute.
pub fn listening(port: u16, server: &mut Background) {
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(!server.has_ended(), "the server has ended before it listened");
        assert!(Instant::now() < until, "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}

/// Reads hexadecimal.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|c| u8::try_from(c.to_digit(16).expect("a digit")).expect("a digit")).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// `openssl` with arguments.
#[must_use]
pub fn openssl<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = program("openssl", "openssl");
    command.args(arguments);
    command
}

/// Lines of a program's output, one at a time.
pub struct Lines(BufReader<Box<dyn std::io::Read + Send>>);

impl Lines {
    /// Reads from a pipe.
    #[must_use]
    pub fn of(pipe: impl std::io::Read + Send + 'static) -> Self {
        Self(BufReader::new(Box::new(pipe)))
    }

    /// The next line without its end; `None` when there are no more.
    pub fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end().to_owned())
    }
}
