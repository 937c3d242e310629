//! PKCS #1 v1.5 decryption with implicit rejection (draft-irtf-cfrg-rsa-guidance section 7): a ciphertext whose padding is
//! wrong decrypts to a message that looks random and is always the same, so that nobody can ask whether padding is right
//! (Bleichenbacher's attack).

use hmac::{Hmac, KeyInit, Mac};
use p384::elliptic_curve::subtle::{
    Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess,
};
use pkcs11::{Error, Result, Secret};
use sha2::Sha256;

use crate::aws_lc::rsa::PrivateKey;

/// Bytes of candidates for the length of a message, two each.
const LENGTHS: usize = 256;
/// Where the byte that ends the padding stands at the earliest: after `00 02` and eight bytes.
const FIRST_END: u32 = 10;

/// Decrypts a ciphertext as long as the modulus and below it: the message, or another in its place.
///
/// # Errors
/// [`Error::Primitive`]
pub(super) fn decrypt(key: &PrivateKey, ciphertext: &[u8]) -> Result<Secret> {
    let mut encoded = Secret::zeroed(key.signature_len());
    key.raw(ciphertext, encoded.as_mut())?;
    let derived = mac(key.exponent_digest(), &[ciphertext])?;
    let lengths = expanded(&derived, b"length", LENGTHS)?;
    let substitute = expanded(&derived, b"message", encoded.len())?;
    let total = u32::try_from(encoded.len()).map_err(|_| Error::KeySizeRange)?;
    let substitute_start = total - substitute_len(&lengths, total);
    let (good, start) = message_start(encoded.expose());
    let start = u32::conditional_select(&substitute_start, &start, good);
    for (byte, other) in encoded.as_mut().iter_mut().zip(substitute.expose()) {
        *byte = u8::conditional_select(other, byte, good);
    }
    // How long the message is, is no secret: the caller learns it.
    Ok(Secret::from(encoded.expose().get(start as usize..).unwrap_or_default()))
}

/// Whether a block is well padded, and where its message starts. Looks at every byte whatever it finds.
fn message_start(encoded: &[u8]) -> (Choice, u32) {
    let mut good = Choice::from(1);
    let (mut found, mut end) = (Choice::from(0), 0u32);
    for (place, byte) in (0u32..).zip(encoded) {
        match place {
            0 => good &= byte.ct_eq(&0),
            1 => good &= byte.ct_eq(&2),
            _ => {
                let zero = byte.ct_eq(&0);
                end = u32::conditional_select(&end, &place, zero & !found);
                found |= zero;
            }
        }
    }
    good &= found & !end.ct_lt(&FIRST_END);
    (good, end.wrapping_add(1))
}

/// Length of the message that takes the place of a bad one: the last candidate that a message can have.
fn substitute_len(lengths: &Secret, total: u32) -> u32 {
    // The longest message and one more.
    let bound = total.saturating_sub(FIRST_END);
    let mask = u32::MAX.checked_shr(bound.leading_zeros()).unwrap_or(0);
    let mut len = 0;
    for candidate in lengths.expose().as_chunks::<2>().0 {
        let candidate = u32::from(u16::from_be_bytes(*candidate)) & mask;
        len = u32::conditional_select(&len, &candidate, bound.ct_gt(&candidate));
    }
    len
}

/// The draft's pseudo-random function: blocks of HMAC over a number, a label and the length in bits.
fn expanded(key: &Secret, label: &[u8], len: usize) -> Result<Secret> {
    let bits = u16::try_from(8 * len).map_err(|_| Error::KeySizeRange)?.to_be_bytes();
    let mut out = Secret::zeroed(len);
    for (number, block) in (0u16..).zip(out.as_mut().chunks_mut(32)) {
        let made = mac(key.expose(), &[&number.to_be_bytes(), label, &bits])?;
        block.iter_mut().zip(made.expose()).for_each(|(place, byte)| *place = *byte);
    }
    Ok(out)
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Result<Secret> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).map_err(|_| Error::Bug("HMAC takes a key of any length"))?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(Secret::from(<[u8; 32]>::from(mac.finalize().into_bytes())))
}
