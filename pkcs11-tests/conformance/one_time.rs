//! Section 6.53: keys of one-time passwords, and the passwords.

use std::collections::BTreeSet;
use std::thread;

use cryptoki_sys::{
    CK_OTP_CHALLENGE, CK_OTP_COUNTER, CK_OTP_FLAGS, CK_OTP_FORMAT_BINARY, CK_OTP_FORMAT_DECIMAL,
    CK_OTP_FORMAT_HEXADECIMAL, CK_OTP_OUTPUT_FORMAT, CK_OTP_OUTPUT_LENGTH, CK_OTP_PARAM_IGNORED,
    CK_OTP_PARAM_MANDATORY, CK_OTP_PARAM_OPTIONAL, CK_OTP_PIN, CK_OTP_TIME, CK_OTP_VALUE, CKA_CLASS,
    CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LOCAL, CKA_MODIFIABLE, CKA_OTP_COUNTER, CKA_OTP_COUNTER_REQUIREMENT,
    CKA_OTP_FORMAT, CKA_OTP_LENGTH, CKA_OTP_PIN_REQUIREMENT, CKA_OTP_SERVICE_IDENTIFIER,
    CKA_OTP_TIME_REQUIREMENT, CKA_OTP_USER_FRIENDLY_MODE, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN,
    CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKF_EXCLUDE_COUNTER, CKF_EXCLUDE_PIN, CKF_NEXT_OTP,
    CKF_USER_FRIENDLY_OTP, CKK_AES, CKK_GENERIC_SECRET, CKK_HOTP, CKM_AES_KEY_WRAP_KWP, CKM_HOTP,
    CKM_HOTP_KEY_GEN, CKM_SHA256_HMAC, CKO_OTP_KEY, CKO_SECRET_KEY, CKR_ACTION_PROHIBITED,
    CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_STATE_UNSAVEABLE, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{attribute, flag};
use pkcs11_tests::raw::one_time::{Password, hotp, told};
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{aes, create};
use crate::wrapping::wrapped;

on_claviger!(
    a_key_has_the_attributes_of_its_class,
    a_generated_key_counts_from_zero,
    passwords_follow_one_another_and_verify,
    a_counter_that_is_given_leaves_the_keys_alone,
    a_query_and_a_buffer_too_small_take_no_counter,
    a_password_goes_to_a_buffer_at_any_address,
    a_read_only_session_takes_the_counter_of_a_token_key,
    a_counter_is_not_set_back,
    a_key_has_no_copy_and_does_not_travel,
    the_last_counter_is_never_taken,
    parameters_that_hotp_does_not_take_are_refused,
    keys_that_hotp_cannot_serve_are_refused,
    threads_never_get_one_password_twice,
    a_key_that_is_destroyed_gives_no_password,
    other_mechanisms_do_not_take_the_key,
    a_wrong_password_is_refused,
);

/// The secret of RFC 4226 appendix D, and its first passwords.
const SECRET: &[u8] = b"12345678901234567890";
const PASSWORDS: [&str; 3] = ["755224", "287082", "359152"];

fn key() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_OTP_KEY)
        .ulong(CKA_KEY_TYPE, CKK_HOTP)
        .boolean(CKA_SIGN, true)
        .boolean(CKA_VERIFY, true)
        .bytes(CKA_VALUE, SECRET)
}

fn asked(m: &Module, session: u64, key: u64, parameters: &[(u64, &[u8])]) -> Result<Password, u64> {
    match m.sign_init(session, Some(&hotp(parameters).mechanism()), key) {
        CKR_OK => finished(m, session),
        rv => Err(rv),
    }
}

fn finished(m: &Module, session: u64) -> Result<Password, u64> {
    let mut room = [0; 128];
    match m.sign(session, Sent::null(0), Out::buffer(&mut room)) {
        (CKR_OK, _) => Ok(told(&room)),
        (rv, _) => Err(rv),
    }
}

fn password(counter: u64, digits: &str) -> Result<Password, u64> {
    Ok(Password { counter, digits: digits.to_owned() })
}

fn counter_of(m: &Module, session: u64, key: u64) -> u64 {
    u64::from_be_bytes(attribute(m, session, key, CKA_OTP_COUNTER).try_into().unwrap())
}

