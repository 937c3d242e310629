//! Section 5.5: C_InitToken and what it leaves.

use cryptoki_sys::{
    CKF_LOGIN_REQUIRED, CKF_RNG, CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED, CKR_ARGUMENTS_BAD, CKR_OK,
    CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE, CKR_SESSION_EXISTS, CKR_USER_PIN_NOT_INITIALIZED, CKU_SO, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::token::{LABEL, empty_slots};
use pkcs11_tests::{SO_PIN, Sent, Template, Test, Token, USER_PIN, assert_rv, on_both, on_claviger};

on_both!(
    the_first_init_sets_the_officers_pin_and_the_label,
    init_with_a_session_open_is_refused,
    init_again_needs_the_officers_pin,
    init_again_destroys_the_objects_and_the_users_pin,
    token_info_is_padded_and_truthful,
    nulls_are_refused_by_init,
    a_pin_of_impossible_length_is_refused_and_leaves_the_token_blank,
    wild_lengths_are_refused_by_init,
    the_serial_number_belongs_to_the_token_alone,
);
on_claviger!(sessions_are_counted, a_label_that_is_not_utf8_is_refused);

const OTHER_LABEL: &[u8; 32] = b"another label                   ";

fn blank(t: &Test) -> u64 {
    assert_rv!(t.module.initialize(), CKR_OK);
    empty_slots(t.module)[0]
}

fn the_first_init_sets_the_officers_pin_and_the_label(t: &Test) {
    let slot = blank(t);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let token = Token { module: t.module, slot };
    let info = token.info();
    assert_eq!(&info.label, LABEL);
    assert_ne!(info.flags & CKF_TOKEN_INITIALIZED, 0);
    assert_eq!(info.flags & CKF_USER_PIN_INITIALIZED, 0);
    let session = token.open_rw();
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_USER_PIN_NOT_INITIALIZED);
    assert_rv!(t.module.login(session, CKU_SO, "wrong-pin".into()), CKR_PIN_INCORRECT);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
}

fn init_with_a_session_open_is_refused(t: &Test) {
    let token = t.token();
    let session = token.open_ro();
    assert_rv!(t.module.init_token(token.slot, SO_PIN.into(), Some(OTHER_LABEL)), CKR_SESSION_EXISTS);
    assert_eq!(&token.info().label, LABEL);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert_rv!(t.module.init_token(token.slot, SO_PIN.into(), Some(OTHER_LABEL)), CKR_OK);
    assert_eq!(&token.info().label, OTHER_LABEL);
}

fn init_again_needs_the_officers_pin(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let _pair = generate(t.module, session, Kind::P256, true, "kept");
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    assert_rv!(t.module.init_token(token.slot, "wrong-pin".into(), Some(OTHER_LABEL)), CKR_PIN_INCORRECT);
    assert_rv!(t.module.init_token(token.slot, USER_PIN.into(), Some(OTHER_LABEL)), CKR_PIN_INCORRECT);
    assert_eq!(&token.info().label, LABEL);
    let session = token.user_session();
    assert_eq!(token.find(session, &Template::new()).len(), 2, "nothing was destroyed");
}

fn init_again_destroys_the_objects_and_the_users_pin(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let _pair = generate(t.module, session, Kind::P256, true, "gone");
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    assert_rv!(t.module.init_token(token.slot, SO_PIN.into(), Some(OTHER_LABEL)), CKR_OK);
    assert_eq!(token.info().flags & CKF_USER_PIN_INITIALIZED, 0);
    let session = token.open_rw();
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_USER_PIN_NOT_INITIALIZED);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_rv!(t.module.init_pin(session, "a-new-pin".into()), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_PIN_INCORRECT);
    assert_rv!(t.module.login(session, CKU_USER, "a-new-pin".into()), CKR_OK);
    assert_eq!(token.find(session, &Template::new()), [], "no object is left");
}

