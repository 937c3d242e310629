//! Sections 6.1.21 and 6.3.20: keys wrapped by a temporary AES key that RSA encrypts, or that ECDH with an ephemeral key
//! gives.

use std::ptr;

use cryptoki_sys::{
    CK_MECHANISM, CKA_EC_PARAMS, CKA_EXTRACTABLE, CKA_MODULUS_BITS, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN,
    CKA_UNWRAP, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP, CKD_NULL, CKF_UNWRAP, CKF_WRAP, CKK_AES, CKK_EC,
    CKM_AES_KEY_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH_AES_KEY_WRAP,
    CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP, CKM_ECDSA_SHA256, CKM_RSA_AES_KEY_WRAP,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_UNEXTRACTABLE, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
    CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};
use pkcs11_tests::keys::{P256, Pair, attribute, sign, verify};
use pkcs11_tests::raw::key_wraps::KeyWrap;
use pkcs11_tests::raw::parameters::claiming;
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::wrapping::kind;

on_claviger!(
    secret_and_private_keys_come_back_and_altered_ones_do_not,
    wrong_parameters_and_keys_wrap_nothing,
);

const X25519: &[u8] = b"\x06\x03\x2b\x65\x6e";
const X448: &[u8] = b"\x06\x03\x2b\x65\x6f";
const BRAINPOOL_P384R1: &[u8] = b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b";

/// Which pair wraps: generator, and curve where there is one.
type Maker = (u64, Option<&'static [u8]>);

/// Mechanism, maker of the pair, and the bytes that stand before the wrapped key.
const WAYS: [(u64, Maker, usize); 7] = [
    (CKM_RSA_AES_KEY_WRAP, (CKM_RSA_PKCS_KEY_PAIR_GEN, None), 256),
    (CKM_ECDH_AES_KEY_WRAP, (CKM_EC_KEY_PAIR_GEN, Some(P256)), 65),
    (CKM_ECDH_AES_KEY_WRAP, (CKM_EC_KEY_PAIR_GEN, Some(BRAINPOOL_P384R1)), 97),
    (CKM_ECDH_COF_AES_KEY_WRAP, (CKM_EC_KEY_PAIR_GEN, Some(P256)), 65),
    (CKM_ECDH_AES_KEY_WRAP, (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Some(X25519)), 32),
    (CKM_ECDH_X_AES_KEY_WRAP, (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Some(X25519)), 32),
    (CKM_ECDH_X_AES_KEY_WRAP, (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Some(X448)), 56),
];

fn pair(t: &Test, session: u64, (by, curve): Maker, wraps: bool) -> Pair {
    let public = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_WRAP, wraps);
    let public = match curve {
        Some(curve) => public.bytes(CKA_EC_PARAMS, curve),
        None => public.ulong(CKA_MODULUS_BITS, 2048),
    };
    let private = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_UNWRAP, wraps);
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&mechanism(by)), &public, &private);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn open(template: Template) -> Template {
    template.boolean(CKA_TOKEN, false).boolean(CKA_EXTRACTABLE, true).boolean(CKA_SENSITIVE, false)
}

fn aes(t: &Test, session: u64) -> u64 {
    let template = open(Template::new().ulong(CKA_VALUE_LEN, 32));
    let (rv, key) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    key
}

fn wrapped(t: &Test, session: u64, by: &CK_MECHANISM, wrapping: u64, key: u64) -> Result<Vec<u8>, u64> {
    let mut out = vec![0; 4096];
    let (rv, len) = t.module.wrap_key(session, Some(by), wrapping, key, Out::buffer(&mut out));
    out.truncate(usize::try_from(len).unwrap_or(0));
    if rv == CKR_OK { Ok(out) } else { Err(rv) }
}

fn secret_and_private_keys_come_back_and_altered_ones_do_not(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let secret = aes(t, session);
    let value = attribute(t.module, session, secret, CKA_VALUE);
    let private = open(Template::new().boolean(CKA_SIGN, true));
    let public = Template::new().boolean(CKA_TOKEN, false).bytes(CKA_EC_PARAMS, P256);
    let by_ecdsa = mechanism(CKM_EC_KEY_PAIR_GEN);
    let (rv, checking, signing) = t.module.generate_key_pair(session, Some(&by_ecdsa), &public, &private);
    assert_rv!(rv, CKR_OK);
    for (by, maker, before) in WAYS {
        let (rv, info) = t.module.mechanism_info(token.slot, by);
        assert_rv!(rv, CKR_OK);
        assert_eq!(info.flags & (CKF_WRAP | CKF_UNWRAP), CKF_WRAP | CKF_UNWRAP);
        let pair = pair(t, session, maker, true);
        for bits in [128, 192, 256] {
            let parameters = KeyWrap::new(by, bits);
            let by = parameters.mechanism();
            let bytes = wrapped(t, session, &by, pair.public, secret).unwrap();
            assert_eq!(bytes.len(), before + 40);
            let mut short = vec![0; bytes.len() - 1];
            let (rv, len) =
                t.module.wrap_key(session, Some(&by), pair.public, secret, Out::buffer(&mut short));
            assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
            assert_eq!(len, bytes.len() as u64);
            let template = open(kind(CKO_SECRET_KEY, CKK_AES));
            let unwrap = |bytes: &[u8], template: &Template| {
                t.module.unwrap_key(session, Some(&by), pair.private, Sent::from(bytes), template)
            };
            let (rv, again) = unwrap(&bytes, &template);
            assert_rv!(rv, CKR_OK);
            assert_eq!(attribute(t.module, session, again, CKA_VALUE), value);
            for place in [1, before, bytes.len() - 1] {
                let mut altered = bytes.clone();
                altered[place] ^= 1;
                assert_rv!(unwrap(&altered, &template).0, CKR_WRAPPED_KEY_INVALID, "byte {place}");
            }
            for cut in [1, before, bytes.len() - 1] {
                assert_rv!(unwrap(&bytes[..cut], &template).0, CKR_WRAPPED_KEY_LEN_RANGE, "{cut} bytes");
            }
        }
        let parameters = KeyWrap::new(by, 256);
        let bytes = wrapped(t, session, &parameters.mechanism(), pair.public, signing).unwrap();
        let template = kind(CKO_PRIVATE_KEY, CKK_EC).boolean(CKA_SIGN, true);
        let by = parameters.mechanism();
        let (rv, again) =
            t.module.unwrap_key(session, Some(&by), pair.private, Sent::from(&bytes), &template);
        assert_rv!(rv, CKR_OK);
        let by = mechanism(CKM_ECDSA_SHA256);
        let signature = sign(t.module, session, &by, again, b"message").unwrap();
        assert_rv!(verify(t.module, session, &by, checking, b"message", &signature), CKR_OK);
    }
}

