//! GCM (SP 800-38D; PKCS#11 v3.2 section 6.13.3).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use pkcs11::{Error, GcmParameters, Mechanism, Parameters, Result};

use crate::aws_lc::aes::{GCM_LONGEST, GcmStream, Key, TAG};
use crate::downcast;
use crate::gathered::Gathered;

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
    if parameters.iv.is_empty() || i32::try_from(parameters.iv.len()).is_err() {
        return Err(Error::MechanismParamInvalid("an initialisation vector of another length"));
    }
    let tag_bits = TAG_BITS.iter().find(|bits| **bits == parameters.tag_bits);
    let tag_len = tag_bits.and_then(|bits| usize::try_from(bits / 8).ok());
    Ok((parameters.clone(), tag_len.ok_or(Error::MechanismParamInvalid("a tag of another length"))?))
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let key = downcast(key)?;
    let (parameters, tag_len) = parameters(mechanism)?;
    Ok(Box::new(Encryption { key, parameters, tag_len, stream: None, left: GCM_LONGEST }))
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
    let key: Arc<Key> = downcast(key)?;
    let (parameters, tag_len) = parameters(mechanism)?;
    let longest = usize::try_from(GCM_LONGEST).unwrap_or(usize::MAX).saturating_add(tag_len);
    let limit = (longest, Error::EncryptedDataLenRange);
    Ok(Gathered::start(
        limit,
        move |len| len.saturating_sub(tag_len),
        move |input, out| {
            let len = input.len().checked_sub(tag_len).ok_or(Error::EncryptedDataLenRange)?;
            let (sealed, tag) = input.split_at(len);
            let out = out.get_mut(..len).ok_or(Error::Bug("no place for the data"))?;
            key.open(&parameters.iv, &parameters.aad, sealed, tag, out)?;
            Ok(len)
        },
    ))
}
