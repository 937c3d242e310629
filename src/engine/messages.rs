//! Chapters 5.9, 5.11, 5.14 and 5.16: message-based encryption, decryption, signing and verifying.

use std::sync::Arc;

use pkcs11::{
    Error, Mechanism, MechanismType, MessageParameters, Messaging, ObjectHandle, Parameters, Result, Room,
    SessionHandle,
};

use crate::application::Application;
use crate::keys::Usable;
use crate::mechanism::{Can, Key, Message, Messages, StartMessages};
use crate::operations::{EachMessage, Operations, Process};
use crate::policy::approved::is_callers_vector;
use crate::policy::joining::may_tell;
use crate::policy::usage::Operation;

/// A process of encrypting or of decrypting.
type Sealing = Process<Box<dyn Messages>, Box<dyn Message>>;

/// Where a process of encrypting or of decrypting runs, what the key must be allowed to do, and what starts it.
#[derive(Clone, Copy)]
struct Side {
    place: fn(&mut Operations) -> &mut Sealing,
    operation: Operation,
    of: fn(&Can) -> Option<StartMessages>,
}

const ENCRYPTION: Side = Side {
    place: |operations| &mut operations.message_encrypt,
    operation: Operation::Encrypt,
    of: Can::message_encrypt,
};

const DECRYPTION: Side = Side {
    place: |operations| &mut operations.message_decrypt,
    operation: Operation::Decrypt,
    of: Can::message_decrypt,
};

/// The constructor of a message's signature, or of its verification.
type Start<T> = fn(&Mechanism, &Arc<dyn Key>) -> Result<T>;
/// Where a process runs in a session.
type Place<P, M> = fn(&mut Operations) -> &mut Process<P, M>;

/// Where a process of signing or of verifying runs, what the key must be allowed to do, and what starts an operation.
struct Signature<T> {
    place: Place<EachMessage<T>, T>,
    operation: Operation,
    of: fn(&Can) -> Option<Start<T>>,
    signature_len: fn(&T) -> usize,
}

/// No mechanism that signs has parameters for a message.
fn none(parameters: &MessageParameters) -> Result<()> {
    match parameters {
        MessageParameters::None => Ok(()),
        _ => Err(Error::MechanismParamInvalid("a message has no parameters of its own")),
    }
}

/// Parameters that were read at all: for lengths, which depend on nothing in them.
fn known(parameters: &MessageParameters) -> Result<()> {
    match parameters {
        MessageParameters::None | MessageParameters::Unknown => {
            Err(Error::MechanismParamInvalid("the parameters of a message are needed"))
        }
        _ => Ok(()),
    }
}

/// The processes by what they do.
impl Application {
    pub(crate) fn do_message_mechanism(
        &self,
        session: SessionHandle,
        messaging: Messaging,
    ) -> Result<Option<MechanismType>> {
        self.session(session)?.with(|work| {
            let operations = &work.operations;
            Ok(match messaging {
                Messaging::Encrypt => operations.message_encrypt.mechanism(),
                Messaging::Decrypt => operations.message_decrypt.mechanism(),
                Messaging::Sign => operations.message_sign.mechanism(),
                Messaging::Verify => operations.message_verify.mechanism(),
            })
        })
    }

    pub(crate) fn do_end_message(&self, session: SessionHandle, messaging: Messaging) -> Result<()> {
        self.session(session)?.with(|work| {
            let operations = &mut work.operations;
            match messaging {
                Messaging::Encrypt => operations.message_encrypt.end_message(),
                Messaging::Decrypt => operations.message_decrypt.end_message(),
                Messaging::Sign => operations.message_sign.end_message(),
                Messaging::Verify => operations.message_verify.end_message(),
            }
            Ok(())
        })
    }

