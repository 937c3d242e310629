//! SLH-DSA and HashSLH-DSA (PKCS#11 v3.2 section 6.69; FIPS 205), by a pre-release of RustCrypto's crate (decision 0031).

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKA_VALUE, CKK_SLH_DSA, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_256,
    CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224, CKM_HASH_SLH_DSA_SHA256,
    CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE256,
    CKM_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKP_SLH_DSA_SHA2_128F,
    CKP_SLH_DSA_SHA2_128S, CKP_SLH_DSA_SHA2_192F, CKP_SLH_DSA_SHA2_192S, CKP_SLH_DSA_SHA2_256F,
    CKP_SLH_DSA_SHA2_256S, CKP_SLH_DSA_SHAKE_128F, CKP_SLH_DSA_SHAKE_128S, CKP_SLH_DSA_SHAKE_192F,
    CKP_SLH_DSA_SHAKE_192S, CKP_SLH_DSA_SHAKE_256F, CKP_SLH_DSA_SHAKE_256S,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};
use slh_dsa::{
    ParameterSet, Sha2_128f, Sha2_128s, Sha2_192f, Sha2_192s, Sha2_256f, Sha2_256s, Shake128f, Shake128s,
    Shake192f, Shake192s, Shake256f, Shake256s, Signature, SigningKey, VerifyingKey,
};
use zeroize::Zeroize;

use crate::parameter_sets::{Family, Pair, SetRow};
use crate::signed_context::{Digest, Hedge, Terms};
use crate::{aws_lc, downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SLH_DSA_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    signing(CKM_SLH_DSA),
    signing(CKM_HASH_SLH_DSA),
    signing(CKM_HASH_SLH_DSA_SHA224),
    signing(CKM_HASH_SLH_DSA_SHA256),
    signing(CKM_HASH_SLH_DSA_SHA384),
    signing(CKM_HASH_SLH_DSA_SHA512),
    signing(CKM_HASH_SLH_DSA_SHA3_224),
    signing(CKM_HASH_SLH_DSA_SHA3_256),
    signing(CKM_HASH_SLH_DSA_SHA3_384),
    signing(CKM_HASH_SLH_DSA_SHA3_512),
    signing(CKM_HASH_SLH_DSA_SHAKE128),
    signing(CKM_HASH_SLH_DSA_SHAKE256),
];

/// Smallest and largest public key in bytes, which is what the standard counts here.
const SIZES: (u64, u64) = (32, 64);

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_SLH_DSA], sizes: SIZES, flags: 0, can }
}

const fn signing(mechanism: MechanismType) -> MechanismRow {
    row(mechanism, &[Can::Sign(sign), Can::Verify(verify)])
}

/// Keys of this family, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_SLH_DSA, complete, parse, to_bytes, from_bytes };

/// One parameter set (FIPS 205 section 11).
#[derive(Clone, Copy)]
struct Set {
    /// Security parameter: bytes of each of the four parts of a private key.
    n: usize,
    /// Length of a signature in bytes.
    signature_len: usize,
    /// The pair of the three random parts.
    pair: fn(&[u8]) -> Result<Pair>,
    /// Signs a message that lies in parts, with randomness or without.
    sign: SignWith,
    /// Whether a signature is right for a public key and a message that lies in parts.
    verify: VerifyWith,
}

/// By a private key, a message that lies in parts, with randomness or without.
type SignWith = fn(&[u8], &[&[u8]], Option<&[u8]>) -> Result<Vec<u8>>;

/// Whether, by a public key, a message that lies in parts has a signature.
type VerifyWith = fn(&[u8], &[&[u8]], &[u8]) -> Result<bool>;

