//! Section 6.3: every curve and every ECDSA mechanism, with OpenSSL as second opinion, and every form of parameters,
//! points and signatures that the section allows.

use std::fs;

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO, CKA_TOKEN, CKA_VALUE_LEN,
    CKA_VERIFY, CKD_NULL, CKF_EC_ECPARAMETERS, CKK_AES, CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA,
    CKM_ECDSA_SHA1, CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_DOMAIN_PARAMS_INVALID, CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::{P256, P384, Pair, attribute, der, ecdsa_to_der, sign, verify};
use pkcs11_tests::program::{openssl, output, run, unhex};
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_claviger};

on_claviger!(
    every_mechanism_signs_on_every_curve_and_openssl_agrees,
    a_valid_signature_may_come_without_common_leading_zeros,
    parameters_written_out_in_full_mean_the_curve_that_they_are,
    hybrid_points_are_read_and_kept_uncompressed,
);

const P224: &[u8] = &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x21];
const P521: &[u8] = &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23];

/// `CKA_EC_PARAMS`, the length of a coordinate in bytes, and OpenSSL's name.
const CURVES: [(&[u8], usize, &str); 6] = [
    (P224, 28, "secp224r1"),
    (P256, 32, "prime256v1"),
    (P384, 48, "secp384r1"),
    (P521, 66, "secp521r1"),
    (b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 32, "brainpoolP256r1"),
    (b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 48, "brainpoolP384r1"),
];

/// A mechanism and OpenSSL's name of its hash.
const HASHED: [(u64, &str); 5] = [
    (CKM_ECDSA_SHA1, "sha1"),
    (CKM_ECDSA_SHA224, "sha224"),
    (CKM_ECDSA_SHA256, "sha256"),
    (CKM_ECDSA_SHA384, "sha384"),
    (CKM_ECDSA_SHA512, "sha512"),
];

const MESSAGE: &[u8] = b"a message that both sides know";

/// Whether OpenSSL takes a signature of a message: the key is a `SubjectPublicKeyInfo`.
pub(crate) fn openssl_verifies(
    t: &Test,
    key: &[u8],
    hash: &str,
    options: &[String],
    signature: &[u8],
    message: &[u8],
) -> bool {
    let file = |name: &str, bytes: &[u8]| {
        let path = t.installation.folder().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut command = openssl(["dgst", &format!("-{hash}"), "-keyform", "DER", "-verify"]);
    command.arg(file("key.der", key));
    options.iter().for_each(|option| _ = command.args(["-sigopt", option]));
    output(command.arg("-signature").arg(file("signature", signature)).arg(file("message", message)))
        .status
        .success()
}

fn generated(t: &Test, session: u64, parameters: &[u8]) -> Pair {
    let public = Template::new().bytes(CKA_EC_PARAMS, parameters).boolean(CKA_TOKEN, false);
    let private = Template::new().boolean(CKA_TOKEN, false).boolean(cryptoki_sys::CKA_DERIVE, true);
    let by = mechanism(CKM_EC_KEY_PAIR_GEN);
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&by), &public, &private);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn imported(t: &Test, session: u64, parameters: &[u8], point: &[u8]) -> (u64, u64) {
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_EC)
        .boolean(CKA_VERIFY, true)
        .bytes(CKA_EC_PARAMS, parameters)
        .bytes(CKA_EC_POINT, point);
    t.module.create_object(session, &template)
}

/// SoftHSM has no ECDSA that hashes: `CKR_MECHANISM_INVALID`.
fn every_mechanism_signs_on_every_curve_and_openssl_agrees(t: &Test) {
    let session = t.token().user_session();
    for (parameters, len, curve) in CURVES {
        let pair = generated(t, session, parameters);
        let info = attribute(t.module, session, pair.public, CKA_PUBLIC_KEY_INFO);
        let mut raw = openssl(["dgst", "-sha512", "-binary"]);
        fs::write(t.installation.folder().join("message"), MESSAGE).unwrap();
        let digest = run(raw.arg(t.installation.folder().join("message")));
        for (by, hash, input) in HASHED.into_iter().map(|(by, hash)| (by, hash, MESSAGE)).chain([(
            CKM_ECDSA,
            "sha512",
            digest.as_slice(),
        )]) {
            let by = mechanism(by);
            let signature = sign(t.module, session, &by, pair.private, input).unwrap();
            assert_eq!(signature.len(), 2 * len, "{curve} {hash}");
            assert_rv!(verify(t.module, session, &by, pair.public, input, &signature), CKR_OK);
            let theirs = ecdsa_to_der(&signature);
            assert!(openssl_verifies(t, &info, hash, &[], &theirs, MESSAGE), "{curve} {hash}");
            assert!(!openssl_verifies(t, &info, hash, &[], &theirs, b"another"), "{curve} {hash}");
            let mut wrong = signature;
            wrong[2 * len - 1] ^= 1;
            let rv = verify(t.module, session, &by, pair.public, input, &wrong);
            assert_rv!(rv, CKR_SIGNATURE_INVALID, "{curve} {hash}");
        }
    }
}

