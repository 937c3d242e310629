//! Copies of a mechanism's parameters that a test alters, field by field.

use std::ptr;
use std::rc::Rc;

use cryptoki_sys::{CK_MECHANISM, CK_MECHANISM_TYPE, CK_ULONG};

/// Bytes of a word: every field of the standard's structures is one, or a byte.
const WORD: usize = size_of::<u64>();

/// The bytes of a structure, or of an array of them, and the copies that its pointers lead to. There is not a byte more
/// than that, so that whoever reads beyond is seen by those who watch over memory.
#[derive(Clone, Default)]
pub struct Image {
    bytes: Box<[u8]>,
    kept: Vec<Rc<Image>>,
}

impl Image {
    /// A copy of the parameters that a mechanism points to, without what they point to.
    #[must_use]
    pub fn of(mechanism: &CK_MECHANISM) -> Self {
        let address = mechanism.pParameter.expose_provenance() as u64;
        Self::copied(address, usize::try_from(mechanism.ulParameterLen).unwrap_or_default())
    }

    /// So many bytes, each the same.
    #[must_use]
    pub fn filled(len: usize, byte: u8) -> Self {
        Self { bytes: vec![byte; len].into_boxed_slice(), kept: Vec::new() }
    }

    fn copied(address: u64, len: usize) -> Self {
        let mut image = Self::filled(len, 0);
        if len > 0 {
            let address = usize::try_from(address).unwrap_or(usize::MAX);
            let from = ptr::with_exposed_provenance::<u8>(address);
            // SAFETY: the test has made these parameters, and they live as long as it; the copy has room for `len`.
            unsafe { ptr::copy_nonoverlapping(from, image.bytes.as_mut_ptr(), len) };
        }
        image
    }

    /// So many of these bytes, with zeros behind them where there are fewer.
    #[must_use]
    pub fn resized(&self, len: usize) -> Self {
        let mut resized = Self::filled(len, 0);
        resized.bytes.iter_mut().zip(&self.bytes).for_each(|(place, byte)| *place = *byte);
        resized
    }

    /// A copy of the `len` bytes that the pointer at an offset leads to.
    #[must_use]
    pub fn behind(&self, at: usize, len: usize) -> Self {
        Self::copied(self.word(at), len)
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The word at an offset.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn word(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.bytes[at..at + WORD].try_into().expect("eight bytes"))
    }

    /// Puts a word at an offset.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn put(&mut self, at: usize, word: u64) {
        self.bytes[at..at + WORD].copy_from_slice(&word.to_ne_bytes());
    }

    /// Puts a byte at an offset.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn put_byte(&mut self, at: usize, byte: u8) {
        self.bytes[at] = byte;
    }

    /// Puts the address of another image at an offset; that one lives as long as this.
    pub fn point(&mut self, at: usize, to: Self) {
        let to = Rc::new(to);
        self.put(at, to.address());
        self.kept.push(to);
    }

    /// Where it lies; it stays there when the image is moved.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.bytes.as_ptr().expose_provenance() as u64
    }
}

/// A mechanism with parameters at an address, which need not fit.
#[must_use]
pub fn at_address(kind: CK_MECHANISM_TYPE, address: u64, len: CK_ULONG) -> CK_MECHANISM {
    let address = usize::try_from(address).unwrap_or(usize::MAX);
    CK_MECHANISM {
        mechanism: kind,
        pParameter: ptr::with_exposed_provenance_mut(address),
        ulParameterLen: len,
    }
}
