//! Tokens as earlier versions left them: each opens, and its keys are the same.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assembly::Config;
use pkcs11::constants::{
    CKA_CLASS, CKA_ID, CKA_LABEL, CKM_ECDSA_SHA256, CKM_SHA256_RSA_PKCS, CKO_DATA, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY,
};
use pkcs11::{
    Access, Attribute, Error, Mechanism, ObjectHandle, Parameters, Room, SessionHandle, Template, Token,
    UserType,
};

const MESSAGE: &[u8] = b"a message for the fixture";

/// Copies a fixture to where it may be written, with the modes that it had.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn find(token: &dyn Token, session: SessionHandle, template: Template) -> Vec<ObjectHandle> {
    token.find_objects_init(session, template).unwrap();
    let found = token.find_objects(session, 10).unwrap();
    token.find_objects_final(session).unwrap();
    found
}

fn key(token: &dyn Token, session: SessionHandle, class: u64, id: u8) -> ObjectHandle {
    let found =
        find(token, session, vec![Attribute::ulong(CKA_CLASS, class), Attribute::bytes(CKA_ID, &[id])]);
    assert_eq!(found.len(), 1);
    *found.first().unwrap()
}

fn mechanism(mechanism_type: u64) -> Option<Mechanism> {
    Some(Mechanism { mechanism_type, parameters: Parameters::None })
}

#[test]
fn a_token_of_format_1_opens_and_its_keys_are_the_same() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture, folder.path());
    let opened = assembly::open(&Config::in_folder(folder.path())).unwrap();
    let token = opened.token.as_ref();
    let slot = *token.slot_list(true, true).unwrap().first().unwrap();
    assert_eq!(slot.0, 0x4_f9d8);
    assert_eq!(token.token_info(slot).unwrap().label, "format 1");

    let session = token.open_session(slot, Access::ReadWrite, true).unwrap();
    let note = [Attribute::ulong(CKA_CLASS, CKO_DATA), Attribute::bytes(CKA_LABEL, b"a public note")];
    assert_eq!(find(token, session, note.to_vec()).len(), 1);
    assert_eq!(token.login(session, UserType::User, Some(b"fixture user zero")), Err(Error::PinIncorrect));
    token.login(session, UserType::User, Some(b"fixture user")).unwrap();

    let mut signature = vec![0; 256];
    token
        .sign_init(session, mechanism(CKM_SHA256_RSA_PKCS), key(token, session, CKO_PRIVATE_KEY, 2))
        .unwrap();
    token.sign(session, MESSAGE, &mut Room::Buffer(&mut signature)).unwrap();
    assert_eq!(signature, fs::read(fixture.join("rsa.sig")).unwrap());
    token.verify_init(session, mechanism(CKM_ECDSA_SHA256), key(token, session, CKO_PUBLIC_KEY, 1)).unwrap();
    token.verify(session, MESSAGE, &fs::read(fixture.join("ec.sig")).unwrap()).unwrap();

    let events = token.audit_events(slot, 1, usize::MAX).unwrap();
    let names: Vec<&str> = events.iter().map(|event| event.operation.as_str()).collect();
    assert!(names.contains(&"token-initialized-again") && names.contains(&"pin-changed"), "{names:?}");

    token.logout(session).unwrap();
    token.login(session, UserType::So, Some(b"fixture officer")).unwrap();
    token.init_pin(session, Some(b"recovered user")).unwrap();
    token.logout(session).unwrap();
    token.login(session, UserType::User, Some(b"recovered user")).unwrap();
    token.sign_init(session, mechanism(CKM_ECDSA_SHA256), key(token, session, CKO_PRIVATE_KEY, 1)).unwrap();
    assert_eq!(token.sign(session, MESSAGE, &mut Room::Buffer(&mut signature)).unwrap(), 64);
}
