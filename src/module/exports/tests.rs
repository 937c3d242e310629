//! The functions as an application calls them: through the function list, over a token that notes what it is asked.

pub(crate) mod double;

mod answers;
mod arguments;
mod derived;
mod life;
mod messages;
mod operations;
mod parameters;
mod structures;
mod templates;

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_FUNCTION_LIST_3_2, CK_INTERFACE, CK_MECHANISM, CK_RV, CK_UTF8CHAR, CK_VERSION,
};
use pkcs11::constants::CKR_OK;

use self::double::Double;

unsafe extern "C" {
    fn C_GetInterface(
        name: *mut CK_UTF8CHAR,
        version: *mut CK_VERSION,
        interface: *mut *mut CK_INTERFACE,
        flags: u64,
    ) -> CK_RV;
}

/// The library is one for the process: tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Calls a function of the list with what an application would send.
macro_rules! call {
    ($host:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        // SAFETY: what a test sends is what it says it is, or something that must not be followed.
        unsafe { ($host.functions.$name.unwrap())($($argument),*) }
    }};
}
pub(crate) use call;

/// An application.
struct Host {
    functions: &'static CK_FUNCTION_LIST_3_2,
    token: Arc<Double>,
    _turn: MutexGuard<'static, ()>,
}

impl Host {
    /// An application that has not initialised the library.
    fn idle() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut interface = null_mut();
        let mut newest = CK_VERSION { major: 3, minor: 2 };
        // SAFETY: there is a version, and a place for the answer.
        assert_eq!(unsafe { C_GetInterface(null_mut(), &mut newest, &mut interface, 0) }, CKR_OK);
        // SAFETY: the library answered with an interface of its own.
        let functions = unsafe { *interface }.pFunctionList.cast::<CK_FUNCTION_LIST_3_2>();
        // SAFETY: that is what the list of version 3.2 is.
        let functions = unsafe { &*functions };
        Self { functions, token: double::fresh(), _turn: turn }
    }

    /// One that has.
    fn new() -> Self {
        let host = Self::idle();
        assert_eq!(call!(host, C_Initialize(null_mut())), CKR_OK);
        host
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        call!(self, C_Finalize(null_mut()));
    }
}

/// The session that the double knows.
const SESSION: u64 = double::SESSION.0;
/// One that it does not.
const NO_SESSION: u64 = 99;
/// A pointer that nobody may follow.
const WILD: *mut u8 = (usize::MAX - 4095) as *mut u8;

fn attribute(attribute_type: u64, value: *mut c_void, len: u64) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE { type_: attribute_type, pValue: value, ulValueLen: len }
}

fn mechanism(mechanism: u64, parameter: *mut c_void, len: u64) -> CK_MECHANISM {
    CK_MECHANISM { mechanism, pParameter: parameter, ulParameterLen: len }
}
