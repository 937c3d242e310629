//! HMAC over every hash function, whole and cut (RFC 2104, FIPS 198-1; PKCS#11 v3.2 section 6.22).
//!
//! Written over the hash functions themselves, because their state can be saved between two calls, which that of the
//! crate `hmac` cannot; that crate is the oracle in the tests.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use engine::mechanism::{Can, Key, MechanismRow, Saving, Signing, Verifying};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKK_BLAKE2B_160_HMAC, CKK_BLAKE2B_256_HMAC, CKK_BLAKE2B_384_HMAC, CKK_BLAKE2B_512_HMAC,
    CKK_GENERIC_SECRET, CKK_MD5_HMAC, CKK_RIPEMD160_HMAC, CKK_SHA_1_HMAC, CKK_SHA3_224_HMAC,
    CKK_SHA3_256_HMAC, CKK_SHA3_384_HMAC, CKK_SHA3_512_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC,
    CKK_SHA384_HMAC, CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC, CKK_SHA512_HMAC, CKK_SHA512_T_HMAC,
    CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL, CKM_BLAKE2B_160_KEY_GEN, CKM_BLAKE2B_256_HMAC,
    CKM_BLAKE2B_256_HMAC_GENERAL, CKM_BLAKE2B_256_KEY_GEN, CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_384_KEY_GEN, CKM_BLAKE2B_512_HMAC,
    CKM_BLAKE2B_512_HMAC_GENERAL, CKM_BLAKE2B_512_KEY_GEN, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL,
    CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL,
    CKM_SHA_1_KEY_GEN, CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_KEY_GEN, CKM_SHA3_256_HMAC,
    CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_KEY_GEN, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL,
    CKM_SHA3_384_KEY_GEN, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL, CKM_SHA3_512_KEY_GEN,
    CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA224_KEY_GEN, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL,
    CKM_SHA256_KEY_GEN, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA384_KEY_GEN, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_224_KEY_GEN, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL,
    CKM_SHA512_256_KEY_GEN, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_KEY_GEN, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_GEN,
};
use pkcs11::{Attributes, Error, KeyType, Mechanism, MechanismType, Result, Secret};

use crate::digest::{Function, HASHES, HashFunction, Output, Visitor, sha512_t, visit};
use crate::secret::{self, LONGEST};
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
    row(CKM_SHA3_224_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA3_224_HMAC]),
    row(CKM_SHA3_256_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA3_256_HMAC]),
    row(CKM_SHA3_384_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA3_384_HMAC]),
    row(CKM_SHA3_512_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA3_512_HMAC]),
    row(CKM_BLAKE2B_160_HMAC, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_160_HMAC]),
    row(CKM_BLAKE2B_256_HMAC, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_256_HMAC]),
    row(CKM_BLAKE2B_384_HMAC, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_384_HMAC]),
    row(CKM_BLAKE2B_512_HMAC, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_512_HMAC]),
    row(CKM_MD5_HMAC, &[CKK_GENERIC_SECRET, CKK_MD5_HMAC]),
    row(CKM_RIPEMD160_HMAC, &[CKK_GENERIC_SECRET, CKK_RIPEMD160_HMAC]),
    row(CKM_SHA512_T_HMAC, &[CKK_GENERIC_SECRET, CKK_SHA512_T_HMAC]),
    row(CKM_SHA_1_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA_1_HMAC]),
    row(CKM_SHA224_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA224_HMAC]),
    row(CKM_SHA256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA256_HMAC]),
    row(CKM_SHA384_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA384_HMAC]),
    row(CKM_SHA512_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_HMAC]),
    row(CKM_SHA512_224_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_224_HMAC]),
    row(CKM_SHA512_256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA512_256_HMAC]),
    row(CKM_SHA3_224_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA3_224_HMAC]),
    row(CKM_SHA3_256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA3_256_HMAC]),
    row(CKM_SHA3_384_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA3_384_HMAC]),
    row(CKM_SHA3_512_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_SHA3_512_HMAC]),
    row(CKM_BLAKE2B_160_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_160_HMAC]),
    row(CKM_BLAKE2B_256_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_256_HMAC]),
    row(CKM_BLAKE2B_384_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_384_HMAC]),
    row(CKM_BLAKE2B_512_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_BLAKE2B_512_HMAC]),
    row(CKM_MD5_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_MD5_HMAC]),
    row(CKM_RIPEMD160_HMAC_GENERAL, &[CKK_GENERIC_SECRET, CKK_RIPEMD160_HMAC]),
    key_gen(CKM_SHA_1_KEY_GEN, &[CKK_SHA_1_HMAC]),
    key_gen(CKM_SHA224_KEY_GEN, &[CKK_SHA224_HMAC]),
    key_gen(CKM_SHA256_KEY_GEN, &[CKK_SHA256_HMAC]),
    key_gen(CKM_SHA384_KEY_GEN, &[CKK_SHA384_HMAC]),
    key_gen(CKM_SHA512_KEY_GEN, &[CKK_SHA512_HMAC]),
    key_gen(CKM_SHA512_224_KEY_GEN, &[CKK_SHA512_224_HMAC]),
    key_gen(CKM_SHA512_256_KEY_GEN, &[CKK_SHA512_256_HMAC]),
    key_gen(CKM_SHA3_224_KEY_GEN, &[CKK_SHA3_224_HMAC]),
    key_gen(CKM_SHA3_256_KEY_GEN, &[CKK_SHA3_256_HMAC]),
    key_gen(CKM_SHA3_384_KEY_GEN, &[CKK_SHA3_384_HMAC]),
    key_gen(CKM_SHA3_512_KEY_GEN, &[CKK_SHA3_512_HMAC]),
    key_gen(CKM_BLAKE2B_160_KEY_GEN, &[CKK_BLAKE2B_160_HMAC]),
    key_gen(CKM_BLAKE2B_256_KEY_GEN, &[CKK_BLAKE2B_256_HMAC]),
    key_gen(CKM_BLAKE2B_384_KEY_GEN, &[CKK_BLAKE2B_384_HMAC]),
    key_gen(CKM_BLAKE2B_512_KEY_GEN, &[CKK_BLAKE2B_512_HMAC]),
    key_gen(CKM_SHA512_T_KEY_GEN, &[CKK_SHA512_T_HMAC]),
];

