//! Chapter 5.5: waiting for a slot event. There are no threads of ours: who waits looks for himself.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use pkcs11::{Error, Result, SlotId};

use crate::application::Application;
use crate::place::Place;

/// How often a waiting call looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// What the application has been told of its slots.
#[derive(Default)]
pub struct SlotEvents {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// Each slot with whether there is a token in it; none at all before the slots were listed.
    told: Option<BTreeMap<SlotId, bool>>,
    over: bool,
}

impl Application {
    pub(crate) fn do_wait_for_slot_event(&self, wait: bool) -> Result<SlotId> {
        loop {
            let now = self.tokens()?;
            let mut state = self.slot_events.state.lock();
            if state.over {
                return Err(Error::NotInitialized);
            }
            let told = state.told.get_or_insert_with(|| now.clone());
            let differs = |slot: &&SlotId| told.get(slot) != now.get(slot);
            if let Some(slot) = now.keys().chain(told.keys()).find(differs).copied() {
                match now.get(&slot) {
                    Some(token) => told.insert(slot, *token),
                    None => told.remove(&slot),
                };
                return Ok(slot);
            }
            if !wait {
                return Err(Error::NoEvent);
            }
            self.slot_events.ended.wait_for(&mut state, INTERVAL);
        }
    }

    pub(crate) fn do_end_waits(&self) {
        self.slot_events.state.lock().over = true;
        self.slot_events.ended.notify_all();
    }

    /// What is told from now on is what changes from now on: called when the slots are listed.
    pub(crate) fn begin_slot_events(&self, places: &[Place]) {
        self.slot_events.state.lock().told.get_or_insert_with(|| by_slot(places));
    }

    fn tokens(&self) -> Result<BTreeMap<SlotId, bool>> {
        Ok(by_slot(&self.list_places()?))
    }
}

fn by_slot(places: &[Place]) -> BTreeMap<SlotId, bool> {
    places.iter().map(|place| (place.slot, place.has_store)).collect()
}
