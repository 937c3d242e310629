//! ML-DSA beside the crate `ml-dsa`, ML-KEM beside `ml-kem`, and SLH-DSA of OpenSSL's digests.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CKA_SEED, CKA_VALUE, CKH_HEDGE_PREFERRED, CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA,
    CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512,
    CKR_OK,
};
use ml_dsa::{MlDsa65, Signature, VerifyingKey};
use ml_kem::kem::Decapsulate as _;
use ml_kem::{DecapsulationKey, EncapsulationKey, MlKem768};
use pkcs11_tests::Sent;
use pkcs11_tests::keys::{attribute, verify};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::parameters::{hash_sign_context, sign_context, with};

use super::others::{Hash, shake};
use super::{Question, Verdict, same};

/// What hashes before it is signed (FIPS 204 section 5.4.1, FIPS 205 section 10.2.2).
#[derive(Clone, Copy)]
pub(super) enum Prehash {
    /// The caller's digest, which is SHA-256 here.
    Callers,
    /// A hash function: OpenSSL's name, its mechanism, and the last number of its object identifier.
    Hash(&'static str, CK_MECHANISM_TYPE, u8),
    /// SHAKE: OpenSSL's name, the bytes of its output, and the last number of its object identifier.
    Shake(&'static str, usize, u8),
}

pub(super) const SHA224: Prehash = Prehash::Hash("sha224", CKM_SHA224, 4);
pub(super) const SHA256: Prehash = Prehash::Hash("sha256", CKM_SHA256, 1);
pub(super) const SHA384: Prehash = Prehash::Hash("sha384", CKM_SHA384, 2);
pub(super) const SHA512: Prehash = Prehash::Hash("sha512", CKM_SHA512, 3);
pub(super) const SHA3_224: Prehash = Prehash::Hash("sha3-224", CKM_SHA3_224, 7);
pub(super) const SHA3_256: Prehash = Prehash::Hash("sha3-256", CKM_SHA3_256, 8);
pub(super) const SHA3_384: Prehash = Prehash::Hash("sha3-384", CKM_SHA3_384, 9);
pub(super) const SHA3_512: Prehash = Prehash::Hash("sha3-512", CKM_SHA3_512, 10);
pub(super) const SHAKE128: Prehash = Prehash::Shake("shake128", 32, 11);
pub(super) const SHAKE256: Prehash = Prehash::Shake("shake256", 64, 12);

impl Prehash {
    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Callers => message.to_vec(),
            Self::Hash(name, ..) => Hash::Openssl(name).of(message),
            Self::Shake(name, len, _) => shake(name, message, len),
        }
    }

    /// The object identifier as DER: an arc of NIST's.
    fn oid(self) -> Vec<u8> {
        let last = match self {
            Self::Callers => 1,
            Self::Hash(.., last) | Self::Shake(.., last) => last,
        };
        vec![0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last]
    }
}

/// A signature of ML-DSA-65 by any form, with a random context, which the crate verifies by the message representative of
/// FIPS 204 section 6.2, and its like of another message it does not.
pub(super) fn ml_dsa(q: &Question<'_>, prehash: Option<Prehash>) -> Verdict {
    let (keys, context) = (q.keyring.keys(q.row.key), q.chance.some(255));
    let plain = sign_context(CKH_HEDGE_PREFERRED, Sent::from(&context[..]));
    let of_digest = hash_sign_context(CKH_HEDGE_PREFERRED, Sent::from(&context[..]), CKM_SHA256);
    let by =
        if q.row.kind == CKM_HASH_ML_DSA { with(q.row.kind, &of_digest) } else { with(q.row.kind, &plain) };
    let signature = q.signed(&by, keys.private)?;
    let public = attribute(q.m, q.session, keys.public, CKA_VALUE);
    let key = VerifyingKey::<MlDsa65>::decode(public.as_slice().try_into().unwrap());
    let signature =
        Signature::<MlDsa65>::decode(signature.as_slice().try_into().unwrap()).ok_or("unreadable")?;
    let holds = |message: &[u8]| {
        let (domain, signed) = match prehash {
            None => (0, message.to_vec()),
            Some(prehash) => (1, [prehash.oid(), prehash.digest(message)].concat()),
        };
        let header = [domain, u8::try_from(context.len()).unwrap()];
        let of_key = shake("shake256", &public, 64);
        let representative = shake("shake256", &[&of_key[..], &header, &context, &signed].concat(), 64);
        key.verify_mu(representative.as_slice().try_into().unwrap(), &signature)
    };
    let mut another = q.message.to_vec();
    another.push(1);
    if holds(q.message) && !holds(&another) { Ok(()) } else { Err("the crate judges otherwise".to_owned()) }
}

