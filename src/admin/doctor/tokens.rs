//! The tokens themselves.

use pkcs11::TokenInfo;
use pkcs11::constants::{
    CKF_ERROR_STATE, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, CKF_USER_PIN_FINAL_TRY,
    CKF_USER_PIN_INITIALIZED, CKF_USER_PIN_LOCKED,
};

use super::{Patient, Report, State};
use crate::token::Slot;

/// TABLE: a flag of the token, what it means when it is set (PKCS#11 v3.2 section 3.2), and the fix.
const FLAGS: &[(u64, State, &str, &str)] = &[
    (
        CKF_USER_PIN_LOCKED,
        State::Wrong,
        "the user's PIN is locked",
        "the officer sets a new one: `claviger token init-pin`, with --serial where there are several tokens; no key is lost",
    ),
    (
        CKF_USER_PIN_FINAL_TRY,
        State::Note,
        "one more wrong user's PIN locks it",
        "stop the client that tries a wrong one; the right PIN sets the count back",
    ),
    (
        CKF_SO_PIN_LOCKED,
        State::Wrong,
        "the officer's PIN is locked",
        "users go on as before; `claviger token delete` gives up the token and every key in it",
    ),
    (CKF_SO_PIN_FINAL_TRY, State::Note, "one more wrong officer's PIN locks it", "be sure of the next one"),
    (CKF_ERROR_STATE, State::Wrong, "its self-test failed", "report this, with the lines of the log"),
];

/// Whether there is a token that can be used.
pub(super) fn tokens(patient: &Patient, report: &mut Report) {
    match (&patient.config, &patient.token) {
        (Ok(_), Some(Err(error))) => return report.refused("", error),
        (Ok(_), None) => {
            let name = &patient.person.name;
            return report.wrong(
                format!("{name} has no tokens"),
                format!(
                    "make them where {name} looks: in the data folder of a configuration that {name} finds, or as {name} \
                     with `claviger token init --label NAME`"
                ),
            );
        }
        (Ok(_), Some(Ok(_))) => {}
        // Told already.
        (Err(_), _) => return,
    }
    let slots = match patient.slots() {
        Some(Ok(slots)) => slots,
        Some(Err(failure)) => return report.wrong(failure.words(), "put right what stands above"),
        None => return,
    };
    for slot in &slots {
        match (&slot.token, slot.held()) {
            (Err(error), _) => report.refused(&format!("slot {}", slot.id.0), error),
            (Ok(_), Some((_, info))) => one(info, &slots, report),
            // The one empty slot.
            (Ok(_), None) => {}
        }
    }
    if slots.iter().all(|slot| slot.token.is_ok() && slot.held().is_none()) {
        report.wrong("no token is initialised", "`claviger token init --label NAME` makes one");
    }
}

fn one(info: &TokenInfo, slots: &[Slot], report: &mut Report) {
    let named = format!("\"{}\"", info.label);
    let found = report.findings.len();
    if info.flags & CKF_USER_PIN_INITIALIZED == 0 {
        report.wrong(
            format!("{named}: its user has no PIN"),
            format!("the officer sets one: `claviger token init-pin --serial {}`", info.serial_number),
        );
    }
    for (_, state, words, fix) in FLAGS.iter().filter(|(flag, ..)| info.flags & flag != 0) {
        match state {
            State::Wrong => report.wrong(format!("{named}: {words}"), *fix),
            _ => report.note(format!("{named}: {words}"), *fix),
        }
    }
    let namesakes = slots.iter().filter_map(Slot::held).filter(|(_, other)| other.label == info.label);
    if namesakes.count() > 1 {
        report.note(
            format!("{named} is the label of several tokens, and clients take the first"),
            format!("name it by its serial number, {0}, in URIs: `pkcs11:serial={0}`", info.serial_number),
        );
    }
    if report.findings.len() == found {
        report.good(named);
    }
}
