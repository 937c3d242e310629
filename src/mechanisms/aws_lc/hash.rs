//! The hash functions by name, for the operations that have one inside; running SHA-3, and SHAKE.

use std::ptr::{NonNull, null_mut};

use crate::lc as c;

use pkcs11::{Error, Result};

use super::{failed, succeeded};

/// A hash function (FIPS 180-4, FIPS 202).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1
    Sha1,
    /// SHA-224
    Sha224,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA-512/224
    Sha512_224,
    /// SHA-512/256
    Sha512_256,
    /// SHA3-224
    Sha3_224,
    /// SHA3-256
    Sha3_256,
    /// SHA3-384
    Sha3_384,
    /// SHA3-512
    Sha3_512,
}

impl Hash {
    pub(super) fn as_ptr(self) -> *const c::EVP_MD {
        match self {
            // SAFETY: gives the address of a static.
            Self::Sha1 => unsafe { c::EVP_sha1() },
            // SAFETY: as above.
            Self::Sha224 => unsafe { c::EVP_sha224() },
            // SAFETY: as above.
            Self::Sha256 => unsafe { c::EVP_sha256() },
            // SAFETY: as above.
            Self::Sha384 => unsafe { c::EVP_sha384() },
            // SAFETY: as above.
            Self::Sha512 => unsafe { c::EVP_sha512() },
            // SAFETY: as above.
            Self::Sha512_224 => unsafe { c::EVP_sha512_224() },
            // SAFETY: as above.
            Self::Sha512_256 => unsafe { c::EVP_sha512_256() },
            // SAFETY: as above.
            Self::Sha3_224 => unsafe { c::EVP_sha3_224() },
            // SAFETY: as above.
            Self::Sha3_256 => unsafe { c::EVP_sha3_256() },
            // SAFETY: as above.
            Self::Sha3_384 => unsafe { c::EVP_sha3_384() },
            // SAFETY: as above.
            Self::Sha3_512 => unsafe { c::EVP_sha3_512() },
        }
    }

    /// Length of a digest in bytes.
    #[must_use]
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512_224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    /// Length of the blocks that it works in, in bytes.
    #[must_use]
    pub fn block_len(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 | Self::Sha512_224 | Self::Sha512_256 => 128,
            Self::Sha3_224 => 144,
            Self::Sha3_256 => 136,
            Self::Sha3_384 => 104,
            Self::Sha3_512 => 72,
        }
    }
}

/// A digest on its way. Wiped when dropped.
#[derive(Debug)]
pub struct Running {
    context: Context,
    hash: Hash,
}

/// One `EVP_MD_CTX` object.
#[derive(Debug)]
struct Context(NonNull<c::EVP_MD_CTX>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for Context {}
// SAFETY: a shared one is only read, to be copied.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned by this value; the library wipes what it frees.
        unsafe { c::EVP_MD_CTX_free(self.0.as_ptr()) };
    }
}

impl Context {
    fn empty() -> Result<Self> {
        // SAFETY: makes an empty object.
        let context = unsafe { c::EVP_MD_CTX_new() };
        NonNull::new(context).map(Self).ok_or_else(|| failed("out of memory"))
    }

    fn started(function: *const c::EVP_MD) -> Result<Self> {
        let context = Self::empty()?;
        // SAFETY: an empty context and the address of a static; null means no engine.
        let rc = unsafe { c::EVP_DigestInit_ex(context.0.as_ptr(), function, null_mut()) };
        succeeded(rc, "digest")?;
        Ok(context)
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        // SAFETY: a context that was started; the slice is as long as said.
        let rc = unsafe { c::EVP_DigestUpdate(self.0.as_ptr(), part.as_ptr().cast(), part.len()) };
        succeeded(rc, "digest")
    }
}

impl Running {
    /// An empty digest.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn new(hash: Hash) -> Result<Self> {
        Ok(Self { context: Context::started(hash.as_ptr())?, hash })
    }

    /// A second one that goes on from here.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn another(&self) -> Result<Self> {
        let context = Context::empty()?;
        // SAFETY: an empty context, and one that was started.
        let rc = unsafe { c::EVP_MD_CTX_copy_ex(context.0.as_ptr(), self.context.0.as_ptr()) };
        succeeded(rc, "digest")?;
        Ok(Self { context, hash: self.hash })
    }

    /// Which function.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Adds to the message.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn update(&mut self, part: &[u8]) -> Result<()> {
        self.context.update(part)
    }

    /// Writes the digest; `out` is exactly [`Hash::digest_len`] long.
    ///
    /// # Errors
    /// [`Error::Bug`] for another length; [`Error::Primitive`].
    pub fn finish(self, out: &mut [u8]) -> Result<()> {
        if out.len() != self.hash.digest_len() {
            return Err(Error::Bug("a digest's place has another length"));
        }
        // SAFETY: a context that was started; `out` holds a digest of this function; null asks for no length.
        let rc = unsafe { c::EVP_DigestFinal_ex(self.context.0.as_ptr(), out.as_mut_ptr(), null_mut()) };
        succeeded(rc, "digest")
    }
}

/// A function whose output has any length (FIPS 202 section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shake {
    /// SHAKE128
    Shake128,
    /// SHAKE256
    Shake256,
}

/// Fills `out` with what SHAKE makes of `input`.
///
/// # Errors
/// [`Error::Primitive`]
pub fn shake(function: Shake, input: &[u8], out: &mut [u8]) -> Result<()> {
    let function = match function {
        // SAFETY: gives the address of a static.
        Shake::Shake128 => unsafe { c::EVP_shake128() },
        // SAFETY: as above.
        Shake::Shake256 => unsafe { c::EVP_shake256() },
    };
    let mut context = Context::started(function)?;
    context.update(input)?;
    // SAFETY: a context that was started; `out` is as long as said.
    let rc = unsafe { c::EVP_DigestFinalXOF(context.0.as_ptr(), out.as_mut_ptr(), out.len()) };
    succeeded(rc, "SHAKE")
}

/// The library's other implementations, for tests to compare with.
#[cfg(test)]
pub(crate) mod oracle {
    use super::{Context, Hash, c};

    /// A hash function of which a family uses another implementation.
    #[derive(Clone, Copy)]
    pub(crate) enum Other {
        Sha(Hash),
        Md5,
        Ripemd160,
        Blake2b256,
    }

    pub(crate) fn digest(function: Other, message: &[u8]) -> Vec<u8> {
        let (function, len) = match function {
            Other::Sha(hash) => (hash.as_ptr(), hash.digest_len()),
            // SAFETY: gives the address of a static.
            Other::Md5 => (unsafe { c::EVP_md5() }, 16),
            // SAFETY: as above.
            Other::Ripemd160 => (unsafe { c::EVP_ripemd160() }, 20),
            // SAFETY: as above.
            Other::Blake2b256 => (unsafe { c::EVP_blake2b256() }, 32),
        };
        let mut context = Context::started(function).unwrap();
        context.update(message).unwrap();
        let mut out = vec![0; len];
        // SAFETY: a context that was started; `out` holds a digest of this function; null asks for no length.
        let rc = unsafe { c::EVP_DigestFinal_ex(context.0.as_ptr(), out.as_mut_ptr(), std::ptr::null_mut()) };
        assert_eq!(rc, 1);
        out
    }
}
