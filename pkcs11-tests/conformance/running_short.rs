//! Sections 5.1.1 and 5.1.3 for the functions of 5.8 to 5.18: a host without memory, a disk that is full or fails, a
//! token that may not be written, and rows that somebody has altered.

use std::fs;
use std::path::PathBuf;

use cryptoki_sys::{
    CK_RV, CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_KEY_TYPE, CKA_SIGN_RECOVER, CKA_TOKEN, CKA_UNWRAP,
    CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY_RECOVER, CKA_WRAP, CKD_NULL, CKK_AES, CKK_GENERIC_SECRET,
    CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_EC_EDWARDS_KEY_PAIR_GEN,
    CKM_ECDH1_DERIVE, CKM_EDDSA, CKM_GENERIC_SECRET_KEY_GEN, CKM_ML_KEM, CKM_RSA_PKCS, CKM_SHA256,
    CKM_SHAKE_256_KEY_DERIVATION, CKO_DATA, CKO_SECRET_KEY, CKP_ML_KEM_512, CKR_DEVICE_ERROR,
    CKR_DEVICE_MEMORY, CKR_HOST_MEMORY, CKR_OK, CKR_TOKEN_WRITE_PROTECTED,
};
use pkcs11_tests::disk::{be_bound_by_permissions, can_fail, set_mode};
use pkcs11_tests::keys::{Kind, Pair, attribute, generate};
use pkcs11_tests::raw::messages::{Given, Parameters};
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1, gcm, with};
use pkcs11_tests::raw::{limits, shim};
use pkcs11_tests::{Module, Out, Sent, Template, Test, Token, assert_rv, mechanism, on_claviger};
use rusqlite::Connection;

use crate::encapsulating::{encapsulated, kem_pair, open_key};
use crate::secret_keys::{Step, aes, create, open_aes, secret_template};
use crate::wrapping::wrapped;

on_claviger!(
    a_parameter_for_which_there_is_no_memory_is_told_by_every_function_that_takes_one,
    input_that_shares_its_memory_with_output_is_told_when_there_is_no_memory_for_a_copy,
    a_message_that_is_kept_whole_is_told_when_there_is_no_memory_for_it,
    a_value_is_made_or_told_however_much_memory_is_left,
    a_long_key_is_generated_and_derived_or_told_however_much_memory_is_left,
    a_full_disk_takes_no_key_and_says_so,
    a_disk_that_fails_takes_no_key_and_says_so,
    a_token_that_may_not_be_written_takes_no_key_and_says_so,
    a_key_whose_row_was_altered_is_of_no_use,
);

/// What is left to a process while it is asked for more; far less than [`MUCH`].
const LEFT: u64 = 4 << 20;
/// The longest that a parameter points to.
pub(crate) const MUCH: usize = 16 << 20;

pub(crate) fn short_of_memory(call: impl FnOnce() -> CK_RV) -> CK_RV {
    limits::leave_data(Some(LEFT));
    let rv = call();
    limits::leave_data(None);
    rv
}

