//! Mechanisms with their parameters, right and wrong.

use cryptoki_sys::{
    CKD_NULL, CKG_MGF1_SHA256, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_AES_CTR,
    CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD,
    CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_PARAMETER_GEN, CKM_DSA_PARAMETER_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN,
    CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA256, CKM_EDDSA,
    CKM_GENERIC_SECRET_KEY_GEN, CKM_HKDF_DERIVE, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP,
    CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA512, CKM_SHA512_HMAC, CKM_SLH_DSA_KEY_PAIR_GEN, CKZ_DATA_SPECIFIED,
};

use pkcs11_tests::mechanisms::forms::{Taken, forms_of};
use pkcs11_tests::mechanisms::spoiling::spoiled;
use pkcs11_tests::mechanisms::{ROWS, Row};

use crate::dice::Dice;
use crate::memory::{Lent, Memory};

/// Bytes that parameters have room for, so that any length up to it is true.
const ROOM: u64 = 512;

const DIGESTS: &[u64] = &[CKM_SHA_1, CKM_SHA256, CKM_SHA384, CKM_SHA512];
const CIPHERS: &[u64] = &[
    CKM_AES_ECB,
    CKM_AES_CBC,
    CKM_AES_CBC_PAD,
    CKM_AES_CTR,
    CKM_AES_GCM,
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_OAEP,
    CKM_RSA_X_509,
];
const SIGNATURES: &[u64] = &[
    CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA384_HMAC,
    CKM_SHA512_HMAC,
    CKM_ECDSA,
    CKM_ECDSA_SHA256,
    CKM_RSA_PKCS,
    CKM_SHA256_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_EDDSA,
    CKM_AES_CMAC,
    CKM_AES_CMAC_GENERAL,
    CKM_SHA256_HMAC_GENERAL,
];
const WRAPS: &[u64] = &[
    CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_PAD,
    CKM_AES_KEY_WRAP_KWP,
    CKM_AES_CBC_PAD,
    CKM_AES_GCM,
    CKM_RSA_PKCS_OAEP,
];

/// Whose keys a mechanism works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// AES.
    Aes,
    /// Generic secrets.
    Generic,
    /// Elliptic curves.
    Ec,
    /// Edwards curves.
    Edwards,
    /// RSA.
    Rsa,
    /// Objects that no mechanism may know.
    Other,
}

/// The keys that go with a mechanism.
pub(crate) fn family(kind: u64) -> Family {
    match kind {
        CKM_ECDSA | CKM_ECDSA_SHA256 | CKM_ECDH1_DERIVE | CKM_ECDH1_COFACTOR_DERIVE | CKM_EC_KEY_PAIR_GEN => {
            Family::Ec
        }
        CKM_EDDSA | CKM_EC_EDWARDS_KEY_PAIR_GEN => Family::Edwards,
        CKM_RSA_PKCS
        | CKM_RSA_PKCS_OAEP
        | CKM_RSA_X_509
        | CKM_SHA256_RSA_PKCS
        | CKM_RSA_PKCS_PSS
        | CKM_SHA256_RSA_PKCS_PSS => Family::Rsa,
        CKM_SHA_1_HMAC
        | CKM_SHA256_HMAC
        | CKM_SHA256_HMAC_GENERAL
        | CKM_SHA384_HMAC
        | CKM_SHA512_HMAC
        | CKM_HKDF_DERIVE
        | CKM_GENERIC_SECRET_KEY_GEN => Family::Generic,
        _ => Family::Aes,
    }
}

/// The mechanisms that a function has use for.
fn of_function(function: &str, dice: &mut Dice) -> u64 {
    match function {
        "C_DigestInit" => dice.of(DIGESTS),
        "C_EncryptInit" | "C_DecryptInit" => dice.of(CIPHERS),
        "C_SignInit" | "C_VerifyInit" => dice.of(SIGNATURES),
        "C_SignRecoverInit" | "C_VerifyRecoverInit" => dice.of(&[CKM_RSA_PKCS, CKM_RSA_X_509]),
        "C_GenerateKey" => dice.of(&[CKM_AES_KEY_GEN, CKM_GENERIC_SECRET_KEY_GEN]),
        "C_GenerateKeyPair" => {
            dice.of(&[CKM_EC_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN])
        }
        "C_WrapKey" | "C_UnwrapKey" => dice.of(WRAPS),
        "C_DeriveKey" => dice.of(&[CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE, CKM_HKDF_DERIVE]),
        _ => any_type(dice),
    }
}

