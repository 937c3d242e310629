//! A store, counters and places that fail at the n-th write, to walk n = 1, 2, 3 ... in tests.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use engine::place::{CounterCopies, CounterWrite, Counters, Held, Hold, Home, Place, Places, TokenId};
use engine::store::{Batch, Changes, Revision, RowId, SealedRow, Store, TagQuery};
use pkcs11::administration::Whereabouts;
use pkcs11::{Error, Result, Secret};

/// On which side of its effect a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing is written.
    Before,
    /// It is written, and the caller is told that it failed.
    After,
}

#[derive(Clone)]
struct Plan {
    write: u64,
    when: When,
    error: Error,
}

#[derive(Default)]
struct Tally {
    writes: u64,
    plan: Option<Plan>,
    fired: bool,
}

/// Which write fails, shared by all wrappers of one test. Writes are: each batch of a commit, `reserve`, `update`
/// of a counter, `open` with `create`, `provide_device_key`, `destroy_device_keys_before` and `delete`.
#[derive(Clone, Default)]
pub struct Faults {
    tally: Arc<Mutex<Tally>>,
}

impl Faults {
    /// No write fails; they are counted.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Counts from now, and lets write `write` (1 is the next) fail once with `error`; those after it work again.
    pub fn fail(&self, write: u64, when: When, error: Error) {
        let plan = Some(Plan { write, when, error });
        *self.tally() = Tally { writes: 0, plan, fired: false };
    }

    /// Counts from now, and lets nothing fail.
    pub fn heal(&self) {
        *self.tally() = Tally::default();
    }

    /// Writes since the count began.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.tally().writes
    }

    /// Whether the planned write came and failed: when not, the walk over n has come to its end.
    #[must_use]
    pub fn fired(&self) -> bool {
        self.tally().fired
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a write; gives the plan when it is the one to fail.
    fn count(&self) -> Option<Plan> {
        let mut tally = self.tally();
        tally.writes += 1;
        let plan = tally.plan.clone().filter(|plan| plan.write == tally.writes)?;
        tally.fired = true;
        Some(plan)
    }

    fn write<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        match self.count() {
            None => write(),
            Some(Plan { when: When::Before, error, .. }) => Err(error),
            Some(Plan { when: When::After, error, .. }) => write().and(Err(error)),
        }
    }
}

/// A store whose writes fail as planned.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

impl FaultyStore {
    /// Wraps a store.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl Store for FaultyStore {
    fn revision(&self) -> Result<Revision> {
        self.inner.revision()
    }

    fn changes(&self, since: Revision) -> Result<Changes> {
        self.inner.changes(since)
    }

    fn load(&self, rows: &[RowId]) -> Result<Vec<Option<SealedRow>>> {
        self.inner.load(rows)
    }

    fn find(&self, query: &TagQuery, after: Option<RowId>, limit: usize) -> Result<Vec<RowId>> {
        self.inner.find(query, after, limit)
    }

    fn reserve(&self, count: u32) -> Result<Range<u64>> {
        self.faults.write(|| self.inner.reserve(count))
    }

    fn commit(&self, group: &[Batch]) -> Vec<Result<Revision>> {
        let one = |batch: &Batch| {
            let mut answers = self.inner.commit(std::slice::from_ref(batch));
            answers.pop().unwrap_or(Err(Error::Bug("a store answered no batch")))
        };
        group.iter().map(|batch| self.faults.write(|| one(batch))).collect()
    }
}

struct FaultyCounters {
    inner: Arc<dyn Counters>,
    faults: Faults,
}

impl Counters for FaultyCounters {
    fn hold(&self, record: u32, hold: Hold) -> Result<Box<dyn Held>> {
        self.inner.hold(record, hold)
    }

    fn update(
        &self,
        record: u32,
        change: &mut dyn FnMut(&CounterCopies) -> Result<CounterWrite>,
    ) -> Result<()> {
        let mut late = None;
        self.inner.update(record, &mut |copies| {
            let Some(write) = change(copies)? else { return Ok(None) };
            match self.faults.count() {
                None => Ok(Some(write)),
                Some(Plan { when: When::Before, error, .. }) => Err(error),
                Some(Plan { when: When::After, error, .. }) => {
                    late = Some(error);
                    Ok(Some(write))
                }
            }
        })?;
        late.map_or(Ok(()), Err)
    }

