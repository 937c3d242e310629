//! What a token promises of a message's vector that it makes (docs/decisions/0048).

use pkcs11::constants::{CKG_GENERATE, CKG_GENERATE_RANDOM};

/// So many bits must be free for a random vector to serve 2^32 messages (SP 800-38D sections 8.2.2 and 8.3).
pub const RANDOM_BITS: u64 = 96;

/// Whether a vector of so many bytes is random in at least [`RANDOM_BITS`] of its bits, so that it needs no memory of those
/// that were made before it. `generator` is a `CKG_` value.
#[must_use]
pub fn is_random(vector_len: usize, fixed_bits: u64, generator: u64) -> bool {
    let bits = u64::try_from(vector_len).unwrap_or(u64::MAX).saturating_mul(8);
    matches!(generator, CKG_GENERATE | CKG_GENERATE_RANDOM)
        && bits.checked_sub(fixed_bits).is_some_and(|free| free >= RANDOM_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs11::constants::{CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_NO_GENERATE};

    #[test]
    fn a_vector_is_random_by_its_generator_and_its_free_bits() {
        for generator in [CKG_GENERATE, CKG_GENERATE_RANDOM] {
            for (len, fixed_bits, random) in [
                (12, 0, true),
                (16, 32, true),
                (12, 1, false),
                (16, 33, false),
                (0, 0, false),
                (12, u64::MAX, false),
            ] {
                assert_eq!(is_random(len, fixed_bits, generator), random, "{len} {fixed_bits}");
            }
        }
        for other in [CKG_NO_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, 5, u64::MAX] {
            assert!(!is_random(64, 0, other));
        }
    }
}
