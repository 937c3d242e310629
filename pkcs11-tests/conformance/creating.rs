//! Section 5.7: C_CreateObject and C_DestroyObject.

use cryptoki_sys::{
    CK_UNAVAILABLE_INFORMATION, CKA_APPLICATION, CKA_CLASS, CKA_DESTROYABLE, CKA_EC_PARAMS, CKA_EC_POINT,
    CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODULUS, CKA_OBJECT_VALIDATION_FLAGS, CKA_PRIVATE,
    CKA_PUBLIC_EXPONENT, CKA_TOKEN, CKA_UNIQUE_ID, CKA_VALUE, CKA_VERIFY, CKK_EC, CKK_RSA, CKO_DATA,
    CKO_PUBLIC_KEY, CKR_ACTION_PROHIBITED, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED,
    CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_SESSION_READ_ONLY, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{BRAINPOOL, Kind, P256, attribute, flag, generate};
use pkcs11_tests::{Attribute, Template, Test, Token, Value, assert_rv, on_both, on_claviger};

on_both!(
    a_data_object_is_kept_and_read_back,
    an_object_is_destroyed_once,
    a_read_only_session_makes_session_objects_alone,
    without_login_only_public_objects_are_made,
    a_template_without_class_or_type_is_incomplete,
    an_imported_public_key_is_not_local,
    objects_outlive_the_library_and_session_objects_do_not,
    nulls_and_wild_counts_are_refused,
    what_an_object_does_not_have_is_refused,
    an_object_that_is_not_destroyable_stays,
);
on_claviger!(
    validation_flags_cannot_be_given,
    a_value_that_claims_bytes_it_does_not_have_is_refused,
    booleans_and_numbers_of_wrong_length_are_refused,
    the_same_attribute_twice_is_refused,
    computed_attributes_cannot_be_given,
    an_unknown_curve_is_refused,
    a_refused_template_makes_nothing,
    the_unique_id_is_there_survives_and_differs,
);

fn data(label: &str) -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_DATA)
        .boolean(CKA_TOKEN, true)
        .boolean(CKA_PRIVATE, true)
        .bytes(CKA_LABEL, label)
        .bytes(CKA_APPLICATION, "conformance")
        .bytes(CKA_VALUE, "what it says")
}

fn objects(token: &Token, session: u64) -> usize {
    token.find(session, &Template::new()).len()
}

fn a_data_object_is_kept_and_read_back(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (rv, object) = t.module.create_object(session, &data("a note"));
    assert_rv!(rv, CKR_OK);
    assert_ne!(object, 0, "0 is CK_INVALID_HANDLE");
    assert_eq!(attribute(t.module, session, object, CKA_VALUE), b"what it says");
    assert_eq!(attribute(t.module, session, object, CKA_APPLICATION), b"conformance");
    assert!(flag(t.module, session, object, CKA_PRIVATE));
}

fn an_object_is_destroyed_once(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (_, object) = t.module.create_object(session, &data("a note"));
    assert_rv!(t.module.destroy_object(session, object), CKR_OK);
    for handle in [object, 0, u64::MAX, 1 << 62, 4711] {
        assert_rv!(t.module.destroy_object(session, handle), CKR_OBJECT_HANDLE_INVALID);
    }
    assert_eq!(objects(&token, session), 0);
}

fn a_read_only_session_makes_session_objects_alone(t: &Test) {
    let token = t.token();
    let writing = token.user_session();
    let (_, stored) = t.module.create_object(writing, &data("a note"));
    let reading = token.open_ro();
    assert_rv!(t.module.create_object(reading, &data("another")).0, CKR_SESSION_READ_ONLY);
    assert_rv!(t.module.destroy_object(reading, stored), CKR_SESSION_READ_ONLY);
    let passing = data("passing").without(CKA_TOKEN).boolean(CKA_TOKEN, false);
    let (rv, object) = t.module.create_object(reading, &passing);
    assert_rv!(rv, CKR_OK);
    assert_rv!(t.module.destroy_object(reading, object), CKR_OK);
    assert_eq!(objects(&token, writing), 1);
}

fn without_login_only_public_objects_are_made(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for on_token in [true, false] {
        let private = data("a note").without(CKA_TOKEN).boolean(CKA_TOKEN, on_token);
        assert_rv!(t.module.create_object(session, &private).0, CKR_USER_NOT_LOGGED_IN);
        let public = private.without(CKA_PRIVATE).boolean(CKA_PRIVATE, false);
        assert_rv!(t.module.create_object(session, &public).0, CKR_OK);
    }
    assert_eq!(objects(&token, session), 2);
}

