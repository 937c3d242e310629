//! Audit events: what is recorded, and the chain that joins them (docs/format.md, "events").

use pkcs11::administration::AuditEvent;
use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result};

use crate::primitives::Primitives;
use crate::store::{Header, RowId, RowKind, SealedRow, Shelf};
use crate::vault::keyring::PersonId;
use crate::vault::row::{FORMAT, Life, describe};

/// What can be recorded. The names are stable: they stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// `C_InitToken`, the first of a token.
    TokenInitialized,
    /// `C_InitToken` again: everything before is gone.
    TokenInitializedAgain,
    /// `C_InitPIN` for a new user.
    UserAdmitted,
    /// `C_InitPIN` for a user whose vault the escrow opened.
    UserRecovered,
    /// `C_SetPIN`
    PinChanged,
    /// `C_Login`
    Login,
    /// `C_Logout`
    Logout,
    /// `C_CreateObject` of a token object.
    ObjectCreated,
    /// `C_DestroyObject` of a token object.
    ObjectDestroyed,
    /// `C_GenerateKeyPair` of token objects.
    KeyPairGenerated,
    /// `C_CopyObject` to a token object.
    ObjectCopied,
    /// `C_SetAttributeValue` of a token object.
    ObjectChanged,
    /// `C_GenerateKey` of a token object.
    KeyGenerated,
    /// `C_WrapKey` of a token object.
    KeyWrapped,
    /// `C_UnwrapKey` to a token object.
    KeyUnwrapped,
    /// `C_DeriveKey` to a token object.
    KeyDerived,
    /// `C_EncapsulateKey` to a token object.
    KeyEncapsulated,
    /// `C_DecapsulateKey` to a token object.
    KeyDecapsulated,
    /// `CKA_TRUSTED` set or taken away.
    TrustChanged,
    /// A checkpoint: a signature over the chain so far.
    Checkpoint,
}

impl Happening {
    /// The name that stands in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TokenInitialized => "token-initialized",
            Self::TokenInitializedAgain => "token-initialized-again",
            Self::UserAdmitted => "user-admitted",
            Self::UserRecovered => "user-recovered",
            Self::PinChanged => "pin-changed",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::ObjectCreated => "object-created",
            Self::ObjectDestroyed => "object-destroyed",
            Self::KeyPairGenerated => "key-pair-generated",
            Self::ObjectCopied => "object-copied",
            Self::ObjectChanged => "object-changed",
            Self::KeyGenerated => "key-generated",
            Self::KeyWrapped => "key-wrapped",
            Self::KeyUnwrapped => "key-unwrapped",
            Self::KeyDerived => "key-derived",
            Self::KeyEncapsulated => "key-encapsulated",
            Self::KeyDecapsulated => "key-decapsulated",
            Self::TrustChanged => "trust-changed",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// An event before it has its place in the chain. Ids and names of operations only: never a label, a `CKA_ID` or a PIN.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub happening: Happening,
    /// Milliseconds since 1970.
    pub time: u64,
    /// Who; nobody when nobody was logged in.
    pub person: Option<PersonId>,
    /// Unique ids of objects, or ids of persons in hexadecimal.
    pub subjects: Vec<String>,
    /// Whether it took effect.
    pub succeeded: bool,
}

const TIME: u16 = 1;
const HAPPENING: u16 = 2;
const PERSON: u16 = 3;
const SUBJECTS: u16 = 4;
const SUCCEEDED: u16 = 5;
const PROCESS: u16 = 6;
/// A checkpoint's signature and key; opaque until checkpoints are signed.
const SIGNATURE: u16 = 7;

impl Event {
    /// The body, fixed before the transaction.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.number(TIME, self.time).field(HAPPENING, self.happening.name().as_bytes());
        writer.optional(PERSON, self.person.as_ref().map(<[u8; 16]>::as_slice));
        writer.list(SUBJECTS, &self.subjects).field(SUCCEEDED, &[u8::from(self.succeeded)]);
        writer.number(PROCESS, u64::from(std::process::id()));
        writer.finish().expose().to_vec()
    }
}

/// Where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of the last event; 0 for none.
    pub sequence: u64,
    /// Its hash; zeros for none.
    pub hash: [u8; 32],
}

const SEQUENCE: u16 = 1;
const BEFORE: u16 = 2;
const HASH: u16 = 3;
const BODY: u16 = 4;

