//! Section 4.6: X.509 certificates.

use cryptoki_sys::{
    CKA_CERTIFICATE_CATEGORY, CKA_CERTIFICATE_TYPE, CKA_CHECK_VALUE, CKA_CLASS, CKA_END_DATE,
    CKA_HASH_OF_ISSUER_PUBLIC_KEY, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_ID, CKA_ISSUER,
    CKA_JAVA_MIDP_SECURITY_DOMAIN, CKA_LABEL, CKA_NAME_HASH_ALGORITHM, CKA_PRIVATE, CKA_PUBLIC_KEY_INFO,
    CKA_SERIAL_NUMBER, CKA_START_DATE, CKA_SUBJECT, CKA_TOKEN, CKA_TRUSTED, CKA_URL, CKA_VALUE, CKC_WTLS,
    CKC_X_509, CKC_X_509_ATTR_CERT, CKM_SHA_1, CKM_SHA256, CKO_CERTIFICATE, CKR_ACTION_PROHIBITED,
    CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11_tests::keys::{attribute, flag};
use pkcs11_tests::program::unhex;
use pkcs11_tests::{Attribute, Template, Test, assert_rv, on_both, on_claviger};

use crate::secret_keys::create;

on_both!(
    a_certificate_is_found_by_issuer_and_serial_number_without_login,
    the_check_value_is_the_start_of_a_digest,
    a_certificate_lies_here_or_at_an_address_with_hashes,
    a_few_attributes_may_change_and_no_others,
    defaults_are_those_of_the_tables,
    other_types_and_missing_attributes_are_refused,
);
on_claviger!(
    the_public_key_is_read_out_of_the_certificate,
    what_is_said_of_a_certificate_is_right_or_refused,
    what_is_no_certificate_is_refused,
    a_trusted_certificate_stays_as_it_is,
);

/// Self-signed over P-256 with the serial number 7, made by OpenSSL.
const CERTIFICATE: &str = "\
    3082017330820118a003020102020107300a06082a8648ce3d0403023018310a300806035504030c0161310a30080603 \
    55040a0c0162301e170d3236313132323036343834355a170d3336313131393036343834355a3018310a300806035504 \
    030c0161310a3008060355040a0c01623059301306072a8648ce3d020106082a8648ce3d03010703420004f8ca2ebaa9 \
    1bb5a644bd2e3b9b952691bc644df25b535820fb93c7763c0df1446c2e2886fcfccf7042c4e615006b4f640083e7d143 \
    ecd3ddac3934f1b472bee2a3533051301d0603551d0e041604141a8b7f2f75610673aa5b54e9e86d7cb33a516f19301f \
    0603551d230418301680141a8b7f2f75610673aa5b54e9e86d7cb33a516f19300f0603551d130101ff040530030101ff \
    300a06082a8648ce3d0403020349003046022100a0b0e89736a11b8e2b0d4cc9df0c6ab13eebb1b158cdd171df620fc9 \
    257d3e80022100c3a4d88f3c2cfce49ff2b8f092245218e177fa40ec66113f2a7bb6cb7cfca739";

/// Where its parts lie.
const SERIAL: std::ops::Range<usize> = 13..16;
const ISSUER: std::ops::Range<usize> = 28..54;
const SUBJECT: std::ops::Range<usize> = 86..112;
const PUBLIC_KEY_INFO: std::ops::Range<usize> = 112..203;
/// What sha1sum says of it, cut.
const CHECK_VALUE: [u8; 3] = [0x72, 0x96, 0x21];

pub(crate) fn certificate() -> Vec<u8> {
    unhex(&CERTIFICATE.replace(char::is_whitespace, ""))
}

/// The least that the table asks for.
fn bare() -> Template {
    let certificate = certificate();
    Template::new()
        .ulong(CKA_CLASS, CKO_CERTIFICATE)
        .ulong(CKA_CERTIFICATE_TYPE, CKC_X_509)
        .bytes(CKA_SUBJECT, &certificate[SUBJECT])
        .bytes(CKA_VALUE, &certificate)
}

/// As stock clients store it.
pub(crate) fn stored() -> Template {
    let certificate = certificate();
    bare()
        .boolean(CKA_TOKEN, true)
        .boolean(CKA_PRIVATE, false)
        .bytes(CKA_LABEL, "server")
        .bytes(CKA_ID, [1])
        .bytes(CKA_ISSUER, &certificate[ISSUER])
        .bytes(CKA_SERIAL_NUMBER, &certificate[SERIAL])
}

fn a_certificate_is_found_by_issuer_and_serial_number_without_login(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let seventh = create(t.module, session, &stored());
    let eighth = stored().without(CKA_SERIAL_NUMBER).bytes(CKA_SERIAL_NUMBER, [2, 1, 8]);
    let _eighth = create(t.module, session, &eighth);
    assert_rv!(t.module.logout(session), CKR_OK);
    let certificate = certificate();
    let wanted = Template::new()
        .ulong(CKA_CLASS, CKO_CERTIFICATE)
        .bytes(CKA_ISSUER, &certificate[ISSUER])
        .bytes(CKA_SERIAL_NUMBER, &certificate[SERIAL]);
    assert_eq!(token.find(session, &wanted), [seventh]);
    let by_issuer = wanted.clone().without(CKA_SERIAL_NUMBER);
    assert_eq!(token.find(session, &by_issuer).len(), 2);
    let by_subject = Template::new().bytes(CKA_SUBJECT, &certificate[SUBJECT]).bytes(CKA_ID, [1]);
    assert_eq!(token.find(session, &by_subject).len(), 2);
    assert_eq!(token.find(session, &wanted.bytes(CKA_ID, [2])), []);
    assert_eq!(attribute(t.module, session, seventh, CKA_VALUE), certificate);
}

/// "by taking the first three bytes of the SHA-1 hash of the certificate object's CKA_VALUE attribute".
fn the_check_value_is_the_start_of_a_digest(t: &Test) {
    let session = t.token().user_session();
    let made = create(t.module, session, &stored());
    assert_eq!(attribute(t.module, session, made, CKA_CHECK_VALUE), CHECK_VALUE);
}

/// Section 4.6.3, the footnotes of its table.
fn a_certificate_lies_here_or_at_an_address_with_hashes(t: &Test) {
    let session = t.token().user_session();
    let nowhere = stored().without(CKA_VALUE);
    let there = nowhere.clone().bytes(CKA_VALUE, b"").bytes(CKA_URL, "https://example.org/server.der");
    let subject = there.clone().bytes(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, [1; 20]);
    let both = subject.clone().bytes(CKA_HASH_OF_ISSUER_PUBLIC_KEY, [2; 20]);
    let made = create(t.module, session, &both);
    assert_eq!(attribute(t.module, session, made, CKA_VALUE), b"");
    assert_eq!(attribute(t.module, session, made, CKA_URL), b"https://example.org/server.der");
    assert_eq!(attribute(t.module, session, made, CKA_HASH_OF_ISSUER_PUBLIC_KEY), [2; 20]);
    if t.is_claviger() {
        // SoftHSM has no rule between these attributes.
        for incomplete in [nowhere.clone(), nowhere.bytes(CKA_VALUE, b""), there, subject] {
            assert_rv!(t.module.create_object(session, &incomplete).0, CKR_TEMPLATE_INCOMPLETE);
        }
        let by_sha256 = both.ulong(CKA_NAME_HASH_ALGORITHM, CKM_SHA256);
        let made = create(t.module, session, &by_sha256);
        let hash = attribute(t.module, session, made, CKA_NAME_HASH_ALGORITHM);
        assert_eq!(hash, CKM_SHA256.to_ne_bytes());
    }
}

/// "does recommend that the key be extracted from the certificate to create this value".
/// SoftHSM leaves it empty; the recommendation is section 4.6.2's.
fn the_public_key_is_read_out_of_the_certificate(t: &Test) {
    let session = t.token().user_session();
    for on_token in [false, true] {
        let template = stored().without(CKA_TOKEN).boolean(CKA_TOKEN, on_token);
        let made = create(t.module, session, &template);
        let info = attribute(t.module, session, made, CKA_PUBLIC_KEY_INFO);
        assert_eq!(info, &certificate()[PUBLIC_KEY_INFO]);
        let (rv, copy) = t.module.copy_object(session, made, &Template::new());
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(t.module, session, copy, CKA_PUBLIC_KEY_INFO), info);
        assert_eq!(attribute(t.module, session, copy, CKA_CHECK_VALUE), CHECK_VALUE);
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR` to what is right; section 4.6.2 has both attributes.
fn what_is_said_of_a_certificate_is_right_or_refused(t: &Test) {
    let session = t.token().user_session();
    let info = certificate()[PUBLIC_KEY_INFO].to_vec();
    let right = stored().bytes(CKA_CHECK_VALUE, CHECK_VALUE).bytes(CKA_PUBLIC_KEY_INFO, &info);
    let _made = create(t.module, session, &right);
    for wrong in [
        Attribute::bytes(CKA_CHECK_VALUE, [0x72, 0x96, 0x22]),
        Attribute::bytes(CKA_CHECK_VALUE, [0x72]),
        Attribute::bytes(CKA_PUBLIC_KEY_INFO, b"abc"),
        Attribute::bytes(CKA_PUBLIC_KEY_INFO, &info[1..]),
    ] {
        let rv = t.module.create_object(session, &stored().with(wrong.clone())).0;
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{wrong:?}");
    }
}

/// SoftHSM takes garbage; section 4.6.3: CKA_VALUE is the BER encoding of the certificate.
fn what_is_no_certificate_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let whole = certificate();
    let longer = [&whole[..], &[0]].concat();
    for none in [&b"garbage"[..], &[0x30, 0], &whole[..whole.len() - 1], &longer, &whole[PUBLIC_KEY_INFO]] {
        let template = stored().without(CKA_VALUE).bytes(CKA_VALUE, none);
        assert_rv!(t.module.create_object(session, &template).0, CKR_ATTRIBUTE_VALUE_INVALID, "{none:x?}");
    }
    assert_eq!(token.find(session, &Template::new()), [], "what was refused is not there");
}

/// "Only the CKA_ID, CKA_ISSUER, and CKA_SERIAL_NUMBER attributes may be modified"; section 4.4 adds CKA_LABEL.
fn a_few_attributes_may_change_and_no_others(t: &Test) {
    let session = t.token().user_session();
    let made = create(t.module, session, &stored());
    for change in [
        Attribute::bytes(CKA_ID, [9]),
        Attribute::bytes(CKA_ISSUER, [0x30, 0]),
        Attribute::bytes(CKA_SERIAL_NUMBER, [2, 1, 9]),
        Attribute::bytes(CKA_LABEL, "another"),
    ] {
        let template = Template::new().with(change.clone());
        assert_rv!(t.module.set_attribute_values(session, made, &template), CKR_OK, "{change:?}");
        let read = attribute(t.module, session, made, change.kind);
        assert_eq!(Attribute::bytes(change.kind, read), change);
    }
    for change in [
        Attribute::ulong(CKA_CERTIFICATE_TYPE, CKC_X_509),
        Attribute::ulong(CKA_CERTIFICATE_CATEGORY, 2),
        Attribute::ulong(CKA_JAVA_MIDP_SECURITY_DOMAIN, 1),
        Attribute::ulong(CKA_NAME_HASH_ALGORITHM, CKM_SHA256),
        Attribute::bytes(CKA_SUBJECT, [0x30, 0]),
        Attribute::bytes(CKA_VALUE, certificate()),
        Attribute::bytes(CKA_URL, "https://example.org"),
        Attribute::bytes(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, [1; 20]),
        Attribute::bytes(CKA_HASH_OF_ISSUER_PUBLIC_KEY, [1; 20]),
        Attribute::bytes(CKA_START_DATE, "20300101"),
        Attribute::bytes(CKA_END_DATE, "20300101"),
        Attribute::bytes(CKA_CHECK_VALUE, CHECK_VALUE),
        Attribute::bytes(CKA_PUBLIC_KEY_INFO, b""),
        Attribute::boolean(CKA_TRUSTED, true),
    ] {
        let before = attribute(t.module, session, made, change.kind);
        let template = Template::new().with(change.clone());
        let rv = t.module.set_attribute_values(session, made, &template);
        assert_rv!(rv, CKR_ATTRIBUTE_READ_ONLY, "{change:?}");
        assert_eq!(attribute(t.module, session, made, change.kind), before);
    }
}

/// "Trusted certificates cannot be modified", by nobody; and only an officer makes one.
/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID` to the officer: no session stayed open meanwhile. Section 4.6.2.
fn a_trusted_certificate_stays_as_it_is(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let trusted = stored().boolean(CKA_TRUSTED, true);
    assert_rv!(t.module.create_object(session, &trusted).0, CKR_ATTRIBUTE_READ_ONLY);
    let made = create(t.module, session, &stored());
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.close_session(session), CKR_OK);
    let officer = token.so_session();
    let trust = Template::new().boolean(CKA_TRUSTED, true);
    assert_rv!(t.module.set_attribute_values(officer, made, &trust), CKR_OK);
    assert!(flag(t.module, officer, made, CKA_TRUSTED));
    let label = Template::new().bytes(CKA_LABEL, "another");
    assert_rv!(t.module.set_attribute_values(officer, made, &label), CKR_ACTION_PROHIBITED);
    assert_rv!(t.module.logout(officer), CKR_OK);
    assert_rv!(t.module.close_session(officer), CKR_OK);
    let session = token.user_session();
    for change in [label, Template::new().bytes(CKA_ID, [9]), Template::new().boolean(CKA_TRUSTED, false)] {
        assert_rv!(t.module.set_attribute_values(session, made, &change), CKR_ACTION_PROHIBITED);
    }
    assert_eq!(attribute(t.module, session, made, CKA_LABEL), b"server");
    assert!(flag(t.module, session, made, CKA_TRUSTED));
}

fn defaults_are_those_of_the_tables(t: &Test) {
    let session = t.token().user_session();
    let made = create(t.module, session, &bare());
    for empty in [CKA_ID, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_URL, CKA_START_DATE, CKA_END_DATE, CKA_LABEL] {
        assert_eq!(attribute(t.module, session, made, empty), b"", "{empty:#x}");
    }
    for (number, default) in [
        (CKA_CERTIFICATE_CATEGORY, 0),
        (CKA_JAVA_MIDP_SECURITY_DOMAIN, 0),
        (CKA_NAME_HASH_ALGORITHM, CKM_SHA_1),
    ] {
        assert_eq!(attribute(t.module, session, made, number), default.to_ne_bytes(), "{number:#x}");
    }
    assert!(!flag(t.module, session, made, CKA_TRUSTED));
    assert!(!flag(t.module, session, made, CKA_PRIVATE), "clients look for certificates before they log in");
}

fn other_types_and_missing_attributes_are_refused(t: &Test) {
    let session = t.token().user_session();
    for other in [CKC_X_509_ATTR_CERT, CKC_WTLS, 77] {
        let template = bare().without(CKA_CERTIFICATE_TYPE).ulong(CKA_CERTIFICATE_TYPE, other);
        assert_rv!(t.module.create_object(session, &template).0, CKR_ATTRIBUTE_VALUE_INVALID, "{other}");
    }
    for missing in [CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_VALUE] {
        let rv = t.module.create_object(session, &bare().without(missing)).0;
        assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE, "{missing:#x}");
    }
}
