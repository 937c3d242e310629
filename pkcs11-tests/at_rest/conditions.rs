//! A store that is missing, cut short, newer, read-only, or held by another: a code of its own, a line in the log,
//! nothing changed, and a later correct call works.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use cryptoki_sys::{
    CK_RV, CKR_DEVICE_ERROR, CKR_GENERAL_ERROR, CKR_OK, CKR_TOKEN_NOT_RECOGNIZED, CKR_TOKEN_WRITE_PROTECTED,
};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::privilege::is_root_here;
use pkcs11_tests::{Test, USER_PIN, on_claviger};

use crate::attacker::{store, token_folder, uses, victim};

on_claviger!(
    a_missing_store_is_no_token,
    a_truncated_store_is_refused,
    a_file_that_is_no_store_is_refused,
    a_store_of_a_newer_version_is_refused_and_left_alone,
    a_missing_device_key_is_named,
    a_missing_counters_file_is_refused,
    a_read_only_token_is_read_and_not_written,
    a_read_only_store_beside_counters_that_can_be_written_takes_no_key,
    a_store_that_another_process_holds_is_waited_for_and_refused,
    a_foreign_table_or_trigger_is_refused,
);

struct Scene {
    slot: u64,
    folder: PathBuf,
    log: PathBuf,
}

fn scene(t: &Test) -> Scene {
    let slot = victim(t);
    Scene { slot, folder: token_folder(&t.installation), log: t.installation.folder().join("log") }
}

/// What an application meets, step by step until the first refusal, and what the log says of it.
fn meets(t: &Test, scene: &Scene) -> (CK_RV, &'static str, String) {
    let _new = fs::remove_file(&scene.log);
    let mut actor = Actor::start_logging(&t.installation, &scene.log);
    let outcome = steps(&mut actor, scene.slot);
    drop(actor);
    (outcome.0, outcome.1, fs::read_to_string(&scene.log).unwrap())
}

fn steps(actor: &mut Actor, slot: u64) -> (CK_RV, &'static str) {
    for (name, order) in [
        ("C_Initialize", "initialize".to_owned()),
        ("slot", format!("slot {slot}")),
        ("C_OpenSession", "open rw".to_owned()),
        ("C_Login", format!("login user {USER_PIN}")),
        ("C_FindObjectsInit", "find victim".to_owned()),
        ("C_GenerateKeyPair", "generate p256 more token".to_owned()),
    ] {
        let answer = actor.does(&order);
        if answer.rv != CKR_OK {
            return (answer.rv, name);
        }
    }
    (CKR_OK, "")
}

/// Refused with one of the codes and with a line that names the path.
fn refused(t: &Test, scene: &Scene, codes: &[CK_RV], named: &Path) {
    let (rv, step, log) = meets(t, scene);
    assert!(codes.contains(&rv), "{step} answered {}\n{log}", pkcs11_tests::names::rv_name(rv));
    assert_ne!(rv, CKR_GENERAL_ERROR);
    assert!(log.contains(&named.display().to_string()), "{} is not named by {log:?}", named.display());
}

