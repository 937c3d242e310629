//! Message-based calls (sections 5.9, 5.11, 5.14 and 5.16), and the parameters of messages.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;

use cryptoki_sys::{
    CK_CCM_MESSAGE_PARAMS, CK_FLAGS, CK_GCM_MESSAGE_PARAMS, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV,
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS, CK_SESSION_HANDLE, CK_ULONG,
};

use super::since_3::call;
use super::transforming::{place_of, pointer_to};
use super::{Module, Out, Sent, Template};

/// The parameters of a message: a pointer and a length that need not fit.
pub struct Given<'a> {
    pointer: *mut c_void,
    len: CK_ULONG,
    lent: PhantomData<&'a mut ()>,
}

impl<'a> Given<'a> {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::null(0)
    }

    /// A null pointer that claims `len` bytes.
    #[must_use]
    pub fn null(len: CK_ULONG) -> Self {
        Self { pointer: ptr::null_mut(), len, lent: PhantomData }
    }

    /// A structure.
    #[must_use]
    pub fn of<T>(structure: &'a mut T) -> Self {
        let len = size_of::<T>() as CK_ULONG;
        Self::claiming(structure, len)
    }

    /// A structure that claims another length.
    #[must_use]
    pub fn claiming<T>(structure: &'a mut T, len: CK_ULONG) -> Self {
        Self { pointer: ptr::from_mut(structure).cast(), len, lent: PhantomData }
    }

    /// An address that nobody may follow.
    #[must_use]
    pub fn at(address: usize, len: CK_ULONG) -> Self {
        Self { pointer: address as *mut c_void, len, lent: PhantomData }
    }
}

/// What a message of each mechanism has: where its vector and its tag go, and how they are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The vector or nonce.
    pub vector: Vec<u8>,
    /// How many of its bits are fixed.
    pub fixed_bits: CK_ULONG,
    /// A `CKG_` value.
    pub generator: CK_ULONG,
    /// The tag.
    pub tag: Vec<u8>,
    /// The length of the data, where it has to be told.
    pub data_len: CK_ULONG,
}

impl Parameters {
    /// A vector that is given, and room for a tag.
    #[must_use]
    pub fn given(vector: &[u8], tag_len: usize) -> Self {
        Self::generated(vector, 0, 0, tag_len)
    }

    /// A vector that is generated behind its fixed bits, and room for a tag.
    #[must_use]
    pub fn generated(vector: &[u8], fixed_bits: CK_ULONG, generator: CK_ULONG, tag_len: usize) -> Self {
        Self { vector: vector.to_vec(), fixed_bits, generator, tag: vec![0; tag_len], data_len: 0 }
    }

    /// The same for data of a length.
    #[must_use]
    pub fn for_data(self, len: usize) -> Self {
        Self { data_len: len as CK_ULONG, ..self }
    }

    /// The C form of GCM; its pointers live as long as `self`.
    pub fn gcm(&mut self) -> CK_GCM_MESSAGE_PARAMS {
        CK_GCM_MESSAGE_PARAMS {
            pIv: self.vector.as_mut_ptr(),
            ulIvLen: self.vector.len() as CK_ULONG,
            ulIvFixedBits: self.fixed_bits,
            ivGenerator: self.generator,
            pTag: self.tag.as_mut_ptr(),
            ulTagBits: self.tag.len() as CK_ULONG * 8,
        }
    }

    /// The C form of CCM.
    pub fn ccm(&mut self) -> CK_CCM_MESSAGE_PARAMS {
        CK_CCM_MESSAGE_PARAMS {
            ulDataLen: self.data_len,
            pNonce: self.vector.as_mut_ptr(),
            ulNonceLen: self.vector.len() as CK_ULONG,
            ulNonceFixedBits: self.fixed_bits,
            nonceGenerator: self.generator,
            pMAC: self.tag.as_mut_ptr(),
            ulMACLen: self.tag.len() as CK_ULONG,
        }
    }

    /// The C form of ChaCha20-Poly1305, its length in bits.
    pub fn chacha20_poly1305(&mut self) -> CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
        CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
            pNonce: self.vector.as_mut_ptr(),
            ulNonceLen: self.vector.len() as CK_ULONG * 8,
            pTag: self.tag.as_mut_ptr(),
        }
    }
}

