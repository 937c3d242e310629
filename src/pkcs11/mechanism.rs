//! Mechanisms with their parameters as values, so that they can travel.

use crate::encode::{Record, Writer};
use crate::parameters::{HkdfParameters, HkdfSalt, Parameters, PrfData};
use crate::{ObjectHandle, Result, Secret};

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
const VALUE: u16 = 3;

impl Mechanism {
    /// The canonical form: type, form of the parameters, and their value.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let (form, value) = self.parameters.write();
        let mut writer = Writer::new();
        writer.number(TYPE, self.mechanism_type).number(FORM, form).field(VALUE, value.expose()).finish()
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`](crate::Error::Encoding)
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let record = Record::read(bytes, &[TYPE, FORM, VALUE])?;
        let parameters = Parameters::read(record.number(FORM)?, record.bytes(VALUE)?)?;
        Ok(Self { mechanism_type: record.number(TYPE)?, parameters })
    }

    /// The keys that the parameters name, beside the one that the call is made with.
    #[must_use]
    pub fn keys(&self) -> Vec<ObjectHandle> {
        match &self.parameters {
            Parameters::Hkdf(HkdfParameters { salt: HkdfSalt::Key(key), .. }) | Parameters::Key(key) => {
                vec![*key]
            }
            Parameters::Sp800108(parameters) => {
                let key = |data: &PrfData| if let PrfData::Key(key) = data { Some(*key) } else { None };
                parameters.data.iter().filter_map(key).collect()
            }
            _ => Vec::new(),
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
