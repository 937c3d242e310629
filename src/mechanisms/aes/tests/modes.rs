//! CFB, OFB, CTS, XTS, CCM and GMAC: published vectors, another implementation, and what is refused.

use super::*;
use crate::fixtures::{sign, start_sign, verify};
use aes_gcm::aead::Aead;
use pkcs11::CcmParameters;
use pkcs11::constants::{
    CKK_AES_XTS, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CTS,
    CKM_AES_GMAC, CKM_AES_OFB, CKM_AES_XTS,
};

/// SP 800-38A sections F.3 and F.4, for each key; of CFB1 the first 16 bits, of CFB8 the first 18 bytes.
const FEEDBACK: [(MechanismType, [&str; 3]); 4] = [
    (CKM_AES_CFB1, ["68b3", "9359", "9029"]),
    (
        CKM_AES_CFB8,
        [
            "3b79424c9c0dd436bace9e0ed4586a4f32b9",
            "cda2521ef0a905ca44cd057cbf0d47a0678a",
            "dc1f1a8520a64db55fcc8ac554844e889700",
        ],
    ),
    (
        CKM_AES_CFB128,
        [
            "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b\
             26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6",
            "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a\
             2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff",
            "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b\
             df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471",
        ],
    ),
    (
        CKM_AES_OFB,
        [
            "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825\
             9740051e9c5fecf64344f7a82260edcc304c6528f659c77866a510d9c1d6ae5e",
            "cdc80d6fddf18cab34c25909c99a4174fcc28b8d4c63837c09e81700c1100401\
             8d9a9aeac0f6596f559c6d4daf59a5f26d9f200857ca6c3e9cac524bd9acc92a",
            "dc7e84bfda79164b7ecd8486985d38604febdc6740d20b3ac88f6ad82a4fb08d\
             71ab47a086e86eedf39d1c5bba97c4080126141d67f37be8538f5a8be740e484",
        ],
    ),
];

/// RFC 3962 appendix B: bytes of "I would like the General Gau's Chicken, please, and wonton soup.", under the key "chicken
/// teriyaki" and a vector of zeros. The RFC's variant is the third, CS3, which turns the last two blocks.
const CTS: [(usize, &str); 6] = [
    (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
    (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
    (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
    (47, "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5"),
    (48, "97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8"),
    (
        64,
        "97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a8\
         4807efe836ee89a526730dbc2f7bc8409dad8bbb96c4cdc03bc103e1a194bbd8",
    ),
];

/// IEEE 1619-2007 annex B, vectors 2, 3, 15, 16 and the start of 10: both keys, the number of the data unit as 16 bytes,
/// message, ciphertext.
const XTS: [[&str; 4]; 5] = [
    [
        "1111111111111111111111111111111122222222222222222222222222222222",
        "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f022222222222222222222222222222222",
        "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10",
        "6c1625db4671522d3d7599601de7ca09ed",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f1011",
        "d069444b7a7e0cab09e24447d24deb1fedbf",
    ],
    [
        "27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197169399375105820974944592",
        "ff000000000000000000000000000000",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b",
    ],
];

/// SP 800-38C examples 1 to 3: nonce, additional data, message, ciphertext with MAC, bytes of the MAC.
const CCM: [(&str, &str, &str, &str, u64); 3] = [
    ("10111213141516", "0001020304050607", "20212223", "7162015b4dac255d", 4),
    (
        "1011121314151617",
        "000102030405060708090a0b0c0d0e0f",
        "202122232425262728292a2b2c2d2e2f",
        "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd",
        6,
    ),
    (
        "101112131415161718191a1b",
        "000102030405060708090a0b0c0d0e0f10111213",
        "202122232425262728292a2b2c2d2e2f3031323334353637",
        "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951",
        8,
    ),
];
const CCM_KEY: &str = "404142434445464748494a4b4c4d4e4f";

fn ccm(data_len: usize, nonce: &[u8], aad: &[u8], mac_len: u64) -> Mechanism {
    let (nonce, aad) = (nonce.to_vec(), aad.to_vec());
    with(CKM_AES_CCM, Parameters::Ccm(CcmParameters { data_len: data_len as u64, nonce, aad, mac_len }))
}

fn xts_key(value: &[u8]) -> Arc<dyn EngineKey> {
    secret_key(CKK_AES_XTS, value)
}

#[test]
fn the_published_examples_of_feedback_come_out_both_ways() {
    let iv: Vec<u8> = (0..16).collect();
    for (name, ciphertexts) in FEEDBACK {
        for (value, ciphertext) in KEYS.iter().zip(ciphertexts) {
            let (key, mechanism, ciphertext) = (key(&hex(value)), with(name, iv_of(&iv)), hex(ciphertext));
            let message = &hex(MESSAGE)[..ciphertext.len()];
            assert_eq!(whole(Can::encrypt, &mechanism, &key, message), Ok(ciphertext.clone()));
            assert_eq!(whole(Can::decrypt, &mechanism, &key, &ciphertext), Ok(message.to_vec()));
        }
    }
}

#[test]
fn the_published_examples_of_stealing_come_out_both_ways_but_for_the_order() {
    let message = b"I would like the General Gau's Chicken, please, and wonton soup.";
    let (key, mechanism) = (key(b"chicken teriyaki"), with(CKM_AES_CTS, iv_of(&[0; 16])));
    for (len, cs3) in CTS {
        let cs3 = hex(cs3);
        // The last block of CS3, whole or not, stands before the whole one in CS1.
        let short = (len - 1) % 16 + 1;
        let (start, rest) = cs3.split_at(len - 16 - short);
        let (whole_block, last) = rest.split_at(16);
        let cs1 = [start, last, whole_block].concat();
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &message[..len]), Ok(cs1.clone()), "{len}");
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &cs1), Ok(message[..len].to_vec()));
    }
    let cbc = with(CKM_AES_CBC, iv_of(&[0; 16]));
    for len in [16, 32, 48, 64] {
        let as_cbc = whole(Can::encrypt, &cbc, &key, &message[..len]);
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &message[..len]), as_cbc);
    }
}

