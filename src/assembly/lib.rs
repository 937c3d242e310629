//! Where all parts meet: configuration and the opened token.
#![forbid(unsafe_code)]

pub mod config;
pub mod drawing;
pub mod trace;

use std::sync::Arc;

use engine::application::{Application, Parts, Settings};
use engine::clock::SystemClock;
use pkcs11::{Result, Token};
use store::{Folder, Layout, Permissions};

pub use config::{Config, Destination, Journal};
pub use store::ForkGate;

/// What is opened.
pub struct Opened {
    /// Everything that the tokens can be asked, for one application.
    pub token: Arc<dyn Token>,
    /// What must be shut while the process forks.
    pub fork: Arc<ForkGate>,
}

/// Opens the tokens that the configuration names. Makes the folders if there are none; looks at no token yet.
///
/// # Errors
/// [`pkcs11::Error::Configuration`] for a data folder that cannot be used, with path and reason.
pub fn open(config: &Config) -> Result<Opened> {
    let folder = Folder::open(Layout {
        data: config.data.clone(),
        device_keys: config.device_keys.clone(),
        permissions: config.group.map_or(Permissions::Private, Permissions::Group),
        busy_wait: config.busy_wait,
    })?;
    let fork = folder.fork_gate();
    let parts = Parts {
        places: Arc::new(folder),
        mechanisms: mechanisms::MECHANISMS,
        primitives: mechanisms::primitives(),
        clock: Arc::new(SystemClock),
        settings: Settings { busy_wait: config.busy_wait, ..config.settings.clone() },
    };
    Ok(Opened { token: Arc::new(Application::new(parts)), fork })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use pkcs11::Error;

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn opening_makes_folders_for_their_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let config = Config::in_folder(root.path().join("data"));
        let opened = open(&config).unwrap();
        opened.token.info().unwrap();
        assert_eq!((mode(&config.data), mode(&config.device_keys)), (0o700, 0o700));
    }

    #[test]
    fn opening_makes_folders_for_the_configured_group() {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().metadata().unwrap().gid();
        let config = Config { group: Some(own), ..Config::in_folder(root.path().join("data")) };
        open(&config).unwrap();
        assert_eq!((mode(&config.data), mode(&config.device_keys)), (0o2770, 0o750));
    }

    #[test]
    fn a_data_folder_that_cannot_be_made_is_refused_by_its_path() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let data = file.join("data");
        match open(&Config::in_folder(&data)) {
            Err(Error::Configuration { path, reason }) => {
                assert_eq!(path, data);
                assert!(reason.contains("os error"), "the system's words: {reason}");
            }
            Err(other) => panic!("another refusal: {other}"),
            Ok(_) => panic!("opened below a file"),
        }
    }
}
