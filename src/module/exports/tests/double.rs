//! A token that notes what it is asked, and answers by rules simple enough to be seen at a glance.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use assembly::Journal;
use pkcs11::{
    Access, AttributeType, DerivedKeys, Error, LibraryInfo, Mechanism, MechanismInfo, MechanismType,
    MessageParameters, ObjectHandle, Result, Reveal, Room, SessionHandle, SessionInfo, SessionState, SlotId,
    SlotInfo, Template, TokenInfo, UserType, Version,
};

use crate::opening::{Gate, Opened, Plan};

mod administration;
mod gate;
mod since_3;

use gate::shown;

/// The only session.
pub(crate) const SESSION: SessionHandle = SessionHandle(1);
/// The only slot.
pub(crate) const SLOT: SlotId = SlotId(7);
/// The data that makes the token panic.
pub(crate) const PANIC: &[u8] = b"panic";

const VERSION: Version = Version { major: 1, minor: 2 };

/// What the double was asked, and what it shall answer.
#[derive(Default)]
pub(crate) struct Double {
    asked: Mutex<Vec<String>>,
    /// The next function that can fail does, for this reason.
    pub(crate) failure: Mutex<Option<Error>>,
    /// What `C_GetAttributeValue` shows.
    pub(crate) reveals: Mutex<Vec<Reveal>>,
    /// What `C_GetSlotList` shows.
    pub(crate) slots: Mutex<Vec<SlotId>>,
    /// The last template.
    pub(crate) template: Mutex<Template>,
    /// The last mechanism.
    pub(crate) mechanism: Mutex<Option<Mechanism>>,
    /// The mechanism of messages, and the parameters of the last one.
    messages_by: Mutex<Option<MechanismType>>,
    pub(crate) of_message: Mutex<Option<MessageParameters>>,
    /// What the next `C_DeriveKey` gives.
    pub(crate) derived: Mutex<Option<DerivedKeys>>,
    /// Whether waits are over.
    over: Mutex<bool>,
    ended: Condvar,
}

/// The double that the next `C_Initialize` opens.
static NEXT: Mutex<Option<Arc<Double>>> = Mutex::new(None);

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new double, which `C_Initialize` opens from now on.
pub(crate) fn fresh() -> Arc<Double> {
    let double = Arc::new(Double::default());
    *locked(&double.slots) = vec![SLOT];
    *locked(&NEXT) = Some(Arc::clone(&double));
    double
}

/// The file that the next `C_Initialize` traces to.
pub(crate) static TRACE: Mutex<Option<std::path::PathBuf>> = Mutex::new(None);

/// In place of the environment.
pub(crate) fn trace_file() -> Option<std::path::PathBuf> {
    locked(&TRACE).clone()
}

/// In place of the configuration.
pub(crate) fn plan() -> Result<Plan> {
    let double = locked(&NEXT).clone().ok_or(Error::Bug("no double"))?;
    double.fails()?;
    let journal = Journal { level: log::LevelFilter::Off, ..Journal::default() };
    let open = move || Ok(Opened { gate: Arc::clone(&double) as Arc<dyn Gate>, token: double });
    Ok(Plan { journal, open: Box::new(open) })
}

impl Double {
    /// Everything asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.asked))
    }

    fn note(&self, what: String) {
        locked(&self.asked).push(what);
    }

    fn fails(&self) -> Result<()> {
        locked(&self.failure).take().map_or(Ok(()), Err)
    }

    fn known(session: SessionHandle) -> Result<()> {
        if session == SESSION { Ok(()) } else { Err(Error::SessionHandleInvalid) }
    }

    /// Notes a call in a session and fails if it shall.
    fn noted(&self, session: SessionHandle, what: String) -> Result<()> {
        Self::known(session)?;
        self.note(what);
        self.fails()
    }

    /// Writes the data backwards, reading while it writes.
    fn backwards(
        &self,
        session: SessionHandle,
        what: &str,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.noted(session, format!("{what}({})", data.escape_ascii()))?;
        if !out.is_query() {
            for (place, byte) in out.take(data.len())?.iter_mut().zip(data.iter().rev()) {
                *place = *byte;
            }
        }
        Ok(data.len())
    }

    fn begun(&self, session: SessionHandle, what: &str, mechanism: Option<Mechanism>) -> Result<()> {
        *locked(&self.mechanism) = mechanism;
        self.noted(session, what.to_owned())
    }
}

