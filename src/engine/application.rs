//! One application: a process that loaded the library. It owns the sessions, the logins and the session objects.

use std::sync::Arc;
use std::time::Duration;

use pkcs11::administration::AuditEvent;
use pkcs11::{
    Access, AttributeType, Error, LibraryInfo, Mechanism, MechanismInfo, MechanismType, ObjectHandle, Result,
    Reveal, Room, SessionHandle, SessionInfo, SlotId, SlotInfo, Template, TokenInfo, UserType,
};

use crate::clock::Clock;
use crate::mechanism::Mechanisms;
use crate::place::Places;
use crate::primitives::{PinCost, Primitives};

/// What an engine is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where tokens live.
    pub places: Arc<dyn Places>,
    /// The algorithms.
    pub mechanisms: Mechanisms,
    /// What the vault is made of.
    pub primitives: Arc<dyn Primitives>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the configuration says.
    pub settings: Settings,
}

/// What the configuration says to the engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Wrong PINs in a row after which a user of a token initialised here is locked: 3 to 100.
    pub user_pin_limit: u32,
    /// The same for officers.
    pub officer_pin_limit: u32,
    /// Cost of the PINs set here.
    pub pin_cost: PinCost,
    /// How long an operation's start, an attribute or a session info may rest on an older look at the store.
    pub staleness: Duration,
    /// Sessions an application may have open; 0 is no limit of ours.
    pub max_sessions: u32,
    /// Opened objects kept at most, with their parsed keys.
    pub cached_objects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_pin_limit: 10,
            officer_pin_limit: 10,
            pin_cost: PinCost { memory: 64 * 1024, passes: 3, lanes: 1 },
            staleness: Duration::from_millis(100),
            max_sessions: 0,
            cached_objects: 4096,
        }
    }
}

/// One application over an engine.
pub struct Application {
    #[allow(dead_code)] // Until the rooms behind it are furnished.
    parts: Parts,
}

impl Application {
    /// An application without sessions. Looks at no store yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }
}

impl pkcs11::Cryptoki for Application {
    fn init_token(&self, _slot: SlotId, _pin: Option<&[u8]>, _label: &[u8; 32]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn info(&self) -> Result<LibraryInfo> {
        Err(Error::FunctionNotSupported)
    }

    fn slot_list(&self, _token_present: bool, _refresh: bool) -> Result<Vec<SlotId>> {
        Err(Error::FunctionNotSupported)
    }

    fn slot_info(&self, _slot: SlotId) -> Result<SlotInfo> {
        Err(Error::FunctionNotSupported)
    }

    fn token_info(&self, _slot: SlotId) -> Result<TokenInfo> {
        Err(Error::FunctionNotSupported)
    }

    fn mechanism_list(&self, _slot: SlotId) -> Result<Vec<MechanismType>> {
        Err(Error::FunctionNotSupported)
    }

    fn mechanism_info(&self, _slot: SlotId, _mechanism: MechanismType) -> Result<MechanismInfo> {
        Err(Error::FunctionNotSupported)
    }

    fn init_pin(&self, _session: SessionHandle, _pin: Option<&[u8]>) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn set_pin(&self, _session: SessionHandle, _old: Option<&[u8]>, _new: Option<&[u8]>) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn open_session(&self, _slot: SlotId, _access: Access, _serial: bool) -> Result<SessionHandle> {
        Err(Error::FunctionNotSupported)
    }

    fn close_session(&self, _session: SessionHandle) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn close_all_sessions(&self, _slot: SlotId) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn session_info(&self, _session: SessionHandle) -> Result<SessionInfo> {
        Err(Error::FunctionNotSupported)
    }

    fn login(&self, _session: SessionHandle, _user: UserType, _pin: Option<&[u8]>) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn login_user(
        &self,
        _session: SessionHandle,
        _user: UserType,
        _pin: Option<&[u8]>,
        _name: Option<&[u8]>,
    ) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn logout(&self, _session: SessionHandle) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn create_object(&self, _session: SessionHandle, _template: Template) -> Result<ObjectHandle> {
        Err(Error::FunctionNotSupported)
    }

    fn destroy_object(&self, _session: SessionHandle, _object: ObjectHandle) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn attribute_values(
        &self,
        _session: SessionHandle,
        _object: ObjectHandle,
        _types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        Err(Error::FunctionNotSupported)
    }

    fn find_objects_init(&self, _session: SessionHandle, _template: Template) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn find_objects(&self, _session: SessionHandle, _max: usize) -> Result<Vec<ObjectHandle>> {
        Err(Error::FunctionNotSupported)
    }

    fn find_objects_final(&self, _session: SessionHandle) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn digest_init(&self, _session: SessionHandle, _mechanism: Option<Mechanism>) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn digest(&self, _session: SessionHandle, _data: &[u8], _out: &mut Room<'_>) -> Result<usize> {
        Err(Error::FunctionNotSupported)
    }

    fn digest_update(&self, _session: SessionHandle, _part: &[u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn digest_final(&self, _session: SessionHandle, _out: &mut Room<'_>) -> Result<usize> {
        Err(Error::FunctionNotSupported)
    }

    fn sign_init(
        &self,
        _session: SessionHandle,
        _mechanism: Option<Mechanism>,
        _key: ObjectHandle,
    ) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn sign(&self, _session: SessionHandle, _data: &[u8], _out: &mut Room<'_>) -> Result<usize> {
        Err(Error::FunctionNotSupported)
    }

    fn sign_update(&self, _session: SessionHandle, _part: &[u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn sign_final(&self, _session: SessionHandle, _out: &mut Room<'_>) -> Result<usize> {
        Err(Error::FunctionNotSupported)
    }

    fn verify_init(
        &self,
        _session: SessionHandle,
        _mechanism: Option<Mechanism>,
        _key: ObjectHandle,
    ) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn verify(&self, _session: SessionHandle, _data: &[u8], _signature: &[u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn verify_update(&self, _session: SessionHandle, _part: &[u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn verify_final(&self, _session: SessionHandle, _signature: &[u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }

    fn generate_key_pair(
        &self,
        _session: SessionHandle,
        _mechanism: Mechanism,
        _public: Template,
        _private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        Err(Error::FunctionNotSupported)
    }

    fn generate_random(&self, _session: SessionHandle, _out: &mut [u8]) -> Result<()> {
        Err(Error::FunctionNotSupported)
    }
}

impl pkcs11::Administration for Application {
    fn audit_events(&self, _slot: SlotId, _from: u64, _limit: usize) -> Result<Vec<AuditEvent>> {
        Err(Error::FunctionNotSupported)
    }
}
