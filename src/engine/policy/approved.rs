//! Approved mode: what a token that is restricted to algorithms of publications in force does, by the rows of [`table`].
//!
//! docs/approved.md says what the mode promises.

use std::collections::HashMap;

use once_cell::sync::Lazy;
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_MODULUS_BITS, CKA_PRIME, CKA_VALUE_LEN, CKD_NULL, CKK_DH, CKK_RSA, CKM_AES_GCM,
    CKM_AES_GMAC, CKM_DH_PKCS_DERIVE, CKM_DSA, CKM_ECDSA, CKM_GENERIC_SECRET_KEY_GEN, CKM_HASH_ML_DSA,
    CKM_HASH_SLH_DSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SP800_108_COUNTER_KDF,
    CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF,
};
use pkcs11::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11::{Attributes, Error, Mechanism, MechanismType, MessageParameters, Parameters, Result};

use super::usage::Operation;
use crate::clock::date;
use crate::mechanism::vector::is_random;

mod hashes;
pub mod table;

use hashes::{hashes_are, salt_is_short};
use table::{APPROVALS, Approval, Condition, LAST_OF_SHA_1};

/// `Roster::mode` of a token that offers everything.
pub const EVERYTHING: u64 = 0;
/// `Roster::mode` of a token that offers what this table has. Never to be left.
pub const APPROVED_ONLY: u64 = 1;

/// The bit of `CKA_OBJECT_VALIDATION_FLAGS`, of a session's flags and of the token's one validation object: what was done
/// meets this table, in whatever mode the token is. No laboratory has looked at it.
pub const MEETS_THE_TABLE: u64 = 1;

/// What is done with a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A digest.
    Digest,
    /// Keys or parameters are made.
    Generate,
    /// A key is used.
    Use(Operation),
}

use Act::{Generate, Use};
use Operation::{Encrypt, Sign, SignRecover, Verify, VerifyRecover, Wrap};

/// What does not forbid an act, and is not met by it for sure: the validation flag stays away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There is none.
    Nothing,
    /// The digest was made outside, by a function that the token does not know.
    HashOutside,
    /// The caller chose the vector (guidance to FIPS 140-3, C.H).
    CallersVector,
    /// The shared secret is told as it is: what derives from it is outside.
    NoDerivation,
    /// Salt under 16 bytes, or under 1,000 iterations (SP 800-132 sections 5.1 and 5.2).
    WeakPassword,
    /// A MAC under 32 bits (SP 800-107 section 5.3.3).
    ShortMac,
}

/// Something that is about to be done, or was just made and is about to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What.
    pub act: Act,
    /// By what.
    pub mechanism: &'a Mechanism,
    /// The key that is used or made, complete; none for a digest.
    pub key: Option<&'a Attributes>,
    /// Its size in the unit of the mechanism; 0 without a key.
    pub size: u64,
    /// The year of now.
    pub year: u64,
    /// Whether a prime is one that everybody knows.
    pub is_known_prime: fn(&[u8]) -> bool,
}

/// The rows of each mechanism.
static BY_MECHANISM: Lazy<HashMap<MechanismType, Vec<&'static Approval>>> = Lazy::new(|| {
    let mut rows: HashMap<MechanismType, Vec<&'static Approval>> = HashMap::new();
    for row in APPROVALS {
        for mechanism in row.mechanisms {
            rows.entry(*mechanism).or_default().push(row);
        }
    }
    rows
});

/// The rows of a mechanism.
#[must_use]
pub fn rows_of(mechanism: MechanismType) -> &'static [&'static Approval] {
    BY_MECHANISM.get(&mechanism).map_or(&[], Vec::as_slice)
}

/// The rows of a mechanism for an act, in a year.
fn rows(mechanism: MechanismType, act: Act, year: u64) -> impl Iterator<Item = &'static Approval> {
    let holds =
        move |row: &&'static Approval| row.acts.contains(&act) && row.until.is_none_or(|last| year <= last);
    rows_of(mechanism).iter().copied().filter(holds)
}

/// Whether a token in approved mode may offer a mechanism for an act.
///
/// # Errors
/// [`Error::MechanismInvalid`]
pub fn may_be_offered(mechanism: MechanismType, act: Act, year: u64) -> Result<()> {
    rows(mechanism, act, year).next().map(drop).ok_or(Error::MechanismInvalid(mechanism))
}

/// Mechanisms that count the bits of secrets whose bytes [`crate::mechanism::Key::size`] counts.
const OF_BITS: &[MechanismType] = &[
    CKM_GENERIC_SECRET_KEY_GEN,
    CKM_SP800_108_COUNTER_KDF,
    CKM_SP800_108_FEEDBACK_KDF,
    CKM_SP800_108_DOUBLE_PIPELINE_KDF,
];

/// The smallest key, in the unit that `C_GetMechanismInfo` tells, which a token in approved mode takes for anything but
/// what is old; where there is nothing else, for that.
#[must_use]
pub fn least_key(mechanism: MechanismType) -> u64 {
    let least = rows_of(mechanism).iter().map(|row| row.least).max().unwrap_or_default();
    if OF_BITS.contains(&mechanism) { least.saturating_mul(8) } else { least }
}

/// The year of a moment in milliseconds since 1970.
#[must_use]
pub fn year_of(moment: u64) -> u64 {
    date(moment).0
}

