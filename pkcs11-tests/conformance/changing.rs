//! Sections 5.7.2, 5.7.4 and 5.7.6: copying objects, their size, changing their attributes.

use cryptoki_sys::{
    CKA_ALWAYS_SENSITIVE, CKA_APPLICATION, CKA_CHECK_VALUE, CKA_CLASS, CKA_COPYABLE, CKA_DERIVE,
    CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE, CKA_NEVER_EXTRACTABLE,
    CKA_PRIVATE, CKA_SENSITIVE, CKA_START_DATE, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID, CKA_VALUE,
    CKA_WRAP_WITH_TRUSTED, CKK_AES, CKK_DES, CKM_AES_KEY_GEN, CKO_DATA, CKR_ACTION_PROHIBITED,
    CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY,
    CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{Kind, attribute, flag, generate, sign, verify};
use pkcs11_tests::raw::Attributes;
use pkcs11_tests::{Attribute, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{create, opened, secret_template};

on_both!(
    a_copy_is_another_object_with_the_same_attributes,
    a_copy_takes_what_its_template_says,
    a_session_object_is_copied_onto_the_token,
    what_is_not_copyable_is_not_copied,
    labels_and_ids_change,
    what_is_not_modifiable_does_not_change,
    class_and_value_do_not_change,
    protection_goes_one_way,
    a_read_only_session_changes_no_token_object,
    the_size_of_an_object_is_told,
    a_copy_may_be_better_protected_and_not_worse,
    a_private_object_has_no_public_copy,
    a_copied_private_key_signs_as_the_first,
    a_copy_needs_what_its_place_needs,
    a_change_outlives_the_session_and_is_found,
    a_change_needs_what_its_place_needs,
    an_object_that_is_not_there_is_neither_copied_nor_changed_nor_measured,
    what_was_never_there_cannot_be_given,
    a_user_gives_no_trust,
);
on_claviger!(
    dates_change,
    a_key_that_may_leave_can_be_bound_to_trusted_keys,
    a_copy_has_a_unique_id_of_its_own,
    a_copy_wants_a_good_template,
    a_change_is_all_or_nothing,
    a_change_wants_a_good_template,
    a_check_value_is_only_taken_away,
    computed_attributes_never_change,
);

fn data() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_DATA)
        .bytes(CKA_LABEL, "first")
        .bytes(CKA_APPLICATION, "tests")
        .bytes(CKA_VALUE, b"contents")
        .boolean(CKA_PRIVATE, false)
}

fn label(text: &str) -> Template {
    Template::new().bytes(CKA_LABEL, text)
}

fn aes_of(t: &Test, session: u64, more: Template) -> u64 {
    let mut template = Template::new().ulong(cryptoki_sys::CKA_VALUE_LEN, 16);
    template.0.extend(more.0);
    let (rv, key) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    key
}

fn a_copy_is_another_object_with_the_same_attributes(t: &Test) {
    let session = t.token().user_session();
    let first = create(t.module, session, &data());
    let (rv, copy) = t.module.copy_object(session, first, &Template::new());
    assert_rv!(rv, CKR_OK);
    assert_ne!(copy, first);
    for kind in [CKA_CLASS, CKA_LABEL, CKA_APPLICATION, CKA_VALUE, CKA_PRIVATE, CKA_TOKEN] {
        assert_eq!(attribute(t.module, session, copy, kind), attribute(t.module, session, first, kind));
    }
    assert_rv!(t.module.destroy_object(session, first), CKR_OK);
    assert_eq!(attribute(t.module, session, copy, CKA_VALUE), b"contents");
}

fn a_copy_takes_what_its_template_says(t: &Test) {
    let session = t.token().user_session();
    let first = create(t.module, session, &data());
    let (rv, copy) = t.module.copy_object(session, first, &label("second"));
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, copy, CKA_LABEL), b"second");
    assert_eq!(attribute(t.module, session, first, CKA_LABEL), b"first");
}

fn a_session_object_is_copied_onto_the_token(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let first = create(t.module, session, &data());
    let (rv, _) = t.module.copy_object(session, first, &label("stays").boolean(CKA_TOKEN, true));
    assert_rv!(rv, CKR_OK);
    assert_rv!(t.module.close_session(session), CKR_OK);
    let session = token.open_ro();
    assert_eq!(token.find(session, &label("stays")).len(), 1);
    assert_eq!(token.find(session, &label("first")).len(), 0);
}

