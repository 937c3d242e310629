//! Keys that are numbers modulo a prime, as attributes: what Diffie-Hellman and DSA share.

use pkcs11::constants::CKA_PUBLIC_KEY_INFO;
use pkcs11::{AttributeType, Attributes, Error, Result};

use crate::der::without_leading_zeros;

/// Length of a number without leading zeros in bits.
pub(crate) fn bits(number: &[u8]) -> u64 {
    number.first().map_or(0, |first| 8 * number.len() as u64 - u64::from(first.leading_zeros()))
}

/// A number that must be there, without leading zeros; 0 counts as not there.
///
/// # Errors
/// [`Error::TemplateIncomplete`]
pub(crate) fn required(attributes: &Attributes, part: AttributeType) -> Result<&[u8]> {
    let number = attributes.bytes(part).map(without_leading_zeros).filter(|number| !number.is_empty());
    number.ok_or(Error::TemplateIncomplete(part))
}

/// What completes a key, after a look at the `CKA_PUBLIC_KEY_INFO` that was given with it.
///
/// # Errors
/// [`Error::AttributeValueInvalid`] for that of another key.
pub(crate) fn check_information(given: &Attributes, complete: Attributes) -> Result<Attributes> {
    match given.bytes(CKA_PUBLIC_KEY_INFO) {
        Some(given) if !given.is_empty() && Some(given) != complete.bytes(CKA_PUBLIC_KEY_INFO) => {
            Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO))
        }
        _ => Ok(complete),
    }
}
