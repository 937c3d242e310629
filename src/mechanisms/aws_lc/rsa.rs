//! RSA keys: import, generation, PKCS #1 v1.5 and PSS signatures; encryption has its own file.

mod encryption;

use std::ptr::NonNull;
use std::sync::OnceLock;

use crate::lc as c;
use sha2::{Digest, Sha256};

use pkcs11::{Error, Result, Secret};

use super::big_number::{BigNumber, Borrowed, Callback};
use super::forking::drawing;
use super::hash::Hash;
use super::{failed, succeeded, thread};

pub use encryption::Oaep;

/// Parsed copies of a key: a thread uses one of them, so that threads do not meet at the locks inside.
const COPIES: usize = 16;
/// Bytes that PKCS #1 v1.5 adds at least (RFC 8017 section 9.2).
pub const PKCS1_OVERHEAD: usize = 11;

/// Parameters of PSS (RFC 8017 section 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pss {
    /// Of the message.
    pub hash: Hash,
    /// Of the mask generation function MGF1.
    pub mgf: Hash,
    /// Length of the salt in bytes.
    pub salt_len: u16,
}

/// The components of a private key, big endian (RFC 8017 section 3.2). Never printed, whatever holds them.
pub struct Components<T> {
    /// Modulus.
    pub n: T,
    /// Public exponent.
    pub e: T,
    /// Private exponent.
    pub d: T,
    /// First prime.
    pub p: T,
    /// Second prime.
    pub q: T,
    /// `d mod (p - 1)`
    pub dp: T,
    /// `d mod (q - 1)`
    pub dq: T,
    /// The inverse of `q` modulo `p`.
    pub qinv: T,
}

impl<T> std::fmt::Debug for Components<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Components")
    }
}

/// One `RSA` object.
#[derive(Debug)]
struct Handle(NonNull<c::RSA>);

// SAFETY: the object belongs to no thread; the library counts references and locks inside.
unsafe impl Send for Handle {}
// SAFETY: the calls made here on a shared object are those that rsa.h names as safe to use concurrently.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::RSA_free(self.0.as_ptr()) };
    }
}

impl Handle {
    fn from_ptr(rsa: *mut c::RSA, what: &'static str) -> Result<Self> {
        NonNull::new(rsa).map(Self).ok_or_else(|| failed(what))
    }

    fn as_ptr(&self) -> *mut c::RSA {
        self.0.as_ptr()
    }

    fn bits(&self) -> u32 {
        // SAFETY: reads the modulus of a living object.
        unsafe { c::RSA_bits(self.as_ptr()) }
    }

    /// A component, as one of the library's accessors gives it.
    fn component(
        &self,
        accessor: unsafe extern "C" fn(*const c::RSA) -> *const c::BIGNUM,
    ) -> Result<Borrowed<'_>> {
        // SAFETY: a living object; the accessors read one field.
        let number = unsafe { accessor(self.as_ptr()) };
        // SAFETY: null, or a field of this object, which no call changes once the key is made.
        unsafe { Borrowed::new(number) }
    }

    fn copy_of_public(&self) -> Result<Self> {
        // SAFETY: a living object, read only.
        let rsa = unsafe { c::RSAPublicKey_dup(self.as_ptr()) };
        Self::from_ptr(rsa, "copy of an RSA key")
    }

    fn copy_of_private(&self) -> Result<Self> {
        // SAFETY: a living object, whose components no signature changes.
        let rsa = unsafe { c::RSAPrivateKey_dup(self.as_ptr()) };
        Self::from_ptr(rsa, "copy of an RSA key")
    }
}

/// A small number that stays with the thread.
fn thread_number() -> usize {
    thread::number(COPIES)
}

