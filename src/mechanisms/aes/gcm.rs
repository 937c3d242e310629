//! GCM (SP 800-38D; PKCS#11 v3.2 section 6.13.3).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Messages, Saving};
use pkcs11::{Error, GcmMessageParameters, GcmParameters, Mechanism, MessageParameters, Parameters, Result};

use crate::authenticated_messages::{About, Aead, Sealing, Stated};
use crate::aws_lc::aes::{GCM_LONGEST, GcmStream, Key, TAG};
use crate::gathered::Gathered;
use crate::{authenticated_messages, aws_lc, downcast};

/// Lengths of a tag in bits (SP 800-38D section 5.2.1.2).
const TAG_BITS: [u64; 7] = [128, 120, 112, 104, 96, 64, 32];
/// The shortest tag that guards a key, in bits: what remains is for messages that are cheap to lose (appendix C).
const TAG_BITS_OF_A_KEY: u64 = 96;

/// The parameters, and the length of the tag in bytes.
fn parameters(mechanism: &Mechanism) -> Result<(GcmParameters, usize)> {
    let Parameters::Gcm(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_GCM_PARAMS is needed"));
    };
    checked(parameters)
}

/// The parameters, once they are known to be right, and the length of the tag in bytes.
pub(super) fn checked(parameters: &GcmParameters) -> Result<(GcmParameters, usize)> {
    let (parameters, tag_len) = with_tag(parameters)?;
    if parameters.iv.is_empty() || i32::try_from(parameters.iv.len()).is_err() {
        return Err(Error::MechanismParamInvalid("an initialisation vector of another length"));
    }
    Ok((parameters, tag_len))
}

/// The same, whatever the vector is.
fn with_tag(parameters: &GcmParameters) -> Result<(GcmParameters, usize)> {
    Ok((parameters.clone(), tag_len(parameters.tag_bits)?))
}

/// Bytes of a tag of so many bits.
fn tag_len(tag_bits: u64) -> Result<usize> {
    let tag_bits = TAG_BITS.iter().find(|bits| **bits == tag_bits);
    let tag_len = tag_bits.and_then(|bits| usize::try_from(bits / 8).ok());
    tag_len.ok_or(Error::MechanismParamInvalid("a tag of another length"))
}

/// The same, of a mechanism whose vector the token makes.
fn parameters_without_iv(mechanism: &Mechanism) -> Result<(GcmParameters, usize)> {
    let Parameters::Gcm(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_GCM_PARAMS is needed"));
    };
    let (parameters, tag_len) = with_tag(parameters)?;
    if !parameters.iv.is_empty() {
        return Err(Error::MechanismParamInvalid(
            "the token makes the initialisation vector: pIv must be null",
        ));
    }
    Ok((parameters, tag_len))
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let (parameters, tag_len) = parameters(mechanism)?;
    Ok(Box::new(Encryption::start(key, parameters, tag_len)?))
}

/// Length of a vector that the token makes, in bytes (SP 800-38D section 8.2.2).
const IV: usize = 12;

/// `CKM_CLOUDHSM_AES_GCM`: the ciphertext begins with the vector, which is random.
pub(super) fn encrypt_prepended(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Ciphering>> {
    let (mut parameters, tag_len) = parameters_without_iv(mechanism)?;
    let mut iv = [0; IV];
    aws_lc::random(&mut iv)?;
    parameters.iv = iv.to_vec();
    Ok(Box::new(Prepended { iv, told: false, rest: Encryption::start(key, parameters, tag_len)? }))
}

pub(super) fn wrap_prepended(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    guards_a_key(mechanism)?;
    encrypt_prepended(mechanism, key)
}

pub(super) fn unwrap_prepended(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Ciphering>> {
    guards_a_key(mechanism)?;
    decrypt_prepended(mechanism, key)
}

/// A vector, and the encryption under it.
struct Prepended {
    iv: [u8; IV],
    /// Whether the vector is written already.
    told: bool,
    rest: Encryption,
}

impl Prepended {
    fn iv_len(&self) -> usize {
        if self.told { 0 } else { IV }
    }

    /// Writes the vector where it is still to come, and gives the place behind it.
    fn put_iv<'a>(&mut self, out: &'a mut [u8]) -> Result<&'a mut [u8]> {
        let (place, rest) =
            out.split_at_mut_checked(self.iv_len()).ok_or(Error::Bug("no place for the vector"))?;
        place.iter_mut().zip(self.iv).for_each(|(place, byte)| *place = byte);
        self.told = true;
        Ok(rest)
    }
}

