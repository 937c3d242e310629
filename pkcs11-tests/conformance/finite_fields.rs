//! Sections 6.2 and 6.4: DSA and Diffie-Hellman, their pairs, and what is no key.

use cryptoki_sys::{
    CKA_BASE, CKA_CLASS, CKA_DERIVE, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PRIME, CKA_PRIVATE,
    CKA_PUBLIC_KEY_INFO, CKA_SENSITIVE, CKA_SIGN, CKA_SUBPRIME, CKA_TOKEN, CKA_VALUE, CKA_VALUE_BITS,
    CKA_VALUE_LEN, CKA_VERIFY, CKF_DERIVE, CKF_GENERATE, CKF_GENERATE_KEY_PAIR, CKK_AES, CKK_DH, CKK_DSA,
    CKK_GENERIC_SECRET, CKM_AES_KEY_WRAP_KWP, CKM_DH_PKCS_DERIVE, CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DH_PKCS_PARAMETER_GEN, CKM_DSA, CKM_DSA_KEY_PAIR_GEN, CKM_DSA_PARAMETER_GEN, CKM_DSA_SHA3_512,
    CKM_DSA_SHA256, CKM_PUB_KEY_FROM_PRIV_KEY, CKO_DOMAIN_PARAMETERS, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_DATA_LEN_RANGE,
    CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID,
};
use pkcs11_tests::keys::{Pair, attribute, ecdsa_from_der, ecdsa_to_der, sign, verify};
use pkcs11_tests::mechanisms::SIGNS;
use pkcs11_tests::mechanisms::finite_fields::{DSA_1024, DSA_2048, FFDHE2048, dh_group, dsa_domain};
use pkcs11_tests::program::{openssl, output, run, unhex};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::aes;
use crate::wrapping::{kind, wrapped};

on_claviger!(
    the_mechanisms_say_what_they_can,
    a_pair_agrees_with_openssl_on_every_known_group,
    a_derived_key_is_the_end_of_the_secret,
    a_private_number_is_as_long_as_it_was_asked_for,
    a_public_value_that_is_none_derives_nothing,
    signatures_without_hashing_are_openssls,
    a_signature_of_another_length_or_value_is_refused,
    what_is_no_group_makes_no_key,
    what_is_no_number_of_a_group_is_no_key,
    a_private_key_travels_wrapped_and_openssl_reads_it,
    a_key_does_what_its_type_does,
);

/// A pair on a group, of session keys; the private one may leave the token and not be read.
pub(crate) fn made(m: &Module, session: u64, by: u64, group: Template, private: &Template) -> Pair {
    let usages: (&[u64], &[u64]) =
        if by == CKM_DSA_KEY_PAIR_GEN { (&[CKA_VERIFY], &[CKA_SIGN]) } else { (&[], &[CKA_DERIVE]) };
    let may = |template: Template, usages: &[u64]| {
        usages
            .iter()
            .fold(template.boolean(CKA_TOKEN, false), |template, usage| template.boolean(*usage, true))
    };
    let mut template =
        may(Template::new().boolean(CKA_PRIVATE, true).boolean(CKA_EXTRACTABLE, true), usages.1);
    template.0.extend(private.0.clone());
    let (rv, public, private) =
        m.generate_key_pair(session, Some(&mechanism(by)), &may(group, usages.0), &template);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

fn dh(m: &Module, session: u64) -> Pair {
    made(m, session, CKM_DH_PKCS_KEY_PAIR_GEN, dh_group(), &Template::new())
}

fn dsa(m: &Module, session: u64) -> Pair {
    made(m, session, CKM_DSA_KEY_PAIR_GEN, dsa_domain(DSA_2048), &Template::new())
}

fn secret(key_type: u64) -> Template {
    kind(CKO_SECRET_KEY, key_type).boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true)
}

fn derived(
    m: &Module,
    session: u64,
    private: u64,
    public: &[u8],
    template: &Template,
) -> Result<Vec<u8>, u64> {
    match m.derive_key(session, Some(&with(CKM_DH_PKCS_DERIVE, public)), private, template) {
        (CKR_OK, key) => Ok(attribute(m, session, key, CKA_VALUE)),
        (rv, _) => Err(rv),
    }
}

