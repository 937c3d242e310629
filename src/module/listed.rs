//! TABLE: the values that the standard lists for each function that is there (PKCS#11 v3.2 sections 5.4 to 5.20).
//!
//! Left out of each row is what section 5.1 allows for all its functions: see [`common`].

use cryptoki_sys::CK_RV;
use pkcs11::constants::{
    CKR_ACTION_PROHIBITED, CKR_AEAD_DECRYPT_FAILED, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL,
    CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_CURVE_NOT_SUPPORTED,
    CKR_DATA_INVALID, CKR_DATA_LEN_RANGE, CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DOMAIN_PARAMS_INVALID,
    CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_FUNCTION_FAILED, CKR_FUNCTION_NOT_PARALLEL,
    CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_INFORMATION_SENSITIVE, CKR_KEY_CHANGED,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE, CKR_KEY_NEEDED,
    CKR_KEY_NOT_NEEDED, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT,
    CKR_KEY_UNEXTRACTABLE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_NEED_TO_CREATE_THREADS,
    CKR_NO_EVENT, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE, CKR_OPERATION_CANCEL_FAILED,
    CKR_OPERATION_NOT_INITIALIZED, CKR_PARAMETER_SET_NOT_SUPPORTED, CKR_PENDING, CKR_PIN_EXPIRED,
    CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_LOCKED, CKR_RANDOM_NO_RNG,
    CKR_RANDOM_SEED_NOT_SUPPORTED, CKR_SAVED_STATE_INVALID, CKR_SESSION_ASYNC_NOT_SUPPORTED,
    CKR_SESSION_COUNT, CKR_SESSION_EXISTS, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_PARALLEL_NOT_SUPPORTED,
    CKR_SESSION_READ_ONLY, CKR_SESSION_READ_ONLY_EXISTS, CKR_SESSION_READ_WRITE_SO_EXISTS,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_SLOT_ID_INVALID, CKR_STATE_UNSAVEABLE,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED,
    CKR_TOKEN_WRITE_PROTECTED, CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_SIZE_RANGE,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN, CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_TOO_MANY_TYPES, CKR_USER_TYPE_INVALID,
    CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPING_KEY_HANDLE_INVALID,
    CKR_WRAPPING_KEY_SIZE_RANGE, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};

use Kind::{Library, Session, Token};

use crate::exports::Function;
use crate::exports::Function as F;
use crate::rv::CKR_CLAVIGER_QUORUM_PENDING;

mod tests;

/// What section 5.1 allows beside a function's own list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No token: 5.1.1.
    Library,
    /// A slot: 5.1.1 and 5.1.3.
    Token,
    /// A session: 5.1.1 to 5.1.3.
    Session,
}

fn common(kind: Kind) -> &'static [CK_RV] {
    match kind {
        Library => &[CKR_GENERAL_ERROR, CKR_HOST_MEMORY, CKR_FUNCTION_FAILED],
        Token => &[
            CKR_GENERAL_ERROR,
            CKR_HOST_MEMORY,
            CKR_FUNCTION_FAILED,
            CKR_CRYPTOKI_NOT_INITIALIZED,
            CKR_DEVICE_ERROR,
            CKR_DEVICE_MEMORY,
        ],
        Session => &[
            CKR_GENERAL_ERROR,
            CKR_HOST_MEMORY,
            CKR_FUNCTION_FAILED,
            CKR_CRYPTOKI_NOT_INITIALIZED,
            CKR_DEVICE_ERROR,
            CKR_DEVICE_MEMORY,
            CKR_SESSION_HANDLE_INVALID,
        ],
    }
}

const INIT_WITH_KEY: &[CK_RV] = &[
    CKR_ARGUMENTS_BAD,
    CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID,
    CKR_KEY_SIZE_RANGE,
    CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID,
    CKR_OPERATION_ACTIVE,
    CKR_PIN_EXPIRED,
    CKR_USER_NOT_LOGGED_IN,
    CKR_OPERATION_CANCEL_FAILED,
];

/// `C_EncryptUpdate`, `C_EncryptFinal`, `C_DigestEncryptUpdate`.
const ENCRYPTING: &[CK_RV] = &[
    CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL,
    CKR_DATA_LEN_RANGE,
    CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
];

/// `C_Decrypt`, `C_DecryptUpdate`, `C_DecryptFinal`.
const DECRYPTING: &[CK_RV] = &[
    CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL,
    CKR_ENCRYPTED_DATA_INVALID,
    CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
    CKR_USER_NOT_LOGGED_IN,
];

const LOGIN: &[CK_RV] = &[
    CKR_ARGUMENTS_BAD,
    CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
    CKR_PIN_INCORRECT,
    CKR_PIN_LOCKED,
    CKR_SESSION_READ_ONLY_EXISTS,
    CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
    CKR_USER_PIN_NOT_INITIALIZED,
    CKR_USER_TOO_MANY_TYPES,
    CKR_USER_TYPE_INVALID,
];

