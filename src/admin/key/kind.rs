//! What keys can be made and what they may do: `rsa:3072`, `sign`.

use pkcs11::constants as c;
use pkcs11::{Attribute, AttributeType, KeyType, ObjectClass};

use super::secrets::{SECRETS, SecretRow};
use crate::choice::nearest;
use crate::curves::{CURVES, Curve};
use crate::parameter_sets::{ParameterSet, SETS, family_of};

/// The kind of a key to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A pair; its modulus in bits.
    Rsa(u64),
    /// A pair on a curve.
    OnCurve(&'static Curve),
    /// A pair of a parameter set.
    OfSet(&'static ParameterSet),
    /// A secret key, and its length in bytes, unless there is one length only.
    Secret(&'static SecretRow, Option<u64>),
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Use {
    /// Make signatures or MACs; the public key verifies them
    Sign,
    /// Verify MACs; of a pair, as sign
    Verify,
    /// Encrypt; of a pair, as decrypt
    Encrypt,
    /// Decrypt; the public key encrypts
    Decrypt,
    /// Wrap keys; of a pair, as unwrap
    Wrap,
    /// Unwrap keys; the public key wraps
    Unwrap,
    /// Derive keys
    Derive,
    /// Encapsulate keys; of a pair, as decapsulate
    Encapsulate,
    /// Decapsulate keys; the public key encapsulates
    Decapsulate,
}

/// A use, the attribute of a private key that allows it, that of its public key, and that of a secret key.
struct UseRow(Use, AttributeType, Option<AttributeType>, AttributeType);

const USES: &[UseRow] = &[
    UseRow(Use::Sign, c::CKA_SIGN, Some(c::CKA_VERIFY), c::CKA_SIGN),
    UseRow(Use::Verify, c::CKA_SIGN, Some(c::CKA_VERIFY), c::CKA_VERIFY),
    UseRow(Use::Encrypt, c::CKA_DECRYPT, Some(c::CKA_ENCRYPT), c::CKA_ENCRYPT),
    UseRow(Use::Decrypt, c::CKA_DECRYPT, Some(c::CKA_ENCRYPT), c::CKA_DECRYPT),
    UseRow(Use::Wrap, c::CKA_UNWRAP, Some(c::CKA_WRAP), c::CKA_WRAP),
    UseRow(Use::Unwrap, c::CKA_UNWRAP, Some(c::CKA_WRAP), c::CKA_UNWRAP),
    UseRow(Use::Derive, c::CKA_DERIVE, None, c::CKA_DERIVE),
    // No secret key is able to.
    UseRow(Use::Encapsulate, c::CKA_DECAPSULATE, Some(c::CKA_ENCAPSULATE), c::CKA_ENCAPSULATE),
    UseRow(Use::Decapsulate, c::CKA_DECAPSULATE, Some(c::CKA_ENCAPSULATE), c::CKA_DECAPSULATE),
];

const RSA_USES: &[Use] = &[
    Use::Sign,
    Use::Verify,
    Use::Encrypt,
    Use::Decrypt,
    Use::Wrap,
    Use::Unwrap,
    Use::Encapsulate,
    Use::Decapsulate,
];

/// Bits of an RSA modulus, unless they are said.
const RSA_BITS: u64 = 3072;

/// All kinds, for whoever typed another.
pub(super) fn examples() -> Vec<String> {
    let curves = CURVES.iter().filter_map(|curve| {
        let name = curve.names.first()?;
        Some(if curve.key_type == c::CKK_EC { format!("ec:{name}") } else { name.to_ascii_lowercase() })
    });
    let sets = SETS.iter().map(|set| set.name.to_ascii_lowercase());
    let secrets = SECRETS.iter().map(SecretRow::example);
    std::iter::once(format!("rsa:{RSA_BITS}")).chain(curves).chain(sets).chain(secrets).collect()
}

impl Kind {
    /// Reads a kind: a word, or a word and a size after a colon.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (word, size) = text.split_once(':').map_or((text, None), |(word, size)| (word, Some(size)));
        if word.eq_ignore_ascii_case("rsa") {
            let bits = size.map_or(Ok(RSA_BITS), str::parse);
            return bits.map(Self::Rsa).map_err(|_| format!("after {word}: comes a number of bits"));
        }
        if let Some(row) = SECRETS.iter().find(|row| row.word.eq_ignore_ascii_case(word)) {
            return Ok(Self::Secret(row, row.bytes(size)?));
        }
        if let Some(set) = SETS.iter().find(|set| set.name.eq_ignore_ascii_case(text)) {
            return Ok(Self::OfSet(set));
        }
        let curve = match (word.eq_ignore_ascii_case("ec"), size) {
            (true, size) => Some(size.unwrap_or("P-256")),
            (false, None) => Some(word),
            (false, Some(_)) => None,
        };
        let named = |name: &str| CURVES.iter().find(|c| c.names.iter().any(|n| n.eq_ignore_ascii_case(name)));
        match curve.and_then(named) {
            Some(curve) => Ok(Self::OnCurve(curve)),
            None => Err(unknown(text)),
        }
    }

    /// What a key of this kind can be used for.
    pub(super) fn able(self) -> &'static [Use] {
        match self {
            Self::Rsa(_) => RSA_USES,
            Self::OnCurve(curve) => able_on_curve(curve.key_type),
            Self::OfSet(set) => able_of_set(set.key_type),
            Self::Secret(row, _) => row.able,
        }
    }

    /// What a key of this kind may do unless that is said; none leaves it to the token.
    pub(super) fn usual(self) -> &'static [Use] {
        match self {
            Self::OnCurve(curve) if curve.key_type == c::CKK_EC_MONTGOMERY => &[Use::Derive],
            Self::OfSet(set) => able_of_set(set.key_type),
            Self::Secret(row, _) => row.usual,
            _ => &[],
        }
    }
}