/// Decision 0014: the library does not tell the state of a stream.
impl Saving for Prepended {}

impl Ciphering for Prepended {
    fn update_len(&self, len: usize) -> usize {
        self.rest.update_len(len).saturating_add(self.iv_len())
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let out = self.put_iv(out)?;
        self.rest.update(part, out)
    }

    fn finish_len(&self) -> usize {
        self.rest.finish_len() + self.iv_len()
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        let iv_len = self.iv_len();
        let out = self.put_iv(out)?;
        Ok(iv_len + Box::new(self.rest).finish(out)?)
    }

    fn whole_len(&self, len: usize) -> usize {
        self.rest.whole_len(len).saturating_add(IV)
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        let out = self.put_iv(out)?;
        Ok(IV + Box::new(self.rest).whole(data, out)?)
    }
}

pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    guards_a_key(mechanism)?;
    encrypt(mechanism, key)
}

pub(super) fn unwrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    guards_a_key(mechanism)?;
    decrypt(mechanism, key)
}

fn guards_a_key(mechanism: &Mechanism) -> Result<()> {
    match &mechanism.parameters {
        Parameters::Gcm(parameters) if parameters.tag_bits < TAG_BITS_OF_A_KEY => {
            Err(Error::MechanismParamInvalid("a tag under 96 bits does not guard a key"))
        }
        _ => Ok(()),
    }
}

struct Encryption {
    key: Arc<Key>,
    parameters: GcmParameters,
    tag_len: usize,
    /// Made with the first part; a message that comes whole needs none.
    stream: Option<GcmStream>,
    /// Bytes that may come.
    left: u64,
}

impl Encryption {
    fn start(key: &Arc<dyn EngineKey>, parameters: GcmParameters, tag_len: usize) -> Result<Self> {
        Ok(Self { key: downcast(key)?, parameters, tag_len, stream: None, left: GCM_LONGEST })
    }

    fn take(&mut self, len: usize) -> Result<()> {
        self.left = self.left.checked_sub(len as u64).ok_or(Error::DataLenRange)?;
        Ok(())
    }

    fn put_tag(&self, tag: &[u8; TAG], out: &mut [u8]) -> Result<usize> {
        let place = out.get_mut(..self.tag_len).ok_or(Error::Bug("no place for the tag"))?;
        place.copy_from_slice(tag.get(..self.tag_len).unwrap_or_default());
        Ok(self.tag_len)
    }
}

/// Decision 0014: the library does not tell the state of a stream.
impl Saving for Encryption {}

impl Ciphering for Encryption {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        self.take(part.len())?;
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(GcmStream::new(&self.key, &self.parameters.iv, &self.parameters.aad)?),
        };
        stream.update(part, out)
    }

    fn finish_len(&self) -> usize {
        self.tag_len
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        let mut tag = [0; TAG];
        match self.stream.take() {
            Some(stream) => stream.finish(&mut tag)?,
            None => self.key.seal(&self.parameters.iv, &self.parameters.aad, &[], &mut [], &mut tag)?,
        }
        self.put_tag(&tag, out)
    }

    fn whole_len(&self, len: usize) -> usize {
        len.saturating_add(self.tag_len)
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        self.take(data.len())?;
        let (sealed, tag_place) =
            out.split_at_mut_checked(data.len()).ok_or(Error::Bug("no place for the data"))?;
        let mut tag = [0; TAG];
        self.key.seal(&self.parameters.iv, &self.parameters.aad, data, sealed, &mut tag)?;
        Ok(data.len() + self.put_tag(&tag, tag_place)?)
    }
}

