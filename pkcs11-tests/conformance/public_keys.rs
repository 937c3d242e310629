//! Section 6.43.8: the public key of a private one.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CKA_ALLOWED_MECHANISMS, CKA_BASE, CKA_CLASS, CKA_COPYABLE, CKA_DECAPSULATE,
    CKA_DECRYPT, CKA_DERIVE, CKA_DESTROYABLE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_ENCAPSULATE, CKA_ENCRYPT,
    CKA_END_DATE, CKA_ID, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE,
    CKA_MODULUS, CKA_MODULUS_BITS, CKA_PARAMETER_SET, CKA_PRIME, CKA_PRIVATE, CKA_PUBLIC_EXPONENT,
    CKA_PUBLIC_KEY_INFO, CKA_SIGN, CKA_SIGN_RECOVER, CKA_START_DATE, CKA_SUBJECT, CKA_SUBPRIME, CKA_TOKEN,
    CKA_UNWRAP, CKA_VALUE, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKF_DERIVE, CKK_AES, CKK_EC, CKK_RSA,
    CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DSA_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN,
    CKM_PUB_KEY_FROM_PRIV_KEY, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, CKM_SLH_DSA_KEY_PAIR_GEN,
    CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKP_ML_DSA_44, CKP_ML_KEM_1024, CKP_SLH_DSA_SHAKE_128F,
    CKR_ACTION_PROHIBITED, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{P256, P384, Pair, attribute, flag, sign, verify};
use pkcs11_tests::mechanisms::finite_fields::{DSA_2048, dh_group, dsa_domain};
use pkcs11_tests::mechanisms::{ED448, ED25519, X448, X25519};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{create, secret_template};

on_claviger!(
    the_public_key_is_the_one_that_was_made_with_the_private_one,
    what_the_template_leaves_out_is_as_the_private_key_has_it,
    what_the_template_says_holds_and_no_component_is_another,
    only_a_private_key_that_may_derive_has_one,
    a_key_on_the_token_gives_a_session_object_that_verifies,
);

/// TABLE: a generator, what it asks for, and the components of the public key.
fn kinds() -> Vec<(CK_MECHANISM_TYPE, Template, &'static [u64])> {
    const CURVE: &[u64] = &[CKA_EC_PARAMS, CKA_EC_POINT];
    const SET: &[u64] = &[CKA_PARAMETER_SET, CKA_VALUE];
    let rsa = Template::new().ulong(CKA_MODULUS_BITS, 2048).bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]);
    let on = |curve: &[u8]| Template::new().bytes(CKA_EC_PARAMS, curve);
    let of = |set: u64| Template::new().ulong(CKA_PARAMETER_SET, set);
    let (edwards, montgomery) = (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    vec![
        (CKM_RSA_PKCS_KEY_PAIR_GEN, rsa, &[CKA_MODULUS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT]),
        (CKM_EC_KEY_PAIR_GEN, on(P384), CURVE),
        (CKM_EC_KEY_PAIR_GEN, on(&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A]), CURVE),
        (edwards, on(ED25519), CURVE),
        (edwards, on(ED448), CURVE),
        (montgomery, on(X25519), CURVE),
        (montgomery, on(X448), CURVE),
        (CKM_DH_PKCS_KEY_PAIR_GEN, dh_group(), &[CKA_PRIME, CKA_BASE, CKA_VALUE]),
        (CKM_DSA_KEY_PAIR_GEN, dsa_domain(DSA_2048), &[CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE]),
        (CKM_ML_KEM_KEY_PAIR_GEN, of(CKP_ML_KEM_1024), SET),
        (CKM_ML_DSA_KEY_PAIR_GEN, of(CKP_ML_DSA_44), SET),
        (CKM_SLH_DSA_KEY_PAIR_GEN, of(CKP_SLH_DSA_SHAKE_128F), SET),
    ]
}

/// A pair of session keys, of which the private one may derive.
fn pair(m: &Module, session: u64, by: CK_MECHANISM_TYPE, public: &Template, private: &Template) -> Pair {
    let public = public.clone().boolean(CKA_TOKEN, false);
    let mut of_private =
        Template::new().boolean(CKA_TOKEN, false).boolean(CKA_PRIVATE, true).boolean(CKA_DERIVE, true);
    of_private.0.extend(private.0.clone());
    let (rv, public, private) = m.generate_key_pair(session, Some(&mechanism(by)), &public, &of_private);
    assert_rv!(rv, CKR_OK, "by {by:#x}");
    Pair { public, private }
}

