//! Sections 5.18.6, 5.18.7, 6.13.4 and 6.13.6: keys wrapped with associated data, the tag apart. What comes out is held against
//! C_WrapKey with the same vector. SoftHSM, of 2.40, has none of it.

use cryptoki_sys::{
    CK_MECHANISM, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_PRIVATE, CKA_SENSITIVE, CKA_TOKEN,
    CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE, CKA_WRAP, CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED,
    CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_GENERATE_RANDOM, CKG_NO_GENERATE,
    CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKM_AES_CCM, CKM_AES_GCM, CKM_AES_KEY_WRAP, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CURVE_NOT_SUPPORTED,
    CKR_DOMAIN_PARAMS_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_NOT_WRAPPABLE,
    CKR_KEY_SIZE_RANGE, CKR_KEY_UNEXTRACTABLE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
    CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
    CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPING_KEY_HANDLE_INVALID,
    CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};
use pkcs11_tests::keys::{Kind, P256, attribute, generate};
use pkcs11_tests::program::{openssl, run, run_with_input};
use pkcs11_tests::raw::messages::Parameters;
use pkcs11_tests::raw::parameters::{ccm, claiming, gcm, with};
use pkcs11_tests::{Attribute, Module, Out, Sent, Template, Test, assert_rv, on_claviger};

use crate::secret_keys::{create, open_aes, opened, secret_template};
use crate::wrapping::kind;

on_claviger!(
    a_key_is_what_c_wrap_key_makes_of_it_with_its_tag_apart,
    every_kind_of_key_goes_there_and_back,
    vectors_of_the_token_differ_and_counters_are_refused,
    a_length_that_is_asked_for_and_a_buffer_without_room_write_nothing,
    a_wrong_byte_anywhere_is_a_wrapped_key_that_is_none,
    a_short_tag_guards_no_key,
    what_wants_trust_is_not_wrapped_by_a_key_that_nobody_trusts,
    keys_are_judged_as_for_c_wrap_key,
    templates_are_judged_as_for_c_unwrap_key,
    a_key_of_a_curve_that_is_none_does_not_unwrap,
    mechanisms_and_parameters_that_do_not_fit_are_refused,
    nulls_and_wild_lengths_are_bad_arguments,
    a_read_only_session_makes_no_key_of_the_token,
    a_bad_session_and_a_library_that_is_not_there_go_first,
);

const AAD: &[u8] = b"associated";
const IV: &[u8] = &[7; 12];
const VALUE: &[u8] = &[0x42; 32];

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    wrapping: u64,
    key: u64,
}

fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let m = t.module;
    Bench { m, session, wrapping: wrapping_key(m, session), key: open_aes(m, session, VALUE) }
}

fn wrapping_key(m: &Module, session: u64) -> u64 {
    let template = secret_template(CKK_AES, &[0x3C; 16]);
    create(m, session, &template.boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true))
}

/// Calls with the structure of a mechanism.
fn by<R>(kind: u64, parameters: &mut Parameters, call: impl FnOnce(&CK_MECHANISM) -> R) -> R {
    match kind {
        CKM_AES_GCM => call(&with(kind, &parameters.gcm())),
        _ => call(&with(kind, &parameters.ccm())),
    }
}

impl Bench<'_> {
    fn wrap_by(
        &self,
        kind: u64,
        parameters: &mut Parameters,
        (wrapping, key): (u64, u64),
        aad: &[u8],
    ) -> Result<Vec<u8>, u64> {
        let mut room = vec![0; 4096];
        let out = Out::buffer(&mut room);
        let (rv, len) = by(kind, parameters, |by| {
            self.m.wrap_key_authenticated(self.session, Some(by), (wrapping, key), aad.into(), out)
        });
        room.truncate(usize::try_from(len).unwrap());
        if rv == CKR_OK { Ok(room) } else { Err(rv) }
    }

    fn wrap(&self, kind: u64, parameters: &mut Parameters) -> Result<Vec<u8>, u64> {
        self.wrap_by(kind, parameters, (self.wrapping, self.key), AAD)
    }

    fn unwrap(
        &self,
        kind: u64,
        parameters: &mut Parameters,
        wrapped: &[u8],
        template: &Template,
    ) -> Result<u64, u64> {
        let (rv, key) = by(kind, parameters, |by| {
            let (key, wrapped) = (self.wrapping, wrapped.into());
            self.m.unwrap_key_authenticated(self.session, Some(by), key, wrapped, template, AAD.into())
        });
        if rv == CKR_OK { Ok(key) } else { Err(rv) }
    }

    /// A wrapped key with its parameters.
    fn wrapped(&self) -> (Parameters, Vec<u8>) {
        let mut parameters = Parameters::given(IV, 16);
        let wrapped = self.wrap(CKM_AES_GCM, &mut parameters).unwrap();
        (parameters, wrapped)
    }
}

