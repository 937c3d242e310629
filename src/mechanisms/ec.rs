//! ECDSA and key pairs on NIST's curves on secp256k1 and two of the brainpool (PKCS#11 v3.2 section 6.3; FIPS 186-5,
//! SEC 2, RFC 5639); key agreement and wrapping have files of their own.

mod agreement;
mod encapsulation;
mod generic;
mod key_wrap;
mod keys;

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_VALUE, CKF_EC_COMPRESS, CKF_EC_CURVENAME,
    CKF_EC_ECPARAMETERS, CKF_EC_F_P, CKF_EC_OID, CKF_EC_UNCOMPRESS, CKK_EC, CKK_EC_MONTGOMERY,
    CKM_EC_KEY_PAIR_GEN, CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP,
    CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA3_224,
    CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384, CKM_ECDSA_SHA3_512, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256,
    CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, KeyType, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::ec::identifier_of;
use crate::aws_lc::hash::Hash;
use crate::der::{
    self, BIT_STRING, Elements, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING, PrivateKeyInfo, SEQUENCE,
    element, secret_element, unsigned_integer, without_leading_zeros,
};
use crate::message::Message;
use crate::{downcast, no_parameter};

use keys::{Curve, PrivateKey, PublicKey};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_EC_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_ECDSA, SIGN),
    row(CKM_ECDSA_SHA1, SIGN),
    row(CKM_ECDSA_SHA224, SIGN),
    row(CKM_ECDSA_SHA256, SIGN),
    row(CKM_ECDSA_SHA384, SIGN),
    row(CKM_ECDSA_SHA512, SIGN),
    row(CKM_ECDSA_SHA3_224, SIGN),
    row(CKM_ECDSA_SHA3_256, SIGN),
    row(CKM_ECDSA_SHA3_384, SIGN),
    row(CKM_ECDSA_SHA3_512, SIGN),
    MechanismRow { key_types: TO_AGREE, ..row(CKM_ECDH1_DERIVE, AGREE) },
    // The cofactor of each of these curves is 1.
    row(CKM_ECDH1_COFACTOR_DERIVE, AGREE),
    MechanismRow { key_types: TO_AGREE, ..row(CKM_ECDH_AES_KEY_WRAP, KEY_WRAP) },
    row(CKM_ECDH_COF_AES_KEY_WRAP, KEY_WRAP),
    MechanismRow {
        key_types: &[CKK_EC_MONTGOMERY],
        sizes: (255, 448),
        ..row(CKM_ECDH_X_AES_KEY_WRAP, KEY_WRAP)
    },
];

/// The mechanisms that hash, and the function of each.
const HASHES: [(MechanismType, Hash); 9] = [
    (CKM_ECDSA_SHA1, Hash::Sha1),
    (CKM_ECDSA_SHA224, Hash::Sha224),
    (CKM_ECDSA_SHA256, Hash::Sha256),
    (CKM_ECDSA_SHA384, Hash::Sha384),
    (CKM_ECDSA_SHA512, Hash::Sha512),
    (CKM_ECDSA_SHA3_224, Hash::Sha3_224),
    (CKM_ECDSA_SHA3_256, Hash::Sha3_256),
    (CKM_ECDSA_SHA3_384, Hash::Sha3_384),
    (CKM_ECDSA_SHA3_512, Hash::Sha3_512),
];

/// The keys of section 6.3.16.
const TO_AGREE: &[KeyType] = &[CKK_EC, CKK_EC_MONTGOMERY];

const AGREE: &[Can] = &[
    Can::Derive(agreement::derive),
    Can::Encapsulate(encapsulation::encapsulate),
    Can::Decapsulate(encapsulation::decapsulate),
];

const KEY_WRAP: &[Can] = &[Can::Wrap(key_wrap::wrap), Can::Unwrap(key_wrap::unwrap)];

const SIGN: &[Can] = &[Can::Sign(sign), Can::Verify(verify)];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    let forms = CKF_EC_ECPARAMETERS | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS;
    let flags = CKF_EC_F_P | forms;
    MechanismRow { mechanism, key_types: &[CKK_EC], sizes: (224, 521), flags, can }
}

/// Keys on these curves, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_EC, complete, parse, to_bytes, from_bytes };

/// A curve and what clients call it.
struct CurveRow {
    curve: Curve,
    /// Contents of the object identifier.
    oid: &'static [u8],
    /// Names of SEC 2, ANSI X9.62 and FIPS 186, in lower case.
    names: &'static [&'static str],
}

