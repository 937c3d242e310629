//! A configuration or a folder that cannot be used: a code of its own and one line with the path and the reason.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use cryptoki_sys::{CK_RV, CKR_FUNCTION_FAILED, CKR_OK, CKR_TOKEN_NOT_RECOGNIZED};
use nix::unistd::Uid;
use pkcs11_tests::actor::Actor;
use pkcs11_tests::{Test, assert_rv, on_claviger};

use crate::attacker::{uses, victim};

on_claviger!(
    a_missing_configuration_is_named,
    a_configuration_that_is_no_toml_is_named,
    an_unknown_key_is_named,
    a_value_out_of_bounds_is_named,
    a_configuration_that_everybody_writes_is_refused,
    a_data_folder_that_is_a_file_is_named,
    a_data_folder_without_permission_is_named,
    a_folder_of_device_keys_that_others_may_write_is_refused,
    without_any_configuration_it_works_in_the_users_data_folder,
);

/// What C_Initialize answers, and the log.
fn meets(mut actor: Actor, log: &Path) -> (CK_RV, String) {
    let rv = actor.does("initialize").rv;
    drop(actor);
    (rv, fs::read_to_string(log).unwrap())
}

fn log(t: &Test) -> PathBuf {
    t.installation.folder().join("log")
}

/// C_Initialize is refused with CKR_FUNCTION_FAILED, which no other trouble of it has, and with one line.
fn refused(t: &Test, named: &Path, reason: &str) {
    refused_to(t, Actor::start_logging(&t.installation, &log(t)), named, reason);
}

fn refused_to(t: &Test, actor: Actor, named: &Path, reason: &str) {
    let (rv, log) = meets(actor, &log(t));
    assert_rv!(rv, CKR_FUNCTION_FAILED, "{log}");
    told(&log, named, reason);
}

fn told(log: &str, named: &Path, reason: &str) {
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
    refused(t, &t.installation.data(), "File exists");
}

/// Root is refused nothing: another user is asked.
fn a_data_folder_without_permission_is_named(t: &Test) {
    const NOBODY: u32 = 65534;
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(log(t), "").unwrap();
    mode(t.installation.folder(), 0o711);
    mode(&t.installation.data(), 0o000);
    if Uid::effective().is_root() {
        chown(log(t), Some(NOBODY), Some(NOBODY)).unwrap();
        let actor = Actor::start_as(&t.installation, NOBODY, &log(t));
        refused_to(t, actor, &t.installation.data(), "Permission denied");
    } else {
        refused(t, &t.installation.data(), "Permission denied");
    }
    mode(&t.installation.data(), 0o700);
    let (rv, log) = meets(Actor::start_logging(&t.installation, &log(t)), &log(t));
    assert_rv!(rv, CKR_OK, "{log}");
}

/// Found when a device key is read: whoever may write the folder can put a key of their own there.
fn a_folder_of_device_keys_that_others_may_write_is_refused(t: &Test) {
    let slot = victim(t);
    let keys = t.installation.data().join("device-keys");
    let usual = fs::metadata(&keys).unwrap().permissions();
    for mode in [0o702, 0o720, 0o777] {
        let _new = fs::remove_file(log(t));
        fs::set_permissions(&keys, fs::Permissions::from_mode(mode)).unwrap();
        let mut actor = Actor::start_logging(&t.installation, &log(t));
        let _ = actor.does("initialize").ok();
        let _ = actor.does(&format!("slot {slot}")).ok();
        let rv = actor.does("open rw").rv;
        drop(actor);
        let log = fs::read_to_string(log(t)).unwrap();
        assert_rv!(rv, CKR_TOKEN_NOT_RECOGNIZED, "mode {mode:o}: {log}");
        told(&log, &keys, "others may write this folder");
    }
    fs::set_permissions(&keys, usual).unwrap();
    assert_eq!(uses(t, slot), Ok(()));
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
