//! The curves that the crates of RustCrypto compute on, which have one shape: secp256k1 (SEC 2 section 2.4.1),
//! brainpoolP256r1 and brainpoolP384r1 (RFC 5639); docs/decisions/0020 and 0034.

use std::fmt;

use ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature, SigningKey, VerifyingKey};
use p384::ecdh;
use p384::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p384::elliptic_curve::{CurveArithmetic, FieldBytes};
use pkcs11::{Error, Result, Secret};
use zeroize::Zeroize;

use crate::aws_lc;
use crate::aws_lc::ec::KeyPair;

/// A curve of these crates. Its order is as long as a coordinate.
pub(super) trait Curve:
    EcdsaCurve<FieldBytesSize: ModulusSize>
    + CurveArithmetic<AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>>
    + DigestAlgorithm
{
}

impl Curve for k256::Secp256k1 {}
impl Curve for bp256::BrainpoolP256r1 {}
impl Curve for bp384::BrainpoolP384r1 {}

/// Makes a key pair: scalars are drawn until one is below the order, after few on each of these curves.
///
/// # Errors
/// [`Error::Primitive`]
pub(super) fn generate<C: Curve>() -> Result<KeyPair> {
    loop {
        let mut scalar = Secret::zeroed(FieldBytes::<C>::default().len());
        aws_lc::random(scalar.as_mut())?;
        if let Ok(key) = PrivateKey::<C>::from_scalar(scalar.expose()) {
            return Ok(KeyPair { scalar, point: key.public_point() });
        }
    }
}

/// A private key; wiped when dropped.
pub(super) struct PrivateKey<C: Curve>(SigningKey<C>);

impl<C: Curve> fmt::Debug for PrivateKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl<C: Curve> PrivateKey<C> {
    /// The key of a scalar, big endian, no longer than the order.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a scalar that is 0, or the order or more.
    pub(super) fn from_scalar(scalar: &[u8]) -> Result<Self> {
        let refused = Error::Primitive("EC private key");
        let mut bytes = padded::<C>(scalar).ok_or(refused.clone())?;
        let key = SigningKey::from_bytes(&bytes).map(Self).map_err(|_| refused);
        bytes.as_mut_slice().zeroize();
        key
    }

    /// The public point, uncompressed.
    pub(super) fn public_point(&self) -> Vec<u8> {
        uncompressed(self.0.verifying_key())
    }

    /// The first coordinate of the product with the other's point.
    pub(super) fn agree(&self, peer: &PublicKey<C>) -> Secret {
        let shared = ecdh::diffie_hellman::<C>(self.0.as_nonzero_scalar(), peer.0.as_affine());
        Secret::from(shared.raw_secret_bytes().as_slice())
    }

    /// Signs a digest with a nonce made of key and digest (RFC 6979 with SHA-256 or SHA-384, as long as the order): r and
    /// s. On secp256k1 s is the lower of the two that verify, as the users of this curve expect.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn sign(&self, digest: &[u8], out: &mut [u8]) -> Result<()> {
        let signature: ecdsa::signature::Result<Signature<C>> = self.0.sign_prehash(&field::<C>(digest));
        let signature = signature.map_err(|_| Error::Primitive("ECDSA signature"))?;
        let (r, s) = signature.split_bytes();
        if out.len() != r.len() + s.len() {
            return Err(Error::Primitive("ECDSA signature of another length"));
        }
        out.iter_mut().zip(r.iter().chain(&s)).for_each(|(place, byte)| *place = *byte);
        Ok(())
    }
}

/// A public key.
pub(super) struct PublicKey<C: Curve>(VerifyingKey<C>);

impl<C: Curve> fmt::Debug for PublicKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

impl<C: Curve> PublicKey<C> {
    /// The key of a point, compressed or not.
    ///
    /// # Errors
    /// [`Error::Primitive`] for what is no point of the curve.
    pub(super) fn from_point(point: &[u8]) -> Result<Self> {
        VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| Error::Primitive("EC point"))
    }

    /// The point, uncompressed.
    pub(super) fn point(&self) -> Vec<u8> {
        uncompressed(&self.0)
    }

    /// Whether `r` and `s`, big endian, are a signature of `digest`; both values of s count, as in FIPS 186-5, which the
    /// crate alone would not say of the higher on secp256k1.
    pub(super) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> bool {
        let Some((r, s)) = padded::<C>(r).zip(padded::<C>(s)) else { return false };
        let Ok(signature) = Signature::<C>::from_scalars(r, s) else { return false };
        self.0.verify_prehash(&field::<C>(digest), &signature.normalize_s()).is_ok()
    }
}

fn uncompressed<C: Curve>(key: &VerifyingKey<C>) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// The leftmost bits of a digest as a number of the order's length.
fn field<C: Curve>(digest: &[u8]) -> FieldBytes<C> {
    let len = FieldBytes::<C>::default().len();
    padded::<C>(digest.get(..len).unwrap_or(digest)).unwrap_or_default()
}

/// A big-endian number no longer than the order, with zeros before it.
fn padded<C: Curve>(number: &[u8]) -> Option<FieldBytes<C>> {
    let mut bytes = FieldBytes::<C>::default();
    let start = bytes.len().checked_sub(number.len())?;
    bytes.get_mut(start..)?.copy_from_slice(number);
    Some(bytes)
}

#[cfg(test)]
mod tests;
