//! RSA encryption and decryption: PKCS #1 v1.5, OAEP, and the bare operation.

use std::ptr::{NonNull, null_mut};

use crate::lc as c;

use pkcs11::{Error, Result};

use super::{Handle, PKCS1_OVERHEAD, PrivateKey, PublicKey};
use crate::aws_lc::forking::drawing;
use crate::aws_lc::hash::Hash;
use crate::aws_lc::{failed, succeeded};

/// Parameters of OAEP (RFC 8017 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oaep {
    /// Of the label.
    pub hash: Hash,
    /// Of the mask generation function MGF1.
    pub mgf: Hash,
    /// The label.
    pub label: Vec<u8>,
}

/// Whether a number is 1, or one less than the modulus, which is as long.
fn is_its_own_power(number: &[u8], modulus: &[u8]) -> bool {
    let is_one =
        number.split_last().is_some_and(|(last, rest)| *last == 1 && rest.iter().all(|byte| *byte == 0));
    // A modulus is odd: its last byte alone differs.
    let is_one_less = match (number.split_last(), modulus.split_last()) {
        (Some((last, rest)), Some((of_modulus, start))) => *last == of_modulus ^ 1 && rest == start,
        _ => false,
    };
    is_one || is_one_less
}

impl PublicKey {
    /// Whether a number is one that RSASVE may share: from 2 to the modulus less 2 (SP 800-56B section
    /// 7.2.1.2), as many bytes as the modulus.
    #[must_use]
    pub fn may_be_shared(&self, number: &[u8]) -> bool {
        self.is_in_range(number)
            && number.iter().any(|byte| *byte != 0)
            && !is_its_own_power(number, &self.0.modulus)
    }

    /// Whether a number of as many bytes as the modulus is smaller than it.
    #[must_use]
    pub fn is_in_range(&self, number: &[u8]) -> bool {
        number.len() == self.0.modulus.len() && *number < *self.0.modulus
    }

    /// Raises a number to the public exponent. Both are as long as the modulus.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length, and for a number that is not below the modulus.
    pub fn raw(&self, number: &[u8], out: &mut [u8]) -> Result<()> {
        self.encrypt(number, c::RSA_NO_PADDING, out)
    }

    /// Encrypts with PKCS #1 v1.5 (RFC 8017 section 7.2.1). `out` is as long as the modulus.
    ///
    /// # Errors
    /// [`Error::DataLenRange`] for a message longer than the modulus less [`PKCS1_OVERHEAD`]; [`Error::Primitive`].
    pub fn encrypt_pkcs1(&self, message: &[u8], out: &mut [u8]) -> Result<()> {
        if message.len() + PKCS1_OVERHEAD > self.0.len() {
            return Err(Error::DataLenRange);
        }
        self.encrypt(message, c::RSA_PKCS1_PADDING, out)
    }

    fn encrypt(&self, input: &[u8], padding: i32, out: &mut [u8]) -> Result<()> {
        let mut len = 0;
        // SAFETY: both slices are as long as said; the call refuses a place shorter than the modulus.
        let rc = drawing(|| unsafe {
            c::RSA_encrypt(
                self.0.mine().as_ptr(),
                &raw mut len,
                out.as_mut_ptr(),
                out.len(),
                input.as_ptr(),
                input.len(),
                padding,
            )
        });
        succeeded(rc, "RSA encryption")?;
        filled(len, out)
    }

    /// Encrypts with OAEP (RFC 8017 section 7.1.1). `out` is as long as the modulus.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for a message that is too long for the hash.
    pub fn encrypt_oaep(&self, oaep: &Oaep, message: &[u8], out: &mut [u8]) -> Result<()> {
        let context = Context::new(self.0.mine(), c::EVP_PKEY_encrypt_init, oaep)?;
        let mut len = out.len();
        // SAFETY: both slices are as long as said; the context was made for encryption.
        let rc = drawing(|| unsafe {
            c::EVP_PKEY_encrypt(
                context.0.as_ptr(),
                out.as_mut_ptr(),
                &raw mut len,
                message.as_ptr(),
                message.len(),
            )
        });
        succeeded(rc, "RSA encryption")?;
        filled(len, out)
    }
}

impl PrivateKey {
    /// Whether a number of as many bytes as the modulus is smaller than it, and neither 1 nor one less than the modulus:
    /// AWS-LC raises neither to the private exponent, since both are what comes of them (SP 800-56B section 7.1.2.1).
    #[must_use]
    pub fn is_in_range(&self, number: &[u8]) -> bool {
        let modulus = &*self.copies.modulus;
        number.len() == modulus.len() && *number < *modulus && !is_its_own_power(number, modulus)
    }

    /// SHA-256 of the private exponent, for what must depend on the key and be known to nobody else.
    #[must_use]
    pub fn exponent_digest(&self) -> &[u8] {
        self.exponent_digest.expose()
    }

