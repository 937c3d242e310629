//! The mandatory test cases of the standard's profiles (PKCS#11 Profiles v3.2 chapter 5): BL-M-1-32, EXT-M-1-32 and
//! AUTH-M-1-32, call by call, through the functions of the interface of 3.2. What the document lets vary is not compared.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_SLOT_ID, CKA_CLASS, CKA_ID, CKA_LABEL,
    CKA_MODIFIABLE, CKA_MODULUS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_TOKEN, CKA_UNIQUE_ID, CKA_VALUE,
    CKF_DECRYPT, CKF_DIGEST, CKF_ENCRYPT, CKF_GENERATE_KEY_PAIR, CKF_LOGIN_REQUIRED, CKF_RNG, CKF_RW_SESSION,
    CKF_SERIAL_SESSION, CKF_SIGN, CKF_TOKEN_INITIALIZED, CKF_TOKEN_PRESENT, CKF_UNWRAP,
    CKF_USER_PIN_INITIALIZED, CKF_VERIFY, CKF_WRAP, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKM_SHA256_RSA_PKCS, CKM_SHA512, CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_OK, CKU_USER,
};
use pkcs11_tests::keys::{Kind, attribute, verify};
use pkcs11_tests::{Module, Out, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_claviger};

use crate::secret_keys::create;

on_claviger!(
    the_baseline_provider,
    the_extended_provider,
    the_authentication_token,
    attributes_of_the_baseline_provider_are_there,
);

/// Initialises, and gives the first slot with a token that is ready; the list is asked for its length, and then for itself.
fn begin(token: &Token) -> (&'static Module, CK_SLOT_ID) {
    let m = token.module;
    assert_rv!(m.finalize(), CKR_OK);
    assert_rv!(m.initialize(), CKR_OK);
    let (rv, info) = m.info();
    assert_rv!(rv, CKR_OK);
    assert_eq!((info.cryptokiVersion.major, info.cryptokiVersion.minor), (3, 2));
    assert_eq!(info.flags, 0);
    let (rv, len, _) = m.slot_list(true, None);
    assert_rv!(rv, CKR_OK);
    let (rv, again, slots) = m.slot_list(true, Some(usize::try_from(len).unwrap()));
    assert_rv!(rv, CKR_OK);
    assert_eq!(again, len);
    assert!(slots.contains(&token.slot));
    (m, token.slot)
}

fn end(m: &Module, session: CK_SESSION_HANDLE, slot: CK_SLOT_ID) {
    assert_rv!(m.close_session(session), CKR_OK);
    assert_rv!(m.close_all_sessions(slot), CKR_OK);
    assert_rv!(m.finalize(), CKR_OK);
}

fn slot_and_token(m: &Module, slot: CK_SLOT_ID) {
    let (rv, info) = m.slot_info(slot);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.flags, CKF_TOKEN_PRESENT);
    let (rv, info) = m.token_info(slot);
    assert_rv!(rv, CKR_OK);
    let wanted = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED;
    assert_eq!(info.flags & wanted, wanted);
    // The document's token has CKF_RESTORE_KEY_NOT_NEEDED too: here a state that was saved names its key (section 5.6.6).
    assert!(info.ulMaxPinLen >= 4 && info.ulMinPinLen <= info.ulMaxPinLen);
}

fn session(m: &Module, slot: CK_SLOT_ID, flags: u64) -> CK_SESSION_HANDLE {
    let (rv, session) = m.open_session(slot, flags | CKF_SERIAL_SESSION);
    assert_rv!(rv, CKR_OK);
    session
}

/// The first object that a template finds.
fn first(m: &Module, session: CK_SESSION_HANDLE, template: &Template) -> Option<CK_OBJECT_HANDLE> {
    assert_rv!(m.find_objects_init(session, template), CKR_OK);
    let (rv, found) = m.find_objects(session, 1);
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.find_objects_final(session), CKR_OK);
    found.first().copied()
}

fn on_token() -> Template {
    Template::new().boolean(CKA_TOKEN, true)
}

/// BL-M-1-32.
fn the_baseline_provider(t: &Test) {
    let (m, slot) = begin(&t.token());
    slot_and_token(m, slot);
    let session = session(m, slot, 0);
    assert_eq!(first(m, session, &on_token()), None);
    end(m, session, slot);
}

fn mechanism_info(m: &Module, slot: CK_SLOT_ID, kind: CK_MECHANISM_TYPE, flags: u64, keys: bool) {
    let (rv, info) = m.mechanism_info(slot, kind);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.flags & flags, flags, "{kind:#x}");
    if keys {
        assert!(info.ulMinKeySize <= 2048 && info.ulMaxKeySize == 16384, "{kind:#x}");
    } else {
        assert_eq!((info.ulMinKeySize, info.ulMaxKeySize, info.flags), (0, 0, flags));
    }
}

