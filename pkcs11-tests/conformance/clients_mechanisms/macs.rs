//! Sections 6.14 and 6.22: CMAC over AES, and MACs that are cut.

use cryptoki_sys::{
    CKA_SIGN, CKA_VALUE_LEN, CKA_VERIFY, CKK_AES, CKK_SHA256_HMAC, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL,
    CKM_AES_KEY_GEN, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL,
    CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC,
    CKM_SHA512_HMAC_GENERAL, CKR_BUFFER_TOO_SMALL, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{sign, verify};
use pkcs11_tests::mechanisms::SIGNS;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use super::{info, sign_in_parts, verify_in_parts};
use crate::secret_keys::{create, generic, secret_template};

on_both!(cmac_gives_what_rfc_4493_says);
on_claviger!(
    a_cut_mac_is_the_start_of_the_whole_one,
    lengths_that_no_mac_has_are_refused,
    a_mac_in_parts_can_be_saved_and_taken_up,
    the_mechanisms_say_what_they_can,
    a_mac_keeps_the_rules_of_buffers,
);

const HMACS: [(u64, u64); 7] = [
    (CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL),
    (CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL),
    (CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL),
    (CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL),
    (CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL),
    (CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL),
    (CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL),
];

fn aes_key(t: &Test, session: u64) -> u64 {
    let value = unhex("2b7e151628aed2a6abf7158809cf4f3c");
    let template = secret_template(CKK_AES, &value).boolean(CKA_SIGN, true).boolean(CKA_VERIFY, true);
    create(t.module, session, &template)
}

fn cmac_gives_what_rfc_4493_says(t: &Test) {
    let session = t.token().user_session();
    let key = aes_key(t, session);
    let message = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411");
    let by = mechanism(CKM_AES_CMAC);
    for (len, expected) in [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
    ] {
        let (message, expected) = (&message[..len], unhex(expected));
        assert_eq!(sign(t.module, session, &by, key, message).unwrap(), expected);
        assert_eq!(sign_in_parts(t, session, &by, key, message), expected);
        assert_rv!(verify_in_parts(t, session, &by, key, message, &expected), CKR_OK);
        assert_rv!(verify(t.module, session, &by, key, b"other", &expected), CKR_SIGNATURE_INVALID);
        let short = verify(t.module, session, &by, key, message, &expected[1..]);
        assert_rv!(short, CKR_SIGNATURE_LEN_RANGE);
    }
}

fn a_cut_mac_is_the_start_of_the_whole_one(t: &Test) {
    let session = t.token().user_session();
    let (secret, aes) = (generic(t.module, session, &[7; 32]), aes_key(t, session));
    let hmacs = HMACS.map(|(whole, cut)| (whole, cut, secret));
    for (whole, cut, key) in hmacs.into_iter().chain([(CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, aes)]) {
        let whole = sign(t.module, session, &mechanism(whole), key, b"message").unwrap();
        for len in [1, 8, whole.len()] {
            let asked = len as u64;
            let by = with(cut, &asked);
            let mac = sign(t.module, session, &by, key, b"message").unwrap();
            assert_eq!(mac, whole[..len]);
            assert_rv!(verify_in_parts(t, session, &by, key, b"message", &mac), CKR_OK);
            let longer = verify(t.module, session, &by, key, b"message", &[&mac[..], &[0]].concat());
            assert_rv!(longer, CKR_SIGNATURE_LEN_RANGE);
        }
    }
}

fn lengths_that_no_mac_has_are_refused(t: &Test) {
    let session = t.token().user_session();
    let (secret, aes) = (generic(t.module, session, &[7; 32]), aes_key(t, session));
    for (cut, key) in [(CKM_SHA256_HMAC_GENERAL, secret), (CKM_AES_CMAC_GENERAL, aes)] {
        for len in [0, 33, u64::MAX] {
            let rv = t.module.sign_init(session, Some(&with(cut, &len)), key);
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{len}");
        }
        for by in [mechanism(cut), with(cut, &16u32)] {
            assert_rv!(t.module.verify_init(session, Some(&by), key), CKR_MECHANISM_PARAM_INVALID);
        }
    }
    let by = mechanism(CKM_AES_CMAC);
    assert_rv!(t.module.sign_init(session, Some(&by), secret), CKR_KEY_TYPE_INCONSISTENT);
    let other = secret_template(CKK_SHA256_HMAC, &[7; 32]).boolean(CKA_SIGN, true);
    let other = create(t.module, session, &other);
    let by = with(CKM_SHA384_HMAC_GENERAL, &16u64);
    assert_rv!(t.module.sign_init(session, Some(&by), other), CKR_KEY_TYPE_INCONSISTENT);
}

fn a_mac_in_parts_can_be_saved_and_taken_up(t: &Test) {
    let session = t.token().user_session();
    let key = aes_key(t, session);
    let by = mechanism(CKM_AES_CMAC);
    let expected = sign(t.module, session, &by, key, &[9; 41]).unwrap();
    assert_rv!(t.module.sign_init(session, Some(&by), key), CKR_OK);
    assert_rv!(t.module.sign_update(session, Sent::from(&[9; 20])), CKR_OK);
    let mut state = vec![0; 4096];
    let (rv, len) = t.module.operation_state(session, Out::buffer(&mut state));
    assert_rv!(rv, CKR_OK);
    state.truncate(usize::try_from(len).unwrap());
    let other = t.module.sign_update(session, Sent::from(&[1; 7]));
    assert_rv!(other, CKR_OK);
    assert_rv!(t.module.set_operation_state(session, Sent::from(&state), 0, key), CKR_OK);
    assert_rv!(t.module.sign_update(session, Sent::from(&[9; 21])), CKR_OK);
    let mut mac = [0; 16];
    assert_rv!(t.module.sign_final(session, Out::buffer(&mut mac)).0, CKR_OK);
    assert_eq!(mac.to_vec(), expected);
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let token = t.token();
    for by in [CKM_AES_CMAC, CKM_AES_CMAC_GENERAL] {
        assert_eq!(info(t, &token, by), (SIGNS, 16, 32));
    }
    for (whole, cut) in HMACS {
        assert_eq!(info(t, &token, whole), info(t, &token, cut));
    }
}

fn a_mac_keeps_the_rules_of_buffers(t: &Test) {
    let session = t.token().user_session();
    let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_SIGN, true);
    let (rv, key) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    let len = 12u64;
    assert_rv!(t.module.sign_init(session, Some(&with(CKM_AES_CMAC_GENERAL, &len)), key), CKR_OK);
    let message = Sent::from(b"message");
    assert_eq!(t.module.sign(session, message, Out::query()), (CKR_OK, 12));
    let mut small = [0; 11];
    let message = Sent::from(b"message");
    assert_eq!(t.module.sign(session, message, Out::buffer(&mut small)), (CKR_BUFFER_TOO_SMALL, 12));
    let mut room = [0; 12];
    let message = Sent::from(b"message");
    assert_eq!(t.module.sign(session, message, Out::buffer(&mut room)), (CKR_OK, 12));
    assert_eq!(small, [0; 11]);
}
