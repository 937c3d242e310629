//! On which file systems a store can live.
//!
//! SQLite's log needs shared memory between all who use the store, and locks that all of them see. A file system
//! that several machines mount has neither, and the store would be damaged in silence. So it is refused.

use std::fs;
use std::path::Path;

use nix::sys::statfs::statfs;
use pkcs11::{Error, Result};

/// `f_type` (statfs(2), and `include/uapi/linux/magic.h` of Linux) of what several machines can mount.
const NETWORK: [(u32, &str); 14] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x564c, "NCP"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x7461_636f, "OCFS2"),
    (0x0116_1970, "GFS2"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
];

/// `f_type` of FUSE, of which `f_type` says no more.
const FUSE: u32 = 0x6573_5546;

/// What mounts call themselves that go through FUSE, or look as if, and stay on this machine.
const LOCAL_FUSE: [&str; 9] = [
    "fuseblk",
    "fuse.fuse-overlayfs",
    "fuse.bindfs",
    "fuse.cryfs",
    "fuse.encfs",
    "fuse.gocryptfs",
    "fuse.lxcfs",
    "fuse.mergerfs",
    "fuse.ntfs-3g",
];

/// Refuses a folder that other machines may have mounted too.
///
/// # Errors
/// [`Error::Configuration`]
pub(super) fn check(folder: &Path) -> Result<()> {
    let refused = |reason: String| Error::Configuration { path: folder.to_owned(), reason };
    let found = statfs(folder).map_err(|error| refused(error.to_string()))?;
    // The type's width differs between machines; its 32 bits do not.
    let magic = u32::try_from(i128::from(found.filesystem_type().0) & 0xffff_ffff).unwrap_or(0);
    let mounts = if magic == FUSE { fs::read_to_string("/proc/self/mountinfo").ok() } else { None };
    match network_name(magic, &mounts.unwrap_or_default(), folder) {
        None => Ok(()),
        Some(name) => Err(refused(format!(
            "it lies on a network file system ({name}), where a store that several processes use would be \
             damaged: choose a folder on a local disk"
        ))),
    }
}

/// The name of a file system that is not local; `None` for one that is.
fn network_name(magic: u32, mounts: &str, folder: &Path) -> Option<String> {
    if magic == FUSE {
        let kind = mount_type(mounts, folder).unwrap_or("FUSE");
        return (!LOCAL_FUSE.contains(&kind)).then(|| kind.to_owned());
    }
    NETWORK.iter().find(|(network, _)| *network == magic).map(|(_, name)| (*name).to_owned())
}

/// What the mount on which a folder lies calls itself, from the lines of `/proc/self/mountinfo`
/// (proc_pid_mountinfo(5)). Of mounts at one place the last covers the others.
fn mount_type<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(at), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else { continue };
        let longer = best.is_none_or(|(length, _)| at.len() >= length);
        if folder.starts_with(unescaped(at)) && longer {
            best = Some((at.len(), kind));
        }
    }
    best.map(|(_, kind)| kind)
}

/// A path of the table, in which a space is written `\040`.
fn unescaped(path: &str) -> String {
    path.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 21 0:40 / /mnt/over\\040there rw shared:2 - fuse.sshfs host: rw
41 21 0:41 / /mnt rw - fuse.fuse-overlayfs none rw
";

    #[test]
    fn file_systems_of_the_network_are_refused_by_name() {
        for (magic, name) in NETWORK {
            assert_eq!(network_name(magic, "", Path::new("/")).as_deref(), Some(name));
        }
    }

    #[test]
    fn local_file_systems_are_accepted() {
        // ext4, xfs, btrfs, tmpfs, overlayfs, f2fs, zfs.
        for magic in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0xf2f5_2010, 0x2fc1_2fc1] {
            assert_eq!(network_name(magic, "", Path::new("/")), None);
        }
        check(Path::new("/")).unwrap();
    }

    #[test]
    fn of_fuse_only_what_is_known_to_be_local_is_accepted() {
        let name = |folder: &str| network_name(FUSE, MOUNTS, Path::new(folder));
        assert_eq!(name("/mnt/over there/tokens").as_deref(), Some("fuse.sshfs"));
        assert_eq!(name("/mnt/tokens"), None);
        assert_eq!(network_name(FUSE, "", Path::new("/mnt")).as_deref(), Some("FUSE"));
    }
}
