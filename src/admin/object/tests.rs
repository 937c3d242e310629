use pkcs11::Attribute;
use pkcs11::constants as c;

use crate::tests::{Bench, PIN, keeps_its_form};

#[test]
fn objects_are_listed_with_their_class_and_label() {
    let bench = Bench::with_token("web");
    bench.create(vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_DATA),
        Attribute::boolean(c::CKA_TOKEN, true),
        Attribute::bytes(c::CKA_LABEL, b"a note"),
    ]);
    let done = bench.claviger(&["object", "list"], &[PIN]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out, "CLASS  TYPE  SIZE  LABEL   ID\ndata   -     -     a note\n");
}

#[test]
fn a_wrong_pin_is_told_with_an_exit_code_of_its_own() {
    let bench = Bench::with_token("web");
    let done = bench.claviger(&["object", "list"], &["wrong-pin"]);
    assert_eq!((done.code, done.out.as_str()), (3, ""));
    assert!(done.err.contains("the user of the token \"web\" is not logged in"), "{}", done.err);
    assert!(!done.err.contains("wrong-pin"), "{}", done.err);
}

#[test]
fn a_misspelt_token_is_told_with_the_one_that_was_probably_meant() {
    let bench = Bench::with_token("signing");
    let done = bench.claviger(&["object", "list", "--token", "sining"], &[PIN]);
    assert_eq!(done.code, 4);
    assert!(done.err.contains("there is no token \"sining\""), "{}", done.err);
    assert!(done.err.contains("did you mean \"signing\"?"), "{}", done.err);
}

#[test]
fn without_a_token_the_command_says_how_to_make_one() {
    let done = Bench::empty().claviger(&["object", "list"], &[PIN]);
    assert_eq!(done.code, 4);
    assert!(done.err.contains("claviger token init"), "{}", done.err);
}

#[test]
fn an_object_is_shown_and_deleted() {
    let bench = Bench::with_token("web");
    bench.create(vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_DATA),
        Attribute::boolean(c::CKA_TOKEN, true),
        Attribute::bytes(c::CKA_LABEL, b"a note"),
        Attribute::bytes(c::CKA_VALUE, b"do not show"),
    ]);
    let shown = bench.claviger(&["object", "show", "--label", "a note"], &[PIN]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.starts_with("data \"a note\" (unique ID "), "{}", shown.out);
    assert!(shown.out.contains("  CKA_PRIVATE             no\n"), "{}", shown.out);
    let deleted = bench.claviger(&["object", "delete", "--label", "a note", "--yes"], &[PIN]);
    assert_eq!(deleted.code, 0, "{}", deleted.err);
    assert!(deleted.out.starts_with("Deleted data \"a note\""), "{}", deleted.out);
    assert_eq!(bench.claviger(&["object", "list"], &[PIN]).out.lines().count(), 1);
    let again = bench.claviger(&["object", "delete", "--label", "a note", "--yes"], &[PIN]);
    assert_eq!(again.code, 4);
}

#[test]
fn which_object_has_to_be_said() {
    let bench = Bench::with_token("web");
    for line in [
        &["object", "show"][..],
        &["object", "delete", "--yes"],
        &["object", "show", "--uri", "pkcs11:object=a", "--label", "a"],
        &["object", "show", "--id", "xyz"],
        &["object", "show", "--public", "--pin-fd", "3", "--label", "a"],
    ] {
        let done = bench.claviger(line, &[PIN]);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{line:?}");
    }
}

#[test]
fn the_json_of_objects_keeps_its_form() {
    let bench = Bench::with_token("web");
    bench.create(vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_DATA),
        Attribute::boolean(c::CKA_TOKEN, true),
        Attribute::bytes(c::CKA_LABEL, b"a note"),
        Attribute::bytes(c::CKA_VALUE, b"do not show"),
    ]);
    let run = |line: &[&str]| bench.claviger(&[line, &["--json"]].concat(), &[PIN]).out;
    keeps_its_form("object/list.json", &run(&["object", "list"]));
    keeps_its_form("object/show.json", &run(&["object", "show", "--label", "a note"]));
    keeps_its_form("object/delete.json", &run(&["object", "delete", "--label", "a note", "--yes"]));
}
