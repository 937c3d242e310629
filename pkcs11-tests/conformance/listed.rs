//! Return values that the functions of sections 5.8 to 5.20 list, each where it is told, a table for each situation.

use cryptoki_sys::{
    CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS, CKA_CLASS, CKA_DECAPSULATE, CKA_ENCAPSULATE, CKA_KEY_TYPE,
    CKA_MODULUS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKG_MGF1_SHA256, CKK_AES, CKK_RSA, CKM_AES_CBC_PAD,
    CKM_AES_ECB, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA256, CKM_SHA256_HMAC, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_KEY_SIZE_RANGE, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_LEN_RANGE, CKR_UNWRAPPING_KEY_SIZE_RANGE,
    CKR_USER_NOT_LOGGED_IN, CKR_WRAPPING_KEY_SIZE_RANGE,
};
use pkcs11_tests::keys::{Kind, Pair, generate, sign};
use pkcs11_tests::program::{openssl, run, run_with_input, unhex};
use pkcs11_tests::raw::parameters::{ctr, with};
use pkcs11_tests::raw::words::Function;
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger, pss};

use crate::secret_keys::{ENCRYPTION, Step, aes, create, generic, open_aes, secret_template, whole};

on_both!(without_the_library_nothing_begins_and_nothing_goes_on);
on_claviger!(
    an_operation_of_a_private_key_says_that_its_login_is_over,
    a_part_or_an_end_that_does_not_fit_is_kept,
    a_mechanism_that_cannot_be_there_is_a_bad_argument,
    parts_that_come_to_too_much_are_refused_at_once,
    a_message_of_the_wrong_length_is_told_at_the_end,
    a_counter_that_would_run_over_is_told_by_every_function_that_moves_it,
    what_ends_wrongly_is_told_at_the_end,
    a_number_above_the_modulus_is_no_data,
    recovery_does_not_begin_twice,
    a_verification_without_its_parameters_does_not_begin,
    a_key_of_a_size_that_mechanisms_do_not_take_is_of_no_use_but_to_verify,
);

const IV: [u8; 16] = [7; 16];

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    aes: u64,
    mac: u64,
    pair: Pair,
}

fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let private = secret_template(CKK_AES, &[1; 16]).boolean(CKA_PRIVATE, true);
    Bench {
        m: t.module,
        session,
        aes: create(t.module, session, &private),
        mac: generic(t.module, session, &[2; 32]),
        pair: generate(t.module, session, Kind::Rsa, false, "pair"),
    }
}