/// An odd number less one.
fn less_one(number: &[u8]) -> Vec<u8> {
    let mut less = number.to_vec();
    *less.last_mut().unwrap() -= 1;
    less
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let slot = t.token().slot;
    for (kind, expected) in [
        (CKM_DH_PKCS_KEY_PAIR_GEN, (CKF_GENERATE_KEY_PAIR, 2048, 8192)),
        (CKM_DH_PKCS_PARAMETER_GEN, (CKF_GENERATE, 1024, 2048)),
        (CKM_DH_PKCS_DERIVE, (CKF_DERIVE, 1024, 8192)),
        (CKM_DSA_KEY_PAIR_GEN, (CKF_GENERATE_KEY_PAIR, 1024, 3072)),
        (CKM_DSA_PARAMETER_GEN, (CKF_GENERATE, 1024, 3072)),
        (CKM_DSA, (SIGNS, 1024, 3072)),
        (CKM_DSA_SHA3_512, (SIGNS, 1024, 3072)),
    ] {
        let (rv, info) = t.module.mechanism_info(slot, kind);
        assert_rv!(rv, CKR_OK);
        assert_eq!((info.flags, info.ulMinKeySize, info.ulMaxKeySize), expected, "{kind:#x}");
    }
}

/// The groups of RFC 7919 and RFC 3526 as OpenSSL calls them, and the bytes of their primes.
const GROUPS: [(&str, usize); 10] = [
    ("ffdhe2048", 256),
    ("ffdhe3072", 384),
    ("ffdhe4096", 512),
    ("ffdhe6144", 768),
    ("ffdhe8192", 1024),
    ("modp_2048", 256),
    ("modp_3072", 384),
    ("modp_4096", 512),
    ("modp_6144", 768),
    ("modp_8192", 1024),
];

/// Its pair and ours, on every group that both know: both make the same secret.
fn a_pair_agrees_with_openssl_on_every_known_group(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let path = |name: &str| t.installation.folder().join(name);
    for (name, len) in GROUPS {
        let group = format!("group:{name}");
        run(openssl(["genpkey", "-algorithm", "DH", "-pkeyopt", &group, "-out"]).arg(path("theirs")));
        let info = run(openssl(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(path("theirs")));
        let theirs = &info[info.len() - len..];
        let prime = &prime_of(&info)[..len];
        let template = Template::new().bytes(CKA_PRIME, prime).bytes(CKA_BASE, [2]);
        let ours = made(m, session, CKM_DH_PKCS_KEY_PAIR_GEN, template, &Template::new());
        std::fs::write(path("ours"), attribute(m, session, ours.public, CKA_PUBLIC_KEY_INFO)).unwrap();
        let mut command =
            openssl(["pkeyutl", "-derive", "-pkeyopt", "dh_pad:1", "-peerform", "DER", "-peerkey"]);
        let expected = run(command.arg(path("ours")).arg("-inkey").arg(path("theirs")));
        let found = derived(m, session, ours.private, theirs, &secret(CKK_GENERIC_SECRET));
        assert!(expected.len() == len && found == Ok(expected), "another secret on {name}");
    }
}

/// From the prime on, in a `SubjectPublicKeyInfo` whose prime has 256 bytes or more.
fn prime_of(info: &[u8]) -> &[u8] {
    const DH_KEY_AGREEMENT: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x03, 0x01];
    let oid = info.windows(DH_KEY_AGREEMENT.len()).position(|window| window == DH_KEY_AGREEMENT);
    // Behind it a SEQUENCE and an INTEGER, four bytes each, and the INTEGER's leading zero.
    &info[oid.expect("a key of PKCS #3") + DH_KEY_AGREEMENT.len() + 9..]
}