fn what_is_not_copyable_is_not_copied(t: &Test) {
    let session = t.token().user_session();
    let first = create(t.module, session, &data().boolean(CKA_COPYABLE, false));
    assert_rv!(t.module.copy_object(session, first, &label("second")).0, CKR_ACTION_PROHIBITED);
}

fn labels_and_ids_change(t: &Test) {
    let session = t.token().user_session();
    for on_token in [false, true] {
        let pair = generate(t.module, session, Kind::P256, on_token, "first");
        for key in [pair.public, pair.private] {
            let news = label("second").bytes(CKA_ID, b"");
            assert_rv!(t.module.set_attribute_values(session, key, &news), CKR_OK);
            assert_eq!(attribute(t.module, session, key, CKA_LABEL), b"second");
            assert_eq!(attribute(t.module, session, key, CKA_ID), b"");
        }
    }
}

/// SoftHSM cannot read the date that it has set.
fn dates_change(t: &Test) {
    let session = t.token().user_session();
    let key = aes_of(t, session, Template::new());
    let date = Template::new().bytes(CKA_START_DATE, b"20300131");
    assert_rv!(t.module.set_attribute_values(session, key, &date), CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_START_DATE), b"20300131");
}

fn what_is_not_modifiable_does_not_change(t: &Test) {
    let session = t.token().user_session();
    let first = create(t.module, session, &data().boolean(CKA_MODIFIABLE, false));
    let rv = t.module.set_attribute_values(session, first, &label("second"));
    assert_rv!(rv, CKR_ACTION_PROHIBITED);
    assert_eq!(attribute(t.module, session, first, CKA_LABEL), b"first");
}

/// Section 5.7.6 lists `CKR_ATTRIBUTE_READ_ONLY` for what may not change.
fn class_and_value_do_not_change(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &opened(secret_template(CKK_AES, &[1; 16])));
    let all = [
        Attribute::ulong(CKA_CLASS, CKO_DATA),
        Attribute::ulong(CKA_KEY_TYPE, CKK_DES),
        Attribute::bytes(CKA_VALUE, [2; 16]),
        Attribute::boolean(CKA_TOKEN, true),
        Attribute::boolean(CKA_PRIVATE, false),
        Attribute::boolean(CKA_MODIFIABLE, false),
    ];
    for change in all {
        let rv = t.module.set_attribute_values(session, key, &Template::new().with(change.clone()));
        assert_rv!(rv, CKR_ATTRIBUTE_READ_ONLY, "{change:?}");
    }
    assert_eq!(attribute(t.module, session, key, CKA_VALUE), [1; 16]);
}

/// Footnotes 11 and 12 of section 4.2.
fn protection_goes_one_way(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &opened(secret_template(CKK_AES, &[1; 16])));
    let set =
        |kind, value| t.module.set_attribute_values(session, key, &Template::new().boolean(kind, value));
    for (kind, protected) in [(CKA_SENSITIVE, true), (CKA_EXTRACTABLE, false)] {
        assert_rv!(set(kind, protected), CKR_OK);
        assert_rv!(set(kind, !protected), CKR_ATTRIBUTE_READ_ONLY);
        assert_eq!(flag(t.module, session, key, kind), protected);
    }
    assert!(!flag(t.module, session, key, CKA_ALWAYS_SENSITIVE));
    assert!(!flag(t.module, session, key, CKA_NEVER_EXTRACTABLE));
}

/// SoftHSM refuses any change; footnote 11 of section 4.2 freezes the attribute once it is TRUE, no earlier.
fn a_key_that_may_leave_can_be_bound_to_trusted_keys(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &opened(secret_template(CKK_AES, &[1; 16])));
    let set = |value| {
        let template = Template::new().boolean(CKA_WRAP_WITH_TRUSTED, value);
        t.module.set_attribute_values(session, key, &template)
    };
    assert_rv!(set(true), CKR_OK);
    assert_rv!(set(false), CKR_ATTRIBUTE_READ_ONLY);
}

