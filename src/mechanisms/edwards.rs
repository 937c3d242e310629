//! EdDSA on edwards25519 (PKCS#11 v3.2 section 6.3.14; RFC 8032): Ed25519, Ed25519ctx and Ed25519ph.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{
    Can, Digesting, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying,
};
use pkcs11::constants::{
    CKA_EC_POINT, CKA_VALUE, CKF_EC_COMPRESS, CKF_EC_CURVENAME, CKF_EC_F_P, CKF_EC_OID, CKK_EC_EDWARDS,
    CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::aws_lc::curve25519::{self, LEN, PREHASH, SIGNATURE, Signed, SigningKey};
use crate::aws_lc::hash::Hash;
use crate::curve25519::{CurveRow, public_bytes, required};
use crate::{aws_lc, digest, downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_EC_EDWARDS_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_EDDSA, &[Can::Sign(sign), Can::Verify(verify)]),
];

/// Size of the field in bits, as the standard counts keys on this curve.
const BITS: u64 = 255;

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    let flags = CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS;
    MechanismRow { mechanism, key_types: &[CKK_EC_EDWARDS], sizes: (BITS, BITS), flags, can }
}

/// Keys on this curve, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_EC_EDWARDS, complete, parse, to_bytes, from_bytes };

/// id-Ed25519 (1.3.101.112), and GNU's identifier of earlier years (1.3.6.1.4.1.11591.15.1).
const CURVE: CurveRow = CurveRow {
    oids: &[b"\x2b\x65\x70", b"\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"],
    names: &["edwards25519", "ed25519"],
    misspelt: &[],
    public_key,
};

fn public_key(seed: &[u8; LEN]) -> Vec<u8> {
    SigningKey::from_seed(seed).public()
}

/// The longest context in bytes (RFC 8032 section 5.1).
const LONGEST_CONTEXT: usize = 255;

/// A public key.
struct VerifyingKey([u8; LEN]);

impl Key for SigningKey {
    fn size(&self) -> u64 {
        BITS
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for VerifyingKey {
    fn size(&self) -> u64 {
        BITS
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    CURVE.check(public)?;
    let mut seed = Secret::zeroed(LEN);
    aws_lc::random(seed.as_mut())?;
    let point = public_key(curve25519::key_bytes(seed.expose())?);
    Ok(GeneratedPair {
        public: CURVE.public_attributes(&point),
        private: CURVE.private_attributes(seed.expose())?,
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    CURVE.complete(attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    CURVE.wrapped(attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    CURVE.unwrapped(template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    CURVE.check(attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let point = public_bytes(required(attributes, CKA_EC_POINT)?);
            Ok(Arc::new(VerifyingKey(*point.ok_or(Error::AttributeValueInvalid(CKA_EC_POINT))?)))
        }
        Some(CKO_PRIVATE_KEY) => {
            let seed = required(attributes, CKA_VALUE)?;
            Ok(Arc::new(SigningKey::from_seed(curve25519::key_bytes(seed)?)))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// Which of RFC 8032's three, and the message on its way.
struct Input {
    context: Vec<u8>,
    message: Message,
}

enum Message {
    /// Kept whole: it is gone through twice.
    Whole(Vec<u8>),
    /// Ed25519ph: hashed as it comes.
    Hashed(Box<dyn Digesting>),
}

/// Parameters with neither flag nor context mean Ed25519, as no parameters do: clients that always send the structure
/// mean that, and RFC 8032 section 8.3 advises against an empty context of Ed25519ctx.
fn input(mechanism: &Mechanism) -> Result<Input> {
    let (prehash, context) = match &mechanism.parameters {
        Parameters::None => (false, Vec::new()),
        Parameters::Eddsa(given) => (given.prehash, given.context.clone()),
        _ => return Err(Error::MechanismParamInvalid("CK_EDDSA_PARAMS or nothing is needed")),
    };
    if context.len() > LONGEST_CONTEXT {
        return Err(Error::MechanismParamInvalid("a context of more than 255 bytes"));
    }
    let message =
        if prehash { Message::Hashed(digest::start(Hash::Sha512)?) } else { Message::Whole(Vec::new()) };
    Ok(Input { context, message })
}

impl Input {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        match &mut self.message {
            Message::Hashed(state) => state.update(part),
            Message::Whole(bytes) => {
                bytes.try_reserve(part.len()).map_err(|_| Error::HostMemory)?;
                bytes.extend_from_slice(part);
                Ok(())
            }
        }
    }

    /// Hands the complete message to `with`.
    fn finish<T>(self, with: impl FnOnce(Signed<'_>) -> T) -> Result<T> {
        Ok(match self.message {
            Message::Whole(message) if self.context.is_empty() => with(Signed::Pure(&message)),
            Message::Whole(message) => with(Signed::WithContext(&message, &self.context)),
            Message::Hashed(state) => {
                let mut digest = [0; PREHASH];
                state.finish(&mut digest)?;
                with(Signed::Prehashed(&digest, &self.context))
            }
        })
    }

    fn save(&self) -> Option<Secret> {
        match &self.message {
            Message::Hashed(state) => state.save(),
            Message::Whole(bytes) => Some(Secret::from(bytes.as_slice())),
        }
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        match &mut self.message {
            Message::Hashed(running) => running.restore(state),
            Message::Whole(_) => self.update(state),
        }
    }
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<SigningKey> = downcast(key)?;
    Ok(Box::new(EdwardsSigning { key, input: input(mechanism)? }))
}

struct EdwardsSigning {
    key: Arc<SigningKey>,
    input: Input,
}

impl Saving for EdwardsSigning {
    fn save(&self) -> Option<Secret> {
        self.input.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.input.restore(state)
    }
}

impl Signing for EdwardsSigning {
    fn signature_len(&self) -> usize {
        SIGNATURE
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.input.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let out = out.try_into().map_err(|_| Error::Bug("an EdDSA signature's place has another length"))?;
        let Self { key, input } = *self;
        input.finish(|signed| key.sign(signed, out))?
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<VerifyingKey> = downcast(key)?;
    Ok(Box::new(EdwardsVerifying { key, input: input(mechanism)? }))
}

struct EdwardsVerifying {
    key: Arc<VerifyingKey>,
    input: Input,
}

impl Saving for EdwardsVerifying {
    fn save(&self) -> Option<Secret> {
        self.input.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.input.restore(state)
    }
}

impl Verifying for EdwardsVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.input.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let signature = signature.try_into().map_err(|_| Error::SignatureLenRange)?;
        let Self { key, input } = *self;
        let right = input.finish(|signed| curve25519::verify(&key.0, signed, signature))?;
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
