//! TABLE: the families of mechanisms, each with its section of the standard, the library that does each primitive, and
//! the publication by which a mechanism is an approved one. docs/mechanisms.md is made of it.

use engine::mechanism::MechanismRow;
use pkcs11::MechanismType;
use pkcs11::constants::{
    CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128,
    CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_GMAC,
    CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_OFB, CKM_AES_XTS, CKM_AES_XTS_KEY_GEN,
    CKM_BLAKE2B_160, CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL, CKM_BLAKE2B_160_KEY_DERIVE,
    CKM_BLAKE2B_160_KEY_GEN, CKM_BLAKE2B_256, CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL,
    CKM_BLAKE2B_256_KEY_DERIVE, CKM_BLAKE2B_256_KEY_GEN, CKM_BLAKE2B_384, CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_384_KEY_DERIVE, CKM_BLAKE2B_384_KEY_GEN, CKM_BLAKE2B_512,
    CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL, CKM_BLAKE2B_512_KEY_DERIVE, CKM_BLAKE2B_512_KEY_GEN,
    CKM_CHACHA20, CKM_CONCATENATE_BASE_AND_KEY, CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC,
    CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA, CKM_DSA_SHA1,
    CKM_DSA_SHA3_224, CKM_DSA_SHA3_256, CKM_DSA_SHA3_384, CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256,
    CKM_DSA_SHA384, CKM_DSA_SHA512, CKM_EC_KEY_PAIR_GEN, CKM_ECDH_X_AES_KEY_WRAP, CKM_ECDH1_COFACTOR_DERIVE,
    CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA3_224, CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384,
    CKM_ECDSA_SHA3_512, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512,
    CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384,
    CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384,
    CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256, CKM_HKDF_DATA,
    CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN, CKM_MD5, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL, CKM_MD5_KEY_DERIVATION,
    CKM_ML_DSA, CKM_RIPEMD160, CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL, CKM_RSA_PKCS,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_SHA_1, CKM_SHA_1_HMAC,
    CKM_SHA_1_HMAC_GENERAL, CKM_SHA_1_KEY_GEN, CKM_SHA1_KEY_DERIVATION, CKM_SHA1_RSA_PKCS,
    CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224, CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL,
    CKM_SHA3_224_KEY_DERIVATION, CKM_SHA3_224_KEY_GEN, CKM_SHA3_224_RSA_PKCS, CKM_SHA3_224_RSA_PKCS_PSS,
    CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_KEY_DERIVATION,
    CKM_SHA3_256_KEY_GEN, CKM_SHA3_256_RSA_PKCS, CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384, CKM_SHA3_384_HMAC,
    CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_KEY_DERIVATION, CKM_SHA3_384_KEY_GEN, CKM_SHA3_384_RSA_PKCS,
    CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL,
    CKM_SHA3_512_KEY_DERIVATION, CKM_SHA3_512_KEY_GEN, CKM_SHA3_512_RSA_PKCS, CKM_SHA3_512_RSA_PKCS_PSS,
    CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA224_KEY_DERIVATION, CKM_SHA224_KEY_GEN,
    CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
    CKM_SHA256_KEY_DERIVATION, CKM_SHA256_KEY_GEN, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384,
    CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA384_KEY_DERIVATION, CKM_SHA384_KEY_GEN,
    CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_KEY_DERIVATION, CKM_SHA512_224_KEY_GEN, CKM_SHA512_256,
    CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_256_KEY_DERIVATION, CKM_SHA512_256_KEY_GEN,
    CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_KEY_DERIVATION, CKM_SHA512_KEY_GEN,
    CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_DERIVATION, CKM_SHA512_T_KEY_GEN, CKM_SHAKE_128_KEY_DERIVATION,
    CKM_SHAKE_256_KEY_DERIVATION, CKM_TLS_KDF, CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE,
    CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC, CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;

use crate::{
    aes, camellia, chacha20, des, dh, digest, dsa, ec, edwards, hash_derivation, hkdf, hmac, hotp, ml_dsa,
    ml_kem, montgomery, pbkdf2, poly1305, public_key, rsa, secret, simple_derivation, slh_dsa, sp800_108,
    tls12,
};

/// A table of mechanisms, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What it is called.
    pub name: &'static str,
    /// Its section of PKCS#11 v3.2.
    pub section: &'static str,
    /// In what [`MechanismRow::sizes`] counts here.
    pub unit: Unit,
    /// The crates that do the primitives, by their names in the manifest.
    pub libraries: &'static [Statement],
    /// The publications that approve; what none approves is not approved.
    pub approved: &'static [Statement],
    /// The mechanisms.
    pub rows: &'static [MechanismRow],
}

