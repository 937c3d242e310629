//! `claviger object delete`

use std::io::ErrorKind;

use clap::Args;
use pkcs11::Access;

use super::{Found, Listing, ObjectChoice};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::session::{Door, UserSession};
use crate::show::printable;
use crate::token::write_json;

/// Deletes one object.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    object: ObjectChoice,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Delete {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let door = self.door.with(self.object.uri())?;
        let session = door.enter(stage, Access::ReadWrite)?;
        let found = [self.object.one(&session, "object", &[])?];
        confirmed(&found, self.yes, stage)?;
        destroy(&session, &found, self.json, stage)
    }
}

/// Asks whether objects are to be deleted, unless `yes` says so.
pub(crate) fn confirmed(found: &[Found], yes: bool, stage: &mut Stage<'_>) -> Result<()> {
    if yes {
        return Ok(());
    }
    let listed = found.iter().map(Found::described).collect::<Vec<_>>().join(" and ");
    let question = format!("Delete {listed}? This cannot be undone. Type yes: ");
    let typed = stage.asker.ask_openly(&printable(&question)).map_err(|error| match error.kind() {
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof => {
            Failure::refused("nothing was deleted: it was not confirmed", "")
        }
        _ => Failure::refused(
            format!("there is no terminal to ask whether to delete {listed}"),
            "add --yes if that is meant",
        ),
    })?;
    if typed.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::refused("nothing was deleted: it was not confirmed", "type yes, or add --yes"))
}

/// Destroys objects and says so; names those that are gone where one of several cannot be destroyed.
pub(crate) fn destroy(
    session: &UserSession,
    found: &[Found],
    json: bool,
    stage: &mut Stage<'_>,
) -> Result<()> {
    let running = stage.screen.progress("deleting");
    for (at, object) in found.iter().enumerate() {
        session.token.destroy_object(session.handle, object.handle).map_err(|error| {
            let gone = found.iter().take(at).map(Found::described).collect::<Vec<_>>().join(" and ");
            let gone = if gone.is_empty() { gone } else { format!("{gone} deleted, but ") };
            Failure::token(format!("{gone}{} cannot be deleted", object.described()), error)
        })?;
    }
    drop(running);
    if json {
        return write_json(stage.out, &Listing { objects: found.iter().map(Found::shown).collect() });
    }
    for object in found {
        writeln!(stage.out, "Deleted {}.", printable(&object.described()))?;
    }
    Ok(())
}
