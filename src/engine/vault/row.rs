//! Row keys, tags and heads: what a device key and a user's vault key open.

use std::sync::Arc;

use pkcs11::{AttributeType, Error, Result, Secret};

use crate::place::TokenId;
use crate::primitives::{Locked, Primitives};
use crate::store::{Header, SealedRow, Tag};

/// Format of boxes that this version writes and reads.
pub const FORMAT: u8 = 1;

/// Which token, in which of its lives: bound into everything that is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// The token.
    pub token: TokenId,
    /// Raised by each `C_InitToken`.
    pub incarnation: u64,
}

impl Life {
    /// The associated data of a row: everything that stands in clear beside it (docs/format.md, "rows").
    #[must_use]
    pub fn associated(&self, header: &Header) -> Vec<u8> {
        let mut data = Vec::with_capacity(80);
        data.extend_from_slice(b"claviger/1 row");
        data.push(header.format);
        data.extend_from_slice(&self.token.0);
        data.extend_from_slice(&header.incarnation.to_be_bytes());
        data.extend_from_slice(&header.shelf.0.to_be_bytes());
        data.extend_from_slice(&header.id.0.to_be_bytes());
        data.push(header.kind.number());
        data.extend_from_slice(&header.vault_key.to_be_bytes());
        data.extend_from_slice(&header.generation.to_be_bytes());
        data.extend_from_slice(&header.version.to_be_bytes());
        data
    }

    /// Refuses a header of another format or life, which no key of this life could open anyway: for a clear reason.
    ///
    /// # Errors
    /// [`Error::Forged`]
    pub fn check(&self, header: &Header) -> Result<()> {
        let reason = if header.format != FORMAT {
            "its format is not one that this version reads"
        } else if header.incarnation != self.incarnation {
            "it is of another incarnation of the token"
        } else {
            return Ok(());
        };
        Err(Error::Forged { what: describe(header), reason })
    }
}

/// A row in words, for a log.
#[must_use]
pub fn describe(header: &Header) -> String {
    format!("row {} ({:?}, version {})", header.id.0, header.kind, header.version)
}

/// The device key of one incarnation, in locked pages, and the MAC keys that it gives.
pub struct DeviceKey {
    key: Box<dyn Locked>,
}

impl DeviceKey {
    /// Moves a device key into locked pages.
    ///
    /// # Errors
    /// [`Error::HostMemory`]
    pub fn new(primitives: &dyn Primitives, key: &Secret) -> Result<Self> {
        Ok(Self { key: locked(primitives, key.expose())? })
    }

    /// Salt of every PIN's key: nobody can try PINs against a store alone.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        self.key.bytes()
    }

    /// The key of the public shelf.
    ///
    /// # Errors
    /// [`Error::HostMemory`]
    pub fn public_shelf(&self, primitives: &dyn Primitives, life: &Life) -> Result<ShelfKey> {
        let key = self.derive(primitives, b"claviger/1 public shelf", life);
        ShelfKey::new(primitives, 0, key.expose())
    }

    /// The MAC key of the public head.
    #[must_use]
    pub fn head_key(&self, primitives: &dyn Primitives, life: &Life) -> Secret {
        self.derive(primitives, b"claviger/1 public head", life)
    }

    /// The MAC key of counter records.
    #[must_use]
    pub fn counter_key(&self, primitives: &dyn Primitives, life: &Life) -> Secret {
        self.derive(primitives, b"claviger/1 counters", life)
    }

    /// The MAC key of keyrings: tells an altered keyring from a wrong PIN.
    #[must_use]
    pub fn keyring_key(&self, primitives: &dyn Primitives, life: &Life) -> Secret {
        self.derive(primitives, b"claviger/1 keyrings", life)
    }

    fn derive(&self, primitives: &dyn Primitives, purpose: &[u8], life: &Life) -> Secret {
        primitives.expand_sha256(self.key.bytes(), &[purpose, &life.token.0, &life.incarnation.to_be_bytes()])
    }
}

/// The key of a shelf: the public one's, or one of a user's vault keys. 32 bytes in locked pages.
pub struct ShelfKey {
    number: u32,
    key: Box<dyn Locked>,
}

impl ShelfKey {
    /// Moves a shelf's key into locked pages; `number` is the vault key's, 0 for the public shelf.
    ///
    /// # Errors
    /// [`Error::HostMemory`]
    pub fn new(primitives: &dyn Primitives, number: u32, key: &[u8]) -> Result<Self> {
        Ok(Self { number, key: locked(primitives, key)? })
    }

    /// Which of the shelf's keys this is.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The blinded tag of a value: shows equality of values within a shelf and attribute, and nothing else.
    #[must_use]
    pub fn tag(&self, primitives: &dyn Primitives, attribute: AttributeType, value: &[u8]) -> Tag {
        let key = primitives.expand_sha256(self.key.bytes(), &[b"claviger/1 tag", &attribute.to_be_bytes()]);
        let mac = primitives.hmac_sha256(key.expose(), &[value]);
        let mut cut = [0; 8];
        cut.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        Tag { attribute, value: cut }
    }

    /// The MAC key of the user's head.
    #[must_use]
    pub fn head_key(&self, primitives: &dyn Primitives) -> Secret {
        primitives.expand_sha256(self.key.bytes(), &[b"claviger/1 user head"])
    }

    /// Seals a row's content under the key of the row and generation that `header` names.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn seal(
        &self,
        primitives: &dyn Primitives,
        life: &Life,
        header: Header,
        plain: &[u8],
    ) -> Result<SealedRow> {
        let key = self.row_key(primitives, &header);
        let body = primitives.seal(&key, &life.associated(&header), plain)?;
        Ok(SealedRow { header, body })
    }

    /// Opens a row.
    ///
    /// # Errors
    /// [`Error::Forged`] when a byte of it, or of what stands beside it, is not what was sealed.
    pub fn open(&self, primitives: &dyn Primitives, life: &Life, row: &SealedRow) -> Result<Secret> {
        life.check(&row.header)?;
        let key = self.row_key(primitives, &row.header);
        primitives.open(&key, &life.associated(&row.header), &row.body).ok_or_else(|| Error::Forged {
            what: describe(&row.header),
            reason: "its box does not open under the key of its place",
        })
    }

    fn row_key(&self, primitives: &dyn Primitives, header: &Header) -> Secret {
        let id = header.id.0.to_be_bytes();
        let generation = header.generation.to_be_bytes();
        primitives.expand_sha256(self.key.bytes(), &[b"claviger/1 row key", &id, &generation])
    }
}

/// A user's vault keys, the newest last.
pub type VaultKeys = Vec<Arc<ShelfKey>>;

/// Copies bytes into locked pages.
///
/// # Errors
/// [`Error::HostMemory`]
pub fn locked(primitives: &dyn Primitives, bytes: &[u8]) -> Result<Box<dyn Locked>> {
    let mut pages = primitives.locked(bytes.len())?;
    pages.bytes_mut().copy_from_slice(bytes);
    Ok(pages)
}
