//! Derivations that would give out a key that may not be read, step by step: each of these ways ends before its last step
//! (sections 4.11, 6.40.4, 6.42 and 6.43).

use cryptoki_sys::{
    CKA_DERIVE, CKA_EXTRACTABLE, CKA_PRIVATE, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE_LEN, CKA_WRAP_WITH_TRUSTED,
    CKK_AES, CKK_GENERIC_SECRET, CKM_AES_CMAC, CKM_AES_KEY_WRAP_KWP, CKM_CONCATENATE_BASE_AND_DATA,
    CKM_CONCATENATE_BASE_AND_KEY, CKM_CONCATENATE_DATA_AND_BASE, CKM_EXTRACT_KEY_FROM_KEY, CKM_SHA256,
    CKM_TLS12_MASTER_KEY_DERIVE, CKM_XOR_BASE_AND_DATA, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::flag;
use pkcs11_tests::raw::derivations::{
    counter_kdf_of_key, string_data, tls12_master, tls12_master_with_version, told_version,
};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Template, Test, assert_rv, on_claviger};

use crate::secret_keys::{aes, create, secret_template};
use crate::wrapping::wrapped;

on_claviger!(
    a_key_that_cmac_is_given_is_not_read_through_a_known_key,
    a_key_behind_known_bytes_is_not_cut_out_again,
    a_key_for_trusted_wrapping_keys_stays_one_in_every_form,
    no_version_is_told_of_a_secret_that_was_joined,
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
