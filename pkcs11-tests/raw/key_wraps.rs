//! Mechanisms that wrap by a temporary key, with their parameters.

use std::ptr;

use cryptoki_sys::{
    CK_ECDH_AES_KEY_WRAP_PARAMS, CK_MECHANISM, CK_MECHANISM_TYPE, CK_RSA_AES_KEY_WRAP_PARAMS,
    CK_RSA_PKCS_OAEP_PARAMS, CK_ULONG, CKD_SHA256_KDF, CKG_MGF1_SHA256, CKM_RSA_AES_KEY_WRAP, CKM_SHA256,
    CKZ_DATA_SPECIFIED,
};

use super::parameters::with;

/// The structures of `CKM_RSA_AES_KEY_WRAP` and of the mechanisms of ECDH; which counts, the mechanism says.
pub struct KeyWrap {
    kind: CK_MECHANISM_TYPE,
    /// Of ECDH.
    pub ecdh: CK_ECDH_AES_KEY_WRAP_PARAMS,
    /// What `rsa` points to.
    pub oaep: Box<CK_RSA_PKCS_OAEP_PARAMS>,
    /// Of RSA.
    pub rsa: CK_RSA_AES_KEY_WRAP_PARAMS,
}

impl KeyWrap {
    /// A temporary AES key of so many bits, and SHA-256 without label or shared data.
    #[must_use]
    pub fn new(kind: CK_MECHANISM_TYPE, bits: CK_ULONG) -> Self {
        let mut oaep = Box::new(CK_RSA_PKCS_OAEP_PARAMS {
            hashAlg: CKM_SHA256,
            mgf: CKG_MGF1_SHA256,
            source: CKZ_DATA_SPECIFIED,
            pSourceData: ptr::null_mut(),
            ulSourceDataLen: 0,
        });
        let rsa = CK_RSA_AES_KEY_WRAP_PARAMS { ulAESKeyBits: bits, pOAEPParams: &raw mut *oaep };
        let ecdh = CK_ECDH_AES_KEY_WRAP_PARAMS {
            ulAESKeyBits: bits,
            kdf: CKD_SHA256_KDF,
            ulSharedDataLen: 0,
            pSharedData: ptr::null_mut(),
        };
        Self { kind, ecdh, oaep, rsa }
    }

    /// The C form; its pointers live as long as `self`.
    #[must_use]
    pub fn mechanism(&self) -> CK_MECHANISM {
        if self.kind == CKM_RSA_AES_KEY_WRAP {
            with(self.kind, &self.rsa)
        } else {
            with(self.kind, &self.ecdh)
        }
    }
}
