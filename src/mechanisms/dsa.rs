//! DSA (FIPS 186-4; PKCS#11 v3.2 section 6.2).

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use pkcs11::constants::{
    CKA_BASE, CKA_PRIME, CKA_PRIME_BITS, CKA_PUBLIC_KEY_INFO, CKA_SUBPRIME, CKA_SUBPRIME_BITS, CKA_VALUE,
    CKK_DSA, CKM_DSA, CKM_DSA_KEY_PAIR_GEN, CKM_DSA_PARAMETER_GEN, CKM_DSA_SHA1, CKM_DSA_SHA3_224,
    CKM_DSA_SHA3_256, CKM_DSA_SHA3_384, CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256, CKM_DSA_SHA384,
    CKM_DSA_SHA512, CKO_DOMAIN_PARAMETERS, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::finite_field::{Domain, is_inside, is_prime, leaves_one, power};
use crate::aws_lc::hash::Hash;
use crate::der::{self, Elements, OBJECT_IDENTIFIER, PrivateKeyInfo, SEQUENCE, element, unsigned_integer};
use crate::message::Message;
use crate::numbers::{bits, check_information, required};
use crate::{downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_DSA_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_DSA_PARAMETER_GEN, &[Can::GenerateParameters(generate_parameters)]),
    row(CKM_DSA, SIGN),
    row(CKM_DSA_SHA1, SIGN),
    row(CKM_DSA_SHA224, SIGN),
    row(CKM_DSA_SHA256, SIGN),
    row(CKM_DSA_SHA384, SIGN),
    row(CKM_DSA_SHA512, SIGN),
    row(CKM_DSA_SHA3_224, SIGN),
    row(CKM_DSA_SHA3_256, SIGN),
    row(CKM_DSA_SHA3_384, SIGN),
    row(CKM_DSA_SHA3_512, SIGN),
];

/// The mechanisms that hash, and the function of each.
const HASHES: [(MechanismType, Hash); 9] = [
    (CKM_DSA_SHA1, Hash::Sha1),
    (CKM_DSA_SHA224, Hash::Sha224),
    (CKM_DSA_SHA256, Hash::Sha256),
    (CKM_DSA_SHA384, Hash::Sha384),
    (CKM_DSA_SHA512, Hash::Sha512),
    (CKM_DSA_SHA3_224, Hash::Sha3_224),
    (CKM_DSA_SHA3_256, Hash::Sha3_256),
    (CKM_DSA_SHA3_384, Hash::Sha3_384),
    (CKM_DSA_SHA3_512, Hash::Sha3_512),
];

const SIGN: &[Can] = &[Can::Sign(sign), Can::Verify(verify)];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_DSA], sizes: (1024, 3072), flags: 0, can }
}

/// Keys and parameters, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_DSA, complete, parse, to_bytes, from_bytes };

/// Bits of the prime and of the order (FIPS 186-4 section 4.2); of two orders the first is made where none is asked for
/// (section 6.2.5).
const SIZES: [(u64, u64); 4] = [(1024, 160), (2048, 224), (2048, 256), (3072, 256)];

/// `id-dsa`, 1.2.840.10040.4.1 (RFC 3279 section 2.3.2).
const ID_DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";

/// The domain of attributes that were checked once.
fn domain_of(attributes: &Attributes) -> Result<Domain> {
    let part = |part| required(attributes, part).map(<[u8]>::to_vec);
    Ok(Domain { p: part(CKA_PRIME)?, q: part(CKA_SUBPRIME)?, g: part(CKA_BASE)? })
}

/// The domain of attributes from outside: both numbers are primes of lengths that belong together, one divides the other less
/// 1, and the base is of that order.
///
/// # Errors
/// [`Error::TemplateIncomplete`]; [`Error::AttributeValueInvalid`] of the first that is wrong.
fn checked_domain(attributes: &Attributes) -> Result<Domain> {
    let domain = domain_of(attributes)?;
    let invalid = Error::AttributeValueInvalid;
    let sizes = (bits(&domain.p), bits(&domain.q));
    if !SIZES.iter().any(|(p, _)| *p == sizes.0) || !is_prime(&domain.p)? {
        return Err(invalid(CKA_PRIME));
    }
    if !SIZES.contains(&sizes) || !is_prime(&domain.q)? || !leaves_one(&domain.p, &domain.q)? {
        return Err(invalid(CKA_SUBPRIME));
    }
    if is_element(&domain, &domain.g)? { Ok(domain) } else { Err(invalid(CKA_BASE)) }
}