impl Bench<'_> {
    fn step(&self, step: Step, data: &[u8], room: usize) -> u64 {
        let mut out = vec![0; room];
        step(self.m, self.session, Sent::from(data), Out::buffer(&mut out)).0
    }

    fn encrypts(&self, by: &CK_MECHANISM) {
        assert_rv!(self.m.encrypt_init(self.session, Some(by), self.aes), CKR_OK);
    }

    fn decrypts(&self, by: &CK_MECHANISM) {
        assert_rv!(self.m.decrypt_init(self.session, Some(by), self.aes), CKR_OK);
    }

    fn signs(&self, by: &CK_MECHANISM) {
        assert_rv!(self.m.sign_init(self.session, Some(by), self.pair.private), CKR_OK);
    }

    fn verifies(&self, by: &CK_MECHANISM) {
        assert_rv!(self.m.verify_init(self.session, Some(by), self.pair.public), CKR_OK);
    }

    fn digests(&self) {
        assert_rv!(self.m.digest_init(self.session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    }

    /// Ends whatever is active.
    fn idle(&self) {
        let (m, session) = (self.m, self.session);
        let ended = [
            m.encrypt_init(session, None, 0),
            m.decrypt_init(session, None, 0),
            m.digest_init(session, None),
            m.sign_init(session, None, 0),
            m.verify_init(session, None, 0),
        ];
        assert_eq!(ended, [CKR_OK; 5]);
    }
}

/// Section 5.1.6: any function but four. Those that take pointers alone are asked with nulls in `slots.rs`.
fn without_the_library_nothing_begins_and_nothing_goes_on(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    assert_rv!(m.finalize(), CKR_OK);
    let by = mechanism(CKM_SHA256);
    let data = Sent::from(b"data");
    for (call, rv) in [
        ("C_DigestInit", m.digest_init(session, Some(&by))),
        ("C_DigestUpdate", m.digest_update(session, data)),
        ("C_SignInit", m.sign_init(session, Some(&by), 1)),
        ("C_SignUpdate", m.sign_update(session, data)),
        ("C_VerifyInit", m.verify_init(session, Some(&by), 1)),
        ("C_VerifyUpdate", m.verify_update(session, data)),
        ("C_SeedRandom", m.seed_random(session, data)),
        ("C_GenerateRandom", m.generate_random(session, Out::buffer(&mut [0; 8]))),
    ] {
        assert_rv!(rv, CKR_CRYPTOKI_NOT_INITIALIZED, "{call}");
    }
}

/// SoftHSM answers `CKR_OPERATION_ACTIVE`: it allows one operation in all; section 5.1: "one of each kind at a time".
fn an_operation_of_a_private_key_says_that_its_login_is_over(t: &Test) {
    let token = t.token();
    let m = t.module;
    for call in ["C_DecryptUpdate", "C_DecryptFinal", "C_SignFinal", "C_SignRecover", "C_SignEncryptUpdate"] {
        let session = token.user_session();
        let template = secret_template(CKK_AES, &[1; 16]).boolean(CKA_PRIVATE, true);
        let aes = create(m, session, &template);
        let pair = generate(m, session, Kind::P256, false, "pair");
        let rsa = generate(m, session, Kind::Rsa, false, "pair");
        let ecb = mechanism(CKM_AES_ECB);
        assert_rv!(m.decrypt_init(session, Some(&ecb), aes), CKR_OK);
        assert_rv!(m.encrypt_init(session, Some(&ecb), aes), CKR_OK);
        let ecdsa = mechanism(cryptoki_sys::CKM_ECDSA_SHA256);
        assert_rv!(m.sign_init(session, Some(&ecdsa), pair.private), CKR_OK);
        assert_rv!(m.sign_recover_init(session, Some(&mechanism(CKM_RSA_PKCS)), rsa.private), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
        let (block, mut room) = (Sent::from(&[4; 16]), [0; 256]);
        let out = Out::buffer(&mut room);
        let (rv, _) = match call {
            "C_DecryptUpdate" => m.decrypt_update(session, block, out),
            "C_DecryptFinal" => m.decrypt_final(session, out),
            "C_SignFinal" => m.sign_final(session, out),
            "C_SignRecover" => m.sign_recover(session, block, out),
            _ => m.sign_encrypt_update(session, block, out),
        };
        assert_rv!(rv, CKR_USER_NOT_LOGGED_IN, "{call}");
        assert_eq!(room, [0; 256], "{call}");
        assert_rv!(m.close_session(session), CKR_OK);
    }
}

/// Section 5.2: a buffer that is too small ends nothing.
/// SoftHSM answers `CKR_OPERATION_ACTIVE` to a second beginning: it allows one operation in all, and this test mixes
/// kinds.
fn a_part_or_an_end_that_does_not_fit_is_kept(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let (ecb, padded) = (mechanism(CKM_AES_ECB), with(CKM_AES_CBC_PAD, &IV));
    let data = [4; 32];
    let mut out = [0; 64];
    let parts: [(&str, Step); 4] = [
        ("C_DecryptUpdate", Module::decrypt_update),
        ("C_DecryptDigestUpdate", Module::decrypt_digest_update),
        ("C_DecryptVerifyUpdate", Module::decrypt_verify_update),
        ("C_SignEncryptUpdate", Module::sign_encrypt_update),
    ];
    for (call, part) in parts {
        b.decrypts(&ecb);
        b.encrypts(&ecb);
        b.digests();
        b.signs(&mechanism(cryptoki_sys::CKM_SHA256_RSA_PKCS));
        b.verifies(&mechanism(cryptoki_sys::CKM_SHA256_RSA_PKCS));
        assert_rv!(b.step(part, &data, 31), CKR_BUFFER_TOO_SMALL, "{call}");
        assert_rv!(b.step(part, &data, 32), CKR_OK, "{call}");
        b.idle();
    }
    let sealed = whole(m, ENCRYPTION, session, &padded, b.aes, b"twenty bytes of text").unwrap();
    b.encrypts(&padded);
    assert_rv!(b.step(Module::encrypt_update, b"twenty bytes of text", 64), CKR_OK);
    assert_eq!(m.encrypt_final(session, Out::buffer(&mut out[..15])), (CKR_BUFFER_TOO_SMALL, 16));
    assert_eq!(m.encrypt_final(session, Out::buffer(&mut out)), (CKR_OK, 16));
    assert_eq!(out[..16], sealed[16..]);
    b.decrypts(&padded);
    assert_rv!(b.step(Module::decrypt_update, &sealed, 64), CKR_OK);
    assert_eq!(m.decrypt_final(session, Out::buffer(&mut out[..3])), (CKR_BUFFER_TOO_SMALL, 4));
    assert_eq!(m.decrypt_final(session, Out::buffer(&mut out)), (CKR_OK, 4));
    assert_eq!(&out[..4], b"text");
}

/// SoftHSM 2.6.1 crashes here: a segmentation fault.
fn a_mechanism_that_cannot_be_there_is_a_bad_argument(t: &Test) {
    let b = bench(t);
    for address in [u64::MAX, u64::MAX - 64, 1 << 62] {
        assert_rv!(Function::named("C_DigestInit").call(b.m, &[b.session, address]), CKR_ARGUMENTS_BAD);
        for (call, key) in [
            ("C_DecryptInit", b.aes),
            ("C_SignInit", b.pair.private),
            ("C_SignRecoverInit", b.pair.private),
            ("C_VerifyInit", b.pair.public),
            ("C_VerifyRecoverInit", b.pair.public),
        ] {
            let rv = Function::named(call).call(b.m, &[b.session, address, key]);
            assert_rv!(rv, CKR_ARGUMENTS_BAD, "{call}");
        }
    }
}

/// Sections 5.13.3 and 5.15.3: an error in a part ends the operation.
/// SoftHSM answers `CKR_OPERATION_NOT_INITIALIZED`: it takes parts with hashing mechanisms alone.
fn parts_that_come_to_too_much_are_refused_at_once(t: &Test) {
    let b = bench(t);
    let (m, session, plain) = (b.m, b.session, mechanism(CKM_RSA_PKCS));
    let too_much = [4; 256];
    b.signs(&plain);
    assert_rv!(m.sign_update(session, Sent::from(&too_much[..100])), CKR_OK);
    assert_rv!(m.sign_update(session, Sent::from(&too_much[..200])), CKR_DATA_LEN_RANGE);
    assert_rv!(m.sign_final(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
    b.verifies(&plain);
    assert_rv!(m.verify_update(session, Sent::from(&too_much)), CKR_DATA_LEN_RANGE);
    assert_rv!(m.verify_final(session, Sent::from(&too_much)), CKR_OPERATION_NOT_INITIALIZED);
    b.verifies(&plain);
    b.decrypts(&mechanism(CKM_AES_ECB));
    assert_rv!(b.step(Module::decrypt_verify_update, &too_much, 256), CKR_DATA_LEN_RANGE);
    assert_rv!(m.decrypt_init(session, None, 0), CKR_OK);
    assert_rv!(m.decrypt_init(session, Some(&plain), b.pair.private), CKR_OK);
    assert_rv!(b.step(Module::decrypt_update, &[4; 257], 512), CKR_ENCRYPTED_DATA_LEN_RANGE);
}

/// SoftHSM answers `CKR_OPERATION_NOT_INITIALIZED`: it takes parts with hashing mechanisms alone.
fn a_message_of_the_wrong_length_is_told_at_the_end(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: 32 };
    let by = pss(CKM_RSA_PKCS_PSS, &parameters);
    let no_digest = Sent::from(&[4; 31]);
    b.signs(&by);
    assert_rv!(m.sign_update(session, no_digest), CKR_OK);
    assert_rv!(m.sign_final(session, Out::buffer(&mut [0; 256])).0, CKR_DATA_LEN_RANGE);
    b.verifies(&by);
    assert_rv!(m.verify_update(session, no_digest), CKR_OK);
    assert_rv!(m.verify_final(session, Sent::from(&[4; 256])), CKR_DATA_LEN_RANGE);
    let hmac = mechanism(CKM_SHA256_HMAC);
    assert_rv!(m.verify_init(session, Some(&hmac), b.mac), CKR_OK);
    assert_rv!(m.verify_update(session, no_digest), CKR_OK);
    assert_rv!(m.verify_final(session, Sent::from(&[4; 31])), CKR_SIGNATURE_LEN_RANGE);
}

/// Section 6.11.1. The functions that do two things at once list it too.
/// SoftHSM answers `CKR_OPERATION_ACTIVE`: it allows one operation in all.
fn a_counter_that_would_run_over_is_told_by_every_function_that_moves_it(t: &Test) {
    let b = bench(t);
    let counter = ctr(2, [0; 16]);
    let by = counter.mechanism();
    let hashing = mechanism(cryptoki_sys::CKM_SHA256_RSA_PKCS);
    let steps: [(&str, Step, u64); 6] = [
        ("C_EncryptUpdate", Module::encrypt_update, CKR_DATA_LEN_RANGE),
        ("C_DigestEncryptUpdate", Module::digest_encrypt_update, CKR_DATA_LEN_RANGE),
        ("C_SignEncryptUpdate", Module::sign_encrypt_update, CKR_DATA_LEN_RANGE),
        ("C_DecryptUpdate", Module::decrypt_update, CKR_ENCRYPTED_DATA_LEN_RANGE),
        ("C_DecryptDigestUpdate", Module::decrypt_digest_update, CKR_ENCRYPTED_DATA_LEN_RANGE),
        ("C_DecryptVerifyUpdate", Module::decrypt_verify_update, CKR_ENCRYPTED_DATA_LEN_RANGE),
    ];
    for (call, step, expected) in steps {
        b.encrypts(&by);
        b.decrypts(&by);
        b.digests();
        b.signs(&hashing);
        b.verifies(&hashing);
        assert_rv!(b.step(step, &[4; 64], 64), CKR_OK, "{call}");
        assert_rv!(b.step(step, &[4; 1], 64), expected, "{call}");
        b.idle();
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.4 lists `CKR_ENCRYPTED_DATA_INVALID`.
fn what_ends_wrongly_is_told_at_the_end(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    b.decrypts(&mechanism(CKM_AES_ECB));
    assert_rv!(b.step(Module::decrypt_update, &[4; 17], 64), CKR_OK);
    assert_rv!(m.decrypt_final(session, Out::buffer(&mut [0; 64])).0, CKR_ENCRYPTED_DATA_LEN_RANGE);
    let unpadded = with(cryptoki_sys::CKM_AES_CBC, &IV);
    let sealed = whole(m, ENCRYPTION, session, &unpadded, b.aes, &[17; 32]).unwrap();
    b.decrypts(&with(CKM_AES_CBC_PAD, &IV));
    assert_rv!(b.step(Module::decrypt_update, &sealed, 64), CKR_OK);
    assert_rv!(m.decrypt_final(session, Out::buffer(&mut [0; 64])).0, CKR_ENCRYPTED_DATA_INVALID);
}

/// Section 6.1.7: the number must be below the modulus. Its length is right, so that CKR_DATA_LEN_RANGE, which goes
/// before (section 5.1.6), does not apply.
/// SoftHSM answers `CKR_GENERAL_ERROR`.
fn a_number_above_the_modulus_is_no_data(t: &Test) {
    let b = bench(t);
    let (m, session, raw) = (b.m, b.session, mechanism(CKM_RSA_X_509));
    let above = [255; 256];
    assert_eq!(whole(m, ENCRYPTION, session, &raw, b.pair.public, &above), Err(CKR_DATA_INVALID));
    assert_eq!(sign(m, session, &raw, b.pair.private, &above), Err(CKR_DATA_INVALID));
    assert_rv!(m.sign_recover_init(session, Some(&raw), b.pair.private), CKR_OK);
    assert_rv!(b.step(Module::sign_recover, &above, 256), CKR_DATA_INVALID);
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn recovery_does_not_begin_twice(t: &Test) {
    let b = bench(t);
    let by = mechanism(CKM_RSA_PKCS);
    for expected in [CKR_OK, CKR_OPERATION_ACTIVE] {
        assert_rv!(b.m.verify_recover_init(b.session, Some(&by), b.pair.public), expected);
        assert_rv!(b.m.sign_recover_init(b.session, Some(&by), b.pair.private), expected);
    }
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD`; section 5.15.1 lists `CKR_MECHANISM_PARAM_INVALID` for parameters.
fn a_verification_without_its_parameters_does_not_begin(t: &Test) {
    let b = bench(t);
    for by in [mechanism(CKM_RSA_PKCS_PSS), with(CKM_RSA_PKCS_PSS, &[1u8; 4]), with(CKM_RSA_PKCS, &[1u8; 4])]
    {
        let rv = b.m.verify_init(b.session, Some(&by), b.pair.public);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// RSA with 768 bits: what others signed with such keys is verified, and nothing else is done with them.
/// SoftHSM answers `CKR_MECHANISM_INVALID`: it does not have the mechanism that is asked first.
fn a_key_of_a_size_that_mechanisms_do_not_take_is_of_no_use_but_to_verify(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let pem = run(&mut openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:768"]));
    let modulus = run_with_input(&mut openssl(["rsa", "-noout", "-modulus"]), &pem);
    let modulus = String::from_utf8(modulus).unwrap();
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, unhex(modulus.trim().trim_start_matches("Modulus=")))
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_ENCAPSULATE, true);
    let public = create(m, session, &template);
    let der = run_with_input(&mut openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]), &pem);
    let (padded, key) = (with(CKM_AES_CBC_PAD, &IV), aes(m, session, &[1; 32]));
    let sealed = whole(m, ENCRYPTION, session, &padded, key, &der).unwrap();
    let template = Template::new().ulong(CKA_CLASS, CKO_PRIVATE_KEY).ulong(CKA_KEY_TYPE, CKK_RSA);
    let template = template.boolean(CKA_DECAPSULATE, true);
    let (rv, private) = m.unwrap_key(session, Some(&padded), key, Sent::from(&sealed), &template);
    assert_rv!(rv, CKR_OK);

    let (by, secret) = (mechanism(CKM_RSA_PKCS), open_aes(m, session, &[2; 16]));
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_AES);
    let blob = Sent::from(&[4; 96]);
    for (call, rv, expected) in [
        ("C_EncryptInit", m.encrypt_init(session, Some(&by), public), CKR_KEY_SIZE_RANGE),
        ("C_DecryptInit", m.decrypt_init(session, Some(&by), private), CKR_KEY_SIZE_RANGE),
        ("C_SignInit", m.sign_init(session, Some(&by), private), CKR_KEY_SIZE_RANGE),
        ("C_MessageSignInit", m.message_sign_init(session, Some(&by), private), CKR_KEY_SIZE_RANGE),
        ("C_SignRecoverInit", m.sign_recover_init(session, Some(&by), private), CKR_KEY_SIZE_RANGE),
        ("C_VerifyRecoverInit", m.verify_recover_init(session, Some(&by), public), CKR_KEY_SIZE_RANGE),
        (
            "C_WrapKey",
            m.wrap_key(session, Some(&by), public, secret, Out::query()).0,
            CKR_WRAPPING_KEY_SIZE_RANGE,
        ),
        (
            "C_UnwrapKey",
            m.unwrap_key(session, Some(&by), private, blob, &template).0,
            CKR_UNWRAPPING_KEY_SIZE_RANGE,
        ),
        (
            "C_EncapsulateKey",
            m.encapsulate_key(session, Some(&by), public, &template, Out::query()).0,
            CKR_KEY_SIZE_RANGE,
        ),
        (
            "C_DecapsulateKey",
            m.decapsulate_key(session, Some(&by), private, &template, blob).0,
            CKR_UNWRAPPING_KEY_SIZE_RANGE,
        ),
    ] {
        assert_rv!(rv, expected, "{call}");
    }
}
