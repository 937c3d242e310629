//! A line for each page: client, version, what was done, result. `make interop` prints them as a table.

use std::env;
use std::fs;
use std::path::PathBuf;

/// Names the folder that the lines are kept in, a file each; without it nothing is kept.
const VARIABLE: &str = "INTEROP_REPORT";

/// The line of one page. It says FAILED until it is told otherwise, so that nothing that ends early counts.
pub(crate) struct Line {
    file: Option<PathBuf>,
    client: String,
    version: String,
    does: String,
}

impl Line {
    /// Begins the line of a client.
    pub(crate) fn begin(name: &str, client: &str, version: &str, does: &str) -> Self {
        let file = env::var_os(VARIABLE).map(|folder| PathBuf::from(folder).join(name));
        let line = Self { file, client: client.into(), version: version.into(), does: does.into() };
        line.write("FAILED");
        line
    }

    /// Ends the line.
    pub(crate) fn end(self, result: &str) {
        self.write(result);
    }

    /// Ends the line with the version that was found meanwhile.
    pub(crate) fn end_with(mut self, version: &str, result: &str) {
        version.clone_into(&mut self.version);
        self.write(result);
    }

    fn write(&self, result: &str) {
        if let Some(file) = &self.file {
            let line = [&self.client, &self.version, &self.does, result].join("\t") + "\n";
            fs::write(file, line).expect("room for a line");
        }
    }
}
