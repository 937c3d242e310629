//! X.509 certificates: the parts that attributes are made of, as they stand in the file (RFC 5280 section 4.1).

use ::der::asn1::AnyRef;
use ::der::{Decode, Reader, SliceReader};
use x509_cert::name::Name;
use x509_cert::time::Validity;

use super::Refusal;

/// `[0]`, constructed: the version, which a certificate of version 1 leaves out.
const VERSION: u8 = 0xA0;

/// A certificate and its parts, each in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) value: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) public_key: Vec<u8>,
    validity: Vec<u8>,
    /// What the file calls it.
    pub(crate) name: Option<String>,
}

impl Certificate {
    /// Reads a certificate; no signature is verified.
    pub(crate) fn read(value: &[u8], name: Option<String>) -> Result<Self, Refusal> {
        Self::parts(value, name).ok_or_else(|| Refusal::form("its certificate is damaged"))
    }

    fn parts(value: &[u8], name: Option<String>) -> Option<Self> {
        let mut whole = elements(value)?.into_iter();
        let signed = whole.next()?;
        whole.next()?;
        whole.next()?;
        let mut parts = elements(signed)?.into_iter().peekable();
        parts.next_if(|part| part.first() == Some(&VERSION));
        let (serial, _algorithm, issuer) = (parts.next()?, parts.next()?, parts.next()?);
        let (validity, subject, public_key) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            value: value.to_vec(),
            serial: serial.to_vec(),
            issuer: issuer.to_vec(),
            subject: subject.to_vec(),
            public_key: public_key.to_vec(),
            validity: validity.to_vec(),
            name,
        })
    }

    /// From when and until when it is valid, as people read it; nothing where it cannot be told.
    pub(crate) fn validity(&self) -> Option<(String, String)> {
        let validity = Validity::<x509_cert::certificate::Rfc5280>::from_der(&self.validity).ok()?;
        Some((validity.not_before.to_string(), validity.not_after.to_string()))
    }

    /// What to call it: the name in the file, else the subject's common name, else the whole subject.
    pub(crate) fn label(&self) -> String {
        if let Some(name) = self.name.as_ref().filter(|name| !name.is_empty()) {
            return name.clone();
        }
        let subject = name_of(&self.subject);
        let common = subject.split(',').find_map(|part| part.strip_prefix("CN="));
        common.map_or_else(|| subject.clone(), str::to_owned)
    }
}

/// A distinguished name as people read it (RFC 4514); empty where it cannot be read.
pub(crate) fn name_of(name: &[u8]) -> String {
    Name::from_der(name).map(|name| name.to_string()).unwrap_or_default()
}

/// The elements of a constructed one, each with its tag and length.
fn elements(whole: &[u8]) -> Option<Vec<&[u8]>> {
    let outer = AnyRef::from_der(whole).ok()?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(reader.tlv_bytes().ok()?);
    }
    Some(found)
}
