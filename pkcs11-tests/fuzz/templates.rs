//! Templates: what a function wants, and anything else.

use cryptoki_sys::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_AUTHENTICATE, CKA_APPLICATION, CKA_CERTIFICATE_TYPE, CKA_CHECK_VALUE,
    CKA_CLASS, CKA_COPYABLE, CKA_DECRYPT, CKA_DERIVE, CKA_DERIVE_TEMPLATE, CKA_DESTROYABLE, CKA_EC_PARAMS,
    CKA_EC_POINT, CKA_ENCRYPT, CKA_END_DATE, CKA_EXTRACTABLE, CKA_ID, CKA_ISSUER, CKA_KEY_TYPE, CKA_LABEL,
    CKA_LOCAL, CKA_MODIFIABLE, CKA_MODULUS, CKA_MODULUS_BITS, CKA_OBJECT_ID, CKA_PRIME_1, CKA_PRIVATE,
    CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKA_SENSITIVE, CKA_SERIAL_NUMBER,
    CKA_SIGN, CKA_SIGN_RECOVER, CKA_START_DATE, CKA_SUBJECT, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID,
    CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP,
    CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED, CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKK_RSA, CKO_CERTIFICATE,
    CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};

use crate::dice::Dice;
use crate::memory::{Lent, Memory};

const BOOLEANS: &[u64] = &[
    CKA_ALWAYS_AUTHENTICATE,
    CKA_COPYABLE,
    CKA_DECRYPT,
    CKA_DERIVE,
    CKA_DESTROYABLE,
    CKA_ENCRYPT,
    CKA_EXTRACTABLE,
    CKA_LOCAL,
    CKA_MODIFIABLE,
    CKA_PRIVATE,
    CKA_SENSITIVE,
    CKA_SIGN,
    CKA_SIGN_RECOVER,
    CKA_TRUSTED,
    CKA_UNWRAP,
    CKA_VERIFY,
    CKA_VERIFY_RECOVER,
    CKA_WRAP,
    CKA_WRAP_WITH_TRUSTED,
];
const NUMBERS: &[u64] = &[CKA_CLASS, CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE, CKA_MODULUS_BITS, CKA_VALUE_LEN];
const BYTES: &[u64] = &[
    CKA_ALLOWED_MECHANISMS,
    CKA_APPLICATION,
    CKA_CHECK_VALUE,
    CKA_EC_PARAMS,
    CKA_EC_POINT,
    CKA_END_DATE,
    CKA_ID,
    CKA_ISSUER,
    CKA_LABEL,
    CKA_MODULUS,
    CKA_OBJECT_ID,
    CKA_PRIME_1,
    CKA_PRIVATE_EXPONENT,
    CKA_PUBLIC_EXPONENT,
    CKA_PUBLIC_KEY_INFO,
    CKA_SERIAL_NUMBER,
    CKA_START_DATE,
    CKA_SUBJECT,
    CKA_UNIQUE_ID,
    CKA_VALUE,
];
/// Attributes whose values are templates.
const NESTED: &[u64] = &[CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE];
/// `CKF_ARRAY_ATTRIBUTE` of the type says what the library may follow: no chance number may have it.
const ARRAY: u64 = 0x4000_0000;
const CLASSES: &[u64] = &[CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY];
const KEY_TYPES: &[u64] = &[CKK_AES, CKK_GENERIC_SECRET, CKK_RSA, CKK_EC];
/// P-256, P-384, secp256k1 and Ed25519, as object identifiers.
const CURVES: &[&[u8]] = &[
    &[6, 8, 42, 134, 72, 206, 61, 3, 1, 7],
    &[6, 5, 43, 129, 4, 0, 34],
    &[6, 5, 43, 129, 4, 0, 10],
    &[6, 3, 43, 101, 112],
];

/// An entry of a template.
type Entry = [u64; 3];

