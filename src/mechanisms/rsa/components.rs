//! RSA keys as attributes: what comes from outside is checked and completed, what is complete is parsed.

use std::sync::Arc;

use ::rsa::traits::{PrivateKeyParts, PublicKeyParts};
use ::rsa::{BoxedUint, RsaPrivateKey};
use engine::mechanism::Key;
use pkcs11::constants::{
    CKA_COEFFICIENT, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIME_1, CKA_PRIME_2,
    CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, Result, Secret};
use zeroize::Zeroizing;

use super::DEFAULT_EXPONENT;
use crate::aws_lc::rsa::{Components, PrivateKey, PublicKey};
use crate::der::{
    Elements, OBJECT_IDENTIFIER, PrivateKeyInfo, SEQUENCE, contents, element, private_key_info,
    read_private_key_info, secret_element, unsigned_integer, without_leading_zeros,
};

/// Bits of a modulus that may be imported: those that verify. The table of mechanisms bounds all other use.
const BITS: std::ops::RangeInclusive<usize> = 512..=16384;
/// `rsaEncryption`, 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1), and the `NULL` that follows it.
const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const NULL: &[u8] = &[5, 0];

/// The `SubjectPublicKeyInfo` of a key (RFC 3279 section 2.3.1).
pub(super) fn public_key_info(n: &[u8], e: &[u8]) -> Vec<u8> {
    let key = element(SEQUENCE, &[&unsigned_integer(n), &unsigned_integer(e)]);
    crate::der::public_key_info(&[&element(OBJECT_IDENTIFIER, &[RSA_ENCRYPTION]), NULL], &key)
}

/// The attributes of a private key (PKCS#11 v3.2 section 6.1.3).
pub(super) fn private_attributes<T: AsRef<[u8]>>(key: &Components<T>) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_MODULUS, key.n.as_ref());
    attributes.set_bytes(CKA_PUBLIC_EXPONENT, key.e.as_ref());
    attributes.set_bytes(CKA_PRIVATE_EXPONENT, key.d.as_ref());
    attributes.set_bytes(CKA_PRIME_1, key.p.as_ref());
    attributes.set_bytes(CKA_PRIME_2, key.q.as_ref());
    attributes.set_bytes(CKA_EXPONENT_1, key.dp.as_ref());
    attributes.set_bytes(CKA_EXPONENT_2, key.dq.as_ref());
    attributes.set_bytes(CKA_COEFFICIENT, key.qinv.as_ref());
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &public_key_info(key.n.as_ref(), key.e.as_ref()));
    attributes
}

/// The order of the numbers in an `RSAPrivateKey` (RFC 8017 appendix A.1.2).
const NUMBERS: [AttributeType; 8] = [
    CKA_MODULUS,
    CKA_PUBLIC_EXPONENT,
    CKA_PRIVATE_EXPONENT,
    CKA_PRIME_1,
    CKA_PRIME_2,
    CKA_EXPONENT_1,
    CKA_EXPONENT_2,
    CKA_COEFFICIENT,
];

/// The `PrivateKeyInfo` around an `RSAPrivateKey` (PKCS#11 v3.2 section 6.7).
pub(super) fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    if attributes.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::KeyNotWrappable);
    }
    let mut numbers = vec![Secret::new(unsigned_integer(&[]))];
    for part in NUMBERS {
        let number = attributes.bytes(part).ok_or(Error::KeyNotWrappable)?;
        numbers.push(Secret::new(unsigned_integer(number)));
    }
    let numbers: Vec<&[u8]> = numbers.iter().map(Secret::expose).collect();
    let key = secret_element(SEQUENCE, &numbers);
    Ok(private_key_info(&[&element(OBJECT_IDENTIFIER, &[RSA_ENCRYPTION]), NULL], &key))
}

/// The numbers of a `PrivateKeyInfo`. They are checked when the key is completed.
pub(super) fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    if template.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::TemplateInconsistent("an RSA key that is unwrapped is private"));
    }
    read(bytes).ok_or(Error::WrappedKeyInvalid)
}

fn read(bytes: &[u8]) -> Option<Attributes> {
    let PrivateKeyInfo { algorithm, key, .. } = read_private_key_info(bytes)?;
    if Elements::new(algorithm).next(OBJECT_IDENTIFIER)? != RSA_ENCRYPTION {
        return None;
    }
    let mut numbers = Elements::new(contents(SEQUENCE, key)?);
    // Only two primes: version 0.
    if !numbers.unsigned()?.is_empty() {
        return None;
    }
    let mut attributes = Attributes::new();
    for part in NUMBERS {
        attributes.set_bytes(part, numbers.positive()?);
    }
    Some(attributes)
}