#[test]
fn the_published_examples_of_xts_come_out_both_ways() {
    for [value, number, message, ciphertext] in XTS {
        let (key, mechanism) = (xts_key(&hex(value)), with(CKM_AES_XTS, iv_of(&hex(number))));
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &hex(message)), Ok(hex(ciphertext)));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &hex(ciphertext)), Ok(hex(message)));
    }
}

#[test]
fn the_published_examples_of_ccm_come_out_both_ways() {
    let key = key(&hex(CCM_KEY));
    let check = |mechanism: &Mechanism, message: &[u8], sealed: &[u8]| {
        assert_eq!(whole(Can::encrypt, mechanism, &key, message).unwrap(), sealed);
        assert_eq!(in_parts(Can::encrypt, mechanism, &key, message.chunks(7)).unwrap(), sealed);
        assert_eq!(whole(Can::decrypt, mechanism, &key, sealed).unwrap(), message);
    };
    for (nonce, aad, message, sealed, mac_len) in CCM {
        let message = hex(message);
        check(&ccm(message.len(), &hex(nonce), &hex(aad), mac_len), &message, &hex(sealed));
    }
    // Example 4: as much additional data as needs a longer length.
    let aad: Vec<u8> = (0..=255).cycle().take(65536).collect();
    let message: Vec<u8> = (0x20..0x40).collect();
    let sealed =
        "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72b4ac6bec93e8598e7f0dadbcea5b";
    check(&ccm(32, &hex("101112131415161718191a1b1c"), &aad, 14), &message, &hex(sealed));
}

#[test]
fn the_published_examples_of_gmac_come_out_and_verify() {
    // NIST CAVP gcmEncryptExtIV128: messages of no bytes.
    for (value, iv, message, tag) in [
        (
            "11754cd72aec309bf52f7687212e8957",
            "3c819d9a9bed087615030b65",
            "",
            "250327c674aaf477aef2675748cf6971",
        ),
        (
            "77be63708971c4e240d1cb79e8d77feb",
            "e0e00f19fed7ba0136a797f3",
            "7a43ec1d9c0a5a78a0b16533a6213cab",
            "209fcc8d3675ed938e9c7166709dd946",
        ),
    ] {
        let (key, message, tag) = (key(&hex(value)), hex(message), hex(tag));
        let mechanism = gmac(&hex(iv), 128);
        assert_eq!(sign(&mechanism, &key, &message), Ok(tag.clone()));
        assert_eq!(verify(&mechanism, &key, &message, &tag), Ok(()));
        let by_iv_alone = with(CKM_AES_GMAC, iv_of(&hex(iv)));
        assert_eq!(sign(&by_iv_alone, &key, &message), Ok(tag.clone()));
        assert_eq!(sign(&gmac(&hex(iv), 96), &key, &message), Ok(tag[..12].to_vec()));
        assert_eq!(verify(&gmac(&hex(iv), 96), &key, &message, &tag[..12]), Ok(()));
    }
}

