//! The modules under test, each with a folder of its own for every test.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Names the module to test in place of the one that was built.
const MODULE_VARIABLE: &str = "CLAVIGER_MODULE";
/// Debian's package `softhsm2`.
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Whose module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Ours.
    Claviger,
    /// The reference.
    SoftHsm,
}

impl Provider {
    /// Where the module lies.
    ///
    /// # Panics
    /// When it is not there; the message says how to get it.
    #[must_use]
    pub fn module_path(self) -> PathBuf {
        match self {
            Self::SoftHsm => {
                let path = PathBuf::from(SOFTHSM);
                assert!(path.exists(), "{SOFTHSM} is missing: install the package softhsm2");
                path
            }
            Self::Claviger => {
                if let Some(path) = env::var_os(MODULE_VARIABLE) {
                    return path.into();
                }
                beside_this_program("libclaviger.so")
                    .expect("libclaviger.so is missing: build it with cargo build -p claviger-module")
            }
        }
    }

    /// The variable that names the configuration file.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Claviger => "CLAVIGER_CONF",
            Self::SoftHsm => "SOFTHSM2_CONF",
        }
    }
}

/// A file of cargo's output folder; this program lies there too, or in a folder below, as tests do.
#[must_use]
pub fn beside_this_program(name: &str) -> Option<PathBuf> {
    let this = env::current_exe().ok()?;
    let folders = [this.parent()?.parent()?, this.parent()?];
    folders.iter().map(|folder| folder.join(name)).find(|path| path.exists())
}

/// A place for tokens, with its configuration.
#[derive(Clone, Debug)]
pub struct Installation {
    provider: Provider,
    folder: PathBuf,
}

impl Installation {
    /// A copy of a file in this installation's folder, for a process of another user: the checkout may lie where that
    /// user has no way to.
    ///
    /// # Panics
    /// When it cannot be copied.
    #[must_use]
    pub fn copy_for_others(&self, file: &Path) -> PathBuf {
        let copy = self.folder.join(file.file_name().expect("a file's name"));
        if !copy.exists() {
            std::fs::copy(file, &copy).expect("room for a copy");
        }
        copy
    }

    /// Lays down a configuration in an empty folder: PINs as cheap as can be, locked after three failures.
    ///
    /// # Panics
    /// When the folder cannot be written.
    #[must_use]
    pub fn create(provider: Provider, folder: &Path) -> Self {
        let installation = Self { provider, folder: folder.to_owned() };
        fs::create_dir(installation.data()).expect("a folder for tokens");
        installation.configure("");
        installation
    }

    /// The installation in a folder that [`Installation::create`] has filled.
    #[must_use]
    pub fn existing(provider: Provider, folder: &Path) -> Self {
        Self { provider, folder: folder.to_owned() }
    }

    /// Writes the configuration anew, with `more` lines before the first section.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn configure(&self, more: &str) {
        self.write(more, "");
    }

    /// Writes Claviger's configuration anew: tokens that are initialised from now on are restricted to approved algorithms.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn configure_approved(&self) {
        self.write("", "approved = true\n");
    }

    fn write(&self, more: &str, of_new_tokens: &str) {
        let data = self.data().display().to_string();
        let text = match self.provider {
            Provider::Claviger => format!(
                "data = \"{data}\"\nlog-level = \"warn\"\n{more}\n[new-token]\nuser-pin-limit = 3\nofficer-pin-limit = \
                 3\n{of_new_tokens}[pin]\nmemory = 8192\npasses = 1\n"
            ),
            Provider::SoftHsm => {
                format!(
                    "directories.tokendir = {data}\nobjectstore.backend = file\nlog.level = ERROR\n{more}\n"
                )
            }
        };
        fs::write(self.configuration(), text).expect("a configuration");
    }

    /// The configuration file.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("module.conf")
    }

    /// Where the tokens lie.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A folder for whatever else a test writes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whose it is.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// What a process must find in its environment to use this installation.
    #[must_use]
    pub fn environment(&self) -> (&'static str, OsString) {
        (self.provider.variable(), self.configuration().into_os_string())
    }
}
