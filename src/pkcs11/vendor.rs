//! TABLE: mechanisms that AWS CloudHSM has under numbers of its own, so that programs for it run unchanged
//! (docs/decisions/0035).

use crate::constants::{
    CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7,
    CKM_VENDOR_DEFINED,
};
use crate::mechanism::MechanismType;

/// AES-GCM whose vector the token makes and puts before the ciphertext.
pub const CKM_CLOUDHSM_AES_GCM: MechanismType = CKM_VENDOR_DEFINED | CKM_AES_GCM;
/// RFC 3394.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD: MechanismType = CKM_VENDOR_DEFINED | CKM_AES_KEY_WRAP;
/// The same, over what PKCS #7 padding made whole.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD: MechanismType = CKM_VENDOR_DEFINED | CKM_AES_KEY_WRAP_PAD;
/// RFC 5649.
pub const CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD: MechanismType = CKM_VENDOR_DEFINED | 0x216f;

/// Those that are exactly another mechanism, and which.
pub const ALIASES: [(MechanismType, MechanismType); 3] = [
    (CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_AES_KEY_WRAP),
    (CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, CKM_AES_KEY_WRAP_PKCS7),
    (CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, CKM_AES_KEY_WRAP_KWP),
];

/// Every name with its number.
pub(crate) const NAMED: [(&str, MechanismType); 4] = [
    ("CKM_CLOUDHSM_AES_GCM", CKM_CLOUDHSM_AES_GCM),
    ("CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD", CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD),
    ("CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD", CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD),
    ("CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD", CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD),
];

/// The mechanism that a number means: another one for an alias.
#[must_use]
pub fn meant(mechanism: MechanismType) -> MechanismType {
    ALIASES.iter().find(|(alias, _)| *alias == mechanism).map_or(mechanism, |(_, meant)| *meant)
}

/// The aliases of a mechanism.
pub fn aliases_of(mechanism: MechanismType) -> impl Iterator<Item = MechanismType> {
    ALIASES.into_iter().filter(move |(_, meant)| *meant == mechanism).map(|(alias, _)| alias)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::{name, number};

    /// The numbers of the header that CloudHSM's examples in C are built with.
    #[test]
    fn numbers_are_those_of_the_published_header() {
        for (name_of, expected) in [
            ("CKM_CLOUDHSM_AES_GCM", 0x8000_1087),
            ("CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD", 0x8000_2109),
            ("CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD", 0x8000_210a),
            ("CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD", 0x8000_216f),
        ] {
            assert_eq!(number(name_of), Some(expected));
            assert_eq!(name("CKM_", expected), Some(name_of));
        }
    }

    #[test]
    fn an_alias_means_what_is_none() {
        for (alias, meaning) in ALIASES {
            assert_eq!((meant(alias), meant(meaning)), (meaning, meaning));
            assert_eq!(aliases_of(meaning).collect::<Vec<_>>(), [alias]);
            assert_eq!(aliases_of(alias).count(), 0);
        }
        assert_eq!(meant(CKM_CLOUDHSM_AES_GCM), CKM_CLOUDHSM_AES_GCM);
    }
}
