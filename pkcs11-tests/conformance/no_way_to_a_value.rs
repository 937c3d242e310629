//! Every class and type of key, sensitive or not, extractable or not: no way leads to a value that may not be shown
//! (section 4.2, footnote 7; sections 4.10 and 4.11).

use cryptoki_sys::{
    CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_EXTRACTABLE, CKA_KEY_TYPE,
    CKA_NEVER_EXTRACTABLE, CKA_PRIME_1, CKA_PRIVATE_EXPONENT, CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE,
    CKA_VALUE_LEN, CKA_WRAP, CKA_WRAP_TEMPLATE, CKG_MGF1_SHA256, CKK_AES, CKK_EC, CKK_GENERIC_SECRET,
    CKK_RSA, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_ECDSA_SHA256,
    CKM_GENERIC_SECRET_KEY_GEN, CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SHA256_RSA_PKCS, CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_SENSITIVE,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_KEY_UNEXTRACTABLE, CKR_OK, CKR_STATE_UNSAVEABLE, CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{Kind, P256, Pair, attribute, flag, generate};
use pkcs11_tests::raw::parameters::{ctr, ecdh1, gcm, oaep, with};
use pkcs11_tests::{Attribute, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{aes, create, secret_template};
use crate::wrapping::wrapped;

on_claviger!(no_class_type_or_protection_leaves_a_way_to_the_value, nothing_confirms_a_guess_at_a_value);

const TYPES: [u64; 4] = [CKK_AES, CKK_GENERIC_SECRET, CKK_RSA, CKK_EC];

struct Walk<'a> {
    t: &'a Test,
    session: u64,
    wrapping: u64,
    wrapping_pair: Pair,
}

fn make(w: &Walk<'_>, key_type: u64, sensitive: bool, extractable: bool, on_token: bool) -> u64 {
    let m = w.t.module;
    let protection = Template::new()
        .boolean(CKA_SENSITIVE, sensitive)
        .boolean(CKA_EXTRACTABLE, extractable)
        .boolean(CKA_TOKEN, on_token);
    let protection = protection.boolean(CKA_DERIVE, key_type != CKK_RSA && key_type != CKK_AES);
    if key_type == CKK_AES || key_type == CKK_GENERIC_SECRET {
        let by = if key_type == CKK_AES { CKM_AES_KEY_GEN } else { CKM_GENERIC_SECRET_KEY_GEN };
        let (rv, key) = m.generate_key(w.session, Some(&mechanism(by)), &protection.ulong(CKA_VALUE_LEN, 32));
        assert_rv!(rv, CKR_OK);
        return key;
    }
    let kind = if key_type == CKK_RSA { Kind::Rsa } else { Kind::P256 };
    let public = kind.public_template();
    let (rv, _, key) = m.generate_key_pair(w.session, Some(&kind.generator()), &public, &protection);
    assert_rv!(rv, CKR_OK);
    key
}

fn secrets(key_type: u64) -> Vec<u64> {
    if key_type == CKK_RSA {
        vec![CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_1 + 1, 0x126, 0x127, 0x128]
    } else {
        vec![CKA_VALUE]
    }
}

/// Whether `C_GetAttributeValue` shows anything of the value: with a length asked, or bytes.
fn is_read(w: &Walk<'_>, key: u64, key_type: u64) -> bool {
    secrets(key_type).into_iter().any(|secret| {
        let (rv, answers) = w.t.module.attribute_values(w.session, key, &[(secret, Some(512))]);
        let (queried, lengths) = w.t.module.attribute_values(w.session, key, &[(secret, None)]);
        assert_eq!(rv, queried);
        if rv != CKR_OK {
            assert_rv!(rv, CKR_ATTRIBUTE_SENSITIVE);
            assert_eq!((answers[0].1, lengths[0].1), (u64::MAX, u64::MAX));
            assert_eq!(answers[0].0, [0xA5; 512]);
        }
        rv == CKR_OK
    })
}

fn is_wrapped(w: &Walk<'_>, key: u64, extractable: bool) -> bool {
    let iv = [0; 16];
    let (counter, sealing) = (ctr(128, iv), gcm(Sent::from(&iv), Sent::null(0), 128));
    let padded = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0));
    let symmetric = [
        mechanism(CKM_AES_ECB),
        with(CKM_AES_CBC, &iv),
        with(CKM_AES_CBC_PAD, &iv),
        counter.mechanism(),
        sealing.mechanism(),
        mechanism(CKM_AES_KEY_WRAP),
        mechanism(CKM_AES_KEY_WRAP_PAD),
        mechanism(CKM_AES_KEY_WRAP_PKCS7),
        mechanism(CKM_AES_KEY_WRAP_KWP),
    ];
    let public = [mechanism(CKM_RSA_PKCS), mechanism(CKM_RSA_X_509), padded.mechanism()];
    let all = symmetric.iter().map(|by| (by, w.wrapping));
    let all: Vec<_> = all.chain(public.iter().map(|by| (by, w.wrapping_pair.public))).collect();
    let mut any = false;
    for (by, wrapping) in all {
        let mut room = vec![0; 4096];
        for out in [Out::query(), Out::buffer(&mut room)] {
            let (rv, _) = w.t.module.wrap_key(w.session, Some(by), wrapping, key, out);
            let refused = [CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE].contains(&rv);
            assert!(extractable || refused, "{:#x} gave {rv:#x}", by.mechanism);
            any |= rv == CKR_OK;
        }
        assert!(extractable || room.iter().all(|byte| *byte == 0));
    }
    any
}

