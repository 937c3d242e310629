//! `claviger key import`

use std::path::{Path, PathBuf};

use clap::Args;
use pkcs11::constants as c;
use pkcs11::{Access, Attribute};

use super::generate::About;
use super::kind::{Half, Wrapped, able, usual, wrapped_words};
use super::wrapping::{Way, unwrapped, wrapping_key};
use crate::batch::Batch;
use crate::cert;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::key_file::{self, Certificate, Contents, KeyValue, Refusal};
use crate::namesakes::Newcomer;
use crate::object::{Found, attributes};
use crate::offered;
use crate::pin::Wanted;
use crate::session::{Door, UserSession};

/// Imports the keys of a file, and the certificates that are in it.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    door: Door,
    /// The file: PEM or DER; PKCS#8 (encrypted or not), PKCS#1, SEC 1, SPKI, or PKCS#12; or what `key export` wrapped
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
    /// What the key is called; must be said where the file does not
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// The file holds a key that the key with this label wrapped, as `key export --wrap-with` does; a wrapped file does
    /// not say what it holds, so --type and --label must
    #[arg(long, value_name = "LABEL", requires_all = ["kind", "label"], conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
    unwrap_with: Option<String>,
    /// What a wrapped file holds: rsa, ec, ed25519, x25519, ml-dsa, ml-kem, slh-dsa, aes, hmac, generic and more
    #[arg(long = "type", value_name = "TYPE", value_parser = Wrapped::parse, requires = "unwrap_with", long_help = format!("What a wrapped file holds: {}", wrapped_words().join(", ")))]
    kind: Option<Wrapped>,
    #[command(flatten)]
    about: About,
}

/// Where the passphrase of a file comes from.
#[derive(Clone, Debug, Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase of an encrypted file from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase of an encrypted file from an open descriptor
    #[arg(long, value_name = "N")]
    passphrase_fd: Option<u32>,
}

