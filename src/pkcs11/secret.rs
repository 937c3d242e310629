//! Bytes that are wiped when dropped and never printed.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, Result};

/// Bytes that may be secret: wiped on drop, and shown by `Debug` as a length alone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes bytes over; the vector's memory is wiped when the secret goes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// `len` zero bytes, to be filled through [`Secret::as_mut`].
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self(vec![0; len])
    }

    /// As [`Secret::zeroed`], for a length that the caller of the library chooses.
    ///
    /// # Errors
    /// [`Error::HostMemory`] when there is no memory for it.
    pub fn try_zeroed(len: usize) -> Result<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| Error::HostMemory)?;
        bytes.resize(len, 0);
        Ok(Self(bytes))
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Secret {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Secret {
    fn from(bytes: [u8; N]) -> Self {
        let secret = Self(bytes.to_vec());
        let mut bytes = bytes;
        bytes.zeroize();
        secret
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for Secret {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_no_memory_holds_is_an_error() {
        assert_eq!(Secret::try_zeroed(isize::MAX.unsigned_abs()), Err(Error::HostMemory));
        assert_eq!(Secret::try_zeroed(usize::MAX), Err(Error::HostMemory));
        assert_eq!(Secret::try_zeroed(3), Ok(Secret::from([0; 3])));
    }

    #[test]
    fn debug_shows_the_length_and_nothing_else() {
        assert_eq!(format!("{:?}", Secret::from(b"hunter2".as_slice())), "Secret(7 bytes)");
    }
}
