//! The end of a token: its folder loses its name, and with it the token is gone for everybody; then its device keys,
//! without which nothing in the folder opens, then the folder.
//!
//! A group may write the folder of tokens, and a process with more rights removes what is left there. So nothing in it is
//! reached by its path, which may lead elsewhere a moment later, and no name in it says that device keys are to be destroyed:
//! a mark does, in their own folder.

use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use engine::place::TokenId;
use nix::dir::Dir;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use pkcs11::{Error, Result};

use super::{Folder, names};
use crate::permissions::{check_folder, sync_folder};
use crate::reason;

/// How the name of a folder begins whose token is no more: it is no token's name, so that every process passes it over.
const DELETED: &str = "deleted-";
/// Bytes that are overwritten at a time.
const CHUNK: usize = 1 << 16;
/// The unit of the room that a file takes (stat(2)).
const BLOCK: u64 = 512;
/// A folder that lies at its name itself.
const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Of which token, that is no more, a name in the folder of tokens is what is left.
pub(super) fn deleted(name: &str) -> Option<TokenId> {
    name.strip_prefix(DELETED).and_then(names::from_text)
}

impl Folder {
    /// Destroys a token for good. Whenever the process dies in between, the token is either whole or gone; what is left
    /// of one that is gone, [`Folder::finish_deletions`] removes.
    ///
    /// # Errors
    /// [`Error::TokenNotInitialized`] where there is no such token, [`Error::DeviceKey`], and those of writing. The token
    /// is then whole, unless a device key is destroyed already or its folder cannot get its name back.
    pub(super) fn delete_token(&self, token: TokenId) -> Result<()> {
        let _lock = self.lock()?;
        let (tokens, folder) = (self.tokens(), self.site(token).folder);
        let failed = |error: io::Error| reason::writing(&folder, &error);
        match check_folder(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::TokenNotInitialized),
            outcome => outcome.map_err(failed)?,
        }
        // A token that comes later gets a slot above the empty one: so the number of this slot is not given again.
        self.make_place_locked()?;
        let keys = self.keys.readable(token);
        self.keys.mark(token)?;
        let aside = tokens.join(format!("{DELETED}{}", names::to_text(token)));
        if let Err(error) = fs::rename(&folder, &aside) {
            self.keys.unmark(token)?;
            return Err(failed(error));
        }
        let destroyed =
            sync_folder(&tokens).map_err(failed).and_then(|()| self.keys.destroy_before(token, u64::MAX));
        if let Err(error) = destroyed {
            // Such as for whoever may write tokens and no device keys: nothing was destroyed, so nothing is gone.
            if self.keys.readable(token) == keys {
                let back = fs::rename(&aside, &folder).and_then(|()| sync_folder(&tokens)).map_err(failed);
                if let Err(error) = back.and_then(|()| self.keys.unmark(token)) {
                    log::error!("{}: it does not get its name back: {error}", folder.display());
                }
            }
            return Err(error);
        }
        let held = held(&tokens).map_err(failed)?;
        self.remove_one(&held, token).and_then(|()| sync_folder(&tokens).map_err(failed))
    }

    /// Goes on with deletions that were cut short, unless another process is at it.
    pub(super) fn finish_deletions(&self) {
        let finished = match self.lock_for(Duration::ZERO) {
            Ok(_lock) => self.remove_deleted(&self.tokens()),
            Err(Error::StoreBusy(_)) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            log::info!("what is left of deleted tokens is not removed: {error}");
        }
    }

    /// Removes what is left of tokens that are no more. For whoever holds the lock.
    fn remove_deleted(&self, tokens: &Path) -> Result<()> {
        let failed = |error: io::Error| reason::writing(tokens, &error);
        let held = held(tokens).map_err(failed)?;
        for name in names_in(&held).map_err(failed)? {
            let Some(token) = name.to_str().ok().and_then(deleted) else { continue };
            if let Err(error) = self.remove_one(&held, token) {
                log::info!("what is left of a deleted token is not removed: {error}");
            }
        }
        sync_folder(tokens).map_err(failed)
    }

    /// Removes what is left of one token: the device keys first, if it was somebody who may destroy them that deleted it.
    fn remove_one(&self, tokens: &OwnedFd, token: TokenId) -> Result<()> {
        let name = format!("{DELETED}{}", names::to_text(token));
        let path = self.tokens().join(&name);
        let marked = self.keys.is_marked(token);
        if !marked && self.keys.any(token)? {
            let reason = "it has the name of a deleted token, and its device key is kept: nobody deleted it who may write there";
            return Err(Error::StoreIo { path, reason: reason.to_owned() });
        }
        if marked {
            self.keys.destroy_before(token, u64::MAX)?;
            self.keys.unmark(token)?;
        }
        let removed = CString::new(name).map_err(io::Error::from).and_then(|name| remove(tokens, &name));
        removed.map_err(|error| reason::writing(&path, &error))
    }
}

