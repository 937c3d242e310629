//! ECB and CBC (SP 800-38A sections 6.1 and 6.2), with and without PKCS #7 padding.

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use p384::elliptic_curve::subtle::{ConstantTimeEq, ConstantTimeLess};
use pkcs11::constants::{CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB};
use pkcs11::encode::Writer;
use pkcs11::{Error, Mechanism, Result, Secret};
use zeroize::{Zeroize, Zeroizing};

use super::iv;
use crate::aws_lc::aes::{BLOCK, Direction, Key};
use crate::{downcast, no_parameter};

/// How blocks hang together.
enum Mode {
    Ecb,
    /// With what the next block is combined with.
    Cbc([u8; BLOCK]),
}

/// What becomes of a last block that is not full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// There must be none.
    None,
    /// It is filled with zeros: for keys that are wrapped (PKCS#11 v3.2 section 6.10.4).
    Zeros,
    /// 1 to 16 bytes that each tell their number (RFC 5652 section 6.3).
    Pkcs7,
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Direction::Encrypt, Padding::None)
}

pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Direction::Decrypt, Padding::None)
}

pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Direction::Encrypt, Padding::Zeros)
}

fn start(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
    direction: Direction,
    plain_padding: Padding,
) -> Result<Box<dyn Ciphering>> {
    let key = downcast(key)?;
    let (mode, padding) = match mechanism.mechanism_type {
        CKM_AES_ECB => {
            no_parameter(mechanism)?;
            (Mode::Ecb, plain_padding)
        }
        CKM_AES_CBC => (Mode::Cbc(iv(mechanism)?), plain_padding),
        CKM_AES_CBC_PAD => (Mode::Cbc(iv(mechanism)?), Padding::Pkcs7),
        other => return Err(Error::MechanismInvalid(other)),
    };
    Ok(Box::new(Blocks { key, mode, direction, padding, held: [0; BLOCK], held_len: 0 }))
}

struct Blocks {
    key: Arc<Key>,
    mode: Mode,
    direction: Direction,
    padding: Padding,
    /// Input that makes no block yet, or, where padding is to be taken off, may be the last one.
    held: [u8; BLOCK],
    held_len: usize,
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.held.zeroize();
    }
}

impl Blocks {
    /// Whether the last block must wait for the end, because its padding comes off.
    fn holds_back(&self) -> bool {
        self.padding == Padding::Pkcs7 && self.direction == Direction::Decrypt
    }

    fn process(&mut self, input: &[u8], out: &mut [u8]) -> Result<()> {
        match &mut self.mode {
            Mode::Ecb => self.key.ecb(self.direction, input, out),
            Mode::Cbc(iv) => self.key.cbc(self.direction, iv, input, out),
        }
    }

    /// The held block, which is full.
    fn process_held(&mut self, out: &mut [u8]) -> Result<()> {
        let held = Zeroizing::new(self.held);
        self.held_len = 0;
        self.process(held.as_slice(), out)
    }

    /// Holds a part for which there is room.
    fn hold(&mut self, part: &[u8]) -> Result<()> {
        let end = self.held_len + part.len();
        let place = self.held.get_mut(self.held_len..end).ok_or(Error::Bug("more held than a block"))?;
        place.copy_from_slice(part);
        self.held_len = end;
        Ok(())
    }

    fn fill_held(&mut self, byte: u8) {
        self.held.iter_mut().skip(self.held_len).for_each(|place| *place = byte);
    }

    fn finish_encryption(&mut self, out: &mut [u8]) -> Result<usize> {
        match (self.padding, self.held_len) {
            (Padding::None | Padding::Zeros, 0) => return Ok(0),
            (Padding::None, _) => return Err(Error::DataLenRange),
            (Padding::Zeros, _) => self.fill_held(0),
            // 1 to 16.
            (Padding::Pkcs7, len) => self.fill_held(u8::try_from(BLOCK - len).unwrap_or(0)),
        }
        let out = out.get_mut(..BLOCK).ok_or(Error::Bug("no place for the last block"))?;
        self.process_held(out)?;
        Ok(BLOCK)
    }

    fn finish_decryption(&mut self, out: &mut [u8]) -> Result<usize> {
        if !self.holds_back() {
            return if self.held_len == 0 { Ok(0) } else { Err(Error::EncryptedDataLenRange) };
        }
        if self.held_len != BLOCK {
            return Err(Error::EncryptedDataLenRange);
        }
        let mut block = Zeroizing::new([0; BLOCK]);
        self.process_held(block.as_mut_slice())?;
        let len = unpadded(&block).ok_or(Error::EncryptedDataInvalid)?;
        for (place, byte) in out.iter_mut().zip(block.iter()).take(len) {
            *place = *byte;
        }
        Ok(len)
    }
}

