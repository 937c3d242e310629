//! Chapters 5.12 and 5.19: digests, and random numbers.

use pkcs11::constants::{CKA_PRIVATE, CKA_VALUE, CKO_SECRET_KEY};
use pkcs11::{Error, Mechanism, ObjectHandle, Result, Room, Secret, SessionHandle};

use crate::application::Application;
use crate::mechanism::{Can, Digesting};
use crate::operations::{About, Call, Needs};
use crate::policy::approved::Act;
use crate::slot::Look;

impl Application {
    pub(crate) fn do_digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()> {
        let asking = self.asking(session)?;
        let session = &asking.session;
        let Some(mechanism) = mechanism else {
            return session.with(|work| {
                work.operations.digest.cancel();
                Ok(())
            });
        };
        let judged = || {
            let (_, start) = self.ability(mechanism.mechanism_type, Can::digest)?;
            Ok((start, self.judged(&asking, Act::Digest, &mechanism, None)?))
        };
        let judged = judged();
        let meets = judged.as_ref().is_ok_and(|(_, meets)| *meets);
        let about = About { mechanism: mechanism.clone(), key: None };
        let needs = Needs { meets, ..Needs::default() };
        session.with(|work| work.operations.digest.begin(needs, about, || (judged?.0)(&mechanism)))
    }

    pub(crate) fn do_digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.finish_digest(session, Call::Whole, data, out)
    }

    pub(crate) fn do_digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let updated = work.operations.digest.part(now, |digest| digest.update(part));
            updated.map_err(of_digest)
        })
    }

    pub(crate) fn do_digest_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.finish_digest(session, Call::Last, &[], out)
    }

    fn finish_digest(
        &self,
        session: SessionHandle,
        call: Call,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let digest = &mut work.operations.digest;
            let len = digest.look(call, now, |digest| digest.digest_len()).map_err(of_digest)?;
            if out.is_query() {
                return Ok(len);
            }
            let out = out.take(len)?;
            let meets = digest.meets();
            let mut digest = digest.take(call, now).map_err(of_digest)?;
            if call == Call::Whole {
                digest.update(data)?;
            }
            digest.finish(out)?;
            work.operations.met = meets;
            Ok(len)
        })
    }

    /// Adds the value of a secret key: of any that the session sees, since a digest does not show it. The digest of a
    /// private one ends with the login, as other operations with private keys do.
    pub(crate) fn do_digest_key(&self, session: SessionHandle, key: ObjectHandle) -> Result<()> {
        let asking = self.asking(session)?;
        let (session, now) = (&asking.session, asking.epoch());
        session.with(|work| work.operations.digest.look(Call::Part, now, |_| ()).map_err(of_digest))?;
        let object = self.object(&asking, key, Look::Lately)?.ok_or(Error::KeyHandleInvalid);
        let value = object.and_then(|object| {
            let secret = object.attributes.class() == Some(CKO_SECRET_KEY);
            let value = object.attributes.bytes(CKA_VALUE).filter(|_| secret);
            let value = value.map(Secret::from).ok_or(Error::KeyIndigestible)?;
            Ok((value, object.attributes.is(CKA_PRIVATE)))
        });
        // An error ends the operation, as every error but a small buffer does.
        session.with(|work| {
            let digest = &mut work.operations.digest;
            let add = |digest: &mut Box<dyn Digesting>| {
                let (value, private) = value?;
                digest.update(value.expose()).map(|()| private)
            };
            if digest.part(now, add).map_err(of_digest)? {
                digest.bind(now);
            }
            Ok(())
        })
    }

    pub(crate) fn do_seed_random(&self, session: SessionHandle, seed: &[u8]) -> Result<()> {
        self.session(session)?.with(|_| Ok(()))?;
        self.seed.stir(self.parts.primitives.as_ref(), seed);
        Ok(())
    }

    pub(crate) fn do_generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()> {
        self.session(session)?.with(|_| Ok(()))?;
        self.parts.primitives.random(out)?;
        self.seed.season(self.parts.primitives.as_ref(), out)
    }
}

/// The functions that digest list no CKR_USER_NOT_LOGGED_IN: a digest that ended with its login is not there.
pub(crate) fn of_digest(error: Error) -> Error {
    match error {
        Error::UserNotLoggedIn => Error::OperationNotInitialized,
        other => other,
    }
}
