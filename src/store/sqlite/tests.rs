use std::sync::mpsc;

use engine::store::{Header, Linker, RowKind, Rows, Shelf, Write};
use pkcs11::Error;

use super::*;
use crate::child;

const TOKEN: TokenId = TokenId([0x44; 16]);
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(5);

struct NoLinks;

impl Linker for NoLinks {
    fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
        Ok(Vec::new())
    }
}

fn row(id: u64, version: u64, body: &[u8]) -> SealedRow {
    let header = Header {
        format: 1,
        id: RowId(id),
        shelf: Shelf(1),
        kind: RowKind::Object,
        incarnation: 1,
        vault_key: 1,
        generation: 1,
        version,
    };
    SealedRow { header, body: body.to_vec() }
}

fn put(row: SealedRow) -> Batch {
    Batch { preconditions: Vec::new(), writes: vec![Write::Put(row, Vec::new())], linker: Box::new(NoLinks) }
}

fn commit(store: &SqliteStore, batch: Batch) -> Result<Revision> {
    store.commit(&[batch]).remove(0)
}

fn site(folder: &Path, busy_wait: Duration) -> Site {
    Site { folder: folder.to_owned(), token: TOKEN, permissions: Permissions::Private, busy_wait }
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        SqliteStore::make(&ForkGate::new(), &site(bench.folder.path(), LONG)).unwrap();
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    fn try_open(&self, busy_wait: Duration) -> Result<SqliteStore> {
        SqliteStore::open(&ForkGate::new(), site(self.folder.path(), busy_wait))
    }

    fn open(&self) -> SqliteStore {
        self.try_open(LONG).unwrap()
    }

    fn refusal(&self) -> Error {
        self.try_open(LONG).map(|_| ()).unwrap_err()
    }

    /// Changes the file as another program would.
    fn tamper(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.path()).unwrap();
        db.execute_batch(sql).unwrap();
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    }
}

