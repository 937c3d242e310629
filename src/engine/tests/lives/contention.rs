//! Many who change the same: each call lands, however often it is overtaken.

use std::sync::Arc;
use std::thread;

use pkcs11::constants::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_LABEL, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID,
    CKO_DATA,
};
use pkcs11::{
    Administration, Attribute, AttributeValue, Cryptoki, ObjectHandle, Reveal, SessionHandle, Template,
    UserType,
};

use engine::application::Application;

use crate::harness::*;

fn value(app: &Application, session: SessionHandle, object: ObjectHandle, kind: u64) -> AttributeValue {
    match app.attribute_values(session, object, &[kind]).unwrap().remove(0) {
        Reveal::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

fn text(value: &AttributeValue) -> String {
    String::from_utf8(value.to_canonical().expose().to_vec()).unwrap()
}

fn trusting() -> Template {
    vec![Attribute::boolean(CKA_TRUSTED, true)]
}

/// Public keys, made by a user, and then an officer's sessions, one for each.
fn officers(token: &Token, app: &Application) -> Vec<(SessionHandle, ObjectHandle)> {
    let session = log_in(app, token.slot, PIN).unwrap();
    let keys: Vec<_> = (0..6).map(|n| ec_pair(app, session, &format!("{n}"), true).unwrap().0).collect();
    app.logout(session).unwrap();
    app.login(session, UserType::So, Some(SO_PIN)).unwrap();
    keys.into_iter().map(|key| (open(app, token.slot), key)).collect()
}

#[test]
fn eight_threads_of_two_processes_change_one_label_and_every_change_lands() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    let (_, key) = ec_pair(&token.application, session, "k", true).unwrap();
    let others = [token.other(), token.other()];
    let keys = others.each_ref().map(|app| {
        let session = log_in(app, token.slot, PIN).unwrap();
        again(app, session, key)
    });
    let before = operations(&token.application, token.slot).len();
    thread::scope(|scope| {
        for number in 0..8 {
            let (app, key) = (&others[number % 2], keys[number % 2]);
            let session = open(app, token.slot);
            scope.spawn(move || {
                for turn in 0..25 {
                    let label = Attribute::bytes(CKA_LABEL, format!("{number} {turn}").as_bytes());
                    app.set_attribute_values(session, key, vec![label]).unwrap();
                }
            });
        }
    });
    // Whoever came last, it was with his last one; and no change went without its record.
    let label = text(&value(&token.application, session, key, CKA_LABEL));
    assert!(label.ends_with(" 24"), "{label}");
    assert_eq!(operations(&token.application, token.slot).len(), before + 200);
}

#[test]
fn six_sessions_of_an_officer_trust_a_key_each_at_once() {
    let token = Token::with_user();
    let app = &token.application;
    let officers = officers(&token, app);
    thread::scope(|scope| {
        for (session, key) in &officers {
            scope.spawn(|| app.set_attribute_values(*session, *key, trusting()).unwrap());
        }
    });
    for (session, key) in officers {
        assert_eq!(value(app, session, key, CKA_TRUSTED), AttributeValue::Bool(true));
    }
}

#[test]
fn six_sessions_of_an_officer_trust_an_unseen_key_each_at_once() {
    let token = Token::with_user();
    let app = &token.application;
    let officers = officers(&token, app);
    thread::scope(|scope| {
        for (session, key) in &officers {
            scope.spawn(|| {
                let unique_id = text(&value(app, *session, *key, CKA_UNIQUE_ID));
                app.trust_key(*session, &unique_id, None, true).unwrap();
            });
        }
    });
    let trusted = operations(app, token.slot).iter().filter(|name| *name == "trust-changed").count();
    assert_eq!(trusted, 6);
}

#[test]
fn objects_made_and_destroyed_while_an_officer_trusts_keys_land_all() {
    let token = Token::with_user();
    let app = &token.application;
    let officers = officers(&token, app);
    let other = token.other();
    thread::scope(|scope| {
        for (session, key) in &officers {
            scope.spawn(|| app.set_attribute_values(*session, *key, trusting()).unwrap());
        }
        for _ in 0..4 {
            scope.spawn(|| {
                let session = open(&other, token.slot);
                for _ in 0..10 {
                    let template = vec![
                        Attribute::ulong(CKA_CLASS, CKO_DATA),
                        Attribute::boolean(CKA_TOKEN, true),
                        Attribute::bytes(CKA_LABEL, b"passing"),
                    ];
                    let object = other.create_object(session, template).unwrap();
                    other.destroy_object(session, object).unwrap();
                }
            });
        }
    });
    let session = open(&other, token.slot);
    assert_eq!(find(&other, session, vec![Attribute::bytes(CKA_LABEL, b"passing")]), []);
}

#[test]
fn what_an_officer_makes_or_copies_as_trusted_reads_so_at_once() {
    let token = Token::with_user();
    let settings =
        engine::application::Settings { staleness: std::time::Duration::from_secs(3600), ..settings() };
    let app = &engine_with(Arc::new(token.places.clone()), settings);
    let (session, key) = officers(&token, app).remove(0);
    let copy = app.copy_object(session, key, trusting()).unwrap();
    assert_eq!(value(app, session, copy, CKA_TRUSTED), AttributeValue::Bool(true));
    assert_eq!(value(app, session, key, CKA_TRUSTED), AttributeValue::Bool(false));
    let attributes = [CKA_KEY_TYPE, CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT].map(|kind| {
        let value = value(app, session, key, kind).to_native().unwrap();
        Attribute::bytes(kind, value.expose())
    });
    let mut template: Template = attributes.into();
    template.extend(named("made", true));
    template.extend(trusting());
    let made = app.create_object(session, template).unwrap();
    assert_eq!(value(app, session, made, CKA_TRUSTED), AttributeValue::Bool(true));
}

#[test]
fn a_search_finds_everything_while_others_push_objects_out_of_the_cache() {
    let token = Token::with_user();
    let settings = engine::application::Settings { cached_objects: 1, ..settings() };
    let app = &engine_with(Arc::new(token.places.clone()), settings);
    let session = log_in(app, token.slot, PIN).unwrap();
    for number in 0..4 {
        ec_pair(app, session, &format!("{number}"), true).unwrap();
    }
    let all = find(app, session, vec![]);
    assert_eq!(all.len(), 8);
    let over = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let session = open(app, token.slot);
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                all.iter().for_each(|object| drop(value(app, session, *object, CKA_LABEL)));
            }
        });
        let short = (0..2000).map(|_| find(app, session, vec![])).find(|found| *found != all);
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(short, None);
    });
}