/// A mechanism's type, known or not. RSA key pairs are left out: they take a tenth of a second each.
pub(crate) fn any_type(dice: &mut Dice) -> u64 {
    let known = [DIGESTS, CIPHERS, SIGNATURES, WRAPS].concat();
    match dice.below(10) {
        0 => dice.word(),
        1 => dice.below(0x2000).max(CKM_RSA_PKCS_KEY_PAIR_GEN + 1),
        _ => dice.of(&known),
    }
}

/// Mechanisms that make nothing but keys and groups of numbers that take long.
const SLOW: &[u64] = &[
    CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DH_PKCS_PARAMETER_GEN,
    CKM_DSA_PARAMETER_GEN,
    CKM_SLH_DSA_KEY_PAIR_GEN,
];

thread_local! {
    /// Every mechanism, with its parameters in each form.
    static DESCRIBED: Vec<(&'static Row, Vec<Taken>)> = {
        let quick = ROWS.iter().filter(|row| !SLOW.contains(&row.kind));
        // A handle that is none.
        quick.map(|row| (row, forms_of(row, row.message.least, 1))).collect()
    };
}

/// Any mechanism of the tests' table, with parameters that are right, or of which one thing is wrong.
fn described(dice: &mut Dice, memory: &mut Memory) -> u64 {
    DESCRIBED.with(|described| {
        let (row, forms) = &described[dice.index(described.len())];
        let taken = &forms[dice.index(forms.len())];
        let mut by = taken.right.mechanism();
        if dice.once_in(2) {
            let mut wrong = spoiled(taken);
            let one = wrong.swap_remove(dice.index(wrong.len()));
            by = one.mechanism(row.kind);
            memory.keep(one);
        }
        memory.structure(vec![row.kind, by.pParameter.expose_provenance() as u64, by.ulParameterLen])
    })
}

/// A pointer to a mechanism, or null. `point` is some public point for the derivations.
pub(crate) fn mechanism(dice: &mut Dice, memory: &mut Memory, function: &str, point: &[u8]) -> u64 {
    if dice.once_in(12) {
        return 0;
    }
    if dice.once_in(6) {
        return described(dice, memory);
    }
    let kind = if dice.once_in(12) { any_type(dice) } else { of_function(function, dice) };
    let Lent { pointer, len } = parameters(dice, memory, kind, point);
    memory.structure(vec![kind, pointer, len])
}

/// Parameters of a mechanism: as they should be, or of another length, or null.
fn parameters(dice: &mut Dice, memory: &mut Memory, kind: u64, point: &[u8]) -> Lent {
    let words = right(dice, memory, kind, point);
    let right_len = 8 * words.len() as u64;
    // Behind the right ones lie zeros: a longer form of the same parameters reads null pointers there.
    let mut room = words;
    room.resize(ROOM as usize / 8, 0);
    let pointer = memory.structure(room);
    match dice.below(16) {
        0 => Lent { pointer: 0, len: 0 },
        1 => Lent { pointer: 0, len: right_len },
        2 => Lent { pointer, len: 0 },
        3 if !has_two_forms(kind) => Lent { pointer, len: dice.below(ROOM + 1) },
        4 => Lent { pointer, len: dice.wild_len() },
        _ => Lent { pointer, len: iv_len(dice, kind).unwrap_or(right_len) },
    }
}

/// GCM's parameters are read by their length: one form's words in the other's length are pointers that are none.
fn has_two_forms(kind: u64) -> bool {
    kind == CKM_AES_GCM
}

fn iv_len(dice: &mut Dice, kind: u64) -> Option<u64> {
    match kind {
        CKM_AES_KEY_WRAP => Some(dice.of(&[0, 8])),
        CKM_AES_KEY_WRAP_PAD | CKM_AES_KEY_WRAP_KWP => Some(dice.of(&[0, 4])),
        _ => None,
    }
}

