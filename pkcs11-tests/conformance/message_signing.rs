//! Sections 5.14 and 5.16: message-based signing and verifying. SoftHSM, of 2.40, has none of it.

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_TYPE, CKA_ALWAYS_AUTHENTICATE, CKA_SIGN, CKA_VERIFY, CKF_MESSAGE_SIGN,
    CKF_MESSAGE_VERIFY, CKF_MULTI_MESSAGE, CKF_SIGN, CKF_VERIFY, CKM_AES_GMAC, CKM_ECDSA, CKM_HOTP,
    CKM_POLY1305, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DATA_INVALID,
    CKR_DATA_LEN_RANGE, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_STATE_UNSAVEABLE, CKR_USER_NOT_LOGGED_IN, CKU_CONTEXT_SPECIFIC,
};
use pkcs11_tests::keys::{Kind, Pair, generate, verify};
use pkcs11_tests::mechanisms::operation::SIGNING;
use pkcs11_tests::mechanisms::{Keyring, flags, listed, row};
use pkcs11_tests::raw::messages::Given;
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Out, Sent, Test, USER_PIN, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{create, generic, secret_template};

on_claviger!(
    every_mechanism_that_signs_and_verifies_does_so_by_messages,
    messages_follow_one_another_whole_and_in_parts,
    a_length_that_is_asked_for_and_a_buffer_without_room_leave_the_message,
    calls_out_of_order_are_refused_and_change_nothing,
    no_mechanism_ends_a_process_in_the_middle_of_a_message,
    an_error_ends_the_message_and_not_the_process,
    a_message_has_no_parameters,
    keys_and_mechanisms_are_judged_as_for_c_sign_init,
    a_verdict_ends_the_message_alone,
    what_cannot_be_read_ends_the_message_and_not_the_process,
    each_message_has_a_login_of_its_own,
    a_process_does_not_outlive_the_login,
    a_bad_session_and_a_library_that_is_not_there_go_first,
    a_state_of_messages_is_not_saved,
    messages_run_beside_other_operations,
);

const DATA: &[u8] = b"a message";
const NONE: fn() -> Given<'static> = Given::none;

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    pair: Pair,
}

fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    Bench { m: t.module, session, pair }
}

fn rsa() -> CK_MECHANISM {
    mechanism(CKM_SHA256_RSA_PKCS)
}

impl Bench<'_> {
    fn begin(&self) {
        assert_rv!(self.m.message_sign_init(self.session, Some(&rsa()), self.pair.private), CKR_OK);
        assert_rv!(self.m.message_verify_init(self.session, Some(&rsa()), self.pair.public), CKR_OK);
    }

    fn whole(&self) -> (u64, Vec<u8>) {
        let mut room = vec![0; 256];
        let (rv, len) = self.m.sign_message(self.session, NONE(), DATA.into(), Out::buffer(&mut room));
        room.truncate(usize::try_from(len).unwrap());
        (rv, room)
    }

    fn signature(&self) -> Vec<u8> {
        pkcs11_tests::keys::sign(self.m, self.session, &rsa(), self.pair.private, DATA).unwrap()
    }

    fn more(&self, part: &[u8]) -> u64 {
        self.m.sign_message_next(self.session, NONE(), part.into(), Out::without_length(&mut [])).0
    }

    fn last(&self, part: &[u8]) -> (u64, Vec<u8>) {
        let mut room = vec![0; 256];
        let (rv, len) = self.m.sign_message_next(self.session, NONE(), part.into(), Out::buffer(&mut room));
        room.truncate(usize::try_from(len).unwrap());
        (rv, room)
    }

    /// What each call but Init answers: whole, begin, more, last, final; of signing and of verifying.
    fn signing_calls(&self) -> [fn(&Self) -> u64; 5] {
        [
            |b| b.whole().0,
            |b| b.m.sign_message_begin(b.session, NONE()),
            |b| b.more(DATA),
            |b| b.last(DATA).0,
            |b| b.m.message_sign_final(b.session),
        ]
    }

    fn verifying_calls(&self) -> [fn(&Self) -> u64; 5] {
        [
            |b| b.m.verify_message(b.session, NONE(), DATA.into(), Sent::from(&[1; 256])),
            |b| b.m.verify_message_begin(b.session, NONE()),
            |b| b.m.verify_message_next(b.session, NONE(), DATA.into(), Sent::null(0)),
            |b| b.m.verify_message_next(b.session, NONE(), DATA.into(), Sent::from(&[1; 256])),
            |b| b.m.message_verify_final(b.session),
        ]
    }
}

