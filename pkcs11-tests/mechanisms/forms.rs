//! TABLE: the parameters of each mechanism, field by field: where a pointer stands and where its length, and which values
//! are outside of the standard.
//!
//! A walk through it says what can be wrong with parameters ([`super::spoiling`]); a mechanism whose parameters stand
//! nowhere here makes [`forms_of`] fail.

use std::mem::offset_of;

use cryptoki_sys::{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS, CK_AES_CTR_PARAMS, CK_CCM_PARAMS, CK_CHACHA20_PARAMS, CK_DERIVED_KEY,
    CK_DES_CBC_ENCRYPT_DATA_PARAMS, CK_ECDH_AES_KEY_WRAP_PARAMS, CK_ECDH1_DERIVE_PARAMS, CK_EDDSA_PARAMS,
    CK_GCM_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_HKDF_PARAMS, CK_KEY_DERIVATION_STRING_DATA,
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_OTP_COUNTER, CK_OTP_FLAGS, CK_OTP_FORMAT_DECIMAL,
    CK_OTP_OUTPUT_FORMAT, CK_OTP_OUTPUT_LENGTH, CK_OTP_PARAM, CK_OTP_PARAMS, CK_PKCS5_PBKD2_PARAMS2,
    CK_PRF_DATA_PARAM, CK_RSA_AES_KEY_WRAP_PARAMS, CK_RSA_PKCS_OAEP_PARAMS, CK_RSA_PKCS_PSS_PARAMS,
    CK_SALSA20_CHACHA20_POLY1305_PARAMS, CK_SIGN_ADDITIONAL_CONTEXT, CK_SP800_108_COUNTER,
    CK_SP800_108_COUNTER_FORMAT, CK_SP800_108_DKM_LENGTH, CK_SP800_108_DKM_LENGTH_FORMAT,
    CK_SP800_108_FEEDBACK_KDF_PARAMS, CK_SP800_108_ITERATION_VARIABLE, CK_SP800_108_KDF_PARAMS,
    CK_SP800_108_KEY_HANDLE, CK_SSL3_KEY_MAT_OUT, CK_SSL3_RANDOM_DATA, CK_TLS_KDF_PARAMS, CK_TLS_MAC_PARAMS,
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS,
    CK_ULONG, CKD_CPDIVERSIFY_KDF, CKD_SHA1_KDF_ASN1, CKD_SHA1_KDF_CONCATENATE, CKH_HEDGE_PREFERRED,
    CKM_AES_CBC, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8,
    CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB_ENCRYPT_DATA,
    CKM_AES_GCM, CKM_AES_GMAC, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD,
    CKM_AES_KEY_WRAP_PKCS7, CKM_AES_MAC_GENERAL, CKM_AES_OFB, CKM_AES_XTS, CKM_BLAKE2B_160_HMAC_GENERAL,
    CKM_BLAKE2B_256_HMAC_GENERAL, CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_512_HMAC_GENERAL,
    CKM_CAMELLIA_CBC, CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_PAD, CKM_CAMELLIA_CTR,
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_MAC_GENERAL, CKM_CHACHA20, CKM_CHACHA20_POLY1305,
    CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE, CKM_DES_CBC,
    CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_CBC_PAD, CKM_DES_ECB_ENCRYPT_DATA, CKM_DES_MAC_GENERAL, CKM_DES3_CBC,
    CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_CBC_PAD, CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB_ENCRYPT_DATA,
    CKM_DES3_MAC_GENERAL, CKM_DH_PKCS_DERIVE, CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP,
    CKM_ECDH_X_AES_KEY_WRAP, CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_EDDSA,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256,
    CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256,
    CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256,
    CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384,
    CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224, CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384,
    CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE256, CKM_HKDF_DATA,
    CKM_HKDF_DERIVE, CKM_HOTP, CKM_MD5_HMAC_GENERAL, CKM_ML_DSA, CKM_PKCS5_PBKD2, CKM_RIPEMD160_HMAC_GENERAL,
    CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_SHA_1_HMAC_GENERAL, CKM_SHA1_RSA_PKCS_PSS,
    CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256_HMAC_GENERAL,
    CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_RSA_PKCS_PSS,
    CKM_SHA3_512_HMAC_GENERAL, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224_HMAC_GENERAL, CKM_SHA224_RSA_PKCS_PSS,
    CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_HMAC_GENERAL,
    CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC_GENERAL,
    CKM_SHA512_HMAC_GENERAL, CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_DERIVATION, CKM_SLH_DSA, CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF,
    CKM_SP800_108_FEEDBACK_KDF, CKM_TLS_KDF, CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE,
    CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC, CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH,
    CKM_XOR_BASE_AND_DATA,
};

use super::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use super::draft::CKM_ML_DSA_EXTERNAL_MU;
use super::{Parameter, Ready, Row, Structure, usable};
use crate::Template;
use crate::raw::Sent;
use crate::raw::derivations::kdf_of_everything;
use crate::raw::one_time::hotp;
use crate::raw::parameters::{Parameterised, eddsa, gcm, sign_context};

/// A structure of the standard.
pub struct Form {
    /// C's name.
    pub name: &'static str,
    /// Length in bytes.
    pub len: usize,
    /// All of its fields, in their order.
    pub fields: &'static [Field],
}

/// A field of a structure.
pub struct Field {
    /// C's name.
    pub name: &'static str,
    /// Where it begins, in bytes.
    pub at: usize,
    /// What it is.
    pub is: Is,
}

