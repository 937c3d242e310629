//! Section 5.4: general purpose functions.

use std::ptr;

use cryptoki_sys::{
    CK_C_INITIALIZE_ARGS, CK_RV, CKF_LIBRARY_CANT_CREATE_OS_THREADS, CKF_OS_LOCKING_OK, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_SESSION_HANDLE_INVALID, CKU_USER,
};
use pkcs11_tests::raw::words::{FUNCTIONS, Function};
use pkcs11_tests::{Sent, Test, Token, assert_rv, on_both, on_claviger};

on_both!(
    the_function_list_is_2_40_and_has_every_entry,
    initialising_twice_is_refused_and_finalising_too,
    every_function_needs_an_initialised_library,
    a_reserved_pointer_is_refused_and_never_followed,
    some_callbacks_without_the_others_are_refused,
    all_callbacks_with_os_locking_allowed_are_accepted,
    no_callbacks_with_or_without_os_locking_are_accepted,
    info_is_padded_with_blanks_and_names_the_version_of_the_standard,
    a_missing_place_for_the_answer_is_refused,
    sessions_do_not_survive_finalize,
    every_entry_survives_nulls_and_zeros,
);
on_claviger!(
    no_function_works_before_the_library_is_initialised,
    callbacks_alone_cannot_be_used,
    the_interfaces_are_3_2_and_3_0_and_2_40_in_that_order,
    who_names_no_version_gets_3_0,
    an_interface_of_an_unknown_name_or_version_is_refused,
    too_little_room_for_the_interfaces_names_their_number,
    no_function_of_2_40_is_missing,
    no_function_since_3_is_missing,
);

