//! Rows in a SQLite file: one `store.db` a token.
//!
//! Written through a log (WAL) with `synchronous = FULL`: a commit that answered `Ok` is on the disk. Readers
//! never wait for writers; writers take turns ([`crate::turn`], decision 0011). Every call passes the fork gate
//! with no statement or transaction left open behind it; waiting is done outside.

mod connection;
mod failure;
mod pool;
mod query;
mod transaction;

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use engine::place::TokenId;
use engine::store::{Batch, Changes, Revision, RowId, SealedRow, Store, TagQuery};
use pkcs11::Result;
use rusqlite::Transaction;

use crate::gate::{ForkGate, Handles};
use crate::lock::Patience;
use crate::permissions::{Permissions, Purpose, sync_folder};
use crate::{limits, reason, turn};
use connection::Connection;
use failure::{Failure, Outcome};
use pool::Pool;

/// The store's file in a token's folder.
pub(crate) const FILE: &str = "store.db";
/// The queue of writers.
const QUEUE: &str = "store.lock";
/// A store that is being made.
const UNFINISHED: &str = "store.new";

/// Where a store lies and how it is used.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The token's folder.
    pub(crate) folder: PathBuf,
    /// Whose store it is.
    pub(crate) token: TokenId,
    /// For the files that are made.
    pub(crate) permissions: Permissions,
    /// How long to wait for another process.
    pub(crate) busy_wait: Duration,
}

/// A store in a file.
pub(crate) struct SqliteStore {
    gate: Arc<ForkGate>,
    path: PathBuf,
    site: Site,
    pool: Arc<Pool>,
    /// Ids that are taken in the file and not given out yet.
    ids: Mutex<Range<u64>>,
}

impl SqliteStore {
    /// Makes the store's files, whole and durable, unless there is one already. The caller keeps other makers
    /// out.
    ///
    /// # Errors
    /// [`pkcs11::Error::StoreReadOnly`], [`pkcs11::Error::StoreFull`], [`pkcs11::Error::StoreIo`].
    pub(crate) fn make(gate: &ForkGate, site: &Site) -> Result<()> {
        let path = site.folder.join(FILE);
        if fs::symlink_metadata(&path).is_ok() {
            return Ok(());
        }
        let unfinished = site.folder.join(UNFINISHED);
        let _inside = gate.enter();
        Self::make_files(site, &path, &unfinished).map_err(|failure| failure.into_reason(&path))
    }

    fn make_files(site: &Site, path: &Path, unfinished: &Path) -> Outcome<()> {
        let writing = |error: io::Error| Failure::Reason(reason::writing(unfinished, &error));
        for left in ["", "-wal", "-shm", "-journal"] {
            match fs::remove_file(site.folder.join(format!("{UNFINISHED}{left}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(writing(error)),
                _ => {}
            }
        }
        site.permissions.open_or_make(&site.folder.join(QUEUE), Purpose::Data).map_err(writing)?;
        // Closed again at once: SQLite's locks would go with any descriptor of the file that is closed later.
        drop(site.permissions.make_file(unfinished, Purpose::Data).map_err(writing)?);
        connection::make(unfinished, site.token, RowId::FIRST_FREE.0)?;
        match fs::hard_link(unfinished, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(writing(error)),
            _ => {}
        }
        fs::remove_file(unfinished).map_err(writing)?;
        sync_folder(&site.folder).map_err(writing)
    }

    /// Opens the store of a token and sees that it is one.
    ///
    /// # Errors
    /// [`pkcs11::Error::StoreDamaged`], [`pkcs11::Error::StoreNewer`], [`pkcs11::Error::StoreIo`],
    /// [`pkcs11::Error::StoreBusy`].
    pub(crate) fn open(gate: &Arc<ForkGate>, site: Site) -> Result<Self> {
        let pool = Arc::new(Pool::default());
        let noted: Weak<dyn Handles> = Arc::downgrade(&(Arc::clone(&pool) as Arc<dyn Handles>));
        gate.note_handles(&gate.enter(), noted);
        let path = site.folder.join(FILE);
        let store = Self { gate: Arc::clone(gate), path, site, pool, ids: Mutex::new(0..0) };
        store.revision()?;
        Ok(store)
    }

    /// Reads through the gate; waits outside when another process has the file to itself for a moment.
    fn read<T>(&self, work: impl Fn(&mut Connection) -> Outcome<T>) -> Result<T> {
        self.patiently(|| self.pool.read(&self.path, self.site.token, &work))
    }

    /// Writes through the gate, when it is this writer's turn.
    fn write<T>(&self, work: impl Fn(&Transaction<'_>) -> Outcome<T>) -> Result<T> {
        let queue = self.site.folder.join(QUEUE);
        let _turn = turn::take(&self.gate, &queue, self.site.permissions, self.site.busy_wait)?;
        self.patiently(|| self.pool.write(&self.path, self.site.token, &work))
    }

    fn patiently<T>(&self, attempt: impl Fn() -> Outcome<T>) -> Result<T> {
        let patience = Patience::new(self.site.busy_wait);
        loop {
            let outcome = {
                let _inside = self.gate.enter();
                attempt()
            };
            match outcome {
                Err(failure) if failure.is_busy() => patience.wait(&self.path)?,
                outcome => return outcome.map_err(|failure| failure.into_reason(&self.path)),
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let _inside = self.gate.enter();
        self.pool.finish();
    }
}

impl Store for SqliteStore {
    fn revision(&self) -> Result<Revision> {
        self.read(|connection| {
            let version = query::data_version(&connection.db)?;
            if let Some((_, revision)) = connection.seen.filter(|(seen, _)| *seen == version) {
                return Ok(revision);
            }
            let revision = query::meta(&connection.db)?.revision;
            connection.seen = Some((version, revision));
            Ok(revision)
        })
    }

    fn changes(&self, since: Revision) -> Result<Changes> {
        self.read(|connection| query::changes(&connection.db, &self.path, since))
    }

    fn load(&self, rows: &[RowId]) -> Result<Vec<Option<SealedRow>>> {
        self.read(|connection| query::rows(&connection.db, &self.path, rows))
    }

    fn find(&self, query: &TagQuery, after: Option<RowId>, limit: usize) -> Result<Vec<RowId>> {
        limits::check_tags(query)?;
        self.read(|connection| query::find(&connection.db, query, after, limit))
    }

    fn reserve(&self, count: u32) -> Result<Range<u64>> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let count = u64::from(count);
        if ids.end - ids.start < count {
            let taken = count.max(limits::ID_BLOCK);
            let first = self.write(|transaction| transaction::take_ids(transaction, taken))?;
            *ids = first..first + taken;
        }
        let first = ids.start;
        ids.start += count;
        Ok(first..ids.start)
    }

    fn commit(&self, group: &[Batch]) -> Vec<Result<Revision>> {
        let one =
            |batch: &Batch| self.write(|transaction| transaction::apply(transaction, &self.path, batch));
        group.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests;