/// Section 6.4.10: what is cut is cut at the beginning.
fn a_derived_key_is_the_end_of_the_secret(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (ours, peer) = (dh(m, session), dh(m, session));
    let public = attribute(m, session, peer.public, CKA_VALUE);
    let whole = derived(m, session, ours.private, &public, &secret(CKK_GENERIC_SECRET)).unwrap();
    assert_eq!(whole.len(), 256);
    let zeros = [&[0, 0], &public[..]].concat();
    for (template, expected) in [
        (secret(CKK_AES).ulong(CKA_VALUE_LEN, 32), Ok(whole[224..].to_vec())),
        (secret(CKK_GENERIC_SECRET).ulong(CKA_VALUE_LEN, 100), Ok(whole[156..].to_vec())),
        (secret(CKK_AES), Err(CKR_TEMPLATE_INCOMPLETE)),
        (secret(CKK_GENERIC_SECRET).ulong(CKA_VALUE_LEN, 257), Err(CKR_TEMPLATE_INCONSISTENT)),
    ] {
        for public in [&public, &zeros] {
            assert!(derived(m, session, ours.private, public, &template) == expected, "{template:?}");
        }
    }
}

fn a_private_number_is_as_long_as_it_was_asked_for(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let number = |object: u64, kind: u64| attribute(m, session, object, kind);
    let open = Template::new().boolean(CKA_SENSITIVE, false);
    let by = CKM_DH_PKCS_KEY_PAIR_GEN;
    let free = made(m, session, by, dh_group(), &open);
    let value = number(free.private, CKA_VALUE);
    let bits = 8 * value.len() as u64 - u64::from(value[0].leading_zeros());
    assert_eq!(number(free.private, CKA_VALUE_BITS), bits.to_ne_bytes());
    let asked = made(m, session, by, dh_group(), &open.clone().ulong(CKA_VALUE_BITS, 256));
    assert_eq!(number(asked.private, CKA_VALUE_BITS), 256u64.to_ne_bytes());
    assert!(number(asked.private, CKA_VALUE).len() <= 32);
    assert_eq!(number(asked.private, CKA_PRIME), unhex(FFDHE2048));
    for none in [0, 223, 2048, u64::MAX] {
        let private = Template::new().ulong(CKA_VALUE_BITS, none);
        let (rv, ..) = m.generate_key_pair(session, Some(&mechanism(by)), &dh_group(), &private);
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{none} bits");
    }
}

/// SP 800-56A section 5.6.2.3: from 2 to p - 2, and of the order of the base, of which 3 is not here.
fn a_public_value_that_is_none_derives_nothing(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (pair, p) = (dh(m, session), unhex(FFDHE2048));
    let longer = [&[1], &p[..]].concat();
    let outside = (3..40u8).find(|number| {
        let value = [*number];
        derived(m, session, pair.private, &value, &secret(CKK_GENERIC_SECRET)).is_err()
    });
    let outside = vec![outside.expect("half of all numbers are no squares")];
    for none in [vec![0], vec![1], less_one(&p), p.clone(), longer, outside] {
        let found = derived(m, session, pair.private, &none, &secret(CKK_GENERIC_SECRET));
        assert_eq!(found, Err(CKR_MECHANISM_PARAM_INVALID));
        let template = kind(CKO_PUBLIC_KEY, CKK_DH).bytes(CKA_VALUE, &none[..]);
        let mut template = template;
        template.0.extend(dh_group().0);
        let expected = if none == [0] { CKR_TEMPLATE_INCOMPLETE } else { CKR_ATTRIBUTE_VALUE_INVALID };
        assert_rv!(m.create_object(session, &template).0, expected);
    }
    let without = mechanism(CKM_DH_PKCS_DERIVE);
    let (rv, _) = m.derive_key(session, Some(&without), pair.private, &secret(CKK_GENERIC_SECRET));
    assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
}

