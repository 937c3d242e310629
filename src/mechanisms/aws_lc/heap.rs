//! AWS-LC's heap: its four weak hooks, defined here and hidden, so that a host that defines functions of these names
//! does not come to own the memory of our keys.
//!
//! Every block starts with its length in a header of its own; freeing wipes the whole block.

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::c_void;
use std::ptr::null_mut;

use zeroize::Zeroize;

/// Bytes before each block: its length, padded so that blocks are aligned for every C type.
const HEADER: usize = 16;

std::arch::global_asm!(
    ".hidden OPENSSL_memory_alloc",
    ".hidden OPENSSL_memory_free",
    ".hidden OPENSSL_memory_get_size",
    ".hidden OPENSSL_memory_realloc",
);

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, HEADER).ok()
}

/// `size` bytes, or null.
#[unsafe(no_mangle)]
extern "C" fn OPENSSL_memory_alloc(size: usize) -> *mut c_void {
    let Some(layout) = layout(size) else { return null_mut() };
    // SAFETY: the layout holds at least the header, so its size is not zero.
    let block = unsafe { alloc(layout) };
    if block.is_null() {
        return null_mut();
    }
    // SAFETY: the block is HEADER bytes or longer and aligned for a usize.
    unsafe { block.cast::<usize>().write(size) };
    block.wrapping_add(HEADER).cast()
}

/// Length that a block was asked for.
///
/// # Safety
/// `pointer` came from [`OPENSSL_memory_alloc`] or [`OPENSSL_memory_realloc`] and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn OPENSSL_memory_get_size(pointer: *mut c_void) -> usize {
    if pointer.is_null() {
        return 0;
    }
    let header = pointer.cast::<u8>().wrapping_sub(HEADER).cast::<usize>();
    // SAFETY: the header was written when the block was made.
    unsafe { header.read() }
}

/// Wipes a block and gives it back.
///
/// # Safety
/// As [`OPENSSL_memory_get_size`], or null.
#[unsafe(no_mangle)]
unsafe extern "C" fn OPENSSL_memory_free(pointer: *mut c_void) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: the caller's promise.
    let size = unsafe { OPENSSL_memory_get_size(pointer) };
    let Some(layout) = layout(size) else { return };
    // SAFETY: the block is `size` bytes long and, being freed, nobody else uses it.
    unsafe { std::slice::from_raw_parts_mut(pointer.cast::<u8>(), size) }.zeroize();
    // SAFETY: made by `alloc` with this same layout, HEADER bytes before what was handed out.
    unsafe { dealloc(pointer.cast::<u8>().wrapping_sub(HEADER), layout) };
}

/// A block of `size` bytes that starts like `pointer`'s, which is wiped and freed; null leaves it as it is.
///
/// # Safety
/// As [`OPENSSL_memory_free`].
#[unsafe(no_mangle)]
unsafe extern "C" fn OPENSSL_memory_realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
    let new = OPENSSL_memory_alloc(size);
    if new.is_null() || pointer.is_null() {
        return new;
    }
    // SAFETY: the caller's promise.
    let old_size = unsafe { OPENSSL_memory_get_size(pointer) };
    // SAFETY: both blocks are at least this long, and a new block overlaps no other.
    unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), new.cast::<u8>(), old_size.min(size)) };
    // SAFETY: the caller's promise.
    unsafe { OPENSSL_memory_free(pointer) };
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_sys as c;

    #[test]
    fn the_library_allocates_through_these_hooks() {
        // SAFETY: a plain allocation, freed below.
        let block = unsafe { c::OPENSSL_malloc(1000) };
        // SAFETY: had the block another origin, its header would not hold this length.
        assert_eq!(unsafe { OPENSSL_memory_get_size(block) }, 1000);
        // SAFETY: allocated above.
        let longer = unsafe { c::OPENSSL_realloc(block, 5000) };
        // SAFETY: reallocated above.
        assert_eq!(unsafe { OPENSSL_memory_get_size(longer) }, 5000);
        // SAFETY: allocated above and not used again.
        unsafe { c::OPENSSL_free(longer) };
    }

    #[test]
    fn an_impossible_length_is_no_memory() {
        assert!(OPENSSL_memory_alloc(usize::MAX).is_null());
    }
}
