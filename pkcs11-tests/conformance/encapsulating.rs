//! Sections 5.18.8 and 5.18.9 with section 6.68: ML-KEM through `C_EncapsulateKey` and `C_DecapsulateKey`.

use cryptoki_sys::{
    CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DECAPSULATE, CKA_DECAPSULATE_TEMPLATE, CKA_ENCAPSULATE,
    CKA_ENCAPSULATE_TEMPLATE, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_NEVER_EXTRACTABLE,
    CKA_PARAMETER_SET, CKA_PRIVATE, CKA_SEED, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN,
    CKF_DECAPSULATE, CKF_ENCAPSULATE, CKF_GENERATE_KEY_PAIR, CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKK_ML_KEM,
    CKM_AES_ECB, CKM_ECDSA, CKM_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY, CKP_ML_KEM_512, CKP_ML_KEM_768, CKP_ML_KEM_1024, CKR_ARGUMENTS_BAD,
    CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_SIZE_RANGE,
    CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_PARAMETER_SET_NOT_SUPPORTED, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN, CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, Pair, attribute, flag, generate};
use pkcs11_tests::raw::Attributes;
use pkcs11_tests::raw::parameters::claiming;
use pkcs11_tests::{Attribute, Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{DECRYPTION, ENCRYPTION, create, whole};

on_claviger!(
    both_sides_have_the_same_secret,
    the_mechanisms_say_what_they_can,
    a_length_is_told_and_no_key_made_where_there_is_no_room,
    an_altered_ciphertext_gives_another_secret_and_one_of_another_length_none,
    the_new_key_says_where_it_is_from,
    a_new_key_is_as_long_as_the_template_says_and_the_secret_allows,
    templates_of_the_keys_are_part_of_the_template,
    only_a_key_that_may_encapsulates,
    arguments_are_checked_by_both,
    templates_are_checked_by_both,
    sessions_and_logins_are_checked_by_both,
    an_imported_key_decapsulates,
);

const SETS: [(u64, usize); 3] = [(CKP_ML_KEM_512, 768), (CKP_ML_KEM_768, 1088), (CKP_ML_KEM_1024, 1568)];

/// A pair of ML-KEM that does what such pairs do by default.
pub(crate) fn kem_pair(m: &Module, session: u64, parameter_set: u64, token: bool) -> Pair {
    kem_pair_with(m, session, parameter_set, token, &Template::new(), &Template::new())
}

fn kem_pair_with(
    m: &Module,
    session: u64,
    parameter_set: u64,
    token: bool,
    public: &Template,
    private: &Template,
) -> Pair {
    let mut of_public = Template::new().ulong(CKA_PARAMETER_SET, parameter_set).boolean(CKA_TOKEN, token);
    of_public.0.extend(public.0.clone());
    let mut of_private = Template::new().boolean(CKA_TOKEN, token).boolean(CKA_PRIVATE, true);
    of_private.0.extend(private.0.clone());
    let by = mechanism(CKM_ML_KEM_KEY_PAIR_GEN);
    let (rv, public, private) = m.generate_key_pair(session, Some(&by), &of_public, &of_private);
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

/// A new secret key, a session object, that can be looked at.
pub(crate) fn open_key(key_type: u64) -> Template {
    Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_SENSITIVE, false)
}

/// A ciphertext and the new key.
pub(crate) fn encapsulated(m: &Module, session: u64, public: u64, template: &Template) -> (Vec<u8>, u64) {
    let mut out = vec![0; 4096];
    let by = mechanism(CKM_ML_KEM);
    let (rv, len, key) = m.encapsulate_key(session, Some(&by), public, template, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    (out, key)
}

fn decapsulated(
    m: &Module,
    session: u64,
    private: u64,
    template: &Template,
    ciphertext: &[u8],
) -> (u64, u64) {
    m.decapsulate_key(session, Some(&mechanism(CKM_ML_KEM)), private, template, Sent::from(ciphertext))
}

fn both_sides_have_the_same_secret(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (parameter_set, len) in SETS {
        let pair = kem_pair(m, session, parameter_set, false);
        let (ciphertext, sent) = encapsulated(m, session, pair.public, &open_key(CKK_AES));
        assert_eq!(ciphertext.len(), len);
        let (rv, received) = decapsulated(m, session, pair.private, &open_key(CKK_AES), &ciphertext);
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(m, session, sent, CKA_VALUE), attribute(m, session, received, CKA_VALUE));
        let by = mechanism(CKM_AES_ECB);
        let sealed = whole(m, ENCRYPTION, session, &by, sent, &[1; 32]).unwrap();
        assert_eq!(whole(m, DECRYPTION, session, &by, received, &sealed).unwrap(), [1; 32]);
    }
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let slot = t.token().slot;
    for (kind, flags) in
        [(CKM_ML_KEM_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR), (CKM_ML_KEM, CKF_ENCAPSULATE | CKF_DECAPSULATE)]
    {
        let (rv, info) = t.module.mechanism_info(slot, kind);
        assert_rv!(rv, CKR_OK);
        assert_eq!((info.flags, info.ulMinKeySize, info.ulMaxKeySize), (flags, 800, 1568));
    }
}

fn a_length_is_told_and_no_key_made_where_there_is_no_room(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_768, false);
    let (by, template) = (mechanism(CKM_ML_KEM), open_key(CKK_GENERIC_SECRET));
    let secrets = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY);
    let asked = m.encapsulate_key(session, Some(&by), pair.public, &template, Out::query());
    assert_eq!(asked, (CKR_OK, 1088, 0));
    let mut short = [7; 1087];
    let refused = m.encapsulate_key(session, Some(&by), pair.public, &template, Out::buffer(&mut short));
    assert_eq!(refused, (CKR_BUFFER_TOO_SMALL, 1088, 0));
    assert_eq!(short, [7; 1087]);
    assert_eq!(token.find(session, &secrets).len(), 0);
    let mut exact = [0; 1088];
    let (rv, len, _) = m.encapsulate_key(session, Some(&by), pair.public, &template, Out::buffer(&mut exact));
    assert_eq!((rv, len), (CKR_OK, 1088));
    assert_eq!(token.find(session, &secrets).len(), 1);
}

