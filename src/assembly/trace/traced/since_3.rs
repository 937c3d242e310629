//! The functions of 3.0 and 3.2.

use pkcs11::{Mechanism, ObjectHandle, Result, SessionHandle, Since3};

use super::{Got, Sent, Traced};

#[allow(non_snake_case, reason = "arguments have the standard's names")]
impl Since3 for Traced {
    traced! {
        C_SessionCancel => session_cancel(hSession: SessionHandle, flags: u64) -> ();
        C_VerifySignatureInit => verify_signature_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle,
            pSignature: &[u8]
        ) -> ();
        C_VerifySignature => verify_signature(hSession: SessionHandle, pData: &[u8]) -> ();
        C_VerifySignatureUpdate => verify_signature_update(hSession: SessionHandle, pPart: &[u8]) -> ();
        C_VerifySignatureFinal => verify_signature_final(hSession: SessionHandle) -> ();
    }
}