/// What signs no messages: one-time passwords, which are of none, and what has one vector or one key for one message.
const ONCE: [CK_MECHANISM_TYPE; 3] = [CKM_AES_GMAC, CKM_HOTP, CKM_POLY1305];

/// As the flags of C_GetMechanismInfo say.
fn every_mechanism_that_signs_and_verifies_does_so_by_messages(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let keyring = Keyring::new(m, session);
    let mut walked = 0;
    for kind in listed(&token) {
        let (row, can) = (row(kind), flags(&token, kind));
        let (signs, verifies) = (can & CKF_MESSAGE_SIGN != 0, can & CKF_MESSAGE_VERIFY != 0);
        assert_eq!(signs, can & CKF_SIGN != 0 && !ONCE.contains(&kind), "{}", row.name);
        assert_eq!(verifies, can & CKF_VERIFY != 0 && !ONCE.contains(&kind), "{}", row.name);
        if !signs || !verifies {
            continue;
        }
        assert_ne!(can & CKF_MULTI_MESSAGE, 0, "{}", row.name);
        let (keys, message) = (keyring.keys(row.key), vec![0x21; row.message.fitting(3)]);
        let ready = row.ready_for(message.len());
        let by = ready.mechanism();
        assert_rv!(m.message_sign_init(session, Some(&by), keys.private), CKR_OK, "{}", row.name);
        assert_rv!(m.message_verify_init(session, Some(&by), keys.public), CKR_OK, "{}", row.name);
        let mut signatures = vec![SIGNING.whole(m, session, &by, keys.private, &message).unwrap()];
        for _ in 0..2 {
            let mut room = vec![0; 60_000];
            let (rv, len) = m.sign_message(session, NONE(), Sent::from(&message), Out::buffer(&mut room));
            assert_rv!(rv, CKR_OK, "{}", row.name);
            signatures.push(room[..usize::try_from(len).unwrap()].to_vec());
            assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK, "{}", row.name);
            for part in message.chunks(7) {
                let more = Out::without_length(&mut []);
                assert_rv!(m.sign_message_next(session, NONE(), part.into(), more).0, CKR_OK, "{}", row.name);
            }
            let (rv, len) = m.sign_message_next(session, NONE(), Sent::null(0), Out::buffer(&mut room));
            assert_rv!(rv, CKR_OK, "{}", row.name);
            signatures.push(room[..usize::try_from(len).unwrap()].to_vec());
        }
        for signature in &signatures {
            let (data, signature) = (Sent::from(&message), Sent::from(signature));
            assert_rv!(m.verify_message(session, NONE(), data, signature), CKR_OK, "{}", row.name);
            assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK, "{}", row.name);
            for part in message.chunks(7) {
                let rv = m.verify_message_next(session, NONE(), part.into(), Sent::null(0));
                assert_rv!(rv, CKR_OK, "{}", row.name);
            }
            let rv = m.verify_message_next(session, NONE(), Sent::null(0), signature);
            assert_rv!(rv, CKR_OK, "{}", row.name);
        }
        let mut wrong = signatures[0].clone();
        *wrong.last_mut().unwrap() ^= 1;
        let rv = m.verify_message(session, NONE(), Sent::from(&message), Sent::from(&wrong));
        assert_rv!(rv, CKR_SIGNATURE_INVALID, "{}", row.name);
        assert_rv!(m.message_sign_final(session), CKR_OK, "{}", row.name);
        assert_rv!(m.message_verify_final(session), CKR_OK, "{}", row.name);
        walked += 1;
    }
    assert!(walked > 100, "{walked} mechanisms sign messages");
}

fn messages_follow_one_another_whole_and_in_parts(t: &Test) {
    let b = bench(t);
    let expected = b.signature();
    b.begin();
    for _ in 0..2 {
        assert_eq!(b.whole(), (CKR_OK, expected.clone()));
        assert_rv!(b.m.sign_message_begin(b.session, NONE()), CKR_OK);
        assert_rv!(b.more(&DATA[..4]), CKR_OK);
        assert_eq!(b.last(&DATA[4..]), (CKR_OK, expected.clone()));
        assert_rv!(verify(b.m, b.session, &rsa(), b.pair.public, DATA, &expected), CKR_OK);
    }
    assert_rv!(b.m.message_sign_final(b.session), CKR_OK);
    assert_rv!(b.whole().0, CKR_OPERATION_NOT_INITIALIZED);
}