/// FIPS 203 section 6.3: implicit rejection.
fn an_altered_ciphertext_gives_another_secret_and_one_of_another_length_none(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_512, false);
    let template = open_key(CKK_GENERIC_SECRET);
    let (ciphertext, sent) = encapsulated(m, session, pair.public, &template);
    for place in [0, 400, 767] {
        let mut altered = ciphertext.clone();
        altered[place] ^= 1;
        let secrets = [(); 2].map(|()| {
            let (rv, key) = decapsulated(m, session, pair.private, &template, &altered);
            assert_rv!(rv, CKR_OK);
            attribute(m, session, key, CKA_VALUE)
        });
        assert_eq!(secrets[0], secrets[1]);
        assert_ne!(secrets[0], attribute(m, session, sent, CKA_VALUE));
    }
    for wrong in [&ciphertext[1..], &[&ciphertext[..], &[0]].concat(), &[]] {
        let (rv, _) = decapsulated(m, session, pair.private, &template, wrong);
        assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE);
    }
}

fn the_new_key_says_where_it_is_from(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_512, false);
    let template = open_key(CKK_AES).without(CKA_SENSITIVE);
    let (ciphertext, sent) = encapsulated(m, session, pair.public, &template);
    let (rv, received) = decapsulated(m, session, pair.private, &template, &ciphertext);
    assert_rv!(rv, CKR_OK);
    for key in [sent, received] {
        for (kind, expected) in [
            (CKA_EXTRACTABLE, true),
            (CKA_ALWAYS_SENSITIVE, false),
            (CKA_NEVER_EXTRACTABLE, false),
            (CKA_LOCAL, false),
        ] {
            assert_eq!(flag(m, session, key, kind), expected, "{kind:#x}");
        }
        assert_eq!(attribute(m, session, key, CKA_VALUE_LEN), 32_u64.to_ne_bytes());
    }
}

