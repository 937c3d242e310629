//! `claviger key delete`

use clap::Args;
use pkcs11::Access;

use super::chosen;
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::object::{ObjectChoice, confirmed, destroy};
use crate::session::Door;

/// Deletes a key, or both keys of a pair.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    key: ObjectChoice,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Delete {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let door = self.door.with(self.key.uri())?;
        let session = door.enter(stage, Access::ReadWrite)?;
        let found = chosen(&self.key, &session)?;
        confirmed(&found, self.yes, stage)?;
        destroy(&session, &found, self.json, stage)
    }
}
