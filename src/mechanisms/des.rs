//! DES and triple DES (FIPS 46-3, SP 800-67; PKCS#11 v3.2 sections 6.17 to 6.19; DES itself: PKCS#11 Historical v3.0 section 2.5).
//!
//! Keys are wrapped in ECB and CBC mode and never unwrapped by them: a block of 8 bytes can be tried (docs/decisions/0033).

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKK_DES, CKK_DES2, CKK_DES3, CKM_DES_CBC, CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_CBC_PAD,
    CKM_DES_ECB, CKM_DES_ECB_ENCRYPT_DATA, CKM_DES_KEY_GEN, CKM_DES_MAC, CKM_DES_MAC_GENERAL,
    CKM_DES2_KEY_GEN, CKM_DES3_CBC, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_CBC_PAD, CKM_DES3_CMAC,
    CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_KEY_GEN, CKM_DES3_MAC,
    CKM_DES3_MAC_GENERAL,
};
use pkcs11::{Attributes, Error, KeyType, MechanismType, Result, Secret};

use crate::aws_lc::Direction;
use crate::aws_lc::des::{BLOCK, Key};
use crate::block::{self, BlockCipher, chained, encrypt_data, mac};
use crate::secret;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    single(CKM_DES_KEY_GEN, &[Can::GenerateKey(secret::generate)]),
    single(CKM_DES_ECB, ECB),
    single(CKM_DES_CBC, CBC),
    single(CKM_DES_CBC_PAD, CBC_PAD),
    single(CKM_DES_MAC, MAC),
    single(CKM_DES_MAC_GENERAL, MAC),
    single(CKM_DES_ECB_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::ecb::<Key, BLOCK>)]),
    single(CKM_DES_CBC_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::cbc::<Key, BLOCK>)]),
    row(CKM_DES2_KEY_GEN, &[CKK_DES2], (16, 16), &[Can::GenerateKey(secret::generate)]),
    row(CKM_DES3_KEY_GEN, &[CKK_DES3], (24, 24), &[Can::GenerateKey(secret::generate)]),
    triple(CKM_DES3_ECB, ECB),
    triple(CKM_DES3_CBC, CBC),
    triple(CKM_DES3_CBC_PAD, CBC_PAD),
    triple(CKM_DES3_MAC, MAC),
    triple(CKM_DES3_MAC_GENERAL, MAC),
    triple(CKM_DES3_CMAC, CMAC),
    triple(CKM_DES3_CMAC_GENERAL, CMAC),
    triple(CKM_DES3_ECB_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::ecb::<Key, BLOCK>)]),
    triple(CKM_DES3_CBC_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::cbc::<Key, BLOCK>)]),
];

const ECB: &[Can] = &[
    Can::Encrypt(chained::ecb_encrypt::<Key, BLOCK>),
    Can::Decrypt(chained::ecb_decrypt::<Key, BLOCK>),
    Can::Wrap(chained::ecb_wrap::<Key, BLOCK>),
];

const CBC: &[Can] = &[
    Can::Encrypt(chained::cbc_encrypt::<Key, BLOCK>),
    Can::Decrypt(chained::cbc_decrypt::<Key, BLOCK>),
    Can::Wrap(chained::cbc_wrap::<Key, BLOCK>),
];

const CBC_PAD: &[Can] = &[
    Can::Encrypt(chained::pad_encrypt::<Key, BLOCK>),
    Can::Decrypt(chained::pad_decrypt::<Key, BLOCK>),
    Can::Wrap(chained::pad_encrypt::<Key, BLOCK>),
    Can::Unwrap(chained::pad_decrypt::<Key, BLOCK>),
];

const MAC: &[Can] = &[Can::Sign(mac::sign::<Key, BLOCK>), Can::Verify(mac::verify::<Key, BLOCK>)];

const CMAC: &[Can] = &[Can::Sign(mac::cmac_sign::<Key, BLOCK>), Can::Verify(mac::cmac_verify::<Key, BLOCK>)];

const fn single(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    row(mechanism, &[CKK_DES], (8, 8), can)
}

/// Keys of double length serve as well (section 6.18.4).
const fn triple(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    row(mechanism, &[CKK_DES3, CKK_DES2], (16, 24), can)
}

const fn row(
    mechanism: MechanismType,
    key_types: &'static [KeyType],
    sizes: (u64, u64),
    can: &'static [Can],
) -> MechanismRow {
    MechanismRow { mechanism, key_types, sizes, flags: 0, can }
}

/// DES keys of single, double and triple length, from outside and out of the store.
pub(crate) const KEY_TYPES: [KeyTypeRow; 3] = [key_type(CKK_DES), key_type(CKK_DES2), key_type(CKK_DES3)];

const fn key_type(key_type: KeyType) -> KeyTypeRow {
    KeyTypeRow {
        key_type,
        complete: secret::complete,
        parse,
        to_bytes: secret::to_bytes,
        from_bytes: secret::from_bytes,
    }
}

impl EngineKey for Key {
    /// In bytes, parity included.
    fn size(&self) -> u64 {
        self.key_len() as u64
    }

    fn value(&self) -> Option<&Secret> {
        Some(self.bytes())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl BlockCipher<BLOCK> for Key {
    fn block(&self, direction: Direction, block: &mut [u8; BLOCK]) {
        self.block(direction, block);
    }

    fn ecb(&self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        self.ecb(direction, input, out)
    }

    fn cbc(&self, direction: Direction, iv: &mut [u8; BLOCK], input: &[u8], out: &mut [u8]) -> Result<()> {
        self.cbc(direction, iv, input, out)
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    Ok(Arc::new(Key::new(value)?))
}

/// The check value of a key (PKCS#11 v3.2 section 6.18.2).
pub(crate) fn check_value(value: &[u8]) -> Result<[u8; 3]> {
    block::check_value(&Key::new(value)?)
}

/// A byte with the lowest bit such that an odd number of bits is set (FIPS 46-3).
fn with_parity(byte: u8) -> u8 {
    (byte & 0xfe) | u8::from((byte >> 1).count_ones().is_multiple_of(2))
}

/// Gives each byte of a key its parity.
pub(crate) fn set_parity(value: &mut [u8]) {
    value.iter_mut().for_each(|byte| *byte = with_parity(*byte));
}

/// Whether each byte of a key has its parity.
pub(crate) fn parity_is_set(value: &[u8]) -> bool {
    value.iter().fold(0, |wrong, byte| wrong | (with_parity(*byte) ^ byte)) == 0
}

#[cfg(test)]
mod tests;
