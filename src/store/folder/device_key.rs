//! Device keys: a file for each incarnation of a token, in a folder of their own.
//!
//! ```text
//! magic "CLVGRKEY" | token 16 | incarnation u64 big endian | key 32 | CRC-32 of all before, big endian
//! ```
//!
//! The check value finds a file that a disk or an editor damaged, so that the reason can be named; against
//! somebody's will protects what the key itself authenticates.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use engine::place::TokenId;
use pkcs11::{Error, Result, Secret};

use super::names;
use crate::permissions::{Permissions, Purpose, open_file, sync_folder};
use crate::reason;

const MAGIC: &[u8; 8] = b"CLVGRKEY";
/// Bytes of a device key.
const KEY: usize = 32;
/// Bytes before the key.
const HEAD: usize = 8 + 16 + 8;
/// Bytes of a file.
const LENGTH: usize = HEAD + KEY + 4;

/// Added to the name of a key that is being laid down.
const UNFINISHED: &str = "new";
/// Stands in the place of the incarnation where the token is deleted, and its keys with it.
const DELETED: &str = "deleted";

/// The folder of device keys. Whoever writes here keeps other writers out.
#[derive(Clone, Debug)]
pub(super) struct DeviceKeys {
    pub(super) folder: PathBuf,
    pub(super) permissions: Permissions,
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::DeviceKey { path: path.to_owned(), reason: reason.into() }
}

/// Full disks and folders that cannot be written have reasons of their own; all else is the key's.
fn failed(path: &Path, error: &io::Error) -> Error {
    match reason::writing(path, error) {
        Error::StoreIo { path, reason } => Error::DeviceKey { path, reason },
        error => error,
    }
}

/// CRC-32 of ISO 3309, bit by bit: a file has 64 bytes.
fn check_value(bytes: &[u8]) -> [u8; 4] {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let polynomial = if register & 1 == 1 { 0xedb8_8320 } else { 0 };
            register = register >> 1 ^ polynomial;
        }
    }
    (!register).to_be_bytes()
}

fn head(token: TokenId, incarnation: u64) -> Vec<u8> {
    [MAGIC.as_slice(), &token.0, &incarnation.to_be_bytes()].concat()
}

fn encode(token: TokenId, incarnation: u64, key: &Secret) -> Secret {
    let mut content = Secret::zeroed(LENGTH);
    let head = head(token, incarnation);
    let parts = head.iter().chain(key.expose());
    for (to, from) in content.as_mut().iter_mut().zip(parts) {
        *to = *from;
    }
    if let Some((body, check)) = content.as_mut().split_last_chunk_mut::<4>() {
        *check = check_value(body);
    }
    content
}

fn decode(token: TokenId, incarnation: u64, content: &[u8]) -> std::result::Result<Secret, String> {
    if content.len() != LENGTH {
        return Err(format!("it must have {LENGTH} bytes"));
    }
    let cut = || String::from("it is cut short");
    let (body, check) = content.split_last_chunk::<4>().ok_or_else(cut)?;
    let (found, key) = body.split_at_checked(HEAD).ok_or_else(cut)?;
    if !found.starts_with(MAGIC) {
        return Err("it is not a device key".into());
    }
    if check_value(body) != *check {
        return Err("it is damaged: its check value does not hold".into());
    }
    if found != head(token, incarnation) {
        return Err("it is of another token or incarnation".into());
    }
    Ok(Secret::from(key))
}

impl DeviceKeys {
    /// The file of the key of a token's incarnation.
    pub(super) fn path(&self, token: TokenId, incarnation: u64) -> PathBuf {
        self.folder.join(format!("{}.{incarnation}", names::to_text(token)))
    }