/// Changes a right parameter into a wrong one.
type Change = fn(&mut KeyWrap);

/// What no mechanism takes: numbers that are not offered, and lengths of what is not there.
const CHANGES: &[Change] = &[
    |given| (given.oaep.hashAlg, given.ecdh.kdf) = (0, 0),
    |given| (given.oaep.ulSourceDataLen, given.ecdh.ulSharedDataLen) = (7, 7),
    |given| (given.oaep.ulSourceDataLen, given.ecdh.ulSharedDataLen) = (u64::MAX, u64::MAX),
    |given| {
        given.rsa.pOAEPParams = ptr::null_mut();
        (given.ecdh.kdf, given.ecdh.ulSharedDataLen) = (CKD_NULL, 1);
    },
];

fn wrong_parameters_and_keys_wrap_nothing(t: &Test) {
    let session = t.token().user_session();
    let rsa = pair(t, session, (CKM_RSA_PKCS_KEY_PAIR_GEN, None), true);
    let curve = pair(t, session, (CKM_EC_KEY_PAIR_GEN, Some(P256)), true);
    let secret = aes(t, session);
    for (kind, right, other) in [(CKM_RSA_AES_KEY_WRAP, rsa, curve), (CKM_ECDH_AES_KEY_WRAP, curve, rsa)] {
        let parameters = KeyWrap::new(kind, 256);
        let good = parameters.mechanism();
        let mut wrong: Vec<_> =
            [0, 1, 16, 255, 512, u64::MAX].into_iter().map(|bits| KeyWrap::new(kind, bits)).collect();
        for change in CHANGES {
            let mut changed = KeyWrap::new(kind, 256);
            change(&mut changed);
            wrong.push(changed);
        }
        let mut mechanisms: Vec<CK_MECHANISM> = wrong.iter().map(KeyWrap::mechanism).collect();
        mechanisms.extend([mechanism(kind), claiming(kind, Sent::from(&[0; 7]))]);
        for difference in [-1, 1] {
            let len = good.ulParameterLen.wrapping_add_signed(difference);
            mechanisms.push(CK_MECHANISM { ulParameterLen: len, ..good });
        }
        for (number, by) in mechanisms.iter().enumerate() {
            refused(t, session, by, right, [CKR_MECHANISM_PARAM_INVALID; 2], number);
        }
        refused(
            t,
            session,
            &claiming(kind, Sent::null(good.ulParameterLen)),
            right,
            [CKR_ARGUMENTS_BAD; 2],
            0,
        );
        let of_another_type = [CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT];
        refused(t, session, &good, other, of_another_type, 0);
        let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_TOKEN, false);
        let template = template.boolean(CKA_EXTRACTABLE, false);
        let (rv, kept) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(wrapped(t, session, &good, right.public, kept), Err(CKR_KEY_UNEXTRACTABLE));
    }
    let good = KeyWrap::new(CKM_ECDH_X_AES_KEY_WRAP, 256);
    let found = wrapped(t, session, &good.mechanism(), curve.public, secret);
    assert_eq!(found, Err(CKR_WRAPPING_KEY_TYPE_INCONSISTENT));
    let cannot = pair(t, session, (CKM_EC_KEY_PAIR_GEN, Some(P256)), false);
    let good = KeyWrap::new(CKM_ECDH_AES_KEY_WRAP, 256);
    let found = wrapped(t, session, &good.mechanism(), cannot.public, secret);
    assert_eq!(found, Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
}

/// Neither wraps nor unwraps, with the errors of both.
fn refused(t: &Test, session: u64, by: &CK_MECHANISM, pair: Pair, errors: [u64; 2], number: usize) {
    let secret = aes(t, session);
    assert_eq!(wrapped(t, session, by, pair.public, secret), Err(errors[0]), "{number}");
    let template = open(crate::wrapping::kind(CKO_SECRET_KEY, CKK_AES));
    let bytes = [7; 300];
    let (rv, _) = t.module.unwrap_key(session, Some(by), pair.private, Sent::from(&bytes), &template);
    assert_rv!(rv, errors[1], "{number}");
}
