//! Someone who can write the store, with and without the device key, and who makes new things instead of flipping bits;
//! and threads that meet in the middle of one another's calls.

use std::sync::mpsc;
use std::thread;

use engine::head::{LinkHead, PublicHead};
use engine::quorum::chain::{self, Link};
use engine::store::{RowId, RowKind, SealedRow, Shelf};
use engine::sync::watch;
use engine::vault::escrow;
use engine::vault::row::{DeviceKey, Life, ShelfKey};
use pkcs11::constants::{
    CKA_CLASS, CKA_EXTRACTABLE, CKA_LABEL, CKA_PRIVATE, CKA_SENSITIVE, CKA_TOKEN, CKA_UNIQUE_ID,
    CKA_VALUE_LEN, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKO_DATA,
};
use pkcs11::encode::Writer;
use pkcs11::{Attribute, AttributeValue, Attributes, Cryptoki, Error, Reveal, Room, Secret, UserType};

use crate::harness::*;

fn row_of(token: &Token, kind: RowKind) -> SealedRow {
    token.store().rows().into_iter().rfind(|row| row.header.kind == kind).unwrap()
}

fn life(token: &Token) -> Life {
    Life { token: token.id(), incarnation: 1 }
}

fn device_key(token: &Token) -> DeviceKey {
    use engine::place::Places;
    let key = token.places.device_key(token.id(), 1).unwrap();
    DeviceKey::new(mechanisms::primitives().as_ref(), &key).unwrap()
}

#[test]
fn an_escrow_that_the_user_did_not_sign_is_not_handed_to_him() {
    let token = Token::with_user();
    let primitives = mechanisms::primitives();
    let link = Link::decode(&row_of(&token, RowKind::Link).body).unwrap();
    let user = link.roster.people.iter().find(|person| person.name == "user").unwrap();
    let row = row_of(&token, RowKind::Escrow);
    let associated = [life(&token).associated(&row.header).as_slice(), &user.id].concat();
    let vault_keys = engine::vault::keyring::encode_vault_keys(&[(1, Secret::from([7; 32]))]);
    let own = primitives.p384_generate().unwrap();
    let plain = Writer::new().list(1, vault_keys).field(2, own.expose()).finish();
    let body =
        escrow::seal(primitives.as_ref(), &link.roster.escrow, &own, &associated, plain.expose()).unwrap();
    token.store().replace(SealedRow { header: row.header, body });
    let answer = init_pin(&token.application, token.slot, SO_PIN, b"fresh secret");
    assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
}

#[test]
fn an_officer_who_is_logged_in_does_not_act_under_a_roster_that_the_device_key_alone_vouches_for() {
    let token = Token::initialized();
    let app = &token.application;
    let session = open(app, token.slot);
    app.login(session, UserType::So, Some(SO_PIN)).unwrap();

    let primitives = mechanisms::primitives();
    let row = row_of(&token, RowKind::Link);
    let link = Link::decode(&row.body).unwrap();
    let mut roster = link.roster.clone();
    roster.version += 1;
    roster.previous = Some((row.header.id, link.hash(primitives.as_ref())));
    roster.escrow.point = primitives.p384_point(&primitives.p384_generate().unwrap()).unwrap();
    let signature = Writer::new()
        .field(1, &link.signatures[0].person)
        .number(2, 1)
        .field(3, &link.signatures[0].key)
        .field(4, &link.signatures[0].signature)
        .finish();
    let body = Writer::new().field(1, roster.encode().expose()).list(2, [signature]).finish();
    let forged = SealedRow { header: chain::header(RowId(900), 1), body: body.expose().to_vec() };
    let digest = chain::digest(&forged, &life(&token), primitives.as_ref());
    token.store().replace(forged);
    let key = device_key(&token).head_key(primitives.as_ref(), &life(&token));
    let head = row_of(&token, RowKind::PublicHead);
    let mut content = PublicHead::open(primitives.as_ref(), &life(&token), &key, &head).unwrap();
    content.link = LinkHead { row: RowId(900), version: roster.version, digest };
    content.revision.0 += 1;
    token.store().replace(content.seal(primitives.as_ref(), &life(&token), &key, head.header.version + 1));
    // Some commit of another process makes this one look.
    let other = token.other();
    let other_session = open(&other, token.slot);
    let _ = other.create_object(
        other_session,
        vec![Attribute::ulong(CKA_CLASS, CKO_DATA), Attribute::boolean(CKA_TOKEN, true)],
    );
    let answer = app.init_pin(session, Some(PIN));
    assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
}

