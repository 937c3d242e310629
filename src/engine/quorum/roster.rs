//! The roster: who the officers and users are, how many officers must agree, and what policy says. One link of the
//! chain holds one version of it (docs/format.md, "links").

use std::collections::BTreeMap;

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use crate::place::TokenId;
use crate::primitives::P384_POINT;
use crate::store::{RowId, Shelf};
use crate::vault::escrow::EscrowPoint;
use crate::vault::keyring::{LinkHash, PersonId};

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `CKU_SO`: people, roster, policy.
    Officer,
    /// `CKU_USER`: owns and uses keys.
    User,
    /// Reads audit log and roster.
    Auditor,
}

impl Role {
    fn number(self) -> u64 {
        match self {
            Self::Officer => 1,
            Self::User => 2,
            Self::Auditor => 3,
        }
    }

    fn from_number(number: u64) -> Result<Self> {
        [Self::Officer, Self::User, Self::Auditor]
            .into_iter()
            .find(|role| role.number() == number)
            .ok_or(Error::Encoding("a person of an unknown role"))
    }
}

/// ECDSA P-384 with SHA-384: the algorithm of keyrings' signing keys.
pub const ALGORITHM_P384: u64 = 1;

/// A public key that signs for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// [`ALGORITHM_P384`] now; officers' own keys of other algorithms later.
    pub algorithm: u64,
    /// The key in the algorithm's form: for P-384 the compressed point.
    pub key: Vec<u8>,
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Random, for ever.
    pub id: PersonId,
    /// `so` and `user` are the default officer and user.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Number of the counter record.
    pub record: u32,
    /// The shelf of the person's rows; the public one for officers, who own none.
    pub shelf: Shelf,
    /// Row of the keyring.
    pub keyring: RowId,
    /// Row of the escrow, for users.
    pub escrow: Option<RowId>,
    /// Row of the user's head.
    pub head: Option<RowId>,
    /// Keys that sign for the person, the keyring's first.
    pub signing: Vec<SigningKey>,
    /// Point to which shares and recoveries are sealed, compressed P-384.
    pub sealing: [u8; P384_POINT],
    /// Key of the person's recovery code, when there is one.
    pub recovery: Option<Vec<u8>>,
}

const ID: u16 = 1;
const NAME: u16 = 2;
const ROLE: u16 = 3;
const RECORD: u16 = 4;
const SHELF: u16 = 5;
const KEYRING: u16 = 6;
const ESCROW: u16 = 7;
const HEAD: u16 = 8;
const SIGNING: u16 = 9;
const SEALING: u16 = 10;
const RECOVERY: u16 = 11;

impl Person {
    fn encode(&self) -> Secret {
        let mut writer = Writer::new();
        writer.field(ID, &self.id).field(NAME, self.name.as_bytes()).number(ROLE, self.role.number());
        writer.number(RECORD, u64::from(self.record)).number(SHELF, u64::from(self.shelf.0));
        writer.number(KEYRING, self.keyring.0);
        writer.optional(ESCROW, self.escrow.map(|row| row.0.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice));
        writer.optional(HEAD, self.head.map(|row| row.0.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice));
        let keys =
            self.signing.iter().map(|key| Writer::new().number(1, key.algorithm).field(2, &key.key).finish());
        writer.list(SIGNING, keys).field(SEALING, &self.sealing);
        writer.optional(RECOVERY, self.recovery.as_deref()).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let known = [ID, NAME, ROLE, RECORD, SHELF, KEYRING, ESCROW, HEAD, SIGNING, SEALING, RECOVERY];
        let record = Record::read(bytes, &known)?;
        let row = |tag| record.optional(tag).map(|_| record.number(tag).map(RowId)).transpose();
        let mut signing = Vec::new();
        for item in record.list(SIGNING)? {
            let key = Record::read(item, &[1, 2])?;
            signing.push(SigningKey { algorithm: key.number(1)?, key: key.bytes(2)?.to_vec() });
        }
        Ok(Self {
            id: record.array(ID)?,
            name: record.text(NAME)?,
            role: Role::from_number(record.number(ROLE)?)?,
            record: record.number32(RECORD)?,
            shelf: Shelf(record.number32(SHELF)?),
            keyring: RowId(record.number(KEYRING)?),
            escrow: row(ESCROW)?,
            head: row(HEAD)?,
            signing,
            sealing: record.array(SEALING)?,
            recovery: record.optional(RECOVERY).map(<[u8]>::to_vec),
        })
    }
}