/// Whether what is asked is in the table; if it is, whether it meets all that the publication asks for sure.
///
/// # Errors
/// [`Error::MechanismInvalid`]: the mechanism does not do this here, or not with a key of this curve or group.
/// [`Error::CurveNotSupported`], [`Error::DomainParamsInvalid`]: the same, of a key that is made. [`Error::KeySizeRange`], and
/// [`Error::AttributeValueInvalid`] of one that is made: the key is too weak. [`Error::MechanismParamInvalid`]: a hash in the
/// parameters is too weak, or a salt too long.
pub fn judge(asked: &Asked<'_>) -> Result<Doubt> {
    let mechanism = asked.mechanism.mechanism_type;
    let mut rows = rows(mechanism, asked.act, asked.year).peekable();
    rows.peek().ok_or(Error::MechanismInvalid(mechanism))?;
    let mut refused = Error::MechanismInvalid(mechanism);
    for row in rows {
        match meets(row, asked) {
            Ok(()) => return Ok(doubt(asked)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

fn meets(row: &Approval, asked: &Asked<'_>) -> Result<()> {
    if asked.size < row.least {
        return Err(too_weak(asked));
    }
    let hashes =
        row.conditions.iter().any(|condition| matches!(condition, Condition::StrongHash | Condition::Hash));
    for condition in row.conditions {
        let holds = match condition {
            Condition::NistCurve => bytes(asked, CKA_EC_PARAMS).is_some_and(|curve| CURVES.contains(&curve)),
            Condition::KnownPrime => bytes(asked, CKA_PRIME).is_some_and(asked.is_known_prime),
            Condition::StrongHash => hashes_are(&asked.mechanism.parameters, false),
            Condition::Hash => hashes_are(&asked.mechanism.parameters, asked.year <= LAST_OF_SHA_1),
            Condition::ShortSalt => salt_is_short(&asked.mechanism.parameters),
            Condition::CutTo224Or256 => {
                matches!(asked.mechanism.parameters, Parameters::MacLen(224 | 256))
            }
        };
        if holds {
            continue;
        }
        return Err(match (condition, asked.act) {
            // What the functions that make keys list.
            (Condition::NistCurve, Generate) => Error::CurveNotSupported,
            (Condition::KnownPrime, Generate) => Error::DomainParamsInvalid,
            (Condition::NistCurve | Condition::KnownPrime, _) => {
                Error::MechanismInvalid(asked.mechanism.mechanism_type)
            }
            _ => Error::MechanismParamInvalid("not approved: a hash, a salt or a length"),
        });
    }
    // A verification of what is old takes old hashes in its parameters, which its row does not ask about.
    if !hashes && !hashes_are(&asked.mechanism.parameters, true) {
        return Err(Error::MechanismParamInvalid("not approved: a hash"));
    }
    Ok(())
}

/// The functions that make keys list no word for their size: what asked for it is wrong.
fn too_weak(asked: &Asked<'_>) -> Error {
    match (asked.act, asked.key.and_then(Attributes::key_type)) {
        (Generate, Some(CKK_RSA)) => Error::AttributeValueInvalid(CKA_MODULUS_BITS),
        (Generate, Some(CKK_DH)) => Error::AttributeValueInvalid(CKA_PRIME),
        (Generate, _) => Error::AttributeValueInvalid(CKA_VALUE_LEN),
        _ => Error::KeySizeRange,
    }
}

fn bytes<'a>(asked: &Asked<'a>, attribute: u64) -> Option<&'a [u8]> {
    asked.key.and_then(|key| key.bytes(attribute))
}

/// Mechanisms whose digest the caller makes.
const OF_A_DIGEST: &[MechanismType] = &[
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_ECDSA,
    CKM_DSA,
    CKM_HASH_ML_DSA,
    CKM_HASH_SLH_DSA,
    CKM_ML_DSA_EXTERNAL_MU,
];

/// The curves: P-224, P-256, P-384, P-521 as object identifiers (SP 800-186 section 3.2.1, RFC 5480).
const CURVES: [&[u8]; 4] = [
    b"\x06\x05\x2b\x81\x04\x00\x21",
    b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
    b"\x06\x05\x2b\x81\x04\x00\x22",
    b"\x06\x05\x2b\x81\x04\x00\x23",
];

/// What an act that is in the table may still lack.
fn doubt(asked: &Asked<'_>) -> Doubt {
    let mechanism = asked.mechanism.mechanism_type;
    let makes = matches!(asked.act, Use(Sign | Encrypt | Wrap | SignRecover));
    match &asked.mechanism.parameters {
        _ if OF_A_DIGEST.contains(&mechanism)
            && matches!(asked.act, Use(Sign | Verify | SignRecover | VerifyRecover)) =>
        {
            Doubt::HashOutside
        }
        // By that number the vector is always given; as a message's it is judged by `is_callers_vector`.
        Parameters::Gcm(_) if mechanism == CKM_AES_GCM && makes => Doubt::CallersVector,
        _ if mechanism == CKM_AES_GMAC && makes => Doubt::CallersVector,
        Parameters::Ecdh1(parameters) if parameters.kdf == CKD_NULL => Doubt::NoDerivation,
        _ if mechanism == CKM_DH_PKCS_DERIVE => Doubt::NoDerivation,
        Parameters::Pbkd2(parameters) if parameters.salt.len() < 16 || parameters.iterations < 1000 => {
            Doubt::WeakPassword
        }
        Parameters::MacLen(len) if *len < 4 => Doubt::ShortMac,
        _ => Doubt::Nothing,
    }
}

/// Whether the vector of a message that is encrypted by GCM is the caller's to keep from coming twice: it is given, or counted,
/// or random in too few bits (FIPS 140-3 IG C.H, scenario 2).
#[must_use]
pub fn is_callers_vector(parameters: &MessageParameters) -> bool {
    matches!(parameters, MessageParameters::Gcm(message)
        if !is_random(message.iv.len(), message.fixed_bits, message.generator))
}

#[cfg(test)]
mod tests;
