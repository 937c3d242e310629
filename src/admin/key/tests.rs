use crate::tests::{Bench, Done, PIN, keeps_its_form};

fn generated(bench: &Bench, line: &[&str]) -> Done {
    bench.claviger(&[&["key", "generate"], line].concat(), &[PIN])
}

#[test]
fn a_pair_is_made_listed_shown_and_deleted_as_one_key() {
    let bench = Bench::with_token("web");
    let made = generated(&bench, &["--type", "ec:P-256", "--label", "tls", "--id", "0102"]);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    assert!(made.out.starts_with("Made private key \"tls\" (ID 0102, unique ID "), "{}", made.out);
    let listed = bench.claviger(&["key", "list"], &[PIN]);
    assert_eq!(
        listed.out,
        "CLASS        TYPE  SIZE   LABEL  ID\npublic key   ec    P-256  tls    0102\nprivate key  ec    P-256  tls    \
         0102\n"
    );
    let shown = bench.claviger(&["key", "show", "--label", "tls"], &[PIN]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("id=%01%02;object=tls;type=private\n"), "{}", shown.out);
    assert!(shown.out.contains("  CKA_EXTRACTABLE         no\n"), "{}", shown.out);
    let deleted = bench.claviger(&["key", "delete", "--label", "tls"], &[PIN, "yes"]);
    assert_eq!((deleted.code, deleted.out.lines().count()), (0, 2), "{}", deleted.err);
    let listed = bench.claviger(&["key", "list"], &[PIN]);
    assert_eq!(listed.out, "CLASS  TYPE  SIZE  LABEL  ID\n");
}

#[test]
fn the_json_of_keys_keeps_its_form() {
    let bench = Bench::with_token("web");
    let line = ["--type", "ec:P-256", "--label", "tls", "--id", "01", "--json"];
    let made = generated(&bench, &line);
    keeps_its_form("key/generate.json", &made.out);
    let listed = bench.claviger(&["key", "list", "--json", "--public"], &[]);
    keeps_its_form("key/list.json", &listed.out);
    let secret = generated(&bench, &["--type", "aes:256", "--label", "kek", "--id", "02", "--json"]);
    keeps_its_form("key/secret.json", &secret.out);
    let shown = bench.claviger(&["key", "show", "--label", "kek", "--json"], &[PIN]);
    keeps_its_form("key/show.json", &shown.out);
}

#[test]
fn every_kind_of_key_is_made_and_may_do_what_it_is_for() {
    let bench = Bench::with_token("web");
    let kinds = [
        ("rsa:2048", "sign, decrypt, unwrap"),
        ("ec:P-224", "sign"),
        ("ec:P-384", "sign"),
        ("ec:P-521", "sign"),
        ("ec:secp256k1", "sign"),
        ("ed25519", "sign"),
        ("ec:brainpoolP384r1", "sign"),
        ("ed448", "sign"),
        ("x25519", "derive"),
        ("x448", "derive"),
        ("ml-dsa-44", "sign"),
        ("ml-dsa-87", "sign"),
        ("ml-kem-512", "decapsulate"),
        ("ml-kem-1024", "decapsulate"),
        ("slh-dsa-sha2-128f", "sign"),
        ("slh-dsa-shake-256f", "sign"),
        ("aes:128", "sign, verify, encrypt, decrypt, wrap, unwrap"),
        ("aes-xts", "encrypt, decrypt"),
        ("camellia:192", "sign, verify, encrypt, decrypt, wrap, unwrap"),
        ("chacha20", "encrypt, decrypt, wrap, unwrap"),
        ("des3", "sign, verify, encrypt, decrypt, wrap, unwrap"),
        ("hmac:48", "sign, verify"),
        ("hmac-sha256", "sign, verify"),
        ("hmac-blake2b-512:16", "sign, verify"),
        ("hkdf", "derive"),
        ("generic:20", "derive"),
    ];
    for (kind, uses) in kinds {
        let made = generated(&bench, &["--type", kind, "--label", kind]);
        assert_eq!((made.code, made.err.as_str()), (0, ""), "{kind}");
        let shown = bench.claviger(&["key", "show", "--label", kind], &[PIN]);
        let may = shown.out.lines().find_map(|line| line.strip_prefix("  may ")).unwrap();
        assert_eq!(may.trim(), uses, "{kind}");
    }
}

#[test]
fn keys_of_parameter_sets_are_told_by_their_names() {
    let bench = Bench::with_token("web");
    for kind in ["ML-KEM-768", "slh-dsa-shake-128f"] {
        let made = generated(&bench, &["--type", kind, "--label", kind, "--id", "01", "--json"]);
        assert_eq!(made.code, 0, "{}", made.err);
    }
    let listed = bench.claviger(&["key", "list"], &[PIN]).out;
    assert!(listed.contains("private key  ml-kem   ML-KEM-768          ML-KEM-768 "), "{listed}");
    assert!(listed.contains("public key   slh-dsa  SLH-DSA-SHAKE-128f  slh-dsa-shake-128f "), "{listed}");
    let shown = bench.claviger(&["key", "show", "--label", "ML-KEM-768", "--json"], &[PIN]);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    let private = &shown["keys"][0];
    assert_eq!((&private["key_type"], &private["parameter_set"]), (&"ml-kem".into(), &"ML-KEM-768".into()));
    assert_eq!(private["attributes"]["CKA_PARAMETER_SET"], "ML-KEM-768");
    assert_eq!(shown["keys"][1]["usage"], serde_json::json!(["encapsulate"]));
}

