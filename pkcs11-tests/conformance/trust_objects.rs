//! Section 4.7: trust objects.

use cryptoki_sys::{
    CKA_CLASS, CKA_HASH_OF_CERTIFICATE, CKA_ISSUER, CKA_LABEL, CKA_MODIFIABLE, CKA_NAME_HASH_ALGORITHM,
    CKA_PRIVATE, CKA_SERIAL_NUMBER, CKA_TOKEN, CKA_TRUST_CLIENT_AUTH, CKA_TRUST_CODE_SIGNING,
    CKA_TRUST_EMAIL_PROTECTION, CKA_TRUST_IPSEC_IKE, CKA_TRUST_OCSP_SIGNING, CKA_TRUST_SERVER_AUTH,
    CKA_TRUST_TIME_STAMPING, CKA_VALUE, CKM_SHA_1, CKM_SHA256, CKO_TRUST, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT, CKT_NOT_TRUSTED, CKT_TRUST_ANCHOR, CKT_TRUST_MUST_VERIFY_TRUST,
    CKT_TRUST_UNKNOWN, CKT_TRUSTED,
};
use pkcs11_tests::keys::{attribute, flag};
use pkcs11_tests::{Template, Test, assert_rv, on_claviger};

use crate::secret_keys::create;

on_claviger!(
    trust_is_found_by_issuer_and_serial_number_without_login,
    what_is_left_out_is_not_known,
    trust_needs_the_certificates_hash_and_distrust_does_not,
    wrong_values_and_missing_attributes_are_refused,
    trust_changes_and_the_certificate_it_is_for_does_not,
);

const ISSUER: &[u8] = b"\x30\x00";
const SERIAL: &[u8] = b"\x02\x01\x07";
const USES: [u64; 7] = [
    CKA_TRUST_SERVER_AUTH,
    CKA_TRUST_CLIENT_AUTH,
    CKA_TRUST_CODE_SIGNING,
    CKA_TRUST_EMAIL_PROTECTION,
    CKA_TRUST_IPSEC_IKE,
    CKA_TRUST_TIME_STAMPING,
    CKA_TRUST_OCSP_SIGNING,
];

/// The least that the table asks for.
fn bare() -> Template {
    Template::new().ulong(CKA_CLASS, CKO_TRUST).bytes(CKA_ISSUER, ISSUER).bytes(CKA_SERIAL_NUMBER, SERIAL)
}

fn hashed() -> Template {
    bare().ulong(CKA_NAME_HASH_ALGORITHM, CKM_SHA256).bytes(CKA_HASH_OF_CERTIFICATE, [7; 32])
}

fn trust_is_found_by_issuer_and_serial_number_without_login(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let anchor = hashed().boolean(CKA_TOKEN, true).ulong(CKA_TRUST_SERVER_AUTH, u64::from(CKT_TRUST_ANCHOR));
    create(t.module, session, &anchor);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_rv!(t.module.initialize_for_threads(), CKR_OK);
    let session = token.open_ro();
    let [found] = token.find(session, &bare())[..] else { panic!("one trust object") };
    for (kind, value) in [
        (CKA_TRUST_SERVER_AUTH, u64::from(CKT_TRUST_ANCHOR)),
        (CKA_TRUST_CODE_SIGNING, u64::from(CKT_TRUST_UNKNOWN)),
        (CKA_NAME_HASH_ALGORITHM, CKM_SHA256),
    ] {
        assert_eq!(attribute(t.module, session, found, kind), value.to_ne_bytes(), "{kind:#x}");
    }
    assert_eq!(attribute(t.module, session, found, CKA_HASH_OF_CERTIFICATE), [7; 32]);
    let trusted = bare().ulong(CKA_TRUST_SERVER_AUTH, u64::from(CKT_TRUSTED));
    assert!(token.find(session, &trusted).is_empty());
}

fn what_is_left_out_is_not_known(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let object = create(m, session, &bare());
    for kind in USES {
        assert_eq!(
            attribute(m, session, object, kind),
            u64::from(CKT_TRUST_UNKNOWN).to_ne_bytes(),
            "{kind:#x}"
        );
    }
    assert_eq!(attribute(m, session, object, CKA_NAME_HASH_ALGORITHM), CKM_SHA_1.to_ne_bytes());
    assert_eq!(attribute(m, session, object, CKA_HASH_OF_CERTIFICATE), []);
    assert!(flag(m, session, object, CKA_MODIFIABLE) && !flag(m, session, object, CKA_PRIVATE));
}

fn trust_needs_the_certificates_hash_and_distrust_does_not(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    for kind in USES {
        for (trust, without) in [
            (CKT_TRUST_UNKNOWN, CKR_OK),
            (CKT_NOT_TRUSTED, CKR_OK),
            (CKT_TRUSTED, CKR_TEMPLATE_INCOMPLETE),
            (CKT_TRUST_ANCHOR, CKR_TEMPLATE_INCOMPLETE),
            (CKT_TRUST_MUST_VERIFY_TRUST, CKR_TEMPLATE_INCOMPLETE),
        ] {
            assert_rv!(m.create_object(session, &bare().ulong(kind, u64::from(trust))).0, without, "{trust}");
            assert_rv!(
                m.create_object(session, &hashed().ulong(kind, u64::from(trust))).0,
                CKR_OK,
                "{trust}"
            );
        }
        for unknown in [5, u64::MAX] {
            let rv = m.create_object(session, &hashed().ulong(kind, unknown)).0;
            assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{kind:#x}");
        }
    }
}

fn wrong_values_and_missing_attributes_are_refused(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    for missing in [CKA_ISSUER, CKA_SERIAL_NUMBER] {
        assert_rv!(m.create_object(session, &bare().without(missing)).0, CKR_TEMPLATE_INCOMPLETE);
    }
    let short = bare().bytes(CKA_TRUST_SERVER_AUTH, [1]);
    assert_rv!(m.create_object(session, &short).0, CKR_ATTRIBUTE_VALUE_INVALID);
    let foreign = bare().bytes(CKA_VALUE, [1]);
    assert_rv!(m.create_object(session, &foreign).0, CKR_ATTRIBUTE_TYPE_INVALID);
}

fn trust_changes_and_the_certificate_it_is_for_does_not(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let object = create(m, session, &bare());
    let set = |template: Template| m.set_attribute_values(session, object, &template);
    let trusted = Template::new().ulong(CKA_TRUST_SERVER_AUTH, u64::from(CKT_TRUSTED));
    assert_rv!(set(trusted.clone()), CKR_TEMPLATE_INCONSISTENT, "whose hash nobody has told");
    assert_rv!(set(trusted.bytes(CKA_HASH_OF_CERTIFICATE, [7; 20])), CKR_OK);
    assert_rv!(set(Template::new().bytes(CKA_HASH_OF_CERTIFICATE, [])), CKR_TEMPLATE_INCONSISTENT);
    assert_rv!(set(Template::new().ulong(CKA_TRUST_SERVER_AUTH, 5)), CKR_ATTRIBUTE_VALUE_INVALID);
    assert_eq!(attribute(m, session, object, CKA_TRUST_SERVER_AUTH), u64::from(CKT_TRUSTED).to_ne_bytes());
    assert_rv!(set(Template::new().bytes(CKA_LABEL, b"a root")), CKR_OK);
    for kind in [CKA_ISSUER, CKA_SERIAL_NUMBER] {
        assert_rv!(set(Template::new().bytes(kind, b"other")), CKR_ATTRIBUTE_READ_ONLY);
    }
}
