//! Random bytes of one case, taken one after the other.

use std::cell::Cell;

pub(super) struct Chance<'a> {
    bytes: &'a [u8],
    taken: Cell<usize>,
}

impl<'a> Chance<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, taken: Cell::new(0) }
    }

    /// The next `len` bytes.
    ///
    /// # Panics
    /// When there are no more.
    pub(super) fn bytes(&self, len: usize) -> Vec<u8> {
        let at = self.taken.get();
        self.taken.set(at + len);
        self.bytes[at..at + len].to_vec()
    }

    /// The next bytes, as an array.
    pub(super) fn array<const LEN: usize>(&self) -> [u8; LEN] {
        self.bytes(LEN).try_into().unwrap()
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&self, least: usize, most: usize) -> usize {
        let number = usize::from(u16::from_le_bytes(self.array()));
        least + number % (most - least + 1)
    }

    /// Bytes whose number is random too, up to `most`.
    pub(super) fn some(&self, most: usize) -> Vec<u8> {
        self.bytes(self.between(0, most))
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[self.between(0, of.len() - 1)]
    }
}
