//! The footnotes of section 4.2: each attribute that stands for one, in every event that makes, changes or shows a key.

use cryptoki_sys::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_SENSITIVE, CKA_CHECK_VALUE, CKA_CLASS, CKA_COPYABLE, CKA_DERIVE,
    CKA_DESTROYABLE, CKA_EC_POINT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE,
    CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE, CKA_NEVER_EXTRACTABLE, CKA_PRIME_1, CKA_PRIVATE, CKA_SENSITIVE,
    CKA_START_DATE, CKA_TOKEN, CKA_TRUSTED, CKA_UNIQUE_ID, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP_WITH_TRUSTED,
    CKD_NULL, CKK_AES, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKO_SECRET_KEY, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11_tests::keys::{Kind, attribute};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Attribute, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{aes, open_aes, secret_template};
use crate::wrapping::{kind, wrapped};

on_claviger!(each_attribute_in_each_event_answers_as_its_footnotes_say, what_an_event_needs_is_asked_for);

const OK: u64 = CKR_OK;
const NO: u64 = CKR_ATTRIBUTE_READ_ONLY;
const UNKNOWN: u64 = CKR_ATTRIBUTE_TYPE_INVALID;
const HIDDEN: u64 = CKR_ATTRIBUTE_SENSITIVE;

/// The events, in the order of the table's columns.
const EVENTS: [&str; 7] = ["create", "generate", "unwrap", "derive", "copy", "set", "get"];

/// TABLE: an attribute with its value, its footnotes, and the answer of each event. Copied, changed and read is a
/// generated key that is sensitive, not extractable, private and a session object.
fn table() -> Vec<(Attribute, &'static str, [u64; 7])> {
    let bytes = |kind, value: &[u8]| Attribute::bytes(kind, value);
    let (number, flag) = (Attribute::ulong, Attribute::boolean);
    let everywhere = [OK; 7];
    let computed = [NO, NO, NO, NO, NO, NO, OK];
    let at_birth = [OK, OK, OK, OK, NO, NO, OK];
    let at_birth_or_copied = [OK, OK, OK, OK, OK, NO, OK];
    vec![
        (bytes(CKA_LABEL, b"name"), "8", everywhere),
        (bytes(CKA_ID, b"id"), "8", everywhere),
        (bytes(CKA_START_DATE, b"20300101"), "8", everywhere),
        (flag(CKA_DERIVE, true), "8", everywhere),
        (flag(CKA_ENCRYPT, false), "8, 9", everywhere),
        (number(CKA_CLASS, CKO_SECRET_KEY), "1", at_birth),
        (number(CKA_KEY_TYPE, CKK_AES), "1, 5", at_birth),
        (bytes(CKA_VALUE, &[1; 16]), "1, 4, 6, 7", [OK, NO, NO, NO, NO, NO, HIDDEN]),
        (number(CKA_VALUE_LEN, 16), "2, 3", [NO, OK, OK, OK, NO, NO, OK]),
        (flag(CKA_LOCAL, true), "2, 4, 6", computed),
        (flag(CKA_ALWAYS_SENSITIVE, true), "2, 4, 6", computed),
        (flag(CKA_NEVER_EXTRACTABLE, true), "2, 4, 6", computed),
        (number(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN), "2, 4, 6", computed),
        (bytes(CKA_UNIQUE_ID, b"mine"), "2, 4, 6", computed),
        (flag(CKA_SENSITIVE, true), "8, 11", everywhere),
        (flag(CKA_SENSITIVE, false), "8, 11", at_birth),
        (flag(CKA_WRAP_WITH_TRUSTED, true), "11", everywhere),
        (flag(CKA_EXTRACTABLE, false), "8, 9, 12", everywhere),
        (flag(CKA_EXTRACTABLE, true), "8, 9, 12", at_birth),
        (flag(CKA_COPYABLE, false), "12", everywhere),
        (flag(CKA_TRUSTED, true), "10", computed),
        (flag(CKA_TRUSTED, false), "10", everywhere),
        (flag(CKA_TOKEN, false), "section 4.4", at_birth_or_copied),
        (flag(CKA_PRIVATE, true), "section 4.4", at_birth_or_copied),
        (flag(CKA_MODIFIABLE, false), "section 4.4", at_birth_or_copied),
        (flag(CKA_DESTROYABLE, false), "section 4.4", at_birth_or_copied),
        (bytes(CKA_ALLOWED_MECHANISMS, &CKM_AES_KEY_GEN.to_ne_bytes()), "none", at_birth),
        (bytes(CKA_CHECK_VALUE, b""), "section 4.11", everywhere),
        (bytes(CKA_PRIME_1, b"\x03"), "of another key", [UNKNOWN; 7]),
    ]
}

