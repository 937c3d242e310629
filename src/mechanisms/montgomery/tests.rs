use super::*;
use crate::fixtures::{
    complete as completed, derive, error, from_bytes as unwrapped, generate as generated, hex, of_class,
    parse as parsed, parse_pair, to_bytes as wrapped, with,
};
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO, CKA_VALUE_LEN, CKD_NULL, CKD_SHA256_KDF, CKK_AES, CKK_GENERIC_SECRET,
    CKM_ECDH1_DERIVE, CKO_SECRET_KEY,
};
use pkcs11::{Ecdh1Parameters, Parameters};

const PARAMETERS: &[u8] = b"\x06\x03\x2b\x65\x6e";

/// RFC 7748 section 5.2, both cases, and section 6.1, both sides: private key, the other's public key, shared secret.
const VECTORS: [[&str; 3]; 4] = [
    [
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ],
    [
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ],
    [
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    ],
    [
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    ],
];

/// Public keys that give zeros with every private key (Wycheproof, X25519).
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn private(value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, PARAMETERS);
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, attributes)
}

fn public(value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, PARAMETERS);
    attributes.set_bytes(CKA_EC_POINT, value);
    of_class(CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, attributes)
}

fn ecdh(kdf: u64, public: &[u8]) -> Mechanism {
    let parameters = Ecdh1Parameters { kdf, shared: vec![], public: public.to_vec() };
    with(CKM_ECDH1_DERIVE, Parameters::Ecdh1(parameters))
}

fn template(key_type: u64, len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

#[test]
fn published_secrets_come_out_for_each_form_of_the_public_key() {
    for vector in VECTORS {
        let [scalar, peer, shared] = vector.map(hex);
        let key = parsed(&private(&scalar)).unwrap();
        for peer in [&peer[..], &[&[4, 32], &peer[..]].concat(), &[&[3, 33, 0], &peer[..]].concat()] {
            let derived = derive(&ecdh(CKD_NULL, peer), &key, &template(CKK_GENERIC_SECRET, None)).unwrap();
            assert_eq!(derived.bytes(CKA_VALUE), Some(&shared[..]));
        }
        let cut = derive(&ecdh(CKD_NULL, &peer), &key, &template(CKK_AES, Some(16))).unwrap();
        assert_eq!(cut.bytes(CKA_VALUE), Some(&shared[16..]));
    }
}

#[test]
fn a_secret_of_zeros_is_refused() {
    let key = parsed(&private(&[7; 32])).unwrap();
    for point in SMALL_ORDER {
        for (kdf, len) in [(CKD_NULL, None), (CKD_SHA256_KDF, Some(32))] {
            let refused = derive(&ecdh(kdf, &hex(point)), &key, &template(CKK_GENERIC_SECRET, len));
            assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{point}");
        }
    }
}

#[test]
fn both_sides_agree_on_what_they_made() {
    let mut curve = Attributes::new();
    curve.set_bytes(CKA_EC_PARAMS, b"\x13\x0acurve25519");
    let pairs = [(); 2].map(|()| generated(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &curve).unwrap());
    let points = [0, 1].map(|i: usize| pairs[i].public.bytes(CKA_EC_POINT).unwrap().to_vec());
    assert_eq!(points[0].len(), LEN);
    assert_ne!(points[0], points[1]);
    let [one, other] = pairs.map(|pair| {
        for half in [&pair.public, &pair.private] {
            assert_eq!(half.bytes(CKA_EC_PARAMS), Some(PARAMETERS));
        }
        parse_pair(CKK_EC_MONTGOMERY, pair).0
    });
    let secret = template(CKK_GENERIC_SECRET, Some(40));
    let ours = derive(&ecdh(CKD_SHA256_KDF, &points[1]), &one, &secret).unwrap();
    let theirs = derive(&ecdh(CKD_SHA256_KDF, &points[0]), &other, &secret).unwrap();
    assert_eq!(ours.bytes(CKA_VALUE), theirs.bytes(CKA_VALUE));
}

#[test]
fn the_curve_goes_by_its_names_alone() {
    for (parameters, expected) in [
        (PARAMETERS, None),
        (b"\x13\x06X25519", None),
        (b"\x13\x0bcurve25519", None),
        (b"\x13\x0bcurve2551", Some(Error::DomainParamsInvalid)),
        (b"\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01", None),
        (b"\x06\x03\x2b\x65\x70", Some(Error::CurveNotSupported)),
        (b"\x13\x0cedwards25519", Some(Error::CurveNotSupported)),
        (b"\x06\x03\x2b\x65\x6f", Some(Error::CurveNotSupported)),
        (b"\x05\x00", Some(Error::DomainParamsInvalid)),
    ] {
        let mut curve = Attributes::new();
        curve.set_bytes(CKA_EC_PARAMS, parameters);
        assert_eq!(error(generated(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &curve)), expected);
    }
}

#[test]
fn a_key_keeps_its_value_its_information_and_its_wrapped_form() {
    let [scalar, ..] = VECTORS[2].map(hex);
    let key = completed(&private(&scalar)).unwrap();
    // RFC 7748 section 6.1: the public key of that private one.
    let point = hex(VECTORS[3][1]);
    assert_eq!(key.bytes(CKA_VALUE), Some(&scalar[..]));
    let info = [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00"[..], &point].concat();
    assert_eq!(key.bytes(CKA_PUBLIC_KEY_INFO), Some(&info[..]));
    assert_eq!(completed(&public(&point)).unwrap().bytes(CKA_PUBLIC_KEY_INFO), Some(&info[..]));
    let bytes = wrapped(&private(&scalar)).unwrap();
    assert_eq!(bytes, [&hex("302e020100300506032b656e04220420")[..], &scalar].concat());
    let template = of_class(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, Attributes::new());
    assert_eq!(unwrapped(&template, &bytes).unwrap().bytes(CKA_VALUE), Some(&scalar[..]));
}

#[test]
fn what_is_no_key_is_refused() {
    for wrong in [&[1; 31][..], &[1; 33]] {
        assert_eq!(completed(&private(wrong)), Err(Error::AttributeValueInvalid(CKA_VALUE)));
        assert_eq!(completed(&public(wrong)), Err(Error::AttributeValueInvalid(CKA_EC_POINT)));
    }
    let (key, peer) = (parsed(&private(&[7; 32])).unwrap(), parsed(&public(&[9; 32])).unwrap());
    let secret = template(CKK_GENERIC_SECRET, None);
    for wrong in [&[][..], &[9; 31], &[9; 33], &[4; 65]] {
        let refused = derive(&ecdh(CKD_NULL, wrong), &key, &secret);
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
    }
    assert_eq!(derive(&ecdh(CKD_NULL, &[9; 32]), &peer, &secret), Err(Error::KeyTypeInconsistent));
}
