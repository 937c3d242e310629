//! The end of a token: its folder loses its name, and with it the token is gone for everybody; then its device keys,
//! without which nothing in the folder opens, then the folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use engine::place::TokenId;
use pkcs11::{Error, Result};

use super::{Folder, names};
use crate::permissions::{check_folder, open_file, sync_folder};
use crate::reason;

/// How the name of a folder begins whose token is no more: it is no token's name, so that every process passes it over.
const DELETED: &str = "deleted-";
/// Bytes that are overwritten at a time.
const CHUNK: usize = 1 << 16;

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
        let aside = tokens.join(format!("{DELETED}{}", names::to_text(token)));
        fs::rename(&folder, &aside).map_err(failed)?;
        let destroyed =
            sync_folder(&tokens).map_err(failed).and_then(|()| self.keys.destroy_before(token, u64::MAX));
        if let Err(error) = destroyed {
            // Such as for whoever may write tokens and no device keys: nothing was destroyed, so nothing is gone.
            if self.keys.readable(token) == keys
                && let Err(error) = fs::rename(&aside, &folder).and_then(|()| sync_folder(&tokens))
            {
                log::error!("{}: it does not get its name back: {error}", folder.display());
            }
            return Err(error);
        }
        self.remove_deleted(&tokens)
    }

    /// Goes on with deletions that were cut short, unless another process is at it.
    pub(super) fn finish_deletions(&self) {
        let finished = match self.lock_for(Duration::ZERO) {
            Ok(_lock) => self.remove_deleted(&self.tokens()),
            Err(Error::StoreBusy(_)) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            log::info!("what is left of a deleted token is not removed: {error}");
        }
    }

    /// Removes what is left of tokens that are no more: the device keys first. For whoever holds the lock.
    fn remove_deleted(&self, tokens: &Path) -> Result<()> {
        let failed = |error: io::Error| reason::writing(tokens, &error);
        for entry in fs::read_dir(tokens).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(token) = entry.file_name().to_str().and_then(deleted) else { continue };
            if check_folder(&entry.path()).is_err() {
                continue;
            }
            self.keys.destroy_before(token, u64::MAX)?;
            remove(&entry.path()).map_err(failed)?;
        }
        sync_folder(tokens).map_err(failed)
    }
}

/// Removes a folder with its files.
fn remove(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        // What cannot be overwritten is removed all the same: without the device key it opens nothing.
        if let Err(error) = overwrite(&path) {
            log::warn!("{}: not overwritten: {error}", path.display());
        }
        fs::remove_file(&path)?;
    }
    fs::remove_dir(folder)
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = open_file(path, OpenOptions::new().write(true))?;
    let mut left = file.metadata()?.len();
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
        let name = names::to_text(token);
        fs::rename(tokens.join(&name), tokens.join(format!("{DELETED}{name}"))).unwrap();
        let busy = folder.lock().unwrap();
        assert!(folder.list().unwrap().iter().all(|place| place.token != token));
        assert_eq!(names_in(&keys).len(), 2, "another process is at it");
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
}
