//! What a test sends: memory with the length that it claims to have.

use std::marker::PhantomData;
use std::ptr;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BYTE, CK_MECHANISM, CK_MECHANISM_TYPE, CK_RSA_PKCS_PSS_PARAMS,
    CK_ULONG,
};

/// Input: a pointer and a length that need not fit.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    pub(super) pointer: *mut CK_BYTE,
    pub(super) len: CK_ULONG,
    lent: PhantomData<&'a [u8]>,
}

impl<'a> Sent<'a> {
    /// A null pointer that claims `len` bytes.
    #[must_use]
    pub fn null(len: CK_ULONG) -> Self {
        Self { pointer: ptr::null_mut(), len, lent: PhantomData }
    }

    /// `bytes`, claimed to be `len` long.
    #[must_use]
    pub fn claiming(bytes: &'a [u8], len: CK_ULONG) -> Self {
        Self { pointer: bytes.as_ptr().cast_mut(), len, lent: PhantomData }
    }
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Sent<'a> {
    fn from(bytes: &'a T) -> Self {
        let bytes = bytes.as_ref();
        Self::claiming(bytes, bytes.len() as CK_ULONG)
    }
}

/// Output: a buffer and a place for its length, either of which can be missing.
pub struct Out<'a> {
    pub(super) pointer: *mut CK_BYTE,
    pub(super) len: Option<CK_ULONG>,
    lent: PhantomData<&'a mut [u8]>,
}

impl<'a> Out<'a> {
    /// A null pointer: how long would it be?
    #[must_use]
    pub fn query() -> Self {
        Self { pointer: ptr::null_mut(), len: Some(0), lent: PhantomData }
    }

    /// A buffer with its true length.
    #[must_use]
    pub fn buffer(bytes: &'a mut [u8]) -> Self {
        Self { pointer: bytes.as_mut_ptr(), len: Some(bytes.len() as CK_ULONG), lent: PhantomData }
    }

    /// A buffer, and no place for the length.
    #[must_use]
    pub fn without_length(bytes: &'a mut [u8]) -> Self {
        Self { pointer: bytes.as_mut_ptr(), len: None, lent: PhantomData }
    }

    /// The memory of an input as output too (section 5.2: the two may be the same).
    #[must_use]
    pub fn over(bytes: Sent<'a>, len: CK_ULONG) -> Self {
        Self { pointer: bytes.pointer, len: Some(len), lent: PhantomData }
    }
}

/// The value of an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes with their true length.
    Bytes(Vec<u8>),
    /// A null pointer that claims a length.
    Null(CK_ULONG),
    /// Bytes that claim another length.
    Claiming(Vec<u8>, CK_ULONG),
}

/// One entry of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// A `CKA_` value.
    pub kind: CK_ATTRIBUTE_TYPE,
    /// What is sent.
    pub value: Value,
}

impl Attribute {
    /// Bytes.
    #[must_use]
    pub fn bytes(kind: CK_ATTRIBUTE_TYPE, value: impl AsRef<[u8]>) -> Self {
        Self { kind, value: Value::Bytes(value.as_ref().to_vec()) }
    }

    /// A `CK_BBOOL`.
    #[must_use]
    pub fn boolean(kind: CK_ATTRIBUTE_TYPE, value: bool) -> Self {
        Self::bytes(kind, [u8::from(value)])
    }

    /// A `CK_ULONG`.
    #[must_use]
    pub fn ulong(kind: CK_ATTRIBUTE_TYPE, value: CK_ULONG) -> Self {
        Self::bytes(kind, value.to_ne_bytes())
    }

    fn raw(&self) -> CK_ATTRIBUTE {
        let (pointer, len) = match &self.value {
            Value::Bytes(bytes) => (bytes.as_ptr().cast_mut(), bytes.len() as CK_ULONG),
            Value::Null(len) => (ptr::null_mut(), *len),
            Value::Claiming(bytes, len) => (bytes.as_ptr().cast_mut(), *len),
        };
        CK_ATTRIBUTE { type_: self.kind, pValue: pointer.cast(), ulValueLen: len }
    }
}

/// Attributes as a test sends them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Attribute>);

impl Template {
    /// A template without attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(self, kind: CK_ATTRIBUTE_TYPE, value: impl AsRef<[u8]>) -> Self {
        self.with(Attribute::bytes(kind, value))
    }

    /// Adds a `CK_BBOOL`.
    #[must_use]
    pub fn boolean(self, kind: CK_ATTRIBUTE_TYPE, value: bool) -> Self {
        self.with(Attribute::boolean(kind, value))
    }

    /// Adds a `CK_ULONG`.
    #[must_use]
    pub fn ulong(self, kind: CK_ATTRIBUTE_TYPE, value: CK_ULONG) -> Self {
        self.with(Attribute::ulong(kind, value))
    }

    /// Adds any attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute) -> Self {
        self.0.push(attribute);
        self
    }

    /// The same template without the attributes of one type.
    #[must_use]
    pub fn without(mut self, kind: CK_ATTRIBUTE_TYPE) -> Self {
        self.0.retain(|attribute| attribute.kind != kind);
        self
    }

    /// The C form; its pointers live as long as `self`.
    pub(super) fn raw(&self) -> Vec<CK_ATTRIBUTE> {
        self.0.iter().map(Attribute::raw).collect()
    }
}

/// A mechanism without parameters.
#[must_use]
pub fn mechanism(kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM { mechanism: kind, pParameter: ptr::null_mut(), ulParameterLen: 0 }
}

/// A PSS mechanism over its parameters.
#[must_use]
pub fn pss(kind: CK_MECHANISM_TYPE, parameters: &CK_RSA_PKCS_PSS_PARAMS) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism: kind,
        pParameter: ptr::from_ref(parameters).cast_mut().cast(),
        ulParameterLen: size_of::<CK_RSA_PKCS_PSS_PARAMS>() as CK_ULONG,
    }
}
