//! Slots: a token's place as this application sees it, opened when it is first needed and kept fresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use arc_swap::{ArcSwap, ArcSwapOption};
use pkcs11::constants::{CKA_PRIVATE, CKA_TOKEN};
use pkcs11::{Attributes, Error, Result, Secret, SlotId};

use crate::commit::{From, HeadKey, Landing, Plan};
use crate::head::{LinkHead, PublicHead};
use crate::login::{Epoch, Login};
use crate::object::{Object, ObjectCache};
use crate::parts::Parts;
use crate::place::{Home, Place, TokenId};
use crate::policy::approved::EVERYTHING;
use crate::policy::attributes::Shape;
use crate::quorum::chain::{self, Link};
use crate::quorum::roster::{Person, Roster};
use crate::store::{Changes, Revision, RowId, RowKind, SealedRow, Shelf};
use crate::sync::Mutex;
use crate::trusted;
use crate::vault::keyring::KeyringPlace;
use crate::vault::pin::{Allowance, Trials};
use crate::vault::row::{DeviceKey, Life, ShelfKey, describe};

/// How fresh a look must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As of this moment.
    Now,
    /// At most the configured staleness old.
    Lately,
}

/// A slot.
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// Its token.
    pub token: TokenId,
    /// How changes come to land on the token.
    pub landing: Arc<Landing>,
    opened: ArcSwapOption<Opened>,
    opening: Mutex<()>,
    standing: ArcSwap<Standing>,
    /// Sessions open by this application; also the lock under which logins and session counts change.
    pub sessions: Mutex<SessionCounts>,
}

/// Who is logged in, and since which change: read as one, so that nobody pairs one login's keys with another's epoch.
pub struct Standing {
    /// Raised at each login and logout.
    pub epoch: Epoch,
    /// Who, if anybody.
    pub login: Option<Login>,
}

/// How many sessions are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Read-only ones.
    pub read_only: u64,
    /// Read-write ones.
    pub read_write: u64,
}

impl SessionCounts {
    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read_only + self.read_write == 0
    }
}

/// A token, opened, in one of its lives.
pub struct Opened {
    /// Where it lives.
    pub home: Home,
    /// Which life.
    pub life: Life,
    /// Its device key.
    pub device: DeviceKey,
    /// The key of the public shelf.
    pub shelf: Arc<ShelfKey>,
    /// Opened objects.
    pub cache: ObjectCache,
    /// How changes come to land on it: the slot's.
    pub landing: Arc<Landing>,
    head_key: Secret,
    counter_key: Secret,
    current: ArcSwap<Current>,
    seen: AtomicU64,
    looked: AtomicU64,
    looking: Mutex<()>,
}

/// The roster in force, and where it stands.
pub struct Current {
    /// Which link.
    pub head: LinkHead,
    /// The link.
    pub link: Link,
}

impl Slot {
    /// A slot that has not been looked at.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        Self {
            id: place.slot,
            token: place.token,
            landing: Arc::new(Landing::new(place.token)),
            opened: ArcSwapOption::empty(),
            opening: Mutex::new("opening", ()),
            standing: ArcSwap::from_pointee(Standing { epoch: Epoch(1), login: None }),
            sessions: Mutex::new("logins", SessionCounts::default()),
        }
    }

    /// Who is logged in now.
    #[must_use]
    pub fn standing(&self) -> Arc<Standing> {
        self.standing.load_full()
    }

    /// The epoch of now; an operation on a private object begun under another is over.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.standing.load().epoch
    }

    /// Whether the token, as it was seen last, offers approved algorithms alone.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.opened.load().as_ref().is_some_and(|opened| opened.current().link.roster.mode != EVERYTHING)
    }

    /// Makes somebody, or nobody, logged in. Call it with [`Slot::sessions`] locked. Forgets the private objects.
    pub fn set_login(&self, login: Option<Login>) {
        let epoch = Epoch(self.epoch().0.wrapping_add(1));
        self.standing.store(Arc::new(Standing { epoch, login }));
        self.forget_private();
    }

    /// Forgets the opened private objects: nobody, or somebody else, is logged in.
    pub fn forget_private(&self) {
        if let Some(opened) = self.opened.load().as_ref() {
            opened
                .cache
                .forget_all(|object| object.header.is_none_or(|header| header.shelf != Shelf::PUBLIC));
        }
    }

    /// The token, as fresh as asked.
    ///
    /// # Errors
    /// [`Error::TokenNotInitialized`], [`Error::DeviceKey`], [`Error::Forged`], and those of the store.
    pub fn token(&self, parts: &Parts, look: Look) -> Result<Arc<Opened>> {
        if let Some(opened) = self.opened.load_full() {
            if !opened.look(parts, look)? {
                return Ok(opened);
            }
            // Another process has initialised the token again: nobody is logged in to this life of it.
            let _counts = self.sessions.lock();
            self.end_life(&opened);
        }
        let _opening = self.opening.lock();
        if let Some(opened) = self.opened.load_full() {
            return Ok(opened);
        }
        let opened = Arc::new(Opened::open(parts, self.token, Arc::clone(&self.landing))?);
        self.opened.store(Some(Arc::clone(&opened)));
        Ok(opened)
    }

    /// Ends what is known of a life of the token, and the login to it; what is known of a newer one stays. Call it with
    /// [`Slot::sessions`] locked.
    pub fn end_life(&self, ended: &Arc<Opened>) {
        if self.opened.load().as_ref().is_some_and(|opened| Arc::ptr_eq(opened, ended)) {
            self.set_login(None);
            self.opened.store(None);
        }
    }
}

