//! What the double answers to the functions of 3.0 and 3.2.

use pkcs11::{
    Mechanism, MechanismType, MessageParameters, Messaging, ObjectHandle, Parameters, Result, Room,
    SessionHandle, Since3, Template,
};

use super::{Double, locked, shown};

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

    fn message_encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.process(mechanism.as_ref());
        self.begun(session, &format!("message_encrypt_init({})", key.0), mechanism)
    }

    fn encrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.message(parameters);
        let what = format!("encrypt_message({}) ", associated.escape_ascii());
        let len = self.backwards(session, &what, data, out)?;
        self.generate(parameters);
        Ok(len)
    }

    fn encrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.message(parameters);
        self.noted(session, format!("encrypt_message_begin({})", associated.escape_ascii()))?;
        self.generate(parameters);
        Ok(())
    }

    fn encrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.message(parameters);
        let len = self.backwards(session, &format!("encrypt_message_next({last}) "), part, out)?;
        self.generate(parameters);
        Ok(len)
    }

    fn message_encrypt_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "message_encrypt_final".into())
    }

    fn message_decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.process(mechanism.as_ref());
        self.begun(session, &format!("message_decrypt_init({})", key.0), mechanism)
    }

    fn decrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.message(parameters);
        let what = format!("decrypt_message({}) ", associated.escape_ascii());
        let len = self.backwards(session, &what, data, out)?;
        self.generate(parameters);
        Ok(len)
    }

    fn decrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.message(parameters);
        self.noted(session, format!("decrypt_message_begin({})", associated.escape_ascii()))?;
        self.generate(parameters);
        Ok(())
    }

    fn decrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.message(parameters);
        let len = self.backwards(session, &format!("decrypt_message_next({last}) "), part, out)?;
        self.generate(parameters);
        Ok(len)
    }

    fn message_decrypt_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "message_decrypt_final".into())
    }

    fn message_sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.process(mechanism.as_ref());
        self.begun(session, &format!("message_sign_init({})", key.0), mechanism)
    }

    fn sign_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.message(parameters);
        self.noted(session, format!("sign_message({})", data.escape_ascii()))?;
        out.put(b"signature")
    }

    fn sign_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()> {
        self.message(parameters);
        self.noted(session, "sign_message_begin".into())
    }

    fn sign_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        out: Option<&mut Room<'_>>,
    ) -> Result<usize> {
        self.message(parameters);
        self.noted(session, format!("sign_message_next({}, {})", part.escape_ascii(), out.is_some()))?;
        out.map_or(Ok(0), |out| out.put(b"signature"))
    }

    fn message_sign_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "message_sign_final".into())
    }

    fn message_verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.process(mechanism.as_ref());
        self.begun(session, &format!("message_verify_init({})", key.0), mechanism)
    }

    fn verify_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        self.message(parameters);
        self.noted(session, format!("verify_message({}, {})", data.escape_ascii(), signature.escape_ascii()))
    }

    fn verify_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()> {
        self.message(parameters);
        self.noted(session, "verify_message_begin".into())
    }

    fn verify_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<()> {
        self.message(parameters);
        self.noted(session, format!("verify_message_next({}, {})", part.escape_ascii(), shown(signature)))
    }

    fn message_verify_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "message_verify_final".into())
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
        self.message(parameters);
        let what = format!(
            "wrap_key_authenticated({mechanism:#x}, {}, {}, {})",
            wrapping_key.0,
            key.0,
            associated.escape_ascii()
        );
        self.noted(session, what)?;
        let len = out.put(b"wrapped")?;
        self.generate(parameters);
        Ok(len)
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
        self.message(parameters);
        let what = format!(
            "unwrap_key_authenticated({mechanism:#x}, {}, {}, {}, {})",
            unwrapping_key.0,
            wrapped.escape_ascii(),
            template.len(),
            associated.escape_ascii()
        );
        self.noted(session, what)?;
        Ok(ObjectHandle(28))
    }

    fn message_mechanism(
        &self,
        session: SessionHandle,
        _messaging: Messaging,
    ) -> Result<Option<MechanismType>> {
        Self::known(session)?;
        Ok(*locked(&self.messages_by))
    }

    fn end_message(&self, session: SessionHandle, messaging: Messaging) -> Result<()> {
        self.noted(session, format!("end_message({messaging:?})"))
    }
}

/// The same mechanism with a vector that was generated.
pub(super) fn generated(mechanism: &Mechanism) -> Mechanism {
    let mut made = mechanism.clone();
    if let Parameters::GcmWrap(gcm) = &mut made.parameters {
        gcm.iv.fill(b'v');
    }
    made
}

impl Double {
    /// Messages are of this mechanism from now on.
    fn process(&self, mechanism: Option<&Mechanism>) {
        *locked(&self.messages_by) = mechanism.map(|mechanism| mechanism.mechanism_type);
    }

    fn message(&self, parameters: &MessageParameters) {
        *locked(&self.of_message) = Some(parameters.clone());
    }

    /// Fills vectors with one byte and tags with another.
    fn generate(&self, parameters: &mut MessageParameters) {
        match parameters {
            MessageParameters::Gcm(gcm) => {
                gcm.iv.fill(b'v');
                gcm.tag = vec![b't'; usize::try_from(gcm.tag_bits / 8).unwrap()];
            }
            MessageParameters::Ccm(ccm) => {
                ccm.nonce.fill(b'v');
                ccm.mac = vec![b't'; usize::try_from(ccm.mac_len).unwrap()];
            }
            MessageParameters::ChaCha20Poly1305(chacha) => chacha.tag = vec![b't'; 16],
            MessageParameters::None | MessageParameters::Unknown => {}
        }
    }
}
