//! `claviger token list`

use clap::Args;
use serde::Serialize;

use super::{Shown, Slot, is_initialised, write_json};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::show::{flags, table};

/// Shows the slots and the tokens in them.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    tokens: Vec<Shown>,
}

impl Verb for List {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let running = stage.screen.progress("reading the tokens");
        let slots = Slot::all(&*stage.token()?)?;
        drop(running);
        if self.json {
            write_json(stage.out, &Listing { tokens: slots.iter().map(Slot::shown).collect() })?;
        } else {
            let heading = ["SLOT", "LABEL", "SERIAL", "STATE"].map(str::to_owned);
            let rows: Vec<_> = std::iter::once(heading).chain(slots.iter().map(cells)).collect();
            table(stage.out, stage.screen, &rows)?;
        }
        // Every slot has been shown: what is wrong with the first bad one makes the failure.
        match slots.into_iter().find_map(|slot| Some((slot.id, slot.token.err()?))) {
            Some((id, error)) => {
                Err(Failure::token(format!("the token in slot {} cannot be read", id.0), error))
            }
            None => Ok(()),
        }
    }
}

fn cells(slot: &Slot) -> [String; 4] {
    let number = slot.id.0.to_string();
    let nothing = || "-".to_owned();
    match &slot.token {
        Ok(info) if is_initialised(info) => {
            let words: Vec<_> = flags(info.flags).map(|flag| flag.words).collect();
            [number, info.label.clone(), info.serial_number.clone(), words.join(", ")]
        }
        Ok(_) => [number, nothing(), nothing(), "empty".to_owned()],
        Err(error) => [number, nothing(), nothing(), error.to_string()],
    }
}
