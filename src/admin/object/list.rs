//! `claviger object list`

use clap::Args;
use pkcs11::Access;
use serde::Serialize;

use super::{Found, Shown};
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::session::Door;
use crate::show::table;
use crate::token::write_json;

/// Shows every object of a token.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    door: Door,
    /// Show public objects only, without a PIN
    #[arg(long, conflicts_with_all = ["pin_file", "pin_fd"])]
    public: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    objects: Vec<Shown>,
}

impl Verb for List {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = if self.public {
            self.door.open(stage, Access::ReadOnly)?
        } else {
            self.door.enter(stage, Access::ReadOnly)?
        };
        let found = Found::all(&session, Vec::new())?;
        if self.json {
            return write_json(stage.out, &Listing { objects: found.iter().map(Found::shown).collect() });
        }
        let heading = ["CLASS", "TYPE", "BITS", "LABEL", "ID"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(heading).chain(found.iter().map(cells)).collect();
        Ok(table(stage.out, stage.screen, &rows)?)
    }
}

fn cells(found: &Found) -> [String; 5] {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let bits = or_nothing(found.bits().map(|bits| bits.to_string()));
    [found.class(), or_nothing(found.key_type()), bits, found.label(), found.id()]
}
