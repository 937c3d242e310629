//! Chapters 5.18.8 and 5.18.9: a new secret key, shared with whoever has the other key of a pair.

use pkcs11::constants::CKA_KEY_TYPE;
use pkcs11::{Attributes, Error, Mechanism, ObjectHandle, Result, Room, SessionHandle, Template};

use crate::application::Application;
use crate::audit::Happening;
use crate::deriving::add_derived;
use crate::key_management::{of_unwrapping_key, unwrapped};
use crate::mechanism::{Can, Decapsulation, KeyTypeRow};
use crate::mode::{is_marked, mark};
use crate::policy;
use crate::policy::joining::{mark_unwrapped, may_come_of_others};
use crate::policy::usage::{Operation, may_unwrap};

/// `CK_INVALID_HANDLE`: what a question for a length makes.
const NO_OBJECT: ObjectHandle = ObjectHandle(0);

impl Application {
    pub(crate) fn do_encapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public_key: ObjectHandle,
        template: Template,
        out: &mut Room<'_>,
    ) -> Result<(usize, ObjectHandle)> {
        let asking = self.asking(session)?;
        let (row, start) = self.ability(mechanism.mechanism_type, Can::encapsulate)?;
        let usable = self.key_for(&asking, Operation::Encapsulate, row, &mechanism, public_key)?;
        let mut key = policy::encapsulated(&usable.object.attributes, template, asking.caller())?;
        let key_type = self.type_of(&key)?;
        let encapsulation = start(&mechanism, &usable.key)?;
        let len = encapsulation.ciphertext_len();
        if out.is_query() {
            return Ok((len, NO_OBJECT));
        }
        out.take(len)?;
        let mut ciphertext = vec![0; len];
        let material = encapsulation.finish(&key, &mut ciphertext)?;
        add_derived(key_type, &mut key, material)?;
        // To a public key of anybody's: what counts is that the secret is new.
        mark(&mut key, usable.needs.meets);
        // Shown to nobody unless the key is there.
        let key = self.keep_one(&asking, key, Happening::KeyEncapsulated)?;
        self.finished(&asking, usable.needs.meets)?;
        Ok((out.put(&ciphertext)?, key))
    }

    pub(crate) fn do_decapsulate_key(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        private_key: ObjectHandle,
        template: Template,
        ciphertext: &[u8],
    ) -> Result<ObjectHandle> {
        let asking = self.asking(session)?;
        let (row, decapsulation) = self.ability(mechanism.mechanism_type, Can::decapsulate)?;
        let usable = self.key_for(&asking, Operation::Decapsulate, row, &mechanism, private_key);
        let usable = usable.map_err(of_unwrapping_key)?;
        let mut key = policy::decapsulated(&usable.object.attributes, template, asking.caller())?;
        let key_type = self.type_of(&key)?;
        match decapsulation {
            Decapsulation::Secret(decapsulate) => {
                let material = decapsulate(&mechanism, &usable.key, &key, ciphertext).map_err(of_new_key)?;
                add_derived(key_type, &mut key, material).map_err(of_new_key)?;
                mark(&mut key, usable.needs.meets && is_marked(&usable.object.attributes));
            }
            Decapsulation::Unwrapping(start) => {
                let how = may_unwrap(&key, mechanism.mechanism_type)?;
                mark_unwrapped(&mut key, how)?;
                let cipher = start(&mechanism, &usable.key)?;
                // Chosen by whoever sent it: it keeps the flags of a key from outside.
                unwrapped(key_type, &mut key, (how, cipher), ciphertext, None)?;
            }
        }
        let key = self.keep_one(&asking, key, Happening::KeyDecapsulated)?;
        self.finished(&asking, usable.needs.meets)?;
        Ok(key)
    }

    fn type_of(&self, key: &Attributes) -> Result<&'static KeyTypeRow> {
        may_come_of_others(key)?;
        let row = self.parts.mechanisms.key_type(key.key_type().unwrap_or_default());
        row.ok_or(Error::AttributeValueInvalid(CKA_KEY_TYPE))
    }
}

/// The list of `C_DecapsulateKey` has no word for a new key of the wrong size: the template asked for it.
fn of_new_key(error: Error) -> Error {
    match error {
        Error::KeySizeRange => Error::TemplateInconsistent("no such key has the secret's length"),
        other => other,
    }
}