#[test]
fn a_private_object_laid_on_the_public_shelf_is_refused() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (public, _) = ec_pair(app, session, "real", true).unwrap();
    let primitives = mechanisms::primitives();
    let row = token.store().rows().into_iter().find(|row| row.header.id.0 == public.0).unwrap();
    let shelf: ShelfKey = device_key(&token).public_shelf(primitives.as_ref(), &life(&token)).unwrap();
    let plain = shelf.open(primitives.as_ref(), &life(&token), &row).unwrap();
    let mut attributes = Attributes::decode(plain.expose()).unwrap();
    attributes.set_bool(CKA_PRIVATE, true);
    let forged =
        shelf.seal(primitives.as_ref(), &life(&token), row.header, attributes.encode().expose()).unwrap();
    assert_eq!(forged.header.shelf, Shelf::PUBLIC);
    token.store().replace(forged);
    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    let answer = other.attribute_values(session, public, &[CKA_UNIQUE_ID]);
    assert!(matches!(answer, Err(Error::Forged { .. })), "{answer:?}");
}

/// Runs `call` in a thread that stops while it holds the lock of this name; `meanwhile` runs then.
fn in_the_middle<T: Send>(
    lock: &'static str,
    call: impl FnOnce() -> T + Send,
    meanwhile: impl FnOnce(),
) -> T {
    let (held, wait_held) = mpsc::channel();
    let (go, wait_go) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let running = scope.spawn(move || {
            let mut paused = false;
            let pause = move || {
                if !std::mem::replace(&mut paused, true) {
                    held.send(()).unwrap();
                    wait_go.recv().unwrap();
                }
            };
            watch::pause_at(Some((lock, Box::new(pause))));
            let answer = call();
            watch::pause_at(None);
            answer
        });
        wait_held.recv().unwrap();
        meanwhile();
        go.send(()).unwrap();
        running.join().unwrap()
    })
}

#[test]
fn a_private_session_object_that_a_logout_overtakes_is_not_made() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let keeper = open(app, token.slot);
    let template = vec![
        Attribute::ulong(CKA_CLASS, CKO_DATA),
        Attribute::boolean(CKA_PRIVATE, true),
        Attribute::bytes(CKA_LABEL, b"late"),
    ];
    let made = in_the_middle(
        "session objects",
        || app.create_object(session, template),
        || {
            app.logout(keeper).unwrap();
            app.login(keeper, UserType::User, Some(PIN)).unwrap();
        },
    );
    assert_eq!(made, Err(Error::UserNotLoggedIn));
    assert_eq!(find(app, keeper, vec![Attribute::bytes(CKA_LABEL, b"late")]), []);
}

/// Two threads change a session object again and again, one its label and one its protection: whoever judges by what the
/// other has changed meanwhile must judge again.
#[test]
fn of_two_changes_of_a_session_object_at_once_none_is_lost() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let open_key = || {
        vec![
            Attribute::ulong(CKA_VALUE_LEN, 16),
            Attribute::boolean(CKA_SENSITIVE, false),
            Attribute::boolean(CKA_EXTRACTABLE, true),
        ]
    };
    for _ in 0..200 {
        let key = app.generate_key(session, mechanism(CKM_AES_KEY_GEN), open_key()).unwrap();
        let start = std::sync::Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                for count in 0..20u8 {
                    app.set_attribute_values(session, key, vec![Attribute::bytes(CKA_LABEL, &[count])])
                        .unwrap();
                }
            });
            scope.spawn(|| {
                start.wait();
                let closed = |kind, value| vec![Attribute::boolean(kind, value)];
                app.set_attribute_values(session, key, closed(CKA_SENSITIVE, true)).unwrap();
                app.set_attribute_values(session, key, closed(CKA_EXTRACTABLE, false)).unwrap();
            });
        });
        let revealed =
            app.attribute_values(session, key, &[CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_LABEL]).unwrap();
        let value = |reveal: &Reveal| match reveal {
            Reveal::Value(value) => Some(value.clone()),
            _ => None,
        };
        assert_eq!(value(&revealed[0]), Some(AttributeValue::Bool(true)));
        assert_eq!(value(&revealed[1]), Some(AttributeValue::Bool(false)));
        assert_eq!(value(&revealed[2]), Some(AttributeValue::Bytes(Secret::from([19u8]))));
        app.destroy_object(session, key).unwrap();
    }
}

