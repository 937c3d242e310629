//! TABLE: which form the parameters of a mechanism have.

use cryptoki_sys::{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS, CK_AES_CTR_PARAMS, CK_BYTE, CK_CCM_MESSAGE_PARAMS, CK_CCM_PARAMS,
    CK_CHACHA20_PARAMS, CK_DES_CBC_ENCRYPT_DATA_PARAMS, CK_ECDH_AES_KEY_WRAP_PARAMS, CK_ECDH1_DERIVE_PARAMS,
    CK_EDDSA_PARAMS, CK_EXTRACT_PARAMS, CK_GCM_MESSAGE_PARAMS, CK_GCM_PARAMS,
    CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_HKDF_PARAMS, CK_KEY_DERIVATION_STRING_DATA, CK_MAC_GENERAL_PARAMS,
    CK_OBJECT_HANDLE, CK_OTP_PARAMS, CK_PKCS5_PBKD2_PARAMS2, CK_RSA_AES_KEY_WRAP_PARAMS,
    CK_RSA_PKCS_OAEP_PARAMS, CK_RSA_PKCS_PSS_PARAMS, CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS,
    CK_SALSA20_CHACHA20_POLY1305_PARAMS, CK_SIGN_ADDITIONAL_CONTEXT, CK_SP800_108_FEEDBACK_KDF_PARAMS,
    CK_SP800_108_KDF_PARAMS, CK_TLS_KDF_PARAMS, CK_TLS_MAC_PARAMS,
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS,
    CK_ULONG,
};
use pkcs11::MechanismType;
use pkcs11::constants::{
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
    CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_HMAC_GENERAL, CKM_SHA384_RSA_PKCS_PSS,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC_GENERAL,
    CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T, CKM_SHA512_T_HMAC, CKM_SHA512_T_KEY_DERIVATION, CKM_SLH_DSA,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_TLS_KDF,
    CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC,
    CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH, CKM_XOR_BASE_AND_DATA,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;

/// The forms other than none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An initialisation vector: bytes as such, [`LONGEST_IV`] at most. None at all is allowed here: a mechanism that
    /// needs one says so.
    Iv,
    /// `CK_RSA_PKCS_PSS_PARAMS`
    Pss,
    /// `CK_RSA_PKCS_OAEP_PARAMS`
    Oaep,
    /// `CK_AES_CTR_PARAMS`
    Counter,
    /// `CK_GCM_PARAMS`
    Gcm,
    /// `CK_GCM_PARAMS` as headers before 2.40 errata 01 have it, without `ulIvBits`.
    OldGcm,
    /// `CK_ECDH1_DERIVE_PARAMS`
    Ecdh1,
    /// `CK_EDDSA_PARAMS`. None at all is allowed here.
    Eddsa,
    /// `CK_MAC_GENERAL_PARAMS`
    MacLen,
    /// `CK_PKCS5_PBKD2_PARAMS2`, and `CK_PKCS5_PBKD2_PARAMS`, which is as long.
    Pbkd2,
    /// `CK_HKDF_PARAMS`
    Hkdf,
    /// Bytes as such, [`LONGEST_VALUE`] at most: another party's public value, or a vector of any length. None at all is
    /// allowed here.
    Value,
    /// `CK_CCM_PARAMS`
    Ccm,
    /// `CK_CHACHA20_PARAMS`
    ChaCha20,
    /// `CK_SALSA20_CHACHA20_POLY1305_PARAMS`
    ChaCha20Poly1305,
    /// `CK_RSA_AES_KEY_WRAP_PARAMS`
    RsaAesKeyWrap,
    /// `CK_ECDH_AES_KEY_WRAP_PARAMS`
    EcdhAesKeyWrap,
    /// `CK_KEY_DERIVATION_STRING_DATA`
    DerivationString,
    /// `CK_AES_CBC_ENCRYPT_DATA_PARAMS`, and `CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS`, which is the same.
    CbcEncryptData,
    /// `CK_DES_CBC_ENCRYPT_DATA_PARAMS`
    DesCbcEncryptData,
    /// `CK_OBJECT_HANDLE`
    Key,
    /// `CK_EXTRACT_PARAMS`
    Extract,
    /// `CK_SP800_108_KDF_PARAMS`
    Sp800108,
    /// `CK_SP800_108_FEEDBACK_KDF_PARAMS`
    Sp800108Feedback,
    /// `CK_TLS12_MASTER_KEY_DERIVE_PARAMS`
    Tls12Master,
    /// `CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS`
    Tls12ExtendedMaster,
    /// `CK_TLS12_KEY_MAT_PARAMS`
    Tls12KeyMaterial,
    /// `CK_TLS_KDF_PARAMS`
    TlsKdf,
    /// `CK_TLS_MAC_PARAMS`
    TlsMac,
    /// `CK_SIGN_ADDITIONAL_CONTEXT`. None at all is allowed here.
    SignContext,
    /// `CK_HASH_SIGN_ADDITIONAL_CONTEXT`
    HashSignContext,
    /// `CK_OTP_PARAMS`. None at all is allowed here.
    Otp,
}

