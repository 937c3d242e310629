mod guarding_keys;
mod modes;
mod prepended;
mod saving;

use super::*;
use crate::fixtures::{
    Ability, cut, error, generate_key, hex, in_lives, in_parts, of_class, plain, secret_attributes,
    secret_key, start_cipher, whole, with,
};
use ::aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::cipher::block_padding::Pkcs7;
use aes_gcm::aes::cipher::{BlockModeEncrypt, KeyIvInit, StreamCipher};
use pkcs11::constants::{CKA_CHECK_VALUE, CKA_VALUE_LEN, CKK_GENERIC_SECRET, CKO_SECRET_KEY};
use pkcs11::{CounterParameters, GcmParameters, Mechanism, Parameters};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

/// SP 800-38A appendix F: the message of all examples, and the three keys.
const MESSAGE: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
    30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
const KEYS: [&str; 3] = [
    "2b7e151628aed2a6abf7158809cf4f3c",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
];
/// Sections F.1, F.2 and F.5, for each key.
const ECB: [&str; 3] = [
    "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf\
     43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4",
    "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef\
     ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e",
    "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870\
     b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7",
];
const CBC: [&str; 3] = [
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
     73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a\
     571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
     39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
];
const CTR: [&str; 3] = [
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
     5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
    "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94\
     1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
    "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5\
     2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
];

/// The test cases of McGrew and Viega's GCM submission to NIST: 1, 2, 4, 5, 6 and 16, each as key, initialisation
/// vector, additional data, message, ciphertext and tag.
const GCM: [[&str; 6]; 6] = [
    [
        "00000000000000000000000000000000",
        "000000000000000000000000",
        "",
        "",
        "",
        "58e2fccefa7e3061367f1d57a4e7455a",
    ],
    [
        "00000000000000000000000000000000",
        "000000000000000000000000",
        "",
        "00000000000000000000000000000000",
        "0388dace60b6a392f328c2b971b2fe78",
        "ab6e47d42cec13bdf53a67b21257bddf",
    ],
    [
        "feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        GCM_AAD,
        GCM_MESSAGE,
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
         21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
        "5bc94fbc3221a5db94fae95ae7121a47",
    ],
    [
        "feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbad",
        GCM_AAD,
        GCM_MESSAGE,
        "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423\
         73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
        "3612d2e79e3b0785561be14aaca2fccb",
    ],
    [
        "feffe9928665731c6d6a8f9467308308",
        "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728\
         c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
        GCM_AAD,
        GCM_MESSAGE,
        "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7\
         01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
        "619cc5aefffe0bfa462af43c1699d050",
    ],
    [
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        GCM_AAD,
        GCM_MESSAGE,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
         8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ],
];
const GCM_AAD: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const GCM_MESSAGE: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

/// RFC 3394 sections 4.1, 4.4 and 4.6, RFC 5649 section 6: mechanism, key, what is wrapped, and what it is wrapped to.
const KEY_WRAPS: [(MechanismType, &str, &str, &str); 5] = [
    (
        CKM_AES_KEY_WRAP,
        "000102030405060708090a0b0c0d0e0f",
        "00112233445566778899aabbccddeeff",
        "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
    ),
    (
        CKM_AES_KEY_WRAP,
        "000102030405060708090a0b0c0d0e0f1011121314151617",
        "00112233445566778899aabbccddeeff0001020304050607",
        "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
    ),
    (
        CKM_AES_KEY_WRAP,
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
    ),
    (
        CKM_AES_KEY_WRAP_KWP,
        "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
        "c37b7e6492584340bed12207808941155068f738",
        "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
    ),
    (
        CKM_AES_KEY_WRAP_KWP,
        "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
        "466f7250617369",
        "afbeb0f07dfbf5419200f2ccb50bb24f",
    ),
];

fn key(value: &[u8]) -> Arc<dyn EngineKey> {
    secret_key(CKK_AES, value)
}

fn iv_of(bytes: &[u8]) -> Parameters {
    Parameters::Bytes(bytes.to_vec())
}

fn counter(counter_bits: u64, block: [u8; 16]) -> Mechanism {
    with(CKM_AES_CTR, Parameters::Counter(CounterParameters { counter_bits, block }))
}

fn gcm(iv: &[u8], aad: &[u8], tag_bits: u64) -> Mechanism {
    with(CKM_AES_GCM, Parameters::Gcm(GcmParameters { iv: iv.to_vec(), aad: aad.to_vec(), tag_bits }))
}

