//! Attributes: as an application sends them (a [`Template`]) and as an object holds them ([`Attributes`]).

use std::collections::BTreeMap;

use crate::constants::{CKA_CLASS, CKA_KEY_TYPE};
use crate::encode::{Reader, Writer};
use crate::{Error, KeyType, ObjectClass, Result, Secret};

/// A `CKA_` value.
pub type AttributeType = u64;

/// What an application sends: attributes in the given order, duplicates and all, lengths unjudged.
pub type Template = Vec<Attribute>;

/// One entry of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Which attribute.
    pub attribute_type: AttributeType,
    /// Its value as sent.
    pub value: RawValue,
}

/// A value as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawValue {
    /// The bytes at `pValue`.
    Bytes(Secret),
    /// For attributes with `CKF_ARRAY_ATTRIBUTE` that hold attributes (`CKA_WRAP_TEMPLATE` and its like).
    Template(Template),
}

impl Attribute {
    /// An attribute of bytes.
    #[must_use]
    pub fn bytes(attribute_type: AttributeType, value: &[u8]) -> Self {
        Self { attribute_type, value: RawValue::Bytes(Secret::from(value)) }
    }

    /// A `CK_BBOOL` attribute.
    #[must_use]
    pub fn boolean(attribute_type: AttributeType, value: bool) -> Self {
        Self::bytes(attribute_type, &[u8::from(value)])
    }

    /// A `CK_ULONG` attribute.
    #[must_use]
    pub fn ulong(attribute_type: AttributeType, value: u64) -> Self {
        Self::bytes(attribute_type, &value.to_ne_bytes())
    }
}

/// A typed value, as an object holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// `CK_BBOOL`
    Bool(bool),
    /// `CK_ULONG` and the types made of it.
    Ulong(u64),
    /// Byte arrays, strings, big integers (big endian), dates (empty or 8 characters).
    Bytes(Secret),
    /// `CK_MECHANISM_TYPE` arrays and their like.
    Ulongs(Vec<u64>),
    /// `CKA_WRAP_TEMPLATE` and its like.
    Template(Attributes),
}

impl AttributeValue {
    /// The value as the application's memory holds it: `CK_ULONG`s in the machine's order.
    /// `None` for [`AttributeValue::Template`], which is a structure of pointers there.
    #[must_use]
    pub fn to_native(&self) -> Option<Secret> {
        match self {
            Self::Bool(value) => Some(Secret::new(vec![u8::from(*value)])),
            Self::Ulong(value) => Some(Secret::new(value.to_ne_bytes().to_vec())),
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Ulongs(values) => Some(Secret::new(values.iter().flat_map(|v| v.to_ne_bytes()).collect())),
            Self::Template(_) => None,
        }
    }

    /// The value in the one canonical form of `docs/format.md`: what blinded tags are computed over.
    #[must_use]
    pub fn to_canonical(&self) -> Secret {
        match self {
            Self::Bool(value) => Secret::new(vec![u8::from(*value)]),
            Self::Ulong(value) => Secret::new(value.to_be_bytes().to_vec()),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Ulongs(values) => Secret::new(values.iter().flat_map(|v| v.to_be_bytes()).collect()),
            Self::Template(attributes) => attributes.encode(),
        }
    }

    fn form(&self) -> u8 {
        match self {
            Self::Bool(_) => 1,
            Self::Ulong(_) => 2,
            Self::Bytes(_) => 3,
            Self::Ulongs(_) => 4,
            Self::Template(_) => 5,
        }
    }

    fn from_canonical(form: u8, bytes: &[u8], depth: usize) -> Result<Self> {
        let words = || bytes.chunks_exact(8).filter_map(|c| c.try_into().ok().map(u64::from_be_bytes));
        match (form, bytes) {
            (1, [0]) => Ok(Self::Bool(false)),
            (1, [1]) => Ok(Self::Bool(true)),
            (2, _) if bytes.len() == 8 => Ok(Self::Ulong(words().next().unwrap_or_default())),
            (3, _) => Ok(Self::Bytes(Secret::from(bytes))),
            (4, _) if bytes.len().is_multiple_of(8) => Ok(Self::Ulongs(words().collect())),
            (5, _) if depth > 0 => Ok(Self::Template(Attributes::decode_within(bytes, depth - 1)?)),
            _ => Err(Error::Encoding("an attribute of an unknown form or a wrong length")),
        }
    }
}

/// How deep templates may lie in one another.
const MAX_DEPTH: usize = 8;

/// The complete, typed attributes of an object, at most one of each type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<AttributeType, AttributeValue>);

impl Attributes {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The attribute of a type.
    #[must_use]
    pub fn value(&self, attribute_type: AttributeType) -> Option<&AttributeValue> {
        self.0.get(&attribute_type)
    }

    /// Sets an attribute; what was there before goes.
    pub fn set(&mut self, attribute_type: AttributeType, value: AttributeValue) {
        self.0.insert(attribute_type, value);
    }

    /// Sets a `CK_BBOOL`.
    pub fn set_bool(&mut self, attribute_type: AttributeType, value: bool) {
        self.set(attribute_type, AttributeValue::Bool(value));
    }

