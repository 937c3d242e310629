//! Templates: read for the token, written for `C_GetAttributeValue`.

use cryptoki_sys::{CK_ATTRIBUTE, CK_ULONG, CK_UNAVAILABLE_INFORMATION};
use pkcs11::constants::{
    CKA_DECAPSULATE_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_EC_POINT, CKA_ENCAPSULATE_TEMPLATE, CKA_KEY_TYPE,
    CKA_UNWRAP_TEMPLATE, CKA_WRAP_TEMPLATE,
};
use pkcs11::{
    Attribute, AttributeType, AttributeValue, Attributes, Error, RawValue, Result, Reveal, Template,
};

use super::{bytes, copied, lendable, size};
use crate::points;

/// Attributes whose value is an array of attributes (PKCS#11 v3.2 sections 4.9 to 4.11).
///
/// Other types carry `CKF_ARRAY_ATTRIBUTE` too and hold something else (`CKA_ALLOWED_MECHANISMS`): pointers are
/// followed in these alone.
const NESTED: &[AttributeType] = &[
    CKA_WRAP_TEMPLATE,
    CKA_UNWRAP_TEMPLATE,
    CKA_DERIVE_TEMPLATE,
    CKA_ENCAPSULATE_TEMPLATE,
    CKA_DECAPSULATE_TEMPLATE,
];

/// Templates within templates, at most.
const DEPTH: usize = 4;
/// Attributes of a template and of those within it, at most.
const COUNT: usize = 4096;
/// Bytes of one value, at most.
const VALUE: usize = 16 << 20;
/// Bytes of all values of a template, at most.
const TOTAL: usize = 64 << 20;

/// How many copies of its values a template may come to at once on its way into the store.
const COPIES: usize = 8;

/// What may still be read of a template, so that a small one cannot ask for a large copy.
struct Budget {
    attributes: usize,
    bytes: usize,
}

/// A template as sent.
///
/// # Safety
/// Unless null, `count` attributes at `entries` are readable, and so are the values that they name.
pub(crate) unsafe fn template(entries: *const CK_ATTRIBUTE, count: CK_ULONG) -> Result<Template> {
    let mut budget = Budget { attributes: COUNT, bytes: TOTAL };
    // SAFETY: as promised to this function.
    let template = unsafe { read(entries, count, DEPTH, &mut budget) }?;
    room_for_copies(TOTAL - budget.bytes)?;
    Ok(template)
}

/// A template to search by.
///
/// # Safety
/// As [`template`].
pub(crate) unsafe fn wanted(entries: *const CK_ATTRIBUTE, count: CK_ULONG) -> Result<Template> {
    // SAFETY: as promised to this function.
    let mut template = unsafe { template(entries, count) }?;
    points::unwrap(&mut template);
    Ok(template)
}

/// Asks whether the memory is there that a template of so many bytes will take, and gives it back.
///
/// Values are copied again where they are typed, sealed and written, and there an allocation that fails ends the
/// process. Another thread may take the memory in between: what is prevented is one large template doing it alone.
fn room_for_copies(bytes: usize) -> Result<()> {
    let mut room = Vec::<u8>::new();
    room.try_reserve_exact(bytes.saturating_mul(COPIES)).map_err(|_| Error::HostMemory)
}

/// The entries themselves, without what they point to.
///
/// # Safety
/// Unless null, `count` attributes at `entries` are readable.
unsafe fn entries(entries: *const CK_ATTRIBUTE, count: CK_ULONG, most: usize) -> Result<Vec<CK_ATTRIBUTE>> {
    let count = match (entries.is_null(), size(count)?) {
        (_, 0) => return Ok(Vec::new()),
        (true, _) => return Err(Error::ArgumentsBad("a null pointer with a count of attributes")),
        (false, count) if count > most => {
            return Err(Error::ArgumentsBad("a template of too many attributes"));
        }
        (false, count) => count,
    };
    if !lendable(entries.addr(), count * size_of::<CK_ATTRIBUTE>()) {
        return Err(Error::ArgumentsBad("a template beyond any memory"));
    }
    let at = |index| {
        let entry = entries.wrapping_add(index);
        // SAFETY: not null and in bounds (above); the caller promises `count` readable attributes.
        unsafe { entry.read_unaligned() }
    };
    Ok((0..count).map(at).collect())
}

