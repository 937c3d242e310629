use super::*;
use crate::digest::HASHES;
use crate::fixtures::{
    error, generate_key, hex, plain, secret_key, sign, start_sign, start_verify, verify, with,
};
use ::hmac::{KeyInit, Mac, SimpleHmac};
use blake2::Blake2b;
use blake2::digest::consts::{U20, U32, U48, U64};
use pkcs11::Parameters;
use pkcs11::constants::{CKA_KEY_TYPE, CKA_VALUE, CKA_VALUE_LEN};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

/// RFC 2202 section 3 (SHA-1) and RFC 4231 section 4 (SHA-2), test cases 1 and 2: mechanism, key, message, HMAC.
const VECTORS: [(MechanismType, &str, &[u8], &str); 7] = [
    (
        CKM_SHA_1_HMAC,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        b"Hi There",
        "b617318655057264e28bc0b6fb378c8ef146be00",
    ),
    (
        CKM_SHA224_HMAC,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        b"Hi There",
        "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
    ),
    (
        CKM_SHA256_HMAC,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        CKM_SHA384_HMAC,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        b"Hi There",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
    ),
    (
        CKM_SHA512_HMAC,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        b"Hi There",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
         daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    ),
    (CKM_SHA_1_HMAC, "4a656665", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (
        CKM_SHA256_HMAC,
        "4a656665",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
];

/// "what do ya want for nothing?" under "Jefe": RFC 2202 section 2 (MD5), RFC 2286 section 2 (RIPEMD-160); of SHA-3,
/// BLAKE2b and SHA-512/160 what an independent implementation gives.
const SECOND: [(MechanismType, &str); 10] = [
    (CKM_MD5_HMAC, "750c783e6ab0b503eaa86e310a5db738"),
    (CKM_RIPEMD160_HMAC, "dda6c0213a485a9e24f4742064a7f033b43c4069"),
    (CKM_SHA3_224_HMAC, "7fdb8dd88bd2f60d1b798634ad386811c2cfc85bfaf5d52bbace5e66"),
    (CKM_SHA3_256_HMAC, "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"),
    (
        CKM_SHA3_384_HMAC,
        "f1101f8cbf9766fd6764d2ed61903f21ca9b18f57cf3e1a23ca13508a93243ce48c045dc007f26a21b3f5e0e9df4c20a",
    ),
    (
        CKM_SHA3_512_HMAC,
        "5a4bfeab6166427c7a3647b747292b8384537cdb89afb3bf5665e4c5e709350b\
         287baec921fd7ca0ee7a0c31d022a95e1fc92ba9d77df883960275beb4e62024",
    ),
    (CKM_BLAKE2B_160_HMAC, "c4728ccc2f7600f89d9a480514910b9f5daf3dd6"),
    (CKM_BLAKE2B_256_HMAC, "3cf096eeeb2202a250db168c4823a44ef4618ebabb225789386fed316131e3a0"),
    (
        CKM_BLAKE2B_384_HMAC,
        "e87f61624bc6c1db706a1efcc98e7e98c0ab8fea0978dbd87e2852406fdd313c87968c5b825847f3c04d975b8b88598d",
    ),
    (
        CKM_BLAKE2B_512_HMAC,
        "6ff884f8ddc2a6586b3c98a4cd6ebdf14ec10204b6710073eb5865ade37a2643\
         b8807c1335d107ecdb9ffeaeb6828c4625ba172c66379efcd222c2de11727ab4",
    ),
];

#[test]
fn hashes_beside_sha_2_give_the_second_case() {
    let key = key(b"Jefe");
    for (mechanism, expected) in SECOND {
        assert_eq!(sign(&plain(mechanism), &key, b"what do ya want for nothing?"), Ok(hex(expected)));
    }
}

#[test]
fn hmac_of_sha_512_is_cut_to_any_number_of_bits() {
    let (key, message) = (key(b"Jefe"), b"what do ya want for nothing?");
    for (t, expected) in [
        (160, "b3065e82962af2f267cef13e5988fba2fb547e55"),
        (224, "4a530b31a79ebcce36916546317c45f247d83241dfb818fd37254bde"),
    ] {
        let mechanism = with(CKM_SHA512_T_HMAC, Parameters::MacLen(t));
        assert_eq!(sign(&mechanism, &key, message), Ok(hex(expected)));
        assert_eq!(verify(&mechanism, &key, message, &hex(expected)), Ok(()));
        assert_eq!(verify(&mechanism, &key, message, &hex(expected)[1..]), Err(Error::SignatureLenRange));
    }
    for wrong in [Parameters::MacLen(0), Parameters::MacLen(384), Parameters::MacLen(512), Parameters::None] {
        let refused = error(start_sign(&with(CKM_SHA512_T_HMAC, wrong), &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
}

#[test]
fn a_key_of_one_hmac_is_made_as_long_as_asked() {
    for row in MECHANISMS {
        let (Some(_), [own]) = (row.can.iter().find_map(Can::generate_key), row.key_types) else { continue };
        let mut template = Attributes::new();
        template.set_ulong(CKA_KEY_TYPE, *own);
        let mechanism = plain(row.mechanism);
        let refused = generate_key(&mechanism, &template);
        assert_eq!(refused, Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
        template.set_ulong(CKA_VALUE_LEN, 33);
        let made = [(); 2].map(|()| generate_key(&mechanism, &template).unwrap());
        assert_eq!(made[0].bytes(CKA_VALUE).unwrap().len(), 33);
        assert_ne!(made[0].bytes(CKA_VALUE), made[1].bytes(CKA_VALUE));
        let wrong = with(row.mechanism, Parameters::MacLen(160));
        assert!(matches!(generate_key(&wrong, &template), Err(Error::MechanismParamInvalid(_))));
    }
}

fn mechanisms() -> impl Iterator<Item = Mechanism> {
    HASHES.iter().map(|row| plain(row.hmac))
}

/// Whether a library tells the state of its hash function.
fn is_told(mechanism: &Mechanism, key: &Arc<dyn Key>) -> bool {
    start_sign(mechanism, key).unwrap().save().is_some()
}

fn key(value: &[u8]) -> Arc<dyn Key> {
    secret_key(CKK_GENERIC_SECRET, value)
}

#[test]
fn published_hmacs_come_out_and_verify() {
    for (mechanism, value, message, expected) in VECTORS {
        let (mechanism, key) = (plain(mechanism), key(&hex(value)));
        assert_eq!(sign(&mechanism, &key, message), Ok(hex(expected)));
        assert_eq!(verify(&mechanism, &key, message, &hex(expected)), Ok(()));
    }
    // RFC 4231 section 4.7: a key longer than a block.
    let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
    let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
    assert_eq!(sign(&plain(CKM_SHA256_HMAC), &key(&[0xaa; 131]), message), Ok(hex(expected)));
}

fn theirs<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

proptest! {
    #[test]
    fn another_implementation_agrees_for_keys_of_any_length(
        value in vec(any::<u8>(), 1..300),
        message in vec(any::<u8>(), 0..300),
    ) {
        let expected = [
            theirs::<::hmac::Hmac<Sha1>>(&value, &message),
            theirs::<::hmac::Hmac<Sha224>>(&value, &message),
            theirs::<::hmac::Hmac<Sha256>>(&value, &message),
            theirs::<::hmac::Hmac<Sha384>>(&value, &message),
            theirs::<::hmac::Hmac<Sha512>>(&value, &message),
            theirs::<::hmac::Hmac<Sha512_224>>(&value, &message),
            theirs::<::hmac::Hmac<Sha512_256>>(&value, &message),
            theirs::<::hmac::Hmac<sha3::Sha3_224>>(&value, &message),
            theirs::<::hmac::Hmac<sha3::Sha3_256>>(&value, &message),
            theirs::<::hmac::Hmac<sha3::Sha3_384>>(&value, &message),
            theirs::<::hmac::Hmac<sha3::Sha3_512>>(&value, &message),
            theirs::<SimpleHmac<Blake2b<U20>>>(&value, &message),
            theirs::<SimpleHmac<Blake2b<U32>>>(&value, &message),
            theirs::<SimpleHmac<Blake2b<U48>>>(&value, &message),
            theirs::<SimpleHmac<Blake2b<U64>>>(&value, &message),
            theirs::<::hmac::Hmac<md5::Md5>>(&value, &message),
            theirs::<::hmac::Hmac<ripemd::Ripemd160>>(&value, &message),
        ];
        let key = key(&value);
        for (mechanism, expected) in mechanisms().zip(expected) {
            prop_assert_eq!(sign(&mechanism, &key, &message).unwrap(), expected);
        }
    }

    #[test]
    fn an_hmac_that_was_saved_goes_on_where_it_was(
        message in vec(any::<u8>(), 0..300),
        cut in 0usize..300,
    ) {
        let key = key(b"a key");
        let (before, after) = message.split_at(cut.min(message.len()));
        for mechanism in mechanisms().filter(|mechanism| is_told(mechanism, &key)) {
            let expected = sign(&mechanism, &key, &message).unwrap();
            let mut first = start_sign(&mechanism, &key).unwrap();
            first.update(before).unwrap();
            let state = first.save().unwrap();
            let mut second = start_verify(&mechanism, &key).unwrap();
            second.restore(state.expose()).unwrap();
            second.update(after).unwrap();
            prop_assert_eq!(second.finish(&expected), Ok(()));
        }
    }
}

#[test]
fn a_wrong_hmac_is_told_from_one_of_another_length() {
    let key = key(b"k");
    for mechanism in mechanisms() {
        let right = sign(&mechanism, &key, b"message").unwrap();
        for i in 0..right.len() {
            let mut wrong = right.clone();
            wrong[i] ^= 1;
            assert_eq!(verify(&mechanism, &key, b"message", &wrong), Err(Error::SignatureInvalid));
        }
        for wrong in [&right[..right.len() - 1], &[], &[&right[..], &[0]].concat()] {
            assert_eq!(verify(&mechanism, &key, b"message", wrong), Err(Error::SignatureLenRange));
        }
    }
}

#[test]
fn keys_of_one_hmac_alone_work_and_keys_of_a_cipher_do_not() {
    for row in MECHANISMS {
        let [generic, own] = row.key_types else { continue };
        let cuts = HASHES.iter().any(|hash| hash.hmac_general == row.mechanism);
        let cuts = cuts || row.mechanism == CKM_SHA512_T_HMAC;
        let mechanism = if cuts { general(row.mechanism, 16) } else { plain(row.mechanism) };
        let by_each = [generic, own]
            .map(|key_type| sign(&mechanism, &secret_key(*key_type, b"any length"), b"message").unwrap());
        assert_eq!(by_each[0], by_each[1]);
        let cipher = secret_key(pkcs11::constants::CKK_AES, &[7; 16]);
        assert_eq!(error(start_sign(&mechanism, &cipher)), Some(Error::KeyTypeInconsistent));
    }
}

#[test]
fn an_hmac_takes_no_parameter_and_no_state_of_another_length() {
    let key = key(b"k");
    for mechanism in mechanisms() {
        let refused = error(start_sign(&with(mechanism.mechanism_type, Parameters::Unknown), &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        let mut running = start_sign(&mechanism, &key).unwrap();
        let Some(state) = running.save() else { continue };
        for state in [&[], &state.expose()[1..], &[state.expose(), &[0]].concat()] {
            assert_eq!(running.restore(state), Err(Error::SavedStateInvalid));
        }
    }
}

fn general(mechanism_type: MechanismType, len: u64) -> Mechanism {
    with(mechanism_type, Parameters::MacLen(len))
}

#[test]
fn a_cut_hmac_is_the_start_of_the_whole_one() {
    let key = key(b"secret");
    for row in HASHES {
        let whole = sign(&plain(row.hmac), &key, b"message").unwrap();
        for len in 1..=whole.len() {
            let mechanism = general(row.hmac_general, len as u64);
            let cut = sign(&mechanism, &key, b"message").unwrap();
            assert_eq!(cut, whole[..len]);
            assert_eq!(verify(&mechanism, &key, b"message", &cut), Ok(()));
            assert_eq!(
                verify(&mechanism, &key, b"messagf", &whole[..len - 1]),
                Err(Error::SignatureLenRange)
            );
        }
        let mut wrong = whole[..8].to_vec();
        wrong[7] ^= 1;
        let eight = general(row.hmac_general, 8);
        assert_eq!(verify(&eight, &key, b"message", &wrong), Err(Error::SignatureInvalid));
        assert_eq!(verify(&eight, &key, b"message", &whole), Err(Error::SignatureLenRange));
    }
}

/// RFC 4231 section 4.6, test case 5: results cut to 128 bits.
#[test]
fn published_cut_hmacs_come_out() {
    let key = key(&[0x0c; 20]);
    for (mechanism, expected) in [
        (CKM_SHA224_HMAC_GENERAL, "0e2aea68a90c8d37c988bcdb9fca6fa8"),
        (CKM_SHA256_HMAC_GENERAL, "a3b6167473100ee06e0c796c2955552b"),
        (CKM_SHA384_HMAC_GENERAL, "3abf34c3503b2a23a46efc619baef897"),
        (CKM_SHA512_HMAC_GENERAL, "415fad6271580a531d4179bc891d87a6"),
    ] {
        let mac = sign(&general(mechanism, 16), &key, b"Test With Truncation");
        assert_eq!(mac, Ok(hex(expected)));
    }
}

#[test]
fn a_length_that_no_hmac_has_is_refused() {
    let key = key(b"secret");
    for row in HASHES {
        let longest = row.function.digest_len() as u64;
        for wrong in [
            general(row.hmac_general, 0),
            general(row.hmac_general, longest + 1),
            general(row.hmac_general, u64::MAX),
            plain(row.hmac_general),
            with(row.hmac_general, Parameters::Unknown),
            general(row.hmac, longest),
        ] {
            assert!(matches!(error(start_sign(&wrong, &key)), Some(Error::MechanismParamInvalid(_))));
            assert!(matches!(error(start_verify(&wrong, &key)), Some(Error::MechanismParamInvalid(_))));
        }
    }
}
