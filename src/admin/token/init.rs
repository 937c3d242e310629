//! `claviger token init`

use std::path::PathBuf;

use clap::Args;
use pkcs11::{Access, Error, Secret, SessionHandle, SlotId, Token, TokenInfo, UserType};

use super::confirm::confirm;
use super::pins::{check_length, one_descriptor_each, tell_of_libp11};
use super::{Slot, is_initialised, write_json};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result, remedy};
use crate::pin::Wanted;
use crate::show::printable;

/// Length of a label in bytes (PKCS#11 v3.2 section 5.5.7).
const LABEL: usize = 32;

/// Makes a token in an empty slot.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Name of the token: at most 32 bytes
    #[arg(long, value_name = "LABEL", value_parser = Label::parse)]
    label: Label,
    /// The slot to use; without it, the first empty one
    #[arg(long, value_name = "N")]
    slot: Option<u64>,
    /// Initialise a token that is there already: everything in it is lost. Takes the PIN of its officer
    #[arg(long, requires = "slot")]
    again: bool,
    /// With --again, do not ask whether the token that is there is to be destroyed
    #[arg(long, requires = "again")]
    yes: bool,
    /// Restrict the token to approved algorithms, for ever: see docs/approved.md
    #[arg(long)]
    approved: bool,
    /// Read the officer's PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "officer_pin_fd")]
    officer_pin_file: Option<PathBuf>,
    /// Read the officer's PIN from an open descriptor
    #[arg(long, value_name = "N")]
    officer_pin_fd: Option<u32>,
    /// Read the user's PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "user_pin_fd")]
    user_pin_file: Option<PathBuf>,
    /// Read the user's PIN from an open descriptor
    #[arg(long, value_name = "N")]
    user_pin_fd: Option<u32>,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// The name of a token: printable, at most 32 bytes.
#[derive(Clone, Debug)]
struct Label(String);

impl Label {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        if text.trim_end().is_empty() {
            return Err("the label is empty: applications choose tokens by it".to_owned());
        }
        if text.len() > LABEL {
            return Err(format!("the label has {} bytes, and {LABEL} at most are possible", text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err("the label holds a control character".to_owned());
        }
        Ok(Self(text.trim_end_matches(' ').to_owned()))
    }

    /// As `C_InitToken` takes it: padded with blanks.
    fn padded(&self) -> [u8; LABEL] {
        let mut padded = [b' '; LABEL];
        for (place, byte) in padded.iter_mut().zip(self.0.bytes()) {
            *place = byte;
        }
        padded
    }
}

impl Verb for Init {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        one_descriptor_each(("officer-pin", self.officer_pin_fd), ("user-pin", self.user_pin_fd))?;
        let token = stage.token()?;
        let slots = Slot::all(&*token)?;
        let (slot, info) = self.target(&slots)?;
        self.tell_of_namesakes(&slots, slot, stage);
        if self.again && !self.yes {
            stage.tell(&format!(
                "slot {} holds {}: every key and object in it and the PINs of its users will be lost",
                slot.0,
                described(info)
            ));
            confirm(slot, Some(&info.label), "add --yes if that is meant", stage)?;
        }
        let (officer, user) = self.pins(info, stage)?;
        let _running = stage.screen.progress("making the token");
        let label = self.label.padded();
        let initialised = match self.approved {
            true => token.init_approved_token(slot, Some(officer.expose()), &label),
            false => token.init_token(slot, Some(officer.expose()), &label),
        };
        initialised.map_err(|error| {
            Failure::token(format!("the token in slot {} cannot be initialised", slot.0), error)
        })?;
        set_user_pin(&*token, slot, &officer, &user).map_err(|error| {
            let known = remedy(&error).map_or_else(String::new, |remedy| format!("{remedy}; then "));
            Failure::refused(
                format!("the token in slot {} is initialised, but its user has no PIN: {error}", slot.0),
                format!("{known}`claviger token init-pin --slot {}`", slot.0),
            )
        })?;
        self.tell(&Slot::of(&*token, slot), stage)
    }
}

