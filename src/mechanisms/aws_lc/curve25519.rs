//! Ed25519 (RFC 8032) and X25519 (RFC 7748): keys, signatures and agreement as byte strings.

use std::ptr::null;

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::{failed, succeeded};

/// Length of every key in bytes, private or public.
pub const LEN: usize = 32;
/// Length of a signature in bytes.
pub const SIGNATURE: usize = 64;
/// Length of the digest that Ed25519ph signs in bytes: SHA-512.
pub const PREHASH: usize = 64;

/// What is signed, and how (RFC 8032 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed<'a> {
    /// Ed25519 over a message.
    Pure(&'a [u8]),
    /// Ed25519ctx over a message, with a context of 1 to 255 bytes.
    WithContext(&'a [u8], &'a [u8]),
    /// Ed25519ph over a message's SHA-512 digest, with a context of 0 to 255 bytes.
    Prehashed(&'a [u8; PREHASH], &'a [u8]),
}

/// The private key of Ed25519: seed and public key, as AWS-LC keeps them. Wiped when dropped.
#[derive(Debug)]
pub struct SigningKey(Secret);

impl SigningKey {
    /// The key of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; LEN]) -> Self {
        let (mut key, mut public) = (Secret::zeroed(2 * LEN), [0; LEN]);
        // SAFETY: the places hold 64 and 32 bytes, the seed 32.
        unsafe {
            c::ED25519_keypair_from_seed(public.as_mut_ptr(), key.as_mut().as_mut_ptr(), seed.as_ptr());
        }
        Self(key)
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        self.0.expose().get(LEN..).unwrap_or_default().to_vec()
    }

    /// Signs.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for a context of another length.
    pub fn sign(&self, signed: Signed<'_>, out: &mut [u8; SIGNATURE]) -> Result<()> {
        let (out, key) = (out.as_mut_ptr(), self.0.expose().as_ptr());
        let rc = match signed {
            // SAFETY: `out` holds 64 bytes, the key 64 bytes, the message is as long as said.
            Signed::Pure(message) => unsafe { c::ED25519_sign(out, message.as_ptr(), message.len(), key) },
            // SAFETY: as above; the context is as long as said.
            Signed::WithContext(message, context) => unsafe {
                c::ED25519ctx_sign(out, message.as_ptr(), message.len(), key, context.as_ptr(), context.len())
            },
            // SAFETY: as above; the digest holds 64 bytes.
            Signed::Prehashed(digest, context) => unsafe {
                c::ED25519ph_sign_digest(out, digest.as_ptr(), key, or_null(context), context.len())
            },
        };
        succeeded(rc, "Ed25519 signature")
    }
}

/// Whether a signature is right under a public key; one that is no point is right for nothing.
#[must_use]
pub fn verify(public: &[u8; LEN], signed: Signed<'_>, signature: &[u8; SIGNATURE]) -> bool {
    let (signature, key) = (signature.as_ptr(), public.as_ptr());
    let rc = match signed {
        // SAFETY: the signature holds 64 bytes, the key 32, the message is as long as said.
        Signed::Pure(message) => unsafe {
            c::ED25519_verify(message.as_ptr(), message.len(), signature, key)
        },
        // SAFETY: as above; the context is as long as said.
        Signed::WithContext(message, context) => unsafe {
            c::ED25519ctx_verify(
                message.as_ptr(),
                message.len(),
                signature,
                key,
                context.as_ptr(),
                context.len(),
            )
        },
        // SAFETY: as above; the digest holds 64 bytes.
        Signed::Prehashed(digest, context) => unsafe {
            c::ED25519ph_verify_digest(digest.as_ptr(), signature, key, or_null(context), context.len())
        },
    };
    succeeded(rc, "Ed25519 verification").is_ok()
}

fn or_null(context: &[u8]) -> *const u8 {
    if context.is_empty() { null() } else { context.as_ptr() }
}

/// The public key of an X25519 private key (RFC 7748 section 6.1).
#[must_use]
pub fn x25519_public(private: &[u8; LEN]) -> Vec<u8> {
    let mut public = vec![0; LEN];
    // SAFETY: both hold 32 bytes.
    unsafe { c::X25519_public_from_private(public.as_mut_ptr(), private.as_ptr()) };
    public
}

/// The shared secret of X25519.
///
/// # Errors
/// [`Error::Primitive`] where it is all zeros, as with a peer's point of small order (RFC 7748 section 6.1).
pub fn x25519(private: &[u8; LEN], peer: &[u8; LEN]) -> Result<Secret> {
    let mut shared = Secret::zeroed(LEN);
    // SAFETY: all three hold 32 bytes.
    let rc = unsafe { c::X25519(shared.as_mut().as_mut_ptr(), private.as_ptr(), peer.as_ptr()) };
    if rc == 1 { Ok(shared) } else { Err(failed("X25519")) }
}

/// A key's bytes, when they are as many as they must be.
///
/// # Errors
/// [`Error::Primitive`]
pub fn key_bytes(bytes: &[u8]) -> Result<&[u8; LEN]> {
    bytes.try_into().map_err(|_| Error::Primitive("a key of another length"))
}
