use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use super::*;

fn bytes(block: NonNull<u8>, len: usize) -> &'static mut [u8] {
    // SAFETY: a block of the test's own, as long as it asked for.
    unsafe { std::slice::from_raw_parts_mut(block.as_ptr(), len) }
}

fn free(heap: &Heap, block: NonNull<u8>) {
    // SAFETY: each test frees its blocks once, unless it says otherwise.
    unsafe { heap.free(block) };
}

fn size(heap: &Heap, block: NonNull<u8>) -> usize {
    // SAFETY: asked of blocks in use.
    unsafe { heap.size(block) }
}

#[test]
fn every_length_has_a_class_that_holds_it_and_is_not_twice_as_long() {
    for len in HEADER..=LARGEST {
        let class = class(len);
        assert!(class < CLASSES && length(class) >= len, "{len} in {class}");
        assert!(length(class) <= (len * 3 / 2).max(SMALLEST), "{len} in {class} of {}", length(class));
        assert!(class == 0 || length(class - 1) < len, "{len} in {class}, though the one below holds it");
    }
    assert_eq!(length(CLASSES - 1), LARGEST);
}

#[test]
fn blocks_of_every_length_are_whole_and_apart() {
    let heap = Heap::new();
    let lens = (0..200).chain([4080, 4081, LARGEST - HEADER, LARGEST - HEADER + 1, 3 << 20]);
    let blocks: Vec<_> = lens.map(|len| (heap.allocate(len).unwrap(), len)).collect();
    for (mark, (block, len)) in (0_u8..).zip(&blocks) {
        assert_eq!((size(&heap, *block), block.addr().get() % 16), (*len, 0));
        bytes(*block, *len).fill(mark);
    }
    for (mark, (block, len)) in (0_u8..).zip(&blocks) {
        assert!(bytes(*block, *len).iter().all(|byte| *byte == mark), "{len} bytes");
        free(&heap, *block);
    }
}

#[test]
fn what_is_freed_is_wiped_and_used_again() {
    let heap = Heap::new();
    let block = heap.allocate(100).unwrap();
    bytes(block, 100).fill(0xa5);
    free(&heap, block);
    assert_eq!(bytes(block, 100), [0; 100]);
    assert_eq!(heap.allocate(100), Some(block), "the newest free block of the class");
}

#[test]
fn an_impossible_length_is_no_memory() {
    let heap = Heap::new();
    for len in [usize::MAX, usize::MAX - HEADER, usize::MAX / 2] {
        assert_eq!(heap.allocate(len), None);
    }
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "freed that is not in use"))]
fn a_block_is_not_freed_twice() {
    let heap = Heap::new();
    let block = heap.allocate(40).unwrap();
    free(&heap, block);
    free(&heap, block);
    // Without assertions the second is left alone: the block is in the list once.
    assert_ne!(heap.allocate(40).unwrap(), heap.allocate(40).unwrap());
}

/// What the kernel says of the mapping that a block lies in.
fn flags(block: NonNull<u8>) -> String {
    let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let number = |text: &str| usize::from_str_radix(text, 16).ok();
    let mut inside = false;
    for line in smaps.lines() {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        if let Some((Some(start), Some(end))) = range.map(|(start, end)| (number(start), number(end))) {
            inside = (start..end).contains(&block.addr().get());
        }
        if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
            return flags.to_owned();
        }
    }
    panic!("no mapping holds the block");
}

#[test]
fn no_block_shows_in_a_core_dump_and_none_is_wiped_by_a_fork() {
    let heap = Heap::new();
    for len in [16, 4000, LARGEST, 3 << 20] {
        let flags = flags(heap.allocate(len).unwrap());
        assert!(flags.contains(" dd"), "{len}: {flags}");
        assert!(!flags.contains(" wf"), "{len}: {flags}");
    }
    let locks = flags(heap.lock_page().unwrap());
    assert!(locks.contains(" wf"), "{locks}");
}

/// How much of its chunks a heap has cut, in bytes of its present chunks; and how many shards have one.
fn chunks(heap: &Heap) -> Vec<usize> {
    let ends = heap.shards.iter().map(|shard| {
        // SAFETY: asked while no other thread uses the heap.
        unsafe { &*shard.0.get() }.end.load(Ordering::Relaxed).addr()
    });
    ends.filter(|end| *end != 0).collect()
}

