//! What an application has been told of its slots. There are no threads of ours: who waits looks for himself.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Condvar;
use pkcs11::{Error, Result, SlotId};

use crate::place::Place;
use crate::sync::Mutex;

/// How often a waiting call looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// The slots as the application knows them.
pub struct SlotEvents {
    state: Mutex<State>,
    ended: Condvar,
}

impl Default for SlotEvents {
    fn default() -> Self {
        Self { state: Mutex::new("slot events", State::default()), ended: Condvar::new() }
    }
}

#[derive(Default)]
struct State {
    /// Each slot with whether there is a token in it; none at all before the slots could be listed.
    told: Option<BTreeMap<SlotId, bool>>,
    over: bool,
}

impl SlotEvents {
    /// What is told is what changes after the first of these calls, whenever the slots are listed.
    pub fn begin(&self, places: &[Place]) {
        self.state.lock().told.get_or_insert_with(|| by_slot(places));
    }

    /// A slot that has changed since it was last told of; `None` when none has.
    ///
    /// # Errors
    /// [`Error::NotInitialized`] once waits have ended.
    pub fn next(&self, places: &[Place]) -> Result<Option<SlotId>> {
        let now = by_slot(places);
        let mut state = self.state.lock();
        if state.over {
            return Err(Error::NotInitialized);
        }
        let told = state.told.get_or_insert_with(|| now.clone());
        let differs = |slot: &&SlotId| told.get(slot) != now.get(slot);
        let Some(slot) = now.keys().chain(told.keys()).find(differs).copied() else { return Ok(None) };
        match now.get(&slot) {
            Some(token) => told.insert(slot, *token),
            None => told.remove(&slot),
        };
        Ok(Some(slot))
    }

    /// Waits until it is time to look again, or waits have ended.
    pub fn pause(&self) {
        let mut state = self.state.lock();
        if !state.over {
            self.ended.wait_for(&mut state, INTERVAL);
        }
    }

    /// Ends every wait, now and later.
    pub fn end(&self) {
        self.state.lock().over = true;
        self.ended.notify_all();
    }
}

fn by_slot(places: &[Place]) -> BTreeMap<SlotId, bool> {
    places.iter().map(|place| (place.slot, place.has_store)).collect()
}
