//! TABLE: what a token in approved mode does, a row a publication of NIST and what that asks.
//!
//! docs/decisions/0042 says how a mechanism comes into the table, docs/approved.md what the mode promises.
//! Sizes of keys are those of [`crate::mechanism::Key::size`].

use std::collections::HashMap;

use once_cell::sync::Lazy;
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_MODULUS_BITS, CKA_PRIME, CKA_VALUE_LEN, CKD_NULL, CKD_SHA1_KDF, CKD_SHA1_KDF_SP800,
    CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800, CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800, CKD_SHA3_384_KDF,
    CKD_SHA3_384_KDF_SP800, CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800, CKD_SHA224_KDF, CKD_SHA224_KDF_SP800,
    CKD_SHA256_KDF, CKD_SHA256_KDF_SP800, CKD_SHA384_KDF, CKD_SHA384_KDF_SP800, CKD_SHA512_KDF,
    CKD_SHA512_KDF_SP800, CKG_MGF1_SHA1, CKG_MGF1_SHA3_224, CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384,
    CKG_MGF1_SHA3_512, CKG_MGF1_SHA224, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKG_NO_GENERATE,
    CKK_DH, CKK_RSA, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64,
    CKM_AES_CFB128, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_GCM,
    CKM_AES_GMAC, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_OFB, CKM_AES_XTS,
    CKM_AES_XTS_KEY_GEN, CKM_CONCATENATE_BASE_AND_KEY, CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC,
    CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA, CKM_DSA_SHA1,
    CKM_DSA_SHA3_224, CKM_DSA_SHA3_256, CKM_DSA_SHA3_384, CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256,
    CKM_DSA_SHA384, CKM_DSA_SHA512, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA3_224,
    CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384, CKM_ECDSA_SHA3_512, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
    CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_EDDSA, CKM_GENERIC_SECRET_KEY_GEN, CKM_HASH_ML_DSA,
    CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512,
    CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512,
    CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224,
    CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224,
    CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128,
    CKM_HASH_SLH_DSA_SHAKE256, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN, CKM_ML_DSA,
    CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKM_PKCS5_PBKD2, CKM_RSA_PKCS,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_SHA_1, CKM_SHA_1_HMAC,
    CKM_SHA_1_HMAC_GENERAL, CKM_SHA_1_KEY_GEN, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224,
    CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_KEY_GEN, CKM_SHA3_224_RSA_PKCS,
    CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL,
    CKM_SHA3_256_KEY_GEN, CKM_SHA3_256_RSA_PKCS, CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384, CKM_SHA3_384_HMAC,
    CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_KEY_GEN, CKM_SHA3_384_RSA_PKCS, CKM_SHA3_384_RSA_PKCS_PSS,
    CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL, CKM_SHA3_512_KEY_GEN, CKM_SHA3_512_RSA_PKCS,
    CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA224_KEY_GEN,
    CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
    CKM_SHA256_KEY_GEN, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL, CKM_SHA384_KEY_GEN, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512,
    CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_KEY_GEN, CKM_SHA512_256,
    CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_256_KEY_GEN, CKM_SHA512_HMAC,
    CKM_SHA512_HMAC_GENERAL, CKM_SHA512_KEY_GEN, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T,
    CKM_SHA512_T_HMAC, CKM_SHA512_T_KEY_GEN, CKM_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKP_PKCS5_PBKD2_HMAC_SHA1,
    CKP_PKCS5_PBKD2_HMAC_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_PKCS5_PBKD2_HMAC_SHA384,
    CKP_PKCS5_PBKD2_HMAC_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512_224, CKP_PKCS5_PBKD2_HMAC_SHA512_256,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;
use pkcs11::{Attributes, Error, Mechanism, MechanismType, MessageParameters, Parameters, Result};

use super::usage::Operation;

/// `Roster::mode` of a token that offers everything.
pub const EVERYTHING: u64 = 0;
/// `Roster::mode` of a token that offers what this table has. Never to be left.
pub const APPROVED_ONLY: u64 = 1;

