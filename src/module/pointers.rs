//! Every read and write of the application's memory.
//!
//! The functions here are unsafe for one reason: the application promises that what it points to is there for the
//! length of the call (PKCS#11 v3.2 section 5.2 and each function's text). What can be judged without touching
//! memory is judged first: null pointers, and ranges that no process can have. Pointers need not be aligned.
#![allow(unsafe_code)]

pub(crate) mod look;
mod mechanism;
mod message;
mod template;

use std::ops::Deref;
use std::ptr::NonNull;

use cryptoki_sys::CK_ULONG;
use pkcs11::{Error, ObjectHandle, Result, Room, Secret};

use crate::records::Record;

pub(crate) use mechanism::{derived, deriving, mechanism, mechanism_or_end};
pub(crate) use message::{Phase, authenticated, end_of_message, message, process_or_end, unwraps, wraps};
pub(crate) use template::{asked, asked_before_3_1, template, wanted};

/// One more than the highest address that a process of a 64-bit Linux can have: 56 bits, with five-level page
/// tables on x86-64. Fewer on other machines.
const END: usize = 1 << 56;

/// From this length in bytes on a range is looked up in the process's mappings before it is touched: a call this
/// large can spare a microsecond, and lengths that are mistakes are mostly larger.
const LARGE: usize = 16 << 20;

/// Whether a range can be the application's. An empty one can be anywhere.
fn lendable(address: usize, len: usize) -> bool {
    in_bounds(address, len) && (len < LARGE || mapped(address, len))
}

/// Whether a process can have such addresses.
fn in_bounds(address: usize, len: usize) -> bool {
    len == 0 || isize::try_from(len).is_ok() && address.checked_add(len).is_some_and(|end| end <= END)
}

/// Whether every page of a range is mapped. A system that does not say is believed.
fn mapped(address: usize, len: usize) -> bool {
    // SAFETY: sysconf takes a constant and touches no memory of ours.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let Ok(page @ 1..) = usize::try_from(page) else { return true };
    let start = address - address % page;
    // SAFETY: MS_ASYNC starts and changes nothing (msync(2)); the kernel only walks its list of mappings.
    let answer = unsafe { libc::msync(start as *mut libc::c_void, len + (address - start), libc::MS_ASYNC) };
    answer == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ENOMEM)
}

/// A count or a length of the application's as one of ours.
fn size(value: CK_ULONG) -> Result<usize> {
    usize::try_from(value).map_err(|_| Error::ArgumentsBad("a length beyond any memory"))
}

/// Data that the application gave: lent, or copied because a result of the same call goes to the same memory.
pub(crate) enum Input<'a> {
    Lent(&'a [u8]),
    Copied(Secret),
}

impl Deref for Input<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Copied(bytes) => bytes.expose(),
        }
    }
}

impl Input<'_> {
    /// Keeps the data from being overwritten by a result of `len` bytes at `address`.
    ///
    /// The standard lets input and output be the same memory (section 5.2); Rust does not.
    fn survive(&mut self, address: usize, len: usize) -> Result<()> {
        let Self::Lent(bytes) = self else { return Ok(()) };
        let start = bytes.as_ptr().addr();
        if start < address.saturating_add(len) && address < start.saturating_add(bytes.len()) {
            *self = Self::Copied(copied(bytes)?);
        }
        Ok(())
    }
}

/// A copy that says so when there is no memory for it, instead of ending the process.
fn copied(bytes: &[u8]) -> Result<Secret> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Error::HostMemory)?;
    copy.extend_from_slice(bytes);
    Ok(Secret::new(copy))
}

/// Data: null with length 0 is the empty message.
///
/// # Safety
/// Unless the answer is an error, `len` bytes at `data` are readable and unchanged for `'a`.
pub(crate) unsafe fn input<'a>(data: *const u8, len: CK_ULONG) -> Result<Input<'a>> {
    // SAFETY: as promised to this function.
    unsafe { bytes(data, len) }.map(Input::Lent)
}

/// As [`input`], without the care for results at the same place.
///
/// # Safety
/// As [`input`].
unsafe fn bytes<'a>(data: *const u8, len: CK_ULONG) -> Result<&'a [u8]> {
    match (data.is_null(), size(len)?) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::ArgumentsBad("a null pointer with a length")),
        (false, len) if !lendable(data.addr(), len) => Err(Error::ArgumentsBad("data beyond any memory")),
        // SAFETY: not null and in bounds (above); the caller promises `len` readable bytes.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(data, len) }),
    }
}

