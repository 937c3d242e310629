//! Private keys as they travel: a `PrivateKeyInfo` (RFC 5208, RFC 5958), put together and taken apart, and wrapped under a
//! key that the test knows.

use cryptoki_sys::{CKA_CLASS, CKA_KEY_TYPE, CKK_AES, CKM_AES_KEY_WRAP_KWP, CKO_PRIVATE_KEY, CKR_OK};
use pkcs11_tests::mechanisms::operation::{DECRYPTION, ENCRYPTION};
use pkcs11_tests::mechanisms::secret;
use pkcs11_tests::{Module, Out, Sent, Template, assert_rv, mechanism};

use crate::secret_keys::create;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// Of `OneAsymmetricKey`: `[1] IMPLICIT BIT STRING`.
const PUBLIC_KEY: u8 = 0x81;

/// An element of DER over these contents.
pub(super) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let len = match contents.len() {
        len @ 0..=0x7F => vec![u8::try_from(len).unwrap()],
        len => {
            let bytes = u16::try_from(len).unwrap().to_be_bytes();
            let digits = if bytes[0] == 0 { &bytes[1..] } else { &bytes[..] };
            [&[0x80 | u8::try_from(digits.len()).unwrap()], digits].concat()
        }
    };
    [&[tag], &len[..], &contents].concat()
}

/// The contents of the first element, and what follows it.
fn first(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (header, len) = match bytes[1] {
        len @ 0..=0x7F => (2, usize::from(len)),
        0x81 => (3, usize::from(bytes[2])),
        _ => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
    };
    bytes[header..].split_at(len)
}

/// A number of so many bytes as DER has it.
pub(super) fn number(digits: &[u8]) -> Vec<u8> {
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len().saturating_sub(1));
    let digits = &digits[start..];
    if digits[0] < 0x80 { der(INTEGER, &[digits]) } else { der(INTEGER, &[&[0], digits]) }
}

/// A key of the algorithm whose identifier has these elements.
pub(super) fn key_info(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    der(SEQUENCE, &[&number(&[0]), &der(SEQUENCE, algorithm), &der(OCTETS, &[key])])
}

/// The same `PrivateKeyInfo` with a public key beside it, as a `OneAsymmetricKey`.
pub(super) fn with_public(info: &[u8], public: &[u8]) -> Vec<u8> {
    let (contents, _) = first(info);
    let (_, rest) = first(contents);
    der(SEQUENCE, &[&number(&[1]), rest, &der(PUBLIC_KEY, &[&[0], public])])
}

/// The public key in a `SubjectPublicKeyInfo`.
pub(super) fn public_of(info: &[u8]) -> Vec<u8> {
    let (contents, _) = first(info);
    let (_, bits) = first(contents);
    first(bits).0[1..].to_vec()
}

/// A key to wrap with whose bytes the test has, and through which it comes to what is wrapped.
pub(super) struct Courier<'a> {
    m: &'a Module,
    session: u64,
    key: u64,
}

impl<'a> Courier<'a> {
    pub(super) fn new(m: &'a Module, session: u64) -> Self {
        Self { m, session, key: create(m, session, &secret(CKK_AES, &[9; 32])) }
    }

    /// What a private key looks like when it is wrapped.
    pub(super) fn info(&self, private: u64) -> Vec<u8> {
        let mut blob = vec![0; 8192];
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        let (rv, len) = self.m.wrap_key(self.session, Some(&by), self.key, private, Out::buffer(&mut blob));
        assert_rv!(rv, CKR_OK);
        blob.truncate(usize::try_from(len).unwrap());
        DECRYPTION.whole(self.m, self.session, &by, self.key, &blob).unwrap()
    }

    /// Brings a private key in, with `more` in the template.
    pub(super) fn unwrapped(&self, key_type: u64, info: &[u8], more: &Template) -> u64 {
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        let blob = ENCRYPTION.whole(self.m, self.session, &by, self.key, info).unwrap();
        let mut template = private(key_type);
        template.0.extend(more.0.clone());
        self.m.unwrap_key(self.session, Some(&by), self.key, Sent::from(&blob), &template).0
    }
}

/// The beginning of a private key's template.
pub(super) fn private(key_type: u64) -> Template {
    Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY).ulong(CKA_KEY_TYPE, key_type)
}
