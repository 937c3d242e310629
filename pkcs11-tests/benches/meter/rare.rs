//! The rows of families that fewer programs use, which the long form alone measures.
//!
//! One has a place here when the page of `make bench` is enough for it: it is measured with token keys, and in the short
//! form when `METER_ONLY` asks for it by name.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_SP800_108_BYTE_ARRAY, CK_SP800_108_ITERATION_VARIABLE, CKA_BASE, CKA_DECRYPT,
    CKA_DERIVE, CKA_EC_PARAMS, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PARAMETER_SET, CKA_PRIME,
    CKA_SENSITIVE, CKA_SIGN, CKA_SUBPRIME, CKA_UNWRAP, CKA_VALUE_LEN, CKA_VERIFY, CKA_WRAP,
    CKK_GENERIC_SECRET, CKM_AES_CCM, CKM_AES_CFB128, CKM_AES_CTS, CKM_AES_GMAC, CKM_AES_KEY_GEN,
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_OFB, CKM_AES_XTS, CKM_AES_XTS_KEY_GEN, CKM_BLAKE2B_256,
    CKM_CAMELLIA_CBC_PAD, CKM_CAMELLIA_KEY_GEN, CKM_CHACHA20, CKM_CHACHA20_KEY_GEN, CKM_CHACHA20_POLY1305,
    CKM_DES3_CBC_PAD, CKM_DES3_KEY_GEN, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA,
    CKM_DSA_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    CKM_ECDSA, CKM_EDDSA, CKM_GENERIC_SECRET_KEY_GEN, CKM_HOTP, CKM_HOTP_KEY_GEN, CKM_MD5, CKM_PKCS5_PBKD2,
    CKM_POLY1305, CKM_POLY1305_KEY_GEN, CKM_PUB_KEY_FROM_PRIV_KEY, CKM_RIPEMD160, CKM_SHA_1, CKM_SHA3_256,
    CKM_SHA3_256_HMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_KEY_DERIVATION, CKM_SHA512, CKM_SLH_DSA,
    CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SP800_108_COUNTER_KDF, CKM_TLS12_KDF, CKM_TLS12_MASTER_KEY_DERIVE_DH,
    CKM_XOR_BASE_AND_DATA, CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_SLH_DSA_SHA2_128F, CKZ_SALT_SPECIFIED,
};
use pkcs11_tests::mechanisms::finite_fields::{DSA_2048, FFDHE2048};
use pkcs11_tests::mechanisms::{ED448, X448};

use crate::cases::{AES, Case, ECDH, KIB, ML_DSA_65, ML_KEM_768, OWN, P256, SECRET, Work, bare};
use crate::recipe::{Mechanism, Member, Recipe, Value};

use Member::{Block, Bytes, Flags, Nonce, Number, PeerItself, Structure};
use Value::{Bytes as Octets, Flag, Hexadecimal, Number as Count};
use Work::{Derive, DerivePublic, Digest, Encrypt, Generate, Password, Sign, Verify, Wrap};

const fn row(name: &'static str, key: &'static Recipe, mechanism: Mechanism, work: Work) -> Case {
    Case { name, key: Some(key), mechanism, work, rare: true }
}

const fn keyless(name: &'static str, mechanism: Mechanism, work: Work) -> Case {
    Case { name, key: None, mechanism, work, rare: true }
}

/// A digest of a KiB, and how it begins.
const fn digest(name: &'static str, kind: CK_MECHANISM_TYPE, head: [u8; 8]) -> Case {
    keyless(name, bare(kind), Digest(KIB, head))
}

/// A key for a cipher.
macro_rules! cipher {
    ($name:literal, $generator:expr $(, $len:literal)?) => {
        Recipe {
            name: $name,
            generator: bare($generator),
            kept: &[$((CKA_VALUE_LEN, Count($len)),)? (CKA_ENCRYPT, Flag(true)), (CKA_DECRYPT, Flag(true))],
            shown: None,
            proof: None,
        }
    };
}

/// A pair of keys on the curve of this object identifier, in DER, which signs.
macro_rules! curve {
    ($name:literal, $generator:expr, $curve:expr, $proof:expr) => {
        Recipe {
            name: $name,
            generator: bare($generator),
            kept: &[(CKA_SIGN, Flag(true))],
            shown: Some(&[(CKA_VERIFY, Flag(true)), (CKA_EC_PARAMS, Octets($curve))]),
            proof: Some($proof),
        }
    };
}

static SECP256K1: Recipe =
    curve!("secp256k1", CKM_EC_KEY_PAIR_GEN, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A], CKM_ECDSA);
