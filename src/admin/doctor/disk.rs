//! Configuration, folders, files, room on the disk.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use assembly::Config;
use nix::sys::statvfs::{FsFlags, statvfs};
use pkcs11::Error;

use super::person::{PASS, READ, WRITE, owned};
use super::{Patient, Report};

/// Below this a change of a token may fail, in bytes.
const NO_ROOM: u64 = 1 << 20;
/// Below this it is time to make room, in bytes.
const LITTLE_ROOM: u64 = 64 << 20;
/// Name of the folder of the tokens' folders, in the data folder.
const TOKENS: &str = "tokens";

/// Whether a configuration is found and can be used, by the client too.
pub(super) fn configuration(patient: &Patient, report: &mut Report) {
    let config = match &patient.config {
        Ok(config) => config,
        Err(error) => return refused(patient, error, report),
    };
    if let Some(own) = &patient.own_data {
        report.note(
            format!(
                "tokens of {} lie in {}, yours in {}: what you make is not seen there",
                patient.person.name,
                config.data.display(),
                own.display()
            ),
            "write one configuration for both, /etc/claviger/claviger.toml (docs/configuration.md)",
        );
    }
    let Some(file) = &config.file else {
        return report.note(
            format!(
                "there is no file; tokens lie in {}, of {} alone",
                config.data.display(),
                patient.person.name
            ),
            "nothing, where one user uses the tokens; else write /etc/claviger/claviger.toml",
        );
    };
    if let Some(refusal) = patient.person.refusal(file, READ) {
        return report.wrong(refusal, format!("let every client read it: chmod 644 {}", file.display()));
    }
    // Whoever may write it chooses where keys go: the library believes root and its own user.
    let owner = fs::metadata(file).map_or(0, |metadata| metadata.uid());
    if owner != 0 && owner != patient.person.uid {
        return report.wrong(
            format!("{} refuses {}, which is another user's", patient.person.name, file.display()),
            format!("chown root {}", file.display()),
        );
    }
    report.good(file.display().to_string());
    if file != Path::new("/etc/claviger/claviger.toml") {
        report.note(
            "a client finds this file only if its environment names it, or it is below the client's own home",
            format!("set CLAVIGER_CONF={} for the client, a service too", file.display()),
        );
    }
}

/// A configuration that is refused: because the person may not read it, if that is so.
fn refused(patient: &Patient, error: &Error, report: &mut Report) {
    if let Error::Configuration { path, .. } = error
        && path.is_file()
        && let Some(refusal) = patient.person.refusal(path, READ)
    {
        return report.wrong(refusal, format!("let every client read it: chmod 644 {}", path.display()));
    }
    report.refused("", error);
}

/// What lets a person into a folder or a file.
fn letting_in(patient: &Patient, config: &Config) -> String {
    let person = &patient.person;
    match config.group {
        Some(group) if person.groups.contains(&group) => {
            "give it back its group and mode (chgrp, chmod; docs/configuration.md, Permissions)".to_owned()
        }
        Some(group) => format!(
            "add {} to group {group}, which shares the tokens (usermod --append --groups), and start the client again",
            person.name
        ),
        None => format!(
            "run the client as the owner; or set `group` in the configuration to one that {} is in, and chgrp and \
             chmod what is there (docs/configuration.md, Permissions)",
            person.name
        ),
    }
}

/// Whether the client can use the folder that tokens lie in.
pub(super) fn data_folder(patient: &Patient, report: &mut Report) {
    let Ok(config) = &patient.config else { return };
    if is_missing(&config.data) {
        return missing(&config.data, patient, report);
    }
    match patient.person.refusal(&config.data, READ | WRITE | PASS) {
        Some(refusal) => report.wrong(refusal, letting_in(patient, config)),
        None => report.good(config.data.display().to_string()),
    }
}