/// What kind of key a wrapped file holds, which tells its size by itself: `rsa`, `ec`, `aes`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrapped {
    /// As it was typed.
    pub(super) word: &'static str,
    pub(super) kind: Kind,
}

/// The words for the private keys that a wrapped file can hold, and a kind of that key type.
const WRAPPED_PRIVATE: &[(&str, &str)] = &[
    ("rsa", "rsa"),
    ("ec", "ec"),
    ("ed25519", "ed25519"),
    ("ed448", "ed448"),
    ("x25519", "x25519"),
    ("x448", "x448"),
    ("ml-dsa", "ml-dsa-65"),
    ("ml-kem", "ml-kem-768"),
    ("slh-dsa", "slh-dsa-sha2-128s"),
];

/// The words for what a wrapped file can hold.
pub(super) fn wrapped_words() -> Vec<&'static str> {
    let secrets = SECRETS.iter().map(|row| row.word);
    WRAPPED_PRIVATE.iter().map(|(word, _)| *word).chain(secrets).collect()
}

impl Wrapped {
    /// Reads a kind, a word without a size.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words = wrapped_words();
        match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => {
                let private = WRAPPED_PRIVATE.iter().find(|(known, _)| known == word);
                Ok(Self { word, kind: Kind::parse(private.map_or(word, |(_, kind)| kind))? })
            }
            None => {
                let meant = nearest(text, words.iter().copied());
                let meant = meant.map(|word| format!("did you mean {word}? ")).unwrap_or_default();
                Err(format!("{meant}wrapped keys: {}", words.join(", ")))
            }
        }
    }

    /// `CKA_CLASS` and `CKA_KEY_TYPE`.
    pub(super) fn class_and_type(self) -> (ObjectClass, KeyType) {
        match self.kind {
            Kind::Rsa(_) => (c::CKO_PRIVATE_KEY, c::CKK_RSA),
            Kind::OnCurve(curve) => (c::CKO_PRIVATE_KEY, curve.key_type),
            Kind::OfSet(set) => (c::CKO_PRIVATE_KEY, set.key_type),
            Kind::Secret(row, _) => (c::CKO_SECRET_KEY, row.key_type),
        }
    }
}

/// What a key on a curve can be used for.
fn able_on_curve(key_type: KeyType) -> &'static [Use] {
    match key_type {
        c::CKK_EC => &[Use::Sign, Use::Verify, Use::Derive, Use::Encapsulate, Use::Decapsulate],
        c::CKK_EC_EDWARDS => &[Use::Sign, Use::Verify],
        _ => &[Use::Derive, Use::Encapsulate, Use::Decapsulate],
    }
}

/// What a key of a parameter set can be used for.
fn able_of_set(key_type: KeyType) -> &'static [Use] {
    if key_type == c::CKK_ML_KEM { &[Use::Encapsulate, Use::Decapsulate] } else { &[Use::Sign, Use::Verify] }
}

/// What a key that comes from elsewhere can be used for, by its type.
pub(super) fn able(key_type: KeyType) -> &'static [Use] {
    match key_type {
        c::CKK_RSA => RSA_USES,
        _ if family_of(key_type).is_some() => able_of_set(key_type),
        _ => able_on_curve(key_type),
    }
}

