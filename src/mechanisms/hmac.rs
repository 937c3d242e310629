//! HMAC over every hash function, whole and cut (RFC 2104, FIPS 198-1; PKCS#11 v3.2 section 6.22).
//!
//! Written over the hash functions themselves, because their state can be saved between two calls, which that of the
//! crate `hmac` cannot; that crate is the oracle in the tests.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use engine::mechanism::{Can, Key, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKK_GENERIC_SECRET, CKK_SHA_1_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC,
    CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC, CKK_SHA512_HMAC, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL,
    CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC,
    CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL,
};
use pkcs11::{Error, KeyType, Mechanism, MechanismType, Result, Secret};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroize;

use crate::aws_lc::hash::Hash;
use crate::digest::{HASHES, HashFunction, restored, saved};
use crate::secret::LONGEST;
use crate::{downcast, mac_len, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SHA_1_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA_1_HMAC]),
    row(CKM_SHA224_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA224_HMAC]),
    row(CKM_SHA256_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA256_HMAC]),
    row(CKM_SHA384_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA384_HMAC]),
    row(CKM_SHA512_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA512_HMAC]),
    row(CKM_SHA512_224_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA512_224_HMAC]),
    row(CKM_SHA512_256_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA512_256_HMAC]),
    row(CKM_SHA_1_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA_1_HMAC]),
    row(CKM_SHA224_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA224_HMAC]),
    row(CKM_SHA256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA256_HMAC]),
    row(CKM_SHA384_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA384_HMAC]),
    row(CKM_SHA512_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_HMAC]),
    row(CKM_SHA512_224_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_224_HMAC]),
    row(CKM_SHA512_256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_256_HMAC]),
];

const fn row(mechanism: MechanismType, key_types: &'static [KeyType]) -> MechanismRow {
    let can = &[Can::Sign(sign), Can::Verify(verify)];
    MechanismRow { mechanism, key_types, sizes: (1, LONGEST as u64), flags: 0, can }
}

/// A secret of any length, with what each HMAC makes of it, once.
pub(crate) struct HmacKey {
    value: Secret,
    /// In the order of [`HASHES`].
    ready: [OnceLock<Box<dyn Ready>>; HASHES.len()],
}

impl HmacKey {
    pub(crate) fn new(value: &[u8]) -> Self {
        Self { value: Secret::from(value), ready: [const { OnceLock::new() }; HASHES.len()] }
    }

    /// The secret itself, for what derives from it.
    pub(crate) fn secret(&self) -> &Secret {
        &self.value
    }

    /// The HMAC of a mechanism, at its start, and the length of its result in bytes.
    fn ready(&self, mechanism: &Mechanism) -> Result<(&dyn Ready, usize)> {
        let kind = mechanism.mechanism_type;
        let known =
            HASHES.iter().zip(&self.ready).find(|(row, _)| row.hmac == kind || row.hmac_general == kind);
        let (row, place) = known.ok_or(Error::MechanismInvalid(kind))?;
        let len = if row.hmac == kind {
            no_parameter(mechanism).map(|()| row.hash.digest_len())?
        } else {
            mac_len(mechanism, row.hash.digest_len())?
        };
        Ok((&**place.get_or_init(|| ready(row.hash, self.value.expose())), len))
    }
}

impl Key for HmacKey {
    fn size(&self) -> u64 {
        self.value.len() as u64
    }

    fn value(&self) -> Option<&Secret> {
        Some(&self.value)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(crate) fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key = downcast::<HmacKey>(key)?;
    let (ready, len) = key.ready(mechanism)?;
    Ok(ready.signing(len))
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key = downcast::<HmacKey>(key)?;
    let (ready, len) = key.ready(mechanism)?;
    Ok(ready.verifying(len))
}

/// An HMAC that has taken its key and nothing else. Its result is cut to `len` bytes, at most as long as a digest.
trait Ready: Send + Sync {
    fn signing(&self, len: usize) -> Box<dyn Signing>;
    fn verifying(&self, len: usize) -> Box<dyn Verifying>;
}

fn ready(hash: Hash, key: &[u8]) -> Box<dyn Ready> {
    match hash {
        Hash::Sha1 => Box::new(Hmac::<Sha1>::new(key)),
        Hash::Sha224 => Box::new(Hmac::<Sha224>::new(key)),
        Hash::Sha256 => Box::new(Hmac::<Sha256>::new(key)),
        Hash::Sha384 => Box::new(Hmac::<Sha384>::new(key)),
        Hash::Sha512 => Box::new(Hmac::<Sha512>::new(key)),
        Hash::Sha512_224 => Box::new(Hmac::<Sha512_224>::new(key)),
        Hash::Sha512_256 => Box::new(Hmac::<Sha512_256>::new(key)),
    }
}

/// A running HMAC: `outer(key ^ opad, inner(key ^ ipad, message))`.
#[derive(Clone)]
struct Hmac<D> {
    inner: D,
    outer: D,
    /// Bytes of the result that count.
    len: usize,
}

impl<D: HashFunction> Hmac<D> {
    /// Takes a key of any length: one longer than a block counts as its digest (RFC 2104 section 2).
    fn new(key: &[u8]) -> Self {
        let mut block = Secret::zeroed(D::block_size());
        let mut digest = Default::default();
        let key = if key.len() <= block.len() {
            key
        } else {
            digest = D::digest(key);
            &digest
        };
        block.as_mut().iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
        digest.as_mut_slice().zeroize();
        block.as_mut().iter_mut().for_each(|byte| *byte ^= 0x36);
        let inner = D::new_with_prefix(block.expose());
        block.as_mut().iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        let outer = D::new_with_prefix(block.expose());
        Self { inner, outer, len: <D as Digest>::output_size() }
    }

    fn finalize(self) -> sha2::digest::Output<D> {
        let mut outer = self.outer;
        outer.update(self.inner.finalize());
        outer.finalize()
    }
}

impl<D: HashFunction> Ready for Hmac<D> {
    fn signing(&self, len: usize) -> Box<dyn Signing> {
        Box::new(Self { len, ..self.clone() })
    }

    fn verifying(&self, len: usize) -> Box<dyn Verifying> {
        Box::new(Self { len, ..self.clone() })
    }
}

impl<D: HashFunction> Saving for Hmac<D> {
    /// The inner state alone: the outer one is made of the key.
    fn save(&self) -> Option<Secret> {
        Some(saved(&self.inner))
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.inner = restored(state)?;
        Ok(())
    }
}

impl<D: HashFunction> Signing for Hmac<D> {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.inner.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let len = self.len;
        let mac = self.finalize();
        let cut = mac.get(..len).filter(|cut| cut.len() == out.len());
        out.copy_from_slice(cut.ok_or(Error::Bug("an HMAC's place has another length"))?);
        Ok(())
    }
}

impl<D: HashFunction> Verifying for Hmac<D> {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.inner.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let len = self.len;
        if signature.len() != len {
            return Err(Error::SignatureLenRange);
        }
        let right: bool = self.finalize().get(..len).unwrap_or_default().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
