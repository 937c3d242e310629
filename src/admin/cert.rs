//! `claviger cert`

mod delete;
mod export;
mod import;
mod list;
mod show;
#[cfg(test)]
mod tests;

use pkcs11::constants as c;
use pkcs11::{Access, Attribute};

use crate::batch::Batch;
use crate::command::Stage;
use crate::failure::Result;
use crate::key_file::Certificate;
use crate::namesakes::Newcomer;
use crate::object::{Found, attributes, hexadecimal};
use crate::session::{Door, UserSession};
use crate::uri::Uri;

pub(crate) use delete::Delete;
pub(crate) use export::Export;
pub(crate) use import::Import;
pub(crate) use list::List;
pub(crate) use show::Show;

/// The way in for those who look at certificates, which are public unless somebody made them private.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Window {
    #[command(flatten)]
    door: Door,
    /// Look at private certificates too, with the user's PIN
    #[arg(long)]
    private: bool,
}

impl Window {
    fn enter(&self, stage: &mut Stage<'_>, uri: Option<&Uri>) -> Result<UserSession> {
        let door = self.door.with(uri)?;
        if self.private || self.door.says_pin() {
            door.enter(stage, Access::ReadOnly)
        } else {
            door.open(stage, Access::ReadOnly)
        }
    }
}

/// A certificate of a token, read; `None` where it is no X.509 certificate that can be.
fn read(session: &UserSession, found: &Found) -> Result<Option<Certificate>> {
    let told = attributes(session, found.handle, &[c::CKA_VALUE])?;
    Ok(told.bytes(c::CKA_VALUE).and_then(|value| Certificate::read(value, None).ok()))
}

/// Makes a certificate, unless the token has it already. What is to be told of beside it is added to `warnings`.
pub(crate) fn add(
    batch: &mut Batch<'_>,
    session: &UserSession,
    certificate: &Certificate,
    label: &str,
    id: Option<&[u8]>,
    warnings: &mut Vec<String>,
) -> Result<Option<Found>> {
    let same = vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_CERTIFICATE),
        Attribute::bytes(c::CKA_VALUE, &certificate.value),
    ];
    if !Found::all(session, same)?.is_empty() {
        return Ok(None);
    }
    let id = match id {
        Some(id) => id.to_vec(),
        None => id_of_key(session, certificate)?.unwrap_or_default(),
    };
    let new = Newcomer { public_key: Some(&certificate.public_key), itself: None };
    warnings.extend(new.of_id(session, &id)?);
    let template = vec![
        Attribute::ulong(c::CKA_CLASS, c::CKO_CERTIFICATE),
        Attribute::ulong(c::CKA_CERTIFICATE_TYPE, c::CKC_X_509),
        Attribute::boolean(c::CKA_TOKEN, true),
        Attribute::bytes(c::CKA_LABEL, label.as_bytes()),
        Attribute::bytes(c::CKA_ID, &id),
        Attribute::bytes(c::CKA_SUBJECT, &certificate.subject),
        Attribute::bytes(c::CKA_ISSUER, &certificate.issuer),
        Attribute::bytes(c::CKA_SERIAL_NUMBER, &certificate.serial),
        Attribute::bytes(c::CKA_VALUE, &certificate.value),
    ];
    batch.create(&format!("the certificate \"{label}\""), template).map(Some)
}

/// The ID of the token's private key that a certificate is for.
fn id_of_key(session: &UserSession, certificate: &Certificate) -> Result<Option<Vec<u8>>> {
    let keys = Found::all(
        session,
        vec![
            Attribute::ulong(c::CKA_CLASS, c::CKO_PRIVATE_KEY),
            Attribute::bytes(c::CKA_PUBLIC_KEY_INFO, &certificate.public_key),
        ],
    )?;
    Ok(keys.first().and_then(|key| key.attributes.bytes(c::CKA_ID)).map(<[u8]>::to_vec))
}

/// A serial number in hexadecimal, without tag and length.
fn serial(certificate: &Certificate) -> String {
    hexadecimal(certificate.serial.get(2..).unwrap_or_default())
}
