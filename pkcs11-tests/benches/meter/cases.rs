//! What is measured: a row for each operation.
//!
//! To add a row, write one entry into [`CASES`], or into [`RARE`] where the long form is enough: its name (`group/name`), its key ([`Recipe`]: the mechanism that makes
//! it and the attributes it needs, a constant above the table), its mechanism ([`Mechanism`]: with the standard's
//! parameter structure, member by member, another constant where it takes one) and what one operation is ([`Work`]).
//! Then add an arm of the same name to `operation` in `src/mechanisms/examples/primitive_speed/operations.rs`, which
//! makes the bare algorithm: two places, and the page, the charts, the medians, threads and kinds of keys follow. A row
//! without an arm there is shown without a limit; a module without the mechanism shows what it answered. Only a function
//! of the interface that no row calls yet needs code: an arm in `Worker::operate` and one in `Worker::check`. A family of
//! mechanisms without a row fails a test of `src/mechanisms/families.rs`.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CKA_DECAPSULATE, CKA_DECRYPT, CKA_DERIVE, CKA_EC_PARAMS, CKA_ENCAPSULATE, CKA_ENCRYPT,
    CKA_MODULUS_BITS, CKA_PARAMETER_SET, CKA_PUBLIC_EXPONENT, CKA_SIGN, CKA_VALUE_LEN, CKA_VERIFY, CKD_NULL,
    CKF_HKDF_SALT_NULL, CKG_MGF1_SHA1, CKG_MGF1_SHA256, CKM_AES_CBC_PAD, CKM_AES_CMAC, CKM_AES_CTR,
    CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_EDDSA, CKM_GENERIC_SECRET_KEY_GEN,
    CKM_HKDF_DERIVE, CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKM_RSA_PKCS,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_SHA_1, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKP_ML_DSA_65, CKP_ML_KEM_768, CKZ_DATA_SPECIFIED,
};

use crate::rare::RARE;
use crate::recipe::{Mechanism, Member, Recipe, Value};

/// What one operation is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// `C_SignInit`, `C_Sign` of so many bytes.
    Sign(usize),
    /// `C_VerifyInit`, `C_Verify` of a good signature.
    Verify(usize),
    /// `C_SignInit`, `C_Sign` of nothing: a one-time password, whose counter a token key writes to the disk.
    Password,
    /// `C_EncryptInit`, `C_Encrypt`.
    Encrypt(usize),
    /// `C_DecryptInit`, `C_Decrypt` of 32 bytes.
    Decrypt,
    /// `C_DigestInit`, `C_Digest` of the bytes 0, 1, .. 250, 0, 1, .. by their number; how the right digest begins.
    Digest(usize, [u8; 8]),
    /// `C_DeriveKey` of a generic secret of so many bytes, `C_DestroyObject`.
    Derive(usize),
    /// `C_DeriveKey` of the public key of a private one on a curve, `C_DestroyObject`.
    DerivePublic,
    /// `C_EncapsulateKey` of a generic secret of 32 bytes, `C_DestroyObject`.
    Encapsulate,
    /// `C_DecapsulateKey` of such a secret, `C_DestroyObject`.
    Decapsulate,
    /// `C_WrapKey` of a generic secret of 32 bytes.
    Wrap,
    /// `C_GenerateKey` or `C_GenerateKeyPair`, into a session or into the token. Destroying is not measured.
    Generate(&'static Recipe, bool),
    /// `C_OpenSession`, `C_CloseSession`.
    Session,
    /// `C_GenerateRandom` of so many bytes.
    Random(usize),
    /// `C_GetAttributeValue` of three attributes.
    Read,
    /// `C_FindObjectsInit`, `C_FindObjects`, `C_FindObjectsFinal` in a token with so many objects.
    Find(Find, usize),
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Find {
    /// One object by its label, another each time.
    Label,
    /// One object by its id.
    Id,
    /// A label that no object has.
    None,
    /// All objects, by their class.
    All,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// `group/name`
    pub(crate) name: &'static str,
    /// The key that must be there before.
    pub(crate) key: Option<&'static Recipe>,
    /// None for a row whose operation has its own.
    pub(crate) mechanism: Mechanism,
    /// What one operation is.
    pub(crate) work: Work,
    /// Measured in the long form alone, or when it is asked for by name; with token keys alone.
    pub(crate) rare: bool,
}

/// The groups of the page: the first part of names, what they are called there, and in what they are measured.
pub(crate) const GROUPS: [Group; 12] = [
    group("sign", "Signing", RATE),
    group("verify", "Verifying", RATE),
    group("decrypt", "Decrypting with RSA", RATE),
    group("derive", "Key agreement and derivation", RATE),
    group("kem", "Encapsulating keys", RATE),
    group("wrap", "Wrapping keys", RATE),
    group("bulk", "Encrypting, hashing, MACs", RATE),
    group("keygen", "Making keys", RATE),
    group("small", "Small calls", RATE),
    group("store", "Many objects", RATE),
    group("start", "A fresh process among many objects", "milliseconds"),
    group("memory", "Memory of that process", "MiB"),
];

/// What most rows are measured in; of anything else less is better.
const RATE: &str = "operations a second";

/// A group of rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// The first part of its rows' names.
    pub(crate) name: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// What its rows are measured in.
    pub(crate) unit: &'static str,
}

