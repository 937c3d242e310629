//! What every store must do, whichever it is: each promise of the port is a function over a [`Bench`], and runs
//! over every store that there is.

mod benches;
mod finding;
mod landing;
mod revisions;

use std::sync::Arc;

use engine::store::{
    Batch, Header, Linker, Revision, RowId, RowKind, Rows, SealedRow, Shelf, Store, Tag, TagQuery, Write,
};
use pkcs11::Result;

/// Makes handles on one and the same store, which begins empty.
trait Bench: Sync {
    /// A further handle, as another process would have it.
    fn open(&self) -> Arc<dyn Store>;
}

/// Runs each function of a module over each store.
macro_rules! promises {
    ($($promise:ident)+) => {
        promises!(@over memory: crate::contract::benches::Memory, $($promise)+);
        promises!(@over sqlite: crate::contract::benches::Sqlite, $($promise)+);
        promises!(@over sqlite_reopened_for_each_call: crate::contract::benches::Reopened, $($promise)+);
    };
    (@over $store:ident: $bench:ty, $($promise:ident)+) => {
        mod $store {
            $(#[test]
            fn $promise() {
                super::$promise(&<$bench>::default());
            })+
        }
    };
}
use promises;

/// A linker that adds nothing.
struct NoLinks;

impl Linker for NoLinks {
    fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
        Ok(Vec::new())
    }
}

/// A linker made of a closure.
struct Links<F>(F);

impl<F> Linker for Links<F>
where
    F: Fn(&dyn Rows, Revision) -> Result<Vec<Write>> + Send + Sync,
{
    fn link(&self, rows: &dyn Rows, revision: Revision) -> Result<Vec<Write>> {
        self.0(rows, revision)
    }
}

fn batch(writes: Vec<Write>) -> Batch {
    Batch { preconditions: Vec::new(), writes, linker: Box::new(NoLinks) }
}

fn linked(
    writes: Vec<Write>,
    link: impl Fn(&dyn Rows, Revision) -> Result<Vec<Write>> + Send + Sync + 'static,
) -> Batch {
    Batch { preconditions: Vec::new(), writes, linker: Box::new(Links(link)) }
}

/// A row of a kind on a shelf; its body names its id and version.
fn row(id: u64, version: u64, shelf: u32, kind: RowKind) -> SealedRow {
    let header = Header {
        format: 1,
        id: RowId(id),
        shelf: Shelf(shelf),
        kind,
        incarnation: 0x0123_4567_89ab,
        vault_key: u32::MAX,
        generation: 7,
        version,
    };
    SealedRow { header, body: format!("{id} in version {version}").into_bytes() }
}

fn object(id: u64, version: u64) -> SealedRow {
    row(id, version, 1, RowKind::Object)
}

fn put(row: SealedRow) -> Write {
    Write::Put(row, Vec::new())
}

fn tag(attribute: u64, value: u8) -> Tag {
    Tag { attribute, value: [value; 8] }
}

fn objects(tags: &[Tag]) -> TagQuery {
    TagQuery { shelf: Shelf(1), kind: RowKind::Object, tags: tags.to_vec() }
}

fn commit(store: &dyn Store, batch: Batch) -> Result<Revision> {
    let mut answers = store.commit(&[batch]);
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn load(store: &dyn Store, id: u64) -> Option<SealedRow> {
    store.load(&[RowId(id)]).unwrap().remove(0)
}

fn ids(found: &[RowId]) -> Vec<u64> {
    found.iter().map(|id| id.0).collect()
}
