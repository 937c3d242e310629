//! Who may, and which key may do what.

use super::*;
use crate::policy::usage::{ContextLogin, Operation, USES, permitted};

fn object(token: bool, private: bool) -> Attributes {
    let mut object = Attributes::new();
    object.set_bool(CKA_TOKEN, token);
    object.set_bool(CKA_PRIVATE, private);
    object.set_bool(CKA_DESTROYABLE, true);
    object
}

#[test]
fn each_session_makes_changes_and_sees_what_its_column_says() {
    let sessions = [
        Caller { user: false, officer: false, read_write: false },
        Caller { user: false, officer: false, read_write: true },
        Caller { user: true, officer: false, read_write: false },
        Caller { user: true, officer: false, read_write: true },
        Caller { user: false, officer: true, read_write: true },
    ];
    let ok = || Ok(());
    let read_only = || Err(Error::SessionReadOnly);
    let not_in = || Err(Error::UserNotLoggedIn);
    let lines = [
        (false, false, [ok(), ok(), ok(), ok(), ok()]),
        (false, true, [not_in(), not_in(), ok(), ok(), not_in()]),
        (true, false, [read_only(), ok(), read_only(), ok(), ok()]),
        (true, true, [read_only(), not_in(), read_only(), ok(), not_in()]),
    ];
    for (token, private, columns) in lines {
        let object = object(token, private);
        for (caller, expected) in sessions.into_iter().zip(columns) {
            assert_eq!(may_make(&object, caller), expected, "{token} {private} {caller:?}");
            assert_eq!(may_change(&object, caller), expected);
            assert_eq!(may_destroy(&object, caller), expected);
            assert_eq!(may_see(&object, caller), !private || caller.user);
        }
    }
}

#[test]
fn an_object_that_does_not_say_whether_it_is_private_is() {
    assert!(!may_see(&Attributes::new(), Caller::default()));
    assert_eq!(may_make(&Attributes::new(), Caller::default()), Err(Error::UserNotLoggedIn));
}

#[test]
fn an_indestructible_object_is_not_destroyed() {
    let mut object = object(false, false);
    object.set_bool(CKA_DESTROYABLE, false);
    assert!(matches!(may_destroy(&object, USER), Err(Error::ActionProhibited(_))));
}

#[test]
fn the_events_ask_for_the_session_themselves() {
    let reader = Caller { read_write: false, ..USER };
    let officer = Caller { user: false, officer: true, read_write: true };
    for kind in KINDS {
        let token = with(creatable(kind), Attribute::boolean(CKA_TOKEN, true));
        assert_eq!(created(token.clone(), reader), Err(Error::SessionReadOnly));
        let stored = created(token, USER).unwrap();
        let label = vec![Attribute::bytes(CKA_LABEL, b"new")];
        assert_eq!(changed(&stored, label, reader), Err(Error::SessionReadOnly));
        assert_eq!(copied(&stored, Vec::new(), reader), Err(Error::SessionReadOnly));
        let expected = if kind.is_secret() { Some(Error::UserNotLoggedIn) } else { None };
        assert_eq!(created(creatable(kind), officer).err(), expected);
        if kind.is_key() {
            assert_eq!(generated(kind, generatable(kind), officer).err(), Some(Error::UserNotLoggedIn));
        }
    }
}

fn key(class: u64, key_type: u64) -> Attributes {
    let kind = KINDS.iter().find(|kind| kind.class == class && kind.subtype == Some(key_type)).unwrap();
    created(creatable(kind), USER).unwrap()
}

