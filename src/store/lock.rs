//! Byte-range locks over all processes of a machine, bounded in time.
//!
//! They are OFD locks (`fcntl(2)`, F_OFD_SETLK): each belongs to its own open file, so that two threads exclude
//! each other as two processes do, and the kernel gives it back when its holder dies. The system can wait for
//! one, but not with a bound, short of signals or threads that a library has no business with in its host; so
//! waiting means to ask again, at growing intervals of at most a millisecond.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::place::Held;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use pkcs11::{Error, Result};

use crate::gate::ForkGate;
use crate::permissions::{Permissions, Purpose, open_file};
use crate::reason;

/// How a range is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Beside other shared locks.
    Shared,
    /// Alone.
    Exclusive,
}

/// How long to wait for something, and how often to ask.
pub(crate) struct Patience {
    started: Instant,
    bound: Duration,
}

impl Patience {
    const SHORTEST: Duration = Duration::from_micros(50);
    const LONGEST: Duration = Duration::from_millis(1);

    /// Waits for `bound` in all, from now on.
    pub(crate) fn new(bound: Duration) -> Self {
        Self { started: Instant::now(), bound }
    }

    /// Sleeps until it is time to ask again, the longer the more time has passed.
    ///
    /// # Errors
    /// [`Error::StoreBusy`] with `path` when the time is over.
    pub(crate) fn wait(&self, path: &Path) -> Result<()> {
        self.sleep(path, (self.started.elapsed() / 8).clamp(Self::SHORTEST, Self::LONGEST))
    }

    /// Sleeps for the shortest time: for whoever comes next.
    ///
    /// # Errors
    /// [`Error::StoreBusy`] with `path` when the time is over.
    pub(crate) fn wait_briefly(&self, path: &Path) -> Result<()> {
        self.sleep(path, Self::SHORTEST)
    }

    fn sleep(&self, path: &Path, time: Duration) -> Result<()> {
        if self.started.elapsed() >= self.bound {
            return Err(Error::StoreBusy(path.to_owned()));
        }
        std::thread::sleep(time);
        Ok(())
    }
}

/// An open file whose ranges can be locked; all its locks go when it is dropped.
pub(crate) struct LockFile {
    gate: Arc<ForkGate>,
    path: PathBuf,
    /// `Some` until dropped.
    file: Option<File>,
}

impl Held for LockFile {}

impl LockFile {
    /// Opens a file for reading and writing, and makes it first if there is none.
    ///
    /// # Errors
    /// [`Error::StoreReadOnly`], [`Error::StoreFull`], [`Error::StoreIo`].
    pub(crate) fn open_or_make(gate: &Arc<ForkGate>, path: &Path, permissions: Permissions) -> Result<Self> {
        Self::note(gate, path, || permissions.open_or_make(path, Purpose::Data))
    }

    /// Opens a file that is there, for reading and writing.
    ///
    /// # Errors
    /// [`Error::StoreReadOnly`], [`Error::StoreDamaged`] when it is not there, [`Error::StoreIo`].
    pub(crate) fn open(gate: &Arc<ForkGate>, path: &Path) -> Result<Self> {
        Self::note(gate, path, || open_file(path, OpenOptions::new().read(true).write(true)))
    }

    /// Opens a file that is there, for reading: good for shared locks.
    ///
    /// # Errors
    /// [`Error::StoreDamaged`] when it is not there, [`Error::StoreIo`].
    pub(crate) fn open_to_read(gate: &Arc<ForkGate>, path: &Path) -> Result<Self> {
        let open = || open_file(path, OpenOptions::new().read(true));
        Self::note(gate, path, open).map_err(|error| match error {
            Error::StoreReadOnly(path) => {
                Error::StoreIo { path, reason: "this process may not read it".into() }
            }
            error => error,
        })
    }

