//! What an application may send, and what it must not: null pointers, wild lengths, overlapping and unaligned memory.

use std::ptr::null_mut;

use pkcs11::constants::{
    CKF_ASYNC_SESSION, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKG_MGF1_SHA256, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS,
    CKM_SHA256, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_HOST_MEMORY, CKR_OK, CKR_PIN_INCORRECT,
    CKR_SESSION_HANDLE_INVALID, CKR_USER_TYPE_INVALID, CKU_SO, CKU_USER,
};
use pkcs11::{Error, Parameters, PssParameters};

use super::double::{SLOT, locked};
use super::{Host, NO_SESSION, SESSION, WILD, call, mechanism};

/// Lengths that no memory has, for a pointer that is one.
const WILD_LENGTHS: [u64; 5] = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 56];

#[test]
fn a_null_pointer_with_length_0_is_the_empty_message() {
    let host = Host::new();
    assert_eq!(call!(host, C_DigestUpdate(SESSION, null_mut(), 0)), CKR_OK);
    assert_eq!(call!(host, C_DigestUpdate(SESSION, WILD, 0)), CKR_OK);
    assert_eq!(host.token.asked(), ["digest_update()", "digest_update()"]);
}

#[test]
fn data_that_cannot_be_there_is_refused_before_it_is_touched() {
    let host = Host::new();
    let mut data = [0u8; 4];
    assert_eq!(call!(host, C_DigestUpdate(SESSION, null_mut(), 1)), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_DigestUpdate(SESSION, WILD, 4096)), CKR_ARGUMENTS_BAD);
    for len in WILD_LENGTHS {
        assert_eq!(call!(host, C_DigestUpdate(SESSION, data.as_mut_ptr(), len)), CKR_ARGUMENTS_BAD);
        assert_eq!(call!(host, C_GenerateRandom(SESSION, data.as_mut_ptr(), len)), CKR_ARGUMENTS_BAD);
        assert_eq!(call!(host, C_InitPIN(SESSION, data.as_mut_ptr(), len)), CKR_ARGUMENTS_BAD);
    }
    // Section 5.12.3: the active digest is over, and nothing else is asked of the token.
    assert_eq!(host.token.asked(), ["digest_init"; 2 + WILD_LENGTHS.len()]);
}

#[test]
fn a_large_length_that_runs_out_of_the_mapped_memory_is_refused() {
    let host = Host::new();
    let mut data = [0u8; 4];
    for len in [1 << 40, 1 << 46] {
        assert_eq!(call!(host, C_DigestUpdate(SESSION, data.as_mut_ptr(), len)), CKR_ARGUMENTS_BAD);
    }
    let mut large = vec![0u8; 17 << 20];
    assert_eq!(call!(host, C_GenerateRandom(SESSION, large.as_mut_ptr(), 17 << 20)), CKR_OK);
    assert!(large.iter().all(|byte| *byte == 0xa5));
}

#[test]
fn a_session_that_is_not_there_is_told_before_a_bad_argument() {
    let host = Host::new();
    assert_eq!(call!(host, C_DigestUpdate(NO_SESSION, null_mut(), 1)), CKR_SESSION_HANDLE_INVALID);
    assert_eq!(call!(host, C_Login(NO_SESSION, 17, null_mut(), 0)), CKR_SESSION_HANDLE_INVALID);
    assert_eq!(call!(host, C_Login(SESSION, 17, null_mut(), 0)), CKR_USER_TYPE_INVALID);
}

#[test]
fn a_length_query_names_the_length_and_a_short_buffer_gets_it_too() {
    let host = Host::new();
    let mut data = *b"data";
    let mut signature = [1u8; 16];
    let mut len = 12345;
    let mut sign =
        |signature, len: *mut u64| call!(host, C_Sign(SESSION, data.as_mut_ptr(), 4, signature, len));
    assert_eq!((sign(null_mut(), &mut len), len), (CKR_OK, 9));
    for room in 0..9 {
        len = room;
        assert_eq!((sign(signature.as_mut_ptr(), &mut len), len), (CKR_BUFFER_TOO_SMALL, 9));
        assert_eq!(signature, [1; 16]);
    }
    len = 16;
    assert_eq!((sign(signature.as_mut_ptr(), &mut len), len), (CKR_OK, 9));
    assert_eq!(&signature[..10], b"signature\x01");
    assert_eq!(sign(signature.as_mut_ptr(), null_mut()), CKR_ARGUMENTS_BAD);
    assert_eq!(sign(null_mut(), null_mut()), CKR_ARGUMENTS_BAD);
}

