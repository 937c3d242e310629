//! Limits of this process.

use nix::libc;
use nix::sys::resource::{Resource, setrlimit};

/// From this length on memory comes from the system and goes back to it: the allocator has none left over.
const FROM_THE_SYSTEM: i32 = 128 * 1024;

/// Lets the allocator keep nothing large for later. To be called before anything large was freed.
///
/// # Panics
/// When the allocator refuses.
pub fn keep_no_memory() {
    // SAFETY: it sets a number of the allocator's.
    let set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, FROM_THE_SYSTEM) };
    assert_eq!(set, 1, "mallopt");
}

/// Leaves this process `more` bytes of addresses beyond what it has, until the next call; `None` for all there are.
///
/// # Panics
/// When the system refuses.
pub fn leave_memory(more: Option<u64>) {
    limit(Resource::RLIMIT_AS, 0, more);
}

/// Leaves this process `more` bytes of data beyond what it has, until the next call; `None` for all there is.
///
/// A thread's allocator has addresses in reserve, and only data counts what it takes of them: while addresses are not
/// limited too (mprotect refuses what it could not have mapped).
///
/// # Panics
/// When the system refuses.
pub fn leave_data(more: Option<u64>) {
    limit(Resource::RLIMIT_DATA, 5, more);
}

/// Limits a resource to what is used of it, as a field of `/proc/self/statm` tells in pages, and `more` bytes.
fn limit(resource: Resource, field: usize, more: Option<u64>) {
    let sizes = std::fs::read_to_string("/proc/self/statm").expect("the process's sizes");
    let pages = sizes.split_whitespace().nth(field).and_then(|pages| pages.parse::<u64>().ok());
    let used = pages.expect("a number of pages") * 4096;
    let most = more.map_or(libc::RLIM_INFINITY, |more| used + more);
    setrlimit(resource, most, libc::RLIM_INFINITY).expect("a limit that may be set");
}
