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

fn private(value: &[u8]) -> Attributes {
    key_of(CKO_PRIVATE_KEY, PARAMETERS, CKA_VALUE, value)
}

fn public(value: &[u8]) -> Attributes {
    key_of(CKO_PUBLIC_KEY, PARAMETERS, CKA_EC_POINT, value)
}

#[test]
fn published_signatures_come_out_and_no_changed_byte_verifies() {
    for (seed, point, given, message, signature) in VECTORS {
        let (mechanism, message, signature) = (mechanism(given), hex(message), hex(signature));
        let (key, peer) = (parsed(&private(&hex(seed))).unwrap(), parsed(&public(&hex(point))).unwrap());
        assert_eq!(signed(&mechanism, &key, &message), Ok(signature.clone()));
        assert_eq!(verified(&mechanism, &peer, &message, &signature), Ok(()));
        for i in 0..SIGNATURE {
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
    for (seed, point, ..) in VECTORS {
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
fn the_curve_goes_by_every_name_and_is_kept_by_its_identifier() {
    for name in [
        PARAMETERS,
        b"\x13\x0cedwards25519",
        b"\x13\x07Ed25519",
        b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01",
    ] {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, name);
        let pair = generated(CKM_EC_EDWARDS_KEY_PAIR_GEN, &template).unwrap();
        for half in [&pair.public, &pair.private] {
            assert_eq!(half.bytes(CKA_EC_PARAMS), Some(PARAMETERS));
        }
        let (private, public) = parse_pair(CKK_EC_EDWARDS, pair);
        let signature = signed(&plain(CKM_EDDSA), &private, b"message").unwrap();
        assert_eq!(verified(&plain(CKM_EDDSA), &public, b"message", &signature), Ok(()));
        assert_eq!((private.size(), public.size()), (255, 255));
    }
    let refused = |parameters: &[u8]| {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, parameters);
        error(generated(CKM_EC_EDWARDS_KEY_PAIR_GEN, &template))
    };
    for other in
        [&b"\x06\x03\x2b\x65\x71"[..], b"\x06\x03\x2b\x65\x6e", b"\x13\x0acurve25519", b"\x13\x0aedwards448"]
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
    let point = hex(VECTORS[0].1);
    let octets = [&[4, 32][..], &point].concat();
    let bits = [&[3, 33, 0][..], &point].concat();
    for form in [&point, &octets, &bits] {
        assert_eq!(completed(&public(form)).unwrap().bytes(CKA_EC_POINT), Some(&point[..]));
        assert!(parsed(&public(form)).is_ok());
    }
    for none in [&point[1..], &octets[1..], &[&point[..], &[0]].concat(), &[4, 31], &[0; 64]] {
        let refused = error(completed(&public(none)));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_EC_POINT)));
    }
    assert_eq!(error(completed(&public(b""))), Some(Error::TemplateIncomplete(CKA_EC_POINT)));
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
    let key = parsed(&private(&[7; 32])).unwrap();
    for mechanism in [plain(CKM_EDDSA), eddsa(false, b"context"), eddsa(true, b"")] {
        let mut first = start_sign(&mechanism, &key).unwrap();
        first.update(b"mess").unwrap();
        let mut second = start_sign(&mechanism, &key).unwrap();
        second.restore(first.save().unwrap().expose()).unwrap();
        second.update(b"age").unwrap();
        let mut signature = [0; SIGNATURE];
        second.finish(&mut signature).unwrap();
        assert_eq!(signed(&mechanism, &key, b"message"), Ok(signature.to_vec()));
    }
}
