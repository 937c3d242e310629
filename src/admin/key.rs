//! `claviger key`

mod delete;
mod export;
mod generate;
mod import;
mod kind;
mod list;
mod secrets;
mod show;
#[cfg(test)]
mod tests;
mod wrapping;

use pkcs11::ObjectClass;
use pkcs11::constants as c;

use crate::failure::Result;
use crate::object::{Found, ObjectChoice, several};
use crate::session::UserSession;

pub(crate) use delete::Delete;
pub(crate) use export::Export;
pub(crate) use generate::Generate;
pub(crate) use import::{Import, Passphrase, opened};
pub(crate) use list::List;
pub(crate) use show::Show;

/// The classes of keys.
pub(crate) const KEYS: &[ObjectClass] = &[c::CKO_PRIVATE_KEY, c::CKO_PUBLIC_KEY, c::CKO_SECRET_KEY];

/// The one key that is meant: a pair is one, its private key first.
fn chosen(choice: &ObjectChoice, session: &UserSession) -> Result<Vec<Found>> {
    let mut found = choice.fitting(session, "key", KEYS)?;
    found.sort_by_key(|key| key.attributes.class() != Some(c::CKO_PRIVATE_KEY));
    let is_one = match found.as_slice() {
        [_] => true,
        [one, other] => is_pair(one, other),
        _ => false,
    };
    if is_one { Ok(found) } else { Err(several("key", found.iter())) }
}

/// Whether a private and a public key belong together: as applications see it, by `CKA_ID`.
fn is_pair(private: &Found, public: &Found) -> bool {
    let classes = (private.attributes.class(), public.attributes.class());
    classes == (Some(c::CKO_PRIVATE_KEY), Some(c::CKO_PUBLIC_KEY))
        && private.key_type() == public.key_type()
        && private.id() == public.id()
}
