//! One anonymous mapping between two guard pages, and the advice the system is given about it.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use libc::{c_int, c_void};
use zeroize::Zeroize;

/// Whether the warning of this kind was logged in this process.
static LOCK_WARNED: AtomicBool = AtomicBool::new(false);
static ADVICE_WARNED: AtomicBool = AtomicBool::new(false);

/// Bytes of a page.
pub(crate) fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(4096)
}

/// Whole pages, readable and writable, with an inaccessible one on either side. Wiped and unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// The first guard page.
    base: NonNull<u8>,
    /// The bytes between the guard pages.
    len: usize,
}

// SAFETY: the mapping is plain memory that belongs to no thread; all access goes through `bytes` and `bytes_mut`.
unsafe impl Send for Mapping {}
// SAFETY: a shared mapping is only read through `bytes`; `bytes_mut` asks its caller for exclusive slots.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// At least `len` zero bytes, rounded up to whole pages.
    pub(crate) fn new(len: usize) -> io::Result<Self> {
        let page = page_size();
        let len = len.max(1).checked_next_multiple_of(page).ok_or(io::ErrorKind::OutOfMemory)?;
        let total = len.checked_add(2 * page).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a fresh private anonymous mapping at an address that the system chooses overlaps nothing.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                total,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let mapping = Self { base, len };
        // SAFETY: the range lies inside the mapping made above.
        let rc = unsafe { libc::mprotect(mapping.start(), len, libc::PROT_READ | libc::PROT_WRITE) };
        if rc != 0 {
            let error = io::Error::last_os_error();
            mapping.unmap();
            // Nothing is accessible yet, so there is nothing to wipe.
            std::mem::forget(mapping);
            return Err(error);
        }
        advise(mapping.start(), len, libc::MADV_DONTDUMP);
        advise(mapping.start(), len, libc::MADV_WIPEONFORK);
        // SAFETY: the range lies inside the mapping made above.
        if unsafe { libc::mlock(mapping.start(), len) } != 0 {
            warn_once(&LOCK_WARNED, "mlock: secrets may reach the swap space (raise RLIMIT_MEMLOCK)");
        }
        Ok(mapping)
    }

    /// Bytes between the guard pages.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn start(&self) -> *mut c_void {
        self.base.as_ptr().wrapping_add(page_size()).cast()
    }

    /// A part to read.
    ///
    /// # Safety
    /// The part lies inside the mapping and nobody writes to it while the result lives.
    pub(crate) unsafe fn bytes(&self, offset: usize, len: usize) -> &[u8] {
        debug_assert!(offset.checked_add(len).is_some_and(|end| end <= self.len));
        let start = self.start().cast::<u8>().wrapping_add(offset);
        // SAFETY: mapped, readable and initialised (anonymous pages are zero); the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts(start, len) }
    }

    /// A part to write.
    ///
    /// # Safety
    /// The part lies inside the mapping and nobody else uses it while the result lives.
    #[allow(clippy::mut_from_ref, reason = "disjoint parts of one mapping are handed to their owners")]
    pub(crate) unsafe fn bytes_mut(&self, offset: usize, len: usize) -> &mut [u8] {
        debug_assert!(offset.checked_add(len).is_some_and(|end| end <= self.len));
        let start = self.start().cast::<u8>().wrapping_add(offset);
        // SAFETY: mapped, writable and initialised; the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(start, len) }
    }

    fn unmap(&self) {
        // SAFETY: the range is exactly the mapping of `new`, which nobody refers to any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len + 2 * page_size()) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the whole range, and `&mut self` means that nobody else uses it.
        unsafe { self.bytes_mut(0, self.len) }.zeroize();
        self.unmap();
    }
}

/// What a forked child finds in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What its parent had there.
    OverForks,
    /// Zeros.
    WipedByForks,
}

/// At least `len` zero bytes in pages that no core dump shows, not locked, until [`give_back`].
pub(crate) fn pages(len: usize, kept: Kept) -> io::Result<NonNull<u8>> {
    let len = len.checked_next_multiple_of(page_size()).ok_or(io::ErrorKind::OutOfMemory)?;
    let (rights, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh private anonymous mapping at an address that the system chooses overlaps nothing.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), len, rights, kind, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    advise(base, len, libc::MADV_DONTDUMP);
    if kept == Kept::WipedByForks {
        advise(base, len, libc::MADV_WIPEONFORK);
    }
    NonNull::new(base.cast::<u8>()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

/// Unmaps what [`pages`] gave.
///
/// # Safety
/// `base` and `len` are those of one call of [`pages`], and nobody uses the pages any more.
pub(crate) unsafe fn give_back(base: NonNull<u8>, len: usize) {
    let len = len.next_multiple_of(page_size());
    // SAFETY: as promised to this function.
    unsafe { libc::munmap(base.as_ptr().cast(), len) };
}

/// A lock in memory that is not Rust's own: free when it is zero.
pub(crate) struct FutexLock(&'static AtomicU32);

const UNLOCKED: u32 = 0;
const LOCKED: u32 = 1;
/// Locked, and somebody may wait.
const WAITED_FOR: u32 = 2;

impl FutexLock {
    /// The lock at a place in pages that are never given back; `None` for null.
    pub(crate) fn of(place: *mut u32) -> Option<Self> {
        let place = NonNull::new(place)?;
        // SAFETY: mapped for ever, aligned to a line of a cache, and touched as a lock alone.
        Some(Self(unsafe { AtomicU32::from_ptr(place.as_ptr()) }))
    }

    pub(crate) fn lock(&self) {
        if self.0.compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.wait();
        }
    }

    #[cold]
    fn wait(&self) {
        for _ in 0..64 {
            if self.0.compare_exchange(UNLOCKED, LOCKED, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return;
            }
            std::hint::spin_loop();
        }
        while self.0.swap(WAITED_FOR, Ordering::Acquire) != UNLOCKED {
            let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
            let forever = std::ptr::null::<libc::timespec>();
            // SAFETY: futex(2) reads the word and returns when it is another, or when it is woken.
            unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, WAITED_FOR, forever) };
        }
    }

    pub(crate) fn unlock(&self) {
        if self.0.swap(UNLOCKED, Ordering::Release) == WAITED_FOR {
            let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: futex(2) touches no memory to wake who waits.
            unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, 1) };
        }
    }
}

/// Advises about the whole pages that lie inside a slice.
pub(crate) fn advise_whole_pages<T>(slice: &mut [T], advice: c_int) {
    let page = page_size();
    let start = slice.as_mut_ptr().cast::<u8>();
    let skipped = start.addr().wrapping_neg() % page;
    let len = size_of_val(slice).saturating_sub(skipped) / page * page;
    if len > 0 {
        advise(start.wrapping_add(skipped).cast(), len, advice);
    }
}

/// `madvise`, for advice that changes no byte of this process: dumping and forking.
fn advise(start: *mut c_void, len: usize, advice: c_int) {
    // SAFETY: both callers name whole pages of memory that they own; no advice given here alters its contents.
    if unsafe { libc::madvise(start, len, advice) } != 0 {
        warn_once(&ADVICE_WARNED, "madvise: secrets may show in core dumps or in forked children");
    }
}

fn warn_once(warned: &AtomicBool, what: &str) {
    let error = io::Error::last_os_error();
    if !warned.swap(true, Ordering::Relaxed) {
        log::warn!("{what}: {error}");
    }
}
