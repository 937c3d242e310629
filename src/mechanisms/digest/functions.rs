//! The hash functions themselves: a state each behind one trait.

use std::fmt::Debug;

use blake2::Blake2b;
use blake2::digest::consts::{U20, U32, U48, U64};
use md5::Md5;
use pkcs11::{Error, Result, Secret};
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::digest::block_api::BlockSizeUser;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroize;

use super::Output;
use crate::aws_lc::hash::{Hash, Running};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// One of the Secure Hash Standard (FIPS 180-4) or of SHA-3 (FIPS 202).
    Sha(Hash),
    /// SHA-512/t (FIPS 180-4 section 5.3.6).
    Sha512T(Bits),
    /// MD5 (RFC 1321), broken: for what is old.
    Md5,
    /// RIPEMD-160 (ISO 10118-3).
    Ripemd160,
    /// BLAKE2b with a digest of 20 bytes (RFC 7693).
    Blake2b160,
    /// BLAKE2b with a digest of 32 bytes.
    Blake2b256,
    /// BLAKE2b with a digest of 48 bytes.
    Blake2b384,
    /// BLAKE2b with a digest of 64 bytes.
    Blake2b512,
}

impl From<Hash> for Function {
    fn from(hash: Hash) -> Self {
        Self::Sha(hash)
    }
}

impl Function {
    /// Length of a digest in bytes.
    pub(crate) fn digest_len(self) -> usize {
        match self {
            Self::Sha(hash) => hash.digest_len(),
            Self::Sha512T(bits) => bits.bytes(),
            Self::Md5 => 16,
            Self::Ripemd160 | Self::Blake2b160 => 20,
            Self::Blake2b256 => 32,
            Self::Blake2b384 => 48,
            Self::Blake2b512 => 64,
        }
    }
}

/// The t of SHA-512/t: 1 to 511 without 384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits(u16);

impl Bits {
    /// Reads t; `None` where the function does not exist.
    pub(crate) fn new(t: u64) -> Option<Self> {
        u16::try_from(t).ok().filter(|t| (1..512).contains(t) && *t != 384).map(Self)
    }

    /// Bytes that hold so many bits.
    fn bytes(self) -> usize {
        usize::from(self.0).div_ceil(8)
    }

    /// The bits of the last byte that belong to the digest.
    fn last_mask(self) -> u8 {
        match self.0 % 8 {
            0 => 0xff,
            used => !(0xff >> used),
        }
    }
}

/// The running state of a hash function.
pub(crate) trait HashFunction: Send + Sync + Sized + 'static {
    /// A second state that goes on from here.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn another(&self) -> Result<Self>;
    /// Length of its blocks in bytes.
    fn block_len(&self) -> usize;
    /// Length of the digest in bytes.
    fn digest_len(&self) -> usize;
    /// Adds to the message.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn update(&mut self, part: &[u8]) -> Result<()>;
    /// The digest.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn finish(self) -> Result<Output>;
    /// The inner state, as [`HashFunction::restored`] reads it; `None` where the library does not tell it.
    fn saved(&self) -> Option<Secret>;
    /// What [`HashFunction::saved`] gave.
    ///
    /// # Errors
    /// [`Error::SavedStateInvalid`]
    fn restored(&self, state: &[u8]) -> Result<Self>;
}

/// What is to be done with the empty state of a function, whichever it is.
pub(crate) trait Visitor {
    /// What comes of it.
    type Output;
    /// Does it.
    fn visit<D: HashFunction>(self, empty: D) -> Self::Output;
}

/// Visits the empty state of a function.
///
/// # Errors
/// [`Error::Primitive`]
pub(crate) fn visit<V: Visitor>(function: Function, visitor: V) -> Result<V::Output> {
    Ok(match function {
        Function::Sha(Hash::Sha1) => visitor.visit(Told(Sha1::new())),
        Function::Sha(Hash::Sha224) => visitor.visit(Told(Sha224::new())),
        Function::Sha(Hash::Sha256) => visitor.visit(Told(Sha256::new())),
        Function::Sha(Hash::Sha384) => visitor.visit(Told(Sha384::new())),
        Function::Sha(Hash::Sha512) => visitor.visit(Told(Sha512::new())),
        Function::Sha(Hash::Sha512_224) => visitor.visit(Told(Sha512_224::new())),
        Function::Sha(Hash::Sha512_256) => visitor.visit(Told(Sha512_256::new())),
        Function::Sha(hash @ (Hash::Sha3_224 | Hash::Sha3_256 | Hash::Sha3_384 | Hash::Sha3_512)) => {
            visitor.visit(Running::new(hash)?)
        }
        Function::Sha512T(bits) => visitor.visit(Cut::new(bits)?),
        Function::Md5 => visitor.visit(Told(Md5::new())),
        Function::Ripemd160 => visitor.visit(Told(Ripemd160::new())),
        Function::Blake2b160 => visitor.visit(Untold(Blake2b::<U20>::new())),
        Function::Blake2b256 => visitor.visit(Untold(Blake2b::<U32>::new())),
        Function::Blake2b384 => visitor.visit(Untold(Blake2b::<U48>::new())),
        Function::Blake2b512 => visitor.visit(Untold(Blake2b::<U64>::new())),
    })
}

