//! Chapter 5.7: making, finding, reading and destroying objects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pkcs11::constants::{CKA_CLASS, CKA_PRIVATE, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID, CKA_VALUE};
use pkcs11::{
    AttributeType, AttributeValue, Attributes, Error, ObjectHandle, Result, Reveal, Secret, SessionHandle,
    Template,
};

use crate::application::{Application, SessionObject};
use crate::asking::Asking;
use crate::audit::{Event, Happening};
use crate::built_in::BuiltIn;
use crate::commit::{Plan, UserHeadChange};
use crate::handles;
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
        let asking = self.asking(session)?;
        let mut attributes = policy::created(template, asking.caller())?;
        let material = self.parts.mechanisms.completed(&attributes)?;
        policy::add_material(&mut attributes, material)?;
        let handles = self.keep(&asking, vec![attributes], Happening::ObjectCreated)?;
        handles.first().copied().ok_or(Error::Bug("an object without a handle"))
    }

    /// Keeps new objects, complete but for their unique ids: all of them or none. Token objects go to the disk in one
    /// batch with their event. Who was logged in when the call began must still be.
    pub(crate) fn keep(
        &self,
        asking: &Asking,
        mut objects: Vec<Attributes>,
        happening: Happening,
    ) -> Result<Vec<ObjectHandle>> {
        for attributes in &mut objects {
            attributes.set_bytes(CKA_UNIQUE_ID, self.unique_id()?.as_bytes());
        }
        let mut handles = vec![ObjectHandle(0); objects.len()];
        let mut of_token = Vec::new();
        for (place, attributes) in objects.iter().enumerate() {
            if attributes.is(CKA_TOKEN) {
                of_token.push(place);
            }
        }
        // The half that can be taken back comes first.
        let mut of_session = Vec::new();
        for (attributes, handle) in
            objects.iter().zip(&mut handles).filter(|(object, _)| !object.is(CKA_TOKEN))
        {
            *handle = self.keep_in_session(asking, attributes.clone())?;
            of_session.push(*handle);
        }
        let token: Vec<&Attributes> = objects.iter().filter(|object| object.is(CKA_TOKEN)).collect();
        match self.keep_on_token(asking, &token, happening) {
            Ok(rows) => {
                for (place, row) in of_token.into_iter().zip(rows) {
                    if let Some(handle) = handles.get_mut(place) {
                        *handle = row;
                    }
                }
                Ok(handles)
            }
            Err(error) => {
                of_session.into_iter().for_each(|handle| self.drop_session_object(&asking.session, handle));
                Err(error)
            }
        }
    }

    fn keep_in_session(&self, asking: &Asking, attributes: Attributes) -> Result<ObjectHandle> {
        let session = &asking.session;
        session.with(|work| {
            // A private one is its login's: whoever logs in later does not see it.
            let login = attributes.is(CKA_PRIVATE).then(|| asking.epoch());
            if login.is_some() {
                asking.still_holds()?;
            }
            let make = |number| {
                let handle = ObjectHandle(ObjectHandle::SESSION | number);
                let object = Arc::new(Object::of_session(handle, attributes));
                SessionObject { object, slot: session.slot.id, login }
            };
            let (number, _) = self.session_objects.insert(make).ok_or(Error::HostMemory)?;
            // A logout that came since the look may have passed over it.
            if login.is_some()
                && let Err(error) = asking.still_holds()
            {
                self.session_objects.remove(number);
                return Err(error);
            }
            let handle = ObjectHandle(ObjectHandle::SESSION | number);
            work.objects.push(handle);
            Ok(handle)
        })
    }

    fn drop_session_object(&self, session: &Session, handle: ObjectHandle) {
        self.session_objects.remove(handle.0 & !ObjectHandle::SESSION);
        // Only the session that made it lists it; another one finds nothing to strike out.
        let struck = session.with(|work| {
            work.objects.retain(|kept| *kept != handle);
            Ok(())
        });
        struck.unwrap_or_else(|error| log::debug!("a session object's session is gone: {error}"));
    }

    fn keep_on_token(
        &self,
        asking: &Asking,
        objects: &[&Attributes],
        happening: Happening,
    ) -> Result<Vec<ObjectHandle>> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let slot = &asking.session.slot;
        let count = u32::try_from(objects.len()).map_err(|_| Error::HostMemory)?;
        slot.landing.land(self.parts.settings.busy_wait, || {
            let opened = slot.token(&self.parts, Look::Now)?;
            let login = asking.login();
            let rows = self.reserve_rows(&opened, count.saturating_add(1))?;
            let mut plan = opened.plan(&self.parts);
            let mut handles = Vec::with_capacity(objects.len());
            for (attributes, row) in objects.iter().zip(&rows) {
                self.plan_object(&mut plan, &opened, login, *row, attributes)?;
                handles.push(handles::of_row(*row, attributes.is(CKA_PRIVATE).then(|| asking.epoch()))?);
            }
            let private = objects.iter().filter(|object| object.is(CKA_PRIVATE)).count();
            if private > 0 {
                Self::plan_head(&mut plan, login, i64::try_from(private).unwrap_or(i64::MAX));
            }
            let trusted: Vec<_> = objects.iter().filter(|o| o.is(CKA_TRUSTED)).map(|o| (*o, true)).collect();
            self.plan_trust(&mut plan, &opened, login, &trusted)?;
            if let Some(row) = rows.last() {
                plan.record(*row, &self.object_event(happening, login, objects));
            }
            if login.is_some() {
                asking.still_holds()?;
            }
            // A session that was closed meanwhile, with the job that this is the end of, keeps nothing.
            asking.session.with(|_| Ok(()))?;
            plan.commit(opened.home.store.as_ref())?;
            if !trusted.is_empty() {
                self.take_in(&opened);
            }
            Ok(handles)
        })
    }

    /// Takes in what was committed just now, so that the next call reads it. It is on the disk: that it cannot be read
    /// back is no failure of the change.
    pub(crate) fn take_in(&self, opened: &Opened) {
        if let Err(error) = opened.look(&self.parts, Look::Now) {
            log::error!("what was written is not taken in yet: {error}");
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
        Ok(crate::audit::uuid(&bytes))
    }

    /// The object of a handle, when the call may see it.
    pub(crate) fn object(
        &self,
        asking: &Asking,
        handle: ObjectHandle,
        look: Look,
    ) -> Result<Option<Arc<Object>>> {
        let slot = &asking.session.slot;
        let object = if handle.is_session() {
            let found = self.session_objects.value(handle.0 & !ObjectHandle::SESSION);
            found.filter(|found| found.is_of(slot.id, asking.epoch())).map(|found| Arc::clone(&found.object))
        } else if let Some(which) = BuiltIn::of(handle) {
            self.built_in(asking, which)
        } else {
            let opened = slot.token(&self.parts, look)?;
            // The look may have shown that this life of the token, and with it the login, is over.
            let login = asking.login().filter(|_| asking.still_holds().is_ok());
            let object = opened.object(&self.parts, login, handles::row(handle))?;
            if asking.still_holds().is_err() {
                slot.forget_private();
            }
            object
        };
        // A private object's handle of an earlier login names the row, but is not valid any more.
        let object = object.filter(|object| handles::of_object(object, asking.epoch()) == Ok(handle));
        Ok(object.filter(|object| policy::may_see(&object.attributes, asking.caller())))
    }

    /// What a key asks of the login, for an operation with it.
    pub(crate) fn needs(&self, asking: &Asking, object: &Object, again: ContextLogin) -> Needs {
        let private = object.attributes.is(CKA_PRIVATE);
        Needs {
            login: private.then(|| asking.epoch()),
            login_again: (again == ContextLogin::Needed).then(|| self.begun.fetch_add(1, Ordering::Relaxed)),
            meets: false,
        }
    }

    pub(crate) fn do_destroy_object(&self, session: SessionHandle, handle: ObjectHandle) -> Result<()> {
        let asking = self.asking(session)?;
        let judged = || {
            let object = self.object(&asking, handle, Look::Now)?.ok_or(Error::ObjectHandleInvalid)?;
            policy::may_destroy(&object.attributes, asking.caller())?;
            Ok(object)
        };
        if handle.is_session() {
            judged()?;
            self.drop_session_object(&asking.session, handle);
            return Ok(());
        }
        asking.session.slot.landing.land(self.parts.settings.busy_wait, || {
            let object = judged()?;
            let header = of_token(&object)?;
            let opened = asking.session.slot.token(&self.parts, Look::Lately)?;
            let mut plan = opened.plan(&self.parts);
            plan.delete(header.id, header.version);
            if header.shelf != Shelf::PUBLIC {
                Self::plan_head(&mut plan, asking.login(), -1);
                // A logout since takes the handle away: section 5.7.3 lists no CKR_USER_NOT_LOGGED_IN.
                asking.still_holds().map_err(|_| Error::ObjectHandleInvalid)?;
            }
            let event = self.object_event(Happening::ObjectDestroyed, asking.login(), &[&object.attributes]);
            if let Some(row) = self.reserve_rows(&opened, 1)?.first() {
                plan.record(*row, &event);
            }
            let committed = plan.commit(opened.home.store.as_ref());
            opened.cache.forget(header.id);
            committed.map(drop)
        })
    }

    pub(crate) fn do_copy_object(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: Template,
    ) -> Result<ObjectHandle> {
        let asking = self.asking(session)?;
        let source = self.object(&asking, object, Look::Now)?.ok_or(Error::ObjectHandleInvalid)?;
        policy::one_time::may_have_copies(&source.attributes)?;
        let copy = policy::copied(&source.attributes, template, asking.caller())?;
        let leaves_the_token = !copy.is(CKA_TOKEN);
        let handles = self.keep(&asking, vec![copy], Happening::ObjectCopied)?;
        if leaves_the_token {
            // Nothing of the token changes, but what is done with the copy is recorded nowhere.
            self.record_use(&asking, Happening::ObjectCopied, &source);
        }
        handles.first().copied().ok_or(Error::Bug("an object without a handle"))
    }

    /// What the object's content takes in the store, sealed: bytes.
    pub(crate) fn do_object_size(&self, session: SessionHandle, object: ObjectHandle) -> Result<u64> {
        let asking = self.asking(session)?;
        let object = self.object(&asking, object, Look::Lately)?.ok_or(Error::ObjectHandleInvalid)?;
        let bytes = object.attributes.encode().len() + SEAL_OVERHEAD;
        u64::try_from(bytes).map_err(|_| Error::HostMemory)
    }

    pub(crate) fn do_set_attribute_values(
        &self,
        session: SessionHandle,
        handle: ObjectHandle,
        template: Template,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let judged = || {
            let object = self.object(&asking, handle, Look::Now)?.ok_or(Error::ObjectHandleInvalid)?;
            let changed = policy::changed(&object.attributes, template.clone(), asking.caller())?;
            Ok((object, changed))
        };
        while handle.is_session() {
            let (object, changed) = judged()?;
            if self.change_in_session(&asking, &object, changed) {
                return Ok(());
            }
            // Changed since it was judged, or destroyed: judge again. Each turn means that another call got on.
        }
        asking.session.slot.landing.land(self.parts.settings.busy_wait, || {
            let (object, changed) = judged()?;
            self.commit_change(&asking, &object.attributes, of_token(&object)?, &changed)
        })
    }

    /// Takes the counter of a key of one-time passwords: the key has the next one when this returns, durably if it is a
    /// token's, in a read-only session too.
    ///
    /// # Errors
    /// Those of [`policy::one_time::taken`]; [`Error::OperationNotInitialized`] when the key is not there any more; those of
    /// the store.
    pub(crate) fn take_counter(&self, asking: &Asking, key: ObjectHandle) -> Result<[u8; 8]> {
        let judged = || {
            let object = self.object(asking, key, Look::Now)?.ok_or(Error::OperationNotInitialized)?;
            let (counter, after) = policy::one_time::taken(&object.attributes)?;
            Ok((object, counter, after))
        };
        while key.is_session() {
            let (object, counter, after) = judged()?;
            if self.change_in_session(asking, &object, after) {
                return Ok(counter);
            }
            // Somebody else has taken this one: try the next.
        }
        asking.session.slot.landing.land(self.parts.settings.busy_wait, || {
            let (object, counter, after) = judged()?;
            self.commit_change(asking, &object.attributes, of_token(&object)?, &after)?;
            Ok(counter)
        })
    }

    /// Puts changed attributes in the place of those that were judged; false when these are not there any more.
    fn change_in_session(&self, asking: &Asking, judged: &Arc<Object>, changed: Attributes) -> bool {
        let (handle, number) = (judged.session_handle, judged.session_handle.0 & !ObjectHandle::SESSION);
        let login = changed.is(CKA_PRIVATE).then(|| asking.epoch());
        let before = self.session_objects.value(number).filter(|found| Arc::ptr_eq(&found.object, judged));
        let object = Arc::new(Object::of_session(handle, changed));
        let changed = SessionObject { object, slot: asking.session.slot.id, login };
        before.is_some_and(|before| self.session_objects.replace(number, &before, changed))
    }

    fn commit_change(
        &self,
        asking: &Asking,
        before: &Attributes,
        header: Header,
        changed: &Attributes,
    ) -> Result<()> {
        let login = asking.login();
        let opened = asking.session.slot.token(&self.parts, Look::Lately)?;
        let (_, key) = shelf_for(&opened, login, changed)?;
        let header = Header { version: header.version.saturating_add(1), vault_key: key.number(), ..header };
        let row = trusted::unmarked(changed).encode();
        let sealed = key.seal(self.parts.primitives.as_ref(), &opened.life, header, row.expose())?;
        let mut plan = opened.plan(&self.parts);
        plan.replace(sealed, self.tags(&key, changed));
        if header.shelf != Shelf::PUBLIC {
            Self::plan_head(&mut plan, login, 0);
            asking.still_holds()?;
        }
        if before.is(CKA_TRUSTED) != changed.is(CKA_TRUSTED) {
            let trust = [(changed, changed.is(CKA_TRUSTED))];
            self.plan_trust(&mut plan, &opened, login, &trust)?;
        }
        if let Some(row) = self.reserve_rows(&opened, 1)?.first() {
            plan.record(*row, &self.object_event(Happening::ObjectChanged, login, &[changed]));
        }
        let committed = plan.commit(opened.home.store.as_ref());
        opened.cache.forget(header.id);
        committed?;
        self.take_in(&opened);
        Ok(())
    }

    pub(crate) fn do_attribute_values(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        types: &[AttributeType],
    ) -> Result<Vec<Reveal>> {
        let asking = self.asking(session)?;
        let object = self.object(&asking, object, Look::Lately)?.ok_or(Error::ObjectHandleInvalid)?;
        let mut told: Vec<_> =
            types.iter().map(|wanted| policy::revealed(&object.attributes, *wanted)).collect();
        if BuiltIn::of(object.session_handle) == Some(BuiltIn::Counter) {
            for (_, told) in types.iter().zip(&mut told).filter(|(wanted, _)| **wanted == CKA_VALUE) {
                let value = Secret::new(self.count_on(&asking)?.to_vec());
                *told = Reveal::Value(AttributeValue::Bytes(value));
            }
        }
        Ok(told)
    }

    pub(crate) fn do_find_objects_init(&self, session: SessionHandle, template: Template) -> Result<()> {
        let session = self.session(session)?;
        session.with(
            |work| if work.operations.search.is_some() { Err(Error::OperationActive) } else { Ok(()) },
        )?;
        let opened = session.slot.token(&self.parts, Look::Now)?;
        let asking = self.asking(session.handle)?;
        let search = match policy::searched(template) {
            Some(wanted) => {
                let mut of_session = self.matching_session_objects(&asking, &wanted);
                of_session.extend(self.matching_built_in(&asking, &wanted)?);
                Search::begin(&self.parts, opened, asking.login(), asking.epoch(), wanted, of_session)
            }
            None => Search::nothing(opened, asking.epoch()),
        };
        session.with(|work| {
            if work.operations.search.is_some() {
                return Err(Error::OperationActive);
            }
            work.operations.search = Some(search);
            Ok(())
        })
    }

    fn matching_session_objects(&self, asking: &Asking, wanted: &Attributes) -> VecDeque<ObjectHandle> {
        let (slot, epoch) = (asking.session.slot.id, asking.epoch());
        let fits = |found: &SessionObject| {
            let attributes = &found.object.attributes;
            let seen = found.is_of(slot, epoch) && policy::may_see(attributes, asking.caller());
            seen && policy::matches(attributes, wanted)
        };
        let all = self.session_objects.values().into_iter();
        all.filter(|(_, found)| fits(found)).map(|(_, found)| found.object.session_handle).collect()
    }

    pub(crate) fn do_find_objects(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        let asking = self.asking(session)?;
        asking.session.with(|work| {
            let search = work.operations.search.as_mut().ok_or(Error::OperationNotInitialized)?;
            let found = search.next(&self.parts, asking.login(), asking.epoch(), max);
            if asking.still_holds().is_err() {
                asking.session.slot.forget_private();
            }
            found
        })
    }

    pub(crate) fn do_find_objects_final(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        session.with(|work| work.operations.search.take().map(drop).ok_or(Error::OperationNotInitialized))
    }
}

/// The row of a token object.
fn of_token(object: &Object) -> Result<Header> {
    object.header.ok_or(Error::Bug("a token object without a row"))
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
