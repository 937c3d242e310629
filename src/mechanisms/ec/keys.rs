//! Keys on all curves, each by the library that computes on it (docs/decisions/0008, 0020, 0034).

use bp256::BrainpoolP256r1;
use bp384::BrainpoolP384r1;
use k256::Secp256k1;
use pkcs11::{Error, Result};

use super::generic;
use crate::aws_lc::ec as nist;
use crate::aws_lc::ec::KeyPair;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// NIST P-224, secp224r1.
    P224,
    /// NIST P-256, secp256r1, prime256v1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
    /// SEC 2's secp256k1.
    Secp256k1,
    /// RFC 5639's brainpoolP256r1.
    BrainpoolP256r1,
    /// RFC 5639's brainpoolP384r1.
    BrainpoolP384r1,
}

impl Curve {
    /// Length in bytes of a coordinate and of the order, which are equal on these curves.
    pub(super) fn coordinate_len(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 | Self::Secp256k1 | Self::BrainpoolP256r1 => 32,
            Self::P384 | Self::BrainpoolP384r1 => 48,
            Self::P521 => 66,
        }
    }

    /// Size of the field in bits.
    pub(super) fn bits(self) -> u64 {
        match self {
            Self::P224 => 224,
            Self::P256 | Self::Secp256k1 | Self::BrainpoolP256r1 => 256,
            Self::P384 | Self::BrainpoolP384r1 => 384,
            Self::P521 => 521,
        }
    }

    fn library(self) -> Library {
        match self {
            Self::P224 => Library::AwsLc(nist::Curve::P224),
            Self::P256 => Library::AwsLc(nist::Curve::P256),
            Self::P384 => Library::AwsLc(nist::Curve::P384),
            Self::P521 => Library::AwsLc(nist::Curve::P521),
            Self::Secp256k1 => Library::K256,
            Self::BrainpoolP256r1 => Library::Bp256,
            Self::BrainpoolP384r1 => Library::Bp384,
        }
    }

    fn of(curve: nist::Curve) -> Self {
        match curve {
            nist::Curve::P224 => Self::P224,
            nist::Curve::P256 => Self::P256,
            nist::Curve::P384 => Self::P384,
            nist::Curve::P521 => Self::P521,
        }
    }
}

/// What computes on a curve.
enum Library {
    AwsLc(nist::Curve),
    K256,
    Bp256,
    Bp384,
}

/// Makes a key pair.
///
/// # Errors
/// [`Error::Primitive`]
pub(super) fn generate(curve: Curve) -> Result<KeyPair> {
    match curve.library() {
        Library::AwsLc(curve) => nist::generate(curve),
        Library::K256 => generic::generate::<Secp256k1>(),
        Library::Bp256 => generic::generate::<BrainpoolP256r1>(),
        Library::Bp384 => generic::generate::<BrainpoolP384r1>(),
    }
}

/// A private key.
#[derive(Debug)]
pub(super) enum PrivateKey {
    Nist(nist::PrivateKey),
    Secp256k1(generic::PrivateKey<Secp256k1>),
    BrainpoolP256r1(generic::PrivateKey<BrainpoolP256r1>),
    BrainpoolP384r1(generic::PrivateKey<BrainpoolP384r1>),
}

impl PrivateKey {
    /// The key of a scalar, big endian.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a scalar that is 0, or the order or more.
    pub(super) fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self> {
        match curve.library() {
            Library::AwsLc(curve) => nist::PrivateKey::from_scalar(curve, scalar).map(Self::Nist),
            Library::K256 => generic::PrivateKey::from_scalar(scalar).map(Self::Secp256k1),
            Library::Bp256 => generic::PrivateKey::from_scalar(scalar).map(Self::BrainpoolP256r1),
            Library::Bp384 => generic::PrivateKey::from_scalar(scalar).map(Self::BrainpoolP384r1),
        }
    }

    /// On which curve.
    pub(super) fn curve(&self) -> Curve {
        match self {
            Self::Nist(key) => Curve::of(key.curve()),
            Self::Secp256k1(_) => Curve::Secp256k1,
            Self::BrainpoolP256r1(_) => Curve::BrainpoolP256r1,
            Self::BrainpoolP384r1(_) => Curve::BrainpoolP384r1,
        }
    }