/// Joins an event's body to the chain; gives its row and the chain's new head.
#[must_use]
pub fn join(
    primitives: &dyn Primitives,
    head: &ChainHead,
    row: RowId,
    life: &Life,
    body: &[u8],
) -> (SealedRow, ChainHead) {
    let sequence = head.sequence.saturating_add(1);
    let header = header(row, life.incarnation);
    let hash = hash(primitives, life, &header, &head.hash, sequence, body);
    let mut writer = Writer::new();
    writer.number(SEQUENCE, sequence).field(BEFORE, &head.hash).field(HASH, &hash).field(BODY, body);
    let body = writer.finish().expose().to_vec();
    (SealedRow { header, body }, ChainHead { sequence, hash })
}

fn header(id: RowId, incarnation: u64) -> Header {
    Header {
        format: FORMAT,
        id,
        shelf: Shelf::PUBLIC,
        kind: RowKind::Event,
        incarnation,
        vault_key: 0,
        generation: 0,
        version: 1,
    }
}

/// Binds token, life and row as well; events of an earlier life of the token keep theirs.
fn hash(
    primitives: &dyn Primitives,
    life: &Life,
    header: &Header,
    before: &[u8; 32],
    sequence: u64,
    body: &[u8],
) -> [u8; 32] {
    let associated = life.associated(header);
    primitives.sha256(&[b"claviger/1 event", &associated, before, &sequence.to_be_bytes(), body])
}

/// One row of the chain, read and checked within itself.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The event.
    pub event: AuditEvent,
    before: [u8; 32],
    hash: [u8; 32],
}

/// Reads an event's row.
///
/// # Errors
/// [`Error::Forged`] when its hash is not that of its content.
pub fn read(primitives: &dyn Primitives, life: &Life, row: &SealedRow) -> Result<Joined> {
    let refuse = |reason| Error::Forged { what: describe(&row.header), reason };
    let joined = decode(row).map_err(|_| refuse("it is not in the form of an event"))?;
    let (joined, body) = joined;
    if row.header != header(row.header.id, row.header.incarnation)
        || hash(primitives, life, &row.header, &joined.before, joined.event.sequence, &body) != joined.hash
    {
        return Err(refuse("its hash is not that of its content"));
    }
    Ok(joined)
}

fn decode(row: &SealedRow) -> Result<(Joined, Vec<u8>)> {
    let record = Record::read(&row.body, &[SEQUENCE, BEFORE, HASH, BODY])?;
    let body = record.bytes(BODY)?;
    let event = Record::read(body, &[TIME, HAPPENING, PERSON, SUBJECTS, SUCCEEDED, PROCESS, SIGNATURE])?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let event = AuditEvent {
        sequence: record.number(SEQUENCE)?,
        time: event.number(TIME)?,
        operation: event.text(HAPPENING)?,
        person: event.optional(PERSON).map(hexadecimal).unwrap_or_default(),
        subjects: event.list(SUBJECTS)?.into_iter().map(text).collect(),
        succeeded: event.bytes(SUCCEEDED)? == [1],
        process: event.number32(PROCESS)?,
    };
    Ok((Joined { event, before: record.array(BEFORE)?, hash: record.array(HASH)? }, body.to_vec()))
}

/// Checks that rows, in any order, are the whole chain up to `head`; gives the events in order.
///
/// # Errors
/// [`Error::Forged`] naming the first entry that is missing, altered or too many.
pub fn verify(
    primitives: &dyn Primitives,
    life: &Life,
    rows: &[SealedRow],
    head: &ChainHead,
) -> Result<Vec<AuditEvent>> {
    let mut joined = Vec::with_capacity(rows.len());
    for row in rows {
        joined.push(read(primitives, life, row)?);
    }
    joined.sort_by_key(|entry| entry.event.sequence);
    let mut last = ChainHead { sequence: 0, hash: [0; 32] };
    for entry in &joined {
        if entry.event.sequence != last.sequence + 1 || entry.before != last.hash {
            let what = format!("audit event {}", last.sequence + 1);
            return Err(Error::Forged {
                what,
                reason: "it is missing, or does not follow the one before it",
            });
        }
        last = ChainHead { sequence: entry.event.sequence, hash: entry.hash };
    }
    if last != *head {
        let what = format!("audit event {}", last.sequence + 1);
        return Err(Error::Forged { what, reason: "the chain does not end where the public head says" });
    }
    Ok(joined.into_iter().map(|entry| entry.event).collect())
}

/// A UUID as text (RFC 9562 section 4): 36 characters.
#[must_use]
pub fn uuid(bytes: &[u8; 16]) -> String {
    let text = hexadecimal(bytes);
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| text.get(range).unwrap_or_default()).join("-")
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