fn is_missing(folder: &Path) -> bool {
    fs::metadata(folder).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// A data folder that is not there: whether the person can make it.
fn missing(data: &Path, patient: &Patient, report: &mut Report) {
    let name = &patient.person.name;
    let above = data.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    match patient.person.refusal(above, WRITE | PASS) {
        Some(refusal) => report.wrong(
            format!("{} is not there, and {refusal}", data.display()),
            format!(
                "install -d -o {name} -m 700 {}; or name another folder in /etc/claviger/claviger.toml",
                data.display()
            ),
        ),
        None => report.note(
            format!("{} is not there yet", data.display()),
            format!("nothing, if {name} is to have tokens of his own: it is made with the first"),
        ),
    }
}

/// Whether the client can read device keys, and nobody can exchange them.
pub(super) fn device_keys(patient: &Patient, report: &mut Report) {
    let Ok(config) = &patient.config else { return };
    let folder = &config.device_keys;
    if is_missing(&config.data) && is_missing(folder) {
        return;
    }
    if let Some(refusal) = patient.person.refusal(folder, READ | PASS) {
        return report.wrong(refusal, letting_in(patient, config));
    }
    let Ok(metadata) = fs::metadata(folder) else { return };
    if metadata.mode() & 0o022 != 0 {
        return report.wrong(
            format!(
                "others may write {} ({}) and put another key in place",
                folder.display(),
                owned(&metadata)
            ),
            format!("chmod go-w {}", folder.display()),
        );
    }
    let kept: Vec<_> = files(folder);
    if let Some(refusal) = kept.iter().find_map(|file| patient.person.refusal(file, READ)) {
        return report.wrong(refusal, letting_in(patient, config));
    }
    report.good(format!("{}, {} of them", folder.display(), kept.len()));
    if folder.starts_with(&config.data) {
        report.note(
            format!("{} is inside the data folder, and so in its backups", folder.display()),
            "name another folder in `device-keys`: a backup of both can be tried with guessed PINs",
        );
    }
}

/// Whether the client can read and write every file of every token.
pub(super) fn token_files(patient: &Patient, report: &mut Report) {
    let Ok(config) = &patient.config else { return };
    if is_missing(&config.data) {
        return;
    }
    let tokens = files(&config.data.join(TOKENS));
    let refusals: Vec<_> = tokens
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| {
            let itself = patient.person.refusal(folder, READ | WRITE | PASS);
            let inside =
                files(folder).into_iter().filter_map(|file| patient.person.refusal(&file, READ | WRITE));
            itself.into_iter().chain(inside)
        })
        .collect();
    match refusals.as_slice() {
        [] => report.good(format!("{} may read and write them", patient.person.name)),
        [first, others @ ..] => {
            let more = if others.is_empty() {
                String::new()
            } else {
                format!(", and {} more like this", others.len())
            };
            report.wrong(format!("{first}{more}"), letting_in(patient, config));
        }
    }
}

/// Whether there is room for a change.
pub(super) fn room(patient: &Patient, report: &mut Report) {
    let Ok(config) = &patient.config else { return };
    let data = &config.data;
    if is_missing(data) {
        return;
    }
    let found = match statvfs(data) {
        Ok(found) => found,
        Err(error) => return report.wrong(format!("{}: {error}", data.display()), "make the folder"),
    };
    let free = found.blocks_available().saturating_mul(found.fragment_size());
    let words = format!("{} KiB are free for {}", free / 1024, data.display());
    if found.flags().contains(FsFlags::ST_RDONLY) {
        report.wrong(
            format!("{} is on a disk that can only be read", data.display()),
            "mount it for writing, or name another folder in `data`: every client writes there",
        );
    } else if free < NO_ROOM {
        report.wrong(words, "make room: no key can be made or changed, and no PIN be tried");
    } else if found.files() != 0 && found.files_available() == 0 {
        report.wrong(
            format!("the disk of {} has no room for one more file", data.display()),
            "delete files there",
        );
    } else if free < LITTLE_ROOM {
        report.note(words, "make room there soon");
    } else {
        report.good(words);
    }
}

/// What is in a folder, as far as it can be listed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}