fn a_read_only_session_changes_no_token_object(t: &Test) {
    let token = t.token();
    let writer = token.user_session();
    let object = create(t.module, writer, &data().boolean(CKA_TOKEN, true));
    let session = token.open_ro();
    assert_rv!(t.module.set_attribute_values(session, object, &label("second")), CKR_SESSION_READ_ONLY);
    assert_rv!(t.module.copy_object(session, object, &label("second")).0, CKR_SESSION_READ_ONLY);
    let (rv, _) = t.module.copy_object(session, object, &Template::new().boolean(CKA_TOKEN, false));
    assert_rv!(rv, CKR_OK);
}

/// SoftHSM answers that it does not know, which section 5.7.4 allows it.
fn the_size_of_an_object_is_told(t: &Test) {
    let session = t.token().user_session();
    let small = create(t.module, session, &data());
    let large = create(t.module, session, &data().without(CKA_VALUE).bytes(CKA_VALUE, vec![1; 5000]));
    let sizes = [small, large].map(|object| t.module.object_size(session, object));
    assert_eq!(sizes.map(|size| size.0), [CKR_OK; 2]);
    if t.is_claviger() {
        assert!(sizes[1].1 - sizes[0].1 > 4900 && sizes[0].1 > 8, "{sizes:?}");
    } else {
        assert_eq!(sizes[0].1, u64::MAX);
    }
}

/// Section 4.4.1.
/// SoftHSM answers `CKR_ARGUMENTS_BAD` to a null template of no attributes.
fn a_copy_has_a_unique_id_of_its_own(t: &Test) {
    let session = t.token().user_session();
    let first = create(t.module, session, &data());
    let (rv, copy) = t.module.copy_object(session, first, Attributes::Null(0));
    assert_rv!(rv, CKR_OK);
    let ids = [first, copy].map(|object| attribute(t.module, session, object, CKA_UNIQUE_ID));
    assert_ne!(ids[0], ids[1]);
    assert!(!ids[1].is_empty());
}

fn a_copy_may_be_better_protected_and_not_worse(t: &Test) {
    let session = t.token().user_session();
    let open = create(t.module, session, &opened(secret_template(CKK_AES, &[1; 16])));
    let closed = Template::new().boolean(CKA_SENSITIVE, true).boolean(CKA_EXTRACTABLE, false);
    let (rv, copy) = t.module.copy_object(session, open, &closed);
    assert_rv!(rv, CKR_OK);
    assert!(flag(t.module, session, copy, CKA_SENSITIVE) && !flag(t.module, session, copy, CKA_EXTRACTABLE));
    assert!(!flag(t.module, session, copy, CKA_ALWAYS_SENSITIVE));
    for (kind, worse) in [(CKA_SENSITIVE, false), (CKA_EXTRACTABLE, true)] {
        let (rv, _) = t.module.copy_object(session, copy, &Template::new().boolean(kind, worse));
        assert_rv!(rv, CKR_ATTRIBUTE_READ_ONLY);
    }
}

fn a_private_object_has_no_public_copy(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &secret_template(CKK_AES, &[1; 16]));
    let (rv, _) = t.module.copy_object(session, key, &Template::new().boolean(CKA_PRIVATE, false));
    assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
}

fn a_copied_private_key_signs_as_the_first(t: &Test) {
    let session = t.token().user_session();
    for (kind, by) in [(Kind::Rsa, cryptoki_sys::CKM_SHA256_RSA_PKCS), (Kind::P256, cryptoki_sys::CKM_ECDSA)]
    {
        let pair = generate(t.module, session, kind, true, "first");
        let (rv, copy) = t.module.copy_object(session, pair.private, &label("second"));
        assert_rv!(rv, CKR_OK);
        let by = mechanism(by);
        let signature = sign(t.module, session, &by, copy, &[7; 32]).unwrap();
        assert_rv!(verify(t.module, session, &by, pair.public, &[7; 32], &signature), CKR_OK);
        assert!(flag(t.module, session, copy, CKA_LOCAL), "section 4.8: a copy of a local key is local");
    }
}

fn a_copy_needs_what_its_place_needs(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    let object = create(t.module, session, &data());
    let private = Template::new().boolean(CKA_PRIVATE, true);
    assert_rv!(t.module.copy_object(session, object, &private).0, CKR_USER_NOT_LOGGED_IN);
    let reader = token.open_ro();
    let on_token = Template::new().boolean(CKA_TOKEN, true);
    assert_rv!(t.module.copy_object(reader, object, &on_token).0, CKR_SESSION_READ_ONLY);
}