/// A signature of ML-DSA-65 of a mu, which the crate verifies, and its like of another mu it does not.
pub(super) fn ml_dsa_of_mu(q: &Question<'_>) -> Verdict {
    let keys = q.keyring.keys(q.row.key);
    let signature = q.signed(&q.plain(), keys.private)?;
    let public = attribute(q.m, q.session, keys.public, CKA_VALUE);
    let key = VerifyingKey::<MlDsa65>::decode(public.as_slice().try_into().unwrap());
    let signature =
        Signature::<MlDsa65>::decode(signature.as_slice().try_into().unwrap()).ok_or("unreadable")?;
    let holds = |mu: &[u8]| key.verify_mu(mu.try_into().unwrap(), &signature);
    let mut another = q.message.to_vec();
    another[0] ^= 1;
    if holds(q.message) && !holds(&another) { Ok(()) } else { Err("the crate judges otherwise".to_owned()) }
}

/// A signature over a message is one over OpenSSL's digest of it, by the mechanism that is given digests. No mechanism digests
/// by SHAKE, so that its two forms have NIST's samples alone.
pub(super) fn slh_dsa(q: &Question<'_>, prehash: Prehash) -> Verdict {
    let Prehash::Hash(_, hash, _) = prehash else { panic!("no mechanism digests by SHAKE") };
    let (keys, context) = (q.keyring.keys(q.row.key), q.chance.some(255));
    let signature = q.signed(
        &with(q.row.kind, &sign_context(CKH_HEDGE_PREFERRED, Sent::from(&context[..]))),
        keys.private,
    )?;
    let of_digest = hash_sign_context(CKH_HEDGE_PREFERRED, Sent::from(&context[..]), hash);
    let by = with(CKM_HASH_SLH_DSA, &of_digest);
    match verify(q.m, q.session, &by, keys.public, &prehash.digest(q.message), &signature) {
        CKR_OK => Ok(()),
        rv => Err(rv_name(rv)),
    }
}

/// The crate opens what is encapsulated here, with the seed of the key, and the other way round.
pub(super) fn ml_kem(q: &Question<'_>) -> Verdict {
    let keys = q.keyring.keys(q.row.key);
    let (ciphertext, secret) = q.encapsulated(&q.plain(), keys.public, 32)?;
    let seed = attribute(q.m, q.session, keys.private, CKA_SEED);
    let theirs = DecapsulationKey::<MlKem768>::from_seed(seed.as_slice().try_into().unwrap());
    same(&secret, &theirs.decapsulate(ciphertext.as_slice().try_into().unwrap()))?;
    let public = attribute(q.m, q.session, keys.public, CKA_VALUE);
    let theirs = EncapsulationKey::<MlKem768>::new(public.as_slice().try_into().unwrap());
    let random = q.chance.array::<32>();
    let (ciphertext, secret) =
        theirs.map_err(|why| format!("{why:?}"))?.encapsulate_deterministic(&random.into());
    same(&q.decapsulated(&q.plain(), keys.private, &ciphertext, 32)?, &secret)
}
