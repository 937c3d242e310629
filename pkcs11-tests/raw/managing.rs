//! Calls that make, change and move keys and objects (chapters 5.7 and 5.18), and those of 5.5 and 5.19 that stand alone.

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_FLAGS, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG,
};

use super::calls::call;
use super::transforming::{place_of, pointer_to};
use super::{Module, Out, Sent, Template};

/// What may stand where an array of attributes is expected.
#[derive(Clone, Copy)]
pub enum Attributes<'a> {
    /// Attributes with their true count.
    Of(&'a Template),
    /// A null pointer that claims a count.
    Null(CK_ULONG),
}

impl<'a> From<&'a Template> for Attributes<'a> {
    fn from(template: &'a Template) -> Self {
        Self::Of(template)
    }
}

/// The array, its pointer and its count.
struct Array(Vec<CK_ATTRIBUTE>, Option<CK_ULONG>);

impl Array {
    fn of(attributes: Attributes<'_>) -> Self {
        match attributes {
            Attributes::Of(template) => Self(template.raw(), None),
            Attributes::Null(count) => Self(Vec::new(), Some(count)),
        }
    }

    fn pointer(&mut self) -> *mut CK_ATTRIBUTE {
        if self.1.is_some() { ptr::null_mut() } else { self.0.as_mut_ptr() }
    }

    fn count(&self) -> CK_ULONG {
        self.1.unwrap_or(self.0.len() as CK_ULONG)
    }
}

/// 5.7 Objects.
impl Module {
    /// `C_CopyObject`
    pub fn copy_object<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        template: impl Into<Attributes<'a>>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (count, mut copy) = (array.count(), 0);
        (call!(self, C_CopyObject(session, object, array.pointer(), count, &raw mut copy)), copy)
    }

    /// `C_CopyObject` without a place for the handle.
    pub fn copy_object_nowhere(&self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
        call!(self, C_CopyObject(session, object, ptr::null_mut(), 0, ptr::null_mut()))
    }

    /// `C_GetObjectSize`
    pub fn object_size(&self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> (CK_RV, CK_ULONG) {
        let mut size = 0;
        (call!(self, C_GetObjectSize(session, object, &raw mut size)), size)
    }

    /// `C_GetObjectSize` without a place for the answer.
    pub fn object_size_nowhere(&self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
        call!(self, C_GetObjectSize(session, object, ptr::null_mut()))
    }

    /// `C_SetAttributeValue`
    pub fn set_attribute_values<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        template: impl Into<Attributes<'a>>,
    ) -> CK_RV {
        let mut array = Array::of(template.into());
        let count = array.count();
        call!(self, C_SetAttributeValue(session, object, array.pointer(), count))
    }
}

/// 5.18 Keys.
impl Module {
    /// `C_GenerateKey`; no mechanism is a null pointer.
    pub fn generate_key<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        template: impl Into<Attributes<'a>>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (count, mut key) = (array.count(), 0);
        let mechanism = pointer_to(mechanism);
        (call!(self, C_GenerateKey(session, mechanism, array.pointer(), count, &raw mut key)), key)
    }

    /// `C_GenerateKey` without a place for the handle.
    pub fn generate_key_nowhere(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: &CK_MECHANISM,
        template: &Template,
    ) -> CK_RV {
        let mut array = Array::of(template.into());
        let (count, mechanism) = (array.count(), pointer_to(Some(mechanism)));
        call!(self, C_GenerateKey(session, mechanism, array.pointer(), count, ptr::null_mut()))
    }

    /// `C_WrapKey`; no mechanism is a null pointer.
    pub fn wrap_key(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        wrapping: CK_OBJECT_HANDLE,
        key: CK_OBJECT_HANDLE,
        out: Out<'_>,
    ) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let (mechanism, place) = (pointer_to(mechanism), place_of(&mut len));
        let rv = call!(self, C_WrapKey(session, mechanism, wrapping, key, out.pointer, place));
        (rv, len.unwrap_or(0))
    }

    /// `C_UnwrapKey`; no mechanism is a null pointer.
    pub fn unwrap_key<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        unwrapping: CK_OBJECT_HANDLE,
        wrapped: Sent<'_>,
        template: impl Into<Attributes<'a>>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (mechanism, count, mut key) = (pointer_to(mechanism), array.count(), 0);
        let rv = call!(
            self,
            C_UnwrapKey(
                session,
                mechanism,
                unwrapping,
                wrapped.pointer,
                wrapped.len,
                array.pointer(),
                count,
                &raw mut key
            )
        );
        (rv, key)
    }

    /// `C_DeriveKey`; no mechanism is a null pointer.
    pub fn derive_key<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        base: CK_OBJECT_HANDLE,
        template: impl Into<Attributes<'a>>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (mechanism, count, mut key) = (pointer_to(mechanism), array.count(), 0);
        (call!(self, C_DeriveKey(session, mechanism, base, array.pointer(), count, &raw mut key)), key)
    }
}

