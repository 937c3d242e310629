//! What a defect of ours may do: end one session, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use engine::application::{Application, Parts};
use engine::mechanism::{Can, MechanismRow, Mechanisms};
use pkcs11::constants::CKM_SHA256;
use pkcs11::{Cryptoki, Error, Room};

use crate::harness::*;

const BROKEN: Mechanisms = Mechanisms {
    mechanisms: &[&[MechanismRow {
        mechanism: CKM_SHA256,
        key_types: &[],
        sizes: (0, 0),
        flags: 0,
        can: &[Can::Digest(|_| panic!("a defect"))],
    }]],
    key_types: &[],
    ..mechanisms::MECHANISMS
};

#[test]
fn a_panic_leaves_its_session_unusable_and_every_other_as_it_was() {
    let token = Token::with_user();
    let app = Application::new(Parts {
        places: Arc::new(token.places.clone()),
        mechanisms: BROKEN,
        primitives: mechanisms::primitives(),
        clock: Arc::new(FixedClock::default()),
        settings: settings(),
    });
    let (broken, other) = (open(&app, token.slot), open(&app, token.slot));
    let panicked = catch_unwind(AssertUnwindSafe(|| app.digest_init(broken, Some(mechanism(CKM_SHA256)))));
    assert!(panicked.is_err());
    assert_eq!(app.generate_random(broken, &mut [0; 8]), Err(Error::SessionPoisoned));
    assert_eq!(app.digest(broken, b"", &mut Room::Query), Err(Error::SessionPoisoned));
    app.generate_random(other, &mut [0; 8]).unwrap();
    app.close_session(broken).unwrap();
    assert_eq!(app.generate_random(broken, &mut [0; 8]), Err(Error::SessionHandleInvalid));
    app.generate_random(open(&app, token.slot), &mut [0; 8]).unwrap();
}
