//! Chapters 5.12 and 5.20: digests, and random numbers.

use pkcs11::{Error, Mechanism, Result, Room, SessionHandle};

use crate::application::Application;
use crate::mechanism::Can;
use crate::operations::{Call, Needs};

impl Application {
    pub(crate) fn do_digest_init(&self, session: SessionHandle, mechanism: Option<Mechanism>) -> Result<()> {
        let session = self.session(session)?;
        let Some(mechanism) = mechanism else {
            return session.with(|work| {
                work.operations.digest.cancel();
                Ok(())
            });
        };
        let row = self.parts.mechanisms.row(mechanism.mechanism_type);
        let start = row.and_then(|row| row.can.iter().find_map(Can::digest));
        let start = start.ok_or(Error::MechanismInvalid(mechanism.mechanism_type));
        session.with(|work| work.operations.digest.begin(Needs::default(), || start?(&mechanism)))
    }

    pub(crate) fn do_digest(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.finish_digest(session, Call::Whole, data, out)
    }

    pub(crate) fn do_digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| work.operations.digest.part(now, |digest| digest.update(part)))
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
            let len = digest.look(call, now, |digest| digest.digest_len())?;
            if out.is_query() {
                return Ok(len);
            }
            let out = out.take(len)?;
            let mut digest = digest.take(call, now)?;
            if call == Call::Whole {
                digest.update(data)?;
            }
            digest.finish(out).map(|()| len)
        })
    }

    pub(crate) fn do_generate_random(&self, session: SessionHandle, out: &mut [u8]) -> Result<()> {
        self.session(session)?.with(|_| Ok(()))?;
        self.parts.primitives.random(out)
    }
}
