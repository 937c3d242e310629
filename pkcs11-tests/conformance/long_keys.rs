//! Secrets, associated data and derived keys of more than a mebibyte: sizes are the caller's choice (section 6.8).

use cryptoki_sys::{
    CKA_CHECK_VALUE, CKA_CLASS, CKA_DERIVE, CKA_KEY_TYPE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN,
    CKA_VERIFY, CKK_GENERIC_SECRET, CKM_AES_CBC_PAD, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PKCS7,
    CKM_CONCATENATE_BASE_AND_DATA, CKM_GENERIC_SECRET_KEY_GEN, CKM_SHA256_HMAC, CKM_SHAKE_256_KEY_DERIVATION,
    CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_OK,
};
use pkcs11_tests::keys::{attribute, sign, verify};
use pkcs11_tests::program::{openssl, run_with_input};
use pkcs11_tests::raw::derivations::{counter_kdf, string_data};
use pkcs11_tests::raw::parameters::{gcm, with};
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{DECRYPTION, ENCRYPTION, aes, create, opened, secret_template, whole};

on_claviger!(
    a_long_secret_is_kept_and_signs_as_its_digest_does,
    a_long_secret_is_wrapped_and_comes_back,
    a_long_secret_is_generated_and_derived,
    long_associated_data_are_authenticated,
);

const LONG: usize = (1 << 20) + 1;
/// The longest secret in bytes.
const LONGEST: u64 = 1 << 24;

fn long_value() -> Vec<u8> {
    (0..=250).cycle().take(LONG).collect()
}

fn long_secret(t: &Test, session: u64, on_token: bool) -> u64 {
    let template = opened(secret_template(CKK_GENERIC_SECRET, &long_value())).without(CKA_TOKEN);
    let template = template.boolean(CKA_SIGN, true).boolean(CKA_VERIFY, true).boolean(CKA_DERIVE, true);
    create(t.module, session, &template.boolean(CKA_TOKEN, on_token))
}

fn open_secret(len: Option<u64>) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let template = opened(template.boolean(CKA_TOKEN, false)).boolean(CKA_DERIVE, true);
    match len {
        Some(len) => template.ulong(CKA_VALUE_LEN, len),
        None => template,
    }
}

/// HMAC hashes a key that is longer than a block (RFC 2104 section 2): OpenSSL is given the hash.
fn a_long_secret_is_kept_and_signs_as_its_digest_does(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for on_token in [false, true] {
        let key = long_secret(t, session, on_token);
        assert!(value(t.module, session, key) == long_value());
        let by = mechanism(CKM_SHA256_HMAC);
        let mac = sign(t.module, session, &by, key, b"message").unwrap();
        assert_rv!(verify(t.module, session, &by, key, b"message", &mac), CKR_OK);
        let option = format!("hexkey:{}", hex(&sha256(&long_value())));
        let mut command = openssl(["mac", "-binary", "-macopt", &option, "-digest", "SHA256", "HMAC"]);
        assert_eq!(mac, run_with_input(&mut command, b"message"));
    }
    assert_eq!(token.find(session, &Template::new().bytes(CKA_VALUE, long_value())).len(), 2);
}

/// The value of a key that may be read.
fn value(m: &Module, session: u64, key: u64) -> Vec<u8> {
    let room = usize::try_from(LONGEST).unwrap();
    let (rv, mut values) = m.attribute_values(session, key, &[(CKA_VALUE, Some(room))]);
    assert_rv!(rv, CKR_OK);
    let (mut value, len) = values.remove(0);
    value.truncate(usize::try_from(len).unwrap());
    value
}