/// The longest initialisation vector that any mechanism takes as bytes: a block of AES. Longer ones are not read.
pub(crate) const LONGEST_IV: usize = 16;
/// The longest bytes as such that any mechanism takes. Longer ones are not read.
pub(crate) const LONGEST_VALUE: usize = 1 << 16;

/// `CK_GCM_PARAMS` without `ulIvBits`, which some clients still send.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_snake_case)] // C's names.
pub(crate) struct OldGcmParams {
    pub(crate) pIv: *mut CK_BYTE,
    pub(crate) ulIvLen: CK_ULONG,
    pub(crate) pAAD: *mut CK_BYTE,
    pub(crate) ulAADLen: CK_ULONG,
    pub(crate) ulTagBits: CK_ULONG,
}

/// Mechanisms that take parameters, with every form of theirs; those not here take none.
const TABLE: &[(MechanismType, &[Form])] = &[
    (CKM_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA1_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA224_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA256_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA384_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA512_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA3_224_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA3_256_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA3_384_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_SHA3_512_RSA_PKCS_PSS, &[Form::Pss]),
    (CKM_RSA_PKCS_OAEP, &[Form::Oaep]),
    (CKM_RSA_AES_KEY_WRAP, &[Form::RsaAesKeyWrap]),
    (CKM_AES_CBC, &[Form::Iv]),
    (CKM_AES_CBC_PAD, &[Form::Iv]),
    (CKM_AES_OFB, &[Form::Iv]),
    (CKM_AES_CFB1, &[Form::Iv]),
    (CKM_AES_CFB8, &[Form::Iv]),
    (CKM_AES_CFB64, &[Form::Iv]),
    (CKM_AES_CFB128, &[Form::Iv]),
    (CKM_AES_CTS, &[Form::Iv]),
    (CKM_AES_XTS, &[Form::Iv]),
    (CKM_DES_CBC, &[Form::Iv]),
    (CKM_DES_CBC_PAD, &[Form::Iv]),
    (CKM_DES3_CBC, &[Form::Iv]),
    (CKM_DES3_CBC_PAD, &[Form::Iv]),
    (CKM_CAMELLIA_CBC, &[Form::Iv]),
    (CKM_CAMELLIA_CBC_PAD, &[Form::Iv]),
    (CKM_AES_CTR, &[Form::Counter]),
    (CKM_CAMELLIA_CTR, &[Form::Counter]),
    (CKM_AES_GCM, &[Form::Gcm, Form::OldGcm]),
    (CKM_CLOUDHSM_AES_GCM, &[Form::Gcm, Form::OldGcm]),
    (CKM_AES_CCM, &[Form::Ccm]),
    // The older form is an initialisation vector alone, of another length than the structure.
    (CKM_AES_GMAC, &[Form::Gcm, Form::Value]),
    (CKM_DH_PKCS_DERIVE, &[Form::Value]),
    (CKM_AES_KEY_WRAP, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_PAD, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_KWP, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_PKCS7, &[Form::Iv]),
    (CKM_CHACHA20, &[Form::ChaCha20]),
    (CKM_CHACHA20_POLY1305, &[Form::ChaCha20Poly1305]),
    (CKM_ECDH1_DERIVE, &[Form::Ecdh1]),
    (CKM_ECDH1_COFACTOR_DERIVE, &[Form::Ecdh1]),
    (CKM_ECDH_AES_KEY_WRAP, &[Form::EcdhAesKeyWrap]),
    (CKM_ECDH_COF_AES_KEY_WRAP, &[Form::EcdhAesKeyWrap]),
    (CKM_ECDH_X_AES_KEY_WRAP, &[Form::EcdhAesKeyWrap]),
    (CKM_EDDSA, &[Form::Eddsa]),
    (CKM_AES_CMAC_GENERAL, &[Form::MacLen]),
    (CKM_AES_MAC_GENERAL, &[Form::MacLen]),
    (CKM_DES_MAC_GENERAL, &[Form::MacLen]),
    (CKM_DES3_MAC_GENERAL, &[Form::MacLen]),
    (CKM_DES3_CMAC_GENERAL, &[Form::MacLen]),
    (CKM_CAMELLIA_MAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_T, &[Form::MacLen]),
    (CKM_SHA512_T_HMAC, &[Form::MacLen]),
    (CKM_SHA512_T_KEY_DERIVATION, &[Form::MacLen]),
    (CKM_SHA_1_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA224_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA384_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_224_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA3_224_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA3_256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA3_384_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA3_512_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_MD5_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_RIPEMD160_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_BLAKE2B_160_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_BLAKE2B_256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_BLAKE2B_384_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_BLAKE2B_512_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_PKCS5_PBKD2, &[Form::Pbkd2]),
    (CKM_HKDF_DERIVE, &[Form::Hkdf]),
    (CKM_HKDF_DATA, &[Form::Hkdf]),
    (CKM_CONCATENATE_BASE_AND_DATA, &[Form::DerivationString]),
    (CKM_CONCATENATE_DATA_AND_BASE, &[Form::DerivationString]),
    (CKM_XOR_BASE_AND_DATA, &[Form::DerivationString]),
    (CKM_AES_ECB_ENCRYPT_DATA, &[Form::DerivationString]),
    (CKM_CAMELLIA_ECB_ENCRYPT_DATA, &[Form::DerivationString]),
    (CKM_DES_ECB_ENCRYPT_DATA, &[Form::DerivationString]),
    (CKM_DES3_ECB_ENCRYPT_DATA, &[Form::DerivationString]),
    (CKM_AES_CBC_ENCRYPT_DATA, &[Form::CbcEncryptData]),
    (CKM_CAMELLIA_CBC_ENCRYPT_DATA, &[Form::CbcEncryptData]),
    (CKM_DES_CBC_ENCRYPT_DATA, &[Form::DesCbcEncryptData]),
    (CKM_DES3_CBC_ENCRYPT_DATA, &[Form::DesCbcEncryptData]),
    (CKM_CONCATENATE_BASE_AND_KEY, &[Form::Key]),
    (CKM_EXTRACT_KEY_FROM_KEY, &[Form::Extract]),
    (CKM_SP800_108_COUNTER_KDF, &[Form::Sp800108]),
    (CKM_SP800_108_DOUBLE_PIPELINE_KDF, &[Form::Sp800108]),
    (CKM_SP800_108_FEEDBACK_KDF, &[Form::Sp800108Feedback]),
    (CKM_TLS12_MASTER_KEY_DERIVE, &[Form::Tls12Master]),
    (CKM_TLS12_MASTER_KEY_DERIVE_DH, &[Form::Tls12Master]),
    (CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &[Form::Tls12ExtendedMaster]),
    (CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &[Form::Tls12ExtendedMaster]),
    (CKM_TLS12_KEY_AND_MAC_DERIVE, &[Form::Tls12KeyMaterial]),
    (CKM_TLS12_KEY_SAFE_DERIVE, &[Form::Tls12KeyMaterial]),
    (CKM_TLS_KDF, &[Form::TlsKdf]),
    (CKM_TLS12_KDF, &[Form::TlsKdf]),
    (CKM_TLS_MAC, &[Form::TlsMac]),
    (CKM_TLS12_MAC, &[Form::TlsMac]),
    (CKM_ML_DSA, &[Form::SignContext]),
    (CKM_ML_DSA_EXTERNAL_MU, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA224, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA256, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA384, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA512, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA3_224, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA3_256, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA3_384, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHA3_512, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHAKE128, &[Form::SignContext]),
    (CKM_HASH_ML_DSA_SHAKE256, &[Form::SignContext]),
    (CKM_SLH_DSA, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA224, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA256, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA384, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA512, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA3_224, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA3_256, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA3_384, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHA3_512, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHAKE128, &[Form::SignContext]),
    (CKM_HASH_SLH_DSA_SHAKE256, &[Form::SignContext]),
    (CKM_HASH_ML_DSA, &[Form::HashSignContext]),
    (CKM_HASH_SLH_DSA, &[Form::HashSignContext]),
    (CKM_HOTP, &[Form::Otp]),
];

