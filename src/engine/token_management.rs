//! Chapter 5.4 and 5.5: the library, its slots and tokens, their initialisation and PINs.

use std::collections::BTreeMap;
use std::sync::Arc;

use pkcs11::administration::PinTrials;
use pkcs11::constants::{
    CKF_CLOCK_ON_TOKEN, CKF_LOGIN_REQUIRED, CKF_RNG, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
    CKF_SO_PIN_LOCKED, CKF_TOKEN_INITIALIZED, CKF_TOKEN_PRESENT, CKF_USER_PIN_COUNT_LOW,
    CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED,
};
use pkcs11::{
    Error, LibraryInfo, MechanismInfo, MechanismType, Result, SessionHandle, SlotId, SlotInfo, TokenInfo,
    Version, vendor,
};

use crate::application::Application;
use crate::audit::hexadecimal;
use crate::clock::utc;
use crate::mechanism::{Can, MechanismRow};
use crate::place::{Place, TokenId};
use crate::policy::approved::{least_key, may_be_offered, year_of};
use crate::quorum::approval::{Officer, Operation, by_one};
use crate::quorum::roster::{DEFAULT_USER, Role};
use crate::slot::{Look, Opened, Slot};
use crate::vault::pin::{MAX_PIN, MIN_PIN, Pin};

const MANUFACTURER: &str = "Claviger";
const VERSION: Version = Version { major: 0, minor: 1 };

impl Application {
    pub(crate) fn do_info(&self) -> Result<LibraryInfo> {
        let description = "Claviger software HSM".to_owned();
        Ok(LibraryInfo { manufacturer: MANUFACTURER.to_owned(), description, version: VERSION })
    }

    pub(crate) fn do_slot_list(&self, _token_present: bool, refresh: bool) -> Result<Vec<SlotId>> {
        // Every slot holds a token, initialised or not, so `token_present` leaves none out.
        if refresh || self.slots.load().is_empty() {
            self.list_places()?;
        }
        Ok(self.slots.load().keys().copied().collect())
    }

    /// Looks at all places, and keeps the slots of those that are known.
    pub(crate) fn list_places(&self) -> Result<Vec<Place>> {
        let _listing = self.listing.lock();
        let places = self.parts.places.list()?;
        let known = self.slots.load();
        let mut slots: BTreeMap<SlotId, Arc<Slot>> = BTreeMap::new();
        for place in &places {
            let slot = known.get(&place.slot).filter(|slot| slot.token == place.token);
            slots.insert(place.slot, slot.map_or_else(|| Arc::new(Slot::new(place)), Arc::clone));
        }
        self.slots.store(Arc::new(slots));
        self.slot_events.begin(&places);
        Ok(places)
    }

    /// The slot of a number; looks for it once when it is not known.
    pub(crate) fn slot(&self, id: SlotId) -> Result<Arc<Slot>> {
        if let Some(slot) = self.slots.load().get(&id) {
            return Ok(Arc::clone(slot));
        }
        self.list_places()?;
        self.slots.load().get(&id).map(Arc::clone).ok_or(Error::SlotIdInvalid)
    }

    pub(crate) fn do_slot_info(&self, slot: SlotId) -> Result<SlotInfo> {
        let slot = self.slot(slot)?;
        Ok(SlotInfo {
            description: format!("Claviger slot {}", slot.id.0),
            manufacturer: MANUFACTURER.to_owned(),
            flags: CKF_TOKEN_PRESENT,
            hardware: VERSION,
            firmware: VERSION,
        })
    }

