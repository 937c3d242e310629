//! `pkcs11-tool` of OpenSC: everything from the empty slot on, with stock options.

use std::path::PathBuf;
use std::process::Command;

use cryptoki_sys::{
    CKA_CLASS, CKA_ID, CKA_LABEL, CKA_SUBJECT, CKF_DECRYPT, CKM_ECDSA_SHA1, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP,
    CKM_RSA_X_509, CKO_PUBLIC_KEY, CKR_OK,
};
use pkcs11_tests::keys::{Kind, generate, sign, spki, verify};
use pkcs11_tests::program::{openssl, output, over, program, run, unhex};
use pkcs11_tests::{SO_PIN, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_both, on_claviger};

on_both!(
    a_token_is_initialised_with_both_pins,
    keys_are_made_and_listed,
    rsa_signatures_verify_with_openssl,
    ecdsa_signatures_verify_with_openssl,
    the_user_changes_the_pin,
    a_wrong_pin_fails,
    an_object_is_written_read_and_deleted,
);
on_claviger!(
    the_fork_test_passes,
    the_self_test_finds_no_errors_and_skips_what_is_listed,
    the_steps_of_its_test_of_ec_work,
    hashed_ecdsa_and_pss_verify,
    an_ed25519_key_is_read_and_signs,
);

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
    assert!(said.contains("C_Initialize in forked child process"), "{said}");
    assert!(!said.contains("error") && !said.contains("failed"), "{said}");
}

/// How often a line stands there.
enum Times {
    Once,
    /// For each mechanism that decrypts, but the tool's RSA ones.
    EachOtherMechanism,
}

/// All that `pkcs11-tool --test` of OpenSC 0.23 passes over for a token with an RSA and an EC pair, in its words and
/// order, each with the reason. Nothing may be added to it that a token decides.
const SKIPPED: &[(&str, Times, &str)] = &[
    ("Signatures: not implemented", Times::Once, "the tool's authors have not written them"),
    (
        "testing key 1 (key-02) with 1 mechanism -- non-RSA, skipping",
        Times::Once,
        "it verifies with RSA alone",
    ),
    (
        "-- mechanism can't be used to decrypt, skipping",
        Times::EachOtherMechanism,
        "it tries the RSA key with every mechanism that decrypts, and with a symmetric one it has no way to encrypt",
    ),
    ("testing key 1 (key-02) -- non-RSA, skipping", Times::Once, "it decrypts with RSA alone"),
];

/// How many mechanisms of the token decrypt, those left out that the tool has a test of.
fn other_mechanisms_that_decrypt(t: &Test) -> usize {
    let slot = Token::existing(t.module).slot;
    let (_, count, _) = t.module.mechanism_list(slot, None);
    let (rv, _, mechanisms) = t.module.mechanism_list(slot, Some(usize::try_from(count).unwrap()));
    assert_rv!(rv, CKR_OK);
    let decrypts = |kind: &&u64| t.module.mechanism_info(slot, **kind).1.flags & CKF_DECRYPT != 0;
    let tested = [CKM_RSA_PKCS, CKM_RSA_X_509, CKM_RSA_PKCS_OAEP];
    mechanisms.iter().filter(decrypts).filter(|kind| !tested.contains(kind)).count()
}

fn the_self_test_finds_no_errors_and_skips_what_is_listed(t: &Test) {
    initialised(t);
    made(t, "rsa:2048", "01");
    made(t, "EC:prime256v1", "02");
    let output = output(&mut tool(t, &[&LOGIN[..], &["--test"]].concat()));
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("No errors"), "{said}");
    let aside = |line: &&str| line.contains("skip") || line.contains("not implemented");
    let skipped: Vec<&str> = said.lines().map(str::trim).filter(aside).collect();
    let others = other_mechanisms_that_decrypt(t);
    let times = |times: &Times| if matches!(times, Times::Once) { 1 } else { others };
    let listed = SKIPPED.iter().flat_map(|(words, often, _)| std::iter::repeat_n(*words, times(often)));
    assert_eq!(skipped, listed.collect::<Vec<_>>(), "{said}");
}

fn an_ed25519_key_is_read_and_signs(t: &Test) {
    initialised(t);
    made(t, "EC:edwards25519", "05");
    let public = path(t, "ed.pem");
    // Without a login: the public key is what it reads.
    let _ = does(
        t,
        &[
            "--token-label",
            "stock",
            "--read-object",
            "--type",
            "pubkey",
            "--id",
            "05",
            "--output-file",
            &public,
        ],
    );
    let signature = signs(t, "05", &["--mechanism", "EDDSA"]);
    let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &public, "-sigfile", &signature, "-in"];
    let said = run(openssl(verify).arg(file(t, "message")));
    assert_eq!(String::from_utf8_lossy(&said).trim(), "Signature Verified Successfully");
}

/// `--test-ec` opens a read-only session and generates a token key in it, for which section 5.18.2 has
/// CKR_SESSION_READ_ONLY. Its steps, in its order, in a session that may write.
fn the_steps_of_its_test_of_ec_work(t: &Test) {
    initialised(t);
    let as_it_is = ["--test-ec", "--id", "06", "--key-type", "EC:secp256r1"];
    let refused = output(&mut tool(t, &[&LOGIN[..], &as_it_is].concat()));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("C_GenerateKeyPair") && said.contains("READ_ONLY"),
        "{said}"
    );
    let token = Token::existing(t.module);
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "of a test");
    let twenty = [0x5a; 20];
    for key in [pair.private, pair.public] {
        let rv = t.module.set_attribute_values(session, key, &Template::new().bytes(CKA_ID, twenty));
        assert_rv!(rv, CKR_OK, "another CKA_ID");
    }
    let signature = sign(t.module, session, &mechanism(CKM_ECDSA_SHA1), pair.private, b"data").unwrap();
    assert_rv!(
        verify(t.module, session, &mechanism(CKM_ECDSA_SHA1), pair.public, b"data", &signature),
        CKR_OK
    );
    let renamed =
        Template::new().bytes(CKA_LABEL, "another").bytes(CKA_ID, twenty).bytes(CKA_SUBJECT, [0x30, 0]);
    assert_rv!(t.module.set_attribute_values(session, pair.public, &renamed), CKR_OK);
    let wanted = Template::new().bytes(CKA_LABEL, "another").bytes(CKA_ID, twenty);
    assert_eq!(token.find(session, &wanted), [pair.public]);
    for key in [pair.private, pair.public] {
        assert_rv!(t.module.destroy_object(session, key), CKR_OK);
    }
    assert_eq!(token.find(session, &Template::new().bytes(CKA_ID, twenty)), [0; 0]);
}
