//! Secret keys as the chapters that use them want them, and whole operations in one line.

use cryptoki_sys::{
    CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS, CKA_DERIVE,
    CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKK_AES,
    CKK_GENERIC_SECRET, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::{Module, Out, Sent, Template, assert_rv};

/// A function that begins an operation.
pub(crate) type Begin = fn(&Module, CK_SESSION_HANDLE, Option<&CK_MECHANISM>, CK_OBJECT_HANDLE) -> CK_RV;
/// A function that turns bytes into bytes.
pub(crate) type Step = fn(&Module, CK_SESSION_HANDLE, Sent<'_>, Out<'_>) -> (CK_RV, CK_ULONG);
/// A function that gives the last bytes.
pub(crate) type Last = fn(&Module, CK_SESSION_HANDLE, Out<'_>) -> (CK_RV, CK_ULONG);

/// The functions of one kind of operation.
#[derive(Clone, Copy)]
pub(crate) struct Cipher {
    pub(crate) begin: Begin,
    pub(crate) whole: Step,
    pub(crate) update: Step,
    pub(crate) last: Last,
}

pub(crate) const ENCRYPTION: Cipher = Cipher {
    begin: Module::encrypt_init,
    whole: Module::encrypt,
    update: Module::encrypt_update,
    last: Module::encrypt_final,
};

pub(crate) const DECRYPTION: Cipher = Cipher {
    begin: Module::decrypt_init,
    whole: Module::decrypt,
    update: Module::decrypt_update,
    last: Module::decrypt_final,
};

/// More than any mechanism adds.
const ROOM: usize = 1024;

fn size(len: CK_ULONG) -> usize {
    usize::try_from(len).unwrap()
}

/// All at once: what comes of it, or the first value that is not `CKR_OK`.
pub(crate) fn whole(
    m: &Module,
    cipher: Cipher,
    session: u64,
    by: &CK_MECHANISM,
    key: u64,
    data: &[u8],
) -> Result<Vec<u8>, CK_RV> {
    match (cipher.begin)(m, session, Some(by), key) {
        CKR_OK => {}
        rv => return Err(rv),
    }
    let mut out = vec![0; data.len() + ROOM];
    let (rv, len) = (cipher.whole)(m, session, data.into(), Out::buffer(&mut out));
    if rv != CKR_OK {
        return Err(rv);
    }
    out.truncate(size(len));
    Ok(out)
}

/// In parts of `part` bytes.
pub(crate) fn in_parts(
    m: &Module,
    cipher: Cipher,
    session: u64,
    by: &CK_MECHANISM,
    key: u64,
    (data, part): (&[u8], usize),
) -> Result<Vec<u8>, CK_RV> {
    match (cipher.begin)(m, session, Some(by), key) {
        CKR_OK => {}
        rv => return Err(rv),
    }
    let mut all = Vec::new();
    let mut out = vec![0; data.len() + ROOM];
    for piece in data.chunks(part) {
        let (rv, len) = (cipher.update)(m, session, piece.into(), Out::buffer(&mut out));
        if rv != CKR_OK {
            return Err(rv);
        }
        all.extend_from_slice(&out[..size(len)]);
    }
    let (rv, len) = (cipher.last)(m, session, Out::buffer(&mut out));
    if rv != CKR_OK {
        return Err(rv);
    }
    all.extend_from_slice(&out[..size(len)]);
    Ok(all)
}

/// The template of a secret key that comes from outside, a session object.
pub(crate) fn secret_template(key_type: u64, value: &[u8]) -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .bytes(CKA_VALUE, value)
        .boolean(CKA_TOKEN, false)
}

/// Makes an object that must come about.
pub(crate) fn create(m: &Module, session: u64, template: &Template) -> u64 {
    let (rv, object) = m.create_object(session, template);
    assert_rv!(rv, CKR_OK, "for {template:?}");
    object
}

/// An AES key of known value, with every use that an AES key has by default.
pub(crate) fn aes(m: &Module, session: u64, value: &[u8]) -> u64 {
    create(m, session, &secret_template(CKK_AES, value))
}

/// An AES key that can be read and wrapped.
pub(crate) fn open_aes(m: &Module, session: u64, value: &[u8]) -> u64 {
    create(m, session, &opened(secret_template(CKK_AES, value)))
}

/// The same template for a key that can be read and wrapped.
pub(crate) fn opened(template: Template) -> Template {
    template.boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true)
}

/// A generic secret that signs, verifies and derives.
pub(crate) fn generic(m: &Module, session: u64, value: &[u8]) -> u64 {
    let template = secret_template(CKK_GENERIC_SECRET, value);
    create(m, session, &template.boolean(CKA_SIGN, true).boolean(CKA_VERIFY, true).boolean(CKA_DERIVE, true))
}