impl Group {
    /// Whether more is better.
    pub(crate) fn is_rate(&self) -> bool {
        self.unit == RATE
    }
}

const fn group(name: &'static str, title: &'static str, unit: &'static str) -> Group {
    Group { name, title, unit }
}

const fn row(name: &'static str, key: &'static Recipe, mechanism: Mechanism, work: Work) -> Case {
    Case { name, key: Some(key), mechanism, work, rare: false }
}

const fn keyless(name: &'static str, mechanism: Mechanism, work: Work) -> Case {
    Case { name, key: None, mechanism, work, rare: false }
}

/// Every row but those of the store.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(RARE)
}

/// A mechanism without a parameter.
pub(crate) const fn bare(kind: CK_MECHANISM_TYPE) -> Mechanism {
    Mechanism { kind, parameter: &[] }
}

/// Of rows whose operation has a mechanism of its own, or none.
pub(crate) const OWN: Mechanism = bare(0);

use Member::{Block, Bytes, Flags, Nonce, Number, Peer, PeerLen};
use Value::{Bytes as Octets, Flag, Number as Count};
use Work::{
    Decapsulate, Decrypt, Derive, Digest, Encapsulate, Encrypt, Generate, Random, Read, Session, Sign, Verify,
};

const RSA_KEPT: &[(u64, Value)] = &[(CKA_SIGN, Flag(true)), (CKA_DECRYPT, Flag(true))];

/// RSA with so many bits.
macro_rules! rsa {
    ($name:literal, $bits:literal) => {
        Recipe {
            name: $name,
            generator: bare(CKM_RSA_PKCS_KEY_PAIR_GEN),
            kept: RSA_KEPT,
            shown: Some(&[
                (CKA_VERIFY, Flag(true)),
                (CKA_ENCRYPT, Flag(true)),
                (CKA_MODULUS_BITS, Count($bits)),
                (CKA_PUBLIC_EXPONENT, Octets(&[1, 0, 1])),
            ]),
            proof: Some(CKM_RSA_PKCS),
        }
    };
}

/// EC over the curve of this object identifier, in DER.
macro_rules! ec {
    ($name:literal, $curve:expr) => {
        Recipe {
            name: $name,
            generator: bare(CKM_EC_KEY_PAIR_GEN),
            kept: &[(CKA_SIGN, Flag(true)), (CKA_DERIVE, Flag(true))],
            shown: Some(&[(CKA_VERIFY, Flag(true)), (CKA_EC_PARAMS, Octets($curve))]),
            proof: Some(CKM_ECDSA),
        }
    };
}

static RSA_2048: Recipe = rsa!("rsa2048", 2048);
static RSA_3072: Recipe = rsa!("rsa3072", 3072);
static RSA_4096: Recipe = rsa!("rsa4096", 4096);
pub(crate) static P256: Recipe = ec!("p256", pkcs11_tests::keys::P256);
static P384: Recipe = ec!("p384", pkcs11_tests::keys::P384);
static P521: Recipe = ec!("p521", &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]);
static ED25519: Recipe = Recipe {
    name: "ed25519",
    generator: bare(CKM_EC_EDWARDS_KEY_PAIR_GEN),
    kept: &[(CKA_SIGN, Flag(true))],
    shown: Some(&[(CKA_VERIFY, Flag(true)), (CKA_EC_PARAMS, Octets(&[0x06, 0x03, 0x2B, 0x65, 0x70]))]),
    proof: Some(CKM_EDDSA),
};
static X25519: Recipe = Recipe {
    name: "x25519",
    generator: bare(CKM_EC_MONTGOMERY_KEY_PAIR_GEN),
    kept: &[(CKA_DERIVE, Flag(true))],
    shown: Some(&[(CKA_EC_PARAMS, Octets(&[0x06, 0x03, 0x2B, 0x65, 0x6E]))]),
    proof: None,
};
pub(crate) static AES: Recipe = Recipe {
    name: "aes256",
    generator: bare(CKM_AES_KEY_GEN),
    kept: &[
        (CKA_VALUE_LEN, Count(32)),
        (CKA_ENCRYPT, Flag(true)),
        (CKA_DECRYPT, Flag(true)),
        (CKA_SIGN, Flag(true)),
        (CKA_VERIFY, Flag(true)),
    ],
    shown: None,
    proof: None,
};
pub(crate) static SECRET: Recipe = Recipe {
    name: "secret256",
    generator: bare(CKM_GENERIC_SECRET_KEY_GEN),
    kept: &[
        (CKA_VALUE_LEN, Count(32)),
        (CKA_SIGN, Flag(true)),
        (CKA_VERIFY, Flag(true)),
        (CKA_DERIVE, Flag(true)),
    ],
    shown: None,
    proof: None,
};

