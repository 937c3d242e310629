//! The secret keys that can be made: `aes:256`, `hmac:32`.

use pkcs11::constants as c;
use pkcs11::{KeyType, MechanismType};

use super::kind::Use;

/// A kind of secret keys.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SecretRow {
    /// What it is called here.
    pub(super) word: &'static str,
    pub(super) key_type: KeyType,
    pub(super) generator: MechanismType,
    pub(super) sizes: Sizes,
    /// What such a key can do.
    pub(super) able: &'static [Use],
    /// What it may do unless that is said; none leaves it to the token.
    pub(super) usual: &'static [Use],
}

/// The sizes that such a key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sizes {
    /// One of these numbers of bits; the first unless it is said.
    Bits(&'static [u64]),
    /// 1 to [`LONGEST`] bytes; so many unless it is said.
    Bytes(u64),
    /// There is one.
    One,
}

/// The longest key without a form of its own, in bytes (docs/decisions/0045).
const LONGEST: u64 = 1 << 24;

const CIPHER: &[Use] =
    &[Use::Sign, Use::Verify, Use::Encrypt, Use::Decrypt, Use::Wrap, Use::Unwrap, Use::Derive];
const ENCRYPTING: &[Use] = &[Use::Encrypt, Use::Decrypt];
const WRAPPING: &[Use] = &[Use::Encrypt, Use::Decrypt, Use::Wrap, Use::Unwrap];
const SIGNING: &[Use] = &[Use::Sign, Use::Verify];
const DERIVING: &[Use] = &[Use::Derive];
const GENERIC: &[Use] = &[Use::Sign, Use::Verify, Use::Derive];

const fn cipher(
    word: &'static str,
    (key_type, generator): (KeyType, MechanismType),
    sizes: Sizes,
    able: &'static [Use],
) -> SecretRow {
    SecretRow { word, key_type, generator, sizes, able, usual: &[] }
}

const fn secret(
    word: &'static str,
    (key_type, generator): (KeyType, MechanismType),
    bytes: u64,
    able: &'static [Use],
    usual: &'static [Use],
) -> SecretRow {
    SecretRow { word, key_type, generator, sizes: Sizes::Bytes(bytes), able, usual }
}

/// A key of one HMAC; as long as its digest unless that is said.
const fn hmac(word: &'static str, key_type: KeyType, generator: MechanismType, digest_len: u64) -> SecretRow {
    secret(word, (key_type, generator), digest_len, SIGNING, SIGNING)
}

