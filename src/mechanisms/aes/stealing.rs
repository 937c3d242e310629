//! Modes whose last block borrows from the one before: CBC with ciphertext stealing (SP 800-38A addendum; PKCS#11 v3.2
//! section 6.12) and XTS (IEEE 1619, SP 800-38E; section 6.15).
//!
//! Of the addendum's three variants this is the first, CS1, the only one that is CBC itself where the blocks are whole.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use pkcs11::encode::Writer;
use pkcs11::{Attributes, Error, Mechanism, Result, Secret};
use zeroize::{Zeroize, Zeroizing};

use super::value;
use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, Key};
use crate::block::iv;
use crate::downcast;

/// Bytes of one data unit at most: 2^20 blocks (SP 800-38E section 4).
const LONGEST_UNIT: u64 = (1 << 20) * BLOCK as u64;
/// Bytes that are held back at most: a whole block and the last one.
const HELD: usize = 2 * BLOCK;

/// The key of XTS: two of AES.
pub(super) struct XtsKey {
    data: Key,
    tweak: Key,
    /// Both.
    bytes: Secret,
}

impl EngineKey for XtsKey {
    /// In bytes, both keys together.
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn value(&self) -> Option<&Secret> {
        Some(&self.bytes)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A complete key of XTS, ready for use.
pub(super) fn parse_xts(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = value(attributes)?;
    let (data, tweak) = value.split_at(value.len() / 2);
    Ok(Arc::new(XtsKey { data: Key::new(data)?, tweak: Key::new(tweak)?, bytes: Secret::from(value) }))
}

/// A mode, with where it stands in the message.
enum Mode {
    /// With what the next block is combined with.
    Cts(Arc<Key>, [u8; BLOCK]),
    /// With the next block's tweak.
    Xts(Arc<XtsKey>, [u8; BLOCK]),
}

pub(super) fn cts_encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    Ok(Stealing::start(Mode::Cts(downcast(key)?, iv(mechanism)?), Direction::Encrypt))
}

pub(super) fn cts_decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    Ok(Stealing::start(Mode::Cts(downcast(key)?, iv(mechanism)?), Direction::Decrypt))
}

pub(super) fn xts_encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    Ok(Stealing::start(xts(mechanism, key)?, Direction::Encrypt))
}

pub(super) fn xts_decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    Ok(Stealing::start(xts(mechanism, key)?, Direction::Decrypt))
}

