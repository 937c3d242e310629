//! `claviger token change-pin`

use std::path::PathBuf;

use clap::Args;
use pkcs11::UserType;

use super::pins::{Desk, check_length, one_descriptor_each, tell_of_libp11};
use crate::choice::TokenChoice;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::pin::Wanted;

/// Changes a PIN, by whoever knows it. Programs that are logged in go on; their next login takes the new PIN.
#[derive(Debug, Args)]
pub(crate) struct ChangePin {
    #[command(flatten)]
    token: TokenChoice,
    /// Change the officer's PIN, not the user's
    #[arg(long)]
    officer: bool,
    /// Read the present PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "pin_fd")]
    pin_file: Option<PathBuf>,
    /// Read the present PIN from an open descriptor
    #[arg(long, value_name = "N")]
    pin_fd: Option<u32>,
    /// Read the new PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "new_pin_fd")]
    new_pin_file: Option<PathBuf>,
    /// Read the new PIN from an open descriptor
    #[arg(long, value_name = "N")]
    new_pin_fd: Option<u32>,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for ChangePin {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        one_descriptor_each(("pin", self.pin_fd), ("new-pin", self.new_pin_fd))?;
        let (kind, person, whose) = if self.officer {
            (UserType::So, "officer", "officer's")
        } else {
            (UserType::User, "user", "user's")
        };
        let desk = Desk::open(&self.token, stage)?;
        let old = Wanted::new(whose, "pin", self.pin_file, self.pin_fd).known(stage.asker)?;
        let running = stage.screen.progress("logging in");
        desk.login(kind, person, &old)?;
        drop(running);
        let new = Wanted::new(whose, "new-pin", self.new_pin_file, self.new_pin_fd);
        let new = new.in_place_of_another();
        let new = new.new_one(stage.asker, |pin| check_length(whose, pin, desk.info()))?;
        let running = stage.screen.progress("changing the PIN");
        let changed = desk.set_pin(&old, &new);
        drop(running);
        let label = desk.info().label.clone();
        changed.map_err(|error| {
            Failure::token(format!("the {whose} PIN of the token \"{label}\" cannot be changed"), error)
        })?;
        if !self.officer {
            tell_of_libp11(&new, stage);
        }
        desk.tell(self.json, &format!("The {person} of the token \"{label}\" has a new PIN."), stage)
    }
}
