//! How the double is opened.

use crate::opening::Gate;

use super::Double;

impl Gate for Double {
    fn prepare(&self) {
        self.note("gate: prepare".to_owned());
    }

    fn release_in_parent(&self) {
        self.note("gate: parent".to_owned());
    }

    fn release_in_child(&self) {
        self.note("gate: child".to_owned());
    }
}

/// Bytes, or that there are none, as the notes have them.
pub(super) fn shown(bytes: Option<&[u8]>) -> String {
    bytes.map_or("none".to_owned(), |bytes| bytes.escape_ascii().to_string())
}
