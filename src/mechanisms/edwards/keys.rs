//! Keys on both curves, each by the library that computes on it (docs/decisions/0020, 0034).

use std::any::Any;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed448_goldilocks as ed448;
use engine::mechanism::Key;
use pkcs11::{Error, Result};
use zeroize::Zeroize;

use crate::aws_lc::curve25519::{self, Signed};
use crate::byte_curves::CurveRow;

/// Lengths of a signature in bytes.
const ED25519_SIGNATURE: usize = curve25519::SIGNATURE;
const ED448_SIGNATURE: usize = ed448::SIGNATURE_LENGTH;

/// The curves, and what clients call them.
pub(super) const CURVES: &[CurveRow] = &[
    // id-Ed25519 (1.3.101.112), and GNU's identifier of earlier years (1.3.6.1.4.1.11591.15.1).
    CurveRow {
        len: curve25519::LEN,
        bits: 255,
        oids: &[b"\x2b\x65\x70", b"\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"],
        names: &["edwards25519", "ed25519"],
        misspelt: &[],
        public_key: |seed| Ok(curve25519::SigningKey::from_seed(curve25519::key_bytes(seed)?).public()),
        is_public_key: is_ed25519_point,
    },
    // id-Ed448 (1.3.101.113).
    CurveRow {
        len: ed448::PUBLIC_KEY_LENGTH,
        bits: 448,
        oids: &[b"\x2b\x65\x71"],
        names: &["edwards448", "ed448"],
        misspelt: &[],
        public_key: |seed| Ok(ed448_key(seed)?.verifying_key().as_bytes().to_vec()),
        is_public_key: |bytes| ed448_point(bytes).is_some(),
    },
];

/// Whether bytes are a point of edwards25519 with more than eight multiples, which AWS-LC does not ask, in its only form (RFC
/// 8032 section 5.1.3): the crate takes coordinates that are not reduced too.
fn is_ed25519_point(bytes: &[u8]) -> bool {
    let point = CompressedEdwardsY::from_slice(bytes).ok().and_then(|bytes| bytes.decompress());
    point.is_some_and(|point| !point.is_small_order() && point.compress().as_bytes() == bytes)
}

fn ed448_key(seed: &[u8]) -> Result<ed448::SigningKey> {
    let refused = Error::Primitive("a key of another length");
    let mut seed = ed448::SecretKey::try_from(seed).map_err(|_| refused)?;
    let key = ed448::SigningKey::from(&seed);
    seed.as_mut_slice().zeroize();
    Ok(key)
}

/// A point of the group that keys are of, and not its neutral element: the crate looks; in its only form.
fn ed448_point(bytes: &[u8]) -> Option<ed448::VerifyingKey> {
    let bytes = bytes.try_into().ok().filter(|bytes: &&_| is_reduced(bytes))?;
    ed448::VerifyingKey::from_bytes(bytes).ok()
}

/// Whether 57 bytes are a coordinate below 2^448 - 2^224 - 1 in little endian, and a sign in the highest bit: the crate
/// passes over the seven bits between, and reduces (RFC 8032 section 5.2.3).
fn is_reduced(point: &[u8; ed448::PUBLIC_KEY_LENGTH]) -> bool {
    let prime = (0..56).rev().map(|at| if at == 28 { 0xFE } else { 0xFF });
    let [coordinate @ .., sign] = point;
    sign & 0x7F == 0 && coordinate.iter().rev().copied().lt(prime)
}

/// The bytes of a digest, for the crate that would make the digest itself.
struct Digest([u8; curve25519::PREHASH]);

impl ed448::PreHash for Digest {
    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.iter_mut().zip(self.0).for_each(|(place, byte)| *place = byte);
    }
}

/// A private key. Wiped when dropped.
pub(super) enum SigningKey {
    Ed25519(curve25519::SigningKey),
    Ed448(Box<ed448::SigningKey>),
}

