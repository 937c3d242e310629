//! ChaCha20-Poly1305 with nonces of 12 bytes (RFC 8439 section 2.8) and of 24 (draft-irtf-cfrg-xchacha section 2). What
//! comes whole goes through the library in one call; parts are composed here of its two primitives.

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Messages, Saving};
use pkcs11::constants::CKG_NO_GENERATE;
use pkcs11::{
    ChaCha20Poly1305MessageParameters, ChaCha20Poly1305Parameters, Error, Mechanism, MessageParameters,
    Parameters, Result,
};

use super::Key;
use super::stream::{Stream, Width};
use crate::authenticated_messages::{self, About, Aead, Sealing, Stated};
use crate::aws_lc::chacha20::{Poly1305, TAG};
use crate::downcast;
use crate::gathered::Gathered;

/// Bytes of the shorter nonce.
pub(super) const NONCE: usize = 12;
/// Bytes of the longer one.
const EXTENDED_NONCE: usize = 24;
/// The longest message in bytes: 2^32 - 1 blocks (RFC 8439 section 2.8).
const LONGEST: u64 = ((1 << 32) - 1) * 64;

fn parameters(mechanism: &Mechanism) -> Result<ChaCha20Poly1305Parameters> {
    let Parameters::ChaCha20Poly1305(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_SALSA20_CHACHA20_POLY1305_PARAMS is needed"));
    };
    if !matches!(parameters.nonce.len(), NONCE | EXTENDED_NONCE) {
        return Err(Error::MechanismParamInvalid("a nonce of 96 or 192 bits is needed"));
    }
    Ok(parameters.clone())
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let key = downcast(key)?;
    Ok(Box::new(Encryption { key, parameters: parameters(mechanism)?, parts: None }))
}

/// Gathers the ciphertext, since nothing may be given out before the tag holds.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<Key> = downcast(key)?;
    let parameters = parameters(mechanism)?;
    let longest = usize::try_from(LONGEST).unwrap_or(usize::MAX).saturating_add(TAG);
    Ok(Gathered::proving(
        (longest, Error::EncryptedDataLenRange),
        |len| len.saturating_sub(TAG),
        move |input, out| {
            let len = input.len().checked_sub(TAG).ok_or(Error::EncryptedDataLenRange)?;
            let (sealed, tag) = input.split_at(len);
            let out = out.get_mut(..len).ok_or(Error::Bug("no place for the data"))?;
            let ChaCha20Poly1305Parameters { nonce, aad } = &parameters;
            key.authenticated(nonce.len())?.open(nonce, aad, sealed, tag, out)?;
            Ok(len)
        },
    ))
}

struct Encryption {
    key: Arc<Key>,
    parameters: ChaCha20Poly1305Parameters,
    /// Made with the first part; a message that comes whole needs none.
    parts: Option<Parts>,
}

/// A message that comes in parts.
struct Parts {
    stream: Stream,
    mac: Poly1305,
    len: u64,
}

impl Parts {
    fn start(key: &Key, nonce: &[u8], aad: &[u8]) -> Result<Self> {
        // With a nonce of 24 bytes the draft has four zeros after its counter of 32 bits: a counter of 64 that is held to 32.
        let mut stream = Stream::new(&key.bytes, nonce, 0, Width::Bits32)?;
        let mut mac = Poly1305::new(&*stream.one_time_key()?);
        mac.update(aad);
        mac.update(padding(aad.len() as u64));
        Ok(Self { stream, mac, len: 0 })
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        self.stream.apply(part, out)?.ok_or(Error::DataLenRange)?;
        self.mac.update(out);
        self.len += part.len() as u64;
        Ok(())
    }

    fn finish(mut self, aad_len: u64) -> [u8; TAG] {
        self.mac.update(padding(self.len));
        self.mac.update(&aad_len.to_le_bytes());
        self.mac.update(&self.len.to_le_bytes());
        self.mac.finish()
    }
}

/// Zeros up to the next 16 bytes.
fn padding(len: u64) -> &'static [u8] {
    let missing = usize::try_from(len.next_multiple_of(16) - len).unwrap_or_default();
    const ZEROS: &[u8] = &[0; 16];
    ZEROS.get(..missing).unwrap_or_default()
}

