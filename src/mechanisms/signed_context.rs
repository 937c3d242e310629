//! What ML-DSA and SLH-DSA sign: a message or its digest, bound to a context (FIPS 204 sections 5.2 and 5.4, FIPS 205
//! section 10.2; PKCS#11 v3.2 sections 6.67.5 to 6.67.7 and 6.69.5 to 6.69.7).

use engine::mechanism::Digesting;
use pkcs11::constants::{
    CKH_DETERMINISTIC_REQUIRED, CKH_HEDGE_PREFERRED, CKH_HEDGE_REQUIRED, CKM_HASH_ML_DSA,
    CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512,
    CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512,
    CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224,
    CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224,
    CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128,
    CKM_HASH_SLH_DSA_SHAKE256, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512, CKM_SHA224,
    CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_256,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::{Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::aws_lc::hash::Hash;
use crate::aws_lc::ml_dsa::MU;
use crate::der::{OBJECT_IDENTIFIER, element};
use crate::digest::Output;
use crate::prehash::Prehash;

/// The longest context in bytes.
const LONGEST_CONTEXT: usize = 255;

/// A hash function that a message may go through first.
struct HashRow {
    hash: Prehash,
    /// The digest mechanism by which a caller names the hash function of a digest that he made; the two without one are
    /// there for messages alone.
    digest: Option<MechanismType>,
    /// The mechanisms that hash, of ML-DSA and of SLH-DSA; the two without are there for digests alone.
    signs: Option<[MechanismType; 2]>,
    /// The last number of the object identifier, after those of the NIST hash functions (2.16.840.1.101.3.4.2).
    oid: u8,
}

/// Every hash function once.
const HASHES: &[HashRow] = &[
    row(Prehash::Fixed(Hash::Sha224), CKM_SHA224, 4, [CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224]),
    row(Prehash::Fixed(Hash::Sha256), CKM_SHA256, 1, [CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256]),
    row(Prehash::Fixed(Hash::Sha384), CKM_SHA384, 2, [CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384]),
    row(Prehash::Fixed(Hash::Sha512), CKM_SHA512, 3, [CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512]),
    row(
        Prehash::Fixed(Hash::Sha3_224),
        CKM_SHA3_224,
        7,
        [CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224],
    ),
    row(
        Prehash::Fixed(Hash::Sha3_256),
        CKM_SHA3_256,
        8,
        [CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256],
    ),
    row(
        Prehash::Fixed(Hash::Sha3_384),
        CKM_SHA3_384,
        9,
        [CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384],
    ),
    row(
        Prehash::Fixed(Hash::Sha3_512),
        CKM_SHA3_512,
        10,
        [CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512],
    ),
    HashRow {
        hash: Prehash::Shake128,
        digest: None,
        oid: 11,
        signs: Some([CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128]),
    },
    HashRow {
        hash: Prehash::Shake256,
        digest: None,
        oid: 12,
        signs: Some([CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256]),
    },
    HashRow { hash: Prehash::Fixed(Hash::Sha512_224), digest: Some(CKM_SHA512_224), oid: 5, signs: None },
    HashRow { hash: Prehash::Fixed(Hash::Sha512_256), digest: Some(CKM_SHA512_256), oid: 6, signs: None },
];

const fn row(hash: Prehash, digest: MechanismType, oid: u8, signs: [MechanismType; 2]) -> HashRow {
    HashRow { hash, digest: Some(digest), signs: Some(signs), oid }
}

/// Whether a signature is randomised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hedge {
    /// `CKH_HEDGE_PREFERRED` and `CKH_HEDGE_REQUIRED`: it is.
    Randomised,
    /// `CKH_DETERMINISTIC_REQUIRED`
    Deterministic,
}

/// What a caller's parameters ask for.
pub(crate) struct Terms {
    /// How to sign; on verification anything goes (section 6.67.5).
    hedge: u64,
    /// What comes before the message: the domain, the context and, of a digest, the hash function's identifier.
    pub(crate) prefix: Vec<u8>,
    /// What is done to what comes in.
    pub(crate) input: Input,
}

/// What is done to what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A message that is signed as it is.
    Message,
    /// A message that is hashed first.
    Hashed(Prehash),
    /// A digest that the caller made.
    Digest(Prehash),
    /// What a message becomes before ML-DSA signs it: the caller made it of key, context and message.
    Mu,
}

