//! The suites that other projects ship for their own bindings, over the module.
//!
//! `scripts/fetch suites` has fetched them; nothing of theirs is in this repository. `unmet.txt` lists the tests that
//! cannot pass, each with its reason: a test that fails and is not listed, one that is listed and passes, and one that
//! is listed and is not there are failures of ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod cryptoki;
mod python;
mod unmet;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pkcs11_tests::program::{over, program, run};
use pkcs11_tests::provider::{Installation, Provider};
use tempfile::TempDir;

/// What was fetched, in the folder of targets.
fn fetched(name: &str) -> PathBuf {
    let targets = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of targets");
    let folder = targets.join("suites");
    assert!(folder.join("fetched").exists(), "the suites are missing: run scripts/fetch suites");
    folder.join(name)
}

/// A file of this folder.
fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(name)
}

/// A token as a suite expects it: the suites have their PINs and labels written into them.
struct Stage {
    installation: Installation,
    _folder: TempDir,
}

impl Stage {
    fn with_token(label: &str, officer: &str, user: &str) -> Self {
        let folder = TempDir::with_prefix("claviger-suites-").expect("a folder");
        let place = folder.path().join("place");
        fs::create_dir(&place).expect("a folder");
        let stage = Self { installation: Installation::create(Provider::Claviger, &place), _folder: folder };
        stage.tool(&["--init-token", "--slot-index", "0", "--label", label, "--so-pin", officer]);
        stage.tool(&["--login", "--login-type", "so", "--so-pin", officer, "--init-pin", "--new-pin", user]);
        stage
    }

    fn tool(&self, arguments: &[&str]) {
        let mut tool = program("pkcs11-tool", "opensc");
        let _ = run(over(tool.arg("--module").arg(module()).args(arguments), &self.installation));
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.installation.folder().join(name)
    }

    /// A program that finds this token.
    fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        let _ = over(&mut command, &self.installation).current_dir(self.installation.folder());
        command
    }
}

fn module() -> PathBuf {
    Provider::Claviger.module_path()
}
