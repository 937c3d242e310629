//! Who may use the files of an installation, whatever the process's umask says.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::libc;
use nix::unistd::Gid;

/// Who may use the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// The owner alone: folders 0700, files 0600.
    Private,
    /// A group too, by its number: folders 2770 and files 0660, since every process that uses a token writes it;
    /// device keys only to be read by it: their folder 0750, their files 0640.
    Group(u32),
}

/// What a file or folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Tokens.
    Data,
    /// Device keys.
    DeviceKeys,
}

impl Permissions {
    /// Mode of a folder.
    pub(crate) fn folder(self, purpose: Purpose) -> u32 {
        match (self, purpose) {
            (Self::Private, _) => 0o700,
            (Self::Group(_), Purpose::Data) => 0o2770,
            (Self::Group(_), Purpose::DeviceKeys) => 0o750,
        }
    }

    /// Mode of a file.
    pub(crate) fn file(self, purpose: Purpose) -> u32 {
        match (self, purpose) {
            (Self::Private, _) => 0o600,
            (Self::Group(_), Purpose::Data) => 0o660,
            (Self::Group(_), Purpose::DeviceKeys) => 0o640,
        }
    }

    /// The group, if one takes part.
    pub(crate) fn group(self) -> Option<u32> {
        match self {
            Self::Private => None,
            Self::Group(group) => Some(group),
        }
    }

    /// Makes a folder with these permissions, and those above it that are missing: for the owner alone, or such
    /// that the group can pass. One that is there already stays as it is.
    pub(crate) fn make_folder(self, path: &Path, purpose: Purpose) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(above) = path.parent() {
            let mode = if self.group().is_some() { 0o755 } else { 0o700 };
            DirBuilder::new().recursive(true).mode(mode).create(above)?;
        }
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
            outcome => outcome?,
        }
        self.settle(path, purpose)
    }

    /// Gives a folder that was made a moment ago its group and mode, through one descriptor: whoever may write the
    /// folder above can exchange what the name stands for at any time.
    fn settle(self, path: &Path, purpose: Purpose) -> io::Result<()> {
        let only_this_folder = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let folder = OpenOptions::new().read(true).custom_flags(only_this_folder.bits()).open(path)?;
        self.chown(&folder)?;
        // After the owner: changing that takes the set-group-id bit away.
        folder.set_permissions(fs::Permissions::from_mode(self.folder(purpose)))
    }

    /// Makes a file that must not be there yet, empty, open for reading and writing.
    pub(crate) fn make_file(self, path: &Path, purpose: Purpose) -> io::Result<File> {
        let mut fresh = OpenOptions::new();
        let file = open_file(path, fresh.read(true).write(true).create_new(true).mode(0o600))?;
        self.chown(&file)?;
        file.set_permissions(fs::Permissions::from_mode(self.file(purpose)))?;
        Ok(file)
    }

    /// Opens a file for reading and writing; makes it first if there is none.
    pub(crate) fn open_or_make(self, path: &Path, purpose: Purpose) -> io::Result<File> {
        loop {
            match open_file(path, OpenOptions::new().read(true).write(true)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => return outcome,
            }
            match self.make_file(path, purpose) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                outcome => return outcome,
            }
        }
    }

    fn chown(self, file: &File) -> io::Result<()> {
        match self.group() {
            Some(group) if file.metadata()?.gid() != group => {
                Ok(nix::unistd::fchown(file, None, Some(Gid::from_raw(group)))?)
            }
            _ => Ok(()),
        }
    }
}