/// A structure of a message's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageForm {
    /// `CK_GCM_MESSAGE_PARAMS`
    Gcm,
    /// `CK_CCM_MESSAGE_PARAMS`
    Ccm,
    /// `CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS`
    ChaCha20Poly1305,
}

/// Mechanisms whose messages have parameters.
const MESSAGES: &[(MechanismType, MessageForm)] = &[
    (CKM_AES_GCM, MessageForm::Gcm),
    (CKM_AES_CCM, MessageForm::Ccm),
    (CKM_CHACHA20_POLY1305, MessageForm::ChaCha20Poly1305),
];

/// The form of a mechanism's messages, if parameters of `len` bytes can have it.
pub(crate) fn message_form(mechanism: MechanismType, len: CK_ULONG) -> Option<MessageForm> {
    let form = MESSAGES.iter().find(|row| row.0 == mechanism)?.1;
    let size = match form {
        MessageForm::Gcm => size_of::<CK_GCM_MESSAGE_PARAMS>(),
        MessageForm::Ccm => size_of::<CK_CCM_MESSAGE_PARAMS>(),
        MessageForm::ChaCha20Poly1305 => size_of::<CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS>(),
    };
    (usize::try_from(len) == Ok(size)).then_some(form)
}

/// What the parameters given for a mechanism are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// None, and the mechanism can do without.
    None,
    /// To be read in this form.
    Form(Form),
    /// Of no form that the mechanism takes: nobody touches them.
    Unknown,
}

