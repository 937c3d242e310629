//! 20: the command finds what is wrong, and says what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use pkcs11_tests::program::{output, over, told};
use pkcs11_tests::provider::beside_this_program;
use pkcs11_tests::{Test, on_claviger};

on_claviger!(
    pain_20_doctor_finds_nothing_where_nothing_is_wrong,
    pain_20_doctor_tells_of_a_configuration_that_is_not_there,
    pain_20_doctor_tells_of_a_device_key_that_is_not_there,
    pain_20_doctor_tells_of_a_device_key_that_others_read,
);

fn doctor(t: &Test) -> Command {
    let mut command =
        Command::new(beside_this_program("claviger").expect("build it with cargo build -p claviger-admin"));
    command.arg("doctor").arg("--module").arg(t.module.path());
    over(&mut command, &t.installation);
    command
}

/// Ends with something wrong; gives all that it says.
fn finds(command: &mut Command, code: i32) -> String {
    let output = output(command);
    let said = told(command, &output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

fn device_key(t: &Test) -> std::path::PathBuf {
    let _token = t.token();
    assert_eq!(t.module.finalize(), 0);
    let mut keys = fs::read_dir(t.installation.data().join("device-keys")).unwrap();
    keys.next().unwrap().unwrap().path()
}

fn pain_20_doctor_finds_nothing_where_nothing_is_wrong(t: &Test) {
    let _key = device_key(t);
    let said = finds(&mut doctor(t), 0);
    assert!(!said.contains("wrong "), "{said}");
}

fn pain_20_doctor_tells_of_a_configuration_that_is_not_there(t: &Test) {
    let said = finds(doctor(t).env("CLAVIGER_CONF", "/nowhere/claviger.toml"), 1);
    let line = said.lines().find(|line| line.starts_with("wrong")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("configuration") && said.contains("/nowhere/claviger.toml"), "{said}");
    assert!(said.contains("No such file or directory"), "{said}");
}

fn pain_20_doctor_tells_of_a_device_key_that_is_not_there(t: &Test) {
    let key = device_key(t);
    fs::remove_file(&key).unwrap();
    let said = finds(&mut doctor(t), 1);
    assert!(said.lines().any(|line| line.starts_with("wrong") && line.contains("device key")), "{said}");
}

fn pain_20_doctor_tells_of_a_device_key_that_others_read(t: &Test) {
    let key = device_key(t);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = finds(&mut doctor(t), 1);
    assert!(said.lines().any(|line| line.starts_with("wrong") && line.contains("device key")), "{said}");
    assert!(said.contains("it must be at most 0600"), "the fix: {said}");
}