fn damage(error: &Error) -> &str {
    match error {
        Error::StoreDamaged { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_newer_store_is_refused_by_its_number() {
    let bench = Bench::new();
    bench.tamper("PRAGMA user_version = 2");
    assert_eq!(bench.refusal(), Error::StoreNewer { path: bench.path(), found: 2, known: 1 });
}

#[test]
fn what_is_no_store_of_ours_is_refused_by_reason() {
    for (sql, reason) in [
        ("PRAGMA application_id = 7", "not a store of Claviger"),
        ("PRAGMA user_version = 0", "there is no format 0"),
        ("PRAGMA user_version = -1", "there is no format -1"),
        ("CREATE TRIGGER t AFTER INSERT ON row BEGIN DELETE FROM tag; END", "tables"),
        ("CREATE VIEW v AS SELECT * FROM row", "tables"),
        ("DROP TABLE deleted", "tables"),
        ("UPDATE meta SET token = x'00'", "another token"),
    ] {
        let bench = Bench::new();
        bench.tamper(sql);
        assert!(damage(&bench.refusal()).contains(reason), "{sql}");
    }
}

#[test]
fn the_store_of_another_token_is_refused() {
    let bench = Bench::new();
    let mut foreign = site(bench.folder.path(), LONG);
    foreign.token = TokenId([0x45; 16]);
    let refusal = SqliteStore::open(&ForkGate::new(), foreign).map(|_| ()).unwrap_err();
    assert!(damage(&refusal).contains("another token"));
}

#[test]
fn a_file_that_is_no_database_or_cut_short_is_damage() {
    let whole = fs::read(Bench::new().path()).unwrap();
    for length in [0, 1, 50, 100, 1000, 4096, 8192, whole.len() - 1] {
        let bench = Bench::new();
        fs::write(bench.path(), &whole[..length]).unwrap();
        damage(&bench.refusal());
    }
    let bench = Bench::new();
    fs::write(bench.path(), b"not a database ".repeat(1000)).unwrap();
    damage(&bench.refusal());
}

#[test]
fn a_store_that_is_gone_is_not_made_by_opening_it() {
    let bench = Bench::new();
    fs::remove_file(bench.path()).unwrap();
    assert!(matches!(bench.refusal(), Error::StoreIo { .. }));
    assert!(!bench.path().exists());
}

#[test]
fn sqlite_itself_follows_no_link_in_a_stores_path() {
    let bench = Bench::new();
    let link = bench.folder.path().join("link");
    std::os::unix::fs::symlink(bench.folder.path(), &link).unwrap();
    let refusal = SqliteStore::open(&ForkGate::new(), site(&link, LONG)).map(|_| ()).unwrap_err();
    assert!(
        matches!(&refusal, Error::StoreIo { path, reason }
        if *path == link.join(FILE) && reason.contains("symbolic link")),
        "{refusal:?}"
    );
}

/// What no header of ours says.
const IMPOSSIBLE: [(&str, &str); 6] = [
    ("kind = 99", "there is no kind 99"),
    ("kind = -1", "Integer -1 out of range at index 2"),
    ("version = -1", "a number below 0: -1"),
    ("incarnation = -7", "a number below 0: -7"),
    ("format = 256", "Integer 256 out of range at index 0"),
    ("shelf = 4294967296", "Integer 4294967296 out of range at index 1"),
];

#[test]
fn a_row_of_impossible_numbers_is_left_out_with_one_error_and_the_others_are_found() {
    for (sql, reason) in IMPOSSIBLE {
        let bench = Bench::new();
        let store = bench.open();
        let others = [row(20, 1, b"one"), row(22, 1, b"other")];
        for row in [&others[0], &row(21, 1, b"bad"), &others[1]] {
            commit(&store, put(row.clone())).unwrap();
        }
        bench.tamper(&format!("UPDATE row SET {sql} WHERE id = 21"));
        journal::begin();
        let found = store.load(&[RowId(20), RowId(21), RowId(22)]);
        let [one, other] = others;
        assert_eq!(found, Ok(vec![Some(one), None, Some(other)]), "{sql}");
        let line = format!("ERROR {}: row 21: {reason}: left out", bench.path().display());
        assert_eq!(journal::lines(), [line]);
    }
}

#[test]
fn a_row_of_an_impossible_id_hides_no_changes_and_no_others() {
    let bench = Bench::new();
    let store = bench.open();
    commit(&store, put(row(20, 1, b"one"))).unwrap();
    bench.tamper(
        "INSERT INTO row SELECT -5, format, shelf, kind, incarnation, vault_key, generation, version, revision, \
         body FROM row",
    );
    journal::begin();
    let changes = store.changes(Revision(0));
    assert_eq!(changes, Ok(Changes::Rows { now: Revision(1), ids: vec![RowId(20)] }));
    let line = format!("ERROR {}: a row of a number below 0: left out", bench.path().display());
    assert_eq!(journal::lines(), [line]);
    let query = TagQuery { shelf: Shelf(1), kind: RowKind::Object, tags: vec![] };
    assert_eq!(store.find(&query, None, 10), Ok(vec![RowId(20)]));
}

#[test]
fn a_head_of_impossible_numbers_is_damage_and_not_absent() {
    for (sql, reason) in IMPOSSIBLE {
        let bench = Bench::new();
        let store = bench.open();
        commit(&store, put(row(1, 1, b"head"))).unwrap();
        bench.tamper(&format!("UPDATE row SET {sql}"));
        let refusal = store.load(&[RowId::PUBLIC_HEAD]).unwrap_err();
        assert_eq!(damage(&refusal), format!("row 1: {reason}"));
    }
}

#[test]
fn a_linker_is_told_of_an_impossible_row_instead_of_missing_it() {
    struct Looks;
    impl Linker for Looks {
        fn link(&self, rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
            rows.row(RowId(20)).map(|_| Vec::new())
        }
    }
    let bench = Bench::new();
    let store = bench.open();
    commit(&store, put(row(20, 1, b""))).unwrap();
    bench.tamper("UPDATE row SET kind = 99");
    let outcome = commit(&store, Batch { linker: Box::new(Looks), ..put(row(21, 1, b"")) });
    assert_eq!(damage(&outcome.unwrap_err()), "row 20: there is no kind 99");
}

/// What this thread logs.
mod journal {
    use std::cell::RefCell;

    struct Journal;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    impl log::Log for Journal {
        fn enabled(&self, _about: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            LINES.with_borrow_mut(|lines| lines.push(format!("{} {}", record.level(), record.args())));
        }

        fn flush(&self) {}
    }

    pub(super) fn begin() {
        // Refused when another test of this process came first: it is the same journal.
        let _ = log::set_logger(&Journal);
        log::set_max_level(log::LevelFilter::Warn);
        LINES.with_borrow_mut(Vec::clear);
    }

    pub(super) fn lines() -> Vec<String> {
        LINES.take()
    }
}

#[test]
fn a_full_store_answers_so_and_works_again_when_there_is_room() {
    let bench = Bench::new();
    let store = bench.open();
    commit(&store, put(row(20, 1, b"small"))).unwrap();
    let limit = |pages: u32| {
        let outcome = store.write(|transaction| {
            Ok(transaction.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        });
        outcome.unwrap();
    };
    limit(1);
    let large = vec![7; 1 << 20];
    assert_eq!(commit(&store, put(row(21, 1, &large))), Err(Error::StoreFull(bench.path())));
    assert_eq!(store.load(&[RowId(21)]), Ok(vec![None]));
    // The connection that met the trouble is not used again, and with it the limit is gone.
    assert_eq!(commit(&store, put(row(21, 1, &large))), Ok(Revision(2)));
}

#[test]
fn a_number_that_no_row_can_have_names_none() {
    let bench = Bench::new();
    let store = bench.open();
    assert_eq!(store.load(&[RowId(u64::MAX), RowId(1 << 63)]), Ok(vec![None, None]));
}

#[test]
fn a_writer_outside_the_queue_makes_the_store_busy_for_a_bounded_time() {
    let bench = Bench::new();
    let store = bench.try_open(SHORT).unwrap();
    let other = rusqlite::Connection::open(bench.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(commit(&store, put(row(20, 1, b""))), Err(Error::StoreBusy(bench.path())));
    assert!(matches!(store.reserve(1), Err(Error::StoreBusy(_))));
    assert_eq!(store.revision(), Ok(Revision(0)));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(commit(&store, put(row(20, 1, b""))), Ok(Revision(1)));
}

struct Signals {
    begun: mpsc::SyncSender<()>,
    go_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Linker for Signals {
    fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
        self.begun.send(()).unwrap();
        self.go_on.lock().unwrap().recv().unwrap();
        Ok(Vec::new())
    }
}

#[test]
fn readers_go_on_while_somebody_writes_and_see_none_of_it() {
    let bench = Bench::new();
    let store = bench.open();
    commit(&store, put(row(20, 1, b"old"))).unwrap();
    let (begun, has_begun) = mpsc::sync_channel(0);
    let (may_go_on, go_on) = mpsc::channel();
    let linker = Box::new(Signals { begun, go_on: go_on.into() });
    let batch = Batch { linker, ..put(row(20, 2, b"new")) };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| commit(&store, batch));
        has_begun.recv().unwrap();
        assert_eq!(store.revision(), Ok(Revision(1)));
        assert_eq!(store.load(&[RowId(20)]), Ok(vec![Some(row(20, 1, b"old"))]));
        may_go_on.send(()).unwrap();
        assert_eq!(writer.join().unwrap(), Ok(Revision(2)));
    });
    assert_eq!(store.load(&[RowId(20)]), Ok(vec![Some(row(20, 2, b"new"))]));
}

#[test]
fn more_readers_than_connections_all_get_their_turn() {
    let bench = Bench::new();
    let store = bench.open();
    commit(&store, put(row(20, 1, b"body"))).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(store.load(&[RowId(20)]), Ok(vec![Some(row(20, 1, b"body"))]));
                    assert_eq!(store.revision(), Ok(Revision(1)));
                }
            });
        }
    });
}

