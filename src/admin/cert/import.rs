//! `claviger cert import`

use std::path::PathBuf;

use clap::Args;
use pkcs11::Access;
use serde::Serialize;

use crate::batch::Batch;
use crate::cert;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::key::{Passphrase, opened};
use crate::object::{Found, Id, Shown};
use crate::session::Door;
use crate::show::printable;
use crate::token::write_json;

/// What was imported, in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Imported {
    objects: Vec<Shown>,
    /// What standard error tells beside it.
    warnings: Vec<String>,
}

/// Imports the certificates of a file.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    door: Door,
    /// The file: PEM or DER, one certificate or a chain, or a PKCS#12
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the first certificate is called; the others by their subjects
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// The ID (CKA_ID) of the first certificate, in hexadecimal; without it, that of the private key that it is for
    #[arg(long, value_name = "HEX", value_parser = Id::parse)]
    id: Option<Id>,
    #[command(flatten)]
    passphrase: Passphrase,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Import {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        self.passphrase.check(&self.door)?;
        let contents = opened(&self.file, &self.passphrase, stage)?;
        if contents.certificates.is_empty() {
            return Err(Failure::refused(
                format!("there is no certificate in {}", self.file.display()),
                "`claviger key import` imports keys",
            ));
        }
        let session = self.door.enter(stage, Access::ReadWrite)?;
        let mut batch = Batch::begin(&session);
        let progress = stage.screen.progress("importing");
        let (mut made, mut warnings) = (Vec::new(), Vec::new());
        for (at, certificate) in contents.certificates.iter().enumerate() {
            let label = self.label.clone().filter(|_| at == 0).unwrap_or_else(|| certificate.label());
            let id = self.id.as_ref().filter(|_| at == 0).map(|id| id.0.as_slice());
            let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            progress.set(number(at), number(contents.certificates.len()));
            match cert::add(&mut batch, &session, certificate, &label, id, &mut warnings)? {
                Some(found) => made.push(found),
                None => warnings.push(format!("the certificate \"{label}\" is there already")),
            }
        }
        drop(progress);
        batch.keep();
        warnings.iter().for_each(|words| stage.tell(words));
        if self.json {
            let objects = made.iter().map(Found::shown).collect();
            return write_json(stage.out, &Imported { objects, warnings });
        }
        for found in &made {
            writeln!(stage.out, "Imported {}.", printable(&found.described()))?;
        }
        Ok(())
    }
}
