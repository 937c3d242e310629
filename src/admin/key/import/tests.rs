//! Import and export, with files that openssl writes.

use std::path::Path;

use tempfile::TempDir;

use crate::tests::{Bench, Done, PIN, keeps_its_form, openssl};

/// A token, and a folder for files.
pub(in crate::key) struct Desk {
    pub(in crate::key) bench: Bench,
    folder: TempDir,
}

impl Desk {
    pub(in crate::key) fn new() -> Self {
        Self { bench: Bench::with_token("web"), folder: tempfile::tempdir().unwrap() }
    }

    pub(in crate::key) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(in crate::key) fn import(&self, name: &str, line: &[&str], typed: &[&str]) -> Done {
        self.bench.claviger(&[&["key", "import", &self.path(name)], line].concat(), typed)
    }

    pub(in crate::key) fn objects(&self) -> usize {
        self.bench.claviger(&["object", "list"], &[PIN]).out.lines().count() - 1
    }

    /// A key of this algorithm in the file `key.pem`, and its public key as openssl writes it.
    pub(in crate::key) fn key(&self, algorithm: &[&str]) -> String {
        let key = self.path("key.pem");
        let _ = std::fs::remove_file(&key);
        openssl(&[&["genpkey", "-out", &key, "-algorithm"], algorithm].concat());
        openssl(&["pkey", "-in", &key, "-pubout"])
    }
}

pub(in crate::key) const EC: &[&str] = &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn every_type_of_key_comes_in_and_its_public_key_goes_out_as_openssl_writes_it() {
    let desk = Desk::new();
    let algorithms: [&[&str]; 8] = [
        &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        EC,
        &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        &["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        &["ed25519"],
        &["x25519"],
        &["ed448"],
        &["x448"],
    ];
    for (number, algorithm) in algorithms.iter().enumerate() {
        let public = desk.key(algorithm);
        let label = format!("key {number}");
        let done = desk.import("key.pem", &["--label", &label], &[PIN]);
        assert_eq!(done.code, 0, "{algorithm:?}: {}", done.err);
        assert_eq!(done.out.lines().count(), 2, "{}", done.out);
        let exported = desk.bench.claviger(&["key", "export", "--label", &label], &[PIN]);
        assert_eq!(exported.out, public, "{algorithm:?}: {}", exported.err);
    }
}

/// An element of DER.
fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = match u8::try_from(contents.len()).unwrap() {
        short @ ..0x80 => vec![short],
        long => vec![0x81, long],
    };
    [vec![tag], length, contents].concat()
}

/// A PKCS#8 private key (RFC 5958) of an algorithm of NIST, by the end of its object identifier.
fn pkcs8(identifier: [u8; 2], key: &[u8]) -> Vec<u8> {
    let identifier = element(0x06, &[b"\x60\x86\x48\x01\x65\x03\x04", &identifier]);
    element(0x30, &[&element(0x02, &[&[0]]), &element(0x30, &[&identifier]), &element(0x04, &[key])])
}