impl Form {
    /// Whether parameters of `len` bytes can have this form.
    fn fits(self, len: usize) -> bool {
        len == match self {
            Self::Iv => return len <= LONGEST_IV,
            Self::Pss => size_of::<CK_RSA_PKCS_PSS_PARAMS>(),
            Self::Oaep => size_of::<CK_RSA_PKCS_OAEP_PARAMS>(),
            Self::Counter => size_of::<CK_AES_CTR_PARAMS>(),
            Self::Gcm => size_of::<CK_GCM_PARAMS>(),
            Self::OldGcm => size_of::<OldGcmParams>(),
            Self::Ecdh1 => size_of::<CK_ECDH1_DERIVE_PARAMS>(),
            Self::Eddsa => size_of::<CK_EDDSA_PARAMS>(),
            Self::MacLen => size_of::<CK_MAC_GENERAL_PARAMS>(),
            Self::Pbkd2 => size_of::<CK_PKCS5_PBKD2_PARAMS2>(),
            Self::Hkdf => size_of::<CK_HKDF_PARAMS>(),
            Self::Value => return len <= LONGEST_VALUE,
            Self::Ccm => size_of::<CK_CCM_PARAMS>(),
            Self::ChaCha20 => size_of::<CK_CHACHA20_PARAMS>(),
            Self::ChaCha20Poly1305 => size_of::<CK_SALSA20_CHACHA20_POLY1305_PARAMS>(),
            Self::RsaAesKeyWrap => size_of::<CK_RSA_AES_KEY_WRAP_PARAMS>(),
            Self::EcdhAesKeyWrap => size_of::<CK_ECDH_AES_KEY_WRAP_PARAMS>(),
            Self::DerivationString => size_of::<CK_KEY_DERIVATION_STRING_DATA>(),
            Self::CbcEncryptData => size_of::<CK_AES_CBC_ENCRYPT_DATA_PARAMS>(),
            Self::DesCbcEncryptData => size_of::<CK_DES_CBC_ENCRYPT_DATA_PARAMS>(),
            Self::Key => size_of::<CK_OBJECT_HANDLE>(),
            Self::Extract => size_of::<CK_EXTRACT_PARAMS>(),
            Self::Sp800108 => size_of::<CK_SP800_108_KDF_PARAMS>(),
            Self::Sp800108Feedback => size_of::<CK_SP800_108_FEEDBACK_KDF_PARAMS>(),
            Self::Tls12Master => size_of::<CK_TLS12_MASTER_KEY_DERIVE_PARAMS>(),
            Self::Tls12ExtendedMaster => size_of::<CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS>(),
            Self::Tls12KeyMaterial => size_of::<CK_TLS12_KEY_MAT_PARAMS>(),
            Self::TlsKdf => size_of::<CK_TLS_KDF_PARAMS>(),
            Self::TlsMac => size_of::<CK_TLS_MAC_PARAMS>(),
            Self::SignContext => size_of::<CK_SIGN_ADDITIONAL_CONTEXT>(),
            Self::HashSignContext => size_of::<CK_HASH_SIGN_ADDITIONAL_CONTEXT>(),
            Self::Otp => size_of::<CK_OTP_PARAMS>(),
        }
    }

