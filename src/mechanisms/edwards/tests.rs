use super::*;
use crate::fixtures::{
    complete as completed, error, from_bytes as unwrapped, generate as generated, hex, of_class,
    parse as parsed, parse_pair, plain, secret_key, sign as signed, start_sign, start_verify,
    to_bytes as wrapped, verify as verified, with,
};
use pkcs11::EddsaParameters;
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO, CKK_GENERIC_SECRET, CKM_SHA256, CKM_SHA256_HMAC,
};

const PARAMETERS: &[u8] = b"\x06\x03\x2b\x65\x70";
const PARAMETERS_448: &[u8] = b"\x06\x03\x2b\x65\x71";

/// RFC 8032: private key, public key, flag and context of the parameters, message, signature.
type Vector = (&'static str, &'static str, Option<(bool, &'static str)>, &'static str, &'static str);

/// Section 7.1 tests 1 to 3, section 7.2 "foo", section 7.3.
const VECTORS: [Vector; 5] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        None,
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
         d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        None,
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c\
         387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        None,
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
         4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
        "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292",
        Some((false, "666f6f")),
        "f726936d19c800494e3fdaff20b276a8",
        "55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a8b36950b95130022907a7fb7c4e9b2d5\
         f6cca685a587b4b21f4b888e4e7edb0d",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        Some((true, "")),
        "616263",
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aa\
         a10b8c61e636062aaad11c2a26083406",
    ),
];

/// Edwards448: section 7.4 (blank, 1 octet without and with context, 256 octets), section 7.5 without and with context.
const VECTORS_448: [Vector; 6] = [
    (
        "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f\
         032e7549a20098f95b",
        "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6c\
         d1fa1abeafe8256180",
        None,
        "",
        "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d78\
         28c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db\
         b61149f05a7363268c71d95808ff2e652600",
    ),
    (
        "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949e\
         f8021e954e0a12274e",
        "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c\
         235160627b4c3a9480",
        None,
        "03",
        "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633\
         fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f\
         f3348ab21aa4adafd1d234441cf807c03a00",
    ),
    (
        "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949e\
         f8021e954e0a12274e",
        "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c\
         235160627b4c3a9480",
        Some((false, "666f6f")),
        "03",
        "d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb842d60721\
         7fce6e042f6815ea000c85741de5c8da1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d\
         5428407e85dcbc98a49155c13764e66c3c00",
    ),
    (
        "2ec5fe3c17045abdb136a5e6a913e32ab75ae68b53d2fc149b77e504132d37569b7e766ba74a19bd6162343a21c8590a\
         a9cebca9014c636df5",
        "79756f014dcfe2079f5dd9e718be4171e2ef2486a08f25186f6bff43a9936b9bfe12402b08ae65798a3d81e22e9ec80e\
         7690862ef3d4ed3a00",
        None,
        "15777532b0bdd0d1389f636c5f6b9ba734c90af572877e2d272dd078aa1e567cfa80e12928bb542330e8409f31745041\
         07ecd5efac61ae7504dabe2a602ede89e5cca6257a7c77e27a702b3ae39fc769fc54f2395ae6a1178cab4738e543072f\
         c1c177fe71e92e25bf03e4ecb72f47b64d0465aaea4c7fad372536c8ba516a6039c3c2a39f0e4d832be432dfa9a706a6\
         e5c7e19f397964ca4258002f7c0541b590316dbc5622b6b2a6fe7a4abffd96105eca76ea7b98816af0748c10df048ce0\
         12d901015a51f189f3888145c03650aa23ce894c3bd889e030d565071c59f409a9981b51878fd6fc110624dcbcde0bf7\
         a69ccce38fabdf86f3bef6044819de11",
        "c650ddbb0601c19ca11439e1640dd931f43c518ea5bea70d3dcde5f4191fe53f00cf966546b72bcc7d58be2b9badef28\
         743954e3a44a23f880e8d4f1cfce2d7a61452d26da05896f0a50da66a239a8a188b6d825b3305ad77b73fbac0836ecc6\
         0987fd08527c1a8e80d5823e65cafe2a3d00",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42ef7822e0d5104127dc05d6dbefde69e3\
         ab2cec7c867c6e2c49",
        "259b71c19f83ef77a7abd26524cbdb3161b590a48f7d17de3ee0ba9c52beb743c09428a131d6b1b57303d90d8132c276\
         d5ed3d5d01c0f53880",
        Some((true, "")),
        "616263",
        "822f6901f7480f3d5f562c592994d9693602875614483256505600bbc281ae381f54d6bce2ea911574932f52a4e6cadd\
         78769375ec3ffd1b801a0d9b3f4030cd433964b6457ea39476511214f97469b57dd32dbc560a9a94d00bff07620464a3\
         ad203df7dc7ce360c3cd3696d9d9fab90f00",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42ef7822e0d5104127dc05d6dbefde69e3\
         ab2cec7c867c6e2c49",
        "259b71c19f83ef77a7abd26524cbdb3161b590a48f7d17de3ee0ba9c52beb743c09428a131d6b1b57303d90d8132c276\
         d5ed3d5d01c0f53880",
        Some((true, "666f6f")),
        "616263",
        "c32299d46ec8ff02b54540982814dce9a05812f81962b649d528095916a2aa481065b1580423ef927ecf0af5888f90da\
         0f6a9a85ad5dc3f280d91224ba9911a3653d00e484e2ce232521481c8658df304bb7745a73514cdb9bf3e15784ab7128\
         4f8d0704a608c54a6b62d97beb511d132100",
    ),
];

