//! Initialise, finalise, fork, panic; the function lists and the interfaces.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use cryptoki_sys::{
    CK_C_INITIALIZE_ARGS, CK_FUNCTION_LIST, CK_FUNCTION_LIST_3_0, CK_FUNCTION_LIST_3_2, CK_INTERFACE, CK_RV,
    CK_VERSION,
};
use pkcs11::Error;
use pkcs11::constants::{
    CKF_INTERFACE_FORK_SAFE, CKF_LIBRARY_CANT_CREATE_OS_THREADS, CKF_OS_LOCKING_OK, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_FUNCTION_FAILED, CKR_FUNCTION_NOT_PARALLEL, CKR_GENERAL_ERROR, CKR_OK,
};

use super::double::{PANIC, locked};
use super::{Host, SESSION, WILD, call};
use crate::exports::{C_GetInterface, Function};

unsafe extern "C" fn create(_: *mut *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

unsafe extern "C" fn mutex(_: *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

fn callbacks(flags: u64) -> CK_C_INITIALIZE_ARGS {
    CK_C_INITIALIZE_ARGS {
        CreateMutex: Some(create),
        DestroyMutex: Some(mutex),
        LockMutex: Some(mutex),
        UnlockMutex: Some(mutex),
        flags,
        pReserved: null_mut(),
    }
}

fn initialize(host: &Host, mut arguments: CK_C_INITIALIZE_ARGS) -> CK_RV {
    call!(host, C_Initialize((&raw mut arguments).cast()))
}

#[test]
fn every_function_but_the_lists_needs_initialize_first() {
    let host = Host::idle();
    assert_eq!(call!(host, C_GetInfo(null_mut())), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_CloseSession(SESSION)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_EncryptFinal(SESSION, null_mut(), null_mut())), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_GetFunctionStatus(SESSION)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_Finalize(null_mut())), CKR_CRYPTOKI_NOT_INITIALIZED);
}

#[test]
fn initialize_twice_is_refused_and_after_finalize_it_works_again() {
    let host = Host::new();
    assert_eq!(call!(host, C_Initialize(null_mut())), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    assert_eq!(call!(host, C_Finalize(WILD.cast())), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_OK);
    assert_eq!(call!(host, C_Finalize(null_mut())), CKR_OK);
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_Initialize(null_mut())), CKR_OK);
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_OK);
}

#[test]
fn a_reserved_argument_is_refused_and_never_followed() {
    let host = Host::idle();
    let mut arguments = callbacks(CKF_OS_LOCKING_OK);
    arguments.pReserved = WILD.cast();
    assert_eq!(initialize(&host, arguments), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_Initialize(WILD.cast())), CKR_ARGUMENTS_BAD);
}

#[test]
fn callbacks_are_taken_only_with_the_systems_locks_and_only_all_four() {
    let host = Host::idle();
    assert_eq!(initialize(&host, callbacks(0)), CKR_CANT_LOCK);
    for missing in 0..4 {
        let mut some = callbacks(CKF_OS_LOCKING_OK);
        match missing {
            0 => some.CreateMutex = None,
            1 => some.DestroyMutex = None,
            2 => some.LockMutex = None,
            _ => some.UnlockMutex = None,
        }
        assert_eq!(initialize(&host, some), CKR_ARGUMENTS_BAD);
    }
    let flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
    assert_eq!(initialize(&host, callbacks(flags)), CKR_OK);
}

#[test]
fn a_configuration_that_cannot_be_used_leaves_the_library_as_it_was() {
    let host = Host::idle();
    let reason = Error::Configuration { path: "/x".into(), reason: "y".into() };
    *locked(&host.token.failure) = Some(reason);
    assert_eq!(call!(host, C_Initialize(null_mut())), CKR_FUNCTION_FAILED);
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_eq!(call!(host, C_Initialize(null_mut())), CKR_OK);
}

#[test]
fn a_panic_is_a_general_error_and_the_next_call_works() {
    let host = Host::new();
    let mut signature = [0u8; 16];
    let mut len = 16;
    let mut data = PANIC.to_vec();
    let rv = call!(host, C_Sign(SESSION, data.as_mut_ptr(), 5, signature.as_mut_ptr(), &mut len));
    assert_eq!(rv, CKR_GENERAL_ERROR);
    assert_eq!((len, signature), (16, [0; 16]));
    data.push(b'!');
    let rv = call!(host, C_Sign(SESSION, data.as_mut_ptr(), 6, signature.as_mut_ptr(), &mut len));
    assert_eq!((rv, len), (CKR_OK, 9));
}