/// Every mode that takes its message in parts.
fn modes() -> [Mechanism; 6] {
    [
        plain(CKM_AES_ECB),
        with(CKM_AES_CBC, iv_of(&[7; 16])),
        with(CKM_AES_CBC_PAD, iv_of(&[7; 16])),
        counter(64, [7; 16]),
        gcm(&[7; 12], b"aad", 128),
        gcm(&[7; 5], b"", 96),
    ]
}

fn wraps() -> [Mechanism; 6] {
    [
        plain(CKM_AES_KEY_WRAP),
        plain(CKM_AES_KEY_WRAP_PAD),
        plain(CKM_AES_KEY_WRAP_PKCS7),
        plain(CKM_AES_KEY_WRAP_KWP),
        with(CKM_AES_KEY_WRAP, iv_of(&[5; 8])),
        with(CKM_AES_KEY_WRAP_KWP, iv_of(&[5; 4])),
    ]
}

#[test]
fn the_published_examples_of_each_mode_come_out_both_ways() {
    let iv: Vec<u8> = (0..16).collect();
    let block: Vec<u8> = (0xf0..=0xff).collect();
    for (mechanism, ciphertexts) in [
        (plain(CKM_AES_ECB), ECB),
        (with(CKM_AES_CBC, iv_of(&iv)), CBC),
        (counter(128, block.try_into().unwrap()), CTR),
    ] {
        for (value, ciphertext) in KEYS.iter().zip(ciphertexts) {
            let key = key(&hex(value));
            let (message, ciphertext) = (hex(MESSAGE), hex(ciphertext));
            assert_eq!(whole(Can::encrypt, &mechanism, &key, &message), Ok(ciphertext.clone()));
            assert_eq!(whole(Can::decrypt, &mechanism, &key, &ciphertext), Ok(message));
        }
    }
}

#[test]
fn the_published_examples_of_gcm_come_out_both_ways() {
    for [value, iv, aad, message, ciphertext, tag] in GCM {
        let key = key(&hex(value));
        let mechanism = gcm(&hex(iv), &hex(aad), 128);
        let (message, sealed) = (hex(message), [hex(ciphertext), hex(tag)].concat());
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &message), Ok(sealed.clone()));
        assert_eq!(in_parts(Can::encrypt, &mechanism, &key, message.chunks(7)), Ok(sealed.clone()));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed), Ok(message));
    }
}

#[test]
fn the_published_key_wraps_come_out_both_ways() {
    for (mechanism, value, data, wrapped) in KEY_WRAPS {
        let (key, mechanism) = (key(&hex(value)), plain(mechanism));
        for (forth, back) in [(Can::wrap as Ability, Can::unwrap as Ability), (Can::encrypt, Can::decrypt)] {
            assert_eq!(whole(forth, &mechanism, &key, &hex(data)), Ok(hex(wrapped)));
            assert_eq!(whole(back, &mechanism, &key, &hex(wrapped)), Ok(hex(data)));
        }
    }
}

#[test]
fn another_implementation_wraps_alike() {
    let value = [0x42; 32];
    let (kw, kwp) = (aes_kw::KwAes256::new(&value.into()), aes_kw::KwpAes256::new(&value.into()));
    for len in 1..100 {
        let data: Vec<u8> = (0..len).collect();
        let mut place = [0; 128];
        let theirs = kwp.wrap_key(&data, &mut place).unwrap().to_vec();
        assert_eq!(whole(Can::wrap, &plain(CKM_AES_KEY_WRAP_KWP), &key(&value), &data), Ok(theirs));
        if data.len() > 15 && data.len().is_multiple_of(8) {
            let theirs = kw.wrap_key(&data, &mut place).unwrap().to_vec();
            assert_eq!(whole(Can::wrap, &plain(CKM_AES_KEY_WRAP), &key(&value), &data), Ok(theirs));
        }
        if data.len() > 7 {
            let pad = 8 - len % 8;
            let padded = [&data[..], &vec![pad; pad.into()]].concat();
            let theirs = kw.wrap_key(&padded, &mut place).unwrap().to_vec();
            for name in [CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7] {
                assert_eq!(whole(Can::wrap, &plain(name), &key(&value), &data), Ok(theirs.clone()));
                assert_eq!(whole(Can::unwrap, &plain(name), &key(&value), &theirs), Ok(data.clone()));
            }
        }
    }
}