macro_rules! processes {
    ($($init:ident $c_init:ident, $last:ident $c_final:ident;)*) => {
        impl Module {
            $(
                #[doc = concat!("`", stringify!($c_init), "`; no mechanism is a null pointer.")]
                pub fn $init(
                    &self,
                    session: CK_SESSION_HANDLE,
                    mechanism: Option<&CK_MECHANISM>,
                    key: CK_OBJECT_HANDLE,
                ) -> CK_RV {
                    call!(self, $c_init(session, pointer_to(mechanism), key))
                }

                #[doc = concat!("`", stringify!($c_final), "`")]
                pub fn $last(&self, session: CK_SESSION_HANDLE) -> CK_RV {
                    call!(self, $c_final(session))
                }
            )*
        }
    };
}

processes! {
    message_encrypt_init C_MessageEncryptInit, message_encrypt_final C_MessageEncryptFinal;
    message_decrypt_init C_MessageDecryptInit, message_decrypt_final C_MessageDecryptFinal;
    message_sign_init C_MessageSignInit, message_sign_final C_MessageSignFinal;
    message_verify_init C_MessageVerifyInit, message_verify_final C_MessageVerifyFinal;
}

impl Module {
    /// The four that begin, of encryption, decryption, signing and verifying, with a mechanism at an address that nobody may
    /// follow.
    pub fn message_inits_at(
        &self,
        session: CK_SESSION_HANDLE,
        address: usize,
        key: CK_OBJECT_HANDLE,
    ) -> [CK_RV; 4] {
        let by = address as *mut CK_MECHANISM;
        [
            call!(self, C_MessageEncryptInit(session, by, key)),
            call!(self, C_MessageDecryptInit(session, by, key)),
            call!(self, C_MessageSignInit(session, by, key)),
            call!(self, C_MessageVerifyInit(session, by, key)),
        ]
    }
}

macro_rules! ciphers {
    ($($whole:ident $c_whole:ident, $begin:ident $c_begin:ident, $next:ident $c_next:ident;)*) => {
        impl Module {
            $(
                #[doc = concat!("`", stringify!($c_whole), "`")]
                pub fn $whole(
                    &self,
                    session: CK_SESSION_HANDLE,
                    given: Given<'_>,
                    associated: Sent<'_>,
                    data: Sent<'_>,
                    out: Out<'_>,
                ) -> (CK_RV, CK_ULONG) {
                    let mut len = out.len;
                    let place = place_of(&mut len);
                    let rv = call!(
                        self,
                        $c_whole(
                            session, given.pointer, given.len, associated.pointer, associated.len, data.pointer,
                            data.len, out.pointer, place
                        )
                    );
                    (rv, len.unwrap_or(0))
                }

                #[doc = concat!("`", stringify!($c_begin), "`")]
                pub fn $begin(
                    &self,
                    session: CK_SESSION_HANDLE,
                    given: Given<'_>,
                    associated: Sent<'_>,
                ) -> CK_RV {
                    call!(
                        self,
                        $c_begin(session, given.pointer, given.len, associated.pointer, associated.len)
                    )
                }

                #[doc = concat!("`", stringify!($c_next), "`")]
                pub fn $next(
                    &self,
                    session: CK_SESSION_HANDLE,
                    given: Given<'_>,
                    part: Sent<'_>,
                    out: Out<'_>,
                    flags: CK_FLAGS,
                ) -> (CK_RV, CK_ULONG) {
                    let mut len = out.len;
                    let place = place_of(&mut len);
                    let rv = call!(
                        self,
                        $c_next(session, given.pointer, given.len, part.pointer, part.len, out.pointer, place, flags)
                    );
                    (rv, len.unwrap_or(0))
                }
            )*
        }
    };
}

ciphers! {
    encrypt_message C_EncryptMessage, encrypt_message_begin C_EncryptMessageBegin,
        encrypt_message_next C_EncryptMessageNext;
    decrypt_message C_DecryptMessage, decrypt_message_begin C_DecryptMessageBegin,
        decrypt_message_next C_DecryptMessageNext;
}

