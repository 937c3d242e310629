//! Templates, sent and answered.

use std::ptr::null_mut;

use cryptoki_sys::{CK_ATTRIBUTE, CK_UNAVAILABLE_INFORMATION};
use pkcs11::constants::{
    CKA_ALLOWED_MECHANISMS, CKA_CLASS, CKA_ID, CKA_LABEL, CKA_SIGN, CKA_VALUE, CKA_WRAP_TEMPLATE,
    CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_GENERAL_ERROR, CKR_OK,
};
use pkcs11::{Attribute, AttributeValue, Attributes, RawValue, Reveal, Secret};

use super::double::locked;
use super::{Host, SESSION, WILD, attribute, call};

/// Sends a template, and gives the answer.
fn create(host: &Host, template: &mut [CK_ATTRIBUTE]) -> u64 {
    let mut handle = 0;
    let rv = call!(host, C_CreateObject(SESSION, template.as_mut_ptr(), template.len() as u64, &mut handle));
    assert_eq!(handle, if rv == CKR_OK { 77 } else { 0 });
    rv
}

#[test]
fn a_template_arrives_in_its_order_with_its_duplicates() {
    let host = Host::new();
    let mut label = *b"label";
    let mut template = [
        attribute(CKA_LABEL, label.as_mut_ptr().cast(), 5),
        attribute(CKA_ID, null_mut(), 0),
        attribute(CKA_LABEL, label.as_mut_ptr().cast(), 2),
    ];
    assert_eq!(create(&host, &mut template), CKR_OK);
    let expected = [
        Attribute::bytes(CKA_LABEL, b"label"),
        Attribute::bytes(CKA_ID, b""),
        Attribute::bytes(CKA_LABEL, b"la"),
    ];
    assert_eq!(*locked(&host.token.template), expected);
}

