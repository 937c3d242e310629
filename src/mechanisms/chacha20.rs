//! ChaCha20, and with Poly1305 (RFC 8439; PKCS#11 v3.2 sections 6.58 and 6.61).

mod authenticated;
mod stream;

use std::any::Any;
use std::sync::{Arc, OnceLock};

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow};
use pkcs11::constants::{CKA_VALUE, CKK_CHACHA20, CKM_CHACHA20, CKM_CHACHA20_KEY_GEN, CKM_CHACHA20_POLY1305};
use pkcs11::{Attributes, Error, MechanismType, Result, Secret};

use crate::aws_lc::chacha20::{ChaCha20Poly1305, KEY};
use crate::secret;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_CHACHA20_KEY_GEN, &[Can::GenerateKey(secret::generate)]),
    row(
        CKM_CHACHA20,
        &[
            Can::Encrypt(stream::encrypt),
            Can::Decrypt(stream::decrypt),
            Can::Wrap(stream::encrypt),
            Can::Unwrap(stream::decrypt),
        ],
    ),
    row(
        CKM_CHACHA20_POLY1305,
        &[
            Can::Encrypt(authenticated::encrypt),
            Can::Decrypt(authenticated::decrypt),
            Can::MessageEncrypt(authenticated::encrypt_messages),
            Can::MessageDecrypt(authenticated::decrypt_messages),
        ],
    ),
];

/// In bytes: the standard's sections name bits in one place and bytes in another.
const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    let size = KEY as u64;
    MechanismRow { mechanism, key_types: &[CKK_CHACHA20], sizes: (size, size), flags: 0, can }
}

/// ChaCha20 keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_CHACHA20,
    complete: secret::complete,
    parse,
    to_bytes: secret::to_bytes,
    from_bytes: secret::from_bytes,
};

/// A key, ready for use.
struct Key {
    /// 32.
    bytes: Secret,
    /// Made at the first use with Poly1305 and nonces of 12 bytes; `None` where that failed.
    short: OnceLock<Option<ChaCha20Poly1305>>,
    /// The same with nonces of 24 bytes.
    extended: OnceLock<Option<ChaCha20Poly1305>>,
}

impl Key {
    /// The context for nonces of this length, 12 or 24 bytes.
    fn authenticated(&self, nonce_len: usize) -> Result<&ChaCha20Poly1305> {
        let made = if nonce_len == authenticated::NONCE {
            self.short.get_or_init(|| ChaCha20Poly1305::new(&self.bytes).ok())
        } else {
            self.extended.get_or_init(|| ChaCha20Poly1305::extended(&self.bytes).ok())
        };
        made.as_ref().ok_or(Error::HostMemory)
    }
}

impl EngineKey for Key {
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

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    let bytes = <[u8; KEY]>::try_from(value).map_err(|_| Error::KeySizeRange)?;
    Ok(Arc::new(Key { bytes: Secret::from(bytes), short: OnceLock::new(), extended: OnceLock::new() }))
}

#[cfg(test)]
mod tests;
