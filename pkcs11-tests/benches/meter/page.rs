//! `docs/performance.md` and its charts: written by a run, never by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::cases::{GROUPS, Group};
use crate::chart;
use crate::part;
use crate::plan::Plan;
use crate::results::{BARE, Results, Row};
use crate::subject::Contender;

/// A row is listed as behind below this part of the bare algorithm.
const CLOSE_TO_BARE: f64 = 0.8;

const METHOD: &str = "\
An operation is `C_XxxInit` and the call that does everything at once; a derivation includes `C_DestroyObject`, making a
key does not. Every contender is measured in turn within each round, and each row shows the median of the rounds. The
answers are checked before and after. The time that a thread waits for a core while other programs have it is left out.
Each thread has a session, and all of them one key. *bare* is the algorithm alone, in the library that Claviger uses,
with a key for each thread: no call through the C interface can be faster. *to SoftHSM* says how many times as fast, or
as small, Claviger is. A module without the mechanism has a -; a name that begins with CKR_ is what a module answered
instead. Families that fewer programs use are measured by `make bench` alone, with token keys. PINs are stretched as
little as the configuration allows (8 MiB of memory, once). Rows without keys come first, while the module holds no
objects. `C_Login` counts in the rows of fresh processes alone.
";

/// What a module answers that does not have a mechanism, or a function.
const NOT_THERE: [&str; 2] = ["CKR_MECHANISM_INVALID", "CKR_FUNCTION_NOT_SUPPORTED"];

const KEYS: &str = "\
A key in the token waits until the disk has it.

";

const MANY_OBJECTS: &str = "\
So many AES keys in the token, each private and with a label and an id of its own; one that is found is another each
time. A contender that needs too long to fill its token says how far it came.

";

const FRESH: &str = "\
From `dlopen` on: loading, `C_Initialize` and looking for the token; `C_Login`, which stretches the PIN in Claviger;
finding one key by its label; all of it.

";

