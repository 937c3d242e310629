//! Objects: classes, key types, handles.

/// A `CKO_` value.
pub type ObjectClass = u64;
/// A `CKK_` value.
pub type KeyType = u64;

/// Names an object to an application (PKCS#11 v3.2 section 3.4).
///
/// A session object's has bit 62 set. A public token object's is its row id, the same in every session and process; a
/// private one's has the number of a login above that, and is valid under that login alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectHandle(pub u64);

impl ObjectHandle {
    /// The bit that a session object's handle carries.
    pub const SESSION: u64 = 1 << 62;

    /// Whether this names a session object.
    #[must_use]
    pub fn is_session(self) -> bool {
        self.0 & Self::SESSION != 0
    }
}
