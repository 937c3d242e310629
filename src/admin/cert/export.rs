//! `claviger cert export`

use std::path::PathBuf;

use clap::Args;
use pkcs11::constants as c;
use serde::Serialize;

use super::Window;
use super::list::About;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::object::{ObjectChoice, attributes};
use crate::output;
use crate::token::write_json;

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
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// What was exported, in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Exported {
    certificate: About,
    /// The certificate, unless it went into a file.
    pem: Option<String>,
    file: Option<String>,
}

impl Verb for Export {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, self.certificate.uri())?;
        let found = self.certificate.one(&session, "certificate", &[c::CKO_CERTIFICATE])?;
        let told = attributes(&session, found.handle, &[c::CKA_VALUE])?;
        let value = told.bytes(c::CKA_VALUE).filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::refused("the token holds a reference to this certificate, not itself", "")
        })?;
        let text = output::pem("CERTIFICATE", value)?;
        let pem = output::written(text, self.out.as_deref(), self.json, stage)?;
        if self.json {
            let (certificate, file) = (About::new(&session, &found)?, self.out.as_ref());
            let file = file.map(|path| path.display().to_string());
            return write_json(stage.out, &Exported { certificate, pem, file });
        }
        Ok(())
    }
}
