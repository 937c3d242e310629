use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_line_is_told_of_results_by_the_return_value() {
    let stands = |code| {
        let line = Line::answering(code);
        [line.answered(), line.measured(), line.revealed()]
    };
    assert_eq!(stands(CKR_OK), [true; 3]);
    assert_eq!(stands(CKR_BUFFER_TOO_SMALL), [false, true, true]);
    assert_eq!(stands(CKR_ATTRIBUTE_SENSITIVE), [false, false, true]);
    assert_eq!(stands(pkcs11::constants::CKR_GENERAL_ERROR), [false; 3]);
}

/// A file that is not there yet, in a folder of its own.
fn place(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("claviger-trace-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("trace")
}

#[test]
fn a_file_is_appended_to_and_becomes_its_owners_alone() {
    let path = place("appended");
    std::fs::write(&path, "before\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let trace = Trace::off();
    trace.follow(Some(&path));
    trace.write("one\n");
    // The same file again is gone on with.
    trace.follow(Some(&path));
    trace.write("two\n");
    trace.follow(None);
    trace.write("three\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\none\ntwo\n");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn what_is_not_a_file_of_ours_alone_is_refused() {
    let path = place("refused");
    let (target, link, twin) = (path.clone(), path.with_file_name("link"), path.with_file_name("twin"));
    std::fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(Sink::open(&link).is_err(), "a symbolic link");
    assert!(Sink::open(std::path::Path::new("/dev/null")).is_err(), "a device");
    assert!(Sink::open(path.parent().unwrap()).is_err(), "a folder");
    std::fs::hard_link(&target, &twin).unwrap();
    assert!(Sink::open(&target).is_err(), "a file of two names");
    std::fs::remove_file(&twin).unwrap();
    assert!(Sink::open(&target).is_ok());
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}
