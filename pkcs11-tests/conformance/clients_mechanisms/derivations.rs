//! Sections 6.37 and 6.62: PBKDF2 and HKDF.

use cryptoki_sys::{
    CK_PKCS5_PBKD2_PARAMS, CKA_CLASS, CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE,
    CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LOCAL, CKA_PRIVATE, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE,
    CKA_VALUE_LEN, CKF_DERIVE, CKF_GENERATE, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL, CKK_AES, CKK_EC,
    CKK_GENERIC_SECRET, CKK_HKDF, CKM_AES_ECB, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN, CKM_MD5,
    CKM_PKCS5_PBKD2, CKO_DATA, CKO_SECRET_KEY, CKP_PKCS5_PBKD2_HMAC_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA256,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID,
    CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{attribute, flag};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{hkdf, pbkd2, with};
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_claviger};

use super::{info, open_secret};
use crate::secret_keys::{DECRYPTION, ENCRYPTION, create, secret_template, whole};

on_claviger!(
    a_password_gives_what_rfc_6070_says_by_both_structures,
    a_key_of_a_password_is_of_the_type_that_the_template_says,
    passwords_and_their_parameters_are_checked,
    hkdf_gives_what_rfc_5869_says,
    a_salt_may_be_a_key,
    data_is_derived_as_private_as_its_base,
    parameters_and_keys_of_hkdf_are_checked,
    an_hkdf_key_is_generated,
    the_mechanisms_say_what_they_can,
);

/// RFC 5869 appendix A.1.
const INPUT: [u8; 22] = [0x0b; 22];
const SALT: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const INFO: [u8; 10] = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9];
const OUTPUT: &str = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";

fn base(t: &Test, session: u64, key_type: u64, value: &[u8]) -> u64 {
    create(t.module, session, &secret_template(key_type, value).boolean(CKA_DERIVE, true))
}

fn a_password_gives_what_rfc_6070_says_by_both_structures(t: &Test) {
    let session = t.token().user_session();
    let template = open_secret().ulong(CKA_VALUE_LEN, 20);
    let expected = unhex("4b007901b765489abead49d926f721d065a429c1");
    let new = pbkd2(CKP_PKCS5_PBKD2_HMAC_SHA1, Sent::from(b"password"), Sent::from(b"salt"), 4096);
    let (mut len, of) = (8, &new.parameters);
    let old = CK_PKCS5_PBKD2_PARAMS {
        saltSource: of.saltSource,
        pSaltSourceData: of.pSaltSourceData,
        ulSaltSourceDataLen: of.ulSaltSourceDataLen,
        iterations: of.iterations,
        prf: of.prf,
        pPrfData: of.pPrfData,
        ulPrfDataLen: of.ulPrfDataLen,
        pPassword: of.pPassword,
        ulPasswordLen: &raw mut len,
    };
    for by in [new.mechanism(), with(CKM_PKCS5_PBKD2, &old)] {
        let (rv, key) = t.module.generate_key(session, Some(&by), &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(t.module, session, key, CKA_VALUE), expected);
        assert!(flag(t.module, session, key, CKA_LOCAL));
        let origin = attribute(t.module, session, key, CKA_KEY_GEN_MECHANISM);
        assert_eq!(origin, CKM_PKCS5_PBKD2.to_ne_bytes());
    }
}

