//! Section 6.3 on the curve secp256k1.

use cryptoki_sys::{
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_SENSITIVE, CKA_SIGN, CKA_UNWRAP, CKA_VALUE,
    CKA_VALUE_LEN, CKA_WRAP, CKD_NULL, CKF_EC_CURVENAME, CKF_EC_OID, CKK_EC, CKM_AES_KEY_GEN,
    CKM_AES_KEY_WRAP_PAD, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
    CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKO_PRIVATE_KEY, CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::{Kind, attribute, ecdsa_to_der, sign, spki, verify};
use pkcs11_tests::program::{openssl, run};
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use super::{
    derived_by_openssl, derives, file, info, of_openssl, open_secret, pair, sign_in_parts, verify_in_parts,
};
use crate::wrapping::{kind, wrapped};

on_both!(openssl_derives_the_same_secret);
on_claviger!(
    openssl_verifies_what_is_signed,
    the_curve_is_read_by_name_and_told_by_identifier,
    a_wrapped_key_signs_again
);

const PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";

fn signs() -> Template {
    Template::new().boolean(CKA_SIGN, true)
}

fn openssl_verifies_what_is_signed(t: &Test) {
    let session = t.token().user_session();
    let pair = pair(t, session, CKM_EC_KEY_PAIR_GEN, PARAMETERS, &signs());
    // A key's information has the same form on every curve.
    let public = file(t, "public.der", &spki(t.module, session, pair.public, Kind::P256));
    let message = file(t, "message", &[0x5a; 100]);
    for (by, name) in [
        (CKM_ECDSA_SHA1, "-sha1"),
        (CKM_ECDSA_SHA224, "-sha224"),
        (CKM_ECDSA_SHA256, "-sha256"),
        (CKM_ECDSA_SHA384, "-sha384"),
        (CKM_ECDSA_SHA512, "-sha512"),
    ] {
        let by = mechanism(by);
        let signature = sign(t.module, session, &by, pair.private, &[0x5a; 100]).unwrap();
        assert_eq!(signature.len(), 64);
        let signature_file = file(t, "signature", &ecdsa_to_der(&signature));
        let mut command = openssl(["dgst", name, "-keyform", "DER", "-verify"]);
        run(command.arg(&public).arg("-signature").arg(signature_file).arg(&message));
        assert_rv!(verify(t.module, session, &by, pair.public, &[0x5a; 100], &signature), CKR_OK);
        let wrong = verify(t.module, session, &by, pair.public, &[0x5b; 100], &signature);
        assert_rv!(wrong, CKR_SIGNATURE_INVALID);
        let parts = sign_in_parts(t, session, &by, pair.private, &[0x5a; 100]);
        assert_rv!(verify_in_parts(t, session, &by, pair.public, &[0x5a; 100], &parts), CKR_OK);
    }
}

fn openssl_derives_the_same_secret(t: &Test) {
    let session = t.token().user_session();
    let (own, public) =
        of_openssl(t, "own.pem", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]);
    let pair = pair(t, session, CKM_EC_KEY_PAIR_GEN, PARAMETERS, &derives());
    let expected = derived_by_openssl(t, &own, &spki(t.module, session, pair.public, Kind::P256));
    let by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&public[public.len() - 65..]));
    let template = open_secret().ulong(CKA_VALUE_LEN, 32);
    let (rv, key) = t.module.derive_key(session, Some(&by.mechanism()), pair.private, &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_VALUE), expected);
}

fn the_curve_is_read_by_name_and_told_by_identifier(t: &Test) {
    let token = t.token();
    let (flags, smallest, largest) = info(t, &token, CKM_ECDSA);
    assert!(flags & CKF_EC_OID != 0 && flags & CKF_EC_CURVENAME != 0);
    assert!((smallest..=largest).contains(&256));
    let session = token.user_session();
    let pair = pair(t, session, CKM_EC_KEY_PAIR_GEN, b"\x13\x09secp256k1", &signs());
    for key in [pair.public, pair.private] {
        assert_eq!(attribute(t.module, session, key, CKA_EC_PARAMS), PARAMETERS);
    }
    assert_eq!(attribute(t.module, session, pair.public, CKA_EC_POINT)[..3], [4, 65, 4]);
}

fn a_wrapped_key_signs_again(t: &Test) {
    let session = t.token().user_session();
    let open = signs().boolean(CKA_EXTRACTABLE, true).boolean(CKA_SENSITIVE, false);
    let pair = pair(t, session, CKM_EC_KEY_PAIR_GEN, PARAMETERS, &open);
    let wrapping = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true);
    let (rv, wrapping) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &wrapping);
    assert_rv!(rv, CKR_OK);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP_PAD, wrapping, pair.private).unwrap();
    let template = kind(CKO_PRIVATE_KEY, CKK_EC).boolean(CKA_SIGN, true);
    let by = mechanism(CKM_AES_KEY_WRAP_PAD);
    let (rv, again) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
    assert_rv!(rv, CKR_OK);
    let signature = sign(t.module, session, &mechanism(CKM_ECDSA), again, &[7; 32]).unwrap();
    assert_rv!(verify(t.module, session, &mechanism(CKM_ECDSA), pair.public, &[7; 32], &signature), CKR_OK);
}
