//! The one canonical byte form: records of numbered fields, and lists of items (`docs/format.md`).
//!
//! A *record* is a run of fields in strictly ascending order of tag: tag (u16), length (u32), value; all numbers
//! big endian. An absent field is an absent tag. A tag with bit 15 set may be skipped by a reader that does not
//! know it; any other unknown tag is refused, because it was written by something newer that meant it.
//! A *list* is a run of items: length (u32), value. There is exactly one encoding of a value.

use crate::{Error, Result, Secret};

/// The bit of a field's tag that lets an older reader skip it.
pub const SKIPPABLE: u16 = 0x8000;

/// Writes records and lists.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    last: Option<u16>,
}

impl Writer {
    /// Nothing written yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field of bytes. Fields must come in ascending order of tag; a tag out of order makes a record that
    /// [`Record::read`] refuses.
    pub fn field(&mut self, tag: u16, value: &[u8]) -> &mut Self {
        debug_assert!(self.last.is_none_or(|last| last < tag), "fields out of order");
        self.last = Some(tag);
        self.raw(&tag.to_be_bytes());
        self.item(value)
    }

    /// A field that holds a number, in 8 bytes.
    pub fn number(&mut self, tag: u16, value: u64) -> &mut Self {
        self.field(tag, &value.to_be_bytes())
    }

    /// A field that is written only when there is something in it.
    pub fn optional(&mut self, tag: u16, value: Option<&[u8]>) -> &mut Self {
        if let Some(value) = value {
            self.field(tag, value);
        }
        self
    }

    /// A field that holds a list.
    pub fn list<T: AsRef<[u8]>>(&mut self, tag: u16, items: impl IntoIterator<Item = T>) -> &mut Self {
        let mut list = Writer::new();
        for item in items {
            list.item(item.as_ref());
        }
        let list = list.finish();
        self.field(tag, list.expose())
    }

    /// One item of a list. A length above 32 bits cannot occur: everything here is far smaller; it would be cut
    /// and then refused by the reader.
    pub fn item(&mut self, value: &[u8]) -> &mut Self {
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.raw(&len.to_be_bytes());
        self.raw(value)
    }

    /// Bytes as they are. Grows by hand, so that no copy of a secret is left behind by a reallocation.
    pub fn raw(&mut self, value: &[u8]) -> &mut Self {
        if self.room() < value.len() {
            let larger = Vec::with_capacity((self.bytes.len() + value.len()) * 2 + 64);
            self.move_into(larger);
        }
        self.bytes.extend_from_slice(value);
        self
    }

    /// As [`Writer::raw`], for bytes that may be more than there is memory for. What was written stays.
    ///
    /// # Errors
    /// [`Error::HostMemory`]
    pub fn try_raw(&mut self, value: &[u8]) -> Result<&mut Self> {
        if self.room() < value.len() {
            let needed = self.bytes.len().checked_add(value.len()).ok_or(Error::HostMemory)?;
            let mut larger = Vec::new();
            let ample = needed.saturating_mul(2).saturating_add(64);
            // Where twice as much is not there, exactly as much may be.
            let reserved = larger.try_reserve_exact(ample).or_else(|_| larger.try_reserve_exact(needed));
            reserved.map_err(|_| Error::HostMemory)?;
            self.move_into(larger);
        }
        self.bytes.extend_from_slice(value);
        Ok(self)
    }

    /// Bytes that can come before it must grow.
    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Goes on in a larger place, and wipes the one before.
    fn move_into(&mut self, mut larger: Vec<u8>) {
        larger.extend_from_slice(&self.bytes);
        drop(Secret::new(std::mem::replace(&mut self.bytes, larger)));
    }

    /// What was written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written.
    #[must_use]
    pub fn finish(&mut self) -> Secret {
        Secret::new(std::mem::take(&mut self.bytes))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.finish());
    }
}

/// Reads the items of a list.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next item, or `None` at the end.
    ///
    /// # Errors
    /// [`Error::Encoding`] when the bytes end inside an item.
    pub fn item(&mut self) -> Result<Option<&'a [u8]>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let cut = Error::Encoding("an item cut short");
        let Some((len, rest)) = self.rest.split_first_chunk::<4>() else { return Err(cut) };
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let Some((item, rest)) = rest.split_at_checked(len) else { return Err(cut) };
        self.rest = rest;
        Ok(Some(item))
    }

    /// All items that are left.
    ///
    /// # Errors
    /// [`Error::Encoding`] when the bytes end inside an item.
    pub fn items(mut self) -> Result<Vec<&'a [u8]>> {
        let mut items = Vec::new();
        while let Some(item) = self.item()? {
            items.push(item);
        }
        Ok(items)
    }

    fn tag(&mut self) -> Result<Option<u16>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (tag, rest) = self.rest.split_first_chunk::<2>().ok_or(Error::Encoding("a tag cut short"))?;
        self.rest = rest;
        Ok(Some(u16::from_be_bytes(*tag)))
    }
}

