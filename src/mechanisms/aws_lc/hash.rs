//! The hash functions by name, for the operations that have one inside.

use aws_lc_sys as c;

/// A hash function (FIPS 180-4).
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
        }
    }

    /// Length of a digest in bytes.
    #[must_use]
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512_224 => 28,
            Self::Sha256 | Self::Sha512_256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
