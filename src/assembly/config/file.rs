//! The configuration file: its keys, their bounds, and who may have written it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::application::Settings;
use engine::primitives::PinCost;
use log::LevelFilter;
use nix::fcntl::OFlag;
use nix::unistd::{Group, Uid};
use pkcs11::Result;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Unexpected, Visitor};
use toml::Spanned;

use super::{DEFAULT_BUSY_WAIT, Destination, Journal, refused};

/// Longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What a file says, checked; paths are absolute.
pub(super) struct Keys {
    pub(super) data: Option<PathBuf>,
    pub(super) device_keys: Option<PathBuf>,
    pub(super) group: Option<u32>,
    pub(super) journal: Journal,
    pub(super) busy_wait: Duration,
    pub(super) settings: Settings,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    data: Option<Folder>,
    device_keys: Option<Folder>,
    group: Option<Spanned<GroupName>>,
    log: Option<Destination>,
    log_level: Option<Level>,
    busy_wait: Option<Number<1, 3600>>,
    max_sessions: Option<Number<0, 1_000_000>>,
    #[serde(default)]
    new_token: NewToken,
    #[serde(default)]
    pin: Pin,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NewToken {
    user_pin_limit: Option<Number<3, 100>>,
    officer_pin_limit: Option<Number<3, 100>>,
    approved: Option<bool>,
}

/// The lower bound of `memory` is 8 MiB: with less, a stolen store and device key soon give up a short PIN.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Pin {
    memory: Option<Number<8192, 2_097_152>>,
    passes: Option<Number<1, 64>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
        }
    }
}

/// Reads the file at the absolute `path`, for a process of `user`.
///
/// # Errors
/// [`pkcs11::Error::Configuration`] with the path, the line where there is one, and the reason.
pub(super) fn read(path: &Path, user: Uid) -> Result<Keys> {
    let text = trusted_text(path, user.as_raw())?;
    let document: Document = toml::from_str(&text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| at_line(&text, span.start));
        refused(path, format!("{place}{}", error.message().trim_end().replace('\n', "; ")))
    })?;
    let group = document
        .group
        .map(|group| {
            let line = at_line(&text, group.span().start);
            group.into_inner().number().map_err(|reason| refused(path, format!("{line}{reason}")))
        })
        .transpose()?;
    let beside = path.parent().unwrap_or(path);
    let default = Settings::default();
    let cost = default.pin_cost;
    Ok(Keys {
        data: document.data.map(|folder| beside.join(folder.0)),
        device_keys: document.device_keys.map(|folder| beside.join(folder.0)),
        group,
        journal: Journal {
            destination: document.log.unwrap_or(Journal::default().destination),
            level: document.log_level.map_or(Journal::default().level, LevelFilter::from),
        },
        busy_wait: document.busy_wait.map_or(DEFAULT_BUSY_WAIT, |wait| Duration::from_secs(wait.0.into())),
        settings: Settings {
            user_pin_limit: Number::or(document.new_token.user_pin_limit, default.user_pin_limit),
            officer_pin_limit: Number::or(document.new_token.officer_pin_limit, default.officer_pin_limit),
            approved_mode: document.new_token.approved.unwrap_or(default.approved_mode),
            pin_cost: PinCost {
                memory: Number::or(document.pin.memory, cost.memory),
                passes: Number::or(document.pin.passes, cost.passes),
                lanes: cost.lanes,
            },
            max_sessions: Number::or(document.max_sessions, default.max_sessions),
            ..default
        },
    })
}

/// The start of a message: the line, counted from 1, in which byte `offset` stands.
fn at_line(text: &str, offset: usize) -> String {
    let lines = text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    format!("line {}: ", lines + 1)
}

/// The text of a file that only root and the user of this process can have written.
fn trusted_text(path: &Path, user: u32) -> Result<String> {
    let cannot = |error: std::io::Error| refused(path, format!("cannot be read: {error}"));
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let file =
        OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(refused(path, "is not a regular file"));
    }
    if metadata.uid() != 0 && metadata.uid() != user {
        return Err(refused(
            path,
            format!("belongs to user id {}, neither to root nor to user id {user}: chown it", metadata.uid()),
        ));
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(refused(path, "everybody may write it: chmod o-w"));
    }
    text_of(file).map_err(cannot)?.ok_or_else(|| refused(path, format!("is longer than {LONGEST} bytes")))
}

fn text_of(file: File) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut text)?;
    Ok((u64::try_from(read).is_ok_and(|read| read <= LONGEST)).then_some(text))
}

/// A whole number from `LOW` to `HIGH`.
struct Number<const LOW: u32, const HIGH: u32>(u32);

impl<const LOW: u32, const HIGH: u32> Number<LOW, HIGH> {
    fn or(number: Option<Self>, default: u32) -> u32 {
        number.map_or(default, |number| number.0)
    }
}

impl<'de, const LOW: u32, const HIGH: u32> Deserialize<'de> for Number<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Bounds<const LOW: u32, const HIGH: u32>;

        impl<const LOW: u32, const HIGH: u32> Visitor<'_> for Bounds<LOW, HIGH> {
            type Value = Number<LOW, HIGH>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {LOW} to {HIGH}")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> std::result::Result<Self::Value, E> {
                u32::try_from(value)
                    .ok()
                    .filter(|number| (LOW..=HIGH).contains(number))
                    .map(Number)
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
            }
        }

        deserializer.deserialize_i64(Bounds)
    }
}

/// A folder as it is written: absolute, or relative to the file's own folder.
struct Folder(PathBuf);

impl<'de> Deserialize<'de> for Folder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        if written.is_empty() || written.contains('\0') {
            return Err(D::Error::custom("the path of a folder cannot be empty or hold a zero byte"));
        }
        if written.starts_with('~') {
            return Err(D::Error::custom("a tilde is not expanded: write the whole path"));
        }
        Ok(Self(PathBuf::from(written)))
    }
}

/// A group as it is written.
enum GroupName {
    Name(String),
    Number(u32),
}

impl GroupName {
    /// The group's number.
    fn number(self) -> std::result::Result<u32, String> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Name(name) => match Group::from_name(&name) {
                Ok(Some(group)) => Ok(group.gid.as_raw()),
                Ok(None) => Err(format!("there is no group \"{}\"", name.escape_debug())),
                Err(errno) => Err(format!("group \"{}\" cannot be looked up: {errno}", name.escape_debug())),
            },
        }
    }
}

impl<'de> Deserialize<'de> for GroupName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct NameOrNumber;

        impl Visitor<'_> for NameOrNumber {
            type Value = GroupName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name or the number of a group")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Self::Value, E> {
                Ok(GroupName::Name(name.to_owned()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<Self::Value, E> {
                // The highest number is (gid_t)-1, which means "leave as it is" to chown(2).
                u32::try_from(number)
                    .ok()
                    .filter(|number| *number != u32::MAX)
                    .map(GroupName::Number)
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_any(NameOrNumber)
    }
}