fn gmac(iv: &[u8], tag_bits: u64) -> Mechanism {
    let parameters = GcmParameters { iv: iv.to_vec(), aad: Vec::new(), tag_bits };
    with(CKM_AES_GMAC, Parameters::Gcm(parameters))
}

#[test]
fn gmac_refuses_other_parameters_and_tags() {
    let key = key(&[7; 16]);
    let with_aad = GcmParameters { iv: vec![1; 12], aad: vec![1], tag_bits: 128 };
    let mut wrong: Vec<_> = [0, 8, 127, 136, u64::MAX].map(|bits| gmac(&[1; 12], bits)).to_vec();
    wrong.extend([gmac(&[], 128), with(CKM_AES_GMAC, Parameters::Gcm(with_aad))]);
    wrong.extend([Parameters::None, Parameters::Unknown, iv_of(&[])].map(|other| with(CKM_AES_GMAC, other)));
    for mechanism in wrong {
        let refused = error(start_sign(&mechanism, &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
    }
    let mechanism = gmac(&[1; 12], 128);
    let tag = sign(&mechanism, &key, b"message").unwrap();
    for i in 0..16 {
        let mut changed = tag.clone();
        changed[i] ^= 1;
        assert_eq!(verify(&mechanism, &key, b"message", &changed), Err(Error::SignatureInvalid));
    }
    assert_eq!(verify(&mechanism, &key, b"massage", &tag), Err(Error::SignatureInvalid));
    for len in [0, 12, 15] {
        assert_eq!(verify(&mechanism, &key, b"message", &tag[..len]), Err(Error::SignatureLenRange));
    }
    assert!(start_sign(&mechanism, &key).unwrap().save().is_none());
    let other = secret_key(CKK_GENERIC_SECRET, &[1; 16]);
    assert_eq!(error(start_sign(&mechanism, &other)), Some(Error::KeyTypeInconsistent));
}

/// CFB with segments of so many bits, bit by bit after SP 800-38A section 6.3.
fn cfb_by_definition(value: &[u8; 16], iv: &[u8; 16], segment: usize, data: &[u8]) -> Vec<u8> {
    use aes_gcm::aes::cipher::BlockCipherEncrypt;
    let cipher = Aes128::new(value.into());
    let (mut register, mut out) = (u128::from_be_bytes(*iv), vec![0; data.len()]);
    for start in (0..8 * data.len()).step_by(segment) {
        let mut block = register.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        let stream = u128::from_be_bytes(block.into());
        for (place, bit) in (start..8 * data.len()).zip(0..segment) {
            let plain = data[place / 8] >> (7 - place % 8) & 1;
            let sealed = plain ^ u8::try_from(stream >> (127 - bit) & 1).unwrap();
            out[place / 8] |= sealed << (7 - place % 8);
            register = register << 1 | u128::from(sealed);
        }
    }
    out
}

proptest! {
    #[test]
    fn another_implementation_of_these_modes_encrypts_alike(
        value in any::<[u8; 32]>(),
        tweak in any::<[u8; 32]>(),
        iv in any::<[u8; 16]>(),
        aad in vec(any::<u8>(), 0..40),
        data in vec(any::<u8>(), 0..200),
    ) {
        let (key128, key256) = (key(&value[..16]), key(&value));
        let half = value.first_chunk().unwrap();
        for (name, segment) in
            [(CKM_AES_CFB1, 1), (CKM_AES_CFB8, 8), (CKM_AES_CFB64, 64), (CKM_AES_CFB128, 128)]
        {
            let found = whole(Can::encrypt, &with(name, iv_of(&iv)), &key128, &data).unwrap();
            prop_assert_eq!(found, cfb_by_definition(half, &iv, segment, &data));
        }

        let mut theirs = data.clone();
        cfb_mode::Encryptor::<Aes256>::new_from_slices(&value, &iv).unwrap().encrypt(&mut theirs);
        prop_assert_eq!(whole(Can::encrypt, &with(CKM_AES_CFB128, iv_of(&iv)), &key256, &data).unwrap(), theirs);
        let mut theirs = data.clone();
        cfb8::Encryptor::<Aes256>::new_from_slices(&value, &iv).unwrap().encrypt(&mut theirs);
        prop_assert_eq!(whole(Can::encrypt, &with(CKM_AES_CFB8, iv_of(&iv)), &key256, &data).unwrap(), theirs);
        let mut theirs = data.clone();
        ofb::Ofb::<Aes256>::new_from_slices(&value, &iv).unwrap().apply_keystream(&mut theirs);
        prop_assert_eq!(whole(Can::encrypt, &with(CKM_AES_OFB, iv_of(&iv)), &key256, &data).unwrap(), theirs);

        let unit = [&[1; 16], &data[..]].concat();
        let mut theirs = unit.clone();
        let (first, second) = (Aes256::new(&value.into()), Aes256::new(&tweak.into()));
        xts_mode::Xts128::new(first, second).encrypt_sector(&mut theirs, iv.into());
        let ours = whole(Can::encrypt, &with(CKM_AES_XTS, iv_of(&iv)), &xts_key(&[value, tweak].concat()), &unit);
        prop_assert_eq!(ours.unwrap(), theirs);

        use ::ccm::consts::{U8, U12, U13};
        type Theirs = ::ccm::Ccm<Aes256, U8, U13>;
        type Short = ::ccm::Ccm<Aes256, U12, U8>;
        let payload = aes_gcm::aead::Payload { msg: &data, aad: &aad };
        let theirs = Theirs::new(&value.into()).encrypt(&iv[..13].try_into().unwrap(), payload).unwrap();
        prop_assert_eq!(whole(Can::encrypt, &ccm(data.len(), &iv[..13], &aad, 8), &key256, &data).unwrap(), theirs);
        let payload = aes_gcm::aead::Payload { msg: &data, aad: &aad };
        let theirs = Short::new(&value.into()).encrypt(&iv[..8].try_into().unwrap(), payload).unwrap();
        prop_assert_eq!(whole(Can::encrypt, &ccm(data.len(), &iv[..8], &aad, 12), &key256, &data).unwrap(), theirs);

        let nonce = aes_gcm::Nonce::try_from(&iv[..12]).unwrap();
        let payload = aes_gcm::aead::Payload { msg: &[], aad: &data };
        let theirs = aes_gcm::Aes256Gcm::new_from_slice(&value).unwrap().encrypt(&nonce, payload).unwrap();
        prop_assert_eq!(sign(&gmac(&iv[..12], 128), &key256, &data).unwrap(), theirs);
    }
}

#[test]
fn ccm_gives_nothing_out_unless_the_mac_holds() {
    let key = key(&[7; 32]);
    let mechanism = ccm(21, &[7; 12], b"aad", 12);
    let sealed = whole(Can::encrypt, &mechanism, &key, b"sixteen or more bytes").unwrap();
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        let cipher = start_cipher(Can::decrypt, &mechanism, &key).unwrap();
        let mut out = vec![0; cipher.whole_len(changed.len())];
        assert_eq!(cipher.whole(&changed, &mut out), Err(Error::EncryptedDataInvalid));
        assert_eq!(out, vec![0; out.len()]);
        let in_parts = in_parts(Can::decrypt, &mechanism, &key, changed.chunks(5));
        assert_eq!(in_parts, Err(Error::EncryptedDataInvalid));
    }
    for other in [ccm(21, &[7; 12], b"dad", 12), ccm(21, &[8; 12], b"aad", 12), ccm(21, &[7; 11], b"aad", 12)]
    {
        assert_eq!(whole(Can::decrypt, &other, &key, &sealed), Err(Error::EncryptedDataInvalid));
    }
    let longer = [&sealed[..], &[0]].concat();
    for wrong in [&sealed[..sealed.len() - 1], &longer, &[]] {
        let refused = Err(Error::EncryptedDataLenRange);
        assert_eq!(whole(Can::decrypt, &mechanism, &key, wrong), refused);
        assert_eq!(in_parts(Can::decrypt, &mechanism, &key, wrong.chunks(5)), refused);
    }
    assert_eq!(start_cipher(Can::decrypt, &mechanism, &key).unwrap().update_len(1000), 0);
}

#[test]
fn ccm_takes_as_much_as_its_parameters_say_and_no_parameters_beyond_the_standards() {
    let key = key(&[7; 16]);
    for len in [0, 4, 6] {
        let refused = Err(Error::DataLenRange);
        assert_eq!(whole(Can::encrypt, &ccm(5, &[1; 7], b"", 8), &key, &vec![1; len]), refused);
        let found = in_parts(Can::encrypt, &ccm(5, &[1; 7], b"", 8), &key, vec![1; len].chunks(2));
        assert_eq!(found, refused);
    }
    let mut wrong: Vec<_> = [0, 6, 14, 255].map(|len| ccm(5, &vec![1; len], b"", 8)).to_vec();
    wrong.extend([0, 1, 2, 3, 5, 7, 9, 11, 13, 15, 17, 18, u64::MAX].map(|mac| ccm(5, &[1; 7], b"", mac)));
    for mechanism in wrong {
        for ability in [Can::encrypt as Ability, Can::decrypt, Can::wrap, Can::unwrap] {
            let refused = error(start_cipher(ability, &mechanism, &key));
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
        }
    }
    // 13 bytes of nonce leave two for the length.
    assert!(start_cipher(Can::encrypt, &ccm(65535, &[1; 13], b"", 8), &key).is_ok());
    for ability in [Can::encrypt as Ability, Can::decrypt] {
        for mechanism in [ccm(65536, &[1; 13], b"", 8), ccm(1 << 24, &[1; 12], b"", 8)] {
            let refused = error(start_cipher(ability, &mechanism, &key));
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}");
        }
        assert!(start_cipher(ability, &ccm(usize::MAX, &[1; 7], b"", 8), &key).is_ok());
    }
}

