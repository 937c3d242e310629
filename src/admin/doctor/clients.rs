//! What a client needs beside the tokens: the library, p11-kit's module file, the PIN, locked memory.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};
use pkcs11::Secret;

use super::person::{Person, READ};
use super::{Patient, Report, small_text};
use crate::token::{LONGEST_FOR_LIBP11, Slot};

/// Where p11-kit of a distribution looks for module files; the first is the administrator's.
const MODULE_FOLDERS: [&str; 2] = ["/etc/pkcs11/modules", "/usr/share/p11-kit/modules"];
/// The same, below the home of a user who is not root.
const OWN_MODULE_FOLDER: &str = ".config/pkcs11/modules";
/// Name of the library.
const LIBRARY: &str = "libclaviger.so";
/// Locked memory under which keys do not fit, in bytes: each session with a login and each opened key takes some.
const LITTLE_MEMORY: u64 = 1 << 20;
/// Longest PIN file that is looked at, in bytes.
const LONGEST_PIN: usize = 1024;

/// Whether the client can load the library.
pub(super) fn library(patient: &Patient, report: &mut Report) {
    match &patient.module {
        Ok(path) => loadable(path, patient, report),
        Err(words) => report.wrong(words, "install it, or name it with --module FILE"),
    }
}

fn loadable(path: &Path, patient: &Patient, report: &mut Report) {
    if let Some(refusal) = patient.person.refusal(path, READ) {
        return report
            .wrong(refusal, "name the library's real path, with --module too, and let everybody read it");
    }
    let mut magic = [0; 4];
    match File::open(path).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) if magic == *b"\x7fELF" => report.good(path.display().to_string()),
        _ => report.wrong(format!("{} is no library", path.display()), "install it again"),
    }
}

/// Where p11-kit looks for module files when this person runs it.
pub(super) fn module_folders(person: &Person) -> Vec<PathBuf> {
    // p11-kit takes nothing from a home folder in a process of root.
    let own = User::from_uid(Uid::from_raw(person.uid)).ok().flatten().filter(|user| !user.uid.is_root());
    let own = own.map(|user| user.dir.join(OWN_MODULE_FOLDER));
    MODULE_FOLDERS.into_iter().map(PathBuf::from).chain(own).collect()
}

/// Whether p11-kit finds the library by a module file.
pub(super) fn p11_kit(patient: &Patient, report: &mut Report) {
    // With the person's rights: one of the folders is the person's own, and so is what its files lead to.
    let looked = patient.person.acting(|| -> Vec<_> {
        let files =
            patient.module_folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
        files
            .flatten()
            .map(|entry| entry.path())
            .filter_map(|file| named_module(&file).map(|module| (file, module)))
            .filter(|(_, module)| module.file_name().is_some_and(|name| name == LIBRARY))
            .collect()
    });
    let mut files = match looked {
        Ok(files) => files,
        Err(_) => {
            let name = &patient.person.name;
            return report.wrong(
                format!("the rights of {name} cannot be taken on: module files were not looked at"),
                "run it as that user",
            );
        }
    };
    files.sort();
    let found = report.findings.len();
    for (file, module) in &files {
        module_file(file, module, patient, report);
    }
    match files.as_slice() {
        [] => report.note(
            "no module file names the library: programs that use p11-kit do not see the tokens",
            "`claviger configure p11-kit --output /etc/pkcs11/modules/claviger.module`, where there are such programs",
        ),
        [(file, _)] if report.findings.len() == found => report.good(file.display().to_string()),
        [_] => {}
        [(one, _), (other, _), ..] => report.note(
            format!("{} and {} both name the library", one.display(), other.display()),
            "keep one: p11-kit may show every token twice",
        ),
    }
}

/// What a module file says under `module:`, with p11-kit's folder before a name alone.
fn named_module(file: &Path) -> Option<PathBuf> {
    let text = small_text(file).ok()?;
    let named = text.lines().find_map(|line| line.trim().strip_prefix("module:"))?;
    Some(PathBuf::from(named.trim()))
}

fn module_file(file: &Path, module: &Path, patient: &Patient, report: &mut Report) {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if !name.ends_with(".module")
        || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !name.chars().all(plain)
    {
        report.wrong(
            format!("p11-kit passes over {}, for its name", file.display()),
            "rename it: letters, digits, - and _, and .module at the end",
        );
    } else if let Some(refusal) = patient.person.refusal(file, READ) {
        report.wrong(refusal, format!("chmod 644 {}", file.display()));
    } else if module.is_absolute()
        && let Some(refusal) = patient.person.refusal(module, READ)
    {
        report.wrong(
            format!("{} names what cannot be loaded: {refusal}", file.display()),
            format!("`claviger configure p11-kit --output {} --force`", file.display()),
        );
    }
}

