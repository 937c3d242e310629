//! What PKCS#11 has no function for: the record of management events now; people, quorum, policy and backup later.

use crate::{Cryptoki, Result, SlotId};

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

/// Administration of a token, under the same login as [`Cryptoki`].
pub trait Administration: Send + Sync {
    /// Entries from number `from` on, at most `limit`, after their chain has been checked up to the head.
    ///
    /// # Errors
    /// [`crate::Error::Forged`] where the chain breaks; [`crate::Error::SlotIdInvalid`];
    /// [`crate::Error::TokenNotInitialized`].
    fn audit_events(&self, slot: SlotId, from: u64, limit: usize) -> Result<Vec<AuditEvent>>;
}

/// Everything that a token can be asked.
pub trait Token: Cryptoki + Administration {}

impl<T: Cryptoki + Administration> Token for T {}
