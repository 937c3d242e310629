//! Section 5.5: slots, and the tokens that appear in them.

use cryptoki_sys::{
    CKF_TOKEN_INITIALIZED, CKF_TOKEN_PRESENT, CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKR_BUFFER_TOO_SMALL, CKR_MECHANISM_INVALID, CKR_OK, CKR_SLOT_ID_INVALID, CKR_TOKEN_NOT_INITIALIZED,
    CKR_TOKEN_NOT_RECOGNIZED,
};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::token::{LABEL, empty_slots, initialised_slots, slots};
use pkcs11_tests::{SO_PIN, Test, assert_rv, on_both, on_claviger};

on_both!(
    an_empty_installation_has_one_slot_with_a_token_to_initialise,
    there_is_always_one_more_slot,
    the_slot_that_waits_for_a_token_comes_last,
    a_slot_that_never_was_is_refused,
    too_little_room_for_the_slots_names_their_number,
    too_little_room_for_the_mechanisms_names_their_number,
    the_mechanism_list_and_its_infos_agree,
    a_token_that_another_process_makes_shows_at_the_next_look,
    slot_numbers_fit_a_positive_32_bit_integer,
    a_blank_token_lists_its_mechanisms,
    no_session_with_a_token_that_is_not_initialised,
    the_sizes_of_mechanisms_are_in_bits,
);
on_claviger!(
    slot_numbers_stay_over_init_and_restart,
    the_list_does_not_change_between_the_query_and_the_answer,
);

fn an_empty_installation_has_one_slot_with_a_token_to_initialise(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slots = slots(t.module);
    assert_eq!(slots.len(), 1);
    let (rv, info) = t.module.slot_info(slots[0]);
    assert_rv!(rv, CKR_OK);
    assert_ne!(info.flags & CKF_TOKEN_PRESENT, 0);
    assert!(!info.slotDescription.contains(&0), "padded with blanks");
    let (rv, info) = t.module.token_info(slots[0]);
    assert_rv!(rv, CKR_OK);
    assert_eq!(info.flags & CKF_TOKEN_INITIALIZED, 0);
}

fn there_is_always_one_more_slot(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    for tokens in 1..4 {
        let slot = empty_slots(t.module)[0];
        assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        assert_eq!(empty_slots(t.module).len(), 1);
        assert_eq!(initialised_slots(t.module).len(), tokens);
    }
}

/// Stock programs that are not told a slot take the first: pkcs11-tool, and Java's provider by its default.
fn the_slot_that_waits_for_a_token_comes_last(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    for _ in 0..6 {
        let slot = empty_slots(t.module)[0];
        assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        assert_eq!(slots(t.module).last(), empty_slots(t.module).first());
    }
}

/// Claviger's own promise: SoftHSM numbers its slots anew at C_Initialize.
fn slot_numbers_stay_over_init_and_restart(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let mut made = Vec::new();
    for _ in 0..3 {
        let before = slots(t.module);
        let slot = empty_slots(t.module)[0];
        assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
        made.push(slot);
        assert!(before.iter().all(|slot| slots(t.module).contains(slot)), "no slot went away");
        assert_eq!(initialised_slots(t.module).len(), made.len());
    }
    let serials: Vec<_> = made.iter().map(|slot| t.module.token_info(*slot).1.serialNumber).collect();
    let all = slots(t.module);
    assert_rv!(t.module.init_token(made[1], SO_PIN.into(), Some(LABEL)), CKR_OK);
    assert_eq!(slots(t.module), all, "initialising again changes no number");
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_rv!(t.module.initialize(), CKR_OK);
    assert_eq!(slots(t.module), all, "nor does a restart");
    let mut other = Actor::start(&t.installation);
    let _ = other.does("initialize").ok();
    let seen: Vec<u64> = other.does("slots").ok().iter().map(|slot| slot.parse().unwrap()).collect();
    assert_eq!(seen, initialised_slots(t.module), "another process sees the same");
    let again: Vec<_> = made.iter().map(|slot| t.module.token_info(*slot).1.serialNumber).collect();
    assert_eq!(again[0], serials[0]);
    assert_eq!(again[2], serials[2]);
}

fn slot_numbers_fit_a_positive_32_bit_integer(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    for _ in 0..8 {
        assert!(slots(t.module).iter().all(|slot| (0..=0x7FFF_FFFF).contains(slot)));
        let slot = empty_slots(t.module)[0];
        assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    }
}

fn a_slot_that_never_was_is_refused(t: &Test) {
    let m = t.module;
    assert_rv!(m.initialize(), CKR_OK);
    let known = slots(m);
    for slot in [4711, u64::MAX, u64::MAX >> 1, 1 << 32].into_iter().filter(|slot| !known.contains(slot)) {
        assert_rv!(m.slot_info(slot).0, CKR_SLOT_ID_INVALID);
        assert_rv!(m.token_info(slot).0, CKR_SLOT_ID_INVALID);
        assert_rv!(m.mechanism_list(slot, None).0, CKR_SLOT_ID_INVALID);
        assert_rv!(m.mechanism_info(slot, CKM_RSA_PKCS).0, CKR_SLOT_ID_INVALID);
        assert_rv!(m.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_SLOT_ID_INVALID);
        assert_rv!(m.open_session(slot, 4).0, CKR_SLOT_ID_INVALID);
        assert_rv!(m.close_all_sessions(slot), CKR_SLOT_ID_INVALID);
    }
}

