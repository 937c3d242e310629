//! What the vault is made of, from the safe crates of decision 0008.

use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{AesGcmSiv, Nonce, Tag};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use engine::primitives::{
    Locked, P384_POINT, P384_SCALAR, P384_SIGNATURE, PinCost, Primitives, SEAL_OVERHEAD,
};
use hkdf::HkdfExtract;
use hmac::{Hmac, Mac};
use memory::{Arena, Pages, keep_out_of_dumps};
use p384::ecdsa::signature::{MultipartSigner, MultipartVerifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::elliptic_curve::sec1::ToSec1Point;
use p384::elliptic_curve::subtle::ConstantTimeEq;
use p384::{ProjectivePoint, PublicKey, SecretKey};
use pkcs11::{Error, Result, Secret};
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroize;

use crate::aws_lc;

/// AES-256-GCM-SIV over the crate `aes`.
type Aes256GcmSiv = AesGcmSiv<aes::Aes256>;

/// Bytes of a nonce, before the ciphertext.
const NONCE: usize = 12;
/// Bytes of a tag, after the ciphertext.
const TAG: usize = SEAL_OVERHEAD - NONCE;
/// Bytes of a key of AES-256 and of what every derivation gives.
const KEY: usize = 32;

/// The primitives of the vault, with the locked memory that they hand out.
#[derive(Debug, Default)]
pub struct VaultPrimitives {
    arena: Arena,
}

impl VaultPrimitives {
    /// Primitives with no locked memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Primitives for VaultPrimitives {
    fn random(&self, out: &mut [u8]) -> Result<()> {
        aws_lc::random(out)
    }

    fn sha256(&self, parts: &[&[u8]]) -> [u8; 32] {
        hash::<Sha256>(parts).into()
    }

    fn sha384(&self, parts: &[&[u8]]) -> [u8; 48] {
        hash::<Sha384>(parts).into()
    }

    fn hmac_sha256(&self, key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        // A key of up to one block goes in as it is, a longer one as its hash (RFC 2104 section 2).
        let mut block = [0; 64];
        let mut digest = [0; 32];
        let short = if key.len() <= block.len() {
            key
        } else {
            digest = Sha256::digest(key).into();
            &digest
        };
        block.iter_mut().zip(short).for_each(|(place, byte)| *place = *byte);
        let mut padded = block.into();
        block.zeroize();
        digest.zeroize();
        let mut mac = Hmac::<Sha256>::new(&padded);
        padded.zeroize();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }

    fn equal(&self, a: &[u8], b: &[u8]) -> bool {
        a.ct_eq(b).into()
    }

    fn expand_sha256(&self, key: &[u8], info: &[&[u8]]) -> Secret {
        // The first and only block T(1) (RFC 5869 section 2.3).
        let mut parts = info.to_vec();
        parts.push(&[1]);
        Secret::from(self.hmac_sha256(key, &parts))
    }

    fn hkdf_sha384(&self, salt: &[u8], input: &[&[u8]], info: &[&[u8]]) -> Secret {
        let mut extract = HkdfExtract::<Sha384>::new(Some(salt));
        input.iter().for_each(|part| extract.input_ikm(part));
        let (mut key, expand) = extract.finalize();
        key.zeroize();
        let mut out = Secret::zeroed(KEY);
        // The only error is a length over 255 hashes.
        let Ok(()) = expand.expand_multi_info(info, out.as_mut()) else {
            unreachable!("{KEY} bytes are less than 255 hashes")
        };
        out
    }

    fn argon2id(&self, pin: &[u8], salt: &[u8], cost: PinCost) -> Result<Secret> {
        if !(8..=2 << 20).contains(&cost.memory)
            || !(1..=64).contains(&cost.passes)
            || !(1..=16).contains(&cost.lanes)
        {
            return Err(Error::Primitive("cost of a PIN out of bounds"));
        }
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(KEY))
            .map_err(|_| Error::Primitive("cost of a PIN out of bounds"))?;
        derive(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), pin, salt)
    }

    fn seal(&self, key: &Secret, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        aws_lc::random(&mut nonce)?;
        seal_under(nonce, key, associated, plain)
    }

    fn open(&self, key: &Secret, associated: &[u8], sealed: &[u8]) -> Option<Secret> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
        let cipher = Aes256GcmSiv::new_from_slice(key.expose()).ok()?;
        let mut plain = Secret::from(ciphertext);
        cipher
            .decrypt_inout_detached(&Nonce::from(*nonce), associated, plain.as_mut().into(), &Tag::from(*tag))
            .ok()?;
        Some(plain)
    }

    fn p384_generate(&self) -> Result<Secret> {
        // A random string is out of range once in 2^190 times.
        for _ in 0..4 {
            let mut scalar = Secret::zeroed(P384_SCALAR);
            aws_lc::random(scalar.as_mut())?;
            if secret_key(&scalar).is_ok() {
                return Ok(scalar);
            }
        }
        Err(Error::Primitive("random bytes that are not"))
    }

    fn p384_point(&self, scalar: &Secret) -> Result<[u8; P384_POINT]> {
        compressed(&secret_key(scalar)?.public_key())
    }

    fn p384_sign(&self, scalar: &Secret, message: &[&[u8]]) -> Result<[u8; P384_SIGNATURE]> {
        let signature: Signature = SigningKey::from(secret_key(scalar)?)
            .try_multipart_sign(message)
            .map_err(|_| Error::Primitive("ECDSA P-384 signature"))?;
        Ok(signature.to_bytes().into())
    }

    fn p384_verify(&self, point: &[u8], message: &[&[u8]], signature: &[u8]) -> bool {
        let Ok(key) = public_key(point) else { return false };
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        VerifyingKey::from(key).multipart_verify(message, &signature).is_ok()
    }

    fn p384_multiply(&self, scalar: &Secret, point: &[u8]) -> Result<Secret> {
        let mut scalar = secret_key(scalar)?.to_nonzero_scalar();
        let mut product: ProjectivePoint = public_key(point)?.to_projective() * *scalar;
        scalar.zeroize();
        // The order is prime and neither factor is 0: the product is no point at infinity.
        let affine = PublicKey::from_affine(product.to_affine());
        product.zeroize();
        let out = compressed(&affine.map_err(|_| Error::Primitive("a product of P-384 that cannot be"))?)?;
        Ok(Secret::from(out))
    }

    fn locked(&self, len: usize) -> Result<Box<dyn Locked>> {
        let pages = self.arena.pages(len).map_err(|_| Error::HostMemory)?;
        Ok(Box::new(LockedPages(pages)))
    }
}