#[test]
fn values_that_cannot_be_there_are_invalid_and_nothing_is_created() {
    let host = Host::new();
    let mut value = [0u8; 4];
    let there = value.as_mut_ptr().cast();
    for bad in [
        attribute(CKA_ID, null_mut(), 1),
        attribute(CKA_ID, there, CK_UNAVAILABLE_INFORMATION),
        attribute(CKA_ID, there, 1 << 62),
        attribute(CKA_ID, there, (16 << 20) + 1),
        attribute(CKA_ID, WILD.cast(), 4096),
        attribute(CKA_WRAP_TEMPLATE, there, 4),
        attribute(CKA_WRAP_TEMPLATE, null_mut(), 24),
        attribute(CKA_WRAP_TEMPLATE, WILD.cast(), 24 * 1000),
    ] {
        assert_eq!(create(&host, &mut [bad]), CKR_ATTRIBUTE_VALUE_INVALID, "{bad:?}");
    }
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn a_template_that_cannot_be_there_is_a_bad_argument() {
    let host = Host::new();
    let mut one = attribute(CKA_ID, null_mut(), 0);
    let init = |template, count| call!(host, C_FindObjectsInit(SESSION, template, count));
    assert_eq!(init(null_mut(), 1), CKR_ARGUMENTS_BAD);
    assert_eq!(init(WILD.cast(), 1000), CKR_ARGUMENTS_BAD);
    for count in [u64::MAX, u64::MAX / 24, 1 << 60, 1 << 32, 4097] {
        assert_eq!(init(&mut one, count), CKR_ARGUMENTS_BAD);
    }
    assert_eq!(host.token.asked(), [""; 0]);
    assert_eq!(init(null_mut(), 0), CKR_OK);
    assert_eq!(init(WILD.cast(), 0), CKR_OK);
}

#[test]
fn templates_within_templates_are_read_to_a_depth() {
    let host = Host::new();
    let mut yes = 1u8;
    let mut inner = [attribute(CKA_SIGN, (&raw mut yes).cast(), 1)];
    let mut outer = [attribute(CKA_WRAP_TEMPLATE, inner.as_mut_ptr().cast(), 24)];
    assert_eq!(create(&host, &mut outer), CKR_OK);
    let expected = RawValue::Template(vec![Attribute::boolean(CKA_SIGN, true)]);
    assert_eq!(locked(&host.token.template)[0].value, expected);

    let mut circle = attribute(CKA_WRAP_TEMPLATE, null_mut(), 24);
    circle.pValue = (&raw mut circle).cast();
    let rv = call!(host, C_FindObjectsInit(SESSION, &mut circle, 1));
    assert_eq!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
}

#[test]
fn templates_within_templates_share_one_budget() {
    let host = Host::new();
    let mut many = vec![attribute(CKA_ID, null_mut(), 0); 100];
    let mut outer = vec![attribute(CKA_WRAP_TEMPLATE, many.as_mut_ptr().cast(), 2400); 100];
    assert_eq!(create(&host, &mut outer), CKR_ATTRIBUTE_VALUE_INVALID);
    assert_eq!(create(&host, &mut outer[..30]), CKR_OK);
    let mut large = vec![0u8; 16 << 20];
    let mut bytes = vec![attribute(CKA_VALUE, large.as_mut_ptr().cast(), 16 << 20); 5];
    assert_eq!(create(&host, &mut bytes), CKR_ATTRIBUTE_VALUE_INVALID);
    assert_eq!(create(&host, &mut bytes[..4]), CKR_OK);
}

#[test]
fn a_list_of_mechanisms_is_bytes_though_its_type_says_array() {
    let host = Host::new();
    let mut mechanisms = [1u64, 2];
    let mut template = [attribute(CKA_ALLOWED_MECHANISMS, mechanisms.as_mut_ptr().cast(), 16)];
    assert_eq!(create(&host, &mut template), CKR_OK);
    let expected: Vec<u8> = mechanisms.iter().flat_map(|m| m.to_ne_bytes()).collect();
    assert_eq!(locked(&host.token.template)[0], Attribute::bytes(CKA_ALLOWED_MECHANISMS, &expected));
}

/// Asks for values, each shown as given.
fn ask(host: &Host, reveals: Vec<Reveal>, template: &mut [CK_ATTRIBUTE]) -> u64 {
    *locked(&host.token.reveals) = reveals;
    call!(host, C_GetAttributeValue(SESSION, 5, template.as_mut_ptr(), template.len() as u64))
}

fn bytes(bytes: &[u8]) -> Reveal {
    Reveal::Value(AttributeValue::Bytes(Secret::from(bytes)))
}

#[test]
fn every_value_that_can_be_given_is_given_beside_those_that_cannot() {
    let host = Host::new();
    let (mut id, mut class, mut small) = ([9u8; 8], 0u64, [9u8; 2]);
    let mut template = [
        attribute(CKA_VALUE, small.as_mut_ptr().cast(), 2),
        attribute(CKA_LABEL, small.as_mut_ptr().cast(), 2),
        attribute(CKA_ID, id.as_mut_ptr().cast(), 8),
        attribute(CKA_SIGN, null_mut(), 0),
        attribute(CKA_CLASS, (&raw mut class).cast(), 8),
    ];
    let shown = || {
        vec![
            Reveal::Sensitive,
            bytes(b"abc"),
            bytes(b"abc"),
            Reveal::Invalid,
            Reveal::Value(AttributeValue::Ulong(3)),
        ]
    };
    let asked = template;
    assert_eq!(ask(&host, shown(), &mut template), CKR_ATTRIBUTE_SENSITIVE);
    assert_eq!((&id[..4], class, small), (&b"abc\x09"[..], 3, [9, 9]));
    let none = CK_UNAVAILABLE_INFORMATION;
    assert_eq!(template.map(|entry| entry.ulValueLen), [none, none, 3, none, 8]);

    let mut template = asked;
    assert_eq!(ask(&host, shown()[1..].to_vec(), &mut template[1..]), CKR_ATTRIBUTE_TYPE_INVALID);
    let mut template = asked;
    assert_eq!(ask(&host, shown()[1..3].to_vec(), &mut template[1..3]), CKR_BUFFER_TOO_SMALL);
}

#[test]
fn a_null_value_asks_for_the_length_and_an_empty_value_has_one() {
    let host = Host::new();
    let mut template = [attribute(CKA_ID, null_mut(), 77), attribute(CKA_LABEL, WILD.cast(), 0)];
    assert_eq!(ask(&host, vec![bytes(b"abc"), bytes(b"")], &mut template), CKR_OK);
    assert_eq!(template.map(|entry| entry.ulValueLen), [3, 0]);
}

#[test]
fn a_length_left_over_from_a_refusal_is_no_room() {
    let host = Host::new();
    let mut id = [9u8; 8];
    for len in [CK_UNAVAILABLE_INFORMATION, 1 << 63] {
        let mut template = [attribute(CKA_ID, id.as_mut_ptr().cast(), len)];
        assert_eq!(ask(&host, vec![bytes(b"abc")], &mut template), CKR_BUFFER_TOO_SMALL);
        assert_eq!(template[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    }
    assert_eq!(id, [9; 8]);
}

#[test]
fn booleans_and_lists_of_numbers_are_as_the_machine_holds_them() {
    let host = Host::new();
    let (mut yes, mut numbers) = (9u8, [0u64; 2]);
    let mut template = [
        attribute(CKA_SIGN, (&raw mut yes).cast(), 1),
        attribute(CKA_ALLOWED_MECHANISMS, numbers.as_mut_ptr().cast(), 16),
    ];
    let shown =
        vec![Reveal::Value(AttributeValue::Bool(true)), Reveal::Value(AttributeValue::Ulongs(vec![4, 5]))];
    assert_eq!(ask(&host, shown, &mut template), CKR_OK);
    assert_eq!((yes, numbers), (1, [4, 5]));
}

fn wrap_template() -> Reveal {
    let mut inner = Attributes::new();
    inner.set_ulong(CKA_CLASS, 4);
    inner.set_bytes(CKA_LABEL, b"abc");
    Reveal::Value(AttributeValue::Template(inner))
}

#[test]
fn a_template_in_a_template_is_asked_in_three_steps() {
    let host = Host::new();
    let mut outer = [attribute(CKA_WRAP_TEMPLATE, null_mut(), 0)];
    assert_eq!(ask(&host, vec![wrap_template()], &mut outer), CKR_OK);
    assert_eq!(outer[0].ulValueLen, 48);

    let mut inner = [attribute(0, null_mut(), 0); 2];
    outer[0].pValue = inner.as_mut_ptr().cast();
    assert_eq!(ask(&host, vec![wrap_template()], &mut outer), CKR_OK);
    assert_eq!(inner.map(|entry| (entry.type_, entry.ulValueLen)), [(CKA_CLASS, 8), (CKA_LABEL, 3)]);

    let (mut class, mut label) = (0u64, [0u8; 3]);
    inner[0].pValue = (&raw mut class).cast();
    inner[1].pValue = label.as_mut_ptr().cast();
    assert_eq!(ask(&host, vec![wrap_template()], &mut outer), CKR_OK);
    assert_eq!((class, &label, outer[0].ulValueLen), (4, b"abc", 48));

    inner[0].ulValueLen = 7;
    label = [0; 3];
    assert_eq!(ask(&host, vec![wrap_template()], &mut outer), CKR_BUFFER_TOO_SMALL);
    assert_eq!((inner[0].ulValueLen, &label), (CK_UNAVAILABLE_INFORMATION, b"abc"));

    outer[0].ulValueLen = 47;
    assert_eq!(ask(&host, vec![wrap_template()], &mut outer), CKR_BUFFER_TOO_SMALL);
    assert_eq!(outer[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

#[test]
fn fewer_answers_than_questions_are_a_defect() {
    let host = Host::new();
    let mut template = [attribute(CKA_ID, null_mut(), 0)];
    assert_eq!(ask(&host, vec![], &mut template), CKR_GENERAL_ERROR);
}
