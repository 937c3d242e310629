//! Secret keys: made, used in whole and in parts, wrapped, derived, saved in the middle.

use engine::application::Application;
use pkcs11::constants::{
    CKA_DECRYPT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_LABEL, CKA_SENSITIVE, CKA_TOKEN, CKA_TRUSTED,
    CKA_UNIQUE_ID, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP_WITH_TRUSTED, CKG_GENERATE, CKM_AES_CBC_PAD,
    CKM_AES_CCM, CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_SHA256,
};
use pkcs11::cryptoki::Since3;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;
use pkcs11::{
    Administration, Attribute, AttributeValue, CcmWrapParameters, Cryptoki, Error, GcmMessageParameters,
    GcmParameters, GcmWrapParameters, Mechanism, MechanismType, MessageParameters, ObjectHandle, Parameters,
    Reveal, Room, SessionHandle, Template, UserType,
};

use crate::harness::*;

fn aes(token: &Token, session: SessionHandle, more: Template) -> ObjectHandle {
    let mut template = vec![Attribute::ulong(CKA_VALUE_LEN, 32)];
    template.extend(more);
    token.application.generate_key(session, mechanism(CKM_AES_KEY_GEN), template).unwrap()
}

fn cbc_pad() -> Option<Mechanism> {
    with_iv(CKM_AES_CBC_PAD)
}

fn with_iv(mechanism_type: MechanismType) -> Option<Mechanism> {
    Some(Mechanism { mechanism_type, parameters: Parameters::Bytes(vec![7; 16]) })
}

fn on_token() -> Template {
    vec![Attribute::boolean(CKA_TOKEN, true)]
}

#[test]
fn what_is_encrypted_in_parts_is_decrypted_in_whole_and_the_other_way_round() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(&token, session, on_token());
    let plain: Vec<u8> = (0..77).collect();

    app.encrypt_init(session, cbc_pad(), key).unwrap();
    let mut whole = vec![0; 80];
    assert_eq!(app.encrypt(session, &plain, &mut Room::Query).unwrap(), 80);
    assert_eq!(app.encrypt(session, &plain, &mut Room::Buffer(&mut whole)).unwrap(), 80);

    app.encrypt_init(session, cbc_pad(), key).unwrap();
    let mut parts = Vec::new();
    for part in plain.chunks(13) {
        let mut out = [0; 64];
        let len = app.encrypt_update(session, part, &mut Room::Buffer(&mut out)).unwrap();
        parts.extend_from_slice(&out[..len]);
    }
    let mut out = [0; 16];
    assert_eq!(app.encrypt_final(session, &mut Room::Buffer(&mut out)).unwrap(), 16);
    parts.extend_from_slice(&out);
    assert_eq!(parts, whole);

    app.decrypt_init(session, cbc_pad(), key).unwrap();
    let mut back = vec![0; 80];
    assert_eq!(app.decrypt(session, &whole, &mut Room::Buffer(&mut back)).unwrap(), 77);
    assert_eq!(back[..77], plain);
    assert_eq!(app.decrypt(session, &whole, &mut Room::Query), Err(Error::OperationNotInitialized));
}

#[test]
fn a_result_that_does_not_fit_is_kept_until_it_does() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(&token, session, vec![]);
    app.encrypt_init(session, cbc_pad(), key).unwrap();
    let mut sealed = vec![0; 32];
    app.encrypt(session, b"seventeen bytes!!", &mut Room::Buffer(&mut sealed)).unwrap();

    app.decrypt_init(session, cbc_pad(), key).unwrap();
    let mut small = [0; 16];
    let answer = app.decrypt(session, &sealed, &mut Room::Buffer(&mut small));
    assert_eq!(answer, Err(Error::BufferTooSmall { needed: 17 }));
    assert_eq!(app.decrypt(session, &sealed, &mut Room::Query).unwrap(), 17);
    let mut exact = [0; 17];
    assert_eq!(app.decrypt(session, &sealed, &mut Room::Buffer(&mut exact)).unwrap(), 17);
    assert_eq!(&exact, b"seventeen bytes!!");
    assert_eq!(app.decrypt(session, &sealed, &mut Room::Query), Err(Error::OperationNotInitialized));
}