/// SoftHSM takes a CKA_TOKEN of the one byte 2; section 4.1.3 applies the errors of section 4.1.1 to copies.
fn a_copy_wants_a_good_template(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let object = create(m, session, &data());
    let all = [
        (Attribute::bytes(CKA_TOKEN, 1u64.to_ne_bytes()), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(CKA_TOKEN, [2]), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(0x7777_7777, [2]), CKR_ATTRIBUTE_TYPE_INVALID),
        (Attribute::bytes(CKA_UNIQUE_ID, "mine"), CKR_ATTRIBUTE_READ_ONLY),
        (Attribute::ulong(CKA_CLASS, CKO_DATA), CKR_ATTRIBUTE_READ_ONLY),
        (Attribute::bytes(CKA_VALUE, "other"), CKR_ATTRIBUTE_READ_ONLY),
    ];
    for (wrong, expected) in all {
        let (rv, _) = m.copy_object(session, object, &Template::new().with(wrong.clone()));
        assert_rv!(rv, expected, "{wrong:?}");
    }
    assert_rv!(m.copy_object(session, object, Attributes::Null(1)).0, CKR_ARGUMENTS_BAD);
    assert_rv!(m.copy_object_nowhere(session, object), CKR_ARGUMENTS_BAD);
    assert_rv!(
        m.copy_object(session, object, &label("one").bytes(CKA_LABEL, "two")).0,
        CKR_TEMPLATE_INCONSISTENT
    );
}

/// Section 5.7.6: "then none of the attributes". SoftHSM takes all of it (`CKR_OK`): what it generates is not sensitive
/// unless the template says so, which footnote 9 leaves it; where it refuses, it keeps the part before.
fn a_change_is_all_or_nothing(t: &Test) {
    let session = t.token().user_session();
    for on_token in [false, true] {
        let key = aes_of(t, session, label("first").boolean(CKA_TOKEN, on_token));
        let mixed = label("second").bytes(CKA_ID, b"2").boolean(CKA_SENSITIVE, false);
        assert_rv!(t.module.set_attribute_values(session, key, &mixed), CKR_ATTRIBUTE_READ_ONLY);
        assert_eq!(attribute(t.module, session, key, CKA_LABEL), b"first");
        assert_eq!(attribute(t.module, session, key, CKA_ID), b"");
    }
}

fn a_change_outlives_the_session_and_is_found(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = aes_of(t, session, label("first").boolean(CKA_TOKEN, true));
    assert_rv!(t.module.set_attribute_values(session, key, &label("second")), CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    let token = pkcs11_tests::Token::existing(t.module);
    let session = token.user_session();
    assert_eq!(token.find(session, &label("second")).len(), 1);
    assert_eq!(token.find(session, &label("first")).len(), 0);
}

/// SoftHSM takes a label that is not UTF-8; section 4.4: an RFC 2279 string, section 4.1.2: the errors of 4.1.1.
fn a_change_wants_a_good_template(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes_of(t, session, Template::new());
    let all = [
        (Attribute::bytes(CKA_DERIVE, 1u64.to_ne_bytes()), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(CKA_DERIVE, []), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(CKA_START_DATE, "2030"), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(CKA_LABEL, [0xFF]), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(0x7777_7777, [2]), CKR_ATTRIBUTE_TYPE_INVALID),
        (Attribute::bytes(CKA_APPLICATION, "x"), CKR_ATTRIBUTE_TYPE_INVALID),
    ];
    for (wrong, expected) in all {
        let rv = m.set_attribute_values(session, key, &Template::new().with(wrong.clone()));
        assert_rv!(rv, expected, "{wrong:?}");
    }
    let two_labels = Template::new().bytes(CKA_LABEL, "one").bytes(CKA_LABEL, "two");
    assert_rv!(m.set_attribute_values(session, key, &two_labels), CKR_TEMPLATE_INCONSISTENT);
    assert_rv!(m.set_attribute_values(session, key, Attributes::Null(1)), CKR_ARGUMENTS_BAD);
    assert_rv!(m.set_attribute_values(session, key, Attributes::Null(u64::MAX)), CKR_ARGUMENTS_BAD);
    assert_rv!(m.set_attribute_values(session, key, Attributes::Null(0)), CKR_OK);
}

/// Section 4.11: "the value can be taken away by an empty one"; another one is refused.
/// SoftHSM takes it away and then shows an empty one (`CKR_OK`).
fn a_check_value_is_only_taken_away(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &secret_template(CKK_AES, &[0; 16]));
    // FIPS 197: AES-128 of a block of zeros under a key of zeros starts with 66e94b.
    assert_eq!(attribute(t.module, session, key, CKA_CHECK_VALUE), [0x66, 0xE9, 0x4B]);
    let set = |value: &[u8]| {
        t.module.set_attribute_values(session, key, &Template::new().bytes(CKA_CHECK_VALUE, value))
    };
    assert_rv!(set(&[1, 2, 3]), CKR_ATTRIBUTE_VALUE_INVALID);
    assert_rv!(set(&[]), CKR_OK);
    let (rv, _) = t.module.attribute_values(session, key, &[(CKA_CHECK_VALUE, Some(8))]);
    assert_rv!(rv, CKR_ATTRIBUTE_TYPE_INVALID, "a destroyed attribute is not there");
    let wrong = secret_template(CKK_AES, &[0; 16]).bytes(CKA_CHECK_VALUE, [1, 2, 3]);
    assert_rv!(t.module.create_object(session, &wrong).0, CKR_ATTRIBUTE_VALUE_INVALID);
}

