//! Handles of objects. They are told from their numbers alone: there is no table of them.
//!
//! A session object's is its place among the session objects, under [`ObjectHandle::SESSION`]. A token object's is the
//! number of its row; a private one's also says under which login it was given, since a logout makes it invalid for good
//! (PKCS#11 v3.2 section 5.6.10; decision 0015).

use pkcs11::{Error, ObjectHandle, Result};

use crate::login::Epoch;
use crate::object::Object;
use crate::store::{RowId, Shelf};

/// Bits that name the row; those between these and [`ObjectHandle::SESSION`] name the login.
const ROW_BITS: u32 = 40;
const ROW: u64 = (1 << ROW_BITS) - 1;
/// Logins before a number comes again.
const LOGINS: u64 = (ObjectHandle::SESSION >> ROW_BITS) - 2;
/// What stands in the place of a login for what the token has of itself.
const BUILT_IN: u64 = LOGINS + 1;

/// The handle of a token object; `login` is that of a private one.
///
/// # Errors
/// [`Error::Forged`] for a row beyond 2^40, which no store comes near by itself.
pub fn of_row(row: RowId, login: Option<Epoch>) -> Result<ObjectHandle> {
    let login = login.map_or(0, |epoch| epoch.0 % LOGINS + 1);
    if row.0 > ROW {
        return Err(Error::Forged { what: format!("row {}", row.0), reason: "no row has so high a number" });
    }
    Ok(ObjectHandle(login << ROW_BITS | row.0))
}

/// The handle of an object under the login of now.
///
/// # Errors
/// Those of [`of_row`].
pub fn of_object(object: &Object, now: Epoch) -> Result<ObjectHandle> {
    match &object.header {
        Some(header) => of_row(header.id, (header.shelf != Shelf::PUBLIC).then_some(now)),
        None => Ok(object.session_handle),
    }
}

/// The handle of what the token has of itself, by its number there, which has at most 40 bits.
#[must_use]
pub fn of_built_in(number: u64) -> ObjectHandle {
    ObjectHandle(BUILT_IN << ROW_BITS | number & ROW)
}

/// The number of what the token has of itself, if the handle names such.
#[must_use]
pub fn built_in(handle: ObjectHandle) -> Option<u64> {
    (handle.0 >> ROW_BITS == BUILT_IN).then_some(handle.0 & ROW)
}

/// The row that a token object's handle names, whatever its login.
#[must_use]
pub fn row(handle: ObjectHandle) -> RowId {
    RowId(handle.0 & ROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_rows_handle_is_another_under_each_login_and_a_public_ones_the_same() {
        let logins =
            [1, 2, 3, LOGINS, LOGINS + 1].map(|epoch| of_row(RowId(77), Some(Epoch(epoch))).unwrap());
        for (place, handle) in logins.iter().enumerate() {
            assert_eq!(row(*handle), RowId(77));
            assert!(!handle.is_session());
            assert_ne!(*handle, of_row(RowId(77), None).unwrap());
            assert_eq!(logins.iter().position(|other| other == handle), Some(place % 4));
        }
    }

    #[test]
    fn no_row_has_the_handle_of_what_is_built_in() {
        for number in [0, 1, ROW] {
            assert_eq!(built_in(of_built_in(number)), Some(number));
            assert!(!of_built_in(number).is_session());
        }
        for epoch in [0, 1, LOGINS - 1, LOGINS, u64::MAX] {
            assert_eq!(built_in(of_row(RowId(5), Some(Epoch(epoch))).unwrap()), None);
        }
        assert_eq!(built_in(of_row(RowId(5), None).unwrap()), None);
        assert_eq!(built_in(ObjectHandle(ObjectHandle::SESSION | of_built_in(5).0)), None);
    }

    #[test]
    fn a_row_that_does_not_fit_has_no_handle() {
        assert!(of_row(RowId(ROW), Some(Epoch(1))).is_ok());
        assert!(matches!(of_row(RowId(ROW + 1), None), Err(Error::Forged { .. })));
    }
}
