//! Operations of every kind, whole and in parts, by the same words.

use cryptoki_sys::{CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKR_OK};

use crate::{Module, Out, Sent};

/// What comes of an operation, or the first value that is not `CKR_OK`.
pub type Answer = Result<Vec<u8>, CK_RV>;

type Begin = fn(&Module, CK_SESSION_HANDLE, &CK_MECHANISM, CK_OBJECT_HANDLE) -> CK_RV;
type Step = fn(&Module, CK_SESSION_HANDLE, Sent<'_>, Out<'_>) -> (CK_RV, CK_ULONG);
type Last = fn(&Module, CK_SESSION_HANDLE, Out<'_>) -> (CK_RV, CK_ULONG);

/// The functions of one kind of operation that gives bytes.
#[derive(Clone, Copy)]
pub struct Operation {
    begin: Begin,
    whole: Step,
    update: Step,
    last: Last,
}

/// `C_Encrypt` and its kin.
pub const ENCRYPTION: Operation = Operation {
    begin: |m, session, by, key| m.encrypt_init(session, Some(by), key),
    whole: Module::encrypt,
    update: Module::encrypt_update,
    last: Module::encrypt_final,
};

/// `C_Decrypt` and its kin.
pub const DECRYPTION: Operation = Operation {
    begin: |m, session, by, key| m.decrypt_init(session, Some(by), key),
    whole: Module::decrypt,
    update: Module::decrypt_update,
    last: Module::decrypt_final,
};

/// `C_Sign` and its kin.
pub const SIGNING: Operation = Operation {
    begin: |m, session, by, key| m.sign_init(session, Some(by), key),
    whole: Module::sign,
    update: |m, session, part, _| (m.sign_update(session, part), 0),
    last: Module::sign_final,
};

/// `C_Digest` and its kin, which need no key.
pub const DIGESTING: Operation = Operation {
    begin: |m, session, by, _| m.digest_init(session, Some(by)),
    whole: Module::digest,
    update: |m, session, part, _| (m.digest_update(session, part), 0),
    last: Module::digest_final,
};

/// More than any mechanism adds to what it is given.
const ROOM: usize = 64 * 1024;

impl Operation {
    /// All at once.
    ///
    /// # Errors
    /// The first value that is not `CKR_OK`.
    pub fn whole(
        &self,
        m: &Module,
        session: CK_SESSION_HANDLE,
        by: &CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
    ) -> Answer {
        ok((self.begin)(m, session, by, key))?;
        written(data.len(), |out| (self.whole)(m, session, data.into(), out))
    }

    /// In the parts that the message comes in.
    ///
    /// # Errors
    /// The first value that is not `CKR_OK`.
    pub fn in_parts(
        &self,
        m: &Module,
        session: CK_SESSION_HANDLE,
        by: &CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        parts: &[&[u8]],
    ) -> Answer {
        ok((self.begin)(m, session, by, key))?;
        let mut all = Vec::new();
        for part in parts {
            all.extend(written(part.len(), |out| (self.update)(m, session, Sent::from(*part), out))?);
        }
        all.extend(written(0, |out| (self.last)(m, session, out))?);
        Ok(all)
    }
}

/// Verifies in the parts that the message comes in.
#[must_use]
pub fn verify_in_parts(
    m: &Module,
    session: CK_SESSION_HANDLE,
    by: &CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
    parts: &[&[u8]],
    signature: &[u8],
) -> CK_RV {
    match m.verify_init(session, Some(by), key) {
        CKR_OK => {}
        refused => return refused,
    }
    let refused =
        parts.iter().map(|part| m.verify_update(session, Sent::from(*part))).find(|rv| *rv != CKR_OK);
    refused.unwrap_or_else(|| m.verify_final(session, signature.into()))
}

fn ok(rv: CK_RV) -> Result<(), CK_RV> {
    if rv == CKR_OK { Ok(()) } else { Err(rv) }
}

fn written(len: usize, call: impl FnOnce(Out<'_>) -> (CK_RV, CK_ULONG)) -> Answer {
    let mut room = vec![0; len + ROOM];
    let (rv, len) = call(Out::buffer(&mut room));
    ok(rv)?;
    room.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(room)
}