fn a_change_needs_what_its_place_needs(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = aes_of(t, session, Template::new().boolean(CKA_TOKEN, true));
    let reader = token.open_ro();
    assert_rv!(t.module.set_attribute_values(reader, key, &label("x")), CKR_SESSION_READ_ONLY);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.set_attribute_values(session, key, &label("x")), CKR_OBJECT_HANDLE_INVALID);
}

fn an_object_that_is_not_there_is_neither_copied_nor_changed_nor_measured(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for object in [0, 77_777, u64::MAX] {
        assert_rv!(m.copy_object(session, object, &label("x")).0, CKR_OBJECT_HANDLE_INVALID);
        assert_rv!(m.set_attribute_values(session, object, &label("x")), CKR_OBJECT_HANDLE_INVALID);
        assert_rv!(m.object_size(session, object).0, CKR_OBJECT_HANDLE_INVALID);
    }
    let object = create(m, session, &data());
    assert_rv!(m.object_size_nowhere(session, object), CKR_ARGUMENTS_BAD);
    assert_rv!(m.copy_object(99, object, &label("x")).0, CKR_SESSION_HANDLE_INVALID);
    assert_rv!(m.set_attribute_values(99, object, &label("x")), CKR_SESSION_HANDLE_INVALID);
    assert_rv!(m.object_size(99, object).0, CKR_SESSION_HANDLE_INVALID);
}

/// SoftHSM's generated key is not sensitive unless the template says so, and thus never was; footnote 9 leaves it that.
fn computed_attributes_never_change(t: &Test) {
    let session = t.token().user_session();
    let key = aes_of(t, session, Template::new());
    for kind in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE] {
        for value in [false, true] {
            let template = Template::new().boolean(kind, value);
            assert_rv!(t.module.set_attribute_values(session, key, &template), CKR_ATTRIBUTE_READ_ONLY);
            assert_rv!(t.module.copy_object(session, key, &template).0, CKR_ATTRIBUTE_READ_ONLY);
        }
        assert!(flag(t.module, session, key, kind));
    }
}

fn what_was_never_there_cannot_be_given(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::P256, false, "pair");
    let point = Template::new().bytes(cryptoki_sys::CKA_MODULUS, [1; 256]);
    assert_rv!(t.module.set_attribute_values(session, pair.public, &point), CKR_ATTRIBUTE_TYPE_INVALID);
}

/// Footnote 10 of section 4.2.
fn a_user_gives_no_trust(t: &Test) {
    let session = t.token().user_session();
    let trusted = Template::new().boolean(CKA_TRUSTED, true);
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    let key = aes_of(t, session, Template::new());
    for object in [pair.public, key] {
        assert_rv!(t.module.set_attribute_values(session, object, &trusted), CKR_ATTRIBUTE_READ_ONLY);
        assert_rv!(t.module.copy_object(session, object, &trusted).0, CKR_ATTRIBUTE_READ_ONLY);
    }
}
