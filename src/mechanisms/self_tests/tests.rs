use engine::policy::approved::APPROVALS;
use pkcs11::constants::name;

use super::*;
use crate::MECHANISMS;

#[test]
fn every_test_is_passed() {
    for test in TESTS {
        assert_eq!((test.run)(&MECHANISMS), Ok(()), "{}", test.name);
    }
}

#[test]
fn every_approved_mechanism_has_a_test_of_its_own() {
    for mechanism in APPROVALS.iter().flat_map(|row| row.mechanisms) {
        let covers = |test: &&SelfTest| (test.covers)(*mechanism) && test.name != "random bytes";
        let generates = |row: &&MechanismRow| row.can.iter().all(|can| can.flag() & GENERATES != 0);
        let generator = MECHANISMS.row(*mechanism).as_ref().is_some_and(generates);
        assert!(generator || TESTS.iter().any(|test| covers(&test)), "{:?}", name("CKM_", *mechanism));
    }
}

/// `CKF_GENERATE` and `CKF_GENERATE_KEY_PAIR`: random bytes and the trial of the pair.
const GENERATES: u64 = 0x8000 | 0x10000;

#[test]
fn every_answer_is_asked_for_and_decides() {
    let names: Vec<_> = ANSWERS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| name)
        .collect();
    let source = include_str!("../self_tests.rs");
    for name in names {
        let asked = source.contains(&format!("\"{name}\""))
            || name.rsplit_once('-').is_some_and(|(of, _)| source.contains(&format!("\"{of}\"")));
        assert!(asked, "{name}");
    }
}

/// A table in which one algorithm does not work: its row is another's.
#[test]
fn a_wrong_algorithm_fails_its_test() {
    static MIXED_UP: [MechanismRow; 1] = [MechanismRow {
        mechanism: CKM_SHA256,
        key_types: &[],
        sizes: (0, 0),
        flags: 0,
        can: &[Can::Digest(|_| {
            let sha384 = plain(CKM_SHA384);
            let row = MECHANISMS.row(CKM_SHA384).ok_or(WRONG)?;
            row.can.iter().find_map(Can::digest).ok_or(WRONG)?(&sha384)
        })],
    }];
    static TABLES: [&[MechanismRow]; 2] = [&MIXED_UP, digest::MECHANISMS];
    let wrong = Mechanisms { mechanisms: &TABLES, ..MECHANISMS };
    assert_eq!(hashes(&wrong), Err(WRONG));
    assert_eq!(hashes(&MECHANISMS), Ok(()));
}
