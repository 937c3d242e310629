//! Poly1305 (RFC 8439 section 2.5; PKCS#11 v3.2 section 6.60). Two messages under one key let anybody forge a third: the
//! standard leaves it to the application to use a key once (docs/decisions/0033).

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, Key as EngineKey, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{CKA_VALUE, CKK_POLY1305, CKM_POLY1305, CKM_POLY1305_KEY_GEN};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::chacha20::{KEY, Poly1305, TAG};
use crate::{downcast, no_parameter, secret};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_POLY1305_KEY_GEN, &[Can::GenerateKey(secret::generate)]),
    row(CKM_POLY1305, &[Can::SignOnce(sign), Can::VerifyOnce(verify)]),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    let size = KEY as u64;
    MechanismRow { mechanism, key_types: &[CKK_POLY1305], sizes: (size, size), flags: 0, can }
}

/// Poly1305 keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_POLY1305,
    complete: secret::complete,
    parse,
    to_bytes: secret::to_bytes,
    from_bytes: secret::from_bytes,
};

/// A key, ready for use: 32 bytes.
struct Key(Secret);

impl EngineKey for Key {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn value(&self) -> Option<&Secret> {
        Some(&self.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn EngineKey>> {
    let value = attributes.bytes(CKA_VALUE).ok_or(Error::TemplateIncomplete(CKA_VALUE))?;
    let bytes = <[u8; KEY]>::try_from(value).map_err(|_| Error::KeySizeRange)?;
    Ok(Arc::new(Key(Secret::from(bytes))))
}

/// A running tag.
struct Running(Poly1305);

fn start(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<Running>> {
    no_parameter(mechanism)?;
    let key: Arc<Key> = downcast(key)?;
    let bytes = key.0.expose().first_chunk().ok_or(Error::Bug("a key of Poly1305 of another length"))?;
    Ok(Box::new(Running(Poly1305::new(bytes))))
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Signing>> {
    Ok(start(mechanism, key)?)
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Verifying>> {
    Ok(start(mechanism, key)?)
}

/// The library does not tell its state (decision 0014).
impl Saving for Running {}

impl Signing for Running {
    fn signature_len(&self) -> usize {
        TAG
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let place = out.first_chunk_mut().ok_or(Error::Bug("the place of a MAC has another length"))?;
        *place = self.0.finish();
        Ok(())
    }
}

impl Verifying for Running {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        if signature.len() != TAG {
            return Err(Error::SignatureLenRange);
        }
        let right: bool = self.0.finish().as_slice().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
