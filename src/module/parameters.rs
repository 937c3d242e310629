//! `CK_MECHANISM` to [`Mechanism`]: which form a mechanism's parameters have.

use cryptoki_sys::{CK_RSA_PKCS_PSS_PARAMS, CK_ULONG};
use pkcs11::constants::{
    CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS,
};
use pkcs11::{Mechanism, MechanismType, Parameters, PssParameters};

/// The forms other than none at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `CK_RSA_PKCS_PSS_PARAMS`
    Pss,
}

/// Mechanisms that take parameters; those not here take none.
const TABLE: &[(MechanismType, Form)] = &[
    (CKM_RSA_PKCS_PSS, Form::Pss),
    (CKM_SHA256_RSA_PKCS_PSS, Form::Pss),
    (CKM_SHA384_RSA_PKCS_PSS, Form::Pss),
    (CKM_SHA512_RSA_PKCS_PSS, Form::Pss),
];

impl Form {
    fn of(mechanism: MechanismType) -> Option<Self> {
        TABLE.iter().find(|row| row.0 == mechanism).map(|row| row.1)
    }

    /// Length of the C structure in bytes.
    fn len(self) -> usize {
        match self {
            Self::Pss => size_of::<CK_RSA_PKCS_PSS_PARAMS>(),
        }
    }
}

/// Whether parameters of `len` bytes are to be read for this mechanism; otherwise nobody touches them.
pub(crate) fn wants(mechanism: MechanismType, len: CK_ULONG) -> bool {
    Form::of(mechanism).is_some_and(|form| form.len() as CK_ULONG == len)
}

/// A mechanism with the parameters that were given: `len` bytes, which were read if [`wants`] said so.
///
/// A pointer with length 0 is none: C++ and Rust clients send the address of an empty array.
pub(crate) fn mechanism(mechanism_type: MechanismType, len: CK_ULONG, bytes: Option<&[u8]>) -> Mechanism {
    let parameters = match (Form::of(mechanism_type), bytes) {
        (Some(Form::Pss), Some(bytes)) => pss(bytes).map_or(Parameters::Unknown, Parameters::Pss),
        (None, None) if len == 0 => Parameters::None,
        _ => Parameters::Unknown,
    };
    Mechanism { mechanism_type, parameters }
}

/// `hashAlg`, `mgf`, `sLen`: three numbers without padding.
fn pss(bytes: &[u8]) -> Option<PssParameters> {
    let mut words =
        bytes.chunks_exact(size_of::<CK_ULONG>()).map(|word| word.try_into().map(u64::from_ne_bytes));
    let mut next = || words.next()?.ok();
    Some(PssParameters { hash: next()?, mgf: next()?, salt_len: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs11::constants::{CKG_MGF1_SHA256, CKM_RSA_PKCS, CKM_SHA256};

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn pss_parameters_are_hash_generator_and_salt_length() {
        let bytes = words(&[CKM_SHA256, CKG_MGF1_SHA256, 32]);
        assert!(wants(CKM_RSA_PKCS_PSS, 24));
        assert_eq!(
            mechanism(CKM_RSA_PKCS_PSS, 24, Some(&bytes)).parameters,
            Parameters::Pss(PssParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, salt_len: 32 })
        );
    }

    #[test]
    fn pss_without_parameters_or_with_others_is_refused() {
        assert!(!wants(CKM_RSA_PKCS_PSS, 0) && !wants(CKM_RSA_PKCS_PSS, 23));
        assert_eq!(mechanism(CKM_RSA_PKCS_PSS, 0, None).parameters, Parameters::Unknown);
        assert_eq!(mechanism(CKM_RSA_PKCS_PSS, 23, None).parameters, Parameters::Unknown);
    }

    #[test]
    fn a_mechanism_without_parameters_takes_no_bytes_and_reads_none() {
        assert!(!wants(CKM_RSA_PKCS, 24));
        assert_eq!(mechanism(CKM_RSA_PKCS, 0, None).parameters, Parameters::None);
        assert_eq!(mechanism(CKM_RSA_PKCS, 24, None).parameters, Parameters::Unknown);
    }
}
