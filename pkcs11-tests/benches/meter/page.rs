//! `docs/performance.md` and its charts: written by a run, never by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::chart;
use crate::plan::Plan;
use crate::results::{BARE, Results, Row};
use crate::subject::Contender;

/// Groups of rows, by the first part of their names, and what they are called.
const GROUPS: [(&str, &str); 7] = [
    ("sign", "Signing"),
    ("verify", "Verifying"),
    ("decrypt", "Decrypting with RSA"),
    ("derive", "Key agreement"),
    ("bulk", "Encrypting, hashing, HMAC"),
    ("keygen", "Making keys"),
    ("small", "Small calls"),
];
const STORE: (&str, &str) = ("store", "Many objects");

/// A row is listed as behind below this part of the bare algorithm.
const CLOSE_TO_BARE: f64 = 0.8;

const METHOD: &str = "\
An operation is `C_XxxInit` and the call that does everything at once; a key agreement includes `C_DestroyObject`, making
a key does not. Every contender is measured in turn within each round, and each row shows the median of the rounds. The
answers are checked before and after. The time that a thread waits for a core while other programs have it is left out.
Each thread has a session, and all of them one key. *bare* is the algorithm alone, in the library that Claviger uses,
with a key for each thread: no call through the C interface can be faster. PINs are stretched as little as the
configuration allows. `C_Login` counts in `open-login-find` alone.
";

/// What the page is made of.
pub(crate) struct Page<'a> {
    /// How it was measured.
    pub(crate) plan: &'a Plan,
    /// Who was measured.
    pub(crate) contenders: &'a [Contender],
    /// What came of it.
    pub(crate) results: &'a Results,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Page<'_> {
    /// Where it lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.plan.page.join("performance.md")
    }

    /// Writes the page and a chart for each group.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub(crate) fn write(&self) {
        let charts = self.plan.page.join("performance");
        fs::create_dir_all(&charts).expect("a folder for charts");
        let mut text = self.head();
        for (group, title) in GROUPS.into_iter().chain([STORE]) {
            let rows: Vec<&Row> = self.results.rows().filter(|row| is_of(row, group)).collect();
            if rows.is_empty() {
                continue;
            }
            let chart = chart::draw(title, &self.names(), &rows, self.results);
            fs::write(charts.join(format!("{group}.svg")), chart).expect("a chart");
            let _ = write!(text, "\n## {title}\n\n![{title}](performance/{group}.svg)\n\n");
            if group == STORE.0 {
                let _ = writeln!(text, "{} secret keys in the token.\n", self.plan.objects);
            }
            text.push_str(&self.table(&rows));
        }
        text.push_str(&self.behind());
        fs::write(self.path(), text).expect("the page");
    }

    fn names(&self) -> Vec<&'static str> {
        self.contenders.iter().map(|contender| contender.name).collect()
    }

    fn head(&self) -> String {
        let mut text = String::from("# Performance\n\nOperations a second. Written by `");
        let _ = writeln!(text, "{}`, never by hand.\n", self.plan.command);
        let _ = writeln!(text, "| | |\n|---|---|");
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {} |", value.trim());
        };
        line("date", said("date", &["-u", "+%Y-%m-%d"]));
        line("processor", processor());
        line("cores", std::thread::available_parallelism().map_or(String::new(), |cores| cores.to_string()));
        line("system", format!("{}, Linux {}", system(), said("uname", &["-r"])));
        line("Claviger", format!("{}, commit {}", env!("CARGO_PKG_VERSION"), commit()));
        line("SoftHSM", said("dpkg-query", &["-W", "-f", "${Version}", "softhsm2"]));
        line("compiler", said("rustc", &["--version"]));
        line(
            "measured",
            format!(
                "{} rounds of {} s a row, {} s in all",
                self.plan.rounds,
                self.plan.seconds,
                self.took.as_secs()
            ),
        );
        let _ = write!(text, "\n{METHOD}");
        text
    }

    fn table(&self, rows: &[&Row]) -> String {
        let names = self.names();
        let mut text = String::from("| operation | keys | threads | bare |");
        for name in &names {
            let _ = write!(text, " {name} |");
        }
        text.push_str(" of bare | to SoftHSM |\n|---|---|--:|--:|");
        text.push_str(&"--:|".repeat(names.len() + 2));
        text.push('\n');
        for row in rows {
            let shown = row.name.split_once('/').map_or(row.name.as_str(), |(_, name)| name);
            let _ = write!(text, "| {shown} | {} | {} | {} |", row.keys, row.threads, self.cell(row, BARE));
            for name in &names {
                let _ = write!(text, " {} |", self.cell(row, name));
            }
            let of_bare = self.ratio(row, BARE).map(|ratio| format!("{:.0} %", 100.0 * ratio));
            let to_other = self.ratio(row, "SoftHSM").map(|ratio| format!("{ratio:.2}"));
            let _ = writeln!(text, " {} | {} |", of_bare.unwrap_or_default(), to_other.unwrap_or_default());
        }
        text
    }

    /// Claviger's rate in parts of another's.
    fn ratio(&self, row: &Row, other: &str) -> Option<f64> {
        Some(self.results.rate(row, "Claviger")? / self.results.rate(row, other)?)
    }

    fn cell(&self, row: &Row, who: &str) -> String {
        match (self.results.rate(row, who), self.results.refusal(row, who)) {
            (_, Some(why)) => why.to_owned(),
            (Some(rate), None) => grouped(rate),
            (None, None) => String::new(),
        }
    }

    /// The rows that wait for work.
    fn behind(&self) -> String {
        let slower = self.listed("SoftHSM", 1.0);
        let far = self.listed(BARE, CLOSE_TO_BARE);
        format!(
            "\n## Behind\n\nSlower than SoftHSM: {slower}.\n\nBelow {:.0} % of the bare algorithm: {far}.\n",
            100.0 * CLOSE_TO_BARE
        )
    }

    fn listed(&self, other: &str, limit: f64) -> String {
        let behind = |row: &&Row| self.ratio(row, other).is_some_and(|ratio| ratio < limit);
        let named = |row: &Row| {
            let keys = if row.keys == "session" { ", session key" } else { "" };
            format!("{} ({}{keys})", row.name, threads(row.threads))
        };
        let rows: Vec<_> = self.results.rows().filter(behind).map(named).collect();
        if rows.is_empty() { "nothing".to_owned() } else { rows.join("; ") }
    }
}

fn threads(count: usize) -> String {
    if count == 1 { "1 thread".to_owned() } else { format!("{count} threads") }
}

/// Whether a row's name starts with a group's.
fn is_of(row: &Row, group: &str) -> bool {
    row.name.split_once('/').is_some_and(|(first, _)| first == group)
}

/// A rate with three digits that count at least, and thousands apart.
pub(crate) fn grouped(rate: f64) -> String {
    if rate < 100.0 {
        return format!("{rate:.1}");
    }
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a program prints, or nothing.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn commit() -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    said("git", &["-C", folder, "describe", "--always", "--exclude", "*"])
}

fn processor() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = told.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": "))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}

fn system() -> String {
    let told = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.map_or_else(|| "unknown".to_owned(), |name| name.trim_matches('"').to_owned())
}
