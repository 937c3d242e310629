//! AES (FIPS 197; PKCS#11 v3.2 sections 6.10 to 6.13 and 6.16).

mod block;
mod counter;
mod gcm;
mod key_wrap;

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKK_AES, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_GEN,
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7,
};
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::aws_lc::aes::{BLOCK, Direction, Key};
use crate::{no_parameter, secret};

pub(crate) use key_wrap::{KWP_OVERHEAD, LONGEST as LONGEST_KWP, kwp_len, unwrap_kwp, wrap_kwp};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_AES_KEY_GEN, &[Can::GenerateKey(generate)]),
    row(CKM_AES_ECB, BLOCKS),
    row(CKM_AES_CBC, BLOCKS),
    row(CKM_AES_CBC_PAD, BLOCKS),
    row(
        CKM_AES_CTR,
        &[
            Can::Encrypt(counter::encrypt),
            Can::Decrypt(counter::decrypt),
            Can::Wrap(counter::encrypt),
            Can::Unwrap(counter::decrypt),
        ],
    ),
    row(
        CKM_AES_GCM,
        &[
            Can::Encrypt(gcm::encrypt),
            Can::Decrypt(gcm::decrypt),
            Can::Wrap(gcm::wrap),
            Can::Unwrap(gcm::unwrap),
        ],
    ),
    row(
        CKM_CLOUDHSM_AES_GCM,
        &[
            Can::Encrypt(gcm::encrypt_prepended),
            Can::Decrypt(gcm::decrypt_prepended),
            Can::Wrap(gcm::wrap_prepended),
            Can::Unwrap(gcm::unwrap_prepended),
        ],
    ),
    row(CKM_AES_KEY_WRAP, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_PAD, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_PKCS7, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_KWP, KEY_WRAP),
];

const BLOCKS: &[Can] = &[
    Can::Encrypt(block::encrypt),
    Can::Decrypt(block::decrypt),
    Can::Wrap(block::wrap),
    Can::Unwrap(block::decrypt),
];

const KEY_WRAP: &[Can] = &[
    Can::Encrypt(key_wrap::encrypt),
    Can::Decrypt(key_wrap::decrypt),
    Can::Wrap(key_wrap::wrap),
    Can::Unwrap(key_wrap::decrypt),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_AES], sizes: (16, 32), flags: 0, can }
}

/// AES keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_AES,
    complete: secret::complete,
    parse,
    to_bytes: secret::to_bytes,
    from_bytes: secret::from_bytes,
};

impl EngineKey for Key {
    /// In bytes, as the standard's tables for AES have it.
    fn size(&self) -> u64 {
        self.key_len() as u64
    }

    fn value(&self) -> Option<&Secret> {
        Some(self.bytes())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    Ok(Arc::new(Key::new(attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?)?))
}

fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    secret::random(template)
}

/// Length in bytes of a key of so many bits, which a parameter asks for.
///
/// # Errors
/// [`Error::MechanismParamInvalid`]
pub(crate) fn aes_key_len(bits: u64) -> Result<usize> {
    match bits {
        128 => Ok(16),
        192 => Ok(24),
        256 => Ok(32),
        _ => Err(Error::MechanismParamInvalid("ulAESKeyBits is not 128, 192 or 256")),
    }
}

/// The first three bytes of an encrypted block of zeros (PKCS#11 v3.2 section 6.10.3).
pub(crate) fn check_value(value: &[u8]) -> Result<[u8; 3]> {
    let mut block = [0; BLOCK];
    Key::new(value)?.block(Direction::Encrypt, &mut block);
    let [a, b, c, ..] = block;
    Ok([a, b, c])
}

/// An initialisation vector of `N` bytes.
fn iv<const N: usize>(mechanism: &Mechanism) -> Result<[u8; N]> {
    let bytes = match &mechanism.parameters {
        Parameters::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    bytes.ok_or(Error::MechanismParamInvalid("an initialisation vector of another length"))
}

#[cfg(test)]
mod tests;
