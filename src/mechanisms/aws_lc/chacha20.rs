//! ChaCha20 and Poly1305 (RFC 8439), and both together.

use crate::lc as c;
use pkcs11::{Error, Result, Secret};
use zeroize::Zeroize;

use super::aead::Aead;

/// Bytes of a key of ChaCha20 and of Poly1305.
pub const KEY: usize = 32;
/// Bytes of a block of ChaCha20.
pub const BLOCK: usize = 64;
/// Bytes of a tag of Poly1305.
pub const TAG: usize = 16;

/// Bytes in ChaCha20 from a block's start on; `out` is as long as `input`. The nonce is what stands in the cipher's state
/// after the counter's 32 bits.
///
/// # Errors
/// [`Error::Primitive`] for lengths that differ, and where the counter would not fit in its 32 bits.
pub fn chacha20(key: &[u8; KEY], nonce: &[u8; 12], counter: u32, input: &[u8], out: &mut [u8]) -> Result<()> {
    let blocks = input.len().div_ceil(BLOCK) as u64;
    if input.len() != out.len() || u64::from(counter) + blocks > 1 << 32 {
        return Err(Error::Primitive("ChaCha20 of another length"));
    }
    // SAFETY: both slices are as long as said and do not overlap; key and nonce have the lengths that the call reads.
    unsafe {
        c::CRYPTO_chacha_20(
            out.as_mut_ptr(),
            input.as_ptr(),
            input.len(),
            key.as_ptr(),
            nonce.as_ptr(),
            counter,
        );
    }
    Ok(())
}

/// A running Poly1305. The library finds its aligned place inside the state by the address, which stays the same.
pub struct Poly1305(Box<c::poly1305_state>);

impl std::fmt::Debug for Poly1305 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Poly1305")
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Poly1305 {
    /// Starts with a key, which serves for one message.
    #[must_use]
    pub fn new(key: &[u8; KEY]) -> Self {
        let mut state = Box::new([0; 512]);
        // SAFETY: the state is this value's own; the key has the 32 bytes that the call reads.
        unsafe { c::CRYPTO_poly1305_init(&raw mut *state, key.as_ptr()) };
        Self(state)
    }

    /// Adds to the message.
    pub fn update(&mut self, part: &[u8]) {
        // SAFETY: the state was started and not ended; the part is as long as said.
        unsafe { c::CRYPTO_poly1305_update(&raw mut *self.0, part.as_ptr(), part.len()) };
    }

    /// The tag.
    #[must_use]
    pub fn finish(mut self) -> [u8; TAG] {
        let mut tag = [0; TAG];
        // SAFETY: the state was started and is not used again; the tag has the 16 bytes that the call writes.
        unsafe { c::CRYPTO_poly1305_finish(&raw mut *self.0, tag.as_mut_ptr()) };
        tag
    }
}

/// A key of ChaCha20-Poly1305 for whole messages, with nonces of one length.
pub struct ChaCha20Poly1305(Aead);

impl ChaCha20Poly1305 {
    /// Nonces of 12 bytes (RFC 8439 section 2.8).
    ///
    /// # Errors
    /// [`Error::Primitive`] for a key of another length.
    pub fn new(key: &Secret) -> Result<Self> {
        // SAFETY: gives the address of a static.
        let algorithm = unsafe { c::EVP_aead_chacha20_poly1305() };
        // SAFETY: one of the library's own algorithms.
        unsafe { Aead::new(algorithm, key, TAG) }.map(Self)
    }

    /// Nonces of 24 bytes (draft-irtf-cfrg-xchacha section 2).
    ///
    /// # Errors
    /// As [`ChaCha20Poly1305::new`].
    pub fn extended(key: &Secret) -> Result<Self> {
        // SAFETY: gives the address of a static.
        let algorithm = unsafe { c::EVP_aead_xchacha20_poly1305() };
        // SAFETY: one of the library's own algorithms.
        unsafe { Aead::new(algorithm, key, TAG) }.map(Self)
    }

    /// Encrypts: `out` is as long as `plain`.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for a nonce of another length and for lengths that differ.
    pub fn seal(
        &self,
        nonce: &[u8],
        aad: &[u8],
        plain: &[u8],
        out: &mut [u8],
        tag: &mut [u8; TAG],
    ) -> Result<()> {
        self.0.seal(nonce, aad, plain, out, tag)
    }

    /// Decrypts: `out` is as long as `sealed`, and is wiped unless the tag holds.
    ///
    /// # Errors
    /// [`Error::EncryptedDataInvalid`] when the tag does not hold; [`Error::Primitive`] for lengths that differ.
    pub fn open(&self, nonce: &[u8], aad: &[u8], sealed: &[u8], tag: &[u8], out: &mut [u8]) -> Result<()> {
        self.0.open(nonce, aad, sealed, tag, out)
    }
}

impl std::fmt::Debug for ChaCha20Poly1305 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChaCha20Poly1305")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_another_length_and_a_counter_that_does_not_fit_are_refused() {
        let of = |counter, len: usize, place: usize| {
            chacha20(&[1; KEY], &[2; 12], counter, &vec![0; len], &mut vec![0; place])
        };
        assert!(of(0, 64, 63).is_err());
        assert!(of(u32::MAX, 64, 64).is_ok());
        assert!(of(u32::MAX, 65, 65).is_err());
        let key = ChaCha20Poly1305::new(&Secret::from([1; KEY])).unwrap();
        assert!(key.seal(&[0; 12], &[], &[0; 3], &mut [0; 2], &mut [0; TAG]).is_err());
        assert!(key.seal(&[0; 8], &[], &[0; 3], &mut [0; 3], &mut [0; TAG]).is_err());
        assert!(key.open(&[0; 12], &[], &[0; 3], &[0; TAG], &mut [0; 2]).is_err());
        assert!(ChaCha20Poly1305::new(&Secret::from([1; 16])).is_err());
        assert_eq!(format!("{key:?} {:?}", Poly1305::new(&[0x5a; KEY])), "ChaCha20Poly1305 Poly1305");
    }
}
