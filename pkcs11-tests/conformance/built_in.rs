//! Sections 4.3 and 4.13 to 4.15: what a token has of itself. docs/decisions/0049 says who finds it.

use std::collections::BTreeSet;

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG, CKA_CLASS, CKA_HAS_RESET,
    CKA_HW_FEATURE_TYPE, CKA_LABEL, CKA_MECHANISM_TYPE, CKA_MODULUS, CKA_PROFILE_ID, CKA_RESET_ON_INIT,
    CKA_TOKEN, CKA_UNIQUE_ID, CKA_VALIDATION_AUTHORITY_TYPE, CKA_VALIDATION_CERTIFICATE_IDENTIFIER,
    CKA_VALIDATION_CERTIFICATE_URI, CKA_VALIDATION_COUNTRY, CKA_VALIDATION_FLAG, CKA_VALIDATION_LEVEL,
    CKA_VALIDATION_MODULE_ID, CKA_VALIDATION_PROFILE, CKA_VALIDATION_TYPE, CKA_VALIDATION_VENDOR_URI,
    CKA_VALIDATION_VERSION, CKA_VALUE, CKF_CLOCK_ON_TOKEN, CKH_CLOCK, CKH_MONOTONIC_COUNTER,
    CKH_USER_INTERFACE, CKM_MD5, CKM_SHA256, CKO_HW_FEATURE, CKO_MECHANISM, CKO_PROFILE, CKO_VALIDATION,
    CKP_AUTHENTICATION_TOKEN, CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER, CKR_ACTION_PROHIBITED,
    CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_HANDLE_INVALID,
    CKR_KEY_TYPE_INCONSISTENT, CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKV_AUTHORITY_TYPE_UNSPECIFIED,
    CKV_TYPE_SOFTWARE,
};
use pkcs11_tests::keys::{attribute, flag};
use pkcs11_tests::mechanisms::listed;
use pkcs11_tests::token::{LABEL, SO_PIN, empty_slot};
use pkcs11_tests::{Module, Template, Test, Token, assert_rv, mechanism, on_claviger};

on_claviger!(
    the_profiles_that_this_suite_proves_are_claimed_and_no_others,
    the_validation_object_says_that_there_is_no_certificate,
    there_is_an_object_for_each_mechanism_of_the_list,
    the_clock_tells_the_time_of_the_token,
    the_counter_never_tells_a_number_twice,
    only_a_search_that_asks_for_them_finds_them,
    nobody_makes_changes_copies_or_destroys_them,
    they_are_no_keys,
);

/// Classes of what is built in.
const CLASSES: [CK_ULONG; 4] = [CKO_PROFILE, CKO_VALIDATION, CKO_MECHANISM, CKO_HW_FEATURE];

fn of_class(class: CK_ULONG) -> Template {
    Template::new().ulong(CKA_CLASS, class)
}

fn number(
    m: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    kind: CK_ATTRIBUTE_TYPE,
) -> CK_ULONG {
    CK_ULONG::from_ne_bytes(attribute(m, session, object, kind).try_into().expect("a number"))
}

fn text(m: &Module, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> String {
    String::from_utf8(attribute(m, session, object, kind)).expect("text")
}

/// conformance/profiles.rs runs what the standard's document describes for each.
fn the_profiles_that_this_suite_proves_are_claimed_and_no_others(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.open_ro());
    let found = token.find(session, &of_class(CKO_PROFILE));
    let claimed: Vec<_> = found.iter().map(|one| number(m, session, *one, CKA_PROFILE_ID)).collect();
    assert_eq!(claimed, [CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER, CKP_AUTHENTICATION_TOKEN]);
    for (profile, handle) in claimed.iter().zip(&found) {
        let wanted = Template::new().ulong(CKA_PROFILE_ID, *profile).boolean(CKA_TOKEN, true);
        assert_eq!(token.find(session, &wanted), [*handle]);
    }
    assert!(token.find(session, &Template::new().ulong(CKA_PROFILE_ID, 99)).is_empty());
}

fn the_validation_object_says_that_there_is_no_certificate(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.open_ro());
    let found = token.find(session, &of_class(CKO_VALIDATION));
    let [one] = found[..] else { panic!("{found:?}") };
    for (kind, value) in [
        (CKA_VALIDATION_TYPE, CKV_TYPE_SOFTWARE),
        (CKA_VALIDATION_AUTHORITY_TYPE, CKV_AUTHORITY_TYPE_UNSPECIFIED),
        (CKA_VALIDATION_LEVEL, 0),
        (CKA_VALIDATION_FLAG, 1),
    ] {
        assert_eq!(number(m, session, one, kind), value, "{kind:#x}");
    }
    assert_eq!(attribute(m, session, one, CKA_VALIDATION_VERSION), [0, 0]);
    for kind in [
        CKA_VALIDATION_COUNTRY,
        CKA_VALIDATION_CERTIFICATE_IDENTIFIER,
        CKA_VALIDATION_CERTIFICATE_URI,
        CKA_VALIDATION_VENDOR_URI,
    ] {
        assert_eq!(text(m, session, one, kind), "", "{kind:#x}");
    }
    assert_eq!(text(m, session, one, CKA_LABEL), "no certificate");
    assert!(text(m, session, one, CKA_VALIDATION_PROFILE).contains("no certificate"));
    assert!(text(m, session, one, CKA_VALIDATION_MODULE_ID).contains("not validated"));
}