proptest! {
    #[test]
    fn parts_give_what_the_whole_gives(
        value in any::<[u8; 32]>(),
        key_len in 2usize..5,
        data in vec(any::<u8>(), 0..200),
        sizes in vec(1usize..50, 0..20),
    ) {
        let key = key(&value[..8 * key_len]);
        for mechanism in modes() {
            let pads = mechanism.mechanism_type != CKM_AES_ECB && mechanism.mechanism_type != CKM_AES_CBC;
            let data = if pads { &data[..] } else { &data[..data.len() - data.len() % 16] };
            let sealed = whole(Can::encrypt, &mechanism, &key, data).unwrap();
            prop_assert_eq!(&in_parts(Can::encrypt, &mechanism, &key, cut(data, &sizes)).unwrap(), &sealed);
            prop_assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed).unwrap(), data);
            prop_assert_eq!(in_parts(Can::decrypt, &mechanism, &key, cut(&sealed, &sizes)).unwrap(), data);
        }
        for mechanism in wraps() {
            let data = [&[1; 16], &data[..data.len() - data.len() % 8]].concat();
            let sealed = whole(Can::encrypt, &mechanism, &key, &data).unwrap();
            prop_assert_eq!(&in_parts(Can::encrypt, &mechanism, &key, cut(&data, &sizes)).unwrap(), &sealed);
            prop_assert_eq!(&in_parts(Can::decrypt, &mechanism, &key, cut(&sealed, &sizes)).unwrap(), &data);
        }
    }

    #[test]
    fn another_implementation_encrypts_alike(
        value in any::<[u8; 32]>(),
        iv in any::<[u8; 16]>(),
        aad in vec(any::<u8>(), 0..40),
        data in vec(any::<u8>(), 0..200),
    ) {
        let (key128, key192, key256) = (key(&value[..16]), key(&value[..24]), key(&value));
        let cbc = with(CKM_AES_CBC_PAD, iv_of(&iv));
        let theirs = cbc::Encryptor::<Aes192>::new_from_slices(&value[..24], &iv).unwrap();
        let theirs = padded(theirs, &data);
        prop_assert_eq!(whole(Can::encrypt, &cbc, &key192, &data).unwrap(), theirs);

        let theirs = ecb::Encryptor::<Aes128>::new_from_slice(&value[..16]).unwrap();
        let theirs = padded(theirs, &data);
        let blocks = &data[..data.len() - data.len() % 16];
        prop_assert_eq!(
            &whole(Can::encrypt, &plain(CKM_AES_ECB), &key128, blocks).unwrap()[..],
            &theirs[..blocks.len()]
        );

        // 64 bits never overflow here: the start's highest bit is cleared.
        let mut start = iv;
        start[8] &= 0x7f;
        let mut theirs = data.clone();
        ctr::Ctr64BE::<Aes256>::new_from_slices(&value, &start).unwrap().apply_keystream(&mut theirs);
        prop_assert_eq!(whole(Can::encrypt, &counter(64, start), &key256, &data).unwrap(), theirs);

        let mut theirs = data.clone();
        let nonce = aes_gcm::Nonce::try_from(&iv[..12]).unwrap();
        let tag = aes_gcm::Aes256Gcm::new_from_slice(&value)
            .unwrap()
            .encrypt_inout_detached(&nonce, &aad, theirs.as_mut_slice().into())
            .unwrap();
        theirs.extend(tag);
        prop_assert_eq!(whole(Can::encrypt, &gcm(&iv[..12], &aad, 128), &key256, &data).unwrap(), theirs);
    }
}

/// Encrypts with the other implementation and PKCS #7 padding.
fn padded(theirs: impl BlockModeEncrypt, data: &[u8]) -> Vec<u8> {
    let mut place = [data, &[0; 16]].concat();
    theirs.encrypt_padded::<Pkcs7>(&mut place, data.len()).unwrap().to_vec()
}