fn secret() -> Template {
    opened(kind(CKO_SECRET_KEY, CKK_AES))
}

fn a_key_is_what_c_wrap_key_makes_of_it_with_its_tag_apart(t: &Test) {
    let b = bench(t);
    let (iv, aad) = (Sent::from(IV), Sent::from(AAD));
    let (by_gcm, by_ccm) = (gcm(iv, aad, 128), ccm(0, iv, aad, 16));
    for by in [by_gcm.mechanism(), by_ccm.mechanism()] {
        let kind = by.mechanism;
        let mut whole = [0; 48];
        let out = Out::buffer(&mut whole);
        assert_rv!(b.m.wrap_key(b.session, Some(&by), b.wrapping, b.key, out).0, CKR_OK);
        // The length told in CK_CCM_MESSAGE_PARAMS is the token's to find (section 6.13.6).
        for told in [0, 99] {
            let mut parameters = Parameters::given(IV, 16).for_data(told);
            let wrapped = b.wrap(kind, &mut parameters).unwrap();
            assert_eq!([wrapped.as_slice(), &parameters.tag].concat(), whole);
            let key = b.unwrap(kind, &mut parameters, &wrapped, &secret()).unwrap();
            assert_eq!(attribute(b.m, b.session, key, CKA_VALUE), VALUE);
            assert_eq!(attribute(b.m, b.session, key, CKA_LOCAL), [0]);
        }
    }
}

fn every_kind_of_key_goes_there_and_back(t: &Test) {
    let b = bench(t);
    let open = Kind::P256.private_template().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let (rv, _, private) =
        b.m.generate_key_pair(b.session, Some(&Kind::P256.generator()), &Kind::P256.public_template(), &open);
    assert_rv!(rv, CKR_OK);
    let generic = create(b.m, b.session, &opened(secret_template(CKK_GENERIC_SECRET, &[9; 40])));
    for (key, template) in [
        (private, opened(kind(CKO_PRIVATE_KEY, CKK_EC))),
        (generic, opened(kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET))),
        (b.key, secret()),
    ] {
        for kind in [CKM_AES_GCM, CKM_AES_CCM] {
            let mut parameters = Parameters::generated(IV, 0, CKG_GENERATE, 16);
            let wrapped = b.wrap_by(kind, &mut parameters, (b.wrapping, key), AAD).unwrap();
            let again = b.unwrap(kind, &mut parameters, &wrapped, &template).unwrap();
            let value = |key| attribute(b.m, b.session, key, CKA_VALUE);
            assert_eq!(value(again), value(key));
        }
    }
}

