//! SHA-1 and SHA-2 (FIPS 180-4; PKCS#11 v3.2 section 6.20).

use engine::mechanism::{Can, Digesting, MechanismRow, Saving};
use pkcs11::constants::{
    CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL,
    CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL,
    CKM_SHA512_256, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC,
    CKM_SHA512_HMAC_GENERAL,
};
use pkcs11::{Error, Mechanism, MechanismType, Result, Secret};
use sha1::Sha1;
use sha2::digest::block_api::BlockSizeUser;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::aws_lc::hash::Hash;
use crate::no_parameter;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SHA_1),
    row(CKM_SHA224),
    row(CKM_SHA256),
    row(CKM_SHA384),
    row(CKM_SHA512),
    row(CKM_SHA512_224),
    row(CKM_SHA512_256),
];

const fn row(mechanism: MechanismType) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[], sizes: (0, 0), flags: 0, can: &[Can::Digest(digest)] }
}

/// A hash function and what the standard calls it.
pub(crate) struct HashRow {
    pub(crate) hash: Hash,
    /// The digest mechanism.
    pub(crate) digest: MechanismType,
    /// The HMAC mechanism.
    pub(crate) hmac: MechanismType,
    /// The HMAC mechanism that cuts its result.
    pub(crate) hmac_general: MechanismType,
}

/// Every hash function once.
pub(crate) const HASHES: [HashRow; 7] = [
    hash_row(Hash::Sha1, [CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL]),
    hash_row(Hash::Sha224, [CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL]),
    hash_row(Hash::Sha256, [CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL]),
    hash_row(Hash::Sha384, [CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL]),
    hash_row(Hash::Sha512, [CKM_SHA512, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL]),
    hash_row(Hash::Sha512_224, [CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL]),
    hash_row(Hash::Sha512_256, [CKM_SHA512_256, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL]),
];

const fn hash_row(hash: Hash, [digest, hmac, hmac_general]: [MechanismType; 3]) -> HashRow {
    HashRow { hash, digest, hmac, hmac_general }
}

/// The hash function of a digest mechanism.
pub(crate) fn hash_of(mechanism: MechanismType) -> Option<Hash> {
    HASHES.iter().find(|row| row.digest == mechanism).map(|row| row.hash)
}

fn digest(mechanism: &Mechanism) -> Result<Box<dyn Digesting>> {
    no_parameter(mechanism)?;
    let hash = hash_of(mechanism.mechanism_type).ok_or(Error::MechanismInvalid(mechanism.mechanism_type))?;
    Ok(start(hash))
}

/// An empty digest.
pub(crate) fn start(hash: Hash) -> Box<dyn Digesting> {
    match hash {
        Hash::Sha1 => Box::new(Running(Sha1::new())),
        Hash::Sha224 => Box::new(Running(Sha224::new())),
        Hash::Sha256 => Box::new(Running(Sha256::new())),
        Hash::Sha384 => Box::new(Running(Sha384::new())),
        Hash::Sha512 => Box::new(Running(Sha512::new())),
        Hash::Sha512_224 => Box::new(Running(Sha512_224::new())),
        Hash::Sha512_256 => Box::new(Running(Sha512_256::new())),
    }
}

/// An empty digest of a hash function without a name here.
pub(crate) fn running<D: HashFunction>() -> Box<dyn Digesting> {
    Box::new(Running(D::new()))
}

/// The digest of parts that follow one another.
pub(crate) fn of(hash: Hash, parts: &[&[u8]]) -> Result<Output> {
    let mut running = start(hash);
    parts.iter().try_for_each(|part| running.update(part))?;
    Output::of(running)
}

/// What the families need of a hash function's implementation.
pub(crate) trait HashFunction:
    Digest + BlockSizeUser + SerializableState + Clone + Send + Sync + 'static
{
}

impl<D: Digest + BlockSizeUser + SerializableState + Clone + Send + Sync + 'static> HashFunction for D {}

