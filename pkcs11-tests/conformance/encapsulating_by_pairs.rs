//! Sections 5.18.8 and 5.18.9 with sections 6.1.6, 6.1.8, 6.1.12, 6.3.17 and 6.3.18: RSA and ECDH through
//! `C_EncapsulateKey` and `C_DecapsulateKey`, and OpenSSL for the other side.

use std::path::PathBuf;

use cryptoki_sys::{
    CK_MECHANISM, CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DECAPSULATE, CKA_DERIVE, CKA_EC_PARAMS,
    CKA_ENCAPSULATE, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LOCAL, CKA_MODULUS, CKA_MODULUS_BITS,
    CKA_NEVER_EXTRACTABLE, CKA_PRIME_1, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_TOKEN,
    CKA_UNWRAP, CKA_VALUE, CKA_VALUE_LEN, CKD_NULL, CKD_SHA256_KDF, CKF_DECAPSULATE, CKF_ENCAPSULATE,
    CKG_MGF1_SHA256, CKK_AES, CKK_DES3, CKK_GENERIC_SECRET, CKK_POLY1305, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_COFACTOR_DERIVE, CKM_ECDH1_DERIVE, CKM_EXTRACT_KEY_FROM_KEY,
    CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509, CKM_SHA256, CKO_SECRET_KEY,
    CKR_BUFFER_TOO_SMALL, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, P256, P384, Pair, attribute, der, flag, spki};
use pkcs11_tests::program::{openssl, run};
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1, oaep, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

on_claviger!(
    both_sides_have_the_same_key_and_say_where_it_is_from,
    openssl_opens_what_rsa_encapsulates_and_we_open_what_it_encrypts,
    openssl_agrees_with_the_ephemeral_point,
    a_derivation_gives_what_decapsulation_gives,
    an_altered_ciphertext_gives_no_key_or_another,
    bad_padding_is_told_by_nothing,
    only_keys_that_may_encapsulate,
    parameters_and_templates_are_checked,
    keys_of_rsa_have_the_lengths_that_a_message_has,
    a_closed_key_that_was_decapsulated_is_not_cut,
);

const X25519: &[u8] = b"\x06\x03\x2b\x65\x6e";
const X448: &[u8] = b"\x06\x03\x2b\x65\x6f";
const BRAINPOOL_P256R1: &[u8] = b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07";

/// Mechanism, generator and curve of the pair, length of the ciphertext, and of the whole secret where there is one.
type Way = (u64, u64, Option<&'static [u8]>, usize, Option<usize>);

const WAYS: [Way; 9] = [
    (CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, None, 256, None),
    (CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_KEY_PAIR_GEN, None, 256, None),
    (CKM_RSA_X_509, CKM_RSA_PKCS_KEY_PAIR_GEN, None, 256, Some(256)),
    (CKM_ECDH1_DERIVE, CKM_EC_KEY_PAIR_GEN, Some(P256), 65, Some(32)),
    (CKM_ECDH1_DERIVE, CKM_EC_KEY_PAIR_GEN, Some(BRAINPOOL_P256R1), 65, Some(32)),
    (CKM_ECDH1_COFACTOR_DERIVE, CKM_EC_KEY_PAIR_GEN, Some(P384), 97, Some(48)),
    (CKM_ECDH1_DERIVE, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Some(X25519), 32, Some(32)),
    (CKM_ECDH1_DERIVE, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Some(X448), 56, Some(56)),
    (CKM_ECDH1_COFACTOR_DERIVE, CKM_EC_KEY_PAIR_GEN, Some(P256), 65, Some(32)),
];

/// The parameters of a way: none, those of OAEP, or those of ECDH with a derivation function.
enum Given {
    Nothing,
    Oaep(Parameterised<cryptoki_sys::CK_RSA_PKCS_OAEP_PARAMS>),
    Ecdh(Parameterised<cryptoki_sys::CK_ECDH1_DERIVE_PARAMS>),
}

impl Given {
    fn of(by: u64, kdf: u64) -> Self {
        match by {
            CKM_RSA_PKCS_OAEP => Self::Oaep(oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0))),
            CKM_RSA_PKCS | CKM_RSA_X_509 => Self::Nothing,
            _ => Self::Ecdh(ecdh1(kdf, Sent::null(0), Sent::null(0))),
        }
    }

    fn mechanism(&self, by: u64) -> CK_MECHANISM {
        let parameters = match self {
            Self::Nothing => mechanism(by),
            Self::Oaep(parameters) => parameters.mechanism(),
            Self::Ecdh(parameters) => parameters.mechanism(),
        };
        CK_MECHANISM { mechanism: by, ..parameters }
    }
}

