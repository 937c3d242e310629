//! Whether every return value that the standard lists was met by a test, or cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::recorder::{Table, joined};

/// What cannot be provoked here, and why.
const UNPROVOKED: &str = include_str!("return_values_unprovoked.txt");
/// A reason is a sentence.
const WORDS_OF_A_REASON: usize = 4;

/// A function and a value, by name.
pub type Pair = (String, String);

/// The listed pairs, and which of them no test can meet.
pub struct Expected {
    listed: BTreeSet<Pair>,
    unprovoked: BTreeSet<Pair>,
    malformed: Vec<String>,
}

/// What a run has shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many pairs are listed.
    pub listed: usize,
    /// How many of them were met.
    pub met: usize,
    /// How many of them cannot be.
    pub unprovoked: usize,
    /// Neither met nor said to be impossible.
    pub missing: Vec<String>,
    /// Said to be impossible, and met.
    pub stale: Vec<String>,
}

impl Expected {
    /// The lists of chapter 5 and the table of what cannot be provoked.
    ///
    /// # Panics
    /// When the lists cannot be read.
    #[must_use]
    pub fn of_the_standard() -> Self {
        Self::read(Table::of_the_standard().pairs(), UNPROVOKED)
    }

    fn read(listed: BTreeSet<Pair>, table: &str) -> Self {
        let mut expected = Self { listed, unprovoked: BTreeSet::new(), malformed: Vec::new() };
        for line in joined(table) {
            if let Err(why) = expected.read_row(&line) {
                expected.malformed.push(format!("{why}: {line}"));
            }
        }
        expected
    }

    fn read_row(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let mut functions = words.next().unwrap_or_default().to_owned();
        while functions.ends_with(',') {
            functions.push_str(words.next().ok_or("no function after a comma")?);
        }
        let value = words.next().ok_or("no value")?;
        if words.count() < WORDS_OF_A_REASON {
            return Err("no reason".to_owned());
        }
        for function in self.named(&functions, value)? {
            if !self.unprovoked.insert((function.clone(), value.to_owned())) {
                return Err(format!("{function} {value} stands there twice"));
            }
        }
        Ok(())
    }

    /// The functions of a row: names, or `*` for all that list the value, without those that follow `-`.
    fn named(&self, functions: &str, value: &str) -> Result<BTreeSet<String>, String> {
        let listing: BTreeSet<&str> =
            self.listed.iter().filter(|(_, listed)| listed == value).map(|(name, _)| name.as_str()).collect();
        let mut named = BTreeSet::new();
        for word in functions.split(',') {
            let (function, without) = word.strip_prefix('-').map_or((word, false), |name| (name, true));
            let known = if function == "*" { !listing.is_empty() } else { listing.contains(function) };
            if !known {
                return Err(format!("{function} does not list {value}"));
            }
            if function == "*" {
                named.extend(listing.iter().map(|name| (*name).to_owned()));
            } else if without {
                named.remove(function);
            } else {
                named.insert(function.to_owned());
            }
        }
        Ok(named)
    }

    /// The rows that say nothing: of a pair that is not listed, without a reason, twice.
    #[must_use]
    pub fn malformed(&self) -> &[String] {
        &self.malformed
    }

    /// Holds what was met against what is listed.
    #[must_use]
    pub fn judge(&self, met: &BTreeSet<Pair>) -> Verdict {
        let missing =
            self.listed.iter().filter(|pair| !met.contains(pair) && !self.unprovoked.contains(pair));
        Verdict {
            listed: self.listed.len(),
            met: self.listed.intersection(met).count(),
            unprovoked: self.unprovoked.difference(met).count(),
            missing: told(missing),
            stale: told(self.unprovoked.intersection(met)),
        }
    }
}

/// Pairs as lines, a function each.
fn told<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Vec<String> {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (function, value) in pairs {
        lines.entry(function).or_default().push(value);
    }
    lines.iter().map(|(function, values)| format!("{function} {}", values.join(" "))).collect()
}

/// What the recorders have left in a folder.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn met_in(folder: &Path) -> BTreeSet<Pair> {
    let files = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut met = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a recorder's file");
        met.extend(
            text.lines().filter_map(|line| line.split_once(' ')).map(|(f, v)| (f.to_owned(), v.to_owned())),
        );
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> BTreeSet<Pair> {
        text.lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(f, v)| (f.to_owned(), v.to_owned()))
            .collect()
    }

    const LISTED: &str = "C_Sign CKR_OK\nC_Sign CKR_PENDING\nC_Verify CKR_OK\nC_Verify CKR_PENDING";
    const TABLE: &str = "* CKR_PENDING because no call is asynchronous here\n";

    #[test]
    fn a_pair_that_no_test_met_is_named_unless_it_cannot_be_met() {
        let verdict = Expected::read(pairs(LISTED), TABLE).judge(&pairs("C_Sign CKR_OK"));
        assert_eq!(verdict.missing, ["C_Verify CKR_OK"]);
        assert_eq!(verdict.stale, [""; 0]);
        assert_eq!((verdict.listed, verdict.met, verdict.unprovoked), (4, 1, 2));
    }

    #[test]
    fn a_run_that_recorded_nothing_is_missing_what_it_should_have_met() {
        let verdict = Expected::read(pairs(LISTED), TABLE).judge(&BTreeSet::new());
        assert_eq!(verdict.missing, ["C_Sign CKR_OK", "C_Verify CKR_OK"]);
    }

    #[test]
    fn a_row_about_a_pair_that_was_met_is_stale() {
        let verdict = Expected::read(pairs(LISTED), TABLE).judge(&pairs(LISTED));
        assert_eq!(verdict.stale, ["C_Sign CKR_PENDING", "C_Verify CKR_PENDING"]);
    }

    #[test]
    fn a_row_can_leave_functions_out_or_name_several() {
        let left_out = Expected::read(pairs(LISTED), "*,-C_Sign CKR_PENDING nothing here is ever pending\n");
        assert_eq!(left_out.judge(&pairs(LISTED)).stale, ["C_Verify CKR_PENDING"]);
        for functions in ["C_Sign,C_Verify", "C_Sign,\n  C_Verify"] {
            let several = format!("{functions} CKR_OK nothing here ever goes well\n");
            let verdict = Expected::read(pairs(LISTED), &several).judge(&pairs(LISTED));
            assert_eq!(verdict.stale, ["C_Sign CKR_OK", "C_Verify CKR_OK"]);
        }
    }

    #[test]
    fn a_row_without_a_reason_or_about_nothing_listed_is_malformed() {
        for table in [
            "C_Sign CKR_PENDING\n",
            "C_Sign CKR_PENDING not tested yet\n",
            "C_Sign CKR_HOST_MEMORY the standard does not list it\n",
            "* CKR_HOST_MEMORY the standard does not list it\n",
            "* CKR_PENDING nothing is pending here\nC_Sign CKR_PENDING nothing is pending here\n",
        ] {
            assert_eq!(Expected::read(pairs(LISTED), table).malformed().len(), 1, "{table}");
        }
    }
}
