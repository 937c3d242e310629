//! A disk that fails at the n-th write of a key pair's creation, for every n: both keys and the event, or none.

use std::path::{Path, PathBuf};

use cryptoki_sys::CKR_OK;
use pkcs11_tests::actor::Actor;
use pkcs11_tests::program::build_c;
use pkcs11_tests::{Test, assert_rv, on_claviger};

use crate::audit::events;

on_claviger!(
    one_failing_write_leaves_both_keys_and_the_event_or_none,
    a_disk_that_stays_broken_leaves_both_keys_and_the_event_or_none,
    a_failing_write_at_login_locks_nobody_out,
    softhsm_what_is_answered_ok_was_written_through,
);

fn shim(t: &Test) -> PathBuf {
    let shim = t.installation.folder().join("failing.so");
    build_c("failing.c", &shim, &["-shared", "-fPIC"]);
    shim
}

fn preloaded(t: &Test, shim: &Path) -> Actor {
    let mut actor = Actor::start_with(&t.installation, |command| {
        command.env("LD_PRELOAD", shim);
    });
    actor.logs_in();
    actor
}

fn pairs_made(t: &Test) -> usize {
    let events = events(&t.installation);
    let made = events.iter().filter(|(name, _)| name.contains("pair"));
    made.map(|(_, count)| count).sum()
}

/// Lets the writes from the n-th on fail, `all` of them or it alone, for every n until the creation needs no more.
fn for_every_write(t: &Test, all: bool) {
    let _token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    let shim = shim(t);
    let (mut refusals, mut made) = (0, 0);
    for n in 1.. {
        assert!(n < 500, "the creation of a pair needs no 500 writes");
        let events_before = pairs_made(t);
        let mut actor = preloaded(t, &shim);
        let _ = actor.does(&format!("arm {}", if all { -n } else { n })).ok();
        let answer = actor.does(&format!("generate p256 write-{n} token"));
        let written: i64 = actor.does("written").number().cast_signed();
        let _ = actor.does("arm 0").ok();
        let same_process = actor.does(&format!("generate p256 again-{n} token"));
        assert_rv!(same_process.rv, CKR_OK, "in the same process, after write {n} failed");
        actor.kill();
        let mut fresh = Actor::start(&t.installation);
        fresh.logs_in();
        let found = fresh.does(&format!("find write-{n}")).ok();
        assert!(found.is_empty() || found.len() == 2, "write {n}: {} keys", found.len());
        assert!(answer.rv != CKR_OK || found.len() == 2, "write {n}: CKR_OK and no keys");
        let again = fresh.does(&format!("find again-{n}")).ok();
        assert_eq!(again.len(), 2, "write {n}");
        assert_eq!(fresh.does(&format!("sign ec {} 00ff", again[1])).ok()[0].len(), 128);
        drop(fresh);
        let events_after = pairs_made(t);
        assert_eq!(events_after - events_before, 1 + found.len() / 2, "write {n}: events and keys differ");
        refusals += usize::from(answer.rv != CKR_OK);
        made += found.len() / 2;
        if n > written {
            assert_rv!(answer.rv, CKR_OK, "no write failed");
            break;
        }
    }
    assert!(refusals > 1 && made >= 1, "{refusals} refusals, {made} made");
}

fn one_failing_write_leaves_both_keys_and_the_event_or_none(t: &Test) {
    for_every_write(t, false);
}

fn a_disk_that_stays_broken_leaves_both_keys_and_the_event_or_none(t: &Test) {
    for_every_write(t, true);
}

fn a_failing_write_at_login_locks_nobody_out(t: &Test) {
    let _token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    let shim = shim(t);
    for n in 1..12 {
        let mut actor = Actor::start_with(&t.installation, |command| {
            command.env("LD_PRELOAD", &shim);
        });
        let _ = actor.does("initialize").ok();
        let _ = actor.does("open rw").ok();
        let _ = actor.does(&format!("arm {n}")).ok();
        let _whatever_it_is = actor.does(&format!("login user {}", pkcs11_tests::USER_PIN));
        actor.kill();
        let mut fresh = Actor::start(&t.installation);
        fresh.logs_in();
    }
}

/// SoftHSM never calls fsync; a key that was answered CKR_OK must outlive a loss of power. With every sync refused,
/// nothing may be answered CKR_OK: so each answer waits for one.
fn softhsm_what_is_answered_ok_was_written_through(t: &Test) {
    let _token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    let shim = shim(t);
    let mut actor = preloaded(t, &shim);
    let _ = actor.does("arm-syncs").ok();
    assert_ne!(actor.does("generate p256 unsynced token").rv, CKR_OK);
    let _ = actor.does("arm 0").ok();
    let _ = actor.does("generate p256 synced token").ok();
}
