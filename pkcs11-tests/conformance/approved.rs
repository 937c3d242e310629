//! Approved mode: two tokens side by side, one that offers everything and one that offers what publications of NIST in force
//! have. What the second must do stands here a second time, mechanism by mechanism and operation by operation.

use cryptoki_sys::{
    CK_FLAGS, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_RV, CK_SESSION_HANDLE, CK_ULONG,
    CKA_BASE, CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_KEY_TYPE, CKA_MODULUS, CKA_MODULUS_BITS,
    CKA_OBJECT_VALIDATION_FLAGS, CKA_PRIME, CKA_PUBLIC_EXPONENT, CKA_SIGN, CKA_SUBPRIME, CKA_TOKEN,
    CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKD_NULL, CKF_DECAPSULATE, CKF_DECRYPT, CKF_DERIVE, CKF_DIGEST,
    CKF_ENCAPSULATE, CKF_ENCRYPT, CKF_GENERATE, CKF_GENERATE_KEY_PAIR, CKF_MESSAGE_DECRYPT,
    CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY, CKF_SIGN, CKF_SIGN_RECOVER, CKF_UNWRAP,
    CKF_VERIFY, CKF_VERIFY_RECOVER, CKF_WRAP, CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR,
    CKG_GENERATE_RANDOM, CKG_MGF1_SHA1, CKG_MGF1_SHA256, CKG_NO_GENERATE, CKK_AES, CKK_DSA,
    CKK_GENERIC_SECRET, CKK_RSA, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_GMAC, CKM_AES_KEY_GEN,
    CKM_AES_KEY_WRAP_KWP, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKM_ECDSA_SHA256, CKM_GENERIC_SECRET_KEY_GEN,
    CKM_MD5, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS, CKM_SHA_1, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SHA256_RSA_PKCS, CKM_SHA512_T, CKM_SHA512_T_HMAC, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CURVE_NOT_SUPPORTED, CKR_KEY_SIZE_RANGE,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SESSION_HANDLE_INVALID,
    CKS_LAST_VALIDATION_OK,
};
use pkcs11_tests::keys::{P256, attribute};
use pkcs11_tests::mechanisms::operation::{DIGESTING, ENCRYPTION, SIGNING};
use pkcs11_tests::mechanisms::{Key, Keyring, Keys, ROWS, Row, flags, listed, row, secret, usable};
use pkcs11_tests::raw::messages::{Given, Parameters};
use pkcs11_tests::raw::parameters::{ecdh1, gcm, with};
use pkcs11_tests::token::{LABEL, SO_PIN, USER_PIN, empty_slot};
use pkcs11_tests::{Module, Out, Sent, Template, Test, Token, assert_rv, mechanism, on_claviger, pss};

mod table;

use table::{OPERATIONS, approved};

on_claviger!(
    every_mechanism_does_on_both_tokens_what_the_table_says,
    short_keys_are_refused_and_old_ones_verify,
    weak_hashes_in_parameters_are_refused,
    curves_and_groups_that_nobody_approves_are_refused,
    the_flag_of_the_last_operation_tells_whether_it_met_the_table,
    keys_carry_the_flag_of_how_they_came_to_be,
    initialising_again_does_not_leave_approved_mode,
    the_flags_of_a_session_that_is_not_there_or_of_another_kind_are_refused,
);

/// A token that offers everything, and one in approved mode, of one library.
struct Both<'a> {
    m: &'a Module,
    plain: Token,
    approved: Token,
}

impl Both<'_> {
    fn of(t: &Test) -> Both<'_> {
        let plain = t.token();
        assert_rv!(t.module.finalize(), CKR_OK);
        t.installation.configure_approved();
        assert_rv!(t.module.initialize_for_threads(), CKR_OK);
        let slot = empty_slot(t.module);
        assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        let approved = Token { module: plain.module, slot };
        let session = approved.so_session();
        assert_rv!(t.module.init_pin(session, USER_PIN.into()), CKR_OK);
        assert_rv!(t.module.close_session(session), CKR_OK);
        Both { m: t.module, plain, approved }
    }
}