/// Loosens the protection by every call that could: nothing may come of it.
fn loosened(w: &Walk<'_>, key: u64, key_type: u64, protection: &[Attribute]) {
    for change in protection {
        let template = Template::new().with(change.clone());
        assert_ne!(w.t.module.set_attribute_values(w.session, key, &template), CKR_OK, "{change:?}");
        assert_ne!(w.t.module.copy_object(w.session, key, &template).0, CKR_OK, "{change:?}");
        let template = template.boolean(CKA_TOKEN, true);
        assert_ne!(w.t.module.copy_object(w.session, key, &template).0, CKR_OK, "{change:?}");
    }
    let (rv, copy) = w.t.module.copy_object(w.session, key, &Template::new());
    assert_rv!(rv, CKR_OK);
    assert!(!is_read(w, copy, key_type), "a copy is protected as its source");
}

/// Two states of what runs, which the key may have gone into.
fn states(w: &Walk<'_>) -> [Vec<u8>; 2] {
    [(); 2].map(|()| {
        let mut state = vec![0; 4096];
        let (rv, len) = w.t.module.operation_state(w.session, Out::buffer(&mut state));
        assert_rv!(rv, CKR_OK);
        state.truncate(usize::try_from(len).unwrap());
        state
    })
}

/// Whether eight bytes of `value` that follow one another lie in `bytes`.
fn holds_some_of(bytes: &[u8], value: &[u8]) -> bool {
    value.windows(8).any(|part| bytes.windows(8).any(|there| there == part))
}

fn end_all(w: &Walk<'_>) {
    assert_rv!(w.t.module.encrypt_init(w.session, None, 0), CKR_OK);
    assert_rv!(w.t.module.sign_init(w.session, None, 0), CKR_OK);
    assert_rv!(w.t.module.digest_init(w.session, None), CKR_OK);
}

