//! Sections 6.40, 6.42 and 6.43: keys out of keys, one or several in a call.

use cryptoki_sys::{
    CK_INVALID_HANDLE, CK_MECHANISM, CK_VERSION, CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_SENSITIVE, CKA_CLASS,
    CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_NEVER_EXTRACTABLE, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKF_DERIVE, CKK_AES, CKK_GENERIC_SECRET,
    CKM_AES_CMAC, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_TLS_KDF,
    CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE,
    CKM_TLS12_MASTER_KEY_DERIVE_DH, CKM_XOR_BASE_AND_DATA, CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SESSION_READ_ONLY,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{Kind, attribute, flag, generate, sign, verify};
use pkcs11_tests::mechanisms::{Key, Ready, flags, row};
use pkcs11_tests::raw::derivations::{
    counter_kdf, feedback_kdf, further_keys, string_data, tls_kdf, tls_mac, tls12_key_material, tls12_master,
    told_material,
};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Sent, Template, Test, Token, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{create, opened, secret_template};

on_claviger!(
    every_derivation_refuses_keys_and_parameters_that_are_not_its_own,
    derived_keys_are_objects_of_the_token_or_of_the_session,
    joined_keys_are_as_protected_as_the_better_of_both,
    what_is_cut_out_of_a_key_is_too_much_to_try,
    several_keys_are_derived_in_one_call,
    of_several_keys_all_are_made_or_none_and_the_wrong_template_is_named,
    keys_of_sp_800_108_take_the_protection_of_their_base,
    a_master_secret_is_of_use_to_tls_alone,
    a_master_secret_may_be_kept_from_telling_vectors,
    keys_of_tls_are_what_the_standard_says,
    an_exported_key_is_no_more_open_than_its_base,
    a_finished_message_is_verified_by_its_own_side,
);

/// The derivations of these sections.
const KINDS: [u64; 16] = [
    CKM_CONCATENATE_BASE_AND_KEY,
    CKM_CONCATENATE_BASE_AND_DATA,
    CKM_CONCATENATE_DATA_AND_BASE,
    CKM_XOR_BASE_AND_DATA,
    CKM_EXTRACT_KEY_FROM_KEY,
    CKM_SP800_108_COUNTER_KDF,
    CKM_SP800_108_FEEDBACK_KDF,
    CKM_SP800_108_DOUBLE_PIPELINE_KDF,
    CKM_TLS12_MASTER_KEY_DERIVE,
    CKM_TLS12_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KEY_AND_MAC_DERIVE,
    CKM_TLS12_KEY_SAFE_DERIVE,
    CKM_TLS_KDF,
    CKM_TLS12_KDF,
];

const MASTER_LEN: usize = 48;
const RANDOMS: (&[u8], &[u8]) = (&[1; 32], &[2; 32]);

fn base(t: &Test, session: u64, value: &[u8]) -> u64 {
    create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, value)).boolean(CKA_DERIVE, true))
}

/// What a derivation makes that can be looked at.
fn open_secret(len: u64) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    opened(template.ulong(CKA_VALUE_LEN, len).boolean(CKA_TOKEN, false))
}

fn is_material(kind: u64) -> bool {
    [CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE].contains(&kind)
}

/// A template that a derivation takes, without what it says of the token.
fn template_for(kind: u64) -> Template {
    if is_material(kind) {
        opened(Template::new().ulong(CKA_KEY_TYPE, CKK_AES))
    } else {
        let len = if KINDS[8..12].contains(&kind) { 48 } else { 32 };
        open_secret(len).without(CKA_TOKEN)
    }
}

fn ready(kind: u64, other: u64) -> Ready {
    match kind {
        CKM_CONCATENATE_BASE_AND_KEY => Ready::Number(kind, Box::new(other)),
        kind => row(kind).ready(),
    }
}

