//! EdDSA on edwards25519 and edwards448 (PKCS#11 v3.2 section 6.3.14; RFC 8032): Ed25519, Ed25519ctx, Ed25519ph, Ed448 and
//! Ed448ph.

mod keys;

use std::sync::Arc;

use ed448_goldilocks::shake::Shake256;
use ed448_goldilocks::shake::digest::{ExtendableOutput, Update, XofReader};

use engine::mechanism::{
    Can, Digesting, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying,
};
use pkcs11::constants::{
    CKA_EC_POINT, CKA_VALUE, CKF_EC_COMPRESS, CKF_EC_CURVENAME, CKF_EC_F_P, CKF_EC_OID, CKK_EC_EDWARDS,
    CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use keys::{CURVES, SigningKey, VerifyingKey};

use crate::aws_lc::curve25519::{PREHASH, Signed};
use crate::aws_lc::hash::Hash;
use crate::byte_curves::{CurveRow, required};
use crate::{aws_lc, digest, downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_EC_EDWARDS_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_EDDSA, &[Can::Sign(sign), Can::Verify(verify)]),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    let flags = CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS;
    MechanismRow { mechanism, key_types: &[CKK_EC_EDWARDS], sizes: (255, 448), flags, can }
}

/// Keys on these curves, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_EC_EDWARDS, complete, parse, to_bytes, from_bytes };

/// The longest context in bytes (RFC 8032 section 5.1).
const LONGEST_CONTEXT: usize = 255;

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let curve = CurveRow::of_attributes(CURVES, public)?;
    let mut seed = Secret::zeroed(curve.len);
    aws_lc::random(seed.as_mut())?;
    let point = (curve.public_key)(seed.expose())?;
    Ok(GeneratedPair {
        public: curve.public_attributes(&point),
        private: curve.private_attributes(seed.expose())?,
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    CurveRow::complete(CURVES, attributes)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    CurveRow::public_key_of(CURVES, attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    CurveRow::wrapped(CURVES, attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    CurveRow::unwrapped(CURVES, template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let curve = CurveRow::of_attributes(CURVES, attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let point = curve.public_bytes(required(attributes, CKA_EC_POINT)?);
            let key = point.and_then(|point| VerifyingKey::new(curve, point));
            Ok(Arc::new(key.ok_or(Error::AttributeValueInvalid(CKA_EC_POINT))?))
        }
        Some(CKO_PRIVATE_KEY) => Ok(Arc::new(SigningKey::new(curve, required(attributes, CKA_VALUE)?)?)),
        _ => Err(Error::KeyTypeInconsistent),
    }
}

/// Which of RFC 8032's forms, and the message on its way.
struct Input {
    context: Vec<u8>,
    message: Message,
}

enum Message {
    /// Kept whole: it is gone through twice.
    Whole(Vec<u8>),
    /// Ed25519ph and Ed448ph: hashed as it comes.
    Hashed(Box<dyn Digesting>),
}

/// SHAKE256 with 64 bytes, which Ed448ph signs (RFC 8032 section 5.2). The crate does not tell its state.
struct Shake(Shake256);

impl Saving for Shake {}

impl Digesting for Shake {
    fn digest_len(&self) -> usize {
        PREHASH
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        self.0.finalize_xof().read(out);
        Ok(())
    }
}

/// Parameters with neither flag nor context mean Ed25519 or Ed448, as no parameters do: clients that always send the structure
/// mean that, and RFC 8032 section 8.3 advises against an empty context of Ed25519ctx.
fn input(mechanism: &Mechanism, key: &dyn Key) -> Result<Input> {
    let (prehash, context) = match &mechanism.parameters {
        Parameters::None => (false, Vec::new()),
        Parameters::Eddsa(given) => (given.prehash, given.context.clone()),
        _ => return Err(Error::MechanismParamInvalid("CK_EDDSA_PARAMS or nothing is needed")),
    };
    if context.len() > LONGEST_CONTEXT {
        return Err(Error::MechanismParamInvalid("a context of more than 255 bytes"));
    }
    let message = match (prehash, key.size()) {
        (false, _) => Message::Whole(Vec::new()),
        (true, 255) => Message::Hashed(digest::start(Hash::Sha512)?),
        (true, _) => Message::Hashed(Box::new(Shake(Shake256::default()))),
    };
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
    Ok(Box::new(EdwardsSigning { input: input(mechanism, key.as_ref())?, key }))
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
        self.key.signature_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.input.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let Self { key, input } = *self;
        input.finish(|signed| key.sign(signed, out))?
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<VerifyingKey> = downcast(key)?;
    Ok(Box::new(EdwardsVerifying { input: input(mechanism, key.as_ref())?, key }))
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
        let Self { key, input } = *self;
        let right = input.finish(|signed| key.verify(signed, signature))??;
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