/// Decision 0031: the first bytes of the secret are taken.
fn a_new_key_is_as_long_as_the_template_says_and_the_secret_allows(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_512, false);
    let (by, none) = (mechanism(CKM_ML_KEM), open_key(CKK_GENERIC_SECRET));
    let sized = |key_type, len| open_key(key_type).ulong(CKA_VALUE_LEN, len);
    let (ciphertext, whole) = encapsulated(m, session, pair.public, &none);
    let whole = attribute(m, session, whole, CKA_VALUE);
    for (key_type, len) in [(CKK_AES, 16), (CKK_AES, 24), (CKK_AES, 32), (CKK_GENERIC_SECRET, 14)] {
        let (rv, key) = decapsulated(m, session, pair.private, &sized(key_type, len), &ciphertext);
        assert_rv!(rv, CKR_OK, "{len}");
        assert_eq!(attribute(m, session, key, CKA_VALUE), whole[..usize::try_from(len).unwrap()]);
        let (_, key) = encapsulated(m, session, pair.public, &sized(key_type, len));
        assert_eq!(attribute(m, session, key, CKA_VALUE).len() as u64, len);
    }
    for (key_type, len, sent, received) in [
        (CKK_GENERIC_SECRET, 13, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT),
        (CKK_GENERIC_SECRET, 0, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT),
        (CKK_GENERIC_SECRET, 33, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT),
        (CKK_GENERIC_SECRET, u64::MAX, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT),
    ] {
        let (template, mut out) = (sized(key_type, len), [0; 768]);
        let (rv, ..) = m.encapsulate_key(session, Some(&by), pair.public, &template, Out::buffer(&mut out));
        assert_rv!(rv, sent, "{len}");
        assert_eq!(out, [0; 768], "no ciphertext without a key");
        assert_rv!(decapsulated(m, session, pair.private, &template, &ciphertext).0, received, "{len}");
    }
}

fn templates_of_the_keys_are_part_of_the_template(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let prescribed = |kind| {
        let label = Template::new().bytes(CKA_LABEL, b"prescribed");
        Template::new().with(Attribute::nested(kind, label))
    };
    let pair = kem_pair_with(
        m,
        session,
        CKP_ML_KEM_512,
        false,
        &prescribed(CKA_ENCAPSULATE_TEMPLATE),
        &prescribed(CKA_DECAPSULATE_TEMPLATE),
    );
    let (ciphertext, sent) = encapsulated(m, session, pair.public, &open_key(CKK_AES));
    assert_eq!(attribute(m, session, sent, CKA_LABEL), b"prescribed");
    let (rv, received) = decapsulated(m, session, pair.private, &open_key(CKK_AES), &ciphertext);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(m, session, received, CKA_LABEL), b"prescribed");
    let other = open_key(CKK_AES).bytes(CKA_LABEL, b"other");
    let by = mechanism(CKM_ML_KEM);
    let (rv, ..) = m.encapsulate_key(session, Some(&by), pair.public, &other, Out::query());
    assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
    assert_rv!(decapsulated(m, session, pair.private, &other, &ciphertext).0, CKR_TEMPLATE_INCONSISTENT);
}

