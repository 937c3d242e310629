//! Secret keys as attributes, of every type; generic secrets (PKCS#11 v3.2 section 6.8).

use std::sync::Arc;

use engine::mechanism::{Can, Key, KeyTypeRow, MechanismRow};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKA_VALUE, CKA_VALUE_LEN, CKK_AES, CKK_AES_XTS, CKK_BLAKE2B_160_HMAC,
    CKK_BLAKE2B_256_HMAC, CKK_BLAKE2B_384_HMAC, CKK_BLAKE2B_512_HMAC, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES,
    CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKK_HKDF, CKK_HOTP, CKK_MD5_HMAC, CKK_POLY1305,
    CKK_RIPEMD160_HMAC, CKK_SHA_1_HMAC, CKK_SHA3_224_HMAC, CKK_SHA3_256_HMAC, CKK_SHA3_384_HMAC,
    CKK_SHA3_512_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_224_HMAC,
    CKK_SHA512_256_HMAC, CKK_SHA512_HMAC, CKK_SHA512_T_HMAC, CKM_GENERIC_SECRET_KEY_GEN, CKO_OTP_KEY,
    CKO_SECRET_KEY,
};
use pkcs11::{Attributes, Error, KeyType, Mechanism, Result, Secret};

use crate::aws_lc::hash::Hash;
use crate::hmac::HmacKey;
use crate::{aes, aws_lc, camellia, des, digest, no_parameter};

/// The longest secret key in bytes: the longest value that a template may hold (decision 0045).
pub(crate) const LONGEST: usize = 1 << 24;
/// From this length in bytes on it is asked whether the memory is there: less always is.
const LARGE: usize = 1 << 16;
/// How many copies of a value there may be at once on its way into the store.
const COPIES: usize = 8;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[MechanismRow {
    mechanism: CKM_GENERIC_SECRET_KEY_GEN,
    key_types: &[CKK_GENERIC_SECRET],
    sizes: (8, 8 * LONGEST as u64),
    flags: 0,
    can: &[Can::GenerateKey(generate)],
}];

/// Generic secrets, the keys of HKDF and those of one HMAC each, from outside and out of the store.
pub(crate) const KEY_TYPES: [KeyTypeRow; 20] = [
    row(CKK_GENERIC_SECRET),
    row(CKK_HKDF),
    row(CKK_SHA_1_HMAC),
    row(CKK_SHA224_HMAC),
    row(CKK_SHA256_HMAC),
    row(CKK_SHA384_HMAC),
    row(CKK_SHA512_HMAC),
    row(CKK_SHA512_224_HMAC),
    row(CKK_SHA512_256_HMAC),
    row(CKK_SHA3_224_HMAC),
    row(CKK_SHA3_256_HMAC),
    row(CKK_SHA3_384_HMAC),
    row(CKK_SHA3_512_HMAC),
    row(CKK_BLAKE2B_160_HMAC),
    row(CKK_BLAKE2B_256_HMAC),
    row(CKK_BLAKE2B_384_HMAC),
    row(CKK_BLAKE2B_512_HMAC),
    row(CKK_MD5_HMAC),
    row(CKK_RIPEMD160_HMAC),
    row(CKK_SHA512_T_HMAC),
];

const fn row(key_type: KeyType) -> KeyTypeRow {
    KeyTypeRow { key_type, complete, parse, to_bytes, from_bytes }
}

/// Every type of secret key: what derives from a key's bytes derives from all of them.
pub(crate) const DERIVABLE: &[KeyType] = &[
    CKK_GENERIC_SECRET,
    CKK_HKDF,
    CKK_SHA_1_HMAC,
    CKK_SHA224_HMAC,
    CKK_SHA256_HMAC,
    CKK_SHA384_HMAC,
    CKK_SHA512_HMAC,
    CKK_SHA512_224_HMAC,
    CKK_SHA512_256_HMAC,
    CKK_SHA3_224_HMAC,
    CKK_SHA3_256_HMAC,
    CKK_SHA3_384_HMAC,
    CKK_SHA3_512_HMAC,
    CKK_BLAKE2B_160_HMAC,
    CKK_BLAKE2B_256_HMAC,
    CKK_BLAKE2B_384_HMAC,
    CKK_BLAKE2B_512_HMAC,
    CKK_MD5_HMAC,
    CKK_RIPEMD160_HMAC,
    CKK_SHA512_T_HMAC,
    CKK_AES,
    CKK_AES_XTS,
    CKK_CAMELLIA,
    CKK_CHACHA20,
    CKK_DES,
    CKK_DES2,
    CKK_DES3,
    CKK_POLY1305,
];

