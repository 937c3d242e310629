//! What applications could take for a new key or certificate: objects of its label or ID that do not belong to it.
//!
//! They are told of, not refused: some set up a new key beside the old one on purpose.

use pkcs11::constants as c;
use pkcs11::{Attribute, ObjectHandle};

use crate::failure::Result;
use crate::key_file::Certificate;
use crate::object::{Found, attributes, hexadecimal};
use crate::session::UserSession;

/// What tells whether an object belongs to the new one.
#[derive(Clone, Copy)]
pub(crate) struct Newcomer<'n> {
    /// The public key of the new pair or certificate, as a `SubjectPublicKeyInfo`; nothing where it is not there yet, or
    /// for a secret key.
    pub(crate) public_key: Option<&'n [u8]>,
    /// The new object, where it is there already.
    pub(crate) itself: Option<ObjectHandle>,
}

impl Newcomer<'_> {
    /// Something whose public key is not known: nothing that is there belongs to it.
    pub(crate) const UNKNOWN: Self = Self { public_key: None, itself: None };

    /// Words about a key of the same label, which applications choose keys by.
    pub(crate) fn of_label(self, session: &UserSession, label: &str) -> Result<Option<String>> {
        let same = vec![Attribute::bytes(c::CKA_LABEL, label.as_bytes())];
        let other = self.first_of(session, same, |found| found.attributes.key_type().is_some())?;
        Ok(other.map(|key| {
            let id = key.id();
            format!("there is a key \"{label}\" already, with ID {id}: choose between them by --id")
        }))
    }

    /// Words about a key or certificate of the same `CKA_ID`, by which applications find what belongs together.
    pub(crate) fn of_id(self, session: &UserSession, id: &[u8]) -> Result<Option<String>> {
        if id.is_empty() {
            return Ok(None);
        }
        let other = self.first_of(session, vec![Attribute::bytes(c::CKA_ID, id)], |_| true)?;
        Ok(other.map(|other| {
            format!(
                "the ID {} is that of another already, {}: applications find a key and its certificate by their ID",
                hexadecimal(id),
                other.described()
            )
        }))
    }

    /// The first that fits and does not belong to the new one; a private key before others.
    fn first_of(
        self,
        session: &UserSession,
        template: Vec<Attribute>,
        fits: impl Fn(&Found) -> bool,
    ) -> Result<Option<Found>> {
        let mut found = Found::all(session, template)?;
        found.retain(fits);
        found.sort_by_key(|other| other.attributes.class() != Some(c::CKO_PRIVATE_KEY));
        for other in found {
            if !self.owns(session, &other)? {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// Whether an object is the new one, or has its public key.
    fn owns(self, session: &UserSession, other: &Found) -> Result<bool> {
        if self.itself == Some(other.handle) {
            return Ok(true);
        }
        let Some(public_key) = self.public_key.filter(|key| !key.is_empty()) else { return Ok(false) };
        if other.attributes.class() == Some(c::CKO_CERTIFICATE) {
            let told = attributes(session, other.handle, &[c::CKA_VALUE])?;
            let read = told.bytes(c::CKA_VALUE).and_then(|value| Certificate::read(value, None).ok());
            return Ok(read.is_some_and(|certificate| certificate.public_key == public_key));
        }
        let told = attributes(session, other.handle, &[c::CKA_PUBLIC_KEY_INFO])?;
        Ok(told.bytes(c::CKA_PUBLIC_KEY_INFO) == Some(public_key))
    }
}

#[cfg(test)]
mod tests;
