//! Ways to a value that must not be read, or to a key under which nothing may be decrypted: each was one once, here or
//! elsewhere. docs/decisions/0023.

use cryptoki_sys::{
    CKA_ALWAYS_AUTHENTICATE, CKA_CLASS, CKA_DECRYPT, CKA_DERIVE, CKA_EC_POINT, CKA_ENCRYPT, CKA_EXTRACTABLE,
    CKA_KEY_TYPE, CKA_PRIVATE, CKA_TOKEN, CKA_TRUSTED, CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE,
    CKA_VALUE_LEN, CKA_WRAP, CKA_WRAP_WITH_TRUSTED, CKD_NULL, CKD_SHA1_KDF, CKD_SHA256_KDF, CKG_MGF1_SHA256,
    CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_RSA_PKCS,
    CKM_RSA_X_509, CKM_SHA256, CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKR_BUFFER_TOO_SMALL,
    CKR_ENCRYPTED_DATA_INVALID, CKR_HOST_MEMORY, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SAVED_STATE_INVALID,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
};
use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, setrlimit};
use pkcs11_tests::keys::{Kind, Pair, attribute, generate};
use pkcs11_tests::raw::parameters::{ctr, ecdh1, gcm, oaep, with};
use pkcs11_tests::{Attribute, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{ENCRYPTION, aes, create, open_aes, opened, secret_template, whole};
use crate::wrapping::kind;

on_claviger!(
    a_block_is_not_cut_to_bytes_that_can_be_tried,
    what_is_cut_off_is_not_looked_at,
    a_private_key_is_not_unwrapped_where_each_bit_can_be_changed,
    a_short_tag_guards_no_key,
    a_key_that_wants_trust_is_not_wrapped_as_a_bare_number,
    wrong_padding_and_wrong_contents_are_one_error,
    raw_rsa_gives_the_last_bytes_and_looks_at_no_other,
    a_secret_is_not_derived_in_bytes_that_can_be_tried,
    other_input_after_a_small_buffer_has_its_own_output,
    one_login_is_for_one_input,
    a_digest_of_a_private_key_ends_with_its_login,
    wrong_padding_leaves_nothing_of_what_precedes_it,
    input_for_which_there_is_no_memory_is_an_error_and_not_the_end,
);

/// A key that only unwraps, and of whose keys nothing can be read.
fn unwrapping(t: &Test, session: u64) -> u64 {
    let closed = Template::new().boolean(CKA_EXTRACTABLE, false);
    let template = secret_template(CKK_AES, &[1; 32])
        .boolean(CKA_ENCRYPT, false)
        .boolean(CKA_DECRYPT, false)
        .boolean(CKA_WRAP, false)
        .boolean(CKA_UNWRAP, true)
        .with(Attribute::nested(CKA_UNWRAP_TEMPLATE, closed));
    create(t.module, session, &template)
}

fn generic(len: u64) -> Template {
    kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET).ulong(CKA_VALUE_LEN, len)
}

/// One byte that is not known is found in 256 trials, then the next: a check value or a MAC says when it is.
/// SoftHSM does not unwrap with this mechanism: `CKR_MECHANISM_INVALID`.
fn a_block_is_not_cut_to_bytes_that_can_be_tried(t: &Test) {
    let session = t.token().user_session();
    let key = unwrapping(t, session);
    let (one, two) = ([7; 16], [8; 32]);
    for by in [with(CKM_AES_CBC, &[9u8; 16]), mechanism(CKM_AES_ECB)] {
        let unwrap = |wrapped: &[u8], template: &Template| {
            t.module.unwrap_key(session, Some(&by), key, Sent::from(wrapped), template).0
        };
        for len in (0..14).chain([17, 32, u64::MAX]) {
            assert_rv!(unwrap(&one, &generic(len)), CKR_WRAPPED_KEY_LEN_RANGE, "{len} of 16");
        }
        // The first of two blocks may be one that somebody knows.
        for len in (0..30).chain([33]) {
            assert_rv!(unwrap(&two, &generic(len)), CKR_WRAPPED_KEY_LEN_RANGE, "{len} of 32");
        }
        for (wrapped, lens) in [(&one[..], 14..=16), (&two[..], 30..=32)] {
            for len in lens {
                assert_rv!(unwrap(wrapped, &generic(len)), CKR_OK, "{len}");
            }
        }
        let of_aes = |len| kind(CKO_SECRET_KEY, CKK_AES).ulong(CKA_VALUE_LEN, len);
        assert_rv!(unwrap(&two, &of_aes(16)), CKR_WRAPPED_KEY_LEN_RANGE);
        assert_rv!(unwrap(&two, &of_aes(24)), CKR_OK);
    }
    let counter = ctr(128, [3; 16]);
    for len in [1, 8, 13] {
        let template = kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        let by = counter.mechanism();
        let (rv, _) = t.module.unwrap_key(session, Some(&by), key, Sent::from(&two[..len]), &template);
        assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE, "{len}");
    }
}

