//! Initialisation vectors and nonces that the token makes (PKCS#11 v3.2 sections 6.13.3 and 6.13.5): `CKG_` generators with
//! fixed bits. docs/decisions/0048 says what each promises.

use engine::mechanism::vector::RANDOM_BITS;
use pkcs11::constants::{
    CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_GENERATE_RANDOM, CKG_NO_GENERATE,
};
use pkcs11::{Error, Result};

use crate::aws_lc;

/// The fewest free bits of what is random in any way.
const FEWEST_BITS: u64 = 32;

/// What is asked of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand<'a> {
    /// All its bytes: its length, its fixed bits, and what a generator that combines starts from.
    pub(crate) given: &'a [u8],
    /// How many of its most significant bits are kept.
    pub(crate) fixed_bits: u64,
    /// A `CKG_` value.
    pub(crate) generator: u64,
}

/// A generator that counts, and what it was begun with.
struct Counter {
    generator: u64,
    fixed_bits: u64,
    /// The given bytes that may not change, the others 0.
    bound: Vec<u8>,
    /// Added to the count.
    start: u128,
    /// Vectors made so far.
    made: u128,
}

/// The vectors of one process.
#[derive(Default)]
pub(crate) struct Vectors {
    counter: Option<Counter>,
    /// Whether a vector was given, or was random. What counts is alone in its process: nothing else could meet it.
    others: bool,
    /// How many were random.
    random: u128,
}

impl Vectors {
    /// The next vector.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`] for a demand that cannot be met, and before a vector comes again.
    pub(crate) fn next(&mut self, demand: Demand<'_>) -> Result<Vec<u8>> {
        let free = free_bits(&demand)?;
        match demand.generator {
            CKG_NO_GENERATE => {
                self.beside_no_counter()?;
                Ok(demand.given.to_vec())
            }
            CKG_GENERATE_RANDOM => self.random(demand, free),
            CKG_GENERATE if free >= RANDOM_BITS => self.random(demand, free),
            CKG_GENERATE if free >= FEWEST_BITS => {
                let mut start = [0; 16];
                aws_lc::random(&mut start)?;
                self.count(demand, free, u128::from_be_bytes(start))
            }
            CKG_GENERATE_COUNTER | CKG_GENERATE_COUNTER_XOR => self.count(demand, free, 0),
            CKG_GENERATE => Err(Error::MechanismParamInvalid("under 32 bits of the vector are free")),
            _ => Err(Error::MechanismParamInvalid("another generator of vectors")),
        }
    }

    fn beside_no_counter(&mut self) -> Result<()> {
        if self.counter.is_some() {
            return Err(Error::MechanismParamInvalid(
                "vectors are counted in this process: no other can be used",
            ));
        }
        self.others = true;
        Ok(())
    }

    /// SP 800-38D section 8.3 has at most 2^32 vectors of 96 random bits, so that two are alike with a chance of 2^-32: for
    /// any number of bits.
    fn random(&mut self, demand: Demand<'_>, free: u64) -> Result<Vec<u8>> {
        let spare = free.checked_sub(FEWEST_BITS);
        let spare = spare.ok_or(Error::MechanismParamInvalid("under 32 bits of the vector are free"))?;
        if self.random >= power(spare / 2) {
            return Err(Error::MechanismParamInvalid("no further random vector of so few bits is safe"));
        }
        self.beside_no_counter()?;
        let mut made = vec![0; demand.given.len()];
        aws_lc::random(&mut made)?;
        keep(&mut made, demand.given, demand.fixed_bits);
        self.random += 1;
        Ok(made)
    }

    fn count(&mut self, demand: Demand<'_>, free: u64, start: u128) -> Result<Vec<u8>> {
        if self.others {
            return Err(Error::MechanismParamInvalid("vectors that are counted are alone in their process"));
        }
        let combined = demand.generator == CKG_GENERATE_COUNTER_XOR;
        let bound_bits = if combined { bits(demand.given) } else { demand.fixed_bits };
        let mut bound = vec![0; demand.given.len()];
        keep(&mut bound, demand.given, bound_bits);
        let Demand { generator, fixed_bits, .. } = demand;
        let begun = Counter { generator, fixed_bits, bound, start, made: 0 };
        let counter = match &mut self.counter {
            Some(counter) if counter.is_another_than(&begun) => {
                return Err(Error::MechanismParamInvalid(
                    "vectors of this process are counted in another way",
                ));
            }
            Some(counter) => counter,
            none => none.insert(begun),
        };
        if counter.made >= power(free) {
            return Err(Error::MechanismParamInvalid("every vector of the counter has been used"));
        }
        let mut made = counter.bound.clone();
        combine(&mut made, counter.start.wrapping_add(counter.made), free);
        counter.made += 1;
        Ok(made)
    }
}

