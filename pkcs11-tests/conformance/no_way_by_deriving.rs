//! Derivations that would give out a key that may not be read, step by step: each of these ways ends before its last step
//! (sections 4.11, 6.40.4, 6.42 and 6.43).

use cryptoki_sys::{
    CKA_CLASS, CKA_DERIVE, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN,
    CKA_VALUE_LEN, CKA_WRAP_WITH_TRUSTED, CKK_AES, CKK_AES_XTS, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET,
    CKK_POLY1305, CKM_AES_CBC_PAD, CKM_AES_CFB8, CKM_AES_CMAC, CKM_AES_KEY_WRAP_KWP,
    CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_SHA256, CKM_SHA256_KEY_DERIVATION, CKM_TLS_KDF, CKM_TLS_MAC, CKM_TLS_PRF,
    CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE, CKM_XOR_BASE_AND_DATA,
    CKO_SECRET_KEY, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::flag;
use pkcs11_tests::raw::derivations::{
    counter_kdf_of_key, string_data, tls_kdf, tls_mac, tls12_key_material, tls12_master,
    tls12_master_with_version, told_material, told_version,
};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{aes, create, secret_template};
use crate::wrapping::wrapped;

on_claviger!(
    a_key_that_cmac_is_given_is_not_read_through_a_known_key,
    a_key_behind_known_bytes_is_not_cut_out_again,
    a_key_for_trusted_wrapping_keys_stays_one_in_every_form,
    no_version_is_told_of_a_secret_that_was_joined,
    no_other_key_becomes_one_whose_tags_tell_half_of_it,
    no_joined_key_is_of_a_type_whose_parts_act_alone,
    no_half_of_a_joined_secret_is_asked_alone,
    a_closed_key_that_was_unwrapped_is_as_one_that_was_joined,
    no_exporter_gives_the_keys_of_the_handshake,
    keys_of_a_session_hand_on_what_only_trusted_keys_wrap,
);

/// A key that may be derived from, closed or not.
fn base(t: &Test, session: u64, key_type: u64, value: &[u8], closed: bool) -> u64 {
    let template = secret_template(key_type, value)
        .boolean(CKA_DERIVE, true)
        .boolean(CKA_SENSITIVE, closed)
        .boolean(CKA_EXTRACTABLE, !closed);
    create(t.module, session, &template)
}

fn of_len(len: u64) -> Template {
    Template::new().ulong(CKA_VALUE_LEN, len)
}

fn derived(t: &Test, session: u64, by: &cryptoki_sys::CK_MECHANISM, key: u64, template: &Template) -> u64 {
    let template = template.clone().boolean(CKA_DERIVE, true);
    let (rv, derived) = t.module.derive_key(session, Some(by), key, &template);
    assert_rv!(rv, CKR_OK, "{:#x}", by.mechanism);
    derived
}

/// CMAC under a key that one knows is turned back by one decryption: out of it comes what went in last.
fn a_key_that_cmac_is_given_is_not_read_through_a_known_key(t: &Test) {
    let session = t.token().user_session();
    let known = base(t, session, CKK_AES, &[1; 16], false);
    let closed = base(t, session, CKK_AES, &[2; 16], true);
    // A block of counter and fixed data, and then the key.
    let by = counter_kdf_of_key(CKM_AES_CMAC, &[0; 15], closed);
    for (sensitive, extractable) in [(false, true), (false, false), (true, true)] {
        let open = of_len(16).boolean(CKA_SENSITIVE, sensitive).boolean(CKA_EXTRACTABLE, extractable);
        let (rv, _) = t.module.derive_key(session, Some(&by.mechanism()), known, &open);
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
    }
    let key = derived(t, session, &by.mechanism(), known, &of_len(16));
    assert!(flag(t.module, session, key, CKA_SENSITIVE) && !flag(t.module, session, key, CKA_EXTRACTABLE));
}

/// Of a key that is the end of some known bytes and the beginning of another one, few trials tell the rest.
fn a_key_behind_known_bytes_is_not_cut_out_again(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let closed = base(t, session, CKK_GENERIC_SECRET, &[2; 32], true);
    let known = base(t, session, CKK_GENERIC_SECRET, &[1; 32], false);
    let behind = string_data(CKM_CONCATENATE_DATA_AND_BASE, &[1; 32]);
    let before = string_data(CKM_CONCATENATE_BASE_AND_DATA, &[1; 32]);
    let joined = [
        derived(t, session, &behind.mechanism(), closed, &Template::new()),
        derived(t, session, &before.mechanism(), closed, &of_len(64).boolean(CKA_TOKEN, true)),
        derived(t, session, &with(CKM_CONCATENATE_BASE_AND_KEY, &closed), known, &Template::new()),
    ];
    let copies = joined.map(|key| {
        let (rv, copy) = m.copy_object(session, key, &Template::new());
        assert_rv!(rv, CKR_OK);
        copy
    });
    let fourteen = string_data(CKM_XOR_BASE_AND_DATA, &[0; 14]);
    let byte_before = string_data(CKM_CONCATENATE_DATA_AND_BASE, &[0; 1]);
    let byte_behind = string_data(CKM_CONCATENATE_BASE_AND_DATA, &[0; 1]);
    // Thirteen known bytes before one of the key, from its front and from behind.
    let ways = [
        (with(CKM_EXTRACT_KEY_FROM_KEY, &(8 * 19_u64)), of_len(14)),
        (with(CKM_EXTRACT_KEY_FROM_KEY, &(8 * 31_u64)), of_len(14)),
        (with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64), of_len(63)),
        (fourteen.mechanism(), Template::new()),
        (byte_before.mechanism(), of_len(34)),
        (byte_behind.mechanism(), of_len(33)),
        (with(CKM_CONCATENATE_BASE_AND_KEY, &joined[0]), of_len(100)),
    ];
    for key in joined.into_iter().chain(copies) {
        for (by, template) in &ways {
            let (rv, _) = m.derive_key(session, Some(by), key, template);
            assert_rv!(rv, CKR_KEY_SIZE_RANGE, "{:#x}", by.mechanism);
        }
        // All of it is as good as it is.
        let whole = derived(t, session, &with(CKM_EXTRACT_KEY_FROM_KEY, &8_u64), key, &of_len(64));
        let (rv, _) = m.derive_key(session, Some(&ways[0].0), whole, &of_len(14));
        assert_rv!(rv, CKR_KEY_SIZE_RANGE);
    }
    let (rv, _) = m.derive_key(session, Some(&behind.mechanism()), closed, &of_len(33));
    assert_rv!(rv, CKR_KEY_SIZE_RANGE, "a byte behind those of the call itself");
}

