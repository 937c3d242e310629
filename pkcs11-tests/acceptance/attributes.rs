//! 15: whatever is asked together, what can be read is filled in.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_UNAVAILABLE_INFORMATION, CKA_CHECK_VALUE, CKA_CLASS, CKA_EC_POINT, CKA_EXTRACTABLE,
    CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_PRIME_1, CKA_PRIVATE_EXPONENT, CKA_SENSITIVE, CKA_START_DATE,
    CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKA_VENDOR_DEFINED, CKA_WRAP_TEMPLATE, CKM_AES_KEY_GEN,
    CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_OK,
};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::{Template, Test, assert_rv, mechanism, on_claviger};

on_claviger!(pain_15_whatever_is_asked_together_what_can_be_read_is_filled_in);

/// Some that all objects have, some that one kind has, secrets, and two that nothing has.
const TYPES: [CK_ATTRIBUTE_TYPE; 18] = [
    CKA_CLASS,
    CKA_TOKEN,
    CKA_LABEL,
    CKA_ID,
    CKA_SENSITIVE,
    CKA_EXTRACTABLE,
    CKA_START_DATE,
    CKA_MODULUS,
    CKA_EC_POINT,
    CKA_VALUE,
    CKA_VALUE_LEN,
    CKA_PRIVATE_EXPONENT,
    CKA_PRIME_1,
    CKA_CHECK_VALUE,
    CKA_WRAP_TEMPLATE,
    CKA_VENDOR_DEFINED,
    CKA_VENDOR_DEFINED | 77,
    0x7FFF_0001,
];
const TEMPLATES: usize = 2000;

/// Numbers that are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

fn pain_15_whatever_is_asked_together_what_can_be_read_is_filled_in(t: &Test) {
    let session = t.token().user_session();
    let rsa = generate(t.module, session, Kind::Rsa, false, "mixed");
    let ec = generate(t.module, session, Kind::P256, false, "mixed");
    let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_TOKEN, false);
    let (rv, aes) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut met = [0_usize; 4];
    for object in [rsa.public, rsa.private, ec.public, ec.private, aes] {
        // What each is, asked alone.
        let alone = TYPES.map(|kind| {
            let (rv, mut answers) = t.module.attribute_values(session, object, &[(kind, Some(600))]);
            let (value, len) = answers.remove(0);
            (rv, value, len)
        });
        for _ in 0..TEMPLATES / 5 {
            let chosen: Vec<usize> = (0..=numbers.below(8)).map(|_| numbers.below(TYPES.len())).collect();
            let rooms: Vec<Option<usize>> =
                chosen.iter().map(|_| [None, Some(0), Some(3), Some(600)][numbers.below(4)]).collect();
            let asked: Vec<_> = chosen.iter().zip(&rooms).map(|(at, room)| (TYPES[*at], *room)).collect();
            let (rv, answers) = t.module.attribute_values(session, object, &asked);
            let mut reasons = [false; 3];
            for ((at, room), (value, len)) in chosen.iter().zip(&rooms).zip(&answers) {
                let (alone_rv, whole, whole_len) = &alone[*at];
                let fits = room.is_none_or(|room| room as u64 >= *whole_len);
                reasons[0] |= *alone_rv == CKR_ATTRIBUTE_SENSITIVE;
                reasons[1] |= *alone_rv == CKR_ATTRIBUTE_TYPE_INVALID;
                reasons[2] |= *alone_rv == CKR_OK && !fits;
                let expected =
                    if *alone_rv == CKR_OK && fits { *whole_len } else { CK_UNAVAILABLE_INFORMATION };
                assert_eq!(*len, expected, "{asked:x?}");
                if *alone_rv == CKR_OK && fits && room.is_some() {
                    let len = usize::try_from(*len).unwrap();
                    assert_eq!(value[..len], whole[..len], "{asked:x?}");
                }
            }
            let codes = [CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL];
            let first = reasons.iter().position(|reason| *reason);
            assert_rv!(rv, first.map_or(CKR_OK, |first| codes[first]), "{asked:x?}");
            met[first.unwrap_or(3)] += 1;
        }
    }
    assert!(met.iter().all(|times| *times > 20), "each answer was met: {met:?}");
}
