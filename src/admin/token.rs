//! `claviger token`.

mod change_pin;
mod confirm;
mod delete;
mod init;
mod init_pin;
mod list;
mod pins;
mod show;
#[cfg(test)]
mod tests;

use pkcs11::constants::CKF_TOKEN_INITIALIZED;
use pkcs11::{Error, SlotId, Token, TokenInfo};
use serde::Serialize;

use crate::failure::{Failure, Result};
use crate::show::flags;

pub(crate) use change_pin::ChangePin;
pub(crate) use delete::Delete;
pub(crate) use init::Init;
pub(crate) use init_pin::InitPin;
pub(crate) use list::List;
pub(crate) use pins::LONGEST_FOR_LIBP11;
pub(crate) use show::Show;

/// A slot and what its token tells.
pub(crate) struct Slot {
    pub(crate) id: SlotId,
    pub(crate) token: std::result::Result<TokenInfo, Error>,
}

impl Slot {
    fn of(token: &dyn Token, id: SlotId) -> Self {
        Self { id, token: token.token_info(id) }
    }

    /// All slots, as they are now.
    pub(crate) fn all(token: &dyn Token) -> Result<Vec<Self>> {
        let ids = token
            .slot_list(false, true)
            .map_err(|error| Failure::token("the slots cannot be listed", error))?;
        Ok(ids.into_iter().map(|id| Self::of(token, id)).collect())
    }

    /// The initialised token in it, if there is one that can be read.
    pub(crate) fn held(&self) -> Option<(SlotId, &TokenInfo)> {
        self.token.as_ref().ok().filter(|info| is_initialised(info)).map(|info| (self.id, info))
    }

    /// The slot for a program to read.
    fn shown(&self) -> Shown {
        let info = self.token.as_ref().ok().filter(|info| is_initialised(info));
        let said = |words: fn(&TokenInfo) -> &str| info.map(|info| words(info).to_owned());
        Shown {
            slot: self.id.0,
            label: said(|info| &info.label),
            serial: said(|info| &info.serial_number),
            manufacturer: said(|info| &info.manufacturer),
            model: said(|info| &info.model),
            flags: flags(self.token.as_ref().map_or(0, |info| info.flags)).map(|flag| flag.name).collect(),
            problem: self.token.as_ref().err().map(ToString::to_string),
        }
    }
}

/// A slot in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Shown {
    slot: u64,
    /// Of an initialised token, as the next three.
    label: Option<String>,
    serial: Option<String>,
    manufacturer: Option<String>,
    model: Option<String>,
    flags: Vec<&'static str>,
    /// Why nothing is known of the token.
    problem: Option<String>,
}

/// Writes one value in JSON and ends the line.
pub(crate) fn write_json(out: &mut dyn std::io::Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}

fn is_initialised(info: &TokenInfo) -> bool {
    info.flags & CKF_TOKEN_INITIALIZED != 0
}
