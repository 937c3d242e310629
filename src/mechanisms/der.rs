//! The few pieces of DER that keys need (X.690).

use pkcs11::Secret;

/// `INTEGER`
pub(crate) const INTEGER: u8 = 0x02;
/// `BIT STRING`
pub(crate) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`
pub(crate) const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// `PrintableString`
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
/// `SEQUENCE`, constructed.
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0] IMPLICIT SET OF`: attributes of a `OneAsymmetricKey`.
const OF_ATTRIBUTES: u8 = 0xA0;
/// `[1] IMPLICIT BIT STRING`: its public key.
const OF_PUBLIC_KEY: u8 = 0x81;

/// An element over the concatenation of `parts`. Allocates once, so that no copy of a secret is left behind.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(len + 10);
    out.push(tag);
    match u8::try_from(len) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let bytes = len.to_be_bytes();
            let digits = without_leading_zeros(&bytes);
            // At most eight digits.
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            out.extend_from_slice(digits);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// [`element`], for what must be wiped.
pub(crate) fn secret_element(tag: u8, parts: &[&[u8]]) -> Secret {
    Secret::new(element(tag, parts))
}

/// A non-negative `INTEGER` of big-endian bytes.
pub(crate) fn unsigned_integer(number: &[u8]) -> Vec<u8> {
    let digits = without_leading_zeros(number);
    match digits.first() {
        Some(0..=0x7f) => element(INTEGER, &[digits]),
        _ => element(INTEGER, &[&[0], digits]),
    }
}

/// A `BIT STRING` of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

/// A `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7): `algorithm` holds the elements of its identifier.
pub(crate) fn public_key_info(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(SEQUENCE, algorithm), &bit_string(key)])
}

/// A `PrivateKeyInfo` of version 0 (RFC 5208 section 5): `algorithm` holds the elements of its identifier.
pub(crate) fn private_key_info(algorithm: &[&[u8]], key: &Secret) -> Secret {
    let key = secret_element(OCTET_STRING, &[key.expose()]);
    secret_element(SEQUENCE, &[&unsigned_integer(&[]), &element(SEQUENCE, algorithm), key.expose()])
}

/// The parts of a `PrivateKeyInfo`.
pub(crate) struct PrivateKeyInfo<'a> {
    /// The contents of the algorithm's identifier.
    pub(crate) algorithm: &'a [u8],
    pub(crate) key: &'a [u8],
    /// The public key that stands beside it.
    pub(crate) public: Option<&'a [u8]>,
}

/// Reads a `PrivateKeyInfo`, or the `OneAsymmetricKey` that succeeded it (RFC 5958 section 2). Its attributes are passed
/// over, and so are zeros after it: a block cipher that wraps pads with them (PKCS#11 v3.2 section 6.16.3).
pub(crate) fn read_private_key_info(input: &[u8]) -> Option<PrivateKeyInfo<'_>> {
    let (contents, rest) = first(SEQUENCE, input)?;
    if rest.iter().any(|byte| *byte != 0) {
        return None;
    }
    let mut elements = Elements::new(contents);
    let version = elements.unsigned()?;
    if !matches!(version, [] | [1]) {
        return None;
    }
    let (algorithm, key) = (elements.next(SEQUENCE)?, elements.next(OCTET_STRING)?);
    let _attributes = elements.next(OF_ATTRIBUTES);
    let public = match elements.next(OF_PUBLIC_KEY) {
        Some(bits) => Some(bits.strip_prefix(&[0])?),
        None => None,
    };
    Some(PrivateKeyInfo { algorithm, key, public })
}

/// The contents of `input` when it is one element of this tag, whole and with nothing after it, its length in the
/// shortest form.
pub(crate) fn contents(tag: u8, input: &[u8]) -> Option<&[u8]> {
    first(tag, input).filter(|(_, rest)| rest.is_empty()).map(|(contents, _)| contents)
}

/// The contents of the first element of `input`, when it is of this tag, and what follows it.
pub(crate) fn first(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = input.split_first()?;
    let (len, rest) = match rest.split_first()? {
        (short @ 0..=0x7f, rest) => (usize::from(*short), rest),
        (0x81, rest) => {
            rest.split_first().map(|(len, rest)| (usize::from(*len), rest)).filter(|(len, _)| *len >= 0x80)?
        }
        (0x82, rest) => rest
            .split_first_chunk()
            .map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))
            .filter(|(len, _)| *len >= 0x100)?,
        (0x83, rest) => rest
            .split_first_chunk()
            .map(|([a, b, c], rest)| (u32::from_be_bytes([0, *a, *b, *c]), rest))
            .filter(|(len, _)| *len >= 0x1_0000)
            .and_then(|(len, rest)| Some((usize::try_from(len).ok()?, rest)))?,
        _ => return None,
    };
    if *found == tag { rest.split_at_checked(len) } else { None }
}

/// Reads the elements of a `SEQUENCE` one after the other.
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Over the contents of a constructed element.
    pub(crate) fn new(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// The contents of the next element, which must be of this tag; one of another tag is still there for the next call.
    pub(crate) fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (contents, rest) = first(tag, self.0)?;
        self.0 = rest;
        Some(contents)
    }

    /// Whether all elements have been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next non-negative `INTEGER`, without leading zeros.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let digits = self.next(INTEGER)?;
        (*digits.first()? < 0x80).then(|| without_leading_zeros(digits))
    }

    /// The same, of a number that is not zero.
    pub(crate) fn positive(&mut self) -> Option<&'a [u8]> {
        self.unsigned().filter(|digits| !digits.is_empty())
    }
}

/// A big-endian number in its shortest form; empty for 0.
pub(crate) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_their_shortest_form_both_ways() {
        for (len, header) in [(0, 2), (0x7f, 2), (0x80, 3), (0xff, 3), (0x100, 4), (0xffff, 4), (0x1_0000, 5)]
        {
            let bytes = vec![7; len];
            let der = element(OCTET_STRING, &[&bytes]);
            assert_eq!(der.len(), len + header);
            assert_eq!(contents(OCTET_STRING, &der), Some(&bytes[..]));
        }
        for long in [&[4, 0x81, 1, 7][..], &[4, 0x82, 0, 1, 7], &[4, 0x83, 0, 0, 1, 7]] {
            assert_eq!(contents(OCTET_STRING, long), None, "a long form for a short length");
        }
    }

    #[test]
    fn nothing_but_one_whole_element_is_read() {
        let der = element(OCTET_STRING, &[b"abc"]);
        assert_eq!(contents(BIT_STRING, &der), None);
        assert_eq!(contents(OCTET_STRING, &[&der[..], &[0]].concat()), None);
        for cut in 0..der.len() {
            assert_eq!(contents(OCTET_STRING, &der[..cut]), None);
        }
    }

    #[test]
    fn an_unsigned_integer_never_reads_as_negative() {
        assert_eq!(unsigned_integer(&[]), [2, 1, 0]);
        assert_eq!(unsigned_integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned_integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned_integer(&[1, 0, 1]), [2, 3, 1, 0, 1]);
    }
}
