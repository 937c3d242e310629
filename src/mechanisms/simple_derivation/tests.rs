use super::*;
use crate::fixtures::{derive, derive_from, of_class, secret_key, wanted, with};
use pkcs11::ObjectHandle;
use pkcs11::constants::{CKA_VALUE, CKA_VALUE_LEN, CKK_AES, CKK_GENERIC_SECRET, CKO_SECRET_KEY};

fn data(kind: MechanismType, data: &[u8]) -> Mechanism {
    with(kind, Parameters::DerivationString(Secret::from(data)))
}

fn any() -> Attributes {
    of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new())
}

fn value(derived: Result<Attributes>) -> Vec<u8> {
    derived.unwrap().bytes(CKA_VALUE).unwrap().to_vec()
}

/// The examples of sections 6.43.3 to 6.43.7.
#[test]
fn the_standards_own_examples_come_out() {
    let base = secret_key(CKK_GENERIC_SECRET, b"\x01\x23\x45\x67");
    let other = secret_key(CKK_GENERIC_SECRET, b"\x89\xab\xcd\xef");
    let bytes = b"\x89\xab\xcd\xef";
    let joined = derive_from(
        &with(CKM_CONCATENATE_BASE_AND_KEY, Parameters::Key(ObjectHandle(2))),
        &Bases { key: &base, named: &[other] },
        &any(),
    );
    assert_eq!(value(joined), b"\x01\x23\x45\x67\x89\xab\xcd\xef");
    let joined = derive(&data(CKM_CONCATENATE_BASE_AND_DATA, bytes), &base, &any());
    assert_eq!(value(joined), b"\x01\x23\x45\x67\x89\xab\xcd\xef");
    let joined = derive(&data(CKM_CONCATENATE_DATA_AND_BASE, bytes), &base, &any());
    assert_eq!(value(joined), b"\x89\xab\xcd\xef\x01\x23\x45\x67");
    assert_eq!(value(derive(&data(CKM_XOR_BASE_AND_DATA, bytes), &base, &any())), [0x88; 4]);
    let long = secret_key(CKK_GENERIC_SECRET, b"\x32\x9f\x84\xa9");
    let cut = with(CKM_EXTRACT_KEY_FROM_KEY, Parameters::Extract(21));
    assert_eq!(value(derive(&cut, &long, &wanted(CKK_GENERIC_SECRET, 2))), b"\x95\x26");
}

#[test]
fn every_bit_can_be_the_first_and_the_key_is_a_ring() {
    let bytes = [0x32u8, 0x9f, 0x84, 0xa9];
    let key = secret_key(CKK_GENERIC_SECRET, &bytes);
    let bit = |index: usize| bytes[index / 8 % 4] >> (7 - index % 8) & 1;
    for first in 0..32 {
        let cut = with(CKM_EXTRACT_KEY_FROM_KEY, Parameters::Extract(first as u64));
        let derived = value(derive(&cut, &key, &wanted(CKK_GENERIC_SECRET, 4)));
        let bits: Vec<u8> = (0..32).map(|index| derived[index / 8] >> (7 - index % 8) & 1).collect();
        assert_eq!(bits, (0..32).map(|index| bit(first + index)).collect::<Vec<_>>(), "{first}");
    }
}

#[test]
fn a_length_and_a_type_are_taken_from_the_template_and_too_much_is_refused() {
    let base = secret_key(CKK_GENERIC_SECRET, &[1; 20]);
    let join = data(CKM_CONCATENATE_BASE_AND_DATA, &[2; 12]);
    let derived = value(derive(&join, &base, &wanted(CKK_AES, 32)));
    assert_eq!(derived, [[1; 20].as_slice(), &[2; 12]].concat());
    assert_eq!(value(derive(&join, &base, &wanted(CKK_GENERIC_SECRET, 21))).len(), 21);
    let refused =
        |mechanism: &Mechanism, template: &Attributes| derive(mechanism, &base, template).unwrap_err();
    assert_eq!(refused(&join, &wanted(CKK_GENERIC_SECRET, 33)), Error::KeySizeRange);
    assert_eq!(refused(&join, &wanted(CKK_AES, 17)), Error::KeySizeRange);
    let untold = of_class(CKO_SECRET_KEY, CKK_AES, Attributes::new());
    assert_eq!(refused(&join, &untold), Error::TemplateIncomplete(CKA_VALUE_LEN));
    let mask = data(CKM_XOR_BASE_AND_DATA, &[7; 16]);
    assert_eq!(value(derive(&mask, &base, &any())).len(), 16);
    assert_eq!(refused(&mask, &wanted(CKK_GENERIC_SECRET, 17)), Error::KeySizeRange);
    let cut = with(CKM_EXTRACT_KEY_FROM_KEY, Parameters::Extract(0));
    assert_eq!(refused(&cut, &wanted(CKK_GENERIC_SECRET, 21)), Error::KeySizeRange);
    assert_eq!(refused(&cut, &any()), Error::TemplateIncomplete(CKA_VALUE_LEN));
}

#[test]
fn parameters_that_say_nothing_are_refused() {
    let base = secret_key(CKK_AES, &[1; 16]);
    for (kind, parameters) in [
        (CKM_CONCATENATE_BASE_AND_KEY, Parameters::None),
        (CKM_CONCATENATE_BASE_AND_KEY, Parameters::Unknown),
        (CKM_CONCATENATE_BASE_AND_DATA, Parameters::DerivationString(Secret::default())),
        (CKM_CONCATENATE_DATA_AND_BASE, Parameters::Bytes(vec![1])),
        (CKM_XOR_BASE_AND_DATA, Parameters::None),
        (CKM_EXTRACT_KEY_FROM_KEY, Parameters::None),
        (CKM_EXTRACT_KEY_FROM_KEY, Parameters::Extract(128)),
        (CKM_EXTRACT_KEY_FROM_KEY, Parameters::Extract(u64::MAX)),
    ] {
        let refused = derive(&with(kind, parameters), &base, &wanted(CKK_GENERIC_SECRET, 14)).unwrap_err();
        assert!(matches!(refused, Error::MechanismParamInvalid(_)), "{kind:#x}: {refused:?}");
    }
}
