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
