//! How people come to a token: its founder, its first user, and a user whose vault an officer opens again.

use std::collections::BTreeMap;
use std::sync::Arc;

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use crate::application::Application;
use crate::audit::{Event, Happening, hexadecimal};
use crate::commit::{From, HeadKey, Plan, UserHeadChange};
use crate::head::LinkHead;
use crate::place::{Held, Home};
use crate::policy::approved::{APPROVED_ONLY, EVERYTHING};
use crate::quorum::approval::{self, Authorized, Officer, Operation, by_one};
use crate::quorum::chain::{self, Link};
use crate::quorum::roster::{
    ALGORITHM_P384, DEFAULT_OFFICER, DEFAULT_USER, POLICY_OFFICER_PIN_LIMIT, POLICY_USER_PIN_LIMIT, Person,
    Role, Roster, SigningKey,
};
use crate::slot::{Current, Look, Opened, Slot};
use crate::store::{Header, RowId, RowKind, SealedRow, Shelf};
use crate::vault::escrow::{self, EscrowPoint, EscrowShare};
use crate::vault::keyring::{
    Keyring, KeyringLock, KeyringPlace, PersonId, PinKey, RosterPin, decode_vault_keys, encode_vault_keys,
};
use crate::vault::pin::{Pin, Trials};
use crate::vault::row::{DeviceKey, FORMAT, Life, ShelfKey};

/// A person's fresh keys and the lock that his PIN opens, before roster and rows know of them.
struct Enrolment {
    id: PersonId,
    keyring: Keyring,
    lock: KeyringLock,
    pin: PinKey,
}

/// Versions of the rows of a user who was admitted before: those that they get, and those that are there.
struct Again {
    keyring: u64,
    escrow: u64,
    keyring_seen: Option<u64>,
    escrow_seen: Option<u64>,
}

/// Rows that an initialisation or an admission writes.
struct Rows {
    link: RowId,
    keyring: RowId,
    escrow: RowId,
    head: RowId,
    event: RowId,
}

const UNPINNED: RosterPin = RosterPin { version: 0, hash: [0; 48] };

const ESCROWED_VAULT_KEYS: u16 = 1;
const ESCROWED_SEALING: u16 = 2;

impl Application {
    /// Makes a person's keys and stretches the PIN: slow, and under no lock.
    fn enrol(
        &self,
        pin: &[u8],
        vault_keys: Vec<(u32, Secret)>,
        shares: Vec<EscrowShare>,
    ) -> Result<Enrolment> {
        let primitives = self.parts.primitives.as_ref();
        let id = self.random()?;
        let cost = self.parts.settings.pin_cost;
        let lock = KeyringLock { person: id, cost, salt: self.random()?, factor: None };
        let keyring = Keyring {
            signing: primitives.p384_generate()?,
            sealing: primitives.p384_generate()?,
            shares,
            vault_keys,
            factor_seed: None,
            pin: UNPINNED,
        };
        let pin = PinKey::stretch(primitives, pin, &lock)?;
        Ok(Enrolment { id, keyring, lock, pin })
    }

    fn person(
        &self,
        enrolment: &Enrolment,
        name: &str,
        role: Role,
        next: (u32, u32),
        rows: &Rows,
    ) -> Result<Person> {
        let primitives = self.parts.primitives.as_ref();
        let signing = primitives.p384_point(&enrolment.keyring.signing)?;
        let user = role == Role::User;
        Ok(Person {
            id: enrolment.id,
            name: name.to_owned(),
            role,
            record: next.0,
            shelf: if user { Shelf(next.1) } else { Shelf::PUBLIC },
            keyring: rows.keyring,
            escrow: user.then_some(rows.escrow),
            head: user.then_some(rows.head),
            signing: vec![SigningKey { algorithm: ALGORITHM_P384, key: signing.to_vec() }],
            sealing: primitives.p384_point(&enrolment.keyring.sealing)?,
            recovery: None,
        })
    }

    fn reserve(&self, home: &Home) -> Result<Rows> {
        let mut ids = home.store.reserve(5)?.map(RowId);
        let mut next = || ids.next().ok_or(Error::Bug("a store that reserves too little"));
        Ok(Rows { link: next()?, keyring: next()?, escrow: next()?, head: next()?, event: next()? })
    }

