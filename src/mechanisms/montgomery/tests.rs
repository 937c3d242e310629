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
const PARAMETERS_448: &[u8] = b"\x06\x03\x2b\x65\x6f";

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

/// The same of curve448: RFC 7748 section 5.2, both cases, and section 6.2, both sides.
const VECTORS_448: [[&str; 3]; 4] = [
    [
        "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eba368f54b\
         29259a4f1c600ad3",
        "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429db94ada1\
         8aa7a7fb4ef8a086",
        "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d98223961111e21\
         766282f73dd96b6f",
    ],
    [
        "203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c538345dd77c3e4806e25f46d3315c44e0a5b43712\
         82dd2c8d5be3095f",
        "0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b165d015894e56c4d3570bee52fe205e28a78b91c\
         dfbde71ce8d157db",
        "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7ad1b3ee3a5700df34321d62077e63633c575c1c9\
         54514e99da7c179d",
    ],
    [
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d\
         9ac2d8c0a598726b",
        "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae\
         07bdc1c67bf33609",
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a\
         449a5037514a879d",
    ],
    [
        "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0\
         366f10b65173992d",
        "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53\
         177f80e532c41fa0",
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a\
         449a5037514a879d",
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

/// Those of curve448: 0, 1 and -1; 0 and 1 with the field's size added. As the first byte, the rest of the lower half,
/// the first byte of the upper half and its rest.
const SMALL_ORDER_448: [[u8; 4]; 5] =
    [[0; 4], [1, 0, 0, 0], [0xfe, 0xff, 0xfe, 0xff], [0xff, 0xff, 0xfe, 0xff], [0, 0, 0xff, 0xff]];

fn small_order() -> Vec<Vec<u8>> {
    let on_448 = SMALL_ORDER_448
        .map(|[first, lower, middle, upper]| [&[first][..], &[lower; 27], &[middle], &[upper; 27]].concat());
    SMALL_ORDER.map(hex).into_iter().chain(on_448).collect()
}

/// A key of 56 bytes is one of curve448.
fn parameters_of(value: &[u8]) -> &'static [u8] {
    if value.len() == 56 { PARAMETERS_448 } else { PARAMETERS }
}

fn private(value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters_of(value));
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, attributes)
}

fn public(value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters_of(value));
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
    for vector in VECTORS.into_iter().chain(VECTORS_448) {
        let [scalar, peer, shared] = vector.map(hex);
        let key = parsed(&private(&scalar)).unwrap();
        let len = u8::try_from(peer.len()).unwrap();
        for peer in [&peer[..], &[&[4, len], &peer[..]].concat(), &[&[3, len + 1, 0], &peer[..]].concat()] {
            let derived = derive(&ecdh(CKD_NULL, peer), &key, &template(CKK_GENERIC_SECRET, None)).unwrap();
            assert_eq!(derived.bytes(CKA_VALUE), Some(&shared[..]));
        }
        let cut = derive(&ecdh(CKD_NULL, &peer), &key, &template(CKK_AES, Some(16))).unwrap();
        assert_eq!(cut.bytes(CKA_VALUE), Some(&shared[shared.len() - 16..]));
    }
}

#[test]
fn a_secret_of_zeros_is_refused_and_so_is_the_key_that_makes_it() {
    for point in small_order() {
        assert_eq!(
            completed(&public(&point)),
            Err(Error::AttributeValueInvalid(CKA_EC_POINT)),
            "{point:02x?}"
        );
        let key = parsed(&private(&vec![7; point.len()])).unwrap();
        for (kdf, len) in [(CKD_NULL, None), (CKD_SHA256_KDF, Some(32))] {
            let refused = derive(&ecdh(kdf, &point), &key, &template(CKK_GENERIC_SECRET, len));
            assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{point:02x?}");
        }
    }
}