    /// Whether the parameters are bytes as such, not a structure.
    pub(crate) fn is_bytes(self) -> bool {
        matches!(self, Self::Iv | Self::Value)
    }

    /// Whether a mechanism of this form may come without parameters.
    fn is_optional(self) -> bool {
        matches!(self, Self::Iv | Self::Value | Self::Eddsa | Self::SignContext | Self::Otp)
    }
}

/// What parameters of `len` bytes are to a mechanism.
///
/// A pointer with length 0 is none: C++ and Rust clients send the address of an empty array.
pub(crate) fn given(mechanism: MechanismType, len: CK_ULONG) -> Given {
    let forms = TABLE.iter().find(|row| row.0 == mechanism).map_or(&[][..], |row| row.1);
    let optional = forms.is_empty() || forms.iter().any(|form| form.is_optional());
    match usize::try_from(len) {
        Ok(0) if optional => Given::None,
        Ok(len) => forms.iter().find(|form| form.fits(len)).map_or(Given::Unknown, |form| Given::Form(*form)),
        Err(_) => Given::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs11::constants::{CKM_RSA_PKCS, CKM_SHA256_HMAC};

    #[test]
    fn each_form_is_known_by_its_length() {
        for (mechanism, len, form) in [
            (CKM_RSA_PKCS_PSS, 24, Form::Pss),
            (CKM_RSA_PKCS_OAEP, 40, Form::Oaep),
            (CKM_AES_CTR, 24, Form::Counter),
            (CKM_AES_GCM, 48, Form::Gcm),
            (CKM_AES_GCM, 40, Form::OldGcm),
            (CKM_ECDH1_DERIVE, 40, Form::Ecdh1),
            (CKM_AES_CBC, 16, Form::Iv),
            (CKM_AES_KEY_WRAP, 8, Form::Iv),
            (CKM_EDDSA, 24, Form::Eddsa),
            (CKM_SHA256_HMAC_GENERAL, 8, Form::MacLen),
            (CKM_AES_CMAC_GENERAL, 8, Form::MacLen),
            (CKM_PKCS5_PBKD2, 72, Form::Pbkd2),
            (CKM_HKDF_DERIVE, 64, Form::Hkdf),
            (CKM_HKDF_DATA, 64, Form::Hkdf),
            (CKM_DH_PKCS_DERIVE, 256, Form::Value),
            (CKM_AES_CCM, 48, Form::Ccm),
            (CKM_CHACHA20, 32, Form::ChaCha20),
            (CKM_CHACHA20_POLY1305, 32, Form::ChaCha20Poly1305),
            (CKM_RSA_AES_KEY_WRAP, 16, Form::RsaAesKeyWrap),
            (CKM_ECDH_AES_KEY_WRAP, 32, Form::EcdhAesKeyWrap),
            (CKM_XOR_BASE_AND_DATA, 16, Form::DerivationString),
            (CKM_AES_CBC_ENCRYPT_DATA, 32, Form::CbcEncryptData),
            (CKM_DES3_CBC_ENCRYPT_DATA, 24, Form::DesCbcEncryptData),
            (CKM_CONCATENATE_BASE_AND_KEY, 8, Form::Key),
            (CKM_EXTRACT_KEY_FROM_KEY, 8, Form::Extract),
            (CKM_SP800_108_COUNTER_KDF, 40, Form::Sp800108),
            (CKM_SP800_108_FEEDBACK_KDF, 56, Form::Sp800108Feedback),
            (CKM_TLS12_MASTER_KEY_DERIVE, 48, Form::Tls12Master),
            (CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, 32, Form::Tls12ExtendedMaster),
            (CKM_TLS12_KEY_AND_MAC_DERIVE, 80, Form::Tls12KeyMaterial),
            (CKM_TLS_KDF, 72, Form::TlsKdf),
            (CKM_TLS_MAC, 24, Form::TlsMac),
            (CKM_ML_DSA, 24, Form::SignContext),
            (CKM_HASH_SLH_DSA, 32, Form::HashSignContext),
            (CKM_HOTP, 16, Form::Otp),
        ] {
            assert_eq!(given(mechanism, len), Given::Form(form));
        }
    }

    #[test]
    fn each_form_of_messages_is_known_by_its_length() {
        for (mechanism, len, form) in [
            (CKM_AES_GCM, 48, MessageForm::Gcm),
            (CKM_AES_CCM, 56, MessageForm::Ccm),
            (CKM_CHACHA20_POLY1305, 24, MessageForm::ChaCha20Poly1305),
        ] {
            assert_eq!(message_form(mechanism, len), Some(form));
            for other in [0, len - 1, len + 1, u64::MAX] {
                assert_eq!(message_form(mechanism, other), None);
            }
            assert_eq!(message_form(CKM_RSA_PKCS, len), None);
        }
    }

    #[test]
    fn parameters_of_another_length_are_not_touched() {
        for mechanism in [
            CKM_RSA_PKCS_PSS,
            CKM_RSA_PKCS_OAEP,
            CKM_AES_CTR,
            CKM_AES_GCM,
            CKM_ECDH1_DERIVE,
            CKM_SHA256_HMAC_GENERAL,
            CKM_PKCS5_PBKD2,
            CKM_HKDF_DERIVE,
        ] {
            for len in [0, 1, 23, 25, 39, 41, 47, 49, 1 << 32, u64::MAX] {
                assert_eq!(given(mechanism, len), Given::Unknown, "{mechanism:#x} with {len}");
            }
        }
        assert_eq!(given(CKM_AES_CBC, 17), Given::Unknown);
        assert_eq!(given(CKM_AES_KEY_WRAP, u64::MAX), Given::Unknown);
    }

    #[test]
    fn no_initialisation_vector_is_for_the_mechanism_to_judge() {
        for mechanism in
            [CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_CBC, CKM_EDDSA]
        {
            assert_eq!(given(mechanism, 0), Given::None);
        }
    }

    #[test]
    fn a_mechanism_without_parameters_takes_none() {
        for mechanism in [CKM_RSA_PKCS, CKM_SHA256_HMAC] {
            assert_eq!((given(mechanism, 0), given(mechanism, 24)), (Given::None, Given::Unknown));
        }
    }
}