/// docs/decisions/0048: a wrapping has no process in which anything could be counted.
fn vectors_of_the_token_differ_and_counters_are_refused(t: &Test) {
    let b = bench(t);
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        for (generator, fixed_bits) in
            [(CKG_GENERATE, 0), (CKG_GENERATE, 8), (CKG_GENERATE_RANDOM, 0), (CKG_GENERATE_RANDOM, 8)]
        {
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..10 {
                let mut parameters = Parameters::generated(&[0xA5; 13], fixed_bits, generator, 16);
                let wrapped = b.wrap(kind, &mut parameters).unwrap();
                let kept = usize::try_from(fixed_bits / 8).unwrap();
                assert_eq!(parameters.vector[..kept], vec![0xA5; kept]);
                assert!(b.unwrap(kind, &mut parameters, &wrapped, &secret()).is_ok());
                assert!(seen.insert(parameters.vector));
            }
        }
        for generator in [CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, 5, u64::MAX] {
            let mut parameters = Parameters::generated(IV, 32, generator, 16);
            assert_eq!(b.wrap(kind, &mut parameters), Err(CKR_MECHANISM_PARAM_INVALID));
        }
        // What is random in fewer bits would have to be remembered from one wrapping to the next.
        for (generator, fixed_bits) in [CKG_GENERATE, CKG_GENERATE_RANDOM]
            .into_iter()
            .flat_map(|by| [1, 64, 65, 97].map(|bits| (by, bits)))
        {
            let mut parameters = Parameters::generated(IV, fixed_bits, generator, 16);
            assert_eq!(b.wrap(kind, &mut parameters), Err(CKR_MECHANISM_PARAM_INVALID));
        }
        // To unwrap, fixed bits and generator are ignored (section 6.13.4).
        let mut parameters = Parameters::given(IV, 16);
        let wrapped = b.wrap(kind, &mut parameters).unwrap();
        let mut ignored = Parameters { generator: CKG_GENERATE_COUNTER, fixed_bits: 4000, ..parameters };
        assert!(b.unwrap(kind, &mut ignored, &wrapped, &secret()).is_ok());
    }
}

fn a_length_that_is_asked_for_and_a_buffer_without_room_write_nothing(t: &Test) {
    let b = bench(t);
    let fresh = Parameters::generated(IV, 0, CKG_GENERATE, 16);
    let mut parameters = fresh.clone();
    let mut short = [0x5A; 31];
    for (out, expected) in [(Out::query(), CKR_OK), (Out::buffer(&mut short), CKR_BUFFER_TOO_SMALL)] {
        let answer = by(CKM_AES_GCM, &mut parameters, |by| {
            let keys = (b.wrapping, b.key);
            b.m.wrap_key_authenticated(b.session, Some(by), keys, AAD.into(), out)
        });
        assert_eq!(answer, (expected, 32));
        assert_eq!(parameters, fresh);
    }
    assert_eq!(short, [0x5A; 31]);
}

fn a_wrong_byte_anywhere_is_a_wrapped_key_that_is_none(t: &Test) {
    let b = bench(t);
    let (right, wrapped) = b.wrapped();
    let refused = Err(CKR_WRAPPED_KEY_INVALID);
    let mut wrongs = vec![(right.clone(), wrapped.clone()); 4];
    wrongs[0].0.tag[0] ^= 1;
    wrongs[1].0.vector[0] ^= 1;
    wrongs[2].1[0] ^= 1;
    wrongs[3].1.pop();
    for (mut parameters, wrapped) in wrongs {
        assert_eq!(b.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &secret()), refused);
    }
    let rv = by(CKM_AES_GCM, &mut right.clone(), |by| {
        let (key, template) = (b.wrapping, secret());
        let other = Sent::from(b"other");
        b.m.unwrap_key_authenticated(b.session, Some(by), key, Sent::from(&wrapped), &template, other).0
    });
    assert_rv!(rv, CKR_WRAPPED_KEY_INVALID);
    // What holds, and is no AES key.
    let generic = create(b.m, b.session, &opened(secret_template(CKK_GENERIC_SECRET, &[9; 17])));
    let mut parameters = Parameters::given(IV, 16);
    let odd = b.wrap_by(CKM_AES_GCM, &mut parameters, (b.wrapping, generic), AAD).unwrap();
    let answer = b.unwrap(CKM_AES_GCM, &mut parameters, &odd, &secret());
    assert!([CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE].contains(&answer.unwrap_err()));
    // Section 6.13.8: more than the length beside a nonce of 13 bytes can say.
    let mut long = Parameters::given(&[1; 13], 16);
    let answer = b.unwrap(CKM_AES_CCM, &mut long, &vec![1; 1 << 16], &secret());
    assert_eq!(answer, Err(CKR_WRAPPED_KEY_LEN_RANGE));
    assert!(b.unwrap(CKM_AES_GCM, &mut right.clone(), &wrapped, &secret()).is_ok());
}