/// SoftHSM looks at the key first (`CKR_OBJECT_HANDLE_INVALID`): the calls are arranged for our order.
fn a_parameter_for_which_there_is_no_memory_is_told_by_every_function_that_takes_one(t: &Test) {
    limits::keep_no_memory();
    let session = t.token().user_session();
    let m = t.module;
    let aad = vec![0; MUCH];
    let parameters = gcm(Sent::from(&[1; 12]), Sent::from(&aad), 128);
    let by = parameters.mechanism();
    let (by, none) = (Some(&by), Template::new());
    let mut of_message = Parameters::given(&aad, 16);
    let long = of_message.gcm();
    let long = with(CKM_AES_GCM, &long);
    let long = Some(&long);
    let calls: [(&str, &dyn Fn() -> CK_RV); 19] = [
        ("C_EncapsulateKey", &|| m.encapsulate_key(session, by, 1, &none, Out::query()).0),
        ("C_DecapsulateKey", &|| m.decapsulate_key(session, by, 1, &none, Sent::from(&[1; 32])).0),
        ("C_EncryptInit", &|| m.encrypt_init(session, by, 1)),
        ("C_DecryptInit", &|| m.decrypt_init(session, by, 1)),
        ("C_DigestInit", &|| m.digest_init(session, by)),
        ("C_SignInit", &|| m.sign_init(session, by, 1)),
        ("C_SignRecoverInit", &|| m.sign_recover_init(session, by, 1)),
        ("C_VerifyInit", &|| m.verify_init(session, by, 1)),
        ("C_VerifyRecoverInit", &|| m.verify_recover_init(session, by, 1)),
        ("C_VerifySignatureInit", &|| m.verify_signature_init(session, by, 1, Sent::null(0))),
        ("C_MessageSignInit", &|| m.message_sign_init(session, by, 1)),
        ("C_MessageVerifyInit", &|| m.message_verify_init(session, by, 1)),
        ("C_GenerateKey", &|| m.generate_key(session, by, &none).0),
        ("C_GenerateKeyPair", &|| m.generate_key_pair(session, by, &none, &none).0),
        ("C_WrapKey", &|| m.wrap_key(session, by, 1, 1, Out::query()).0),
        ("C_WrapKeyAuthenticated", &|| {
            m.wrap_key_authenticated(session, long, (1, 1), Sent::null(0), Out::query()).0
        }),
        ("C_UnwrapKeyAuthenticated", &|| {
            m.unwrap_key_authenticated(session, long, 1, Sent::from(&[1; 32]), &none, Sent::null(0)).0
        }),
        ("C_UnwrapKey", &|| m.unwrap_key(session, by, 1, Sent::from(&[1; 32]), &none).0),
        ("C_DeriveKey", &|| m.derive_key(session, by, 1, &none).0),
    ];
    for (name, call) in calls {
        assert_rv!(short_of_memory(call), CKR_HOST_MEMORY, "{name}");
    }
    let key = aes(m, session, &[1; 16]);
    assert_rv!(m.encrypt_init(session, by, key), CKR_OK, "with memory all is well");
}

/// Section 5.1.1: an allocation that fails is an error of the call, wherever on its way into the token it comes.
/// SoftHSM 2.6.1 crashes here: the process ends with status 5; section 5.1.1 has `CKR_HOST_MEMORY`.
fn a_value_is_made_or_told_however_much_memory_is_left(t: &Test) {
    limits::keep_no_memory();
    let session = t.token().user_session();
    let m = t.module;
    for of_token in [false, true] {
        let template = Template::new().ulong(CKA_CLASS, CKO_DATA).boolean(CKA_TOKEN, of_token);
        let template = template.bytes(CKA_VALUE, vec![7; MUCH]);
        let mut met = std::collections::BTreeSet::new();
        for left in (2..=200).step_by(18) {
            limits::leave_data(Some(left << 20));
            let (rv, object) = m.create_object(session, &template);
            limits::leave_data(None);
            assert!([CKR_OK, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY].contains(&rv), "{left} MiB: {rv:#x}");
            met.insert(rv);
            if rv == CKR_OK {
                assert_rv!(m.destroy_object(session, object), CKR_OK);
            }
        }
        assert!(met.contains(&CKR_OK) && met.contains(&CKR_HOST_MEMORY), "{met:x?}");
    }
}

fn a_long_key_is_generated_and_derived_or_told_however_much_memory_is_left(t: &Test) {
    limits::keep_no_memory();
    let session = t.token().user_session();
    let m = t.module;
    let secret = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let base = secret_template(CKK_GENERIC_SECRET, &[7; 32]).boolean(CKA_DERIVE, true);
    let base = create(m, session, &base);
    for of_token in [false, true] {
        let template = secret.clone().boolean(CKA_TOKEN, of_token).ulong(CKA_VALUE_LEN, MUCH as u64);
        let generate = || m.generate_key(session, Some(&mechanism(CKM_GENERIC_SECRET_KEY_GEN)), &template);
        let derive =
            || m.derive_key(session, Some(&mechanism(CKM_SHAKE_256_KEY_DERIVATION)), base, &template);
        let calls: [&dyn Fn() -> (CK_RV, u64); 2] = [&generate, &derive];
        for call in calls {
            let mut met = std::collections::BTreeSet::new();
            for left in (2..=200).step_by(18) {
                limits::leave_data(Some(left << 20));
                let (rv, object) = call();
                limits::leave_data(None);
                assert!([CKR_OK, CKR_HOST_MEMORY, CKR_DEVICE_MEMORY].contains(&rv), "{left} MiB: {rv:#x}");
                met.insert(rv);
                if rv == CKR_OK {
                    assert_rv!(m.destroy_object(session, object), CKR_OK);
                }
            }
            assert!(met.contains(&CKR_OK) && met.contains(&CKR_HOST_MEMORY), "{met:x?}");
        }
    }
}

