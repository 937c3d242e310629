//! Sections 5.6.1 and 5.22: asynchronous sessions, and what came of their calls.

use std::ffi::CStr;
use std::ptr;
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CK_ASYNC_DATA, CK_C_INITIALIZE_ARGS, CK_RV, CK_SESSION_HANDLE, CKA_CLASS, CKA_LABEL, CKA_MODULUS_BITS,
    CKA_TOKEN, CKA_VALUE_LEN, CKF_ASYNC_SESSION, CKF_ASYNC_SESSION_SUPPORTED,
    CKF_LIBRARY_CANT_CREATE_OS_THREADS, CKF_OS_LOCKING_OK, CKF_RW_SESSION, CKF_SERIAL_SESSION,
    CKM_AES_KEY_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, CKM_SLH_DSA, CKO_PRIVATE_KEY,
    CKP_SLH_DSA_SHA2_128S, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DATA_LEN_RANGE, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_PENDING, CKR_SAVED_STATE_INVALID, CKR_SESSION_ASYNC_NOT_SUPPORTED,
    CKR_SESSION_HANDLE_INVALID, CKR_STATE_UNSAVEABLE, CKU_USER,
};
use pkcs11_tests::keys::{Kind, attribute, generate, verify};
use pkcs11_tests::{Module, Out, Sent, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_claviger};

on_claviger!(
    a_token_says_that_it_has_asynchronous_sessions,
    a_signature_comes_when_it_is_asked_for,
    keys_are_made_in_the_background,
    a_long_signature_leaves_the_application_free,
    lengths_and_errors_are_told_at_once_or_when_it_is_asked,
    other_functions_answer_at_once,
    there_is_one_job_of_a_function_at_a_time,
    what_was_never_begun_and_ids_that_never_were_are_refused,
    wrong_arguments_are_refused,
    a_session_takes_its_jobs_with_it,
    a_library_without_threads_says_so,
    sessions_of_the_other_kind_know_no_jobs,
);

const SIGN: &CStr = c"C_Sign";
const SIGN_FINAL: &CStr = c"C_SignFinal";
const KEY: &CStr = c"C_GenerateKey";
const PAIR: &CStr = c"C_GenerateKeyPair";

fn open(token: &Token) -> CK_SESSION_HANDLE {
    let flags = CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION;
    let (rv, session) = token.module.open_session(token.slot, flags);
    assert_rv!(rv, CKR_OK);
    session
}

/// An asynchronous session of the user's.
fn user(token: &Token) -> CK_SESSION_HANDLE {
    let session = open(token);
    assert_rv!(token.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    session
}

fn nothing() -> CK_ASYNC_DATA {
    CK_ASYNC_DATA { ulVersion: 0, pValue: ptr::null_mut(), ulValue: 77, hObject: 78, hAdditionalObject: 79 }
}

/// Asks until it is over.
fn wait(m: &Module, session: CK_SESSION_HANDLE, name: &CStr) -> (CK_RV, CK_ASYNC_DATA) {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let mut data = nothing();
        match m.async_complete(session, Some(name), Some(&mut data)) {
            CKR_PENDING => {
                assert_eq!((data.ulValue, data.hObject, data.hAdditionalObject), (77, 78, 79), "untouched");
                assert!(Instant::now() < until, "a job that does not end");
                std::thread::sleep(Duration::from_millis(2));
            }
            rv => return (rv, data),
        }
    }
}

fn secret() -> Template {
    Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_TOKEN, false)
}

fn a_token_says_that_it_has_asynchronous_sessions(t: &Test) {
    let token = t.token();
    assert_ne!(token.info().flags & CKF_ASYNC_SESSION_SUPPORTED, 0);
    let told = |session| t.module.session_info(session).1.flags;
    assert_eq!(told(open(&token)), CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION);
    assert_eq!(told(token.open_ro()), CKF_SERIAL_SESSION);
}

