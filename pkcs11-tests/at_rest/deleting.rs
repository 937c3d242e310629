//! `claviger token delete`, cut short at every step by kill -9 or by a disk that fails: the token is whole or gone, the
//! other one is as it was, and what is left is removed by whoever looks next.
//!
//! Between two writes nothing on the disk changes: so a kill in place of each of them is a kill at every moment.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pkcs11_tests::program::{build_c, output, over, told};
use pkcs11_tests::provider::beside_this_program;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, on_claviger};

on_claviger!(
    a_deletion_that_is_killed_anywhere_leaves_a_whole_token_or_none,
    a_deletion_that_meets_one_failing_write_leaves_a_whole_token_or_none,
    a_deletion_over_a_disk_that_stays_broken_leaves_a_whole_token_or_none,
);

/// How a deletion is cut short at its n-th write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Kill,
    OneWrite,
    EveryWriteFrom,
}

/// Two tokens with a key each, and a copy of everything.
struct Scene<'a> {
    t: &'a Test,
    shim: PathBuf,
    /// The slot of the token that is to go.
    slot: String,
    copy: PathBuf,
}

fn claviger(t: &Test, arguments: &[&str]) -> Command {
    let path =
        beside_this_program("claviger").expect("claviger: build it with cargo build -p claviger-admin");
    let mut command = Command::new(path);
    command.args(arguments).current_dir(t.installation.folder());
    over(&mut command, &t.installation);
    command
}

fn succeeds(t: &Test, arguments: &[&str]) -> String {
    let mut command = claviger(t, arguments);
    let answer = output(&mut command);
    assert!(answer.status.success(), "{}", told(&command, &answer));
    String::from_utf8(answer.stdout).unwrap()
}

/// Copies a folder with the modes of what is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, from.metadata().unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            let _bytes = fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn scene(t: &Test) -> Scene<'_> {
    let folder = t.installation.folder();
    for (name, pin) in [("officer.pin", SO_PIN), ("user.pin", USER_PIN)] {
        fs::write(folder.join(name), pin).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o600)).unwrap();
    }
    let pins = ["--officer-pin-file", "officer.pin", "--user-pin-file", "user.pin"];
    for label in ["kept", "victim"] {
        let _said = succeeds(t, &[&["token", "init", "--label", label], &pins[..]].concat());
        let _said = succeeds(t, &made_in(label, "before"));
    }
    let listed = succeeds(t, &["token", "list"]);
    let line = listed.lines().find(|line| line.contains(" victim ")).unwrap();
    let slot = line.split_whitespace().next().unwrap().to_owned();
    let shim = folder.join("failing.so");
    build_c("failing.c", &shim, &["-shared", "-fPIC"]);
    let saved = folder.join("copy");
    copy(&t.installation.data(), &saved);
    Scene { t, shim, slot, copy: saved }
}

fn made_in<'a>(token: &'a str, label: &'a str) -> [&'a str; 10] {
    ["key", "generate", "--type", "aes:256", "--label", label, "--token", token, "--pin-file", "user.pin"]
}

impl Scene<'_> {
    fn restore(&self) {
        let data = self.t.installation.data();
        fs::remove_dir_all(&data).unwrap();
        copy(&self.copy, &data);
    }

    /// Deletes the victim, cut short at a write; gives what came of it and how many writes there were, if it lived.
    fn cut_short(&self, cut: Cut, n: usize) -> (Output, Option<usize>) {
        let count = self.t.installation.folder().join("count");
        let _there_is_none_yet = fs::remove_file(&count);
        let mut command = claviger(self.t, &["token", "delete", "--slot", &self.slot, "--yes"]);
        command.env("LD_PRELOAD", &self.shim).env("FAILING_COUNT", &count);
        match cut {
            Cut::Kill => command.env("FAILING_KILL", n.to_string()),
            Cut::OneWrite => command.env("FAILING_WRITE", n.to_string()),
            Cut::EveryWriteFrom => command.env("FAILING_WRITE", format!("-{n}")),
        };
        let answer = output(&mut command);
        let counted = fs::read_to_string(&count).ok();
        (answer, counted.map(|number| number.trim().parse().unwrap()))
    }

    /// Whether the key of before is there and another can be made.
    fn is_whole(&self, token: &str) {
        let keys = succeeds(self.t, &["key", "list", "--token", token, "--pin-file", "user.pin"]);
        assert!(keys.contains("before"), "{token}: {keys}");
        let _said = succeeds(self.t, &made_in(token, "after"));
    }

    /// Looks at what is left, and deletes again; gives whether the victim was there.
    fn look(&self, at: &str) -> bool {
        let data = self.t.installation.data();
        // Exit code 0: no slot holds a token that cannot be read.
        let there = succeeds(self.t, &["token", "list"]).contains(" victim ");
        self.is_whole("kept");
        if there {
            self.is_whole("victim");
        }
        let again = output(&mut claviger(self.t, &["token", "delete", "--slot", &self.slot, "--yes"]));
        assert_eq!(again.status.code(), Some(if there { 0 } else { 4 }), "{at}: {again:?}");
        assert!(!succeeds(self.t, &["token", "list"]).contains(" victim "), "{at}");
        let (left, keys) = (names_in(&data.join("tokens")), names_in(&data.join("device-keys")));
        assert!(left.len() == 2 && !left.iter().any(|name| name.contains("deleted")), "{at}: {left:?}");
        assert_eq!(keys.len(), 1, "{at}: {keys:?}");
        self.is_whole("kept");
        there
    }
}

fn at_every_write(t: &Test, cut: Cut) {
    let scene = scene(t);
    let (mut whole, mut gone) = (0, 0);
    for n in 1.. {
        assert!(n < 500, "a deletion needs no 500 writes");
        scene.restore();
        let (answer, written) = scene.cut_short(cut, n);
        let killed = answer.status.signal() == Some(9);
        let there = scene.look(&format!("write {n}, {answer:?}"));
        assert!(!(there && answer.status.success()), "write {n}: done, and it is there");
        if written.is_some_and(|written| n > written) {
            assert!(answer.status.success() && !killed, "no write failed: {answer:?}");
            break;
        }
        assert_eq!(killed, cut == Cut::Kill, "write {n}: {answer:?}");
        if there { whole += 1 } else { gone += 1 }
    }
    assert!(whole > 1 && gone > 1, "{whole} times whole, {gone} times gone");
}

fn a_deletion_that_is_killed_anywhere_leaves_a_whole_token_or_none(t: &Test) {
    at_every_write(t, Cut::Kill);
}

fn a_deletion_that_meets_one_failing_write_leaves_a_whole_token_or_none(t: &Test) {
    at_every_write(t, Cut::OneWrite);
}

fn a_deletion_over_a_disk_that_stays_broken_leaves_a_whole_token_or_none(t: &Test) {
    at_every_write(t, Cut::EveryWriteFrom);
}
