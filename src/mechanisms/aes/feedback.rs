//! CFB and OFB (SP 800-38A sections 6.3 and 6.4; PKCS#11 v3.2 sections 6.10.7 and 6.10.8).
//!
//! Composed here over single blocks, because the libraries have no segment of 64 bits and tell no state. A message of any
//! length is taken: the last segment may be cut short, as a key stream is.

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Saving};
use pkcs11::constants::{CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_OFB};
use pkcs11::encode::Writer;
use pkcs11::{Error, Mechanism, Result, Secret};
use zeroize::Zeroize;

use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, Key};
use crate::block::iv;
use crate::downcast;

/// What goes back into the register.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A bit of ciphertext.
    Bit,
    /// So many bytes of ciphertext.
    Bytes(usize),
    /// The key stream.
    Output,
}

impl Mode {
    fn new(mechanism: &Mechanism) -> Result<Self> {
        match mechanism.mechanism_type {
            CKM_AES_CFB1 => Ok(Self::Bit),
            CKM_AES_CFB8 => Ok(Self::Bytes(1)),
            CKM_AES_CFB64 => Ok(Self::Bytes(8)),
            CKM_AES_CFB128 => Ok(Self::Bytes(BLOCK)),
            CKM_AES_OFB => Ok(Self::Output),
            other => Err(Error::MechanismInvalid(other)),
        }
    }

    /// Bytes of the key stream that one block gives.
    fn segment(self) -> usize {
        match self {
            Self::Bytes(len) => len,
            Self::Bit | Self::Output => BLOCK,
        }
    }
}

/// Also wraps.
pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Direction::Encrypt)
}

/// Also unwraps.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    start(mechanism, key, Direction::Decrypt)
}

fn start(
    mechanism: &Mechanism,
    key: &Arc<dyn EngineKey>,
    direction: Direction,
) -> Result<Box<dyn Ciphering>> {
    let (key, mode, register) = (downcast(key)?, Mode::new(mechanism)?, iv(mechanism)?);
    Ok(Box::new(Feedback { key, mode, direction, register, stream: [0; BLOCK], used: 0 }))
}

struct Feedback {
    key: Arc<Key>,
    mode: Mode,
    direction: Direction,
    /// What is encrypted next.
    register: [u8; BLOCK],
    /// What the register was encrypted to.
    stream: [u8; BLOCK],
    /// Bytes of the stream that are used up in this segment.
    used: usize,
}

impl Drop for Feedback {
    fn drop(&mut self) {
        self.register.zeroize();
        self.stream.zeroize();
    }
}

impl Feedback {
    fn next_stream(&mut self) {
        self.stream = self.register;
        self.key.block(Direction::Encrypt, &mut self.stream);
    }

    fn bytes(&mut self, mut input: &[u8], mut out: &mut [u8]) {
        let segment = self.mode.segment();
        while !input.is_empty() {
            if self.used == 0 {
                self.next_stream();
                // What comes in takes the place of the oldest bytes.
                self.register.rotate_left(segment);
            }
            let len = input.len().min(segment - self.used).min(out.len());
            let (now, later) = input.split_at(len);
            let (place, rest) = std::mem::take(&mut out).split_at_mut(len);
            let stream = self.stream.iter().skip(self.used);
            let fed = self.register.iter_mut().skip(BLOCK - segment + self.used);
            for (((place, byte), key), fed) in place.iter_mut().zip(now).zip(stream).zip(fed) {
                *place = byte ^ key;
                *fed = match (self.mode, self.direction) {
                    (Mode::Output, _) => *key,
                    (_, Direction::Encrypt) => *place,
                    (_, Direction::Decrypt) => *byte,
                };
            }
            self.used = (self.used + len) % segment;
            (input, out) = (later, rest);
        }
    }

    /// Each bit from the highest on.
    fn bits(&mut self, byte: u8) -> u8 {
        (0..8).rev().fold(0, |done, place| {
            self.next_stream();
            let [first, ..] = self.stream;
            let input = byte >> place & 1;
            let output = input ^ first >> 7;
            let fed = if self.direction == Direction::Encrypt { output } else { input };
            self.register = (u128::from_be_bytes(self.register) << 1 | u128::from(fed)).to_be_bytes();
            done << 1 | output
        })
    }
}

impl Saving for Feedback {
    /// The register, the stream, and how much of it is used up.
    fn save(&self) -> Option<Secret> {
        let used = u8::try_from(self.used).ok()?;
        Some(Writer::new().raw(&self.register).raw(&self.stream).raw(&[used]).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let parts = state.split_first_chunk().and_then(|(register, rest)| {
            let (stream, used) = rest.split_first_chunk()?;
            let [used] = used else { return None };
            let used = usize::from(*used);
            (used < self.mode.segment()).then_some((*register, *stream, used))
        });
        (self.register, self.stream, self.used) = parts.ok_or(Error::SavedStateInvalid)?;
        Ok(())
    }
}

impl Ciphering for Feedback {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let out = out.get_mut(..part.len()).ok_or(Error::Bug("no place for the data"))?;
        if self.mode == Mode::Bit {
            out.iter_mut().zip(part).for_each(|(place, byte)| *place = self.bits(*byte));
        } else {
            self.bytes(part, out);
        }
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
