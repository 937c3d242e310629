//! Tests in processes of their own: the test binary runs itself again for one ignored test, which does nothing
//! unless it was started from here.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Carries the argument of a test that was started as a process of its own.
const ARGUMENT: &str = "CLAVIGER_STORE_CHILD";
/// Marks the lines that are meant for the parent among those of the test harness.
const MARK: &str = "claviger-store-child: ";

/// In the child: the argument, or `None` when this is no child.
pub(crate) fn argument() -> Option<String> {
    std::env::var(ARGUMENT).ok()
}

/// In the child: tells the parent something.
pub(crate) fn answer(words: &str) {
    println!("{MARK}{words}");
    std::io::stdout().flush().unwrap();
}

/// In the child: waits for a line of the parent.
pub(crate) fn wait() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// In the child: gives root's rights up for good, if it has them.
pub(crate) fn become_nobody() {
    use nix::unistd::{Gid, Uid, getuid, setgid, setgroups, setuid};
    if getuid().is_root() {
        setgroups(&[]).unwrap();
        setgid(Gid::from_raw(65_534)).unwrap();
        setuid(Uid::from_raw(65_534)).unwrap();
    }
}

/// A test that runs as a process of its own; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// `None` once closed.
    to: Option<ChildStdin>,
    from: Lines<BufReader<ChildStdout>>,
}

/// Starts the ignored test of that name.
pub(crate) fn start(test: &str, argument: &str) -> Process {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(ARGUMENT, argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let to = child.stdin.take();
    let from = BufReader::new(child.stdout.take().unwrap()).lines();
    Process { child, to, from }
}

/// Runs the ignored test of that name to its end; gives its answer.
pub(crate) fn run(test: &str, argument: &str) -> String {
    let mut process = start(test, argument);
    let answer = process.hear();
    process.finish();
    answer
}

impl Process {
    /// Waits for what the child answers.
    pub(crate) fn hear(&mut self) -> String {
        for line in &mut self.from {
            // The harness may have begun a line of its own before.
            if let Some((_, answer)) = line.unwrap().split_once(MARK) {
                return answer.to_owned();
            }
        }
        panic!("the child ended without an answer");
    }

    /// Lets a child go on that waits.
    pub(crate) fn go_on(&mut self) {
        writeln!(self.to.as_mut().unwrap()).unwrap();
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn finish(mut self) {
        drop(self.to.take());
        for line in &mut self.from {
            line.unwrap();
        }
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone in all but a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
