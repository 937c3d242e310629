//! An attribute, asked through each of the function lists that a module gives.

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_FUNCTION_LIST, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG,
    CKR_OK,
};

use super::Module;

/// How a caller came to the functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// `C_GetFunctionList`
    FunctionList,
    /// `C_GetInterface` for this version; without one, for any.
    Interface(Option<(u8, u8)>),
}

impl Module {
    /// The first 68 functions, which every list begins with.
    fn functions(&self, through: Through) -> &'static CK_FUNCTION_LIST {
        let Through::Interface(version) = through else { return self.list };
        let (rv, found) = self.raw_interface(Some("PKCS 11"), version, 0);
        assert_eq!(rv, CKR_OK, "{through:?}");
        // SAFETY: on CKR_OK it points to an interface that lives as long as the module.
        let interface = unsafe { found.as_ref() }.expect("an interface");
        // SAFETY: every list of the standard begins with the one of 2.40 (section 3.7).
        unsafe { interface.pFunctionList.cast::<CK_FUNCTION_LIST>().as_ref() }.expect("a function list")
    }

    /// `C_GetAttributeValue` of one attribute into a buffer of `room` bytes, or as a query: what was written, and the
    /// length.
    ///
    /// # Panics
    /// When the module has no such list.
    #[must_use]
    pub fn attribute_through(
        &self,
        through: Through,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        kind: CK_ATTRIBUTE_TYPE,
        room: Option<usize>,
    ) -> (CK_RV, Vec<u8>, CK_ULONG) {
        let mut buffer = vec![0; room.unwrap_or(0)];
        let mut asked = CK_ATTRIBUTE {
            type_: kind,
            pValue: room.map_or(ptr::null_mut(), |_| buffer.as_mut_ptr().cast()),
            ulValueLen: buffer.len() as CK_ULONG,
        };
        let function = self.functions(through).C_GetAttributeValue.expect("it is in the list");
        // SAFETY: one attribute, with a null pointer or a buffer of its length.
        let rv = unsafe { function(session, object, &raw mut asked, 1) };
        self.recorder.saw("C_GetAttributeValue", rv);
        buffer.truncate(usize::try_from(asked.ulValueLen).unwrap_or(usize::MAX));
        (rv, buffer, asked.ulValueLen)
    }
}