/// The bit of `CKA_OBJECT_VALIDATION_FLAGS`, of a session's flags and of the token's one validation object: what was done
/// meets this table, in whatever mode the token is. No laboratory has looked at it.
pub const MEETS_THE_TABLE: u64 = 1;

/// What is done with a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A digest.
    Digest,
    /// Keys or parameters are made.
    Generate,
    /// A key is used.
    Use(Operation),
}

use Act::{Digest, Generate, Use};
use Operation::{
    Decapsulate, Decrypt, Derive, Encapsulate, Encrypt, Sign, SignRecover, Unwrap, Verify, VerifyRecover,
    Wrap,
};

/// What else a publication asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The curve is one of SP 800-186, and not one that it has for old uses.
    NistCurve,
    /// The prime is one of RFC 3526 or RFC 7919 (SP 800-56A appendix D).
    KnownPrime,
    /// Every hash that the parameters name is one of FIPS 180-4 or 202; not SHA-1.
    StrongHash,
    /// The same, or SHA-1 until the end of 2030 (SP 800-131A).
    Hash,
    /// The salt of PSS is no longer than the digest (FIPS 186-5 section 5.4).
    ShortSalt,
    /// The digest is cut to 224 or 256 bits (FIPS 180-4 section 5.3.6).
    CutTo224Or256,
}

/// What does not forbid an act, and is not met by it for sure: the validation flag stays away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There is none.
    Nothing,
    /// The digest was made outside, by a function that the token does not know.
    HashOutside,
    /// The caller chose the vector (guidance to FIPS 140-3, C.H).
    CallersVector,
    /// The shared secret is told as it is: what derives from it is outside.
    NoDerivation,
    /// Salt under 16 bytes, or under 1,000 iterations (SP 800-132 sections 5.1 and 5.2).
    WeakPassword,
    /// A MAC under 32 bits (SP 800-107 section 5.3.3).
    ShortMac,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Approval {
    /// The publication.
    pub by: &'static str,
    /// Which mechanisms.
    pub mechanisms: &'static [MechanismType],
    /// What may be done with them.
    pub acts: &'static [Act],
    /// The smallest key; 0 where there is none.
    pub least: u64,
    /// What else must hold.
    pub conditions: &'static [Condition],
    /// The last year, where there is one.
    pub until: Option<u64>,
}

const fn row(
    by: &'static str,
    mechanisms: &'static [MechanismType],
    acts: &'static [Act],
    least: u64,
    conditions: &'static [Condition],
) -> Approval {
    Approval { by, mechanisms, acts, least, conditions, until: None }
}

/// The year in which SHA-1 ends (SP 800-131A).
const LAST_OF_SHA_1: u64 = 2030;

const SIGN: &[Act] = &[Use(Sign)];
const VERIFY: &[Act] = &[Use(Verify)];
const BOTH: &[Act] = &[Use(Sign), Use(Verify)];
const CIPHER: &[Act] = &[Use(Encrypt), Use(Decrypt), Use(Wrap), Use(Unwrap)];
const OPEN: &[Act] = &[Use(Decrypt), Use(Unwrap)];
const DERIVE: &[Act] = &[Use(Derive)];
const GENERATE: &[Act] = &[Generate];
const DIGEST: &[Act] = &[Digest];

/// To verify what is old.
const OLD_SIGNATURES: &str = "SP 800-131A, what is old";

/// Bytes of the weakest key (SP 800-131A section 1.2.1).
const BYTES: u64 = 14;

