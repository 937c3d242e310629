//! The functions of 3.0 and 3.2, each handed on to its chapter.

use pkcs11::{
    Mechanism, MechanismType, MessageParameters, Messaging, ObjectHandle, Result, Room, SessionHandle,
    Since3, Template,
};

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

    fn message_encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_message_init(session, Messaging::Encrypt, mechanism, key)
    }

    fn encrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_encrypt_message(session, parameters, associated, data, out)
    }

    fn encrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.do_encrypt_message_begin(session, parameters, associated)
    }

    fn encrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.do_encrypt_message_next(session, parameters, part, out, last)
    }

    fn message_encrypt_final(&self, session: SessionHandle) -> Result<()> {
        self.do_message_final(session, Messaging::Encrypt)
    }

    fn message_decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_message_init(session, Messaging::Decrypt, mechanism, key)
    }

    fn decrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_decrypt_message(session, parameters, associated, data, out)
    }

    fn decrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.do_decrypt_message_begin(session, parameters, associated)
    }

    fn decrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.do_decrypt_message_next(session, parameters, part, out, last)
    }

    fn message_decrypt_final(&self, session: SessionHandle) -> Result<()> {
        self.do_message_final(session, Messaging::Decrypt)
    }

    fn message_sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_message_init(session, Messaging::Sign, mechanism, key)
    }

    fn sign_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_sign_message(session, parameters, data, out)
    }

    fn sign_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()> {
        self.do_sign_message_begin(session, parameters)
    }

    fn sign_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        out: Option<&mut Room<'_>>,
    ) -> Result<usize> {
        self.do_sign_message_next(session, parameters, part, out)
    }

    fn message_sign_final(&self, session: SessionHandle) -> Result<()> {
        self.do_message_final(session, Messaging::Sign)
    }

    fn message_verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_message_init(session, Messaging::Verify, mechanism, key)
    }

    fn verify_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        self.do_verify_message(session, parameters, data, signature)
    }

    fn verify_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()> {
        self.do_verify_message_begin(session, parameters)
    }

    fn verify_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<()> {
        self.do_verify_message_next(session, parameters, part, signature)
    }

    fn message_verify_final(&self, session: SessionHandle) -> Result<()> {
        self.do_message_final(session, Messaging::Verify)
    }

    fn wrap_key_authenticated(
        &self,
        session: SessionHandle,
        mechanism: MechanismType,
        parameters: &mut MessageParameters,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        associated: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let keys = (wrapping_key, key);
        self.do_wrap_key_authenticated(session, (mechanism, parameters), keys, associated, out)
    }

    fn unwrap_key_authenticated(
        &self,
        session: SessionHandle,
        mechanism: MechanismType,
        parameters: &MessageParameters,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
        associated: &[u8],
    ) -> Result<ObjectHandle> {
        let (by, wrapped) = ((mechanism, parameters), (wrapped, template));
        self.do_unwrap_key_authenticated(session, by, unwrapping_key, wrapped, associated)
    }

    fn message_mechanism(
        &self,
        session: SessionHandle,
        messaging: Messaging,
    ) -> Result<Option<MechanismType>> {
        self.do_message_mechanism(session, messaging)
    }

    fn end_message(&self, session: SessionHandle, messaging: Messaging) -> Result<()> {
        self.do_end_message(session, messaging)
    }
}