/// RFC 9881 appendix C: the seed is the bytes from 0 to 31.
#[test]
fn a_seed_is_a_post_quantum_key_and_its_public_key_comes_back_alone() {
    let desk = Desk::new();
    let seed: Vec<u8> = (0..64).collect();
    let alone = |len: usize| element(0x80, &[&seed[..len]]);
    for (kind, identifier, len) in [("ml-dsa", [3, 17], 32), ("ml-kem", [4, 2], 64)] {
        std::fs::write(desk.path(kind), pkcs8(identifier, &alone(len))).unwrap();
        let done = desk.import(kind, &["--label", kind], &[PIN]);
        assert_eq!((done.code, done.out.lines().count()), (0, 2), "{kind}: {}", done.err);
        let again = desk.import(kind, &["--label", "again"], &[PIN]);
        assert_eq!(again.code, 1, "{kind}");
        assert!(again.err.contains("the key is in the token already"), "{}", again.err);
        let public = desk.bench.claviger(&["key", "export", "--label", kind], &[PIN]).out;
        std::fs::write(desk.path("public.pem"), &public).unwrap();
        let other = Desk::new();
        std::fs::write(other.path("public.pem"), &public).unwrap();
        let done = other.import("public.pem", &["--label", kind], &[PIN]);
        assert_eq!(done.code, 0, "{kind}: {}", done.err);
        assert_eq!(other.bench.claviger(&["key", "export", "--label", kind], &[PIN]).out, public);
    }
    let shown = desk.bench.claviger(&["key", "show", "--label", "ml-dsa", "--json"], &[PIN]);
    let shown: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["keys"][0]["parameter_set"], "ML-DSA-44");
    let info = shown["keys"][0]["attributes"]["CKA_PUBLIC_KEY_INFO"].as_str().unwrap();
    assert!(info.contains("d7b2b47254aae0db45e7930d4a98d2c97d8f1397d1789dafa17024b316e9bec9"), "{info}");
    // Nothing comes in of what is no key.
    let before = desk.objects();
    for (number, key) in [alone(31), element(0x30, &[&alone(32)]), element(0x04, &[&seed])].iter().enumerate()
    {
        std::fs::write(desk.path("wrong"), pkcs8([3, 17], key)).unwrap();
        let done = desk.import("wrong", &["--label", "wrong"], &[PIN]);
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{number}");
        assert_eq!(desk.objects(), before, "{number}");
    }
}

#[test]
fn every_form_of_a_file_gives_the_same_key() {
    let desk = Desk::new();
    let public = desk.key(EC);
    let key = desk.path("key.pem");
    openssl(&[
        "pkcs8",
        "-topk8",
        "-nocrypt",
        "-in",
        &key,
        "-outform",
        "DER",
        "-out",
        &desk.path("pkcs8.der"),
    ]);
    openssl(&["ec", "-in", &key, "-out", &desk.path("sec1.pem")]);
    openssl(&["ec", "-in", &key, "-outform", "DER", "-out", &desk.path("sec1.der")]);
    let encrypted = ["pkcs8", "-topk8", "-passout", "pass:sesame", "-in", &key];
    openssl(&[&encrypted[..], &["-out", &desk.path("aes.pem")]].concat());
    openssl(&[&encrypted[..], &["-v2", "des3", "-outform", "DER", "-out", &desk.path("des3.der")]].concat());
    for (name, typed) in [
        ("pkcs8.der", &[PIN][..]),
        ("sec1.pem", &[PIN]),
        ("sec1.der", &[PIN]),
        ("aes.pem", &["sesame", PIN]),
        ("des3.der", &["sesame", PIN]),
    ] {
        let done = desk.import(name, &["--label", name], typed);
        assert_eq!(done.code, 0, "{name}: {}", done.err);
        let exported = desk.bench.claviger(&["key", "export", "--label", name], &[PIN]);
        assert_eq!(exported.out, public, "{name}");
        let gone = desk.bench.claviger(&["key", "delete", "--label", name, "--yes"], &[PIN]);
        assert_eq!(gone.code, 0, "{}", gone.err);
    }
    let wrong = desk.import("aes.pem", &["--label", "a"], &["open", PIN]);
    assert_eq!((wrong.code, desk.objects()), (3, 0), "{}", wrong.err);
    let public_only = desk.path("public.pem");
    std::fs::write(&public_only, &public).unwrap();
    assert_eq!(desk.import("public.pem", &["--label", "a"], &[PIN]).code, 0);
    assert_eq!(desk.objects(), 1);
}

