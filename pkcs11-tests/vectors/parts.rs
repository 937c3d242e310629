//! Every mechanism of the token's list, with what the table says of it: in random parts it gives what it gives at once.
//!
//! What two signatures or ciphertexts of one message have in common depends on whether they are random. Two made at once
//! tell that; and whichever way one was made, both ways verify or decrypt it.

use cryptoki_sys::{
    CK_MECHANISM, CKF_DECRYPT, CKF_DIGEST, CKF_ENCRYPT, CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY, CKF_SIGN,
    CKF_VERIFY, CKM_HOTP, CKM_RSA_X_509, CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::verify;
use pkcs11_tests::mechanisms::operation::{
    DECRYPTION, DIGESTING, ENCRYPTION, Operation, SIGNING, verify_in_parts,
};
use pkcs11_tests::mechanisms::{Keyring, Keys, Row, flags, listed, row};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::messages::Given;
use pkcs11_tests::{Module, Out, Sent, Token};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

/// Messages of each mechanism: of the quick form and of the long one.
const CASES: (u32, u32) = (6, 100);

/// One mechanism at work.
struct Subject<'a> {
    m: &'a Module,
    session: u64,
    by: CK_MECHANISM,
    keys: Keys,
    row: &'static Row,
}

/// Drives every mechanism.
pub(crate) fn run(token: &Token, long: bool) {
    let session = token.user_session();
    let keyring = Keyring::new(token.module, session);
    for kind in listed(token) {
        let row = row(kind);
        let can = flags(token, kind);
        // A one-time password is of no message, and another each time: conformance/one_time.rs.
        if can & (CKF_DIGEST | CKF_SIGN | CKF_ENCRYPT) == 0 || kind == CKM_HOTP {
            continue;
        }
        let keys = keyring.keys(row.key);
        let cases = if long { CASES.1 } else { CASES.0 };
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let inputs = (any::<usize>(), vec(any::<u8>(), row.message.most), vec(1..97_usize, 0..9));
        let result = TestRunner::new(config).run(&inputs, |(len, bytes, cuts)| {
            let message = &bytes[..row.message.fitting(len)];
            let ready = row.ready_for(message.len());
            let subject = Subject { m: token.module, session, by: ready.mechanism(), keys, row };
            subject.compare(can, message, &cut(message, &cuts)).map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(why, _)) | Err(TestError::Abort(why)) => panic!("{}: {why}", row.name),
        }
    }
}

/// A signature with another last bit.
fn altered(signature: &[u8]) -> Result<Vec<u8>, String> {
    let mut wrong = signature.to_vec();
    *wrong.last_mut().ok_or("an empty signature")? ^= 1;
    Ok(wrong)
}

/// A message in parts of these lengths, and of what is left.
fn cut<'a>(mut message: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for len in cuts {
        let (part, rest) = message.split_at((*len).min(message.len()));
        parts.push(part);
        message = rest;
    }
    parts.push(message);
    parts
}