/// What a field is.
pub enum Is {
    /// A pointer to bytes, whose number stands in the named field.
    Bytes(&'static str, Lengths),
    /// The same, whose number counts bits.
    Bits(&'static str, Lengths),
    /// A pointer to structures, whose number stands in the named field.
    Items(&'static str, &'static Form),
    /// A pointer to attributes, whose number stands in the named field.
    Attributes(&'static str),
    /// A pointer to one structure.
    One(&'static Form),
    /// A pointer to what the field `type_` says, or else to bytes; its length in bytes stands in the named field.
    Typed(&'static str, &'static [(CK_ULONG, &'static Form)]),
    /// A pointer to room for an answer; whether it must be there.
    Place(bool),
    /// The number that belongs to a pointer, which says what can be wrong with it.
    Length,
    /// A number, with values that are outside of the standard or that the mechanism cannot have.
    Number(&'static [CK_ULONG]),
    /// A `CK_BBOOL`.
    Flag,
    /// A structure within this one.
    Within(&'static Form),
    /// So many bytes of which each value is right, or that are judged later: why.
    Any(usize, &'static str),
}

/// Lengths that no such bytes have, in the unit of their number.
pub type Lengths = &'static [CK_ULONG];

impl Field {
    /// Length in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self.is {
            Is::Flag => 1,
            Is::Within(form) => form.len,
            Is::Any(len, _) => len,
            _ => size_of::<CK_ULONG>(),
        }
    }
}

impl Form {
    /// Where a field begins.
    ///
    /// # Panics
    /// When there is none of this name.
    #[must_use]
    pub fn at(&self, name: &str) -> usize {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .unwrap_or_else(|| panic!("{name} of {}", self.name))
            .at
    }
}

/// What the parameters of a mechanism are.
#[derive(Clone, Copy)]
pub enum Takes {
    /// None.
    Nothing,
    /// Bytes as such, with lengths that they do not have.
    Bytes(Lengths),
    /// A structure.
    Structure(&'static Form),
}

/// Parameters that a mechanism takes, and how they look when they are right.
pub struct Taken {
    /// Of which form.
    pub takes: Takes,
    /// Whether the mechanism does without as well.
    pub optional: bool,
    /// Right ones.
    pub right: Ready,
}

macro_rules! form {
    ($(#[$doc:meta])* $name:ident of $structure:ident { $($field:ident: $is:expr),* $(,)? }) => {
        $(#[$doc])*
        static $name: Form = Form {
            name: stringify!($structure),
            len: size_of::<$structure>(),
            fields: &[$(Field { name: stringify!($field), at: offset_of!($structure, $field), is: $is }),*],
        };
    };
}

/// What is no digest mechanism: a generator, a signature, a cipher, an HMAC, and numbers that nothing has.
const NO_DIGEST: &[CK_ULONG] = &[0, 1, CKM_AES_CBC, CKM_SHA256_HMAC, 0x7FFF_FFFF, 0x8000_0001, CK_ULONG::MAX];
/// What is no MAC mechanism: a generator, a signature, a cipher, and numbers that nothing has.
const NO_MAC: &[CK_ULONG] = &[0, 1, CKM_AES_CBC, 0x7FFF_FFFF, 0x8000_0001, CK_ULONG::MAX];
/// `CKG_` values are 1 to 9.
const NO_MGF: &[CK_ULONG] = &[0, 10, 0x8000_0001, CK_ULONG::MAX];
/// `CKD_` values are 1 to 26; two are for X9.42 (section 6.4), one for GOST.
const NO_KDF: &[CK_ULONG] = &[
    0,
    CKD_SHA1_KDF_ASN1,
    CKD_SHA1_KDF_CONCATENATE,
    CKD_CPDIVERSIFY_KDF,
    27,
    99,
    0x8000_0001,
    CK_ULONG::MAX,
];
/// An AES key has 128, 192 or 256 bits.
const NO_AES_BITS: &[CK_ULONG] = &[0, 1, 64, 129, 255, 512, CK_ULONG::MAX];
/// A tag of GCM has 32, 64, 96 or more bits, in whole bytes, to 128 (SP 800-38D section 5.2.1.2).
const NO_TAG_BITS: &[CK_ULONG] = &[0, 7, 8, 31, 33, 127, 129, 136, CK_ULONG::MAX];
/// `CKH_` values are 0 to 2.
const NO_HEDGE: &[CK_ULONG] = &[3, 0x8000_0001, CK_ULONG::MAX];

form! { PSS of CK_RSA_PKCS_PSS_PARAMS {
    hashAlg: Is::Number(NO_DIGEST),
    mgf: Is::Number(NO_MGF),
    // Beside SHA-1 there is room for 234 bytes in 2048 bits.
    sLen: Is::Number(&[235, 0x1_0000, CK_ULONG::MAX]),
} }
form! { OAEP of CK_RSA_PKCS_OAEP_PARAMS {
    hashAlg: Is::Number(NO_DIGEST),
    mgf: Is::Number(NO_MGF),
    source: Is::Number(&[2, 0x8000_0001, CK_ULONG::MAX]),
    pSourceData: Is::Bytes("ulSourceDataLen", &[]),
    ulSourceDataLen: Is::Length,
} }
form! { COUNTER of CK_AES_CTR_PARAMS {
    ulCounterBits: Is::Number(&[0, 129, 0x8000_0000, CK_ULONG::MAX]),
    cb: Is::Any(16, "a counter block"),
} }
form! { GCM of CK_GCM_PARAMS {
    pIv: Is::Bytes("ulIvLen", &[0]),
    ulIvLen: Is::Length,
    ulIvBits: Is::Any(8, "older headers have none, and clients leave it 0"),
    pAAD: Is::Bytes("ulAADLen", &[]),
    ulAADLen: Is::Length,
    ulTagBits: Is::Number(NO_TAG_BITS),
} }
/// `CKM_CLOUDHSM_AES_GCM`, which makes the initialisation vector itself.
static GCM_WITHOUT_IV: Form = Form {
    name: "CK_GCM_PARAMS",
    len: size_of::<CK_GCM_PARAMS>(),
    fields: &[
        Field { name: "pIv", at: offset_of!(CK_GCM_PARAMS, pIv), is: Is::Bytes("ulIvLen", &[]) },
        Field { name: "ulIvLen", at: offset_of!(CK_GCM_PARAMS, ulIvLen), is: Is::Length },
        Field { name: "ulIvBits", at: offset_of!(CK_GCM_PARAMS, ulIvBits), is: Is::Any(8, "as in GCM") },
        Field { name: "pAAD", at: offset_of!(CK_GCM_PARAMS, pAAD), is: Is::Bytes("ulAADLen", &[]) },
        Field { name: "ulAADLen", at: offset_of!(CK_GCM_PARAMS, ulAADLen), is: Is::Length },
        Field { name: "ulTagBits", at: offset_of!(CK_GCM_PARAMS, ulTagBits), is: Is::Number(NO_TAG_BITS) },
    ],
};
form! { OLD_GCM of OldGcm {
    pIv: Is::Bytes("ulIvLen", &[0]),
    ulIvLen: Is::Length,
    pAAD: Is::Bytes("ulAADLen", &[]),
    ulAADLen: Is::Length,
    ulTagBits: Is::Number(NO_TAG_BITS),
} }
form! { CCM of CK_CCM_PARAMS {
    // A nonce of 13 bytes leaves two for the length (SP 800-38C appendix A.1).
    ulDataLen: Is::Number(&[0x1_0000, 1 << 40, CK_ULONG::MAX]),
    pNonce: Is::Bytes("ulNonceLen", &[0, 6, 14]),
    ulNonceLen: Is::Length,
    pAAD: Is::Bytes("ulAADLen", &[]),
    ulAADLen: Is::Length,
    ulMACLen: Is::Number(&[0, 2, 3, 5, 15, 17, 18, CK_ULONG::MAX]),
} }
form! { CHACHA20 of CK_CHACHA20_PARAMS {
    pBlockCounter: Is::Bits("blockCounterBits", &[0, 1, 8, 31, 33, 64, 128]),
    blockCounterBits: Is::Length,
    pNonce: Is::Bits("ulNonceBits", &[0, 8, 63, 65, 95, 97, 128, 256]),
    ulNonceBits: Is::Length,
} }
form! {
    /// The length of the nonce counts bits, or bytes.
    CHACHA20_POLY1305 of CK_SALSA20_CHACHA20_POLY1305_PARAMS {
    pNonce: Is::Bytes("ulNonceLen", &[0, 1, 11, 13, 16, 65, 97, 128]),
    ulNonceLen: Is::Length,
    pAAD: Is::Bytes("ulAADLen", &[]),
    ulAADLen: Is::Length,
} }
form! { RSA_AES_KEY_WRAP of CK_RSA_AES_KEY_WRAP_PARAMS {
    ulAESKeyBits: Is::Number(NO_AES_BITS),
    pOAEPParams: Is::One(&OAEP),
} }
form! { ECDH_AES_KEY_WRAP of CK_ECDH_AES_KEY_WRAP_PARAMS {
    ulAESKeyBits: Is::Number(NO_AES_BITS),
    kdf: Is::Number(NO_KDF),
    ulSharedDataLen: Is::Length,
    pSharedData: Is::Bytes("ulSharedDataLen", &[]),
} }
form! { ECDH1 of CK_ECDH1_DERIVE_PARAMS {
    kdf: Is::Number(NO_KDF),
    ulSharedDataLen: Is::Length,
    pSharedData: Is::Bytes("ulSharedDataLen", &[]),
    ulPublicDataLen: Is::Length,
    pPublicData: Is::Bytes("ulPublicDataLen", &[0, 1, 31, 64, 66, 97]),
} }
form! { EDDSA of CK_EDDSA_PARAMS {
    phFlag: Is::Flag,
    ulContextDataLen: Is::Length,
    pContextData: Is::Bytes("ulContextDataLen", &[256]),
} }
form! { SIGN_CONTEXT of CK_SIGN_ADDITIONAL_CONTEXT {
    hedgeVariant: Is::Number(NO_HEDGE),
    pContext: Is::Bytes("ulContextLen", &[256]),
    ulContextLen: Is::Length,
} }
// The context is in mu already.
form! { SIGN_MU of CK_SIGN_ADDITIONAL_CONTEXT {
    hedgeVariant: Is::Number(NO_HEDGE),
    pContext: Is::Bytes("ulContextLen", &[1, 255, 256]),
    ulContextLen: Is::Length,
} }
form! { HASH_SIGN_CONTEXT of CK_HASH_SIGN_ADDITIONAL_CONTEXT {
    hedgeVariant: Is::Number(NO_HEDGE),
    pContext: Is::Bytes("ulContextLen", &[256]),
    ulContextLen: Is::Length,
    hash: Is::Number(NO_DIGEST),
} }
form! { PBKD2 of CK_PKCS5_PBKD2_PARAMS2 {
    saltSource: Is::Number(&[0, 2, 0x8000_0001, CK_ULONG::MAX]),
    pSaltSourceData: Is::Bytes("ulSaltSourceDataLen", &[]),
    ulSaltSourceDataLen: Is::Length,
    iterations: Is::Number(&[0, CK_ULONG::MAX]),
    prf: Is::Number(&[0, 9, 99, 0x8000_0001, CK_ULONG::MAX]),
    pPrfData: Is::Bytes("ulPrfDataLen", &[1, 16]),
    ulPrfDataLen: Is::Length,
    pPassword: Is::Bytes("ulPasswordLen", &[]),
    ulPasswordLen: Is::Length,
} }
form! { HKDF of CK_HKDF_PARAMS {
    bExtract: Is::Flag,
    bExpand: Is::Flag,
    prfHashMechanism: Is::Number(NO_DIGEST),
    // A bit each of three.
    ulSaltType: Is::Number(&[0, 3, 5, 6, 7, 8, CK_ULONG::MAX]),
    pSalt: Is::Bytes("ulSaltLen", &[]),
    ulSaltLen: Is::Length,
    hSaltKey: Is::Any(8, "looked at where ulSaltType says that the salt is a key"),
    pInfo: Is::Bytes("ulInfoLen", &[]),
    ulInfoLen: Is::Length,
} }
form! { HKDF_OF_A_KEY of CK_HKDF_PARAMS {
    bExtract: Is::Flag,
    bExpand: Is::Flag,
    prfHashMechanism: Is::Number(NO_DIGEST),
    ulSaltType: Is::Number(&[0, 3, 5, 6, 7, 8, CK_ULONG::MAX]),
    pSalt: Is::Any(8, "looked at where ulSaltType says that the salt is data"),
    ulSaltLen: Is::Any(8, "the same"),
    hSaltKey: Is::Number(&[0, CK_ULONG::MAX]),
    pInfo: Is::Bytes("ulInfoLen", &[]),
    ulInfoLen: Is::Length,
} }
form! { STRING of CK_KEY_DERIVATION_STRING_DATA {
    pData: Is::Bytes("ulLen", &[]),
    ulLen: Is::Length,
} }
form! { BLOCKS of CK_KEY_DERIVATION_STRING_DATA {
    pData: Is::Bytes("ulLen", &[0, 1, 31, 33]),
    ulLen: Is::Length,
} }
form! { CBC_DATA of CK_AES_CBC_ENCRYPT_DATA_PARAMS {
    iv: Is::Any(16, "an initialisation vector"),
    pData: Is::Bytes("length", &[0, 1, 31, 33]),
    length: Is::Length,
} }
form! { DES_CBC_DATA of CK_DES_CBC_ENCRYPT_DATA_PARAMS {
    iv: Is::Any(8, "an initialisation vector"),
    pData: Is::Bytes("length", &[0, 1, 31, 33]),
    length: Is::Length,
} }
form! { COUNTER_FORMAT of CK_SP800_108_COUNTER_FORMAT {
    bLittleEndian: Is::Flag,
    ulWidthInBits: Is::Number(&[0, 1, 7, 12, 33, 64, CK_ULONG::MAX]),
} }
form! { LENGTH_FORMAT of CK_SP800_108_DKM_LENGTH_FORMAT {
    dkmLengthMethod: Is::Number(&[0, 3, 0x8000_0001, CK_ULONG::MAX]),
    bLittleEndian: Is::Flag,
    ulWidthInBits: Is::Number(&[0, 1, 7, 12, 65, 128, CK_ULONG::MAX]),
} }
form! { HANDLE of Handle {
    handle: Is::Number(&[0, CK_ULONG::MAX]),
} }
form! { PRF_DATA of CK_PRF_DATA_PARAM {
    type_: Is::Number(&[0, 6, 0x8000_0001, CK_ULONG::MAX]),
    pValue: Is::Typed("ulValueLen", &[
        (CK_SP800_108_ITERATION_VARIABLE, &COUNTER_FORMAT),
        (CK_SP800_108_COUNTER, &COUNTER_FORMAT),
        (CK_SP800_108_DKM_LENGTH, &LENGTH_FORMAT),
        (CK_SP800_108_KEY_HANDLE, &HANDLE),
    ]),
    ulValueLen: Is::Length,
} }
form! { DERIVED_KEY of CK_DERIVED_KEY {
    pTemplate: Is::Attributes("ulAttributeCount"),
    ulAttributeCount: Is::Length,
    phKey: Is::Place(true),
} }
form! { SP800_108 of CK_SP800_108_KDF_PARAMS {
    prfType: Is::Number(NO_MAC),
    ulNumberOfDataParams: Is::Length,
    pDataParams: Is::Items("ulNumberOfDataParams", &PRF_DATA),
    ulAdditionalDerivedKeys: Is::Length,
    pAdditionalDerivedKeys: Is::Items("ulAdditionalDerivedKeys", &DERIVED_KEY),
} }
form! { SP800_108_FEEDBACK of CK_SP800_108_FEEDBACK_KDF_PARAMS {
    prfType: Is::Number(NO_MAC),
    ulNumberOfDataParams: Is::Length,
    pDataParams: Is::Items("ulNumberOfDataParams", &PRF_DATA),
    ulIVLen: Is::Length,
    pIV: Is::Bytes("ulIVLen", &[]),
    ulAdditionalDerivedKeys: Is::Length,
    pAdditionalDerivedKeys: Is::Items("ulAdditionalDerivedKeys", &DERIVED_KEY),
} }
form! { RANDOMS of CK_SSL3_RANDOM_DATA {
    pClientRandom: Is::Bytes("ulClientRandomLen", &[0]),
    ulClientRandomLen: Is::Length,
    pServerRandom: Is::Bytes("ulServerRandomLen", &[0]),
    ulServerRandomLen: Is::Length,
} }
form! { TLS12_MASTER of CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
    RandomInfo: Is::Within(&RANDOMS),
    pVersion: Is::Place(false),
    prfHashMechanism: Is::Number(NO_DIGEST),
} }
form! { TLS12_EXTENDED_MASTER of CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
    prfHashMechanism: Is::Number(NO_DIGEST),
    pSessionHash: Is::Bytes("ulSessionHashLen", &[0]),
    ulSessionHashLen: Is::Length,
    pVersion: Is::Place(false),
} }
form! { KEY_MATERIAL of CK_SSL3_KEY_MAT_OUT {
    hClientMacSecret: Is::Any(8, "an answer"),
    hServerMacSecret: Is::Any(8, "an answer"),
    hClientKey: Is::Any(8, "an answer"),
    hServerKey: Is::Any(8, "an answer"),
    pIVClient: Is::Place(true),
    pIVServer: Is::Place(true),
} }
form! { KEYS_ALONE of CK_SSL3_KEY_MAT_OUT {
    hClientMacSecret: Is::Any(8, "an answer"),
    hServerMacSecret: Is::Any(8, "an answer"),
    hClientKey: Is::Any(8, "an answer"),
    hServerKey: Is::Any(8, "an answer"),
    pIVClient: Is::Any(8, "there are no initialisation vectors (section 6.40.7)"),
    pIVServer: Is::Any(8, "the same"),
} }
form! { TLS12_KEYS of CK_TLS12_KEY_MAT_PARAMS {
    ulMacSizeInBits: Is::Number(&[7, 257, CK_ULONG::MAX]),
    ulKeySizeInBits: Is::Number(&[7, 129, CK_ULONG::MAX]),
    ulIVSizeInBits: Is::Number(&[7, 129, CK_ULONG::MAX]),
    bIsExport: Is::Flag,
    RandomInfo: Is::Within(&RANDOMS),
    pReturnedKeyMaterial: Is::One(&KEY_MATERIAL),
    prfHashMechanism: Is::Number(NO_DIGEST),
} }
form! { TLS12_SAFE_KEYS of CK_TLS12_KEY_MAT_PARAMS {
    ulMacSizeInBits: Is::Number(&[7, 257, CK_ULONG::MAX]),
    ulKeySizeInBits: Is::Number(&[7, 129, CK_ULONG::MAX]),
    ulIVSizeInBits: Is::Any(8, "there are no initialisation vectors (section 6.40.7)"),
    bIsExport: Is::Flag,
    RandomInfo: Is::Within(&RANDOMS),
    pReturnedKeyMaterial: Is::One(&KEYS_ALONE),
    prfHashMechanism: Is::Number(NO_DIGEST),
} }
form! { TLS_KDF of CK_TLS_KDF_PARAMS {
    prfMechanism: Is::Number(NO_DIGEST),
    pLabel: Is::Bytes("ulLabelLength", &[]),
    ulLabelLength: Is::Length,
    RandomInfo: Is::Within(&RANDOMS),
    pContextData: Is::Bytes("ulContextDataLength", &[0x1_0000]),
    ulContextDataLength: Is::Length,
} }
form! { TLS_MAC of CK_TLS_MAC_PARAMS {
    prfHashMechanism: Is::Number(NO_DIGEST),
    ulMacLength: Is::Number(&[0, 11, CK_ULONG::MAX]),
    ulServerOrClient: Is::Number(&[0, 3, CK_ULONG::MAX]),
} }
form! { OTP_PARAM of CK_OTP_PARAM {
    type_: Is::Number(&[8, 99, 0x8000_0001, CK_ULONG::MAX]),
    pValue: Is::Bytes("ulValueLen", &[0, 1, 7, 9]),
    ulValueLen: Is::Length,
} }
form! { OTP of CK_OTP_PARAMS {
    pParams: Is::Items("ulCount", &OTP_PARAM),
    ulCount: Is::Length,
} }
form! {
    /// `CK_MAC_GENERAL_PARAMS`: no hash function and no cipher gives more than 64 bytes.
    MAC_LEN of Number {
    number: Is::Number(&[0, 65, 0x1_0000, CK_ULONG::MAX]),
} }
form! {
    /// `CK_MAC_GENERAL_PARAMS` of SHA-512/t: `t` in bits (FIPS 180-4 section 5.3.6).
    TRUNCATED of Number {
    number: Is::Number(&[0, 384, 512, 513, CK_ULONG::MAX]),
} }
form! {
    /// `CK_EXTRACT_PARAMS`: a bit of a key of 40 bytes.
    BIT of Number {
    number: Is::Number(&[320, 0x1_0000, CK_ULONG::MAX]),
} }

/// A number alone.
#[repr(C)]
struct Number {
    number: CK_ULONG,
}

/// A handle alone.
#[repr(C)]
struct Handle {
    handle: CK_OBJECT_HANDLE,
}

/// `CK_GCM_PARAMS` as headers before 2.40 errata 01 have it.
#[repr(C)]
#[allow(non_snake_case, reason = "C's names")]
struct OldGcm {
    pIv: *mut u8,
    ulIvLen: CK_ULONG,
    pAAD: *mut u8,
    ulAADLen: CK_ULONG,
    ulTagBits: CK_ULONG,
}

/// Right parameters of a mechanism; the handle is of some secret key that may derive.
type Sample = fn(CK_MECHANISM_TYPE, CK_OBJECT_HANDLE) -> Box<dyn Structure>;

/// How right parameters are made.
enum Right {
    /// As the mechanism's row has them.
    AsRow,
    /// In another way.
    By(Sample),
}

/// Parameters that some mechanisms take.
struct Entry {
    kinds: &'static [CK_MECHANISM_TYPE],
    takes: Takes,
    optional: bool,
    right: Right,
}

const fn of_row(kinds: &'static [CK_MECHANISM_TYPE], form: &'static Form) -> Entry {
    Entry { kinds, takes: Takes::Structure(form), optional: false, right: Right::AsRow }
}

const fn bytes(kinds: &'static [CK_MECHANISM_TYPE], wrong: Lengths) -> Entry {
    Entry { kinds, takes: Takes::Bytes(wrong), optional: false, right: Right::AsRow }
}

const fn beside(kinds: &'static [CK_MECHANISM_TYPE], form: &'static Form, sample: Sample) -> Entry {
    Entry { kinds, takes: Takes::Structure(form), optional: false, right: Right::By(sample) }
}

const fn or_none(kinds: &'static [CK_MECHANISM_TYPE], takes: Takes, sample: Sample) -> Entry {
    Entry { kinds, takes, optional: true, right: Right::By(sample) }
}

/// Every mechanism that takes parameters, once for each form of theirs.
static ENTRIES: &[Entry] = &[
    of_row(
        &[
            CKM_RSA_PKCS_PSS,
            CKM_SHA1_RSA_PKCS_PSS,
            CKM_SHA224_RSA_PKCS_PSS,
            CKM_SHA256_RSA_PKCS_PSS,
            CKM_SHA384_RSA_PKCS_PSS,
            CKM_SHA512_RSA_PKCS_PSS,
            CKM_SHA3_224_RSA_PKCS_PSS,
            CKM_SHA3_256_RSA_PKCS_PSS,
            CKM_SHA3_384_RSA_PKCS_PSS,
            CKM_SHA3_512_RSA_PKCS_PSS,
        ],
        &PSS,
    ),
    of_row(&[CKM_RSA_PKCS_OAEP], &OAEP),
    of_row(&[CKM_RSA_AES_KEY_WRAP], &RSA_AES_KEY_WRAP),
    of_row(&[CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP], &ECDH_AES_KEY_WRAP),
    of_row(&[CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE], &ECDH1),
    // Another party's public value: of 2049 bits it is above the prime.
    bytes(&[CKM_DH_PKCS_DERIVE], &[257, 0x1_0001]),
    of_row(&[CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA], &HASH_SIGN_CONTEXT),
    of_row(&[CKM_PKCS5_PBKD2], &PBKD2),
    of_row(&[CKM_HKDF_DERIVE, CKM_HKDF_DATA], &HKDF),
    beside(&[CKM_HKDF_DERIVE, CKM_HKDF_DATA], &HKDF_OF_A_KEY, hkdf_of_a_key),
    of_row(&[CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF], &SP800_108),
    of_row(&[CKM_SP800_108_FEEDBACK_KDF], &SP800_108_FEEDBACK),
    beside(&[CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF], &SP800_108, everything),
    beside(&[CKM_SP800_108_FEEDBACK_KDF], &SP800_108_FEEDBACK, everything),
    beside(&[CKM_CONCATENATE_BASE_AND_KEY], &HANDLE, |kind, key| Box::new(Parameterised::new(kind, key))),
    of_row(&[CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE, CKM_XOR_BASE_AND_DATA], &STRING),
    of_row(&[CKM_EXTRACT_KEY_FROM_KEY], &BIT),
    of_row(&[CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH], &TLS12_MASTER),
    of_row(
        &[CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH],
        &TLS12_EXTENDED_MASTER,
    ),
    of_row(&[CKM_TLS12_KEY_AND_MAC_DERIVE], &TLS12_KEYS),
    of_row(&[CKM_TLS12_KEY_SAFE_DERIVE], &TLS12_SAFE_KEYS),
    of_row(&[CKM_TLS_KDF, CKM_TLS12_KDF], &TLS_KDF),
    of_row(&[CKM_TLS_MAC, CKM_TLS12_MAC], &TLS_MAC),
    bytes(
        &[
            CKM_AES_CBC,
            CKM_AES_CBC_PAD,
            CKM_AES_CFB1,
            CKM_AES_CFB8,
            CKM_AES_CFB64,
            CKM_AES_CFB128,
            CKM_AES_OFB,
            CKM_AES_CTS,
            CKM_AES_XTS,
            CKM_CAMELLIA_CBC,
            CKM_CAMELLIA_CBC_PAD,
        ],
        &[1, 8, 15, 17, 32],
    ),
    bytes(&[CKM_DES_CBC, CKM_DES_CBC_PAD, CKM_DES3_CBC, CKM_DES3_CBC_PAD], &[1, 7, 9, 16]),
    of_row(&[CKM_AES_CTR, CKM_CAMELLIA_CTR], &COUNTER),
    of_row(&[CKM_AES_GCM], &GCM),
    beside(&[CKM_AES_GCM], &OLD_GCM, old_gcm),
    of_row(&[CKM_CLOUDHSM_AES_GCM], &GCM_WITHOUT_IV),
    // The older form is an initialisation vector of any length.
    bytes(&[CKM_AES_GMAC], &[0x1_0001]),
    beside(&[CKM_AES_GMAC], &GCM, |kind, _| {
        Box::new(Parameterised::new(kind, gcm(Sent::from(&[3; 12]), Sent::null(0), 128).parameters))
    }),
    of_row(&[CKM_AES_CCM], &CCM),
    of_row(&[CKM_CHACHA20], &CHACHA20),
    of_row(&[CKM_CHACHA20_POLY1305], &CHACHA20_POLY1305),
    of_row(
        &[
            CKM_AES_ECB_ENCRYPT_DATA,
            CKM_CAMELLIA_ECB_ENCRYPT_DATA,
            CKM_DES_ECB_ENCRYPT_DATA,
            CKM_DES3_ECB_ENCRYPT_DATA,
        ],
        &BLOCKS,
    ),
    of_row(&[CKM_AES_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_ENCRYPT_DATA], &CBC_DATA),
    of_row(&[CKM_DES_CBC_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA], &DES_CBC_DATA),
    of_row(
        &[
            CKM_AES_CMAC_GENERAL,
            CKM_AES_MAC_GENERAL,
            CKM_DES_MAC_GENERAL,
            CKM_DES3_MAC_GENERAL,
            CKM_DES3_CMAC_GENERAL,
            CKM_CAMELLIA_MAC_GENERAL,
            CKM_SHA_1_HMAC_GENERAL,
            CKM_SHA224_HMAC_GENERAL,
            CKM_SHA256_HMAC_GENERAL,
            CKM_SHA384_HMAC_GENERAL,
            CKM_SHA512_HMAC_GENERAL,
            CKM_SHA512_224_HMAC_GENERAL,
            CKM_SHA512_256_HMAC_GENERAL,
            CKM_SHA3_224_HMAC_GENERAL,
            CKM_SHA3_256_HMAC_GENERAL,
            CKM_SHA3_384_HMAC_GENERAL,
            CKM_SHA3_512_HMAC_GENERAL,
            CKM_MD5_HMAC_GENERAL,
            CKM_RIPEMD160_HMAC_GENERAL,
            CKM_BLAKE2B_160_HMAC_GENERAL,
            CKM_BLAKE2B_256_HMAC_GENERAL,
            CKM_BLAKE2B_384_HMAC_GENERAL,
            CKM_BLAKE2B_512_HMAC_GENERAL,
        ],
        &MAC_LEN,
    ),
    of_row(&[CKM_SHA512_T, CKM_SHA512_T_HMAC, CKM_SHA512_T_KEY_DERIVATION], &TRUNCATED),
    or_none(&[CKM_EDDSA], Takes::Structure(&EDDSA), |_, _| Box::new(eddsa(0, Sent::from(b"context")))),
    or_none(
        &[
            CKM_ML_DSA,
            CKM_HASH_ML_DSA_SHA224,
            CKM_HASH_ML_DSA_SHA256,
            CKM_HASH_ML_DSA_SHA384,
            CKM_HASH_ML_DSA_SHA512,
            CKM_HASH_ML_DSA_SHA3_224,
            CKM_HASH_ML_DSA_SHA3_256,
            CKM_HASH_ML_DSA_SHA3_384,
            CKM_HASH_ML_DSA_SHA3_512,
            CKM_HASH_ML_DSA_SHAKE128,
            CKM_HASH_ML_DSA_SHAKE256,
            CKM_SLH_DSA,
            CKM_HASH_SLH_DSA_SHA224,
            CKM_HASH_SLH_DSA_SHA256,
            CKM_HASH_SLH_DSA_SHA384,
            CKM_HASH_SLH_DSA_SHA512,
            CKM_HASH_SLH_DSA_SHA3_224,
            CKM_HASH_SLH_DSA_SHA3_256,
            CKM_HASH_SLH_DSA_SHA3_384,
            CKM_HASH_SLH_DSA_SHA3_512,
            CKM_HASH_SLH_DSA_SHAKE128,
            CKM_HASH_SLH_DSA_SHAKE256,
        ],
        Takes::Structure(&SIGN_CONTEXT),
        |kind, _| {
            Box::new(Parameterised::new(kind, sign_context(CKH_HEDGE_PREFERRED, Sent::from(b"context"))))
        },
    ),
    or_none(&[CKM_ML_DSA_EXTERNAL_MU], Takes::Structure(&SIGN_MU), |kind, _| {
        Box::new(Parameterised::new(kind, sign_context(CKH_HEDGE_PREFERRED, Sent::null(0))))
    }),
    or_none(&[CKM_HOTP], Takes::Structure(&OTP), |_, _| Box::new(asked_password())),
    or_none(
        &[
            CKM_AES_KEY_WRAP,
            CKM_AES_KEY_WRAP_PAD,
            CKM_AES_KEY_WRAP_PKCS7,
            CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD,
            CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
        ],
        Takes::Bytes(&[1, 4, 7, 9, 16]),
        |kind, _| Box::new(Parameterised::new(kind, [0xA6_u8; 8])),
    ),
    or_none(
        &[CKM_AES_KEY_WRAP_KWP, CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD],
        Takes::Bytes(&[1, 3, 5, 8, 16]),
        |kind, _| Box::new(Parameterised::new(kind, [0xA6_u8; 4])),
    ),
];

fn old_gcm(kind: CK_MECHANISM_TYPE, _: CK_OBJECT_HANDLE) -> Box<dyn Structure> {
    let of = gcm(Sent::from(&[3; 12]), Sent::from(b"associated"), 128).parameters;
    let old = OldGcm {
        pIv: of.pIv,
        ulIvLen: of.ulIvLen,
        pAAD: of.pAAD,
        ulAADLen: of.ulAADLen,
        ulTagBits: of.ulTagBits,
    };
    Box::new(Parameterised::new(kind, old))
}

fn hkdf_of_a_key(kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) -> Box<dyn Structure> {
    let mut of = crate::raw::parameters::hkdf(kind, Sent::null(0), Sent::from(b"info"));
    of.parameters.ulSaltType = cryptoki_sys::CKF_HKDF_SALT_KEY;
    of.parameters.hSaltKey = key;
    Box::new(of)
}

fn everything(kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) -> Box<dyn Structure> {
    let beside = Template::new()
        .ulong(cryptoki_sys::CKA_CLASS, cryptoki_sys::CKO_SECRET_KEY)
        .ulong(cryptoki_sys::CKA_KEY_TYPE, cryptoki_sys::CKK_GENERIC_SECRET)
        .ulong(cryptoki_sys::CKA_VALUE_LEN, 16);
    kdf_of_everything(kind, CKM_SHA256_HMAC, key, &usable(beside))
}

fn asked_password() -> Parameterised<CK_OTP_PARAMS> {
    let number = |number: CK_ULONG| number.to_ne_bytes();
    hotp(&[
        (CK_OTP_COUNTER, &[0, 0, 0, 0, 0, 0, 0, 9]),
        (CK_OTP_FLAGS, &number(0)),
        (CK_OTP_OUTPUT_LENGTH, &number(6)),
        (CK_OTP_OUTPUT_FORMAT, &number(CK_OTP_FORMAT_DECIMAL)),
    ])
}

/// The parameters that a mechanism takes, in each form, right ones for a message of `len` bytes; `key` is some secret key
/// that may derive.
///
/// # Panics
/// When the row has parameters and they are described nowhere here, or are not as they are described.
#[must_use]
pub fn forms_of(row: &Row, len: usize, key: CK_OBJECT_HANDLE) -> Vec<Taken> {
    let entries: Vec<_> = ENTRIES.iter().filter(|entry| entry.kinds.contains(&row.kind)).collect();
    if entries.is_empty() {
        assert!(matches!(row.parameter, Parameter::None), "the parameters of {} stand nowhere", row.name);
        return vec![Taken { takes: Takes::Nothing, optional: true, right: row.ready_for(len) }];
    }
    let taken = |entry: &&Entry| {
        let right = match entry.right {
            Right::AsRow => row.ready_for(len),
            Right::By(sample) => Ready::Structure(sample(row.kind, key)),
        };
        let told = right.mechanism().ulParameterLen;
        match entry.takes {
            Takes::Structure(form) => assert_eq!(told, form.len as CK_ULONG, "{}: {}", row.name, form.name),
            Takes::Bytes(wrong) => assert!(!wrong.contains(&told) && told > 0, "{}: {told} bytes", row.name),
            Takes::Nothing => {}
        }
        Taken { takes: entry.takes, optional: entry.optional, right }
    };
    entries.iter().map(taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanisms::ROWS;

    #[test]
    fn the_parameters_of_every_mechanism_are_described() {
        for row in ROWS {
            for taken in forms_of(row, row.message.least, 1) {
                if let Takes::Structure(form) = taken.takes {
                    is_whole(form);
                }
            }
        }
    }

    #[test]
    fn an_entry_is_of_a_mechanism() {
        for kind in ENTRIES.iter().flat_map(|entry| entry.kinds) {
            assert!(ROWS.iter().any(|row| row.kind == *kind), "{kind:#x}");
        }
    }

    /// No byte lies in two fields, and none outside but those that align the next field.
    fn is_whole(form: &Form) {
        let mut end = 0;
        for field in form.fields {
            let between =
                field.at.checked_sub(end).unwrap_or_else(|| panic!("{} of {}", field.name, form.name));
            assert!(between < size_of::<CK_ULONG>(), "{} of {}", field.name, form.name);
            end = field.at + field.size();
            match &field.is {
                Is::Within(inner) | Is::One(inner) | Is::Items(_, inner) => is_whole(inner),
                Is::Typed(_, inner) => inner.iter().for_each(|(_, inner)| is_whole(inner)),
                _ => {}
            }
            if let Is::Bytes(len, _)
            | Is::Bits(len, _)
            | Is::Items(len, _)
            | Is::Typed(len, _)
            | Is::Attributes(len) = &field.is
            {
                let len = form.fields.iter().find(|field| field.name == *len);
                assert!(
                    len.is_some_and(|len| matches!(len.is, Is::Length)),
                    "{} of {}",
                    field.name,
                    form.name
                );
            }
        }
        assert_eq!(end.next_multiple_of(size_of::<CK_ULONG>()), form.len, "{}", form.name);
    }
}
