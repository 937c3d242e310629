//! Objects as the engine holds them: typed attributes, and the key parsed from them once.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use once_cell::sync::OnceCell;
use pkcs11::{Attributes, Error, ObjectHandle, Result};

use crate::mechanism::{Key, Mechanisms};
use crate::store::{Header, RowId};

/// An object, open.
pub struct Object {
    /// A session object's handle; that of a token object is told by `handles.rs`.
    pub session_handle: ObjectHandle,
    /// What stands in clear in its row; none for a session object.
    pub header: Option<Header>,
    /// Complete, typed attributes.
    pub attributes: Attributes,
    key: OnceCell<Arc<dyn Key>>,
}

impl Object {
    /// An object of the token, out of its row.
    #[must_use]
    pub fn of_row(header: Header, attributes: Attributes) -> Self {
        Self { session_handle: ObjectHandle(0), header: Some(header), attributes, key: OnceCell::new() }
    }

    /// A session object.
    #[must_use]
    pub fn of_session(handle: ObjectHandle, attributes: Attributes) -> Self {
        Self { session_handle: handle, header: None, attributes, key: OnceCell::new() }
    }

    /// The key, parsed at the first use and kept.
    ///
    /// # Errors
    /// [`Error::KeyTypeInconsistent`] for an object that is no key or one of a type without a family, and the errors of
    /// parsing.
    pub fn key(&self, mechanisms: &Mechanisms) -> Result<&Arc<dyn Key>> {
        let key_type = self.attributes.key_type().ok_or(Error::KeyTypeInconsistent)?;
        let row = mechanisms.key_type(key_type).ok_or(Error::KeyTypeInconsistent)?;
        self.key.get_or_try_init(|| (row.parse)(&self.attributes))
    }
}

/// Opened objects of a token, at most so many: found without a lock, forgotten when another takes the place.
pub struct ObjectCache {
    places: Box<[ArcSwapOption<Object>]>,
}

impl ObjectCache {
    /// Room for `capacity` objects, at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { places: (0..capacity.max(1)).map(|_| ArcSwapOption::empty()).collect() }
    }

    /// Finds the object of a row.
    #[must_use]
    pub fn object(&self, row: RowId) -> Option<Arc<Object>> {
        let place = self.place(row)?.load();
        place.as_ref().filter(|object| object.header.is_some_and(|header| header.id == row)).map(Arc::clone)
    }

    /// Keeps an object.
    pub fn keep(&self, row: RowId, object: &Arc<Object>) {
        if let Some(place) = self.place(row) {
            place.store(Some(Arc::clone(object)));
        }
    }

    /// Forgets the object of a row.
    pub fn forget(&self, row: RowId) {
        if self.object(row).is_some()
            && let Some(place) = self.place(row)
        {
            place.store(None);
        }
    }

    /// Forgets all objects that `which` names.
    pub fn forget_all(&self, which: impl Fn(&Object) -> bool) {
        for place in &self.places {
            if place.load().as_ref().is_some_and(|object| which(object)) {
                place.store(None);
            }
        }
    }

    fn place(&self, row: RowId) -> Option<&ArcSwapOption<Object>> {
        // Row ids of one owner are often consecutive: the plain remainder spreads those best.
        let index = row.0.checked_rem(u64::try_from(self.places.len()).ok()?)?;
        self.places.get(usize::try_from(index).ok()?)
    }
}