fn only_a_key_that_may_encapsulates(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let never = |kind| Template::new().boolean(kind, false);
    let pair =
        kem_pair_with(m, session, CKP_ML_KEM_512, false, &never(CKA_ENCAPSULATE), &never(CKA_DECAPSULATE));
    let (by, template) = (mechanism(CKM_ML_KEM), open_key(CKK_AES));
    let asked = |key| m.encapsulate_key(session, Some(&by), key, &template, Out::query()).0;
    let opened = |key| decapsulated(m, session, key, &template, &[0; 768]).0;
    assert_rv!(asked(pair.public), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv!(opened(pair.private), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv!(asked(pair.private), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv!(opened(pair.public), CKR_KEY_FUNCTION_NOT_PERMITTED);
    let curve = generate(m, session, Kind::P256, false, "curve");
    assert_rv!(asked(curve.public), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(opened(curve.private), CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
    assert_rv!(asked(4711), CKR_KEY_HANDLE_INVALID);
    assert_rv!(opened(4711), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
}

fn arguments_are_checked_by_both(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_512, false);
    let (kem, template) = (mechanism(CKM_ML_KEM), open_key(CKK_AES));
    let (other, strange) = (mechanism(CKM_ECDSA), claiming(CKM_ML_KEM, Sent::from(&[1; 8])));
    for (by, expected) in [
        (None, CKR_ARGUMENTS_BAD),
        (Some(&other), CKR_MECHANISM_INVALID),
        (Some(&strange), CKR_MECHANISM_PARAM_INVALID),
    ] {
        let (rv, ..) = m.encapsulate_key(session, by, pair.public, &template, Out::query());
        assert_rv!(rv, expected);
        let (rv, _) = m.decapsulate_key(session, by, pair.private, &template, Sent::from(&[0; 768]));
        assert_rv!(rv, expected);
    }
    let nothing = Attributes::Null(3);
    let (rv, ..) = m.encapsulate_key(session, Some(&kem), pair.public, nothing, Out::query());
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    let (rv, ..) =
        m.encapsulate_key(session, Some(&kem), pair.public, &template, Out::without_length(&mut [0; 768]));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    let (rv, _) = m.decapsulate_key(session, Some(&kem), pair.private, nothing, Sent::from(&[0; 768]));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    let (rv, _) = m.decapsulate_key(session, Some(&kem), pair.private, &template, Sent::null(768));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
}

fn templates_are_checked_by_both(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let pair = kem_pair(m, session, CKP_ML_KEM_512, false);
    let (ciphertext, _) = encapsulated(m, session, pair.public, &open_key(CKK_AES));
    let by = mechanism(CKM_ML_KEM);
    for (template, expected) in [
        (open_key(CKK_AES).without(CKA_KEY_TYPE), CKR_TEMPLATE_INCOMPLETE),
        (open_key(CKK_AES).bytes(CKA_VALUE, [1; 32]), CKR_ATTRIBUTE_READ_ONLY),
        (open_key(CKK_AES).boolean(CKA_LOCAL, true), CKR_ATTRIBUTE_READ_ONLY),
        (open_key(CKK_AES).ulong(CKA_PARAMETER_SET, 1), CKR_ATTRIBUTE_TYPE_INVALID),
        (open_key(CKK_AES).bytes(CKA_PRIVATE, [7]), CKR_ATTRIBUTE_VALUE_INVALID),
        (open_key(CKK_EC), CKR_ATTRIBUTE_VALUE_INVALID),
        (open_key(CKK_AES).without(CKA_CLASS).ulong(CKA_CLASS, CKO_PRIVATE_KEY), CKR_TEMPLATE_INCONSISTENT),
    ] {
        let (rv, ..) = m.encapsulate_key(session, Some(&by), pair.public, &template, Out::query());
        assert_rv!(rv, expected, "{template:?}");
        let (rv, _) = decapsulated(m, session, pair.private, &template, &ciphertext);
        assert_rv!(rv, expected, "{template:?}");
    }
}

fn sessions_and_logins_are_checked_by_both(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let public_objects = Template::new().boolean(CKA_PRIVATE, false);
    let empty = Template::new();
    let pair = kem_pair_with(m, session, CKP_ML_KEM_512, true, &empty, &empty);
    let stays = open_key(CKK_AES).without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let (ciphertext, _) = encapsulated(m, session, pair.public, &open_key(CKK_AES));
    let by = mechanism(CKM_ML_KEM);
    let read_only = token.open_ro();
    let (rv, ..) = m.encapsulate_key(read_only, Some(&by), pair.public, &stays, Out::query());
    assert_rv!(rv, CKR_SESSION_READ_ONLY);
    let (rv, _) = decapsulated(m, read_only, pair.private, &stays, &ciphertext);
    assert_rv!(rv, CKR_SESSION_READ_ONLY);
    let (rv, ..) = m.encapsulate_key(4711, Some(&by), pair.public, &stays, Out::query());
    assert_rv!(rv, CKR_SESSION_HANDLE_INVALID);
    assert_rv!(decapsulated(m, 4711, pair.private, &stays, &ciphertext).0, CKR_SESSION_HANDLE_INVALID);

    // A private key that everybody sees, so that the new key alone asks for a login.
    let value = attribute(m, session, open_private(m, session), CKA_VALUE);
    let for_all = create(m, session, &imported_private(&[(CKA_VALUE, &value)], &public_objects));
    assert_rv!(m.logout(session), CKR_OK);
    let (rv, ..) = m.encapsulate_key(session, Some(&by), pair.public, &open_key(CKK_AES), Out::query());
    assert_rv!(rv, CKR_USER_NOT_LOGGED_IN);
    assert_rv!(decapsulated(m, session, for_all, &open_key(CKK_AES), &ciphertext).0, CKR_USER_NOT_LOGGED_IN);
    let mut everybodys = open_key(CKK_AES);
    everybodys.0.extend(public_objects.0.clone());
    assert_rv!(decapsulated(m, session, for_all, &everybodys, &ciphertext).0, CKR_OK);

    assert_rv!(m.finalize(), CKR_OK);
    let (rv, ..) = m.encapsulate_key(session, Some(&by), pair.public, &stays, Out::query());
    assert_rv!(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(decapsulated(m, session, for_all, &stays, &ciphertext).0, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/// A private key of ML-KEM-512 whose value can be read.
fn open_private(m: &Module, session: u64) -> u64 {
    let open = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    kem_pair_with(m, session, CKP_ML_KEM_512, false, &Template::new(), &open).private
}

/// A private key of ML-KEM-512 from outside, a session object.
fn imported_private(parts: &[(u64, &[u8])], more: &Template) -> Template {
    let mut template = Template::new()
        .ulong(CKA_CLASS, CKO_PRIVATE_KEY)
        .ulong(CKA_KEY_TYPE, CKK_ML_KEM)
        .ulong(CKA_PARAMETER_SET, CKP_ML_KEM_512)
        .boolean(CKA_TOKEN, false);
    template.0.extend(more.0.clone());
    parts.iter().fold(template, |template, (part, bytes)| template.bytes(*part, bytes))
}

fn an_imported_key_decapsulates(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let original = open_private(m, session);
    let (seed, value) =
        (attribute(m, session, original, CKA_SEED), attribute(m, session, original, CKA_VALUE));
    let public = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_ML_KEM)
        .ulong(CKA_PARAMETER_SET, CKP_ML_KEM_512)
        .boolean(CKA_TOKEN, false);
    // FIPS 203 section 7.1: the encapsulation key stands within the decapsulation key.
    let public_key = create(m, session, &public.clone().bytes(CKA_VALUE, &value[768..1568]));
    let (ciphertext, sent) = encapsulated(m, session, public_key, &open_key(CKK_AES));
    let none = Template::new();
    for parts in
        [&[(CKA_SEED, &seed[..])][..], &[(CKA_VALUE, &value)], &[(CKA_SEED, &seed), (CKA_VALUE, &value)]]
    {
        let private = create(m, session, &imported_private(parts, &none));
        let (rv, key) = decapsulated(m, session, private, &open_key(CKK_AES), &ciphertext);
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(m, session, key, CKA_VALUE), attribute(m, session, sent, CKA_VALUE));
    }
    let other = [1; 64];
    for (parts, expected) in [
        (&[][..], CKR_TEMPLATE_INCOMPLETE),
        (&[(CKA_SEED, &other[..]), (CKA_VALUE, &value)], CKR_ATTRIBUTE_VALUE_INVALID),
        (&[(CKA_SEED, &seed[1..])], CKR_ATTRIBUTE_VALUE_INVALID),
        (&[(CKA_VALUE, &value[1..])], CKR_ATTRIBUTE_VALUE_INVALID),
    ] {
        assert_rv!(m.create_object(session, &imported_private(parts, &none)).0, expected);
    }
    let strange = imported_private(&[(CKA_SEED, &seed)], &none).without(CKA_PARAMETER_SET);
    let (rv, _) = m.create_object(session, &strange.clone().ulong(CKA_PARAMETER_SET, 9));
    assert_rv!(rv, CKR_PARAMETER_SET_NOT_SUPPORTED);
    assert_rv!(m.create_object(session, &strange).0, CKR_TEMPLATE_INCOMPLETE);
    let by = mechanism(CKM_ML_KEM_KEY_PAIR_GEN);
    let unknown = Template::new().ulong(CKA_PARAMETER_SET, 9);
    let (rv, ..) = m.generate_key_pair(session, Some(&by), &unknown, &none);
    assert_rv!(rv, CKR_PARAMETER_SET_NOT_SUPPORTED);
    let (rv, ..) = m.generate_key_pair(session, Some(&by), &none, &none);
    assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
}
