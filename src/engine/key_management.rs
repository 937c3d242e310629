//! Chapter 5.18: making keys.

use pkcs11::{Error, Mechanism, ObjectHandle, Result, SessionHandle, Template};

use crate::application::Application;
use crate::audit::Happening;
use crate::mechanism::Can;
use crate::policy;

impl Application {
    pub(crate) fn do_generate_key_pair(
        &self,
        session: SessionHandle,
        mechanism: Mechanism,
        public: Template,
        private: Template,
    ) -> Result<(ObjectHandle, ObjectHandle)> {
        let session = self.session(session)?;
        let row = self.parts.mechanisms.row(mechanism.mechanism_type);
        let make = row.and_then(|row| row.can.iter().find_map(Can::generate_key_pair).zip(row.key_type));
        let (make, key_type) = make.ok_or(Error::MechanismInvalid(mechanism.mechanism_type))?;
        let caller = Self::caller(&session, &session.slot);
        let (mut public, mut private) =
            policy::generated_pair(key_type, mechanism.mechanism_type, public, private, caller)?;
        // The long part: no lock is held.
        let made = make(&mechanism, &public, &private)?;
        policy::add_material(&mut public, made.public)?;
        policy::add_material(&mut private, made.private)?;
        let handles = self.keep(&session, vec![public, private], Happening::KeyPairGenerated)?;
        match handles.as_slice() {
            [public, private] => Ok((*public, *private)),
            _ => Err(Error::Bug("a key pair that is not two objects")),
        }
    }
}
