//! Mechanisms with their parameters as values, so that they can travel.

/// A `CKM_` value.
pub type MechanismType = u64;

/// A mechanism and its parameters, read out of the application's `CK_MECHANISM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mechanism {
    /// Which mechanism.
    pub mechanism_type: MechanismType,
    /// Its parameters, in the form that the standard gives for this mechanism.
    pub parameters: Parameters,
}

/// Parameters by their form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// `pParameter` null and length 0.
    None,
    /// `CK_RSA_PKCS_PSS_PARAMS`.
    Pss(PssParameters),
    /// A form that the mechanism does not take, or bytes of a wrong length: each mechanism refuses it with
    /// `CKR_MECHANISM_PARAM_INVALID`.
    Unknown,
}

/// `CK_RSA_PKCS_PSS_PARAMS` (PKCS#11 v3.2 section 6.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PssParameters {
    /// Digest mechanism of the message: a `CKM_` value.
    pub hash: MechanismType,
    /// Mask generation function: a `CKG_` value.
    pub mgf: u64,
    /// Length of the salt in bytes.
    pub salt_len: u64,
}

/// What `C_GetMechanismInfo` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MechanismInfo {
    /// Smallest key, in the unit of the mechanism (bits for RSA and EC).
    pub min_key_size: u64,
    /// Largest key.
    pub max_key_size: u64,
    /// `CKF_` flags of section 3.5.
    pub flags: u64,
}