/// Section 5.2 lets both be one memory, for which the input is copied.
/// About the copy that ours makes of shared input; SoftHSM makes none.
fn input_that_shares_its_memory_with_output_is_told_when_there_is_no_memory_for_a_copy(t: &Test) {
    limits::keep_no_memory();
    let session = t.token().user_session();
    let m = t.module;
    let mut memory = vec![0; 2 * MUCH];
    let len = memory.len() as u64;
    let start = memory.as_mut_ptr();
    let steps: [(&str, Step); 12] = [
        ("C_Encrypt", Module::encrypt),
        ("C_EncryptUpdate", Module::encrypt_update),
        ("C_Decrypt", Module::decrypt),
        ("C_DecryptUpdate", Module::decrypt_update),
        ("C_Digest", Module::digest),
        ("C_Sign", Module::sign),
        ("C_SignRecover", Module::sign_recover),
        ("C_VerifyRecover", Module::verify_recover),
        ("C_DigestEncryptUpdate", Module::digest_encrypt_update),
        ("C_DecryptDigestUpdate", Module::decrypt_digest_update),
        ("C_SignEncryptUpdate", Module::sign_encrypt_update),
        ("C_DecryptVerifyUpdate", Module::decrypt_verify_update),
    ];
    for (name, step) in steps {
        let call = || step(m, session, Sent::at(start, len), Out::over(Sent::at(start, 0), len)).0;
        assert_rv!(short_of_memory(call), CKR_HOST_MEMORY, "{name}");
    }
}

/// EdDSA goes through its message twice, and so keeps it (RFC 8032 section 5.1.6).
/// SoftHSM answers `CKR_OPERATION_NOT_INITIALIZED` to a part.
fn a_message_that_is_kept_whole_is_told_when_there_is_no_memory_for_it(t: &Test) {
    limits::keep_no_memory();
    let session = t.token().user_session();
    let m = t.module;
    let generation = mechanism(CKM_EC_EDWARDS_KEY_PAIR_GEN);
    let public = Template::new().bytes(CKA_EC_PARAMS, b"\x06\x03\x2b\x65\x70");
    let (rv, public, private) = m.generate_key_pair(session, Some(&generation), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    let (by, message) = (mechanism(CKM_EDDSA), vec![0; MUCH]);
    assert_rv!(m.sign_init(session, Some(&by), private), CKR_OK);
    assert_rv!(short_of_memory(|| m.sign_update(session, Sent::from(&message))), CKR_HOST_MEMORY);
    assert_rv!(m.verify_init(session, Some(&by), public), CKR_OK);
    assert_rv!(short_of_memory(|| m.verify_update(session, Sent::from(&message))), CKR_HOST_MEMORY);
    let kept = || m.verify_signature_init(session, Some(&by), public, Sent::from(&message));
    assert_rv!(short_of_memory(kept), CKR_HOST_MEMORY);
    assert_rv!(kept(), CKR_OK);
    let rv = short_of_memory(|| m.verify_signature_update(session, Sent::from(&message)));
    assert_rv!(rv, CKR_HOST_MEMORY);
    assert_rv!(m.message_sign_init(session, Some(&by), private), CKR_OK);
    assert_rv!(m.message_verify_init(session, Some(&by), public), CKR_OK);
    let (sent, more) = (Sent::from(&message), Sent::null(0));
    let sign = || m.sign_message_next(session, Given::none(), sent, Out::without_length(&mut [])).0;
    assert_rv!(m.sign_message_begin(session, Given::none()), CKR_OK);
    assert_rv!(short_of_memory(sign), CKR_HOST_MEMORY);
    assert_rv!(m.verify_message_begin(session, Given::none()), CKR_OK);
    let verify = || m.verify_message_next(session, Given::none(), sent, more);
    assert_rv!(short_of_memory(verify), CKR_HOST_MEMORY);
}

/// What it takes to make a key in each of the four ways.
struct Workshop<'a> {
    m: &'a Module,
    session: u64,
    wrapping: u64,
    blob: Vec<u8>,
    agreement: Pair,
    point: Vec<u8>,
    /// A key that is wrapped with its tag apart.
    sealed: (Parameters, Vec<u8>),
    kem: Pair,
    ciphertext: Vec<u8>,
}

