//! A configuration or a folder that cannot be used: a code of its own and one line with the path and the reason.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use cryptoki_sys::{CK_RV, CKR_GENERAL_ERROR, CKR_OK};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::{Test, on_claviger};

on_claviger!(
    a_missing_configuration_is_named,
    a_configuration_that_is_no_toml_is_named,
    an_unknown_key_is_named,
    a_value_out_of_bounds_is_named,
    a_configuration_that_everybody_writes_is_refused,
    a_data_folder_that_is_a_file_is_named,
    without_any_configuration_it_works_in_the_users_data_folder,
);

/// The answer of the first step that is refused, and the log.
fn meets(t: &Test, log: &Path) -> (CK_RV, String) {
    let _new = fs::remove_file(log);
    let mut actor = Actor::start_logging(&t.installation, log);
    let mut rv = actor.does("initialize").rv;
    if rv == CKR_OK {
        rv = actor.does("init-token 1 1234-5678").rv;
    }
    drop(actor);
    (rv, fs::read_to_string(log).unwrap())
}

fn refused(t: &Test, named: &Path, reason: &str) {
    let log: PathBuf = t.installation.folder().join("log");
    let (rv, log) = meets(t, &log);
    assert_ne!(rv, CKR_OK);
    assert_ne!(rv, CKR_GENERAL_ERROR, "never a bare CKR_GENERAL_ERROR\n{log}");
    let line = log.lines().find(|line| line.contains(&named.display().to_string()));
    assert!(line.is_some_and(|line| line.contains(reason)), "{reason:?} of {} in {log:?}", named.display());
}

fn a_missing_configuration_is_named(t: &Test) {
    fs::remove_file(t.installation.configuration()).unwrap();
    refused(t, &t.installation.configuration(), "No such file");
}

fn a_configuration_that_is_no_toml_is_named(t: &Test) {
    fs::write(t.installation.configuration(), "data = \n= what").unwrap();
    refused(t, &t.installation.configuration(), "line ");
}

fn an_unknown_key_is_named(t: &Test) {
    t.installation.configure("colour = \"blue\"");
    refused(t, &t.installation.configuration(), "colour");
}

fn a_value_out_of_bounds_is_named(t: &Test) {
    t.installation.configure("busy-wait = 0");
    refused(t, &t.installation.configuration(), "line ");
}

fn a_configuration_that_everybody_writes_is_refused(t: &Test) {
    let path = t.installation.configuration();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    refused(t, &path, "everybody");
}

fn a_data_folder_that_is_a_file_is_named(t: &Test) {
    fs::remove_dir(t.installation.data()).unwrap();
    fs::write(t.installation.data(), "a file").unwrap();
    refused(t, &t.installation.data(), "");
}

fn without_any_configuration_it_works_in_the_users_data_folder(t: &Test) {
    let home = t.installation.folder().join("home");
    fs::create_dir(&home).unwrap();
    let mut actor = Actor::start_with(&t.installation, |command| {
        command.env_remove("CLAVIGER_CONF").env("HOME", &home);
        command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    });
    let _ = actor.does("initialize").ok();
    let _ = actor.does("slots").ok();
    drop(actor);
    assert!(home.join(".local/share/claviger").is_dir());
}
