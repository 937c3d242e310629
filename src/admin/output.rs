//! Files that commands write.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pem_rfc7468::LineEnding;
use pkcs11::Error;

use crate::command::Stage;
use crate::failure::{Failure, Result};

/// Bytes as PEM.
pub(crate) fn pem(label: &str, bytes: &[u8]) -> Result<String> {
    pem_rfc7468::encode_string(label, LineEnding::LF, bytes)
        .map_err(|_| Failure::token("the PEM", Error::Bug("bytes that have no PEM")))
}

/// Writes text into a new file, or to standard output; gives it back where it is for JSON to hold.
pub(crate) fn written(
    text: String,
    file: Option<&Path>,
    json: bool,
    stage: &mut Stage<'_>,
) -> Result<Option<String>> {
    match (file, json) {
        (Some(path), _) => new_file(path, text.as_bytes(), 0o644)?,
        (None, true) => return Ok(Some(text)),
        (None, false) => stage.out.write_all(text.as_bytes())?,
    }
    Ok(None)
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
