//! One call of the application: by which session, and who was logged in when it began.

use std::sync::Arc;

use pkcs11::{Access, Error, Result, SessionHandle, SessionState};

use crate::application::Application;
use crate::login::{Epoch, Login};
use crate::policy::Caller;
use crate::quorum::roster::Role;
use crate::session::Session;
use crate::slot::Standing;

/// A call, judged from its beginning to its end by one login.
pub(crate) struct Asking {
    pub(crate) session: Arc<Session>,
    standing: Arc<Standing>,
}

impl Application {
    /// A call by a session, under the login of now.
    pub(crate) fn asking(&self, session: SessionHandle) -> Result<Asking> {
        let session = self.session(session)?;
        let standing = session.slot.standing();
        Ok(Asking { session, standing })
    }
}

impl Asking {
    /// Who was logged in when the call began.
    pub(crate) fn login(&self) -> Option<&Login> {
        self.standing.login.as_ref()
    }

    /// The epoch of that login.
    pub(crate) fn epoch(&self) -> Epoch {
        self.standing.epoch
    }

    /// Whether the login of the call's beginning still holds.
    ///
    /// # Errors
    /// [`Error::UserNotLoggedIn`]
    pub(crate) fn still_holds(&self) -> Result<()> {
        if self.session.slot.epoch() == self.standing.epoch { Ok(()) } else { Err(Error::UserNotLoggedIn) }
    }

    /// The state of the session under that login.
    pub(crate) fn session_state(&self) -> SessionState {
        match (self.session.access, self.login().map(|login| login.role)) {
            (Access::ReadOnly, None) => SessionState::ReadOnlyPublic,
            (Access::ReadOnly, Some(_)) => SessionState::ReadOnlyUser,
            (Access::ReadWrite, None) => SessionState::ReadWritePublic,
            (Access::ReadWrite, Some(Role::Officer)) => SessionState::ReadWriteSo,
            (Access::ReadWrite, Some(_)) => SessionState::ReadWriteUser,
        }
    }

    /// Who asks, for the tables of policy.
    pub(crate) fn caller(&self) -> Caller {
        let role = self.login().map(|login| login.role);
        Caller {
            user: role == Some(Role::User),
            officer: role == Some(Role::Officer),
            read_write: self.session.access == Access::ReadWrite,
        }
    }
}
