//! Bounds that every store keeps.

use engine::store::TagQuery;
use pkcs11::{Error, Result};

/// Deletions remembered at most; a reader that is further behind is told to drop its caches.
pub(crate) const TOMBSTONES: usize = 10_000;

/// Rows that [`engine::store::Store::changes`] names at most; beyond, dropping every cache is cheaper.
pub(crate) const CHANGES: usize = 10_000;

/// Tags in one query at most: SQLite joins 64 tables.
pub(crate) const QUERY_TAGS: usize = 60;

/// Ids taken from the store at a time.
pub(crate) const ID_BLOCK: u64 = 64;

/// The id after `count` ids from `first` on. Ids stay below 2^63, which is what SQLite can hold.
///
/// # Errors
/// [`Error::Bug`] when they would not: nothing can have taken so many.
pub(crate) fn ids_end(first: u64, count: u64) -> Result<u64> {
    let end = first.checked_add(count).filter(|end| i64::try_from(*end).is_ok());
    end.ok_or(Error::Bug("the row ids are used up"))
}

/// Refuses a query with more than [`QUERY_TAGS`] tags.
///
/// # Errors
/// [`Error::Bug`]: there are ten kinds of tags.
pub(crate) fn check_tags(query: &TagQuery) -> Result<()> {
    if query.tags.len() > QUERY_TAGS {
        return Err(Error::Bug("a query with more tags than a store joins"));
    }
    Ok(())
}