/// Section 5.2, and 5.14.4: such a call takes nothing of its part in.
fn a_length_that_is_asked_for_and_a_buffer_without_room_leave_the_message(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let expected = b.signature();
    b.begin();
    let mut room = [0xA5; 256];
    for _ in 0..2 {
        assert_eq!(m.sign_message(session, NONE(), DATA.into(), Out::query()), (CKR_OK, 256));
        let short = m.sign_message(session, NONE(), DATA.into(), Out::buffer(&mut room[..255]));
        assert_eq!(short, (CKR_BUFFER_TOO_SMALL, 256));
        assert_eq!(room, [0xA5; 256]);
    }
    assert_eq!(b.whole(), (CKR_OK, expected.clone()));
    assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
    for _ in 0..2 {
        assert_eq!(m.sign_message_next(session, NONE(), DATA.into(), Out::query()), (CKR_OK, 256));
        let short = m.sign_message_next(session, NONE(), DATA.into(), Out::buffer(&mut room[..255]));
        assert_eq!(short, (CKR_BUFFER_TOO_SMALL, 256));
        assert_eq!(room, [0xA5; 256]);
    }
    assert_eq!(b.last(DATA), (CKR_OK, expected));
}

fn calls_out_of_order_are_refused_and_change_nothing(t: &Test) {
    let b = bench(t);
    let not = CKR_OPERATION_NOT_INITIALIZED;
    let active = CKR_OPERATION_ACTIVE;
    for calls in [b.signing_calls(), b.verifying_calls()] {
        assert_eq!(calls.map(|call| call(&b)), [not; 5], "there is no process");
    }
    b.begin();
    assert_rv!(b.m.message_sign_init(b.session, Some(&rsa()), b.pair.private), active);
    assert_rv!(b.m.message_verify_init(b.session, Some(&rsa()), b.pair.public), active);
    for [_, begin, more, last, _] in [b.signing_calls(), b.verifying_calls()] {
        assert_eq!([more(&b), last(&b)], [not; 2], "there is no message");
        assert_rv!(begin(&b), CKR_OK);
    }
    for [whole, begin, more, _, end] in [b.signing_calls(), b.verifying_calls()] {
        assert_eq!([whole(&b), begin(&b), end(&b)], [active; 3], "in the middle of a message");
        assert_rv!(more(&b), CKR_OK, "which goes on");
    }
    assert_rv!(b.m.message_sign_init(b.session, Some(&rsa()), b.pair.private), active);
    let expected = pkcs11_tests::keys::sign(b.m, b.session, &rsa(), b.pair.private, &[DATA, DATA].concat());
    assert_eq!(b.last(DATA), (CKR_OK, expected.clone().unwrap()));
    let signature = expected.unwrap();
    let rv = b.m.verify_message_next(b.session, NONE(), DATA.into(), Sent::from(&signature));
    assert_rv!(rv, CKR_OK);
    assert_rv!(b.m.message_sign_final(b.session), CKR_OK);
    assert_rv!(b.m.message_verify_final(b.session), CKR_OK);
}

/// Section 5.9.1 says it of encryption; C_SessionCancel ends these too (section 5.6.8).
fn no_mechanism_ends_a_process_in_the_middle_of_a_message(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    for cancelled in [false, true] {
        b.begin();
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        if cancelled {
            assert_rv!(m.session_cancel(session, CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY), CKR_OK);
        } else {
            assert_rv!(m.message_sign_init(session, None, 0), CKR_OK);
            assert_rv!(m.message_verify_init(session, None, 0), CKR_OK);
        }
        for calls in [b.signing_calls(), b.verifying_calls()] {
            assert_eq!(calls.map(|call| call(&b)), [CKR_OPERATION_NOT_INITIALIZED; 5]);
        }
    }
}