/// A function's kind and its own list.
fn listed(function: Function) -> (Kind, &'static [CK_RV]) {
    match function {
        F::C_Initialize => (
            Library,
            &[CKR_ARGUMENTS_BAD, CKR_CANT_LOCK, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_NEED_TO_CREATE_THREADS],
        ),
        F::C_Finalize | F::C_GetInfo => (Library, &[CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED]),
        F::C_GetFunctionList => (Library, &[CKR_ARGUMENTS_BAD]),
        F::C_GetInterfaceList | F::C_GetInterface => (Library, &[CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL]),
        F::C_GetSlotList => {
            (Library, &[CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED])
        }
        F::C_GetSlotInfo => (
            Library,
            &[CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_ERROR, CKR_SLOT_ID_INVALID],
        ),
        F::C_GetTokenInfo => (
            Token,
            &[CKR_ARGUMENTS_BAD, CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED],
        ),
        F::C_GetMechanismList => (
            Token,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_SLOT_ID_INVALID,
                CKR_TOKEN_NOT_PRESENT,
                CKR_TOKEN_NOT_RECOGNIZED,
            ],
        ),
        F::C_GetMechanismInfo => (
            Token,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_MECHANISM_INVALID,
                CKR_SLOT_ID_INVALID,
                CKR_TOKEN_NOT_PRESENT,
                CKR_TOKEN_NOT_RECOGNIZED,
            ],
        ),
        F::C_InitToken => (
            Token,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_PIN_INCORRECT,
                CKR_PIN_LOCKED,
                CKR_SESSION_EXISTS,
                CKR_SLOT_ID_INVALID,
                CKR_TOKEN_NOT_PRESENT,
                CKR_TOKEN_NOT_RECOGNIZED,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ),
        F::C_InitPIN => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_INVALID,
                CKR_PIN_LEN_RANGE,
                CKR_SESSION_READ_ONLY,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SetPIN => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_INCORRECT,
                CKR_PIN_INVALID,
                CKR_PIN_LEN_RANGE,
                CKR_PIN_LOCKED,
                CKR_SESSION_READ_ONLY,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ),
        F::C_OpenSession => (
            Token,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_SESSION_ASYNC_NOT_SUPPORTED,
                CKR_SESSION_COUNT,
                CKR_SESSION_PARALLEL_NOT_SUPPORTED,
                CKR_SESSION_READ_WRITE_SO_EXISTS,
                CKR_SLOT_ID_INVALID,
                CKR_TOKEN_NOT_PRESENT,
                CKR_TOKEN_NOT_RECOGNIZED,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ),
        F::C_CloseAllSessions => (Token, &[CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_PRESENT]),
        F::C_CloseSession => (Session, &[CKR_OPERATION_ACTIVE]),
        F::C_GetSessionInfo => (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE]),
        // The list leaves CKR_ARGUMENTS_BAD out; no other value says what is wrong with a null pointer.
        F::C_GetSessionValidationFlags => (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE]),
        F::C_Login | F::C_LoginUser => (Session, LOGIN),
        F::C_Logout => (Session, &[CKR_OPERATION_ACTIVE, CKR_USER_NOT_LOGGED_IN]),
        F::C_CreateObject => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PARAMETER_SET_NOT_SUPPORTED,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_DestroyObject => (
            Session,
            &[
                CKR_ACTION_PROHIBITED,
                CKR_OBJECT_HANDLE_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TOKEN_WRITE_PROTECTED,
            ],
        ),
        F::C_GetAttributeValue => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_SENSITIVE,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_BUFFER_TOO_SMALL,
                CKR_OBJECT_HANDLE_INVALID,
                CKR_OPERATION_ACTIVE,
            ],
        ),
        F::C_FindObjectsInit => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
            ],
        ),
        F::C_FindObjects => {
            (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED])
        }
        F::C_FindObjectsFinal => (Session, &[CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED]),
        F::C_DigestInit => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
                CKR_OPERATION_CANCEL_FAILED,
            ],
        ),
        F::C_Digest | F::C_DigestFinal => (
            Session,
            &[CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED],
        ),
        F::C_DigestUpdate => {
            (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED])
        }
        // The values of the function that a job does are told as that function's.
        F::C_AsyncComplete => (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_NOT_INITIALIZED, CKR_PENDING]),
        // The list leaves out the value that the text gives.
        F::C_AsyncGetID => {
            (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_NOT_INITIALIZED, CKR_STATE_UNSAVEABLE])
        }
        F::C_AsyncJoin => (Session, &[CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_SAVED_STATE_INVALID]),
        F::C_SessionCancel => (Session, &[CKR_OPERATION_ACTIVE, CKR_OPERATION_CANCEL_FAILED]),
        F::C_SignInit
        | F::C_SignRecoverInit
        | F::C_VerifyInit
        | F::C_VerifyRecoverInit
        | F::C_VerifySignatureInit
        | F::C_MessageDecryptInit
        | F::C_DecryptInit => (Session, INIT_WITH_KEY),
        F::C_Sign => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PENDING,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SignRecover => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SignUpdate => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SignFinal => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PENDING,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_Verify => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_VerifyUpdate => (
            Session,
            &[CKR_ARGUMENTS_BAD, CKR_DATA_LEN_RANGE, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED],
        ),
        F::C_VerifyFinal => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_VerifySignature => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_VerifySignatureUpdate => {
            (Session, &[CKR_ARGUMENTS_BAD, CKR_DATA_LEN_RANGE, CKR_OPERATION_NOT_INITIALIZED])
        }
        F::C_VerifySignatureFinal => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_EncryptMessage => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_EncryptMessageBegin => (
            Session,
            &[
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_EncryptMessageNext => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_MessageEncryptFinal => {
            (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED])
        }
        F::C_DecryptMessage => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_ENCRYPTED_DATA_INVALID,
                CKR_ENCRYPTED_DATA_LEN_RANGE,
                CKR_AEAD_DECRYPT_FAILED,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
                CKR_OPERATION_CANCEL_FAILED,
            ],
        ),
        F::C_DecryptMessageBegin => (
            Session,
            &[
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_DecryptMessageNext => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_ENCRYPTED_DATA_INVALID,
                CKR_ENCRYPTED_DATA_LEN_RANGE,
                CKR_AEAD_DECRYPT_FAILED,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_MessageDecryptFinal => (
            Session,
            &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN],
        ),
        F::C_SignMessage => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SignMessageBegin => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SignMessageNext => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_MessageSignFinal => (
            Session,
            &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN],
        ),
        F::C_VerifyMessage => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_VerifyMessageBegin => (
            Session,
            &[
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_VerifyMessageNext => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_DATA_LEN_RANGE,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_MessageVerifyFinal => {
            (Session, &[CKR_DATA_LEN_RANGE, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED])
        }
        F::C_GenerateKeyPair => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PARAMETER_SET_NOT_SUPPORTED,
                CKR_PENDING,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_GenerateRandom => (Session, &[CKR_ARGUMENTS_BAD, CKR_OPERATION_ACTIVE, CKR_USER_NOT_LOGGED_IN]),
        F::C_GetOperationState => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_STATE_UNSAVEABLE,
            ],
        ),
        F::C_SetOperationState => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_KEY_CHANGED,
                CKR_KEY_NEEDED,
                CKR_KEY_NOT_NEEDED,
                CKR_OPERATION_ACTIVE,
                CKR_SAVED_STATE_INVALID,
            ],
        ),
        F::C_CopyObject => (
            Session,
            &[
                CKR_ACTION_PROHIBITED,
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_OBJECT_HANDLE_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_GetObjectSize => (
            Session,
            &[CKR_ARGUMENTS_BAD, CKR_INFORMATION_SENSITIVE, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE],
        ),
        F::C_SetAttributeValue => (
            Session,
            &[
                CKR_ACTION_PROHIBITED,
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_OBJECT_HANDLE_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        // The lists of these leave the last out.
        F::C_MessageSignInit | F::C_MessageVerifyInit => {
            (Session, INIT_WITH_KEY.split_at(INIT_WITH_KEY.len() - 1).0)
        }
        // The lists of these leave CKR_ARGUMENTS_BAD out.
        F::C_EncryptInit | F::C_MessageEncryptInit => (Session, INIT_WITH_KEY.split_at(1).1),
        F::C_Encrypt => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_EncryptUpdate | F::C_EncryptFinal | F::C_DigestEncryptUpdate => (Session, ENCRYPTING),
        F::C_Decrypt | F::C_DecryptUpdate | F::C_DecryptFinal => (Session, DECRYPTING),
        F::C_DigestKey => (
            Session,
            &[
                CKR_KEY_HANDLE_INVALID,
                CKR_KEY_INDIGESTIBLE,
                CKR_KEY_SIZE_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_VerifyRecover => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_INVALID,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_SIGNATURE_INVALID,
                CKR_SIGNATURE_LEN_RANGE,
            ],
        ),
        F::C_SignEncryptUpdate => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_DecryptDigestUpdate => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_ENCRYPTED_DATA_INVALID,
                CKR_ENCRYPTED_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_DecryptVerifyUpdate => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_DATA_LEN_RANGE,
                CKR_ENCRYPTED_DATA_INVALID,
                CKR_ENCRYPTED_DATA_LEN_RANGE,
                CKR_OPERATION_ACTIVE,
                CKR_OPERATION_NOT_INITIALIZED,
            ],
        ),
        F::C_GenerateKey => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PENDING,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_WrapKey | F::C_WrapKeyAuthenticated => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_BUFFER_TOO_SMALL,
                CKR_KEY_HANDLE_INVALID,
                CKR_KEY_NOT_WRAPPABLE,
                CKR_KEY_SIZE_RANGE,
                CKR_KEY_UNEXTRACTABLE,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
                CKR_USER_NOT_LOGGED_IN,
                CKR_WRAPPING_KEY_HANDLE_INVALID,
                CKR_WRAPPING_KEY_SIZE_RANGE,
                CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
            ],
        ),
        F::C_UnwrapKey | F::C_UnwrapKeyAuthenticated => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_BUFFER_TOO_SMALL,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PARAMETER_SET_NOT_SUPPORTED,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                CKR_UNWRAPPING_KEY_SIZE_RANGE,
                CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                CKR_USER_NOT_LOGGED_IN,
                CKR_WRAPPED_KEY_INVALID,
                CKR_WRAPPED_KEY_LEN_RANGE,
            ],
        ),
        F::C_DeriveKey => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_KEY_HANDLE_INVALID,
                CKR_KEY_SIZE_RANGE,
                CKR_KEY_TYPE_INCONSISTENT,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_SeedRandom => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_OPERATION_ACTIVE,
                CKR_RANDOM_SEED_NOT_SUPPORTED,
                CKR_RANDOM_NO_RNG,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_GetFunctionStatus | F::C_CancelFunction => {
            (Session, &[CKR_FUNCTION_NOT_PARALLEL, CKR_OPERATION_ACTIVE])
        }
        F::C_WaitForSlotEvent => (Library, &[CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_NO_EVENT]),
        F::C_EncapsulateKey => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_KEY_HANDLE_INVALID,
                CKR_KEY_SIZE_RANGE,
                CKR_KEY_TYPE_INCONSISTENT,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PARAMETER_SET_NOT_SUPPORTED,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_USER_NOT_LOGGED_IN,
            ],
        ),
        F::C_DecapsulateKey => (
            Session,
            &[
                CKR_ARGUMENTS_BAD,
                CKR_ATTRIBUTE_READ_ONLY,
                CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_BUFFER_TOO_SMALL,
                CKR_CURVE_NOT_SUPPORTED,
                CKR_DOMAIN_PARAMS_INVALID,
                CKR_MECHANISM_INVALID,
                CKR_MECHANISM_PARAM_INVALID,
                CKR_OPERATION_ACTIVE,
                CKR_PARAMETER_SET_NOT_SUPPORTED,
                CKR_PIN_EXPIRED,
                CKR_SESSION_READ_ONLY,
                CKR_TEMPLATE_INCOMPLETE,
                CKR_TEMPLATE_INCONSISTENT,
                CKR_TOKEN_WRITE_PROTECTED,
                CKR_UNWRAPPING_KEY_HANDLE_INVALID,
                CKR_UNWRAPPING_KEY_SIZE_RANGE,
                CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
                CKR_USER_NOT_LOGGED_IN,
                CKR_WRAPPED_KEY_INVALID,
                CKR_WRAPPED_KEY_LEN_RANGE,
            ],
        ),
    }
}