impl Terms {
    /// Reads the parameters of a mechanism.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`] for a context of over 255 bytes, for a hash function that is none of these, and
    /// where the mechanism needs parameters that are not there.
    pub(crate) fn of(mechanism: &Mechanism) -> Result<Self> {
        let wanted = mechanism.mechanism_type;
        let hashing = HASHES.iter().find(|row| row.signs.is_some_and(|signs| signs.contains(&wanted)));
        let takes_digest = matches!(wanted, CKM_HASH_ML_DSA | CKM_HASH_SLH_DSA);
        let takes_message = !takes_digest && wanted != CKM_ML_DSA_EXTERNAL_MU;
        let nothing = Vec::new();
        let (hedge, context, hash, input) = match (&mechanism.parameters, hashing) {
            (Parameters::None, None) if wanted == CKM_ML_DSA_EXTERNAL_MU => {
                (CKH_HEDGE_PREFERRED, &nothing, None, Input::Mu)
            }
            // The context is in mu already.
            (Parameters::SignContext(given), None)
                if wanted == CKM_ML_DSA_EXTERNAL_MU && given.context.is_empty() =>
            {
                (given.hedge, &nothing, None, Input::Mu)
            }
            (Parameters::None, Some(row)) => {
                (CKH_HEDGE_PREFERRED, &nothing, Some(row), Input::Hashed(row.hash))
            }
            (Parameters::None, None) if takes_message => {
                (CKH_HEDGE_PREFERRED, &nothing, None, Input::Message)
            }
            (Parameters::SignContext(given), Some(row)) => {
                (given.hedge, &given.context, Some(row), Input::Hashed(row.hash))
            }
            (Parameters::SignContext(given), None) if takes_message => {
                (given.hedge, &given.context, None, Input::Message)
            }
            (Parameters::HashSignContext(given), None) if takes_digest => {
                let row = HASHES.iter().find(|row| row.digest == Some(given.hash));
                let row =
                    row.ok_or(Error::MechanismParamInvalid("this hash function makes no such digests"))?;
                (given.hedge, &given.context, Some(row), Input::Digest(row.hash))
            }
            _ => return Err(Error::MechanismParamInvalid("parameters of another form are needed")),
        };
        Ok(Self { hedge, prefix: prefix(context, hash)?, input })
    }

    /// How to sign.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`]
    pub(crate) fn hedge(&self) -> Result<Hedge> {
        match self.hedge {
            CKH_HEDGE_PREFERRED | CKH_HEDGE_REQUIRED => Ok(Hedge::Randomised),
            CKH_DETERMINISTIC_REQUIRED => Ok(Hedge::Deterministic),
            _ => Err(Error::MechanismParamInvalid("hedgeVariant is none that there is")),
        }
    }
}

/// M' up to the message or its digest (FIPS 204 algorithm 2, line 10, and algorithm 4, line 23).
fn prefix(context: &[u8], hash: Option<&HashRow>) -> Result<Vec<u8>> {
    let len = u8::try_from(context.len()).ok().filter(|len| usize::from(*len) <= LONGEST_CONTEXT);
    let len = len.ok_or(Error::MechanismParamInvalid("a context is at most 255 bytes long"))?;
    let mut prefix = vec![u8::from(hash.is_some()), len];
    prefix.extend_from_slice(context);
    if let Some(row) = hash {
        let oid = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, row.oid];
        prefix.extend_from_slice(&element(OBJECT_IDENTIFIER, &[&oid]));
    }
    Ok(prefix)
}

/// A digest on its way: made here, or taken from the caller.
pub(crate) enum Digest {
    /// Made here.
    Made(Box<dyn Digesting>),
    /// Taken, up to `len` bytes.
    Taken {
        /// What came so far.
        bytes: Vec<u8>,
        /// How many there must be.
        len: usize,
    },
}

impl Digest {
    /// What there is to do for an input; nothing for a message that is signed as it is.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn for_input(input: Input) -> Result<Option<Self>> {
        Ok(match input {
            Input::Message => None,
            Input::Hashed(hash) => Some(Self::Made(hash.start()?)),
            Input::Digest(hash) => Some(Self::Taken { bytes: Vec::new(), len: hash.digest_len() }),
            Input::Mu => Some(Self::Taken { bytes: Vec::new(), len: MU }),
        })
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`Error::DataLenRange`] for more than a digest.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        match self {
            Self::Made(running) => running.update(part),
            Self::Taken { bytes, len } => {
                if part.len() > *len - bytes.len() {
                    return Err(Error::DataLenRange);
                }
                bytes.extend_from_slice(part);
                Ok(())
            }
        }
    }

    /// The digest.
    ///
    /// # Errors
    /// [`Error::DataLenRange`] for less than one.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Made(running) => Ok(Output::of(running)?.as_ref().to_vec()),
            Self::Taken { bytes, len } if bytes.len() == len => Ok(bytes),
            Self::Taken { .. } => Err(Error::DataLenRange),
        }
    }

    /// What came so far, for [`Digest::restore`]; `None` where it cannot be told.
    pub(crate) fn save(&self) -> Option<Secret> {
        match self {
            Self::Made(running) => running.save(),
            Self::Taken { bytes, .. } => Some(Secret::from(bytes.as_slice())),
        }
    }

    /// Takes up what [`Digest::save`] gave, in one for the same input that is empty.
    ///
    /// # Errors
    /// [`Error::SavedStateInvalid`]
    pub(crate) fn restore(&mut self, state: &[u8]) -> Result<()> {
        match self {
            Self::Made(running) => running.restore(state),
            Self::Taken { .. } => self.update(state).map_err(|_| Error::SavedStateInvalid),
        }
    }
}