fn workshop(m: &Module, session: u64) -> Workshop<'_> {
    let wrapping = aes(m, session, &[1; 32]);
    let blob = wrapped(m, session, CKM_AES_KEY_WRAP, wrapping, open_aes(m, session, &[2; 16])).unwrap();
    let private = Kind::P256.private_template().boolean(CKA_DERIVE, true);
    let (rv, public, private) =
        m.generate_key_pair(session, Some(&Kind::P256.generator()), &Kind::P256.public_template(), &private);
    assert_rv!(rv, CKR_OK);
    let point = attribute(m, session, public, cryptoki_sys::CKA_EC_POINT);
    let kem = kem_pair(m, session, CKP_ML_KEM_512, false);
    let (ciphertext, _) = encapsulated(m, session, kem.public, &open_key(CKK_AES));
    let (mut parameters, mut sealed) = (Parameters::given(&[7; 12], 16), vec![0; 16]);
    let (by, out) = (parameters.gcm(), Out::buffer(&mut sealed));
    let (by, keys) = (with(CKM_AES_GCM, &by), (wrapping, open_aes(m, session, &[2; 16])));
    assert_rv!(m.wrap_key_authenticated(session, Some(&by), keys, Sent::null(0), out).0, CKR_OK);
    let (agreement, sealed) = (Pair { public, private }, (parameters, sealed));
    Workshop { m, session, wrapping, blob, agreement, point, sealed, kem, ciphertext }
}

impl Workshop<'_> {
    fn secret() -> Template {
        Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES).boolean(CKA_TOKEN, true)
    }

    fn agreeing(&self) -> Parameterised<cryptoki_sys::CK_ECDH1_DERIVE_PARAMS> {
        ecdh1(CKD_NULL, Sent::null(0), Sent::from(&self.point))
    }

    /// Each way with what it answers, for keys of the token.
    fn makes_keys(&self) -> [(&'static str, CK_RV); 7] {
        let (m, session, on_token) = (self.m, self.session, Template::new().boolean(CKA_TOKEN, true));
        let mut public = Kind::P256.public_template();
        public.0.extend(on_token.0.clone());
        let sized = Self::secret().ulong(CKA_VALUE_LEN, 16);
        let (generation, unwrapping) = (mechanism(CKM_AES_KEY_GEN), mechanism(CKM_AES_KEY_WRAP));
        let agreeing = self.agreeing();
        let blob = Sent::from(&self.blob);
        let kem = mechanism(CKM_ML_KEM);
        let (ciphertext, mut place) = (Sent::from(&self.ciphertext), [0; 768]);
        let (mut parameters, sealed) = self.sealed.clone();
        let of_message = parameters.gcm();
        let (of_message, sealed) = (with(CKM_AES_GCM, &of_message), Sent::from(&sealed));
        let (unwraps, secret) = (self.wrapping, Self::secret());
        let apart = || {
            let (by, none) = (Some(&of_message), Sent::null(0));
            m.unwrap_key_authenticated(session, by, unwraps, sealed, &secret, none).0
        };
        [
            ("C_UnwrapKeyAuthenticated", apart()),
            (
                "C_EncapsulateKey",
                m.encapsulate_key(
                    session,
                    Some(&kem),
                    self.kem.public,
                    &Self::secret(),
                    Out::buffer(&mut place),
                )
                .0,
            ),
            (
                "C_DecapsulateKey",
                m.decapsulate_key(session, Some(&kem), self.kem.private, &Self::secret(), ciphertext).0,
            ),
            ("C_GenerateKey", m.generate_key(session, Some(&generation), &sized).0),
            (
                "C_GenerateKeyPair",
                m.generate_key_pair(session, Some(&Kind::P256.generator()), &public, &on_token).0,
            ),
            ("C_UnwrapKey", m.unwrap_key(session, Some(&unwrapping), self.wrapping, blob, &Self::secret()).0),
            (
                "C_DeriveKey",
                m.derive_key(session, Some(&agreeing.mechanism()), self.agreement.private, &sized).0,
            ),
        ]
    }

    fn is_refused(&self, expected: CK_RV) {
        for (call, rv) in self.makes_keys() {
            assert_rv!(rv, expected, "{call}");
        }
    }
}

