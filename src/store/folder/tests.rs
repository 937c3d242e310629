use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use engine::store::{Batch, Linker, Revision, RowId, Rows, Write};

use super::*;

struct NoLinks;

impl Linker for NoLinks {
    fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
        Ok(Vec::new())
    }
}

fn batch() -> Batch {
    let writes = vec![Write::Delete(RowId(1))];
    Batch { preconditions: Vec::new(), writes, linker: Box::new(NoLinks) }
}

struct Installation {
    root: tempfile::TempDir,
    permissions: Permissions,
}

impl Installation {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), permissions: Permissions::Private }
    }

    fn layout(&self) -> Layout {
        let root = self.root.path();
        Layout { permissions: self.permissions, ..Layout::new(root.join("data"), root.join("keys")) }
    }

    fn open(&self) -> Folder {
        Folder::open(self.layout()).unwrap()
    }

    fn token_folder(&self, token: TokenId) -> PathBuf {
        self.root.path().join("data/tokens").join(names::to_text(token))
    }
}

fn made(folder: &Folder) -> (TokenId, Home) {
    let blank = folder.list().unwrap().into_iter().find(|place| !place.has_store).unwrap();
    (blank.token, folder.open(blank.token, true).unwrap())
}

#[test]
fn there_is_always_one_blank_place_and_slots_never_change() {
    let installation = Installation::new();
    let folder = installation.open();
    let first = folder.list().unwrap();
    assert_eq!(first.len(), 1);
    assert!(!first[0].has_store);
    assert!((1..1 << 31).contains(&first[0].slot.0));
    assert_eq!(folder.list().unwrap(), first);
    made(&folder);
    let second = installation.open().list().unwrap();
    assert_eq!(second.len(), 2);
    assert!(!second[1].has_store, "the blank place comes last");
    assert!(second.contains(&Place { has_store: true, ..first[0] }));
    assert!(second[0].slot < second[1].slot);
    assert_eq!(folder.list().unwrap(), second);
}

