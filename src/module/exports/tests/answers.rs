//! What an application is told: structures, handles, lists.

use std::ptr::null_mut;

use cryptoki_sys::{
    CK_INFO, CK_MECHANISM_INFO, CK_SESSION_INFO, CK_SLOT_INFO, CK_TOKEN_INFO, CK_UNAVAILABLE_INFORMATION,
};
use pkcs11::constants::{
    CKF_ASYNC_SESSION_SUPPORTED, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_DEVICE_ERROR, CKR_FUNCTION_FAILED, CKR_OK,
    CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_RECOGNIZED, CKS_RW_USER_FUNCTIONS,
};
use pkcs11::{Error, SlotId};

use super::double::{SLOT, locked};
use super::{Host, SESSION, WILD, call, mechanism};

#[test]
fn information_is_padded_and_cut_at_a_character() {
    let host = Host::new();
    let mut info = CK_INFO::default();
    assert_eq!(call!(host, C_GetInfo(&mut info)), CKR_OK);
    assert_eq!((info.cryptokiVersion.major, info.cryptokiVersion.minor, info.flags), (3, 2, 0));
    assert_eq!((info.libraryVersion.major, info.libraryVersion.minor), (1, 2));
    assert_eq!(&info.manufacturerID, b"maker                           ");
    assert_eq!(info.libraryDescription, "ä".repeat(16).as_bytes());
    assert_eq!(call!(host, C_GetInfo(null_mut())), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_GetInfo(WILD.cast())), CKR_ARGUMENTS_BAD);

    let mut slot = CK_SLOT_INFO::default();
    assert_eq!(call!(host, C_GetSlotInfo(SLOT.0, &mut slot)), CKR_OK);
    assert_eq!(slot.slotDescription[..6], *b"slot  ");
    assert_eq!(call!(host, C_GetSlotInfo(99, &mut slot)), CKR_SLOT_ID_INVALID);

    let mut token = CK_TOKEN_INFO::default();
    assert_eq!(call!(host, C_GetTokenInfo(SLOT.0, &mut token)), CKR_OK);
    assert_eq!((&token.label[..7], &token.serialNumber), (&b"label  "[..], b"0123456789abcdef"));
    assert_eq!(token.ulTotalPublicMemory, CK_UNAVAILABLE_INFORMATION);
    assert_eq!((token.ulFreePublicMemory, token.ulMaxPinLen, token.ulMinPinLen), (5, 255, 4));
    assert_eq!(&token.utcTime, b"2026120112003000");
    assert_eq!(
        (token.ulSessionCount, token.ulRwSessionCount, token.flags),
        (2, 1, 0x401 | CKF_ASYNC_SESSION_SUPPORTED)
    );

    let mut session = CK_SESSION_INFO::default();
    assert_eq!(call!(host, C_GetSessionInfo(SESSION, &mut session)), CKR_OK);
    assert_eq!((session.slotID, session.state), (SLOT.0, CKS_RW_USER_FUNCTIONS));
    assert_eq!(session.flags, CKF_SERIAL_SESSION | CKF_RW_SESSION);

    let mut mechanism = CK_MECHANISM_INFO::default();
    assert_eq!(call!(host, C_GetMechanismInfo(SLOT.0, 3, &mut mechanism)), CKR_OK);
    assert_eq!((mechanism.ulMinKeySize, mechanism.ulMaxKeySize, mechanism.flags), (3, 8192, 0x800));
}

#[test]
fn slots_are_looked_for_anew_only_when_their_count_is_asked() {
    let host = Host::new();
    let mut count = 77;
    assert_eq!(call!(host, C_GetSlotList(0, null_mut(), &mut count)), CKR_OK);
    let mut slots = [0u64; 4];
    assert_eq!((call!(host, C_GetSlotList(1, slots.as_mut_ptr(), &mut count)), count), (CKR_OK, 1));
    assert_eq!(slots, [SLOT.0, 0, 0, 0]);
    assert_eq!(host.token.asked(), ["slot_list(false, true)", "slot_list(true, false)"]);
    assert_eq!(call!(host, C_GetSlotList(1, slots.as_mut_ptr(), null_mut())), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_GetSlotList(2, null_mut(), &mut count)), CKR_OK);
    assert_eq!(host.token.asked(), ["slot_list(true, true)"]);
}

