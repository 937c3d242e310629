//! A heap for a C library that keeps keys: its pages are left out of core dumps, and what is freed is wiped at once.
//!
//! Blocks of up to [`LARGEST`] bytes come in classes, cut from [`CHUNK`]s and kept in lists when freed; larger ones are
//! mappings of their own. A thread takes a shard of the heap by where its stack lies, so that threads seldom meet, and a
//! block goes back to the shard that it came from.
//!
//! A fork copies the heap, contents and all: a C library's random state must go on from what it was. The shards'
//! locks lie in a page that the system wipes in a child, where whoever held one is not; and each list changes by one
//! store, so that a list is whole at every moment and a block that was under way is lost at most.
//!
//! docs/decisions/0022 says why it is not the system's heap.

use std::cell::UnsafeCell;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::mapping::{self, Kept};

/// Bytes before each block: see [`Header`]. Blocks are aligned to as many.
const HEADER: usize = 16;
/// The smallest class, header included.
const SMALLEST: usize = 32;
/// Classes: powers of two and the middle between them, header included.
const CLASSES: usize = 2 * (LARGEST / SMALLEST).ilog2() as usize + 1;
/// The largest class, header included.
const LARGEST: usize = 32 << 10;
/// What is asked of the system at a time.
const CHUNK: usize = 1 << 20;
/// More than threads that sign at once on most machines; each holds a chunk at least once it is used.
const SHARDS: usize = 16;
/// Locks lie so far apart, that no two share a line of a cache.
const LINE: usize = 64;

/// What stands before a block.
#[repr(C, align(16))]
struct Header {
    /// In use: the length asked for. Free: the address of the next free block's header.
    word: AtomicPtr<Header>,
    /// Whether it is in use.
    state: AtomicU32,
    /// Shard and class, or [`ALONE`].
    place: u32,
}

const IN_USE: u32 = 0x6c69_7665;
const FREE: u32 = 0x6672_6565;
/// The place of a block that is a mapping of its own.
const ALONE: u32 = u32::MAX;

/// A heap: make it a static.
pub struct Heap {
    shards: [Shard; SHARDS],
    /// A page of locks, made at the first use.
    locks: AtomicPtr<u8>,
}

/// What its lock guards.
struct Shard(UnsafeCell<State>);

struct State {
    free: [AtomicPtr<Header>; CLASSES],
    /// The uncut part of the newest chunk; null when there is none.
    uncut: AtomicPtr<u8>,
    end: AtomicPtr<u8>,
}

// SAFETY: a shard's state is touched under its lock alone.
unsafe impl Sync for Shard {}

impl State {
    const fn new() -> Self {
        Self {
            free: [const { AtomicPtr::new(null_mut()) }; CLASSES],
            uncut: AtomicPtr::new(null_mut()),
            end: AtomicPtr::new(null_mut()),
        }
    }

    /// A free block of a class, or a new one.
    fn take(&self, class: usize) -> Option<NonNull<Header>> {
        let list = self.free.get(class)?;
        if let Some(first) = NonNull::new(list.load(Ordering::Relaxed)) {
            // SAFETY: what is in a list is a header that nobody else uses.
            let next = unsafe { first.as_ref() }.word.load(Ordering::Relaxed);
            list.store(next, Ordering::Release);
            return Some(first);
        }
        self.cut(length(class))
    }

    fn give(&self, class: usize, header: NonNull<Header>) {
        let Some(list) = self.free.get(class) else { return };
        // SAFETY: the caller gives up the block.
        unsafe { header.as_ref() }.word.store(list.load(Ordering::Relaxed), Ordering::Relaxed);
        list.store(header.as_ptr(), Ordering::Release);
    }

    /// A new block of `len` bytes, a multiple of [`HEADER`].
    fn cut(&self, len: usize) -> Option<NonNull<Header>> {
        let uncut = self.uncut.load(Ordering::Relaxed);
        let left = self.end.load(Ordering::Relaxed).addr() - uncut.addr();
        let start = if uncut.is_null() || left < len { self.refill()? } else { uncut };
        self.uncut.store(start.wrapping_add(len), Ordering::Release);
        NonNull::new(start.cast())
    }

    /// What was left of the old chunk is too short for this class and is not used again.
    fn refill(&self) -> Option<*mut u8> {
        let chunk = mapping::pages(CHUNK, Kept::OverForks).ok()?.as_ptr();
        // In this order a fork at any moment finds either no chunk or a whole one.
        self.uncut.store(null_mut(), Ordering::Release);
        self.end.store(chunk.wrapping_add(CHUNK), Ordering::Release);
        self.uncut.store(chunk, Ordering::Release);
        Some(chunk)
    }
}

/// The class of a block of `len` bytes, header included; `len` is at most [`LARGEST`].
fn class(len: usize) -> usize {
    let len = len.max(SMALLEST);
    let power = len.ilog2();
    let above = power - SMALLEST.ilog2();
    let over = len - (1 << power);
    let half = 1 << (power - 1);
    2 * above as usize + usize::from(over > 0) + usize::from(over > half)
}

