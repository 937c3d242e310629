//! TABLE: keys that are made of the bytes of others (PKCS#11 v3.2 section 6.43), and what may come of them.
//!
//! Who joins a key with bytes that he knows, and may have the result cut, finds the key byte by byte; who may have two bytes
//! told and chooses which, reads it. So a key that was made of another one's bytes carries a mark, and a marked key is taken
//! whole or not at all. docs/decisions/0036.

use pkcs11::constants::{
    CKA_EXTRACTABLE, CKA_SENSITIVE, CKA_VENDOR_DEFINED, CKM_CONCATENATE_BASE_AND_DATA,
    CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE, CKM_EXTRACT_KEY_FROM_KEY,
    CKM_XOR_BASE_AND_DATA,
};
use pkcs11::{AttributeType, Attributes, Error, Mechanism, MechanismType, Parameters, Result};

use super::usage::may_derive_len;

/// The mark of a key that was made of the bytes of keys that are not to be read. No table has it: no template can say it, no
/// change takes it off, copies keep it, and nobody is shown it.
pub const JOINED: AttributeType = CKA_VENDOR_DEFINED | 0x434C_0001;

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
            if attributes.is(JOINED) {
                return Err(Error::KeySizeRange);
            }
        }
    }
    Ok(joined)
}

/// Whether a mechanism may tell what these parameters ask it to tell of its base key.
///
/// # Errors
/// [`Error::MechanismParamInvalid`] where that is the first two bytes, the version in a pre-master secret, of a key that was
/// made of others: who made it chose which bytes come first.
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
