//! `claviger token show`

use clap::Args;
use pkcs11::{SlotId, Token, TokenInfo};
use serde::Serialize;

use super::{Shown, Slot, write_json};
use crate::choice::TokenChoice;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::screen::Tone;
use crate::show::{flags, mechanism_name, printable};

/// Shows one token.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    token: TokenChoice,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// A token in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Detail {
    #[serde(flatten)]
    shown: Shown,
    shortest_pin: u64,
    longest_pin: u64,
    /// By the names of the standard.
    mechanisms: Vec<String>,
}

impl Verb for Show {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let token = stage.token()?;
        let (slot, info) = self.token.find(&*token)?;
        let mechanisms = mechanisms(&*token, slot)?;
        if self.json {
            let shown = Slot::of(&*token, slot).shown();
            let (shortest_pin, longest_pin) = (info.min_pin_len, info.max_pin_len);
            return write_json(stage.out, &Detail { shown, shortest_pin, longest_pin, mechanisms });
        }
        for (name, value) in lines(slot, &info, &mechanisms) {
            let name = format!("{name:14}");
            writeln!(stage.out, "{}{}", stage.screen.paint(Tone::Heading, &name), printable(&value))?;
        }
        Ok(())
    }
}

fn mechanisms(token: &dyn Token, slot: SlotId) -> Result<Vec<String>> {
    let known = token.mechanism_list(slot).map_err(|error| {
        Failure::token(format!("the mechanisms of slot {} cannot be listed", slot.0), error)
    })?;
    Ok(known.into_iter().map(mechanism_name).collect())
}

fn lines(slot: SlotId, info: &TokenInfo, mechanisms: &[String]) -> [(&'static str, String); 7] {
    let state: Vec<_> = flags(info.flags).map(|flag| flag.words).collect();
    [
        ("label", info.label.clone()),
        ("serial number", info.serial_number.clone()),
        ("slot", slot.0.to_string()),
        ("made by", format!("{}, {}", info.manufacturer, info.model)),
        ("state", state.join(", ")),
        ("PINs", format!("{} to {} bytes", info.min_pin_len, info.max_pin_len)),
        ("mechanisms", mechanisms.join(", ")),
    ]
}
