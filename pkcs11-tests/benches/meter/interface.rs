//! The calls that are measured, with nothing between them and the module's function list: what records or checks
//! would be measured too.
#![allow(unsafe_code, reason = "calling C is what this file is for")]

use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_FLAGS, CK_FUNCTION_LIST, CK_FUNCTION_LIST_3_2, CK_MECHANISM,
    CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_ULONG, CKR_FUNCTION_NOT_SUPPORTED, CKR_OK,
};
use pkcs11_tests::Module;

/// What a call gave, or the return value that is not `CKR_OK`.
pub(crate) type Answer<T> = Result<T, CK_RV>;

/// A module's functions.
#[derive(Clone, Copy)]
pub(crate) struct Interface {
    list: &'static CK_FUNCTION_LIST,
    /// Not every module has it.
    list_3_2: Option<&'static CK_FUNCTION_LIST_3_2>,
}

/// Attributes that own their values.
#[derive(Clone, Default)]
pub(crate) struct Attributes(Vec<(CK_ATTRIBUTE_TYPE, Vec<u8>)>);

impl Attributes {
    /// With one more.
    pub(crate) fn bytes(mut self, kind: CK_ATTRIBUTE_TYPE, value: impl AsRef<[u8]>) -> Self {
        self.0.push((kind, value.as_ref().to_vec()));
        self
    }

    /// With one more that is a `CK_ULONG`.
    pub(crate) fn ulong(self, kind: CK_ATTRIBUTE_TYPE, value: CK_ULONG) -> Self {
        self.bytes(kind, value.to_ne_bytes())
    }

    /// With one more that is a `CK_BBOOL`.
    pub(crate) fn flag(self, kind: CK_ATTRIBUTE_TYPE, value: bool) -> Self {
        self.bytes(kind, [u8::from(value)])
    }

    /// In C's form, which lives as long as this.
    fn raw(&self) -> Vec<CK_ATTRIBUTE> {
        let attribute = |(kind, value): &(CK_ATTRIBUTE_TYPE, Vec<u8>)| CK_ATTRIBUTE {
            type_: *kind,
            pValue: value.as_ptr().cast_mut().cast(),
            ulValueLen: value.len() as CK_ULONG,
        };
        self.0.iter().map(attribute).collect()
    }
}

/// Calls a function of the list; anything but `CKR_OK` goes back to who called.
macro_rules! call {
    ($interface:expr, $function:ident($($argument:expr),* $(,)?)) => {
        call!(@ $interface.list, $function($($argument),*))
    };
    (@ $list:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $list.$function.expect(concat!(stringify!($function), " is in the list"));
        // SAFETY: every pointer names memory of the caller's arguments or of this frame, with its length; both outlive
        // the call.
        match unsafe { function($($argument),*) } {
            CKR_OK => Ok(()),
            rv => Err(rv),
        }
    }};
}

/// A function that takes input and fills a buffer: gives how much it wrote.
macro_rules! transforming {
    ($($name:ident => $init:ident, $function:ident;)*) => {
        $(
            #[doc = concat!("`", stringify!($init), "` and `", stringify!($function), "`.")]
            pub(crate) fn $name(
                self,
                session: CK_SESSION_HANDLE,
                mechanism: &mut CK_MECHANISM,
                key: CK_OBJECT_HANDLE,
                input: &[u8],
                out: &mut [u8],
            ) -> Answer<usize> {
                call!(self, $init(session, ptr::from_mut(mechanism), key))?;
                let mut len = out.len() as CK_ULONG;
                let input_len = input.len() as CK_ULONG;
                call!(
                    self,
                    $function(session, input.as_ptr().cast_mut(), input_len, out.as_mut_ptr(), &raw mut len)
                )?;
                Ok(as_len(len))
            }
        )*
    };
}

impl Interface {
    /// The functions of a module that is loaded.
    pub(crate) fn of(module: &Module) -> Self {
        Self { list: module.function_list(), list_3_2: module.function_list_3_2() }
    }

    transforming! {
        sign => C_SignInit, C_Sign;
        encrypt => C_EncryptInit, C_Encrypt;
        decrypt => C_DecryptInit, C_Decrypt;
    }

    /// `C_VerifyInit` and `C_Verify`.
    pub(crate) fn verify(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        input: &[u8],
        signature: &[u8],
    ) -> Answer<()> {
        call!(self, C_VerifyInit(session, ptr::from_mut(mechanism), key))?;
        call!(
            self,
            C_Verify(
                session,
                input.as_ptr().cast_mut(),
                input.len() as CK_ULONG,
                signature.as_ptr().cast_mut(),
                signature.len() as CK_ULONG
            )
        )
    }