/// Whether a type of secret key can have this many bytes.
fn len_is_possible(key_type: KeyType, len: usize) -> bool {
    match key_type {
        CKK_AES | CKK_CAMELLIA => matches!(len, 16 | 24 | 32),
        CKK_AES_XTS => matches!(len, 32 | 64),
        _ => fixed_len(key_type).map_or((1..=LONGEST).contains(&len), |only| len == only),
    }
}

/// The length in bytes of a type that has only one.
pub(crate) fn fixed_len(key_type: KeyType) -> Option<usize> {
    match key_type {
        CKK_DES => Some(8),
        CKK_DES2 => Some(16),
        CKK_DES3 => Some(24),
        CKK_CHACHA20 | CKK_POLY1305 => Some(32),
        _ => None,
    }
}

/// Whether keys of a type consist of DES keys, whose bytes have odd parity (section 6.18), and whose length no
/// attribute tells.
fn is_des(key_type: KeyType) -> bool {
    matches!(key_type, CKK_DES | CKK_DES2 | CKK_DES3)
}

/// The check value of a secret: three bytes of an encrypted block of zeros for a cipher's key, of the SHA-1 digest for
/// any other (PKCS#11 v3.2 sections 6.8.3, 6.10.3 and 6.58.2). XTS has two keys and no cipher of single blocks: its keys are
/// among the others.
fn check_value(key_type: KeyType, value: &[u8]) -> Result<[u8; 3]> {
    let digest = match key_type {
        CKK_AES => return aes::check_value(value),
        CKK_CAMELLIA => return camellia::check_value(value),
        CKK_DES | CKK_DES2 | CKK_DES3 => return des::check_value(value),
        _ => digest::of(Hash::Sha1, &[value])?,
    };
    digest.as_ref().first_chunk().copied().ok_or(Error::Bug("a digest under three bytes"))
}

/// The attributes of a secret key that was made here, generated or derived. The bytes of DES keys get the parity that they
/// must have (section 6.43).
///
/// `template` holds at least `CKA_KEY_TYPE`.
///
/// # Errors
/// [`Error::KeySizeRange`] for a length that the type cannot have; [`Error::AttributeValueInvalid`] for a
/// `CKA_CHECK_VALUE` that is another; [`Error::HostMemory`].
pub(crate) fn made(template: &Attributes, value: &[u8]) -> Result<Attributes> {
    let key_type = secret_type(template)?;
    if !len_is_possible(key_type, value.len()) {
        return Err(Error::KeySizeRange);
    }
    room_for_copies(value.len())?;
    let mut value = Secret::from(value);
    let mut attributes = Attributes::new();
    if is_des(key_type) {
        des::set_parity(value.as_mut());
    } else {
        attributes.set_ulong(CKA_VALUE_LEN, value.len() as u64);
    }
    attributes.set_bytes(CKA_VALUE, value.expose());
    let computed = check_value(key_type, value.expose())?;
    match template.bytes(CKA_CHECK_VALUE) {
        // An empty one asks for none (section 4.11).
        Some([]) => {}
        Some(given) if given != computed => return Err(Error::AttributeValueInvalid(CKA_CHECK_VALUE)),
        _ => attributes.set_bytes(CKA_CHECK_VALUE, &computed),
    }
    Ok(attributes)
}

/// The length in bytes of a secret key that is to be generated: `CKA_VALUE_LEN`, or the only one of its type.
///
/// # Errors
/// [`Error::TemplateIncomplete`] without a length, and [`Error::AttributeValueInvalid`] for one that the type cannot have:
/// the standard lists no CKR_KEY_SIZE_RANGE for `C_GenerateKey`. [`Error::HostMemory`]
pub(crate) fn wanted_len(template: &Attributes) -> Result<usize> {
    let refused = Error::AttributeValueInvalid(CKA_VALUE_LEN);
    let len = value_len(template).map_err(|error| of_len(error, refused.clone()))?;
    let key_type = secret_type(template)?;
    let len = len.ok_or(Error::TemplateIncomplete(CKA_VALUE_LEN))?;
    if len_is_possible(key_type, len) { Ok(len) } else { Err(refused) }
}

/// What a caller of [`value_len`] answers where no key has the length.
fn of_len(error: Error, refused: Error) -> Error {
    if error == Error::KeySizeRange { refused } else { error }
}

