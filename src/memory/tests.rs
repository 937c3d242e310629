use super::*;

/// What the system notes about the mapping that holds an address: the `VmFlags` of `/proc/self/smaps`.
fn flags_at(address: usize) -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let mut inside = false;
    for line in maps.lines() {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        if let Some((Ok(from), Ok(to))) =
            range.map(|(from, to)| (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)))
        {
            inside = (from..to).contains(&address);
        }
        if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
            return flags.split_whitespace().map(str::to_owned).collect();
        }
    }
    panic!("no mapping at {address:#x}");
}

fn has(address: usize, flag: &str) -> bool {
    flags_at(address).iter().any(|found| found == flag)
}

#[test]
fn pages_come_zeroed_and_hold_what_is_written() {
    let arena = Arena::new();
    for len in [0, 1, 48, 64, 65, 1024, 1025, 100_000] {
        let mut pages = arena.pages(len).unwrap();
        assert_eq!(pages.bytes(), vec![0; len]);
        pages.bytes_mut().fill(0xa5);
        assert_eq!(pages.bytes(), vec![0xa5; len]);
    }
}

#[test]
fn pages_are_kept_out_of_dumps_and_wiped_on_fork() {
    for pages in [Arena::new().pages(32).unwrap(), Pages::new(10_000).unwrap()] {
        let address = pages.bytes().as_ptr().addr();
        assert!(has(address, "dd"), "MADV_DONTDUMP");
        assert!(has(address, "wf"), "MADV_WIPEONFORK");
    }
}

#[test]
fn small_regions_share_a_page_and_never_a_byte() {
    let arena = Arena::new();
    let mut regions: Vec<Pages> = (0..200).map(|i| arena.pages(1 + i % 300).unwrap()).collect();
    for (i, region) in regions.iter_mut().enumerate() {
        region.bytes_mut().fill(u8::try_from(i).unwrap());
    }
    for (i, region) in regions.iter().enumerate() {
        assert!(region.bytes().iter().all(|byte| usize::from(*byte) == i));
    }
    let pages = arena.shared.lock().unwrap().len();
    assert!(pages < 20, "{pages} pages for 200 small regions");
}

#[test]
fn a_dropped_region_leaves_zeros_to_the_next() {
    let arena = Arena::new();
    let keeps_the_page = arena.pages(1).unwrap();
    let mut first = arena.pages(64).unwrap();
    let address = first.bytes().as_ptr();
    first.bytes_mut().fill(7);
    drop(first);
    let next = arena.pages(64).unwrap();
    assert_eq!(next.bytes().as_ptr(), address);
    assert_eq!(next.bytes(), [0; 64]);
    assert_eq!(keeps_the_page.bytes(), [0]);
}

#[test]
fn threads_take_and_return_regions_at_once() {
    let arena = Arena::new();
    std::thread::scope(|scope| {
        for mark in 1..5 {
            let arena = &arena;
            scope.spawn(move || {
                for len in 1..300 {
                    let mut region = arena.pages(len).unwrap();
                    assert!(region.bytes().iter().all(|byte| *byte == 0));
                    region.bytes_mut().fill(mark);
                    assert!(region.bytes().iter().all(|byte| *byte == mark));
                }
            });
        }
    });
    assert!(arena.shared.lock().unwrap().iter().all(|page| page.used.load(Ordering::Relaxed) == 0));
}

#[test]
fn a_forked_child_reads_zeros() {
    let mut pages = Pages::new(32).unwrap();
    pages.bytes_mut().fill(0x5a);
    // SAFETY: the child calls nothing but _exit.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let wiped = pages.bytes().iter().all(|byte| *byte == 0);
        // SAFETY: ends the child at once, without running anything of the parent's.
        unsafe { libc::_exit(i32::from(!wiped)) };
    }
    let mut status = -1;
    // SAFETY: `status` is a valid place for the result.
    let waited = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((waited, status), (child, 0));
    assert_eq!(pages.bytes(), [0x5a; 32]);
}

#[test]
fn a_large_buffer_is_kept_out_of_dumps_until_the_guard_goes() {
    let mut buffer = vec![0u64; 100_000];
    let inside = buffer.as_ptr().addr() + 400_000;
    {
        let mut guarded = keep_out_of_dumps(&mut buffer);
        guarded[50_000] = 1;
        assert!(has(inside, "dd"));
    }
    assert!(!has(inside, "dd"));
    assert_eq!(buffer[50_000], 1);
}

#[test]
fn a_slice_without_a_whole_page_is_left_alone() {
    let mut small = [1u8, 2, 3];
    assert_eq!(&*keep_out_of_dumps(&mut small), [1, 2, 3]);
    assert!(keep_out_of_dumps(&mut [0u8; 0]).is_empty());
}

#[test]
fn a_program_with_its_callers_rights_is_not_executed_securely() {
    assert!(!secure_execution());
}
