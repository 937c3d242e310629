//! TABLE: keys that are made of the bytes of others (PKCS#11 v3.2 section 6.43), and what may come of them.
//!
//! Who joins a key with bytes that he knows, and may have the result cut, finds the key byte by byte; who may have two bytes
//! told and chooses which, reads it. So a key that was made of another one's bytes carries a mark, and a marked key is taken
//! whole or not at all. docs/decisions/0036.

use pkcs11::constants::{
    CKA_EXTRACTABLE, CKA_SENSITIVE, CKA_VENDOR_DEFINED, CKK_AES_XTS, CKK_DES, CKK_DES2, CKK_DES3,
    CKK_POLY1305, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_TLS_PRF, CKM_XOR_BASE_AND_DATA,
    CKO_SECRET_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, KeyType, Mechanism, MechanismType, Parameters, Result};

use super::usage::{Extent, Wrapping, may_derive_len};

/// The mark of a key that was made of the bytes of keys that are not to be read. No table has it: no template can say it, no
/// change takes it off, copies keep it, and nobody is shown it.
pub const JOINED: AttributeType = CKA_VENDOR_DEFINED | 0x434C_0001;

/// The mark of a key that came wrapped by a mechanism that brings pre-master secrets: as [`JOINED`], but the version in its first
/// two bytes may be told.
pub const WHOLE: AttributeType = CKA_VENDOR_DEFINED | 0x434C_0002;

/// The mechanisms that bring pre-master secrets (RFC 5246 section 7.4.7.1).
const OF_PRE_MASTERS: &[MechanismType] = &[CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP];

/// Key types of which an operation tells bytes of the key: the tag of an empty message by Poly1305 is half of it (RFC 8439
/// section 2.5). Whoever has such a key has made it, or brought it in the clear.
const TOLD: &[KeyType] = &[CKK_POLY1305];

/// Key types whose bytes enter more than one function. Of a key that is partly known, what one of them gives can be taken off,
/// and the bytes in the other be tried alone.
const APART: &[KeyType] = &[CKK_DES, CKK_DES2, CKK_DES3, CKK_AES_XTS];

/// What a key is made of, from its first byte on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// The base key.
    Base,
    /// The key that the parameters name.
    Named,
    /// The data of the parameters.
    Data,
}

/// Every mechanism that makes a key of another one's bytes, once. Data that a key is masked with, and the place where a cut
/// begins, leave the number of its bytes as it is.
const JOINTS: &[(MechanismType, &[Piece])] = &[
    (CKM_CONCATENATE_BASE_AND_KEY, &[Piece::Base, Piece::Named]),
    (CKM_CONCATENATE_BASE_AND_DATA, &[Piece::Base, Piece::Data]),
    (CKM_CONCATENATE_DATA_AND_BASE, &[Piece::Data, Piece::Base]),
    (CKM_XOR_BASE_AND_DATA, &[Piece::Base]),
    (CKM_EXTRACT_KEY_FROM_KEY, &[Piece::Base]),
];

/// A key that goes into another one.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its length in bytes.
    pub len: usize,
    /// What it is.
    pub attributes: &'a Attributes,
}

/// Whether a key of `len` bytes, which a mechanism made of the base key and of the one that its parameters name, is to be
/// marked with [`JOINED`].
///
/// # Errors
/// [`Error::KeySizeRange`] where it has some of the bytes of a key that is not to be read: neither all of them nor too many to
/// be tried, or not all of them though that key is marked.
pub fn may_join(
    mechanism: &Mechanism,
    base: Source<'_>,
    named: Option<Source<'_>>,
    len: usize,
) -> Result<bool> {
    let Some((_, pieces)) = JOINTS.iter().find(|(joint, _)| *joint == mechanism.mechanism_type) else {
        return Ok(false);
    };
    let (mut left, mut joined) = (len, false);
    for piece in *pieces {
        let source = match piece {
            Piece::Base => Some(base),
            Piece::Named => named,
            Piece::Data => None,
        };
        let whole = source.map_or_else(|| data_len(mechanism), |source| source.len);
        let taken = left.min(whole);
        left -= taken;
        let closed = source.filter(|source| is_closed(source.attributes));
        let Some(Source { attributes, .. }) = closed.filter(|_| taken > 0) else { continue };
        joined = true;
        if taken < whole {
            may_derive_len(taken)?;
            if attributes.is(JOINED) || attributes.is(WHOLE) {
                return Err(Error::KeySizeRange);
            }
        }
    }
    Ok(joined)
}