fn operations(flags: CK_FLAGS) -> CK_FLAGS {
    OPERATIONS.iter().fold(0, |all, one| all | flags & one)
}

/// "A walk over mechanism x approved or not x operation": each call begins alike on both tokens, or the second does not know
/// the mechanism for it.
fn every_mechanism_does_on_both_tokens_what_the_table_says(t: &Test) {
    let both = Both::of(t);
    let m = both.m;
    let (plain, restricted) = (both.plain.user_session(), both.approved.user_session());
    let (keys_here, keys_there) = (Keyring::new(m, plain), Keyring::new(m, restricted));
    let offered = listed(&both.approved);
    let mut walked = 0;
    for row in ROWS {
        let all = operations(flags(&both.plain, row.kind));
        let may = approved(row.kind) & all;
        assert_eq!(offered.contains(&row.kind), may != 0, "{} in the list", row.name);
        let (rv, info) = m.mechanism_info(both.approved.slot, row.kind);
        match may {
            0 => assert_rv!(rv, CKR_MECHANISM_INVALID, "{}", row.name),
            may => {
                assert_rv!(rv, CKR_OK, "{}", row.name);
                assert_eq!(operations(info.flags), may, "{}", row.name);
            }
        }
        let here = keys_here.keys(row.key);
        let there = keys_for_approved(m, (plain, here), (restricted, &keys_there), row);
        for operation in OPERATIONS.into_iter().filter(|operation| all & operation != 0) {
            let expected = begin(m, plain, row, here, operation);
            assert!(expected != CKR_MECHANISM_INVALID, "{} {operation:#x} on the other token", row.name);
            let got = begin(m, restricted, row, there, operation);
            let expected = match (may & operation, row.kind) {
                (0, _) => CKR_MECHANISM_INVALID,
                // The row cuts the digest to a length that FIPS 180-4 does not have.
                (_, CKM_SHA512_T | CKM_SHA512_T_HMAC) => CKR_MECHANISM_PARAM_INVALID,
                _ => expected,
            };
            assert_rv!(got, expected, "{} {operation:#x}", row.name);
            walked += 1;
        }
    }
    assert!(walked > 500, "{walked} operations");
}

