//! A process for each test.
//!
//! `C_Initialize` and the environment belong to a process, and a module under test may end it. So each test starts
//! the test program again for itself alone, with its own folder and configuration, and reads the child's verdict;
//! it does not matter whether the tests themselves run in threads or in processes.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::disk::is_failing;
use crate::privilege::LEFT_OUT;
use crate::provider::{Installation, Provider};
use crate::raw::{Module, shim};
use crate::recorder::SEEN_VARIABLE;
use crate::token::Token;

/// Set in the process that runs one test: that test's folder.
const FOLDER_VARIABLE: &str = "PKCS11_TESTS_FOLDER";
/// How long a test may take before it is called hung, so that a deadlock becomes a failure.
const HUNG_AFTER: Duration = Duration::from_secs(600);
/// Names another number of seconds, for runs that are meant to be long.
const HUNG_VARIABLE: &str = "PKCS11_TESTS_HUNG_AFTER";

/// The test targets whose answers are kept for the target `return_values`: what the others meet by chance, such as
/// the random calls of the fuzzer, is no test of a return value.
const KEPT: [&str; 2] = ["conformance", "at_rest"];

/// What a test is given.
pub struct Test {
    /// The module, loaded, not initialised.
    pub module: &'static Module,
    /// Its configuration and folders.
    pub installation: Installation,
}

impl Test {
    /// Whether Claviger is under test.
    #[must_use]
    pub fn is_claviger(&self) -> bool {
        self.installation.provider() == Provider::Claviger
    }

    /// What is expected where SoftHSM is known to differ; the caller cites the section that says who is right.
    pub fn ours_else<T>(&self, ours: T, softhsm: T) -> T {
        if self.is_claviger() { ours } else { softhsm }
    }

    /// Initialises the library and a token with both PINs; no session is open afterwards.
    ///
    /// # Panics
    /// When the module refuses.
    #[must_use]
    pub fn token(&self) -> Token {
        Token::fresh(self.module)
    }
}

/// Runs `body` in a process of its own.
///
/// `path` is the test's path with its crate: `conformance::sessions::claviger::name`.
///
/// # Panics
/// When the body does, when its process dies or hangs, and when Claviger returned a value that the standard does
/// not list for the function.
pub fn run(provider: Provider, path: &str, body: fn(&Test)) {
    match env::var_os(FOLDER_VARIABLE) {
        Some(folder) => run_here(provider, Path::new(&folder), path, body),
        None => run_in_a_child(provider, path),
    }
}

/// Where the answers of a test are kept; SoftHSM's prove nothing about ours.
fn seen_folder(provider: Provider, path: &str) -> Option<PathBuf> {
    let target = path.split_once("::").map_or(path, |(target, _)| target);
    let kept = provider == Provider::Claviger && KEPT.contains(&target);
    env::var_os(SEEN_VARIABLE).filter(|_| kept).map(PathBuf::from)
}

fn run_here(provider: Provider, folder: &Path, path: &str, body: fn(&Test)) {
    let module = Module::open(&provider.module_path());
    let seen = seen_folder(provider, path);
    if let Some(seen) = seen.as_deref().filter(|_| !is_failing()) {
        module.recorder.keep_in(seen);
    }
    let test = Test { module, installation: Installation::existing(provider, folder) };
    body(&test);
    if let Some(seen) = seen.filter(|_| is_failing()) {
        // The answers are written to the same disk.
        shim::arm(0);
        module.recorder.keep_in(&seen);
    }
    if provider == Provider::Claviger {
        let unlisted = module.recorder.unlisted();
        assert!(unlisted.is_empty(), "not listed by chapter 5 of the standard: {unlisted:?}");
    }
}

fn run_in_a_child(provider: Provider, path: &str) {
    let (_, name) = path.split_once("::").expect("a path with its crate");
    let folder = tempfile::Builder::new().prefix("pkcs11-tests-").tempdir().expect("a temporary folder");
    let installation = Installation::create(provider, folder.path());
    let output = folder.path().join("output");
    let file = File::create(&output).expect("a file for the output");
    let (variable, value) = installation.environment();
    let mut command = Command::new(env::current_exe().expect("this program"));
    if seen_folder(provider, path).is_none() {
        // The processes that the test starts keep their answers too.
        command.env_remove(SEEN_VARIABLE);
    }
    let child = command
        // Whoever runs an ignored test has asked for it already.
        .args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER_VARIABLE, folder.path())
        .env("RUST_BACKTRACE", "0")
        .env(variable, value)
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a second handle"))
        .stderr(file)
        .spawn()
        .expect("this program again");
    let seconds = env::var(HUNG_VARIABLE).ok().and_then(|seconds| seconds.parse().ok());
    let status = finished(child, seconds.map_or(HUNG_AFTER, Duration::from_secs));
    let output = std::fs::read(&output).expect("the output");
    let output = String::from_utf8_lossy(&output);
    assert!(status.is_some_and(|status| status.success()), "{name} ended with {status:?}:\n{output}");
    assert!(output.contains("1 passed"), "{name} is no test of this program:\n{output}");
    if let Some((_, why)) = output.split_once(LEFT_OUT) {
        eprintln!("{name} {LEFT_OUT}{}", why.lines().next().unwrap_or_default());
    }
}

/// Waits for the end of a child, and kills it when that does not come: `None` then.
///
/// # Panics
/// When it cannot be waited for.
pub fn finished(mut child: Child, at_most: Duration) -> Option<ExitStatus> {
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    let (ended, end) = mpsc::channel::<()>();
    let watcher = thread::spawn(move || {
        let hung = end.recv_timeout(at_most) == Err(RecvTimeoutError::Timeout);
        if hung {
            let _gone_meanwhile = kill(id, Signal::SIGKILL);
        }
        hung
    });
    let status = child.wait().expect("a child to wait for");
    let _watcher_is_gone = ended.send(());
    let hung = watcher.join().expect("the watcher");
    (!hung).then_some(status)
}