const MEMORY: &str = "\
What the process has in memory (VmRSS) when it has found its key, beyond what it had before the module was loaded.

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
        for group in &GROUPS {
            let rows: Vec<&Row> = self.results.rows().filter(|row| is_of(row, group)).collect();
            if rows.is_empty() {
                continue;
            }
            let chart = chart::draw(group, &self.names(), &rows, self.results);
            let Group { name, title, unit } = group;
            fs::write(charts.join(format!("{name}.svg")), chart).expect("a chart");
            let _ = write!(text, "\n## {title}\n\n![{title}: {unit}](performance/{name}.svg)\n\n");
            text.push_str(match *name {
                "keygen" => KEYS,
                "store" => MANY_OBJECTS,
                "start" => FRESH,
                "memory" => MEMORY,
                _ => "",
            });
            if !group.is_rate() {
                let _ = writeln!(text, "In {unit}; less is better.\n");
            }
            text.push_str(&self.table(group, &rows));
        }
        text.push_str(&self.behind());
        fs::write(self.path(), text).expect("the page");
    }

    fn names(&self) -> Vec<&'static str> {
        self.contenders.iter().map(|contender| contender.name).collect()
    }

    fn head(&self) -> String {
        let mut text =
            String::from("# Performance\n\nOperations a second, unless a table says otherwise. Written by `");
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
        for part in [part::ROWS, part::STORE] {
            let place = part::place(part);
            let kind = said("stat", &["-f", "-c", "%T", &place.to_string_lossy()]);
            let what = if part == part::STORE { "tokens with many objects" } else { "tokens" };
            line(what, format!("{}, {kind}", place.display()));
        }
        let (rounds, seconds) = (self.results.rounds(), self.took.as_secs());
        line("measured", format!("{rounds} rounds, fewer where finding is slow; {seconds} s in all"));
        let _ = write!(text, "\n{METHOD}");
        text
    }

    fn table(&self, group: &Group, rows: &[&Row]) -> String {
        let names = self.names();
        // What has no bare algorithm has no columns for one.
        let bare = rows.iter().any(|row| self.results.rate(row, BARE).is_some());
        let who: Vec<_> = bare.then_some(BARE).into_iter().chain(names).collect();
        let mut text = String::from("| operation | keys | threads |");
        for name in &who {
            let _ = write!(text, " {name} |");
        }
        text.push_str(if bare { " of bare | to SoftHSM |\n" } else { " to SoftHSM |\n" });
        let _ = writeln!(text, "|---|---|--:|{}", "--:|".repeat(who.len() + 1 + usize::from(bare)));
        for row in rows {
            let shown = row.name.split_once('/').map_or(row.name.as_str(), |(_, name)| name);
            let _ = write!(text, "| {shown} | {} | {} |", row.keys, row.threads);
            for name in &who {
                let _ = write!(text, " {} |", self.cell(row, name));
            }
            if bare {
                let of_bare = self.ahead(group, row, BARE).map(per_cent).unwrap_or_default();
                let _ = write!(text, " {of_bare} |");
            }
            let to_other = self.ahead(group, row, "SoftHSM").map(|ratio| format!("{ratio:.2}"));
            let _ = writeln!(text, " {} |", to_other.unwrap_or_default());
        }
        text
    }

    /// How many times as good as another's Claviger's figure is.
    fn ahead(&self, group: &Group, row: &Row, other: &str) -> Option<f64> {
        let ratio = self.results.rate(row, "Claviger")? / self.results.rate(row, other)?;
        Some(if group.is_rate() { ratio } else { 1.0 / ratio })
    }

    fn cell(&self, row: &Row, who: &str) -> String {
        match (self.results.rate(row, who), self.results.refusal(row, who)) {
            (_, Some(why)) if NOT_THERE.contains(&why) => "-".to_owned(),
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
            "\n## Behind\n\nBehind SoftHSM:\n\n{slower}\nBelow {} of the bare algorithm, over all threads and kinds of \
             keys:\n\n{far}",
            per_cent(CLOSE_TO_BARE)
        )
    }

    /// A list of the operations with a row below `limit`, each with all such rows' figures from the least to the best.
    fn listed(&self, other: &str, limit: f64) -> String {
        let mut behind: Vec<(&str, f64, f64)> = Vec::new();
        for row in self.results.rows() {
            let group = GROUPS.iter().find(|group| is_of(row, group));
            let ratio = group.and_then(|group| self.ahead(group, row, other));
            let Some(ratio) = ratio.filter(|ratio| *ratio < limit) else { continue };
            match behind.iter_mut().find(|(name, ..)| *name == row.name) {
                Some((_, least, best)) => (*least, *best) = (least.min(ratio), best.max(ratio)),
                None => behind.push((&row.name, ratio, ratio)),
            }
        }
        if behind.is_empty() {
            return "* nothing\n".to_owned();
        }
        let line = |(name, least, best): &(&str, f64, f64)| {
            let (least, best) = (per_cent(*least), per_cent(*best));
            if least == best {
                format!("* {name}: {least}\n")
            } else {
                format!("* {name}: {least} to {best}\n")
            }
        };
        behind.iter().map(line).collect()
    }
}

fn per_cent(ratio: f64) -> String {
    // A tenth of a hundredth is not nothing.
    if ratio < 0.01 { format!("{:.1} %", 100.0 * ratio) } else { format!("{:.0} %", 100.0 * ratio) }
}

/// Whether a row's name starts with a group's.
fn is_of(row: &Row, group: &Group) -> bool {
    row.name.split_once('/').is_some_and(|(first, _)| first == group.name)
}

/// A rate with three digits that count at least, and thousands apart.
pub(crate) fn grouped(rate: f64) -> String {
    if rate < 100.0 {
        return if rate < 10.0 { format!("{rate:.2}") } else { format!("{rate:.1}") };
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