/// Values that a function answers though the standard does not list them for it, each with its reason.
const EXCEPTIONS: &[(Function, CK_RV, &str)] = &[
    (
        Function::C_InitToken,
        CKR_ACTION_PROHIBITED,
        "5.1.6 knows the value as 'policy does not allow it', which is what a quorum says; no listed value does",
    ),
    (Function::C_InitPIN, CKR_ACTION_PROHIBITED, "as for C_InitToken"),
    (Function::C_Login, CKR_CLAVIGER_QUORUM_PENDING, "decision 0005: the standard has no 'not yet'"),
    (Function::C_LoginUser, CKR_CLAVIGER_QUORUM_PENDING, "as for C_Login"),
    (
        Function::C_WrapKey,
        CKR_KEY_FUNCTION_NOT_PERMITTED,
        "5.1.6 describes exactly this by it: a key whose attributes do not allow the use; no listed value does",
    ),
    (Function::C_UnwrapKey, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (Function::C_WrapKeyAuthenticated, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (Function::C_UnwrapKeyAuthenticated, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (Function::C_DeriveKey, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (Function::C_EncapsulateKey, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (Function::C_DecapsulateKey, CKR_KEY_FUNCTION_NOT_PERMITTED, "as for C_WrapKey"),
    (
        Function::C_EncapsulateKey,
        CKR_BUFFER_TOO_SMALL,
        "5.18.8 says it of a ciphertext that does not fit, the list leaves it out",
    ),
];
