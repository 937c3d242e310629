//! Every entry of the function list, called with nothing but nulls and zeros.

use std::ptr::null_mut;

use cryptoki_sys::{CK_RV, CK_SESSION_HANDLE, CKF_DONT_BLOCK};

use super::Module;
use super::calls::call;

/// Calls functions whose arguments after the session are all null or zero.
macro_rules! zeros {
    ($module:expr, $session:expr, $($function:ident($($zero:expr),*);)*) => {
        vec![$((stringify!($function), call!($module, $function($session $(, $zero)*)))),*]
    };
}

impl Module {
    /// Every function that takes a session, but those that close it, with null pointers and zeros; each with what
    /// it answered.
    #[must_use]
    pub fn all_with_zeros(&self, session: CK_SESSION_HANDLE) -> Vec<(&'static str, CK_RV)> {
        let mut answers = zeros!(self, session,
            C_InitPIN(null_mut(), 0);
            C_SetPIN(null_mut(), 0, null_mut(), 0);
            C_GetSessionInfo(null_mut());
            C_GetOperationState(null_mut(), null_mut());
            C_SetOperationState(null_mut(), 0, 0, 0);
            C_CreateObject(null_mut(), 0, null_mut());
            C_CopyObject(0, null_mut(), 0, null_mut());
            C_DestroyObject(0);
            C_GetObjectSize(0, null_mut());
            C_GetAttributeValue(0, null_mut(), 0);
            C_SetAttributeValue(0, null_mut(), 0);
            C_FindObjects(null_mut(), 0, null_mut());
            C_EncryptInit(null_mut(), 0);
            C_Encrypt(null_mut(), 0, null_mut(), null_mut());
            C_EncryptUpdate(null_mut(), 0, null_mut(), null_mut());
            C_EncryptFinal(null_mut(), null_mut());
            C_DecryptInit(null_mut(), 0);
            C_Decrypt(null_mut(), 0, null_mut(), null_mut());
            C_DecryptUpdate(null_mut(), 0, null_mut(), null_mut());
            C_DecryptFinal(null_mut(), null_mut());
            C_Digest(null_mut(), 0, null_mut(), null_mut());
            C_DigestKey(0);
            C_DigestFinal(null_mut(), null_mut());
            C_Sign(null_mut(), 0, null_mut(), null_mut());
            C_SignFinal(null_mut(), null_mut());
            C_SignRecoverInit(null_mut(), 0);
            C_SignRecover(null_mut(), 0, null_mut(), null_mut());
            C_Verify(null_mut(), 0, null_mut(), 0);
            C_VerifyFinal(null_mut(), 0);
            C_VerifyRecoverInit(null_mut(), 0);
            C_VerifyRecover(null_mut(), 0, null_mut(), null_mut());
            C_DigestEncryptUpdate(null_mut(), 0, null_mut(), null_mut());
            C_DecryptDigestUpdate(null_mut(), 0, null_mut(), null_mut());
            C_SignEncryptUpdate(null_mut(), 0, null_mut(), null_mut());
            C_DecryptVerifyUpdate(null_mut(), 0, null_mut(), null_mut());
            C_GenerateKey(null_mut(), null_mut(), 0, null_mut());
            C_GenerateKeyPair(null_mut(), null_mut(), 0, null_mut(), 0, null_mut(), null_mut());
            C_WrapKey(null_mut(), 0, 0, null_mut(), null_mut());
            C_UnwrapKey(null_mut(), 0, null_mut(), 0, null_mut(), 0, null_mut());
            C_DeriveKey(null_mut(), 0, null_mut(), 0, null_mut());
            C_GetFunctionStatus();
            C_CancelFunction();
        );
        let event = call!(self, C_WaitForSlotEvent(CKF_DONT_BLOCK, null_mut(), null_mut()));
        answers.push(("C_WaitForSlotEvent", event));
        answers
    }
}