/// The bytes of a class, header included.
fn length(class: usize) -> usize {
    let power = SMALLEST << (class / 2);
    if class.is_multiple_of(2) { power } else { power + power / 2 }
}

/// A shard for this thread: threads have stacks apart.
fn nearest() -> usize {
    let here = 0_u8;
    let part = (&raw const here).addr() >> 20;
    (part.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % SHARDS
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

impl Heap {
    /// A heap without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            shards: [const { Shard(UnsafeCell::new(State::new())) }; SHARDS],
            locks: AtomicPtr::new(null_mut()),
        }
    }

    /// A block of `size` bytes, aligned to 16; what is in it is undefined. `None` when there is no memory.
    pub fn allocate(&self, size: usize) -> Option<NonNull<u8>> {
        let len = size.checked_add(HEADER)?;
        let (header, place) = if len <= LARGEST {
            let (shard, class) = (nearest(), class(len));
            let header = self.within(shard, |state| state.take(class))??;
            (header, u32::try_from(shard * CLASSES + class).ok()?)
        } else {
            (mapping::pages(len, Kept::OverForks).ok()?.cast::<Header>(), ALONE)
        };
        let word = AtomicPtr::new(std::ptr::without_provenance_mut(size));
        // SAFETY: the block is this call's, at least HEADER bytes long, and aligned.
        unsafe { header.write(Header { word, state: AtomicU32::new(IN_USE), place }) };
        NonNull::new(header.as_ptr().cast::<u8>().wrapping_add(HEADER))
    }

    /// The length that a block was asked for.
    ///
    /// # Safety
    /// The block came from [`Heap::allocate`] and was not freed.
    #[must_use]
    pub unsafe fn size(&self, block: NonNull<u8>) -> usize {
        let header = block.as_ptr().wrapping_sub(HEADER).cast::<Header>();
        // SAFETY: every block of this heap has its header there.
        unsafe { &*header }.word.load(Ordering::Relaxed).addr()
    }

    /// Wipes a block and takes it back. One that was freed already is left alone, and in a build with debug assertions
    /// ends the process.
    ///
    /// # Safety
    /// The block came from [`Heap::allocate`] and nobody uses it any more.
    pub unsafe fn free(&self, block: NonNull<u8>) {
        let header = block.as_ptr().wrapping_sub(HEADER).cast::<Header>();
        // SAFETY: every block of this heap has its header there.
        let Header { word, state, place } = unsafe { &*header };
        let was_in_use = state.compare_exchange(IN_USE, FREE, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        debug_assert!(was_in_use, "a block is freed that is not in use");
        if !was_in_use {
            return;
        }
        let size = word.load(Ordering::Relaxed).addr();
        // SAFETY: as long as it was asked for, and given up by the caller.
        unsafe { wipe(block, size) };
        let Some(header) = NonNull::new(header) else { return };
        if *place == ALONE {
            // SAFETY: the header begins the mapping, which nobody uses any more.
            unsafe { mapping::give_back(header.cast(), size + HEADER) };
            return;
        }
        let place = *place as usize;
        self.within(place / CLASSES, |state| state.give(place % CLASSES, header));
    }

    /// Runs `body` over a shard, under its lock. `None` when there is no memory for locks.
    fn within<R>(&self, shard: usize, body: impl FnOnce(&State) -> R) -> Option<R> {
        let lock = mapping::FutexLock::of(self.lock_page()?.as_ptr().wrapping_add(shard * LINE).cast())?;
        let state = self.shards.get(shard)?;
        lock.lock();
        // SAFETY: the shard's lock is held, also in a forked child, where the others' holds are gone with them.
        let answer = body(unsafe { &*state.0.get() });
        lock.unlock();
        Some(answer)
    }

    fn lock_page(&self) -> Option<NonNull<u8>> {
        if let Some(page) = NonNull::new(self.locks.load(Ordering::Acquire)) {
            return Some(page);
        }
        self.make_lock_page()
    }

    #[cold]
    fn make_lock_page(&self) -> Option<NonNull<u8>> {
        let page = mapping::pages(SHARDS * LINE, Kept::WipedByForks).ok()?;
        match self.locks.compare_exchange(null_mut(), page.as_ptr(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Some(page),
            Err(earlier) => {
                // SAFETY: made above and told to nobody.
                unsafe { mapping::give_back(page, SHARDS * LINE) };
                NonNull::new(earlier)
            }
        }
    }
}

/// Writes zeros that no compiler leaves out.
///
/// # Safety
/// `len` bytes at `block` are writable and nobody else uses them.
unsafe fn wipe(block: NonNull<u8>, len: usize) {
    // SAFETY: as promised to this function.
    unsafe { block.write_bytes(0, len) };
    // SAFETY: no instruction at all, of which the compiler must believe that it reads the zeros.
    unsafe {
        std::arch::asm!("/* {0} */", in(reg) block.as_ptr(), options(nostack, preserves_flags, readonly))
    };
}

#[cfg(test)]
mod tests;
