//! Keys out of keys and of passwords: `openssl kdf`, and what is composed of its HMAC.

use cryptoki_sys::{
    CKA_CLASS, CKA_KEY_TYPE, CKA_TOKEN, CKA_VALUE_LEN, CKK_AES, CKK_DES3, CKK_GENERIC_SECRET, CKM_AES_CMAC,
    CKM_DES3_CMAC, CKM_HKDF_DATA, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA3_224, CKM_SHA3_224_HMAC, CKM_SHA3_256,
    CKM_SHA3_256_HMAC, CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_512, CKM_SHA3_512_HMAC, CKM_SHA224,
    CKM_SHA224_HMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA512, CKM_SHA512_224,
    CKM_SHA512_256, CKM_SHA512_HMAC, CKM_SP800_108_COUNTER_KDF, CKO_SECRET_KEY, CKP_PKCS5_PBKD2_HMAC_SHA1,
    CKP_PKCS5_PBKD2_HMAC_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_PKCS5_PBKD2_HMAC_SHA384,
    CKP_PKCS5_PBKD2_HMAC_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512_224, CKP_PKCS5_PBKD2_HMAC_SHA512_256,
};
use pkcs11_tests::mechanisms::{Structure, odd_parity, usable};
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::derivations::{counter_kdf, double_pipeline_kdf, feedback_kdf};
use pkcs11_tests::raw::parameters::{hkdf as of_hkdf, pbkd2};
use pkcs11_tests::{Sent, Template};

use super::others::{Hash, kdf, shake, sized};
use super::{Question, Verdict, same, told};

/// The shortest key that is derived (decision 0023), and the longest that is asked for here.
const LENS: (usize, usize) = (14, 150);

/// OpenSSL's name of a hash function, its digest, and its HMAC.
const HASHES: [(&str, u64, u64); 9] = [
    ("sha1", CKM_SHA_1, CKM_SHA_1_HMAC),
    ("sha224", CKM_SHA224, CKM_SHA224_HMAC),
    ("sha256", CKM_SHA256, CKM_SHA256_HMAC),
    ("sha384", CKM_SHA384, CKM_SHA384_HMAC),
    ("sha512", CKM_SHA512, CKM_SHA512_HMAC),
    ("sha3-224", CKM_SHA3_224, CKM_SHA3_224_HMAC),
    ("sha3-256", CKM_SHA3_256, CKM_SHA3_256_HMAC),
    ("sha3-384", CKM_SHA3_384, CKM_SHA3_384_HMAC),
    ("sha3-512", CKM_SHA3_512, CKM_SHA3_512_HMAC),
];

fn len(q: &Question<'_>) -> usize {
    q.chance.between(LENS.0, LENS.1)
}

/// The start of the digest of the base key.
pub(super) fn digest_of_key(q: &Question<'_>, hash: Hash) -> Verdict {
    let key = q.key();
    let other = hash.of(&key);
    let len = q.chance.between(LENS.0, other.len());
    same(&q.with_key(&key, |key| q.derived(&q.plain(), key, len))?, &other[..len])
}

pub(super) fn shake128(q: &Question<'_>) -> Verdict {
    shaken(q, "shake128")
}

pub(super) fn shake256(q: &Question<'_>) -> Verdict {
    shaken(q, "shake256")
}

fn shaken(q: &Question<'_>, name: &str) -> Verdict {
    let (key, len) = (q.key(), len(q));
    same(&q.with_key(&key, |key| q.derived(&q.plain(), key, len))?, &shake(name, &key, len))
}

/// Both stages, to a key or to data.
pub(super) fn hkdf(q: &Question<'_>) -> Verdict {
    let cut = [("sha512-224", CKM_SHA512_224), ("sha512-256", CKM_SHA512_256)];
    let hashes = [&HASHES.map(|(name, hash, _)| (name, hash))[..], &cut].concat();
    let (key, len, (name, hash)) = (q.chance.bytes(q.chance.between(1, 100)), len(q), q.chance.pick(&hashes));
    let (salt, info) = (q.chance.bytes(q.chance.between(1, 80)), q.chance.some(80));
    let mut by = of_hkdf(q.row.kind, Sent::from(&salt[..]), Sent::from(&info[..]));
    by.parameters.prfHashMechanism = hash;
    let by = by.mechanism();
    let found = q.with_key(&key, |key| {
        if q.row.kind == CKM_HKDF_DATA {
            let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_VALUE_LEN, len as u64);
            q.derived_as(&by, key, &template)
        } else {
            q.derived(&by, key, len)
        }
    })?;
    let mut options = vec![format!("digest:{name}"), format!("hexkey:{}", hex(&key))];
    options.push(format!("hexsalt:{}", hex(&salt)));
    if !info.is_empty() {
        options.push(format!("hexinfo:{}", hex(&info)));
    }
    same(&found, &kdf("HKDF", len, &options))
}