#[test]
fn a_linker_that_panics_leaves_a_store_that_works() {
    struct Panics;
    impl Linker for Panics {
        fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
            panic!("a defect of the linker")
        }
    }
    let bench = Bench::new();
    let store = bench.open();
    let batch = Batch { linker: Box::new(Panics), ..put(row(20, 1, b"")) };
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commit(&store, batch)));
    assert!(caught.is_err());
    assert_eq!(store.load(&[RowId(20)]), Ok(vec![None]));
    assert_eq!(commit(&store, put(row(20, 1, b""))), Ok(Revision(1)));
}

#[test]
fn every_commit_between_forks_lands() {
    let bench = Bench::new();
    let gate = ForkGate::new();
    let store = SqliteStore::open(&gate, site(bench.folder.path(), LONG)).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for version in 1..=100 {
                assert_eq!(commit(&store, put(row(20, version, b""))), Ok(Revision(version)));
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            gate.prepare();
            gate.release_in_parent();
            assert!(store.revision().unwrap() <= Revision(100));
        }
    });
    assert_eq!(store.revision(), Ok(Revision(100)));
}

mod processes {
    use super::*;

    const COMMITS: u64 = 60;
    const WORKERS: u64 = 8;

    /// Opens the store in the folder that the parent named, with a bound on waiting.
    fn open(argument: &str) -> SqliteStore {
        let (folder, milliseconds) = argument.rsplit_once(' ').unwrap();
        let busy_wait = Duration::from_millis(milliseconds.parse().unwrap());
        SqliteStore::open(&ForkGate::new(), site(Path::new(folder), busy_wait)).unwrap()
    }

    fn start(bench: &Bench, role: &str, busy_wait: Duration) -> child::Process {
        let argument = format!("{} {}", bench.folder.path().display(), busy_wait.as_millis());
        child::start(&format!("sqlite::tests::processes::{role}"), &argument)
    }

