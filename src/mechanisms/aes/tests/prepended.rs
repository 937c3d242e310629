//! GCM whose vector the token makes (docs/decisions/0035).

use super::*;
use pkcs11::vendor::CKM_CLOUDHSM_AES_GCM;

/// The vector that the token makes is that of an ordinary GCM behind it.
#[test]
fn a_prepended_vector_is_random_and_belongs_to_what_follows() {
    let key = secret_key(CKK_AES, &[7; 32]);
    let without = |tag_bits| Mechanism {
        mechanism_type: CKM_CLOUDHSM_AES_GCM,
        parameters: gcm(&[], b"aad", tag_bits).parameters,
    };
    let own = without(96);
    let sealed = whole(Can::encrypt, &own, &key, b"message").unwrap();
    let again = in_parts(Can::encrypt, &own, &key, [b"mes".as_slice(), b"", b"sage"]).unwrap();
    assert_ne!(sealed[..12], again[..12]);
    for sealed in [&sealed, &again] {
        assert_eq!(sealed.len(), 12 + 7 + 12);
        assert_eq!(whole(Can::decrypt, &own, &key, sealed).unwrap(), b"message");
        let (iv, rest) = sealed.split_at(12);
        assert_eq!(whole(Can::decrypt, &gcm(iv, b"aad", 96), &key, rest).unwrap(), b"message");
    }
    assert_eq!(in_parts(Can::encrypt, &own, &key, []).unwrap().len(), 24);
    assert_eq!(whole(Can::decrypt, &own, &key, &sealed[..23]), Err(Error::EncryptedDataLenRange));
    let given = Mechanism { mechanism_type: CKM_CLOUDHSM_AES_GCM, ..gcm(&[0; 12], b"aad", 96) };
    for (ability, mechanism) in [
        (Can::encrypt as Ability, &given),
        (Can::decrypt, &given),
        (Can::wrap, &without(64)),
        (Can::unwrap, &without(64)),
    ] {
        let refused = error(start_cipher(ability, mechanism, &key));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
}
