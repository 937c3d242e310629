//! A token that writes a line for each call before it gives the answer.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use pkcs11::administration::{AuditEvent, TokenDetails};
use pkcs11::{
    Access, Administration, AttributeType, Cryptoki, DerivedKeys, Error, LibraryInfo, Mechanism,
    MechanismInfo, MechanismType, ObjectHandle, Result, Reveal, Room, SessionHandle, SessionInfo, SlotId,
    SlotInfo, Template, Token, TokenInfo, UserType,
};

use super::looks::{Got, Sent, revealed, types};
use super::{Sink, head, named};

/// A token, and the file that its calls are traced to.
///
/// ```text
/// 1795332562.123456 812/815 C_Login(hSession=1, userType=CKU_USER, pPin=8 bytes) = PinIncorrect; 152004 us
/// ```
///
/// Arguments have the standard's names, and what an answer tells follows `CKR_OK`. An error has the name of its reason
/// ([`Error`]), for the numbers that C sees are the library's. What is not one of the standard's functions has its own
/// name: `delete_token`.
pub struct Traced {
    token: Arc<dyn Token>,
    sink: Sink,
}

impl Traced {
    /// Writes a line to `sink` for each call to `token` from now on.
    #[must_use]
    pub fn new(token: Arc<dyn Token>, sink: Sink) -> Self {
        Self { token, sink }
    }

    fn call<T>(
        &self,
        function: &str,
        arguments: &[(&str, String)],
        call: impl FnOnce(&dyn Token) -> Result<T>,
        tell: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let arguments: Vec<_> = arguments.iter().map(|(name, told)| format!("{name}={told}")).collect();
        let mut line = format!("{}{function}({}) = ", head(), arguments.join(", "));
        let began = Instant::now();
        let answer = call(&*self.token);
        let took = began.elapsed().as_micros();
        let told = match &answer {
            Ok(answer) => match tell(answer) {
                told if told.is_empty() => "CKR_OK".to_owned(),
                told => format!("CKR_OK, {told}"),
            },
            Err(error) => reason(error),
        };
        // A String takes everything.
        let _ = writeln!(line, "{told}; {took} us");
        self.sink.write(&line);
        answer
    }
}