fn pair_that(t: &Test, session: u64, way: Way, private: Template, encapsulates: bool) -> Pair {
    let (_, generator, curve, ..) = way;
    let public = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_ENCAPSULATE, encapsulates);
    let public = match curve {
        Some(curve) => public.bytes(CKA_EC_PARAMS, curve),
        None => public.ulong(CKA_MODULUS_BITS, 2048),
    };
    let private = private.boolean(CKA_TOKEN, false).boolean(CKA_DECAPSULATE, encapsulates);
    let (rv, public, private) =
        t.module.generate_key_pair(session, Some(&mechanism(generator)), &public, &private);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn pair(t: &Test, session: u64, way: Way) -> Pair {
    pair_that(t, session, way, Template::new(), true)
}

/// A new secret key, a session object that can be looked at, of the length where there is one.
fn open_key(key_type: u64, len: Option<u64>) -> Template {
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_SENSITIVE, false);
    match len {
        Some(len) => template.ulong(CKA_VALUE_LEN, len),
        None => template,
    }
}

/// The template of a way's usual key: of the whole secret where there is one, of 32 bytes elsewhere.
fn usual(way: Way) -> Template {
    open_key(CKK_GENERIC_SECRET, way.4.is_none().then_some(32))
}

fn encapsulated(
    t: &Test,
    session: u64,
    by: &CK_MECHANISM,
    key: u64,
    template: &Template,
) -> Result<(Vec<u8>, u64), u64> {
    let mut out = vec![0; 4096];
    let (rv, len, key) = t.module.encapsulate_key(session, Some(by), key, template, Out::buffer(&mut out));
    if rv != CKR_OK {
        assert!(out.iter().all(|byte| *byte == 0), "no ciphertext without a key");
        return Err(rv);
    }
    out.truncate(usize::try_from(len).unwrap());
    Ok((out, key))
}

fn decapsulated(
    t: &Test,
    session: u64,
    by: &CK_MECHANISM,
    key: u64,
    (ciphertext, template): (&[u8], &Template),
) -> Result<u64, u64> {
    let (rv, key) = t.module.decapsulate_key(session, Some(by), key, template, Sent::from(ciphertext));
    if rv == CKR_OK { Ok(key) } else { Err(rv) }
}

fn value(t: &Test, session: u64, key: u64) -> Vec<u8> {
    attribute(t.module, session, key, CKA_VALUE)
}

fn both_sides_have_the_same_key_and_say_where_it_is_from(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for way in WAYS {
        let (by, _, _, len, whole) = way;
        let (rv, info) = t.module.mechanism_info(token.slot, by);
        assert_rv!(rv, CKR_OK);
        assert_eq!(info.flags & (CKF_ENCAPSULATE | CKF_DECAPSULATE), CKF_ENCAPSULATE | CKF_DECAPSULATE);
        let pair = pair(t, session, way);
        let given = Given::of(by, CKD_NULL);
        let by = given.mechanism(by);
        let asked = t.module.encapsulate_key(session, Some(&by), pair.public, &usual(way), Out::query());
        assert_eq!(asked, (CKR_OK, len as u64, 0));
        let mut short = vec![7; len - 1];
        let out = Out::buffer(&mut short);
        let refused = t.module.encapsulate_key(session, Some(&by), pair.public, &usual(way), out);
        assert_eq!(refused, (CKR_BUFFER_TOO_SMALL, len as u64, 0));
        assert!(short.iter().all(|byte| *byte == 7));
        let (ciphertext, sent) = encapsulated(t, session, &by, pair.public, &usual(way)).unwrap();
        assert_eq!(ciphertext.len(), len);
        let received = decapsulated(t, session, &by, pair.private, (&ciphertext, &usual(way))).unwrap();
        assert_eq!(value(t, session, sent), value(t, session, received));
        assert_eq!(value(t, session, sent).len(), whole.unwrap_or(32));
        let (again, other) = encapsulated(t, session, &by, pair.public, &usual(way)).unwrap();
        assert!(again != ciphertext && value(t, session, other) != value(t, session, sent));
        for key in [sent, received] {
            for (kind, expected) in [
                (CKA_EXTRACTABLE, true),
                (CKA_ALWAYS_SENSITIVE, false),
                (CKA_NEVER_EXTRACTABLE, false),
                (CKA_LOCAL, false),
                (CKA_PRIVATE, true),
            ] {
                assert_eq!(flag(t.module, session, key, kind), expected, "{kind:#x}");
            }
        }
    }
}

