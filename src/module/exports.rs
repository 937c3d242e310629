//! TABLE: a row per C function of the standard, in the order of its function lists.
//!
//! A row names the function, the kind and the C names of each argument, and where the call goes: a method of
//! [`pkcs11::Cryptoki`]; `messages` with the kind of process, what the call does with its message, and a method, for those
//! whose parameters the token tells the form of; `jobs` with a method that an
//! asynchronous session may leave to a job; `answers` with a function of ours that tells the value itself; `not_parallel` for the two
//! legacy functions; `own` for those that need no token. The kinds are the rules of `function!` below. Null checks,
//! the written length, the guard against panics and the step from reason to number are not repeated here: they are
//! in `pointers.rs`, `library.rs` and `rv.rs`, once.
#![allow(unsafe_code)]
#![allow(non_snake_case, non_camel_case_types)] // C's names, so that a reviewer can lay the header beside.

use std::ffi::c_void;

use cryptoki_sys::{
    CK_ASYNC_DATA, CK_ATTRIBUTE, CK_BBOOL, CK_BYTE, CK_C_INITIALIZE_ARGS, CK_FLAGS, CK_FUNCTION_LIST,
    CK_FUNCTION_LIST_3_0, CK_FUNCTION_LIST_3_2, CK_INFO, CK_INTERFACE, CK_MECHANISM, CK_MECHANISM_INFO,
    CK_NOTIFY, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SESSION_INFO, CK_SLOT_ID, CK_SLOT_INFO,
    CK_TOKEN_INFO, CK_ULONG, CK_UTF8CHAR, CK_VERSION,
};
use pkcs11::constants::{
    CK_FALSE, CKF_ASYNC_SESSION, CKF_DONT_BLOCK, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKU_CONTEXT_SPECIFIC,
    CKU_SO, CKU_USER,
};
use pkcs11::{Access, Error, Messaging, ObjectHandle, Result, SessionHandle, SlotId, UserType};

use crate::library;
use crate::pointers::{self, Phase};

mod asynchronous;
#[cfg(test)]
pub(crate) mod tests;