    pub(crate) fn do_message_init(
        &self,
        session: SessionHandle,
        messaging: Messaging,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        match messaging {
            Messaging::Encrypt => self.begin_sealing(session, ENCRYPTION, mechanism, key),
            Messaging::Decrypt => self.begin_sealing(session, DECRYPTION, mechanism, key),
            Messaging::Sign => {
                let kind = Signature {
                    place: |operations| &mut operations.message_sign,
                    operation: Operation::Sign,
                    of: Can::message_sign,
                    signature_len: |signing| signing.signature_len(),
                };
                self.begin_signatures(session, &kind, mechanism, key)
            }
            Messaging::Verify => {
                let kind = Signature {
                    place: |operations| &mut operations.message_verify,
                    operation: Operation::Verify,
                    of: Can::message_verify,
                    signature_len: |_| 0,
                };
                self.begin_signatures(session, &kind, mechanism, key)
            }
        }
    }

    pub(crate) fn do_message_final(&self, session: SessionHandle, messaging: Messaging) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let operations = &mut work.operations;
            match messaging {
                Messaging::Encrypt => operations.message_encrypt.end(now),
                Messaging::Decrypt => operations.message_decrypt.end(now),
                Messaging::Sign => operations.message_sign.end(now),
                Messaging::Verify => operations.message_verify.end(now),
            }
        })
    }

    /// Begins a process, or ends one where there is no mechanism.
    fn begin_process<P, M, S>(
        &self,
        session: SessionHandle,
        (place, operation): (Place<P, M>, Operation),
        of: impl Fn(&Can) -> Option<S>,
        (mechanism, key): (Option<Mechanism>, ObjectHandle),
        make: impl FnOnce(Mechanism, S, &Usable) -> Result<P>,
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
        let kind = mechanism.mechanism_type;
        let (row, start) = self.ability(kind, of)?;
        let usable = self.key_for(&asking, operation, row, &mechanism, key)?;
        let made = make(mechanism, start, &usable)?;
        session.with(|work| place(&mut work.operations).begin(usable.needs, kind, || Ok(made)))
    }

    fn begin_sealing(
        &self,
        session: SessionHandle,
        side: Side,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        let with = (side.place, side.operation);
        self.begin_process(session, with, side.of, (mechanism, key), |mechanism, start, usable| {
            // What each message has is read with it; here the length alone was judged.
            match mechanism.parameters {
                Parameters::None => start(&usable.key),
                _ => Err(Error::MechanismParamInvalid("not the parameters of messages")),
            }
        })
    }

    fn begin_signatures<T>(
        &self,
        session: SessionHandle,
        kind: &Signature<T>,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        let with = (kind.place, kind.operation);
        self.begin_process(session, with, kind.of, (mechanism, key), |mechanism, start, usable| {
            may_tell(&mechanism, &usable.object.attributes)?;
            let maker = (start, Arc::clone(&usable.key));
            let mut each = EachMessage { maker, mechanism, signature_len: 0 };
            // The first one shows whether the mechanism takes parameters and key.
            each.signature_len = (kind.signature_len)(&each.start()?);
            Ok(each)
        })
    }
}

