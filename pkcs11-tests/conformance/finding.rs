//! Section 5.7: C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal.

use cryptoki_sys::{
    CKA_CLASS, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_PRIVATE, CKA_SIGN, CKA_TOKEN, CKK_EC, CKK_RSA,
    CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK,
    CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::keys::{Kind, Pair, generate};
use pkcs11_tests::{Attribute, Template, Test, Token, Value, assert_rv, on_both, on_claviger};

on_both!(
    an_empty_template_finds_all_that_is_visible,
    each_attribute_narrows_the_search,
    an_unknown_value_finds_nothing,
    results_come_in_portions_and_each_once,
    a_second_search_in_the_session_is_refused,
    find_and_final_need_init,
    two_sessions_search_at_once,
    a_session_object_is_found_and_a_destroyed_one_is_not,
    equal_labels_and_ids_are_all_found,
    an_object_of_another_process_shows_at_the_next_search,
    an_empty_label_finds_what_has_none,
);
on_claviger!(nulls_and_wild_counts_are_refused);

fn pairs(t: &Test) -> (Token, u64, Pair, Pair) {
    let token = t.token();
    let session = token.user_session();
    let ec = generate(t.module, session, Kind::P256, true, "one");
    let rsa = generate(t.module, session, Kind::Rsa, true, "two");
    (token, session, ec, rsa)
}

fn sorted(mut handles: Vec<u64>) -> Vec<u64> {
    handles.sort_unstable();
    handles
}

fn an_empty_template_finds_all_that_is_visible(t: &Test) {
    let (token, session, ec, rsa) = pairs(t);
    let all = sorted(vec![ec.public, ec.private, rsa.public, rsa.private]);
    assert_eq!(sorted(token.find(session, &Template::new())), all);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_eq!(token.find(session, &Template::new()).len(), 2);
}

fn each_attribute_narrows_the_search(t: &Test) {
    let (token, session, ec, rsa) = pairs(t);
    let find = |template: Template| sorted(token.find(session, &template));
    let private = Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY);
    assert_eq!(find(private.clone()), sorted(vec![ec.private, rsa.private]));
    assert_eq!(find(private.clone().ulong(CKA_KEY_TYPE, CKK_EC)), [ec.private]);
    assert_eq!(find(private.clone().bytes(CKA_ID, "two")), [rsa.private]);
    assert_eq!(find(private.clone().bytes(CKA_LABEL, "one").boolean(CKA_SIGN, true)), [ec.private]);
    assert_eq!(find(private.bytes(CKA_LABEL, "one").ulong(CKA_KEY_TYPE, CKK_RSA)), []);
    assert_eq!(find(Template::new().boolean(CKA_PRIVATE, false)), sorted(vec![ec.public, rsa.public]));
    assert_eq!(find(Template::new().boolean(CKA_TOKEN, false)), []);
}

fn an_unknown_value_finds_nothing(t: &Test) {
    let (token, session, ..) = pairs(t);
    for template in [
        Template::new().bytes(CKA_LABEL, "on"),
        Template::new().bytes(CKA_LABEL, "one "),
        Template::new().ulong(CKA_CLASS, 4711),
        Template::new().bytes(0x7FFF_FFFF, "x"),
        Template::new().bytes(CKA_LABEL, vec![b'x'; 100_000]),
    ] {
        assert_eq!(token.find(session, &template), []);
    }
}

fn results_come_in_portions_and_each_once(t: &Test) {
    let (_, session, ec, rsa) = pairs(t);
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    let mut found = Vec::new();
    for max in [0, 1, 2, 5, 1] {
        let (rv, portion) = t.module.find_objects(session, max);
        assert_rv!(rv, CKR_OK);
        assert!(portion.len() <= max);
        found.extend(portion);
    }
    assert_rv!(t.module.find_objects_final(session), CKR_OK);
    assert_eq!(sorted(found), sorted(vec![ec.public, ec.private, rsa.public, rsa.private]));
}

