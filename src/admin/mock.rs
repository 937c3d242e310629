//! Doubles for tests: a token that remembers what was done to it, and a person who types.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use pkcs11::administration::AuditEvent;
use pkcs11::constants::{CKF_LOGIN_REQUIRED, CKF_RNG, CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED};
use pkcs11::{
    Access, Administration, AttributeType, Cryptoki, DerivedKeys, Error, LibraryInfo, Mechanism,
    MechanismInfo, MechanismType, MessageParameters, Messaging, ObjectHandle, Result, Reveal, Room, Secret,
    SessionHandle, SessionInfo, Since3, SlotId, SlotInfo, Template, TokenInfo, UserType, Version,
};

use crate::terminal::Asker;

/// A person who types these lines, and finds no terminal after the last.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) left: VecDeque<String>,
    pub(crate) prompts: Vec<String>,
}

impl Answers {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn of(lines: &[&str]) -> Self {
        Self { left: lines.iter().map(|line| (*line).to_owned()).collect(), prompts: Vec::new() }
    }
}

impl Asker for Answers {
    fn ask(&mut self, prompt: &str) -> io::Result<Secret> {
        self.prompts.push(prompt.to_owned());
        self.left.pop_front().map(|line| Secret::from(line.as_bytes())).ok_or(ErrorKind::NotFound.into())
    }

    fn ask_openly(&mut self, prompt: &str) -> io::Result<String> {
        self.prompts.push(prompt.to_owned());
        self.left.pop_front().ok_or(ErrorKind::NotFound.into())
    }
}

/// One slot of the double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MockSlot {
    pub(crate) id: u64,
    /// Label, officer's and user's PIN.
    pub(crate) token: Option<(String, Vec<u8>, Option<Vec<u8>>)>,
    /// What reading the token fails with.
    pub(crate) problem: Option<Error>,
}

impl MockSlot {
    pub(crate) fn empty(id: u64) -> Self {
        Self { id, token: None, problem: None }
    }

    pub(crate) fn holding(id: u64, label: &str) -> Self {
        let token = Some((label.to_owned(), b"old-officer".to_vec(), Some(b"old-user".to_vec())));
        Self { id, token, problem: None }
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) slots: Vec<MockSlot>,
    /// The one session: its slot, and whether the officer is logged in.
    pub(crate) session: Option<(u64, bool)>,
    /// What giving the user a PIN fails with.
    pub(crate) init_pin: Option<Error>,
}

impl State {
    fn slot(&mut self, id: u64) -> Result<&mut MockSlot> {
        self.slots.iter_mut().find(|slot| slot.id == id).ok_or(Error::SlotIdInvalid)
    }
}

/// The double. PINs are 4 to 16 bytes long.
#[derive(Default)]
pub(crate) struct Mock(Mutex<State>);

impl Mock {
    pub(crate) fn with(slots: Vec<MockSlot>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { slots, ..State::default() })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

const NOW: Version = Version { major: 0, minor: 1 };

macro_rules! refuse {
    ($(fn $name:ident($($type:ty),* $(,)?) -> $result:ty;)*) => {
        $(fn $name(&self, $(_: $type),*) -> Result<$result> {
            Err(Error::FunctionNotSupported)
        })*
    };
}

impl Cryptoki for Mock {
    fn slot_list(&self, _token_present: bool, refresh: bool) -> Result<Vec<SlotId>> {
        assert!(refresh, "the slots as they are now");
        Ok(self.state().slots.iter().map(|slot| SlotId(slot.id)).collect())
    }

    fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        let mut state = self.state();
        let slot = state.slot(slot.0)?;
        if let Some(problem) = &slot.problem {
            return Err(problem.clone());
        }
        let (label, flags) = match &slot.token {
            None => (String::new(), 0),
            Some((label, _, None)) => (label.clone(), CKF_TOKEN_INITIALIZED),
            Some((label, ..)) => (label.clone(), CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED),
        };
        Ok(TokenInfo {
            label,
            manufacturer: "Claviger".to_owned(),
            model: "Claviger".to_owned(),
            serial_number: format!("{:016x}", slot.id),
            flags: flags | CKF_RNG | CKF_LOGIN_REQUIRED,
            max_sessions: 0,
            sessions: 0,
            max_rw_sessions: 0,
            rw_sessions: 0,
            max_pin_len: 16,
            min_pin_len: 4,
            total_public_memory: None,
            free_public_memory: None,
            total_private_memory: None,
            free_private_memory: None,
            hardware: NOW,
            firmware: NOW,
            utc_time: String::new(),
        })
    }

