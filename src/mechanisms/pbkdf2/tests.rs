use super::*;
use crate::fixtures::{generate_key, hex, of_class, plain, with};
use pkcs11::Pbkd2Parameters;
use pkcs11::constants::{
    CKA_CHECK_VALUE, CKA_VALUE, CKA_VALUE_LEN, CKM_SHA256_RSA_PKCS, CKO_SECRET_KEY,
    CKP_PKCS5_PBKD2_HMAC_GOSTR3411,
};

/// Function, password, salt, iterations, key.
type Vector = (u64, &'static [u8], &'static [u8], u64, &'static str);

/// RFC 6070 section 2, but for the case of 16,777,216 iterations (SHA-1), and RFC 7914 section 11 (SHA-256).
const VECTORS: [Vector; 7] = [
    (CKP_PKCS5_PBKD2_HMAC_SHA1, b"password", b"salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
    (CKP_PKCS5_PBKD2_HMAC_SHA1, b"password", b"salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
    (CKP_PKCS5_PBKD2_HMAC_SHA1, b"password", b"salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA1,
        b"passwordPASSWORDpassword",
        b"saltSALTsaltSALTsaltSALTsaltSALTsalt",
        4096,
        "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
    ),
    (CKP_PKCS5_PBKD2_HMAC_SHA1, b"pass\0word", b"sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA256,
        b"passwd",
        b"salt",
        1,
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    ),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA256,
        b"Password",
        b"NaCl",
        80000,
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56\
         a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    ),
];

/// The other functions with 1,000 iterations over "password" and "salt", as Python's hashlib has them.
const OTHERS: [(u64, &str); 5] = [
    (
        CKP_PKCS5_PBKD2_HMAC_SHA224,
        "d3bcf320fd918908eafcaa460faf40e201f6508d4e6f3d9c1c0abd30dae08cc8b1bc0657e2ebc229",
    ),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA384,
        "3bd37e2236941d4a77b1b5b714c6f913fabb6b0841a6d7d8656b99d611e900fe06edb93b5b809efa",
    ),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA512,
        "afe6c5530785b6cc6b1c6453384731bd5ee432ee549fd42fb6695779ad8a1c5bf59de69c48f774ef",
    ),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA512_224,
        "2f7dd7172b0324e8234fb87a2a789b8ca20f613fb043be228e1edbfc159a909f4b9d36ec651e5b05",
    ),
    (
        CKP_PKCS5_PBKD2_HMAC_SHA512_256,
        "f7e4fb1d98c78b615f585f974af8cd97651a244f4c5004189d136fed65652fa00e3e2060276cbcea",
    ),
];

fn parameters(prf: u64, password: &[u8], salt: &[u8], iterations: u64) -> Pbkd2Parameters {
    let (salt, password) = (salt.to_vec(), Secret::from(password));
    Pbkd2Parameters { salt_source: CKZ_SALT_SPECIFIED, salt, iterations, prf, prf_data: vec![], password }
}

fn by(parameters: Pbkd2Parameters) -> Mechanism {
    with(CKM_PKCS5_PBKD2, Parameters::Pbkd2(parameters))
}

fn template(key_type: u64, len: usize) -> Attributes {
    let mut template = Attributes::new();
    template.set_ulong(CKA_VALUE_LEN, len as u64);
    of_class(CKO_SECRET_KEY, key_type, template)
}

#[test]
fn published_keys_come_out() {
    let others = OTHERS.map(|(prf, key)| (prf, &b"password"[..], &b"salt"[..], 1000, key));
    for (prf, password, salt, iterations, expected) in VECTORS.into_iter().chain(others) {
        let expected = hex(expected);
        let mechanism = by(parameters(prf, password, salt, iterations));
        let made = generate_key(&mechanism, &template(CKK_GENERIC_SECRET, expected.len())).unwrap();
        assert_eq!(made.bytes(CKA_VALUE), Some(&expected[..]));
        assert_eq!(made.ulong(CKA_VALUE_LEN), Some(expected.len() as u64));
    }
}

#[test]
fn a_cipher_key_has_the_check_value_of_its_type() {
    let mechanism = by(parameters(CKP_PKCS5_PBKD2_HMAC_SHA256, b"password", b"salt", 2));
    let [aes, generic] =
        [CKK_AES, CKK_GENERIC_SECRET].map(|kind| generate_key(&mechanism, &template(kind, 32)).unwrap());
    assert_eq!(aes.bytes(CKA_VALUE), generic.bytes(CKA_VALUE));
    assert_ne!(aes.bytes(CKA_CHECK_VALUE), generic.bytes(CKA_CHECK_VALUE));
}

#[test]
fn an_empty_password_and_an_empty_salt_are_a_password_and_a_salt() {
    let made = |password, salt| {
        let mechanism = by(parameters(CKP_PKCS5_PBKD2_HMAC_SHA256, password, salt, 2));
        generate_key(&mechanism, &template(CKK_GENERIC_SECRET, 32))
            .unwrap()
            .bytes(CKA_VALUE)
            .unwrap()
            .to_vec()
    };
    let values = [made(b"", b"salt"), made(b"password", b""), made(b"", b"")];
    assert_ne!(values[0], values[1]);
    assert_ne!(values[0], values[2]);
    assert_ne!(values[1], values[2]);
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let good = || parameters(CKP_PKCS5_PBKD2_HMAC_SHA256, b"password", b"salt", 2);
    for wrong in [
        plain(CKM_PKCS5_PBKD2),
        with(CKM_PKCS5_PBKD2, Parameters::Unknown),
        by(Pbkd2Parameters { salt_source: 2, ..good() }),
        by(Pbkd2Parameters { prf_data: vec![1], ..good() }),
        by(Pbkd2Parameters { prf: CKP_PKCS5_PBKD2_HMAC_GOSTR3411, ..good() }),
        by(Pbkd2Parameters { prf: CKM_SHA256_RSA_PKCS, ..good() }),
        by(Pbkd2Parameters { iterations: 0, ..good() }),
        by(Pbkd2Parameters { iterations: 1 << 32, ..good() }),
        by(Pbkd2Parameters { iterations: u64::MAX, ..good() }),
    ] {
        let refused = generate_key(&wrong, &template(CKK_GENERIC_SECRET, 32));
        assert!(matches!(refused, Err(Error::MechanismParamInvalid(_))), "{wrong:?}");
    }
}

#[test]
fn a_length_must_be_told_and_be_one_of_the_type() {
    let mechanism = by(parameters(CKP_PKCS5_PBKD2_HMAC_SHA256, b"password", b"salt", 2));
    let without = of_class(CKO_SECRET_KEY, CKK_AES, Attributes::new());
    assert_eq!(generate_key(&mechanism, &without), Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    for (key_type, len) in [(CKK_AES, 20), (CKK_GENERIC_SECRET, 0), (CKK_GENERIC_SECRET, secret::LONGEST + 1)]
    {
        let refused = generate_key(&mechanism, &template(key_type, len));
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_VALUE_LEN)));
    }
}

#[test]
fn a_password_is_not_printed() {
    let mechanism = by(parameters(CKP_PKCS5_PBKD2_HMAC_SHA256, b"hunter2", b"salt", 2));
    let printed = format!("{mechanism:?}");
    assert!(printed.contains("Secret(7 bytes)") && !printed.contains("104, 117, 110"), "{printed}");
}