fn a_short_tag_guards_no_key(t: &Test) {
    let b = bench(t);
    for (kind, tags) in [(CKM_AES_GCM, &[4, 8, 3, 17][..]), (CKM_AES_CCM, &[4, 6, 8, 10, 3, 17])] {
        for tag in tags {
            let mut parameters = Parameters::given(IV, *tag);
            assert_eq!(b.wrap(kind, &mut parameters), Err(CKR_MECHANISM_PARAM_INVALID), "{tag}");
            let answer = b.unwrap(kind, &mut parameters, &[1; 32], &secret());
            assert_eq!(answer, Err(CKR_MECHANISM_PARAM_INVALID), "{tag}");
        }
        assert!(b.wrap(kind, &mut Parameters::given(IV, 12)).is_ok());
    }
}

/// A secret key that wraps is trusted by the command alone (`claviger`): what such a one may do is asked of the engine.
fn what_wants_trust_is_not_wrapped_by_a_key_that_nobody_trusts(t: &Test) {
    let b = bench(t);
    let picky = opened(secret_template(CKK_AES, VALUE)).boolean(CKA_WRAP_WITH_TRUSTED, true);
    let b = Bench { key: create(b.m, b.session, &picky), ..bench_of(&b) };
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        for generator in [CKG_NO_GENERATE, CKG_GENERATE, CKG_GENERATE_RANDOM] {
            let mut parameters = Parameters::generated(IV, 0, generator, 16);
            assert_eq!(b.wrap(kind, &mut parameters), Err(CKR_KEY_NOT_WRAPPABLE));
        }
    }
}

fn keys_are_judged_as_for_c_wrap_key(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let kept = create(m, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_EXTRACTABLE, false));
    let idle = create(m, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_WRAP, false));
    let wanted = Template::new().ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let particular = secret_template(CKK_AES, &[1; 16]).boolean(CKA_WRAP, true);
    let particular = create(m, session, &particular.with(Attribute::nested(CKA_WRAP_TEMPLATE, wanted)));
    let long = opened(secret_template(CKK_GENERIC_SECRET, &vec![1; 1 << 16]));
    let long = create(m, session, &long);
    for (wrapping, key, expected) in [
        (b.wrapping, 4711, CKR_KEY_HANDLE_INVALID),
        (4711, b.key, CKR_WRAPPING_KEY_HANDLE_INVALID),
        (pair.public, b.key, CKR_WRAPPING_KEY_TYPE_INCONSISTENT),
        (idle, b.key, CKR_KEY_FUNCTION_NOT_PERMITTED),
        (b.wrapping, pair.public, CKR_KEY_NOT_WRAPPABLE),
        (b.wrapping, kept, CKR_KEY_UNEXTRACTABLE),
        (particular, b.key, CKR_KEY_HANDLE_INVALID),
    ] {
        let answer = b.wrap_by(CKM_AES_GCM, &mut Parameters::given(IV, 16), (wrapping, key), AAD);
        assert_eq!(answer, Err(expected), "{wrapping} {key}");
    }
    let generic = secret_template(CKK_GENERIC_SECRET, &[1; 16]).boolean(CKA_WRAP, true);
    let generic = create(m, session, &generic.boolean(CKA_UNWRAP, true));
    let answer = b.wrap_by(CKM_AES_GCM, &mut Parameters::given(IV, 16), (generic, b.key), AAD);
    assert_eq!(answer, Err(CKR_WRAPPING_KEY_TYPE_INCONSISTENT));
    // Section 6.13.8: more than the length beside a nonce of 13 bytes can say.
    let mut room = vec![0; 1 << 17];
    let rv = by(CKM_AES_CCM, &mut Parameters::given(&[1; 13], 16), |by| {
        let (keys, out) = ((b.wrapping, long), Out::buffer(&mut room));
        m.wrap_key_authenticated(session, Some(by), keys, AAD.into(), out).0
    });
    assert_rv!(rv, CKR_KEY_SIZE_RANGE);
}