#[test]
fn a_whole_after_a_part_ends_the_operation_and_so_does_any_error_but_a_small_buffer() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(&token, session, vec![]);
    app.encrypt_init(session, cbc_pad(), key).unwrap();
    assert_eq!(app.encrypt_init(session, cbc_pad(), key), Err(Error::OperationActive));
    app.encrypt_update(session, b"part", &mut Room::Buffer(&mut [0; 16])).unwrap();
    assert_eq!(app.encrypt(session, b"x", &mut Room::Query), Err(Error::OperationNotInitialized));
    assert_eq!(app.encrypt_final(session, &mut Room::Query), Err(Error::OperationNotInitialized));
    app.decrypt_init(session, cbc_pad(), key).unwrap();
    let answer = app.decrypt(session, &[0; 17], &mut Room::Buffer(&mut [0; 32]));
    assert_eq!(answer, Err(Error::EncryptedDataLenRange));
    app.decrypt_init(session, cbc_pad(), key).unwrap();
    app.decrypt_init(session, None, key).unwrap();
    app.decrypt_init(session, cbc_pad(), key).unwrap();
}

/// Wrappings under a vector that somebody can give again with a key that he knows: the token's among them.
fn with_vectors() -> Vec<Mechanism> {
    let (iv, aad) = (vec![7; 12], vec![]);
    let (fixed_bits, generator, mac_len, tag_bits) = (0, CKG_GENERATE, 16, 128);
    let gcm = |iv| GcmParameters { iv, aad: vec![], tag_bits };
    let gcm_wrap = GcmWrapParameters { iv: iv.clone(), fixed_bits, generator, aad: aad.clone(), tag_bits };
    let ccm_wrap = CcmWrapParameters { nonce: iv.clone(), fixed_bits, generator, aad, mac_len };
    [
        (CKM_AES_GCM, Parameters::Gcm(gcm(iv))),
        (CKM_CLOUDHSM_AES_GCM, Parameters::Gcm(gcm(vec![]))),
        (CKM_AES_GCM, Parameters::GcmWrap(gcm_wrap)),
        (CKM_AES_CCM, Parameters::CcmWrap(ccm_wrap)),
    ]
    .map(|(mechanism_type, parameters)| Mechanism { mechanism_type, parameters })
    .into()
}

/// A key that wants trust is not wrapped by them, though this wrapping key is trusted; another is.
fn wraps_by_no_vector(
    app: &Application,
    session: SessionHandle,
    wrapping: ObjectHandle,
    (free, picky): (ObjectHandle, ObjectHandle),
) {
    for by in with_vectors() {
        let answer = |key| {
            let mut out = vec![0; 80];
            app.wrap_key(session, &mut by.clone(), wrapping, key, &mut Room::Buffer(&mut out))
        };
        answer(free).unwrap();
        assert_eq!(answer(picky), Err(Error::KeyNotWrappable), "{by:?}");
    }
    let (fixed_bits, generator, tag_bits) = (0, CKG_GENERATE, 128);
    let authenticated = |key| {
        let gcm = GcmMessageParameters { iv: vec![0; 12], fixed_bits, generator, tag: vec![], tag_bits };
        let (mut out, mut parameters) = (vec![0; 32], MessageParameters::Gcm(gcm));
        let out = &mut Room::Buffer(&mut out);
        app.wrap_key_authenticated(session, CKM_AES_GCM, &mut parameters, wrapping, key, b"", out)
    };
    authenticated(free).unwrap();
    assert_eq!(authenticated(picky), Err(Error::KeyNotWrappable));
}

