//! Somebody with the token's files and a SQLite library.

use std::fs;
use std::path::PathBuf;

use cryptoki_sys::{CK_RV, CKA_LABEL, CKA_SIGN, CKM_ECDSA, CKR_OK, CKU_USER};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::provider::Installation;
use pkcs11_tests::{Template, Test, USER_PIN, assert_rv, mechanism};
use rusqlite::Connection;

/// Numbers of the kinds of rows, as docs/format.md gives them.
pub(crate) mod kind {
    pub(crate) const OBJECT: i64 = 1;
    pub(crate) const LINK: i64 = 2;
    pub(crate) const KEYRING: i64 = 3;
    pub(crate) const ESCROW: i64 = 4;
    pub(crate) const PUBLIC_HEAD: i64 = 5;
    pub(crate) const USER_HEAD: i64 = 6;
    pub(crate) const EVENT: i64 = 7;
}

/// The label of the pair that [`victim`] makes.
pub(crate) const LABEL: &str = "victim";

/// The folder of the one token that has a store.
pub(crate) fn token_folder(installation: &Installation) -> PathBuf {
    let tokens = fs::read_dir(installation.data().join("tokens")).unwrap();
    let mut with_store: Vec<PathBuf> =
        tokens.map(|entry| entry.unwrap().path()).filter(|folder| folder.join("store.db").exists()).collect();
    assert_eq!(with_store.len(), 1);
    with_store.remove(0)
}

/// The database; nobody else may have it open in this process.
pub(crate) fn store(installation: &Installation) -> Connection {
    Connection::open(token_folder(installation).join("store.db")).unwrap()
}

/// A token with an EC pair; the library is finalised, so that its files can be touched. Gives the slot.
pub(crate) fn victim(t: &Test) -> u64 {
    let token = t.token();
    let session = token.user_session();
    let _pair = generate(t.module, session, Kind::P256, true, LABEL);
    assert_rv!(t.module.finalize(), CKR_OK);
    token.slot
}

/// Uses everything of the victim from the start, and says at which step it was refused.
pub(crate) fn uses(t: &Test, slot: u64) -> Result<(), String> {
    let outcome = uses_initialised(t, slot);
    let _either = t.module.finalize();
    outcome
}

fn step(what: &str, rv: CK_RV) -> Result<(), String> {
    if rv == CKR_OK { Ok(()) } else { Err(format!("{what}: {}", rv_name(rv))) }
}

fn uses_initialised(t: &Test, slot: u64) -> Result<(), String> {
    let m = t.module;
    step("C_Initialize", m.initialize())?;
    step("C_GetSlotList", m.slot_list(false, None).0)?;
    step("C_GetTokenInfo", m.token_info(slot).0)?;
    let (rv, session) = m.open_session(slot, 6);
    step("C_OpenSession", rv)?;
    step("C_Login", m.login(session, CKU_USER, USER_PIN.into()))?;
    let find = |template: &Template| {
        step("C_FindObjectsInit", m.find_objects_init(session, template))?;
        let (rv, found) = m.find_objects(session, 10);
        step("C_FindObjects", rv)?;
        step("C_FindObjectsFinal", m.find_objects_final(session))?;
        Ok::<_, String>(found)
    };
    let both = find(&Template::new().bytes(CKA_LABEL, LABEL))?;
    let private = find(&Template::new().bytes(CKA_LABEL, LABEL).boolean(CKA_SIGN, true))?;
    if both.len() != 2 || private.len() != 1 {
        return Err(format!("found {} and {}", both.len(), private.len()));
    }
    let public = if both[0] == private[0] { both[1] } else { both[0] };
    for object in &both {
        step("C_GetAttributeValue", m.attribute_values(session, *object, &[(CKA_LABEL, Some(64))]).0)?;
    }
    let ecdsa = mechanism(CKM_ECDSA);
    let signature =
        sign(m, session, &ecdsa, private[0], &[7; 32]).map_err(|rv| format!("C_Sign: {}", rv_name(rv)))?;
    step("C_Verify", verify(m, session, &ecdsa, public, &[7; 32], &signature))
}

/// What this process and its library have written to standard error so far.
pub(crate) fn log(t: &Test) -> String {
    String::from_utf8_lossy(&fs::read(t.installation.folder().join("output")).unwrap()).into_owned()
}