/// Whether a number is of the domain's order.
fn is_element(domain: &Domain, number: &[u8]) -> Result<bool> {
    Ok(is_inside(number, &domain.p) && power(number, &domain.q, &domain.p)? == [1])
}

fn set_domain(domain: &Domain, attributes: &mut Attributes) {
    attributes.set_bytes(CKA_PRIME, &domain.p);
    attributes.set_bytes(CKA_SUBPRIME, &domain.q);
    attributes.set_bytes(CKA_BASE, &domain.g);
}

/// The elements of the algorithm's identifier.
fn algorithm(domain: &Domain) -> [Vec<u8>; 2] {
    let numbers = [&domain.p, &domain.q, &domain.g].map(|number| unsigned_integer(number));
    let [p, q, g] = &numbers;
    [element(OBJECT_IDENTIFIER, &[ID_DSA]), element(SEQUENCE, &[p, q, g])]
}

fn public_key_info(domain: &Domain, public: &[u8]) -> Vec<u8> {
    let [oid, parameters] = algorithm(domain);
    der::public_key_info(&[&oid, &parameters], &unsigned_integer(public))
}

fn key_attributes(domain: &Domain, value: &[u8], public: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    set_domain(domain, &mut attributes);
    attributes.set_bytes(CKA_VALUE, value);
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &public_key_info(domain, public));
    attributes
}

/// A private key; wiped when dropped.
struct PrivateKey {
    domain: Domain,
    private: Secret,
    public: Vec<u8>,
}

/// A public key.
struct PublicKey {
    domain: Domain,
    public: Vec<u8>,
}

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        bits(&self.domain.p)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        bits(&self.domain.p)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Makes a pair on the domain of the public template (section 6.2.7).
fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let domain = checked_domain(public)?;
    let (private, public) = domain.generate_key()?;
    Ok(GeneratedPair {
        public: key_attributes(&domain, &public, &public),
        private: key_attributes(&domain, private.expose(), &public),
    })
}

/// Makes a domain; the template says how long the prime is, and may say how long the order.
fn generate_parameters(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    let bits = template.ulong(CKA_PRIME_BITS).ok_or(Error::TemplateIncomplete(CKA_PRIME_BITS))?;
    let mut of_prime = SIZES.iter().filter(|(known, _)| *known == bits).peekable();
    if of_prime.peek().is_none() {
        return Err(Error::AttributeValueInvalid(CKA_PRIME_BITS));
    }
    let asked = template.ulong(CKA_SUBPRIME_BITS);
    let sizes = of_prime.find(|(_, order)| asked.is_none_or(|asked| asked == *order));
    let refused = Error::AttributeValueInvalid(CKA_SUBPRIME_BITS);
    let (bits, order) = sizes.ok_or(refused)?;
    let small = |bits: &u64| u16::try_from(*bits).map_err(|_| Error::Primitive("DSA parameters too long"));
    let domain = Domain::generate(small(bits)?, small(order)?)?;
    let mut attributes = Attributes::new();
    set_domain(&domain, &mut attributes);
    if asked.is_none() {
        attributes.set_ulong(CKA_SUBPRIME_BITS, *order);
    }
    Ok(attributes)
}