#[test]
fn threads_that_list_at_once_make_one_place() {
    let installation = Installation::new();
    let seen: BTreeSet<Vec<TokenId>> = std::thread::scope(|scope| {
        let list = || installation.open().list().unwrap().iter().map(|place| place.token).collect();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(list)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(seen.len(), 1);
    assert_eq!(seen.first().unwrap().len(), 1);
}

#[test]
fn what_is_no_tokens_folder_is_passed_over() {
    let installation = Installation::new();
    let folder = installation.open();
    let places = folder.list().unwrap();
    let tokens = installation.root.path().join("data/tokens");
    fs::create_dir(tokens.join("lost+found")).unwrap();
    fs::create_dir(tokens.join("6ba7b810-9dad-11d1-80b4-00c04fd430c8")).unwrap();
    fs::write(tokens.join("6ba7b810-9dad-41d1-80b4-00c04fd430c8"), b"a file").unwrap();
    assert_eq!(folder.list().unwrap(), places);
    // The same last 31 bits as the token that is there, under a larger name.
    let mut twin = places[0].token;
    twin.0[0] = twin.0[0].wrapping_add(1).max(1);
    fs::create_dir(installation.token_folder(twin)).unwrap();
    assert_eq!(folder.list().unwrap().len(), 1);
}

/// What somebody of the group can put in the place of a file or folder of a token.
fn replace_by_link(path: &Path, elsewhere: &Path) {
    fs::rename(path, elsewhere).unwrap();
    std::os::unix::fs::symlink(elsewhere, path).unwrap();
}

#[test]
fn no_file_of_a_token_is_written_through_a_link() {
    for name in ["store.lock", "counters", "store.db", "../../places.lock"] {
        let installation = Installation::new();
        let folder = installation.open();
        let (token, home) = made(&folder);
        drop(home);
        let path = installation.token_folder(token).join(name).canonicalize().unwrap();
        let elsewhere = installation.root.path().join("elsewhere");
        replace_by_link(&path, &elsewhere);
        let before = fs::read(&elsewhere).unwrap();
        let outcome = folder.open(token, false).and_then(|home| {
            home.store.commit(&[batch()]).remove(0)?;
            home.counters.update(0, &mut |_| Ok(Some((0, [1; 128]))))?;
            folder.provide_device_key(token, 1, &Secret::from([1; 32]))
        });
        let refused = outcome.map(|_| ()).unwrap_err();
        assert!(
            matches!(&refused, Error::StoreIo { path: blamed, reason }
                if *blamed == path && reason.contains("symbolic link")),
            "{name}: {refused:?}"
        );
        assert_eq!(fs::read(&elsewhere).unwrap(), before, "{name}");
    }
}

#[test]
fn a_link_in_the_place_of_a_tokens_folder_is_passed_over_and_not_opened() {
    let installation = Installation::new();
    let folder = installation.open();
    let (token, home) = made(&folder);
    drop(home);
    replace_by_link(&installation.token_folder(token), &installation.root.path().join("elsewhere"));
    assert!(folder.list().unwrap().iter().all(|place| place.token != token));
    for create in [false, true] {
        let refused = folder.open(token, create).map(|_| ()).unwrap_err();
        assert!(matches!(&refused, Error::StoreIo { reason, .. } if reason.contains("symbolic link")));
    }
}

#[test]
fn a_link_in_the_place_of_the_folder_of_tokens_is_refused() {
    let installation = Installation::new();
    installation.open().list().unwrap();
    let root = installation.root.path();
    replace_by_link(&root.join("data/tokens"), &root.join("elsewhere"));
    let refused = Folder::open(installation.layout()).map(|_| ());
    assert!(matches!(refused, Err(Error::Configuration { path, reason })
        if path.ends_with("data/tokens") && reason.contains("symbolic link")));
}

#[test]
fn the_operator_may_name_the_data_folder_through_a_link() {
    let installation = Installation::new();
    let root = installation.root.path();
    fs::create_dir(root.join("disk")).unwrap();
    std::os::unix::fs::symlink(root.join("disk"), root.join("data")).unwrap();
    let folder = installation.open();
    let (token, home) = made(&folder);
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    assert!(root.join("disk/tokens").join(names::to_text(token)).join("store.db").exists());
}

#[test]
fn a_token_that_was_not_made_is_not_initialised() {
    let installation = Installation::new();
    let folder = installation.open();
    let token = folder.list().unwrap()[0].token;
    let refused = folder.open(token, false).map(|_| ());
    assert_eq!(refused, Err(Error::TokenNotInitialized));
    folder.open(token, true).unwrap();
    folder.open(token, false).unwrap();
}

#[test]
fn making_a_store_again_keeps_what_is_in_it() {
    let installation = Installation::new();
    let folder = installation.open();
    let (token, home) = made(&folder);
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    fs::write(installation.token_folder(token).join("store.new"), b"left by a dead process").unwrap();
    let again = folder.open(token, true).unwrap();
    assert_eq!(again.store.revision(), Ok(Revision(1)));
}

#[test]
fn what_a_dead_maker_left_is_made_anew() {
    let installation = Installation::new();
    let folder = installation.open();
    let token = folder.list().unwrap()[0].token;
    for left in ["store.new", "store.new-wal", "store.new-journal", "counters"] {
        fs::write(installation.token_folder(token).join(left), b"half").unwrap();
    }
    let home = folder.open(token, true).unwrap();
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    assert!(!installation.token_folder(token).join("store.new").exists());
}

/// Names of files and folders, with their modes.
type Modes = Vec<(String, u32)>;

/// All files and folders below.
fn modes(folder: &Path) -> Modes {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = fs::metadata(&path).unwrap();
        found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), about.mode() & 0o7777));
        if about.is_dir() {
            found.extend(modes(&path));
        }
    }
    found.sort();
    found
}

fn used(installation: &Installation) -> (Home, Modes, Modes) {
    let folder = installation.open();
    let (token, home) = made(&folder);
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    folder.provide_device_key(token, 1, &Secret::from([1; 32])).unwrap();
    let root = installation.root.path();
    (home, modes(&root.join("data")), modes(&root.join("keys")))
}

const FILES: [&str; 6] =
    ["counters", "places.lock", "store.db", "store.db-shm", "store.db-wal", "store.lock"];

