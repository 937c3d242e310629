//! ML-KEM (PKCS#11 v3.2 section 6.68; FIPS 203).

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Encapsulating, GeneratedPair, Key, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKA_VALUE_LEN, CKK_ML_KEM, CKM_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKP_ML_KEM_512, CKP_ML_KEM_768, CKP_ML_KEM_1024,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::ml_kem::{DecapsulationKey, EncapsulationKey, SEED, Set};
use crate::parameter_sets::{Family, Pair, Seeding, SetRow};
use crate::{aws_lc, downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_ML_KEM_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_ML_KEM, &[Can::Encapsulate(encapsulate), Can::Decapsulate(decapsulate)]),
];

/// Smallest and largest public key in bytes, which is what the standard counts here.
const SIZES: (u64, u64) = (Set::MlKem512.public_len() as u64, Set::MlKem1024.public_len() as u64);

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_ML_KEM], sizes: SIZES, flags: 0, can }
}

/// Keys of this family, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_ML_KEM, complete, parse, to_bytes, from_bytes };

/// id-alg-ml-kem-512, -768 and -1024 (RFC 9935 section 3).
const FAMILY: Family<Set> = Family {
    sets: &[
        set_row(CKP_ML_KEM_512, Set::MlKem512, b"\x60\x86\x48\x01\x65\x03\x04\x04\x01"),
        set_row(CKP_ML_KEM_768, Set::MlKem768, b"\x60\x86\x48\x01\x65\x03\x04\x04\x02"),
        set_row(CKP_ML_KEM_1024, Set::MlKem1024, b"\x60\x86\x48\x01\x65\x03\x04\x04\x03"),
    ],
    seed: Some(Seeding { len: SEED, pair }),
    public_of: |row, private| DecapsulationKey::from_bytes(row.set, private)?.public(),
    check_public: |row, public| EncapsulationKey::from_bytes(row.set, public).map(drop),
};

const fn set_row(parameter_set: u64, set: Set, oid: &'static [u8]) -> SetRow<Set> {
    SetRow { parameter_set, set, oid, public_len: set.public_len(), private_len: set.private_len() }
}

impl Key for EncapsulationKey {
    fn size(&self) -> u64 {
        self.set().public_len() as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for DecapsulationKey {
    fn size(&self) -> u64 {
        self.set().public_len() as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn pair(row: &SetRow<Set>, seed: &[u8]) -> Result<Pair> {
    let seed = seed.try_into().map_err(|_| Error::Bug("a seed of another length"))?;
    let key = DecapsulationKey::from_seed(row.set, seed)?;
    Ok(Pair { public: key.public()?, private: key.to_bytes()? })
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let row = FAMILY.set_of(public)?;
    let mut seed = Secret::zeroed(SEED);
    aws_lc::random(seed.as_mut())?;
    let pair = pair(row, seed.expose())?;
    Ok(GeneratedPair {
        public: FAMILY.public_attributes(row, &pair.public),
        private: FAMILY.private_attributes(row, Some(seed.expose()), &pair),
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    FAMILY.complete(attributes)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    FAMILY.public_key_of(attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    FAMILY.wrapped(attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    FAMILY.unwrapped(template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let set = FAMILY.set_of(attributes)?.set;
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => Ok(Arc::new(EncapsulationKey::from_bytes(set, value)?)),
        Some(CKO_PRIVATE_KEY) => Ok(Arc::new(DecapsulationKey::from_bytes(set, value)?)),
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// An encapsulation to a public key.
struct Encapsulation(Arc<EncapsulationKey>);

fn encapsulate(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Encapsulating>> {
    no_parameter(mechanism)?;
    Ok(Box::new(Encapsulation(downcast(key)?)))
}

impl Encapsulating for Encapsulation {
    fn ciphertext_len(&self) -> usize {
        self.0.set().ciphertext_len()
    }

    fn finish(self: Box<Self>, attributes: &Attributes, ciphertext: &mut [u8]) -> Result<Attributes> {
        shared(&self.0.encapsulate(ciphertext)?, attributes)
    }
}

fn decapsulate(
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    attributes: &Attributes,
    ciphertext: &[u8],
) -> Result<Attributes> {
    no_parameter(mechanism)?;
    let key: Arc<DecapsulationKey> = downcast(key)?;
    if ciphertext.len() != key.set().ciphertext_len() {
        return Err(Error::WrappedKeyLenRange);
    }
    shared(&key.decapsulate(ciphertext)?, attributes)
}

/// The new key's value: the shared secret, or as many of its first bytes as the template asks for (decision 0031).
///
/// # Errors
/// [`Error::TemplateInconsistent`] for more than there are.
fn shared(secret: &Secret, template: &Attributes) -> Result<Attributes> {
    let len = template.ulong(CKA_VALUE_LEN).map_or(Some(secret.len()), |len| usize::try_from(len).ok());
    let value = len.and_then(|len| secret.expose().get(..len));
    let mut attributes = Attributes::new();
    let value = value.ok_or(Error::TemplateInconsistent("the secret of ML-KEM has 32 bytes"))?;
    attributes.set_bytes(CKA_VALUE, value);
    Ok(attributes)
}

#[cfg(test)]
mod tests;
