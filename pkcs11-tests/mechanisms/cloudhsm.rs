//! Numbers that AWS CloudHSM's published header for C gives, beside the standard's.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PKCS7,
};

/// AES-GCM whose vector the token makes and puts before the ciphertext.
pub const CKM_CLOUDHSM_AES_GCM: CK_MECHANISM_TYPE = 0x8000_1087;
/// RFC 3394.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD: CK_MECHANISM_TYPE = 0x8000_2109;
/// RFC 3394 over padding of PKCS #7.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD: CK_MECHANISM_TYPE = 0x8000_210A;
/// RFC 5649.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD: CK_MECHANISM_TYPE = 0x8000_216F;

/// Each number with the standard's that does the same, or of the same family.
pub const BESIDE: [(CK_MECHANISM_TYPE, CK_MECHANISM_TYPE); 4] = [
    (CKM_CLOUDHSM_AES_GCM, CKM_AES_GCM),
    (CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_AES_KEY_WRAP),
    (CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, CKM_AES_KEY_WRAP_PKCS7),
    (CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, CKM_AES_KEY_WRAP_KWP),
];
