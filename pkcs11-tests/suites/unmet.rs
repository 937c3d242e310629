//! The list of tests that cannot pass.

use std::collections::BTreeMap;
use std::fs;

use crate::here;
use crate::verdict::Verdict;

/// What stands before the name of a test that is not started, since its outcome is chance or its end never comes.
const NOT_RUN: &str = "not run: ";

/// The listed tests of one suite, each with its reason.
pub(crate) struct Unmet {
    failing: BTreeMap<String, String>,
    /// Those not to be started.
    pub(crate) not_run: Vec<String>,
}

impl Unmet {
    /// Reads the list: `[suite]` opens a suite's part, `# ...` a reason, and the lines below it name the tests that it
    /// holds for.
    ///
    /// # Panics
    /// When a test stands twice, or without a reason.
    pub(crate) fn of(suite: &str) -> Self {
        Self::read(&fs::read_to_string(here("unmet.txt")).expect("unmet.txt"), suite)
    }

    fn read(text: &str, suite: &str) -> Self {
        let mut failing = BTreeMap::new();
        let mut not_run = Vec::new();
        let (mut part, mut reason) = ("", String::new());
        let mut before = "";
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                part = name;
                reason.clear();
            } else if let Some(more) = line.strip_prefix('#') {
                if !before.starts_with('#') {
                    reason.clear();
                }
                reason.push_str(more);
            } else if !line.is_empty() && part == suite {
                assert!(!reason.is_empty(), "unmet.txt: {line}: no reason");
                if let Some(test) = line.strip_prefix(NOT_RUN) {
                    not_run.push(test.to_owned());
                } else {
                    let twice = failing.insert(line.to_owned(), reason.trim().to_owned());
                    assert!(twice.is_none(), "unmet.txt: {line}: listed twice");
                }
            }
            before = line;
        }
        Self { failing, not_run }
    }

    /// What does not agree with the list, a line each.
    pub(crate) fn disagreements(&self, verdicts: &[Verdict]) -> Vec<String> {
        let mut lines = Vec::new();
        for verdict in verdicts {
            let Verdict { test, passed, said } = verdict;
            match (passed, self.failing.contains_key(test)) {
                (true, true) => {
                    lines.push(format!("{test}: passes, but unmet.txt lists it: {}", self.failing[test]))
                }
                (false, false) => lines.push(format!("{test}: {said}")),
                _ => {}
            }
        }
        let absent =
            self.failing.keys().filter(|listed| !verdicts.iter().any(|verdict| verdict.test == **listed));
        lines.extend(absent.map(|listed| format!("{listed}: listed in unmet.txt, but no such test ran")));
        lines
    }

    /// Holds a suite's verdicts against the list.
    ///
    /// # Panics
    /// When they disagree, or when fewer than `at_least` tests passed.
    pub(crate) fn agree_with(&self, verdicts: &[Verdict], at_least: usize) {
        let wrong = self.disagreements(verdicts);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let passed = verdicts.iter().filter(|verdict| verdict.passed).count();
        assert!(passed >= at_least, "{passed} tests passed: the suite did not run whole");
    }
}

#[test]
fn a_listed_test_that_passes_and_an_unlisted_one_that_fails_are_told() {
    let list = Unmet::read("[one]\n# why it cannot\nfalls\nstands\ngone\n[two]\n# because\nelse\n", "one");
    let verdicts = ["failed\tfalls\tx", "ok\tstands\t", "failed\tnew\tx", "ok\tgood\t", "chatter"];
    let verdicts: Vec<_> = verdicts.iter().filter_map(|line| Verdict::read(line)).collect();
    let told = list.disagreements(&verdicts);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("stands:") && told[1].starts_with("new:") && told[2].starts_with("gone:"));
}
