//! Keys under other keys: what `key export` writes and `key import` reads.

use pkcs11::constants as c;
use pkcs11::{
    Attribute, AttributeType, Error, KeyType, Mechanism, OaepParameters, ObjectClass, ObjectHandle,
    Parameters, Room,
};

use super::KEYS;
use super::kind::{Wrapped, wrapped_words};
use crate::failure::{Failure, Result};
use crate::object::{Found, attributes, several};
use crate::session::UserSession;

/// What AES key wrap works with, in bytes (RFC 5649).
const SEMIBLOCK: usize = 8;
/// The types of private keys.
const PRIVATE: [KeyType; 7] = [
    c::CKK_RSA,
    c::CKK_EC,
    c::CKK_EC_EDWARDS,
    c::CKK_EC_MONTGOMERY,
    c::CKK_ML_DSA,
    c::CKK_ML_KEM,
    c::CKK_SLH_DSA,
];

/// What a wrapping key is to do.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Wrap,
    Unwrap,
}

impl Way {
    /// The attribute that allows it, and how it is said.
    fn told(self) -> (AttributeType, &'static str) {
        match self {
            Self::Wrap => (c::CKA_WRAP, "wrap"),
            Self::Unwrap => (c::CKA_UNWRAP, "unwrap"),
        }
    }
}

/// The one key of this label that may wrap or unwrap.
pub(super) fn wrapping_key(session: &UserSession, label: &str, way: Way) -> Result<Found> {
    let (attribute, does) = way.told();
    let labelled =
        vec![Attribute::bytes(c::CKA_LABEL, label.as_bytes()), Attribute::boolean(attribute, true)];
    let mut found = Found::all(session, labelled)?;
    found.retain(|key| key.attributes.class().is_some_and(|class| KEYS.contains(&class)));
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => match way {
            Way::Wrap => vouched(session, one),
            Way::Unwrap => Ok(one),
        },
        (None, _) => Err(Failure::not_found(
            format!("there is no key \"{label}\" that may {does}"),
            "`claviger key show` says what a key may do; `claviger key generate --usage wrap,unwrap` makes one",
        )),
        (last, _) => Err(several("wrapping key", found.iter().chain(&last))),
    }
}

/// The wrapping key, once something beside its label says that it is no stranger's: what is not private can be written into
/// the token's files by whoever has its device key, and a wrapped key would be theirs. An officer's mark stands in the
/// roster, signed; a private key is sealed under its user's PIN.
fn vouched(session: &UserSession, by: Found) -> Result<Found> {
    let told = attributes(session, by.handle, &[c::CKA_TRUSTED, c::CKA_PUBLIC_KEY_INFO])?;
    if by.attributes.is(c::CKA_PRIVATE) || told.is(c::CKA_TRUSTED) {
        return Ok(by);
    }
    if let Some(info) = told.bytes(c::CKA_PUBLIC_KEY_INFO).filter(|info| !info.is_empty()) {
        let private = vec![
            Attribute::ulong(c::CKA_CLASS, c::CKO_PRIVATE_KEY),
            Attribute::boolean(c::CKA_PRIVATE, true),
            Attribute::bytes(c::CKA_PUBLIC_KEY_INFO, info),
        ];
        if !Found::all(session, private)?.is_empty() {
            return Ok(by);
        }
    }
    Err(Failure::refused(
        format!(
            "nothing vouches for {}: the token has no private key to it, and no officer marked it as trusted; nothing was \
             exported",
            by.described()
        ),
        "wrap with an AES key or with a pair of this token, or let the officer set CKA_TRUSTED on the key",
    ))
}

/// How a key wraps: RSA with OAEP and SHA-256, AES as RFC 5649 says.
pub(super) fn mechanism(by: &Found) -> Mechanism {
    match by.attributes.key_type() {
        Some(c::CKK_RSA) => Mechanism {
            mechanism_type: c::CKM_RSA_PKCS_OAEP,
            parameters: Parameters::Oaep(OaepParameters {
                hash: c::CKM_SHA256,
                mgf: c::CKG_MGF1_SHA256,
                source: c::CKZ_DATA_SPECIFIED,
                label: Vec::new(),
            }),
        },
        _ => Mechanism { mechanism_type: c::CKM_AES_KEY_WRAP_KWP, parameters: Parameters::None },
    }
}