fn a_key_has_the_attributes_of_its_class(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let made = create(m, session, &key().bytes(CKA_OTP_SERVICE_IDENTIFIER, "shop"));
    let number = |kind| u64::from_ne_bytes(attribute(m, session, made, kind).try_into().unwrap());
    assert_eq!(number(CKA_OTP_FORMAT), CK_OTP_FORMAT_DECIMAL);
    assert_eq!((number(CKA_OTP_LENGTH), number(CKA_VALUE_LEN)), (6, 20));
    assert_eq!(number(CKA_OTP_COUNTER_REQUIREMENT), CK_OTP_PARAM_OPTIONAL);
    assert_eq!(number(CKA_OTP_PIN_REQUIREMENT), CK_OTP_PARAM_IGNORED);
    assert_eq!(number(CKA_OTP_TIME_REQUIREMENT), CK_OTP_PARAM_IGNORED);
    assert!(flag(m, session, made, CKA_OTP_USER_FRIENDLY_MODE) && flag(m, session, made, CKA_PRIVATE));
    assert_eq!(attribute(m, session, made, CKA_OTP_SERVICE_IDENTIFIER), b"shop");
    assert_eq!(counter_of(m, session, made), 0);
    assert!(flag(m, session, made, CKA_SENSITIVE));
    let (rv, _) = m.attribute_values(session, made, &[(CKA_VALUE, Some(20))]);
    assert_rv!(rv, CKR_ATTRIBUTE_SENSITIVE);
    assert_eq!(token.find(session, &Template::new().ulong(CKA_CLASS, CKO_OTP_KEY)), [made]);
}

fn a_generated_key_counts_from_zero(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let by = mechanism(CKM_HOTP_KEY_GEN);
    let template = Template::new().boolean(CKA_SIGN, true).boolean(CKA_VERIFY, true);
    let (rv, made) = m.generate_key(session, Some(&by), &template.clone().ulong(CKA_VALUE_LEN, 20));
    assert_rv!(rv, CKR_OK);
    assert!(flag(m, session, made, CKA_LOCAL));
    assert_eq!(asked(m, session, made, &[]).unwrap().counter, 0);
    assert_eq!(asked(m, session, made, &[]).unwrap().counter, 1);
    assert_rv!(m.generate_key(session, Some(&by), &template).0, CKR_TEMPLATE_INCOMPLETE);
    let short = template.clone().ulong(CKA_VALUE_LEN, 15);
    assert_rv!(m.generate_key(session, Some(&by), &short).0, CKR_ATTRIBUTE_VALUE_INVALID);
    let other = template.ulong(CKA_VALUE_LEN, 20).ulong(CKA_CLASS, CKO_SECRET_KEY);
    assert_rv!(m.generate_key(session, Some(&by), &other).0, CKR_TEMPLATE_INCONSISTENT);
}

fn passwords_follow_one_another_and_verify(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for of_token in [true, false] {
        let made = create(m, session, &key().boolean(CKA_TOKEN, of_token));
        for (counter, digits) in (0_u64..).zip(PASSWORDS) {
            assert_eq!(asked(m, session, made, &[]), password(counter, digits));
            let by = hotp(&[(CK_OTP_COUNTER, &counter.to_be_bytes())]);
            assert_rv!(m.verify_init(session, Some(&by.mechanism()), made), CKR_OK);
            assert_rv!(m.verify(session, Sent::null(0), Sent::from(digits)), CKR_OK);
        }
        assert_eq!(counter_of(m, session, made), 3, "verifying takes none");
        // In parts, of which there is none.
        assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
        let mut room = [0; 128];
        assert_rv!(m.sign_final(session, Out::buffer(&mut room)).0, CKR_OK);
        assert_eq!(told(&room).counter, 3);
    }
}

fn a_counter_that_is_given_leaves_the_keys_alone(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let requires = |requirement| create(m, session, &key().ulong(CKA_OTP_COUNTER_REQUIREMENT, requirement));
    let two: (u64, &[u8]) = (CK_OTP_COUNTER, &[0, 0, 0, 0, 0, 0, 0, 2]);
    let optional = requires(CK_OTP_PARAM_OPTIONAL);
    assert_eq!(asked(m, session, optional, &[two]), password(2, PASSWORDS[2]));
    assert_eq!(asked(m, session, optional, &[]), password(0, PASSWORDS[0]));
    let ignored = requires(CK_OTP_PARAM_IGNORED);
    assert_eq!(asked(m, session, ignored, &[two]), password(0, PASSWORDS[0]));
    let mandatory = requires(CK_OTP_PARAM_MANDATORY);
    assert_eq!(asked(m, session, mandatory, &[]), Err(CKR_MECHANISM_PARAM_INVALID));
    assert_eq!(asked(m, session, mandatory, &[two]), password(2, PASSWORDS[2]));
    assert_eq!(counter_of(m, session, mandatory), 0);
}

