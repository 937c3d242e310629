//! The proof that every reason which a function documents becomes a value of its list.

use cryptoki_sys::CK_RV;
use pkcs11::Error;
use pkcs11::constants::CKR_GENERAL_ERROR;

use super::Kind;
use super::{EXCEPTIONS, common, listed};
use crate::exports::Function;
use crate::exports::Function as F;
use crate::rv;

/// The errors that every function can fail with.
fn everywhere() -> Vec<Error> {
    let path = || "/x".into();
    vec![
        Error::Bug(""),
        Error::HostMemory,
        Error::Primitive(""),
        Error::DeviceKey { path: path(), reason: String::new() },
        Error::StoreNewer { path: path(), found: 2, known: 1 },
        Error::StoreDamaged { path: path(), reason: String::new() },
        Error::StoreBusy(path()),
        Error::StoreReadOnly(path()),
        Error::StoreFull(path()),
        Error::StoreIo { path: path(), reason: String::new() },
        Error::Forged { what: String::new(), reason: "" },
        Error::Encoding(""),
        Error::Conflict,
    ]
}

fn configuration() -> Error {
    Error::Configuration { path: "/x".into(), reason: String::new() }
}

fn too_small() -> Error {
    Error::BufferTooSmall { needed: 1 }
}

fn key() -> Vec<Error> {
    vec![
        Error::KeyHandleInvalid,
        Error::KeyFunctionNotPermitted,
        Error::KeyTypeInconsistent,
        Error::KeySizeRange,
        Error::MechanismInvalid(0),
        Error::MechanismParamInvalid(""),
        Error::OperationActive,
        Error::UserNotLoggedIn,
    ]
}

fn creation() -> Vec<Error> {
    vec![
        Error::AttributeReadOnly(0),
        Error::AttributeTypeInvalid(0),
        Error::AttributeValueInvalid(0),
        Error::TemplateIncomplete(0),
        Error::TemplateInconsistent(""),
        Error::SessionReadOnly,
        Error::UserNotLoggedIn,
        Error::CurveNotSupported,
        Error::DomainParamsInvalid,
    ]
}

fn in_message() -> Vec<Error> {
    vec![Error::OperationActive, Error::OperationNotInitialized, Error::UserNotLoggedIn]
}

fn signing() -> Vec<Error> {
    vec![Error::OperationNotInitialized, Error::DataLenRange, Error::UserNotLoggedIn]
}

fn verifying() -> Vec<Error> {
    vec![Error::OperationNotInitialized, Error::DataLenRange]
}

fn encrypting() -> Vec<Error> {
    vec![
        Error::OperationNotInitialized,
        too_small(),
        Error::DataLenRange,
        Error::DataInvalid,
        Error::UserNotLoggedIn,
    ]
}

fn decrypting() -> Vec<Error> {
    vec![
        Error::OperationNotInitialized,
        too_small(),
        Error::EncryptedDataInvalid,
        Error::EncryptedDataLenRange,
        Error::UserNotLoggedIn,
    ]
}

fn copying() -> Vec<Error> {
    [creation(), vec![Error::ObjectHandleInvalid, Error::ActionProhibited("")]].concat()
}

fn by_mechanism(more: &[Error]) -> Vec<Error> {
    [&[Error::MechanismInvalid(0), Error::MechanismParamInvalid("")], more].concat()
}

