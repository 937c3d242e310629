//! What is read, in SQL.

use std::fmt::Write as _;
use std::path::Path;

use engine::store::{Changes, Header, Revision, RowId, RowKind, SealedRow, Shelf, TagQuery};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params_from_iter};

use super::failure::{Failure, Outcome};
use crate::limits;

/// A number that is never negative in a store of ours.
pub(super) fn number(found: i64) -> Outcome<u64> {
    u64::try_from(found).map_err(|_| Failure::Damaged(format!("a number that cannot be: {found}")))
}

/// A number as SQLite keeps it: below 2^63.
pub(super) fn stored(number: u64) -> Outcome<i64> {
    let reason = pkcs11::Error::Bug("a number above 2^63 for the store");
    i64::try_from(number).map_err(|_| Failure::Reason(reason))
}

/// The store's own numbers.
pub(super) struct Meta {
    /// Raised by each commit.
    pub(super) revision: Revision,
    /// The newest revision of which a deletion was forgotten.
    pub(super) forgotten: Revision,
}

/// Reads the store's own numbers.
pub(super) fn meta(db: &rusqlite::Connection) -> Outcome<Meta> {
    let mut query = db.prepare_cached("SELECT revision, forgotten FROM meta")?;
    let (revision, forgotten) = query.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Meta { revision: Revision(number(revision)?), forgotten: Revision(number(forgotten)?) })
}