fn signatures_without_hashing_are_openssls(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let path = |name: &str| t.installation.folder().join(name);
    let pair = dsa(m, session);
    let digest = [0xC3; 32];
    std::fs::write(path("digest"), digest).unwrap();
    std::fs::write(path("public"), attribute(m, session, pair.public, CKA_PUBLIC_KEY_INFO)).unwrap();
    let ours = sign(m, session, &mechanism(CKM_DSA), pair.private, &digest).unwrap();
    std::fs::write(path("ours"), ecdsa_to_der(&ours)).unwrap();
    let mut command = openssl(["pkeyutl", "-verify", "-keyform", "DER", "-pubin", "-inkey"]);
    command.arg(path("public")).arg("-sigfile").arg(path("ours")).arg("-in").arg(path("digest"));
    assert!(output(&mut command).status.success());
    // A domain of its own.
    let options = ["-pkeyopt", "dsa_paramgen_bits:2048", "-pkeyopt", "dsa_paramgen_q_bits:256"];
    run(openssl(["genpkey", "-genparam", "-algorithm", "DSA"]).args(options).arg("-out").arg(path("domain")));
    run(openssl(["genpkey", "-paramfile"]).arg(path("domain")).arg("-out").arg(path("theirs")));
    let info = run(openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"]).arg(path("theirs")));
    let mut command = openssl(["pkeyutl", "-sign", "-inkey"]);
    let signature = run(command.arg(path("theirs")).arg("-in").arg(path("digest")));
    let private = unwrapped(m, session, CKK_DSA, &info, &Template::new().boolean(CKA_DERIVE, true));
    let by = mechanism(CKM_PUB_KEY_FROM_PRIV_KEY);
    let (rv, public) = m.derive_key(session, Some(&by), private, &Template::new().boolean(CKA_VERIFY, true));
    assert_rv!(rv, CKR_OK);
    let signature = ecdsa_from_der(&signature, 32);
    assert_rv!(verify(m, session, &mechanism(CKM_DSA), public, &digest, &signature), CKR_OK);
}

/// A private key out of its `PrivateKeyInfo`, by way of a wrapping.
fn unwrapped(m: &Module, session: u64, key_type: u64, info: &[u8], template: &Template) -> u64 {
    let wrapping = aes(m, session, &[5; 32]);
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    assert_rv!(m.encrypt_init(session, Some(&by), wrapping), CKR_OK);
    let mut blob = vec![0; info.len() + 64];
    let (rv, len) = m.encrypt(session, info.into(), Out::buffer(&mut blob));
    assert_rv!(rv, CKR_OK);
    blob.truncate(usize::try_from(len).unwrap());
    let mut full = kind(CKO_PRIVATE_KEY, key_type);
    full.0.extend(template.0.clone());
    let (rv, key) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&blob), &full);
    assert_rv!(rv, CKR_OK);
    key
}

fn a_signature_of_another_length_or_value_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = dsa(m, session);
    let q = unhex(DSA_2048[1]);
    let data = [7; 32];
    for by in [CKM_DSA, CKM_DSA_SHA256] {
        let by = mechanism(by);
        let signature = sign(m, session, &by, pair.private, &data).unwrap();
        let refuses = |signature: &[u8]| verify(m, session, &by, pair.public, &data, signature);
        assert_rv!(refuses(&signature), CKR_OK);
        for other in [&signature[..63], &signature[..32], &[], &[&signature[..], &[0]].concat()] {
            assert_rv!(refuses(other), CKR_SIGNATURE_LEN_RANGE);
        }
        let (r, s) = signature.split_at(32);
        let zero = [0; 32];
        for (r, s) in [(&zero[..], s), (r, &zero), (&q, s), (r, &q), (&[0xff; 32], s), (s, r)] {
            assert_rv!(refuses(&[r, s].concat()), CKR_SIGNATURE_INVALID);
        }
    }
    let by = mechanism(CKM_DSA);
    assert_eq!(sign(m, session, &by, pair.private, b""), Err(CKR_DATA_LEN_RANGE));
}

/// Groups of a type, of which one part is wrong.
fn wrong_groups(key_type: u64) -> Vec<Template> {
    let of_dsa = key_type == CKK_DSA;
    let numbers = if of_dsa { DSA_1024.map(unhex).to_vec() } else { vec![unhex(FFDHE2048), vec![2]] };
    let parts: &[u64] = if of_dsa { &[CKA_PRIME, CKA_SUBPRIME, CKA_BASE] } else { &[CKA_PRIME, CKA_BASE] };
    let p = numbers[0].clone();
    let mut composite = p.clone();
    *composite.last_mut().unwrap() ^= 2;
    let primes = [less_one(&p), composite, p[..96].to_vec(), [&[0xff; 900], &p[..]].concat()];
    let bases = [vec![1], less_one(&p), p.clone()];
    let mut wrong: Vec<(u64, Vec<u8>)> = primes.into_iter().map(|number| (CKA_PRIME, number)).collect();
    wrong.extend(bases.into_iter().map(|number| (CKA_BASE, number)));
    if of_dsa {
        let q = &numbers[1];
        let orders = [less_one(q), q[..19].to_vec(), p];
        wrong.extend(orders.into_iter().map(|number| (CKA_SUBPRIME, number)));
        // Of another order.
        wrong.push((CKA_BASE, vec![2]));
    }
    let with = |(wrong, instead): (u64, Vec<u8>)| {
        parts.iter().zip(&numbers).fold(Template::new(), |template, (part, number)| {
            template.bytes(*part, if *part == wrong { &instead[..] } else { &number[..] })
        })
    };
    wrong.into_iter().map(with).collect()
}

