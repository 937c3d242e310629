//! Numbers and points that are none of their curve's or their group's (FIPS 186-5 appendix A.2.1, RFC 7748 section 6, RFC
//! 8032 section 5, SP 800-56A section 5.6.2.3).

use cryptoki_sys::{
    CKA_BASE, CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_KEY_TYPE, CKA_PRIME, CKA_SUBPRIME, CKA_VALUE,
    CKD_NULL, CKK_DH, CKK_DSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_GENERIC_SECRET,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_TEMPLATE_INCOMPLETE, CKR_WRAPPED_KEY_INVALID,
};
use pkcs11_tests::mechanisms::finite_fields::{DSA_2048, FFDHE2048};
use pkcs11_tests::mechanisms::{ED448, ED25519, X448, X25519};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_claviger};

use super::information::{Courier, OCTETS, OID, SEQUENCE, der, key_info, number, private};
use super::{CURVES, EC_PUBLIC_KEY, octets, point_key, refused};

on_claviger!(
    a_scalar_is_from_one_to_the_order_less_one,
    a_key_of_rfc_8410_is_as_long_as_its_curve_has_them,
    points_of_every_small_order_verify_nothing,
    points_of_every_small_order_agree_on_nothing,
    a_point_of_the_twist_agrees,
    a_private_number_of_a_finite_field_is_inside,
);

/// The orders of [`CURVES`] (SP 800-186, SEC 2, RFC 5639).
const ORDERS: [&str; 7] = [
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d0\
     3bb5c9b8899c47aebb6fb71e91386409",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565",
];

/// A number in big endian with something added to its last byte, which bears it.
fn plus(number: &[u8], more: i8) -> Vec<u8> {
    let mut sum = number.to_vec();
    let last = sum.last_mut().unwrap();
    *last = last.checked_add_signed(more).unwrap();
    sum
}

/// Through `C_CreateObject` and through `C_UnwrapKey`. What is shorter than the order is a number too.
fn a_scalar_is_from_one_to_the_order_less_one(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    for ((curve, len), order) in CURVES.into_iter().zip(ORDERS.map(unhex)) {
        assert_eq!(order.len(), len);
        let created = |scalar: &[u8]| private(CKK_EC).bytes(CKA_EC_PARAMS, curve).bytes(CKA_VALUE, scalar);
        let unwrapped = |scalar: &[u8]| {
            let key = der(SEQUENCE, &[&number(&[1]), &der(OCTETS, &[scalar])]);
            courier.unwrapped(CKK_EC, &key_info(&[EC_PUBLIC_KEY, curve], &key), &Template::new())
        };
        for good in [vec![1], [vec![0; len - 1], vec![1]].concat(), plus(&order, -1)] {
            assert_rv!(m.create_object(session, &created(&good)).0, CKR_OK, "{curve:?}");
            assert_rv!(unwrapped(&good), CKR_OK, "{curve:?}");
        }
        let widths = CURVES.map(|(_, other)| other).into_iter().filter(|other| *other > len);
        let others = widths.map(|other| (vec![1; other], "of another curve's width"));
        let none = [
            (vec![0; len], "zero"),
            (vec![0], "zero in a byte"),
            (order.clone(), "the order"),
            (plus(&order, 1), "the order and one"),
            (vec![0xFF; len], "as large as can be"),
            ([&[1], &order[..]].concat(), "a byte longer"),
        ];
        for (scalar, what) in none.into_iter().chain(others) {
            refused(m, session, &created(&scalar), what);
            assert_rv!(unwrapped(&scalar), CKR_WRAPPED_KEY_INVALID, "{curve:?}: {what}");
        }
    }
}

/// RFC 8410 section 7: an `OCTET STRING` within the other.
fn a_key_of_rfc_8410_is_as_long_as_its_curve_has_them(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    for (key_type, curve, len) in [
        (CKK_EC_EDWARDS, ED25519, 32),
        (CKK_EC_EDWARDS, ED448, 57),
        (CKK_EC_MONTGOMERY, X25519, 32),
        (CKK_EC_MONTGOMERY, X448, 56),
    ] {
        let created = |value: &[u8]| private(key_type).bytes(CKA_EC_PARAMS, curve).bytes(CKA_VALUE, value);
        let unwrapped = |value: &[u8]| {
            courier.unwrapped(key_type, &key_info(&[curve], &der(OCTETS, &[value])), &Template::new())
        };
        assert_rv!(m.create_object(session, &created(&vec![1; len])).0, CKR_OK);
        assert_rv!(unwrapped(&vec![1; len]), CKR_OK);
        for other in [1, 31, 32, 33, 55, 56, 57, 58, 64, 114].into_iter().filter(|other| *other != len) {
            refused(m, session, &created(&vec![1; other]), &format!("{other} bytes for {len}"));
            assert_rv!(unwrapped(&vec![1; other]), CKR_WRAPPED_KEY_INVALID, "{other} bytes for {len}");
        }
        assert_rv!(unwrapped(&[]), CKR_WRAPPED_KEY_INVALID);
    }
}

