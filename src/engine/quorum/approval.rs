//! Who has agreed to what. [`Authorized`] is the only way to a new link of the roster, and only this file makes it.

use pkcs11::{Error, Result, Secret};

use super::chain::Link;
use super::roster::{Role, Roster, TrustedKey};
use crate::primitives::Primitives;
use crate::vault::keyring::{Keyring, PersonId, RosterPin};

/// What an officer may want done. Each holds every argument that is agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `C_InitToken` on a token that has been initialised before.
    InitializeAgain {
        /// The new label.
        label: String,
    },
    /// `C_InitPIN` for a user who is not there yet.
    AdmitUser {
        /// The user's name.
        name: String,
    },
    /// `CKA_TRUSTED` of keys and certificates.
    Trust {
        /// Each with whether it is trusted from now on.
        keys: Vec<(TrustedKey, bool)>,
    },
    /// `C_InitPIN` for a user who is: his vault is opened through the escrow.
    RecoverUser {
        /// Whose vault.
        person: PersonId,
    },
}

/// An officer, logged in: who, and the keys that the PIN opened.
#[derive(Clone, Copy)]
pub struct Officer<'a> {
    /// Who.
    pub person: PersonId,
    /// The officer's keyring.
    pub keyring: &'a Keyring,
}

/// An operation that enough officers of a roster agree to. Has no public constructor.
pub struct Authorized<'a> {
    operation: Operation,
    under: &'a Roster,
    officer: Officer<'a>,
}

/// Authorises an operation by one officer alone, where the roster's quorum is one. `seen` is the link up to which the
/// officer's library has verified the chain from his keyring on: an operation acts under that roster and no other.
///
/// # Errors
/// [`Error::Forged`] when the roster is not the one that was verified; [`Error::UserNotLoggedIn`] when the person is no
/// officer of it; [`Error::ActionProhibited`] when more than one must agree.
pub fn by_one<'a>(
    under: &'a Link,
    seen: &RosterPin,
    officer: Officer<'a>,
    operation: Operation,
    primitives: &dyn Primitives,
) -> Result<Authorized<'a>> {
    let roster = &under.roster;
    if seen.version != roster.version || seen.hash != under.hash(primitives) {
        let what = format!("link {} of the roster", roster.version);
        return Err(Error::Forged { what, reason: "the chain was not verified up to it" });
    }
    let known = roster.person(&officer.person).filter(|person| person.role == Role::Officer);
    if known.is_none() {
        return Err(Error::UserNotLoggedIn);
    }
    if roster.quorum > 1 {
        return Err(Error::ActionProhibited("more than one officer must agree"));
    }
    Ok(Authorized { operation, under: roster, officer })
}

impl Authorized<'_> {
    /// What was agreed to.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The roster under which it was agreed.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        self.under
    }

    /// The officer who executes it.
    #[must_use]
    pub fn officer(&self) -> Officer<'_> {
        self.officer
    }

    /// Signs the roster that the operation leads to.
    ///
    /// # Errors
    /// [`Error::Bug`] when that roster is not the next one.
    pub fn sign(&self, next: Roster, primitives: &dyn Primitives) -> Result<Link> {
        if next.version != self.under.version.saturating_add(1) {
            return Err(Error::Bug("a link out of order was to be signed"));
        }
        Link::sign(next, primitives, self.officer.person, &self.officer.keyring.signing)
    }
}

/// Signs the first link of a token, by its founder.
///
/// # Errors
/// [`Error::Bug`] when the roster is not a first one.
pub fn found(roster: Roster, primitives: &dyn Primitives, founder: PersonId, key: &Secret) -> Result<Link> {
    if roster.version != 1 || roster.previous.is_some() {
        return Err(Error::Bug("a founding link that is none"));
    }
    Link::sign(roster, primitives, founder, key)
}
