//! What `token show` tells, of a real token.

use serde_json::Value;

use crate::tests::{Bench, OFFICER_PIN, PIN, keeps_its_form};

fn shown(bench: &Bench) -> Value {
    let done = bench.claviger(&["token", "show", "--json"], &[]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    serde_json::from_str(&done.out).unwrap()
}

/// The value of a line for people.
fn line(bench: &Bench, name: &str) -> String {
    let done = bench.claviger(&["token", "show"], &[]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let found = done.out.lines().find_map(|line| line.strip_prefix(&format!("{name:14}")));
    found.unwrap_or_else(|| panic!("no {name} in {}", done.out)).to_owned()
}

#[test]
fn the_json_keeps_its_form() {
    let mut shown = shown(&Bench::with_token("web"));
    // Which mechanisms there are, and in which order, is no part of the form.
    for list in ["mechanisms", "key_sizes"] {
        let list = shown[list].as_array_mut().unwrap();
        list.retain(|mechanism| mechanism.to_string().contains("\"CKM_AES_KEY_GEN\""));
    }
    keeps_its_form("token/show.json", &serde_json::to_string_pretty(&shown).unwrap());
}

#[test]
fn the_tries_that_are_left_are_counted_down_to_the_lock_and_up_again() {
    let bench = Bench::with_token("web");
    let wrong = || assert_eq!(bench.claviger(&["object", "list"], &["wrong-pin"]).code, 3);
    wrong();
    wrong();
    assert_eq!(shown(&bench)["user_pin"], serde_json::json!({"limit": 10, "left": 8, "locked": false}));
    assert_eq!(line(&bench, "user's PIN"), "8 of 10 tries left");
    (0..8).for_each(|_| wrong());
    assert_eq!(shown(&bench)["user_pin"], serde_json::json!({"limit": 10, "left": 0, "locked": true}));
    assert_eq!(line(&bench, "user's PIN"), "locked, after 10 wrong ones");
    assert_eq!(line(&bench, "officer's PIN"), "10 of 10 tries left");
    assert_eq!(bench.claviger(&["token", "init-pin"], &[OFFICER_PIN, PIN, PIN]).code, 0);
    assert_eq!(line(&bench, "user's PIN"), "10 of 10 tries left");
}

#[test]
fn where_the_token_lies_is_told_and_how_large_its_keys_and_pins_may_be() {
    let bench = Bench::with_token("web");
    let shown = shown(&bench);
    let folder = std::path::Path::new(shown["store"].as_str().unwrap());
    assert!(folder.join("store.db").is_file(), "{folder:?}");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
    assert_eq!(shown["store_bytes"].as_u64(), Some(files.sum()));
    assert!(std::path::Path::new(shown["device_key"].as_str().unwrap()).is_file(), "{shown}");
    assert_eq!(line(&bench, "PINs"), "4 to 255 bytes");
    assert_eq!(line(&bench, "sessions"), "without limit");
    assert!(line(&bench, "keys").starts_with("RSA 1024 to 16384 bits, EC 224 to 521 bits, "));
    assert!(line(&bench, "store").contains("/data/tokens/"));
}