/// If only zeros came off, the answer would tell what a block ends in: the caller chooses what it is combined with.
/// SoftHSM does not have the mechanism: `CKR_MECHANISM_INVALID`.
fn what_is_cut_off_is_not_looked_at(t: &Test) {
    let session = t.token().user_session();
    let key = unwrapping(t, session);
    let mut vector = [0u8; 16];
    for last in 0..=255 {
        vector[15] = last;
        let by = with(CKM_AES_CBC, &vector);
        let (rv, made) = t.module.unwrap_key(session, Some(&by), key, Sent::from(&[7; 16]), &generic(15));
        assert_rv!(rv, CKR_OK, "{last}");
        assert_rv!(t.module.destroy_object(session, made), CKR_OK);
    }
}

/// SoftHSM does not have the mechanism: `CKR_MECHANISM_INVALID`.
fn a_private_key_is_not_unwrapped_where_each_bit_can_be_changed(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let private = Kind::P256.private_template().boolean(CKA_EXTRACTABLE, true);
    let (rv, _, key) = t.module.generate_key_pair(
        session,
        Some(&Kind::P256.generator()),
        &Kind::P256.public_template(),
        &private,
    );
    assert_rv!(rv, CKR_OK);
    let vector = [5; 12];
    let sealing = gcm(Sent::from(&vector), Sent::null(0), 128);
    let mut out = [0; 512];
    let by = sealing.mechanism();
    let (rv, len) = t.module.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    let sealed = &out[..usize::try_from(len).unwrap()];
    let template = kind(CKO_PRIVATE_KEY, CKK_EC);
    let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(sealed), &template);
    assert_rv!(rv, CKR_OK);
    // GCM is counter mode from the vector and the number 2 on, with a tag after it.
    let mut start = [0; 16];
    start[..12].copy_from_slice(&vector);
    start[15] = 2;
    let counter = ctr(128, start);
    for by in [counter.mechanism(), with(CKM_AES_CBC, &[0u8; 16]), mechanism(CKM_AES_ECB)] {
        let bare = &sealed[..sealed.len() - 16];
        let bare =
            if by.mechanism == CKM_AES_CBC || by.mechanism == CKM_AES_ECB { &bare[..64] } else { bare };
        let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(bare), &template);
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "{:#x}", by.mechanism);
    }
}

/// SoftHSM does not unwrap with GCM: `CKR_MECHANISM_INVALID`.
fn a_short_tag_guards_no_key(t: &Test) {
    let session = t.token().user_session();
    let (wrapping, key) = (aes(t.module, session, &[1; 32]), open_aes(t.module, session, &[2; 32]));
    for tag_bits in [32, 64] {
        let sealing = gcm(Sent::from(&[5; 12]), Sent::null(0), tag_bits);
        let by = sealing.mechanism();
        let template = kind(CKO_SECRET_KEY, CKK_AES);
        let sealed = whole(t.module, ENCRYPTION, session, &by, wrapping, &[2; 32]).unwrap();
        let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&sealed), &template);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{tag_bits}");
        let (rv, _) = t.module.wrap_key(session, Some(&by), wrapping, key, Out::query());
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{tag_bits}");
    }
}

