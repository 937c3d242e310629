//! Someone who writes the store: every byte that he changes is refused, and what he restores is too.

use engine::handles;
use engine::place::{COUNTER_COPY, Places};
use engine::store::{RowId, RowKind, SealedRow};
use pkcs11::{Administration, Cryptoki, Error, UserType};

use crate::harness::*;

fn rows_of(token: &Token, kind: RowKind) -> Vec<SealedRow> {
    token.store().rows().into_iter().filter(|row| row.header.kind == kind).collect()
}

/// Every way to change one byte of a row's body, and each field of its header.
fn alterations(row: &SealedRow) -> impl Iterator<Item = SealedRow> + use<> {
    let row = row.clone();
    let bytes = (0..row.body.len()).map({
        let row = row.clone();
        move |i| {
            let mut altered = row.clone();
            altered.body[i] ^= 1;
            altered
        }
    });
    let fields = (0..7).map(move |field| {
        let mut altered = row.clone();
        let header = &mut altered.header;
        match field {
            0 => header.format ^= 1,
            1 => header.shelf.0 ^= 1,
            2 => header.incarnation ^= 1,
            3 => header.vault_key ^= 1,
            4 => header.generation ^= 1,
            5 => header.kind = if header.kind == RowKind::Share { RowKind::Node } else { RowKind::Share },
            _ => header.version ^= 1,
        }
        altered
    });
    bytes.chain(fields)
}

#[test]
fn every_changed_byte_of_an_object_is_refused() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    let (public, private) = ec_pair(&token.application, session, "k", true).unwrap();
    for handle in [public, private] {
        let row = rows_of(&token, RowKind::Object)
            .into_iter()
            .find(|row| row.header.id == handles::row(handle))
            .unwrap();
        // Every other application that does the same gives the same handle.
        let other = token.other();
        let session = log_in(&other, token.slot, PIN).unwrap();
        let handle = again(&other, session, handle);
        for altered in alterations(&row) {
            token.store().replace(altered.clone());
            let other = token.other();
            let session = log_in(&other, token.slot, PIN).unwrap();
            let answer = other.attribute_values(session, handle, &[0]);
            let refused = matches!(answer, Err(Error::Forged { .. } | Error::ObjectHandleInvalid));
            assert!(refused, "{answer:?} for {:?}", altered.header);
            assert!(!find(&other, session, vec![]).contains(&handle));
        }
        token.store().replace(row);
    }
}

#[test]
fn every_changed_byte_of_the_current_link_is_refused_before_any_login() {
    let token = Token::with_user();
    let row = rows_of(&token, RowKind::Link).pop().unwrap();
    for altered in alterations(&row) {
        token.store().replace(altered);
        let other = token.other();
        let answer = other.token_info(token.slot);
        assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
    }
}

#[test]
fn every_changed_byte_of_a_keyring_is_told_from_a_wrong_pin_and_costs_no_trial() {
    let token = Token::with_user();
    let row = rows_of(&token, RowKind::Keyring).into_iter().find(|row| row.header.shelf.0 != 0).unwrap();
    for altered in alterations(&row) {
        token.store().replace(altered);
        let answer = log_in(&token.other(), token.slot, PIN);
        assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
    }
    token.store().replace(row);
    log_in(&token.other(), token.slot, PIN).unwrap();
}

#[test]
fn every_changed_byte_of_a_head_is_refused() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    ec_pair(&token.application, session, "k", true).unwrap();
    for kind in [RowKind::PublicHead, RowKind::UserHead] {
        let row = rows_of(&token, kind).pop().unwrap();
        for altered in alterations(&row) {
            token.store().replace(altered.clone());
            let answer = log_in(&token.other(), token.slot, PIN);
            assert!(
                matches!(answer, Err(Error::Forged { .. } | Error::DeviceKey { .. })),
                "{answer:?} for {:?}",
                altered.header
            );
        }
        token.store().replace(row);
    }
}

#[test]
fn every_changed_byte_of_an_escrow_is_refused() {
    let token = Token::with_user();
    let row = rows_of(&token, RowKind::Escrow).pop().unwrap();
    let other = token.other();
    let session = open(&other, token.slot);
    other.login(session, UserType::So, Some(SO_PIN)).unwrap();
    for altered in alterations(&row) {
        token.store().replace(altered);
        let answer = other.init_pin(session, Some(b"fresh secret"));
        assert!(
            matches!(answer, Err(Error::Forged { .. } | Error::Encoding(_) | Error::Primitive(_))),
            "{answer:?}"
        );
    }
    token.store().replace(row);
    log_in(&token.other(), token.slot, PIN).unwrap();
}

