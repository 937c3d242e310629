//! Sections 5.1.1 and 5.1.3 for the functions of 5.4 to 5.7: a disk that fails or is full, files that may not be
//! written, were altered or are gone, memory that is scarce.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use cryptoki_sys::{
    CK_ASYNC_DATA, CK_RV, CKA_CLASS, CKA_HW_FEATURE_TYPE, CKA_LABEL, CKA_PRIVATE, CKA_SIGN, CKA_TOKEN,
    CKA_VALUE, CKA_VALUE_LEN, CKF_ASYNC_SESSION, CKF_DONT_BLOCK, CKF_RW_SESSION, CKF_SERIAL_SESSION,
    CKH_MONOTONIC_COUNTER, CKM_AES_KEY_GEN, CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256_HMAC, CKO_DATA,
    CKO_HW_FEATURE, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_FUNCTION_FAILED, CKR_HOST_MEMORY, CKR_OK,
    CKR_PENDING, CKR_TOKEN_NOT_RECOGNIZED, CKR_TOKEN_WRITE_PROTECTED, CKU_SO, CKU_USER,
};
use pkcs11_tests::disk::{be_bound_by_permissions, can_fail, set_mode};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::limits::{keep_no_memory, leave_memory};
use pkcs11_tests::raw::shim;
use pkcs11_tests::token::{LABEL, empty_slots};
use pkcs11_tests::{Module, Out, SO_PIN, Sent, Template, Test, USER_PIN, assert_rv, mechanism, on_claviger};
use rusqlite::Connection;

on_claviger!(
    a_disk_that_fails_is_told_by_every_function_that_writes,
    a_full_disk_is_told_by_every_function_that_writes,
    a_full_disk_is_told_by_what_opens_the_token,
    a_token_that_may_not_be_written_is_told_by_every_function_that_writes,
    a_store_altered_meanwhile_is_told_by_every_function_that_reads_it,
    a_search_that_cannot_go_on_says_so,
    a_folder_of_tokens_that_is_gone_is_told_by_every_function_that_looks_for_a_slot,
    a_token_without_its_device_key_is_not_recognized,
    scarce_memory_is_told_by_every_function_that_tries_a_pin,
);

fn data() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_DATA)
        .bytes(CKA_LABEL, "kept")
        .bytes(CKA_VALUE, b"contents")
        .boolean(CKA_TOKEN, true)
        .boolean(CKA_PRIVATE, false)
}

fn all_answer(answers: &[(&str, CK_RV)], expected: CK_RV) {
    for (function, rv) in answers {
        assert_rv!(*rv, expected, "{function}: {}", rv_name(*rv));
    }
}

/// What the functions that write for a user answer.
fn of_user(m: &Module, session: u64, object: u64) -> [(&'static str, CK_RV); 5] {
    let label = Template::new().bytes(CKA_LABEL, "changed");
    [
        ("C_CreateObject", m.create_object(session, &data()).0),
        ("C_CopyObject", m.copy_object(session, object, &Template::new()).0),
        ("C_SetAttributeValue", m.set_attribute_values(session, object, &label)),
        ("C_DestroyObject", m.destroy_object(session, object)),
        ("C_SetPIN", m.set_pin(session, USER_PIN.into(), "another-pin".into())),
    ]
}

/// What comes of a token key that a job makes.
fn of_a_job(m: &Module, session: u64) -> CK_RV {
    let template = Template::new().boolean(CKA_TOKEN, true).ulong(CKA_VALUE_LEN, 32);
    assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template).0, CKR_PENDING);
    loop {
        let mut data = CK_ASYNC_DATA {
            ulVersion: 0,
            pValue: std::ptr::null_mut(),
            ulValue: 0,
            hObject: 0,
            hAdditionalObject: 0,
        };
        match m.async_complete(session, Some(c"C_GenerateKey"), Some(&mut data)) {
            CKR_PENDING => thread::sleep(Duration::from_millis(1)),
            rv => return rv,
        }
    }
}