#[test]
fn the_functions_of_parallel_work_say_that_there_is_none() {
    let host = Host::new();
    assert_eq!(call!(host, C_GetFunctionStatus(SESSION)), CKR_FUNCTION_NOT_PARALLEL);
    assert_eq!(call!(host, C_CancelFunction(SESSION)), CKR_FUNCTION_NOT_PARALLEL);
}

/// In a forked child only calls that need no allocation of the parent's other threads would be safe with any libc;
/// glibc makes its own safe. Gives the number of the check that failed, or 0.
fn child_of(host: &Host) -> i32 {
    let checks = [
        call!(host, C_Logout(SESSION)) == CKR_CRYPTOKI_NOT_INITIALIZED,
        host.token.asked() == ["gate: prepare", "gate: child"],
        call!(host, C_Initialize(null_mut())) == CKR_OK,
        call!(host, C_Logout(SESSION)) == CKR_OK,
        call!(host, C_Finalize(null_mut())) == CKR_OK,
    ];
    checks.iter().zip(1..).find(|(held, _)| !**held).map_or(0, |(_, number)| number)
}

fn fork_and_check(host: &Host) {
    host.token.asked();
    // SAFETY: the child calls this library and leaves through _exit.
    match unsafe { libc::fork() } {
        0 => {
            let failed = child_of(host);
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(failed) }
        }
        child => {
            assert!(child > 0);
            let mut status = 0;
            // SAFETY: a child of this process, and a place for its status.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            assert!(libc::WIFEXITED(status));
            assert_eq!(libc::WEXITSTATUS(status), 0, "the child's check of this number failed");
        }
    }
    assert_eq!(host.token.asked(), ["gate: prepare", "gate: parent"]);
}

#[test]
fn a_forked_child_starts_anew_and_its_parent_goes_on() {
    let host = Host::new();
    fork_and_check(&host);
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_OK);
    host.token.asked();
    fork_and_check(&host);
}

