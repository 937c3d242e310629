//! Keys of the algorithms that AWS-LC offers through its generic key objects alone.

use std::ptr::{NonNull, null_mut};

use crate::lc as c;

use pkcs11::{Result, Secret};

use super::{failed, succeeded};

/// One `EVP_PKEY` object, used for reading alone once it is made: the operations below take no lock in it.
#[derive(Debug)]
pub(super) struct EvpKey(NonNull<c::EVP_PKEY>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for EvpKey {}
// SAFETY: nothing changes the object after it was made but its count of references, which is atomic.
unsafe impl Sync for EvpKey {}

impl Drop for EvpKey {
    fn drop(&mut self) {
        // SAFETY: the one reference that this value owns.
        unsafe { c::EVP_PKEY_free(self.0.as_ptr()) };
    }
}

impl EvpKey {
    /// Takes over a key that a call has just made; null when the call failed.
    ///
    /// # Safety
    /// `key` is null or a reference that belongs to nobody else.
    pub(super) unsafe fn owned(key: *mut c::EVP_PKEY, what: &'static str) -> Result<Self> {
        NonNull::new(key).map(Self).ok_or_else(|| failed(what))
    }

    pub(super) fn as_ptr(&self) -> *mut c::EVP_PKEY {
        self.0.as_ptr()
    }

    /// A place for one operation with this key.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    pub(super) fn context(&self) -> Result<Context> {
        // SAFETY: a living key, of which the context takes a reference of its own; no engine.
        let context = unsafe { c::EVP_PKEY_CTX_new(self.as_ptr(), null_mut()) };
        Context::new(context)
    }

    /// The public key's bytes, of which there must be `len`.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    pub(super) fn public(&self, len: usize) -> Result<Vec<u8>> {
        let (mut bytes, mut written) = (vec![0; len], len);
        // SAFETY: `bytes` holds as many as `written` says.
        let rc =
            unsafe { c::EVP_PKEY_get_raw_public_key(self.as_ptr(), bytes.as_mut_ptr(), &raw mut written) };
        succeeded(rc, "public key")?;
        if written == len { Ok(bytes) } else { Err(failed("public key")) }
    }

    /// The private key's bytes, of which there must be `len`.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    pub(super) fn private(&self, len: usize) -> Result<Secret> {
        let (mut bytes, mut written) = (Secret::zeroed(len), len);
        let place = bytes.as_mut().as_mut_ptr();
        // SAFETY: `bytes` holds as many as `written` says.
        let rc = unsafe { c::EVP_PKEY_get_raw_private_key(self.as_ptr(), place, &raw mut written) };
        succeeded(rc, "private key")?;
        if written == len { Ok(bytes) } else { Err(failed("private key")) }
    }
}

/// One `EVP_PKEY_CTX` object: the parameters of one operation.
pub(super) struct Context(NonNull<c::EVP_PKEY_CTX>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::EVP_PKEY_CTX_free(self.0.as_ptr()) };
    }
}

impl Context {
    fn new(context: *mut c::EVP_PKEY_CTX) -> Result<Self> {
        NonNull::new(context).map(Self).ok_or_else(|| failed("out of memory"))
    }

    /// A place for making a key of a type.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    pub(super) fn of_type(key_type: i32) -> Result<Self> {
        // SAFETY: makes a new object; no engine.
        let context = unsafe { c::EVP_PKEY_CTX_new_id(key_type, null_mut()) };
        Self::new(context)
    }

    pub(super) fn as_ptr(&self) -> *mut c::EVP_PKEY_CTX {
        self.0.as_ptr()
    }
}
