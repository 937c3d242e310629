//! Sections 5.8, 5.10, 5.14 and 5.16 with RSA: encryption, decryption, and signatures that give the data back.

use cryptoki_sys::{
    CKG_MGF1_SHA1, CKG_MGF1_SHA224, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKM_RSA_PKCS,
    CKM_RSA_X_509, CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKR_BUFFER_TOO_SMALL,
    CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, Pair, generate, sign, spki};
use pkcs11_tests::program::{hex, openssl, run};
use pkcs11_tests::raw::parameters::{oaep, with};
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{Begin, DECRYPTION, ENCRYPTION, aes, in_parts, whole};

on_both!(what_is_encrypted_to_a_key_it_decrypts, the_token_decrypts_what_openssl_encrypts_by_pkcs1_and_oaep,);
on_claviger!(
    too_long_a_message_is_refused,
    the_token_decrypts_openssls_oaep_of_every_hash_mask_and_label,
    what_pkcs1_cannot_take_apart_decrypts_to_something_that_stays_the_same,
    oaep_of_another_label_is_refused,
    ciphertext_of_another_length_is_refused,
    oaep_parameters_are_checked,
    the_wrong_half_of_a_pair_is_refused,
    parts_are_gathered,
    what_sign_recover_signs_verify_recover_gives_back,
    sign_recover_gives_what_sign_gives,
    a_recovered_signature_that_is_wrong_or_of_impossible_length_is_refused,
    recovery_keeps_the_rules_of_buffers,
    recovery_wants_a_key_that_recovers,
);

fn rsa(t: &Test) -> (u64, Pair) {
    let session = t.token().user_session();
    (session, generate(t.module, session, Kind::Rsa, false, "for both"))
}

fn what_is_encrypted_to_a_key_it_decrypts(t: &Test) {
    let (session, pair) = rsa(t);
    let label = oaep(CKM_SHA_1, CKG_MGF1_SHA1, Sent::null(0));
    for (by, longest) in [(mechanism(CKM_RSA_PKCS), 245), (label.mechanism(), 214)] {
        for len in [1, 32, longest] {
            let data = vec![0x5A; len];
            let sealed = whole(t.module, ENCRYPTION, session, &by, pair.public, &data).unwrap();
            assert_eq!(sealed.len(), 256);
            assert_eq!(whole(t.module, DECRYPTION, session, &by, pair.private, &sealed).unwrap(), data);
        }
    }
    let mut number = [0x5A; 256];
    number[0] = 0;
    let by = mechanism(CKM_RSA_X_509);
    let sealed = whole(t.module, ENCRYPTION, session, &by, pair.public, &number).unwrap();
    assert_eq!(whole(t.module, DECRYPTION, session, &by, pair.private, &sealed).unwrap(), number);
}

fn openssl_encrypts(t: &Test, session: u64, pair: Pair, data: &[u8], options: &[String]) -> Vec<u8> {
    let (key, file) = (t.installation.folder().join("key.der"), t.installation.folder().join("plaintext"));
    std::fs::write(&key, spki(t.module, session, pair.public, Kind::Rsa)).unwrap();
    std::fs::write(&file, data).unwrap();
    let mut command = openssl(["pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey"]);
    command.arg(key).arg("-in").arg(file);
    for option in options {
        command.args(["-pkeyopt", option]);
    }
    run(&mut command)
}

fn the_token_decrypts_what_openssl_encrypts_by_pkcs1_and_oaep(t: &Test) {
    let (session, pair) = rsa(t);
    let label = oaep(CKM_SHA_1, CKG_MGF1_SHA1, Sent::null(0));
    for (by, padding) in [(mechanism(CKM_RSA_PKCS), "pkcs1"), (label.mechanism(), "oaep")] {
        let options = [format!("rsa_padding_mode:{padding}")];
        let sealed = openssl_encrypts(t, session, pair, b"a short secret", &options);
        assert_eq!(
            whole(t.module, DECRYPTION, session, &by, pair.private, &sealed).unwrap(),
            b"a short secret"
        );
    }
}

