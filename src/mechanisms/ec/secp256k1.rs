//! The curve secp256k1 (SEC 2 section 2.4.1) over the crate `k256` (docs/decisions/0020).

use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use k256::{FieldBytes, ecdh};
use pkcs11::{Error, Result, Secret};
use zeroize::Zeroize;

use crate::aws_lc;
use crate::aws_lc::ec::KeyPair;

/// Length in bytes of a coordinate and of the order.
pub(super) const LEN: usize = 32;

/// Makes a key pair: scalars are drawn until one is below the order, nearly always the first.
///
/// # Errors
/// [`Error::Primitive`]
pub(super) fn generate() -> Result<KeyPair> {
    loop {
        let mut scalar = Secret::zeroed(LEN);
        aws_lc::random(scalar.as_mut())?;
        if let Ok(key) = PrivateKey::from_scalar(scalar.expose()) {
            return Ok(KeyPair { scalar, point: key.public_point() });
        }
    }
}

/// A private key; wiped when dropped.
#[derive(Debug)]
pub(super) struct PrivateKey(SigningKey);

impl PrivateKey {
    /// The key of a scalar, big endian, of at most [`LEN`] bytes.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a scalar that is 0, or the order or more.
    pub(super) fn from_scalar(scalar: &[u8]) -> Result<Self> {
        let refused = Error::Primitive("secp256k1 private key");
        let mut bytes = padded(scalar).ok_or(refused.clone())?;
        let key = SigningKey::from_bytes(&bytes).map(Self).map_err(|_| refused);
        bytes.as_mut_slice().zeroize();
        key
    }

    /// The public point, uncompressed.
    pub(super) fn public_point(&self) -> Vec<u8> {
        uncompressed(self.0.verifying_key())
    }

    /// The first coordinate of the product with the other's point.
    pub(super) fn agree(&self, peer: &PublicKey) -> Secret {
        let shared = ecdh::diffie_hellman(self.0.as_nonzero_scalar(), peer.0.as_affine());
        Secret::from(shared.raw_secret_bytes().as_slice())
    }

    /// Signs a digest with a nonce made of key and digest (RFC 6979 with SHA-256): r and s, of which s is the lower of
    /// the two that verify, as the users of this curve expect.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn sign(&self, digest: &[u8], out: &mut [u8]) -> Result<()> {
        let signature: k256::ecdsa::signature::Result<Signature> = self.0.sign_prehash(&field(digest));
        let bytes = signature.map_err(|_| Error::Primitive("secp256k1 signature"))?.to_bytes();
        if out.len() != bytes.len() {
            return Err(Error::Primitive("ECDSA signature of another length"));
        }
        out.copy_from_slice(&bytes);
        Ok(())
    }
}

/// A public key.
#[derive(Debug)]
pub(super) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key of a point, compressed or not.
    ///
    /// # Errors
    /// [`Error::Primitive`] for what is no point of the curve.
    pub(super) fn from_point(point: &[u8]) -> Result<Self> {
        VerifyingKey::from_sec1_bytes(point).map(Self).map_err(|_| Error::Primitive("secp256k1 point"))
    }

    /// The point, uncompressed.
    pub(super) fn point(&self) -> Vec<u8> {
        uncompressed(&self.0)
    }

    /// Whether `r` and `s`, big endian, are a signature of `digest`; both values of s count, as in FIPS 186-5, which the
    /// crate alone would not say of the higher.
    pub(super) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> bool {
        let Some((r, s)) = padded(r).zip(padded(s)) else { return false };
        let Ok(signature) = Signature::from_scalars(r, s) else { return false };
        self.0.verify_prehash(&field(digest), &signature.normalize_s()).is_ok()
    }
}

fn uncompressed(key: &VerifyingKey) -> Vec<u8> {
    key.to_sec1_point(false).as_bytes().to_vec()
}

/// The leftmost bits of a digest as a number of the order's length.
fn field(digest: &[u8]) -> FieldBytes {
    padded(digest.get(..LEN).unwrap_or(digest)).unwrap_or_default()
}

/// A big-endian number of at most [`LEN`] bytes, with zeros before it.
fn padded(number: &[u8]) -> Option<FieldBytes> {
    let mut bytes = FieldBytes::default();
    let start = LEN.checked_sub(number.len())?;
    bytes.get_mut(start..)?.copy_from_slice(number);
    Some(bytes)
}

#[cfg(test)]
mod tests;
