//! What can be typed: a table with a row for each noun and verb.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use clap::{ArgMatches, Command};
use pkcs11::{Error, Token};

use crate::bench::Bench;
use crate::cert;
use crate::configure::{self, Configure};
use crate::doctor::Doctor;
use crate::failure::{Failure, Result};
use crate::generate;
use crate::key;
use crate::object;
use crate::screen::Screen;
use crate::show::printable;
use crate::synopsis::synopsis;
use crate::terminal::Asker;
use crate::token;

/// What nouns that have verbs are.
const NOUNS: &[(&str, &str)] = &[
    ("token", "Tokens and the slots that they are in"),
    ("key", "Keys: private, public and secret ones"),
    ("cert", "Certificates"),
    ("object", "Objects of every kind"),
    ("configure", "What to put into a client's configuration, with the paths of this installation"),
    ("generate", "Pages and completions, for packages"),
];

/// The verb of a noun that has none.
const ALONE: &str = "";

/// Everything that can be done, in the order in which help lists it.
const COMMANDS: &[Row] = &[
    row::<token::Init>("token", "init", "Make a token in an empty slot: its officer, its user, their PINs"),
    row::<token::List>("token", "list", "Show the slots and the tokens in them"),
    row::<token::Show>("token", "show", "Show one token: its state, its limits, its mechanisms"),
    row::<token::InitPin>(
        "token",
        "init-pin",
        "As the officer, give the user a PIN, the first or a new one; no key is lost",
    ),
    row::<token::ChangePin>(
        "token",
        "change-pin",
        "Change the user's PIN, or the officer's; programs that are logged in go on",
    ),
    row::<token::Delete>("token", "delete", "Destroy a token and everything in it, without any PIN"),
    row::<key::Generate>("key", "generate", "Make a key, or a pair of keys, in the token"),
    row::<key::List>("key", "list", "Show the keys of a token"),
    row::<key::Show>("key", "show", "Show one key: what it may do, how it is protected, its URI"),
    row::<key::Import>("key", "import", "Import the keys of a file, and the certificates with them"),
    row::<key::Export>("key", "export", "Write a public key as PEM, or another key wrapped"),
    row::<key::Delete>("key", "delete", "Delete a key, or both keys of a pair"),
    row::<cert::Import>("cert", "import", "Import the certificates of a file"),
    row::<cert::List>("cert", "list", "Show the certificates of a token"),
    row::<cert::Show>("cert", "show", "Show one certificate"),
    row::<cert::Export>("cert", "export", "Write a certificate as PEM"),
    row::<cert::Delete>("cert", "delete", "Delete one certificate"),
    row::<object::List>("object", "list", "Show every object of a token"),
    row::<object::Show>("object", "show", "Show one object with its attributes"),
    row::<object::Delete>("object", "delete", "Delete one object"),
    row::<Configure<configure::P11Kit>>(
        "configure",
        "p11-kit",
        "A module file, for every program that uses p11-kit",
    ),
    row::<Configure<configure::Nginx>>("configure", "nginx", "A server whose TLS key is in the token"),
    row::<Configure<configure::Apache>>(
        "configure",
        "apache",
        "A virtual host whose TLS key is in the token",
    ),
    row::<Configure<configure::Stunnel>>("configure", "stunnel", "A service whose TLS key is in the token"),
    row::<Configure<configure::Openssl>>(
        "configure",
        "openssl",
        "The engine of libp11, for OpenSSL and the programs that use it",
    ),
    row::<Configure<configure::Curl>>("configure", "curl", "A client's TLS key in the token"),
    row::<Configure<configure::Openssh>>("configure", "openssh", "ssh with keys in the token"),
    row::<Configure<configure::Nss>>("configure", "nss", "A database of NSS: Firefox, Chromium, certutil"),
    row::<Configure<configure::Java>>("configure", "java", "The provider SunPKCS11"),
    row::<Configure<configure::Opendnssec>>("configure", "opendnssec", "A repository of OpenDNSSEC"),
    row::<Configure<configure::Systemd>>(
        "configure",
        "systemd",
        "A service that uses the token: memory, environment, PIN",
    ),
    row::<Doctor>("doctor", ALONE, "Find what keeps a client from working, and say the fix"),
    row::<Bench>("bench", ALONE, "Measure what a token does in a second, with keys that are gone afterwards"),
    row::<generate::Man>("generate", "man", "Write the manual pages into a folder"),
    row::<generate::Completions>(
        "generate",
        "completions",
        "Write the completions of a shell to standard output",
    ),
];

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed, or refused by the token; standard error says why and what to do
  2  the command line is wrong; nothing was done
  3  a PIN or passphrase is wrong, locked, or not to be had
  4  what was named is not there, or there are several of it
  5  the tokens cannot be reached: configuration, permissions, disk