fn a_second_search_in_the_session_is_refused(t: &Test) {
    let (token, session, ..) = pairs(t);
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OPERATION_ACTIVE);
    assert_eq!(t.module.find_objects(session, 10).1.len(), 4, "the first goes on");
    assert_rv!(t.module.find_objects_final(session), CKR_OK);
    assert_eq!(token.find(session, &Template::new()).len(), 4);
}

fn find_and_final_need_init(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.find_objects(session, 10).0, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.find_objects_final(session), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    assert_rv!(t.module.find_objects_final(session), CKR_OK);
    assert_rv!(t.module.find_objects_final(session), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.find_objects(session, 10).0, CKR_OPERATION_NOT_INITIALIZED);
}

fn two_sessions_search_at_once(t: &Test) {
    let (token, first, ec, rsa) = pairs(t);
    let second = token.open_ro();
    assert_rv!(t.module.find_objects_init(first, &Template::new().bytes(CKA_LABEL, "one")), CKR_OK);
    assert_rv!(t.module.find_objects_init(second, &Template::new().bytes(CKA_LABEL, "two")), CKR_OK);
    assert_eq!(sorted(t.module.find_objects(second, 9).1), sorted(vec![rsa.public, rsa.private]));
    assert_eq!(sorted(t.module.find_objects(first, 9).1), sorted(vec![ec.public, ec.private]));
}

fn a_session_object_is_found_and_a_destroyed_one_is_not(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "passing");
    let label = Template::new().bytes(CKA_LABEL, "passing");
    assert_eq!(token.find(session, &label).len(), 2);
    assert_rv!(t.module.destroy_object(session, pair.private), CKR_OK);
    assert_eq!(token.find(session, &label), [pair.public]);
    assert_eq!(token.find(session, &Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY)), [pair.public]);
}

fn equal_labels_and_ids_are_all_found(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for _ in 0..3 {
        let _pair = generate(t.module, session, Kind::P256, true, "the same");
    }
    assert_eq!(token.find(session, &Template::new().bytes(CKA_ID, "the same")).len(), 6);
}

/// SoftHSM takes a null value of one byte (`CKR_OK`); section 5.7.7 lists both refusals.
fn nulls_and_wild_counts_are_refused(t: &Test) {
    let (token, session, ..) = pairs(t);
    for count in [1, u64::MAX, 1 << 63, u64::MAX / 24 + 1] {
        assert_rv!(t.module.find_objects_init_from_null(session, count), CKR_ARGUMENTS_BAD);
    }
    for value in [Value::Null(1), Value::Null(u64::MAX), Value::Claiming(vec![1], u64::MAX)] {
        let template = Template::new().with(Attribute { kind: CKA_LABEL, value });
        let rv = t.module.find_objects_init(session, &template);
        assert!([CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID].contains(&rv), "{rv:#x}");
    }
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    assert_rv!(t.module.find_objects_nowhere(session, true), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.find_objects_nowhere(session, false), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.find_objects_final(session), CKR_OK);
    assert_eq!(token.find(session, &Template::new()).len(), 4);
}

/// Decision 0004: C_FindObjectsInit looks at the store's revision.
fn an_object_of_another_process_shows_at_the_next_search(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    assert_eq!(token.find(session, &Template::new()), []);
    let mut other = Actor::start(&t.installation);
    other.logs_in();
    let handles = other.does("generate p256 from-afar token").ok();
    assert_eq!(token.find(session, &Template::new()).len(), 2);
    let label = Template::new().bytes(CKA_LABEL, "from-afar");
    assert_eq!(token.find(session, &label).len(), 2);
    let _ = other.does(&format!("destroy {}", handles[1])).ok();
    assert_eq!(token.find(session, &label).len(), 1);
}

fn an_empty_label_finds_what_has_none(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let nameless = generate(t.module, session, Kind::P256, true, "");
    let _named = generate(t.module, session, Kind::P256, true, "named");
    let found = token.find(session, &Template::new().bytes(CKA_LABEL, ""));
    assert_eq!(sorted(found), sorted(vec![nameless.public, nameless.private]));
}
