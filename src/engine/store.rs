//! PORT: where sealed rows live. A store never decrypts and never sees a PIN.
//!
//! A [`Batch`] is a value: what it was planned on, what it writes, and a [`Linker`] that runs inside the
//! transaction. Each batch lands whole or fails alone.

use std::fmt;
use std::ops::Range;

use pkcs11::{Error, Result};

/// Names a row for ever: assigned once, never again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u64);

impl RowId {
    /// The public head: the one row that every token has at a fixed place.
    pub const PUBLIC_HEAD: RowId = RowId(1);
    /// The first id that [`Store::reserve`] gives.
    pub const FIRST_FREE: RowId = RowId(16);
}

/// Counts the commits of a store; every batch that lands raises it by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// Whose rows: 0 is the public shelf, else a person's, by the number that the roster gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shelf(pub u32);

impl Shelf {
    /// Rows that anyone may see who holds the device key.
    pub const PUBLIC: Shelf = Shelf(0);
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// A PKCS#11 object.
    Object = 1,
    /// A link of the roster's chain.
    Link = 2,
    /// A person's keyring.
    Keyring = 3,
    /// A user's vault keys sealed to the escrow key.
    Escrow = 4,
    /// The public head.
    PublicHead = 5,
    /// A user's head.
    UserHead = 6,
    /// An audit event.
    Event = 7,
    /// A proposal.
    Proposal = 8,
    /// An approval, or a signed window of a login below the quorum.
    Approval = 9,
    /// A row's key sealed to a sharee.
    Share = 10,
    /// A node of a state tree.
    Node = 11,
}

impl RowKind {
    /// All kinds.
    pub const ALL: [RowKind; 11] = [
        Self::Object,
        Self::Link,
        Self::Keyring,
        Self::Escrow,
        Self::PublicHead,
        Self::UserHead,
        Self::Event,
        Self::Proposal,
        Self::Approval,
        Self::Share,
        Self::Node,
    ];

    /// The number that stands in the file.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Reads the number back.
    ///
    /// # Errors
    /// [`Error::Encoding`] for a number that is none.
    pub fn from_number(number: u8) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.number() == number)
            .ok_or(Error::Encoding("a row of an unknown kind"))
    }
}

/// What stands in clear beside a row's box, and is bound into it as associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format of the box: 1.
    pub format: u8,
    /// The row.
    pub id: RowId,
    /// Whose it is.
    pub shelf: Shelf,
    /// What it is.
    pub kind: RowKind,
    /// The token's life that it belongs to; `C_InitToken` raises it.
    pub incarnation: u64,
    /// Which of the shelf's vault keys seals it; 0 for rows that are not sealed by one.
    pub vault_key: u32,
    /// Which of the row's own keys seals it.
    pub generation: u32,
    /// Raised by one with each writing of the row; 1 is the first.
    pub version: u64,
}

/// A row as it lies in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    /// In clear.
    pub header: Header,
    /// The box, or for rows that are not sealed their canonical form.
    pub body: Vec<u8>,
}

/// A blinded index tag: which attribute, and a cut HMAC of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// Which attribute (a `CKA_` value).
    pub attribute: u64,
    /// 8 bytes of an HMAC.
    pub value: [u8; 8],
}

/// Which rows are looked for: all of a shelf and kind that carry every tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagQuery {
    /// Whose rows.
    pub shelf: Shelf,
    /// Which kind.
    pub kind: RowKind,
    /// Every one of these, the rarest first; none means all rows of the shelf and kind.
    pub tags: Vec<Tag>,
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Writes a row, new or over an older version, with all its tags (those of the older version go).
    Put(SealedRow, Vec<Tag>),
    /// Deletes a row with its tags; a row that is not there is no error.
    Delete(RowId),
    /// Deletes all rows of a kind with their tags.
    Clear(RowKind),
}

/// Rows as a transaction sees them.
pub trait Rows {
    /// The row as of now, this batch's own writes included.
    ///
    /// # Errors
    /// Those of the store.
    fn row(&self, id: RowId) -> Result<Option<SealedRow>>;
}

/// Runs inside the transaction, after the batch's writes: joins audit events to their chain and writes the heads.
/// It only hashes and computes MACs; sealing is done before.
pub trait Linker: Send + Sync {
    /// The writes to add. `revision` is what the store will have once this batch has landed.
    ///
    /// # Errors
    /// Whatever keeps the batch from landing: nothing of it is written then.
    fn link(&self, rows: &dyn Rows, revision: Revision) -> Result<Vec<Write>>;
}

/// A unit that lands whole or not at all.
pub struct Batch {
    /// The rows that this was planned on with the version then seen, `None` for "not there". A difference makes
    /// the batch fail with [`Error::Conflict`].
    pub preconditions: Vec<(RowId, Option<u64>)>,
    /// The changes, in order.
    pub writes: Vec<Write>,
    /// What must be computed inside the transaction.
    pub linker: Box<dyn Linker>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("preconditions", &self.preconditions)
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

/// What was written since a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These rows were written or deleted.
    Rows {
        /// The revision that this brings the reader to.
        now: Revision,
        /// Ascending, each once.
        ids: Vec<RowId>,
    },
    /// Too much has happened: drop every cache.
    TooOld {
        /// The revision as of now.
        now: Revision,
    },
}

/// Where the rows of one token live.
///
/// Errors of every method: [`Error::StoreIo`], [`Error::StoreBusy`], [`Error::StoreDamaged`],
/// [`Error::StoreNewer`]; of those that write also [`Error::StoreReadOnly`] and [`Error::StoreFull`].
pub trait Store: Send + Sync {
    /// The revision; cheap, asked often.
    ///
    /// # Errors
    /// Those of the trait.
    fn revision(&self) -> Result<Revision>;

    /// The rows written since.
    ///
    /// # Errors
    /// Those of the trait.
    fn changes(&self, since: Revision) -> Result<Changes>;

    /// The rows in the order asked, `None` for those that are not there; of one moment.
    ///
    /// # Errors
    /// Those of the trait.
    fn load(&self, rows: &[RowId]) -> Result<Vec<Option<SealedRow>>>;

    /// The ids of matching rows above `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// Those of the trait.
    fn find(&self, query: &TagQuery, after: Option<RowId>, limit: usize) -> Result<Vec<RowId>>;

    /// Ids that no row has had; an id is bound into its box before the box is written. Ids that are not used are
    /// lost. Cheap: a store may take a block at a time.
    ///
    /// # Errors
    /// Those of the trait.
    fn reserve(&self, count: u32) -> Result<Range<u64>>;

    /// Commits each batch of the group, in order, each whole or not at all; what is `Ok` is on the disk.
    fn commit(&self, group: &[Batch]) -> Vec<Result<Revision>>;
}
