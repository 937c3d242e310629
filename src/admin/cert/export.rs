//! `claviger cert export`

use std::path::PathBuf;

use clap::Args;
use pkcs11::constants as c;

use super::Window;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::object::{ObjectChoice, attributes};
use crate::output;

/// Writes a certificate as PEM.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    certificate: ObjectChoice,
    /// Write into this file, which must not be there yet, instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Verb for Export {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, self.certificate.uri())?;
        let found = self.certificate.one(&session, "certificate", &[c::CKO_CERTIFICATE])?;
        let told = attributes(&session, found.handle, &[c::CKA_VALUE])?;
        let value = told.bytes(c::CKA_VALUE).filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::refused("the token holds a reference to this certificate, not itself", "")
        })?;
        output::pem("CERTIFICATE", value, self.out.as_deref(), stage)
    }
}
