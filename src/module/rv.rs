//! TABLE: from a reason to a `CKR_` value.
//!
//! docs/decisions/0007 says why, where the standard leaves a choice.

use cryptoki_sys::CK_RV;
use log::Level;
use pkcs11::Error;
use pkcs11::constants::{
    CKR_ACTION_PROHIBITED, CKR_AEAD_DECRYPT_FAILED, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CURVE_NOT_SUPPORTED,
    CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DOMAIN_PARAMS_INVALID,
    CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_FUNCTION_FAILED, CKR_FUNCTION_NOT_PARALLEL,
    CKR_FUNCTION_NOT_SUPPORTED, CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_KEY_CHANGED,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE, CKR_KEY_NEEDED,
    CKR_KEY_NOT_NEEDED, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_KEY_UNEXTRACTABLE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_NO_EVENT,
    CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
    CKR_PARAMETER_SET_NOT_SUPPORTED, CKR_PENDING, CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE,
    CKR_PIN_LOCKED, CKR_SAVED_STATE_INVALID, CKR_SESSION_ASYNC_NOT_SUPPORTED, CKR_SESSION_COUNT,
    CKR_SESSION_EXISTS, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_PARALLEL_NOT_SUPPORTED,
    CKR_SESSION_READ_ONLY, CKR_SESSION_READ_ONLY_EXISTS, CKR_SESSION_READ_WRITE_SO_EXISTS,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_SLOT_ID_INVALID, CKR_STATE_UNSAVEABLE,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_TOKEN_NOT_RECOGNIZED, CKR_TOKEN_WRITE_PROTECTED,
    CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_SIZE_RANGE, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
    CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN,
    CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_TYPE_INVALID, CKR_VENDOR_DEFINED, CKR_WRAPPED_KEY_INVALID,
    CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_SIZE_RANGE,
    CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};

use crate::exports::Function;

/// More officers must agree: a code of our own, because the standard has none for "go on".
/// The vendor's part is "CL" and a number.
pub(crate) const CKR_CLAVIGER_QUORUM_PENDING: CK_RV = CKR_VENDOR_DEFINED | 0x434C_0001;