#[test]
fn ccm_wraps_keys_by_their_own_length_under_a_mac_of_96_bits_or_more() {
    let key = key(&[7; 16]);
    for said in [0, 5, 24, usize::MAX] {
        let mechanism = ccm(said, &[1; 13], b"aad", 12);
        let wrapped = whole(Can::wrap, &mechanism, &key, &[3; 24]).unwrap();
        assert_eq!(wrapped, whole(Can::encrypt, &ccm(24, &[1; 13], b"aad", 12), &key, &[3; 24]).unwrap());
        assert_eq!(whole(Can::unwrap, &mechanism, &key, &wrapped), Ok(vec![3; 24]));
        let mut changed = wrapped.clone();
        changed[0] ^= 1;
        assert_eq!(whole(Can::unwrap, &mechanism, &key, &changed), Err(Error::EncryptedDataInvalid));
        assert_eq!(whole(Can::unwrap, &mechanism, &key, &[0; 11]), Err(Error::EncryptedDataLenRange));
    }
    for mac_len in [4, 6, 8, 10] {
        for ability in [Can::wrap as Ability, Can::unwrap] {
            let refused = error(start_cipher(ability, &ccm(24, &[1; 13], b"", mac_len), &key));
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        }
    }
    assert_eq!(whole(Can::wrap, &ccm(0, &[1; 13], b"", 12), &key, &vec![0; 65536]), Err(Error::DataLenRange));
}

#[test]
fn a_data_unit_has_no_more_than_two_to_the_twentieth_blocks() {
    let (key, mechanism) = (xts_key(&[[1; 16], [2; 16]].concat()), with(CKM_AES_XTS, iv_of(&[0; 16])));
    let too_much = vec![0; (1 << 24) + 1];
    assert_eq!(whole(Can::encrypt, &mechanism, &key, &too_much), Err(Error::DataLenRange));
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &too_much), Err(Error::EncryptedDataLenRange));
    assert!(whole(Can::encrypt, &mechanism, &key, &too_much[1..]).is_ok());
}

#[test]
fn a_key_of_xts_is_two_that_differ() {
    let complete = |value: &[u8]| crate::fixtures::complete(&secret_attributes(CKK_AES_XTS, value)).map(drop);
    assert_eq!(complete(&[[1; 16], [2; 16]].concat()), Ok(()));
    assert_eq!(complete(&[[1; 32], [2; 32]].concat()), Ok(()));
    for wrong in [vec![7; 32], vec![7; 64], [[1; 24], [2; 24]].concat(), vec![], vec![7; 33]] {
        assert_eq!(complete(&wrong), Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
}
