//! Sections 6.3.5 and 6.3.7: `CKA_EC_POINT` in the form that the caller's version of the standard gives it.
//!
//! SoftHSM has the list of 2.40 alone, and wraps.

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_TOKEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKO_PUBLIC_KEY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_OK,
};
use pkcs11_tests::keys::P256;
use pkcs11_tests::raw::Through;
use pkcs11_tests::{Template, Test, assert_rv, mechanism, on_claviger};

use super::pair;

on_claviger!(
    a_point_has_the_form_of_the_callers_list,
    a_wrapped_point_needs_room_for_its_wrapping,
    points_are_wrapped_wherever_they_stand_in_a_template,
    a_private_key_has_no_point_by_any_list,
    a_public_key_is_found_by_every_form_of_its_point,
);

const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
const X25519: &[u8] = b"\x06\x03\x2b\x65\x6e";

/// Whose callers know no version after 3.0.
const BEFORE_3_1: [Through; 4] = [
    Through::FunctionList,
    Through::Interface(None),
    Through::Interface(Some((2, 40))),
    Through::Interface(Some((3, 0))),
];
const SINCE_3_1: Through = Through::Interface(Some((3, 2)));

const CURVES: [(u64, &[u8]); 2] =
    [(CKM_EC_EDWARDS_KEY_PAIR_GEN, ED25519), (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, X25519)];

fn point(t: &Test, through: Through, session: u64, key: u64) -> Vec<u8> {
    let (rv, point, _) = t.module.attribute_through(through, session, key, CKA_EC_POINT, Some(200));
    assert_rv!(rv, CKR_OK, "{through:?}");
    point
}

fn a_point_has_the_form_of_the_callers_list(t: &Test) {
    let session = t.token().user_session();
    for (by, curve) in CURVES {
        let key = pair(t, session, by, curve, &Template::new()).public;
        let raw = point(t, SINCE_3_1, session, key);
        assert_eq!(raw.len(), 32);
        for through in BEFORE_3_1 {
            assert_eq!(point(t, through, session, key), [&[4, 32], &raw[..]].concat(), "{through:?}");
        }
    }
    let key = pair(t, session, CKM_EC_KEY_PAIR_GEN, P256, &Template::new()).public;
    let wrapped = point(t, SINCE_3_1, session, key);
    assert_eq!((wrapped.len(), &wrapped[..3]), (67, &[4, 65, 4][..]), "on P-256 every version wraps");
    for through in BEFORE_3_1 {
        assert_eq!(point(t, through, session, key), wrapped, "{through:?}");
    }
}

fn a_wrapped_point_needs_room_for_its_wrapping(t: &Test) {
    let session = t.token().user_session();
    let key = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, ED25519, &Template::new()).public;
    let ask = |through, room| {
        let (rv, _, len) = t.module.attribute_through(through, session, key, CKA_EC_POINT, room);
        (rv, len)
    };
    assert_eq!(ask(SINCE_3_1, None), (CKR_OK, 32));
    assert_eq!(ask(SINCE_3_1, Some(32)), (CKR_OK, 32));
    for through in BEFORE_3_1 {
        assert_eq!(ask(through, None), (CKR_OK, 34));
        assert_eq!(ask(through, Some(33)), (CKR_BUFFER_TOO_SMALL, u64::MAX));
        assert_eq!(ask(through, Some(34)), (CKR_OK, 34));
    }
}

fn points_are_wrapped_wherever_they_stand_in_a_template(t: &Test) {
    let session = t.token().user_session();
    let key = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, ED25519, &Template::new()).public;
    let room = Some(64);
    let asked = [(CKA_EC_POINT, room), (CKA_CLASS, room), (CKA_KEY_TYPE, room), (CKA_EC_POINT, None)];
    let (rv, answers) = t.module.attribute_values(session, key, &asked);
    assert_rv!(rv, CKR_OK);
    assert_eq!(answers.iter().map(|(_, len)| *len).collect::<Vec<_>>(), [34, 8, 8, 34]);
    assert_eq!(answers[0].0[..2], [4, 32]);
}

fn a_private_key_has_no_point_by_any_list(t: &Test) {
    let session = t.token().user_session();
    let key = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, ED25519, &Template::new()).private;
    for through in BEFORE_3_1.into_iter().chain([SINCE_3_1]) {
        let (rv, ..) = t.module.attribute_through(through, session, key, CKA_EC_POINT, Some(64));
        assert_rv!(rv, CKR_ATTRIBUTE_TYPE_INVALID, "{through:?}");
    }
}

fn a_public_key_is_found_by_every_form_of_its_point(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (by, curve) in CURVES {
        for kept in [true, false] {
            let public = Template::new().boolean(CKA_TOKEN, kept).bytes(cryptoki_sys::CKA_EC_PARAMS, curve);
            let private = Template::new().boolean(CKA_TOKEN, kept);
            let made = || t.module.generate_key_pair(session, Some(&mechanism(by)), &public, &private);
            let (wanted, another) = (made(), made());
            assert_eq!((wanted.0, another.0), (CKR_OK, CKR_OK));
            let raw = point(t, SINCE_3_1, session, wanted.1);
            for form in [raw.clone(), [&[4, 32], &raw[..]].concat(), [&[3, 33, 0], &raw[..]].concat()] {
                let template = Template::new().bytes(CKA_EC_POINT, form);
                assert_eq!(token.find(session, &template), [wanted.1], "{kept}");
                let template = template.ulong(CKA_CLASS, CKO_PUBLIC_KEY);
                assert_eq!(token.find(session, &template), [wanted.1], "{kept}");
            }
            for none in [&raw[1..], &[&[4, 31], &raw[1..]].concat(), &[&[4, 33, 0], &raw[..]].concat()] {
                assert_eq!(token.find(session, &Template::new().bytes(CKA_EC_POINT, none)), [0; 0]);
            }
        }
    }
}