    #[test]
    #[ignore = "started by its neighbour as a process of its own"]
    fn a_worker() {
        let Some(argument) = child::argument() else { return };
        let store = open(&argument);
        child::answer("ready");
        child::wait();
        let one = |version| commit(&store, put(row(store.reserve(1)?.start, version, b"")));
        let landed: Vec<String> = (1..=COMMITS).map(|version| one(version).unwrap().0.to_string()).collect();
        child::answer(&landed.join(" "));
    }

    #[test]
    fn processes_that_commit_at_once_take_turns_and_none_starves() {
        let bench = Bench::new();
        let mut workers: Vec<_> = (0..WORKERS).map(|_| start(&bench, "a_worker", LONG)).collect();
        for worker in &mut workers {
            assert_eq!(worker.hear(), "ready");
        }
        workers.iter_mut().for_each(child::Process::go_on);
        let landed: Vec<Vec<u64>> = workers
            .iter_mut()
            .map(|worker| worker.hear().split(' ').map(|revision| revision.parse().unwrap()).collect())
            .collect();
        workers.into_iter().for_each(child::Process::finish);
        let mut all: Vec<u64> = landed.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (1..=WORKERS * COMMITS).collect::<Vec<_>>());
        // When the first one had finished, each of the others had landed a fair part.
        let first = landed.iter().map(|revisions| *revisions.last().unwrap()).min().unwrap();
        for revisions in &landed {
            let by_then = revisions.iter().filter(|revision| **revision <= first).count() as u64;
            assert!(by_then >= COMMITS / 10, "one had landed {by_then} when another had landed {COMMITS}");
        }
        let store = bench.open();
        assert_eq!(store.revision(), Ok(Revision(WORKERS * COMMITS)));
        let query = TagQuery { shelf: Shelf(1), kind: RowKind::Object, tags: vec![] };
        assert_eq!(store.find(&query, None, usize::MAX).unwrap().len() as u64, WORKERS * COMMITS);
    }

    struct Stays;

    impl Linker for Stays {
        fn link(&self, _rows: &dyn Rows, _revision: Revision) -> Result<Vec<Write>> {
            child::answer("inside");
            child::wait();
            Ok(Vec::new())
        }
    }

    #[test]
    #[ignore = "started by its neighbour as a process of its own"]
    fn a_writer_that_stays_in_its_transaction() {
        let Some(argument) = child::argument() else { return };
        let store = open(&argument);
        commit(&store, Batch { linker: Box::new(Stays), ..put(row(99, 1, b"")) }).unwrap();
    }

    #[test]
    fn a_killed_writer_gives_its_turn_back_and_nothing_of_its_batch_is_there() {
        let bench = Bench::new();
        let (hasty, patient) = (bench.try_open(SHORT).unwrap(), bench.open());
        let mut writer = start(&bench, "a_writer_that_stays_in_its_transaction", LONG);
        assert_eq!(writer.hear(), "inside");
        assert!(matches!(commit(&hasty, put(row(20, 1, b""))), Err(Error::StoreBusy(_))));
        writer.kill();
        assert_eq!(commit(&patient, put(row(20, 1, b""))), Ok(Revision(1)));
        assert_eq!(patient.load(&[RowId(99), RowId(20)]).unwrap()[0], None);
    }

    #[test]
    #[ignore = "started by its neighbour as a process of its own"]
    fn a_writer_that_is_killed_after_each_answer() {
        let Some(argument) = child::argument() else { return };
        let store = open(&argument);
        for version in 1.. {
            let landed = commit(&store, put(row(store.reserve(1).unwrap().start, version, b""))).unwrap();
            child::answer(&landed.0.to_string());
        }
    }

    #[test]
    fn what_was_answered_is_there_after_a_kill_and_ids_never_repeat() {
        let bench = Bench::new();
        let mut rows = 0;
        for _ in 0..5 {
            let mut writer = start(&bench, "a_writer_that_is_killed_after_each_answer", LONG);
            let answered: Vec<u64> = (0..7).map(|_| writer.hear().parse().unwrap()).collect();
            writer.kill();
            let store = bench.open();
            let revision = store.revision().unwrap();
            assert!(revision.0 >= *answered.last().unwrap());
            let query = TagQuery { shelf: Shelf(1), kind: RowKind::Object, tags: vec![] };
            let found = store.find(&query, None, usize::MAX).unwrap().len() as u64;
            // A row for each commit: no id was given twice, or one would have been written over.
            assert_eq!(found, revision.0);
            assert!(found >= rows + 7);
            rows = found;
        }
    }
}
