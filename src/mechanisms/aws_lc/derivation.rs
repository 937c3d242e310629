//! PBKDF2 (RFC 8018) and HKDF (RFC 5869).

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::hash::Hash;
use super::succeeded;

/// Fills `out` with PBKDF2 over HMAC: as many blocks as it takes, each of `iterations` steps.
///
/// # Errors
/// [`Error::Primitive`], also for no iterations.
pub fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) -> Result<()> {
    // SAFETY: all slices are as long as said; the hash function is a static.
    let rc = unsafe {
        c::PKCS5_PBKDF2_HMAC(
            password.as_ptr().cast(),
            password.len(),
            salt.as_ptr(),
            salt.len(),
            iterations,
            hash.as_ptr(),
            out.len(),
            out.as_mut_ptr(),
        )
    };
    succeeded(rc, "PBKDF2")
}

/// The first stage of HKDF: a pseudo-random key as long as a digest. An empty salt is one of zeros.
///
/// # Errors
/// [`Error::Primitive`]
pub fn hkdf_extract(hash: Hash, secret: &[u8], salt: &[u8]) -> Result<Secret> {
    let mut key = Secret::zeroed(hash.digest_len());
    let mut len = 0;
    // SAFETY: `key` holds a digest of this function, which is what the call writes; both inputs are as long as said.
    let rc = unsafe {
        c::HKDF_extract(
            key.as_mut().as_mut_ptr(),
            &raw mut len,
            hash.as_ptr(),
            secret.as_ptr(),
            secret.len(),
            salt.as_ptr(),
            salt.len(),
        )
    };
    succeeded(rc, "HKDF")?;
    if len == key.len() { Ok(key) } else { Err(Error::Primitive("HKDF")) }
}

/// The second stage of HKDF, into all of `out`: at most 255 digests.
///
/// # Errors
/// [`Error::Primitive`], also for more.
pub fn hkdf_expand(hash: Hash, key: &[u8], info: &[u8], out: &mut [u8]) -> Result<()> {
    // SAFETY: all slices are as long as said; the hash function is a static.
    let rc = unsafe {
        c::HKDF_expand(
            out.as_mut_ptr(),
            out.len(),
            hash.as_ptr(),
            key.as_ptr(),
            key.len(),
            info.as_ptr(),
            info.len(),
        )
    };
    succeeded(rc, "HKDF")
}
