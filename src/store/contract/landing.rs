//! How batches land: whole, or not at all.

use std::collections::BTreeSet;

use engine::store::{Batch, Revision, RowId, RowKind, Write};
use pkcs11::Error;

use super::{Bench, NoLinks, batch, commit, ids, linked, load, object, objects, promises, put, row, tag};

promises! {
    a_row_comes_back_as_it_was_written
    a_row_is_written_over_with_its_tags
    preconditions_that_hold_let_a_batch_land
    a_precondition_that_does_not_hold_keeps_everything_out
    the_linker_sees_the_writes_of_its_batch_and_the_coming_revision
    what_the_linker_adds_lands_in_the_same_commit
    a_linker_that_refuses_keeps_everything_out
    a_batch_that_fails_leaves_its_neighbours_alone
    deleting_what_is_not_there_is_no_error
    clearing_a_kind_takes_its_rows_and_tags_and_no_others
    writes_of_a_batch_happen_in_order
    an_empty_batch_lands
    reserved_ids_never_repeat
    reserved_ids_never_repeat_between_threads
    numbers_keep_their_whole_range
}

fn a_row_comes_back_as_it_was_written(bench: &dyn Bench) {
    let store = bench.open();
    for (id, kind) in (20..).zip(RowKind::ALL) {
        commit(&*store, batch(vec![put(row(id, 1, 3, kind))])).unwrap();
        assert_eq!(load(&*store, id), Some(row(id, 1, 3, kind)));
    }
    let asked = [RowId(21), RowId(99), RowId(20), RowId(21)];
    let found = store.load(&asked).unwrap();
    let found: Vec<Option<u64>> = found.iter().map(|row| row.as_ref().map(|row| row.header.id.0)).collect();
    assert_eq!(found, [Some(21), None, Some(20), Some(21)]);
    assert_eq!(store.load(&[]).unwrap(), []);
}

fn a_row_is_written_over_with_its_tags(bench: &dyn Bench) {
    let store = bench.open();
    let (old, new) = (tag(1, 1), tag(1, 2));
    commit(&*store, batch(vec![Write::Put(object(20, 1), vec![old])])).unwrap();
    commit(&*store, batch(vec![Write::Put(object(20, 2), vec![new])])).unwrap();
    assert_eq!(load(&*store, 20), Some(object(20, 2)));
    assert_eq!(store.find(&objects(&[old]), None, 9).unwrap(), []);
    assert_eq!(store.find(&objects(&[new]), None, 9).unwrap(), [RowId(20)]);
    commit(&*store, batch(vec![Write::Delete(RowId(20))])).unwrap();
    assert_eq!(load(&*store, 20), None);
    assert_eq!(store.find(&objects(&[new]), None, 9).unwrap(), []);
}

fn planned(preconditions: Vec<(RowId, Option<u64>)>, write: Write) -> Batch {
    Batch { preconditions, writes: vec![write], linker: Box::new(NoLinks) }
}

fn preconditions_that_hold_let_a_batch_land(bench: &dyn Bench) {
    let store = bench.open();
    commit(&*store, planned(vec![(RowId(20), None)], put(object(20, 1)))).unwrap();
    let plan = vec![(RowId(20), Some(1)), (RowId(21), None)];
    commit(&*store, planned(plan, put(object(20, 2)))).unwrap();
    assert_eq!(load(&*store, 20), Some(object(20, 2)));
}

fn a_precondition_that_does_not_hold_keeps_everything_out(bench: &dyn Bench) {
    let store = bench.open();
    commit(&*store, batch(vec![put(object(20, 1))])).unwrap();
    let before = store.revision().unwrap();
    for plan in [(20, None), (20, Some(2)), (20, Some(0)), (21, Some(1))] {
        let plan = vec![(RowId(20), Some(1)), (RowId(plan.0), plan.1)];
        assert_eq!(commit(&*store, planned(plan, put(object(22, 1)))), Err(Error::Conflict));
    }
    assert_eq!(load(&*store, 22), None);
    assert_eq!(store.revision().unwrap(), before);
}

fn the_linker_sees_the_writes_of_its_batch_and_the_coming_revision(bench: &dyn Bench) {
    let store = bench.open();
    commit(&*store, batch(vec![put(object(20, 1)), put(object(21, 1))])).unwrap();
    let writes = vec![put(object(20, 2)), Write::Delete(RowId(21)), put(object(22, 1))];
    let landed = commit(
        &*store,
        linked(writes, |rows, revision| {
            assert_eq!(revision, Revision(2));
            assert_eq!(rows.row(RowId(20))?, Some(object(20, 2)));
            assert_eq!(rows.row(RowId(21))?, None);
            assert_eq!(rows.row(RowId(22))?, Some(object(22, 1)));
            assert_eq!(rows.row(RowId(23))?, None);
            Ok(Vec::new())
        }),
    );
    assert_eq!(landed, Ok(Revision(2)));
}

fn what_the_linker_adds_lands_in_the_same_commit(bench: &dyn Bench) {
    let store = bench.open();
    let link = linked(vec![put(object(20, 1))], |_, _| {
        Ok(vec![Write::Put(object(21, 1), vec![tag(1, 1)]), Write::Delete(RowId(20))])
    });
    assert_eq!(commit(&*store, link), Ok(Revision(1)));
    assert_eq!(load(&*store, 20), None);
    assert_eq!(load(&*store, 21), Some(object(21, 1)));
    assert_eq!(store.find(&objects(&[tag(1, 1)]), None, 9).unwrap(), [RowId(21)]);
}