impl Counter {
    fn is_another_than(&self, begun: &Self) -> bool {
        (self.generator, self.fixed_bits) != (begun.generator, begun.fixed_bits) || self.bound != begun.bound
    }
}

fn bits(bytes: &[u8]) -> u64 {
    (bytes.len() as u64).saturating_mul(8)
}

/// How many bits of a vector are not fixed. Those of one that is given do not matter.
fn free_bits(demand: &Demand<'_>) -> Result<u64> {
    if demand.given.is_empty() {
        return Err(Error::MechanismParamInvalid("a vector of no bytes"));
    }
    let free = bits(demand.given).checked_sub(demand.fixed_bits);
    free.ok_or(Error::MechanismParamInvalid("more fixed bits than the vector has"))
}

/// Two to the power, or the most that can be counted.
fn power(exponent: u64) -> u128 {
    u32::try_from(exponent).ok().and_then(|exponent| 1_u128.checked_shl(exponent)).unwrap_or(u128::MAX)
}

/// Takes the most significant bits from `given`.
fn keep(made: &mut [u8], given: &[u8], fixed_bits: u64) {
    let mut left = fixed_bits;
    for (made, given) in made.iter_mut().zip(given) {
        let kept = u32::try_from(left.min(8)).unwrap_or_default();
        let mask = u8::MAX.checked_shr(kept).unwrap_or_default();
        *made = (*made & mask) | (*given & !mask);
        left = left.saturating_sub(8);
    }
}

