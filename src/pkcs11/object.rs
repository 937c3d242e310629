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

/// What `C_DeriveKey` gives (PKCS#11 v3.2 section 5.18.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DerivedKeys {
    /// The keys in the order that the mechanism gives them in: the one that the call describes, then those that the
    /// parameters describe, or the four keys of TLS (section 6.40.6); nothing in the place of one that was not asked for.
    pub keys: Vec<Option<ObjectHandle>>,
    /// What the mechanism tells beside them: a protocol's version in two bytes (section 6.40.4), or both initialisation
    /// vectors, the client's first (section 6.40.6).
    pub told: Vec<u8>,
}

impl DerivedKeys {
    /// One key, or one data object.
    #[must_use]
    pub fn one(key: ObjectHandle) -> Self {
        Self { keys: vec![Some(key)], told: Vec::new() }
    }

    /// The key that the call describes.
    #[must_use]
    pub fn first(&self) -> Option<ObjectHandle> {
        self.keys.first().copied().flatten()
    }
}

impl ObjectHandle {
    /// The bit that a session object's handle carries.
    pub const SESSION: u64 = 1 << 62;

    /// Whether this names a session object.
    #[must_use]
    pub fn is_session(self) -> bool {
        self.0 & Self::SESSION != 0
    }
}