fn finished<D: Digest>(state: D) -> Result<Output> {
    let mut digest = state.finalize();
    let output = Output::new(&digest);
    digest.as_mut_slice().zeroize();
    output
}

fn serialized<D: SerializableState>(state: &D) -> Secret {
    let mut bytes = state.serialize();
    let saved = Secret::from(bytes.as_slice());
    bytes.as_mut_slice().zeroize();
    saved
}

fn deserialized<D: SerializableState>(state: &[u8]) -> Result<D> {
    let mut bytes = SerializedState::<D>::try_from(state).map_err(|_| Error::SavedStateInvalid)?;
    let restored = D::deserialize(&bytes).map_err(|_| Error::SavedStateInvalid);
    bytes.as_mut_slice().zeroize();
    restored
}

/// A function of RustCrypto's whose state can be told.
struct Told<D>(D);

impl<D: Digest + BlockSizeUser + SerializableState + Clone + Send + Sync + 'static> HashFunction for Told<D> {
    fn another(&self) -> Result<Self> {
        Ok(Self(self.0.clone()))
    }

    fn block_len(&self) -> usize {
        D::block_size()
    }

    fn digest_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self) -> Result<Output> {
        finished(self.0)
    }

    fn saved(&self) -> Option<Secret> {
        Some(serialized(&self.0))
    }

    fn restored(&self, state: &[u8]) -> Result<Self> {
        deserialized(state).map(Self)
    }
}

/// A function of RustCrypto's whose state cannot be told.
struct Untold<D>(D);

impl<D: Digest + BlockSizeUser + Clone + Send + Sync + 'static> HashFunction for Untold<D> {
    fn another(&self) -> Result<Self> {
        Ok(Self(self.0.clone()))
    }

    fn block_len(&self) -> usize {
        D::block_size()
    }

    fn digest_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self) -> Result<Output> {
        finished(self.0)
    }

    fn saved(&self) -> Option<Secret> {
        None
    }

    fn restored(&self, _state: &[u8]) -> Result<Self> {
        Err(Error::SavedStateInvalid)
    }
}

impl HashFunction for Running {
    fn another(&self) -> Result<Self> {
        Running::another(self)
    }

    fn block_len(&self) -> usize {
        self.hash().block_len()
    }

    fn digest_len(&self) -> usize {
        self.hash().digest_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        Running::update(self, part)
    }

    fn finish(self) -> Result<Output> {
        let mut output = Output::zeroed(self.hash().digest_len());
        Running::finish(self, output.as_mut())?;
        Ok(output)
    }

    fn saved(&self) -> Option<Secret> {
        None
    }

    fn restored(&self, _state: &[u8]) -> Result<Self> {
        Err(Error::SavedStateInvalid)
    }
}

/// SHA-512/t: SHA-512 from another start, cut to t bits. What of the last byte lies beyond them is 0.
struct Cut {
    state: Sha512,
    bits: Bits,
}

impl Cut {
    /// The start is the digest of the function's name by SHA-512 from a start of its own (FIPS 180-4 section 5.3.6).
    fn new(bits: Bits) -> Result<Self> {
        let mut generator = with_start(|word| word ^ 0xa5a5_a5a5_a5a5_a5a5)?;
        generator.update(format!("SHA-512/{}", bits.0));
        let words = generator.finalize();
        let mut words =
            words.as_chunks().0.iter().map(|word| u64::from_be_bytes(*word)).collect::<Vec<_>>().into_iter();
        Ok(Self { state: with_start(|word| words.next().unwrap_or(word))?, bits })
    }
}

/// SHA-512 whose eight first words are others. The crate gives its state as these words, little endian, before the rest.
fn with_start(mut change: impl FnMut(u64) -> u64) -> Result<Sha512> {
    let mut state = Sha512::new().serialize();
    for word in state.as_mut_slice().as_chunks_mut().0.iter_mut().take(8) {
        *word = change(u64::from_le_bytes(*word)).to_le_bytes();
    }
    Sha512::deserialize(&state).map_err(|_| Error::Bug("SHA-512 does not start"))
}

impl HashFunction for Cut {
    fn another(&self) -> Result<Self> {
        Ok(Self { state: self.state.clone(), bits: self.bits })
    }

    fn block_len(&self) -> usize {
        Sha512::block_size()
    }

    fn digest_len(&self) -> usize {
        self.bits.bytes()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.state.update(part);
        Ok(())
    }

    fn finish(self) -> Result<Output> {
        let mut output = finished(self.state)?;
        output.cut(self.bits.bytes());
        if let Some(last) = output.as_mut().last_mut() {
            *last &= self.bits.last_mask();
        }
        Ok(output)
    }

    fn saved(&self) -> Option<Secret> {
        Some(serialized(&self.state))
    }

    fn restored(&self, state: &[u8]) -> Result<Self> {
        Ok(Self { state: deserialized(state)?, bits: self.bits })
    }
}
