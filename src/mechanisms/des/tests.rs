use super::*;
use crate::fixtures::{
    complete, from_bytes, hex, of_class, plain, secret_attributes, secret_key, whole, with,
};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyInit, KeyIvInit};
use pkcs11::constants::{CKA_VALUE_LEN, CKO_SECRET_KEY};
use pkcs11::{Mechanism, Parameters};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

fn iv_of(bytes: &[u8]) -> Parameters {
    Parameters::Bytes(bytes.to_vec())
}

#[test]
fn the_published_examples_come_out_both_ways() {
    let check = |mechanism: &Mechanism, key_type, value: &str, message: &[u8], sealed: &str| {
        let key = secret_key(key_type, &hex(value));
        assert_eq!(whole(Can::encrypt, mechanism, &key, message), Ok(hex(sealed)));
        assert_eq!(whole(Can::decrypt, mechanism, &key, &hex(sealed)), Ok(message.to_vec()));
    };
    // FIPS 81 appendices B and C, and the same of three equal keys.
    let (value, message) = ("0123456789abcdef", b"Now is the time for all ");
    let ecb = "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53";
    let cbc = "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6";
    let iv = iv_of(&hex("1234567890abcdef"));
    check(&plain(CKM_DES_ECB), CKK_DES, value, message, ecb);
    check(&with(CKM_DES_CBC, iv.clone()), CKK_DES, value, message, cbc);
    check(&plain(CKM_DES3_ECB), CKK_DES2, &value.repeat(2), message, ecb);
    check(&with(CKM_DES3_CBC, iv), CKK_DES3, &value.repeat(3), message, cbc);
    // SP 800-67 appendix B.1.
    check(
        &plain(CKM_DES3_ECB),
        CKK_DES3,
        "0123456789abcdef23456789abcdef01456789abcdef0123",
        b"The qufck brown fox jump",
        "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900",
    );
}

proptest! {
    #[test]
    fn another_implementation_encrypts_alike(
        value in any::<[u8; 24]>(),
        iv in any::<[u8; 8]>(),
        data in vec(any::<u8>(), 0..200),
    ) {
        let mut value = value;
        set_parity(&mut value);
        let mut place = [&data[..], &[0; 8]].concat();
        let theirs = cbc::Encryptor::<::des::TdesEde3>::new_from_slices(&value, &iv).unwrap();
        let theirs = theirs.encrypt_padded::<Pkcs7>(&mut place, data.len()).unwrap().to_vec();
        let key = secret_key(CKK_DES3, &value);
        prop_assert_eq!(whole(Can::encrypt, &with(CKM_DES3_CBC_PAD, iv_of(&iv)), &key, &data).unwrap(), theirs);

        let mut place = [&data[..], &[0; 8]].concat();
        let theirs = cbc::Encryptor::<::des::Des>::new_from_slices(&value[..8], &iv).unwrap();
        let theirs = theirs.encrypt_padded::<Pkcs7>(&mut place, data.len()).unwrap().to_vec();
        let key = secret_key(CKK_DES, &value[..8]);
        prop_assert_eq!(whole(Can::encrypt, &with(CKM_DES_CBC_PAD, iv_of(&iv)), &key, &data).unwrap(), theirs);

        let blocks = &data[..data.len() - data.len() % 8];
        let mut place = [blocks, &[0; 8]].concat();
        let theirs = ecb::Encryptor::<::des::TdesEde2>::new_from_slice(&value[..16]).unwrap();
        let theirs = theirs.encrypt_padded::<Pkcs7>(&mut place, blocks.len()).unwrap().to_vec();
        let key = secret_key(CKK_DES2, &value[..16]);
        let ours = whole(Can::encrypt, &plain(CKM_DES3_ECB), &key, blocks).unwrap();
        prop_assert_eq!(&ours[..], &theirs[..blocks.len()]);
    }
}

#[test]
fn parity_is_odd_in_every_byte() {
    let mut all: Vec<u8> = (0..=255).collect();
    assert!(!parity_is_set(&all));
    set_parity(&mut all);
    assert!(all.iter().all(|byte| byte.count_ones() % 2 == 1));
    assert!(all.iter().zip(0..=255u8).all(|(byte, before)| byte >> 1 == before >> 1));
    assert!(parity_is_set(&all));
}

#[test]
fn a_key_of_wrong_parity_or_length_is_refused() {
    for (key_type, len) in [(CKK_DES, 8), (CKK_DES2, 16), (CKK_DES3, 24)] {
        let refused = Err(Error::AttributeValueInvalid(CKA_VALUE));
        assert!(complete(&secret_attributes(key_type, &vec![7; len])).is_ok());
        for i in 0..len {
            let mut value = vec![7; len];
            value[i] ^= 1;
            assert_eq!(complete(&secret_attributes(key_type, &value)), refused);
            let template = of_class(CKO_SECRET_KEY, key_type, Attributes::new());
            assert_eq!(from_bytes(&template, &value), refused);
        }
        for wrong in [0, 7, 9, len - 8, len + 8] {
            assert_eq!(complete(&secret_attributes(key_type, &vec![7; wrong])), refused);
        }
        // No attribute tells the length.
        assert_eq!(complete(&secret_attributes(key_type, &vec![7; len])).unwrap().ulong(CKA_VALUE_LEN), None);
    }
}

#[test]
fn keys_are_unwrapped_by_padded_blocks_alone() {
    for row in MECHANISMS {
        let unwraps = row.can.iter().any(|can| can.unwrap().is_some());
        assert_eq!(
            unwraps,
            matches!(row.mechanism, CKM_DES_CBC_PAD | CKM_DES3_CBC_PAD),
            "{:#x}",
            row.mechanism
        );
    }
}
