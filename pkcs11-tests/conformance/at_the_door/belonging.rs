//! A private key and a public key that are not of one pair, where both come in together (sections 4.10 and 6.67.4).

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CKA_BASE, CKA_EC_PARAMS, CKA_EXTRACTABLE, CKA_PARAMETER_SET, CKA_PRIME,
    CKA_PUBLIC_KEY_INFO, CKA_SEED, CKA_SENSITIVE, CKA_SUBPRIME, CKA_VALUE, CKK_DH, CKK_DSA, CKK_EC,
    CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_ML_DSA, CKK_ML_KEM, CKK_SLH_DSA, CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DSA_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44, CKP_ML_DSA_65,
    CKP_ML_DSA_87, CKP_ML_KEM_512, CKP_ML_KEM_768, CKP_ML_KEM_1024, CKP_SLH_DSA_SHA2_128F,
    CKP_SLH_DSA_SHAKE_128F, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK, CKR_WRAPPED_KEY_INVALID,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::finite_fields::{DSA_2048, dh_group, dsa_domain};
use pkcs11_tests::mechanisms::{ED448, ED25519, X448, X25519};
use pkcs11_tests::{Module, Template, Test, assert_rv, mechanism, on_claviger};

use super::information::{Courier, OCTETS, SEQUENCE, der, key_info, number, private, public_of, with_public};
use super::{CURVES, EC_PUBLIC_KEY, refused};

on_claviger!(
    a_private_key_with_anothers_public_key_is_refused,
    a_value_with_anothers_seed_is_refused,
    a_private_key_does_not_unwrap_with_anothers_public_key,
    a_wrapped_seed_with_anothers_value_is_refused,
    an_ec_key_does_not_unwrap_with_the_point_or_the_curve_of_another,
);

/// A kind of pair.
struct Kind {
    key_type: u64,
    generator: u64,
    /// What makes it.
    public: Template,
    /// What the private key is made of.
    parts: &'static [CK_ATTRIBUTE_TYPE],
}

const ON_A_CURVE: &[CK_ATTRIBUTE_TYPE] = &[CKA_EC_PARAMS, CKA_VALUE];
const OF_A_SET: &[CK_ATTRIBUTE_TYPE] = &[CKA_PARAMETER_SET, CKA_VALUE];

fn kinds() -> Vec<Kind> {
    let on = |key_type, generator, curve: &[u8]| Kind {
        key_type,
        generator,
        public: Template::new().bytes(CKA_EC_PARAMS, curve),
        parts: ON_A_CURVE,
    };
    let of = |key_type, generator, set| Kind {
        key_type,
        generator,
        public: Template::new().ulong(CKA_PARAMETER_SET, set),
        parts: OF_A_SET,
    };
    let mut kinds: Vec<Kind> =
        CURVES.iter().map(|(curve, _)| on(CKK_EC, CKM_EC_KEY_PAIR_GEN, curve)).collect();
    kinds.extend([ED25519, ED448].map(|curve| on(CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN, curve)));
    kinds.extend([X25519, X448].map(|curve| on(CKK_EC_MONTGOMERY, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, curve)));
    for set in [CKP_ML_DSA_44, CKP_ML_DSA_65, CKP_ML_DSA_87] {
        kinds.push(of(CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, set));
    }
    for set in [CKP_ML_KEM_512, CKP_ML_KEM_768, CKP_ML_KEM_1024] {
        kinds.push(of(CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, set));
    }
    for set in [CKP_SLH_DSA_SHA2_128F, CKP_SLH_DSA_SHAKE_128F] {
        kinds.push(of(CKK_SLH_DSA, CKM_SLH_DSA_KEY_PAIR_GEN, set));
    }
    let dh = [CKA_PRIME, CKA_BASE, CKA_VALUE].as_slice();
    let dsa = [CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE].as_slice();
    kinds.extend([
        Kind { key_type: CKK_DH, generator: CKM_DH_PKCS_KEY_PAIR_GEN, public: dh_group(), parts: dh },
        Kind { key_type: CKK_DSA, generator: CKM_DSA_KEY_PAIR_GEN, public: dsa_domain(DSA_2048), parts: dsa },
    ]);
    kinds
}

/// A private key that was made here: its handle, its parts, and its public key.
struct Made {
    private: u64,
    parts: Vec<(CK_ATTRIBUTE_TYPE, Vec<u8>)>,
    public: Vec<u8>,
}

impl Kind {
    fn made(&self, m: &Module, session: u64) -> Made {
        let by = mechanism(self.generator);
        let open = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
        let (rv, _, private) = m.generate_key_pair(session, Some(&by), &self.public, &open);
        assert_rv!(rv, CKR_OK);
        let parts = self.parts.iter().map(|part| (*part, attribute(m, session, private, *part))).collect();
        Made { private, parts, public: attribute(m, session, private, CKA_PUBLIC_KEY_INFO) }
    }

    fn template(&self, parts: &[(CK_ATTRIBUTE_TYPE, Vec<u8>)]) -> Template {
        let template = private(self.key_type);
        parts.iter().fold(template, |template, (part, value)| template.bytes(*part, value))
    }
}

fn a_private_key_with_anothers_public_key_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for kind in kinds() {
        let (one, other) = (kind.made(m, session), kind.made(m, session));
        let told = |public: &[u8]| kind.template(&one.parts).bytes(CKA_PUBLIC_KEY_INFO, public);
        assert_rv!(m.create_object(session, &told(&one.public)).0, CKR_OK, "type {:#x}", kind.key_type);
        refused(m, session, &told(&other.public), &format!("type {:#x}", kind.key_type));
        let cut = &one.public[..one.public.len() - 1];
        refused(m, session, &told(cut), &format!("type {:#x}, cut", kind.key_type));
    }
}