    /// Sets a `CK_ULONG`.
    pub fn set_ulong(&mut self, attribute_type: AttributeType, value: u64) {
        self.set(attribute_type, AttributeValue::Ulong(value));
    }

    /// Sets bytes.
    pub fn set_bytes(&mut self, attribute_type: AttributeType, value: &[u8]) {
        self.set(attribute_type, AttributeValue::Bytes(Secret::from(value)));
    }

    /// Takes an attribute out.
    pub fn remove(&mut self, attribute_type: AttributeType) -> Option<AttributeValue> {
        self.0.remove(&attribute_type)
    }

    /// Sets everything that `other` holds.
    pub fn extend(&mut self, other: Attributes) {
        self.0.extend(other.0);
    }

    /// In ascending order of type.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeType, &AttributeValue)> {
        self.0.iter().map(|(attribute_type, value)| (*attribute_type, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A boolean attribute; absent reads as false.
    #[must_use]
    pub fn is(&self, attribute_type: AttributeType) -> bool {
        matches!(self.0.get(&attribute_type), Some(AttributeValue::Bool(true)))
    }

    /// A `CK_ULONG` attribute.
    #[must_use]
    pub fn ulong(&self, attribute_type: AttributeType) -> Option<u64> {
        match self.0.get(&attribute_type) {
            Some(AttributeValue::Ulong(value)) => Some(*value),
            _ => None,
        }
    }

    /// A byte attribute.
    #[must_use]
    pub fn bytes(&self, attribute_type: AttributeType) -> Option<&[u8]> {
        match self.0.get(&attribute_type) {
            Some(AttributeValue::Bytes(bytes)) => Some(bytes.expose()),
            _ => None,
        }
    }

    /// `CKA_CLASS`, which every complete object has.
    #[must_use]
    pub fn class(&self) -> Option<ObjectClass> {
        self.ulong(CKA_CLASS)
    }

    /// `CKA_KEY_TYPE`, which every complete key has.
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        self.ulong(CKA_KEY_TYPE)
    }

    /// The canonical form: `docs/format.md`, "attributes".
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut writer = Writer::new();
        for (attribute_type, value) in &self.0 {
            let canonical = value.to_canonical();
            let mut entry = Writer::new();
            entry.raw(&attribute_type.to_be_bytes());
            entry.raw(&[value.form()]);
            entry.raw(canonical.expose());
            writer.item(entry.finish().expose());
        }
        writer.finish()
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`] for anything that [`Attributes::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Self::decode_within(bytes, MAX_DEPTH)
    }

    fn decode_within(bytes: &[u8], depth: usize) -> Result<Self> {
        let mut attributes = BTreeMap::new();
        let mut last = None;
        let mut reader = Reader::new(bytes);
        while let Some(entry) = reader.item()? {
            let (attribute_type, rest) =
                entry.split_first_chunk::<8>().ok_or(Error::Encoding("an attribute cut short"))?;
            let (form, value) = rest.split_first().ok_or(Error::Encoding("an attribute cut short"))?;
            let attribute_type = u64::from_be_bytes(*attribute_type);
            if last.is_some_and(|last| last >= attribute_type) {
                return Err(Error::Encoding("attributes out of order"));
            }
            last = Some(attribute_type);
            attributes.insert(attribute_type, AttributeValue::from_canonical(*form, value, depth)?);
        }
        Ok(Self(attributes))
    }
}

/// What `C_GetAttributeValue` may tell of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// The value.
    Value(AttributeValue),
    /// The object has it, and does not show it: `CKR_ATTRIBUTE_SENSITIVE`.
    Sensitive,
    /// The object has no such attribute: `CKR_ATTRIBUTE_TYPE_INVALID`.
    Invalid,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::{CKA_ALLOWED_MECHANISMS, CKA_LABEL, CKA_TOKEN, CKA_WRAP_TEMPLATE};

    fn sample() -> Attributes {
        let mut inner = Attributes::new();
        inner.set_bool(CKA_TOKEN, true);
        let mut attributes = Attributes::new();
        attributes.set_ulong(CKA_CLASS, 3);
        attributes.set_bytes(CKA_LABEL, b"");
        attributes.set(CKA_ALLOWED_MECHANISMS, AttributeValue::Ulongs(vec![1, 2]));
        attributes.set(CKA_WRAP_TEMPLATE, AttributeValue::Template(inner));
        attributes
    }

    #[test]
    fn the_canonical_form_comes_back_as_it_went() {
        let attributes = sample();
        assert_eq!(Attributes::decode(attributes.encode().expose()).unwrap(), attributes);
    }

    #[test]
    fn templates_nested_without_end_are_refused() {
        let mut attributes = sample();
        for _ in 0..100 {
            let mut outer = Attributes::new();
            outer.set(CKA_WRAP_TEMPLATE, AttributeValue::Template(attributes));
            attributes = outer;
        }
        assert!(Attributes::decode(attributes.encode().expose()).is_err());
    }

    #[test]
    fn no_cut_of_the_canonical_form_reads_as_the_whole() {
        let bytes = sample().encode();
        for len in 0..bytes.len() {
            assert_ne!(Attributes::decode(&bytes.expose()[..len]).ok(), Some(sample()));
        }
    }
}
