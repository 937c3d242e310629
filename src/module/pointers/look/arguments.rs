//! What is shown before the call: what was sent.
//!
//! Each function is unsafe for one reason: the application lends what the arguments point to for the length of the
//! call, as the standard asks of it. Those that follow no pointer are unsafe so that the table can call all alike.

use cryptoki_sys::{CK_ATTRIBUTE, CK_BBOOL, CK_FLAGS, CK_MECHANISM, CK_NOTIFY, CK_ULONG};
use pkcs11::constants::{
    CKF_ASYNC_SESSION, CKF_DONT_BLOCK, CKF_END_OF_MESSAGE, CKF_RW_SESSION, CKF_SERIAL_SESSION,
};

use super::{attribute, bytes, handle, items, listed, named, peek};
use crate::trace::Line;

// Kinds that differ in what is done with them alone.
pub(crate) use self::{asked as asked_before_3_1, template as wanted};

/// An argument that is told as it is: that it is null or is not, or its number.
pub(crate) trait Plain {
    fn plain(&self) -> String;
}

impl<T> Plain for *mut T {
    fn plain(&self) -> String {
        if self.is_null() { "null".to_owned() } else { "given".to_owned() }
    }
}

impl Plain for CK_NOTIFY {
    fn plain(&self) -> String {
        if self.is_none() { "null".to_owned() } else { "given".to_owned() }
    }
}

impl Plain for CK_ULONG {
    fn plain(&self) -> String {
        self.to_string()
    }
}

/// How much was sent, or that a null pointer was.
fn sent<T>(place: *mut T, len: CK_ULONG) -> String {
    match (place.is_null(), len) {
        (true, 0) => "null".to_owned(),
        (true, _) => format!("null, {}", bytes(len)),
        (false, _) => bytes(len),
    }
}

/// The flags of a set, by their names; what is left over as a number.
fn flags(value: CK_FLAGS, known: &[(CK_FLAGS, &str)]) -> String {
    let mut left = value;
    let mut names = Vec::new();
    for (flag, name) in known {
        if value & flag != 0 {
            names.push((*name).to_owned());
            left &= !flag;
        }
    }
    if left != 0 || names.is_empty() {
        names.push(format!("{left:#x}"));
    }
    names.join("|")
}