fn eddsa(prehash: bool, context: &[u8]) -> Mechanism {
    with(CKM_EDDSA, Parameters::Eddsa(EddsaParameters { prehash, context: context.to_vec() }))
}

fn mechanism(given: Option<(bool, &str)>) -> Mechanism {
    given.map_or(plain(CKM_EDDSA), |(prehash, context)| eddsa(prehash, &hex(context)))
}

fn key_of(class: u64, parameters: &[u8], attribute: u64, value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(attribute, value);
    of_class(class, CKK_EC_EDWARDS, attributes)
}

/// A key of 57 bytes is one of edwards448.
fn parameters_of(value: &[u8]) -> &'static [u8] {
    if value.len() == 57 { PARAMETERS_448 } else { PARAMETERS }
}

fn private(value: &[u8]) -> Attributes {
    key_of(CKO_PRIVATE_KEY, parameters_of(value), CKA_VALUE, value)
}

fn public(value: &[u8]) -> Attributes {
    key_of(CKO_PUBLIC_KEY, parameters_of(value), CKA_EC_POINT, value)
}

fn all_vectors() -> impl Iterator<Item = Vector> {
    VECTORS.into_iter().chain(VECTORS_448)
}

#[test]
fn published_signatures_come_out_and_no_changed_byte_verifies() {
    for (seed, point, given, message, signature) in all_vectors() {
        let (mechanism, message, signature) = (mechanism(given), hex(message), hex(signature));
        let (key, peer) = (parsed(&private(&hex(seed))).unwrap(), parsed(&public(&hex(point))).unwrap());
        assert_eq!(signed(&mechanism, &key, &message), Ok(signature.clone()));
        assert_eq!(verified(&mechanism, &peer, &message, &signature), Ok(()));
        for i in 0..signature.len() {
            let mut changed = signature.clone();
            changed[i] ^= 1;
            assert_eq!(verified(&mechanism, &peer, &message, &changed), Err(Error::SignatureInvalid));
        }
        let longer = [&message[..], &[0]].concat();
        assert_eq!(verified(&mechanism, &peer, &longer, &signature), Err(Error::SignatureInvalid));
        for impossible in [&[][..], &signature[1..], &[&signature[..], &[0]].concat()] {
            let found = verified(&mechanism, &peer, &message, impossible);
            assert_eq!(found, Err(Error::SignatureLenRange));
        }
    }
}

#[test]
fn the_public_key_follows_from_the_private_one() {
    for (seed, point, ..) in all_vectors() {
        let (private, public) =
            (completed(&private(&hex(seed))).unwrap(), completed(&public(&hex(point))).unwrap());
        assert_eq!(private.bytes(CKA_PUBLIC_KEY_INFO), public.bytes(CKA_PUBLIC_KEY_INFO));
        assert_eq!(private.bytes(CKA_VALUE), Some(&hex(seed)[..]));
    }
}

