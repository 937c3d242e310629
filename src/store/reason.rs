//! From the system's errors to reasons.

use std::io;
use std::path::Path;

use pkcs11::Error;

/// Why a file could not be read.
pub(crate) fn reading(path: &Path, error: &io::Error) -> Error {
    Error::StoreIo { path: path.to_owned(), reason: error.to_string() }
}

/// Why a file could not be written: the disk is full, this process may not, or the disk failed.
pub(crate) fn writing(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::StoreFull(path.to_owned()),
        _ if forbidden(error) => Error::StoreReadOnly(path.to_owned()),
        _ => reading(path, error),
    }
}

/// Whether the system said that this process may not write here.
pub(crate) fn forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
