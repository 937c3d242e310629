//! `claviger cert list`

use clap::Args;
use pkcs11::Attribute;
use pkcs11::constants as c;
use serde::Serialize;

use super::{Window, read, serial};
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::key_file::{Certificate, name_of};
use crate::object::{Found, Shown};
use crate::session::UserSession;
use crate::show::table;
use crate::token::write_json;

/// Shows the certificates of a token.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    window: Window,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listing {
    certificates: Vec<About>,
}

/// A certificate in JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
pub(super) struct About {
    #[serde(flatten)]
    pub(super) shown: Shown,
    /// RFC 4514, as the next.
    pub(super) subject: String,
    pub(super) issuer: String,
    /// In hexadecimal.
    pub(super) serial_number: String,
    /// RFC 3339, as the next.
    pub(super) not_before: Option<String>,
    pub(super) not_after: Option<String>,
}

impl About {
    pub(super) fn new(session: &UserSession, found: &Found) -> Result<Self> {
        let read = read(session, found)?;
        let (not_before, not_after) = read.as_ref().and_then(Certificate::validity).unzip();
        let told = read.as_ref();
        Ok(Self {
            shown: found.shown(),
            subject: told.map(|read| name_of(&read.subject)).unwrap_or_default(),
            issuer: told.map(|read| name_of(&read.issuer)).unwrap_or_default(),
            serial_number: told.map(serial).unwrap_or_default(),
            not_before,
            not_after,
        })
    }
}

impl Verb for List {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, None)?;
        let running = stage.screen.progress("reading the certificates");
        let found = Found::all(&session, vec![Attribute::ulong(c::CKA_CLASS, c::CKO_CERTIFICATE)])?;
        let about = |found: &Found| Ok((found.label(), found.id(), About::new(&session, found)?));
        let certificates = found.iter().map(about).collect::<Result<Vec<_>>>()?;
        drop(running);
        if self.json {
            let certificates = certificates.into_iter().map(|(_, _, about)| about).collect();
            return write_json(stage.out, &Listing { certificates });
        }
        let heading = ["LABEL", "SUBJECT", "VALID UNTIL", "ID"].map(str::to_owned);
        let cells = certificates.into_iter().map(|(label, id, about)| {
            [label, about.subject, about.not_after.unwrap_or_else(|| "-".to_owned()), id]
        });
        let rows: Vec<_> = std::iter::once(heading).chain(cells).collect();
        Ok(table(stage.out, stage.screen, &rows)?)
    }
}
