//! DER: the forms of keys, told apart by trying each.

use ::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use ::der::{Decode, Encode, Tag, TagNumber, Tagged};
use pkcs1::{RsaPrivateKey, RsaPublicKey};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use pkcs11::Attribute;
use pkcs11::constants as c;
use sec1::EcPrivateKey;

use super::{Ask, Certificate, Contents, KeyValue, Refusal, pkcs12};
use crate::curves::{Curve, curve_names, curve_of};
use crate::object::bits_of;
use crate::parameter_sets::{ParameterSet, family_of};

/// rsaEncryption (RFC 8017) and id-ecPublicKey (RFC 5480).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// An OCTET STRING of less than 128 bytes: its tag.
const OCTET_STRING: u8 = 0x04;

/// Reads one structure.
pub(super) fn parse(bytes: &[u8], ask: Ask<'_>, contents: &mut Contents) -> Result<(), Refusal> {
    if PrivateKeyInfoRef::from_der(bytes).is_ok() {
        contents.private_keys.push(pkcs8(bytes)?);
    } else if EncryptedPrivateKeyInfoRef::from_der(bytes).is_ok() {
        contents.private_keys.push(encrypted(bytes, ask)?);
    } else if RsaPrivateKey::<UintRef<'_>>::from_der(bytes).is_ok() {
        contents.private_keys.push(pkcs1(bytes)?);
    } else if EcPrivateKey::from_der(bytes).is_ok() {
        contents.private_keys.push(sec1(bytes, None)?);
    } else if SubjectPublicKeyInfoRef::from_der(bytes).is_ok() {
        contents.public_keys.push(spki(bytes)?);
    } else if pkcs12::is_pkcs12(bytes) {
        pkcs12::parse(bytes, ask, contents)?;
    } else {
        let certificate = Certificate::read(bytes, None);
        let certificate =
            certificate.map_err(|_| Refusal::form("it is neither a key nor a certificate, in PEM or in DER"));
        contents.certificates.push(certificate?);
    }
    Ok(())
}

/// An unencrypted PKCS#8 private key.
pub(super) fn pkcs8(bytes: &[u8]) -> Result<KeyValue, Refusal> {
    let damaged = || Refusal::form("its private key is damaged");
    let info = PrivateKeyInfoRef::from_der(bytes).map_err(|_| damaged())?;
    let value = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA => pkcs1(value),
        EC => {
            let params = info.algorithm.parameters.ok_or_else(damaged)?.to_der().map_err(|_| damaged())?;
            sec1(value, Some(&params))
        }
        oid => {
            if let Some(set) = ParameterSet::identified(oid) {
                return of_set(set, value).ok_or_else(damaged);
            }
            let params = oid.to_der().map_err(|_| damaged())?;
            let curve = curve_of(&params).filter(|curve| curve.key_type != c::CKK_EC);
            let curve = curve.ok_or_else(|| unknown_algorithm(oid))?;
            // RFC 8410 section 7: the seed is an OCTET STRING once more.
            let seed = <&OctetStringRef>::from_der(value).map_err(|_| damaged())?;
            Ok(on_curve(curve, seed.as_bytes()))
        }
    }
}

/// The private key of a parameter set: its seed, its value or both (RFC 9881 section 6, RFC 9935 section 6), or its value
/// without an element of its own where there are no seeds (RFC 9909 section 6).
fn of_set(set: &ParameterSet, value: &[u8]) -> Option<KeyValue> {
    /// `[0] IMPLICIT OCTET STRING`: the seed alone.
    const SEED: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
    let (seed, value) = if family_of(set.key_type)?.has_seed {
        let any = AnyRef::from_der(value).ok()?;
        match any.tag() {
            SEED => (Some(any.value()), None),
            Tag::OctetString => (None, Some(any.value())),
            _ => match Vec::<&OctetStringRef>::from_der(value).ok()?.as_slice() {
                [seed, value] => (Some(seed.as_bytes()), Some(value.as_bytes())),
                _ => return None,
            },
        }
    } else {
        (None, Some(value))
    };
    let mut attributes = vec![Attribute::ulong(c::CKA_PARAMETER_SET, set.number)];
    attributes.extend(seed.map(|seed| Attribute::bytes(c::CKA_SEED, seed)));
    attributes.extend(value.map(|value| Attribute::bytes(c::CKA_VALUE, value)));
    Some(KeyValue { key_type: set.key_type, bits: 0, attributes, name: None })
}

fn unknown_algorithm(oid: ObjectIdentifier) -> Refusal {
    Refusal::Form(
        format!("its key is for an algorithm that tokens here do not have ({oid})"),
        format!("take an RSA key, one of ML-DSA, ML-KEM or SLH-DSA, or one on {}", curve_names()),
    )
}

fn on_curve(curve: &Curve, value: &[u8]) -> KeyValue {
    let attributes =
        vec![Attribute::bytes(c::CKA_EC_PARAMS, curve.params), Attribute::bytes(c::CKA_VALUE, value)];
    KeyValue { key_type: curve.key_type, bits: curve.bits, attributes, name: None }
}

