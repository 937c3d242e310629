//! Chapter 6: the mechanisms that everyday clients use beside RSA, the NIST curves and AES.

mod derivations;
mod edwards;
mod macs;
mod montgomery;
mod points;
mod secp256k1;

use std::path::PathBuf;

use cryptoki_sys::{
    CK_MECHANISM, CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_TOKEN, CKK_GENERIC_SECRET, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::keys::Pair;
use pkcs11_tests::program::{openssl, run};
use pkcs11_tests::{Out, Sent, Template, Test, Token, assert_rv, mechanism};

/// A pair of session keys that may do what `private` says, on a curve.
fn pair(t: &Test, session: u64, by: u64, parameters: &[u8], private: &Template) -> Pair {
    let public = Template::new().boolean(CKA_TOKEN, false).bytes(CKA_EC_PARAMS, parameters);
    let mut template = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_PRIVATE, true);
    template.0.extend(private.0.clone());
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&mechanism(by)), &public, &template);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

/// What a derivation makes that can be looked at.
fn open_secret() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_SENSITIVE, false)
        .boolean(CKA_EXTRACTABLE, true)
}

/// Signs in parts of seven bytes.
fn sign_in_parts(t: &Test, session: u64, by: &CK_MECHANISM, key: u64, data: &[u8]) -> Vec<u8> {
    assert_rv!(t.module.sign_init(session, Some(by), key), CKR_OK);
    for part in data.chunks(7) {
        assert_rv!(t.module.sign_update(session, Sent::from(part)), CKR_OK);
    }
    let mut signature = vec![0; 512];
    let (rv, len) = t.module.sign_final(session, Out::buffer(&mut signature));
    assert_rv!(rv, CKR_OK);
    signature.truncate(usize::try_from(len).unwrap());
    signature
}

/// Verifies in parts of seven bytes.
fn verify_in_parts(
    t: &Test,
    session: u64,
    by: &CK_MECHANISM,
    key: u64,
    data: &[u8],
    signature: &[u8],
) -> u64 {
    assert_rv!(t.module.verify_init(session, Some(by), key), CKR_OK);
    for part in data.chunks(7) {
        assert_rv!(t.module.verify_update(session, Sent::from(part)), CKR_OK);
    }
    t.module.verify_final(session, Sent::from(signature))
}

/// A file of the test's folder.
fn file(t: &Test, name: &str, bytes: &[u8]) -> PathBuf {
    let path = t.installation.folder().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A private key that `openssl` makes, and its `SubjectPublicKeyInfo`.
fn of_openssl(t: &Test, name: &str, arguments: &[&str]) -> (PathBuf, Vec<u8>) {
    let path = t.installation.folder().join(name);
    run(openssl(["genpkey"]).args(arguments).arg("-out").arg(&path));
    let public = run(openssl(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&path));
    (path, public)
}

/// What `openssl` derives with its own key and another's `SubjectPublicKeyInfo`.
fn derived_by_openssl(t: &Test, own: &PathBuf, peer: &[u8]) -> Vec<u8> {
    let peer = file(t, "peer.der", peer);
    run(openssl(["pkeyutl", "-derive", "-inkey"]).arg(own).args(["-peerform", "DER", "-peerkey"]).arg(peer))
}

/// The flags of a mechanism, with its smallest and its largest key.
fn info(t: &Test, token: &Token, kind: u64) -> (u64, u64, u64) {
    let (rv, info) = t.module.mechanism_info(token.slot, kind);
    assert_rv!(rv, CKR_OK);
    (info.flags, info.ulMinKeySize, info.ulMaxKeySize)
}

/// A template of a private key that derives.
fn derives() -> Template {
    Template::new().boolean(CKA_DERIVE, true)
}