/// The keys of a row on the second token: what it does not make is brought, where something can be done with it.
fn keys_for_approved(
    m: &Module,
    (plain, here): (CK_SESSION_HANDLE, Keys),
    (restricted, keyring): (CK_SESSION_HANDLE, &Keyring<'_>),
    row: &Row,
) -> Keys {
    match row.key {
        Key::Pair(kind) if approved(kind.generator) == 0 => {
            let components = [CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE];
            if approved(row.kind) == 0 {
                return Keys { private: 0, public: 0 };
            }
            let template = Template::new()
                .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
                .ulong(CKA_KEY_TYPE, CKK_DSA)
                .boolean(CKA_TOKEN, false)
                .boolean(CKA_VERIFY, true);
            let template = components.iter().fold(template, |template, part| {
                template.bytes(*part, attribute(m, plain, here.public, *part))
            });
            let (rv, public) = m.create_object(restricted, &template);
            assert_rv!(rv, CKR_OK, "{}", row.name);
            Keys { private: 0, public }
        }
        key => keyring.keys(key),
    }
}

/// Begins an operation, and ends it at once.
fn begin(m: &Module, session: CK_SESSION_HANDLE, row: &Row, keys: Keys, operation: CK_FLAGS) -> CK_RV {
    let ready = row.ready();
    let by = &ready.mechanism();
    let nothing = Template::new();
    let rv = match operation {
        CKF_DIGEST => m.digest_init(session, Some(by)),
        CKF_SIGN => m.sign_init(session, Some(by), keys.private),
        CKF_SIGN_RECOVER => m.sign_recover_init(session, Some(by), keys.private),
        CKF_VERIFY => m.verify_init(session, Some(by), keys.public),
        CKF_VERIFY_RECOVER => m.verify_recover_init(session, Some(by), keys.public),
        CKF_ENCRYPT => m.encrypt_init(session, Some(by), keys.public),
        CKF_DECRYPT => m.decrypt_init(session, Some(by), keys.private),
        CKF_WRAP => m.wrap_key(session, Some(by), keys.public, 0, Out::query()).0,
        CKF_UNWRAP => m.unwrap_key(session, Some(by), keys.private, Sent::from(&[1; 16]), &nothing).0,
        CKF_DERIVE => m.derive_key(session, Some(by), 0, &nothing).0,
        CKF_ENCAPSULATE => m.encapsulate_key(session, Some(by), 0, &nothing, Out::query()).0,
        CKF_DECAPSULATE => m.decapsulate_key(session, Some(by), 0, &nothing, Sent::from(&[1; 16])).0,
        CKF_GENERATE => m.generate_key(session, Some(by), &nothing).0,
        CKF_GENERATE_KEY_PAIR => m.generate_key_pair(session, Some(by), &nothing, &nothing).0,
        CKF_MESSAGE_ENCRYPT => m.message_encrypt_init(session, Some(&mechanism(row.kind)), keys.public),
        CKF_MESSAGE_DECRYPT => m.message_decrypt_init(session, Some(&mechanism(row.kind)), keys.private),
        CKF_MESSAGE_SIGN => m.message_sign_init(session, Some(by), keys.private),
        CKF_MESSAGE_VERIFY => m.message_verify_init(session, Some(by), keys.public),
        other => panic!("{other:#x} is no operation"),
    };
    if rv == CKR_OK {
        assert_rv!(m.session_cancel(session, operation), CKR_OK);
    }
    rv
}

fn rsa_template(bits: CK_ULONG) -> Template {
    Template::new()
        .ulong(CKA_MODULUS_BITS, bits)
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_TOKEN, false)
}

fn short_keys_are_refused_and_old_ones_verify(t: &Test) {
    let both = Both::of(t);
    let m = both.m;
    let (plain, restricted) = (both.plain.user_session(), both.approved.user_session());
    let by = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
    let private = Template::new().boolean(CKA_TOKEN, false);
    let (rv, _, _) = m.generate_key_pair(restricted, Some(&by), &rsa_template(1024), &private);
    assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
    // What an old key has signed can be verified.
    let (rv, public, private) = m.generate_key_pair(plain, Some(&by), &rsa_template(1024), &private);
    assert_rv!(rv, CKR_OK);
    let signs = mechanism(CKM_SHA256_RSA_PKCS);
    let signature = SIGNING.whole(m, plain, &signs, private, b"old").expect("a signature");
    let modulus = attribute(m, plain, public, CKA_MODULUS);
    let brought = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, &modulus)
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_TOKEN, false);
    let (rv, public) = m.create_object(restricted, &brought);
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.verify_init(restricted, Some(&signs), public), CKR_OK);
    assert_rv!(m.verify(restricted, Sent::from(b"old"), Sent::from(signature.as_slice())), CKR_OK);
    // 104 bits do not authenticate, 112 do; both verify.
    let judged = [(13, CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID), (14, CKR_OK, CKR_OK)];
    for (len, used, made) in judged {
        let (rv, key) = m.create_object(restricted, &secret(CKK_GENERIC_SECRET, &vec![7; len]));
        assert_rv!(rv, CKR_OK);
        let by = mechanism(CKM_SHA256_HMAC);
        assert_rv!(m.sign_init(restricted, Some(&by), key), used, "{len} bytes");
        let template = Template::new().ulong(CKA_VALUE_LEN, len as CK_ULONG).boolean(CKA_TOKEN, false);
        let by = mechanism(CKM_GENERIC_SECRET_KEY_GEN);
        assert_rv!(m.generate_key(restricted, Some(&by), &template).0, made, "{len} bytes");
        m.session_cancel(restricted, CKF_SIGN);
    }
    let (rv, info) = m.mechanism_info(both.approved.slot, CKM_RSA_PKCS_KEY_PAIR_GEN);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.ulMinKeySize, 2048);
    let (rv, info) = m.mechanism_info(both.approved.slot, CKM_GENERIC_SECRET_KEY_GEN);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.ulMinKeySize, 112);
}