Where tokens lie is configured: in the file that CLAVIGER_CONF names, else in
$XDG_CONFIG_HOME/claviger/claviger.toml (or below ~/.config), else in
/etc/claviger/claviger.toml.";

/// What a command acts upon and speaks through.
pub struct Stage<'a> {
    /// Opens the token: called by the commands that need one.
    pub open: &'a dyn Fn() -> pkcs11::Result<Arc<dyn Token>>,
    /// Whom PINs are asked from.
    pub asker: &'a mut dyn Asker,
    /// For results.
    pub out: &'a mut dyn Write,
    /// For what a person should know beside the result.
    pub err: &'a mut dyn Write,
    /// What both can show.
    pub screen: Screen,
}

impl Stage<'_> {
    /// Opens the token.
    pub(crate) fn token(&self) -> Result<Arc<dyn Token>> {
        (self.open)().map_err(|error| Failure::token("the tokens cannot be opened", error))
    }

    /// Says something beside the result.
    pub(crate) fn tell(&mut self, words: &str) {
        // Where standard error is closed there is nobody to tell, which keeps nothing from being done.
        let _ = writeln!(self.err, "claviger: {}", printable(words));
    }
}

/// The arguments of one noun and verb, and what they do.
pub(crate) trait Verb: clap::Args {
    fn run(self, stage: &mut Stage<'_>) -> Result<()>;
}

struct Row {
    noun: &'static str,
    verb: &'static str,
    about: &'static str,
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches, &mut Stage<'_>) -> Result<()>,
}

const fn row<V: Verb>(noun: &'static str, verb: &'static str, about: &'static str) -> Row {
    Row {
        noun,
        verb,
        about,
        arguments: V::augment_args,
        run: |matches, stage| match V::from_arg_matches(matches) {
            Ok(verb) => verb.run(stage),
            Err(error) => Err(Failure::Usage(error.to_string())),
        },
    }
}

impl Row {
    /// How it is typed: help, manual pages and the page in docs show this.
    fn synopsis(&self) -> String {
        let called = if self.verb == ALONE {
            format!("claviger {}", self.noun)
        } else {
            format!("claviger {} {}", self.noun, self.verb)
        };
        synopsis(&called, &(self.arguments)(Command::new(self.noun)))
    }