fn a_template_without_class_or_type_is_incomplete(t: &Test) {
    let session = t.token().user_session();
    let (rv, _) = t.module.create_object(session, &data("a note").without(CKA_CLASS));
    assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
    let typeless = Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY).bytes(CKA_MODULUS, [0xC1; 256]);
    assert_rv!(t.module.create_object(session, &typeless).0, CKR_TEMPLATE_INCOMPLETE);
    let keyless = Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY).ulong(CKA_KEY_TYPE, CKK_RSA);
    assert_rv!(t.module.create_object(session, &keyless).0, CKR_TEMPLATE_INCOMPLETE);
}

fn an_imported_public_key_is_not_local(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let made = generate(t.module, session, Kind::Rsa, false, "made here");
    assert!(flag(t.module, session, made.public, CKA_LOCAL));
    let import = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .boolean(CKA_VERIFY, true)
        .bytes(CKA_MODULUS, attribute(t.module, session, made.public, CKA_MODULUS))
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]);
    let (rv, imported) = t.module.create_object(session, &import);
    assert_rv!(rv, CKR_OK);
    assert!(!flag(t.module, session, imported, CKA_LOCAL));
}

fn objects_outlive_the_library_and_session_objects_do_not(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    assert_rv!(t.module.create_object(session, &data("stays")).0, CKR_OK);
    let passing = data("goes").without(CKA_TOKEN).boolean(CKA_TOKEN, false);
    assert_rv!(t.module.create_object(session, &passing).0, CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    let token = Token::existing(t.module);
    let session = token.user_session();
    let found = token.find(session, &Template::new());
    assert_eq!(found.len(), 1);
    assert_eq!(attribute(t.module, session, found[0], CKA_LABEL), b"stays");
}

fn nulls_and_wild_counts_are_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for count in [1, 7, u64::MAX, 1 << 63, u64::MAX / 24 + 1] {
        assert_rv!(t.module.create_object_from_null(session, count), CKR_ARGUMENTS_BAD);
    }
    let rv = t.module.create_object_from_null(session, 0);
    assert!([CKR_ARGUMENTS_BAD, CKR_TEMPLATE_INCOMPLETE].contains(&rv), "{rv:#x}");
    assert_rv!(t.module.create_object_nowhere(session, &data("a note")), CKR_ARGUMENTS_BAD);
    assert_eq!(objects(&token, session), 0);
}

/// SoftHSM 2.6.1 crashes here: a segmentation fault.
fn a_value_that_claims_bytes_it_does_not_have_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for value in [
        Value::Null(1),
        Value::Null(u64::MAX),
        Value::Claiming(vec![1], u64::MAX),
        Value::Claiming(vec![1], 1 << 63),
    ] {
        for kind in [CKA_LABEL, CKA_CLASS, CKA_TOKEN] {
            let template = data("a note").with(Attribute { kind, value: value.clone() });
            let (rv, _) = t.module.create_object(session, &template);
            let listed = [CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT];
            assert!(listed.contains(&rv), "{value:?} of {kind:#x} gave {rv:#x}");
        }
    }
    assert_eq!(objects(&token, session), 0);
}

/// SoftHSM answers `CKR_OK` to a CK_BBOOL of 2; section 4.1.1 has `CKR_ATTRIBUTE_VALUE_INVALID` for an invalid value.
fn booleans_and_numbers_of_wrong_length_are_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (kind, value) in [
        (CKA_TOKEN, &[1, 0, 0, 0, 0, 0, 0, 0][..]),
        (CKA_TOKEN, &[]),
        (CKA_TOKEN, &[2]),
        (CKA_PRIVATE, &[1, 1]),
        (CKA_CLASS, &[0, 0, 0, 0]),
        (CKA_CLASS, &[]),
        (CKA_CLASS, &[0; 9]),
    ] {
        let template = data("a note").without(kind).bytes(kind, value);
        let (rv, _) = t.module.create_object(session, &template);
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "for {value:?} of {kind:#x}");
    }
    assert_eq!(objects(&token, session), 0);
}

/// SoftHSM answers `CKR_OK`; section 4.1.1 leaves both open for one value given twice.
fn the_same_attribute_twice_is_refused(t: &Test) {
    let session = t.token().user_session();
    let twice = data("a note").bytes(CKA_LABEL, "another");
    assert_rv!(t.module.create_object(session, &twice).0, CKR_TEMPLATE_INCONSISTENT);
}