#[test]
fn both_sides_agree_on_what_they_made() {
    for (name, parameters, len) in
        [(&b"\x13\x0acurve25519"[..], PARAMETERS, 32), (b"\x13\x08curve448", PARAMETERS_448, 56)]
    {
        let mut curve = Attributes::new();
        curve.set_bytes(CKA_EC_PARAMS, name);
        let pairs = [(); 2].map(|()| generated(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &curve).unwrap());
        let points = [0, 1].map(|i: usize| pairs[i].public.bytes(CKA_EC_POINT).unwrap().to_vec());
        assert_eq!(points[0].len(), len);
        assert_ne!(points[0], points[1]);
        let [one, other] = pairs.map(|pair| {
            for half in [&pair.public, &pair.private] {
                assert_eq!(half.bytes(CKA_EC_PARAMS), Some(parameters));
            }
            parse_pair(CKK_EC_MONTGOMERY, pair).0
        });
        let secret = template(CKK_GENERIC_SECRET, Some(40));
        let ours = derive(&ecdh(CKD_SHA256_KDF, &points[1]), &one, &secret).unwrap();
        let theirs = derive(&ecdh(CKD_SHA256_KDF, &points[0]), &other, &secret).unwrap();
        assert_eq!(ours.bytes(CKA_VALUE), theirs.bytes(CKA_VALUE));
    }
}

#[test]
fn a_curve_goes_by_its_names_alone() {
    for (parameters, expected) in [
        (PARAMETERS, None),
        (b"\x13\x06X25519", None),
        (b"\x13\x0bcurve25519", None),
        (b"\x13\x0bcurve2551", Some(Error::DomainParamsInvalid)),
        (b"\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01", None),
        (b"\x06\x03\x2b\x65\x70", Some(Error::CurveNotSupported)),
        (b"\x13\x0cedwards25519", Some(Error::CurveNotSupported)),
        (PARAMETERS_448, None),
        (b"\x13\x04x448", None),
        (b"\x06\x03\x2b\x65\x71", Some(Error::CurveNotSupported)),
        (b"\x05\x00", Some(Error::DomainParamsInvalid)),
    ] {
        let mut curve = Attributes::new();
        curve.set_bytes(CKA_EC_PARAMS, parameters);
        assert_eq!(error(generated(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, &curve)), expected);
    }
}

/// The private key, the public key, which is the other side's peer, and what stands before both in their encodings.
#[test]
fn a_key_keeps_its_value_its_information_and_its_wrapped_form() {
    for (scalar, point, info, whole) in [
        (VECTORS[2][0], VECTORS[3][1], "302a300506032b656e032100", "302e020100300506032b656e04220420"),
        (
            VECTORS_448[2][0],
            VECTORS_448[3][1],
            "3042300506032b656f033900",
            "3046020100300506032b656f043a0438",
        ),
    ] {
        let (scalar, point) = (hex(scalar), hex(point));
        let key = completed(&private(&scalar)).unwrap();
        assert_eq!(key.bytes(CKA_VALUE), Some(&scalar[..]));
        let info = [&hex(info)[..], &point].concat();
        assert_eq!(key.bytes(CKA_PUBLIC_KEY_INFO), Some(&info[..]));
        assert_eq!(completed(&public(&point)).unwrap().bytes(CKA_PUBLIC_KEY_INFO), Some(&info[..]));
        let bytes = wrapped(&private(&scalar)).unwrap();
        assert_eq!(bytes, [&hex(whole)[..], &scalar].concat());
        let mut template = of_class(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, Attributes::new());
        assert_eq!(unwrapped(&template, &bytes).unwrap().bytes(CKA_VALUE), Some(&scalar[..]));
        let other = if scalar.len() == 56 { PARAMETERS } else { PARAMETERS_448 };
        template.set_bytes(CKA_EC_PARAMS, other);
        assert!(matches!(unwrapped(&template, &bytes), Err(Error::TemplateInconsistent(_))));
    }
}

#[test]
fn what_is_no_key_is_refused() {
    for wrong in [&[1; 31][..], &[1; 33], &[1; 55], &[1; 57]] {
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
