use super::*;
use crate::fixtures::{error, hex, plain, secret_key, sign as signed, start_sign, verify as verified, with};
use ::poly1305::universal_hash::KeyInit;
use pkcs11::Parameters;
use pkcs11::constants::CKK_CHACHA20;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

/// RFC 8439 section 2.5.2.
const VALUE: &str = "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b";
const MESSAGE: &[u8] = b"Cryptographic Forum Research Group";
const MAC: &str = "a8061dc1305136c6c22b8baf0c0127a9";

#[test]
fn the_published_tag_comes_out_and_no_other_verifies() {
    let (key, tag) = (secret_key(CKK_POLY1305, &hex(VALUE)), hex(MAC));
    let mechanism = plain(CKM_POLY1305);
    assert_eq!(signed(&mechanism, &key, MESSAGE), Ok(tag.clone()));
    assert_eq!(verified(&mechanism, &key, MESSAGE, &tag), Ok(()));
    for i in 0..tag.len() {
        let mut changed = tag.clone();
        changed[i] ^= 1;
        assert_eq!(verified(&mechanism, &key, MESSAGE, &changed), Err(Error::SignatureInvalid));
    }
    for other in [&tag[..15], &[&tag[..], &[0]].concat(), &[]] {
        assert_eq!(verified(&mechanism, &key, MESSAGE, other), Err(Error::SignatureLenRange));
    }
}

#[test]
fn parameters_and_keys_of_another_type_are_refused() {
    let key = secret_key(CKK_POLY1305, &hex(VALUE));
    for parameters in [Parameters::Unknown, Parameters::MacLen(16)] {
        let refused = error(start_sign(&with(CKM_POLY1305, parameters), &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
    let other = secret_key(CKK_CHACHA20, &hex(VALUE));
    assert_eq!(error(start_sign(&plain(CKM_POLY1305), &other)), Some(Error::KeyTypeInconsistent));
    assert!(start_sign(&plain(CKM_POLY1305), &key).unwrap().save().is_none());
}

proptest! {
    #[test]
    fn another_implementation_signs_alike(value in any::<[u8; 32]>(), message in vec(any::<u8>(), 0..300)) {
        let theirs = ::poly1305::Poly1305::new(&value.into()).compute_unpadded(&message);
        let key = secret_key(CKK_POLY1305, &value);
        prop_assert_eq!(signed(&plain(CKM_POLY1305), &key, &message).unwrap(), theirs.to_vec());
    }
}