#[test]
fn parameters_of_another_form_are_refused_by_every_mechanism() {
    let key = key(&[7; 16]);
    let refused = |mechanism: &Mechanism| {
        for ability in [Can::encrypt as Ability, Can::decrypt, Can::wrap, Can::unwrap] {
            let error = error(start_cipher(ability, mechanism, &key));
            assert!(matches!(error, Some(Error::MechanismParamInvalid(_))), "{mechanism:?}: {error:?}");
        }
    };
    for parameters in [Parameters::Unknown, iv_of(&[0; 16]), iv_of(&[])] {
        refused(&with(CKM_AES_ECB, parameters));
    }
    for name in [CKM_AES_CBC, CKM_AES_CBC_PAD] {
        for parameters in
            [Parameters::None, Parameters::Unknown, iv_of(&[]), iv_of(&[0; 15]), iv_of(&[0; 17])]
        {
            refused(&with(name, parameters));
        }
    }
    for counter_bits in [0, 129, 1 << 32, u64::MAX] {
        refused(&counter(counter_bits, [0; 16]));
    }
    for parameters in [Parameters::None, Parameters::Unknown, iv_of(&[0; 16])] {
        refused(&with(CKM_AES_CTR, parameters.clone()));
        refused(&with(CKM_AES_GCM, parameters));
    }
    refused(&gcm(&[], b"", 128));
    for tag_bits in [0, 1, 8, 16, 24, 31, 40, 48, 56, 63, 72, 80, 88, 97, 127, 129, 136, 256, u64::MAX] {
        refused(&gcm(&[0; 12], b"", tag_bits));
    }
    for name in [CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7] {
        for parameters in [Parameters::Unknown, iv_of(&[]), iv_of(&[0; 4]), iv_of(&[0; 16])] {
            refused(&with(name, parameters));
        }
    }
    for parameters in [Parameters::Unknown, iv_of(&[]), iv_of(&[0; 8])] {
        refused(&with(CKM_AES_KEY_WRAP_KWP, parameters));
    }
}

#[test]
fn a_key_of_another_type_is_refused() {
    let other = secret_key(CKK_GENERIC_SECRET, &[7; 16]);
    for mechanism in modes().iter().chain(&wraps()) {
        for ability in [Can::encrypt as Ability, Can::decrypt, Can::wrap, Can::unwrap] {
            assert_eq!(error(start_cipher(ability, mechanism, &other)), Some(Error::KeyTypeInconsistent));
        }
    }
}

#[test]
fn without_padding_only_whole_blocks_are_taken() {
    let key = key(&[7; 16]);
    for mechanism in [plain(CKM_AES_ECB), with(CKM_AES_CBC, iv_of(&[0; 16]))] {
        for len in [1, 15, 17, 31] {
            let data = vec![0; len];
            assert_eq!(whole(Can::encrypt, &mechanism, &key, &data), Err(Error::DataLenRange));
            assert_eq!(in_parts(Can::encrypt, &mechanism, &key, data.chunks(5)), Err(Error::DataLenRange));
            let refused = Err(Error::EncryptedDataLenRange);
            assert_eq!(whole(Can::decrypt, &mechanism, &key, &data), refused);
            assert_eq!(in_parts(Can::decrypt, &mechanism, &key, data.chunks(5)), refused);
        }
        assert_eq!(whole(Can::encrypt, &mechanism, &key, &[]), Ok(Vec::new()));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &[]), Ok(Vec::new()));
    }
}

#[test]
fn a_padded_ciphertext_is_whole_blocks_at_least_one_and_well_padded() {
    let key = key(&[7; 16]);
    let mechanism = with(CKM_AES_CBC_PAD, iv_of(&[0; 16]));
    for len in [0, 1, 15, 17, 31] {
        let refused = Err(Error::EncryptedDataLenRange);
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &vec![0; len]), refused);
        assert_eq!(in_parts(Can::decrypt, &mechanism, &key, vec![0; len].chunks(5)), refused);
    }
    let block_of =
        |last| whole(Can::encrypt, &with(CKM_AES_CBC, iv_of(&[0; 16])), &key, &[last; 16]).unwrap();
    for last in [0, 17, 255] {
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &block_of(last)), Err(Error::EncryptedDataInvalid));
    }
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &block_of(16)), Ok(Vec::new()));
}

#[test]
fn padding_that_may_come_off_is_held_back_and_everything_else_given_out() {
    let key = key(&[7; 16]);
    let mechanism = with(CKM_AES_CBC_PAD, iv_of(&[0; 16]));
    let decrypting = start_cipher(Can::decrypt, &mechanism, &key).unwrap();
    for (len, given) in [(0, 0), (15, 0), (16, 0), (17, 16), (32, 16), (33, 32)] {
        assert_eq!(decrypting.update_len(len), given);
    }
    let encrypting = start_cipher(Can::encrypt, &mechanism, &key).unwrap();
    for (len, given) in [(0, 0), (15, 0), (16, 16), (17, 16), (32, 32)] {
        assert_eq!(encrypting.update_len(len), given);
    }
}