    fn init_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()> {
        let mut state = self.state();
        if state.session.is_some() {
            return Err(Error::SessionExists);
        }
        let slot = state.slot(slot.0)?;
        let pin = pin.unwrap();
        if slot.token.as_ref().is_some_and(|(_, officer, _)| officer != pin) {
            return Err(Error::PinIncorrect);
        }
        let label = std::str::from_utf8(label).unwrap().trim_end().to_owned();
        slot.token = Some((label, pin.to_vec(), None));
        Ok(())
    }

    fn init_pin(&self, session: SessionHandle, pin: Option<&[u8]>) -> Result<()> {
        assert_eq!(session, SessionHandle(1));
        let mut state = self.state();
        if let Some(error) = &state.init_pin {
            return Err(error.clone());
        }
        let Some((slot, true)) = state.session else { return Err(Error::UserNotLoggedIn) };
        state.slot(slot)?.token.as_mut().unwrap().2 = Some(pin.unwrap().to_vec());
        Ok(())
    }

    fn open_session(&self, slot: SlotId, access: Access, serial: bool) -> Result<SessionHandle> {
        assert_eq!((access, serial), (Access::ReadWrite, true));
        self.state().session = Some((slot.0, false));
        Ok(SessionHandle(1))
    }

    fn close_session(&self, session: SessionHandle) -> Result<()> {
        assert_eq!(session, SessionHandle(1));
        self.state().session = None;
        Ok(())
    }

    fn login(&self, session: SessionHandle, user: UserType, pin: Option<&[u8]>) -> Result<()> {
        assert_eq!((session, user), (SessionHandle(1), UserType::So));
        let mut state = self.state();
        let slot = state.session.unwrap().0;
        if state.slot(slot)?.token.as_ref().unwrap().1 != pin.unwrap() {
            return Err(Error::PinIncorrect);
        }
        state.session = Some((slot, true));
        Ok(())
    }

    fn end_waits(&self) {}

