//! What the token's mode says to what is asked (`policy/approved.rs`), and whether it was done as that table wants.

use pkcs11::constants::CKA_OBJECT_VALIDATION_FLAGS;
use pkcs11::{Attributes, Mechanism, MechanismType, Result};

use crate::application::Application;
use crate::asking::Asking;
use crate::policy::approved::{
    Act, Asked, Doubt, EVERYTHING, MEETS_THE_TABLE, judge, may_be_offered, year_of,
};
use crate::slot::Look;

impl Application {
    /// Whether a token offers what the table of approved mode has alone.
    fn is_restricted(&self, asking: &Asking) -> Result<bool> {
        let opened = asking.session.slot.token(&self.parts, Look::Lately)?;
        Ok(opened.current().link.roster.mode != EVERYTHING)
    }

    /// Whether the token offers a mechanism for an act at all, and the mechanism has passed its self-tests.
    ///
    /// # Errors
    /// [`pkcs11::Error::MechanismInvalid`], [`pkcs11::Error::SelfTest`]
    pub(crate) fn offered(&self, asking: &Asking, act: Act, mechanism: MechanismType) -> Result<()> {
        if !self.is_restricted(asking)? {
            return Ok(());
        }
        may_be_offered(mechanism, act, year_of(self.parts.clock.now())).inspect_err(|_| {
            log::info!("mechanism {mechanism:#x} is not approved for this: {act:?}");
        })?;
        self.self_tests.passed(&self.parts.mechanisms, mechanism)
    }

    /// Whether what is asked meets the table. A token in approved mode refuses what is not in it.
    ///
    /// # Errors
    /// [`Application::offered`]'s; [`pkcs11::Error::KeySizeRange`]; [`pkcs11::Error::MechanismParamInvalid`].
    pub(crate) fn judged(
        &self,
        asking: &Asking,
        act: Act,
        mechanism: &Mechanism,
        key: Option<(&Attributes, u64)>,
    ) -> Result<bool> {
        self.offered(asking, act, mechanism.mechanism_type)?;
        self.verdict(asking, act, mechanism, key)
    }

    /// The same, of a mechanism that is known to be offered for the act.
    ///
    /// # Errors
    /// [`Application::judged`]'s.
    pub(crate) fn verdict(
        &self,
        asking: &Asking,
        act: Act,
        mechanism: &Mechanism,
        key: Option<(&Attributes, u64)>,
    ) -> Result<bool> {
        let (key, size) = key.map_or((None, 0), |(key, size)| (Some(key), size));
        let year = year_of(self.parts.clock.now());
        let is_known_prime = self.parts.mechanisms.is_known_prime;
        match judge(&Asked { act, mechanism, key, size, year, is_known_prime }) {
            Ok(doubt) => Ok(doubt == Doubt::Nothing),
            Err(error) if self.is_restricted(asking)? => {
                log::info!("{act:?} by mechanism {:#x} is not approved: {error}", mechanism.mechanism_type);
                Err(error)
            }
            Err(_) => Ok(false),
        }
    }

    /// Judges the making of a key that is made and not kept yet, and writes the verdict into it.
    ///
    /// # Errors
    /// [`Application::judged`]'s.
    pub(crate) fn judge_made(
        &self,
        asking: &Asking,
        mechanism: &Mechanism,
        made: &mut [&mut Attributes],
    ) -> Result<bool> {
        let mut meets = true;
        for key in made.iter() {
            let size = self.size_of(key)?;
            meets &= self.judged(asking, Act::Generate, mechanism, Some((key, size)))?;
        }
        made.iter_mut().for_each(|key| mark(key, meets));
        Ok(meets)
    }

    /// Tries a new pair before anybody gets it, on a token in approved mode (FIPS 140-3 IG 10.3.A, pairwise consistency).
    ///
    /// # Errors
    /// [`pkcs11::Error::SelfTest`]
    pub(crate) fn test_pair(&self, asking: &Asking, public: &Attributes, private: &Attributes) -> Result<()> {
        if self.is_restricted(asking)? {
            self.self_tests.pair(&self.parts.mechanisms, public, private)?;
        }
        Ok(())
    }

    /// The size of a complete key in the unit of its mechanisms; 0 for what is no key.
    fn size_of(&self, key: &Attributes) -> Result<u64> {
        let row = key.key_type().and_then(|key_type| self.parts.mechanisms.key_type(key_type));
        match (row, key.class()) {
            (Some(row), Some(class)) if class != pkcs11::constants::CKO_DOMAIN_PARAMETERS => {
                Ok((row.parse)(key)?.size())
            }
            _ => Ok(0),
        }
    }

    /// Whether the session's last finished operation met the table.
    pub(crate) fn finished(&self, asking: &Asking, meets: bool) -> Result<()> {
        asking.session.with(|work| {
            work.operations.met = meets;
            Ok(())
        })
    }
}

/// Whether a key came to be, from its beginning, by what meets the table.
pub(crate) fn is_marked(key: &Attributes) -> bool {
    key.ulong(CKA_OBJECT_VALIDATION_FLAGS).is_some_and(|flags| flags & MEETS_THE_TABLE != 0)
}

/// Writes into a key whether it came to be by what meets the table.
pub(crate) fn mark(key: &mut Attributes, meets: bool) {
    if key.value(CKA_OBJECT_VALIDATION_FLAGS).is_some() {
        key.set_ulong(CKA_OBJECT_VALIDATION_FLAGS, if meets { MEETS_THE_TABLE } else { 0 });
    }
}
