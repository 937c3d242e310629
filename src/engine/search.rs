//! Searching: shelf by shelf through blinded tags, in pages, compared in clear; session objects first.

use std::collections::VecDeque;
use std::sync::Arc;

use pkcs11::{Attributes, ObjectHandle, Result};

use crate::handles;
use crate::login::{Epoch, Login};
use crate::parts::Parts;
use crate::policy::{INDEXED, matches};
use crate::slot::Opened;
use crate::store::{RowId, RowKind, Shelf, TagQuery};
use crate::vault::row::ShelfKey;

/// Rows that are opened at a time when none of the answers need more.
const PAGE: usize = 64;

/// A running search.
pub struct Search {
    wanted: Attributes,
    session_objects: VecDeque<ObjectHandle>,
    shelves: Vec<ShelfSearch>,
    opened: Arc<Opened>,
    epoch: Epoch,
}

struct ShelfSearch {
    query: TagQuery,
    after: Option<RowId>,
    candidates: VecDeque<RowId>,
    exhausted: bool,
}

impl Search {
    /// Begins a search; `session_objects` match already.
    #[must_use]
    pub fn begin(
        parts: &Parts,
        opened: Arc<Opened>,
        login: Option<&Login>,
        epoch: Epoch,
        wanted: Attributes,
        session_objects: VecDeque<ObjectHandle>,
    ) -> Self {
        let mut shelves = vec![ShelfSearch::new(parts, Shelf::PUBLIC, &opened.shelf, &wanted)];
        if let Some(own) = login.and_then(|login| login.own.as_ref()) {
            // With tags there is a question for each vault key; without, one finds the rows of all.
            let keys = if shelves.iter().any(|s| s.query.tags.is_empty()) { 1 } else { own.keys.len() };
            let newest_first = own.keys.iter().rev().take(keys);
            shelves.extend(newest_first.map(|key| ShelfSearch::new(parts, own.shelf, key, &wanted)));
        }
        Self { wanted, session_objects, shelves, opened, epoch }
    }

    /// A search for what no object can have.
    #[must_use]
    pub fn nothing(opened: Arc<Opened>, epoch: Epoch) -> Self {
        let (wanted, session_objects, shelves) = (Attributes::new(), VecDeque::new(), Vec::new());
        Self { wanted, session_objects, shelves, opened, epoch }
    }

    /// The next handles, at most `max`: token objects in ascending order after the session objects.
    ///
    /// # Errors
    /// Those of the store.
    pub fn next(
        &mut self,
        parts: &Parts,
        login: Option<&Login>,
        now: Epoch,
        max: usize,
    ) -> Result<Vec<ObjectHandle>> {
        if now != self.epoch {
            // Somebody logged in or out since: what only the login before could see is not handed out.
            self.session_objects.clear();
            self.shelves.retain(|shelf| shelf.query.shelf == Shelf::PUBLIC);
            self.epoch = now;
        }
        let mut found: Vec<ObjectHandle> = Vec::new();
        while found.len() < max
            && let Some(handle) = self.session_objects.pop_front()
        {
            found.push(handle);
        }
        while found.len() < max {
            let candidates = self.candidates((max - found.len()).clamp(1, PAGE))?;
            if candidates.is_empty() {
                break;
            }
            let objects = self.opened.objects(parts, login, &candidates)?;
            let fitting = objects.iter().filter(|object| matches(&object.attributes, &self.wanted));
            for object in fitting {
                found.push(handles::of_object(object, now)?);
            }
        }
        Ok(found)
    }

    /// The lowest ids not looked at yet, merged over the shelves.
    fn candidates(&mut self, count: usize) -> Result<Vec<RowId>> {
        let mut merged = Vec::with_capacity(count);
        while merged.len() < count {
            for shelf in &mut self.shelves {
                shelf.fill(&self.opened)?;
            }
            let next = self.shelves.iter_mut().filter(|s| !s.candidates.is_empty());
            let Some(shelf) = next.min_by_key(|s| s.candidates.front().copied()) else { break };
            merged.extend(shelf.candidates.pop_front());
        }
        Ok(merged)
    }
}

impl ShelfSearch {
    fn new(parts: &Parts, shelf: Shelf, key: &ShelfKey, wanted: &Attributes) -> Self {
        let tags = INDEXED.iter().filter_map(|attribute| {
            let value = wanted.value(*attribute)?.to_canonical();
            Some(key.tag(parts.primitives.as_ref(), *attribute, value.expose()))
        });
        let query = TagQuery { shelf, kind: RowKind::Object, tags: tags.collect() };
        Self { query, after: None, candidates: VecDeque::new(), exhausted: false }
    }

    fn fill(&mut self, opened: &Opened) -> Result<()> {
        if !self.candidates.is_empty() || self.exhausted {
            return Ok(());
        }
        let ids = opened.home.store.find(&self.query, self.after, PAGE)?;
        self.exhausted = ids.len() < PAGE;
        self.after = ids.last().copied().or(self.after);
        self.candidates = ids.into();
        Ok(())
    }
}