#[test]
fn wrapping_obeys_extractable_and_trust_and_unwraps_to_the_same_value() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let wrapping = aes(&token, session, on_token());
    let free = aes(
        &token,
        session,
        vec![Attribute::boolean(CKA_EXTRACTABLE, true), Attribute::boolean(CKA_SENSITIVE, false)],
    );
    let kept = aes(&token, session, vec![Attribute::boolean(CKA_EXTRACTABLE, false)]);
    let picky = aes(
        &token,
        session,
        vec![Attribute::boolean(CKA_EXTRACTABLE, true), Attribute::boolean(CKA_WRAP_WITH_TRUSTED, true)],
    );
    let wrap = |key| {
        let (mut wrapped, by) = (vec![0; 40], &mut mechanism(CKM_AES_KEY_WRAP));
        app.wrap_key(session, by, wrapping, key, &mut Room::Buffer(&mut wrapped))
            .map(|len| wrapped[..len].to_vec())
    };
    assert_eq!(wrap(kept), Err(Error::KeyUnextractable));
    assert_eq!(wrap(picky), Err(Error::KeyNotWrappable));
    let wrapped = wrap(free).unwrap();
    let template = vec![
        Attribute::ulong(pkcs11::constants::CKA_CLASS, pkcs11::constants::CKO_SECRET_KEY),
        Attribute::ulong(pkcs11::constants::CKA_KEY_TYPE, pkcs11::constants::CKK_AES),
        Attribute::boolean(CKA_EXTRACTABLE, true),
        Attribute::boolean(CKA_SENSITIVE, false),
    ];
    let back =
        app.unwrap_key(session, mechanism(CKM_AES_KEY_WRAP), wrapping, &wrapped, template.clone()).unwrap();
    let value = |key| app.attribute_values(session, key, &[CKA_VALUE]).unwrap();
    assert_eq!(value(free), value(back));
    let mut altered = wrapped.clone();
    altered[3] ^= 1;
    let answer = app.unwrap_key(session, mechanism(CKM_AES_KEY_WRAP), wrapping, &altered, template);
    assert_eq!(answer, Err(Error::WrappedKeyInvalid));

    // An officer, who does not see the key, marks it trusted by its unique id.
    let unique_id = match &app.attribute_values(session, wrapping, &[CKA_UNIQUE_ID]).unwrap()[0] {
        Reveal::Value(AttributeValue::Bytes(id)) => String::from_utf8(id.expose().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(app.trust_key(session, &unique_id, None, true), Err(Error::UserNotLoggedIn));
    let officer = token.other();
    let so_session = open(&officer, token.slot);
    officer.login(so_session, UserType::So, Some(SO_PIN)).unwrap();
    officer.trust_key(so_session, &unique_id, None, true).unwrap();
    assert_eq!(
        app.attribute_values(session, wrapping, &[CKA_TRUSTED]).unwrap(),
        [Reveal::Value(AttributeValue::Bool(true))]
    );
    wrap(picky).unwrap();
    wraps_by_no_vector(app, session, wrapping, (free, picky));
    officer.trust_key(so_session, &unique_id, None, false).unwrap();
    assert_eq!(wrap(picky), Err(Error::KeyNotWrappable));
    assert!(operations(app, token.slot).contains(&"trust-changed".to_owned()));
}

#[test]
fn a_private_key_is_wrapped_by_what_checks_it_and_not_by_bare_blocks() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let wrapping = aes(&token, session, vec![]);
    let mut private = named("k", false);
    private.push(Attribute::boolean(CKA_EXTRACTABLE, true));
    let public = vec![Attribute::bytes(pkcs11::constants::CKA_EC_PARAMS, P256)];
    let pair = mechanism(pkcs11::constants::CKM_EC_KEY_PAIR_GEN);
    let (_, key) = app.generate_key_pair(session, pair, public, private).unwrap();
    let bare = with_iv(pkcs11::constants::CKM_AES_CBC).unwrap();
    let mut out = vec![0; 256];
    let answer = app.wrap_key(session, &mut bare.clone(), wrapping, key, &mut Room::Buffer(&mut out));
    assert_eq!(answer, Err(Error::KeyNotWrappable));
    let padded = mechanism(pkcs11::constants::CKM_AES_KEY_WRAP_KWP);
    app.wrap_key(session, &mut padded.clone(), wrapping, key, &mut Room::Buffer(&mut out)).unwrap();
}

#[test]
fn a_saved_digest_goes_on_in_another_session_and_in_no_other_application() {
    let token = Token::with_user();
    let app = &token.application;
    let (one, two) = (open(app, token.slot), open(app, token.slot));
    app.digest_init(one, Some(mechanism(CKM_SHA256))).unwrap();
    app.digest_update(one, b"first ").unwrap();
    let len = app.operation_state(one, &mut Room::Query).unwrap();
    let mut state = vec![0; len];
    app.operation_state(one, &mut Room::Buffer(&mut state)).unwrap();
    app.digest_update(one, b"second").unwrap();
    let none = ObjectHandle(0);
    app.set_operation_state(two, &state, none, none).unwrap();
    app.digest_update(two, b"second").unwrap();
    let result = |session| {
        let mut out = [0; 32];
        app.digest_final(session, &mut Room::Buffer(&mut out)).unwrap();
        out
    };
    assert_eq!(result(one), result(two));
    assert_eq!(app.operation_state(one, &mut Room::Query), Err(Error::OperationNotInitialized));
    let mut altered = state.clone();
    altered[20] ^= 1;
    assert_eq!(app.set_operation_state(two, &altered, none, none), Err(Error::SavedStateInvalid));
    assert_eq!(app.set_operation_state(two, &state, ObjectHandle(5), none), Err(Error::KeyNotNeeded));
    let other = token.other();
    let session = open(&other, token.slot);
    assert_eq!(other.set_operation_state(session, &state, none, none), Err(Error::SavedStateInvalid));
}