fn public_of(m: &Module, session: u64, private: u64, template: &Template) -> (u64, u64) {
    m.derive_key(session, Some(&mechanism(CKM_PUB_KEY_FROM_PRIV_KEY)), private, template)
}

fn the_public_key_is_the_one_that_was_made_with_the_private_one(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let (rv, info) = m.mechanism_info(token.slot, CKM_PUB_KEY_FROM_PRIV_KEY);
    assert_rv!(rv, CKR_OK);
    assert_eq!((info.flags, info.ulMinKeySize, info.ulMaxKeySize), (CKF_DERIVE, 32, 16384));
    for (by, template, components) in kinds() {
        let pair = pair(m, session, by, &template, &Template::new());
        let (rv, found) = public_of(m, session, pair.private, &Template::new());
        assert_rv!(rv, CKR_OK, "of {by:#x}");
        let same = [CKA_CLASS, CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO, CKA_KEY_GEN_MECHANISM];
        for part in same.iter().chain(components) {
            let (told, made) =
                (attribute(m, session, found, *part), attribute(m, session, pair.public, *part));
            assert_eq!(told, made, "{part:#x} of {by:#x}");
        }
        assert!(!flag(m, session, found, CKA_LOCAL));
    }
}

fn what_the_template_leaves_out_is_as_the_private_key_has_it(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let allowed = [CKM_SHA256_RSA_PKCS, CKM_PUB_KEY_FROM_PRIV_KEY];
    let allowed: Vec<u8> = allowed.iter().flat_map(|kind| kind.to_ne_bytes()).collect();
    let usages = [
        (CKA_DECRYPT, CKA_ENCRYPT),
        (CKA_SIGN, CKA_VERIFY),
        (CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER),
        (CKA_UNWRAP, CKA_WRAP),
    ];
    let rsa = kinds().remove(0).1;
    for may in [false, true] {
        let private = Template::new()
            .bytes(CKA_ID, b"id")
            .bytes(CKA_START_DATE, b"20300101")
            .bytes(CKA_END_DATE, b"20310101")
            .bytes(CKA_SUBJECT, b"subject")
            .bytes(CKA_LABEL, b"private")
            .bytes(CKA_ALLOWED_MECHANISMS, &allowed[..]);
        let private = usages.iter().fold(private, |private, (usage, _)| private.boolean(*usage, may));
        let pair = pair(m, session, CKM_RSA_PKCS_KEY_PAIR_GEN, &rsa, &private);
        let (rv, found) = public_of(m, session, pair.private, &Template::new());
        assert_rv!(rv, CKR_OK);
        for (_, usage) in usages {
            assert_eq!(flag(m, session, found, usage), may, "{usage:#x}");
        }
        for part in [CKA_ID, CKA_START_DATE, CKA_END_DATE, CKA_SUBJECT, CKA_ALLOWED_MECHANISMS] {
            assert_eq!(
                attribute(m, session, found, part),
                attribute(m, session, pair.private, part),
                "{part:#x}"
            );
        }
        assert_eq!(attribute(m, session, found, CKA_LABEL), b"");
        for (part, value) in [
            (CKA_TOKEN, false),
            (CKA_PRIVATE, false),
            (CKA_DERIVE, true),
            (CKA_MODIFIABLE, true),
            (CKA_COPYABLE, true),
            (CKA_DESTROYABLE, false),
        ] {
            assert_eq!(flag(m, session, found, part), value, "{part:#x}");
        }
        assert_rv!(m.destroy_object(session, found), CKR_ACTION_PROHIBITED);
    }
    let of = Template::new().ulong(CKA_PARAMETER_SET, CKP_ML_KEM_1024);
    for may in [false, true] {
        let private = Template::new().boolean(CKA_DECAPSULATE, may);
        let pair = pair(m, session, CKM_ML_KEM_KEY_PAIR_GEN, &of, &private);
        let (rv, found) = public_of(m, session, pair.private, &Template::new());
        assert_rv!(rv, CKR_OK);
        assert_eq!(flag(m, session, found, CKA_ENCAPSULATE), may);
    }
}

