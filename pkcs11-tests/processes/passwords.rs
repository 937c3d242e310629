//! One-time passwords of one key in many processes: none is given twice, also not when a process is killed.

use std::io::{PipeReader, Read as _, Write as _};
use std::time::Duration;

use cryptoki_sys::{
    CKA_CLASS, CKA_KEY_TYPE, CKA_OTP_COUNTER, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKK_HOTP, CKO_OTP_KEY, CKR_OK,
    CKU_USER,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::raw::Forked;
use pkcs11_tests::raw::one_time::{hotp, told};
use pkcs11_tests::{Module, Out, Sent, Template, Test, Token, USER_PIN, assert_rv, on_claviger};

on_claviger!(
    processes_never_get_one_password_twice,
    a_password_that_was_told_before_a_kill_is_not_given_again,
);

/// A token with one key, and a session.
fn ready(t: &Test) -> (Token, u64, u64) {
    let token = t.token();
    let session = token.user_session();
    let template = Template::new().ulong(CKA_CLASS, CKO_OTP_KEY).ulong(CKA_KEY_TYPE, CKK_HOTP);
    let template = template.boolean(CKA_TOKEN, true).boolean(CKA_SIGN, true).bytes(CKA_VALUE, [7; 20]);
    let (rv, key) = t.module.create_object(session, &template);
    assert_rv!(rv, CKR_OK);
    (token, session, key)
}

fn next(module: &Module, session: u64, key: u64) -> u64 {
    assert_rv!(module.sign_init(session, Some(&hotp(&[]).mechanism()), key), CKR_OK);
    let mut room = [0; 128];
    assert_rv!(module.sign(session, Sent::null(0), Out::buffer(&mut room)).0, CKR_OK);
    told(&room).counter
}

/// A process that asks for passwords, and tells the counter of each as soon as it has it.
fn asking(module: &'static Module, many: usize) -> (Forked, PipeReader) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let child = module.fork(|| {
        let token = Token::existing(module);
        let session = token.open_ro();
        assert_rv!(module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
        let key = token.find(session, &Template::new().ulong(CKA_CLASS, CKO_OTP_KEY))[0];
        (0..many).for_each(|_| writer.write_all(&next(module, session, key).to_be_bytes()).unwrap());
        0
    });
    (child, reader)
}

/// What such a process told.
fn counters(mut reader: PipeReader) -> Vec<u64> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes.chunks_exact(8).map(|counter| u64::from_be_bytes(counter.try_into().unwrap())).collect()
}

fn processes_never_get_one_password_twice(t: &Test) {
    let (_, session, key) = ready(t);
    let processes: Vec<_> = (0..4).map(|_| asking(t.module, 15)).collect();
    let mut all: Vec<u64> = (0..15).map(|_| next(t.module, session, key)).collect();
    for (child, reader) in processes {
        all.extend(counters(reader));
        assert_eq!(child.status(), Some(0));
    }
    all.sort_unstable();
    assert_eq!(all, (0..75).collect::<Vec<_>>());
}

/// Killed at moments that come one after another, from before the first password on.
fn a_password_that_was_told_before_a_kill_is_not_given_again(t: &Test) {
    let (_, session, key) = ready(t);
    let mut last = None;
    let mut told_at_all = 0;
    for moment in 0..25 {
        let (child, reader) = asking(t.module, usize::MAX);
        std::thread::sleep(Duration::from_millis(20 + 3 * moment));
        child.kill();
        let told = counters(reader);
        for counter in &told {
            assert!(last.is_none_or(|last| *counter > last), "{counter} after {last:?}");
            last = Some(*counter);
        }
        told_at_all += told.len();
    }
    assert!(told_at_all > 25, "hardly any password was told: {told_at_all}");
    let stored = u64::from_be_bytes(attribute(t.module, session, key, CKA_OTP_COUNTER).try_into().unwrap());
    assert!(last.is_some_and(|last| stored > last));
    assert!(last.is_some_and(|last| next(t.module, session, key) > last));
}
