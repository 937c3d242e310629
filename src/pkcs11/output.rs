//! Where a result goes: the caller's own buffer, or only its length.

use crate::{Error, Result};

/// The room that an application offers for a result (PKCS#11 v3.2 section 5.2).
#[derive(Debug)]
pub enum Room<'a> {
    /// A null pointer: only the length is asked for, nothing may be computed.
    Query,
    /// A buffer; results are written from its start.
    Buffer(&'a mut [u8]),
}

impl Room<'_> {
    /// Whether only the length is asked for.
    #[must_use]
    pub fn is_query(&self) -> bool {
        matches!(self, Room::Query)
    }

    /// The first `len` bytes of the buffer.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`] when the buffer is shorter, and for [`Room::Query`].
    pub fn take(&mut self, len: usize) -> Result<&mut [u8]> {
        match self {
            Room::Buffer(buffer) => buffer.get_mut(..len).ok_or(Error::BufferTooSmall { needed: len }),
            Room::Query => Err(Error::BufferTooSmall { needed: len }),
        }
    }

    /// Writes `bytes`, or names their length for a query; gives the length.
    ///
    /// # Errors
    /// [`Error::BufferTooSmall`] when the buffer is shorter.
    pub fn put(&mut self, bytes: &[u8]) -> Result<usize> {
        if !self.is_query() {
            self.take(bytes.len())?.copy_from_slice(bytes);
        }
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_the_length_and_a_short_buffer_is_left_alone() {
        assert_eq!(Room::Query.put(b"abc").unwrap(), 3);
        let mut short = [7u8; 2];
        assert!(matches!(Room::Buffer(&mut short).put(b"abc"), Err(Error::BufferTooSmall { needed: 3 })));
        assert_eq!(short, [7, 7]);
    }
}