fn an_error_ends_the_message_and_not_the_process(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let plain = mechanism(CKM_RSA_PKCS);
    assert_rv!(m.message_sign_init(session, Some(&plain), b.pair.private), CKR_OK);
    assert_rv!(m.message_verify_init(session, Some(&plain), b.pair.public), CKR_OK);
    let long = [1; 300];
    let mut room = [0; 256];
    let out = || Out::without_length(&mut []);
    for _ in 0..2 {
        let rv = m.sign_message(session, NONE(), Sent::from(&long), Out::buffer(&mut room)).0;
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.sign_message_next(session, NONE(), Sent::from(&long), out()).0, CKR_DATA_LEN_RANGE);
        let again = m.sign_message_next(session, NONE(), Sent::from(&[1]), out()).0;
        assert_rv!(again, CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        let last = m.sign_message_next(session, NONE(), Sent::from(&long), Out::buffer(&mut room)).0;
        assert_rv!(last, CKR_DATA_LEN_RANGE);
        let rv = m.verify_message(session, NONE(), Sent::from(&long), Sent::from(&room));
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        let rv = m.verify_message_next(session, NONE(), Sent::from(&long), Sent::null(0));
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
    }
    assert_rv!(m.sign_message(session, NONE(), DATA.into(), Out::buffer(&mut room)).0, CKR_OK);
    assert_rv!(m.verify_message(session, NONE(), DATA.into(), Sent::from(&room)), CKR_OK);
    assert_rv!(m.message_sign_final(session), CKR_OK);
    // Section 6.1.8: a number above the modulus, of the right length.
    let raw = mechanism(cryptoki_sys::CKM_RSA_X_509);
    assert_rv!(m.message_sign_init(session, Some(&raw), b.pair.private), CKR_OK);
    let rv = m.sign_message(session, NONE(), Sent::from(&[255; 256]), Out::buffer(&mut room)).0;
    assert_rv!(rv, CKR_DATA_INVALID);
    assert_rv!(m.message_sign_final(session), CKR_OK);
}

/// No mechanism of the standard has parameters for a message that is signed: a pointer with length 0 is none.
fn a_message_has_no_parameters(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    b.begin();
    let mut structure = [0_u64; 6];
    let mut room = [0; 256];
    let invalid = CKR_MECHANISM_PARAM_INVALID;
    for len in [1, 24, 48, u64::MAX] {
        let at = std::ptr::from_mut(&mut structure).expose_provenance();
        let given = || Given::at(at, len);
        let rv = m.sign_message(session, given(), DATA.into(), Out::buffer(&mut room)).0;
        assert_rv!(rv, invalid);
        assert_rv!(m.sign_message_begin(session, given()), invalid);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.sign_message_next(session, given(), DATA.into(), Out::query()).0, invalid);
        assert_rv!(b.more(DATA), CKR_OPERATION_NOT_INITIALIZED, "the message is over");
        let signature = Sent::from(&[1; 256]);
        assert_rv!(m.verify_message(session, given(), DATA.into(), signature), invalid);
        assert_rv!(m.verify_message_begin(session, given()), invalid);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.verify_message_next(session, given(), DATA.into(), signature), invalid);
        let rv = m.verify_message_next(session, NONE(), DATA.into(), Sent::null(0));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.sign_message(session, Given::null(len), DATA.into(), Out::query()).0, invalid);
    }
    let empty = Given::claiming(&mut structure, 0);
    assert_rv!(m.sign_message(session, empty, DATA.into(), Out::buffer(&mut room)).0, CKR_OK);
    assert_rv!(m.verify_message(session, Given::at(1, 0), DATA.into(), Sent::from(&room)), CKR_OK);
}