    /// The device key of a life that is about to begin.
    fn device_key(&self, life: &Life) -> Result<DeviceKey> {
        let fresh = Secret::from(self.random::<32>()?);
        let key = self.parts.places.provide_device_key(life.token, life.incarnation, &fresh)?;
        DeviceKey::new(self.parts.primitives.as_ref(), &key)
    }

    fn event(&self, happening: Happening, person: Option<PersonId>, subjects: Vec<String>) -> Event {
        Event { happening, time: self.parts.clock.now(), person, subjects, succeeded: true }
    }

    /// Adds a link as row and as current one.
    pub(crate) fn plan_link(&self, plan: &mut Plan, life: &Life, row: RowId, link: &Link) {
        let sealed = SealedRow { header: chain::header(row, life.incarnation), body: link.encode() };
        let digest = chain::digest(&sealed, life, self.parts.primitives.as_ref());
        plan.link(LinkHead { row, version: link.roster.version, digest });
        plan.add(sealed, Vec::new());
    }

    /// The first initialisation of a token: device key, officer, escrow key, link 1.
    pub(crate) fn initialize_first(
        &self,
        slot: &Slot,
        pin: Option<&[u8]>,
        (label, mode): (String, u64),
    ) -> Result<()> {
        let pin = Pin::fresh(pin)?;
        let primitives = self.parts.primitives.as_ref();
        let escrow_key = primitives.p384_generate()?;
        let share = EscrowShare { epoch: 1, share: escrow_key.clone() };
        let mut officer = self.enrol(pin.secret, Vec::new(), vec![share])?;

        let life = Life { token: slot.token, incarnation: 1 };
        let device = self.device_key(&life)?;
        let home = self.parts.places.open(slot.token, true)?;
        let rows = self.reserve(&home)?;
        let person = self.person(&officer, DEFAULT_OFFICER, Role::Officer, (0, 1), &rows)?;
        let roster = Roster {
            token: slot.token,
            incarnation: life.incarnation,
            version: 1,
            previous: None,
            time: self.parts.clock.now(),
            label,
            people: vec![person],
            quorum: 1,
            escrow: EscrowPoint { epoch: 1, point: primitives.p384_point(&escrow_key)? },
            policy: self.policy(),
            trusted: Vec::new(),
            backup: None,
            mode,
            next: (1, 1),
        };
        let link = approval::found(roster, primitives, officer.id, &officer.keyring.signing)?;
        let head_key = HeadKey { life, key: device.head_key(primitives, &life) };
        let mut plan = Plan::new(Arc::clone(&self.parts.primitives), From::Nothing, head_key);
        self.plan_founder(&mut plan, &life, &device, &mut officer, &link, &rows)?;
        plan.record(rows.event, &self.event(Happening::TokenInitialized, Some(officer.id), Vec::new()));

        let _administration = home.counters.hold_administration()?;
        if home.store.load(&[RowId::PUBLIC_HEAD])?.pop().flatten().is_some() {
            return Err(Error::Conflict);
        }
        self.admit_to_counters(&life, &device, &home, 0, officer.id)?;
        plan.commit(home.store.as_ref()).map(drop)
    }

    /// Seals the founder's keyring, pinned to his own link, and adds link and keyring.
    fn plan_founder(
        &self,
        plan: &mut Plan,
        life: &Life,
        device: &DeviceKey,
        officer: &mut Enrolment,
        link: &Link,
        rows: &Rows,
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        officer.keyring.pin = RosterPin { version: link.roster.version, hash: link.hash(primitives) };
        let place = KeyringPlace { primitives, life, device };
        let header = keyring_header(rows.keyring, life, Shelf::PUBLIC, 1);
        plan.add(place.seal(header, &officer.lock, &officer.pin, &officer.keyring)?, Vec::new());
        self.plan_link(plan, life, rows.link, link);
        Ok(())
    }

    fn admit_to_counters(
        &self,
        life: &Life,
        device: &DeviceKey,
        home: &Home,
        record: u32,
        person: PersonId,
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let key = device.counter_key(primitives, life);
        let trials = Trials { primitives, life, key: &key, counters: home.counters.as_ref() };
        trials.admit(record, person, 1)
    }