    /// Raises a number to the private exponent. Both are as long as the modulus.
    ///
    /// # Errors
    /// [`Error::Primitive`] for another length, and for a number that is not below the modulus.
    pub fn raw(&self, number: &[u8], out: &mut [u8]) -> Result<()> {
        if number.len() == out.len()
            && number.len() == self.copies.len()
            && number.iter().all(|byte| *byte == 0)
        {
            // Zero stays zero, and the library refuses to say so.
            out.fill(0);
            return Ok(());
        }
        let mut len = 0;
        // SAFETY: both slices are as long as said; the call refuses a place shorter than the modulus.
        let rc = drawing(|| unsafe {
            c::RSA_decrypt(
                self.copies.mine().as_ptr(),
                &raw mut len,
                out.as_mut_ptr(),
                out.len(),
                number.as_ptr(),
                number.len(),
                c::RSA_NO_PADDING,
            )
        });
        succeeded(rc, "RSA decryption")?;
        filled(len, out)
    }

    /// Decrypts OAEP (RFC 8017 section 7.1.2) and gives the length of the message. `out` is as long as the modulus.
    ///
    /// # Errors
    /// [`Error::EncryptedDataInvalid`], whatever is wrong with the ciphertext; [`Error::Primitive`].
    pub fn decrypt_oaep(&self, oaep: &Oaep, ciphertext: &[u8], out: &mut [u8]) -> Result<usize> {
        let context = Context::new(self.copies.mine(), c::EVP_PKEY_decrypt_init, oaep)?;
        let mut len = out.len();
        // SAFETY: both slices are as long as said; the context was made for decryption.
        let rc = drawing(|| unsafe {
            c::EVP_PKEY_decrypt(
                context.0.as_ptr(),
                out.as_mut_ptr(),
                &raw mut len,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        });
        succeeded(rc, "RSA decryption").map_err(|_| Error::EncryptedDataInvalid)?;
        Ok(len)
    }
}

fn filled(len: usize, out: &[u8]) -> Result<()> {
    if len == out.len() { Ok(()) } else { Err(Error::Primitive("an RSA result of another length")) }
}

/// One `EVP_PKEY` object.
struct Envelope(NonNull<c::EVP_PKEY>);

impl Drop for Envelope {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::EVP_PKEY_free(self.0.as_ptr()) };
    }
}

/// One `EVP_PKEY_CTX` object, set up for OAEP.
struct Context(NonNull<c::EVP_PKEY_CTX>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::EVP_PKEY_CTX_free(self.0.as_ptr()) };
    }
}

impl Context {
    fn new(
        key: &Handle,
        init: unsafe extern "C" fn(*mut c::EVP_PKEY_CTX) -> i32,
        oaep: &Oaep,
    ) -> Result<Self> {
        // SAFETY: makes an empty object.
        let envelope = unsafe { c::EVP_PKEY_new() };
        let envelope = NonNull::new(envelope).map(Envelope).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: both are living objects; the call counts one more reference to the key.
        let rc = unsafe { c::EVP_PKEY_set1_RSA(envelope.0.as_ptr(), key.as_ptr()) };
        succeeded(rc, "RSA key")?;
        // SAFETY: a living object, to which the context counts a reference of its own; null means no engine.
        let context = unsafe { c::EVP_PKEY_CTX_new(envelope.0.as_ptr(), null_mut()) };
        let context = NonNull::new(context).map(Self).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a fresh context; both callers give one of the library's two initialisers.
        let rc = unsafe { init(context.0.as_ptr()) };
        succeeded(rc, "OAEP")?;
        // SAFETY: an initialised context.
        let rc = unsafe { c::EVP_PKEY_CTX_set_rsa_padding(context.0.as_ptr(), c::RSA_PKCS1_OAEP_PADDING) };
        succeeded(rc, "OAEP")?;
        // SAFETY: as above; the hash function is a static.
        let rc = unsafe { c::EVP_PKEY_CTX_set_rsa_oaep_md(context.0.as_ptr(), oaep.hash.as_ptr()) };
        succeeded(rc, "OAEP")?;
        // SAFETY: as above.
        let rc = unsafe { c::EVP_PKEY_CTX_set_rsa_mgf1_md(context.0.as_ptr(), oaep.mgf.as_ptr()) };
        succeeded(rc, "OAEP")?;
        context.set_label(&oaep.label)?;
        Ok(context)
    }

    fn set_label(&self, label: &[u8]) -> Result<()> {
        if label.is_empty() {
            return Ok(());
        }
        // SAFETY: asks for memory of the library's own.
        let copy = unsafe { c::OPENSSL_malloc(label.len()) };
        let copy = NonNull::new(copy.cast::<u8>()).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a fresh block of that length.
        unsafe { copy.as_ptr().copy_from_nonoverlapping(label.as_ptr(), label.len()) };
        // SAFETY: an initialised context, which takes the block over if the call succeeds.
        let rc = unsafe { c::EVP_PKEY_CTX_set0_rsa_oaep_label(self.0.as_ptr(), copy.as_ptr(), label.len()) };
        succeeded(rc, "OAEP").inspect_err(|_| {
            // SAFETY: the block was not taken over.
            unsafe { c::OPENSSL_free(copy.as_ptr().cast()) };
        })
    }
}