/// # Safety
/// As [`template`].
unsafe fn read(
    at: *const CK_ATTRIBUTE,
    count: CK_ULONG,
    depth: usize,
    budget: &mut Budget,
) -> Result<Template> {
    // SAFETY: as promised to this function.
    let entries = unsafe { entries(at, count, budget.attributes) }?;
    budget.attributes -= entries.len();
    let mut template = Vec::with_capacity(entries.len());
    for entry in &entries {
        // SAFETY: as promised to this function.
        let value = unsafe { raw_value(entry, depth, budget) }?;
        template.push(Attribute { attribute_type: entry.type_, value });
    }
    Ok(template)
}

/// # Safety
/// The value that `entry` names is readable.
unsafe fn raw_value(entry: &CK_ATTRIBUTE, depth: usize, budget: &mut Budget) -> Result<RawValue> {
    let invalid = Error::AttributeValueInvalid(entry.type_);
    let len = match size(entry.ulValueLen) {
        Ok(len) if len <= VALUE && lendable(entry.pValue.addr(), len) => len,
        _ => return Err(invalid),
    };
    if entry.pValue.is_null() && len > 0 {
        return Err(invalid);
    }
    if !NESTED.contains(&entry.type_) {
        budget.bytes = budget.bytes.checked_sub(len).ok_or(invalid)?;
        // SAFETY: in bounds (above), and promised to this function.
        let value = unsafe { bytes(entry.pValue.cast::<u8>(), entry.ulValueLen) }?;
        return copied(value).map(RawValue::Bytes);
    }
    let count = len / size_of::<CK_ATTRIBUTE>();
    if depth == 0 || !len.is_multiple_of(size_of::<CK_ATTRIBUTE>()) || count > budget.attributes {
        return Err(invalid);
    }
    // SAFETY: as promised to this function: the value of such an attribute is an array of attributes.
    unsafe { read(entry.pValue.cast::<CK_ATTRIBUTE>(), count as CK_ULONG, depth - 1, budget) }
        .map(RawValue::Template)
}

/// What `C_GetAttributeValue` was asked, and where its answers go.
pub(crate) struct Asked {
    at: *mut CK_ATTRIBUTE,
    entries: Vec<CK_ATTRIBUTE>,
    types: Vec<AttributeType>,
}