/// Every approval once.
pub const APPROVALS: &[Approval] = &[
    row("FIPS 186-5", &[CKM_RSA_PKCS_KEY_PAIR_GEN], GENERATE, 2048, &[]),
    row("FIPS 186-5", RSA_SIGNATURES, SIGN, 2048, &[Condition::StrongHash, Condition::ShortSalt]),
    // 1024 bits: SP 800-131A section 3.
    row("FIPS 186-5", RSA_SIGNATURES, VERIFY, 1024, &[Condition::ShortSalt]),
    row("FIPS 186-5, of a digest", &[CKM_RSA_PKCS], SIGN, 2048, &[]),
    row("FIPS 186-5, of a digest", &[CKM_RSA_PKCS], VERIFY, 1024, &[]),
    row(OLD_SIGNATURES, &[CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS], VERIFY, 1024, &[]),
    row("SP 800-56B", &[CKM_RSA_PKCS_OAEP], TRANSPORT, 2048, &[Condition::Hash]),
    row("FIPS 186-5, NIST's curves", &[CKM_EC_KEY_PAIR_GEN], GENERATE, 224, &[Condition::NistCurve]),
    row("FIPS 186-5, NIST's curves", ECDSA, BOTH, 224, &[Condition::NistCurve]),
    row(OLD_SIGNATURES, &[CKM_ECDSA_SHA1], VERIFY, 224, &[Condition::NistCurve]),
    row(
        "SP 800-56A, NIST's curves",
        &[CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE],
        AGREE,
        224,
        &[Condition::NistCurve, Condition::Hash],
    ),
    row("FIPS 186-5", &[CKM_EC_EDWARDS_KEY_PAIR_GEN], GENERATE, 255, &[]),
    row("FIPS 186-5", &[CKM_EDDSA], BOTH, 255, &[]),
    row(
        "SP 800-56A, the groups of RFC 3526 and RFC 7919",
        &[CKM_DH_PKCS_KEY_PAIR_GEN],
        GENERATE,
        2048,
        &[Condition::KnownPrime],
    ),
    row(
        "SP 800-56A, the groups of RFC 3526 and RFC 7919",
        &[CKM_DH_PKCS_DERIVE],
        DERIVE,
        2048,
        &[Condition::KnownPrime],
    ),
    row("FIPS 186-5, what is old", DSA, VERIFY, 1024, &[]),
    row(OLD_SIGNATURES, &[CKM_DSA_SHA1], VERIFY, 1024, &[]),
    row("SP 800-133", &[CKM_GENERIC_SECRET_KEY_GEN], GENERATE, BYTES, &[]),
    row("SP 800-133", &[CKM_AES_KEY_GEN], GENERATE, 16, &[]),
    row("SP 800-133", &[CKM_AES_XTS_KEY_GEN], GENERATE, 32, &[]),
    row(
        "SP 800-38A",
        &[
            CKM_AES_ECB,
            CKM_AES_CBC,
            CKM_AES_CBC_PAD,
            CKM_AES_CTR,
            CKM_AES_CFB1,
            CKM_AES_CFB8,
            CKM_AES_CFB64,
            CKM_AES_CFB128,
            CKM_AES_OFB,
        ],
        // Keys are wrapped by what guards them: SP 800-38F section 3.1.
        &[Use(Encrypt), Use(Decrypt)],
        16,
        &[],
    ),
    row("SP 800-38A addendum", &[CKM_AES_CTS], &[Use(Encrypt), Use(Decrypt)], 16, &[]),
    row("SP 800-38B", &[CKM_AES_CMAC, CKM_AES_CMAC_GENERAL], BOTH, 16, &[]),
    row("SP 800-38C", &[CKM_AES_CCM], CIPHER, 16, &[]),
    row("SP 800-38D", &[CKM_AES_GCM, CKM_CLOUDHSM_AES_GCM], CIPHER, 16, &[]),
    row("SP 800-38D", &[CKM_AES_GMAC], BOTH, 16, &[]),
    row("SP 800-38E, for storage", &[CKM_AES_XTS], &[Use(Encrypt), Use(Decrypt)], 32, &[]),
    row("SP 800-38F", &[CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP], CIPHER, 16, &[]),
    row("SP 800-131A, what is old", &[CKM_DES3_ECB, CKM_DES3_CBC, CKM_DES3_CBC_PAD], OPEN, 16, &[]),
    row("SP 800-131A, what is old", &[CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL], VERIFY, 16, &[]),
    Approval { until: Some(LAST_OF_SHA_1), ..row("FIPS 180-4, until 2030", &[CKM_SHA_1], DIGEST, 0, &[]) },
    row("FIPS 180-4", SHA2, DIGEST, 0, &[]),
    row("FIPS 180-4, of 224 and 256 bits", &[CKM_SHA512_T], DIGEST, 0, &[Condition::CutTo224Or256]),
    row("FIPS 202", SHA3, DIGEST, 0, &[]),
    Approval {
        until: Some(LAST_OF_SHA_1),
        ..row("FIPS 198-1, until 2030", &[CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL], BOTH, BYTES, &[])
    },
    row("FIPS 198-1", HMAC, BOTH, BYTES, &[]),
    row("FIPS 198-1, of 224 and 256 bits", &[CKM_SHA512_T_HMAC], BOTH, BYTES, &[Condition::CutTo224Or256]),
    row("SP 800-133", HMAC_KEY_GEN, GENERATE, BYTES, &[]),
    row("SP 800-132, for storage", &[CKM_PKCS5_PBKD2], GENERATE, BYTES, &[Condition::Hash]),
    row("SP 800-56C", &[CKM_HKDF_DERIVE, CKM_HKDF_DATA], DERIVE, BYTES, &[Condition::Hash]),
    row("SP 800-133", &[CKM_HKDF_KEY_GEN], GENERATE, BYTES, &[]),
    row(
        "SP 800-135",
        &[
            CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
            CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
            CKM_TLS12_KEY_AND_MAC_DERIVE,
            CKM_TLS12_KEY_SAFE_DERIVE,
        ],
        DERIVE,
        0,
        &[Condition::StrongHash],
    ),
    row(
        "SP 800-108",
        &[CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF],
        DERIVE,
        BYTES,
        &[Condition::Hash],
    ),
    row("SP 800-133, of independent keys", &[CKM_CONCATENATE_BASE_AND_KEY], DERIVE, BYTES, &[]),
    row("FIPS 204", &[CKM_ML_DSA_KEY_PAIR_GEN], GENERATE, 0, &[]),
    row("FIPS 204", ML_DSA, BOTH, 0, &[Condition::StrongHash]),
    row("FIPS 203", &[CKM_ML_KEM_KEY_PAIR_GEN], GENERATE, 0, &[]),
    row("FIPS 203", &[CKM_ML_KEM], &[Use(Encapsulate), Use(Decapsulate)], 0, &[]),
    row("FIPS 205", &[CKM_SLH_DSA_KEY_PAIR_GEN], GENERATE, 0, &[]),
    row("FIPS 205", SLH_DSA, BOTH, 0, &[Condition::StrongHash]),
];

