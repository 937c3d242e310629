//! Every byte that somebody changes in the files is noticed, and the log says what was refused.

use std::fs;

use pkcs11_tests::{Test, on_claviger};
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

/// A row's id and body.
fn row(db: &Connection, shelf: &str, kind: i64, newest: bool) -> (i64, Vec<u8>) {
    let order = if newest { "DESC" } else { "ASC" };
    let query =
        format!("SELECT id, body FROM row WHERE kind = ?1 AND shelf {shelf} ORDER BY id {order} LIMIT 1");
    db.query_row(&query, [kind], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn write(db: &Connection, id: i64, body: &[u8]) {
    assert_eq!(db.execute("UPDATE row SET body = ?1 WHERE id = ?2", params![body, id]).unwrap(), 1);
}

/// Flips each byte of a row in turn: each must be refused with a line in the log; unchanged, all works.
fn every_byte_counts(t: &Test, shelf: &str, kind: i64, newest: bool) {
    let slot = victim(t);
    let (id, body) = row(&store(&t.installation), shelf, kind, newest);
    assert_eq!(uses(t, slot), Ok(()), "untouched");
    let mut unnoticed = Vec::new();
    for at in 0..body.len() {
        let mut changed = body.clone();
        changed[at] ^= 1 << (at % 8);
        write(&store(&t.installation), id, &changed);
        let said = log(t).len();
        if uses(t, slot).is_ok() {
            unnoticed.push((at, "accepted"));
        } else if !log(t)[said..].contains("claviger") {
            unnoticed.push((at, "refused without a word"));
        }
        write(&store(&t.installation), id, &body);
    }
    assert_eq!(unnoticed, [], "of {} bytes", body.len());
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

fn every_byte_of_a_private_keys_box_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::OBJECT, true);
}

fn every_byte_of_a_public_keys_box_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::OBJECT, true);
}

fn every_byte_of_the_first_link_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::LINK, false);
}

fn every_byte_of_the_last_link_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::LINK, true);
}

fn every_byte_of_the_users_keyring_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::KEYRING, true);
}

fn every_byte_of_the_public_head_counts(t: &Test) {
    every_byte_counts(t, "= 0", kind::PUBLIC_HEAD, true);
}

fn every_byte_of_the_users_head_counts(t: &Test) {
    every_byte_counts(t, "> 0", kind::USER_HEAD, true);
}

/// The escrow is read when an officer gives a user who lost the PIN the vault back.
fn every_byte_of_the_escrow_counts(t: &Test) {
    let _slot = victim(t);
    let (id, body) = row(&store(&t.installation), "> 0", kind::ESCROW, true);
    let recovers = || {
        let token = pkcs11_tests::Token::existing(t.module);
        let session = token.so_session();
        let rv = t.module.init_pin(session, "found-again".into());
        assert_eq!(t.module.finalize(), 0);
        rv == 0
    };
    for at in 0..body.len() {
        let mut changed = body.clone();
        changed[at] ^= 1 << (at % 8);
        write(&store(&t.installation), id, &changed);
        let said = log(t).len();
        assert!(!recovers(), "byte {at} of {} was accepted", body.len());
        assert!(log(t)[said..].contains("claviger"), "byte {at} was refused without a word");
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
    let mut unnoticed = Vec::new();
    for (shelf, kind) in kinds {
        let (id, _) = row(&store(&t.installation), shelf, kind, true);
        for column in columns {
            let db = store(&t.installation);
            let before: i64 = db
                .query_row(&format!("SELECT {column} FROM row WHERE id = ?1"), [id], |row| row.get(0))
                .unwrap();
            let set = format!("UPDATE row SET {column} = ?1 WHERE id = ?2");
            db.execute(&set, [before + 1, id]).unwrap();
            drop(db);
            let said = log(t).len();
            if uses(t, slot).is_ok() {
                unnoticed.push((kind, column, "accepted"));
            } else if !log(t)[said..].contains("claviger") {
                unnoticed.push((kind, column, "refused without a word"));
            }
            store(&t.installation).execute(&set, [before, id]).unwrap();
        }
    }
    assert_eq!(unnoticed, []);
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
    let mut unnoticed = Vec::new();
    for at in 0..used {
        let mut changed = whole.clone();
        for copy in 0..2 {
            changed[first + copy * COPY + at] ^= 1 << (at % 8);
        }
        fs::write(&path, &changed).unwrap();
        let said = log(t).len();
        if uses(t, slot).is_ok() {
            unnoticed.push((at, "accepted"));
        } else if !log(t)[said..].contains("claviger") {
            unnoticed.push((at, "refused without a word"));
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(unnoticed, [], "of {used} bytes");
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

fn every_byte_of_the_device_key_counts(t: &Test) {
    let slot = victim(t);
    let folder = t.installation.data().join("device-keys");
    let path = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    let mut unnoticed = Vec::new();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).unwrap();
        let said = log(t).len();
        if uses(t, slot).is_ok() {
            unnoticed.push((at, "accepted"));
        } else if !log(t)[said..].contains("claviger") {
            unnoticed.push((at, "refused without a word"));
        }
    }
    assert_eq!(unnoticed, []);
    fs::write(&path, &whole).unwrap();
    assert_eq!(uses(t, slot), Ok(()), "restored");
}

fn two_rows_do_not_change_places(t: &Test) {
    let slot = victim(t);
    let (mine, body) = row(&store(&t.installation), "> 0", kind::OBJECT, true);
    let token = pkcs11_tests::Token::existing(t.module);
    let session = token.user_session();
    let _other =
        pkcs11_tests::keys::generate(t.module, session, pkcs11_tests::keys::Kind::P256, true, "other");
    assert_eq!(t.module.finalize(), 0);
    let (theirs, their_body) = row(&store(&t.installation), "> 0", kind::OBJECT, true);
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
    let (_, foreign) = row(&store(&t.installation), "= 0", kind::OBJECT, true);
    fs::rename(&second, t.installation.folder().join("second")).unwrap();
    fs::rename(&aside, &first).unwrap();
    assert_eq!(uses(t, slot), Ok(()), "back in its place");
    let (id, body) = row(&store(&t.installation), "= 0", kind::OBJECT, true);
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
    assert!(log(t)[said..].contains("claviger"));
}
