//! HMAC and CMAC: Wycheproof's sets, whole and cut.

use cryptoki_sys::{
    CKK_AES, CKK_GENERIC_SECRET, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL,
    CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC,
    CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL,
};

use crate::desk::Desk;
use crate::wycheproof_sets::macs;

/// A set, the mechanisms of whole and of cut MACs, and the bytes of a whole one.
const HMACS: &[(&str, (u64, u64), usize)] = &[
    ("hmac_sha1", (CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL), 20),
    ("hmac_sha224", (CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL), 28),
    ("hmac_sha256", (CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL), 32),
    ("hmac_sha384", (CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL), 48),
    ("hmac_sha512", (CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL), 64),
    ("hmac_sha512_224", (CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL), 28),
    ("hmac_sha512_256", (CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL), 32),
];

pub(crate) fn run(desk: &Desk<'_>) {
    for (set, mechanisms, len) in HMACS {
        macs(desk, set, CKK_GENERIC_SECRET, *mechanisms, *len);
    }
    macs(desk, "aes_cmac", CKK_AES, (CKM_AES_CMAC, CKM_AES_CMAC_GENERAL), 16);
}
