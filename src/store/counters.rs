//! Counters of PIN trials in a file, a record a person.
//!
//! The file grows by blocks of 64 records, written full of zeros and synced before the first record of the block
//! is used: counting needs no space afterwards, so that a full disk locks nobody out. Locks lie on bytes far behind
//! the records, each on a descriptor of its own, noted in the fork gate.
//!
//! A trial's lock is held over a key derivation of 150 ms, and nobody's fork waits for it: neither holding nor
//! waiting happens inside the gate, and a child closes what it inherits ([`crate::gate`]).

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::place::{COUNTER_COPY, CounterCopies, CounterWrite, Counters, Held, Hold};
use pkcs11::{Error, Result};

use crate::gate::ForkGate;
use crate::lock::{Kind, LockFile, Patience};
use crate::permissions::Permissions;
use crate::reason;

/// The file in a token's folder.
pub(crate) const FILE: &str = "counters";

/// Bytes of a record: its two copies.
const RECORD: u64 = 2 * COUNTER_COPY as u64;
/// Bytes by which the file grows: 64 records.
const BLOCK_BYTES: usize = 64 * 2 * COUNTER_COPY;
const BLOCK: u64 = BLOCK_BYTES as u64;
/// Records by which the file grows.
const BLOCK_RECORDS: u64 = BLOCK / RECORD;
/// Records at most: 16 MiB of them. A larger number cannot be one that the engine gave.
const RECORDS: u32 = 65_536;

/// The byte under whose lock the file grows.
const GROWTH: i64 = 1 << 40;
/// The byte of administration.
const ADMINISTRATION: i64 = GROWTH + 1;
/// The first byte of the locks of record 0.
const FIRST: i64 = GROWTH + 16;

/// Trials and administration may derive keys under their locks, many after one another: they are waited for this
/// many times as long as writers are.
const PATIENCE: u32 = 6;

/// The lock bytes of a record.
struct Bytes {
    /// Held while the record is read and written.
    short: i64,
    /// Held while a PIN is tried.
    trial: i64,
    /// Passed on the way to the trial byte. Whoever wants that one alone stands here while he waits for those in
    /// flight, so that newcomers stay behind him.
    door: i64,
}

impl Bytes {
    fn of(record: u32) -> Self {
        let first = FIRST + 4 * i64::from(record);
        Self { short: first, trial: first + 1, door: first + 2 }
    }
}

/// Counters in a file.
pub(crate) struct FileCounters {
    gate: Arc<ForkGate>,
    path: PathBuf,
    busy_wait: Duration,
}

impl FileCounters {
    /// Makes the file with its first block, durable but for its name, unless it is there.
    ///
    /// # Errors
    /// [`Error::StoreReadOnly`], [`Error::StoreFull`], [`Error::StoreIo`].
    pub(crate) fn make(gate: &Arc<ForkGate>, folder: &Path, permissions: Permissions) -> Result<()> {
        let path = folder.join(FILE);
        let file = LockFile::open_or_make(gate, &path, permissions)?;
        grow(&file, 0, &Patience::new(Duration::ZERO))
    }

    /// Counters in the file of a token's folder. Opens nothing yet.
    pub(crate) fn new(gate: &Arc<ForkGate>, folder: &Path, busy_wait: Duration) -> Self {
        Self { gate: Arc::clone(gate), path: folder.join(FILE), busy_wait }
    }

    fn trial_patience(&self) -> Patience {
        Patience::new(self.busy_wait.saturating_mul(PATIENCE))
    }
}

/// Refuses a number of a record that nobody gave.
fn check(record: u32) -> Result<()> {
    if record < RECORDS { Ok(()) } else { Err(Error::Bug("a counter record beyond the last")) }
}