/// Combines the `free` least significant bits with a number, whose bits beyond those are left out.
fn combine(made: &mut [u8], number: u128, free: u64) {
    let mut left = free;
    for (made, byte) in made.iter_mut().rev().zip(number.to_le_bytes()) {
        let unused = 8 - u32::try_from(left.min(8)).unwrap_or_default();
        *made ^= byte & u8::MAX.checked_shr(unused).unwrap_or_default();
        left = left.saturating_sub(8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(given: &[u8], fixed_bits: u64, generator: u64) -> Demand<'_> {
        Demand { given, fixed_bits, generator }
    }

    fn refused(made: Result<Vec<u8>>) -> bool {
        matches!(made, Err(Error::MechanismParamInvalid(_)))
    }

    #[test]
    fn a_vector_that_is_given_is_taken_as_it_is() {
        let mut vectors = Vectors::default();
        for _ in 0..3 {
            assert_eq!(vectors.next(demand(&[1, 2, 3], 24, CKG_NO_GENERATE)).unwrap(), [1, 2, 3]);
        }
        assert!(refused(vectors.next(demand(&[], 0, CKG_NO_GENERATE))));
        assert!(refused(vectors.next(demand(&[1], 9, CKG_NO_GENERATE))));
    }

    #[test]
    fn a_counter_begins_at_zero_behind_the_fixed_bits() {
        let mut vectors = Vectors::default();
        let mut next = || vectors.next(demand(&[0xAB, 0xCD, 0xFF, 0xFF], 12, CKG_GENERATE_COUNTER)).unwrap();
        assert_eq!(next(), [0xAB, 0xC0, 0, 0]);
        assert_eq!(next(), [0xAB, 0xC0, 0, 1]);
        for _ in 2..256 {
            next();
        }
        assert_eq!(next(), [0xAB, 0xC0, 1, 0]);
    }

    #[test]
    fn a_counter_is_combined_with_what_was_given() {
        let mut vectors = Vectors::default();
        let mut next =
            |given: &[u8]| vectors.next(demand(given, 8, CKG_GENERATE_COUNTER_XOR)).map_err(|_| "refused");
        assert_eq!(next(&[1, 0xF0, 0x0F]), Ok(vec![1, 0xF0, 0x0F]));
        assert_eq!(next(&[1, 0xF0, 0x0F]), Ok(vec![1, 0xF0, 0x0E]));
        assert_eq!(next(&[1, 0xF0, 0x0E]), Err("refused"), "it must be the same each time");
        assert_eq!(next(&[1, 0xF0, 0x0F]), Ok(vec![1, 0xF0, 0x0D]));
    }

    #[test]
    fn a_counter_is_refused_before_it_comes_round() {
        for generator in [CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR] {
            for free in 0..10_u64 {
                let (mut vectors, given) = (Vectors::default(), [0x5A; 3]);
                let mut next = || vectors.next(demand(&given, 24 - free, generator));
                let made: std::collections::BTreeSet<_> = (0..1 << free).map(|_| next().unwrap()).collect();
                assert_eq!(made.len(), 1 << free, "all differ");
                assert!(refused(next()));
                assert!(refused(next()), "and from then on");
            }
        }
    }

    #[test]
    fn what_counts_is_alone_in_its_process_and_begun_in_one_way() {
        let mut vectors = Vectors::default();
        let given = [7; 12];
        vectors.next(demand(&given, 32, CKG_GENERATE_COUNTER)).unwrap();
        for other in [
            demand(&given, 33, CKG_GENERATE_COUNTER),
            demand(&given[1..], 32, CKG_GENERATE_COUNTER),
            demand(&[8; 12], 32, CKG_GENERATE_COUNTER),
            demand(&given, 32, CKG_GENERATE_COUNTER_XOR),
            demand(&given, 32, CKG_GENERATE),
            demand(&given, 0, CKG_GENERATE_RANDOM),
            demand(&given, 0, CKG_NO_GENERATE),
        ] {
            assert!(refused(vectors.next(other)), "{other:?}");
        }
        let mut last = [9; 12];
        last[..4].fill(7);
        assert_eq!(
            vectors.next(demand(&last, 32, CKG_GENERATE_COUNTER)).unwrap()[11],
            1,
            "free bits are free"
        );
        for first in [CKG_NO_GENERATE, CKG_GENERATE, CKG_GENERATE_RANDOM] {
            let mut vectors = Vectors::default();
            vectors.next(demand(&given, 0, first)).unwrap();
            assert!(refused(vectors.next(demand(&given, 0, CKG_GENERATE_COUNTER))));
            assert!(refused(vectors.next(demand(&given, 32, CKG_GENERATE))), "that counts");
            vectors.next(demand(&given, 0, CKG_GENERATE)).unwrap();
            vectors.next(demand(&given, 0, CKG_NO_GENERATE)).unwrap();
        }
    }

    #[test]
    fn random_bits_leave_the_fixed_ones_and_differ() {
        for generator in [CKG_GENERATE, CKG_GENERATE_RANDOM] {
            let (mut vectors, given) = (Vectors::default(), [0xA5; 17]);
            let made: Vec<_> =
                (0..50).map(|_| vectors.next(demand(&given, 35, generator)).unwrap()).collect();
            for (at, vector) in made.iter().enumerate() {
                assert_eq!(vector[..4], [0xA5; 4]);
                assert_eq!(vector[4] & 0b1110_0000, 0xA5 & 0b1110_0000);
                assert!(!made[..at].contains(vector));
            }
            assert!(made.iter().any(|vector| vector[4] & 0b0001_1111 != 0xA5 & 0b0001_1111));
        }
    }

    #[test]
    fn few_free_bits_count_from_a_random_start() {
        let given = [0xA5; 12];
        let starts: Vec<_> = (0..2)
            .map(|_| {
                let mut vectors = Vectors::default();
                let mut next = || vectors.next(demand(&given, 61, CKG_GENERATE)).unwrap();
                let made: Vec<_> = (0..300).map(|_| next()).collect();
                let number = |vector: &Vec<u8>| {
                    let mut wide = [0; 16];
                    wide[4..].copy_from_slice(vector);
                    u128::from_be_bytes(wide)
                };
                let mask = (1 << 35) - 1;
                for pair in made.windows(2) {
                    assert_eq!(((number(&pair[0]) & mask) + 1) & mask, number(&pair[1]) & mask);
                    assert_eq!(number(&pair[0]) & !mask, number(&pair[1]) & !mask);
                }
                made[0].clone()
            })
            .collect();
        assert_ne!(starts[0], starts[1], "by a chance of 2^-35");
        assert!(refused(Vectors::default().next(demand(&given, 65, CKG_GENERATE))));
    }

    #[test]
    fn so_few_random_bits_are_refused_before_two_may_be_alike() {
        let given = [0; 5];
        // 2^((40 - 32) / 2)
        let mut vectors = Vectors::default();
        for _ in 0..16 {
            vectors.next(demand(&given, 0, CKG_GENERATE_RANDOM)).unwrap();
        }
        assert!(refused(vectors.next(demand(&given, 0, CKG_GENERATE_RANDOM))));
        assert!(refused(Vectors::default().next(demand(&given, 9, CKG_GENERATE_RANDOM))));
        assert!(Vectors::default().next(demand(&given, 8, CKG_GENERATE_RANDOM)).is_ok(), "one is none twice");
    }

    #[test]
    fn other_generators_are_refused() {
        for generator in [5, 100, u64::MAX] {
            assert!(refused(Vectors::default().next(demand(&[1; 12], 0, generator))));
        }
    }
}