fn a_key_for_trusted_wrapping_keys_stays_one_in_every_form(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let wrapping = aes(m, session, &[9; 32]);
    let template = secret_template(CKK_GENERIC_SECRET, &[2; 32])
        .boolean(CKA_DERIVE, true)
        .boolean(CKA_SENSITIVE, true)
        .boolean(CKA_EXTRACTABLE, true)
        .boolean(CKA_WRAP_WITH_TRUSTED, true);
    let key = create(m, session, &template);
    let mask = string_data(CKM_XOR_BASE_AND_DATA, &[0; 32]);
    for by in [with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64), mask.mechanism()] {
        let again = of_len(32).boolean(CKA_EXTRACTABLE, true);
        for dropped in [CKA_WRAP_WITH_TRUSTED, CKA_PRIVATE] {
            let (rv, _) = m.derive_key(session, Some(&by), key, &again.clone().boolean(dropped, false));
            assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
        }
        let same = derived(t, session, &by, key, &again);
        assert!(flag(m, session, same, CKA_WRAP_WITH_TRUSTED));
        assert_eq!(
            wrapped(m, session, CKM_AES_KEY_WRAP_KWP, wrapping, same),
            Err(CKR_KEY_NOT_WRAPPABLE),
            "the same bytes as the key's"
        );
    }
}

