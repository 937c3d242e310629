//! Chapter 5.7: making, finding, reading and destroying objects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pkcs11::constants::{
    CKA_CLASS, CKA_KEY_TYPE, CKA_PRIVATE, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::{AttributeType, Attributes, Error, ObjectHandle, Result, Reveal, SessionHandle, Template};

use crate::application::{Application, SessionObject};
use crate::audit::{Event, Happening};
use crate::commit::{Plan, UserHeadChange};
use crate::login::Login;
use crate::object::Object;
use crate::operations::Needs;
use crate::policy::usage::ContextLogin;
use crate::policy::{self, INDEXED};
use crate::primitives::SEAL_OVERHEAD;
use crate::search::Search;
use crate::session::Session;
use crate::slot::{Look, Opened};
use crate::store::{Header, RowId, RowKind, Shelf, Tag};
use crate::trusted;
use crate::vault::row::{FORMAT, ShelfKey};

impl Application {
    pub(crate) fn do_create_object(
        &self,
        session: SessionHandle,
        template: Template,
    ) -> Result<ObjectHandle> {
        let session = self.session(session)?;
        let slot = &session.slot;
        let mut attributes = policy::created(template, Self::caller(&session, slot))?;
        let class = attributes.class().unwrap_or_default();
        let material = match attributes.key_type() {
            Some(key_type) if [CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY].contains(&class) => {
                let row = self.parts.mechanisms.key_type(key_type);
                (row.ok_or(Error::AttributeValueInvalid(CKA_KEY_TYPE))?.complete)(&attributes)?
            }
            _ => Attributes::new(),
        };
        policy::add_material(&mut attributes, material)?;
        let handles = self.keep(&session, vec![attributes], Happening::ObjectCreated)?;
        handles.first().copied().ok_or(Error::Bug("an object without a handle"))
    }