/// A PIN or a name: null is none at all, which means the protected authentication path.
///
/// # Safety
/// As [`input`].
pub(crate) unsafe fn optional<'a>(data: *const u8, len: CK_ULONG) -> Result<Option<&'a [u8]>> {
    if data.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    unsafe { bytes(data, len) }.map(Some)
}

/// The label given to `C_InitToken`: 32 bytes, not terminated.
///
/// # Safety
/// Unless null, 32 bytes at `label` are readable.
pub(crate) unsafe fn label(label: *const u8) -> Result<[u8; 32]> {
    // SAFETY: as promised to this function; any bytes make an array of bytes.
    unsafe { value(label.cast::<[u8; 32]>()) }
}

/// A structure of the application's, wherever it lies.
///
/// # Safety
/// Unless null, a `T` at `place` is readable, and any bytes make a `T`.
unsafe fn value<T: Copy>(place: *const T) -> Result<T> {
    if place.is_null() || !lendable(place.addr(), size_of::<T>()) {
        return Err(Error::ArgumentsBad("a null pointer where something is needed"));
    }
    // SAFETY: not null and in bounds (above); the caller promises a readable `T`.
    Ok(unsafe { place.read_unaligned() })
}

/// As [`value`], or nothing for null.
///
/// # Safety
/// As [`value`].
pub(crate) unsafe fn optional_value<T: Copy>(place: *const T) -> Result<Option<T>> {
    if place.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    unsafe { value(place) }.map(Some)
}

/// An argument that the standard keeps for later: null today.
pub(crate) fn reserved<T>(place: *mut T) -> Result<()> {
    if place.is_null() { Ok(()) } else { Err(Error::ArgumentsBad("pReserved must be null")) }
}

/// Whether the string at `name` is `expected`, read no further than its first difference.
///
/// # Safety
/// A string that ends with a null byte at `name` is readable.
pub(crate) unsafe fn is_string(name: *const u8, expected: &std::ffi::CStr) -> bool {
    expected.to_bytes_with_nul().iter().enumerate().all(|(index, byte)| {
        let place = name.wrapping_add(index);
        // SAFETY: every byte before this one is as expected and not null, so the string goes at least this far.
        let found = unsafe { place.read() };
        found == *byte
    })
}

/// Where one result goes.
pub(crate) struct Place<T>(NonNull<T>);

/// A place for one result.
///
/// # Safety
/// Unless null, a `T` at `place` is readable and writable as long as the answer is used.
pub(crate) unsafe fn place<T>(place: *mut T) -> Result<Place<T>> {
    match NonNull::new(place) {
        Some(there) if lendable(place.addr(), size_of::<T>()) => Ok(Place(there)),
        _ => Err(Error::ArgumentsBad("a null pointer where the result goes")),
    }
}

impl<T: Copy> Place<T> {
    pub(crate) fn value(&self) -> T {
        // SAFETY: `place` was promised a readable T.
        unsafe { self.0.as_ptr().read_unaligned() }
    }

    /// Writes a result.
    pub(crate) fn put(&self, value: T) {
        // SAFETY: `place` was promised a writable T.
        unsafe { self.0.as_ptr().write_unaligned(value) }
    }

    /// Writes an answer, if there is one.
    pub(crate) fn finish(&self, answer: Result<impl Record<T>>) -> Result<()> {
        self.put(answer?.record());
        Ok(())
    }
}

/// Where a result of variable length goes: the convention of section 5.2.
pub(crate) struct Output<'a> {
    /// Lent, and nobody's slice yet: a message's tag may be read out of it until then.
    buffer: Option<(NonNull<u8>, usize)>,
    room: Room<'a>,
    length: Place<CK_ULONG>,
}