/// Two bytes of whatever comes first would be the key, two at a time.
fn no_version_is_told_of_a_secret_that_was_joined(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let randoms = ([3; 32], [4; 32]);
    let telling =
        tls12_master_with_version(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, (&randoms.0, &randoms.1));
    let silent = tls12_master(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, (&randoms.0, &randoms.1));
    let sent: Vec<u8> = [3, 3].into_iter().chain([5; 46]).collect();
    let pre_master = base(t, session, CKK_GENERIC_SECRET, &sent, true);
    let _master = derived(t, session, &telling.mechanism(), pre_master, &Template::new());
    assert_eq!(told_version(&telling), [3, 3], "a secret that came as one has a version");
    let closed = base(t, session, CKK_AES, &[2; 16], true);
    let padded = string_data(CKM_CONCATENATE_BASE_AND_DATA, &[0; 32]);
    let padded = derived(t, session, &padded.mechanism(), closed, &Template::new());
    let turned = with(CKM_EXTRACT_KEY_FROM_KEY, &16_u64);
    for secret in [
        padded,
        derived(t, session, &turned, padded, &of_len(48)),
        derived(t, session, &turned, pre_master, &of_len(48)),
    ] {
        let telling =
            tls12_master_with_version(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, (&randoms.0, &randoms.1));
        let (rv, _) = m.derive_key(session, Some(&telling.mechanism()), secret, &Template::new());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        assert_eq!(told_version(&telling), [0, 0]);
        let _master = derived(t, session, &silent.mechanism(), secret, &Template::new());
    }
}

/// The tag of an empty message by Poly1305 is the second half of its key (RFC 8439 section 2.5).
fn no_other_key_becomes_one_whose_tags_tell_half_of_it(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let closed = base(t, session, CKK_GENERIC_SECRET, &[2; 32], true);
    let open = base(t, session, CKK_GENERIC_SECRET, &[3; 32], false);
    let told = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_POLY1305);
    let known = string_data(CKM_CONCATENATE_DATA_AND_BASE, &[1; 16]);
    for by in
        [with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64), known.mechanism(), mechanism(CKM_SHA256_KEY_DERIVATION)]
    {
        for key in [closed, open] {
            let (rv, _) = m.derive_key(session, Some(&by), key, &told);
            assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "{:#x}", by.mechanism);
        }
    }
    let kek = aes(m, session, &[9; 32]);
    let sealed = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, kek, open).unwrap();
    let (rv, _) =
        m.unwrap_key(session, Some(&mechanism(CKM_AES_KEY_WRAP_KWP)), kek, Sent::from(&sealed), &told);
    assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
    // Whoever brings one in the clear knows it.
    let _created = create(m, session, &secret_template(CKK_POLY1305, &[4; 32]));
}

/// By one part of a key that is known, what the other does can be taken off.
fn no_joined_key_is_of_a_type_whose_parts_act_alone(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let typed = |key_type| Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, key_type);
    let typed = |key_type| match key_type {
        CKK_AES_XTS => typed(key_type).ulong(CKA_VALUE_LEN, 32),
        _ => typed(key_type),
    };
    for (key_type, len) in [(CKK_DES2, 16), (CKK_DES3, 24), (CKK_AES_XTS, 32)] {
        let value: Vec<u8> = (0..len).collect();
        let closed = base(t, session, CKK_GENERIC_SECRET, &value, true);
        let (rv, _) =
            m.derive_key(session, Some(&with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64)), closed, &typed(key_type));
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "{key_type:#x}");
        let open = base(t, session, CKK_GENERIC_SECRET, &value, false);
        let _made = derived(t, session, &with(CKM_EXTRACT_KEY_FROM_KEY, &0_u64), open, &typed(key_type));
    }
}

/// The function of TLS 1.0 takes each half of its secret alone: of one half that is known but for a byte, the byte is tried.
fn no_half_of_a_joined_secret_is_asked_alone(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let closed = base(t, session, CKK_GENERIC_SECRET, &[2; 16], true);
    let padded = string_data(CKM_CONCATENATE_BASE_AND_DATA, &[0; 14]);
    let joined = derived(t, session, &padded.mechanism(), closed, &Template::new().boolean(CKA_SIGN, true));
    for (kind, key, expected) in [
        (CKM_TLS_PRF, joined, CKR_MECHANISM_PARAM_INVALID),
        (CKM_TLS_PRF, closed, CKR_OK),
        (CKM_SHA256, joined, CKR_OK),
    ] {
        let by = tls_mac(CKM_TLS_MAC, kind, 12, 1);
        assert_rv!(m.sign_init(session, Some(&by.mechanism()), key), expected);
        if expected == CKR_OK {
            assert_rv!(m.sign_init(session, None, 0), CKR_OK);
        }
        let by = tls_kdf(CKM_TLS_KDF, kind, b"EXPERIMENTAL label", (&[1; 32], &[2; 32]));
        let (rv, _) = m.derive_key(session, Some(&by.mechanism()), key, &of_len(32));
        assert_rv!(rv, expected);
    }
}