/// Whether a key that is not made here from nothing (derived, unwrapped, encapsulated) may be of its type.
///
/// # Errors
/// [`Error::TemplateInconsistent`] for a type of which an operation tells bytes of the key.
pub fn may_come_of_others(key: &Attributes) -> Result<()> {
    if key.key_type().is_some_and(|key_type| TOLD.contains(&key_type)) {
        return Err(Error::TemplateInconsistent(
            "keys of this type tell half of themselves: they are generated or created, and come of no other key",
        ));
    }
    Ok(())
}

/// Whether a key that was made of the bytes of closed ones may be of its type.
///
/// # Errors
/// [`Error::TemplateInconsistent`] for a type whose bytes enter more than one function.
pub fn may_be_joined(key: &Attributes) -> Result<()> {
    if key.key_type().is_some_and(|key_type| APART.contains(&key_type)) {
        return Err(Error::TemplateInconsistent("parts of a key of this type can be tried alone"));
    }
    Ok(())
}

/// Marks what was unwrapped, if it is a secret key that is not to be read: what wrapped it may have been joined, and its
/// ciphertext put together by somebody who may unwrap and not decrypt.
///
/// # Errors
/// Those of [`may_be_joined`] where each byte can be altered alone.
pub fn mark_unwrapped(key: &mut Attributes, how: Wrapping) -> Result<()> {
    if key.class() != Some(CKO_SECRET_KEY) || !is_closed(key) {
        return Ok(());
    }
    if how.extent == Extent::Stream {
        may_be_joined(key)?;
    }
    let mark = if OF_PRE_MASTERS.contains(&how.mechanism) { WHOLE } else { JOINED };
    key.set_bool(mark, true);
    Ok(())
}

/// Whether a key keeps its mark when a mechanism wraps it and unwraps it again.
#[must_use]
pub fn keeps_its_mark(key: &Attributes, mechanism: MechanismType) -> bool {
    !(key.is(JOINED) && OF_PRE_MASTERS.contains(&mechanism))
}

/// Whether a mechanism may do with a key what these parameters ask.
///
/// # Errors
/// [`Error::MechanismParamInvalid`] for a key that was made of others, where that is to tell its first two bytes, the version
/// in a pre-master secret: who made it chose which bytes come first; and where that is the function of TLS 1.0, each half of
/// which sees one half of the secret (RFC 2246 section 5).
pub fn may_tell(mechanism: &Mechanism, base: &Attributes) -> Result<()> {
    let tells_version = match &mechanism.parameters {
        Parameters::Tls12Master(given) => given.tells_version,
        Parameters::Tls12ExtendedMaster(given) => given.tells_version,
        _ => false,
    };
    if tells_version && base.is(JOINED) {
        return Err(Error::MechanismParamInvalid(
            "pVersion must be null: this secret was made of other keys",
        ));
    }
    let prf = match &mechanism.parameters {
        Parameters::TlsKdf(given) => Some(given.prf),
        Parameters::TlsMac(given) => Some(given.hash),
        _ => None,
    };
    if prf == Some(CKM_TLS_PRF) && base.is(JOINED) {
        return Err(Error::MechanismParamInvalid(
            "CKM_TLS_PRF takes each half of the secret alone: this secret was made of other keys",
        ));
    }
    Ok(())
}

fn data_len(mechanism: &Mechanism) -> usize {
    match &mechanism.parameters {
        Parameters::DerivationString(data) => data.len(),
        _ => 0,
    }
}

/// Whether the value is not to be read: of any other key nothing is to be kept.
fn is_closed(key: &Attributes) -> bool {
    key.is(CKA_SENSITIVE) || !key.is(CKA_EXTRACTABLE)
}

#[cfg(test)]
mod tests {
    use pkcs11::{ObjectHandle, Secret, Tls12MasterParameters, TlsRandoms};

    use super::*;

    fn key(closed: bool, joined: bool) -> Attributes {
        let mut key = Attributes::new();
        key.set_bool(CKA_SENSITIVE, closed);
        key.set_bool(CKA_EXTRACTABLE, true);
        if joined {
            key.set_bool(JOINED, true);
        }
        key
    }

