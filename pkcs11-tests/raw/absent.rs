//! The functions of 3.0 and 3.2, through the function list of 3.2, with nothing in their arguments.

use std::ptr::null_mut;

use cryptoki_sys::{CK_FUNCTION_LIST_3_2, CK_RV, CK_SESSION_HANDLE};

use super::Module;

/// Calls functions whose arguments after the session are all null or zero.
macro_rules! zeros {
    ($list:expr, $session:expr, $($function:ident($($zero:expr),*);)*) => {
        vec![$({
            let function = $list.$function.expect(concat!(stringify!($function), " is in the list"));
            // SAFETY: a handle, nulls and zeros: what each function has to refuse unread.
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

    /// Every function that is there since 3.0, with null pointers and zeros; each with what it answered, not recorded.
    ///
    /// # Panics
    /// When the module has no function list of 3.2, or an entry of it is null.
    #[must_use]
    pub fn since_3_with_zeros(&self, session: CK_SESSION_HANDLE) -> Vec<(&'static str, CK_RV)> {
        zeros!(self.list_3_2(), session,
            C_SessionCancel(0);
            C_VerifySignatureInit(null_mut(), 0, null_mut(), 0);
            C_VerifySignature(null_mut(), 0);
            C_VerifySignatureUpdate(null_mut(), 0);
            C_VerifySignatureFinal();
            C_GetSessionValidationFlags(0, null_mut());
            C_MessageEncryptInit(null_mut(), 0);
            C_EncryptMessage(null_mut(), 0, null_mut(), 0, null_mut(), 0, null_mut(), null_mut());
            C_EncryptMessageBegin(null_mut(), 0, null_mut(), 0);
            C_EncryptMessageNext(null_mut(), 0, null_mut(), 0, null_mut(), null_mut(), 0);
            C_MessageEncryptFinal();
            C_MessageDecryptInit(null_mut(), 0);
            C_DecryptMessage(null_mut(), 0, null_mut(), 0, null_mut(), 0, null_mut(), null_mut());
            C_DecryptMessageBegin(null_mut(), 0, null_mut(), 0);
            C_DecryptMessageNext(null_mut(), 0, null_mut(), 0, null_mut(), null_mut(), 0);
            C_MessageDecryptFinal();
            C_MessageSignInit(null_mut(), 0);
            C_SignMessage(null_mut(), 0, null_mut(), 0, null_mut(), null_mut());
            C_SignMessageBegin(null_mut(), 0);
            C_SignMessageNext(null_mut(), 0, null_mut(), 0, null_mut(), null_mut());
            C_MessageSignFinal();
            C_MessageVerifyInit(null_mut(), 0);
            C_VerifyMessage(null_mut(), 0, null_mut(), 0, null_mut(), 0);
            C_VerifyMessageBegin(null_mut(), 0);
            C_VerifyMessageNext(null_mut(), 0, null_mut(), 0, null_mut(), 0);
            C_MessageVerifyFinal();
            C_WrapKeyAuthenticated(null_mut(), 0, 0, null_mut(), 0, null_mut(), null_mut());
            C_UnwrapKeyAuthenticated(null_mut(), 0, null_mut(), 0, null_mut(), 0, null_mut(), 0, null_mut());
            C_AsyncComplete(null_mut(), null_mut());
            C_AsyncGetID(null_mut(), null_mut());
            C_AsyncJoin(null_mut(), 0, null_mut(), 0);
        )
    }
}
