//! What an engine is made of: a value for each port, and what the configuration says.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::mechanism::Mechanisms;
use crate::place::Places;
use crate::primitives::{PinCost, Primitives};

/// What an engine is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where tokens live.
    pub places: Arc<dyn Places>,
    /// The algorithms.
    pub mechanisms: Mechanisms,
    /// What the vault is made of.
    pub primitives: Arc<dyn Primitives>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the configuration says.
    pub settings: Settings,
}

/// What the configuration says to the engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Wrong PINs in a row after which a user of a token initialised here is locked: 3 to 100.
    pub user_pin_limit: u32,
    /// The same for officers.
    pub officer_pin_limit: u32,
    /// Whether a token initialised here offers approved algorithms alone, for ever.
    pub approved_mode: bool,
    /// Cost of the PINs set here.
    pub pin_cost: PinCost,
    /// How long an operation's start, an attribute or a session info may rest on an older look at the store.
    pub staleness: Duration,
    /// How long a change is planned again and again because others changed the same, before it is
    /// [`pkcs11::Error::StoreBusy`].
    pub busy_wait: Duration,
    /// Sessions an application may have open; 0 is no limit of ours.
    pub max_sessions: u32,
    /// Opened objects kept at most, with their parsed keys.
    pub cached_objects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_pin_limit: 10,
            officer_pin_limit: 10,
            approved_mode: false,
            pin_cost: PinCost { memory: 64 * 1024, passes: 3, lanes: 1 },
            staleness: Duration::from_millis(100),
            busy_wait: Duration::from_secs(10),
            max_sessions: 0,
            cached_objects: 4096,
        }
    }
}
