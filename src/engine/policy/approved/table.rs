//! TABLE: what a token in approved mode does, a row a publication of NIST and what that asks.
//!
//! docs/decisions/0042 says how a mechanism comes into it. Sizes of keys are those of [`crate::mechanism::Key::size`].

use pkcs11::MechanismType;
use pkcs11::constants::{
    CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128,
    CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_GMAC,
    CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_OFB, CKM_AES_XTS, CKM_AES_XTS_KEY_GEN,
    CKM_CONCATENATE_BASE_AND_KEY, CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL,
    CKM_DES3_ECB, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA, CKM_DSA_SHA1, CKM_DSA_SHA3_224,
    CKM_DSA_SHA3_256, CKM_DSA_SHA3_384, CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256, CKM_DSA_SHA384,
    CKM_DSA_SHA512, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_COFACTOR_DERIVE,
    CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA3_224, CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384,
    CKM_ECDSA_SHA3_512, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_EDDSA,
    CKM_GENERIC_SECRET_KEY_GEN, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256,
    CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256,
    CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256,
    CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384,
    CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224, CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384,
    CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE256, CKM_HKDF_DATA,
    CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN, CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM,
    CKM_ML_KEM_KEY_PAIR_GEN, CKM_PKCS5_PBKD2, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP,
    CKM_RSA_PKCS_PSS, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA_1_KEY_GEN,
    CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224, CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL,
    CKM_SHA3_224_KEY_GEN, CKM_SHA3_224_RSA_PKCS, CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256, CKM_SHA3_256_HMAC,
    CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_KEY_GEN, CKM_SHA3_256_RSA_PKCS, CKM_SHA3_256_RSA_PKCS_PSS,
    CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_KEY_GEN, CKM_SHA3_384_RSA_PKCS,
    CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL,
    CKM_SHA3_512_KEY_GEN, CKM_SHA3_512_RSA_PKCS, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224, CKM_SHA224_HMAC,
    CKM_SHA224_HMAC_GENERAL, CKM_SHA224_KEY_GEN, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256,
    CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA256_KEY_GEN, CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA384_KEY_GEN,
    CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_KEY_GEN, CKM_SHA512_256, CKM_SHA512_256_HMAC,
    CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_256_KEY_GEN, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL,
    CKM_SHA512_KEY_GEN, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_GEN, CKM_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SP800_108_COUNTER_KDF,
    CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;

use super::Act::{self, Digest, Generate, Use};
use crate::policy::usage::Operation::{
    Decapsulate, Decrypt, Derive, Encapsulate, Encrypt, Sign, Unwrap, Verify, Wrap,
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
pub(super) const LAST_OF_SHA_1: u64 = 2030;

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
