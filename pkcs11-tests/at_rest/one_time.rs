//! A process that asks for a one-time password and is killed in place of every write: no password comes twice.
//!
//! Between two writes nothing on the disk changes: so that is a kill at every moment.

use cryptoki_sys::{
    CKA_CLASS, CKA_KEY_TYPE, CKA_LABEL, CKA_PRIVATE, CKA_TOKEN, CKA_VALUE, CKK_HOTP, CKO_OTP_KEY, CKR_OK,
};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::program::build_c;
use pkcs11_tests::{Template, Test, assert_rv, on_claviger};

on_claviger!(
    whoever_is_killed_in_place_of_every_write_is_told_no_password_twice,
    a_disk_that_fails_at_every_write_lets_no_password_come_twice,
);

fn with_a_key(t: &Test) {
    let session = t.token().user_session();
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_OTP_KEY)
        .ulong(CKA_KEY_TYPE, CKK_HOTP)
        .boolean(CKA_TOKEN, true)
        .boolean(CKA_PRIVATE, true)
        .bytes(CKA_LABEL, "codes")
        .bytes(CKA_VALUE, b"12345678901234567890");
    assert_rv!(t.module.create_object(session, &template).0, CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
}

/// Asks over and over with the n-th write cut short, for every n until asking needs no more; then looks at the counters.
fn at_every_write(t: &Test, deadly: bool) {
    with_a_key(t);
    let shim = t.installation.folder().join("failing.so");
    build_c("failing.c", &shim, &["-shared", "-fPIC"]);
    let (mut told, mut cut): (Vec<u64>, usize) = (Vec::new(), 0);
    for n in 1.. {
        assert!(n < 200, "a password needs no 200 writes");
        let mut actor = Actor::start_with(&t.installation, |command| {
            command.env("LD_PRELOAD", &shim);
            if deadly {
                // Armed for real once it has logged in.
                command.env("FAILING_KILL", "1000000");
            }
        });
        actor.logs_in();
        let key = actor.does("find codes").ok().remove(0);
        // Armed before a password and not before the first: what opening the store writes is none of its writes.
        told.push(actor.does(&format!("password {key}")).number());
        let _ = actor.does(&format!("arm {n}")).ok();
        actor.tell(&format!("password {key}"));
        let answer = actor.answer();
        let ended = answer.is_none();
        if let Some(answer) = answer.filter(|answer| answer.rv == CKR_OK) {
            told.push(answer.number());
        } else {
            cut += 1;
        }
        if ended {
            assert!(deadly, "write {n}: a failing write ends nobody");
            continue;
        }
        let written: usize = actor.does("written").number().try_into().unwrap();
        let _ = actor.does("arm 0").ok();
        told.push(actor.does(&format!("password {key}")).number());
        if n > written {
            break;
        }
        assert!(!deadly, "write {n} of {written} killed nobody");
    }
    assert!(cut > 1, "{cut} cut short");
    assert!(told.is_sorted_by(|before, after| before < after), "{told:?}");
    // One that was cut short costs one password at most.
    let (last, len) = (told.last().copied().unwrap(), told.len() as u64);
    assert!(last < len + cut as u64, "{last} after {len} passwords and {cut} cut short");
}

fn whoever_is_killed_in_place_of_every_write_is_told_no_password_twice(t: &Test) {
    at_every_write(t, true);
}

fn a_disk_that_fails_at_every_write_lets_no_password_come_twice(t: &Test) {
    at_every_write(t, false);
}