/// A PKCS#12 of a key, its certificate and the one above it.
fn pkcs12(desk: &Desk, more: &[&str]) -> String {
    let _ = desk.key(EC);
    let at = |name: &str| desk.path(name);
    let new_ca = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
        &[&new_ca[..], &["-subj", "/CN=An issuer", "-keyout", &at("ca.key"), "-out", &at("ca.pem")]].concat(),
    );
    openssl(&["req", "-new", "-key", &at("key.pem"), "-subj", "/CN=www", "-out", &at("www.csr")]);
    let signed = ["x509", "-req", "-set_serial", "7", "-CA", &at("ca.pem"), "-CAkey", &at("ca.key")];
    openssl(&[&signed[..], &["-in", &at("www.csr"), "-out", &at("www.pem")]].concat());
    let bundle = ["pkcs12", "-export", "-inkey", &at("key.pem"), "-in", &at("www.pem")];
    let rest = ["-certfile", &at("ca.pem"), "-passout", "pass:sesame", "-out", &at("www.p12")];
    openssl(&[&bundle[..], &rest, more].concat());
    at("www.p12")
}

#[test]
fn a_pkcs12_brings_its_key_and_the_chain_and_the_certificate_has_the_keys_id() {
    let desk = Desk::new();
    let _ = pkcs12(&desk, &["-name", "web server"]);
    let done = desk.import("www.p12", &["--id", "77"], &["sesame", PIN]);
    assert_eq!(done.code, 0, "{}", done.err);
    let listed = desk.bench.claviger(&["object", "list"], &[PIN]).out;
    let mut rows: Vec<_> = listed.lines().skip(1).collect();
    rows.sort_unstable();
    assert_eq!(rows.len(), 4, "{listed}");
    assert!(rows[0].starts_with("certificate") && rows[0].contains("An issuer"), "{listed}");
    for row in &rows[1..] {
        assert!(row.contains("web server") && row.ends_with("77"), "{listed}");
    }
    let again = desk.import("www.p12", &[], &["sesame", PIN]);
    assert_eq!((again.code, desk.objects()), (1, 4), "{}", again.err);
    assert!(again.err.contains("in the token already"), "{}", again.err);
    let wrong = desk.import("www.p12", &[], &["open", PIN]);
    assert_eq!(wrong.code, 3, "{}", wrong.err);
}

#[test]
fn an_old_pkcs12_comes_in_too() {
    let desk = Desk::new();
    let _ = pkcs12(&desk, &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "SHA1"]);
    let done = desk.import("www.p12", &["--label", "old"], &["sesame", PIN]);
    assert_eq!((done.code, desk.objects()), (0, 4), "{}", done.err);
}

#[test]
fn what_fails_half_way_leaves_nothing_behind() {
    let desk = Desk::new();
    let _ = pkcs12(&desk, &[]);
    // A certificate whose last element, the signature, is no BIT STRING: the token refuses it, after the keys were made.
    openssl(&["x509", "-in", &desk.path("www.pem"), "-outform", "DER", "-out", &desk.path("www.der")]);
    let mut broken = std::fs::read(desk.path("www.der")).unwrap();
    let length = broken.len();
    let at =
        (0..length - 1).rev().find(|at| broken[*at] == 3 && at + 2 + usize::from(broken[at + 1]) == length);
    broken[at.unwrap()] = 4;
    let broken = pem_rfc7468::encode_string("CERTIFICATE", pem_rfc7468::LineEnding::LF, &broken).unwrap();
    let key = std::fs::read_to_string(desk.path("key.pem")).unwrap();
    std::fs::write(desk.path("both.pem"), key.clone() + &broken).unwrap();
    let done = desk.import("both.pem", &["--label", "a"], &[PIN]);
    assert_eq!((done.code, desk.objects()), (1, 0), "{}", done.err);
    assert!(done.err.contains("cannot be imported; nothing was"), "{}", done.err);
    std::fs::write(desk.path("twice.pem"), key.clone() + &key).unwrap();
    let done = desk.import("twice.pem", &["--label", "a"], &[PIN]);
    assert_eq!((done.code, desk.objects()), (1, 0), "{}", done.err);
    let done = desk.import("key.pem", &["--label", "a", "--usage", "derive,decrypt"], &[PIN]);
    assert_eq!((done.code, desk.objects()), (2, 0), "{}", done.err);
}

