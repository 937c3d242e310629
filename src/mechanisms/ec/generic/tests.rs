use super::*;
use crate::fixtures::{
    complete, derive, generate, hex, of_class, parse, parse_pair, plain, secret_key, sign, verify, with,
};
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_VALUE, CKD_NULL, CKK_EC, CKK_GENERIC_SECRET, CKM_EC_KEY_PAIR_GEN,
    CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384,
    CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::{Attributes, Ecdh1Parameters, Parameters};
use sha2::{Digest, Sha256};

const PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";
const BRAINPOOL_P256R1: &[u8] = b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07";
const BRAINPOOL_P384R1: &[u8] = b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b";

type PrivateKey = super::PrivateKey<k256::Secp256k1>;
type PublicKey = super::PublicKey<k256::Secp256k1>;

/// Length in bytes of a coordinate of secp256k1.
const LEN: usize = 32;

/// A curve, the mechanism that signed, a public key, a message and its signature; a private key, the other's point and the
/// shared secret.
struct Brainpool {
    parameters: &'static [u8],
    name: &'static [u8],
    mechanism: u64,
    signed: [&'static str; 3],
    agreed: [&'static str; 3],
    order: &'static str,
}

/// Wycheproof's first valid cases of ECDSA with SHA-256 and SHA-384 and of ECDH; RFC 5639 sections 3.4 and 3.6.
const BRAINPOOL: [Brainpool; 2] = [
    Brainpool {
        parameters: BRAINPOOL_P256R1,
        name: b"\x13\x0fbrainpoolP256r1",
        mechanism: CKM_ECDSA_SHA256,
        signed: [
            "04019a2d9637743a63ddaefdbca0ee229a163b809b9b145e5313bbeb8defeab9d6\
             548caf89bf5ba49499404145651234336401b9b2843a579ed152e090f11b9e59",
            "313233343030",
            "0a5f8c70ba2d0842d5d0f841f160ad15195769a8159bfe692634d73d469d111f\
             426e857aad3ff7aa96e4d200c03b45f1846a36d089ee3917768ca1a0d6d4da6e",
        ],
        agreed: [
            "0113db979e07d9c8fdbea5b06a682c0d2ad67170ffcb65d7547d8c442d3ac237",
            "044cee5e1072b30d64f70bf01958e22c044a2127ddd744ce3060c15990ff0fe114\
             8c6ee56559829a5a84dd5c8646ee0c43d0b7c50181f234ec09eba43bc86b169e",
            "3f00d9af7607fd32809ef7a4a30b396e3da9f465adf20597c9e2046f16a7b1be",
        ],
        order: "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
    },
    Brainpool {
        parameters: BRAINPOOL_P384R1,
        name: b"\x13\x0fbrainpoolP384r1",
        mechanism: CKM_ECDSA_SHA384,
        signed: [
            "04192ed5ce547d2336911d3f6cecba227f08df077f6242a9147a914e854e6e32d325fd23ccc42921dc4a7e4c2eb71defd3\
             631e69079ba982e7a1cad0a39eff47fc6d6e3a280d081286b624886ba1f3069671ec1a29986d84fb79736d2799e6fc21",
            "313233343030",
            "0e8e114a1c351405560bf8d47b166bfe957087a8003b353433b6144f7ee7d6f79c8dd14ef229fa7a2f2782bf33708b91\
             83aa7ba485dc060df9922f9ccc5da29adb75d44671d18bad0636d2e09c5e2f95e892a79b9fd3b37e1f798b157b567a24",
        ],
        agreed: [
            "24ddf0fbb41c28365d302dd9d26ff9c32c76c85fa8b9138a3ec621d0caff6de8a724b45d6fe0d9180044242b9f41c84b",
            "0470ffb350173256eb437b140365842397ebaf3611b6389596c1f17c5ff5ce5201f24f6985b8fe0890dcae54b2603dfb40\
             87242aaf7b2d95b3199bfa03e8fce54ef680b57109847274db3b3a65512b7f832248e70b1030e95db6429589775c3346",
            "22522760edc39280ff3277b121e17e7539165e7c677a65c8d0dc8159111f8e5d3df7035fe8ce33ac0a0e047ed0842a92",
        ],
        order: "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565",
    },
];

/// SEC 2 section 2.4.1: base point and order.
const BASE: &str = "04\
    79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798\
    483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8";
const ORDER: &str = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141";

/// The known signature of "Satoshi Nakamoto" with SHA-256, the scalar 1 and the nonce of RFC 6979.
const SIGNED: &[u8] = b"Satoshi Nakamoto";
const SIGNATURE: &str = "\
    934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8\
    2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5";

/// Wycheproof's first case of ECDH on this curve: private key, the other's point, shared secret.
const AGREED: [&str; 3] = [
    "f4b7ff7cccc98813a69fae3df222bfe3f4e28f764bf91b4a10d8096ce446b254",
    "04d8096af8a11e0b80037e1ee68246b5dcbb0aeb1cf1244fd767db80f3fa27da2b\
     396812ea1686e7472e9692eaf3e958e50e9500d3b4c77243db1f2acd67ba9cc4",
    "544dfae22af6af939042b1d85b71a1e49e9a5614123c4d6ad0c8af65baf87d65",
];

fn private(scalar: &[u8]) -> Attributes {
    private_on(PARAMETERS, scalar)
}

fn private_on(parameters: &[u8], scalar: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(CKA_VALUE, scalar);
    of_class(CKO_PRIVATE_KEY, CKK_EC, attributes)
}

fn public(point: &[u8]) -> Attributes {
    public_on(PARAMETERS, point)
}

fn public_on(parameters: &[u8], point: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, parameters);
    attributes.set_bytes(CKA_EC_POINT, point);
    of_class(CKO_PUBLIC_KEY, CKK_EC, attributes)
}

#[test]
fn the_known_signature_comes_out_and_no_changed_byte_verifies() {
    let (key, peer) = (parse(&private(&[1])).unwrap(), parse(&public(&hex(BASE))).unwrap());
    let mechanism = plain(CKM_ECDSA_SHA256);
    assert_eq!(sign(&mechanism, &key, SIGNED), Ok(hex(SIGNATURE)));
    for i in 0..64 {
        let mut changed = hex(SIGNATURE);
        changed[i] ^= 1;
        assert_eq!(verify(&mechanism, &peer, SIGNED, &changed), Err(Error::SignatureInvalid));
    }
    assert_eq!(verify(&mechanism, &peer, SIGNED, &hex(SIGNATURE)), Ok(()));
}

#[test]
fn the_higher_s_verifies_as_well() {
    let (digest, key) = (Sha256::digest(SIGNED), PublicKey::from_point(&hex(BASE)).unwrap());
    let (r, s) = (hex(&SIGNATURE[..64]), hex(&SIGNATURE[64..]));
    let order = hex(ORDER);
    let mut borrow = 0;
    let mut higher = [0; LEN];
    for i in (0..LEN).rev() {
        let difference = i16::from(order[i]) - i16::from(s[i]) - borrow;
        borrow = i16::from(difference < 0);
        higher[i] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    assert!(higher[..] > s[..]);
    assert!(key.verify(&digest, &r, &s));
    assert!(key.verify(&digest, &r, &higher));
    assert!(!key.verify(&digest, &r, &order));
    assert!(!key.verify(&digest, &r, &[]));
    assert!(!key.verify(&digest, &[0; LEN + 1], &s));
}

#[test]
fn a_raw_digest_of_any_length_counts_by_its_leftmost_bits() {
    let (key, peer) = (parse(&private(&[9; 32])).unwrap(), PrivateKey::from_scalar(&[9; 32]).unwrap());
    let peer = PublicKey::from_point(&peer.public_point()).unwrap();
    for len in [1, 15, 20, 28, 31, 32, 48, 64] {
        let digest = vec![0xa5; len];
        let signature = sign(&plain(CKM_ECDSA), &key, &digest).unwrap();
        let (r, s) = signature.split_at(LEN);
        assert!(peer.verify(&digest[..len.min(LEN)], r, s), "{len} bytes");
        assert!(!peer.verify(&[&[1], &digest[1..]].concat(), r, s), "{len} bytes");
    }
}

#[test]
fn the_published_secrets_come_out() {
    let template = of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new());
    let ecdh = |by, public: &[u8]| {
        let parameters = Ecdh1Parameters { kdf: CKD_NULL, shared: vec![], public: public.to_vec() };
        with(by, Parameters::Ecdh1(parameters))
    };
    let on_brainpool = BRAINPOOL.iter().map(|curve| (curve.parameters, curve.agreed));
    for (parameters, agreed) in [(PARAMETERS, AGREED)].into_iter().chain(on_brainpool) {
        let [scalar, point, shared] = agreed.map(hex);
        let key = parse(&private_on(parameters, &scalar)).unwrap();
        for by in [CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE] {
            let derived = derive(&ecdh(by, &point), &key, &template).unwrap();
            assert_eq!(derived.bytes(CKA_VALUE), Some(&shared[..]));
            let mut off = point.clone();
            *off.last_mut().unwrap() ^= 1;
            let refused = derive(&ecdh(by, &off), &key, &template);
            assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))));
        }
    }
    let mechanism = ecdh(CKM_ECDH1_DERIVE, &hex(AGREED[1]));
    let other = secret_key(CKK_GENERIC_SECRET, b"secret");
    assert_eq!(derive(&mechanism, &other, &template), Err(Error::KeyTypeInconsistent));
}