fn every_derivation_refuses_keys_and_parameters_that_are_not_its_own(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let other = base(t, session, &[7; 20]);
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    let may = Template::new().boolean(CKA_DERIVE, true);
    assert_rv!(t.module.set_attribute_values(session, pair.private, &may), CKR_OK);
    for kind in KINDS {
        assert_eq!(flags(&token, kind), CKF_DERIVE, "{kind:#x}");
        let Key::Secret(key_type, len) = row(kind).key else { panic!("{kind:#x} derives from a secret") };
        let key = base(t, session, &vec![3; len]);
        let template = template_for(kind).boolean(CKA_TOKEN, false);
        let ready = ready(kind, other);
        let derive = |by: &CK_MECHANISM, key: u64| t.module.derive_key(session, Some(by), key, &template).0;
        assert_rv!(derive(&ready.mechanism(), key), CKR_OK, "by {kind:#x}");
        for wrong in [mechanism(kind), with(kind, &[0u8; 3]), with(kind, &[0u8; 4096])] {
            assert_rv!(derive(&wrong, key), CKR_MECHANISM_PARAM_INVALID, "by {kind:#x}");
        }
        let idle = secret_template(key_type, &vec![3; len]).boolean(CKA_DERIVE, false);
        let idle = create(t.module, session, &idle);
        assert_rv!(derive(&ready.mechanism(), idle), CKR_KEY_FUNCTION_NOT_PERMITTED, "by {kind:#x}");
        assert_rv!(derive(&ready.mechanism(), pair.private), CKR_KEY_TYPE_INCONSISTENT, "by {kind:#x}");
        assert_rv!(derive(&ready.mechanism(), 0), CKR_KEY_HANDLE_INVALID, "by {kind:#x}");
        let cipher = opened(secret_template(CKK_AES, &[3; 32])).boolean(CKA_DERIVE, true);
        let cipher = create(t.module, session, &cipher);
        let of_tls = KINDS[8..].contains(&kind);
        // The function of the row is an HMAC, which wants a generic secret.
        let expected = if of_tls || KINDS[5..8].contains(&kind) { CKR_KEY_TYPE_INCONSISTENT } else { CKR_OK };
        assert_rv!(derive(&ready.mechanism(), cipher), expected, "by {kind:#x}");
    }
    for kind in &KINDS[8..] {
        let short = base(t, session, &[3; MASTER_LEN - 1]);
        let template = template_for(*kind).boolean(CKA_TOKEN, false);
        let (rv, _) = t.module.derive_key(session, Some(&row(*kind).ready().mechanism()), short, &template);
        let any = [
            CKM_TLS12_MASTER_KEY_DERIVE_DH,
            CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
            CKM_TLS_KDF,
            CKM_TLS12_KDF,
        ];
        assert_rv!(rv, if any.contains(kind) { CKR_OK } else { CKR_KEY_SIZE_RANGE }, "by {kind:#x}");
    }
    let by = counter_kdf(CKM_AES_CMAC, 8, b"fixed");
    let generic = base(t, session, &[3; 16]);
    let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), generic, &open_secret(32));
    assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
}

fn labelled(token: &Token, session: u64, label: &str) -> usize {
    token.find(session, &Template::new().bytes(CKA_LABEL, label)).len()
}

fn derived_keys_are_objects_of_the_token_or_of_the_session(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let reader = token.open_ro();
    let other = base(t, session, &[7; 20]);
    for kind in KINDS {
        let Key::Secret(_, len) = row(kind).key else { panic!("{kind:#x} derives from a secret") };
        let key = base(t, session, &vec![3; len]);
        let made = if is_material(kind) { 4 } else { 1 };
        let ready = ready(kind, other);
        for on_token in [false, true] {
            let label = format!("{kind:#x} {on_token}");
            let template = template_for(kind).boolean(CKA_TOKEN, on_token).bytes(CKA_LABEL, &label);
            let (rv, _) = t.module.derive_key(session, Some(&ready.mechanism()), key, &template);
            assert_rv!(rv, CKR_OK, "by {kind:#x}");
            assert_eq!(labelled(&token, session, &label), made, "by {kind:#x}");
            let (rv, _) = t.module.derive_key(reader, Some(&ready.mechanism()), key, &template);
            assert_rv!(rv, if on_token { CKR_SESSION_READ_ONLY } else { CKR_OK }, "by {kind:#x}");
        }
    }
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    let session = token.user_session();
    for kind in KINDS {
        let made = if is_material(kind) { 4 } else { 1 };
        assert_eq!(labelled(&token, session, &format!("{kind:#x} true")), made);
        assert_eq!(labelled(&token, session, &format!("{kind:#x} false")), 0);
    }
}