/// Tells of a trouble that `begin` brings and `end` takes away again, and that nothing is lost by it.
fn told_by_every_function_that_writes(t: &Test, expected: CK_RV, begin: fn(), end: fn()) {
    let token = t.token();
    let m = t.module;
    let session = token.user_session();
    let (rv, object) = m.create_object(session, &data());
    assert_rv!(rv, CKR_OK);
    let jobs = CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION;
    let (rv, asynchronous) = m.open_session(token.slot, jobs);
    assert_rv!(rv, CKR_OK);
    let wanted =
        Template::new().ulong(CKA_CLASS, CKO_HW_FEATURE).ulong(CKA_HW_FEATURE_TYPE, CKH_MONOTONIC_COUNTER);
    let counter = token.find(session, &wanted)[0];
    begin();
    all_answer(&of_user(m, session, object), expected);
    all_answer(&[("C_AsyncComplete", of_a_job(m, asynchronous))], expected);
    let (rv, _) = m.attribute_values(session, counter, &[(CKA_VALUE, Some(8))]);
    all_answer(&[("C_GetAttributeValue", rv)], expected);
    assert_rv!(m.logout(session), CKR_OK, "a logout is nothing that a disk can refuse");
    let logins = [
        ("C_Login", m.login(session, CKU_USER, USER_PIN.into())),
        ("C_LoginUser", m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0))),
    ];
    all_answer(&logins, expected);
    end();
    assert_rv!(m.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    begin();
    all_answer(&[("C_InitPIN", m.init_pin(session, "another-pin".into()))], expected);
    assert_rv!(m.close_all_sessions(token.slot), CKR_OK);
    all_answer(&[("C_InitToken", m.init_token(token.slot, SO_PIN.into(), Some(LABEL)))], expected);
    end();
    let session = token.user_session();
    assert_eq!(token.find(session, &Template::new().bytes(CKA_LABEL, "kept")), [object]);
}

/// SoftHSM answers `CKR_GENERAL_ERROR` to C_CreateObject; section 5.1.3 has `CKR_DEVICE_ERROR`.
fn a_disk_that_fails_is_told_by_every_function_that_writes(t: &Test) {
    if can_fail(t) {
        told_by_every_function_that_writes(t, CKR_DEVICE_ERROR, || shim::arm(-1), || shim::arm(0));
    }
}

/// SoftHSM answers `CKR_OK` to C_CreateObject; section 5.1.3 has `CKR_DEVICE_MEMORY`.
fn a_full_disk_is_told_by_every_function_that_writes(t: &Test) {
    if can_fail(t) {
        told_by_every_function_that_writes(t, CKR_DEVICE_MEMORY, shim::arm_full, || shim::arm(0));
    }
}

/// The first to open a store makes the memory that its users share, which is a file.
/// SoftHSM answers `CKR_SLOT_ID_INVALID`; section 5.1.3 has `CKR_DEVICE_MEMORY`.
fn a_full_disk_is_told_by_what_opens_the_token(t: &Test) {
    if !can_fail(t) {
        return;
    }
    let token = t.token();
    let m = t.module;
    assert_rv!(m.finalize(), CKR_OK);
    assert_rv!(m.initialize_for_threads(), CKR_OK);
    shim::arm_full();
    assert_rv!(m.token_info(token.slot).0, CKR_DEVICE_MEMORY);
    assert_rv!(m.open_session(token.slot, CKF_SERIAL_SESSION).0, CKR_DEVICE_MEMORY);
    shim::arm(0);
    assert_rv!(m.open_session(token.slot, CKF_SERIAL_SESSION).0, CKR_OK);
}

/// The folder of the one token that has a store.
fn token_folder(t: &Test) -> PathBuf {
    let tokens = fs::read_dir(t.installation.data().join("tokens")).unwrap();
    tokens.map(|entry| entry.unwrap().path()).find(|folder| folder.join("store.db").exists()).unwrap()
}

/// Counters can be written, so that PINs can be tried, and nothing else can.
/// About files of ours, by name.
fn a_token_that_may_not_be_written_is_told_by_every_function_that_writes(t: &Test) {
    be_bound_by_permissions(t);
    let token = t.token();
    let m = t.module;
    let session = token.user_session();
    let (rv, object) = m.create_object(session, &data());
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.finalize(), CKR_OK);
    let folder = token_folder(t);
    let store = folder.join("store.db");
    set_mode(&store, 0o400);
    set_mode(&folder, 0o500);
    assert_rv!(m.initialize_for_threads(), CKR_OK);
    let session = token.user_session();
    let user = of_user(m, session, object);
    assert_rv!(m.logout(session), CKR_OK);
    assert_rv!(m.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    let officer = m.init_pin(session, "another-pin".into());
    assert_rv!(m.close_all_sessions(token.slot), CKR_OK);
    let nobody = m.init_token(token.slot, SO_PIN.into(), Some(LABEL));
    set_mode(&folder, 0o700);
    set_mode(&store, 0o600);
    all_answer(&user, CKR_TOKEN_WRITE_PROTECTED);
    all_answer(&[("C_InitPIN", officer), ("C_InitToken", nobody)], CKR_TOKEN_WRITE_PROTECTED);
}