#[test]
fn files_that_are_none_are_refused_with_the_reason() {
    let desk = Desk::new();
    std::fs::write(desk.path("text"), "no key").unwrap();
    std::fs::write(desk.path("empty"), "").unwrap();
    std::fs::File::create(desk.path("huge")).unwrap().set_len(1 << 40).unwrap();
    for (name, code, words) in [
        ("absent", 4, "No such file"),
        (".", 1, "Is a directory"),
        ("text", 1, "neither a key nor a certificate"),
        ("empty", 1, "neither a key nor a certificate"),
        ("huge", 1, "longer than 1048576 bytes"),
    ] {
        let done = desk.import(name, &["--label", "a"], &[PIN]);
        assert_eq!((done.code, done.out.as_str()), (code, ""), "{name}");
        assert!(done.err.contains(words), "{name}: {}", done.err);
        assert!(done.err.contains("what to do"), "{name}: {}", done.err);
    }
    let endless = desk.bench.claviger(&["key", "import", "/dev/zero", "--label", "a"], &[PIN]);
    assert_eq!(endless.code, 1);
}

#[test]
fn a_key_that_others_may_read_is_told_of_and_taken() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let _ = desk.key(EC);
    let mode =
        |mode| std::fs::set_permissions(desk.path("key.pem"), PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    let done = desk.import("key.pem", &["--label", "a"], &[PIN]);
    assert_eq!(done.code, 0);
    assert!(done.err.contains("others may read"), "{}", done.err);
}

#[test]
fn a_key_leaves_wrapped_only_and_only_if_it_was_made_for_that() {
    let desk = Desk::new();
    let make = |line: &[&str]| {
        let done = desk.bench.claviger(&[&["key", "generate"], line].concat(), &[PIN]);
        assert_eq!(done.code, 0, "{}", done.err);
    };
    make(&["--type", "aes", "--label", "kek", "--usage", "wrap,unwrap"]);
    make(&["--type", "rsa:2048", "--label", "rsa kek", "--usage", "wrap"]);
    make(&["--type", "ec", "--label", "stays"]);
    make(&["--type", "ec", "--label", "leaves", "--extractable"]);
    make(&["--type", "aes:128", "--label", "secret", "--extractable"]);
    let export = |label: &str, by: &str, file: &str| {
        let out = desk.path(file);
        let line = ["key", "export", "--label", label, "--wrap-with", by, "--out", &out];
        desk.bench.claviger(&line, &[PIN])
    };
    let stays = export("stays", "kek", "a");
    assert_eq!(stays.code, 1);
    assert!(stays.err.contains("--extractable"), "{}", stays.err);
    assert!(!Path::new(&desk.path("a")).exists());
    for (label, by) in [("leaves", "kek"), ("secret", "kek"), ("secret", "rsa kek")] {
        let file = format!("{label} by {by}");
        let done = export(label, by, &file);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(std::fs::metadata(desk.path(&file)).unwrap().len() > 16);
        assert_eq!(export(label, by, &file).code, 1, "a file that is there is not overwritten");
    }
    assert_eq!(export("leaves", "stays", "b").code, 4, "a key that may not wrap");
    let bare = desk.bench.claviger(&["key", "export", "--label", "secret"], &[PIN]);
    assert_eq!((bare.code, bare.out.as_str()), (1, ""), "{}", bare.err);
    let no_file = desk.bench.claviger(&["key", "export", "--label", "secret", "--wrap-with", "kek"], &[PIN]);
    assert_eq!(no_file.code, 2);
}

