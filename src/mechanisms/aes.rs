//! AES (FIPS 197; PKCS#11 v3.2 sections 6.10 to 6.17).

mod ccm;
mod feedback;
mod gcm;
mod gmac;
mod key_wrap;
mod stealing;
mod xcbc;

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKK_AES, CKK_AES_XTS, CKM_AES_CBC, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CBC_PAD, CKM_AES_CCM,
    CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL,
    CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_GCM, CKM_AES_GMAC,
    CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7,
    CKM_AES_MAC, CKM_AES_MAC_GENERAL, CKM_AES_OFB, CKM_AES_XCBC_MAC, CKM_AES_XCBC_MAC_96, CKM_AES_XTS,
    CKM_AES_XTS_KEY_GEN,
};
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;
use pkcs11::{Attributes, Error, KeyType, MechanismType, Result, Secret};

use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, CounterState, Key};
use crate::block::counter::{self, CounterCipher};
use crate::block::{self, BlockCipher, chained, encrypt_data, mac};
use crate::secret;

pub(crate) use key_wrap::{KWP_OVERHEAD, LONGEST as LONGEST_KWP, kwp_len, unwrap_kwp, wrap_kwp};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_AES_KEY_GEN, &[Can::GenerateKey(secret::generate)]),
    row(
        CKM_AES_ECB,
        &[
            Can::Encrypt(chained::ecb_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::ecb_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::ecb_wrap::<Key, BLOCK>),
            Can::Unwrap(chained::ecb_decrypt::<Key, BLOCK>),
        ],
    ),
    row(
        CKM_AES_CBC,
        &[
            Can::Encrypt(chained::cbc_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::cbc_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::cbc_wrap::<Key, BLOCK>),
            Can::Unwrap(chained::cbc_decrypt::<Key, BLOCK>),
        ],
    ),
    row(
        CKM_AES_CBC_PAD,
        &[
            Can::Encrypt(chained::pad_encrypt::<Key, BLOCK>),
            Can::Decrypt(chained::pad_decrypt::<Key, BLOCK>),
            Can::Wrap(chained::pad_encrypt::<Key, BLOCK>),
            Can::Unwrap(chained::pad_decrypt::<Key, BLOCK>),
        ],
    ),
    row(
        CKM_AES_CTR,
        &[
            Can::Encrypt(counter::encrypt::<Key>),
            Can::Decrypt(counter::decrypt::<Key>),
            Can::Wrap(counter::encrypt::<Key>),
            Can::Unwrap(counter::decrypt::<Key>),
        ],
    ),
    row(CKM_AES_CFB1, FEEDBACK),
    row(CKM_AES_CFB8, FEEDBACK),
    row(CKM_AES_CFB64, FEEDBACK),
    row(CKM_AES_CFB128, FEEDBACK),
    row(CKM_AES_OFB, FEEDBACK),
    row(
        CKM_AES_CTS,
        &[
            Can::Encrypt(stealing::cts_encrypt),
            Can::Decrypt(stealing::cts_decrypt),
            Can::Wrap(stealing::cts_encrypt),
            Can::Unwrap(stealing::cts_decrypt),
        ],
    ),
    row(
        CKM_AES_GCM,
        &[
            Can::Encrypt(gcm::encrypt),
            Can::Decrypt(gcm::decrypt),
            Can::MessageEncrypt(gcm::encrypt_messages),
            Can::MessageDecrypt(gcm::decrypt_messages),
            Can::Wrap(gcm::wrap),
            Can::Unwrap(gcm::unwrap),
            Can::WrapAuthenticated(gcm::wrap_authenticated),
            Can::UnwrapAuthenticated(gcm::unwrap_authenticated),
        ],
    ),
    row(
        CKM_CLOUDHSM_AES_GCM,
        &[
            Can::Encrypt(gcm::encrypt_prepended),
            Can::Decrypt(gcm::decrypt_prepended),
            Can::Wrap(gcm::wrap_prepended),
            Can::Unwrap(gcm::unwrap_prepended),
        ],
    ),
    row(
        CKM_AES_CCM,
        &[
            Can::Encrypt(ccm::encrypt),
            Can::Decrypt(ccm::decrypt),
            Can::MessageEncrypt(ccm::encrypt_messages),
            Can::MessageDecrypt(ccm::decrypt_messages),
            Can::Wrap(ccm::wrap),
            Can::Unwrap(ccm::unwrap),
            Can::WrapAuthenticated(ccm::wrap_authenticated),
            Can::UnwrapAuthenticated(ccm::unwrap_authenticated),
        ],
    ),
    row(CKM_AES_GMAC, &[Can::SignOnce(gmac::sign), Can::VerifyOnce(gmac::verify)]),
    row(CKM_AES_CMAC, CMAC),
    row(CKM_AES_CMAC_GENERAL, CMAC),
    row(CKM_AES_MAC, MAC),
    row(CKM_AES_MAC_GENERAL, MAC),
    of(&[CKK_AES], CKM_AES_XCBC_MAC, (16, 16), XCBC),
    of(&[CKK_AES], CKM_AES_XCBC_MAC_96, (16, 16), XCBC),
    row(CKM_AES_KEY_WRAP, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_PAD, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_PKCS7, KEY_WRAP),
    row(CKM_AES_KEY_WRAP_KWP, KEY_WRAP),
    row(CKM_AES_ECB_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::ecb::<Key, BLOCK>)]),
    row(CKM_AES_CBC_ENCRYPT_DATA, &[Can::DeriveProtected(encrypt_data::cbc::<Key, BLOCK>)]),
    of(&[CKK_AES_XTS], CKM_AES_XTS_KEY_GEN, (32, 64), &[Can::GenerateKey(secret::generate)]),
    of(
        &[CKK_AES_XTS],
        CKM_AES_XTS,
        (32, 64),
        &[Can::Encrypt(stealing::xts_encrypt), Can::Decrypt(stealing::xts_decrypt)],
    ),
];

