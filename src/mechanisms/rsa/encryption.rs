//! RSA encryption, decryption, recovery and wrapping: PKCS #1 v1.5, OAEP and X.509 (PKCS#11 v3.2 sections 6.1.6 to 6.1.9
//! and 6.1.12).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key};
use pkcs11::constants::{CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509, CKZ_DATA_SPECIFIED};
use pkcs11::{Error, Mechanism, OaepParameters, Parameters, Result, Secret};

use super::{mgf_of, rejection};
use crate::aws_lc::rsa::{Oaep, PKCS1_OVERHEAD, PrivateKey, PublicKey};
use crate::digest::hash_of;
use crate::gathered::Gathered;
use crate::{downcast, no_parameter};

/// How a message becomes a number below the modulus.
pub(super) enum Padding {
    Pkcs1,
    Oaep(Oaep),
    /// With zeros before it.
    Zeros,
}

impl Padding {
    pub(super) fn new(mechanism: &Mechanism) -> Result<Self> {
        match mechanism.mechanism_type {
            CKM_RSA_PKCS => no_parameter(mechanism).map(|()| Self::Pkcs1),
            CKM_RSA_PKCS_OAEP => oaep(mechanism).map(Self::Oaep),
            CKM_RSA_X_509 => no_parameter(mechanism).map(|()| Self::Zeros),
            other => Err(Error::MechanismInvalid(other)),
        }
    }

    /// The longest message under a modulus of `len` bytes.
    pub(super) fn longest(&self, len: usize) -> usize {
        match self {
            Self::Pkcs1 => len.saturating_sub(PKCS1_OVERHEAD),
            Self::Oaep(oaep) => len.saturating_sub(2 + 2 * oaep.hash.digest_len()),
            Self::Zeros => len,
        }
    }

    /// Encrypts a message that is no longer than [`Padding::longest`]; `out` is as long as the modulus.
    pub(super) fn encrypt(&self, key: &PublicKey, data: &[u8], out: &mut [u8]) -> Result<()> {
        match self {
            Self::Pkcs1 => key.encrypt_pkcs1(data, out),
            Self::Oaep(oaep) => key.encrypt_oaep(oaep, data, out),
            Self::Zeros => {
                let number = with_zeros(data, key.signature_len())?;
                if !key.is_in_range(number.expose()) {
                    return Err(Error::DataInvalid);
                }
                key.raw(number.expose(), out)
            }
        }
    }
}

fn oaep(mechanism: &Mechanism) -> Result<Oaep> {
    let Parameters::Oaep(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_RSA_PKCS_OAEP_PARAMS is needed"));
    };
    oaep_of(parameters)
}

/// The parameters of OAEP, checked.
///
/// # Errors
/// [`Error::MechanismParamInvalid`]
pub(super) fn oaep_of(parameters: &OaepParameters) -> Result<Oaep> {
    let hash = hash_of(parameters.hash).ok_or(Error::MechanismParamInvalid("hashAlg is not offered"))?;
    let mgf = mgf_of(parameters.mgf).ok_or(Error::MechanismParamInvalid("mgf is not offered"))?;
    match parameters.source {
        CKZ_DATA_SPECIFIED => {}
        // What many send who want no label.
        0 if parameters.label.is_empty() => {}
        _ => return Err(Error::MechanismParamInvalid("source is not CKZ_DATA_SPECIFIED")),
    }
    Ok(Oaep { hash, mgf, label: parameters.label.clone() })
}

/// The first bytes of the place for a result.
fn place(out: &mut [u8], len: usize) -> Result<&mut [u8]> {
    out.get_mut(..len).ok_or(Error::Bug("no place for the result"))
}

fn put(bytes: &[u8], out: &mut [u8]) -> Result<usize> {
    place(out, bytes.len())?.copy_from_slice(bytes);
    Ok(bytes.len())
}

/// `data` with zeros before it, `len` bytes; `data` is no longer.
pub(super) fn with_zeros(data: &[u8], len: usize) -> Result<Secret> {
    let mut number = Secret::zeroed(len);
    let start = len.checked_sub(data.len()).ok_or(Error::DataLenRange)?;
    number.as_mut().get_mut(start..).ok_or(Error::DataLenRange)?.copy_from_slice(data);
    Ok(number)
}

/// Also wraps.
pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PublicKey> = downcast(key)?;
    let padding = Padding::new(mechanism)?;
    let len = key.signature_len();
    let limit = (padding.longest(len), Error::DataLenRange);
    Ok(Gathered::start(
        limit,
        move |_| len,
        move |data, out| {
            padding.encrypt(&key, data, place(out, len)?)?;
            Ok(len)
        },
    ))
}

/// Also unwraps.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    let padding = Padding::new(mechanism)?;
    let len = key.signature_len();
    let longest = padding.longest(len);
    Ok(Gathered::start(
        (len, Error::EncryptedDataLenRange),
        move |_| longest,
        move |input, out| {
            if input.len() != len {
                return Err(Error::EncryptedDataLenRange);
            }
            if !key.is_in_range(input) {
                return Err(Error::EncryptedDataInvalid);
            }
            match &padding {
                Padding::Pkcs1 => put(rejection::decrypt(&key, input)?.expose(), out),
                Padding::Oaep(oaep) => {
                    let mut message = Secret::zeroed(len);
                    let written = key.decrypt_oaep(oaep, input, message.as_mut())?;
                    put(message.expose().get(..written).unwrap_or_default(), out)
                }
                Padding::Zeros => {
                    key.raw(input, place(out, len)?)?;
                    Ok(len)
                }
            }
        },
    ))
}

pub(super) fn sign_recover(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    let padding = Padding::new(mechanism)?;
    let len = key.signature_len();
    let limit = (padding.longest(len), Error::DataLenRange);
    Ok(Gathered::start(
        limit,
        move |_| len,
        move |data, out| {
            let out = place(out, len)?;
            match padding {
                Padding::Pkcs1 => key.sign_pkcs1(data, out)?,
                Padding::Oaep(_) | Padding::Zeros => sign_raw(&key, data, out)?,
            }
            Ok(len)
        },
    ))
}

/// Signs a number no longer than the modulus as it is; `out` is as long as the modulus.
///
/// # Errors
/// [`Error::DataInvalid`] for a number that is not below the modulus.
pub(super) fn sign_raw(key: &PrivateKey, data: &[u8], out: &mut [u8]) -> Result<()> {
    let number = with_zeros(data, key.signature_len())?;
    if !key.is_in_range(number.expose()) {
        return Err(Error::DataInvalid);
    }
    key.raw(number.expose(), out)
}

pub(super) fn verify_recover(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<PublicKey> = downcast(key)?;
    let padding = Padding::new(mechanism)?;
    let len = key.signature_len();
    let longest = padding.longest(len);
    Ok(Gathered::start(
        (len, Error::SignatureLenRange),
        move |_| longest,
        move |signature, out| {
            if signature.len() != len {
                return Err(Error::SignatureLenRange);
            }
            match padding {
                Padding::Pkcs1 => put(&key.recover_pkcs1(signature).ok_or(Error::SignatureInvalid)?, out),
                Padding::Oaep(_) | Padding::Zeros => {
                    if !key.is_in_range(signature) {
                        return Err(Error::SignatureInvalid);
                    }
                    key.raw(signature, place(out, len)?)?;
                    Ok(len)
                }
            }
        },
    ))
}

#[cfg(test)]
mod tests;