fn sha256(message: &[u8]) -> Vec<u8> {
    run_with_input(&mut openssl(["dgst", "-binary", "-sha256"]), message)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn a_long_secret_is_wrapped_and_comes_back(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (wrapping, key) = (aes(m, session, &[7; 32]), long_secret(t, session, false));
    let check_value = attribute(m, session, key, CKA_CHECK_VALUE);
    let iv = [9u8; 16];
    for by in [mechanism(CKM_AES_KEY_WRAP_KWP), mechanism(CKM_AES_KEY_WRAP_PKCS7), with(CKM_AES_CBC_PAD, &iv)]
    {
        let mut out = vec![0; LONG + 64];
        let (rv, len) = m.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK, "by {:#x}", by.mechanism);
        out.truncate(usize::try_from(len).unwrap());
        let (rv, back) =
            m.unwrap_key(session, Some(&by), wrapping, Sent::from(out.as_slice()), &open_secret(None));
        assert_rv!(rv, CKR_OK, "by {:#x}", by.mechanism);
        assert_eq!(attribute(m, session, back, CKA_CHECK_VALUE), check_value);
        assert!(value(m, session, back) == long_value());
    }
}

fn a_long_secret_is_generated_and_derived(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let by = mechanism(CKM_GENERIC_SECRET_KEY_GEN);
    let (rv, made) = m.generate_key(session, Some(&by), &open_secret(Some(LONGEST)));
    assert_rv!(rv, CKR_OK);
    assert_eq!(value(m, session, made).len() as u64, LONGEST);
    let (rv, _) = m.generate_key(session, Some(&by), &open_secret(Some(LONGEST + 1)));
    assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
    let base = long_secret(t, session, false);
    let derive = |by: &_, base, len| m.derive_key(session, Some(by), base, &open_secret(len));
    let joined = string_data(CKM_CONCATENATE_BASE_AND_DATA, b"and more");
    let (rv, key) = derive(&joined.mechanism(), base, None);
    assert_rv!(rv, CKR_OK);
    assert!(value(m, session, key) == [&long_value(), &b"and more"[..]].concat());
    assert_rv!(derive(&joined.mechanism(), made, None).0, CKR_KEY_SIZE_RANGE);
    let (rv, key) = derive(&mechanism(CKM_SHAKE_256_KEY_DERIVATION), base, Some(LONG as u64));
    assert_rv!(rv, CKR_OK);
    let mut command = openssl(["dgst", "-binary", "-shake256", "-xoflen", &LONG.to_string()]);
    assert!(value(m, session, key) == run_with_input(&mut command, &long_value()));
    let kdf = counter_kdf(CKM_SHA256_HMAC, 32, b"fixed");
    let (rv, key) = derive(&kdf.mechanism(), base, Some(LONG as u64));
    assert_rv!(rv, CKR_OK);
    // The last segment is one byte: the MAC of its number and the data under the hashed key.
    let last = u32::try_from(LONG.div_ceil(32)).unwrap();
    let template = secret_template(CKK_GENERIC_SECRET, &sha256(&long_value()));
    let hashed = create(m, session, &template.boolean(CKA_SIGN, true));
    let message = [&last.to_be_bytes()[..], b"fixed"].concat();
    let segment = sign(m, session, &mechanism(CKM_SHA256_HMAC), hashed, &message).unwrap();
    assert_eq!(value(m, session, key)[LONG - 1], segment[0]);
}

fn long_associated_data_are_authenticated(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let key = aes(m, session, &[7; 32]);
    let mut aad = vec![3; (16 << 20) + 1];
    let sealed = {
        let by = gcm(Sent::from(&[1; 12]), Sent::from(aad.as_slice()), 128);
        let sealed = whole(m, ENCRYPTION, session, &by.mechanism(), key, b"message").unwrap();
        assert_eq!(whole(m, DECRYPTION, session, &by.mechanism(), key, &sealed).unwrap(), b"message");
        sealed
    };
    *aad.last_mut().unwrap() ^= 1;
    let by = gcm(Sent::from(&[1; 12]), Sent::from(aad.as_slice()), 128);
    assert!(whole(m, DECRYPTION, session, &by.mechanism(), key, &sealed).is_err());
}
