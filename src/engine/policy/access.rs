//! Which sessions may see, make, change and destroy which objects.

use pkcs11::constants::{CKA_DESTROYABLE, CKA_PRIVATE, CKA_TOKEN};
use pkcs11::{AttributeValue, Attributes, Error, Result};

/// Who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// A user is logged in.
    pub user: bool,
    /// An officer is logged in.
    pub officer: bool,
    /// The session is read-write.
    pub read_write: bool,
}

/// Whether the object exists for the caller: private ones do for a user alone.
///
/// PKCS#11 v3.2 section 4.4, on `CKA_PRIVATE`.
#[must_use]
pub fn may_see(object: &Attributes, caller: Caller) -> bool {
    caller.user || !is_private(object)
}

/// Whether the caller may make such an object.
///
/// | | read-only, public | read-write, public | read-only, user | read-write, user | officer |
/// |---|---|---|---|---|---|
/// | public session object | yes | yes | yes | yes | yes |
/// | private session object | not logged in | not logged in | yes | yes | not logged in |
/// | public token object | read-only | yes | read-only | yes | yes |
/// | private token object | read-only | not logged in | read-only | yes | not logged in |
///
/// # Errors
/// [`Error::SessionReadOnly`], which goes first where both hold, and [`Error::UserNotLoggedIn`].
///
/// PKCS#11 v3.2 section 5.7.1: "Only session objects can be created during a read-only session. Only public objects
/// can be created unless the normal user is logged in."
pub fn may_make(object: &Attributes, caller: Caller) -> Result<()> {
    if object.is(CKA_TOKEN) && !caller.read_write {
        return Err(Error::SessionReadOnly);
    }
    if is_private(object) && !caller.user {
        return Err(Error::UserNotLoggedIn);
    }
    Ok(())
}

/// Whether the caller may change the object: the table of [`may_make`] (section 5.7.6).
///
/// # Errors
/// Those of [`may_make`].
pub fn may_change(object: &Attributes, caller: Caller) -> Result<()> {
    may_make(object, caller)
}

/// Whether the caller may destroy the object: the table of [`may_make`] and `CKA_DESTROYABLE` (section 5.7.3).
///
/// # Errors
/// Those of [`may_make`]; [`Error::ActionProhibited`].
pub fn may_destroy(object: &Attributes, caller: Caller) -> Result<()> {
    may_make(object, caller)?;
    if object.is(CKA_DESTROYABLE) { Ok(()) } else { Err(Error::ActionProhibited("CKA_DESTROYABLE is FALSE")) }
}

/// An object that does not say so is private.
fn is_private(object: &Attributes) -> bool {
    object.value(CKA_PRIVATE) != Some(&AttributeValue::Bool(false))
}
