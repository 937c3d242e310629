//! The key stream (RFC 8439 section 2.4), from any block on.

use std::sync::Arc;

use chacha20::{R20, hchacha};
use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use pkcs11::encode::Writer;
use pkcs11::{Error, Mechanism, Parameters, Result, Secret};
use zeroize::{Zeroize, Zeroizing};

use super::Key;
use crate::aws_lc::chacha20::{BLOCK, KEY, chacha20};
use crate::downcast;

/// Also wraps.
pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Error::DataLenRange)
}

/// Also unwraps. The same as encryption, but for the error at the counter's end.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Error::EncryptedDataLenRange)
}

fn start(mechanism: &Mechanism, key: &Arc<dyn EngineKey>, at_end: Error) -> Result<Box<dyn Ciphering>> {
    let key: Arc<Key> = downcast(key)?;
    let Parameters::ChaCha20(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_CHACHA20_PARAMS is needed"));
    };
    let (counter, width) = match parameters.block_counter.as_slice() {
        counter if counter.len() == 4 => (counter, Width::Bits32),
        counter if counter.len() == 8 => (counter, Width::Bits64),
        _ => return Err(Error::MechanismParamInvalid("a block counter of 32 or 64 bits is needed")),
    };
    let counter = counter.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Ok(Box::new(Running { stream: Stream::new(&key.bytes, &parameters.nonce, counter, width)?, at_end }))
}

/// Bits of a counter that count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// The whole message has 256 GiB at most.
    Bits32,
    Bits64,
}

/// What comes after the counter in the cipher's state.
#[derive(Clone, Copy)]
enum Nonce {
    /// 64 bits, below the upper half of a counter of 64.
    Original([u8; 8]),
    /// 96 bits.
    Ietf([u8; 12]),
}

impl Nonce {
    /// The 96 bits that follow the counter's lower half.
    fn words(self, counter: u64) -> [u8; 12] {
        match self {
            Self::Ietf(nonce) => nonce,
            Self::Original(nonce) => {
                let mut words = [0; 12];
                let upper = u32::try_from(counter >> 32).unwrap_or_default().to_le_bytes();
                words.iter_mut().zip(upper.iter().chain(&nonce)).for_each(|(place, byte)| *place = *byte);
                words
            }
        }
    }
}

/// A key stream and how much of it is used.
pub(super) struct Stream {
    key: Zeroizing<[u8; KEY]>,
    nonce: Nonce,
    /// The next block's number.
    counter: u64,
    /// The block before, of which the first `used` bytes are used; all of it right after the start.
    block: [u8; BLOCK],
    used: usize,
    /// Bytes that may come before a block would be used a second time.
    left: u128,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}

impl Stream {
    /// A stream from a block on, with a nonce of 8, 12 or 24 bytes.
    pub(super) fn new(key: &Secret, nonce: &[u8], counter: u64, width: Width) -> Result<Self> {
        let wrong = Error::MechanismParamInvalid("a nonce of another length than its counter goes with");
        let key = key.expose().first_chunk().copied().map(Zeroizing::new);
        let key = key.ok_or(Error::Bug("a key of ChaCha20 of another length"))?;
        let (key, nonce) = match (nonce.len(), width) {
            (8, _) => (key, nonce.try_into().map(Nonce::Original)),
            (12, Width::Bits32) => (key, nonce.try_into().map(Nonce::Ietf)),
            (24, _) => {
                let (first, last) = nonce.split_at(16);
                let first = first.try_into().map_err(|_| wrong.clone())?;
                let mut subkey = hchacha::<R20>((&*key).into(), first);
                let bytes = Zeroizing::new(subkey.0);
                subkey.zeroize();
                (bytes, last.try_into().map(Nonce::Original))
            }
            _ => return Err(wrong),
        };
        let nonce = nonce.map_err(|_| wrong)?;
        let blocks = if width == Width::Bits32 { 1 << 32 } else { 1 << 64 } - u128::from(counter);
        Ok(Self { key, nonce, counter, block: [0; BLOCK], used: BLOCK, left: blocks * BLOCK as u128 })
    }

