//! The functions of 3.0 and 3.2 that docs/roadmap.md lists as not there yet, through the function list of 3.2.

use std::ptr::null_mut;

use cryptoki_sys::{CK_FUNCTION_LIST_3_2, CK_RV, CK_SESSION_HANDLE};

use super::Module;

/// Calls functions whose arguments after the session are all null or zero.
macro_rules! zeros {
    ($list:expr, $session:expr, $($function:ident($($zero:expr),*);)*) => {
        vec![$({
            let function = $list.$function.expect(concat!(stringify!($function), " is in the list"));
            // SAFETY: a handle, nulls and zeros: what a function that is not there has to refuse unread.
            let rv = unsafe { function($session $(, $zero)*) };
            (stringify!($function), rv)
        }),*]
    };
}

impl Module {
    /// The function list of 3.2.
    ///
    /// # Panics
    /// When the module gives none.
    pub(super) fn list_3_2(&self) -> &'static CK_FUNCTION_LIST_3_2 {
        self.function_list_3_2().expect("the interface of 3.2")
    }

    /// Every function that is not there yet, with null pointers and zeros; each with what it answered.
    /// Not recorded: no list of a function names what section 5.1.6 wants of one that is not there.
    ///
    /// # Panics
    /// When the module has no function list of 3.2, or an entry of it is null.
    #[must_use]
    pub fn absent_with_zeros(&self, session: CK_SESSION_HANDLE) -> Vec<(&'static str, CK_RV)> {
        zeros!(self.list_3_2(), session,
            C_GetSessionValidationFlags(0, null_mut());
            C_AsyncComplete(null_mut(), null_mut());
            C_AsyncGetID(null_mut(), null_mut());
            C_AsyncJoin(null_mut(), 0, null_mut(), 0);
        )
    }
}
