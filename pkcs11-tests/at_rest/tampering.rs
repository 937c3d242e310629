//! Every byte that somebody changes in the files is noticed, and the log says what was refused.

use std::fs;

use pkcs11_tests::token::{LABEL, empty_slots};
use pkcs11_tests::{SO_PIN, Test, on_claviger};
use rusqlite::{Connection, params};

use crate::attacker::{kind, log, store, token_folder, uses, victim};

on_claviger!(
    every_byte_of_a_private_keys_box_counts,
    every_byte_of_a_public_keys_box_counts,
    every_byte_of_the_first_link_counts,
    every_byte_of_the_last_link_counts,
    every_byte_of_the_users_keyring_counts,
    every_byte_of_the_public_head_counts,
    every_byte_of_the_users_head_counts,
    every_byte_of_the_escrow_counts,
    every_header_column_counts,
    every_byte_of_a_counter_record_counts,
    every_byte_of_the_device_key_counts,
    two_rows_do_not_change_places,
    a_row_of_another_token_does_not_fit,
    an_older_version_of_a_keyring_is_refused,
);

/// The newest row of a kind on a shelf: its id and body.
fn row(db: &Connection, shelf: &str, kind: i64) -> (i64, Vec<u8>) {
    let query =
        format!("SELECT id, body FROM row WHERE kind = ?1 AND shelf {shelf} ORDER BY id DESC LIMIT 1");
    db.query_row(&query, [kind], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn write(db: &Connection, id: i64, body: &[u8]) {
    assert_eq!(db.execute("UPDATE row SET body = ?1 WHERE id = ?2", params![body, id]).unwrap(), 1);
}

/// What is wrong with how a change was met: nothing, when it was refused with a line in the log.
fn unnoticed(t: &Test, use_it: impl Fn() -> Result<(), String>) -> Option<&'static str> {
    let said = log(t).len();
    if use_it().is_ok() {
        return Some("accepted");
    }
    (!log(t)[said..].contains("claviger: ")).then_some("refused without a word")
}

/// `bytes` with one bit of byte `at` changed.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1 << (at % 8);
    changed
}

fn nothing_unnoticed<T: std::fmt::Debug>(unnoticed: &[T], of: usize) {
    let some = &unnoticed[..unnoticed.len().min(8)];
    assert!(unnoticed.is_empty(), "{} of {of} changes, the first of them {some:?}", unnoticed.len());
}

/// Flips each byte of a row in turn: each must be refused with a line in the log; unchanged, all works.
fn every_byte_counts(t: &Test, shelf: &str, kind: i64) {
    let slot = victim(t);
    every_byte_counts_for(t, shelf, kind, || uses(t, slot));
}

fn every_byte_counts_for(t: &Test, shelf: &str, kind: i64, use_it: impl Fn() -> Result<(), String>) {
    assert_eq!(use_it(), Ok(()), "untouched");
    let (id, body) = row(&store(&t.installation), shelf, kind);
    let mut wrong = Vec::new();
    for at in 0..body.len() {
        write(&store(&t.installation), id, &flipped(&body, at));
        wrong.extend(unnoticed(t, &use_it).map(|why| (at, why)));
        write(&store(&t.installation), id, &body);
    }
    nothing_unnoticed(&wrong, body.len());
    assert_eq!(use_it(), Ok(()), "restored");
}

fn every_byte_of_a_private_keys_box_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::OBJECT);
}

fn every_byte_of_a_public_keys_box_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::OBJECT);
}

/// Of a token without a user: the officer's keyring is pinned to link 1.
fn every_byte_of_the_first_link_counts(t: &Test) {
    assert_eq!(t.module.initialize(), 0);
    let slot = empty_slots(t.module)[0];
    assert_eq!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), 0);
    assert_eq!(t.module.finalize(), 0);
    every_byte_counts_for(t, "= 0", kind::LINK, || {
        let refused = |rv| if rv == 0 { Ok(()) } else { Err(format!("{rv:#x}")) };
        refused(t.module.initialize())?;
        let (rv, session) = t.module.open_session(slot, 6);
        let answer = refused(rv).and_then(|()| refused(t.module.login(session, 0, SO_PIN.into())));
        assert_eq!(t.module.finalize(), 0);
        answer
    });
}

fn every_byte_of_the_last_link_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::LINK);
}

fn every_byte_of_the_users_keyring_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::KEYRING);
}

fn every_byte_of_the_public_head_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::PUBLIC_HEAD);
}

fn every_byte_of_the_users_head_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::USER_HEAD);
}

/// The escrow is read when an officer gives a user who lost the PIN the vault back.
fn every_byte_of_the_escrow_counts(t: &Test) {
    let _slot = victim(t);
    let (id, body) = row(&store(&t.installation), "> 0", kind::ESCROW);
    let recovers = || {
        let token = pkcs11_tests::Token::existing(t.module);
        let session = token.so_session();
        let rv = t.module.init_pin(session, "found-again".into());
        assert_eq!(t.module.finalize(), 0);
        rv == 0
    };
    for at in 0..body.len() {
        write(&store(&t.installation), id, &flipped(&body, at));
        let said = log(t).len();
        assert!(!recovers(), "byte {at} of {} was accepted", body.len());
        assert!(log(t)[said..].contains("claviger: "), "byte {at} was refused without a word");
    }
    write(&store(&t.installation), id, &body);
    assert!(recovers());
}

