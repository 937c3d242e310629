//! PINs that the command sets and changes, in a real token.

use std::os::unix::fs::PermissionsExt;

use crate::tests::{Bench, OFFICER_PIN, PIN, keeps_its_form};

const NEW: &str = "another-pin";
const FIRST_LOGIN: &[&str] = &["object", "list"];

/// Whether this PIN logs the user in.
fn is_users(bench: &Bench, pin: &str) -> bool {
    bench.claviger(FIRST_LOGIN, &[pin]).code == 0
}

#[test]
fn the_officer_gives_a_new_pin_and_the_keys_are_still_there() {
    let bench = Bench::with_token("web");
    let made = bench.claviger(&["key", "generate", "--type", "aes:256", "--label", "kept"], &[PIN]);
    assert_eq!(made.code, 0, "{}", made.err);
    let done = bench.claviger(&["token", "init-pin"], &[OFFICER_PIN, NEW, NEW]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out, "The user of the token \"web\" has a new PIN and every key of before.\n");
    assert!(!is_users(&bench, PIN));
    let listed = bench.claviger(&["key", "list"], &[NEW]);
    assert!(listed.out.contains("kept"), "{} {}", listed.out, listed.err);
}

#[test]
fn a_locked_user_is_told_the_verb_that_opens_him_again() {
    let bench = Bench::with_token("web");
    for _ in 0..10 {
        assert_eq!(bench.claviger(FIRST_LOGIN, &["wrong-pin"]).code, 3);
    }
    let locked = bench.claviger(&["token", "change-pin"], &[PIN]);
    assert_eq!(locked.code, 3);
    assert!(locked.err.contains("`claviger token init-pin`"), "{}", locked.err);
    assert_eq!(bench.claviger(&["token", "init-pin"], &[OFFICER_PIN, PIN, PIN]).code, 0);
    assert!(is_users(&bench, PIN));
}

#[test]
fn the_user_and_the_officer_change_their_own() {
    let bench = Bench::with_token("web");
    let done = bench.claviger(&["token", "change-pin"], &[PIN, NEW, NEW]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out, "The user of the token \"web\" has a new PIN.\n");
    assert!(is_users(&bench, NEW) && !is_users(&bench, PIN));

    let done = bench.claviger(&["token", "change-pin", "--officer"], &[OFFICER_PIN, NEW, NEW]);
    assert_eq!(done.out, "The officer of the token \"web\" has a new PIN.\n", "{}", done.err);
    assert_eq!(bench.claviger(&["token", "init-pin"], &[OFFICER_PIN]).code, 3);
    assert_eq!(bench.claviger(&["token", "init-pin"], &[NEW, PIN, PIN]).code, 0);
    assert!(is_users(&bench, PIN));
}

#[test]
fn a_wrong_pin_is_told_before_a_new_one_is_asked_for_and_changes_nothing() {
    let bench = Bench::with_token("web");
    for (line, what) in [
        (&["token", "init-pin"][..], "the officer of the token \"web\" is not logged in: wrong PIN"),
        (&["token", "change-pin"], "the user of the token \"web\" is not logged in: wrong PIN"),
        (
            &["token", "change-pin", "--officer"],
            "the officer of the token \"web\" is not logged in: wrong PIN",
        ),
    ] {
        // Nothing more is typed: a second question would find no terminal.
        let done = bench.claviger(line, &["wrong-pin"]);
        assert_eq!((done.code, done.out.as_str()), (3, ""), "{line:?}");
        assert!(done.err.contains(what) && done.err.contains("what to do"), "{}", done.err);
    }
    assert!(is_users(&bench, PIN));
}

#[test]
fn a_new_pin_that_cannot_be_changes_nothing() {
    let bench = Bench::with_token("web");
    let long = "x".repeat(256);
    for (typed, words) in [
        (["abc", "abc"], "choose one of 4 to 255 bytes"),
        ([&long, &long], "choose one of 4 to 255 bytes"),
        (["ann:1234", "ann:1234"], "what stands before its colon would read as a name"),
    ] {
        for (line, known) in [
            (&["token", "init-pin"][..], OFFICER_PIN),
            (&["token", "change-pin"], PIN),
            (&["token", "change-pin", "--officer"], OFFICER_PIN),
        ] {
            let done = bench.claviger(line, &[&[known][..], &typed].concat());
            assert_eq!((done.code, done.out.as_str()), (3, ""), "{line:?}");
            assert!(done.err.contains(words), "{}", done.err);
            assert!(!done.err.contains("1234"), "the PIN is in the message");
        }
    }
    assert!(is_users(&bench, PIN));
    assert_eq!(bench.claviger(&["token", "init-pin"], &[OFFICER_PIN, PIN, PIN]).code, 0);
}

#[test]
fn without_terminal_or_file_nothing_is_changed_and_the_options_are_named() {
    let bench = Bench::with_token("web");
    for (line, typed, option) in [
        (&["token", "init-pin"][..], &[][..], "--officer-pin-file"),
        (&["token", "init-pin"], &[OFFICER_PIN], "--user-pin-file"),
        (&["token", "change-pin"], &[], "--pin-file"),
        (&["token", "change-pin"], &[PIN], "--new-pin-file"),
    ] {
        let done = bench.claviger(line, typed);
        assert_eq!((done.code, done.out.as_str()), (3, ""), "{line:?}");
        assert!(done.err.contains(option), "{}", done.err);
    }
    assert!(is_users(&bench, PIN));
}

#[test]
fn pins_come_from_files_and_the_json_keeps_its_form() {
    let bench = Bench::with_token("web");
    let folder = tempfile::tempdir().unwrap();
    let pin = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (officer, user, new) = (pin("officer", OFFICER_PIN), pin("user", PIN), pin("new", NEW));
    let line = ["token", "change-pin", "--pin-file", &user, "--new-pin-file", &new, "--json"];
    let changed = bench.claviger(&line, &[]);
    assert_eq!((changed.code, changed.err.as_str()), (0, ""));
    keeps_its_form("token/change-pin.json", &changed.out);
    let line = ["token", "init-pin", "--officer-pin-file", &officer, "--user-pin-file", &user, "--json"];
    let set = bench.claviger(&line, &[]);
    assert_eq!((set.code, set.err.as_str()), (0, ""));
    keeps_its_form("token/init-pin.json", &set.out);
    assert!(is_users(&bench, PIN));
}

#[test]
fn a_pin_that_libp11_does_not_take_is_told_of() {
    let bench = Bench::with_token("web");
    let long = "x".repeat(32);
    let done = bench.claviger(&["token", "change-pin"], &[PIN, &long, &long]);
    assert_eq!(done.code, 0);
    assert!(done.err.contains("over 31 bytes, which libp11's engine"), "{}", done.err);
    let fits = "x".repeat(31);
    let done = bench.claviger(&["token", "init-pin"], &[OFFICER_PIN, &fits, &fits]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}

#[test]
fn a_token_that_is_not_there_is_not_guessed() {
    let bench = Bench::with_token("web");
    bench.add_token("mail");
    for line in [&["token", "init-pin"][..], &["token", "change-pin", "--token", "wbe"]] {
        assert_eq!(bench.claviger(line, &[OFFICER_PIN, NEW, NEW]).code, 4, "{line:?}");
    }
    let done = bench.claviger(&["token", "change-pin", "--token", "mail"], &[PIN, NEW, NEW]);
    assert_eq!(done.out, "The user of the token \"mail\" has a new PIN.\n", "{}", done.err);
    assert_eq!(bench.claviger(&["object", "list", "--token", "web"], &[PIN]).code, 0);
}
