//! Disks that fail or are full, and files that may not be written.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, setgid, setuid};

use crate::isolation::Test;
use crate::program::{build_c, output, told};

/// Set in a process into which the shim of `c/failing.c` is preloaded.
const FAILING_VARIABLE: &str = "PKCS11_TESTS_FAILING";
/// The user whom nothing belongs to.
const NOBODY: u32 = 65534;

/// Whether [`crate::raw::shim`] can let this process's writes fail.
#[must_use]
pub fn is_failing() -> bool {
    env::var_os(FAILING_VARIABLE).is_some()
}

/// Whether the writes of this process can be let fail, and the test can go on here.
///
/// Else the whole test runs again in a process where they can, and nothing is left to do here.
///
/// # Panics
/// When the test fails there.
#[must_use]
pub fn can_fail(t: &Test) -> bool {
    if is_failing() {
        return true;
    }
    let shim = t.installation.folder().join("failing.so");
    build_c("failing.c", &shim, &["-shared", "-fPIC"]);
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(env::args_os().skip(1)).env("LD_PRELOAD", shim).env(FAILING_VARIABLE, "yes");
    let output = output(command.stderr(Stdio::piped()));
    assert!(output.status.success(), "{}", told(&command, &output));
    false
}

/// Goes on as a user whom permissions bind: root, whom none do, gives the test's folder to nobody and becomes him.
///
/// # Panics
/// When the system refuses.
pub fn be_bound_by_permissions(t: &Test) {
    if !Uid::effective().is_root() {
        return;
    }
    give(t.installation.folder());
    setgid(Gid::from_raw(NOBODY)).expect("another group");
    setuid(Uid::from_raw(NOBODY)).expect("another user");
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("a file to give away");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            give(&entry.expect("an entry").path());
        }
    }
}

/// Sets the permissions of a file or folder.
///
/// # Panics
/// When the system refuses.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}