macro_rules! table {
    ($with:ident) => {
        $with! {
            v2_40 {
                // 5.4 General purpose
                C_Initialize(raw pInitArgs [*mut c_void]) => own initialize;
                C_Finalize(raw pReserved [*mut c_void]) => own finalize;
                C_GetInfo(tell pInfo [CK_INFO]) => info;
                C_GetFunctionList(raw ppFunctionList [*mut *mut CK_FUNCTION_LIST]) => own function_list;
                // 5.5 Slots and tokens
                C_GetSlotList(boolean tokenPresent, slots pSlotList pulCount) => slot_list;
                C_GetSlotInfo(slot slotID, tell pInfo [CK_SLOT_INFO]) => slot_info;
                C_GetTokenInfo(slot slotID, tell pInfo [CK_TOKEN_INFO]) => jobs token_info;
                C_GetMechanismList(slot slotID, list pMechanismList pulCount) => mechanism_list;
                C_GetMechanismInfo(slot slotID, mechanism_type type_, tell pInfo [CK_MECHANISM_INFO]) => mechanism_info;
                C_InitToken(slot slotID, pin pPin ulPinLen, label pLabel) => init_token;
                C_InitPIN(session hSession, pin pPin ulPinLen) => init_pin;
                C_SetPIN(session hSession, pin pOldPin ulOldLen, pin pNewPin ulNewLen) => set_pin;
                // 5.6 Sessions
                C_OpenSession(
                    slot slotID, access flags, raw pApplication [*mut c_void], raw Notify [CK_NOTIFY],
                    tell phSession [CK_SESSION_HANDLE]
                ) => jobs open_session;
                C_CloseSession(session hSession) => jobs close_session;
                C_CloseAllSessions(slot slotID) => jobs close_all_sessions;
                C_GetSessionInfo(session hSession, tell pInfo [CK_SESSION_INFO]) => jobs session_info;
                C_GetOperationState(session hSession, output pOperationState pulOperationStateLen) => operation_state;
                C_SetOperationState(
                    session hSession, input pOperationState ulOperationStateLen, object hEncryptionKey,
                    object hAuthenticationKey
                ) => set_operation_state;
                C_Login(session hSession, user userType, pin pPin ulPinLen) => login;
                C_Logout(session hSession) => logout;
                // 5.7 Objects
                C_CreateObject(
                    session hSession, template pTemplate ulCount, tell phObject [CK_OBJECT_HANDLE]
                ) => create_object;
                C_CopyObject(
                    session hSession, object hObject, template pTemplate ulCount,
                    tell phNewObject [CK_OBJECT_HANDLE]
                ) => copy_object;
                C_DestroyObject(session hSession, object hObject) => destroy_object;
                C_GetObjectSize(session hSession, object hObject, tell pulSize [CK_ULONG]) => object_size;
                C_GetAttributeValue(
                    session hSession, object hObject, asked_before_3_1 pTemplate ulCount
                ) => attribute_values;
                C_SetAttributeValue(session hSession, object hObject, template pTemplate ulCount) => set_attribute_values;
                C_FindObjectsInit(session hSession, wanted pTemplate ulCount) => find_objects_init;
                C_FindObjects(session hSession, found phObject ulMaxObjectCount pulObjectCount) => find_objects;
                C_FindObjectsFinal(session hSession) => find_objects_final;
                // 5.8 Encryption
                C_EncryptInit(session hSession, mechanism_or_end pMechanism, object hKey) => encrypt_init;
                C_Encrypt(
                    session hSession, input pData ulDataLen, output pEncryptedData pulEncryptedDataLen
                ) => encrypt;
                C_EncryptUpdate(
                    session hSession, input pPart ulPartLen, output pEncryptedPart pulEncryptedPartLen
                ) => encrypt_update;
                C_EncryptFinal(session hSession, output pLastEncryptedPart pulLastEncryptedPartLen) => encrypt_final;
                // 5.10 Decryption
                C_DecryptInit(session hSession, mechanism_or_end pMechanism, object hKey) => decrypt_init;
                C_Decrypt(
                    session hSession, input pEncryptedData ulEncryptedDataLen, output pData pulDataLen
                ) => decrypt;
                C_DecryptUpdate(
                    session hSession, input pEncryptedPart ulEncryptedPartLen, output pPart pulPartLen
                ) => decrypt_update;
                C_DecryptFinal(session hSession, output pLastPart pulLastPartLen) => decrypt_final;
                // 5.12 Message digesting
                C_DigestInit(session hSession, mechanism_or_end pMechanism) => digest_init;
                C_Digest(session hSession, input pData ulDataLen, output pDigest pulDigestLen) => digest;
                C_DigestUpdate(session hSession, input pPart ulPartLen) => digest_update;
                C_DigestKey(session hSession, object hKey) => digest_key;
                C_DigestFinal(session hSession, output pDigest pulDigestLen) => digest_final;
                // 5.13 Signing
                C_SignInit(session hSession, mechanism_or_end pMechanism, object hKey) => sign_init;
                C_Sign(session hSession, input pData ulDataLen, output pSignature pulSignatureLen) => jobs sign;
                C_SignUpdate(session hSession, input pPart ulPartLen) => sign_update;
                C_SignFinal(session hSession, output pSignature pulSignatureLen) => jobs sign_final;
                C_SignRecoverInit(session hSession, mechanism_or_end pMechanism, object hKey) => sign_recover_init;
                C_SignRecover(
                    session hSession, input pData ulDataLen, output pSignature pulSignatureLen
                ) => sign_recover;
                // 5.15 Verifying
                C_VerifyInit(session hSession, mechanism_or_end pMechanism, object hKey) => verify_init;
                C_Verify(session hSession, input pData ulDataLen, input pSignature ulSignatureLen) => verify;
                C_VerifyUpdate(session hSession, input pPart ulPartLen) => verify_update;
                C_VerifyFinal(session hSession, input pSignature ulSignatureLen) => verify_final;
                C_VerifyRecoverInit(session hSession, mechanism_or_end pMechanism, object hKey) => verify_recover_init;
                C_VerifyRecover(
                    session hSession, input pSignature ulSignatureLen, output pData pulDataLen
                ) => verify_recover;
                // 5.17 Two operations at once
                C_DigestEncryptUpdate(
                    session hSession, input pPart ulPartLen, output pEncryptedPart pulEncryptedPartLen
                ) => digest_encrypt_update;
                C_DecryptDigestUpdate(
                    session hSession, input pEncryptedPart ulEncryptedPartLen, output pPart pulPartLen
                ) => decrypt_digest_update;
                C_SignEncryptUpdate(
                    session hSession, input pPart ulPartLen, output pEncryptedPart pulEncryptedPartLen
                ) => sign_encrypt_update;
                C_DecryptVerifyUpdate(
                    session hSession, input pEncryptedPart ulEncryptedPartLen, output pPart pulPartLen
                ) => decrypt_verify_update;
                // 5.18 Key management
                C_GenerateKey(
                    session hSession, mechanism pMechanism, template pTemplate ulCount,
                    tell phKey [CK_OBJECT_HANDLE]
                ) => jobs generate_key;
                C_GenerateKeyPair(
                    session hSession, mechanism pMechanism, template pPublicKeyTemplate ulPublicKeyAttributeCount,
                    template pPrivateKeyTemplate ulPrivateKeyAttributeCount,
                    tell phPublicKey [CK_OBJECT_HANDLE], tell phPrivateKey [CK_OBJECT_HANDLE]
                ) => jobs generate_key_pair;
                C_WrapKey(
                    session hSession, wraps pMechanism, object hWrappingKey, object hKey,
                    output pWrappedKey pulWrappedKeyLen
                ) => wrapped wrap_key;
                C_UnwrapKey(
                    session hSession, unwraps pMechanism, object hUnwrappingKey,
                    input pWrappedKey ulWrappedKeyLen, template pTemplate ulAttributeCount,
                    tell phKey [CK_OBJECT_HANDLE]
                ) => unwrap_key;
                C_DeriveKey(
                    session hSession, deriving pMechanism, object hBaseKey, template pTemplate ulAttributeCount,
                    derived phKey pMechanism
                ) => derive_key;
                // 5.19 Random numbers
                C_SeedRandom(session hSession, input pSeed ulSeedLen) => seed_random;
                C_GenerateRandom(session hSession, fill pRandomData ulRandomLen) => generate_random;
                // 5.20 Parallel functions
                C_GetFunctionStatus(session hSession) => not_parallel;
                C_CancelFunction(session hSession) => not_parallel;
                C_WaitForSlotEvent(blocking flags, tell pSlot [CK_SLOT_ID], reserved pReserved [*mut c_void]) => wait_for_slot_event;
            }
            v3_0 {
                C_GetInterfaceList(
                    raw pInterfacesList [*mut CK_INTERFACE], raw pulCount [*mut CK_ULONG]
                ) => own interface_list;
                C_GetInterface(
                    raw pInterfaceName [*mut CK_UTF8CHAR], raw pVersion [*mut CK_VERSION],
                    raw ppInterface [*mut *mut CK_INTERFACE], raw flags [CK_FLAGS]
                ) => own interface;
                C_LoginUser(
                    session hSession, user userType, pin pPin ulPinLen, pin pUsername ulUsernameLen
                ) => login_user;
                C_SessionCancel(session hSession, number flags) => session_cancel;
                // 5.9 Message-based encryption
                C_MessageEncryptInit(session hSession, process_or_end pMechanism, object hKey) => message_encrypt_init;
                C_EncryptMessage(
                    session hSession, message pParameter ulParameterLen,
                    input pAssociatedData ulAssociatedDataLen, input pPlaintext ulPlaintextLen,
                    output pCiphertext pulCiphertextLen
                ) => messages Encrypt Whole encrypt_message;
                C_EncryptMessageBegin(
                    session hSession, message pParameter ulParameterLen,
                    input pAssociatedData ulAssociatedDataLen
                ) => messages Encrypt Begin encrypt_message_begin;
                C_EncryptMessageNext(
                    session hSession, message pParameter ulParameterLen,
                    input pPlaintextPart ulPlaintextPartLen, output pCiphertextPart pulCiphertextPartLen,
                    end flags
                ) => messages Encrypt last flags encrypt_message_next;
                C_MessageEncryptFinal(session hSession) => message_encrypt_final;
                // 5.11 Message-based decryption
                C_MessageDecryptInit(session hSession, process_or_end pMechanism, object hKey) => message_decrypt_init;
                C_DecryptMessage(
                    session hSession, message pParameter ulParameterLen,
                    input pAssociatedData ulAssociatedDataLen, input pCiphertext ulCiphertextLen,
                    output pPlaintext pulPlaintextLen
                ) => messages Decrypt Whole decrypt_message;
                C_DecryptMessageBegin(
                    session hSession, message pParameter ulParameterLen,
                    input pAssociatedData ulAssociatedDataLen
                ) => messages Decrypt Begin decrypt_message_begin;
                C_DecryptMessageNext(
                    session hSession, message pParameter ulParameterLen,
                    input pCiphertextPart ulCiphertextPartLen, output pPlaintextPart pulPlaintextPartLen,
                    end flags
                ) => messages Decrypt last flags decrypt_message_next;
                C_MessageDecryptFinal(session hSession) => message_decrypt_final;
                // 5.14 Message-based signing
                C_MessageSignInit(session hSession, mechanism_or_end pMechanism, object hKey) => message_sign_init;
                C_SignMessage(
                    session hSession, message pParameter ulParameterLen,
                    input pData ulDataLen, output pSignature pulSignatureLen
                ) => messages Sign Whole sign_message;
                C_SignMessageBegin(
                    session hSession, message pParameter ulParameterLen
                ) => messages Sign Begin sign_message_begin;
                C_SignMessageNext(
                    session hSession, message pParameter ulParameterLen,
                    input pDataPart ulDataPartLen, output_or_none pSignature pulSignatureLen
                ) => messages Sign Part sign_message_next;
                C_MessageSignFinal(session hSession) => message_sign_final;
                // 5.16 Message-based verifying
                C_MessageVerifyInit(session hSession, mechanism_or_end pMechanism, object hKey) => message_verify_init;
                C_VerifyMessage(
                    session hSession, message pParameter ulParameterLen,
                    input pData ulDataLen, input pSignature ulSignatureLen
                ) => messages Verify Whole verify_message;
                C_VerifyMessageBegin(
                    session hSession, message pParameter ulParameterLen
                ) => messages Verify Begin verify_message_begin;
                C_VerifyMessageNext(
                    session hSession, message pParameter ulParameterLen,
                    input pDataPart ulDataPartLen, pin pSignature ulSignatureLen
                ) => messages Verify Part verify_message_next;
                C_MessageVerifyFinal(session hSession) => message_verify_final;
            }
            v3_2 {
                // 5.18 Key management
                C_EncapsulateKey(
                    session hSession, mechanism pMechanism, object hPublicKey, template pTemplate ulAttributeCount,
                    output pCiphertext pulCiphertextLen, tell phKey [CK_OBJECT_HANDLE]
                ) => encapsulate_key;
                C_DecapsulateKey(
                    session hSession, mechanism pMechanism, object hPrivateKey,
                    template pTemplate ulAttributeCount, input pCiphertext ulCiphertextLen,
                    tell phKey [CK_OBJECT_HANDLE]
                ) => decapsulate_key;
                // 5.15 Verifying
                C_VerifySignatureInit(
                    session hSession, mechanism_or_end pMechanism, object hKey, input pSignature ulSignatureLen
                ) => verify_signature_init;
                C_VerifySignature(session hSession, input pData ulDataLen) => verify_signature;
                C_VerifySignatureUpdate(session hSession, input pPart ulPartLen) => verify_signature_update;
                C_VerifySignatureFinal(session hSession) => verify_signature_final;
                // 5.6 Sessions
                C_GetSessionValidationFlags(
                    session hSession, number type_, tell pFlags [CK_FLAGS]
                ) => session_validation_flags;
                // 5.22 Asynchronous functions
                C_AsyncComplete(
                    session hSession, raw pFunctionName [*mut CK_UTF8CHAR], raw pResult [*mut CK_ASYNC_DATA]
                ) => answers complete;
                C_AsyncGetID(
                    session hSession, raw pFunctionName [*mut CK_UTF8CHAR], raw pulID [*mut CK_ULONG]
                ) => answers get_id;
                C_AsyncJoin(
                    session hSession, raw pFunctionName [*mut CK_UTF8CHAR], number ulID, raw pData [*mut CK_BYTE],
                    number ulData
                ) => answers join;
                // 5.18 Key management
                C_WrapKeyAuthenticated(
                    session hSession, wrapping pMechanism, object hWrappingKey, object hKey,
                    input pAssociatedData ulAssociatedDataLen, output pWrappedKey pulWrappedKeyLen
                ) => wrapped wrap_key_authenticated;
                C_UnwrapKeyAuthenticated(
                    session hSession, unwrapping pMechanism, object hUnwrappingKey,
                    input pWrappedKey ulWrappedKeyLen, template pTemplate ulAttributeCount,
                    input pAssociatedData ulAssociatedDataLen, tell phKey [CK_OBJECT_HANDLE]
                ) => unwrap_key_authenticated;
            }
        }
    };
}

