//! Mechanisms with their parameters as values, so that they can travel.

use crate::encode::{Record, Writer};
use crate::{Error, Result, Secret};

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
        };
        let mut writer = Writer::new();
        writer.number(TYPE, self.mechanism_type).number(FORM, form);
        writer.list(NUMBERS, numbers.iter().map(|number| number.to_be_bytes())).list(BYTES, bytes).finish()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_parameters_travels() {
        let forms = [
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