#[test]
fn a_key_that_was_closed_elsewhere_a_moment_ago_is_neither_wrapped_nor_copied_open() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let template = |open: bool| {
        let open = Attribute::boolean(CKA_EXTRACTABLE, open);
        vec![Attribute::ulong(CKA_VALUE_LEN, 32), Attribute::boolean(CKA_TOKEN, true), open]
    };
    let made = |open| app.generate_key(session, mechanism(CKM_AES_KEY_GEN), template(open)).unwrap();
    let (wrapping, key) = (made(false), made(true));
    let wrap = || {
        let mut out = [0; 64];
        app.wrap_key(session, &mut mechanism(CKM_AES_KEY_WRAP), wrapping, key, &mut Room::Buffer(&mut out))
    };
    wrap().unwrap();
    let other = token.other();
    let elsewhere = log_in(&other, token.slot, PIN).unwrap();
    let closed = vec![Attribute::boolean(CKA_EXTRACTABLE, false)];
    other.set_attribute_values(elsewhere, again(&other, elsewhere, key), closed).unwrap();
    let copied = app.copy_object(session, key, vec![Attribute::boolean(CKA_TOKEN, false)]).unwrap();
    assert_eq!(
        app.attribute_values(session, copied, &[CKA_EXTRACTABLE]).unwrap(),
        [Reveal::Value(AttributeValue::Bool(false))]
    );
    assert_eq!(wrap(), Err(Error::KeyUnextractable));
}

#[test]
fn a_token_key_that_is_copied_into_a_session_leaves_an_event() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let template = vec![Attribute::ulong(CKA_VALUE_LEN, 32), Attribute::boolean(CKA_TOKEN, true)];
    let key = app.generate_key(session, mechanism(CKM_AES_KEY_GEN), template).unwrap();
    let copies = || operations(app, token.slot).into_iter().filter(|event| event == "object-copied").count();
    let copy = app.copy_object(session, key, vec![Attribute::boolean(CKA_TOKEN, false)]).unwrap();
    assert_eq!(copies(), 1);
    app.copy_object(session, copy, vec![]).unwrap();
    assert_eq!(copies(), 1, "from a session into a session: the token has no part in it");
}

#[test]
fn a_login_whose_session_was_closed_meanwhile_logs_nobody_in() {
    let token = Token::with_user();
    for _ in 0..20 {
        let app = token.other();
        let session = open(&app, token.slot);
        let login = thread::scope(|scope| {
            let running = scope.spawn(|| app.login(session, UserType::User, Some(PIN)));
            let _ = app.close_session(session);
            running.join().unwrap()
        });
        let next = open(&app, token.slot);
        let state = app.session_info(next).unwrap().state;
        assert_eq!(state, pkcs11::SessionState::ReadWritePublic, "{login:?}");
    }
}

#[test]
fn two_initialisations_at_once_leave_a_token_whose_officer_can_log_in() {
    let token = Token::initialized();
    for _ in 0..10 {
        let done: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| token.other().init_token(token.slot, Some(SO_PIN), &label("again"))))
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(done.iter().any(Result::is_ok), "{done:?}");
        let app = token.other();
        let session = open(&app, token.slot);
        app.login(session, UserType::So, Some(SO_PIN)).unwrap();
    }
}

#[test]
fn of_two_pins_set_at_once_one_holds_and_the_old_one_does_not() {
    for _ in 0..10 {
        let token = Token::with_user();
        let (a, b) = (token.other(), token.other());
        let set = |app: &engine::application::Application, pin: &[u8]| {
            let session = open(app, token.slot);
            app.set_pin(session, Some(PIN), Some(pin))
        };
        let done = thread::scope(|scope| {
            let (one, other) =
                (scope.spawn(|| set(&a, b"secret one")), scope.spawn(|| set(&b, b"secret two")));
            [one.join().unwrap(), other.join().unwrap()]
        });
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        let held: [&[u8]; 2] = [b"secret one", b"secret two"];
        for (pin, done) in held.iter().zip(&done) {
            assert_eq!(log_in(&token.other(), token.slot, pin).is_ok(), done.is_ok());
        }
        assert_eq!(log_in(&token.other(), token.slot, PIN), Err(Error::PinIncorrect));
    }
}