extern "C" fn create(_: *mut *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

extern "C" fn handle(_: *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

fn no_arguments() -> CK_C_INITIALIZE_ARGS {
    CK_C_INITIALIZE_ARGS {
        CreateMutex: None,
        DestroyMutex: None,
        LockMutex: None,
        UnlockMutex: None,
        flags: 0,
        pReserved: ptr::null_mut(),
    }
}

fn callbacks() -> CK_C_INITIALIZE_ARGS {
    CK_C_INITIALIZE_ARGS {
        CreateMutex: Some(create),
        DestroyMutex: Some(handle),
        LockMutex: Some(handle),
        UnlockMutex: Some(handle),
        ..no_arguments()
    }
}

fn the_function_list_is_2_40_and_has_every_entry(t: &Test) {
    assert_eq!(t.module.list_version(), (2, 40));
    assert_eq!(t.module.missing_entries(), 0);
}

fn initialising_twice_is_refused_and_finalising_too(t: &Test) {
    let m = t.module;
    assert_rv!(m.finalize(), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(m.initialize(), CKR_OK);
    assert_rv!(m.initialize(), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    assert_rv!(m.info().0, CKR_OK);
    assert_rv!(m.finalize_with(8), CKR_ARGUMENTS_BAD);
    assert_rv!(m.finalize(), CKR_OK);
    assert_rv!(m.finalize(), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(m.initialize(), CKR_OK);
}

fn every_function_needs_an_initialised_library(t: &Test) {
    let m = t.module;
    for round in 0..2 {
        assert_rv!(m.info().0, CKR_CRYPTOKI_NOT_INITIALIZED, "in round {round}");
        assert_rv!(m.slot_list(false, None).0, CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.slot_info(0).0, CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.token_info(0).0, CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.open_session(0, 4).0, CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.close_session(1), CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.login(1, 1, "1234".into()), CKR_CRYPTOKI_NOT_INITIALIZED);
        assert_rv!(m.logout(1), CKR_CRYPTOKI_NOT_INITIALIZED);
        for (function, rv) in m.all_with_zeros(1) {
            let legacy = !t.is_claviger()
                && ["C_GetFunctionStatus", "C_CancelFunction", "C_WaitForSlotEvent"].contains(&function);
            let stub = !t.is_claviger() && rv == CKR_FUNCTION_NOT_SUPPORTED;
            assert!(
                legacy || stub || rv == CKR_CRYPTOKI_NOT_INITIALIZED,
                "{function} answered {}",
                pkcs11_tests::names::rv_name(rv)
            );
        }
        assert_rv!(m.initialize(), CKR_OK);
        assert_rv!(m.finalize(), CKR_OK);
    }
}

/// SoftHSM answers `CKR_FUNCTION_NOT_SUPPORTED` to C_WaitForSlotEvent; section 5.1.6 has
/// `CKR_CRYPTOKI_NOT_INITIALIZED` for any function but four.
fn no_function_works_before_the_library_is_initialised(t: &Test) {
    for function in FUNCTIONS {
        if !["C_Initialize", "C_GetFunctionList"].contains(&function.name) {
            let zeros = vec![0; function.words.len()];
            assert_rv!(function.call(t.module, &zeros), CKR_CRYPTOKI_NOT_INITIALIZED, "{}", function.name);
        }
    }
    let none = Sent::null(0);
    assert_rv!(t.module.login_user(1, CKU_USER, none, none), CKR_CRYPTOKI_NOT_INITIALIZED);
}

fn a_reserved_pointer_is_refused_and_never_followed(t: &Test) {
    for address in [1_usize, 8, 0xDEAD_BEEF, usize::MAX] {
        let mut arguments = no_arguments();
        arguments.pReserved = address as *mut std::ffi::c_void;
        assert_rv!(t.module.initialize_with(&mut arguments), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(t.module.initialize(), CKR_OK);
}

fn some_callbacks_without_the_others_are_refused(t: &Test) {
    let mut arguments = callbacks();
    arguments.UnlockMutex = None;
    assert_rv!(t.module.initialize_with(&mut arguments), CKR_ARGUMENTS_BAD);
    arguments.flags = CKF_OS_LOCKING_OK;
    assert_rv!(t.module.initialize_with(&mut arguments), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.initialize(), CKR_OK);
}

fn all_callbacks_with_os_locking_allowed_are_accepted(t: &Test) {
    let mut arguments = callbacks();
    arguments.flags = CKF_OS_LOCKING_OK;
    assert_rv!(t.module.initialize_with(&mut arguments), CKR_OK);
    // Without this SoftHSM aborts at the end of the process.
    assert_rv!(t.module.finalize(), CKR_OK);
}

fn no_callbacks_with_or_without_os_locking_are_accepted(t: &Test) {
    for flags in [0, CKF_OS_LOCKING_OK, CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS] {
        let mut arguments = no_arguments();
        arguments.flags = flags;
        assert_rv!(t.module.initialize_with(&mut arguments), CKR_OK);
        assert_rv!(t.module.finalize(), CKR_OK);
    }
}

/// Section 5.4.1, case 3: the library must use the callbacks; one that cannot answers CKR_CANT_LOCK.
/// SoftHSM uses the callbacks (`CKR_OK`), which the same case asks for.
fn callbacks_alone_cannot_be_used(t: &Test) {
    assert_rv!(t.module.initialize_with(&mut callbacks()), CKR_CANT_LOCK);
    assert_rv!(t.module.initialize(), CKR_OK);
}

fn info_is_padded_with_blanks_and_names_the_version_of_the_standard(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let (rv, info) = t.module.info();
    assert_rv!(rv, CKR_OK);
    assert!(info.cryptokiVersion.major >= 2);
    assert_eq!(info.flags, 0);
    for text in [info.manufacturerID, info.libraryDescription] {
        assert!(!text.contains(&0), "padded with blanks, not with zeros");
        assert_ne!(text, [b' '; 32]);
        assert_eq!(text[31], b' ');
    }
}

fn a_missing_place_for_the_answer_is_refused(t: &Test) {
    let m = t.module;
    assert_rv!(m.initialize(), CKR_OK);
    assert_rv!(m.info_nowhere(), CKR_ARGUMENTS_BAD);
    assert_rv!(m.slot_list_nowhere(), CKR_ARGUMENTS_BAD);
    let slot = pkcs11_tests::token::slots(m)[0];
    assert_rv!(m.slot_info_nowhere(slot), CKR_ARGUMENTS_BAD);
    assert_rv!(m.token_info_nowhere(slot), CKR_ARGUMENTS_BAD);
    assert_rv!(m.mechanism_list_nowhere(slot), CKR_ARGUMENTS_BAD);
    assert_rv!(m.mechanism_info_nowhere(slot, 1), CKR_ARGUMENTS_BAD);
    if m.has_interfaces() {
        assert_rv!(m.interface_without_a_place(), CKR_ARGUMENTS_BAD);
        assert_rv!(m.interface_list_nowhere(), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(Function::named("C_GetFunctionList").call(m, &[0]), CKR_ARGUMENTS_BAD);
}

fn sessions_do_not_survive_finalize(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_rv!(t.module.initialize(), CKR_OK);
    assert_rv!(t.module.session_info(session).0, CKR_SESSION_HANDLE_INVALID);
    assert_rv!(t.module.finalize(), CKR_OK);
    let session = Token::existing(t.module).open_ro();
    let (rv, info) = t.module.session_info(session);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.state, cryptoki_sys::CKS_RO_PUBLIC_SESSION, "the login went with the library");
}

fn every_entry_survives_nulls_and_zeros(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (function, rv) in t.module.all_with_zeros(0) {
        let of_no_session = ["C_WaitForSlotEvent", "C_GetFunctionStatus", "C_CancelFunction"];
        if t.is_claviger() && !of_no_session.contains(&function) {
            let listed = [CKR_SESSION_HANDLE_INVALID, CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED];
            assert!(listed.contains(&rv), "{function} answered {}", pkcs11_tests::names::rv_name(rv));
        }
    }
    let _answers_are_recorded = t.module.all_with_zeros(session);
    assert_rv!(t.module.session_info(session).0, CKR_OK);
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList.
fn the_interfaces_are_3_2_and_3_0_and_2_40_in_that_order(t: &Test) {
    let (rv, count, _) = t.module.interface_list(None);
    assert_rv!(rv, CKR_OK);
    let (rv, _, interfaces) = t.module.interface_list(Some(usize::try_from(count).unwrap()));
    assert_rv!(rv, CKR_OK);
    let standard: Vec<_> =
        interfaces.iter().filter(|interface| interface.name == "PKCS 11").map(|i| i.version).collect();
    assert_eq!(standard, [(3, 2), (3, 0), (2, 40)]);
    for version in standard {
        let (rv, interface) = t.module.interface(Some("PKCS 11"), Some(version), 0);
        assert_rv!(rv, CKR_OK);
        assert_eq!(interface.unwrap().version, version);
    }
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList.
/// Section 5.4.6: "If pVersion is NULL, the cryptoki library can return an interface of any version" (docs/decisions/0027).
fn who_names_no_version_gets_3_0(t: &Test) {
    let (unnamed, newest) = ((3, 0), (3, 2));
    for (name, version, expected) in
        [(None, None, unnamed), (Some("PKCS 11"), None, unnamed), (None, Some(newest), newest)]
    {
        let (rv, interface) = t.module.interface(name, version, 0);
        assert_rv!(rv, CKR_OK);
        let interface = interface.unwrap();
        assert_eq!((interface.name.as_str(), interface.version), ("PKCS 11", expected));
    }
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList.
fn an_interface_of_an_unknown_name_or_version_is_refused(t: &Test) {
    for (name, version) in
        [(Some("PKCS 12"), None), (Some("PKCS 11"), Some((4, 7))), (Some(""), None), (None, Some((0, 0)))]
    {
        let (rv, interface) = t.module.interface(name, version, 0);
        assert_ne!(rv, CKR_OK, "{name:?} {version:?} gave {interface:?}");
    }
}

/// SoftHSM, of 2.40, has no C_GetInterface and no C_GetInterfaceList.
fn too_little_room_for_the_interfaces_names_their_number(t: &Test) {
    let (_, needed, _) = t.module.interface_list(None);
    let (rv, count, _) = t.module.interface_list(Some(1));
    assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
    assert_eq!(count, needed);
}

/// Section 5.1.6: "even unsupported functions in the Cryptoki API should have a stub".
/// SoftHSM has not C_GetOperationState (`CKR_FUNCTION_NOT_SUPPORTED`), which section 5.1.6 allows.
fn no_function_of_2_40_is_missing(t: &Test) {
    let session = t.token().open_rw();
    let answers = t.module.all_with_zeros(session);
    assert!(answers.len() > 30, "{} functions were called", answers.len());
    for (function, rv) in answers {
        assert_ne!(rv, CKR_FUNCTION_NOT_SUPPORTED, "{function}");
    }
}

/// SoftHSM, of 2.40, has none of them.
fn no_function_since_3_is_missing(t: &Test) {
    let session = t.token().user_session();
    let answers = t.module.since_3_with_zeros(session);
    assert!(answers.len() > 30, "{} functions were called", answers.len());
    for (function, rv) in answers {
        assert_ne!(rv, CKR_FUNCTION_NOT_SUPPORTED, "{function}");
    }
    assert_rv!(t.module.session_info(session).0, CKR_OK);
}
