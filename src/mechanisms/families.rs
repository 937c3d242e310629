//! TABLE: the families of mechanisms, each with its section of the standard and the library that does each primitive.
//! docs/mechanisms.md is made of it, and of the table of approved mode (`engine::policy::approved`).

use engine::mechanism::MechanismRow;
use pkcs11::MechanismType;
use pkcs11::constants::{
    CKM_BLAKE2B_160, CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL, CKM_BLAKE2B_160_KEY_DERIVE,
    CKM_BLAKE2B_160_KEY_GEN, CKM_BLAKE2B_256, CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL,
    CKM_BLAKE2B_256_KEY_DERIVE, CKM_BLAKE2B_256_KEY_GEN, CKM_BLAKE2B_384, CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_384_KEY_DERIVE, CKM_BLAKE2B_384_KEY_GEN, CKM_BLAKE2B_512,
    CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL, CKM_BLAKE2B_512_KEY_DERIVE, CKM_BLAKE2B_512_KEY_GEN,
    CKM_CHACHA20, CKM_ECDH_X_AES_KEY_WRAP, CKM_ECDH1_DERIVE, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224,
    CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224,
    CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128,
    CKM_HASH_ML_DSA_SHAKE256, CKM_MD5, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL, CKM_MD5_KEY_DERIVATION,
    CKM_ML_DSA, CKM_RIPEMD160, CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL, CKM_SHA_1, CKM_SHA_1_HMAC,
    CKM_SHA_1_HMAC_GENERAL, CKM_SHA_1_KEY_GEN, CKM_SHA1_KEY_DERIVATION, CKM_SHA3_224, CKM_SHA3_224_HMAC,
    CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_KEY_DERIVATION, CKM_SHA3_224_KEY_GEN, CKM_SHA3_256,
    CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_KEY_DERIVATION, CKM_SHA3_256_KEY_GEN,
    CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_384_KEY_DERIVATION,
    CKM_SHA3_384_KEY_GEN, CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL,
    CKM_SHA3_512_KEY_DERIVATION, CKM_SHA3_512_KEY_GEN, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL,
    CKM_SHA224_KEY_DERIVATION, CKM_SHA224_KEY_GEN, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
    CKM_SHA256_KEY_DERIVATION, CKM_SHA256_KEY_GEN, CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL,
    CKM_SHA384_KEY_DERIVATION, CKM_SHA384_KEY_GEN, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_KEY_DERIVATION, CKM_SHA512_224_KEY_GEN, CKM_SHA512_256,
    CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_256_KEY_DERIVATION, CKM_SHA512_256_KEY_GEN,
    CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_KEY_DERIVATION, CKM_SHA512_KEY_GEN, CKM_SHA512_T,
    CKM_SHA512_T_HMAC, CKM_SHA512_T_KEY_DERIVATION, CKM_SHA512_T_KEY_GEN, CKM_SHAKE_128_KEY_DERIVATION,
    CKM_SHAKE_256_KEY_DERIVATION, CKM_TLS_KDF, CKM_TLS_MAC, CKM_TLS12_KDF, CKM_TLS12_MAC,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;

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

/// Every family once.
pub const FAMILIES: [Family; 25] = [
    Family {
        name: "RSA",
        section: "6.1",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
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
        rows: ec::MECHANISMS,
    },
    Family {
        name: "Edwards curves",
        section: "6.3.14",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys"), all("ed448-goldilocks")],
        rows: edwards::MECHANISMS,
    },
    Family {
        name: "Montgomery curves",
        section: "6.3.9",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys"), all("x448")],
        rows: montgomery::MECHANISMS,
    },
    Family {
        name: "Diffie-Hellman",
        section: "6.4",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        rows: dh::MECHANISMS,
    },
    Family {
        name: "DSA",
        section: "6.2",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
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
        rows: public_key::MECHANISMS,
    },
    Family {
        name: "Generic secrets",
        section: "6.8",
        unit: Unit::Bits,
        libraries: &[all("aws-lc-sys")],
        rows: secret::MECHANISMS,
    },
    Family {
        name: "AES",
        section: "6.10 to 6.17",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        rows: aes::MECHANISMS,
    },
    Family {
        name: "DES and triple DES",
        section: "6.17 to 6.19, and 2.5 of the Historical Mechanisms",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        rows: des::MECHANISMS,
    },
    Family {
        name: "Camellia",
        section: "6.47 and 6.48",
        unit: Unit::Bytes,
        libraries: &[all("camellia")],
        rows: camellia::MECHANISMS,
    },
    Family {
        name: "ChaCha20",
        section: "6.58 and 6.61",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys"), these("chacha20", &[CKM_CHACHA20])],
        rows: chacha20::MECHANISMS,
    },
    Family {
        name: "One-time passwords",
        section: "6.53",
        unit: Unit::Bytes,
        libraries: &[all("sha1")],
        rows: hotp::MECHANISMS,
    },
    Family {
        name: "Poly1305",
        section: "6.60",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
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
        rows: hmac::MECHANISMS,
    },
    Family {
        name: "PBKDF2",
        section: "6.37.4",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        rows: pbkdf2::MECHANISMS,
    },
    Family {
        name: "HKDF",
        section: "6.62",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
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
        rows: tls12::MECHANISMS,
    },
    Family {
        name: "SP 800-108",
        section: "6.42",
        unit: Unit::Bits,
        libraries: &[all("sha1"), all("sha2"), all("aws-lc-sys")],
        rows: sp800_108::MECHANISMS,
    },
    Family {
        name: "Keys joined and cut",
        section: "6.43",
        unit: Unit::Bytes,
        libraries: &[all(NOBODY)],
        rows: simple_derivation::MECHANISMS,
    },
    Family {
        name: "ML-DSA",
        section: "6.67",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys"), these("ml-dsa", ML_DSA_SIGNATURES), these("sha3", ML_DSA_SIGNATURES)],
        rows: ml_dsa::MECHANISMS,
    },
    Family {
        name: "ML-KEM",
        section: "6.68",
        unit: Unit::Bytes,
        libraries: &[all("aws-lc-sys")],
        rows: ml_kem::MECHANISMS,
    },
    Family {
        name: "SLH-DSA",
        section: "6.69",
        unit: Unit::Bytes,
        libraries: &[all("slh-dsa")],
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
            for statement in family.libraries {
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