    fn hold_administration(&self) -> Result<Box<dyn Held>> {
        self.inner.hold_administration()
    }
}

/// Places whose writes, and those of what they open, fail as planned.
pub struct FaultyPlaces {
    inner: Arc<dyn Places>,
    faults: Faults,
}

impl FaultyPlaces {
    /// Wraps places.
    #[must_use]
    pub fn new(inner: Arc<dyn Places>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl Places for FaultyPlaces {
    fn list(&self) -> Result<Vec<Place>> {
        self.inner.list()
    }

    fn open(&self, token: TokenId, create: bool) -> Result<Home> {
        let open = || self.inner.open(token, create);
        let home = if create { self.faults.write(open) } else { open() }?;
        Ok(Home {
            store: Arc::new(FaultyStore { inner: home.store, faults: self.faults.clone() }),
            counters: Arc::new(FaultyCounters { inner: home.counters, faults: self.faults.clone() }),
        })
    }

    fn device_key(&self, token: TokenId, incarnation: u64) -> Result<Secret> {
        self.inner.device_key(token, incarnation)
    }

    fn provide_device_key(&self, token: TokenId, incarnation: u64, fresh: &Secret) -> Result<Secret> {
        self.faults.write(|| self.inner.provide_device_key(token, incarnation, fresh))
    }

    fn destroy_device_keys_before(&self, token: TokenId, keep: u64) -> Result<()> {
        self.faults.write(|| self.inner.destroy_device_keys_before(token, keep))
    }

    fn delete(&self, token: TokenId) -> Result<()> {
        self.faults.write(|| self.inner.delete(token))
    }

    fn whereabouts(&self, token: TokenId, incarnation: u64) -> Option<Whereabouts> {
        self.inner.whereabouts(token, incarnation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryPlaces, MemoryStore};

    fn broken() -> Error {
        Error::StoreIo { path: "memory".into(), reason: "planned".into() }
    }

    #[test]
    fn the_nth_write_fails_before_its_effect_and_the_next_works() {
        let faults = Faults::none();
        let store = FaultyStore::new(Arc::new(MemoryStore::new()), faults.clone());
        faults.fail(2, When::Before, broken());
        assert_eq!(store.reserve(1).unwrap(), 16..17);
        assert_eq!(store.reserve(1), Err(broken()));
        assert!(faults.fired());
        assert_eq!(store.reserve(1).unwrap(), 17..18);
        assert_eq!(faults.writes(), 3);
    }

    #[test]
    fn the_nth_write_fails_after_its_effect() {
        let faults = Faults::none();
        let memory = MemoryPlaces::new();
        let places = FaultyPlaces::new(Arc::new(memory.clone()), faults.clone());
        let token = places.list().unwrap()[0].token;
        faults.fail(2, When::After, broken());
        let home = places.open(token, true).unwrap();
        let outcome = home.counters.update(3, &mut |_| Ok(Some((1, [7; 128]))));
        assert_eq!(outcome, Err(broken()));
        assert_eq!(memory.counters(token).unwrap().copies(3)[1], [7; 128]);
    }

    #[test]
    fn destroying_device_keys_is_a_write_of_those_before() {
        let faults = Faults::none();
        let memory = MemoryPlaces::new();
        let places = FaultyPlaces::new(Arc::new(memory.clone()), faults.clone());
        let token = places.list().unwrap()[0].token;
        for incarnation in 1..4 {
            places.provide_device_key(token, incarnation, &Secret::from([1; 32])).unwrap();
        }
        faults.fail(1, When::Before, broken());
        assert_eq!(places.destroy_device_keys_before(token, 2), Err(broken()));
        assert_eq!(memory.device_keys(token), [1, 2, 3]);
        places.destroy_device_keys_before(token, 2).unwrap();
        assert_eq!(memory.device_keys(token), [2, 3]);
    }

    #[test]
    fn an_update_that_writes_nothing_is_no_write() {
        let faults = Faults::none();
        let places = FaultyPlaces::new(Arc::new(MemoryPlaces::new()), faults.clone());
        let token = places.list().unwrap()[0].token;
        let home = places.open(token, true).unwrap();
        faults.heal();
        home.counters.update(0, &mut |_| Ok(None)).unwrap();
        assert_eq!(faults.writes(), 0);
    }
}