/// The errors that `Cryptoki` documents for the function's method, and those of `library.rs` and `pointers.rs`.
fn documented(function: Function) -> Vec<Error> {
    match function {
        F::C_Initialize => vec![configuration(), Error::AlreadyInitialized, Error::CantLock],
        F::C_GetSlotList => vec![configuration(), too_small()],
        F::C_GetInterfaceList => vec![too_small()],
        F::C_GetSlotInfo | F::C_CloseAllSessions => vec![Error::SlotIdInvalid],
        F::C_GetTokenInfo => vec![Error::SlotIdInvalid],
        F::C_GetMechanismList => vec![Error::SlotIdInvalid, too_small()],
        F::C_GetMechanismInfo => vec![Error::SlotIdInvalid, Error::MechanismInvalid(0)],
        F::C_InitToken => vec![
            Error::SlotIdInvalid,
            Error::SessionExists,
            Error::PinIncorrect,
            Error::PinLocked,
            Error::PinLenRange,
            Error::ActionProhibited(""),
        ],
        F::C_InitPIN => vec![
            Error::UserNotLoggedIn,
            Error::PinLenRange,
            Error::PinInvalid(""),
            Error::ActionProhibited(""),
        ],
        F::C_SetPIN => vec![
            Error::SessionReadOnly,
            Error::PinIncorrect,
            Error::PinLocked,
            Error::PinLenRange,
            Error::PinInvalid(""),
        ],
        F::C_OpenSession => vec![
            Error::SlotIdInvalid,
            Error::TokenNotInitialized,
            Error::SessionParallelNotSupported,
            Error::SessionAsyncNotSupported,
            Error::SessionCount,
            Error::SessionReadWriteSoExists,
        ],
        F::C_Login | F::C_LoginUser => vec![
            Error::PinIncorrect,
            Error::PinLocked,
            Error::PinLenRange,
            Error::SessionReadOnlyExists,
            Error::UserAlreadyLoggedIn,
            Error::UserAnotherAlreadyLoggedIn,
            Error::UserPinNotInitialized,
            Error::UserTypeInvalid,
            Error::OperationNotInitialized,
            Error::QuorumPending,
        ],
        F::C_Logout => vec![Error::UserNotLoggedIn],
        F::C_CreateObject => [creation(), vec![Error::ParameterSetNotSupported]].concat(),
        F::C_DestroyObject => {
            vec![Error::ObjectHandleInvalid, Error::SessionReadOnly, Error::ActionProhibited("")]
        }
        F::C_GetAttributeValue => {
            vec![
                Error::ObjectHandleInvalid,
                Error::AttributeSensitive,
                Error::AttributeTypeInvalid(0),
                too_small(),
            ]
        }
        F::C_FindObjectsInit => vec![Error::OperationActive, Error::AttributeValueInvalid(0)],
        F::C_FindObjects | F::C_FindObjectsFinal | F::C_DigestUpdate => vec![Error::OperationNotInitialized],
        F::C_DigestInit => {
            vec![Error::OperationActive, Error::MechanismInvalid(0), Error::MechanismParamInvalid("")]
        }
        F::C_Digest | F::C_DigestFinal => vec![Error::OperationNotInitialized, too_small()],
        F::C_EncryptInit
        | F::C_DecryptInit
        | F::C_SignInit
        | F::C_SignRecoverInit
        | F::C_VerifyInit
        | F::C_VerifyRecoverInit
        | F::C_MessageEncryptInit
        | F::C_MessageDecryptInit
        | F::C_MessageSignInit
        | F::C_MessageVerifyInit
        | F::C_VerifySignatureInit => key(),
        F::C_EncryptMessage | F::C_EncryptMessageNext => {
            [in_message(), encrypting(), vec![Error::MechanismParamInvalid("")]].concat()
        }
        F::C_DecryptMessage | F::C_DecryptMessageNext => {
            [in_message(), decrypting(), vec![Error::AeadDecryptFailed]].concat()
        }
        F::C_EncryptMessageBegin
        | F::C_DecryptMessageBegin
        | F::C_SignMessageBegin
        | F::C_VerifyMessageBegin
        | F::C_MessageEncryptFinal
        | F::C_MessageDecryptFinal
        | F::C_MessageSignFinal
        | F::C_MessageVerifyFinal => in_message(),
        F::C_SignMessage | F::C_SignMessageNext => {
            [in_message(), signing(), vec![too_small(), Error::DataInvalid]].concat()
        }
        F::C_VerifyMessage | F::C_VerifyMessageNext => {
            let verdicts = vec![Error::SignatureInvalid, Error::SignatureLenRange, Error::DataInvalid];
            [in_message(), verifying(), verdicts].concat()
        }
        F::C_Sign | F::C_SignFinal | F::C_SignRecover => [signing(), vec![too_small()]].concat(),
        F::C_SignUpdate => signing(),
        F::C_VerifyUpdate | F::C_VerifySignatureUpdate => {
            [verifying(), vec![Error::UserNotLoggedIn]].concat()
        }
        F::C_Verify | F::C_VerifyFinal | F::C_VerifySignature | F::C_VerifySignatureFinal => {
            [verifying(), vec![Error::SignatureInvalid, Error::SignatureLenRange]].concat()
        }
        F::C_VerifyRecover => {
            [verifying(), vec![Error::SignatureInvalid, Error::SignatureLenRange, too_small()]].concat()
        }
        F::C_GenerateKey => [creation(), by_mechanism(&[])].concat(),
        F::C_GenerateKeyPair => [creation(), by_mechanism(&[Error::ParameterSetNotSupported])].concat(),
        F::C_GetOperationState => vec![Error::OperationNotInitialized, Error::StateUnsaveable, too_small()],
        F::C_SetOperationState => vec![
            Error::SavedStateInvalid,
            Error::KeyNeeded,
            Error::KeyNotNeeded,
            Error::KeyChanged,
            Error::KeyHandleInvalid,
            Error::KeyTypeInconsistent,
            Error::KeyFunctionNotPermitted,
        ],
        F::C_CopyObject | F::C_SetAttributeValue => copying(),
        F::C_GetObjectSize => vec![Error::ObjectHandleInvalid],
        F::C_Encrypt | F::C_EncryptUpdate | F::C_EncryptFinal | F::C_DigestEncryptUpdate => encrypting(),
        F::C_SignEncryptUpdate => [encrypting(), signing()].concat(),
        F::C_Decrypt | F::C_DecryptUpdate | F::C_DecryptFinal | F::C_DecryptDigestUpdate => decrypting(),
        F::C_DecryptVerifyUpdate => [decrypting(), verifying()].concat(),
        F::C_DigestKey => {
            vec![Error::OperationNotInitialized, Error::KeyHandleInvalid, Error::KeyIndigestible]
        }
        F::C_WrapKey | F::C_WrapKeyAuthenticated => by_mechanism(&[
            Error::KeyHandleInvalid,
            Error::KeyUnextractable,
            Error::KeyNotWrappable,
            Error::KeySizeRange,
            Error::KeyFunctionNotPermitted,
            Error::WrappingKeyHandleInvalid,
            Error::WrappingKeySizeRange,
            Error::WrappingKeyTypeInconsistent,
            Error::UserNotLoggedIn,
            too_small(),
        ]),
        F::C_UnwrapKey | F::C_UnwrapKeyAuthenticated => [
            creation(),
            by_mechanism(&[
                Error::KeyFunctionNotPermitted,
                Error::UnwrappingKeyHandleInvalid,
                Error::UnwrappingKeySizeRange,
                Error::UnwrappingKeyTypeInconsistent,
                Error::WrappedKeyInvalid,
                Error::WrappedKeyLenRange,
            ]),
        ]
        .concat(),
        F::C_DeriveKey => [
            creation(),
            by_mechanism(&[
                Error::KeyFunctionNotPermitted,
                Error::KeyHandleInvalid,
                Error::KeySizeRange,
                Error::KeyTypeInconsistent,
            ]),
        ]
        .concat(),
        F::C_EncapsulateKey => [
            creation(),
            by_mechanism(&[
                Error::KeyFunctionNotPermitted,
                Error::KeyHandleInvalid,
                Error::KeySizeRange,
                Error::KeyTypeInconsistent,
                Error::ParameterSetNotSupported,
                too_small(),
            ]),
        ]
        .concat(),
        F::C_DecapsulateKey => [
            creation(),
            by_mechanism(&[
                Error::KeyFunctionNotPermitted,
                Error::ParameterSetNotSupported,
                Error::UnwrappingKeyHandleInvalid,
                Error::UnwrappingKeySizeRange,
                Error::UnwrappingKeyTypeInconsistent,
                Error::WrappedKeyInvalid,
                Error::WrappedKeyLenRange,
            ]),
        ]
        .concat(),
        F::C_GetFunctionStatus | F::C_CancelFunction => vec![Error::FunctionNotParallel],
        F::C_WaitForSlotEvent => vec![Error::NoEvent, Error::NotInitialized, configuration()],
        _ => Vec::new(),
    }
}

