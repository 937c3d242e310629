//! Calls that turn bytes into bytes (chapters 5.8, 5.10, 5.12, 5.13, 5.15 and 5.17), and the operation's state (5.6).

use std::ptr;

use cryptoki_sys::{CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG};

use super::calls::call;
use super::{Module, Out, Sent};

pub(super) fn pointer_to(mechanism: Option<&CK_MECHANISM>) -> *mut CK_MECHANISM {
    mechanism.map_or(ptr::null_mut(), |mechanism| ptr::from_ref(mechanism).cast_mut())
}

pub(super) fn place_of(len: &mut Option<CK_ULONG>) -> *mut CK_ULONG {
    len.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
}

macro_rules! begins {
    ($($name:ident $function:ident $text:literal;)*) => {
        impl Module {
            $(
                #[doc = $text]
                pub fn $name(
                    &self,
                    session: CK_SESSION_HANDLE,
                    mechanism: Option<&CK_MECHANISM>,
                    key: CK_OBJECT_HANDLE,
                ) -> CK_RV {
                    call!(self, $function(session, pointer_to(mechanism), key))
                }
            )*
        }
    };
}

begins! {
    encrypt_init C_EncryptInit "`C_EncryptInit`; no mechanism is a null pointer.";
    decrypt_init C_DecryptInit "`C_DecryptInit`; no mechanism is a null pointer.";
    sign_recover_init C_SignRecoverInit "`C_SignRecoverInit`; no mechanism is a null pointer.";
    verify_recover_init C_VerifyRecoverInit "`C_VerifyRecoverInit`; no mechanism is a null pointer.";
}

macro_rules! transforms {
    ($($name:ident $function:ident $text:literal;)*) => {
        impl Module {
            $(
                #[doc = $text]
                pub fn $name(
                    &self,
                    session: CK_SESSION_HANDLE,
                    data: Sent<'_>,
                    out: Out<'_>,
                ) -> (CK_RV, CK_ULONG) {
                    let mut len = out.len;
                    let place = place_of(&mut len);
                    let rv = call!(self, $function(session, data.pointer, data.len, out.pointer, place));
                    (rv, len.unwrap_or(0))
                }
            )*
        }
    };
}

transforms! {
    encrypt C_Encrypt "`C_Encrypt`";
    encrypt_update C_EncryptUpdate "`C_EncryptUpdate`";
    decrypt C_Decrypt "`C_Decrypt`";
    decrypt_update C_DecryptUpdate "`C_DecryptUpdate`";
    sign_recover C_SignRecover "`C_SignRecover`";
    verify_recover C_VerifyRecover "`C_VerifyRecover`";
    digest_encrypt_update C_DigestEncryptUpdate "`C_DigestEncryptUpdate`";
    decrypt_digest_update C_DecryptDigestUpdate "`C_DecryptDigestUpdate`";
    sign_encrypt_update C_SignEncryptUpdate "`C_SignEncryptUpdate`";
    decrypt_verify_update C_DecryptVerifyUpdate "`C_DecryptVerifyUpdate`";
}

macro_rules! gives {
    ($($name:ident $function:ident $text:literal;)*) => {
        impl Module {
            $(
                #[doc = $text]
                pub fn $name(&self, session: CK_SESSION_HANDLE, out: Out<'_>) -> (CK_RV, CK_ULONG) {
                    let mut len = out.len;
                    let place = place_of(&mut len);
                    let rv = call!(self, $function(session, out.pointer, place));
                    (rv, len.unwrap_or(0))
                }
            )*
        }
    };
}

gives! {
    encrypt_final C_EncryptFinal "`C_EncryptFinal`";
    decrypt_final C_DecryptFinal "`C_DecryptFinal`";
    operation_state C_GetOperationState "`C_GetOperationState`";
}

impl Module {
    /// `C_DigestKey`
    pub fn digest_key(&self, session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) -> CK_RV {
        call!(self, C_DigestKey(session, key))
    }

    /// `C_SetOperationState`; a key that is not needed is 0.
    pub fn set_operation_state(
        &self,
        session: CK_SESSION_HANDLE,
        state: Sent<'_>,
        encryption: CK_OBJECT_HANDLE,
        authentication: CK_OBJECT_HANDLE,
    ) -> CK_RV {
        call!(self, C_SetOperationState(session, state.pointer, state.len, encryption, authentication))
    }
}

impl Sent<'_> {
    /// `len` bytes at a pointer into memory of the test's own: for input and output that overlap.
    #[must_use]
    pub fn at(pointer: *mut u8, len: CK_ULONG) -> Self {
        let mut sent = Self::null(len);
        sent.pointer = pointer;
        sent
    }
}
