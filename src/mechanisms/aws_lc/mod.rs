//! AWS-LC behind safe types: keys that are parsed once, ciphers, signatures, key agreement, random bytes.
//!
//! Every raw call of this crate stands in this folder, one to a block with the argument why it is sound. What goes
//! out is safe: a value owns what it points to, lengths are checked before a call, and a failed call leaves no entry
//! in the library's error queue.

// The C library can be called in no other way; the rest of the crate stays without unsafe.
#![allow(unsafe_code)]

mod aead;
pub mod aes;
mod big_number;
pub mod chacha20;
pub mod curve25519;
pub mod derivation;
pub mod des;
pub mod ec;
mod evp_key;
pub mod finite_field;
pub mod forking;
pub mod hash;
mod heap;
pub mod ml_dsa;
pub mod ml_kem;
pub mod rsa;
mod thread;

use crate::lc as c;

use pkcs11::{Error, Result};

use forking::drawing;

/// Which way a cipher works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Plaintext to ciphertext.
    Encrypt,
    /// Ciphertext to plaintext.
    Decrypt,
}

/// Fills `out` from the generator of this thread, which reseeds itself in a forked child.
///
/// # Errors
/// [`Error::Primitive`]
pub fn random(out: &mut [u8]) -> Result<()> {
    // SAFETY: `out` is writable for its whole length.
    let rc = drawing(|| unsafe { c::RAND_bytes(out.as_mut_ptr(), out.len()) });
    succeeded(rc, "random bytes")
}

/// Turns the library's 1 into `Ok`; empties the error queue of this thread otherwise.
fn succeeded(rc: i32, what: &'static str) -> Result<()> {
    if rc == 1 { Ok(()) } else { Err(failed(what)) }
}

/// The error of a call that failed, with this thread's error queue emptied.
fn failed(what: &'static str) -> Error {
    // SAFETY: touches nothing but this thread's own queue.
    unsafe { c::ERR_clear_error() };
    Error::Primitive(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/fips.md
    #[cfg(feature = "fips")]
    #[test]
    fn the_branch_is_in_fips_mode() {
        // SAFETY: it reads what the library knows of itself.
        assert_eq!(unsafe { c::FIPS_mode() }, 1);
    }

    fn queued_error() -> u32 {
        // SAFETY: reads this thread's own queue.
        unsafe { c::ERR_peek_last_error() }
    }

    #[test]
    fn random_bytes_fill_the_whole_buffer_and_differ() {
        let (mut a, mut b) = ([0; 64], [0; 64]);
        random(&mut a).unwrap();
        random(&mut b).unwrap();
        assert_ne!(a, b);
        assert_ne!(a[32..], [0; 32]);
        random(&mut []).unwrap();
    }

    #[test]
    fn a_failed_call_leaves_no_error_behind() {
        assert!(ec::PublicKey::from_point(ec::Curve::P256, &[4; 65]).is_err());
        assert_eq!(queued_error(), 0);
    }
}
