//! Derivation of keys by encryption of data (PKCS#11 v3.2 sections 6.17 and 6.48).

use std::sync::Arc;

use engine::mechanism::Bases;
use pkcs11::{Attributes, Error, Mechanism, Parameters, Result, Secret};

use super::BlockCipher;
use crate::aws_lc::Direction;
use crate::{downcast, secret};

/// A key of data encrypted in ECB mode.
pub(crate) fn ecb<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    bases: &Bases<'_>,
    template: &Attributes,
) -> Result<Attributes> {
    let Parameters::DerivationString(data) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_KEY_DERIVATION_STRING_DATA is needed"));
    };
    let mut encrypted = place_for::<N>(data)?;
    let key: Arc<C> = downcast(bases.key)?;
    key.ecb(Direction::Encrypt, data.expose(), encrypted.as_mut())?;
    derived(template, &encrypted)
}

/// A key of data encrypted in CBC mode.
pub(crate) fn cbc<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    bases: &Bases<'_>,
    template: &Attributes,
) -> Result<Attributes> {
    let wrong = Error::MechanismParamInvalid("an initialisation vector and whole blocks are needed");
    let Parameters::CbcEncryptData(parameters) = &mechanism.parameters else { return Err(wrong) };
    let mut iv = parameters.iv.as_slice().try_into().map_err(|_| wrong)?;
    let mut encrypted = place_for::<N>(&parameters.data)?;
    let key: Arc<C> = downcast(bases.key)?;
    key.cbc(Direction::Encrypt, &mut iv, parameters.data.expose(), encrypted.as_mut())?;
    derived(template, &encrypted)
}

fn place_for<const N: usize>(data: &Secret) -> Result<Secret> {
    if data.is_empty() || !data.len().is_multiple_of(N) {
        return Err(Error::MechanismParamInvalid("data in whole blocks is needed"));
    }
    Secret::try_zeroed(data.len())
}

/// A key of the first bytes. Data that is too short for it is named by the mechanism's own error (section 6.17.3).
fn derived(template: &Attributes, encrypted: &Secret) -> Result<Attributes> {
    if secret::value_len(template)?.is_some_and(|len| len > encrypted.len()) {
        return Err(Error::DataLenRange);
    }
    secret::cut(template, encrypted.expose())
}
