use super::*;
use crate::fixtures::{
    complete, error, generate, hex, of_class, parse, parse_pair, plain, sign, start_sign, start_verify,
    verify,
};
use ::p384::pkcs8::EncodePublicKey;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use pkcs11::constants::{CKM_SHA256, CKM_SHA256_RSA_PKCS};
use sha2::{Digest, Sha256, Sha384, Sha512};

const P256_PARAMETERS: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384_PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
const P224_PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x21";
const P521_PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x23";
const SECP256K1_PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";
const ALL_PARAMETERS: [&[u8]; 5] =
    [P224_PARAMETERS, P256_PARAMETERS, P384_PARAMETERS, P521_PARAMETERS, SECP256K1_PARAMETERS];
const MECHANISMS_OF_ECDSA: [MechanismType; 10] = [
    CKM_ECDSA,
    CKM_ECDSA_SHA1,
    CKM_ECDSA_SHA224,
    CKM_ECDSA_SHA256,
    CKM_ECDSA_SHA384,
    CKM_ECDSA_SHA512,
    CKM_ECDSA_SHA3_224,
    CKM_ECDSA_SHA3_256,
    CKM_ECDSA_SHA3_384,
    CKM_ECDSA_SHA3_512,
];

/// RFC 6979 appendix A.2.5: the key on P-256 and its signatures of "sample".
const P256_POINT: &str = "04\
    60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
    7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
const P256_SCALAR: &str = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const P256_SAMPLE_SHA256: &str = "\
    EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
    F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
/// RFC 6979 appendix A.2.6: the key on P-384 and its signature of "sample" with SHA-384.
const P384_SCALAR: &str = "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8\
    96D5724E4C70A825F872C9EA60D2EDF5";
const P384_POINT: &str = "04\
    EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13\
    8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720";
const P384_SAMPLE_SHA384: &str = "\
    94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46\
    99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8";
/// RFC 6979 appendix A.2.4: the key on P-224 and its signatures of "sample" with SHA-1 and SHA-224.
const P224_SCALAR: &str = "F220266E1105BFE3083E03EC7A3A654651F45E37167E88600BF257C1";
const P224_POINT: &str = "04\
    00CF08DA5AD719E42707FA431292DEA11244D64FC51610D94B130D6C\
    EEAB6F3DEBE455E3DBF85416F7030CBD94F34F2D6F232C69F3C1385A";
const P224_SAMPLE_SHA1: &str = "\
    22226F9D40A96E19C4A301CE5B74B115303C0F3A4FD30FC257FB57AC\
    66D1CDD83E3AF75605DD6E2FEFF196D30AA7ED7A2EDF7AF475403D69";
const P224_SAMPLE_SHA224: &str = "\
    1CDFE6662DDE1E4A1EC4CDEDF6A1F5A2FB7FBD9145C12113E6ABFD3E\
    A6694FD7718A21053F225D3F46197CA699D45006C06F871808F43EBC";
/// RFC 6979 appendix A.2.7: the key on P-521 and its signature of "sample" with SHA-512.
const P521_SCALAR: &str = "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836\
    A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538";
const P521_POINT: &str = "04\
    01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B5D5370A7F20FB633155D\
    38FFA16D2BD761DCAC474B9A2F5023A4\
    00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34A828008B22ACC23F924F\
    AAFBD4D33F81EA66956DFEAA2BFDFCF5";
const P521_SAMPLE_SHA512: &str = "\
    00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931\
    D7D4E8455CC91F9B15BF05EC36E377FA\
    00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A\
    20F8CCB1DCCC43997F1EE0E44DA4A67A";

fn public(parameters: &[u8], point: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(CKA_EC_POINT, point);
    of_class(CKO_PUBLIC_KEY, CKK_EC, attributes)
}

fn private(parameters: &[u8], scalar: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(CKA_VALUE, scalar);
    of_class(CKO_PRIVATE_KEY, CKK_EC, attributes)
}

fn made(parameters: &[u8]) -> GeneratedPair {
    let mut template = Attributes::new();
    template.set_bytes(CKA_EC_PARAMS, parameters);
    generate(CKM_EC_KEY_PAIR_GEN, &template).unwrap()
}