fn mechanisms_of(token: &Token, session: CK_SESSION_HANDLE) -> BTreeSet<CK_ULONG> {
    let found = token.find(session, &of_class(CKO_MECHANISM));
    found.iter().map(|one| number(token.module, session, *one, CKA_MECHANISM_TYPE)).collect()
}

fn there_is_an_object_for_each_mechanism_of_the_list(t: &Test) {
    let plain = t.token();
    let session = plain.open_ro();
    assert_eq!(mechanisms_of(&plain, session), listed(&plain).into_iter().collect());
    let digest = Template::new().ulong(CKA_MECHANISM_TYPE, CKM_MD5);
    let [md5] = plain.find(session, &digest)[..] else { panic!("MD5") };
    assert_eq!(text(t.module, session, md5, CKA_LABEL), "CKM_MD5");
    // A token in approved mode has fewer.
    assert_rv!(t.module.finalize(), CKR_OK);
    t.installation.configure_approved();
    assert_rv!(t.module.initialize_for_threads(), CKR_OK);
    let slot = empty_slot(t.module);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let approved = Token { module: plain.module, slot };
    let session = approved.open_ro();
    let offered = mechanisms_of(&approved, session);
    assert_eq!(offered, listed(&approved).into_iter().collect());
    assert!(offered.contains(&CKM_SHA256) && !offered.contains(&CKM_MD5));
    assert!(approved.find(session, &digest).is_empty());
    // Its handle is known from the other token.
    let (rv, _) = t.module.attribute_values(session, md5, &[(CKA_MECHANISM_TYPE, Some(8))]);
    assert_rv!(rv, CKR_OBJECT_HANDLE_INVALID);
}

fn feature(token: &Token, session: CK_SESSION_HANDLE, kind: CK_ULONG) -> CK_OBJECT_HANDLE {
    let found = token.find(session, &of_class(CKO_HW_FEATURE).ulong(CKA_HW_FEATURE_TYPE, kind));
    let [one] = found[..] else { panic!("{found:?}") };
    one
}

fn the_clock_tells_the_time_of_the_token(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.open_ro());
    let clock = feature(&token, session, CKH_CLOCK);
    let time = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).expect("digits");
        assert!(text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_digit()), "{text}");
        assert!(text.ends_with("00"), "{text}");
        text.to_owned()
    };
    let before = std::process::Command::new("date").args(["-u", "+%Y%m%d%H%M%S00"]).output().expect("date");
    let told = time(&attribute(m, session, clock, CKA_VALUE));
    let info = token.info();
    assert_ne!(info.flags & CKF_CLOCK_ON_TOKEN, 0);
    let of_token = time(&info.utcTime);
    let after = std::process::Command::new("date").args(["-u", "+%Y%m%d%H%M%S00"]).output().expect("date");
    let [before, after] = [before, after].map(|out| String::from_utf8(out.stdout).expect("text"));
    assert!(before.trim() <= told.as_str() && told <= of_token && of_token.as_str() <= after.trim());
    let user = token.user_session();
    let set = Template::new().bytes(CKA_VALUE, b"2026010100000000");
    assert_rv!(m.set_attribute_values(user, clock, &set), CKR_ACTION_PROHIBITED, "it cannot be set");
}

