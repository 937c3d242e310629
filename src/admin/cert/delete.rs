//! `claviger cert delete`

use clap::Args;
use pkcs11::Access;
use pkcs11::constants as c;

use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::object::{ObjectChoice, confirmed, destroy};
use crate::session::Door;

/// Deletes one certificate.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    certificate: ObjectChoice,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Delete {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let door = self.door.with(self.certificate.uri())?;
        let session = door.enter(stage, Access::ReadWrite)?;
        let found = [self.certificate.one(&session, "certificate", &[c::CKO_CERTIFICATE])?];
        confirmed(&found, self.yes, stage)?;
        destroy(&session, &found, self.json, stage)
    }
}
