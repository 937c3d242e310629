//! Keys of post-quantum algorithms, each of a parameter set: their attributes (PKCS#11 v3.2 sections 6.67 to 6.69) and their
//! encodings (RFC 9881 for ML-DSA, RFC 9909 for SLH-DSA, RFC 9935 for ML-KEM).

use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKA_PARAMETER_SET, CKA_PUBLIC_KEY_INFO, CKA_SEED, CKA_VALUE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, Result, Secret};

use crate::der::{
    self, Elements, OBJECT_IDENTIFIER, OCTET_STRING, PrivateKeyInfo, SEQUENCE, element, secret_element,
};

/// `[0] IMPLICIT OCTET STRING`: the seed alone.
const SEED_ALONE: u8 = 0x80;

/// A parameter set of a family: `S` is what the family itself calls it.
pub(crate) struct SetRow<S: 'static> {
    /// A `CKP_` value.
    pub(crate) parameter_set: u64,
    /// What the family calls it.
    pub(crate) set: S,
    /// Contents of the object identifier.
    pub(crate) oid: &'static [u8],
    /// Length of the public key in bytes.
    pub(crate) public_len: usize,
    /// Length of the private key in bytes.
    pub(crate) private_len: usize,
}

/// Both halves of a pair.
pub(crate) struct Pair {
    pub(crate) public: Vec<u8>,
    pub(crate) private: Secret,
}

/// The key types that are told apart by nothing but a parameter set.
pub(crate) struct Family<S: 'static> {
    /// Every parameter set once.
    pub(crate) sets: &'static [SetRow<S>],
    /// Length of the seed that stands for a private key, and the pair of one; `None` for a family without.
    pub(crate) seed: Option<Seeding<S>>,
    /// The public key of a private one of the right length, after a check that its parts belong together; any error says
    /// that they do not.
    pub(crate) public_of: fn(&SetRow<S>, &[u8]) -> Result<Vec<u8>>,
    /// Checks a public key of the right length; any error says that it is none.
    pub(crate) check_public: fn(&SetRow<S>, &[u8]) -> Result<()>,
}

/// The two parts of an encoded private key, of which one may not be there.
type SeedAndValue<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// How a seed becomes a pair.
pub(crate) struct Seeding<S: 'static> {
    /// Length in bytes.
    pub(crate) len: usize,
    /// The pair of a seed of that length.
    pub(crate) pair: fn(&SetRow<S>, &[u8]) -> Result<Pair>,
}

/// An attribute that is there and not empty.
fn given(attributes: &Attributes, part: AttributeType) -> Option<&[u8]> {
    attributes.bytes(part).filter(|bytes| !bytes.is_empty())
}