fn seeded() -> impl Iterator<Item = Kind> {
    kinds().into_iter().filter(|kind| [CKK_ML_DSA, CKK_ML_KEM].contains(&kind.key_type))
}

fn a_value_with_anothers_seed_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for kind in seeded() {
        let (one, other) = (kind.made(m, session), kind.made(m, session));
        let seed = |of: &Made| attribute(m, session, of.private, CKA_SEED);
        let told = |of: &Made| kind.template(&one.parts).bytes(CKA_SEED, seed(of));
        assert_rv!(m.create_object(session, &told(&one)).0, CKR_OK, "type {:#x}", kind.key_type);
        refused(m, session, &told(&other), &format!("type {:#x}", kind.key_type));
        let alone = |of: &Made| {
            let set = kind.template(&one.parts[..1]).bytes(CKA_SEED, seed(&one));
            set.bytes(CKA_PUBLIC_KEY_INFO, &of.public)
        };
        assert_rv!(m.create_object(session, &alone(&one)).0, CKR_OK, "type {:#x}", kind.key_type);
        refused(m, session, &alone(&other), &format!("type {:#x}, by its seed", kind.key_type));
    }
}

fn a_private_key_does_not_unwrap_with_anothers_public_key(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    for kind in kinds() {
        let (one, other) = (kind.made(m, session), kind.made(m, session));
        let info = courier.info(one.private);
        let said = |public: &[u8]| Template::new().bytes(CKA_PUBLIC_KEY_INFO, public);
        let by = |info: &[u8], more: &Template| courier.unwrapped(kind.key_type, info, more);
        assert_rv!(by(&info, &said(&one.public)), CKR_OK, "type {:#x}", kind.key_type);
        let rv = by(&info, &said(&other.public));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "type {:#x}", kind.key_type);
        // Nobody writes a public key beside those of finite fields: it is passed over.
        if [CKK_DH, CKK_DSA].contains(&kind.key_type) {
            continue;
        }
        let beside = |of: &Made| with_public(&info, &public_of(&of.public));
        assert_rv!(by(&beside(&one), &Template::new()), CKR_OK, "type {:#x}", kind.key_type);
        let rv = by(&beside(&other), &Template::new());
        assert_rv!(rv, CKR_WRAPPED_KEY_INVALID, "type {:#x}", kind.key_type);
    }
}

fn a_wrapped_seed_with_anothers_value_is_refused(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    for kind in seeded() {
        let (one, other) = (kind.made(m, session), kind.made(m, session));
        let info = courier.info(one.private);
        let part = |of: &Made, part| attribute(m, session, of.private, part);
        let changed = |which: CK_ATTRIBUTE_TYPE| {
            let (own, others) = (part(&one, which), part(&other, which));
            let at = info.windows(own.len()).position(|window| window == own).unwrap();
            [&info[..at], &others, &info[at + own.len()..]].concat()
        };
        assert_rv!(courier.unwrapped(kind.key_type, &info, &Template::new()), CKR_OK);
        for which in [CKA_SEED, CKA_VALUE] {
            let rv = courier.unwrapped(kind.key_type, &changed(which), &Template::new());
            assert_rv!(rv, CKR_WRAPPED_KEY_INVALID, "type {:#x}, part {which:#x}", kind.key_type);
        }
    }
}

/// RFC 5915 section 3: both may stand in the key itself too.
fn an_ec_key_does_not_unwrap_with_the_point_or_the_curve_of_another(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let courier = Courier::new(m, session);
    for (index, kind) in kinds().iter().enumerate().take(CURVES.len()) {
        let (one, other) = (kind.made(m, session), kind.made(m, session));
        let (own, curve) = (&one.parts[1].1, CURVES[index].0);
        let elsewhere = CURVES[(index + 1) % CURVES.len()].0;
        let point = |of: &Made| der(0xA1, &[&der(0x03, &[&[0], &public_of(&of.public)])]);
        let info = |more: &[&[u8]]| {
            let key = der(SEQUENCE, &[&number(&[1]), &der(OCTETS, &[own]), &more.concat()]);
            key_info(&[EC_PUBLIC_KEY, curve], &key)
        };
        let by = |info: &[u8]| courier.unwrapped(CKK_EC, info, &Template::new());
        let (here, there) = (der(0xA0, &[curve]), der(0xA0, &[elsewhere]));
        assert_rv!(by(&info(&[])), CKR_OK);
        assert_rv!(by(&info(&[&here])), CKR_OK);
        assert_rv!(by(&info(&[&point(&one)])), CKR_OK);
        assert_rv!(by(&info(&[&here, &point(&one)])), CKR_OK);
        assert_rv!(by(&with_public(&info(&[&point(&one)]), &public_of(&one.public))), CKR_OK);
        for wrong in [
            info(&[&there]),
            info(&[&there, &point(&one)]),
            info(&[&point(&other)]),
            info(&[&here, &point(&other)]),
            info(&[&der(0xA1, &[&der(0x03, &[&[0], &[4; 65]])])]),
            with_public(&info(&[&point(&one)]), &public_of(&other.public)),
            with_public(&info(&[&point(&other)]), &public_of(&one.public)),
        ] {
            assert_rv!(by(&wrong), CKR_WRAPPED_KEY_INVALID, "{curve:?}");
        }
    }
}