fn what_is_no_group_makes_no_key(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (key_type, by) in [(CKK_DH, CKM_DH_PKCS_KEY_PAIR_GEN), (CKK_DSA, CKM_DSA_KEY_PAIR_GEN)] {
        for group in wrong_groups(key_type) {
            let (rv, ..) = m.generate_key_pair(session, Some(&mechanism(by)), &group, &Template::new());
            assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "a pair of {group:?}");
            for class in [CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_DOMAIN_PARAMETERS] {
                let mut object = kind(class, key_type);
                object.0.extend(group.0.clone());
                if class != CKO_DOMAIN_PARAMETERS {
                    object = object.bytes(CKA_VALUE, [9; 32]);
                }
                assert_rv!(m.create_object(session, &object).0, CKR_ATTRIBUTE_VALUE_INVALID, "{class:#x}");
            }
        }
        let (rv, ..) = m.generate_key_pair(
            session,
            Some(&mechanism(by)),
            &Template::new().bytes(CKA_BASE, [2]),
            &Template::new(),
        );
        assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
        let group = if key_type == CKK_DSA { dsa_domain(DSA_2048) } else { dh_group() };
        let with_parameter = with(by, &[1u8][..]);
        let (rv, ..) = m.generate_key_pair(session, Some(&with_parameter), &group, &Template::new());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// Private numbers out of range, public ones outside the group, and a key that says to belong to another public one.
fn what_is_no_number_of_a_group_is_no_key(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let [dsa_p, q, _] = DSA_1024.map(unhex);
    let p = unhex(FFDHE2048);
    let refused = |class: u64, key_type: u64, value: &[u8], info: Option<&[u8]>| {
        let mut object = kind(class, key_type).bytes(CKA_VALUE, value);
        object.0.extend(if key_type == CKK_DSA { dsa_domain(DSA_1024).0 } else { dh_group().0 });
        let object = info.into_iter().fold(object, |object, info| object.bytes(CKA_PUBLIC_KEY_INFO, info));
        m.create_object(session, &object).0
    };
    let invalid = CKR_ATTRIBUTE_VALUE_INVALID;
    for (class, key_type, value, expected) in [
        (CKO_PRIVATE_KEY, CKK_DSA, vec![0], CKR_TEMPLATE_INCOMPLETE),
        (CKO_PRIVATE_KEY, CKK_DSA, q.clone(), invalid),
        (CKO_PRIVATE_KEY, CKK_DSA, vec![0xff; 32], invalid),
        (CKO_PRIVATE_KEY, CKK_DSA, vec![1; 33], invalid),
        (CKO_PUBLIC_KEY, CKK_DSA, vec![1], invalid),
        (CKO_PUBLIC_KEY, CKK_DSA, vec![2], invalid),
        (CKO_PUBLIC_KEY, CKK_DSA, less_one(&dsa_p), invalid),
        (CKO_PUBLIC_KEY, CKK_DSA, dsa_p, invalid),
        (CKO_PRIVATE_KEY, CKK_DH, vec![0], CKR_TEMPLATE_INCOMPLETE),
        (CKO_PRIVATE_KEY, CKK_DH, vec![7; 19], invalid),
        (CKO_PRIVATE_KEY, CKK_DH, less_one(&p), invalid),
        (CKO_PRIVATE_KEY, CKK_DH, [&[1], &p[..]].concat(), invalid),
    ] {
        assert_rv!(refused(class, key_type, &value, None), expected, "{class:#x} {key_type:#x} {value:02x?}");
    }
    for (key_type, pair) in [(CKK_DSA, dsa(m, session)), (CKK_DH, dh(m, session))] {
        let info = attribute(m, session, pair.public, CKA_PUBLIC_KEY_INFO);
        assert_rv!(refused(CKO_PRIVATE_KEY, key_type, &[0x90; 20], Some(&info)), invalid);
        assert_rv!(refused(CKO_PRIVATE_KEY, key_type, &[0x90; 20], None), CKR_OK);
    }
}

/// Section 6.7: a `PrivateKeyInfo`, which OpenSSL finds whole.
fn a_private_key_travels_wrapped_and_openssl_reads_it(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let wrapping = aes(m, session, &[3; 32]);
    for (key_type, pair) in [(CKK_DSA, dsa(m, session)), (CKK_DH, dh(m, session))] {
        let hidden = m.attribute_values(session, pair.private, &[(CKA_VALUE, Some(512))]).0;
        assert_rv!(hidden, CKR_ATTRIBUTE_SENSITIVE);
        let blob = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, wrapping, pair.private).unwrap();
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        assert_rv!(m.decrypt_init(session, Some(&by), wrapping), CKR_OK);
        let mut info = vec![0; 4096];
        let (rv, len) = m.decrypt(session, Sent::from(&blob), Out::buffer(&mut info));
        assert_rv!(rv, CKR_OK);
        let path = t.installation.folder().join("private");
        std::fs::write(&path, &info[..usize::try_from(len).unwrap()]).unwrap();
        let told = run(openssl(["pkey", "-inform", "DER", "-pubout", "-outform", "DER", "-in"]).arg(&path));
        assert_eq!(told, attribute(m, session, pair.public, CKA_PUBLIC_KEY_INFO));
        let usage = if key_type == CKK_DSA { CKA_SIGN } else { CKA_DERIVE };
        let template = kind(CKO_PRIVATE_KEY, key_type).boolean(usage, true);
        let (rv, again) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&blob), &template);
        assert_rv!(rv, CKR_OK);
        for part in [CKA_PRIME, CKA_BASE, CKA_PUBLIC_KEY_INFO] {
            assert_eq!(attribute(m, session, again, part), attribute(m, session, pair.private, part));
        }
        if key_type == CKK_DSA {
            let signature = sign(m, session, &mechanism(CKM_DSA_SHA256), again, b"message").unwrap();
            let by = mechanism(CKM_DSA_SHA256);
            assert_rv!(verify(m, session, &by, pair.public, b"message", &signature), CKR_OK);
        } else {
            let secret = |key: u64| derived(m, session, key, &[4], &secret(CKK_GENERIC_SECRET)).unwrap();
            assert!(secret(again) == secret(pair.private), "another secret");
        }
    }
}

