//! Heads: the public one under the device key, a user's under his vault key. Each commit writes the public head, and
//! each that touches a user's rows that user's; both have the place of their shelf's state tree from the first day.

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use crate::audit::ChainHead;
use crate::primitives::Primitives;
use crate::store::{Header, Revision, RowId, RowKind, SealedRow, Shelf};
use crate::vault::row::{FORMAT, Life, ShelfKey, describe};

/// Root of a state tree that is not kept yet.
pub const NO_TREE: [u8; 32] = [0; 32];

/// Which link is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkHead {
    /// Its row.
    pub row: RowId,
    /// Its version.
    pub version: u64,
    /// SHA-256 of the row, header and all.
    pub digest: [u8; 32],
}

/// The public head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicHead {
    /// The revision of the store that this head was written with.
    pub revision: Revision,
    /// The current link.
    pub link: LinkHead,
    /// End of the audit chain.
    pub audit: ChainHead,
    /// Root of the public shelf's state tree.
    pub tree: [u8; 32],
}

const REVISION: u16 = 1;
const LINK_ROW: u16 = 2;
const LINK_VERSION: u16 = 3;
const LINK_DIGEST: u16 = 4;
const AUDIT_SEQUENCE: u16 = 5;
const AUDIT_HASH: u16 = 6;
const TREE: u16 = 7;
const OBJECTS: u16 = 2;
const USER_TREE: u16 = 3;

impl PublicHead {
    /// Makes the row, under the MAC of the device key.
    #[must_use]
    pub fn seal(&self, primitives: &dyn Primitives, life: &Life, key: &Secret, version: u64) -> SealedRow {
        let header = Header {
            format: FORMAT,
            id: RowId::PUBLIC_HEAD,
            shelf: Shelf::PUBLIC,
            kind: RowKind::PublicHead,
            incarnation: life.incarnation,
            vault_key: 0,
            generation: 0,
            version,
        };
        let mut writer = Writer::new();
        writer.number(REVISION, self.revision.0).number(LINK_ROW, self.link.row.0);
        writer.number(LINK_VERSION, self.link.version).field(LINK_DIGEST, &self.link.digest);
        writer
            .number(AUDIT_SEQUENCE, self.audit.sequence)
            .field(AUDIT_HASH, &self.audit.hash)
            .field(TREE, &self.tree);
        under_mac(primitives, life, key, header, writer.finish().expose())
    }

    /// Reads the row after its MAC.
    ///
    /// # Errors
    /// [`Error::Forged`]
    pub fn open(primitives: &dyn Primitives, life: &Life, key: &Secret, row: &SealedRow) -> Result<Self> {
        let bytes = check_mac(primitives, life, key, row, RowKind::PublicHead)?;
        let known: Vec<u16> = (REVISION..=TREE).collect();
        let record = Record::read(bytes, &known)?;
        Ok(Self {
            revision: Revision(record.number(REVISION)?),
            link: LinkHead {
                row: RowId(record.number(LINK_ROW)?),
                version: record.number(LINK_VERSION)?,
                digest: record.array(LINK_DIGEST)?,
            },
            audit: ChainHead { sequence: record.number(AUDIT_SEQUENCE)?, hash: record.array(AUDIT_HASH)? },
            tree: record.array(TREE)?,
        })
    }
}

/// A user's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserHead {
    /// The revision of the store that this head was written with.
    pub revision: Revision,
    /// How many objects the user's shelf holds.
    pub objects: u64,
    /// Root of the shelf's state tree.
    pub tree: [u8; 32],
}

impl UserHead {
    /// Makes the row, under the MAC of the user's vault key.
    #[must_use]
    pub fn seal(
        &self,
        primitives: &dyn Primitives,
        life: &Life,
        key: &ShelfKey,
        place: (RowId, Shelf),
        version: u64,
    ) -> SealedRow {
        let header = Header {
            format: FORMAT,
            id: place.0,
            shelf: place.1,
            kind: RowKind::UserHead,
            incarnation: life.incarnation,
            vault_key: key.number(),
            generation: 0,
            version,
        };
        let mut writer = Writer::new();
        writer.number(REVISION, self.revision.0).number(OBJECTS, self.objects).field(USER_TREE, &self.tree);
        under_mac(primitives, life, &key.head_key(primitives), header, writer.finish().expose())
    }

    /// Reads the row after its MAC.
    ///
    /// # Errors
    /// [`Error::Forged`]
    pub fn open(primitives: &dyn Primitives, life: &Life, key: &ShelfKey, row: &SealedRow) -> Result<Self> {
        let bytes = check_mac(primitives, life, &key.head_key(primitives), row, RowKind::UserHead)?;
        let record = Record::read(bytes, &[REVISION, OBJECTS, USER_TREE])?;
        Ok(Self {
            revision: Revision(record.number(REVISION)?),
            objects: record.number(OBJECTS)?,
            tree: record.array(USER_TREE)?,
        })
    }
}

const CONTENT: u16 = 1;
const MAC: u16 = 2;

fn under_mac(
    primitives: &dyn Primitives,
    life: &Life,
    key: &Secret,
    header: Header,
    content: &[u8],
) -> SealedRow {
    let mac = primitives.hmac_sha256(key.expose(), &[&life.associated(&header), content]);
    let body = Writer::new().field(CONTENT, content).field(MAC, &mac).finish();
    SealedRow { header, body: body.expose().to_vec() }
}

fn check_mac<'a>(
    primitives: &dyn Primitives,
    life: &Life,
    key: &Secret,
    row: &'a SealedRow,
    kind: RowKind,
) -> Result<&'a [u8]> {
    let refuse = |reason| Error::Forged { what: describe(&row.header), reason };
    life.check(&row.header)?;
    let record =
        Record::read(&row.body, &[CONTENT, MAC]).map_err(|_| refuse("it is not in the form of a head"))?;
    let (Some(content), Some(stated)) = (record.optional(CONTENT), record.optional(MAC)) else {
        return Err(refuse("it is not in the form of a head"));
    };
    let mac = primitives.hmac_sha256(key.expose(), &[&life.associated(&row.header), content]);
    if row.header.kind != kind || !primitives.equal(&mac, stated) {
        return Err(refuse("it does not carry the token's check value"));
    }
    Ok(content)
}