/// A key that an officer has marked trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// `CKA_UNIQUE_ID` of the key.
    pub unique_id: Vec<u8>,
    /// SHA-384 of its SPKI; none for a secret key.
    pub public_key: Option<[u8; 48]>,
}

/// Failures at which users are locked.
pub const POLICY_USER_PIN_LIMIT: &str = "user-pin-limit";
/// Failures at which officers are locked.
pub const POLICY_OFFICER_PIN_LIMIT: &str = "officer-pin-limit";

/// One version of the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The token.
    pub token: TokenId,
    /// Its life.
    pub incarnation: u64,
    /// 1 for the first link of a token, then one more each.
    pub version: u64,
    /// Row and hash of the link before; none for version 1.
    pub previous: Option<(RowId, LinkHash)>,
    /// Milliseconds since 1970.
    pub time: u64,
    /// The token's label, without trailing blanks.
    pub label: String,
    /// Everyone, in order of admission.
    pub people: Vec<Person>,
    /// How many officers must agree.
    pub quorum: u32,
    /// To what users' vaults are sealed for recovery.
    pub escrow: EscrowPoint,
    /// Settings by name; a name that is absent has its default.
    pub policy: BTreeMap<String, u64>,
    /// Keys marked trusted.
    pub trusted: Vec<TrustedKey>,
    /// To what backups are sealed, when one is set.
    pub backup: Option<Vec<u8>>,
    /// 0: everything is offered; 1: approved algorithms only, never to be left.
    pub mode: u64,
    /// The next unused counter record and shelf.
    pub next: (u32, u32),
}

const TOKEN: u16 = 1;
const INCARNATION: u16 = 2;
const VERSION: u16 = 3;
const PREVIOUS_ROW: u16 = 4;
const PREVIOUS_HASH: u16 = 5;
const TIME: u16 = 6;
const LABEL: u16 = 7;
const PEOPLE: u16 = 8;
const QUORUM: u16 = 9;
const EPOCH: u16 = 10;
const ESCROW_POINT: u16 = 11;
const POLICY: u16 = 12;
const TRUSTED: u16 = 13;
const BACKUP: u16 = 14;
const MODE: u16 = 15;
const NEXT_RECORD: u16 = 16;
const NEXT_SHELF: u16 = 17;