/// Wrapping takes no mark along, and by some mechanisms a ciphertext can be put together of others' pieces.
fn a_closed_key_that_was_unwrapped_is_as_one_that_was_joined(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let kek = aes(m, session, &[9; 32]);
    let key = base(t, session, CKK_GENERIC_SECRET, &[2; 48], false);
    let came = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .boolean(CKA_DERIVE, true);
    let telling = tls12_master_with_version(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, (&[3; 32], &[4; 32]));
    for by in
        [mechanism(CKM_AES_KEY_WRAP_KWP), with(CKM_AES_CBC_PAD, &[7_u8; 16]), with(CKM_AES_CFB8, &[7_u8; 16])]
    {
        let mut sealed = vec![0; 80];
        let (rv, len) = m.wrap_key(session, Some(&by), kek, key, Out::buffer(&mut sealed));
        assert_rv!(rv, CKR_OK);
        sealed.truncate(usize::try_from(len).unwrap());
        let closed = came.clone().boolean(CKA_SENSITIVE, true).boolean(CKA_EXTRACTABLE, true);
        let (rv, back) = m.unwrap_key(session, Some(&by), kek, Sent::from(&sealed), &closed);
        assert_rv!(rv, CKR_OK);
        let (rv, _) = m.derive_key(session, Some(&with(CKM_EXTRACT_KEY_FROM_KEY, &8_u64)), back, &of_len(14));
        assert_rv!(rv, CKR_KEY_SIZE_RANGE, "{:#x}", by.mechanism);
        let (rv, _) = m.derive_key(session, Some(&telling.mechanism()), back, &Template::new());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x}", by.mechanism);
        // It goes on being wrapped, but not by what brings pre-master secrets.
        assert!(wrapped(m, session, CKM_AES_KEY_WRAP_KWP, kek, back).is_ok());
        let open = came.clone().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
        let (rv, back) = m.unwrap_key(session, Some(&by), kek, Sent::from(&sealed), &open);
        assert_rv!(rv, CKR_OK);
        let _cut = derived(t, session, &with(CKM_EXTRACT_KEY_FROM_KEY, &8_u64), back, &of_len(14));
    }
}

fn no_exporter_gives_the_keys_of_the_handshake(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let secret = base(t, session, CKK_GENERIC_SECRET, &[2; 48], true);
    let labels =
        ["client finished", "server finished", "master secret", "key expansion", "extended master secret"];
    for kind in [CKM_TLS_KDF, CKM_TLS12_KDF] {
        for label in labels {
            let by = tls_kdf(kind, CKM_SHA256, label.as_bytes(), (&[1; 32], &[2; 32]));
            let (rv, _) = m.derive_key(session, Some(&by.mechanism()), secret, &of_len(32));
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{label}");
        }
    }
}

fn keys_of_a_session_hand_on_what_only_trusted_keys_wrap(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let template = secret_template(CKK_GENERIC_SECRET, &[2; 48])
        .boolean(CKA_DERIVE, true)
        .boolean(CKA_SENSITIVE, true)
        .boolean(CKA_EXTRACTABLE, true)
        .boolean(CKA_WRAP_WITH_TRUSTED, true);
    let master = create(m, session, &template);
    let by =
        tls12_key_material(CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_SHA256, (&[3; 32], &[4; 32]), [256, 128, 0]);
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES);
    let template = template.boolean(CKA_EXTRACTABLE, true);
    let (rv, _) = m.derive_key(session, Some(&by.mechanism()), master, &template);
    assert_rv!(rv, CKR_OK);
    let kek = aes(m, session, &[9; 32]);
    for key in told_material(&by, 0).0 {
        assert!(flag(m, session, key, CKA_WRAP_WITH_TRUSTED));
        assert_eq!(wrapped(m, session, CKM_AES_KEY_WRAP_KWP, kek, key), Err(CKR_KEY_NOT_WRAPPABLE));
    }
}
