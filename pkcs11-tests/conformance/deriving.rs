//! Section 5.18.5: deriving keys, by ECDH (section 6.3.16).

use cryptoki_sys::{
    CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DERIVE, CKA_DERIVE_TEMPLATE, CKA_EC_POINT,
    CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE,
    CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKD_NULL, CKK_AES, CKK_GENERIC_SECRET, CKM_ECDH1_DERIVE, CKM_SHA256,
    CKO_SECRET_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SESSION_READ_ONLY, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{Kind, Pair, attribute, flag, spki};
use pkcs11_tests::program::{openssl, run};
use pkcs11_tests::raw::parameters::{ecdh1, with};
use pkcs11_tests::{Attribute, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::generic;

on_both!(
    both_sides_derive_the_same_secret,
    openssl_derives_the_same_secret,
    a_derived_key_is_not_local_and_was_never_closed,
    the_point_is_read_raw_and_as_octets,
    a_key_that_may_not_derive_is_refused,
);
on_claviger!(
    a_longer_key_is_cut_and_too_long_a_one_refused,
    parameters_of_the_derivation_are_checked,
    a_derive_template_is_part_of_the_template,
    derivation_wants_a_good_key_and_template,
    a_key_that_wants_a_login_for_each_use_derives_nothing,
);

fn derivers(t: &Test, session: u64, kind: Kind, private: &Template) -> Pair {
    let mut template = kind.private_template().boolean(CKA_DERIVE, true).boolean(CKA_TOKEN, false);
    template.0.extend(private.0.clone());
    let public = kind.public_template().boolean(CKA_TOKEN, false);
    let (rv, public, private) =
        t.module.generate_key_pair(session, Some(&kind.generator()), &public, &template);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn secret() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_SENSITIVE, false)
        .boolean(CKA_EXTRACTABLE, true)
}

/// The raw point of a public key.
fn point(t: &Test, session: u64, public: u64) -> Vec<u8> {
    let wrapped = attribute(t.module, session, public, CKA_EC_POINT);
    wrapped[2..].to_vec()
}

fn derive(t: &Test, session: u64, key: u64, public: &[u8], template: &Template) -> (u64, u64) {
    let by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(public));
    t.module.derive_key(session, Some(&by.mechanism()), key, template)
}

fn both_sides_derive_the_same_secret(t: &Test) {
    let session = t.token().user_session();
    for (kind, len) in [(Kind::P256, 32), (Kind::P384, 48)] {
        let (one, two) =
            (derivers(t, session, kind, &Template::new()), derivers(t, session, kind, &Template::new()));
        let template = secret().ulong(CKA_VALUE_LEN, len);
        let values = [(one.private, two.public), (two.private, one.public)].map(|(own, other)| {
            let (rv, key) = derive(t, session, own, &point(t, session, other), &template);
            assert_rv!(rv, CKR_OK);
            attribute(t.module, session, key, CKA_VALUE)
        });
        assert_eq!(values[0], values[1]);
        assert_eq!(values[0].len() as u64, len);
    }
}

fn openssl_derives_the_same_secret(t: &Test) {
    let session = t.token().user_session();
    let folder = t.installation.folder();
    let (own, theirs) = (folder.join("own.pem"), folder.join("theirs.der"));
    let curve = "ec_paramgen_curve:P-256";
    run(openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out"]).arg(&own));
    let public = run(openssl(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&own));
    let pair = derivers(t, session, Kind::P256, &Template::new());
    std::fs::write(&theirs, spki(t.module, session, pair.public, Kind::P256)).unwrap();
    let mut command = openssl(["pkeyutl", "-derive", "-inkey"]);
    let expected = run(command.arg(&own).args(["-peerform", "DER", "-peerkey"]).arg(&theirs));
    let template = secret().ulong(CKA_VALUE_LEN, 32);
    let (rv, key) = derive(t, session, pair.private, &public[public.len() - 65..], &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_VALUE), expected);
}

fn a_derived_key_is_not_local_and_was_never_closed(t: &Test) {
    let session = t.token().user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new());
    let template = secret().ulong(CKA_VALUE_LEN, 32);
    let (rv, key) = derive(t, session, pair.private, &point(t, session, pair.public), &template);
    assert_rv!(rv, CKR_OK);
    for kind in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE] {
        assert!(!flag(t.module, session, key, kind), "{kind:#x}");
    }
}

/// Section 6.3.16: the token "MUST be able to accept" the raw and the DER encoding.
fn the_point_is_read_raw_and_as_octets(t: &Test) {
    let session = t.token().user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new());
    let encoded = attribute(t.module, session, pair.public, CKA_EC_POINT);
    let values = [&encoded[..], &encoded[2..]].map(|point| {
        let (rv, key) = derive(t, session, pair.private, point, &secret());
        assert_rv!(rv, CKR_OK);
        attribute(t.module, session, key, CKA_VALUE)
    });
    assert_eq!(values[0], values[1]);
}

