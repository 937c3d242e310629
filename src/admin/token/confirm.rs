//! Asking whether a token is to be destroyed.

use std::io::ErrorKind;

use pkcs11::SlotId;

use crate::command::Stage;
use crate::failure::{Failure, Result};

/// Has the label of a token typed that will be destroyed; the number of its slot where it has none that can be read.
///
/// `unasked` says what to do where there is no terminal.
pub(super) fn confirm(slot: SlotId, label: Option<&str>, unasked: &str, stage: &mut Stage<'_>) -> Result<()> {
    let number = slot.0.to_string();
    let label = label.filter(|label| !label.is_empty());
    let what = if label.is_some() { "label of the token" } else { "number of its slot" };
    let typed = stage.asker.ask_openly(&format!("Type the {what} to destroy it: "));
    let typed = typed.map_err(|error| match error.kind() {
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof => {
            Failure::refused("nothing was destroyed: it was not confirmed", "")
        }
        _ => Failure::refused("there is no terminal to ask whether to destroy the token", unasked),
    })?;
    let wanted = label.unwrap_or(&number);
    if typed == wanted {
        return Ok(());
    }
    Err(Failure::refused("nothing was destroyed: that is not its name", format!("type \"{wanted}\"")))
}
