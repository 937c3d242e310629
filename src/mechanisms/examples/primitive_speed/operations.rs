//! The bare algorithm under each row of the meter that has one: no session, no object, no copy.
//!
//! An arm of [`operation`] bears the name of the row in the meter's own table.

mod rare;

use std::sync::OnceLock;

use claviger_mechanisms::aws_lc::Direction;
use claviger_mechanisms::aws_lc::aes::{BLOCK, CounterState, Key, TAG};
use claviger_mechanisms::aws_lc::curve25519::{self, SIGNATURE, Signed, SigningKey, key_bytes};
use claviger_mechanisms::aws_lc::derivation::{hkdf_expand, hkdf_extract};
use claviger_mechanisms::aws_lc::ec::{self, Curve};
use claviger_mechanisms::aws_lc::hash::Hash;
use claviger_mechanisms::aws_lc::rsa::{self, Components, Oaep, Pss};
use claviger_mechanisms::aws_lc::{ml_dsa, ml_kem, random};
use hmac::{Hmac, KeyInit, Mac};
use pkcs11::{Result, Secret};
use sha2::{Digest, Sha256};

/// One operation, with everything that it needs made before.
pub(crate) type Operation = Box<dyn FnMut() -> Result<()>>;

/// A `DigestInfo` of SHA-256 has this length, and its contents do not matter for speed.
const DIGEST_INFO: [u8; 51] = [0x30; 51];
const MESSAGE: [u8; 256] = [0x5A; 256];
const EXPONENT: [u8; 3] = [1, 0, 1];
const KIB: usize = 1024;
const PSS: Pss = Pss { hash: Hash::Sha256, mgf: Hash::Sha256, salt_len: 32 };

/// Keys that take long to make: one of each size for all threads.
static RSA: [(u16, OnceLock<Components<Secret>>); 3] =
    [(2048, OnceLock::new()), (3072, OnceLock::new()), (4096, OnceLock::new())];

/// Makes the operation of a row; `None` where nothing but the token is measured.
///
/// # Errors
/// What the library says.
pub(crate) fn operation(row: &str) -> Result<Option<Operation>> {
    let operation = match row {
        "sign/rsa2048-pkcs" => rsa_sign(2048)?,
        "sign/rsa3072-pkcs" => rsa_sign(3072)?,
        "sign/rsa4096-pkcs" => rsa_sign(4096)?,
        "sign/rsa2048-sha256-pkcs" => {
            let (mut hash, mut sign) = (digest(MESSAGE.len()), rsa_sign(2048)?);
            Box::new(move || hash().and_then(|()| sign()))
        }
        "sign/rsa2048-pss-sha256" => rsa_sign_pss()?,
        "sign/ecdsa-p256" => ecdsa_sign(Curve::P256, 32)?,
        "sign/ecdsa-p384" => ecdsa_sign(Curve::P384, 48)?,
        "sign/ecdsa-p521" => ecdsa_sign(Curve::P521, 64)?,
        "sign/ed25519" => ed25519_sign(),
        "sign/ml-dsa-65" => ml_dsa_sign()?,
        "verify/ml-dsa-65" => ml_dsa_verify()?,
        "verify/rsa2048-pkcs" => rsa_verify()?,
        "verify/ecdsa-p256" => ecdsa_verify(Curve::P256, 32)?,
        "verify/ecdsa-p384" => ecdsa_verify(Curve::P384, 48)?,
        "verify/ed25519" => ed25519_verify()?,
        "decrypt/rsa2048-pkcs" => rsa_raw()?,
        "decrypt/rsa2048-oaep-sha1" => rsa_oaep(Hash::Sha1)?,
        "decrypt/rsa2048-oaep-sha256" => rsa_oaep(Hash::Sha256)?,
        "derive/ecdh-p256" => agree()?,
        "derive/x25519" => x25519_agree()?,
        "derive/hkdf-sha256" => hkdf(),
        "kem/ml-kem-768-encapsulate" => encapsulate()?,
        "kem/ml-kem-768-decapsulate" => decapsulate()?,
        "bulk/aes256-gcm-16" => gcm(16)?,
        "bulk/aes256-gcm-1k" => gcm(KIB)?,
        "bulk/aes256-gcm-16k" => gcm(16 * KIB)?,
        "bulk/aes256-gcm-1m" => gcm(KIB * KIB)?,
        "bulk/aes256-cbcpad-1k" => cbc(KIB + BLOCK)?,
        "bulk/aes256-cbcpad-1m" => cbc(KIB * KIB + BLOCK)?,
        "bulk/aes256-ctr-1k" => ctr(KIB)?,
        "bulk/aes256-ctr-1m" => ctr(KIB * KIB)?,
        // CMAC has as many blocks to encrypt, one after another, as CBC.
        "bulk/aes256-cmac-1k" => cbc(KIB)?,
        "bulk/sha256-64" => digest(64),
        "bulk/sha256-16k" => digest(16 * KIB),
        "bulk/sha256-1m" => digest(KIB * KIB),
        "bulk/hmac-sha256-64" => hmac(64)?,
        "bulk/hmac-sha256-16k" => hmac(16 * KIB)?,
        "keygen/rsa2048-session" | "keygen/rsa2048-token" => {
            Box::new(|| rsa::generate(2048, &EXPONENT).map(drop))
        }
        "keygen/p256-session" | "keygen/p256-token" => Box::new(|| ec::generate(Curve::P256).map(drop)),
        "keygen/aes256-session" | "keygen/aes256-token" | "small/random-32" => {
            let mut out = [0; 32];
            Box::new(move || random(&mut out))
        }
        _ => return rare::operation(row),
    };
    Ok(Some(operation))
}