struct File(PathBuf);

impl File {
    fn new(t: &Test, name: &str, bytes: &[u8]) -> Self {
        let path = t.installation.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

fn numbers(parts: &[&[u8]]) -> Vec<u8> {
    let integer = |bytes: &&[u8]| match bytes.first() {
        Some(0x80..) => der(0x02, &[&[0], *bytes].concat()),
        _ => der(0x02, bytes),
    };
    der(0x30, &parts.iter().flat_map(integer).collect::<Vec<_>>())
}

/// A private key that can be read, and its file for OpenSSL (`RSAPrivateKey` of RFC 8017).
fn readable_rsa(t: &Test, session: u64) -> (Pair, File) {
    let open = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let pair = pair_that(t, session, WAYS[0], open, true);
    let part = |kind| attribute(t.module, session, pair.private, kind);
    // CKA_MODULUS, the exponents, the primes, their exponents and the coefficient have numbers one after the other.
    let mut parts = vec![vec![0], part(CKA_MODULUS), part(CKA_PUBLIC_EXPONENT)];
    parts.extend((CKA_PUBLIC_EXPONENT + 1..CKA_PRIME_1 + 5).map(part));
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    (pair, File::new(t, "private.der", &numbers(&parts)))
}

const PADDINGS: [(u64, &[&str]); 3] = [
    (CKM_RSA_PKCS, &["rsa_padding_mode:pkcs1"]),
    (CKM_RSA_PKCS_OAEP, &["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]),
    (CKM_RSA_X_509, &["rsa_padding_mode:none"]),
];

fn openssl_opens_what_rsa_encapsulates_and_we_open_what_it_encrypts(t: &Test) {
    let session = t.token().user_session();
    let (pair, private) = readable_rsa(t, session);
    let public = File::new(t, "public.der", &spki(t.module, session, pair.public, Kind::Rsa));
    for (by, options) in PADDINGS {
        let whole = (by == CKM_RSA_X_509).then_some(256);
        let len = if whole.is_some() { None } else { Some(24) };
        let given = Given::of(by, CKD_NULL);
        let by = given.mechanism(by);
        let template = open_key(CKK_GENERIC_SECRET, len);
        let (ciphertext, sent) = encapsulated(t, session, &by, pair.public, &template).unwrap();
        let cipher = |how: &str, input: &File| {
            let mut command = openssl(["pkeyutl", how, "-keyform", "DER"]);
            command.arg("-in").arg(&input.0);
            command.args(options.iter().flat_map(|option| ["-pkeyopt", option]));
            if how == "-encrypt" {
                command.args(["-pubin", "-inkey"]).arg(&public.0);
            } else {
                command.arg("-inkey").arg(&private.0);
            }
            run(&mut command)
        };
        let opened = cipher("-decrypt", &File::new(t, "ciphertext", &ciphertext));
        assert_eq!(opened, value(t, session, sent), "{:#x}", by.mechanism);
        let secret = vec![0x5a; whole.unwrap_or(24)];
        let sealed = cipher("-encrypt", &File::new(t, "secret", &secret));
        let received = decapsulated(t, session, &by, pair.private, (&sealed, &template)).unwrap();
        assert_eq!(value(t, session, received), secret, "{:#x}", by.mechanism);
    }
}

fn openssl_agrees_with_the_ephemeral_point(t: &Test) {
    let session = t.token().user_session();
    for (by, curve, kind) in
        [(CKM_ECDH1_DERIVE, P256, Kind::P256), (CKM_ECDH1_COFACTOR_DERIVE, P384, Kind::P384)]
    {
        let way = (by, CKM_EC_KEY_PAIR_GEN, Some(curve), 0, Some(0));
        let open = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
        let pair = pair_that(t, session, way, open, true);
        let given = Given::of(by, CKD_NULL);
        let by = given.mechanism(by);
        let (point, sent) = encapsulated(t, session, &by, pair.public, &usual(way)).unwrap();
        // `ECPrivateKey` of RFC 5915.
        let scalar = value(t, session, pair.private);
        let private = [der(0x02, &[1]), der(0x04, &scalar), der(0xa0, curve)].concat();
        let private = File::new(t, "own.der", &der(0x30, &private));
        // The other's key is the pair's own with the ephemeral point in the place of its own.
        let info = spki(t.module, session, pair.public, kind);
        let peer = [&info[..info.len() - point.len()], &point].concat();
        let peer = File::new(t, "peer.der", &peer);
        let mut command = openssl(["pkeyutl", "-derive", "-keyform", "DER", "-peerform", "DER", "-inkey"]);
        let shared = run(command.arg(&private.0).arg("-peerkey").arg(&peer.0));
        assert_eq!(shared, value(t, session, sent));
    }
}

fn a_derivation_gives_what_decapsulation_gives(t: &Test) {
    let session = t.token().user_session();
    for way in WAYS.into_iter().filter(|way| way.2.is_some()) {
        let pair = pair_that(t, session, way, Template::new().boolean(CKA_DERIVE, true), true);
        for (kdf, key_type, len) in [
            (CKD_NULL, CKK_AES, 16),
            (CKD_SHA256_KDF, CKK_AES, 32),
            (CKD_SHA256_KDF, CKK_GENERIC_SECRET, 100),
        ] {
            let given = Given::of(way.0, kdf);
            let template = open_key(key_type, Some(len)).boolean(CKA_EXTRACTABLE, true);
            let by = given.mechanism(way.0);
            let (point, sent) = encapsulated(t, session, &by, pair.public, &template).unwrap();
            let with_point = ecdh1(kdf, Sent::null(0), Sent::from(point.as_slice()));
            let derive = CK_MECHANISM { mechanism: way.0, ..with_point.mechanism() };
            let (rv, derived) = t.module.derive_key(session, Some(&derive), pair.private, &template);
            assert_rv!(rv, CKR_OK);
            assert_eq!(value(t, session, derived), value(t, session, sent));
            let received = decapsulated(t, session, &by, pair.private, (&point, &template)).unwrap();
            assert_eq!(value(t, session, received), value(t, session, sent));
            assert_eq!(value(t, session, sent).len() as u64, len);
        }
    }
}

fn an_altered_ciphertext_gives_no_key_or_another(t: &Test) {
    let session = t.token().user_session();
    for way in WAYS {
        let pair = pair(t, session, way);
        let given = Given::of(way.0, CKD_NULL);
        let by = given.mechanism(way.0);
        let (ciphertext, sent) = encapsulated(t, session, &by, pair.public, &usual(way)).unwrap();
        let opened = |ciphertext: &[u8]| {
            let template = open_key(CKK_GENERIC_SECRET, None);
            decapsulated(t, session, &by, pair.private, (ciphertext, &template))
        };
        let mut altered = ciphertext.clone();
        *altered.last_mut().unwrap() ^= 1;
        match way.0 {
            // A point off the curve, and what OAEP does not open.
            CKM_ECDH1_DERIVE | CKM_ECDH1_COFACTOR_DERIVE if way.1 == CKM_EC_KEY_PAIR_GEN => {
                assert_eq!(opened(&altered), Err(CKR_WRAPPED_KEY_INVALID));
            }
            CKM_RSA_PKCS_OAEP => assert_eq!(opened(&altered), Err(CKR_WRAPPED_KEY_INVALID)),
            _ => {
                let other = opened(&altered).unwrap();
                assert_ne!(value(t, session, other), value(t, session, sent));
            }
        }
        for wrong in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat(), &[]] {
            assert_eq!(opened(wrong), Err(CKR_WRAPPED_KEY_LEN_RANGE), "{:#x}", way.0);
        }
        if way.0 == CKM_RSA_X_509 {
            // Above the modulus.
            assert_eq!(opened(&[0xff; 256]), Err(CKR_WRAPPED_KEY_INVALID));
        }
        if way.1 == CKM_EC_MONTGOMERY_KEY_PAIR_GEN {
            // Of small order.
            assert_eq!(opened(&vec![0; way.3]), Err(CKR_WRAPPED_KEY_INVALID));
        }
    }
}

/// Decision 0008 and the attack of Bleichenbacher: a ciphertext without padding gives a key, always the same one, of a length
/// that its bytes choose. No answer tells it from one with padding.
fn bad_padding_is_told_by_nothing(t: &Test) {
    let session = t.token().user_session();
    let pair = pair(t, session, WAYS[0]);
    let by = mechanism(CKM_RSA_PKCS);
    let template = open_key(CKK_GENERIC_SECRET, None);
    let mut lengths = std::collections::BTreeSet::new();
    for number in 2..34_u8 {
        let mut ciphertext = [0; 256];
        ciphertext[255] = number;
        let keys = [(); 2].map(|()| {
            let key = decapsulated(t, session, &by, pair.private, (&ciphertext, &template));
            key.map(|key| value(t, session, key))
        });
        assert_eq!(keys[0], keys[1]);
        match &keys[0] {
            Ok(value) => drop(lengths.insert(value.len())),
            // A message of no bytes is no key.
            Err(rv) => assert_rv!(*rv, CKR_WRAPPED_KEY_LEN_RANGE),
        }
    }
    assert!(lengths.len() > 8, "{lengths:?}");
}

fn only_keys_that_may_encapsulate(t: &Test) {
    let session = t.token().user_session();
    for way in WAYS {
        let given = Given::of(way.0, CKD_NULL);
        let by = given.mechanism(way.0);
        let other = pair(t, session, WAYS[if way.2.is_some() { 0 } else { 3 }]);
        let refused = encapsulated(t, session, &by, other.public, &usual(way));
        assert_eq!(refused, Err(CKR_KEY_TYPE_INCONSISTENT));
        let refused = decapsulated(t, session, &by, other.private, (&[4; 65], &usual(way)));
        assert_eq!(refused, Err(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT));
        let idle = pair_that(t, session, way, Template::new().boolean(CKA_UNWRAP, true), false);
        assert!(!flag(t.module, session, idle.public, CKA_ENCAPSULATE));
        let refused = encapsulated(t, session, &by, idle.public, &usual(way));
        assert_eq!(refused, Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
        let refused = decapsulated(t, session, &by, idle.private, (&vec![4; way.3], &usual(way)));
        assert_eq!(refused, Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
        // The first use of a key of a stock template: decision 0012.
        let public = Template::new().boolean(CKA_ENCAPSULATE, true);
        assert_rv!(t.module.set_attribute_values(session, idle.public, &public), CKR_OK);
        assert!(encapsulated(t, session, &by, idle.public, &usual(way)).is_ok());
    }
    let x25519 = pair(t, session, WAYS[6]);
    let given = Given::of(CKM_ECDH1_COFACTOR_DERIVE, CKD_NULL);
    let by = given.mechanism(CKM_ECDH1_COFACTOR_DERIVE);
    let refused = encapsulated(t, session, &by, x25519.public, &open_key(CKK_GENERIC_SECRET, None));
    assert_eq!(refused, Err(CKR_KEY_TYPE_INCONSISTENT));
}

fn parameters_and_templates_are_checked(t: &Test) {
    let session = t.token().user_session();
    for way in WAYS {
        let pair = pair(t, session, way);
        let given = Given::of(way.0, CKD_NULL);
        let by = given.mechanism(way.0);
        let (ciphertext, _) = encapsulated(t, session, &by, pair.public, &usual(way)).unwrap();
        let refused = |by: &CK_MECHANISM, template: &Template| {
            let sent = encapsulated(t, session, by, pair.public, template).map(drop);
            let received = decapsulated(t, session, by, pair.private, (&ciphertext, template)).map(drop);
            (sent, received)
        };
        let point = ecdh1(CKD_NULL, Sent::null(0), Sent::from(ciphertext.as_slice()));
        let shared = ecdh1(CKD_NULL, Sent::from(b"shared"), Sent::null(0));
        let unknown = ecdh1(4711, Sent::null(0), Sent::null(0));
        let mut wrong = vec![with(way.0, &[0_u8; 3])];
        if way.2.is_some() {
            wrong.extend([mechanism(way.0), point.mechanism(), shared.mechanism(), unknown.mechanism()]);
        } else if way.0 == CKM_RSA_PKCS_OAEP {
            wrong.push(mechanism(way.0));
        }
        for wrong in wrong {
            let wrong = CK_MECHANISM { mechanism: way.0, ..wrong };
            let invalid = Err(CKR_MECHANISM_PARAM_INVALID);
            assert_eq!(refused(&wrong, &usual(way)), (invalid, invalid), "{:#x}", way.0);
        }
        let told = open_key(CKK_POLY1305, None);
        let inconsistent = Err(CKR_TEMPLATE_INCONSISTENT);
        assert_eq!(refused(&by, &told), (inconsistent, inconsistent));
        let thirteen = open_key(CKK_GENERIC_SECRET, Some(13));
        assert_eq!(refused(&by, &thirteen).0, Err(CKR_KEY_SIZE_RANGE), "{:#x}", way.0);
    }
}

fn keys_of_rsa_have_the_lengths_that_a_message_has(t: &Test) {
    let session = t.token().user_session();
    let rsa = pair(t, session, WAYS[0]);
    for (by, longest) in [(CKM_RSA_PKCS, 245), (CKM_RSA_PKCS_OAEP, 190)] {
        let given = Given::of(by, CKD_NULL);
        let by = given.mechanism(by);
        let made = |key_type, len| {
            let template = open_key(key_type, len);
            let (ciphertext, sent) = encapsulated(t, session, &by, rsa.public, &template)?;
            let received = decapsulated(t, session, &by, rsa.private, (&ciphertext, &template)).unwrap();
            assert_eq!(value(t, session, sent), value(t, session, received));
            Ok(value(t, session, sent).len())
        };
        assert_eq!(made(CKK_GENERIC_SECRET, Some(longest)), Ok(usize::try_from(longest).unwrap()));
        assert_eq!(made(CKK_GENERIC_SECRET, Some(longest + 1)), Err(CKR_KEY_SIZE_RANGE));
        assert_eq!(made(CKK_GENERIC_SECRET, None), Err(CKR_TEMPLATE_INCOMPLETE));
        assert_eq!(made(CKK_AES, Some(32)), Ok(32));
        assert_eq!(made(CKK_DES3, None), Ok(24));
        let (ciphertext, _) =
            encapsulated(t, session, &by, rsa.public, &open_key(CKK_AES, Some(32))).unwrap();
        let shorter = open_key(CKK_AES, Some(16));
        let refused = decapsulated(t, session, &by, rsa.private, (&ciphertext, &shorter));
        assert_eq!(refused, Err(CKR_WRAPPED_KEY_LEN_RANGE));
    }
    // The number of RSASVE is taken whole.
    let by = mechanism(CKM_RSA_X_509);
    let refused = encapsulated(t, session, &by, rsa.public, &open_key(CKK_GENERIC_SECRET, Some(32)));
    assert_eq!(refused, Err(CKR_KEY_SIZE_RANGE));
    let (ciphertext, _) =
        encapsulated(t, session, &by, rsa.public, &open_key(CKK_GENERIC_SECRET, Some(256))).unwrap();
    let cut = open_key(CKK_GENERIC_SECRET, Some(32));
    let refused = decapsulated(t, session, &by, rsa.private, (&ciphertext, &cut));
    assert_eq!(refused, Err(CKR_WRAPPED_KEY_LEN_RANGE));
}

/// Decision 0036: what comes by RSA may be the padded key of somebody else.
fn a_closed_key_that_was_decapsulated_is_not_cut(t: &Test) {
    let session = t.token().user_session();
    let closed =
        |way| usual(way).without(CKA_SENSITIVE).boolean(CKA_SENSITIVE, true).boolean(CKA_DERIVE, true);
    for way in &WAYS[..3] {
        let pair = pair(t, session, *way);
        let given = Given::of(way.0, CKD_NULL);
        let by = given.mechanism(way.0);
        let (ciphertext, _) = encapsulated(t, session, &by, pair.public, &usual(*way)).unwrap();
        let key = decapsulated(t, session, &by, pair.private, (&ciphertext, &closed(*way))).unwrap();
        let cut = Template::new().ulong(CKA_VALUE_LEN, 14);
        let extract = with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64);
        let (rv, _) = t.module.derive_key(session, Some(&extract), key, &cut);
        assert_rv!(rv, CKR_KEY_SIZE_RANGE, "{:#x}", way.0);
    }
}
