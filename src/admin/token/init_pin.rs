//! `claviger token init-pin`

use std::path::PathBuf;

use clap::Args;
use pkcs11::UserType;
use pkcs11::constants::CKF_USER_PIN_INITIALIZED;

use super::pins::{Desk, check_length, one_descriptor_each, tell_of_libp11};
use crate::choice::TokenChoice;
use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::pin::Wanted;

/// Gives the user a PIN: the first one, or another where it is forgotten or locked. No key is lost.
#[derive(Debug, Args)]
pub(crate) struct InitPin {
    #[command(flatten)]
    token: TokenChoice,
    /// Read the officer's PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "officer_pin_fd")]
    officer_pin_file: Option<PathBuf>,
    /// Read the officer's PIN from an open descriptor
    #[arg(long, value_name = "N")]
    officer_pin_fd: Option<u32>,
    /// Read the user's new PIN from a file that nobody else may read
    #[arg(long, value_name = "FILE", conflicts_with = "user_pin_fd")]
    user_pin_file: Option<PathBuf>,
    /// Read the user's new PIN from an open descriptor
    #[arg(long, value_name = "N")]
    user_pin_fd: Option<u32>,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Verb for InitPin {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        one_descriptor_each(("officer-pin", self.officer_pin_fd), ("user-pin", self.user_pin_fd))?;
        let desk = Desk::open(&self.token, stage)?;
        let officer = Wanted::new("officer's", "officer-pin", self.officer_pin_file, self.officer_pin_fd)
            .known(stage.asker)?;
        let running = stage.screen.progress("logging in");
        desk.login(UserType::So, "officer", &officer)?;
        drop(running);
        let had_one = desk.info().flags & CKF_USER_PIN_INITIALIZED != 0;
        let user = Wanted::new("user's", "user-pin", self.user_pin_file, self.user_pin_fd);
        let user = if had_one { user.in_place_of_another() } else { user };
        let user = user.new_one(stage.asker, |pin| check_length("user's", pin, desk.info()))?;
        let running = stage.screen.progress("setting the PIN");
        let set = desk.init_pin(&user);
        drop(running);
        let label = desk.info().label.clone();
        set.map_err(|error| {
            Failure::token(format!("the user's PIN of the token \"{label}\" cannot be set"), error)
        })?;
        tell_of_libp11(&user, stage);
        let words = if had_one {
            format!("The user of the token \"{label}\" has a new PIN and every key of before.")
        } else {
            format!("The user of the token \"{label}\" has a PIN now.")
        };
        desk.tell(self.json, &words, stage)
    }
}