/// Whether the client can read its PIN, and only the PIN.
pub(super) fn pin_source(patient: &Patient, report: &mut Report) {
    let Some(path) = &patient.pin_file else { return };
    if let Some(refusal) = patient.person.refusal(path, READ) {
        return report
            .wrong(refusal, format!("chown {} {}; chmod 400 it", patient.person.name, path.display()));
    }
    let mode = fs::metadata(path).map_or(0, |metadata| {
        // A secret that a container is given lies there as root's, readable for the container's group.
        if metadata.uid() == 0 { metadata.mode() & !0o040 } else { metadata.mode() }
    });
    if mode & 0o077 != 0 {
        report.wrong(
            format!("others may read or write {}", path.display()),
            format!("chmod 600 {0}, and choose another PIN if {0} was readable before", path.display()),
        );
    }
    match content(path) {
        Ok(pin) => what_is_in_it(&pin, path, patient, report),
        Err(error) => {
            report.wrong(format!("{}: {error}", path.display()), "run this as root, or as its owner")
        }
    }
}

fn what_is_in_it(pin: &Secret, path: &Path, patient: &Patient, report: &mut Report) {
    let path = path.display();
    let (line, ended) = match pin.expose() {
        [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => (line, true),
        line => (line, false),
    };
    let len = u64::try_from(line.len()).unwrap_or(u64::MAX);
    let slots = patient.slots().and_then(Result::ok).unwrap_or_default();
    let mut held = slots.iter().filter_map(Slot::held).map(|(_, info)| info).peekable();
    let unfit =
        held.peek().is_some() && !held.any(|info| (info.min_pin_len..=info.max_pin_len).contains(&len));
    if line.is_empty() {
        report.wrong(format!("{path} is empty"), "write the PIN into it");
    } else if line.contains(&b'\n') {
        report.wrong(format!("{path} has more than one line"), "leave the PIN alone in it");
    } else if unfit {
        report
            .wrong(format!("what is in {path} is too short or too long for a PIN"), "write the PIN into it");
    } else if line.len() > LONGEST_FOR_LIBP11 {
        report.wrong(
            format!(
                "what is in {path} has over {LONGEST_FOR_LIBP11} bytes, which libp11's engine (nginx, Apache, stunnel, \
                 curl, openssl) does not take"
            ),
            format!(
                "a shorter one: `claviger token change-pin --pin-file {path} --new-pin-file NEW`, then mv NEW {path}; \
                 nothing, where only other clients read it"
            ),
        );
    } else if ended {
        report.note(
            format!("{path} ends its line, which some clients take for a part of the PIN"),
            "write it without: printf %s, not echo",
        );
    } else {
        report.good(format!("{path} holds one line"));
    }
}

fn content(path: &Path) -> std::io::Result<Secret> {
    let mut buffer = Secret::zeroed(LONGEST_PIN + 1);
    let mut file = File::open(path)?;
    let mut filled = 0;
    loop {
        let room = buffer.as_mut().get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(std::io::Error::new(
                ErrorKind::FileTooLarge,
                format!("more than {LONGEST_PIN} bytes"),
            ));
        }
        match file.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Secret::from(buffer.expose().get(..filled).unwrap_or_default()))
}

/// How much memory a process may lock, in bytes, by its file `limits` (proc(5)); none for "unlimited".
pub(super) fn memlock_of(limits: &str) -> Option<u64> {
    let text = small_text(limits).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max locked memory"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether keys can be kept out of swap.
pub(super) fn locked_memory(patient: &Patient, report: &mut Report) {
    // Root may lock whatever it likes.
    let bound = patient.memlock.filter(|_| patient.person.uid != 0);
    match bound {
        Some(bound) if bound < LITTLE_MEMORY => report.note(
            format!("{} may lock {} KiB of memory: keys beyond that may be swapped out", patient.person.name, bound / 1024),
            "LimitMEMLOCK=64M for a service (`claviger configure systemd`); `ulimit -l`, limits.conf(5) for a person",
        ),
        Some(bound) => report.good(format!("{} KiB", bound / 1024)),
        None if patient.person.uid == 0 => report.good("root has no limit"),
        None => report.good("no limit is known"),
    }
}
