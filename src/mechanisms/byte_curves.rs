//! Keys that are byte strings, as those on the curves of RFC 7748 and RFC 8032 are: their attributes (PKCS#11 v3.2
//! sections 6.3.5 to 6.3.8) and their encodings (RFC 8410).

use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_VALUE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, Result, Secret};

use crate::der::{
    self, BIT_STRING, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING, PrivateKeyInfo, element,
    secret_element,
};

/// A curve with one use, and what clients call it.
pub(crate) struct CurveRow {
    /// Length in bytes of every key, private or public.
    pub(crate) len: usize,
    /// Size of the field in bits, as the standard counts keys.
    pub(crate) bits: u64,
    /// Contents of the object identifiers: RFC 8410's, by which the curve is kept, and older ones.
    pub(crate) oids: &'static [&'static [u8]],
    /// Names, in lower case: the curve's of the RFC, then what clients send besides.
    pub(crate) names: &'static [&'static str],
    /// What clients send that is no DER at all, and means this curve.
    pub(crate) misspelt: &'static [&'static [u8]],
    /// The public key of a private one of [`CurveRow::len`] bytes.
    pub(crate) public_key: fn(&[u8]) -> Result<Vec<u8>>,
    /// Whether so many bytes are a public key that something can be done with: a point, and none of small order.
    pub(crate) is_public_key: fn(&[u8]) -> bool,
}

