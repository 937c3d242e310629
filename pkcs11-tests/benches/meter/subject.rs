//! What is measured: modules in this process, each with a token and keys; and the bare algorithms, in a process of
//! their own.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use pkcs11_tests::provider::{Installation, beside_this_program};
use pkcs11_tests::{Module, Provider, Token};

use crate::interface::{Answer, Interface};
use crate::plan::Plan;
use crate::progress;
use crate::recipe::{Handles, Recipe};

/// Names one more module to measure: a path. Its configuration is its own. It has a slot without a token each time that
/// one is asked for: for the rows, and for the stores.
pub(crate) const MODULE_VARIABLE: &str = "MODULE";

/// A module to measure, by the name that it has in tables.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    /// In tables.
    pub(crate) name: &'static str,
    /// The module.
    pub(crate) path: PathBuf,
    provider: Option<Provider>,
}

/// Ours, SoftHSM, and whichever else is named.
pub(crate) fn contenders() -> Vec<Contender> {
    let known = [("Claviger", Provider::Claviger), ("SoftHSM", Provider::SoftHsm)];
    let mut all: Vec<_> = known
        .map(|(name, provider)| Contender { name, path: provider.module_path(), provider: Some(provider) })
        .into();
    if let Some(path) = env::var_os(MODULE_VARIABLE).filter(|path| !path.is_empty()) {
        all.push(Contender { name: "MODULE", path: path.into(), provider: None });
    }
    all
}

impl Contender {
    /// Lays down a place for tokens; gives what a process must find in its environment.
    pub(crate) fn install(&self, folder: &Path) -> Option<(&'static str, std::ffi::OsString)> {
        let provider = self.provider?;
        let folder = folder.join(self.name);
        std::fs::create_dir(&folder).expect("a folder");
        Some(Installation::create(provider, &folder).environment())
    }
}

/// A module with a token, logged in.
pub(crate) struct Subject {
    /// In tables.
    pub(crate) name: &'static str,
    /// The functions that are measured.
    pub(crate) module: Interface,
    /// The token, for whatever is not measured.
    pub(crate) token: Token,
    keys: BTreeMap<(&'static str, bool), Answer<Handles>>,
}

impl Subject {
    /// Loads the module and makes a token, with nothing in it.
    pub(crate) fn new(contender: &Contender) -> Self {
        let module = Module::open(&contender.path);
        let token = Token::fresh(module);
        let _stays_logged_in = token.user_session();
        Self { name: contender.name, module: Interface::of(module), token, keys: BTreeMap::new() }
    }

    /// Makes a key of each kind that the rows use: in the token, and in the session.
    pub(crate) fn make_keys(&mut self, plan: &Plan) {
        let session = self.token.open_rw();
        for recipe in plan.cases().filter_map(|(_, case)| case.key) {
            progress::at(format!("{}: a key {}", self.name, recipe.name));
            for token in [true, false] {
                self.keys
                    .entry((recipe.name, token))
                    .or_insert_with(|| recipe.generate(self.module, session, token, recipe.name));
            }
        }
    }

    /// The key of a kind.
    pub(crate) fn key(&self, recipe: &Recipe, token: bool) -> Answer<Handles> {
        self.keys.get(&(recipe.name, token)).copied().expect("every key was made, or refused")
    }
}

/// The process that runs the bare algorithms.
pub(crate) struct Bare {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Bare {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let program = beside_this_program("examples/primitive_speed").expect(
            "primitive_speed is missing: cargo build --release -p claviger-mechanisms --example primitive_speed",
        );
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the bare algorithms");
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, questions, answers }
    }

    /// Operations a second; `None` for a row that has no bare algorithm.
    pub(crate) fn rate(&mut self, row: &str, threads: usize, seconds: f64) -> Option<f64> {
        let questions = self.questions.as_mut().expect("a pipe");
        writeln!(questions, "{row} {threads} {seconds}").expect("a question");
        questions.flush().expect("a question");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        (answer.trim() != "-").then(|| answer.trim().parse().expect("a rate"))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _reaped = self.child.wait();
    }
}
