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

/// What the log must say of something that was changed.
struct Refusal {
    /// What is refused; one of these.
    names: Vec<String>,
    /// What did not hold; a part of one of these.
    reasons: &'static [&'static str],
}

impl Refusal {
    /// Of a row: by its number or by what it is for.
    fn of_row(id: i64, of_kind: i64) -> Self {
        let (role, reasons): (&str, &[&str]) = match of_kind {
            kind::OBJECT => ("row", &["does not open under the key of its place"]),
            kind::LINK => (
                "link ",
                &[
                    "not in the form of a link",
                    "what stands beside it",
                    "not signed",
                    "not the one",
                    "does not name",
                ],
            ),
            kind::KEYRING => ("keyring of ", &["not in the form of a keyring", "its check value"]),
            kind::ESCROW => ("escrow", &["not in the form of an escrow", "has not signed it"]),
            _ => (
                "head",
                &["not in the form of a head", "does not carry the token's check value", "does not open"],
            ),
        };
        let mut names = vec![format!("row {id} (")];
        names.extend((of_kind != kind::OBJECT).then(|| role.to_owned()));
        Self { names, reasons }
    }

    /// Of what stands beside a row: what finds it, or what it is compared with, may be what notices.
    fn of_column(id: i64, of_kind: i64) -> Self {
        let reasons = &[
            "No such file",
            "its format is not one that this version reads",
            "another incarnation",
            "what stands beside it",
            "another kind or shelf",
            "no such vault key",
            "a vault key that the user does not have",
            "does not open",
            "check value",
            "it is not there",
            "should be there",
            "another person's",
            "older than its counter record",
            "not the one",
            "has not signed it",
        ];
        let mut refusal = Self { reasons, ..Self::of_row(id, of_kind) };
        refusal.names.push(format!("row {id} "));
        // The public head's incarnation says which device key is read.
        refusal.names.extend((of_kind == kind::PUBLIC_HEAD).then(|| "device key ".to_owned()));
        refusal
    }

    fn is_in(&self, log: &str) -> bool {
        log.lines().filter(|line| line.starts_with("claviger: ")).any(|line| {
            self.names.iter().any(|name| line.contains(name.as_str()))
                && self.reasons.iter().any(|reason| line.contains(reason))
        })
    }
}

/// What is wrong with how a change was met: nothing, when it was refused with its name and reason in the log.
fn unnoticed(t: &Test, refusal: &Refusal, use_it: impl Fn() -> Result<(), String>) -> Option<String> {
    let said = log(t).len();
    if use_it().is_ok() {
        return Some("accepted".to_owned());
    }
    let log = &log(t)[said..];
    (!refusal.is_in(log)).then(|| format!("refused with {log:?}"))
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
    let refusal = Refusal::of_row(id, kind);
    let mut wrong = Vec::new();
    for at in 0..body.len() {
        write(&store(&t.installation), id, &flipped(&body, at));
        wrong.extend(unnoticed(t, &refusal, &use_it).map(|why| (at, why)));
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
fn recovers(t: &Test) -> Result<(), String> {
    let token = pkcs11_tests::Token::existing(t.module);
    let session = token.so_session();
    let rv = t.module.init_pin(session, "found-again".into());
    assert_eq!(t.module.finalize(), 0);
    if rv == 0 { Ok(()) } else { Err(format!("C_InitPIN: {rv:#x}")) }
}

fn every_byte_of_the_escrow_counts(t: &Test) {
    let _slot = victim(t);
    let (id, body) = row(&store(&t.installation), "> 0", kind::ESCROW);
    let refusal = Refusal::of_row(id, kind::ESCROW);
    let mut wrong = Vec::new();
    for at in 0..body.len() {
        write(&store(&t.installation), id, &flipped(&body, at));
        wrong.extend(unnoticed(t, &refusal, || recovers(t)).map(|why| (at, why)));
    }
    nothing_unnoticed(&wrong, body.len());
    write(&store(&t.installation), id, &body);
    assert_eq!(recovers(t), Ok(()));
}

/// What stands beside a row, its number too: the tags of an object go with it then, so that it is still found.
const COLUMNS: [&str; 8] =
    ["id", "format", "shelf", "kind", "incarnation", "vault_key", "generation", "version"];

fn raise(db: &Connection, column: &str, id: i64) {
    let by = if column == "id" { 1000 } else { 1 };
    db.execute(&format!("UPDATE row SET {column} = {column} + {by} WHERE id = ?1"), [id]).unwrap();
    if column == "id" {
        db.execute("UPDATE tag SET row = row + 1000 WHERE row = ?1", [id]).unwrap();
    }
}

fn lower(db: &Connection, column: &str, id: i64) {
    if column == "id" {
        db.execute("UPDATE row SET id = ?1 WHERE id = ?1 + 1000", [id]).unwrap();
        db.execute("UPDATE tag SET row = ?1 WHERE row = ?1 + 1000", [id]).unwrap();
    } else {
        db.execute(&format!("UPDATE row SET {column} = {column} - 1 WHERE id = ?1"), [id]).unwrap();
    }
}

fn columns_count(t: &Test, shelf: &str, kind: i64, use_it: impl Fn() -> Result<(), String>) {
    let (id, _) = row(&store(&t.installation), shelf, kind);
    let mut wrong = Vec::new();
    for column in COLUMNS {
        let mut refusal = Refusal::of_column(id, kind);
        if column == "id" {
            refusal.names.push(format!("row {} (", id + 1000));
        }
        raise(&store(&t.installation), column, id);
        wrong.extend(unnoticed(t, &refusal, &use_it).map(|why| (kind, column, why)));
        lower(&store(&t.installation), column, id);
    }
    nothing_unnoticed(&wrong, COLUMNS.len());
}

fn every_header_column_counts(t: &Test) {
    let slot = victim(t);
    for (shelf, kind) in [
        ("> 0", kind::OBJECT),
        ("= 0", kind::OBJECT),
        ("= 0", kind::LINK),
        ("> 0", kind::KEYRING),
        ("= 0", kind::PUBLIC_HEAD),
        ("> 0", kind::USER_HEAD),
    ] {
        columns_count(t, shelf, kind, || uses(t, slot));
        assert_eq!(uses(t, slot), Ok(()), "restored");
    }
    columns_count(t, "> 0", kind::ESCROW, || recovers(t));
    assert_eq!(recovers(t), Ok(()), "restored");
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
    let names = vec![format!("counter record {record}: "), format!("counter record {record} ")];
    let refusal = Refusal { names, reasons: &["neither of its copies carries the token's check value"] };
    let used = 1 + meaning(0).max(meaning(1)).unwrap();
    let mut wrong = Vec::new();
    for at in 0..used {
        let changed = flipped(&flipped(&whole, first + at), first + COPY + at);
        fs::write(&path, &changed).unwrap();
        wrong.extend(unnoticed(t, &refusal, || uses(t, slot)).map(|why| (at, why)));
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
    let reasons =
        &["it is not a device key", "its check value does not hold", "of another token or incarnation"];
    let refusal = Refusal { names: vec![format!("device key {}: ", path.display())], reasons };
    let mut wrong = Vec::new();
    for at in 0..whole.len() {
        fs::write(&path, flipped(&whole, at)).unwrap();
        wrong.extend(unnoticed(t, &refusal, || uses(t, slot)).map(|why| (at, why)));
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
    let reasons = &["it is older than its counter record"];
    let refusal = Refusal { names: vec!["keyring of ".to_owned()], reasons };
    assert_eq!(unnoticed(t, &refusal, || uses(t, slot)), None, "the old PIN");
}