#[test]
fn a_key_does_what_its_attribute_says_and_nothing_else() {
    let lines = [
        (Operation::Encrypt, CKA_ENCRYPT),
        (Operation::Decrypt, CKA_DECRYPT),
        (Operation::Sign, CKA_SIGN),
        (Operation::SignRecover, CKA_SIGN_RECOVER),
        (Operation::Verify, CKA_VERIFY),
        (Operation::VerifyRecover, CKA_VERIFY_RECOVER),
        (Operation::Wrap, CKA_WRAP),
        (Operation::Unwrap, CKA_UNWRAP),
        (Operation::Derive, CKA_DERIVE),
        (Operation::Encapsulate, CKA_ENCAPSULATE),
        (Operation::Decapsulate, CKA_DECAPSULATE),
    ];
    assert_eq!(lines.len(), USES.len());
    for kind in KINDS.iter().filter(|kind| kind.is_key()) {
        for (operation, attribute) in lines {
            let mut key = created(creatable(kind), USER).unwrap();
            key.set_bool(attribute, true);
            // Only classes whose table has the attribute can do it, whatever an object holds.
            // A key of one-time passwords inherits the table of secret keys, and signs and verifies alone (section 6.53.7).
            let of_its_class = kind.class != CKO_OTP_KEY || [CKA_SIGN, CKA_VERIFY].contains(&attribute);
            let able = of_its_class && kind.lines().any(|line| line.attribute == attribute);
            let expected =
                if able { Ok(ContextLogin::NotNeeded) } else { Err(Error::KeyFunctionNotPermitted) };
            assert_eq!(
                permitted(operation, &key, 1, kind.subtype.as_slice()),
                expected,
                "{kind:?} {operation:?}"
            );
            key.set_bool(attribute, false);
            assert_eq!(
                permitted(operation, &key, 1, kind.subtype.as_slice()),
                Err(Error::KeyFunctionNotPermitted),
                "{kind:?} {operation:?}"
            );
        }
    }
}

#[test]
fn a_key_of_another_type_is_inconsistent_before_it_is_not_permitted() {
    let mut key = key(CKO_PRIVATE_KEY, CKK_RSA);
    key.set_bool(CKA_SIGN, false);
    assert_eq!(permitted(Operation::Sign, &key, CKM_ECDSA, &[CKK_EC]), Err(Error::KeyTypeInconsistent));
    assert_eq!(
        permitted(Operation::Sign, &key, CKM_RSA_PKCS, &[CKK_RSA]),
        Err(Error::KeyFunctionNotPermitted)
    );
}

#[test]
fn an_object_that_is_no_key_is_no_valid_handle() {
    let certificate = created(creatable(&KINDS[1]), USER).unwrap();
    assert_eq!(permitted(Operation::Verify, &certificate, 1, &[]), Err(Error::KeyHandleInvalid));
    assert_eq!(permitted(Operation::Verify, &Attributes::new(), 1, &[]), Err(Error::KeyHandleInvalid));
}

#[test]
fn allowed_mechanisms_bind_unless_there_are_none() {
    let mut key = key(CKO_PRIVATE_KEY, CKK_RSA);
    let sign = |key: &Attributes, mechanism| permitted(Operation::Sign, key, mechanism, &[CKK_RSA]);
    assert!(sign(&key, CKM_RSA_PKCS).is_ok());
    key.set(CKA_ALLOWED_MECHANISMS, AttributeValue::Ulongs(vec![CKM_RSA_PKCS_PSS]));
    assert_eq!(sign(&key, CKM_RSA_PKCS), Err(Error::MechanismInvalid(CKM_RSA_PKCS)));
    assert!(sign(&key, CKM_RSA_PKCS_PSS).is_ok());
    key.set_bool(CKA_ALLOWED_MECHANISMS, true);
    assert_eq!(sign(&key, CKM_RSA_PKCS_PSS), Err(Error::MechanismInvalid(CKM_RSA_PKCS_PSS)));
}

#[test]
fn a_key_that_always_authenticates_is_not_used_where_no_pin_can_be_given() {
    let mut key = key(CKO_PRIVATE_KEY, CKK_RSA);
    key.set_bool(CKA_ALWAYS_AUTHENTICATE, true);
    key.set_bool(CKA_DERIVE, true);
    let answer = |operation| permitted(operation, &key, 1, &[CKK_RSA]);
    for operation in [Operation::Sign, Operation::SignRecover, Operation::Decrypt] {
        assert_eq!(answer(operation), Ok(ContextLogin::Needed));
    }
    for operation in [Operation::Unwrap, Operation::Derive] {
        assert_eq!(answer(operation), Err(Error::UserNotLoggedIn));
    }
}