#[test]
fn a_fork_while_other_threads_initialise_and_finalise_leaves_a_child_that_can() {
    let host = Host::new();
    let over = std::sync::atomic::AtomicBool::new(false);
    let functions = host.functions;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                // SAFETY: null arguments are allowed.
                unsafe { (functions.C_Finalize.unwrap())(null_mut()) };
                // SAFETY: as above.
                unsafe { (functions.C_Initialize.unwrap())(null_mut()) };
            }
        });
        for _ in 0..50 {
            // SAFETY: the child calls this library and leaves through _exit.
            match unsafe { libc::fork() } {
                0 => {
                    let works = call!(host, C_Initialize(null_mut())) == CKR_OK
                        && call!(host, C_Logout(SESSION)) == CKR_OK;
                    // SAFETY: ends the child without running anything of the parent's.
                    unsafe { libc::_exit(i32::from(!works)) }
                }
                child => {
                    let mut status = -1;
                    // SAFETY: a child of this process, and a place for its status.
                    unsafe { libc::waitpid(child, &mut status, 0) };
                    assert_eq!(status, 0);
                }
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn finalize_lets_a_call_under_way_finish() {
    let host = Host::new();
    let token = host.token.clone();
    let gate = locked(&token.reveals);
    let functions = host.functions;
    std::thread::scope(|scope| {
        let call = scope.spawn(move || {
            let mut none = [];
            // SAFETY: an empty template.
            unsafe { (functions.C_GetAttributeValue.unwrap())(SESSION, 1, none.as_mut_ptr(), 0) }
        });
        while host.token.asked().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(call!(host, C_Finalize(null_mut())), CKR_OK);
        assert_eq!(call!(host, C_Logout(SESSION)), CKR_CRYPTOKI_NOT_INITIALIZED);
        drop(gate);
        assert_eq!(call.join().unwrap(), CKR_OK);
    });
}

/// The function pointers of a list, which starts with its version.
fn entries<T>(list: &T) -> Vec<usize> {
    let words = size_of::<T>() / size_of::<usize>();
    // SAFETY: a function list is a version, padded to a word, and pointers.
    let words = unsafe { std::slice::from_raw_parts((&raw const *list).cast::<usize>(), words) };
    words[1..].to_vec()
}

fn interface(
    host: &Host,
    name: Option<&CStr>,
    version: Option<(u8, u8)>,
    flags: u64,
) -> Option<CK_INTERFACE> {
    let mut version = version.map(|(major, minor)| CK_VERSION { major, minor });
    let mut found = null_mut();
    let name = name.map_or(null(), CStr::as_ptr).cast_mut().cast();
    let version = version.as_mut().map_or(null_mut(), |version| &raw mut *version);
    let rv = call!(host, C_GetInterface(name, version, &mut found, flags));
    // SAFETY: the library answered with an interface of its own.
    if rv == CKR_OK { Some(unsafe { *found }) } else { None }
}

fn version_of(interface: CK_INTERFACE) -> (u8, u8) {
    // SAFETY: every function list starts with its version.
    let version = unsafe { *interface.pFunctionList.cast::<CK_VERSION>() };
    (version.major, version.minor)
}

#[test]
fn the_lists_hold_68_and_92_and_104_functions() {
    let host = Host::idle();
    let mut old: *mut CK_FUNCTION_LIST = null_mut();
    assert_eq!(call!(host, C_GetFunctionList(&mut old)), CKR_OK);
    // SAFETY: the library answered with a list of its own.
    let old = unsafe { &*old };
    assert_eq!((old.version.major, old.version.minor), (2, 40));
    let middle =
        interface(&host, None, Some((3, 0)), 0).unwrap().pFunctionList.cast::<CK_FUNCTION_LIST_3_0>();
    // SAFETY: as above.
    let (old, middle) = (entries(old), entries(unsafe { &*middle }));
    let new = entries::<CK_FUNCTION_LIST_3_2>(host.functions);
    assert_eq!((old.len(), middle.len(), new.len(), Function::ALL.len()), (68, 92, 104, 104));
    assert!(new.iter().all(|entry| *entry != 0));
    assert_eq!(old, middle[..68]);
    let differ: Vec<usize> = (0..92).filter(|place| middle[*place] != new[*place]).collect();
    let attributes = Function::ALL.iter().position(|function| *function == Function::C_GetAttributeValue);
    assert_eq!(differ, [attributes.unwrap()], "only the form of attributes' values differs");
}

#[test]
fn interfaces_are_offered_newest_first_by_the_count_convention() {
    let host = Host::idle();
    let mut count = 99;
    assert_eq!(call!(host, C_GetInterfaceList(null_mut(), &mut count)), CKR_OK);
    assert_eq!(count, 3);
    let mut list = [CK_INTERFACE::default(); 3];
    count = 2;
    assert_eq!(call!(host, C_GetInterfaceList(list.as_mut_ptr(), &mut count)), CKR_BUFFER_TOO_SMALL);
    assert_eq!(count, 3);
    assert!(list.iter().all(|interface| interface.pFunctionList.is_null()));
    assert_eq!(call!(host, C_GetInterfaceList(list.as_mut_ptr(), &mut count)), CKR_OK);
    assert_eq!(list.map(version_of), [(3, 2), (3, 0), (2, 40)]);
    assert_eq!(call!(host, C_GetInterfaceList(list.as_mut_ptr(), null_mut())), CKR_ARGUMENTS_BAD);
}

#[test]
fn an_interface_is_found_by_name_and_version_and_flags() {
    let host = Host::idle();
    assert_eq!(interface(&host, None, None, 0).map(version_of), Some((3, 0)));
    assert_eq!(interface(&host, Some(c"PKCS 11"), None, 0).map(version_of), Some((3, 0)));
    assert_eq!(interface(&host, None, Some((3, 2)), 0).map(version_of), Some((3, 2)));
    assert_eq!(interface(&host, Some(c"PKCS 11"), Some((2, 40)), 0).map(version_of), Some((2, 40)));
    assert!(interface(&host, Some(c"PKCS 11"), Some((3, 1)), 0).is_none());
    assert!(interface(&host, Some(c"PKCS 1"), None, 0).is_none());
    assert!(interface(&host, Some(c"PKCS 11x"), None, 0).is_none());
    assert!(interface(&host, None, None, CKF_INTERFACE_FORK_SAFE).is_none());
    // SAFETY: null is what is tried.
    assert_eq!(unsafe { C_GetInterface(null_mut(), null_mut(), null_mut(), 0) }, CKR_ARGUMENTS_BAD);
}