#[test]
fn a_private_installation_is_its_owners_alone() {
    let (_home, data, keys) = used(&Installation::new());
    for (name, mode) in data.iter().chain(&keys) {
        let folder = name == "tokens" || names::from_text(name).is_some();
        assert_eq!(*mode, if folder { 0o700 } else { 0o600 }, "{name}");
    }
    for file in FILES {
        assert!(data.iter().any(|(name, _)| name == file), "{file}");
    }
}

#[test]
fn a_groups_installation_is_the_groups_with_log_and_shared_memory() {
    let permissions = Permissions::Group(nix::unistd::getegid().as_raw());
    let installation = Installation { permissions, ..Installation::new() };
    let (_home, data, keys) = used(&installation);
    for (name, mode) in &data {
        let folder = name == "tokens" || names::from_text(name).is_some();
        assert_eq!(*mode, if folder { 0o2770 } else { 0o660 }, "{name}");
    }
    for file in FILES {
        assert!(data.iter().any(|(name, _)| name == file), "{file}");
    }
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].1, 0o640);
    let root = installation.root.path();
    assert_eq!(fs::metadata(root.join("data")).unwrap().mode() & 0o7777, 0o2770);
    assert_eq!(fs::metadata(root.join("keys")).unwrap().mode() & 0o7777, 0o750);
}

#[test]
fn a_data_folder_that_is_none_is_a_matter_of_configuration() {
    let installation = Installation::new();
    fs::write(installation.root.path().join("data"), b"").unwrap();
    let refused = Folder::open(installation.layout()).map(|_| ());
    assert!(matches!(refused, Err(Error::Configuration { path, .. }) if path.ends_with("data")));
}

#[test]
fn device_keys_come_first_stay_and_are_destroyed_before_one() {
    let installation = Installation::new();
    let folder = installation.open();
    let token = folder.list().unwrap()[0].token;
    assert!(matches!(folder.device_key(token, 1), Err(Error::DeviceKey { .. })));
    let key = Secret::from([1; 32]);
    assert_eq!(folder.provide_device_key(token, 1, &key), Ok(key.clone()));
    assert_eq!(installation.open().provide_device_key(token, 1, &Secret::from([2; 32])), Ok(key.clone()));
    let next = Secret::from([3; 32]);
    folder.provide_device_key(token, 2, &next).unwrap();
    folder.destroy_device_keys_before(token, 1).unwrap();
    assert_eq!(folder.device_key(token, 1), Ok(key));
    folder.destroy_device_keys_before(token, 2).unwrap();
    assert!(matches!(folder.device_key(token, 1), Err(Error::DeviceKey { .. })));
    assert_eq!(folder.device_key(token, 2), Ok(next));
}

#[test]
fn a_fork_finds_no_connection_open_and_work_goes_on_after_it() {
    let installation = Installation::new();
    let folder = installation.open();
    let (token, home) = made(&folder);
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    let store = installation.token_folder(token).join("store.db");
    let open_files = || {
        let links = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|link| fs::read_link(link.unwrap().path()).ok());
        links.filter(|file| file.starts_with(installation.root.path())).collect::<Vec<_>>()
    };
    assert!(open_files().contains(&store));
    let held = home.counters.hold(0, engine::place::Hold::Shared).unwrap();
    let gate = folder.fork_gate();
    gate.prepare();
    assert_eq!(open_files(), [installation.token_folder(token).join("counters")]);
    gate.release_in_parent();
    assert_eq!(home.store.revision(), Ok(Revision(1)));
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(2))]);
    drop(held);
}

#[test]
fn an_orderly_end_leaves_the_file_complete_without_its_log() {
    let installation = Installation::new();
    let folder = installation.open();
    let (token, home) = made(&folder);
    assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
    drop(home);
    let at = installation.token_folder(token);
    assert_eq!(fs::metadata(at.join("store.db-wal")).unwrap().len(), 0);
    fs::remove_file(at.join("store.db-wal")).unwrap();
    fs::remove_file(at.join("store.db-shm")).unwrap();
    assert_eq!(folder.open(token, false).unwrap().store.revision(), Ok(Revision(1)));
}

/// As root, permissions bind nobody; these tests then run in a process of another user.
mod unprivileged {
    use super::*;
    use crate::child;

