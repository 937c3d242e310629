use super::*;
use crate::fixtures::{
    derive, from_bytes, generate, hex, of_class, parse, parse_pair, plain, secret_key, sign, to_bytes,
    verify, with,
};
use ::p384::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use engine::mechanism::GeneratedPair;
use p384::elliptic_curve::sec1::ToSec1Point;
use pkcs11::Ecdh1Parameters;
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_VALUE, CKD_CPDIVERSIFY_KDF, CKD_SHA1_KDF_ASN1, CKK_EC,
    CKK_GENERIC_SECRET, CKK_RSA, CKK_SHA256_HMAC, CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CKM_ECDSA,
    CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA512, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY,
};

const P224: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x21";
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x23";
const SECP256K1: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";
const CURVES: [&[u8]; 5] = [P224, P256, P384, P521, SECP256K1];

/// RFC 5903 sections 8.1 and 8.2 (P-256, P-384), and Wycheproof's first cases on P-224 and P-521: curve, private key,
/// the other's public key, shared secret.
const VECTORS: [(&[u8], &str, &str, &str); 4] = [
    (
        P256,
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63\
         56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
        "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
    ),
    (
        P384,
        "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
        "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571\
         dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
        "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746",
    ),
    (
        P224,
        "565577a49415ca761a0322ad54e4ad0ae7625174baf372c2816f5328",
        "047d8ac211e1228eb094e285a957d9912e93deee433ed777440ae9fc719b01d050dfbe653e72f39491be87fb1a2742da\
         a6e0a2aada98bb1aca",
        "b8ecdb552d39228ee332bafe4886dbff272f7109edf933bc7542bd4f",
    ),
    (
        P521,
        "01939982b529596ce77a94bc6efd03e92c21a849eb4f87b8f619d506efc9bb22e7c61640c90d598f795b64566dc6df43\
         992ae34a1341d458574440a7371f611c7dcd",
        "040064da3e94733db536a74a0d8a5cb2265a31c54a1da6529a198377fbd38575d9d79769ca2bdf2d4c972642926d4448\
         91a652e7f492337251adf1613cf3077999b5ce00e04ad19cf9fd4722b0c824c069f70c3c0e7ebc5288940dfa92422152\
         ae4a4f79183ced375afb54db1409ddf338b85bb6dbfc5950163346bb63a90a70c5aba098f7",
        "01f1e410f2c6262bce6879a3f46dfb7dd11d30eeee9ab49852102e1892201dd10f27266c2cf7cbccc7f6885099043dad\
         80ff57f0df96acf283fb090de53df95f7d87",
    ),
];

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

fn ecdh(kdf: u64, shared: &[u8], public: &[u8]) -> Mechanism {
    let parameters = Ecdh1Parameters { kdf, shared: shared.to_vec(), public: public.to_vec() };
    with(CKM_ECDH1_DERIVE, Parameters::Ecdh1(parameters))
}

fn template(key_type: u64, len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

fn value(derived: &Attributes) -> Vec<u8> {
    derived.bytes(CKA_VALUE).unwrap().to_vec()
}

/// The first vector's private key, its peer and their secret.
fn first() -> (Arc<dyn Key>, Vec<u8>, Vec<u8>) {
    let (curve, scalar, public, shared) = VECTORS[0];
    (parse(&private(curve, &hex(scalar))).unwrap(), hex(public), hex(shared))
}

#[test]
fn published_secrets_come_out_for_each_form_of_the_point() {
    for (curve, scalar, public, shared) in VECTORS {
        let key = parse(&private(curve, &hex(scalar))).unwrap();
        let point = hex(public);
        let der = crate::der::element(crate::der::OCTET_STRING, &[&point]);
        let (x, y) = point[1..].split_at(point.len() / 2);
        let compressed = [&[2 + y[y.len() - 1] % 2], x].concat();
        for public in [&point, &der, &compressed] {
            let mechanism = ecdh(CKD_NULL, b"", public);
            let derived = derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, None)).unwrap();
            assert_eq!(value(&derived), hex(shared));
            assert_eq!(derived.ulong(CKA_VALUE_LEN), Some(hex(shared).len() as u64));
        }
    }
}

#[test]
fn both_sides_of_every_curve_agree() {
    for curve in CURVES {
        let (ours, theirs) = (made(curve), made(curve));
        let points = [&ours, &theirs].map(|pair| pair.public.bytes(CKA_EC_POINT).unwrap().to_vec());
        let ((our_key, _), (their_key, _)) = (parse_pair(CKK_EC, ours), parse_pair(CKK_EC, theirs));
        for kdf in [CKD_NULL, CKD_SHA1_KDF, CKD_SHA512_KDF] {
            let template = template(CKK_AES, Some(16));
            let one = derive(&ecdh(kdf, b"", &points[1]), &our_key, &template).unwrap();
            let other = derive(&ecdh(kdf, b"", &points[0]), &their_key, &template).unwrap();
            assert_eq!(value(&one), value(&other));
            assert_eq!(one.bytes(CKA_CHECK_VALUE), other.bytes(CKA_CHECK_VALUE));
        }
    }
}

