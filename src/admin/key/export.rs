//! `claviger key export`

use std::path::PathBuf;

use clap::Args;
use pkcs11::constants as c;
use pkcs11::{Access, Attribute, Error, Mechanism, OaepParameters, Parameters, Room};

use super::{KEYS, chosen};
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::object::{Found, ObjectChoice, attributes, several};
use crate::output;
use crate::session::{Door, UserSession};

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
}

impl Verb for Export {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.door.with(self.key.uri())?.enter(stage, Access::ReadOnly)?;
        let found = chosen(&self.key, &session)?;
        let Some(key) = found.first() else { return Err(several("key", found.iter())) };
        if let (Some(label), Some(path)) = (&self.wrap_with, &self.out) {
            let wrapped = wrapped(&session, key, &wrapping_key(&session, label)?)?;
            output::new_file(path, &wrapped, 0o600)?;
            stage.tell(&format!("{} is wrapped in {}", key.described(), path.display()));
            return Ok(());
        }
        let told = attributes(&session, key.handle, &[c::CKA_PUBLIC_KEY_INFO])?;
        let public = told.bytes(c::CKA_PUBLIC_KEY_INFO).filter(|info| !info.is_empty()).ok_or_else(|| {
            Failure::refused(
                format!("{} has no public key, and its value leaves the token wrapped only", key.described()),
                "add --wrap-with LABEL --out FILE",
            )
        })?;
        output::pem("PUBLIC KEY", public, self.out.as_deref(), stage)
    }
}

fn wrapping_key(session: &UserSession, label: &str) -> Result<Found> {
    let labelled =
        vec![Attribute::bytes(c::CKA_LABEL, label.as_bytes()), Attribute::boolean(c::CKA_WRAP, true)];
    let mut found = Found::all(session, labelled)?;
    found.retain(|key| key.attributes.class().is_some_and(|class| KEYS.contains(&class)));
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => Err(Failure::not_found(
            format!("there is no key \"{label}\" that may wrap"),
            "`claviger key show` says what a key may do; `claviger key generate --usage wrap,unwrap` makes one",
        )),
        (last, _) => Err(several("wrapping key", found.iter().chain(&last))),
    }
}

fn wrapped(session: &UserSession, key: &Found, by: &Found) -> Result<Vec<u8>> {
    let mechanism = match by.attributes.key_type() {
        Some(c::CKK_RSA) => Mechanism {
            mechanism_type: c::CKM_RSA_PKCS_OAEP,
            parameters: Parameters::Oaep(OaepParameters {
                hash: c::CKM_SHA256,
                mgf: c::CKG_MGF1_SHA256,
                source: c::CKZ_DATA_SPECIFIED,
                label: Vec::new(),
            }),
        },
        _ => Mechanism { mechanism_type: c::CKM_AES_KEY_WRAP_KWP, parameters: Parameters::None },
    };
    let failed = |error: Error| {
        let what = format!("{} cannot be wrapped by {}", key.described(), by.described());
        match error {
            Error::KeyUnextractable => Failure::refused(
                format!("{what}: its value does not leave the token"),
                "a key leaves only if it was made with --extractable",
            ),
            error => Failure::token(what, error),
        }
    };
    let (token, handle) = (&session.token, session.handle);
    let wrap = |room: &mut Room<'_>| token.wrap_key(handle, mechanism.clone(), by.handle, key.handle, room);
    let mut bytes = vec![0; wrap(&mut Room::Query).map_err(failed)?];
    let length = wrap(&mut Room::Buffer(&mut bytes)).map_err(failed)?;
    bytes.truncate(length);
    Ok(bytes)
}