/// RFC 8410 sections 10.1 and 10.3: one key as `SubjectPublicKeyInfo`, and as `OneAsymmetricKey` of both versions.
#[test]
fn the_published_encodings_are_read_and_written() {
    let info =
        hex("302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    let version_1 = hex(
        "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
    );
    let version_2 = hex(
        "3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842\
         a01f301d060a2a864886f70d01090914310f0c0d437572646c6520436861697273\
         81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
    );
    let template = of_class(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, Attributes::new());
    for bytes in [&version_1, &version_2] {
        let key = unwrapped(&template, bytes).unwrap();
        assert_eq!(key.bytes(CKA_PUBLIC_KEY_INFO), Some(&info[..]));
        let key = of_class(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, key);
        assert_eq!(wrapped(&key), Ok(version_1.clone()));
    }
    for cut in 0..version_1.len() {
        assert_eq!(unwrapped(&template, &version_1[..cut]), Err(Error::WrappedKeyInvalid));
    }
    let mut of_x25519 = version_1.clone();
    of_x25519[11] = 0x6e;
    assert_eq!(unwrapped(&template, &of_x25519), Err(Error::WrappedKeyInvalid));
    let public = of_class(CKO_PUBLIC_KEY, CKK_EC_EDWARDS, Attributes::new());
    assert!(matches!(unwrapped(&public, &version_1), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn a_curve_goes_by_every_name_and_is_kept_by_its_identifier() {
    for (name, kept, bits) in [
        (PARAMETERS, PARAMETERS, 255),
        (b"\x13\x0cedwards25519", PARAMETERS, 255),
        (b"\x13\x07Ed25519", PARAMETERS, 255),
        (b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", PARAMETERS, 255),
        (PARAMETERS_448, PARAMETERS_448, 448),
        (b"\x13\x0aedwards448", PARAMETERS_448, 448),
        (b"\x13\x05Ed448", PARAMETERS_448, 448),
    ] {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, name);
        let pair = generated(CKM_EC_EDWARDS_KEY_PAIR_GEN, &template).unwrap();
        for half in [&pair.public, &pair.private] {
            assert_eq!(half.bytes(CKA_EC_PARAMS), Some(kept));
        }
        let (private, public) = parse_pair(CKK_EC_EDWARDS, pair);
        let signature = signed(&plain(CKM_EDDSA), &private, b"message").unwrap();
        assert_eq!(verified(&plain(CKM_EDDSA), &public, b"message", &signature), Ok(()));
        assert_eq!((private.size(), public.size()), (bits, bits));
    }
    let refused = |parameters: &[u8]| {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, parameters);
        error(generated(CKM_EC_EDWARDS_KEY_PAIR_GEN, &template))
    };
    for other in
        [&b"\x06\x03\x2b\x65\x6f"[..], b"\x06\x03\x2b\x65\x6e", b"\x13\x0acurve25519", b"\x13\x08curve448"]
    {
        assert_eq!(refused(other), Some(Error::CurveNotSupported));
    }
    for none in
        [&b""[..], b"\x05\x00", b"\x06\x00", b"\x13\x00", b"\x06\x03\x2b\x65", b"\x06\x03\x2b\x65\x70\x00"]
    {
        assert_eq!(refused(none), Some(Error::DomainParamsInvalid));
    }
    let without = error(generated(CKM_EC_EDWARDS_KEY_PAIR_GEN, &Attributes::new()));
    assert_eq!(without, Some(Error::TemplateIncomplete(CKA_EC_PARAMS)));
}

#[test]
fn a_public_key_is_read_in_every_form_and_kept_raw() {
    for point in [VECTORS[0].1, VECTORS_448[0].1].map(hex) {
        let len = u8::try_from(point.len()).unwrap();
        let octets = [&[4, len][..], &point].concat();
        let bits = [&[3, len + 1, 0][..], &point].concat();
        let of_curve = |value: &[u8]| key_of(CKO_PUBLIC_KEY, parameters_of(&point), CKA_EC_POINT, value);
        for form in [&point, &octets, &bits] {
            assert_eq!(completed(&of_curve(form)).unwrap().bytes(CKA_EC_POINT), Some(&point[..]));
            assert!(parsed(&of_curve(form)).is_ok());
        }
        for none in [&point[1..], &octets[1..], &[&point[..], &[0]].concat(), &[4, 31], &[0; 64]] {
            let refused = error(completed(&of_curve(none)));
            assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_EC_POINT)));
        }
        assert_eq!(error(completed(&of_curve(b""))), Some(Error::TemplateIncomplete(CKA_EC_POINT)));
    }
}

