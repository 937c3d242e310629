//! AES: NIST's examples of the modes, Wycheproof's sets of padding, GCM and key wrapping.

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CKA_CLASS, CKA_KEY_TYPE, CKK_AES, CKK_GENERIC_SECRET,
    CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::mechanisms::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::mechanisms::usable;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{ctr, gcm, with};
use pkcs11_tests::{Sent, Template, mechanism};

use crate::desk::Desk;
use crate::wycheproof_sets::{aead, ciphers, key_wraps};

/// The plaintext of every example of SP 800-38A appendix F.
pub(crate) const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
                     30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
pub(crate) const KEYS: [&str; 3] = [
    "2b7e151628aed2a6abf7158809cf4f3c",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
];
pub(crate) const IV: &str = "000102030405060708090a0b0c0d0e0f";
const COUNTER: [u8; 16] =
    [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];

/// Section of SP 800-38A's examples, mechanism, and the ciphertexts by key.
pub(crate) const MODES: &[(&str, u64, [&str; 3])] = &[
    (
        "F.1",
        CKM_AES_ECB,
        [
            "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf\
             43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4",
            "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef\
             ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e",
            "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870\
             b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7",
        ],
    ),
    (
        "F.2",
        CKM_AES_CBC,
        [
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2\
             73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
            "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a\
             571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
             39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
        ],
    ),
    (
        "F.5",
        CKM_AES_CTR,
        [
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff\
             5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
            "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94\
             1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5\
             2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
        ],
    ),
];

pub(crate) fn run(desk: &Desk<'_>) {
    let (iv, counter) = (unhex(IV), ctr(128, COUNTER));
    for (section, kind, ciphertexts) in MODES {
        let by = match *kind {
            CKM_AES_CBC => with(*kind, &iv[..]),
            CKM_AES_CTR => counter.mechanism(),
            _ => mechanism(*kind),
        };
        for (key, sealed) in KEYS.iter().zip(ciphertexts) {
            both_ways(
                desk,
                &format!("SP 800-38A {section}"),
                &by,
                &unhex(key),
                (&unhex(PLAIN), &unhex(sealed)),
            );
        }
    }
    ciphers(desk, "aes_cbc_pkcs5", CKM_AES_CBC_PAD, CKK_AES);
    let parameters = |iv: &[u8], aad: &[u8], bits, _| gcm(Sent::from(iv), Sent::from(aad), bits);
    aead(desk, "aes_gcm", CKM_AES_GCM, CKK_AES, parameters, |gcm| gcm.mechanism());
    key_wraps(desk, "aes_wrap", CKM_AES_KEY_WRAP);
    key_wraps(desk, "aes_kwp", CKM_AES_KEY_WRAP_KWP);
    padded_key_wraps(desk);
    of_cloudhsm(desk);
}

/// Mechanism of CloudHSM's, source, key, plaintext and ciphertext.
const CLOUDHSM: [(u64, &str, &str, &str, &str); 3] = [
    (
        CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD,
        "RFC 3394 section 4.6",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
    ),
    (
        CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
        "RFC 5649 section 6",
        "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
        "c37b7e6492584340bed12207808941155068f738",
        "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
    ),
    (
        CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
        "RFC 5649 section 6",
        "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
        "466f7250617369",
        "afbeb0f07dfbf5419200f2ccb50bb24f",
    ),
];

/// NIST's GCM submission, test case 4: key, associated data, and vector, ciphertext and tag in a row.
const PREPENDED: [&str; 4] = [
    "feffe9928665731c6d6a8f9467308308",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    "cafebabefacedbaddecaf88842831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c\
     7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5\
     aa0de657ba637b39",
];

fn of_cloudhsm(desk: &Desk<'_>) {
    for (kind, source, key, plain, sealed) in CLOUDHSM {
        both_ways(desk, source, &mechanism(kind), &unhex(key), (&unhex(plain), &unhex(sealed)));
    }
    let [key, aad, sealed, plain] = PREPENDED.map(unhex);
    let parameters = gcm(Sent::null(0), Sent::from(&aad), 128).parameters;
    let by = with(CKM_CLOUDHSM_AES_GCM, &parameters);
    let opened = desk.with_secret(CKK_AES, &key, |key| desk.decrypt(&by, key, &sealed));
    desk.compare(by.mechanism, "GCM submission, test case 4", "decrypted", &opened, &plain);
}