#[test]
fn keys_that_no_operation_takes_are_refused_with_those_that_are_offered() {
    let desk = Desk::new();
    let curve = |name| ["EC", "-pkeyopt", name];
    let (small, brainpool) =
        (["RSA", "-pkeyopt", "rsa_keygen_bits:768"], curve("ec_paramgen_curve:brainpoolP512r1"));
    for (algorithm, words, offer) in [
        (&small[..], "no operation of the token takes an RSA key of 768 bits", "1024 to 16384 bits"),
        (&brainpool, "on a curve that tokens here do not have", "P-224, P-256, P-384, P-521, secp256k1"),
    ] {
        let _ = desk.key(algorithm);
        let done = desk.import("key.pem", &["--label", "a"], &[PIN]);
        assert_eq!((done.code, desk.objects()), (1, 0), "{algorithm:?}: {}", done.err);
        assert!(done.err.contains(words) && done.err.contains(offer), "{algorithm:?}: {}", done.err);
    }
    // With the good key before it in the file: nothing is made.
    let _ = desk.key(EC);
    let good = std::fs::read_to_string(desk.path("key.pem")).unwrap();
    let _ = desk.key(&small);
    let bad = std::fs::read_to_string(desk.path("key.pem")).unwrap();
    std::fs::write(desk.path("both.pem"), good + &bad).unwrap();
    assert_eq!(desk.import("both.pem", &[], &[PIN]).code, 2, "two keys without names");
    let done = desk.bench.claviger(&["key", "generate", "--type", "rsa:768", "--label", "a"], &[PIN]);
    assert_eq!((done.code, desk.objects()), (1, 0));
    assert!(done.err.contains("nothing was made") && done.err.contains("1024 to 16384"), "{}", done.err);
}

#[test]
fn a_small_key_is_made_with_a_warning() {
    let desk = Desk::new();
    let small = ["key", "generate", "--type", "rsa:1024", "--label", "a", "--json"];
    let done = desk.bench.claviger(&small, &[PIN]);
    assert_eq!((done.code, desk.objects()), (0, 2), "{}", done.err);
    let words = "RSA keys of less than 2048 bits can be broken: make a longer one, unless an old program takes no other";
    assert!(done.err.contains(words) && done.out.contains(words), "{}\n{}", done.err, done.out);
}

#[test]
fn a_small_key_that_only_verifies_comes_in() {
    let desk = Desk::new();
    let public = desk.key(&["RSA", "-pkeyopt", "rsa_keygen_bits:768"]);
    std::fs::write(desk.path("public.pem"), &public).unwrap();
    let done = desk.import("public.pem", &["--label", "old"], &[PIN]);
    assert_eq!((done.code, desk.objects()), (0, 1), "{}", done.err);
}

#[test]
fn the_json_of_import_and_export_keeps_its_form() {
    let desk = Desk::new();
    let _ = desk.key(EC);
    let done = desk.import("key.pem", &["--label", "tls", "--id", "01", "--json"], &[PIN]);
    keeps_its_form("key/import.json", &done.out);
    let run = |line: &[&str]| desk.bench.claviger(line, &[PIN]);
    keeps_its_form("key/export.json", &run(&["key", "export", "--label", "tls", "--json"]).out);
    let file = desk.path("public.pem");
    let exported = run(&["key", "export", "--label", "tls", "--out", &file, "--json"]);
    keeps_its_form("key/export_into_a_file.json", &exported.out);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    let kek = ["key", "generate", "--type", "aes", "--label", "kek", "--id", "02"];
    assert_eq!(run(&kek).code, 0);
    assert_eq!(
        run(&["key", "generate", "--type", "hmac", "--label", "mac", "--id", "03", "--extractable"]).code,
        0
    );
    let file = desk.path("wrapped");
    let wrapped = run(&["key", "export", "--label", "mac", "--wrap-with", "kek", "--out", &file, "--json"]);
    keeps_its_form("key/export_wrapped.json", &wrapped.out);
    let rest = ["--unwrap-with", "kek", "--type", "hmac", "--label", "mac", "--id", "03", "--json"];
    let back = desk.import("wrapped", &rest, &[PIN]);
    keeps_its_form("key/import_wrapped.json", &back.out);
    keeps_its_form("key/delete.json", &run(&["key", "delete", "--label", "tls", "--yes", "--json"]).out);
}