/// Room for a result; `inputs` of the same call that lie there are copied away.
///
/// # Safety
/// `length` as for [`place`]; unless null, as many bytes as it names at `buffer` are writable for `'a`.
pub(crate) unsafe fn output<'a>(
    buffer: *mut u8,
    length: *mut CK_ULONG,
    inputs: &mut [&mut Input<'_>],
) -> Result<Output<'a>> {
    // SAFETY: as promised to this function.
    let length = unsafe { place(length) }?;
    let Some(start) = NonNull::new(buffer) else {
        return Ok(Output { buffer: None, room: Room::Query, length });
    };
    let len = claimed(start.addr().get(), length.value())?;
    lends(start.addr().get(), len)?;
    for input in inputs {
        input.survive(start.addr().get(), len)?;
    }
    Ok(Output { buffer: Some((start, len)), room: Room::Query, length })
}

/// Room for a result that a call gives only when it is asked for one: by a place for its length.
pub(crate) struct OutputOrNone<'a>(Option<Output<'a>>);

/// Room for a result, or none without a place for its length.
///
/// # Safety
/// As [`output`].
pub(crate) unsafe fn output_or_none<'a>(
    buffer: *mut u8,
    length: *mut CK_ULONG,
    inputs: &mut [&mut Input<'_>],
) -> Result<OutputOrNone<'a>> {
    if length.is_null() {
        return Ok(OutputOrNone(None));
    }
    // SAFETY: as promised to this function.
    unsafe { output(buffer, length, inputs) }.map(|output| OutputOrNone(Some(output)))
}

impl<'a> OutputOrNone<'a> {
    pub(crate) fn room(&mut self) -> Option<&mut Room<'a>> {
        self.0.as_mut().map(Output::room)
    }

    pub(crate) fn is_query(&self) -> bool {
        self.0.as_ref().is_none_or(Output::is_query)
    }

    /// Writes the length, if there is a place for it.
    pub(crate) fn finish(self, answer: Result<usize>) -> Result<()> {
        match self.0 {
            Some(output) => output.finish(answer),
            None => answer.map(drop),
        }
    }
}

/// The room that a length claims. Some clients claim more than they have, meaning "enough": only what is needed is
/// ever written, so a claim that cannot be true is cut to what a result may reasonably need.
fn claimed(address: usize, len: CK_ULONG) -> Result<usize> {
    match size(len)? {
        len if len >= LARGE && in_bounds(address, len) && !mapped(address, len) => Ok(LARGE - 1),
        len => Ok(len),
    }
}

/// A buffer that is filled as a whole.
///
/// # Safety
/// Unless null, `len` bytes at `buffer` are writable for `'a`, and nothing else lies there.
pub(crate) unsafe fn writable<'a>(buffer: *mut u8, len: CK_ULONG) -> Result<&'a mut [u8]> {
    match (buffer.is_null(), size(len)?) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(Error::ArgumentsBad("a null pointer with a length")),
        (false, len) => {
            lends(buffer.addr(), len)?;
            // SAFETY: not null and in bounds (above); the caller promises `len` writable bytes.
            Ok(unsafe { std::slice::from_raw_parts_mut(buffer, len) })
        }
    }
}

/// Refuses a buffer that cannot be the application's.
fn lends(address: usize, len: usize) -> Result<()> {
    if lendable(address, len) { Ok(()) } else { Err(Error::ArgumentsBad("a buffer beyond any memory")) }
}

impl<'a> Output<'a> {
    /// The room: from now on nothing else of the call may be read or written where it lies.
    pub(crate) fn room(&mut self) -> &mut Room<'a> {
        if let Some((start, len)) = self.buffer.take() {
            // SAFETY: `output` was promised as many writable bytes, and found them in bounds; there is no second slice, as
            // the buffer is taken.
            self.room = Room::Buffer(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), len) });
        }
        &mut self.room
    }

    /// Whether only the length is asked for.
    pub(crate) fn is_query(&self) -> bool {
        self.buffer.is_none() && self.room.is_query()
    }

    /// Writes the length: that of the result, of a result that would be, or of one that did not fit.
    pub(crate) fn finish(self, answer: Result<usize>) -> Result<()> {
        if let Ok(len) | Err(Error::BufferTooSmall { needed: len }) = &answer {
            self.length.put(*len as CK_ULONG);
        }
        answer.map(drop)
    }
}

/// A buffer that the application keeps for what a job makes.
pub(crate) struct Later {
    start: *mut u8,
    len: usize,
}

// SAFETY: it is followed by `write` alone, whose caller answers for the memory in whatever thread.
unsafe impl Send for Later {}