fn weak_hashes_in_parameters_are_refused(t: &Test) {
    let both = Both::of(t);
    let (m, session) = (both.m, both.approved.user_session());
    let keyring = Keyring::new(m, session);
    let keys = keyring.keys(row(CKM_RSA_PKCS_PSS).key);
    for (hash, mask, salt, signs, verifies) in [
        (CKM_SHA256, CKG_MGF1_SHA256, 32, CKR_OK, CKR_OK),
        (CKM_SHA256, CKG_MGF1_SHA256, 33, CKR_MECHANISM_PARAM_INVALID, CKR_MECHANISM_PARAM_INVALID),
        (CKM_SHA_1, CKG_MGF1_SHA1, 20, CKR_MECHANISM_PARAM_INVALID, CKR_OK),
        (CKM_SHA256, CKG_MGF1_SHA1, 20, CKR_MECHANISM_PARAM_INVALID, CKR_OK),
    ] {
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf: mask, sLen: salt };
        let by = pss(CKM_RSA_PKCS_PSS, &parameters);
        assert_rv!(m.sign_init(session, Some(&by), keys.private), signs, "{hash:#x} {salt}");
        assert_rv!(m.verify_init(session, Some(&by), keys.public), verifies, "{hash:#x} {salt}");
        assert_rv!(m.session_cancel(session, CKF_SIGN | CKF_VERIFY), CKR_OK);
    }
}