/// The attributes that a call has good use for, by the function and the mechanism it names.
pub(crate) fn useful(dice: &mut Dice, memory: &mut Memory, function: &str, second: bool) -> Vec<Entry> {
    let mut entries = match (function, second) {
        ("C_GenerateKeyPair", false) => vec![
            bytes(memory, CKA_EC_PARAMS, CURVES[dice.index(CURVES.len())]),
            boolean(memory, CKA_VERIFY, true),
        ],
        ("C_GenerateKeyPair", true) => {
            vec![boolean(memory, CKA_SIGN, true), boolean(memory, CKA_DERIVE, true)]
        }
        ("C_GenerateKey", _) => {
            let len = dice.of(&[16, 24, 32]);
            vec![number(memory, CKA_VALUE_LEN, len), boolean(memory, CKA_DERIVE, true)]
        }
        ("C_CreateObject" | "C_UnwrapKey" | "C_DeriveKey", _) => object(dice, memory, function),
        ("C_SetAttributeValue", _) => vec![bytes(memory, CKA_LABEL, b"another")],
        _ => Vec::new(),
    };
    let extractable = !dice.once_in(3);
    if matches!(function, "C_GenerateKey" | "C_DeriveKey" | "C_UnwrapKey") || second {
        entries.push(boolean(memory, CKA_EXTRACTABLE, extractable));
    }
    if function.starts_with("C_Generate") && dice.once_in(200)
        || function == "C_CreateObject" && dice.once_in(40)
    {
        entries.push(boolean(memory, CKA_TOKEN, true));
    }
    entries
}

fn object(dice: &mut Dice, memory: &mut Memory, function: &str) -> Vec<Entry> {
    if function == "C_CreateObject" && dice.once_in(2) {
        let label = [b"a", b"b", b"c"][dice.index(3)];
        return vec![
            number(memory, CKA_CLASS, CKO_DATA),
            bytes(memory, CKA_LABEL, label),
            bytes(memory, CKA_VALUE, b"what a data object holds"),
        ];
    }
    let key_type = dice.of(&[CKK_AES, CKK_GENERIC_SECRET]);
    let mut entries = vec![number(memory, CKA_CLASS, CKO_SECRET_KEY), number(memory, CKA_KEY_TYPE, key_type)];
    match function {
        "C_CreateObject" => {
            let value = [7; 32];
            let len = dice.of(&[16, 24, 32]);
            entries.push(bytes(memory, CKA_VALUE, &value[..len]));
            entries.push(boolean(memory, CKA_SENSITIVE, dice.once_in(2)));
            entries.push(boolean(memory, CKA_EXTRACTABLE, true));
        }
        "C_DeriveKey" => entries.push(number(memory, CKA_VALUE_LEN, 16)),
        _ => {}
    }
    entries
}

/// A template of these attributes alone.
pub(crate) fn exactly(memory: &mut Memory, entries: &[Entry]) -> Lent {
    Lent { pointer: flat(memory, entries), len: entries.len() as u64 }
}

/// One attribute to be filled in, with room for it.
pub(crate) fn one_asked(memory: &mut Memory) -> Lent {
    let entries = [[CKA_CLASS, memory.structure(vec![0]), 8]];
    exactly(memory, &entries)
}

/// A template of `useful` attributes and some others, or none.
pub(crate) fn template(dice: &mut Dice, memory: &mut Memory, mut entries: Vec<Entry>) -> Lent {
    let others = dice.of(&[0, 0, 0, 0, 0, 1, 1, 2, 6]);
    for _ in 0..others {
        let entry = any(dice, memory, 2);
        entries.insert(dice.index(entries.len() + 1), entry);
    }
    match dice.below(80) {
        0 => Lent { pointer: 0, len: 0 },
        1 => Lent { pointer: 0, len: entries.len() as u64 },
        2 => Lent { pointer: flat(memory, &entries), len: dice.wild_len() },
        3 => Lent { pointer: 0, len: dice.wild_len() },
        _ => Lent { pointer: flat(memory, &entries), len: entries.len() as u64 },
    }
}