fn on_the_token(token: &Token, session: u64) -> usize {
    token.find(session, &Template::new().boolean(CKA_TOKEN, true)).len()
}

/// A disk that is made to fail, and then works again: no key came about meanwhile, and then each does.
fn with_a_disk(t: &Test, fail: fn(), expected: CK_RV) {
    if !can_fail(t) {
        return;
    }
    let token = t.token();
    let session = token.user_session();
    let workshop = workshop(t.module, session);
    fail();
    workshop.is_refused(expected);
    shim::arm(0);
    assert_eq!(on_the_token(&token, session), 0);
    workshop.is_refused(CKR_OK);
    assert_eq!(on_the_token(&token, session), 8);
}

/// SoftHSM answers `CKR_OK` to C_GenerateKey; section 5.1.3 has `CKR_DEVICE_MEMORY`.
fn a_full_disk_takes_no_key_and_says_so(t: &Test) {
    with_a_disk(t, shim::arm_full, CKR_DEVICE_MEMORY);
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.1.3 has `CKR_DEVICE_ERROR`.
fn a_disk_that_fails_takes_no_key_and_says_so(t: &Test) {
    with_a_disk(t, || shim::arm(-1), CKR_DEVICE_ERROR);
}

/// The folder of the one token that has a store.
fn token_folder(t: &Test) -> PathBuf {
    let tokens = fs::read_dir(t.installation.data().join("tokens")).unwrap();
    let mut tokens = tokens.map(|entry| entry.unwrap().path());
    tokens.find(|folder| folder.join("store.db").exists()).expect("a token with a store")
}

/// Logins are counted beside the store: that can go on being written.
/// About files of ours, by name.
fn a_token_that_may_not_be_written_takes_no_key_and_says_so(t: &Test) {
    be_bound_by_permissions(t);
    let token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    let folder = token_folder(t);
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let counts = ["counters", "store.lock"].iter().any(|name| entry.file_name() == *name);
        set_mode(&entry.path(), if counts { 0o600 } else { 0o400 });
    }
    set_mode(&folder, 0o500);
    assert_rv!(t.module.initialize_for_threads(), CKR_OK);
    let session = token.user_session();
    let workshop = workshop(t.module, session);
    workshop.is_refused(CKR_TOKEN_WRITE_PROTECTED);
    assert_eq!(on_the_token(&token, session), 0);
    // The folder is to be removed by whoever made it.
    set_mode(&folder, 0o700);
}

/// What the functions of 3.0 and 3.2 answer with keys whose rows were altered.
fn since_3(m: &Module, session: u64, secret: u64, pair: Pair) -> Vec<(&'static str, CK_RV)> {
    let (rsa, of_messages, key) =
        (mechanism(CKM_RSA_PKCS), mechanism(CKM_AES_GCM), open_aes(m, session, &[2; 16]));
    let Pair { public, private } = pair;
    let (mut parameters, none, template) =
        (Parameters::given(&[7; 12], 16), Sent::null(0), Workshop::secret());
    let apart = parameters.gcm();
    let apart = with(CKM_AES_GCM, &apart);
    vec![
        ("C_MessageSignInit", m.message_sign_init(session, Some(&rsa), private)),
        ("C_MessageVerifyInit", m.message_verify_init(session, Some(&rsa), public)),
        ("C_MessageEncryptInit", m.message_encrypt_init(session, Some(&of_messages), secret)),
        ("C_MessageDecryptInit", m.message_decrypt_init(session, Some(&of_messages), secret)),
        (
            "C_VerifySignatureInit",
            m.verify_signature_init(session, Some(&rsa), public, Sent::from(&[1; 256])),
        ),
        (
            "C_WrapKeyAuthenticated",
            m.wrap_key_authenticated(session, Some(&apart), (secret, key), none, Out::query()).0,
        ),
        (
            "C_UnwrapKeyAuthenticated",
            m.unwrap_key_authenticated(session, Some(&apart), secret, Sent::from(&[1; 24]), &template, none)
                .0,
        ),
    ]
}