fn a_key_does_what_its_type_does(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (dsa, dh) = (dsa(m, session), dh(m, session));
    assert_rv!(m.sign_init(session, Some(&mechanism(CKM_DSA)), dh.private), CKR_KEY_TYPE_INCONSISTENT);
    let other = made(
        m,
        session,
        CKM_DSA_KEY_PAIR_GEN,
        dsa_domain(DSA_2048),
        &Template::new().boolean(CKA_DERIVE, true),
    );
    let found = derived(m, session, other.private, &[4], &secret(CKK_GENERIC_SECRET));
    assert_eq!(found, Err(CKR_KEY_TYPE_INCONSISTENT));
    let blob = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, aes(m, session, &[3; 32]), dsa.private).unwrap();
    let template = kind(CKO_PRIVATE_KEY, CKK_DH);
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    let (rv, _) = m.unwrap_key(session, Some(&by), aes(m, session, &[3; 32]), Sent::from(&blob), &template);
    assert_rv!(rv, CKR_WRAPPED_KEY_INVALID);
    assert_eq!(attribute(m, session, dsa.public, CKA_CLASS), CKO_PUBLIC_KEY.to_ne_bytes());
    assert_eq!(attribute(m, session, dsa.public, CKA_KEY_TYPE), CKK_DSA.to_ne_bytes());
}
