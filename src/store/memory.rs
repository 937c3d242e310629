//! Rows, places and counters in memory, for tests of whatever stands on the ports.
//!
//! Every handle is a clone over the same memory, so that a test can drop an engine and start another over what
//! the first one wrote. What an attacker does to the files is done here through `replace`, `remove` and their like.

mod counters;
mod places;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::store::{Batch, Changes, Revision, RowId, RowKind, Rows, SealedRow, Store, Tag, TagQuery, Write};
use pkcs11::{Error, Result};

pub use counters::MemoryCounters;
pub use places::MemoryPlaces;

use crate::limits;

/// Takes a lock, also one that a panicking test left behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
struct Kept {
    row: SealedRow,
    tags: Vec<Tag>,
    revision: Revision,
}

struct State {
    rows: BTreeMap<RowId, Kept>,
    deleted: BTreeMap<RowId, Revision>,
    /// The newest revision of which a deletion has been forgotten.
    forgotten: Revision,
    revision: Revision,
    next_id: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            deleted: BTreeMap::new(),
            forgotten: Revision(0),
            revision: Revision(0),
            next_id: RowId::FIRST_FREE.0,
        }
    }
}

/// A store in memory.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows, ascending by id.
    #[must_use]
    pub fn rows(&self) -> Vec<SealedRow> {
        locked(&self.state).rows.values().map(|kept| kept.row.clone()).collect()
    }

    /// The tags of a row, in the order in which they were written.
    #[must_use]
    pub fn tags(&self, id: RowId) -> Vec<Tag> {
        locked(&self.state).rows.get(&id).map(|kept| kept.tags.clone()).unwrap_or_default()
    }

    /// Puts a row in place as someone would who writes the file: no revision tells of it. Its tags stay.
    pub fn replace(&self, row: SealedRow) {
        let mut state = locked(&self.state);
        let revision = state.revision;
        let tags = state.rows.get(&row.header.id).map(|kept| kept.tags.clone()).unwrap_or_default();
        state.rows.insert(row.header.id, Kept { row, tags, revision });
    }

    /// Takes a row away as someone would who writes the file.
    pub fn remove(&self, id: RowId) -> Option<SealedRow> {
        locked(&self.state).rows.remove(&id).map(|kept| kept.row)
    }

    /// A store of its own with what this one holds now: a backup, to be played back later.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let state = locked(&self.state);
        let copy = State {
            rows: state.rows.clone(),
            deleted: state.deleted.clone(),
            forgotten: state.forgotten,
            revision: state.revision,
            next_id: state.next_id,
        };
        Self { state: Arc::new(Mutex::new(copy)) }
    }
}

/// What a batch would do to the state, on top of it.
struct Staged<'a> {
    base: &'a State,
    /// `None` for a row that goes.
    changed: BTreeMap<RowId, Option<(SealedRow, Vec<Tag>)>>,
}

impl Staged<'_> {
    fn apply(&mut self, write: &Write) {
        match write {
            Write::Put(row, tags) => {
                self.changed.insert(row.header.id, Some((row.clone(), tags.clone())));
            }
            Write::Delete(id) => {
                self.changed.insert(*id, None);
            }
            Write::Clear(kind) => self.clear(*kind),
        }
    }

    fn clear(&mut self, kind: RowKind) {
        for staged in self.changed.values_mut() {
            if staged.as_ref().is_some_and(|(row, _)| row.header.kind == kind) {
                *staged = None;
            }
        }
        for (id, kept) in &self.base.rows {
            if kept.row.header.kind == kind {
                self.changed.entry(*id).or_insert(None);
            }
        }
    }
}

impl Rows for Staged<'_> {
    fn row(&self, id: RowId) -> Result<Option<SealedRow>> {
        Ok(match self.changed.get(&id) {
            Some(staged) => staged.as_ref().map(|(row, _)| row.clone()),
            None => self.base.rows.get(&id).map(|kept| kept.row.clone()),
        })
    }
}

impl State {
    fn commit(&mut self, batch: &Batch) -> Result<Revision> {
        for (id, version) in &batch.preconditions {
            if self.rows.get(id).map(|kept| kept.row.header.version) != *version {
                return Err(Error::Conflict);
            }
        }
        let revision = Revision(self.revision.0 + 1);
        let mut staged = Staged { base: self, changed: BTreeMap::new() };
        for write in &batch.writes {
            staged.apply(write);
        }
        for write in batch.linker.link(&staged, revision)? {
            staged.apply(&write);
        }
        let changed = staged.changed;
        for (id, staged) in changed {
            self.land(id, staged, revision);
        }
        self.revision = revision;
        self.forget();
        Ok(revision)
    }

    fn land(&mut self, id: RowId, staged: Option<(SealedRow, Vec<Tag>)>, revision: Revision) {
        match staged {
            Some((row, tags)) => {
                self.deleted.remove(&id);
                self.rows.insert(id, Kept { row, tags, revision });
            }
            None => {
                if self.rows.remove(&id).is_some() {
                    self.deleted.insert(id, revision);
                }
            }
        }
    }

    fn forget(&mut self) {
        while self.deleted.len() > limits::TOMBSTONES {
            let oldest = self.deleted.iter().min_by_key(|(id, revision)| (**revision, **id));
            let Some((id, revision)) = oldest.map(|(id, revision)| (*id, *revision)) else { return };
            self.deleted.remove(&id);
            self.forgotten = self.forgotten.max(revision);
        }
    }

    fn changes(&self, since: Revision) -> Changes {
        let now = self.revision;
        if since < self.forgotten || since > now {
            return Changes::TooOld { now };
        }
        let written = self.rows.iter().filter(|(_, kept)| kept.revision > since).map(|(id, _)| *id);
        let deleted = self.deleted.iter().filter(|(_, revision)| **revision > since).map(|(id, _)| *id);
        let mut ids: Vec<RowId> = written.chain(deleted).collect();
        if ids.len() > limits::CHANGES {
            return Changes::TooOld { now };
        }
        ids.sort_unstable();
        ids.dedup();
        Changes::Rows { now, ids }
    }
}

impl Store for MemoryStore {
    fn revision(&self) -> Result<Revision> {
        Ok(locked(&self.state).revision)
    }

    fn changes(&self, since: Revision) -> Result<Changes> {
        Ok(locked(&self.state).changes(since))
    }

    fn load(&self, rows: &[RowId]) -> Result<Vec<Option<SealedRow>>> {
        let state = locked(&self.state);
        Ok(rows.iter().map(|id| state.rows.get(id).map(|kept| kept.row.clone())).collect())
    }

    fn find(&self, query: &TagQuery, after: Option<RowId>, limit: usize) -> Result<Vec<RowId>> {
        limits::check_tags(query)?;
        let state = locked(&self.state);
        let matching = state.rows.iter().filter(|(id, kept)| {
            let header = &kept.row.header;
            after.is_none_or(|after| **id > after)
                && header.shelf == query.shelf
                && header.kind == query.kind
                && query.tags.iter().all(|tag| kept.tags.contains(tag))
        });
        Ok(matching.map(|(id, _)| *id).take(limit).collect())
    }

    fn reserve(&self, count: u32) -> Result<Range<u64>> {
        let mut state = locked(&self.state);
        let first = state.next_id;
        let end = limits::ids_end(first, u64::from(count))?;
        state.next_id = end;
        Ok(first..end)
    }

    fn commit(&self, group: &[Batch]) -> Vec<Result<Revision>> {
        let mut state = locked(&self.state);
        group.iter().map(|batch| state.commit(batch)).collect()
    }
}