/// The value for a reason, whatever function met it; and how loud it is in the log: trouble of the installation is
/// an error, a caller's mistake is information.
const fn row(error: &Error) -> (CK_RV, Level) {
    use Level::{Debug, Error as Trouble, Info, Warn};
    match error {
        Error::Bug(_) => (CKR_GENERAL_ERROR, Trouble),
        Error::HostMemory => (CKR_HOST_MEMORY, Trouble),
        Error::ArgumentsBad(_) => (CKR_ARGUMENTS_BAD, Info),
        Error::FunctionNotSupported => (CKR_FUNCTION_NOT_SUPPORTED, Info),
        Error::FunctionNotParallel => (CKR_FUNCTION_NOT_PARALLEL, Info),
        Error::NotInitialized => (CKR_CRYPTOKI_NOT_INITIALIZED, Info),
        Error::AlreadyInitialized => (CKR_CRYPTOKI_ALREADY_INITIALIZED, Info),
        Error::CantLock => (CKR_CANT_LOCK, Info),
        Error::Configuration { .. } => (CKR_FUNCTION_FAILED, Trouble),
        Error::SlotIdInvalid => (CKR_SLOT_ID_INVALID, Info),
        Error::TokenNotInitialized => (CKR_TOKEN_NOT_RECOGNIZED, Info),
        Error::DeviceKey { .. } => (CKR_TOKEN_NOT_RECOGNIZED, Trouble),
        Error::StoreNewer { .. } => (CKR_TOKEN_NOT_RECOGNIZED, Trouble),
        Error::StoreDamaged { .. } => (CKR_DEVICE_ERROR, Trouble),
        Error::StoreBusy(_) => (CKR_DEVICE_ERROR, Trouble),
        Error::StoreReadOnly(_) => (CKR_TOKEN_WRITE_PROTECTED, Trouble),
        Error::StoreFull(_) => (CKR_DEVICE_MEMORY, Trouble),
        Error::StoreIo { .. } => (CKR_DEVICE_ERROR, Trouble),
        Error::Forged { .. } => (CKR_DEVICE_ERROR, Trouble),
        Error::Encoding(_) => (CKR_DEVICE_ERROR, Trouble),
        Error::Conflict => (CKR_FUNCTION_FAILED, Warn),
        Error::SessionHandleInvalid => (CKR_SESSION_HANDLE_INVALID, Info),
        Error::SessionPoisoned => (CKR_DEVICE_ERROR, Trouble),
        Error::SessionCount => (CKR_SESSION_COUNT, Info),
        Error::SessionParallelNotSupported => (CKR_SESSION_PARALLEL_NOT_SUPPORTED, Info),
        Error::Pending => (CKR_PENDING, Debug),
        Error::SessionAsyncNotSupported => (CKR_SESSION_ASYNC_NOT_SUPPORTED, Info),
        Error::SessionReadOnly => (CKR_SESSION_READ_ONLY, Info),
        Error::SessionReadOnlyExists => (CKR_SESSION_READ_ONLY_EXISTS, Info),
        Error::SessionReadWriteSoExists => (CKR_SESSION_READ_WRITE_SO_EXISTS, Info),
        Error::SessionExists => (CKR_SESSION_EXISTS, Info),
        Error::PinIncorrect => (CKR_PIN_INCORRECT, Info),
        Error::PinInvalid(_) => (CKR_PIN_INVALID, Info),
        Error::PinLenRange => (CKR_PIN_LEN_RANGE, Info),
        Error::PinLocked => (CKR_PIN_LOCKED, Warn),
        Error::UserAlreadyLoggedIn => (CKR_USER_ALREADY_LOGGED_IN, Info),
        Error::UserAnotherAlreadyLoggedIn => (CKR_USER_ANOTHER_ALREADY_LOGGED_IN, Info),
        Error::UserNotLoggedIn => (CKR_USER_NOT_LOGGED_IN, Info),
        Error::UserPinNotInitialized => (CKR_USER_PIN_NOT_INITIALIZED, Info),
        Error::UserTypeInvalid => (CKR_USER_TYPE_INVALID, Info),
        Error::QuorumPending => (CKR_CLAVIGER_QUORUM_PENDING, Info),
        Error::ActionProhibited(_) => (CKR_ACTION_PROHIBITED, Info),
        Error::ObjectHandleInvalid => (CKR_OBJECT_HANDLE_INVALID, Info),
        Error::AttributeReadOnly(_) => (CKR_ATTRIBUTE_READ_ONLY, Info),
        Error::AttributeSensitive => (CKR_ATTRIBUTE_SENSITIVE, Debug),
        Error::AttributeTypeInvalid(_) => (CKR_ATTRIBUTE_TYPE_INVALID, Debug),
        Error::AttributeValueInvalid(_) => (CKR_ATTRIBUTE_VALUE_INVALID, Info),
        Error::TemplateIncomplete(_) => (CKR_TEMPLATE_INCOMPLETE, Info),
        Error::TemplateInconsistent(_) => (CKR_TEMPLATE_INCONSISTENT, Info),
        Error::KeyHandleInvalid => (CKR_KEY_HANDLE_INVALID, Info),
        Error::KeyTypeInconsistent => (CKR_KEY_TYPE_INCONSISTENT, Info),
        Error::KeyFunctionNotPermitted => (CKR_KEY_FUNCTION_NOT_PERMITTED, Info),
        Error::KeySizeRange => (CKR_KEY_SIZE_RANGE, Info),
        Error::KeyUnextractable => (CKR_KEY_UNEXTRACTABLE, Info),
        Error::KeyNotWrappable => (CKR_KEY_NOT_WRAPPABLE, Info),
        Error::KeyIndigestible => (CKR_KEY_INDIGESTIBLE, Info),
        Error::KeyNeeded => (CKR_KEY_NEEDED, Info),
        Error::KeyNotNeeded => (CKR_KEY_NOT_NEEDED, Info),
        Error::KeyChanged => (CKR_KEY_CHANGED, Info),
        Error::WrappingKeyHandleInvalid => (CKR_WRAPPING_KEY_HANDLE_INVALID, Info),
        Error::WrappingKeySizeRange => (CKR_WRAPPING_KEY_SIZE_RANGE, Info),
        Error::WrappingKeyTypeInconsistent => (CKR_WRAPPING_KEY_TYPE_INCONSISTENT, Info),
        Error::UnwrappingKeyHandleInvalid => (CKR_UNWRAPPING_KEY_HANDLE_INVALID, Info),
        Error::UnwrappingKeySizeRange => (CKR_UNWRAPPING_KEY_SIZE_RANGE, Info),
        Error::UnwrappingKeyTypeInconsistent => (CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, Info),
        Error::WrappedKeyInvalid => (CKR_WRAPPED_KEY_INVALID, Info),
        Error::WrappedKeyLenRange => (CKR_WRAPPED_KEY_LEN_RANGE, Info),
        Error::CurveNotSupported => (CKR_CURVE_NOT_SUPPORTED, Info),
        Error::DomainParamsInvalid => (CKR_DOMAIN_PARAMS_INVALID, Info),
        Error::ParameterSetNotSupported => (CKR_PARAMETER_SET_NOT_SUPPORTED, Info),
        Error::MechanismInvalid(_) => (CKR_MECHANISM_INVALID, Info),
        Error::MechanismParamInvalid(_) => (CKR_MECHANISM_PARAM_INVALID, Info),
        Error::OperationActive => (CKR_OPERATION_ACTIVE, Info),
        Error::OperationNotInitialized => (CKR_OPERATION_NOT_INITIALIZED, Info),
        Error::BufferTooSmall { .. } => (CKR_BUFFER_TOO_SMALL, Debug),
        Error::DataLenRange => (CKR_DATA_LEN_RANGE, Info),
        Error::DataInvalid => (CKR_DATA_INVALID, Info),
        Error::EncryptedDataInvalid => (CKR_ENCRYPTED_DATA_INVALID, Info),
        Error::EncryptedDataLenRange => (CKR_ENCRYPTED_DATA_LEN_RANGE, Info),
        Error::AeadDecryptFailed => (CKR_AEAD_DECRYPT_FAILED, Info),
        Error::SavedStateInvalid => (CKR_SAVED_STATE_INVALID, Info),
        Error::StateUnsaveable => (CKR_STATE_UNSAVEABLE, Info),
        Error::NoEvent => (CKR_NO_EVENT, Debug),
        Error::SignatureInvalid => (CKR_SIGNATURE_INVALID, Info),
        Error::SignatureLenRange => (CKR_SIGNATURE_LEN_RANGE, Info),
        Error::OfDerivedKey { error, .. } => row(error),
        Error::SelfTest(_) => (CKR_DEVICE_ERROR, Trouble),
        Error::Primitive(_) => (CKR_FUNCTION_FAILED, Trouble),
    }
}

