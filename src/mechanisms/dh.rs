//! Diffie-Hellman of PKCS #3 (PKCS#11 v3.2 sections 6.4.2, 6.4.4, 6.4.6 and 6.4.8 to 6.4.10): groups over a safe prime.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Bases, Can, GeneratedPair, Key, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_BASE, CKA_PRIME, CKA_PRIME_BITS, CKA_PUBLIC_KEY_INFO, CKA_VALUE, CKA_VALUE_BITS, CKA_VALUE_LEN,
    CKK_DH, CKK_GENERIC_SECRET, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_PARAMETER_GEN,
    CKO_DOMAIN_PARAMETERS, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::aws_lc::finite_field::{agree, generate_dh, generate_safe_group, is_inside, power};
use crate::der::{
    self, Elements, OBJECT_IDENTIFIER, PrivateKeyInfo, SEQUENCE, element, unsigned_integer,
    without_leading_zeros,
};
use crate::numbers::{bits, check_information, required};
use crate::{downcast, no_parameter, secret};

mod primes;

pub(crate) use primes::is_known as is_known_prime;
use primes::{half, is_safe_prime};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_DH_PKCS_KEY_PAIR_GEN, (2048, 8192), &[Can::GenerateKeyPair(generate)]),
    row(CKM_DH_PKCS_PARAMETER_GEN, (1024, 2048), &[Can::GenerateParameters(generate_parameters)]),
    row(CKM_DH_PKCS_DERIVE, (1024, 8192), &[Can::Derive(derive)]),
];

const fn row(mechanism: MechanismType, sizes: (u64, u64), can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_DH], sizes, flags: 0, can }
}

/// Keys and parameters, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_DH, complete, parse, to_bytes, from_bytes };

/// Bits of a prime: those that keys of old have, and the most that is computed with in a moment.
const BITS: std::ops::RangeInclusive<u64> = 1024..=8192;
/// Bits of a prime that a key is made for.
const BITS_TO_GENERATE: std::ops::RangeInclusive<u64> = 2048..=8192;
/// Bits of a prime that is made, for which one waits minutes: more take hours, and the known groups are as good.
const BITS_OF_PARAMETERS: std::ops::RangeInclusive<u64> = 1024..=2048;
/// Bits of a private number that may be asked for, at least: twice the 112 that cannot be tried.
const SHORTEST_ASKED: u64 = 224;
/// Bits of a private number from outside, at least: one of [`SHORTEST_ASKED`] has fewer by a chance of 2^-64.
const SHORTEST_PRIVATE: u64 = 160;

/// `dhKeyAgreement`, 1.2.840.113549.1.3.1 (PKCS #3 section 9).
const DH_KEY_AGREEMENT: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01";

/// A group: a safe prime p and a base, without leading zeros.
#[derive(Clone, PartialEq, Eq)]
struct Group {
    p: Vec<u8>,
    g: Vec<u8>,
}

impl Group {
    /// The group of attributes that were checked once.
    fn of(attributes: &Attributes) -> Result<Self> {
        let part = |part| required(attributes, part).map(<[u8]>::to_vec);
        Ok(Self { p: part(CKA_PRIME)?, g: part(CKA_BASE)? })
    }

    /// The group of attributes from outside. The prime must be safe: half of it, without the rest, is prime as well, so that
    /// a public number of another's choice tells one bit of the private one at most.
    ///
    /// # Errors
    /// [`Error::TemplateIncomplete`]; [`Error::AttributeValueInvalid`] of the prime, or of the base.
    fn checked(attributes: &Attributes) -> Result<Self> {
        let group = Self::of(attributes)?;
        let odd = group.p.last().is_some_and(|last| last % 2 == 1);
        if !BITS.contains(&bits(&group.p)) || !odd {
            return Err(Error::AttributeValueInvalid(CKA_PRIME));
        }
        if !is_inside(&group.g, &group.p) {
            return Err(Error::AttributeValueInvalid(CKA_BASE));
        }
        if is_safe_prime(&group.p)? { Ok(group) } else { Err(Error::AttributeValueInvalid(CKA_PRIME)) }
    }