/// A complete key, ready for use.
pub(super) fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let part = |part| attributes.bytes(part).ok_or(Error::TemplateIncomplete(part));
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => Ok(Arc::new(PublicKey::new(part(CKA_MODULUS)?, part(CKA_PUBLIC_EXPONENT)?)?)),
        Some(CKO_PRIVATE_KEY) => Ok(Arc::new(PrivateKey::new(&Components {
            n: part(CKA_MODULUS)?,
            e: part(CKA_PUBLIC_EXPONENT)?,
            d: part(CKA_PRIVATE_EXPONENT)?,
            p: part(CKA_PRIME_1)?,
            q: part(CKA_PRIME_2)?,
            dp: part(CKA_EXPONENT_1)?,
            dq: part(CKA_EXPONENT_2)?,
            qinv: part(CKA_COEFFICIENT)?,
        })?)),
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// Checks an imported key and gives its attributes in their final form.
pub(super) fn complete(attributes: &Attributes) -> Result<Attributes> {
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => complete_public(attributes),
        Some(CKO_PRIVATE_KEY) => complete_private(attributes),
        _ => Err(Error::TemplateInconsistent("an RSA key is public or private")),
    }
}

/// Checks the public components, those of a private key too, and gives them in their final form.
pub(super) fn complete_public(attributes: &Attributes) -> Result<Attributes> {
    let n = required(attributes, CKA_MODULUS)?;
    let e = required(attributes, CKA_PUBLIC_EXPONENT)?;
    let bits = modulus_bits(n, BITS)?;
    // What AWS-LC refuses beyond the size is an even modulus or the exponent.
    let odd = n.last().is_some_and(|last| last % 2 == 1);
    let culprit = if odd { CKA_PUBLIC_EXPONENT } else { CKA_MODULUS };
    PublicKey::new(n, e).map_err(|_| Error::AttributeValueInvalid(culprit))?;
    let info = public_key_info(n, e);
    check_given(attributes, CKA_PUBLIC_KEY_INFO, &info)?;
    let mut complete = Attributes::new();
    complete.set_bytes(CKA_MODULUS, n);
    complete.set_bytes(CKA_PUBLIC_EXPONENT, e);
    complete.set_ulong(CKA_MODULUS_BITS, bits);
    complete.set_bytes(CKA_PUBLIC_KEY_INFO, &info);
    Ok(complete)
}

/// Needs modulus and private exponent; the public exponent is 65537 where it is missing, and lost primes are
/// recovered. Nothing is believed: the parts must belong together, and the key must sign.
fn complete_private(attributes: &Attributes) -> Result<Attributes> {
    let n = required(attributes, CKA_MODULUS)?;
    let d = required(attributes, CKA_PRIVATE_EXPONENT)?;
    let e = given(attributes, CKA_PUBLIC_EXPONENT);
    modulus_bits(n, BITS)?;
    let primes = match (given(attributes, CKA_PRIME_1), given(attributes, CKA_PRIME_2)) {
        (Some(p), Some(q)) => Some((p, q)),
        (None, None) => None,
        (None, Some(_)) => return Err(Error::TemplateIncomplete(CKA_PRIME_1)),
        (Some(_), None) => return Err(Error::TemplateIncomplete(CKA_PRIME_2)),
    };
    let key = checked(n, e.unwrap_or(DEFAULT_EXPONENT), d, primes).map_err(|error| match (e, error) {
        // 65537 was a guess, and it was wrong.
        (None, Error::AttributeValueInvalid(_)) => Error::TemplateIncomplete(CKA_PUBLIC_EXPONENT),
        (_, error) => error,
    })?;
    let complete = private_attributes(&key);
    for part in [CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT] {
        let computed = complete.bytes(part).unwrap_or_default();
        if given(attributes, part).is_some_and(|given| given != computed) {
            return Err(Error::AttributeValueInvalid(part));
        }
    }
    check_given(attributes, CKA_PUBLIC_KEY_INFO, complete.bytes(CKA_PUBLIC_KEY_INFO).unwrap_or_default())?;
    check_signs(&key)?;
    Ok(complete)
}