    pub(crate) fn do_token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        let slot = self.slot(slot)?;
        let opened = match slot.token(&self.parts, Look::Now) {
            Ok(opened) => Some(opened),
            Err(Error::TokenNotInitialized) => None,
            Err(error) => return Err(error),
        };
        let (label, flags) = match &opened {
            Some(opened) => (opened.current().link.roster.label.clone(), self.token_flags(opened)?),
            None => (String::new(), CKF_RNG),
        };
        let counts = *slot.sessions.lock();
        let max_sessions = u64::from(self.parts.settings.max_sessions);
        Ok(TokenInfo {
            label,
            manufacturer: MANUFACTURER.to_owned(),
            model: "Claviger".to_owned(),
            serial_number: serial_number(slot.token),
            flags,
            max_sessions,
            sessions: counts.read_only + counts.read_write,
            max_rw_sessions: max_sessions,
            rw_sessions: counts.read_write,
            max_pin_len: u64::try_from(MAX_PIN).unwrap_or(u64::MAX),
            min_pin_len: u64::try_from(MIN_PIN).unwrap_or(u64::MAX),
            total_public_memory: None,
            free_public_memory: None,
            total_private_memory: None,
            free_private_memory: None,
            hardware: VERSION,
            firmware: VERSION,
            utc_time: opened.as_ref().map_or_else(String::new, |_| utc(self.parts.clock.now())),
        })
    }

    fn token_flags(&self, opened: &Opened) -> Result<u64> {
        let mut flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | CKF_CLOCK_ON_TOKEN;
        let kinds = [
            (Role::Officer, [CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED], 0),
            (
                Role::User,
                [CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED],
                CKF_USER_PIN_INITIALIZED,
            ),
        ];
        for (role, [low, last, locked], there) in kinds {
            let Some(PinTrials { limit, failures }) = self.pin_trials(opened, role)? else { continue };
            flags |= there;
            flags |= match limit.saturating_sub(failures) {
                0 => locked,
                1 => low | last,
                _ if failures > 0 => low,
                _ => 0,
            };
        }
        Ok(flags)
    }

    /// How far the trials of the default person of a kind have come; nothing where there is none.
    pub(crate) fn pin_trials(&self, opened: &Opened, role: Role) -> Result<Option<PinTrials>> {
        let current = opened.current();
        let roster = &current.link.roster;
        let Some(person) = roster.named(role, None) else { return Ok(None) };
        let allowance = Opened::allowance(roster, person);
        let failures = opened.trials(&self.parts).counter(allowance)?.failures;
        Ok(Some(PinTrials { limit: allowance.limit, failures }))
    }

    pub(crate) fn do_wait_for_slot_event(&self, wait: bool) -> Result<SlotId> {
        loop {
            if let Some(slot) = self.slot_events.next(&self.list_places()?)? {
                return Ok(slot);
            }
            if !wait {
                return Err(Error::NoEvent);
            }
            self.slot_events.pause();
        }
    }

    pub(crate) fn do_end_waits(&self) {
        self.slot_events.end();
    }

    pub(crate) fn do_mechanism_list(&self, slot: SlotId) -> Result<Vec<MechanismType>> {
        let year = self.year_if_restricted(slot)?;
        let offered = |row: &&MechanismRow| row.can.iter().any(|can| is_offered(row, can, year));
        let mut list: Vec<_> =
            self.parts.mechanisms.rows().filter(offered).map(|row| row.mechanism).collect();
        let aliases: Vec<_> = list.iter().flat_map(|mechanism| vendor::aliases_of(*mechanism)).collect();
        list.extend(aliases);
        Ok(list)
    }

    pub(crate) fn do_mechanism_info(&self, slot: SlotId, mechanism: MechanismType) -> Result<MechanismInfo> {
        let year = self.year_if_restricted(slot)?;
        let row = self.parts.mechanisms.row(vendor::meant(mechanism));
        let row = row.ok_or(Error::MechanismInvalid(mechanism))?;
        let mut offered = row.can.iter().filter(|can| is_offered(row, can, year)).peekable();
        offered.peek().ok_or(Error::MechanismInvalid(mechanism))?;
        let flags = offered.fold(row.flags, |flags, can| flags | can.flag());
        let (smallest, max_key_size) = row.sizes;
        let least = year.map_or(0, |_| least_key(row.mechanism));
        Ok(MechanismInfo { min_key_size: smallest.max(least), max_key_size, flags })
    }

    /// The year of now for a slot whose token is in approved mode; nothing where everything is offered.
    fn year_if_restricted(&self, slot: SlotId) -> Result<Option<u64>> {
        let slot = self.slot(slot)?;
        match slot.token(&self.parts, Look::Lately) {
            Ok(_) => Ok(slot.is_restricted().then(|| year_of(self.parts.clock.now()))),
            // An empty slot, or a token that cannot be opened, tells what the library can.
            Err(_) => Ok(None),
        }
    }

    pub(crate) fn do_init_token(
        &self,
        slot: SlotId,
        pin: Option<&[u8]>,
        label: &[u8; 32],
        mode: u64,
    ) -> Result<()> {
        let slot = self.slot(slot)?;
        self.not_in_error(&slot)?;
        let label = std::str::from_utf8(label)
            .map_err(|_| Error::ArgumentsBad("the label is not UTF-8"))?
            .trim_end_matches([' ', '\0'])
            .to_owned();
        if !slot.sessions.lock().is_empty() {
            return Err(Error::SessionExists);
        }
        match slot.token(&self.parts, Look::Now) {
            Ok(opened) => self.initialize_again(&slot, &opened, pin, (label, mode)),
            Err(Error::TokenNotInitialized) => self.initialize_first(&slot, pin, (label, mode)),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn do_init_pin(&self, session: SessionHandle, pin: Option<&[u8]>) -> Result<()> {
        let asking = self.asking(session)?;
        let login =
            asking.login().filter(|login| login.role == Role::Officer).ok_or(Error::UserNotLoggedIn)?;
        let pin = Pin::fresh(pin)?;
        let opened = asking.session.slot.token(&self.parts, Look::Now)?;
        let current = opened.current();
        let keyring = login.keyring()?;
        let seen = self.verified(&opened, &current, &keyring)?;
        let officer = Officer { person: login.person, keyring: &keyring };
        let before = current.link.roster.named(Role::User, None);
        let operation = match before {
            None => Operation::AdmitUser { name: DEFAULT_USER.to_owned() },
            Some(person) => Operation::RecoverUser { person: person.id },
        };
        let authorized = by_one(&current.link, &seen, officer, operation, self.parts.primitives.as_ref())?;
        match before {
            None => self.admit_user(&opened, &current, &authorized, pin.secret),
            Some(person) => self.recover_user(&opened, &current, &authorized, person, pin.secret),
        }
    }
}

/// Whether a token offers one ability of a mechanism; `year` is that of now, of a token in approved mode.
fn is_offered(row: &MechanismRow, can: &Can, year: Option<u64>) -> bool {
    year.is_none_or(|year| may_be_offered(row.mechanism, can.act(), year).is_ok())
}

/// 16 characters that name a token: the first 64 bits of its id.
pub(crate) fn serial_number(token: TokenId) -> String {
    hexadecimal(token.0.get(..8).unwrap_or_default())
}
