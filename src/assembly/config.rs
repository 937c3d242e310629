//! What the operator says: read once when the library is initialised. No other file reads the environment.
//!
//! docs/configuration.md lists the keys and tells where the file is looked for.

mod file;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::application::Settings;
use log::LevelFilter;
use nix::unistd::{Uid, User, getegid, geteuid, getgid, getuid};
use pkcs11::{Error, Result};
use serde::Deserialize;

/// Names the configuration file itself; a file that must then be there.
pub const FILE_VARIABLE: &str = "CLAVIGER_CONF";
/// Names the file that the library traces its calls to.
const TRACE_VARIABLE: &str = "CLAVIGER_TRACE";
/// The installation's configuration.
const SYSTEM_FILE: &str = "/etc/claviger/claviger.toml";
/// Below a folder of the user's: the configuration, and with another base folder the data.
const OWN_FOLDER: &str = "claviger";
/// Name of the configuration in a folder of ours.
const FILE_NAME: &str = "claviger.toml";
/// Name of the default folder for device keys in the data folder.
const DEVICE_KEYS: &str = "device-keys";
/// How long a store that another process holds is waited for.
const DEFAULT_BUSY_WAIT: Duration = Duration::from_secs(10);

/// Gives the value of a variable by its name.
pub type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// Everything that is configured, with the defaults filled in and every path absolute.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Where tokens lie.
    pub data: PathBuf,
    /// Where device keys lie.
    pub device_keys: PathBuf,
    /// The group, by number, that shares tokens: folders become 2770 and files 0660, for device keys 0750 and 0640.
    pub group: Option<u32>,
    /// Where messages go.
    pub journal: Journal,
    /// How long a store that another process holds is waited for.
    pub busy_wait: Duration,
    /// What concerns the engine.
    pub settings: Settings,
}

/// Where messages go, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Where to.
    pub destination: Destination,
    /// The least important that is written.
    pub level: LevelFilter,
}

impl Default for Journal {
    fn default() -> Self {
        Self { destination: Destination::Stderr, level: LevelFilter::Warn }
    }
}

/// Where messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Standard error of the process.
    Stderr,
    /// The system's log, facility `authpriv`.
    Syslog,
    /// Nowhere.
    #[serde(rename = "none")]
    Nowhere,
}

impl Config {
    /// Finds and reads the configuration of this process, by `CLAVIGER_CONF`, in the user's configuration folder,
    /// or in `/etc/claviger`; with none, the defaults hold and tokens lie in the user's data folder.
    ///
    /// A process with more rights than its caller (set-user-id, set-group-id, file capabilities) takes nothing from
    /// the environment.
    ///
    /// # Errors
    /// [`Error::Configuration`] with the path and the reason.
    pub fn load() -> Result<Self> {
        Self::found(&Surroundings::of_this_process())
    }

    /// Finds and reads the configuration that a process of this user would, whose variables `environment` gives.
    ///
    /// # Errors
    /// [`Error::Configuration`] with the path and the reason.
    pub fn load_of(user: u32, environment: &Environment<'_>) -> Result<Self> {
        let user = Uid::from_raw(user);
        let account_home = || home_of(user);
        let told = Surroundings::of(true, environment);
        Self::found(&Surroundings { account_home: &account_home, user, ..told })
    }

    /// Reads one file. The environment is asked only for the data folder, if the file does not name one.
    ///
    /// # Errors
    /// [`Error::Configuration`] with the path and the reason.
    pub fn from_file(path: &Path) -> Result<Self> {
        Self::read(path, &Surroundings::of_this_process())
    }

    /// The defaults, with tokens in `data`. Reads neither a file nor the environment.
    #[must_use]
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        Self {
            file: None,
            device_keys: data.join(DEVICE_KEYS),
            data,
            group: None,
            journal: Journal::default(),
            busy_wait: DEFAULT_BUSY_WAIT,
            settings: Settings::default(),
        }
    }

    fn found(surroundings: &Surroundings<'_>) -> Result<Self> {
        if let Some(named) = &surroundings.named_file {
            return Self::read(Path::new(named), surroundings).map_err(|error| match error {
                Error::Configuration { path, reason } => {
                    refused(&path, format!("{reason} (named by {FILE_VARIABLE})"))
                }
                other => other,
            });
        }
        match surroundings.present_file()? {
            Some(path) => Self::read(&path, surroundings),
            None => Ok(Self::in_folder(surroundings.data_folder(None)?)),
        }
    }

    fn read(path: &Path, surroundings: &Surroundings<'_>) -> Result<Self> {
        let path = std::path::absolute(path).map_err(|error| refused(path, error.to_string()))?;
        let keys = file::read(&path, surroundings.user)?;
        let data = match &keys.data {
            Some(data) => data.clone(),
            None => surroundings.data_folder(Some(&path))?,
        };
        let device_keys = keys.device_keys.clone().unwrap_or_else(|| data.join(DEVICE_KEYS));
        if data.starts_with(&device_keys) || device_keys.starts_with(data.join("tokens")) {
            return Err(refused(
                &path,
                "`device-keys` must name a folder apart from the tokens: whoever copies the one must not have the \
                 other",
            ));
        }
        let file::Keys { group, journal, busy_wait, settings, .. } = keys;
        Ok(Self { file: Some(path), data, device_keys, group, journal, busy_wait, settings })
    }
}