/// Functions that take nothing which could be a bad argument.
fn takes_no_pointer(function: Function) -> bool {
    matches!(
        function,
        F::C_CloseSession
            | F::C_CloseAllSessions
            | F::C_Logout
            | F::C_DestroyObject
            | F::C_FindObjectsFinal
            | F::C_DigestKey
            | F::C_SessionCancel
            | F::C_SignMessageBegin
            | F::C_VerifyMessageBegin
            | F::C_MessageEncryptFinal
            | F::C_MessageDecryptFinal
            | F::C_MessageSignFinal
            | F::C_MessageVerifyFinal
            | F::C_GetFunctionStatus
            | F::C_CancelFunction
    )
}

#[test]
fn every_reason_becomes_a_value_that_the_standard_lists_for_the_function() {
    let mut used: Vec<&(Function, CK_RV, &str)> = Vec::new();
    for function in Function::ALL {
        let (kind, own) = listed(*function);
        let mut reasons = [everywhere(), documented(*function)].concat();
        if !takes_no_pointer(*function) {
            reasons.push(Error::ArgumentsBad(""));
        }
        if kind == Kind::Session {
            reasons.extend([Error::SessionHandleInvalid, Error::SessionPoisoned]);
        }
        for reason in reasons {
            let code = rv::answer(*function, &reason);
            let exception = EXCEPTIONS.iter().find(|row| (row.0, row.1) == (*function, code));
            used.extend(exception);
            assert!(
                own.contains(&code) || common(kind).contains(&code) || exception.is_some(),
                "{}: {reason:?} became {}",
                function.name(),
                rv::name(code)
            );
        }
    }
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception that nothing needs any more");
}

#[test]
fn every_value_has_a_name_for_the_log() {
    for function in Function::ALL {
        for reason in [everywhere(), documented(*function)].concat() {
            assert!(rv::name(rv::answer(*function, &reason)).starts_with("CKR_"), "{reason:?}");
        }
    }
}

#[test]
fn a_defect_is_the_only_general_error() {
    for function in Function::ALL {
        for reason in [everywhere(), documented(*function)].concat() {
            let general = rv::answer(*function, &reason) == CKR_GENERAL_ERROR;
            assert_eq!(general, matches!(reason, Error::Bug(_)), "{reason:?}");
        }
    }
}