/// A key of 32 bytes to the power of 3 or 17 is a number below the modulus: its root is the key.
/// SoftHSM answers `CKR_ATTRIBUTE_READ_ONLY` to the officer who sets CKA_TRUSTED; footnote 10 of section 4.2 lets
/// him.
fn a_key_that_wants_trust_is_not_wrapped_as_a_bare_number(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::Rsa, true, "trusted");
    assert_rv!(t.module.logout(session), CKR_OK);
    let officer = token.so_session();
    let trust = Template::new().boolean(CKA_TRUSTED, true);
    assert_rv!(t.module.set_attribute_values(officer, pair.public, &trust), CKR_OK);
    assert_rv!(t.module.close_session(officer), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, cryptoki_sys::CKU_USER, pkcs11_tests::USER_PIN.into()), CKR_OK);
    let template = opened(secret_template(CKK_AES, &[2; 16])).boolean(CKA_WRAP_WITH_TRUSTED, true);
    let key = create(t.module, session, &template);
    let padded = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0));
    for (by, expected) in [(mechanism(CKM_RSA_X_509), CKR_KEY_NOT_WRAPPABLE), (padded.mechanism(), CKR_OK)] {
        let (rv, _) = t.module.wrap_key(session, Some(&by), pair.public, key, Out::buffer(&mut [0; 256]));
        assert_rv!(rv, expected, "{:#x}", by.mechanism);
    }
}

/// SoftHSM does not unwrap with this mechanism: `CKR_MECHANISM_INVALID`.
fn wrong_padding_and_wrong_contents_are_one_error(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let sealed = whole(t.module, ENCRYPTION, session, &mechanism(CKM_AES_ECB), wrapping, &[0; 32]).unwrap();
    let (mut refused, mut vector) = (0, [0u8; 16]);
    for template in [kind(CKO_SECRET_KEY, CKK_AES), generic(8), kind(CKO_PRIVATE_KEY, CKK_EC)] {
        for last in 0..=255 {
            vector[15] = last;
            let by = with(CKM_AES_CBC_PAD, &vector);
            // Of one block, whose last byte is what stands in the vector: 1 and 16 are padding.
            let (rv, _) =
                t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&sealed[..16]), &template);
            assert_rv!(rv, CKR_WRAPPED_KEY_INVALID, "{last}");
            refused += 1;
        }
    }
    assert_eq!(refused, 3 * 256);
    let by = with(CKM_AES_CBC_PAD, &vector);
    let template = kind(CKO_SECRET_KEY, CKK_AES);
    let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&sealed[..15]), &template);
    assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE, "anybody sees that this is no block");
}

/// If zeros had to stand before the key, the answer would tell how large the number is.
/// SoftHSM does not unwrap with CKM_RSA_X_509: `CKR_MECHANISM_INVALID`.
fn raw_rsa_gives_the_last_bytes_and_looks_at_no_other(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    let by = mechanism(CKM_RSA_X_509);
    for first in [0u8, 1, 0x40] {
        let mut number = [7; 256];
        number[0] = first;
        let sealed = whole(t.module, ENCRYPTION, session, &by, pair.public, &number).unwrap();
        let unwrap = |template: &Template| {
            t.module.unwrap_key(session, Some(&by), pair.private, Sent::from(&sealed), template)
        };
        for len in [14u8, 32, 255] {
            let (rv, key) = unwrap(&opened(generic(len.into())));
            assert_rv!(rv, CKR_OK, "{len}");
            assert_eq!(attribute(t.module, session, key, CKA_VALUE), vec![7; len.into()]);
        }
        for len in [0, 1, 13, 257] {
            assert_rv!(unwrap(&generic(len)).0, CKR_WRAPPED_KEY_LEN_RANGE, "{len}");
        }
        assert_rv!(unwrap(&kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET)).0, CKR_TEMPLATE_INCOMPLETE);
    }
}

