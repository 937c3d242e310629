//! TABLE: the operations that a refused call ends.
//!
//! The standard says of each of these functions that a call always ends the active operation, unless it answers
//! `CKR_BUFFER_TOO_SMALL` or tells a length (sections 5.8.2 and its like). An argument that cannot be read is refused
//! before the token is asked, so the end is told to it here.

use pkcs11::{Messaging, ObjectHandle, SessionHandle, Token};

use crate::exports::Function;

/// Ends one kind of operation; nothing happens when none is active.
type End = fn(&dyn Token, SessionHandle);

/// What answers to the end of an operation that may not be active does not matter.
fn said<T>(_: pkcs11::Result<T>) {}

const NO_KEY: ObjectHandle = ObjectHandle(0);

const ENCRYPT: End = |token, session| said(token.encrypt_init(session, None, NO_KEY));
const DECRYPT: End = |token, session| said(token.decrypt_init(session, None, NO_KEY));
const DIGEST: End = |token, session| said(token.digest_init(session, None));
const SIGN: End = |token, session| said(token.sign_init(session, None, NO_KEY));
const SIGN_RECOVER: End = |token, session| said(token.sign_recover_init(session, None, NO_KEY));
const VERIFY: End = |token, session| said(token.verify_init(session, None, NO_KEY));
const VERIFY_SIGNATURE: End = |token, session| said(token.verify_signature_init(session, None, NO_KEY, &[]));
const MESSAGE_ENCRYPT: End = |token, session| said(token.end_message(session, Messaging::Encrypt));
const MESSAGE_DECRYPT: End = |token, session| said(token.end_message(session, Messaging::Decrypt));
const MESSAGE_SIGN: End = |token, session| said(token.end_message(session, Messaging::Sign));
const MESSAGE_VERIFY: End = |token, session| said(token.end_message(session, Messaging::Verify));
const VERIFY_RECOVER: End = |token, session| said(token.verify_recover_init(session, None, NO_KEY));

/// What a call of this function ends when its arguments cannot be read.
fn ends(function: Function) -> &'static [End] {
    match function {
        Function::C_Encrypt | Function::C_EncryptUpdate | Function::C_EncryptFinal => &[ENCRYPT],
        Function::C_Decrypt | Function::C_DecryptUpdate | Function::C_DecryptFinal => &[DECRYPT],
        Function::C_Digest | Function::C_DigestUpdate | Function::C_DigestFinal => &[DIGEST],
        Function::C_Sign | Function::C_SignUpdate | Function::C_SignFinal => &[SIGN],
        Function::C_SignRecover => &[SIGN_RECOVER],
        Function::C_Verify | Function::C_VerifyUpdate | Function::C_VerifyFinal => &[VERIFY],
        Function::C_VerifySignature
        | Function::C_VerifySignatureUpdate
        | Function::C_VerifySignatureFinal => &[VERIFY_SIGNATURE],
        Function::C_VerifyRecover => &[VERIFY_RECOVER],
        // The process goes on (sections 5.9.4, 5.11.4, 5.14.4 and 5.16.4).
        Function::C_EncryptMessageNext => &[MESSAGE_ENCRYPT],
        Function::C_DecryptMessageNext => &[MESSAGE_DECRYPT],
        Function::C_SignMessageNext => &[MESSAGE_SIGN],
        Function::C_VerifyMessageNext => &[MESSAGE_VERIFY],
        Function::C_DigestEncryptUpdate => &[DIGEST, ENCRYPT],
        Function::C_DecryptDigestUpdate => &[DECRYPT, DIGEST],
        Function::C_SignEncryptUpdate => &[SIGN, ENCRYPT],
        Function::C_DecryptVerifyUpdate => &[DECRYPT, VERIFY],
        _ => &[],
    }
}

/// Ends what a refused call of this function ends.
pub(crate) fn end(function: Function, token: &dyn Token, session: SessionHandle) {
    ends(function).iter().for_each(|end| end(token, session));
}