fn keys_and_mechanisms_are_judged_as_for_c_sign_init(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let each = |by: &CK_MECHANISM, private, public| {
        [m.message_sign_init(session, Some(by), private), m.message_verify_init(session, Some(by), public)]
    };
    for handle in [0, 4711, u64::MAX] {
        assert_eq!(each(&rsa(), handle, handle), [CKR_KEY_HANDLE_INVALID; 2]);
    }
    let Pair { private, public } = b.pair;
    for kind in [CKM_SHA256, 0x7FFF_FFFF].into_iter().chain(ONCE) {
        assert_eq!(each(&mechanism(kind), private, public), [CKR_MECHANISM_INVALID; 2]);
    }
    assert_eq!(each(&mechanism(CKM_ECDSA), private, public), [CKR_KEY_TYPE_INCONSISTENT; 2]);
    for by in [mechanism(CKM_RSA_PKCS_PSS), with(CKM_RSA_PKCS, &[1_u8; 4])] {
        assert_eq!(each(&by, private, public), [CKR_MECHANISM_PARAM_INVALID; 2]);
    }
    let silent = secret_template(cryptoki_sys::CKK_GENERIC_SECRET, &[1; 32]).boolean(CKA_VERIFY, false);
    let silent = create(m, session, &silent.without(CKA_SIGN).boolean(CKA_SIGN, false));
    assert_eq!(each(&mechanism(CKM_SHA256_HMAC), silent, silent), [CKR_KEY_FUNCTION_NOT_PERMITTED; 2]);
    assert_eq!(
        [
            m.message_sign_init(session, Some(&with(CKM_SHA256, &[1_u8; 4])), 0),
            m.message_verify_init(session, Some(&with(CKM_SHA256, &[1_u8; 4])), 0),
        ],
        [CKR_MECHANISM_INVALID; 2]
    );
    assert_eq!(each(&rsa(), private, public), [CKR_OK; 2], "nothing was left active");
}

/// Sections 5.16.2 and 5.16.4.
fn a_verdict_ends_the_message_alone(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let signature = b.signature();
    b.begin();
    let mut wrong = signature.clone();
    wrong[17] ^= 1;
    for (sent, verdict) in [
        (&signature[..], CKR_OK),
        (&wrong[..], CKR_SIGNATURE_INVALID),
        (&signature[..255], CKR_SIGNATURE_LEN_RANGE),
        (&[], CKR_SIGNATURE_LEN_RANGE),
    ] {
        assert_rv!(m.verify_message(session, NONE(), DATA.into(), sent.into()), verdict);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.verify_message_next(session, NONE(), DATA.into(), Sent::null(0)), CKR_OK);
        assert_rv!(m.verify_message_next(session, NONE(), Sent::null(0), sent.into()), verdict);
        let rv = m.verify_message_next(session, NONE(), Sent::null(0), sent.into());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
    assert_rv!(m.message_verify_final(session), CKR_OK);
}

fn what_cannot_be_read_ends_the_message_and_not_the_process(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    b.begin();
    let mut room = [0; 256];
    for data in [Sent::null(1), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 63)] {
        let rv = m.sign_message(session, NONE(), data, Out::buffer(&mut room)).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        let rv = m.sign_message_next(session, NONE(), data, Out::without_length(&mut [])).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(b.last(DATA).0, CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.verify_message(session, NONE(), data, DATA.into()), CKR_ARGUMENTS_BAD);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.verify_message_next(session, NONE(), DATA.into(), data), CKR_ARGUMENTS_BAD);
        let rv = m.verify_message_next(session, NONE(), DATA.into(), Sent::null(0));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
    let rv = m.sign_message(session, NONE(), DATA.into(), Out::without_length(&mut room)).0;
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(b.whole(), (CKR_OK, b.signature()));
    let nowhere = with(CKM_SHA256_RSA_PKCS, &[0_u8; 0]);
    assert_rv!(m.message_sign_final(session), CKR_OK);
    assert_rv!(m.message_sign_init(session, Some(&nowhere), b.pair.private), CKR_OK, "length 0 is none");
}

/// Section 4.10: a login for each use of the key; a message's parts are one.
fn each_message_has_a_login_of_its_own(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let private = Kind::Rsa.private_template().boolean(CKA_ALWAYS_AUTHENTICATE, true);
    let (rv, public, private) =
        m.generate_key_pair(session, Some(&Kind::Rsa.generator()), &Kind::Rsa.public_template(), &private);
    assert_rv!(rv, CKR_OK);
    let b = Bench { m, session, pair: Pair { private, public } };
    b.begin();
    let login = || assert_rv!(m.login(session, CKU_CONTEXT_SPECIFIC, Sent::from(USER_PIN)), CKR_OK);
    for _ in 0..2 {
        assert_rv!(b.whole().0, CKR_USER_NOT_LOGGED_IN);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_USER_NOT_LOGGED_IN);
        assert_rv!(m.sign_message(session, NONE(), DATA.into(), Out::query()).0, CKR_USER_NOT_LOGGED_IN);
        login();
        assert_rv!(m.sign_message(session, NONE(), DATA.into(), Out::query()).0, CKR_OK);
        assert_rv!(b.whole().0, CKR_OK);
        login();
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        assert_rv!(b.more(DATA), CKR_OK);
        assert_rv!(b.more(DATA), CKR_OK);
        assert_rv!(b.last(DATA).0, CKR_OK);
    }
    login();
    let rv = m.login(session, CKU_CONTEXT_SPECIFIC, Sent::from(USER_PIN));
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "nothing waits");
    assert_rv!(m.message_sign_final(session), CKR_OK);
}

