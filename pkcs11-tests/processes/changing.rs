//! Many processes that change the same object.

use cryptoki_sys::{CKA_LABEL, CKR_OK};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::keys::{Kind, attribute, generate};
use pkcs11_tests::{Test, on_claviger};

on_claviger!(two_processes_change_one_key_and_the_last_value_stands);

const TURNS: usize = 100;

fn two_processes_change_one_key_and_the_last_value_stands(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let public = generate(t.module, session, Kind::P256, true, "shared").public;
    let mut actors = [0, 1].map(|_| Actor::start(&t.installation));
    actors.iter_mut().for_each(Actor::logs_in);
    for (actor, name) in actors.iter_mut().zip(["one", "other"]) {
        // A public object has one handle in all processes.
        actor.tell(&format!("relabel {public} {name} {TURNS}"));
    }
    for actor in &mut actors {
        assert_eq!(actor.answer().unwrap().rv, CKR_OK);
    }
    // What a call sees is as old as the last look at most: a search looks.
    assert_eq!(token.find(session, &pkcs11_tests::Template::new()).len(), 2);
    let label = String::from_utf8(attribute(t.module, session, public, CKA_LABEL)).unwrap();
    assert!([format!("one-{TURNS}"), format!("other-{TURNS}")].contains(&label), "{label}");
}