#[test]
fn a_list_that_has_grown_is_too_long_and_its_count_is_told() {
    let host = Host::new();
    let mut count = 0;
    assert_eq!((call!(host, C_GetSlotList(0, null_mut(), &mut count)), count), (CKR_OK, 1));
    *locked(&host.token.slots) = vec![SLOT, SlotId(8)];
    let mut slots = [5u64; 2];
    let rv = call!(host, C_GetSlotList(0, slots.as_mut_ptr(), &mut count));
    assert_eq!((rv, count, slots), (CKR_BUFFER_TOO_SMALL, 2, [5; 2]));
    assert_eq!(call!(host, C_GetSlotList(0, slots.as_mut_ptr(), &mut count)), CKR_OK);
    assert_eq!(slots, [7, 8]);
    assert_eq!(call!(host, C_GetSlotList(0, WILD.cast(), &mut count)), CKR_ARGUMENTS_BAD);
}

#[test]
fn handles_are_found_as_many_as_there_is_room_for() {
    let host = Host::new();
    let mut handles = [0u64; 8];
    let mut count = 99;
    let find = |items, max, count| call!(host, C_FindObjects(SESSION, items, max, count));
    assert_eq!((find(handles.as_mut_ptr(), 2, &mut count), count), (CKR_OK, 2));
    assert_eq!(handles[..3], [11, 12, 0]);
    assert_eq!((find(handles.as_mut_ptr(), 8, &mut count), count), (CKR_OK, 5));
    assert_eq!((find(null_mut(), 0, &mut count), count), (CKR_OK, 0));
    assert_eq!(find(null_mut(), 1, &mut count), CKR_ARGUMENTS_BAD);
    assert_eq!(find(handles.as_mut_ptr(), 8, null_mut()), CKR_ARGUMENTS_BAD);
    for max in [u64::MAX, 1 << 61, 1 << 53] {
        assert_eq!(find(handles.as_mut_ptr(), max, &mut count), CKR_ARGUMENTS_BAD);
    }
}

#[test]
fn both_handles_of_a_key_pair_are_written_or_neither() {
    let host = Host::new();
    let (mut public, mut private) = (0, 0);
    let mut rsa = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN, null_mut(), 0);
    let mut generate = |public, private| {
        call!(host, C_GenerateKeyPair(SESSION, &mut rsa, null_mut(), 0, null_mut(), 0, public, private))
    };
    assert_eq!(generate(&mut public, null_mut()), CKR_ARGUMENTS_BAD);
    assert_eq!(generate(null_mut(), &mut private), CKR_ARGUMENTS_BAD);
    assert_eq!((public, private, host.token.asked()), (0, 0, vec![]));
    *locked(&host.token.failure) = Some(Error::Conflict);
    assert_eq!((generate(&mut public, &mut private), public, private), (CKR_FUNCTION_FAILED, 0, 0));
    assert_eq!((generate(&mut public, &mut private), public, private), (CKR_OK, 21, 22));
}

#[test]
fn one_reason_has_the_value_that_each_function_lists() {
    let host = Host::new();
    let reason = Error::StoreNewer { path: "/x".into(), found: 2, known: 1 };
    let mut token = CK_TOKEN_INFO::default();
    *locked(&host.token.failure) = Some(reason.clone());
    assert_eq!(call!(host, C_GetTokenInfo(SLOT.0, &mut token)), CKR_TOKEN_NOT_RECOGNIZED);
    *locked(&host.token.failure) = Some(reason.clone());
    assert_eq!(call!(host, C_Logout(SESSION)), CKR_DEVICE_ERROR);
    *locked(&host.token.failure) = Some(reason);
    let mut count = 3;
    assert_eq!(call!(host, C_GetSlotList(0, null_mut(), &mut count)), CKR_FUNCTION_FAILED);
    assert_eq!(count, 3);
}
