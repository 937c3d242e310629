//! What a reader learns of changes, its own and those of others.

use engine::store::{Changes, Revision, RowId, RowKind, Write};

use super::{Bench, batch, commit, ids, load, object, objects, promises, put, tag};
use crate::limits;

promises! {
    each_commit_raises_the_revision_by_one
    two_handles_see_each_others_writes
    changes_name_each_written_and_deleted_row_once
    a_reader_from_the_future_drops_its_caches
    deletions_are_forgotten_when_they_are_too_many
    more_changes_than_are_worth_naming_drop_the_caches
    handles_that_commit_at_once_each_get_a_revision_of_their_own
}

fn named(changes: Changes) -> (u64, Vec<u64>) {
    match changes {
        Changes::Rows { now, ids: found } => (now.0, ids(&found)),
        other => panic!("{other:?}"),
    }
}

fn each_commit_raises_the_revision_by_one(bench: &dyn Bench) {
    let store = bench.open();
    assert_eq!(store.revision(), Ok(Revision(0)));
    for expected in 1..6 {
        assert_eq!(commit(&*store, batch(vec![put(object(20, expected))])), Ok(Revision(expected)));
        assert_eq!(store.revision(), Ok(Revision(expected)));
        store.reserve(100).unwrap();
        assert_eq!(store.revision(), Ok(Revision(expected)));
    }
}

fn two_handles_see_each_others_writes(bench: &dyn Bench) {
    let (one, other) = (bench.open(), bench.open());
    for version in 1..6 {
        let (writer, reader) = if version % 2 == 0 { (&one, &other) } else { (&other, &one) };
        let landed = commit(&**writer, batch(vec![Write::Put(object(20, version), vec![tag(1, 1)])]));
        assert_eq!(reader.revision(), landed);
        assert_eq!(load(&**reader, 20), Some(object(20, version)));
        assert_eq!(reader.find(&objects(&[tag(1, 1)]), None, 9).unwrap(), [RowId(20)]);
    }
}

fn changes_name_each_written_and_deleted_row_once(bench: &dyn Bench) {
    let store = bench.open();
    assert_eq!(named(store.changes(Revision(0)).unwrap()), (0, vec![]));
    commit(&*store, batch(vec![put(object(22, 1)), put(object(20, 1))])).unwrap();
    commit(&*store, batch(vec![put(object(21, 1)), put(object(22, 2))])).unwrap();
    commit(&*store, batch(vec![Write::Delete(RowId(20)), Write::Delete(RowId(99))])).unwrap();
    assert_eq!(named(store.changes(Revision(0)).unwrap()), (3, vec![20, 21, 22]));
    assert_eq!(named(store.changes(Revision(1)).unwrap()), (3, vec![20, 21, 22]));
    assert_eq!(named(store.changes(Revision(2)).unwrap()), (3, vec![20]));
    assert_eq!(named(store.changes(Revision(3)).unwrap()), (3, vec![]));
    commit(&*store, batch(vec![put(object(20, 3))])).unwrap();
    assert_eq!(named(store.changes(Revision(2)).unwrap()), (4, vec![20]));
    commit(&*store, batch(vec![Write::Clear(RowKind::Object)])).unwrap();
    assert_eq!(named(store.changes(Revision(4)).unwrap()), (5, vec![20, 21, 22]));
}

/// Its cache was filled from a store that has been replaced by an older one.
fn a_reader_from_the_future_drops_its_caches(bench: &dyn Bench) {
    let store = bench.open();
    commit(&*store, batch(vec![put(object(20, 1))])).unwrap();
    assert_eq!(store.changes(Revision(2)).unwrap(), Changes::TooOld { now: Revision(1) });
}

fn deletions_are_forgotten_when_they_are_too_many(bench: &dyn Bench) {
    let store = bench.open();
    let many = limits::TOMBSTONES as u64;
    commit(&*store, batch((100..=100 + many).map(|id| put(object(id, 1))).collect())).unwrap();
    commit(&*store, batch(vec![Write::Delete(RowId(100))])).unwrap();
    let rest = (101..100 + many).map(|id| Write::Delete(RowId(id))).collect();
    commit(&*store, batch(rest)).unwrap();
    assert_eq!(named(store.changes(Revision(1)).unwrap()).1.len() as u64, many);
    commit(&*store, batch(vec![Write::Delete(RowId(100 + many))])).unwrap();
    // The deletion of revision 2 is forgotten: who has seen that revision can still be told all.
    assert_eq!(store.changes(Revision(1)).unwrap(), Changes::TooOld { now: Revision(4) });
    assert_eq!(named(store.changes(Revision(2)).unwrap()).1.len() as u64, many);
    assert_eq!(named(store.changes(Revision(3)).unwrap()), (4, vec![100 + many]));
}

fn more_changes_than_are_worth_naming_drop_the_caches(bench: &dyn Bench) {
    let store = bench.open();
    let many = limits::CHANGES as u64;
    commit(&*store, batch((100..100 + many).map(|id| put(object(id, 1))).collect())).unwrap();
    assert_eq!(named(store.changes(Revision(0)).unwrap()).1.len() as u64, many);
    commit(&*store, batch(vec![put(object(20, 1))])).unwrap();
    assert_eq!(store.changes(Revision(0)).unwrap(), Changes::TooOld { now: Revision(2) });
    assert_eq!(named(store.changes(Revision(1)).unwrap()), (2, vec![20]));
}

fn handles_that_commit_at_once_each_get_a_revision_of_their_own(bench: &dyn Bench) {
    let mut landed: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                scope.spawn(move || {
                    let store = bench.open();
                    let one = |version| commit(&*store, batch(vec![put(object(20 + thread, version))]));
                    (1..=20).map(|version| one(version).unwrap().0).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    landed.sort_unstable();
    assert_eq!(landed, (1..=80).collect::<Vec<_>>());
}
