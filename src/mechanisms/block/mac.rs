//! MACs of a block cipher: CMAC (SP 800-38B, RFC 4493; PKCS#11 v3.2 sections 6.14 and 6.19), the MAC of FIPS 113
//! (sections 6.10.9, 6.18 and 6.47) and XCBC (RFC 3566; section 6.10.11).
//!
//! Composed here over a cipher in CBC mode, because their state can be saved between two calls (docs/decisions/0020).
//! They differ in what becomes of the last block alone.

use std::sync::Arc;

use engine::mechanism::{Key as EngineKey, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKM_AES_CMAC_GENERAL, CKM_AES_MAC_GENERAL, CKM_CAMELLIA_MAC_GENERAL, CKM_DES_MAC_GENERAL,
    CKM_DES3_CMAC_GENERAL, CKM_DES3_MAC_GENERAL,
};
use pkcs11::{Error, Mechanism, MechanismType, Result, Secret};
use zeroize::Zeroize;

use super::BlockCipher;
use crate::aws_lc::Direction;
use crate::{downcast, mac_len, no_parameter};

/// What becomes of the last block, full or not.
enum Ending<const N: usize> {
    /// Zeros fill it (FIPS 113). An empty message is a block of them.
    Zeros,
    /// One of two subkeys, made of the cipher, is added (SP 800-38B section 6.2).
    Cmac,
    /// One of two given subkeys is added: the first to a full block (RFC 3566 section 4).
    Xcbc([[u8; N]; 2]),
}

/// Bytes that go through the cipher in one call.
const STRIDE: usize = 1024;

/// A running MAC. The last block of the message waits, since it is treated otherwise.
pub(crate) struct BlockMac<C, const N: usize> {
    key: Arc<C>,
    ending: Ending<N>,
    chain: [u8; N],
    waiting: [u8; N],
    /// How many bytes of `waiting` are the message's.
    held: usize,
    /// Length of the MAC in bytes.
    len: usize,
}

impl<C, const N: usize> Drop for BlockMac<C, N> {
    fn drop(&mut self) {
        self.chain.zeroize();
        self.waiting.zeroize();
        if let Ending::Xcbc(subkeys) = &mut self.ending {
            subkeys.zeroize();
        }
    }
}

/// Signs with a CMAC of a whole block, or as long as the parameters say.
pub(crate) fn cmac_sign<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Signing>> {
    Ok(start::<C, N>(mechanism, key, Ending::Cmac, N)?)
}

/// Verifies what [`cmac_sign`] signs.
pub(crate) fn cmac_verify<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Verifying>> {
    Ok(start::<C, N>(mechanism, key, Ending::Cmac, N)?)
}

/// Signs with the MAC of FIPS 113: half a block, or as long as the parameters say.
pub(crate) fn sign<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Signing>> {
    Ok(start::<C, N>(mechanism, key, Ending::Zeros, N / 2)?)
}

/// Verifies what [`sign`] signs.
pub(crate) fn verify<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
) -> Result<Box<dyn Verifying>> {
    Ok(start::<C, N>(mechanism, key, Ending::Zeros, N / 2)?)
}

/// A MAC of `default` bytes where the mechanism's name is not one of a general length.
fn start<C: BlockCipher<N>, const N: usize>(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
    ending: Ending<N>,
    default: usize,
) -> Result<Box<BlockMac<C, N>>> {
    let len = if GENERAL.contains(&mechanism.mechanism_type) {
        mac_len(mechanism, N)?
    } else {
        no_parameter(mechanism).map(|()| default)?
    };
    Ok(BlockMac::with(downcast(key)?, ending, len))
}

/// The mechanisms whose parameter is the length.
const GENERAL: [MechanismType; 6] = [
    CKM_AES_CMAC_GENERAL,
    CKM_AES_MAC_GENERAL,
    CKM_CAMELLIA_MAC_GENERAL,
    CKM_DES_MAC_GENERAL,
    CKM_DES3_CMAC_GENERAL,
    CKM_DES3_MAC_GENERAL,
];

impl<C: BlockCipher<N>, const N: usize> BlockMac<C, N> {
    fn with(key: Arc<C>, ending: Ending<N>, len: usize) -> Box<Self> {
        Box::new(Self { key, ending, chain: [0; N], waiting: [0; N], held: 0, len })
    }

    /// A MAC of FIPS 113 as part of a mode.
    pub(crate) fn zero_padded(key: Arc<C>) -> Box<Self> {
        Self::with(key, Ending::Zeros, N)
    }

    /// Fills the last block so far with zeros.
    pub(crate) fn pad(&mut self) {
        self.waiting.iter_mut().skip(self.held).for_each(|place| *place = 0);
        self.held = N;
    }