    /// `C_DigestInit` and `C_Digest`.
    pub(crate) fn digest(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        input: &[u8],
        out: &mut [u8],
    ) -> Answer<usize> {
        call!(self, C_DigestInit(session, ptr::from_mut(mechanism)))?;
        let mut len = out.len() as CK_ULONG;
        call!(
            self,
            C_Digest(
                session,
                input.as_ptr().cast_mut(),
                input.len() as CK_ULONG,
                out.as_mut_ptr(),
                &raw mut len
            )
        )?;
        Ok(as_len(len))
    }

    /// `C_DeriveKey`
    pub(crate) fn derive(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        template: &Attributes,
    ) -> Answer<CK_OBJECT_HANDLE> {
        let (mut raw, mut made) = (template.raw(), 0);
        let count = raw.len() as CK_ULONG;
        call!(
            self,
            C_DeriveKey(session, ptr::from_mut(mechanism), key, raw.as_mut_ptr(), count, &raw mut made)
        )?;
        Ok(made)
    }

    /// `C_WrapKey`: gives how much it wrote.
    pub(crate) fn wrap(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        (wrapping, wrapped): (CK_OBJECT_HANDLE, CK_OBJECT_HANDLE),
        out: &mut [u8],
    ) -> Answer<usize> {
        let mut len = out.len() as CK_ULONG;
        let mechanism = ptr::from_mut(mechanism);
        call!(self, C_WrapKey(session, mechanism, wrapping, wrapped, out.as_mut_ptr(), &raw mut len))?;
        Ok(as_len(len))
    }

    /// `C_UnwrapKey`
    pub(crate) fn unwrap(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        wrapping: CK_OBJECT_HANDLE,
        wrapped: &[u8],
        template: &Attributes,
    ) -> Answer<CK_OBJECT_HANDLE> {
        let (mut raw, mut made) = (template.raw(), 0);
        let (count, len) = (raw.len() as CK_ULONG, wrapped.len() as CK_ULONG);
        call!(
            self,
            C_UnwrapKey(
                session,
                ptr::from_mut(mechanism),
                wrapping,
                wrapped.as_ptr().cast_mut(),
                len,
                raw.as_mut_ptr(),
                count,
                &raw mut made
            )
        )?;
        Ok(made)
    }

    /// `C_EncapsulateKey`: gives how much it wrote, and the key.
    pub(crate) fn encapsulate(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        template: &Attributes,
        out: &mut [u8],
    ) -> Answer<(usize, CK_OBJECT_HANDLE)> {
        let list = self.list_3_2.ok_or(CKR_FUNCTION_NOT_SUPPORTED)?;
        let (mut raw, mut len, mut made) = (template.raw(), out.len() as CK_ULONG, 0);
        let count = raw.len() as CK_ULONG;
        call!(
            @ list,
            C_EncapsulateKey(
                session,
                ptr::from_mut(mechanism),
                key,
                raw.as_mut_ptr(),
                count,
                out.as_mut_ptr(),
                &raw mut len,
                &raw mut made
            )
        )?;
        Ok((as_len(len), made))
    }

    /// `C_DecapsulateKey`
    pub(crate) fn decapsulate(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        key: CK_OBJECT_HANDLE,
        template: &Attributes,
        ciphertext: &[u8],
    ) -> Answer<CK_OBJECT_HANDLE> {
        let list = self.list_3_2.ok_or(CKR_FUNCTION_NOT_SUPPORTED)?;
        let (mut raw, mut made) = (template.raw(), 0);
        let (count, len) = (raw.len() as CK_ULONG, ciphertext.len() as CK_ULONG);
        call!(
            @ list,
            C_DecapsulateKey(
                session,
                ptr::from_mut(mechanism),
                key,
                raw.as_mut_ptr(),
                count,
                ciphertext.as_ptr().cast_mut(),
                len,
                &raw mut made
            )
        )?;
        Ok(made)
    }

    /// `C_GenerateKey`
    pub(crate) fn generate(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        template: &Attributes,
    ) -> Answer<CK_OBJECT_HANDLE> {
        let (mut raw, mut made) = (template.raw(), 0);
        let count = raw.len() as CK_ULONG;
        call!(
            self,
            C_GenerateKey(session, ptr::from_mut(mechanism), raw.as_mut_ptr(), count, &raw mut made)
        )?;
        Ok(made)
    }

