//! The hash functions that ML-DSA and SLH-DSA put before a signature: SHA-2, SHA-3, and SHAKE of a fixed length (FIPS 204
//! section 5.4.1); and SHAKE256 for ML-DSA's own use.

use engine::mechanism::{Digesting, Saving};
use pkcs11::{Error, Result, Secret};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::digest::{ExtendableOutput, Update};
use sha3::{Shake128, Shake256};

use crate::aws_lc::hash::Hash;
use crate::digest;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prehash {
    /// One whose digest has a length of its own.
    Fixed(Hash),
    /// 32 bytes of SHAKE128.
    Shake128,
    /// 64 bytes of SHAKE256.
    Shake256,
}

impl Prehash {
    /// Length of a digest in bytes.
    pub(crate) fn digest_len(self) -> usize {
        match self {
            Self::Fixed(hash) => hash.digest_len(),
            Self::Shake128 => 32,
            Self::Shake256 => 64,
        }
    }

    /// An empty digest.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn start(self) -> Result<Box<dyn Digesting>> {
        let len = self.digest_len();
        match self {
            Self::Fixed(hash) => digest::start(hash),
            Self::Shake128 => Ok(Box::new(Shake::<Shake128> { state: Shake128::default(), len })),
            Self::Shake256 => Ok(shake256(len)),
        }
    }
}

/// An empty SHAKE256 with so many bytes at its end.
pub(crate) fn shake256(len: usize) -> Box<dyn Digesting> {
    Box::new(Shake::<Shake256> { state: Shake256::default(), len })
}

/// SHAKE on its way.
struct Shake<S> {
    state: S,
    len: usize,
}

impl<S: SerializableState> Saving for Shake<S> {
    fn save(&self) -> Option<Secret> {
        Some(Secret::from(self.state.serialize().as_slice()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let state = SerializedState::<S>::try_from(state).map_err(|_| Error::SavedStateInvalid)?;
        self.state = S::deserialize(&state).map_err(|_| Error::SavedStateInvalid)?;
        Ok(())
    }
}

impl<S: SerializableState + Update + ExtendableOutput + Send> Digesting for Shake<S> {
    fn digest_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.state.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        if out.len() != self.len {
            return Err(Error::Bug("a digest's place has another length"));
        }
        self.state.finalize_xof_into(out);
        Ok(())
    }
}