    /// An XCBC MAC with its three keys.
    pub(crate) fn xcbc(key: Arc<C>, subkeys: [[u8; N]; 2], len: usize) -> Box<Self> {
        Self::with(key, Ending::Xcbc(subkeys), len)
    }

    /// Adds to the message.
    pub(crate) fn absorb(&mut self, mut part: &[u8]) -> Result<()> {
        if self.held + part.len() > N {
            let (first, rest) = part.split_at(N - self.held);
            self.hold(first);
            let waiting = self.waiting;
            self.chained(&waiting)?;
            self.held = 0;
            // At least one byte stays behind.
            let whole = rest.len().saturating_sub(1) / N * N;
            let (blocks, rest) = rest.split_at(whole);
            self.chained(blocks)?;
            part = rest;
        }
        self.hold(part);
        Ok(())
    }

    /// Puts bytes into the block that waits, which has room for them.
    fn hold(&mut self, bytes: &[u8]) {
        self.waiting.iter_mut().skip(self.held).zip(bytes).for_each(|(place, byte)| *place = *byte);
        self.held += bytes.len();
    }

    /// Whole blocks through the cipher.
    fn chained(&mut self, blocks: &[u8]) -> Result<()> {
        let mut passed = Secret::zeroed(blocks.len().min(STRIDE));
        for stride in blocks.chunks(STRIDE) {
            let place = passed.as_mut().get_mut(..stride.len()).unwrap_or_default();
            self.key.cbc(Direction::Encrypt, &mut self.chain, stride, place)?;
        }
        Ok(())
    }

    /// The whole MAC.
    pub(crate) fn mac(&mut self) -> Result<[u8; N]> {
        let full = self.held == N;
        let (start, mut subkey) = match &self.ending {
            Ending::Zeros => (0, [0; N]),
            Ending::Cmac => (0x80, self.cmac_subkey(full)),
            Ending::Xcbc([to_full, to_padded]) => (0x80, if full { *to_full } else { *to_padded }),
        };
        let padding = std::iter::once(start).chain(std::iter::repeat(0));
        self.waiting.iter_mut().skip(self.held).zip(padding).for_each(|(place, byte)| *place = byte);
        self.waiting.iter_mut().zip(subkey).for_each(|(place, byte)| *place ^= byte);
        subkey.zeroize();
        let waiting = self.waiting;
        self.chained(&waiting)?;
        Ok(self.chain)
    }

    /// K1 for a full block, K2 for another (SP 800-38B section 6.1).
    fn cmac_subkey(&self, full: bool) -> [u8; N] {
        let mut subkey = [0; N];
        self.key.block(Direction::Encrypt, &mut subkey);
        doubled(&mut subkey);
        if !full {
            doubled(&mut subkey);
        }
        subkey
    }
}

/// Twice an element of the field of SP 800-38B section 5.3, of 64 or 128 bits, without a branch on a secret.
fn doubled<const N: usize>(element: &mut [u8; N]) {
    let reduction = if N == 8 { 0x1b } else { 0x87 };
    let mut carry = 0;
    for byte in element.iter_mut().rev() {
        let out = *byte >> 7;
        *byte = *byte << 1 | carry;
        carry = out;
    }
    if let Some(last) = element.last_mut() {
        *last ^= carry * reduction;
    }
}

impl<C: BlockCipher<N>, const N: usize> Saving for BlockMac<C, N> {
    /// The chain and what waits: neither is the key.
    fn save(&self) -> Option<Secret> {
        let mut state = Secret::zeroed(N + self.held);
        let bytes = self.chain.iter().chain(&self.waiting);
        state.as_mut().iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        Some(state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let (chain, waiting) = state.split_first_chunk().ok_or(Error::SavedStateInvalid)?;
        if waiting.len() > N {
            return Err(Error::SavedStateInvalid);
        }
        self.chain = *chain;
        self.held = 0;
        self.hold(waiting);
        Ok(())
    }
}

impl<C: BlockCipher<N>, const N: usize> Signing for BlockMac<C, N> {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.absorb(part)
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let mac = self.mac()?;
        let cut = mac.get(..self.len).filter(|cut| cut.len() == out.len());
        out.copy_from_slice(cut.ok_or(Error::Bug("the place of a MAC has another length"))?);
        Ok(())
    }
}

impl<C: BlockCipher<N>, const N: usize> Verifying for BlockMac<C, N> {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.absorb(part)
    }

    fn finish(mut self: Box<Self>, signature: &[u8]) -> Result<()> {
        if signature.len() != self.len {
            return Err(Error::SignatureLenRange);
        }
        let mac = self.mac()?;
        let right: bool = mac.get(..self.len).unwrap_or_default().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
