//! As whom things are looked at, and what that person may do with files.

use std::ffi::{CString, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use assembly::Config;
use assembly::config::{FILE_VARIABLE, named_file};
use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgrouplist, getgroups, setegid, seteuid, setgroups};

use super::{small, small_text};
use crate::failure::{Failure, Result};

/// To read a file, or to list a folder.
pub(super) const READ: u32 = 0o4;
/// To write a file, or to make files in a folder.
pub(super) const WRITE: u32 = 0o2;
/// To pass a folder.
pub(super) const PASS: u32 = 0o1;

/// A user with groups.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) uid: u32,
    pub(super) groups: Vec<u32>,
    /// Name, or "user id N".
    pub(super) name: String,
    /// Whether this process takes the person's rights on to look at tokens, so that what it meets and makes is what
    /// the person would.
    pub(super) acted: bool,
}

impl Person {
    /// Whom this process acts as.
    pub(super) fn of_this_process() -> Self {
        let others = getgroups().unwrap_or_default();
        let groups = std::iter::once(getegid()).chain(others).map(nix::unistd::Gid::as_raw).collect();
        let uid = geteuid().as_raw();
        Self { uid, groups, name: name_of(uid), acted: false }
    }

    /// A user of the user database, with the groups that a service of that user would get.
    pub(super) fn named(user: &str) -> Result<Self> {
        let found = match user.parse() {
            Ok(number) => User::from_uid(Uid::from_raw(number)),
            Err(_) => User::from_name(user),
        };
        let Ok(Some(found)) = found else {
            return Err(Failure::not_found(
                format!("there is no user \"{user}\""),
                "name one of `getent passwd`, or a running process with --pid",
            ));
        };
        let groups = CString::new(found.name.as_str())
            .ok()
            .and_then(|name| getgrouplist(&name, found.gid).ok())
            .unwrap_or_else(|| vec![found.gid]);
        let groups = groups.into_iter().map(nix::unistd::Gid::as_raw).collect();
        let uid = found.uid.as_raw();
        Ok(Self { uid, groups, name: found.name, acted: can_be_acted(uid) })
    }

    /// Whom a running process acts as (proc(5): `Uid`, `Gid` and `Groups` of its status, the second number each time
    /// being the effective one).
    pub(super) fn of_process(pid: u32) -> Result<Self> {
        let status = small_text(format!("/proc/{pid}/status")).map_err(|error| {
            Failure::not_found(format!("process {pid} cannot be looked at: {error}"), "name one that runs")
        })?;
        let numbers = |field: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            line.unwrap_or_default().split_whitespace().filter_map(|number| number.parse().ok()).collect()
        };
        let effective = |field: &str| numbers(field).get(1).copied();
        let Some(uid) = effective("Uid:") else {
            return Err(Failure::not_found(
                format!("process {pid} has no user that could be read"),
                "name another",
            ));
        };
        let groups = effective("Gid:").into_iter().chain(numbers("Groups:")).collect();
        Ok(Self { uid, groups, name: name_of(uid), acted: can_be_acted(uid) })
    }

    /// The configuration that this person's process finds: by its environment, where `pid` says which and that can be
    /// read; else by `CLAVIGER_CONF` of this process and the person's home.
    ///
    /// # Errors
    /// Those of [`Person::acting`]; what is wrong with the configuration is told inside.
    pub(super) fn configuration(&self, pid: Option<u32>) -> Result<pkcs11::Result<Config>> {
        // A server may have written over its environment, as nginx does: then nothing is known of it.
        let told = pid.map(environment_of).filter(|variables| !variables.is_empty());
        if told.is_none() && self.uid == geteuid().as_raw() {
            return Ok(Config::load());
        }
        // Asked before this process acts as another, when its environment is no longer believed.
        let own = || named_file().map(|file| (OsString::from(FILE_VARIABLE), file)).into_iter().collect();
        let variables: Vec<_> = told.unwrap_or_else(own);
        let variable =
            |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        self.acting(|| Config::load_of(self.uid, &variable))
    }

    /// Does something with this person's rights; with this process's own where it is not meant to take them on.
    ///
    /// # Errors
    /// [`Failure::Refused`] where it is and cannot: nothing is done with more rights than the person has.
    pub(super) fn acting<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        let _given_back_at_the_end = self.acted.then(|| Role::take_on(self)).transpose()?;
        Ok(work())
    }

    /// Whether file mode, owner and group allow it; root may do everything.
    pub(super) fn may(&self, metadata: &Metadata, wanted: u32) -> bool {
        if self.uid == 0 {
            return true;
        }
        let mode = metadata.mode();
        let bits = if metadata.uid() == self.uid {
            mode >> 6
        } else if self.groups.contains(&metadata.gid()) {
            mode >> 3
        } else {
            mode
        };
        bits & wanted == wanted
    }

    /// The first folder above `path` that this person may not pass.
    pub(super) fn stopped_at(&self, path: &Path) -> Option<PathBuf> {
        let mut above: Vec<_> = path.ancestors().skip(1).collect();
        above.reverse();
        above
            .into_iter()
            .find(|folder| fs::metadata(folder).is_ok_and(|metadata| !self.may(&metadata, PASS)))
            .map(Path::to_owned)
    }

    /// Why this person may not do it; the system's words where it cannot be looked at.
    pub(super) fn refusal(&self, path: &Path, wanted: u32) -> Option<String> {
        if let Some(folder) = self.stopped_at(path) {
            return Some(format!(
                "{} may not pass {} ({})",
                self.name,
                folder.display(),
                fs::metadata(&folder).map_or_else(|error| error.to_string(), |found| owned(&found))
            ));
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return Some(format!("{}: {error}", path.display())),
        };
        if self.may(&metadata, wanted) {
            return None;
        }
        let verb = if wanted & WRITE == 0 { "read" } else { "write" };
        Some(format!("{} may not {verb} {} ({})", self.name, path.display(), owned(&metadata)))
    }
}