static BRAINPOOL_P256: Recipe = curve!(
    "brainpoolP256r1",
    CKM_EC_KEY_PAIR_GEN,
    &[0x06, 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07],
    CKM_ECDSA
);
static ED448_PAIR: Recipe = curve!("ed448", CKM_EC_EDWARDS_KEY_PAIR_GEN, ED448, CKM_EDDSA);
static X448_PAIR: Recipe = Recipe {
    name: "x448",
    generator: bare(CKM_EC_MONTGOMERY_KEY_PAIR_GEN),
    kept: &[(CKA_DERIVE, Flag(true))],
    shown: Some(&[(CKA_EC_PARAMS, Octets(X448))]),
    proof: None,
};
static SLH_DSA_SHA2_128F: Recipe = Recipe {
    name: "slh-dsa-sha2-128f",
    generator: bare(CKM_SLH_DSA_KEY_PAIR_GEN),
    kept: &[(CKA_SIGN, Flag(true))],
    shown: Some(&[(CKA_VERIFY, Flag(true)), (CKA_PARAMETER_SET, Count(CKP_SLH_DSA_SHA2_128F))]),
    proof: Some(CKM_SLH_DSA),
};
/// `ffdhe2048` of RFC 7919.
static DH: Recipe = Recipe {
    name: "dh2048",
    generator: bare(CKM_DH_PKCS_KEY_PAIR_GEN),
    kept: &[(CKA_DERIVE, Flag(true))],
    shown: Some(&[(CKA_PRIME, Hexadecimal(FFDHE2048)), (CKA_BASE, Octets(&[2]))]),
    proof: None,
};
static DSA: Recipe = Recipe {
    name: "dsa2048",
    generator: bare(CKM_DSA_KEY_PAIR_GEN),
    kept: &[(CKA_SIGN, Flag(true))],
    shown: Some(&[
        (CKA_VERIFY, Flag(true)),
        (CKA_PRIME, Hexadecimal(DSA_2048[0])),
        (CKA_SUBPRIME, Hexadecimal(DSA_2048[1])),
        (CKA_BASE, Hexadecimal(DSA_2048[2])),
    ]),
    proof: Some(CKM_DSA),
};
static AES_XTS: Recipe = cipher!("aes256-xts", CKM_AES_XTS_KEY_GEN, 64);
static DES3: Recipe = cipher!("des3", CKM_DES3_KEY_GEN);
static CAMELLIA: Recipe = cipher!("camellia256", CKM_CAMELLIA_KEY_GEN, 32);
static CHACHA20: Recipe = cipher!("chacha20", CKM_CHACHA20_KEY_GEN);
static POLY1305: Recipe = Recipe {
    name: "poly1305",
    generator: bare(CKM_POLY1305_KEY_GEN),
    kept: &[(CKA_SIGN, Flag(true)), (CKA_VERIFY, Flag(true))],
    shown: None,
    proof: None,
};
static HOTP: Recipe = Recipe {
    name: "hotp",
    generator: bare(CKM_HOTP_KEY_GEN),
    kept: &[(CKA_VALUE_LEN, Count(20)), (CKA_SIGN, Flag(true))],
    shown: None,
    proof: None,
};
static WRAPPING: Recipe = Recipe {
    name: "aes256-wrapping",
    generator: bare(CKM_AES_KEY_GEN),
    kept: &[(CKA_VALUE_LEN, Count(32)), (CKA_WRAP, Flag(true)), (CKA_UNWRAP, Flag(true))],
    shown: None,
    proof: None,
};
/// As long as a master secret of TLS; as the next one.
static MASTER: Recipe = Recipe {
    name: "secret384",
    generator: bare(CKM_GENERIC_SECRET_KEY_GEN),
    kept: &[
        (CKA_VALUE_LEN, Count(48)),
        (CKA_DERIVE, Flag(true)),
        (CKA_SENSITIVE, Flag(false)),
        (CKA_EXTRACTABLE, Flag(true)),
    ],
    shown: None,
    proof: None,
};
/// What comes of it shows its value only when this does.
static OPEN_SECRET: Recipe = Recipe {
    name: "open-secret256",
    generator: bare(CKM_GENERIC_SECRET_KEY_GEN),
    kept: &[
        (CKA_VALUE_LEN, Count(32)),
        (CKA_DERIVE, Flag(true)),
        (CKA_SENSITIVE, Flag(false)),
        (CKA_EXTRACTABLE, Flag(true)),
    ],
    shown: None,
    proof: None,
};
/// `CK_PKCS5_PBKD2_PARAMS2`: a thousand iterations.
static PBKDF2: Recipe = Recipe {
    name: "pbkdf2",
    generator: Mechanism {
        kind: CKM_PKCS5_PBKD2,
        parameter: &[
            Number(CKZ_SALT_SPECIFIED),
            Bytes(b"a salt of 16 bit"),
            Number(16),
            Number(1000),
            Number(CKP_PKCS5_PBKD2_HMAC_SHA256),
            Bytes(&[]),
            Number(0),
            Bytes(b"a password"),
            Number(10),
        ],
    },
    kept: &[(CKA_KEY_TYPE, Count(CKK_GENERIC_SECRET)), (CKA_VALUE_LEN, Count(32))],
    shown: None,
    proof: None,
};

