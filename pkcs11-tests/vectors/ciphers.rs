//! The other modes of AES, and DES, Camellia, ChaCha20 and Poly1305.

use cryptoki_sys::{
    CK_MECHANISM, CKK_AES, CKK_AES_XTS, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3,
    CKK_POLY1305, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64,
    CKM_AES_CFB128, CKM_AES_CTS, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_GMAC, CKM_AES_MAC, CKM_AES_MAC_GENERAL,
    CKM_AES_OFB, CKM_AES_XCBC_MAC, CKM_AES_XCBC_MAC_96, CKM_AES_XTS, CKM_CAMELLIA_CBC,
    CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_PAD, CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB,
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL, CKM_CHACHA20_POLY1305,
    CKM_DES_CBC, CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_CBC_PAD, CKM_DES_ECB, CKM_DES_ECB_ENCRYPT_DATA,
    CKM_DES_MAC, CKM_DES_MAC_GENERAL, CKM_DES3_CBC, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_CBC_PAD,
    CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_MAC,
    CKM_DES3_MAC_GENERAL, CKM_POLY1305, CKR_OK,
};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::derivations::{chained_data, string_data};
use pkcs11_tests::raw::parameters::{ccm, chacha20, chacha20_poly1305, ctr, with};
use pkcs11_tests::{Sent, mechanism};

use crate::aes::{IV, KEYS, MODES, PLAIN};
use crate::desk::Desk;
use crate::wycheproof_sets::{aead, ciphers};