fn joined_keys_are_as_protected_as_the_better_of_both(t: &Test) {
    let session = t.token().user_session();
    let open = base(t, session, &[1; 16]);
    let template = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_DERIVE, true);
    let template = template.boolean(CKA_TOKEN, false);
    let (rv, hard) = t.module.generate_key(session, Some(&mechanism(CKM_GENERIC_SECRET_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    let history = |key| {
        [CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE]
            .map(|kind| flag(t.module, session, key, kind))
    };
    assert_eq!(history(hard), [true, false, true, true]);
    let bare = Template::new().boolean(CKA_TOKEN, false);
    for (first, second) in [(open, hard), (hard, open)] {
        let by = with(CKM_CONCATENATE_BASE_AND_KEY, &second);
        let (rv, joined) = t.module.derive_key(session, Some(&by), first, &bare);
        assert_rv!(rv, CKR_OK);
        assert_eq!(history(joined), [true, false, false, false]);
        let (rv, _) = t.module.derive_key(session, Some(&by), first, &open_secret(48));
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
    }
    let by = string_data(CKM_CONCATENATE_BASE_AND_DATA, b"data");
    let (rv, joined) = t.module.derive_key(session, Some(&by.mechanism()), hard, &bare);
    assert_rv!(rv, CKR_OK);
    assert_eq!(history(joined), [true, false, true, true]);
    let (rv, joined) = t.module.derive_key(session, Some(&by.mechanism()), open, &open_secret(20));
    assert_rv!(rv, CKR_OK);
    assert_eq!(history(joined), [false, true, false, false]);
}

/// Decision 0023: not a few bytes. Decision 0036, whose tests stand in `no_way_by_deriving.rs`, has the rules for keys whose
/// bytes are not to be read.
fn what_is_cut_out_of_a_key_is_too_much_to_try(t: &Test) {
    let session = t.token().user_session();
    let key = base(t, session, &[1; 32]);
    let by = with(CKM_EXTRACT_KEY_FROM_KEY, &0u64);
    for (len, expected) in [(13, CKR_KEY_SIZE_RANGE), (14, CKR_OK)] {
        let (rv, _) = t.module.derive_key(session, Some(&by), key, &open_secret(len));
        assert_rv!(rv, expected, "for {len} bytes");
    }
}

fn several_keys_are_derived_in_one_call(t: &Test) {
    let session = t.token().user_session();
    let key = base(t, session, &[3; 32]);
    let further = further_keys(&[open_secret(16), open_secret(40)], 9);
    let mut by = feedback_kdf(CKM_SHA256_HMAC, 32, b"fixed", &[4; 32]);
    (by.parameters.pAdditionalDerivedKeys, by.parameters.ulAdditionalDerivedKeys) = further.raw();
    let (rv, first) = t.module.derive_key(session, Some(&by.mechanism()), key, &open_secret(48));
    assert_rv!(rv, CKR_OK);
    let alone = feedback_kdf(CKM_SHA256_HMAC, 32, b"fixed", &[4; 32]);
    let (rv, stream) = t.module.derive_key(session, Some(&alone.mechanism()), key, &open_secret(160));
    assert_rv!(rv, CKR_OK);
    let value = |key| attribute(t.module, session, key, CKA_VALUE);
    let stream = value(stream);
    let handles = further.handles();
    assert_eq!(value(first), stream[..48]);
    assert_eq!(value(handles[0]), stream[64..80], "no segment is used for two keys (section 6.42.6)");
    assert_eq!(value(handles[1]), stream[96..136]);
}

fn of_several_keys_all_are_made_or_none_and_the_wrong_template_is_named(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = base(t, session, &[3; 32]);
    let good = || open_secret(16).bytes(CKA_LABEL, "many");
    let on_token = || good().without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let wrong = [
        (good().without(CKA_VALUE_LEN), CKR_TEMPLATE_INCOMPLETE),
        (good().without(CKA_VALUE_LEN).ulong(CKA_VALUE_LEN, 5), CKR_KEY_SIZE_RANGE),
        (
            good()
                .without(CKA_KEY_TYPE)
                .ulong(CKA_KEY_TYPE, CKK_AES)
                .without(CKA_VALUE_LEN)
                .ulong(CKA_VALUE_LEN, 17),
            CKR_ATTRIBUTE_VALUE_INVALID,
        ),
        (good().boolean(CKA_SENSITIVE, true), CKR_TEMPLATE_INCONSISTENT),
    ];
    for (wrong, expected) in wrong {
        for (templates, place) in
            [([wrong.clone(), good(), on_token()], 0), ([good(), on_token(), wrong.clone()], 2)]
        {
            let further = further_keys(&templates, 9);
            let mut by = counter_kdf(CKM_SHA256_HMAC, 32, b"fixed");
            (by.parameters.pAdditionalDerivedKeys, by.parameters.ulAdditionalDerivedKeys) = further.raw();
            let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &on_token());
            assert_rv!(rv, expected, "for {wrong:?}");
            let mut handles = vec![9; 3];
            handles[place] = CK_INVALID_HANDLE;
            assert_eq!(further.handles(), handles);
            assert_eq!(labelled(&token, session, "many"), 0);
        }
    }
    let further = further_keys(&[good(), on_token()], 9);
    let mut by = counter_kdf(CKM_SHA256_HMAC, 32, b"fixed");
    (by.parameters.pAdditionalDerivedKeys, by.parameters.ulAdditionalDerivedKeys) = further.raw();
    let reader = token.open_ro();
    let (rv, _) = t.module.derive_key(reader, Some(&by.mechanism()), key, &good());
    assert_rv!(rv, CKR_SESSION_READ_ONLY);
    assert_eq!(further.handles(), [9, CK_INVALID_HANDLE]);
    assert_eq!(labelled(&token, session, "many"), 0);
    let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &on_token());
    assert_rv!(rv, CKR_OK);
    assert_eq!(labelled(&token, session, "many"), 3);
}

