//! Numbers of AWS CloudHSM's beside the standard's.

use cryptoki_sys::{
    CKA_ALLOWED_MECHANISMS, CKA_CLASS, CKA_KEY_TYPE, CKA_TOKEN, CKA_VALUE, CKA_WRAP_WITH_TRUSTED, CKK_AES,
    CKM_AES_CBC, CKM_AES_GCM, CKM_AES_KEY_WRAP, CKO_SECRET_KEY, CKR_ENCRYPTED_DATA_INVALID,
    CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_KEY_NOT_WRAPPABLE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::cloudhsm::{BESIDE, CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD};
use pkcs11_tests::mechanisms::{SEALS_MESSAGES, listed};
use pkcs11_tests::raw::parameters::{gcm, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{
    DECRYPTION, ENCRYPTION, aes, create, in_parts, open_aes, opened, secret_template, whole,
};

on_claviger!(
    numbers_of_cloudhsm_are_listed_and_say_what_the_standards_say,
    keys_that_one_number_wrapped_the_other_unwraps,
    a_key_may_allow_either_number,
    gcm_makes_its_own_vector_and_puts_it_before_the_ciphertext,
    gcm_without_its_vector_or_with_anothers_is_refused,
);

fn numbers_of_cloudhsm_are_listed_and_say_what_the_standards_say(t: &Test) {
    let token = t.token();
    let listed = listed(&token);
    for (own, standard) in BESIDE {
        assert!(listed.contains(&own) && listed.contains(&standard), "{own:#x}");
        let (of_own, of_standard) =
            (t.module.mechanism_info(token.slot, own), t.module.mechanism_info(token.slot, standard));
        assert_rv!(of_own.0, CKR_OK);
        // Its GCM puts the vector before the ciphertext, where a message has none.
        let messages = if own == CKM_CLOUDHSM_AES_GCM { SEALS_MESSAGES } else { 0 };
        let told = |info: cryptoki_sys::CK_MECHANISM_INFO| {
            (info.ulMinKeySize, info.ulMaxKeySize, info.flags & !messages)
        };
        assert_eq!(told(of_own.1), told(of_standard.1));
    }
}

fn wrapped(t: &Test, session: u64, kind: u64, wrapping: u64, key: u64) -> Vec<u8> {
    let mut out = vec![0; 128];
    let (rv, len) = t.module.wrap_key(session, Some(&mechanism(kind)), wrapping, key, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    out
}

fn keys_that_one_number_wrapped_the_other_unwraps(t: &Test) {
    let session = t.token().user_session();
    let (wrapping, key) = (aes(t.module, session, &[1; 32]), open_aes(t.module, session, &[2; 32]));
    let template = opened(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES));
    let template = template.boolean(CKA_TOKEN, false);
    for (own, standard) in BESIDE.into_iter().filter(|(own, _)| *own != CKM_CLOUDHSM_AES_GCM) {
        let by_own = wrapped(t, session, own, wrapping, key);
        assert_eq!(by_own, wrapped(t, session, standard, wrapping, key), "{own:#x}");
        for kind in [own, standard] {
            let (rv, back) = t.module.unwrap_key(
                session,
                Some(&mechanism(kind)),
                wrapping,
                Sent::from(&by_own),
                &template,
            );
            assert_rv!(rv, CKR_OK);
            assert_eq!(attribute(t.module, session, back, CKA_VALUE), [2; 32]);
        }
    }
}

fn a_key_may_allow_either_number(t: &Test) {
    let session = t.token().user_session();
    let key = open_aes(t.module, session, &[2; 32]);
    for allowed in [CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_AES_KEY_WRAP] {
        let template =
            secret_template(CKK_AES, &[1; 32]).bytes(CKA_ALLOWED_MECHANISMS, allowed.to_ne_bytes());
        let wrapping = create(t.module, session, &template);
        for kind in [CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_AES_KEY_WRAP] {
            assert_eq!(wrapped(t, session, kind, wrapping, key).len(), 40);
        }
        let refused = whole(t.module, ENCRYPTION, session, &with(CKM_AES_CBC, &[0; 16]), wrapping, &[0; 16]);
        assert_eq!(refused, Err(CKR_MECHANISM_INVALID));
    }
}

fn gcm_makes_its_own_vector_and_puts_it_before_the_ciphertext(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 32]);
    let own = gcm(Sent::null(0), Sent::from(b"aad"), 128).parameters;
    let own = with(CKM_CLOUDHSM_AES_GCM, &own);
    let message = [5; 100];
    let sealed = whole(t.module, ENCRYPTION, session, &own, key, &message).unwrap();
    let again = in_parts(t.module, ENCRYPTION, session, &own, key, (&message, 7)).unwrap();
    assert_eq!((sealed.len(), again.len()), (128, 128));
    assert_ne!(sealed[..12], again[..12], "no vector comes twice");
    for sealed in [&sealed, &again] {
        assert_eq!(whole(t.module, DECRYPTION, session, &own, key, sealed).unwrap(), message);
        assert_eq!(in_parts(t.module, DECRYPTION, session, &own, key, (sealed, 11)).unwrap(), message);
        let standard = gcm(Sent::from(&sealed[..12]), Sent::from(b"aad"), 128);
        let opened = whole(t.module, DECRYPTION, session, &standard.mechanism(), key, &sealed[12..]);
        assert_eq!(opened.unwrap(), message);
    }
    let none = whole(t.module, ENCRYPTION, session, &own, key, &[]).unwrap();
    assert_eq!(none.len(), 28);
    assert_eq!(in_parts(t.module, ENCRYPTION, session, &own, key, (&[], 1)).unwrap().len(), 28);
    let wrapping = aes(t.module, session, &[3; 32]);
    let mut out = [0; 128];
    let trusting = opened(secret_template(CKK_AES, &[2; 32])).boolean(CKA_WRAP_WITH_TRUSTED, true);
    let trusting = create(t.module, session, &trusting);
    let (rv, _) = t.module.wrap_key(session, Some(&own), wrapping, trusting, Out::buffer(&mut out));
    assert_rv!(rv, CKR_KEY_NOT_WRAPPABLE, "nobody marked the wrapping key");
    let free = open_aes(t.module, session, &[2; 32]);
    let (rv, len) = t.module.wrap_key(session, Some(&own), wrapping, free, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    assert_eq!(len, 60);
    let template = opened(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES));
    let (rv, back) = t.module.unwrap_key(
        session,
        Some(&own),
        wrapping,
        Sent::from(&out[..60]),
        &template.boolean(CKA_TOKEN, false),
    );
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, back, CKA_VALUE), [2; 32]);
}