/// 5.18 Key encapsulation, through the function list of 3.2.
impl Module {
    /// `C_EncapsulateKey`, with the length and the handle that were told; no mechanism is a null pointer.
    ///
    /// # Panics
    /// When the function list of 3.2 has none.
    pub fn encapsulate_key<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        public_key: CK_OBJECT_HANDLE,
        template: impl Into<Attributes<'a>>,
        out: Out<'_>,
    ) -> (CK_RV, CK_ULONG, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (mechanism, count, mut len, mut key) = (pointer_to(mechanism), array.count(), out.len, 0);
        let (place, array) = (place_of(&mut len), array.pointer());
        let function = self.list_3_2().C_EncapsulateKey.expect("C_EncapsulateKey");
        // SAFETY: as for the 2.40 functions.
        let rv = unsafe {
            function(session, mechanism, public_key, array, count, out.pointer, place, &raw mut key)
        };
        self.recorder.saw("C_EncapsulateKey", rv);
        (rv, len.unwrap_or(0), key)
    }

    /// `C_DecapsulateKey`; no mechanism is a null pointer.
    ///
    /// # Panics
    /// When the function list of 3.2 has none.
    pub fn decapsulate_key<'a>(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        private_key: CK_OBJECT_HANDLE,
        template: impl Into<Attributes<'a>>,
        ciphertext: Sent<'_>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let mut array = Array::of(template.into());
        let (mechanism, count, mut key) = (pointer_to(mechanism), array.count(), 0);
        let (array, Sent { pointer, len, .. }) = (array.pointer(), ciphertext);
        let function = self.list_3_2().C_DecapsulateKey.expect("C_DecapsulateKey");
        // SAFETY: as for the 2.40 functions.
        let rv =
            unsafe { function(session, mechanism, private_key, array, count, pointer, len, &raw mut key) };
        self.recorder.saw("C_DecapsulateKey", rv);
        (rv, key)
    }
}

/// 5.5 Slots and 5.19 random numbers.
impl Module {
    /// `C_SeedRandom`
    pub fn seed_random(&self, session: CK_SESSION_HANDLE, seed: Sent<'_>) -> CK_RV {
        call!(self, C_SeedRandom(session, seed.pointer, seed.len))
    }

    /// `C_WaitForSlotEvent`
    pub fn wait_for_slot_event(&self, flags: CK_FLAGS) -> (CK_RV, CK_SLOT_ID) {
        let mut slot = CK_SLOT_ID::MAX;
        (call!(self, C_WaitForSlotEvent(flags, &raw mut slot, ptr::null_mut())), slot)
    }

    /// `C_WaitForSlotEvent` without a place for the slot, or with a pointer that must be null.
    pub fn wait_for_slot_event_wrongly(&self, flags: CK_FLAGS, reserved: bool) -> CK_RV {
        let mut slot = 0;
        if reserved {
            call!(self, C_WaitForSlotEvent(flags, &raw mut slot, ptr::without_provenance_mut(8)))
        } else {
            call!(self, C_WaitForSlotEvent(flags, ptr::null_mut(), ptr::null_mut()))
        }
    }
}
