//! What keys can be made and what they may do: `rsa:3072`, `sign`.

use pkcs11::constants as c;
use pkcs11::{Attribute, AttributeType, KeyType, ObjectClass};

use crate::choice::nearest;
use crate::curves::{CURVES, Curve};

/// The kind of a key to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A pair; its modulus in bits.
    Rsa(u64),
    /// A pair on a curve.
    OnCurve(&'static Curve),
    /// A secret key of this type; its length in bytes, and what it may do unless that is said.
    Secret(KeyType, u64, &'static [Use]),
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
];

const RSA_USES: &[Use] = &[Use::Sign, Use::Verify, Use::Encrypt, Use::Decrypt, Use::Wrap, Use::Unwrap];
const CIPHER_USES: &[Use] =
    &[Use::Sign, Use::Verify, Use::Encrypt, Use::Decrypt, Use::Wrap, Use::Unwrap, Use::Derive];

/// What begins with these words takes a number: the word, the number unless it is said, what it counts.
const NUMBERED: &[(&str, u64, &str)] =
    &[("rsa", 3072, "bits"), ("aes", 256, "bits"), ("hmac", 32, "bytes"), ("generic", 32, "bytes")];

/// All kinds, for whoever typed another.
pub(super) const EXAMPLES: &str = "rsa:3072, ec:P-256, ec:P-384, ec:P-521, ec:P-224, ec:secp256k1, ec:brainpoolP256r1, ec:brainpoolP384r1, ed25519, ed448, x25519, x448, aes:256, hmac:32, generic:32";

impl Kind {
    /// Reads a kind: a word, or a word and a size after a colon.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (word, size) = text.split_once(':').map_or((text, None), |(word, size)| (word, Some(size)));
        if let Some((_, usual, unit)) = NUMBERED.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word)) {
            let number = match size {
                None => *usual,
                Some(size) => size.parse().map_err(|_| format!("after {word}: comes a number of {unit}"))?,
            };
            return Self::numbered(&word.to_ascii_lowercase(), number);
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

    fn numbered(word: &str, number: u64) -> Result<Self, String> {
        let secret = |key_type, uses| match number {
            1..=512 => Ok(Self::Secret(key_type, number, uses)),
            _ => Err(format!("{word} takes 1 to 512 bytes")),
        };
        match (word, number) {
            ("rsa", _) => Ok(Self::Rsa(number)),
            ("aes", 128 | 192 | 256) => Ok(Self::Secret(c::CKK_AES, number / 8, &[])),
            ("aes", _) => Err("an AES key has 128, 192 or 256 bits".to_owned()),
            ("hmac", _) => secret(c::CKK_GENERIC_SECRET, &[Use::Sign, Use::Verify]),
            _ => secret(c::CKK_GENERIC_SECRET, &[Use::Derive]),
        }
    }

    /// What a key of this kind can be used for.
    pub(super) fn able(self) -> &'static [Use] {
        match self {
            Self::Rsa(_) => RSA_USES,
            Self::OnCurve(curve) => able_on_curve(curve.key_type),
            Self::Secret(key_type, ..) => able_secret(key_type),
        }
    }

    /// What a key of this kind may do unless that is said; none leaves it to the token.
    pub(super) fn usual(self) -> &'static [Use] {
        match self {
            Self::OnCurve(curve) if curve.key_type == c::CKK_EC_MONTGOMERY => &[Use::Derive],
            Self::Secret(.., uses) => uses,
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

/// The words for what a wrapped file can hold.
const WRAPPED: [&str; 7] = ["rsa", "ec", "ed25519", "x25519", "aes", "hmac", "generic"];

impl Wrapped {
    /// Reads a kind, a word without a size.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match WRAPPED.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => Ok(Self { word, kind: Kind::parse(word)? }),
            None => {
                let meant =
                    nearest(text, WRAPPED.iter().copied()).map(|word| format!("did you mean {word}? "));
                Err(format!("{}wrapped keys: {}", meant.unwrap_or_default(), WRAPPED.join(", ")))
            }
        }
    }

    /// `CKA_CLASS` and `CKA_KEY_TYPE`.
    pub(super) fn class_and_type(self) -> (ObjectClass, KeyType) {
        match self.kind {
            Kind::Rsa(_) => (c::CKO_PRIVATE_KEY, c::CKK_RSA),
            Kind::OnCurve(curve) => (c::CKO_PRIVATE_KEY, curve.key_type),
            Kind::Secret(key_type, ..) => (c::CKO_SECRET_KEY, key_type),
        }
    }
}

/// What a key on a curve can be used for.
fn able_on_curve(key_type: KeyType) -> &'static [Use] {
    match key_type {
        c::CKK_EC => &[Use::Sign, Use::Verify, Use::Derive],
        c::CKK_EC_EDWARDS => &[Use::Sign, Use::Verify],
        _ => &[Use::Derive],
    }
}

fn able_secret(key_type: KeyType) -> &'static [Use] {
    if key_type == c::CKK_AES { CIPHER_USES } else { &[Use::Sign, Use::Verify, Use::Derive] }
}

/// What a key that comes from elsewhere can be used for, by its type.
pub(super) fn able(key_type: KeyType) -> &'static [Use] {
    if key_type == c::CKK_RSA { RSA_USES } else { able_on_curve(key_type) }
}

fn unknown(text: &str) -> String {
    let meant = nearest(text, EXAMPLES.split(", ")).map(|kind| format!("did you mean {kind}? "));
    format!("{}keys that can be made: {EXAMPLES}", meant.unwrap_or_default())
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
        assert_eq!(Kind::parse("aes:128"), Ok(Kind::Secret(c::CKK_AES, 16, &[])));
        for kind in EXAMPLES.split(", ") {
            assert!(Kind::parse(kind).is_ok(), "{kind}");
        }
        assert_eq!(Kind::parse("ec:prime256v1"), Kind::parse("ec"));
    }

    #[test]
    fn kinds_that_are_not_there_are_told_with_those_that_are() {
        assert!(Kind::parse("ed25591").unwrap_err().starts_with("did you mean ed25519? "));
        for wrong in ["dsa:1024", "ec:P-255", "aes:255", "rsa:many", "hmac:0", "generic:513", "", "ed25519:2"]
        {
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
