//! `claviger generate`: manual pages and completions, made from the table of commands.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use crate::command::{Stage, Verb, grammar};
use crate::failure::{Failure, Result};

/// Writes the manual pages: one of the command, one of each noun and verb.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder, which is there: a file `claviger-NOUN-VERB.1` for each
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Verb for Man {
    fn run(self, _: &mut Stage<'_>) -> Result<()> {
        clap_mangen::generate_to(grammar(), &self.folder).map_err(|error| {
            Failure::refused(
                format!("the pages cannot be written into {}: {error}", self.folder.display()),
                "name a folder that is there and can be written",
            )
        })
    }
}

/// Writes a shell's completions to standard output.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Verb for Completions {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        // The generator panics where its output fails: it writes into memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut grammar(), "claviger", &mut script);
        Ok(stage.out.write_all(&script)?)
    }
}
