//! An installation in folders: `tokens/<uuid>/` with each token's store and counters, device keys in a folder of
//! their own.

mod deleting;
mod device_key;
mod file_system;
mod names;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::place::{Home, Place, Places, TokenId};
use pkcs11::administration::Whereabouts;
use pkcs11::{Error, Result, Secret};

use crate::counters::FileCounters;
use crate::gate::ForkGate;
use crate::lock::{Kind, LockFile, Patience};
use crate::permissions::{Permissions, Purpose, check_folder, sync_folder};
use crate::sqlite::{self, Site, SqliteStore};
use device_key::DeviceKeys;

/// The folder of the tokens' folders, in the data folder.
const TOKENS: &str = "tokens";
/// The lock under which tokens and device keys are made, in the data folder.
const LOCK: &str = "places.lock";
/// A token's folder that is being made.
const UNFINISHED: &str = "unfinished";
/// How long to wait for another process, unless the configuration says otherwise.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Where an installation lies and who may use it.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The data folder.
    pub data: PathBuf,
    /// The folder of the device keys; best on another disk than the data.
    pub device_keys: PathBuf,
    /// Who may use what is made here.
    pub permissions: Permissions,
    /// How long a writer waits for others before it answers [`Error::StoreBusy`]. PIN trials and administration
    /// wait six times as long.
    pub busy_wait: Duration,
}

impl Layout {
    /// An installation for its owner alone, with a wait of 10 seconds.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>, device_keys: impl Into<PathBuf>) -> Self {
        let (data, device_keys) = (data.into(), device_keys.into());
        Self { data, device_keys, permissions: Permissions::Private, busy_wait: BUSY_WAIT }
    }
}

/// What is in the folder of tokens.
#[derive(Default)]
struct Found {
    /// Ascending by slot.
    places: Vec<Place>,
    /// Whether something is left of a token that was deleted.
    remains: bool,
}

/// The tokens of an installation.
pub struct Folder {
    layout: Layout,
    keys: DeviceKeys,
    gate: Arc<ForkGate>,
}

fn refused(path: &Path, error: &io::Error) -> Error {
    Error::Configuration { path: path.to_owned(), reason: error.to_string() }
}

impl Folder {
    /// Opens an installation; makes its folders first if there are none. A data folder that this process can only
    /// read is opened too.
    ///
    /// The data folder itself may be named through symbolic links. None is followed in it, since a group may write
    /// there: not for the folder of tokens, nor for a token's, nor for the files in it.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the data folder is not there and cannot be made, cannot be read, has a link in
    /// the place of the folder of tokens, or lies on a network file system, where a store would be damaged.
    pub fn open(layout: Layout) -> Result<Self> {
        let mut layout = layout;
        for path in [&mut layout.data, &mut layout.device_keys] {
            // The host may change its working folder later.
            *path = std::path::absolute(&path).map_err(|error| refused(path, &error))?;
        }
        let data = &layout.data;
        layout.permissions.make_folder(data, Purpose::Data).map_err(|error| refused(data, &error))?;
        layout.data = data.canonicalize().map_err(|error| refused(data, &error))?;
        let Layout { data, device_keys, permissions, .. } = &layout;
        file_system::check(data)?;
        fs::read_dir(data).map_err(|error| refused(data, &error))?;
        let tokens = data.join(TOKENS);
        for (path, purpose) in [(&tokens, Purpose::Data), (device_keys, Purpose::DeviceKeys)] {
            if let Err(error) = permissions.make_folder(path, purpose) {
                // Whoever needs it later is told.
                log::debug!("{}: {error}", path.display());
            }
        }
        match check_folder(&tokens) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => {
                outcome.map_err(|error| refused(&tokens, &error))?;
                file_system::check(&tokens)?;
            }
        }
        let keys = DeviceKeys { folder: device_keys.clone(), permissions: *permissions };
        Ok(Self { layout, keys, gate: ForkGate::new() })
    }

    /// The gate that a fork of this process must pass. What this folder opened is not to be used nor dropped in the
    /// child, which opens a folder of its own.
    #[must_use]
    pub fn fork_gate(&self) -> Arc<ForkGate> {
        Arc::clone(&self.gate)
    }

    fn tokens(&self) -> PathBuf {
        self.layout.data.join(TOKENS)
    }

    fn site(&self, token: TokenId) -> Site {
        let folder = self.tokens().join(names::to_text(token));
        let Layout { permissions, busy_wait, .. } = self.layout;
        Site { folder, token, permissions, busy_wait }
    }

    /// Keeps other makers of tokens and device keys out, in all processes.
    fn lock(&self) -> Result<LockFile> {
        self.lock_for(self.layout.busy_wait)
    }

    /// As [`Folder::lock`], waiting for no longer than `wait`.
    fn lock_for(&self, wait: Duration) -> Result<LockFile> {
        let path = self.layout.data.join(LOCK);
        let lock = LockFile::open_or_make(&self.gate, &path, self.layout.permissions)?;
        lock.lock(0..1, Kind::Exclusive, &Patience::new(wait))?;
        Ok(lock)
    }

    /// The places that are there, ascending by slot. What is no token's folder is passed over.
    fn found(&self) -> Result<Found> {
        let tokens = self.tokens();
        let entries = match fs::read_dir(&tokens) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
            outcome => outcome.map_err(|error| refused(&tokens, &error))?,
        };
        let (mut places, mut remains) = (Vec::new(), false);
        for entry in entries {
            let entry = entry.map_err(|error| refused(&tokens, &error))?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            remains |= deleting::deleted(name).is_some();
            let Some(token) = names::from_text(name) else { continue };
            let Some(slot) = names::slot(token) else { continue };
            if let Err(error) = check_folder(&entry.path()) {
                log::warn!("{}: passed over: {error}", entry.path().display());
                continue;
            }
            // A store that cannot be looked at is one: opening it will tell the reason.
            let store = fs::symlink_metadata(entry.path().join(sqlite::FILE));
            let has_store = !store.is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            places.push(Place { token, slot, has_store });
        }
        places.sort_by_key(|place| (place.slot, place.token));
        places.dedup_by(|later, earlier| {
            let same = later.slot == earlier.slot;
            if same {
                let path = tokens.join(names::to_text(later.token));
                log::warn!("{}: passed over, its slot is that of another token", path.display());
            }
            same
        });
        Ok(Found { places, remains })
    }

    /// Makes a place for a token to come, unless somebody else has meanwhile.
    fn make_place(&self) -> Result<()> {
        let _lock = self.lock()?;
        self.make_place_locked()
    }

    /// As [`Folder::make_place`], for whoever holds the lock.
    fn make_place_locked(&self) -> Result<()> {
        let taken = self.found()?.places;
        if taken.iter().any(|place| !place.has_store) {
            return Ok(());
        }
        let last = taken.iter().map(|place| place.slot.0).max().unwrap_or(0);
        let token = loop {
            let token = names::above(names::random()?, last);
            if names::slot(token).is_some_and(|slot| taken.iter().all(|place| place.slot != slot)) {
                break token;
            }
        };
        self.make_token_folder(&self.site(token).folder)
    }

    fn make_token_folder(&self, folder: &Path) -> Result<()> {
        let failed = |error: io::Error| crate::reason::writing(folder, &error);
        let tokens = self.tokens();
        self.layout.permissions.make_folder(&tokens, Purpose::Data).map_err(failed)?;
        check_folder(&tokens).map_err(|error| crate::reason::writing(&tokens, &error))?;
        if fs::symlink_metadata(folder).is_err() {
            // It gets its name when it has its permissions, so that nobody sees it without.
            let unfinished = tokens.join(UNFINISHED);
            match fs::remove_dir(&unfinished) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
            self.layout.permissions.make_folder(&unfinished, Purpose::Data).map_err(failed)?;
            fs::rename(&unfinished, folder).map_err(failed)?;
        }
        check_folder(folder).map_err(failed)?;
        sync_folder(&tokens).map_err(failed)?;
        sync_folder(&self.layout.data).map_err(failed)
    }

    fn make_store(&self, site: &Site) -> Result<()> {
        let _lock = self.lock()?;
        self.make_token_folder(&site.folder)?;
        // First, so that a store without counters is one that lost them.
        FileCounters::make(&self.gate, &site.folder, site.permissions)?;
        SqliteStore::make(&self.gate, site)
    }
}