fn a_key_of_a_password_is_of_the_type_that_the_template_says(t: &Test) {
    let session = t.token().user_session();
    let by = pbkd2(CKP_PKCS5_PBKD2_HMAC_SHA256, Sent::from(b"password"), Sent::from(b"salt"), 1000);
    let template = Template::new().ulong(CKA_KEY_TYPE, CKK_AES).ulong(CKA_VALUE_LEN, 32);
    let template = template.boolean(CKA_ENCRYPT, true).boolean(CKA_DECRYPT, true);
    let (rv, key) = t.module.generate_key(session, Some(&by.mechanism()), &template);
    assert_rv!(rv, CKR_OK);
    let ecb = mechanism(CKM_AES_ECB);
    let sealed = whole(t.module, ENCRYPTION, session, &ecb, key, &[1; 32]).unwrap();
    assert_eq!(whole(t.module, DECRYPTION, session, &ecb, key, &sealed).unwrap(), [1; 32]);
    for (template, expected) in [
        (Template::new().ulong(CKA_VALUE_LEN, 32), CKR_TEMPLATE_INCOMPLETE),
        (Template::new().ulong(CKA_KEY_TYPE, CKK_AES), CKR_TEMPLATE_INCOMPLETE),
        (Template::new().ulong(CKA_KEY_TYPE, CKK_AES).ulong(CKA_VALUE_LEN, 20), CKR_ATTRIBUTE_VALUE_INVALID),
        (Template::new().ulong(CKA_KEY_TYPE, CKK_EC).ulong(CKA_VALUE_LEN, 32), CKR_TEMPLATE_INCONSISTENT),
    ] {
        let (rv, _) = t.module.generate_key(session, Some(&by.mechanism()), &template);
        assert_rv!(rv, expected, "for {template:?}");
    }
}

fn passwords_and_their_parameters_are_checked(t: &Test) {
    let session = t.token().user_session();
    let template = open_secret().ulong(CKA_VALUE_LEN, 32);
    let good = || pbkd2(CKP_PKCS5_PBKD2_HMAC_SHA256, Sent::from(b"password"), Sent::from(b"salt"), 1000);
    let mut wrong = [good(), good(), good(), good(), good(), good(), good()];
    wrong[0].parameters.saltSource = 0;
    wrong[1].parameters.prf = 99;
    wrong[2].parameters.iterations = 0;
    wrong[3].parameters.iterations = u64::MAX;
    wrong[4].parameters.ulPasswordLen = u64::MAX;
    wrong[5].parameters.ulPasswordLen = 1 << 40;
    wrong[6].parameters.pSaltSourceData = std::ptr::null_mut();
    for by in &wrong {
        let (rv, _) = t.module.generate_key(session, Some(&by.mechanism()), &template);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    let (rv, _) = t.module.generate_key(session, Some(&mechanism(CKM_PKCS5_PBKD2)), &template);
    assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
}

fn hkdf_gives_what_rfc_5869_says(t: &Test) {
    let session = t.token().user_session();
    for key_type in [CKK_HKDF, CKK_GENERIC_SECRET] {
        let base = base(t, session, key_type, &INPUT);
        let by = hkdf(CKM_HKDF_DERIVE, Sent::from(&SALT), Sent::from(&INFO));
        let template = open_secret().ulong(CKA_VALUE_LEN, 42);
        let (rv, key) = t.module.derive_key(session, Some(&by.mechanism()), base, &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(t.module, session, key, CKA_VALUE), unhex(OUTPUT));
        assert!(!flag(t.module, session, key, CKA_LOCAL));
    }
}

fn a_salt_may_be_a_key(t: &Test) {
    let session = t.token().user_session();
    let (key, salt) = (base(t, session, CKK_HKDF, &INPUT), base(t, session, CKK_GENERIC_SECRET, &SALT));
    let mut by = hkdf(CKM_HKDF_DERIVE, Sent::null(0), Sent::from(&INFO));
    by.parameters.ulSaltType = CKF_HKDF_SALT_KEY;
    by.parameters.hSaltKey = salt;
    let template = open_secret().ulong(CKA_VALUE_LEN, 42);
    let (rv, derived) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, derived, CKA_VALUE), unhex(OUTPUT));
    let idle = create(t.module, session, &secret_template(CKK_HKDF, &SALT).boolean(CKA_DERIVE, false));
    let cipher = create(t.module, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_DERIVE, true));
    for (salt, expected) in [
        (0, CKR_KEY_HANDLE_INVALID),
        (idle, CKR_KEY_FUNCTION_NOT_PERMITTED),
        (cipher, CKR_KEY_TYPE_INCONSISTENT),
    ] {
        by.parameters.hSaltKey = salt;
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
        assert_rv!(rv, expected);
    }
}

