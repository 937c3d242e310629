//! One application: a process that loaded the library. It owns the sessions, the logins and the session objects.

mod since_3;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use once_cell::sync::OnceCell;
use pkcs11::administration::{AuditEvent, TokenDetails};
use pkcs11::{
    Access, Administration, AttributeType, Cryptoki, DerivedKeys, Error, LibraryInfo, Mechanism,
    MechanismInfo, MechanismType, ObjectHandle, Result, Reveal, Room, Secret, SessionHandle, SessionInfo,
    SlotId, SlotInfo, Template, TokenInfo, UserType,
};

use crate::login::Epoch;
use crate::object::Object;
pub use crate::parts::{Parts, Settings};
use crate::policy::approved::APPROVED_ONLY;
use crate::seed::Seed;
use crate::self_tests::SelfTests;
use crate::session::Session;
use crate::slab::Slab;
use crate::slot::Slot;
use crate::slot_events::SlotEvents;
use crate::sync::Mutex;

/// One application over an engine.
pub struct Application {
    pub(crate) parts: Parts,
    pub(crate) slots: ArcSwap<BTreeMap<SlotId, Arc<Slot>>>,
    pub(crate) listing: Mutex<()>,
    pub(crate) sessions: Slab<Session>,
    pub(crate) session_objects: Slab<SessionObject>,
    pub(crate) seed: Seed,
    pub(crate) self_tests: SelfTests,
    /// Seals saved operations; made when the first one is asked for.
    pub(crate) state_key: OnceCell<Secret>,
    pub(crate) slot_events: SlotEvents,
    /// Counts operations that ask for a login of their own.
    pub(crate) begun: AtomicU64,
}

/// An object that goes with a session.
pub(crate) struct SessionObject {
    pub(crate) object: Arc<Object>,
    pub(crate) slot: SlotId,
    /// The login under which a private one was made.
    pub(crate) login: Option<Epoch>,
}

impl SessionObject {
    /// Whether it belongs to a slot, and to the login of now if it is private.
    pub(crate) fn is_of(&self, slot: SlotId, now: Epoch) -> bool {
        self.slot == slot && self.login.is_none_or(|epoch| epoch == now)
    }
}

impl Application {
    /// An application without sessions. Lists the slots, so that later events are told from what is now; looks at no
    /// store yet. A list that fails is left to the first call that asks for one, to answer with the error.
    ///
    /// PKCS#11 v3.2 section 5.5.4.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let application = Self {
            self_tests: SelfTests::new(&parts.mechanisms),
            parts,
            slots: ArcSwap::default(),
            listing: Mutex::new("listing", ()),
            sessions: Slab::new("sessions"),
            session_objects: Slab::new("session objects"),
            seed: Seed::default(),
            state_key: OnceCell::new(),
            slot_events: SlotEvents::default(),
            begun: AtomicU64::new(1),
        };
        if let Err(error) = application.list_places() {
            log::info!("no list of slots to begin with: {error}");
        }
        application
    }

    /// The session of a handle; takes no lock.
    pub(crate) fn session(&self, handle: SessionHandle) -> Result<Arc<Session>> {
        let session = self.sessions.value(handle.0).ok_or(Error::SessionHandleInvalid)?;
        self.not_in_error(&session.slot)?;
        Ok(session)
    }

    /// A token in approved mode does nothing more once a self-test has failed.
    ///
    /// # Errors
    /// [`Error::SelfTest`]
    pub(crate) fn not_in_error(&self, slot: &Slot) -> Result<()> {
        if self.self_tests.failed() && slot.is_restricted() {
            return Err(Error::SelfTest("an earlier one"));
        }
        Ok(())
    }

    /// `len` random bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.parts.primitives.random(&mut bytes)?;
        Ok(bytes)
    }
}

impl Cryptoki for Application {
    fn info(&self) -> Result<LibraryInfo> {
        self.do_info()
    }

    fn slot_list(&self, token_present: bool, refresh: bool) -> Result<Vec<SlotId>> {
        self.do_slot_list(token_present, refresh)
    }

    fn slot_info(&self, slot: SlotId) -> Result<SlotInfo> {
        self.do_slot_info(slot)
    }

    fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        self.do_token_info(slot)
    }

    fn wait_for_slot_event(&self, wait: bool) -> Result<SlotId> {
        self.do_wait_for_slot_event(wait)
    }

    fn end_waits(&self) {
        self.do_end_waits()
    }

    fn mechanism_list(&self, slot: SlotId) -> Result<Vec<MechanismType>> {
        self.do_mechanism_list(slot)
    }

    fn mechanism_info(&self, slot: SlotId, mechanism: MechanismType) -> Result<MechanismInfo> {
        self.do_mechanism_info(slot, mechanism)
    }

    fn init_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()> {
        self.do_init_token(slot, pin, label, self.mode_of_new_tokens())
    }

    fn init_pin(&self, session: SessionHandle, pin: Option<&[u8]>) -> Result<()> {
        self.do_init_pin(session, pin)
    }

    fn set_pin(&self, session: SessionHandle, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<()> {
        self.do_set_pin(session, old, new)
    }

    fn open_session(&self, slot: SlotId, access: Access, serial: bool) -> Result<SessionHandle> {
        self.do_open_session(slot, access, serial)
    }

    fn close_session(&self, session: SessionHandle) -> Result<()> {
        self.do_close_session(session)
    }

    fn close_all_sessions(&self, slot: SlotId) -> Result<()> {
        self.do_close_all_sessions(slot)
    }

    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        self.do_session_info(session)
    }

    fn session_validation_flags(&self, session: SessionHandle, kind: u64) -> Result<u64> {
        self.do_session_validation_flags(session, kind)
    }

    fn operation_state(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.do_operation_state(session, out)
    }

    fn set_operation_state(
        &self,
        session: SessionHandle,
        state: &[u8],
        encryption_key: ObjectHandle,
        authentication_key: ObjectHandle,
    ) -> Result<()> {
        self.do_set_operation_state(session, state, encryption_key, authentication_key)
    }

    fn login(&self, session: SessionHandle, user: UserType, pin: Option<&[u8]>) -> Result<()> {
        self.do_login(session, user, pin)
    }

    fn login_user(
        &self,
        session: SessionHandle,
        user: UserType,
        pin: Option<&[u8]>,
        name: Option<&[u8]>,
    ) -> Result<()> {
        self.do_login_user(session, user, pin, name)
    }

    fn logout(&self, session: SessionHandle) -> Result<()> {
        self.do_logout(session)
    }

    fn create_object(&self, session: SessionHandle, template: Template) -> Result<ObjectHandle> {
        self.do_create_object(session, template)
    }

    fn copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<ObjectHandle> {
        self.do_copy_object(session, object, template)
    }

    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        self.do_destroy_object(session, object)
    }

    fn object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<u64> {
        self.do_object_size(session, object)
    }

    fn attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        self.do_attribute_values(session, object, types)
    }

    fn set_attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<()> {
        self.do_set_attribute_values(session, object, template)
    }

    fn find_objects_init(&self, session: SessionHandle, template: Template) -> Result<()> {
        self.do_find_objects_init(session, template)
    }

    fn find_objects(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        self.do_find_objects(session, max)
    }

    fn find_objects_final(&self, session: SessionHandle) -> Result<()> {
        self.do_find_objects_final(session)
    }

    fn encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_encrypt_init(session, mechanism, key)
    }

    fn encrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_encrypt(session, data, out)
    }

    fn encrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_encrypt_update(session, part, out)
    }

    fn encrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.do_encrypt_final(session, out)
    }

    fn decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_decrypt_init(session, mechanism, key)
    }

    fn decrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_decrypt(session, data, out)
    }

    fn decrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_decrypt_update(session, part, out)
    }

    fn decrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.do_decrypt_final(session, out)
    }

    fn digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()> {
        self.do_digest_init(session, mechanism)
    }

    fn digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_digest(session, data, out)
    }

    fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.do_digest_update(session, part)
    }

    fn digest_key(&self, session: SessionHandle, key: ObjectHandle) -> Result<()> {
        self.do_digest_key(session, key)
    }

    fn digest_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.do_digest_final(session, out)
    }

    fn sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_sign_init(session, mechanism, key)
    }

    fn sign(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_sign(session, data, out)
    }

    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.do_sign_update(session, part)
    }

    fn sign_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.do_sign_final(session, out)
    }

    fn sign_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_sign_recover_init(session, mechanism, key)
    }

    fn sign_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_sign_recover(session, data, out)
    }

    fn verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_verify_init(session, mechanism, key)
    }

    fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.do_verify(session, data, signature)
    }

    fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.do_verify_update(session, part)
    }

    fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        self.do_verify_final(session, signature)
    }

    fn verify_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.do_verify_recover_init(session, mechanism, key)
    }

    fn verify_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_verify_recover(session, data, out)
    }

    fn digest_encrypt_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_digest_encrypt_update(session, part, out)
    }

    fn decrypt_digest_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_decrypt_digest_update(session, part, out)
    }

    fn sign_encrypt_update(&self, session: SessionHandle, part: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_sign_encrypt_update(session, part, out)
    }

    fn decrypt_verify_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_decrypt_verify_update(session, part, out)
    }

    fn generate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        template: Template,
    ) -> Result<ObjectHandle> {
        self.do_generate_key(session, mechanism, template)
    }

    fn generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        self.do_generate_key_pair(session, mechanism, public, private)
    }

    fn wrap_key(
        &self,
        session: SessionHandle,
        mechanism: &mut Mechanism,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.do_wrap_key(session, mechanism, wrapping_key, key, out)
    }

    fn unwrap_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
    ) -> Result<ObjectHandle> {
        self.do_unwrap_key(session, mechanism, unwrapping_key, wrapped, template)
    }

    fn derive_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        base: ObjectHandle,
        template: Template,
    ) -> Result<DerivedKeys> {
        self.do_derive_key(session, mechanism, base, template)
    }

    fn encapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public_key: ObjectHandle,
        template: Template,
        out: &mut Room<'_>,
    ) -> Result<(usize, ObjectHandle)> {
        self.do_encapsulate_key(session, mechanism, public_key, template, out)
    }

    fn decapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        private_key: ObjectHandle,
        template: Template,
        ciphertext: &[u8],
    ) -> Result<ObjectHandle> {
        self.do_decapsulate_key(session, mechanism, private_key, template, ciphertext)
    }

    fn seed_random(&self, session: SessionHandle, seed: &[u8]) -> Result<()> {
        self.do_seed_random(session, seed)
    }

    fn generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()> {
        self.do_generate_random(session, out)
    }
}

impl Administration for Application {
    fn audit_events(&self, slot: SlotId, from: u64, limit: usize) -> Result<Vec<AuditEvent>> {
        self.do_audit_events(slot, from, limit)
    }

    fn trust_key(
        &self,
        session: SessionHandle,
        unique_id: &str,
        public_key: Option<[u8; 48]>,
        trusted: bool,
    ) -> Result<()> {
        self.do_trust_key(session, unique_id, public_key, trusted)
    }

    fn init_approved_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()> {
        self.do_init_token(slot, pin, label, APPROVED_ONLY)
    }

    fn token_details(&self, slot: SlotId) -> Result<TokenDetails> {
        self.do_token_details(slot)
    }

    fn delete_token(&self, slot: SlotId) -> Result<()> {
        self.do_delete_token(slot)
    }
}