fn right(dice: &mut Dice, memory: &mut Memory, kind: u64, point: &[u8]) -> Vec<u64> {
    match kind {
        CKM_AES_CBC | CKM_AES_CBC_PAD => vec![dice.word(), dice.word()],
        CKM_AES_KEY_WRAP => vec![dice.word()],
        CKM_AES_CTR => {
            let bits = dice.of(&[128, 64, 32, 1, 0, 129, u64::MAX]);
            vec![bits, dice.word(), dice.word()]
        }
        CKM_AES_GCM => gcm(dice, memory),
        CKM_RSA_PKCS_PSS | CKM_SHA256_RSA_PKCS_PSS => {
            let salt = dice.of(&[32, 0, 20, 1000, u64::MAX]);
            vec![CKM_SHA256, CKG_MGF1_SHA256, salt]
        }
        CKM_RSA_PKCS_OAEP => {
            let label = field(dice, memory);
            let hash = dice.of(DIGESTS);
            let source = dice.of(&[CKZ_DATA_SPECIFIED, CKZ_DATA_SPECIFIED, 0, 9]);
            vec![hash, 1 + dice.below(6), source, label.pointer, label.len]
        }
        CKM_ECDH1_DERIVE | CKM_ECDH1_COFACTOR_DERIVE => {
            let shared = if dice.once_in(4) { field(dice, memory) } else { Lent { pointer: 0, len: 0 } };
            let public = if dice.once_in(4) { field(dice, memory) } else { memory.bytes(point) };
            let kdf = dice.of(&[CKD_NULL, CKD_NULL, 2, 6, 99]);
            vec![kdf, shared.len, shared.pointer, public.len, public.pointer]
        }
        CKM_EDDSA if dice.once_in(2) => {
            let context = field(dice, memory);
            vec![dice.below(3), context.len, context.pointer]
        }
        CKM_AES_CMAC_GENERAL | CKM_SHA256_HMAC_GENERAL => vec![dice.of(&[0, 1, 8, 16, 32, 33, u64::MAX])],
        CKM_HKDF_DERIVE => hkdf(dice, memory),
        // Whatever is read there as a pointer must be one.
        _ if dice.once_in(8) => vec![memory.bytes(&[5; 64]).pointer],
        _ => Vec::new(),
    }
}

fn hkdf(dice: &mut Dice, memory: &mut Memory) -> Vec<u64> {
    let salt = if dice.once_in(4) { field(dice, memory) } else { memory.bytes(b"salt") };
    let info = if dice.once_in(4) { field(dice, memory) } else { memory.bytes(b"info") };
    // Extract and expand are a byte each.
    let steps = dice.of(&[0x0101, 0x0101, 0x0100, 1, 0]);
    let hash = dice.of(DIGESTS);
    let salt_type = dice.of(&[2, 2, 1, 4, 9]);
    vec![steps, hash, salt_type, salt.pointer, salt.len, dice.below(3), info.pointer, info.len]
}

/// A pointer to a mechanism whose parameters are right, and the same each time.
pub(crate) fn right_mechanism(memory: &mut Memory, kind: u64, point: &[u8]) -> u64 {
    let words = match kind {
        CKM_AES_CBC | CKM_AES_CBC_PAD => vec![11, 12],
        CKM_AES_CTR => vec![128, 13, 14],
        CKM_AES_GCM => vec![memory.bytes(&[3; 12]).pointer, 12, 96, 0, 0, 128],
        CKM_RSA_PKCS_PSS | CKM_SHA256_RSA_PKCS_PSS => vec![CKM_SHA256, CKG_MGF1_SHA256, 32],
        CKM_RSA_PKCS_OAEP => vec![CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, 0, 0],
        CKM_AES_CMAC_GENERAL | CKM_SHA256_HMAC_GENERAL => vec![16],
        CKM_ECDH1_DERIVE => {
            let point = memory.bytes(point);
            vec![CKD_NULL, 0, 0, point.len, point.pointer]
        }
        _ => Vec::new(),
    };
    let len = 8 * words.len() as u64;
    let pointer = if len == 0 { 0 } else { memory.structure(words) };
    memory.structure(vec![kind, pointer, len])
}

fn gcm(dice: &mut Dice, memory: &mut Memory) -> Vec<u64> {
    let iv = if dice.once_in(4) { field(dice, memory) } else { memory.bytes(&[3; 12]) };
    let aad = if dice.once_in(2) { field(dice, memory) } else { Lent { pointer: 0, len: 0 } };
    let tag = dice.of(&[128, 128, 96, 32, 0, 7, 1024, u64::MAX]);
    let bits = iv.len.wrapping_mul(8);
    match dice.once_in(3) {
        true => vec![iv.pointer, iv.len, aad.pointer, aad.len, tag],
        false => vec![iv.pointer, iv.len, bits, aad.pointer, aad.len, tag],
    }
}

/// What a field of parameters points to.
fn field(dice: &mut Dice, memory: &mut Memory) -> Lent {
    memory.input(dice)
}
