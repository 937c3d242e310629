//! The meter: operations a second through the C interface, for Claviger, SoftHSM and any other module, beside the bare
//! algorithm.
//!
//! All contenders are measured in turn within each round, so that a machine that is busy for a while slows all of them;
//! the page shows medians over the rounds. Every row's answers are checked. See [`plan::Plan`] for what the environment
//! changes, and [`subject::MODULE_VARIABLE`] for one more module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "a meter is a C application, and says what is wrong by panicking"
)]

mod cases;
mod chart;
mod interface;
mod measure;
mod page;
mod plan;
mod results;
mod store;
mod subject;
mod worker;

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cases::{CASES, Case};
use interface::Answer;
use pkcs11_tests::names::rv_name;
use plan::Plan;
use results::{BARE, Results, Row};
use subject::{Bare, Contender, Subject};
use worker::{WRONG, Worker};

/// Set in the processes that measure: `rows` or `store`.
const PART_VARIABLE: &str = "METER_PART";

fn main() {
    // `cargo test --benches` and its like ask for a list.
    if env::args().any(|argument| argument == "--list") {
        return;
    }
    if let Some(module) = env::var_os(store::START_VARIABLE) {
        return store::start_here(Path::new(&module));
    }
    let (plan, contenders) = (Plan::from_environment(), subject::contenders());
    match env::var(PART_VARIABLE).as_deref() {
        Ok("rows") => rows(&plan, &contenders).print(),
        Ok(_) => {
            let mut results = Results::default();
            store::measure(&plan, &contenders, 2 * CASES.len(), &mut results);
            results.print();
        }
        Err(_) => everything(&plan, &contenders),
    }
}

/// The modules read their configurations from the environment, which is set before a process starts: each part has a
/// process, and modules in their first state, of its own.
fn everything(plan: &Plan, contenders: &[Contender]) {
    let begin = Instant::now();
    let mut results = Results::default();
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).chain([BARE]).collect();
    for part in ["rows", "store"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.env(PART_VARIABLE, part).stderr(Stdio::inherit());
        command.envs(contenders.iter().filter_map(|contender| contender.install(folder.path())));
        let output = command.output().expect("this program again");
        assert!(output.status.success(), "the measurement of {part} ended with {}", output.status);
        results.read(&String::from_utf8(output.stdout).expect("text"), &names);
    }
    let page = page::Page { plan, contenders, results: &results, took: begin.elapsed() };
    page.write();
    println!("{}", page.path().display());
}

/// Which keys a row is measured with.
fn variants(case: &Case) -> &'static [&'static str] {
    if case.key().is_some() { &["token", "session"] } else { &[""] }
}

fn rows(plan: &Plan, contenders: &[Contender]) -> Results {
    let mut subjects: Vec<Subject> = contenders.iter().map(Subject::new).collect();
    subjects.iter_mut().for_each(Subject::make_keys);
    let mut bare = Bare::start();
    let mut results = Results::default();
    for round in 1..=plan.rounds {
        eprintln!("meter: round {round} of {}", plan.rounds);
        let wanted = CASES.iter().enumerate().filter(|(_, case)| plan.wants(case.name));
        for (place, case) in wanted {
            for keys in variants(case) {
                for threads in plan.threads {
                    // The short form measures session keys with one thread.
                    if *keys == "session" && threads > 1 && !plan.all_variants {
                        continue;
                    }
                    let place = 2 * place + usize::from(*keys == "session");
                    let row = Row { place, name: case.name.to_owned(), keys, threads };
                    measure_row(plan, &row, case, &subjects, &mut bare, &mut results);
                }
            }
        }
    }
    results
}

fn measure_row(
    plan: &Plan,
    row: &Row,
    case: &Case,
    subjects: &[Subject],
    bare: &mut Bare,
    results: &mut Results,
) {
    let seconds = plan.seconds * case.patience();
    if let Some(rate) = bare.rate(case.name, row.threads, seconds) {
        results.add(row, BARE, rate);
    }
    for subject in subjects {
        if results.is_refused(row, subject.name) {
            continue;
        }
        match measure(subject, case, row, Duration::from_secs_f64(seconds)) {
            Ok(rate) => results.add(row, subject.name, rate),
            Err(WRONG) => results.refuse(row, subject.name, "wrong answer".to_owned()),
            Err(rv) => results.refuse(row, subject.name, rv_name(rv)),
        }
    }
}

fn measure(subject: &Subject, case: &Case, row: &Row, duration: Duration) -> Answer<f64> {
    let keys = case.key().map(|kind| subject.key(kind, row.keys == "token")).transpose()?;
    let workers = (1..=row.threads).map(|thread| {
        let thread = u8::try_from(thread).expect("few threads");
        Worker::prepare(subject.module, subject.token.slot, case, keys, thread)
    });
    measure::rate(&mut workers.collect::<Answer<Vec<_>>>()?, duration)
}