impl Init {
    /// The slot that is meant, if it may be initialised.
    fn target<'s>(&self, slots: &'s [Slot]) -> Result<(SlotId, &'s TokenInfo)> {
        let Some(number) = self.slot else {
            let empty = |slot: &'s Slot| Some((slot.id, slot.token.as_ref().ok()?));
            return slots.iter().filter_map(empty).find(|(_, info)| !is_initialised(info)).ok_or_else(|| {
                Failure::refused(
                    "there is no empty slot",
                    "one is made where the data folder can be written: see docs/configuration.md for permissions",
                )
            });
        };
        let slot = slots
            .iter()
            .find(|slot| slot.id.0 == number)
            .ok_or_else(|| Failure::token(format!("slot {number} cannot be used"), Error::SlotIdInvalid))?;
        let info = slot.token.as_ref().map_err(|error| {
            Failure::token(format!("the token in slot {number} cannot be read"), error.clone())
        })?;
        match (is_initialised(info), self.again) {
            (true, false) => Err(Failure::refused(
                format!("slot {number} holds {}", described(info)),
                "to make a new token, leave --slot out; to lose every key and object in this one, add --again and \
                 give the PIN of its officer",
            )),
            (false, true) => Err(Failure::refused(
                format!("slot {number} is empty"),
                "there is nothing to initialise again: leave --again out",
            )),
            _ => Ok((slot.id, info)),
        }
    }

    /// Applications choose tokens by their label: two of one name are told of, not refused.
    fn tell_of_namesakes(&self, slots: &[Slot], target: SlotId, stage: &mut Stage<'_>) {
        for slot in slots.iter().filter(|slot| slot.id != target) {
            if slot.token.as_ref().is_ok_and(|info| is_initialised(info) && info.label == self.label.0) {
                stage.tell(&format!("the token in slot {} has the same label", slot.id.0));
            }
        }
    }

    /// The officer's and the user's PIN, of lengths that the token takes.
    fn pins(&self, info: &TokenInfo, stage: &mut Stage<'_>) -> Result<(Secret, Secret)> {
        let officer =
            Wanted::new("officer's", "officer-pin", self.officer_pin_file.clone(), self.officer_pin_fd);
        let user = Wanted::new("user's", "user-pin", self.user_pin_file.clone(), self.user_pin_fd);
        let officer = if self.again {
            officer.known(stage.asker)?
        } else {
            officer.new_one(stage.asker, |pin| check_length("officer's", pin, info))?
        };
        let user = user.new_one(stage.asker, |pin| check_length("user's", pin, info))?;
        tell_of_libp11(&user, stage);
        Ok((officer, user))
    }

    fn tell(&self, made: &Slot, stage: &mut Stage<'_>) -> Result<()> {
        if self.json {
            return write_json(stage.out, &made.shown());
        }
        let info = made.token.as_ref().map_err(|error| {
            Failure::token(format!("the new token in slot {} cannot be read", made.id.0), error.clone())
        })?;
        writeln!(stage.out, "Slot {} holds {}.", made.id.0, printable(&described(info)))?;
        Ok(())
    }
}

fn described(info: &TokenInfo) -> String {
    format!("the token \"{}\", serial number {}", info.label, info.serial_number)
}

/// As the officer, gives the user the first PIN.
fn set_user_pin(token: &dyn Token, slot: SlotId, officer: &Secret, user: &Secret) -> pkcs11::Result<()> {
    let session = token.open_session(slot, Access::ReadWrite, true)?;
    let result = as_officer(token, session, officer, user);
    // Closing the last session logs out; what went wrong before matters more than a session that stays.
    result.and(token.close_session(session))
}

fn as_officer(
    token: &dyn Token,
    session: SessionHandle,
    officer: &Secret,
    user: &Secret,
) -> pkcs11::Result<()> {
    token.login(session, UserType::So, Some(officer.expose()))?;
    token.init_pin(session, Some(user.expose()))
}