/// What the trace shows of the arguments: `look::arguments` before the call or `look::results` after it, a function
/// there for each kind (`trace.rs`).
macro_rules! look {
    ($phase:ident $line:ident) => {};
    ($phase:ident $line:ident $kind:ident $($name:ident)+ $([$type:ty])?, $($rest:tt)*) => {
        // SAFETY: the application lends what the arguments point to for the length of the call.
        unsafe { pointers::look::$phase::$kind($line, [$(stringify!($name)),+], $($name),+) };
        look!($phase $line $($rest)*)
    };
}

/// A call with its line in the trace.
macro_rules! traced {
    ($name:ident [$($argument:tt)*] $call:expr) => {
        crate::trace::traced(
            Function::$name,
            &|line| { look!(arguments line $($argument)*); },
            &|line| { look!(results line $($argument)*); },
            || $call,
        )
    };
}

/// A row's function. The state that goes from argument to argument: the function with how it is seen and its
/// arguments, its goal, the session, the C parameters, the statements that read them, the names read, what the method
/// is given, the inputs read so far, and where the answer goes.
macro_rules! function {
    ($seen:tt $name:ident [$($argument:tt)*] => $($goal:tt)+) => {
        function!(@read (($seen $name [$($argument)*,]) [$($goal)+] (None) [] [] [] [] [] []) $($argument)* ,);
    };

    // The kinds of arguments: [C parameters] [statements] [names read] [given] [inputs] [answers]
    (@read $state:tt session $h:ident, $($rest:tt)*) => {
        function!(@session $state $h [$h: CK_SESSION_HANDLE,] [let $h = SessionHandle($h);] [$h] [$h,] $($rest)*);
    };
    (@read $state:tt slot $id:ident, $($rest:tt)*) => {
        function!(@next $state [$id: CK_SLOT_ID,] [let $id = SlotId($id);] [$id] [$id,] [] [] $($rest)*);
    };
    (@read $state:tt object $h:ident, $($rest:tt)*) => {
        function!(@next $state [$h: CK_OBJECT_HANDLE,] [let $h = ObjectHandle($h);] [$h] [$h,] [] [] $($rest)*);
    };
    (@read $state:tt number $n:ident, $($rest:tt)*) => {
        function!(@next $state [$n: CK_ULONG,] [] [$n] [$n,] [] [] $($rest)*);
    };
    (@read $state:tt mechanism_type $n:ident, $($rest:tt)*) => {
        function!(@read $state number $n, $($rest)*);
    };
    (@read $state:tt boolean $b:ident, $($rest:tt)*) => {
        function!(@next $state [$b: CK_BBOOL,] [let $b = $b != CK_FALSE;] [$b] [$b,] [] [] $($rest)*);
    };
    (@read $state:tt user $u:ident, $($rest:tt)*) => {
        function!(@next $state [$u: CK_ULONG,] [let $u = user($u)?;] [$u] [$u,] [] [] $($rest)*);
    };
    (@read $state:tt access $f:ident, $($rest:tt)*) => {
        function!(@next $state [$f: CK_FLAGS,] [let $f = access($f);] [$f] [$f.0, $f.1, $f.2,] [] [] $($rest)*);
    };
    (@read $state:tt blocking $f:ident, $($rest:tt)*) => {
        function!(@next $state [$f: CK_FLAGS,] [let $f = $f & CKF_DONT_BLOCK == 0;] [$f] [$f,] [] [] $($rest)*);
    };
    (@read $state:tt end $f:ident, $($rest:tt)*) => {
        function!(@next $state [$f: CK_FLAGS,] [let $f = pointers::end_of_message($f)?;] [$f] [$f,] [] [] $($rest)*);
    };
    (@read $state:tt reserved $p:ident [$type:ty], $($rest:tt)*) => {
        function!(@next $state [$p: $type,] [let $p = pointers::reserved($p)?;] [$p] [] [] [] $($rest)*);
    };
    (@read $state:tt raw $p:ident [$type:ty], $($rest:tt)*) => {
        function!(@next $state [$p: $type,] [] [] [] [] [] $($rest)*);
    };
    (@read $state:tt input $p:ident $len:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_BYTE, $len: CK_ULONG,]
            // SAFETY: the application lends this data for the length of the call.
            [let mut $p = unsafe { pointers::input($p, $len) }?;]
            [$p] [&$p,] [$p] [] $($rest)*);
    };
    (@read $state:tt pin $p:ident $len:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_UTF8CHAR, $len: CK_ULONG,]
            // SAFETY: the application lends this PIN or name for the length of the call.
            [let $p = unsafe { pointers::optional($p, $len) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt label $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_UTF8CHAR,]
            // SAFETY: the application lends 32 bytes for the length of the call (section 5.5.7).
            [let $p = unsafe { pointers::label($p) }?;]
            [$p] [&$p,] [] [] $($rest)*);
    };
    (@read $state:tt template $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ATTRIBUTE, $count: CK_ULONG,]
            // SAFETY: the application lends this template for the length of the call.
            [let $p = unsafe { pointers::template($p, $count) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt wanted $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ATTRIBUTE, $count: CK_ULONG,]
            // SAFETY: the application lends this template for the length of the call.
            [let $p = unsafe { pointers::wanted($p, $count) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt mechanism $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let $p = unsafe { pointers::mechanism($p) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt mechanism_or_end $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let $p = unsafe { pointers::mechanism_or_end($p) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt process_or_end $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let $p = unsafe { pointers::process_or_end($p) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt message $p:ident $len:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut c_void, $len: CK_ULONG,]
            [let $p = pointers::message($p, $len);]
            [$p] [$p.parameters(),] [] [$p] $($rest)*);
    };
    (@read $state:tt wraps $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism, a vector that may be made writable, for the length of the call.
            [let mut $p = unsafe { pointers::wraps($p) }?;]
            [$p] [&mut $p.mechanism,] [] [$p] $($rest)*);
    };
    (@read $state:tt unwraps $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let $p = unsafe { pointers::unwraps($p) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt wrapping $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism, what its parameters point to writable, for the length of the call.
            [let mut $p = unsafe { pointers::authenticated($p, Messaging::Encrypt) }?;]
            [$p] [$p.mechanism_type, $p.message.parameters(),] [] [$p] $($rest)*);
    };
    (@read $state:tt unwrapping $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let mut $p = unsafe { pointers::authenticated($p, Messaging::Decrypt) }?;]
            [$p] [$p.mechanism_type, $p.message.parameters(),] [] [] $($rest)*);
    };
    (@read $state:tt deriving $p:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_MECHANISM,]
            // SAFETY: the application lends this mechanism for the length of the call.
            [let $p = unsafe { pointers::deriving($p) }?;]
            [$p] [$p.mechanism,] [] [] $($rest)*);
    };
    (@read $state:tt derived $p:ident $mechanism:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_OBJECT_HANDLE,]
            // SAFETY: the application lends the places of the results, in the mechanism's parameters too, for the length
            // of the call.
            [let $p = unsafe { pointers::derived($p, &$mechanism) }?;]
            [$p] [] [] [$p] $($rest)*);
    };
    (@read $state:tt asked $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ATTRIBUTE, $count: CK_ULONG,]
            // SAFETY: the application lends this template, writable, for the length of the call.
            [let $p = unsafe { pointers::asked($p, $count) }?;]
            [$p] [$p.types(),] [] [$p] $($rest)*);
    };
    (@read $state:tt asked_before_3_1 $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ATTRIBUTE, $count: CK_ULONG,]
            // SAFETY: the application lends this template, writable, for the length of the call.
            [let $p = unsafe { pointers::asked_before_3_1($p, $count) }?;]
            [$p] [$p.types(),] [] [$p] $($rest)*);
    };
    (@read $state:tt fill $p:ident $len:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_BYTE, $len: CK_ULONG,]
            // SAFETY: the application lends this buffer, writable, for the length of the call.
            [let $p = unsafe { pointers::writable($p, $len) }?;]
            [$p] [$p,] [] [] $($rest)*);
    };
    (@read $state:tt output $p:ident $len:ident, $($rest:tt)*) => {
        function!(@output $state $p $len $($rest)*);
    };
    (@read $state:tt output_or_none $p:ident $len:ident, $($rest:tt)*) => {
        function!(@output_or_none $state $p $len $($rest)*);
    };
    (@read $state:tt list $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ULONG, $count: *mut CK_ULONG,]
            // SAFETY: the application lends room for this list for the length of the call.
            [let $p = unsafe { pointers::list($p, $count) }?;]
            [$p] [] [] [$p] $($rest)*);
    };
    (@read $state:tt slots $p:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_ULONG, $count: *mut CK_ULONG,]
            // SAFETY: the application lends room for this list for the length of the call.
            [let $p = unsafe { pointers::list($p, $count) }?;]
            [$p] [$p.is_query(),] [] [$p] $($rest)*);
    };
    (@read $state:tt found $p:ident $max:ident $count:ident, $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut CK_OBJECT_HANDLE, $max: CK_ULONG, $count: *mut CK_ULONG,]
            // SAFETY: the application lends room for these handles for the length of the call.
            [let $p = unsafe { pointers::found($p, $max, $count) }?;]
            [$p] [$p.max(),] [] [$p] $($rest)*);
    };
    (@read $state:tt tell $p:ident [$type:ty], $($rest:tt)*) => {
        function!(@next $state
            [$p: *mut $type,]
            // SAFETY: the application lends this place for the length of the call.
            [let $p = unsafe { pointers::place($p) }?;]
            [$p] [] [] [$p] $($rest)*);
    };

    // From one argument to the next.
    (@session
        ($name:tt $goal:tt $session:tt [$($c:tt)*] [$($read:tt)*] [$($names:tt)*] [$($given:tt)*] $inputs:tt $answers:tt)
        $h:ident [$($c1:tt)*] [$($read1:tt)*] [$($names1:tt)*] [$($given1:tt)*] $($rest:tt)*
    ) => {
        function!(@read
            ($name $goal (Some(SessionHandle($h))) [$($c)* $($c1)*] [$($read)* $($read1)*] [$($names)* $($names1)*]
                [$($given)* $($given1)*] $inputs $answers)
            $($rest)*);
    };
    (@output
        ($name:tt $goal:tt $session:tt $c:tt $read:tt $names:tt $given:tt [$($inputs:ident)*] $answers:tt)
        $p:ident $len:ident $($rest:tt)*
    ) => {
        function!(@next
            ($name $goal $session $c $read $names $given [$($inputs)*] $answers)
            [$p: *mut CK_BYTE, $len: *mut CK_ULONG,]
            // SAFETY: the application lends this buffer and its length, writable, for the length of the call.
            [let mut $p = unsafe { pointers::output($p, $len, &mut [$(&mut $inputs),*]) }?;]
            [$p] [$p.room(),] [] [$p] $($rest)*);
    };
    (@output_or_none
        ($name:tt $goal:tt $session:tt $c:tt $read:tt $names:tt $given:tt [$($inputs:ident)*] $answers:tt)
        $p:ident $len:ident $($rest:tt)*
    ) => {
        function!(@next
            ($name $goal $session $c $read $names $given [$($inputs)*] $answers)
            [$p: *mut CK_BYTE, $len: *mut CK_ULONG,]
            // SAFETY: the application lends this buffer and its length, writable, for the length of the call.
            [let mut $p = unsafe { pointers::output_or_none($p, $len, &mut [$(&mut $inputs),*]) }?;]
            [$p] [$p.room(),] [] [$p] $($rest)*);
    };
    (@next
        ($name:tt $goal:tt $session:tt [$($c:tt)*] [$($read:tt)*] [$($names:tt)*] [$($given:tt)*] [$($inputs:tt)*]
            [$($answers:tt)*])
        [$($c1:tt)*] [$($read1:tt)*] [$($names1:tt)*] [$($given1:tt)*] [$($inputs1:tt)*] [$($answers1:tt)*]
        $($rest:tt)*
    ) => {
        function!(@read
            ($name $goal $session [$($c)* $($c1)*] [$($read)* $($read1)*] [$($names)* $($names1)*]
                [$($given)* $($given1)*] [$($inputs)* $($inputs1)*] [$($answers)* $($answers1)*])
            $($rest)*);
    };

    // Every argument is read: the function, by its goal.
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [not_parallel] $session:tt [$($c:tt)*] $($rest:tt)*)) => {
        #[doc = concat!("`", stringify!($name), "`: section 5.20.")]
        #[allow(unused_variables)] // Such a function has nothing to do.
        $($seen)* unsafe extern "C" fn $name($($c)*) -> CK_RV {
            traced!($name $arguments library::not_parallel(Function::$name))
        }
    };
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [own $own:ident] $session:tt [$($p:ident: $type:ty,)*] $($rest:tt)*)) => {
        #[doc = concat!("`", stringify!($name), "`")]
        $($seen)* unsafe extern "C" fn $name($($p: $type),*) -> CK_RV {
            traced!($name $arguments {
                // SAFETY: what the standard asks of the application for this function is what `own` asks of its caller.
                library::guarded(Function::$name, || unsafe { $own($($p),*) })
            })
        }
    };
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [answers $own:ident] $session:tt [$($p:ident: $type:ty,)*] $($rest:tt)*)) => {
        #[doc = concat!("`", stringify!($name), "`")]
        $($seen)* unsafe extern "C" fn $name($($p: $type),*) -> CK_RV {
            traced!($name $arguments {
                // SAFETY: what the standard asks of the application for this function is what it asks of its caller.
                unsafe { asynchronous::$own($($p),*) }
            })
        }
    };
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [jobs $method:ident] $session:tt [$($c:tt)*] [$($read:tt)*] [$($names:ident)*] [$($given:tt)*]
        $inputs:tt [$($answers:ident)*])
    ) => {
        #[doc = concat!("`", stringify!($name), "`")]
        #[allow(unused_mut, unused_variables)] // One pattern for every row.
        $($seen)* unsafe extern "C" fn $name($($c)*) -> CK_RV {
            traced!($name $arguments library::call_installed(
                Function::$name,
                $session,
                || {
                    $($read)*
                    Ok(($($names,)*))
                },
                |installed, ($(mut $names,)*)| function!(@finish [$($answers)*] installed.$method($($given)*)),
            ))
        }
    };
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [wrapped $method:ident] $session:tt [$($c:tt)*] [$($read:tt)*] [$($names:ident)*] [$($given:tt)*]
        $inputs:tt [$message:ident $p:ident])
    ) => {
        #[doc = concat!("`", stringify!($name), "`")]
        #[allow(unused_mut, clippy::too_many_arguments)] // One pattern for every row.
        $($seen)* unsafe extern "C" fn $name($($c)*) -> CK_RV {
            traced!($name $arguments library::call(
                Function::$name,
                $session,
                || {
                    $($read)*
                    Ok(($($names,)*))
                },
                |token, ($(mut $names,)*)| function!(@message $message [$p] token.$method($($given)*)),
            ))
        }
    };
    (@read ($name:tt [messages $messaging:ident last $last:ident $method:ident] $($rest:tt)*)) => {
        function!(@messages [$messaging (if $last { Phase::Last } else { Phase::Part }) $method] $name $($rest)*);
    };
    (@read ($name:tt [messages $messaging:ident $phase:ident $method:ident] $($rest:tt)*)) => {
        function!(@messages [$messaging (Phase::$phase) $method] $name $($rest)*);
    };
    (@messages [$messaging:ident ($phase:expr) $method:ident] ([$($seen:tt)*] $name:ident $arguments:tt) $session:tt
        [$($c:tt)*] [$($read:tt)*] [$($names:ident)*] [$($given:tt)*] $inputs:tt [$message:ident $($answers:ident)*]
    ) => {
        #[doc = concat!("`", stringify!($name), "`")]
        #[allow(unused_mut, unused_variables, clippy::too_many_arguments)] // One pattern for every row.
        $($seen)* unsafe extern "C" fn $name($($c)*) -> CK_RV {
            let session = $session;
            traced!($name $arguments library::call(
                Function::$name,
                session,
                || {
                    $($read)*
                    Ok(($($names,)*))
                },
                |token, ($(mut $names,)*)| {
                    // SAFETY: the application lends the message's parameters, writable where the function writes them, for
                    // the length of the call.
                    let read = unsafe { $message.read(token, session, Messaging::$messaging, $phase) };
                    if read.is_err() {
                        library::refused(Function::$name, token, session);
                    }
                    read?;
                    function!(@message $message [$($answers)*] token.$method($($given)*))
                },
            ))
        }
    };
    (@read (([$($seen:tt)*] $name:ident $arguments:tt) [$method:ident] $session:tt [$($c:tt)*] [$($read:tt)*] [$($names:ident)*] [$($given:tt)*]
        $inputs:tt [$($answers:ident)*])
    ) => {
        #[doc = concat!("`", stringify!($name), "`")]
        #[allow(unused_mut, unused_variables, clippy::too_many_arguments)] // One pattern for every row.
        $($seen)* unsafe extern "C" fn $name($($c)*) -> CK_RV {
            traced!($name $arguments library::call(
                Function::$name,
                $session,
                || {
                    $($read)*
                    Ok(($($names,)*))
                },
                |token, ($(mut $names,)*)| function!(@finish [$($answers)*] token.$method($($given)*)),
            ))
        }
    };

    (@message $message:ident [] $answer:expr) => {{
        let answer = $answer;
        $message.finish(answer)
    }};
    (@message $message:ident [$p:ident] $answer:expr) => {{
        let answer = $answer;
        let made = !$p.is_query();
        $p.finish(answer)?;
        // A length that was told has made nothing.
        if made {
            $message.put();
        }
        Ok(())
    }};

    (@finish [] $answer:expr) => { $answer };
    (@finish [$p:ident] $answer:expr) => {{
        let answer = $answer;
        $p.finish(answer)
    }};
    (@finish [$p:ident $q:ident] $answer:expr) => {{
        // A length that is needed is told though the call fails.
        let (first, second) = match $answer {
            Ok((first, second)) => (Ok(first), Ok(second)),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        $p.finish(first)?;
        $q.finish(second)
    }};
}

