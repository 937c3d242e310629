//! One-time passwords: the values of RFC 4226, and what HMAC by itself gives.

use cryptoki_sys::{
    CK_OTP_COUNTER, CK_OTP_OUTPUT_LENGTH, CKA_KEY_TYPE, CKA_VALUE, CKA_VALUE_LEN, CKK_GENERIC_SECRET,
    CKK_HOTP, CKM_HOTP, CKM_HOTP_KEY_GEN, CKM_SHA_1_HMAC, CKR_OK,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::usable;
use pkcs11_tests::raw::one_time::{hotp, told};
use pkcs11_tests::{Out, Sent, Template, mechanism};

use crate::desk::Desk;

/// RFC 4226 appendix D: the secret, and the passwords of the counters from 0 on.
const SECRET: &[u8] = b"12345678901234567890";
const PASSWORDS: [&str; 10] =
    ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];

pub(crate) fn run(desk: &Desk<'_>) {
    let source = "RFC 4226 appendix D";
    let key = desk.secret(CKK_HOTP, SECRET).unwrap();
    for (counter, expected) in (0_u64..).zip(PASSWORDS) {
        desk.count(CKM_HOTP, source, counter, password(desk, key, &[]) == (counter, expected.to_owned()));
        let given = hotp(&[(CK_OTP_COUNTER, &counter.to_be_bytes())]);
        let rv = desk.verify(&given.mechanism(), key, &[], expected.as_bytes());
        desk.count(CKM_HOTP, source, format!("{counter} verified"), rv == CKR_OK);
    }
    desk.forget(key);
    generated(desk);
}

/// The counter and the password, with parameters.
fn password(desk: &Desk<'_>, key: u64, parameters: &[(u64, &[u8])]) -> (u64, String) {
    let by = hotp(parameters);
    assert_eq!(desk.m.sign_init(desk.session, Some(&by.mechanism()), key), CKR_OK);
    let mut room = [0; 128];
    let (rv, _) = desk.m.sign(desk.session, Sent::null(0), Out::buffer(&mut room));
    assert_eq!(rv, CKR_OK);
    let told = told(&room);
    (told.counter, told.digits)
}

/// Keys of the generator give what the truncation of section 5.3 makes of an HMAC by another key of their value.
fn generated(desk: &Desk<'_>) {
    for counter in [0, 1, 0x0102_0304_0506_0708, u64::MAX] {
        let template = usable(Template::new().ulong(CKA_KEY_TYPE, CKK_HOTP)).ulong(CKA_VALUE_LEN, 20);
        let (rv, key) = desk.m.generate_key(desk.session, Some(&mechanism(CKM_HOTP_KEY_GEN)), &template);
        assert_eq!(rv, CKR_OK);
        let value = attribute(desk.m, desk.session, key, CKA_VALUE);
        let mac = desk.with_secret(CKK_GENERIC_SECRET, &value, |other| {
            desk.sign(&mechanism(CKM_SHA_1_HMAC), other, &counter.to_be_bytes())
        });
        let mac = mac.unwrap();
        let offset = usize::from(mac[19] & 0x0F);
        let code = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7FFF_FFFF;
        let given = counter.to_be_bytes();
        let found =
            password(desk, key, &[(CK_OTP_COUNTER, &given), (CK_OTP_OUTPUT_LENGTH, &8_u64.to_ne_bytes())]);
        let right = found == (counter, format!("{:08}", code % 100_000_000));
        desk.count(
            CKM_HOTP_KEY_GEN,
            "self-consistent: CKM_SHA_1_HMAC, cut as RFC 4226 5.3 has it",
            counter,
            right,
        );
        desk.forget(key);
    }
}
