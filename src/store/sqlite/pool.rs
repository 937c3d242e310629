//! The connections of one store: a bounded set for readers, one for the writer.

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use engine::place::TokenId;
use rusqlite::{Transaction, TransactionBehavior};

use super::connection::{Connection, Role};
use super::failure::{Failure, Outcome};
use crate::gate::Handles;
use crate::permissions::sync_folder;
use crate::reason;

/// Connections that read at once; threads beyond wait for one.
const READERS: usize = 8;

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    in_use: usize,
}

#[derive(Default)]
struct Writer {
    connection: Option<Connection>,
    /// A commit failed, and its pages may still stand in the log, whole.
    unsettled: bool,
    /// Something has been written since the store was opened.
    wrote: bool,
}

/// All connections of a store. Everything here happens inside the fork gate.
#[derive(Default)]
pub(super) struct Pool {
    readers: Mutex<Readers>,
    returned: Condvar,
    writer: Mutex<Writer>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reader's place in the pool; given back when dropped.
struct Place<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut readers = locked(&self.pool.readers);
        readers.in_use -= 1;
        readers.idle.extend(self.connection.take());
        drop(readers);
        self.pool.returned.notify_one();
    }
}

impl Pool {
    fn place(&self) -> Place<'_> {
        let mut readers = locked(&self.readers);
        while readers.in_use >= READERS {
            readers = self.returned.wait(readers).unwrap_or_else(PoisonError::into_inner);
        }
        readers.in_use += 1;
        Place { pool: self, connection: readers.idle.pop() }
    }

    /// Reads on some connection. `work` runs again when the file was read alone and changed meanwhile.
    pub(super) fn read<T>(
        &self,
        path: &Path,
        token: TokenId,
        work: impl Fn(&mut Connection) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut place = self.place();
        loop {
            let mut connection = match place.connection.take().filter(|open| open.is_current(path)) {
                Some(connection) => connection,
                None => Connection::open(path, token, Role::Reader)?,
            };
            let outcome = work(&mut connection);
            if !connection.is_current(path) {
                continue;
            }
            if !outcome.as_ref().is_err_and(Failure::spoils_connection) {
                place.connection = Some(connection);
            }
            return outcome;
        }
    }

    /// Runs `work` in a transaction of its own that is on the disk when this answers `Ok`, and of which nothing
    /// is or will be in the store when it answers an error.
    pub(super) fn write<T>(
        &self,
        path: &Path,
        token: TokenId,
        work: impl Fn(&Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        let mut writer = locked(&self.writer);
        let mut connection = match writer.connection.take() {
            Some(connection) => connection,
            None => Connection::open(path, token, Role::Writer)?,
        };
        let outcome = writer.run(&mut connection, path, work);
        let spoilt = outcome.as_ref().is_err_and(Failure::spoils_connection);
        // As long as it is open the log is not read anew, and nobody finds what a failed commit left there.
        if !spoilt || writer.unsettled {
            writer.connection = Some(connection);
        }
        outcome
    }

    /// Moves what was written from the log into the store, if nobody is in the way, so that the file alone is
    /// complete; and closes everything.
    pub(super) fn finish(&self) {
        let mut writer = locked(&self.writer);
        if let Some(connection) = writer.connection.take().filter(|_| writer.wrote) {
            let outcome = connection.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            if let Err(error) = outcome {
                log::debug!("the log of the store was left as it is: {error}");
            }
        }
        drop(writer);
        self.close();
    }
}

impl Handles for Pool {
    fn close(&self) {
        locked(&self.readers).idle.clear();
        let mut writer = locked(&self.writer);
        if let Some(connection) = writer.connection.take().filter(|_| writer.unsettled) {
            writer.unsettled = settle(&connection.db).is_err();
        }
    }
}

impl Writer {
    fn run<T>(
        &mut self,
        connection: &mut Connection,
        path: &Path,
        work: impl Fn(&Transaction<'_>) -> Outcome<T>,
    ) -> Outcome<T> {
        if self.unsettled {
            settle(&connection.db)?;
            self.unsettled = false;
        }
        let transaction = Transaction::new_unchecked(&connection.db, TransactionBehavior::Immediate)?;
        if !connection.folder_is_synced {
            // By now the log is there. Syncing it alone need not make its name durable.
            let folder = path.parent().unwrap_or(Path::new("."));
            sync_folder(folder).map_err(|error| reason::writing(folder, &error))?;
        }
        let result = work(&transaction)?;
        let committed = transaction.commit();
        connection.folder_is_synced = true;
        self.wrote = true;
        if let Err(error) = committed {
            self.unsettled = settle(&connection.db).is_err();
            return Err(error.into());
        }
        Ok(result)
    }
}

/// Makes sure that a commit which failed stays failed.
///
/// When the last step, the sync, fails, all pages of the transaction stand in the log with valid checksums,
/// beyond the end that the shared memory knows. Whoever rebuilds that memory, after a crash, takes them for
/// committed: SQLite alone brings such a transaction back. The next transaction writes over them; so one is made that changes nothing of meaning. It may
/// fail to sync as well: what counts is that its page breaks the chain of checksums.
fn settle(db: &rusqlite::Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE meta SET failures = failures + 1", [])?;
    transaction.commit()
}