/// Which functions list a value.
enum Listed {
    By(&'static [Function]),
    ByAllBut(&'static [Function]),
}

/// Values that the standard does not list everywhere, and what the other functions answer instead: from the special
/// to the general, because one may lead to the next.
const ADAPTED: &[(CK_RV, Listed, CK_RV)] = {
    use Function::{
        C_CopyObject, C_CreateObject, C_DecapsulateKey, C_DecryptDigestUpdate, C_DecryptMessageBegin,
        C_DecryptVerifyUpdate, C_DeriveKey, C_DestroyObject, C_DigestEncryptUpdate, C_EncapsulateKey,
        C_Encrypt, C_EncryptFinal, C_EncryptInit, C_EncryptMessage, C_EncryptMessageBegin,
        C_EncryptMessageNext, C_EncryptUpdate, C_Finalize, C_GenerateKey, C_GenerateKeyPair,
        C_GetFunctionList, C_GetInfo, C_GetInterface, C_GetInterfaceList, C_GetMechanismInfo,
        C_GetMechanismList, C_GetSlotInfo, C_GetSlotList, C_GetTokenInfo, C_InitPIN, C_InitToken,
        C_Initialize, C_MessageEncryptFinal, C_MessageEncryptInit, C_MessageVerifyFinal, C_OpenSession,
        C_SetAttributeValue, C_SetOperationState, C_SetPIN, C_Sign, C_SignMessage, C_SignRecover,
        C_UnwrapKey, C_UnwrapKeyAuthenticated, C_Verify, C_VerifyFinal, C_VerifyMessage, C_VerifyMessageNext,
        C_VerifyRecover, C_VerifySignature, C_VerifySignatureFinal, C_VerifySignatureUpdate, C_VerifyUpdate,
        C_WaitForSlotEvent,
    };
    &[
        // A copy of an object has all that its class needs, and no curve of its own making.
        (
            CKR_TEMPLATE_INCOMPLETE,
            Listed::ByAllBut(&[C_CopyObject, C_SetAttributeValue]),
            CKR_TEMPLATE_INCONSISTENT,
        ),
        (
            CKR_CURVE_NOT_SUPPORTED,
            Listed::ByAllBut(&[C_CopyObject, C_SetAttributeValue]),
            CKR_ATTRIBUTE_VALUE_INVALID,
        ),
        (
            CKR_DOMAIN_PARAMS_INVALID,
            Listed::ByAllBut(&[C_CopyObject, C_SetAttributeValue, C_GenerateKey]),
            CKR_ATTRIBUTE_VALUE_INVALID,
        ),
        // Their lists leave it out, and all that they can point to is a mechanism, or belongs to a message's parameters.
        (
            CKR_ARGUMENTS_BAD,
            Listed::ByAllBut(&[
                C_EncryptInit,
                C_MessageEncryptInit,
                C_EncryptMessageBegin,
                C_DecryptMessageBegin,
            ]),
            CKR_MECHANISM_PARAM_INVALID,
        ),
        // Whatever the key given is, the state was not saved with it.
        (CKR_KEY_HANDLE_INVALID, Listed::ByAllBut(&[C_SetOperationState]), CKR_KEY_CHANGED),
        (CKR_KEY_TYPE_INCONSISTENT, Listed::ByAllBut(&[C_SetOperationState]), CKR_KEY_CHANGED),
        (CKR_KEY_FUNCTION_NOT_PERMITTED, Listed::ByAllBut(&[C_SetOperationState]), CKR_KEY_CHANGED),
        (CKR_KEY_SIZE_RANGE, Listed::ByAllBut(&[C_SetOperationState]), CKR_KEY_CHANGED),
        // Its CKA_ALLOWED_MECHANISMS leaves out what the state was saved with.
        (CKR_MECHANISM_INVALID, Listed::ByAllBut(&[C_SetOperationState]), CKR_KEY_CHANGED),
        // The logout that a function does not list has ended its operation.
        (
            CKR_USER_NOT_LOGGED_IN,
            Listed::ByAllBut(&[
                C_Encrypt,
                C_EncryptUpdate,
                C_EncryptFinal,
                C_Verify,
                C_VerifyUpdate,
                C_VerifyFinal,
                C_VerifyRecover,
                C_VerifySignature,
                C_VerifySignatureUpdate,
                C_VerifySignatureFinal,
                C_EncryptMessage,
                C_EncryptMessageNext,
                C_MessageEncryptFinal,
                C_VerifyMessage,
                C_VerifyMessageNext,
                C_MessageVerifyFinal,
                C_DigestEncryptUpdate,
                C_DecryptDigestUpdate,
                C_DecryptVerifyUpdate,
            ]),
            CKR_OPERATION_NOT_INITIALIZED,
        ),
        // What was gathered in parts is judged at the end, whose list knows its length alone.
        (
            CKR_DATA_INVALID,
            Listed::By(&[
                C_Encrypt,
                C_Sign,
                C_SignRecover,
                C_Verify,
                C_VerifyRecover,
                C_VerifySignature,
                C_EncryptMessage,
                C_SignMessage,
                C_VerifyMessage,
            ]),
            CKR_DATA_LEN_RANGE,
        ),
        // The PIN that it was to be changed from is nobody's.
        (CKR_USER_PIN_NOT_INITIALIZED, Listed::ByAllBut(&[C_SetPIN]), CKR_PIN_INCORRECT),
        // A function that sets no PIN, or lists no other value for one, calls it wrong.
        (CKR_PIN_LEN_RANGE, Listed::By(&[C_InitPIN, C_SetPIN]), CKR_PIN_INCORRECT),
        (
            CKR_TOKEN_NOT_RECOGNIZED,
            Listed::By(&[C_GetTokenInfo, C_GetMechanismList, C_GetMechanismInfo, C_InitToken, C_OpenSession]),
            CKR_DEVICE_ERROR,
        ),
        (
            CKR_TOKEN_WRITE_PROTECTED,
            Listed::By(&[
                C_InitToken,
                C_InitPIN,
                C_SetPIN,
                C_OpenSession,
                C_CreateObject,
                C_CopyObject,
                C_DestroyObject,
                C_SetAttributeValue,
                C_GenerateKey,
                C_GenerateKeyPair,
                C_UnwrapKey,
                C_DeriveKey,
                C_EncapsulateKey,
                C_DecapsulateKey,
                C_UnwrapKeyAuthenticated,
            ]),
            CKR_DEVICE_ERROR,
        ),
        (
            CKR_DEVICE_MEMORY,
            Listed::ByAllBut(&[
                C_Initialize,
                C_Finalize,
                C_GetInfo,
                C_GetFunctionList,
                C_GetInterfaceList,
                C_GetInterface,
                C_GetSlotList,
                C_GetSlotInfo,
                C_WaitForSlotEvent,
            ]),
            CKR_DEVICE_ERROR,
        ),
        (
            CKR_DEVICE_ERROR,
            Listed::ByAllBut(&[
                C_Initialize,
                C_Finalize,
                C_GetInfo,
                C_GetFunctionList,
                C_GetInterfaceList,
                C_GetInterface,
                C_GetSlotList,
                C_WaitForSlotEvent,
            ]),
            CKR_FUNCTION_FAILED,
        ),
    ]
};

/// What a function answers for a reason.
pub(crate) fn answer(function: Function, error: &Error) -> CK_RV {
    ADAPTED.iter().fold(row(error).0, |code, (special, listed, instead)| {
        let fits = match listed {
            Listed::By(functions) => functions.contains(&function),
            Listed::ByAllBut(functions) => !functions.contains(&function),
        };
        if code == *special && !fits { *instead } else { code }
    })
}

/// How loud a reason is.
pub(crate) fn level(error: &Error) -> Level {
    row(error).1
}

macro_rules! names {
    ($($name:ident)*) => {
        &[$(($name, stringify!($name))),*]
    };
}

const NAMES: &[(CK_RV, &str)] = names! {
    CKR_ACTION_PROHIBITED CKR_AEAD_DECRYPT_FAILED CKR_ARGUMENTS_BAD CKR_ATTRIBUTE_READ_ONLY CKR_ATTRIBUTE_SENSITIVE
    CKR_ATTRIBUTE_TYPE_INVALID CKR_ATTRIBUTE_VALUE_INVALID CKR_BUFFER_TOO_SMALL CKR_CANT_LOCK
    CKR_CLAVIGER_QUORUM_PENDING CKR_CRYPTOKI_ALREADY_INITIALIZED CKR_CRYPTOKI_NOT_INITIALIZED
    CKR_CURVE_NOT_SUPPORTED CKR_DATA_INVALID CKR_DATA_LEN_RANGE CKR_DEVICE_ERROR CKR_DEVICE_MEMORY
    CKR_DOMAIN_PARAMS_INVALID CKR_ENCRYPTED_DATA_INVALID CKR_ENCRYPTED_DATA_LEN_RANGE CKR_FUNCTION_FAILED
    CKR_FUNCTION_NOT_PARALLEL CKR_FUNCTION_NOT_SUPPORTED CKR_GENERAL_ERROR CKR_HOST_MEMORY CKR_KEY_CHANGED
    CKR_KEY_FUNCTION_NOT_PERMITTED CKR_KEY_HANDLE_INVALID CKR_KEY_INDIGESTIBLE CKR_KEY_NEEDED CKR_KEY_NOT_NEEDED
    CKR_KEY_NOT_WRAPPABLE CKR_KEY_SIZE_RANGE CKR_KEY_TYPE_INCONSISTENT CKR_KEY_UNEXTRACTABLE
    CKR_MECHANISM_INVALID CKR_MECHANISM_PARAM_INVALID CKR_NO_EVENT CKR_OBJECT_HANDLE_INVALID
    CKR_OPERATION_ACTIVE CKR_OPERATION_NOT_INITIALIZED CKR_PARAMETER_SET_NOT_SUPPORTED CKR_PIN_INCORRECT CKR_PIN_INVALID
    CKR_PIN_LEN_RANGE
    CKR_PIN_LOCKED CKR_SAVED_STATE_INVALID CKR_PENDING CKR_SESSION_ASYNC_NOT_SUPPORTED CKR_SESSION_COUNT CKR_SESSION_EXISTS
    CKR_SESSION_HANDLE_INVALID CKR_SESSION_PARALLEL_NOT_SUPPORTED CKR_SESSION_READ_ONLY
    CKR_SESSION_READ_ONLY_EXISTS CKR_SESSION_READ_WRITE_SO_EXISTS CKR_SIGNATURE_INVALID CKR_SIGNATURE_LEN_RANGE
    CKR_SLOT_ID_INVALID CKR_STATE_UNSAVEABLE CKR_TEMPLATE_INCOMPLETE CKR_TEMPLATE_INCONSISTENT
    CKR_TOKEN_NOT_RECOGNIZED CKR_TOKEN_WRITE_PROTECTED CKR_UNWRAPPING_KEY_HANDLE_INVALID
    CKR_UNWRAPPING_KEY_SIZE_RANGE CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT CKR_USER_ALREADY_LOGGED_IN
    CKR_USER_ANOTHER_ALREADY_LOGGED_IN CKR_USER_NOT_LOGGED_IN CKR_USER_PIN_NOT_INITIALIZED CKR_USER_TYPE_INVALID
    CKR_WRAPPED_KEY_INVALID CKR_WRAPPED_KEY_LEN_RANGE CKR_WRAPPING_KEY_HANDLE_INVALID
    CKR_WRAPPING_KEY_SIZE_RANGE CKR_WRAPPING_KEY_TYPE_INCONSISTENT
};

/// The name of a value that [`answer`] gives.
pub(crate) fn name(code: CK_RV) -> &'static str {
    NAMES.iter().find(|(value, _)| *value == code).map_or("a value without a name", |(_, name)| name)
}