/// The file that `CLAVIGER_TRACE` names, if it is set and the environment is to be believed.
#[must_use]
pub fn trace_file() -> Option<PathBuf> {
    Surroundings::of_this_process().trace_file
}

/// What `CLAVIGER_CONF` says, if it is set and the environment is to be believed.
#[must_use]
pub fn named_file() -> Option<OsString> {
    Surroundings::of_this_process().named_file
}

/// The files that this process looks for where `CLAVIGER_CONF` names none, the first one first.
#[must_use]
pub fn places() -> Vec<PathBuf> {
    Surroundings::of_this_process().candidates()
}

/// A user's home by the user database.
fn home_of(user: Uid) -> Option<PathBuf> {
    User::from_uid(user).ok().flatten().map(|user| user.dir)
}

/// What a process finds itself in.
struct Surroundings<'a> {
    /// `CLAVIGER_CONF`, unless empty.
    named_file: Option<OsString>,
    /// `CLAVIGER_TRACE`, unless empty.
    trace_file: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, if absolute.
    config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`, if absolute.
    data_home: Option<PathBuf>,
    /// `HOME`, if absolute.
    home: Option<PathBuf>,
    /// The user's home by the user database: asked only where `HOME` says nothing.
    account_home: &'a dyn Fn() -> Option<PathBuf>,
    /// Whom the process acts as.
    user: Uid,
    /// [`SYSTEM_FILE`].
    system_file: PathBuf,
}

impl Surroundings<'static> {
    fn of_this_process() -> Self {
        let trusted = getuid() == geteuid() && getgid() == getegid() && !memory::secure_execution();
        Self::of(trusted, &|name| std::env::var_os(name))
    }

    /// By the variables that `variable` gives, or by none if the caller of the process is not to be `trusted`.
    fn of(trusted: bool, variable: &Environment<'_>) -> Self {
        let said = |name: &str| trusted.then(|| variable(name)).flatten().filter(|value| !value.is_empty());
        // The XDG base directory specification: a path that is not absolute is to be ignored.
        let folder = |name: &str| said(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            named_file: said(FILE_VARIABLE),
            trace_file: said(TRACE_VARIABLE).map(PathBuf::from),
            config_home: folder("XDG_CONFIG_HOME"),
            data_home: folder("XDG_DATA_HOME"),
            home: folder("HOME"),
            account_home: &|| home_of(geteuid()),
            user: geteuid(),
            system_file: PathBuf::from(SYSTEM_FILE),
        }
    }
}

impl Surroundings<'_> {
    /// The user's file and the system's.
    fn candidates(&self) -> Vec<PathBuf> {
        let base = self.config_home.clone().or_else(|| self.home().map(|home| home.join(".config")));
        let own = base.map(|base| base.join(OWN_FOLDER).join(FILE_NAME));
        own.into_iter().chain([self.system_file.clone()]).collect()
    }

    /// The user's file or the system's, whichever is there first.
    fn present_file(&self) -> Result<Option<PathBuf>> {
        for candidate in self.candidates() {
            match std::fs::metadata(&candidate) {
                Ok(_) => return Ok(Some(candidate)),
                // A service that changed its user may still have the HOME of the old one, which it cannot look into:
                // the base directory specification says to go on.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
                    ) => {}
                Err(error) => return Err(refused(&candidate, format!("cannot be looked at: {error}"))),
            }
        }
        Ok(None)
    }

    /// Where tokens lie unless `file` says otherwise.
    fn data_folder(&self, file: Option<&Path>) -> Result<PathBuf> {
        if let Some(base) = &self.data_home {
            return Ok(base.join(OWN_FOLDER));
        }
        let blamed = file.unwrap_or(&self.system_file);
        let without = if file.is_some() { "`data` is not set" } else { "there is no configuration file" };
        let remedy = if file.is_some() {
            "set `data`".to_owned()
        } else {
            format!("write this file, or name one in {FILE_VARIABLE}")
        };
        match self.home() {
            Some(home) if home.is_dir() => Ok(home.join(".local/share").join(OWN_FOLDER)),
            Some(home) => Err(refused(
                blamed,
                format!("{without}, and the home folder {} is not there: {remedy}", home.display()),
            )),
            None => Err(refused(
                blamed,
                format!("{without}, and no home folder is known for user id {}: {remedy}", self.user),
            )),
        }
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone().or_else(self.account_home).filter(|home| home.is_absolute())
    }
}

/// A refusal of the file or folder `path`.
fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::Configuration { path: path.to_owned(), reason: reason.into() }
}
