//! One application: a process that loaded the library. It owns the sessions, the logins and the session objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use pkcs11::administration::AuditEvent;
use pkcs11::{
    Access, Administration, AttributeType, Cryptoki, Error, LibraryInfo, Mechanism, MechanismInfo,
    MechanismType, ObjectHandle, Result, Reveal, Room, SessionHandle, SessionInfo, SlotId, SlotInfo,
    Template, TokenInfo, UserType,
};

use crate::object::Object;
pub use crate::parts::{Parts, Settings};
use crate::session::Session;
use crate::slab::Slab;
use crate::slot::Slot;
use crate::sync::Mutex;

/// One application over an engine.
pub struct Application {
    pub(crate) parts: Parts,
    pub(crate) slots: ArcSwap<BTreeMap<SlotId, Arc<Slot>>>,
    pub(crate) listing: Mutex<()>,
    pub(crate) sessions: Slab<Session>,
    pub(crate) session_objects: Slab<SessionObject>,
}

/// An object that goes with a session.
pub(crate) struct SessionObject {
    pub(crate) object: Arc<Object>,
    pub(crate) slot: SlotId,
}

impl Application {
    /// An application without sessions. Looks at no store yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            slots: ArcSwap::default(),
            listing: Mutex::new("listing", ()),
            sessions: Slab::new("sessions"),
            session_objects: Slab::new("session objects"),
        }
    }

    /// The session of a handle; takes no lock.
    pub(crate) fn session(&self, handle: SessionHandle) -> Result<Arc<Session>> {
        self.sessions.value(handle.0).ok_or(Error::SessionHandleInvalid)
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

    fn mechanism_list(&self, slot: SlotId) -> Result<Vec<MechanismType>> {
        self.do_mechanism_list(slot)
    }

    fn mechanism_info(&self, slot: SlotId, mechanism: MechanismType) -> Result<MechanismInfo> {
        self.do_mechanism_info(slot, mechanism)
    }

    fn init_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()> {
        self.do_init_token(slot, pin, label)
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

    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        self.do_destroy_object(session, object)
    }

    fn attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        self.do_attribute_values(session, object, types)
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

    fn digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()> {
        self.do_digest_init(session, mechanism)
    }

    fn digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.do_digest(session, data, out)
    }

    fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.do_digest_update(session, part)
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

    fn generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        self.do_generate_key_pair(session, mechanism, public, private)
    }

    fn generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()> {
        self.do_generate_random(session, out)
    }
}

impl Administration for Application {
    fn audit_events(&self, slot: SlotId, from: u64, limit: usize) -> Result<Vec<AuditEvent>> {
        self.do_audit_events(slot, from, limit)
    }
}