impl Subject<'_> {
    fn compare(&self, can: u64, message: &[u8], parts: &[&[u8]]) -> Result<(), String> {
        if can & CKF_DIGEST != 0 {
            self.both(DIGESTING, 0, message, parts)?;
        }
        if can & CKF_SIGN != 0 && can & CKF_VERIFY != 0 {
            if can & CKF_MESSAGE_SIGN != 0 {
                self.signs_messages(message, parts)?;
            }
            for signature in self.both(SIGNING, self.keys.private, message, parts)? {
                self.verifies(message, parts, &signature)?;
                if can & CKF_MESSAGE_VERIFY != 0 {
                    self.verifies_messages(message, parts, &signature)?;
                }
            }
        }
        if can & CKF_ENCRYPT != 0 && can & CKF_DECRYPT != 0 {
            for sealed in self.both(ENCRYPTION, self.keys.public, message, parts)? {
                self.opens(message, parts, &sealed)?;
            }
        }
        Ok(())
    }

    /// What comes at once and what comes in parts; the same where two at once are.
    fn both(
        &self,
        operation: Operation,
        key: u64,
        message: &[u8],
        parts: &[&[u8]],
    ) -> Result<[Vec<u8>; 2], String> {
        let told = |rv| format!("{} bytes: {}", message.len(), rv_name(rv));
        let whole = || operation.whole(self.m, self.session, &self.by, key, message).map_err(told);
        let in_parts = operation.in_parts(self.m, self.session, &self.by, key, parts).map_err(told)?;
        let (one, other) = (whole()?, whole()?);
        if one.len() != in_parts.len() || (one == other && one != in_parts) {
            return Err(format!("{} bytes give something else in parts", message.len()));
        }
        Ok([one, in_parts])
    }

    fn verifies(&self, message: &[u8], parts: &[&[u8]], signature: &[u8]) -> Result<(), String> {
        let (m, session, by, key) = (self.m, self.session, &self.by, self.keys.public);
        let whole = |signature: &[u8]| verify(m, session, by, key, message, signature);
        let in_parts = |signature: &[u8]| verify_in_parts(m, session, by, key, parts, signature);
        let first = |signature: &[u8]| match m.verify_signature_init(session, Some(by), key, signature.into())
        {
            CKR_OK => {
                let refused = parts.iter().map(|part| m.verify_signature_update(session, Sent::from(*part)));
                refused
                    .into_iter()
                    .find(|rv| *rv != CKR_OK)
                    .unwrap_or_else(|| m.verify_signature_final(session))
            }
            refused => refused,
        };
        let wrong = altered(signature)?;
        let found =
            [signature, &wrong].map(|signature| [whole(signature), in_parts(signature), first(signature)]);
        if found != [[CKR_OK; 3], [CKR_SIGNATURE_INVALID; 3]] {
            return Err(format!("verifying answers {:?}", found.map(|found| found.map(rv_name))));
        }
        Ok(())
    }

    /// The same as messages of one process.
    fn verifies_messages(&self, message: &[u8], parts: &[&[u8]], signature: &[u8]) -> Result<(), String> {
        let (m, session, by, key) = (self.m, self.session, &self.by, self.keys.public);
        let whole =
            |signature: &[u8]| m.verify_message(session, Given::none(), message.into(), signature.into());
        let in_parts = |signature: &[u8]| {
            let next = |part: &[u8], last| m.verify_message_next(session, Given::none(), part.into(), last);
            let begun = m.verify_message_begin(session, Given::none());
            let refused = parts.iter().map(|part| next(part, Sent::null(0))).find(|rv| *rv != CKR_OK);
            refused.or((begun != CKR_OK).then_some(begun)).unwrap_or_else(|| next(&[], signature.into()))
        };
        let begun = m.message_verify_init(session, Some(by), key);
        let wrong = altered(signature)?;
        let found = [signature, &wrong].map(|signature| [whole(signature), in_parts(signature)]);
        let ended = m.message_verify_final(session);
        match (begun, found, ended) {
            (CKR_OK, [[CKR_OK, CKR_OK], [CKR_SIGNATURE_INVALID, CKR_SIGNATURE_INVALID]], CKR_OK) => Ok(()),
            (begun, found, ended) => Err(format!(
                "messages are verified with {begun:#x}, {:?}, {ended:#x}",
                found.map(|found| found.map(rv_name))
            )),
        }
    }

    /// Signatures of messages, whole and in parts, are signatures.
    fn signs_messages(&self, message: &[u8], parts: &[&[u8]]) -> Result<(), String> {
        let (m, session, by) = (self.m, self.session, &self.by);
        let told = |rv| format!("{} bytes in a message: {}", message.len(), rv_name(rv));
        let ok = |rv| if rv == CKR_OK { Ok(()) } else { Err(told(rv)) };
        ok(m.message_sign_init(session, Some(by), self.keys.private))?;
        let mut signatures = [vec![0; 64 * 1024], vec![0; 64 * 1024]];
        let out = Out::buffer(&mut signatures[0]);
        let (rv, len) = m.sign_message(session, Given::none(), message.into(), out);
        ok(rv)?;
        signatures[0].truncate(usize::try_from(len).unwrap_or(0));
        ok(m.sign_message_begin(session, Given::none()))?;
        for part in parts {
            let more = Out::without_length(&mut []);
            ok(m.sign_message_next(session, Given::none(), Sent::from(*part), more).0)?;
        }
        let out = Out::buffer(&mut signatures[1]);
        let (rv, len) = m.sign_message_next(session, Given::none(), Sent::null(0), out);
        ok(rv)?;
        signatures[1].truncate(usize::try_from(len).unwrap_or(0));
        ok(m.message_sign_final(session))?;
        for signature in &signatures {
            ok(verify(m, session, by, self.keys.public, message, signature))?;
        }
        Ok(())
    }

    fn opens(&self, message: &[u8], parts: &[&[u8]], sealed: &[u8]) -> Result<(), String> {
        let (m, session, by, key) = (self.m, self.session, &self.by, self.keys.private);
        let lens: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let at_once = DECRYPTION.whole(m, session, by, key, sealed);
        let in_parts = DECRYPTION.in_parts(m, session, by, key, &cut(sealed, &lens));
        for opened in [at_once, in_parts] {
            let opened = opened.map_err(rv_name)?;
            // The raw number comes back as long as the modulus.
            let right =
                if self.row.kind == CKM_RSA_X_509 { opened.ends_with(message) } else { opened == message };
            if !right {
                return Err(format!("{} bytes come back as something else", message.len()));
            }
        }
        Ok(())
    }
}