/// Makes sure that the block of a record is in the file.
fn grow(file: &LockFile, record: u32, patience: &Patience) -> Result<()> {
    let needed = (u64::from(record) / BLOCK_RECORDS + 1) * BLOCK;
    let failed = |error: std::io::Error| reason::writing(file.path(), &error);
    if file.file()?.metadata().map_err(failed)?.len() >= needed {
        return Ok(());
    }
    file.lock(GROWTH..GROWTH + 1, Kind::Exclusive, patience)?;
    let present = file.file()?.metadata().map_err(failed)?.len();
    let mut start = present;
    while start < needed {
        // Zeros that are written, not a hole or an extent that is only promised.
        let zeros = [0; BLOCK_BYTES];
        let missing = usize::try_from((needed - start).min(BLOCK)).unwrap_or(zeros.len());
        let zeros = zeros.get(..missing).unwrap_or(&zeros);
        file.file()?.write_all_at(zeros, start).map_err(failed)?;
        start += zeros.len() as u64;
    }
    file.file()?.sync_all().map_err(failed)?;
    file.unlock(GROWTH..GROWTH + 1)
}

/// Reads both copies; what lies behind the end of the file is zero.
fn read(file: &LockFile, record: u32) -> Result<CounterCopies> {
    let mut copies = [[0; COUNTER_COPY]; 2];
    let start = u64::from(record) * RECORD;
    for (copy, at) in copies.iter_mut().zip([start, start + COUNTER_COPY as u64]) {
        let mut filled = 0;
        while let Some(rest) = copy.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = file.file()?.read_at(rest, at + filled as u64);
            match read.map_err(|error| reason::reading(file.path(), &error))? {
                0 => break,
                read => filled += read,
            }
        }
    }
    Ok(copies)
}

impl Counters for FileCounters {
    fn hold(&self, record: u32, hold: Hold) -> Result<Box<dyn Held>> {
        check(record)?;
        let kind = match hold {
            Hold::Shared => Kind::Shared,
            Hold::Exclusive => Kind::Exclusive,
        };
        let file = match LockFile::open(&self.gate, &self.path) {
            Err(Error::StoreReadOnly(_)) if kind == Kind::Shared => {
                LockFile::open_to_read(&self.gate, &self.path)?
            }
            outcome => outcome?,
        };
        let patience = self.trial_patience();
        let Bytes { trial, door, .. } = Bytes::of(record);
        file.lock(door..door + 1, kind, &patience)?;
        file.lock(trial..trial + 1, kind, &patience)?;
        file.unlock(door..door + 1)?;
        Ok(Box::new(file))
    }

    fn update(
        &self,
        record: u32,
        change: &mut dyn FnMut(&CounterCopies) -> Result<CounterWrite>,
    ) -> Result<()> {
        check(record)?;
        let (file, kind) = match LockFile::open(&self.gate, &self.path) {
            Err(Error::StoreReadOnly(_)) => (LockFile::open_to_read(&self.gate, &self.path)?, Kind::Shared),
            outcome => (outcome?, Kind::Exclusive),
        };
        let patience = Patience::new(self.busy_wait);
        let Bytes { short, .. } = Bytes::of(record);
        file.lock(short..short + 1, kind, &patience)?;
        let Some((copy, bytes)) = change(&read(&file, record)?)? else { return Ok(()) };
        if kind == Kind::Shared {
            return Err(Error::StoreReadOnly(self.path.clone()));
        }
        if copy > 1 {
            return Err(Error::Bug("a counter record has two copies"));
        }
        grow(&file, record, &patience)?;
        let failed = |error: std::io::Error| reason::writing(file.path(), &error);
        let at = u64::from(record) * RECORD + (copy * COUNTER_COPY) as u64;
        file.file()?.write_all_at(&bytes, at).map_err(failed)?;
        file.file()?.sync_data().map_err(failed)
    }