/// Asks whether the memory is there that new keys of so many bytes will take, and gives it back: where a value is typed,
/// sealed and written, an allocation that fails ends the process.
///
/// # Errors
/// [`Error::HostMemory`]
pub(crate) fn room_for_copies(len: usize) -> Result<()> {
    if len < LARGE {
        return Ok(());
    }
    Vec::<u8>::new().try_reserve_exact(len.saturating_mul(COPIES)).map_err(|_| Error::HostMemory)
}

/// A key of the first bytes of what a derivation gives, by the rules that derivations share (sections 6.21 and 6.43): as
/// many as the template or the key type says, and all of them for a generic secret without a length.
///
/// # Errors
/// [`Error::TemplateIncomplete`] for a type of many lengths without one; [`Error::KeySizeRange`] for more than there is;
/// those of [`made`].
pub(crate) fn cut(template: &Attributes, available: &[u8]) -> Result<Attributes> {
    let key_type = secret_type(template)?;
    let len = match value_len(template)? {
        Some(len) => len,
        None if key_type == CKK_GENERIC_SECRET => available.len(),
        None => return Err(Error::TemplateIncomplete(CKA_VALUE_LEN)),
    };
    made(template, available.get(..len).ok_or(Error::KeySizeRange)?)
}

/// A random secret key.
///
/// # Errors
/// Those of [`wanted_len`] and of [`made`].
pub(crate) fn random(template: &Attributes) -> Result<Attributes> {
    let mut value = Secret::zeroed(wanted_len(template)?);
    aws_lc::random(value.as_mut())?;
    made(template, value.expose())
}

/// `CKA_VALUE_LEN` if it is there, or the only length of the type.
///
/// # Errors
/// [`Error::KeySizeRange`] for a length that no key has; [`Error::HostMemory`].
pub(crate) fn value_len(template: &Attributes) -> Result<Option<usize>> {
    let Some(len) = template.ulong(CKA_VALUE_LEN) else {
        return Ok(template.key_type().and_then(fixed_len));
    };
    let len = usize::try_from(len).ok().filter(|len| *len <= LONGEST).ok_or(Error::KeySizeRange)?;
    room_for_copies(len)?;
    Ok(Some(len))
}

fn secret_type(template: &Attributes) -> Result<KeyType> {
    match (template.class(), template.key_type()) {
        (Some(CKO_OTP_KEY), Some(CKK_HOTP)) => Ok(CKK_HOTP),
        (Some(CKO_SECRET_KEY) | None, Some(key_type)) => Ok(key_type),
        _ => Err(Error::TemplateInconsistent("this is a secret key")),
    }
}

/// Generates a key of any cipher or MAC.
pub(crate) fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    random(template)
}

/// Checks an imported key and gives its attributes in their final form.
pub(crate) fn complete(attributes: &Attributes) -> Result<Attributes> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    if attributes.ulong(CKA_VALUE_LEN).is_some_and(|len| len != value.len() as u64) {
        return Err(Error::TemplateInconsistent("CKA_VALUE_LEN is another than the value's"));
    }
    if !value_is_possible(secret_type(attributes)?, value) {
        return Err(Error::AttributeValueInvalid(CKA_VALUE));
    }
    made(attributes, value).map_err(|error| match error {
        Error::KeySizeRange => Error::AttributeValueInvalid(CKA_VALUE),
        error => error,
    })
}

/// Whether a key of a type may have this value, which may have any length. Both keys of XTS must differ (SP 800-38E; IEEE
/// 1619 assumes it): equal ones let who may decrypt learn the tweaks.
fn value_is_possible(key_type: KeyType, value: &[u8]) -> bool {
    match key_type {
        CKK_AES_XTS => {
            let (data, tweak) = value.split_at(value.len() / 2);
            !bool::from(data.ct_eq(tweak))
        }
        _ => !is_des(key_type) || des::parity_is_set(value),
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    secret_type(attributes)?;
    Ok(Arc::new(HmacKey::new(attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?)))
}

/// What wrapping wraps: `CKA_VALUE`.
pub(crate) fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    attributes.bytes(CKA_VALUE).map(Secret::from).ok_or(Error::KeyNotWrappable)
}

/// Reads an unwrapped key: all of the bytes, which are as many as the template says if it says so. What a mechanism had
/// to add is off already; nothing here looks at it.
pub(crate) fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    let key_type = secret_type(template)?;
    let wanted =
        value_len(template).map_err(|error| of_len(error, Error::AttributeValueInvalid(CKA_VALUE_LEN)))?;
    if wanted.is_some_and(|wanted| wanted != bytes.len()) || !len_is_possible(key_type, bytes.len()) {
        return Err(Error::WrappedKeyLenRange);
    }
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_VALUE, bytes);
    Ok(attributes)
}

#[cfg(test)]
mod tests;