fn data_is_derived_as_private_as_its_base(t: &Test) {
    let session = t.token().user_session();
    let by = hkdf(CKM_HKDF_DATA, Sent::from(&SALT), Sent::from(&INFO));
    for private in [false, true] {
        let template =
            secret_template(CKK_HKDF, &INPUT).boolean(CKA_DERIVE, true).boolean(CKA_PRIVATE, private);
        let base = create(t.module, session, &template);
        let template = Template::new().ulong(CKA_VALUE_LEN, 42).boolean(CKA_TOKEN, false);
        let (rv, data) = t.module.derive_key(session, Some(&by.mechanism()), base, &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(t.module, session, data, CKA_CLASS), CKO_DATA.to_ne_bytes());
        assert_eq!(attribute(t.module, session, data, CKA_VALUE), unhex(OUTPUT));
        assert_eq!(flag(t.module, session, data, CKA_PRIVATE), private);
        for (template, expected) in [
            (Template::new().boolean(CKA_TOKEN, false), CKR_TEMPLATE_INCOMPLETE),
            (Template::new().ulong(CKA_VALUE_LEN, 42).bytes(CKA_VALUE, [1; 42]), CKR_TEMPLATE_INCONSISTENT),
            (
                Template::new().ulong(CKA_VALUE_LEN, 42).ulong(CKA_CLASS, CKO_SECRET_KEY),
                CKR_TEMPLATE_INCONSISTENT,
            ),
        ] {
            let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), base, &template);
            assert_rv!(rv, expected, "for {template:?}");
        }
    }
}

fn parameters_and_keys_of_hkdf_are_checked(t: &Test) {
    let session = t.token().user_session();
    let key = base(t, session, CKK_HKDF, &INPUT);
    let template = open_secret().ulong(CKA_VALUE_LEN, 42);
    let good = || hkdf(CKM_HKDF_DERIVE, Sent::from(&SALT), Sent::from(&INFO));
    let mut wrong = [good(), good(), good(), good(), good()];
    (wrong[0].parameters.bExtract, wrong[0].parameters.bExpand) = (0, 0);
    wrong[1].parameters.prfHashMechanism = CKM_MD5;
    wrong[2].parameters.ulSaltType = 99;
    wrong[3].parameters.bExpand = 7;
    wrong[4].parameters.ulInfoLen = u64::MAX;
    for by in &wrong {
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    let mut extract = good();
    extract.parameters.bExpand = 0;
    extract.parameters.ulSaltType = CKF_HKDF_SALT_NULL;
    let (rv, first) = t.module.derive_key(session, Some(&extract.mechanism()), key, &open_secret());
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, first, CKA_VALUE).len(), 32);
    let (rv, _) = t.module.derive_key(session, Some(&good().mechanism()), key, &open_secret());
    assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
    let cipher = create(t.module, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_DERIVE, true));
    let (rv, _) = t.module.derive_key(session, Some(&good().mechanism()), cipher, &template);
    assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
}

fn an_hkdf_key_is_generated(t: &Test) {
    let session = t.token().user_session();
    let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_DERIVE, true);
    let (rv, key) = t.module.generate_key(session, Some(&mechanism(CKM_HKDF_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_KEY_TYPE), CKK_HKDF.to_ne_bytes());
    assert!(flag(t.module, session, key, CKA_SENSITIVE) && !flag(t.module, session, key, CKA_EXTRACTABLE));
    let by = hkdf(CKM_HKDF_DERIVE, Sent::from(&SALT), Sent::from(&INFO));
    let template = open_secret().ulong(CKA_VALUE_LEN, 32);
    let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
    assert_rv!(rv, CKR_OK);
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let token = t.token();
    for (by, can) in [
        (CKM_PKCS5_PBKD2, CKF_GENERATE),
        (CKM_HKDF_KEY_GEN, CKF_GENERATE),
        (CKM_HKDF_DERIVE, CKF_DERIVE),
        (CKM_HKDF_DATA, CKF_DERIVE),
    ] {
        let (flags, smallest, largest) = info(t, &token, by);
        assert_eq!(flags, can);
        assert!(smallest < largest);
    }
}
