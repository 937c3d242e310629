//! Where a PIN comes from: a file, an open descriptor, or the terminal; never an argument, which every user of the
//! machine can read in the list of processes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use pkcs11::Secret;

use crate::failure::{Failure, Result};
use crate::terminal::Asker;

/// Longest PIN that is read, in bytes; what a token takes is less.
const LONGEST: usize = 1024;
/// How often two different entries are forgiven.
const ROUNDS: usize = 3;

/// Where a PIN comes from.
#[derive(Debug)]
pub(crate) enum Source {
    File(PathBuf),
    Descriptor(u32),
    Terminal,
}

/// A PIN to be read.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Whose, as in "the officer's PIN".
    whose: &'static str,
    /// What it is: PIN or passphrase.
    secret: &'static str,
    /// The beginning of the options: `officer-pin` for `--officer-pin-file` and `--officer-pin-fd`.
    option: &'static str,
    /// What a new one is called in a prompt.
    fresh: &'static str,
    source: Source,
}

impl Wanted {
    /// A PIN from what its two options say, else from the terminal.
    pub(crate) fn new(
        whose: &'static str,
        option: &'static str,
        file: Option<PathBuf>,
        descriptor: Option<u32>,
    ) -> Self {
        let source = match (file, descriptor) {
            (Some(path), _) => Source::File(path),
            (None, Some(number)) => Source::Descriptor(number),
            (None, None) => Source::Terminal,
        };
        Self { whose, secret: "PIN", option, fresh: "A PIN", source }
    }

    /// The same for a PIN that takes the place of another.
    pub(crate) fn in_place_of_another(self) -> Self {
        Self { fresh: "A new PIN", ..self }
    }

    /// The passphrase of a file that is imported.
    pub(crate) fn passphrase(file: Option<PathBuf>, descriptor: Option<u32>) -> Self {
        Self { secret: "passphrase", ..Self::new("file's", "passphrase", file, descriptor) }
    }

    /// What it is called: `user's PIN`.
    fn named(&self) -> String {
        format!("{} {}", self.whose, self.secret)
    }

    /// Reads a PIN that is there already.
    pub(crate) fn known(&self, asker: &mut dyn Asker) -> Result<Secret> {
        match self.handed()? {
            Some(pin) => Ok(pin),
            None => self.ask(asker, &format!("The {}: ", self.named())),
        }
    }

    /// Reads a PIN to be set: a person types it twice, after the first has been found good enough.
    ///
    /// # Errors
    /// What `check` says of the PIN.
    pub(crate) fn new_one(
        &self,
        asker: &mut dyn Asker,
        check: impl Fn(&Secret) -> Result<()>,
    ) -> Result<Secret> {
        if let Some(pin) = self.handed()? {
            check(&pin)?;
            return Ok(pin);
        }
        let first_prompt = format!("{} for the {}: ", self.fresh, self.person());
        let differing = format!("These were two different PINs. {first_prompt}");
        for round in 0..ROUNDS {
            let first = self.ask(asker, if round == 0 { &first_prompt } else { &differing })?;
            check(&first)?;
            if first == self.ask(asker, "The same PIN again: ")? {
                return Ok(first);
            }
        }
        Err(Failure::pin(
            format!("the {} was typed differently {ROUNDS} times", self.named()),
            "nothing was changed: start again",
        ))
    }

    fn person(&self) -> &'static str {
        self.whose.trim_end_matches("'s")
    }

    fn ask(&self, asker: &mut dyn Asker, prompt: &str) -> Result<Secret> {
        let typed = asker.ask(prompt).map_err(|error| match error.kind() {
            ErrorKind::Interrupted | ErrorKind::UnexpectedEof => Failure::pin(
                format!("the {} was not given", self.named()),
                "nothing was changed: start again",
            ),
            _ => Failure::pin(
                format!("there is no terminal to ask for the {} ({error})", self.named()),
                format!("name a file with --{0}-file, or a descriptor with --{0}-fd", self.option),
            ),
        })?;
        self.not_empty(typed)
    }

    /// The PIN from a file or a descriptor; nothing where it has to be asked for.
    fn handed(&self) -> Result<Option<Secret>> {
        let (place, file) = match &self.source {
            Source::File(path) => (path.display().to_string(), self.file(path)?),
            Source::Descriptor(number) => (format!("descriptor {number}"), self.descriptor(*number)?),
            Source::Terminal => return Ok(None),
        };
        if file.is_terminal() {
            return Err(Failure::pin(
                format!("{place} is a terminal, which would show the {}", self.named()),
                format!(
                    "leave out --{0}-file and --{0}-fd: the PIN is then asked for without echo",
                    self.option
                ),
            ));
        }
        let pin = one_line(file).map_err(|error| {
            Failure::pin(
                format!("the {} cannot be read from {place}: {error}", self.named()),
                format!("it must hold the {} alone, on one line", self.secret),
            )
        })?;
        self.not_empty(pin).map(Some)
    }

    fn not_empty(&self, pin: Secret) -> Result<Secret> {
        if pin.is_empty() && self.secret == "PIN" {
            return Err(Failure::pin(format!("the {} is empty", self.named()), "give one"));
        }
        Ok(pin)
    }

    /// Opens a file that others may not read, or a pipe.
    fn file(&self, path: &Path) -> Result<File> {
        let cannot = |error: io::Error| {
            Failure::pin(
                format!("the {} cannot be read from {}: {error}", self.named(), path.display()),
                format!("name another file with --{}-file", self.option),
            )
        };
        let file =
            OpenOptions::new().read(true).custom_flags(OFlag::O_NOCTTY.bits()).open(path).map_err(cannot)?;
        let metadata = file.metadata().map_err(cannot)?;
        let mode = metadata.mode();
        // A secret that a container is given lies there as root's, readable for the container's group.
        let group_allowed = if metadata.uid() == 0 { 0o040 } else { 0 };
        if metadata.is_file() && mode & 0o077 & !group_allowed != 0 {
            return Err(Failure::pin(
                format!("others may read or write {}, which holds the {}", path.display(), self.named()),
                format!("chmod 600 {0}, and choose another PIN if {0} was readable before", path.display()),
            ));
        }
        Ok(file)
    }

    fn descriptor(&self, number: u32) -> Result<File> {
        let opened = if number == 0 {
            // Standard input may be a socket, which cannot be opened by its name.
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(format!("/proc/self/fd/{number}"))
        };
        opened.map_err(|error| {
            Failure::pin(
                format!("the {} cannot be read from descriptor {number}: {error}", self.named()),
                format!("open the descriptor for reading, or use --{}-file", self.option),
            )
        })
    }
}

/// The one line of a file without its end.
fn one_line(mut file: File) -> io::Result<Secret> {
    let mut buffer = Secret::zeroed(LONGEST + 1);
    let mut filled = 0;
    loop {
        let room = buffer.as_mut().get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(io::Error::new(ErrorKind::FileTooLarge, format!("more than {LONGEST} bytes")));
        }
        match file.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let text = buffer.expose().get(..filled).unwrap_or_default();
    let line = match text {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] | line => line,
    };
    if line.contains(&b'\n') {
        return Err(io::Error::new(ErrorKind::InvalidData, "more than one line"));
    }
    Ok(Secret::from(line))
}

#[cfg(test)]
mod tests;
