//! What SQLite answers, as reasons.

use std::path::Path;

use pkcs11::Error;
use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Why a piece of work on a connection failed, before it is known which file it was about.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// What was read cannot be ours.
    Damaged(String),
    /// A row's header cannot be ours.
    Impossible(String),
    /// A reason of its own.
    Reason(Error),
}

/// The outcome of a piece of work on a connection.
pub(super) type Outcome<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Reason(error)
    }
}

impl Failure {
    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Damaged(_) | Self::Impossible(_) | Self::Reason(_) => None,
        }
    }

    /// Somebody else has the file: ask again.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }

    /// The log's shared memory could not be made or opened, as in a folder that this process cannot write.
    pub(super) fn cannot_share(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    }

    /// The connection itself may be in trouble and is better opened anew.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Sqlite(_) | Self::Damaged(_)) && !self.is_busy()
    }

    /// The reason, about the store at `path`.
    pub(super) fn into_reason(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Reason(error) => error,
            Self::Damaged(reason) | Self::Impossible(reason) => Error::StoreDamaged { path, reason },
            Self::Sqlite(rusqlite::Error::SqliteFailure(failure, words)) => {
                let reason = words.unwrap_or_else(|| failure.to_string());
                from_code(failure, path, reason)
            }
            // Values of a type, range or number that our statements never wrote.
            Self::Sqlite(error) => Error::StoreDamaged { path, reason: error.to_string() },
        }
    }
}

fn from_code(failure: ffi::Error, path: std::path::PathBuf, reason: String) -> Error {
    match (failure.code, failure.extended_code) {
        (_, ffi::SQLITE_CANTOPEN_SYMLINK) => Error::StoreIo {
            path,
            reason: "a symbolic link stands in its path, which is not followed here".into(),
        },
        (_, ffi::SQLITE_READONLY_DBMOVED) => Error::StoreIo { path, reason },
        // The log's shared memory grows by writing, and there the disk's fullness has no code of its own.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Error::StoreFull(path),
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => Error::StoreReadOnly(path),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Error::StoreBusy(path),
        (ErrorCode::OutOfMemory, _) => Error::HostMemory,
        // An unknown error is one of a table or column that is not there.
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown, _)
        | (ErrorCode::ConstraintViolation, _) => Error::StoreDamaged { path, reason },
        (_, ffi::SQLITE_ERROR) => Error::StoreDamaged { path, reason },
        _ => Error::StoreIo { path, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: i32) -> Error {
        Failure::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
            .into_reason(Path::new("store.db"))
    }

    #[test]
    fn each_code_of_sqlite_has_its_reason() {
        let path = || std::path::PathBuf::from("store.db");
        assert_eq!(reason(ffi::SQLITE_FULL), Error::StoreFull(path()));
        assert_eq!(reason(ffi::SQLITE_IOERR_SHMSIZE), Error::StoreFull(path()));
        assert_eq!(reason(ffi::SQLITE_READONLY), Error::StoreReadOnly(path()));
        assert_eq!(reason(ffi::SQLITE_READONLY_DIRECTORY), Error::StoreReadOnly(path()));
        assert_eq!(reason(ffi::SQLITE_BUSY), Error::StoreBusy(path()));
        assert_eq!(reason(ffi::SQLITE_BUSY_RECOVERY), Error::StoreBusy(path()));
        assert_eq!(reason(ffi::SQLITE_NOMEM), Error::HostMemory);
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_ERROR, ffi::SQLITE_CONSTRAINT] {
            assert!(matches!(reason(code), Error::StoreDamaged { .. }), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_CANTOPEN, ffi::SQLITE_READONLY_DBMOVED] {
            assert!(matches!(reason(code), Error::StoreIo { .. }), "{code}");
        }
    }
}