    /// Keeps new objects, complete but for their unique ids: all of them or none. Token objects go to the disk in one
    /// batch with their event.
    pub(crate) fn keep(
        &self,
        session: &Session,
        objects: Vec<Attributes>,
        happening: Happening,
    ) -> Result<Vec<ObjectHandle>> {
        let mut objects = objects;
        for attributes in &mut objects {
            attributes.set_bytes(CKA_UNIQUE_ID, self.unique_id()?.as_bytes());
        }
        let (token, of_session): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object.is(CKA_TOKEN));
        let mut rows = self.keep_on_token(session, &token, happening)?.into_iter();
        let mut handles = Vec::with_capacity(objects.len());
        let mut kept = of_session.into_iter();
        for attributes in &objects {
            let handle = if attributes.is(CKA_TOKEN) {
                rows.next().ok_or(Error::Bug("a token object without a row"))?
            } else {
                self.keep_in_session(session, kept.next().cloned().unwrap_or_default())?
            };
            handles.push(handle);
        }
        Ok(handles)
    }

    fn keep_in_session(&self, session: &Session, attributes: Attributes) -> Result<ObjectHandle> {
        session.with(|work| {
            let make = |number| {
                let handle = ObjectHandle(ObjectHandle::SESSION | number);
                SessionObject {
                    object: Arc::new(Object::of_session(handle, attributes)),
                    slot: session.slot.id,
                }
            };
            let (number, _) = self.session_objects.insert(make).ok_or(Error::HostMemory)?;
            let handle = ObjectHandle(ObjectHandle::SESSION | number);
            work.objects.push(handle);
            Ok(handle)
        })
    }

    fn keep_on_token(
        &self,
        session: &Session,
        objects: &[&Attributes],
        happening: Happening,
    ) -> Result<Vec<ObjectHandle>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let slot = &session.slot;
        let count = u32::try_from(objects.len()).map_err(|_| Error::HostMemory)?;
        let mut again = false;
        loop {
            let opened = slot.token(&self.parts, Look::Now)?;
            let login = slot.login();
            let rows = self.reserve_rows(&opened, count.saturating_add(1))?;
            let mut plan = opened.plan(&self.parts);
            for (attributes, row) in objects.iter().zip(&rows) {
                self.plan_object(&mut plan, &opened, login.as_deref(), *row, attributes)?;
            }
            let private = objects.iter().filter(|object| object.is(CKA_PRIVATE)).count();
            if private > 0 {
                Self::plan_head(&mut plan, login.as_deref(), i64::try_from(private).unwrap_or(i64::MAX));
            }
            let trusted: Vec<_> = objects.iter().filter(|o| o.is(CKA_TRUSTED)).map(|o| (*o, true)).collect();
            self.plan_trust(&mut plan, &opened, login.as_deref(), &trusted)?;
            if let Some(row) = rows.last() {
                plan.record(*row, &self.object_event(happening, login.as_deref(), objects));
            }
            match plan.commit(opened.home.store.as_ref()) {
                Ok(_) => return Ok(rows.iter().take(objects.len()).map(|row| ObjectHandle(row.0)).collect()),
                // The roster has moved on since the look: plan on the new one.
                Err(Error::Conflict) if !again => again = true,
                Err(error) => return Err(error),
            }
        }
    }

    fn plan_object(
        &self,
        plan: &mut Plan,
        opened: &Opened,
        login: Option<&Login>,
        row: RowId,
        attributes: &Attributes,
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let (shelf, key) = shelf_for(opened, login, attributes)?;
        let header = Header {
            format: FORMAT,
            id: row,
            shelf,
            kind: RowKind::Object,
            incarnation: opened.life.incarnation,
            vault_key: key.number(),
            generation: 1,
            version: 1,
        };
        let row = trusted::unmarked(attributes).encode();
        let sealed = key.seal(primitives, &opened.life, header, row.expose())?;
        plan.add(sealed, self.tags(&key, attributes));
        Ok(())
    }

    fn tags(&self, key: &ShelfKey, attributes: &Attributes) -> Vec<Tag> {
        let tag = |attribute: &AttributeType| {
            let value = attributes.value(*attribute)?.to_canonical();
            Some(key.tag(self.parts.primitives.as_ref(), *attribute, value.expose()))
        };
        INDEXED.iter().filter_map(tag).collect()
    }

    /// Moves the user's head on: for every commit that touches his shelf.
    fn plan_head(plan: &mut Plan, login: Option<&Login>, objects: i64) {
        if let Some(own) = login.and_then(|login| login.own.as_ref())
            && let Some(key) = own.newest()
        {
            let (key, keys) = (Arc::clone(key), own.keys.clone());
            plan.user_head(UserHeadChange { place: (own.head, own.shelf), key, keys, objects, fresh: false });
        }
    }

    pub(crate) fn object_event(
        &self,
        happening: Happening,
        login: Option<&Login>,
        objects: &[&Attributes],
    ) -> Event {
        let unique_id = |object: &&Attributes| {
            String::from_utf8_lossy(object.bytes(CKA_UNIQUE_ID).unwrap_or_default()).into_owned()
        };
        Event {
            happening,
            time: self.parts.clock.now(),
            person: login.map(|login| login.person),
            subjects: objects.iter().map(unique_id).collect(),
            succeeded: true,
        }
    }

    /// A random UUID (RFC 9562 section 5.4) as 36 characters.
    fn unique_id(&self) -> Result<String> {
        let mut bytes: [u8; 16] = self.random()?;
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = (*version & 0x0f) | 0x40;
        *variant = (*variant & 0x3f) | 0x80;
        let text = crate::audit::hexadecimal(&bytes);
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| text.get(range).unwrap_or_default());
        Ok(parts.join("-"))
    }

    /// The object of a handle, when the session may see it.
    pub(crate) fn object(
        &self,
        session: &Session,
        handle: ObjectHandle,
        look: Look,
    ) -> Result<Option<Arc<Object>>> {
        let slot = &session.slot;
        let caller = Self::caller(session, slot);
        let object = if handle.is_session() {
            let found = self.session_objects.value(handle.0 & !ObjectHandle::SESSION);
            found.filter(|found| found.slot == slot.id).map(|found| Arc::clone(&found.object))
        } else {
            let opened = slot.token(&self.parts, look)?;
            opened.object(&self.parts, slot.login().as_deref(), RowId(handle.0))?
        };
        Ok(object.filter(|object| policy::may_see(&object.attributes, caller)))
    }

    /// What a key asks of the login, for an operation with it.
    pub(crate) fn needs(&self, session: &Session, object: &Object, again: ContextLogin) -> Needs {
        let private = object.attributes.is(CKA_PRIVATE);
        Needs {
            login: private.then(|| session.slot.epoch()),
            login_again: (again == ContextLogin::Needed).then(|| self.begun.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub(crate) fn do_destroy_object(&self, session: SessionHandle, handle: ObjectHandle) -> Result<()> {
        let session = self.session(session)?;
        let slot = &session.slot;
        let mut again = false;
        loop {
            let object = self.object(&session, handle, Look::Now)?.ok_or(Error::ObjectHandleInvalid)?;
            policy::may_destroy(&object.attributes, Self::caller(&session, slot))?;
            let Some(header) = object.header else {
                self.session_objects.remove(handle.0 & !ObjectHandle::SESSION);
                return Ok(());
            };
            let opened = slot.token(&self.parts, Look::Lately)?;
            let login = slot.login();
            let mut plan = opened.plan(&self.parts);
            plan.delete(header.id, header.version);
            if header.shelf != Shelf::PUBLIC {
                Self::plan_head(&mut plan, login.as_deref(), -1);
            }
            let event =
                self.object_event(Happening::ObjectDestroyed, login.as_deref(), &[&object.attributes]);
            if let Some(row) = self.reserve_rows(&opened, 1)?.first() {
                plan.record(*row, &event);
            }
            let committed = plan.commit(opened.home.store.as_ref());
            opened.cache.forget(header.id);
            match committed {
                Ok(_) => return Ok(()),
                // Changed since it was looked at, or the roster was: look again.
                Err(Error::Conflict) if !again => again = true,
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn do_copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<ObjectHandle> {
        let session = self.session(session)?;
        let source = self.object(&session, object, Look::Lately)?.ok_or(Error::ObjectHandleInvalid)?;
        let copy = policy::copied(&source.attributes, template, Self::caller(&session, &session.slot))?;
        let handles = self.keep(&session, vec![copy], Happening::ObjectCopied)?;
        handles.first().copied().ok_or(Error::Bug("an object without a handle"))
    }

    /// What the object's content takes in the store, sealed: bytes.
    pub(crate) fn do_object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<u64> {
        let session = self.session(session)?;
        let object = self.object(&session, object, Look::Lately)?.ok_or(Error::ObjectHandleInvalid)?;
        let bytes = object.attributes.encode().len() + SEAL_OVERHEAD;
        u64::try_from(bytes).map_err(|_| Error::HostMemory)
    }

    pub(crate) fn do_set_attribute_values(
        &self,
        session: SessionHandle,
        handle: ObjectHandle,
        template: Template,
    ) -> Result<()> {
        let session = self.session(session)?;
        let slot = &session.slot;
        let mut again = false;
        loop {
            let object = self.object(&session, handle, Look::Now)?.ok_or(Error::ObjectHandleInvalid)?;
            let changed =
                policy::changed(&object.attributes, template.clone(), Self::caller(&session, slot))?;
            let Some(header) = object.header else {
                let number = handle.0 & !ObjectHandle::SESSION;
                let object = Arc::new(Object::of_session(handle, changed));
                let replaced = self.session_objects.replace(number, SessionObject { object, slot: slot.id });
                return replaced.then_some(()).ok_or(Error::ObjectHandleInvalid);
            };
            match self.commit_change(&session, &object.attributes, header, &changed) {
                // Changed since it was looked at, or the roster was: look again.
                Err(Error::Conflict) if !again => again = true,
                other => return other,
            }
        }
    }

    fn commit_change(
        &self,
        session: &Session,
        before: &Attributes,
        header: Header,
        changed: &Attributes,
    ) -> Result<()> {
        let slot = &session.slot;
        let opened = slot.token(&self.parts, Look::Lately)?;
        let login = slot.login();
        let (_, key) = shelf_for(&opened, login.as_deref(), changed)?;
        let header = Header { version: header.version.saturating_add(1), vault_key: key.number(), ..header };
        let row = trusted::unmarked(changed).encode();
        let sealed = key.seal(self.parts.primitives.as_ref(), &opened.life, header, row.expose())?;
        let mut plan = opened.plan(&self.parts);
        plan.replace(sealed, self.tags(&key, changed));
        if header.shelf != Shelf::PUBLIC {
            Self::plan_head(&mut plan, login.as_deref(), 0);
        }
        if before.is(CKA_TRUSTED) != changed.is(CKA_TRUSTED) {
            let trust = [(changed, changed.is(CKA_TRUSTED))];
            self.plan_trust(&mut plan, &opened, login.as_deref(), &trust)?;
        }
        if let Some(row) = self.reserve_rows(&opened, 1)?.first() {
            plan.record(*row, &self.object_event(Happening::ObjectChanged, login.as_deref(), &[changed]));
        }
        let committed = plan.commit(opened.home.store.as_ref());
        opened.cache.forget(header.id);
        committed?;
        opened.look(&self.parts, Look::Now).map(drop)
    }

    pub(crate) fn do_attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        let session = self.session(session)?;
        let object = self.object(&session, object, Look::Lately)?.ok_or(Error::ObjectHandleInvalid)?;
        Ok(types.iter().map(|wanted| policy::revealed(&object.attributes, *wanted)).collect())
    }

    pub(crate) fn do_find_objects_init(&self, session: SessionHandle, template: Template) -> Result<()> {
        let session = self.session(session)?;
        let slot = &session.slot;
        session.with(
            |work| if work.operations.search.is_some() { Err(Error::OperationActive) } else { Ok(()) },
        )?;
        let opened = slot.token(&self.parts, Look::Now)?;
        let (login, epoch) = (slot.login(), slot.epoch());
        let search = match policy::searched(template) {
            Some(wanted) => {
                let of_session = self.matching_session_objects(&session, &wanted);
                Search::begin(&self.parts, opened, login.as_deref(), epoch, wanted, of_session)
            }
            None => Search::nothing(opened, epoch),
        };
        session.with(|work| {
            if work.operations.search.is_some() {
                return Err(Error::OperationActive);
            }
            work.operations.search = Some(search);
            Ok(())
        })
    }

    fn matching_session_objects(&self, session: &Session, wanted: &Attributes) -> VecDeque<ObjectHandle> {
        let caller = Self::caller(session, &session.slot);
        let fits = |object: &Attributes| policy::may_see(object, caller) && policy::matches(object, wanted);
        let all = self.session_objects.values().into_iter();
        all.filter(|(_, found)| found.slot == session.slot.id && fits(&found.object.attributes))
            .map(|(_, found)| found.object.handle)
            .collect()
    }

    pub(crate) fn do_find_objects(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        let session = self.session(session)?;
        let slot = &session.slot;
        session.with(|work| {
            let search = work.operations.search.as_mut().ok_or(Error::OperationNotInitialized)?;
            search.next(&self.parts, slot.login().as_deref(), slot.epoch(), max)
        })
    }

    pub(crate) fn do_find_objects_final(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        session.with(|work| work.operations.search.take().map(drop).ok_or(Error::OperationNotInitialized))
    }
}

/// Private objects lie on the user's shelf, all others on the public one.
fn shelf_for(
    opened: &Opened,
    login: Option<&Login>,
    attributes: &Attributes,
) -> Result<(Shelf, Arc<ShelfKey>)> {
    debug_assert!(attributes.value(CKA_CLASS).is_some(), "an incomplete object");
    if !attributes.is(CKA_PRIVATE) {
        return Ok((Shelf::PUBLIC, Arc::clone(&opened.shelf)));
    }
    let own = login.and_then(|login| login.own.as_ref()).ok_or(Error::UserNotLoggedIn)?;
    let key = own.newest().ok_or(Error::UserNotLoggedIn)?;
    Ok((own.shelf, Arc::clone(key)))
}
