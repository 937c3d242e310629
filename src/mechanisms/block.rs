//! Modes of operation over a library's block cipher, and MACs made of one: what AES, DES and Camellia have in common.
//!
//! A family gives its cipher as a [`BlockCipher`] and takes the constructors of the modes for its rows.

pub(crate) mod chained;
pub(crate) mod counter;
pub(crate) mod encrypt_data;
pub(crate) mod mac;

use engine::mechanism::Key;
use pkcs11::{Error, Mechanism, Parameters, Result};

use crate::aws_lc::Direction;

/// A key of a cipher whose blocks have `N` bytes.
pub(crate) trait BlockCipher<const N: usize>: Key + Sized {
    /// One block in place.
    fn block(&self, direction: Direction, block: &mut [u8; N]);

    /// Whole blocks, each for itself; `out` is as long as `input`.
    ///
    /// # Errors
    /// [`Error::Primitive`] for lengths that differ or are no multiple of a block.
    fn ecb(&self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()>;

    /// Whole blocks, chained; `out` is as long as `input`, and `iv` is left for the blocks that follow.
    ///
    /// # Errors
    /// As [`BlockCipher::ecb`].
    fn cbc(&self, direction: Direction, iv: &mut [u8; N], input: &[u8], out: &mut [u8]) -> Result<()>;
}

/// An initialisation vector of `N` bytes.
pub(crate) fn iv<const N: usize>(mechanism: &Mechanism) -> Result<[u8; N]> {
    let bytes = match &mechanism.parameters {
        Parameters::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    bytes.ok_or(Error::MechanismParamInvalid("an initialisation vector of another length"))
}

/// The first three bytes of an encrypted block of zeros (PKCS#11 v3.2 section 6.10.3).
pub(crate) fn check_value<const N: usize>(key: &impl BlockCipher<N>) -> Result<[u8; 3]> {
    let mut block = [0; N];
    key.block(Direction::Encrypt, &mut block);
    block.first_chunk().copied().ok_or(Error::Bug("a block under three bytes"))
}

#[cfg(test)]
mod tests;