/// id-slh-dsa-sha2-128s to id-slh-dsa-shake-256f (RFC 9909 section 3), of which the last numbers are here; lengths from
/// FIPS 205, table 2.
const FAMILY: Family<Set> = Family {
    sets: &[
        set::<Sha2_128s>(CKP_SLH_DSA_SHA2_128S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x14", 16, 7_856),
        set::<Shake128s>(CKP_SLH_DSA_SHAKE_128S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1a", 16, 7_856),
        set::<Sha2_128f>(CKP_SLH_DSA_SHA2_128F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x15", 16, 17_088),
        set::<Shake128f>(CKP_SLH_DSA_SHAKE_128F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1b", 16, 17_088),
        set::<Sha2_192s>(CKP_SLH_DSA_SHA2_192S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x16", 24, 16_224),
        set::<Shake192s>(CKP_SLH_DSA_SHAKE_192S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1c", 24, 16_224),
        set::<Sha2_192f>(CKP_SLH_DSA_SHA2_192F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x17", 24, 35_664),
        set::<Shake192f>(CKP_SLH_DSA_SHAKE_192F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1d", 24, 35_664),
        set::<Sha2_256s>(CKP_SLH_DSA_SHA2_256S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x18", 32, 29_792),
        set::<Shake256s>(CKP_SLH_DSA_SHAKE_256S, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1e", 32, 29_792),
        set::<Sha2_256f>(CKP_SLH_DSA_SHA2_256F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x19", 32, 49_856),
        set::<Shake256f>(CKP_SLH_DSA_SHAKE_256F, b"\x60\x86\x48\x01\x65\x03\x04\x03\x1f", 32, 49_856),
    ],
    seed: None,
    public_of,
    check_public: |_, _| Ok(()),
};

const fn set<P: ParameterSet>(
    parameter_set: u64,
    oid: &'static [u8],
    n: usize,
    signature_len: usize,
) -> SetRow<Set> {
    let set = Set { n, signature_len, pair: pair::<P>, sign: sign_with::<P>, verify: verify_with::<P> };
    SetRow { parameter_set, set, oid, public_len: 2 * n, private_len: 4 * n }
}

const NO_KEY: Error = Error::Primitive("SLH-DSA key");

/// FIPS 205 algorithm 18.
fn pair<P: ParameterSet>(random: &[u8]) -> Result<Pair> {
    let n = random.len() / 3;
    let (seed, rest) = random.split_at_checked(n).ok_or(NO_KEY)?;
    let (prf, public_seed) = rest.split_at_checked(n).ok_or(NO_KEY)?;
    let key = SigningKey::<P>::slh_keygen_internal(seed, prf, public_seed);
    let mut bytes = key.to_bytes();
    let pair = Pair { public: key.as_ref().to_vec(), private: Secret::from(bytes.as_slice()) };
    bytes.zeroize();
    Ok(pair)
}

/// The public key, once it is computed that the root is the one of the three other parts.
fn public_of(row: &SetRow<Set>, private: &[u8]) -> Result<Vec<u8>> {
    let pair = (row.set.pair)(private.get(..3 * row.set.n).ok_or(NO_KEY)?)?;
    if pair.private.expose().ct_eq(private).into() { Ok(pair.public) } else { Err(NO_KEY) }
}

fn sign_with<P: ParameterSet>(key: &[u8], message: &[&[u8]], random: Option<&[u8]>) -> Result<Vec<u8>> {
    let key = SigningKey::<P>::try_from(key).map_err(|_| NO_KEY)?;
    Ok(key.slh_sign_internal(message, random).to_vec())
}

fn verify_with<P: ParameterSet>(key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<bool> {
    let key = VerifyingKey::<P>::try_from(key).map_err(|_| NO_KEY)?;
    Ok(Signature::<P>::try_from(signature)
        .is_ok_and(|signature| key.slh_verify_internal(message, &signature).is_ok()))
}

/// A private key; wiped when dropped.
struct Private {
    set: Set,
    bytes: Secret,
}

/// A public key.
struct Public {
    set: Set,
    bytes: Vec<u8>,
}

impl Key for Private {
    fn size(&self) -> u64 {
        2 * self.set.n as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for Public {
    fn size(&self) -> u64 {
        2 * self.set.n as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let row = FAMILY.set_of(public)?;
    let mut random = Secret::zeroed(3 * row.set.n);
    aws_lc::random(random.as_mut())?;
    let pair = (row.set.pair)(random.expose())?;
    Ok(GeneratedPair {
        public: FAMILY.public_attributes(row, &pair.public),
        private: FAMILY.private_attributes(row, None, &pair),
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    FAMILY.complete(attributes)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    FAMILY.public_key_of(attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    FAMILY.wrapped(attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    FAMILY.unwrapped(template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let row = FAMILY.set_of(attributes)?;
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) if value.len() == row.public_len => {
            Ok(Arc::new(Public { set: row.set, bytes: value.to_vec() }))
        }
        Some(CKO_PRIVATE_KEY) if value.len() == row.private_len => {
            Ok(Arc::new(Private { set: row.set, bytes: Secret::from(value) }))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// M' on its way. A message is kept whole, since it is gone through twice: its digest need not be.
struct Message {
    prefix: Vec<u8>,
    whole: Vec<u8>,
    digest: Option<Digest>,
}

impl Message {
    fn of(terms: Terms) -> Result<Self> {
        let digest = Digest::for_input(terms.input)?;
        Ok(Self { prefix: terms.prefix, whole: Vec::new(), digest })
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        if let Some(digest) = &mut self.digest {
            return digest.update(part);
        }
        self.whole.try_reserve(part.len()).map_err(|_| Error::HostMemory)?;
        self.whole.extend_from_slice(part);
        Ok(())
    }

    /// What follows the prefix.
    fn finish(self) -> Result<(Vec<u8>, Vec<u8>)> {
        let message = match self.digest {
            Some(digest) => digest.finish()?,
            None => self.whole,
        };
        Ok((self.prefix, message))
    }

    fn save(&self) -> Option<Secret> {
        match &self.digest {
            Some(digest) => digest.save(),
            None => Some(Secret::from(self.whole.as_slice())),
        }
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        match &mut self.digest {
            Some(digest) => digest.restore(state),
            None => self.update(state),
        }
    }
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<Private> = downcast(key)?;
    let terms = Terms::of(mechanism)?;
    Ok(Box::new(SlhDsaSigning { key, hedge: terms.hedge()?, message: Message::of(terms)? }))
}

struct SlhDsaSigning {
    key: Arc<Private>,
    hedge: Hedge,
    message: Message,
}

impl Saving for SlhDsaSigning {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Signing for SlhDsaSigning {
    fn signature_len(&self) -> usize {
        self.key.set.signature_len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let Self { key, hedge, message } = *self;
        let (prefix, message) = message.finish()?;
        let mut random = vec![0; key.set.n];
        if hedge == Hedge::Randomised {
            aws_lc::random(&mut random)?;
        }
        let random = (hedge == Hedge::Randomised).then_some(random.as_slice());
        let signature = (key.set.sign)(key.bytes.expose(), &[&prefix, &message], random)?;
        if out.len() != signature.len() {
            return Err(Error::Bug("an SLH-DSA signature's place has another length"));
        }
        out.copy_from_slice(&signature);
        Ok(())
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<Public> = downcast(key)?;
    Ok(Box::new(SlhDsaVerifying { key, message: Message::of(Terms::of(mechanism)?)? }))
}

struct SlhDsaVerifying {
    key: Arc<Public>,
    message: Message,
}

impl Saving for SlhDsaVerifying {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Verifying for SlhDsaVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let Self { key, message } = *self;
        let (prefix, message) = message.finish()?;
        if signature.len() != key.set.signature_len {
            return Err(Error::SignatureLenRange);
        }
        let right = (key.set.verify)(&key.bytes, &[&prefix, &message], signature)?;
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
