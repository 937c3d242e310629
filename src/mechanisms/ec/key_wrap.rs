//! Wrapping by an ephemeral key: ECDH with the wrapping key gives an AES key, which wraps by KWP (PKCS#11 v3.2 section
//! 6.3.20).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key};
use pkcs11::{EcdhAesKeyWrapParameters, Error, Mechanism, Parameters, Result, Secret};

use super::agreement::{Kdf, agree, derived, ephemeral, kdf_of, public_len};
use crate::aes::{KWP_OVERHEAD, LONGEST_KWP, aes_key_len, kwp_len, unwrap_kwp, wrap_kwp};
use crate::gathered::Gathered;

/// The first byte of an uncompressed point (SEC 1 section 2.3.3). Points have an odd number of bytes, keys on Montgomery
/// curves an even one.
const UNCOMPRESSED: u8 = 4;

/// Parameters that are checked.
struct Parts {
    kdf: Option<Kdf>,
    shared: Vec<u8>,
    /// Length of the temporary key in bytes.
    len: usize,
}

impl Parts {
    fn new(mechanism: &Mechanism) -> Result<Self> {
        let Parameters::EcdhAesKeyWrap(EcdhAesKeyWrapParameters { aes_key_bits, kdf, shared }) =
            &mechanism.parameters
        else {
            return Err(Error::MechanismParamInvalid("CK_ECDH_AES_KEY_WRAP_PARAMS is needed"));
        };
        let len = aes_key_len(*aes_key_bits)?;
        Ok(Self { kdf: kdf_of(*kdf, shared)?, shared: shared.clone(), len })
    }

    /// The temporary key: the first bytes of what the derivation gives.
    fn temporary(&self, secret: &Secret) -> Result<Secret> {
        let Some(kdf) = self.kdf else {
            let first = secret.expose().get(..self.len);
            return first
                .map(Secret::from)
                .ok_or(Error::MechanismParamInvalid("the shared secret is shorter than ulAESKeyBits"));
        };
        derived(kdf, secret, &self.shared, self.len)
    }
}

/// Writes the ephemeral public key, a point uncompressed, and the wrapped key.
pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let parts = Parts::new(mechanism)?;
    let key = Arc::clone(key);
    let start = public_len(&key)?;
    let most = move |len| kwp_len(len).saturating_add(start);
    Ok(Gathered::start((LONGEST_KWP, Error::DataLenRange), most, move |input, out| {
        let (public, secret) = ephemeral(&key)?;
        let temporary = parts.temporary(&secret)?;
        let (before, wrapped) = out.split_at_mut_checked(start).ok_or(Error::Bug("no place for the key"))?;
        if public.len() != before.len() {
            return Err(Error::Bug("an ephemeral key of another length"));
        }
        before.copy_from_slice(&public);
        Ok(start + wrap_kwp(&temporary, input, wrapped)?)
    }))
}

pub(super) fn unwrap(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Ciphering>> {
    let parts = Parts::new(mechanism)?;
    let key = Arc::clone(key);
    let start = public_len(&key)?;
    let most = move |len: usize| len.saturating_sub(start + KWP_OVERHEAD);
    let limit = (start + kwp_len(LONGEST_KWP), Error::EncryptedDataLenRange);
    Ok(Gathered::start(limit, most, move |input, out| {
        let (public, wrapped) = input.split_at_checked(start).ok_or(Error::EncryptedDataLenRange)?;
        // A point is uncompressed, as it was made, or it is not what was made.
        if public.len() % 2 == 1 && public.first() != Some(&UNCOMPRESSED) {
            return Err(Error::EncryptedDataInvalid);
        }
        let secret = agree(&key, public).map_err(|error| match error {
            Error::MechanismParamInvalid(_) => Error::EncryptedDataInvalid,
            error => error,
        })?;
        unwrap_kwp(&parts.temporary(&secret)?, wrapped, out)
    }))
}

#[cfg(test)]
mod tests;
