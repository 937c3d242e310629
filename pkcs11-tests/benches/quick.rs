//! Signatures a second through the C interface, beside the bare primitive and beside SoftHSM.
//!
//! The three are measured in turn within each round, so that a machine that is busy for a while slows all of them;
//! the table shows medians over the rounds. `QUICK_ROUNDS` and `QUICK_SECONDS` (of each measurement) change the
//! default of 7 rounds of 0.4 s.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a meter says what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cryptoki_sys::{CKM_ECDSA, CKM_RSA_PKCS, CKR_OK};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::run;
use pkcs11_tests::provider::{Installation, beside_this_program};
use pkcs11_tests::{Module, Out, Provider, Token, mechanism};

/// Set in the process that measures: the folder with both installations.
const FOLDER_VARIABLE: &str = "QUICK_FOLDER";
/// What is measured: the name that the bare meter gives it, the key, the mechanism, the bytes that are signed.
const CASES: [(&str, Kind, u64, usize); 2] =
    [("rsa2048_sign", Kind::Rsa, CKM_RSA_PKCS, 51), ("p256_sign", Kind::P256, CKM_ECDSA, 32)];
const THREADS: [usize; 2] = [1, 2];
const PROVIDERS: [(&str, Provider); 2] = [("claviger", Provider::Claviger), ("softhsm", Provider::SoftHsm)];

/// Who was measured, with what, by how many threads.
type Row = (&'static str, &'static str, usize);

struct Subject {
    name: &'static str,
    token: Token,
    keys: [u64; 2],
}

fn main() {
    // `cargo test --benches` and its like ask for a list.
    if env::args().any(|argument| argument == "--list") {
        return;
    }
    match env::var_os(FOLDER_VARIABLE) {
        Some(folder) => measure_all(Path::new(&folder)),
        None => measure_in_a_child(),
    }
}

/// The modules read their configurations from the environment, which is set before a process starts.
fn measure_in_a_child() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env::current_exe().expect("this program"));
    for (name, provider) in PROVIDERS {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
        let installation = Installation::create(provider, &folder.path().join(name));
        let (variable, value) = installation.environment();
        command.env(variable, value);
    }
    let status = command.env(FOLDER_VARIABLE, folder.path()).status().expect("this program again");
    assert!(status.success(), "the measurement ended with {status}");
}

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn measure_all(_folder: &Path) {
    let (rounds, seconds) = (number("QUICK_ROUNDS", 7), number("QUICK_SECONDS", 0.4));
    let subjects = PROVIDERS.map(|(name, provider)| prepare(name, provider));
    let mut seen: BTreeMap<Row, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for (row, speed) in bare(seconds) {
            seen.entry(row).or_default().push(speed);
        }
        for (case, (name, ..)) in CASES.iter().enumerate() {
            for threads in THREADS {
                for subject in &subjects {
                    let speed = speed(subject, case, threads, Duration::from_secs_f64(seconds));
                    seen.entry((subject.name, name, threads)).or_default().push(speed);
                }
            }
        }
    }
    print_table(&seen.into_iter().map(|(row, speeds)| (row, median(speeds))).collect());
}

fn prepare(name: &'static str, provider: Provider) -> Subject {
    let token = Token::fresh(Module::open(&provider.module_path()));
    let session = token.user_session();
    let keys = CASES.map(|(name, kind, ..)| generate(token.module, session, kind, true, name).private);
    Subject { name, token, keys }
}

/// Signatures a second of all threads together; each has a session of its own, all share the key.
fn speed(subject: &Subject, case: usize, threads: usize, duration: Duration) -> f64 {
    let (_, _, kind, len) = CASES[case];
    let start = Barrier::new(threads);
    let one = || {
        let session = subject.token.open_ro();
        let (module, key, by) = (subject.token.module, subject.keys[case], mechanism(kind));
        let data = vec![0x5A; len];
        let mut signature = [0; 256];
        let mut sign = || {
            assert_eq!(module.sign_init(session, Some(&by), key), CKR_OK);
            assert_eq!(module.sign(session, data.as_slice().into(), Out::buffer(&mut signature)).0, CKR_OK);
        };
        // One that cannot sign ends the program: the others would wait for it.
        let ready = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut sign)).is_ok();
        start.wait();
        assert!(ready, "{} cannot sign", subject.name);
        let (begin, mut count) = (Instant::now(), 0_u32);
        while begin.elapsed() < duration {
            (0..8).for_each(|_| sign());
            count += 8;
        }
        let speed = f64::from(count) / begin.elapsed().as_secs_f64();
        assert_eq!(module.close_session(session), CKR_OK);
        speed
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that signs")).sum()
    })
}

/// What the primitive does without a token around it.
fn bare(seconds: f64) -> Vec<(Row, f64)> {
    let meter = beside_this_program("examples/primitive_speed").expect(
        "primitive_speed is missing: cargo build --release -p claviger-mechanisms --example primitive_speed",
    );
    let said = run(Command::new(meter).args([seconds.to_string(), THREADS[1].to_string()]));
    let said = String::from_utf8(said).expect("text");
    let mut rows = Vec::new();
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let case = CASES.iter().find(|case| case.0 == words[0]).expect("a case of ours");
        let threads = words[1].parse().expect("a number of threads");
        rows.push((("bare", case.0, threads), words[2].parse().expect("a speed")));
    }
    rows
}

fn median(mut speeds: Vec<f64>) -> f64 {
    speeds.sort_by(f64::total_cmp);
    speeds[speeds.len() / 2]
}

fn print_table(medians: &BTreeMap<Row, f64>) {
    println!("| signatures a second | threads | bare | Claviger | of bare | SoftHSM | Claviger to SoftHSM |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (name, ..) in CASES {
        for threads in THREADS {
            let of = |who| medians[&(who, name, threads)];
            let (bare, ours, theirs) = (of("bare"), of("claviger"), of("softhsm"));
            println!(
                "| {name} | {threads} | {bare:.0} | {ours:.0} | {:.0} % | {theirs:.0} | {:.2} |",
                100.0 * ours / bare,
                ours / theirs
            );
        }
    }
}
