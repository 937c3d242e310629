use crate::key::import::tests::Desk;
use crate::tests::{Done, PIN};

impl Desk {
    fn made(&self, line: &[&str]) {
        let done = self.bench.claviger(&[&["key", "generate"], line].concat(), &[PIN]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    /// Wraps a key into the file `wrapped` and deletes it in the token.
    fn wrapped_and_gone(&self, label: &str, by: &str) {
        let out = self.path("wrapped");
        let _ = std::fs::remove_file(&out);
        let line = ["key", "export", "--label", label, "--wrap-with", by, "--out", &out];
        let done = self.bench.claviger(&line, &[PIN]);
        assert_eq!(done.code, 0, "{}", done.err);
        let done = self.bench.claviger(&["key", "delete", "--label", label, "--yes"], &[PIN]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    fn unwrapped(&self, by: &str, kind: &str) -> Done {
        self.import("wrapped", &["--unwrap-with", by, "--type", kind, "--label", "back"], &[PIN])
    }

    fn exported(&self, label: &str) -> String {
        self.bench.claviger(&["key", "export", "--label", label], &[PIN]).out
    }

    fn attribute(&self, label: &str, name: &str) -> serde_json::Value {
        let shown = self.bench.claviger(&["key", "show", "--label", label, "--json"], &[PIN]);
        let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
        shown["keys"][0]["attributes"][name].clone()
    }
}

#[test]
fn every_type_of_key_comes_back_from_under_an_aes_key() {
    let desk = Desk::new();
    desk.made(&["--type", "aes", "--label", "kek", "--usage", "wrap,unwrap"]);
    for (made, kind) in [
        ("rsa:2048", "rsa"),
        ("ec:P-384", "ec"),
        ("ec:secp256k1", "ec"),
        ("ed25519", "ed25519"),
        ("x25519", "x25519"),
        ("ed448", "ed448"),
        ("x448", "x448"),
        ("ml-dsa-44", "ml-dsa"),
        ("ml-kem-512", "ml-kem"),
        ("slh-dsa-sha2-128f", "slh-dsa"),
    ] {
        desk.made(&["--type", made, "--label", "goes", "--extractable"]);
        let public = desk.exported("goes");
        desk.wrapped_and_gone("goes", "kek");
        let back = desk.unwrapped("kek", kind);
        assert_eq!((back.code, back.err.as_str(), back.out.lines().count()), (0, "", 2), "{made}");
        assert_eq!(desk.exported("back"), public, "{made}");
        assert_eq!(desk.attribute("back", "CKA_EXTRACTABLE"), false, "{made}");
        assert_eq!(desk.attribute("back", "CKA_SENSITIVE"), true, "{made}");
        let gone = desk.bench.claviger(&["key", "delete", "--label", "back", "--yes"], &[PIN]);
        assert_eq!(gone.code, 0, "{}", gone.err);
    }
}

#[test]
fn secret_keys_come_back_from_under_aes_and_rsa_keys_with_the_uses_of_their_type() {
    let desk = Desk::new();
    desk.made(&["--type", "aes", "--label", "aes kek", "--usage", "wrap,unwrap"]);
    desk.made(&["--type", "rsa:2048", "--label", "rsa kek", "--usage", "wrap,unwrap"]);
    for by in ["aes kek", "rsa kek"] {
        for (made, kind, uses) in [
            ("aes:192", "aes", serde_json::json!(["sign", "verify", "encrypt", "decrypt", "wrap", "unwrap"])),
            ("hmac:40", "hmac", serde_json::json!(["sign", "verify"])),
            ("generic:20", "generic", serde_json::json!(["derive"])),
        ] {
            desk.made(&["--type", made, "--label", "goes", "--extractable"]);
            let check = desk.attribute("goes", "CKA_CHECK_VALUE");
            assert!(check.is_string(), "{check}");
            desk.wrapped_and_gone("goes", by);
            let back = desk.unwrapped(by, kind);
            assert_eq!((back.code, back.err.as_str()), (0, ""), "{made} by {by}");
            assert_eq!(desk.attribute("back", "CKA_CHECK_VALUE"), check, "{made} by {by}");
            let shown = desk.bench.claviger(&["key", "show", "--label", "back", "--json"], &[PIN]);
            let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
            assert_eq!(shown["keys"][0]["usage"], uses, "{made} by {by}");
            let gone = desk.bench.claviger(&["key", "delete", "--label", "back", "--yes"], &[PIN]);
            assert_eq!(gone.code, 0, "{}", gone.err);
        }
    }
}

#[test]
fn what_does_not_come_back_is_told_with_the_reason() {
    let desk = Desk::new();
    for kek in ["kek", "another"] {
        desk.made(&["--type", "aes", "--label", kek, "--usage", "wrap,unwrap"]);
    }
    desk.made(&["--type", "rsa:2048", "--label", "rsa kek", "--usage", "wrap,unwrap"]);
    desk.made(&["--type", "ec", "--label", "goes", "--extractable"]);
    desk.wrapped_and_gone("goes", "kek");
    let before = desk.objects();
    let refused = |by: &str, kind: &str, words: &str| {
        let done = desk.unwrapped(by, kind);
        assert_eq!(
            (done.code, done.out.as_str(), desk.objects()),
            (1, "", before),
            "{by} {kind}: {}",
            done.err
        );
        assert!(
            done.err.contains(words) && done.err.contains("nothing was imported"),
            "{by} {kind}: {}",
            done.err
        );
        assert!(done.err.contains("what to do"), "{by} {kind}: {}", done.err);
    };
    for kind in ["rsa", "ed25519", "x25519", "aes", "hmac", "generic"] {
        refused("kek", kind, &format!("unwraps is no {kind} key"));
    }
    refused("another", "ec", "either another key wrapped it, or it was altered");
    refused("rsa kek", "aes", "another key wrapped it, or it was altered, or its key has another type");
    let whole = std::fs::read(desk.path("wrapped")).unwrap();
    for (at, bytes) in [
        ("a bit", [&whole[..20], &[whole[20] ^ 1], &whole[21..]].concat()),
        ("the end", whole[..whole.len() - 8].to_vec()),
        ("a byte", whole[..whole.len() - 1].to_vec()),
        ("all", Vec::new()),
    ] {
        std::fs::write(desk.path("wrapped"), bytes).unwrap();
        let done = desk.unwrapped("kek", "ec");
        assert_eq!((done.code, desk.objects()), (1, before), "{at}: {}", done.err);
        assert!(done.err.contains("it was altered"), "{at}: {}", done.err);
    }
}

#[test]
fn what_is_no_wrapped_file_or_no_wrapping_key_is_told() {
    let desk = Desk::new();
    desk.made(&["--type", "aes", "--label", "kek", "--usage", "wrap"]);
    std::fs::write(desk.path("wrapped"), [0; 40]).unwrap();
    let done = desk.unwrapped("kek", "ec");
    assert_eq!(done.code, 4);
    assert!(done.err.contains("there is no key \"kek\" that may unwrap"), "{}", done.err);
    let line = |rest: &[&str]| desk.import("wrapped", rest, &[PIN]).code;
    assert_eq!(line(&["--unwrap-with", "kek", "--label", "a"]), 2, "without a type");
    assert_eq!(line(&["--unwrap-with", "kek", "--type", "ec"]), 2, "without a label");
    assert_eq!(line(&["--type", "ec", "--label", "a"]), 2, "without a key");
    assert_eq!(line(&["--unwrap-with", "kek", "--type", "ec:P-256", "--label", "a"]), 2, "with a size");
    let more = ["--unwrap-with", "kek", "--type", "ec", "--label", "a"];
    assert_eq!(line(&[&more[..], &["--passphrase-fd", "4"]].concat()), 2, "with a passphrase");
    assert_eq!(line(&[&more[..], &["--usage", "decrypt"]].concat()), 2, "with a use that it cannot have");
    let meant =
        desk.import("wrapped", &["--unwrap-with", "kek", "--type", "ed25591", "--label", "a"], &[PIN]);
    assert!(meant.err.contains("did you mean ed25519?"), "{}", meant.err);
}

#[test]
fn the_same_key_does_not_come_back_twice() {
    let desk = Desk::new();
    desk.made(&["--type", "aes", "--label", "kek", "--usage", "wrap,unwrap"]);
    desk.made(&["--type", "ec", "--label", "goes", "--extractable"]);
    desk.wrapped_and_gone("goes", "kek");
    assert_eq!(desk.unwrapped("kek", "ec").code, 0);
    let before = desk.objects();
    let again = desk.unwrapped("kek", "ec");
    assert_eq!((again.code, desk.objects()), (1, before), "{}", again.err);
    assert!(again.err.contains("in the token already"), "{}", again.err);
}

#[test]
fn a_public_key_that_anybody_could_have_put_there_wraps_nothing() {
    let desk = Desk::new();
    desk.made(&["--type", "aes", "--label", "goes", "--extractable"]);
    let public = desk.key(&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    std::fs::write(desk.path("public.pem"), public).unwrap();
    let done = desk.import("public.pem", &["--label", "other", "--usage", "wrap"], &[PIN]);
    assert_eq!(done.code, 0, "{}", done.err);
    let out = desk.path("wrapped");
    let line = ["key", "export", "--label", "goes", "--wrap-with", "other", "--out", &out];
    let done = desk.bench.claviger(&line, &[PIN]);
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{}", done.err);
    assert!(done.err.contains("nothing vouches for public key \"other\""), "{}", done.err);
    assert!(!std::path::Path::new(&out).exists());
    // The private key to it vouches for it.
    let done = desk.bench.claviger(&["key", "delete", "--label", "other", "--yes"], &[PIN]);
    assert_eq!(done.code, 0, "{}", done.err);
    let done = desk.import("key.pem", &["--label", "other", "--usage", "wrap"], &[PIN]);
    assert_eq!(done.code, 0, "{}", done.err);
    let done = desk.bench.claviger(&line, &[PIN]);
    assert_eq!(done.code, 0, "{}", done.err);
}
