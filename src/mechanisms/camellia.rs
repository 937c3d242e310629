//! Camellia (RFC 3713; PKCS#11 v3.2 sections 6.47 and 6.48). AWS-LC has none: the crate `camellia` is the cipher.

use std::any::Any;
use std::sync::Arc;

use camellia::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use camellia::{Camellia128, Camellia192, Camellia256};
use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKK_CAMELLIA, CKM_CAMELLIA_CBC, CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_PAD,
    CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB, CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_KEY_GEN,
    CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL,
};
use pkcs11::{Attributes, Error, MechanismType, Result, Secret};

use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, CounterState};
use crate::block::counter::{self, CounterCipher};
use crate::block::{self, BlockCipher, chained, encrypt_data, mac};
use crate::secret;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_CAMELLIA_KEY_GEN, &[Can::GenerateKey(secret::generate)]),
    row(
        CKM_CAMELLIA_ECB,
        &[
            Can::Encrypt(chained::ecb_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::ecb_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::ecb_wrap::<Key, BLOCK>),
            Can::Unwrap(chained::ecb_decrypt::<Key, BLOCK>),
        ],
    ),
    row(
        CKM_CAMELLIA_CBC,
        &[
            Can::Encrypt(chained::cbc_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::cbc_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::cbc_wrap::<Key, BLOCK>),
            Can::Unwrap(chained::cbc_decrypt::<Key, BLOCK>),
        ],
    ),
    row(
        CKM_CAMELLIA_CBC_PAD,
        &[
            Can::Encrypt(chained::pad_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::pad_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::pad_encrypt::<Key, BLOCK>),
            Can::Unwrap(chained::pad_decrypt::<Key, BLOCK>),
        ],
    ),
    row(CKM_CAMELLIA_CTR, &[Can::Encrypt(counter::encrypt::<Key>), Can::Decrypt(counter::decrypt::<Key>)]),
    row(CKM_CAMELLIA_MAC, MAC),
    row(CKM_CAMELLIA_MAC_GENERAL, MAC),
    row(CKM_CAMELLIA_ECB_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::ecb::<Key, BLOCK>)]),
    row(CKM_CAMELLIA_CBC_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::cbc::<Key, BLOCK>)]),
];

const MAC: &[Can] = &[Can::Sign(mac::sign::<Key, BLOCK>), Can::Verify(mac::verify::<Key, BLOCK>)];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_CAMELLIA], sizes: (16, 32), flags: 0, can }
}

/// Camellia keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_CAMELLIA,
    complete: secret::complete,
    parse,
    to_bytes: secret::to_bytes,
    from_bytes: secret::from_bytes,
};

/// A key, ready for use.
struct Key {
    schedule: Schedule,
    bytes: Secret,
}

/// What the crate works with, and wipes.
enum Schedule {
    Short(Camellia128),
    Middle(Camellia192),
    Long(Camellia256),
}

impl Key {
    fn new(value: &[u8]) -> Result<Self> {
        let schedule = match value.len() {
            16 => Camellia128::new_from_slice(value).map(Schedule::Short),
            24 => Camellia192::new_from_slice(value).map(Schedule::Middle),
            _ => Camellia256::new_from_slice(value).map(Schedule::Long),
        };
        let schedule = schedule.map_err(|_| Error::KeySizeRange)?;
        Ok(Self { schedule, bytes: Secret::from(value) })
    }
}

impl EngineKey for Key {
    /// In bytes.
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

impl BlockCipher<BLOCK> for Key {
    fn block(&self, direction: Direction, block: &mut [u8; BLOCK]) {
        let block = block.into();
        match (&self.schedule, direction) {
            (Schedule::Short(key), Direction::Encrypt) => key.encrypt_block(block),
            (Schedule::Middle(key), Direction::Encrypt) => key.encrypt_block(block),
            (Schedule::Long(key), Direction::Encrypt) => key.encrypt_block(block),
            (Schedule::Short(key), Direction::Decrypt) => key.decrypt_block(block),
            (Schedule::Middle(key), Direction::Decrypt) => key.decrypt_block(block),
            (Schedule::Long(key), Direction::Decrypt) => key.decrypt_block(block),
        }
    }

    fn ecb(&self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        whole_blocks(input, out)?;
        for (input, place) in input.as_chunks::<BLOCK>().0.iter().zip(out.as_chunks_mut::<BLOCK>().0) {
            *place = *input;
            self.block(direction, place);
        }
        Ok(())
    }

    fn cbc(&self, direction: Direction, iv: &mut [u8; BLOCK], input: &[u8], out: &mut [u8]) -> Result<()> {
        whole_blocks(input, out)?;
        for (input, place) in input.as_chunks::<BLOCK>().0.iter().zip(out.as_chunks_mut::<BLOCK>().0) {
            *place = *input;
            match direction {
                Direction::Encrypt => {
                    combine(place, iv);
                    self.block(direction, place);
                    *iv = *place;
                }
                Direction::Decrypt => {
                    self.block(direction, place);
                    combine(place, iv);
                    *iv = *input;
                }
            }
        }
        Ok(())
    }
}

impl CounterCipher for Key {
    fn ctr(&self, state: &mut CounterState, input: &[u8], out: &mut [u8]) -> Result<()> {
        if input.len() != out.len() {
            return Err(Error::Primitive("Camellia into a place of another length"));
        }
        state.apply(|block| self.block(Direction::Encrypt, block), input, out);
        Ok(())
    }
}

fn combine(block: &mut [u8; BLOCK], with: &[u8; BLOCK]) {
    block.iter_mut().zip(with).for_each(|(place, byte)| *place ^= byte);
}

fn whole_blocks(input: &[u8], out: &[u8]) -> Result<()> {
    if input.len() == out.len() && input.len().is_multiple_of(BLOCK) {
        Ok(())
    } else {
        Err(Error::Primitive("Camellia into a place of another length"))
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    Ok(Arc::new(Key::new(value)?))
}

/// The check value of a key: the standard's section on Camellia says nothing, that on secret keys the same as of AES
/// (section 4.11).
pub(crate) fn check_value(value: &[u8]) -> Result<[u8; 3]> {
    block::check_value(&Key::new(value)?)
}

#[cfg(test)]
mod tests;
