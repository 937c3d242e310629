//! How one test of a suite went.

/// One test's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The test's name within its suite.
    pub(crate) test: String,
    /// Whether it ran to its end and was content. One that skipped itself did not.
    pub(crate) passed: bool,
    /// What it said, on one line.
    pub(crate) said: String,
}

impl Verdict {
    /// Reads `ok|failed|skipped <tab> test <tab> what it said`; other lines are the tests' own chatter.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, '\t');
        let kind = fields.next()?;
        let test = fields.next()?.to_owned();
        let said = format!("{kind}: {}", fields.next()?);
        ["ok", "failed", "skipped"].contains(&kind).then(|| Self { test, passed: kind == "ok", said })
    }
}
