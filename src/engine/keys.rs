//! From a handle to a key that may be used: what the chapters of operations share.

use std::sync::Arc;

use pkcs11::constants::CKA_UNIQUE_ID;
use pkcs11::{Error, Mechanism, MechanismType, ObjectHandle, Result};

use crate::application::Application;
use crate::asking::Asking;
use crate::mechanism::{Can, Key, MechanismRow};
use crate::object::Object;
use crate::operations::{About, Needs};
use crate::policy::approved::Act;
use crate::policy::usage::{Operation, permitted};
use crate::slot::Look;

/// A key that may be used for an operation.
pub(crate) struct Usable {
    pub(crate) object: Arc<Object>,
    pub(crate) key: Arc<dyn Key>,
    pub(crate) needs: Needs,
}

impl Usable {
    /// What an operation with this key is about.
    pub(crate) fn about(&self, mechanism: &Mechanism) -> About {
        let key = self.object.attributes.bytes(CKA_UNIQUE_ID).map(<[u8]>::to_vec);
        About { mechanism: mechanism.clone(), key }
    }
}

impl Application {
    /// A mechanism's row and its constructor for one kind of operation.
    pub(crate) fn ability<T>(
        &self,
        mechanism: MechanismType,
        which: impl Fn(&Can) -> Option<T>,
    ) -> Result<(&'static MechanismRow, T)> {
        let row = self.parts.mechanisms.row(mechanism);
        let found = row.and_then(|row| row.can.iter().find_map(which).map(|start| (row, start)));
        found.ok_or(Error::MechanismInvalid(mechanism))
    }

    /// The key of a handle, permitted for an operation with a mechanism, and parsed.
    pub(crate) fn key_for(
        &self,
        asking: &Asking,
        operation: Operation,
        row: &MechanismRow,
        mechanism: &Mechanism,
        handle: ObjectHandle,
    ) -> Result<Usable> {
        let act = Act::Use(operation);
        self.offered(asking, act, mechanism.mechanism_type)?;
        let object = self.object(asking, handle, Look::Lately)?.ok_or(Error::KeyHandleInvalid)?;
        let again = permitted(operation, &object.attributes, row.mechanism, row.key_types)?;
        let key = Arc::clone(object.key(&self.parts.mechanisms)?);
        let (smallest, largest) = match operation {
            Operation::Verify => row.sizes_to_verify(),
            Operation::Derive => row.sizes_to_derive(),
            _ => row.sizes,
        };
        if !(smallest..=largest).contains(&key.size()) {
            return Err(Error::KeySizeRange);
        }
        let meets = self.verdict(asking, act, mechanism, Some((&object.attributes, key.size())))?;
        let needs = Needs { meets, ..self.needs(asking, &object, again) };
        Ok(Usable { object, key, needs })
    }
}
