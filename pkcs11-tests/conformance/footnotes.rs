//! The footnotes of section 4.2: each attribute that stands for one, in every event that makes, changes or shows a key.

use cryptoki_sys::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_APPLICATION,
    CKA_CERTIFICATE_CATEGORY, CKA_CERTIFICATE_TYPE, CKA_CHECK_VALUE, CKA_CLASS, CKA_COPYABLE,
    CKA_DECAPSULATE, CKA_DECAPSULATE_TEMPLATE, CKA_DECRYPT, CKA_DERIVE, CKA_DERIVE_TEMPLATE, CKA_DESTROYABLE,
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_ENCAPSULATE, CKA_ENCAPSULATE_TEMPLATE, CKA_ENCRYPT, CKA_END_DATE,
    CKA_EXTRACTABLE, CKA_ID, CKA_ISSUER, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL,
    CKA_MODIFIABLE, CKA_NEVER_EXTRACTABLE, CKA_OBJECT_ID, CKA_PRIME_1, CKA_PRIVATE, CKA_PUBLIC_KEY_INFO,
    CKA_SENSITIVE, CKA_SERIAL_NUMBER, CKA_SIGN, CKA_SIGN_RECOVER, CKA_START_DATE, CKA_SUBJECT, CKA_TOKEN,
    CKA_TRUSTED, CKA_UNIQUE_ID, CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_URL, CKA_VALUE, CKA_VALUE_LEN,
    CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED, CKC_X_509, CKD_NULL,
    CKK_AES, CKK_EC, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKO_CERTIFICATE,
    CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK,
    CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11_tests::keys::{Kind, P256, attribute};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Attribute, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::certificates::{certificate, stored};
use crate::secret_keys::{aes, create, open_aes, secret_template};
use crate::wrapping::{kind, wrapped};

on_both!(what_an_event_needs_is_asked_for);
on_claviger!(
    each_attribute_in_each_event_answers_as_its_footnotes_say,
    a_template_for_keys_to_come_is_judged_when_it_is_given,
    each_attribute_of_a_public_key_answers_as_its_footnotes_say,
    each_attribute_of_a_private_key_answers_as_its_footnotes_say,
    each_attribute_of_a_certificate_answers_as_its_footnotes_say,
    each_attribute_of_a_data_object_answers_as_its_footnotes_say,
);

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
        (bytes(CKA_END_DATE, b"20300101"), "8", everywhere),
        (flag(CKA_DERIVE, true), "8", everywhere),
        (flag(CKA_ENCRYPT, false), "8, 9", everywhere),
        (flag(CKA_DECRYPT, false), "8, 9", everywhere),
        (flag(CKA_SIGN, false), "8, 9", everywhere),
        (flag(CKA_VERIFY, false), "8, 9", everywhere),
        (flag(CKA_WRAP, false), "8, 9", everywhere),
        (flag(CKA_UNWRAP, false), "8, 9", everywhere),
        (prescribed(CKA_WRAP_TEMPLATE), "none", at_birth),
        (prescribed(CKA_UNWRAP_TEMPLATE), "none", at_birth),
        (prescribed(CKA_DERIVE_TEMPLATE), "none", at_birth),
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
        (bytes(CKA_CHECK_VALUE, b""), "section 4.11: destroyed", [OK, OK, OK, OK, OK, OK, UNKNOWN]),
        (bytes(CKA_PRIME_1, b"\x03"), "of another key", [UNKNOWN; 7]),
    ]
}