const TRANSPORT: &[Act] =
    &[Use(Encrypt), Use(Decrypt), Use(Wrap), Use(Unwrap), Use(Encapsulate), Use(Decapsulate)];
const AGREE: &[Act] = &[Use(Derive), Use(Encapsulate), Use(Decapsulate)];

const RSA_SIGNATURES: &[MechanismType] = &[
    CKM_SHA224_RSA_PKCS,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA384_RSA_PKCS,
    CKM_SHA512_RSA_PKCS,
    CKM_SHA3_224_RSA_PKCS,
    CKM_SHA3_256_RSA_PKCS,
    CKM_SHA3_384_RSA_PKCS,
    CKM_SHA3_512_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_SHA224_RSA_PKCS_PSS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA384_RSA_PKCS_PSS,
    CKM_SHA512_RSA_PKCS_PSS,
    CKM_SHA3_224_RSA_PKCS_PSS,
    CKM_SHA3_256_RSA_PKCS_PSS,
    CKM_SHA3_384_RSA_PKCS_PSS,
    CKM_SHA3_512_RSA_PKCS_PSS,
];

const ECDSA: &[MechanismType] = &[
    CKM_ECDSA,
    CKM_ECDSA_SHA224,
    CKM_ECDSA_SHA256,
    CKM_ECDSA_SHA384,
    CKM_ECDSA_SHA512,
    CKM_ECDSA_SHA3_224,
    CKM_ECDSA_SHA3_256,
    CKM_ECDSA_SHA3_384,
    CKM_ECDSA_SHA3_512,
];