fn templates_are_judged_as_for_c_unwrap_key(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let (mut parameters, wrapped) = b.wrapped();
    for (template, expected) in [
        (Template::new().ulong(CKA_KEY_TYPE, CKK_AES), CKR_TEMPLATE_INCOMPLETE),
        (secret().bytes(CKA_VALUE, VALUE), CKR_ATTRIBUTE_READ_ONLY),
        (secret().bytes(0x7FFF_FFFF, [1]), CKR_ATTRIBUTE_TYPE_INVALID),
        (secret().bytes(CKA_PRIVATE, [7]), CKR_ATTRIBUTE_VALUE_INVALID),
        (kind(CKO_PUBLIC_KEY, CKK_EC), CKR_TEMPLATE_INCONSISTENT),
    ] {
        let answer = b.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &template);
        assert_eq!(answer, Err(expected));
    }
    let generic = secret_template(CKK_GENERIC_SECRET, &[1; 16]).boolean(CKA_UNWRAP, true);
    let generic = create(m, session, &generic);
    let idle = create(m, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_UNWRAP, false));
    for (key, expected) in [
        (4711, CKR_UNWRAPPING_KEY_HANDLE_INVALID),
        (generic, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT),
        (idle, CKR_KEY_FUNCTION_NOT_PERMITTED),
    ] {
        let other = Bench { wrapping: key, ..bench_of(&b) };
        let answer = other.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &secret());
        assert_eq!(answer, Err(expected));
    }
    let wanted = Template::new().bytes(CKA_LABEL, "of the template");
    let particular = secret_template(CKK_AES, &[0x3C; 16]).boolean(CKA_UNWRAP, true);
    let particular = create(m, session, &particular.with(Attribute::nested(CKA_UNWRAP_TEMPLATE, wanted)));
    let other = Bench { wrapping: particular, ..bench_of(&b) };
    let key = other.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &secret()).unwrap();
    assert_eq!(attribute(m, session, key, CKA_LABEL), b"of the template");
    let against = secret().bytes(CKA_LABEL, "another");
    let answer = other.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &against);
    assert_eq!(answer, Err(CKR_TEMPLATE_INCONSISTENT));
}

fn bench_of<'a>(b: &Bench<'a>) -> Bench<'a> {
    Bench { m: b.m, session: b.session, wrapping: b.wrapping, key: b.key }
}

fn mechanisms_and_parameters_that_do_not_fit_are_refused(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let wild = |kind, len| claiming(kind, Sent::at((usize::MAX - 4095) as *mut u8, len));
    let (iv, aad) = (Sent::from(IV), Sent::from(AAD));
    let ordinary = ccm(0, iv, aad, 16);
    for (by, expected) in [
        (wild(CKM_AES_KEY_WRAP, 0), CKR_MECHANISM_INVALID),
        (wild(0x7FFF_FFFF, 48), CKR_MECHANISM_INVALID),
        (wild(CKM_AES_GCM, 48), CKR_MECHANISM_PARAM_INVALID),
        (wild(CKM_AES_GCM, 40), CKR_MECHANISM_PARAM_INVALID),
        (wild(CKM_AES_GCM, 56), CKR_MECHANISM_PARAM_INVALID),
        (claiming(CKM_AES_GCM, Sent::null(48)), CKR_MECHANISM_PARAM_INVALID),
        (claiming(CKM_AES_GCM, Sent::null(0)), CKR_MECHANISM_PARAM_INVALID),
        // Those of C_WrapKey are of another length.
        (ordinary.mechanism(), CKR_MECHANISM_PARAM_INVALID),
    ] {
        let keys = (b.wrapping, b.key);
        let rv = m.wrap_key_authenticated(session, Some(&by), keys, AAD.into(), Out::query()).0;
        assert_rv!(rv, expected, "{:#x}", by.mechanism);
        let sent = Sent::from(VALUE);
        let rv = m.unwrap_key_authenticated(session, Some(&by), b.wrapping, sent, &secret(), AAD.into()).0;
        assert_rv!(rv, expected, "{:#x}", by.mechanism);
    }
}

