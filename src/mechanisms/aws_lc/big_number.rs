//! `BIGNUM`, owned or borrowed.

use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};

use crate::lc as c;

use pkcs11::{Error, Result, Secret};

use super::{failed, forking, succeeded};

/// A number that this value owns; wiped when dropped.
#[derive(Debug)]
pub(super) struct BigNumber(NonNull<c::BIGNUM>);

impl BigNumber {
    /// The number in big-endian bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        // SAFETY: `bytes` is readable for its whole length; null asks for a new number.
        let number = unsafe { c::BN_bin2bn(bytes.as_ptr(), bytes.len(), std::ptr::null_mut()) };
        NonNull::new(number).map(Self).ok_or_else(|| failed("out of memory"))
    }

    /// For a call that writes to the number.
    pub(super) fn as_mut_ptr(&self) -> *mut c::BIGNUM {
        self.0.as_ptr()
    }

    /// The number for reading.
    pub(super) fn borrow(&self) -> Result<Borrowed<'_>> {
        // SAFETY: alive and unchanged for as long as `self` is borrowed.
        unsafe { Borrowed::new(self.0.as_ptr()) }
    }

    pub(super) fn as_ptr(&self) -> *const c::BIGNUM {
        self.0.as_ptr()
    }

    /// Gives the number away to a call that takes ownership.
    pub(super) fn into_raw(self) -> *mut c::BIGNUM {
        let number = self.0.as_ptr();
        std::mem::forget(self);
        number
    }
}

impl Drop for BigNumber {
    fn drop(&mut self) {
        // SAFETY: owned by this value, and not given away (`into_raw` forgets the value).
        unsafe { c::BN_clear_free(self.0.as_ptr()) };
    }
}

/// A number that lives inside another object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Borrowed<'a> {
    number: NonNull<c::BIGNUM>,
    owner: PhantomData<&'a ()>,
}

impl Borrowed<'_> {
    /// # Safety
    /// `number` is null or points to a number that lives and stays unchanged for the chosen lifetime.
    pub(super) unsafe fn new(number: *const c::BIGNUM) -> Result<Self> {
        let number = NonNull::new(number.cast_mut()).ok_or(Error::Primitive("a component is missing"))?;
        Ok(Self { number, owner: PhantomData })
    }

    /// Length in bytes without leading zeros.
    pub(super) fn len(&self) -> usize {
        // SAFETY: alive by the promise of `new`.
        let len = unsafe { c::BN_num_bytes(self.number.as_ptr()) };
        len as usize
    }

    /// Big-endian bytes without leading zeros.
    pub(super) fn to_secret(self) -> Result<Secret> {
        self.to_secret_of(self.len())
    }

    /// Big-endian bytes, padded with zeros to `len`.
    pub(super) fn to_secret_of(self, len: usize) -> Result<Secret> {
        let mut bytes = Secret::zeroed(len);
        self.write(bytes.as_mut())?;
        Ok(bytes)
    }

    /// Fills `out` with the number, padded with zeros on the left.
    pub(super) fn write(self, out: &mut [u8]) -> Result<()> {
        // SAFETY: `out` is writable for its whole length, and the number is alive by the promise of `new`.
        let rc = unsafe { c::BN_bn2bin_padded(out.as_mut_ptr(), out.len(), self.number.as_ptr()) };
        succeeded(rc, "a number is longer than its place")
    }
}

/// What AWS-LC calls between two candidates for a prime, holding no lock.
pub(super) struct Callback(NonNull<c::BN_GENCB>);

impl Drop for Callback {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::BN_GENCB_free(self.0.as_ptr()) };
    }
}

impl Callback {
    pub(super) fn new() -> Result<Self> {
        // SAFETY: makes a new object.
        let made = unsafe { c::BN_GENCB_new() };
        let callback = NonNull::new(made).map(Self).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a living object; the function takes no argument of ours.
        unsafe { c::BN_GENCB_set(callback.0.as_ptr(), Some(let_forks_pass), null_mut()) };
        Ok(callback)
    }

    pub(super) fn as_ptr(&self) -> *mut c::BN_GENCB {
        self.0.as_ptr()
    }
}

/// Lets a fork pass that waits, and the generation go on.
unsafe extern "C" fn let_forks_pass(_event: i32, _number: i32, _callback: *mut c::BN_GENCB) -> i32 {
    forking::make_way();
    1
}