/// XTS at the first block of the data unit whose number is the parameter.
fn xts(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Mode> {
    let key: Arc<XtsKey> = downcast(key)?;
    let mut tweak = iv(mechanism)?;
    key.tweak.block(Direction::Encrypt, &mut tweak);
    Ok(Mode::Xts(key, tweak))
}

impl Mode {
    /// Whole blocks that are not the last ones.
    fn blocks(&mut self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        match self {
            Self::Cts(key, iv) => key.cbc(direction, iv, input, out),
            Self::Xts(key, tweak) => {
                let blocks = input.as_chunks::<BLOCK>().0.iter().zip(out.as_chunks_mut::<BLOCK>().0);
                for (block, place) in blocks {
                    *place = *block;
                    tweaked(&key.data, direction, tweak, place);
                    *tweak = next_tweak(*tweak);
                }
                Ok(())
            }
        }
    }

    /// The last two blocks, of which the second has 1 to 15 bytes.
    fn last(&mut self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        let cut = Error::Bug("no last blocks of a message");
        let short = input.len().saturating_sub(BLOCK);
        let mut blocks = Zeroizing::new([[0; BLOCK]; 2]);
        let [first, second] = &mut *blocks;
        match (&*self, direction) {
            // Ciphertext has the short block first.
            (Self::Cts(..), Direction::Decrypt) => {
                let (stolen, whole) = input.split_last_chunk().ok_or(cut.clone())?;
                *second = *whole;
                put(first, stolen);
            }
            _ => {
                let (whole, rest) = input.split_first_chunk().ok_or(cut.clone())?;
                *first = *whole;
                put(second, rest);
            }
        }
        match self {
            Self::Cts(key, iv) => cts_last(key, direction, iv, first, second, short)?,
            Self::Xts(key, tweak) => {
                let after = next_tweak(*tweak);
                let (of_first, of_second) = match direction {
                    Direction::Encrypt => (*tweak, after),
                    Direction::Decrypt => (after, *tweak),
                };
                tweaked(&key.data, direction, &of_first, first);
                let whole = *first;
                second.iter_mut().zip(whole).skip(short).for_each(|(place, byte)| *place = byte);
                tweaked(&key.data, direction, &of_second, second);
                // The block that was whole at first gives its start to the end of the message.
                *first = *second;
                *second = whole;
            }
        }
        let (place, rest) = match (&*self, direction) {
            (Self::Cts(..), Direction::Encrypt) => {
                let (stolen, whole) = out.split_last_chunk_mut().ok_or(cut)?;
                put(stolen, first);
                *whole = *second;
                return Ok(());
            }
            _ => out.split_first_chunk_mut().ok_or(cut)?,
        };
        *place = *first;
        put(rest, second);
        Ok(())
    }
}

/// The last two blocks of CS1 in place, of which `short` bytes of the second (in ciphertext: of the first) count.
fn cts_last(
    key: &Key,
    direction: Direction,
    iv: &mut [u8; BLOCK],
    first: &mut [u8; BLOCK],
    second: &mut [u8; BLOCK],
    short: usize,
) -> Result<()> {
    if direction == Direction::Decrypt {
        // What the short block lacks is what the last one decrypts to there, as zeros were encrypted.
        key.block(Direction::Decrypt, second);
        first.iter_mut().zip(&*second).skip(short).for_each(|(place, byte)| *place = *byte);
        second.iter_mut().zip(&*first).for_each(|(place, byte)| *place ^= byte);
        let whole = *first;
        return key.cbc(Direction::Decrypt, iv, &whole, first);
    }
    for block in [first, second] {
        let plain = Zeroizing::new(*block);
        key.cbc(Direction::Encrypt, iv, plain.as_slice(), block)?;
    }
    Ok(())
}

/// Fills the start of a place.
fn put(place: &mut [u8], bytes: &[u8]) {
    place.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
}

/// One block of XTS in place.
fn tweaked(key: &Key, direction: Direction, tweak: &[u8; BLOCK], block: &mut [u8; BLOCK]) {
    block.iter_mut().zip(tweak).for_each(|(place, byte)| *place ^= byte);
    key.block(direction, block);
    block.iter_mut().zip(tweak).for_each(|(place, byte)| *place ^= byte);
}

/// The tweak of the block that follows: twice the element of the field of IEEE 1619 section 5.2.
fn next_tweak(tweak: [u8; BLOCK]) -> [u8; BLOCK] {
    let number = u128::from_le_bytes(tweak);
    ((number << 1) ^ ((number >> 127) * 0x87)).to_le_bytes()
}

struct Stealing {
    mode: Mode,
    direction: Direction,
    /// The end of the message so far: as soon as there are more than 32 bytes, 17 to 32 of them wait.
    held: [u8; HELD],
    held_len: usize,
    /// Bytes that may come.
    left: u64,
}

impl Drop for Stealing {
    fn drop(&mut self) {
        self.held.zeroize();
        let (Mode::Cts(_, chain) | Mode::Xts(_, chain)) = &mut self.mode;
        chain.zeroize();
    }
}

impl Stealing {
    fn start(mode: Mode, direction: Direction) -> Box<dyn Ciphering> {
        let left = if matches!(mode, Mode::Xts(..)) { LONGEST_UNIT } else { u64::MAX };
        Box::new(Self { mode, direction, held: [0; HELD], held_len: 0, left })
    }

    /// What is answered to a message of a length that the mode does not take.
    fn of_length(&self) -> Error {
        match self.direction {
            Direction::Encrypt => Error::DataLenRange,
            Direction::Decrypt => Error::EncryptedDataLenRange,
        }
    }

    fn hold(&mut self, part: &[u8]) -> Result<()> {
        let end = self.held_len + part.len();
        let place = self.held.get_mut(self.held_len..end).ok_or(Error::Bug("more held than two blocks"))?;
        place.copy_from_slice(part);
        self.held_len = end;
        Ok(())
    }

    /// Works on the first `len` bytes, in whole blocks, of what is held and the part behind it. Gives how many bytes of
    /// the part are used up.
    fn process_held(&mut self, part: &[u8], len: usize, out: &mut [u8]) -> Result<usize> {
        let mut blocks = Zeroizing::new([0; HELD]);
        let held = self.held.get(..self.held_len).unwrap_or_default();
        blocks.iter_mut().zip(held.iter().chain(part)).for_each(|(place, byte)| *place = *byte);
        let blocks = blocks.get(..len).ok_or(Error::Bug("more than two blocks at once"))?;
        self.mode.blocks(self.direction, blocks, out)?;
        let from_part = len.saturating_sub(self.held_len);
        let kept = self.held_len.saturating_sub(len);
        self.held.rotate_left(len.min(self.held_len));
        self.held_len = kept;
        Ok(from_part)
    }
}

impl Saving for Stealing {
    /// Where the mode stands, how much may still come, and what is held.
    fn save(&self) -> Option<Secret> {
        let (Mode::Cts(_, chain) | Mode::Xts(_, chain)) = &self.mode;
        let held = self.held.get(..self.held_len)?;
        Some(Writer::new().raw(chain).raw(&self.left.to_be_bytes()).raw(held).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let parts = state.split_first_chunk().and_then(|(chain, rest)| {
            let (left, held) = rest.split_first_chunk()?;
            (held.len() <= HELD).then_some((*chain, u64::from_be_bytes(*left), held))
        });
        let (restored, left, held) = parts.ok_or(Error::SavedStateInvalid)?;
        if left > self.left {
            return Err(Error::SavedStateInvalid);
        }
        let (Mode::Cts(_, chain) | Mode::Xts(_, chain)) = &mut self.mode;
        (*chain, self.left, self.held_len) = (restored, left, 0);
        self.hold(held)
    }
}

impl Ciphering for Stealing {
    fn update_len(&self, len: usize) -> usize {
        let total = self.held_len.saturating_add(len);
        // The last block, whole or not, and the whole one before it wait.
        if total <= HELD { 0 } else { (total - BLOCK - 1) / BLOCK * BLOCK }
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let left = self.left.checked_sub(part.len() as u64).ok_or_else(|| self.of_length())?;
        let ready = self.update_len(part.len());
        let place = Error::Bug("no place for the blocks");
        let out = out.get_mut(..ready).ok_or(place.clone())?;
        let mut rest = part;
        let ahead = ready.min(self.held_len.next_multiple_of(BLOCK));
        let (of_held, of_part) = out.split_at_mut_checked(ahead).ok_or(place.clone())?;
        if ahead > 0 {
            let used = self.process_held(part, ahead, of_held)?;
            rest = part.get(used..).ok_or(place.clone())?;
        }
        let (blocks, after) = rest.split_at_checked(of_part.len()).ok_or(place)?;
        self.mode.blocks(self.direction, blocks, of_part)?;
        self.left = left;
        self.hold(after)
    }

    fn finish_len(&self) -> usize {
        self.held_len
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        let held = Zeroizing::new(self.held);
        let held = held.get(..self.held_len).unwrap_or_default();
        let out = out.get_mut(..held.len()).ok_or(Error::Bug("no place for the last blocks"))?;
        match held.len() {
            0..BLOCK => return Err(self.of_length()),
            BLOCK | HELD => self.mode.blocks(self.direction, held, out)?,
            _ => self.mode.last(self.direction, held, out)?,
        }
        Ok(out.len())
    }

    fn whole_len(&self, len: usize) -> usize {
        len
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        if data.len() < BLOCK {
            return Err(self.of_length());
        }
        let ready = self.update_len(data.len());
        let (now, last) = out.split_at_mut_checked(ready).ok_or(Error::Bug("no place for the blocks"))?;
        self.update(data, now)?;
        Ok(ready + self.finish(last)?)
    }
}
