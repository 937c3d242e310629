//! An engine over memory, and the few calls that every test makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::application::{Application, Parts, Settings};
use engine::clock::Clock;
use engine::handles;
use engine::place::{Places, TokenId};
use engine::primitives::PinCost;
use pkcs11::constants::{CKA_EC_PARAMS, CKA_ID, CKA_LABEL, CKA_TOKEN, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256};
use pkcs11::{
    Access, Attribute, Cryptoki, Mechanism, MechanismType, ObjectHandle, Parameters, Result, Room,
    SessionHandle, SlotId, Template, UserType,
};
use store::memory::{MemoryPlaces, MemoryStore};

pub const SO_PIN: &[u8] = b"officer secret";
pub const PIN: &[u8] = b"user secret";
pub const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// A clock that moves by a second each time it is read.
#[derive(Default)]
pub struct FixedClock(AtomicU64);

impl Clock for FixedClock {
    fn now(&self) -> u64 {
        1_700_000_000_000 + self.0.fetch_add(1000, Ordering::Relaxed)
    }
}

/// The least cost that the primitives take, so that tests are quick.
pub fn settings() -> Settings {
    Settings {
        user_pin_limit: 3,
        officer_pin_limit: 3,
        pin_cost: PinCost { memory: 8, passes: 1, lanes: 1 },
        staleness: std::time::Duration::ZERO,
        ..Settings::default()
    }
}

pub fn engine_over(places: Arc<dyn Places>) -> Application {
    engine_with(places, settings())
}

pub fn engine_with(places: Arc<dyn Places>, settings: Settings) -> Application {
    Application::new(Parts {
        places,
        mechanisms: mechanisms::MECHANISMS,
        primitives: mechanisms::primitives(),
        clock: Arc::new(FixedClock::default()),
        settings,
    })
}

/// An installation in memory, and an application over it.
pub struct Token {
    pub places: MemoryPlaces,
    pub application: Application,
    pub slot: SlotId,
}

impl Token {
    pub fn blank() -> Self {
        let places = MemoryPlaces::new();
        let application = engine_over(Arc::new(places.clone()));
        let slot = application.slot_list(false, true).unwrap()[0];
        Self { places, application, slot }
    }

    pub fn initialized() -> Self {
        let token = Self::blank();
        token.application.init_token(token.slot, Some(SO_PIN), &label("test")).unwrap();
        token
    }

    pub fn with_user() -> Self {
        let token = Self::initialized();
        init_pin(&token.application, token.slot, SO_PIN, PIN).unwrap();
        token
    }

    /// Another process over the same installation.
    pub fn other(&self) -> Application {
        engine_over(Arc::new(self.places.clone()))
    }

    pub fn id(&self) -> TokenId {
        self.places.list().unwrap().iter().find(|place| place.slot == self.slot).unwrap().token
    }

    pub fn store(&self) -> MemoryStore {
        self.places.store(self.id()).unwrap()
    }
}

pub fn label(text: &str) -> [u8; 32] {
    let mut label = [b' '; 32];
    label[..text.len()].copy_from_slice(text.as_bytes());
    label
}

pub fn init_pin(application: &Application, slot: SlotId, so_pin: &[u8], pin: &[u8]) -> Result<()> {
    let session = application.open_session(slot, Access::ReadWrite, true)?;
    application.login(session, UserType::So, Some(so_pin))?;
    let done = application.init_pin(session, Some(pin));
    application.close_session(session)?;
    done
}

pub fn open(application: &Application, slot: SlotId) -> SessionHandle {
    application.open_session(slot, Access::ReadWrite, true).unwrap()
}

pub fn log_in(application: &Application, slot: SlotId, pin: &[u8]) -> Result<SessionHandle> {
    let session = application.open_session(slot, Access::ReadWrite, true)?;
    application.login(session, UserType::User, Some(pin)).map(|()| session)
}

pub fn mechanism(mechanism_type: MechanismType) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

pub fn named(name: &str, token: bool) -> Template {
    vec![
        Attribute::boolean(CKA_TOKEN, token),
        Attribute::bytes(CKA_LABEL, name.as_bytes()),
        Attribute::bytes(CKA_ID, name.as_bytes()),
    ]
}

pub fn ec_pair(
    application: &Application,
    session: SessionHandle,
    name: &str,
    token: bool,
) -> Result<(ObjectHandle, ObjectHandle)> {
    let mut public = named(name, token);
    public.push(Attribute::bytes(CKA_EC_PARAMS, P256));
    application.generate_key_pair(session, mechanism(CKM_EC_KEY_PAIR_GEN), public, named(name, token))
}

pub fn find(application: &Application, session: SessionHandle, template: Template) -> Vec<ObjectHandle> {
    application.find_objects_init(session, template).unwrap();
    let mut found = Vec::new();
    loop {
        let page = application.find_objects(session, 2).unwrap();
        found.extend(&page);
        if page.len() < 2 {
            break;
        }
    }
    application.find_objects_final(session).unwrap();
    found
}

/// The handle that a token object has under the login of this session; a private one's is another after each login.
pub fn again(application: &Application, session: SessionHandle, handle: ObjectHandle) -> ObjectHandle {
    let all = find(application, session, vec![]);
    all.into_iter().find(|found| handles::row(*found) == handles::row(handle)).unwrap()
}

pub fn sign(application: &Application, session: SessionHandle, key: ObjectHandle) -> Result<Vec<u8>> {
    application.sign_init(session, Some(mechanism(CKM_ECDSA_SHA256)), key)?;
    let mut signature = vec![0; 64];
    let len = application.sign(session, b"message", &mut Room::Buffer(&mut signature))?;
    assert_eq!(len, 64);
    Ok(signature)
}

pub fn verify(
    application: &Application,
    session: SessionHandle,
    key: ObjectHandle,
    signature: &[u8],
) -> Result<()> {
    application.verify_init(session, Some(mechanism(CKM_ECDSA_SHA256)), key)?;
    application.verify(session, b"message", signature)
}

pub fn operations(application: &Application, slot: SlotId) -> Vec<String> {
    use pkcs11::Administration;
    let events = application.audit_events(slot, 1, usize::MAX).unwrap();
    events
        .into_iter()
        .map(|e| if e.succeeded { e.operation } else { format!("{} failed", e.operation) })
        .collect()
}