pub(crate) static ML_DSA_65: Recipe = Recipe {
    name: "ml-dsa-65",
    generator: bare(CKM_ML_DSA_KEY_PAIR_GEN),
    kept: &[(CKA_SIGN, Flag(true))],
    shown: Some(&[(CKA_VERIFY, Flag(true)), (CKA_PARAMETER_SET, Count(CKP_ML_DSA_65))]),
    proof: Some(CKM_ML_DSA),
};
pub(crate) static ML_KEM_768: Recipe = Recipe {
    name: "ml-kem-768",
    generator: bare(CKM_ML_KEM_KEY_PAIR_GEN),
    kept: &[(CKA_DECAPSULATE, Flag(true))],
    shown: Some(&[(CKA_ENCAPSULATE, Flag(true)), (CKA_PARAMETER_SET, Count(CKP_ML_KEM_768))]),
    proof: None,
};

/// `CK_RSA_PKCS_PSS_PARAMS`
const PSS: Mechanism = Mechanism {
    kind: CKM_SHA256_RSA_PKCS_PSS,
    parameter: &[Number(CKM_SHA256), Number(CKG_MGF1_SHA256), Number(32)],
};
/// `CK_RSA_PKCS_OAEP_PARAMS`
const OAEP_SHA1: Mechanism = Mechanism {
    kind: CKM_RSA_PKCS_OAEP,
    parameter: &[Number(CKM_SHA_1), Number(CKG_MGF1_SHA1), Number(CKZ_DATA_SPECIFIED), Bytes(&[]), Number(0)],
};
const OAEP_SHA256: Mechanism = Mechanism {
    kind: CKM_RSA_PKCS_OAEP,
    parameter: &[
        Number(CKM_SHA256),
        Number(CKG_MGF1_SHA256),
        Number(CKZ_DATA_SPECIFIED),
        Bytes(&[]),
        Number(0),
    ],
};
/// `CK_ECDH1_DERIVE_PARAMS`
pub(crate) const ECDH: Mechanism = Mechanism {
    kind: CKM_ECDH1_DERIVE,
    parameter: &[Number(CKD_NULL), Number(0), Bytes(&[]), PeerLen, Peer],
};
/// `CK_HKDF_PARAMS`: both steps.
const HKDF: Mechanism = Mechanism {
    kind: CKM_HKDF_DERIVE,
    parameter: &[
        Flags(&[1, 1]),
        Number(CKM_SHA256),
        Number(CKF_HKDF_SALT_NULL),
        Bytes(&[]),
        Number(0),
        Number(0),
        Bytes(b"a context"),
        Number(9),
    ],
};
/// `CK_GCM_PARAMS`
const GCM: Mechanism = Mechanism {
    kind: CKM_AES_GCM,
    parameter: &[Nonce, Number(12), Number(96), Bytes(&[]), Number(0), Number(128)],
};
/// `CK_AES_CTR_PARAMS`
const CTR: Mechanism = Mechanism { kind: CKM_AES_CTR, parameter: &[Number(32), Block(16)] };
const CBC: Mechanism = Mechanism { kind: CKM_AES_CBC_PAD, parameter: &[Block(16)] };
const SHA: Mechanism = bare(CKM_SHA256);
const PKCS: Mechanism = bare(CKM_RSA_PKCS);
const ECDSA: Mechanism = bare(CKM_ECDSA);

/// A `DigestInfo` of SHA-256 is as long as this.
const DIGEST_INFO: usize = 51;
pub(crate) const KIB: usize = 1024;
const MIB: usize = KIB * KIB;