fn can_be_acted(uid: u32) -> bool {
    geteuid().is_root() && uid != 0
}

/// The variables of a running process that has some of those that are asked for.
fn environment_of(pid: u32) -> Vec<(OsString, OsString)> {
    const ASKED: [&str; 4] = [FILE_VARIABLE, "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"];
    let text = small(format!("/proc/{pid}/environ")).unwrap_or_default();
    text.split(|byte| *byte == 0)
        .filter_map(|line| {
            let at = line.iter().position(|byte| *byte == b'=')?;
            let (name, value) = line.split_at_checked(at)?;
            let value = value.get(1..).unwrap_or_default();
            Some((OsString::from_vec(name.to_vec()), OsString::from_vec(value.to_vec())))
        })
        .filter(|(name, _)| ASKED.iter().any(|asked| name == asked))
        .collect()
}

/// The rights of this process, given back when dropped.
struct Role {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl Role {
    /// Takes the rights of a person on: all of them, or none.
    fn take_on(person: &Person) -> Result<Self> {
        let before = Self { uid: geteuid(), gid: getegid(), groups: getgroups().unwrap_or_default() };
        let groups: Vec<_> = person.groups.iter().copied().map(Gid::from_raw).collect();
        let taken = setgroups(&groups)
            .and_then(|()| groups.first().map_or(Ok(()), |gid| setegid(*gid)))
            .and_then(|()| seteuid(Uid::from_raw(person.uid)));
        match taken {
            Ok(()) => Ok(before),
            // What was taken on of them goes back as the value is dropped.
            Err(error) => Err(Failure::refused(
                format!(
                    "this process cannot take on the rights of {}: {error}; nothing was looked at",
                    person.name
                ),
                format!(
                    "run it as that user (`runuser -u USER -- claviger doctor`), or let root have {}",
                    "CAP_SETUID and CAP_SETGID"
                ),
            )),
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let back = seteuid(self.uid).and_then(|()| setegid(self.gid)).and_then(|()| setgroups(&self.groups));
        if let Err(error) = back {
            log::error!("this process does not get its rights back: {error}");
        }
    }
}

/// Owner, group and mode.
pub(super) fn owned(metadata: &Metadata) -> String {
    let group = nix::unistd::Group::from_gid(nix::unistd::Gid::from_raw(metadata.gid()));
    let group =
        group.ok().flatten().map_or_else(|| format!("group id {}", metadata.gid()), |group| group.name);
    format!("{}:{group} {:04o}", name_of(metadata.uid()), metadata.mode() & 0o7777)
}

fn name_of(uid: u32) -> String {
    let found = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    found.map_or_else(|| format!("user id {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_looked_at_with_more_rights_than_were_asked_for() {
        // No process can take this number on: -1 says "as it is" (setresuid(2)), and others than root take on none.
        let person = Person { uid: u32::MAX, groups: vec![u32::MAX], name: "nobody".to_owned(), acted: true };
        let before = (geteuid(), getegid(), getgroups().unwrap());
        let mut looked = false;
        let refused = person.acting(|| looked = true).unwrap_err();
        assert!(!looked);
        assert_eq!(refused.exit_code(), 1);
        let mut told = Vec::new();
        refused.tell(&mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("cannot take on the rights of nobody"), "{told}");
        assert_eq!((geteuid(), getegid(), getgroups().unwrap()), before);
    }
}