/// Changes whenever another connection has committed; costs microseconds.
pub(super) fn data_version(db: &rusqlite::Connection) -> Outcome<i64> {
    Ok(db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

/// The row's version, if it is there.
pub(super) fn version(db: &rusqlite::Connection, id: RowId) -> Outcome<Option<u64>> {
    let mut query = db.prepare_cached("SELECT version FROM row WHERE id = ?1")?;
    query.query_row([stored(id.0)?], |row| row.get(0)).optional()?.map(number).transpose()
}

/// The row, if it is there; [`Failure::Impossible`] when its header says what none of ours says.
///
/// Ids come from applications too, as handles: one that no row can have names none.
pub(super) fn row(db: &rusqlite::Connection, id: RowId) -> Outcome<Option<SealedRow>> {
    let Ok(key) = i64::try_from(id.0) else { return Ok(None) };
    let mut query = db.prepare_cached(
        "SELECT format, shelf, kind, incarnation, vault_key, generation, version, body FROM row WHERE id = ?1",
    )?;
    let found = query.query_row([key], |row| {
        Ok((
            row.get::<_, u8>(2)?,
            (row.get::<_, i64>(3)?, row.get::<_, i64>(6)?),
            SealedRow {
                header: Header {
                    format: row.get(0)?,
                    id,
                    shelf: Shelf(row.get(1)?),
                    kind: RowKind::Object,
                    incarnation: 0,
                    vault_key: row.get(4)?,
                    generation: row.get(5)?,
                    version: 0,
                },
                body: row.get(7)?,
            },
        ))
    });
    let impossible = |what: &str| Failure::Impossible(format!("row {}: {what}", id.0));
    let found = found.optional().map_err(|error| match error {
        rusqlite::Error::IntegralValueOutOfRange(..) => impossible(&error.to_string()),
        error => error.into(),
    })?;
    let Some((kind, (incarnation, version), mut sealed)) = found else { return Ok(None) };
    let not_negative =
        |found: i64| u64::try_from(found).map_err(|_| impossible(&format!("a number below 0: {found}")));
    sealed.header.kind =
        RowKind::from_number(kind).map_err(|_| impossible(&format!("there is no kind {kind}")))?;
    sealed.header.incarnation = not_negative(incarnation)?;
    sealed.header.version = not_negative(version)?;
    Ok(Some(sealed))
}

/// The rows, of one moment. One whose header says what none of ours says is left out with an error in the log, so
/// that it does not hide the others; but not one of the reserved rows, without which a token would seem blank.
pub(super) fn rows(db: &rusqlite::Connection, path: &Path, ids: &[RowId]) -> Outcome<Vec<Option<SealedRow>>> {
    let moment = db.unchecked_transaction()?;
    let possible = |id: &RowId| match row(&moment, *id) {
        Err(Failure::Impossible(reason)) if *id >= RowId::FIRST_FREE => {
            log::error!("{}: {reason}: left out", path.display());
            Ok(None)
        }
        outcome => outcome,
    };
    let found = ids.iter().map(possible).collect::<Outcome<_>>()?;
    moment.commit()?;
    Ok(found)
}

/// The rows changed and deleted since a revision, ascending, of each at most as many as are asked for in all. Each half
/// goes through its index by revision: in the order of rows alone, SQLite would read them all.
const CHANGES: &str = "SELECT id FROM (SELECT id FROM row WHERE revision > ?1 ORDER BY revision LIMIT ?2) \
     UNION SELECT row FROM (SELECT row FROM deleted WHERE revision > ?1 ORDER BY revision LIMIT ?2) ORDER BY 1 LIMIT ?2";

/// The rows written or deleted since. One of a number that none of ours has is left out with an error in the log.
pub(super) fn changes(db: &rusqlite::Connection, path: &Path, since: Revision) -> Outcome<Changes> {
    let moment = db.unchecked_transaction()?;
    let Meta { revision: now, forgotten } = meta(&moment)?;
    if since < forgotten || since > now {
        return Ok(Changes::TooOld { now });
    }
    let ids = {
        let mut query = moment.prepare_cached(CHANGES)?;
        let limit = stored(limits::CHANGES as u64 + 1)?;
        let found = query.query_map((stored(since.0)?, limit), |row| row.get(0))?;
        let possible = |id: rusqlite::Result<i64>| match id.map(u64::try_from) {
            Ok(Ok(id)) => Some(Ok(RowId(id))),
            Ok(Err(_)) => {
                log::error!("{}: a row of a number below 0: left out", path.display());
                None
            }
            Err(error) => Some(Err(Failure::from(error))),
        };
        found.filter_map(possible).collect::<Outcome<Vec<RowId>>>()?
    };
    moment.commit()?;
    if ids.len() > limits::CHANGES {
        return Ok(Changes::TooOld { now });
    }
    Ok(Changes::Rows { now, ids })
}

/// The statement that finds the rows of `tags` tags: driven from the first, the others looked up for each row in
/// the order given, which `CROSS JOIN` keeps SQLite from changing.
fn find_statement(tags: usize) -> String {
    if tags == 0 {
        return "SELECT id FROM row WHERE shelf = ?1 AND kind = ?2 AND id > ?3 ORDER BY id LIMIT ?4".into();
    }
    let mut from = String::new();
    let mut conditions = String::new();
    for tag in 0..tags {
        let join = if tag == 0 { "" } else { " CROSS JOIN " };
        let same = if tag == 0 { "t0.row > ?3".into() } else { format!("t{tag}.row = t0.row") };
        // Writing to a String cannot fail.
        let _ = write!(from, "{join}tag t{tag}");
        let _ = write!(
            conditions,
            "{} t{tag}.shelf = ?1 AND t{tag}.kind = ?2 AND t{tag}.attribute = ?{} AND t{tag}.value = ?{} AND {same}",
            if tag == 0 { "" } else { " AND" },
            5 + 2 * tag,
            6 + 2 * tag,
        );
    }
    format!("SELECT t0.row FROM {from} WHERE {conditions} ORDER BY t0.row LIMIT ?4")
}

/// The ids of matching rows above `after`, ascending.
pub(super) fn find(
    db: &rusqlite::Connection,
    query: &TagQuery,
    after: Option<RowId>,
    limit: usize,
) -> Outcome<Vec<RowId>> {
    let mut values = vec![
        Value::from(query.shelf.0),
        Value::from(query.kind.number()),
        Value::from(after.map_or(Ok(-1), |after| stored(after.0))?),
        Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
    ];
    for tag in &query.tags {
        values.push(Value::from(tag.attribute.cast_signed()));
        values.push(Value::from(tag.value.to_vec()));
    }
    let mut statement = db.prepare_cached(&find_statement(query.tags.len()))?;
    let found = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    found.map(|id| Ok(RowId(number(id?)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of SQLite's plan for a statement.
    fn plan(sql: &str) -> Vec<String> {
        let mut db = rusqlite::Connection::open_in_memory().unwrap();
        let transaction = db.transaction().unwrap();
        crate::migrations::advance(&transaction, 0).unwrap();
        let mut query = transaction.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nothing: Vec<Value> = vec![Value::Null; query.parameter_count()];
        query.query_map(params_from_iter(nothing), |row| row.get(3)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_search_drives_from_its_first_tag_and_never_sorts() {
        let steps = plan(&find_statement(3));
        assert_eq!(steps.len(), 3, "{steps:?}");
        let first = "SEARCH t0 USING PRIMARY KEY (shelf=? AND kind=? AND attribute=? AND value=? AND row>?)";
        assert_eq!(steps[0], first);
        for (tag, step) in steps.iter().enumerate().skip(1) {
            assert!(
                step.starts_with(&format!("SEARCH t{tag} USING COVERING INDEX tag_by_row (row=?")),
                "{steps:?}"
            );
        }
    }

    #[test]
    fn changes_are_found_by_their_revision_however_many_rows_there_are() {
        let steps = plan(CHANGES);
        for table in ["row", "deleted"] {
            let search = format!("SEARCH {table} USING COVERING INDEX {table}_by_revision (revision>?)");
            assert!(steps.contains(&search), "{steps:?}");
            assert!(!steps.contains(&format!("SCAN {table}")), "{steps:?}");
        }
    }

    #[test]
    fn a_search_without_tags_goes_through_the_index() {
        let steps = plan(&find_statement(0));
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert!(steps[0].starts_with("SEARCH row USING COVERING INDEX row_by_shelf"), "{steps:?}");
    }
}
