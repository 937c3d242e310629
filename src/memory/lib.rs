//! Memory for secrets: locked in RAM, kept out of core dumps, wiped in a forked child, wiped when dropped; and what
//! the kernel says of the process that holds it ([`secure_execution`]).
//!
//! [`Arena`] hands out small regions that share pages, since an unprivileged process may lock 64 KiB to 8 MiB only;
//! [`keep_out_of_dumps`] protects a large buffer that is not worth locking, and [`Heap`] is all of a C library's memory,
//! kept out of dumps and wiped when freed, not locked.
//!
//! An arena is a value and holds no lock that outlives a call: the child of a fork makes a new one and leaks its
//! parent's, whose pages read as zeros there.

// One of the few addresses of unsafe: it calls mmap and its like.
#![allow(unsafe_code)]

mod heap;
mod mapping;

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

pub use heap::Heap;

use mapping::Mapping;

/// Slots of a shared page: one bit each in a word.
const SLOTS: usize = 64;
/// A region of more slots than this gets pages of its own.
const SHARED_SLOTS: usize = 16;

/// Hands out [`Pages`]; small ones share a page, 64 slots to each.
#[derive(Debug, Default)]
pub struct Arena {
    shared: Mutex<Vec<Arc<SharedPage>>>,
}

/// A page in 64 slots; a set bit is a slot in use.
#[derive(Debug)]
struct SharedPage {
    mapping: Mapping,
    used: AtomicU64,
}

impl SharedPage {
    fn new() -> io::Result<Self> {
        Ok(Self { mapping: Mapping::new(mapping::page_size())?, used: AtomicU64::new(0) })
    }

    fn slot_len(&self) -> usize {
        self.mapping.len() / SLOTS
    }

    /// Takes `count` slots in a row; gives the first.
    fn take(&self, count: usize) -> Option<usize> {
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let first = (0..=SLOTS - count).find(|first| used & slots(*first, count) == 0)?;
            let with = used | slots(first, count);
            match self.used.compare_exchange_weak(used, with, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(first),
                Err(now) => used = now,
            }
        }
    }
}

/// The bits of `count` slots from `first` on; `count` is 1 to [`SHARED_SLOTS`].
fn slots(first: usize, count: usize) -> u64 {
    ((1 << count) - 1) << first
}

impl Arena {
    /// An arena without pages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `len` zero bytes. Where the system does not let the process lock them, they are ordinary in that respect, and
    /// one warning per process is logged.
    ///
    /// # Errors
    /// What `mmap` says when there is no memory.
    pub fn pages(&self, len: usize) -> io::Result<Pages> {
        let count = len.div_ceil(mapping::page_size() / SLOTS).max(1);
        if count > SHARED_SLOTS {
            return Ok(Pages { place: Place::Own(Mapping::new(len)?), len });
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = shared.iter().find_map(|page| page.take(count).map(|first| (Arc::clone(page), first)));
        if let Some((page, first)) = taken {
            return Ok(Pages { place: Place::Shared { page, first, count }, len });
        }
        shared.retain(|page| page.used.load(Ordering::Relaxed) != 0);
        let page = Arc::new(SharedPage::new()?);
        let first = page.take(count).ok_or(io::ErrorKind::OutOfMemory)?;
        shared.push(Arc::clone(&page));
        Ok(Pages { place: Place::Shared { page, first, count }, len })
    }
}

/// Bytes in locked pages. Wiped when dropped; `Debug` shows no byte.
#[derive(Debug)]
pub struct Pages {
    place: Place,
    len: usize,
}

#[derive(Debug)]
enum Place {
    Shared { page: Arc<SharedPage>, first: usize, count: usize },
    Own(Mapping),
}

impl Pages {
    /// Pages of their own, shared with nobody: `len` zero bytes between two guard pages.
    ///
    /// # Errors
    /// What `mmap` says when there is no memory.
    pub fn new(len: usize) -> io::Result<Self> {
        Ok(Self { place: Place::Own(Mapping::new(len)?), len })
    }

    fn start(&self) -> (&Mapping, usize) {
        match &self.place {
            Place::Shared { page, first, .. } => (&page.mapping, first * page.slot_len()),
            Place::Own(mapping) => (mapping, 0),
        }
    }

    /// To read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let (mapping, offset) = self.start();
        // SAFETY: offset and len lie inside the mapping, and these slots belong to this value alone until it is dropped.
        unsafe { mapping.bytes(offset, self.len) }
    }

    /// To write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let (mapping, offset) = self.start();
        // SAFETY: as in `bytes`; `&mut self` is the only way to these slots while the result lives.
        unsafe { mapping.bytes_mut(offset, self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        if let Place::Shared { page, first, count } = &self.place {
            page.used.fetch_and(!slots(*first, *count), Ordering::Release);
        }
    }
}

/// Whether the kernel started this program with more rights than its caller had: by a set-user-id or set-group-id
/// bit, by capabilities of its file, or because a security module says so (`AT_SECURE`, getauxval(3)).
///
/// Kept by the C library from the program's first moment on: neither a change of user since nor a missing `/proc`
/// hides it.
#[must_use]
pub fn secure_execution() -> bool {
    // SAFETY: getauxval reads a table of the C library's and touches no memory of ours.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// A borrowed slice whose whole pages are kept out of core dumps while this lives.
#[derive(Debug)]
pub struct KeptOutOfDumps<'a, T> {
    slice: &'a mut [T],
}

/// Keeps the whole pages inside a slice out of core dumps, until the result is dropped: for buffers of many pages,
/// since the bytes before the first and after the last whole page stay as they are. Where the system refuses, nothing
/// changes and a warning is logged once.
pub fn keep_out_of_dumps<T>(slice: &mut [T]) -> KeptOutOfDumps<'_, T> {
    mapping::advise_whole_pages(slice, libc::MADV_DONTDUMP);
    KeptOutOfDumps { slice }
}

impl<T> Deref for KeptOutOfDumps<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.slice
    }
}

impl<T> DerefMut for KeptOutOfDumps<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.slice
    }
}

impl<T> Drop for KeptOutOfDumps<'_, T> {
    fn drop(&mut self) {
        mapping::advise_whole_pages(self.slice, libc::MADV_DODUMP);
    }
}

#[cfg(test)]
mod tests;