/// Does something to the store as another process.
fn alter(t: &Test, statement: &str) {
    let path = token_folder(t).join("store.db");
    let altered = t.module.fork(|| {
        let done = Connection::open(path).and_then(|store| store.execute_batch(statement));
        i32::from(done.is_err())
    });
    assert_eq!(altered.status(), Some(0), "{statement}");
}

/// A commit that left the public head behind was none of Claviger's.
const COMMIT: &str = "UPDATE meta SET revision = revision + 1";

/// About rows of our store.
fn a_store_altered_meanwhile_is_told_by_every_function_that_reads_it(t: &Test) {
    let token = t.token();
    let m = t.module;
    let session = token.user_session();
    let (rv, object) = m.create_object(session, &data());
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_SHA256_HMAC);
    let key = Template::new().boolean(CKA_TOKEN, true).boolean(CKA_SIGN, true);
    let key = key.ulong(CKA_VALUE_LEN, 32);
    let generator = mechanism(CKM_GENERIC_SECRET_KEY_GEN);
    let (rv, key) = m.generate_key(session, Some(&generator), &key);
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.sign_init(session, Some(&by), key), CKR_OK);
    let mut state = [0; 4096];
    let (rv, len) = m.operation_state(session, Out::buffer(&mut state));
    assert_rv!(rv, CKR_OK);
    let state = &state[..usize::try_from(len).unwrap()];
    alter(t, COMMIT);
    // The store is looked at every 100 ms.
    while m.session_info(session).0 == CKR_OK {
        thread::sleep(Duration::from_millis(10));
    }
    let label = Template::new().bytes(CKA_LABEL, "changed");
    let answers = [
        ("C_GetTokenInfo", m.token_info(token.slot).0),
        ("C_OpenSession", m.open_session(token.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).0),
        ("C_GetSessionInfo", m.session_info(session).0),
        ("C_SetOperationState", m.set_operation_state(session, Sent::from(state), 0, key)),
        ("C_CreateObject", m.create_object(session, &data()).0),
        ("C_CopyObject", m.copy_object(session, object, &Template::new()).0),
        ("C_GetObjectSize", m.object_size(session, object).0),
        ("C_GetAttributeValue", m.attribute_values(session, object, &[(CKA_LABEL, None)]).0),
        ("C_SetAttributeValue", m.set_attribute_values(session, object, &label)),
        ("C_DestroyObject", m.destroy_object(session, object)),
        ("C_FindObjectsInit", m.find_objects_init(session, &Template::new())),
        ("C_SetPIN", m.set_pin(session, USER_PIN.into(), "another-pin".into())),
    ];
    all_answer(&answers, CKR_DEVICE_ERROR);
    assert_rv!(m.logout(session), CKR_OK);
    let logins = [
        ("C_Login", m.login(session, CKU_USER, USER_PIN.into())),
        ("C_LoginUser", m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0))),
    ];
    all_answer(&logins, CKR_DEVICE_ERROR);
    assert_rv!(m.close_session(session), CKR_OK);
}

/// About files of ours, by name.
fn a_search_that_cannot_go_on_says_so(t: &Test) {
    let token = t.token();
    let m = t.module;
    let session = token.user_session();
    let _pair = generate(m, session, Kind::P256, true, "kept");
    assert_rv!(m.find_objects_init(session, &Template::new().bytes(CKA_LABEL, "kept")), CKR_OK);
    alter(t, "DROP TABLE tag");
    assert_rv!(m.find_objects(session, 10).0, CKR_DEVICE_ERROR);
    assert_rv!(m.find_objects_final(session), CKR_OK);
}

