//! A module in this process.

use std::ffi::{CStr, CString, c_char};
use std::path::{Path, PathBuf};
use std::ptr;

use cryptoki_sys::{
    CK_FLAGS, CK_FUNCTION_LIST, CK_FUNCTION_LIST_3_0, CK_FUNCTION_LIST_3_2, CK_INTERFACE, CK_RV, CK_ULONG,
    CK_VERSION, CKR_OK,
};
use libloading::Library;

use crate::recorder::Recorder;

pub(super) type GetInterface =
    unsafe extern "C" fn(*mut u8, *mut CK_VERSION, *mut *mut CK_INTERFACE, CK_FLAGS) -> CK_RV;
pub(super) type GetInterfaceList = unsafe extern "C" fn(*mut CK_INTERFACE, *mut CK_ULONG) -> CK_RV;

/// A PKCS#11 module: its 2.40 function list and, where it has one, `C_GetInterface`. It stays loaded.
pub struct Module {
    path: PathBuf,
    pub(super) list: &'static CK_FUNCTION_LIST,
    pub(super) get_interface: Option<GetInterface>,
    pub(super) get_interface_list: Option<GetInterfaceList>,
    pub(super) list_3_0: Option<&'static CK_FUNCTION_LIST_3_0>,
    /// What every call answered.
    pub recorder: Recorder,
}

/// What `C_GetInterface` gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Version of the function list: major, minor.
    pub version: (u8, u8),
    /// `CKF_INTERFACE_FORK_SAFE` or nothing.
    pub flags: CK_FLAGS,
}

