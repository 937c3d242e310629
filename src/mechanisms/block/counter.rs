//! Counter mode (SP 800-38A section 6.5; PKCS#11 v3.2 sections 6.11 and 6.47).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use pkcs11::encode::Writer;
use pkcs11::{Error, Mechanism, Parameters, Result, Secret};

use super::BlockCipher;
use crate::aws_lc::aes::{BLOCK, CounterState};
use crate::downcast;

/// A cipher in counter mode.
pub(crate) trait CounterCipher: BlockCipher<BLOCK> {
    /// Bytes in counter mode, all 128 bits counting; `out` is as long as `input`.
    ///
    /// # Errors
    /// [`Error::Primitive`] for lengths that differ.
    fn ctr(&self, state: &mut CounterState, input: &[u8], out: &mut [u8]) -> Result<()>;
}

/// Also wraps.
pub(crate) fn encrypt<C: CounterCipher>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Ciphering>> {
    start::<C>(mechanism, key, Error::DataLenRange)
}

/// Also unwraps. The same as encryption, but for the error at the counter's end: the standard names CKR_DATA_LEN_RANGE for
/// both in section 6.11.3, and does not list it for the functions of decryption.
pub(crate) fn decrypt<C: CounterCipher>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Ciphering>> {
    start::<C>(mechanism, key, Error::EncryptedDataLenRange)
}

fn start<C: CounterCipher>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
    at_end: Error,
) -> Result<Box<dyn Ciphering>> {
    let key: Arc<C> = downcast(key)?;
    let Parameters::Counter(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("a counter block and the width of its counter are needed"));
    };
    let bits = u32::try_from(parameters.counter_bits).ok().filter(|bits| (1..=128).contains(bits));
    let bits = bits.ok_or(Error::MechanismParamInvalid("ulCounterBits is none of 1 to 128"))?;
    let left = bytes_before_overflow(u128::from_be_bytes(parameters.block), bits);
    Ok(Box::new(Counter { key, state: CounterState::new(parameters.block), left, at_end }))
}

/// How many bytes there are before the low `bits` of the block would come to a value again. Up to the largest number
/// that there is, which no application sends.
fn bytes_before_overflow(block: u128, bits: u32) -> u128 {
    // All ones in the counter's bits: 1 to 128 of them.
    let mask = u128::MAX >> (128 - bits);
    (mask - (block & mask)).saturating_add(1).saturating_mul(BLOCK as u128)
}

struct Counter<C> {
    key: Arc<C>,
    state: CounterState,
    /// Bytes that may come before a counter would be used a second time.
    left: u128,
    /// What is answered when more come.
    at_end: Error,
}

impl<C: CounterCipher> Saving for Counter<C> {
    /// Where the counter stands, then how many bytes it still has.
    fn save(&self) -> Option<Secret> {
        let mut state = Writer::new();
        Some(state.raw(self.state.save().expose()).raw(&self.left.to_be_bytes()).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let (state, left) = state.split_last_chunk().ok_or(Error::SavedStateInvalid)?;
        self.state = CounterState::restored(state)?;
        self.left = u128::from_be_bytes(*left);
        Ok(())
    }
}

impl<C: CounterCipher> Ciphering for Counter<C> {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    /// The whole block counts inside, which is the same as its low bits alone as long as these do not overflow.
    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let left = self.left.checked_sub(part.len() as u128).ok_or_else(|| self.at_end.clone())?;
        let out = out.get_mut(..part.len()).ok_or(Error::Bug("no place for the data"))?;
        self.key.ctr(&mut self.state, part, out)?;
        self.left = left;
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_ends_where_its_bits_do() {
        // The standard's own example: two bits that start as 1 leave three blocks.
        assert_eq!(bytes_before_overflow(1, 2), 3 * 16);
        assert_eq!(bytes_before_overflow(u128::MAX, 1), 16);
        assert_eq!(bytes_before_overflow(0, 1), 32);
        assert_eq!(bytes_before_overflow(u128::MAX, 128), 16);
        assert_eq!(bytes_before_overflow(u128::MAX - 1, 128), 32);
        assert_eq!(bytes_before_overflow(0xff00, 8), 256 * 16);
        assert_eq!(bytes_before_overflow(0, 128), u128::MAX);
    }
}
