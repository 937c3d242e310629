use super::*;
use crate::fixtures::{derive, derive_from, generate_key, hex, of_class, plain, secret_key, with};
use pkcs11::ObjectHandle;
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKK_AES, CKM_MD5, CKM_SHA_1, CKM_SHA3_224, CKM_SHA3_256, CKM_SHA3_384, CKM_SHA3_512,
    CKM_SHA256, CKO_DATA, CKO_SECRET_KEY,
};

/// Hash, input keying material, salt, information, pseudo-random key, output.
type Vector = (u64, &'static str, &'static str, &'static str, &'static str, &'static str);

/// RFC 5869 appendix A, test cases 1 to 4 and 7.
const VECTORS: [Vector; 5] = [
    (
        CKM_SHA256,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        CKM_SHA256,
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\
         303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f\
         909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf\
         e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        CKM_SHA256,
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "",
        "",
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
    (
        CKM_SHA_1,
        "0b0b0b0b0b0b0b0b0b0b0b",
        "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243",
        "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896",
    ),
    (
        CKM_SHA_1,
        "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
        "",
        "",
        "2adccada18779e7c2077ad2eb19d3f3e731385dd",
        "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48",
    ),
];

fn hkdf(kind: u64, stages: (bool, bool), hash: u64, salt: HkdfSalt, info: &[u8]) -> Mechanism {
    let ((extract, expand), info) = (stages, info.to_vec());
    with(kind, Parameters::Hkdf(HkdfParameters { extract, expand, hash, salt, info }))
}

fn salt(digits: &str) -> HkdfSalt {
    if digits.is_empty() { HkdfSalt::Null } else { HkdfSalt::Data(hex(digits)) }
}

fn template(key_type: u64, len: Option<usize>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len as u64);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

fn value(derived: Result<Attributes>) -> Vec<u8> {
    derived.unwrap().bytes(CKA_VALUE).unwrap().to_vec()
}

#[test]
fn published_keys_come_out_of_both_stages_and_of_each() {
    for (hash, input, salted, info, middle, output) in VECTORS {
        let (info, middle, output) = (hex(info), hex(middle), hex(output));
        for key_type in [CKK_HKDF, CKK_GENERIC_SECRET] {
            let key = secret_key(key_type, &hex(input));
            let secret = template(CKK_GENERIC_SECRET, Some(output.len()));
            let both = hkdf(CKM_HKDF_DERIVE, (true, true), hash, salt(salted), &info);
            assert_eq!(value(derive(&both, &key, &secret)), output);
            let first = hkdf(CKM_HKDF_DERIVE, (true, false), hash, salt(salted), b"");
            for len in [None, Some(middle.len())] {
                assert_eq!(value(derive(&first, &key, &template(CKK_HKDF, len))), middle);
            }
            let second = hkdf(CKM_HKDF_DERIVE, (false, true), hash, HkdfSalt::Null, &info);
            assert_eq!(value(derive(&second, &secret_key(key_type, &middle), &secret)), output);
        }
    }
}

#[test]
fn every_sha_runs_both_stages_as_another_implementation_does() {
    fn theirs<D: hmac::EagerHash>() -> Vec<u8> {
        let mut out = vec![0; 100];
        ::hkdf::Hkdf::<D>::new(Some(b"salt"), b"input").expand(b"info", &mut out).unwrap();
        out
    }
    let key = secret_key(CKK_HKDF, b"input");
    for (hash, expected) in [
        (CKM_SHA256, theirs::<sha2::Sha256>()),
        (CKM_SHA3_224, theirs::<sha3::Sha3_224>()),
        (CKM_SHA3_256, theirs::<sha3::Sha3_256>()),
        (CKM_SHA3_384, theirs::<sha3::Sha3_384>()),
        (CKM_SHA3_512, theirs::<sha3::Sha3_512>()),
    ] {
        let salt = HkdfSalt::Data(b"salt".to_vec());
        let both = hkdf(CKM_HKDF_DERIVE, (true, true), hash, salt, b"info");
        assert_eq!(value(derive(&both, &key, &template(CKK_GENERIC_SECRET, Some(100)))), expected);
    }
}

#[test]
fn a_salt_may_be_a_key() {
    let (hash, input, salted, info, _, output) = VECTORS[0];
    let (key, salt) = (secret_key(CKK_HKDF, &hex(input)), secret_key(CKK_GENERIC_SECRET, &hex(salted)));
    let named = HkdfSalt::Key(ObjectHandle(5));
    let mechanism = hkdf(CKM_HKDF_DERIVE, (true, true), hash, named, &hex(info));
    assert_eq!(mechanism.keys(), [ObjectHandle(5)]);
    let secret = template(CKK_GENERIC_SECRET, Some(42));
    let bases = Bases { key: &key, named: &[salt] };
    assert_eq!(value(derive_from(&mechanism, &bases, &secret)), hex(output));
    assert!(matches!(derive(&mechanism, &key, &secret), Err(Error::Bug(_))));
}

#[test]
fn data_is_the_same_bytes_and_nothing_else() {
    let (hash, input, salted, info, _, output) = VECTORS[0];
    let key = secret_key(CKK_HKDF, &hex(input));
    let mechanism = hkdf(CKM_HKDF_DATA, (true, true), hash, salt(salted), &hex(info));
    let mut wanted = Attributes::new();
    wanted.set_ulong(pkcs11::constants::CKA_CLASS, CKO_DATA);
    wanted.set_ulong(CKA_VALUE_LEN, 42);
    let bases = Bases { key: &key, named: &[] };
    let data = derive_from(&mechanism, &bases, &wanted).unwrap();
    assert_eq!(data.bytes(CKA_VALUE), Some(&hex(output)[..]));
    assert_eq!(data.iter().count(), 1);
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let key = secret_key(CKK_HKDF, &[7; 32]);
    let both = hkdf(CKM_HKDF_DERIVE, (true, true), CKM_SHA256, HkdfSalt::Null, b"");
    let with_len = |len| derive(&both, &key, &template(CKK_GENERIC_SECRET, len));
    assert_eq!(with_len(None), Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    for len in [0, 255 * 32 + 1, LONGEST + 1] {
        assert_eq!(with_len(Some(len)), Err(Error::KeySizeRange));
    }
    assert_eq!(value(with_len(Some(255 * 32))).len(), 255 * 32);
    assert_eq!(derive(&both, &key, &template(CKK_AES, Some(20))), Err(Error::KeySizeRange));
    let first = hkdf(CKM_HKDF_DERIVE, (true, false), CKM_SHA256, HkdfSalt::Null, b"");
    let refused = derive(&first, &key, &template(CKK_GENERIC_SECRET, Some(16)));
    assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
}

#[test]
fn parameters_and_keys_that_do_not_fit_are_refused() {
    let key = secret_key(CKK_HKDF, &[7; 32]);
    for wrong in [
        plain(CKM_HKDF_DERIVE),
        with(CKM_HKDF_DERIVE, Parameters::Unknown),
        hkdf(CKM_HKDF_DERIVE, (false, false), CKM_SHA256, HkdfSalt::Null, b""),
        hkdf(CKM_HKDF_DERIVE, (true, true), CKM_MD5, HkdfSalt::Null, b""),
        hkdf(CKM_HKDF_DERIVE, (true, true), CKM_HKDF_DERIVE, HkdfSalt::Null, b""),
    ] {
        let refused = derive(&wrong, &key, &template(CKK_GENERIC_SECRET, Some(32)));
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{wrong:?}");
    }
    let both = hkdf(CKM_HKDF_DERIVE, (true, true), CKM_SHA256, HkdfSalt::Null, b"");
    let refused = derive(&both, &secret_key(CKK_AES, &[7; 32]), &template(CKK_GENERIC_SECRET, Some(32)));
    assert_eq!(refused, Err(Error::KeyTypeInconsistent));
}

#[test]
fn a_generated_key_is_random_and_as_long_as_asked() {
    let made = |len| generate_key(&plain(CKM_HKDF_KEY_GEN), &template(CKK_HKDF, len));
    let (one, other) = (made(Some(32)).unwrap(), made(Some(32)).unwrap());
    assert_eq!(one.bytes(CKA_VALUE).unwrap().len(), 32);
    assert_ne!(one.bytes(CKA_VALUE), other.bytes(CKA_VALUE));
    assert_eq!(one.bytes(CKA_CHECK_VALUE).unwrap().len(), 3);
    assert_eq!(made(None), Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    let wrong = with(CKM_HKDF_KEY_GEN, Parameters::MacLen(32));
    let refused = generate_key(&wrong, &template(CKK_HKDF, Some(32)));
    assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
}