impl Module {
    /// Loads the module at `path`.
    ///
    /// # Panics
    /// When it cannot be loaded or gives no function list.
    #[must_use]
    pub fn open(path: &Path) -> &'static Self {
        // SAFETY: the initialisers of the module under test run: that is what it is loaded for.
        let library = unsafe { Library::new(path) }.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let library: &'static Library = Box::leak(Box::new(library));
        // SAFETY: the standard gives this symbol this type (section 5.4).
        let symbol = unsafe {
            library.get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(b"C_GetFunctionList\0")
        };
        let function = symbol.expect("the module exports C_GetFunctionList");
        let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
        // SAFETY: `list` is writable for one pointer.
        let rv = unsafe { function(&raw mut list) };
        assert_eq!(rv, CKR_OK, "C_GetFunctionList");
        // SAFETY: on CKR_OK it points to a list that lives as long as the module, which is never unloaded.
        let list = unsafe { list.as_ref() }.expect("a function list");
        // SAFETY: the standard gives this symbol this type.
        let get_interface = unsafe { library.get::<GetInterface>(b"C_GetInterface\0") }.ok().map(|f| *f);
        // SAFETY: the standard gives this symbol this type.
        let get_interface_list =
            unsafe { library.get::<GetInterfaceList>(b"C_GetInterfaceList\0") }.ok().map(|f| *f);
        let recorder = Recorder::default();
        recorder.saw("C_GetFunctionList", rv);
        let path = path.to_owned();
        let mut module = Self { path, list, get_interface, get_interface_list, list_3_0: None, recorder };
        module.list_3_0 = module.standard_3_0();
        Box::leak(Box::new(module))
    }

    /// Where it was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The 2.40 function list itself, for callers that nothing may stand before. A module may give another list, with a
    /// state of its own, to each that asks: this is the one that all other calls here go through.
    #[must_use]
    pub fn function_list(&self) -> &'static CK_FUNCTION_LIST {
        self.list
    }

    /// The function list of 3.2, for callers that nothing may stand before; `None` of a module that has none.
    #[must_use]
    pub fn function_list_3_2(&self) -> Option<&'static CK_FUNCTION_LIST_3_2> {
        self.get_interface?;
        let (rv, found) = self.raw_interface(Some("PKCS 11"), Some((3, 2)), 0);
        // SAFETY: on CKR_OK it points to an interface that lives as long as the module.
        let interface = unsafe { found.as_ref() }.filter(|_| rv == CKR_OK)?;
        // SAFETY: name and version say that it is a list of this type (section 5.4).
        unsafe { interface.pFunctionList.cast::<CK_FUNCTION_LIST_3_2>().as_ref() }
    }

    /// Version of the 2.40 function list.
    #[must_use]
    pub fn list_version(&self) -> (u8, u8) {
        (self.list.version.major, self.list.version.minor)
    }

    /// How many entries of the 2.40 function list are null.
    #[must_use]
    pub fn missing_entries(&self) -> usize {
        format!("{:?}", self.list).matches("None").count()
    }

    /// Whether it has `C_GetInterface`.
    #[must_use]
    pub fn has_interfaces(&self) -> bool {
        self.get_interface.is_some()
    }

    /// `C_GetInterface`; no name or version means any.
    ///
    /// # Panics
    /// When the module does not export it.
    #[must_use]
    pub fn interface(
        &self,
        name: Option<&str>,
        version: Option<(u8, u8)>,
        flags: CK_FLAGS,
    ) -> (CK_RV, Option<Interface>) {
        let (rv, found) = self.raw_interface(name, version, flags);
        // SAFETY: on CKR_OK it points to an interface that lives as long as the module.
        let interface = unsafe { found.as_ref() }.filter(|_| rv == CKR_OK).map(Interface::read);
        (rv, interface)
    }

    pub(super) fn raw_interface(
        &self,
        name: Option<&str>,
        version: Option<(u8, u8)>,
        flags: CK_FLAGS,
    ) -> (CK_RV, *const CK_INTERFACE) {
        let function = self.get_interface.expect("the module exports C_GetInterface");
        let name = name.map(|name| CString::new(name).expect("no NUL in a name"));
        let name = name.as_ref().map_or(ptr::null_mut(), |name| name.as_ptr().cast_mut().cast());
        let mut version = version.map(|(major, minor)| CK_VERSION { major, minor });
        let version = version.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        let mut found: *mut CK_INTERFACE = ptr::null_mut();
        // SAFETY: name and version are null or live for the call, `found` is writable.
        let rv = unsafe { function(name, version, &raw mut found, flags) };
        self.recorder.saw("C_GetInterface", rv);
        (rv, found)
    }

    /// `C_GetInterface` without a place for the answer.
    ///
    /// # Panics
    /// When the module does not export it.
    #[must_use]
    pub fn interface_without_a_place(&self) -> CK_RV {
        let function = self.get_interface.expect("the module exports C_GetInterface");
        // SAFETY: null pointers only; the module must refuse the missing place.
        let rv = unsafe { function(ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), 0) };
        self.recorder.saw("C_GetInterface", rv);
        rv
    }

    /// `C_GetInterfaceList` with room for `room` interfaces, or as a query.
    ///
    /// # Panics
    /// When the module does not export it.
    #[must_use]
    pub fn interface_list(&self, room: Option<usize>) -> (CK_RV, CK_ULONG, Vec<Interface>) {
        let function = self.get_interface_list.expect("the module exports C_GetInterfaceList");
        let empty =
            CK_INTERFACE { pInterfaceName: ptr::null_mut(), pFunctionList: ptr::null_mut(), flags: 0 };
        let mut buffer = vec![empty; room.unwrap_or(0)];
        let mut count = buffer.len() as CK_ULONG;
        let pointer = room.map_or(ptr::null_mut(), |_| buffer.as_mut_ptr());
        // SAFETY: null, or room for `count` interfaces.
        let rv = unsafe { function(pointer, &raw mut count) };
        self.recorder.saw("C_GetInterfaceList", rv);
        let filled = buffer.iter().filter(|interface| !interface.pInterfaceName.is_null());
        (rv, count, filled.map(Interface::read).collect())
    }

    /// `C_GetInterfaceList` without a place for the count.
    ///
    /// # Panics
    /// When the module does not export it.
    #[must_use]
    pub fn interface_list_nowhere(&self) -> CK_RV {
        let function = self.get_interface_list.expect("the module exports C_GetInterfaceList");
        // SAFETY: null pointers only; the module must refuse the missing place.
        let rv = unsafe { function(ptr::null_mut(), ptr::null_mut()) };
        self.recorder.saw("C_GetInterfaceList", rv);
        rv
    }

    fn standard_3_0(&self) -> Option<&'static CK_FUNCTION_LIST_3_0> {
        self.get_interface?;
        let (rv, found) = self.raw_interface(Some("PKCS 11"), Some((3, 0)), 0);
        // SAFETY: on CKR_OK it points to an interface that lives as long as the module.
        let interface = unsafe { found.as_ref() }.filter(|_| rv == CKR_OK)?;
        // SAFETY: name and version say that it is a list of this type (section 5.4).
        unsafe { interface.pFunctionList.cast::<CK_FUNCTION_LIST_3_0>().as_ref() }
    }
}

impl Interface {
    fn read(raw: &CK_INTERFACE) -> Self {
        // SAFETY: the module gives a NUL-terminated name that lives as long as it does.
        let name = unsafe { CStr::from_ptr(raw.pInterfaceName.cast::<c_char>()) };
        // SAFETY: every function list starts with its version (section 3.7).
        let version = unsafe { raw.pFunctionList.cast::<CK_VERSION>().read() };
        Self {
            name: name.to_string_lossy().into_owned(),
            version: (version.major, version.minor),
            flags: raw.flags,
        }
    }
}
