//! What every call answered, held against the lists of chapter 5 of the standard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use cryptoki_sys::CK_RV;

use crate::names::{rv_by_name, rv_name};

/// The lists, as text.
const LISTED: &str = include_str!("return_values.txt");
/// Where ours differs on purpose.
const EXCEPTIONS: &str = include_str!("return_value_exceptions.txt");

/// Remembers which function answered what.
#[derive(Default)]
pub struct Recorder(Mutex<BTreeSet<(&'static str, CK_RV)>>);

impl Recorder {
    /// Remembers an answer.
    ///
    /// # Panics
    /// When a thread panicked in here before.
    pub fn saw(&self, function: &'static str, rv: CK_RV) {
        self.0.lock().expect("nobody panics in here").insert((function, rv));
    }

    /// Keeps every thread from recording until the guard is dropped.
    ///
    /// # Panics
    /// When a thread panicked in here before.
    #[must_use]
    pub fn pause(&self) -> impl Drop + '_ {
        self.0.lock().expect("nobody panics in here")
    }

    /// The answers that the standard does not list for their function, nor our exceptions.
    ///
    /// # Panics
    /// When the table cannot be read.
    #[must_use]
    pub fn unlisted(&self) -> Vec<String> {
        let table = Table::read(LISTED, EXCEPTIONS);
        let seen = self.0.lock().expect("nobody panics in here");
        seen.iter()
            .filter(|(function, rv)| !table.allows(function, *rv))
            .map(|(function, rv)| format!("{function} answered {}", rv_name(*rv)))
            .collect()
    }
}

/// Return values by function.
struct Table(BTreeMap<String, BTreeSet<CK_RV>>);

impl Table {
    fn read(listed: &str, exceptions: &str) -> Self {
        let mut groups: BTreeMap<String, BTreeSet<CK_RV>> = BTreeMap::new();
        let mut table: BTreeMap<String, BTreeSet<CK_RV>> = BTreeMap::new();
        for line in joined(listed) {
            let (head, values) = line.split_once(':').expect("a colon in every line of the table");
            let mut values: BTreeSet<CK_RV> = values.split_whitespace().map(value).collect();
            let mut words = head.split_whitespace();
            let name = words.next().expect("a name in every line of the table").to_owned();
            if name.starts_with("C_") {
                for group in words.chain(["universal"]) {
                    values.extend(&groups[group]);
                }
                assert!(table.insert(name.clone(), values).is_none(), "{name} stands twice in the table");
            } else {
                groups.insert(name, values);
            }
        }
        for line in joined(exceptions) {
            let mut words = line.split_whitespace();
            let (name, rv) = (words.next().expect("a function"), words.next().expect("a value"));
            assert!(words.count() > 2, "the exception {name} {rv} says why");
            table.get_mut(name).expect("a function of the table").insert(value(rv));
        }
        Self(table)
    }

    fn allows(&self, function: &str, rv: CK_RV) -> bool {
        self.0.get(function).is_some_and(|values| values.contains(&rv))
    }
}

fn value(name: &str) -> CK_RV {
    rv_by_name(name).unwrap_or_else(|| panic!("{name} is no return value"))
}

/// Lines without comments; one that starts with a blank belongs to the one above.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match lines.last_mut().filter(|_| line.starts_with(' ')) {
            Some(above) => above.push_str(line),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use cryptoki_sys::{CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OK};

    use super::*;

    #[test]
    fn an_answer_that_the_standard_does_not_list_is_reported() {
        let recorder = Recorder::default();
        recorder.saw("C_SignInit", CKR_OK);
        recorder.saw("C_SignInit", CKR_KEY_HANDLE_INVALID);
        assert_eq!(recorder.unlisted(), [""; 0]);
        recorder.saw("C_SignInit", CKR_OBJECT_HANDLE_INVALID);
        assert_eq!(recorder.unlisted(), ["C_SignInit answered CKR_OBJECT_HANDLE_INVALID"]);
    }

    #[test]
    fn an_exception_holds_for_its_function_alone() {
        let listed = "universal: CKR_OK\nC_Sign: CKR_DATA_INVALID\nC_Verify:\n";
        let table = Table::read(listed, "C_Verify CKR_DATA_INVALID because the test says so\n");
        assert!(table.allows("C_Verify", value("CKR_DATA_INVALID")));
        assert!(!table.allows("C_Verify", value("CKR_HOST_MEMORY")));
        assert!(!table.allows("C_Login", CKR_OK));
    }
}
