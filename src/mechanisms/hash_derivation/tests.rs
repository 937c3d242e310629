use super::*;
use crate::aws_lc::hash::oracle::{self, Other};
use crate::fixtures::{derive as derived, hex, of_class, plain, secret_key, with};
use pkcs11::Parameters;
use pkcs11::constants::{
    CKA_VALUE, CKK_AES, CKK_GENERIC_SECRET, CKK_RSA, CKK_SHA256_HMAC, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use sha3::digest::{ExtendableOutput, Update, XofReader};

fn template(key_type: u64, len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

fn value(derived: Result<Attributes>) -> Vec<u8> {
    derived.unwrap().bytes(CKA_VALUE).unwrap().to_vec()
}

/// The key "abc" becomes the published digest of "abc": FIPS 180-4, NIST's examples of SHA-3, RFC 7693 appendix A and RFC
/// 1321 appendix A.5.
#[test]
fn the_derived_key_is_the_published_digest_of_the_base_key() {
    for (mechanism, expected) in [
        (CKM_SHA1_KEY_DERIVATION, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (CKM_SHA224_KEY_DERIVATION, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        (CKM_SHA256_KEY_DERIVATION, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            CKM_SHA384_KEY_DERIVATION,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            CKM_SHA512_KEY_DERIVATION,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (CKM_SHA512_224_KEY_DERIVATION, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (CKM_SHA512_256_KEY_DERIVATION, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (CKM_SHA3_224_KEY_DERIVATION, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
        (CKM_SHA3_256_KEY_DERIVATION, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        (
            CKM_SHA3_384_KEY_DERIVATION,
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
        ),
        (
            CKM_SHA3_512_KEY_DERIVATION,
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
             10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ),
        (CKM_BLAKE2B_160_KEY_DERIVE, "384264f676f39536840523f284921cdc68b6846b"),
        (CKM_BLAKE2B_256_KEY_DERIVE, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        (
            CKM_BLAKE2B_384_KEY_DERIVE,
            "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4",
        ),
        (
            CKM_BLAKE2B_512_KEY_DERIVE,
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
             7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (CKM_MD5_KEY_DERIVATION, "900150983cd24fb0d6963f7d28e17f72"),
    ] {
        let (mechanism, expected) = (plain(mechanism), hex(expected));
        let key = secret_key(CKK_GENERIC_SECRET, b"abc");
        assert_eq!(value(derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, None))), expected);
        let cut = value(derived(&mechanism, &key, &template(CKK_SHA256_HMAC, Some(15))));
        assert_eq!(cut, expected[..15], "the first bytes");
        assert_eq!(value(derived(&mechanism, &key, &template(CKK_AES, Some(16)))), expected[..16]);
        let more = expected.len() as u64 + 1;
        let refused = derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(more)));
        assert_eq!(refused, Err(Error::KeySizeRange));
        let refused = derived(&mechanism, &key, &template(CKK_AES, None));
        assert_eq!(refused, Err(Error::TemplateIncomplete(CKA_VALUE_LEN)), "a type of three lengths");
        assert_eq!(derived(&mechanism, &key, &template(CKK_AES, Some(15))), Err(Error::KeySizeRange));
    }
}

#[test]
fn sha_512_is_cut_to_the_bits_that_the_parameter_tells() {
    let key = secret_key(CKK_GENERIC_SECRET, b"abc");
    let cut = |parameters| {
        let mechanism = with(CKM_SHA512_T_KEY_DERIVATION, parameters);
        derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, None))
    };
    let expected = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23";
    assert_eq!(value(cut(Parameters::MacLen(256))), hex(expected));
    assert_eq!(value(cut(Parameters::MacLen(160))), hex("0a74fe1b43eecbea62182658da8a68b8acef25bf"));
    for wrong in [Parameters::MacLen(0), Parameters::MacLen(384), Parameters::MacLen(512), Parameters::None] {
        assert!(matches!(cut(wrong), Err(Error::MechanismParamInvalid(_))));
    }
}

/// NIST's examples of SHAKE with a message of 1600 bits: 200 bytes of a3.
#[test]
fn shake_gives_the_published_bytes_and_as_many_as_asked() {
    let key = secret_key(CKK_GENERIC_SECRET, &[0xa3; 200]);
    for (mechanism, expected) in [
        (CKM_SHAKE_128_KEY_DERIVATION, "131ab8d2b594946b9c81333f9bb6e0ce75c3b93104fa3469d3917457385da037"),
        (CKM_SHAKE_256_KEY_DERIVATION, "cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d"),
    ] {
        let (mechanism, expected) = (plain(mechanism), hex(expected));
        for len in [14, 32, 300] {
            let value = value(derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(len))));
            assert_eq!(value.len() as u64, len);
            assert!(value.iter().zip(&expected).all(|(ours, theirs)| ours == theirs));
        }
        let refused = derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, None));
        assert_eq!(refused, Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
        for len in [0, LONGEST as u64 + 1] {
            let refused = derived(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(len)));
            assert_eq!(refused, Err(Error::KeySizeRange));
        }
    }
}

proptest! {
    #[test]
    fn another_implementation_agrees(base in vec(any::<u8>(), 1..300), len in 14u64..500) {
        let key = secret_key(CKK_SHA256_HMAC, &base);
        let whole = |mechanism| value(derived(&plain(mechanism), &key, &template(CKK_GENERIC_SECRET, None)));
        for (mechanism, function) in FUNCTIONS {
            match function {
                Function::Sha(hash) => prop_assert_eq!(whole(mechanism), oracle::digest(Other::Sha(hash), &base)),
                Function::Md5 => prop_assert_eq!(whole(mechanism), oracle::digest(Other::Md5, &base)),
                _ => {}
            }
        }
        let extended = |mechanism| value(derived(&plain(mechanism), &key, &template(CKK_GENERIC_SECRET, Some(len))));
        let mut expected = vec![0; usize::try_from(len).unwrap()];
        sha3::Shake128::default().chain(&base).finalize_xof().read(&mut expected);
        prop_assert_eq!(extended(CKM_SHAKE_128_KEY_DERIVATION), &expected[..]);
        sha3::Shake256::default().chain(&base).finalize_xof().read(&mut expected);
        prop_assert_eq!(extended(CKM_SHAKE_256_KEY_DERIVATION), &expected[..]);
    }
}

#[test]
fn every_secret_key_is_a_base_and_no_parameter_is_taken() {
    for row in MECHANISMS {
        let mechanism = match row.mechanism {
            CKM_SHA512_T_KEY_DERIVATION => with(row.mechanism, Parameters::MacLen(224)),
            other => plain(other),
        };
        let secret = template(CKK_GENERIC_SECRET, Some(16));
        for key_type in secret::DERIVABLE {
            let base = vec![7; secret::fixed_len(*key_type).unwrap_or(32)];
            let of_type = value(derived(&mechanism, &secret_key(*key_type, &base), &secret));
            let of_any = value(derived(&mechanism, &secret_key(CKK_GENERIC_SECRET, &base), &secret));
            assert_eq!(of_type, of_any, "{key_type:#x}");
        }
        let key = secret_key(CKK_AES, &[7; 16]);
        for wrong in [Parameters::Unknown, Parameters::Bytes(vec![1])] {
            let refused = derived(&with(row.mechanism, wrong), &key, &secret);
            assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
        }
        let public = of_class(CKO_PUBLIC_KEY, CKK_RSA, Attributes::new());
        assert!(matches!(
            derived(&mechanism, &key, &public),
            Err(Error::TemplateIncomplete(_) | Error::TemplateInconsistent(_))
        ));
    }
}
