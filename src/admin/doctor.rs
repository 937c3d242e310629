//! `claviger doctor`: what keeps a client from working, and the fix.

mod clients;
mod disk;
mod person;
#[cfg(test)]
mod tests;
mod tokens;

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use assembly::Config;
use clap::Args;
use nix::fcntl::OFlag;
use pkcs11::Token;
use serde::Serialize;

use crate::command::{Stage, Verb};
use crate::configure::library;
use crate::failure::{Failure, Result, remedy};
use crate::screen::Tone;
use crate::show::printable;
use crate::token::{Slot, write_json};
use person::Person;

/// Looks at one thing and reports on it.
type Check = fn(&Patient, &mut Report);

/// Everything that is looked at, in the order in which one thing needs the other.
const CHECKS: &[(&str, Check)] = &[
    ("configuration", disk::configuration),
    ("data folder", disk::data_folder),
    ("device keys", disk::device_keys),
    ("files of tokens", disk::token_files),
    ("disk", disk::room),
    ("tokens", tokens::tokens),
    ("library", clients::library),
    ("p11-kit", clients::p11_kit),
    ("PIN source", clients::pin_source),
    ("locked memory", clients::locked_memory),
];

/// Looks for what keeps a client from working, and says the fix.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Look at things as this user would, by name or number: a service's, say
    #[arg(long, value_name = "USER", conflicts_with = "pid")]
    user: Option<String>,
    /// Look at things as this running process would, with its user, its groups and its limits
    #[arg(long, value_name = "N")]
    pid: Option<u32>,
    /// The file that the client reads the user's PIN from
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// The library that the client loads; without it, the one that is installed with this command
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// What is looked at.
struct Patient {
    config: pkcs11::Result<Config>,
    /// Where this process's own tokens lie, if the person's lie elsewhere.
    own_data: Option<PathBuf>,
    /// The opened tokens; none where there is no data folder, which only its user should make.
    token: Option<pkcs11::Result<Arc<dyn Token>>>,
    /// As whom things are looked at.
    person: Person,
    /// The library; why there is none.
    module: std::result::Result<PathBuf, String>,
    pin_file: Option<PathBuf>,
    /// Where p11-kit looks for module files.
    module_folders: Vec<PathBuf>,
    /// Locked memory that the client may have, in bytes; none where that is not known or has no bound.
    memlock: Option<u64>,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Good,
    /// To be known; keeps no client from working.
    Note,
    /// Keeps a client from working.
    Wrong,
}

/// One thing that was found. A field is never renamed or taken away once released; new ones may come.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    /// What was found.
    words: String,
    /// What to do; empty where nothing is.
    fix: String,
}

/// What was found so far.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// The check that is under way.
    #[serde(skip)]
    check: &'static str,
    /// How many findings are wrong.
    wrong: usize,
    findings: Vec<Finding>,
}

impl Report {
    fn good(&mut self, words: impl Into<String>) {
        self.add(State::Good, words.into(), String::new());
    }

    fn note(&mut self, words: impl Into<String>, fix: impl Into<String>) {
        self.add(State::Note, words.into(), fix.into());
    }

    fn wrong(&mut self, words: impl Into<String>, fix: impl Into<String>) {
        self.wrong += 1;
        self.add(State::Wrong, words.into(), fix.into());
    }

    /// A refusal of the token, with what the command would say of it anywhere.
    fn refused(&mut self, what: &str, error: &pkcs11::Error) {
        let words = if what.is_empty() { error.to_string() } else { format!("{what}: {error}") };
        self.wrong(words, remedy(error).unwrap_or_default());
    }

    fn add(&mut self, state: State, words: String, fix: String) {
        self.findings.push(Finding { check: self.check, state, words, fix });
    }
}