/// C_VerifyMessage, C_VerifyMessageNext and C_MessageVerifyFinal do not list CKR_USER_NOT_LOGGED_IN.
fn a_process_does_not_outlive_the_login(t: &Test) {
    let token = t.token();
    let m = t.module;
    let (out, not) = (CKR_USER_NOT_LOGGED_IN, CKR_OPERATION_NOT_INITIALIZED);
    for (at, (signing, verifying)) in
        [(out, not), (out, out), (out, not), (out, not), (out, not)].into_iter().enumerate()
    {
        let session = token.user_session();
        let private = secret_template(cryptoki_sys::CKK_GENERIC_SECRET, &[1; 32])
            .without(cryptoki_sys::CKA_PRIVATE)
            .boolean(cryptoki_sys::CKA_PRIVATE, true);
        let key = create(m, session, &private.boolean(CKA_SIGN, true).boolean(CKA_VERIFY, true));
        let by = mechanism(CKM_SHA256_HMAC);
        assert_rv!(m.message_sign_init(session, Some(&by), key), CKR_OK);
        assert_rv!(m.message_verify_init(session, Some(&by), key), CKR_OK);
        assert_rv!(m.sign_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.verify_message_begin(session, NONE()), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
        let b = Bench { m, session, pair: Pair { private: key, public: key } };
        assert_rv!(b.signing_calls()[at](&b), signing, "signing, call {at}");
        assert_rv!(b.verifying_calls()[at](&b), verifying, "verifying, call {at}");
        assert_eq!(b.signing_calls().map(|call| call(&b)), [not; 5]);
        assert_eq!(b.verifying_calls().map(|call| call(&b)), [not; 5]);
        assert_rv!(m.close_session(session), CKR_OK);
    }
}

fn a_bad_session_and_a_library_that_is_not_there_go_first(t: &Test) {
    let mut b = bench(t);
    b.session ^= 1 << 40;
    let inits = |b: &Bench<'_>| {
        [
            b.m.message_sign_init(b.session, Some(&rsa()), b.pair.private),
            b.m.message_verify_init(b.session, Some(&rsa()), b.pair.public),
        ]
    };
    for calls in [b.signing_calls(), b.verifying_calls()] {
        assert_eq!(calls.map(|call| call(&b)), [CKR_SESSION_HANDLE_INVALID; 5]);
    }
    assert_eq!(inits(&b), [CKR_SESSION_HANDLE_INVALID; 2]);
    assert_rv!(b.m.finalize(), CKR_OK);
    for calls in [b.signing_calls(), b.verifying_calls()] {
        assert_eq!(calls.map(|call| call(&b)), [CKR_CRYPTOKI_NOT_INITIALIZED; 5]);
    }
    assert_eq!(inits(&b), [CKR_CRYPTOKI_NOT_INITIALIZED; 2]);
}

fn a_state_of_messages_is_not_saved(t: &Test) {
    let b = bench(t);
    let hmac = mechanism(CKM_SHA256_HMAC);
    let key = generic(b.m, b.session, &[2; 32]);
    assert_rv!(b.m.message_sign_init(b.session, Some(&hmac), key), CKR_OK);
    assert_rv!(b.m.operation_state(b.session, Out::query()).0, CKR_STATE_UNSAVEABLE);
}

/// Section 5.6: one operation of each kind.
fn messages_run_beside_other_operations(t: &Test) {
    let b = bench(t);
    let expected = b.signature();
    assert_rv!(b.m.sign_init(b.session, Some(&rsa()), b.pair.private), CKR_OK);
    assert_rv!(b.m.sign_update(b.session, Sent::from(b"something else")), CKR_OK);
    b.begin();
    assert_eq!(b.whole(), (CKR_OK, expected.clone()));
    let mut room = [0; 256];
    assert_rv!(b.m.sign_final(b.session, Out::buffer(&mut room)).0, CKR_OK);
    assert_ne!(room.as_slice(), expected);
    assert_eq!(b.whole(), (CKR_OK, expected));
}
