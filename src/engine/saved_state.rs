//! Sections 5.6.6 and 5.6.7: an operation's state, saved and taken up again.
//!
//! What an application gets is sealed under a key that lives and dies with it, so that a state shows nothing of what
//! went into it and no other application can make one. It opens in sessions with the same token and of the same state.

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Mechanism, ObjectHandle, Result, Room, Secret, SessionHandle};

use crate::application::Application;
use crate::asking::Asking;
use crate::encryption::Cipher;
use crate::login::Epoch;
use crate::mechanism::{Can, Saving};
use crate::operations::{About, Active, Needs, Operations, Running};
use crate::policy::approved::Act;
use crate::policy::usage::Operation;

const SEALED_AS: &[u8] = b"claviger/1 operation state";

// The fields of a state: one for each kind of operation that was active.
const DIGEST: u16 = 1;
const SIGN: u16 = 2;
const VERIFY: u16 = 3;
const ENCRYPT: u16 = 4;
const DECRYPT: u16 = 5;

const MECHANISM: u16 = 1;
const KEY: u16 = 2;
const STATE: u16 = 3;
const IN_PARTS: u16 = 4;
const LOGIN: u16 = 5;

/// One operation out of a saved state.
struct Saved {
    about: About,
    in_parts: bool,
    state: Secret,
    /// The login that a digest is bound to by what it has taken in. What has a key must show it again instead.
    login: Option<Epoch>,
}

impl Saved {
    fn read(bytes: &[u8]) -> Result<Self> {
        let record = Record::read(bytes, &[MECHANISM, KEY, STATE, IN_PARTS, LOGIN])?;
        let mechanism = Mechanism::decode(record.bytes(MECHANISM)?)?;
        let key = record.optional(KEY).map(<[u8]>::to_vec);
        let (state, in_parts) = (Secret::from(record.bytes(STATE)?), record.number(IN_PARTS)? != 0);
        let login = record.optional(LOGIN).map(|_| record.number(LOGIN).map(Epoch)).transpose()?;
        Ok(Self { about: About { mechanism, key }, in_parts, state, login })
    }

    /// What [`Saved::read`] reads; `None` where the mechanism cannot tell its state.
    fn write<T: Saving + ?Sized>(active: &Active<Box<T>>) -> Option<Secret> {
        let state = active.operation.save()?;
        let mut saved = Writer::new();
        saved.field(MECHANISM, active.about.mechanism.encode().expose());
        saved.optional(KEY, active.about.key.as_deref()).field(STATE, state.expose());
        saved.number(IN_PARTS, u64::from(active.in_parts));
        if active.about.key.is_none()
            && let Some(Epoch(login)) = active.login()
        {
            saved.number(LOGIN, login);
        }
        Some(saved.finish())
    }
}

impl Application {
    fn state_key(&self) -> Result<&Secret> {
        self.state_key.get_or_try_init(|| Ok(Secret::from(self.random::<32>()?)))
    }

    pub(crate) fn do_operation_state(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        let asking = self.asking(session)?;
        let plain = asking.session.with(|work| save(&work.operations))?;
        let sealed = self.parts.primitives.seal(self.state_key()?, &sealed_as(&asking), plain.expose())?;
        out.put(&sealed)
    }

