//! `pkcs11-tool` of OpenSC: everything from the empty slot on, with stock options.

use std::path::PathBuf;
use std::process::Command;

use cryptoki_sys::{CKA_CLASS, CKA_ID, CKO_PUBLIC_KEY};
use pkcs11_tests::keys::{Kind, spki};
use pkcs11_tests::program::{openssl, output, over, program, run, unhex};
use pkcs11_tests::{SO_PIN, Template, Test, Token, USER_PIN, on_both, on_claviger};

on_both!(
    a_token_is_initialised_with_both_pins,
    keys_are_made_and_listed,
    rsa_signatures_verify_with_openssl,
    ecdsa_signatures_verify_with_openssl,
    the_user_changes_the_pin,
    a_wrong_pin_fails,
    an_object_is_written_read_and_deleted,
);
on_claviger!(the_fork_test_passes, the_self_test_finds_no_errors, hashed_ecdsa_and_pss_verify);

fn tool(t: &Test, arguments: &[&str]) -> Command {
    let mut command = program("pkcs11-tool", "opensc");
    command.arg("--module").arg(t.module.path()).args(arguments);
    over(&mut command, &t.installation);
    command
}

fn does(t: &Test, arguments: &[&str]) -> String {
    String::from_utf8_lossy(&run(&mut tool(t, arguments))).into_owned()
}

const LOGIN: [&str; 5] = ["--token-label", "stock", "--login", "--pin", USER_PIN];

fn logged_in(t: &Test, arguments: &[&str]) -> String {
    does(t, &[&LOGIN, arguments].concat())
}

fn initialised(t: &Test) {
    let _ = does(t, &["--init-token", "--slot-index", "0", "--label", "stock", "--so-pin", SO_PIN]);
    let officer = ["--token-label", "stock", "--login", "--login-type", "so", "--so-pin", SO_PIN];
    let _ = does(t, &[&officer[..], &["--init-pin", "--new-pin", USER_PIN]].concat());
}

fn file(t: &Test, name: &str) -> PathBuf {
    t.installation.folder().join(name)
}

fn path(t: &Test, name: &str) -> String {
    file(t, name).display().to_string()
}

fn made(t: &Test, kind: &str, id: &str) {
    let _ = logged_in(t, &["--keypairgen", "--key-type", kind, "--id", id, "--label", &format!("key-{id}")]);
}

/// The key as `pkcs11-tool` writes it. OpenSC 0.23 reads an EC key's curve out of memory that it has given back, so
/// those are asked of the module.
fn public_key(t: &Test, kind: Kind, id: &str) -> String {
    let der = path(t, "public.der");
    if kind == Kind::Rsa {
        let _ = logged_in(t, &["--read-object", "--type", "pubkey", "--id", id, "--output-file", &der]);
        return der;
    }
    let token = Token::existing(t.module);
    let session = token.open_ro();
    let wanted = Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY).bytes(CKA_ID, unhex(id));
    let found = token.find(session, &wanted);
    std::fs::write(&der, spki(t.module, session, found[0], kind)).unwrap();
    assert_eq!(t.module.finalize(), 0);
    der
}

fn a_token_is_initialised_with_both_pins(t: &Test) {
    initialised(t);
    let slots = does(t, &["--list-token-slots"]);
    assert!(
        slots.contains("stock") && slots.contains("token initialized") && slots.contains("PIN initialized")
    );
}

fn keys_are_made_and_listed(t: &Test) {
    initialised(t);
    made(t, "rsa:2048", "01");
    made(t, "EC:prime256v1", "02");
    made(t, "EC:secp384r1", "03");
    let objects = logged_in(t, &["--list-objects"]);
    for id in ["key-01", "key-02", "key-03"] {
        assert_eq!(objects.matches(id).count(), 2, "{objects}");
    }
    let public = does(t, &["--token-label", "stock", "--list-objects"]);
    assert!(!public.contains("Private Key"), "{public}");
}

fn signs(t: &Test, id: &str, options: &[&str]) -> String {
    std::fs::write(file(t, "message"), "what is signed").unwrap();
    let (input, signature) = (path(t, "message"), path(t, "signature"));
    let fixed = ["--sign", "--id", id, "--input-file", &input, "--output-file", &signature];
    let _ = logged_in(t, &[&fixed[..], options].concat());
    signature
}

