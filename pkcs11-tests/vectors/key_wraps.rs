//! Wrapping by a temporary key: nothing is published of what is random, so that what is wrapped is taken apart, by the
//! mechanisms that it is composed of and that have vectors.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_RV, CKA_CLASS, CKA_KEY_TYPE, CKD_SHA256_KDF, CKG_MGF1_SHA256, CKK_AES,
    CKM_AES_KEY_WRAP_KWP, CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP,
    CKM_RSA_AES_KEY_WRAP, CKM_SHA256, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::mechanisms::{Key, Keys, new_pair, row, usable};
use pkcs11_tests::raw::parameters::{ecdh1, oaep};
use pkcs11_tests::{Out, Sent, Template, mechanism};

use crate::desk::Desk;

/// The mechanisms, and how many bytes stand before the wrapped key.
const WRAPS: [(CK_MECHANISM_TYPE, usize); 4] = [
    (CKM_RSA_AES_KEY_WRAP, 256),
    (CKM_ECDH_AES_KEY_WRAP, 65),
    (CKM_ECDH_COF_AES_KEY_WRAP, 65),
    (CKM_ECDH_X_AES_KEY_WRAP, 32),
];

/// Keys that each wraps.
const WRAPPED: u8 = 3;

pub(crate) fn run(desk: &Desk<'_>) {
    for (kind, before) in WRAPS {
        let Key::Pair(pair) = row(kind).key else { panic!("{} wraps with a pair", row(kind).name) };
        let keys = new_pair(desk.m, desk.session, pair);
        for number in 0..WRAPPED {
            let value = [number; 32];
            let found = taken_apart(desk, kind, keys, before, &value);
            let source = "composed: the temporary key, and CKM_AES_KEY_WRAP_KWP";
            desk.count(kind, source, format!("{found:?}"), found == Ok(value.to_vec()));
        }
    }
}

/// The value of a key that was wrapped by the mechanism, and unwrapped step by step.
fn taken_apart(
    desk: &Desk<'_>,
    kind: CK_MECHANISM_TYPE,
    keys: Keys,
    before: usize,
    value: &[u8],
) -> Result<Vec<u8>, CK_RV> {
    let ready = row(kind).ready();
    let wrapped = desk.with_secret(CKK_AES, value, |key| {
        let mut out = vec![0; 512];
        let by = ready.mechanism();
        let (rv, len) = desk.m.wrap_key(desk.session, Some(&by), keys.public, key, Out::buffer(&mut out));
        out.truncate(usize::try_from(len).unwrap());
        if rv == CKR_OK { Ok(out) } else { Err(rv) }
    })?;
    let (first, rest) = wrapped.split_at(before);
    let temporary = if kind == CKM_RSA_AES_KEY_WRAP {
        desk.decrypt(&oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0)).mechanism(), keys.private, first)?
    } else {
        desk.derive(&ecdh1(CKD_SHA256_KDF, Sent::null(0), Sent::from(first)).mechanism(), keys.private, 32)?
    };
    desk.with_secret(CKK_AES, &temporary, |key| {
        let template = usable(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES));
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        match desk.m.unwrap_key(desk.session, Some(&by), key, Sent::from(rest), &template) {
            (CKR_OK, key) => Ok(desk.last_value(key)),
            (rv, _) => Err(rv),
        }
    })
}