    fn note(gate: &Arc<ForkGate>, path: &Path, open: impl FnOnce() -> io::Result<File>) -> Result<Self> {
        let inside = gate.enter();
        let file = open().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::StoreDamaged { path: path.to_owned(), reason: "it is not there".into() }
            }
            _ => reason::writing(path, &error),
        })?;
        gate.note_lock(&inside, file.as_raw_fd());
        Ok(Self { gate: Arc::clone(gate), path: path.to_owned(), file: Some(file) })
    }

    /// The open file.
    ///
    /// # Errors
    /// [`Error::Bug`] never: it is there until dropped.
    pub(crate) fn file(&self) -> Result<&File> {
        self.file.as_ref().ok_or(Error::Bug("a lock file was used after it was closed"))
    }

    /// Where the file lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Locks a range if nobody else has it in the way.
    ///
    /// # Errors
    /// [`Error::StoreIo`]
    pub(crate) fn try_lock(&self, range: Range<i64>, kind: Kind) -> Result<bool> {
        let request = match kind {
            Kind::Shared => libc::F_RDLCK,
            Kind::Exclusive => libc::F_WRLCK,
        };
        match self.call(range, request, Call::Set) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(error) => Err(reason::reading(&self.path, &error.into())),
        }
    }

    /// Locks a range; waits.
    ///
    /// # Errors
    /// [`Error::StoreBusy`] when `patience` is over, [`Error::StoreIo`].
    pub(crate) fn lock(&self, range: Range<i64>, kind: Kind, patience: &Patience) -> Result<()> {
        while !self.try_lock(range.clone(), kind)? {
            patience.wait(&self.path)?;
        }
        Ok(())
    }

    /// Gives a range back.
    ///
    /// # Errors
    /// [`Error::StoreIo`]
    pub(crate) fn unlock(&self, range: Range<i64>) -> Result<()> {
        let outcome = self.call(range, libc::F_UNLCK, Call::Set);
        outcome.map(|_| ()).map_err(|error| reason::reading(&self.path, &error.into()))
    }

    /// Whether somebody else holds any byte of a range.
    ///
    /// # Errors
    /// [`Error::StoreIo`]
    pub(crate) fn is_held_by_another(&self, range: Range<i64>) -> Result<bool> {
        let answer = self.call(range, libc::F_WRLCK, Call::Ask);
        answer.map(|kind| kind != libc::F_UNLCK).map_err(|error| reason::reading(&self.path, &error.into()))
    }

    /// Gives the answered kind of lock.
    fn call(&self, range: Range<i64>, kind: libc::c_int, call: Call) -> nix::Result<libc::c_int> {
        let file = self.file.as_ref().ok_or(Errno::EBADF)?;
        if range.is_empty() {
            return Err(Errno::EINVAL); // The system would read it as "to the end".
        }
        let mut lock = libc::flock {
            l_type: libc::c_short::try_from(kind).map_err(|_| Errno::EINVAL)?,
            l_whence: libc::c_short::try_from(libc::SEEK_SET).map_err(|_| Errno::EINVAL)?,
            l_start: range.start,
            l_len: range.end - range.start,
            l_pid: 0,
        };
        match call {
            Call::Set => fcntl(file, FcntlArg::F_OFD_SETLK(&lock))?,
            Call::Ask => fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?,
        };
        Ok(lock.l_type.into())
    }
}

enum Call {
    Set,
    Ask,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        let inside = self.gate.enter();
        // Given back by name first: a child made past the gate, by clone(2) itself, may share the open file.
        // Failure is harmless then, as closing gives it back too.
        let _ = self.call(0..i64::MAX, libc::F_UNLCK, Call::Set);
        if let Some(file) = self.file.take() {
            self.gate.forget_lock(&inside, file.as_raw_fd());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (tempfile::TempDir, LockFile, LockFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let gate = ForkGate::new();
        let one = LockFile::open_or_make(&gate, &path, Permissions::Private).unwrap();
        let other = LockFile::open(&gate, &path).unwrap();
        (folder, one, other)
    }

    #[test]
    fn an_exclusive_lock_keeps_others_out_until_it_is_dropped() {
        let (_folder, one, other) = two();
        assert!(one.try_lock(5..6, Kind::Exclusive).unwrap());
        assert!(!other.try_lock(5..6, Kind::Exclusive).unwrap());
        assert!(!other.try_lock(0..9, Kind::Shared).unwrap());
        assert!(other.is_held_by_another(0..9).unwrap());
        assert!(!one.is_held_by_another(0..9).unwrap());
        assert!(other.try_lock(6..7, Kind::Exclusive).unwrap());
        drop(one);
        assert!(other.try_lock(5..6, Kind::Exclusive).unwrap());
    }

    #[test]
    fn shared_locks_stand_beside_each_other() {
        let (_folder, one, other) = two();
        assert!(one.try_lock(5..6, Kind::Shared).unwrap());
        assert!(other.try_lock(5..6, Kind::Shared).unwrap());
        assert!(!other.try_lock(5..6, Kind::Exclusive).unwrap());
        one.unlock(5..6).unwrap();
        assert!(other.try_lock(5..6, Kind::Exclusive).unwrap());
    }

    #[test]
    fn waiting_has_a_bound_and_names_the_file() {
        let (_folder, one, other) = two();
        assert!(one.try_lock(5..6, Kind::Exclusive).unwrap());
        let outcome = other.lock(5..6, Kind::Exclusive, &Patience::new(Duration::from_millis(5)));
        assert_eq!(outcome, Err(Error::StoreBusy(one.path().to_owned())));
    }

    #[test]
    fn a_link_in_the_place_of_a_lock_is_refused_by_name_and_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (named, path) = (folder.path().join("named"), folder.path().join("lock"));
        std::fs::write(&named, b"kept").unwrap();
        std::os::unix::fs::symlink(&named, &path).unwrap();
        let gate = ForkGate::new();
        for outcome in [
            LockFile::open_or_make(&gate, &path, Permissions::Private),
            LockFile::open(&gate, &path),
            LockFile::open_to_read(&gate, &path),
        ] {
            let refused = outcome.map(|_| ()).unwrap_err();
            assert!(
                matches!(&refused, Error::StoreIo { path: blamed, reason }
                    if *blamed == path && reason.contains("symbolic link")),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = LockFile::open(&ForkGate::new(), &folder.path().join("none"));
        assert!(matches!(outcome.map(|_| ()), Err(Error::StoreDamaged { .. })));
    }
}