    fn policy(&self) -> BTreeMap<String, u64> {
        let settings = &self.parts.settings;
        BTreeMap::from([
            (POLICY_USER_PIN_LIMIT.to_owned(), u64::from(settings.user_pin_limit)),
            (POLICY_OFFICER_PIN_LIMIT.to_owned(), u64::from(settings.officer_pin_limit)),
        ])
    }

    /// What the configuration says of tokens that are initialised here.
    pub(crate) fn mode_of_new_tokens(&self) -> u64 {
        if self.parts.settings.approved_mode { APPROVED_ONLY } else { EVERYTHING }
    }

    /// `C_InitToken` on a token that is in use: a link signed under the old roster begins a new life with the same
    /// officer alone; the old life's rows go in the same batch, its device key last.
    pub(crate) fn initialize_again(
        &self,
        slot: &Slot,
        opened: &Arc<Opened>,
        pin: Option<&[u8]>,
        (label, mode): (String, u64),
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let (person, old_keyring) =
            self.try_pin(opened, Role::Officer, &Pin::read(pin)?, Happening::TokenInitializedAgain)?;
        let current = opened.current();
        let under = &current.link.roster;
        let officer = Officer { person: person.id, keyring: &old_keyring };
        let seen = self.verified(opened, &current, &old_keyring)?;
        let operation = Operation::InitializeAgain { label: label.clone() };
        let authorized = by_one(&current.link, &seen, officer, operation, primitives)?;

        let escrow_key = primitives.p384_generate()?;
        let epoch = under.escrow.epoch.saturating_add(1);
        let share = EscrowShare { epoch, share: escrow_key.clone() };
        let mut fresh = self.enrol(Pin::read(pin)?.secret, Vec::new(), vec![share])?;
        let life = Life { token: slot.token, incarnation: opened.life.incarnation.saturating_add(1) };
        let device = self.device_key(&life)?;
        let rows = self.reserve(&opened.home)?;
        let next = Roster {
            incarnation: life.incarnation,
            people: vec![self.person(&fresh, &person.name, Role::Officer, under.next, &rows)?],
            quorum: 1,
            label,
            escrow: EscrowPoint { epoch, point: primitives.p384_point(&escrow_key)? },
            policy: self.policy(),
            trusted: Vec::new(),
            backup: None,
            mode: under.mode.max(mode), // Nobody leaves approved mode.
            next: (under.next.0.saturating_add(1), under.next.1),
            ..self.successor(&current)
        };
        let record = under.next.0;
        let link = authorized.sign(next, primitives)?;

        let from = From::Head { key: opened.head_key(), link: current.head };
        let to = HeadKey { life, key: device.head_key(primitives, &life) };
        let mut plan = Plan::new(Arc::clone(&self.parts.primitives), from, to);
        for kind in [RowKind::Object, RowKind::Keyring, RowKind::Escrow, RowKind::UserHead, RowKind::Share] {
            plan.clear(kind);
        }
        self.plan_founder(&mut plan, &life, &device, &mut fresh, &link, &rows)?;
        plan.record(rows.event, &self.event(Happening::TokenInitializedAgain, Some(person.id), Vec::new()));
        let _administration = self.hold_administration(opened, &current)?;
        let counts = slot.sessions.lock();
        if !counts.is_empty() {
            return Err(Error::SessionExists);
        }
        self.admit_to_counters(&life, &device, &opened.home, record, fresh.id)?;
        plan.commit(opened.home.store.as_ref())?;
        slot.end_life(opened);
        drop(counts);
        self.parts.places.destroy_device_keys_before(slot.token, life.incarnation)
    }

    /// Verifies the chain from what a keyring has seen last up to the roster that is about to be acted under.
    pub(crate) fn verified(
        &self,
        opened: &Opened,
        current: &Current,
        keyring: &Keyring,
    ) -> Result<RosterPin> {
        let newest = (current.head.row, &current.link);
        chain::verify_since(&keyring.pin, newest, self.parts.primitives.as_ref(), |row| opened.row(row))
    }

