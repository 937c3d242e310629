//! The algorithms under the rows that the long form alone measures.
//!
//! A mode that the library has none of is taken for as many blocks of its cipher, or as many MACs, as it needs: no
//! implementation of the mode can do with less.

use std::sync::OnceLock;

use blake2::Blake2b;
use blake2::digest::Digest as _;
use blake2::digest::consts::U32;
use bp256::BrainpoolP256r1;
use camellia::Camellia256;
use camellia::cipher::{Array, BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use chacha20::ChaCha20;
use claviger_mechanisms::aws_lc::Direction;
use claviger_mechanisms::aws_lc::aes::{BLOCK, CounterState, Key, TAG};
use claviger_mechanisms::aws_lc::chacha20::{ChaCha20Poly1305, Poly1305};
use claviger_mechanisms::aws_lc::derivation::pbkdf2;
use claviger_mechanisms::aws_lc::finite_field::{Domain, agree};
use claviger_mechanisms::aws_lc::hash::{Hash, Running};
use claviger_mechanisms::aws_lc::{des, ml_dsa, ml_kem, random};
use ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use ecdsa::{Signature, SigningKey};
use ed448_goldilocks as ed448;
use k256::Secp256k1;
use md5::Md5;
use pkcs11::{Error, Result, Secret};
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::Sha512;
use slh_dsa::{Sha2_128f, SigningKey as SlhDsaKey};

use super::{KIB, Operation, cbc, digest_with, macs, right};

/// Length of a message that is signed, in bytes.
const MESSAGE: usize = 64;

/// As [`super::operation`].
pub(super) fn operation(row: &str) -> Result<Option<Operation>> {
    let operation: Operation = match row {
        "sign/ecdsa-secp256k1" => ecdsa_sign!(Secp256k1),
        "sign/ecdsa-brainpoolP256r1" => ecdsa_sign!(BrainpoolP256r1),
        "sign/dsa2048" => dsa_sign()?,
        "sign/ed448" => ed448_sign(),
        "sign/slh-dsa-sha2-128f" => slh_dsa_sign(),
        "verify/ecdsa-secp256k1" => ecdsa_verify!(Secp256k1),
        "verify/ecdsa-brainpoolP256r1" => ecdsa_verify!(BrainpoolP256r1),
        "verify/dsa2048" => dsa_verify()?,
        "verify/ed448" => ed448_verify(),
        "verify/slh-dsa-sha2-128f" => slh_dsa_verify(),
        "derive/dh2048" => dh_agree()?,
        "derive/x448" => x448_agree(),
        // A counter and 18 bytes.
        "derive/sp800-108-counter-sha256" => macs(1, 22)?,
        // RFC 5246 section 5: A(1), the output; A(2) before a second piece.
        "sign/hotp" => hmac_sha1(8),
        "derive/tls12-exporter" => macs(2, 76)?,
        "derive/tls12-master-secret" => macs(4, 77)?,
        "derive/sha256-of-key" => super::digest(32),
        // RFC 3394 section 2.2.1: six times each of four halves of blocks; RFC 5649 pads, and does the same.
        "wrap/aes256-rfc3394" | "wrap/aes256-rfc5649" => blocks(24)?,
        "bulk/aes256-ccm-1k" => ccm(KIB)?,
        "bulk/aes256-gmac-1k" => gmac(KIB)?,
        "bulk/aes256-xts-1k" => ecb(KIB)?,
        // Each block waits for the one before, as in CBC.
        "bulk/aes256-cfb128-1k" | "bulk/aes256-ofb-1k" | "bulk/aes256-cts-1k" => cbc(KIB)?,
        "bulk/des3-cbcpad-1k" => des3_cbc(KIB + des::BLOCK)?,
        "bulk/camellia256-cbcpad-1k" => camellia_cbc(KIB + BLOCK)?,
        "bulk/chacha20-1k" => chacha20(KIB),
        "bulk/chacha20-poly1305-1k" => chacha20_poly1305(KIB)?,
        "bulk/poly1305-1k" => poly1305(KIB),
        // The key's block of 136 bytes is taken in before.
        "bulk/hmac-sha3-256-1k" => hmac_sha3(KIB)?,
        "bulk/sha1-1k" => digest_with::<Sha1>(KIB),
        "bulk/sha512-1k" => digest_with::<Sha512>(KIB),
        "bulk/sha3-256-1k" => sha3(KIB),
        "bulk/blake2b-256-1k" => digest_with::<Blake2b<U32>>(KIB),
        "bulk/md5-1k" => digest_with::<Md5>(KIB),
        "bulk/ripemd160-1k" => digest_with::<Ripemd160>(KIB),
        "keygen/secret256-session" => {
            let mut out = [0; 32];
            Box::new(move || random(&mut out))
        }
        "keygen/pbkdf2-1000-session" => {
            Box::new(|| pbkdf2(Hash::Sha256, b"a password", b"a salt of 16 bit", 1000, &mut [0; 32]))
        }
        "keygen/ml-dsa-65-session" => ml_dsa_generate(),
        "keygen/ml-kem-768-session" => ml_kem_generate(),
        "keygen/slh-dsa-sha2-128f-session" => Box::new(|| {
            std::hint::black_box(slh_dsa_key());
            Ok(())
        }),
        _ => return Ok(None),
    };
    Ok(Some(operation))
}

/// One digest signed on a curve of RustCrypto's crates, whose bounds are long to write.
macro_rules! ecdsa_sign {
    ($curve:ty) => {{
        let key = ecdsa_key!($curve);
        Box::new(move || {
            let signature: Signature<$curve> = key.sign_prehash(&[0x5A; 32]).map_err(refused)?;
            std::hint::black_box(signature);
            Ok(())
        })
    }};
}

macro_rules! ecdsa_verify {
    ($curve:ty) => {{
        let key = ecdsa_key!($curve);
        let signature: Signature<$curve> = key.sign_prehash(&[0x5A; 32]).map_err(refused)?;
        let public = *key.verifying_key();
        Box::new(move || right(public.verify_prehash(&[0x5A; 32], &signature).is_ok()))
    }};
}

macro_rules! ecdsa_key {
    ($curve:ty) => {
        SigningKey::<$curve>::from_slice(&[7; 32]).map_err(refused)?
    };
}

use {ecdsa_key, ecdsa_sign, ecdsa_verify};

fn refused(_: ecdsa::Error) -> Error {
    Error::Primitive("ECDSA")
}

fn ed448_key() -> ed448::SigningKey {
    ed448::SigningKey::from(&ed448::SecretKey::from([7; 57]))
}

fn ed448_sign() -> Operation {
    let key = ed448_key();
    Box::new(move || {
        std::hint::black_box(key.sign_raw(&[0x5A; MESSAGE]));
        Ok(())
    })
}

fn ed448_verify() -> Operation {
    let key = ed448_key();
    let (public, signature) = (key.verifying_key(), key.sign_raw(&[0x5A; MESSAGE]));
    Box::new(move || right(public.verify_raw(&signature, &[0x5A; MESSAGE]).is_ok()))
}

fn x448_agree() -> Operation {
    let peer = x448::x448_unchecked([9; 56], x448::X448_BASEPOINT_BYTES);
    Box::new(move || {
        std::hint::black_box(x448::x448_unchecked([7; 56], peer));
        Ok(())
    })
}

fn dh_agree() -> Result<Operation> {
    // No prime, which takes as long as one; the private number is as long as a token's.
    let (modulus, private, public) = ([vec![0xFF; 248], vec![0x5B; 8]].concat(), [0x5A; 256], [0x3C; 256]);
    Ok(Box::new(move || agree(&modulus, &[2], None, &private, &public).map(drop)))
}

/// A domain, which takes seconds to make, for all threads; and a key in it.
fn dsa_key() -> Result<(&'static Domain, Secret, Vec<u8>)> {
    static DOMAIN: OnceLock<Domain> = OnceLock::new();
    if DOMAIN.get().is_none() {
        // Two threads at once may both make one: the first is kept.
        let _taken = DOMAIN.set(Domain::generate(2048, 256)?);
    }
    let domain = DOMAIN.get().ok_or(Error::Bug("a domain that was just made"))?;
    let (private, public) = domain.generate_key()?;
    Ok((domain, private, public))
}

fn dsa_sign() -> Result<Operation> {
    let (domain, private, public) = dsa_key()?;
    let mut signature = [0; 64];
    Ok(Box::new(move || domain.sign(&private, &public, &[0x5A; 32], &mut signature)))
}

fn dsa_verify() -> Result<Operation> {
    let (domain, private, public) = dsa_key()?;
    let mut signature = [0; 64];
    domain.sign(&private, &public, &[0x5A; 32], &mut signature)?;
    Ok(Box::new(move || {
        let (r, s) = signature.split_at(32);
        right(domain.verify(&public, &[0x5A; 32], r, s)?)
    }))
}

fn slh_dsa_key() -> SlhDsaKey<Sha2_128f> {
    SlhDsaKey::slh_keygen_internal(&[7; 16], &[8; 16], &[9; 16])
}

fn slh_dsa_sign() -> Operation {
    let key = slh_dsa_key();
    Box::new(move || {
        std::hint::black_box(key.slh_sign_internal(&[&[0x5A; MESSAGE]], None));
        Ok(())
    })
}

fn slh_dsa_verify() -> Operation {
    let key = slh_dsa_key();
    let signature = key.slh_sign_internal(&[&[0x5A; MESSAGE]], None);
    let public = AsRef::<slh_dsa::VerifyingKey<Sha2_128f>>::as_ref(&key).clone();
    Box::new(move || right(public.slh_verify_internal(&[&[0x5A; MESSAGE]], &signature).is_ok()))
}

fn ml_dsa_generate() -> Operation {
    Box::new(|| {
        let mut seed = [0; ml_dsa::SEED];
        random(&mut seed)?;
        ml_dsa::PrivateKey::from_seed(ml_dsa::Set::MlDsa65, &seed).map(drop)
    })
}

fn ml_kem_generate() -> Operation {
    Box::new(|| {
        let mut seed = [0; ml_kem::SEED];
        random(&mut seed)?;
        ml_kem::DecapsulationKey::from_seed(ml_kem::Set::MlKem768, &seed).map(drop)
    })
}

fn blocks(count: usize) -> Result<Operation> {
    let (key, mut block) = (Key::new(&[7; 32])?, [0; BLOCK]);
    Ok(Box::new(move || {
        (0..count).for_each(|_| key.block(Direction::Encrypt, &mut block));
        Ok(())
    }))
}

fn ecb(len: usize) -> Result<Operation> {
    let (key, plain, mut out) = (Key::new(&[7; 32])?, vec![0; len], vec![0; len]);
    Ok(Box::new(move || key.ecb(Direction::Encrypt, &plain, &mut out)))
}

/// SP 800-38C: a MAC in CBC, and a counter mode.
fn ccm(len: usize) -> Result<Operation> {
    let key = Key::new(&[7; 32])?;
    let (plain, mut out, mut iv) = (vec![0; len], vec![0; len], [0; BLOCK]);
    let mut state = CounterState::new([0; BLOCK]);
    Ok(Box::new(move || {
        key.cbc(Direction::Encrypt, &mut iv, &plain, &mut out)?;
        key.ctr(&mut state, &plain, &mut out)
    }))
}

/// SP 800-38D section 3: GCM of nothing but associated data.
fn gmac(len: usize) -> Result<Operation> {
    let (key, data, mut tag) = (Key::new(&[7; 32])?, vec![0x5A; len], [0; TAG]);
    Ok(Box::new(move || key.seal(&[9; 12], &data, &[], &mut [], &mut tag)))
}

fn des3_cbc(len: usize) -> Result<Operation> {
    let key = des::Key::new(&[[1; 8], [2; 8], [4; 8]].concat())?;
    let (plain, mut out, mut iv) = (vec![0; len], vec![0; len], [0; des::BLOCK]);
    Ok(Box::new(move || key.cbc(Direction::Encrypt, &mut iv, &plain, &mut out)))
}

fn camellia_cbc(len: usize) -> Result<Operation> {
    let key = Camellia256::new_from_slice(&[7; 32]).map_err(|_| Error::KeySizeRange)?;
    let plain = vec![0x5A; len];
    let mut block = Array::from([0; BLOCK]);
    Ok(Box::new(move || {
        for part in plain.chunks_exact(BLOCK) {
            block.iter_mut().zip(part).for_each(|(place, byte)| *place ^= byte);
            key.encrypt_block(&mut block);
        }
        Ok(())
    }))
}

fn chacha20(len: usize) -> Operation {
    let mut bytes = vec![0x5A; len];
    Box::new(move || {
        ChaCha20::new(&[7; 32].into(), &[9; 12].into()).apply_keystream(&mut bytes);
        Ok(())
    })
}

fn chacha20_poly1305(len: usize) -> Result<Operation> {
    let key = ChaCha20Poly1305::new(&Secret::from([7; 32]))?;
    let (plain, mut out, mut tag) = (vec![0x5A; len], vec![0; len], [0; TAG]);
    Ok(Box::new(move || key.seal(&[9; 12], &[], &plain, &mut out, &mut tag)))
}

fn poly1305(len: usize) -> Operation {
    let message = vec![0x5A; len];
    Box::new(move || {
        let mut running = Poly1305::new(&[7; 32]);
        running.update(&message);
        std::hint::black_box(running.finish());
        Ok(())
    })
}

fn sha3(len: usize) -> Operation {
    let input = vec![0x5A; len];
    Box::new(move || {
        let mut running = Running::new(Hash::Sha3_256)?;
        running.update(&input)?;
        running.finish(&mut [0; 32])
    })
}

/// RFC 2104: the message behind one block of the key, the digest behind another.
/// The key's block of 64 bytes is taken in before.
fn hmac_sha1(len: usize) -> Operation {
    let (input, block) = (vec![0x5A; len], Sha1::new_with_prefix([7; 64]));
    Box::new(move || {
        let inner = block.clone().chain_update(&input).finalize();
        std::hint::black_box(block.clone().chain_update(inner).finalize());
        Ok(())
    })
}

fn hmac_sha3(len: usize) -> Result<Operation> {
    let (input, mut block) = (vec![0x5A; len], Running::new(Hash::Sha3_256)?);
    block.update(&[7; 136])?;
    Ok(Box::new(move || {
        let (mut inner, mut outer, mut digest) = (block.another()?, block.another()?, [0; 32]);
        inner.update(&input)?;
        inner.finish(&mut digest)?;
        outer.update(&digest)?;
        outer.finish(&mut digest)
    }))
}