/// An encrypted PKCS#8 private key.
pub(super) fn encrypted(bytes: &[u8], ask: Ask<'_>) -> Result<KeyValue, Refusal> {
    let info = EncryptedPrivateKeyInfoRef::from_der(bytes).map_err(|_| {
        Refusal::Form(
            "its private key is damaged, or encrypted in a way that is not known here".to_owned(),
            "encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW".to_owned(),
        )
    })?;
    let passphrase = ask()?;
    let plain = info.decrypt(passphrase.expose()).map_err(|_| Refusal::Passphrase)?;
    // What decrypts to no key was decrypted with another passphrase, one time in 256.
    pkcs8(plain.as_bytes()).map_err(|refusal| match PrivateKeyInfoRef::from_der(plain.as_bytes()) {
        Ok(_) => refusal,
        Err(_) => Refusal::Passphrase,
    })
}

/// A PKCS#1 RSA private key.
pub(super) fn pkcs1(bytes: &[u8]) -> Result<KeyValue, Refusal> {
    let key = RsaPrivateKey::<UintRef<'_>>::from_der(bytes)
        .map_err(|_| Refusal::form("its RSA private key is damaged, or has more than two primes"))?;
    let part = |attribute, number: UintRef<'_>| Attribute::bytes(attribute, number.as_bytes());
    let attributes = vec![
        part(c::CKA_MODULUS, key.modulus),
        part(c::CKA_PUBLIC_EXPONENT, key.public_exponent),
        part(c::CKA_PRIVATE_EXPONENT, key.private_exponent),
        part(c::CKA_PRIME_1, key.prime1),
        part(c::CKA_PRIME_2, key.prime2),
        part(c::CKA_EXPONENT_1, key.exponent1),
        part(c::CKA_EXPONENT_2, key.exponent2),
        part(c::CKA_COEFFICIENT, key.coefficient),
    ];
    let bits = bits_of(key.modulus.as_bytes());
    Ok(KeyValue { key_type: c::CKK_RSA, bits, attributes, name: None })
}

/// A SEC 1 private key; `params` names the curve where PKCS#8 does.
pub(super) fn sec1(bytes: &[u8], params: Option<&[u8]>) -> Result<KeyValue, Refusal> {
    let key = EcPrivateKey::from_der(bytes).map_err(|_| {
        Refusal::form("its private key is damaged, or its curve is written out instead of named")
    })?;
    let named = match (params, &key.parameters) {
        (Some(params), _) => params.to_vec(),
        (None, Some(parameters)) => {
            parameters.to_der().map_err(|_| Refusal::form("its curve cannot be read"))?
        }
        (None, None) => return Err(Refusal::form("its private key does not say on which curve it is")),
    };
    let curve = curve_of(&named).ok_or_else(|| {
        Refusal::Form(
            "its private key is on a curve that tokens here do not have".to_owned(),
            format!("take a key on {}", curve_names()),
        )
    })?;
    Ok(on_curve(curve, key.private_key))
}

/// A PKCS#1 RSA public key.
pub(super) fn pkcs1_public(bytes: &[u8]) -> Result<KeyValue, Refusal> {
    let key = RsaPublicKey::<UintRef<'_>>::from_der(bytes)
        .map_err(|_| Refusal::form("its RSA public key is damaged"))?;
    let attributes = vec![
        Attribute::bytes(c::CKA_MODULUS, key.modulus.as_bytes()),
        Attribute::bytes(c::CKA_PUBLIC_EXPONENT, key.public_exponent.as_bytes()),
    ];
    let bits = bits_of(key.modulus.as_bytes());
    Ok(KeyValue { key_type: c::CKK_RSA, bits, attributes, name: None })
}

/// A public key in a `SubjectPublicKeyInfo`.
pub(super) fn spki(bytes: &[u8]) -> Result<KeyValue, Refusal> {
    public_key(bytes).ok_or_else(|| {
        Refusal::form("its public key is damaged, or of an algorithm that tokens here do not have")
    })
}

/// A public key in a `SubjectPublicKeyInfo`: `None` for one that is damaged or of an unknown algorithm.
pub(crate) fn public_key(spki: &[u8]) -> Option<KeyValue> {
    let info = SubjectPublicKeyInfoRef::<'_>::from_der(spki).ok()?;
    let point = raw(&info.subject_public_key)?;
    if info.algorithm.oid == RSA {
        return pkcs1_public(point).ok();
    }
    if let Some(set) = ParameterSet::identified(info.algorithm.oid) {
        let attributes =
            vec![Attribute::ulong(c::CKA_PARAMETER_SET, set.number), Attribute::bytes(c::CKA_VALUE, point)];
        return Some(KeyValue { key_type: set.key_type, bits: 0, attributes, name: None });
    }
    let params = match info.algorithm.oid {
        EC => AnyRef::to_der(&info.algorithm.parameters?).ok()?,
        oid => oid.to_der().ok()?,
    };
    let curve = curve_of(&params)?;
    // PKCS#11 v3.2 section 6.3.3: a point is wrapped in an OCTET STRING; sections 6.3.5 and 6.3.7: bytes are not.
    let point = if curve.key_type == c::CKK_EC { octet_string(point)? } else { point.to_vec() };
    let attributes =
        vec![Attribute::bytes(c::CKA_EC_PARAMS, curve.params), Attribute::bytes(c::CKA_EC_POINT, &point)];
    Some(KeyValue { key_type: curve.key_type, bits: curve.bits, attributes, name: None })
}

fn raw<'a>(bits: &BitStringRef<'a>) -> Option<&'a [u8]> {
    bits.as_bytes()
}

fn octet_string(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(bytes.len()).ok()?;
    // Lengths from 128 on take a byte that says how many follow: a P-521 point has 133.
    let head: &[u8] = if length < 0x80 { &[OCTET_STRING, length] } else { &[OCTET_STRING, 0x81, length] };
    Some([head, bytes].concat())
}