/// A published value: source, mechanism, type of the key, key, parameter bytes, input, output. No bytes are no parameter.
type Row = (&'static str, u64, u64, &'static str, &'static str, &'static str, &'static str);

/// FIPS 81's key, the same twice and three times, its message and vector, and what comes of it.
const FIPS_81: [&str; 3] = [
    "0123456789abcdef",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef",
];
const NOW_IS_THE_TIME: &str = "4e6f77206973207468652074696d6520666f7220616c6c20";
const FIPS_81_IV: &str = "1234567890abcdef";
const FIPS_81_ECB: &str = "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53";
const FIPS_81_CBC: &str = "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6";
/// SP 800-67 appendix B.1.
const SP_800_67: (&str, &str, &str) = (
    "0123456789abcdef23456789abcdef01456789abcdef0123",
    "54686520717566636b2062726f776e20666f78206a756d70",
    "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900",
);
/// RFC 3713 appendix A: key and block, and the ciphertext.
const RFC_3713: (&str, &str) = ("0123456789abcdeffedcba9876543210", "67673138549669730857065648eabe43");
const ZEROS: &str = "00000000000000000000000000000000";

const CIPHERS: &[Row] = &[
    (
        "IEEE 1619 vector 2",
        CKM_AES_XTS,
        CKK_AES_XTS,
        "1111111111111111111111111111111122222222222222222222222222222222",
        "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ),
    (
        "IEEE 1619 vector 15",
        CKM_AES_XTS,
        CKK_AES_XTS,
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10",
        "6c1625db4671522d3d7599601de7ca09ed",
    ),
    (
        "IEEE 1619 vector 16",
        CKM_AES_XTS,
        CKK_AES_XTS,
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0",
        "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f1011",
        "d069444b7a7e0cab09e24447d24deb1fedbf",
    ),
    ("FIPS 81", CKM_DES_ECB, CKK_DES, FIPS_81[0], "", NOW_IS_THE_TIME, FIPS_81_ECB),
    ("FIPS 81", CKM_DES_CBC, CKK_DES, FIPS_81[0], FIPS_81_IV, NOW_IS_THE_TIME, FIPS_81_CBC),
    ("SP 800-67 B.1", CKM_DES3_ECB, CKK_DES3, SP_800_67.0, "", SP_800_67.1, SP_800_67.2),
    ("FIPS 81, with one key for two", CKM_DES3_ECB, CKK_DES2, FIPS_81[1], "", NOW_IS_THE_TIME, FIPS_81_ECB),
    (
        "FIPS 81, with one key for three",
        CKM_DES3_CBC,
        CKK_DES3,
        FIPS_81[2],
        FIPS_81_IV,
        NOW_IS_THE_TIME,
        FIPS_81_CBC,
    ),
    ("RFC 3713", CKM_CAMELLIA_ECB, CKK_CAMELLIA, RFC_3713.0, "", RFC_3713.0, RFC_3713.1),
    (
        "RFC 3713",
        CKM_CAMELLIA_ECB,
        CKK_CAMELLIA,
        "0123456789abcdeffedcba98765432100011223344556677",
        "",
        RFC_3713.0,
        "b4993401b3e996f84ee5cee7d79b09b9",
    ),
    (
        "RFC 3713",
        CKM_CAMELLIA_ECB,
        CKK_CAMELLIA,
        "0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff",
        "",
        RFC_3713.0,
        "9acc237dff16d76c20ef7c919e3a7509",
    ),
    (
        "RFC 3713, after a block of zeros",
        CKM_CAMELLIA_CBC,
        CKK_CAMELLIA,
        RFC_3713.0,
        ZEROS,
        RFC_3713.0,
        RFC_3713.1,
    ),
];

/// As above; of MACs, cut to the length of what is published.
const MACS: &[Row] = &[
    (
        "RFC 3566",
        CKM_AES_XCBC_MAC,
        CKK_AES,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "",
        "75f0251d528ac01c4573dfd584d79f29",
    ),
    (
        "RFC 3566",
        CKM_AES_XCBC_MAC,
        CKK_AES,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "000102",
        "5b376580ae2f19afe7219ceef172756f",
    ),
    (
        "RFC 3566",
        CKM_AES_XCBC_MAC,
        CKK_AES,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "000102030405060708090a0b0c0d0e0f",
        "d2a246fa349b68a79998a4394ff7a263",
    ),
    (
        "RFC 3566",
        CKM_AES_XCBC_MAC_96,
        CKK_AES,
        "000102030405060708090a0b0c0d0e0f",
        "",
        "000102030405060708090a0b0c0d0e0f10111213",
        "47f51b4564966215b8985c63",
    ),
    (
        "NIST CAVP gcmEncryptExtIV128",
        CKM_AES_GMAC,
        CKK_AES,
        "77be63708971c4e240d1cb79e8d77feb",
        "e0e00f19fed7ba0136a797f3",
        "7a43ec1d9c0a5a78a0b16533a6213cab",
        "209fcc8d3675ed938e9c7166709dd946",
    ),
    (
        "SP 800-38A F.1, one block",
        CKM_AES_MAC,
        CKK_AES,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "6bc1bee22e409f96e93d7e117393172a",
        "3ad77bb40d7a3660",
    ),
    (
        "SP 800-38A F.1, one block",
        CKM_AES_MAC_GENERAL,
        CKK_AES,
        "2b7e151628aed2a6abf7158809cf4f3c",
        "",
        "6bc1bee22e409f96e93d7e117393172a",
        "3ad77bb40d7a3660a89ecaf32466ef97",
    ),
    ("RFC 3713, one block", CKM_CAMELLIA_MAC, CKK_CAMELLIA, RFC_3713.0, "", RFC_3713.0, "6767313854966973"),
    ("RFC 3713, one block", CKM_CAMELLIA_MAC_GENERAL, CKK_CAMELLIA, RFC_3713.0, "", RFC_3713.0, RFC_3713.1),
    (
        "FIPS 113",
        CKM_DES_MAC,
        CKK_DES,
        FIPS_81[0],
        "",
        "37363534333231204e6f77206973207468652074696d6520666f7220",
        "f1d30f68",
    ),
    (
        "FIPS 113",
        CKM_DES_MAC_GENERAL,
        CKK_DES,
        FIPS_81[0],
        "",
        "37363534333231204e6f77206973207468652074696d6520666f7220",
        "f1d30f6849312ca4",
    ),
    (
        "FIPS 113, with one key for two",
        CKM_DES3_MAC,
        CKK_DES2,
        FIPS_81[1],
        "",
        "37363534333231204e6f77206973207468652074696d6520666f7220",
        "f1d30f68",
    ),
    (
        "FIPS 113, with one key for three",
        CKM_DES3_MAC_GENERAL,
        CKK_DES3,
        FIPS_81[2],
        "",
        "37363534333231204e6f77206973207468652074696d6520666f7220",
        "f1d30f6849312ca4",
    ),
    (
        "SP 800-38B D.4",
        CKM_DES3_CMAC,
        CKK_DES3,
        "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
        "",
        "",
        "b7a688e122ffaf95",
    ),
    (
        "SP 800-38B D.4",
        CKM_DES3_CMAC,
        CKK_DES3,
        "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
        "",
        "6bc1bee22e409f96e93d7e117393172aae2d8a57",
        "743ddbe0ce2dc2ed",
    ),
    (
        "SP 800-38B D.5",
        CKM_DES3_CMAC,
        CKK_DES2,
        "4cf15134a2850dd58a3d10ba80570d38",
        "",
        "6bc1bee22e409f96",
        "4ff2ab813c53ce83",
    ),
    (
        "SP 800-38B D.5, cut",
        CKM_DES3_CMAC_GENERAL,
        CKK_DES2,
        "4cf15134a2850dd58a3d10ba80570d38",
        "",
        "6bc1bee22e409f96",
        "4ff2ab813c",
    ),
    (
        "RFC 8439 2.5.2",
        CKM_POLY1305,
        CKK_POLY1305,
        "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
        "",
        "43727970746f6772617068696320466f72756d2052657365617263682047726f7570",
        "a8061dc1305136c6c22b8baf0c0127a9",
    ),
];

/// SP 800-38A sections F.3 and F.4: the mechanism and the first bytes of the ciphertext, by key. Of CFB64 the first segment,
/// which is that of CFB128.
const FEEDBACK: &[(&str, u64, [&str; 3])] = &[
    ("F.3.1", CKM_AES_CFB1, ["68b3", "9359", "9029"]),
    (
        "F.3.7",
        CKM_AES_CFB8,
        [
            "3b79424c9c0dd436bace9e0ed4586a4f32b9",
            "cda2521ef0a905ca44cd057cbf0d47a0678a",
            "dc1f1a8520a64db55fcc8ac554844e889700",
        ],
    ),
    ("F.3.13, one segment", CKM_AES_CFB64, ["3b3fd92eb72dad20", "cdc80d6fddf18cab", "dc7e84bfda79164b"]),
    (
        "F.3.13",
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
        "F.4",
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

/// RFC 3962 appendix B: bytes of the message, and the ciphertext, whose last two blocks stand the other way round in CS1.
const STEALING: &[(usize, &str)] = &[
    (17, "c6353568f2bf8cb4d8a580362da7ff7f97"),
    (31, "fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5"),
    (32, "39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584"),
    (47, "97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5"),
];

pub(crate) fn run(desk: &Desk<'_>) {
    for (source, kind, key_type, key, parameter, plain, sealed) in CIPHERS {
        let parameter = unhex(parameter);
        let by = if parameter.is_empty() { mechanism(*kind) } else { with(*kind, &parameter[..]) };
        both_ways(desk, source, &by, (*key_type, &unhex(key)), (&unhex(plain), &unhex(sealed)));
    }
    for row in MACS {
        published_mac(desk, row);
    }
    feedback(desk);
    stealing(desk);
    padded_blocks(desk);
    streams(desk);
    keys_of_data(desk);
    ciphers(desk, "aes_xts", CKM_AES_XTS, CKK_AES_XTS);
    ciphers(desk, "camellia_cbc_pkcs5", CKM_CAMELLIA_CBC_PAD, CKK_CAMELLIA);
    let of_ccm =
        |nonce: &[u8], aad: &[u8], bits: u64, len| ccm(len, Sent::from(nonce), Sent::from(aad), bits / 8);
    aead(desk, "aes_ccm", CKM_AES_CCM, CKK_AES, of_ccm, |ccm| ccm.mechanism());
    let sealing =
        |nonce: &[u8], aad: &[u8], _: u64, _: usize| chacha20_poly1305(Sent::from(nonce), Sent::from(aad));
    for set in ["chacha20_poly1305", "xchacha20_poly1305"] {
        aead(desk, set, CKM_CHACHA20_POLY1305, CKK_CHACHA20, sealing, |sealing| sealing.mechanism());
    }
}

fn both_ways(
    desk: &Desk<'_>,
    source: &str,
    by: &CK_MECHANISM,
    (key_type, key): (u64, &[u8]),
    (plain, sealed): (&[u8], &[u8]),
) {
    let made = desk.with_secret(key_type, key, |key| desk.encrypt(by, key, plain));
    desk.compare(by.mechanism, source, "encrypted", &made, sealed);
    let opened = desk.with_secret(key_type, key, |key| desk.decrypt(by, key, sealed));
    desk.compare(by.mechanism, source, "decrypted", &opened, plain);
}

fn published_mac(desk: &Desk<'_>, (source, kind, key_type, key, parameter, message, mac): &Row) {
    let (parameter, message, mac) = (unhex(parameter), unhex(message), unhex(mac));
    let len = mac.len() as u64;
    let general = [
        CKM_AES_MAC_GENERAL,
        CKM_CAMELLIA_MAC_GENERAL,
        CKM_DES_MAC_GENERAL,
        CKM_DES3_MAC_GENERAL,
        CKM_DES3_CMAC_GENERAL,
    ];
    let by = if general.contains(kind) {
        with(*kind, &len)
    } else if parameter.is_empty() {
        mechanism(*kind)
    } else {
        with(*kind, &parameter[..])
    };
    let done = desk.with_secret(*key_type, &unhex(key), |key| {
        Ok((desk.sign(&by, key, &message)?, desk.verify(&by, key, &message, &mac)))
    });
    desk.count(*kind, source, format!("{done:?}"), done == Ok((mac, CKR_OK)));
}

fn feedback(desk: &Desk<'_>) {
    let iv = unhex(IV);
    for (section, kind, ciphertexts) in FEEDBACK {
        for (key, sealed) in KEYS.iter().zip(ciphertexts) {
            let (key, sealed) = (unhex(key), unhex(sealed));
            let plain = &unhex(PLAIN)[..sealed.len()];
            let source = format!("SP 800-38A {section}");
            both_ways(desk, &source, &with(*kind, &iv[..]), (CKK_AES, &key), (plain, &sealed));
        }
    }
}

fn stealing(desk: &Desk<'_>) {
    let message = b"I would like the General Gau's Chicken, please,";
    for (len, published) in STEALING {
        let published = unhex(published);
        let (start, rest) = published.split_at(len - 16 - ((len - 1) % 16 + 1));
        let sealed = [start, &rest[16..], &rest[..16]].concat();
        let by = with(CKM_AES_CTS, &[0u8; 16]);
        let source = "RFC 3962 appendix B, the last two blocks turned";
        both_ways(desk, source, &by, (CKK_AES, b"chicken teriyaki"), (&message[..*len], &sealed));
    }
}

/// CBC whose examples are above, of what is padded; and an example of NIST's whose message ends in one byte of 01, which
/// is as what is padded ends. Its three keys are one, so that it is an example of DES too.
fn padded_blocks(desk: &Desk<'_>) {
    let [key, iv, padded, sealed] = ENDS_AS_PADDED.map(unhex);
    let plain = &padded[..padded.len() - 1];
    for (kind, key_type, keys) in [(CKM_DES_CBC_PAD, CKK_DES, 1), (CKM_DES3_CBC_PAD, CKK_DES3, 3)] {
        let source = "NIST CAVP TCBCMMT1.rsp, case 2 less its padding";
        both_ways(desk, source, &with(kind, &iv[..]), (key_type, &key.repeat(keys)), (plain, &sealed));
    }
    for (kind, cbc, key_type, key) in [
        (CKM_DES_CBC_PAD, CKM_DES_CBC, CKK_DES, FIPS_81[0]),
        (CKM_DES3_CBC_PAD, CKM_DES3_CBC, CKK_DES3, SP_800_67.0),
    ] {
        let (source, iv) =
            ("self-consistent: CBC of what is padded by RFC 5652 section 6.3", unhex(FIPS_81_IV));
        for len in [0u8, 1, 7, 8, 9] {
            let plain = vec![len; usize::from(len)];
            let pad = 8 - len % 8;
            let padded = [&plain[..], &vec![pad; usize::from(pad)]].concat();
            let by = with(cbc, &iv[..]);
            let sealed = desk.with_secret(key_type, &unhex(key), |key| desk.encrypt(&by, key, &padded));
            let by = with(kind, &iv[..]);
            both_ways(desk, source, &by, (key_type, &unhex(key)), (&plain, &sealed.unwrap()));
        }
    }
}

fn streams(desk: &Desk<'_>) {
    let key: Vec<u8> = (0..32).collect();
    let nonce = unhex("000000000000004a00000000");
    let by = chacha20(&[1, 0, 0, 0], Sent::from(&nonce));
    let sealed = "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b\
                  f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8\
                  07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736\
                  5af90bbf74a35be6b40b8eedf2785e42874d";
    let plain =
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                  sunscreen would be it.";
    both_ways(desk, "RFC 8439 2.4.2", &by.mechanism(), (CKK_CHACHA20, &key), (plain, &unhex(sealed)));
    let mut block = [0; 16];
    (block[3], block[15]) = (0x30, 1);
    let parameters = ctr(32, block).parameters;
    let by = with(CKM_CAMELLIA_CTR, &parameters);
    let key = unhex("ae6852f8121067cc4bf7a5765577f39e");
    let sealed = unhex("d09dc29a8214619a20877c76db1f0b3f");
    both_ways(desk, "RFC 5528", &by, (CKK_CAMELLIA, &key), (b"Single block msg", &sealed));
}

/// NIST CAVP, `TCBCMMT1.rsp`, encryption, case 2: the key that stands three times, vector, message, ciphertext.
const ENDS_AS_PADDED: [&str; 4] = [
    "989dd9341aec9efd",
    "1dad342c0fb3c9b1",
    "aafe7854d34e6730899599c879dcc28ea0397361b2a19d01",
    "69ceb8567acbac1b47d91802a235c4e9e4d0af894c533759",
];

/// A key derived of data is the ciphertext that is published.
fn keys_of_data(desk: &Desk<'_>) {
    let derived = |source: &str, by: &CK_MECHANISM, (key_type, key): (u64, &str), sealed: &str| {
        let sealed = unhex(sealed);
        let found = desk.with_secret(key_type, &unhex(key), |key| desk.derive(by, key, sealed.len()));
        desk.compare(by.mechanism, source, "derived", &found, &sealed);
    };
    let plain = unhex(PLAIN);
    let iv: [u8; 16] = unhex(IV).try_into().unwrap();
    let ([_, _, ecb], [_, _, cbc]) = (MODES[0].2, MODES[1].2);
    let by = string_data(CKM_AES_ECB_ENCRYPT_DATA, &plain);
    derived("SP 800-38A F.1", &by.mechanism(), (CKK_AES, KEYS[2]), ecb);
    let by = chained_data(CKM_AES_CBC_ENCRYPT_DATA, iv, &plain);
    derived("SP 800-38A F.2", &by.mechanism(), (CKK_AES, KEYS[2]), cbc);
    let plain = unhex(NOW_IS_THE_TIME);
    let iv: [u8; 8] = unhex(FIPS_81_IV).try_into().unwrap();
    let by = string_data(CKM_DES_ECB_ENCRYPT_DATA, &plain);
    derived("FIPS 81", &by.mechanism(), (CKK_DES, FIPS_81[0]), FIPS_81_ECB);
    let by = chained_data(CKM_DES_CBC_ENCRYPT_DATA, iv, &plain);
    derived("FIPS 81", &by.mechanism(), (CKK_DES, FIPS_81[0]), FIPS_81_CBC);
    let by = string_data(CKM_DES3_ECB_ENCRYPT_DATA, &unhex(SP_800_67.1));
    derived("SP 800-67 B.1", &by.mechanism(), (CKK_DES3, SP_800_67.0), SP_800_67.2);
    let by = chained_data(CKM_DES3_CBC_ENCRYPT_DATA, iv, &plain);
    derived("FIPS 81, with one key for three", &by.mechanism(), (CKK_DES3, FIPS_81[2]), FIPS_81_CBC);
    let by = string_data(CKM_CAMELLIA_ECB_ENCRYPT_DATA, &unhex(RFC_3713.0));
    derived("RFC 3713", &by.mechanism(), (CKK_CAMELLIA, RFC_3713.0), RFC_3713.1);
    let by = chained_data(CKM_CAMELLIA_CBC_ENCRYPT_DATA, [0u8; 16], &unhex(RFC_3713.0));
    derived("RFC 3713, after a block of zeros", &by.mechanism(), (CKK_CAMELLIA, RFC_3713.0), RFC_3713.1);
}