fn a_query_and_a_buffer_too_small_take_no_counter(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key().boolean(CKA_TOKEN, true));
    assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
    let (rv, len) = m.sign(session, Sent::null(0), Out::query());
    assert_rv!(rv, CKR_OK);
    let mut short = vec![0xEE; usize::try_from(len).unwrap() - 1];
    assert_rv!(m.sign(session, Sent::null(0), Out::buffer(&mut short)).0, CKR_BUFFER_TOO_SMALL);
    assert!(short.iter().all(|byte| *byte == 0xEE));
    assert_eq!(counter_of(m, session, made), 0);
    let mut just = vec![0; usize::try_from(len).unwrap()];
    assert_rv!(m.sign(session, Sent::null(0), Out::buffer(&mut just)).0, CKR_OK);
    assert_eq!((told(&just).counter, counter_of(m, session, made)), (0, 1));
    // Data, of which there is none, are refused before the counter is taken.
    assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
    assert_rv!(m.sign(session, Sent::from("x"), Out::buffer(&mut just)).0, CKR_DATA_LEN_RANGE);
    assert_rv!(m.sign(session, Sent::null(0), Out::buffer(&mut just)).0, CKR_OPERATION_NOT_INITIALIZED);
    assert_eq!(counter_of(m, session, made), 1);
    assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
    assert_rv!(m.operation_state(session, Out::query()).0, CKR_STATE_UNSAVEABLE);
    assert_rv!(m.sign_init(session, None, 0), CKR_OK);
}

fn a_password_goes_to_a_buffer_at_any_address(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key());
    for (counter, offset) in (0..8).zip(0..8) {
        let mut room = [0; 136];
        assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
        assert_rv!(m.sign(session, Sent::null(0), Out::buffer(&mut room[offset..])).0, CKR_OK);
        assert_eq!(told(&room[offset..]).counter, counter);
    }
}

fn a_read_only_session_takes_the_counter_of_a_token_key(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let made = create(t.module, session, &key().boolean(CKA_TOKEN, true).boolean(CKA_MODIFIABLE, false));
    let read_only = token.open_ro();
    assert_eq!(asked(t.module, read_only, made, &[]), password(0, PASSWORDS[0]));
    assert_eq!(asked(t.module, session, made, &[]), password(1, PASSWORDS[1]));
    assert_eq!(t.module.finalize(), CKR_OK);
    assert_rv!(t.module.initialize(), CKR_OK);
    let session = token.user_session();
    let made = token.find(session, &Template::new().ulong(CKA_CLASS, CKO_OTP_KEY))[0];
    assert_eq!(asked(t.module, session, made, &[]), password(2, PASSWORDS[2]));
}

fn a_counter_is_not_set_back(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key());
    let _first = asked(m, session, made, &[]).unwrap();
    for attribute in [
        Template::new().bytes(CKA_OTP_COUNTER, [0; 8]),
        Template::new().ulong(CKA_OTP_LENGTH, 8),
        Template::new().ulong(CKA_OTP_COUNTER_REQUIREMENT, CK_OTP_PARAM_MANDATORY),
    ] {
        assert_rv!(m.set_attribute_values(session, made, &attribute), CKR_ATTRIBUTE_READ_ONLY);
    }
    assert_eq!(counter_of(m, session, made), 1);
}

/// What a second key of the same secret would count, it would count again.
fn a_key_has_no_copy_and_does_not_travel(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key().boolean(CKA_EXTRACTABLE, true));
    assert_rv!(m.copy_object(session, made, &Template::new()).0, CKR_ACTION_PROHIBITED);
    let kek = aes(m, session, &[9; 32]);
    assert_eq!(wrapped(m, session, CKM_AES_KEY_WRAP_KWP, kek, made), Err(CKR_KEY_NOT_WRAPPABLE));
    let secret = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let secret = create(m, session, &secret.bytes(CKA_VALUE, SECRET).boolean(CKA_EXTRACTABLE, true));
    let sealed = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, kek, secret).unwrap();
    let template = Template::new().ulong(CKA_CLASS, CKO_OTP_KEY).ulong(CKA_KEY_TYPE, CKK_HOTP);
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    assert_rv!(
        m.unwrap_key(session, Some(&by), kek, Sent::from(&sealed), &template).0,
        CKR_TEMPLATE_INCONSISTENT
    );
}