    pub(crate) fn do_set_operation_state(
        &self,
        session: SessionHandle,
        state: &[u8],
        encryption_key: ObjectHandle,
        authentication_key: ObjectHandle,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let plain = self.parts.primitives.open(self.state_key()?, &sealed_as(&asking), state);
        let plain = plain.ok_or(Error::SavedStateInvalid)?;
        let record = Record::read(plain.expose(), &[DIGEST, SIGN, VERIFY, ENCRYPT, DECRYPT])?;
        let saved = |tag| record.optional(tag).map(Saved::read).transpose();
        let wants = |tags: [u16; 2]| tags.iter().any(|tag| record.optional(*tag).is_some());
        let keys = [(encryption_key, wants([ENCRYPT, DECRYPT])), (authentication_key, wants([SIGN, VERIFY]))];
        for (key, wanted) in keys {
            match (key.0 != 0, wanted) {
                (true, false) => return Err(Error::KeyNotNeeded),
                (false, true) => return Err(Error::KeyNeeded),
                _ => {}
            }
        }
        let mut operations = Operations::default();
        if let Some(saved) = saved(DIGEST)? {
            let (_, start) = self.ability(saved.about.mechanism.mechanism_type, Can::digest)?;
            let meets = self.judged(&asking, Act::Digest, &saved.about.mechanism, None)?;
            let operation = start(&saved.about.mechanism)?;
            if saved.login.is_some_and(|login| login != asking.epoch()) {
                return Err(Error::SavedStateInvalid);
            }
            let needs = Needs { login: saved.login, meets, ..Needs::default() };
            restore(&mut operations.digest, operation, needs, saved)?;
        }
        if let Some(saved) = saved(SIGN)? {
            let (_, start) = self.ability(saved.about.mechanism.mechanism_type, Can::sign)?;
            let usable = self.key_again(&asking, Operation::Sign, &saved, authentication_key)?;
            let operation = start(&saved.about.mechanism, &usable.key)?;
            restore(&mut operations.sign, operation, usable.needs, saved)?;
        }
        if let Some(saved) = saved(VERIFY)? {
            let (_, start) = self.ability(saved.about.mechanism.mechanism_type, Can::verify)?;
            let usable = self.key_again(&asking, Operation::Verify, &saved, authentication_key)?;
            let operation = start(&saved.about.mechanism, &usable.key)?;
            restore(&mut operations.verify, operation, usable.needs, saved)?;
        }
        for (tag, cipher) in [(ENCRYPT, Cipher::Encrypt), (DECRYPT, Cipher::Decrypt)] {
            if let Some(saved) = saved(tag)? {
                let (_, start) = self.ability(saved.about.mechanism.mechanism_type, |can| cipher.of(can))?;
                let usable = self.key_again(&asking, cipher.operation(), &saved, encryption_key)?;
                let operation = start(&saved.about.mechanism, &usable.key)?;
                restore(cipher.place(&mut operations), operation, usable.needs, saved)?;
            }
        }
        asking.session.with(|work| {
            operations.search = work.operations.search.take();
            operations.met = work.operations.met;
            work.operations = operations;
            Ok(())
        })
    }

    /// The key of a saved operation, which must be the one that it was saved with.
    fn key_again(
        &self,
        asking: &Asking,
        operation: Operation,
        saved: &Saved,
        handle: ObjectHandle,
    ) -> Result<crate::keys::Usable> {
        let row = self.parts.mechanisms.row(saved.about.mechanism.mechanism_type);
        let row = row.ok_or(Error::SavedStateInvalid)?;
        let usable = self.key_for(asking, operation, row, &saved.about.mechanism, handle)?;
        if usable.about(&saved.about.mechanism) == saved.about { Ok(usable) } else { Err(Error::KeyChanged) }
    }
}

/// What a state is bound to, beside the application.
fn sealed_as(asking: &Asking) -> Vec<u8> {
    [SEALED_AS, &asking.session.slot.token.0, &[asking.session_state() as u8]].concat()
}

fn restore<T: Saving + ?Sized>(
    place: &mut Running<Box<T>>,
    mut operation: Box<T>,
    needs: Needs,
    saved: Saved,
) -> Result<()> {
    operation.restore(saved.state.expose())?;
    place.resume(needs, saved.about, saved.in_parts, operation);
    Ok(())
}

/// Everything that is active, in the order of the tags.
fn save(operations: &Operations) -> Result<Secret> {
    // The standard does not count recovery among what can be saved: it has no parts. Of signatures that are kept, and of
    // message-based processes, no state is told.
    let Operations {
        search: _,
        counter_of: _,
        met: _,
        digest,
        sign,
        verify,
        verify_signature,
        encrypt,
        decrypt,
        sign_recover: _,
        verify_recover: _,
        message_encrypt,
        message_decrypt,
        message_sign,
        message_verify,
    } = operations;
    let parts = [
        (DIGEST, digest.is_active(), digest.active().and_then(Saved::write)),
        (SIGN, sign.is_active(), sign.active().and_then(Saved::write)),
        (VERIFY, verify.is_active(), verify.active().and_then(Saved::write)),
        (ENCRYPT, encrypt.is_active(), encrypt.active().and_then(Saved::write)),
        (DECRYPT, decrypt.is_active(), decrypt.active().and_then(Saved::write)),
    ];
    if !parts.iter().any(|(_, active, _)| *active) {
        let unsaveable = verify_signature.is_active()
            || message_encrypt.is_active()
            || message_decrypt.is_active()
            || message_sign.is_active()
            || message_verify.is_active();
        return Err(if unsaveable { Error::StateUnsaveable } else { Error::OperationNotInitialized });
    }
    let mut writer = Writer::new();
    for (tag, active, part) in parts {
        match part {
            Some(part) => writer.field(tag, part.expose()),
            // Its result waits for room, or the mechanism cannot tell its state.
            None if active => return Err(Error::StateUnsaveable),
            None => &mut writer,
        };
    }
    Ok(writer.finish())
}