impl Opened {
    fn open(parts: &Parts, token: TokenId, landing: Arc<Landing>) -> Result<Self> {
        let primitives = parts.primitives.as_ref();
        let home = parts.places.open(token, false)?;
        let revision = home.store.revision()?;
        let row = load_one(&home, RowId::PUBLIC_HEAD)?.ok_or_else(|| match revision {
            Revision(0) => Error::TokenNotInitialized,
            // Every commit writes the head.
            _ => head_is_gone(),
        })?;
        let life = Life { token, incarnation: row.header.incarnation };
        let device = DeviceKey::new(primitives, &parts.places.device_key(token, life.incarnation)?)?;
        let head_key = device.head_key(primitives, &life);
        let head = PublicHead::open(primitives, &life, &head_key, &row)?;
        check_revision(&head, revision)?;
        let current = read_current(parts, &home, &life, head.link)?;
        // Whoever began this life may have been killed before the older one's key was gone.
        let older = life.incarnation.saturating_sub(1);
        if older > 0 && parts.places.device_key(token, older).is_ok() {
            parts.places.destroy_device_keys_before(token, life.incarnation)?;
        }
        Ok(Self {
            shelf: Arc::new(device.public_shelf(primitives, &life)?),
            counter_key: device.counter_key(primitives, &life),
            cache: ObjectCache::new(parts.settings.cached_objects),
            current: ArcSwap::from_pointee(current),
            seen: AtomicU64::new(revision.0),
            looked: AtomicU64::new(milliseconds()),
            looking: Mutex::new("looking", ()),
            landing,
            head_key,
            home,
            life,
            device,
        })
    }

    /// The roster in force.
    #[must_use]
    pub fn current(&self) -> Arc<Current> {
        self.current.load_full()
    }

    /// Takes in what other processes, and our own commits, have written. True when this life of the token is over.
    ///
    /// # Errors
    /// [`Error::Forged`], and those of the store.
    pub fn look(&self, parts: &Parts, look: Look) -> Result<bool> {
        let staleness = u64::try_from(parts.settings.staleness.as_millis()).unwrap_or(u64::MAX);
        let age = milliseconds().saturating_sub(self.looked.load(Ordering::Relaxed));
        if look == Look::Lately && age < staleness {
            return Ok(false);
        }
        let revision = self.home.store.revision()?;
        let seen = Revision(self.seen.load(Ordering::Acquire));
        let over = if revision == seen { false } else { self.take_in(parts)? };
        self.looked.store(milliseconds(), Ordering::Relaxed);
        Ok(over)
    }

    fn take_in(&self, parts: &Parts) -> Result<bool> {
        let _looking = self.looking.lock();
        let seen = Revision(self.seen.load(Ordering::Acquire));
        let (now, rows) = match self.home.store.changes(seen)? {
            Changes::Rows { now, ids } => (now, Some(ids)),
            Changes::TooOld { now } => (now, None),
        };
        if now < seen {
            let what = "store".to_owned();
            return Err(Error::Forged {
                what,
                reason: "its revision has fallen: an older copy was put in its place",
            });
        }
        let row = load_one(&self.home, RowId::PUBLIC_HEAD)?.ok_or_else(head_is_gone)?;
        if row.header.incarnation != self.life.incarnation {
            return Ok(true);
        }
        let head = PublicHead::open(parts.primitives.as_ref(), &self.life, &self.head_key, &row)?;
        check_revision(&head, now)?;
        if head.link != self.current().head {
            self.current.store(Arc::new(read_current(parts, &self.home, &self.life, head.link)?));
            // What is trusted stands in the roster.
            self.cache.forget_all(|_| true);
        }
        // First the revision, then the cache: who keeps an object compares the revision afterwards.
        self.seen.store(now.0, Ordering::Release);
        match rows {
            Some(rows) => rows.into_iter().for_each(|row| self.cache.forget(row)),
            None => self.cache.forget_all(|_| true),
        }
        Ok(false)
    }

