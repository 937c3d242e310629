//! ML-KEM (FIPS 203): keys and encapsulation as byte strings.

use std::ptr::null_mut;

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::evp_key::{Context, EvpKey};
use super::forking::drawing;
use super::{failed, succeeded};

/// Length of the shared secret in bytes.
pub const SHARED: usize = 32;
/// Length of the seed (d || z) in bytes.
pub const SEED: usize = 64;

/// A parameter set (FIPS 203 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// ML-KEM-512
    MlKem512,
    /// ML-KEM-768
    MlKem768,
    /// ML-KEM-1024
    MlKem1024,
}

impl Set {
    /// The dimension, k.
    const fn rank(self) -> usize {
        match self {
            Self::MlKem512 => 2,
            Self::MlKem768 => 3,
            Self::MlKem1024 => 4,
        }
    }

    /// Length of the encapsulation key in bytes.
    #[must_use]
    pub const fn public_len(self) -> usize {
        384 * self.rank() + 32
    }

    /// Length of the decapsulation key in bytes.
    #[must_use]
    pub const fn private_len(self) -> usize {
        768 * self.rank() + 96
    }

    /// Length of the ciphertext in bytes.
    #[must_use]
    pub const fn ciphertext_len(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
        }
    }

    const fn number(self) -> i32 {
        match self {
            Self::MlKem512 => c::NID_MLKEM512,
            Self::MlKem768 => c::NID_MLKEM768,
            Self::MlKem1024 => c::NID_MLKEM1024,
        }
    }
}

/// An encapsulation key that has passed the checks of FIPS 203 section 7.2.
#[derive(Debug)]
pub struct EncapsulationKey {
    set: Set,
    key: EvpKey,
}

impl EncapsulationKey {
    /// The key of its bytes.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length and for numbers that are not reduced.
    pub fn from_bytes(set: Set, bytes: &[u8]) -> Result<Self> {
        // SAFETY: `bytes` is as long as said; what comes back belongs to nobody else.
        let made = unsafe { c::EVP_PKEY_kem_new_raw_public_key(set.number(), bytes.as_ptr(), bytes.len()) };
        // SAFETY: as the line above says.
        let key = Self { set, key: unsafe { EvpKey::owned(made, "ML-KEM public key") }? };
        // The library checks the numbers when it encapsulates, and not before.
        key.encapsulate(&mut vec![0; set.ciphertext_len()])?;
        Ok(key)
    }

    /// Which parameter set.
    #[must_use]
    pub fn set(&self) -> Set {
        self.set
    }

    /// Makes a shared secret, and its ciphertext in a place of just its length.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn encapsulate(&self, ciphertext: &mut [u8]) -> Result<Secret> {
        if ciphertext.len() != self.set.ciphertext_len() {
            return Err(Error::Bug("a ciphertext's place has another length"));
        }
        let context = self.key.context()?;
        let (mut shared, mut len, mut shared_len) = (Secret::zeroed(SHARED), ciphertext.len(), SHARED);
        let place = shared.as_mut().as_mut_ptr();
        // SAFETY: both places hold as many bytes as their lengths say.
        let rc = drawing(|| unsafe {
            c::EVP_PKEY_encapsulate(
                context.as_ptr(),
                ciphertext.as_mut_ptr(),
                &raw mut len,
                place,
                &raw mut shared_len,
            )
        });
        succeeded(rc, "ML-KEM encapsulation")?;
        Ok(shared)
    }

    /// As [`EncapsulationKey::encapsulate`], with the randomness given: for published vectors.
    #[cfg(test)]
    pub(crate) fn encapsulate_with(&self, randomness: [u8; 32], ciphertext: &mut [u8]) -> Result<Secret> {
        assert_eq!(ciphertext.len(), self.set.ciphertext_len());
        let context = self.key.context()?;
        let (mut shared, mut len, mut shared_len) = (Secret::zeroed(SHARED), ciphertext.len(), SHARED);
        let (place, mut randomness_len) = (shared.as_mut().as_mut_ptr(), randomness.len());
        // SAFETY: all three hold as many bytes as their lengths say.
        let rc = unsafe {
            c::EVP_PKEY_encapsulate_deterministic(
                context.as_ptr(),
                ciphertext.as_mut_ptr(),
                &raw mut len,
                place,
                &raw mut shared_len,
                randomness.as_ptr(),
                &raw mut randomness_len,
            )
        };
        succeeded(rc, "ML-KEM encapsulation")?;
        Ok(shared)
    }
}