/// The bytes of a key, wrapped by another.
pub(super) fn wrapped(session: &UserSession, key: &Found, by: &Found) -> Result<Vec<u8>> {
    let failed = |error: Error| {
        let what = format!("{} cannot be wrapped by {}", key.described(), by.described());
        match error {
            Error::KeyUnextractable => Failure::refused(
                format!("{what}: its value does not leave the token"),
                "a key leaves only if it was made with --extractable",
            ),
            error => Failure::token(what, error),
        }
    };
    let (token, handle) = (&session.token, session.handle);
    let wrap = |room: &mut Room<'_>| token.wrap_key(handle, &mut mechanism(by), by.handle, key.handle, room);
    let mut bytes = vec![0; wrap(&mut Room::Query).map_err(failed)?];
    let length = wrap(&mut Room::Buffer(&mut bytes)).map_err(failed)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Makes a key of what another wrapped; `wrapped` is what the person says that it is.
pub(super) fn unwrapped(
    session: &UserSession,
    bytes: &[u8],
    by: &Found,
    template: Vec<Attribute>,
    wrapped: Wrapped,
) -> Result<ObjectHandle> {
    let kind = wrapped.word;
    let is_no = |kind: &str| {
        Failure::refused(
            format!("what {} unwraps is no {kind} key; nothing was imported", by.described()),
            format!("say with --type what was exported: {}", wrapped_words().join(", ")),
        )
    };
    if wrapped.class_and_type().0 == c::CKO_SECRET_KEY && is_private_key(session, bytes, by) {
        return Err(is_no(kind));
    }
    session.token.unwrap_key(session.handle, mechanism(by), by.handle, bytes, template).map_err(|error| {
        let what = format!("{} does not unwrap this file", by.described());
        let not_it = "either another key wrapped it, or it was altered";
        let of_contents = match error {
            Error::WrappedKeyInvalid | Error::WrappedKeyLenRange => true,
            // Said of the mechanism where it is RSA, which has no private keys to unwrap.
            Error::TemplateInconsistent(_) => by.attributes.key_type() != Some(c::CKK_RSA),
            _ => false,
        };
        match error {
            _ if of_contents => {
                match Opens::judge(session, bytes, by) {
                    Opens::Yes => is_no(kind),
                    Opens::No => Failure::refused(
                        format!("{what}: {not_it}; nothing was imported"),
                        "name with --unwrap-with the key that wrapped it, or take the file from where it was kept",
                    ),
                    Opens::Untold => Failure::refused(
                        format!("{what} as {kind} key: {not_it}, or its key has another type; nothing was imported"),
                        "name with --unwrap-with the key that wrapped it, and with --type what was exported",
                    ),
                }
            }
            error => Failure::token(format!("{what}; nothing was imported"), error),
        }
    })
}

/// Whether a key opens a file, whatever is in it.
enum Opens {
    Yes,
    No,
    /// The mechanism does not tell a bad opening from bad contents, on purpose.
    Untold,
}

impl Opens {
    /// Asks by unwrapping the bytes as a secret that is gone with the session: AES key wrap checks them by themselves
    /// (RFC 5649 section 4.2), and contents that are none are refused in other words.
    fn judge(session: &UserSession, bytes: &[u8], by: &Found) -> Self {
        if by.attributes.key_type() == Some(c::CKK_RSA) {
            return Self::Untold;
        }
        if bytes.len() < 2 * SEMIBLOCK || !bytes.len().is_multiple_of(SEMIBLOCK) {
            return Self::No;
        }
        match tried(session, bytes, by, (c::CKO_SECRET_KEY, c::CKK_GENERIC_SECRET)) {
            Ok(()) | Err(Error::WrappedKeyLenRange) => Self::Yes,
            Err(_) => Self::No,
        }
    }
}

/// Whether what an AES key wrapped is a private key: as bytes of a secret it would come in all the same.
fn is_private_key(session: &UserSession, bytes: &[u8], by: &Found) -> bool {
    let is = |key_type: &KeyType| tried(session, bytes, by, (c::CKO_PRIVATE_KEY, *key_type)).is_ok();
    by.attributes.key_type() == Some(c::CKK_AES) && PRIVATE.iter().any(is)
}

/// Unwraps a key that is gone right afterwards.
fn tried(
    session: &UserSession,
    bytes: &[u8],
    by: &Found,
    (class, key_type): (ObjectClass, KeyType),
) -> pkcs11::Result<()> {
    let template = vec![
        Attribute::ulong(c::CKA_CLASS, class),
        Attribute::ulong(c::CKA_KEY_TYPE, key_type),
        Attribute::boolean(c::CKA_TOKEN, false),
    ];
    let (token, handle) = (&session.token, session.handle);
    let made = token.unwrap_key(handle, mechanism(by), by.handle, bytes, template)?;
    if let Err(error) = token.destroy_object(handle, made) {
        log::debug!("a session object stays until the end of the session: {error}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