fn keys_of_sp_800_108_take_the_protection_of_their_base(t: &Test) {
    let session = t.token().user_session();
    let by = counter_kdf(CKM_SHA256_HMAC, 32, b"fixed");
    let bare = open_secret(32).without(CKA_SENSITIVE).without(CKA_EXTRACTABLE);
    for (sensitive, extractable) in [(false, false), (false, true), (true, false), (true, true)] {
        let template = secret_template(CKK_GENERIC_SECRET, &[3; 32]).boolean(CKA_DERIVE, true);
        let template = template.boolean(CKA_SENSITIVE, sensitive).boolean(CKA_EXTRACTABLE, extractable);
        let key = create(t.module, session, &template);
        let (rv, derived) = t.module.derive_key(session, Some(&by.mechanism()), key, &bare);
        assert_rv!(rv, CKR_OK);
        let found = [CKA_SENSITIVE, CKA_EXTRACTABLE].map(|kind| flag(t.module, session, derived, kind));
        assert_eq!(found, [sensitive, extractable]);
        let (rv, derived) = t.module.derive_key(session, Some(&by.mechanism()), key, &open_secret(32));
        assert_rv!(rv, CKR_OK, "the template decides where it says something (section 6.42.7)");
        assert!(!flag(t.module, session, derived, CKA_SENSITIVE));
    }
}

