//! Mechanisms with parameters, and attributes that are templates.

use std::ptr;

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BBOOL, CK_CCM_PARAMS, CK_CHACHA20_PARAMS,
    CK_ECDH1_DERIVE_PARAMS, CK_EDDSA_PARAMS, CK_GCM_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_HKDF_PARAMS,
    CK_MECHANISM, CK_MECHANISM_TYPE, CK_PKCS5_PBKD2_PARAMS2, CK_RSA_PKCS_OAEP_PARAMS,
    CK_SALSA20_CHACHA20_POLY1305_PARAMS, CK_SIGN_ADDITIONAL_CONTEXT, CK_TRUE, CK_ULONG, CKF_HKDF_SALT_DATA,
    CKM_AES_CCM, CKM_AES_CTR, CKM_AES_GCM, CKM_CHACHA20, CKM_CHACHA20_POLY1305, CKM_ECDH1_DERIVE, CKM_EDDSA,
    CKM_PKCS5_PBKD2, CKM_RSA_PKCS_OAEP, CKM_SHA256, CKZ_DATA_SPECIFIED, CKZ_SALT_SPECIFIED,
};

use super::{Attribute, Sent, Template};

/// A mechanism over any parameter.
#[must_use]
pub fn with<T: ?Sized>(kind: CK_MECHANISM_TYPE, parameter: &T) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism: kind,
        pParameter: ptr::from_ref(parameter).cast_mut().cast(),
        ulParameterLen: size_of_val(parameter) as CK_ULONG,
    }
}

/// A mechanism with a parameter pointer and length that need not fit.
#[must_use]
pub fn claiming(kind: CK_MECHANISM_TYPE, parameter: Sent<'_>) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: kind, pParameter: parameter.pointer.cast(), ulParameterLen: parameter.len }
}

/// A mechanism and its parameters.
pub struct Parameterised<T> {
    kind: CK_MECHANISM_TYPE,
    /// The C structure.
    pub parameters: T,
}

impl<T> Parameterised<T> {
    /// A mechanism with any structure.
    #[must_use]
    pub fn new(kind: CK_MECHANISM_TYPE, parameters: T) -> Self {
        Self { kind, parameters }
    }

    /// The C form; its pointers live as long as `self`.
    #[must_use]
    pub fn mechanism(&self) -> CK_MECHANISM {
        with(self.kind, &self.parameters)
    }
}

/// AES-GCM with a vector, associated data and a tag of `tag_bits`.
#[must_use]
pub fn gcm(iv: Sent<'_>, aad: Sent<'_>, tag_bits: CK_ULONG) -> Parameterised<CK_GCM_PARAMS> {
    let parameters = CK_GCM_PARAMS {
        pIv: iv.pointer,
        ulIvLen: iv.len,
        ulIvBits: iv.len.wrapping_mul(8),
        pAAD: aad.pointer,
        ulAADLen: aad.len,
        ulTagBits: tag_bits,
    };
    Parameterised { kind: CKM_AES_GCM, parameters }
}

/// AES-CCM for `len` bytes with a nonce, associated data and a MAC of `mac_len` bytes.
#[must_use]
pub fn ccm(len: usize, nonce: Sent<'_>, aad: Sent<'_>, mac_len: CK_ULONG) -> Parameterised<CK_CCM_PARAMS> {
    let parameters = CK_CCM_PARAMS {
        ulDataLen: len as CK_ULONG,
        pNonce: nonce.pointer,
        ulNonceLen: nonce.len,
        pAAD: aad.pointer,
        ulAADLen: aad.len,
        ulMACLen: mac_len,
    };
    Parameterised { kind: CKM_AES_CCM, parameters }
}

/// ChaCha20 from a counter of 32 bits on, the low byte first.
#[must_use]
pub fn chacha20(counter: &'static [u8; 4], nonce: Sent<'_>) -> Parameterised<CK_CHACHA20_PARAMS> {
    let parameters = CK_CHACHA20_PARAMS {
        pBlockCounter: counter.as_ptr().cast_mut(),
        blockCounterBits: 32,
        pNonce: nonce.pointer,
        ulNonceBits: nonce.len.wrapping_mul(8),
    };
    Parameterised { kind: CKM_CHACHA20, parameters }
}

/// ChaCha20-Poly1305 with a nonce and associated data.
#[must_use]
pub fn chacha20_poly1305(
    nonce: Sent<'_>,
    aad: Sent<'_>,
) -> Parameterised<CK_SALSA20_CHACHA20_POLY1305_PARAMS> {
    let parameters = CK_SALSA20_CHACHA20_POLY1305_PARAMS {
        pNonce: nonce.pointer,
        ulNonceLen: nonce.len.wrapping_mul(8),
        pAAD: aad.pointer,
        ulAADLen: aad.len,
    };
    Parameterised { kind: CKM_CHACHA20_POLY1305, parameters }
}