impl Passphrase {
    /// Refuses one descriptor for two secrets.
    pub(crate) fn check(&self, door: &Door) -> Result<()> {
        if self.passphrase_fd.is_some() && self.passphrase_fd == door.pin_descriptor() {
            return Err(Failure::Usage(
                "claviger: a descriptor gives one secret: use two for --pin-fd and --passphrase-fd\n"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// Reads a file of keys or certificates; asks for its passphrase if it needs one.
pub(crate) fn opened(path: &Path, passphrase: &Passphrase, stage: &mut Stage<'_>) -> Result<Contents> {
    let bytes = key_file::read(path, stage)?;
    let wanted = Wanted::passphrase(passphrase.passphrase_file.clone(), passphrase.passphrase_fd);
    let mut failure = None;
    let mut ask = || {
        wanted.known(stage.asker).map_err(|why| {
            failure = Some(why);
            Refusal::NotAsked
        })
    };
    let shown = path.display();
    let contents = key_file::parse(bytes.expose(), &mut ask).map_err(|refusal| match refusal {
        Refusal::Form(reason, remedy) => Failure::refused(format!("{shown} is not taken: {reason}"), remedy),
        Refusal::Passphrase => {
            Failure::pin(format!("the passphrase does not open {shown}"), "try again with the right one")
        }
        Refusal::NotAsked => Failure::pin(format!("{shown} needs its passphrase"), ""),
    });
    match (contents, failure) {
        (Err(_), Some(failure)) => Err(failure),
        (Ok(contents), _) if contents.is_empty() => Err(Failure::refused(
            format!("{shown} holds neither a key nor a certificate"),
            "give PEM or DER: PKCS#8, PKCS#1, SEC 1, SPKI, X.509 or PKCS#12",
        )),
        (contents, _) => contents,
    }
}

impl Verb for Import {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        self.passphrase.check(&self.door)?;
        let (made, warnings) = match (&self.unwrap_with, self.kind, &self.label) {
            (Some(by), Some(kind), Some(label)) => self.unwrapped(by, kind, label, stage)?,
            _ => self.plain(stage)?,
        };
        warnings.iter().for_each(|words| stage.tell(words));
        self.about.tell("Imported", &made, warnings, stage)
    }
}

impl Import {
    /// Imports what a file holds as it is, or under a passphrase.
    fn plain(&self, stage: &mut Stage<'_>) -> Result<(Vec<Found>, Vec<String>)> {
        let contents = opened(&self.file, &self.passphrase, stage)?;
        let keys = contents.private_keys.len() + contents.public_keys.len();
        self.check(&contents, keys)?;
        let session = self.door.enter(stage, Access::ReadWrite)?;
        for key in &contents.private_keys {
            offered::check(&session, key.key_type, key.bits, "nothing was imported")?;
        }
        let mut batch = Batch::begin(&session);
        let progress = stage.screen.progress("importing");
        let total = u64::try_from(keys).unwrap_or(u64::MAX);
        let (mut made, mut warnings) = (Vec::new(), Vec::new());
        for (key, done) in contents.private_keys.iter().zip(0..) {
            progress.set(done, total);
            made.extend(self.private(&session, &mut batch, key, &contents, &mut warnings)?);
        }
        for key in &contents.public_keys {
            let (label, id) = (self.label(key), self.about.id(&session)?);
            let public = self.public(&mut batch, key, &label, &id)?;
            let told = attributes(&session, public.handle, &[c::CKA_PUBLIC_KEY_INFO])?;
            let new =
                Newcomer { public_key: told.bytes(c::CKA_PUBLIC_KEY_INFO), itself: Some(public.handle) };
            warnings.extend(new.of_label(&session, &label)?);
            warnings.extend(new.of_id(&session, &id)?);
            made.push(public);
        }
        for certificate in &contents.certificates {
            let label = certificate.label();
            made.extend(cert::add(&mut batch, &session, certificate, &label, None, &mut warnings)?);
        }
        batch.keep();
        drop(progress);
        Ok((made, warnings))
    }

    /// Imports a key that another one wrapped.
    fn unwrapped(
        &self,
        by: &str,
        wrapped: Wrapped,
        label: &str,
        stage: &mut Stage<'_>,
    ) -> Result<(Vec<Found>, Vec<String>)> {
        let (able, usual) = (wrapped.kind.able(), wrapped.kind.usual());
        self.about.check(able)?;
        let bytes = key_file::read(&self.file, stage)?;
        let session = self.door.enter(stage, Access::ReadWrite)?;
        let by = wrapping_key(&session, by, Way::Unwrap)?;
        let id = self.about.id(&session)?;
        let (class, key_type) = wrapped.class_and_type();
        let half = if class == c::CKO_PRIVATE_KEY { Half::Private } else { Half::Secret };
        let about = vec![Attribute::ulong(c::CKA_CLASS, class), Attribute::ulong(c::CKA_KEY_TYPE, key_type)];
        let allowed = self.about.allowed(half, able, usual);
        let template = [about, self.about.named(label, &id), allowed].concat();
        let mut batch = Batch::begin(&session);
        let progress = stage.screen.progress("importing");
        let make = || unwrapped(&session, bytes.expose(), &by, template, wrapped);
        let key = batch.add(make)?;
        let mut warnings = Vec::new();
        let made = if half == Half::Private {
            let bits = key.curve_bits().or_else(|| key.bits()).unwrap_or_default();
            offered::check(&session, key_type, bits, "nothing was imported")?;
            self.pair(&session, &mut batch, key, (label, &id), &[], &mut warnings)?
        } else {
            let new = Newcomer { public_key: None, itself: Some(key.handle) };
            warnings.extend(new.of_label(&session, label)?);
            warnings.extend(new.of_id(&session, &id)?);
            vec![key]
        };
        batch.keep();
        drop(progress);
        Ok((made, warnings))
    }

    fn check(&self, contents: &Contents, keys: usize) -> Result<()> {
        let shown = self.file.display();
        if keys == 0 {
            return Err(Failure::refused(
                format!("there is no key in {shown}"),
                "`claviger cert import` imports certificates",
            ));
        }
        if keys > 1 && (self.label.is_some() || self.about.id.is_some()) {
            return Err(Failure::refused(
                format!("there are {keys} keys in {shown}, and --label and --id name one"),
                "leave them out, or split the file",
            ));
        }
        let all = contents.private_keys.iter().chain(&contents.public_keys);
        let unnamed = |key: &KeyValue| self.label.is_none() && key.name.is_none();
        if all.clone().any(unnamed) {
            return Err(Failure::Usage(format!(
                "claviger: {shown} does not say what its key is called\n  what to do: add --label NAME\n"
            )));
        }
        all.map(|key| able(key.key_type)).try_for_each(|able| self.about.check(able))
    }

    fn label(&self, key: &KeyValue) -> String {
        self.label.clone().or_else(|| key.name.clone()).unwrap_or_default()
    }

    /// Makes a private key and what belongs to it.
    fn private(
        &self,
        session: &UserSession,
        batch: &mut Batch<'_>,
        key: &KeyValue,
        contents: &Contents,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Found>> {
        let (label, id) = (self.label(key), self.about.id(session)?);
        let about = vec![
            Attribute::ulong(c::CKA_CLASS, c::CKO_PRIVATE_KEY),
            Attribute::ulong(c::CKA_KEY_TYPE, key.key_type),
        ];
        let allowed = self.about.allowed(Half::Private, able(key.key_type), usual(key.key_type));
        let template = [about, self.about.named(&label, &id), key.attributes.clone(), allowed].concat();
        let private = batch.create(&format!("the private key \"{label}\""), template)?;
        self.pair(session, batch, private, (&label, &id), &contents.certificates, warnings)
    }

    /// Completes a private key that was just made: with the public key that the token computes from it, and with the
    /// certificates that are for it.
    fn pair(
        &self,
        session: &UserSession,
        batch: &mut Batch<'_>,
        private: Found,
        (label, id): (&str, &[u8]),
        certificates: &[Certificate],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Found>> {
        let told = attributes(session, private.handle, &[c::CKA_PUBLIC_KEY_INFO])?;
        let info = told.bytes(c::CKA_PUBLIC_KEY_INFO).unwrap_or_default();
        let class = Attribute::ulong(c::CKA_CLASS, c::CKO_PRIVATE_KEY);
        let same = Found::all(session, vec![class, Attribute::bytes(c::CKA_PUBLIC_KEY_INFO, info)])?;
        if let Some(before) = same.iter().find(|found| found.handle != private.handle) {
            return Err(Failure::refused(
                format!("the key is in the token already: {}; nothing was imported", before.described()),
                "`claviger key delete` deletes that one first",
            ));
        }
        let new = Newcomer { public_key: Some(info), itself: Some(private.handle) };
        warnings.extend(new.of_label(session, label)?);
        warnings.extend(new.of_id(session, id)?);
        let mut made = vec![private];
        if let Some(public) = key_file::public_key(info) {
            made.push(self.public(batch, &public, label, id)?);
        }
        for certificate in certificates.iter().filter(|certificate| certificate.public_key == info) {
            made.extend(cert::add(batch, session, certificate, label, Some(id), warnings)?);
        }
        Ok(made)
    }

    fn public(&self, batch: &mut Batch<'_>, key: &KeyValue, label: &str, id: &[u8]) -> Result<Found> {
        let about = vec![
            Attribute::ulong(c::CKA_CLASS, c::CKO_PUBLIC_KEY),
            Attribute::ulong(c::CKA_KEY_TYPE, key.key_type),
        ];
        let allowed = self.about.allowed(Half::Public, able(key.key_type), usual(key.key_type));
        let template = [about, self.about.named(label, id), key.attributes.clone(), allowed].concat();
        batch.create(&format!("the public key \"{label}\""), template)
    }
}

#[cfg(test)]
pub(super) mod tests;