    /// Whole blocks, or the last bytes of all. The library counts 32 bits: it is called anew where they overflow.
    fn blocks(&mut self, mut input: &[u8], mut out: &mut [u8]) -> Result<()> {
        while !input.is_empty() {
            let lower = u32::try_from(self.counter & u64::from(u32::MAX)).unwrap_or_default();
            let before_overflow = (1u64 << 32) - u64::from(lower);
            let most = usize::try_from(before_overflow.saturating_mul(BLOCK as u64)).unwrap_or(usize::MAX);
            let len = input.len().min(most).min(out.len());
            let (now, later) = input.split_at(len);
            let (place, rest) = std::mem::take(&mut out).split_at_mut(len);
            chacha20(&self.key, &self.nonce.words(self.counter), lower, now, place)?;
            self.counter = self.counter.wrapping_add(len.div_ceil(BLOCK) as u64);
            (input, out) = (later, rest);
        }
        Ok(())
    }

    /// The next block of the stream itself, all of it unused.
    fn next_block(&mut self) -> Result<()> {
        let mut block = [0; BLOCK];
        self.blocks(&[0; BLOCK], &mut block)?;
        self.block = block;
        block.zeroize();
        self.used = 0;
        Ok(())
    }

    /// Bytes combined with the stream; `out` is as long as `input`. `None` when there is not as much left.
    pub(super) fn apply(&mut self, input: &[u8], out: &mut [u8]) -> Result<Option<()>> {
        let Some(left) = self.left.checked_sub(input.len() as u128) else { return Ok(None) };
        let place = Error::Bug("no place for the data");
        let (started, rest) = input.split_at(input.len().min(BLOCK - self.used));
        let (now, out) = out.split_at_mut_checked(started.len()).ok_or(place.clone())?;
        self.combine(started, now);
        let (blocks, last) = rest.split_at(rest.len() - rest.len() % BLOCK);
        let (now, out) = out.split_at_mut_checked(blocks.len()).ok_or(place.clone())?;
        self.blocks(blocks, now)?;
        if !last.is_empty() {
            self.next_block()?;
            self.combine(last, out.get_mut(..last.len()).ok_or(place)?);
        }
        self.left = left;
        Ok(Some(()))
    }

    /// Bytes combined with what is left of the block.
    fn combine(&mut self, input: &[u8], out: &mut [u8]) {
        let stream = self.block.iter().skip(self.used);
        out.iter_mut().zip(input).zip(stream).for_each(|((place, byte), key)| *place = byte ^ key);
        self.used += input.len();
    }

    /// The first half of the next block, as a key of Poly1305 (RFC 8439 section 2.6).
    pub(super) fn one_time_key(&mut self) -> Result<Zeroizing<[u8; KEY]>> {
        let mut key = Zeroizing::new([0; BLOCK]);
        self.apply(&[0; BLOCK], key.as_mut_slice())?.ok_or(Error::Bug("a stream that ends at once"))?;
        let half = key.first_chunk().copied().map(Zeroizing::new);
        half.ok_or(Error::Bug("a block under a key"))
    }
}

/// A running encryption or decryption.
struct Running {
    stream: Stream,
    /// What is answered when the counter ends.
    at_end: Error,
}

impl Saving for Running {
    /// The next block's number, how much is left, and how much of the block before is used.
    fn save(&self) -> Option<Secret> {
        let Stream { counter, left, used, .. } = &self.stream;
        let used = u8::try_from(*used).ok()?;
        let mut state = Writer::new();
        Some(state.raw(&counter.to_be_bytes()).raw(&left.to_be_bytes()).raw(&[used]).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let parts = state.split_first_chunk().and_then(|(counter, rest)| {
            let (left, used) = rest.split_first_chunk()?;
            let [used] = used else { return None };
            let (counter, left) = (u64::from_be_bytes(*counter), u128::from_be_bytes(*left));
            Some((counter, left, usize::from(*used)))
        });
        let (counter, left, used) = parts.ok_or(Error::SavedStateInvalid)?;
        if used > BLOCK || left > self.stream.left {
            return Err(Error::SavedStateInvalid);
        }
        self.stream.counter = counter;
        if used < BLOCK {
            self.stream.counter = counter.wrapping_sub(1);
            self.stream.next_block()?;
        }
        (self.stream.used, self.stream.left) = (used, left);
        Ok(())
    }
}

impl Ciphering for Running {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        self.stream.apply(part, out)?.ok_or_else(|| self.at_end.clone())
    }

    fn finish_len(&self) -> usize {
        0
    }

    fn finish(self: Box<Self>, _out: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn whole_len(&self, len: usize) -> usize {
        len
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        self.update(data, out)?;
        Ok(data.len())
    }
}