const CURVES: [CurveRow; 7] = [
    CurveRow { curve: Curve::P224, oid: b"\x2b\x81\x04\x00\x21", names: &["secp224r1", "p-224", "nistp224"] },
    CurveRow {
        curve: Curve::P256,
        oid: b"\x2a\x86\x48\xce\x3d\x03\x01\x07",
        names: &["secp256r1", "prime256v1", "p-256", "nistp256"],
    },
    CurveRow { curve: Curve::P384, oid: b"\x2b\x81\x04\x00\x22", names: &["secp384r1", "p-384", "nistp384"] },
    CurveRow { curve: Curve::P521, oid: b"\x2b\x81\x04\x00\x23", names: &["secp521r1", "p-521", "nistp521"] },
    CurveRow { curve: Curve::Secp256k1, oid: b"\x2b\x81\x04\x00\x0a", names: &["secp256k1"] },
    CurveRow {
        curve: Curve::BrainpoolP256r1,
        oid: b"\x2b\x24\x03\x03\x02\x08\x01\x01\x07",
        names: &["brainpoolp256r1"],
    },
    CurveRow {
        curve: Curve::BrainpoolP384r1,
        oid: b"\x2b\x24\x03\x03\x02\x08\x01\x01\x0b",
        names: &["brainpoolp384r1"],
    },
];

/// `id-ecPublicKey`, 1.2.840.10045.2.1 (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
/// `[0]` and `[1]`, explicit: parameters and public key of an `ECPrivateKey` (RFC 5915 section 3).
const OF_PARAMETERS: u8 = 0xA0;
const OF_POINT: u8 = 0xA1;

impl CurveRow {
    /// Reads `CKA_EC_PARAMS`: an object identifier, a curve's name, or the parameters of one of these curves written out
    /// in full (docs/decisions/0024).
    ///
    /// # Errors
    /// [`Error::CurveNotSupported`] for another curve; [`Error::DomainParamsInvalid`] for explicit parameters of anything
    /// else, for an implied curve, which the standard forbids, and for what is none of these.
    fn of(parameters: &[u8]) -> Result<&'static Self> {
        if let Some(oid) = identifier_of(parameters) {
            return CURVES.iter().find(|row| row.oid == oid).ok_or(Error::CurveNotSupported);
        }
        if let Some(oid) = der::contents(OBJECT_IDENTIFIER, parameters).filter(|oid| !oid.is_empty()) {
            return CURVES.iter().find(|row| row.oid == oid).ok_or(Error::CurveNotSupported);
        }
        let name =
            der::contents(PRINTABLE_STRING, parameters).filter(|name| name.is_ascii() && !name.is_empty());
        let name = name.ok_or(Error::DomainParamsInvalid)?.to_ascii_lowercase();
        let named = |row: &&Self| row.names.iter().any(|known| known.as_bytes() == name);
        CURVES.iter().find(named).ok_or(Error::CurveNotSupported)
    }

    /// The row that `CKA_EC_PARAMS` names.
    fn of_attributes(attributes: &Attributes) -> Result<&'static Self> {
        Self::of(attributes.bytes(CKA_EC_PARAMS).ok_or(Error::TemplateIncomplete(CKA_EC_PARAMS))?)
    }

    /// `CKA_EC_PARAMS` as it is stored: the object identifier.
    fn parameters(&self) -> Vec<u8> {
        element(OBJECT_IDENTIFIER, &[self.oid])
    }

    /// The `SubjectPublicKeyInfo` of a point (RFC 5480 section 2).
    fn public_key_info(&self, point: &[u8]) -> Vec<u8> {
        der::public_key_info(&[&element(OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY]), &self.parameters()], point)
    }

    /// The `SubjectPublicKeyInfo` of the point that stands in one place, or in several; nothing where two differ, or where one
    /// is none. Whether it is the private key's is seen when that is completed.
    fn one_public_key_info(&self, points: &[Option<&[u8]>]) -> Option<Option<Vec<u8>>> {
        let points = points.iter().flatten().map(|point| self.public_key(point).and_then(|key| key.point()));
        let points = points.collect::<Result<Vec<_>>>().ok()?;
        if points.iter().any(|point| Some(point) != points.first()) {
            return None;
        }
        Some(points.first().map(|point| self.public_key_info(point)))
    }

    /// The row of a curve.
    fn of_curve(curve: Curve) -> Option<&'static Self> {
        CURVES.iter().find(|row| row.curve == curve)
    }

    /// Reads `CKA_EC_POINT`: an `OCTET STRING` as the standard says, or what clients send instead, the point itself or
    /// a `BIT STRING`. The point is compressed, uncompressed or hybrid (ANSI X9.62 section 4.3.6): the last tells the
    /// parity of the second coordinate though it has it, and must be right.
    fn public_key(&self, value: &[u8]) -> Result<PublicKey> {
        let len = self.curve.coordinate_len();
        let is_point = |bytes: &&[u8]| match bytes.first() {
            Some(2 | 3) => bytes.len() == 1 + len,
            Some(4 | 6 | 7) => bytes.len() == 1 + 2 * len,
            _ => false,
        };
        let octets = der::contents(OCTET_STRING, value);
        let bits = der::contents(BIT_STRING, value).and_then(|bits| bits.strip_prefix(&[0]));
        // The first byte of an uncompressed point is also the tag of an OCTET STRING; only the lengths tell.
        let point = octets.filter(is_point).or(bits.filter(is_point)).or(Some(value).filter(is_point));
        let invalid = Error::AttributeValueInvalid(CKA_EC_POINT);
        let key = match point.ok_or(invalid.clone())? {
            [form @ (6 | 7), coordinates @ ..]
                if coordinates.last().is_some_and(|last| (last ^ form) & 1 == 0) =>
            {
                PublicKey::from_point(self.curve, &[&[4], coordinates].concat())
            }
            point => PublicKey::from_point(self.curve, point),
        };
        key.map_err(|_| invalid)
    }
}

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        self.curve().bits()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        self.curve().bits()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let row = CurveRow::of_attributes(public)?;
    let made = keys::generate(row.curve)?;
    let mut pair = GeneratedPair { public: public_attributes(row, &made.point), private: Attributes::new() };
    pair.private.set_bytes(CKA_EC_PARAMS, &row.parameters());
    pair.private.set_bytes(CKA_VALUE, made.scalar.expose());
    pair.private.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(&made.point));
    Ok(pair)
}