#[test]
fn published_signatures_verify_and_no_changed_byte_does() {
    for (mechanism, parameters, point, signature) in [
        (CKM_ECDSA_SHA256, P256_PARAMETERS, P256_POINT, P256_SAMPLE_SHA256),
        (CKM_ECDSA_SHA384, P384_PARAMETERS, P384_POINT, P384_SAMPLE_SHA384),
        (CKM_ECDSA_SHA1, P224_PARAMETERS, P224_POINT, P224_SAMPLE_SHA1),
        (CKM_ECDSA_SHA224, P224_PARAMETERS, P224_POINT, P224_SAMPLE_SHA224),
        (CKM_ECDSA_SHA512, P521_PARAMETERS, P521_POINT, P521_SAMPLE_SHA512),
    ] {
        let key = parse(&public(parameters, &hex(point))).unwrap();
        let signature = hex(signature);
        assert_eq!(verify(&plain(mechanism), &key, b"sample", &signature), Ok(()));
        assert_eq!(verify(&plain(mechanism), &key, b"Sample", &signature), Err(Error::SignatureInvalid));
        for i in 0..signature.len() {
            let mut changed = signature.clone();
            changed[i] ^= 1;
            assert_eq!(verify(&plain(mechanism), &key, b"sample", &changed), Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn imported_scalars_give_the_published_points() {
    for (parameters, scalar, point) in [
        (P256_PARAMETERS, P256_SCALAR, P256_POINT),
        (P384_PARAMETERS, P384_SCALAR, P384_POINT),
        (P224_PARAMETERS, P224_SCALAR, P224_POINT),
        (P521_PARAMETERS, P521_SCALAR, P521_POINT),
    ] {
        let private = complete(&private(parameters, &hex(scalar))).unwrap();
        let public = complete(&public(parameters, &hex(point))).unwrap();
        assert_eq!(private.bytes(CKA_PUBLIC_KEY_INFO), public.bytes(CKA_PUBLIC_KEY_INFO));
        assert_eq!(private.bytes(CKA_VALUE), Some(&hex(scalar)[..]));
    }
}

#[test]
fn every_mechanism_signs_what_it_verifies_on_each_curve() {
    for parameters in ALL_PARAMETERS {
        let (private, public) = parse_pair(CKK_EC, made(parameters));
        for mechanism in MECHANISMS_OF_ECDSA {
            let mechanism = plain(mechanism);
            let message = [0x5a; 100];
            let signature = sign(&mechanism, &private, &message).unwrap();
            assert_eq!(verify(&mechanism, &public, &message, &signature), Ok(()));
            assert_eq!(verify(&mechanism, &public, &[0x5b; 100], &signature), Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn another_implementation_takes_our_signatures_and_we_take_its_on_p256() {
    let pair = made(P256_PARAMETERS);
    let scalar = pair.private.bytes(CKA_VALUE).unwrap().to_vec();
    let theirs = p256::ecdsa::SigningKey::from_slice(&scalar).unwrap();
    let info = p256::PublicKey::from(theirs.verifying_key()).to_public_key_der().unwrap();
    assert_eq!(pair.public.bytes(CKA_PUBLIC_KEY_INFO), Some(info.as_bytes()));
    let (private, public) = parse_pair(CKK_EC, pair);
    for i in 0..20u8 {
        let message = vec![i; usize::from(i)];
        for (mechanism, digest) in [
            (CKM_ECDSA_SHA256, Sha256::digest(&message).to_vec()),
            (CKM_ECDSA_SHA384, Sha384::digest(&message).to_vec()),
            (CKM_ECDSA_SHA512, Sha512::digest(&message).to_vec()),
            (CKM_ECDSA_SHA3_224, sha3::Sha3_224::digest(&message).to_vec()),
            (CKM_ECDSA_SHA3_256, sha3::Sha3_256::digest(&message).to_vec()),
            (CKM_ECDSA_SHA3_384, sha3::Sha3_384::digest(&message).to_vec()),
            (CKM_ECDSA_SHA3_512, sha3::Sha3_512::digest(&message).to_vec()),
        ] {
            let ours = sign(&plain(mechanism), &private, &message).unwrap();
            let ours = p256::ecdsa::Signature::from_slice(&ours).unwrap();
            theirs.verifying_key().verify_prehash(&digest, &ours).unwrap();
            let signature: p256::ecdsa::Signature = theirs.sign_prehash(&digest).unwrap();
            assert_eq!(verify(&plain(mechanism), &public, &message, &signature.to_bytes()), Ok(()));
            assert_eq!(verify(&plain(CKM_ECDSA), &public, &digest, &signature.to_bytes()), Ok(()));
        }
    }
}

#[test]
fn another_implementation_takes_our_signatures_and_we_take_its_on_p384() {
    let pair = made(P384_PARAMETERS);
    let scalar = pair.private.bytes(CKA_VALUE).unwrap().to_vec();
    let theirs = p384::ecdsa::SigningKey::from_slice(&scalar).unwrap();
    let info = p384::PublicKey::from(theirs.verifying_key()).to_public_key_der().unwrap();
    assert_eq!(pair.public.bytes(CKA_PUBLIC_KEY_INFO), Some(info.as_bytes()));
    let (private, public) = parse_pair(CKK_EC, pair);
    for i in 0..20u8 {
        let digest = vec![i + 1; 24 + 2 * usize::from(i)];
        let ours = sign(&plain(CKM_ECDSA), &private, &digest).unwrap();
        let ours = p384::ecdsa::Signature::from_slice(&ours).unwrap();
        theirs.verifying_key().verify_prehash(&digest, &ours).unwrap();
        let signature: p384::ecdsa::Signature = theirs.sign_prehash(&digest).unwrap();
        assert_eq!(verify(&plain(CKM_ECDSA), &public, &digest, &signature.to_bytes()), Ok(()));
    }
}

#[test]
fn r_and_s_may_come_without_common_leading_zeros() {
    // Its nonces are deterministic (RFC 6979), so that the search always ends at the same digest.
    let theirs = p256::ecdsa::SigningKey::from_slice(&hex(P256_SCALAR)).unwrap();
    let key = parse(&public(P256_PARAMETERS, &hex(P256_POINT))).unwrap();
    let short = (0..100_000u32).find_map(|i| {
        let digest = Sha256::digest(i.to_be_bytes());
        let signature: p256::ecdsa::Signature = theirs.sign_prehash(&digest).unwrap();
        let bytes = signature.to_bytes();
        let (r, s) = bytes.split_at(32);
        (r[0] == 0 && s[0] == 0).then(|| (digest, [&r[1..], &s[1..]].concat()))
    });
    let (digest, short) = short.unwrap();
    assert_eq!(verify(&plain(CKM_ECDSA), &key, &digest, &short), Ok(()));
}

#[test]
fn signatures_of_impossible_lengths_are_told_from_wrong_ones() {
    let key = parse(&public(P256_PARAMETERS, &hex(P256_POINT))).unwrap();
    let signature = hex(P256_SAMPLE_SHA256);
    let long = [&signature[..], &[0, 0]].concat();
    for impossible in [&[], &signature[..63], &long[..65], &long[..]] {
        let found = verify(&plain(CKM_ECDSA_SHA256), &key, b"sample", impossible);
        assert_eq!(found, Err(Error::SignatureLenRange), "{} bytes", impossible.len());
    }
    for wrong in [vec![0; 64], vec![0xff; 64], vec![1; 2], signature[..62].to_vec()] {
        let found = verify(&plain(CKM_ECDSA_SHA256), &key, b"sample", &wrong);
        assert_eq!(found, Err(Error::SignatureInvalid), "{} bytes", wrong.len());
    }
}

#[test]
fn a_long_raw_message_counts_by_its_leftmost_bits() {
    let (private, public) = parse_pair(CKK_EC, made(P256_PARAMETERS));
    let signature = sign(&plain(CKM_ECDSA), &private, &[[1; 32], [2; 32]].concat()).unwrap();
    assert_eq!(verify(&plain(CKM_ECDSA), &public, &[1; 32], &signature), Ok(()));
}

#[test]
fn an_empty_raw_message_is_refused() {
    let (private, public) = parse_pair(CKK_EC, made(P256_PARAMETERS));
    assert_eq!(sign(&plain(CKM_ECDSA), &private, b""), Err(Error::DataLenRange));
    assert_eq!(verify(&plain(CKM_ECDSA), &public, b"", &[1; 64]), Err(Error::DataLenRange));
}

#[test]
fn curves_go_by_identifier_and_by_name_and_are_kept_by_identifier() {
    let name = |name: &str| element(PRINTABLE_STRING, &[name.as_bytes()]);
    for (sent, kept) in [
        (P256_PARAMETERS.to_vec(), P256_PARAMETERS),
        (name("secp256r1"), P256_PARAMETERS),
        (name("prime256v1"), P256_PARAMETERS),
        (name("P-256"), P256_PARAMETERS),
        (P384_PARAMETERS.to_vec(), P384_PARAMETERS),
        (name("secp384r1"), P384_PARAMETERS),
        (name("P-384"), P384_PARAMETERS),
        (P224_PARAMETERS.to_vec(), P224_PARAMETERS),
        (name("secp224r1"), P224_PARAMETERS),
        (P521_PARAMETERS.to_vec(), P521_PARAMETERS),
        (name("P-521"), P521_PARAMETERS),
    ] {
        let pair = made(&sent);
        assert_eq!(pair.public.bytes(CKA_EC_PARAMS), Some(kept));
        assert_eq!(pair.private.bytes(CKA_EC_PARAMS), Some(kept));
    }
}

#[test]
fn other_curves_are_told_from_what_is_no_curve() {
    let refused = |parameters: &[u8]| {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, parameters);
        error(generate(CKM_EC_KEY_PAIR_GEN, &template))
    };
    let brainpool = b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d";
    for unknown in [&brainpool[..], b"\x13\x0fbrainpoolP512r1", b"\x06\x01\x01"] {
        assert_eq!(refused(unknown), Some(Error::CurveNotSupported));
    }
    let trailing = [P256_PARAMETERS, &[0]].concat();
    for none in [
        &b""[..],
        b"\x05\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x06\x00",
        b"\x13\x00",
        b"\x06\x7f\x01",
        b"\x06",
        &trailing,
    ] {
        assert_eq!(refused(none), Some(Error::DomainParamsInvalid), "{none:x?}");
    }
    assert_eq!(
        error(generate(CKM_EC_KEY_PAIR_GEN, &Attributes::new())),
        Some(Error::TemplateIncomplete(CKA_EC_PARAMS))
    );
}

/// Field, two coefficients, seed of the second, base point and order.
type Written<'a> = (&'a str, &'a str, &'a str, &'a [u8], &'a str, &'a str);

const P256_WRITTEN: Written<'_> = (
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
    "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
    b"any seed: it proves nothing here",
    "04\
    6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296\
    4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
);
const SECP256K1_WRITTEN: Written<'_> = (
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F",
    "00",
    "07",
    b"",
    "04\
    79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798\
    483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
);

/// `ECParameters` (RFC 3279 section 2.3.5).
fn written((prime, a, b, seed, base, order): Written<'_>, cofactor: u8) -> Vec<u8> {
    let prime_field = element(OBJECT_IDENTIFIER, &[b"\x2a\x86\x48\xce\x3d\x01\x01"]);
    let field = element(SEQUENCE, &[&prime_field, &unsigned_integer(&hex(prime))]);
    let seed = if seed.is_empty() { Vec::new() } else { der::bit_string(seed) };
    let [a, b, base] = [a, b, base].map(|bytes| element(OCTET_STRING, &[&hex(bytes)]));
    let curve = element(SEQUENCE, &[&a, &b, &seed]);
    let (version, order) = (unsigned_integer(&[1]), unsigned_integer(&hex(order)));
    element(SEQUENCE, &[&version, &field, &curve, &base, &order, &unsigned_integer(&[cofactor])])
}

#[test]
fn parameters_written_out_in_full_are_kept_as_the_curve_that_they_are() {
    for (all, kept) in [(P256_WRITTEN, P256_PARAMETERS), (SECP256K1_WRITTEN, SECP256K1_PARAMETERS)] {
        let pair = made(&written(all, 1));
        assert_eq!(pair.public.bytes(CKA_EC_PARAMS), Some(kept));
        assert_eq!(pair.private.bytes(CKA_EC_PARAMS), Some(kept));
    }
    let key = complete(&public(&written(P256_WRITTEN, 1), &hex(P256_POINT))).unwrap();
    assert_eq!(key.bytes(CKA_EC_PARAMS), Some(P256_PARAMETERS));
}

/// With another base point anybody has a private key of anybody's public one.
#[test]
fn parameters_that_differ_from_every_curve_in_one_are_refused() {
    let (prime, a, b, seed, base, order) = P256_WRITTEN;
    let other = |text: &str| text.replace("51", "15");
    let own = hex(P256_POINT).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let whole = written(P256_WRITTEN, 1);
    for wrong in [
        written((SECP256K1_WRITTEN.0, a, b, seed, base, order), 1),
        written((prime, b, b, seed, base, order), 1),
        written((prime, a, a, seed, base, order), 1),
        written((prime, a, b, seed, &own, order), 1),
        written((prime, a, b, seed, &other(base), order), 1),
        written((prime, a, b, seed, base, &other(order)), 1),
        written(P256_WRITTEN, 2),
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], &[0]].concat(),
        element(SEQUENCE, &[P256_PARAMETERS]),
    ] {
        let refused = error(complete(&public(&wrong, &hex(P256_POINT))));
        assert_eq!(refused, Some(Error::DomainParamsInvalid), "{wrong:x?}");
    }
}

#[test]
fn points_are_read_in_every_form_that_clients_send_and_kept_in_one() {
    let point = hex(P256_POINT);
    let compressed = [&[3], &point[1..33]].concat();
    let kept = element(OCTET_STRING, &[&point]);
    for form in [
        kept.clone(),
        point.clone(),
        compressed.clone(),
        element(OCTET_STRING, &[&compressed]),
        der::bit_string(&point),
        der::bit_string(&compressed),
        [&[7], &point[1..]].concat(),
        element(OCTET_STRING, &[&[7], &point[1..]]),
    ] {
        let complete = complete(&public(P256_PARAMETERS, &form)).unwrap();
        assert_eq!(complete.bytes(CKA_EC_POINT), Some(&kept[..]), "{form:x?}");
    }
}

#[test]
fn what_is_no_point_of_the_curve_is_refused() {
    let point = hex(P256_POINT);
    let mut off_the_curve = point.clone();
    off_the_curve[64] ^= 1;
    // Hybrid: the second coordinate is odd.
    let hybrid = [&[6], &point[1..]].concat();
    let hybrid_off_the_curve = [&[6], &off_the_curve[1..]].concat();
    for none in [
        &off_the_curve[..],
        &hybrid,
        &hybrid_off_the_curve,
        &[0],
        &[4],
        &point[..64],
        &hex(P384_POINT),
        &[&[2], &[0xff; 32][..]].concat(),
        &element(OCTET_STRING, &[&[0]]),
    ] {
        let refused = error(complete(&public(P256_PARAMETERS, none)));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_EC_POINT)), "{none:x?}");
        assert!(parse(&public(P256_PARAMETERS, none)).is_err());
    }
    assert_eq!(error(complete(&public(P256_PARAMETERS, b""))), Some(Error::TemplateIncomplete(CKA_EC_POINT)));
}

