//! Places in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use engine::place::{Home, Place, Places, TokenId};
use pkcs11::{Error, Result, Secret, SlotId};

use super::{MemoryCounters, MemoryStore, locked};

#[derive(Default)]
struct Token {
    slot: u64,
    store: Option<MemoryStore>,
    counters: MemoryCounters,
    device_keys: BTreeMap<u64, Secret>,
}

/// An installation in memory: the n-th place is token n in slot n.
#[derive(Clone, Default)]
pub struct MemoryPlaces {
    tokens: Arc<Mutex<BTreeMap<TokenId, Token>>>,
}

/// The n-th token's id, in the form of a version 4 UUID (RFC 9562 section 5.4).
fn token_id(n: u64) -> TokenId {
    let mut id = [0; 16];
    let (front, back) = id.split_at_mut(8);
    front.copy_from_slice(&[0, 0, 0, 0, 0, 0, 0x40, 0]);
    back.copy_from_slice(&n.to_be_bytes());
    if let Some(variant) = back.first_mut() {
        *variant = 0x80;
    }
    TokenId(id)
}

fn no_key(token: TokenId, incarnation: u64) -> Error {
    let path = PathBuf::from(format!("memory/{:02x?}.{incarnation}", token.0));
    Error::DeviceKey { path, reason: "it is not there".into() }
}

impl MemoryPlaces {
    /// No place yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A token's store, for looking at and changing raw rows.
    #[must_use]
    pub fn store(&self, token: TokenId) -> Option<MemoryStore> {
        locked(&self.tokens).get(&token).and_then(|token| token.store.clone())
    }

    /// A token's counters.
    #[must_use]
    pub fn counters(&self, token: TokenId) -> Option<MemoryCounters> {
        locked(&self.tokens).get(&token).map(|token| token.counters.clone())
    }

    /// The incarnations that have a device key, ascending.
    #[must_use]
    pub fn device_keys(&self, token: TokenId) -> Vec<u64> {
        let tokens = locked(&self.tokens);
        tokens.get(&token).map(|token| token.device_keys.keys().copied().collect()).unwrap_or_default()
    }

    /// Puts another device key in place, or takes it away.
    pub fn replace_device_key(&self, token: TokenId, incarnation: u64, key: Option<Secret>) {
        if let Some(token) = locked(&self.tokens).get_mut(&token) {
            match key {
                Some(key) => token.device_keys.insert(incarnation, key),
                None => token.device_keys.remove(&incarnation),
            };
        }
    }

    /// Puts another store in place, such as an older [`MemoryStore::snapshot`].
    pub fn replace_store(&self, token: TokenId, store: MemoryStore) {
        if let Some(token) = locked(&self.tokens).get_mut(&token) {
            token.store = Some(store);
        }
    }

    /// An installation of its own with what this one holds now.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let copies = locked(&self.tokens)
            .iter()
            .map(|(id, token)| {
                let copy = Token {
                    slot: token.slot,
                    store: token.store.as_ref().map(MemoryStore::snapshot),
                    counters: token.counters.snapshot(),
                    device_keys: token.device_keys.clone(),
                };
                (*id, copy)
            })
            .collect();
        Self { tokens: Arc::new(Mutex::new(copies)) }
    }
}

impl Places for MemoryPlaces {
    fn list(&self) -> Result<Vec<Place>> {
        let mut tokens = locked(&self.tokens);
        if tokens.values().all(|token| token.store.is_some()) {
            let slot = tokens.values().map(|token| token.slot).max().unwrap_or(0) + 1;
            tokens.insert(token_id(slot), Token { slot, ..Token::default() });
        }
        let mut places: Vec<Place> = tokens
            .iter()
            .map(|(id, token)| Place {
                token: *id,
                slot: SlotId(token.slot),
                has_store: token.store.is_some(),
            })
            .collect();
        places.sort_by_key(|place| place.slot);
        Ok(places)
    }

    fn open(&self, token: TokenId, create: bool) -> Result<Home> {
        let mut tokens = locked(&self.tokens);
        let token = tokens.get_mut(&token).ok_or(Error::TokenNotInitialized)?;
        if token.store.is_none() && create {
            token.store = Some(MemoryStore::new());
        }
        let store = token.store.clone().ok_or(Error::TokenNotInitialized)?;
        Ok(Home { store: Arc::new(store), counters: Arc::new(token.counters.clone()) })
    }

    fn device_key(&self, token: TokenId, incarnation: u64) -> Result<Secret> {
        let tokens = locked(&self.tokens);
        let key = tokens.get(&token).and_then(|token| token.device_keys.get(&incarnation));
        key.cloned().ok_or_else(|| no_key(token, incarnation))
    }

    fn provide_device_key(&self, token: TokenId, incarnation: u64, fresh: &Secret) -> Result<Secret> {
        let mut tokens = locked(&self.tokens);
        let place = tokens.get_mut(&token).ok_or_else(|| no_key(token, incarnation))?;
        Ok(place.device_keys.entry(incarnation).or_insert_with(|| fresh.clone()).clone())
    }

    fn destroy_device_keys_before(&self, token: TokenId, keep: u64) -> Result<()> {
        if let Some(token) = locked(&self.tokens).get_mut(&token) {
            token.device_keys.retain(|incarnation, _| *incarnation >= keep);
        }
        Ok(())
    }

    fn delete(&self, token: TokenId) -> Result<()> {
        // The empty place comes first: its number is above that of the token that goes.
        self.list()?;
        locked(&self.tokens).remove(&token).map(drop).ok_or(Error::TokenNotInitialized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_one_blank_place_and_slots_stay() {
        let places = MemoryPlaces::new();
        let first = places.list().unwrap();
        assert_eq!(first.len(), 1);
        assert!(!first[0].has_store);
        places.open(first[0].token, true).unwrap();
        let second = places.list().unwrap();
        assert_eq!(second.len(), 2);
        assert_eq!(second[0], Place { has_store: true, ..first[0] });
        assert!(!second[1].has_store);
        assert_eq!(places.list().unwrap(), second);
    }

    #[test]
    fn the_device_key_that_came_first_stays() {
        let places = MemoryPlaces::new();
        let token = places.list().unwrap()[0].token;
        assert!(matches!(places.device_key(token, 1), Err(Error::DeviceKey { .. })));
        let first = Secret::from([1; 32]);
        assert_eq!(places.provide_device_key(token, 1, &first).unwrap(), first);
        assert_eq!(places.provide_device_key(token, 1, &Secret::from([2; 32])).unwrap(), first);
        places.provide_device_key(token, 2, &Secret::from([2; 32])).unwrap();
        places.provide_device_key(token, 3, &Secret::from([3; 32])).unwrap();
        places.destroy_device_keys_before(token, 2).unwrap();
        assert_eq!(places.device_keys(token), [2, 3]);
    }
}