    /// Holds administration, over all processes, while the roster is still the one that was planned on: a number for a
    /// counter record comes from it.
    fn hold_administration(&self, opened: &Opened, current: &Current) -> Result<Box<dyn Held>> {
        let held = opened.home.counters.hold_administration()?;
        let row = opened.row(RowId::PUBLIC_HEAD)?.ok_or(Error::Conflict)?;
        if row.header.incarnation != opened.life.incarnation {
            return Err(Error::Conflict);
        }
        if opened.public_head(&self.parts)?.link == current.head { Ok(held) } else { Err(Error::Conflict) }
    }

    /// The current roster with version, time and predecessor of the next one.
    pub(crate) fn successor(&self, current: &Current) -> Roster {
        let hash = current.link.hash(self.parts.primitives.as_ref());
        Roster {
            version: current.link.roster.version.saturating_add(1),
            previous: Some((current.head.row, hash)),
            time: self.parts.clock.now(),
            ..current.link.roster.clone()
        }
    }

    /// `C_InitPIN` for a user who is not there yet: keyring, vault key, escrow, head, link.
    pub(crate) fn admit_user(
        &self,
        opened: &Opened,
        current: &Current,
        authorized: &Authorized<'_>,
        pin: &[u8],
    ) -> Result<()> {
        let vault_key = Secret::from(self.random::<32>()?);
        let enrolment = self.enrol(pin, vec![(1, vault_key)], Vec::new())?;
        let rows = self.reserve(&opened.home)?;
        let roster = authorized.roster();
        let person = self.person(&enrolment, DEFAULT_USER, Role::User, roster.next, &rows)?;
        let mut next = self.successor(current);
        next.people.push(person.clone());
        next.next = (roster.next.0.saturating_add(1), roster.next.1.saturating_add(1));
        let link = authorized.sign(next, self.parts.primitives.as_ref())?;

        let mut plan = opened.plan(&self.parts);
        self.plan_user(&mut plan, opened, &person, enrolment, &link, None)?;
        self.plan_link(&mut plan, &opened.life, rows.link, &link);
        let officer = authorized.officer().person;
        let subjects = vec![hexadecimal(&person.id)];
        plan.record(rows.event, &self.event(Happening::UserAdmitted, Some(officer), subjects));
        let _administration = self.hold_administration(opened, current)?;
        opened.trials(&self.parts).admit(person.record, person.id, 1)?;
        plan.commit(opened.home.store.as_ref())?;
        opened.look(&self.parts, Look::Now).map(drop)
    }

    /// `C_InitPIN` for a user who is there: the escrow gives his vault keys back, and he gets new signing and sealing
    /// keys, a new PIN and a fresh counter.
    pub(crate) fn recover_user(
        &self,
        opened: &Opened,
        current: &Current,
        authorized: &Authorized<'_>,
        before: &Person,
        pin: &[u8],
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let escrow = before.escrow.ok_or(Error::Bug("a user without an escrow"))?;
        let row = opened.row(escrow)?.ok_or_else(|| Error::Forged {
            what: format!("escrow of {}", before.name),
            reason: "it is not there",
        })?;
        opened.life.check(&row.header)?;
        let associated = escrow_associated(&opened.life, &row.header, before);
        let shares = &authorized.officer().keyring.shares;
        let signing = before.signing.first().map(|key| key.key.as_slice()).unwrap_or_default();
        let to = &authorized.roster().escrow;
        let plain = escrow::open_alone(primitives, to, shares, signing, &associated, &row.body)?;
        let escrowed = Record::read(plain.expose(), &[ESCROWED_VAULT_KEYS, ESCROWED_SEALING])?;
        let vault_keys = decode_vault_keys(&escrowed.list(ESCROWED_VAULT_KEYS)?)?;

        let mut enrolment = self.enrol(pin, vault_keys, Vec::new())?;
        enrolment.id = before.id;
        enrolment.lock.person = before.id;
        let rows = self.reserve(&opened.home)?;
        let fresh = self.person(&enrolment, &before.name, Role::User, (0, 0), &rows)?;
        let record = authorized.roster().next.0;
        let person = Person { record, signing: fresh.signing, sealing: fresh.sealing, ..before.clone() };
        let mut next = self.successor(current);
        next.next.0 = record.saturating_add(1);
        next.people.iter_mut().filter(|p| p.id == person.id).for_each(|p| *p = person.clone());
        let link = authorized.sign(next, primitives)?;

        let keyring_seen = opened.row(person.keyring)?.map(|row| row.header.version);
        // Whatever stands in the file, the new keyring is newer than every one that was ever opened.
        let allowance = Opened::allowance(authorized.roster(), before);
        let counted =
            opened.trials(&self.parts).counter(allowance).map_or(0, |counter| counter.keyring_version);
        let mut plan = opened.plan(&self.parts);
        let version = keyring_seen.unwrap_or(0).max(counted).saturating_add(1);
        let escrow_seen = Some(row.header.version);
        let escrow = row.header.version.saturating_add(1);
        let again = Again { keyring: version, escrow, keyring_seen, escrow_seen };
        self.plan_user(&mut plan, opened, &person, enrolment, &link, Some(again))?;
        self.plan_link(&mut plan, &opened.life, rows.link, &link);
        let subjects = vec![hexadecimal(&person.id)];
        let officer = authorized.officer().person;
        plan.record(rows.event, &self.event(Happening::UserRecovered, Some(officer), subjects));
        let _administration = self.hold_administration(opened, current)?;
        opened.trials(&self.parts).admit(record, person.id, version)?;
        plan.commit(opened.home.store.as_ref())?;
        opened.look(&self.parts, Look::Now).map(drop)
    }