fn gcm_without_its_vector_or_with_anothers_is_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 32]);
    let own = gcm(Sent::null(0), Sent::from(b"aad"), 128).parameters;
    let own = with(CKM_CLOUDHSM_AES_GCM, &own);
    let sealed = whole(t.module, ENCRYPTION, session, &own, key, &[5; 10]).unwrap();
    for index in [0, 12, 37] {
        let mut bent = sealed.clone();
        bent[index] ^= 1;
        let refused = whole(t.module, DECRYPTION, session, &own, key, &bent);
        assert_eq!(refused, Err(CKR_ENCRYPTED_DATA_INVALID));
    }
    for len in [0, 11, 27] {
        let refused = whole(t.module, DECRYPTION, session, &own, key, &sealed[..len]);
        assert_eq!(refused, Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
    }
    let given = gcm(Sent::from(&[0; 12]), Sent::from(b"aad"), 128).parameters;
    let short = gcm(Sent::null(0), Sent::from(b"aad"), 99).parameters;
    for parameters in [given, short] {
        let by = with(CKM_CLOUDHSM_AES_GCM, &parameters);
        for cipher in [ENCRYPTION, DECRYPTION] {
            let refused = whole(t.module, cipher, session, &by, key, &sealed);
            assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID));
        }
    }
    let standard = gcm(Sent::null(0), Sent::from(b"aad"), 128);
    let refused = whole(t.module, ENCRYPTION, session, &standard.mechanism(), key, &[5; 10]);
    assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID), "the standard's {CKM_AES_GCM:#x} makes none");
}
