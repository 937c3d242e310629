//! The command `claviger`: it translates command lines and decides nothing.
#![forbid(unsafe_code)]

mod batch;
mod bench;
mod cert;
mod choice;
mod command;
mod configure;
mod curves;
mod doctor;
mod failure;
mod generate;
mod journal;
mod key;
mod key_file;
#[cfg(test)]
mod mock;
mod namesakes;
mod object;
mod offered;
mod output;
mod parameter_sets;
mod pin;
mod screen;
mod session;
mod show;
mod signals;
mod synopsis;
mod terminal;
#[cfg(test)]
mod tests;
mod token;
mod uri;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use assembly::Config;

pub use command::{Stage, run};
pub use failure::{Code, Failure, Result};
pub use screen::Screen;
pub use terminal::{Asker, Terminal};

/// Runs a command line, the program's name first, over the configured token and this process's own streams.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut stage = Stage {
        open: &open_configured,
        asker: &mut Terminal::default(),
        out: &mut std::io::stdout().lock(),
        err: &mut std::io::stderr(),
        screen: Screen::of_this_process(),
    };
    ExitCode::from(run(arguments, &mut stage))
}

fn open_configured() -> pkcs11::Result<Arc<dyn pkcs11::Token>> {
    let config = Config::load()?;
    journal::start(config.journal.level);
    Ok(assembly::trace::follow(assembly::open(&config)?.token))
}