pub(super) fn pbkdf2(q: &Question<'_>) -> Verdict {
    let (name, function) = q.chance.pick(&[
        ("sha1", CKP_PKCS5_PBKD2_HMAC_SHA1),
        ("sha224", CKP_PKCS5_PBKD2_HMAC_SHA224),
        ("sha256", CKP_PKCS5_PBKD2_HMAC_SHA256),
        ("sha384", CKP_PKCS5_PBKD2_HMAC_SHA384),
        ("sha512", CKP_PKCS5_PBKD2_HMAC_SHA512),
        ("sha512-224", CKP_PKCS5_PBKD2_HMAC_SHA512_224),
        ("sha512-256", CKP_PKCS5_PBKD2_HMAC_SHA512_256),
    ]);
    let (password, salt) = (q.chance.bytes(q.chance.between(1, 60)), q.chance.bytes(q.chance.between(1, 60)));
    let (iterations, len) = (q.chance.between(1, 2000), len(q));
    let by = pbkd2(function, Sent::from(&password[..]), Sent::from(&salt[..]), iterations as u64);
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .ulong(CKA_VALUE_LEN, len as u64);
    let key = told(q.m.generate_key(q.session, Some(&by.mechanism()), &usable(template)))?;
    let options = [
        format!("digest:{name}"),
        format!("hexpass:{}", hex(&password)),
        format!("hexsalt:{}", hex(&salt)),
        format!("iter:{iterations}"),
        "pkcs5:1".to_owned(),
    ];
    same(&q.last_value(key), &kdf("PBKDF2", len, &options))
}

/// A pseudo-random function over HMAC or CMAC: its mechanism, OpenSSL's options, the bytes that it gives, and a key of it
/// with its type.
fn random_function(q: &Question<'_>) -> (u64, Vec<String>, usize, (u64, Vec<u8>)) {
    let of_cmac = |cipher: &str| vec!["mac:CMAC".to_owned(), format!("cipher:{cipher}-CBC")];
    match q.chance.between(0, 5) {
        0 => {
            let key = q.chance.bytes(q.chance.pick(&[16, 24, 32]));
            return (CKM_AES_CMAC, of_cmac(&sized("AES-{}", &key)), 16, (CKK_AES, key));
        }
        1 => {
            let mut key = q.chance.bytes(24);
            odd_parity(&mut key);
            return (CKM_DES3_CMAC, of_cmac("DES-EDE3"), 8, (CKK_DES3, key));
        }
        _ => {}
    }
    let (name, _, function) = q.chance.pick(&HASHES);
    let options = vec!["mac:HMAC".to_owned(), format!("digest:{name}")];
    let len = Hash::Openssl(name).of(&[]).len();
    (function, options, len, (CKK_GENERIC_SECRET, q.chance.bytes(q.chance.between(1, 150))))
}

/// The modes that KBKDF has, whose counter has 32 bits in OpenSSL 3.0; in feedback mode it wants an initial vector as long
/// as the function's output.
pub(super) fn kbkdf(q: &Question<'_>) -> Verdict {
    let (function, mut options, iv_len, (key_type, key)) = random_function(q);
    let (fixed, iv, len) = (q.chance.bytes(q.chance.between(1, 60)), q.chance.bytes(iv_len), len(q));
    let by: Box<dyn Structure> = if q.row.kind == CKM_SP800_108_COUNTER_KDF {
        options.push("mode:counter".to_owned());
        Box::new(counter_kdf(function, 32, &fixed))
    } else {
        options.extend(["mode:feedback".to_owned(), format!("hexseed:{}", hex(&iv))]);
        Box::new(feedback_kdf(function, 32, &fixed, &iv))
    };
    let found = q.with_key_of(key_type, &key, |key| q.derived(&by.mechanism(), key, len))?;
    options.extend([format!("hexkey:{}", hex(&key)), format!("hexsalt:{}", hex(&fixed))]);
    options.extend(["use-l:0".to_owned(), "use-separator:0".to_owned()]);
    same(&found, &kdf("KBKDF", len, &options))
}

/// SP 800-108r1 section 4.3, which OpenSSL does not have: of its HMAC.
pub(super) fn double_pipeline(q: &Question<'_>) -> Verdict {
    let (key, len, (name, _, hmac)) = (q.key(), len(q), q.chance.pick(&HASHES));
    let fixed = q.chance.bytes(q.chance.between(1, 60));
    let by = double_pipeline_kdf(hmac, 16, &fixed);
    let hash = Hash::Openssl(name);
    let (mut chain, mut output) = (fixed.clone(), Vec::new());
    for number in 1u16.. {
        chain = hash.hmac(&key, &chain);
        output.extend(hash.hmac(&key, &[&chain[..], &number.to_be_bytes(), &fixed].concat()));
        if output.len() >= len {
            break;
        }
    }
    same(&q.with_key(&key, |key| q.derived(&by.mechanism(), key, len))?, &output[..len])
}
