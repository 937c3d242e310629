//! Who is logged in: one person at a time and token, for all sessions of the application.

use std::sync::Arc;

use pkcs11::{Result, UserType};

use crate::primitives::{Locked, Primitives};
use crate::quorum::roster::{Person, Role};
use crate::store::{RowId, Shelf};
use crate::vault::keyring::{Keyring, PersonId};
use crate::vault::row::{ShelfKey, VaultKeys, locked};

/// Raised at each login and logout; what was begun under another is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(pub u64);

/// A person, logged in.
pub struct Login {
    /// As what.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// What the PIN opened, in locked pages.
    keyring: Box<dyn Locked>,
    /// A user's own shelf.
    pub own: Option<OwnShelf>,
}

/// A user's shelf and the keys to it.
pub struct OwnShelf {
    /// Its number.
    pub shelf: Shelf,
    /// The row of its head.
    pub head: RowId,
    /// Its keys, the newest last; never empty.
    pub keys: VaultKeys,
}

impl OwnShelf {
    /// The newest key: what new rows are sealed under.
    #[must_use]
    pub fn newest(&self) -> Option<&Arc<ShelfKey>> {
        self.keys.last()
    }
}

impl Login {
    /// Moves what a PIN has opened into locked pages.
    ///
    /// # Errors
    /// [`pkcs11::Error::HostMemory`], [`pkcs11::Error::Forged`] for a user's keyring without a vault key.
    pub fn new(primitives: &dyn Primitives, person: &Person, mut keyring: Keyring) -> Result<Self> {
        let own = match (person.role, person.head) {
            (Role::User, Some(head)) => {
                let keys = vault_keys(primitives, &mut keyring)?;
                if keys.is_empty() {
                    let what = format!("keyring of {}", person.name);
                    return Err(pkcs11::Error::Forged { what, reason: "it holds no vault key" });
                }
                Some(OwnShelf { shelf: person.shelf, head, keys })
            }
            _ => None,
        };
        let keyring = locked(primitives, keyring.encode().expose())?;
        Ok(Self { role: person.role, person: person.id, keyring, own })
    }

    /// What the PIN opened, without the vault keys; wiped when dropped.
    ///
    /// # Errors
    /// [`pkcs11::Error::Encoding`] in a forked child, where the pages are blank.
    pub fn keyring(&self) -> Result<Keyring> {
        Keyring::decode(self.keyring.bytes())
    }

    /// `CKU_SO` or `CKU_USER`.
    #[must_use]
    pub fn user_type(&self) -> UserType {
        match self.role {
            Role::Officer => UserType::So,
            Role::User | Role::Auditor => UserType::User,
        }
    }
}

/// Moves the vault keys out of a keyring into locked pages.
///
/// # Errors
/// [`pkcs11::Error::HostMemory`]
pub fn vault_keys(primitives: &dyn Primitives, keyring: &mut Keyring) -> Result<VaultKeys> {
    let keys = std::mem::take(&mut keyring.vault_keys);
    keys.iter().map(|(number, key)| Ok(Arc::new(ShelfKey::new(primitives, *number, key.expose())?))).collect()
}