const HASHES: [(&str, u64, u64); 5] = [
    ("sha1", CKM_SHA_1, CKG_MGF1_SHA1),
    ("sha224", CKM_SHA224, CKG_MGF1_SHA224),
    ("sha256", CKM_SHA256, CKG_MGF1_SHA256),
    ("sha384", CKM_SHA384, CKG_MGF1_SHA384),
    ("sha512", CKM_SHA512, CKG_MGF1_SHA512),
];

/// SoftHSM knows SHA-1 without a label alone; section 6.1.8 knows all of them.
fn the_token_decrypts_openssls_oaep_of_every_hash_mask_and_label(t: &Test) {
    let (session, pair) = rsa(t);
    for (hash, hashing, _) in HASHES {
        for (mask, _, mgf) in HASHES {
            for label in [&b""[..], b"a label"] {
                let mut options = vec![
                    "rsa_padding_mode:oaep".to_owned(),
                    format!("rsa_oaep_md:{hash}"),
                    format!("rsa_mgf1_md:{mask}"),
                ];
                if !label.is_empty() {
                    options.push(format!("rsa_oaep_label:{}", hex(label)));
                }
                let by = oaep(hashing, mgf, Sent::from(label));
                let sealed = openssl_encrypts(t, session, pair, b"a secret", &options);
                let opened = whole(t.module, DECRYPTION, session, &by.mechanism(), pair.private, &sealed);
                assert_eq!(opened.unwrap(), b"a secret", "{hash} {mask}");
            }
        }
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.8.2 has a value for it.
fn too_long_a_message_is_refused(t: &Test) {
    let (session, pair) = rsa(t);
    let refused = whole(t.module, ENCRYPTION, session, &mechanism(CKM_RSA_PKCS), pair.public, &[1; 246]);
    assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
    let by = oaep(CKM_SHA_1, CKG_MGF1_SHA1, Sent::null(0));
    let refused = whole(t.module, ENCRYPTION, session, &by.mechanism(), pair.public, &[1; 215]);
    assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
}

/// Implicit rejection: what is no PKCS #1 block must not be told from what is one (section 6.1.6 and the attack of
/// Bleichenbacher).
/// SoftHSM answers `CKR_GENERAL_ERROR`, which tells one from the other.
fn what_pkcs1_cannot_take_apart_decrypts_to_something_that_stays_the_same(t: &Test) {
    let (session, pair) = rsa(t);
    let by = mechanism(CKM_RSA_PKCS);
    let mut wrong = whole(t.module, ENCRYPTION, session, &by, pair.public, b"a secret").unwrap();
    wrong[255] ^= 1;
    let first = whole(t.module, DECRYPTION, session, &by, pair.private, &wrong).unwrap();
    let again = whole(t.module, DECRYPTION, session, &by, pair.private, &wrong).unwrap();
    assert_eq!(first, again);
    assert_ne!(first, b"a secret");
    assert!(first.len() <= 245);
}

/// SoftHSM takes no label: `CKR_ARGUMENTS_BAD`; section 6.1.7 lets pSourceData point to one.
fn oaep_of_another_label_is_refused(t: &Test) {
    let (session, pair) = rsa(t);
    let sealing = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::from(b"one"));
    let opening = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::from(b"two"));
    let sealed = whole(t.module, ENCRYPTION, session, &sealing.mechanism(), pair.public, b"secret").unwrap();
    let opened = whole(t.module, DECRYPTION, session, &opening.mechanism(), pair.private, &sealed);
    assert_eq!(opened, Err(CKR_ENCRYPTED_DATA_INVALID));
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.2 lists `CKR_ENCRYPTED_DATA_LEN_RANGE`.
fn ciphertext_of_another_length_is_refused(t: &Test) {
    let (session, pair) = rsa(t);
    let by = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0));
    for by in [mechanism(CKM_RSA_PKCS), mechanism(CKM_RSA_X_509), by.mechanism()] {
        for len in [0, 1, 255, 257] {
            let opened = whole(t.module, DECRYPTION, session, &by, pair.private, &vec![1; len]);
            assert_eq!(opened, Err(CKR_ENCRYPTED_DATA_LEN_RANGE), "{:#x} {len}", by.mechanism);
        }
    }
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD`; section 5.8.1 lists `CKR_MECHANISM_PARAM_INVALID` for them.
fn oaep_parameters_are_checked(t: &Test) {
    let (session, pair) = rsa(t);
    let hash = oaep(CKM_RSA_PKCS, CKG_MGF1_SHA256, Sent::null(0));
    let mask = oaep(CKM_SHA256, 99, Sent::null(0));
    let label = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(4));
    let wild = oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::claiming(b"x", u64::MAX));
    let kind = cryptoki_sys::CKM_RSA_PKCS_OAEP;
    let wrong = [
        hash.mechanism(),
        mask.mechanism(),
        label.mechanism(),
        wild.mechanism(),
        mechanism(kind),
        with(kind, &[0u8; 39]),
        with(CKM_RSA_PKCS, &[0u8; 40]),
    ];
    for by in wrong {
        let rv = t.module.encrypt_init(session, Some(&by), pair.public);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        let rv = t.module.decrypt_init(session, Some(&by), pair.private);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn the_wrong_half_of_a_pair_is_refused(t: &Test) {
    let (session, pair) = rsa(t);
    let by = mechanism(CKM_RSA_PKCS);
    let refused = CKR_KEY_FUNCTION_NOT_PERMITTED;
    assert_rv!(t.module.encrypt_init(session, Some(&by), pair.private), refused);
    assert_rv!(t.module.decrypt_init(session, Some(&by), pair.public), refused);
    assert_rv!(t.module.sign_recover_init(session, Some(&by), pair.public), refused);
    assert_rv!(t.module.verify_recover_init(session, Some(&by), pair.private), refused);
}

/// SoftHSM answers `CKR_FUNCTION_NOT_SUPPORTED` to parts with RSA; a note in section 6.1 calls the mechanisms
/// single-part only, so that both are right.
fn parts_are_gathered(t: &Test) {
    let (session, pair) = rsa(t);
    let by = mechanism(CKM_RSA_PKCS);
    let sealed = in_parts(t.module, ENCRYPTION, session, &by, pair.public, (&[3; 100], 9)).unwrap();
    let opened = in_parts(t.module, DECRYPTION, session, &by, pair.private, (&sealed, 100)).unwrap();
    assert_eq!(opened, [3; 100]);
    let refused = in_parts(t.module, ENCRYPTION, session, &by, pair.public, (&[3; 300], 100));
    assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
    // A number that is not below the modulus: C_EncryptFinal does not list CKR_DATA_INVALID (section 5.8.5).
    let by = mechanism(CKM_RSA_X_509);
    let refused = in_parts(t.module, ENCRYPTION, session, &by, pair.public, (&[255; 256], 100));
    assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
}

fn recover(m: &Module, session: u64, by: u64, key: u64, signature: &[u8]) -> (u64, Vec<u8>) {
    assert_rv!(m.verify_recover_init(session, Some(&mechanism(by)), key), CKR_OK);
    let mut out = vec![0; 300];
    let (rv, len) = m.verify_recover(session, Sent::from(signature), Out::buffer(&mut out));
    out.truncate(if rv == CKR_OK { usize::try_from(len).unwrap() } else { 0 });
    (rv, out)
}

fn sign_recover(m: &Module, session: u64, by: u64, key: u64, data: &[u8]) -> Vec<u8> {
    assert_rv!(m.sign_recover_init(session, Some(&mechanism(by)), key), CKR_OK);
    let mut out = vec![0; 300];
    let (rv, len) = m.sign_recover(session, Sent::from(data), Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    out
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn what_sign_recover_signs_verify_recover_gives_back(t: &Test) {
    let (session, pair) = rsa(t);
    for len in [1, 100, 245] {
        let data = vec![9; len];
        let signature = sign_recover(t.module, session, CKM_RSA_PKCS, pair.private, &data);
        assert_eq!(recover(t.module, session, CKM_RSA_PKCS, pair.public, &signature), (CKR_OK, data));
    }
    let mut number = vec![9; 256];
    number[0] = 0;
    let signature = sign_recover(t.module, session, CKM_RSA_X_509, pair.private, &number);
    assert_eq!(recover(t.module, session, CKM_RSA_X_509, pair.public, &signature), (CKR_OK, number));
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn sign_recover_gives_what_sign_gives(t: &Test) {
    let (session, pair) = rsa(t);
    let signature = sign_recover(t.module, session, CKM_RSA_PKCS, pair.private, b"text");
    let other = sign(t.module, session, &mechanism(CKM_RSA_PKCS), pair.private, b"text").unwrap();
    assert_eq!(signature, other);
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn a_recovered_signature_that_is_wrong_or_of_impossible_length_is_refused(t: &Test) {
    let (session, pair) = rsa(t);
    let mut wrong = sign_recover(t.module, session, CKM_RSA_PKCS, pair.private, b"text");
    wrong[255] ^= 1;
    let (rv, _) = recover(t.module, session, CKM_RSA_PKCS, pair.public, &wrong);
    assert_rv!(rv, CKR_SIGNATURE_INVALID);
    for len in [0, 255, 257] {
        let (rv, _) = recover(t.module, session, CKM_RSA_PKCS, pair.public, &vec![1; len]);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE);
        let (rv, _) = t.module.verify_recover(session, Sent::from(&wrong), Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn recovery_keeps_the_rules_of_buffers(t: &Test) {
    let (session, pair) = rsa(t);
    let m = t.module;
    let by = mechanism(CKM_RSA_PKCS);
    let (rv, _) = m.sign_recover(session, Sent::from(b"x"), Out::query());
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.sign_recover_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(m.sign_recover_init(session, Some(&by), pair.private), CKR_OPERATION_ACTIVE);
    let mut room = [0; 256];
    assert_eq!(m.sign_recover(session, Sent::from(b"text"), Out::query()), (CKR_OK, 256));
    let answer = m.sign_recover(session, Sent::from(b"text"), Out::buffer(&mut room[..255]));
    assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 256));
    assert_eq!(m.sign_recover(session, Sent::from(b"text"), Out::buffer(&mut room)), (CKR_OK, 256));
    assert_rv!(m.verify_recover_init(session, Some(&by), pair.public), CKR_OK);
    let mut data = [0; 4];
    let (rv, len) = m.verify_recover(session, Sent::from(&room), Out::buffer(&mut data[..3]));
    assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
    assert!(len >= 4);
    assert_eq!(m.verify_recover(session, Sent::from(&room), Out::buffer(&mut data)), (CKR_OK, 4));
    assert_eq!(&data, b"text");
    assert_rv!(m.sign_recover_init(session, Some(&by), pair.private), CKR_OK);
    let (rv, _) = m.sign_recover(session, Sent::from(&[1; 246]), Out::buffer(&mut room));
    assert_rv!(rv, CKR_DATA_LEN_RANGE);
}

/// SoftHSM has no recovery: `CKR_FUNCTION_NOT_SUPPORTED`.
fn recovery_wants_a_key_that_recovers(t: &Test) {
    let (session, pair) = rsa(t);
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let by = mechanism(CKM_RSA_PKCS);
    let begins: [(Begin, u64); 2] =
        [(Module::sign_recover_init, pair.private), (Module::verify_recover_init, pair.public)];
    for (begin, right) in begins {
        assert_rv!(begin(m, session, Some(&by), 0), CKR_KEY_HANDLE_INVALID);
        assert_rv!(begin(m, session, Some(&by), key), CKR_KEY_TYPE_INCONSISTENT);
        assert_rv!(begin(m, session, Some(&mechanism(CKM_SHA256)), pair.private), CKR_MECHANISM_INVALID);
        let parameter = with(CKM_RSA_PKCS, &[1u8; 3]);
        assert_rv!(begin(m, session, Some(&parameter), right), CKR_MECHANISM_PARAM_INVALID);
        assert_rv!(begin(m, session, None, 0), CKR_OK, "a null pointer ends what is active");
    }
}