fn the_last_counter_is_never_taken(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key().bytes(CKA_OTP_COUNTER, (u64::MAX - 1).to_be_bytes()));
    assert_eq!(asked(m, session, made, &[]).unwrap().counter, u64::MAX - 1);
    for _ in 0..2 {
        assert_eq!(asked(m, session, made, &[]), Err(CKR_FUNCTION_FAILED));
    }
    assert_eq!(counter_of(m, session, made), u64::MAX);
}

fn parameters_that_hotp_does_not_take_are_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key().boolean(CKA_TOKEN, true).boolean(CKA_OTP_USER_FRIENDLY_MODE, false));
    let number = |value: u64| value.to_ne_bytes();
    let (five, six, nine) = (number(5), number(6), number(9));
    let (hexadecimal, binary) = (number(CK_OTP_FORMAT_HEXADECIMAL), number(CK_OTP_FORMAT_BINARY));
    let (next, no_counter) = (number(CKF_NEXT_OTP), number(CKF_EXCLUDE_COUNTER));
    let (friendly, unknown) = (number(CKF_USER_FRIENDLY_OTP), number(1 << 20));
    let bad: [&[(u64, &[u8])]; 14] = [
        &[(CK_OTP_COUNTER, &[0; 7])],
        &[(CK_OTP_COUNTER, &[])],
        &[(CK_OTP_COUNTER, &[0; 8]), (CK_OTP_COUNTER, &[0; 8])],
        &[(CK_OTP_OUTPUT_LENGTH, &five)],
        &[(CK_OTP_OUTPUT_LENGTH, &nine)],
        &[(CK_OTP_OUTPUT_LENGTH, &[6])],
        &[(CK_OTP_OUTPUT_LENGTH, &six), (CK_OTP_OUTPUT_LENGTH, &six)],
        &[(CK_OTP_OUTPUT_FORMAT, &hexadecimal)],
        &[(CK_OTP_OUTPUT_FORMAT, &binary)],
        &[(CK_OTP_FLAGS, &next)],
        &[(CK_OTP_FLAGS, &no_counter)],
        &[(CK_OTP_FLAGS, &friendly)],
        &[(CK_OTP_FLAGS, &unknown)],
        &[(CK_OTP_VALUE, b"755224")],
    ];
    for parameters in bad {
        let by = hotp(parameters);
        assert_rv!(
            m.sign_init(session, Some(&by.mechanism()), made),
            CKR_MECHANISM_PARAM_INVALID,
            "{parameters:?}"
        );
        assert_rv!(
            m.verify_init(session, Some(&by.mechanism()), made),
            CKR_MECHANISM_PARAM_INVALID,
            "{parameters:?}"
        );
    }
    let unknown = hotp(&[(77, &[])]);
    assert_rv!(m.sign_init(session, Some(&unknown.mechanism()), made), CKR_MECHANISM_PARAM_INVALID);
    assert_rv!(m.verify_init(session, Some(&hotp(&[]).mechanism()), made), CKR_MECHANISM_PARAM_INVALID);
    assert_eq!(counter_of(m, session, made), 0, "nothing was taken");
    // What HOTP has no use for is passed over.
    let (no_pin, decimal) = (number(CKF_EXCLUDE_PIN), number(CK_OTP_FORMAT_DECIMAL));
    let passed_over: [(u64, &[u8]); 5] = [
        (CK_OTP_PIN, b"1234"),
        (CK_OTP_CHALLENGE, b"?"),
        (CK_OTP_TIME, b"20260101000000"),
        (CK_OTP_FLAGS, &no_pin),
        (CK_OTP_OUTPUT_FORMAT, &decimal),
    ];
    assert_eq!(asked(m, session, made, &passed_over), password(0, PASSWORDS[0]));
    let eight = number(8);
    let longer = asked(m, session, made, &[(CK_OTP_OUTPUT_LENGTH, &eight)]).unwrap();
    assert!(longer.digits.len() == 8 && longer.digits.ends_with(PASSWORDS[1]), "{longer:?}");
}