/// All components of a private key, after the crate `rsa` agreed that they belong together.
fn checked(n: &[u8], e: &[u8], d: &[u8], primes: Option<(&[u8], &[u8])>) -> Result<Components<Secret>> {
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    // The recovery of primes subtracts and divides: no number that it could stumble over gets there.
    let exponent_bits = bits(e);
    if !odd(e) || !(2..=33).contains(&exponent_bits) {
        return Err(Error::AttributeValueInvalid(CKA_PUBLIC_EXPONENT));
    }
    if !odd(n) {
        return Err(Error::AttributeValueInvalid(CKA_MODULUS));
    }
    if bits(d) < 2 || d.len() > n.len() || d.len() == n.len() && d >= n {
        return Err(Error::AttributeValueInvalid(CKA_PRIVATE_EXPONENT));
    }
    if primes.is_none() && exponent_bits <= 16 {
        // Only e and d with their primes can be told apart from chance for such an exponent.
        return Err(Error::TemplateIncomplete(CKA_PRIME_1));
    }
    let number = |bytes: &[u8], len: usize, part| {
        let bits = u32::try_from(8 * len).map_err(|_| Error::KeySizeRange)?;
        let number = BoxedUint::from_be_slice(bytes, bits).map_err(|_| Error::AttributeValueInvalid(part))?;
        Ok(Zeroizing::new(number))
    };
    let half = n.len().div_ceil(2);
    let mut primes = match primes {
        Some((p, q)) => vec![number(p, half, CKA_PRIME_1)?, number(q, half, CKA_PRIME_2)?],
        None => Vec::new(),
    };
    let given = !primes.is_empty();
    let mut numbers = [
        number(n, n.len(), CKA_MODULUS)?,
        number(e, 8, CKA_PUBLIC_EXPONENT)?,
        number(d, n.len(), CKA_PRIVATE_EXPONENT)?,
    ];
    // Moved without a copy into the key, which wipes them.
    let [n, e, d] = numbers.each_mut().map(|number| std::mem::take(&mut **number));
    let primes = primes.iter_mut().map(|prime| std::mem::take(&mut **prime)).collect();
    let key = RsaPrivateKey::from_components(n, e, d, primes).map_err(|error| {
        Error::AttributeValueInvalid(match error {
            ::rsa::Error::InvalidModulus if !given => CKA_PRIVATE_EXPONENT,
            ::rsa::Error::InvalidModulus => CKA_MODULUS,
            ::rsa::Error::InvalidPrime if given => CKA_PRIME_1,
            _ => CKA_PRIVATE_EXPONENT,
        })
    })?;
    components(&key).ok_or(Error::AttributeValueInvalid(CKA_PRIME_1))
}

fn components(key: &RsaPrivateKey) -> Option<Components<Secret>> {
    let [p, q] = key.primes() else { return None };
    Some(Components {
        n: secret(key.n().as_ref()),
        e: secret(key.e()),
        d: secret(key.d()),
        p: secret(p.as_ref()),
        q: secret(q.as_ref()),
        dp: secret(key.dp()?),
        dq: secret(key.dq()?),
        qinv: secret(&Zeroizing::new(key.qinv()?.retrieve())),
    })
}

/// The shortest big-endian form.
fn secret(number: &BoxedUint) -> Secret {
    let bytes = Zeroizing::new(number.to_be_bytes());
    Secret::from(without_leading_zeros(&bytes))
}

/// Signs once: components can belong together without the "primes" being primes.
fn check_signs(key: &Components<Secret>) -> Result<()> {
    let parts = Components {
        n: key.n.expose(),
        e: key.e.expose(),
        d: key.d.expose(),
        p: key.p.expose(),
        q: key.q.expose(),
        dp: key.dp.expose(),
        dq: key.dq.expose(),
        qinv: key.qinv.expose(),
    };
    let invalid = |_| Error::AttributeValueInvalid(CKA_PRIVATE_EXPONENT);
    let key = PrivateKey::new(&parts).map_err(invalid)?;
    key.sign_pkcs1(b"does this key sign?", &mut vec![0; key.signature_len()]).map_err(invalid)
}

/// A number that was given, in its shortest form; empty counts as not given.
fn given(attributes: &Attributes, part: AttributeType) -> Option<&[u8]> {
    attributes.bytes(part).filter(|bytes| !bytes.is_empty()).map(without_leading_zeros)
}

fn required(attributes: &Attributes, part: AttributeType) -> Result<&[u8]> {
    given(attributes, part).ok_or(Error::TemplateIncomplete(part))
}

/// An attribute that is computed may be given, if it is right.
fn check_given(attributes: &Attributes, part: AttributeType, computed: &[u8]) -> Result<()> {
    match attributes.bytes(part) {
        Some(given) if !given.is_empty() && given != computed => Err(Error::AttributeValueInvalid(part)),
        _ => Ok(()),
    }
}

/// Length in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| 8 * number.len() - first.leading_zeros() as usize)
}

fn modulus_bits(n: &[u8], allowed: std::ops::RangeInclusive<usize>) -> Result<u64> {
    // The standard lists no CKR_KEY_SIZE_RANGE for `C_CreateObject`.
    let refused = Error::AttributeValueInvalid(CKA_MODULUS);
    let bits = bits(n);
    if allowed.contains(&bits) { u64::try_from(bits).map_err(|_| refused) } else { Err(refused) }
}
