//! Mechanisms with their parameters as values, so that they can travel.

use crate::constants::{CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL};
use crate::encode::{Record, Writer};
use crate::{Error, ObjectHandle, Result, Secret};

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

const TYPE: u16 = 1;
const FORM: u16 = 2;
const NUMBERS: u16 = 3;
const BYTES: u16 = 4;

impl Mechanism {
    /// The canonical form: type, form, the form's numbers and its byte strings, in the order of the structure.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let (form, numbers, bytes): (u64, Vec<u64>, Vec<&[u8]>) = match &self.parameters {
            Parameters::None => (0, vec![], vec![]),
            Parameters::Pss(p) => (1, vec![p.hash, p.mgf, p.salt_len], vec![]),
            Parameters::Oaep(p) => (2, vec![p.hash, p.mgf, p.source], vec![&p.label]),
            Parameters::Bytes(bytes) => (3, vec![], vec![bytes]),
            Parameters::Counter(p) => (4, vec![p.counter_bits], vec![&p.block]),
            Parameters::Gcm(p) => (5, vec![p.tag_bits], vec![&p.iv, &p.aad]),
            Parameters::Ecdh1(p) => (6, vec![p.kdf], vec![&p.shared, &p.public]),
            Parameters::Unknown => (7, vec![], vec![]),
            Parameters::Eddsa(p) => (8, vec![p.prehash.into()], vec![&p.context]),
            Parameters::MacLen(len) => (9, vec![*len], vec![]),
            Parameters::Pbkd2(p) => (
                10,
                vec![p.salt_source, p.iterations, p.prf],
                vec![&p.salt, &p.prf_data, p.password.expose()],
            ),
            Parameters::Hkdf(p) => {
                let (salt_type, key, salt) = p.salt.parts();
                (11, vec![p.extract.into(), p.expand.into(), p.hash, salt_type, key], vec![salt, &p.info])
            }
        };
        let mut writer = Writer::new();
        writer.number(TYPE, self.mechanism_type).number(FORM, form);
        writer.list(NUMBERS, numbers.iter().map(|number| number.to_be_bytes())).list(BYTES, bytes).finish()
    }

    /// The keys that the parameters name, beside the one that the call is made with.
    #[must_use]
    pub fn keys(&self) -> Vec<ObjectHandle> {
        match &self.parameters {
            Parameters::Hkdf(HkdfParameters { salt: HkdfSalt::Key(key), .. }) => vec![*key],
            _ => Vec::new(),
        }
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`]
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::Encoding("the parameters of a mechanism");
        let record = Record::read(bytes, &[TYPE, FORM, NUMBERS, BYTES])?;
        let mut numbers = Vec::new();
        for number in record.list(NUMBERS)? {
            numbers.push(u64::from_be_bytes(number.try_into().map_err(|_| wrong())?));
        }
        let strings = record.list(BYTES)?;
        let parameters = match (record.number(FORM)?, numbers.as_slice(), strings.as_slice()) {
            (0, [], []) => Parameters::None,
            (1, &[hash, mgf, salt_len], []) => Parameters::Pss(PssParameters { hash, mgf, salt_len }),
            (2, &[hash, mgf, source], &[label]) => {
                Parameters::Oaep(OaepParameters { hash, mgf, source, label: label.to_vec() })
            }
            (3, [], &[bytes]) => Parameters::Bytes(bytes.to_vec()),
            (4, &[counter_bits], &[block]) => {
                let block = block.try_into().map_err(|_| wrong())?;
                Parameters::Counter(CounterParameters { counter_bits, block })
            }
            (5, &[tag_bits], &[iv, aad]) => {
                Parameters::Gcm(GcmParameters { iv: iv.to_vec(), aad: aad.to_vec(), tag_bits })
            }
            (6, &[kdf], &[shared, public]) => {
                Parameters::Ecdh1(Ecdh1Parameters { kdf, shared: shared.to_vec(), public: public.to_vec() })
            }
            (7, [], []) => Parameters::Unknown,
            (8, &[prehash @ 0..=1], &[context]) => {
                Parameters::Eddsa(EddsaParameters { prehash: prehash == 1, context: context.to_vec() })
            }
            (9, &[len], []) => Parameters::MacLen(len),
            (10, &[salt_source, iterations, prf], &[salt, prf_data, password]) => {
                let (salt, prf_data) = (salt.to_vec(), prf_data.to_vec());
                let password = Secret::from(password);
                Parameters::Pbkd2(Pbkd2Parameters { salt_source, salt, iterations, prf, prf_data, password })
            }
            (11, &[extract @ 0..=1, expand @ 0..=1, hash, salt_type, key], &[salt, info]) => {
                let salt = HkdfSalt::of(salt_type, key, salt).ok_or_else(wrong)?;
                let (extract, expand, info) = (extract == 1, expand == 1, info.to_vec());
                Parameters::Hkdf(HkdfParameters { extract, expand, hash, salt, info })
            }
            _ => return Err(wrong()),
        };
        Ok(Self { mechanism_type: record.number(TYPE)?, parameters })
    }
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
    /// `CK_EDDSA_PARAMS`.
    Eddsa(EddsaParameters),
    /// `CK_MAC_GENERAL_PARAMS`: the length of a MAC in bytes.
    MacLen(u64),
    /// `CK_PKCS5_PBKD2_PARAMS2`, or `CK_PKCS5_PBKD2_PARAMS`, which says the same.
    Pbkd2(Pbkd2Parameters),
    /// `CK_HKDF_PARAMS`.
    Hkdf(HkdfParameters),
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

/// `CK_ECDH1_DERIVE_PARAMS` (PKCS#11 v3.2 section 6.3.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ecdh1Parameters {
    /// Key derivation function: a `CKD_` value.
    pub kdf: u64,
    /// Data shared between both parties; empty for none.
    pub shared: Vec<u8>,
    /// The other party's public key, in any form that points are sent in.
    pub public: Vec<u8>,
}

/// `CK_EDDSA_PARAMS` (PKCS#11 v3.2 section 6.3.16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EddsaParameters {
    /// Whether the message's digest is signed instead of the message.
    pub prehash: bool,
    /// The context, empty for none.
    pub context: Vec<u8>,
}

/// `CK_PKCS5_PBKD2_PARAMS2` (PKCS#11 v3.2 section 6.37.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pbkd2Parameters {
    /// Where the salt comes from: a `CKZ_SALT_` value.
    pub salt_source: u64,
    /// The salt.
    pub salt: Vec<u8>,
    /// How often the function is applied for each block.
    pub iterations: u64,
    /// The pseudo-random function: a `CKP_` value.
    pub prf: u64,
    /// What that function takes besides; no function of this version takes any.
    pub prf_data: Vec<u8>,
    /// The password.
    pub password: Secret,
}

/// `CK_HKDF_PARAMS` (PKCS#11 v3.2 section 6.62.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HkdfParameters {
    /// Whether the first stage runs.
    pub extract: bool,
    /// Whether the second stage runs.
    pub expand: bool,
    /// Digest mechanism: a `CKM_` value.
    pub hash: MechanismType,
    /// The salt of the first stage.
    pub salt: HkdfSalt,
    /// What the second stage is told.
    pub info: Vec<u8>,
}

/// Where the salt of HKDF comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HkdfSalt {
    /// `CKF_HKDF_SALT_NULL`: there is none.
    Null,
    /// `CKF_HKDF_SALT_DATA`
    Data(Vec<u8>),
    /// `CKF_HKDF_SALT_KEY`: a key's value.
    Key(ObjectHandle),
}

impl HkdfSalt {
    fn parts(&self) -> (u64, u64, &[u8]) {
        match self {
            Self::Null => (CKF_HKDF_SALT_NULL, 0, &[]),
            Self::Data(salt) => (CKF_HKDF_SALT_DATA, 0, salt),
            Self::Key(key) => (CKF_HKDF_SALT_KEY, key.0, &[]),
        }
    }

    fn of(salt_type: u64, key: u64, salt: &[u8]) -> Option<Self> {
        match (salt_type, key, salt) {
            (CKF_HKDF_SALT_NULL, 0, []) => Some(Self::Null),
            (CKF_HKDF_SALT_DATA, 0, salt) => Some(Self::Data(salt.to_vec())),
            (CKF_HKDF_SALT_KEY, key, []) => Some(Self::Key(ObjectHandle(key))),
            _ => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_parameters_travels() {
        let hkdf = |salt| {
            let (extract, expand) = (true, false);
            Parameters::Hkdf(HkdfParameters { extract, expand, hash: 7, salt, info: vec![2; 3] })
        };
        let forms = [
            Parameters::Eddsa(EddsaParameters { prehash: true, context: vec![1, 2] }),
            Parameters::Eddsa(EddsaParameters { prehash: false, context: vec![] }),
            Parameters::MacLen(12),
            Parameters::Pbkd2(Pbkd2Parameters {
                salt_source: 1,
                salt: vec![1; 8],
                iterations: 1000,
                prf: 4,
                prf_data: vec![],
                password: Secret::from(b"password".as_slice()),
            }),
            hkdf(HkdfSalt::Null),
            hkdf(HkdfSalt::Data(vec![4; 5])),
            hkdf(HkdfSalt::Key(ObjectHandle(9))),
            Parameters::None,
            Parameters::Pss(PssParameters { hash: 1, mgf: 2, salt_len: 3 }),
            Parameters::Oaep(OaepParameters { hash: 1, mgf: 2, source: 1, label: b"label".to_vec() }),
            Parameters::Bytes(vec![7; 16]),
            Parameters::Counter(CounterParameters { counter_bits: 32, block: [9; 16] }),
            Parameters::Gcm(GcmParameters { iv: vec![1; 12], aad: vec![], tag_bits: 128 }),
            Parameters::Ecdh1(Ecdh1Parameters { kdf: 1, shared: vec![], public: vec![4; 65] }),
            Parameters::Unknown,
        ];
        for parameters in forms {
            let mechanism = Mechanism { mechanism_type: 0x1087, parameters };
            assert_eq!(Mechanism::decode(mechanism.encode().expose()).unwrap(), mechanism);
        }
    }
}
