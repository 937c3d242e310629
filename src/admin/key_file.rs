//! Files of keys and certificates: what is in them, as templates for a token.
//!
//! PEM (RFC 7468) and DER; PKCS#8 plain and encrypted (RFC 5958), PKCS#1 (RFC 8017), SEC 1 (RFC 5915), SPKI (RFC 5280),
//! X.509 and PKCS#12 (RFC 7292).

mod certificate;
mod der;
mod pem;
mod pkcs12;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use pkcs11::{Attribute, KeyType, Secret};

use crate::command::Stage;
use crate::failure::{Failure, Result};

pub(crate) use certificate::{Certificate, name_of};
pub(crate) use der::public_key;

/// Longest file that is read, in bytes: a PKCS#12 with a long chain has some thousand.
const LONGEST: usize = 1 << 20;

/// A key: its type, and the attributes of its value.
#[derive(Debug)]
pub(crate) struct KeyValue {
    pub(crate) key_type: KeyType,
    /// Its size, in the unit of the mechanisms' bounds; 0 of a parameter set, which tells it.
    pub(crate) bits: u64,
    pub(crate) attributes: Vec<Attribute>,
    /// What the file calls it.
    pub(crate) name: Option<String>,
}

/// What is in a file, in its order.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) private_keys: Vec<KeyValue>,
    pub(crate) public_keys: Vec<KeyValue>,
    pub(crate) certificates: Vec<Certificate>,
}

impl Contents {
    pub(crate) fn is_empty(&self) -> bool {
        self.private_keys.is_empty() && self.public_keys.is_empty() && self.certificates.is_empty()
    }
}

/// Why a file is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is nothing that is known, or damaged; with what to do about it.
    Form(String, String),
    /// The passphrase does not open it.
    Passphrase,
    /// The passphrase is not to be had: the failure of asking is told.
    NotAsked,
}

impl Refusal {
    fn form(reason: impl Into<String>) -> Self {
        Self::Form(reason.into(), "give PEM or DER: PKCS#8, PKCS#1, SEC 1, SPKI, X.509 or PKCS#12".to_owned())
    }
}

/// Asks for the passphrase, once.
pub(crate) type Ask<'a> = &'a mut dyn FnMut() -> std::result::Result<Secret, Refusal>;

/// Reads a file that is no longer than [`LONGEST`]. Others who can read a file of private keys are told of.
pub(crate) fn read(path: &Path, stage: &mut Stage<'_>) -> Result<Secret> {
    let shown = path.display();
    let (bytes, open_to_others) = bytes_of(path).map_err(|error| {
        let (reason, remedy) =
            (format!("{shown} cannot be read: {error}"), "name a file of keys or certificates");
        match error.kind() {
            io::ErrorKind::NotFound => Failure::not_found(reason, remedy),
            _ => Failure::refused(reason, remedy),
        }
    })?;
    if open_to_others && is_private(bytes.expose()) {
        stage.tell(&format!("others may read {shown}, which holds a private key: whoever did has the key"));
    }
    Ok(bytes)
}

fn bytes_of(path: &Path) -> io::Result<(Secret, bool)> {
    let mut file = OpenOptions::new().read(true).custom_flags(OFlag::O_NOCTTY.bits()).open(path)?;
    let about = file.metadata()?;
    let mut bytes = Secret::zeroed(LONGEST + 1);
    let mut filled = 0;
    while let Some(room) = bytes.as_mut().get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read(room)? {
            0 => break,
            read => filled += read,
        }
    }
    if filled > LONGEST {
        return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    let content = Secret::from(bytes.expose().get(..filled).unwrap_or_default());
    Ok((content, about.is_file() && about.mode() & 0o044 != 0))
}

/// Whether a PEM file holds a private key that no passphrase guards.
fn is_private(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ["BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY", "BEGIN EC PRIVATE KEY"]
        .iter()
        .any(|begin| text.contains(begin))
}

/// Reads what is in a file; `ask` is called where a passphrase is needed.
pub(crate) fn parse(bytes: &[u8], ask: Ask<'_>) -> std::result::Result<Contents, Refusal> {
    let mut contents = Contents::default();
    if pem::is_pem(bytes) {
        pem::parse(bytes, ask, &mut contents)?;
    } else {
        der::parse(bytes, ask, &mut contents)?;
    }
    Ok(contents)
}
