//! An operation's state, taken out in the middle and put into another one.

use super::*;

proptest! {
    #[test]
    fn a_saved_operation_goes_on_as_if_it_had_never_stopped(
        value in any::<[u8; 32]>(),
        data in vec(any::<u8>(), 0..200),
        sizes in vec(0usize..50, 0..20),
    ) {
        let key = key(&value);
        for mechanism in modes().into_iter().chain(wraps()) {
            let data = [&[1; 16], &data[..data.len() - data.len() % 16]].concat();
            let sealed = whole(Can::encrypt, &mechanism, &key, &data).unwrap();
            let plain = in_lives(Can::decrypt, &mechanism, &key, &cut(&sealed, &sizes));
            prop_assert_eq!(plain, Ok(data.clone()));
            if mechanism.mechanism_type != CKM_AES_GCM {
                prop_assert_eq!(in_lives(Can::encrypt, &mechanism, &key, &cut(&data, &sizes)), Ok(sealed));
            }
        }
    }
}

#[test]
fn a_running_gcm_encryption_cannot_tell_its_state() {
    let mut cipher = start_cipher(Can::encrypt, &gcm(&[7; 12], b"aad", 128), &key(&[1; 16])).unwrap();
    assert!(cipher.save().is_none());
    cipher.update(b"part", &mut [0; 4]).unwrap();
    assert!(cipher.save().is_none());
    assert_eq!(cipher.restore(&[]), Err(Error::SavedStateInvalid));
}

#[test]
fn what_is_no_state_of_this_cipher_is_refused() {
    let key = key(&[1; 16]);
    let cases: [(Mechanism, Ability, &[usize]); 6] = [
        (plain(CKM_AES_ECB), Can::encrypt, &[16, 17]),
        (plain(CKM_AES_ECB), Can::decrypt, &[16, 17]),
        (with(CKM_AES_CBC, iv_of(&[7; 16])), Can::decrypt, &[0, 15, 32, 33]),
        (with(CKM_AES_CBC_PAD, iv_of(&[7; 16])), Can::encrypt, &[0, 15, 32, 33]),
        (with(CKM_AES_CBC_PAD, iv_of(&[7; 16])), Can::decrypt, &[0, 15, 33]),
        (counter(64, [7; 16]), Can::encrypt, &[0, 15, 51, 53]),
    ];
    for (mechanism, ability, lengths) in cases {
        for len in lengths {
            let mut cipher = start_cipher(ability, &mechanism, &key).unwrap();
            let answer = cipher.restore(&vec![0; *len]);
            assert_eq!(answer, Err(Error::SavedStateInvalid), "{mechanism:?} and {len}");
        }
    }
}

#[test]
fn a_place_in_the_key_stream_beyond_its_block_is_refused() {
    let key = key(&[1; 16]);
    for (used, expected) in [(0, Ok(())), (15, Ok(())), (16, Err(Error::SavedStateInvalid))] {
        let state = [&[0; 32][..], &u32::to_be_bytes(used), &[255; 16]].concat();
        let mut cipher = start_cipher(Can::encrypt, &counter(64, [7; 16]), &key).unwrap();
        assert_eq!(cipher.restore(&state), expected);
    }
}

#[test]
fn a_message_too_long_to_be_sealed_twice_over_is_not_saved() {
    let mut cipher = start_cipher(Can::decrypt, &gcm(&[7; 12], b"", 128), &key(&[1; 16])).unwrap();
    let part = vec![0; 1 << 25];
    for saved in [true, true, false] {
        cipher.update(&part, &mut []).unwrap();
        assert_eq!(cipher.save().is_some(), saved);
    }
}