#[test]
fn another_failure_leaves_buffer_and_length_alone() {
    let host = Host::new();
    let mut signature = [1u8; 16];
    let mut len = 16;
    *locked(&host.token.failure) = Some(Error::HostMemory);
    let rv = call!(host, C_SignFinal(SESSION, signature.as_mut_ptr(), &mut len));
    assert_eq!((rv, len, signature), (CKR_HOST_MEMORY, 16, [1; 16]));
}

#[test]
fn a_buffer_beyond_any_memory_is_refused_and_one_that_claims_too_much_is_not() {
    let host = Host::new();
    let mut len = u64::MAX;
    let mut signature = [1u8; 16];
    assert_eq!(call!(host, C_SignFinal(SESSION, signature.as_mut_ptr(), &mut len)), CKR_ARGUMENTS_BAD);
    for more_than_there_is in [1 << 30, 1 << 40] {
        len = more_than_there_is;
        let rv = call!(host, C_SignFinal(SESSION, signature.as_mut_ptr(), &mut len));
        assert_eq!((rv, len, &signature[..10]), (CKR_OK, 9, &b"signature\x01"[..]));
    }
    len = 16;
    assert_eq!(call!(host, C_SignFinal(SESSION, WILD, &mut len)), CKR_ARGUMENTS_BAD);
}

#[test]
fn input_and_output_may_be_the_same_memory_or_share_some() {
    let host = Host::new();
    for (from, to) in [(0, 0), (0, 3), (3, 0), (0, 6), (6, 0)] {
        let mut memory = *b"............";
        memory[from..from + 6].copy_from_slice(b"abcdef");
        let mut len = 6;
        let (data, digest) = (memory.as_mut_ptr().wrapping_add(from), memory.as_mut_ptr().wrapping_add(to));
        assert_eq!(call!(host, C_Digest(SESSION, data, 6, digest, &mut len)), CKR_OK);
        assert_eq!((&memory[to..to + 6], len), (&b"fedcba"[..], 6));
    }
}

#[test]
fn unaligned_pointers_are_survived() {
    let host = Host::new();
    let mut memory = [0u8; 64];
    let memory = memory.as_mut_ptr();
    let odd = |offset: usize| memory.wrapping_add(offset | 1);
    let count = odd(0).cast::<u64>();
    let list = odd(16).cast::<u64>();
    // SAFETY: 8 bytes of `memory`.
    unsafe { count.write_unaligned(3) };
    assert_eq!(call!(host, C_GetMechanismList(SLOT.0, list, count)), CKR_OK);
    // SAFETY: as above.
    assert_eq!(unsafe { list.wrapping_add(2).read_unaligned() }, 0x1041);
    let handle = odd(48).cast::<u64>();
    assert_eq!(call!(host, C_OpenSession(SLOT.0, CKF_SERIAL_SESSION, null_mut(), None, handle)), CKR_OK);
    // SAFETY: as above.
    assert_eq!(unsafe { handle.read_unaligned() }, SESSION);
    let sha = odd(0).cast();
    // SAFETY: 24 bytes of `memory`.
    unsafe { sha_write(sha) };
    assert_eq!(call!(host, C_DigestInit(SESSION, sha)), CKR_OK);
    assert_eq!(locked(&host.token.mechanism).as_ref().unwrap().mechanism_type, CKM_SHA256);
}

/// # Safety
/// Room for a mechanism.
unsafe fn sha_write(place: *mut cryptoki_sys::CK_MECHANISM) {
    // SAFETY: as promised to this function.
    unsafe { place.write_unaligned(mechanism(CKM_SHA256, null_mut(), 0)) };
}

