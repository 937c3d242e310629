//! Why a command failed, what to do next, and the exit code.

use std::io::{self, ErrorKind, Write};

use pkcs11::Error;

use crate::show::printable;

/// A result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

/// What a script can tell from the exit code: never renumbered once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Failed or refused, for a reason that has no number of its own.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A PIN or a passphrase is wrong, locked, missing or not to be had.
    Pin = 3,
    /// What was named is not there, or there are several.
    NotFound = 4,
    /// The tokens cannot be reached: configuration, permissions, the disk, a damaged store.
    Unreachable = 5,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong; the words are complete.
    Usage(String),
    /// The token, or its configuration, refused.
    Token {
        /// What could not be done.
        what: String,
        /// Why.
        error: Error,
    },
    /// The command refused.
    Refused {
        /// Why.
        reason: String,
        /// What to do next.
        remedy: String,
        /// What a script is told.
        code: Code,
    },
    /// The result could not be written.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn token(what: impl Into<String>, error: Error) -> Self {
        Self::Token { what: what.into(), error }
    }

    pub(crate) fn refused(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::coded(Code::Failed, reason, remedy)
    }

    /// A PIN or a passphrase is not to be had.
    pub(crate) fn pin(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::coded(Code::Pin, reason, remedy)
    }

    /// What was named is not there, or there are several.
    pub(crate) fn not_found(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::coded(Code::NotFound, reason, remedy)
    }

    fn coded(code: Code, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), remedy: remedy.into(), code }
    }

    /// A [`Code`], or 0 where the reader of the result has merely gone away.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => Code::Usage as u8,
            Self::Token { error, .. } => code(error) as u8,
            Self::Refused { code, .. } => *code as u8,
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => 0,
            Self::Output(_) => Code::Failed as u8,
        }
    }

    /// Why, without what to do.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Usage(words) => words.clone(),
            Self::Token { what, error } => format!("{what}: {error}"),
            Self::Refused { reason, .. } => reason.clone(),
            Self::Output(error) => error.to_string(),
        }
    }

    /// Says why, and what to do next.
    pub(crate) fn tell(&self, err: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Usage(words) => write!(err, "{words}"),
            // The command asks for no name that nobody could have.
            Self::Token { what, error: error @ Error::PinIncorrect } => {
                tell_both(err, &format!("{what}: wrong PIN"), remedy(error).unwrap_or_default())
            }
            Self::Token { what, error } => {
                tell_both(err, &format!("{what}: {error}"), remedy(error).unwrap_or_default())
            }
            Self::Refused { reason, remedy, .. } => tell_both(err, reason, remedy),
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Self::Output(error) => tell_both(err, &format!("the result cannot be written: {error}"), ""),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn tell_both(err: &mut dyn Write, reason: &str, remedy: &str) -> io::Result<()> {
    writeln!(err, "claviger: {}", printable(reason))?;
    if !remedy.is_empty() {
        writeln!(err, "  what to do: {}", printable(remedy))?;
    }
    Ok(())
}

/// What a refusal of the token is, for a script.
fn code(error: &Error) -> Code {
    match error {
        Error::PinIncorrect
        | Error::PinLocked
        | Error::PinInvalid(_)
        | Error::PinLenRange
        | Error::UserPinNotInitialized => Code::Pin,
        Error::SlotIdInvalid | Error::TokenNotInitialized | Error::ObjectHandleInvalid => Code::NotFound,
        Error::Configuration { .. }
        | Error::DeviceKey { .. }
        | Error::StoreNewer { .. }
        | Error::StoreDamaged { .. }
        | Error::StoreBusy(_)
        | Error::StoreReadOnly(_)
        | Error::StoreFull(_)
        | Error::StoreIo { .. }
        | Error::Forged { .. } => Code::Unreachable,
        _ => Code::Failed,
    }
}

/// What the operator can do about a refusal of the token.
pub(crate) fn remedy(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Bug(_) => "report this, with the words above",
        Error::Configuration { .. } => "put that right; docs/configuration.md lists keys and permissions",
        Error::DeviceKey { .. } => {
            "put that right; a device key that is lost has to come from a backup, for nothing else opens the token"
        }
        Error::StoreNewer { .. } => "use the version of claviger that wrote it, or a newer one",
        Error::StoreDamaged { .. } | Error::Forged { .. } => "bring the token's folder back from a backup",
        Error::StoreBusy(_) => "try again, or raise `busy-wait` in the configuration",
        Error::StoreReadOnly(_) => {
            "run the command as a user who may write there, or let this one; docs/configuration.md lists permissions"
        }
        Error::StoreFull(_) => "make room on that disk and try again",
        Error::SlotIdInvalid => "`claviger token list` shows the slots",
        Error::PinIncorrect => {
            "try again with the right PIN; too many wrong ones lock it, and `claviger token show` tells how many are left"
        }
        Error::PinLocked => {
            "an officer gives a locked user a new PIN with `claviger token init-pin`; where the officer's is locked, \
             `claviger token delete` gives up the token and every key in it"
        }
        Error::UserPinNotInitialized => "an officer gives the user a PIN first: `claviger token init-pin`",
        Error::KeyFunctionNotPermitted => {
            "the key's usage attributes do not allow that: `claviger key show` lists them"
        }
        Error::PinInvalid(_) | Error::PinLenRange => "choose another PIN",
        Error::SessionExists => "end the programs that use the token",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(failure: &Failure) -> String {
        let mut words = Vec::new();
        failure.tell(&mut words).unwrap();
        String::from_utf8(words).unwrap()
    }

    #[test]
    fn a_refusal_says_what_failed_why_and_what_to_do() {
        let failure = Failure::token("slot 3 cannot be read", Error::SlotIdInvalid);
        assert_eq!(
            told(&failure),
            "claviger: slot 3 cannot be read: there is no such slot\n  what to do: `claviger token list` shows the \
             slots\n"
        );
        assert_eq!(failure.exit_code(), 4);
        assert_eq!(Failure::token("", Error::PinLocked).exit_code(), 3);
        assert_eq!(Failure::token("", Error::StoreFull("/data".into())).exit_code(), 5);
        assert_eq!(Failure::token("", Error::SessionExists).exit_code(), 1);
    }

    #[test]
    fn a_reader_that_has_gone_away_is_neither_told_of_nor_a_failure() {
        let failure = Failure::from(io::Error::from(ErrorKind::BrokenPipe));
        assert_eq!((told(&failure).as_str(), failure.exit_code()), ("", 0));
        assert_eq!(Failure::from(io::Error::from(ErrorKind::StorageFull)).exit_code(), 1);
    }

    #[test]
    fn what_a_file_is_called_cannot_steer_the_terminal() {
        let failure = Failure::refused("\x1b[2Jgone", "");
        assert_eq!(told(&failure), "claviger: \\u{1b}[2Jgone\n");
    }
}