fn keys_that_hotp_cannot_serve_are_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for template in [
        key().bytes(CKA_OTP_COUNTER, [0; 7]),
        key().bytes(CKA_OTP_COUNTER, []),
        key().ulong(CKA_OTP_LENGTH, 5),
        key().ulong(CKA_OTP_LENGTH, 9),
        key().ulong(CKA_OTP_FORMAT, CK_OTP_FORMAT_BINARY),
        key().ulong(CKA_OTP_PIN_REQUIREMENT, CK_OTP_PARAM_MANDATORY),
        key().ulong(CKA_OTP_TIME_REQUIREMENT, CK_OTP_PARAM_OPTIONAL),
        key().ulong(CKA_OTP_COUNTER_REQUIREMENT, 9),
        key().without(CKA_VALUE).bytes(CKA_VALUE, []),
        key().without(CKA_KEY_TYPE).ulong(CKA_KEY_TYPE, CKK_AES),
    ] {
        let (rv, _) = m.create_object(session, &template);
        assert!([CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT].contains(&rv), "{rv:#x}");
    }
    let (rv, _) = m.create_object(session, &key().without(CKA_VALUE));
    assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
    let of_another_class = key().without(CKA_CLASS).ulong(CKA_CLASS, CKO_SECRET_KEY);
    let (rv, _) = m.create_object(session, &of_another_class);
    assert!([CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT].contains(&rv), "{rv:#x}");
}

fn threads_never_get_one_password_twice(t: &Test) {
    const THREADS: usize = 8;
    const EACH: usize = 12;
    let token = t.token();
    let keeper = token.user_session();
    for of_token in [true, false] {
        let made = create(t.module, keeper, &key().boolean(CKA_TOKEN, of_token));
        let counters: Vec<u64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        let session = token.open_ro();
                        (0..EACH).map(|_| asked(token.module, session, made, &[]).unwrap().counter).collect()
                    })
                })
                .collect();
            let all: Vec<Vec<u64>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            all.concat()
        });
        let unlike: BTreeSet<u64> = counters.iter().copied().collect();
        assert_eq!((counters.len(), unlike.len()), (THREADS * EACH, THREADS * EACH));
        assert_eq!(counter_of(t.module, keeper, made), (THREADS * EACH) as u64, "none is left out");
    }
}

fn a_key_that_is_destroyed_gives_no_password(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for of_token in [true, false] {
        let made = create(m, session, &key().boolean(CKA_TOKEN, of_token));
        assert_rv!(m.sign_init(session, Some(&hotp(&[]).mechanism()), made), CKR_OK);
        assert_rv!(m.destroy_object(session, made), CKR_OK);
        assert_eq!(finished(m, session), Err(CKR_OPERATION_NOT_INITIALIZED));
    }
}

fn other_mechanisms_do_not_take_the_key(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key());
    assert_rv!(m.sign_init(session, Some(&mechanism(CKM_SHA256_HMAC)), made), CKR_KEY_TYPE_INCONSISTENT);
    let secret = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let secret = create(m, session, &secret.bytes(CKA_VALUE, SECRET).boolean(CKA_SIGN, true));
    assert_rv!(m.sign_init(session, Some(&mechanism(CKM_HOTP)), secret), CKR_KEY_TYPE_INCONSISTENT);
    // Without parameters at all the key's counter is taken.
    assert_rv!(m.sign_init(session, Some(&mechanism(CKM_HOTP)), made), CKR_OK);
    assert_eq!(finished(m, session), password(0, PASSWORDS[0]));
}

fn a_wrong_password_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let made = create(m, session, &key());
    for (given, expected) in [
        (PASSWORDS[0], CKR_OK),
        (PASSWORDS[1], CKR_SIGNATURE_INVALID),
        ("75522", CKR_SIGNATURE_LEN_RANGE),
        ("0755224", CKR_SIGNATURE_LEN_RANGE),
        ("", CKR_SIGNATURE_LEN_RANGE),
    ] {
        let by = hotp(&[(CK_OTP_COUNTER, &[0; 8])]);
        assert_rv!(m.verify_init(session, Some(&by.mechanism()), made), CKR_OK);
        assert_rv!(m.verify(session, Sent::null(0), Sent::from(given)), expected, "{given}");
    }
}