/// What such a key may do unless that is said; none leaves it to the token.
pub(super) fn usual(key_type: KeyType) -> &'static [Use] {
    match key_type {
        c::CKK_EC_MONTGOMERY => &[Use::Derive],
        _ if family_of(key_type).is_some() => able_of_set(key_type),
        _ => &[],
    }
}

fn unknown(text: &str) -> String {
    let kinds = examples();
    let lowered = text.to_ascii_lowercase();
    let meant =
        nearest(&lowered, kinds.iter().map(String::as_str)).map(|kind| format!("did you mean {kind}? "));
    format!("{}keys that can be made: {}", meant.unwrap_or_default(), kinds.join(", "))
}

/// The half of a key that attributes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Private,
    Public,
    Secret,
}

/// The attributes that allow `uses` and, of what such a key can do, nothing else.
pub(super) fn usage(half: Half, able: &[Use], uses: &[Use]) -> Vec<Attribute> {
    let mut told: Vec<(AttributeType, bool)> = Vec::new();
    for UseRow(what, private, public, secret) in USES.iter().filter(|row| able.contains(&row.0)) {
        let attribute = match half {
            Half::Private => Some(*private),
            Half::Public => *public,
            Half::Secret => Some(*secret),
        };
        let Some(attribute) = attribute else { continue };
        let may = uses.contains(what);
        match told.iter_mut().find(|(known, _)| *known == attribute) {
            Some((_, before)) => *before |= may,
            None => told.push((attribute, may)),
        }
    }
    told.into_iter().map(|(attribute, may)| Attribute::boolean(attribute, may)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_with_and_without_a_size() {
        assert_eq!(Kind::parse("rsa"), Ok(Kind::Rsa(3072)));
        assert_eq!(Kind::parse("RSA:2048"), Ok(Kind::Rsa(2048)));
        for (typed, key_type, bytes) in [
            ("aes:128", c::CKK_AES, Some(16)),
            ("AES", c::CKK_AES, Some(32)),
            ("hmac-sha384", c::CKK_SHA384_HMAC, Some(48)),
            ("des3", c::CKK_DES3, None),
        ] {
            let Ok(Kind::Secret(row, len)) = Kind::parse(typed) else { panic!("{typed}") };
            assert_eq!((row.key_type, len), (key_type, bytes), "{typed}");
        }
        for kind in examples() {
            assert!(Kind::parse(&kind).is_ok(), "{kind}");
        }
        for word in wrapped_words() {
            assert!(Wrapped::parse(word).is_ok(), "{word}");
        }
        assert_eq!(Kind::parse("ml-dsa-65"), Kind::parse("ML-DSA-65"));
        assert_eq!(Kind::parse("ec:prime256v1"), Kind::parse("ec"));
    }

    #[test]
    fn kinds_that_are_not_there_are_told_with_those_that_are() {
        assert!(Kind::parse("ed25591").unwrap_err().starts_with("did you mean ed25519? "));
        assert!(Kind::parse("mldsa65").unwrap_err().starts_with("did you mean ml-dsa-65? "));
        assert!(
            Kind::parse("SLH-DSA-SHA3-128s").unwrap_err().starts_with("did you mean slh-dsa-sha2-128s? ")
        );
        assert_eq!(
            Kind::parse("camellia:512").unwrap_err(),
            "camellia keys have one of these numbers of bits: 256, 192, 128"
        );
        assert_eq!(
            Kind::parse("des3:192").unwrap_err(),
            "des3 keys have one size: leave out what follows des3"
        );
        for wrong in [
            "dsa:1024",
            "ec:P-255",
            "aes:255",
            "rsa:many",
            "hmac:0",
            "generic:16777217",
            "",
            "ed25519:2",
            "ml-dsa-65:1",
            "ml-kem-2048",
            "hmac-md5",
        ] {
            assert!(Kind::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_use_of_a_pair_is_both_halves() {
        let uses = usage(Half::Public, RSA_USES, &[Use::Decrypt]);
        assert!(uses.contains(&Attribute::boolean(c::CKA_ENCRYPT, true)));
        assert!(uses.contains(&Attribute::boolean(c::CKA_VERIFY, false)));
        let uses = usage(Half::Private, RSA_USES, &[Use::Decrypt]);
        assert!(uses.contains(&Attribute::boolean(c::CKA_DECRYPT, true)));
        assert!(uses.contains(&Attribute::boolean(c::CKA_SIGN, false)));
    }
}
