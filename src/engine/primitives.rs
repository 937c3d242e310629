//! PORT: what the vault is made of. All of it comes from the safe crates of decision 0008.

use pkcs11::{Result, Secret};

/// Cost of a PIN's key derivation, stored with each PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// Length of a P-384 private scalar in bytes.
pub const P384_SCALAR: usize = 48;
/// Length of a compressed P-384 point in bytes (SEC 1 section 2.3.3).
pub const P384_POINT: usize = 49;
/// Length of an ECDSA P-384 signature, r and s, in bytes.
pub const P384_SIGNATURE: usize = 96;
/// What sealing adds: a nonce of 12 bytes before, a tag of 16 after.
pub const SEAL_OVERHEAD: usize = 28;

/// The primitives of the vault.
pub trait Primitives: Send + Sync {
    /// Fills `out` from the random generator: per thread, safe across fork.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn random(&self, out: &mut [u8]) -> Result<()>;

    /// SHA-256 over the concatenation of `parts`.
    fn sha256(&self, parts: &[&[u8]]) -> [u8; 32];

    /// SHA-384 over the concatenation of `parts`.
    fn sha384(&self, parts: &[&[u8]]) -> [u8; 48];

    /// HMAC-SHA256 over the concatenation of `parts` (RFC 2104).
    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32];

    /// Compares without telling by its time where two values differ.
    fn equal(&self, a: &[u8], b: &[u8]) -> bool;

    /// HKDF-Expand with SHA-256 to 32 bytes; `key` is a pseudorandom key (RFC 5869 section 2.3).
    fn expand_sha256(&self, key: &[u8], info: &[&[u8]]) -> Secret;

    /// HKDF with SHA-384, extract and expand, to 32 bytes (RFC 5869 section 2).
    fn hkdf_sha384(&self, salt: &[u8], input: &[&[u8]], info: &[&[u8]]) -> Secret;

    /// Argon2id version 0x13 to 32 bytes (RFC 9106). Takes about 150 ms at the default cost: never call it under
    /// a lock. Its memory is kept out of dumps and wiped.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`] for a cost outside 8 KiB..2 GiB, 1..64 passes, 1..16 lanes;
    /// [`pkcs11::Error::HostMemory`].
    fn argon2id(&self, pin: &[u8], salt: &[u8], cost: PinCost) -> Result<Secret>;

    /// AES-256-GCM-SIV (RFC 8452) under a random nonce: nonce, ciphertext, tag. `key` is 32 bytes.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn seal(&self, key: &Secret, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>>;

    /// Opens what [`Primitives::seal`] made; `None` when key, associated data or box is another.
    fn open(&self, key: &Secret, associated: &[u8], sealed: &[u8]) -> Option<Secret>;

    /// A fresh P-384 private key: a scalar of [`P384_SCALAR`] bytes, big endian, 1 to order - 1.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn p384_generate(&self) -> Result<Secret>;

    /// The point of a scalar, compressed.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`] for a scalar out of range.
    fn p384_point(&self, scalar: &Secret) -> Result<[u8; P384_POINT]>;

    /// ECDSA over SHA-384 of the concatenated parts (FIPS 186-5), deterministic (RFC 6979).
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`] for a scalar out of range.
    fn p384_sign(&self, scalar: &Secret, message: &[&[u8]]) -> Result<[u8; P384_SIGNATURE]>;

    /// Whether a signature of [`Primitives::p384_sign`] is right; false also for a point that is none.
    fn p384_verify(&self, point: &[u8], message: &[&[u8]], signature: &[u8]) -> bool;

    /// The product of a scalar and a point, compressed: what an officer's share does to an escrow.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`] for a scalar out of range or a point that is none.
    fn p384_multiply(&self, scalar: &Secret, point: &[u8]) -> Result<Secret>;

    /// `len` zero bytes in pages that are locked in memory, kept out of dumps and wiped in a forked child; where the
    /// system does not allow locking, the pages are ordinary in that respect, and a warning is logged once.
    ///
    /// # Errors
    /// [`pkcs11::Error::HostMemory`]
    fn locked(&self, len: usize) -> Result<Box<dyn Locked>>;
}

/// Bytes in locked pages, wiped when dropped.
pub trait Locked: Send + Sync {
    /// To read.
    fn bytes(&self) -> &[u8];
    /// To write.
    fn bytes_mut(&mut self) -> &mut [u8];
}
