//! Safe primes: half of one, without the rest, is a prime as well.

use pkcs11::Result;
use sha2::{Digest, Sha256};

use crate::aws_lc::finite_field::is_prime;

/// TABLE: the primes that everybody knows, by their SHA-256, most significant byte first. It spares their bearers the
/// proof, which takes up to half a minute.
const KNOWN: [&str; 11] = [
    // RFC 3526 section 2: 1536 bits
    "64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b",
    // section 3: 2048
    "d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
    // section 4: 3072
    "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
    // section 5: 4096
    "4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
    // section 6: 6144
    "d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd",
    // section 7: 8192
    "39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
    // RFC 7919 appendix A.1: ffdhe2048
    "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966",
    // A.2: ffdhe3072
    "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17",
    // A.3: ffdhe4096
    "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e",
    // A.4: ffdhe6144
    "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7",
    // A.5: ffdhe8192
    "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833",
];

/// Whether a number without leading zeros is a safe prime. Takes seconds for one of thousands of bits that is not known.
///
/// # Errors
/// [`pkcs11::Error::Primitive`]
pub(super) fn is_safe_prime(number: &[u8]) -> Result<bool> {
    Ok(is_known(number) || (is_prime(number)? && is_prime(&half(number))?))
}

/// Whether a number without leading zeros is a prime of RFC 3526 or RFC 7919.
pub(crate) fn is_known(number: &[u8]) -> bool {
    let digest: String = Sha256::digest(number).iter().map(|byte| format!("{byte:02x}")).collect();
    KNOWN.contains(&digest.as_str())
}

/// Half of a number, without the rest.
pub(super) fn half(number: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let halve = |byte: &u8| {
        let half = byte >> 1 | carry;
        carry = byte << 7;
        half
    };
    number.iter().map(halve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::hex;

    /// RFC 3526 section 2.
    const OAKLEY_1536: &str = "\
        FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
        EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
        EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
        83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF";

    #[test]
    fn a_known_prime_is_one() {
        let prime = hex(OAKLEY_1536);
        assert!(is_known(&prime));
        assert_eq!(is_prime(&prime), Ok(true));
        assert_eq!(is_prime(&half(&prime)), Ok(true));
    }

    #[test]
    fn a_prime_is_safe_where_its_half_is_prime() {
        // 23 = 2 * 11 + 1, 467 = 2 * 233 + 1; half of 29 is 14, of 509 it is 254.
        for (number, is_safe) in
            [(23, true), (467, true), (29, false), (509, false), (15, false), (27, false)]
        {
            let bytes = u16::to_be_bytes(number);
            assert_eq!(is_safe_prime(crate::der::without_leading_zeros(&bytes)), Ok(is_safe), "{number}");
        }
    }

    #[test]
    fn every_byte_of_a_known_prime_counts() {
        for at in 0..192 {
            let mut other = hex(OAKLEY_1536);
            other[at] ^= 1;
            assert!(!is_known(&other));
        }
    }
}
