//! The functions of PKCS#11 as one trait, in the order of chapter 5 of the standard (v3.2).
//!
//! `C_Initialize`, `C_Finalize` and the function lists belong to the library that holds a token, not to the token.
//! Some functions since 3.0 have a body here that refuses them, for a token that does without.

mod since_3;

use crate::{
    Access, AttributeType, DerivedKeys, Error, LibraryInfo, Mechanism, MechanismInfo, MechanismType,
    ObjectHandle, Result, Reveal, Room, SessionHandle, SessionInfo, SlotId, SlotInfo, Template, TokenInfo,
    UserType,
};

pub use since_3::Since3;

/// One application's view of the tokens: its sessions, its logins, its session objects.
///
/// A `data` that the application gave as a null pointer with length 0 is the empty slice. A [`Room`] result gives
/// the length written, or the length needed for [`Room::Query`], which computes nothing and leaves the operation
/// active. Every function can also fail with the errors of the store.
pub trait Cryptoki: Since3 + Send + Sync {
    // 5.4 General purpose

    /// `C_GetInfo`
    ///
    /// # Errors
    /// None of its own.
    fn info(&self) -> Result<LibraryInfo>;

    // 5.5 Slots and tokens

    /// `C_GetSlotList`: the slots, always with one that is not initialised while the store can be written.
    /// `refresh` looks for tokens made by other processes (a null `pSlotList`); without it the answer is that of
    /// the last look.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the folder cannot be read.
    fn slot_list(&self, token_present: bool, refresh: bool) -> Result<Vec<SlotId>>;