/// A block that another thread frees goes back to where it came from, so that the maker finds it again.
#[test]
fn blocks_that_go_from_thread_to_thread_do_not_make_the_heap_grow() {
    let heap = Heap::new();
    let turn = || {
        let blocks: Vec<_> =
            (0..100).map(|_| heap.allocate(5000).unwrap().expose_provenance().get()).collect();
        let given_away = || {
            for block in blocks {
                free(&heap, NonNull::new(std::ptr::with_exposed_provenance_mut(block)).unwrap());
            }
        };
        thread::scope(|scope| scope.spawn(given_away).join().unwrap());
    };
    turn();
    let before = chunks(&heap);
    (0..50).for_each(|_| turn());
    assert_eq!(chunks(&heap), before);
    assert!(!before.is_empty());
}

#[test]
fn threads_that_come_and_go_do_not_make_the_heap_grow_for_ever() {
    let heap = Heap::new();
    for _ in 0..300 {
        let lives = || {
            let blocks: Vec<_> = (0..100).map(|_| heap.allocate(5000).unwrap()).collect();
            blocks.into_iter().for_each(|block| free(&heap, block));
        };
        thread::scope(|scope| scope.spawn(lives).join().unwrap());
    }
    // 300 times 500 kB would be 143 chunks; a shard that is used holds one.
    assert!((1..=SHARDS).contains(&chunks(&heap).len()));
    let cut: usize = heap
        .shards
        .iter()
        .map(|shard| {
            // SAFETY: the threads are gone.
            let state = unsafe { &*shard.0.get() };
            let end = state.end.load(Ordering::Relaxed).addr();
            if end == 0 { 0 } else { CHUNK - (end - state.uncut.load(Ordering::Relaxed).addr()) }
        })
        .sum();
    assert!(cut <= SHARDS * CHUNK);
    assert_eq!(cut % 6144, 0, "blocks of one class alone");
    assert_eq!(cut / 6144 % 100, 0, "each shard in use cut the hundred that a thread holds, once");
}

#[test]
fn threads_that_meet_on_one_lock_wait_for_one_another() {
    let heap = Heap::new();
    let inside = AtomicUsize::new(0);
    let place = heap.lock_page().unwrap().expose_provenance().get();
    let meets = || {
        let lock = mapping::FutexLock::of(std::ptr::with_exposed_provenance_mut(place)).unwrap();
        for _ in 0..2000 {
            lock.lock();
            assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::Relaxed);
            lock.unlock();
        }
    };
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(meets))));
    assert_eq!(inside.into_inner(), 0);
}

/// What a child does: blocks of many classes, from the lists that it inherited.
fn child_allocates(heap: &Heap, kept: NonNull<u8>) -> bool {
    let whole = bytes(kept, 64).iter().all(|byte| *byte == 0x5a);
    let blocks: Vec<_> = (0..64).map_while(|index| heap.allocate(index * 40)).collect();
    let all = blocks.len() == 64;
    blocks.into_iter().for_each(|block| free(heap, block));
    whole && all
}

/// The exit status of a child that uses the heap.
fn forked(heap: &Heap, kept: NonNull<u8>) -> i32 {
    // SAFETY: the child calls this heap, which is made for it, and the Rust heap, which glibc keeps usable.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: a timer that ends a child that hangs.
        unsafe { libc::alarm(30) };
        let status = i32::from(!child_allocates(heap, kept));
        // SAFETY: ends the child without a handler.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: waits for the child made above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

#[test]
fn a_child_allocates_though_threads_were_inside_when_its_parent_forked() {
    let heap = Heap::new();
    let kept = heap.allocate(64).unwrap();
    bytes(kept, 64).fill(0x5a);
    let over = AtomicBool::new(false);
    let busy = || {
        while !over.load(Ordering::Relaxed) {
            let blocks: Vec<_> = (0..50).map(|index| heap.allocate(index * 20).unwrap()).collect();
            // SAFETY: used by this thread alone, which made them.
            blocks.into_iter().for_each(|block| unsafe { heap.free(block) });
        }
    };
    let statuses = thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(busy)));
        // Every lock in turn is held by somebody when the process forks; the child has nobody who would release it.
        let statuses: Vec<i32> = (0..4 * SHARDS)
            .map(|turn| {
                let place = heap.lock_page().unwrap().as_ptr().wrapping_add(turn % SHARDS * LINE);
                let held = mapping::FutexLock::of(place.cast()).unwrap();
                held.lock();
                let status = forked(&heap, kept);
                held.unlock();
                status
            })
            .collect();
        over.store(true, Ordering::Relaxed);
        statuses
    });
    assert_eq!(statuses, [0; 4 * SHARDS]);
}