fn too_little_room_for_the_slots_names_their_number(t: &Test) {
    let token = t.token();
    let (rv, needed, _) = token.module.slot_list(false, None);
    assert_rv!(rv, CKR_OK);
    assert_eq!(needed, 2);
    for room in 0..2 {
        let (rv, count, _) = token.module.slot_list(false, Some(room));
        assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
        assert_eq!(count, needed);
    }
    let (rv, count, _) = token.module.slot_list(true, Some(10));
    assert_rv!(rv, CKR_OK);
    assert_eq!(count, needed, "every slot holds a token");
}

/// Section 5.5.1: the set of slots is looked at when `pSlotList` is null, not in between.
/// SoftHSM looks at C_Initialize alone, so that the last line finds one slot still.
fn the_list_does_not_change_between_the_query_and_the_answer(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let before = slots(t.module);
    let mut other = Actor::start(&t.installation);
    let _ = other.does("initialize").ok();
    let _ = other.does(&format!("init-token {} {SO_PIN}", before[0])).ok();
    let (rv, _, slots_now) = t.module.slot_list(false, Some(10));
    assert_rv!(rv, CKR_OK);
    assert_eq!(slots_now, before);
    assert_eq!(slots(t.module).len(), 2);
}

fn too_little_room_for_the_mechanisms_names_their_number(t: &Test) {
    let token = t.token();
    let (rv, needed, _) = token.module.mechanism_list(token.slot, None);
    assert_rv!(rv, CKR_OK);
    for room in [0, 1, usize::try_from(needed).unwrap() - 1] {
        let (rv, count, _) = token.module.mechanism_list(token.slot, Some(room));
        assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
        assert_eq!(count, needed);
    }
}

fn the_mechanism_list_and_its_infos_agree(t: &Test) {
    let token = t.token();
    let (rv, _, types) = token.module.mechanism_list(token.slot, Some(500));
    assert_rv!(rv, CKR_OK);
    let mut once = types.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), types.len(), "each mechanism once");
    for kind in &types {
        let (rv, info) = token.module.mechanism_info(token.slot, *kind);
        assert_rv!(rv, CKR_OK, "for mechanism {kind:#x}");
        assert!(info.ulMinKeySize <= info.ulMaxKeySize);
        assert!(!t.is_claviger() || info.flags & 0x7FFF_FFFF != 0, "mechanism {kind:#x} can nothing");
    }
    for kind in [0xFFFF_0000, u64::MAX, 0x7FFF_FFFF] {
        assert_rv!(token.module.mechanism_info(token.slot, kind).0, CKR_MECHANISM_INVALID);
    }
}

fn the_sizes_of_mechanisms_are_in_bits(t: &Test) {
    let token = t.token();
    for (kind, low, high) in
        [(CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, 16384), (CKM_RSA_PKCS, 1024, 16384), (CKM_ECDSA, 256, 384)]
    {
        let (rv, info) = token.module.mechanism_info(token.slot, kind);
        assert_rv!(rv, CKR_OK);
        assert!(info.ulMinKeySize <= low && info.ulMaxKeySize >= high, "{kind:#x}");
    }
}

fn a_blank_token_lists_its_mechanisms(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    let (rv, count, _) = t.module.mechanism_list(slot, None);
    assert_rv!(rv, CKR_OK);
    assert!(count > 5);
    assert_rv!(t.module.mechanism_info(slot, CKM_RSA_PKCS).0, CKR_OK);
}

/// Section 5.1.3 names CKR_TOKEN_NOT_INITIALIZED for a token "in factory state".
fn no_session_with_a_token_that_is_not_initialised(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    let (rv, _) = t.module.open_session(slot, 6);
    assert!([CKR_TOKEN_NOT_INITIALIZED, CKR_TOKEN_NOT_RECOGNIZED].contains(&rv), "{rv:#x}");
}

fn a_token_that_another_process_makes_shows_at_the_next_look(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    let mut other = Actor::start(&t.installation);
    let _ = other.does("initialize").ok();
    let _ = other.does(&format!("init-token {slot} {SO_PIN}")).ok();
    if t.is_claviger() {
        assert_eq!(initialised_slots(t.module), [slot]);
        assert_eq!(empty_slots(t.module).len(), 1);
    } else {
        // SoftHSM looks only once, at C_Initialize; section 5.5.1 wants it at C_GetSlotList(NULL).
        assert_rv!(t.module.finalize(), CKR_OK);
        assert_rv!(t.module.initialize(), CKR_OK);
        assert_eq!(initialised_slots(t.module).len(), 1);
    }
}