    /// The order of the base, if it is known without computing: half of the prime, where the base is 2 and a square, as in
    /// the groups of RFC 3526 and 7919.
    fn order(&self) -> Option<Vec<u8>> {
        let of_two = self.g == [2] && self.p.last().is_some_and(|last| last % 8 == 7);
        of_two.then(|| half(&self.p))
    }

    /// The number of a public key, checked: from 2 to p - 2, and of the base's order where that is known (SP 800-56A section
    /// 5.6.2.3.1).
    fn public(&self, number: &[u8]) -> Option<Vec<u8>> {
        let number = without_leading_zeros(number);
        if !is_inside(number, &self.p) {
            return None;
        }
        let is_of_order = self.order().is_none_or(|q| power(number, &q, &self.p) == Ok(vec![1]));
        is_of_order.then(|| number.to_vec())
    }

    fn set(&self, attributes: &mut Attributes) {
        attributes.set_bytes(CKA_PRIME, &self.p);
        attributes.set_bytes(CKA_BASE, &self.g);
    }

    /// The elements of the algorithm's identifier.
    fn algorithm(&self) -> [Vec<u8>; 2] {
        let parameters = element(SEQUENCE, &[&unsigned_integer(&self.p), &unsigned_integer(&self.g)]);
        [element(OBJECT_IDENTIFIER, &[DH_KEY_AGREEMENT]), parameters]
    }

    fn public_key_info(&self, public: &[u8]) -> Vec<u8> {
        let [oid, parameters] = self.algorithm();
        der::public_key_info(&[&oid, &parameters], &unsigned_integer(public))
    }

    fn public_attributes(&self, public: &[u8]) -> Attributes {
        let mut attributes = Attributes::new();
        self.set(&mut attributes);
        attributes.set_bytes(CKA_VALUE, public);
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &self.public_key_info(public));
        attributes
    }

    fn private_attributes(&self, private: &[u8], public: &[u8]) -> Attributes {
        let mut attributes = Attributes::new();
        self.set(&mut attributes);
        attributes.set_bytes(CKA_VALUE, private);
        attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &self.public_key_info(public));
        attributes
    }
}

/// A private key; wiped when dropped.
struct PrivateKey {
    group: Group,
    private: Secret,
}

/// A public key, with which nothing is done here but that it is shown.
struct PublicKey(u64);

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        bits(&self.group.p)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        self.0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Makes a pair on the group of the public template; `CKA_VALUE_BITS` of the private one limits the private number (section
/// 6.4.8).
fn generate(mechanism: &Mechanism, public: &Attributes, private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let group = Group::checked(public)?;
    if !BITS_TO_GENERATE.contains(&bits(&group.p)) {
        return Err(Error::AttributeValueInvalid(CKA_PRIME));
    }
    let asked = private.ulong(CKA_VALUE_BITS);
    let refused = Error::AttributeValueInvalid(CKA_VALUE_BITS);
    if asked.is_some_and(|asked| !(SHORTEST_ASKED..bits(&group.p)).contains(&asked)) {
        return Err(refused);
    }
    let limit = asked.map(|asked| u16::try_from(asked).map_err(|_| refused)).transpose()?;
    let (number, value) = generate_dh(&group.p, &group.g, limit)?;
    let mut pair = GeneratedPair {
        public: group.public_attributes(&value),
        private: group.private_attributes(number.expose(), &value),
    };
    if asked.is_none() {
        pair.private.set_ulong(CKA_VALUE_BITS, bits(number.expose()));
    }
    Ok(pair)
}

fn generate_parameters(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    let bits = template.ulong(CKA_PRIME_BITS).ok_or(Error::TemplateIncomplete(CKA_PRIME_BITS))?;
    let bits = Some(bits).filter(|bits| BITS_OF_PARAMETERS.contains(bits));
    let bits = bits.and_then(|bits| u16::try_from(bits).ok());
    let (p, g) = generate_safe_group(bits.ok_or(Error::AttributeValueInvalid(CKA_PRIME_BITS))?)?;
    let mut attributes = Attributes::new();
    Group { p, g }.set(&mut attributes);
    Ok(attributes)
}

/// Derives a secret key: the last bytes of the secret (section 6.4.10), which is as long as the prime.
fn derive(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let Parameters::Bytes(public) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("the other party's public value is needed"));
    };
    let key: Arc<PrivateKey> = downcast(bases.key)?;
    let refused = Error::MechanismParamInvalid("no public value of the key's group");
    let public = without_leading_zeros(public);
    if !is_inside(public, &key.group.p) {
        return Err(refused);
    }
    let len = secret::value_len(template)?;
    if len.is_none() && template.key_type() != Some(CKK_GENERIC_SECRET) {
        return Err(Error::TemplateIncomplete(CKA_VALUE_LEN));
    }
    let order = key.group.order();
    let shared = agree(&key.group.p, &key.group.g, order.as_deref(), key.private.expose(), public);
    let shared = shared.map_err(|_| refused)?;
    let surplus = shared.len().checked_sub(len.unwrap_or(shared.len()));
    let value = surplus.and_then(|surplus| shared.expose().get(surplus..));
    secret::made(
        template,
        value.ok_or(Error::TemplateInconsistent("CKA_VALUE_LEN is more than the shared secret has"))?,
    )
}

