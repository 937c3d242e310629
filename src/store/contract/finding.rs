//! How rows are found by their tags.

use engine::store::{RowId, RowKind, Shelf, Store, Tag, Write};
use pkcs11::Error;

use super::{Bench, batch, commit, ids, object, objects, promises, row, tag};

promises! {
    every_tag_of_a_query_must_be_on_the_row
    a_row_may_carry_many_tags_of_one_attribute
    a_query_without_tags_finds_all_of_its_shelf_and_kind
    other_shelves_and_kinds_are_not_found
    pages_follow_one_another_without_gap_or_repetition
    a_page_after_the_last_row_is_empty
    too_many_tags_are_refused
}

const COLOUR: u64 = 1;
const SIZE: u64 = 2;
const SHAPE: u64 = 3;

fn fill(store: &dyn Store, rows: impl IntoIterator<Item = (u64, Vec<Tag>)>) {
    let writes = rows.into_iter().map(|(id, tags)| Write::Put(object(id, 1), tags)).collect();
    commit(store, batch(writes)).unwrap();
}

fn find(store: &dyn Store, tags: &[Tag]) -> Vec<u64> {
    ids(&store.find(&objects(tags), None, 1000).unwrap())
}

fn every_tag_of_a_query_must_be_on_the_row(bench: &dyn Bench) {
    let store = bench.open();
    fill(
        &*store,
        [
            (20, vec![tag(COLOUR, 1), tag(SIZE, 1), tag(SHAPE, 1)]),
            (21, vec![tag(COLOUR, 1), tag(SIZE, 2), tag(SHAPE, 1)]),
            (22, vec![tag(COLOUR, 2), tag(SIZE, 1)]),
            (23, vec![]),
        ],
    );
    assert_eq!(find(&*store, &[tag(COLOUR, 1)]), [20, 21]);
    assert_eq!(find(&*store, &[tag(SIZE, 1)]), [20, 22]);
    assert_eq!(find(&*store, &[tag(COLOUR, 1), tag(SIZE, 1)]), [20]);
    assert_eq!(find(&*store, &[tag(SIZE, 1), tag(COLOUR, 1)]), [20]);
    assert_eq!(find(&*store, &[tag(SHAPE, 1), tag(SIZE, 2), tag(COLOUR, 1)]), [21]);
    assert_eq!(find(&*store, &[tag(SHAPE, 1), tag(SHAPE, 1)]), [20, 21]);
    assert_eq!(find(&*store, &[tag(COLOUR, 2), tag(SHAPE, 1)]), [] as [u64; 0]);
    assert_eq!(find(&*store, &[tag(9, 9)]), [] as [u64; 0]);
}

fn a_row_may_carry_many_tags_of_one_attribute(bench: &dyn Bench) {
    let store = bench.open();
    fill(&*store, [(20, vec![tag(COLOUR, 1), tag(COLOUR, 2), tag(COLOUR, 1)])]);
    assert_eq!(find(&*store, &[tag(COLOUR, 1)]), [20]);
    assert_eq!(find(&*store, &[tag(COLOUR, 2), tag(COLOUR, 1)]), [20]);
}

fn a_query_without_tags_finds_all_of_its_shelf_and_kind(bench: &dyn Bench) {
    let store = bench.open();
    fill(&*store, (20..30).rev().map(|id| (id, vec![tag(COLOUR, 1)])));
    assert_eq!(find(&*store, &[]), (20..30).collect::<Vec<_>>());
}

fn other_shelves_and_kinds_are_not_found(bench: &dyn Bench) {
    let store = bench.open();
    let tags = || vec![tag(COLOUR, 1)];
    commit(
        &*store,
        batch(vec![
            Write::Put(row(20, 1, 1, RowKind::Object), tags()),
            Write::Put(row(21, 1, 2, RowKind::Object), tags()),
            Write::Put(row(22, 1, 1, RowKind::Event), tags()),
        ]),
    )
    .unwrap();
    assert_eq!(find(&*store, &tags()), [20]);
    assert_eq!(find(&*store, &[]), [20]);
    let mut query = objects(&tags());
    query.shelf = Shelf(2);
    assert_eq!(ids(&store.find(&query, None, 9).unwrap()), [21]);
    query.kind = RowKind::Event;
    assert_eq!(ids(&store.find(&query, None, 9).unwrap()), [] as [u64; 0]);
}

fn pages_follow_one_another_without_gap_or_repetition(bench: &dyn Bench) {
    let store = bench.open();
    // Every second row is large, every third is round: every sixth is both.
    fill(
        &*store,
        (20..140).map(|id| (id, vec![tag(SIZE, u8::from(id % 2 == 0)), tag(SHAPE, u8::from(id % 3 == 0))])),
    );
    for (tags, step) in [
        (vec![], 1),
        (vec![tag(SIZE, 1)], 2),
        (vec![tag(SHAPE, 1)], 3),
        (vec![tag(SHAPE, 1), tag(SIZE, 1)], 6),
    ] {
        let query = objects(&tags);
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = store.find(&query, after, 7).unwrap();
            assert!(page.len() <= 7);
            let Some(last) = page.last() else { break };
            after = Some(*last);
            all.extend(ids(&page));
        }
        assert_eq!(all, (20..140).filter(|id| id % step == 0).collect::<Vec<u64>>());
    }
}

fn a_page_after_the_last_row_is_empty(bench: &dyn Bench) {
    let store = bench.open();
    fill(&*store, [(20, vec![tag(COLOUR, 1)]), (21, vec![tag(COLOUR, 1)])]);
    for query in [objects(&[]), objects(&[tag(COLOUR, 1)])] {
        assert_eq!(ids(&store.find(&query, Some(RowId(20)), 9).unwrap()), [21]);
        assert_eq!(ids(&store.find(&query, Some(RowId(21)), 9).unwrap()), [] as [u64; 0]);
        assert_eq!(ids(&store.find(&query, Some(RowId(0)), usize::MAX).unwrap()), [20, 21]);
        assert_eq!(ids(&store.find(&query, None, 0).unwrap()), [] as [u64; 0]);
    }
}

fn too_many_tags_are_refused(bench: &dyn Bench) {
    let store = bench.open();
    let all: Vec<Tag> = (0..60).map(|attribute| tag(attribute, 1)).collect();
    fill(&*store, [(20, all.clone())]);
    assert_eq!(find(&*store, &all), [20]);
    let more: Vec<Tag> = (0..61).map(|attribute| tag(attribute, 1)).collect();
    assert!(matches!(store.find(&objects(&more), None, 9), Err(Error::Bug(_))));
}
