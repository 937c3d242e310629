//! Objects of a token as the command sees them, and `claviger object`.

mod choice;
mod delete;
mod list;
mod show;
#[cfg(test)]
mod tests;

use pkcs11::constants as c;
use pkcs11::{Attribute, AttributeType, AttributeValue, Attributes, ObjectHandle, Reveal};
use serde::Serialize;

use crate::curves::{curve_named, curve_of};
use crate::failure::{Failure, Result};
use crate::parameter_sets::{ParameterSet, family_of};
use crate::session::UserSession;

pub(crate) use choice::{Id, ObjectChoice, several};
pub(crate) use delete::{Delete, confirmed, destroy};
pub(crate) use list::{List, Listing, listed};
pub(crate) use show::{Detail, Show, show};

/// How many handles are asked for at a time.
const PAGE: usize = 256;
/// What is read of every object that is found: all that choosing and listing look at.
const READ: &[AttributeType] = &[
    c::CKA_CLASS,
    c::CKA_KEY_TYPE,
    c::CKA_LABEL,
    c::CKA_ID,
    c::CKA_TOKEN,
    c::CKA_PRIVATE,
    c::CKA_MODULUS_BITS,
    c::CKA_MODULUS,
    c::CKA_EC_PARAMS,
    c::CKA_PARAMETER_SET,
    c::CKA_VALUE_LEN,
    c::CKA_CERTIFICATE_TYPE,
    c::CKA_UNIQUE_ID,
];

/// An object that was found, and the attributes of [`READ`] that it has and shows.
pub(crate) struct Found {
    pub(crate) handle: ObjectHandle,
    pub(crate) attributes: Attributes,
}

/// An object in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
pub(crate) struct Shown {
    class: String,
    /// Of a key.
    key_type: Option<String>,
    /// Of a key whose length is known: bits.
    bits: Option<u64>,
    /// Of a key on an elliptic curve: `P-256`.
    curve: Option<&'static str>,
    /// Of a post-quantum key: `ML-DSA-65`.
    parameter_set: Option<&'static str>,
    label: String,
    /// In hexadecimal.
    id: String,
    unique_id: String,
    token: bool,
    private: bool,
}

impl Found {
    /// The objects that fit a template, in the order of the token.
    pub(crate) fn all(session: &UserSession, template: Vec<Attribute>) -> Result<Vec<Self>> {
        let failed = |error| Failure::token("the objects cannot be listed", error);
        let (token, handle) = (&session.token, session.handle);
        token.find_objects_init(handle, template).map_err(failed)?;
        let mut handles = Vec::new();
        loop {
            let page = token.find_objects(handle, PAGE).map_err(failed)?;
            handles.extend_from_slice(&page);
            if page.len() < PAGE {
                break;
            }
        }
        token.find_objects_final(handle).map_err(failed)?;
        handles.into_iter().map(|object| Self::read(session, object)).collect()
    }

    /// Reads an object.
    pub(crate) fn read(session: &UserSession, handle: ObjectHandle) -> Result<Self> {
        let attributes = attributes(session, handle, READ)?;
        Ok(Self { handle, attributes })
    }

    pub(crate) fn label(&self) -> String {
        String::from_utf8_lossy(self.attributes.bytes(c::CKA_LABEL).unwrap_or_default()).into_owned()
    }

    /// `CKA_ID` in hexadecimal.
    pub(crate) fn id(&self) -> String {
        hexadecimal(self.attributes.bytes(c::CKA_ID).unwrap_or_default())
    }

    /// The class as a word: `private key`.
    pub(crate) fn class(&self) -> String {
        let class = self.attributes.class().unwrap_or_default();
        word(c::name("CKO_", class), class)
    }

    /// The key's type as a word, `rsa`, if it is a key.
    pub(crate) fn key_type(&self) -> Option<String> {
        let word = |key_type| word(c::name("CKK_", key_type), key_type);
        self.attributes.key_type().map(|key_type| {
            family_of(key_type).map_or_else(|| word(key_type), |family| family.name.to_owned())
        })
    }