fn nulls_and_wild_lengths_are_bad_arguments(t: &Test) {
    let b = bench(t);
    let (m, session, keys) = (b.m, b.session, (b.wrapping, b.key));
    let mut parameters = Parameters::given(IV, 16);
    let raw = parameters.gcm();
    let by = with(CKM_AES_GCM, &raw);
    let room = &mut [0; 64];
    let (bad, aad) = (Sent::claiming(b"x", u64::MAX), Sent::from(AAD));
    assert_rv!(m.wrap_key_authenticated(session, None, keys, aad, Out::query()).0, CKR_ARGUMENTS_BAD);
    for data in [bad, Sent::null(1)] {
        let rv = m.wrap_key_authenticated(session, Some(&by), keys, data, Out::buffer(room)).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        let rv = m.unwrap_key_authenticated(session, Some(&by), keys.0, data, &secret(), aad).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        let sent = Sent::from(VALUE);
        let rv = m.unwrap_key_authenticated(session, Some(&by), keys.0, sent, &secret(), data).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
    }
    let nowhere = Out::without_length(room);
    assert_rv!(m.wrap_key_authenticated(session, Some(&by), keys, aad, nowhere).0, CKR_ARGUMENTS_BAD);
}

fn a_read_only_session_makes_no_key_of_the_token(t: &Test) {
    let token = t.token();
    let user = token.user_session();
    let (m, session) = (t.module, token.open_ro());
    let b = Bench { m, session, wrapping: wrapping_key(m, user), key: open_aes(m, user, VALUE) };
    let (mut parameters, wrapped) = b.wrapped();
    let template = secret().without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let answer = b.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &template);
    assert_eq!(answer, Err(CKR_SESSION_READ_ONLY));
    assert_rv!(m.logout(user), CKR_OK);
    let public = token.open_rw();
    let open = |template: Template| template.boolean(CKA_PRIVATE, false);
    let template = open(secret_template(CKK_AES, &[0x3C; 16])).boolean(CKA_UNWRAP, true);
    let b = Bench { m, session: public, wrapping: create(m, public, &template), key: 0 };
    let template = secret().boolean(CKA_PRIVATE, true);
    let answer = b.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &template);
    assert_eq!(answer, Err(CKR_USER_NOT_LOGGED_IN));
}

fn a_bad_session_and_a_library_that_is_not_there_go_first(t: &Test) {
    let b = bench(t);
    let other = Bench { session: b.session ^ (1 << 40), ..bench_of(&b) };
    let each = |b: &Bench<'_>| {
        let mut parameters = Parameters::given(IV, 16);
        [
            b.wrap(CKM_AES_GCM, &mut parameters).unwrap_err(),
            b.unwrap(CKM_AES_GCM, &mut parameters, VALUE, &secret()).unwrap_err(),
        ]
    };
    assert_eq!(each(&other), [CKR_SESSION_HANDLE_INVALID; 2]);
    assert_rv!(b.m.finalize(), CKR_OK);
    assert_eq!(each(&b), [CKR_CRYPTOKI_NOT_INITIALIZED; 2]);
}

/// As C_UnwrapKey says it: `wrapping.rs`.
fn a_key_of_a_curve_that_is_none_does_not_unwrap(t: &Test) {
    let b = bench(t);
    let pkcs8 = |curve: &str| {
        let curve = format!("ec_paramgen_curve:{curve}");
        let key = run(&mut openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", &curve]));
        run_with_input(&mut openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]), &key)
    };
    let mut neither = pkcs8("P-256");
    let place = neither.windows(P256.len()).position(|bytes| bytes == P256).unwrap();
    neither[place] = 0x04;
    for (bytes, expected) in
        [(pkcs8("brainpoolP512r1"), CKR_CURVE_NOT_SUPPORTED), (neither, CKR_DOMAIN_PARAMS_INVALID)]
    {
        let carrier = create(b.m, b.session, &opened(secret_template(CKK_GENERIC_SECRET, &bytes)));
        let mut parameters = Parameters::given(IV, 16);
        let wrapped = b.wrap_by(CKM_AES_GCM, &mut parameters, (b.wrapping, carrier), AAD).unwrap();
        let answer = b.unwrap(CKM_AES_GCM, &mut parameters, &wrapped, &kind(CKO_PRIVATE_KEY, CKK_EC));
        assert_eq!(answer, Err(expected));
    }
}