#[test]
fn a_size_that_is_none_is_told_with_what_to_say_instead() {
    let bench = Bench::with_token("web");
    for (kind, advice) in [
        ("camellia:64", "256, 192, 128"),
        ("ml-kem-2048", "did you mean ml-kem-"),
        ("chacha20:128", "leave out what follows chacha20"),
        ("hmac-sha256:16777217", "1 to 16777216 bytes"),
    ] {
        let done = generated(&bench, &["--type", kind, "--label", "a"]);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{kind}");
        assert!(done.err.contains(advice), "{kind}: {}", done.err);
    }
}

#[test]
fn usage_names_what_a_key_may_do_and_nothing_else() {
    let bench = Bench::with_token("web");
    let made = generated(
        &bench,
        &["--type", "rsa:2048", "--label", "mail", "--usage", "decrypt", "--extractable", "--json"],
    );
    assert_eq!(made.code, 0, "{}", made.err);
    let shown = bench.claviger(&["key", "show", "--label", "mail", "--json"], &[PIN]);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["keys"][0]["usage"], serde_json::json!(["decrypt"]));
    assert_eq!(shown["keys"][0]["attributes"]["CKA_EXTRACTABLE"], true);
    assert_eq!(shown["keys"][1]["usage"], serde_json::json!(["encrypt"]));
}

#[test]
fn lines_that_contradict_themselves_make_nothing() {
    let bench = Bench::with_token("web");
    const LINES: &[&[&str]] = &[
        &["--type", "ed25519", "--label", "a", "--usage", "decrypt"],
        &["--type", "ml-kem-768", "--label", "a", "--usage", "sign"],
        &["--type", "ml-dsa-65", "--label", "a", "--usage", "decapsulate"],
        &["--type", "chacha20", "--label", "a", "--usage", "sign"],
        &["--type", "ed25519"],
        &["--type", "ed25519", "--label", ""],
        &["--type", "ec:P-255", "--label", "a"],
        &["--type", "rsa", "--label", "a", "--id", "0"],
        &["--type", "rsa", "--label", "a", "--usage", "signing"],
        &["--label", "a"],
    ];
    for line in LINES {
        let done = generated(&bench, line);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{line:?}");
    }
    let small = generated(&bench, &["--type", "rsa:512", "--label", "a"]);
    assert_eq!((small.code, small.out.as_str()), (1, ""), "{}", small.err);
    assert_eq!(bench.claviger(&["key", "list"], &[PIN]).out.lines().count(), 1);
}

#[test]
fn a_second_key_of_one_name_is_told_of_and_then_chosen_by_its_id() {
    let bench = Bench::with_token("web");
    for id in ["01", "02"] {
        let made = generated(&bench, &["--type", "aes", "--label", "kek", "--id", id]);
        assert_eq!(made.code, 0);
        assert_eq!(
            made.err.contains("there is a key \"kek\" already, with ID 01"),
            id == "02",
            "{}",
            made.err
        );
    }
    let both = bench.claviger(&["key", "delete", "--label", "kek", "--yes"], &[PIN]);
    assert_eq!(both.code, 4);
    assert!(both.err.contains("secret key \"kek\" (ID 01, "), "{}", both.err);
    assert!(both.err.contains("secret key \"kek\" (ID 02, "), "{}", both.err);
    let one = bench.claviger(&["key", "delete", "--label", "kek", "--id", "02", "--yes", "--json"], &[PIN]);
    assert_eq!(one.code, 0, "{}", one.err);
    let left = bench.claviger(&["key", "list"], &[PIN]).out;
    assert!(left.contains(" 01\n") && !left.contains(" 02\n"), "{left}");
}

#[test]
fn a_key_that_is_not_there_is_told_with_the_one_that_was_probably_meant() {
    let bench = Bench::with_token("web");
    generated(&bench, &["--type", "aes", "--label", "backup"]);
    let done = bench.claviger(&["key", "show", "--label", "bakcup"], &[PIN]);
    assert_eq!(done.code, 4);
    assert!(done.err.contains("there is no key \"bakcup\" on the token \"web\""), "{}", done.err);
    assert!(done.err.contains("did you mean \"backup\"?"), "{}", done.err);
    let done = bench.claviger(&["key", "show", "--id", "ff"], &[PIN]);
    assert_eq!(done.code, 4);
}

#[test]
fn a_uri_names_token_and_key() {
    let bench = Bench::with_token("web");
    bench.add_token("mail");
    let made = generated(&bench, &["--type", "aes", "--label", "kek", "--token", "web", "--id", "01"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let uri = "pkcs11:token=web;object=kek;type=secret-key";
    let shown = bench.claviger(&["key", "show", "--uri", uri], &[PIN]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let elsewhere = bench.claviger(&["key", "show", "--uri", uri, "--token", "mail"], &[PIN]);
    assert_eq!(elsewhere.code, 2);
    let none = bench.claviger(&["key", "show", "--uri", "pkcs11:model=Other;object=kek"], &[PIN]);
    assert_eq!(none.code, 4, "{}", none.err);
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let bench = Bench::with_token("web");
    generated(&bench, &["--type", "aes", "--label", "kek"]);
    for typed in [&[PIN, "no"][..], &[PIN, ""], &[PIN]] {
        let done = bench.claviger(&["key", "delete", "--label", "kek"], typed);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{typed:?}");
        assert!(done.err.contains("--yes"), "{}", done.err);
    }
    assert_eq!(bench.claviger(&["key", "list"], &[PIN]).out.lines().count(), 2);
}
