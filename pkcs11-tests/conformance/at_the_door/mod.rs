//! Keys that are none: refused when they come in, so that no operation ever meets one (sections 4.1.1, 6.1, 6.3, 6.8, 6.10).

mod belonging;
mod information;
mod numbers;

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_MODULUS, CKA_PRIME_1,
    CKA_PRIME_2, CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_VALUE, CKK_AES, CKK_AES_XTS,
    CKK_CAMELLIA, CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3, CKK_EC, CKK_GENERIC_SECRET, CKK_HKDF,
    CKK_POLY1305, CKK_RSA, CKK_SHA256_HMAC, CKM_AES_CBC_PAD, CKM_AES_KEY_WRAP_KWP, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_OK,
    CKR_TEMPLATE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, P256, attribute, generate};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{aes, create};

on_claviger!(
    rsa_moduli_and_exponents_that_are_none_are_refused,
    an_rsa_key_whose_parts_do_not_belong_together_is_refused,
    an_rsa_key_that_is_none_does_not_unwrap,
    points_off_their_curve_are_refused,
    secret_keys_without_bytes_are_refused,
);

/// What the standard lists for a value that cannot be.
fn refused(m: &Module, session: u64, template: &Template, what: &str) {
    let (rv, _) = m.create_object(session, template);
    assert!([CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT].contains(&rv), "{what}: {rv:#x}");
}

fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, modulus)
        .bytes(CKA_PUBLIC_EXPONENT, exponent)
}

fn rsa_moduli_and_exponents_that_are_none_are_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let good = [vec![0xC3; 255], vec![0x01]].concat();
    let _good = create(m, session, &rsa_public(&good, &[1, 0, 1]));
    let even = [vec![0xC3; 255], vec![0x02]].concat();
    for (modulus, what) in [
        (&even[..], "an even modulus"),
        (&[0xC3; 63], "504 bits"),
        (&[0x7F; 64], "511 bits"),
        (&[0xC3; 2049], "16392 bits"),
        (&[], "no modulus"),
        (&[0], "zero"),
        (&[1], "one"),
    ] {
        refused(m, session, &rsa_public(modulus, &[1, 0, 1]), what);
    }
    for (exponent, what) in [
        (&[][..], "no exponent"),
        (&[0], "an exponent of zero"),
        (&[1], "an exponent of one"),
        (&[2], "an even exponent"),
        (&[1, 0, 0], "a longer even exponent"),
        (&[0xFF; 256], "an exponent above the modulus"),
    ] {
        refused(m, session, &rsa_public(&good, exponent), what);
    }
}

/// The parts of a private key that was made here.
fn rsa_parts(m: &Module, session: u64) -> Vec<(u64, Vec<u8>)> {
    let private = Kind::Rsa.private_template().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let (rv, _, made) =
        m.generate_key_pair(session, Some(&Kind::Rsa.generator()), &Kind::Rsa.public_template(), &private);
    assert_rv!(rv, CKR_OK);
    [CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2]
        .map(|part| (part, attribute(m, session, made, part)))
        .to_vec()
}

fn rsa_private(parts: &[(u64, Vec<u8>)]) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY).ulong(CKA_KEY_TYPE, CKK_RSA);
    parts.iter().fold(template, |template, (part, value)| template.bytes(*part, value))
}

fn an_rsa_key_whose_parts_do_not_belong_together_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (parts, others) = (rsa_parts(m, session), rsa_parts(m, session));
    let _good = create(m, session, &rsa_private(&parts));
    for (index, other) in others.iter().enumerate().filter(|(index, _)| *index != 1) {
        let mut mixed = parts.clone();
        mixed[index] = other.clone();
        refused(m, session, &rsa_private(&mixed), &format!("part {:#x} of another key", other.0));
        mixed[index] = (parts[index].0, vec![]);
        refused(m, session, &rsa_private(&mixed), &format!("part {:#x} without bytes", other.0));
    }
    let mut swapped = parts.clone();
    swapped[1].1 = vec![3];
    refused(m, session, &rsa_private(&swapped), "another exponent");
}