fn nulls_are_refused_by_init(t: &Test) {
    let slot = blank(t);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), None), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.init_token(slot, Sent::null(8), Some(LABEL)), CKR_ARGUMENTS_BAD);
    // There is no protected authentication path, so a PIN must be given (section 5.5.7).
    assert_rv!(t.module.init_token(slot, Sent::null(0), Some(LABEL)), CKR_ARGUMENTS_BAD);
    assert_eq!(empty_slots(t.module), [slot]);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
}

fn a_pin_of_impossible_length_is_refused_and_leaves_the_token_blank(t: &Test) {
    let slot = blank(t);
    for pin in [&b""[..], b"123", &[b'x'; 256], &[b'x'; 70_000]] {
        let rv = t.module.init_token(slot, pin.into(), Some(LABEL));
        assert!([CKR_PIN_LEN_RANGE, CKR_PIN_INCORRECT, CKR_ARGUMENTS_BAD].contains(&rv), "{rv:#x}");
    }
    assert_eq!(empty_slots(t.module), [slot]);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
}

fn wild_lengths_are_refused_by_init(t: &Test) {
    let slot = blank(t);
    for len in [u64::MAX, 1 << 63, u64::MAX - 7] {
        let rv = t.module.init_token(slot, Sent::claiming(b"1234", len), Some(LABEL));
        assert!([CKR_PIN_LEN_RANGE, CKR_PIN_INCORRECT, CKR_ARGUMENTS_BAD].contains(&rv), "{rv:#x}");
    }
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
}

/// SoftHSM takes it (`CKR_OK`); section 5.5.7 takes CK_UTF8CHAR.
fn a_label_that_is_not_utf8_is_refused(t: &Test) {
    let slot = blank(t);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(&[0xFF; 32])), CKR_ARGUMENTS_BAD);
    assert_eq!(empty_slots(t.module), [slot]);
}

fn token_info_is_padded_and_truthful(t: &Test) {
    let token = t.token();
    let info = token.info();
    for text in [&info.label[..], &info.manufacturerID, &info.model, &info.serialNumber] {
        assert!(!text.contains(&0), "padded with blanks: {text:?}");
    }
    for flag in [CKF_RNG, CKF_LOGIN_REQUIRED, CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED] {
        assert_ne!(info.flags & flag, 0, "{flag:#x}");
    }
    assert!(info.ulMinPinLen > 0 && info.ulMaxPinLen >= 255 && info.ulMinPinLen < info.ulMaxPinLen);
    let session = token.so_session();
    let shortest = vec![b'7'; usize::try_from(info.ulMinPinLen).unwrap()];
    let longest = vec![b'7'; usize::try_from(info.ulMaxPinLen).unwrap()];
    for pin in [&shortest, &longest] {
        assert_rv!(t.module.init_pin(session, Sent::from(pin)), CKR_OK, "with {} bytes", pin.len());
    }
    let too_short = &shortest[1..];
    assert_rv!(t.module.init_pin(session, Sent::from(too_short)), CKR_PIN_LEN_RANGE);
    let too_long = [&longest[..], b"7"].concat();
    assert_rv!(t.module.init_pin(session, Sent::from(&too_long)), CKR_PIN_LEN_RANGE);
}

/// SoftHSM answers CK_UNAVAILABLE_INFORMATION, as section 3.2 allows.
fn sessions_are_counted(t: &Test) {
    let token = t.token();
    let counts = || {
        let info = token.info();
        (info.ulSessionCount, info.ulRwSessionCount)
    };
    assert_eq!(counts(), (0, 0));
    let first = token.open_ro();
    let _second = token.open_rw();
    let _third = token.open_rw();
    assert_eq!(counts(), (3, 2));
    assert_rv!(t.module.close_session(first), CKR_OK);
    assert_eq!(counts(), (2, 2));
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    assert_eq!(counts(), (0, 0));
}

fn the_serial_number_belongs_to_the_token_alone(t: &Test) {
    let token = t.token();
    let slot = empty_slots(t.module)[0];
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let other = Token { module: t.module, slot };
    assert_ne!(token.info().serialNumber, other.info().serialNumber);
    assert_ne!(token.info().serialNumber, [b' '; 16]);
}