/// What is no point, and the points of small order, under which one signature is right for many messages: those of
/// edwards25519 as published by Chalkias, Garillot and Nikolaenko ("Taming the many EdDSAs", table 1), of both halves.
#[test]
fn what_is_no_point_or_one_of_small_order_is_no_public_key() {
    let filled = |first: u8, rest: u8, last: u8, len: usize| {
        let mut bytes = vec![rest; len];
        (bytes[0], bytes[len - 1]) = (first, last);
        bytes
    };
    let order_8 = [
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ]
    .map(hex);
    let mut minus_1 = filled(0xfe, 0xff, 0, 57);
    minus_1[28] = 0xfe;
    let refused = [
        // 0, 1 and -1; -1, 0 and 1 with the field's size added; y = 2 is on no point.
        filled(0, 0, 0, 32),
        filled(0, 0, 0x80, 32),
        filled(1, 0, 0, 32),
        filled(0xec, 0xff, 0x7f, 32),
        filled(0xed, 0xff, 0x7f, 32),
        filled(0xee, 0xff, 0x7f, 32),
        filled(2, 0, 0, 32),
        // On edwards448 the same numbers, of which the third is split by a 0xfe in the middle.
        filled(0, 0, 0, 57),
        filled(0, 0, 0x80, 57),
        filled(1, 0, 0, 57),
        minus_1,
        filled(2, 0, 0, 57),
    ];
    for point in refused.iter().chain(&order_8) {
        assert_eq!(
            completed(&public(point)),
            Err(Error::AttributeValueInvalid(CKA_EC_POINT)),
            "{point:02x?}"
        );
    }
}

#[test]
fn a_private_key_of_another_length_and_a_foreign_information_are_refused() {
    for wrong in [&[1; 31][..], &[1; 33], &[1; 64]] {
        assert_eq!(completed(&private(wrong)), Err(Error::AttributeValueInvalid(CKA_VALUE)));
        assert!(parsed(&private(wrong)).is_err());
    }
    // Zeros at the start of a value in little endian order count.
    let zeros = [&[0; 4], &[1; 28][..]].concat();
    assert_eq!(completed(&private(&zeros)).unwrap().bytes(CKA_VALUE), Some(&zeros[..]));
    let mut foreign = private(&[1; 32]);
    foreign.set_bytes(
        CKA_PUBLIC_KEY_INFO,
        completed(&private(&[2; 32])).unwrap().bytes(CKA_PUBLIC_KEY_INFO).unwrap(),
    );
    assert_eq!(completed(&foreign), Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
}

#[test]
fn the_structure_without_flag_and_context_means_what_no_structure_means() {
    let key = parsed(&private(&[7; 32])).unwrap();
    let signature = signed(&plain(CKM_EDDSA), &key, b"message").unwrap();
    assert_eq!(signed(&eddsa(false, b""), &key, b"message"), Ok(signature.clone()));
    for other in [eddsa(false, b"x"), eddsa(true, b""), eddsa(true, b"x"), eddsa(false, &[1; 255])] {
        assert_ne!(signed(&other, &key, b"message"), Ok(signature.clone()));
    }
}

#[test]
fn parameters_and_keys_that_do_not_fit_are_refused() {
    let (key, peer) = (parsed(&private(&[7; 32])).unwrap(), parsed(&public(&hex(VECTORS[0].1))).unwrap());
    for wrong in [
        eddsa(false, &[1; 256]),
        eddsa(true, &[1; 256]),
        with(CKM_EDDSA, Parameters::Unknown),
        crate::fixtures::pss(CKM_EDDSA, CKM_SHA256, 0, 0),
    ] {
        assert!(matches!(error(start_sign(&wrong, &key)), Some(Error::MechanismParamInvalid(_))));
        assert!(matches!(error(start_verify(&wrong, &peer)), Some(Error::MechanismParamInvalid(_))));
    }
    let secret = secret_key(CKK_GENERIC_SECRET, b"secret");
    for other in [&secret, &peer] {
        assert_eq!(error(start_sign(&plain(CKM_EDDSA), other)), Some(Error::KeyTypeInconsistent));
    }
    assert_eq!(error(start_verify(&plain(CKM_EDDSA), &key)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_sign(&plain(CKM_SHA256_HMAC), &key)), Some(Error::KeyTypeInconsistent));
}

#[test]
fn a_saved_signature_goes_on_where_it_was() {
    let (key, longer) = (parsed(&private(&[7; 32])).unwrap(), parsed(&private(&[7; 57])).unwrap());
    assert!(start_sign(&eddsa(true, b""), &longer).unwrap().save().is_none(), "SHAKE tells no state");
    for (mechanism, key) in [
        (plain(CKM_EDDSA), &key),
        (eddsa(false, b"context"), &key),
        (eddsa(true, b""), &key),
        (plain(CKM_EDDSA), &longer),
        (eddsa(false, b"context"), &longer),
    ] {
        let mut first = start_sign(&mechanism, key).unwrap();
        first.update(b"mess").unwrap();
        let mut second = start_sign(&mechanism, key).unwrap();
        second.restore(first.save().unwrap().expose()).unwrap();
        second.update(b"age").unwrap();
        let mut signature = vec![0; second.signature_len()];
        second.finish(&mut signature).unwrap();
        assert_eq!(signed(&mechanism, key, b"message"), Ok(signature));
    }
}