/// A record that has been read: its fields by tag.
#[derive(Debug)]
pub struct Record<'a> {
    fields: Vec<(u16, &'a [u8])>,
}

impl<'a> Record<'a> {
    /// Reads a record whose fields are all among `known`, or may be skipped.
    ///
    /// # Errors
    /// [`Error::Encoding`] for fields cut short, out of order, repeated, or unknown and not skippable.
    pub fn read(bytes: &'a [u8], known: &[u16]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let mut fields: Vec<(u16, &'a [u8])> = Vec::new();
        while let Some(tag) = reader.tag()? {
            let value = reader.item()?.ok_or(Error::Encoding("a field cut short"))?;
            if fields.last().is_some_and(|(last, _)| *last >= tag) {
                return Err(Error::Encoding("fields out of order"));
            }
            if !known.contains(&tag) && tag & SKIPPABLE == 0 {
                return Err(Error::Encoding("a field of a newer version"));
            }
            fields.push((tag, value));
        }
        Ok(Self { fields })
    }

    /// A field that may be absent.
    #[must_use]
    pub fn optional(&self, tag: u16) -> Option<&'a [u8]> {
        self.fields.iter().find(|(t, _)| *t == tag).map(|(_, value)| *value)
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// [`Error::Encoding`] when it is absent.
    pub fn bytes(&self, tag: u16) -> Result<&'a [u8]> {
        self.optional(tag).ok_or(Error::Encoding("a missing field"))
    }

    /// A field of exactly `N` bytes.
    ///
    /// # Errors
    /// [`Error::Encoding`] when it is absent or of another length.
    pub fn array<const N: usize>(&self, tag: u16) -> Result<[u8; N]> {
        self.bytes(tag)?.try_into().map_err(|_| Error::Encoding("a field of a wrong length"))
    }

    /// A number.
    ///
    /// # Errors
    /// [`Error::Encoding`] when it is absent or not 8 bytes.
    pub fn number(&self, tag: u16) -> Result<u64> {
        Ok(u64::from_be_bytes(self.array(tag)?))
    }

    /// A number that must fit 32 bits.
    ///
    /// # Errors
    /// [`Error::Encoding`] when it is absent, not 8 bytes, or larger.
    pub fn number32(&self, tag: u16) -> Result<u32> {
        u32::try_from(self.number(tag)?).map_err(|_| Error::Encoding("a number out of range"))
    }

    /// A text in UTF-8.
    ///
    /// # Errors
    /// [`Error::Encoding`] when it is absent or not UTF-8.
    pub fn text(&self, tag: u16) -> Result<String> {
        String::from_utf8(self.bytes(tag)?.to_vec()).map_err(|_| Error::Encoding("a text that is not UTF-8"))
    }

    /// The items of a list; an absent field is an empty list.
    ///
    /// # Errors
    /// [`Error::Encoding`] when an item is cut short.
    pub fn list(&self, tag: u16) -> Result<Vec<&'a [u8]>> {
        Reader::new(self.optional(tag).unwrap_or_default()).items()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Secret {
        Writer::new().number(1, 7).field(3, b"abc").list(4, [b"x".as_slice(), b""]).finish()
    }

    #[test]
    fn a_record_comes_back_field_by_field() {
        let bytes = record();
        let read = Record::read(bytes.expose(), &[1, 3, 4]).unwrap();
        assert_eq!(read.number(1).unwrap(), 7);
        assert_eq!(read.bytes(3).unwrap(), b"abc");
        assert_eq!(read.list(4).unwrap(), vec![b"x".as_slice(), b""]);
        assert!(read.bytes(2).is_err());
    }

    #[test]
    fn bytes_that_may_be_many_follow_one_another_as_others_do() {
        let (mut one, mut other) = (Writer::new(), Writer::new());
        for len in [0, 1, 64, 65, 1000, 3] {
            one.raw(&vec![7; len]);
            other.try_raw(&vec![7; len]).unwrap();
        }
        assert_eq!(one.finish(), other.finish());
    }

    #[test]
    fn an_unknown_field_is_refused_unless_it_may_be_skipped() {
        let bytes = Writer::new().number(1, 7).field(2, b"").finish();
        assert!(Record::read(bytes.expose(), &[1]).is_err());
        let bytes = Writer::new().number(1, 7).field(SKIPPABLE | 2, b"").finish();
        assert_eq!(Record::read(bytes.expose(), &[1]).unwrap().number(1).unwrap(), 7);
    }

    #[test]
    fn repeated_fields_are_refused() {
        let one = Writer::new().number(1, 7).finish();
        let twice = [one.expose(), one.expose()].concat();
        assert!(Record::read(&twice, &[1]).is_err());
    }

    #[test]
    fn no_cut_of_a_record_reads_as_the_whole() {
        let bytes = record();
        for len in 0..bytes.len() {
            let cut = &bytes.expose()[..len];
            let whole =
                Record::read(cut, &[1, 3, 4]).is_ok_and(|r| r.optional(4).is_some_and(|l| l.len() == 9));
            assert!(!whole, "cut at {len}");
        }
    }
}