/// Gathers the ciphertext, since nothing may be given out before the tag holds.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let (parameters, tag_len) = parameters(mechanism)?;
    decryption(downcast(key)?, parameters, tag_len, 0)
}

/// As [`decrypt`], of a ciphertext that begins with its vector.
pub(super) fn decrypt_prepended(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Ciphering>> {
    let (parameters, tag_len) = parameters_without_iv(mechanism)?;
    decryption(downcast(key)?, parameters, tag_len, IV)
}

/// The first `iv_len` bytes of the input are a vector, if there are any; otherwise the parameters have it.
fn decryption(
    key: Arc<Key>,
    parameters: GcmParameters,
    tag_len: usize,
    iv_len: usize,
) -> Result<Box<dyn Ciphering>> {
    let around = iv_len + tag_len;
    let longest = usize::try_from(GCM_LONGEST).unwrap_or(usize::MAX).saturating_add(around);
    let limit = (longest, Error::EncryptedDataLenRange);
    Ok(Gathered::proving(
        limit,
        move |len| len.saturating_sub(around),
        move |input, out| {
            let len = input.len().checked_sub(around).ok_or(Error::EncryptedDataLenRange)?;
            let (prepended, rest) = input.split_at(iv_len);
            let (sealed, tag) = rest.split_at(len);
            let iv = if iv_len == 0 { parameters.iv.as_slice() } else { prepended };
            let out = out.get_mut(..len).ok_or(Error::Bug("no place for the data"))?;
            key.open(iv, &parameters.aad, sealed, tag, out)?;
            Ok(len)
        },
    ))
}

pub(super) fn encrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::encryption(OfMessages(downcast(key)?)))
}

pub(super) fn decrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::decryption(OfMessages(downcast(key)?)))
}

pub(super) fn wrap_authenticated(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::wrapping(OfMessages(downcast(key)?)))
}

pub(super) fn unwrap_authenticated(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::unwrapping(OfMessages(downcast(key)?)))
}

/// A key that messages are encrypted with.
struct OfMessages(Arc<Key>);

impl Aead for OfMessages {
    fn stated<'a>(&self, parameters: &'a mut MessageParameters) -> Result<Stated<'a>> {
        let MessageParameters::Gcm(GcmMessageParameters { iv, fixed_bits, generator, tag, tag_bits }) =
            parameters
        else {
            return Err(Error::MechanismParamInvalid("CK_GCM_MESSAGE_PARAMS is needed"));
        };
        let (fixed_bits, generator, tag_len) = (*fixed_bits, *generator, tag_len(*tag_bits)?);
        Ok(Stated { vector: iv, fixed_bits, generator, tag, tag_len, data_len: None })
    }

    fn check(&self, vector_len: usize, _associated_len: usize) -> Result<()> {
        match i32::try_from(vector_len) {
            Ok(1..) => Ok(()),
            _ => Err(Error::MechanismParamInvalid("an initialisation vector of another length")),
        }
    }

    fn longest(&self, _vector_len: usize) -> u64 {
        GCM_LONGEST
    }

    fn seal(&self, about: &About, associated: &[u8], data: &[u8], out: &mut [u8]) -> Result<[u8; TAG]> {
        let mut tag = [0; TAG];
        self.0.seal(&about.vector, associated, data, out, &mut tag)?;
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
        self.0.open(&about.vector, associated, sealed, tag, out)
    }

    fn start(&self, about: &About, associated: &[u8], _len: u64) -> Result<Box<dyn Sealing>> {
        Ok(Box::new(GcmStream::new(&self.0, &about.vector, associated)?))
    }
}

impl Sealing for GcmStream {
    fn add(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        Self::update(self, part, out)
    }

    fn into_tag(self: Box<Self>) -> Result<[u8; TAG]> {
        let mut tag = [0; TAG];
        Self::finish(*self, &mut tag)?;
        Ok(tag)
    }
}