    fn hold_administration(&self) -> Result<Box<dyn Held>> {
        let file = LockFile::open(&self.gate, &self.path)?;
        file.lock(ADMINISTRATION..ADMINISTRATION + 1, Kind::Exclusive, &self.trial_patience())?;
        Ok(Box::new(file))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::child;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(2);

    struct Bench {
        folder: tempfile::TempDir,
        gate: Arc<ForkGate>,
    }

    impl Bench {
        fn new() -> Self {
            let bench = Self { folder: tempfile::tempdir().unwrap(), gate: ForkGate::new() };
            FileCounters::make(&bench.gate, bench.folder.path(), Permissions::Private).unwrap();
            bench
        }

        fn counters(&self, wait: Duration) -> FileCounters {
            FileCounters::new(&self.gate, self.folder.path(), wait)
        }

        fn size(&self) -> u64 {
            fs::metadata(self.folder.path().join(FILE)).unwrap().len()
        }
    }

    fn copies(counters: &FileCounters, record: u32) -> CounterCopies {
        let mut seen = [[1; COUNTER_COPY]; 2];
        let mut look = |copies: &CounterCopies| {
            seen = *copies;
            Ok(None)
        };
        counters.update(record, &mut look).unwrap();
        seen
    }

    #[test]
    fn a_record_is_zero_until_a_copy_of_it_is_written() {
        let bench = Bench::new();
        let counters = bench.counters(LONG);
        assert_eq!(copies(&counters, 5), [[0; COUNTER_COPY]; 2]);
        counters.update(5, &mut |_| Ok(Some((1, [7; COUNTER_COPY])))).unwrap();
        counters.update(6, &mut |_| Ok(Some((0, [8; COUNTER_COPY])))).unwrap();
        let again = bench.counters(LONG);
        assert_eq!(copies(&again, 5), [[0; COUNTER_COPY], [7; COUNTER_COPY]]);
        assert_eq!(copies(&again, 6), [[8; COUNTER_COPY], [0; COUNTER_COPY]]);
        assert_eq!(copies(&again, 4), [[0; COUNTER_COPY]; 2]);
    }

    #[test]
    fn only_the_first_record_of_a_block_grows_the_file() {
        let bench = Bench::new();
        let counters = bench.counters(LONG);
        let write = |record| counters.update(record, &mut |_| Ok(Some((0, [1; COUNTER_COPY])))).unwrap();
        assert_eq!(bench.size(), BLOCK);
        write(63);
        assert_eq!(bench.size(), BLOCK);
        copies(&counters, 64);
        assert_eq!(bench.size(), BLOCK);
        write(64);
        assert_eq!(bench.size(), 2 * BLOCK);
        write(400);
        assert_eq!(bench.size(), 7 * BLOCK);
        assert_eq!(copies(&counters, 63)[0], [1; COUNTER_COPY]);
        assert!(matches!(counters.update(RECORDS, &mut |_| Ok(None)), Err(Error::Bug(_))));
    }

    #[test]
    fn a_change_that_is_refused_writes_nothing_and_gives_the_lock_back() {
        let bench = Bench::new();
        let counters = bench.counters(SHORT);
        assert_eq!(counters.update(0, &mut |_| Err(Error::PinLocked)), Err(Error::PinLocked));
        assert!(matches!(counters.update(0, &mut |_| Ok(Some((2, [1; COUNTER_COPY])))), Err(Error::Bug(_))));
        assert_eq!(copies(&counters, 0), [[0; COUNTER_COPY]; 2]);
    }

    #[test]
    fn updates_of_a_record_exclude_each_other() {
        let bench = Bench::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let counters = bench.counters(LONG);
                    for _ in 0..25 {
                        let count = &mut |copies: &CounterCopies| {
                            let mut copy = copies[0];
                            copy[0] += 1;
                            Ok(Some((0, copy)))
                        };
                        counters.update(3, count).unwrap();
                    }
                });
            }
        });
        assert_eq!(copies(&bench.counters(LONG), 3)[0][0], 100);
    }

    #[test]
    fn trials_stand_beside_each_other_and_wait_for_whoever_is_alone() {
        let bench = Bench::new();
        let (patient, hasty) = (bench.counters(LONG), bench.counters(SHORT));
        let one = patient.hold(1, Hold::Shared).unwrap();
        let two = hasty.hold(1, Hold::Shared).unwrap();
        assert!(matches!(hasty.hold(1, Hold::Exclusive), Err(Error::StoreBusy(_))));
        hasty.hold(2, Hold::Exclusive).unwrap();
        hasty.hold_administration().unwrap();
        hasty.update(1, &mut |_| Ok(Some((0, [1; COUNTER_COPY])))).unwrap();
        drop((one, two));
        let alone = hasty.hold(1, Hold::Exclusive).unwrap();
        assert!(matches!(hasty.hold(1, Hold::Shared), Err(Error::StoreBusy(_))));
        drop(alone);
        hasty.hold(1, Hold::Shared).unwrap();
    }

    #[test]
    fn whoever_waits_to_be_alone_comes_before_newcomers() {
        let bench = Bench::new();
        let order = AtomicUsize::new(0);
        let in_flight = bench.counters(LONG).hold(1, Hold::Shared).unwrap();
        let door = Bytes::of(1).door;
        let probe = LockFile::open(&bench.gate, &bench.folder.path().join(FILE)).unwrap();
        std::thread::scope(|scope| {
            let alone = scope.spawn(|| {
                let held = bench.counters(LONG).hold(1, Hold::Exclusive).unwrap();
                let place = order.fetch_add(1, Ordering::SeqCst);
                drop(held);
                place
            });
            while !probe.is_held_by_another(door..door + 1).unwrap() {
                std::thread::yield_now();
            }
            let newcomer = scope.spawn(|| {
                let _held = bench.counters(LONG).hold(1, Hold::Shared).unwrap();
                order.fetch_add(1, Ordering::SeqCst)
            });
            drop(in_flight);
            assert_eq!(alone.join().unwrap(), 0);
            assert_eq!(newcomer.join().unwrap(), 1);
        });
    }

    #[test]
    fn administration_is_one_at_a_time() {
        let bench = Bench::new();
        let hasty = bench.counters(SHORT);
        let held = hasty.hold_administration().unwrap();
        assert!(matches!(hasty.hold_administration(), Err(Error::StoreBusy(_))));
        drop(held);
        hasty.hold_administration().unwrap();
    }

    #[test]
    fn counters_that_are_gone_are_damage() {
        let bench = Bench::new();
        fs::remove_file(bench.folder.path().join(FILE)).unwrap();
        let outcome = bench.counters(LONG).update(0, &mut |_| Ok(None));
        assert!(matches!(outcome, Err(Error::StoreDamaged { .. })));
    }

    #[test]
    #[ignore = "started by its neighbour as a process of its own"]
    fn a_process_that_holds_everything() {
        let Some(folder) = child::argument() else { return };
        let counters = FileCounters::new(&ForkGate::new(), Path::new(&folder), LONG);
        let _alone = counters.hold(1, Hold::Exclusive).unwrap();
        let _administration = counters.hold_administration().unwrap();
        let stay = &mut |_: &CounterCopies| {
            child::answer("holding");
            child::wait();
            Ok(None)
        };
        counters.update(1, stay).unwrap();
    }

    #[test]
    fn a_killed_process_gives_all_its_locks_back() {
        let bench = Bench::new();
        let role = "counters::tests::a_process_that_holds_everything";
        let mut process = child::start(role, bench.folder.path().to_str().unwrap());
        assert_eq!(process.hear(), "holding");
        let hasty = bench.counters(SHORT);
        assert!(matches!(hasty.hold(1, Hold::Shared), Err(Error::StoreBusy(_))));
        assert!(matches!(hasty.hold_administration(), Err(Error::StoreBusy(_))));
        assert!(matches!(hasty.update(1, &mut |_| Ok(None)), Err(Error::StoreBusy(_))));
        process.kill();
        let patient = bench.counters(LONG);
        patient.hold(1, Hold::Exclusive).unwrap();
        patient.hold_administration().unwrap();
        patient.update(1, &mut |_| Ok(None)).unwrap();
    }
}