fn curves_and_groups_that_nobody_approves_are_refused(t: &Test) {
    /// secp256k1 and brainpoolP256r1 (SEC 2, RFC 5639).
    const OTHERS: [&[u8]; 2] =
        [b"\x06\x05\x2b\x81\x04\x00\x0a", b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"];
    let both = Both::of(t);
    let m = both.m;
    let (plain, restricted) = (both.plain.user_session(), both.approved.user_session());
    let by = mechanism(CKM_EC_KEY_PAIR_GEN);
    let private = Template::new().boolean(CKA_TOKEN, false).boolean(CKA_SIGN, true).boolean(CKA_DERIVE, true);
    for (curve, expected) in
        [(P256, CKR_OK), (OTHERS[0], CKR_CURVE_NOT_SUPPORTED), (OTHERS[1], CKR_CURVE_NOT_SUPPORTED)]
    {
        let public = Template::new().bytes(CKA_EC_PARAMS, curve).boolean(CKA_TOKEN, false);
        assert_rv!(m.generate_key_pair(plain, Some(&by), &public, &private).0, CKR_OK);
        assert_rv!(m.generate_key_pair(restricted, Some(&by), &public, &private).0, expected);
    }
    assert!(both.approved.find(restricted, &Template::new().bytes(CKA_EC_PARAMS, OTHERS[0])).is_empty());
}

fn last(m: &Module, session: CK_SESSION_HANDLE) -> CK_FLAGS {
    let (rv, flags) = m.session_validation_flags(session, CKS_LAST_VALIDATION_OK);
    assert_rv!(rv, CKR_OK);
    flags
}

/// Of AES-GCM's messages and wrappings only those count whose vector the token made of 96 random bits.
fn the_vectors_of_messages_tell(m: &Module, session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) {
    for (generator, fixed_bits, meets) in [
        (CKG_GENERATE, 0, 1),
        (CKG_GENERATE_RANDOM, 0, 1),
        (CKG_NO_GENERATE, 0, 0),
        (CKG_GENERATE, 32, 0),
        (CKG_GENERATE_RANDOM, 1, 0),
        (CKG_GENERATE_COUNTER, 0, 0),
        (CKG_GENERATE_COUNTER_XOR, 0, 0),
    ] {
        let mut parameters = Parameters::generated(&[7; 12], fixed_bits, generator, 16);
        assert_rv!(m.message_encrypt_init(session, Some(&mechanism(CKM_AES_GCM)), key), CKR_OK);
        let (mut gcm, mut room) = (parameters.gcm(), [0; 4]);
        let (data, out) = (Sent::from(b"data"), Out::buffer(&mut room));
        assert_rv!(m.encrypt_message(session, Given::of(&mut gcm), Sent::null(0), data, out).0, CKR_OK);
        assert_rv!(m.message_encrypt_final(session), CKR_OK);
        assert_eq!(last(m, session), meets, "{generator} behind {fixed_bits} bits");
    }
}

fn the_flag_of_the_last_operation_tells_whether_it_met_the_table(t: &Test) {
    let both = Both::of(t);
    let m = both.m;
    let (plain, restricted) = (both.plain.user_session(), both.approved.user_session());
    for session in [plain, restricted] {
        assert_eq!(last(m, session), 0, "nothing was done");
        DIGESTING.whole(m, session, &mechanism(CKM_SHA256), 0, b"data").expect("a digest");
        assert_eq!(last(m, session), 1, "SHA-256");
        let keyring = Keyring::new(m, session);
        let ec = keyring.keys(row(CKM_ECDSA).key);
        assert_eq!(last(m, session), 1, "a pair on P-256");
        SIGNING.whole(m, session, &mechanism(CKM_ECDSA), ec.private, &[7; 32]).expect("a signature");
        assert_eq!(last(m, session), 0, "a digest from outside");
        let signature = SIGNING
            .in_parts(m, session, &mechanism(CKM_ECDSA_SHA256), ec.private, &[b"a", b"b"])
            .expect("parts");
        assert_eq!(last(m, session), 1, "signed in parts");
        let aes = keyring.keys(row(CKM_AES_CTR).key);
        ENCRYPTION
            .whole(m, session, &row(CKM_AES_CTR).ready().mechanism(), aes.private, b"data")
            .expect("CTR");
        assert_eq!(last(m, session), 1, "counter mode");
        let parameters = gcm(Sent::from(&[7; 12]), Sent::from(&[]), 128);
        ENCRYPTION.whole(m, session, &parameters.mechanism(), aes.private, b"data").expect("GCM");
        assert_eq!(last(m, session), 0, "the vector is the caller's");
        the_vectors_of_messages_tell(m, session, aes.private);
        DIGESTING.whole(m, session, &mechanism(CKM_SHA256), 0, b"data").expect("a digest");
        let as_gcm = parameters.mechanism();
        let in_a_structure = CK_MECHANISM { mechanism: CKM_AES_GMAC, ..as_gcm };
        for by in [with(CKM_AES_GMAC, &[7_u8; 12]), in_a_structure] {
            SIGNING.whole(m, session, &by, aes.private, b"data").expect("GMAC");
            assert_eq!(last(m, session), 0, "the vector of GMAC is the caller's, in both its forms");
        }
        assert_rv!(m.verify_init(session, Some(&mechanism(CKM_ECDSA_SHA256)), ec.public), CKR_OK);
        assert_rv!(m.verify(session, Sent::from(b"ab"), Sent::from(signature.as_slice())), CKR_OK);
        assert_eq!(last(m, session), 1, "verified");
        // What is asked for alone, and what fails, finishes nothing.
        assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA_1))), CKR_OK);
        assert_rv!(m.digest(session, Sent::from(b"x"), Out::query()).0, CKR_OK);
        assert_eq!(last(m, session), 1);
        assert_rv!(m.session_cancel(session, CKF_DIGEST), CKR_OK);
        let public = attribute(m, session, ec.public, cryptoki_sys::CKA_EC_POINT);
        let parameters = ecdh1(CKD_NULL, Sent::from(&[]), Sent::from(&public[2..]));
        let template = usable(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES))
            .ulong(CKA_VALUE_LEN, 32);
        assert_rv!(m.derive_key(session, Some(&parameters.mechanism()), ec.private, &template).0, CKR_OK);
        assert_eq!(last(m, session), 0, "the shared secret as it is");
    }
    DIGESTING.whole(m, plain, &mechanism(CKM_SHA256), 0, b"data").expect("a digest");
    DIGESTING.whole(m, plain, &mechanism(CKM_MD5), 0, b"data").expect("a digest");
    assert_eq!(last(m, plain), 0, "MD5, where it is offered");
}

