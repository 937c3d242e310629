//! Keys put together, cut and masked (PKCS#11 v3.2 section 6.43). What may be cut is judged by the engine
//! (`policy/joining.rs`), which knows what the keys are.

use engine::mechanism::{Bases, Can, Derive, MechanismRow};
use pkcs11::constants::{
    CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_XOR_BASE_AND_DATA,
};
use pkcs11::encode::Writer;
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::secret::{self, LONGEST};
use crate::value_of;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_CONCATENATE_BASE_AND_KEY, &[Can::DeriveProtected(base_and_key as Derive)]),
    row(CKM_CONCATENATE_BASE_AND_DATA, &[Can::DeriveProtected(base_and_data)]),
    row(CKM_CONCATENATE_DATA_AND_BASE, &[Can::DeriveProtected(data_and_base)]),
    row(CKM_XOR_BASE_AND_DATA, &[Can::DeriveProtected(xor)]),
    row(CKM_EXTRACT_KEY_FROM_KEY, &[Can::DeriveProtected(extract)]),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: secret::DERIVABLE, sizes: (1, LONGEST as u64), flags: 0, can }
}

fn base_and_key(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let (Parameters::Key(_), Some(other)) = (&mechanism.parameters, bases.named.first()) else {
        return Err(Error::MechanismParamInvalid("the handle of a key is needed"));
    };
    let (base, other) = (value_of(bases.key)?.expose(), value_of(other)?.expose());
    concatenated(base, other, template)
}

fn base_and_data(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    concatenated(value_of(bases.key)?.expose(), data(mechanism)?.expose(), template)
}

fn data_and_base(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let (data, base) = (data(mechanism)?.expose(), value_of(bases.key)?.expose());
    concatenated(data, base, template)
}

/// Data of the parameters: at least a byte, since none would give the base key itself.
fn data(mechanism: &Mechanism) -> Result<&Secret> {
    match &mechanism.parameters {
        Parameters::DerivationString(data) if !data.is_empty() => Ok(data),
        _ => Err(Error::MechanismParamInvalid("CK_KEY_DERIVATION_STRING_DATA with data is needed")),
    }
}

fn concatenated(first: &[u8], second: &[u8], template: &Attributes) -> Result<Attributes> {
    let mut both = Writer::new();
    both.try_raw(first)?.try_raw(second)?;
    secret::cut(template, both.finish().expose())
}

fn xor(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let (base, data) = (value_of(bases.key)?, data(mechanism)?);
    let mut masked = Secret::zeroed(base.len().min(data.len()));
    let bytes = base.expose().iter().zip(data.expose());
    masked.as_mut().iter_mut().zip(bytes).for_each(|(place, (base, data))| *place = base ^ data);
    secret::cut(template, masked.expose())
}

/// The bits from one on, around the end to the start where there are not enough behind it.
fn extract(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let Parameters::Extract(first) = mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_EXTRACT_PARAMS is needed"));
    };
    let base = value_of(bases.key)?;
    let first = usize::try_from(first).ok().filter(|first| first / 8 < base.len());
    let first = first.ok_or(Error::MechanismParamInvalid("the first bit stands behind the key's last"))?;
    let len = secret::wanted_len(template)?;
    if len > base.len() {
        return Err(Error::KeySizeRange);
    }
    let (skipped, shift) = (first / 8, first % 8);
    let mut around = base.expose().iter().cycle().skip(skipped).copied();
    let mut high = around.next().unwrap_or_default();
    let mut value = Secret::zeroed(len);
    for (place, low) in value.as_mut().iter_mut().zip(around) {
        let pair = u16::from_be_bytes([high, low]) << shift;
        [*place, _] = pair.to_be_bytes();
        high = low;
    }
    secret::made(template, value.expose())
}

#[cfg(test)]
mod tests;