/// How much room there is for a list whose count is at `count`.
///
/// # Safety
/// The application lends the count.
unsafe fn room<T>(items: *mut T, count: *mut CK_ULONG, unit: &str) -> String {
    // SAFETY: as promised to this function.
    match (items.is_null(), unsafe { peek(count) }) {
        (_, None) => "no place for the length".to_owned(),
        (true, Some(_)) => "null".to_owned(),
        (false, Some(count)) => format!("room for {count}{unit}"),
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn session(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &handle(value));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn object(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &handle(value));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn slot(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &handle(value));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn number(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &value.to_string());
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn mechanism_type(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &named("CKM_", value));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn boolean(line: &mut Line, [name]: [&str; 1], value: CK_BBOOL) {
    line.tell(name, &value.to_string());
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn user(line: &mut Line, [name]: [&str; 1], value: CK_ULONG) {
    line.tell(name, &named("CKU_", value));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn access(line: &mut Line, [name]: [&str; 1], value: CK_FLAGS) {
    let known = [
        (CKF_RW_SESSION, "CKF_RW_SESSION"),
        (CKF_SERIAL_SESSION, "CKF_SERIAL_SESSION"),
        (CKF_ASYNC_SESSION, "CKF_ASYNC_SESSION"),
    ];
    line.tell(name, &flags(value, &known));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn blocking(line: &mut Line, [name]: [&str; 1], value: CK_FLAGS) {
    line.tell(name, &flags(value, &[(CKF_DONT_BLOCK, "CKF_DONT_BLOCK")]));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn raw(line: &mut Line, [name]: [&str; 1], value: impl Plain) {
    line.tell(name, &value.plain());
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn reserved(line: &mut Line, [name]: [&str; 1], value: impl Plain) {
    line.tell(name, &value.plain());
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn tell<T>(line: &mut Line, [name]: [&str; 1], place: *mut T) {
    // What will be there is a result.
    if place.is_null() {
        line.tell(name, "null");
    }
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn label(line: &mut Line, [name]: [&str; 1], place: *mut u8) {
    line.tell(name, &sent(place, if place.is_null() { 0 } else { 32 }));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn input(line: &mut Line, [name, _]: [&str; 2], place: *mut u8, len: CK_ULONG) {
    line.tell(name, &sent(place, len));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn pin(line: &mut Line, [name, _]: [&str; 2], place: *mut u8, len: CK_ULONG) {
    line.tell(name, &sent(place, len));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn fill(line: &mut Line, [name, _]: [&str; 2], place: *mut u8, len: CK_ULONG) {
    line.tell(name, &sent(place, len));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn output(line: &mut Line, [name, _]: [&str; 2], place: *mut u8, len: *mut CK_ULONG) {
    // SAFETY: as promised to this function.
    line.tell(name, &unsafe { room(place, len, " bytes") });
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn list(line: &mut Line, [name, _]: [&str; 2], place: *mut CK_ULONG, count: *mut CK_ULONG) {
    // SAFETY: as promised to this function.
    line.tell(name, &unsafe { room(place, count, "") });
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn slots(line: &mut Line, names: [&str; 2], place: *mut CK_ULONG, count: *mut CK_ULONG) {
    // SAFETY: as promised to this function.
    unsafe { list(line, names, place, count) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn found(
    line: &mut Line,
    [name, ..]: [&str; 3],
    place: *mut CK_ULONG,
    max: CK_ULONG,
    count: *mut CK_ULONG,
) {
    let room = match (place.is_null(), count.is_null()) {
        (_, true) => "no place for the count".to_owned(),
        (true, false) => format!("null, room for {max}"),
        (false, false) => format!("room for {max}"),
    };
    line.tell(name, &room);
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn mechanism(line: &mut Line, [name]: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let mechanism = unsafe { peek(place) };
    let told = mechanism.map_or_else(
        || "null".to_owned(),
        |mechanism| match named("CKM_", mechanism.mechanism) {
            name if mechanism.pParameter.is_null() && mechanism.ulParameterLen == 0 => name,
            name => format!("{name} with {}", sent(mechanism.pParameter, mechanism.ulParameterLen)),
        },
    );
    line.tell(name, &told);
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn deriving(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn derived<T>(line: &mut Line, [name, _]: [&str; 2], place: *mut T, _: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { tell(line, [name], place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn mechanism_or_end(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn process_or_end(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn wraps(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn unwraps(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn wrapping(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn unwrapping(line: &mut Line, names: [&str; 1], place: *mut CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { mechanism(line, names, place) };
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn message<T>(line: &mut Line, [name, _]: [&str; 2], place: *mut T, len: CK_ULONG) {
    line.tell(name, &sent(place, len));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn end(line: &mut Line, [name]: [&str; 1], value: CK_FLAGS) {
    line.tell(name, &flags(value, &[(CKF_END_OF_MESSAGE, "CKF_END_OF_MESSAGE")]));
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn output_or_none(
    line: &mut Line,
    [name, _]: [&str; 2],
    place: *mut u8,
    len: *mut CK_ULONG,
) {
    if len.is_null() {
        line.tell(name, "more follows");
        return;
    }
    // SAFETY: as promised to this function.
    line.tell(name, &unsafe { room(place, len, " bytes") });
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn template(
    line: &mut Line,
    [name, _]: [&str; 2],
    place: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) {
    // SAFETY: as promised to this function; a CK_ATTRIBUTE is made of numbers and a raw pointer.
    let entries = unsafe { items(place, count) };
    let shown: Vec<String> = entries
        .iter()
        .map(|entry| {
            // SAFETY: as promised to this function: so are the values.
            unsafe { attribute(entry) }
        })
        .collect();
    line.tell(name, &if place.is_null() { sent(place, 0) } else { listed(&shown, count) });
}

/// # Safety
/// See the top of this file.
pub(crate) unsafe fn asked(line: &mut Line, [name, _]: [&str; 2], place: *mut CK_ATTRIBUTE, count: CK_ULONG) {
    // SAFETY: as promised to this function; a CK_ATTRIBUTE is made of numbers and a raw pointer.
    let entries = unsafe { items(place, count) };
    let room = |entry: &CK_ATTRIBUTE| match entry.pValue.is_null() {
        true => "null".to_owned(),
        false => format!("room for {}", bytes(entry.ulValueLen)),
    };
    let shown: Vec<String> =
        entries.iter().map(|entry| format!("{}: {}", named("CKA_", entry.type_), room(entry))).collect();
    line.tell(name, &if place.is_null() { sent(place, 0) } else { listed(&shown, count) });
}