/// SoftHSM makes a key of length 0 (`CKR_OK`).
fn a_longer_key_is_cut_and_too_long_a_one_refused(t: &Test) {
    let session = t.token().user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new());
    let point = point(t, session, pair.public);
    let (_, key) = derive(t, session, pair.private, &point, &secret());
    let all = attribute(t.module, session, key, CKA_VALUE);
    let cut = secret().without(CKA_KEY_TYPE).ulong(CKA_KEY_TYPE, CKK_AES).ulong(CKA_VALUE_LEN, 16);
    let (rv, key) = derive(t, session, pair.private, &point, &cut);
    assert_rv!(rv, CKR_OK);
    let value = attribute(t.module, session, key, CKA_VALUE);
    assert!(value == all[..16] || value == all[16..], "section 6.3.16 takes bytes from one end");
    for len in [0, 33, 0x1_0000_0010, u64::MAX] {
        let (rv, _) = derive(t, session, pair.private, &point, &secret().ulong(CKA_VALUE_LEN, len));
        assert_ne!(rv, CKR_OK, "{len}");
    }
}

fn a_key_that_may_not_derive_is_refused(t: &Test) {
    let session = t.token().user_session();
    let pair = pkcs11_tests::keys::generate(t.module, session, Kind::P256, false, "signs");
    let (rv, _) = derive(t, session, pair.private, &point(t, session, pair.public), &secret());
    assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

/// SoftHSM 2.6.1 crashes here: the process ends with status 5.
fn parameters_of_the_derivation_are_checked(t: &Test) {
    let session = t.token().user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new());
    let good = point(t, session, pair.public);
    let mut off = good.clone();
    off[64] ^= 1;
    let wild = [Sent::null(65), Sent::null(0), Sent::claiming(&good, u64::MAX), Sent::claiming(&good, 64)];
    let others = [Sent::from(&off), Sent::from(&[4; 65]), Sent::from(&[0]), Sent::from(&[4; 97])];
    for public in wild.into_iter().chain(others) {
        let by = ecdh1(CKD_NULL, Sent::null(0), public);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), pair.private, &secret());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    for (kdf, shared) in [(0, Sent::null(0)), (99, Sent::null(0)), (CKD_NULL, Sent::from(b"shared"))] {
        let by = ecdh1(kdf, shared, Sent::from(&good));
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), pair.private, &secret());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    for by in [mechanism(CKM_ECDH1_DERIVE), with(CKM_ECDH1_DERIVE, &[1u8; 39])] {
        let (rv, _) = t.module.derive_key(session, Some(&by), pair.private, &secret());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// SoftHSM does not know CKA_DERIVE_TEMPLATE: `CKR_ATTRIBUTE_TYPE_INVALID`; sections 4.10 and 4.11 have it.
fn a_derive_template_is_part_of_the_template(t: &Test) {
    let session = t.token().user_session();
    let added = Template::new().boolean(CKA_SENSITIVE, true).bytes(CKA_LABEL, "derived");
    let of_key = Template::new().with(Attribute::nested(CKA_DERIVE_TEMPLATE, added));
    let pair = derivers(t, session, Kind::P256, &of_key);
    let point = point(t, session, pair.public);
    let (rv, key) = derive(t, session, pair.private, &point, &secret().without(CKA_SENSITIVE));
    assert_rv!(rv, CKR_OK);
    assert!(flag(t.module, session, key, CKA_SENSITIVE));
    assert_eq!(attribute(t.module, session, key, CKA_LABEL), b"derived");
    assert_rv!(derive(t, session, pair.private, &point, &secret()).0, CKR_TEMPLATE_INCONSISTENT);
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`; section 5.18.5 lists `CKR_KEY_HANDLE_INVALID` alone.
fn derivation_wants_a_good_key_and_template(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new());
    let point = point(t, session, pair.public);
    assert_rv!(derive(t, session, 0, &point, &secret()).0, CKR_KEY_HANDLE_INVALID);
    let other = generic(t.module, session, &[1; 32]);
    assert_rv!(derive(t, session, other, &point, &secret()).0, CKR_KEY_TYPE_INCONSISTENT);
    let given = secret().bytes(CKA_VALUE, [1; 32]);
    assert_rv!(derive(t, session, pair.private, &point, &given).0, CKR_ATTRIBUTE_READ_ONLY);
    let odd = secret().bytes(CKA_ENCRYPT, [2]);
    assert_rv!(derive(t, session, pair.private, &point, &odd).0, CKR_ATTRIBUTE_VALUE_INVALID);
    let of_no_length = secret().without(CKA_KEY_TYPE).ulong(CKA_KEY_TYPE, CKK_AES);
    assert_rv!(derive(t, session, pair.private, &point, &of_no_length).0, CKR_TEMPLATE_INCOMPLETE);
    let (rv, _) = t.module.derive_key(session, None, pair.private, &secret());
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    let (rv, _) = t.module.derive_key(session, Some(&mechanism(CKM_SHA256)), pair.private, &secret());
    assert_rv!(rv, CKR_MECHANISM_INVALID);
    let reader = token.open_ro();
    let on_token = secret().without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    assert_rv!(derive(t, reader, pair.private, &point, &on_token).0, CKR_SESSION_READ_ONLY);
}

/// Section 4.10: the PIN comes between the start of an operation and its end, and there is no such moment here.
/// SoftHSM derives without a login (`CKR_OK`).
fn a_key_that_wants_a_login_for_each_use_derives_nothing(t: &Test) {
    let session = t.token().user_session();
    let pair = derivers(t, session, Kind::P256, &Template::new().boolean(CKA_ALWAYS_AUTHENTICATE, true));
    let (rv, _) = derive(t, session, pair.private, &point(t, session, pair.public), &secret());
    assert_rv!(rv, CKR_USER_NOT_LOGGED_IN);
}