/// A template to be filled in: types, and room that is missing, too small or enough.
pub(crate) fn asked(dice: &mut Dice, memory: &mut Memory) -> Lent {
    let count = dice.below(8);
    let entries: Vec<Entry> = (0..count).map(|_| asked_one(dice, memory, 2)).collect();
    match dice.below(40) {
        0 => Lent { pointer: 0, len: dice.wild_len() },
        1 => Lent { pointer: flat(memory, &entries), len: dice.wild_len() },
        _ => Lent { pointer: flat(memory, &entries), len: count },
    }
}

fn asked_one(dice: &mut Dice, memory: &mut Memory, depth: u32) -> Entry {
    let kind = any_type(dice);
    if NESTED.contains(&kind) {
        let count = if depth == 0 { 0 } else { dice.below(3) };
        let inner: Vec<Entry> = (0..count).map(|_| asked_one(dice, memory, depth - 1)).collect();
        let pointer = if dice.once_in(3) { 0 } else { flat(memory, &inner) };
        return [kind, pointer, 24 * count];
    }
    let room = dice.below(40);
    let pointer = if dice.once_in(3) { 0 } else { memory.structure(vec![0; 40]) };
    // An answer is written only when it fits: room that cannot be is as good as enough.
    [kind, pointer, if dice.once_in(30) { 320 } else { 8 * room }]
}

fn any_type(dice: &mut Dice) -> u64 {
    match dice.below(12) {
        0 => CKA_TOKEN,
        1..=4 => dice.of(BOOLEANS),
        5 => dice.of(NUMBERS),
        6..=9 => dice.of(BYTES),
        10 => dice.of(NESTED),
        _ => dice.word() & !ARRAY,
    }
}

fn any(dice: &mut Dice, memory: &mut Memory, depth: u32) -> Entry {
    let kind = any_type(dice);
    if NESTED.contains(&kind) {
        return nested(dice, memory, kind, depth);
    }
    let right = !dice.once_in(4);
    if kind == CKA_TOKEN {
        return boolean(memory, kind, false);
    }
    if right && BOOLEANS.contains(&kind) {
        return boolean(memory, kind, dice.once_in(2));
    }
    if right && NUMBERS.contains(&kind) {
        let all = [CLASSES, KEY_TYPES, &[2048, 3072, 0, u64::MAX, 1 << 32]].concat();
        return number(memory, kind, dice.of(&all));
    }
    let Lent { pointer, len } = match dice.below(3) {
        0 => memory.bytes(CURVES[0]),
        1 => memory.bytes(b"20261122"),
        _ => memory.input(dice),
    };
    [kind, pointer, len]
}

fn nested(dice: &mut Dice, memory: &mut Memory, kind: u64, depth: u32) -> Entry {
    let count = if depth == 0 { 0 } else { dice.below(3) };
    let inner: Vec<Entry> = (0..count).map(|_| any(dice, memory, depth - 1)).collect();
    let pointer = flat(memory, &inner);
    match dice.below(10) {
        0 => [kind, 0, 24 * count],
        1 => [kind, pointer, dice.wild_len()],
        2 => [kind, pointer, (24 * count).saturating_sub(dice.below(24))],
        _ => [kind, pointer, 24 * count],
    }
}

fn flat(memory: &mut Memory, entries: &[Entry]) -> u64 {
    let mut words = entries.concat();
    words.push(0);
    memory.structure(words)
}

fn boolean(memory: &mut Memory, kind: u64, value: bool) -> Entry {
    bytes(memory, kind, &[u8::from(value)])
}

fn number(memory: &mut Memory, kind: u64, value: u64) -> Entry {
    bytes(memory, kind, &value.to_ne_bytes())
}

fn bytes(memory: &mut Memory, kind: u64, value: &[u8]) -> Entry {
    let Lent { pointer, len } = memory.bytes(value);
    [kind, pointer, len]
}
