//! TABLE: which form the parameters of a mechanism have.

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_BYTE, CK_ECDH1_DERIVE_PARAMS, CK_EDDSA_PARAMS, CK_GCM_PARAMS, CK_HKDF_PARAMS,
    CK_MAC_GENERAL_PARAMS, CK_PKCS5_PBKD2_PARAMS2, CK_RSA_PKCS_OAEP_PARAMS, CK_RSA_PKCS_PSS_PARAMS, CK_ULONG,
};
use pkcs11::MechanismType;
use pkcs11::constants::{
    CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_ECDH1_COFACTOR_DERIVE,
    CKM_ECDH1_DERIVE, CKM_EDDSA, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_PKCS5_PBKD2, CKM_RSA_PKCS_OAEP,
    CKM_RSA_PKCS_PSS, CKM_SHA_1_HMAC_GENERAL, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA224_HMAC_GENERAL,
    CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_HMAC_GENERAL,
    CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC_GENERAL,
    CKM_SHA512_HMAC_GENERAL, CKM_SHA512_RSA_PKCS_PSS,
};

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
}

/// The longest initialisation vector that any mechanism takes as bytes: a block of AES. Longer ones are not read.
pub(crate) const LONGEST_IV: usize = 16;

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
    (CKM_RSA_PKCS_OAEP, &[Form::Oaep]),
    (CKM_AES_CBC, &[Form::Iv]),
    (CKM_AES_CBC_PAD, &[Form::Iv]),
    (CKM_AES_CTR, &[Form::Counter]),
    (CKM_AES_GCM, &[Form::Gcm, Form::OldGcm]),
    (CKM_AES_KEY_WRAP, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_PAD, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_KWP, &[Form::Iv]),
    (CKM_AES_KEY_WRAP_PKCS7, &[Form::Iv]),
    (CKM_ECDH1_DERIVE, &[Form::Ecdh1]),
    (CKM_ECDH1_COFACTOR_DERIVE, &[Form::Ecdh1]),
    (CKM_EDDSA, &[Form::Eddsa]),
    (CKM_AES_CMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA_1_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA224_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA384_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_224_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_SHA512_256_HMAC_GENERAL, &[Form::MacLen]),
    (CKM_PKCS5_PBKD2, &[Form::Pbkd2]),
    (CKM_HKDF_DERIVE, &[Form::Hkdf]),
    (CKM_HKDF_DATA, &[Form::Hkdf]),
];

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
        }
    }

    /// Whether a mechanism of this form may come without parameters.
    fn is_optional(self) -> bool {
        matches!(self, Self::Iv | Self::Eddsa)
    }
}

/// What parameters of `len` bytes are to a mechanism.
///
/// A pointer with length 0 is none: C++ and Rust clients send the address of an empty array.
pub(crate) fn given(mechanism: MechanismType, len: CK_ULONG) -> Given {
    let forms = TABLE.iter().find(|row| row.0 == mechanism).map_or(&[][..], |row| row.1);
    let optional = forms.iter().all(|form| form.is_optional());
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
        ] {
            assert_eq!(given(mechanism, len), Given::Form(form));
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
