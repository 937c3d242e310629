//! Chapters 5.8, 5.10, 5.14, 5.16 and 5.17: encryption, decryption, recovery, and two operations at once.

use std::sync::Arc;

use pkcs11::{Error, Mechanism, ObjectHandle, Result, Room, SessionHandle};

use crate::application::Application;
use crate::digesting::of_digest;
use crate::mechanism::{Can, Ciphering, StartCipher};
use crate::operations::{Call, Operations, Running};
use crate::policy::usage::Operation;

/// The kinds of operation that turn bytes into bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Encrypt,
    Decrypt,
    SignRecover,
    VerifyRecover,
}

impl Cipher {
    /// Where it runs in a session.
    pub(crate) fn place(self, operations: &mut Operations) -> &mut Running<Box<dyn Ciphering>> {
        match self {
            Self::Encrypt => &mut operations.encrypt,
            Self::Decrypt => &mut operations.decrypt,
            Self::SignRecover => &mut operations.sign_recover,
            Self::VerifyRecover => &mut operations.verify_recover,
        }
    }

    /// What the key must be allowed to do.
    pub(crate) fn operation(self) -> Operation {
        match self {
            Self::Encrypt => Operation::Encrypt,
            Self::Decrypt => Operation::Decrypt,
            Self::SignRecover => Operation::SignRecover,
            Self::VerifyRecover => Operation::VerifyRecover,
        }
    }

    /// The constructor, among what a mechanism can.
    pub(crate) fn of(self, can: &Can) -> Option<StartCipher> {
        match self {
            Self::Encrypt => can.encrypt(),
            Self::Decrypt => can.decrypt(),
            Self::SignRecover => can.sign_recover(),
            Self::VerifyRecover => can.verify_recover(),
        }
    }
}

impl Application {
    pub(crate) fn begin_cipher(
        &self,
        session: SessionHandle,
        cipher: Cipher,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        let asking = self.asking(session)?;
        let session = &asking.session;
        let Some(mechanism) = mechanism else {
            return session.with(|work| {
                cipher.place(&mut work.operations).cancel();
                Ok(())
            });
        };
        session.with(|work| match cipher.place(&mut work.operations).is_active() {
            true => Err(Error::OperationActive),
            false => Ok(()),
        })?;
        let (row, start) = self.ability(mechanism.mechanism_type, |can| cipher.of(can))?;
        let usable = self.key_for(&asking, cipher.operation(), row, &mechanism, key)?;
        let about = usable.about(&mechanism);
        session.with(|work| {
            let place = cipher.place(&mut work.operations);
            place.begin(usable.needs, about, || start(&mechanism, &usable.key))?;
            place.keep_maker((start, Arc::clone(&usable.key)));
            Ok(())
        })
    }

    pub(crate) fn continue_cipher(
        &self,
        session: SessionHandle,
        cipher: Cipher,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| cipher.place(&mut work.operations).update(now, part, out))
    }

    pub(crate) fn conclude_cipher(
        &self,
        session: SessionHandle,
        cipher: Cipher,
        call: Call,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let place = cipher.place(&mut work.operations);
            let meets = place.meets();
            let len = place.conclude(call, now, data, out)?;
            if !out.is_query() {
                work.operations.met = meets;
            }
            Ok(len)
        })
    }

    pub(crate) fn do_encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_cipher(session, Cipher::Encrypt, mechanism, key)
    }

    pub(crate) fn do_encrypt(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.conclude_cipher(session, Cipher::Encrypt, Call::Whole, data, out)
    }

    pub(crate) fn do_encrypt_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.continue_cipher(session, Cipher::Encrypt, part, out)
    }

    pub(crate) fn do_encrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.conclude_cipher(session, Cipher::Encrypt, Call::Last, &[], out)
    }

    pub(crate) fn do_decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_cipher(session, Cipher::Decrypt, mechanism, key)
    }

    pub(crate) fn do_decrypt(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.conclude_cipher(session, Cipher::Decrypt, Call::Whole, data, out)
    }

    pub(crate) fn do_decrypt_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.continue_cipher(session, Cipher::Decrypt, part, out)
    }

    pub(crate) fn do_decrypt_final(&self, session: SessionHandle, out: &mut Room<'_>) -> Result<usize> {
        self.conclude_cipher(session, Cipher::Decrypt, Call::Last, &[], out)
    }

    pub(crate) fn do_sign_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_cipher(session, Cipher::SignRecover, mechanism, key)
    }

    pub(crate) fn do_sign_recover(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.conclude_cipher(session, Cipher::SignRecover, Call::Whole, data, out)
    }

    pub(crate) fn do_verify_recover_init(
        &self,
        session: SessionHandle,
        mechanism: Option<Mechanism>,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_cipher(session, Cipher::VerifyRecover, mechanism, key)
    }

    pub(crate) fn do_verify_recover(
        &self,
        session: SessionHandle,
        data: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        self.conclude_cipher(session, Cipher::VerifyRecover, Call::Whole, data, out)
    }

    pub(crate) fn do_digest_encrypt_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let Operations { digest, encrypt, .. } = &mut work.operations;
            digest.look(Call::Part, now, |_| ()).map_err(of_digest)?;
            let len = encrypt.update(now, part, out)?;
            if !out.is_query() {
                digest.part(now, |digest| digest.update(part))?;
            }
            Ok(len)
        })
    }

    pub(crate) fn do_decrypt_digest_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let Operations { digest, decrypt, .. } = &mut work.operations;
            digest.look(Call::Part, now, |_| ()).map_err(of_digest)?;
            let len = decrypt.update(now, part, out)?;
            if !out.is_query() {
                digest.part(now, |digest| digest.update(out.take(len)?))?;
            }
            Ok(len)
        })
    }

    pub(crate) fn do_sign_encrypt_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let Operations { sign, encrypt, .. } = &mut work.operations;
            sign.look(Call::Part, now, |_| ())?;
            let len = encrypt.update(now, part, out)?;
            if !out.is_query() {
                sign.part(now, |sign| sign.update(part))?;
            }
            Ok(len)
        })
    }

    pub(crate) fn do_decrypt_verify_update(
        &self,
        session: SessionHandle,
        part: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let now = session.slot.epoch();
        session.with(|work| {
            let Operations { verify, decrypt, .. } = &mut work.operations;
            verify.look(Call::Part, now, |_| ())?;
            let len = decrypt.update(now, part, out)?;
            if !out.is_query() {
                verify.part(now, |verify| verify.update(out.take(len)?))?;
            }
            Ok(len)
        })
    }
}
