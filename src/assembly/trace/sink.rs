//! The file that trace lines go to.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

/// For its owner alone.
const MODE: u32 = 0o600;

/// An open file. Several processes may share it: a line is one write at its end.
pub struct Sink {
    path: PathBuf,
    /// Taken out only by a drop.
    file: Option<File>,
    /// Device and inode of what was opened.
    identity: (u64, u64),
    /// Whether the last line was cut short by a full disk.
    cut: AtomicBool,
    /// Whether trouble was told.
    told: AtomicBool,
}

impl Sink {
    /// Opens or makes a file of this user's and takes the others' rights to it away. A symbolic link is not followed.
    ///
    /// # Errors
    /// A sentence with the path and what the system says.
    pub fn open(path: &Path) -> Result<Self, String> {
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(MODE)
            .custom_flags(flags.bits())
            .open(path)
            .map_err(|why| told(&why))?;
        let found = file.metadata().map_err(|why| told(&why))?;
        if !found.is_file() || found.nlink() > 1 {
            return Err(told(&"no regular file of a single name"));
        }
        if found.uid() != geteuid().as_raw() {
            return Err(told(&"belongs to another user"));
        }
        file.set_permissions(Permissions::from_mode(MODE)).map_err(|why| told(&why))?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
            identity: (found.dev(), found.ino()),
            cut: AtomicBool::new(false),
            told: AtomicBool::new(false),
        })
    }

    /// Whether this is the file that is at `path` now, still open.
    #[must_use]
    pub fn is(&self, path: &Path) -> bool {
        let there = path.symlink_metadata().is_ok_and(|there| (there.dev(), there.ino()) == self.identity);
        there && path == self.path && self.file().is_ok()
    }

    /// The file, unless the host has closed its descriptor, as daemons close those that they do not know: the number
    /// may be another file's by now.
    fn file(&self) -> io::Result<&File> {
        let lost = || io::Error::other("its descriptor was closed");
        let file = self.file.as_ref().ok_or_else(lost)?;
        let found = file.metadata()?;
        if (found.dev(), found.ino()) == self.identity { Ok(file) } else { Err(lost()) }
    }

    /// Writes a line at the end. What fails is told in the log once.
    pub fn write(&self, line: &str) {
        let written = self.file().and_then(|file| {
            let whole = if self.cut.load(Ordering::Relaxed) { format!("\n{line}") } else { line.to_owned() };
            let mut file = file;
            let len = file.write(whole.as_bytes())?;
            self.cut.store(len < whole.len(), Ordering::Relaxed);
            if len < whole.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        });
        if let Err(why) = written
            && !self.told.swap(true, Ordering::Relaxed)
        {
            log::warn!("CLAVIGER_TRACE: {}: {why}; lines are missing", self.path.display());
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.file().is_err() {
            // Closing the number would close what is there now.
            std::mem::forget(self.file.take());
        }
    }
}