#[test]
fn a_scalar_is_kept_at_full_length_and_stays_in_range() {
    let one = complete(&private(P256_PARAMETERS, &[1])).unwrap();
    assert_eq!(one.bytes(CKA_VALUE), Some(&[&[0; 31][..], &[1]].concat()[..]));
    let padded = complete(&private(P256_PARAMETERS, &[&[0; 20], &hex(P256_SCALAR)[..]].concat())).unwrap();
    assert_eq!(padded.bytes(CKA_VALUE), Some(&hex(P256_SCALAR)[..]));
    let order = hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    for outside in [&[0][..], &[0; 32], &order, &[0xff; 32], &[1; 33], &[1; 4000]] {
        let refused = error(complete(&private(P256_PARAMETERS, outside)));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_VALUE)), "{} bytes", outside.len());
    }
}

#[test]
fn a_public_key_info_of_another_key_is_refused() {
    let mut attributes = private(P256_PARAMETERS, &hex(P256_SCALAR));
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, b"");
    let right = complete(&attributes).unwrap().bytes(CKA_PUBLIC_KEY_INFO).unwrap().to_vec();
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &right);
    assert!(complete(&attributes).is_ok());
    attributes.set_bytes(CKA_PUBLIC_KEY_INFO, &right[1..]);
    assert_eq!(error(complete(&attributes)), Some(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
}

#[test]
fn keys_of_the_wrong_half_or_family_and_parameters_are_refused() {
    let (private, public) = parse_pair(CKK_EC, made(P256_PARAMETERS));
    assert_eq!(error(start_sign(&plain(CKM_ECDSA), &public)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_verify(&plain(CKM_ECDSA), &private)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_sign(&plain(CKM_SHA256_RSA_PKCS), &private)), Some(Error::KeyTypeInconsistent));
    let with_parameter = crate::fixtures::pss(CKM_ECDSA, CKM_SHA256, 0, 0);
    assert!(matches!(error(start_sign(&with_parameter, &private)), Some(Error::MechanismParamInvalid(_))));
}

#[test]
fn threads_sign_with_one_key_at_once() {
    let (private, public) = parse_pair(CKK_EC, made(P256_PARAMETERS));
    std::thread::scope(|scope| {
        for mark in 0..4u8 {
            let (private, public) = (&private, &public);
            scope.spawn(move || {
                for _ in 0..50 {
                    let signature = sign(&plain(CKM_ECDSA), private, &[mark + 1; 32]).unwrap();
                    verify(&plain(CKM_ECDSA), public, &[mark + 1; 32], &signature).unwrap();
                }
            });
        }
    });
}