impl SigningKey {
    /// The key of a seed as long as its curve's keys are.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn new(curve: &CurveRow, seed: &[u8]) -> Result<Self> {
        match curve.len {
            curve25519::LEN => {
                Ok(Self::Ed25519(curve25519::SigningKey::from_seed(curve25519::key_bytes(seed)?)))
            }
            _ => Ok(Self::Ed448(Box::new(ed448_key(seed)?))),
        }
    }

    /// Length of a signature in bytes.
    pub(super) fn signature_len(&self) -> usize {
        match self {
            Self::Ed25519(_) => ED25519_SIGNATURE,
            Self::Ed448(_) => ED448_SIGNATURE,
        }
    }

    /// Signs; `out` is exactly [`SigningKey::signature_len`] long.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(super) fn sign(&self, signed: Signed<'_>, out: &mut [u8]) -> Result<()> {
        let refused = Error::Primitive("an EdDSA signature");
        match self {
            Self::Ed25519(key) => key.sign(signed, out.try_into().map_err(|_| refused)?),
            Self::Ed448(key) => {
                let signature = match signed {
                    Signed::Pure(message) => Ok(key.sign_raw(message)),
                    Signed::WithContext(message, context) => key.sign_ctx(context, message),
                    Signed::Prehashed(digest, context) => key.sign_prehashed(Some(context), Digest(*digest)),
                };
                let signature = signature.map_err(|_| refused.clone())?.to_bytes();
                if out.len() != signature.len() {
                    return Err(refused);
                }
                out.copy_from_slice(&signature);
                Ok(())
            }
        }
    }
}

/// A public key.
pub(super) enum VerifyingKey {
    Ed25519([u8; curve25519::LEN]),
    Ed448(Box<ed448::VerifyingKey>),
}

impl VerifyingKey {
    /// The key of bytes that [`CurveRow::is_public_key`] takes; nothing of others.
    pub(super) fn new(curve: &CurveRow, bytes: &[u8]) -> Option<Self> {
        match curve.len {
            curve25519::LEN => bytes.try_into().ok().map(Self::Ed25519),
            _ => ed448_point(bytes).map(|key| Self::Ed448(Box::new(key))),
        }
    }

    /// Whether a signature is right.
    ///
    /// # Errors
    /// [`Error::SignatureLenRange`]
    pub(super) fn verify(&self, signed: Signed<'_>, signature: &[u8]) -> Result<bool> {
        match self {
            Self::Ed25519(key) => {
                let signature = signature.try_into().map_err(|_| Error::SignatureLenRange)?;
                Ok(curve25519::verify(key, signed, signature))
            }
            Self::Ed448(key) => {
                let signature: &[u8; ED448_SIGNATURE] =
                    signature.try_into().map_err(|_| Error::SignatureLenRange)?;
                if !signature.first_chunk().is_some_and(is_reduced) {
                    return Ok(false);
                }
                let signature = ed448::Signature::from_bytes(signature);
                let right = match signed {
                    Signed::Pure(message) => key.verify_raw(&signature, message),
                    Signed::WithContext(message, context) => key.verify_ctx(&signature, context, message),
                    Signed::Prehashed(digest, context) => {
                        key.verify_prehashed(&signature, Some(context), Digest(*digest))
                    }
                };
                Ok(right.is_ok())
            }
        }
    }
}

/// Which of both curves.
fn bits(is_ed25519: bool) -> u64 {
    if is_ed25519 { 255 } else { 448 }
}

impl Key for SigningKey {
    fn size(&self) -> u64 {
        bits(matches!(self, Self::Ed25519(_)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for VerifyingKey {
    fn size(&self) -> u64 {
        bits(matches!(self, Self::Ed25519(_)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A coordinate below 2^255 in little endian: `low`, in the first byte, and `rest` in all others but the last.
    fn coordinate(low: u8, rest: u8, last: u8) -> [u8; 32] {
        let mut bytes = [rest; 32];
        bytes[0] = low;
        bytes[31] = last;
        bytes
    }

    #[test]
    fn a_coordinate_of_edwards448_has_one_form() {
        let with = |changes: &[(usize, u8)]| {
            let mut point = [0xFF; 57];
            (point[28], point[56]) = (0xFE, 0);
            changes.iter().for_each(|(at, byte)| point[*at] = *byte);
            point
        };
        assert!(!is_reduced(&with(&[])), "the prime itself");
        assert!(is_reduced(&with(&[(0, 0xFE)])), "one less");
        assert!(is_reduced(&with(&[(28, 0xFD)])));
        assert!(!is_reduced(&with(&[(28, 0xFF), (0, 0)])));
        assert!(is_reduced(&with(&[(0, 0xFE), (56, 0x80)])), "with the sign");
        for bit in 0..7 {
            assert!(!is_reduced(&with(&[(0, 0xFE), (56, 1 << bit)])));
        }
    }

    /// The prime is 2^255 - 19, so that 19 coordinates have a second form.
    #[test]
    fn a_coordinate_that_is_not_reduced_is_no_key() {
        let reduced = (0..19).filter(|low| is_ed25519_point(&coordinate(*low, 0, 0)));
        assert!(reduced.count() > 5, "about every second coordinate is a point's");
        for low in 0..19 {
            assert!(!is_ed25519_point(&coordinate(0xED + low, 0xFF, 0x7F)), "{low}");
        }
    }
}
