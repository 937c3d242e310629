//! The functions of 3.0 and 3.2, each handed on to its chapter.

use pkcs11::{Mechanism, ObjectHandle, Result, SessionHandle, Since3};

use super::Application;

impl Since3 for Application {
    fn session_cancel(&self, session: SessionHandle, flags: u64) -> Result<()> {
        self.do_session_cancel(session, flags)
    }

    fn verify_signature_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
        signature: &[u8],
    ) -> Result<()> {
        self.do_verify_signature_init(session, mechanism, key, signature)
    }

    fn verify_signature(&self, session: SessionHandle, data: &[u8]) -> Result<()> {
        self.do_verify_signature(session, data)
    }

    fn verify_signature_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.do_verify_signature_update(session, part)
    }

    fn verify_signature_final(&self, session: SessionHandle) -> Result<()> {
        self.do_verify_signature_final(session)
    }
}