impl Later {
    /// Remembers where a buffer is; it is not touched.
    pub(crate) fn of(buffer: &mut [u8]) -> Self {
        Self { start: buffer.as_mut_ptr(), len: buffer.len() }
    }

    pub(crate) fn address(&self) -> *mut u8 {
        self.start
    }

    /// Writes what fits.
    ///
    /// # Safety
    /// The buffer is still there, writable, and nobody else uses it.
    pub(crate) unsafe fn write(&self, bytes: &[u8]) {
        for (index, byte) in bytes.iter().take(self.len).enumerate() {
            // SAFETY: within the buffer, as this function was promised.
            unsafe { self.start.wrapping_add(index).write(*byte) };
        }
    }
}

/// Where a list goes, by the convention of `C_GetSlotList`: null asks for the count.
pub(crate) struct List<T> {
    items: Option<NonNull<T>>,
    count: Place<CK_ULONG>,
}

/// Room for a list.
///
/// # Safety
/// `count` as for [`place`]; unless null, as many `T` as it names at `items` are writable.
pub(crate) unsafe fn list<T: Copy>(items: *mut T, count: *mut CK_ULONG) -> Result<List<T>> {
    // SAFETY: as promised to this function.
    let count = unsafe { place(count) }?;
    Ok(List { items: NonNull::new(items), count })
}

impl<T: Copy> List<T> {
    /// Whether only the count is asked for.
    pub(crate) fn is_query(&self) -> bool {
        self.items.is_none()
    }

    /// Writes a list if there is room for all of it, and its count in any case.
    pub(crate) fn put(&self, list: &[T]) -> Result<()> {
        let room = self.count.value();
        self.count.put(list.len() as CK_ULONG);
        let Some(items) = self.items else { return Ok(()) };
        if room < list.len() as CK_ULONG {
            return Err(Error::BufferTooSmall { needed: list.len() });
        }
        if !lendable(items.as_ptr().addr(), size_of_val(list)) {
            return Err(Error::ArgumentsBad("a list beyond any memory"));
        }
        fill(items, list);
        Ok(())
    }

    /// Writes an answer, if there is one.
    pub(crate) fn finish(&self, answer: Result<Vec<impl Record<T>>>) -> Result<()> {
        let list: Vec<T> = answer?.iter().map(Record::record).collect();
        self.put(&list)
    }
}

/// Writes items one after the other; the caller has seen that there is room.
fn fill<T: Copy>(items: NonNull<T>, list: &[T]) {
    for (index, item) in list.iter().enumerate() {
        let place = items.as_ptr().wrapping_add(index);
        // SAFETY: `list` and `found` were promised writable items, and there are at least `list.len()`.
        unsafe { place.write_unaligned(*item) };
    }
}

/// Where the handles of `C_FindObjects` go.
pub(crate) struct Found {
    items: Option<NonNull<CK_ULONG>>,
    max: usize,
    count: Place<CK_ULONG>,
}

/// Room for at most `max` handles.
///
/// # Safety
/// `count` as for [`place`]; unless null, `max` numbers at `items` are writable.
pub(crate) unsafe fn found(items: *mut CK_ULONG, max: CK_ULONG, count: *mut CK_ULONG) -> Result<Found> {
    // SAFETY: as promised to this function.
    let count = unsafe { place(count) }?;
    let max = size(max)?;
    let len = max.checked_mul(size_of::<CK_ULONG>());
    match NonNull::new(items) {
        None if max > 0 => Err(Error::ArgumentsBad("a null pointer where handles go")),
        Some(_) if !len.is_some_and(|len| lendable(items.addr(), len)) => {
            Err(Error::ArgumentsBad("more handles than any memory holds"))
        }
        items => Ok(Found { items, max, count }),
    }
}

impl Found {
    /// How many handles there is room for.
    pub(crate) fn max(&self) -> usize {
        self.max
    }

    /// Writes handles and their count.
    pub(crate) fn finish(&self, answer: Result<Vec<ObjectHandle>>) -> Result<()> {
        let handles: Vec<CK_ULONG> = answer?.iter().take(self.max).map(Record::record).collect();
        if let Some(items) = self.items {
            fill(items, &handles);
        }
        self.count.put(handles.len() as CK_ULONG);
        Ok(())
    }
}
