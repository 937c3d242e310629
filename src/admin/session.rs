//! A session of the user's, for the commands that act on objects.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use pkcs11::{Access, Error, SessionHandle, SlotId, Token, TokenInfo, UserType};

use crate::choice::TokenChoice;
use crate::command::Stage;
use crate::failure::{Failure, Result};
use crate::pin::Wanted;
use crate::uri::Uri;

/// Which token, and where its user's PIN comes from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Door {
    #[command(flatten)]
    token: TokenChoice,
    /// Read the user's PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "pin_fd")]
    pin_file: Option<PathBuf>,
    /// Read the user's PIN from an open descriptor
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
}

/// The way in for those who only look.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Window {
    #[command(flatten)]
    door: Door,
    /// Look at public objects only, without a PIN
    #[arg(long, conflicts_with_all = ["pin_file", "pin_fd"])]
    public: bool,
}

impl Window {
    /// Opens a read-only session on the chosen token, logged in unless public objects are enough.
    pub(crate) fn enter(&self, stage: &mut Stage<'_>, uri: Option<&Uri>) -> Result<UserSession> {
        let door = self.door.with(uri)?;
        if self.public { door.open(stage, Access::ReadOnly) } else { door.enter(stage, Access::ReadOnly) }
    }
}

impl Door {
    /// This door, and what a URI says besides.
    pub(crate) fn with(&self, uri: Option<&Uri>) -> Result<Self> {
        let Some(uri) = uri else { return Ok(self.clone()) };
        let pin_file = match (&self.pin_file, self.pin_fd) {
            (None, None) => uri.pin_file.clone(),
            (given, _) => given.clone(),
        };
        Ok(Self { token: self.token.with(uri)?, pin_file, pin_fd: self.pin_fd })
    }

    /// Whether it says where the PIN comes from.
    pub(crate) fn says_pin(&self) -> bool {
        self.pin_file.is_some() || self.pin_fd.is_some()
    }

    /// The descriptor that the PIN comes from.
    pub(crate) fn pin_descriptor(&self) -> Option<u32> {
        self.pin_fd
    }

    /// Opens a session on the chosen token and logs its user in.
    pub(crate) fn enter(&self, stage: &mut Stage<'_>, access: Access) -> Result<UserSession> {
        let session = self.open(stage, access)?;
        let pin = Wanted::new("user's", "pin", self.pin_file.clone(), self.pin_fd).known(stage.asker)?;
        let running = stage.screen.progress("logging in");
        let answer = session.token.login(session.handle, UserType::User, Some(pin.expose()));
        drop(running);
        match answer {
            // A token without a login: its objects are there for everybody.
            Ok(()) | Err(Error::UserAlreadyLoggedIn) => Ok(session),
            Err(error) => Err(Failure::token(
                format!("the user of the token \"{}\" is not logged in", session.info.label),
                error,
            )),
        }
    }

    /// Opens a session on the chosen token without a login: public objects alone are seen.
    pub(crate) fn open(&self, stage: &Stage<'_>, access: Access) -> Result<UserSession> {
        // Another process may have the store for a while.
        let _running = stage.screen.progress("opening the token");
        let token = stage.token()?;
        let (slot, info) = self.token.find(&*token)?;
        let handle = token
            .open_session(slot, access, true)
            .map_err(|error| Failure::token(format!("no session on the token \"{}\"", info.label), error))?;
        Ok(UserSession { token, slot, handle, info })
    }
}

/// An open session; closed, and with it logged out, when dropped.
pub(crate) struct UserSession {
    pub(crate) token: Arc<dyn Token>,
    pub(crate) slot: SlotId,
    pub(crate) handle: SessionHandle,
    pub(crate) info: TokenInfo,
}

impl Drop for UserSession {
    fn drop(&mut self) {
        if let Err(error) = self.token.close_session(self.handle) {
            log::debug!("the session is closed already: {error}");
        }
    }
}