/// Opens a file that lies at `path` itself, closed in a program that the process starts.
///
/// Where a group may write a folder, any of its people can put a symbolic link, a pipe or a device in the place of a
/// file, and a process with more rights would write through it. So a link is not followed, and what was opened is a
/// regular file.
///
/// # Errors
/// The system's; words of our own for a link and for what is no regular file.
pub(crate) fn open_file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // Not to be held up by somebody's pipe.
    let only_this_file = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = options.custom_flags(only_this_file.bits()).open(path).map_err(|error| {
        let link = error.raw_os_error() == Some(libc::ELOOP);
        if link { is_link() } else { error }
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Makes sure that a regular file lies at `path` itself, for somebody else to open.
///
/// # Errors
/// As [`open_file`].
pub(crate) fn check_file(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.file_type() {
        kind if kind.is_symlink() => Err(is_link()),
        kind if kind.is_file() => Ok(()),
        _ => Err(io::Error::other("it is not a regular file")),
    }
}

/// Makes sure that a folder lies at `path` itself.
///
/// # Errors
/// The system's; words of our own for a link and for what is no folder.
pub(crate) fn check_folder(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path)?.file_type() {
        kind if kind.is_symlink() => Err(is_link()),
        kind if kind.is_dir() => Ok(()),
        _ => Err(io::Error::other("it is not a folder")),
    }
}

fn is_link() -> io::Error {
    io::Error::other("it is a symbolic link, which is not followed here")
}

/// Makes what happened to a folder's names durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn own_group() -> u32 {
        nix::unistd::getegid().as_raw()
    }

    #[test]
    fn private_folders_and_files_are_the_owners_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("above/data");
        Permissions::Private.make_folder(&folder, Purpose::Data).unwrap();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
        Permissions::Private.make_file(&folder.join("file"), Purpose::Data).unwrap();
        assert_eq!(mode(&folder.join("file")), 0o600);
    }

    #[test]
    fn a_group_may_write_data_and_only_read_device_keys() {
        let root = tempfile::tempdir().unwrap();
        let group = Permissions::Group(own_group());
        for (purpose, folder_mode, file_mode) in
            [(Purpose::Data, 0o2770, 0o660), (Purpose::DeviceKeys, 0o750, 0o640)]
        {
            let folder = root.path().join(format!("{purpose:?}"));
            group.make_folder(&folder, purpose).unwrap();
            assert_eq!(mode(&folder), folder_mode);
            group.make_file(&folder.join("file"), purpose).unwrap();
            assert_eq!(mode(&folder.join("file")), file_mode);
        }
    }

    #[test]
    fn a_folder_that_is_there_stays_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Permissions::Private.make_folder(root.path(), Purpose::Data).unwrap();
        assert_eq!(mode(root.path()), 0o755);
    }

    #[test]
    fn a_link_in_the_place_of_a_folder_just_made_is_left_alone_with_what_it_names() {
        let root = tempfile::tempdir().unwrap();
        let (link, named) = (root.path().join("link"), root.path().join("named"));
        fs::create_dir(&named).unwrap();
        fs::set_permissions(&named, fs::Permissions::from_mode(0o711)).unwrap();
        symlink(&named, &link).unwrap();
        Permissions::Group(own_group()).settle(&link, Purpose::Data).unwrap_err();
        assert_eq!(mode(&named), 0o711);
    }

    #[test]
    fn a_file_is_not_opened_through_a_link_and_nothing_else_is_taken_for_one() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::write(path("named"), b"kept").unwrap();
        symlink(path("named"), path("link")).unwrap();
        symlink(path("nothing"), path("dangling")).unwrap();
        nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (name, reason) in [
            ("link", "it is a symbolic link, which is not followed here"),
            ("dangling", "it is a symbolic link, which is not followed here"),
            ("pipe", "it is not a regular file"),
        ] {
            let refused = Permissions::Private.open_or_make(&path(name), Purpose::Data).unwrap_err();
            assert_eq!(refused.to_string(), reason, "{name}");
            assert_eq!(check_file(&path(name)).unwrap_err().to_string(), reason, "{name}");
        }
        assert!(!path("nothing").exists());
        let folder = open_file(root.path(), OpenOptions::new().read(true)).unwrap_err();
        assert_eq!(folder.to_string(), "it is not a regular file");
        check_file(&path("named")).unwrap();
        check_folder(root.path()).unwrap();
    }

    #[test]
    fn a_file_that_is_opened_here_is_closed_in_programs_that_the_process_starts() {
        let root = tempfile::tempdir().unwrap();
        let file = Permissions::Private.make_file(&root.path().join("file"), Purpose::Data).unwrap();
        let flags = nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_GETFD).unwrap();
        assert_ne!(flags & libc::FD_CLOEXEC, 0);
    }

    #[test]
    fn a_file_is_made_once_and_opened_afterwards() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        Permissions::Private.open_or_make(&path, Purpose::Data).unwrap();
        fs::write(&path, b"kept").unwrap();
        Permissions::Private.open_or_make(&path, Purpose::Data).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        let twice = Permissions::Private.make_file(&path, Purpose::Data);
        assert_eq!(twice.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