/// Saved states of the operations that such a key can begin or be fed to: sealed, each time anew, and nothing of the
/// value or of what went in is in them.
fn states_show_nothing(w: &Walk<'_>, key: u64, key_type: u64, value: &[u8]) {
    let (m, session) = (w.t.module, w.session);
    let (iv, text) = ([5; 16], [0x5A; 40]);
    let shown = |what: &str| {
        let [first, second] = states(w);
        assert_ne!(first, second, "{what}: a state is sealed, each time anew");
        for state in [first, second] {
            assert!(!holds_some_of(&state, value), "{what}: the value is in the state");
            assert!(!holds_some_of(&state, &text), "{what}: the message is in the state");
        }
        end_all(w);
    };
    let sign_by = match key_type {
        CKK_GENERIC_SECRET => Some(CKM_SHA256_HMAC),
        CKK_RSA => Some(CKM_SHA256_RSA_PKCS),
        CKK_EC => Some(CKM_ECDSA_SHA256),
        _ => None,
    };
    if let Some(by) = sign_by {
        assert_rv!(m.sign_init(session, Some(&mechanism(by)), key), CKR_OK);
        assert_rv!(m.sign_update(session, Sent::from(&text)), CKR_OK);
        shown("a signature");
    } else {
        assert_rv!(m.encrypt_init(session, Some(&with(CKM_AES_CBC, &iv)), key), CKR_OK);
        let mut room = [0; 64];
        assert_rv!(m.encrypt_update(session, Sent::from(&text), Out::buffer(&mut room)).0, CKR_OK);
        shown("an encryption");
        let sealing = gcm(Sent::from(&iv), Sent::null(0), 128);
        assert_rv!(m.encrypt_init(session, Some(&sealing.mechanism()), key), CKR_OK);
        let mut state = [0; 4096];
        let (rv, _) = m.operation_state(session, Out::buffer(&mut state));
        assert_rv!(rv, CKR_STATE_UNSAVEABLE);
        assert_eq!(state, [0; 4096]);
        end_all(w);
    }
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    if key_type == CKK_AES || key_type == CKK_GENERIC_SECRET {
        assert_rv!(m.digest_key(session, key), CKR_OK);
        shown("a digest");
    } else {
        assert_rv!(m.digest_key(session, key), CKR_KEY_INDIGESTIBLE);
        end_all(w);
    }
}

/// A key is no base for a derivation that would give it out, and what is derived obeys its own template.
fn nothing_is_derived(w: &Walk<'_>, key: u64, key_type: u64) {
    let point = {
        let pair = generate(w.t.module, w.session, Kind::P256, false, "other");
        attribute(w.t.module, w.session, pair.public, cryptoki_sys::CKA_EC_POINT)
    };
    let by = ecdh1(cryptoki_sys::CKD_NULL, Sent::null(0), Sent::from(&point));
    let template = Template::new().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let template = template.ulong(CKA_VALUE_LEN, 32).ulong(CKA_CLASS, cryptoki_sys::CKO_SECRET_KEY);
    let (rv, derived) = w.t.module.derive_key(w.session, Some(&by.mechanism()), key, &template);
    assert_eq!(rv == CKR_OK, key_type == CKK_EC);
    if rv == CKR_OK {
        assert!(!is_read(w, key, key_type), "the base is as closed as before");
        let secret = attribute(w.t.module, w.session, derived, CKA_VALUE);
        assert_eq!(secret.len(), 32, "what is derived obeys its own template");
        for never in [CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE] {
            assert!(!flag(w.t.module, w.session, derived, never), "{never:#x}");
        }
        assert_rv!(w.t.module.destroy_object(w.session, derived), CKR_OK);
    }
    let is_secret = [CKK_AES, CKK_GENERIC_SECRET].contains(&key_type);
    if is_secret {
        let may_derive = Template::new().boolean(cryptoki_sys::CKA_DERIVE, true);
        assert_rv!(w.t.module.set_attribute_values(w.session, key, &may_derive), CKR_OK);
    }
    for simple in [
        cryptoki_sys::CKM_CONCATENATE_BASE_AND_DATA,
        cryptoki_sys::CKM_CONCATENATE_DATA_AND_BASE,
        cryptoki_sys::CKM_CONCATENATE_BASE_AND_KEY,
        cryptoki_sys::CKM_XOR_BASE_AND_DATA,
        cryptoki_sys::CKM_EXTRACT_KEY_FROM_KEY,
    ] {
        let parameters = if simple == cryptoki_sys::CKM_CONCATENATE_BASE_AND_KEY {
            with(simple, &key)
        } else {
            mechanism(simple)
        };
        let (rv, _) = w.t.module.derive_key(w.session, Some(&parameters), key, &template);
        let expected = if is_secret { CKR_TEMPLATE_INCONSISTENT } else { CKR_KEY_TYPE_INCONSISTENT };
        assert_rv!(rv, expected, "what is made of a key's bytes is no more open than the key: {simple:#x}");
    }
}

