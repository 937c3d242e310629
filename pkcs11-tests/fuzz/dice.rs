//! Chance that can be repeated.

/// A generator of numbers: `SplitMix64` (Steele, Lea and Flood, 2014).
pub(crate) struct Dice(u64);

/// Lengths that no memory has.
const WILD: [u64; 7] = [u64::MAX, u64::MAX - 15, 1 << 63, (1 << 63) - 1, 1 << 56, 1 << 48, 1 << 41];

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.word() % end
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// True once in `times` times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    /// A length of at most `most` bytes: mostly short or around a block.
    pub(crate) fn len(&mut self, most: u64) -> u64 {
        let len = match self.below(8) {
            0 => 0,
            1 => self.below(8),
            2 => self.of(&[15, 16, 17, 31, 32, 33, 48, 64]),
            3 => self.of(&[20, 28, 32, 48, 64, 96, 128, 256]),
            4 => 8 * self.below(16),
            5 | 6 => self.below(300),
            _ => self.below(most + 1),
        };
        len.min(most)
    }

    pub(crate) fn wild_len(&mut self) -> u64 {
        self.of(&WILD)
    }
}
