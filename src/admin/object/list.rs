//! `claviger object list`

use std::io::Write;

use clap::Args;
use serde::Serialize;

use super::{Found, Shown};
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::screen::Screen;
use crate::session::Window;
use crate::show::table;
use crate::token::write_json;

/// Shows every object of a token.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    window: Window,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
pub(crate) struct Listing {
    pub(crate) objects: Vec<Shown>,
}

impl Verb for List {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, None)?;
        let running = stage.screen.progress("reading the objects");
        let found = Found::all(&session, Vec::new())?;
        drop(running);
        if self.json {
            return write_json(stage.out, &Listing { objects: found.iter().map(Found::shown).collect() });
        }
        listed(stage.out, stage.screen, &found)
    }
}

/// Writes objects as a table.
pub(crate) fn listed(out: &mut dyn Write, screen: Screen, found: &[Found]) -> Result<()> {
    let heading = ["CLASS", "TYPE", "SIZE", "LABEL", "ID"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heading).chain(found.iter().map(cells)).collect();
    Ok(table(out, screen, &rows)?)
}

fn cells(found: &Found) -> [String; 5] {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [found.class(), or_nothing(found.key_type()), or_nothing(found.size()), found.label(), found.id()]
}