fn components(bits: u16) -> Result<&'static Components<Secret>> {
    let kept = RSA.iter().find(|(size, _)| *size == bits).map(|(_, kept)| kept);
    let kept = kept.ok_or(pkcs11::Error::KeySizeRange)?;
    if kept.get().is_none() {
        // Two threads at once may both make one: the first is kept.
        let _taken = kept.set(rsa::generate(bits, &EXPONENT)?);
    }
    kept.get().ok_or(pkcs11::Error::Bug("a key that was just made"))
}

fn rsa_key(bits: u16) -> Result<rsa::PrivateKey> {
    let made = components(bits)?;
    rsa::PrivateKey::new(&Components {
        n: made.n.expose(),
        e: made.e.expose(),
        d: made.d.expose(),
        p: made.p.expose(),
        q: made.q.expose(),
        dp: made.dp.expose(),
        dq: made.dq.expose(),
        qinv: made.qinv.expose(),
    })
}

fn rsa_public() -> Result<rsa::PublicKey> {
    let made = components(2048)?;
    rsa::PublicKey::new(made.n.expose(), made.e.expose())
}

fn rsa_sign(bits: u16) -> Result<Operation> {
    let key = rsa_key(bits)?;
    let mut signature = vec![0; key.signature_len()];
    Ok(Box::new(move || key.sign_pkcs1(&DIGEST_INFO, &mut signature)))
}

fn rsa_sign_pss() -> Result<Operation> {
    let key = rsa_key(2048)?;
    let mut signature = vec![0; key.signature_len()];
    Ok(Box::new(move || key.sign_pss(&Sha256::digest(MESSAGE), PSS, &mut signature)))
}

fn rsa_verify() -> Result<Operation> {
    let (key, public) = (rsa_key(2048)?, rsa_public()?);
    let mut signature = vec![0; key.signature_len()];
    key.sign_pkcs1(&DIGEST_INFO, &mut signature)?;
    Ok(Box::new(move || right(public.verify_pkcs1(&DIGEST_INFO, &signature))))
}