/// A folder, held so that it stays this one whatever becomes of its name.
fn held(path: &Path) -> io::Result<OwnedFd> {
    OpenOptions::new().read(true).custom_flags(FOLDER.bits()).open(path).map(OwnedFd::from)
}

fn names_in(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::openat(folder, c".", FOLDER, Mode::empty())?.iter() {
        let name = entry?.file_name().to_owned();
        if name.as_c_str() != c"." && name.as_c_str() != c".." {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes a folder with its files.
fn remove(above: &OwnedFd, name: &CStr) -> io::Result<()> {
    let folder = openat(above, name, FOLDER, Mode::empty())?;
    for file in names_in(&folder)? {
        // What cannot be overwritten is removed all the same: without the device key it opens nothing.
        if let Err(error) = overwrite(&folder, &file) {
            log::warn!("{}/{}: not overwritten: {error}", name.to_string_lossy(), file.to_string_lossy());
        }
        unlinkat(&folder, file.as_c_str(), UnlinkatFlags::NoRemoveDir)?;
    }
    Ok(unlinkat(above, name, UnlinkatFlags::RemoveDir)?)
}

/// Overwrites a file of one name: one of two may be somebody else's under the other.
fn overwrite(folder: &OwnedFd, name: &CStr) -> io::Result<()> {
    let only_this_file = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut file = File::from(openat(folder, name, OFlag::O_WRONLY | only_this_file, Mode::empty())?);
    let about = file.metadata()?;
    if !about.is_file() || about.nlink() > 1 {
        return Err(io::Error::other("it is no regular file of a single name"));
    }
    // A file may say that it is longer than the room that it takes.
    let mut left = about.len().min(about.blocks().saturating_mul(BLOCK));
    let zeros = [0; CHUNK];
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        file.write_all(zeros.get(..length).unwrap_or_default())?;
        left = left.saturating_sub(u64::try_from(length).unwrap_or(left));
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use engine::place::Places;
    use pkcs11::Secret;

    use super::*;
    use crate::folder::Layout;

    fn installation() -> (tempfile::TempDir, Folder, TokenId) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::open(Layout::new(root.path().join("data"), root.path().join("keys"))).unwrap();
        let token = folder.list().unwrap()[0].token;
        folder.open(token, true).unwrap();
        for incarnation in [1, 2] {
            folder.provide_device_key(token, incarnation, &Secret::from([7; 32])).unwrap();
        }
        (root, folder, token)
    }

    fn names_in_held(folder: &OwnedFd) -> Vec<CString> {
        super::names_in(folder).unwrap()
    }

    fn names_in(path: &Path) -> Vec<String> {
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_deleted_token_leaves_neither_keys_nor_files_and_the_others_stay() {
        let (root, folder, token) = installation();
        let other = folder.list().unwrap().into_iter().find(|place| !place.has_store).unwrap();
        folder.open(other.token, true).unwrap();
        let kept = folder.provide_device_key(other.token, 1, &Secret::from([9; 32])).unwrap();
        let before = folder.list().unwrap();
        folder.delete(token).unwrap();
        let after: Vec<_> = before.into_iter().filter(|place| place.token != token).collect();
        assert_eq!(folder.list().unwrap(), after);
        assert_eq!(folder.device_key(other.token, 1).unwrap(), kept);
        assert_eq!(names_in(&root.path().join("keys")).len(), 1);
        assert!(names_in(&root.path().join("data/tokens")).iter().all(|name| !name.contains(DELETED)));
        assert_eq!(folder.delete(token), Err(Error::TokenNotInitialized));
    }

    #[test]
    fn the_slot_of_a_deleted_token_is_not_given_again() {
        let (_root, folder, token) = installation();
        // Nobody has listed since: there is no empty slot above it yet.
        let slot = names::slot(token).unwrap();
        folder.delete(token).unwrap();
        let next = folder.list().unwrap();
        assert_eq!(next.len(), 1);
        assert!(next[0].slot > slot, "{next:?}");
    }

    #[test]
    fn a_token_that_lost_its_device_key_can_be_deleted() {
        let (root, folder, token) = installation();
        folder.keys.destroy_before(token, u64::MAX).unwrap();
        assert!(matches!(folder.device_key(token, 2), Err(Error::DeviceKey { .. })));
        folder.delete(token).unwrap();
        assert_eq!(names_in(&root.path().join("data/tokens")).len(), 1, "the empty place");
    }

    #[test]
    fn a_deletion_that_was_cut_short_is_finished_by_whoever_lists_next() {
        let (root, folder, token) = installation();
        let (tokens, keys) = (root.path().join("data/tokens"), root.path().join("keys"));
        folder.list().unwrap();
        // Killed when the folder had its new name.
        folder.keys.mark(token).unwrap();
        let name = names::to_text(token);
        fs::rename(tokens.join(&name), tokens.join(format!("{DELETED}{name}"))).unwrap();
        let busy = folder.lock().unwrap();
        assert!(folder.list().unwrap().iter().all(|place| place.token != token));
        assert_eq!(names_in(&keys).len(), 3, "another process is at it");
        drop(busy);
        assert!(folder.list().unwrap().iter().all(|place| place.token != token));
        assert!(names_in(&keys).is_empty());
        assert!(names_in(&tokens).iter().all(|name| !name.contains(DELETED)));
        assert_eq!(folder.delete(token), Err(Error::TokenNotInitialized));
    }

    #[test]
    fn where_the_device_key_cannot_be_destroyed_the_token_stays_whole() {
        let (root, folder, token) = installation();
        let keys = root.path().join("keys");
        let before = folder.list().unwrap();
        let kept = folder.device_key(token, 2).unwrap();
        // A folder in the place of an unfinished key is nothing that could be overwritten.
        let obstacle = keys.join(format!("{}.3.new", names::to_text(token)));
        fs::create_dir(&obstacle).unwrap();
        for incarnation in [1, 2] {
            // Not to be destroyed before the obstacle is met.
            fs::rename(
                keys.join(format!("{}.{incarnation}", names::to_text(token))),
                root.path().join(incarnation.to_string()),
            )
            .unwrap();
        }
        assert!(matches!(folder.delete(token), Err(Error::DeviceKey { .. })));
        assert_eq!(folder.list().unwrap(), before);
        fs::remove_dir(&obstacle).unwrap();
        fs::rename(root.path().join("2"), keys.join(format!("{}.2", names::to_text(token)))).unwrap();
        assert_eq!(folder.device_key(token, 2).unwrap(), kept);
    }

    /// What somebody can do who may write the folder of tokens and not that of device keys.
    #[test]
    fn a_name_alone_destroys_no_device_key() {
        let (root, folder, token) = installation();
        let (tokens, keys) = (root.path().join("data/tokens"), root.path().join("keys"));
        let before = folder.list().unwrap();
        let name = names::to_text(token);
        let aside = tokens.join(format!("{DELETED}{name}"));
        for whole in [false, true] {
            if whole {
                fs::rename(tokens.join(&name), &aside).unwrap();
            } else {
                fs::create_dir(&aside).unwrap();
            }
            folder.list().unwrap();
            assert_eq!(names_in(&keys).len(), 2, "both device keys are there");
            assert!(aside.exists(), "what is in it opens again");
            if whole {
                fs::rename(&aside, tokens.join(&name)).unwrap();
            } else {
                fs::remove_dir(&aside).unwrap();
            }
        }
        assert_eq!(folder.list().unwrap(), before);
        // A mark that somebody else made in a folder where everybody may: only root can make one here.
        if nix::unistd::geteuid().is_root() {
            folder.keys.mark(token).unwrap();
            std::os::unix::fs::chown(keys.join(format!("{name}.deleted")), Some(12_345), None).unwrap();
            assert!(!folder.keys.is_marked(token));
        }
    }

    #[test]
    fn what_is_removed_is_in_the_folder_itself_and_has_no_other_name() {
        let (root, folder, _) = installation();
        let tokens = root.path().join("data/tokens");
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        for name in ["linked", "named"] {
            fs::write(elsewhere.join(name), b"kept").unwrap();
        }
        let remains = |last: u8| {
            let mut token = TokenId([0x44; 16]);
            (token.0[6], token.0[8], token.0[15]) = (0x44, 0x84, last);
            tokens.join(format!("{DELETED}{}", names::to_text(token)))
        };
        std::os::unix::fs::symlink(&elsewhere, remains(1)).unwrap();
        fs::create_dir(remains(2)).unwrap();
        fs::hard_link(elsewhere.join("linked"), remains(2).join("a")).unwrap();
        std::os::unix::fs::symlink(elsewhere.join("named"), remains(2).join("b")).unwrap();
        // Longer than any disk, and there is nothing of it.
        fs::File::create(remains(2).join("c")).unwrap().set_len(1 << 40).unwrap();
        folder.list().unwrap();
        for name in ["linked", "named"] {
            assert_eq!(fs::read(elsewhere.join(name)).unwrap(), b"kept", "{name}");
        }
        assert!(fs::symlink_metadata(remains(1)).is_ok(), "a link is no folder");
        assert!(fs::symlink_metadata(remains(2)).is_err());
    }

    /// The name of a folder can be exchanged for a link at any moment.
    #[test]
    fn a_folder_that_is_held_stays_the_same_under_another_name() {
        let root = tempfile::tempdir().unwrap();
        let (there, moved, other) = (root.path().join("a"), root.path().join("b"), root.path().join("c"));
        for folder in [&there, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), b"kept").unwrap();
        }
        let folder = held(&there).unwrap();
        fs::rename(&there, &moved).unwrap();
        std::os::unix::fs::symlink(&other, &there).unwrap();
        for file in names_in_held(&folder) {
            overwrite(&folder, &file).unwrap();
        }
        assert_eq!(fs::read(other.join("file")).unwrap(), b"kept");
        assert_eq!(fs::read(moved.join("file")).unwrap(), [0; 4]);
        assert!(held(&there).is_err());
    }
}
