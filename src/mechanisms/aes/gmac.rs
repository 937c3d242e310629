//! GMAC (SP 800-38D; PKCS#11 v3.2 section 6.13.7).

use std::sync::Arc;

use engine::mechanism::{Key as EngineKey, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::{Error, GcmParameters, Mechanism, Parameters, Result};

use super::gcm;
use crate::aws_lc::aes::{GcmStream, Key, TAG};
use crate::downcast;

/// A running GMAC.
struct Gmac {
    stream: GcmStream,
    /// Bytes of the tag.
    len: usize,
}

/// The parameters are GCM's without additional data, which is the message; or the initialisation vector alone, as
/// version 2.40 has it, and then the tag is whole.
fn start(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<Gmac>> {
    let key: Arc<Key> = downcast(key)?;
    let (parameters, len) = match &mechanism.parameters {
        Parameters::Bytes(iv) => {
            let parameters = GcmParameters { iv: iv.clone(), aad: Vec::new(), tag_bits: 8 * TAG as u64 };
            gcm::checked(&parameters)?
        }
        Parameters::Gcm(parameters) if parameters.aad.is_empty() => gcm::checked(parameters)?,
        _ => return Err(Error::MechanismParamInvalid("CK_GCM_PARAMS without pAAD, or an IV, is needed")),
    };
    Ok(Box::new(Gmac { stream: GcmStream::new(&key, &parameters.iv, &[])?, len }))
}

pub(super) fn sign(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Signing>> {
    Ok(start(mechanism, key)?)
}

pub(super) fn verify(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Verifying>> {
    Ok(start(mechanism, key)?)
}

impl Gmac {
    fn tag(self) -> Result<[u8; TAG]> {
        let mut tag = [0; TAG];
        self.stream.finish(&mut tag)?;
        Ok(tag)
    }
}

/// Decision 0014: the library does not tell the state of a stream.
impl Saving for Gmac {}

impl Signing for Gmac {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.stream.authenticate(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let len = self.len;
        let tag = self.tag()?;
        let cut = tag.get(..len).filter(|cut| cut.len() == out.len());
        out.copy_from_slice(cut.ok_or(Error::Bug("the place of a MAC has another length"))?);
        Ok(())
    }
}

impl Verifying for Gmac {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.stream.authenticate(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        if signature.len() != self.len {
            return Err(Error::SignatureLenRange);
        }
        let tag = self.tag()?;
        let right: bool = tag.get(..signature.len()).unwrap_or_default().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}