#[test]
fn a_counter_is_never_used_twice() {
    let key = key(&[7; 16]);
    // Two bits that start as 1: three blocks.
    let mechanism = counter(2, [0xfd; 16]);
    assert_eq!(whole(Can::encrypt, &mechanism, &key, &[0; 49]), Err(Error::DataLenRange));
    assert_eq!(in_parts(Can::encrypt, &mechanism, &key, [0; 49].chunks(16)), Err(Error::DataLenRange));
    let blocks = whole(Can::encrypt, &mechanism, &key, &[0; 48]).unwrap();
    let by_one = in_parts(Can::encrypt, &mechanism, &key, [0; 48].chunks(1)).unwrap();
    assert_eq!(blocks, by_one);
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &[0; 49]), Err(Error::EncryptedDataLenRange));
    assert_eq!(whole(Can::encrypt, &counter(1, [0xff; 16]), &key, &[0; 17]), Err(Error::DataLenRange));
}

#[test]
fn a_part_that_would_overflow_the_counter_changes_nothing() {
    let key = key(&[7; 16]);
    let mut cipher = start_cipher(Can::encrypt, &counter(1, [0; 16]), &key).unwrap();
    let mut out = [0; 33];
    assert_eq!(cipher.update(&[0; 33], &mut out), Err(Error::DataLenRange));
    assert_eq!(out, [0; 33]);
    cipher.update(&[0; 32], &mut out[..32]).unwrap();
    assert_eq!(out[..32], whole(Can::encrypt, &counter(8, [0; 16]), &key, &[0; 32]).unwrap());
}

#[test]
fn gcm_gives_nothing_out_unless_the_tag_holds() {
    let key = key(&[7; 32]);
    let mechanism = gcm(&[7; 12], b"aad", 96);
    let sealed = whole(Can::encrypt, &mechanism, &key, b"sixteen or more bytes").unwrap();
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        let cipher = start_cipher(Can::decrypt, &mechanism, &key).unwrap();
        let mut out = vec![0xA5; cipher.whole_len(changed.len())];
        assert_eq!(cipher.whole(&changed, &mut out), Err(Error::EncryptedDataInvalid));
        assert_eq!(out, vec![0xA5; out.len()]);
        let in_parts = in_parts(Can::decrypt, &mechanism, &key, changed.chunks(5));
        assert_eq!(in_parts, Err(Error::EncryptedDataInvalid));
    }
    for other in [gcm(&[7; 12], b"dad", 96), gcm(&[8; 12], b"aad", 96), gcm(&[7; 12], b"aad", 128)] {
        assert_eq!(whole(Can::decrypt, &other, &key, &sealed), Err(Error::EncryptedDataInvalid));
    }
    let refused = Err(Error::EncryptedDataLenRange);
    assert_eq!(whole(Can::decrypt, &mechanism, &key, &sealed[..11]), refused);
    let cipher = start_cipher(Can::decrypt, &mechanism, &key).unwrap();
    assert_eq!(cipher.update_len(1000), 0);
}

#[test]
fn a_short_tag_is_the_start_of_the_whole_one() {
    let key = key(&[7; 24]);
    let long = whole(Can::encrypt, &gcm(&[1], b"aad", 128), &key, b"message").unwrap();
    for tag_bits in [120, 112, 104, 96, 64, 32] {
        let mechanism = gcm(&[1], b"aad", tag_bits);
        let short = whole(Can::encrypt, &mechanism, &key, b"message").unwrap();
        assert_eq!(short, long[..7 + usize::try_from(tag_bits / 8).unwrap()]);
        assert_eq!(in_parts(Can::encrypt, &mechanism, &key, [&b"mess"[..], b"age"]), Ok(short.clone()));
        assert_eq!(whole(Can::decrypt, &mechanism, &key, &short), Ok(b"message".to_vec()));
    }
}