/// Length of what stands before the padding in the last block. Takes the same time for every block.
fn unpadded(block: &[u8; BLOCK]) -> Option<usize> {
    let [.., last] = *block;
    let mut good = !last.ct_eq(&0) & last.ct_lt(&17);
    for (place, byte) in (1u8..).zip(block.iter().rev()) {
        // The first `last` bytes from the end must be `last`.
        good &= last.ct_lt(&place) | byte.ct_eq(&last);
    }
    bool::from(good).then(|| BLOCK - usize::from(last))
}

impl Saving for Blocks {
    /// What the next block is combined with, if anything, and what is held.
    fn save(&self) -> Option<Secret> {
        let mut state = Writer::new();
        if let Mode::Cbc(iv) = &self.mode {
            state.raw(iv);
        }
        Some(state.raw(self.held.get(..self.held_len)?).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let mut held = state;
        if let Mode::Cbc(iv) = &mut self.mode {
            (*iv, held) =
                state.split_first_chunk().map(|(iv, held)| (*iv, held)).ok_or(Error::SavedStateInvalid)?;
        }
        if held.len() > if self.holds_back() { BLOCK } else { BLOCK - 1 } {
            return Err(Error::SavedStateInvalid);
        }
        self.held_len = 0;
        self.hold(held)
    }
}

impl Ciphering for Blocks {
    fn update_len(&self, len: usize) -> usize {
        let total = self.held_len.saturating_add(len);
        let ready = if self.holds_back() { total.saturating_sub(1) } else { total };
        ready - ready % BLOCK
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let ready = self.update_len(part.len());
        if ready == 0 {
            return self.hold(part);
        }
        let mut ahead = 0;
        let mut rest = part;
        if self.held_len > 0 {
            let (filling, after) =
                part.split_at_checked(BLOCK - self.held_len).ok_or(Error::Bug("no block is ready"))?;
            self.hold(filling)?;
            self.process_held(out.get_mut(..BLOCK).ok_or(Error::Bug("no place for a block"))?)?;
            (ahead, rest) = (BLOCK, after);
        }
        let (blocks, after) = rest.split_at_checked(ready - ahead).ok_or(Error::Bug("no block is ready"))?;
        self.process(blocks, out.get_mut(ahead..ready).ok_or(Error::Bug("no place for the blocks"))?)?;
        self.hold(after)
    }

    fn finish_len(&self) -> usize {
        match (self.direction, self.padding) {
            (_, Padding::None) => 0,
            (Direction::Decrypt, _) => BLOCK - 1,
            (Direction::Encrypt, Padding::Zeros) if self.held_len == 0 => 0,
            (Direction::Encrypt, _) => BLOCK,
        }
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        match self.direction {
            Direction::Encrypt => self.finish_encryption(out),
            Direction::Decrypt => self.finish_decryption(out),
        }
    }

    fn whole_len(&self, len: usize) -> usize {
        match (self.direction, self.padding) {
            (_, Padding::None) => len,
            (Direction::Decrypt, _) => len.saturating_sub(1),
            (Direction::Encrypt, Padding::Zeros) => len.checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX),
            (Direction::Encrypt, Padding::Pkcs7) => (len - len % BLOCK).saturating_add(BLOCK),
        }
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // Before anything is written.
        let whole_blocks = data.len().is_multiple_of(BLOCK);
        match (self.direction, self.padding) {
            (Direction::Encrypt, Padding::None) if !whole_blocks => return Err(Error::DataLenRange),
            (Direction::Decrypt, _) if !whole_blocks => return Err(Error::EncryptedDataLenRange),
            _ => {}
        }
        let ready = self.update_len(data.len());
        let (now, last) = out.split_at_mut_checked(ready).ok_or(Error::Bug("no place for the blocks"))?;
        self.update(data, now)?;
        let finished = self.finish(last);
        if finished.is_err() {
            // What precedes wrong padding is not given out either.
            now.zeroize();
        }
        Ok(ready + finished?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_taken_off_only_when_every_byte_of_it_is_right() {
        for len in 1..=16u8 {
            let mut block = [0x77; BLOCK];
            block[BLOCK - usize::from(len)..].fill(len);
            assert_eq!(unpadded(&block), Some(BLOCK - usize::from(len)));
            for i in BLOCK - usize::from(len)..BLOCK {
                let mut changed = block;
                changed[i] ^= 0x80;
                assert_eq!(unpadded(&changed), None, "{len} bytes, byte {i}");
            }
        }
        for last in [0, 17, 32, 255] {
            assert_eq!(unpadded(&[last; BLOCK]), None);
        }
    }
}
