//! The meter: operations a second through the C interface, for Claviger, SoftHSM and any other module, beside the bare
//! algorithm.
//!
//! All contenders are measured in turn within each round, so that a machine that is busy for a while slows all of them;
//! the page shows medians over the rounds. Every row's answers are checked. See [`plan::Plan`] for what the environment
//! changes, [`subject::MODULE_VARIABLE`] for one more module, and [`cases`] for how a row is added.
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
mod part;
mod plan;
mod progress;
mod rare;
mod recipe;
mod results;
mod store;
mod subject;
mod worker;

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cases::Case;
use interface::Answer;
use pkcs11_tests::names::rv_name;
use plan::Plan;
use results::{BARE, Results, Row};
use subject::{Bare, Contender, Subject};
use worker::{WRONG, Worker};

fn main() -> ExitCode {
    // `cargo test --benches` and its like ask for a list.
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    if let Some(module) = env::var_os(store::START_VARIABLE) {
        store::start_here(Path::new(&module));
        return ExitCode::SUCCESS;
    }
    let (plan, contenders) = (Plan::from_environment(), subject::contenders());
    let Ok(part) = env::var(part::VARIABLE) else { return everything(&plan, &contenders) };
    part::begin();
    progress::watch();
    let mut results = Results::default();
    if part == part::ROWS {
        rows(&plan, &contenders, &mut results);
    } else {
        store::measure(&plan, &contenders, &mut results);
    }
    progress::done();
    results.print();
    ExitCode::SUCCESS
}

fn everything(plan: &Plan, contenders: &[Contender]) -> ExitCode {
    let begin = Instant::now();
    let mut results = Results::default();
    let names: Vec<_> = contenders.iter().map(|contender| contender.name).chain([BARE]).collect();
    for part in [part::ROWS, part::STORE] {
        match part::run(part, contenders) {
            Ok(printed) => results.read(&printed, &names),
            Err(why) => {
                eprintln!("meter: {part}: {why}; nothing was written");
                return ExitCode::FAILURE;
            }
        }
    }
    let page = page::Page { plan, contenders, results: &results, took: begin.elapsed() };
    page.write();
    println!("{}", page.path().display());
    ExitCode::SUCCESS
}

/// One measurement of all contenders: a row, with its case.
type Turn = (Row, &'static Case);

/// What a round goes through.
fn turns(plan: &Plan) -> Vec<Turn> {
    let mut turns = Vec::new();
    for (place, case) in plan.cases() {
        let variants: &[&str] = match case.key {
            Some(_) if case.rare => &["token"],
            Some(_) => &["token", "session"],
            None => &[""],
        };
        for keys in variants {
            for threads in plan.threads {
                // The short form measures session keys with one thread.
                if *keys != "session" || threads == 1 || plan.long {
                    let place = 2 * place + usize::from(*keys == "session");
                    turns.push((Row { place, name: case.name.to_owned(), keys, threads }, case));
                }
            }
        }
    }
    turns
}

/// First the rows without keys, while the modules hold no objects: SoftHSM, for one, looks at all of them whenever a
/// session ends.
fn rows(plan: &Plan, contenders: &[Contender], results: &mut Results) {
    let turns = turns(plan);
    if turns.is_empty() {
        return;
    }
    let mut subjects: Vec<Subject> = contenders.iter().map(Subject::new).collect();
    let mut bare = Bare::start();
    let all = patience(&turns);
    let seconds = plan.each(plan.time, all * (1 + subjects.len()) as f64);
    let (keyed, keyless): (Vec<Turn>, Vec<Turn>) =
        turns.into_iter().partition(|(_, case)| case.key.is_some());
    for turns in [keyless, keyed] {
        if turns.iter().any(|(_, case)| case.key.is_some()) {
            subjects.iter_mut().for_each(|subject| subject.make_keys(plan));
        }
        let time = plan.time.mul_f64(patience(&turns) / all);
        rounds(plan, &turns, (seconds, time), &subjects, &mut bare, results);
    }
}

/// How long turns are measured, in parts of a usual one.
fn patience(turns: &[Turn]) -> f64 {
    turns.iter().map(|(_, case)| case.patience()).sum()
}

/// As many rounds as are planned, or as the time allows; each measurement of a round takes so many seconds.
fn rounds(
    plan: &Plan,
    turns: &[Turn],
    (seconds, time): (f64, Duration),
    subjects: &[Subject],
    bare: &mut Bare,
    results: &mut Results,
) {
    let begin = Instant::now();
    for round in 1..=plan.rounds {
        for (row, case) in turns {
            let (elapsed, of) = (begin.elapsed().as_secs(), time.as_secs());
            progress::at(format!(
                "round {round} of {}, {elapsed} of about {of} s: {}",
                plan.rounds, row.name
            ));
            measure_row(row, case, seconds, subjects, bare, results);
        }
        // One more round like these would take too long.
        if begin.elapsed().mul_f64((round + 1) as f64 / round as f64) > time.mul_f64(LONGER) {
            break;
        }
    }
}

/// How far a run may go beyond its time before a round is left out.
const LONGER: f64 = 1.25;

fn measure_row(
    row: &Row,
    case: &Case,
    seconds: f64,
    subjects: &[Subject],
    bare: &mut Bare,
    results: &mut Results,
) {
    let seconds = seconds * case.patience();
    if let Some(rate) = bare.rate(case.name, row.threads, seconds) {
        results.add(row, BARE, rate);
    }
    for subject in subjects {
        if results.is_refused(row, subject.name) {
            continue;
        }
        match rate_of(subject, case, row, Duration::from_secs_f64(seconds)) {
            Ok(rate) => results.add(row, subject.name, rate),
            Err(WRONG) => results.refuse(row, subject.name, "wrong answer".to_owned()),
            Err(rv) => results.refuse(row, subject.name, rv_name(rv)),
        }
    }
}

fn rate_of(subject: &Subject, case: &Case, row: &Row, duration: Duration) -> Answer<f64> {
    let keys = case.key.map(|recipe| subject.key(recipe, row.keys == "token")).transpose()?;
    let workers = (1..=row.threads).map(|thread| {
        let thread = u8::try_from(thread).expect("few threads");
        Worker::prepare(subject.module, subject.token.slot, case, keys, thread)
    });
    measure::rate(&mut workers.collect::<Answer<Vec<_>>>()?, duration)
}