/// SoftHSM derives one byte (`CKR_OK`); the standard lets a token, and docs/decisions/0023 is ours.
fn a_secret_is_not_derived_in_bytes_that_can_be_tried(t: &Test) {
    let session = t.token().user_session();
    let pair = || {
        let private = Kind::P256.private_template().boolean(CKA_DERIVE, true).boolean(CKA_TOKEN, false);
        let generator = Kind::P256.generator();
        let public = Kind::P256.public_template();
        let (rv, public, private) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
        assert_rv!(rv, CKR_OK);
        Pair { public, private }
    };
    let (own, other) = (pair(), pair());
    let point = attribute(t.module, session, other.public, CKA_EC_POINT);
    for kdf in [CKD_NULL, CKD_SHA1_KDF, CKD_SHA256_KDF] {
        let by = ecdh1(kdf, Sent::null(0), Sent::from(&point[2..]));
        let derive = |len| {
            let template = Template::new()
                .ulong(CKA_CLASS, CKO_SECRET_KEY)
                .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
                .ulong(CKA_VALUE_LEN, len);
            t.module.derive_key(session, Some(&by.mechanism()), own.private, &template).0
        };
        for len in 0..14 {
            assert_rv!(derive(len), CKR_KEY_SIZE_RANGE, "{kdf} {len}");
        }
        assert_rv!(derive(14), CKR_OK, "{kdf}");
    }
}

/// Section 5.2: output is what is produced from the input to the function.
/// SoftHSM answers `CKR_BUFFER_TOO_SMALL` and a length of whole blocks (16, not 14), which section 5.2 allows.
fn other_input_after_a_small_buffer_has_its_own_output(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let (key, by) = (aes(m, session, &[1; 32]), with(CKM_AES_CBC_PAD, &[0u8; 16]));
    let sealed = |data: &[u8]| whole(m, ENCRYPTION, session, &by, key, data).unwrap();
    let (first, second) = (sealed(b"the first text"), sealed(b"another"));
    let mut out = [0; 64];
    for (next, expected) in [(&first, &b"the first text"[..]), (&second, b"another")] {
        assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
        let answer = m.decrypt(session, Sent::from(&first), Out::buffer(&mut out[..3]));
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 14));
        let (rv, len) = m.decrypt(session, Sent::from(next), Out::query());
        assert_rv!(rv, CKR_OK);
        assert!(len >= expected.len() as u64);
        let (rv, len) = m.decrypt(session, Sent::from(next), Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK);
        assert_eq!(&out[..usize::try_from(len).unwrap()], expected);
        assert_rv!(m.decrypt(session, Sent::from(next), Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// Section 4.10: a key that wants a login for each use gives no second result for it, after a small buffer neither.
/// SoftHSM names the length of the modulus (256, not 14), which section 5.2 allows.
fn one_login_is_for_one_input(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let private =
        Kind::Rsa.private_template().boolean(CKA_ALWAYS_AUTHENTICATE, true).boolean(CKA_DECRYPT, true);
    let (generator, public) = (Kind::Rsa.generator(), Kind::Rsa.public_template());
    let (rv, public, private) = m.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_RSA_PKCS);
    let sealed = |data: &[u8]| whole(m, ENCRYPTION, session, &by, public, data).unwrap();
    let (first, second) = (sealed(b"the first text"), sealed(b"another"));
    let mut out = [0; 256];
    for (next, expected) in [(&first, CKR_OK), (&second, CKR_OPERATION_NOT_INITIALIZED)] {
        assert_rv!(m.decrypt_init(session, Some(&by), private), CKR_OK);
        let pin = Sent::from(pkcs11_tests::USER_PIN);
        assert_rv!(m.login(session, cryptoki_sys::CKU_CONTEXT_SPECIFIC, pin), CKR_OK);
        let answer = m.decrypt(session, Sent::from(&first), Out::buffer(&mut out[..3]));
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 14));
        assert_rv!(m.decrypt(session, Sent::from(next), Out::query()).0, CKR_OK, "a query ends nothing");
        assert_rv!(m.decrypt(session, Sent::from(next), Out::buffer(&mut out)).0, expected);
    }
}

