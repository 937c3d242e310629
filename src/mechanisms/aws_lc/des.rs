//! DES and triple DES (FIPS 46-3, SP 800-67).

use crate::lc as c;
use pkcs11::{Error, Result, Secret};
use zeroize::Zeroize;

use super::Direction;

/// Length of a block in bytes, and of one of the keys that a key consists of.
pub const BLOCK: usize = 8;

/// A key whose schedules are made once; wiped when dropped.
pub struct Key {
    /// Three, or the same one three times for a single key.
    schedules: Box<[c::DES_key_schedule; 3]>,
    bytes: Secret,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "des::Key({} bytes)", self.bytes.len())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.schedules.iter_mut().for_each(|schedule| schedule.subkeys.zeroize());
    }
}

impl Key {
    /// A key of 8, 16 or 24 bytes. Of 16 bytes the first 8 come again as the third key. Parity is not looked at.
    ///
    /// # Errors
    /// [`Error::KeySizeRange`] for any other length.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let parts = match bytes.as_chunks::<BLOCK>() {
            ([only], []) => [only, only, only],
            ([first, second], []) => [first, second, first],
            ([first, second, third], []) => [first, second, third],
            _ => return Err(Error::KeySizeRange),
        };
        let mut schedules = Box::new([c::DES_key_schedule { subkeys: [[0; 2]; 16] }; 3]);
        for (part, schedule) in parts.into_iter().zip(schedules.iter_mut()) {
            let mut block = c::DES_cblock { bytes: *part };
            // SAFETY: the block holds a key; the schedule is this function's own.
            unsafe { c::DES_set_key_unchecked(&raw const block, schedule) };
            block.bytes.zeroize();
        }
        Ok(Self { schedules, bytes: Secret::from(bytes) })
    }

    /// Length of the key in bytes.
    #[must_use]
    pub fn key_len(&self) -> usize {
        self.bytes.len()
    }

    /// The key itself.
    #[must_use]
    pub fn bytes(&self) -> &Secret {
        &self.bytes
    }

    /// One block in place.
    pub fn block(&self, direction: Direction, block: &mut [u8; BLOCK]) {
        let mut input = c::DES_cblock { bytes: *block };
        let mut out = c::DES_cblock { bytes: [0; BLOCK] };
        let [first, second, third] = &*self.schedules;
        if self.bytes.len() == BLOCK {
            // SAFETY: both places hold one block; the schedule is whole and only read.
            unsafe { c::DES_ecb_encrypt(&raw const input, &raw mut out, first, flag(direction)) };
        } else {
            // SAFETY: as above.
            unsafe {
                c::DES_ecb3_encrypt(&raw const input, &raw mut out, first, second, third, flag(direction));
            }
        }
        *block = out.bytes;
        input.bytes.zeroize();
        out.bytes.zeroize();
    }

    /// Whole blocks in ECB mode; `out` is as long as `input`.
    ///
    /// # Errors
    /// [`Error::Primitive`] for lengths that differ or are no multiple of [`BLOCK`].
    pub fn ecb(&self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        whole_blocks(input, out)?;
        for (input, place) in input.as_chunks::<BLOCK>().0.iter().zip(out.as_chunks_mut::<BLOCK>().0) {
            *place = *input;
            self.block(direction, place);
        }
        Ok(())
    }

    /// Whole blocks in CBC mode; `out` is as long as `input`, and `iv` is left for the blocks that follow.
    ///
    /// # Errors
    /// As [`Key::ecb`].
    pub fn cbc(
        &self,
        direction: Direction,
        iv: &mut [u8; BLOCK],
        input: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        whole_blocks(input, out)?;
        let mut chain = c::DES_cblock { bytes: *iv };
        let [first, second, third] = &*self.schedules;
        let (from, to, len) = (input.as_ptr(), out.as_mut_ptr(), input.len());
        if self.bytes.len() == BLOCK {
            // SAFETY: both slices are as long as said, in whole blocks, and do not overlap; the schedule is whole and only
            // read; the chain holds one block.
            unsafe { c::DES_ncbc_encrypt(from, to, len, first, &raw mut chain, flag(direction)) };
        } else {
            // SAFETY: as above.
            unsafe {
                c::DES_ede3_cbc_encrypt(from, to, len, first, second, third, &raw mut chain, flag(direction));
            }
        }
        *iv = chain.bytes;
        Ok(())
    }
}

fn flag(direction: Direction) -> i32 {
    match direction {
        Direction::Encrypt => c::DES_ENCRYPT,
        Direction::Decrypt => c::DES_DECRYPT,
    }
}

fn whole_blocks(input: &[u8], out: &[u8]) -> Result<()> {
    if input.len() == out.len() && input.len().is_multiple_of(BLOCK) {
        Ok(())
    } else {
        Err(Error::Primitive("DES into a place of another length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_or_a_place_of_another_length_is_refused() {
        for len in [0, 1, 7, 9, 15, 17, 23, 25, 32] {
            assert_eq!(Key::new(&vec![7; len]).err(), Some(Error::KeySizeRange));
        }
        for len in [8, 16, 24] {
            let key = Key::new(&vec![7; len]).unwrap();
            assert_eq!((key.key_len(), format!("{key:?}")), (len, format!("des::Key({len} bytes)")));
            assert!(key.ecb(Direction::Encrypt, &[0; 8], &mut [0; 7]).is_err());
            assert!(key.ecb(Direction::Encrypt, &[0; 7], &mut [0; 7]).is_err());
            assert!(key.cbc(Direction::Encrypt, &mut [0; 8], &[0; 16], &mut [0; 8]).is_err());
            assert!(key.cbc(Direction::Encrypt, &mut [0; 8], &[], &mut []).is_ok());
        }
    }
}
