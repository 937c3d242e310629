//! Opening a store's file, and being sure that it is one.

use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use engine::place::TokenId;
use engine::store::Revision;
use nix::unistd::{AccessFlags, access};
use pkcs11::Error;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::failure::{Failure, Outcome};
use super::query;
use crate::permissions::check_file;
use crate::{migrations, reason};

/// How every file is opened. No part of its path may be a symbolic link then, which is why the data folder's path is
/// resolved before (`Folder::open`).
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_NO_MUTEX.union(OpenFlags::SQLITE_OPEN_NOFOLLOW);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Reads alone.
    Reader,
    /// Writes.
    Writer,
}

/// An open connection to a store that has been checked.
pub(super) struct Connection {
    /// SQLite's own.
    pub(super) db: rusqlite::Connection,
    /// `PRAGMA data_version` and the revision that was read under it.
    pub(super) seen: Option<(i64, Revision)>,
    /// Whether the folder has been synced since the connection opened, so that the log's name is durable.
    pub(super) folder_is_synced: bool,
    /// For a file read without its log: what it looked like when it was opened.
    still: Option<Stamp>,
}

/// By which a file that changed is told from one that did not.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

/// A file of SQLite's beside the store: its log or the log's shared memory.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether the store is at rest: no log with something in it, and nobody who could be writing one.
fn is_at_rest(path: &Path) -> bool {
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.size());
    log == 0 && !beside(path, "-shm").exists()
}

impl Connection {
    /// Opens the store of `token` at `path`.
    ///
    /// A reader that can make neither log nor shared memory, because it may not write the folder, reads the file
    /// alone, as long as it is at rest ([`Connection::is_current`] tells).
    pub(super) fn open(path: &Path, token: TokenId, role: Role) -> Outcome<Self> {
        // SQLite has one code for all of this, and must not be the one to make the file.
        check_file(path).map_err(|error| reason::reading(path, &error))?;
        access(path, AccessFlags::R_OK).map_err(|error| reason::reading(path, &error.into()))?;
        match Self::open_live(path, token, role) {
            Err(failure) if role == Role::Reader && failure.cannot_share() => Self::open_still(path, token),
            outcome => outcome,
        }
    }

    fn open_live(path: &Path, token: TokenId, role: Role) -> Outcome<Self> {
        let db = rusqlite::Connection::open_with_flags(path, FLAGS | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if role == Role::Writer && db.is_readonly(rusqlite::MAIN_DB)? {
            return Err(Error::StoreReadOnly(path.to_owned()).into());
        }
        set_up(&db, role)?;
        check(&db, path, token)?;
        if role == Role::Writer {
            use_log(&db)?;
        }
        Ok(Self { db, seen: None, folder_is_synced: false, still: None })
    }

    fn open_still(path: &Path, token: TokenId) -> Outcome<Self> {
        let stamp = Stamp::of(path);
        if !is_at_rest(path) {
            log::warn!("{}: has a log that this process can neither share nor finish", path.display());
            return Err(Error::StoreReadOnly(path.to_owned()).into());
        }
        let flags = FLAGS | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let db = rusqlite::Connection::open_with_flags(still_uri(path), flags)?;
        set_up(&db, Role::Reader)?;
        check(&db, path, token)?;
        Ok(Self { db, seen: None, folder_is_synced: false, still: stamp })
    }

    /// Whether what was read here still holds: always for a connection that shares the log, and for one that
    /// reads the file alone as long as nobody has begun to write.
    pub(super) fn is_current(&self, path: &Path) -> bool {
        self.still.is_none() || (is_at_rest(path) && Stamp::of(path) == self.still)
    }
}

/// The URI that tells SQLite to read the file without locks and log.
fn still_uri(path: &Path) -> PathBuf {
    let mut uri = b"file:".to_vec();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(*byte),
            _ if byte.is_ascii_alphanumeric() => uri.push(*byte),
            _ => uri.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    uri.extend_from_slice(b"?immutable=1");
    std::ffi::OsString::from_vec(uri).into()
}

/// Settings that live in the connection.
fn set_up(db: &rusqlite::Connection, role: Role) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        // One plan a statement, whatever is bound to it.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        // The log stays when the last one leaves: closing before a fork must be quick, and whoever may only read
        // the folder finds the shared memory that it cannot make.
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        db.set_db_config(setting, on)?;
    }
    // Waiting is done outside the fork gate, so never in here.
    db.busy_timeout(std::time::Duration::ZERO)?;
    db.set_prepared_statement_cache_capacity(32);
    db.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; \
         PRAGMA synchronous = FULL;",
    )?;
    if role == Role::Reader {
        db.execute_batch("PRAGMA query_only = ON")?;
    }
    Ok(())
}

/// Sees to it that the store is written through a log, as it was when it was made.
fn use_log(db: &rusqlite::Connection) -> Outcome<()> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Failure::Damaged(format!("it cannot be written through a log, only in journal mode {mode}")))
}

/// Finds a file that is cut short inside its last page, which SQLite would take for whole. While a log has pages
/// that are still to be moved into the file, this says nothing.
fn check_length(db: &rusqlite::Connection, path: &Path) -> Outcome<()> {
    let page: u64 = query::number(db.pragma_query_value(None, "page_size", |row| row.get(0))?)?;
    // The log first: it is emptied only after the file is whole.
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.size());
    let length = fs::metadata(path).map_err(|error| reason::reading(path, &error))?.size();
    if log == 0 && !length.is_multiple_of(page) {
        return Err(Failure::Damaged("it is cut short".into()));
    }
    Ok(())
}

/// Makes sure that this is a store of ours, of a format that we know, and of this token.
fn check(db: &rusqlite::Connection, path: &Path, token: TokenId) -> Outcome<()> {
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != migrations::APPLICATION_ID {
        return Err(Failure::Damaged("it is not a store of Claviger".into()));
    }
    check_length(db, path)?;
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match u64::try_from(found) {
        Ok(migrations::FORMAT) => {}
        Ok(found) if found > migrations::FORMAT => {
            let (path, known) = (path.to_owned(), migrations::FORMAT);
            return Err(Error::StoreNewer { path, found, known }.into());
        }
        _ => return Err(Failure::Damaged(format!("there is no format {found}"))),
    }
    if !migrations::has_our_tables(db)? {
        return Err(Failure::Damaged("its tables are not those of a store".into()));
    }
    let whose: Vec<u8> = db.query_row("SELECT token FROM meta", [], |row| row.get(0))?;
    if whose != token.0 {
        return Err(Failure::Damaged("it is the store of another token".into()));
    }
    Ok(())
}

/// Makes the tables in an empty file that is there already with its permissions, whole and durable; closes it.
pub(super) fn make(path: &Path, token: TokenId, first_id: u64) -> Outcome<()> {
    let mut db = rusqlite::Connection::open_with_flags(path, FLAGS | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;")?;
    let transaction = db.transaction()?;
    migrations::advance(&transaction, 0)?;
    transaction.execute(
        "INSERT INTO meta (one, token, revision, next_id, forgotten, failures) VALUES (1, ?1, 0, ?2, 0, 0)",
        (token.0, first_id.cast_signed()),
    )?;
    transaction.commit()?;
    use_log(&db)?;
    db.close().map_err(|(_, error)| error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_bytes_becomes_a_uri() {
        assert_eq!(
            still_uri(Path::new("/a b/c?d#e%/ü")),
            Path::new("file:/a%20b/c%3Fd%23e%25/%C3%BC?immutable=1")
        );
    }
}