fn master(t: &Test, session: u64, template: &Template) -> (u64, u64) {
    let pre_master = base(t, session, &[3; MASTER_LEN]);
    let by = tls12_master(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, RANDOMS);
    t.module.derive_key(session, Some(&by.mechanism()), pre_master, template)
}

fn of_master() -> Template {
    opened(Template::new().boolean(CKA_TOKEN, false).boolean(CKA_DERIVE, true))
}

fn a_master_secret_is_of_use_to_tls_alone(t: &Test) {
    let session = t.token().user_session();
    let (rv, key) = master(t, session, &of_master());
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_VALUE).len(), MASTER_LEN);
    let counter = counter_kdf(CKM_SHA256_HMAC, 32, b"fixed");
    let (rv, _) = t.module.derive_key(session, Some(&counter.mechanism()), key, &open_secret(32));
    assert_rv!(rv, CKR_MECHANISM_INVALID, "CKA_ALLOWED_MECHANISMS (section 6.40.4)");
    assert_eq!(
        sign(t.module, session, &mechanism(CKM_SHA256_HMAC), key, b"data"),
        Err(CKR_MECHANISM_INVALID)
    );
    for kind in [CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE] {
        let by = tls12_key_material(kind, CKM_SHA256, RANDOMS, [160, 128, 128]);
        let template = template_for(kind).boolean(CKA_TOKEN, false);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
        assert_rv!(rv, CKR_OK);
    }
    for template in [
        of_master().ulong(CKA_KEY_TYPE, CKK_AES),
        of_master().ulong(CKA_VALUE_LEN, 47),
        of_master().bytes(CKA_ALLOWED_MECHANISMS, CKM_SHA256_HMAC.to_ne_bytes()),
    ] {
        let (rv, _) = master(t, session, &template);
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "for {template:?}");
    }
    let pre_master = base(t, session, &[&[3, 1][..], &[9; 46]].concat());
    let mut version = CK_VERSION { major: 0, minor: 0 };
    for (kind, expected) in
        [(CKM_TLS12_MASTER_KEY_DERIVE, CKR_OK), (CKM_TLS12_MASTER_KEY_DERIVE_DH, CKR_MECHANISM_PARAM_INVALID)]
    {
        let mut by = tls12_master(kind, CKM_SHA256, RANDOMS);
        by.parameters.pVersion = &raw mut version;
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), pre_master, &of_master());
        assert_rv!(rv, expected);
        assert_eq!((version.major, version.minor), (3, 1));
    }
}

/// Section 6.40.7: a client controls by CKA_ALLOWED_MECHANISMS whether vectors, and so key material, are told.
fn a_master_secret_may_be_kept_from_telling_vectors(t: &Test) {
    let session = t.token().user_session();
    let safe = of_master().bytes(CKA_ALLOWED_MECHANISMS, CKM_TLS12_KEY_SAFE_DERIVE.to_ne_bytes());
    let (rv, key) = master(t, session, &safe);
    assert_rv!(rv, CKR_OK);
    let allowed = attribute(t.module, session, key, CKA_ALLOWED_MECHANISMS);
    assert_eq!(allowed, CKM_TLS12_KEY_SAFE_DERIVE.to_ne_bytes());
    for (kind, expected) in
        [(CKM_TLS12_KEY_AND_MAC_DERIVE, CKR_MECHANISM_INVALID), (CKM_TLS12_KEY_SAFE_DERIVE, CKR_OK)]
    {
        let by = tls12_key_material(kind, CKM_SHA256, RANDOMS, [0, 128, 128]);
        let template = template_for(kind).boolean(CKA_TOKEN, false);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
        assert_rv!(rv, expected);
        assert_eq!(told_material(&by, 16).1, [0; 32], "nothing is told");
    }
}