fn no_class_type_or_protection_leaves_a_way_to_the_value(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let wrapping_pair = generate(t.module, session, Kind::Rsa, false, "wraps");
    let w = Walk { t, session, wrapping, wrapping_pair };
    for key_type in TYPES {
        for (sensitive, extractable) in [(true, true), (true, false), (false, true), (false, false)] {
            for on_token in [false, true] {
                let key = make(&w, key_type, sensitive, extractable, on_token);
                let open = !sensitive && extractable;
                assert_eq!(is_read(&w, key, key_type), open, "{key_type} {sensitive} {extractable}");
                assert_eq!(is_wrapped(&w, key, extractable), extractable, "{key_type} {sensitive}");
                if open {
                    continue;
                }
                let mut changes = Vec::new();
                if sensitive {
                    changes.push(Attribute::boolean(CKA_SENSITIVE, false));
                }
                if !extractable {
                    changes.push(Attribute::boolean(CKA_EXTRACTABLE, true));
                }
                loosened(&w, key, key_type, &changes);
                states_show_nothing(&w, key, key_type, &[]);
                nothing_is_derived(&w, key, key_type);
                assert!(!is_read(&w, key, key_type));
            }
        }
    }
}

/// A key of known value: what the tests below may look for.
fn known(w: &Walk<'_>, key_type: u64, value: &[u8], sensitive: bool, extractable: bool) -> u64 {
    let class = if key_type == CKK_EC { CKO_PRIVATE_KEY } else { CKO_SECRET_KEY };
    let template = Template::new()
        .ulong(CKA_CLASS, class)
        .ulong(CKA_KEY_TYPE, key_type)
        .bytes(CKA_VALUE, value)
        .boolean(CKA_SENSITIVE, sensitive)
        .boolean(CKA_EXTRACTABLE, extractable)
        .boolean(CKA_TOKEN, true);
    let template = if key_type == CKK_EC { template.bytes(CKA_EC_PARAMS, P256) } else { template };
    create(w.t.module, w.session, &template)
}

/// Who guesses a value is told nothing by a search, a change, a copy, or a wrapping key's template, right or wrong.
fn nothing_confirms_a_guess_at_a_value(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let m = t.module;
    let wrapping = aes(m, session, &[1; 32]);
    let wrapping_pair = generate(m, session, Kind::Rsa, false, "wraps");
    let w = Walk { t, session, wrapping, wrapping_pair };
    let (right, wrong): (Vec<u8>, Vec<u8>) = ((1..=32).collect(), (2..=33).collect());
    for key_type in [CKK_AES, CKK_GENERIC_SECRET, CKK_EC] {
        for (sensitive, extractable) in [(true, true), (true, false), (false, false), (false, true)] {
            let open = !sensitive && extractable;
            let key = known(&w, key_type, &right, sensitive, extractable);
            for (guess, is_right) in [(&right, true), (&wrong, false)] {
                let value = Template::new().bytes(CKA_VALUE, guess);
                let found = token.find(session, &value.clone().ulong(CKA_KEY_TYPE, key_type));
                let told = if open && is_right { vec![key] } else { Vec::new() };
                assert_eq!(found, told, "{key_type} {sensitive} {extractable}");
                assert_rv!(m.set_attribute_values(session, key, &value), CKR_ATTRIBUTE_READ_ONLY);
                assert_rv!(m.copy_object(session, key, &value).0, CKR_ATTRIBUTE_READ_ONLY);
                let asks = secret_template(CKK_AES, &[3; 32])
                    .boolean(CKA_WRAP, true)
                    .with(Attribute::nested(CKA_WRAP_TEMPLATE, value));
                let asking = create(m, session, &asks);
                let result = wrapped(m, session, CKM_AES_KEY_WRAP_KWP, asking, key).map(drop);
                let expected = match (extractable, open && is_right) {
                    (false, _) => Err(CKR_KEY_UNEXTRACTABLE),
                    (true, true) => Ok(()),
                    (true, false) => Err(CKR_KEY_HANDLE_INVALID),
                };
                assert_eq!(result, expected, "{key_type} {sensitive} {extractable} {is_right}");
                assert_rv!(m.destroy_object(session, asking), CKR_OK);
            }
            states_show_nothing(&w, key, key_type, &right);
            assert_rv!(m.destroy_object(session, key), CKR_OK);
        }
    }
}
