//! ML-DSA and HashML-DSA (PKCS#11 v3.2 section 6.67; FIPS 204).
//!
//! All forms come down to one: the message, or its digest, goes with its context into mu, and mu is signed (FIPS 204
//! section 6.2). So a message may come in parts, for verifying too, where the standard asks for one part alone.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use engine::mechanism::{
    Can, Digesting, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying,
};
use ml_dsa::{EncodedSignature, ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsaParams};
use pkcs11::constants::{
    CKA_VALUE, CKK_ML_DSA, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256,
    CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256,
    CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256,
    CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKP_ML_DSA_44, CKP_ML_DSA_65,
    CKP_ML_DSA_87,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::ml_dsa::{MU, PrivateKey, PublicKey, SEED, Set};
use crate::parameter_sets::{Family, Pair, Seeding, SetRow};
use crate::signed_context::{Digest, Hedge, Input, Terms};
use crate::{aws_lc, downcast, no_parameter, prehash};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_ML_DSA_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    signing(CKM_ML_DSA),
    signing(CKM_ML_DSA_EXTERNAL_MU),
    signing(CKM_HASH_ML_DSA),
    signing(CKM_HASH_ML_DSA_SHA224),
    signing(CKM_HASH_ML_DSA_SHA256),
    signing(CKM_HASH_ML_DSA_SHA384),
    signing(CKM_HASH_ML_DSA_SHA512),
    signing(CKM_HASH_ML_DSA_SHA3_224),
    signing(CKM_HASH_ML_DSA_SHA3_256),
    signing(CKM_HASH_ML_DSA_SHA3_384),
    signing(CKM_HASH_ML_DSA_SHA3_512),
    signing(CKM_HASH_ML_DSA_SHAKE128),
    signing(CKM_HASH_ML_DSA_SHAKE256),
];

/// Smallest and largest public key in bytes, which is what the standard counts here.
const SIZES: (u64, u64) = (Set::MlDsa44.public_len() as u64, Set::MlDsa87.public_len() as u64);

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_ML_DSA], sizes: SIZES, flags: 0, can }
}

const fn signing(mechanism: MechanismType) -> MechanismRow {
    row(mechanism, &[Can::Sign(sign), Can::Verify(verify)])
}

/// Keys of this family, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_ML_DSA, complete, parse, to_bytes, from_bytes };

/// id-ml-dsa-44, -65 and -87 (RFC 9881 section 2).
const FAMILY: Family<Set> = Family {
    sets: &[
        set_row(CKP_ML_DSA_44, Set::MlDsa44, b"\x60\x86\x48\x01\x65\x03\x04\x03\x11"),
        set_row(CKP_ML_DSA_65, Set::MlDsa65, b"\x60\x86\x48\x01\x65\x03\x04\x03\x12"),
        set_row(CKP_ML_DSA_87, Set::MlDsa87, b"\x60\x86\x48\x01\x65\x03\x04\x03\x13"),
    ],
    seed: Some(Seeding { len: SEED, pair }),
    public_of: |row, private| PrivateKey::from_bytes(row.set, private)?.public(),
    check_public: |row, public| PublicKey::from_bytes(row.set, public).map(drop),
};

const fn set_row(parameter_set: u64, set: Set, oid: &'static [u8]) -> SetRow<Set> {
    SetRow { parameter_set, set, oid, public_len: set.public_len(), private_len: set.private_len() }
}

/// A private key, with the hash of its public one that every mu begins with.
struct SigningKey {
    key: PrivateKey,
    public_hash: [u8; 64],
    /// For signatures that must be deterministic, which AWS-LC does not offer; made when one is first asked for.
    deterministic: OnceLock<Box<dyn Deterministic>>,
}

/// A public key, with its hash.
struct VerifyingKey {
    key: PublicKey,
    public_hash: [u8; 64],
}