/// SoftHSM answers `CKR_ATTRIBUTE_TYPE_INVALID` where it does not know the attribute; section 4.1.1 has
/// `CKR_ATTRIBUTE_READ_ONLY` for those that are valid.
fn computed_attributes_cannot_be_given(t: &Test) {
    let session = t.token().user_session();
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, [0xC1; 256])
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]);
    for template in [data("a note").bytes(CKA_UNIQUE_ID, "mine"), key.boolean(CKA_LOCAL, true)] {
        assert_rv!(t.module.create_object(session, &template).0, CKR_ATTRIBUTE_READ_ONLY);
    }
}

/// Section 4.8 gives it footnote 4: it must not be specified here, also not with the value that it has.
/// SoftHSM, of 2.40, does not know the attribute: `CKR_ATTRIBUTE_TYPE_INVALID`.
fn validation_flags_cannot_be_given(t: &Test) {
    let session = t.token().user_session();
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, [0xC1; 256])
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]);
    assert_rv!(t.module.create_object(session, &key).0, CKR_OK);
    let stated = key.ulong(CKA_OBJECT_VALIDATION_FLAGS, 0);
    assert_rv!(t.module.create_object(session, &stated).0, CKR_ATTRIBUTE_READ_ONLY);
}

fn what_an_object_does_not_have_is_refused(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKA_MODULUS, CKA_VERIFY, 0x7FFF_FFFF, CK_UNAVAILABLE_INFORMATION] {
        let (rv, _) = t.module.create_object(session, &data("a note").bytes(kind, [1]));
        let listed = [CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT];
        assert!(listed.contains(&rv), "{kind:#x} gave {rv:#x}");
    }
}

/// SoftHSM answers `CKR_OK`; section 5.7.1 lists `CKR_CURVE_NOT_SUPPORTED`.
fn an_unknown_curve_is_refused(t: &Test) {
    let session = t.token().user_session();
    let key = |curve: &[u8], point: &[u8]| {
        Template::new()
            .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
            .ulong(CKA_KEY_TYPE, CKK_EC)
            .bytes(CKA_EC_PARAMS, curve)
            .bytes(CKA_EC_POINT, point)
    };
    let (rv, _) = t.module.create_object(session, &key(BRAINPOOL, &[4; 67]));
    assert_rv!(rv, CKR_CURVE_NOT_SUPPORTED);
    for point in [&[][..], &[4], &[4, 65], &[0; 65], &[0xFF; 67]] {
        let (rv, _) = t.module.create_object(session, &key(P256, point));
        let listed = [CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE];
        assert!(listed.contains(&rv), "{point:?} gave {rv:#x}");
    }
}

fn an_object_that_is_not_destroyable_stays(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (rv, object) = t.module.create_object(session, &data("kept").boolean(CKA_DESTROYABLE, false));
    assert_rv!(rv, CKR_OK);
    assert_rv!(t.module.destroy_object(session, object), CKR_ACTION_PROHIBITED);
    assert_eq!(token.find(session, &Template::new()), [object]);
}

/// SoftHSM keeps the object that it refused; section 5: a call does all that it is for, or nothing.
fn a_refused_template_makes_nothing(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (rv, _) = t.module.create_object(session, &data("a note").boolean(CKA_MODULUS, true));
    assert!(rv != CKR_OK && (rv == CKR_ATTRIBUTE_TYPE_INVALID || !t.is_claviger()), "{rv:#x}");
    assert_eq!(objects(&token, session), 0);
    assert_rv!(t.module.create_object(session, &data("a note")).0, CKR_OK);
}

/// SoftHSM, of 2.40, does not know CKA_UNIQUE_ID (v3.0, section 4.4.1): `CKR_ATTRIBUTE_TYPE_INVALID`.
fn the_unique_id_is_there_survives_and_differs(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let ids: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            let (_, object) = t.module.create_object(session, &data("a note"));
            attribute(t.module, session, object, CKA_UNIQUE_ID)
        })
        .collect();
    assert!(ids.iter().all(|id| !id.is_empty()));
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    assert_rv!(t.module.finalize(), CKR_OK);
    let token = Token::existing(t.module);
    let session = token.user_session();
    for id in &ids {
        let found = token.find(session, &Template::new().bytes(CKA_UNIQUE_ID, id));
        assert_eq!(found.len(), 1);
    }
}
