use super::*;
use crate::fixtures::{
    error, hex, plain, secret_key, sign as signed, start_sign, start_verify, verify as verified, with,
};
use pkcs11::Parameters;
use pkcs11::constants::{
    CKK_AES, CKK_CAMELLIA, CKK_DES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKM_AES_CMAC, CKM_AES_MAC,
    CKM_AES_XCBC_MAC, CKM_AES_XCBC_MAC_96, CKM_CAMELLIA_MAC, CKM_DES_MAC, CKM_DES3_CMAC, CKM_DES3_MAC,
};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::sample::select;

const BLOCK: usize = 16;
/// The message of RFC 4493 section 4 and SP 800-38B, of which the first bytes are used.
const MESSAGE: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
    30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const KEY_128: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const KEY_192: &str = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
const KEY_256: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

/// RFC 4493 section 4 (128 bits), and NIST's examples for SP 800-38B (192 and 256 bits): key, bytes of the message, MAC.
const VECTORS: [(&str, usize, &str); 12] = [
    (KEY_128, 0, "bb1d6929e95937287fa37d129b756746"),
    (KEY_128, 16, "070a16b46b4d4144f79bdd9dd04a287c"),
    (KEY_128, 40, "dfa66747de9ae63030ca32611497c827"),
    (KEY_128, 64, "51f0bebf7e3b9d92fc49741779363cfe"),
    (KEY_192, 0, "d17ddf46adaacde531cac483de7a9367"),
    (KEY_192, 16, "9e99a7bf31e710900662f65e617c5184"),
    (KEY_192, 40, "8a1de5be2eb31aad089a82e6ee908b0e"),
    (KEY_192, 64, "a1d5df0eed790f794d77589659f39a11"),
    (KEY_256, 0, "028962f61b7bf89efc6b551f4667d983"),
    (KEY_256, 16, "28a7023f452e8f82bd4bf28d8c37c35c"),
    (KEY_256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"),
    (KEY_256, 64, "e1992190549f6ed5696a2c056c315410"),
];

fn general(len: u64) -> Mechanism {
    with(CKM_AES_CMAC_GENERAL, Parameters::MacLen(len))
}

fn key(digits: &str) -> Arc<dyn EngineKey> {
    secret_key(CKK_AES, &hex(digits))
}

#[test]
fn published_macs_come_out_at_every_length_and_verify() {
    for (value, len, expected) in VECTORS {
        let (key, message, expected) = (key(value), hex(MESSAGE), hex(expected));
        let message = &message[..len];
        assert_eq!(signed(&plain(CKM_AES_CMAC), &key, message), Ok(expected.clone()));
        assert_eq!(verified(&plain(CKM_AES_CMAC), &key, message, &expected), Ok(()));
        for cut in 1..=BLOCK {
            let mechanism = general(cut as u64);
            assert_eq!(signed(&mechanism, &key, message), Ok(expected[..cut].to_vec()));
            assert_eq!(verified(&mechanism, &key, message, &expected[..cut]), Ok(()));
        }
    }
}

#[test]
fn no_changed_byte_verifies_and_no_other_length() {
    let (key, message, mac) = (key(KEY_128), hex(MESSAGE), hex(VECTORS[3].2));
    for i in 0..BLOCK {
        let mut changed = mac.clone();
        changed[i] ^= 1;
        let found = verified(&plain(CKM_AES_CMAC), &key, &message, &changed);
        assert_eq!(found, Err(Error::SignatureInvalid));
    }
    for len in [0, 1, 15, 17] {
        let other = [&mac[..], &[0]].concat()[..len].to_vec();
        let found = verified(&plain(CKM_AES_CMAC), &key, &message, &other);
        assert_eq!(found, Err(Error::SignatureLenRange));
        let found = verified(&general(8), &key, &message, &other);
        assert_eq!(found, Err(Error::SignatureLenRange));
    }
}

#[test]
fn parameters_and_keys_that_do_not_fit_are_refused() {
    let key = key(KEY_128);
    for wrong in [
        general(0),
        general(17),
        general(u64::MAX),
        plain(CKM_AES_CMAC_GENERAL),
        with(CKM_AES_CMAC_GENERAL, Parameters::Unknown),
        with(CKM_AES_CMAC, Parameters::MacLen(16)),
        with(CKM_AES_CMAC, Parameters::Unknown),
    ] {
        assert!(matches!(error(start_sign(&wrong, &key)), Some(Error::MechanismParamInvalid(_))));
        assert!(matches!(error(start_verify(&wrong, &key)), Some(Error::MechanismParamInvalid(_))));
    }
    let other = secret_key(CKK_GENERIC_SECRET, &[1; 16]);
    assert_eq!(error(start_sign(&plain(CKM_AES_CMAC), &other)), Some(Error::KeyTypeInconsistent));
}

#[test]
fn what_is_no_state_is_refused() {
    let mut running = start_sign(&plain(CKM_AES_CMAC), &key(KEY_128)).unwrap();
    for state in [&[][..], &[0; BLOCK - 1], &[0; 2 * BLOCK + 1]] {
        assert_eq!(running.restore(state), Err(Error::SavedStateInvalid));
    }
}

/// Every MAC of a block cipher with a key, its length, and the name with a general length if it has one.
const ALL: [(MechanismType, u64, usize, usize, Option<MechanismType>); 10] = [
    (CKM_AES_CMAC, CKK_AES, 32, 16, Some(CKM_AES_CMAC_GENERAL)),
    (CKM_AES_MAC, CKK_AES, 24, 8, Some(CKM_AES_MAC_GENERAL)),
    (CKM_AES_XCBC_MAC, CKK_AES, 16, 16, None),
    (CKM_AES_XCBC_MAC_96, CKK_AES, 16, 12, None),
    (CKM_DES_MAC, CKK_DES, 8, 4, Some(CKM_DES_MAC_GENERAL)),
    (CKM_DES3_MAC, CKK_DES2, 16, 4, Some(CKM_DES3_MAC_GENERAL)),
    (CKM_DES3_MAC, CKK_DES3, 24, 4, Some(CKM_DES3_MAC_GENERAL)),
    (CKM_DES3_CMAC, CKK_DES2, 16, 8, Some(CKM_DES3_CMAC_GENERAL)),
    (CKM_DES3_CMAC, CKK_DES3, 24, 8, Some(CKM_DES3_CMAC_GENERAL)),
    (CKM_CAMELLIA_MAC, CKK_CAMELLIA, 32, 8, Some(CKM_CAMELLIA_MAC_GENERAL)),
];

/// NIST's examples for SP 800-38B, three keys and two: key, bytes of the message, MAC.
const DES3_VECTORS: [(u64, &str, usize, &str); 8] = [
    (CKK_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", 0, "b7a688e122ffaf95"),
    (CKK_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", 8, "8e8f293136283797"),
    (CKK_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", 20, "743ddbe0ce2dc2ed"),
    (CKK_DES3, "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", 32, "33e6b1092400eae5"),
    (CKK_DES2, "4cf15134a2850dd58a3d10ba80570d38", 0, "bd2ebf9a3ba00361"),
    (CKK_DES2, "4cf15134a2850dd58a3d10ba80570d38", 8, "4ff2ab813c53ce83"),
    (CKK_DES2, "4cf15134a2850dd58a3d10ba80570d38", 20, "62dd1b471902bd4e"),
    (CKK_DES2, "4cf15134a2850dd58a3d10ba80570d38", 32, "31b1e431dabc4eb8"),
];

/// RFC 3566 section 4.6: bytes of the message 00 01 02..., MAC.
const XCBC_VECTORS: [(usize, &str); 6] = [
    (0, "75f0251d528ac01c4573dfd584d79f29"),
    (3, "5b376580ae2f19afe7219ceef172756f"),
    (16, "d2a246fa349b68a79998a4394ff7a263"),
    (20, "47f51b4564966215b8985c63055ed308"),
    (32, "f54f0ec8d2b9f3d36807734bd5283fd4"),
    (34, "becbb3bccdb518a30677d5481fb6b4d8"),
];

#[test]
fn published_macs_of_triple_des_come_out_and_verify() {
    for (key_type, value, len, expected) in DES3_VECTORS {
        let (key, message, expected) = (secret_key(key_type, &hex(value)), hex(MESSAGE), hex(expected));
        let message = &message[..len];
        assert_eq!(signed(&plain(CKM_DES3_CMAC), &key, message), Ok(expected.clone()));
        assert_eq!(verified(&plain(CKM_DES3_CMAC), &key, message, &expected), Ok(()));
        for cut in 1..=8 {
            let mechanism = with(CKM_DES3_CMAC_GENERAL, Parameters::MacLen(cut as u64));
            assert_eq!(signed(&mechanism, &key, message), Ok(expected[..cut].to_vec()));
        }
    }
}

#[test]
fn published_xcbc_macs_come_out_and_verify() {
    let key = secret_key(CKK_AES, &(0..16).collect::<Vec<u8>>());
    let numbers = (0..34).collect::<Vec<u8>>();
    let zeros = (vec![0; 1000], "f0dafee895db30253761103b5d84528f");
    let cases = XCBC_VECTORS.map(|(len, mac)| (numbers[..len].to_vec(), mac));
    for (message, expected) in cases.into_iter().chain([zeros]) {
        let expected = hex(expected);
        assert_eq!(signed(&plain(CKM_AES_XCBC_MAC), &key, &message), Ok(expected.clone()));
        assert_eq!(signed(&plain(CKM_AES_XCBC_MAC_96), &key, &message), Ok(expected[..12].to_vec()));
        assert_eq!(verified(&plain(CKM_AES_XCBC_MAC_96), &key, &message, &expected[..12]), Ok(()));
    }
}

#[test]
fn the_published_mac_of_fips_113_comes_out_of_des_however_often() {
    // FIPS 113 appendix 3: the MAC has 32 bits. Three times the same key are one.
    let (value, message) = (hex("0123456789abcdef"), b"7654321 Now is the time for ");
    let expected = hex("f1d30f6849312ca4");
    for (mechanism, general, key_type, times) in [
        (CKM_DES_MAC, CKM_DES_MAC_GENERAL, CKK_DES, 1),
        (CKM_DES3_MAC, CKM_DES3_MAC_GENERAL, CKK_DES2, 2),
        (CKM_DES3_MAC, CKM_DES3_MAC_GENERAL, CKK_DES3, 3),
    ] {
        let key = secret_key(key_type, &value.repeat(times));
        assert_eq!(signed(&plain(mechanism), &key, message), Ok(expected[..4].to_vec()));
        let whole = with(general, Parameters::MacLen(8));
        assert_eq!(signed(&whole, &key, message), Ok(expected.clone()));
    }
}

#[test]
fn the_mac_of_one_block_is_the_published_ciphertext_of_it() {
    // SP 800-38A section F.1.1 and RFC 3713 section A.
    for (mechanism, key_type, value, block, expected) in [
        (CKM_AES_MAC, CKK_AES, KEY_128, &MESSAGE[..32], "3ad77bb40d7a3660"),
        (
            CKM_CAMELLIA_MAC,
            CKK_CAMELLIA,
            "0123456789abcdeffedcba9876543210",
            "0123456789abcdeffedcba9876543210",
            "6767313854966973",
        ),
    ] {
        let key = secret_key(key_type, &hex(value));
        assert_eq!(signed(&plain(mechanism), &key, &hex(block)), Ok(hex(expected)));
    }
}

#[test]
fn zeros_fill_the_last_block_and_an_empty_message_is_one_of_them() {
    let key = key(KEY_192);
    let mac = |message: &[u8]| signed(&plain(CKM_AES_MAC), &key, message).unwrap();
    assert_eq!(mac(b"message"), mac(b"message\0\0\0\0\0\0\0\0\0"));
    assert_ne!(mac(b"message"), mac(b"message\0\0\0\0\0\0\0\0\0\0"));
    assert_eq!(mac(b""), mac(&[0; 16]));
}

#[test]
fn every_mac_keeps_to_its_length_its_parameters_and_its_keys() {
    for (mechanism, key_type, key_len, len, general) in ALL {
        let key = secret_key(key_type, &vec![1; key_len]);
        let mac = signed(&plain(mechanism), &key, b"message").unwrap();
        assert_eq!(mac.len(), len);
        for i in 0..len {
            let mut changed = mac.clone();
            changed[i] ^= 0x80;
            let found = verified(&plain(mechanism), &key, b"message", &changed);
            assert_eq!(found, Err(Error::SignatureInvalid));
        }
        for other in [&mac[..len - 1], &[&mac[..], &[0]].concat()] {
            let found = verified(&plain(mechanism), &key, b"message", other);
            assert_eq!(found, Err(Error::SignatureLenRange));
        }
        let refused = |mechanism| {
            let error = error(start_sign(&mechanism, &key));
            assert!(matches!(error, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
        };
        for wrong in [Parameters::MacLen(4), Parameters::Unknown, Parameters::Bytes(vec![0; 16])] {
            refused(with(mechanism, wrong));
        }
        if let Some(general) = general {
            let block = if key_type == CKK_AES || key_type == CKK_CAMELLIA { 16 } else { 8 };
            for wrong in [0, block + 1, 1 << 32, u64::MAX] {
                refused(with(general, Parameters::MacLen(wrong)));
            }
            refused(plain(general));
            let whole = signed(&with(general, Parameters::MacLen(block)), &key, b"message").unwrap();
            assert_eq!(whole[..len], mac);
        }
        let other = secret_key(CKK_GENERIC_SECRET, &[1; 16]);
        assert_eq!(error(start_sign(&plain(mechanism), &other)), Some(Error::KeyTypeInconsistent));
        assert_eq!(error(start_verify(&plain(mechanism), &other)), Some(Error::KeyTypeInconsistent));
    }
}

proptest! {
    #[test]
    fn parts_and_saved_states_make_no_difference(
        message in vec(any::<u8>(), 0..3000),
        cuts in vec(1..200usize, 1..20),
        (mechanism, key_type, key_len, len, _) in select(&ALL[..]),
    ) {
        let key = secret_key(key_type, &vec![1; key_len]);
        let expected = signed(&plain(mechanism), &key, &message).unwrap();
        let mut running = start_sign(&plain(mechanism), &key).unwrap();
        let mut rest = &message[..];
        for cut in cuts {
            let (part, after) = rest.split_at(cut.min(rest.len()));
            running.update(part).unwrap();
            let state = running.save().unwrap();
            running = start_sign(&plain(mechanism), &key).unwrap();
            running.restore(state.expose()).unwrap();
            rest = after;
        }
        running.update(rest).unwrap();
        let mut mac = vec![0; len];
        running.finish(&mut mac).unwrap();
        prop_assert_eq!(mac, expected);
    }
}