/// Encrypts and decrypts a published example with an AES key.
fn both_ways(desk: &Desk<'_>, source: &str, by: &CK_MECHANISM, key: &[u8], (plain, sealed): (&[u8], &[u8])) {
    let made = desk.with_secret(CKK_AES, key, |key| desk.encrypt(by, key, plain));
    desk.compare(by.mechanism, source, "encrypted", &made, sealed);
    let opened = desk.with_secret(CKK_AES, key, |key| desk.decrypt(by, key, sealed));
    desk.compare(by.mechanism, source, "decrypted", &opened, plain);
}

/// The value of a key that is unwrapped.
pub(crate) fn unwrapped(desk: &Desk<'_>, by: &CK_MECHANISM, key: CK_OBJECT_HANDLE, sealed: &[u8]) -> Answer {
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    match desk.m.unwrap_key(desk.session, Some(by), key, sealed.into(), &usable(template)) {
        (CKR_OK, key) => Ok(desk.last_value(key)),
        (rv, _) => Err(rv),
    }
}

const PADDED_KEY_WRAPS: [CK_MECHANISM_TYPE; 3] =
    [CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD];

/// NIST CAVP, key wrapping (SP 800-38F, CAVS 17.4): file and case, key, what is wrapped, ciphertext. What is wrapped ends in
/// one byte of 01, which is as what is padded ends.
const ENDS_AS_PADDED: &[(&str, [&str; 3])] = &[
    (
        "NIST CAVP KW_AE_128.txt, case 19 less its padding",
        [
            "688a6e52120088f342130d9c799bfa9d",
            "8312678eb1e73e9093a0a0a880b86501",
            "d3dfc000273d872b51c512e9f338574b29dbf3026b55030e",
        ],
    ),
    (
        "NIST CAVP KW_AE_192.txt, case 70 less its padding",
        [
            "bf4ee24260573d6d8b94b4e07146aa074e5bb04c7d12aed6",
            "1fea94be0076e9611ad82cda077da9b53b1d1097d3e6d001",
            "b036818480eaa8eb190847ecf0353b5e7c9b9082d4c2c211e3683f7eb0d75014",
        ],
    ),
    (
        "NIST CAVP KW_AE_256.txt, case 42 less its padding",
        [
            "736ea502bbe5ac532563823d834d0a5e74a4f89e5841c23e9ebf485fbbb8f52a",
            "c4d0a62c29449ae02e087092d8beb5b892087e22b02299e90ccbba6df09fbb01",
            "1f5a1d35693076fbed3fee81d1418966b3f4f3040a805b91cbf433f83ed5cb20542efa8c0757f47b",
        ],
    ),
];

/// Section 6.16.3: the padding of PKCS #7, and then the wrapping whose vectors are Wycheproof's.
fn padded_key_wraps(desk: &Desk<'_>) {
    for (source, parts) in ENDS_AS_PADDED {
        let [key, padded, sealed] = parts.map(unhex);
        for kind in PADDED_KEY_WRAPS {
            both_ways(desk, source, &mechanism(kind), &key, (&padded[..padded.len() - 1], &sealed));
        }
    }
    let source = "self-consistent: AES_KEY_WRAP of what is padded by RFC 5652 section 6.3";
    for kind in PADDED_KEY_WRAPS {
        for len in [8, 9, 16, 20, 31, 32] {
            let plain = vec![len; usize::from(len)];
            let pad = 8 - len % 8;
            let padded = [&plain[..], &vec![pad; usize::from(pad)]].concat();
            let key = unhex(KEYS[2]);
            let by = mechanism(CKM_AES_KEY_WRAP);
            let whole = desk.with_secret(CKK_AES, &key, |key| desk.encrypt(&by, key, &padded));
            let made = desk.with_secret(CKK_AES, &key, |key| desk.encrypt(&mechanism(kind), key, &plain));
            desk.compare(kind, source, format!("{len} bytes"), &made, &whole.unwrap());
            let opened =
                desk.with_secret(CKK_AES, &key, |key| desk.decrypt(&mechanism(kind), key, &made.unwrap()));
            desk.compare(kind, source, format!("{len} bytes back"), &opened, &plain);
        }
    }
}