    fn with_data(mechanism_type: MechanismType, len: usize) -> Mechanism {
        Mechanism { mechanism_type, parameters: Parameters::DerivationString(Secret::zeroed(len)) }
    }

    fn source(key: &Attributes, len: usize) -> Source<'_> {
        Source { len, attributes: key }
    }

    const KEY: usize = 32;
    const KNOWN: usize = 20;

    /// The lengths at which a key stands behind `before` bytes of others, up to `most`, and whether the derived one is marked.
    fn allowed(judge: impl Fn(usize) -> Result<bool>, most: usize) -> Vec<(usize, bool)> {
        (1..=most).filter_map(|len| judge(len).ok().map(|joined| (len, joined))).collect()
    }

    #[test]
    fn of_a_closed_key_is_taken_nothing_all_or_too_much_to_try() {
        let (closed, open) = (key(true, false), key(false, false));
        let data_first = with_data(CKM_CONCATENATE_DATA_AND_BASE, KNOWN);
        let found = allowed(|len| may_join(&data_first, source(&closed, KEY), None, len), KNOWN + KEY);
        let behind = (1..=KNOWN).map(|len| (len, false));
        let expected: Vec<_> = behind.chain((KNOWN + 14..=KNOWN + KEY).map(|len| (len, true))).collect();
        assert_eq!(found, expected);
        let by = Mechanism {
            mechanism_type: CKM_CONCATENATE_BASE_AND_KEY,
            parameters: Parameters::Key(ObjectHandle(2)),
        };
        let both = |len| may_join(&by, source(&open, KNOWN), Some(source(&closed, KEY)), len);
        assert_eq!(allowed(both, KNOWN + KEY), expected);
        for mechanism in [CKM_XOR_BASE_AND_DATA, CKM_EXTRACT_KEY_FROM_KEY] {
            let cut = |len| may_join(&with_data(mechanism, 0), source(&closed, KEY), None, len);
            assert_eq!(allowed(cut, KEY), (14..=KEY).map(|len| (len, true)).collect::<Vec<_>>());
        }
        let short = |len| may_join(&data_first, source(&closed, 4), None, len);
        assert_eq!(short(KNOWN + 4), Ok(true), "a short key is as good as it is");
        assert_eq!(short(KNOWN + 3), Err(Error::KeySizeRange));
    }

    #[test]
    fn a_key_that_was_joined_is_taken_whole_or_not_at_all() {
        let joined = key(true, true);
        for mechanism in [CKM_XOR_BASE_AND_DATA, CKM_EXTRACT_KEY_FROM_KEY, CKM_CONCATENATE_BASE_AND_DATA] {
            let cut = |len| may_join(&with_data(mechanism, 0), source(&joined, KEY), None, len);
            assert_eq!(allowed(cut, KEY), [(KEY, true)], "{mechanism:#x}");
        }
        let behind = with_data(CKM_CONCATENATE_DATA_AND_BASE, KNOWN);
        let behind = |len| may_join(&behind, source(&joined, KEY), None, len);
        assert_eq!(allowed(behind, KNOWN + KEY).last(), Some(&(KNOWN + KEY, true)));
        assert_eq!(allowed(behind, KNOWN + KEY).len(), KNOWN + 1);
    }

    #[test]
    fn an_open_key_and_what_a_function_derives_are_not_judged() {
        let open = key(false, false);
        for (mechanism, _) in JOINTS {
            assert_eq!(may_join(&with_data(*mechanism, 9), source(&open, KEY), None, 1), Ok(false));
        }
        let closed = key(true, true);
        assert_eq!(may_join(&with_data(0x402A, 9), source(&closed, KEY), None, 1), Ok(false));
    }

    #[test]
    fn the_version_is_told_of_no_key_that_was_joined() {
        let master = |tells_version| {
            let randoms = TlsRandoms { client: vec![1], server: vec![2] };
            let parameters = Tls12MasterParameters { randoms, tells_version, hash: 0 };
            Mechanism { mechanism_type: 0, parameters: Parameters::Tls12Master(parameters) }
        };
        for (tells, joined, good) in
            [(true, false, true), (true, true, false), (false, true, true), (false, false, true)]
        {
            assert_eq!(may_tell(&master(tells), &key(true, joined)).is_ok(), good);
        }
    }
}
