//! The stores that the contract runs over.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use engine::place::TokenId;
use engine::store::{Batch, Changes, Revision, RowId, SealedRow, Store, TagQuery};
use pkcs11::Result;

use super::Bench;
use crate::gate::ForkGate;
use crate::memory::MemoryStore;
use crate::permissions::Permissions;
use crate::sqlite::{Site, SqliteStore};

/// The store in memory.
#[derive(Default)]
pub(super) struct Memory(MemoryStore);

impl Bench for Memory {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.clone())
    }
}

/// The store in a file; each handle has connections of its own, as another process would.
pub(super) struct Sqlite {
    folder: tempfile::TempDir,
}

impl Default for Sqlite {
    fn default() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        SqliteStore::make(&ForkGate::new(), &bench.site()).unwrap();
        bench
    }
}

impl Sqlite {
    fn site(&self) -> Site {
        Site {
            folder: self.folder.path().to_owned(),
            token: TokenId([0x44; 16]),
            permissions: Permissions::Private,
            busy_wait: Duration::from_secs(60),
        }
    }
}

impl Bench for Sqlite {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&ForkGate::new(), self.site()).unwrap())
    }
}

/// The store in a file, opened anew for each call.
#[derive(Default)]
pub(super) struct Reopened(Arc<Sqlite>);

impl Bench for Reopened {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

impl Store for Reopened {
    fn revision(&self) -> Result<Revision> {
        self.0.open().revision()
    }

    fn changes(&self, since: Revision) -> Result<Changes> {
        self.0.open().changes(since)
    }

    fn load(&self, rows: &[RowId]) -> Result<Vec<Option<SealedRow>>> {
        self.0.open().load(rows)
    }

    fn find(&self, query: &TagQuery, after: Option<RowId>, limit: usize) -> Result<Vec<RowId>> {
        self.0.open().find(query, after, limit)
    }

    fn reserve(&self, count: u32) -> Result<Range<u64>> {
        self.0.open().reserve(count)
    }

    fn commit(&self, group: &[Batch]) -> Vec<Result<Revision>> {
        self.0.open().commit(group)
    }
}