#[test]
fn another_implementation_agrees_on_p384() {
    let theirs = p384::SecretKey::from_slice(&hex(VECTORS[1].1)).unwrap();
    let pair = made(P384);
    let our_point = pair.public.bytes(CKA_EC_POINT).unwrap()[2..].to_vec();
    let (key, _) = parse_pair(CKK_EC, pair);
    let public = theirs.public_key().to_sec1_point(false);
    let mechanism = ecdh(CKD_NULL, b"", public.as_bytes());
    let ours = derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, None)).unwrap();
    let our_public = p384::PublicKey::from_sec1_bytes(&our_point).unwrap();
    let shared = p384::ecdh::diffie_hellman(theirs.to_nonzero_scalar(), our_public.as_affine());
    assert_eq!(value(&ours), shared.raw_secret_bytes().to_vec());
}

#[test]
fn a_bare_secret_is_cut_at_its_start() {
    let (key, point, shared) = first();
    let mechanism = ecdh(CKD_NULL, b"", &point);
    for len in [1, 16, 31, 32] {
        let derived = derive(&mechanism, &key, &template(CKK_SHA256_HMAC, Some(len))).unwrap();
        assert_eq!(value(&derived), shared[32 - usize::try_from(len).unwrap()..]);
    }
    for len in [33, 64, 65536] {
        let refused = derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(len)));
        assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
    }
}

#[test]
fn the_length_of_a_key_must_be_told_where_nothing_implies_it() {
    let (key, point, _) = first();
    let incomplete = Err(Error::TemplateIncomplete(CKA_VALUE_LEN));
    assert_eq!(derive(&ecdh(CKD_NULL, b"", &point), &key, &template(CKK_AES, None)), incomplete);
    let mechanism = ecdh(CKD_SHA256_KDF, b"", &point);
    assert_eq!(derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, None)), incomplete);
    for len in [0, secret::LONGEST as u64 + 1, u64::MAX] {
        for mechanism in [ecdh(CKD_NULL, b"", &point), ecdh(CKD_SHA256_KDF, b"", &point)] {
            let refused = derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(len)));
            assert_eq!(refused, Err(Error::KeySizeRange));
        }
    }
    let refused = derive(&mechanism, &key, &template(CKK_AES, Some(20)));
    assert_eq!(refused, Err(Error::KeySizeRange));
}