#[test]
fn scalars_out_of_range_and_points_off_the_curve_are_refused() {
    let order = hex(ORDER);
    for outside in [&[0][..], &[0; 32], &order, &[0xff; 32], &[1; 33]] {
        assert_eq!(complete(&private(outside)), Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    let mut off = hex(BASE);
    off[64] ^= 1;
    for none in [&off[..], &[4; 65], &[4; 97], &hex(BASE)[..64]] {
        assert_eq!(complete(&public(none)), Err(Error::AttributeValueInvalid(CKA_EC_POINT)));
    }
    let mut below = order;
    below[31] -= 1;
    let largest = complete(&private(&below)).unwrap();
    assert_eq!(largest.bytes(CKA_VALUE), Some(&below[..]));
}

#[test]
fn the_curve_goes_by_name_and_is_kept_by_identifier() {
    let mut template = Attributes::new();
    template.set_bytes(CKA_EC_PARAMS, b"\x13\x09secp256k1");
    let pair = generate(CKM_EC_KEY_PAIR_GEN, &template).unwrap();
    assert_eq!(pair.private.bytes(CKA_EC_PARAMS), Some(PARAMETERS));
    assert_eq!(pair.public.bytes(CKA_EC_PARAMS), Some(PARAMETERS));
    let scalar = pair.private.bytes(CKA_VALUE).unwrap();
    let point = PrivateKey::from_scalar(scalar).unwrap().public_point();
    assert_eq!(pair.public.bytes(CKA_EC_POINT).unwrap()[2..], point);
}

#[test]
fn published_signatures_of_the_brainpool_verify_and_no_changed_byte_does() {
    for curve in BRAINPOOL {
        let [point, message, signature] = curve.signed.map(hex);
        let key = parse(&public_on(curve.parameters, &point)).unwrap();
        let mechanism = plain(curve.mechanism);
        assert_eq!(verify(&mechanism, &key, &message, &signature), Ok(()));
        for i in 0..signature.len() {
            let mut changed = signature.clone();
            changed[i] ^= 1;
            assert_eq!(verify(&mechanism, &key, &message, &changed), Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn a_pair_of_the_brainpool_goes_by_name_signs_and_stays_in_range() {
    for curve in BRAINPOOL {
        let mut template = Attributes::new();
        template.set_bytes(CKA_EC_PARAMS, curve.name);
        let pair = generate(CKM_EC_KEY_PAIR_GEN, &template).unwrap();
        assert_eq!(pair.private.bytes(CKA_EC_PARAMS), Some(curve.parameters));
        let len = curve.order.len() / 2;
        let point = pair.public.bytes(CKA_EC_POINT).unwrap()[2..].to_vec();
        assert_eq!((pair.private.bytes(CKA_VALUE).unwrap().len(), point.len()), (len, 1 + 2 * len));
        let (private, public) = parse_pair(CKK_EC, pair);
        for by in [CKM_ECDSA, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384] {
            let signature = sign(&plain(by), &private, b"message").unwrap();
            assert_eq!(signature.len(), 2 * len);
            assert_eq!(verify(&plain(by), &public, b"message", &signature), Ok(()));
            assert_eq!(verify(&plain(by), &public, b"massage", &signature), Err(Error::SignatureInvalid));
        }
        let order = hex(curve.order);
        for outside in [&vec![0; len], &order, &vec![0xff; len], &vec![1; len + 1]] {
            let refused = complete(&private_on(curve.parameters, outside));
            assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_VALUE)));
        }
        let (mut off, mut compressed) = (point.clone(), point[..=len].to_vec());
        off[2 * len] ^= 1;
        compressed[0] = 2 + (point[2 * len] & 1);
        let kept = complete(&public_on(curve.parameters, &compressed)).unwrap();
        assert_eq!(kept.bytes(CKA_EC_POINT).unwrap()[2..], point);
        for none in [&off[..], &point[1..], &[&[5], &point[1..=len]].concat(), &[0]] {
            let refused = complete(&public_on(curve.parameters, none));
            assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_EC_POINT)));
        }
    }
}