/// An attribute that is a template.
fn prescribed(kind: u64) -> Attribute {
    Attribute::nested(kind, Template::new().boolean(CKA_EXTRACTABLE, false))
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

/// SoftHSM answers `CKR_GENERAL_ERROR` to C_GetAttributeValue of the dates that it has set; section 5.7.5 gives
/// values.
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

/// Sections 4.10 and 4.11, on the templates of unwrapping and deriving keys: by one that names what only the token says,
/// no key could ever be made.
/// SoftHSM takes any (`CKR_OK`); section 4.1.1 has `CKR_ATTRIBUTE_READ_ONLY` for what a template may not set, and
/// leaves open when it is told.
fn a_template_for_keys_to_come_is_judged_when_it_is_given(t: &Test) {
    let stage = Stage::set(t);
    for template in [CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE] {
        for (inner, expected) in [
            (Attribute::boolean(CKA_LOCAL, true), NO),
            (Attribute::bytes(CKA_VALUE, [1; 16]), NO),
            (Attribute::bytes(CKA_URL, b""), UNKNOWN),
            (Attribute::boolean(CKA_ENCRYPT, true), OK),
        ] {
            let nested = Attribute::nested(template, Template::new().with(inner.clone()));
            let rv = stage.create(&secret_template(CKK_AES, &[1; 16]).with(nested));
            assert_rv!(rv, expected, "{template:#x} {inner:?}");
        }
    }
    let asked = Attribute::nested(CKA_WRAP_TEMPLATE, Template::new().boolean(CKA_LOCAL, true));
    assert_rv!(stage.create(&secret_template(CKK_AES, &[1; 16]).with(asked)), OK, "of a key that is there");
}

/// The events of [`Row`]s, in the order of their columns.
const FEWER_EVENTS: [&str; 5] = ["create", "generate", "copy", "set", "get"];
/// An event that does not make such objects.
const NEVER: u64 = u64::MAX;
const WRONG: u64 = CKR_ATTRIBUTE_VALUE_INVALID;

/// An attribute with its value, its footnotes, and the answer of each of [`FEWER_EVENTS`].
type Row = (Attribute, &'static str, [u64; 5]);

const EVERYWHERE: [u64; 5] = [OK; 5];
const AT_BIRTH: [u64; 5] = [OK, OK, NO, NO, OK];
const AT_BIRTH_OR_COPIED: [u64; 5] = [OK, OK, OK, NO, OK];
const COMPUTED: [u64; 5] = [NO, NO, NO, NO, OK];
const IMPORTED: [u64; 5] = [OK, NO, NO, NO, OK];
const NOT_ITS: [u64; 5] = [UNKNOWN; 5];

/// Sections 4.2, 4.4: what every object has.
fn of_every_object(class: u64) -> Vec<Row> {
    let flag = Attribute::boolean;
    vec![
        (Attribute::ulong(CKA_CLASS, class), "1", AT_BIRTH),
        (Attribute::bytes(CKA_UNIQUE_ID, b"mine"), "2, 4, 6", COMPUTED),
        (Attribute::bytes(CKA_LABEL, b"name"), "section 4.4", EVERYWHERE),
        (flag(CKA_TOKEN, false), "section 4.4", AT_BIRTH_OR_COPIED),
        (flag(CKA_PRIVATE, true), "section 4.4", AT_BIRTH_OR_COPIED),
        (flag(CKA_MODIFIABLE, false), "section 4.4", AT_BIRTH_OR_COPIED),
        (flag(CKA_DESTROYABLE, false), "section 4.4", AT_BIRTH_OR_COPIED),
        (flag(CKA_COPYABLE, false), "12", EVERYWHERE),
        (Attribute::bytes(CKA_PRIME_1, b"\x03"), "of another object", NOT_ITS),
    ]
}

/// Section 4.8: what every key has.
fn of_every_key() -> Vec<Row> {
    let bytes = |kind, value: &[u8]| Attribute::bytes(kind, value);
    vec![
        (Attribute::ulong(CKA_KEY_TYPE, CKK_EC), "1, 5", AT_BIRTH),
        (bytes(CKA_ID, b"id"), "8", EVERYWHERE),
        (bytes(CKA_START_DATE, b"20300101"), "8", EVERYWHERE),
        (bytes(CKA_END_DATE, b"20300101"), "8", EVERYWHERE),
        (Attribute::boolean(CKA_DERIVE, true), "8", EVERYWHERE),
        (bytes(CKA_SUBJECT, b"name"), "8", EVERYWHERE),
        (Attribute::boolean(CKA_LOCAL, true), "2, 4, 6", COMPUTED),
        (Attribute::ulong(CKA_KEY_GEN_MECHANISM, CKM_EC_KEY_PAIR_GEN), "2, 4, 6", COMPUTED),
        (bytes(CKA_ALLOWED_MECHANISMS, &CKM_ECDSA.to_ne_bytes()), "none", AT_BIRTH),
        (bytes(CKA_CHECK_VALUE, b""), "of a secret key", NOT_ITS),
    ]
}

fn usages(all: &[u64]) -> impl Iterator<Item = Row> {
    let usage = |kind| (Attribute::boolean(kind, true), "8, 9", EVERYWHERE);
    all.iter().copied().map(usage).collect::<Vec<_>>().into_iter()
}

/// What the five events answer: `born` is the template that makes one, `made` an object of the kind that was generated
/// where there is a generator.
fn walk(
    t: &Test,
    session: u64,
    rows: Vec<Row>,
    born: &Template,
    generate: Option<&dyn Fn(&Attribute) -> u64>,
    made: &dyn Fn() -> u64,
) {
    let m = t.module;
    let mut wrong = Vec::new();
    for (tried, footnotes, expected) in rows {
        let alone = Template::new().with(tried.clone());
        let object = made();
        let answers = [
            m.create_object(session, &Template(born.0.clone()).without(tried.kind).with(tried.clone())).0,
            generate.map_or(NEVER, |generate| generate(&tried)),
            m.copy_object(session, object, &alone).0,
            m.set_attribute_values(session, object, &alone),
            m.attribute_values(session, object, &[(tried.kind, Some(2048))]).0,
        ];
        for (event, (answer, expected)) in FEWER_EVENTS.iter().zip(answers.into_iter().zip(expected)) {
            if answer != expected && answer != NEVER {
                let (answer, expected) = (rv_name(answer), rv_name(expected));
                wrong.push(format!("{event} of {tried:?} (footnotes {footnotes}): {answer}, not {expected}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{wrong:#?}");
}

fn pair(t: &Test, session: u64, public: &Template, private: &Template) -> (u64, u64, u64) {
    let by = mechanism(CKM_EC_KEY_PAIR_GEN);
    let public = if public.0.iter().any(|given| given.kind == CKA_EC_PARAMS) {
        public.clone()
    } else {
        public.clone().bytes(CKA_EC_PARAMS, P256)
    };
    t.module.generate_key_pair(session, Some(&by), &public, private)
}

/// Sections 4.9 and 6.3.3.
/// SoftHSM, of 2.40, does not know CKA_UNIQUE_ID: `CKR_ATTRIBUTE_TYPE_INVALID`; section 4.4.1 lets no application
/// give it.
fn each_attribute_of_a_public_key_answers_as_its_footnotes_say(t: &Test) {
    let session = t.token().user_session();
    let (rv, public, _) = pair(t, session, &Template::new(), &Template::new());
    assert_rv!(rv, CKR_OK);
    let point = attribute(t.module, session, public, CKA_EC_POINT);
    let mut rows = of_every_object(CKO_PUBLIC_KEY);
    rows.extend(of_every_key());
    rows.extend(usages(&[CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_ENCAPSULATE]));
    rows.extend([
        (Attribute::boolean(CKA_TRUSTED, true), "10", COMPUTED),
        (Attribute::boolean(CKA_TRUSTED, false), "10", EVERYWHERE),
        (prescribed(CKA_WRAP_TEMPLATE), "none", AT_BIRTH),
        (prescribed(CKA_ENCAPSULATE_TEMPLATE), "none", AT_BIRTH),
        (Attribute::bytes(CKA_PUBLIC_KEY_INFO, b""), "none", AT_BIRTH),
        (Attribute::bytes(CKA_EC_PARAMS, P256), "1, 3", AT_BIRTH),
        (Attribute::bytes(CKA_EC_POINT, &point), "1, 4", IMPORTED),
        (Attribute::boolean(CKA_SENSITIVE, true), "of a private key", NOT_ITS),
        (Attribute::boolean(CKA_EXTRACTABLE, true), "of a private key", NOT_ITS),
        (Attribute::boolean(CKA_SIGN, true), "of a private key", NOT_ITS),
        (Attribute::bytes(CKA_VALUE, b"x"), "of a private key", NOT_ITS),
    ]);
    let born = kind(CKO_PUBLIC_KEY, CKK_EC).bytes(CKA_EC_PARAMS, P256).bytes(CKA_EC_POINT, &point);
    let generate =
        |tried: &Attribute| pair(t, session, &Template::new().with(tried.clone()), &Template::new()).0;
    let made = || pair(t, session, &Template::new(), &Template::new()).1;
    walk(t, session, rows, &born, Some(&generate), &made);
}

/// Sections 4.10 and 6.3.4.
/// SoftHSM, of 2.40, does not know CKA_UNIQUE_ID: `CKR_ATTRIBUTE_TYPE_INVALID`; section 4.4.1 lets no application
/// give it.
fn each_attribute_of_a_private_key_answers_as_its_footnotes_say(t: &Test) {
    let session = t.token().user_session();
    let flag = Attribute::boolean;
    let mut rows = of_every_object(CKO_PRIVATE_KEY);
    rows.extend(of_every_key());
    rows.extend(usages(&[CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DECAPSULATE]));
    rows.extend([
        (flag(CKA_SENSITIVE, true), "8, 9, 11", EVERYWHERE),
        (flag(CKA_SENSITIVE, false), "8, 9, 11", AT_BIRTH),
        (flag(CKA_EXTRACTABLE, false), "8, 9, 12", EVERYWHERE),
        (flag(CKA_EXTRACTABLE, true), "8, 9, 12", AT_BIRTH),
        (flag(CKA_ALWAYS_SENSITIVE, true), "2, 4, 6", COMPUTED),
        (flag(CKA_NEVER_EXTRACTABLE, true), "2, 4, 6", COMPUTED),
        (flag(CKA_WRAP_WITH_TRUSTED, true), "11", EVERYWHERE),
        (flag(CKA_ALWAYS_AUTHENTICATE, true), "none", AT_BIRTH),
        (prescribed(CKA_UNWRAP_TEMPLATE), "none", AT_BIRTH),
        (prescribed(CKA_DECAPSULATE_TEMPLATE), "none", AT_BIRTH),
        (prescribed(CKA_DERIVE_TEMPLATE), "none", AT_BIRTH),
        (Attribute::bytes(CKA_PUBLIC_KEY_INFO, b""), "8, of the key", [OK, OK, WRONG, WRONG, OK]),
        (Attribute::bytes(CKA_EC_PARAMS, P256), "1, 4, 6", IMPORTED),
        (Attribute::bytes(CKA_VALUE, [1; 32]), "1, 4, 6, 7", [OK, NO, NO, NO, HIDDEN]),
        (flag(CKA_TRUSTED, true), "of a public key", NOT_ITS),
        (flag(CKA_VERIFY, true), "of a public key", NOT_ITS),
        (Attribute::bytes(CKA_EC_POINT, b"x"), "of a public key", NOT_ITS),
    ]);
    let born = kind(CKO_PRIVATE_KEY, CKK_EC).bytes(CKA_EC_PARAMS, P256).bytes(CKA_VALUE, [1; 32]);
    let generate =
        |tried: &Attribute| pair(t, session, &Template::new(), &Template::new().with(tried.clone())).0;
    let made = || pair(t, session, &Template::new(), &Template::new()).2;
    walk(t, session, rows, &born, Some(&generate), &made);
}

/// Sections 4.6 and 4.6.3.
/// SoftHSM, of 2.40, does not know CKA_UNIQUE_ID: `CKR_ATTRIBUTE_TYPE_INVALID`; section 4.4.1 lets no application
/// give it.
fn each_attribute_of_a_certificate_answers_as_its_footnotes_say(t: &Test) {
    let session = t.token().user_session();
    let born = stored().without(CKA_TOKEN).without(CKA_PRIVATE);
    let certificate = certificate();
    let bytes = |kind, value: &[u8]| Attribute::bytes(kind, value);
    let mut rows = of_every_object(CKO_CERTIFICATE);
    rows.extend([
        (Attribute::ulong(CKA_CERTIFICATE_TYPE, CKC_X_509), "1", AT_BIRTH),
        (Attribute::boolean(CKA_TRUSTED, true), "10", COMPUTED),
        (Attribute::boolean(CKA_TRUSTED, false), "10", EVERYWHERE),
        (Attribute::ulong(CKA_CERTIFICATE_CATEGORY, 2), "section 4.6", AT_BIRTH),
        (bytes(CKA_START_DATE, b"20300101"), "none", AT_BIRTH),
        (bytes(CKA_END_DATE, b"20300101"), "none", AT_BIRTH),
        (bytes(CKA_PUBLIC_KEY_INFO, b""), "none", AT_BIRTH),
        (bytes(CKA_SUBJECT, b"name"), "section 4.6.3", AT_BIRTH),
        (bytes(CKA_ID, b"id"), "section 4.6.3", EVERYWHERE),
        (bytes(CKA_ISSUER, b"name"), "section 4.6.3", EVERYWHERE),
        (bytes(CKA_SERIAL_NUMBER, b"7"), "section 4.6.3", EVERYWHERE),
        (bytes(CKA_VALUE, &certificate), "section 4.6.3", AT_BIRTH),
        (bytes(CKA_URL, b""), "section 4.6.3", AT_BIRTH),
        (Attribute::ulong(CKA_KEY_TYPE, CKK_EC), "of a key", NOT_ITS),
    ]);
    let made = || create(t.module, session, &born);
    walk(t, session, rows, &born, None, &made);
}

/// Section 4.5.
/// SoftHSM, of 2.40, does not know CKA_UNIQUE_ID: `CKR_ATTRIBUTE_TYPE_INVALID`; section 4.4.1 lets no application
/// give it.
fn each_attribute_of_a_data_object_answers_as_its_footnotes_say(t: &Test) {
    let session = t.token().user_session();
    let born = Template::new().ulong(CKA_CLASS, CKO_DATA);
    let mut rows = of_every_object(CKO_DATA);
    rows.extend([
        (Attribute::bytes(CKA_APPLICATION, b"name"), "none", AT_BIRTH),
        (Attribute::bytes(CKA_OBJECT_ID, b"id"), "none", AT_BIRTH),
        (Attribute::bytes(CKA_VALUE, b"value"), "none", AT_BIRTH),
        (Attribute::bytes(CKA_ID, b"id"), "of another object", NOT_ITS),
        (Attribute::boolean(CKA_TRUSTED, false), "of another object", NOT_ITS),
    ]);
    let made = || create(t.module, session, &born);
    walk(t, session, rows, &born, None, &made);
}