/// The attributes of a public key; `point` is uncompressed.
fn public_attributes(row: &CurveRow, point: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, &row.parameters());
    attributes.set_bytes(CKA_EC_POINT, &element(OCTET_STRING, &[point]));
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(point));
    attributes
}

/// Checks an imported key and gives its attributes in their final form.
fn complete(attributes: &Attributes) -> Result<Attributes> {
    let row = CurveRow::of_attributes(attributes)?;
    let complete = match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            public_attributes(row, &row.public_key(required(attributes, CKA_EC_POINT)?)?.point()?)
        }
        Some(CKO_PRIVATE_KEY) => complete_private(row, required(attributes, CKA_VALUE)?)?,
        _ => return Err(Error::TemplateInconsistent("an EC key is public or private")),
    };
    match attributes.bytes(CKA_PUBLIC_KEY_INFO) {
        Some(given) if !given.is_empty() && Some(given) != complete.bytes(CKA_PUBLIC_KEY_INFO) => {
            Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO))
        }
        _ => Ok(complete),
    }
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    let row = CurveRow::of_attributes(attributes)?;
    let key = PrivateKey::from_scalar(row.curve, required(attributes, CKA_VALUE)?)?;
    Ok(public_attributes(row, &key.public_point()?))
}

fn complete_private(row: &CurveRow, scalar: &[u8]) -> Result<Attributes> {
    let invalid = Error::AttributeValueInvalid(CKA_VALUE);
    let digits = without_leading_zeros(scalar);
    let key = PrivateKey::from_scalar(row.curve, digits).map_err(|_| invalid.clone())?;
    // As long as the order, so that its length tells nothing.
    let mut value = Secret::zeroed(row.curve.coordinate_len());
    let start = value.len().checked_sub(digits.len()).ok_or(invalid)?;
    if let Some(place) = value.as_mut().get_mut(start..) {
        place.copy_from_slice(digits);
    }
    let mut complete = Attributes::new();
    complete.set_bytes(CKA_EC_PARAMS, &row.parameters());
    complete.set_bytes(CKA_VALUE, value.expose());
    complete.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(&key.public_point()?));
    Ok(complete)
}

fn required(attributes: &Attributes, part: AttributeType) -> Result<&[u8]> {
    attributes.bytes(part).filter(|bytes| !bytes.is_empty()).ok_or(Error::TemplateIncomplete(part))
}

/// The `PrivateKeyInfo` around an `ECPrivateKey` without parameters (PKCS#11 v3.2 section 6.7; RFC 5915).
fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    if attributes.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::KeyNotWrappable);
    }
    let row = CurveRow::of_attributes(attributes)?;
    let scalar = attributes.bytes(CKA_VALUE).ok_or(Error::KeyNotWrappable)?;
    let scalar = secret_element(OCTET_STRING, &[scalar]);
    let key = secret_element(SEQUENCE, &[&unsigned_integer(&[1]), scalar.expose()]);
    Ok(der::private_key_info(&[&element(OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY]), &row.parameters()], &key))
}

