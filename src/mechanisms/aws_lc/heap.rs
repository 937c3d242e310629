//! AWS-LC's heap: its four weak hooks, defined here and hidden, so that a host that defines functions of these names
//! does not come to own the memory of our keys.
//!
//! The heap behind them is [`memory::Heap`]: its pages are left out of core dumps, and freeing wipes the whole block.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use memory::Heap;

/// Undumpable, wiped when freed (docs/decisions/0022).
static HEAP: Heap = Heap::new();

std::arch::global_asm!(
    ".hidden OPENSSL_memory_alloc",
    ".hidden OPENSSL_memory_free",
    ".hidden OPENSSL_memory_get_size",
    ".hidden OPENSSL_memory_realloc",
);

/// `size` bytes, or null.
#[unsafe(no_mangle)]
extern "C" fn OPENSSL_memory_alloc(size: usize) -> *mut c_void {
    HEAP.allocate(size).map_or(null_mut(), |block| block.as_ptr().cast())
}

/// Length that a block was asked for.
///
/// # Safety
/// `pointer` came from [`OPENSSL_memory_alloc`] or [`OPENSSL_memory_realloc`] and was not freed.
#[unsafe(no_mangle)]
unsafe extern "C" fn OPENSSL_memory_get_size(pointer: *mut c_void) -> usize {
    let Some(block) = NonNull::new(pointer.cast::<u8>()) else { return 0 };
    // SAFETY: the caller's promise.
    unsafe { HEAP.size(block) }
}

/// Wipes a block and gives it back.
///
/// # Safety
/// As [`OPENSSL_memory_get_size`], or null.
#[unsafe(no_mangle)]
unsafe extern "C" fn OPENSSL_memory_free(pointer: *mut c_void) {
    let Some(block) = NonNull::new(pointer.cast::<u8>()) else { return };
    // SAFETY: the caller's promise.
    unsafe { HEAP.free(block) };
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
    use crate::lc as c;

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

    /// The address ranges of this process that can be read, and whether a core dump leaves them out.
    fn mappings() -> Vec<(u64, u64, bool)> {
        let mut found = Vec::new();
        let mut range = None;
        for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            let mut words = line.split_whitespace();
            let first = words.next().unwrap();
            let number = |text: &str| u64::from_str_radix(text, 16).ok();
            let ends = first.split_once('-').map(|(start, end)| (number(start), number(end)));
            if let Some((Some(start), Some(end))) = ends {
                let readable = words.next().is_some_and(|rights| rights.starts_with('r'));
                range = Some((start, end)).filter(|_| readable && !line.ends_with("[vvar]"));
            }
            if let (Some((start, end)), true) = (range, first == "VmFlags:") {
                found.push((start, end, words.any(|flag| flag == "dd")));
            }
        }
        found
    }

    /// A secret, kept so that looking for it does not put it into memory.
    struct Hidden(Vec<u8>);

    impl Hidden {
        const MASK: u8 = 0xa5;

        fn new(secret: &[u8]) -> Self {
            Self(secret.iter().map(|byte| byte ^ Self::MASK).collect())
        }

        fn is_in(&self, memory: &[u8]) -> bool {
            memory
                .windows(self.0.len())
                .any(|window| window.iter().zip(&self.0).all(|(byte, hidden)| byte ^ Self::MASK == *hidden))
        }
    }

    /// How often any of the secrets is in the memory that core dumps show, or in that which they leave out.
    fn times(secrets: &[Hidden], left_out: bool) -> usize {
        use std::os::unix::fs::FileExt as _;
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        let ranges = mappings().into_iter().filter(|(_, _, out)| *out == left_out);
        let mut times = 0;
        let mut page = vec![0; 4096 + 64];
        for (start, end, _) in ranges {
            for at in (start..end).step_by(4096) {
                // A guard page cannot be read; the next one is looked into where a secret may go on there.
                let len = page.len().min(usize::try_from(end - at).unwrap());
                let read = memory.read_at(&mut page[..len], at).unwrap_or(0);
                times += secrets.iter().filter(|secret| secret.is_in(&page[..read])).count();
                page.fill(0);
            }
        }
        times
    }

    #[test]
    fn a_parsed_key_is_nowhere_that_a_core_dump_shows() {
        use crate::aws_lc::rsa;
        let made = rsa::generate(2048, &[1, 0, 1]).unwrap();
        let mut secrets = Vec::new();
        for number in [&made.p, &made.q, &made.d] {
            let bytes = number.expose();
            // Numbers lie in memory from their lowest byte on, in AWS-LC's heap; from the highest where they came from.
            let lowest_first: Vec<u8> = bytes.iter().rev().copied().collect();
            secrets.extend([Hidden::new(&bytes[64..96]), Hidden::new(&lowest_first[32..64])]);
            drop(zeroize::Zeroizing::new(lowest_first));
        }
        let mut signature = [0; 256];
        let key = {
            let e = [1, 0, 1];
            let (n, d, p, q) = (made.n.expose(), made.d.expose(), made.p.expose(), made.q.expose());
            let (dp, dq, qinv) = (made.dp.expose(), made.dq.expose(), made.qinv.expose());
            rsa::PrivateKey::new(&rsa::Components { n, e: &e, d, p, q, dp, dq, qinv }).unwrap()
        };
        assert_ne!(times(&secrets, false), 0, "the search finds what lies in the ordinary heap");
        drop(made);
        key.sign_pkcs1(&[0x30; 51], &mut signature).unwrap();
        assert_eq!(times(&secrets, false), 0, "the key shows");
        assert_ne!(times(&secrets, true), 0, "the search finds the key where it is");
        drop(key);
        assert_eq!(times(&secrets, true), 0, "what was freed was not wiped");
    }
}
