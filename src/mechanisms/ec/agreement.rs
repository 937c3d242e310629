//! ECDH (PKCS#11 v3.2 sections 6.3.16 and 6.3.17; SP 800-56A, RFC 7748) with the derivations of ANSI X9.63 and
//! SP 800-56A.

use std::sync::Arc;

use engine::mechanism::{Bases, Key};
use pkcs11::constants::{
    CKA_VALUE_LEN, CKD_BLAKE2B_160_KDF, CKD_BLAKE2B_256_KDF, CKD_BLAKE2B_384_KDF, CKD_BLAKE2B_512_KDF,
    CKD_NULL, CKD_SHA1_KDF, CKD_SHA1_KDF_SP800, CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800, CKD_SHA3_256_KDF,
    CKD_SHA3_256_KDF_SP800, CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800, CKD_SHA3_512_KDF,
    CKD_SHA3_512_KDF_SP800, CKD_SHA224_KDF, CKD_SHA224_KDF_SP800, CKD_SHA256_KDF, CKD_SHA256_KDF_SP800,
    CKD_SHA384_KDF, CKD_SHA384_KDF_SP800, CKD_SHA512_KDF, CKD_SHA512_KDF_SP800, CKK_AES,
};
use pkcs11::{Attributes, Ecdh1Parameters, Error, Mechanism, Parameters, Result, Secret};

use super::CurveRow;
use super::keys::{PrivateKey, PublicKey, generate};
use crate::aws_lc::hash::Hash;
use crate::digest::Function;
use crate::{digest, downcast, montgomery, secret};

/// Where the counter stands in what is hashed for a block.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    /// After the shared secret: ANSI X9.63 (SEC 1 section 3.6.1).
    After,
    /// Before it: SP 800-56A of 2007, section 5.8.1, the one-step function of today's SP 800-56C.
    Before,
}

/// A key derivation function.
pub(super) type Kdf = (Function, Counter);

/// The key derivation functions: a `CKD_` value each.
const KDFS: [(u64, Option<Kdf>); 23] = [
    (CKD_NULL, None),
    (CKD_SHA1_KDF, Some((Function::Sha(Hash::Sha1), Counter::After))),
    (CKD_SHA224_KDF, Some((Function::Sha(Hash::Sha224), Counter::After))),
    (CKD_SHA256_KDF, Some((Function::Sha(Hash::Sha256), Counter::After))),
    (CKD_SHA384_KDF, Some((Function::Sha(Hash::Sha384), Counter::After))),
    (CKD_SHA512_KDF, Some((Function::Sha(Hash::Sha512), Counter::After))),
    (CKD_SHA3_224_KDF, Some((Function::Sha(Hash::Sha3_224), Counter::After))),
    (CKD_SHA3_256_KDF, Some((Function::Sha(Hash::Sha3_256), Counter::After))),
    (CKD_SHA3_384_KDF, Some((Function::Sha(Hash::Sha3_384), Counter::After))),
    (CKD_SHA3_512_KDF, Some((Function::Sha(Hash::Sha3_512), Counter::After))),
    (CKD_SHA1_KDF_SP800, Some((Function::Sha(Hash::Sha1), Counter::Before))),
    (CKD_SHA224_KDF_SP800, Some((Function::Sha(Hash::Sha224), Counter::Before))),
    (CKD_SHA256_KDF_SP800, Some((Function::Sha(Hash::Sha256), Counter::Before))),
    (CKD_SHA384_KDF_SP800, Some((Function::Sha(Hash::Sha384), Counter::Before))),
    (CKD_SHA512_KDF_SP800, Some((Function::Sha(Hash::Sha512), Counter::Before))),
    (CKD_SHA3_224_KDF_SP800, Some((Function::Sha(Hash::Sha3_224), Counter::Before))),
    (CKD_SHA3_256_KDF_SP800, Some((Function::Sha(Hash::Sha3_256), Counter::Before))),
    (CKD_SHA3_384_KDF_SP800, Some((Function::Sha(Hash::Sha3_384), Counter::Before))),
    (CKD_SHA3_512_KDF_SP800, Some((Function::Sha(Hash::Sha3_512), Counter::Before))),
    (CKD_BLAKE2B_160_KDF, Some((Function::Blake2b160, Counter::Before))),
    (CKD_BLAKE2B_256_KDF, Some((Function::Blake2b256, Counter::Before))),
    (CKD_BLAKE2B_384_KDF, Some((Function::Blake2b384, Counter::Before))),
    (CKD_BLAKE2B_512_KDF, Some((Function::Blake2b512, Counter::Before))),
];

/// Derives a secret key. Its length is `CKA_VALUE_LEN`, which a key for a cipher needs; a generic secret without one is
/// the whole shared secret.
pub(super) fn derive(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let parameters = parameters(mechanism)?;
    key_of(parameters, template, || agree(bases.key, &parameters.public))
}