    /// `C_GetSlotInfo`
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`]
    fn slot_info(&self, slot: SlotId) -> Result<SlotInfo>;

    /// `C_GetTokenInfo`
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`]
    fn token_info(&self, slot: SlotId) -> Result<TokenInfo>;

    /// `C_WaitForSlotEvent`: a slot whose token was initialised, came or went since the last answer. Waits for one when
    /// `wait` is set, until the application finalises the library.
    ///
    /// # Errors
    /// [`Error::NoEvent`] without waiting; [`Error::NotInitialized`] when the library is finalised meanwhile.
    fn wait_for_slot_event(&self, wait: bool) -> Result<SlotId>;

    /// Ends every wait: the library is being finalised.
    fn end_waits(&self);

    /// `C_GetMechanismList`
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`]
    fn mechanism_list(&self, slot: SlotId) -> Result<Vec<MechanismType>>;

    /// `C_GetMechanismInfo`
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`], [`Error::MechanismInvalid`]
    fn mechanism_info(&self, slot: SlotId, mechanism: MechanismType) -> Result<MechanismInfo>;

    /// `C_InitToken`: `label` is 32 bytes, padded with blanks.
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`], [`Error::SessionExists`], [`Error::PinIncorrect`], [`Error::PinLocked`],
    /// [`Error::PinLenRange`], [`Error::ArgumentsBad`] for a missing PIN or a label that is not UTF-8,
    /// [`Error::ActionProhibited`] where one officer alone may not do it.
    fn init_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()>;

    /// `C_InitPIN`
    ///
    /// # Errors
    /// [`Error::UserNotLoggedIn`] unless an officer is logged in, [`Error::PinLenRange`], [`Error::PinInvalid`].
    fn init_pin(&self, session: SessionHandle, pin: Option<&[u8]>) -> Result<()>;

    /// `C_SetPIN`: of who is logged in, else of the default user.
    ///
    /// # Errors
    /// [`Error::SessionReadOnly`], [`Error::PinIncorrect`], [`Error::PinLocked`], [`Error::PinLenRange`],
    /// [`Error::PinInvalid`].
    fn set_pin(&self, session: SessionHandle, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<()>;

    // 5.6 Sessions

    /// `C_OpenSession`: `serial` is `CKF_SERIAL_SESSION`.
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`], [`Error::TokenNotInitialized`], [`Error::SessionParallelNotSupported`],
    /// [`Error::SessionCount`], [`Error::SessionReadWriteSoExists`].
    fn open_session(&self, slot: SlotId, access: Access, serial: bool) -> Result<SessionHandle>;

    /// `C_CloseSession`
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`]
    fn close_session(&self, session: SessionHandle) -> Result<()>;

    /// `C_CloseAllSessions`
    ///
    /// # Errors
    /// [`Error::SlotIdInvalid`]
    fn close_all_sessions(&self, slot: SlotId) -> Result<()>;

    /// `C_GetSessionInfo`
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`]
    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo>;

    /// `C_GetSessionValidationFlags`: with `CKS_LAST_VALIDATION_OK` whether the operation that was finished last met what
    /// the token's validation object stands for, by that object's flag.
    ///
    /// # Errors
    /// [`Error::ArgumentsBad`] for another kind of flags.
    fn session_validation_flags(&self, _session: SessionHandle, _kind: u64) -> Result<u64> {
        Err(Error::FunctionNotSupported)
    }

    /// `C_GetOperationState`: sealed, for this application alone.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::StateUnsaveable`], [`Error::BufferTooSmall`]
    fn operation_state(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize>;

    /// `C_SetOperationState`: an absent key is handle 0.
    ///
    /// # Errors
    /// [`Error::SavedStateInvalid`], [`Error::KeyNeeded`], [`Error::KeyNotNeeded`], [`Error::KeyChanged`],
    /// [`Error::KeyHandleInvalid`]
    fn set_operation_state(
        &self,
        session: SessionHandle,
        state: &[u8],
        encryption_key: ObjectHandle,
        authentication_key: ObjectHandle,
    ) -> Result<()>;

    /// `C_Login`
    ///
    /// # Errors
    /// [`Error::PinIncorrect`], [`Error::PinLocked`], [`Error::PinLenRange`], [`Error::SessionReadOnlyExists`],
    /// [`Error::UserAlreadyLoggedIn`], [`Error::UserAnotherAlreadyLoggedIn`], [`Error::UserPinNotInitialized`],
    /// [`Error::OperationNotInitialized`] for a context login without an operation.
    fn login(&self, session: SessionHandle, user: UserType, pin: Option<&[u8]>) -> Result<()>;

    /// `C_LoginUser`: the name is taken as it is, the PIN is not parsed for one.
    ///
    /// # Errors
    /// Those of [`Cryptoki::login`].
    fn login_user(
        &self,
        session: SessionHandle,
        user: UserType,
        pin: Option<&[u8]>,
        name: Option<&[u8]>,
    ) -> Result<()>;

    /// `C_Logout`
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`], [`Error::UserNotLoggedIn`]
    fn logout(&self, session: SessionHandle) -> Result<()>;

    // 5.7 Objects

    /// `C_CreateObject`
    ///
    /// # Errors
    /// The `Attribute*` and `Template*` errors, [`Error::SessionReadOnly`], [`Error::UserNotLoggedIn`],
    /// [`Error::CurveNotSupported`], [`Error::DomainParamsInvalid`].
    fn create_object(&self, session: SessionHandle, template: Template) -> Result<ObjectHandle>;

    /// `C_CopyObject`
    ///
    /// # Errors
    /// Those of [`Cryptoki::create_object`], [`Error::ObjectHandleInvalid`], [`Error::ActionProhibited`].
    fn copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<ObjectHandle>;

    /// `C_DestroyObject`
    ///
    /// # Errors
    /// [`Error::ObjectHandleInvalid`], [`Error::SessionReadOnly`], [`Error::ActionProhibited`]
    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()>;

    /// `C_GetObjectSize`: bytes that the object takes in the store, about.
    ///
    /// # Errors
    /// [`Error::ObjectHandleInvalid`]
    fn object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<u64>;

    /// `C_GetAttributeValue`: one answer for each type asked, in that order.
    ///
    /// # Errors
    /// [`Error::ObjectHandleInvalid`]
    fn attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>>;

    /// `C_SetAttributeValue`: all of them or none.
    ///
    /// # Errors
    /// The `Attribute*` and `Template*` errors, [`Error::ObjectHandleInvalid`], [`Error::SessionReadOnly`],
    /// [`Error::ActionProhibited`].
    fn set_attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<()>;

    /// `C_FindObjectsInit`
    ///
    /// # Errors
    /// [`Error::OperationActive`], [`Error::AttributeValueInvalid`]
    fn find_objects_init(&self, session: SessionHandle, template: Template) -> Result<()>;

    /// `C_FindObjects`: at most `max` handles; fewer only when there are no more.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`]
    fn find_objects(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>>;

    /// `C_FindObjectsFinal`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`]
    fn find_objects_final(&self, session: SessionHandle) -> Result<()>;

    // 5.8 Encryption

    /// `C_EncryptInit`; no mechanism ends what is active (v3.0).
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign_init`].
    fn encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_Encrypt`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::BufferTooSmall`], [`Error::DataLenRange`], [`Error::UserNotLoggedIn`], [`Error::DataInvalid`]
    fn encrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_EncryptUpdate`
    ///
    /// # Errors
    /// Those of [`Cryptoki::encrypt`].
    fn encrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_EncryptFinal`
    ///
    /// # Errors
    /// Those of [`Cryptoki::encrypt`].
    fn encrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize>;

    // 5.10 Decryption

    /// `C_DecryptInit`; no mechanism ends what is active (v3.0).
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign_init`].
    fn decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_Decrypt`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::BufferTooSmall`], [`Error::EncryptedDataInvalid`], [`Error::EncryptedDataLenRange`], [`Error::UserNotLoggedIn`]
    fn decrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_DecryptUpdate`
    ///
    /// # Errors
    /// Those of [`Cryptoki::decrypt`].
    fn decrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_DecryptFinal`
    ///
    /// # Errors
    /// Those of [`Cryptoki::decrypt`].
    fn decrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize>;

    // 5.12 Message digesting

    /// `C_DigestInit`; no mechanism ends an active digest (v3.0).
    ///
    /// # Errors
    /// [`Error::OperationActive`], [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`]
    fn digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()>;

    /// `C_Digest`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::BufferTooSmall`]
    fn digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_DigestUpdate`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`]
    fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()>;

    /// `C_DigestKey`: adds the value of a secret key.
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::KeyHandleInvalid`], [`Error::KeyIndigestible`]
    fn digest_key(&self, session: SessionHandle, key: ObjectHandle) -> Result<()>;

    /// `C_DigestFinal`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::BufferTooSmall`]
    fn digest_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize>;

    // 5.13 Signing

    /// `C_SignInit`; no mechanism ends an active signature (v3.0).
    ///
    /// # Errors
    /// [`Error::KeyHandleInvalid`], [`Error::KeyFunctionNotPermitted`], [`Error::KeyTypeInconsistent`],
    /// [`Error::KeySizeRange`], [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`],
    /// [`Error::OperationActive`], [`Error::UserNotLoggedIn`]
    fn sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_Sign`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::BufferTooSmall`], [`Error::DataLenRange`],
    /// [`Error::UserNotLoggedIn`]
    fn sign(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_SignUpdate`
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign`].
    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()>;

    /// `C_SignFinal`
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign`].
    fn sign_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize>;

    /// `C_SignRecoverInit`; no mechanism ends what is active (v3.0).
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign_init`].
    fn sign_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_SignRecover`
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign`].
    fn sign_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    // 5.15 Verifying

    /// `C_VerifyInit`; no mechanism ends an active verification (v3.0).
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign_init`].
    fn verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_Verify`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::SignatureInvalid`], [`Error::SignatureLenRange`],
    /// [`Error::DataLenRange`]
    fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()>;

    /// `C_VerifyUpdate`
    ///
    /// # Errors
    /// [`Error::OperationNotInitialized`], [`Error::DataLenRange`]
    fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()>;

    /// `C_VerifyFinal`
    ///
    /// # Errors
    /// Those of [`Cryptoki::verify`].
    fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()>;

    /// `C_VerifyRecoverInit`; no mechanism ends what is active (v3.0).
    ///
    /// # Errors
    /// Those of [`Cryptoki::sign_init`].
    fn verify_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()>;

    /// `C_VerifyRecover`
    ///
    /// # Errors
    /// Those of [`Cryptoki::verify`], [`Error::BufferTooSmall`].
    fn verify_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize>;

    // 5.17 Two operations at once

    /// `C_DigestEncryptUpdate`: digests and encrypts a part.
    ///
    /// # Errors
    /// Those of both operations.
    fn digest_encrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>)
    -> Result<usize>;

    /// `C_DecryptDigestUpdate`: decrypts a part and digests what comes out.
    ///
    /// # Errors
    /// Those of both operations.
    fn decrypt_digest_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>)
    -> Result<usize>;

    /// `C_SignEncryptUpdate`: signs and encrypts a part.
    ///
    /// # Errors
    /// Those of both operations.
    fn sign_encrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize>;

    /// `C_DecryptVerifyUpdate`: decrypts a part and verifies what comes out.
    ///
    /// # Errors
    /// Those of both operations.
    fn decrypt_verify_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>)
    -> Result<usize>;

    // 5.18 Key management

    /// `C_GenerateKey`
    ///
    /// # Errors
    /// Those of [`Cryptoki::generate_key_pair`].
    fn generate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        template: Template,
    ) -> Result<ObjectHandle>;

    /// `C_GenerateKeyPair`: the public key first.
    ///
    /// # Errors
    /// Those of [`Cryptoki::create_object`], [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`].
    fn generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)>;

    /// `C_WrapKey`: a vector that is generated is written into the parameters, unless only the length is asked for.
    ///
    /// # Errors
    /// [`Error::KeyHandleInvalid`], [`Error::KeyUnextractable`], [`Error::KeyNotWrappable`],
    /// [`Error::WrappingKeyHandleInvalid`], [`Error::WrappingKeySizeRange`], [`Error::WrappingKeyTypeInconsistent`],
    /// [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`], [`Error::BufferTooSmall`].
    fn wrap_key(
        &self,
        session: SessionHandle,
        mechanism: &mut Mechanism,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        out: &mut Room<'_>,
    ) -> Result<usize>;

    /// `C_UnwrapKey`
    ///
    /// # Errors
    /// Those of [`Cryptoki::create_object`], [`Error::UnwrappingKeyHandleInvalid`], [`Error::UnwrappingKeySizeRange`],
    /// [`Error::UnwrappingKeyTypeInconsistent`], [`Error::WrappedKeyInvalid`], [`Error::WrappedKeyLenRange`],
    /// [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`].
    fn unwrap_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
    ) -> Result<ObjectHandle>;

    /// `C_DeriveKey`
    ///
    /// # Errors
    /// Those of [`Cryptoki::create_object`], [`Error::KeyHandleInvalid`], [`Error::KeySizeRange`],
    /// [`Error::KeyTypeInconsistent`], [`Error::MechanismInvalid`], [`Error::MechanismParamInvalid`];
    /// [`Error::OfDerivedKey`] around those of a further key.
    fn derive_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        base: ObjectHandle,
        template: Template,
    ) -> Result<DerivedKeys>;

    /// `C_EncapsulateKey` (v3.2): the length of the ciphertext and the new secret key. For a query there is no key, and
    /// its handle is `CK_INVALID_HANDLE`; a buffer that is too small makes none either.
    ///
    /// # Errors
    /// Those of [`Cryptoki::derive_key`], [`Error::BufferTooSmall`].
    fn encapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public_key: ObjectHandle,
        template: Template,
        out: &mut Room<'_>,
    ) -> Result<(usize, ObjectHandle)>;

    /// `C_DecapsulateKey` (v3.2): the new secret key.
    ///
    /// # Errors
    /// Those of [`Cryptoki::unwrap_key`].
    fn decapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        private_key: ObjectHandle,
        template: Template,
        ciphertext: &[u8],
    ) -> Result<ObjectHandle>;

    // 5.20 Random numbers

    /// `C_SeedRandom`: mixes `seed` in.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`]
    fn seed_random(&self, session: SessionHandle, seed: &[u8]) -> Result<()>;

    /// `C_GenerateRandom`: fills `out`.
    ///
    /// # Errors
    /// [`Error::SessionHandleInvalid`]
    fn generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()>;
}