/// All kinds of them. Those that are not here, programs make: docs/command.md says which, and why.
pub(super) const SECRETS: &[SecretRow] = &[
    cipher("aes", (c::CKK_AES, c::CKM_AES_KEY_GEN), Sizes::Bits(&[256, 192, 128]), CIPHER),
    cipher("aes-xts", (c::CKK_AES_XTS, c::CKM_AES_XTS_KEY_GEN), Sizes::Bits(&[512, 256]), ENCRYPTING),
    cipher("camellia", (c::CKK_CAMELLIA, c::CKM_CAMELLIA_KEY_GEN), Sizes::Bits(&[256, 192, 128]), CIPHER),
    cipher("chacha20", (c::CKK_CHACHA20, c::CKM_CHACHA20_KEY_GEN), Sizes::One, WRAPPING),
    cipher("des3", (c::CKK_DES3, c::CKM_DES3_KEY_GEN), Sizes::One, CIPHER),
    secret("hmac", (c::CKK_GENERIC_SECRET, c::CKM_GENERIC_SECRET_KEY_GEN), 32, GENERIC, SIGNING),
    hmac("hmac-sha1", c::CKK_SHA_1_HMAC, c::CKM_SHA_1_KEY_GEN, 20),
    hmac("hmac-sha224", c::CKK_SHA224_HMAC, c::CKM_SHA224_KEY_GEN, 28),
    hmac("hmac-sha256", c::CKK_SHA256_HMAC, c::CKM_SHA256_KEY_GEN, 32),
    hmac("hmac-sha384", c::CKK_SHA384_HMAC, c::CKM_SHA384_KEY_GEN, 48),
    hmac("hmac-sha512", c::CKK_SHA512_HMAC, c::CKM_SHA512_KEY_GEN, 64),
    hmac("hmac-sha512-224", c::CKK_SHA512_224_HMAC, c::CKM_SHA512_224_KEY_GEN, 28),
    hmac("hmac-sha512-256", c::CKK_SHA512_256_HMAC, c::CKM_SHA512_256_KEY_GEN, 32),
    hmac("hmac-sha3-224", c::CKK_SHA3_224_HMAC, c::CKM_SHA3_224_KEY_GEN, 28),
    hmac("hmac-sha3-256", c::CKK_SHA3_256_HMAC, c::CKM_SHA3_256_KEY_GEN, 32),
    hmac("hmac-sha3-384", c::CKK_SHA3_384_HMAC, c::CKM_SHA3_384_KEY_GEN, 48),
    hmac("hmac-sha3-512", c::CKK_SHA3_512_HMAC, c::CKM_SHA3_512_KEY_GEN, 64),
    hmac("hmac-blake2b-160", c::CKK_BLAKE2B_160_HMAC, c::CKM_BLAKE2B_160_KEY_GEN, 20),
    hmac("hmac-blake2b-256", c::CKK_BLAKE2B_256_HMAC, c::CKM_BLAKE2B_256_KEY_GEN, 32),
    hmac("hmac-blake2b-384", c::CKK_BLAKE2B_384_HMAC, c::CKM_BLAKE2B_384_KEY_GEN, 48),
    hmac("hmac-blake2b-512", c::CKK_BLAKE2B_512_HMAC, c::CKM_BLAKE2B_512_KEY_GEN, 64),
    secret("hkdf", (c::CKK_HKDF, c::CKM_HKDF_KEY_GEN), 32, DERIVING, DERIVING),
    secret("generic", (c::CKK_GENERIC_SECRET, c::CKM_GENERIC_SECRET_KEY_GEN), 32, GENERIC, DERIVING),
];

impl SecretRow {
    /// The length in bytes of a key of this size, as it is typed after the word; `None` where there is one size.
    pub(super) fn bytes(&self, size: Option<&str>) -> Result<Option<u64>, String> {
        let (word, sizes) = (self.word, self.sizes);
        let number = |size: &str, unit| {
            size.parse::<u64>().map_err(|_| format!("after {word}: comes a number of {unit}"))
        };
        match (sizes, size) {
            (Sizes::Bits(all), None) => Ok(all.first().map(|bits| bits / 8)),
            (Sizes::Bits(all), Some(size)) => {
                let bits = number(size, "bits")?;
                let listed = || all.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                all.contains(&bits)
                    .then_some(Some(bits / 8))
                    .ok_or_else(|| format!("{word} keys have one of these numbers of bits: {}", listed()))
            }
            (Sizes::Bytes(usual), None) => Ok(Some(usual)),
            (Sizes::Bytes(_), Some(size)) => match number(size, "bytes")? {
                bytes @ 1..=LONGEST => Ok(Some(bytes)),
                _ => Err(format!("{word} takes 1 to {LONGEST} bytes")),
            },
            (Sizes::One, None) => Ok(None),
            (Sizes::One, Some(_)) => Err(format!("{word} keys have one size: leave out what follows {word}")),
        }
    }

    /// How it is typed, with the size that it has unless another is said.
    pub(super) fn example(&self) -> String {
        match self.sizes {
            Sizes::Bits(all) => format!("{}:{}", self.word, all.first().copied().unwrap_or_default()),
            Sizes::Bytes(usual) => format!("{}:{usual}", self.word),
            Sizes::One => self.word.to_owned(),
        }
    }
}