    /// The object of a row, when who is logged in may see it.
    ///
    /// # Errors
    /// [`Error::Forged`] for a row that is not what was sealed, and those of the store.
    pub fn object(&self, parts: &Parts, login: Option<&Login>, id: RowId) -> Result<Option<Arc<Object>>> {
        if let Some(object) = self.cache.object(id) {
            let shelf = object.header.map_or(Shelf::PUBLIC, |header| header.shelf);
            return Ok(may_open(shelf, login).then_some(object));
        }
        let seen = self.seen.load(Ordering::Acquire);
        let Some(row) = load_one(&self.home, id)? else { return Ok(None) };
        self.open_row(parts, login, &row, seen)
    }

    /// The objects of rows, in order; those that are gone or not to be seen are left out, and so are those that are
    /// refused, with a line in the log: one bad row must not hide the others.
    ///
    /// # Errors
    /// Those of the store.
    pub fn objects(&self, parts: &Parts, login: Option<&Login>, ids: &[RowId]) -> Result<Vec<Arc<Object>>> {
        let seen = self.seen.load(Ordering::Acquire);
        // Held from here on: whoever forgets one meanwhile does not take it out of the answer.
        let cached: Vec<Option<Arc<Object>>> = ids.iter().map(|id| self.cache.object(*id)).collect();
        let missing = ids.iter().zip(&cached).filter(|(_, cached)| cached.is_none());
        let missing: Vec<RowId> = missing.map(|(id, _)| *id).collect();
        let mut loaded: Vec<SealedRow> = self.home.store.load(&missing)?.into_iter().flatten().collect();
        loaded.sort_by_key(|row| row.header.id);
        let mut objects = Vec::with_capacity(ids.len());
        for (id, cached) in ids.iter().zip(cached) {
            let row =
                || loaded.binary_search_by_key(id, |row| row.header.id).ok().and_then(|i| loaded.get(i));
            let object = match (cached, row()) {
                (Some(object), _) => Ok(Some(object)),
                (None, Some(row)) => self.open_found(parts, login, row, seen),
                (None, None) => Ok(None),
            };
            match object {
                Ok(object) => objects.extend(object),
                Err(error @ (Error::Forged { .. } | Error::Encoding(_))) => log::error!("{error}"),
                Err(error) => return Err(error),
            }
        }
        Ok(objects)
    }

    /// Opens a row that a search has led to: its tags say that it is an object of an open shelf, so it must be one.
    fn open_found(
        &self,
        parts: &Parts,
        login: Option<&Login>,
        row: &SealedRow,
        seen: u64,
    ) -> Result<Option<Arc<Object>>> {
        let object = self.open_row(parts, login, row, seen)?;
        if object.is_none() {
            let reason = "its tags name another kind or shelf than stands beside it";
            return Err(Error::Forged { what: describe(&row.header), reason });
        }
        Ok(object)
    }

    fn open_row(
        &self,
        parts: &Parts,
        login: Option<&Login>,
        row: &SealedRow,
        seen: u64,
    ) -> Result<Option<Arc<Object>>> {
        let header = &row.header;
        if header.kind != RowKind::Object {
            log::info!("{}: is asked for as an object", describe(header));
            return Ok(None);
        }
        if !may_open(header.shelf, login) {
            log::info!("{}: lies on shelf {}, which is not open here", describe(header), header.shelf.0);
            return Ok(None);
        }
        let key = self.shelf_key(header.shelf, header.vault_key, login).ok_or_else(|| Error::Forged {
            what: describe(header),
            reason: "its shelf has no such vault key",
        })?;
        let plain = key.open(parts.primitives.as_ref(), &self.life, row)?;
        let mut attributes = Attributes::decode(plain.expose()).map_err(|_| Error::Forged {
            what: describe(header),
            reason: "its content is not that of an object",
        })?;
        if attributes.is(CKA_PRIVATE) == (header.shelf == Shelf::PUBLIC)
            || !attributes.is(CKA_TOKEN)
            || Shape::of(&attributes).is_none()
        {
            let reason = "its content is not that of an object on this shelf";
            return Err(Error::Forged { what: describe(header), reason });
        }
        trusted::mark(parts.primitives.as_ref(), &self.current().link.roster, &mut attributes);
        let object = Arc::new(Object::of_row(*header, attributes));
        self.cache.keep(header.id, &object);
        if self.seen.load(Ordering::Acquire) != seen {
            self.cache.forget(header.id);
        }
        Ok(Some(object))
    }