const DSA: &[MechanismType] = &[
    CKM_DSA,
    CKM_DSA_SHA224,
    CKM_DSA_SHA256,
    CKM_DSA_SHA384,
    CKM_DSA_SHA512,
    CKM_DSA_SHA3_224,
    CKM_DSA_SHA3_256,
    CKM_DSA_SHA3_384,
    CKM_DSA_SHA3_512,
];

const SHA2: &[MechanismType] =
    &[CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_256];

const SHA3: &[MechanismType] = &[CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512];

const HMAC: &[MechanismType] = &[
    CKM_SHA224_HMAC,
    CKM_SHA224_HMAC_GENERAL,
    CKM_SHA256_HMAC,
    CKM_SHA256_HMAC_GENERAL,
    CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL,
    CKM_SHA512_HMAC,
    CKM_SHA512_HMAC_GENERAL,
    CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL,
    CKM_SHA512_256_HMAC,
    CKM_SHA512_256_HMAC_GENERAL,
    CKM_SHA3_224_HMAC,
    CKM_SHA3_224_HMAC_GENERAL,
    CKM_SHA3_256_HMAC,
    CKM_SHA3_256_HMAC_GENERAL,
    CKM_SHA3_384_HMAC,
    CKM_SHA3_384_HMAC_GENERAL,
    CKM_SHA3_512_HMAC,
    CKM_SHA3_512_HMAC_GENERAL,
];

const HMAC_KEY_GEN: &[MechanismType] = &[
    CKM_SHA_1_KEY_GEN,
    CKM_SHA224_KEY_GEN,
    CKM_SHA256_KEY_GEN,
    CKM_SHA384_KEY_GEN,
    CKM_SHA512_KEY_GEN,
    CKM_SHA512_224_KEY_GEN,
    CKM_SHA512_256_KEY_GEN,
    CKM_SHA512_T_KEY_GEN,
    CKM_SHA3_224_KEY_GEN,
    CKM_SHA3_256_KEY_GEN,
    CKM_SHA3_384_KEY_GEN,
    CKM_SHA3_512_KEY_GEN,
];

const ML_DSA: &[MechanismType] = &[
    CKM_ML_DSA,
    CKM_HASH_ML_DSA,
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
    CKM_ML_DSA_EXTERNAL_MU,
];

const SLH_DSA: &[MechanismType] = &[
    CKM_SLH_DSA,
    CKM_HASH_SLH_DSA,
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
];

/// Mechanisms whose digest the caller makes.
const OF_A_DIGEST: &[MechanismType] = &[
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_ECDSA,
    CKM_DSA,
    CKM_HASH_ML_DSA,
    CKM_HASH_SLH_DSA,
    CKM_ML_DSA_EXTERNAL_MU,
];

/// Mechanisms that a vector given twice breaks.
const OF_A_VECTOR: &[MechanismType] = &[CKM_AES_GCM, CKM_AES_GMAC];

/// The curves: P-224, P-256, P-384, P-521 as object identifiers (SP 800-186 section 3.2.1, RFC 5480).
const CURVES: [&[u8]; 4] = [
    b"\x06\x05\x2b\x81\x04\x00\x21",
    b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
    b"\x06\x05\x2b\x81\x04\x00\x22",
    b"\x06\x05\x2b\x81\x04\x00\x23",
];

/// A hash, by all that parameters call it: mechanism, mask generation, derivation function, pseudo-random functions.
struct HashNames {
    strong: bool,
    /// Bytes of the digest.
    len: u64,
    mechanism: MechanismType,
    mask: &'static [u64],
    derivation: &'static [u64],
    of_passwords: &'static [u64],
    hmac: MechanismType,
}