/// AES-CTR whose counter is the low `bits` of `block`.
#[must_use]
pub fn ctr(bits: CK_ULONG, block: [u8; 16]) -> Parameterised<CK_AES_CTR_PARAMS> {
    Parameterised { kind: CKM_AES_CTR, parameters: CK_AES_CTR_PARAMS { ulCounterBits: bits, cb: block } }
}

/// RSA-OAEP.
#[must_use]
pub fn oaep(
    hash: CK_MECHANISM_TYPE,
    mgf: CK_ULONG,
    label: Sent<'_>,
) -> Parameterised<CK_RSA_PKCS_OAEP_PARAMS> {
    let parameters = CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: hash,
        mgf,
        source: CKZ_DATA_SPECIFIED,
        pSourceData: label.pointer.cast(),
        ulSourceDataLen: label.len,
    };
    Parameterised { kind: CKM_RSA_PKCS_OAEP, parameters }
}

/// ECDH with one's own key and the public point of the other.
#[must_use]
pub fn ecdh1(kdf: CK_ULONG, shared: Sent<'_>, public: Sent<'_>) -> Parameterised<CK_ECDH1_DERIVE_PARAMS> {
    let parameters = CK_ECDH1_DERIVE_PARAMS {
        kdf,
        ulSharedDataLen: shared.len,
        pSharedData: shared.pointer,
        ulPublicDataLen: public.len,
        pPublicData: public.pointer,
    };
    Parameterised { kind: CKM_ECDH1_DERIVE, parameters }
}

/// EdDSA with the flag for a prehash and a context.
#[must_use]
pub fn eddsa(prehash: CK_BBOOL, context: Sent<'_>) -> Parameterised<CK_EDDSA_PARAMS> {
    let parameters =
        CK_EDDSA_PARAMS { phFlag: prehash, ulContextDataLen: context.len, pContextData: context.pointer };
    Parameterised { kind: CKM_EDDSA, parameters }
}

/// How ML-DSA or SLH-DSA signs a message: hedged or not, and the context.
#[must_use]
pub fn sign_context(hedge: CK_ULONG, context: Sent<'_>) -> CK_SIGN_ADDITIONAL_CONTEXT {
    CK_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: hedge, pContext: context.pointer, ulContextLen: context.len }
}

/// How ML-DSA or SLH-DSA signs a digest.
#[must_use]
pub fn hash_sign_context(
    hedge: CK_ULONG,
    context: Sent<'_>,
    hash: CK_MECHANISM_TYPE,
) -> CK_HASH_SIGN_ADDITIONAL_CONTEXT {
    CK_HASH_SIGN_ADDITIONAL_CONTEXT {
        hedgeVariant: hedge,
        pContext: context.pointer,
        ulContextLen: context.len,
        hash,
    }
}

/// PBKDF2 with the later of the two structures.
#[must_use]
pub fn pbkd2(
    prf: CK_ULONG,
    password: Sent<'_>,
    salt: Sent<'_>,
    iterations: CK_ULONG,
) -> Parameterised<CK_PKCS5_PBKD2_PARAMS2> {
    let parameters = CK_PKCS5_PBKD2_PARAMS2 {
        saltSource: CKZ_SALT_SPECIFIED,
        pSaltSourceData: salt.pointer.cast(),
        ulSaltSourceDataLen: salt.len,
        iterations,
        prf,
        pPrfData: ptr::null_mut(),
        ulPrfDataLen: 0,
        pPassword: password.pointer,
        ulPasswordLen: password.len,
    };
    Parameterised { kind: CKM_PKCS5_PBKD2, parameters }
}

/// HKDF of both stages over SHA-256, by the mechanism `kind`, with a salt that is given as data.
#[must_use]
pub fn hkdf(kind: CK_MECHANISM_TYPE, salt: Sent<'_>, info: Sent<'_>) -> Parameterised<CK_HKDF_PARAMS> {
    let parameters = CK_HKDF_PARAMS {
        bExtract: CK_TRUE,
        bExpand: CK_TRUE,
        prfHashMechanism: CKM_SHA256,
        ulSaltType: CKF_HKDF_SALT_DATA,
        pSalt: salt.pointer,
        ulSaltLen: salt.len,
        hSaltKey: 0,
        pInfo: info.pointer,
        ulInfoLen: info.len,
    };
    Parameterised { kind, parameters }
}

impl Attribute {
    /// An attribute whose value is a template; that lives as long as the test.
    #[must_use]
    pub fn nested(kind: CK_ATTRIBUTE_TYPE, template: Template) -> Self {
        let template: &'static Template = Box::leak(Box::new(template));
        let mut bytes = Vec::new();
        for CK_ATTRIBUTE { type_, pValue, ulValueLen } in template.raw() {
            bytes.extend(type_.to_ne_bytes());
            bytes.extend(pValue.expose_provenance().to_ne_bytes());
            bytes.extend(ulValueLen.to_ne_bytes());
        }
        Self::bytes(kind, bytes)
    }
}
