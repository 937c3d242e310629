//! What a one-time password is asked for with, and what is told of one (PKCS#11 v3.2 section 6.53.7).

use cryptoki_sys::{
    CK_OTP_COUNTER, CK_OTP_PARAM, CK_OTP_PARAM_TYPE, CK_OTP_PARAMS, CK_OTP_VALUE, CK_ULONG, CKM_HOTP,
};

use super::parameters::Parameterised;

/// A mechanism that asks for a password with these parameters; they live for ever.
#[must_use]
pub fn hotp(parameters: &[(CK_OTP_PARAM_TYPE, &[u8])]) -> Parameterised<CK_OTP_PARAMS> {
    let of = |(kind, value): &(CK_OTP_PARAM_TYPE, &[u8])| {
        let value = Box::leak(Box::<[u8]>::from(*value));
        CK_OTP_PARAM { type_: *kind, pValue: value.as_mut_ptr().cast(), ulValueLen: value.len() as CK_ULONG }
    };
    let parameters = Box::leak(parameters.iter().map(of).collect::<Box<[_]>>());
    let count = parameters.len() as CK_ULONG;
    Parameterised::new(CKM_HOTP, CK_OTP_PARAMS { pParams: parameters.as_mut_ptr(), ulCount: count })
}

/// What is told of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// Its digits.
    pub digits: String,
    /// The counter that it was made with.
    pub counter: u64,
}

/// Reads a `CK_OTP_SIGNATURE_INFO` out of the buffer that the module wrote it into.
///
/// # Panics
/// When anything that it points to lies outside of the buffer, or one of the two parameters is missing.
#[must_use]
pub fn told(buffer: &[u8]) -> Password {
    let word = |at: usize| usize::from_ne_bytes(buffer[at..at + 8].try_into().expect("eight bytes"));
    let inside = |address: usize, len: usize| {
        let at = address.checked_sub(buffer.as_ptr().addr()).expect("an address before the buffer");
        assert!(at + len <= buffer.len(), "{at} and {len} bytes of {}", buffer.len());
        at
    };
    let (count, size) = (word(8), size_of::<CK_OTP_PARAM>());
    let parameters = inside(word(0), count * size);
    let values: Vec<(u64, &[u8])> = (0..count)
        .map(|number| parameters + number * size)
        .map(|at| (word(at) as u64, inside(word(at + 8), word(at + 16)), word(at + 16)))
        .map(|(kind, at, len)| (kind, &buffer[at..at + len]))
        .collect();
    let of = |wanted: u64| values.iter().find(|(kind, _)| *kind == wanted).expect("a parameter").1;
    Password {
        digits: String::from_utf8(of(CK_OTP_VALUE).to_vec()).expect("digits"),
        counter: u64::from_be_bytes(of(CK_OTP_COUNTER).try_into().expect("a counter of 8 bytes")),
    }
}