impl Roster {
    /// The canonical form, which is what officers sign.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut writer = Writer::new();
        writer
            .field(TOKEN, &self.token.0)
            .number(INCARNATION, self.incarnation)
            .number(VERSION, self.version);
        if let Some((row, hash)) = &self.previous {
            writer.number(PREVIOUS_ROW, row.0).field(PREVIOUS_HASH, hash);
        }
        writer.number(TIME, self.time).field(LABEL, self.label.as_bytes());
        writer.list(PEOPLE, self.people.iter().map(Person::encode)).number(QUORUM, u64::from(self.quorum));
        writer.number(EPOCH, self.escrow.epoch).field(ESCROW_POINT, &self.escrow.point);
        let policy = self
            .policy
            .iter()
            .map(|(name, value)| Writer::new().field(1, name.as_bytes()).number(2, *value).finish());
        writer.list(POLICY, policy);
        let trusted = self.trusted.iter().map(|key| {
            let public_key = key.public_key.as_ref().map(<[u8; 48]>::as_slice);
            Writer::new().field(1, &key.unique_id).optional(2, public_key).finish()
        });
        writer.list(TRUSTED, trusted).optional(BACKUP, self.backup.as_deref()).number(MODE, self.mode);
        writer.number(NEXT_RECORD, u64::from(self.next.0)).number(NEXT_SHELF, u64::from(self.next.1)).finish()
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`Error::Encoding`]
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let known: Vec<u16> = (TOKEN..=NEXT_SHELF).collect();
        let record = Record::read(bytes, &known)?;
        let previous = match record.optional(PREVIOUS_ROW) {
            Some(_) => Some((RowId(record.number(PREVIOUS_ROW)?), record.array(PREVIOUS_HASH)?)),
            None => None,
        };
        let mut people = Vec::new();
        for item in record.list(PEOPLE)? {
            people.push(Person::decode(item)?);
        }
        let mut policy = BTreeMap::new();
        for item in record.list(POLICY)? {
            let entry = Record::read(item, &[1, 2])?;
            let name = entry.text(1)?;
            if policy.last_key_value().is_some_and(|(last, _): (&String, &u64)| *last >= name) {
                return Err(Error::Encoding("policy out of order"));
            }
            policy.insert(name, entry.number(2)?);
        }
        let mut trusted = Vec::new();
        for item in record.list(TRUSTED)? {
            let key = Record::read(item, &[1, 2])?;
            let public_key = key.optional(2).map(|_| key.array(2)).transpose()?;
            trusted.push(TrustedKey { unique_id: key.bytes(1)?.to_vec(), public_key });
        }
        Ok(Self {
            token: TokenId(record.array(TOKEN)?),
            incarnation: record.number(INCARNATION)?,
            version: record.number(VERSION)?,
            previous,
            time: record.number(TIME)?,
            label: record.text(LABEL)?,
            people,
            quorum: record.number32(QUORUM)?,
            escrow: EscrowPoint { epoch: record.number(EPOCH)?, point: record.array(ESCROW_POINT)? },
            policy,
            trusted,
            backup: record.optional(BACKUP).map(<[u8]>::to_vec),
            mode: record.number(MODE)?,
            next: (record.number32(NEXT_RECORD)?, record.number32(NEXT_SHELF)?),
        })
    }

    /// A person by role and name; the default officer is `so`, the default user `user`.
    #[must_use]
    pub fn named(&self, role: Role, name: Option<&str>) -> Option<&Person> {
        let name = name.unwrap_or(match role {
            Role::Officer => DEFAULT_OFFICER,
            Role::User | Role::Auditor => DEFAULT_USER,
        });
        self.people.iter().find(|person| person.role == role && person.name == name)
    }

    /// A person by id.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == *id)
    }

    /// Whether an object is marked trusted: by its unique id and what identifies it. A key that is identified by its id
    /// alone must be a private one, since who holds the device key can make public ones.
    #[must_use]
    pub fn trusts(&self, unique_id: &[u8], public_key: Option<&[u8; 48]>, private: bool) -> bool {
        self.trusted.iter().any(|key| {
            key.unique_id == unique_id
                && match &key.public_key {
                    Some(wanted) => public_key == Some(wanted),
                    None => public_key.is_none() && private,
                }
        })
    }

    /// Failures at which people of a role are locked.
    #[must_use]
    pub fn pin_limit(&self, role: Role) -> u32 {
        let name = match role {
            Role::Officer => POLICY_OFFICER_PIN_LIMIT,
            Role::User | Role::Auditor => POLICY_USER_PIN_LIMIT,
        };
        self.policy.get(name).and_then(|limit| u32::try_from(*limit).ok()).unwrap_or(DEFAULT_PIN_LIMIT)
    }
}

/// Name of the officer whom `C_InitToken` makes.
pub const DEFAULT_OFFICER: &str = "so";
/// Name of the user whom `C_InitPIN` makes.
pub const DEFAULT_USER: &str = "user";
const DEFAULT_PIN_LIMIT: u32 = 10;
