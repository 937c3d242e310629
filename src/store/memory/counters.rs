//! Counters in memory.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use engine::place::{COUNTER_COPY, CounterCopies, CounterWrite, Counters, Held, Hold};
use pkcs11::{Error, Result};

use super::locked;

/// What is locked: the trials of a record, or the administration of the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Record(u32),
    Administration,
}

#[derive(Default)]
struct Holders {
    shared: usize,
    exclusive: bool,
    /// Waiting for an exclusive hold: newcomers stay behind them.
    claims: usize,
}

impl Holders {
    fn admit(&mut self, hold: Hold) -> bool {
        match hold {
            Hold::Shared if !self.exclusive && self.claims == 0 => self.shared += 1,
            Hold::Exclusive if !self.exclusive && self.shared == 0 => self.exclusive = true,
            _ => return false,
        }
        true
    }
}

#[derive(Default)]
struct Shared {
    records: Mutex<HashMap<u32, CounterCopies>>,
    holders: Mutex<HashMap<Subject, Holders>>,
    released: Condvar,
}

/// Counters of PIN trials in memory.
#[derive(Clone, Default)]
pub struct MemoryCounters {
    shared: Arc<Shared>,
}

impl MemoryCounters {
    /// Records that are all zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The two copies of a record as they lie there.
    #[must_use]
    pub fn copies(&self, record: u32) -> CounterCopies {
        locked(&self.shared.records).get(&record).copied().unwrap_or([[0; COUNTER_COPY]; 2])
    }

    /// Puts other copies in place, as someone would who writes the file.
    pub fn replace(&self, record: u32, copies: CounterCopies) {
        locked(&self.shared.records).insert(record, copies);
    }

    /// Counters of their own with what these hold now.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let copy = Self::default();
        locked(&copy.shared.records).clone_from(&locked(&self.shared.records));
        copy
    }

    fn claim(&self, subject: Subject, hold: Hold) -> Box<dyn Held> {
        let mut holders = locked(&self.shared.holders);
        if hold == Hold::Exclusive {
            holders.entry(subject).or_default().claims += 1;
        }
        while !holders.entry(subject).or_default().admit(hold) {
            holders = self.shared.released.wait(holders).unwrap_or_else(PoisonError::into_inner);
        }
        if hold == Hold::Exclusive {
            holders.entry(subject).or_default().claims -= 1;
        }
        Box::new(MemoryHeld { shared: Arc::clone(&self.shared), subject, hold })
    }
}

struct MemoryHeld {
    shared: Arc<Shared>,
    subject: Subject,
    hold: Hold,
}

impl Held for MemoryHeld {}

impl Drop for MemoryHeld {
    fn drop(&mut self) {
        if let Some(holders) = locked(&self.shared.holders).get_mut(&self.subject) {
            match self.hold {
                Hold::Shared => holders.shared -= 1,
                Hold::Exclusive => holders.exclusive = false,
            }
        }
        self.shared.released.notify_all();
    }
}

impl Counters for MemoryCounters {
    fn hold(&self, record: u32, hold: Hold) -> Result<Box<dyn Held>> {
        Ok(self.claim(Subject::Record(record), hold))
    }

    fn update(
        &self,
        record: u32,
        change: &mut dyn FnMut(&CounterCopies) -> Result<CounterWrite>,
    ) -> Result<()> {
        let mut records = locked(&self.shared.records);
        let mut copies = records.get(&record).copied().unwrap_or([[0; COUNTER_COPY]; 2]);
        if let Some((copy, bytes)) = change(&copies)? {
            *copies.get_mut(copy).ok_or(Error::Bug("a counter record has two copies"))? = bytes;
            records.insert(record, copies);
        }
        Ok(())
    }

    fn hold_administration(&self) -> Result<Box<dyn Held>> {
        Ok(self.claim(Subject::Administration, Hold::Exclusive))
    }
}
