//! The record of management events, as its rows lie in the store.

use std::collections::BTreeMap;

use cryptoki_sys::{CKR_OK, CKU_SO, CKU_USER};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::provider::Installation;
use pkcs11_tests::token::LABEL;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, assert_rv, on_claviger};

use crate::attacker::{kind, store};

on_claviger!(every_management_event_is_recorded_once, a_failed_login_is_recorded);

/// How often each operation stands in the record, by its stable name.
pub(crate) fn events(installation: &Installation) -> BTreeMap<String, usize> {
    let db = store(installation);
    let mut query = db.prepare("SELECT body FROM row WHERE kind = ?1 ORDER BY id").unwrap();
    let bodies = query.query_map([kind::EVENT], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut events = BTreeMap::new();
    for body in bodies {
        *events.entry(operation(&body.unwrap())).or_default() += 1;
    }
    events
}

/// The stable name of an event's operation: its one run of lower-case words joined by hyphens, or one such word.
fn operation(body: &[u8]) -> String {
    let is_word = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'-';
    let runs = body.split(|byte| !is_word(byte)).filter(|run| run.len() > 4);
    let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
    String::from_utf8_lossy(longest).into_owned()
}

fn every_management_event_is_recorded_once(t: &Test) {
    let token = t.token();
    let m = t.module;
    assert_rv!(m.finalize(), CKR_OK);
    let before = events(&t.installation);
    assert_rv!(m.initialize(), CKR_OK);
    let session = token.open_rw();
    for turn in 0..3 {
        assert_rv!(m.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
        assert_rv!(m.init_pin(session, USER_PIN.into()), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
        assert_rv!(m.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
        let pair = generate(m, session, Kind::P256, true, &format!("turn {turn}"));
        assert_rv!(m.destroy_object(session, pair.public), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
    }
    assert_rv!(m.finalize(), CKR_OK);
    let after = events(&t.installation);
    let more: BTreeMap<&str, usize> = after
        .iter()
        .map(|(name, count)| (name.as_str(), count - before.get(name).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(more.values().sum::<usize>(), 21, "7 operations in each of 3 turns: {more:?}");
    assert!(more.values().all(|count| count % 3 == 0), "the same in every turn: {more:?}");
}

fn a_failed_login_is_recorded(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_ne!(t.module.login(session, CKU_USER, "wrong-pin".into()), CKR_OK);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert_ne!(t.module.init_token(token.slot, "wrong-pin".into(), Some(LABEL)), CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    let count = events(&t.installation).values().sum::<usize>();
    assert_rv!(t.module.initialize(), CKR_OK);
    let session = token.open_rw();
    assert_ne!(t.module.login(session, CKU_USER, "wrong-pin".into()), CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_eq!(events(&t.installation).values().sum::<usize>(), count + 1);
}
