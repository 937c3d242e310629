//! `claviger key export`

use std::path::{Path, PathBuf};

use clap::Args;
use pkcs11::Access;
use pkcs11::constants as c;
use serde::Serialize;

use super::chosen;
use super::wrapping::{Way, mechanism, wrapped, wrapping_key};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::object::{Found, ObjectChoice, Shown, attributes, several};
use crate::output;
use crate::session::{Door, UserSession};
use crate::show::mechanism_name;
use crate::token::write_json;

/// Writes a public key as PEM, or a private or secret key wrapped by another key.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    key: ObjectChoice,
    /// Write the private or secret key, wrapped by the key with this label: an AES key (AES key wrap with padding, RFC
    /// 5649) or, for a secret key, an RSA key (OAEP with SHA-256)
    #[arg(long, value_name = "LABEL", requires = "out")]
    wrap_with: Option<String>,
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
    key: Shown,
    /// The public key, unless it went into a file.
    pem: Option<String>,
    file: Option<String>,
    /// The key that wrapped, and how it did: `CKM_AES_KEY_WRAP_KWP`.
    wrapped_with: Option<Shown>,
    mechanism: Option<String>,
}

impl Verb for Export {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.door.with(self.key.uri())?.enter(stage, Access::ReadOnly)?;
        let found = chosen(&self.key, &session)?;
        let Some(key) = found.first() else { return Err(several("key", found.iter())) };
        match (&self.wrap_with, &self.out) {
            (Some(label), Some(path)) => self.wrapped(&session, key, label, path, stage),
            _ => self.public(&session, key, stage),
        }
    }
}

impl Export {
    fn wrapped(
        &self,
        session: &UserSession,
        key: &Found,
        label: &str,
        path: &Path,
        stage: &mut Stage<'_>,
    ) -> Result<()> {
        let by = wrapping_key(session, label, Way::Wrap)?;
        output::new_file(path, &wrapped(session, key, &by)?, 0o600)?;
        if self.json {
            let exported = Exported {
                key: key.shown(),
                pem: None,
                file: Some(path.display().to_string()),
                wrapped_with: Some(by.shown()),
                mechanism: Some(mechanism_name(mechanism(&by).mechanism_type)),
            };
            return write_json(stage.out, &exported);
        }
        stage.tell(&format!("{} is wrapped in {}", key.described(), path.display()));
        Ok(())
    }

    fn public(&self, session: &UserSession, key: &Found, stage: &mut Stage<'_>) -> Result<()> {
        let told = attributes(session, key.handle, &[c::CKA_PUBLIC_KEY_INFO])?;
        let public = told.bytes(c::CKA_PUBLIC_KEY_INFO).filter(|info| !info.is_empty()).ok_or_else(|| {
            Failure::refused(
                format!("{} has no public key, and its value leaves the token wrapped only", key.described()),
                "add --wrap-with LABEL --out FILE",
            )
        })?;
        let text = output::pem("PUBLIC KEY", public)?;
        let pem = output::written(text, self.out.as_deref(), self.json, stage)?;
        if self.json {
            let file = self.out.as_ref().map(|path| path.display().to_string());
            let key = key.shown();
            return write_json(stage.out, &Exported { key, pem, file, wrapped_with: None, mechanism: None });
        }
        Ok(())
    }
}
