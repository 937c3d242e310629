//! The suite of the crate `cryptoki`.

use std::path::{Path, PathBuf};
use std::process::Command;

use pkcs11_tests::program::{output, run};

use crate::unmet::Unmet;
use crate::verdict::Verdict;
use crate::{Stage, fetched, module};

/// What its tests have written into them.
const OFFICER: &str = "abcdef654321";
const USER: &str = "fedcba123456";

/// Builds the test programs; gives each with its name.
fn programs() -> Vec<(String, PathBuf)> {
    let mut cargo = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/cargo"));
    let _ = cargo.args(["test", "--locked", "--offline", "--tests", "--no-run"]);
    let _ = cargo.current_dir(fetched("cryptoki")).env("CARGO_TARGET_DIR", fetched("cryptoki/target"));
    let built = output(&mut cargo);
    let told = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success(), "{told}");
    told.lines().filter_map(named_program).collect()
}

/// Reads a line such as `Executable tests/basic.rs (target/debug/deps/basic-0123)`.
fn named_program(line: &str) -> Option<(String, PathBuf)> {
    let (source, path) = line.trim().strip_prefix("Executable tests/")?.split_once(".rs (")?;
    Some((source.to_owned(), fetched("cryptoki").join(path.strip_suffix(')')?)))
}

fn tests_of(program: &Path) -> Vec<String> {
    let listed = run(Command::new(program).arg("--list"));
    String::from_utf8_lossy(&listed)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

/// Runs one test in a process of its own: one that fails leaves the library initialised.
fn verdict(stage: &Stage, name: &str, program: &Path, test: &str) -> Verdict {
    let mut command = stage.program(program);
    let _ = command.args(["--exact", test, "--test-threads", "1"]).env("TEST_PKCS11_MODULE", module());
    let ended = output(&mut command);
    let said = String::from_utf8_lossy(&ended.stdout).replace('\n', " ");
    Verdict { test: format!("{name}::{test}"), passed: ended.status.success(), said }
}

#[test]
fn the_suite_of_cryptoki_passes_but_for_the_listed() {
    let stage = Stage::with_token("Test Token", OFFICER, USER);
    let unmet = Unmet::of("cryptoki");
    let mut verdicts = Vec::new();
    for (name, program) in programs() {
        for test in tests_of(&program) {
            if !unmet.not_run.contains(&format!("{name}::{test}")) {
                verdicts.push(verdict(&stage, &name, &program, &test));
            }
        }
    }
    unmet.agree_with(&verdicts, 50);
}