impl Places for Folder {
    fn list(&self) -> Result<Vec<Place>> {
        let Found { places, remains } = self.found()?;
        if remains {
            self.finish_deletions();
        }
        if places.iter().any(|place| !place.has_store) {
            return Ok(places);
        }
        match self.make_place() {
            Ok(()) => Ok(self.found()?.places),
            Err(error) => {
                // Tokens that are there can be used all the same.
                log::info!("no place for a new token: {error}");
                Ok(places)
            }
        }
    }

    fn open(&self, token: TokenId, create: bool) -> Result<Home> {
        let site = self.site(token);
        match check_folder(&site.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => outcome.map_err(|error| crate::reason::reading(&site.folder, &error))?,
        }
        let store = fs::symlink_metadata(site.folder.join(sqlite::FILE));
        if store.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            if !create {
                if site.folder.join(crate::counters::FILE).exists() {
                    let path = site.folder.join(sqlite::FILE);
                    log::warn!("{}: there are counters beside it, but it is not there", path.display());
                }
                return Err(Error::TokenNotInitialized);
            }
            self.make_store(&site)?;
        }
        let counters = FileCounters::new(&self.gate, &site.folder, site.busy_wait);
        let store = SqliteStore::open(&self.gate, site)?;
        Ok(Home { store: Arc::new(store), counters: Arc::new(counters) })
    }

    fn device_key(&self, token: TokenId, incarnation: u64) -> Result<Secret> {
        self.keys.read(token, incarnation)
    }

    fn provide_device_key(&self, token: TokenId, incarnation: u64, fresh: &Secret) -> Result<Secret> {
        let _lock = self.lock()?;
        self.keys.provide(token, incarnation, fresh)
    }

    fn destroy_device_keys_before(&self, token: TokenId, keep: u64) -> Result<()> {
        let failed = |error: Error| match error {
            Error::DeviceKey { .. } => error,
            error => Error::DeviceKey { path: self.keys.folder.clone(), reason: error.to_string() },
        };
        let _lock = self.lock().map_err(failed)?;
        self.keys.destroy_before(token, keep)
    }

    fn delete(&self, token: TokenId) -> Result<()> {
        self.delete_token(token)
    }

    fn whereabouts(&self, token: TokenId, incarnation: u64) -> Option<Whereabouts> {
        let folder = self.site(token).folder;
        let files = fs::read_dir(&folder).ok()?.flatten();
        let size = files.filter_map(|file| file.metadata().ok()).map(|about| about.len()).sum();
        Some(Whereabouts { device_key: self.keys.path(token, incarnation), folder, size })
    }
}

#[cfg(test)]
mod tests;