fn rsa_raw() -> Result<Operation> {
    let key = rsa_key(2048)?;
    // Any number below the modulus costs the same.
    let number = vec![0x17; key.signature_len()];
    let mut out = number.clone();
    Ok(Box::new(move || key.raw(&number, &mut out)))
}

fn rsa_oaep(hash: Hash) -> Result<Operation> {
    let (key, public) = (rsa_key(2048)?, rsa_public()?);
    let oaep = Oaep { hash, mgf: hash, label: Vec::new() };
    let mut sealed = vec![0; key.signature_len()];
    public.encrypt_oaep(&oaep, &[0x17; 32], &mut sealed)?;
    let mut out = vec![0; key.signature_len()];
    Ok(Box::new(move || key.decrypt_oaep(&oaep, &sealed, &mut out).map(drop)))
}

fn ecdsa_sign(curve: Curve, digest_len: usize) -> Result<Operation> {
    let key = ec::PrivateKey::from_scalar(curve, ec::generate(curve)?.scalar.expose())?;
    let (digest, mut signature) = (vec![0x5A; digest_len], vec![0; 2 * curve.coordinate_len()]);
    Ok(Box::new(move || key.sign(&digest, &mut signature)))
}

fn ecdsa_verify(curve: Curve, digest_len: usize) -> Result<Operation> {
    let key = ec::PrivateKey::from_scalar(curve, ec::generate(curve)?.scalar.expose())?;
    let public = ec::PublicKey::from_point(curve, &key.public_point()?)?;
    let (digest, mut signature) = (vec![0x5A; digest_len], vec![0; 2 * curve.coordinate_len()]);
    key.sign(&digest, &mut signature)?;
    Ok(Box::new(move || {
        let (r, s) = signature.split_at(curve.coordinate_len());
        right(public.verify(&digest, r, s)?)
    }))
}

fn ed25519_sign() -> Operation {
    let key = SigningKey::from_seed(&[7; 32]);
    let mut signature = [0; SIGNATURE];
    Box::new(move || key.sign(Signed::Pure(&[0x5A; 64]), &mut signature))
}

fn ed25519_verify() -> Result<Operation> {
    let (message, mut signature) = ([0x5A; 64], [0; SIGNATURE]);
    let key = SigningKey::from_seed(&[7; 32]);
    key.sign(Signed::Pure(&message), &mut signature)?;
    let public = *key_bytes(&key.public())?;
    Ok(Box::new(move || right(curve25519::verify(&public, Signed::Pure(&message), &signature))))
}

fn ml_dsa_key() -> Result<ml_dsa::PrivateKey> {
    ml_dsa::PrivateKey::from_seed(ml_dsa::Set::MlDsa65, &[7; ml_dsa::SEED])
}

fn ml_dsa_sign() -> Result<Operation> {
    let (key, mut signature) = (ml_dsa_key()?, vec![0; ml_dsa::Set::MlDsa65.signature_len()]);
    Ok(Box::new(move || key.sign_mu(&[0x5A; ml_dsa::MU], &mut signature)))
}

fn ml_dsa_verify() -> Result<Operation> {
    let (key, mut signature) = (ml_dsa_key()?, vec![0; ml_dsa::Set::MlDsa65.signature_len()]);
    let mu = [0x5A; ml_dsa::MU];
    key.sign_mu(&mu, &mut signature)?;
    let public = ml_dsa::PublicKey::from_bytes(ml_dsa::Set::MlDsa65, &key.public()?)?;
    Ok(Box::new(move || right(public.verify_mu(&mu, &signature)?)))
}

/// Both keys, and a ciphertext for them.
fn ml_kem_keys() -> Result<(ml_kem::DecapsulationKey, ml_kem::EncapsulationKey, Vec<u8>)> {
    let set = ml_kem::Set::MlKem768;
    let key = ml_kem::DecapsulationKey::from_seed(set, &[7; ml_kem::SEED])?;
    let public = ml_kem::EncapsulationKey::from_bytes(set, &key.public()?)?;
    let mut ciphertext = vec![0; set.ciphertext_len()];
    public.encapsulate(&mut ciphertext)?;
    Ok((key, public, ciphertext))
}

