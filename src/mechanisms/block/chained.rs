//! ECB and CBC (SP 800-38A sections 6.1 and 6.2), with and without PKCS #7 padding.

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use p384::elliptic_curve::subtle::{ConstantTimeEq, ConstantTimeLess};
use pkcs11::encode::Writer;
use pkcs11::{Error, Mechanism, Result, Secret};
use zeroize::{Zeroize, Zeroizing};

use super::{BlockCipher, iv};
use crate::aws_lc::Direction;
use crate::{downcast, no_parameter};

/// How blocks hang together.
enum Mode<const N: usize> {
    Ecb,
    /// With what the next block is combined with.
    Cbc([u8; N]),
}

/// What becomes of a last block that is not full.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// There must be none.
    None,
    /// It is filled with zeros: for keys that are wrapped (PKCS#11 v3.2 section 6.10.4).
    Zeros,
    /// 1 to `N` bytes that each tell their number (RFC 5652 section 6.3).
    Pkcs7,
}

/// Starts a cipher.
type Started = Result<Box<dyn Ciphering>>;

/// ECB.
pub(crate) fn ecb_encrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(ecb(mechanism)?, key, Direction::Encrypt, Padding::None)
}

/// ECB. Also unwraps.
pub(crate) fn ecb_decrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(ecb(mechanism)?, key, Direction::Decrypt, Padding::None)
}

/// ECB of a key.
pub(crate) fn ecb_wrap<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(ecb(mechanism)?, key, Direction::Encrypt, Padding::Zeros)
}

/// CBC.
pub(crate) fn cbc_encrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(Mode::Cbc(iv(mechanism)?), key, Direction::Encrypt, Padding::None)
}

/// CBC. Also unwraps.
pub(crate) fn cbc_decrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(Mode::Cbc(iv(mechanism)?), key, Direction::Decrypt, Padding::None)
}

/// CBC of a key.
pub(crate) fn cbc_wrap<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(Mode::Cbc(iv(mechanism)?), key, Direction::Encrypt, Padding::Zeros)
}

/// CBC with padding. Also wraps.
pub(crate) fn pad_encrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(Mode::Cbc(iv(mechanism)?), key, Direction::Encrypt, Padding::Pkcs7)
}

/// CBC with padding. Also unwraps.
pub(crate) fn pad_decrypt<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Started {
    start::<C, N>(Mode::Cbc(iv(mechanism)?), key, Direction::Decrypt, Padding::Pkcs7)
}

fn ecb<const N: usize>(mechanism: &Mechanism) -> Result<Mode<N>> {
    no_parameter(mechanism).map(|()| Mode::Ecb)
}

fn start<C: BlockCipher<N>, const N: usize>(
    mode: Mode<N>,
    key: &Arc<dyn EngineKey>,
    direction: Direction,
    padding: Padding,
) -> Started {
    let key: Arc<C> = downcast(key)?;
    Ok(Box::new(Blocks { key, mode, direction, padding, held: [0; N], held_len: 0 }))
}

struct Blocks<C, const N: usize> {
    key: Arc<C>,
    mode: Mode<N>,
    direction: Direction,
    padding: Padding,
    /// Input that makes no block yet, or, where padding is to be taken off, may be the last one.
    held: [u8; N],
    held_len: usize,
}

impl<C, const N: usize> Drop for Blocks<C, N> {
    fn drop(&mut self) {
        self.held.zeroize();
    }
}

impl<C: BlockCipher<N>, const N: usize> Blocks<C, N> {
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
            // 1 to N, which is 16 at most.
            (Padding::Pkcs7, len) => self.fill_held(u8::try_from(N - len).unwrap_or(0)),
        }
        let out = out.get_mut(..N).ok_or(Error::Bug("no place for the last block"))?;
        self.process_held(out)?;
        Ok(N)
    }

    fn finish_decryption(&mut self, out: &mut [u8]) -> Result<usize> {
        if !self.holds_back() {
            return if self.held_len == 0 { Ok(0) } else { Err(Error::EncryptedDataLenRange) };
        }
        if self.held_len != N {
            return Err(Error::EncryptedDataLenRange);
        }
        let mut block = Zeroizing::new([0; N]);
        self.process_held(block.as_mut_slice())?;
        let len = unpadded(&block).ok_or(Error::EncryptedDataInvalid)?;
        for (place, byte) in out.iter_mut().zip(block.iter()).take(len) {
            *place = *byte;
        }
        Ok(len)
    }
}

/// Length of what stands before the padding in the last block. Takes the same time for every block.
fn unpadded<const N: usize>(block: &[u8; N]) -> Option<usize> {
    let last = *block.last()?;
    let mut good = !last.ct_eq(&0) & !u8::try_from(N).ok()?.ct_lt(&last);
    for (place, byte) in (1u8..).zip(block.iter().rev()) {
        // The first `last` bytes from the end must be `last`.
        good &= last.ct_lt(&place) | byte.ct_eq(&last);
    }
    if bool::from(good) { N.checked_sub(usize::from(last)) } else { None }
}

impl<C: BlockCipher<N>, const N: usize> Saving for Blocks<C, N> {
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
        if held.len() > if self.holds_back() { N } else { N - 1 } {
            return Err(Error::SavedStateInvalid);
        }
        self.held_len = 0;
        self.hold(held)
    }
}

impl<C: BlockCipher<N>, const N: usize> Ciphering for Blocks<C, N> {
    fn update_len(&self, len: usize) -> usize {
        let total = self.held_len.saturating_add(len);
        let ready = if self.holds_back() { total.saturating_sub(1) } else { total };
        ready - ready % N
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
                part.split_at_checked(N - self.held_len).ok_or(Error::Bug("no block is ready"))?;
            self.hold(filling)?;
            self.process_held(out.get_mut(..N).ok_or(Error::Bug("no place for a block"))?)?;
            (ahead, rest) = (N, after);
        }
        let (blocks, after) = rest.split_at_checked(ready - ahead).ok_or(Error::Bug("no block is ready"))?;
        self.process(blocks, out.get_mut(ahead..ready).ok_or(Error::Bug("no place for the blocks"))?)?;
        self.hold(after)
    }

    fn finish_len(&self) -> usize {
        match (self.direction, self.padding) {
            (_, Padding::None) => 0,
            (Direction::Decrypt, _) => N - 1,
            (Direction::Encrypt, Padding::Zeros) if self.held_len == 0 => 0,
            (Direction::Encrypt, _) => N,
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
            (Direction::Encrypt, Padding::Zeros) => len.checked_next_multiple_of(N).unwrap_or(usize::MAX),
            (Direction::Encrypt, Padding::Pkcs7) => (len - len % N).saturating_add(N),
        }
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        // Before anything is written.
        let whole_blocks = data.len().is_multiple_of(N);
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

    const BLOCK: usize = 16;

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
        for last in [0, 9, 16, 255] {
            assert_eq!(unpadded(&[last; 8]), None);
        }
        assert_eq!((unpadded(&[8; 8]), unpadded(&[5, 5, 5, 5, 5, 5, 5, 1])), (Some(0), Some(7)));
    }
}