fn a_signature_comes_when_it_is_asked_for(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let pair = generate(m, token.open_rw(), Kind::Rsa, false, "pair");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let mut room = vec![0x5A; 300];
    assert_rv!(m.sign_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(m.sign(session, Sent::from(b"data"), Out::buffer(&mut room)).0, CKR_PENDING);
    let (rv, data) = wait(m, session, SIGN);
    assert_rv!(rv, CKR_OK);
    assert_eq!((data.pValue, data.ulValue), (room.as_mut_ptr(), 256));
    assert_eq!((data.hObject, data.hAdditionalObject), (0, 0));
    assert_eq!(room[256..], [0x5A; 44]);
    assert_rv!(verify(m, session, &by, pair.public, b"data", &room[..256]), CKR_OK);
    // The parts come at once, the end when it is asked for.
    assert_rv!(m.sign_init(session, Some(&by), pair.private), CKR_OK);
    for part in [&b"da"[..], b"ta"] {
        assert_rv!(m.sign_update(session, Sent::from(part)), CKR_OK);
    }
    let mut again = vec![0; 256];
    assert_rv!(m.sign_final(session, Out::buffer(&mut again)).0, CKR_PENDING);
    assert_rv!(wait(m, session, SIGN_FINAL).0, CKR_OK);
    assert_eq!(again, room[..256]);
    assert_rv!(m.sign_update(session, Sent::from(b"x")), CKR_OPERATION_NOT_INITIALIZED, "it is over");
}

fn keys_are_made_in_the_background(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_PENDING);
    let (rv, data) = wait(m, session, KEY);
    assert_rv!(rv, CKR_OK);
    assert_eq!((data.pValue, data.ulValue, data.hAdditionalObject), (ptr::null_mut(), 0, 0));
    assert_eq!(attribute(m, session, data.hObject, CKA_VALUE_LEN), 32_u64.to_ne_bytes());
    let (public, private) = (Kind::Rsa.public_template(), Kind::Rsa.private_template());
    let kept = |template: Template| template.without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let (public, private) = (kept(public), kept(private).without(CKA_LABEL).bytes(CKA_LABEL, b"background"));
    let (rv, ..) = m.generate_key_pair(session, Some(&Kind::Rsa.generator()), &public, &private);
    assert_rv!(rv, CKR_PENDING);
    let (rv, data) = wait(m, session, PAIR);
    assert_rv!(rv, CKR_OK);
    let found = token
        .find(session, &Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY).bytes(CKA_LABEL, b"background"));
    assert_eq!(found, [data.hAdditionalObject]);
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let other = token.open_rw();
    let mut signature = [0; 256];
    assert_rv!(m.sign_init(other, Some(&by), data.hAdditionalObject), CKR_OK);
    assert_rv!(m.sign(other, Sent::from(b"data"), Out::buffer(&mut signature)).0, CKR_OK);
    assert_rv!(verify(m, other, &by, data.hObject, b"data", &signature), CKR_OK);
}

