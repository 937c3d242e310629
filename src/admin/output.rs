//! Files that commands write.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pem_rfc7468::LineEnding;
use pkcs11::Error;

use crate::command::Stage;
use crate::failure::{Failure, Result};

/// Writes PEM into a new file, or to standard output.
pub(crate) fn pem(label: &str, bytes: &[u8], file: Option<&Path>, stage: &mut Stage<'_>) -> Result<()> {
    let text = pem_rfc7468::encode_string(label, LineEnding::LF, bytes)
        .map_err(|_| Failure::token("the PEM", Error::Bug("bytes that have no PEM")))?;
    match file {
        Some(path) => new_file(path, text.as_bytes(), 0o644),
        None => Ok(stage.out.write_all(text.as_bytes())?),
    }
}

/// Writes a file that is not there yet.
pub(crate) fn new_file(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = opened.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AlreadyExists => "name another file, or remove that one first",
            _ => "name a file in a folder that is there and can be written",
        };
        Failure::refused(format!("{} cannot be written: {error}", path.display()), remedy)
    })
}