/// The port's view of locked pages.
struct LockedPages(Pages);

impl Locked for LockedPages {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }
}

/// Runs Argon2 in memory that is kept out of dumps and wiped.
fn derive(argon2: &Argon2<'_>, pin: &[u8], salt: &[u8]) -> Result<Secret> {
    let count = argon2.params().block_count();
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count).map_err(|_| Error::HostMemory)?;
    blocks.resize(count, Block::new());
    let mut blocks = keep_out_of_dumps(&mut blocks);
    let mut out = Secret::zeroed(KEY);
    let hashed = argon2.hash_password_into_with_memory(pin, salt, out.as_mut(), &mut *blocks);
    blocks.iter_mut().for_each(Zeroize::zeroize);
    hashed.map_err(|_| Error::Primitive("Argon2id"))?;
    Ok(out)
}

fn hash<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut state = D::new();
    parts.iter().for_each(|part| state.update(part));
    state.finalize()
}

/// AES-256-GCM-SIV under a given nonce: nonce, ciphertext, tag.
fn seal_under(nonce: [u8; NONCE], key: &Secret, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let cipher = Aes256GcmSiv::new_from_slice(key.expose())
        .map_err(|_| Error::Primitive("a key of another length"))?;
    // The right capacity from the start: no copy of the plain bytes is left behind in a place too small.
    let mut sealed = Vec::with_capacity(plain.len() + SEAL_OVERHEAD);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let in_place = sealed.get_mut(NONCE..).unwrap_or_default();
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), associated, in_place.into())
        .map_err(|_| Error::Primitive("AES-256-GCM-SIV"))?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn secret_key(scalar: &Secret) -> Result<SecretKey> {
    if scalar.len() != P384_SCALAR {
        return Err(Error::Primitive("a P-384 scalar of another length"));
    }
    SecretKey::from_slice(scalar.expose()).map_err(|_| Error::Primitive("a P-384 scalar out of range"))
}

/// A compressed point, and no other form.
fn public_key(point: &[u8]) -> Result<PublicKey> {
    // The crate would also read SEC 1's other forms, and the compact one (first byte 5) at this same length.
    if point.len() != P384_POINT || !matches!(point.first(), Some(2 | 3)) {
        return Err(Error::Primitive("a P-384 point in another form"));
    }
    PublicKey::from_sec1_bytes(point).map_err(|_| Error::Primitive("no point of P-384"))
}

fn compressed(key: &PublicKey) -> Result<[u8; P384_POINT]> {
    let point = key.to_sec1_point(true);
    point.as_bytes().try_into().map_err(|_| Error::Primitive("a P-384 point of another length"))
}

#[cfg(test)]
mod tests;