fn what_the_template_says_holds_and_no_component_is_another(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let on = Template::new().bytes(CKA_EC_PARAMS, P384);
    let pair = pair(m, session, CKM_EC_KEY_PAIR_GEN, &on, &Template::new().boolean(CKA_SIGN, true));
    let said = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_EC)
        .bytes(CKA_EC_PARAMS, P384)
        .bytes(CKA_PUBLIC_KEY_INFO, attribute(m, session, pair.public, CKA_PUBLIC_KEY_INFO))
        .bytes(CKA_LABEL, b"found")
        .bytes(CKA_ID, b"its own")
        .boolean(CKA_VERIFY, false)
        .boolean(CKA_DESTROYABLE, true);
    let (rv, found) = public_of(m, session, pair.private, &said);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(m, session, found, CKA_LABEL), b"found");
    assert_eq!(attribute(m, session, found, CKA_ID), b"its own");
    assert!(!flag(m, session, found, CKA_VERIFY));
    assert_rv!(m.destroy_object(session, found), CKR_OK);
    let point = attribute(m, session, pair.public, CKA_EC_POINT);
    for (template, expected) in [
        (Template::new().bytes(CKA_EC_PARAMS, P256), CKR_TEMPLATE_INCONSISTENT),
        (Template::new().bytes(CKA_PUBLIC_KEY_INFO, [0x30, 0]), CKR_ATTRIBUTE_VALUE_INVALID),
        (Template::new().bytes(CKA_EC_POINT, &point[..]), CKR_ATTRIBUTE_READ_ONLY),
        (Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY), CKR_TEMPLATE_INCONSISTENT),
        (Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY), CKR_TEMPLATE_INCONSISTENT),
        (Template::new().ulong(CKA_KEY_TYPE, CKK_RSA), CKR_TEMPLATE_INCONSISTENT),
        (Template::new().boolean(CKA_LOCAL, true), CKR_ATTRIBUTE_READ_ONLY),
    ] {
        assert_rv!(public_of(m, session, pair.private, &template).0, expected, "{template:?}");
    }
}

fn only_a_private_key_that_may_derive_has_one(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let on = Template::new().bytes(CKA_EC_PARAMS, P384).boolean(CKA_DERIVE, true);
    let (rv, public, private) = m.generate_key_pair(
        session,
        Some(&mechanism(CKM_EC_KEY_PAIR_GEN)),
        &on.boolean(CKA_TOKEN, false),
        &Template::new().boolean(CKA_TOKEN, false).boolean(CKA_DERIVE, false),
    );
    assert_rv!(rv, CKR_OK);
    let none = Template::new();
    assert_rv!(public_of(m, session, private, &none).0, CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv!(public_of(m, session, public, &none).0, CKR_KEY_TYPE_INCONSISTENT);
    let secret = create(m, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_DERIVE, true));
    assert_rv!(public_of(m, session, secret, &none).0, CKR_KEY_TYPE_INCONSISTENT);
    let on = Template::new().bytes(CKA_EC_PARAMS, P384);
    let pair = pair(m, session, CKM_EC_KEY_PAIR_GEN, &on, &Template::new());
    let (rv, _) =
        m.derive_key(session, Some(&with(CKM_PUB_KEY_FROM_PRIV_KEY, &[0u8][..])), pair.private, &none);
    assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
}

fn a_key_on_the_token_gives_a_session_object_that_verifies(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let on = Template::new().bytes(CKA_EC_PARAMS, P384).boolean(CKA_TOKEN, true);
    let private = Template::new().boolean(CKA_TOKEN, true).boolean(CKA_SIGN, true).boolean(CKA_DERIVE, true);
    let by = mechanism(CKM_EC_KEY_PAIR_GEN);
    let (rv, _, private) = m.generate_key_pair(session, Some(&by), &on, &private);
    assert_rv!(rv, CKR_OK);
    for on_token in [false, true] {
        let template = Template::new().boolean(CKA_TOKEN, on_token);
        let (rv, found) = public_of(m, session, private, &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(flag(m, session, found, CKA_TOKEN), on_token);
        let signature = sign(m, session, &mechanism(CKM_ECDSA), private, &[7; 48]).unwrap();
        assert_rv!(verify(m, session, &mechanism(CKM_ECDSA), found, &[7; 48], &signature), CKR_OK);
    }
}