/// Checks keys and parameters from outside and gives their attributes in their final form.
fn complete(attributes: &Attributes) -> Result<Attributes> {
    let domain = checked_domain(attributes)?;
    let invalid = Error::AttributeValueInvalid(CKA_VALUE);
    let complete = match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let public = required(attributes, CKA_VALUE)?;
            if !is_element(&domain, public)? {
                return Err(invalid);
            }
            key_attributes(&domain, public, public)
        }
        Some(CKO_PRIVATE_KEY) => {
            let private = required(attributes, CKA_VALUE)?;
            if (private.len(), private) >= (domain.q.len(), &domain.q) {
                return Err(invalid);
            }
            key_attributes(&domain, private, &power(&domain.g, private, &domain.p)?)
        }
        Some(CKO_DOMAIN_PARAMETERS) => {
            let mut complete = Attributes::new();
            set_domain(&domain, &mut complete);
            complete.set_ulong(CKA_PRIME_BITS, bits(&domain.p));
            complete.set_ulong(CKA_SUBPRIME_BITS, bits(&domain.q));
            complete
        }
        _ => return Err(Error::TemplateInconsistent("a DSA key is public or private")),
    };
    check_information(attributes, complete)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    let domain = domain_of(attributes)?;
    let public = power(&domain.g, required(attributes, CKA_VALUE)?, &domain.p)?;
    Ok(key_attributes(&domain, &public, &public))
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let domain = domain_of(attributes)?;
    let value = required(attributes, CKA_VALUE)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => Ok(Arc::new(PublicKey { domain, public: value.to_vec() })),
        Some(CKO_PRIVATE_KEY) => {
            let public = power(&domain.g, value, &domain.p)?;
            Ok(Arc::new(PrivateKey { domain, private: Secret::from(value), public }))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// The `PrivateKeyInfo` around the private number (PKCS#11 v3.2 section 6.7).
fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    if attributes.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::KeyNotWrappable);
    }
    let [oid, parameters] = algorithm(&domain_of(attributes)?);
    let private = attributes.bytes(CKA_VALUE).ok_or(Error::KeyNotWrappable)?;
    Ok(der::private_key_info(&[&oid, &parameters], &Secret::new(unsigned_integer(private))))
}

/// The numbers of a `PrivateKeyInfo`. They are checked when the key is completed.
fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    if template.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::TemplateInconsistent("a DSA key that is unwrapped is private"));
    }
    read(bytes).ok_or(Error::WrappedKeyInvalid)
}

fn read(bytes: &[u8]) -> Option<Attributes> {
    let PrivateKeyInfo { algorithm, key, .. } = der::read_private_key_info(bytes)?;
    let mut algorithm = Elements::new(algorithm);
    if algorithm.next(OBJECT_IDENTIFIER)? != ID_DSA {
        return None;
    }
    let mut parameters = Elements::new(algorithm.next(SEQUENCE)?);
    let mut attributes = Attributes::new();
    for part in [CKA_PRIME, CKA_SUBPRIME, CKA_BASE] {
        attributes.set_bytes(part, parameters.positive()?);
    }
    let mut key = Elements::new(key);
    attributes.set_bytes(CKA_VALUE, key.positive()?);
    (parameters.is_empty() && key.is_empty()).then_some(attributes)
}

/// An empty message. A raw one is a digest, of which the token cuts what is longer than the order (section 6.2.6).
fn message(mechanism: &Mechanism, order_len: usize) -> Result<Message> {
    no_parameter(mechanism)?;
    let kind = mechanism.mechanism_type;
    if kind == CKM_DSA {
        return Ok(Message::whole(order_len));
    }
    let hash = HASHES.iter().find(|(known, _)| *known == kind).map(|(_, hash)| *hash);
    Message::hashed(hash.ok_or(Error::MechanismInvalid(kind))?)
}

/// An empty digest counts as 0, for which anybody can make a signature: it is refused.
fn not_empty(digest: &[u8]) -> Result<&[u8]> {
    if digest.is_empty() { Err(Error::DataLenRange) } else { Ok(digest) }
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    Ok(Box::new(DsaSigning { message: message(mechanism, key.domain.q.len())?, key }))
}

struct DsaSigning {
    key: Arc<PrivateKey>,
    message: Message,
}

impl Saving for DsaSigning {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Signing for DsaSigning {
    fn signature_len(&self) -> usize {
        2 * self.key.domain.q.len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update_up_to_limit(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let digest = self.message.finish()?;
        self.key.domain.sign(&self.key.private, &self.key.public, not_empty(digest.as_ref())?, out)
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<PublicKey> = downcast(key)?;
    Ok(Box::new(DsaVerifying { message: message(mechanism, key.domain.q.len())?, key }))
}

struct DsaVerifying {
    key: Arc<PublicKey>,
    message: Message,
}

impl Saving for DsaVerifying {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Verifying for DsaVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update_up_to_limit(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let digest = self.message.finish()?;
        let digest = not_empty(digest.as_ref())?;
        let (r, s) = signature
            .split_at_checked(self.key.domain.q.len())
            .filter(|(r, s)| r.len() == s.len())
            .ok_or(Error::SignatureLenRange)?;
        if self.key.domain.verify(&self.key.public, digest, r, s)? {
            Ok(())
        } else {
            Err(Error::SignatureInvalid)
        }
    }
}

#[cfg(test)]
mod tests;
