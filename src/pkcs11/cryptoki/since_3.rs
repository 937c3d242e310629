//! Functions that versions 3.0 and 3.2 added to the standard, in the order of chapter 5.

use crate::{Mechanism, ObjectHandle, Result, SessionHandle};

/// What [`Cryptoki`](super::Cryptoki) has beside the functions of 2.40. Arguments and results are as there.
pub trait Since3: Send + Sync {
    // 5.6 Sessions

    /// `C_SessionCancel` (v3.0): ends every operation whose `CKF_` flag of section 3.5 is set. What is not active, and a
    /// flag of no operation, is passed over.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`](crate::Error::SessionHandleInvalid)
    fn session_cancel(&self, session: SessionHandle, flags: u64) -> Result<()>;

    // 5.15 Verifying

    /// `C_VerifySignatureInit` (v3.2): keeps the signature. No mechanism ends what is active.
    ///
    /// # Errors
    /// Those of [`sign_init`](super::Cryptoki::sign_init).
    fn verify_signature_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
        signature: &[u8],
    ) -> Result<()>;

    /// `C_VerifySignature` (v3.2)
    ///
    /// # Errors
    /// Those of [`verify`](super::Cryptoki::verify).
    fn verify_signature(&self, session: SessionHandle, data: &[u8]) -> Result<()>;

    /// `C_VerifySignatureUpdate` (v3.2)
    ///
    /// # Errors
    /// Those of [`verify_update`](super::Cryptoki::verify_update).
    fn verify_signature_update(&self, session: SessionHandle, part: &[u8]) -> Result<()>;

    /// `C_VerifySignatureFinal` (v3.2)
    ///
    /// # Errors
    /// Those of [`verify`](super::Cryptoki::verify).
    fn verify_signature_final(&self, session: SessionHandle) -> Result<()>;
}
