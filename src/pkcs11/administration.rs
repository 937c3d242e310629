//! What PKCS#11 has no function for: the record of management events now; people, quorum, policy and backup later.

use std::path::PathBuf;

use crate::{Cryptoki, Result, SessionHandle, SlotId};

/// One entry of a token's audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// 1 for the first of the token, without gaps.
    pub sequence: u64,
    /// Milliseconds since 1970, by the clock of the machine that acted.
    pub time: u64,
    /// What was done, by its stable name: `token-initialised`, `key-pair-generated`.
    pub operation: String,
    /// Who did it: a person's id in hexadecimal, or nothing for nobody.
    pub person: String,
    /// What it was done to: unique ids of objects or ids of persons.
    pub subjects: Vec<String>,
    /// Whether it took effect.
    pub succeeded: bool,
    /// Process id of the application.
    pub process: u32,
}

/// How far the trials of one PIN have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinTrials {
    /// Wrong PINs in a row that lock it.
    pub limit: u32,
    /// Wrong PINs since the last right one.
    pub failures: u32,
}

/// Where a token lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The folder of its store and its counters.
    pub folder: PathBuf,
    /// The file of its device key.
    pub device_key: PathBuf,
    /// Bytes of the files in its folder.
    pub size: u64,
}

/// What a token tells of itself beside its [`crate::TokenInfo`], without a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDetails {
    /// Of the officer's PIN.
    pub officer: Option<PinTrials>,
    /// Of the user's, if he has one.
    pub user: Option<PinTrials>,
    /// Whether it offers approved algorithms alone.
    pub approved_only: bool,
    /// Where it lies, if it lies in files.
    pub whereabouts: Option<Whereabouts>,
}

/// Administration of a token, under the same login as [`Cryptoki`].
pub trait Administration: Send + Sync {
    /// Entries from number `from` on, at most `limit`, after their chain has been checked up to the head.
    ///
    /// # Errors
    /// [`crate::Error::Forged`] where the chain breaks; [`crate::Error::SlotIdInvalid`];
    /// [`crate::Error::TokenNotInitialized`].
    fn audit_events(&self, slot: SlotId, from: u64, limit: usize) -> Result<Vec<AuditEvent>>;

    /// Marks a key trusted (`CKA_TRUSTED`), or no longer: a key that an officer does not see, by its unique id. A public
    /// key or certificate is named by the SHA-384 of its SPKI or value as well; a secret key must be private.
    ///
    /// # Errors
    /// [`crate::Error::UserNotLoggedIn`] unless an officer is logged in; [`crate::Error::ActionProhibited`] where one
    /// alone may not do it.
    fn trust_key(
        &self,
        session: SessionHandle,
        unique_id: &str,
        public_key: Option<[u8; 48]>,
        trusted: bool,
    ) -> Result<()>;

    /// As [`Cryptoki::init_token`], of a token that offers approved algorithms alone: for ever, also when it is initialised
    /// again.
    ///
    /// # Errors
    /// Those of [`Cryptoki::init_token`].
    fn init_approved_token(&self, _slot: SlotId, _pin: Option<&[u8]>, _label: &[u8; 32]) -> Result<()> {
        Err(crate::Error::FunctionNotSupported)
    }

    /// What a token tells of itself beside its [`crate::TokenInfo`].
    ///
    /// # Errors
    /// [`crate::Error::SlotIdInvalid`]; [`crate::Error::TokenNotInitialized`]; those of the store.
    fn token_details(&self, _slot: SlotId) -> Result<TokenDetails> {
        Err(crate::Error::FunctionNotSupported)
    }

    /// Destroys a token with everything in it, by nobody's PIN: whoever may write its folder and its device keys could
    /// remove them by hand as well. It need not be possible to open it. Its slot goes with it.
    ///
    /// # Errors
    /// [`crate::Error::SlotIdInvalid`]; [`crate::Error::TokenNotInitialized`] for a slot that is empty;
    /// [`crate::Error::SessionExists`] while this application has a session with it (other processes are not seen, and
    /// go on with the keys that they have in memory until they end); those of the store.
    fn delete_token(&self, _slot: SlotId) -> Result<()> {
        Err(crate::Error::FunctionNotSupported)
    }
}

/// Everything that a token can be asked.
pub trait Token: Cryptoki + Administration {}

impl<T: Cryptoki + Administration> Token for T {}