/// A mechanism whose parameter is an initialisation vector of so many bytes.
const fn chained(kind: CK_MECHANISM_TYPE, len: usize) -> Mechanism {
    Mechanism {
        kind,
        parameter: match len {
            8 => &[Block(8)],
            12 => &[Block(12)],
            _ => &[Block(16)],
        },
    }
}

/// The other side's number.
const DH_AGREEMENT: Mechanism = Mechanism { kind: CKM_DH_PKCS_DERIVE, parameter: &[PeerItself] };
/// `CK_CCM_PARAMS`
const CCM: Mechanism = Mechanism {
    kind: CKM_AES_CCM,
    parameter: &[Number(1024), Nonce, Number(12), Bytes(&[]), Number(0), Number(16)],
};
/// `CK_CHACHA20_PARAMS`
const STREAM: Mechanism =
    Mechanism { kind: CKM_CHACHA20, parameter: &[Bytes(&[0; 4]), Number(32), Nonce, Number(96)] };
/// `CK_SALSA20_CHACHA20_POLY1305_PARAMS`
const AUTHENTICATED: Mechanism =
    Mechanism { kind: CKM_CHACHA20_POLY1305, parameter: &[Nonce, Number(96), Bytes(&[]), Number(0)] };
/// `CK_EDDSA_PARAMS`: the whole message, no context.
const ED448_SIGNATURE: Mechanism =
    Mechanism { kind: CKM_EDDSA, parameter: &[Flags(&[0]), Number(0), Bytes(&[])] };
/// `CK_SP800_108_KDF_PARAMS`: a counter of 32 bits before fixed bytes.
const COUNTER_KDF: Mechanism = Mechanism {
    kind: CKM_SP800_108_COUNTER_KDF,
    parameter: &[
        Number(CKM_SHA256_HMAC),
        Number(2),
        Structure(&[
            Number(CK_SP800_108_ITERATION_VARIABLE),
            Structure(&[Flags(&[0]), Number(32)]),
            Number(16),
            Number(CK_SP800_108_BYTE_ARRAY),
            Bytes(b"a label, a context"),
            Number(18),
        ]),
        Number(0),
        Bytes(&[]),
    ],
};
/// The random bytes of a TLS handshake.
const RANDOM: Member = Bytes(&[0x3C; 32]);
/// `CK_TLS12_MASTER_KEY_DERIVE_PARAMS`
const MASTER_SECRET: Mechanism = Mechanism {
    kind: CKM_TLS12_MASTER_KEY_DERIVE_DH,
    parameter: &[RANDOM, Number(32), RANDOM, Number(32), Bytes(&[]), Number(CKM_SHA256)],
};
/// `CK_TLS_KDF_PARAMS`
const EXPORTER: Mechanism = Mechanism {
    kind: CKM_TLS12_KDF,
    parameter: &[
        Number(CKM_SHA256),
        Bytes(b"EXPERIMENTAL"),
        Number(12),
        RANDOM,
        Number(32),
        RANDOM,
        Number(32),
        Bytes(&[]),
        Number(0),
    ],
};
/// `CK_KEY_DERIVATION_STRING_DATA`
const XOR: Mechanism =
    Mechanism { kind: CKM_XOR_BASE_AND_DATA, parameter: &[Bytes(&[0x42; 32]), Number(32)] };