/// Curve and scalar of a `PrivateKeyInfo`. They are checked when the key is completed.
fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    if template.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::TemplateInconsistent("an EC key that is unwrapped is private"));
    }
    let read = read(bytes).ok_or(Error::WrappedKeyInvalid)?;
    let given = template.bytes(CKA_EC_PARAMS).filter(|parameters| !parameters.is_empty());
    if let (Some(given), Ok(row)) = (given, CurveRow::of_attributes(&read))
        && CurveRow::of(given)?.curve != row.curve
    {
        return Err(Error::TemplateInconsistent("CKA_EC_PARAMS is another curve than the wrapped key's"));
    }
    Ok(read)
}

fn read(bytes: &[u8]) -> Option<Attributes> {
    let PrivateKeyInfo { algorithm, key, public } = der::read_private_key_info(bytes)?;
    let (oid, parameters) = der::first(OBJECT_IDENTIFIER, algorithm)?;
    if oid != EC_PUBLIC_KEY {
        return None;
    }
    let mut key = Elements::new(der::contents(SEQUENCE, key)?);
    if key.unsigned()? != [1] {
        return None;
    }
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(CKA_VALUE, key.next(OCTET_STRING)?);
    let again = key.next(OF_PARAMETERS);
    let own = match key.next(OF_POINT) {
        Some(bits) => Some(der::contents(BIT_STRING, bits)?.strip_prefix(&[0])?),
        None => None,
    };
    // A curve that is not offered is told when the key is completed.
    if let Ok(row) = CurveRow::of(parameters) {
        if again.is_some_and(|again| CurveRow::of(again).map(|again| again.curve) != Ok(row.curve)) {
            return None;
        }
        if let Some(info) = row.one_public_key_info(&[own, public])? {
            attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &info);
        }
    }
    Some(attributes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let row = CurveRow::of_attributes(attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => Ok(Arc::new(row.public_key(required(attributes, CKA_EC_POINT)?)?)),
        Some(CKO_PRIVATE_KEY) => {
            Ok(Arc::new(PrivateKey::from_scalar(row.curve, required(attributes, CKA_VALUE)?)?))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// An empty message. A raw one is cut to the length of the order, in bytes on these curves, by the token: the
/// standard leaves its length open (section 6.3.1).
fn message(mechanism: &Mechanism, curve: Curve) -> Result<Message> {
    no_parameter(mechanism)?;
    let kind = mechanism.mechanism_type;
    if kind == CKM_ECDSA {
        return Ok(Message::whole(curve.coordinate_len()));
    }
    let hash = HASHES.iter().find(|(known, _)| *known == kind).map(|(_, hash)| *hash);
    Message::hashed(hash.ok_or(Error::MechanismInvalid(kind))?)
}

/// An empty digest counts as 0, for which anybody can make a signature: it is refused.
fn not_empty(digest: &[u8]) -> Result<&[u8]> {
    if digest.is_empty() { Err(Error::DataLenRange) } else { Ok(digest) }
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    Ok(Box::new(EcSigning { message: message(mechanism, key.curve())?, key }))
}

struct EcSigning {
    key: Arc<PrivateKey>,
    message: Message,
}

impl Saving for EcSigning {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Signing for EcSigning {
    fn signature_len(&self) -> usize {
        2 * self.key.curve().coordinate_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update_up_to_limit(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        self.key.sign(not_empty(self.message.finish()?.as_ref())?, out)
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<PublicKey> = downcast(key)?;
    Ok(Box::new(EcVerifying { message: message(mechanism, key.curve())?, key }))
}

struct EcVerifying {
    key: Arc<PublicKey>,
    message: Message,
}

impl Saving for EcVerifying {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Verifying for EcVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update_up_to_limit(part)
    }

    /// Takes r and s in halves of equal length, as short as the longer of them (section 6.3.1).
    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let digest = self.message.finish()?;
        let digest = not_empty(digest.as_ref())?;
        let longest = 2 * self.key.curve().coordinate_len();
        if signature.is_empty() || signature.len() > longest || !signature.len().is_multiple_of(2) {
            return Err(Error::SignatureLenRange);
        }
        let (r, s) = signature.split_at(signature.len() / 2);
        if self.key.verify(digest, r, s)? { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