/// EXT-M-1-32.
fn the_extended_provider(t: &Test) {
    let (m, slot) = begin(&t.token());
    slot_and_token(m, slot);
    let (rv, len, _) = m.mechanism_list(slot, None);
    assert_rv!(rv, CKR_OK);
    let (rv, _, list) = m.mechanism_list(slot, Some(usize::try_from(len).unwrap()));
    assert_rv!(rv, CKR_OK);
    for kind in [CKM_SHA512, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS] {
        assert!(list.contains(&kind));
    }
    mechanism_info(m, slot, CKM_SHA512, CKF_DIGEST, false);
    mechanism_info(m, slot, CKM_RSA_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, true);
    let all = CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY | CKF_WRAP | CKF_UNWRAP;
    mechanism_info(m, slot, CKM_RSA_PKCS, all, true);
    let session = session(m, slot, CKF_RW_SESSION);
    assert_rv!(m.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    assert_eq!(first(m, session, &on_token()), None);
    assert_rv!(m.logout(session), CKR_OK);
    // Not in the case, and among the functions of the profile.
    assert_rv!(m.login_user(session, CKU_USER, USER_PIN.into(), b"user".into()), CKR_OK);
    assert_rv!(m.logout(session), CKR_OK);
    end(m, session, slot);
}

/// AUTH-M-1-32: the document's own key is not published, so one is made beforehand.
fn the_authentication_token(t: &Test) {
    let token = t.token();
    let before = token.user_session();
    let kind = Kind::Rsa;
    let template = |of: Template, label: &[u8]| {
        of.without(CKA_LABEL).bytes(CKA_LABEL, label).without(CKA_TOKEN).boolean(CKA_TOKEN, true)
    };
    let public = template(kind.public_template(), b"testrsa-pub");
    let private = template(kind.private_template(), b"testrsa-pri");
    let (rv, ..) = t.module.generate_key_pair(before, Some(&kind.generator()), &public, &private);
    assert_rv!(rv, CKR_OK);
    let (m, slot) = begin(&token);
    let session = session(m, slot, CKF_RW_SESSION);
    assert_rv!(m.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    let wanted = on_token().bytes(CKA_LABEL, b"testrsa-pub").ulong(CKA_CLASS, CKO_PUBLIC_KEY);
    let public = first(m, session, &wanted).expect("the public key");
    let asked = [(CKA_MODULUS, Some(1024)), (CKA_PUBLIC_EXPONENT, Some(1024))];
    let (rv, told) = m.attribute_values(session, public, &asked);
    assert_rv!(rv, CKR_OK);
    assert_eq!((told[0].1, told[1].1), (256, 3));
    let wanted = on_token().bytes(CKA_LABEL, b"testrsa-pri").ulong(CKA_CLASS, CKO_PRIVATE_KEY);
    let private = first(m, session, &wanted).expect("the private key");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    assert_rv!(m.sign_init(session, Some(&by), private), CKR_OK);
    // As long as the request for a certificate that the document signs.
    let (data, mut signature) = ([0x30; 391], [0; 256]);
    let (rv, len) = m.sign(session, (&data).into(), Out::buffer(&mut signature));
    assert_rv!(rv, CKR_OK);
    assert_eq!(len, 256);
    assert_rv!(verify(m, session, &by, public, &data, &signature), CKR_OK);
    assert_rv!(m.logout(session), CKR_OK);
    end(m, session, slot);
}

/// "Supports the following attributes": each is told of some object that has it.
fn attributes_of_the_baseline_provider_are_there(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let data = Template::new()
        .ulong(CKA_CLASS, CKO_DATA)
        .bytes(CKA_LABEL, b"data")
        .bytes(CKA_VALUE, b"value")
        .boolean(CKA_PRIVATE, false);
    let data = create(m, session, &data);
    for kind in [CKA_CLASS, CKA_TOKEN, CKA_VALUE, CKA_PRIVATE, CKA_MODIFIABLE, CKA_LABEL, CKA_UNIQUE_ID] {
        assert!(!attribute(m, session, data, kind).is_empty(), "{kind:#x}");
    }
    let pair = pkcs11_tests::keys::generate(m, session, Kind::P256, false, "pair");
    let named = Template::new().bytes(CKA_ID, b"1");
    assert_rv!(m.set_attribute_values(session, pair.public, &named), CKR_OK);
    assert_eq!(attribute(m, session, pair.public, CKA_ID), b"1");
}