impl Key for SigningKey {
    fn size(&self) -> u64 {
        self.key.set().public_len() as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for VerifyingKey {
    fn size(&self) -> u64 {
        self.key.set().public_len() as u64
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl SigningKey {
    /// Signs a mu.
    fn sign_mu(&self, hedge: Hedge, mu: &[u8; MU], out: &mut [u8]) -> Result<()> {
        match hedge {
            Hedge::Randomised => self.key.sign_mu(mu, out),
            Hedge::Deterministic => self.deterministic()?.sign_mu(mu, out),
        }
    }

    fn deterministic(&self) -> Result<&dyn Deterministic> {
        if let Some(made) = self.deterministic.get() {
            return Ok(made.as_ref());
        }
        let bytes = self.key.to_bytes()?;
        let made = match self.key.set() {
            Set::MlDsa44 => expanded::<ml_dsa::MlDsa44>(bytes.expose()),
            Set::MlDsa65 => expanded::<ml_dsa::MlDsa65>(bytes.expose()),
            Set::MlDsa87 => expanded::<ml_dsa::MlDsa87>(bytes.expose()),
        }?;
        Ok(self.deterministic.get_or_init(|| made).as_ref())
    }
}

/// A private key of any parameter set that signs without randomness (FIPS 204 section 3.4).
trait Deterministic: Send + Sync {
    fn sign_mu(&self, mu: &[u8; MU], out: &mut [u8]) -> Result<()>;
}

impl<P: MlDsaParams + Send + Sync> Deterministic for ExpandedSigningKey<P>
where
    Self: Send + Sync,
{
    fn sign_mu(&self, mu: &[u8; MU], out: &mut [u8]) -> Result<()> {
        let signature: EncodedSignature<P> = self.sign_mu_deterministic(mu.into()).encode();
        if out.len() != signature.len() {
            return Err(Error::Bug("an ML-DSA signature's place has another length"));
        }
        out.copy_from_slice(&signature);
        Ok(())
    }
}

/// That library would rather be given seeds, because it does not check what it is given here: AWS-LC has.
#[allow(deprecated)]
fn expanded<P: MlDsaParams>(bytes: &[u8]) -> Result<Box<dyn Deterministic>>
where
    ExpandedSigningKey<P>: Deterministic + 'static,
{
    let bytes: &ExpandedSigningKeyBytes<P> =
        bytes.try_into().map_err(|_| Error::Bug("an ML-DSA private key of another length"))?;
    Ok(Box::new(ExpandedSigningKey::<P>::from_expanded(bytes)))
}

fn public_hash(public: &[u8]) -> Result<[u8; 64]> {
    let (mut hash, mut running) = ([0; 64], prehash::shake256(64));
    running.update(public)?;
    running.finish(&mut hash)?;
    Ok(hash)
}

fn pair(row: &SetRow<Set>, seed: &[u8]) -> Result<Pair> {
    let seed = seed.try_into().map_err(|_| Error::Bug("a seed of another length"))?;
    let key = PrivateKey::from_seed(row.set, seed)?;
    Ok(Pair { public: key.public()?, private: key.to_bytes()? })
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let row = FAMILY.set_of(public)?;
    let mut seed = Secret::zeroed(SEED);
    aws_lc::random(seed.as_mut())?;
    let pair = pair(row, seed.expose())?;
    Ok(GeneratedPair {
        public: FAMILY.public_attributes(row, &pair.public),
        private: FAMILY.private_attributes(row, Some(seed.expose()), &pair),
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
    let set = FAMILY.set_of(attributes)?.set;
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let key = PublicKey::from_bytes(set, value)?;
            Ok(Arc::new(VerifyingKey { key, public_hash: public_hash(value)? }))
        }
        Some(CKO_PRIVATE_KEY) => {
            let key = PrivateKey::from_bytes(set, value)?;
            let public_hash = public_hash(&key.public()?)?;
            Ok(Arc::new(SigningKey { key, public_hash, deterministic: OnceLock::new() }))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// A mu is computed here or by the caller.
const NOTHING: Error = Error::Bug("a mu out of nothing");

/// A mu on its way.
struct Mu {
    /// What computes it; nothing where the caller did.
    running: Option<Box<dyn Digesting>>,
    /// Of what comes in, where it is not the message itself that goes into mu.
    digest: Option<Digest>,
}

impl Mu {
    fn start(public_hash: &[u8; 64], terms: &Terms) -> Result<Self> {
        let digest = Digest::for_input(terms.input)?;
        if terms.input == Input::Mu {
            return Ok(Self { running: None, digest });
        }
        let mut running = prehash::shake256(MU);
        running.update(public_hash)?;
        running.update(&terms.prefix)?;
        Ok(Self { running: Some(running), digest })
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        match (&mut self.digest, &mut self.running) {
            (Some(digest), _) => digest.update(part),
            (None, Some(running)) => running.update(part),
            (None, None) => Err(NOTHING),
        }
    }

    fn finish(self) -> Result<[u8; MU]> {
        let digest = self.digest.map(Digest::finish).transpose()?;
        let Some(mut running) = self.running else {
            return digest.and_then(|mu| mu.try_into().ok()).ok_or(NOTHING);
        };
        if let Some(digest) = digest {
            running.update(&digest)?;
        }
        let mut mu = [0; MU];
        running.finish(&mut mu)?;
        Ok(mu)
    }

    fn save(&self) -> Option<Secret> {
        match (&self.digest, &self.running) {
            (Some(digest), _) => digest.save(),
            (None, running) => running.as_ref()?.save(),
        }
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        match (&mut self.digest, &mut self.running) {
            (Some(digest), _) => digest.restore(state),
            (None, Some(running)) => running.restore(state),
            (None, None) => Err(NOTHING),
        }
    }
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<SigningKey> = downcast(key)?;
    let terms = Terms::of(mechanism)?;
    let mu = Mu::start(&key.public_hash, &terms)?;
    Ok(Box::new(MlDsaSigning { hedge: terms.hedge()?, key, mu }))
}

struct MlDsaSigning {
    key: Arc<SigningKey>,
    hedge: Hedge,
    mu: Mu,
}

impl Saving for MlDsaSigning {
    fn save(&self) -> Option<Secret> {
        self.mu.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.mu.restore(state)
    }
}

impl Signing for MlDsaSigning {
    fn signature_len(&self) -> usize {
        self.key.key.set().signature_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.mu.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let Self { key, hedge, mu } = *self;
        key.sign_mu(hedge, &mu.finish()?, out)
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<VerifyingKey> = downcast(key)?;
    let mu = Mu::start(&key.public_hash, &Terms::of(mechanism)?)?;
    Ok(Box::new(MlDsaVerifying { key, mu }))
}

struct MlDsaVerifying {
    key: Arc<VerifyingKey>,
    mu: Mu,
}

impl Saving for MlDsaVerifying {
    fn save(&self) -> Option<Secret> {
        self.mu.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.mu.restore(state)
    }
}

impl Verifying for MlDsaVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.mu.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let Self { key, mu } = *self;
        let mu = mu.finish()?;
        if signature.len() != key.key.set().signature_len() {
            return Err(Error::SignatureLenRange);
        }
        if key.key.verify_mu(&mu, signature)? { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
