//! ThreadSanitizer over the C program `c/harness.c`: two threads that touch the same bytes, one of them writing, with
//! nothing that puts one before the other.
//!
//! `scripts/race-check` builds the library for it: Rust's standard library, every crate, SQLite and AWS-LC with
//! instrumentation, so that the atomic instructions of which Rust's locks, `Arc` and arc-swap are made count as what
//! they are, with the orderings that the code names. AWS-LC's assembly is not instrumented: what it writes is not
//! seen, so that a race there can be missed, and none is invented. There is no suppression.
//!
//! The runtime is the one that comes with gcc, linked into the harness.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkcs11_tests::Provider;
use pkcs11_tests::program::{build_c, output, over, program, run, told};
use pkcs11_tests::provider::Installation;
use tempfile::TempDir;

use super::PATIENT;

/// Names the instrumented library.
const MODULE_VARIABLE: &str = "RACE_CHECK_MODULE";
/// What a program ends with when a race was found in it.
const FOUND: i32 = 66;
/// Seconds after which the harness is taken for deadlocked.
const HUNG_AFTER: &str = "1800";

/// The harness over the instrumented library, and the folder that it works in.
struct Check {
    folder: TempDir,
    installation: Installation,
}

impl Check {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("race-check-").tempdir().expect("a temporary folder");
        let installation = Installation::create(Provider::Claviger, folder.path());
        installation.configure(PATIENT);
        Self { folder, installation }
    }

    fn harness(&self, mode: &[&str]) -> Command {
        let module =
            env::var_os(MODULE_VARIABLE).expect("an instrumented library: scripts/race-check builds it");
        let harness = self.folder.path().join("harness");
        let copies = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("c/thread_sanitizer.c");
        let copies = copies.to_str().expect("a path in UTF-8");
        build_c("harness.c", &harness, &["-g", "-fsanitize=thread", "-rdynamic", copies]);
        let mut command = at_fixed_addresses(&harness);
        command.arg(module).args(mode);
        command.env("TSAN_OPTIONS", format!("exitcode={FOUND} history_size=7"));
        over(&mut command, &self.installation);
        command
    }

    fn finds_nothing(&self, mode: &[&str]) {
        assert_eq!(String::from_utf8_lossy(&run(&mut self.harness(mode))), "walked\n");
    }
}

/// The runtime wants the program and its libraries where the kernel puts them by default, and gives up where it spreads
/// them wider; in a container that forbids `setarch`, it may still work.
fn at_fixed_addresses(harness: &Path) -> Command {
    let mut command = program("timeout", "coreutils");
    command.args(["--signal=KILL", HUNG_AFTER]);
    let may_fix =
        output(program("setarch", "util-linux").args(["--addr-no-randomize", "true"])).status.success();
    if may_fix {
        command.args(["setarch", "--addr-no-randomize"]);
    }
    command.arg(harness);
    command
}

#[test]
#[ignore = "needs a library built with instrumentation, which takes minutes: make race-check"]
fn threads_that_share_keys_do_not_race() {
    Check::new().finds_nothing(&["threads", "32"]);
}

#[test]
#[ignore = "needs a library built with instrumentation, which takes minutes: make race-check"]
fn logouts_closings_new_tokens_and_finalizing_do_not_race_with_calls() {
    Check::new().finds_nothing(&["turmoil", "8", "6"]);
}

/// A checker that is silent whatever happens proves nothing: the library's own Rust code is made to write to one
/// buffer from two threads.
#[test]
#[ignore = "needs a library built with instrumentation, which takes minutes: make race-check"]
fn a_race_within_the_library_is_found() {
    let check = Check::new();
    let mut command = check.harness(&["race"]);
    let output = output(&mut command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(FOUND), "{}", told(&command, &output));
    assert!(said.contains("data race") && said.contains("src/module/pointers.rs"), "{said}");
}
