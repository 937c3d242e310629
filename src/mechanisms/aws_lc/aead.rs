//! Authenticated encryption of whole messages.

use std::ptr::{NonNull, null};

use crate::lc as c;
use pkcs11::{Error, Result, Secret};
use zeroize::Zeroize;

use super::{failed, succeeded};

/// The longest tag of any algorithm in bytes.
const LONGEST_TAG: usize = 16;

/// One `EVP_AEAD_CTX` object, used for reading alone.
pub(super) struct Aead(NonNull<c::EVP_AEAD_CTX>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for Aead {}
// SAFETY: sealing and opening take it as const; aead.h names them as safe to use concurrently.
unsafe impl Sync for Aead {}

impl Drop for Aead {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::EVP_AEAD_CTX_free(self.0.as_ptr()) };
    }
}

impl Aead {
    /// The context of a key, for tags of `tag_len` bytes.
    ///
    /// # Safety
    /// `algorithm` is what one of the library's functions `EVP_aead_...` gave.
    pub(super) unsafe fn new(algorithm: *const c::EVP_AEAD, key: &Secret, tag_len: usize) -> Result<Self> {
        if tag_len == 0 || tag_len > LONGEST_TAG {
            return Err(Error::Primitive("a tag of another length"));
        }
        let bytes = key.expose();
        // SAFETY: `bytes` is as long as said, which the call checks against the algorithm.
        let context = unsafe { c::EVP_AEAD_CTX_new(algorithm, bytes.as_ptr(), bytes.len(), tag_len) };
        NonNull::new(context).map(Self).ok_or_else(|| failed("AEAD context"))
    }

    /// Encrypts: `out` is as long as `plain`, the tag whole.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for an `iv` of a wrong length and for lengths that differ.
    pub(super) fn seal(
        &self,
        iv: &[u8],
        aad: &[u8],
        plain: &[u8],
        out: &mut [u8],
        tag: &mut [u8; LONGEST_TAG],
    ) -> Result<()> {
        if out.len() != plain.len() {
            return Err(Error::Primitive("AEAD into a place of another length"));
        }
        let mut tag_len = 0;
        // SAFETY: all slices are as long as said and do not overlap; the context is whole and only read; null and 0 mean
        // no extra input.
        let rc = unsafe {
            c::EVP_AEAD_CTX_seal_scatter(
                self.0.as_ptr(),
                out.as_mut_ptr(),
                tag.as_mut_ptr(),
                &raw mut tag_len,
                tag.len(),
                iv.as_ptr(),
                iv.len(),
                plain.as_ptr(),
                plain.len(),
                null(),
                0,
                aad.as_ptr(),
                aad.len(),
            )
        };
        succeeded(rc, "AEAD")
    }

    /// Decrypts: `out` is as long as `sealed`, and is wiped unless the tag, which is as long as was agreed, holds.
    ///
    /// # Errors
    /// [`Error::EncryptedDataInvalid`] when the tag does not hold; [`Error::Primitive`] for lengths that differ.
    pub(super) fn open(
        &self,
        iv: &[u8],
        aad: &[u8],
        sealed: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        if out.len() != sealed.len() {
            return Err(Error::Primitive("AEAD into a place of another length"));
        }
        // SAFETY: all slices are as long as said and do not overlap; the context is whole and only read.
        let rc = unsafe {
            c::EVP_AEAD_CTX_open_gather(
                self.0.as_ptr(),
                out.as_mut_ptr(),
                iv.as_ptr(),
                iv.len(),
                sealed.as_ptr(),
                sealed.len(),
                tag.as_ptr(),
                tag.len(),
                aad.as_ptr(),
                aad.len(),
            )
        };
        succeeded(rc, "AEAD").map_err(|_| {
            out.zeroize();
            Error::EncryptedDataInvalid
        })
    }
}