/// Parsed copies of one key. A line of cache apart from its neighbours, so that whoever counts references to the key
/// does not slow down those who use it.
#[derive(Debug)]
#[repr(align(128))]
struct Copies {
    first: Handle,
    /// Made when a thread of that number first comes; `None` where that failed.
    more: [OnceLock<Option<Handle>>; COPIES],
    copy: fn(&Handle) -> Result<Handle>,
    /// Length of the modulus in bits.
    bits: u32,
    /// The modulus, big endian, without leading zeros.
    modulus: Vec<u8>,
}

impl Copies {
    fn new(first: Handle, copy: fn(&Handle) -> Result<Handle>) -> Result<Self> {
        let bits = first.bits();
        let modulus = first.component(c::RSA_get0_n)?.to_secret()?.expose().to_vec();
        Ok(Self { first, more: [const { OnceLock::new() }; COPIES], copy, bits, modulus })
    }

    /// The copy of this thread.
    fn mine(&self) -> &Handle {
        match thread_number() {
            0 => &self.first,
            number => self
                .more
                .get(number)
                .and_then(|slot| slot.get_or_init(|| (self.copy)(&self.first).ok()).as_ref())
                .unwrap_or(&self.first),
        }
    }

    fn len(&self) -> usize {
        self.bits.div_ceil(8) as usize
    }
}

/// A public key.
#[derive(Debug)]
pub struct PublicKey(Copies);

impl PublicKey {
    /// The key of a modulus and an exponent, big endian.
    ///
    /// # Errors
    /// [`Error::Primitive`] for a modulus that is even, under 512 or over 16384 bits, or an exponent that is even, 1
    /// or over 33 bits.
    pub fn new(n: &[u8], e: &[u8]) -> Result<Self> {
        let (n, e) = (BigNumber::from_bytes(n)?, BigNumber::from_bytes(e)?);
        // SAFETY: both numbers live until the call is over, which copies them.
        let rsa = unsafe { c::RSA_new_public_key(n.as_ptr(), e.as_ptr()) };
        let handle = Handle::from_ptr(rsa, "RSA public key")?;
        Ok(Self(Copies::new(handle, Handle::copy_of_public)?))
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// Length of a signature in bytes.
    #[must_use]
    pub fn signature_len(&self) -> usize {
        self.0.len()
    }

    /// Whether `signature` is one of `message` under PKCS #1 v1.5, without any hashing: a `DigestInfo`, or whatever
    /// was signed (RFC 8017 section 8.2.2 from step 2 on).
    #[must_use]
    pub fn verify_pkcs1(&self, message: &[u8], signature: &[u8]) -> bool {
        self.recover_pkcs1(signature).as_deref() == Some(message)
    }

    /// What was signed with PKCS #1 v1.5; nothing, if `signature` is none of this key.
    #[must_use]
    pub fn recover_pkcs1(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let mut recovered = vec![0; self.0.len()];
        let mut len = 0;
        // SAFETY: both slices are as long as said; the library writes at most `recovered.len()` bytes.
        let rc = unsafe {
            c::RSA_verify_raw(
                self.0.mine().as_ptr(),
                &raw mut len,
                recovered.as_mut_ptr(),
                recovered.len(),
                signature.as_ptr(),
                signature.len(),
                c::RSA_PKCS1_PADDING,
            )
        };
        succeeded(rc, "RSA verification").ok()?;
        recovered.truncate(len);
        Some(recovered)
    }

    /// Whether `signature` is one of `digest` under PSS (RFC 8017 section 8.1.2).
    #[must_use]
    pub fn verify_pss(&self, digest: &[u8], pss: Pss, signature: &[u8]) -> bool {
        if digest.len() != pss.hash.digest_len() {
            return false;
        }
        // SAFETY: both slices are as long as said, and the digest as long as its hash's.
        let rc = unsafe {
            c::RSA_verify_pss_mgf1(
                self.0.mine().as_ptr(),
                digest.as_ptr(),
                digest.len(),
                pss.hash.as_ptr(),
                pss.mgf.as_ptr(),
                pss.salt_len.into(),
                signature.as_ptr(),
                signature.len(),
            )
        };
        succeeded(rc, "RSA verification").is_ok()
    }
}

/// A private key. Signatures are blinded, and each is verified before it is given out.
#[derive(Debug)]
pub struct PrivateKey {
    copies: Copies,
    /// SHA-256 of the private exponent, as long as the modulus.
    exponent_digest: Secret,
}

impl PrivateKey {
    /// The key of its components, which are checked against one another.
    ///
    /// # Errors
    /// [`Error::Primitive`] for components that do not belong together, and as [`PublicKey::new`].
    pub fn new(components: &Components<&[u8]>) -> Result<Self> {
        let n = BigNumber::from_bytes(components.n)?;
        let e = BigNumber::from_bytes(components.e)?;
        let d = BigNumber::from_bytes(components.d)?;
        let p = BigNumber::from_bytes(components.p)?;
        let q = BigNumber::from_bytes(components.q)?;
        let dp = BigNumber::from_bytes(components.dp)?;
        let dq = BigNumber::from_bytes(components.dq)?;
        let qinv = BigNumber::from_bytes(components.qinv)?;
        // SAFETY: all numbers live until the call is over, which copies them.
        let rsa = drawing(|| unsafe {
            c::RSA_new_private_key(
                n.as_ptr(),
                e.as_ptr(),
                d.as_ptr(),
                p.as_ptr(),
                q.as_ptr(),
                dp.as_ptr(),
                dq.as_ptr(),
                qinv.as_ptr(),
            )
        });
        let handle = Handle::from_ptr(rsa, "RSA private key")?;
        let len = handle.bits().div_ceil(8) as usize;
        let exponent = handle.component(c::RSA_get0_d)?.to_secret_of(len)?;
        let exponent_digest = Secret::from(<[u8; 32]>::from(Sha256::digest(exponent.expose())));
        Ok(Self { copies: Copies::new(handle, Handle::copy_of_private)?, exponent_digest })
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.copies.bits
    }

