//! What the commands share that set PINs.

use std::sync::Arc;

use pkcs11::{Access, Secret, SlotId, TokenInfo, UserType};

use super::{Slot, write_json};
use crate::choice::TokenChoice;
use crate::command::Stage;
use crate::failure::{Failure, Result};
use crate::session::UserSession;
use crate::show::printable;

/// Longest PIN that libp11's engine hands on, in bytes: it keeps 32 with the end.
pub(crate) const LONGEST_FOR_LIBP11: usize = 31;

/// Refuses one descriptor for two PINs: each is read to its end. Options are named without their `-fd`.
pub(super) fn one_descriptor_each(
    (one, first): (&str, Option<u32>),
    (other, second): (&str, Option<u32>),
) -> Result<()> {
    if first.is_some() && first == second {
        return Err(Failure::Usage(format!(
            "claviger: a descriptor gives one PIN: use two for --{one}-fd and --{other}-fd\n"
        )));
    }
    Ok(())
}

/// Refuses a new PIN before anything is written: the token would refuse the second one too late.
pub(super) fn check_length(whose: &str, pin: &Secret, info: &TokenInfo) -> Result<()> {
    let len = u64::try_from(pin.len()).unwrap_or(u64::MAX);
    if (info.min_pin_len..=info.max_pin_len).contains(&len) {
        return Ok(());
    }
    Err(Failure::pin(
        format!("the {whose} PIN is too short or too long"),
        format!("choose one of {} to {} bytes", info.min_pin_len, info.max_pin_len),
    ))
}

/// Tells of a user's PIN that many servers cannot use.
pub(super) fn tell_of_libp11(pin: &Secret, stage: &mut Stage<'_>) {
    if pin.len() > LONGEST_FOR_LIBP11 {
        stage.tell(&format!(
            "the user's PIN has over {LONGEST_FOR_LIBP11} bytes, which libp11's engine (nginx, Apache, stunnel, curl, \
             openssl) does not take"
        ));
    }
}

/// A session with one token for changing PINs.
pub(super) struct Desk {
    pub(super) slot: SlotId,
    session: UserSession,
}

impl Desk {
    /// Opens a session on the chosen token.
    pub(super) fn open(choice: &TokenChoice, stage: &Stage<'_>) -> Result<Self> {
        let token = stage.token()?;
        let (slot, info) = choice.find(&*token)?;
        let handle = token
            .open_session(slot, Access::ReadWrite, true)
            .map_err(|error| Failure::token(format!("no session on the token \"{}\"", info.label), error))?;
        Ok(Self { slot, session: UserSession { token: Arc::clone(&token), slot, handle, info } })
    }

    pub(super) fn info(&self) -> &TokenInfo {
        &self.session.info
    }

    /// Logs in, so that a wrong PIN is told before a new one is asked for.
    pub(super) fn login(&self, user: UserType, whose: &str, pin: &Secret) -> Result<()> {
        let UserSession { token, handle, info, .. } = &self.session;
        token.login(*handle, user, Some(pin.expose())).map_err(|error| {
            Failure::token(format!("the {whose} of the token \"{}\" is not logged in", info.label), error)
        })
    }

    /// `C_InitPIN`.
    pub(super) fn init_pin(&self, pin: &Secret) -> pkcs11::Result<()> {
        self.session.token.init_pin(self.session.handle, Some(pin.expose()))
    }

    /// `C_SetPIN`.
    pub(super) fn set_pin(&self, old: &Secret, new: &Secret) -> pkcs11::Result<()> {
        self.session.token.set_pin(self.session.handle, Some(old.expose()), Some(new.expose()))
    }

    /// Ends the session and says what was done: the token in JSON, or `words`.
    pub(super) fn tell(self, json: bool, words: &str, stage: &mut Stage<'_>) -> Result<()> {
        if json {
            return write_json(stage.out, &Slot::of(&*self.session.token, self.slot).shown());
        }
        Ok(writeln!(stage.out, "{}", printable(words))?)
    }
}
