use super::*;
use crate::fixtures::{error, hex, plain, secret_key, sign, start_sign, start_verify, verify, with};
use ::hmac::{KeyInit, Mac};
use pkcs11::Parameters;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

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

fn mechanisms() -> impl Iterator<Item = Mechanism> {
    HASHES.iter().map(|row| plain(row.hmac))
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
        for mechanism in mechanisms() {
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
        let [generic, own] = row.key_types else { panic!("two types of keys") };
        let cuts = HASHES.iter().any(|hash| hash.hmac_general == row.mechanism);
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
        let state = running.save().unwrap();
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
        let longest = row.hash.digest_len() as u64;
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
