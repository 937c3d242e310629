//! The parameter sets of post-quantum keys, and their names.

use ::der::asn1::ObjectIdentifier;
use pkcs11::constants as c;
use pkcs11::{KeyType, MechanismType};

/// A parameter set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParameterSet {
    /// The name in its standard, which is typed in any case.
    pub(crate) name: &'static str,
    pub(crate) key_type: KeyType,
    /// `CKA_PARAMETER_SET`, a number among those of the key type.
    pub(crate) number: u64,
    /// By which files name the algorithm.
    pub(crate) identifier: ObjectIdentifier,
}

/// A type of keys that have parameter sets.
pub(crate) struct Family {
    pub(crate) key_type: KeyType,
    /// What it is called.
    pub(crate) name: &'static str,
    /// What makes a pair of keys.
    pub(crate) mechanism: MechanismType,
    /// Whether a seed stands for a private key in files.
    pub(crate) has_seed: bool,
}

/// FIPS 204, FIPS 203 and FIPS 205.
pub(crate) const FAMILIES: &[Family] = &[
    Family { key_type: c::CKK_ML_DSA, name: "ml-dsa", mechanism: c::CKM_ML_DSA_KEY_PAIR_GEN, has_seed: true },
    Family { key_type: c::CKK_ML_KEM, name: "ml-kem", mechanism: c::CKM_ML_KEM_KEY_PAIR_GEN, has_seed: true },
    Family {
        key_type: c::CKK_SLH_DSA,
        name: "slh-dsa",
        mechanism: c::CKM_SLH_DSA_KEY_PAIR_GEN,
        has_seed: false,
    },
];

const fn set(key_type: KeyType, name: &'static str, number: u64, identifier: &str) -> ParameterSet {
    ParameterSet { name, key_type, number, identifier: ObjectIdentifier::new_unwrap(identifier) }
}

const fn ml_dsa(name: &'static str, number: u64, identifier: &str) -> ParameterSet {
    set(c::CKK_ML_DSA, name, number, identifier)
}

const fn ml_kem(name: &'static str, number: u64, identifier: &str) -> ParameterSet {
    set(c::CKK_ML_KEM, name, number, identifier)
}

const fn slh_dsa(name: &'static str, number: u64, identifier: &str) -> ParameterSet {
    set(c::CKK_SLH_DSA, name, number, identifier)
}

/// The parameter sets; RFC 9881, 9935 and 9909 for the object identifiers.
pub(crate) const SETS: &[ParameterSet] = &[
    ml_dsa("ML-DSA-44", c::CKP_ML_DSA_44, "2.16.840.1.101.3.4.3.17"),
    ml_dsa("ML-DSA-65", c::CKP_ML_DSA_65, "2.16.840.1.101.3.4.3.18"),
    ml_dsa("ML-DSA-87", c::CKP_ML_DSA_87, "2.16.840.1.101.3.4.3.19"),
    ml_kem("ML-KEM-512", c::CKP_ML_KEM_512, "2.16.840.1.101.3.4.4.1"),
    ml_kem("ML-KEM-768", c::CKP_ML_KEM_768, "2.16.840.1.101.3.4.4.2"),
    ml_kem("ML-KEM-1024", c::CKP_ML_KEM_1024, "2.16.840.1.101.3.4.4.3"),
    slh_dsa("SLH-DSA-SHA2-128s", c::CKP_SLH_DSA_SHA2_128S, "2.16.840.1.101.3.4.3.20"),
    slh_dsa("SLH-DSA-SHA2-128f", c::CKP_SLH_DSA_SHA2_128F, "2.16.840.1.101.3.4.3.21"),
    slh_dsa("SLH-DSA-SHA2-192s", c::CKP_SLH_DSA_SHA2_192S, "2.16.840.1.101.3.4.3.22"),
    slh_dsa("SLH-DSA-SHA2-192f", c::CKP_SLH_DSA_SHA2_192F, "2.16.840.1.101.3.4.3.23"),
    slh_dsa("SLH-DSA-SHA2-256s", c::CKP_SLH_DSA_SHA2_256S, "2.16.840.1.101.3.4.3.24"),
    slh_dsa("SLH-DSA-SHA2-256f", c::CKP_SLH_DSA_SHA2_256F, "2.16.840.1.101.3.4.3.25"),
    slh_dsa("SLH-DSA-SHAKE-128s", c::CKP_SLH_DSA_SHAKE_128S, "2.16.840.1.101.3.4.3.26"),
    slh_dsa("SLH-DSA-SHAKE-128f", c::CKP_SLH_DSA_SHAKE_128F, "2.16.840.1.101.3.4.3.27"),
    slh_dsa("SLH-DSA-SHAKE-192s", c::CKP_SLH_DSA_SHAKE_192S, "2.16.840.1.101.3.4.3.28"),
    slh_dsa("SLH-DSA-SHAKE-192f", c::CKP_SLH_DSA_SHAKE_192F, "2.16.840.1.101.3.4.3.29"),
    slh_dsa("SLH-DSA-SHAKE-256s", c::CKP_SLH_DSA_SHAKE_256S, "2.16.840.1.101.3.4.3.30"),
    slh_dsa("SLH-DSA-SHAKE-256f", c::CKP_SLH_DSA_SHAKE_256F, "2.16.840.1.101.3.4.3.31"),
];

impl ParameterSet {
    /// The set of a `CKA_PARAMETER_SET`.
    pub(crate) fn of(key_type: KeyType, number: u64) -> Option<&'static Self> {
        SETS.iter().find(|set| (set.key_type, set.number) == (key_type, number))
    }

    /// The set that a file names.
    pub(crate) fn identified(identifier: ObjectIdentifier) -> Option<&'static Self> {
        SETS.iter().find(|set| set.identifier == identifier)
    }
}

/// What keys of this type have in common, if they have parameter sets.
pub(crate) fn family_of(key_type: KeyType) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.key_type == key_type)
}