/// The prime of a field in little endian, with something added to its first byte.
fn little(prime: &str, more: i8) -> Vec<u8> {
    let mut bytes = plus(&unhex(prime), more);
    bytes.reverse();
    bytes
}

/// 2^255 - 19, and 2^448 - 2^224 - 1.
const P25519: &str = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
const P448: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffff\
                    ffffffffffffffffffffffffffffffff";
/// Coordinates of the points of order eight: those of edwards25519, whose sign is another bit, and those of curve25519.
const OF_ORDER_EIGHT: [&str; 2] = [
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
];
const AGREED_OF_ORDER_EIGHT: [&str; 2] = [
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
];

/// Both points with a coordinate: the sign is the last bit.
fn with_signs(coordinate: &[u8]) -> [Vec<u8>; 2] {
    let mut negative = coordinate.to_vec();
    *negative.last_mut().unwrap() ^= 0x80;
    [coordinate.to_vec(), negative]
}

/// The neutral element, and the points of order two, four and, on edwards25519, eight; forms that are not reduced too.
fn points_of_every_small_order_verify_nothing(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let one = |len: usize| [vec![1], vec![0; len - 1]].concat();
    let signed = |mut coordinate: Vec<u8>| {
        coordinate.push(0);
        coordinate
    };
    let mut of_25519 = vec![one(32), vec![0; 32], little(P25519, -1), little(P25519, 0), little(P25519, 1)];
    of_25519.extend(OF_ORDER_EIGHT.map(unhex));
    let of_448 = [one(57), vec![0; 57]].into_iter().chain([-1, 0].map(|more| signed(little(P448, more))));
    for (curve, points) in [(ED25519, of_25519), (ED448, of_448.collect())] {
        for point in points.iter().flat_map(|point| with_signs(point)) {
            refused(m, session, &point_key(CKK_EC_EDWARDS, curve, &octets(&point)), &format!("{point:?}"));
        }
    }
}

/// The same of curve25519 and curve448, and of their twists: as public keys, and as what is agreed with.
fn points_of_every_small_order_agree_on_nothing(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let one = |len: usize| [vec![1], vec![0; len - 1]].concat();
    let mut of_25519 = vec![vec![0; 32], one(32)];
    of_25519.extend([-1, 0, 1].map(|more| little(P25519, more)));
    of_25519.extend(AGREED_OF_ORDER_EIGHT.map(unhex));
    // The last bit is not looked at (RFC 7748 section 5).
    let of_25519 = of_25519.iter().flat_map(|point| with_signs(point)).collect();
    let mut of_448 = vec![vec![0; 56], one(56)];
    of_448.extend([-1, 0].map(|more| little(P448, more)));
    // The prime and one ends with a carry.
    of_448.push([vec![0; 28], vec![0xFF; 28]].concat());
    for (curve, points) in [(X25519, of_25519), (X448, of_448)] {
        let points: Vec<Vec<u8>> = points;
        let own = montgomery(t, session, curve);
        for point in points {
            refused(m, session, &point_key(CKK_EC_MONTGOMERY, curve, &octets(&point)), &format!("{point:?}"));
            assert_rv!(agreed(t, session, own, &point), CKR_MECHANISM_PARAM_INVALID, "{point:?}");
        }
    }
}

fn montgomery(t: &Test, session: u64, curve: &[u8]) -> u64 {
    let (pair, may) =
        (Template::new().bytes(CKA_EC_PARAMS, curve), Template::new().boolean(CKA_DERIVE, true));
    let by = mechanism(CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    let (rv, _, own) = t.module.generate_key_pair(session, Some(&by), &pair, &may);
    assert_rv!(rv, CKR_OK);
    own
}

fn agreed(t: &Test, session: u64, own: u64, point: &[u8]) -> u64 {
    let by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(point));
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    t.module.derive_key(session, Some(&by.mechanism()), own, &template).0
}

