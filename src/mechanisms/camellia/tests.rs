use super::*;
use crate::fixtures::{error, hex, plain, secret_key, start_cipher, whole, with};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, StreamCipher};
use pkcs11::{CounterParameters, Parameters};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

fn counter(counter_bits: u64, block: [u8; 16]) -> pkcs11::Mechanism {
    with(CKM_CAMELLIA_CTR, Parameters::Counter(CounterParameters { counter_bits, block }))
}

#[test]
fn the_published_blocks_come_out_both_ways() {
    // RFC 3713 appendix A.
    let block = hex("0123456789abcdeffedcba9876543210");
    for (value, sealed) in [
        ("0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43"),
        ("0123456789abcdeffedcba98765432100011223344556677", "b4993401b3e996f84ee5cee7d79b09b9"),
        (
            "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
            "9acc237dff16d76c20ef7c919e3a7509",
        ),
    ] {
        let key = secret_key(CKK_CAMELLIA, &hex(value));
        assert_eq!(whole(Can::encrypt, &plain(CKM_CAMELLIA_ECB), &key, &block), Ok(hex(sealed)));
        assert_eq!(whole(Can::decrypt, &plain(CKM_CAMELLIA_ECB), &key, &hex(sealed)), Ok(block.clone()));
    }
}

#[test]
fn the_published_example_of_counter_mode_comes_out() {
    // RFC 5528 section 4, vector 1.
    let key = secret_key(CKK_CAMELLIA, &hex("ae6852f8121067cc4bf7a5765577f39e"));
    let block = hex("00000030000000000000000000000001").try_into().unwrap();
    let sealed = hex("d09dc29a8214619a20877c76db1f0b3f");
    assert_eq!(whole(Can::encrypt, &counter(32, block), &key, b"Single block msg"), Ok(sealed));
}

proptest! {
    #[test]
    fn the_modes_of_another_implementation_give_the_same(
        value in any::<[u8; 32]>(),
        iv in any::<[u8; 16]>(),
        data in vec(any::<u8>(), 0..200),
    ) {
        let key = secret_key(CKK_CAMELLIA, &value);
        let mut place = [&data[..], &[0; 16]].concat();
        let theirs = cbc::Encryptor::<Camellia256>::new_from_slices(&value, &iv).unwrap();
        let theirs = theirs.encrypt_padded::<Pkcs7>(&mut place, data.len()).unwrap().to_vec();
        let mechanism = with(CKM_CAMELLIA_CBC_PAD, Parameters::Bytes(iv.to_vec()));
        prop_assert_eq!(whole(Can::encrypt, &mechanism, &key, &data).unwrap(), theirs);

        let mut start = iv;
        start[8] &= 0x7f;
        let mut theirs = data.clone();
        ctr::Ctr64BE::<Camellia256>::new_from_slices(&value, &start).unwrap().apply_keystream(&mut theirs);
        prop_assert_eq!(whole(Can::encrypt, &counter(64, start), &key, &data).unwrap(), theirs);
    }
}

#[test]
fn a_counter_ends_where_its_bits_do() {
    let key = secret_key(CKK_CAMELLIA, &[7; 16]);
    let last = counter(8, [255; 16]);
    assert!(whole(Can::encrypt, &last, &key, &[0; 16]).is_ok());
    assert_eq!(whole(Can::encrypt, &last, &key, &[0; 17]), Err(Error::DataLenRange));
    assert_eq!(whole(Can::decrypt, &last, &key, &[0; 17]), Err(Error::EncryptedDataLenRange));
    for bits in [0, 129, u64::MAX] {
        let refused = error(start_cipher(Can::encrypt, &counter(bits, [0; 16]), &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
}

#[test]
fn a_place_of_another_length_is_refused() {
    let key = Key::new(&[7; 24]).unwrap();
    assert!(key.ecb(Direction::Encrypt, &[0; 16], &mut [0; 15]).is_err());
    assert!(key.cbc(Direction::Decrypt, &mut [0; 16], &[0; 15], &mut [0; 15]).is_err());
    assert!(key.ctr(&mut CounterState::new([0; 16]), &[0; 3], &mut [0; 2]).is_err());
    for len in [0, 8, 15, 17, 33] {
        assert_eq!(error(Key::new(&vec![7; len])), Some(Error::KeySizeRange));
    }
}