impl Verb for Doctor {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let json = self.json;
        let running = stage.screen.progress("looking");
        let patient = self.patient(stage)?;
        let report = examine(&patient);
        drop(running);
        if json {
            write_json(stage.out, &report)?
        } else {
            show(&report, stage)?
        }
        match report.wrong {
            0 => Ok(()),
            1 => Err(Failure::refused("one thing is wrong", "what the report says of it")),
            several => Err(Failure::refused(
                format!("{several} things are wrong"),
                "what the report says of the first: the others may come of it",
            )),
        }
    }
}

impl Doctor {
    fn patient(self, stage: &Stage<'_>) -> Result<Patient> {
        let person = match (&self.user, self.pid) {
            (Some(user), _) => Person::named(user)?,
            (None, Some(pid)) => Person::of_process(pid)?,
            (None, None) => Person::of_this_process(),
        };
        let memlock = match (&self.user, self.pid) {
            // The limits of a user's processes are whatever started them says.
            (Some(_), _) => None,
            (None, Some(pid)) => clients::memlock_of(&format!("/proc/{pid}/limits")),
            (None, None) => clients::memlock_of("/proc/self/limits"),
        };
        let (config, own_data, token) = match (&self.user, self.pid) {
            (None, None) => {
                let config = Config::load();
                // Opening makes folders: not where the configuration says nothing of them.
                let token = config.as_ref().map_err(Clone::clone).and_then(|_| (stage.open)());
                (config, None, Some(token))
            }
            (_, pid) => {
                let config = person.configuration(pid)?;
                let own = Config::load().ok().map(|config| config.data);
                let own = own.filter(|own| config.as_ref().is_ok_and(|config| config.data != *own));
                let token = person.acting(|| opened(config.as_ref()))?;
                (config, own, token)
            }
        };
        Ok(Patient {
            config,
            own_data,
            token,
            module_folders: clients::module_folders(&person),
            module: self.module.map_or_else(|| library().map_err(|failure| failure.words()), Ok),
            person,
            pin_file: self.pin_file,
            memlock,
        })
    }
}

impl Patient {
    /// The slots, looked at with the person's rights; none where there are no tokens to open.
    fn slots(&self) -> Option<std::result::Result<Vec<Slot>, Failure>> {
        let token = self.token.as_ref()?.as_ref().ok()?;
        Some(self.person.acting(|| Slot::all(&**token)).and_then(|slots| slots))
    }
}

/// Opens another person's tokens, if there is a folder of them.
fn opened(config: std::result::Result<&Config, &pkcs11::Error>) -> Option<pkcs11::Result<Arc<dyn Token>>> {
    match config {
        Ok(config) if !config.data.is_dir() => None,
        Ok(config) => Some(assembly::open(config).map(|opened| opened.token)),
        Err(error) => Some(Err(error.clone())),
    }
}

fn examine(patient: &Patient) -> Report {
    let mut report = Report::default();
    for (name, check) in CHECKS {
        report.check = name;
        check(patient, &mut report);
    }
    report
}

fn show(report: &Report, stage: &mut Stage<'_>) -> Result<()> {
    for finding in &report.findings {
        let (word, tone) = match finding.state {
            State::Good => ("good ", Tone::Good),
            State::Note => ("note ", Tone::Warning),
            State::Wrong => ("wrong", Tone::Bad),
        };
        let word = stage.screen.paint(tone, word);
        writeln!(stage.out, "{word}  {:16} {}", finding.check, printable(&finding.words))?;
        if !finding.fix.is_empty() {
            writeln!(stage.out, "       {:16} what to do: {}", "", printable(&finding.fix))?;
        }
    }
    Ok(())
}

/// Longest text of a file that is looked at, in bytes.
const LONGEST_TEXT: u64 = 1 << 20;

/// The bytes of a small file. It may be somebody else's who wants root to wait for ever or to run out of memory: what is no
/// regular file, such as a pipe, is refused, and a long file is cut.
fn small(path: impl AsRef<std::path::Path>) -> std::io::Result<Vec<u8>> {
    let at_once = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(at_once.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST_TEXT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// As [`small`], as text.
fn small_text(path: impl AsRef<std::path::Path>) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&small(path)?).into_owned())
}