/// The inner state of a hash function, as `restored` reads it.
pub(crate) fn saved<D: HashFunction>(state: &D) -> Secret {
    let mut bytes = state.serialize();
    let saved = Secret::from(bytes.as_slice());
    bytes.as_mut_slice().zeroize();
    saved
}

/// A state that `saved` gave.
///
/// # Errors
/// [`Error::SavedStateInvalid`]
pub(crate) fn restored<D: HashFunction>(state: &[u8]) -> Result<D> {
    let mut bytes = SerializedState::<D>::try_from(state).map_err(|_| Error::SavedStateInvalid)?;
    let restored = D::deserialize(&bytes).map_err(|_| Error::SavedStateInvalid);
    bytes.as_mut_slice().zeroize();
    restored
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

impl<D: HashFunction> Saving for Running<D> {
    fn save(&self) -> Option<Secret> {
        Some(saved(&self.0))
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.0 = restored(state)?;
        Ok(())
    }
}

impl<D: HashFunction> Digesting for Running<D> {
    fn digest_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.0.update(part);
        Ok(())
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        if out.len() != <D as Digest>::output_size() {
            return Err(Error::Bug("a digest's place has another length"));
        }
        out.copy_from_slice(&self.0.finalize());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::hex;
    use pkcs11::{Parameters, PssParameters};

    /// FIPS 180-4's example message "abc", and the empty one (NIST's SHA examples).
    const VECTORS: [(MechanismType, &[u8], &str); 9] = [
        (CKM_SHA_1, b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (CKM_SHA224, b"abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (CKM_SHA512_224, b"abc", "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (CKM_SHA512_256, b"abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (CKM_SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (CKM_SHA256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            CKM_SHA384,
            b"abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            CKM_SHA512,
            b"abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            CKM_SHA512,
            b"",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
    ];

    fn start(mechanism_type: MechanismType) -> Box<dyn Digesting> {
        digest(&Mechanism { mechanism_type, parameters: Parameters::None }).unwrap()
    }

    #[test]
    fn published_digests_come_out_whatever_the_parts() {
        for (mechanism, message, expected) in VECTORS {
            for part_len in [1, 2, 100] {
                let mut running = start(mechanism);
                message.chunks(part_len).for_each(|part| running.update(part).unwrap());
                let mut out = vec![0; running.digest_len()];
                running.finish(&mut out).unwrap();
                assert_eq!(out, hex(expected));
            }
        }
    }

    #[test]
    fn a_digest_that_was_saved_goes_on_where_it_was() {
        let message: Vec<u8> = (0..=255).collect();
        for row in HASHES {
            for cut in [0, 1, 63, 64, 65, 127, 128, 129, 256] {
                let (before, after) = message.split_at(cut);
                let mut first = start(row.digest);
                first.update(before).unwrap();
                let mut second = start(row.digest);
                second.restore(first.save().unwrap().expose()).unwrap();
                second.update(after).unwrap();
                let mut out = vec![0; row.hash.digest_len()];
                second.finish(&mut out).unwrap();
                assert_eq!(out, super::of(row.hash, &[&message]).unwrap().as_ref());
            }
        }
    }

    #[test]
    fn what_is_no_state_of_this_digest_is_refused() {
        for row in HASHES {
            let mut running = start(row.digest);
            let state = running.save().unwrap();
            for state in
                [&[], &state.expose()[1..], &[state.expose(), &[0]].concat(), &vec![255; state.len()]]
            {
                assert_eq!(running.restore(state), Err(Error::SavedStateInvalid));
            }
        }
    }

    #[test]
    fn a_digest_takes_no_parameter() {
        let pss = PssParameters { hash: CKM_SHA256, mgf: 0, salt_len: 0 };
        for parameters in [Parameters::Unknown, Parameters::Pss(pss)] {
            let refused = digest(&Mechanism { mechanism_type: CKM_SHA256, parameters }).err();
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        }
    }
}
