//! Chapter 5.6: logging in and out, and changing one's PIN.

use std::sync::Arc;

use pkcs11::{Error, Result, SessionHandle, UserType};

use crate::application::Application;
use crate::audit::{Event, Happening};
use crate::head::UserHead;
use crate::login::Login;
use crate::people::keyring_header;
use crate::quorum::chain;
use crate::quorum::roster::{Person, Role};
use crate::session::Session;
use crate::slot::{Look, Opened, Slot};
use crate::store::{RowId, SealedRow};
use crate::vault::keyring::{Keyring, KeyringLock, PinKey};
use crate::vault::pin::{MAX_PIN, Pin};

/// A PIN that was right: whose, the row that it opened, and what was in it.
struct Proven {
    person: Person,
    row: SealedRow,
    lock: KeyringLock,
    pin: PinKey,
    keyring: Keyring,
}

impl Application {
    pub(crate) fn do_login(&self, session: SessionHandle, user: UserType, pin: Option<&[u8]>) -> Result<()> {
        let session = self.session(session)?;
        if user == UserType::ContextSpecific {
            return self.login_for_operation(&session, || Pin::read(pin));
        }
        self.log_in(&session, user, &Pin::read(pin)?)
    }

    pub(crate) fn do_login_user(
        &self,
        session: SessionHandle,
        user: UserType,
        pin: Option<&[u8]>,
        name: Option<&[u8]>,
    ) -> Result<()> {
        let session = self.session(session)?;
        let secret =
            pin.ok_or(Error::ArgumentsBad("no PIN, and there is no protected authentication path"))?;
        let name = match name {
            None | Some([]) => None,
            Some(name) => Some(std::str::from_utf8(name).map_err(|_| Error::PinIncorrect)?),
        };
        if secret.len() > MAX_PIN {
            return Err(Error::PinLenRange);
        }
        let pin = Pin { name, secret };
        match user {
            UserType::ContextSpecific => self.login_for_operation(&session, || Ok(pin)),
            _ => self.log_in(&session, user, &pin),
        }
    }

    fn log_in(&self, session: &Session, user: UserType, pin: &Pin<'_>) -> Result<()> {
        let slot = &session.slot;
        let role = role(user)?;
        may_log_in(slot, role, slot.sessions.lock().read_only)?;
        let opened = slot.token(&self.parts, Look::Now)?;
        let proven = self.prove(&opened, role, pin, Happening::Login)?;
        let login = Login::new(self.parts.primitives.as_ref(), &proven.person, proven.keyring)?;
        self.check_head(&opened, &login)?;
        {
            let counts = slot.sessions.lock();
            may_log_in(slot, role, counts.read_only)?;
            // A session closed meanwhile may have been the last: nobody would ever log this person out.
            self.session(session.handle)?;
            slot.set_login(Some(login));
        }
        self.record_alone(&opened, self.login_event(Some(proven.person.id)));
        Ok(())
    }

