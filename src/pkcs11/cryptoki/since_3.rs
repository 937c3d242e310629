//! Functions that versions 3.0 and 3.2 added to the standard, in the order of chapter 5.

use crate::{
    Mechanism, MechanismType, MessageParameters, Messaging, ObjectHandle, Result, Room, SessionHandle,
    Template,
};

/// What [`Cryptoki`](super::Cryptoki) has beside the functions of 2.40. Arguments and results are as there.
#[allow(clippy::too_many_arguments, reason = "a method has the arguments of its function")]
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

    // 5.9 Message-based encryption

    /// `C_MessageEncryptInit` (v3.0): no mechanism ends what is active. Of parameters only that they are none of a message's is told: `Parameters::Unknown`.
    ///
    /// # Errors
    /// Those of [`sign_init`](super::Cryptoki::sign_init).
    fn message_encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_EncryptMessage` (v3.0): writes the vector that was generated, and the tag, into the parameters, unless only the length is asked for.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`](crate::Error::OperationNotInitialized), [`Error::OperationActive`](crate::Error::OperationActive) within a message,
    /// [`Error::MechanismParamInvalid`](crate::Error::MechanismParamInvalid), [`Error::BufferTooSmall`](crate::Error::BufferTooSmall), [`Error::DataLenRange`](crate::Error::DataLenRange),
    /// [`Error::UserNotLoggedIn`](crate::Error::UserNotLoggedIn)
    fn encrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize>;

    /// `C_EncryptMessageBegin` (v3.0): writes the vector that was generated into the parameters.
    ///
    /// # Errors
    /// Those of [`Since3::encrypt_message`].
    fn encrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()>;

    /// `C_EncryptMessageNext` (v3.0): the last part's parameters are given the tag.
    ///
    /// # Errors
    /// Those of [`Since3::encrypt_message`].
    fn encrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize>;

    /// `C_MessageEncryptFinal` (v3.0)
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`](crate::Error::OperationNotInitialized), [`Error::OperationActive`](crate::Error::OperationActive) within a message,
    /// [`Error::UserNotLoggedIn`](crate::Error::UserNotLoggedIn)
    fn message_encrypt_final(&self, session: SessionHandle) -> Result<()>;

    // 5.11 Message-based decryption

    /// `C_MessageDecryptInit` (v3.0): no mechanism ends what is active. Of parameters only that they are none of a message's is told: `Parameters::Unknown`.
    ///
    /// # Errors
    /// Those of [`sign_init`](super::Cryptoki::sign_init).
    fn message_decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_DecryptMessage` (v3.0): the tag is in the parameters. The result is as long as the data.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`](crate::Error::OperationNotInitialized), [`Error::OperationActive`](crate::Error::OperationActive) within a message,
    /// [`Error::MechanismParamInvalid`](crate::Error::MechanismParamInvalid), [`Error::BufferTooSmall`](crate::Error::BufferTooSmall), [`Error::EncryptedDataLenRange`](crate::Error::EncryptedDataLenRange),
    /// [`Error::UserNotLoggedIn`](crate::Error::UserNotLoggedIn), [`Error::AeadDecryptFailed`](crate::Error::AeadDecryptFailed)
    fn decrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize>;

    /// `C_DecryptMessageBegin` (v3.0): the parameters need no tag yet.
    ///
    /// # Errors
    /// Those of [`Since3::decrypt_message`].
    fn decrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()>;

    /// `C_DecryptMessageNext` (v3.0): gives nothing before the last part, whose parameters have the tag.
    ///
    /// # Errors
    /// Those of [`Since3::decrypt_message`].
    fn decrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize>;

    /// `C_MessageDecryptFinal` (v3.0)
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`](crate::Error::OperationNotInitialized), [`Error::OperationActive`](crate::Error::OperationActive) within a message,
    /// [`Error::UserNotLoggedIn`](crate::Error::UserNotLoggedIn)
    fn message_decrypt_final(&self, session: SessionHandle) -> Result<()>;

    // 5.14 Message-based signing

    /// `C_MessageSignInit` (v3.0): no mechanism ends what is active.
    ///
    /// # Errors
    /// Those of [`sign_init`](super::Cryptoki::sign_init).
    fn message_sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_SignMessage` (v3.0)
    ///
    /// # Errors
    /// Those of [`sign`](super::Cryptoki::sign), [`Error::OperationActive`](crate::Error::OperationActive) within a message,
    /// [`Error::MechanismParamInvalid`](crate::Error::MechanismParamInvalid) for parameters: no mechanism has any for a message.
    fn sign_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize>;

    /// `C_SignMessageBegin` (v3.0)
    ///
    /// # Errors
    /// Those of [`Since3::sign_message`].
    fn sign_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()>;

    /// `C_SignMessageNext` (v3.0): with a room the last part. Without, the length is 0.
    ///
    /// # Errors
    /// Those of [`Since3::sign_message`].
    fn sign_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        out: Option<&mut Room<'_>>,
    ) -> Result<usize>;

    /// `C_MessageSignFinal` (v3.0)
    ///
    /// # Errors
    /// Those of [`Since3::message_encrypt_final`].
    fn message_sign_final(&self, session: SessionHandle) -> Result<()>;

    // 5.16 Message-based verifying

    /// `C_MessageVerifyInit` (v3.0): no mechanism ends what is active.
    ///
    /// # Errors
    /// Those of [`sign_init`](super::Cryptoki::sign_init).
    fn message_verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_VerifyMessage` (v3.0)
    ///
    /// # Errors
    /// Those of [`verify`](super::Cryptoki::verify), and of [`Since3::sign_message`] without a buffer.
    fn verify_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()>;

    /// `C_VerifyMessageBegin` (v3.0)
    ///
    /// # Errors
    /// Those of [`Since3::verify_message`].
    fn verify_message_begin(&self, session: SessionHandle, parameters: &MessageParameters) -> Result<()>;

    /// `C_VerifyMessageNext` (v3.0): with a signature the last part.
    ///
    /// # Errors
    /// Those of [`Since3::verify_message`].
    fn verify_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<()>;

    /// `C_MessageVerifyFinal` (v3.0)
    ///
    /// # Errors
    /// Those of [`Since3::message_encrypt_final`].
    fn message_verify_final(&self, session: SessionHandle) -> Result<()>;

    // 5.18 Key management

    /// `C_WrapKeyAuthenticated` (v3.2): writes the vector that was generated, and the tag, into the parameters, unless only the
    /// length is asked for.
    ///
    /// # Errors
    /// Those of [`wrap_key`](super::Cryptoki::wrap_key).
    fn wrap_key_authenticated(
        &self,
        session: SessionHandle,
        mechanism: MechanismType,
        parameters: &mut MessageParameters,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        associated: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize>;

    /// `C_UnwrapKeyAuthenticated` (v3.2): a tag that does not hold is
    /// [`Error::WrappedKeyInvalid`](crate::Error::WrappedKeyInvalid).
    ///
    /// # Errors
    /// Those of [`unwrap_key`](super::Cryptoki::unwrap_key).
    fn unwrap_key_authenticated(
        &self,
        session: SessionHandle,
        mechanism: MechanismType,
        parameters: &MessageParameters,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
        associated: &[u8],
    ) -> Result<ObjectHandle>;

    // What the module must know of messages

    /// The mechanism of the process that is active, which tells the form of its messages' parameters.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`](crate::Error::SessionHandleInvalid)
    fn message_mechanism(
        &self,
        session: SessionHandle,
        messaging: Messaging,
    ) -> Result<Option<MechanismType>>;

    /// Ends a running message, if there is one: a call of it has been refused before it came here.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`](crate::Error::SessionHandleInvalid)
    fn end_message(&self, session: SessionHandle, messaging: Messaging) -> Result<()>;
}