fn the_counter_never_tells_a_number_twice(t: &Test) {
    let token = t.token();
    let m = t.module;
    let mut last = 0;
    let mut read = |session| {
        let counter = feature(&token, session, CKH_MONOTONIC_COUNTER);
        assert!(!flag(m, session, counter, CKA_RESET_ON_INIT));
        assert!(!flag(m, session, counter, CKA_HAS_RESET));
        for _ in 0..5 {
            let value = attribute(m, session, counter, CKA_VALUE);
            let value = u64::from_be_bytes(value.try_into().expect("eight bytes"));
            assert!(value > last, "{value} after {last}");
            last = value;
        }
    };
    let first = token.open_ro();
    read(first);
    read(token.open_rw());
    assert_rv!(m.finalize(), CKR_OK);
    assert_rv!(m.initialize_for_threads(), CKR_OK);
    read(token.open_ro());
    // C_InitToken does not set it back.
    assert_rv!(m.close_all_sessions(token.slot), CKR_OK);
    assert_rv!(m.init_token(token.slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    read(token.open_ro());
    // No search counts, nor finds by a number.
    let session = token.open_ro();
    let counter = feature(&token, session, CKH_MONOTONIC_COUNTER);
    let value = attribute(m, session, counter, CKA_VALUE);
    assert!(token.find(session, &of_class(CKO_HW_FEATURE).bytes(CKA_VALUE, &value)).is_empty());
}

fn only_a_search_that_asks_for_them_finds_them(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.open_ro());
    let everything = Template::new();
    let all: Vec<_> = CLASSES.iter().flat_map(|class| token.find(session, &of_class(*class))).collect();
    assert_eq!(all.len(), 3 + 1 + listed(&token).len() + 2);
    let mut names = BTreeSet::new();
    for one in &all {
        let unique_id = attribute(m, session, *one, CKA_UNIQUE_ID);
        assert_eq!(token.find(session, &Template::new().bytes(CKA_UNIQUE_ID, &unique_id)), [*one]);
        assert!(names.insert(unique_id), "one name for two");
        assert!(flag(m, session, *one, CKA_TOKEN));
    }
    for wanted in
        [everything, Template::new().boolean(CKA_TOKEN, true), Template::new().bytes(CKA_LABEL, b"clock")]
    {
        assert!(token.find(session, &wanted).is_empty(), "{wanted:?}");
    }
    // The standard has a third feature, which this token has not.
    let wanted = of_class(CKO_HW_FEATURE).ulong(CKA_HW_FEATURE_TYPE, CKH_USER_INTERFACE);
    assert!(token.find(session, &wanted).is_empty());
    let (rv, _) = m.attribute_values(session, all[0], &[(CKA_MODULUS, Some(8))]);
    assert_rv!(rv, CKR_ATTRIBUTE_TYPE_INVALID);
}

fn nobody_makes_changes_copies_or_destroys_them(t: &Test) {
    let token = t.token();
    let user = token.user_session();
    nobody_makes(t.module, user);
    nobody_changes(&token, user);
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    let officer = token.so_session();
    nobody_makes(t.module, officer);
    nobody_changes(&token, officer);
}

fn nobody_makes(m: &Module, session: CK_SESSION_HANDLE) {
    for class in CLASSES {
        assert_rv!(m.create_object(session, &of_class(class)).0, CKR_ATTRIBUTE_VALUE_INVALID, "{class}");
    }
    for (class, kind) in [
        (CKO_HW_FEATURE, CKA_HW_FEATURE_TYPE),
        (CKO_PROFILE, CKA_PROFILE_ID),
        (CKO_MECHANISM, CKA_MECHANISM_TYPE),
        (CKO_VALIDATION, CKA_VALIDATION_TYPE),
        (CKO_VALIDATION, CKA_VALIDATION_FLAG),
        (CKO_VALIDATION, CKA_VALIDATION_LEVEL),
        (CKO_VALIDATION, CKA_VALIDATION_AUTHORITY_TYPE),
    ] {
        let template = of_class(class).ulong(kind, 1);
        assert_rv!(m.create_object(session, &template).0, CKR_ATTRIBUTE_VALUE_INVALID, "{kind:#x}");
    }
    let certificate = of_class(CKO_VALIDATION).bytes(CKA_VALIDATION_CERTIFICATE_IDENTIFIER, b"4711");
    assert_rv!(m.create_object(session, &certificate).0, CKR_ATTRIBUTE_VALUE_INVALID);
}

fn nobody_changes(token: &Token, session: CK_SESSION_HANDLE) {
    let m = token.module;
    for class in CLASSES {
        let one = token.find(session, &of_class(class))[0];
        for set in [Template::new().bytes(CKA_LABEL, b"mine"), Template::new().ulong(CKA_VALIDATION_LEVEL, 4)]
        {
            assert_rv!(m.set_attribute_values(session, one, &set), CKR_ACTION_PROHIBITED, "{class}");
        }
        assert_rv!(m.destroy_object(session, one), CKR_ACTION_PROHIBITED, "{class}");
        let (rv, _) = m.copy_object(session, one, &Template::new().boolean(CKA_TOKEN, false));
        assert_rv!(rv, CKR_ACTION_PROHIBITED, "{class}");
        assert_eq!(token.find(session, &of_class(class))[0], one, "it is there");
    }
}

fn they_are_no_keys(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    for class in CLASSES {
        let one = token.find(session, &of_class(class))[0];
        let rv = m.sign_init(session, Some(&mechanism(cryptoki_sys::CKM_SHA256_HMAC)), one);
        assert!([CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT].contains(&rv), "{class}: {rv:#x}");
        let (rv, size) = m.object_size(session, one);
        assert_rv!(rv, CKR_OK);
        assert!(size > 0);
    }
}
