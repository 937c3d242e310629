//! What every call answered, held against the lists of chapter 5 of the standard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use cryptoki_sys::{CK_RV, CKR_OK};

use crate::names::{rv_by_name, rv_name};

/// The lists, as text.
const LISTED: &str = include_str!("return_values.txt");
/// Where ours differs on purpose.
const EXCEPTIONS: &str = include_str!("return_value_exceptions.txt");

/// Names the folder for what the recorded tests saw; the test target `return_values` reads it.
pub const SEEN_VARIABLE: &str = "PKCS11_TESTS_SEEN";

/// A function and what it answered.
pub type Answered = (&'static str, CK_RV);

/// Remembers which function answered what.
#[derive(Default)]
pub struct Recorder(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    answers: BTreeSet<Answered>,
    refused: Option<Answered>,
    file: Option<File>,
}

impl Recorder {
    /// Remembers an answer, and writes a new one down where [`Recorder::keep_in`] says.
    ///
    /// # Panics
    /// When a thread panicked in here before, and when the folder cannot be written.
    pub fn saw(&self, function: &'static str, rv: CK_RV) {
        let mut seen = self.seen();
        if rv != CKR_OK {
            seen.refused = Some((function, rv));
        }
        if seen.answers.insert((function, rv))
            && let Some(file) = &mut seen.file
        {
            write(file, function, &rv_name(rv));
        }
    }

    /// Writes down what was seen, and from now on each new answer at once: a killed process has kept all.
    ///
    /// # Panics
    /// When a thread panicked in here before, and when the folder cannot be written.
    pub fn keep_in(&self, folder: &Path) {
        let mut seen = self.seen();
        // Kept open: the test may go on as a user who may not write there.
        let mut file = file_in(folder);
        for (function, rv) in &seen.answers {
            write(&mut file, function, &rv_name(*rv));
        }
        seen.file = Some(file);
    }

    /// Keeps every thread from recording until the guard is dropped.
    ///
    /// # Panics
    /// When a thread panicked in here before.
    #[must_use]
    pub fn pause(&self) -> impl Drop + '_ {
        self.seen()
    }

    /// All answers so far.
    ///
    /// # Panics
    /// When a thread panicked in here before.
    #[must_use]
    pub fn answers(&self) -> BTreeSet<Answered> {
        self.seen().answers.clone()
    }

    /// The last answer that was not `CKR_OK`.
    ///
    /// # Panics
    /// When a thread panicked in here before.
    #[must_use]
    pub fn last_refusal(&self) -> Option<Answered> {
        self.seen().refused
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("nobody panics in here")
    }

    /// The answers that the standard does not list for their function, nor our exceptions.
    ///
    /// # Panics
    /// When the table cannot be read.
    #[must_use]
    pub fn unlisted(&self) -> Vec<String> {
        let table = Table::of_the_standard();
        let seen = self.seen();
        seen.answers
            .iter()
            .filter(|(function, rv)| !table.allows(function, *rv))
            .map(|(function, rv)| format!("{function} answered {}", rv_name(*rv)))
            .collect()
    }
}

/// Writes an answer into the folder: into a file of this process alone, since tests may run as several users.
///
/// # Panics
/// When it cannot be written.
pub fn keep(folder: &Path, function: &str, value: &str) {
    write(&mut file_in(folder), function, value);
}

fn file_in(folder: &Path) -> File {
    let path = folder.join(format!("{}-{}", nix::unistd::geteuid(), std::process::id()));
    let file = File::options().create(true).append(true).open(&path);
    file.unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn write(file: &mut File, function: &str, value: &str) {
    file.write_all(format!("{function} {value}\n").as_bytes()).expect("room for an answer");
}

/// Return values by function.
pub struct Table {
    listed: BTreeMap<String, BTreeSet<CK_RV>>,
}

impl Table {
    /// The lists of chapter 5, and our exceptions.
    ///
    /// # Panics
    /// When a table cannot be read.
    #[must_use]
    pub fn of_the_standard() -> Self {
        Self::read(LISTED, EXCEPTIONS)
    }

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
        Self { listed: table }
    }

    fn allows(&self, function: &str, rv: CK_RV) -> bool {
        self.listed.get(function).is_some_and(|values| values.contains(&rv))
    }

    /// Each listed value of each function.
    #[must_use]
    pub fn pairs(&self) -> BTreeSet<(String, String)> {
        self.listed
            .iter()
            .flat_map(|(function, values)| values.iter().map(|rv| (function.clone(), rv_name(*rv))))
            .collect()
    }
}

fn value(name: &str) -> CK_RV {
    rv_by_name(name).unwrap_or_else(|| panic!("{name} is no return value"))
}

/// Lines without comments; one that starts with a blank belongs to the one above.
pub(crate) fn joined(text: &str) -> Vec<String> {
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
    use cryptoki_sys::{CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID};

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

    #[test]
    fn answers_from_before_and_after_the_folder_was_named_are_kept_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        recorder.saw("C_Sign", CKR_OK);
        recorder.keep_in(folder.path());
        recorder.saw("C_Sign", CKR_OK);
        recorder.saw("C_SignInit", CKR_KEY_HANDLE_INVALID);
        let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let kept = std::fs::read_to_string(file).unwrap();
        assert_eq!(kept, "C_Sign CKR_OK\nC_SignInit CKR_KEY_HANDLE_INVALID\n");
    }
}