    /// The device key of a token's incarnation.
    ///
    /// # Errors
    /// [`Error::DeviceKey`]
    pub(super) fn read(&self, token: TokenId, incarnation: u64) -> Result<Secret> {
        let path = self.path(token, incarnation);
        let read = || -> io::Result<(File, fs::Metadata)> {
            let file = open_file(&path, OpenOptions::new().read(true))?;
            let about = file.metadata()?;
            Ok((file, about))
        };
        let (mut file, about) = read().map_err(|error| refused(&path, error.to_string()))?;
        self.check_access(&path, &about)?;
        // A byte more than a key has, so that a longer file shows.
        let mut content = Secret::zeroed(LENGTH + 1);
        let mut filled = 0;
        while let Some(rest) = content.as_mut().get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest).map_err(|error| refused(&path, error.to_string()))? {
                0 => break,
                read => filled += read,
            }
        }
        let content = content.expose().get(..filled).unwrap_or_default();
        decode(token, incarnation, content).map_err(|reason| refused(&path, reason))
    }

    /// The incarnations of a token whose keys are there and whole, ascending.
    pub(super) fn readable(&self, token: TokenId) -> Vec<u64> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut whole: Vec<u64> = entries
            .filter_map(|entry| self.incarnation(token, &entry.path()))
            .filter(|incarnation| self.read(token, *incarnation).is_ok())
            .collect();
        whole.sort_unstable();
        whole.dedup();
        whole
    }

    /// Refuses a key that others may read or replace, as ssh refuses such a private key: whoever has read it can
    /// guess PINs against a stolen store, and nothing here could tell.
    fn check_access(&self, path: &Path, about: &fs::Metadata) -> Result<()> {
        let allowed = self.permissions.file(Purpose::DeviceKeys);
        let excess = about.mode() & 0o077 & !allowed;
        let strangers = about.mode() & 0o070 != 0 && self.permissions.group() != Some(about.gid());
        if excess != 0 || strangers {
            let mode = about.mode() & 0o777;
            return Err(refused(
                path,
                format!(
                    "its mode is {mode:04o}, so that others may use it: it must be at most {allowed:04o}"
                ),
            ));
        }
        let folder = fs::metadata(&self.folder).map_err(|error| refused(path, error.to_string()))?;
        // In a folder with the sticky bit others may add files, but not replace this one.
        let replaceable = folder.mode() & 0o022 != 0 && folder.mode() & 0o1000 == 0;
        if replaceable {
            return Err(refused(&self.folder, "others may write this folder, and so replace device keys"));
        }
        Ok(())
    }

    /// Lays down `fresh` unless there is a key; gives the one that is there afterwards.
    ///
    /// # Errors
    /// [`Error::DeviceKey`], [`Error::StoreFull`], [`Error::StoreReadOnly`].
    pub(super) fn provide(&self, token: TokenId, incarnation: u64, fresh: &Secret) -> Result<Secret> {
        let path = self.path(token, incarnation);
        if fresh.len() != KEY {
            return Err(Error::Bug("a device key that is not 32 bytes"));
        }
        if path.symlink_metadata().is_err() {
            self.lay_down(&path, &encode(token, incarnation, fresh))?;
        }
        // Durable also when it was somebody else who laid it down a moment ago.
        sync_folder(&self.folder).map_err(|error| refused(&self.folder, error.to_string()))?;
        self.read(token, incarnation)
    }

    fn lay_down(&self, path: &Path, content: &Secret) -> Result<()> {
        let made = self.permissions.make_folder(&self.folder, Purpose::DeviceKeys);
        made.map_err(|error| failed(&self.folder, &error))?;
        let unfinished = path.with_added_extension(UNFINISHED);
        if unfinished.symlink_metadata().is_ok() {
            destroy(&unfinished)?;
        }
        let write = || -> io::Result<()> {
            let mut file = self.permissions.make_file(&unfinished, Purpose::DeviceKeys)?;
            file.write_all(content.expose())?;
            file.sync_all()?;
            // A name that is taken is never taken over by a link.
            match fs::hard_link(&unfinished, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => fs::remove_file(&unfinished),
            }
        };
        write().map_err(|error| failed(path, &error))
    }

    /// Destroys the keys of the incarnations below `keep`, finished or not, and removes what was left unfinished of
    /// `keep` itself. Keys above it stay.
    ///
    /// # Errors
    /// [`Error::DeviceKey`]
    pub(super) fn destroy_before(&self, token: TokenId, keep: u64) -> Result<()> {
        let failed = |error: io::Error| refused(&self.folder, error.to_string());
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(incarnation) = self.incarnation(token, &path) else { continue };
            if incarnation < keep {
                destroy(&path)?;
            } else if path == self.path(token, keep).with_added_extension(UNFINISHED) {
                // Possibly a second name of the key that stays: not to be overwritten.
                fs::remove_file(path).map_err(failed)?;
            }
        }
        sync_folder(&self.folder).map_err(failed)
    }

    /// Whether there is a file of a key of the token.
    ///
    /// # Errors
    /// [`Error::DeviceKey`]
    pub(super) fn any(&self, token: TokenId) -> Result<bool> {
        let failed = |error: io::Error| refused(&self.folder, error.to_string());
        let mut entries = fs::read_dir(&self.folder).map_err(failed)?;
        entries.try_fold(false, |found, entry| {
            let path = entry.map_err(failed)?.path();
            Ok(found || self.incarnation(token, &path).is_some())
        })
    }

    /// Marks that a token is deleted, which only who may write here can, and so destroy its keys.
    ///
    /// # Errors
    /// [`Error::DeviceKey`], [`Error::StoreFull`], [`Error::StoreReadOnly`].
    pub(super) fn mark(&self, token: TokenId) -> Result<()> {
        let path = self.mark_of(token);
        match self.permissions.make_file(&path, Purpose::DeviceKeys) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(&path, &error)),
            _ => {}
        }
        sync_folder(&self.folder).map_err(|error| refused(&self.folder, error.to_string()))
    }

    /// Whether a token is marked: by root, by this user or by the owner of the folder, for in one with the sticky bit
    /// others may add files.
    pub(super) fn is_marked(&self, token: TokenId) -> bool {
        let Ok(by) = self.mark_of(token).symlink_metadata().map(|about| about.uid()) else { return false };
        let owner = || self.folder.metadata().map(|about| about.uid());
        by == 0 || by == nix::unistd::geteuid().as_raw() || owner().is_ok_and(|owner| owner == by)
    }

    /// Takes the mark off.
    ///
    /// # Errors
    /// [`Error::DeviceKey`]
    pub(super) fn unmark(&self, token: TokenId) -> Result<()> {
        let path = self.mark_of(token);
        fs::remove_file(&path).map_err(|error| refused(&path, error.to_string()))
    }

    fn mark_of(&self, token: TokenId) -> PathBuf {
        self.folder.join(format!("{}.{DELETED}", names::to_text(token)))
    }

    /// Of which incarnation of a token a file is the key, finished or not.
    fn incarnation(&self, token: TokenId, path: &Path) -> Option<u64> {
        let rest = path.file_name()?.to_str()?.strip_prefix(&names::to_text(token))?.strip_prefix('.')?;
        let incarnation = rest.split('.').next()?.parse().ok()?;
        let name = self.path(token, incarnation);
        (path == name || path == name.with_added_extension(UNFINISHED)).then_some(incarnation)
    }
}