pub(super) fn parameters(mechanism: &Mechanism) -> Result<&Ecdh1Parameters> {
    match &mechanism.parameters {
        Parameters::Ecdh1(parameters) => Ok(parameters),
        _ => Err(Error::MechanismParamInvalid("CK_ECDH1_DERIVE_PARAMS is needed")),
    }
}

/// The secret key of a shared secret, which is made when parameters and template are known to be good.
pub(super) fn key_of(
    parameters: &Ecdh1Parameters,
    template: &Attributes,
    agree: impl FnOnce() -> Result<Secret>,
) -> Result<Attributes> {
    let kdf = kdf_of(parameters.kdf, &parameters.shared)?;
    let len = secret::value_len(template)?;
    let len_is_needed = kdf.is_some() || template.key_type() == Some(CKK_AES);
    if len.is_none() && len_is_needed {
        return Err(Error::TemplateIncomplete(CKA_VALUE_LEN));
    }
    let shared = agree()?;
    match kdf {
        None => secret::made(template, last(&shared, len)?),
        Some(kdf) => {
            let value = derived(kdf, &shared, &parameters.shared, len.unwrap_or_default())?;
            secret::made(template, value.expose())
        }
    }
}

/// The key derivation function that parameters name, or nothing for `CKD_NULL`.
pub(super) fn kdf_of(kdf: u64, shared: &[u8]) -> Result<Option<Kdf>> {
    let found = KDFS.iter().find(|(known, _)| *known == kdf).map(|(_, hash)| *hash);
    let found = found.ok_or(Error::MechanismParamInvalid("kdf is not offered"))?;
    if found.is_none() && !shared.is_empty() {
        return Err(Error::MechanismParamInvalid("CKD_NULL takes no shared data"));
    }
    Ok(found)
}

/// The shared secret of a private key and a public one in any form that clients send.
pub(super) fn agree(key: &Arc<dyn Key>, public: &[u8]) -> Result<Secret> {
    if let Ok(key) = downcast::<montgomery::PrivateKey>(key) {
        return key.agree(public);
    }
    let key: Arc<PrivateKey> = downcast(key)?;
    let row = CurveRow::of_curve(key.curve()).ok_or(Error::Bug("a key of no known curve"))?;
    let peer = row.public_key(public);
    let peer =
        peer.map_err(|_| Error::MechanismParamInvalid("pPublicData is no point of the key's curve"))?;
    key.agree(&peer)
}

/// An ephemeral public key, a point uncompressed, and the shared secret with a public key.
pub(super) fn ephemeral(key: &Arc<dyn Key>) -> Result<(Vec<u8>, Secret)> {
    if let Ok(key) = downcast::<montgomery::PublicKey>(key) {
        return key.ephemeral();
    }
    let key: Arc<PublicKey> = downcast(key)?;
    let made = generate(key.curve())?;
    let secret = PrivateKey::from_scalar(key.curve(), made.scalar.expose())?.agree(&key)?;
    Ok((made.point, secret))
}

/// Length in bytes of a public key on a key's curve, as [`ephemeral`] gives one.
pub(super) fn public_len(key: &Arc<dyn Key>) -> Result<usize> {
    if let Ok(key) = downcast::<montgomery::PublicKey>(key) {
        return Ok(key.len());
    }
    if let Ok(key) = downcast::<montgomery::PrivateKey>(key) {
        return Ok(key.len());
    }
    let curve = match downcast::<PrivateKey>(key) {
        Ok(key) => key.curve(),
        Err(_) => downcast::<PublicKey>(key)?.curve(),
    };
    Ok(1 + 2 * curve.coordinate_len())
}

/// The shared secret, cut to `len` bytes by removing bytes at its start (section 6.3.17).
fn last(shared: &Secret, len: Option<usize>) -> Result<&[u8]> {
    let surplus = shared.len().checked_sub(len.unwrap_or(shared.len()));
    surplus
        .and_then(|surplus| shared.expose().get(surplus..))
        .ok_or(Error::TemplateInconsistent("CKA_VALUE_LEN is more than the shared secret has"))
}

/// `len` bytes of a key derivation function: far below its limit of 2^32 digests.
pub(super) fn derived((function, counter): Kdf, shared: &Secret, info: &[u8], len: usize) -> Result<Secret> {
    let mut out = Secret::zeroed(len);
    for (count, block) in (1u32..).zip(out.as_mut().chunks_mut(function.digest_len())) {
        let (shared, count) = (shared.expose(), count.to_be_bytes());
        let digest = match counter {
            Counter::After => digest::of(function, &[shared, &count, info]),
            Counter::Before => digest::of(function, &[&count, shared, info]),
        }?;
        block.iter_mut().zip(digest.as_ref()).for_each(|(place, byte)| *place = *byte);
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