impl<S> Family<S> {
    /// The parameter set of a key, or of a template for one.
    ///
    /// # Errors
    /// [`Error::TemplateIncomplete`], [`Error::ParameterSetNotSupported`]
    pub(crate) fn set_of(&self, attributes: &Attributes) -> Result<&'static SetRow<S>> {
        let wanted = attributes.ulong(CKA_PARAMETER_SET);
        let wanted = wanted.ok_or(Error::TemplateIncomplete(CKA_PARAMETER_SET))?;
        self.sets.iter().find(|row| row.parameter_set == wanted).ok_or(Error::ParameterSetNotSupported)
    }

    /// The attributes of a public key.
    pub(crate) fn public_attributes(&self, row: &SetRow<S>, public: &[u8]) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.set_ulong(CKA_PARAMETER_SET, row.parameter_set);
        attributes.set_bytes(CKA_VALUE, public);
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(public));
        attributes
    }

    /// The attributes of a private key, with the seed where it is known.
    pub(crate) fn private_attributes(&self, row: &SetRow<S>, seed: Option<&[u8]>, pair: &Pair) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.set_ulong(CKA_PARAMETER_SET, row.parameter_set);
        if let Some(seed) = seed {
            attributes.set_bytes(CKA_SEED, seed);
        }
        attributes.set_bytes(CKA_VALUE, pair.private.expose());
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(&pair.public));
        attributes
    }

    /// Checks an imported key and gives its attributes in their final form: of a seed the private key, of a private key
    /// the public one.
    ///
    /// # Errors
    /// Those of [`Family::set_of`]; [`Error::AttributeValueInvalid`] for a part of another length, for parts that are not of
    /// one key, and for what is no key; [`Error::TemplateIncomplete`] for a private key with neither seed nor value.
    pub(crate) fn complete(&self, attributes: &Attributes) -> Result<Attributes> {
        let row = self.set_of(attributes)?;
        let complete = match attributes.class() {
            Some(CKO_PUBLIC_KEY) => {
                let public = given(attributes, CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
                let is_key = public.len() == row.public_len && (self.check_public)(row, public).is_ok();
                is_key.then_some(()).ok_or(Error::AttributeValueInvalid(CKA_VALUE))?;
                self.public_attributes(row, public)
            }
            Some(CKO_PRIVATE_KEY) => {
                let seed = given(attributes, CKA_SEED);
                let pair = self.pair(row, seed, given(attributes, CKA_VALUE))?;
                self.private_attributes(row, seed, &pair)
            }
            _ => return Err(Error::TemplateInconsistent("a key of a parameter set is public or private")),
        };
        match given(attributes, CKA_PUBLIC_KEY_INFO) {
            Some(info) if Some(info) != complete.bytes(CKA_PUBLIC_KEY_INFO) => {
                Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO))
            }
            _ => Ok(complete),
        }
    }

    /// The public key of a complete private one.
    ///
    /// # Errors
    /// Those of [`Family::complete`].
    pub(crate) fn public_key_of(&self, attributes: &Attributes) -> Result<Attributes> {
        let row = self.set_of(attributes)?;
        let pair = self.pair(row, given(attributes, CKA_SEED), given(attributes, CKA_VALUE))?;
        Ok(self.public_attributes(row, &pair.public))
    }

    /// The pair of a seed, of a private key, or of both where they agree.
    fn pair(&self, row: &SetRow<S>, seed: Option<&[u8]>, private: Option<&[u8]>) -> Result<Pair> {
        const WRONG: Error = Error::AttributeValueInvalid(CKA_VALUE);
        if private.is_some_and(|private| private.len() != row.private_len) {
            return Err(WRONG);
        }
        match (seed, private) {
            (None, None) => Err(Error::TemplateIncomplete(CKA_VALUE)),
            (None, Some(private)) => {
                let public = (self.public_of)(row, private).map_err(|_| WRONG)?;
                Ok(Pair { public, private: Secret::from(private) })
            }
            (Some(seed), private) => {
                let seeding = self.seed.as_ref().filter(|seeding| seeding.len == seed.len());
                let pair = (seeding.ok_or(Error::AttributeValueInvalid(CKA_SEED))?.pair)(row, seed)?;
                match private {
                    Some(private) if !bool::from(private.ct_eq(pair.private.expose())) => Err(WRONG),
                    _ => Ok(pair),
                }
            }
        }
    }

    /// The `PrivateKeyInfo`: with seed and value where the seed is known, for readers that want either; with the value
    /// otherwise. A family without seeds has its value there without an element of its own (RFC 9909 section 6).
    ///
    /// # Errors
    /// [`Error::KeyNotWrappable`]
    pub(crate) fn wrapped(&self, attributes: &Attributes) -> Result<Secret> {
        if attributes.class() != Some(CKO_PRIVATE_KEY) {
            return Err(Error::KeyNotWrappable);
        }
        let row = self.set_of(attributes).map_err(|_| Error::KeyNotWrappable)?;
        let value = given(attributes, CKA_VALUE).ok_or(Error::KeyNotWrappable)?;
        let octets = secret_element(OCTET_STRING, &[value]);
        let key = match (&self.seed, given(attributes, CKA_SEED)) {
            (None, _) => Secret::from(value),
            (Some(_), None) => octets,
            (Some(_), Some(seed)) => {
                let seed = secret_element(OCTET_STRING, &[seed]);
                secret_element(SEQUENCE, &[seed.expose(), octets.expose()])
            }
        };
        Ok(der::private_key_info(&[&row.identifier()], &key))
    }

    /// The key of a `PrivateKeyInfo`, in any of the three forms (RFC 9881 section 6, RFC 9935 section 6). It is checked when
    /// it is completed.
    ///
    /// # Errors
    /// [`Error::WrappedKeyInvalid`], [`Error::TemplateInconsistent`]
    pub(crate) fn unwrapped(&self, template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
        if template.class() != Some(CKO_PRIVATE_KEY) {
            return Err(Error::TemplateInconsistent("a key of a parameter set that is unwrapped is private"));
        }
        let info = der::read_private_key_info(bytes).ok_or(Error::WrappedKeyInvalid)?;
        let PrivateKeyInfo { algorithm, key, public } = info;
        let row = self.sets.iter().find(|row| row.identifier() == algorithm);
        let row = row.ok_or(Error::WrappedKeyInvalid)?;
        let (seed, value) = self.parts(key).ok_or(Error::WrappedKeyInvalid)?;
        let mut attributes = Attributes::new();
        attributes.set_ulong(CKA_PARAMETER_SET, row.parameter_set);
        for (part, bytes) in [(CKA_SEED, seed), (CKA_VALUE, value)] {
            if let Some(bytes) = bytes {
                attributes.set_bytes(part, bytes);
            }
        }
        // Compared when the key is completed.
        if let Some(public) = public {
            attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &row.public_key_info(public));
        }
        Ok(attributes)
    }

    /// Seed and value of an encoded private key.
    fn parts<'a>(&self, key: &'a [u8]) -> Option<SeedAndValue<'a>> {
        if self.seed.is_none() {
            return Some((None, Some(key)));
        }
        if let Some(seed) = der::contents(SEED_ALONE, key) {
            return Some((Some(seed), None));
        }
        if let Some(value) = der::contents(OCTET_STRING, key) {
            return Some((None, Some(value)));
        }
        let mut both = Elements::new(der::contents(SEQUENCE, key)?);
        let parts = (Some(both.next(OCTET_STRING)?), Some(both.next(OCTET_STRING)?));
        both.is_empty().then_some(parts)
    }
}

impl<S> SetRow<S> {
    /// The object identifier: what stands in an algorithm's identifier, which has no parameters.
    fn identifier(&self) -> Vec<u8> {
        element(OBJECT_IDENTIFIER, &[self.oid])
    }

    fn public_key_info(&self, public: &[u8]) -> Vec<u8> {
        der::public_key_info(&[&self.identifier()], public)
    }
}