/// Checks keys and parameters from outside and gives their attributes in their final form.
fn complete(attributes: &Attributes) -> Result<Attributes> {
    let group = Group::checked(attributes)?;
    let complete = match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let public = group.public(required(attributes, CKA_VALUE)?);
            group.public_attributes(&public.ok_or(Error::AttributeValueInvalid(CKA_VALUE))?)
        }
        Some(CKO_PRIVATE_KEY) => complete_private(&group, required(attributes, CKA_VALUE)?)?,
        Some(CKO_DOMAIN_PARAMETERS) => {
            let mut complete = Attributes::new();
            group.set(&mut complete);
            complete.set_ulong(CKA_PRIME_BITS, bits(&group.p));
            complete
        }
        _ => return Err(Error::TemplateInconsistent("a Diffie-Hellman key is public or private")),
    };
    check_information(attributes, complete)
}

fn complete_private(group: &Group, private: &[u8]) -> Result<Attributes> {
    let invalid = Error::AttributeValueInvalid(CKA_VALUE);
    let length = bits(private);
    if !is_inside(private, &group.p) || length < SHORTEST_PRIVATE {
        return Err(invalid);
    }
    let public = power(&group.g, private, &group.p)?;
    if !is_inside(&public, &group.p) {
        return Err(invalid);
    }
    let mut complete = group.private_attributes(private, &public);
    complete.set_ulong(CKA_VALUE_BITS, length);
    Ok(complete)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    let group = Group::of(attributes)?;
    let public = power(&group.g, required(attributes, CKA_VALUE)?, &group.p)?;
    Ok(group.public_attributes(&public))
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let group = Group::of(attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => Ok(Arc::new(PublicKey(bits(&group.p)))),
        Some(CKO_PRIVATE_KEY) => {
            let private = Secret::from(required(attributes, CKA_VALUE)?);
            Ok(Arc::new(PrivateKey { group, private }))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// The `PrivateKeyInfo` around the private number (PKCS#11 v3.2 section 6.7).
fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    if attributes.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::KeyNotWrappable);
    }
    let [oid, parameters] = Group::of(attributes)?.algorithm();
    let private = attributes.bytes(CKA_VALUE).ok_or(Error::KeyNotWrappable)?;
    Ok(der::private_key_info(&[&oid, &parameters], &Secret::new(unsigned_integer(private))))
}

/// The numbers of a `PrivateKeyInfo`. They are checked when the key is completed.
fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    if template.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::TemplateInconsistent("a Diffie-Hellman key that is unwrapped is private"));
    }
    read(bytes).ok_or(Error::WrappedKeyInvalid)
}

fn read(bytes: &[u8]) -> Option<Attributes> {
    let PrivateKeyInfo { algorithm, key, .. } = der::read_private_key_info(bytes)?;
    let mut algorithm = Elements::new(algorithm);
    if algorithm.next(OBJECT_IDENTIFIER)? != DH_KEY_AGREEMENT {
        return None;
    }
    // A length of the private number may follow, which it has itself.
    let mut parameters = Elements::new(algorithm.next(SEQUENCE)?);
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_PRIME, parameters.positive()?);
    attributes.set_bytes(CKA_BASE, parameters.positive()?);
    let mut key = Elements::new(key);
    attributes.set_bytes(CKA_VALUE, key.positive()?);
    key.is_empty().then_some(attributes)
}

#[cfg(test)]
mod tests;