/// A decapsulation key that has passed the checks of FIPS 203 section 7.3. Wiped when dropped.
#[derive(Debug)]
pub struct DecapsulationKey {
    set: Set,
    key: EvpKey,
}

impl DecapsulationKey {
    /// The key of a seed, d || z.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn from_seed(set: Set, seed: &[u8; SEED]) -> Result<Self> {
        let context = Context::of_type(c::EVP_PKEY_KEM)?;
        // SAFETY: a living context that nobody shares.
        let rc = unsafe { c::EVP_PKEY_CTX_kem_set_params(context.as_ptr(), set.number()) };
        succeeded(rc, "ML-KEM parameters")?;
        // SAFETY: as above.
        let rc = unsafe { c::EVP_PKEY_keygen_init(context.as_ptr()) };
        succeeded(rc, "ML-KEM key generation")?;
        let (mut made, mut len) = (null_mut(), seed.len());
        // SAFETY: the seed is as long as said; `made` is a place for one pointer, and null.
        let rc = drawing(|| unsafe {
            c::EVP_PKEY_keygen_deterministic(context.as_ptr(), &raw mut made, seed.as_ptr(), &raw mut len)
        });
        succeeded(rc, "ML-KEM key generation")?;
        // SAFETY: the key that the call has just made belongs to nobody else.
        Ok(Self { set, key: unsafe { EvpKey::owned(made, "ML-KEM key generation") }? })
    }

    /// The key of its bytes, dk, after a check that its parts belong together.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length, a hash that is not that of the encapsulation key within, and an
    /// encapsulation key that is not the decapsulation key's.
    pub fn from_bytes(set: Set, bytes: &[u8]) -> Result<Self> {
        let public = Self::public_part(set, bytes).ok_or(Error::Primitive("ML-KEM private key"))?;
        // SAFETY: both slices are as long as said; what comes back belongs to nobody else.
        let made = unsafe {
            c::EVP_PKEY_kem_new_raw_key(
                set.number(),
                public.as_ptr(),
                public.len(),
                bytes.as_ptr(),
                bytes.len(),
            )
        };
        // SAFETY: as the line above says.
        let key = unsafe { EvpKey::owned(made, "ML-KEM private key") }?;
        // SAFETY: a living key, which the call reads.
        let rc = drawing(|| unsafe { c::EVP_PKEY_kem_check_key(key.as_ptr()) });
        succeeded(rc, "ML-KEM private key")?;
        Ok(Self { set, key })
    }

    /// The encapsulation key inside a decapsulation key (FIPS 203 section 7.1, algorithm 16).
    fn public_part(set: Set, bytes: &[u8]) -> Option<&[u8]> {
        let start = 384 * set.rank();
        bytes.get(start..start + set.public_len())
    }

    /// Which parameter set.
    #[must_use]
    pub fn set(&self) -> Set {
        self.set
    }

    /// The encapsulation key's bytes.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn public(&self) -> Result<Vec<u8>> {
        self.key.public(self.set.public_len())
    }

    /// The key's own bytes, dk.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn to_bytes(&self) -> Result<Secret> {
        self.key.private(self.set.private_len())
    }

    /// The shared secret of a ciphertext of this set's length: of one that was altered another secret, which tells nothing
    /// (implicit rejection).
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length.
    pub fn decapsulate(&self, ciphertext: &[u8]) -> Result<Secret> {
        let context = self.key.context()?;
        let (mut shared, mut len) = (Secret::zeroed(SHARED), SHARED);
        let place = shared.as_mut().as_mut_ptr();
        // SAFETY: the place holds as many bytes as its length says, the ciphertext too.
        let rc = unsafe {
            c::EVP_PKEY_decapsulate(
                context.as_ptr(),
                place,
                &raw mut len,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        };
        succeeded(rc, "ML-KEM decapsulation")?;
        if len == SHARED { Ok(shared) } else { Err(failed("ML-KEM decapsulation")) }
    }
}