    /// A login for one operation with a key that asks for it (`CKA_ALWAYS_AUTHENTICATE`).
    fn login_for_operation<'a>(
        &self,
        session: &Session,
        pin: impl FnOnce() -> Result<Pin<'a>>,
    ) -> Result<()> {
        let slot = &session.slot;
        let waits =
            session.with(|work| work.operations.awaits_login().ok_or(Error::OperationNotInitialized))?;
        let standing = slot.standing();
        let login = standing.login.as_ref().ok_or(Error::UserNotLoggedIn)?;
        let opened = slot.token(&self.parts, Look::Now)?;
        let proven = self.prove_person(&opened, login, pin()?)?;
        log::debug!("{} has logged in for one operation", proven.person.name);
        session.with(|work| {
            work.operations.allow_once(waits);
            Ok(())
        })
    }

    fn login_event(&self, person: Option<[u8; 16]>) -> Event {
        let time = self.parts.clock.now();
        Event { happening: Happening::Login, time, person, subjects: Vec::new(), succeeded: true }
    }

    /// Records an event that stands for itself. Who may act must not depend on the room for its record: a store that
    /// cannot take it is said in the log.
    pub(crate) fn record_alone(&self, opened: &Opened, event: Event) {
        let mut again = false;
        let recorded = opened.landing.land(self.parts.settings.busy_wait, || {
            // The roster has moved on since the last look, by this process or another.
            if std::mem::replace(&mut again, true) && opened.look(&self.parts, Look::Now)? {
                return Err(Error::TokenNotInitialized);
            }
            let mut plan = opened.plan(&self.parts);
            if let Some(row) = self.reserve_rows(opened, 1)?.first() {
                plan.record(*row, &event);
            }
            plan.commit(opened.home.store.as_ref())
        });
        if let Err(error) = recorded {
            log::error!("the audit event {} could not be recorded: {error}", event.happening.name());
        }
    }

    pub(crate) fn reserve_rows(&self, opened: &Opened, count: u32) -> Result<Vec<RowId>> {
        Ok(opened.home.store.reserve(count)?.map(RowId).collect())
    }

    fn check_head(&self, opened: &Opened, login: &Login) -> Result<()> {
        let Some(own) = &login.own else { return Ok(()) };
        let refuse = |reason| Error::Forged { what: "user's head".to_owned(), reason };
        let row = opened.row(own.head)?.ok_or_else(|| refuse("it is not there"))?;
        let key = own.keys.iter().find(|key| key.number() == row.header.vault_key);
        let key = key.ok_or_else(|| refuse("it lies under a vault key that the user does not have"))?;
        UserHead::open(self.parts.primitives.as_ref(), &opened.life, key, &row).map(drop)
    }

    /// Tries a PIN; gives the person and the open keyring. Verifies the roster from what the keyring has seen last.
    pub(crate) fn try_pin(
        &self,
        opened: &Opened,
        role: Role,
        pin: &Pin<'_>,
        what_for: Happening,
    ) -> Result<(Person, Keyring)> {
        self.prove(opened, role, pin, what_for).map(|proven| (proven.person, proven.keyring))
    }

    /// Tries a PIN; a wrong one is recorded with what it was tried for.
    fn prove(&self, opened: &Opened, role: Role, pin: &Pin<'_>, what_for: Happening) -> Result<Proven> {
        let proven = self.prove_unrecorded(opened, role, pin);
        if matches!(proven, Err(Error::PinIncorrect)) {
            let current = opened.current();
            let person = current.link.roster.named(role, pin.name).map(|person| person.id);
            let event = Event { happening: what_for, succeeded: false, ..self.login_event(person) };
            self.record_alone(opened, event);
        }
        proven
    }

    fn prove_unrecorded(&self, opened: &Opened, role: Role, pin: &Pin<'_>) -> Result<Proven> {
        let current = opened.current();
        let roster = &current.link.roster;
        let Some(person) = roster.named(role, pin.name) else {
            if pin.name.is_none() {
                return Err(Error::UserPinNotInitialized);
            }
            // Somebody unknown costs as much time as somebody known.
            let cost = self.parts.settings.pin_cost;
            self.parts.primitives.argon2id(pin.secret, &self.random::<32>()?, cost)?;
            return Err(Error::PinIncorrect);
        };
        let mut again = false;
        loop {
            match self.prove_once(opened, person, pin.secret) {
                // Another process has sealed the keyring anew since it was read.
                Err(Error::Conflict) if !again => again = true,
                Err(Error::Conflict) => {
                    let what = format!("keyring of {}", person.name);
                    return Err(Error::Forged { what, reason: "it is older than its counter record" });
                }
                Err(error) => return Err(error),
                Ok(proven) => return self.believe(opened, proven),
            }
        }
    }

    fn prove_once(&self, opened: &Opened, person: &Person, secret: &[u8]) -> Result<Proven> {
        let refuse = |reason| Error::Forged { what: format!("keyring of {}", person.name), reason };
        let row = opened.row(person.keyring)?.ok_or_else(|| refuse("it is not there"))?;
        let keyrings = opened.keyrings(&self.parts);
        let lock = keyrings.lock(&row)?;
        if lock.person != person.id || row.header.id != person.keyring || row.header.shelf != person.shelf {
            return Err(refuse("it is another person's"));
        }
        let pin = PinKey::stretch(self.parts.primitives.as_ref(), secret, &lock)?;
        let roster = &opened.current().link.roster;
        let keyring = opened.trials(&self.parts).run(Opened::allowance(roster, person), |version| {
            if row.header.version < version {
                return Err(Error::Conflict);
            }
            let opened = keyrings.open(&row, &lock, &pin)?;
            Ok(opened.map(|keyring| (row.header.version, keyring)))
        })?;
        Ok(Proven { person: person.clone(), row, lock, pin, keyring })
    }

    /// Verifies the chain of links from the keyring's pin before anything else changes, and moves the pin.
    fn believe(&self, opened: &Opened, mut proven: Proven) -> Result<Proven> {
        let primitives = self.parts.primitives.as_ref();
        let current = opened.current();
        let pin =
            chain::verify_since(&proven.keyring.pin, (current.head.row, &current.link), primitives, |row| {
                opened.row(row)
            })?;
        let point = primitives.p384_point(&proven.keyring.signing)?;
        let listed = current.link.roster.person(&proven.person.id);
        if !listed.is_some_and(|person| person.signing.iter().any(|key| key.key == point)) {
            let what = format!("keyring of {}", proven.person.name);
            return Err(Error::Forged {
                what,
                reason: "the roster names another signing key for this person",
            });
        }
        if pin == proven.keyring.pin {
            return Ok(proven);
        }
        proven.keyring.pin = pin;
        match self.reseal(opened, &proven, None) {
            Ok(row) => proven.row = row,
            Err(Error::Conflict) => {
                log::debug!("another process has moved the pin of {}", proven.person.name)
            }
            Err(error) => log::error!("the keyring of {} keeps its older pin: {error}", proven.person.name),
        }
        Ok(proven)
    }

    /// Seals a keyring anew in its row, one version up; under a new PIN's lock and key where one is given.
    fn reseal(
        &self,
        opened: &Opened,
        proven: &Proven,
        fresh: Option<(&KeyringLock, &PinKey, Event)>,
    ) -> Result<SealedRow> {
        let version = proven.row.header.version.saturating_add(1);
        let header = keyring_header(proven.person.keyring, &opened.life, proven.person.shelf, version);
        let mut plan = opened.plan(&self.parts);
        let (lock, pin) = fresh.as_ref().map_or((&proven.lock, &proven.pin), |(lock, pin, _)| (*lock, *pin));
        let row = opened.keyrings(&self.parts).seal(header, lock, pin, &proven.keyring)?;
        plan.replace(row.clone(), Vec::new());
        if let Some((_, _, event)) = &fresh
            && let Some(row) = self.reserve_rows(opened, 1)?.first()
        {
            plan.record(*row, event);
        }
        plan.commit(opened.home.store.as_ref())?;
        let roster = &opened.current().link.roster;
        let allowance = Opened::allowance(roster, &proven.person);
        // The keyring is on the disk: a record that stays behind is raised by the next login.
        if let Err(error) = opened.trials(&self.parts).raise_keyring_version(allowance, version) {
            log::error!("the counter of {} keeps its older version: {error}", proven.person.name);
        }
        Ok(row)
    }

    pub(crate) fn do_set_pin(
        &self,
        session: SessionHandle,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) -> Result<()> {
        let session = self.session(session)?;
        if session.access == pkcs11::Access::ReadOnly {
            return Err(Error::SessionReadOnly);
        }
        let slot = &session.slot;
        let opened = slot.token(&self.parts, Look::Now)?;
        let standing = slot.standing();
        let current = opened.current();
        let roster = &current.link.roster;
        let whose = match &standing.login {
            Some(login) => roster.person(&login.person),
            None => roster.named(Role::User, None),
        };
        let person = whose.ok_or(Error::UserPinNotInitialized)?;
        let new = Pin::fresh_for(new, &person.name)?;
        let proven = self.prove(&opened, person.role, &Pin::of(old, &person.name)?, Happening::PinChanged)?;
        let primitives = self.parts.primitives.as_ref();
        let cost = self.parts.settings.pin_cost;
        let lock = KeyringLock { salt: self.random()?, cost, ..proven.lock.clone() };
        let pin = PinKey::stretch(primitives, new.secret, &lock)?;
        let event = Event { happening: Happening::PinChanged, ..self.login_event(Some(person.id)) };
        self.reseal(&opened, &proven, Some((&lock, &pin, event))).map(drop)
    }

    fn prove_person(&self, opened: &Opened, login: &Login, pin: Pin<'_>) -> Result<Proven> {
        let current = opened.current();
        let person = current.link.roster.person(&login.person).ok_or(Error::UserNotLoggedIn)?;
        self.prove(opened, login.role, &pin.given_by(&person.name)?, Happening::Login)
    }

    pub(crate) fn do_logout(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        let slot = &session.slot;
        let login = {
            let _counts = slot.sessions.lock();
            let standing = slot.standing();
            if standing.login.is_none() {
                return Err(Error::UserNotLoggedIn);
            }
            slot.set_login(None);
            standing
        };
        if let Some(login) = &login.login {
            self.logged_out(slot, login);
        }
        Ok(())
    }

    /// What follows when nobody is logged in any more: private session objects go, and the log says so.
    pub(crate) fn logged_out(&self, slot: &Arc<Slot>, login: &Login) {
        self.drop_session_objects(|object| {
            object.slot == slot.id && object.object.attributes.is(pkcs11::constants::CKA_PRIVATE)
        });
        for (_, session) in self.sessions.values() {
            if Arc::ptr_eq(&session.slot, slot) {
                session.end_private_operations(slot.epoch());
            }
        }
        if let Ok(opened) = slot.token(&self.parts, Look::Lately) {
            let event = Event { happening: Happening::Logout, ..self.login_event(Some(login.person)) };
            self.record_alone(&opened, event);
        }
    }
}

fn role(user: UserType) -> Result<Role> {
    match user {
        UserType::So => Ok(Role::Officer),
        UserType::User => Ok(Role::User),
        UserType::ContextSpecific => Err(Error::UserTypeInvalid),
    }
}

/// PKCS#11 v3.2 section 5.6.8: one kind of user at a time, and no officer beside read-only sessions.
fn may_log_in(slot: &Slot, role: Role, read_only: u64) -> Result<()> {
    match &slot.standing().login {
        Some(login) if login.role == role => Err(Error::UserAlreadyLoggedIn),
        Some(_) => Err(Error::UserAnotherAlreadyLoggedIn),
        None if role == Role::Officer && read_only > 0 => Err(Error::SessionReadOnlyExists),
        None => Ok(()),
    }
}
