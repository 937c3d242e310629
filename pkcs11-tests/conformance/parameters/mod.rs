//! Parameters that are wrong, for every mechanism in everything that it can do: absent, short, long, with pointers that
//! lead nowhere, lengths that no memory has and values outside of the standard (sections 5.1.6 and 6).

mod expected;
mod functions;

use cryptoki_sys::CKR_OK;
use pkcs11_tests::mechanisms::forms::forms_of;
use pkcs11_tests::mechanisms::spoiling::spoiled;
use pkcs11_tests::mechanisms::{Row, flags, listed, row};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::{Test, assert_rv, on_claviger};

use expected::expected;
use functions::{Bench, FUNCTIONS, Function, parameters_of};

on_claviger!(
    wrong_parameters_begin_nothing,
    wrong_parameters_wrap_and_unwrap_nothing,
    wrong_parameters_derive_nothing,
    wrong_parameters_generate_nothing,
    wrong_parameters_encapsulate_nothing,
    every_function_of_every_mechanism_is_tried,
);

fn wrong_parameters_begin_nothing(t: &Test) {
    refused(t, &FUNCTIONS[..7]);
}

fn wrong_parameters_wrap_and_unwrap_nothing(t: &Test) {
    refused(t, &FUNCTIONS[7..9]);
}

fn wrong_parameters_derive_nothing(t: &Test) {
    refused(t, &FUNCTIONS[9..10]);
}

fn wrong_parameters_generate_nothing(t: &Test) {
    refused(t, &FUNCTIONS[10..12]);
}

fn wrong_parameters_encapsulate_nothing(t: &Test) {
    refused(t, &FUNCTIONS[12..]);
}

/// A flag that no function here has would be a way in that nobody tries.
fn every_function_of_every_mechanism_is_tried(t: &Test) {
    let token = t.token();
    let known = FUNCTIONS.iter().fold(0, |all, function| all | function.flag);
    // The bits of section 5.5.6 that stand for functions with a mechanism, up to those of messages.
    let functions = 0x300F_FF00;
    for kind in listed(&token) {
        let flags = flags(&token, kind) & functions;
        assert_eq!(flags & !known, 0, "{}", row(kind).name);
    }
}

fn refused(t: &Test, functions: &[Function]) {
    let token = t.token();
    let session = token.user_session();
    let bench = Bench::new(t.module, session);
    let mut wrong = Vec::new();
    let mut tried = 0;
    for row in listed(&token).into_iter().map(row) {
        let can = flags(&token, row.kind);
        for function in functions.iter().filter(|function| can & function.flag != 0) {
            tried += one(&bench, row, function, &mut wrong);
        }
    }
    println!("{tried} wrong parameters");
    assert!(tried > 0 && wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

/// A mechanism in one function; gives how many parameters were tried.
fn one(bench: &Bench<'_>, row: &'static Row, function: &Function, wrong: &mut Vec<String>) -> usize {
    let mut tried = 0;
    for mut taken in forms_of(row, bench.len(row, function), bench.other) {
        if let Some(right) = parameters_of(row, function) {
            taken.right = right;
        }
        let right = taken.right.mechanism();
        let job = bench.job(row, function, &right);
        let told = format!("{} in {} with right parameters", row.name, function.name);
        if !job.is_slow {
            assert_rv!((function.call)(bench, &job, &right), CKR_OK, "{told}");
        }
        let before = bench.objects().len();
        for spoiled in spoiled(&taken) {
            let answered = (function.call)(bench, &job, &spoiled.mechanism(row.kind));
            let right_answer = expected(row, taken.takes, function, &spoiled);
            let told = format!("{} in {}: {} {:?}", row.name, function.name, spoiled.field, spoiled.how);
            tried += 1;
            if answered != right_answer {
                wrong.push(format!("{told} {} not {}", rv_name(answered), rv_name(right_answer)));
            }
            if function.makes && bench.objects().len() != before {
                wrong.push(format!("{told} leaves an object"));
            }
            if !job.is_slow && (function.call)(bench, &job, &right) != CKR_OK {
                wrong.push(format!("{told} spoils what comes after it"));
            }
        }
        assert_rv!((function.call)(bench, &job, &right), CKR_OK, "{told}");
        assert_eq!(bench.objects().len(), before, "{told}");
        bench.done(row, &job);
    }
    tried
}
