//! Digests: SHA-1 and SHA-2 (FIPS 180-4), SHA-3 (FIPS 202), BLAKE2b (RFC 7693), MD5 and RIPEMD-160 (PKCS#11 v3.2 section
//! 6.20); what every hash function is called in the other families.

mod functions;

use engine::mechanism::{Can, Digesting, MechanismRow, Saving};
use pkcs11::constants::{
    CKM_BLAKE2B_160, CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL, CKM_BLAKE2B_256,
    CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL, CKM_BLAKE2B_384, CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_512, CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL,
    CKM_MD5, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL, CKM_RIPEMD160, CKM_RIPEMD160_HMAC,
    CKM_RIPEMD160_HMAC_GENERAL, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA3_224,
    CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL,
    CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_512, CKM_SHA3_512_HMAC,
    CKM_SHA3_512_HMAC_GENERAL, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA256,
    CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL,
    CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256,
    CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_T,
};
use pkcs11::{Error, Mechanism, MechanismType, Parameters, Result, Secret};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::aws_lc::hash::Hash;
use crate::no_parameter;

pub(crate) use functions::{Bits, Function, HashFunction, Visitor, visit};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SHA_1),
    row(CKM_SHA224),
    row(CKM_SHA256),
    row(CKM_SHA384),
    row(CKM_SHA512),
    row(CKM_SHA512_224),
    row(CKM_SHA512_256),
    row(CKM_SHA512_T),
    row(CKM_SHA3_224),
    row(CKM_SHA3_256),
    row(CKM_SHA3_384),
    row(CKM_SHA3_512),
    row(CKM_BLAKE2B_160),
    row(CKM_BLAKE2B_256),
    row(CKM_BLAKE2B_384),
    row(CKM_BLAKE2B_512),
    row(CKM_MD5),
    row(CKM_RIPEMD160),
];

const fn row(mechanism: MechanismType) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[], sizes: (0, 0), flags: 0, can: &[Can::Digest(digest)] }
}

/// A hash function and what the standard calls it.
pub(crate) struct HashRow {
    pub(crate) function: Function,
    /// The digest mechanism.
    pub(crate) digest: MechanismType,
    /// The HMAC mechanism.
    pub(crate) hmac: MechanismType,
    /// The HMAC mechanism that cuts its result.
    pub(crate) hmac_general: MechanismType,
}

/// Every hash function once, but for SHA-512/t, which a parameter chooses.
pub(crate) const HASHES: [HashRow; 17] = [
    hash_row(Function::Sha(Hash::Sha1), [CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha224), [CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha256), [CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha384), [CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha512), [CKM_SHA512, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL]),
    hash_row(
        Function::Sha(Hash::Sha512_224),
        [CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL],
    ),
    hash_row(
        Function::Sha(Hash::Sha512_256),
        [CKM_SHA512_256, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL],
    ),
    hash_row(Function::Sha(Hash::Sha3_224), [CKM_SHA3_224, CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha3_256), [CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha3_384), [CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL]),
    hash_row(Function::Sha(Hash::Sha3_512), [CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL]),
    hash_row(Function::Blake2b160, [CKM_BLAKE2B_160, CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL]),
    hash_row(Function::Blake2b256, [CKM_BLAKE2B_256, CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL]),
    hash_row(Function::Blake2b384, [CKM_BLAKE2B_384, CKM_BLAKE2B_384_HMAC, CKM_BLAKE2B_384_HMAC_GENERAL]),
    hash_row(Function::Blake2b512, [CKM_BLAKE2B_512, CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL]),
    hash_row(Function::Md5, [CKM_MD5, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL]),
    hash_row(Function::Ripemd160, [CKM_RIPEMD160, CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL]),
];

const fn hash_row(function: Function, [digest, hmac, hmac_general]: [MechanismType; 3]) -> HashRow {
    HashRow { function, digest, hmac, hmac_general }
}

/// The hash function of a digest mechanism, where the operations that have one inside offer it: SHA-1, SHA-2 and SHA-3.
pub(crate) fn hash_of(mechanism: MechanismType) -> Option<Hash> {
    HASHES.iter().find(|row| row.digest == mechanism).and_then(|row| match row.function {
        Function::Sha(hash) => Some(hash),
        _ => None,
    })
}

/// SHA-512/t of the t that the parameter tells, in bits.
///
/// # Errors
/// [`Error::MechanismParamInvalid`]
pub(crate) fn sha512_t(mechanism: &Mechanism) -> Result<Function> {
    let bits = match mechanism.parameters {
        Parameters::MacLen(bits) => Bits::new(bits),
        _ => None,
    };
    bits.map(Function::Sha512T)
        .ok_or(Error::MechanismParamInvalid("t in bits is needed: 1 to 511 without 384"))
}

fn digest(mechanism: &Mechanism) -> Result<Box<dyn Digesting>> {
    if mechanism.mechanism_type == CKM_SHA512_T {
        return start(sha512_t(mechanism)?);
    }
    no_parameter(mechanism)?;
    let row = HASHES.iter().find(|row| row.digest == mechanism.mechanism_type);
    start(row.ok_or(Error::MechanismInvalid(mechanism.mechanism_type))?.function)
}

/// An empty digest.
///
/// # Errors
/// [`Error::Primitive`]
pub(crate) fn start(function: impl Into<Function>) -> Result<Box<dyn Digesting>> {
    struct Boxed;

    impl Visitor for Boxed {
        type Output = Box<dyn Digesting>;

        fn visit<D: HashFunction>(self, empty: D) -> Self::Output {
            Box::new(Running(empty))
        }
    }
    visit(function.into(), Boxed)
}

/// The digest of parts that follow one another.
///
/// # Errors
/// [`Error::Primitive`]
pub(crate) fn of(function: impl Into<Function>, parts: &[&[u8]]) -> Result<Output> {
    let mut running = start(function)?;
    parts.iter().try_for_each(|part| running.update(part))?;
    Output::of(running)
}

/// A digest on its way.
struct Running<D>(D);

/// A finished digest, in a place that fits the longest. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Output {
    bytes: [u8; 64],
    len: usize,
}

impl Output {
    /// A place for `len` bytes, 64 at most.
    fn zeroed(len: usize) -> Self {
        Self { bytes: [0; 64], len: len.min(64) }
    }

    /// These bytes.
    ///
    /// # Errors
    /// [`Error::Bug`]
    fn new(digest: &[u8]) -> Result<Self> {
        let mut output = Self { bytes: [0; 64], len: digest.len() };
        let place = output.bytes.get_mut(..digest.len());
        place.ok_or(Error::Bug("a digest of over 64 bytes"))?.copy_from_slice(digest);
        Ok(output)
    }

    /// Keeps the first bytes.
    fn cut(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Finishes a digest.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn of(running: Box<dyn Digesting>) -> Result<Self> {
        let mut output = Self { bytes: [0; 64], len: running.digest_len() };
        let place = output.bytes.get_mut(..output.len).ok_or(Error::Bug("a digest of over 64 bytes"))?;
        running.finish(place)?;
        Ok(output)
    }
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Output {
    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl<D: HashFunction> Saving for Running<D> {
    fn save(&self) -> Option<Secret> {
        self.0.saved()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.0 = self.0.restored(state)?;
        Ok(())
    }
}

impl<D: HashFunction> Digesting for Running<D> {
    fn digest_len(&self) -> usize {
        self.0.digest_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let digest = self.0.finish()?;
        if out.len() != digest.as_ref().len() {
            return Err(Error::Bug("a digest's place has another length"));
        }
        out.copy_from_slice(digest.as_ref());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