#[test]
fn no_pin_is_not_an_empty_pin() {
    let host = Host::new();
    let mut pin = *b"1234";
    let mut name = *b"user";
    let (p, n) = (pin.as_mut_ptr(), name.as_mut_ptr());
    assert_eq!(call!(host, C_Login(SESSION, CKU_USER, null_mut(), 0)), CKR_OK);
    assert_eq!(call!(host, C_Login(SESSION, CKU_SO, p, 0)), CKR_OK);
    assert_eq!(call!(host, C_Login(SESSION, CKU_USER, null_mut(), 4)), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_LoginUser(SESSION, CKU_USER, p, 4, n, 4)), CKR_OK);
    assert_eq!(call!(host, C_SetPIN(SESSION, p, 4, null_mut(), 0)), CKR_OK);
    assert_eq!(
        host.token.asked(),
        ["login(User, none)", "login(So, )", "login_user(User, 1234, user)", "set_pin(1234, none)"]
    );
}

#[test]
fn a_pin_of_a_wrong_length_is_a_wrong_pin_where_none_is_set() {
    let host = Host::new();
    *locked(&host.token.failure) = Some(Error::PinLenRange);
    assert_eq!(call!(host, C_Login(SESSION, CKU_USER, null_mut(), 0)), CKR_PIN_INCORRECT);
}

#[test]
fn a_label_is_32_bytes_and_not_null() {
    let host = Host::new();
    let mut label = [b' '; 32];
    label[0] = b'x';
    let rv = call!(host, C_InitToken(SLOT.0, null_mut(), 0, label.as_mut_ptr()));
    assert_eq!(rv, CKR_OK);
    assert_eq!(call!(host, C_InitToken(SLOT.0, null_mut(), 0, null_mut())), CKR_ARGUMENTS_BAD);
    assert_eq!(host.token.asked(), [format!("init_token(7, none, x{})", " ".repeat(31))]);
}

#[test]
fn the_flags_of_a_session_are_told_apart() {
    let host = Host::new();
    let mut session = 0;
    let mut open = |flags| call!(host, C_OpenSession(SLOT.0, flags, null_mut(), None, &mut session));
    assert_eq!(open(CKF_SERIAL_SESSION | CKF_RW_SESSION), CKR_OK);
    assert_eq!(open(0), CKR_OK);
    assert_eq!(open(CKF_SERIAL_SESSION | CKF_ASYNC_SESSION), CKR_OK);
    let asked = [
        "open_session(7, ReadWrite, true)",
        "open_session(7, ReadOnly, false)",
        "open_session(7, ReadOnly, true)",
    ];
    assert_eq!(host.token.asked(), asked);
    let rv = call!(host, C_OpenSession(SLOT.0, CKF_SERIAL_SESSION, null_mut(), None, null_mut()));
    assert_eq!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn no_mechanism_ends_an_operation_and_begins_no_key_pair() {
    let host = Host::new();
    assert_eq!(call!(host, C_SignInit(SESSION, null_mut(), 5)), CKR_OK);
    assert_eq!(
        (host.token.asked(), locked(&host.token.mechanism).clone()),
        (vec!["sign_init(5)".into()], None)
    );
    let (mut public, mut private) = (0, 0);
    let rv = call!(
        host,
        C_GenerateKeyPair(SESSION, null_mut(), null_mut(), 0, null_mut(), 0, &mut public, &mut private)
    );
    assert_eq!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn mechanism_parameters_arrive_in_their_form() {
    let host = Host::new();
    let mut pss = [CKM_SHA256, CKG_MGF1_SHA256, 32];
    let begin = |mechanism_type, parameter, len| {
        let mut mechanism = mechanism(mechanism_type, parameter, len);
        assert_eq!(call!(host, C_VerifyInit(SESSION, &mut mechanism, 5)), CKR_OK);
        locked(&host.token.mechanism).clone().unwrap().parameters
    };
    let salt = PssParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, salt_len: 32 };
    assert_eq!(begin(CKM_RSA_PKCS_PSS, pss.as_mut_ptr().cast(), 24), Parameters::Pss(salt));
    assert_eq!(begin(CKM_RSA_PKCS_PSS, WILD.cast(), 23), Parameters::Unknown);
    assert_eq!(begin(CKM_RSA_PKCS, null_mut(), 0), Parameters::None);
    assert_eq!(begin(CKM_RSA_PKCS, WILD.cast(), 0), Parameters::None);
    assert_eq!(begin(CKM_RSA_PKCS, WILD.cast(), 8), Parameters::Unknown);
    let mut null = mechanism(CKM_RSA_PKCS_PSS, null_mut(), 24);
    assert_eq!(call!(host, C_VerifyInit(SESSION, &mut null, 5)), CKR_ARGUMENTS_BAD);
}
