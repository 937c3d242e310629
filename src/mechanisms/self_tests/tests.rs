use std::cell::RefCell;
use std::collections::BTreeSet;

use engine::policy::approved::table::APPROVALS;
use pkcs11::constants::{
    CKA_MODULUS_BITS, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN,
    name,
};

use super::*;
use crate::{MECHANISMS, fixtures};

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

thread_local! {
    /// The answer that is told wrong, and what was asked for.
    static ANSWER: RefCell<(Option<&'static str>, BTreeSet<String>)> = const { RefCell::new((None, BTreeSet::new())) };
}

/// An answer as the tests of this thread are told it.
pub(super) fn altered(name: &str, mut bytes: Vec<u8>) -> Vec<u8> {
    ANSWER.with_borrow_mut(|(wrong, asked)| {
        asked.insert(name.to_owned());
        if *wrong == Some(name) {
            // What many tests take the first bytes of is altered there, the others where no form of theirs is.
            let first = matches!(name, "blocks" | "key" | "ml-kem-seed" | "vector");
            let place = if first { bytes.first_mut() } else { bytes.last_mut() };
            *place.expect("an answer without bytes") ^= 0x10;
        }
    });
    bytes
}

/// Each answer decides every test that asks for it, and is asked for by one.
#[test]
fn every_answer_is_asked_for_and_decides() {
    let mut asked = BTreeSet::new();
    for test in TESTS {
        ANSWER.set((None, BTreeSet::new()));
        assert_eq!((test.run)(&MECHANISMS), Ok(()), "{}", test.name);
        let names = ANSWER.with_borrow_mut(|(_, names)| std::mem::take(names));
        for name in ANSWERS.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name) {
            if names.contains(name) {
                ANSWER.set((Some(name), BTreeSet::new()));
                assert!((test.run)(&MECHANISMS).is_err(), "{} passes with another {name}", test.name);
            }
        }
        asked.extend(names);
    }
    for line in ANSWERS.lines().filter(|line| !line.starts_with('#')) {
        let (name, _) = line.split_once(' ').expect("a name and a value");
        assert!(asked.contains(name), "nobody asks for {name}");
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

#[test]
fn a_pair_passes_its_trial_and_halves_of_two_pairs_do_not() {
    let prime = known("dh-prime").unwrap();
    type Ask<'a> = &'a dyn Fn(&mut Attributes);
    let kinds: [(MechanismType, KeyType, Ask<'_>); 7] = [
        (CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, &|template| {
            template.set_ulong(CKA_MODULUS_BITS, 2048);
            template.set_bytes(CKA_PUBLIC_EXPONENT, &[1, 0, 1]);
        }),
        (CKM_EC_KEY_PAIR_GEN, CKK_EC, &|template| {
            template.set_bytes(CKA_EC_PARAMS, b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
        }),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, &|template| {
            template.set_bytes(CKA_EC_PARAMS, b"\x06\x03\x2b\x65\x70");
        }),
        (CKM_DH_PKCS_KEY_PAIR_GEN, CKK_DH, &|template| {
            template.set_bytes(CKA_PRIME, &prime);
            template.set_bytes(CKA_BASE, &[2]);
        }),
        (CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, &|template| {
            template.set_ulong(CKA_PARAMETER_SET, CKP_ML_KEM_768)
        }),
        (CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, &|template| {
            template.set_ulong(CKA_PARAMETER_SET, CKP_ML_DSA_44)
        }),
        (CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, &|template| {
            template.set_ulong(CKA_PARAMETER_SET, CKP_SLH_DSA_SHA2_128F);
        }),
    ];
    for (mechanism, key_type, ask) in kinds {
        let make = || {
            let mut template = Attributes::new();
            ask(&mut template);
            let made = fixtures::generate(mechanism, &template).unwrap();
            let whole = |class, mut attributes: Attributes| {
                ask(&mut attributes);
                fixtures::of_class(class, key_type, attributes)
            };
            (whole(CKO_PUBLIC_KEY, made.public), whole(CKO_PRIVATE_KEY, made.private))
        };
        let ((public, private), (other, _)) = (make(), make());
        assert_eq!(pair(&MECHANISMS, &public, &private), Ok(()), "{mechanism:#x}");
        assert!(pair(&MECHANISMS, &other, &private).is_err(), "{mechanism:#x}");
    }
}