#[test]
fn changing_attributes_is_all_or_nothing_and_goes_one_way() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(&token, session, [on_token(), vec![Attribute::boolean(CKA_SENSITIVE, false)]].concat());
    let set = |template| app.set_attribute_values(session, key, template);
    let read = |kind| app.attribute_values(session, key, &[kind]).unwrap().remove(0);
    let refused = set(vec![Attribute::bytes(CKA_LABEL, b"new"), Attribute::ulong(CKA_VALUE_LEN, 16)]);
    assert!(matches!(refused, Err(Error::AttributeReadOnly(_))), "{refused:?}");
    assert_eq!(read(CKA_LABEL), Reveal::Value(AttributeValue::Bytes(pkcs11::Secret::default())));
    set(vec![Attribute::bytes(CKA_LABEL, b"new"), Attribute::boolean(CKA_SENSITIVE, true)]).unwrap();
    assert!(matches!(set(vec![Attribute::boolean(CKA_SENSITIVE, false)]), Err(Error::AttributeReadOnly(_))));
    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    let key = again(&other, session, key);
    assert_eq!(find(&other, session, vec![Attribute::bytes(CKA_LABEL, b"new")]), [key]);
    assert_eq!(find(&other, session, vec![Attribute::bytes(CKA_LABEL, b"")]), []);
}

#[test]
fn a_copy_is_a_row_of_its_own() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(&token, session, on_token());
    let copy = app.copy_object(session, key, vec![Attribute::bytes(CKA_LABEL, b"copy")]).unwrap();
    let id = |key| app.attribute_values(session, key, &[CKA_UNIQUE_ID]).unwrap();
    assert_ne!(id(key), id(copy));
    app.destroy_object(session, key).unwrap();
    app.encrypt_init(session, cbc_pad(), copy).unwrap();
    assert!(app.object_size(session, copy).unwrap() > 32);
    assert_eq!(app.object_size(session, key), Err(Error::ObjectHandleInvalid));
}

#[test]
fn a_key_that_may_not_is_refused_at_the_start() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let key = aes(
        &token,
        session,
        vec![Attribute::boolean(CKA_ENCRYPT, false), Attribute::boolean(CKA_DECRYPT, true)],
    );
    assert_eq!(app.encrypt_init(session, cbc_pad(), key), Err(Error::KeyFunctionNotPermitted));
    app.decrypt_init(session, cbc_pad(), key).unwrap();
    let bad = Some(mechanism(CKM_AES_CBC_PAD));
    assert!(matches!(
        app.encrypt_init(session, bad, aes(&token, session, vec![])),
        Err(Error::MechanismParamInvalid(_))
    ));
}

#[test]
fn a_token_made_before_the_slots_were_first_asked_for_is_an_event() {
    let token = Token::blank();
    let app = token.other();
    token.application.init_token(token.slot, Some(SO_PIN), &label("one")).unwrap();
    assert_eq!(app.wait_for_slot_event(false), Ok(token.slot));
}

#[test]
fn a_slot_event_tells_of_a_token_made_elsewhere_and_a_wait_ends_with_the_library() {
    let token = Token::initialized();
    let app = &token.application;
    let blank = app.slot_list(false, true).unwrap()[1];
    // What this application did itself is told too.
    while app.wait_for_slot_event(false).is_ok() {}
    assert_eq!(app.wait_for_slot_event(false), Err(Error::NoEvent));
    token.other().init_token(blank, Some(SO_PIN), &label("two")).unwrap();
    let mut told = vec![app.wait_for_slot_event(true).unwrap(), app.wait_for_slot_event(true).unwrap()];
    told.sort_unstable();
    assert_eq!(told, app.slot_list(false, true).unwrap()[1..]);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| app.wait_for_slot_event(true));
        app.end_waits();
        assert_eq!(waiting.join().unwrap(), Err(Error::NotInitialized));
    });
}

#[test]
fn seeds_change_the_random_bytes_of_their_application_and_never_make_them_repeat() {
    let token = Token::initialized();
    let session = open(&token.application, token.slot);
    let mut drawn = Vec::new();
    for _ in 0..4 {
        token.application.seed_random(session, b"the same seed").unwrap();
        let mut bytes = [0; 40];
        token.application.generate_random(session, &mut bytes).unwrap();
        drawn.push(bytes);
    }
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), 4);
}
