//! What the double answers to the functions of 3.0 and 3.2.

use pkcs11::{Mechanism, ObjectHandle, Result, SessionHandle, Since3};

use super::Double;

impl Since3 for Double {
    fn session_cancel(&self, session: SessionHandle, flags: u64) -> Result<()> {
        self.noted(session, format!("session_cancel({flags:#x})"))
    }

    fn verify_signature_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
        signature: &[u8],
    ) -> Result<()> {
        let what = format!("verify_signature_init({}, {})", key.0, signature.escape_ascii());
        self.begun(session, &what, mechanism)
    }

    fn verify_signature(&self, session: SessionHandle, data: &[u8]) -> Result<()> {
        self.noted(session, format!("verify_signature({})", data.escape_ascii()))
    }

    fn verify_signature_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.noted(session, format!("verify_signature_update({})", part.escape_ascii()))
    }

    fn verify_signature_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "verify_signature_final".into())
    }
}
