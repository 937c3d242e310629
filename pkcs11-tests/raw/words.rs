//! TABLE: every function of the 2.40 list, its arguments as words.
//!
//! On the machines that Claviger is for each argument fits a word of 64 bits, and so does each field of the standard's
//! structures. A generator of calls can hence make everything out of words, and this table says what each one is.

use std::ffi::c_void;

use cryptoki_sys::{CK_BBOOL, CK_NOTIFICATION, CK_NOTIFY, CK_RV, CK_SESSION_HANDLE, CK_ULONG, CKR_CANCEL};

use super::Module;
use super::calls::call;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A pointer to `CK_C_INITIALIZE_ARGS`.
    Arguments,
    /// A pointer that the standard wants to be null.
    Reserved,
    /// A pointer to room for one result.
    Place,
    /// A `CK_BBOOL`.
    Boolean,
    /// A slot's number.
    Slot,
    /// A session's handle.
    Session,
    /// An object's handle.
    Object,
    /// A `CKM_` value.
    Type,
    /// A `CKU_` value.
    User,
    /// Flags of `C_OpenSession`.
    Flags,
    /// Flags of `C_WaitForSlotEvent`.
    Blocking,
    /// A callback.
    Callback,
    /// A pointer to 32 bytes.
    Label,
    /// A pointer to a PIN; its length follows.
    Pin,
    /// A pointer to bytes; their length follows.
    Input,
    /// A pointer to attributes; their count follows.
    Template,
    /// A pointer to attributes to be filled in; their count follows.
    Asked,
    /// A pointer to a mechanism.
    Mechanism,
    /// A pointer to room; a pointer to its length follows.
    Output,
    /// A pointer to room; its length follows.
    Fill,
    /// A pointer to room for words; a pointer to their count follows.
    List,
    /// A pointer to room for words; their count follows.
    Found,
    /// What belongs to the word before.
    Length,
}

/// An argument out of a word.
trait FromWord {
    fn from_word(word: u64) -> Self;
}

impl FromWord for CK_ULONG {
    fn from_word(word: u64) -> Self {
        word
    }
}

impl FromWord for CK_BBOOL {
    fn from_word(word: u64) -> Self {
        word.to_le_bytes()[0]
    }
}

/// A callback for what a token may tell its application. No test waits for a call of it.
unsafe extern "C" fn ignored(_: CK_SESSION_HANDLE, _: CK_NOTIFICATION, _: *mut c_void) -> CK_RV {
    CKR_CANCEL
}

impl FromWord for CK_NOTIFY {
    fn from_word(word: u64) -> Self {
        (word != 0).then_some(ignored)
    }
}

impl<T> FromWord for *mut T {
    fn from_word(word: u64) -> Self {
        // The memory behind it belongs to the caller, who lets it be written through this address.
        std::ptr::with_exposed_provenance_mut(usize::try_from(word).unwrap_or(usize::MAX))
    }
}

/// A function of the list.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What its arguments are.
    pub words: &'static [Word],
    call: fn(&Module, &[u64]) -> CK_RV,
}

impl Function {
    /// Calls it.
    ///
    /// # Panics
    /// When there are not as many words as arguments.
    #[must_use]
    pub fn call(&self, module: &Module, words: &[u64]) -> CK_RV {
        assert_eq!(words.len(), self.words.len(), "{}", self.name);
        (self.call)(module, words)
    }

    /// The function of a name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn named(name: &str) -> &'static Self {
        FUNCTIONS.iter().find(|function| function.name == name).expect("a function of 2.40")
    }
}

/// Of two things the second: what a word is does not matter to how it is passed.
fn passed<T: FromWord>(_: Word, word: Option<&u64>) -> T {
    T::from_word(*word.expect("a word for each argument"))
}

macro_rules! functions {
    ($($function:ident($($word:ident),*);)*) => {
        /// All 68.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($function),
            words: &[$(Word::$word),*],
            call: |module, words| {
                let mut words = words.iter();
                call!(module, $function($(passed(Word::$word, words.next())),*))
            },
        }),*];
    };
}