fn openssl_verifies(t: &Test, kind: Kind, id: &str, options: &[&str], signature: &str) {
    let key = public_key(t, kind, id);
    let mut command = openssl(["dgst", "-sha256", "-keyform", "DER", "-verify", &key]);
    let said = run(command.args(options).args(["-signature", signature]).arg(file(t, "message")));
    assert_eq!(String::from_utf8_lossy(&said).trim(), "Verified OK");
}

fn rsa_signatures_verify_with_openssl(t: &Test) {
    initialised(t);
    made(t, "rsa:2048", "01");
    let signature = signs(t, "01", &["--mechanism", "SHA256-RSA-PKCS"]);
    openssl_verifies(t, Kind::Rsa, "01", &[], &signature);
    let verify = ["--verify", "--id", "01", "--mechanism", "SHA256-RSA-PKCS", "--input-file"];
    let data = path(t, "message");
    let said = logged_in(t, &[&verify[..], &[&data, "--signature-file", &signature]].concat());
    assert!(said.contains("Signature is valid"), "{said}");
}

fn ecdsa_signatures_verify_with_openssl(t: &Test) {
    initialised(t);
    made(t, "EC:prime256v1", "02");
    std::fs::write(file(t, "message"), "what is signed").unwrap();
    let digest = run(openssl(["dgst", "-sha256", "-binary"]).arg(file(t, "message")));
    std::fs::write(file(t, "digest"), digest).unwrap();
    let (input, signature) = (path(t, "digest"), path(t, "signature"));
    let sign = ["--sign", "--id", "02", "--mechanism", "ECDSA", "--signature-format", "openssl"];
    let _ = logged_in(t, &[&sign[..], &["--input-file", &input, "--output-file", &signature]].concat());
    openssl_verifies(t, Kind::P256, "02", &[], &signature);
}

fn hashed_ecdsa_and_pss_verify(t: &Test) {
    initialised(t);
    made(t, "EC:prime256v1", "02");
    let signature = signs(t, "02", &["--mechanism", "ECDSA-SHA256", "--signature-format", "openssl"]);
    openssl_verifies(t, Kind::P256, "02", &[], &signature);
    made(t, "rsa:2048", "01");
    let signature = signs(t, "01", &["--mechanism", "SHA256-RSA-PKCS-PSS"]);
    openssl_verifies(t, Kind::Rsa, "01", &["-sigopt", "rsa_padding_mode:pss"], &signature);
}

fn the_user_changes_the_pin(t: &Test) {
    initialised(t);
    let _ = logged_in(t, &["--change-pin", "--new-pin", "another-pin"]);
    let said = does(t, &["--token-label", "stock", "--login", "--pin", "another-pin", "--list-objects"]);
    assert!(!said.contains("error"), "{said}");
}

fn a_wrong_pin_fails(t: &Test) {
    initialised(t);
    let wrong = ["--token-label", "stock", "--login", "--pin", "wrong-pin", "--list-objects"];
    let output = output(&mut tool(t, &wrong));
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("CKR_PIN_INCORRECT"));
    let _ = logged_in(t, &["--list-objects"]);
}

fn an_object_is_written_read_and_deleted(t: &Test) {
    initialised(t);
    std::fs::write(file(t, "note"), "a note").unwrap();
    let note = path(t, "note");
    let write = ["--write-object", &note, "--type", "data", "--label", "a-note", "--private"];
    let _ = logged_in(t, &write);
    assert!(logged_in(t, &["--list-objects"]).contains("a-note"));
    let back = path(t, "back");
    let _ = logged_in(t, &["--read-object", "--type", "data", "--label", "a-note", "--output-file", &back]);
    assert_eq!(std::fs::read(back).unwrap(), b"a note");
    let _ = logged_in(t, &["--delete-object", "--type", "data", "--label", "a-note"]);
    assert!(!logged_in(t, &["--list-objects"]).contains("a-note"));
}

fn the_fork_test_passes(t: &Test) {
    initialised(t);
    let said = logged_in(t, &["--test-fork"]);
    assert!(!said.contains("error") && !said.contains("failed"), "{said}");
}

fn the_self_test_finds_no_errors(t: &Test) {
    initialised(t);
    made(t, "rsa:2048", "01");
    made(t, "EC:prime256v1", "02");
    let output = output(&mut tool(t, &[&LOGIN[..], &["--test"]].concat()));
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("No errors"), "{said}");
}