fn a_linker_that_refuses_keeps_everything_out(bench: &dyn Bench) {
    let store = bench.open();
    commit(&*store, batch(vec![Write::Put(object(20, 1), vec![tag(1, 1)])])).unwrap();
    let writes = vec![put(object(20, 2)), put(object(21, 1)), Write::Clear(RowKind::Object)];
    let refused = commit(&*store, linked(writes, |_, _| Err(Error::PinLocked)));
    assert_eq!(refused, Err(Error::PinLocked));
    assert_eq!(load(&*store, 20), Some(object(20, 1)));
    assert_eq!(load(&*store, 21), None);
    assert_eq!(store.find(&objects(&[tag(1, 1)]), None, 9).unwrap(), [RowId(20)]);
    assert_eq!(commit(&*store, batch(vec![put(object(22, 1))])), Ok(Revision(2)));
}

fn a_batch_that_fails_leaves_its_neighbours_alone(bench: &dyn Bench) {
    let store = bench.open();
    let group = [
        planned(vec![], put(object(20, 1))),
        planned(vec![(RowId(20), None)], put(object(21, 1))),
        planned(vec![(RowId(20), Some(1))], put(object(22, 1))),
    ];
    let answers = store.commit(&group);
    assert_eq!(answers, [Ok(Revision(1)), Err(Error::Conflict), Ok(Revision(2))]);
    assert_eq!(load(&*store, 21), None);
    assert_eq!(load(&*store, 22), Some(object(22, 1)));
    assert_eq!(store.commit(&[]), []);
}

fn deleting_what_is_not_there_is_no_error(bench: &dyn Bench) {
    let store = bench.open();
    assert_eq!(commit(&*store, batch(vec![Write::Delete(RowId(77))])), Ok(Revision(1)));
}

fn clearing_a_kind_takes_its_rows_and_tags_and_no_others(bench: &dyn Bench) {
    let store = bench.open();
    let tags = || vec![tag(1, 1)];
    commit(
        &*store,
        batch(vec![
            Write::Put(row(20, 1, 1, RowKind::Object), tags()),
            Write::Put(row(21, 1, 2, RowKind::Object), tags()),
            Write::Put(row(22, 1, 1, RowKind::Event), tags()),
        ]),
    )
    .unwrap();
    let writes = vec![put(object(23, 1)), Write::Clear(RowKind::Object), put(object(24, 1))];
    commit(&*store, batch(writes)).unwrap();
    let left = store.load(&[20, 21, 22, 23, 24].map(RowId)).unwrap();
    let left: Vec<bool> = left.iter().map(Option::is_some).collect();
    assert_eq!(left, [false, false, true, false, true]);
    assert_eq!(store.find(&objects(&[tag(1, 1)]), None, 9).unwrap(), []);
    assert_eq!(store.find(&objects(&[]), None, 9).unwrap(), [RowId(24)]);
}

fn writes_of_a_batch_happen_in_order(bench: &dyn Bench) {
    let store = bench.open();
    let writes = vec![
        put(object(20, 1)),
        Write::Delete(RowId(20)),
        put(object(21, 1)),
        put(object(21, 2)),
        Write::Delete(RowId(22)),
        put(object(22, 1)),
    ];
    commit(&*store, batch(writes)).unwrap();
    assert_eq!(load(&*store, 20), None);
    assert_eq!(load(&*store, 21), Some(object(21, 2)));
    assert_eq!(load(&*store, 22), Some(object(22, 1)));
}

fn an_empty_batch_lands(bench: &dyn Bench) {
    let store = bench.open();
    assert_eq!(commit(&*store, batch(vec![])), Ok(Revision(1)));
    assert_eq!(store.revision(), Ok(Revision(1)));
}

fn reserved_ids_never_repeat(bench: &dyn Bench) {
    let (one, other) = (bench.open(), bench.open());
    let mut given = BTreeSet::new();
    for count in [1, 3, 64, 65, 1, 200, 0, 2] {
        for store in [&one, &other, &bench.open()] {
            let ids = store.reserve(count).unwrap();
            assert_eq!(ids.clone().count(), count as usize);
            for id in ids {
                assert!(id >= RowId::FIRST_FREE.0);
                assert!(given.insert(id), "{id} was given twice");
            }
        }
    }
}

fn reserved_ids_never_repeat_between_threads(bench: &dyn Bench) {
    let store = bench.open();
    let given: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let store = &store;
                scope.spawn(move || (0..40).flat_map(|_| store.reserve(3).unwrap()).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(given.len(), 480);
    assert_eq!(given.into_iter().collect::<BTreeSet<_>>().len(), 480);
}

fn numbers_keep_their_whole_range(bench: &dyn Bench) {
    let store = bench.open();
    let mut large = row(u64::from(u32::MAX) + 7, (1 << 63) - 1, u32::MAX, RowKind::Share);
    large.header.format = u8::MAX;
    large.header.incarnation = (1 << 63) - 1;
    large.header.generation = u32::MAX;
    large.body = vec![0xa5; 100_000];
    let tags = vec![tag(u64::MAX, 0xff), tag(0, 0)];
    commit(&*store, batch(vec![Write::Put(large.clone(), tags.clone())])).unwrap();
    assert_eq!(load(&*store, large.header.id.0), Some(large.clone()));
    let mut query = objects(&tags);
    query.shelf = large.header.shelf;
    query.kind = RowKind::Share;
    assert_eq!(ids(&store.find(&query, None, 9).unwrap()), [large.header.id.0]);
}