/// What the sizes of keys count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bits.
    Bits,
    /// Bytes.
    Bytes,
    /// What the mechanisms of each key type count.
    OfTheType,
    /// There are no keys.
    Nothing,
}

/// Words that hold for mechanisms of a family.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// A crate or a publication.
    pub words: &'static str,
    /// The mechanisms; `None` for all of the family.
    pub of: Option<&'static [MechanismType]>,
}

impl Statement {
    /// Whether it is said of a mechanism of the family.
    #[must_use]
    pub fn holds_for(&self, mechanism: MechanismType) -> bool {
        self.of.is_none_or(|these| these.contains(&mechanism))
    }
}

/// Said of every mechanism of the family.
const fn all(words: &'static str) -> Statement {
    Statement { words, of: None }
}

/// Said of these.
const fn these(words: &'static str, mechanisms: &'static [MechanismType]) -> Statement {
    Statement { words, of: Some(mechanisms) }
}

/// There is no primitive: bytes are moved.
const NOBODY: &str = "none";

/// SHA-1 in signatures, which FIPS 186-5 no longer has.
const OLD_SIGNATURES: &str = "SP 800-131A, to verify what is old";

/// Every family once.
pub const FAMILIES: [Family; 25] = [
    Family {
        name: "RSA",
        section: "6.1",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        approved: &[
            these(
                "FIPS 186-5",
                &[
                    CKM_RSA_PKCS_KEY_PAIR_GEN,
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
                ],
            ),
            these("FIPS 186-5, of a digest", &[CKM_RSA_PKCS]),
            these(OLD_SIGNATURES, &[CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS]),
            these("SP 800-56B", &[CKM_RSA_PKCS_OAEP]),
        ],
        rows: rsa::MECHANISMS,
    },
    Family {
        name: "Elliptic curves",
        section: "6.3",
        unit: Unit::Bits,
        libraries: &[
            all("aws-lc-sys"),
            all("k256"),
            all("bp256"),
            all("bp384"),
            // With keys of Montgomery curves.
            these("x448", &[CKM_ECDH1_DERIVE, CKM_ECDH_X_AES_KEY_WRAP]),
        ],
        approved: &[
            these(
                "FIPS 186-5, NIST's curves",
                &[
                    CKM_EC_KEY_PAIR_GEN,
                    CKM_ECDSA,
                    CKM_ECDSA_SHA224,
                    CKM_ECDSA_SHA256,
                    CKM_ECDSA_SHA384,
                    CKM_ECDSA_SHA512,
                    CKM_ECDSA_SHA3_224,
                    CKM_ECDSA_SHA3_256,
                    CKM_ECDSA_SHA3_384,
                    CKM_ECDSA_SHA3_512,
                ],
            ),
            these(OLD_SIGNATURES, &[CKM_ECDSA_SHA1]),
            these("SP 800-56A, NIST's curves", &[CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE]),
        ],
        rows: ec::MECHANISMS,
    },
    Family {
        name: "Edwards curves",
        section: "6.3.14",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys"), all("ed448-goldilocks")],
        approved: &[all("FIPS 186-5")],
        rows: edwards::MECHANISMS,
    },
    Family {
        name: "Montgomery curves",
        section: "6.3.9",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys"), all("x448")],
        approved: &[],
        rows: montgomery::MECHANISMS,
    },
    Family {
        name: "Diffie-Hellman",
        section: "6.4",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        approved: &[these(
            "SP 800-56A, the groups of RFC 3526 and RFC 7919",
            &[CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_DERIVE],
        )],
        rows: dh::MECHANISMS,
    },
    Family {
        name: "DSA",
        section: "6.2",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        approved: &[
            these(
                "FIPS 186-5, to verify what is old",
                &[
                    CKM_DSA,
                    CKM_DSA_SHA224,
                    CKM_DSA_SHA256,
                    CKM_DSA_SHA384,
                    CKM_DSA_SHA512,
                    CKM_DSA_SHA3_224,
                    CKM_DSA_SHA3_256,
                    CKM_DSA_SHA3_384,
                    CKM_DSA_SHA3_512,
                ],
            ),
            these(OLD_SIGNATURES, &[CKM_DSA_SHA1]),
        ],
        rows: dsa::MECHANISMS,
    },
    Family {
        name: "Public keys from private ones",
        section: "6.43.8",
        unit: Unit::OfTheType,
        libraries: &[
            all("aws-lc-sys"),
            all("k256"),
            all("bp256"),
            all("bp384"),
            all("ed448-goldilocks"),
            all("x448"),
            all("slh-dsa"),
        ],
        approved: &[],
        rows: public_key::MECHANISMS,
    },
    Family {
        name: "Generic secrets",
        section: "6.8",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        approved: &[all("SP 800-133")],
        rows: secret::MECHANISMS,
    },
    Family {
        name: "AES",
        section: "6.10 to 6.17",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[
            these("SP 800-133", &[CKM_AES_KEY_GEN, CKM_AES_XTS_KEY_GEN]),
            these(
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
            ),
            these("SP 800-38A addendum", &[CKM_AES_CTS]),
            these("SP 800-38B", &[CKM_AES_CMAC, CKM_AES_CMAC_GENERAL]),
            these("SP 800-38C", &[CKM_AES_CCM]),
            these("SP 800-38D", &[CKM_AES_GCM, CKM_AES_GMAC, CKM_CLOUDHSM_AES_GCM]),
            these("SP 800-38E, for storage", &[CKM_AES_XTS]),
            these("SP 800-38F", &[CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP]),
        ],
        rows: aes::MECHANISMS,
    },
    Family {
        name: "DES and triple DES",
        section: "6.17 to 6.19, and 2.5 of the Historical Mechanisms",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[these(
            "SP 800-131A, to decrypt and to verify what is old",
            &[CKM_DES3_ECB, CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL],
        )],
        rows: des::MECHANISMS,
    },
    Family {
        name: "Camellia",
        section: "6.47 and 6.48",
        unit: Unit::Bytes,
        libraries: &[all("camellia")],
        approved: &[],
        rows: camellia::MECHANISMS,
    },
    Family {
        name: "ChaCha20",
        section: "6.58 and 6.61",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys"), these("chacha20", &[CKM_CHACHA20])],
        approved: &[],
        rows: chacha20::MECHANISMS,
    },
    Family {
        name: "One-time passwords",
        section: "6.53",
        unit: Unit::Bytes,
        libraries: &[all("sha1")],
        approved: &[],
        rows: hotp::MECHANISMS,
    },
    Family {
        name: "Poly1305",
        section: "6.60",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[],
        rows: poly1305::MECHANISMS,
    },
    Family {
        name: "Digests",
        section: "6.20",
        unit: Unit::Nothing,
        libraries: &[
            these("sha1", &[CKM_SHA_1]),
            these("sha2", SHA2),
            these("sha2", &[CKM_SHA512_T]),
            these("aws-lc-sys", SHA3),
            these("blake2", &[CKM_BLAKE2B_160, CKM_BLAKE2B_256, CKM_BLAKE2B_384, CKM_BLAKE2B_512]),
            these("md-5", &[CKM_MD5]),
            these("ripemd", &[CKM_RIPEMD160]),
        ],
        approved: &[
            these("FIPS 180-4, until 2030", &[CKM_SHA_1]),
            these("FIPS 180-4", SHA2),
            these("FIPS 180-4, of 224 and 256 bits", &[CKM_SHA512_T]),
            these("FIPS 202", SHA3),
        ],
        rows: digest::MECHANISMS,
    },
    Family {
        name: "Derivation by a hash",
        section: "6.21",
        unit: Unit::Bytes,
        libraries: &[
            these("sha1", &[CKM_SHA1_KEY_DERIVATION]),
            these(
                "sha2",
                &[
                    CKM_SHA224_KEY_DERIVATION,
                    CKM_SHA256_KEY_DERIVATION,
                    CKM_SHA384_KEY_DERIVATION,
                    CKM_SHA512_KEY_DERIVATION,
                    CKM_SHA512_224_KEY_DERIVATION,
                    CKM_SHA512_256_KEY_DERIVATION,
                    CKM_SHA512_T_KEY_DERIVATION,
                ],
            ),
            these(
                "aws-lc-sys",
                &[
                    CKM_SHA3_224_KEY_DERIVATION,
                    CKM_SHA3_256_KEY_DERIVATION,
                    CKM_SHA3_384_KEY_DERIVATION,
                    CKM_SHA3_512_KEY_DERIVATION,
                    CKM_SHAKE_128_KEY_DERIVATION,
                    CKM_SHAKE_256_KEY_DERIVATION,
                ],
            ),
            these(
                "blake2",
                &[
                    CKM_BLAKE2B_160_KEY_DERIVE,
                    CKM_BLAKE2B_256_KEY_DERIVE,
                    CKM_BLAKE2B_384_KEY_DERIVE,
                    CKM_BLAKE2B_512_KEY_DERIVE,
                ],
            ),
            these("md-5", &[CKM_MD5_KEY_DERIVATION]),
        ],
        approved: &[],
        rows: hash_derivation::MECHANISMS,
    },
    Family {
        name: "HMAC",
        section: "6.22",
        unit: Unit::Bytes,
        libraries: &[
            these("sha1", &[CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL]),
            these("sha2", SHA2_HMAC),
            these("sha2", &[CKM_SHA512_T_HMAC]),
            these("aws-lc-sys", SHA3_HMAC),
            these("blake2", BLAKE2B_HMAC),
            these("md-5", &[CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL]),
            these("ripemd", &[CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL]),
            these("aws-lc-sys", HMAC_KEY_GEN),
            these("aws-lc-sys", BLAKE2B_KEY_GEN),
        ],
        approved: &[
            these("FIPS 198-1, until 2030", &[CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL]),
            these("FIPS 198-1", SHA2_HMAC),
            these("FIPS 198-1, of 224 and 256 bits", &[CKM_SHA512_T_HMAC]),
            these("FIPS 198-1", SHA3_HMAC),
            these("SP 800-133", HMAC_KEY_GEN),
        ],
        rows: hmac::MECHANISMS,
    },
    Family {
        name: "PBKDF2",
        section: "6.37.4",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[all("SP 800-132, for storage")],
        rows: pbkdf2::MECHANISMS,
    },
    Family {
        name: "HKDF",
        section: "6.62",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[
            these("SP 800-56C", &[CKM_HKDF_DERIVE, CKM_HKDF_DATA]),
            these("SP 800-133", &[CKM_HKDF_KEY_GEN]),
        ],
        rows: hkdf::MECHANISMS,
    },
    Family {
        name: "TLS 1.2",
        section: "6.40",
        unit: Unit::Bytes,
        libraries: &[
            all("sha1"),
            all("sha2"),
            all("aws-lc-sys"),
            these("md-5", &[CKM_TLS_KDF, CKM_TLS12_KDF, CKM_TLS_MAC, CKM_TLS12_MAC]),
        ],
        approved: &[
            these(
                "SP 800-135",
                &[
                    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
                    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
                    CKM_TLS12_KEY_AND_MAC_DERIVE,
                    CKM_TLS12_KEY_SAFE_DERIVE,
                ],
            ),
            these(
                "SP 800-135, not for new sessions",
                &[CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH],
            ),
        ],
        rows: tls12::MECHANISMS,
    },
    Family {
        name: "SP 800-108",
        section: "6.42",
        unit: Unit::Bits,
        libraries: &[all("sha1"), all("sha2"), all("aws-lc-sys")],
        approved: &[all("SP 800-108")],
        rows: sp800_108::MECHANISMS,
    },
    Family {
        name: "Keys joined and cut",
        section: "6.43",
        unit: Unit::Bytes,
        libraries: &[all(NOBODY)],
        approved: &[these("SP 800-133, of independent keys", &[CKM_CONCATENATE_BASE_AND_KEY])],
        rows: simple_derivation::MECHANISMS,
    },
    Family {
        name: "ML-DSA",
        section: "6.67",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys"), these("ml-dsa", ML_DSA_SIGNATURES), these("sha3", ML_DSA_SIGNATURES)],
        approved: &[all("FIPS 204")],
        rows: ml_dsa::MECHANISMS,
    },
    Family {
        name: "ML-KEM",
        section: "6.68",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        approved: &[all("FIPS 203")],
        rows: ml_kem::MECHANISMS,
    },
    Family {
        name: "SLH-DSA",
        section: "6.69",
        unit: Unit::Bytes,
        libraries: &[all("slh-dsa")],
        approved: &[all("FIPS 205")],
        rows: slh_dsa::MECHANISMS,
    },
];