    fn command(&self) -> Command {
        let name = if self.verb == ALONE { self.noun } else { self.verb };
        let command = Command::new(name).after_help(EXIT_CODES);
        // After the arguments: what documents their type would stand in the place of the table's words.
        (self.arguments)(command).about(self.about).long_about(None).override_usage(self.synopsis())
    }
}

/// Runs a command line, the program's name first, and gives the exit code. A reader that has gone away is no failure.
pub fn run(arguments: impl IntoIterator<Item = OsString>, stage: &mut Stage<'_>) -> u8 {
    let result = match grammar().try_get_matches_from(helped(arguments)) {
        Ok(matches) => dispatch(&matches, stage).and_then(|()| Ok(stage.out.flush()?)),
        Err(told) if told.use_stderr() => Err(Failure::Usage(told.render().to_string())),
        Err(asked) => write!(stage.out, "{}", asked.render()).map_err(Failure::from),
    };
    match result {
        Ok(()) => 0,
        Err(failure) => {
            // Where standard error is closed, the exit code alone has to do.
            let _ = failure.tell(stage.err);
            failure.exit_code()
        }
    }
}

/// `claviger help token init` is `claviger token init --help`, and `claviger help` is `claviger --help`.
fn helped(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

fn dispatch(matches: &ArgMatches, stage: &mut Stage<'_>) -> Result<()> {
    let typed =
        matches.subcommand().map(|(noun, below)| (noun, below.subcommand().unwrap_or((ALONE, below))));
    let found = typed.and_then(|(noun, (verb, arguments))| {
        let row = COMMANDS.iter().find(|row| row.noun == noun && row.verb == verb)?;
        Some((row, arguments))
    });
    match found {
        Some((row, arguments)) => (row.run)(arguments, stage),
        None => Err(Failure::token("the command line", Error::Bug("a command that the table lacks"))),
    }
}

/// The whole command line: what help, manual pages and completions are made from.
pub(crate) fn grammar() -> Command {
    let nouns = COMMANDS.chunk_by(|one, next| one.noun == next.noun).filter_map(|rows| {
        let first = rows.first()?;
        let Some((noun, about)) = NOUNS.iter().find(|(noun, _)| *noun == first.noun) else {
            return Some(first.command());
        };
        let command = Command::new(*noun)
            .about(*about)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .after_help(EXIT_CODES)
            .subcommands(rows.iter().map(Row::command));
        Some(command)
    });
    Command::new("claviger")
        .about("Administration of Claviger tokens")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .after_help(EXIT_CODES)
        .subcommands(nouns)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_names_every_noun_and_verb_and_exit_code() {
        let page = include_str!("../../docs/command.md");
        for row in COMMANDS {
            let named = format!("| `{}` |", row.noun);
            let line = page.lines().find(|line| line.starts_with(&named)).unwrap();
            let named = row.verb == ALONE || line.contains(&format!("`{}`", row.verb));
            assert!(named, "{} {}", row.noun, row.verb);
        }
        for line in EXIT_CODES.lines().filter(|line| line.starts_with("  ")) {
            let (code, words) = line.trim().split_once("  ").unwrap();
            assert!(page.contains(&format!("| {code} | {words} |")), "{line}");
        }
    }

    /// `WRITE_PAGE=1` writes the block anew, for whoever changes an option.
    #[test]
    fn the_page_shows_how_every_command_is_typed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once("\n## Every command\n").unwrap();
        let (words, rest) = rest.split_once("\n```\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let block: String = COMMANDS.iter().map(|row| row.synopsis() + "\n").collect();
        let wanted = format!("{before}\n## Every command\n{words}\n```\n{block}```\n{after}");
        if std::env::var_os("WRITE_PAGE").is_some() {
            std::fs::write(path, &wanted).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), wanted);
    }

    #[test]
    fn every_json_of_objects_has_a_file_that_keeps_its_form_and_failures_write_none() {
        let bench = crate::tests::Bench::empty();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for row in COMMANDS.iter().filter(|row| matches!(row.noun, "key" | "cert" | "object")) {
            assert!(row.synopsis().contains("[--json]"), "{} {}", row.noun, row.verb);
            let file = folder.join(row.noun).join(row.verb).with_extension("json");
            assert!(file.exists(), "{}", file.display());
            let which: &[&str] = match (row.noun, row.verb) {
                (_, "list") => &[],
                (_, "import") => &["/dev/null"],
                (_, "generate") => &["--type", "ec", "--label", "a"],
                _ => &["--label", "a"],
            };
            let done = bench.claviger(&[&[row.noun, row.verb, "--json"], which].concat(), &[]);
            let wanted = if row.verb == "import" { 1 } else { 4 };
            assert_eq!((done.code, done.out.as_str()), (wanted, ""), "{} {}", row.noun, row.verb);
            assert!(done.err.starts_with("claviger: ") && done.err.contains("what to do: "), "{}", done.err);
        }
    }

    #[test]
    fn help_is_asked_for_by_a_word_or_by_an_option() {
        let bench = crate::tests::Bench::empty();
        for words in [&[][..], &["token"], &["token", "init"], &["doctor"]] {
            let by_word = bench.claviger(&[&["help"], words].concat(), &[]);
            let by_option = bench.claviger(&[words, &["--help"]].concat(), &[]);
            assert_eq!((by_word.code, by_word.err.as_str()), (0, ""), "{words:?}");
            assert!(by_word.out.contains("Usage: claviger"), "{}", by_word.out);
            assert_eq!(by_word.out, by_option.out, "{words:?}");
        }
        let done = bench.claviger(&["help", "tokne"], &[]);
        assert_eq!((done.code, done.out.as_str()), (2, ""));
        assert!(done.err.contains("token"), "{}", done.err);
    }

    #[test]
    fn help_and_manual_page_show_what_must_be_said() {
        let synopsis = "claviger key generate --type TYPE --label LABEL\n";
        let mut grammar = grammar();
        grammar.build();
        let generate = grammar.find_subcommand("key").unwrap().find_subcommand("generate").unwrap();
        let help = generate.clone().render_help().to_string();
        assert!(help.contains(&format!("Usage: {synopsis}")), "{help}");
        let mut page = Vec::new();
        clap_mangen::Man::new(generate.clone()).render_synopsis_section(&mut page).unwrap();
        let page =
            String::from_utf8(page).unwrap().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
        assert!(page.contains(synopsis), "{page}");
    }

    #[test]
    fn the_grammar_holds_every_row_and_noun_with_the_words_of_the_table() {
        let grammar = grammar();
        grammar.clone().debug_assert();
        let mut told = BTreeSet::new();
        for row in COMMANDS {
            let noun = grammar.find_subcommand(row.noun).unwrap();
            let command = if row.verb == ALONE { noun } else { noun.find_subcommand(row.verb).unwrap() };
            assert_eq!(command.get_about().unwrap().to_string(), row.about, "{} {}", row.noun, row.verb);
            assert!(command.get_long_about().is_none() && told.insert(row.about), "{}", row.about);
        }
        for (noun, about) in NOUNS {
            let command = grammar.find_subcommand(noun).unwrap();
            assert_eq!(command.get_about().unwrap().to_string(), *about);
        }
    }
}
