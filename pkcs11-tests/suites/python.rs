//! The suites of the two bindings for Python.

use pkcs11_tests::program::run;
use pkcs11_tests::provider::Provider;

use crate::unmet::Unmet;
use crate::verdict::Verdict;
use crate::{Stage, fetched, here, module};

/// What PyKCS11's tests have written into them; the other suite is told.
const OFFICER: &str = "123456";
const USER: &str = "1234";
const LABEL: &str = "suites";

fn verdicts(suite: &str, not_run: &[String]) -> Vec<Verdict> {
    let stage = Stage::with_token(LABEL, OFFICER, USER);
    let mut python = stage.program(&fetched("venv/bin/python"));
    let _ = python.arg(here("run_python_suite.py")).args([suite.as_ref(), fetched("sources").as_os_str()]);
    let _ = python.arg(stage.folder("unpacked")).args(not_run).env("PYKCS11LIB", module());
    let _ = python.env("PKCS11_MODULE", module()).env("PKCS11_TOKEN_LABEL", LABEL);
    let _ = python.env("PKCS11_MODULE2", Provider::SoftHsm.module_path());
    let _ = python.env("PKCS11_TOKEN_PIN", USER).env("PKCS11_TOKEN_SO_PIN", OFFICER);
    String::from_utf8_lossy(&run(&mut python)).lines().filter_map(Verdict::read).collect()
}

#[test]
fn the_suite_of_python_pkcs11_passes_but_for_the_listed() {
    let unmet = Unmet::of("python-pkcs11");
    unmet.agree_with(&verdicts("python-pkcs11", &unmet.not_run), 100);
}

#[test]
fn the_suite_of_pykcs11_passes_but_for_the_listed() {
    let unmet = Unmet::of("pykcs11");
    unmet.agree_with(&verdicts("pykcs11", &unmet.not_run), 50);
}