/// The name of an error: what it carries may be a path.
fn reason(error: &Error) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// TABLE: a function of the standard, the method that it is here, and its arguments under the standard's names.
macro_rules! traced {
    ($($function:ident => $method:ident($($name:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            fn $method(&self, $($name: $type),*) -> Result<$result> {
                let arguments = [$((stringify!($name), Sent::look(&$name))),*];
                self.call(
                    stringify!($function),
                    &arguments,
                    |token| token.$method($($name),*),
                    <$result as Got>::tell,
                )
            }
        )*
    };
}

mod since_3;

#[allow(non_snake_case, reason = "arguments have the standard's names")]
impl Cryptoki for Traced {
    traced! {
        C_GetInfo => info() -> LibraryInfo;
        C_GetSlotList => slot_list(tokenPresent: bool, refresh: bool) -> Vec<SlotId>;
        C_GetSlotInfo => slot_info(slotID: SlotId) -> SlotInfo;
        C_GetTokenInfo => token_info(slotID: SlotId) -> TokenInfo;
        C_WaitForSlotEvent => wait_for_slot_event(wait: bool) -> SlotId;
        C_InitToken => init_token(slotID: SlotId, pPin: Option<&[u8]>, pLabel: &[u8; 32]) -> ();
        C_InitPIN => init_pin(hSession: SessionHandle, pPin: Option<&[u8]>) -> ();
        C_SetPIN => set_pin(hSession: SessionHandle, pOldPin: Option<&[u8]>, pNewPin: Option<&[u8]>) -> ();
        C_OpenSession => open_session(slotID: SlotId, flags: Access, serial: bool) -> SessionHandle;
        C_CloseSession => close_session(hSession: SessionHandle) -> ();
        C_CloseAllSessions => close_all_sessions(slotID: SlotId) -> ();
        C_GetSessionInfo => session_info(hSession: SessionHandle) -> SessionInfo;
        C_GetSessionValidationFlags => session_validation_flags(hSession: SessionHandle, r#type: u64) -> u64;
        C_GetOperationState => operation_state(hSession: SessionHandle, pOperationState: &mut Room<'_>) -> usize;
        C_SetOperationState => set_operation_state(
            hSession: SessionHandle,
            pOperationState: &[u8],
            hEncryptionKey: ObjectHandle,
            hAuthenticationKey: ObjectHandle
        ) -> ();
        C_Login => login(hSession: SessionHandle, userType: UserType, pPin: Option<&[u8]>) -> ();
        C_LoginUser => login_user(
            hSession: SessionHandle,
            userType: UserType,
            pPin: Option<&[u8]>,
            pUsername: Option<&[u8]>
        ) -> ();
        C_Logout => logout(hSession: SessionHandle) -> ();
        C_CreateObject => create_object(hSession: SessionHandle, pTemplate: Template) -> ObjectHandle;
        C_CopyObject => copy_object(
            hSession: SessionHandle,
            hObject: ObjectHandle,
            pTemplate: Template
        ) -> ObjectHandle;
        C_DestroyObject => destroy_object(hSession: SessionHandle, hObject: ObjectHandle) -> ();
        C_GetObjectSize => object_size(hSession: SessionHandle, hObject: ObjectHandle) -> u64;
        C_SetAttributeValue => set_attribute_values(
            hSession: SessionHandle,
            hObject: ObjectHandle,
            pTemplate: Template
        ) -> ();
        C_FindObjectsInit => find_objects_init(hSession: SessionHandle, pTemplate: Template) -> ();
        C_FindObjects => find_objects(hSession: SessionHandle, ulMaxObjectCount: usize) -> Vec<ObjectHandle>;
        C_FindObjectsFinal => find_objects_final(hSession: SessionHandle) -> ();
        C_EncryptInit => encrypt_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_Encrypt => encrypt(hSession: SessionHandle, pData: &[u8], pEncryptedData: &mut Room<'_>) -> usize;
        C_EncryptUpdate => encrypt_update(
            hSession: SessionHandle,
            pPart: &[u8],
            pEncryptedPart: &mut Room<'_>
        ) -> usize;
        C_EncryptFinal => encrypt_final(hSession: SessionHandle, pLastEncryptedPart: &mut Room<'_>) -> usize;
        C_DecryptInit => decrypt_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_Decrypt => decrypt(hSession: SessionHandle, pEncryptedData: &[u8], pData: &mut Room<'_>) -> usize;
        C_DecryptUpdate => decrypt_update(
            hSession: SessionHandle,
            pEncryptedPart: &[u8],
            pPart: &mut Room<'_>
        ) -> usize;
        C_DecryptFinal => decrypt_final(hSession: SessionHandle, pLastPart: &mut Room<'_>) -> usize;
        C_DigestInit => digest_init(hSession: SessionHandle, pMechanism: Option<Mechanism>) -> ();
        C_Digest => digest(hSession: SessionHandle, pData: &[u8], pDigest: &mut Room<'_>) -> usize;
        C_DigestUpdate => digest_update(hSession: SessionHandle, pPart: &[u8]) -> ();
        C_DigestKey => digest_key(hSession: SessionHandle, hKey: ObjectHandle) -> ();
        C_DigestFinal => digest_final(hSession: SessionHandle, pDigest: &mut Room<'_>) -> usize;
        C_SignInit => sign_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_Sign => sign(hSession: SessionHandle, pData: &[u8], pSignature: &mut Room<'_>) -> usize;
        C_SignUpdate => sign_update(hSession: SessionHandle, pPart: &[u8]) -> ();
        C_SignFinal => sign_final(hSession: SessionHandle, pSignature: &mut Room<'_>) -> usize;
        C_SignRecoverInit => sign_recover_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_SignRecover => sign_recover(
            hSession: SessionHandle,
            pData: &[u8],
            pSignature: &mut Room<'_>
        ) -> usize;
        C_VerifyInit => verify_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_Verify => verify(hSession: SessionHandle, pData: &[u8], pSignature: &[u8]) -> ();
        C_VerifyUpdate => verify_update(hSession: SessionHandle, pPart: &[u8]) -> ();
        C_VerifyFinal => verify_final(hSession: SessionHandle, pSignature: &[u8]) -> ();
        C_VerifyRecoverInit => verify_recover_init(
            hSession: SessionHandle,
            pMechanism: Option<Mechanism>,
            hKey: ObjectHandle
        ) -> ();
        C_VerifyRecover => verify_recover(
            hSession: SessionHandle,
            pSignature: &[u8],
            pData: &mut Room<'_>
        ) -> usize;
        C_DigestEncryptUpdate => digest_encrypt_update(
            hSession: SessionHandle,
            pPart: &[u8],
            pEncryptedPart: &mut Room<'_>
        ) -> usize;
        C_DecryptDigestUpdate => decrypt_digest_update(
            hSession: SessionHandle,
            pEncryptedPart: &[u8],
            pPart: &mut Room<'_>
        ) -> usize;
        C_SignEncryptUpdate => sign_encrypt_update(
            hSession: SessionHandle,
            pPart: &[u8],
            pEncryptedPart: &mut Room<'_>
        ) -> usize;
        C_DecryptVerifyUpdate => decrypt_verify_update(
            hSession: SessionHandle,
            pEncryptedPart: &[u8],
            pPart: &mut Room<'_>
        ) -> usize;
        C_GenerateKey => generate_key(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            pTemplate: Template
        ) -> ObjectHandle;
        C_GenerateKeyPair => generate_key_pair(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            pPublicKeyTemplate: Template,
            pPrivateKeyTemplate: Template
        ) -> (ObjectHandle, ObjectHandle);
        C_WrapKey => wrap_key(
            hSession: SessionHandle,
            pMechanism: &mut Mechanism,
            hWrappingKey: ObjectHandle,
            hKey: ObjectHandle,
            pWrappedKey: &mut Room<'_>
        ) -> usize;
        C_UnwrapKey => unwrap_key(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            hUnwrappingKey: ObjectHandle,
            pWrappedKey: &[u8],
            pTemplate: Template
        ) -> ObjectHandle;
        C_DeriveKey => derive_key(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            hBaseKey: ObjectHandle,
            pTemplate: Template
        ) -> DerivedKeys;
        C_EncapsulateKey => encapsulate_key(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            hPublicKey: ObjectHandle,
            pTemplate: Template,
            pCiphertext: &mut Room<'_>
        ) -> (usize, ObjectHandle);
        C_DecapsulateKey => decapsulate_key(
            hSession: SessionHandle,
            pMechanism: Mechanism,
            hPrivateKey: ObjectHandle,
            pTemplate: Template,
            pCiphertext: &[u8]
        ) -> ObjectHandle;
        C_SeedRandom => seed_random(hSession: SessionHandle, pSeed: &[u8]) -> ();
        C_GenerateRandom => generate_random(hSession: SessionHandle, pRandomData: &mut [u8]) -> ();
    }

    fn mechanism_list(&self, slotID: SlotId) -> Result<Vec<MechanismType>> {
        let arguments = [("slotID", slotID.look())];
        self.call(
            "C_GetMechanismList",
            &arguments,
            |token| token.mechanism_list(slotID),
            |mechanisms| format!("{} mechanisms", mechanisms.len()),
        )
    }

    fn mechanism_info(&self, slotID: SlotId, r#type: MechanismType) -> Result<MechanismInfo> {
        let arguments = [("slotID", slotID.look()), ("type", named("CKM_", r#type))];
        self.call("C_GetMechanismInfo", &arguments, |token| token.mechanism_info(slotID, r#type), Got::tell)
    }

    fn attribute_values(
        &self,
        hSession: SessionHandle,
        hObject: ObjectHandle,
        asked: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        let arguments =
            [("hSession", hSession.look()), ("hObject", hObject.look()), ("pTemplate", types(asked))];
        self.call(
            "C_GetAttributeValue",
            &arguments,
            |token| token.attribute_values(hSession, hObject, asked),
            |told| revealed(asked, told),
        )
    }

    fn end_waits(&self) {
        self.token.end_waits();
    }
}

impl Administration for Traced {
    traced! {
        audit_events => audit_events(slot: SlotId, from: u64, limit: usize) -> Vec<AuditEvent>;
        trust_key => trust_key(
            session: SessionHandle,
            unique_id: &str,
            public_key: Option<[u8; 48]>,
            trusted: bool
        ) -> ();
        init_approved_token => init_approved_token(
            slot: SlotId,
            pin: Option<&[u8]>,
            label: &[u8; 32]
        ) -> ();
        token_details => token_details(slot: SlotId) -> TokenDetails;
        delete_token => delete_token(slot: SlotId) -> ();
    }
}