/// The rows.
pub(crate) const RARE: &[Case] = &[
    row("sign/ecdsa-secp256k1", &SECP256K1, bare(CKM_ECDSA), Sign(32)),
    row("sign/ecdsa-brainpoolP256r1", &BRAINPOOL_P256, bare(CKM_ECDSA), Sign(32)),
    row("sign/dsa2048", &DSA, bare(CKM_DSA), Sign(32)),
    row("sign/ed448", &ED448_PAIR, ED448_SIGNATURE, Sign(64)),
    row("sign/slh-dsa-sha2-128f", &SLH_DSA_SHA2_128F, bare(CKM_SLH_DSA), Sign(64)),
    row("verify/ecdsa-secp256k1", &SECP256K1, bare(CKM_ECDSA), Verify(32)),
    row("verify/ecdsa-brainpoolP256r1", &BRAINPOOL_P256, bare(CKM_ECDSA), Verify(32)),
    row("verify/dsa2048", &DSA, bare(CKM_DSA), Verify(32)),
    row("verify/ed448", &ED448_PAIR, ED448_SIGNATURE, Verify(64)),
    row("verify/slh-dsa-sha2-128f", &SLH_DSA_SHA2_128F, bare(CKM_SLH_DSA), Verify(64)),
    row("sign/hotp", &HOTP, bare(CKM_HOTP), Password),
    row("derive/dh2048", &DH, DH_AGREEMENT, Derive(32)),
    row("derive/public-of-p256", &P256, bare(CKM_PUB_KEY_FROM_PRIV_KEY), DerivePublic),
    row("derive/x448", &X448_PAIR, ECDH, Derive(32)),
    row("derive/sp800-108-counter-sha256", &SECRET, COUNTER_KDF, Derive(32)),
    row("derive/tls12-master-secret", &MASTER, MASTER_SECRET, Derive(48)),
    row("derive/tls12-exporter", &MASTER, EXPORTER, Derive(32)),
    row("derive/sha256-of-key", &OPEN_SECRET, bare(CKM_SHA256_KEY_DERIVATION), Derive(32)),
    row("derive/xor-with-data", &OPEN_SECRET, XOR, Derive(32)),
    row("wrap/aes256-rfc3394", &WRAPPING, bare(CKM_AES_KEY_WRAP), Wrap),
    row("wrap/aes256-rfc5649", &WRAPPING, bare(CKM_AES_KEY_WRAP_KWP), Wrap),
    row("bulk/aes256-ccm-1k", &AES, CCM, Encrypt(KIB)),
    row("bulk/aes256-gmac-1k", &AES, chained(CKM_AES_GMAC, 12), Sign(KIB)),
    row("bulk/aes256-xts-1k", &AES_XTS, chained(CKM_AES_XTS, 16), Encrypt(KIB)),
    row("bulk/aes256-cfb128-1k", &AES, chained(CKM_AES_CFB128, 16), Encrypt(KIB)),
    row("bulk/aes256-ofb-1k", &AES, chained(CKM_AES_OFB, 16), Encrypt(KIB)),
    row("bulk/aes256-cts-1k", &AES, chained(CKM_AES_CTS, 16), Encrypt(KIB)),
    row("bulk/des3-cbcpad-1k", &DES3, chained(CKM_DES3_CBC_PAD, 8), Encrypt(KIB)),
    row("bulk/camellia256-cbcpad-1k", &CAMELLIA, chained(CKM_CAMELLIA_CBC_PAD, 16), Encrypt(KIB)),
    row("bulk/chacha20-1k", &CHACHA20, STREAM, Encrypt(KIB)),
    row("bulk/chacha20-poly1305-1k", &CHACHA20, AUTHENTICATED, Encrypt(KIB)),
    row("bulk/poly1305-1k", &POLY1305, bare(CKM_POLY1305), Sign(KIB)),
    row("bulk/hmac-sha3-256-1k", &SECRET, bare(CKM_SHA3_256_HMAC), Sign(KIB)),
    digest("bulk/sha1-1k", CKM_SHA_1, [0x0A, 0xC2, 0x80, 0x84, 0xFF, 0x74, 0x93, 0x3D]),
    digest("bulk/sha512-1k", CKM_SHA512, [0x9A, 0xF3, 0xEE, 0xD7, 0xE9, 0xDD, 0x11, 0x42]),
    digest("bulk/sha3-256-1k", CKM_SHA3_256, [0xBA, 0x7F, 0x18, 0x34, 0xCD, 0xDB, 0xBA, 0x9F]),
    digest("bulk/blake2b-256-1k", CKM_BLAKE2B_256, [0xD7, 0x5E, 0xDC, 0x54, 0xBB, 0x5A, 0xCE, 0xE4]),
    digest("bulk/md5-1k", CKM_MD5, [0x9E, 0xE0, 0xA0, 0xE0, 0xC0, 0xBC, 0x0F, 0x1F]),
    digest("bulk/ripemd160-1k", CKM_RIPEMD160, [0x26, 0xFB, 0x75, 0x88, 0x7F, 0x84, 0xC9, 0x23]),
    keyless("keygen/secret256-session", OWN, Generate(&SECRET, false)),
    keyless("keygen/pbkdf2-1000-session", OWN, Generate(&PBKDF2, false)),
    keyless("keygen/ml-dsa-65-session", OWN, Generate(&ML_DSA_65, false)),
    keyless("keygen/ml-kem-768-session", OWN, Generate(&ML_KEM_768, false)),
    keyless("keygen/slh-dsa-sha2-128f-session", OWN, Generate(&SLH_DSA_SHA2_128F, false)),
];