    /// Length of a signature in bytes.
    #[must_use]
    pub fn signature_len(&self) -> usize {
        self.copies.len()
    }

    /// Signs `message` with PKCS #1 v1.5 as it is, without any hashing (RFC 8017 section 8.2.1 from step 2 on).
    /// `out` is exactly [`PrivateKey::signature_len`] long.
    ///
    /// # Errors
    /// [`Error::DataLenRange`] for a message of more than [`PrivateKey::signature_len`] - [`PKCS1_OVERHEAD`] bytes;
    /// [`Error::Primitive`].
    pub fn sign_pkcs1(&self, message: &[u8], out: &mut [u8]) -> Result<()> {
        if message.len() + PKCS1_OVERHEAD > self.copies.len() {
            return Err(Error::DataLenRange);
        }
        let mut len = 0;
        // SAFETY: both slices are as long as said.
        let rc = drawing(|| unsafe {
            c::RSA_sign_raw(
                self.copies.mine().as_ptr(),
                &raw mut len,
                out.as_mut_ptr(),
                out.len(),
                message.as_ptr(),
                message.len(),
                c::RSA_PKCS1_PADDING,
            )
        });
        succeeded(rc, "RSA signature")?;
        filled(len, out)
    }

    /// Signs `digest` with PSS under a fresh salt (RFC 8017 section 8.1.1). `out` as in [`PrivateKey::sign_pkcs1`].
    ///
    /// # Errors
    /// [`Error::DataLenRange`] for a digest of a length that is not the hash's; [`Error::Primitive`], also for a salt
    /// that does not fit.
    pub fn sign_pss(&self, digest: &[u8], pss: Pss, out: &mut [u8]) -> Result<()> {
        if digest.len() != pss.hash.digest_len() {
            return Err(Error::DataLenRange);
        }
        let mut len = 0;
        // SAFETY: both slices are as long as said, and the digest as long as its hash's.
        let rc = drawing(|| unsafe {
            c::RSA_sign_pss_mgf1(
                self.copies.mine().as_ptr(),
                &raw mut len,
                out.as_mut_ptr(),
                out.len(),
                digest.as_ptr(),
                digest.len(),
                pss.hash.as_ptr(),
                pss.mgf.as_ptr(),
                pss.salt_len.into(),
            )
        });
        succeeded(rc, "RSA signature")?;
        filled(len, out)
    }
}

fn filled(len: usize, out: &[u8]) -> Result<()> {
    if len == out.len() { Ok(()) } else { Err(Error::Primitive("RSA signature of another length")) }
}

/// Makes a key pair. 2048 bits take about 50 ms, 8192 up to a minute, longer ones more: never call it under a lock.
///
/// # Errors
/// [`Error::Primitive`] for a length that is no multiple of 128 bits, or an exponent that is even or over 32 bits.
pub fn generate(bits: u16, exponent: &[u8]) -> Result<Components<Secret>> {
    let exponent = BigNumber::from_bytes(exponent)?;
    // SAFETY: makes an empty object.
    let rsa = unsafe { c::RSA_new() };
    let handle = Handle::from_ptr(rsa, "out of memory")?;
    let between = Callback::new()?;
    // SAFETY: a fresh object that nobody shares; the exponent and the callback live until the call is over.
    let rc = drawing(|| unsafe {
        c::RSA_generate_key_ex(handle.as_ptr(), bits.into(), exponent.as_ptr(), between.as_ptr())
    });
    succeeded(rc, "RSA key generation")?;
    if handle.bits() != u32::from(bits) {
        return Err(Error::Primitive("RSA key of another length"));
    }
    Ok(Components {
        n: handle.component(c::RSA_get0_n)?.to_secret()?,
        e: handle.component(c::RSA_get0_e)?.to_secret()?,
        d: handle.component(c::RSA_get0_d)?.to_secret()?,
        p: handle.component(c::RSA_get0_p)?.to_secret()?,
        q: handle.component(c::RSA_get0_q)?.to_secret()?,
        dp: handle.component(c::RSA_get0_dmp1)?.to_secret()?,
        dq: handle.component(c::RSA_get0_dmq1)?.to_secret()?,
        qinv: handle.component(c::RSA_get0_iqmp)?.to_secret()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PrivateKey {
        let made = generate(1024, &[1, 0, 1]).unwrap();
        PrivateKey::new(&Components {
            n: made.n.expose(),
            e: made.e.expose(),
            d: made.d.expose(),
            p: made.p.expose(),
            q: made.q.expose(),
            dp: made.dp.expose(),
            dq: made.dq.expose(),
            qinv: made.qinv.expose(),
        })
        .unwrap()
    }

    #[test]
    fn threads_share_a_copy_only_when_they_share_a_number() {
        let key = key();
        let copies = std::thread::scope(|scope| {
            let running: Vec<_> = (0..2 * COPIES)
                .map(|_| scope.spawn(|| (thread_number(), key.copies.mine().as_ptr().addr())))
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(copies.iter().any(|(number, _)| *number != copies[0].0));
        for (number, copy) in &copies {
            for (other_number, other_copy) in &copies {
                assert_eq!(number == other_number, copy == other_copy);
            }
        }
    }

    #[test]
    fn components_are_not_printed() {
        let secret: &[u8] = &[0xC0, 0xFF];
        let (n, e, d, p, q, dp, dq, qinv) = (secret, secret, secret, secret, secret, secret, secret, secret);
        assert_eq!(format!("{:?}", Components { n, e, d, p, q, dp, dq, qinv }), "Components");
    }

    #[test]
    fn a_signature_goes_into_a_place_of_its_length_alone() {
        let key = key();
        assert!(key.sign_pkcs1(b"message", &mut [0; 127]).is_err());
        assert!(key.sign_pkcs1(b"message", &mut [0; 129]).is_err());
        assert!(key.sign_pkcs1(b"message", &mut [0; 128]).is_ok());
    }
}
