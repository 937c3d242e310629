//! What is written, in SQL: a batch inside its transaction.

use std::path::Path;

use engine::store::{Batch, Revision, RowId, RowKind, Rows, SealedRow, Tag, Write};
use pkcs11::{Error, Result};
use rusqlite::Transaction;

use super::failure::{Failure, Outcome};
use super::query::{self, Meta, stored};
use crate::limits;

/// Rows as the transaction sees them.
struct View<'a> {
    transaction: &'a Transaction<'a>,
    path: &'a Path,
}

impl Rows for View<'_> {
    fn row(&self, id: RowId) -> Result<Option<SealedRow>> {
        query::row(self.transaction, id).map_err(|failure| failure.into_reason(self.path))
    }
}

/// Does everything of a batch but the commit itself.
pub(super) fn apply(transaction: &Transaction<'_>, path: &Path, batch: &Batch) -> Outcome<Revision> {
    let Meta { revision, .. } = query::meta(transaction)?;
    for (id, version) in &batch.preconditions {
        if query::version(transaction, *id)? != *version {
            return Err(Failure::Reason(Error::Conflict));
        }
    }
    let revision = Revision(revision.0 + 1);
    let mut deleted = 0;
    for write in &batch.writes {
        deleted += apply_write(transaction, write, revision)?;
    }
    for write in batch.linker.link(&View { transaction, path }, revision)? {
        deleted += apply_write(transaction, &write, revision)?;
    }
    if deleted > 0 {
        forget_deletions(transaction)?;
    }
    transaction.prepare_cached("UPDATE meta SET revision = ?1")?.execute([stored(revision.0)?])?;
    Ok(revision)
}

/// Gives how many rows went.
fn apply_write(transaction: &Transaction<'_>, write: &Write, revision: Revision) -> Outcome<usize> {
    match write {
        Write::Put(row, tags) => put(transaction, row, tags, revision).map(|()| 0),
        Write::Delete(id) => delete(transaction, *id, revision),
        Write::Clear(kind) => clear(transaction, *kind, revision),
    }
}

fn put(transaction: &Transaction<'_>, row: &SealedRow, tags: &[Tag], revision: Revision) -> Outcome<()> {
    let header = &row.header;
    let id = stored(header.id.0)?;
    transaction.prepare_cached("DELETE FROM tag WHERE row = ?1")?.execute([id])?;
    transaction.prepare_cached("DELETE FROM deleted WHERE row = ?1")?.execute([id])?;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO row (id, format, shelf, kind, incarnation, vault_key, generation, version, \
             revision, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute((
            id,
            header.format,
            header.shelf.0,
            header.kind.number(),
            stored(header.incarnation)?,
            header.vault_key,
            header.generation,
            stored(header.version)?,
            stored(revision.0)?,
            &row.body,
        ))?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO tag (shelf, kind, attribute, value, row) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for tag in tags {
        let attribute = tag.attribute.cast_signed();
        insert.execute((header.shelf.0, header.kind.number(), attribute, tag.value, id))?;
    }
    Ok(())
}

fn delete(transaction: &Transaction<'_>, id: RowId, revision: Revision) -> Outcome<usize> {
    let id = stored(id.0)?;
    let gone = transaction.prepare_cached("DELETE FROM row WHERE id = ?1")?.execute([id])?;
    if gone > 0 {
        transaction.prepare_cached("DELETE FROM tag WHERE row = ?1")?.execute([id])?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO deleted (row, revision) VALUES (?1, ?2)")?
            .execute([id, stored(revision.0)?])?;
    }
    Ok(gone)
}

fn clear(transaction: &Transaction<'_>, kind: RowKind, revision: Revision) -> Outcome<usize> {
    let kind = kind.number();
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO deleted (row, revision) SELECT id, ?2 FROM row WHERE kind = ?1",
        )?
        .execute((kind, stored(revision.0)?))?;
    transaction
        .prepare_cached("DELETE FROM tag WHERE row IN (SELECT id FROM row WHERE kind = ?1)")?
        .execute([kind])?;
    Ok(transaction.prepare_cached("DELETE FROM row WHERE kind = ?1")?.execute([kind])?)
}

/// Keeps the newest [`limits::TOMBSTONES`] deletions.
fn forget_deletions(transaction: &Transaction<'_>) -> Outcome<()> {
    let kept = stored(limits::TOMBSTONES as u64)?;
    let count: i64 =
        transaction.prepare_cached("SELECT count(*) FROM deleted")?.query_row([], |row| row.get(0))?;
    if count <= kept {
        return Ok(());
    }
    let surplus = count - kept;
    transaction
        .prepare_cached(
            "UPDATE meta SET forgotten = max(forgotten, (SELECT max(revision) FROM \
             (SELECT revision FROM deleted ORDER BY revision, row LIMIT ?1)))",
        )?
        .execute([surplus])?;
    transaction
        .prepare_cached(
            "DELETE FROM deleted WHERE row IN (SELECT row FROM deleted ORDER BY revision, row LIMIT ?1)",
        )?
        .execute([surplus])?;
    Ok(())
}

/// Takes `count` row ids for good; gives the first.
pub(super) fn take_ids(transaction: &Transaction<'_>, count: u64) -> Outcome<u64> {
    let first = transaction.prepare_cached("SELECT next_id FROM meta")?.query_row([], |row| row.get(0))?;
    let first = query::number(first)?;
    let end = limits::ids_end(first, count)?;
    transaction.prepare_cached("UPDATE meta SET next_id = ?1")?.execute([stored(end)?])?;
    Ok(first)
}
