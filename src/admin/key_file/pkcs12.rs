//! PKCS#12: a private key, its certificate and the certificates above it, under one passphrase (RFC 7292).

use ::der::asn1::AnyRef;
use ::der::{Decode, Reader, SliceReader};
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;

use super::{Ask, Certificate, Contents, Refusal, der};

/// The version that every PKCS#12 begins with: an INTEGER of 3.
const VERSION: &[u8] = &[0x02, 0x01, 0x03];

/// Whether bytes are a PKCS#12: a SEQUENCE whose first element is its version, and whose second is a SEQUENCE.
pub(super) fn is_pkcs12(bytes: &[u8]) -> bool {
    let begins = || -> Option<bool> {
        let whole = AnyRef::from_der(bytes).ok()?;
        let mut inner = SliceReader::new(whole.value()).ok()?;
        let first = inner.tlv_bytes().ok()?;
        let second = inner.tlv_bytes().ok()?;
        Some(first == VERSION && second.first() == Some(&0x30))
    };
    begins().unwrap_or(false)
}

/// Reads all keys and certificates.
pub(super) fn parse(bytes: &[u8], ask: Ask<'_>, contents: &mut Contents) -> Result<(), Refusal> {
    let passphrase = ask()?;
    let text = std::str::from_utf8(passphrase.expose()).map_err(|_| Refusal::Passphrase)?;
    let archive = Pkcs12Archive::from_pkcs12(bytes, text).map_err(|error| match error {
        // Without a check value only the padding tells, or what comes out is no structure.
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Refusal::Passphrase,
        other => Refusal::Form(
            format!("its PKCS#12 cannot be read: {other}"),
            "write it anew: openssl pkcs12 -in FILE -out ALL.pem, then openssl pkcs12 -export -in ALL.pem -out NEW"
                .to_owned(),
        ),
    })?;
    for bag in &archive.keys {
        let mut key = der::pkcs8(bag.key.as_der())?;
        key.name.clone_from(&bag.friendly_name);
        contents.private_keys.push(key);
    }
    for bag in &archive.certs {
        contents.certificates.push(Certificate::read(bag.cert.as_der(), bag.friendly_name.clone())?);
    }
    if !archive.secrets.is_empty() {
        return Err(Refusal::form("it holds a secret key, which is not read from PKCS#12"));
    }
    Ok(())
}
