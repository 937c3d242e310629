//! What came of the vectors: a line for each mechanism and source.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;

use cryptoki_sys::CK_MECHANISM_TYPE;
use pkcs11_tests::mechanisms::row;

/// Names a file that the table is written to.
const TABLE_VARIABLE: &str = "VECTORS_TABLE";
/// Failures that are told of one line of the table.
const TOLD: usize = 5;

/// The count of one mechanism and source.
#[derive(Default)]
struct Line {
    run: usize,
    failures: Vec<String>,
}

/// The table.
#[derive(Default)]
pub(crate) struct Report {
    /// In the order in which the families ran.
    lines: Vec<((CK_MECHANISM_TYPE, String), Line)>,
    places: BTreeMap<(CK_MECHANISM_TYPE, String), usize>,
    /// Cases that were not run, by source and reason.
    left_out: BTreeMap<(String, &'static str), usize>,
}

impl Report {
    /// Counts a vector; `failure` says what went wrong.
    pub(crate) fn count(&mut self, kind: CK_MECHANISM_TYPE, source: &str, failure: Option<String>) {
        let name = (kind, source.to_owned());
        let place = *self.places.entry(name.clone()).or_insert_with(|| {
            self.lines.push((name, Line::default()));
            self.lines.len() - 1
        });
        let line = &mut self.lines[place].1;
        line.run += 1;
        line.failures.extend(failure);
    }

    /// Counts a case of a source that says nothing about the module, with the reason.
    pub(crate) fn leave_out(&mut self, source: &str, why: &'static str) {
        *self.left_out.entry((source.to_owned(), why)).or_default() += 1;
    }

    /// Writes the table where it is wanted.
    ///
    /// # Panics
    /// When a vector failed, when a listed mechanism has none, and when a mechanism that has some is not listed.
    pub(crate) fn conclude(&self, listed: &[CK_MECHANISM_TYPE]) {
        let table = self.table();
        if let Some(file) = env::var_os(TABLE_VARIABLE) {
            fs::write(file, &table).unwrap();
        }
        println!("{table}");
        let has_vectors = |kind: &CK_MECHANISM_TYPE| self.lines.iter().any(|((of, _), _)| of == kind);
        let without: Vec<_> =
            listed.iter().filter(|kind| !has_vectors(kind)).map(|kind| row(*kind).name).collect();
        let unlisted: Vec<_> = self.lines.iter().filter(|((kind, _), _)| !listed.contains(kind)).collect();
        let unlisted: Vec<_> = unlisted.iter().map(|((kind, _), _)| row(*kind).name).collect();
        let failures: usize = self.lines.iter().map(|(_, line)| line.failures.len()).sum();
        assert_eq!(failures, 0, "vectors failed:\n{}", self.failures());
        assert!(without.is_empty(), "mechanisms without a vector: {without:?}");
        assert!(unlisted.is_empty(), "vectors of mechanisms that are not listed: {unlisted:?}");
    }

    fn table(&self) -> String {
        let mut table = format!("{:<32}{:<76}{:>8}{:>8}\n", "MECHANISM", "SOURCE", "RUN", "PASSED");
        let (mut run, mut passed) = (0, 0);
        for ((kind, source), line) in &self.lines {
            let good = line.run - line.failures.len();
            let name = row(*kind).name;
            writeln!(table, "{name:<32}{source:<76}{:>8}{good:>8}", line.run).unwrap();
            (run, passed) = (run + line.run, passed + good);
        }
        writeln!(table, "{:<108}{run:>8}{passed:>8}", "all").unwrap();
        for ((source, why), count) in &self.left_out {
            writeln!(table, "left out, {count} of {source}: {why}").unwrap();
        }
        table
    }

    fn failures(&self) -> String {
        let mut told = String::new();
        for ((kind, source), line) in self.lines.iter().filter(|(_, line)| !line.failures.is_empty()) {
            writeln!(told, "{} {source}: {} of {}", row(*kind).name, line.failures.len(), line.run).unwrap();
            for failure in line.failures.iter().take(TOLD) {
                writeln!(told, "    {failure}").unwrap();
            }
        }
        told
    }
}