fn keys_of_tls_are_what_the_standard_says(t: &Test) {
    let session = t.token().user_session();
    for sensitive in [false, true] {
        let template = secret_template(CKK_GENERIC_SECRET, &[3; MASTER_LEN]).boolean(CKA_DERIVE, true);
        let template = template.boolean(CKA_SENSITIVE, sensitive).boolean(CKA_EXTRACTABLE, !sensitive);
        let key = create(t.module, session, &template);
        let by = tls12_key_material(CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_SHA256, RANDOMS, [256, 128, 128]);
        let template = Template::new().ulong(CKA_KEY_TYPE, CKK_AES).boolean(CKA_TOKEN, false);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
        assert_rv!(rv, CKR_OK);
        let (handles, vectors) = told_material(&by, 16);
        assert_ne!(vectors[..16], vectors[16..]);
        let kinds = [CKK_GENERIC_SECRET, CKK_GENERIC_SECRET, CKK_AES, CKK_AES];
        for (handle, kind) in handles.into_iter().zip(kinds) {
            assert_eq!(attribute(t.module, session, handle, CKA_KEY_TYPE), kind.to_ne_bytes());
            assert_eq!(flag(t.module, session, handle, CKA_SENSITIVE), sensitive);
            assert_eq!(flag(t.module, session, handle, CKA_EXTRACTABLE), !sensitive);
            let usage = if kind == CKK_AES { CKA_ENCRYPT } else { CKA_SIGN };
            assert!(flag(t.module, session, handle, usage));
        }
        for template in [
            template.clone().boolean(CKA_SENSITIVE, !sensitive),
            template.clone().boolean(CKA_EXTRACTABLE, sensitive),
            template.clone().ulong(CKA_VALUE_LEN, 32),
        ] {
            let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &template);
            assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "for {template:?}");
        }
    }
}

fn an_exported_key_is_no_more_open_than_its_base(t: &Test) {
    let session = t.token().user_session();
    let by = tls_kdf(CKM_TLS_KDF, CKM_SHA256, b"EXPERIMENTAL", RANDOMS);
    let bare = open_secret(32).without(CKA_SENSITIVE).without(CKA_EXTRACTABLE);
    for sensitive in [false, true] {
        let template = secret_template(CKK_GENERIC_SECRET, &[3; MASTER_LEN]).boolean(CKA_DERIVE, true);
        let template = template.boolean(CKA_SENSITIVE, sensitive).boolean(CKA_EXTRACTABLE, !sensitive);
        let key = create(t.module, session, &template.boolean(CKA_PRIVATE, true));
        let (rv, derived) = t.module.derive_key(session, Some(&by.mechanism()), key, &bare);
        assert_rv!(rv, CKR_OK);
        assert_eq!(flag(t.module, session, derived, CKA_SENSITIVE), sensitive);
        assert_eq!(flag(t.module, session, derived, CKA_EXTRACTABLE), !sensitive);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), key, &open_secret(32));
        assert_rv!(rv, if sensitive { CKR_TEMPLATE_INCONSISTENT } else { CKR_OK });
    }
}

fn a_finished_message_is_verified_by_its_own_side(t: &Test) {
    let session = t.token().user_session();
    let (rv, key) = master(t, session, &of_master());
    assert_rv!(rv, CKR_OK);
    let [server, client] = [1, 2].map(|side| tls_mac(CKM_TLS_MAC, CKM_SHA256, 12, side));
    let mac = sign(t.module, session, &server.mechanism(), key, &[5; 32]).unwrap();
    assert_eq!(mac.len(), 12);
    assert_rv!(verify(t.module, session, &server.mechanism(), key, &[5; 32], &mac), CKR_OK);
    assert_ne!(verify(t.module, session, &client.mechanism(), key, &[5; 32], &mac), CKR_OK);
    for (len, side) in [(11, 1), (65, 1), (12, 0), (12, 3)] {
        let by = tls_mac(CKM_TLS_MAC, CKM_SHA256, len, side);
        let rv = t.module.sign_init(session, Some(&by.mechanism()), key);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    assert_rv!(
        t.module.verify(session, Sent::null(0), Sent::null(0)),
        cryptoki_sys::CKR_OPERATION_NOT_INITIALIZED
    );
}
