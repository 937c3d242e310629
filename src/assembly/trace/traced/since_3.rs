//! The functions of 3.0 and 3.2.

use pkcs11::{
    Mechanism, MechanismType, MessageParameters, Messaging, ObjectHandle, Result, Room, SessionHandle,
    Since3, Template, Token,
};

use super::{Got, Sent, Traced, named};

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
        C_MessageEncryptInit => message_encrypt_init(hSession: SessionHandle, pMechanism: Option<Mechanism>, hKey: ObjectHandle) -> ();
        C_EncryptMessage => encrypt_message(hSession: SessionHandle, pParameter: &mut MessageParameters, pAssociatedData: &[u8], pPlaintext: &[u8], pCiphertext: &mut Room<'_>) -> usize;
        C_EncryptMessageBegin => encrypt_message_begin(hSession: SessionHandle, pParameter: &mut MessageParameters, pAssociatedData: &[u8]) -> ();
        C_EncryptMessageNext => encrypt_message_next(hSession: SessionHandle, pParameter: &mut MessageParameters, pPlaintextPart: &[u8], pCiphertextPart: &mut Room<'_>, flags: bool) -> usize;
        C_MessageEncryptFinal => message_encrypt_final(hSession: SessionHandle) -> ();
        C_MessageDecryptInit => message_decrypt_init(hSession: SessionHandle, pMechanism: Option<Mechanism>, hKey: ObjectHandle) -> ();
        C_DecryptMessage => decrypt_message(hSession: SessionHandle, pParameter: &mut MessageParameters, pAssociatedData: &[u8], pCiphertext: &[u8], pPlaintext: &mut Room<'_>) -> usize;
        C_DecryptMessageBegin => decrypt_message_begin(hSession: SessionHandle, pParameter: &mut MessageParameters, pAssociatedData: &[u8]) -> ();
        C_DecryptMessageNext => decrypt_message_next(hSession: SessionHandle, pParameter: &mut MessageParameters, pCiphertextPart: &[u8], pPlaintextPart: &mut Room<'_>, flags: bool) -> usize;
        C_MessageDecryptFinal => message_decrypt_final(hSession: SessionHandle) -> ();
        C_MessageSignInit => message_sign_init(hSession: SessionHandle, pMechanism: Option<Mechanism>, hKey: ObjectHandle) -> ();
        C_SignMessage => sign_message(hSession: SessionHandle, pParameter: &MessageParameters, pData: &[u8], pSignature: &mut Room<'_>) -> usize;
        C_SignMessageBegin => sign_message_begin(hSession: SessionHandle, pParameter: &MessageParameters) -> ();
        C_SignMessageNext => sign_message_next(hSession: SessionHandle, pParameter: &MessageParameters, pDataPart: &[u8], pSignature: Option<&mut Room<'_>>) -> usize;
        C_MessageSignFinal => message_sign_final(hSession: SessionHandle) -> ();
        C_MessageVerifyInit => message_verify_init(hSession: SessionHandle, pMechanism: Option<Mechanism>, hKey: ObjectHandle) -> ();
        C_VerifyMessage => verify_message(hSession: SessionHandle, pParameter: &MessageParameters, pData: &[u8], pSignature: &[u8]) -> ();
        C_VerifyMessageBegin => verify_message_begin(hSession: SessionHandle, pParameter: &MessageParameters) -> ();
        C_VerifyMessageNext => verify_message_next(hSession: SessionHandle, pParameter: &MessageParameters, pDataPart: &[u8], pSignature: Option<&[u8]>) -> ();
        C_MessageVerifyFinal => message_verify_final(hSession: SessionHandle) -> ();
        message_mechanism => message_mechanism(hSession: SessionHandle, messaging: Messaging) -> Option<MechanismType>;
        end_message => end_message(hSession: SessionHandle, messaging: Messaging) -> ();
    }

    fn wrap_key_authenticated(
        &self,
        hSession: SessionHandle,
        mechanism: MechanismType,
        pMechanism: &mut MessageParameters,
        hWrappingKey: ObjectHandle,
        hKey: ObjectHandle,
        pAssociatedData: &[u8],
        pWrappedKey: &mut Room<'_>,
    ) -> Result<usize> {
        let arguments = [
            ("hSession", hSession.look()),
            ("pMechanism", format!("{} with {}", named("CKM_", mechanism), Sent::look(&&*pMechanism))),
            ("hWrappingKey", hWrappingKey.look()),
            ("hKey", hKey.look()),
            ("pAssociatedData", pAssociatedData.look()),
            ("pWrappedKey", Sent::look(&&mut *pWrappedKey)),
        ];
        let call = |token: &dyn Token| {
            token.wrap_key_authenticated(
                hSession,
                mechanism,
                pMechanism,
                hWrappingKey,
                hKey,
                pAssociatedData,
                pWrappedKey,
            )
        };
        self.call("C_WrapKeyAuthenticated", &arguments, call, Got::tell)
    }

    fn unwrap_key_authenticated(
        &self,
        hSession: SessionHandle,
        mechanism: MechanismType,
        pMechanism: &MessageParameters,
        hUnwrappingKey: ObjectHandle,
        pWrappedKey: &[u8],
        pTemplate: Template,
        pAssociatedData: &[u8],
    ) -> Result<ObjectHandle> {
        let arguments = [
            ("hSession", hSession.look()),
            ("pMechanism", format!("{} with {}", named("CKM_", mechanism), pMechanism.look())),
            ("hUnwrappingKey", hUnwrappingKey.look()),
            ("pWrappedKey", pWrappedKey.look()),
            ("pTemplate", pTemplate.look()),
            ("pAssociatedData", pAssociatedData.look()),
        ];
        let call = |token: &dyn Token| {
            token.unwrap_key_authenticated(
                hSession,
                mechanism,
                pMechanism,
                hUnwrappingKey,
                pWrappedKey,
                pTemplate,
                pAssociatedData,
            )
        };
        self.call("C_UnwrapKeyAuthenticated", &arguments, call, Got::tell)
    }
}