    refuse! {
        fn info() -> LibraryInfo;
        fn slot_info(SlotId) -> SlotInfo;
        fn mechanism_list(SlotId) -> Vec<MechanismType>;
        fn mechanism_info(SlotId, MechanismType) -> MechanismInfo;
        fn set_pin(SessionHandle, Option<&[u8]>, Option<&[u8]>) -> ();
        fn close_all_sessions(SlotId) -> ();
        fn session_info(SessionHandle) -> SessionInfo;
        fn login_user(SessionHandle, UserType, Option<&[u8]>, Option<&[u8]>) -> ();
        fn logout(SessionHandle) -> ();
        fn create_object(SessionHandle, Template) -> ObjectHandle;
        fn destroy_object(SessionHandle, ObjectHandle) -> ();
        fn attribute_values(SessionHandle, ObjectHandle, &[AttributeType]) -> Vec<Reveal>;
        fn find_objects_init(SessionHandle, Template) -> ();
        fn find_objects(SessionHandle, usize) -> Vec<ObjectHandle>;
        fn find_objects_final(SessionHandle) -> ();
        fn digest_init(SessionHandle, Option<Mechanism>) -> ();
        fn digest(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn digest_update(SessionHandle, &[u8]) -> ();
        fn digest_final(SessionHandle, &mut Room<'_>) -> usize;
        fn sign_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn sign(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn sign_update(SessionHandle, &[u8]) -> ();
        fn sign_final(SessionHandle, &mut Room<'_>) -> usize;
        fn verify_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn verify(SessionHandle, &[u8], &[u8]) -> ();
        fn verify_update(SessionHandle, &[u8]) -> ();
        fn verify_final(SessionHandle, &[u8]) -> ();
        fn generate_key_pair(SessionHandle, Mechanism, Template, Template) -> (ObjectHandle, ObjectHandle);
        fn wait_for_slot_event(bool) -> SlotId;
        fn operation_state(SessionHandle, &mut Room<'_>) -> usize;
        fn set_operation_state(SessionHandle, &[u8], ObjectHandle, ObjectHandle) -> ();
        fn copy_object(SessionHandle, ObjectHandle, Template) -> ObjectHandle;
        fn object_size(SessionHandle, ObjectHandle) -> u64;
        fn set_attribute_values(SessionHandle, ObjectHandle, Template) -> ();
        fn encrypt_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn encrypt(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn encrypt_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn encrypt_final(SessionHandle, &mut Room<'_>) -> usize;
        fn decrypt_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn decrypt(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn decrypt_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn decrypt_final(SessionHandle, &mut Room<'_>) -> usize;
        fn digest_key(SessionHandle, ObjectHandle) -> ();
        fn sign_recover_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn sign_recover(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn verify_recover_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn verify_recover(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn digest_encrypt_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn decrypt_digest_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn sign_encrypt_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn decrypt_verify_update(SessionHandle, &[u8], &mut Room<'_>) -> usize;
        fn generate_key(SessionHandle, Mechanism, Template) -> ObjectHandle;
        fn wrap_key(SessionHandle, &mut Mechanism, ObjectHandle, ObjectHandle, &mut Room<'_>) -> usize;
        fn unwrap_key(SessionHandle, Mechanism, ObjectHandle, &[u8], Template) -> ObjectHandle;
        fn derive_key(SessionHandle, Mechanism, ObjectHandle, Template) -> DerivedKeys;
        fn encapsulate_key(SessionHandle, Mechanism, ObjectHandle, Template, &mut Room<'_>) -> (usize, ObjectHandle);
        fn decapsulate_key(SessionHandle, Mechanism, ObjectHandle, Template, &[u8]) -> ObjectHandle;
        fn seed_random(SessionHandle, &[u8]) -> ();
        fn generate_random(SessionHandle, &mut [u8]) -> ();
    }
}

impl Since3 for Mock {
    refuse! {
        fn session_cancel(SessionHandle, u64) -> ();
        fn verify_signature_init(SessionHandle, Option<Mechanism>, ObjectHandle, &[u8]) -> ();
        fn verify_signature(SessionHandle, &[u8]) -> ();
        fn verify_signature_update(SessionHandle, &[u8]) -> ();
        fn verify_signature_final(SessionHandle) -> ();
        fn message_encrypt_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn encrypt_message(SessionHandle, &mut MessageParameters, &[u8], &[u8], &mut Room<'_>) -> usize;
        fn encrypt_message_begin(SessionHandle, &mut MessageParameters, &[u8]) -> ();
        fn encrypt_message_next(SessionHandle, &mut MessageParameters, &[u8], &mut Room<'_>, bool) -> usize;
        fn message_encrypt_final(SessionHandle) -> ();
        fn message_decrypt_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn decrypt_message(SessionHandle, &mut MessageParameters, &[u8], &[u8], &mut Room<'_>) -> usize;
        fn decrypt_message_begin(SessionHandle, &mut MessageParameters, &[u8]) -> ();
        fn decrypt_message_next(SessionHandle, &mut MessageParameters, &[u8], &mut Room<'_>, bool) -> usize;
        fn message_decrypt_final(SessionHandle) -> ();
        fn message_sign_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn sign_message(SessionHandle, &MessageParameters, &[u8], &mut Room<'_>) -> usize;
        fn sign_message_begin(SessionHandle, &MessageParameters) -> ();
        fn sign_message_next(SessionHandle, &MessageParameters, &[u8], Option<&mut Room<'_>>) -> usize;
        fn message_sign_final(SessionHandle) -> ();
        fn message_verify_init(SessionHandle, Option<Mechanism>, ObjectHandle) -> ();
        fn verify_message(SessionHandle, &MessageParameters, &[u8], &[u8]) -> ();
        fn verify_message_begin(SessionHandle, &MessageParameters) -> ();
        fn verify_message_next(SessionHandle, &MessageParameters, &[u8], Option<&[u8]>) -> ();
        fn message_verify_final(SessionHandle) -> ();
        fn wrap_key_authenticated(
            SessionHandle, MechanismType, &mut MessageParameters, ObjectHandle, ObjectHandle, &[u8], &mut Room<'_>,
        ) -> usize;
        fn unwrap_key_authenticated(
            SessionHandle, MechanismType, &MessageParameters, ObjectHandle, &[u8], Template, &[u8],
        ) -> ObjectHandle;
        fn message_mechanism(SessionHandle, Messaging) -> Option<MechanismType>;
        fn end_message(SessionHandle, Messaging) -> ();
    }
}

impl Administration for Mock {
    refuse! {
        fn audit_events(SlotId, u64, usize) -> Vec<AuditEvent>;
        fn trust_key(SessionHandle, &str, Option<[u8; 48]>, bool) -> ();
    }
}
