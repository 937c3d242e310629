//! `CKA_TRUSTED`: it stands in the roster, signed by officers, and never in an object's row.
//!
//! A row of the public shelf can be made by whoever holds the device key; a link of the roster cannot. So an object
//! reads as trusted when the roster in force names it, by its unique id and the SHA-384 of its public key or
//! certificate; a secret key by the id alone, and it must be private.

use pkcs11::constants::CKA_PRIVATE;
use pkcs11::{Attributes, Error, Result, SessionHandle};

use crate::application::Application;
use crate::audit::{Event, Happening};
use crate::commit::Plan;
use crate::login::Login;
use crate::quorum::approval::{Officer, Operation, by_one};
use crate::quorum::roster::{Role, TrustedKey};
use crate::slot::{Look, Opened};
use crate::trusted::name;

impl Application {
    /// Adds to a plan the link that trusts, or no longer trusts, these objects.
    pub(crate) fn plan_trust(
        &self,
        plan: &mut Plan,
        opened: &Opened,
        login: Option<&Login>,
        objects: &[(&Attributes, bool)],
    ) -> Result<()> {
        let primitives = self.parts.primitives.as_ref();
        let mut keys = Vec::new();
        for (object, trusted) in objects {
            let key = name(primitives, object);
            if *trusted && key.public_key.is_none() && !object.is(CKA_PRIVATE) {
                return Err(Error::TemplateInconsistent("a trusted secret key must be private"));
            }
            keys.push((key, *trusted));
        }
        self.plan_trusted_keys(plan, opened, login, keys)
    }

    fn plan_trusted_keys(
        &self,
        plan: &mut Plan,
        opened: &Opened,
        login: Option<&Login>,
        keys: Vec<(TrustedKey, bool)>,
    ) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let login = login.filter(|login| login.role == Role::Officer).ok_or(Error::UserNotLoggedIn)?;
        let current = opened.current();
        let keyring = login.keyring()?;
        let officer = Officer { person: login.person, keyring: &keyring };
        let seen = self.verified(opened, &current, &keyring)?;
        let operation = Operation::Trust { keys: keys.clone() };
        let authorized = by_one(&current.link, &seen, officer, operation, self.parts.primitives.as_ref())?;
        let mut next = self.successor(&current);
        for (key, trusted) in keys {
            next.trusted.retain(|known| known.unique_id != key.unique_id);
            if trusted {
                next.trusted.push(key);
            }
        }
        let link = authorized.sign(next, self.parts.primitives.as_ref())?;
        let row = self
            .reserve_rows(opened, 1)?
            .first()
            .copied()
            .ok_or(Error::Bug("a store that reserves too little"))?;
        self.plan_link(plan, &opened.life, row, &link);
        Ok(())
    }

    /// Trusts, or no longer trusts, a key that the officer cannot see.
    pub(crate) fn do_trust_key(
        &self,
        session: SessionHandle,
        unique_id: &str,
        public_key: Option<[u8; 48]>,
        trusted: bool,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let (slot, login) = (&asking.session.slot, asking.login());
        let key = TrustedKey { unique_id: unique_id.as_bytes().to_vec(), public_key };
        slot.landing.land(self.parts.settings.busy_wait, || {
            let opened = slot.token(&self.parts, Look::Now)?;
            asking.still_holds()?;
            let mut plan = opened.plan(&self.parts);
            self.plan_trusted_keys(&mut plan, &opened, login, vec![(key.clone(), trusted)])?;
            let event = Event {
                happening: Happening::TrustChanged,
                time: self.parts.clock.now(),
                person: login.map(|login| login.person),
                subjects: vec![unique_id.to_owned()],
                succeeded: true,
            };
            if let Some(row) = self.reserve_rows(&opened, 1)?.first() {
                plan.record(*row, &event);
            }
            plan.commit(opened.home.store.as_ref())?;
            self.take_in(&opened);
            Ok(())
        })
    }
}