/// Whoever has the files can alter a row, and nothing is done with it then.
/// About files of ours, by name.
fn a_key_whose_row_was_altered_is_of_no_use(t: &Test) {
    let token = t.token();
    let m = t.module;
    let session = token.user_session();
    let template = secret_template(CKK_AES, &[1; 32]).without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let template = template.boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true);
    let secret = create(m, session, &template);
    let (public, private) = (Kind::Rsa.public_template(), Kind::Rsa.private_template());
    let public = public.boolean(CKA_TOKEN, true).boolean(CKA_VERIFY_RECOVER, true);
    let private = private.boolean(CKA_TOKEN, true).boolean(CKA_SIGN_RECOVER, true);
    let (rv, public, private) = m.generate_key_pair(session, Some(&Kind::Rsa.generator()), &public, &private);
    assert_rv!(rv, CKR_OK);
    let agreement = generate(m, session, Kind::P256, true, "agrees");
    let kem = kem_pair(m, session, CKP_ML_KEM_512, true);
    assert_rv!(m.finalize(), CKR_OK);
    let store = Connection::open(token_folder(t).join("store.db")).unwrap();
    let altered = store.execute("UPDATE row SET body = zeroblob(length(body)) WHERE kind = 1", []).unwrap();
    assert_eq!(altered, 7);
    drop(store);

    assert_rv!(m.initialize_for_threads(), CKR_OK);
    let session = token.user_session();
    let (ecb, rsa, wrap) = (mechanism(CKM_AES_ECB), mechanism(CKM_RSA_PKCS), mechanism(CKM_AES_KEY_WRAP));
    let key = open_aes(m, session, &[2; 16]);
    let point = [4; 65];
    let agreeing = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&point)).mechanism();
    assert_eq!(agreeing.mechanism, CKM_ECDH1_DERIVE);
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let template = Workshop::secret();
    let by_kem = mechanism(CKM_ML_KEM);
    let (by_kem, ciphertext) = (Some(&by_kem), Sent::from(&[0; 768]));
    let pair = Pair { public, private };
    for (call, rv) in since_3(m, session, secret, pair).into_iter().chain([
        ("C_EncryptInit", m.encrypt_init(session, Some(&ecb), secret)),
        ("C_DecryptInit", m.decrypt_init(session, Some(&ecb), secret)),
        ("C_DigestKey", m.digest_key(session, secret)),
        ("C_SignInit", m.sign_init(session, Some(&rsa), private)),
        ("C_SignRecoverInit", m.sign_recover_init(session, Some(&rsa), private)),
        ("C_VerifyInit", m.verify_init(session, Some(&rsa), public)),
        ("C_VerifyRecoverInit", m.verify_recover_init(session, Some(&rsa), public)),
        ("C_WrapKey", m.wrap_key(session, Some(&wrap), secret, key, Out::query()).0),
        ("C_UnwrapKey", m.unwrap_key(session, Some(&wrap), secret, Sent::from(&[1; 24]), &template).0),
        ("C_DeriveKey", m.derive_key(session, Some(&agreeing), agreement.private, &template).0),
        ("C_EncapsulateKey", m.encapsulate_key(session, by_kem, kem.public, &template, Out::query()).0),
        ("C_DecapsulateKey", m.decapsulate_key(session, by_kem, kem.private, &template, ciphertext).0),
    ]) {
        assert_rv!(rv, CKR_DEVICE_ERROR, "{call}");
    }
}