const SHA2: &[MechanismType] =
    &[CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_256];

const SHA3: &[MechanismType] = &[CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512];

const SHA2_HMAC: &[MechanismType] = &[
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
];

const SHA3_HMAC: &[MechanismType] = &[
    CKM_SHA3_224_HMAC,
    CKM_SHA3_224_HMAC_GENERAL,
    CKM_SHA3_256_HMAC,
    CKM_SHA3_256_HMAC_GENERAL,
    CKM_SHA3_384_HMAC,
    CKM_SHA3_384_HMAC_GENERAL,
    CKM_SHA3_512_HMAC,
    CKM_SHA3_512_HMAC_GENERAL,
];

const BLAKE2B_HMAC: &[MechanismType] = &[
    CKM_BLAKE2B_160_HMAC,
    CKM_BLAKE2B_160_HMAC_GENERAL,
    CKM_BLAKE2B_256_HMAC,
    CKM_BLAKE2B_256_HMAC_GENERAL,
    CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_HMAC_GENERAL,
    CKM_BLAKE2B_512_HMAC,
    CKM_BLAKE2B_512_HMAC_GENERAL,
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

/// Keys of what is not approved.
const BLAKE2B_KEY_GEN: &[MechanismType] =
    &[CKM_BLAKE2B_160_KEY_GEN, CKM_BLAKE2B_256_KEY_GEN, CKM_BLAKE2B_384_KEY_GEN, CKM_BLAKE2B_512_KEY_GEN];

const ML_DSA_SIGNATURES: &[MechanismType] = &[
    CKM_ML_DSA,
    CKM_ML_DSA_EXTERNAL_MU,
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
];

/// The tables of all families, for the engine.
pub(crate) const TABLES: [&[MechanismRow]; FAMILIES.len()] = {
    let mut tables: [&[MechanismRow]; FAMILIES.len()] = [&[]; FAMILIES.len()];
    let mut at = 0;
    while at < tables.len() {
        #[allow(
            clippy::indexing_slicing,
            reason = "both arrays have this length, and a constant is made here"
        )]
        {
            tables[at] = FAMILIES[at].rows;
        }
        at += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use engine::mechanism::Can;
    use pkcs11::constants::name;

    use super::*;

    #[test]
    fn a_library_does_every_mechanism_and_is_a_dependency() {
        let manifest = include_str!("Cargo.toml");
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        let (dependencies, _) = dependencies.split_once("[dev-dependencies]").unwrap();
        for family in FAMILIES {
            for row in family.rows {
                let does = family.libraries.iter().any(|library| library.holds_for(row.mechanism));
                assert!(does, "{}: nobody does {:#x}", family.name, row.mechanism);
            }
            for library in family.libraries.iter().filter(|library| library.words != NOBODY) {
                let line = format!("\n{}.workspace", library.words);
                assert!(dependencies.contains(&line), "{}: no dependency {}", family.name, library.words);
            }
        }
    }

    #[test]
    fn what_is_said_of_some_mechanisms_is_said_of_the_familys() {
        for family in FAMILIES {
            for statement in family.libraries.iter().chain(family.approved) {
                for mechanism in statement.of.unwrap_or_default() {
                    let known = family.rows.iter().any(|row| row.mechanism == *mechanism);
                    assert!(known, "{}: {} of {mechanism:#x}", family.name, statement.words);
                }
            }
        }
    }

    /// The rows that `make bench` measures, and what it measures them against.
    const ROWS: &str = concat!(
        include_str!("../../pkcs11-tests/benches/meter/cases.rs"),
        include_str!("../../pkcs11-tests/benches/meter/rare.rs")
    );
    const ARMS: &str = concat!(
        include_str!("examples/primitive_speed/operations.rs"),
        include_str!("examples/primitive_speed/operations/rare.rs")
    );

    fn is_generator(row: &MechanismRow) -> bool {
        row.can
            .iter()
            .all(|can| matches!(can, Can::GenerateKey(_) | Can::GenerateOtpKey(_) | Can::GenerateKeyPair(_)))
    }

    /// The rows' names in a source: what stands between quotes and has one stroke in it.
    fn row_names(source: &str) -> Vec<&str> {
        let is_name = |text: &&str| {
            text.split_once('/').is_some_and(|(group, name)| !group.is_empty() && !name.is_empty())
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-/".contains(letter))
        };
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(is_name).collect()
    }

    #[test]
    fn the_meter_has_a_row_of_every_family() {
        // Constants that no row uses do not compile there.
        let words: Vec<_> =
            ROWS.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
        for family in FAMILIES {
            // A generator is enough where there is nothing else.
            let works = family.rows.iter().any(|row| !is_generator(row));
            let mut rows = family.rows.iter().filter(|row| !works || !is_generator(row));
            let measured =
                rows.any(|row| name("CKM_", row.mechanism).is_some_and(|name| words.contains(&name)));
            assert!(
                measured,
                "{}: add a row to pkcs11-tests/benches/meter/rare.rs and an arm of its name to \
                 src/mechanisms/examples/primitive_speed/operations/rare.rs",
                family.name
            );
        }
    }

    #[test]
    fn the_meters_rows_are_measured_against_their_primitives() {
        let without =
            ["small/open-close-session", "small/getattr-3", "derive/xor-with-data", "derive/public-of-p256"];
        let (rows, arms) = (row_names(ROWS), row_names(ARMS));
        assert!(rows.len() > FAMILIES.len());
        for row in &rows {
            assert_eq!(arms.contains(row), !without.contains(row), "{row}: an arm in primitive_speed");
        }
        for arm in arms {
            assert!(rows.contains(&arm), "{arm}: a row of the meter");
        }
    }

    #[test]
    fn sizes_are_counted_where_there_are_keys() {
        for family in FAMILIES {
            let keyless = family.rows.iter().all(|row| row.sizes == (0, 0));
            assert_eq!(family.unit == Unit::Nothing, keyless, "{}", family.name);
        }
    }
}