fn keys_carry_the_flag_of_how_they_came_to_be(t: &Test) {
    let both = Both::of(t);
    let (m, session) = (both.m, both.approved.user_session());
    let flag = |key: CK_OBJECT_HANDLE| {
        let value = attribute(m, session, key, CKA_OBJECT_VALIDATION_FLAGS);
        CK_ULONG::from_ne_bytes(value.try_into().expect("a number"))
    };
    let template = usable(Template::new()).ulong(CKA_VALUE_LEN, 32);
    let (rv, made) = m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(flag(made), 1, "generated");
    let (rv, brought) = m.create_object(session, &secret(CKK_AES, &[7; 32]));
    assert_rv!(rv, CKR_OK);
    assert_eq!(flag(brought), 0, "brought from outside");
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    let template = usable(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES));
    for wrapping in [made, brought] {
        let mut room = [0; 64];
        let (rv, len) = m.wrap_key(session, Some(&by), wrapping, made, Out::buffer(&mut room));
        assert_rv!(rv, CKR_OK);
        let wrapped = &room[..usize::try_from(len).unwrap()];
        let (rv, key) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(wrapped), &template);
        assert_rv!(rv, CKR_OK);
        assert_eq!(flag(key), 0, "unwrapped: whoever encrypts can have chosen it");
    }
    // Nobody writes it.
    let forged = Template::new().ulong(CKA_OBJECT_VALIDATION_FLAGS, 1);
    assert!(m.set_attribute_values(session, brought, &forged) != CKR_OK);
    assert_eq!(flag(brought), 0);
}

fn initialising_again_does_not_leave_approved_mode(t: &Test) {
    let both = Both::of(t);
    let m = both.m;
    assert_rv!(m.finalize(), CKR_OK);
    t.installation.configure("");
    assert_rv!(m.initialize_for_threads(), CKR_OK);
    for _ in 0..2 {
        assert_rv!(m.init_token(both.approved.slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        assert!(!listed(&both.approved).contains(&CKM_MD5));
        let session = both.approved.open_rw();
        assert_rv!(m.digest_init(session, Some(&mechanism(CKM_MD5))), CKR_MECHANISM_INVALID);
        assert_rv!(m.close_session(session), CKR_OK);
    }
    assert!(listed(&both.plain).contains(&CKM_MD5));
}

fn the_flags_of_a_session_that_is_not_there_or_of_another_kind_are_refused(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.open_ro());
    for kind in [0, 2, CK_ULONG::MAX] {
        assert_rv!(m.session_validation_flags(session, kind).0, CKR_ARGUMENTS_BAD);
    }
    assert_rv!(
        m.session_validation_flags(session + 1000, CKS_LAST_VALIDATION_OK).0,
        CKR_SESSION_HANDLE_INVALID
    );
    assert_rv!(m.session_validation_flags_nowhere(session), CKR_ARGUMENTS_BAD);
    assert_rv!(m.finalize(), CKR_OK);
    let (rv, _) = m.session_validation_flags(session, CKS_LAST_VALIDATION_OK);
    assert_rv!(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}