/// 5.14 Message-based signing.
impl Module {
    /// `C_SignMessage`
    pub fn sign_message(
        &self,
        session: CK_SESSION_HANDLE,
        given: Given<'_>,
        data: Sent<'_>,
        out: Out<'_>,
    ) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = place_of(&mut len);
        let rv = call!(
            self,
            C_SignMessage(session, given.pointer, given.len, data.pointer, data.len, out.pointer, place)
        );
        (rv, len.unwrap_or(0))
    }

    /// `C_SignMessageBegin`
    pub fn sign_message_begin(&self, session: CK_SESSION_HANDLE, given: Given<'_>) -> CK_RV {
        call!(self, C_SignMessageBegin(session, given.pointer, given.len))
    }

    /// `C_SignMessageNext`; without a place for the length more follows.
    pub fn sign_message_next(
        &self,
        session: CK_SESSION_HANDLE,
        given: Given<'_>,
        part: Sent<'_>,
        out: Out<'_>,
    ) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = place_of(&mut len);
        let rv = call!(
            self,
            C_SignMessageNext(session, given.pointer, given.len, part.pointer, part.len, out.pointer, place)
        );
        (rv, len.unwrap_or(0))
    }
}

/// 5.16 Message-based verifying.
impl Module {
    /// `C_VerifyMessage`
    pub fn verify_message(
        &self,
        session: CK_SESSION_HANDLE,
        given: Given<'_>,
        data: Sent<'_>,
        signature: Sent<'_>,
    ) -> CK_RV {
        call!(
            self,
            C_VerifyMessage(
                session,
                given.pointer,
                given.len,
                data.pointer,
                data.len,
                signature.pointer,
                signature.len
            )
        )
    }

    /// `C_VerifyMessageBegin`
    pub fn verify_message_begin(&self, session: CK_SESSION_HANDLE, given: Given<'_>) -> CK_RV {
        call!(self, C_VerifyMessageBegin(session, given.pointer, given.len))
    }

    /// `C_VerifyMessageNext`; with a null signature of length 0 more follows.
    pub fn verify_message_next(
        &self,
        session: CK_SESSION_HANDLE,
        given: Given<'_>,
        part: Sent<'_>,
        signature: Sent<'_>,
    ) -> CK_RV {
        call!(
            self,
            C_VerifyMessageNext(
                session,
                given.pointer,
                given.len,
                part.pointer,
                part.len,
                signature.pointer,
                signature.len
            )
        )
    }
}

/// 5.18 Wrapping with the tag apart.
impl Module {
    /// `C_WrapKeyAuthenticated`
    pub fn wrap_key_authenticated(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        keys: (CK_OBJECT_HANDLE, CK_OBJECT_HANDLE),
        associated: Sent<'_>,
        out: Out<'_>,
    ) -> (CK_RV, CK_ULONG) {
        let mut len = out.len;
        let place = place_of(&mut len);
        let by = pointer_to(mechanism);
        let rv = call!(
            self,
            C_WrapKeyAuthenticated(
                session,
                by,
                keys.0,
                keys.1,
                associated.pointer,
                associated.len,
                out.pointer,
                place
            )
        );
        (rv, len.unwrap_or(0))
    }

    /// `C_UnwrapKeyAuthenticated`
    pub fn unwrap_key_authenticated(
        &self,
        session: CK_SESSION_HANDLE,
        mechanism: Option<&CK_MECHANISM>,
        key: CK_OBJECT_HANDLE,
        wrapped: Sent<'_>,
        template: &Template,
        associated: Sent<'_>,
    ) -> (CK_RV, CK_OBJECT_HANDLE) {
        let (mut attributes, mut made) = (template.raw(), 0);
        let (at, count) = (attributes.as_mut_ptr(), attributes.len() as CK_ULONG);
        let by = pointer_to(mechanism);
        let rv = call!(
            self,
            C_UnwrapKeyAuthenticated(
                session,
                by,
                key,
                wrapped.pointer,
                wrapped.len,
                at,
                count,
                associated.pointer,
                associated.len,
                &raw mut made
            )
        );
        (rv, made)
    }
}
