//! Calls of 3.0 and 3.2 through the function list of 3.2, in the order of chapter 5.

use std::ffi::CStr;
use std::ptr;

use cryptoki_sys::{
    CK_ASYNC_DATA, CK_FLAGS, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG,
};

use super::transforming::pointer_to;
use super::{Module, Sent};

/// Calls a function of the list of 3.2 and records its answer.
macro_rules! call {
    ($module:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $module.list_3_2().$function.expect(concat!(stringify!($function), " is in the list"));
        // SAFETY: pointers are null or name memory of this frame or of the caller's arguments, which outlive the
        // call; where a length does not fit, refusing it is what the module is tested for.
        let rv = unsafe { function($($argument),*) };
        $module.recorder.saw(stringify!($function), rv);
        rv
    }};
}
pub(super) use call;

/// 5.22 Asynchronous functions. A name is null or ends with a null byte.
impl Module {
    /// `C_AsyncComplete`; without a place for the result where that is null.
    pub fn async_complete(
        &self,
        session: CK_SESSION_HANDLE,
        name: Option<&CStr>,
        result: Option<&mut CK_ASYNC_DATA>,
    ) -> CK_RV {
        let result = result.map_or(ptr::null_mut(), ptr::from_mut);
        call!(self, C_AsyncComplete(session, pointer_of(name), result))
    }

    /// `C_AsyncGetID`
    pub fn async_get_id(
        &self,
        session: CK_SESSION_HANDLE,
        name: Option<&CStr>,
        id: Option<&mut CK_ULONG>,
    ) -> CK_RV {
        let id = id.map_or(ptr::null_mut(), ptr::from_mut);
        call!(self, C_AsyncGetID(session, pointer_of(name), id))
    }

    /// `C_AsyncJoin`
    pub fn async_join(
        &self,
        session: CK_SESSION_HANDLE,
        name: Option<&CStr>,
        id: CK_ULONG,
        data: &mut [u8],
    ) -> CK_RV {
        let (start, len) = (data.as_mut_ptr(), data.len() as CK_ULONG);
        call!(self, C_AsyncJoin(session, pointer_of(name), id, start, len))
    }
}

fn pointer_of(name: Option<&CStr>) -> *mut u8 {
    name.map_or(ptr::null_mut(), |name| name.as_ptr().cast_mut().cast())
}

/// 5.6 Sessions.
impl Module {
    /// `C_SessionCancel`
    pub fn session_cancel(&self, session: CK_SESSION_HANDLE, flags: CK_FLAGS) -> CK_RV {
        call!(self, C_SessionCancel(session, flags))
    }

    /// `C_GetSessionValidationFlags`
    pub fn session_validation_flags(&self, session: CK_SESSION_HANDLE, kind: CK_ULONG) -> (CK_RV, CK_FLAGS) {
        let mut flags = 0;
        (call!(self, C_GetSessionValidationFlags(session, kind, &raw mut flags)), flags)
    }

    /// `C_GetSessionValidationFlags` without a place for the flags.
    pub fn session_validation_flags_nowhere(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_GetSessionValidationFlags(session, 1, std::ptr::null_mut()))
    }
}

/// 5.15 Verifying.
impl Module {
    /// `C_VerifySignatureInit`; no mechanism is a null pointer.
    pub fn verify_signature_init(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        key: CK_OBJECT_HANDLE,
        signature: Sent<'_>,
    ) -> CK_RV {
        let by = pointer_to(mechanism);
        call!(self, C_VerifySignatureInit(session, by, key, signature.pointer, signature.len))
    }

    /// `C_VerifySignature`
    pub fn verify_signature(&self, session: CK_SESSION_HANDLE, data: Sent<'_>) -> CK_RV {
        call!(self, C_VerifySignature(session, data.pointer, data.len))
    }

    /// `C_VerifySignatureUpdate`
    pub fn verify_signature_update(&self, session: CK_SESSION_HANDLE, part: Sent<'_>) -> CK_RV {
        call!(self, C_VerifySignatureUpdate(session, part.pointer, part.len))
    }

    /// `C_VerifySignatureFinal`
    pub fn verify_signature_final(&self, session: CK_SESSION_HANDLE) -> CK_RV {
        call!(self, C_VerifySignatureFinal(session))
    }
}
