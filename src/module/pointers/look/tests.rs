use cryptoki_sys::{CK_ATTRIBUTE, CK_MECHANISM};
use pkcs11::constants::{
    CKA_CLASS, CKA_LABEL, CKA_SENSITIVE, CKA_VALUE, CKA_VALUE_LEN, CKM_SHA256_RSA_PKCS, CKO_SECRET_KEY,
    CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL, CKR_OK,
};

use crate::pointers::look;
use crate::trace::Line;

fn attribute<T: ?Sized>(attribute: u64, value: &T) -> CK_ATTRIBUTE {
    let place = std::ptr::from_ref(value).cast_mut().cast();
    CK_ATTRIBUTE { type_: attribute, pValue: place, ulValueLen: size_of_val(value) as u64 }
}

#[test]
fn names_and_kinds_are_shown_and_of_all_else_the_length() {
    let mut template = [
        attribute(CKA_CLASS, &CKO_SECRET_KEY),
        attribute(CKA_SENSITIVE, &1_u8),
        attribute(CKA_VALUE_LEN, &32_u64),
        attribute(CKA_LABEL, "payroll"),
        attribute(CKA_VALUE, &[7_u8; 32]),
        attribute(0x8000_1234, &[7_u8; 8]),
        CK_ATTRIBUTE { type_: CKA_VALUE, pValue: std::ptr::null_mut(), ulValueLen: u64::MAX },
    ];
    let mut line = Line::answering(CKR_OK);
    let look = look::arguments::template;
    // SAFETY: the template and its values are there.
    unsafe { look(&mut line, ["pTemplate", "ulCount"], template.as_mut_ptr(), 7) };
    assert_eq!(
        line.text(),
        "pTemplate=[CKA_CLASS: CKO_SECRET_KEY, CKA_SENSITIVE: true, CKA_VALUE_LEN: 32, CKA_LABEL: 7 bytes, \
         CKA_VALUE: 32 bytes, 0x80001234: 8 bytes, CKA_VALUE: null, unavailable]"
    );
}

/// A value under a wrong type could be anything.
#[test]
fn a_public_type_shows_no_value_that_it_cannot_have() {
    let secret = *b"1234567\x08";
    let mut template = [
        attribute(CKA_CLASS, &secret),
        attribute(CKA_VALUE_LEN, &secret),
        attribute(CKA_SENSITIVE, &b'1'),
        attribute(CKA_CLASS, &secret[..7]),
    ];
    let mut line = Line::answering(CKR_OK);
    let look = look::arguments::template;
    // SAFETY: the template and its values are there.
    unsafe { look(&mut line, ["pTemplate", "ulCount"], template.as_mut_ptr(), 4) };
    assert_eq!(
        line.text(),
        "pTemplate=[CKA_CLASS: 8 bytes, CKA_VALUE_LEN: 8 bytes, CKA_SENSITIVE: 1 bytes, CKA_CLASS: 7 bytes]"
    );
}

#[test]
fn what_is_not_there_is_not_looked_at() {
    let wild = std::ptr::without_provenance_mut::<u8>(usize::MAX - 4095);
    let unmapped = std::ptr::without_provenance_mut::<u8>(4096);
    for place in [std::ptr::null_mut(), wild, unmapped] {
        let mut line = Line::answering(CKR_OK);
        // SAFETY: nothing is there, and nothing must be followed.
        unsafe { look::arguments::mechanism(&mut line, ["pMechanism"], place.cast()) };
        // SAFETY: as above.
        unsafe { look::arguments::output(&mut line, ["pData", "pulDataLen"], place, place.cast()) };
        // SAFETY: as above.
        unsafe { look::results::output(&mut line, ["pData", "pulDataLen"], place, place.cast()) };
        // SAFETY: as above.
        unsafe { look::arguments::template(&mut line, ["pTemplate", "ulCount"], place.cast(), u64::MAX) };
        assert!(line.text().starts_with("pMechanism=null, pData=no place for the length, pTemplate="));
    }
}

#[test]
fn a_result_is_shown_where_the_answer_lets_it_stand() {
    let (mut len, mut handle) = (256_u64, 1_u64 << 63);
    let mut told = |code| {
        let mut line = Line::answering(code);
        // SAFETY: the length is there.
        unsafe { look::results::output(&mut line, ["p", "pulLen"], std::ptr::null_mut(), &raw mut len) };
        // SAFETY: the handle is there.
        unsafe { look::results::tell(&mut line, ["phKey"], &raw mut handle) };
        line.text().to_owned()
    };
    assert_eq!(told(CKR_OK), "pulLen=256 bytes, phKey=0x8000000000000000");
    assert_eq!(told(CKR_BUFFER_TOO_SMALL), "pulLen=256 bytes");
    assert_eq!(told(CKR_ATTRIBUTE_SENSITIVE), "");
}

#[test]
fn a_mechanism_shows_its_name_and_the_length_of_its_parameters() {
    let mut secret = [7_u8; 16];
    let mut mechanism = CK_MECHANISM {
        mechanism: CKM_SHA256_RSA_PKCS,
        pParameter: secret.as_mut_ptr().cast(),
        ulParameterLen: 16,
    };
    let mut line = Line::answering(CKR_OK);
    // SAFETY: the mechanism is there.
    unsafe { look::arguments::mechanism(&mut line, ["pMechanism"], &raw mut mechanism) };
    assert_eq!(line.text(), "pMechanism=CKM_SHA256_RSA_PKCS with 16 bytes");
}
