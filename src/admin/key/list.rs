//! `claviger key list`

use clap::Args;
use serde::Serialize;

use super::KEYS;
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::object::{Found, Shown, listed};
use crate::session::Window;
use crate::token::write_json;

/// Shows the keys of a token.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    window: Window,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
pub(super) struct Listing {
    pub(super) keys: Vec<Shown>,
}

impl Verb for List {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, None)?;
        let running = stage.screen.progress("reading the keys");
        let mut found = Found::all(&session, Vec::new())?;
        drop(running);
        found.retain(|object| object.attributes.class().is_some_and(|class| KEYS.contains(&class)));
        if self.json {
            return write_json(stage.out, &Listing { keys: found.iter().map(Found::shown).collect() });
        }
        listed(stage.out, stage.screen, &found)
    }
}
