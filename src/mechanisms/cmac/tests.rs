use super::*;
use crate::fixtures::{
    error, hex, plain, secret_key, sign as signed, start_sign, start_verify, verify as verified, with,
};
use pkcs11::Parameters;
use pkcs11::constants::CKK_GENERIC_SECRET;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

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

proptest! {
    #[test]
    fn parts_and_saved_states_make_no_difference(
        message in vec(any::<u8>(), 0..3000),
        cuts in vec(1..200usize, 1..20),
    ) {
        let key = key(KEY_256);
        let expected = signed(&plain(CKM_AES_CMAC), &key, &message).unwrap();
        let mut running = start_sign(&plain(CKM_AES_CMAC), &key).unwrap();
        let mut rest = &message[..];
        for cut in cuts {
            let (part, after) = rest.split_at(cut.min(rest.len()));
            running.update(part).unwrap();
            let state = running.save().unwrap();
            running = start_sign(&plain(CKM_AES_CMAC), &key).unwrap();
            running.restore(state.expose()).unwrap();
            rest = after;
        }
        running.update(rest).unwrap();
        let mut mac = [0; BLOCK];
        running.finish(&mut mac).unwrap();
        prop_assert_eq!(mac.to_vec(), expected);
    }
}