#[test]
fn every_changed_byte_of_the_audit_chain_is_found_and_so_is_a_missing_entry() {
    let token = Token::with_user();
    let rows = rows_of(&token, RowKind::Event);
    for row in &rows {
        for altered in alterations(row) {
            let hidden = altered.header.shelf != row.header.shelf;
            token.store().replace(altered.clone());
            let answer = token.other().audit_events(token.slot, 1, usize::MAX);
            assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?} {hidden} {:?}", altered.header);
        }
        token.store().remove(row.header.id);
        let answer = token.other().audit_events(token.slot, 1, usize::MAX);
        assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
        token.store().replace(row.clone());
    }
    assert!(token.other().audit_events(token.slot, 1, usize::MAX).is_ok());
}

#[test]
fn a_counter_record_altered_in_both_copies_is_refused_and_in_one_gains_no_trial() {
    let token = Token::with_user();
    let counters = token.places.counters(token.id()).unwrap();
    assert_eq!(log_in(&token.application, token.slot, b"wrong"), Err(Error::PinIncorrect));
    let good = counters.copies(1);
    for i in 0..COUNTER_COPY {
        let mut both = good;
        both[0][i] ^= 1;
        both[1][i] ^= 1;
        counters.replace(1, both);
        let answer = log_in(&token.other(), token.slot, PIN);
        assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?} at {i}");
        for copy in 0..2 {
            let mut one = good;
            one[copy][i] ^= 1;
            counters.replace(1, one);
            let left =
                (0..4).filter(|_| log_in(&token.other(), token.slot, b"wrong") == Err(Error::PinIncorrect));
            assert!(left.count() <= 2, "copy {copy} at {i}");
        }
    }
    counters.replace(1, [[0; COUNTER_COPY]; 2]);
    assert!(matches!(log_in(&token.other(), token.slot, PIN), Err(Error::Forged { .. })));
}

#[test]
fn two_rows_swapped_are_both_refused() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    let (_, first) = ec_pair(&token.application, session, "a", true).unwrap();
    let (_, second) = ec_pair(&token.application, session, "b", true).unwrap();
    // Every other application that does the same gives the same handles.
    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    let [first, second] = [first, second].map(|handle| again(&other, session, handle));
    let row = |handle| {
        let id = handles::row(handle);
        rows_of(&token, RowKind::Object).into_iter().find(|row| row.header.id == id).unwrap()
    };
    let (a, b) = (row(first), row(second));
    token.store().replace(SealedRow { header: a.header, body: b.body });
    token.store().replace(SealedRow { header: b.header, body: a.body });
    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    for key in [first, second] {
        assert!(matches!(sign(&other, session, key), Err(Error::Forged { .. })));
    }
}

#[test]
fn an_older_roster_is_refused_by_whoever_logged_in_since() {
    let token = Token::initialized();
    let before = token.store().snapshot();
    init_pin(&token.application, token.slot, SO_PIN, PIN).unwrap();
    let session = open(&token.application, token.slot);
    token.application.login(session, UserType::So, Some(SO_PIN)).unwrap();
    // The officer's keyring has seen link 2 now. Everything but his keyring is put back to link 1.
    let keyring = rows_of(&token, RowKind::Keyring).into_iter().find(|row| row.header.shelf.0 == 0).unwrap();
    before.replace(keyring);
    token.places.replace_store(token.id(), before);
    let other = token.other();
    let session = open(&other, token.slot);
    let answer = other.login(session, UserType::So, Some(SO_PIN));
    assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
}

#[test]
fn a_store_that_went_back_is_noticed_by_a_process_that_saw_it_further_on() {
    let token = Token::with_user();
    let before = token.store().snapshot();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    ec_pair(&token.application, session, "k", true).unwrap();
    find(&token.application, session, vec![]);
    let now = token.store();
    // In place, as a restored file would be: row by row.
    for row in now.rows() {
        now.remove(row.header.id);
    }
    for row in before.rows() {
        now.replace(row);
    }
    assert!(now.rows().iter().any(|row| row.header.id == RowId::PUBLIC_HEAD));
    let answer = ec_pair(&token.application, session, "more", true);
    assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
}

#[test]
fn another_device_key_or_none_opens_nothing() {
    let token = Token::with_user();
    let id = token.id();
    token.places.replace_device_key(id, 1, Some(pkcs11::Secret::from([7; 32])));
    assert!(matches!(token.other().token_info(token.slot), Err(Error::Forged { .. })));
    token.places.replace_device_key(id, 1, None);
    assert!(matches!(token.other().token_info(token.slot), Err(Error::DeviceKey { .. })));
    assert!(token.places.list().is_ok());
}