    /// The public point, uncompressed.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn public_point(&self) -> Result<Vec<u8>> {
        match self {
            Self::Nist(key) => key.public_point(),
            Self::Secp256k1(key) => Ok(key.public_point()),
            Self::BrainpoolP256r1(key) => Ok(key.public_point()),
            Self::BrainpoolP384r1(key) => Ok(key.public_point()),
        }
    }

    /// The shared secret with a public key of the same curve: the first coordinate of the product,
    /// [`Curve::coordinate_len`] bytes (SP 800-56A section 5.7.1.2).
    ///
    /// # Errors
    /// [`Error::Primitive`], also for a key of another curve.
    pub(super) fn agree(&self, peer: &PublicKey) -> Result<pkcs11::Secret> {
        match (self, peer) {
            (Self::Nist(key), PublicKey::Nist(peer)) => key.agree(peer),
            (Self::Secp256k1(key), PublicKey::Secp256k1(peer)) => Ok(key.agree(peer)),
            (Self::BrainpoolP256r1(key), PublicKey::BrainpoolP256r1(peer)) => Ok(key.agree(peer)),
            (Self::BrainpoolP384r1(key), PublicKey::BrainpoolP384r1(peer)) => Ok(key.agree(peer)),
            _ => Err(Error::Primitive("ECDH over two curves")),
        }
    }

    /// Signs a digest, of which the leftmost bits count up to the order's length: r and s, each
    /// [`Curve::coordinate_len`] bytes. `out` is exactly twice as long.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn sign(&self, digest: &[u8], out: &mut [u8]) -> Result<()> {
        match self {
            Self::Nist(key) => key.sign(digest, out),
            Self::Secp256k1(key) => key.sign(digest, out),
            Self::BrainpoolP256r1(key) => key.sign(digest, out),
            Self::BrainpoolP384r1(key) => key.sign(digest, out),
        }
    }
}

/// A public key.
#[derive(Debug)]
pub(super) enum PublicKey {
    Nist(nist::PublicKey),
    Secp256k1(generic::PublicKey<Secp256k1>),
    BrainpoolP256r1(generic::PublicKey<BrainpoolP256r1>),
    BrainpoolP384r1(generic::PublicKey<BrainpoolP384r1>),
}

impl PublicKey {
    /// The key of a point, compressed or not.
    ///
    /// # Errors
    /// [`Error::Primitive`] for what is no point of the curve.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self> {
        match curve.library() {
            Library::AwsLc(curve) => nist::PublicKey::from_point(curve, point).map(Self::Nist),
            Library::K256 => generic::PublicKey::from_point(point).map(Self::Secp256k1),
            Library::Bp256 => generic::PublicKey::from_point(point).map(Self::BrainpoolP256r1),
            Library::Bp384 => generic::PublicKey::from_point(point).map(Self::BrainpoolP384r1),
        }
    }

    /// On which curve.
    pub(super) fn curve(&self) -> Curve {
        match self {
            Self::Nist(key) => Curve::of(key.curve()),
            Self::Secp256k1(_) => Curve::Secp256k1,
            Self::BrainpoolP256r1(_) => Curve::BrainpoolP256r1,
            Self::BrainpoolP384r1(_) => Curve::BrainpoolP384r1,
        }
    }

    /// The point, uncompressed.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn point(&self) -> Result<Vec<u8>> {
        match self {
            Self::Nist(key) => key.point(),
            Self::Secp256k1(key) => Ok(key.point()),
            Self::BrainpoolP256r1(key) => Ok(key.point()),
            Self::BrainpoolP384r1(key) => Ok(key.point()),
        }
    }

    /// Whether `r` and `s`, big endian, are a signature of `digest`.
    ///
    /// # Errors
    /// [`Error::Primitive`] when memory is exhausted.
    pub(super) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<bool> {
        match self {
            Self::Nist(key) => key.verify(digest, r, s),
            Self::Secp256k1(key) => Ok(key.verify(digest, r, s)),
            Self::BrainpoolP256r1(key) => Ok(key.verify(digest, r, s)),
            Self::BrainpoolP384r1(key) => Ok(key.verify(digest, r, s)),
        }
    }
}
