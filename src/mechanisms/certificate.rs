//! What a certificate says of itself (PKCS#11 v3.2 section 4.6; RFC 5280 section 4.1).

use pkcs11::constants::{CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO, CKA_VALUE};
use pkcs11::{AttributeType, Attributes, Error, Result};

use crate::aws_lc::hash::Hash;
use crate::der::{self, BIT_STRING, Elements, INTEGER, SEQUENCE, element};
use crate::digest;

/// `[0]`, constructed: the version, which a certificate of version 1 leaves out.
const VERSION: u8 = 0xA0;

/// Checks an X.509 certificate and gives the attributes that are made of it: `CKA_CHECK_VALUE`, three bytes, and
/// `CKA_PUBLIC_KEY_INFO`. Both may be given if they are right. A certificate that lies elsewhere has an empty `CKA_VALUE`:
/// nothing here can judge what it says of itself.
///
/// The standard says "BER-encoding", RFC 5280 DER: what is signed has one encoding. Neither names nor dates are read, and
/// no signature is verified.
///
/// # Errors
/// [`Error::AttributeValueInvalid`] for a `CKA_VALUE` that is no certificate, and for a check value or a public key that
/// is another's.
pub(crate) fn complete(attributes: &Attributes) -> Result<Attributes> {
    let mut complete = Attributes::new();
    let Some(certificate) = attributes.bytes(CKA_VALUE).filter(|value| !value.is_empty()) else {
        for said in [CKA_CHECK_VALUE, CKA_PUBLIC_KEY_INFO] {
            attributes.value(said).into_iter().for_each(|value| complete.set(said, value.clone()));
        }
        return Ok(complete);
    };
    let info = public_key_info(certificate).ok_or(Error::AttributeValueInvalid(CKA_VALUE))?;
    let digest = digest::of(Hash::Sha1, &[certificate])?;
    let check = digest.as_ref().first_chunk::<3>().ok_or(Error::Bug("a digest under three bytes"))?;
    for (attribute, computed) in [(CKA_CHECK_VALUE, check.as_slice()), (CKA_PUBLIC_KEY_INFO, info.as_slice())]
    {
        check_given(attributes, attribute, computed)?;
        complete.set_bytes(attribute, computed);
    }
    Ok(complete)
}

fn check_given(attributes: &Attributes, part: AttributeType, computed: &[u8]) -> Result<()> {
    match attributes.bytes(part) {
        Some(given) if !given.is_empty() && given != computed => Err(Error::AttributeValueInvalid(part)),
        _ => Ok(()),
    }
}

/// The `SubjectPublicKeyInfo` of a certificate; `None` for what is none.
fn public_key_info(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Elements::new(der::contents(SEQUENCE, certificate)?);
    let signed = whole.next(SEQUENCE)?;
    whole.next(SEQUENCE)?;
    whole.next(BIT_STRING)?;
    if !whole.is_empty() {
        return None;
    }
    let unversioned = der::first(VERSION, signed).map_or(signed, |(_, rest)| rest);
    let mut parts = Elements::new(unversioned);
    parts.next(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        parts.next(SEQUENCE)?;
    }
    let info = parts.next(SEQUENCE)?;
    let mut key = Elements::new(info);
    key.next(SEQUENCE)?;
    key.next(BIT_STRING)?;
    key.is_empty().then(|| element(SEQUENCE, &[info]))
}

#[cfg(test)]
mod tests;