/// The library does not tell the state of Poly1305 (decision 0014).
impl Saving for Encryption {}

impl Ciphering for Encryption {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => none.insert(Parts::start(&self.key, &self.parameters.nonce, &self.parameters.aad)?),
        };
        parts.update(part, out)
    }

    fn finish_len(&self) -> usize {
        TAG
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        let ChaCha20Poly1305Parameters { nonce, aad } = &self.parameters;
        let parts = self.parts.take().map_or_else(|| Parts::start(&self.key, nonce, aad), Ok)?;
        let tag = parts.finish(self.parameters.aad.len() as u64);
        out.get_mut(..TAG).ok_or(Error::Bug("no place for the tag"))?.copy_from_slice(&tag);
        Ok(TAG)
    }

    fn whole_len(&self, len: usize) -> usize {
        len.saturating_add(TAG)
    }

    fn whole(self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        if data.len() as u64 > LONGEST {
            return Err(Error::DataLenRange);
        }
        let (sealed, place) =
            out.split_at_mut_checked(data.len()).ok_or(Error::Bug("no place for the data"))?;
        let mut tag = [0; TAG];
        let ChaCha20Poly1305Parameters { nonce, aad } = &self.parameters;
        self.key.authenticated(nonce.len())?.seal(nonce, aad, data, sealed, &mut tag)?;
        place.get_mut(..TAG).ok_or(Error::Bug("no place for the tag"))?.copy_from_slice(&tag);
        Ok(data.len() + TAG)
    }
}

pub(super) fn encrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::encryption(OfMessages(downcast(key)?)))
}

pub(super) fn decrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::decryption(OfMessages(downcast(key)?)))
}

/// A key that messages are encrypted with.
struct OfMessages(Arc<Key>);

impl Aead for OfMessages {
    /// The structure has no generator: nonces are given.
    fn stated<'a>(&self, parameters: &'a mut MessageParameters) -> Result<Stated<'a>> {
        let MessageParameters::ChaCha20Poly1305(ChaCha20Poly1305MessageParameters { nonce, tag }) =
            parameters
        else {
            return Err(Error::MechanismParamInvalid("CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS is needed"));
        };
        let (fixed_bits, generator) = (0, CKG_NO_GENERATE);
        Ok(Stated { vector: nonce, fixed_bits, generator, tag, tag_len: TAG, data_len: None })
    }

    fn check(&self, vector_len: usize, _associated_len: usize) -> Result<()> {
        match vector_len {
            NONCE | EXTENDED_NONCE => Ok(()),
            _ => Err(Error::MechanismParamInvalid("a nonce of 96 or 192 bits is needed")),
        }
    }

    fn longest(&self, _vector_len: usize) -> u64 {
        LONGEST
    }

    fn seal(&self, about: &About, associated: &[u8], data: &[u8], out: &mut [u8]) -> Result<[u8; TAG]> {
        let mut tag = [0; TAG];
        let nonce = &about.vector;
        self.0.authenticated(nonce.len())?.seal(nonce, associated, data, out, &mut tag)?;
        Ok(tag)
    }

    fn open(
        &self,
        about: &About,
        associated: &[u8],
        sealed: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        let nonce = &about.vector;
        self.0.authenticated(nonce.len())?.open(nonce, associated, sealed, tag, out)
    }

    fn start(&self, about: &About, associated: &[u8], _len: u64) -> Result<Box<dyn Sealing>> {
        let parts = Parts::start(&self.0, &about.vector, associated)?;
        Ok(Box::new(SealedParts { parts, associated_len: associated.len() as u64 }))
    }
}

/// Parts, and how much was authenticated beside them.
struct SealedParts {
    parts: Parts,
    associated_len: u64,
}

impl Sealing for SealedParts {
    fn add(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        self.parts.update(part, out)
    }

    fn into_tag(self: Box<Self>) -> Result<[u8; TAG]> {
        Ok(self.parts.finish(self.associated_len))
    }
}
