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
    /// `CK_RSA_PKCS_OAEP_PARAMS`.
    Oaep(OaepParameters),
    /// Bytes as such: an initialisation vector.
    Bytes(Vec<u8>),
    /// `CK_AES_CTR_PARAMS`.
    Counter(CounterParameters),
    /// `CK_GCM_PARAMS`.
    Gcm(GcmParameters),
    /// `CK_ECDH1_DERIVE_PARAMS`.
    Ecdh1(Ecdh1Parameters),
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

/// `CK_RSA_PKCS_OAEP_PARAMS` (PKCS#11 v3.2 section 6.1.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OaepParameters {
    /// Digest mechanism: a `CKM_` value.
    pub hash: MechanismType,
    /// Mask generation function: a `CKG_` value.
    pub mgf: u64,
    /// Where the label comes from: 0 or `CKZ_DATA_SPECIFIED`.
    pub source: u64,
    /// The label; empty when `source` is 0.
    pub label: Vec<u8>,
}

/// `CK_AES_CTR_PARAMS` (PKCS#11 v3.2 section 6.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterParameters {
    /// How many low bits of the block count: 1 to 128.
    pub counter_bits: u64,
    /// The first block.
    pub block: [u8; 16],
}

/// `CK_GCM_PARAMS` (PKCS#11 v3.2 section 6.13.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GcmParameters {
    /// Initialisation vector.
    pub iv: Vec<u8>,
    /// Additional authenticated data.
    pub aad: Vec<u8>,
    /// Length of the tag in bits.
    pub tag_bits: u64,
}

/// `CK_ECDH1_DERIVE_PARAMS` (PKCS#11 v3.2 section 6.3.17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ecdh1Parameters {
    /// Key derivation function: a `CKD_` value.
    pub kdf: u64,
    /// Data shared between both parties; empty for none.
    pub shared: Vec<u8>,
    /// The other party's public key, in any form that points are sent in.
    pub public: Vec<u8>,
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