impl CurveRow {
    /// The curve of a family that `CKA_EC_PARAMS` names.
    ///
    /// # Errors
    /// [`Error::TemplateIncomplete`] without it; those of [`CurveRow::named_by`].
    pub(crate) fn of_attributes<'a>(curves: &'a [Self], attributes: &Attributes) -> Result<&'a Self> {
        let parameters = attributes.bytes(CKA_EC_PARAMS).ok_or(Error::TemplateIncomplete(CKA_EC_PARAMS))?;
        Self::named_by(curves, parameters)
    }

    /// The curve of a family that parameters name.
    ///
    /// # Errors
    /// [`Error::CurveNotSupported`] for another curve; [`Error::DomainParamsInvalid`] for what is neither an object
    /// identifier nor a name.
    fn named_by<'a>(curves: &'a [Self], parameters: &[u8]) -> Result<&'a Self> {
        if let Some(row) = curves.iter().find(|row| row.misspelt.contains(&parameters)) {
            return Ok(row);
        }
        let text = |bytes: &&[u8]| bytes.is_ascii() && !bytes.is_empty();
        let oid = der::contents(OBJECT_IDENTIFIER, parameters).filter(|oid| !oid.is_empty());
        let name = der::contents(PRINTABLE_STRING, parameters).filter(text);
        let found = match (oid, name) {
            (Some(oid), _) => curves.iter().find(|row| row.oids.contains(&oid)),
            (_, Some(name)) => {
                let name = name.to_ascii_lowercase();
                curves.iter().find(|row| row.names.iter().any(|known| known.as_bytes() == name))
            }
            (None, None) => return Err(Error::DomainParamsInvalid),
        };
        found.ok_or(Error::CurveNotSupported)
    }

    /// `CKA_EC_PARAMS` as it is stored: the object identifier of RFC 8410.
    fn parameters(&self) -> Vec<u8> {
        element(OBJECT_IDENTIFIER, &[self.oids.first().copied().unwrap_or_default()])
    }

    /// The `SubjectPublicKeyInfo` (RFC 8410 section 4): the identifier has no parameters.
    fn public_key_info(&self, public: &[u8]) -> Vec<u8> {
        der::public_key_info(&[&self.parameters()], public)
    }

    /// The attributes of a public key, which is kept raw.
    pub(crate) fn public_attributes(&self, public: &[u8]) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.set_bytes(CKA_EC_PARAMS, &self.parameters());
        attributes.set_bytes(CKA_EC_POINT, public);
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &self.public_key_info(public));
        attributes
    }

    /// The attributes of a private key.
    ///
    /// # Errors
    /// [`Error::AttributeValueInvalid`] for one of another length.
    pub(crate) fn private_attributes(&self, private: &[u8]) -> Result<Attributes> {
        if private.len() != self.len {
            return Err(Error::AttributeValueInvalid(CKA_VALUE));
        }
        let mut attributes = Attributes::new();
        attributes.set_bytes(CKA_EC_PARAMS, &self.parameters());
        attributes.set_bytes(CKA_VALUE, private);
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &self.public_key_info(&(self.public_key)(private)?));
        Ok(attributes)
    }

    /// The public key of a private one of a family.
    pub(crate) fn public_key_of(curves: &[Self], attributes: &Attributes) -> Result<Attributes> {
        let row = Self::of_attributes(curves, attributes)?;
        Ok(row.public_attributes(&(row.public_key)(required(attributes, CKA_VALUE)?)?))
    }

    /// Checks an imported key of a family and gives its attributes in their final form.
    pub(crate) fn complete(curves: &[Self], attributes: &Attributes) -> Result<Attributes> {
        let row = Self::of_attributes(curves, attributes)?;
        let complete = match attributes.class() {
            Some(CKO_PUBLIC_KEY) => {
                let point = row.public_bytes(required(attributes, CKA_EC_POINT)?);
                let point = point.filter(|point| (row.is_public_key)(point));
                row.public_attributes(point.ok_or(Error::AttributeValueInvalid(CKA_EC_POINT))?)
            }
            Some(CKO_PRIVATE_KEY) => row.private_attributes(required(attributes, CKA_VALUE)?)?,
            _ => return Err(Error::TemplateInconsistent("a key on a curve is public or private")),
        };
        match attributes.bytes(CKA_PUBLIC_KEY_INFO) {
            Some(given) if !given.is_empty() && Some(given) != complete.bytes(CKA_PUBLIC_KEY_INFO) => {
                Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO))
            }
            _ => Ok(complete),
        }
    }

    /// The `PrivateKeyInfo` of version 0 (RFC 8410 section 7).
    pub(crate) fn wrapped(curves: &[Self], attributes: &Attributes) -> Result<Secret> {
        if attributes.class() != Some(CKO_PRIVATE_KEY) {
            return Err(Error::KeyNotWrappable);
        }
        let row = Self::of_attributes(curves, attributes)?;
        let key = attributes.bytes(CKA_VALUE).ok_or(Error::KeyNotWrappable)?;
        Ok(der::private_key_info(&[&row.parameters()], &secret_element(OCTET_STRING, &[key])))
    }

    /// The key of a `PrivateKeyInfo`. It is checked when it is completed.
    pub(crate) fn unwrapped(curves: &[Self], template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
        if template.class() != Some(CKO_PRIVATE_KEY) {
            return Err(Error::TemplateInconsistent("a key on a curve that is unwrapped is private"));
        }
        let info = der::read_private_key_info(bytes).ok_or(Error::WrappedKeyInvalid)?;
        let PrivateKeyInfo { algorithm, key, public } = info;
        let row = Self::named_by(curves, algorithm).map_err(|_| Error::WrappedKeyInvalid)?;
        let key = der::contents(OCTET_STRING, key).filter(|key| key.len() == row.len);
        let key = key.ok_or(Error::WrappedKeyInvalid)?;
        let given = template.bytes(CKA_EC_PARAMS).filter(|parameters| !parameters.is_empty());
        if let Some(given) = given
            && !std::ptr::eq(Self::named_by(curves, given)?, row)
        {
            return Err(Error::TemplateInconsistent("CKA_EC_PARAMS is another curve than the wrapped key's"));
        }
        let mut attributes = Attributes::new();
        attributes.set_bytes(CKA_EC_PARAMS, &row.parameters());
        attributes.set_bytes(CKA_VALUE, key);
        // Compared when the key is completed (RFC 8410 section 7).
        if let Some(public) = public {
            attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(public));
        }
        Ok(attributes)
    }

    /// A public key as clients send it: raw as v3.1 and v3.2 say, in the `OCTET STRING` that v3.0 had around it, or in a
    /// `BIT STRING`. The lengths tell them apart.
    pub(crate) fn public_bytes<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        let octets = || der::contents(OCTET_STRING, value);
        let bits = || der::contents(BIT_STRING, value).and_then(|bits| bits.strip_prefix(&[0]));
        let whole = |bytes: &&[u8]| bytes.len() == self.len;
        Some(value).filter(whole).or_else(|| octets().filter(whole)).or_else(|| bits().filter(whole))
    }
}

/// An attribute that must be there and not empty.
pub(crate) fn required(attributes: &Attributes, part: AttributeType) -> Result<&[u8]> {
    attributes.bytes(part).filter(|bytes| !bytes.is_empty()).ok_or(Error::TemplateIncomplete(part))
}