    /// The length of the key in bits, where an attribute tells it.
    pub(crate) fn bits(&self) -> Option<u64> {
        let modulus = || self.attributes.bytes(c::CKA_MODULUS).map(bits_of);
        let value = || self.attributes.ulong(c::CKA_VALUE_LEN)?.checked_mul(8);
        self.attributes.ulong(c::CKA_MODULUS_BITS).or_else(modulus).or_else(value)
    }

    /// The name of the curve that a key is on, if it is a known one.
    pub(crate) fn curve(&self) -> Option<&'static str> {
        curve_named(self.attributes.bytes(c::CKA_EC_PARAMS)?)
    }

    /// The size of the curve that a key is on, in the unit of the mechanisms' bounds.
    pub(crate) fn curve_bits(&self) -> Option<u64> {
        curve_of(self.attributes.bytes(c::CKA_EC_PARAMS)?).map(|curve| curve.bits)
    }

    /// The name of the parameter set of a post-quantum key.
    pub(crate) fn parameter_set(&self) -> Option<&'static str> {
        let number = self.attributes.ulong(c::CKA_PARAMETER_SET)?;
        ParameterSet::of(self.attributes.key_type()?, number).map(|set| set.name)
    }

    /// The size as people say it: `3072`, `P-256`, `ML-DSA-65`.
    pub(crate) fn size(&self) -> Option<String> {
        self.curve()
            .or_else(|| self.parameter_set())
            .map(str::to_owned)
            .or_else(|| self.bits().map(|bits| bits.to_string()))
    }

    /// The object in a sentence, with what tells it from others.
    pub(crate) fn described(&self) -> String {
        let unique = String::from_utf8_lossy(self.attributes.bytes(c::CKA_UNIQUE_ID).unwrap_or_default());
        let id = self.id();
        let id = if id.is_empty() { String::new() } else { format!("ID {id}, ") };
        format!("{} \"{}\" ({id}unique ID {unique})", self.class(), self.label())
    }

    pub(crate) fn shown(&self) -> Shown {
        let unique_id = self.attributes.bytes(c::CKA_UNIQUE_ID).unwrap_or_default();
        Shown {
            class: self.class(),
            key_type: self.key_type(),
            bits: self.bits(),
            curve: self.curve(),
            parameter_set: self.parameter_set(),
            label: self.label(),
            id: self.id(),
            unique_id: String::from_utf8_lossy(unique_id).into_owned(),
            token: self.attributes.is(c::CKA_TOKEN),
            private: self.attributes.is(c::CKA_PRIVATE),
        }
    }
}

/// The attributes of `types` that an object has and shows.
pub(crate) fn attributes(
    session: &UserSession,
    object: ObjectHandle,
    types: &[AttributeType],
) -> Result<Attributes> {
    let told = session
        .token
        .attribute_values(session.handle, object, types)
        .map_err(|error| Failure::token("an object cannot be read", error))?;
    let mut attributes = Attributes::new();
    for (wanted, told) in types.iter().zip(told) {
        match told {
            // An empty number or date is no value.
            Reveal::Value(AttributeValue::Ulong(c::CK_UNAVAILABLE_INFORMATION)) => {}
            Reveal::Value(value) => attributes.set(*wanted, value),
            Reveal::Sensitive | Reveal::Invalid => {}
        }
    }
    Ok(attributes)
}

/// `CKO_PRIVATE_KEY` as `private key`; a number that has no name, as the number.
pub(crate) fn word(name: Option<&str>, number: u64) -> String {
    match name.and_then(|name| name.split_once('_')) {
        Some((_, words)) => words.to_lowercase().replace('_', " "),
        None => format!("{number:#x}"),
    }
}

/// The bits of a number in big-endian bytes.
pub(crate) fn bits_of(number: &[u8]) -> u64 {
    let mut significant = number.iter().skip_while(|byte| **byte == 0);
    let first = significant.next().map_or(0, |byte| u64::from(u8::BITS - byte.leading_zeros()));
    significant.fold(first, |bits, _| bits + u64::from(u8::BITS))
}

/// Bytes in hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