macro_rules! functions {
    ($($version:ident { $($name:ident($($argument:tt)*) => $($goal:ident)+;)* })*) => {
        $($(function!([#[unsafe(no_mangle)]] $name [$($argument)*] => $($goal)+);)*)*
    };
}
table!(functions);

/// What the list of 3.2 has in place of the rows above: there, values have the form that 3.1 gave them
/// (docs/decisions/0027). The exported symbols are those of the lists before.
mod since_3_1 {
    use super::{
        CK_ATTRIBUTE, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_ULONG, Function, ObjectHandle,
        SessionHandle, library, pointers,
    };

    function!(
        [pub(super)] C_GetAttributeValue [session hSession, object hObject, asked pTemplate ulCount]
            => attribute_values
    );
}

macro_rules! names {
    ($($version:ident { $($name:ident($($argument:tt)*) => $($goal:ident)+;)* })*) => {
        /// A function of the standard, for the log and for the values that it may answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::enum_variant_names)] // C's own prefix.
        pub(crate) enum Function {
            $($($name,)*)*
        }

        impl Function {
            /// Every function.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$($(Self::$name,)*)*];

            /// The name in C.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $($(Self::$name => stringify!($name),)*)*
                }
            }
        }
    };
}
table!(names);

macro_rules! lists {
    (
        v2_40 { $($two:ident $two_arguments:tt => $($two_goal:ident)+;)* }
        v3_0 { $($three:ident $three_arguments:tt => $($three_goal:ident)+;)* }
        v3_2 { $($new:ident $new_arguments:tt => $($new_goal:ident)+;)* }
    ) => {
        /// What `C_GetFunctionList` gives.
        static FUNCTIONS_2_40: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: V2_40,
            $($two: Some($two),)*
        };

        static FUNCTIONS_3_0: CK_FUNCTION_LIST_3_0 = CK_FUNCTION_LIST_3_0 {
            version: V3_0,
            $($two: Some($two),)*
            $($three: Some($three),)*
        };

        const EVERY_ROW: CK_FUNCTION_LIST_3_2 = CK_FUNCTION_LIST_3_2 {
            version: V3_2,
            $($two: Some($two),)*
            $($three: Some($three),)*
            $($new: Some($new),)*
        };

        static FUNCTIONS_3_2: CK_FUNCTION_LIST_3_2 = CK_FUNCTION_LIST_3_2 {
            C_GetAttributeValue: Some(since_3_1::C_GetAttributeValue),
            ..EVERY_ROW
        };
    };
}
table!(lists);

const V2_40: CK_VERSION = CK_VERSION { major: 2, minor: 40 };
const V3_0: CK_VERSION = CK_VERSION { major: 3, minor: 0 };
const V3_2: CK_VERSION = CK_VERSION { major: 3, minor: 2 };

/// What `C_GetInterface` gives to who names no version (docs/decisions/0027).
const UNNAMED: CK_VERSION = V3_0;

/// The name of the standard's own interface.
const STANDARD: &std::ffi::CStr = c"PKCS 11";

/// The interfaces, in the order in which they are offered.
struct Interfaces([(CK_VERSION, CK_INTERFACE); 3]);

// SAFETY: the pointers are to constants and to statics that nobody writes.
unsafe impl Sync for Interfaces {}

static INTERFACES: Interfaces = Interfaces([
    (V3_2, standard((&raw const FUNCTIONS_3_2).cast::<c_void>())),
    (V3_0, standard((&raw const FUNCTIONS_3_0).cast::<c_void>())),
    (V2_40, standard((&raw const FUNCTIONS_2_40).cast::<c_void>())),
]);

/// An interface of the standard. `CKF_INTERFACE_FORK_SAFE` would promise that a child goes on with its parent's
/// sessions and logins (section 3.6); here it initialises itself, so the flag is not set.
const fn standard(functions: *const c_void) -> CK_INTERFACE {
    CK_INTERFACE {
        pInterfaceName: STANDARD.as_ptr().cast_mut().cast::<CK_UTF8CHAR>(),
        pFunctionList: functions.cast_mut(),
        flags: 0,
    }
}

/// # Safety
/// `arguments` is null or points to a readable `CK_C_INITIALIZE_ARGS`.
unsafe fn initialize(arguments: *mut c_void) -> Result<()> {
    // SAFETY: as promised to this function.
    let arguments = unsafe { pointers::optional_value(arguments.cast::<CK_C_INITIALIZE_ARGS>()) }?;
    library::initialize(arguments)
}

/// # Safety
/// None: the pointer is compared with null and never followed.
unsafe fn finalize(reserved: *mut c_void) -> Result<()> {
    library::finalize(!reserved.is_null())
}

/// # Safety
/// `place` is null or points to a writable pointer.
unsafe fn function_list(place: *mut *mut CK_FUNCTION_LIST) -> Result<()> {
    // SAFETY: as promised to this function.
    let place = unsafe { pointers::place(place) }?;
    place.put((&raw const FUNCTIONS_2_40).cast_mut());
    Ok(())
}

/// # Safety
/// `count` points to a number; unless null, as many interfaces as it names at `items` are writable.
unsafe fn interface_list(items: *mut CK_INTERFACE, count: *mut CK_ULONG) -> Result<()> {
    // SAFETY: as promised to this function.
    let list = unsafe { pointers::list(items, count) }?;
    list.put(&INTERFACES.0.map(|(_, interface)| interface))
}

/// # Safety
/// `place` points to a writable pointer; `name` is null or a string that ends with a null byte; `version` is null or
/// points to a version.
unsafe fn interface(
    name: *mut CK_UTF8CHAR,
    version: *mut CK_VERSION,
    place: *mut *mut CK_INTERFACE,
    flags: CK_FLAGS,
) -> Result<()> {
    // SAFETY: as promised to this function.
    let place = unsafe { pointers::place(place) }?;
    // SAFETY: as promised to this function.
    let named = name.is_null() || unsafe { pointers::is_string(name, STANDARD) };
    // SAFETY: as promised to this function.
    let version = unsafe { pointers::optional_value(version) }?.unwrap_or(UNNAMED);
    let fits = |row: &&(CK_VERSION, CK_INTERFACE)| {
        let same = (version.major, version.minor) == (row.0.major, row.0.minor);
        named && same && row.1.flags & flags == flags
    };
    let found = INTERFACES.0.iter().find(fits).ok_or(Error::ArgumentsBad("there is no such interface"))?;
    place.put((&raw const found.1).cast_mut());
    Ok(())
}

/// `CKU_` values.
fn user(user: CK_ULONG) -> Result<UserType> {
    match user {
        CKU_SO => Ok(UserType::So),
        CKU_USER => Ok(UserType::User),
        CKU_CONTEXT_SPECIFIC => Ok(UserType::ContextSpecific),
        _ => Err(Error::UserTypeInvalid),
    }
}

/// The flags of `C_OpenSession`: what may be done, and whether `CKF_SERIAL_SESSION` and `CKF_ASYNC_SESSION` are among them.
fn access(flags: CK_FLAGS) -> (Access, bool, bool) {
    let access = if flags & CKF_RW_SESSION != 0 { Access::ReadWrite } else { Access::ReadOnly };
    (access, flags & CKF_SERIAL_SESSION != 0, flags & CKF_ASYNC_SESSION != 0)
}
