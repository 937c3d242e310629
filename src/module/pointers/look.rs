//! What a trace line shows of a call's arguments: a function for each kind of `exports.rs`, by the kind's name.
//!
//! Numbers, types and names of the standard are shown; of everything else the length. What is shown of a template are
//! the types of its attributes, and the values of those that `assembly::trace::public` lists. The functions look at the application's memory
//! without believing that it is there: a trace must not end a process that the call itself would not.

pub(crate) mod arguments;
pub(crate) mod results;
#[cfg(test)]
mod tests;

use assembly::trace::{LONGEST, Public, bytes, handle, listed, named, public};
use cryptoki_sys::{CK_ATTRIBUTE, CK_ULONG};
use pkcs11::constants::{CK_TRUE, name};

use super::{in_bounds, mapped};

/// Attributes and items of a list that one line shows, at most.
const MOST: usize = 64;

/// What lies at a place, if anything does.
///
/// # Safety
/// If the page of `place` is mapped, a `T` there is readable, and any bytes make a `T`.
unsafe fn peek<T: Copy>(place: *const T) -> Option<T> {
    let (address, len) = (place.addr(), size_of::<T>());
    if place.is_null() || !in_bounds(address, len) || !mapped(address, len) {
        return None;
    }
    // SAFETY: mapped (above), and promised to this function.
    Some(unsafe { place.read_unaligned() })
}

/// As many items as there are, up to [`MOST`].
///
/// # Safety
/// As [`peek`], for each of `count` items.
unsafe fn items<T: Copy>(place: *const T, count: CK_ULONG) -> Vec<T> {
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(MOST);
    let mut items = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: as promised to this function.
        let Some(item) = (unsafe { peek(place.wrapping_add(index)) }) else { break };
        items.push(item);
    }
    items
}

/// An attribute with its length, or with its value if that is public.
///
/// # Safety
/// As [`peek`], for the value that `entry` names.
unsafe fn attribute(entry: &CK_ATTRIBUTE) -> String {
    // SAFETY: as promised to this function.
    let value = unsafe { public_value(entry) };
    let value = value.unwrap_or_else(|| match (entry.pValue.is_null(), entry.ulValueLen) {
        (true, 1..) => format!("null, {}", bytes(entry.ulValueLen)),
        (_, len) => bytes(len),
    });
    format!("{}: {value}", named("CKA_", entry.type_))
}

/// # Safety
/// As [`attribute`].
unsafe fn public_value(entry: &CK_ATTRIBUTE) -> Option<String> {
    let number = |entry: &CK_ATTRIBUTE| {
        let fits = entry.ulValueLen == size_of::<CK_ULONG>() as CK_ULONG;
        // SAFETY: as promised to this function; the length is that of a number.
        if fits { unsafe { peek(entry.pValue.cast::<CK_ULONG>()) } } else { None }
    };
    match public(entry.type_)? {
        // A number without a name could be anything that was put there by mistake.
        Public::Name(prefix) => name(prefix, number(entry)?).map(str::to_owned),
        Public::Number => number(entry).filter(|value| *value <= LONGEST).map(|value| value.to_string()),
        Public::Boolean if entry.ulValueLen == 1 => {
            // SAFETY: as promised to this function; the length is that of a boolean.
            let value = unsafe { peek(entry.pValue.cast::<u8>()) }?;
            (value <= CK_TRUE).then(|| (value == CK_TRUE).to_string())
        }
        Public::Boolean => None,
    }
}
