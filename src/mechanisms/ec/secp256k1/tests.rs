use super::*;
use crate::fixtures::{
    complete, derive, generate, hex, of_class, parse, plain, secret_key, sign, verify, with,
};
use pkcs11::constants::{
    CKA_EC_PARAMS, CKA_EC_POINT, CKA_VALUE, CKD_NULL, CKK_EC, CKK_GENERIC_SECRET, CKM_EC_KEY_PAIR_GEN,
    CKM_ECDH1_DERIVE, CKM_ECDSA, CKM_ECDSA_SHA256, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::{Attributes, Ecdh1Parameters, Parameters};
use sha2::{Digest, Sha256};

const PARAMETERS: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x0a";

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
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, PARAMETERS);
    attributes.set_bytes(CKA_VALUE, scalar);
    of_class(CKO_PRIVATE_KEY, CKK_EC, attributes)
}

fn public(point: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_EC_PARAMS, PARAMETERS);
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
fn the_published_secret_comes_out() {
    let [scalar, point, shared] = AGREED.map(hex);
    let key = parse(&private(&scalar)).unwrap();
    let parameters = Ecdh1Parameters { kdf: CKD_NULL, shared: vec![], public: point };
    let mechanism = with(CKM_ECDH1_DERIVE, Parameters::Ecdh1(parameters));
    let template = of_class(CKO_SECRET_KEY, CKK_GENERIC_SECRET, Attributes::new());
    let derived = derive(&mechanism, &key, &template).unwrap();
    assert_eq!(derived.bytes(CKA_VALUE), Some(&shared[..]));
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
