//! Rows about stores: finding one key among many, making one more, and how long a process needs until it has found one.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CKA_CLASS, CKA_DECRYPT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE, CKK_AES, CKO_SECRET_KEY, CKU_USER,
};
use pkcs11_tests::{Module, Token, USER_PIN};

use crate::interface::{Answer, Attributes, Interface};
use crate::measure::waited_for_a_core;
use crate::plan::Plan;
use crate::results::{Results, Row};
use crate::subject::{Contender, Subject};
use crate::worker::WRONG;

/// Set in the process that measures a fresh start: the module.
pub(crate) const START_VARIABLE: &str = "METER_START";
/// Finds, each measured for a while.
const FINDS: [&str; 4] = ["store/find-label", "store/find-id", "store/find-none", "store/find-class-all"];
const CREATE: &str = "store/create";
const START: &str = "store/open-login-find";

fn label(number: usize) -> String {
    format!("store-{number:07}")
}

fn key(number: usize) -> Attributes {
    let mut value = [0x5A; 32];
    value[..8].copy_from_slice(&number.to_be_bytes());
    Attributes::default()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_AES)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, true)
        .flag(CKA_EXTRACTABLE, false)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_DECRYPT, true)
        .bytes(CKA_LABEL, label(number))
        .bytes(CKA_ID, number.to_be_bytes())
        .bytes(CKA_VALUE, value)
}

/// The template of a find, and how many objects fit.
fn wanted(find: &str, number: usize, objects: usize) -> (Attributes, usize) {
    let template = Attributes::default();
    match find {
        "store/find-label" => (template.bytes(CKA_LABEL, label(number)), 1),
        "store/find-id" => (template.bytes(CKA_ID, number.to_be_bytes()), 1),
        "store/find-none" => (template.bytes(CKA_LABEL, label(objects + number)), 0),
        _ => (template.ulong(CKA_CLASS, CKO_SECRET_KEY), objects),
    }
}

/// Measures every contender, each over tokens that nobody else uses.
pub(crate) fn measure(plan: &Plan, contenders: &[Contender], first_place: usize, results: &mut Results) {
    let names = FINDS.iter().chain([&CREATE, &START]);
    let rows: Vec<Row> = names
        .enumerate()
        .filter(|(_, name)| plan.wants(name))
        .map(|(place, name)| Row {
            place: first_place + place,
            name: (*name).to_owned(),
            keys: "token",
            threads: 1,
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let subjects: Vec<Subject> = contenders.iter().map(Subject::new).collect();
    for subject in &subjects {
        let created = fill(subject, plan.objects);
        if let (Ok(rate), Some(row)) = (created, rows.iter().find(|row| row.name == CREATE)) {
            results.add(row, subject.name, rate);
        }
    }
    for _ in 0..plan.rounds {
        for row in &rows {
            for (subject, contender) in subjects.iter().zip(contenders) {
                let rate = match row.name.as_str() {
                    CREATE => continue,
                    START => start(contender),
                    find => finds(subject, find, plan),
                };
                match rate {
                    Ok(rate) => results.add(row, subject.name, rate),
                    Err(rv) => results.refuse(row, subject.name, pkcs11_tests::names::rv_name(rv)),
                }
            }
        }
    }
}

/// Makes the objects; gives how many a second.
fn fill(subject: &Subject, objects: usize) -> Answer<f64> {
    let session = subject.token.open_rw();
    let begin = Instant::now();
    for number in 0..objects {
        subject.module.create(session, &key(number))?;
    }
    Ok(objects as f64 / begin.elapsed().as_secs_f64())
}

fn finds(subject: &Subject, find: &str, plan: &Plan) -> Answer<f64> {
    let session = subject.token.open_ro();
    let duration = Duration::from_secs_f64(plan.seconds);
    let (begin, mut count) = (Instant::now(), 0_usize);
    let waited = waited_for_a_core();
    while begin.elapsed() < duration {
        // Each time another object: nothing is answered from what was found just now.
        let (template, expected) = wanted(find, count * 7919 % plan.objects, plan.objects);
        let (found, _) = subject.module.find(session, &template)?;
        if found != expected {
            return Err(WRONG);
        }
        count += 1;
    }
    let waited = waited_for_a_core() - waited;
    let rate = count as f64 / (begin.elapsed().as_secs_f64() - waited);
    subject.module.close(session)?;
    Ok(rate)
}

/// Starts a process that initialises the module, logs in and finds one key: how many of these a second.
fn start(contender: &Contender) -> Answer<f64> {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(START_VARIABLE, &contender.path).stderr(Stdio::inherit());
    let output = command.output().expect("this program again");
    let told = String::from_utf8_lossy(&output.stdout);
    told.trim().parse().map_err(|_| WRONG)
}

/// What that process does: prints how many a second it would be.
pub(crate) fn start_here(path: &std::path::Path) {
    let begin = Instant::now();
    let token = Token::existing(Module::open(path));
    let session = token.open_ro();
    assert_eq!(token.module.login(session, CKU_USER, USER_PIN.into()), cryptoki_sys::CKR_OK);
    let found = Interface::load(path).find(session, &wanted("store/find-label", 1, 0).0);
    let seconds = begin.elapsed().as_secs_f64();
    assert_eq!(found.map(|(count, _)| count), Ok(1), "one key is found");
    println!("{}", 1.0 / seconds);
}
