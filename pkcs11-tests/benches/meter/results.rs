//! What was measured: rates, and of some groups milliseconds or MiB.

use std::collections::BTreeMap;

use crate::measure::median;

/// Stands among the contenders for the algorithm without a token.
pub(crate) const BARE: &str = "bare";

/// A row of the page: what was done, with which keys, by how many threads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// In the order of the tables.
    pub(crate) place: usize,
    /// `group/name`
    pub(crate) name: String,
    /// `token`, `session`, or nothing where no key is used.
    pub(crate) keys: &'static str,
    /// How many threads.
    pub(crate) threads: usize,
}

/// Every measurement, or why there is none.
#[derive(Default)]
pub(crate) struct Results {
    rates: BTreeMap<Row, BTreeMap<&'static str, Vec<f64>>>,
    refused: BTreeMap<Row, BTreeMap<&'static str, String>>,
}

impl Results {
    /// One more measurement.
    pub(crate) fn add(&mut self, row: &Row, who: &'static str, rate: f64) {
        self.rates.entry(row.clone()).or_default().entry(who).or_default().push(rate);
    }

    /// A contender cannot do it.
    pub(crate) fn refuse(&mut self, row: &Row, who: &'static str, why: String) {
        self.rates.entry(row.clone()).or_default();
        self.refused.entry(row.clone()).or_default().insert(who, why);
    }

    /// Whether it was said already that a contender cannot.
    pub(crate) fn is_refused(&self, row: &Row, who: &'static str) -> bool {
        self.refused.get(row).is_some_and(|refused| refused.contains_key(who))
    }

    /// As lines, for another process.
    pub(crate) fn print(&self) {
        let line = |row: &Row, who: &str, what: &str, value: &str| {
            println!("{}\t{}\t{}\t{}\t{who}\t{what}\t{value}", row.place, row.name, row.keys, row.threads);
        };
        for (row, rates) in &self.rates {
            for (who, rates) in rates {
                rates.iter().for_each(|rate| line(row, who, "rate", &rate.to_string()));
            }
        }
        for (row, refused) in &self.refused {
            refused.iter().for_each(|(who, why)| line(row, who, "refused", why));
        }
    }

    /// Takes in what [`Results::print`] has printed.
    pub(crate) fn read(&mut self, printed: &str, names: &[&'static str]) {
        let known = |word: &str, among: &[&'static str]| {
            among.iter().copied().find(|name| *name == word).unwrap_or_else(|| panic!("{word} is unknown"))
        };
        for line in printed.lines() {
            let [place, name, keys, threads, who, what, value] =
                line.split('\t').collect::<Vec<_>>().try_into().expect("a line of results");
            let row = Row {
                place: place.parse().expect("a place"),
                name: name.to_owned(),
                keys: known(keys, &["token", "session", ""]),
                threads: threads.parse().expect("a number of threads"),
            };
            let who = known(who, names);
            match what {
                "rate" => self.add(&row, who, value.parse().expect("a rate")),
                _ => self.refuse(&row, who, value.to_owned()),
            }
        }
    }

    /// Every row, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rates.keys()
    }

    /// How often the row was measured that was measured most often.
    pub(crate) fn rounds(&self) -> usize {
        self.rates.values().flat_map(BTreeMap::values).map(Vec::len).max().unwrap_or(0)
    }

    /// The median.
    pub(crate) fn rate(&self, row: &Row, who: &str) -> Option<f64> {
        self.rates.get(row)?.get(who).cloned().map(median)
    }

    /// What a contender answered instead.
    pub(crate) fn refusal(&self, row: &Row, who: &str) -> Option<&str> {
        self.refused.get(row)?.get(who).map(String::as_str)
    }
}
