use super::*;
use crate::fixtures::{generate, of_class, parse, parse_pair, start_cipher, whole, with};
use ::rsa::{BoxedUint, RsaPrivateKey};
use engine::mechanism::Can;
use pkcs11::constants::{
    CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT,
    CKG_MGF1_SHA1, CKG_MGF1_SHA256, CKK_RSA, CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA_1,
    CKM_SHA256, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKZ_DATA_SPECIFIED,
};
use pkcs11::{Attributes, OaepParameters, RsaAesKeyWrapParameters};
use sha2::Sha256;

const KEY: &[u8] = b"some key that is wrapped, of 37 bytes";

fn by(bits: u64, hash: u64, mgf: u64, label: &[u8]) -> Mechanism {
    let oaep = OaepParameters { hash, mgf, source: CKZ_DATA_SPECIFIED, label: label.to_vec() };
    let parameters = RsaAesKeyWrapParameters { aes_key_bits: bits, oaep };
    with(CKM_RSA_AES_KEY_WRAP, Parameters::RsaAesKeyWrap(parameters))
}

fn template() -> Attributes {
    let mut template = Attributes::new();
    template.set_ulong(CKA_MODULUS_BITS, 2048);
    template
}

#[test]
fn what_is_wrapped_unwraps_and_nothing_altered_does() {
    let (private, public) = parse_pair(CKK_RSA, generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template()).unwrap());
    for (bits, hash, mgf) in [
        (128, CKM_SHA_1, CKG_MGF1_SHA1),
        (192, CKM_SHA256, CKG_MGF1_SHA1),
        (256, CKM_SHA256, CKG_MGF1_SHA256),
    ] {
        let mechanism = by(bits, hash, mgf, b"label");
        let wrapped = whole(Can::wrap, &mechanism, &public, KEY).unwrap();
        assert_eq!(wrapped.len(), 256 + 48);
        assert_eq!(whole(Can::unwrap, &mechanism, &private, &wrapped).unwrap(), KEY);
        for i in [0, 100, 255, 256, wrapped.len() - 1] {
            let mut changed = wrapped.clone();
            changed[i] ^= 1;
            let refused = whole(Can::unwrap, &mechanism, &private, &changed);
            assert_eq!(refused, Err(Error::EncryptedDataInvalid), "byte {i}");
        }
        for cut in [0, 255, 256, 264, wrapped.len() - 1] {
            let refused = whole(Can::unwrap, &mechanism, &private, &wrapped[..cut]);
            assert_eq!(refused, Err(Error::EncryptedDataLenRange), "{cut} bytes");
        }
        let another = if bits == 256 { 128 } else { 256 };
        for other in [by(bits, hash, mgf, b"lable"), by(another, hash, mgf, b"label")] {
            let refused = whole(Can::unwrap, &other, &private, &wrapped);
            assert_eq!(refused, Err(Error::EncryptedDataInvalid));
        }
    }
}

/// Of a key of 2048 bits both parts, by the crates `rsa` and `aes-kw`; and back.
#[test]
fn another_implementation_unwraps_and_wraps() {
    let pair = generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template()).unwrap();
    let part = |part| BoxedUint::from_be_slice_vartime(pair.private.bytes(part).unwrap());
    let theirs = RsaPrivateKey::from_components(
        part(CKA_MODULUS),
        part(CKA_PUBLIC_EXPONENT),
        part(CKA_PRIVATE_EXPONENT),
        vec![part(CKA_PRIME_1), part(CKA_PRIME_2)],
    )
    .unwrap();
    let public = parse(&of_class(CKO_PUBLIC_KEY, CKK_RSA, pair.public.clone())).unwrap();
    let private = parse(&of_class(CKO_PRIVATE_KEY, CKK_RSA, pair.private.clone())).unwrap();
    let mechanism = by(256, CKM_SHA256, CKG_MGF1_SHA256, b"");
    let wrapped = whole(Can::wrap, &mechanism, &public, KEY).unwrap();
    let temporary = theirs.decrypt(::rsa::Oaep::<Sha256>::new(), &wrapped[..256]).unwrap();
    use aes_gcm_siv::aead::KeyInit as _;
    let kwp = aes_kw::KwpAes256::new_from_slice(&temporary).unwrap();
    let mut place = [0; 64];
    assert_eq!(kwp.unwrap_key(&wrapped[256..], &mut place).unwrap(), KEY);
    let again = kwp.wrap_key(b"another", &mut place).unwrap();
    let whole_again = [&wrapped[..256], again].concat();
    assert_eq!(whole(Can::unwrap, &mechanism, &private, &whole_again).unwrap(), b"another");
}

#[test]
fn parameters_and_keys_that_do_not_fit_are_refused() {
    let (private, public) = parse_pair(CKK_RSA, generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template()).unwrap());
    for wrong in [
        by(0, CKM_SHA256, CKG_MGF1_SHA256, b""),
        by(16, CKM_SHA256, CKG_MGF1_SHA256, b""),
        by(u64::MAX, CKM_SHA256, CKG_MGF1_SHA256, b""),
        by(256, 0, CKG_MGF1_SHA256, b""),
        by(256, CKM_SHA256, 0, b""),
        with(CKM_RSA_AES_KEY_WRAP, Parameters::None),
        with(CKM_RSA_AES_KEY_WRAP, Parameters::Unknown),
    ] {
        for (ability, key) in [(Can::wrap as crate::fixtures::Ability, &public), (Can::unwrap, &private)] {
            let refused = start_cipher(ability, &wrong, key).err();
            assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
        }
    }
    let right = by(256, CKM_SHA256, CKG_MGF1_SHA256, b"");
    assert_eq!(whole(Can::wrap, &right, &public, b""), Err(Error::DataLenRange));
    assert_eq!(whole(Can::wrap, &right, &private, KEY), Err(Error::KeyTypeInconsistent));
    assert_eq!(whole(Can::unwrap, &right, &public, KEY), Err(Error::KeyTypeInconsistent));
}
