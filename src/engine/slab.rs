//! Values by number: found without a lock, added and removed under one. A number is never given twice.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use once_cell::sync::OnceCell;

use crate::sync::Mutex;

const INDEX_BITS: u32 = 24;
const CHUNKS: usize = 18;
const FIRST_CHUNK: usize = 64;

/// A table of up to 16 million values. Chunks double in size and are never given back, so that readers need no lock.
///
/// A number is an index under a generation, which is raised with each reuse of the index. Each table begins at another
/// one: who comes from an earlier life of the library with a number of that time finds nobody else's value.
pub struct Slab<T> {
    first_generation: u64,
    chunks: [OnceCell<Box<[Entry<T>]>>; CHUNKS],
    free: Mutex<Free>,
}

type Entry<T> = ArcSwapOption<Numbered<T>>;

struct Numbered<T> {
    number: u64,
    value: Arc<T>,
}

#[derive(Default)]
struct Free {
    used: usize,
    /// Numbers that may come next at an index that was used before.
    again: Vec<u64>,
}

impl<T> Slab<T> {
    /// An empty table.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        // Nothing is secret about it: the seed of a hash table is chance enough.
        let chance = RandomState::new().build_hasher().finish() >> 32;
        let chunks = std::array::from_fn(|_| OnceCell::new());
        Self { first_generation: chance + 1, chunks, free: Mutex::new(name, Free::default()) }
    }

    /// Finds a value; takes no lock.
    #[must_use]
    pub fn value(&self, number: u64) -> Option<Arc<T>> {
        let entry = self.entry(number, false)?.load();
        entry.as_ref().filter(|found| found.number == number).map(|found| Arc::clone(&found.value))
    }

    /// Adds a value that may know its own number; `None` when the table is full.
    pub fn insert(&self, make: impl FnOnce(u64) -> T) -> Option<(u64, Arc<T>)> {
        let number = {
            let mut free = self.free.lock();
            free.again.pop().or_else(|| {
                let index = u64::try_from(free.used).ok()?;
                (index < 1 << INDEX_BITS).then(|| {
                    free.used += 1;
                    (self.first_generation << INDEX_BITS) | index
                })
            })?
        };
        let value = Arc::new(make(number));
        self.entry(number, true)?.store(Some(Arc::new(Numbered { number, value: Arc::clone(&value) })));
        Some((number, value))
    }

    /// Puts another value in the place of `before`; false when that is not there any more.
    pub fn replace(&self, number: u64, before: &Arc<T>, value: T) -> bool {
        let Some(entry) = self.entry(number, false) else { return false };
        let is_before =
            |found: &Arc<Numbered<T>>| found.number == number && Arc::ptr_eq(&found.value, before);
        let Some(found) = entry.load_full().filter(is_before) else { return false };
        let fresh = Arc::new(Numbered { number, value: Arc::new(value) });
        let swapped = entry.compare_and_swap(&Some(Arc::clone(&found)), Some(fresh));
        swapped.as_ref().is_some_and(|swapped| Arc::ptr_eq(swapped, &found))
    }

    /// Takes a value out; `None` when it is not there.
    pub fn remove(&self, number: u64) -> Option<Arc<T>> {
        let entry = self.entry(number, false)?;
        let found = entry.load_full().filter(|found| found.number == number)?;
        // Two threads may get here with one number: who swaps it out has it.
        let before = entry.compare_and_swap(&Some(Arc::clone(&found)), None);
        if before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &found)) {
            return None;
        }
        self.free.lock().again.push(number + (1 << INDEX_BITS));
        Some(Arc::clone(&found.value))
    }

    /// All values of this moment.
    #[must_use]
    pub fn values(&self) -> Vec<(u64, Arc<T>)> {
        let chunks = self.chunks.iter().filter_map(OnceCell::get);
        chunks
            .flat_map(|chunk| chunk.iter())
            .filter_map(|entry| entry.load().as_ref().map(|found| (found.number, Arc::clone(&found.value))))
            .collect()
    }

    fn entry(&self, number: u64, make: bool) -> Option<&Entry<T>> {
        let index = usize::try_from(number & ((1 << INDEX_BITS) - 1)).ok()?;
        // Chunk k starts at index FIRST_CHUNK * (2^k - 1) and holds FIRST_CHUNK * 2^k values.
        let k = usize::try_from((index / FIRST_CHUNK + 1).ilog2()).ok()?;
        let start = FIRST_CHUNK * ((1 << k) - 1);
        let cell = self.chunks.get(k)?;
        let chunk = if make {
            cell.get_or_init(|| (0..FIRST_CHUNK << k).map(|_| ArcSwapOption::empty()).collect())
        } else {
            cell.get()?
        };
        chunk.get(index - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_value_until_it_is_removed_and_never_comes_again() {
        let slab = Slab::new("test");
        let (first, _) = slab.insert(|_| 'a').unwrap();
        assert_eq!(slab.value(first).as_deref(), Some(&'a'));
        assert!(slab.remove(first).is_some());
        assert!(slab.remove(first).is_none());
        let (second, _) = slab.insert(|_| 'b').unwrap();
        assert_ne!(first, second);
        assert_eq!(slab.value(first), None);
        assert_eq!(slab.value(0), None);
        assert_eq!(slab.value(u64::MAX), None);
    }

    #[test]
    fn a_number_of_one_table_names_nothing_in_another() {
        let (before, after) = (Slab::new("test"), Slab::new("test"));
        let (number, _) = before.insert(|_| 'a').unwrap();
        let (own, _) = after.insert(|_| 'b').unwrap();
        assert_eq!(after.value(own).as_deref(), Some(&'b'));
        assert_eq!(after.value(number), None);
        assert!(after.remove(number).is_none());
    }

    #[test]
    fn a_value_is_replaced_only_while_it_is_there() {
        let slab = Slab::new("test");
        let (number, first) = slab.insert(|_| 'a').unwrap();
        assert!(slab.replace(number, &first, 'b'));
        assert!(!slab.replace(number, &first, 'c'), "it was judged by what is over");
        assert_eq!(slab.value(number).as_deref(), Some(&'b'));
        let second = slab.remove(number).unwrap();
        assert!(!slab.replace(number, &second, 'c'));
        assert_eq!(slab.value(number), None);
    }

    #[test]
    fn ten_thousand_values_keep_their_numbers() {
        let slab = Slab::new("test");
        let numbers: Vec<u64> = (0..10_000).map(|i| slab.insert(|_| i).unwrap().0).collect();
        for (i, number) in numbers.iter().enumerate() {
            assert_eq!(slab.value(*number).as_deref(), Some(&i));
        }
        assert_eq!(slab.values().len(), 10_000);
    }
}
