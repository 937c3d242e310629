//! The hash functions that ML-DSA and SLH-DSA put before a signature: SHA-2, SHA-3, and SHAKE of a fixed length (FIPS 204
//! section 5.4.1); and SHAKE256 for ML-DSA's own use.

use engine::mechanism::{Digesting, Saving};
use pkcs11::{Error, Result, Secret};
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::digest::{ExtendableOutput, Update};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};

use crate::aws_lc::hash::Hash;
use crate::digest;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prehash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    /// 32 bytes of SHAKE128.
    Shake128,
    /// 64 bytes of SHAKE256.
    Shake256,
}

/// An empty digest.
pub(crate) fn start(hash: Prehash) -> Box<dyn Digesting> {
    match hash {
        Prehash::Sha224 => digest::start(Hash::Sha224),
        Prehash::Sha256 => digest::start(Hash::Sha256),
        Prehash::Sha384 => digest::start(Hash::Sha384),
        Prehash::Sha512 => digest::start(Hash::Sha512),
        Prehash::Sha512_224 => digest::start(Hash::Sha512_224),
        Prehash::Sha512_256 => digest::start(Hash::Sha512_256),
        Prehash::Sha3_224 => digest::running::<Sha3_224>(),
        Prehash::Sha3_256 => digest::running::<Sha3_256>(),
        Prehash::Sha3_384 => digest::running::<Sha3_384>(),
        Prehash::Sha3_512 => digest::running::<Sha3_512>(),
        Prehash::Shake128 => Box::new(Shake::<Shake128> { state: Shake128::default(), len: 32 }),
        Prehash::Shake256 => shake256(64),
    }
}

/// Length of a digest in bytes.
pub(crate) fn len(hash: Prehash) -> usize {
    start(hash).digest_len()
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