impl pkcs11::Cryptoki for Double {
    fn info(&self) -> Result<LibraryInfo> {
        Ok(LibraryInfo { manufacturer: "maker".into(), description: "ä".repeat(20), version: VERSION })
    }

    fn slot_list(&self, token_present: bool, refresh: bool) -> Result<Vec<SlotId>> {
        self.note(format!("slot_list({token_present}, {refresh})"));
        self.fails()?;
        Ok(locked(&self.slots).clone())
    }

    fn slot_info(&self, slot: SlotId) -> Result<SlotInfo> {
        let info = SlotInfo {
            description: "slot".into(),
            manufacturer: "maker".into(),
            flags: 1,
            hardware: VERSION,
            firmware: VERSION,
        };
        if slot == SLOT { Ok(info) } else { Err(Error::SlotIdInvalid) }
    }

    fn token_info(&self, _slot: SlotId) -> Result<TokenInfo> {
        self.fails()?;
        Ok(TokenInfo {
            label: "label".into(),
            manufacturer: "maker".into(),
            model: "model".into(),
            serial_number: "0123456789abcdef".into(),
            flags: 0x401,
            max_sessions: 0,
            sessions: 2,
            max_rw_sessions: 0,
            rw_sessions: 1,
            max_pin_len: 255,
            min_pin_len: 4,
            total_public_memory: None,
            free_public_memory: Some(5),
            total_private_memory: None,
            free_private_memory: None,
            hardware: VERSION,
            firmware: VERSION,
            utc_time: "2026120112003000".into(),
        })
    }

    fn wait_for_slot_event(&self, wait: bool) -> Result<SlotId> {
        self.note(format!("wait_for_slot_event({wait})"));
        self.fails()?;
        let mut over = locked(&self.over);
        while wait && !*over {
            over = self.ended.wait(over).unwrap_or_else(PoisonError::into_inner);
        }
        if wait { Err(Error::NotInitialized) } else { Ok(SLOT) }
    }

    fn end_waits(&self) {
        *locked(&self.over) = true;
        self.ended.notify_all();
    }

    fn mechanism_list(&self, _slot: SlotId) -> Result<Vec<MechanismType>> {
        Ok(vec![1, 0x250, 0x1041])
    }

    fn mechanism_info(&self, _slot: SlotId, mechanism: MechanismType) -> Result<MechanismInfo> {
        Ok(MechanismInfo { min_key_size: mechanism, max_key_size: 8192, flags: 0x800 })
    }

    fn init_token(&self, slot: SlotId, pin: Option<&[u8]>, label: &[u8; 32]) -> Result<()> {
        self.note(format!("init_token({}, {}, {})", slot.0, shown(pin), label.escape_ascii()));
        self.fails()
    }

    fn init_pin(&self, session: SessionHandle, pin: Option<&[u8]>) -> Result<()> {
        self.noted(session, format!("init_pin({})", shown(pin)))
    }

    fn set_pin(&self, session: SessionHandle, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<()> {
        self.noted(session, format!("set_pin({}, {})", shown(old), shown(new)))
    }

    fn open_session(&self, slot: SlotId, access: Access, serial: bool) -> Result<SessionHandle> {
        self.note(format!("open_session({}, {access:?}, {serial})", slot.0));
        self.fails()?;
        Ok(SESSION)
    }

    fn close_session(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "close_session".into())
    }