fn an_rsa_key_that_is_none_does_not_unwrap(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let kek = aes(m, session, &[9; 32]);
    let template = Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY).ulong(CKA_KEY_TYPE, CKK_RSA);
    let rsa = generate_open(m, session);
    let mut sealed = vec![0; 4096];
    let by = with(CKM_AES_CBC_PAD, &[7_u8; 16]);
    let (rv, len) = m.wrap_key(session, Some(&by), kek, rsa, Out::buffer(&mut sealed));
    assert_rv!(rv, CKR_OK);
    sealed.truncate(usize::try_from(len).unwrap());
    // A block in the middle of a number comes out as another one.
    let mut altered = sealed.clone();
    altered[sealed.len() / 2] ^= 1;
    for bytes in [altered, sealed[..sealed.len() / 2 / 16 * 16].to_vec(), vec![0x55; 160]] {
        let (rv, _) = m.unwrap_key(session, Some(&by), kek, Sent::from(&bytes), &template);
        assert_rv!(rv, CKR_WRAPPED_KEY_INVALID);
    }
}

/// An RSA key that may be wrapped.
fn generate_open(m: &Module, session: u64) -> u64 {
    let private = Kind::Rsa.private_template().boolean(CKA_EXTRACTABLE, true);
    let by = Kind::Rsa.generator();
    let (rv, _, made) = m.generate_key_pair(session, Some(&by), &Kind::Rsa.public_template(), &private);
    assert_rv!(rv, CKR_OK);
    made
}

/// `id-ecPublicKey` (RFC 5480 section 2.1.1), as DER object identifier.
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// P-224, P-384, P-521, secp256k1, brainpoolP256r1 and brainpoolP384r1 (SEC 2, RFC 5639), beside P-256: each as DER object
/// identifier, with its coordinates' length in bytes.
const CURVES: [(&[u8], usize); 7] = [
    (P256, 32),
    (&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x21], 28),
    (&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22], 48),
    (&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23], 66),
    (&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A], 32),
    (&[0x06, 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07], 32),
    (&[0x06, 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0B], 48),
];

fn point_key(key_type: u64, curve: &[u8], point: &[u8]) -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .bytes(CKA_EC_PARAMS, curve)
        .bytes(CKA_EC_POINT, point)
}

/// As DER octet string.
fn octets(point: &[u8]) -> Vec<u8> {
    match u8::try_from(point.len()).unwrap() {
        len @ 0..=127 => [&[4, len][..], point].concat(),
        len => [&[4, 0x81, len][..], point].concat(),
    }
}

fn points_off_their_curve_are_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (curve, len) in CURVES {
        let off = [vec![4], vec![1; 2 * len]].concat();
        let beyond = [vec![4], vec![0xFF; 2 * len]].concat();
        let short = [vec![4], vec![1; 2 * len - 1]].concat();
        for point in [off, beyond, short, vec![0], vec![]] {
            refused(m, session, &point_key(CKK_EC, curve, &octets(&point)), &format!("{curve:?} {point:?}"));
        }
    }
}

fn secret_keys_without_bytes_are_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let kek = aes(m, session, &[9; 32]);
    for key_type in [
        CKK_GENERIC_SECRET,
        CKK_HKDF,
        CKK_SHA256_HMAC,
        CKK_AES,
        CKK_AES_XTS,
        CKK_CAMELLIA,
        CKK_CHACHA20,
        CKK_POLY1305,
        CKK_DES,
        CKK_DES2,
        CKK_DES3,
    ] {
        let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, key_type);
        refused(m, session, &template.clone().bytes(CKA_VALUE, []), &format!("type {key_type:#x}"));
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        let (rv, _) = m.unwrap_key(session, Some(&by), kek, Sent::null(0), &template);
        let listed = [
            CKR_WRAPPED_KEY_LEN_RANGE,
            CKR_WRAPPED_KEY_INVALID,
            CKR_TEMPLATE_INCONSISTENT,
            CKR_KEY_SIZE_RANGE,
        ];
        assert!(listed.contains(&rv), "type {key_type:#x}: {rv:#x}");
    }
    let _a_key = generate(m, session, Kind::P256, false, "the token goes on");
}