functions! {
    C_Initialize(Arguments);
    C_Finalize(Reserved);
    C_GetInfo(Place);
    C_GetFunctionList(Place);
    C_GetSlotList(Boolean, List, Length);
    C_GetSlotInfo(Slot, Place);
    C_GetTokenInfo(Slot, Place);
    C_GetMechanismList(Slot, List, Length);
    C_GetMechanismInfo(Slot, Type, Place);
    C_InitToken(Slot, Pin, Length, Label);
    C_InitPIN(Session, Pin, Length);
    C_SetPIN(Session, Pin, Length, Pin, Length);
    C_OpenSession(Slot, Flags, Place, Callback, Place);
    C_CloseSession(Session);
    C_CloseAllSessions(Slot);
    C_GetSessionInfo(Session, Place);
    C_GetOperationState(Session, Output, Length);
    C_SetOperationState(Session, Input, Length, Object, Object);
    C_Login(Session, User, Pin, Length);
    C_Logout(Session);
    C_CreateObject(Session, Template, Length, Place);
    C_CopyObject(Session, Object, Template, Length, Place);
    C_DestroyObject(Session, Object);
    C_GetObjectSize(Session, Object, Place);
    C_GetAttributeValue(Session, Object, Asked, Length);
    C_SetAttributeValue(Session, Object, Template, Length);
    C_FindObjectsInit(Session, Template, Length);
    C_FindObjects(Session, Found, Length, Place);
    C_FindObjectsFinal(Session);
    C_EncryptInit(Session, Mechanism, Object);
    C_Encrypt(Session, Input, Length, Output, Length);
    C_EncryptUpdate(Session, Input, Length, Output, Length);
    C_EncryptFinal(Session, Output, Length);
    C_DecryptInit(Session, Mechanism, Object);
    C_Decrypt(Session, Input, Length, Output, Length);
    C_DecryptUpdate(Session, Input, Length, Output, Length);
    C_DecryptFinal(Session, Output, Length);
    C_DigestInit(Session, Mechanism);
    C_Digest(Session, Input, Length, Output, Length);
    C_DigestUpdate(Session, Input, Length);
    C_DigestKey(Session, Object);
    C_DigestFinal(Session, Output, Length);
    C_SignInit(Session, Mechanism, Object);
    C_Sign(Session, Input, Length, Output, Length);
    C_SignUpdate(Session, Input, Length);
    C_SignFinal(Session, Output, Length);
    C_SignRecoverInit(Session, Mechanism, Object);
    C_SignRecover(Session, Input, Length, Output, Length);
    C_VerifyInit(Session, Mechanism, Object);
    C_Verify(Session, Input, Length, Input, Length);
    C_VerifyUpdate(Session, Input, Length);
    C_VerifyFinal(Session, Input, Length);
    C_VerifyRecoverInit(Session, Mechanism, Object);
    C_VerifyRecover(Session, Input, Length, Output, Length);
    C_DigestEncryptUpdate(Session, Input, Length, Output, Length);
    C_DecryptDigestUpdate(Session, Input, Length, Output, Length);
    C_SignEncryptUpdate(Session, Input, Length, Output, Length);
    C_DecryptVerifyUpdate(Session, Input, Length, Output, Length);
    C_GenerateKey(Session, Mechanism, Template, Length, Place);
    C_GenerateKeyPair(Session, Mechanism, Template, Length, Template, Length, Place, Place);
    C_WrapKey(Session, Mechanism, Object, Object, Output, Length);
    C_UnwrapKey(Session, Mechanism, Object, Input, Length, Template, Length, Place);
    C_DeriveKey(Session, Mechanism, Object, Template, Length, Place);
    C_SeedRandom(Session, Input, Length);
    C_GenerateRandom(Session, Fill, Length);
    C_GetFunctionStatus(Session);
    C_CancelFunction(Session);
    C_WaitForSlotEvent(Blocking, Place, Reserved);
}