fn encapsulate() -> Result<Operation> {
    let (_, public, mut ciphertext) = ml_kem_keys()?;
    Ok(Box::new(move || public.encapsulate(&mut ciphertext).map(drop)))
}

fn decapsulate() -> Result<Operation> {
    let (key, _, ciphertext) = ml_kem_keys()?;
    Ok(Box::new(move || key.decapsulate(&ciphertext).map(drop)))
}

fn x25519_agree() -> Result<Operation> {
    let peer = *key_bytes(&curve25519::x25519_public(&[9; 32]))?;
    Ok(Box::new(move || curve25519::x25519(&[7; 32], &peer).map(drop)))
}

fn hkdf() -> Operation {
    Box::new(|| {
        let extracted = hkdf_extract(Hash::Sha256, &[7; 32], &[])?;
        hkdf_expand(Hash::Sha256, extracted.expose(), b"a context", &mut [0; 32])
    })
}

fn agree() -> Result<Operation> {
    let curve = Curve::P256;
    let key = || ec::PrivateKey::from_scalar(curve, ec::generate(curve)?.scalar.expose());
    let (own, peer) = (key()?, ec::PublicKey::from_point(curve, &key()?.public_point()?)?);
    Ok(Box::new(move || own.agree(&peer).map(drop)))
}

fn gcm(len: usize) -> Result<Operation> {
    let key = Key::new(&[7; 32])?;
    let (plain, mut out, mut tag) = (vec![0; len], vec![0; len], [0; TAG]);
    let mut iv = [0; 12];
    let mut sequence = 0_u64;
    Ok(Box::new(move || {
        sequence += 1;
        if let Some(place) = iv.get_mut(..8) {
            place.copy_from_slice(&sequence.to_be_bytes());
        }
        key.seal(&iv, &[], &plain, &mut out, &mut tag)
    }))
}

/// Whole blocks, the padding among them.
fn cbc(len: usize) -> Result<Operation> {
    let key = Key::new(&[7; 32])?;
    let (plain, mut out) = (vec![0; len], vec![0; len]);
    let mut iv = [0; BLOCK];
    Ok(Box::new(move || key.cbc(Direction::Encrypt, &mut iv, &plain, &mut out)))
}

fn ctr(len: usize) -> Result<Operation> {
    let key = Key::new(&[7; 32])?;
    let (plain, mut out) = (vec![0; len], vec![0; len]);
    let mut state = CounterState::new([0; BLOCK]);
    Ok(Box::new(move || key.ctr(&mut state, &plain, &mut out)))
}

fn digest(len: usize) -> Operation {
    digest_with::<Sha256>(len)
}

/// A digest by a crate's hash function.
fn digest_with<D: Digest>(len: usize) -> Operation {
    let input = vec![0x5A; len];
    Box::new(move || {
        std::hint::black_box(D::digest(&input));
        Ok(())
    })
}

fn hmac(len: usize) -> Result<Operation> {
    macs(1, len)
}

/// So many MACs of HMAC-SHA256 with one key.
fn macs(count: usize, len: usize) -> Result<Operation> {
    let input = vec![0x5A; len];
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32])
        .map_err(|_| pkcs11::Error::Bug("an HMAC key of any length fits"))?;
    Ok(Box::new(move || {
        for _ in 0..count {
            let mut mac = keyed.clone();
            mac.update(&input);
            std::hint::black_box(mac.finalize());
        }
        Ok(())
    }))
}

fn right(verified: bool) -> Result<()> {
    if verified { Ok(()) } else { Err(pkcs11::Error::Bug("a signature of ours that does not verify")) }
}