/// Section 6.3.1: "For signatures passed to a token for verification, the signature may have a shorter length". Made for
/// a private key and numbers chosen so that both halves start with a zero.
/// SoftHSM answers `CKR_SIGNATURE_LEN_RANGE`.
fn a_valid_signature_may_come_without_common_leading_zeros(t: &Test) {
    let session = t.token().user_session();
    let by = mechanism(CKM_ECDSA);
    for (parameters, point, digest, halves) in SHORT {
        let [r, s] = halves.map(unhex);
        let digest = unhex(digest);
        let (rv, key) = imported(t, session, parameters, &der(0x04, &unhex(point)));
        assert_rv!(rv, CKR_OK);
        let short = [&r[..], &s].concat();
        let padded = [&[0][..], &r, &[0], &s].concat();
        for right in [&short, &padded] {
            let rv = verify(t.module, session, &by, key, &digest, right);
            assert_rv!(rv, CKR_OK, "{} bytes", right.len());
            let mut wrong = right.clone();
            wrong[right.len() / 2 - 1] ^= 1;
            let rv = verify(t.module, session, &by, key, &digest, &wrong);
            assert_rv!(rv, CKR_SIGNATURE_INVALID, "{} bytes", right.len());
        }
    }
}

/// A curve's parameters, a public point, what was signed, r and s.
const SHORT: [(&[u8], &str, &str, [&str; 2]); 2] = [
    (
        P256,
        "04aaa45a5e7ad8017a323e0fcc8c140cba1d2ee9ddae34cc6e04cec24b46e00823\
         7d12eb3f30420b10207b29837e09c08476852cf73ceebbbcf8c91f920338fcb0",
        "ba2b388d44e9914575aa5b24657d784ff3e6fe1b103e9626af50f464dc405595",
        [
            "5543894af3d00ed7d740abdbd75c96b06877b787db5f70eea78b90a8d7c00a",
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        ],
    ),
    (
        P521,
        "0400d07d2bd850c281710df62d923678931bf1a9124f971502a9110529f5f230413513aa19a001020843b569bf137f958eda\
         b40a535e9ee29857222b29605d60851e1500df56420e4acbedfaa610e89c9896836d534bbd652121b2c288799d7fe3633346\
         716f6b8788c80734ff4598bce15f5b8496f917bd70cad3948d5deecd3d9100306b",
        "4b6de0072d5bf3885ea50fca417c78e236a89ee75dff9812359ec5e3180cf2726ede7bfe16a5be92fa675eb27c8013b10de5\
         1e046021cd665943c1eb5eed8ae8f100",
        [
            "433c219024277e7e682fcb288148c282747403279b1ccc06352c6e5505d769be97b3b204da6ef55507aa104a3a35c5af41cf\
             2fa364d60fd967f43e3933ba6d783d",
            "01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6020910171e252c333a41484f565d\
             646b727980878e959ca3aab1b8bfc6",
        ],
    ),
];

/// Section 6.3.3: the choice ecParameters. Kept is the object identifier; docs/decisions/0024 says why.
/// SoftHSM keeps the parameters as they came.
fn parameters_written_out_in_full_mean_the_curve_that_they_are(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (parameters, _, curve) in CURVES.into_iter().filter(|(.., curve)| !curve.starts_with("brainpool")) {
        let explicit =
            run(&mut openssl(["ecparam", "-name", curve, "-param_enc", "explicit", "-outform", "DER"]));
        let pair = generated(t, session, &explicit);
        assert_eq!(attribute(t.module, session, pair.public, CKA_EC_PARAMS), parameters);
        assert_eq!(attribute(t.module, session, pair.private, CKA_EC_PARAMS), parameters);
        let point = attribute(t.module, session, pair.public, CKA_EC_POINT);
        let (rv, key) = imported(t, session, &explicit, &point);
        assert_rv!(rv, CKR_OK, "{curve}");
        assert_eq!(attribute(t.module, session, key, CKA_EC_PARAMS), parameters);
        // The last byte of the order, which the cofactor follows.
        let mut other = explicit.clone();
        let at = other.len() - 4;
        other[at] ^= 2;
        assert_rv!(imported(t, session, &other, &point).0, CKR_DOMAIN_PARAMS_INVALID, "{curve}");
    }
    let (rv, info) = t.module.mechanism_info(token.slot, CKM_EC_KEY_PAIR_GEN);
    assert_rv!(rv, CKR_OK);
    assert_ne!(info.flags & CKF_EC_ECPARAMETERS, 0);
}

/// ANSI X9.62 section 4.3.6: both coordinates, and the parity of the second once more.
/// SoftHSM keeps the point as it came.
fn hybrid_points_are_read_and_kept_uncompressed(t: &Test) {
    let session = t.token().user_session();
    for (parameters, len, curve) in CURVES {
        let pair = generated(t, session, parameters);
        let kept = attribute(t.module, session, pair.public, CKA_EC_POINT);
        let coordinates = kept[kept.len() - 2 * len..].to_vec();
        let odd = coordinates[2 * len - 1] & 1;
        let hybrid = [&[6 | odd], coordinates.as_slice()].concat();
        for form in [der(0x04, &hybrid), hybrid.clone()] {
            let (rv, key) = imported(t, session, parameters, &form);
            assert_rv!(rv, CKR_OK, "{curve}");
            assert_eq!(attribute(t.module, session, key, CKA_EC_POINT), kept);
        }
        let wrong = [&[7 ^ odd], coordinates.as_slice()].concat();
        let rv = imported(t, session, parameters, &der(0x04, &wrong)).0;
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{curve}");
        let template = Template::new()
            .ulong(CKA_CLASS, CKO_SECRET_KEY)
            .ulong(CKA_KEY_TYPE, CKK_AES)
            .ulong(CKA_VALUE_LEN, 16);
        let check = |point: &[u8]| {
            let by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(point));
            let (rv, key) = t.module.derive_key(session, Some(&by.mechanism()), pair.private, &template);
            assert_rv!(rv, CKR_OK, "{curve}");
            attribute(t.module, session, key, cryptoki_sys::CKA_CHECK_VALUE)
        };
        assert_eq!(check(&hybrid), check(&kept), "the same secret");
    }
}
