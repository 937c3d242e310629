//! The tables of a store, and the steps from each format to the next.

use rusqlite::{Connection, Transaction};

/// "Clav": tells SQLite's file header apart from that of any other application.
pub(crate) const APPLICATION_ID: i64 = 0x436c_6176;

/// The format that this version writes; `user_version` in the file.
pub(crate) const FORMAT: u64 = STEPS.len() as u64;

/// Each step brings a store from the format of its place to the next; the first one starts from nothing.
const STEPS: [&[&str]; 1] = [&FORMAT_1];

/// Format 1.
///
/// `row` holds a sealed row with its header in clear, and the revision that wrote it. `tag` serves searches,
/// ordered so that the rows of a tag come out ascending. `deleted` remembers which rows went at which revision.
/// `meta` has one row: whose store this is, its revision, the next free row id, the newest revision of which a
/// deletion was forgotten, and how often a commit failed on its way to the disk.
const FORMAT_1: [&str; 8] = [
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), token BLOB NOT NULL, \
     revision INTEGER NOT NULL, next_id INTEGER NOT NULL, forgotten INTEGER NOT NULL, \
     failures INTEGER NOT NULL) STRICT",
    "CREATE TABLE row (id INTEGER PRIMARY KEY, format INTEGER NOT NULL, shelf INTEGER NOT NULL, \
     kind INTEGER NOT NULL, incarnation INTEGER NOT NULL, vault_key INTEGER NOT NULL, \
     generation INTEGER NOT NULL, version INTEGER NOT NULL, revision INTEGER NOT NULL, \
     body BLOB NOT NULL) STRICT",
    "CREATE INDEX row_by_shelf ON row (shelf, kind)",
    "CREATE INDEX row_by_revision ON row (revision)",
    "CREATE TABLE tag (shelf INTEGER NOT NULL, kind INTEGER NOT NULL, attribute INTEGER NOT NULL, \
     value BLOB NOT NULL, row INTEGER NOT NULL, \
     PRIMARY KEY (shelf, kind, attribute, value, row)) STRICT, WITHOUT ROWID",
    "CREATE INDEX tag_by_row ON tag (row)",
    "CREATE TABLE deleted (row INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT",
    "CREATE INDEX deleted_by_revision ON deleted (revision)",
];

/// Brings a store from `found` to [`FORMAT`]; from 0 it makes the tables.
pub(crate) fn advance(transaction: &Transaction<'_>, found: u64) -> rusqlite::Result<()> {
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    for statement in STEPS.iter().skip(found).copied().flatten() {
        transaction.execute_batch(statement)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT.cast_signed())
}

/// Whether the file has our tables and indexes and nothing else: no trigger, view or table of somebody's making.
pub(crate) fn has_our_tables(db: &Connection) -> rusqlite::Result<bool> {
    let mut query =
        db.prepare_cached("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?;
    let found = query.query_map([], |row| row.get::<_, Option<String>>(0))?;
    let mut missing: Vec<&str> = STEPS.iter().copied().flatten().copied().collect();
    for statement in found {
        let statement = statement?;
        let known = missing.iter().position(|ours| statement.as_deref() == Some(*ours));
        let Some(known) = known else { return Ok(false) };
        missing.swap_remove(known);
    }
    Ok(missing.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        let transaction = db.transaction().unwrap();
        advance(&transaction, 0).unwrap();
        transaction.commit().unwrap();
        db
    }

    #[test]
    fn a_fresh_store_has_our_tables_and_its_format() {
        let db = made();
        assert!(has_our_tables(&db).unwrap());
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version.cast_unsigned(), FORMAT);
        let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(application, APPLICATION_ID);
    }

    #[test]
    fn a_trigger_or_a_missing_index_is_noticed() {
        let db = made();
        db.execute_batch("CREATE TRIGGER spy AFTER INSERT ON row BEGIN DELETE FROM tag; END").unwrap();
        assert!(!has_our_tables(&db).unwrap());
        db.execute_batch("DROP TRIGGER spy").unwrap();
        assert!(has_our_tables(&db).unwrap());
        db.execute_batch("DROP INDEX tag_by_row").unwrap();
        assert!(!has_our_tables(&db).unwrap());
    }
}