/// RFC 7748 sections 5 and 7: each string is a coordinate, of the curve or of its twist, which is as strong: u = 2 lies on
/// the twist of curve25519, u = 3 on that of curve448.
fn a_point_of_the_twist_agrees(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (curve, len, coordinate) in [(X25519, 32, 2), (X448, 56, 3)] {
        let point = [vec![coordinate], vec![0; len - 1]].concat();
        let key = point_key(CKK_EC_MONTGOMERY, curve, &octets(&point));
        assert_rv!(m.create_object(session, &key).0, CKR_OK);
        assert_rv!(agreed(t, session, montgomery(t, session, curve), &point), CKR_OK);
    }
}

/// Of Diffie-Hellman and DSA, through `C_CreateObject` and through `C_UnwrapKey`.
fn a_private_number_of_a_finite_field_is_inside(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    let p = unhex(FFDHE2048);
    let half: Vec<u8> =
        p.iter().scan(0, |carry, byte| Some(byte >> 1 | std::mem::replace(carry, byte & 1) << 7)).collect();
    let dh = |value: &[u8]| {
        let parts = private(CKK_DH).bytes(CKA_PRIME, &p).bytes(CKA_BASE, [2]);
        let parameters = der(SEQUENCE, &[&number(&p), &number(&[2])]);
        let oid = der(OID, &[&unhex("2a864886f70d010301")]);
        (parts.bytes(CKA_VALUE, value), key_info(&[&oid, &parameters], &number(value)))
    };
    let [dsa_p, q, g] = DSA_2048.map(unhex);
    let dsa = |value: &[u8]| {
        let parts = private(CKK_DSA).bytes(CKA_PRIME, &dsa_p).bytes(CKA_SUBPRIME, &q).bytes(CKA_BASE, &g);
        let parameters = der(SEQUENCE, &[&number(&dsa_p), &number(&q), &number(&g)]);
        let oid = der(OID, &[&unhex("2a8648ce380401")]);
        (parts.bytes(CKA_VALUE, value), key_info(&[&oid, &parameters], &number(value)))
    };
    let good = [vec![7; 32], vec![1; 28]];
    for (key_type, (template, info)) in [(CKK_DH, dh(&good[0])), (CKK_DSA, dsa(&good[1]))] {
        assert_rv!(m.create_object(session, &template).0, CKR_OK, "type {key_type:#x}");
        assert_rv!(courier.unwrapped(key_type, &info, &Template::new()), CKR_OK, "type {key_type:#x}");
    }
    let of_dh =
        [vec![0], vec![1], plus(&p, -1), p.clone(), [&[1], &p[..]].concat(), half].map(|none| dh(&none));
    for (key_type, oid, parts) in [
        (CKK_DH, "2a864886f70d010301", [&[0][..], &[2]].as_slice()),
        (CKK_DH, "2a864886f70d010301", &[&p, &[0]]),
        (CKK_DSA, "2a8648ce380401", &[&[0], &q, &g]),
        (CKK_DSA, "2a8648ce380401", &[&dsa_p, &[0], &g]),
        (CKK_DSA, "2a8648ce380401", &[&dsa_p, &q, &[0]]),
    ] {
        let numbers: Vec<u8> = parts.iter().flat_map(|part| number(part)).collect();
        let algorithm = [der(OID, &[&unhex(oid)]), der(SEQUENCE, &[&numbers])];
        let info = key_info(&[&algorithm[0], &algorithm[1]], &number(&good[1]));
        assert_rv!(courier.unwrapped(key_type, &info, &Template::new()), CKR_WRAPPED_KEY_INVALID);
    }
    let of_dsa = [vec![0], q.clone(), plus(&q, 1), vec![0xFF; 32], p.clone()].map(|none| dsa(&none));
    let of_dh = of_dh.into_iter().map(|none| (CKK_DH, none));
    for (index, (key_type, (template, info))) in
        of_dh.chain(of_dsa.into_iter().map(|none| (CKK_DSA, none))).enumerate()
    {
        let rv = m.create_object(session, &template).0;
        let told = [CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE];
        assert!(told.contains(&rv), "number {index}: {rv:#x}");
        let rv = courier.unwrapped(key_type, &info, &Template::new());
        assert_rv!(rv, CKR_WRAPPED_KEY_INVALID, "number {index}");
    }
}