/// SoftHSM gives the digest (`CKR_OK`); section 5.6.10 takes private objects away at logout.
fn a_digest_of_a_private_key_ends_with_its_login(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let (key, by) = (aes(m, session, &[1; 32]), mechanism(CKM_SHA256));
    let public = create(m, session, &secret_template(CKK_AES, &[1; 32]).boolean(CKA_PRIVATE, false));
    let pin = Sent::from(pkcs11_tests::USER_PIN);
    let mut out = [0; 32];
    for (digested, expected) in [(key, CKR_OPERATION_NOT_INITIALIZED), (public, CKR_OK)] {
        assert_rv!(m.digest_init(session, Some(&by)), CKR_OK);
        assert_rv!(m.digest_key(session, digested), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
        assert_rv!(m.digest_final(session, Out::buffer(&mut out)).0, expected);
        assert_rv!(m.login(session, cryptoki_sys::CKU_USER, pin), CKR_OK);
        if digested == key {
            assert_eq!(out, [0; 32]);
        }
    }
    // A state that was saved before goes on under no other login, not even of the same user.
    for (another, expected) in [(false, CKR_OK), (true, CKR_SAVED_STATE_INVALID)] {
        let key = aes(m, session, &[1; 32]);
        assert_rv!(m.digest_init(session, Some(&by)), CKR_OK);
        assert_rv!(m.digest_key(session, key), CKR_OK);
        let mut state = vec![0; 1024];
        let (rv, len) = m.operation_state(session, Out::buffer(&mut state));
        assert_rv!(rv, CKR_OK);
        state.truncate(usize::try_from(len).unwrap());
        if another {
            assert_rv!(m.logout(session), CKR_OK);
            assert_rv!(m.login(session, cryptoki_sys::CKU_USER, pin), CKR_OK);
        }
        assert_rv!(m.set_operation_state(session, Sent::from(&state), 0, 0), expected);
        assert_rv!(m.logout(session), CKR_OK);
        assert_rv!(m.digest_final(session, Out::buffer(&mut out)).0, CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.login(session, cryptoki_sys::CKU_USER, pin), CKR_OK);
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.2 lists `CKR_ENCRYPTED_DATA_INVALID`.
fn wrong_padding_leaves_nothing_of_what_precedes_it(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 32]);
    // Three blocks whose last ends in no padding.
    let sealed = whole(m, ENCRYPTION, session, &with(CKM_AES_CBC, &[0u8; 16]), key, &[0x77; 48]).unwrap();
    assert_rv!(m.decrypt_init(session, Some(&with(CKM_AES_CBC_PAD, &[0u8; 16])), key), CKR_OK);
    let mut out = [0xA5; 64];
    let (rv, _) = m.decrypt(session, Sent::from(&sealed), Out::buffer(&mut out));
    assert_rv!(rv, CKR_ENCRYPTED_DATA_INVALID);
    assert!(out.iter().all(|byte| *byte != 0x77), "{out:02x?}");
}

/// Section 5.1.1: an allocation that fails is `CKR_HOST_MEMORY`; it used to end the host's process.
/// SoftHSM answers `CKR_BUFFER_TOO_SMALL` before it keeps anything.
fn input_for_which_there_is_no_memory_is_an_error_and_not_the_end(t: &Test) {
    const MUCH: usize = 64 << 20;
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 32]);
    let iv = [5; 12];
    let sealing = gcm(Sent::from(&iv), Sent::null(0), 128);
    let (by, pad) = (sealing.mechanism(), with(CKM_AES_CBC_PAD, &[0u8; 16]));
    let (input, template) = (vec![0; MUCH], kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET));
    let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = sizes.split_whitespace().next().unwrap().parse().unwrap();
    // Room for half of it.
    let most = pages * 4096 + MUCH as u64 / 2;
    setrlimit(Resource::RLIMIT_AS, most, RLIM_INFINITY).unwrap();
    assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
    let answer = m.decrypt_update(session, Sent::from(&input), Out::buffer(&mut [0; 1]));
    let unwrapped = m.unwrap_key(session, Some(&by), key, Sent::from(&input), &template);
    let begun = m.encrypt_init(session, Some(&pad), key);
    let result = m.encrypt(session, Sent::from(&input), Out::buffer(&mut [0; 1]));
    setrlimit(Resource::RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY).unwrap();
    assert_rv!(answer.0, CKR_HOST_MEMORY, "a gathered part");
    assert_rv!(unwrapped.0, CKR_HOST_MEMORY, "a key to unwrap");
    assert_rv!(begun, CKR_OK);
    assert_rv!(result.0, CKR_HOST_MEMORY, "a result that does not fit");
    assert_rv!(m.decrypt_update(session, Sent::from(b"x"), Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}
