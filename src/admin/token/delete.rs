//! `claviger token delete`

use clap::Args;
use pkcs11::{Error, SlotId};

use super::confirm::confirm;
use super::{Shown, Slot, write_json};
use crate::choice::TokenChoice;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::show::printable;

/// Destroys a token and everything in it, without any PIN.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    token: TokenChoice,
    /// Do not ask; only with --serial or --slot, which name one token for ever
    #[arg(long)]
    yes: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Delete {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        if !self.token.is_said() || (self.yes && !self.token.is_for_ever()) {
            return Err(Failure::Usage(
                "claviger: which token is to be destroyed has to be said\n  what to do: name it with --token; with \
                 --yes, by --serial or --slot\n"
                    .to_owned(),
            ));
        }
        let token = stage.token()?;
        let slot = self.target(Slot::all(&*token)?, &*token)?;
        let label = slot.token.as_ref().ok().map(|info| info.label.clone());
        if !self.yes {
            stage.tell(&format!(
                "every key and object of the token in slot {} will be destroyed, with the PINs of its users and what \
                 officers could recover; copies of its folder open no more either, unless its device key was copied too; \
                 end the programs that use it first: they go on with the keys that they have in memory",
                slot.id.0
            ));
            let unasked = "name it with --serial and add --yes if that is meant";
            confirm(slot.id, label.as_deref(), unasked, stage)?;
        }
        let shown: Shown = slot.shown();
        let running = stage.screen.progress("deleting the token");
        let deleted = token.delete_token(slot.id);
        drop(running);
        deleted.map_err(|error| not_deleted(&*token, slot.id, error))?;
        if self.json {
            return write_json(stage.out, &shown);
        }
        let named = label.map(|label| format!(" \"{label}\"")).unwrap_or_default();
        writeln!(stage.out, "The token{} in slot {} is no more.", printable(&named), slot.id.0)?;
        Ok(())
    }
}

impl Delete {
    /// The token that is meant; by its slot also one that cannot be read, such as one that lost its device key.
    fn target(&self, slots: Vec<Slot>, token: &dyn pkcs11::Token) -> Result<Slot> {
        let unreadable = |slot: &Slot| self.token.slot() == Some(slot.id.0) && slot.token.is_err();
        if let Some(slot) = slots.into_iter().find(unreadable) {
            return Ok(slot);
        }
        let (id, info) = self.token.find(token)?;
        Ok(Slot { id, token: Ok(info) })
    }
}

/// Why a deletion failed: before the token was gone, or after.
fn not_deleted(token: &dyn pkcs11::Token, slot: SlotId, error: Error) -> Failure {
    let still_there = token.slot_list(false, true).map_or(true, |slots| slots.contains(&slot));
    if still_there {
        return Failure::token(format!("the token in slot {} cannot be deleted", slot.0), error);
    }
    Failure::refused(
        format!("the token in slot {} is no more, but something is left of its files: {error}", slot.0),
        "put that right; `claviger token list` then removes the rest",
    )
}