#[test]
fn a_wrapped_key_with_a_changed_bit_or_another_initial_value_is_refused() {
    let key = key(&[7; 16]);
    for mechanism in wraps() {
        let wrapped = whole(Can::wrap, &mechanism, &key, &[0x11; 24]).unwrap();
        for i in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[i] ^= 0x80;
            let refused = whole(Can::unwrap, &mechanism, &key, &changed);
            assert_eq!(refused, Err(Error::EncryptedDataInvalid));
        }
        for len in [0, 1, 8, 15, wrapped.len() - 1, wrapped.len() + 1] {
            let resized: Vec<u8> = wrapped.iter().copied().chain([0]).take(len).collect();
            let refused = whole(Can::unwrap, &mechanism, &key, &resized);
            assert_eq!(refused, Err(Error::EncryptedDataLenRange));
        }
        let others = wraps();
        let others = others.iter().filter(|other| other.parameters != mechanism.parameters);
        for other in others {
            assert_eq!(whole(Can::unwrap, other, &key, &wrapped), Err(Error::EncryptedDataInvalid));
        }
    }
}

#[test]
fn each_key_wrap_keeps_to_the_lengths_of_its_standard() {
    let key = key(&[7; 16]);
    let kw = plain(CKM_AES_KEY_WRAP);
    for len in [0, 1, 8, 15, 17, 23] {
        assert_eq!(whole(Can::encrypt, &kw, &key, &vec![1; len]), Err(Error::DataLenRange));
    }
    for len in [0, 1, 8] {
        assert_eq!(whole(Can::wrap, &kw, &key, &vec![1; len]), Err(Error::DataLenRange));
    }
    // A key is filled with zeros, data is not.
    let filled = whole(Can::unwrap, &kw, &key, &whole(Can::wrap, &kw, &key, &[1; 17]).unwrap()).unwrap();
    assert_eq!(filled, [[1; 17].as_slice(), &[0; 7]].concat());
    assert_eq!(whole(Can::wrap, &plain(CKM_AES_KEY_WRAP_KWP), &key, &[]), Err(Error::DataLenRange));
    assert_eq!(whole(Can::wrap, &plain(CKM_AES_KEY_WRAP_PAD), &key, &[1; 7]), Err(Error::DataLenRange));
}

#[test]
fn wrapping_in_a_block_mode_fills_the_last_block_with_zeros() {
    let key = key(&[7; 16]);
    for mechanism in [plain(CKM_AES_ECB), with(CKM_AES_CBC, iv_of(&[0; 16]))] {
        let wrapped = whole(Can::wrap, &mechanism, &key, &[1; 24]).unwrap();
        let expected = [[1; 24].as_slice(), &[0; 8]].concat();
        assert_eq!(whole(Can::unwrap, &mechanism, &key, &wrapped), Ok(expected));
        let whole_blocks = whole(Can::wrap, &mechanism, &key, &[1; 32]).unwrap();
        assert_eq!(whole_blocks.len(), 32);
    }
}

#[test]
fn keys_are_made_in_three_lengths() {
    let template = |len: Option<u64>| {
        let mut template = Attributes::new();
        if let Some(len) = len {
            template.set_ulong(CKA_VALUE_LEN, len);
        }
        of_class(CKO_SECRET_KEY, CKK_AES, template)
    };
    let generation = plain(CKM_AES_KEY_GEN);
    for len in [16, 24, 32] {
        let made = generate_key(&generation, &template(Some(len))).unwrap();
        assert_eq!(made.bytes(CKA_VALUE).unwrap().len() as u64, len);
        let again = generate_key(&generation, &template(Some(len))).unwrap();
        assert_ne!(made.bytes(CKA_VALUE), again.bytes(CKA_VALUE));
    }
    for len in [0, 1, 15, 17, 33, 64, 0x1_0000_0010, u64::MAX] {
        let refused = error(generate_key(&generation, &template(Some(len))));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_VALUE_LEN)));
    }
    let refused = error(generate_key(&generation, &template(None)));
    assert_eq!(refused, Some(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    let refused = error(generate_key(&with(CKM_AES_KEY_GEN, Parameters::Unknown), &template(Some(16))));
    assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
}

#[test]
fn the_check_value_is_the_start_of_an_encrypted_block_of_zeros() {
    let complete = crate::fixtures::complete(&secret_attributes(CKK_AES, &[0; 16])).unwrap();
    // The second of the GCM examples' keys: their H.
    assert_eq!(complete.bytes(CKA_CHECK_VALUE), Some(&hex("66e94b")[..]));
}
