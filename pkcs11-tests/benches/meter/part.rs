//! The two parts of a run, each in a process of its own: modules read their configurations from the environment, which
//! is set before a process starts, and each part finds them in their first state. What a part leaves on the disk goes
//! with it, however it ends.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::subject::Contender;

/// Set in the processes that measure: which part.
pub(crate) const VARIABLE: &str = "METER_PART";
/// Everything but the stores.
pub(crate) const ROWS: &str = "rows";
/// The stores.
pub(crate) const STORE: &str = "store";

/// A file system in memory, where there is one: many objects are about what a module does, not about a disk.
const IN_MEMORY: &str = "/dev/shm";

/// Whether somebody wants this to end.
static ENDING: AtomicBool = AtomicBool::new(false);
/// The process that measures.
static MEASURING: AtomicI32 = AtomicI32::new(0);
static HEEDED: Once = Once::new();

/// The folder that a part's tokens lie in.
pub(crate) fn place(part: &str) -> std::path::PathBuf {
    let memory = Path::new(IN_MEMORY);
    if part == STORE && memory.is_dir() { memory.to_owned() } else { env::temp_dir() }
}

/// From here on a signal ends the process that measures, and this one goes on to take its folder away.
fn heed_signals() {
    let mut signals = SigSet::empty();
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().for_each(|signal| signals.add(signal));
    signals.thread_block().expect("a signal mask");
    thread::spawn(move || {
        while signals.wait().is_ok() {
            ENDING.store(true, Ordering::SeqCst);
            let measuring = MEASURING.load(Ordering::SeqCst);
            if measuring > 0 {
                let _ended = kill(Pid::from_raw(measuring), Signal::SIGTERM);
            }
        }
    });
}

/// What a process that measures does first: the mask of the one that started it does not hold here.
///
/// # Panics
/// When the kernel refuses.
pub(crate) fn begin() {
    SigSet::empty().thread_set_mask().expect("a signal mask");
}

/// Runs a part; gives the results that it prints.
///
/// # Errors
/// How it ended instead.
///
/// # Panics
/// When no process or no folder can be made.
pub(crate) fn run(part: &str, contenders: &[Contender]) -> Result<String, String> {
    HEEDED.call_once(heed_signals);
    let folder = TempDir::with_prefix_in("meter-", place(part)).expect("a temporary folder");
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(VARIABLE, part).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command.envs(contenders.iter().filter_map(|contender| contender.install(folder.path())));
    let child = command.spawn().expect("this program again");
    MEASURING.store(i32::try_from(child.id()).expect("a process id"), Ordering::SeqCst);
    let output = child.wait_with_output();
    MEASURING.store(0, Ordering::SeqCst);
    let output = output.expect("what it prints");
    if ENDING.load(Ordering::SeqCst) {
        return Err("ended by a signal".to_owned());
    }
    if !output.status.success() {
        return Err(format!("ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "printed something else than results".to_owned())
}