fn every_header_column_counts(t: &Test) {
    let slot = victim(t);
    let columns = ["format", "shelf", "kind", "incarnation", "vault_key", "generation", "version"];
    let kinds = [
        ("> 0", kind::OBJECT),
        ("= 0", kind::OBJECT),
        ("= 0", kind::LINK),
        ("> 0", kind::KEYRING),
        ("= 0", kind::PUBLIC_HEAD),
        ("> 0", kind::USER_HEAD),
    ];
    let mut wrong = Vec::new();
    for (shelf, kind) in kinds {
        let (id, _) = row(&store(&t.installation), shelf, kind);
        for column in columns {
            let db = store(&t.installation);
            let before: i64 = db
                .query_row(&format!("SELECT {column} FROM row WHERE id = ?1"), [id], |row| row.get(0))
                .unwrap();
            let set = format!("UPDATE row SET {column} = ?1 WHERE id = ?2");
            db.execute(&set, [before + 1, id]).unwrap();
            drop(db);
            wrong.extend(unnoticed(t, || uses(t, slot)).map(|why| (kind, column, why)));
            store(&t.installation).execute(&set, [before, id]).unwrap();
        }
    }
    nothing_unnoticed(&wrong, kinds.len() * columns.len());
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

/// A record has two copies, so that a torn write loses nothing: each byte is flipped in both.
fn every_byte_of_a_counter_record_counts(t: &Test) {
    const COPY: usize = 128;
    let slot = victim(t);
    let path = token_folder(&t.installation).join("counters");
    let whole = fs::read(&path).unwrap();
    // The user's record is the last one that was written.
    let record = whole.chunks(2 * COPY).rposition(|record| record.iter().any(|byte| *byte != 0)).unwrap();
    let first = record * 2 * COPY;
    let meaning =
        |copy: usize| whole[first + copy * COPY..first + (copy + 1) * COPY].iter().rposition(|b| *b != 0);
    let used = 1 + meaning(0).max(meaning(1)).unwrap();
    let mut wrong = Vec::new();
    for at in 0..used {
        let changed = flipped(&flipped(&whole, first + at), first + COPY + at);
        fs::write(&path, &changed).unwrap();
        wrong.extend(unnoticed(t, || uses(t, slot)).map(|why| (at, why)));
        fs::write(&path, &whole).unwrap();
    }
    nothing_unnoticed(&wrong, used);
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

fn every_byte_of_the_device_key_counts(t: &Test) {
    let slot = victim(t);
    let folder = t.installation.data().join("device-keys");
    let path = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    let mut wrong = Vec::new();
    for at in 0..whole.len() {
        fs::write(&path, flipped(&whole, at)).unwrap();
        wrong.extend(unnoticed(t, || uses(t, slot)).map(|why| (at, why)));
    }
    nothing_unnoticed(&wrong, whole.len());
    fs::write(&path, &whole).unwrap();
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

fn two_rows_do_not_change_places(t: &Test) {
    let slot = victim(t);
    let (mine, body) = row(&store(&t.installation), "> 0", kind::OBJECT);
    let token = pkcs11_tests::Token::existing(t.module);
    let session = token.user_session();
    let _other =
        pkcs11_tests::keys::generate(t.module, session, pkcs11_tests::keys::Kind::P256, true, "other");
    assert_eq!(t.module.finalize(), 0);
    let (theirs, their_body) = row(&store(&t.installation), "> 0", kind::OBJECT);
    assert_ne!(mine, theirs);
    let db = store(&t.installation);
    write(&db, mine, &their_body);
    write(&db, theirs, &body);
    drop(db);
    assert!(uses(t, slot).is_err());
    let db = store(&t.installation);
    write(&db, mine, &body);
    write(&db, theirs, &their_body);
    drop(db);
    assert_eq!(uses(t, slot), Ok(()));
}

/// Two tokens of one installation, with rows of the same number.
fn a_row_of_another_token_does_not_fit(t: &Test) {
    let slot = victim(t);
    let first = token_folder(&t.installation);
    let aside = t.installation.folder().join("aside");
    fs::rename(&first, &aside).unwrap();
    let _other_slot = victim(t);
    let second = token_folder(&t.installation);
    let (_, foreign) = row(&store(&t.installation), "= 0", kind::OBJECT);
    fs::rename(&second, t.installation.folder().join("second")).unwrap();
    fs::rename(&aside, &first).unwrap();
    assert_eq!(uses(t, slot), Ok(()), "back in its place");
    let (id, body) = row(&store(&t.installation), "= 0", kind::OBJECT);
    write(&store(&t.installation), id, &foreign);
    assert!(uses(t, slot).is_err());
    write(&store(&t.installation), id, &body);
    assert_eq!(uses(t, slot), Ok(()));
}

/// Whoever puts an old keyring back must not bring an old PIN back.
fn an_older_version_of_a_keyring_is_refused(t: &Test) {
    let slot = victim(t);
    let db = store(&t.installation);
    let read = "SELECT id, version, body FROM row WHERE kind = 3 AND shelf > 0";
    let old: (i64, i64, Vec<u8>) =
        db.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    drop(db);
    let token = pkcs11_tests::Token::existing(t.module);
    let session = token.user_session();
    let rv = t.module.set_pin(session, pkcs11_tests::USER_PIN.into(), "a-newer-pin".into());
    assert_eq!(rv, 0);
    assert_eq!(t.module.finalize(), 0);
    let set = "UPDATE row SET version = ?2, body = ?3 WHERE id = ?1";
    store(&t.installation).execute(set, params![old.0, old.1, old.2]).unwrap();
    let said = log(t).len();
    assert!(uses(t, slot).is_err(), "the old PIN works again");
    assert!(log(t)[said..].contains("claviger: "));
}
