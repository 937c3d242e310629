//! Chapters 5.13 and 5.15: signing and verifying.

use pkcs11::{Error, Mechanism, ObjectHandle, Result, Room, SessionHandle};

use crate::application::Application;
use crate::asking::Asking;
use crate::mechanism::{Can, Verifying};
use crate::operations::{Call, Operations, Running, SignatureFirst};
use crate::policy::joining::may_tell;
use crate::policy::usage::Operation;

/// What a look at a signature that is to be finished showed.
enum Looked {
    /// It is done, or only its length was asked for: in bytes.
    Done(usize),
    /// It is a one-time password, which takes the counter of this key.
    Takes(ObjectHandle),
}

impl Application {
    pub(crate) fn do_sign_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let session = &asking.session;
        let Some(mechanism) = mechanism else {
            return session.with(|work| {
                work.operations.sign.cancel();
                Ok(())
            });
        };
        session.with(
            |work| if work.operations.sign.is_active() { Err(Error::OperationActive) } else { Ok(()) },
        )?;
        let (row, start) = self.ability(mechanism.mechanism_type, Can::sign)?;
        let usable = self.key_for(&asking, Operation::Sign, row, &mechanism, key)?;
        may_tell(&mechanism, &usable.object.attributes)?;
        let about = usable.about(&mechanism);
        session.with(|work| {
            let mut takes_counter = false;
            work.operations.sign.begin(usable.needs, about, || {
                let signing = start(&mechanism, &usable.key)?;
                takes_counter = signing.takes_counter();
                Ok(signing)
            })?;
            work.operations.counter_of = takes_counter.then_some(key);
            Ok(())
        })
    }

    pub(crate) fn do_sign(&self, session: SessionHandle, data: &[u8], out: &mut Room<'_>) -> Result<usize> {
        self.finish_signature(session, Call::Whole, data, out)
    }

    pub(crate) fn do_sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| work.operations.sign.part(now, |signing| signing.update(part)))
    }

    pub(crate) fn do_sign_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.finish_signature(session, Call::Last, &[], out)
    }

    fn finish_signature(
        &self,
        session: SessionHandle,
        call: Call,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let asking = self.asking(session)?;
        let now = asking.session.slot.epoch();
        let looked = asking.session.with(|work| {
            let sign = &mut work.operations.sign;
            let (len, takes_counter) =
                sign.look(call, now, |signing| (signing.signature_len(), signing.takes_counter()))?;
            if out.is_query() {
                return Ok(Looked::Done(len));
            }
            // A buffer that is too small leaves the operation as it was.
            let place = out.take(len)?;
            if takes_counter {
                return work.operations.counter_of.map(Looked::Takes).ok_or(Error::OperationNotInitialized);
            }
            let meets = sign.meets();
            let mut signing = sign.take(call, now)?;
            if call == Call::Whole {
                signing.update(data)?;
            }
            signing.finish(place)?;
            work.operations.met = meets;
            Ok(Looked::Done(len))
        })?;
        match looked {
            Looked::Done(len) => Ok(len),
            Looked::Takes(key) => self.finish_password(&asking, key, call, data, out),
        }
    }

    /// Makes a one-time password. Its counter is taken before anything is told, and on the disk for a token's key: whatever
    /// happens from then on, no other password is made with it.
    fn finish_password(
        &self,
        asking: &Asking,
        key: ObjectHandle,
        call: Call,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let now = asking.session.slot.epoch();
        let mut signing = asking.session.with(|work| work.operations.sign.take(call, now))?;
        if call == Call::Whole {
            signing.update(data)?;
        }
        signing.give_counter(self.take_counter(asking, key)?);
        let len = signing.signature_len();
        signing.finish(out.take(len)?)?;
        self.finished(asking, false)?;
        Ok(len)
    }

    pub(crate) fn do_verify_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        fn place(operations: &mut Operations) -> &mut Running<Box<dyn Verifying>> {
            &mut operations.verify
        }
        self.begin_verification(session, mechanism, key, place, |verifying| verifying)
    }

    pub(crate) fn do_verify_signature_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
        signature: &[u8],
    ) -> Result<()> {
        fn place(operations: &mut Operations) -> &mut Running<SignatureFirst> {
            &mut operations.verify_signature
        }
        let mut kept = Vec::new();
        kept.try_reserve_exact(signature.len()).map_err(|_| Error::HostMemory)?;
        kept.extend_from_slice(signature);
        let operation = |verifying| SignatureFirst { verifying, signature: kept };
        self.begin_verification(session, mechanism, key, place, operation)
    }

    fn begin_verification<T>(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
        place: fn(&mut Operations) -> &mut Running<T>,
        operation: impl FnOnce(Box<dyn Verifying>) -> T,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let session = &asking.session;
        let Some(mechanism) = mechanism else {
            return session.with(|work| {
                place(&mut work.operations).cancel();
                Ok(())
            });
        };
        session.with(|work| match place(&mut work.operations).is_active() {
            true => Err(Error::OperationActive),
            false => Ok(()),
        })?;
        let (row, start) = self.ability(mechanism.mechanism_type, Can::verify)?;
        let usable = self.key_for(&asking, Operation::Verify, row, &mechanism, key)?;
        may_tell(&mechanism, &usable.object.attributes)?;
        let about = usable.about(&mechanism);
        session.with(|work| {
            let begun = || start(&mechanism, &usable.key).map(operation);
            place(&mut work.operations).begin(usable.needs, about, begun)
        })
    }

    pub(crate) fn do_verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.finish_verification(session, Call::Whole, data, signature)
    }

    pub(crate) fn do_verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| work.operations.verify.part(now, |verifying| verifying.update(part)))
    }

    pub(crate) fn do_verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        self.finish_verification(session, Call::Last, &[], signature)
    }

    fn finish_verification(
        &self,
        session: SessionHandle,
        call: Call,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let meets = work.operations.verify.meets();
            let mut verifying = work.operations.verify.take(call, now)?;
            if call == Call::Whole {
                verifying.update(data)?;
            }
            verifying.finish(signature)?;
            work.operations.met = meets;
            Ok(())
        })
    }

    pub(crate) fn do_verify_signature(&self, session: SessionHandle, data: &[u8]) -> Result<()> {
        self.judge_kept_signature(session, Call::Whole, data)
    }

    pub(crate) fn do_verify_signature_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| work.operations.verify_signature.part(now, |known| known.verifying.update(part)))
    }

    pub(crate) fn do_verify_signature_final(&self, session: SessionHandle) -> Result<()> {
        self.judge_kept_signature(session, Call::Last, &[])
    }

    fn judge_kept_signature(&self, session: SessionHandle, call: Call, data: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let meets = work.operations.verify_signature.meets();
            let SignatureFirst { mut verifying, signature } =
                work.operations.verify_signature.take(call, now)?;
            if call == Call::Whole {
                verifying.update(data)?;
            }
            verifying.finish(&signature)?;
            work.operations.met = meets;
            Ok(())
        })
    }
}