    const ROLE: &str = "folder::tests::unprivileged::a_reader_without_the_right_to_write";

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn allow_all(folder: &Path, folders: u32, files: u32) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                allow_all(&path, folders, files);
            } else {
                allow(&path, files);
            }
        }
        allow(folder, folders);
    }

    /// An installation with a token of one commit that others may read but not write, as `left` leaves it.
    fn readable(left: impl FnOnce(&Path, Home)) -> Installation {
        let installation = Installation::new();
        let folder = installation.open();
        let (token, home) = made(&folder);
        assert_eq!(home.store.commit(&[batch()]), [Ok(Revision(1))]);
        folder.list().unwrap();
        left(&installation.token_folder(token), home);
        allow_all(installation.root.path(), 0o555, 0o444);
        installation
    }

    /// What a reader answers in a process without the right to write.
    fn ask(installation: &Installation) -> String {
        let answer = child::run(ROLE, installation.root.path().to_str().unwrap());
        allow_all(installation.root.path(), 0o700, 0o600);
        answer
    }

    #[test]
    #[ignore = "started by its neighbours as a process of its own"]
    fn a_reader_without_the_right_to_write() {
        let Some(root) = child::argument() else { return };
        child::become_nobody();
        let folder = Folder::open(Layout::new(format!("{root}/data"), format!("{root}/keys"))).unwrap();
        let places = folder.list().unwrap();
        let token = places.iter().find(|place| place.has_store).unwrap().token;
        let home = match folder.open(token, false) {
            Err(error) => return child::answer(&format!("{error:?}")),
            Ok(home) => home,
        };
        let reading = home.store.revision();
        let found = home.store.load(&[RowId(1)]).unwrap().len();
        let writing = home.store.commit(&[batch()]).remove(0);
        let reserving = home.store.reserve(1).map(|_| ());
        let counting = home.counters.update(0, &mut |_| Ok(Some((0, [1; 128]))));
        let looking = home.counters.update(0, &mut |_| Ok(None));
        let beside = home.counters.hold(0, engine::place::Hold::Shared).map(|_| ());
        let read_only = |outcome: Result<()>| matches!(outcome, Err(Error::StoreReadOnly(_)));
        assert!(read_only(writing.map(|_| ())));
        assert!(read_only(reserving));
        assert!(read_only(counting));
        assert_eq!((looking, beside), (Ok(()), Ok(())));
        child::answer(&format!("{} places, revision {reading:?}, {found} row", places.len()));
    }

    const READ: &str = "2 places, revision Ok(Revision(1)), 1 row";

    #[test]
    fn a_store_at_rest_is_read_without_the_right_to_write() {
        let installation = readable(|_, home| drop(home));
        assert_eq!(ask(&installation), READ);
    }

    #[test]
    fn a_store_without_log_is_read_without_the_right_to_write() {
        let installation = readable(|at, home| {
            drop(home);
            fs::remove_file(at.join("store.db-wal")).unwrap();
            fs::remove_file(at.join("store.db-shm")).unwrap();
        });
        assert_eq!(ask(&installation), READ);
    }

    #[test]
    fn a_store_in_use_is_read_without_the_right_to_write() {
        let mut kept = None;
        let installation = readable(|_, home| kept = Some(home));
        assert_eq!(ask(&installation), READ);
        assert_eq!(kept.unwrap().store.commit(&[batch()]), [Ok(Revision(2))]);
    }

    #[test]
    fn a_log_that_a_dead_process_left_is_read_without_the_right_to_write() {
        // Forgotten, so never closed in order: what a killed process leaves.
        let installation = readable(|at, home| {
            let copies: Vec<_> = ["store.db", "store.db-wal", "store.db-shm"]
                .map(|name| (at.join(name), fs::read(at.join(name)).unwrap()))
                .into();
            drop(home);
            for (path, content) in copies {
                fs::remove_file(&path).unwrap();
                fs::write(path, content).unwrap();
            }
        });
        assert_eq!(ask(&installation), READ);
    }

    #[test]
    fn a_log_without_shared_memory_is_refused_without_the_right_to_write() {
        let installation = readable(|at, home| {
            let log = fs::read(at.join("store.db-wal")).unwrap();
            drop(home);
            fs::remove_file(at.join("store.db-shm")).unwrap();
            fs::write(at.join("store.db-wal"), log).unwrap();
        });
        assert!(ask(&installation).starts_with("StoreReadOnly"));
    }
}