/// The rows of both forms.
const CASES: &[Case] = &[
    row("sign/rsa2048-pkcs", &RSA_2048, PKCS, Sign(DIGEST_INFO)),
    row("sign/rsa2048-sha256-pkcs", &RSA_2048, bare(CKM_SHA256_RSA_PKCS), Sign(256)),
    row("sign/rsa2048-pss-sha256", &RSA_2048, PSS, Sign(256)),
    row("sign/rsa3072-pkcs", &RSA_3072, PKCS, Sign(DIGEST_INFO)),
    row("sign/rsa4096-pkcs", &RSA_4096, PKCS, Sign(DIGEST_INFO)),
    row("sign/ecdsa-p256", &P256, ECDSA, Sign(32)),
    row("sign/ecdsa-p384", &P384, ECDSA, Sign(48)),
    row("sign/ecdsa-p521", &P521, ECDSA, Sign(64)),
    row("sign/ed25519", &ED25519, bare(CKM_EDDSA), Sign(64)),
    row("sign/ml-dsa-65", &ML_DSA_65, bare(CKM_ML_DSA), Sign(64)),
    row("verify/rsa2048-pkcs", &RSA_2048, PKCS, Verify(DIGEST_INFO)),
    row("verify/ecdsa-p256", &P256, ECDSA, Verify(32)),
    row("verify/ecdsa-p384", &P384, ECDSA, Verify(48)),
    row("verify/ed25519", &ED25519, bare(CKM_EDDSA), Verify(64)),
    row("verify/ml-dsa-65", &ML_DSA_65, bare(CKM_ML_DSA), Verify(64)),
    row("decrypt/rsa2048-pkcs", &RSA_2048, PKCS, Decrypt),
    row("decrypt/rsa2048-oaep-sha1", &RSA_2048, OAEP_SHA1, Decrypt),
    row("decrypt/rsa2048-oaep-sha256", &RSA_2048, OAEP_SHA256, Decrypt),
    row("derive/ecdh-p256", &P256, ECDH, Derive(32)),
    row("derive/x25519", &X25519, ECDH, Derive(32)),
    row("derive/hkdf-sha256", &SECRET, HKDF, Derive(32)),
    row("kem/ml-kem-768-encapsulate", &ML_KEM_768, bare(CKM_ML_KEM), Encapsulate),
    row("kem/ml-kem-768-decapsulate", &ML_KEM_768, bare(CKM_ML_KEM), Decapsulate),
    row("bulk/aes256-gcm-16", &AES, GCM, Encrypt(16)),
    row("bulk/aes256-gcm-1k", &AES, GCM, Encrypt(KIB)),
    row("bulk/aes256-gcm-16k", &AES, GCM, Encrypt(16 * KIB)),
    row("bulk/aes256-gcm-1m", &AES, GCM, Encrypt(MIB)),
    row("bulk/aes256-cbcpad-1k", &AES, CBC, Encrypt(KIB)),
    row("bulk/aes256-cbcpad-1m", &AES, CBC, Encrypt(MIB)),
    row("bulk/aes256-ctr-1k", &AES, CTR, Encrypt(KIB)),
    row("bulk/aes256-ctr-1m", &AES, CTR, Encrypt(MIB)),
    row("bulk/aes256-cmac-1k", &AES, bare(CKM_AES_CMAC), Sign(KIB)),
    keyless("bulk/sha256-64", SHA, Digest(64, [0xFD, 0xEA, 0xB9, 0xAC, 0xF3, 0x71, 0x03, 0x62])),
    keyless("bulk/sha256-16k", SHA, Digest(16 * KIB, [0x43, 0x48, 0xE3, 0xB9, 0x8E, 0x8A, 0x32, 0x7B])),
    keyless("bulk/sha256-1m", SHA, Digest(MIB, [0x63, 0x1B, 0x84, 0x02, 0x7D, 0x6B, 0x9E, 0x52])),
    row("bulk/hmac-sha256-64", &SECRET, bare(CKM_SHA256_HMAC), Sign(64)),
    row("bulk/hmac-sha256-16k", &SECRET, bare(CKM_SHA256_HMAC), Sign(16 * KIB)),
    keyless("keygen/rsa2048-session", OWN, Generate(&RSA_2048, false)),
    keyless("keygen/p256-session", OWN, Generate(&P256, false)),
    keyless("keygen/aes256-session", OWN, Generate(&AES, false)),
    keyless("keygen/rsa2048-token", OWN, Generate(&RSA_2048, true)),
    keyless("keygen/p256-token", OWN, Generate(&P256, true)),
    keyless("keygen/aes256-token", OWN, Generate(&AES, true)),
    keyless("small/open-close-session", OWN, Session),
    keyless("small/random-32", OWN, Random(32)),
    row("small/getattr-3", &RSA_2048, OWN, Read),
];

impl Case {
    /// How many times as long as others it is measured: finding primes takes very different times.
    pub(crate) fn patience(&self) -> f64 {
        if matches!(self.work, Generate(recipe, _) if recipe.generator.kind == CKM_RSA_PKCS_KEY_PAIR_GEN) {
            5.0
        } else {
            1.0
        }
    }
}
