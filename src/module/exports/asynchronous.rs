//! Section 5.22: the functions that ask for what a job has made.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::sync::Arc;

use cryptoki_sys::{CK_ASYNC_DATA, CK_BYTE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CK_UTF8CHAR};
use pkcs11::{Error, Result, SessionHandle};

use super::Function;
use crate::jobs::{FUNCTIONS, Installed, Made};
use crate::library;
use crate::pointers::{self, Place};

/// The function of a name: `None` for one that no job does.
///
/// # Safety
/// `name` is null or a string that ends with a null byte.
unsafe fn function(name: *const CK_UTF8CHAR) -> Result<Option<Function>> {
    if name.is_null() {
        return Err(Error::ArgumentsBad("no name of a function"));
    }
    let is = |function: &Function| {
        let mut known = function.name().as_bytes().to_vec();
        known.push(0);
        // SAFETY: as promised to this function.
        CStr::from_bytes_with_nul(&known).is_ok_and(|known| unsafe { pointers::is_string(name, known) })
    };
    Ok(FUNCTIONS.iter().find(|function| is(function)).copied())
}

/// # Safety
/// `name` is null or a string that ends with a null byte; `result` is null or a writable `CK_ASYNC_DATA`; the buffer that was
/// given to the function of that name is still there.
pub(super) unsafe fn complete(
    session: CK_SESSION_HANDLE,
    name: *mut CK_UTF8CHAR,
    result: *mut CK_ASYNC_DATA,
) -> CK_RV {
    let session = SessionHandle(session);
    let mut failed = None;
    let read = || {
        // SAFETY: as promised to this function.
        let named = unsafe { function(name) }?;
        // SAFETY: as promised to this function.
        let place = unsafe { pointers::place(result) }?;
        if place.value().ulVersion != 0 {
            return Err(Error::ArgumentsBad("a structure of another version"));
        }
        Ok((named, place))
    };
    let answer = library::call_installed(
        Function::C_AsyncComplete,
        Some(session),
        read,
        |installed, (named, place)| {
            installed.token.session_info(session)?;
            let named = named.ok_or(Error::OperationNotInitialized)?;
            let done = installed.take_done(session, named)?;
            let mut data = place.value();
            (data.pValue, data.ulValue) = (std::ptr::null_mut(), 0);
            (data.hObject, data.hAdditionalObject) = (0, 0);
            if let Some(later) = &done.place {
                data.pValue = later.address();
            }
            match done.outcome {
                Ok(Made::Bytes(bytes)) => {
                    data.ulValue = bytes.len() as CK_ULONG;
                    if let Some(later) = done.place {
                        // SAFETY: the application keeps the buffer until now (section 5.22.1).
                        unsafe { later.write(&bytes) };
                    }
                }
                Ok(Made::Key(key)) => data.hObject = key.0,
                Ok(Made::Pair(public, private)) => {
                    (data.hObject, data.hAdditionalObject) = (public.0, private.0)
                }
                Err(error) => failed = Some((done.function, error)),
            }
            place.put(data);
            Ok(())
        },
    );
    match failed {
        // What a function answers is told as that function tells it.
        Some((function, error)) => library::guarded(function, || Err(error)),
        None => answer,
    }
}

/// # Safety
/// `name` is null or a string that ends with a null byte; `id` is null or a writable number.
pub(super) unsafe fn get_id(session: CK_SESSION_HANDLE, name: *mut CK_UTF8CHAR, id: *mut CK_ULONG) -> CK_RV {
    let session = SessionHandle(session);
    let read = || {
        // SAFETY: as promised to this function.
        let named = unsafe { function(name) }?;
        // SAFETY: as promised to this function.
        let _: Place<CK_ULONG> = unsafe { pointers::place(id) }?;
        Ok(named)
    };
    let act = |installed: &Arc<Installed>, named: Option<Function>| {
        installed.token.session_info(session)?;
        match named {
            Some(function) if installed.has_job(session, function) => Err(Error::StateUnsaveable),
            _ => Err(Error::OperationNotInitialized),
        }
    };
    library::call_installed(Function::C_AsyncGetID, Some(session), read, act)
}

/// # Safety
/// `name` is null or a string that ends with a null byte. Nothing is written.
pub(super) unsafe fn join(
    session: CK_SESSION_HANDLE,
    name: *mut CK_UTF8CHAR,
    _id: CK_ULONG,
    _data: *mut CK_BYTE,
    _len: CK_ULONG,
) -> CK_RV {
    let session = SessionHandle(session);
    // SAFETY: as promised to this function.
    let read = || unsafe { function(name) };
    let act = |installed: &Arc<Installed>, named: Option<Function>| {
        installed.token.session_info(session)?;
        named.ok_or(Error::ArgumentsBad("a function that is never left to a job"))?;
        // C_AsyncGetID gives none away.
        Err(Error::SavedStateInvalid)
    };
    library::call_installed(Function::C_AsyncJoin, Some(session), read, act)
}