const fn row(mechanism: MechanismType, key_types: &'static [KeyType]) -> MechanismRow {
    let can = &[Can::Sign(sign), Can::Verify(verify)];
    MechanismRow { mechanism, key_types, sizes: (1, LONGEST as u64), flags: 0, can }
}

const fn key_gen(mechanism: MechanismType, key_types: &'static [KeyType]) -> MechanismRow {
    let can = &[Can::GenerateKey(generate)];
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
            no_parameter(mechanism).map(|()| row.function.digest_len())?
        } else {
            mac_len(mechanism, row.function.digest_len())?
        };
        if place.get().is_none() {
            // Two that come at once make the same, and one of them stays.
            let _ = place.set(ready(row.function, self.value.expose())?);
        }
        let ready = place.get().ok_or(Error::Bug("an HMAC that is not ready"))?;
        Ok((&**ready, len))
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
    if mechanism.mechanism_type == CKM_SHA512_T_HMAC {
        let function = sha512_t(mechanism)?;
        return ready(function, key.value.expose())?.signing(function.digest_len());
    }
    let (ready, len) = key.ready(mechanism)?;
    ready.signing(len)
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key = downcast::<HmacKey>(key)?;
    if mechanism.mechanism_type == CKM_SHA512_T_HMAC {
        let function = sha512_t(mechanism)?;
        return ready(function, key.value.expose())?.verifying(function.digest_len());
    }
    let (ready, len) = key.ready(mechanism)?;
    ready.verifying(len)
}

/// A random key of one HMAC, as long as the template says (PKCS#11 v3.2 section 6.22).
fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    secret::random(template)
}

/// An HMAC that has taken its key and nothing else. Its result is cut to `len` bytes, at most as long as a digest.
trait Ready: Send + Sync {
    fn signing(&self, len: usize) -> Result<Box<dyn Signing>>;
    fn verifying(&self, len: usize) -> Result<Box<dyn Verifying>>;
}

fn ready(function: Function, key: &[u8]) -> Result<Box<dyn Ready>> {
    struct Keyed<'a>(&'a [u8]);

    impl Visitor for Keyed<'_> {
        type Output = Result<Box<dyn Ready>>;

        fn visit<D: HashFunction>(self, empty: D) -> Self::Output {
            Ok(Box::new(Hmac::new(&empty, self.0)?))
        }
    }
    visit(function, Keyed(key))?
}

/// A running HMAC: `outer(key ^ opad, inner(key ^ ipad, message))`.
struct Hmac<D> {
    inner: D,
    outer: D,
    /// Bytes of the result that count.
    len: usize,
}

impl<D: HashFunction> Hmac<D> {
    /// Takes a key of any length: one longer than a block counts as its digest (RFC 2104 section 2).
    fn new(empty: &D, key: &[u8]) -> Result<Self> {
        let mut block = Secret::zeroed(empty.block_len());
        let digest;
        let key = if key.len() <= block.len() {
            key
        } else {
            let mut hashed = empty.another()?;
            hashed.update(key)?;
            digest = hashed.finish()?;
            digest.as_ref()
        };
        block.as_mut().iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
        let mut padded = |pad: u8| {
            block.as_mut().iter_mut().for_each(|byte| *byte ^= pad);
            let mut state = empty.another()?;
            state.update(block.expose())?;
            Ok::<_, Error>(state)
        };
        let inner = padded(0x36)?;
        let outer = padded(0x36 ^ 0x5c)?;
        Ok(Self { inner, outer, len: empty.digest_len() })
    }

    fn cut_to(&self, len: usize) -> Result<Self> {
        Ok(Self { inner: self.inner.another()?, outer: self.outer.another()?, len })
    }

    fn finalize(self) -> Result<Output> {
        let mut outer = self.outer;
        outer.update(self.inner.finish()?.as_ref())?;
        outer.finish()
    }
}

impl<D: HashFunction> Ready for Hmac<D> {
    fn signing(&self, len: usize) -> Result<Box<dyn Signing>> {
        Ok(Box::new(self.cut_to(len)?))
    }

    fn verifying(&self, len: usize) -> Result<Box<dyn Verifying>> {
        Ok(Box::new(self.cut_to(len)?))
    }
}

impl<D: HashFunction> Saving for Hmac<D> {
    /// The inner state alone: the outer one is made of the key.
    fn save(&self) -> Option<Secret> {
        self.inner.saved()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.inner = self.inner.restored(state)?;
        Ok(())
    }
}

impl<D: HashFunction> Signing for Hmac<D> {
    fn signature_len(&self) -> usize {
        self.len
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.inner.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let len = self.len;
        let mac = self.finalize()?;
        let cut = mac.as_ref().get(..len).filter(|cut| cut.len() == out.len());
        out.copy_from_slice(cut.ok_or(Error::Bug("an HMAC's place has another length"))?);
        Ok(())
    }
}

impl<D: HashFunction> Verifying for Hmac<D> {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.inner.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let len = self.len;
        if signature.len() != len {
            return Err(Error::SignatureLenRange);
        }
        let right: bool = self.finalize()?.as_ref().get(..len).unwrap_or_default().ct_eq(signature).into();
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

#[cfg(test)]
mod tests;
