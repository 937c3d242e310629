//! `claviger key show`

use clap::Args;
use serde::Serialize;

use super::chosen;
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::object::{Detail, ObjectChoice, show};
use crate::session::Window;
use crate::token::write_json;

/// Shows one key, or both keys of a pair.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    key: ObjectChoice,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Details {
    keys: Vec<Detail>,
}

impl Verb for Show {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, self.key.uri())?;
        let found = chosen(&self.key, &session)?;
        let keys = found.iter().map(|key| Detail::read(&session, key)).collect::<Result<Vec<_>>>()?;
        if self.json {
            return write_json(stage.out, &Details { keys });
        }
        keys.iter().try_for_each(|key| show(key, stage))
    }
}
