use super::*;
use crate::fixtures::{error, hex};

/// Self-signed over P-256, of version 3, made by OpenSSL.
const CERTIFICATE: &str = "\
    3082017330820118a003020102020107300a06082a8648ce3d0403023018310a300806035504030c0161310a30080603 \
    55040a0c0162301e170d3236313132323036343834355a170d3336313131393036343834355a3018310a300806035504 \
    030c0161310a3008060355040a0c01623059301306072a8648ce3d020106082a8648ce3d03010703420004f8ca2ebaa9 \
    1bb5a644bd2e3b9b952691bc644df25b535820fb93c7763c0df1446c2e2886fcfccf7042c4e615006b4f640083e7d143 \
    ecd3ddac3934f1b472bee2a3533051301d0603551d0e041604141a8b7f2f75610673aa5b54e9e86d7cb33a516f19301f \
    0603551d230418301680141a8b7f2f75610673aa5b54e9e86d7cb33a516f19300f0603551d130101ff040530030101ff \
    300a06082a8648ce3d0403020349003046022100a0b0e89736a11b8e2b0d4cc9df0c6ab13eebb1b158cdd171df620fc9 \
    257d3e80022100c3a4d88f3c2cfce49ff2b8f092245218e177fa40ec66113f2a7bb6cb7cfca739";
/// Where its `SubjectPublicKeyInfo` lies, and of its version.
const INFO: std::ops::Range<usize> = 112..203;
const VERSION_FIELD: std::ops::Range<usize> = 8..13;

fn said(attribute: AttributeType, value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_VALUE, &hex(CERTIFICATE));
    attributes.set_bytes(attribute, value);
    attributes
}

fn refused(value: &[u8]) -> bool {
    error(complete(&said(CKA_VALUE, value))) == Some(Error::AttributeValueInvalid(CKA_VALUE))
}

#[test]
fn a_certificate_gives_its_check_value_and_its_public_key() {
    let certificate = hex(CERTIFICATE);
    let complete = complete(&said(CKA_VALUE, &certificate)).unwrap();
    // What sha1sum says of the file.
    assert_eq!(complete.bytes(CKA_CHECK_VALUE), Some(&hex("729621")[..]));
    assert_eq!(complete.bytes(CKA_PUBLIC_KEY_INFO), Some(&certificate[INFO]));
}

#[test]
fn a_certificate_of_version_1_names_no_version() {
    let certificate = hex(CERTIFICATE);
    let (head, rest) = certificate.split_at(VERSION_FIELD.start);
    let signed_len = u16::from_be_bytes([head[6], head[7]]) - 5;
    let signed = &rest[VERSION_FIELD.len()..VERSION_FIELD.len() + usize::from(signed_len)];
    let after = &rest[VERSION_FIELD.len() + usize::from(signed_len)..];
    let first = element(SEQUENCE, &[&element(SEQUENCE, &[signed]), after]);
    let complete = complete(&said(CKA_VALUE, &first)).unwrap();
    assert_eq!(complete.bytes(CKA_PUBLIC_KEY_INFO), Some(&certificate[INFO]));
}

#[test]
fn what_is_said_of_a_certificate_is_right_or_refused() {
    let certificate = hex(CERTIFICATE);
    for (attribute, right) in
        [(CKA_CHECK_VALUE, hex("729621")), (CKA_PUBLIC_KEY_INFO, certificate[INFO].to_vec())]
    {
        assert!(complete(&said(attribute, &right)).is_ok());
        assert!(complete(&said(attribute, b"")).is_ok());
        for wrong in [&right[1..], b"abc", &[&right[..], &[0]].concat()] {
            let refused = error(complete(&said(attribute, wrong)));
            assert_eq!(refused, Some(Error::AttributeValueInvalid(attribute)), "{wrong:x?}");
        }
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let certificate = hex(CERTIFICATE);
    for end in 1..certificate.len() {
        assert!(refused(&certificate[..end]), "{end} bytes of it");
    }
    let info = &certificate[INFO];
    let nested = element(SEQUENCE, &[&element(SEQUENCE, &[&element(INTEGER, &[&[7]]), info])]);
    for none in [&b"garbage"[..], &[0], &[0x30, 0], info, &[&certificate[..], &[0]].concat(), &nested] {
        assert!(refused(none), "{none:x?}");
    }
    // A header that says another type or another length, anywhere down to the public key.
    for at in [0, 1, 2, 3, 4, 6, 13, 16, 28, 54, 86, 112, 113, 114, 115] {
        let mut changed = certificate.clone();
        changed[at] ^= 1;
        assert!(refused(&changed), "byte {at}");
    }
}

#[test]
fn a_certificate_that_lies_elsewhere_is_not_judged() {
    let mut elsewhere = said(CKA_CHECK_VALUE, b"abc");
    elsewhere.set_bytes(CKA_VALUE, b"");
    let complete = complete(&elsewhere).unwrap();
    assert_eq!(complete.bytes(CKA_CHECK_VALUE), Some(&b"abc"[..]));
    assert_eq!(complete.value(CKA_PUBLIC_KEY_INFO), None);
}
