//! As whom things are looked at, and what that person may do with files.

use std::ffi::CString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User, getegid, geteuid, getgrouplist, getgroups};

use super::small_text;
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
}

impl Person {
    /// Whom this process acts as.
    pub(super) fn of_this_process() -> Self {
        let others = getgroups().unwrap_or_default();
        let groups = std::iter::once(getegid()).chain(others).map(nix::unistd::Gid::as_raw).collect();
        let uid = geteuid().as_raw();
        Self { uid, groups, name: name_of(uid) }
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
        Ok(Self { uid: found.uid.as_raw(), groups, name: found.name })
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
        Ok(Self { uid, groups, name: name_of(uid) })
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