/// Encrypting and decrypting.
impl Application {
    fn whole_message(
        &self,
        session: SessionHandle,
        side: Side,
        parameters: &mut MessageParameters,
        (associated, data): (&[u8], &[u8]),
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = (side.place)(&mut work.operations);
            process.look(now)?;
            known(parameters)?;
            if out.is_query() {
                return Ok(data.len());
            }
            let out = out.take(data.len())?;
            process.doubt(side.operation == Operation::Encrypt && is_callers_vector(parameters));
            process.whole(now, |messages| messages.whole(parameters, associated, data, out))?;
            work.operations.met = (side.place)(&mut work.operations).meets();
            Ok(data.len())
        })
    }

    fn begin_message(
        &self,
        session: SessionHandle,
        side: Side,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = (side.place)(&mut work.operations);
            let doubted = side.operation == Operation::Encrypt && is_callers_vector(parameters);
            process.start(now, |messages| messages.begin(parameters, associated))?;
            process.doubt(doubted);
            Ok(())
        })
    }

    fn continue_message(
        &self,
        session: SessionHandle,
        side: Side,
        parameters: &mut MessageParameters,
        part: &[u8],
        (out, last): (&mut Room<'_>, bool),
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = (side.place)(&mut work.operations);
            let message = process.look_at_message(now)?;
            if let Err(error) = known(parameters) {
                process.end_message();
                return Err(error);
            }
            let len = if last { message.finish_len(part.len()) } else { message.update_len(part.len()) };
            if out.is_query() {
                // As of other parts: null must not be mistaken for a buffer without room (operations.rs).
                let least = usize::from(!last && !part.is_empty());
                return Ok(len.max(least));
            }
            let out = out.take(len)?;
            match last {
                true => {
                    process.last(now, |message| message.finish(parameters, part, out))?;
                    work.operations.met = (side.place)(&mut work.operations).meets();
                }
                false => process.part(now, |message| message.update(part, out))?,
            }
            Ok(len)
        })
    }

    pub(crate) fn do_encrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.whole_message(session, ENCRYPTION, parameters, (associated, data), out)
    }

    pub(crate) fn do_encrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.begin_message(session, ENCRYPTION, parameters, associated)
    }

    pub(crate) fn do_encrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.continue_message(session, ENCRYPTION, parameters, part, (out, last))
    }

    pub(crate) fn do_decrypt_message(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.whole_message(session, DECRYPTION, parameters, (associated, data), out)
    }

    pub(crate) fn do_decrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        associated: &[u8],
    ) -> Result<()> {
        self.begin_message(session, DECRYPTION, parameters, associated)
    }

    pub(crate) fn do_decrypt_message_next(
        &self,
        session: SessionHandle,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut Room<'_>,
        last: bool,
    ) -> Result<usize> {
        self.continue_message(session, DECRYPTION, parameters, part, (out, last))
    }
}

/// Signing and verifying.
impl Application {
    pub(crate) fn do_sign_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = &mut work.operations.message_sign;
            let len = process.look(now)?.signature_len;
            none(parameters)?;
            if out.is_query() {
                return Ok(len);
            }
            let out = out.take(len)?;
            process.whole(now, |each| {
                let mut signing = each.start()?;
                signing.update(data)?;
                signing.finish(out)
            })?;
            work.operations.met = work.operations.message_sign.meets();
            Ok(len)
        })
    }

    pub(crate) fn do_sign_message_begin(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            work.operations.message_sign.start(now, |each| {
                none(parameters)?;
                each.start()
            })
        })
    }

    /// A part, or with `out` the last and its signature.
    pub(crate) fn do_sign_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        out: Option<&mut Room<'_>>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = &mut work.operations.message_sign;
            let len = process.look_at_message(now)?.signature_len();
            if let Err(error) = none(parameters) {
                process.end_message();
                return Err(error);
            }
            let Some(out) = out else {
                return process.part(now, |signing| signing.update(part)).map(|()| 0);
            };
            if out.is_query() {
                return Ok(len);
            }
            let out = out.take(len)?;
            process.last(now, |mut signing| {
                signing.update(part)?;
                signing.finish(out)
            })?;
            work.operations.met = work.operations.message_sign.meets();
            Ok(len)
        })
    }

    pub(crate) fn do_verify_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            work.operations.message_verify.whole(now, |each| {
                none(parameters)?;
                let mut verifying = each.start()?;
                verifying.update(data)?;
                verifying.finish(signature)
            })?;
            work.operations.met = work.operations.message_verify.meets();
            Ok(())
        })
    }

    pub(crate) fn do_verify_message_begin(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            work.operations.message_verify.start(now, |each| {
                none(parameters)?;
                each.start()
            })
        })
    }

    /// A part, or with a signature the last and the verdict.
    pub(crate) fn do_verify_message_next(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        part: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<()> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let process = &mut work.operations.message_verify;
            process.look_at_message(now)?;
            if let Err(error) = none(parameters) {
                process.end_message();
                return Err(error);
            }
            match signature {
                None => process.part(now, |verifying| verifying.update(part)),
                Some(signature) => {
                    process.last(now, |mut verifying| {
                        verifying.update(part)?;
                        verifying.finish(signature)
                    })?;
                    work.operations.met = work.operations.message_verify.meets();
                    Ok(())
                }
            }
        })
    }
}