/// Overwrites a file, makes that durable, and removes it. On a file system that writes elsewhere each time the
/// old bytes may last; that is said in SECURITY.md.
fn destroy(path: &Path) -> Result<()> {
    let overwrite = || -> io::Result<()> {
        let file = open_file(path, OpenOptions::new().write(true))?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(4096);
        file.write_all_at(&vec![0; length], 0)?;
        file.sync_all()?;
        fs::remove_file(path)
    };
    overwrite().map_err(|error| refused(path, error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const TOKEN: TokenId = TokenId([0x44; 16]);

    fn keys() -> (tempfile::TempDir, DeviceKeys) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("keys");
        (root, DeviceKeys { folder, permissions: Permissions::Private })
    }

    fn reason(outcome: Result<Secret>) -> String {
        match outcome {
            Err(Error::DeviceKey { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The check value that every description of this CRC gives for these nine digits.
    #[test]
    fn the_check_value_is_crc_32() {
        assert_eq!(check_value(b"123456789"), 0xcbf4_3926_u32.to_be_bytes());
    }

    #[test]
    fn a_key_that_was_laid_down_is_read_back_and_stays() {
        let (_root, keys) = keys();
        let first = Secret::from([1; 32]);
        assert_eq!(keys.provide(TOKEN, 1, &first).unwrap(), first);
        assert_eq!(keys.provide(TOKEN, 1, &Secret::from([2; 32])).unwrap(), first);
        assert_eq!(keys.read(TOKEN, 1).unwrap(), first);
        assert_eq!(fs::read_dir(&keys.folder).unwrap().count(), 1);
        let about = fs::metadata(keys.path(TOKEN, 1)).unwrap();
        assert_eq!((about.len(), about.mode() & 0o777), (LENGTH as u64, 0o600));
    }

    #[test]
    fn what_a_dead_process_left_unfinished_is_no_obstacle() {
        let (_root, keys) = keys();
        keys.provide(TOKEN, 1, &Secret::from([1; 32])).unwrap();
        fs::write(keys.path(TOKEN, 2).with_added_extension("new"), b"half").unwrap();
        let key = Secret::from([2; 32]);
        assert_eq!(keys.provide(TOKEN, 2, &key).unwrap(), key);
        // Died between the link and the removal: two names of one file.
        fs::hard_link(keys.path(TOKEN, 2), keys.path(TOKEN, 2).with_added_extension("new")).unwrap();
        keys.destroy_before(TOKEN, 2).unwrap();
        assert_eq!(keys.read(TOKEN, 2).unwrap(), key);
        assert_eq!(fs::read_dir(&keys.folder).unwrap().count(), 1);
    }

    #[test]
    fn every_damage_is_named() {
        let (_root, keys) = keys();
        assert!(reason(keys.read(TOKEN, 1)).contains("No such file"));
        keys.provide(TOKEN, 1, &Secret::from([1; 32])).unwrap();
        let path = keys.path(TOKEN, 1);
        let whole = fs::read(&path).unwrap();
        for (content, words) in [
            (whole[..67].to_vec(), "must have 68 bytes"),
            ([&whole[..], b"x"].concat(), "must have 68 bytes"),
            (vec![0; 68], "not a device key"),
        ] {
            fs::write(&path, content).unwrap();
            assert!(reason(keys.read(TOKEN, 1)).contains(words), "{words}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, flipped).unwrap();
            reason(keys.read(TOKEN, 1));
        }
        fs::write(&path, &whole).unwrap();
        fs::rename(&path, keys.path(TOKEN, 2)).unwrap();
        assert!(reason(keys.read(TOKEN, 2)).contains("another token or incarnation"));
        fs::remove_file(keys.path(TOKEN, 2)).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(reason(keys.read(TOKEN, 1)).contains("not a regular file"));
    }

    #[test]
    fn a_link_in_the_place_of_a_key_is_neither_read_nor_overwritten_through() {
        let (root, keys) = keys();
        keys.provide(TOKEN, 1, &Secret::from([1; 32])).unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::rename(keys.path(TOKEN, 1), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, keys.path(TOKEN, 1)).unwrap();
        let whole = fs::read(&elsewhere).unwrap();
        assert!(reason(keys.read(TOKEN, 1)).contains("symbolic link"));
        assert!(reason(keys.provide(TOKEN, 1, &Secret::from([2; 32]))).contains("symbolic link"));
        assert!(matches!(keys.destroy_before(TOKEN, 2), Err(Error::DeviceKey { .. })));
        assert_eq!(fs::read(&elsewhere).unwrap(), whole);
    }

    #[test]
    fn a_key_that_others_may_use_is_refused() {
        let (_root, mut keys) = keys();
        keys.provide(TOKEN, 1, &Secret::from([1; 32])).unwrap();
        let path = keys.path(TOKEN, 1);
        let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644] {
            allow(&path, mode);
            assert!(reason(keys.read(TOKEN, 1)).contains("others may use it"), "{mode:o}");
        }
        let group = fs::metadata(&path).unwrap().gid();
        keys.permissions = Permissions::Group(group);
        for (mode, fine) in [(0o640, true), (0o440, true), (0o660, false), (0o644, false)] {
            allow(&path, mode);
            assert_eq!(keys.read(TOKEN, 1).is_ok(), fine, "{mode:o}");
        }
        allow(&path, 0o640);
        keys.permissions = Permissions::Group(group + 1);
        assert!(reason(keys.read(TOKEN, 1)).contains("others may use it"));
        keys.permissions = Permissions::Private;
        allow(&path, 0o400);
        keys.read(TOKEN, 1).unwrap();
        for (mode, fine) in [(0o777, false), (0o770, false), (0o1777, true), (0o755, true)] {
            allow(&keys.folder, mode);
            assert_eq!(keys.read(TOKEN, 1).is_ok(), fine, "{mode:o}");
        }
    }

    #[test]
    fn destroying_the_keys_before_one_keeps_it_those_above_and_strangers() {
        let (_root, keys) = keys();
        let other = TokenId([0x45; 16]);
        for incarnation in 1..5 {
            keys.provide(TOKEN, incarnation, &Secret::from([1; 32])).unwrap();
            keys.provide(other, incarnation, &Secret::from([2; 32])).unwrap();
        }
        let name = |end: &str| keys.folder.join(format!("{}.{end}", names::to_text(TOKEN)));
        let strangers = ["1.saved", "01", "+1", "1.new.new", "one", "4.new"];
        for end in strangers.iter().chain(&["2.new", "3.new"]) {
            fs::write(name(end), b"").unwrap();
        }
        keys.destroy_before(TOKEN, 3).unwrap();
        let left: Vec<bool> = (1..5).map(|incarnation| keys.read(TOKEN, incarnation).is_ok()).collect();
        assert_eq!(left, [false, false, true, true]);
        assert!((1..5).all(|incarnation| keys.read(other, incarnation).is_ok()));
        assert!(strangers.iter().all(|end| name(end).exists()));
        assert!(!name("2.new").exists() && !name("3.new").exists());
    }

    #[test]
    fn a_key_is_overwritten_before_it_is_removed() {
        let (root, keys) = keys();
        keys.provide(TOKEN, 1, &Secret::from([1; 32])).unwrap();
        let second_name = root.path().join("second name");
        fs::hard_link(keys.path(TOKEN, 1), &second_name).unwrap();
        keys.destroy_before(TOKEN, 2).unwrap();
        assert!(!keys.path(TOKEN, 1).exists());
        assert_eq!(fs::read(second_name).unwrap(), vec![0; LENGTH]);
    }
}