    /// `C_GenerateKeyPair`: the private key, the public key.
    pub(crate) fn generate_pair(
        self,
        session: CK_SESSION_HANDLE,
        mechanism: &mut CK_MECHANISM,
        (private, public): (&Attributes, &Attributes),
    ) -> Answer<(CK_OBJECT_HANDLE, CK_OBJECT_HANDLE)> {
        let (mut private, mut public) = (private.raw(), public.raw());
        let (mut private_made, mut public_made) = (0, 0);
        let counts = (public.len() as CK_ULONG, private.len() as CK_ULONG);
        call!(
            self,
            C_GenerateKeyPair(
                session,
                ptr::from_mut(mechanism),
                public.as_mut_ptr(),
                counts.0,
                private.as_mut_ptr(),
                counts.1,
                &raw mut public_made,
                &raw mut private_made
            )
        )?;
        Ok((private_made, public_made))
    }

    /// `C_CreateObject`
    pub(crate) fn create(
        self,
        session: CK_SESSION_HANDLE,
        template: &Attributes,
    ) -> Answer<CK_OBJECT_HANDLE> {
        let (mut raw, mut made) = (template.raw(), 0);
        let count = raw.len() as CK_ULONG;
        call!(self, C_CreateObject(session, raw.as_mut_ptr(), count, &raw mut made))?;
        Ok(made)
    }

    /// `C_DestroyObject`
    pub(crate) fn destroy(self, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Answer<()> {
        call!(self, C_DestroyObject(session, object))
    }

    /// `C_GetAttributeValue`: all values into `buffer`, one behind another in the same room each; gives their lengths.
    pub(crate) fn read<const N: usize>(
        self,
        session: CK_SESSION_HANDLE,
        object: CK_OBJECT_HANDLE,
        kinds: [CK_ATTRIBUTE_TYPE; N],
        buffer: &mut [u8],
    ) -> Answer<[usize; N]> {
        let room = buffer.len() / N;
        let mut places = buffer.chunks_exact_mut(room);
        let mut raw = kinds.map(|kind| CK_ATTRIBUTE {
            type_: kind,
            pValue: places.next().map_or(ptr::null_mut(), |place| place.as_mut_ptr().cast()),
            ulValueLen: room as CK_ULONG,
        });
        call!(self, C_GetAttributeValue(session, object, raw.as_mut_ptr(), N as CK_ULONG))?;
        Ok(raw.map(|attribute| as_len(attribute.ulValueLen)))
    }

    /// `C_FindObjectsInit`, `C_FindObjects` until there are no more, `C_FindObjectsFinal`: how many, and the first.
    pub(crate) fn find(
        self,
        session: CK_SESSION_HANDLE,
        template: &Attributes,
    ) -> Answer<(usize, CK_OBJECT_HANDLE)> {
        let mut raw = template.raw();
        call!(self, C_FindObjectsInit(session, raw.as_mut_ptr(), raw.len() as CK_ULONG))?;
        let (mut page, mut found, mut first) = ([0; 256], 0, 0);
        loop {
            let mut count = 0;
            call!(self, C_FindObjects(session, page.as_mut_ptr(), page.len() as CK_ULONG, &raw mut count))?;
            if count == 0 {
                break;
            }
            first = if found == 0 { page[0] } else { first };
            found += as_len(count);
        }
        call!(self, C_FindObjectsFinal(session))?;
        Ok((found, first))
    }

    /// `C_OpenSession`
    pub(crate) fn open(self, slot: CK_SLOT_ID, flags: CK_FLAGS) -> Answer<CK_SESSION_HANDLE> {
        let mut session = 0;
        call!(self, C_OpenSession(slot, flags, ptr::null_mut(), None, &raw mut session))?;
        Ok(session)
    }

    /// `C_CloseSession`
    pub(crate) fn close(self, session: CK_SESSION_HANDLE) -> Answer<()> {
        call!(self, C_CloseSession(session))
    }

    /// `C_GenerateRandom`
    pub(crate) fn random(self, session: CK_SESSION_HANDLE, out: &mut [u8]) -> Answer<()> {
        call!(self, C_GenerateRandom(session, out.as_mut_ptr(), out.len() as CK_ULONG))
    }
}

fn as_len(len: CK_ULONG) -> usize {
    usize::try_from(len).expect("a length")
}
