//! What is shown after the call: what was answered. By the kinds' names, as in `arguments.rs`, and as unsafe.
//!
//! [`Line::answered`] says whether the return value lets a result stand.

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_BBOOL, CK_INFO, CK_MECHANISM, CK_MECHANISM_INFO, CK_SESSION_INFO, CK_SLOT_INFO,
    CK_TOKEN_INFO, CK_ULONG,
};

use super::{attribute, bytes, handle, items, listed, named, peek};
use crate::trace::Line;

pub(crate) use self::asked as asked_before_3_1;

/// A result in one place. Text is left out: it may be the application's own.
pub(crate) trait Answer: Copy {
    fn answer(&self) -> String;
}

impl Answer for CK_ULONG {
    fn answer(&self) -> String {
        handle(*self)
    }
}

impl Answer for CK_INFO {
    fn answer(&self) -> String {
        format!("version {}.{}", self.cryptokiVersion.major, self.cryptokiVersion.minor)
    }
}

impl Answer for CK_SLOT_INFO {
    fn answer(&self) -> String {
        format!("flags {:#x}", self.flags)
    }
}

impl Answer for CK_TOKEN_INFO {
    fn answer(&self) -> String {
        format!("flags {:#x}, {} sessions", self.flags, self.ulSessionCount)
    }
}

impl Answer for CK_SESSION_INFO {
    fn answer(&self) -> String {
        format!("slot {}, {}, flags {:#x}", self.slotID, named("CKS_", self.state), self.flags)
    }
}

impl Answer for CK_MECHANISM_INFO {
    fn answer(&self) -> String {
        format!("sizes {} to {}, flags {:#x}", self.ulMinKeySize, self.ulMaxKeySize, self.flags)
    }
}

macro_rules! nothing {
    ($($kind:ident($($value:ident: $type:ty),*);)*) => {
        $(
            /// Nothing: it tells no result.
            ///
            /// # Safety
            /// See the top of this file.
            pub(crate) unsafe fn $kind<const N: usize>(_: &mut Line, _: [&str; N], $(_: $type),*) {}
        )*
    };
}

nothing! {
    session(value: CK_ULONG);
    object(value: CK_ULONG);
    slot(value: CK_ULONG);
    number(value: CK_ULONG);
    mechanism_type(value: CK_ULONG);
    boolean(value: CK_BBOOL);
    user(value: CK_ULONG);
    access(value: CK_ULONG);
    blocking(value: CK_ULONG);
    raw(value: impl Sized);
    reserved(value: impl Sized);
    label(place: *mut u8);
    input(place: *mut u8, len: CK_ULONG);
    pin(place: *mut u8, len: CK_ULONG);
    fill(place: *mut u8, len: CK_ULONG);
    end(value: CK_ULONG);
    message(place: impl Sized, len: CK_ULONG);
    process_or_end(place: impl Sized);
    wraps(place: impl Sized);
    unwraps(place: impl Sized);
    wrapping(place: impl Sized);
    unwrapping(place: impl Sized);
    mechanism(place: impl Sized);
    mechanism_or_end(place: impl Sized);
    deriving(place: impl Sized);
    template(place: *mut CK_ATTRIBUTE, count: CK_ULONG);
    wanted(place: *mut CK_ATTRIBUTE, count: CK_ULONG);
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn tell<T: Answer>(line: &mut Line, [name]: [&str; 1], place: *mut T) {
    if !line.answered() {
        return;
    }
    // SAFETY: as promised to this function; what is an Answer is made of numbers.
    if let Some(value) = unsafe { peek(place) } {
        line.tell(name, &value.answer());
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn derived<T: Answer>(
    line: &mut Line,
    [name, _]: [&str; 2],
    place: *mut T,
    _: *mut CK_MECHANISM,
) {
    // SAFETY: as promised to this function.
    unsafe { tell(line, [name], place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn output(line: &mut Line, [_, name]: [&str; 2], _: *mut u8, len: *mut CK_ULONG) {
    if !line.measured() {
        return;
    }
    // SAFETY: as promised to this function.
    if let Some(len) = unsafe { peek(len) } {
        line.tell(name, &bytes(len));
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn output_or_none(line: &mut Line, names: [&str; 2], place: *mut u8, len: *mut CK_ULONG) {
    // SAFETY: as promised to this function.
    unsafe { output(line, names, place, len) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn list(line: &mut Line, [_, name]: [&str; 2], _: *mut CK_ULONG, count: *mut CK_ULONG) {
    if !line.measured() {
        return;
    }
    // SAFETY: as promised to this function.
    if let Some(count) = unsafe { peek(count) } {
        line.tell(name, &count.to_string());
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn slots(line: &mut Line, names: [&str; 2], place: *mut CK_ULONG, count: *mut CK_ULONG) {
    // SAFETY: as promised to this function.
    unsafe { list(line, names, place, count) };
    if !place.is_null() {
        // SAFETY: as promised to this function.
        unsafe { numbers(line, names, place, count) };
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn found(
    line: &mut Line,
    [items, _, count_name]: [&str; 3],
    place: *mut CK_ULONG,
    _: CK_ULONG,
    count: *mut CK_ULONG,
) {
    // SAFETY: as promised to this function.
    unsafe { numbers(line, [items, count_name], place, count) };
}

/// # Safety
/// See the top of this file.
unsafe fn numbers(line: &mut Line, [name, _]: [&str; 2], place: *mut CK_ULONG, count: *mut CK_ULONG) {
    if !line.answered() {
        return;
    }
    // SAFETY: as promised to this function.
    let Some(count) = (unsafe { peek(count) }) else { return };
    // SAFETY: as promised to this function.
    let handles = unsafe { items(place, count) };
    let shown: Vec<String> = handles.into_iter().map(handle).collect();
    line.tell(name, &listed(&shown, count));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn asked(line: &mut Line, [name, _]: [&str; 2], place: *mut CK_ATTRIBUTE, count: CK_ULONG) {
    if !line.revealed() {
        return;
    }
    // SAFETY: as promised to this function; a CK_ATTRIBUTE is made of numbers and a raw pointer.
    let entries: Vec<CK_ATTRIBUTE> = unsafe { items(place, count) };
    let shown: Vec<String> = entries
        .iter()
        .map(|entry| {
            // SAFETY: as promised to this function: so are the values.
            unsafe { attribute(entry) }
        })
        .collect();
    line.tell(name, &listed(&shown, count));
}
