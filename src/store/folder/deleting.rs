//! The end of a token: its device keys first, without which nothing in its folder opens, then the folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use engine::place::TokenId;
use pkcs11::{Error, Result};

use super::{Folder, names};
use crate::permissions::{check_folder, open_file, sync_folder};
use crate::reason;

/// How the name of a folder begins whose token is no more: it is no token's name, so that every process passes it over.
const DELETED: &str = "deleted-";
/// Bytes that are overwritten at a time.
const CHUNK: usize = 1 << 16;

impl Folder {
    /// Destroys a token for good. Whenever the process dies in between, the token is either whole, or there without its
    /// device key, so that nothing opens it and deleting it again goes on, or gone.
    ///
    /// # Errors
    /// [`Error::TokenNotInitialized`] where there is no such token, [`Error::DeviceKey`], and those of writing.
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
        self.keys.destroy_before(token, u64::MAX)?;
        fs::rename(&folder, tokens.join(format!("{DELETED}{}", names::to_text(token)))).map_err(failed)?;
        sync_folder(&tokens).map_err(failed)?;
        self.remove_deleted(&tokens).map_err(failed)
    }

    /// Removes what is left of tokens that are no more, also of those whose deletion was cut short.
    fn remove_deleted(&self, tokens: &Path) -> io::Result<()> {
        for entry in fs::read_dir(tokens)? {
            let entry = entry?;
            let named = entry.file_name();
            let token = named.to_str().and_then(|name| name.strip_prefix(DELETED)).and_then(names::from_text);
            if token.is_none() || check_folder(&entry.path()).is_err() {
                continue;
            }
            for file in fs::read_dir(entry.path())? {
                let path = file?.path();
                // What cannot be overwritten is removed all the same: without the device key it opens nothing.
                if let Err(error) = overwrite(&path) {
                    log::warn!("{}: not overwritten: {error}", path.display());
                }
                fs::remove_file(&path)?;
            }
            fs::remove_dir(entry.path())?;
        }
        sync_folder(tokens)
    }
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
    fn a_deletion_that_was_cut_short_is_finished_by_the_next() {
        let (root, folder, token) = installation();
        // Killed when the keys were gone.
        folder.keys.destroy_before(token, u64::MAX).unwrap();
        assert!(matches!(folder.device_key(token, 2), Err(Error::DeviceKey { .. })));
        folder.delete(token).unwrap();
        // Killed when the folder had its new name.
        let next = folder.list().unwrap()[0].token;
        folder.open(next, true).unwrap();
        let tokens = root.path().join("data/tokens");
        let name = names::to_text(next);
        fs::rename(tokens.join(&name), tokens.join(format!("{DELETED}{name}"))).unwrap();
        assert!(folder.list().unwrap().iter().all(|place| place.token != next));
        let last = folder.list().unwrap()[0].token;
        folder.open(last, true).unwrap();
        folder.delete(last).unwrap();
        assert!(names_in(&tokens).iter().all(|name| !name.contains(DELETED)));
    }
}
