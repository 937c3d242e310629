//! Names of tokens: version 4 UUIDs (RFC 9562), and the slots that follow from them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use engine::place::TokenId;
use pkcs11::{Error, Result, SlotId};

/// Where the lengths of a UUID's groups, in hex digits, stand.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// The UUID in its canonical form, lower case.
pub(super) fn to_text(token: TokenId) -> String {
    let mut digits = token.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(36);
    for (group, length) in GROUPS.into_iter().enumerate() {
        if group > 0 {
            text.push('-');
        }
        let group = digits.by_ref().take(length);
        text.extend(group.filter_map(|digit| char::from_digit(digit.into(), 16)));
    }
    text
}

/// Reads a canonical version 4 UUID; anything else is none.
pub(super) fn from_text(text: &str) -> Option<TokenId> {
    let mut token = [0; 16];
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b'-')
        .map(|byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != token.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in token.iter_mut().zip(pairs) {
        *byte = high << 4 | low;
    }
    let token = TokenId(token);
    (is_version_4(token) && to_text(token) == text).then_some(token)
}

fn is_version_4(token: TokenId) -> bool {
    let [.., version, _, variant, _, _, _, _, _, _, _] = token.0;
    version >> 4 == 4 && variant >> 6 == 2
}

/// The slot of a token: the last 31 bits of its id. 0 is none.
pub(super) fn slot(token: TokenId) -> Option<SlotId> {
    let [.., a, b, c, d] = token.0;
    let slot = u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff;
    (slot != 0).then_some(SlotId(slot.into()))
}

/// How far apart the slots of successive tokens may lie: enough that tokens of two machines seldom collide.
const STEP: u32 = 0x000f_ffff;

/// The same id with a slot above `last`, so that slots ascend in the order in which tokens were made and the empty
/// one comes last in every list. Where no number is left above, the id stays as it is.
pub(super) fn above(token: TokenId, last: u64) -> TokenId {
    let TokenId(mut id) = token;
    let [.., a, b, c, d] = &mut id;
    let random = u32::from_be_bytes([*a, *b, *c, *d]);
    let next = u32::try_from(last).ok().and_then(|last| last.checked_add(1 + (random & STEP)));
    let Some(next) = next.filter(|next| *next <= 0x7fff_ffff) else { return token };
    [*a, *b, *c, *d] = (random & 0x8000_0000 | next).to_be_bytes();
    TokenId(id)
}

/// A new token's id, from the system's random generator.
///
/// Read from the file rather than asked of getrandom(2): it needs no further crate, and a process that may make
/// tokens sees `/dev`.
///
/// # Errors
/// [`Error::Configuration`] when there is no such generator.
pub(super) fn random() -> Result<TokenId> {
    let path = Path::new("/dev/urandom");
    let mut token = [0; 16];
    let read = File::open(path).and_then(|mut generator| generator.read_exact(&mut token));
    read.map_err(|error| Error::Configuration { path: path.to_owned(), reason: error.to_string() })?;
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut token;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    Ok(TokenId(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canonical_uuid_of_version_4_reads_and_writes() {
        let text = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        let token = from_text(text).unwrap();
        assert_eq!(token.0[..4], [0x6b, 0xa7, 0xb8, 0x10]);
        assert_eq!(to_text(token), text);
        assert_eq!(slot(token), Some(SlotId(0x4fd4_30c8)));
    }

    #[test]
    fn anything_else_is_no_token() {
        for text in [
            "",
            "lost+found",
            "6BA7B810-9dad-41d1-80b4-00c04fd430c8",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "6ba7b810-9dad-41d1-c0b4-00c04fd430c8",
            "6ba7b8109dad41d180b400c04fd430c8",
            "6ba7b810-9dad-41d1-80b4-00c04fd430c",
            "6ba7b810-9dad-41d1-80b4-00c04fd430c8-",
            "6ba7b810-9dad-41d1-80b4-00c04fd430g8",
            ".6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_new_slot_lies_above_the_last_while_there_are_numbers() {
        let token = random().unwrap();
        for last in [0, 1, 77, 0x7fe0_0000] {
            let slot = slot(above(token, last)).unwrap().0;
            assert!(slot > last && slot <= last + 0x0010_0000, "{slot} after {last}");
        }
        assert_eq!(above(token, 0x7fff_ffff), token);
        assert!(is_version_4(above(token, 5)));
    }

    #[test]
    fn random_ids_differ_and_are_of_version_4() {
        let (one, other) = (random().unwrap(), random().unwrap());
        assert_ne!(one, other);
        assert_eq!(from_text(&to_text(one)), Some(one));
    }

    #[test]
    fn a_slot_is_positive_and_fits_31_bits() {
        let mut token = [0xff; 16];
        assert_eq!(slot(TokenId(token)), Some(SlotId(0x7fff_ffff)));
        token[12..].copy_from_slice(&[0x80, 0, 0, 0]);
        assert_eq!(slot(TokenId(token)), None);
    }
}
