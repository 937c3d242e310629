//! ML-DSA (FIPS 204): keys as byte strings, and signatures of what the message becomes first, mu (algorithm 7, line 6).

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::evp_key::EvpKey;
use super::forking::drawing;
use super::{failed, succeeded};

/// Length of the seed (xi) in bytes.
pub const SEED: usize = 32;
/// Length of mu in bytes.
pub const MU: usize = 64;

/// A parameter set (FIPS 204 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// ML-DSA-44
    MlDsa44,
    /// ML-DSA-65
    MlDsa65,
    /// ML-DSA-87
    MlDsa87,
}

impl Set {
    /// Length of the public key in bytes.
    #[must_use]
    pub const fn public_len(self) -> usize {
        match self {
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }

    /// Length of the private key in bytes.
    #[must_use]
    pub const fn private_len(self) -> usize {
        match self {
            Self::MlDsa44 => 2560,
            Self::MlDsa65 => 4032,
            Self::MlDsa87 => 4896,
        }
    }

    /// Length of a signature in bytes.
    #[must_use]
    pub const fn signature_len(self) -> usize {
        match self {
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }

    const fn number(self) -> i32 {
        match self {
            Self::MlDsa44 => c::NID_MLDSA44,
            Self::MlDsa65 => c::NID_MLDSA65,
            Self::MlDsa87 => c::NID_MLDSA87,
        }
    }
}

/// A public key.
#[derive(Debug)]
pub struct PublicKey {
    set: Set,
    key: EvpKey,
}

impl PublicKey {
    /// The key of its bytes: any of the right length are one.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length.
    pub fn from_bytes(set: Set, bytes: &[u8]) -> Result<Self> {
        // SAFETY: `bytes` is as long as said; what comes back belongs to nobody else.
        let made = unsafe { c::EVP_PKEY_pqdsa_new_raw_public_key(set.number(), bytes.as_ptr(), bytes.len()) };
        // SAFETY: as the line above says.
        Ok(Self { set, key: unsafe { EvpKey::owned(made, "ML-DSA public key") }? })
    }

    /// Which parameter set.
    #[must_use]
    pub fn set(&self) -> Set {
        self.set
    }

    /// Whether a signature is right for a mu.
    ///
    /// # Errors
    /// [`Error::Primitive`] when memory is exhausted.
    pub fn verify_mu(&self, mu: &[u8; MU], signature: &[u8]) -> Result<bool> {
        let context = self.key.context()?;
        // SAFETY: a living context that nobody shares.
        let rc = unsafe { c::EVP_PKEY_verify_init(context.as_ptr()) };
        succeeded(rc, "ML-DSA verification")?;
        // SAFETY: both slices are as long as said.
        let rc = unsafe {
            c::EVP_PKEY_verify(context.as_ptr(), signature.as_ptr(), signature.len(), mu.as_ptr(), mu.len())
        };
        Ok(succeeded(rc, "ML-DSA verification").is_ok())
    }
}

/// A private key whose parts belong together. Wiped when dropped.
#[derive(Debug)]
pub struct PrivateKey {
    set: Set,
    key: EvpKey,
}

impl PrivateKey {
    /// The key of a seed, xi.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn from_seed(set: Set, seed: &[u8; SEED]) -> Result<Self> {
        Self::from_raw(set, seed)
    }

    /// The key of its bytes, sk.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length, for secret vectors out of their bounds, and where t0 or tr are not theirs.
    pub fn from_bytes(set: Set, bytes: &[u8]) -> Result<Self> {
        if bytes.len() != set.private_len() {
            return Err(Error::Primitive("ML-DSA private key"));
        }
        Self::from_raw(set, bytes)
    }

    /// The library tells a seed from a private key by its length.
    fn from_raw(set: Set, bytes: &[u8]) -> Result<Self> {
        // SAFETY: `bytes` is as long as said; what comes back belongs to nobody else.
        let made = drawing(|| unsafe {
            c::EVP_PKEY_pqdsa_new_raw_private_key(set.number(), bytes.as_ptr(), bytes.len())
        });
        // SAFETY: as the line above says.
        Ok(Self { set, key: unsafe { EvpKey::owned(made, "ML-DSA private key") }? })
    }

    /// Which parameter set.
    #[must_use]
    pub fn set(&self) -> Set {
        self.set
    }

    /// The public key's bytes.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn public(&self) -> Result<Vec<u8>> {
        self.key.public(self.set.public_len())
    }

    /// The key's own bytes, sk.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn to_bytes(&self) -> Result<Secret> {
        self.key.private(self.set.private_len())
    }

    /// Signs a mu, hedged (FIPS 204 section 3.4), into a place of just the signature's length.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn sign_mu(&self, mu: &[u8; MU], out: &mut [u8]) -> Result<()> {
        let context = self.key.context()?;
        // SAFETY: a living context that nobody shares.
        let rc = unsafe { c::EVP_PKEY_sign_init(context.as_ptr()) };
        succeeded(rc, "ML-DSA signature")?;
        let mut len = out.len();
        // SAFETY: `out` holds as many bytes as `len` says, mu 64.
        let rc = drawing(|| unsafe {
            c::EVP_PKEY_sign(context.as_ptr(), out.as_mut_ptr(), &raw mut len, mu.as_ptr(), mu.len())
        });
        succeeded(rc, "ML-DSA signature")?;
        if len == out.len() { Ok(()) } else { Err(failed("ML-DSA signature")) }
    }
}