    /// A user's keyring, escrow and head. `again` is for one who was admitted before.
    fn plan_user(
        &self,
        plan: &mut Plan,
        opened: &Opened,
        person: &Person,
        mut enrolment: Enrolment,
        link: &Link,
        again: Option<Again>,
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let life = &opened.life;
        let (keyring_version, escrow_version) =
            again.as_ref().map_or((1, 1), |again| (again.keyring, again.escrow));
        enrolment.keyring.pin = RosterPin { version: link.roster.version, hash: link.hash(primitives) };
        let header = keyring_header(person.keyring, life, person.shelf, keyring_version);
        let keyring =
            opened.keyrings(&self.parts).seal(header, &enrolment.lock, &enrolment.pin, &enrolment.keyring)?;

        let escrow = person.escrow.ok_or(Error::Bug("a user without an escrow"))?;
        let header = Header { kind: RowKind::Escrow, id: escrow, version: escrow_version, ..header };
        let escrowed = Writer::new()
            .list(ESCROWED_VAULT_KEYS, encode_vault_keys(&enrolment.keyring.vault_keys))
            .field(ESCROWED_SEALING, enrolment.keyring.sealing.expose())
            .finish();
        let associated = escrow_associated(life, &header, person);
        let signing = &enrolment.keyring.signing;
        let body = escrow::seal(primitives, &link.roster.escrow, signing, &associated, escrowed.expose())?;
        let escrow = SealedRow { header, body };
        if let Some(again) = again {
            plan.put(keyring, again.keyring_seen);
            plan.put(escrow, again.escrow_seen);
            return Ok(());
        }
        plan.add(keyring, Vec::new());
        plan.add(escrow, Vec::new());
        let head = person.head.ok_or(Error::Bug("a user without a head"))?;
        let (number, key) =
            enrolment.keyring.vault_keys.last().ok_or(Error::Bug("a user without a vault key"))?;
        let key = Arc::new(ShelfKey::new(primitives, *number, key.expose())?);
        let keys = vec![Arc::clone(&key)];
        plan.user_head(UserHeadChange { place: (head, person.shelf), key, keys, objects: 0, fresh: true });
        Ok(())
    }
}

/// The header of a keyring's row.
pub(crate) fn keyring_header(id: RowId, life: &Life, shelf: Shelf, version: u64) -> Header {
    Header {
        format: FORMAT,
        id,
        shelf,
        kind: RowKind::Keyring,
        incarnation: life.incarnation,
        vault_key: 0,
        generation: 0,
        version,
    }
}

fn escrow_associated(life: &Life, header: &Header, person: &Person) -> Vec<u8> {
    [life.associated(header).as_slice(), &person.id].concat()
}