    fn close_all_sessions(&self, slot: SlotId) -> Result<()> {
        self.note(format!("close_all_sessions({})", slot.0));
        self.fails()
    }

    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        Self::known(session)?;
        Ok(SessionInfo {
            slot: SLOT,
            state: SessionState::ReadWriteUser,
            access: Access::ReadWrite,
            device_error: 0,
            asynchronous: false,
        })
    }

    fn operation_state(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, "operation_state".into())?;
        out.put(b"state")
    }

    fn set_operation_state(
        &self,
        session: SessionHandle,
        state: &[u8],
        encryption_key: ObjectHandle,
        authentication_key: ObjectHandle,
    ) -> Result<()> {
        let keys = (encryption_key.0, authentication_key.0);
        self.noted(session, format!("set_operation_state({}, {keys:?})", state.escape_ascii()))
    }

    fn login(&self, session: SessionHandle, user: UserType, pin: Option<&[u8]>) -> Result<()> {
        self.noted(session, format!("login({user:?}, {})", shown(pin)))
    }

    fn login_user(
        &self,
        session: SessionHandle,
        user: UserType,
        pin: Option<&[u8]>,
        name: Option<&[u8]>,
    ) -> Result<()> {
        self.noted(session, format!("login_user({user:?}, {}, {})", shown(pin), shown(name)))
    }

    fn logout(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "logout".into())
    }

    fn create_object(&self, session: SessionHandle, template: Template) -> Result<ObjectHandle> {
        *locked(&self.template) = template;
        self.noted(session, "create_object".into())?;
        Ok(ObjectHandle(77))
    }

    fn copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<ObjectHandle> {
        *locked(&self.template) = template;
        self.noted(session, format!("copy_object({})", object.0))?;
        Ok(ObjectHandle(78))
    }

    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        self.noted(session, format!("destroy_object({})", object.0))
    }

    fn object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<u64> {
        self.noted(session, format!("object_size({})", object.0))?;
        Ok(1234)
    }

    fn set_attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<()> {
        *locked(&self.template) = template;
        self.noted(session, format!("set_attribute_values({})", object.0))
    }

    fn attribute_values(
        &self,
        session: SessionHandle,
        _object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        self.noted(session, format!("attribute_values({types:x?})"))?;
        Ok(locked(&self.reveals).clone())
    }

    fn find_objects_init(&self, session: SessionHandle, template: Template) -> Result<()> {
        *locked(&self.template) = template;
        self.noted(session, "find_objects_init".into())
    }

    fn find_objects(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        self.noted(session, format!("find_objects({max})"))?;
        Ok((11..16).map(ObjectHandle).take(max).collect())
    }

    fn find_objects_final(&self, session: SessionHandle) -> Result<()> {
        self.noted(session, "find_objects_final".into())
    }

    fn encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("encrypt_init({})", key.0), mechanism)
    }

    fn encrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "encrypt", data, out)
    }

    fn encrypt_update(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "encrypt_update", data, out)
    }

    fn encrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, "encrypt_final".into())?;
        out.put(b"last")
    }

    fn decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("decrypt_init({})", key.0), mechanism)
    }

    fn decrypt(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "decrypt", data, out)
    }

    fn decrypt_update(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "decrypt_update", data, out)
    }

    fn decrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, "decrypt_final".into())?;
        out.put(b"last")
    }

    fn digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()> {
        self.begun(session, "digest_init", mechanism)
    }

    fn digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "digest", data, out)
    }

    fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.noted(session, format!("digest_update({})", part.escape_ascii()))
    }

    fn digest_key(&self, session: SessionHandle, key: ObjectHandle) -> Result<()> {
        self.noted(session, format!("digest_key({})", key.0))
    }

    fn digest_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, "digest_final".into())?;
        out.put(b"digest")
    }

    fn sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("sign_init({})", key.0), mechanism)
    }

    fn sign(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, format!("sign({})", data.escape_ascii()))?;
        assert_ne!(data, PANIC, "as asked");
        out.put(b"signature")
    }

    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.noted(session, format!("sign_update({})", part.escape_ascii()))
    }

    fn sign_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.noted(session, "sign_final".into())?;
        out.put(b"signature")
    }

    fn sign_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("sign_recover_init({})", key.0), mechanism)
    }

    fn sign_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "sign_recover", data, out)
    }

    fn verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("verify_init({})", key.0), mechanism)
    }

    fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.noted(session, format!("verify({}, {})", data.escape_ascii(), signature.escape_ascii()))
    }

    fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.noted(session, format!("verify_update({})", part.escape_ascii()))
    }

    fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        self.noted(session, format!("verify_final({})", signature.escape_ascii()))
    }

    fn verify_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begun(session, &format!("verify_recover_init({})", key.0), mechanism)
    }

    fn verify_recover(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "verify_recover", data, out)
    }

    fn digest_encrypt_update(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.backwards(session, "digest_encrypt_update", data, out)
    }

    fn decrypt_digest_update(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.backwards(session, "decrypt_digest_update", data, out)
    }

    fn sign_encrypt_update(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.backwards(session, "sign_encrypt_update", data, out)
    }

    fn decrypt_verify_update(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.backwards(session, "decrypt_verify_update", data, out)
    }

    fn generate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        template: Template,
    ) -> Result<ObjectHandle> {
        self.begun(session, &format!("generate_key({})", template.len()), Some(mechanism))?;
        Ok(ObjectHandle(23))
    }

    fn generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        let what = format!("generate_key_pair({}, {})", public.len(), private.len());
        self.begun(session, &what, Some(mechanism))?;
        Ok((ObjectHandle(21), ObjectHandle(22)))
    }

    fn wrap_key(
        &self,
        session: SessionHandle,
        mechanism: &mut Mechanism,
        wrapping_key: ObjectHandle,
        key: ObjectHandle,
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let made = std::mem::replace(mechanism, since_3::generated(mechanism));
        self.begun(session, &format!("wrap_key({}, {})", wrapping_key.0, key.0), Some(made))?;
        out.put(b"wrapped")
    }

    fn unwrap_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        unwrapping_key: ObjectHandle,
        wrapped: &[u8],
        template: Template,
    ) -> Result<ObjectHandle> {
        let what =
            format!("unwrap_key({}, {}, {})", unwrapping_key.0, wrapped.escape_ascii(), template.len());
        self.begun(session, &what, Some(mechanism))?;
        Ok(ObjectHandle(24))
    }

    fn derive_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        base: ObjectHandle,
        template: Template,
    ) -> Result<DerivedKeys> {
        self.begun(session, &format!("derive_key({}, {})", base.0, template.len()), Some(mechanism))?;
        Ok(locked(&self.derived).take().unwrap_or_else(|| DerivedKeys::one(ObjectHandle(25))))
    }

    fn encapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public_key: ObjectHandle,
        template: Template,
        out: &mut Room<'_>,
    ) -> Result<(usize, ObjectHandle)> {
        let what = format!("encapsulate_key({}, {})", public_key.0, template.len());
        self.begun(session, &what, Some(mechanism))?;
        let len = out.put(b"ciphertext")?;
        Ok((len, ObjectHandle(if out.is_query() { 0 } else { 26 })))
    }

    fn decapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        private_key: ObjectHandle,
        template: Template,
        ciphertext: &[u8],
    ) -> Result<ObjectHandle> {
        let what =
            format!("decapsulate_key({}, {}, {})", private_key.0, template.len(), ciphertext.escape_ascii());
        self.begun(session, &what, Some(mechanism))?;
        Ok(ObjectHandle(27))
    }

    fn seed_random(&self, session: SessionHandle, seed: &[u8]) -> Result<()> {
        self.noted(session, format!("seed_random({})", seed.escape_ascii()))
    }

    fn generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()> {
        self.noted(session, format!("generate_random({})", out.len()))?;
        out.fill(0xa5);
        Ok(())
    }
}