/// The hashes of FIPS 180-4 and 202.
const HASHES: [HashNames; 11] = [
    HashNames {
        strong: false,
        len: 20,
        mechanism: CKM_SHA_1,
        mask: &[CKG_MGF1_SHA1],
        derivation: &[CKD_SHA1_KDF, CKD_SHA1_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA1],
        hmac: CKM_SHA_1_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA224,
        mask: &[CKG_MGF1_SHA224],
        derivation: &[CKD_SHA224_KDF, CKD_SHA224_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA224],
        hmac: CKM_SHA224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA256,
        mask: &[CKG_MGF1_SHA256],
        derivation: &[CKD_SHA256_KDF, CKD_SHA256_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA256],
        hmac: CKM_SHA256_HMAC,
    },
    HashNames {
        strong: true,
        len: 48,
        mechanism: CKM_SHA384,
        mask: &[CKG_MGF1_SHA384],
        derivation: &[CKD_SHA384_KDF, CKD_SHA384_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA384],
        hmac: CKM_SHA384_HMAC,
    },
    HashNames {
        strong: true,
        len: 64,
        mechanism: CKM_SHA512,
        mask: &[CKG_MGF1_SHA512],
        derivation: &[CKD_SHA512_KDF, CKD_SHA512_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512],
        hmac: CKM_SHA512_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA512_224,
        mask: &[],
        derivation: &[],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512_224],
        hmac: CKM_SHA512_224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA512_256,
        mask: &[],
        derivation: &[],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512_256],
        hmac: CKM_SHA512_256_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA3_224,
        mask: &[CKG_MGF1_SHA3_224],
        derivation: &[CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA3_256,
        mask: &[CKG_MGF1_SHA3_256],
        derivation: &[CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_256_HMAC,
    },
    HashNames {
        strong: true,
        len: 48,
        mechanism: CKM_SHA3_384,
        mask: &[CKG_MGF1_SHA3_384],
        derivation: &[CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_384_HMAC,
    },
    HashNames {
        strong: true,
        len: 64,
        mechanism: CKM_SHA3_512,
        mask: &[CKG_MGF1_SHA3_512],
        derivation: &[CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_512_HMAC,
    },
];

/// Something that is about to be done, or was just made and is about to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What.
    pub act: Act,
    /// By what.
    pub mechanism: &'a Mechanism,
    /// The key that is used or made, complete; none for a digest.
    pub key: Option<&'a Attributes>,
    /// Its size in the unit of the mechanism; 0 without a key.
    pub size: u64,
    /// The year of now.
    pub year: u64,
    /// Whether a prime is one that everybody knows.
    pub is_known_prime: fn(&[u8]) -> bool,
}

/// The rows of each mechanism.
static BY_MECHANISM: Lazy<HashMap<MechanismType, Vec<&'static Approval>>> = Lazy::new(|| {
    let mut rows: HashMap<MechanismType, Vec<&'static Approval>> = HashMap::new();
    for row in APPROVALS {
        for mechanism in row.mechanisms {
            rows.entry(*mechanism).or_default().push(row);
        }
    }
    rows
});

/// The rows of a mechanism.
#[must_use]
pub fn rows_of(mechanism: MechanismType) -> &'static [&'static Approval] {
    BY_MECHANISM.get(&mechanism).map_or(&[], Vec::as_slice)
}

/// The rows of a mechanism for an act, in a year.
fn rows(mechanism: MechanismType, act: Act, year: u64) -> impl Iterator<Item = &'static Approval> {
    let holds =
        move |row: &&'static Approval| row.acts.contains(&act) && row.until.is_none_or(|last| year <= last);
    rows_of(mechanism).iter().copied().filter(holds)
}

/// Whether a token in approved mode may offer a mechanism for an act.
///
/// # Errors
/// [`Error::MechanismInvalid`]
pub fn may_be_offered(mechanism: MechanismType, act: Act, year: u64) -> Result<()> {
    rows(mechanism, act, year).next().map(drop).ok_or(Error::MechanismInvalid(mechanism))
}

