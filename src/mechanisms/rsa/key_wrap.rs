//! Wrapping by a temporary AES key that OAEP encrypts (PKCS#11 v3.2 section 6.1.21).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key};
use pkcs11::{Error, Mechanism, Parameters, Result, Secret};

use super::encryption::oaep_of;
use crate::aes::{KWP_OVERHEAD, LONGEST_KWP, aes_key_len, kwp_len, unwrap_kwp, wrap_kwp};
use crate::aws_lc::rsa::{Oaep, PrivateKey, PublicKey};
use crate::gathered::Gathered;
use crate::{aws_lc, downcast};

/// Length of the temporary key in bytes, and how it is encrypted.
fn parts(mechanism: &Mechanism) -> Result<(usize, Oaep)> {
    let Parameters::RsaAesKeyWrap(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_RSA_AES_KEY_WRAP_PARAMS is needed"));
    };
    Ok((aes_key_len(parameters.aes_key_bits)?, oaep_of(&parameters.oaep)?))
}

/// Writes the encrypted temporary key, and the wrapped key.
pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PublicKey> = downcast(key)?;
    let (len, oaep) = parts(mechanism)?;
    let start = key.signature_len();
    let most = move |len| kwp_len(len).saturating_add(start);
    Ok(Gathered::start((LONGEST_KWP, Error::DataLenRange), most, move |input, out| {
        let mut temporary = Secret::zeroed(len);
        aws_lc::random(temporary.as_mut())?;
        let (before, wrapped) = out.split_at_mut_checked(start).ok_or(Error::Bug("no place for the key"))?;
        key.encrypt_oaep(&oaep, temporary.expose(), before)?;
        Ok(start + wrap_kwp(&temporary, input, wrapped)?)
    }))
}

/// What is wrong with the temporary key and what is wrong with the wrapped one is said in the same words.
pub(super) fn unwrap(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    let (len, oaep) = parts(mechanism)?;
    let start = key.signature_len();
    let most = move |len: usize| len.saturating_sub(start + KWP_OVERHEAD);
    let limit = (start + kwp_len(LONGEST_KWP), Error::EncryptedDataLenRange);
    Ok(Gathered::start(limit, most, move |input, out| {
        let (before, wrapped) = input.split_at_checked(start).ok_or(Error::EncryptedDataLenRange)?;
        if !key.is_in_range(before) {
            return Err(Error::EncryptedDataInvalid);
        }
        let mut message = Secret::zeroed(start);
        let written = key.decrypt_oaep(&oaep, before, message.as_mut())?;
        let temporary = message.expose().get(..written).filter(|temporary| temporary.len() == len);
        unwrap_kwp(&Secret::from(temporary.ok_or(Error::EncryptedDataInvalid)?), wrapped, out)
    }))
}

#[cfg(test)]
mod tests;
