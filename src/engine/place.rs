//! PORT: where tokens live: their folders, device keys, and the counters of PIN trials.

use std::sync::Arc;

use pkcs11::administration::Whereabouts;
use pkcs11::{Result, Secret, SlotId};

use crate::store::Store;

/// 128 random bits that name a token for ever; the version 4 UUID that names its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub [u8; 16]);

/// One token's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The token.
    pub token: TokenId,
    /// Its slot, fixed when the empty place was made: 1 to 2^31 - 1.
    pub slot: SlotId,
    /// Whether there is a store: false for the place that waits for `C_InitToken`.
    pub has_store: bool,
}

/// All tokens of an installation.
pub trait Places: Send + Sync {
    /// The places, ascending by slot; makes one without a store first if there is none and the folder can be
    /// written. Safe against other processes that do the same.
    ///
    /// # Errors
    /// [`pkcs11::Error::Configuration`] when the folder cannot be read.
    fn list(&self) -> Result<Vec<Place>>;

    /// Opens the store of a token; `create` makes it first if there is none.
    ///
    /// # Errors
    /// Those of the store; [`pkcs11::Error::TokenNotInitialized`] when there is none and `create` is false.
    fn open(&self, token: TokenId, create: bool) -> Result<Home>;

    /// The device key of a token's incarnation: 32 bytes.
    ///
    /// # Errors
    /// [`pkcs11::Error::DeviceKey`] when it is missing, unreadable, damaged, or of another token.
    fn device_key(&self, token: TokenId, incarnation: u64) -> Result<Secret>;

    /// Lays down `fresh` as device key, durably, unless there is one; gives the one that is there afterwards.
    /// A file is either whole or absent, whenever the process dies.
    ///
    /// # Errors
    /// [`pkcs11::Error::DeviceKey`], [`pkcs11::Error::StoreFull`], [`pkcs11::Error::StoreReadOnly`].
    fn provide_device_key(&self, token: TokenId, incarnation: u64, fresh: &Secret) -> Result<Secret>;

    /// Overwrites and removes the device keys of all incarnations below `keep`. Those above are left: another
    /// process may be about to begin that life.
    ///
    /// # Errors
    /// [`pkcs11::Error::DeviceKey`]
    fn destroy_device_keys_before(&self, token: TokenId, keep: u64) -> Result<()>;

    /// Destroys a token: all its device keys, then its store and counters. Its slot goes with it, and the number is not
    /// given again. Cut short, it leaves the token whole, or gone with something left that [`Places::list`] removes.
    ///
    /// # Errors
    /// [`pkcs11::Error::TokenNotInitialized`] when there is no such token, [`pkcs11::Error::DeviceKey`], and those of
    /// the store.
    fn delete(&self, token: TokenId) -> Result<()>;

    /// Where a token and the device key of its incarnation lie, if they lie in files.
    fn whereabouts(&self, _token: TokenId, _incarnation: u64) -> Option<Whereabouts> {
        None
    }
}

/// An opened token.
#[derive(Clone)]
pub struct Home {
    /// Its rows.
    pub store: Arc<dyn Store>,
    /// Its counters.
    pub counters: Arc<dyn Counters>,
}

/// How a PIN trial holds the lock of its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Beside other trials.
    Shared,
    /// Alone: waits for those in flight.
    Exclusive,
}

/// A lock, given back when dropped.
pub trait Held: Send {}

/// Bytes of one copy of a counter record.
pub const COUNTER_COPY: usize = 128;

/// The two copies of a record.
pub type CounterCopies = [[u8; COUNTER_COPY]; 2];

/// What to write into a record: which copy (0 or 1), and its bytes; or nothing.
pub type CounterWrite = Option<(usize, [u8; COUNTER_COPY])>;

/// The counters of PIN trials: a preallocated file with a record of two copies for each person.
///
/// What a record says, and its MAC, are the engine's; here are bytes and locks over all processes of the machine.
pub trait Counters: Send + Sync {
    /// Takes the lock of trials of a record; waits.
    ///
    /// # Errors
    /// Those of the store.
    fn hold(&self, record: u32, hold: Hold) -> Result<Box<dyn Held>>;

    /// Reads a record, lets `change` say which copy to write with what, and writes that, durably, all under the
    /// record's own short lock. `None` writes nothing. A record never written is all zero. Only the first record
    /// of a block grows the file, so that a full disk locks nobody out.
    ///
    /// # Errors
    /// Those of the store, and whatever `change` answers.
    fn update(
        &self,
        record: u32,
        change: &mut dyn FnMut(&CounterCopies) -> Result<CounterWrite>,
    ) -> Result<()>;

    /// The lock under which people are admitted and tokens initialised; waits.
    ///
    /// # Errors
    /// Those of the store.
    fn hold_administration(&self) -> Result<Box<dyn Held>>;
}
