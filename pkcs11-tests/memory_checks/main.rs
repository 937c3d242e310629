//! Valgrind over the C program `c/harness.c`, which calls all 68 functions of 2.40.
//!
//! * memcheck, one thread and several: no invalid access, no decision on memory that nobody wrote, nothing lost.
//! * helgrind, several threads: the order and the use of the C code's locks, AWS-LC's and SQLite's; why it cannot judge
//!   races is said in `suppressions.txt`.
//! * Races are what [`races`] looks for, over a library built for that: `make race-check`.
//!
//! Valgrind 3.19 knows no AVX-512. It answers `CPUID` itself and leaves that bit out, and AWS-LC, the C library and
//! Rust's own choose by that answer, so none of them comes there. Should a library read the bits from the kernel
//! instead: AWS-LC's `OPENSSL_ia32cap=:~0xd8030000` and glibc's
//! `GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F_Usable` turn them off too; the tests set both, so that they hold whatever
//! Valgrind answers.
//!
//! PINs cost 8 MiB and one pass here: a login takes half a second under Valgrind. `make memory-checks` runs more
//! threads than `make test` does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod races;

use std::env;
use std::path::PathBuf;
use std::process::Command;

use pkcs11_tests::program::{build_c, over, program, run, told};
use pkcs11_tests::{Test, on_claviger};

on_claviger!(
    memcheck_finds_nothing_in_one_thread,
    memcheck_finds_nothing_in_many_threads,
    memcheck_finds_nothing_while_sessions_and_tokens_go,
    helgrind_finds_nothing_in_many_threads,
    the_checks_themselves_find_what_is_wrong,
);

/// What Valgrind ends with when it found something.
const FOUND: &str = "--error-exitcode=99";

/// A writer waits for as long as others write before it, not for the seconds after which a user would want to know: a
/// checker makes each of them slow.
const PATIENT: &str = "busy-wait = 600";

fn is_long() -> bool {
    env::var_os("MEMORY_CHECKS").is_some_and(|form| form == "long")
}

fn threads() -> &'static str {
    if is_long() { "32" } else { "4" }
}

fn valgrind(options: &[&str]) -> Command {
    let suppressions = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("memory_checks/suppressions.txt");
    let mut command = program("valgrind", "valgrind");
    command.args(options).args([FOUND, "--quiet", "--num-callers=30"]);
    command.arg(format!("--suppressions={}", suppressions.display()));
    command.env("OPENSSL_ia32cap", ":~0xd8030000");
    command.env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F_Usable");
    command
}

fn memcheck() -> Command {
    valgrind(&[
        "--tool=memcheck",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--show-leak-kinds=definite",
    ])
}

fn walk(t: &Test, valgrind: &mut Command, mode: &[&str]) {
    let harness = t.installation.folder().join("harness");
    build_c("harness.c", &harness, &["-g"]);
    t.installation.configure(PATIENT);
    over(valgrind, &t.installation).arg(harness).arg(t.module.path()).args(mode);
    let said = run(valgrind);
    assert_eq!(String::from_utf8_lossy(&said), "walked\n");
}

fn memcheck_finds_nothing_in_one_thread(t: &Test) {
    walk(t, &mut memcheck(), &["single"]);
}

fn memcheck_finds_nothing_in_many_threads(t: &Test) {
    walk(t, &mut memcheck(), &["threads", threads()]);
}

/// What one thread still uses while another closes, logs out and finalizes must not be freed.
fn memcheck_finds_nothing_while_sessions_and_tokens_go(t: &Test) {
    // Valgrind runs one thread at a time: without turns that are fair, the one that disturbs waits for long.
    let rounds = if is_long() { "6" } else { "1" };
    walk(t, memcheck().arg("--fair-sched=try"), &["turmoil", "4", rounds]);
}

fn helgrind_finds_nothing_in_many_threads(t: &Test) {
    walk(t, &mut valgrind(&["--tool=helgrind", "--history-level=none"]), &["threads", threads()]);
}

/// A checker that is silent whatever happens proves nothing.
fn the_checks_themselves_find_what_is_wrong(t: &Test) {
    let broken = t.installation.folder().join("broken");
    build_c("broken.c", &broken, &["-g"]);
    for (mut valgrind, mode) in [
        (memcheck(), "overrun"),
        (memcheck(), "leak"),
        (valgrind(&["--tool=helgrind", "--history-level=none"]), "order"),
        (valgrind(&["--tool=helgrind", "--history-level=none"]), "race"),
    ] {
        let command = valgrind.arg(&broken).arg(mode);
        let output = pkcs11_tests::program::output(command);
        assert_eq!(output.status.code(), Some(99), "{mode}: {}", told(command, &output));
    }
}