    fn shelf_key(&self, shelf: Shelf, number: u32, login: Option<&Login>) -> Option<Arc<ShelfKey>> {
        if shelf == Shelf::PUBLIC {
            return (number == 0).then(|| Arc::clone(&self.shelf));
        }
        let own = login?.own.as_ref().filter(|own| own.shelf == shelf)?;
        own.keys.iter().find(|key| key.number() == number).map(Arc::clone)
    }

    /// A plan for a batch on this life of the token.
    #[must_use]
    pub fn plan(&self, parts: &Parts) -> Plan {
        let key = HeadKey { life: self.life, key: self.head_key.clone() };
        let from = From::Head { key: key.clone(), link: self.current().head };
        Plan::new(Arc::clone(&parts.primitives), from, key)
    }

    /// The head's key, for a plan that ends this life.
    #[must_use]
    pub fn head_key(&self) -> HeadKey {
        HeadKey { life: self.life, key: self.head_key.clone() }
    }

    /// Where keyrings are sealed.
    #[must_use]
    pub fn keyrings<'a>(&'a self, parts: &'a Parts) -> KeyringPlace<'a> {
        KeyringPlace { primitives: parts.primitives.as_ref(), life: &self.life, device: &self.device }
    }

    /// The counters of PIN trials.
    #[must_use]
    pub fn trials<'a>(&'a self, parts: &'a Parts) -> Trials<'a> {
        Trials {
            primitives: parts.primitives.as_ref(),
            life: &self.life,
            key: &self.counter_key,
            counters: self.home.counters.as_ref(),
        }
    }

    /// What a person may try.
    #[must_use]
    pub fn allowance(roster: &Roster, person: &Person) -> Allowance {
        Allowance { record: person.record, person: person.id, limit: roster.pin_limit(person.role) }
    }

    /// A row, read anew.
    ///
    /// # Errors
    /// Those of the store.
    pub fn row(&self, id: RowId) -> Result<Option<SealedRow>> {
        load_one(&self.home, id)
    }

    /// The public head, read anew.
    ///
    /// # Errors
    /// [`Error::Forged`], and those of the store.
    pub fn public_head(&self, parts: &Parts) -> Result<PublicHead> {
        let row = self.row(RowId::PUBLIC_HEAD)?.ok_or_else(head_is_gone)?;
        PublicHead::open(parts.primitives.as_ref(), &self.life, &self.head_key, &row)
    }
}

fn head_is_gone() -> Error {
    Error::Forged {
        what: "public head".to_owned(),
        reason: "it is not there, in a store that has been written to",
    }
}

/// Every commit writes the head: one that is older than the store's revision was put back.
fn check_revision(head: &PublicHead, revision: Revision) -> Result<()> {
    if head.revision >= revision {
        return Ok(());
    }
    let what = "public head".to_owned();
    Err(Error::Forged { what, reason: "it was written with an older revision of the store" })
}

fn may_open(shelf: Shelf, login: Option<&Login>) -> bool {
    shelf == Shelf::PUBLIC || login.is_some_and(|l| l.own.as_ref().is_some_and(|own| own.shelf == shelf))
}

fn load_one(home: &Home, id: RowId) -> Result<Option<SealedRow>> {
    Ok(home.store.load(&[id])?.pop().flatten())
}

fn read_current(parts: &Parts, home: &Home, life: &Life, head: LinkHead) -> Result<Current> {
    let row = load_one(home, head.row)?;
    let link = chain::read_row(head.row, row.as_ref())?;
    let digest = row.map(|row| chain::digest(&row, life, parts.primitives.as_ref()));
    let roster = &link.roster;
    if digest != Some(head.digest)
        || roster.version != head.version
        || (roster.token, roster.incarnation) != (life.token, life.incarnation)
    {
        let what = format!("link {} of the roster", head.version);
        return Err(Error::Forged { what, reason: "it is not the one that the public head names" });
    }
    Ok(Current { head, link })
}

/// Milliseconds since the first call: steps of the clock on the wall do not touch it.
fn milliseconds() -> u64 {
    static START: once_cell::sync::Lazy<Instant> = once_cell::sync::Lazy::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}