const FEEDBACK: &[Can] = &[
    Can::Encrypt(feedback::encrypt),
    Can::Decrypt(feedback::decrypt),
    Can::Wrap(feedback::encrypt),
    Can::Unwrap(feedback::decrypt),
];

const CMAC: &[Can] = &[Can::Sign(mac::cmac_sign::<Key, BLOCK>), Can::Verify(mac::cmac_verify::<Key, BLOCK>)];

const MAC: &[Can] = &[Can::Sign(mac::sign::<Key, BLOCK>), Can::Verify(mac::verify::<Key, BLOCK>)];

const XCBC: &[Can] = &[Can::Sign(xcbc::sign), Can::Verify(xcbc::verify)];

const KEY_WRAP: &[Can] = &[
    Can::Encrypt(key_wrap::encrypt),
    Can::Decrypt(key_wrap::decrypt),
    Can::Wrap(key_wrap::wrap),
    Can::Unwrap(key_wrap::decrypt),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    of(&[CKK_AES], mechanism, (16, 32), can)
}

const fn of(
    key_types: &'static [KeyType],
    mechanism: MechanismType,
    sizes: (u64, u64),
    can: &'static [Can],
) -> MechanismRow {
    MechanismRow { mechanism, key_types, sizes, flags: 0, can }
}

/// AES keys, and those of XTS, from outside and out of the store.
pub(crate) const KEY_TYPES: [KeyTypeRow; 2] = [
    KeyTypeRow {
        key_type: CKK_AES,
        complete: secret::complete,
        parse,
        to_bytes: secret::to_bytes,
        from_bytes: secret::from_bytes,
    },
    KeyTypeRow {
        key_type: CKK_AES_XTS,
        complete: secret::complete,
        parse: stealing::parse_xts,
        to_bytes: secret::to_bytes,
        from_bytes: secret::from_bytes,
    },
];

impl EngineKey for Key {
    /// In bytes, as the standard's tables for AES have it.
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

impl CounterCipher for Key {
    fn ctr(&self, state: &mut CounterState, input: &[u8], out: &mut [u8]) -> Result<()> {
        self.ctr(state, input, out)
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    Ok(Arc::new(Key::new(value(attributes)?)?))
}

fn value(attributes: &Attributes) -> Result<&[u8]> {
    attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))
}

/// Length in bytes of a key of so many bits, which a parameter asks for.
///
/// # Errors
/// [`Error::MechanismParamInvalid`]
pub(crate) fn aes_key_len(bits: u64) -> Result<usize> {
    match bits {
        128 => Ok(16),
        192 => Ok(24),
        256 => Ok(32),
        _ => Err(Error::MechanismParamInvalid("ulAESKeyBits is not 128, 192 or 256")),
    }
}

/// The check value of a key (PKCS#11 v3.2 section 6.10.3).
pub(crate) fn check_value(value: &[u8]) -> Result<[u8; 3]> {
    block::check_value(&Key::new(value)?)
}

#[cfg(test)]
mod tests;
