//! Where things of this installation lie: library, configuration, token.

use std::path::{Path, PathBuf};

use assembly::Config;
use assembly::config::places;

use crate::command::Stage;
use crate::failure::{Failure, Result};
use crate::token::Slot;

/// Name of the library.
const LIBRARY: &str = "libclaviger.so";
/// Where a client finds the configuration without being told.
const SYSTEM_CONFIGURATION: &str = "/etc/claviger/claviger.toml";
/// Name of a PIN file beside the configuration.
const PIN_FILE: &str = "user.pin";

/// What is filled in.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) module: PathBuf,
    /// The file that was read, if there is one.
    pub(crate) configuration: Option<PathBuf>,
    pub(crate) token: String,
    /// The token's slot, where it is known.
    pub(crate) slot: Option<u64>,
    pub(crate) pin: PathBuf,
}

impl Installation {
    /// This installation, or what is said instead of it.
    pub(crate) fn found(
        module: Option<PathBuf>,
        token: Option<String>,
        pin: Option<PathBuf>,
        stage: &mut Stage<'_>,
    ) -> Result<Self> {
        let configuration = found_configuration(stage);
        let system = Path::new(SYSTEM_CONFIGURATION);
        let beside = configuration.as_deref().unwrap_or(system).with_file_name(PIN_FILE);
        let (token, slot) = meant(token, stage);
        if let Some(pin) = pin.as_deref().filter(|pin| !pin.exists()) {
            stage.tell(&format!("{} is not there yet: the user's PIN has to be in it", pin.display()));
        }
        Ok(Self {
            module: plain(module.map_or_else(library, Ok)?, "--module")?,
            pin: plain(pin.unwrap_or(beside), "--pin-file")?,
            configuration,
            token,
            slot,
        })
    }

    /// The text with its places filled in; `file` is the one that it is written into.
    pub(crate) fn fill(&self, text: &str, key: &str, file: Option<&Path>) -> String {
        let configuration = self.configuration.as_deref().unwrap_or(Path::new(SYSTEM_CONFIGURATION));
        let uri = format!(
            "pkcs11:token={};object={};type=private?pin-source=file:{}",
            percent(&self.token),
            percent(key),
            self.pin.display()
        );
        let slot = self.slot.map_or_else(|| "NUMBER".to_owned(), |slot| slot.to_string());
        [
            ("@module@", self.module.display().to_string()),
            ("@configuration@", configuration.display().to_string()),
            ("@pin@", self.pin.display().to_string()),
            ("@slot@", slot),
            ("@file@", file.map_or_else(|| "FILE".to_owned(), |file| absolute(file).display().to_string())),
            ("@label@", xml(&self.token)),
            // Last: a label may hold what looks like a place.
            ("@uri@", uri),
        ]
        .iter()
        .fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }

    /// A configuration that a client does not find without being told.
    pub(crate) fn named_configuration(&self) -> Option<&Path> {
        self.configuration.as_deref().filter(|path| *path != Path::new(SYSTEM_CONFIGURATION))
    }
}

/// The configuration that was read. Tells where there is none, or one that is refused.
fn found_configuration(stage: &mut Stage<'_>) -> Option<PathBuf> {
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            stage.tell(&format!("the configuration cannot be used, nor by a client: {error}"));
            return None;
        }
    };
    if config.file.is_none() {
        let looked_for: Vec<_> = places().iter().map(|place| place.display().to_string()).collect();
        let data = config.data.display();
        stage.tell(&format!(
            "there is no configuration file: neither does CLAVIGER_CONF name one, nor is {} there. Tokens lie in {data}, where \
             clients of another user do not look. For those root makes {SYSTEM_CONFIGURATION}, with folders and a group: \
             docs/configuration.md says how",
            looked_for.join(" or ")
        ));
    }
    config.file
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The token that is meant and its slot; words in their place where that is not known, which keeps nobody from
/// writing a configuration.
fn meant(named: Option<String>, stage: &mut Stage<'_>) -> (String, Option<u64>) {
    let slots = stage.token().and_then(|token| Slot::all(&*token)).unwrap_or_default();
    let held = || slots.iter().filter_map(Slot::held);
    let fitting: Vec<_> =
        held().filter(|(_, info)| named.as_ref().is_none_or(|label| info.label == *label)).collect();
    if let [(slot, info)] = fitting.as_slice() {
        return (info.label.clone(), Some(slot.0));
    }
    let said = named.as_ref().map_or_else(|| "that is meant".to_owned(), |label| format!("\"{label}\""));
    let known = if fitting.is_empty() { "is not seen here" } else { "is not the only one" };
    stage.tell(&format!("the token {said} {known}; what follows is to be completed"));
    (named.unwrap_or_else(|| "TOKEN".to_owned()), None)
}

/// The library that is installed with this command, or lies beside it.
pub(crate) fn library() -> Result<PathBuf> {
    let missing = |why: &str| {
        Failure::not_found(format!("{LIBRARY} is not found: {why}"), "name it with --module FILE")
    };
    let program = std::env::current_exe().map_err(|error| missing(&error.to_string()))?;
    let folder = program.parent().ok_or_else(|| missing("this program has no folder"))?;
    libraries(folder)
        .into_iter()
        .map(|place| place.join(LIBRARY))
        .find(|path| path.is_file())
        .ok_or_else(|| missing(&format!("neither beside {} nor in ../lib", program.display())))
}

/// Where the library can lie when the command lies in `folder`.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let mut places = vec![folder.to_owned()];
    let Some(prefix) = folder.parent() else { return places };
    let mut libraries = vec![prefix.join("lib"), prefix.join("lib64")];
    // A folder for each architecture, as Debian has them.
    let below = std::fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
    libraries.extend(below.filter(|entry| is_architecture(&entry.file_name())).map(|entry| entry.path()));
    for library in libraries {
        places.push(library.join("pkcs11"));
        places.push(library);
    }
    places
}

fn is_architecture(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().contains("-linux-")
}

/// An absolute path that needs no quotes in any client's configuration.
fn plain(path: PathBuf, option: &str) -> Result<PathBuf> {
    let absolute = absolute(&path);
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+@".contains(letter);
    match absolute.to_str() {
        Some(text) if text.chars().all(is_plain) => Ok(absolute),
        _ => Err(Failure::refused(
            format!("{} holds blanks or signs that clients read differently", absolute.display()),
            format!("name a path of letters, digits and / . _ - + @ with {option}"),
        )),
    }
}

/// A value in a PKCS#11 URI (RFC 7512 section 2.3): what is not unreserved is percent-encoded.
fn percent(value: &str) -> String {
    let encoded = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    value.bytes().map(encoded).collect()
}

/// Text between tags.
fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
