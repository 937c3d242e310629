//! Running operations: one slot a kind, and one rule for all of how they begin, go on and end.

use pkcs11::{Error, Result};

use crate::login::Epoch;
use crate::mechanism::{Digesting, Signing, Verifying};
use crate::search::Search;

/// Everything that may go on in a session, each kind beside the others.
#[derive(Default)]
pub struct Operations {
    /// `C_FindObjectsInit`
    pub search: Option<Search>,
    /// `C_DigestInit`
    pub digest: Running<Box<dyn Digesting>>,
    /// `C_SignInit`
    pub sign: Running<Box<dyn Signing>>,
    /// `C_VerifyInit`
    pub verify: Running<Box<dyn Verifying>>,
}

/// One kind of operation.
#[derive(Default)]
pub enum Running<T> {
    /// None is active.
    #[default]
    Idle,
    /// One is.
    Active(Active<T>),
}

/// An active operation.
pub struct Active<T> {
    operation: T,
    in_parts: bool,
    needs: Needs,
}

/// What an operation's key asks of the login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The login that a private key was found under; an operation begun under an older one is over.
    pub login: Option<Epoch>,
    /// A login for this operation alone (`CKA_ALWAYS_AUTHENTICATE`), until it has come.
    pub login_again: bool,
}

/// How an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// All at once: not after a part.
    Whole,
    /// One of parts.
    Part,
    /// The last of parts.
    Last,
}

impl<T> Running<T> {
    /// Begins.
    ///
    /// # Errors
    /// [`Error::OperationActive`]
    pub fn begin(&mut self, needs: Needs, make: impl FnOnce() -> Result<T>) -> Result<()> {
        if self.is_active() {
            return Err(Error::OperationActive);
        }
        *self = Self::Active(Active { operation: make()?, in_parts: false, needs });
        Ok(())
    }

    /// Whether one is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    /// Whether one is active that waits for a login of its own.
    #[must_use]
    pub fn awaits_login(&self) -> bool {
        matches!(self, Self::Active(active) if active.needs.login_again)
    }

    /// The login has come.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`]
    pub fn allow_once(&mut self) -> Result<()> {
        match self {
            Self::Active(active) => {
                active.needs.login_again = false;
                Ok(())
            }
            Self::Idle => Err(Error::OperationNotInitialized),
        }
    }

    /// Ends what is active without a result.
    pub fn cancel(&mut self) {
        *self = Self::Idle;
    }

    /// Looks at the operation without changing it: for lengths. A call that may not be made ends it.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`]
    pub fn look<R>(&mut self, call: Call, now: Epoch, look: impl FnOnce(&T) -> R) -> Result<R> {
        self.admit(call, now)?;
        match self {
            Self::Active(active) => Ok(look(&active.operation)),
            Self::Idle => Err(Error::OperationNotInitialized),
        }
    }

    /// Adds a part; an error ends the operation.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`], and those of `add`.
    pub fn part(&mut self, now: Epoch, add: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        self.admit(Call::Part, now)?;
        let Self::Active(active) = self else { return Err(Error::OperationNotInitialized) };
        active.in_parts = true;
        let added = add(&mut active.operation);
        if added.is_err() {
            self.cancel();
        }
        added
    }

    /// Takes the operation out to finish it: whatever comes of it, it is over.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::UserNotLoggedIn`]
    pub fn take(&mut self, call: Call, now: Epoch) -> Result<T> {
        self.admit(call, now)?;
        match std::mem::take(self) {
            Self::Active(active) => Ok(active.operation),
            Self::Idle => Err(Error::OperationNotInitialized),
        }
    }

    /// Whether the operation may be called like this; if not, it is over.
    fn admit(&mut self, call: Call, now: Epoch) -> Result<()> {
        let Self::Active(active) = self else { return Err(Error::OperationNotInitialized) };
        let out_of_order = call == Call::Whole && active.in_parts;
        let logged_out = active.needs.login.is_some_and(|epoch| epoch != now);
        if out_of_order || logged_out {
            self.cancel();
            return Err(if logged_out { Error::UserNotLoggedIn } else { Error::OperationNotInitialized });
        }
        // The operation waits for its login: it stays active.
        if active.needs.login_again { Err(Error::UserNotLoggedIn) } else { Ok(()) }
    }
}