/// NIST CAVP, ANSI X9.63 with SHA-256: shared secret, shared data, key.
#[test]
fn published_keys_are_derived_from_published_secrets() {
    for (shared, info, key) in [
        ("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "", "443024c3dae66b95e6f5670601558f71"),
        ("96f600b73ad6ac5629577eced51743dd2c24c21b1ac83ee4", "", "b6295162a7804f5667ba9070f82fa522"),
        (
            "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d",
            "75eef81aa3041e33b80971203d2c0c52",
            "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0\
             da2447cfd874f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269\
             142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21",
        ),
    ] {
        let key = hex(key);
        let shared = Secret::new(hex(shared));
        let kdf = (Function::Sha(Hash::Sha256), Counter::After);
        assert_eq!(derived(kdf, &shared, &hex(info), key.len()).unwrap().expose(), key);
    }
}

/// RFC 7518 appendix C: the one-step function of SP 800-56A with SHA-256.
#[test]
fn a_published_key_is_derived_with_the_counter_first() {
    let shared = Secret::new(hex("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4"));
    let info = b"\0\0\0\x07A128GCM\0\0\0\x05Alice\0\0\0\x03Bob\0\0\0\x80";
    let kdf = KDFS.iter().find(|(kdf, _)| *kdf == CKD_SHA256_KDF_SP800).and_then(|(_, kdf)| *kdf).unwrap();
    let key = derived(kdf, &shared, info, 16).unwrap();
    assert_eq!(key.expose(), hex("56aa8deaf8236d205c2228cd71a7101a"));
}

#[test]
fn both_places_of_the_counter_are_hashed_as_said_over_several_blocks() {
    let (shared, info) = (Secret::from(&b"secret"[..]), b"shared");
    for (_, kdf) in KDFS {
        let Some((function, counter)) = kdf else { continue };
        let len = function.digest_len();
        let out = derived((function, counter), &shared, info, 2 * len + 1).unwrap();
        for (count, block) in (1u32..).zip(out.expose().chunks(len)) {
            let input = match counter {
                Counter::After => [&b"secret"[..], &count.to_be_bytes(), info].concat(),
                Counter::Before => [&count.to_be_bytes(), &b"secret"[..], info].concat(),
            };
            assert_eq!(block, &digest::of(function, &[&input]).unwrap().as_ref()[..block.len()]);
        }
    }
}

#[test]
fn the_shared_data_goes_into_the_derivation() {
    let (key, point, shared) = first();
    let template = template(CKK_GENERIC_SECRET, Some(100));
    let shared = Secret::new(shared);
    for (kdf, hash) in KDFS.into_iter().filter_map(|(kdf, hash)| Some((kdf, hash?))) {
        for info in [&b""[..], b"shared data"] {
            let expected = super::derived(hash, &shared, info, 100).unwrap();
            assert_eq!(value(&derive(&ecdh(kdf, info, &point), &key, &template).unwrap()), expected.expose());
        }
    }
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let (key, point, _) = first();
    let mut off_the_curve = point.clone();
    off_the_curve[64] ^= 1;
    let other_curve = hex(VECTORS[1].2);
    let trailing = [&point[..], &[0]].concat();
    for mechanism in [
        plain(CKM_ECDH1_DERIVE),
        with(CKM_ECDH1_DERIVE, Parameters::Unknown),
        ecdh(0, b"", &point),
        ecdh(CKD_CPDIVERSIFY_KDF, b"", &point),
        ecdh(CKD_SHA1_KDF_ASN1, b"", &point),
        ecdh(CKD_NULL, b"shared", &point),
        ecdh(CKD_NULL, b"", b""),
        ecdh(CKD_NULL, b"", &[0]),
        ecdh(CKD_NULL, b"", &[4; 65]),
        ecdh(CKD_NULL, b"", &off_the_curve),
        ecdh(CKD_NULL, b"", &other_curve),
        ecdh(CKD_NULL, b"", &trailing),
        ecdh(CKD_NULL, b"", &point[..64]),
    ] {
        let refused = derive(&mechanism, &key, &template(CKK_GENERIC_SECRET, Some(16)));
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{mechanism:?}: {refused:?}");
    }
    let other = secret_key(CKK_GENERIC_SECRET, b"secret");
    let refused = derive(&ecdh(CKD_NULL, b"", &point), &other, &template(CKK_GENERIC_SECRET, None));
    assert_eq!(refused, Err(Error::KeyTypeInconsistent));
    let of_another_class = of_class(CKO_PUBLIC_KEY, CKK_RSA, Attributes::new());
    let refused = derive(&ecdh(CKD_NULL, b"", &point), &key, &of_another_class);
    assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
}

#[test]
fn every_curve_signs_what_it_verifies_with_every_hash() {
    for curve in CURVES {
        let (private, public) = parse_pair(CKK_EC, made(curve));
        for mechanism in [CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA512] {
            let mechanism = plain(mechanism);
            let signature = sign(&mechanism, &private, &[0x5a; 100]).unwrap();
            assert_eq!(verify(&mechanism, &public, &[0x5a; 100], &signature), Ok(()));
            assert_eq!(verify(&mechanism, &public, &[0x5b; 100], &signature), Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn a_private_key_is_wrapped_as_pkcs8_and_another_implementation_reads_it() {
    for curve in CURVES {
        let pair = made(curve);
        let key = of_class(CKO_PRIVATE_KEY, CKK_EC, pair.private);
        let bytes = to_bytes(&key).unwrap();
        let template = of_class(CKO_PRIVATE_KEY, CKK_EC, Attributes::new());
        let back = from_bytes(&template, &bytes).unwrap();
        for part in [CKA_EC_PARAMS, CKA_VALUE] {
            assert_eq!(back.bytes(part), key.bytes(part));
        }
        if curve == P256 {
            let theirs = p256::SecretKey::from_pkcs8_der(&bytes).unwrap();
            assert_eq!(Some(&theirs.to_bytes()[..]), key.bytes(CKA_VALUE));
            // Theirs has the public key in it.
            let read = from_bytes(&template, theirs.to_pkcs8_der().unwrap().as_bytes()).unwrap();
            assert_eq!(read.bytes(CKA_VALUE), key.bytes(CKA_VALUE));
        }
        for cut in 0..bytes.len() {
            assert_eq!(from_bytes(&template, &bytes[..cut]), Err(Error::WrappedKeyInvalid));
        }
    }
    let of_another_curve = private(P384, &[]);
    let bytes = to_bytes(&private(P256, &[7; 32])).unwrap();
    let refused = from_bytes(&of_another_curve, &bytes);
    assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
}