/// The types asked for.
///
/// # Safety
/// As [`template`], and everything is writable as long as the answer is used.
pub(crate) unsafe fn asked(at: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Result<Asked> {
    // SAFETY: as promised to this function.
    let entries = unsafe { entries(at, count, COUNT) }?;
    let types = entries.iter().map(|entry| entry.type_).collect();
    Ok(Asked { at, entries, types })
}

/// The same for a caller that knows no version after 3.0. The key type, which says what form a point has, is asked for
/// behind everything else.
///
/// # Safety
/// As [`asked`].
pub(crate) unsafe fn asked_before_3_1(at: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Result<Asked> {
    // SAFETY: as promised to this function.
    let mut asked = unsafe { asked(at, count) }?;
    if asked.types.contains(&CKA_EC_POINT) {
        asked.types.push(CKA_KEY_TYPE);
    }
    Ok(asked)
}

impl Asked {
    /// One for each entry, and behind them the key type where that is needed.
    pub(crate) fn types(&self) -> &[AttributeType] {
        &self.types
    }

    /// Writes every answer that can be given (section 5.7.5); of the three reasons why one cannot, the first in the
    /// order of that section's algorithm is told (docs/decisions/0007).
    pub(crate) fn finish(self, answer: Result<Vec<Reveal>>) -> Result<()> {
        let mut answer = answer?;
        if answer.len() != self.types.len() {
            return Err(Error::Bug("as many answers as attributes asked for"));
        }
        if answer.len() > self.entries.len()
            && let Some(key_type) = answer.pop()
        {
            points::wrap(&self.types, &mut answer, &key_type);
        }
        let mut missing = Missing::default();
        for (index, (mut entry, reveal)) in self.entries.into_iter().zip(&answer).enumerate() {
            missing.note(answer_one(&mut entry, reveal));
            write_entry(self.at, index, entry);
        }
        missing.first()
    }
}

/// The first reason of each kind.
#[derive(Default)]
struct Missing {
    sensitive: Option<Error>,
    absent: Option<Error>,
    small: Option<Error>,
}

impl Missing {
    fn note(&mut self, answer: Result<()>) {
        let Err(error) = answer else { return };
        let kind = match error {
            Error::AttributeSensitive => &mut self.sensitive,
            Error::AttributeTypeInvalid(_) => &mut self.absent,
            _ => &mut self.small,
        };
        kind.get_or_insert(error);
    }

    fn first(self) -> Result<()> {
        self.sensitive.or(self.absent).or(self.small).map_or(Ok(()), Err)
    }
}

/// Answers one triple: the value to its `pValue`, the length to `entry`, which the caller writes back.
fn answer_one(entry: &mut CK_ATTRIBUTE, reveal: &Reveal) -> Result<()> {
    let reason = match reveal {
        Reveal::Value(value) => return put_value(entry, value),
        Reveal::Sensitive => Error::AttributeSensitive,
        Reveal::Invalid => Error::AttributeTypeInvalid(entry.type_),
    };
    entry.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    Err(reason)
}

fn put_value(entry: &mut CK_ATTRIBUTE, value: &AttributeValue) -> Result<()> {
    match (value, value.to_native()) {
        (AttributeValue::Template(attributes), _) => {
            let needed = attributes.len() * size_of::<CK_ATTRIBUTE>();
            if offer(entry, needed)? { put_template(entry, attributes) } else { Ok(()) }
        }
        (_, Some(native)) => {
            if offer(entry, native.len())? {
                let place = entry.pValue.cast::<u8>();
                // SAFETY: `offer` saw that the application's buffer holds as many bytes; ours is not the same memory.
                unsafe { place.copy_from_nonoverlapping(native.expose().as_ptr(), native.len()) };
            }
            Ok(())
        }
        (_, None) => Err(Error::Bug("an attribute without a form in memory")),
    }
}

/// Whether `needed` bytes are to be written to `pValue`; sets `ulValueLen`.
fn offer(entry: &mut CK_ATTRIBUTE, needed: usize) -> Result<bool> {
    let offered = entry.ulValueLen;
    entry.ulValueLen = needed as CK_ULONG;
    if entry.pValue.is_null() {
        return Ok(false);
    }
    // CK_UNAVAILABLE_INFORMATION left over from an earlier call is no room.
    let room = size(offered).ok().filter(|room| isize::try_from(*room).is_ok());
    if room.is_some_and(|room| room >= needed) && lendable(entry.pValue.addr(), needed) {
        return Ok(true);
    }
    entry.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    Err(Error::BufferTooSmall { needed })
}

/// Writes the attributes of an attribute: the types there are ignored, the rest is as in a template of its own.
fn put_template(entry: &CK_ATTRIBUTE, attributes: &Attributes) -> Result<()> {
    let at = entry.pValue.cast::<CK_ATTRIBUTE>();
    // SAFETY: `offer` saw that the application's buffer holds as many attributes; it promises they can be read.
    let inner = unsafe { entries(at, attributes.len() as CK_ULONG, usize::MAX) }?;
    let mut answer = Ok(());
    for (index, (mut entry, (attribute_type, value))) in inner.into_iter().zip(attributes.iter()).enumerate()
    {
        entry.type_ = attribute_type;
        answer = answer.and(put_value(&mut entry, value));
        write_entry(at, index, entry);
    }
    answer
}

fn write_entry(at: *mut CK_ATTRIBUTE, index: usize, entry: CK_ATTRIBUTE) {
    let place = at.wrapping_add(index);
    // SAFETY: this entry was read from there in the same call, and templates of answers are writable.
    unsafe { place.write_unaligned(entry) }
}
