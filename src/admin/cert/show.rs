//! `claviger cert show`

use clap::Args;
use pkcs11::constants as c;

use super::Window;
use super::list::About;
use crate::command::{Stage, Verb};
use crate::failure::Result;
use crate::object::ObjectChoice;
use crate::screen::Tone;
use crate::show::printable;
use crate::token::write_json;

/// Shows one certificate.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    certificate: ObjectChoice,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.window.enter(stage, self.certificate.uri())?;
        let found = self.certificate.one(&session, "certificate", &[c::CKO_CERTIFICATE])?;
        let about = About::new(&session, &found)?;
        if self.json {
            return write_json(stage.out, &about);
        }
        let lines = [
            ("label", found.label()),
            ("ID", found.id()),
            ("subject", about.subject),
            ("issuer", about.issuer),
            ("serial number", about.serial_number),
            ("valid from", about.not_before.unwrap_or_default()),
            ("valid until", about.not_after.unwrap_or_default()),
        ];
        for (name, value) in lines {
            let name = format!("{name:15}");
            writeln!(stage.out, "{}{}", stage.screen.paint(Tone::Heading, &name), printable(&value))?;
        }
        Ok(())
    }
}
