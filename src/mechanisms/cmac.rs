//! CMAC over AES (SP 800-38B, RFC 4493; PKCS#11 v3.2 section 6.14).
//!
//! Composed here over AES in CBC mode, because its state can be saved between two calls (docs/decisions/0020).

use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{CKK_AES, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL};
use pkcs11::{Error, Mechanism, MechanismType, Result, Secret};
use zeroize::Zeroize;

use crate::aws_lc::aes::{BLOCK, Direction, Key};
use crate::{downcast, mac_len, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[row(CKM_AES_CMAC), row(CKM_AES_CMAC_GENERAL)];

const fn row(mechanism: MechanismType) -> MechanismRow {
    let can = &[Can::Sign(sign), Can::Verify(verify)];
    MechanismRow { mechanism, key_types: &[CKK_AES], sizes: (16, 32), flags: 0, can }
}

/// Bytes that go through the cipher in one call.
const STRIDE: usize = 64 * BLOCK;

/// A running CMAC. The last block of the message waits, since it is treated otherwise.
struct Cmac {
    key: Arc<Key>,
    chain: [u8; BLOCK],
    waiting: [u8; BLOCK],
    /// How many bytes of `waiting` are the message's.
    held: usize,
    /// Length of the MAC in bytes.
    len: usize,
}

impl Drop for Cmac {
    fn drop(&mut self) {
        self.chain.zeroize();
        self.waiting.zeroize();
    }
}

fn start(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<Cmac>> {
    let len = match mechanism.mechanism_type {
        CKM_AES_CMAC_GENERAL => mac_len(mechanism, BLOCK)?,
        _ => no_parameter(mechanism).map(|()| BLOCK)?,
    };
    let (chain, waiting) = ([0; BLOCK], [0; BLOCK]);
    Ok(Box::new(Cmac { key: downcast(key)?, chain, waiting, held: 0, len }))
}

pub(crate) fn sign(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Signing>> {
    Ok(start(mechanism, key)?)
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Verifying>> {
    Ok(start(mechanism, key)?)
}

impl Cmac {
    fn absorb(&mut self, mut part: &[u8]) -> Result<()> {
        if self.held + part.len() > BLOCK {
            let (first, rest) = part.split_at(BLOCK - self.held);
            self.hold(first);
            let waiting = self.waiting;
            self.chained(&waiting)?;
            self.held = 0;
            // At least one byte stays behind.
            let whole = rest.len().saturating_sub(1) / BLOCK * BLOCK;
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

    /// The whole MAC (SP 800-38B section 6.2).
    fn mac(&mut self) -> Result<[u8; BLOCK]> {
        let mut subkey = [0; BLOCK];
        self.key.block(Direction::Encrypt, &mut subkey);
        subkey = doubled(subkey);
        if self.held < BLOCK {
            subkey = doubled(subkey);
            let padding = std::iter::once(0x80).chain(std::iter::repeat(0));
            self.waiting.iter_mut().skip(self.held).zip(padding).for_each(|(place, byte)| *place = byte);
        }
        self.waiting.iter_mut().zip(subkey).for_each(|(place, byte)| *place ^= byte);
        subkey.zeroize();
        let waiting = self.waiting;
        self.chained(&waiting)?;
        Ok(self.chain)
    }
}

/// Twice an element of the field of SP 800-38B section 6.1, without a branch on a secret.
fn doubled(element: [u8; BLOCK]) -> [u8; BLOCK] {
    let number = u128::from_be_bytes(element);
    ((number << 1) ^ ((number >> 127) * 0x87)).to_be_bytes()
}

impl Saving for Cmac {
    /// The chain and what waits: neither is the key.
    fn save(&self) -> Option<Secret> {
        let mut state = Secret::zeroed(BLOCK + self.held);
        let bytes = self.chain.iter().chain(&self.waiting);
        state.as_mut().iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        Some(state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let (chain, waiting) = state.split_first_chunk().ok_or(Error::SavedStateInvalid)?;
        if waiting.len() > BLOCK {
            return Err(Error::SavedStateInvalid);
        }
        self.chain = *chain;
        self.held = 0;
        self.hold(waiting);
        Ok(())
    }
}

impl Signing for Cmac {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.absorb(part)
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let mac = self.mac()?;
        let cut = mac.get(..self.len).filter(|cut| cut.len() == out.len());
        out.copy_from_slice(cut.ok_or(Error::Bug("a CMAC's place has another length"))?);
        Ok(())
    }
}

impl Verifying for Cmac {
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