/// Everything that the events need beside a template.
struct Stage<'a> {
    t: &'a Test,
    session: u64,
    wrapping: u64,
    blob: Vec<u8>,
    base: u64,
    point: Vec<u8>,
}

impl<'a> Stage<'a> {
    fn set(t: &'a Test) -> Self {
        let session = t.token().user_session();
        let m = t.module;
        let wrapping = aes(m, session, &[1; 32]);
        let key = open_aes(m, session, &[2; 16]);
        let blob = wrapped(m, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
        let private = Kind::P256.private_template().boolean(CKA_DERIVE, true);
        let generator = Kind::P256.generator();
        let public = Kind::P256.public_template();
        let (rv, public, base) = m.generate_key_pair(session, Some(&generator), &public, &private);
        assert_rv!(rv, CKR_OK);
        Self { t, session, wrapping, blob, base, point: attribute(m, session, public, CKA_EC_POINT) }
    }

    fn create(&self, template: &Template) -> u64 {
        self.t.module.create_object(self.session, template).0
    }

    fn generate(&self, template: &Template) -> (u64, u64) {
        self.t.module.generate_key(self.session, Some(&mechanism(CKM_AES_KEY_GEN)), template)
    }

    fn unwrap(&self, template: &Template) -> u64 {
        let by = mechanism(CKM_AES_KEY_WRAP);
        self.t.module.unwrap_key(self.session, Some(&by), self.wrapping, Sent::from(&self.blob), template).0
    }

    fn derive(&self, template: &Template) -> u64 {
        let by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&self.point));
        self.t.module.derive_key(self.session, Some(&by.mechanism()), self.base, template).0
    }

    fn answers(&self, tried: &Attribute) -> [u64; 7] {
        let (m, session) = (self.t.module, self.session);
        let among = |template: Template| template.without(tried.kind).with(tried.clone());
        let alone = Template::new().with(tried.clone());
        let of_length = Template::new().ulong(CKA_VALUE_LEN, 16);
        let (rv, key) = self.generate(&of_length);
        assert_rv!(rv, CKR_OK);
        [
            self.create(&among(secret_template(CKK_AES, &[1; 16]))),
            self.generate(&among(of_length)).0,
            self.unwrap(&among(kind(CKO_SECRET_KEY, CKK_AES))),
            self.derive(&among(kind(CKO_SECRET_KEY, CKK_AES).ulong(CKA_VALUE_LEN, 16))),
            m.copy_object(session, key, &alone).0,
            m.set_attribute_values(session, key, &alone),
            m.attribute_values(session, key, &[(tried.kind, Some(64))]).0,
        ]
    }
}

fn each_attribute_in_each_event_answers_as_its_footnotes_say(t: &Test) {
    let stage = Stage::set(t);
    let mut wrong = Vec::new();
    for (tried, footnotes, expected) in table() {
        let answers = stage.answers(&tried);
        for (event, (answer, expected)) in EVENTS.iter().zip(answers.into_iter().zip(expected)) {
            if answer != expected {
                let (answer, expected) = (rv_name(answer), rv_name(expected));
                wrong.push(format!("{event} of {tried:?} (footnotes {footnotes}): {answer}, not {expected}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{wrong:#?}");
}

/// Footnotes 1, 3 and 5.
fn what_an_event_needs_is_asked_for(t: &Test) {
    let stage = Stage::set(t);
    for missing in [CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE] {
        let template = secret_template(CKK_AES, &[1; 16]).without(missing);
        assert_rv!(stage.create(&template), CKR_TEMPLATE_INCOMPLETE, "{missing:#x}");
    }
    assert_rv!(stage.generate(&Template::new()).0, CKR_TEMPLATE_INCOMPLETE);
    for missing in [CKA_CLASS, CKA_KEY_TYPE] {
        let template = kind(CKO_SECRET_KEY, CKK_AES).without(missing);
        assert_rv!(stage.unwrap(&template), CKR_TEMPLATE_INCOMPLETE, "{missing:#x}");
    }
}