fn a_missing_store_is_no_token(t: &Test) {
    let scene = scene(t);
    let (file, aside) = (scene.folder.join("store.db"), scene.folder.join("aside"));
    let parts = ["", "-wal", "-shm"]
        .map(|part| (format!("{}{part}", file.display()), format!("{}{part}", aside.display())));
    for (from, to) in &parts {
        let _some_are_absent = fs::rename(from, to);
    }
    // The counters beside it and the device key say that there was one: this is no slot that waits for its token.
    refused(t, &scene, &[CKR_TOKEN_NOT_RECOGNIZED, CKR_DEVICE_ERROR], &scene.folder);
    for (from, to) in &parts {
        let _some_are_absent = fs::rename(to, from);
    }
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_truncated_store_is_refused(t: &Test) {
    let scene = scene(t);
    let file = scene.folder.join("store.db");
    store(&t.installation).execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let whole = fs::read(&file).unwrap();
    for len in [0, 1, 99, 100, 4096, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&file, &whole[..len]).unwrap();
        let (rv, step, log) = meets(t, &scene);
        assert!(
            [CKR_DEVICE_ERROR, CKR_TOKEN_NOT_RECOGNIZED].contains(&rv),
            "{len} bytes: {step} {rv:#x}\n{log}"
        );
        assert!(log.contains(&file.display().to_string()), "{len} bytes: {log:?}");
        for part in ["-wal", "-shm"] {
            let _some_are_absent = fs::remove_file(format!("{}{part}", file.display()));
        }
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_file_that_is_no_store_is_refused(t: &Test) {
    let scene = scene(t);
    let file = scene.folder.join("store.db");
    store(&t.installation).execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let whole = fs::read(&file).unwrap();
    fs::write(&file, vec![b'x'; whole.len()]).unwrap();
    refused(t, &scene, &[CKR_DEVICE_ERROR, CKR_TOKEN_NOT_RECOGNIZED], &file);
    fs::write(&file, &whole).unwrap();
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_store_of_a_newer_version_is_refused_and_left_alone(t: &Test) {
    let scene = scene(t);
    let version = |set: i64| store(&t.installation).pragma_update(None, "user_version", set).unwrap();
    let read = || -> i64 {
        store(&t.installation).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    let current = read();
    version(current + 1);
    refused(t, &scene, &[CKR_TOKEN_NOT_RECOGNIZED], &scene.folder.join("store.db"));
    assert_eq!(read(), current + 1);
    version(current);
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_missing_device_key_is_named(t: &Test) {
    let scene = scene(t);
    let key =
        fs::read_dir(t.installation.data().join("device-keys")).unwrap().next().unwrap().unwrap().path();
    let aside = t.installation.folder().join("aside");
    fs::rename(&key, &aside).unwrap();
    refused(t, &scene, &[CKR_TOKEN_NOT_RECOGNIZED, CKR_DEVICE_ERROR], &key);
    fs::rename(&aside, &key).unwrap();
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_missing_counters_file_is_refused(t: &Test) {
    let scene = scene(t);
    let (file, aside) = (scene.folder.join("counters"), scene.folder.join("aside"));
    fs::rename(&file, &aside).unwrap();
    let (rv, step, log) = meets(t, &scene);
    assert_eq!(
        (rv, step),
        (CKR_DEVICE_ERROR, "C_Login"),
        "whoever removes the counts buys no guesses\n{log}"
    );
    let named = file.display().to_string();
    let told = log.lines().any(|line| line.contains(&named) && line.contains("it is not there"));
    assert!(told, "{named} is not named as missing by {log:?}");
    fs::rename(&aside, &file).unwrap();
    assert_eq!(uses(t, scene.slot), Ok(()));
}

/// An actor of another user, of the token's group, for whom the token's folder and files have these modes, but
/// for the counters and the lock, which have their own.
fn as_another(t: &Test, scene: &Scene, [folder, file, counters]: [u32; 3]) -> Actor {
    const NOBODY: u32 = 65534;
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(t.installation.folder(), 0o711);
    for entry in fs::read_dir(&scene.folder).unwrap() {
        mode(&entry.unwrap().path(), file);
    }
    for name in ["counters", "store.lock"] {
        mode(&scene.folder.join(name), counters);
    }
    mode(&scene.folder, folder);
    fs::write(&scene.log, "").unwrap();
    chown(&scene.log, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut actor = Actor::start_as(&t.installation, NOBODY, &scene.log);
    let _ = actor.does("initialize").ok();
    let _ = actor.does(&format!("slot {}", scene.slot)).ok();
    let _ = actor.does("open rw").ok();
    actor
}

const WRITABLE: [u32; 3] = [0o2770, 0o660, 0o660];

fn a_read_only_token_is_read_and_not_written(t: &Test) {
    if !is_root_here() {
        return;
    }
    t.installation.configure("group = \"nogroup\"");
    let scene = scene(t);
    let mut actor = as_another(t, &scene, [0o2750, 0o640, 0o640]);
    assert_eq!(actor.does("find victim").ok().len(), 1, "the public key is read");
    // A login is counted before the PIN is tried, so that a kill buys no guess: that must be written. Section 5.6.8
    // lists no CKR_TOKEN_WRITE_PROTECTED.
    let refused = actor.does(&format!("login user {USER_PIN}")).rv;
    drop(actor);
    let log = fs::read_to_string(&scene.log).unwrap();
    assert_eq!(refused, CKR_DEVICE_ERROR, "{log}");
    let named = scene.folder.join("counters").display().to_string();
    assert!(log.contains(&named) && log.contains("cannot be written"), "{log}");
    drop(as_another(t, &scene, WRITABLE));
    assert_eq!(uses(t, scene.slot), Ok(()));
}

/// Logins are counted, and nothing else can be written.
fn a_read_only_store_beside_counters_that_can_be_written_takes_no_key(t: &Test) {
    if !is_root_here() {
        return;
    }
    t.installation.configure("group = \"nogroup\"");
    let scene = scene(t);
    let mut actor = as_another(t, &scene, [0o2750, 0o640, 0o660]);
    let _ = actor.does(&format!("login user {USER_PIN}")).ok();
    assert_eq!(actor.does("find victim").ok().len(), 2, "both keys are read");
    let refused = actor.does("generate p256 more token").rv;
    drop(actor);
    let log = fs::read_to_string(&scene.log).unwrap();
    assert_eq!(refused, CKR_TOKEN_WRITE_PROTECTED, "{log}");
    let (store, call) = (scene.folder.join("store.db").display().to_string(), "C_GenerateKeyPair");
    let told =
        log.lines().any(|line| [&store, call, "cannot be written"].iter().all(|word| line.contains(word)));
    assert!(told, "{log}");
    let mut actor = as_another(t, &scene, WRITABLE);
    let _ = actor.does(&format!("login user {USER_PIN}")).ok();
    assert_eq!(actor.does("generate p256 more token").ok().len(), 2);
    drop(actor);
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_store_that_another_process_holds_is_waited_for_and_refused(t: &Test) {
    let scene = scene(t);
    t.installation.configure("busy-wait = 1");
    let holder = store(&t.installation);
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (rv, step, log) = meets(t, &scene);
    assert_eq!((rv, step), (CKR_DEVICE_ERROR, "C_GenerateKeyPair"), "readers go on\n{log}");
    assert!(log.contains(&scene.folder.display().to_string()), "{log:?}");
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    assert_eq!(uses(t, scene.slot), Ok(()));
}

fn a_foreign_table_or_trigger_is_refused(t: &Test) {
    let scene = scene(t);
    let trigger = "CREATE TRIGGER spy AFTER INSERT ON row BEGIN DELETE FROM tag; END";
    store(&t.installation).execute_batch(trigger).unwrap();
    refused(t, &scene, &[CKR_DEVICE_ERROR, CKR_TOKEN_NOT_RECOGNIZED], &scene.folder.join("store.db"));
    store(&t.installation).execute_batch("DROP TRIGGER spy").unwrap();
    assert_eq!(uses(t, scene.slot), Ok(()));
}