/// The slowest signature there is goes on while another session works.
fn a_long_signature_leaves_the_application_free(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let other = token.open_rw();
    let set = Template::new().ulong(cryptoki_sys::CKA_PARAMETER_SET, CKP_SLH_DSA_SHA2_128S);
    let by = mechanism(cryptoki_sys::CKM_SLH_DSA_KEY_PAIR_GEN);
    let (rv, public, private) = m.generate_key_pair(
        other,
        Some(&by),
        &set.boolean(CKA_TOKEN, false),
        &Template::new().boolean(CKA_TOKEN, false),
    );
    assert_rv!(rv, CKR_OK);
    let mut room = vec![0; 8000];
    let by = mechanism(CKM_SLH_DSA);
    assert_rv!(m.sign_init(session, Some(&by), private), CKR_OK);
    assert_rv!(m.sign(session, Sent::from(b"data"), Out::buffer(&mut room)).0, CKR_PENDING);
    let mut random = [0; 16];
    assert_rv!(m.generate_random(other, Out::buffer(&mut random)), CKR_OK);
    assert_rv!(m.generate_key(other, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_OK);
    let (rv, data) = wait(m, session, SIGN);
    assert_rv!(rv, CKR_OK);
    let len = usize::try_from(data.ulValue).unwrap();
    assert_rv!(verify(m, other, &by, public, b"data", &room[..len]), CKR_OK);
}

fn lengths_and_errors_are_told_at_once_or_when_it_is_asked(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let pair = generate(m, token.open_rw(), Kind::Rsa, false, "pair");
    let raw = mechanism(cryptoki_sys::CKM_RSA_PKCS);
    let mut room = vec![0; 256];
    assert_rv!(m.sign(session, Sent::from(b"x"), Out::buffer(&mut room)).0, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.sign_init(session, Some(&raw), pair.private), CKR_OK);
    assert_eq!(m.sign(session, Sent::from(b"x"), Out::query()), (CKR_OK, 256));
    assert_eq!(m.sign(session, Sent::from(b"x"), Out::buffer(&mut room[..255])), (CKR_BUFFER_TOO_SMALL, 256));
    assert_rv!(m.async_complete(session, Some(SIGN), Some(&mut nothing())), CKR_OPERATION_NOT_INITIALIZED);
    // Too long for the modulus: the value is C_Sign's, at once or afterwards.
    let rv = m.sign(session, Sent::from(&[1; 300]), Out::buffer(&mut room)).0;
    if rv == CKR_PENDING {
        let (rv, data) = wait(m, session, SIGN);
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
        assert_eq!(data.pValue, room.as_mut_ptr(), "to be freed");
    } else {
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
    }
    assert_eq!(room, [0; 256]);
    // A template that is wrong is told when the job is asked for.
    let by = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
    let wrong = Template::new().ulong(CKA_MODULUS_BITS, 17).boolean(CKA_TOKEN, false);
    assert_rv!(m.generate_key_pair(session, Some(&by), &wrong, &Template::new()).0, CKR_PENDING);
    let (rv, data) = wait(m, session, PAIR);
    assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
    assert_eq!((data.pValue, data.ulValue), (ptr::null_mut(), 0));
    assert_rv!(
        m.async_complete(session, Some(PAIR), Some(&mut nothing())),
        CKR_OPERATION_NOT_INITIALIZED,
        "told once"
    );
}

fn other_functions_answer_at_once(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let digest = mechanism(cryptoki_sys::CKM_SHA256);
    let mut room = [0; 32];
    assert_rv!(m.digest_init(session, Some(&digest)), CKR_OK);
    assert_rv!(m.digest(session, Sent::from(b"x"), Out::buffer(&mut room)).0, CKR_OK);
    assert_rv!(m.generate_random(session, Out::buffer(&mut room)), CKR_OK);
    assert!(token.find(session, &Template::new()).is_empty());
}

fn there_is_one_job_of_a_function_at_a_time(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let by = mechanism(CKM_AES_KEY_GEN);
    assert_rv!(m.generate_key(session, Some(&by), &secret()).0, CKR_PENDING);
    // Also while it waits to be asked for.
    assert_rv!(m.generate_key(session, Some(&by), &secret()).0, CKR_OPERATION_ACTIVE);
    let (rv, ..) = m.generate_key_pair(
        session,
        Some(&Kind::P256.generator()),
        &Kind::P256.public_template(),
        &Kind::P256.private_template(),
    );
    assert_rv!(rv, CKR_PENDING, "beside another function's");
    let (rv, ..) = m.generate_key_pair(
        session,
        Some(&Kind::P256.generator()),
        &Kind::P256.public_template(),
        &Kind::P256.private_template(),
    );
    assert_rv!(rv, CKR_OPERATION_ACTIVE);
    signatures_take_turns(&token, session);
    let other = open(&token);
    assert_rv!(m.generate_key(other, Some(&by), &secret()).0, CKR_PENDING, "beside another session's");
    for (session, name) in [(session, PAIR), (session, KEY), (other, KEY)] {
        assert_rv!(wait(m, session, name).0, CKR_OK);
    }
    assert_rv!(m.generate_key(session, Some(&by), &secret()).0, CKR_PENDING);
    assert_rv!(wait(m, session, KEY).0, CKR_OK);
}

fn signatures_take_turns(token: &Token, session: CK_SESSION_HANDLE) {
    let m = token.module;
    let pair = generate(m, token.open_rw(), Kind::Rsa, false, "pair");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let (mut first, mut second) = ([0; 256], [0x5A; 256]);
    assert_rv!(m.sign_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(m.sign(session, Sent::from(b"data"), Out::buffer(&mut first)).0, CKR_PENDING);
    assert_rv!(m.sign(session, Sent::from(b"data"), Out::buffer(&mut second)).0, CKR_OPERATION_ACTIVE);
    assert_rv!(wait(m, session, SIGN).0, CKR_OK);
    assert_rv!(m.sign_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(m.sign_update(session, Sent::from(b"data")), CKR_OK);
    let mut again = [0; 256];
    assert_rv!(m.sign_final(session, Out::buffer(&mut again)).0, CKR_PENDING);
    assert_rv!(m.sign_final(session, Out::buffer(&mut second)).0, CKR_OPERATION_ACTIVE);
    assert_rv!(wait(m, session, SIGN_FINAL).0, CKR_OK);
    assert_eq!((first, second), (again, [0x5A; 256]));
}

fn what_was_never_begun_and_ids_that_never_were_are_refused(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    let other = open(&token);
    for name in [SIGN, SIGN_FINAL, KEY, PAIR, c"C_Encrypt", c"C_GenerateKeyPair2", c"C_Generate", c""] {
        let rv = m.async_complete(session, Some(name), Some(&mut nothing()));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "{name:?}");
        assert_rv!(
            m.async_get_id(session, Some(name), Some(&mut 0)),
            CKR_OPERATION_NOT_INITIALIZED,
            "{name:?}"
        );
    }
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_PENDING);
    // A job ends with the application: it has no id to outlive it by.
    let mut id = 4711;
    assert_rv!(m.async_get_id(session, Some(KEY), Some(&mut id)), CKR_STATE_UNSAVEABLE);
    assert_eq!(id, 4711);
    // It is of its session.
    assert_rv!(m.async_complete(other, Some(KEY), Some(&mut nothing())), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.async_get_id(other, Some(KEY), Some(&mut id)), CKR_OPERATION_NOT_INITIALIZED);
    for id in [0, 1, 4711, u64::MAX] {
        for session in [session, other] {
            assert_rv!(m.async_join(session, Some(KEY), id, &mut [0; 16]), CKR_SAVED_STATE_INVALID, "{id}");
        }
    }
    assert_rv!(m.async_join(session, Some(c"C_Encrypt"), 1, &mut [0; 16]), CKR_ARGUMENTS_BAD);
    assert_rv!(wait(m, session, KEY).0, CKR_OK);
    assert_rv!(m.async_get_id(session, Some(KEY), Some(&mut id)), CKR_OPERATION_NOT_INITIALIZED);
}

fn wrong_arguments_are_refused(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, user(&token));
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_PENDING);
    for handle in [0, session + 1000, u64::MAX] {
        assert_rv!(m.async_complete(handle, None, None), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.async_get_id(handle, None, None), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.async_join(handle, None, 0, &mut []), CKR_SESSION_HANDLE_INVALID);
    }
    assert_rv!(m.async_complete(session, None, Some(&mut nothing())), CKR_ARGUMENTS_BAD);
    assert_rv!(m.async_complete(session, Some(KEY), None), CKR_ARGUMENTS_BAD);
    for version in [1, u64::MAX] {
        let mut data = CK_ASYNC_DATA { ulVersion: version, ..nothing() };
        assert_rv!(m.async_complete(session, Some(KEY), Some(&mut data)), CKR_ARGUMENTS_BAD);
        assert_eq!(data.hObject, 78);
    }
    assert_rv!(m.async_get_id(session, None, Some(&mut 0)), CKR_ARGUMENTS_BAD);
    assert_rv!(m.async_get_id(session, Some(KEY), None), CKR_ARGUMENTS_BAD);
    assert_rv!(m.async_join(session, None, 0, &mut [0; 1]), CKR_ARGUMENTS_BAD);
    assert_rv!(wait(m, session, KEY).0, CKR_OK, "nothing of that took it");
    assert_rv!(m.finalize(), CKR_OK);
    assert_rv!(m.async_complete(session, Some(KEY), Some(&mut nothing())), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(m.async_get_id(session, Some(KEY), Some(&mut 0)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(m.async_join(session, Some(KEY), 0, &mut []), CKR_CRYPTOKI_NOT_INITIALIZED);
}

/// Waits for the threads of jobs, which have a name.
fn until_no_job_runs() {
    let runs = || {
        let threads = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
        let names =
            threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
        names.into_iter().any(|name| name.trim() == "claviger")
    };
    let until = Instant::now() + Duration::from_secs(120);
    while runs() {
        assert!(Instant::now() < until, "a job that does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a job makes whose session has ended is kept nowhere: RSA of 4096 bits is not made faster than a session ends.
fn a_session_takes_its_jobs_with_it(t: &Test) {
    type End = fn(&Token, CK_SESSION_HANDLE);
    let ends: [End; 3] = [
        |token, session| assert_rv!(token.module.close_session(session), CKR_OK),
        |token, _| assert_rv!(token.module.close_all_sessions(token.slot), CKR_OK),
        |token, _| {
            assert_rv!(token.module.finalize(), CKR_OK);
            assert_rv!(token.module.initialize_for_threads(), CKR_OK);
        },
    ];
    let token = t.token();
    let m = t.module;
    for end in ends {
        let session = user(&token);
        let label = |template: Template| {
            template.without(CKA_LABEL).bytes(CKA_LABEL, b"late").without(CKA_TOKEN).boolean(CKA_TOKEN, true)
        };
        let public =
            label(Kind::Rsa.public_template()).without(CKA_MODULUS_BITS).ulong(CKA_MODULUS_BITS, 4096);
        let (rv, ..) = m.generate_key_pair(
            session,
            Some(&Kind::Rsa.generator()),
            &public,
            &label(Kind::Rsa.private_template()),
        );
        assert_rv!(rv, CKR_PENDING);
        end(&token, session);
        assert_rv!(m.async_complete(session, Some(PAIR), Some(&mut nothing())), CKR_SESSION_HANDLE_INVALID);
        let again = token.user_session();
        until_no_job_runs();
        assert!(token.find(again, &Template::new().bytes(CKA_LABEL, b"late")).is_empty());
        assert_rv!(m.close_all_sessions(token.slot), CKR_OK);
    }
}

fn a_library_without_threads_says_so(t: &Test) {
    let token = t.token();
    let m = t.module;
    assert_rv!(m.finalize(), CKR_OK);
    let mut arguments = CK_C_INITIALIZE_ARGS {
        CreateMutex: None,
        DestroyMutex: None,
        LockMutex: None,
        UnlockMutex: None,
        flags: CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS,
        pReserved: ptr::null_mut(),
    };
    assert_rv!(m.initialize_with(&mut arguments), CKR_OK);
    assert_eq!(token.info().flags & CKF_ASYNC_SESSION_SUPPORTED, 0);
    let (rv, _) = m.open_session(token.slot, CKF_SERIAL_SESSION | CKF_ASYNC_SESSION);
    assert_rv!(rv, CKR_SESSION_ASYNC_NOT_SUPPORTED);
    let session = token.user_session();
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_OK);
}

fn sessions_of_the_other_kind_know_no_jobs(t: &Test) {
    let token = t.token();
    let m = t.module;
    let _asynchronous = open(&token);
    let session = token.user_session();
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &secret()).0, CKR_OK);
    assert_rv!(m.async_complete(session, Some(KEY), Some(&mut nothing())), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.async_get_id(session, Some(KEY), Some(&mut 0)), CKR_OPERATION_NOT_INITIALIZED);
}
