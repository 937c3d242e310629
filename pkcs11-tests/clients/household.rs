//! What a page started, found again and ended.
//!
//! Servers leave the process that started them. This process therefore adopts every descendant whose parent ends, so
//! that all of them stay below it.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// How long a server may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// Adopts orphans from now on, and ends them all when dropped.
pub(crate) struct Household;

impl Household {
    pub(crate) fn found() -> Self {
        set_child_subreaper(true).expect("orphans to adopt");
        Self
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        let until = Instant::now() + PATIENCE;
        end(&descendants(), Signal::SIGTERM);
        loop {
            reap();
            let left = descendants();
            if left.is_empty() {
                return;
            }
            if Instant::now() > until {
                end(&left, Signal::SIGKILL);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn end(processes: &[Pid], signal: Signal) {
    for process in processes {
        let _may_be_gone = kill(*process, signal);
    }
}

fn reap() {
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
}

/// All processes below this one.
fn descendants() -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let process = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let parent = fs::read_to_string(entry.path().join("stat")).ok().and_then(|stat| parent_in(&stat));
        if let (Some(process), Some(parent)) = (process, parent) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut ask = vec![Pid::this().as_raw()];
    while let Some(parent) = ask.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        ask.extend(&below);
        found.extend(below.into_iter().map(Pid::from_raw));
    }
    found
}

/// The fourth field; the second is a name in parentheses, with whatever in it.
fn parent_in(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parent_in;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("12 (a) 7 (b)) S 34 12 12 0"), Some(34));
        assert_eq!(parent_in("12 (a"), None);
    }
}