/// Mechanisms that count the bits of secrets whose bytes [`crate::mechanism::Key::size`] counts.
const OF_BITS: &[MechanismType] = &[
    CKM_GENERIC_SECRET_KEY_GEN,
    CKM_SP800_108_COUNTER_KDF,
    CKM_SP800_108_FEEDBACK_KDF,
    CKM_SP800_108_DOUBLE_PIPELINE_KDF,
];

/// The smallest key, in the unit that `C_GetMechanismInfo` tells, which a token in approved mode takes for anything but
/// what is old; where there is nothing else, for that.
#[must_use]
pub fn least_key(mechanism: MechanismType) -> u64 {
    let least = rows_of(mechanism).iter().map(|row| row.least).max().unwrap_or_default();
    if OF_BITS.contains(&mechanism) { least.saturating_mul(8) } else { least }
}

/// The year of a moment in milliseconds since 1970, by the calendar of Gregory.
#[must_use]
pub fn year_of(moment: u64) -> u64 {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    // Days since 0000-03-01, whose years end with the day that some have more.
    let days = moment / DAY + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    era * 400 + year + u64::from(day >= 306)
}

/// Whether what is asked is in the table; if it is, whether it meets all that the publication asks for sure.
///
/// # Errors
/// [`Error::MechanismInvalid`]: the mechanism does not do this here, or not with a key of this curve or group.
/// [`Error::CurveNotSupported`], [`Error::DomainParamsInvalid`]: the same, of a key that is made. [`Error::KeySizeRange`], and [`Error::AttributeValueInvalid`] of one that is made: the key is too weak. [`Error::MechanismParamInvalid`]: a hash in the parameters is too weak, or a
/// salt too long.
pub fn judge(asked: &Asked<'_>) -> Result<Doubt> {
    let mechanism = asked.mechanism.mechanism_type;
    let mut rows = rows(mechanism, asked.act, asked.year).peekable();
    rows.peek().ok_or(Error::MechanismInvalid(mechanism))?;
    let mut refused = Error::MechanismInvalid(mechanism);
    for row in rows {
        match meets(row, asked) {
            Ok(()) => return Ok(doubt(asked)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn meets(row: &Approval, asked: &Asked<'_>) -> Result<()> {
    if asked.size < row.least {
        return Err(too_weak(asked));
    }
    let hashes =
        row.conditions.iter().any(|condition| matches!(condition, Condition::StrongHash | Condition::Hash));
    for condition in row.conditions {
        let holds = match condition {
            Condition::NistCurve => bytes(asked, CKA_EC_PARAMS).is_some_and(|curve| CURVES.contains(&curve)),
            Condition::KnownPrime => bytes(asked, CKA_PRIME).is_some_and(asked.is_known_prime),
            Condition::StrongHash => hashes_are(asked, false),
            Condition::Hash => hashes_are(asked, asked.year <= LAST_OF_SHA_1),
            Condition::ShortSalt => salt_is_short(&asked.mechanism.parameters),
            Condition::CutTo224Or256 => {
                matches!(asked.mechanism.parameters, Parameters::MacLen(224 | 256))
            }
        };
        if holds {
            continue;
        }
        return Err(match (condition, asked.act) {
            // What the functions that make keys list.
            (Condition::NistCurve, Generate) => Error::CurveNotSupported,
            (Condition::KnownPrime, Generate) => Error::DomainParamsInvalid,
            (Condition::NistCurve | Condition::KnownPrime, _) => {
                Error::MechanismInvalid(asked.mechanism.mechanism_type)
            }
            _ => Error::MechanismParamInvalid("not approved: a hash, a salt or a length"),
        });
    }
    // A verification of what is old takes old hashes in its parameters, which its row does not ask about.
    if !hashes && !hashes_are(asked, true) {
        return Err(Error::MechanismParamInvalid("not approved: a hash"));
    }
    Ok(())
}

/// The functions that make keys list no word for their size: what asked for it is wrong.
fn too_weak(asked: &Asked<'_>) -> Error {
    match (asked.act, asked.key.and_then(Attributes::key_type)) {
        (Generate, Some(CKK_RSA)) => Error::AttributeValueInvalid(CKA_MODULUS_BITS),
        (Generate, Some(CKK_DH)) => Error::AttributeValueInvalid(CKA_PRIME),
        (Generate, _) => Error::AttributeValueInvalid(CKA_VALUE_LEN),
        _ => Error::KeySizeRange,
    }
}

fn bytes<'a>(asked: &Asked<'a>, attribute: u64) -> Option<&'a [u8]> {
    asked.key.and_then(|key| key.bytes(attribute))
}

/// Whether every hash that the parameters name is one of ours, SHA-1 only where it may be.
fn hashes_are(asked: &Asked<'_>, sha_1: bool) -> bool {
    let good = |hash: &HashNames| hash.strong || sha_1;
    let is = |found: fn(&HashNames, u64) -> bool, name: u64| {
        HASHES.iter().any(|hash| found(hash, name) && good(hash))
    };
    let mechanism: fn(&HashNames, u64) -> bool = |hash, name| hash.mechanism == name;
    let mask: fn(&HashNames, u64) -> bool = |hash, name| hash.mask.contains(&name);
    match &asked.mechanism.parameters {
        Parameters::Pss(pss) => is(mechanism, pss.hash) && is(mask, pss.mgf),
        Parameters::Oaep(oaep) => is(mechanism, oaep.hash) && is(mask, oaep.mgf),
        Parameters::Hkdf(hkdf) => is(mechanism, hkdf.hash),
        Parameters::Tls12Master(master) => is(mechanism, master.hash),
        Parameters::Tls12ExtendedMaster(master) => is(mechanism, master.hash),
        Parameters::Tls12KeyMaterial(material) => is(mechanism, material.hash),
        Parameters::HashSignContext(context) => is(mechanism, context.hash),
        Parameters::Pbkd2(parameters) => is(|hash, name| hash.of_passwords.contains(&name), parameters.prf),
        Parameters::Ecdh1(parameters) => {
            parameters.kdf == CKD_NULL || is(|hash, name| hash.derivation.contains(&name), parameters.kdf)
        }
        Parameters::Sp800108(parameters) => {
            parameters.prf == CKM_AES_CMAC || is(|hash, name| hash.hmac == name, parameters.prf)
        }
        _ => true,
    }
}

fn salt_is_short(parameters: &Parameters) -> bool {
    let Parameters::Pss(pss) = parameters else { return true };
    let hash = HASHES.iter().find(|hash| hash.mechanism == pss.hash);
    hash.is_some_and(|hash| pss.salt_len <= hash.len)
}

/// What an act that is in the table may still lack.
fn doubt(asked: &Asked<'_>) -> Doubt {
    let mechanism = asked.mechanism.mechanism_type;
    let makes = matches!(asked.act, Use(Sign | Encrypt | Wrap | SignRecover));
    match &asked.mechanism.parameters {
        _ if OF_A_DIGEST.contains(&mechanism)
            && matches!(asked.act, Use(Sign | Verify | SignRecover | VerifyRecover)) =>
        {
            Doubt::HashOutside
        }
        Parameters::Gcm(_) if OF_A_VECTOR.contains(&mechanism) && makes => Doubt::CallersVector,
        Parameters::Ecdh1(parameters) if parameters.kdf == CKD_NULL => Doubt::NoDerivation,
        _ if mechanism == CKM_DH_PKCS_DERIVE => Doubt::NoDerivation,
        Parameters::Pbkd2(parameters) if parameters.salt.len() < 16 || parameters.iterations < 1000 => {
            Doubt::WeakPassword
        }
        Parameters::MacLen(len) if *len < 4 => Doubt::ShortMac,
        _ => Doubt::Nothing,
    }
}

/// Whether the vector of a message that is encrypted is the caller's, of a mode that one given twice breaks.
#[must_use]
pub fn is_callers_vector(parameters: &MessageParameters) -> bool {
    matches!(parameters, MessageParameters::Gcm(message) if message.generator == CKG_NO_GENERATE)
}

#[cfg(test)]
mod tests;
