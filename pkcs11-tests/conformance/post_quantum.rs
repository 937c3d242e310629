//! Sections 6.67 and 6.69: ML-DSA and SLH-DSA.

use cryptoki_sys::{
    CK_MECHANISM, CKA_EXTRACTABLE, CKA_PARAMETER_SET, CKA_PRIVATE, CKA_PUBLIC_KEY_INFO, CKA_SEED,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKH_DETERMINISTIC_REQUIRED,
    CKH_HEDGE_PREFERRED, CKK_ML_DSA, CKK_SLH_DSA, CKM_AES_KEY_WRAP_KWP, CKM_HASH_ML_DSA,
    CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA256,
    CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_SHA_1, CKM_SHA256, CKM_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN,
    CKO_PRIVATE_KEY, CKP_ML_DSA_44, CKP_ML_DSA_65, CKP_ML_DSA_87, CKP_SLH_DSA_SHA2_128F,
    CKP_SLH_DSA_SHAKE_192F, CKR_DATA_LEN_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{Pair, attribute, verify};
use pkcs11_tests::mechanisms::SIGNS;
use pkcs11_tests::mechanisms::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11_tests::program::{openssl, run_with_input};
use pkcs11_tests::raw::parameters::{hash_sign_context as hash_context, sign_context as context, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::aes;
use crate::wrapping::{kind, wrapped};

on_claviger!(
    every_parameter_set_signs_what_it_verifies,
    a_message_in_parts_is_signed_as_a_whole_one,
    a_context_and_the_hash_belong_to_the_signature,
    a_mu_of_the_callers_is_signed_and_verified,
    parameters_are_checked_when_the_operation_begins,
    a_digest_of_another_length_is_refused,
    the_mechanisms_say_what_they_can,
    a_wrapped_key_signs_again,
    private_parts_are_not_told_of_sensitive_keys,
);

fn pair(t: &Test, session: u64, by: u64, parameter_set: u64, private: &Template) -> Pair {
    let public = Template::new().ulong(CKA_PARAMETER_SET, parameter_set).boolean(CKA_TOKEN, false);
    let mut template = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_PRIVATE, true);
    template.0.extend(private.0.clone());
    let (rv, public, private) = t.module.generate_key_pair(
        session,
        Some(&mechanism(by)),
        &public.boolean(CKA_VERIFY, true),
        &template,
    );
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn ml_dsa(t: &Test, session: u64, parameter_set: u64) -> Pair {
    pair(t, session, CKM_ML_DSA_KEY_PAIR_GEN, parameter_set, &Template::new().boolean(CKA_SIGN, true))
}

fn slh_dsa(t: &Test, session: u64, parameter_set: u64) -> Pair {
    pair(t, session, CKM_SLH_DSA_KEY_PAIR_GEN, parameter_set, &Template::new().boolean(CKA_SIGN, true))
}

fn sign(t: &Test, session: u64, by: &CK_MECHANISM, key: u64, data: &[u8]) -> Result<Vec<u8>, u64> {
    let rv = t.module.sign_init(session, Some(by), key);
    if rv != CKR_OK {
        return Err(rv);
    }
    let mut signature = vec![0; 50_000];
    let (rv, len) = t.module.sign(session, data.into(), Out::buffer(&mut signature));
    signature.truncate(usize::try_from(len).unwrap_or(0));
    if rv == CKR_OK { Ok(signature) } else { Err(rv) }
}

fn every_parameter_set_signs_what_it_verifies(t: &Test) {
    let session = t.token().user_session();
    for (pair, by, len) in [
        (ml_dsa(t, session, CKP_ML_DSA_44), CKM_ML_DSA, 2420),
        (ml_dsa(t, session, CKP_ML_DSA_65), CKM_ML_DSA, 3309),
        (ml_dsa(t, session, CKP_ML_DSA_87), CKM_ML_DSA, 4627),
        (slh_dsa(t, session, CKP_SLH_DSA_SHA2_128F), CKM_SLH_DSA, 17_088),
        (slh_dsa(t, session, CKP_SLH_DSA_SHAKE_192F), CKM_SLH_DSA, 35_664),
    ] {
        let by = mechanism(by);
        assert_rv!(t.module.sign_init(session, Some(&by), pair.private), CKR_OK);
        assert_eq!(t.module.sign(session, b"message".into(), Out::query()), (CKR_OK, len));
        let mut signature = vec![0; usize::try_from(len).unwrap()];
        let signed = t.module.sign(session, b"message".into(), Out::buffer(&mut signature));
        assert_eq!(signed, (CKR_OK, len));
        assert_rv!(verify(t.module, session, &by, pair.public, b"message", &signature), CKR_OK);
        let wrong = verify(t.module, session, &by, pair.public, b"massage", &signature);
        assert_rv!(wrong, CKR_SIGNATURE_INVALID);
        let short = verify(t.module, session, &by, pair.public, b"message", &signature[1..]);
        assert_rv!(short, CKR_SIGNATURE_LEN_RANGE);
        signature[100] ^= 1;
        let altered = verify(t.module, session, &by, pair.public, b"message", &signature);
        assert_rv!(altered, CKR_SIGNATURE_INVALID);
    }
}

/// The standard has a message in parts for signing, and for verifying where the mechanism hashes; the others take it too.
fn a_message_in_parts_is_signed_as_a_whole_one(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let deterministic = context(CKH_DETERMINISTIC_REQUIRED, Sent::from(b"context"));
    let (of_ml, of_slh) = (ml_dsa(t, session, CKP_ML_DSA_44), slh_dsa(t, session, CKP_SLH_DSA_SHA2_128F));
    for (pair, kind) in [
        (of_ml, CKM_ML_DSA),
        (of_ml, CKM_HASH_ML_DSA_SHA3_256),
        (of_ml, CKM_HASH_ML_DSA_SHAKE128),
        (of_slh, CKM_SLH_DSA),
        (of_slh, CKM_HASH_SLH_DSA_SHA256),
    ] {
        let by = with(kind, &deterministic);
        let expected = sign(t, session, &by, pair.private, b"the whole message").unwrap();
        assert_rv!(m.sign_init(session, Some(&by), pair.private), CKR_OK);
        for part in [&b"the whole"[..], b"", b" message"] {
            assert_rv!(m.sign_update(session, part.into()), CKR_OK);
        }
        let mut signature = vec![0; expected.len()];
        assert_rv!(m.sign_final(session, Out::buffer(&mut signature)).0, CKR_OK);
        assert_eq!(signature, expected);
        assert_rv!(m.verify_init(session, Some(&by), pair.public), CKR_OK);
        assert_rv!(m.verify_update(session, b"the whole message".into()), CKR_OK);
        assert_rv!(m.verify_final(session, Sent::from(&signature)), CKR_OK);
    }
}

fn a_context_and_the_hash_belong_to_the_signature(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = ml_dsa(t, session, CKP_ML_DSA_65);
    let given = context(CKH_HEDGE_PREFERRED, Sent::from(b"context"));
    let signature = sign(t, session, &with(CKM_ML_DSA, &given), pair.private, b"message").unwrap();
    let same = verify(m, session, &with(CKM_ML_DSA, &given), pair.public, b"message", &signature);
    assert_rv!(same, CKR_OK);
    let hashed = with(CKM_HASH_ML_DSA_SHA3_256, &given);
    for other in [mechanism(CKM_ML_DSA), hashed] {
        let rv = verify(m, session, &other, pair.public, b"message", &signature);
        assert_rv!(rv, CKR_SIGNATURE_INVALID);
    }
    let again = sign(t, session, &with(CKM_ML_DSA, &given), pair.private, b"message").unwrap();
    assert_ne!(again, signature, "signatures are hedged unless told otherwise");
}

/// The working draft of version 3.3: mu of a message, as FIPS 204 section 6.2 makes it, is signed as the message is.
fn a_mu_of_the_callers_is_signed_and_verified(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = ml_dsa(t, session, CKP_ML_DSA_65);
    let shake = |input: &[u8]| {
        let mut command = openssl(["dgst", "-shake256", "-xoflen", "64", "-binary"]);
        run_with_input(&mut command, input)
    };
    let of_key = shake(&attribute(m, session, pair.public, CKA_VALUE));
    let mu = shake(&[&of_key[..], &[0, 7], b"context", b"message"].concat());
    let plain = context(CKH_DETERMINISTIC_REQUIRED, Sent::null(0));
    let of_message = context(CKH_DETERMINISTIC_REQUIRED, Sent::from(b"context"));
    let by = with(CKM_ML_DSA_EXTERNAL_MU, &plain);
    let signature = sign(t, session, &by, pair.private, &mu).unwrap();
    assert_eq!(
        signature,
        sign(t, session, &with(CKM_ML_DSA, &of_message), pair.private, b"message").unwrap()
    );
    let verified = |mu: &[u8], signature: &[u8]| {
        verify(m, session, &mechanism(CKM_ML_DSA_EXTERNAL_MU), pair.public, mu, signature)
    };
    assert_rv!(verified(&mu, &signature), CKR_OK);
    assert_rv!(verified(&of_key, &signature), CKR_SIGNATURE_INVALID);
    assert_rv!(verified(&mu, &signature[1..]), CKR_SIGNATURE_LEN_RANGE);
    for wrong in [&mu[1..], &[&mu[..], &[0]].concat(), &[]] {
        assert_rv!(verified(wrong, &signature), CKR_DATA_LEN_RANGE);
        assert_eq!(sign(t, session, &by, pair.private, wrong), Err(CKR_DATA_LEN_RANGE));
    }
    let with_context = with(CKM_ML_DSA_EXTERNAL_MU, &of_message);
    assert_rv!(m.sign_init(session, Some(&with_context), pair.private), CKR_MECHANISM_PARAM_INVALID);
    let slh = slh_dsa(t, session, CKP_SLH_DSA_SHA2_128F);
    let other = m.sign_init(session, Some(&mechanism(CKM_ML_DSA_EXTERNAL_MU)), slh.private);
    assert_rv!(other, CKR_KEY_TYPE_INCONSISTENT);
}

fn parameters_are_checked_when_the_operation_begins(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = ml_dsa(t, session, CKP_ML_DSA_44);
    let of_slh = slh_dsa(t, session, CKP_SLH_DSA_SHA2_128F);
    let long = [7; 256];
    let (unknown, long) = (context(3, Sent::null(0)), context(CKH_HEDGE_PREFERRED, Sent::from(&long)));
    let dangling = context(CKH_HEDGE_PREFERRED, Sent::null(8));
    let weak = hash_context(CKH_HEDGE_PREFERRED, Sent::null(0), CKM_SHA_1);
    for wrong in [
        with(CKM_ML_DSA, &unknown),
        with(CKM_ML_DSA, &long),
        with(CKM_ML_DSA, &dangling),
        with(CKM_ML_DSA, &weak),
        with(CKM_HASH_ML_DSA, &weak),
        with(CKM_HASH_ML_DSA, &unknown),
        mechanism(CKM_HASH_ML_DSA),
        with(CKM_ML_DSA, &[0_u8; 3]),
    ] {
        let rv = m.sign_init(session, Some(&wrong), pair.private);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x}", wrong.mechanism);
    }
    assert_rv!(m.verify_init(session, Some(&with(CKM_ML_DSA, &unknown)), pair.public), CKR_OK);
    assert_rv!(m.verify_init(session, None, 0), CKR_OK);
    let other = m.sign_init(session, Some(&mechanism(CKM_SLH_DSA)), pair.private);
    assert_rv!(other, CKR_KEY_TYPE_INCONSISTENT);
    let other = m.verify_init(session, Some(&mechanism(CKM_ML_DSA)), of_slh.public);
    assert_rv!(other, CKR_KEY_TYPE_INCONSISTENT);
}

fn a_digest_of_another_length_is_refused(t: &Test) {
    let session = t.token().user_session();
    let of_sha256 = hash_context(CKH_HEDGE_PREFERRED, Sent::null(0), CKM_SHA256);
    for (pair, kind) in [
        (ml_dsa(t, session, CKP_ML_DSA_44), CKM_HASH_ML_DSA),
        (slh_dsa(t, session, CKP_SLH_DSA_SHA2_128F), CKM_HASH_SLH_DSA),
    ] {
        let by = with(kind, &of_sha256);
        let signature = sign(t, session, &by, pair.private, &[7; 32]).unwrap();
        assert_rv!(verify(t.module, session, &by, pair.public, &[7; 32], &signature), CKR_OK);
        for wrong in [&[7; 31][..], &[7; 33], &[]] {
            assert_eq!(sign(t, session, &by, pair.private, wrong), Err(CKR_DATA_LEN_RANGE));
            let rv = verify(t.module, session, &by, pair.public, wrong, &signature);
            assert_rv!(rv, CKR_DATA_LEN_RANGE);
        }
    }
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let slot = t.token().slot;
    for (kind, flags, sizes) in [
        (CKM_ML_DSA, SIGNS, (1312, 2592)),
        (CKM_HASH_ML_DSA_SHA3_256, SIGNS, (1312, 2592)),
        (CKM_SLH_DSA, SIGNS, (32, 64)),
        (CKM_HASH_SLH_DSA_SHA256, SIGNS, (32, 64)),
    ] {
        let (rv, info) = t.module.mechanism_info(slot, kind);
        assert_rv!(rv, CKR_OK);
        assert_eq!((info.flags, (info.ulMinKeySize, info.ulMaxKeySize)), (flags, sizes));
    }
}

fn a_wrapped_key_signs_again(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let extractable = Template::new().boolean(CKA_SIGN, true).boolean(CKA_EXTRACTABLE, true);
    let wrapping = aes(m, session, &[1; 32]);
    for (generator, parameter_set, key_type, by) in [
        (CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_65, CKK_ML_DSA, CKM_ML_DSA),
        (CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F, CKK_SLH_DSA, CKM_SLH_DSA),
    ] {
        let pair = pair(t, session, generator, parameter_set, &extractable);
        let mut blob = vec![0; 8192];
        let kwp = mechanism(CKM_AES_KEY_WRAP_KWP);
        let (rv, len) = m.wrap_key(session, Some(&kwp), wrapping, pair.private, Out::buffer(&mut blob));
        assert_rv!(rv, CKR_OK);
        blob.truncate(usize::try_from(len).unwrap());
        let template = kind(CKO_PRIVATE_KEY, key_type).boolean(CKA_SIGN, true);
        let (rv, again) = m.unwrap_key(session, Some(&kwp), wrapping, Sent::from(&blob), &template);
        assert_rv!(rv, CKR_OK);
        let info = |key| attribute(m, session, key, CKA_PUBLIC_KEY_INFO);
        assert_eq!(info(again), info(pair.public));
        assert_eq!(attribute(m, session, again, CKA_PARAMETER_SET), parameter_set.to_ne_bytes());
        let signature = sign(t, session, &mechanism(by), again, b"message").unwrap();
        assert_rv!(verify(m, session, &mechanism(by), pair.public, b"message", &signature), CKR_OK);
        let refused = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, wrapping, pair.public);
        assert!(refused.is_err(), "a public key is not wrapped");
    }
}

fn private_parts_are_not_told_of_sensitive_keys(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = ml_dsa(t, session, CKP_ML_DSA_44);
    for part in [CKA_SEED, CKA_VALUE] {
        let (rv, _) = m.attribute_values(session, pair.private, &[(part, Some(8192))]);
        assert_rv!(rv, cryptoki_sys::CKR_ATTRIBUTE_SENSITIVE);
    }
    let open = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let open = self::pair(t, session, CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44, &open);
    assert_eq!(attribute(m, session, open.private, CKA_SEED).len(), 32);
    assert_eq!(attribute(m, session, open.private, CKA_VALUE).len(), 2560);
    assert_eq!(attribute(m, session, open.public, CKA_VALUE).len(), 1312);
}