/// SoftHSM answers `CKR_SLOT_ID_INVALID` to C_GetSlotInfo; section 5.1.1 has `CKR_FUNCTION_FAILED`.
fn a_folder_of_tokens_that_is_gone_is_told_by_every_function_that_looks_for_a_slot(t: &Test) {
    const UNKNOWN: u64 = 77;
    let token = t.token();
    let m = t.module;
    let (data, aside) = (t.installation.data(), t.installation.folder().join("aside"));
    fs::rename(&data, &aside).unwrap();
    fs::write(&data, "a file").unwrap();
    let answers = [
        ("C_GetSlotInfo", m.slot_info(UNKNOWN).0),
        ("C_GetTokenInfo", m.token_info(UNKNOWN).0),
        ("C_GetMechanismList", m.mechanism_list(UNKNOWN, None).0),
        ("C_GetMechanismInfo", m.mechanism_info(UNKNOWN, CKM_AES_KEY_GEN).0),
        ("C_InitToken", m.init_token(UNKNOWN, SO_PIN.into(), Some(LABEL))),
        ("C_OpenSession", m.open_session(UNKNOWN, CKF_SERIAL_SESSION).0),
        ("C_CloseAllSessions", m.close_all_sessions(UNKNOWN)),
        ("C_GetSlotList", m.slot_list(false, None).0),
        ("C_WaitForSlotEvent", m.wait_for_slot_event(CKF_DONT_BLOCK).0),
    ];
    all_answer(&answers, CKR_FUNCTION_FAILED);
    fs::remove_file(&data).unwrap();
    fs::rename(&aside, &data).unwrap();
    assert_rv!(m.slot_list(false, None).0, CKR_OK);
    let _session = token.user_session();
}

/// About the device key, a file of ours.
fn a_token_without_its_device_key_is_not_recognized(t: &Test) {
    let token = t.token();
    let m = t.module;
    assert_rv!(m.finalize(), CKR_OK);
    let keys = t.installation.data().join("device-keys");
    let key = fs::read_dir(keys).unwrap().next().unwrap().unwrap().path();
    let aside = t.installation.folder().join("aside");
    fs::rename(&key, &aside).unwrap();
    assert_rv!(m.initialize_for_threads(), CKR_OK);
    let answers = [
        ("C_GetTokenInfo", m.token_info(token.slot).0),
        ("C_InitToken", m.init_token(token.slot, SO_PIN.into(), Some(LABEL))),
        ("C_OpenSession", m.open_session(token.slot, CKF_SERIAL_SESSION).0),
    ];
    all_answer(&answers, CKR_TOKEN_NOT_RECOGNIZED);
    fs::rename(&aside, &key).unwrap();
    let _session = token.user_session();
}

/// A trial of a PIN takes 128 MiB here, which is more than the allocator has reserved.
/// About the memory that our configuration gives a PIN.
fn scarce_memory_is_told_by_every_function_that_tries_a_pin(t: &Test) {
    const LITTLE: u64 = 16 << 20;
    let configuration = t.installation.configuration();
    let usual = fs::read_to_string(&configuration).unwrap();
    assert!(usual.contains("memory = 8192"));
    fs::write(&configuration, usual.replace("memory = 8192", "memory = 131072")).unwrap();
    keep_no_memory();
    let token = t.token();
    let m = t.module;
    let session = token.open_rw();
    let scarce = |call: &dyn Fn() -> CK_RV| {
        leave_memory(Some(LITTLE));
        let rv = call();
        leave_memory(None);
        rv
    };
    let answers = [
        ("C_Login", scarce(&|| m.login(session, CKU_USER, USER_PIN.into()))),
        ("C_LoginUser", scarce(&|| m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0)))),
        ("C_SetPIN", scarce(&|| m.set_pin(session, USER_PIN.into(), "another-pin".into()))),
    ];
    all_answer(&answers, CKR_HOST_MEMORY);
    assert_rv!(m.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    let init_pin = scarce(&|| m.init_pin(session, "another-pin".into()));
    let another = empty_slots(m)[0];
    let init_token = scarce(&|| m.init_token(another, SO_PIN.into(), Some(LABEL)));
    all_answer(&[("C_InitPIN", init_pin), ("C_InitToken", init_token)], CKR_HOST_MEMORY);
    assert_rv!(m.logout(session), CKR_OK);
    assert_rv!(m.login(session, CKU_USER, USER_PIN.into()), CKR_OK, "nothing was counted");
}
