//! Section 6.13.3: vectors that are generated for messages, and what else a message's parameters may have. SoftHSM, of
//! 2.40, has none of it.

use cryptoki_sys::{
    CKF_END_OF_MESSAGE, CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_GENERATE_RANDOM,
    CKG_NO_GENERATE, CKM_SHA256_HMAC, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_DATA_LEN_RANGE,
    CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_HOST_MEMORY, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::raw::limits;
use pkcs11_tests::raw::messages::{Given, Parameters};
use pkcs11_tests::raw::parameters::claiming;
use pkcs11_tests::{Out, Sent, Test, assert_rv, mechanism, on_claviger};

use crate::message_encrypting::{AAD, ALL, Cipher, DATA, IV, bench, whole_parameters};
use crate::running_short::{MUCH, short_of_memory};
use crate::secret_keys::generic;

on_claviger!(
    the_examples_of_the_standard_run,
    counters_begin_at_zero_and_with_each_process_anew,
    a_counter_is_combined_with_what_was_given,
    generators_are_refused_before_a_vector_comes_twice,
    generators_that_count_are_alone_in_their_process,
    random_vectors_differ_and_keep_their_fixed_bits,
    a_vector_that_is_given_is_not_written,
    generators_do_not_matter_to_decryption,
    parameters_of_another_form_are_not_followed,
    a_mechanism_that_cannot_be_there_is_a_bad_argument,
    a_host_without_memory_is_told_by_what_takes_some,
    too_little_room_keeps_what_is_to_be_decrypted,
    lengths_that_do_not_fit_are_refused,
    the_parameters_at_init_are_judged_by_their_length_alone,
    the_length_told_to_ccm_holds_for_the_message,
    a_tag_may_not_change_its_length_within_a_message,
);

/// The example of section 5.9.5: a vector that is given, then one that is generated, in one process.
fn the_examples_of_the_standard_run(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    b.begin(cipher);
    let mut parameters = Parameters::given(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 16);
    let first = b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
    assert_eq!(b.decrypt(cipher, &mut parameters.clone(), AAD, &first), Ok(DATA.to_vec()));
    parameters.generator = CKG_GENERATE;
    let before = parameters.vector.clone();
    assert_rv!(b.encrypt_begin(cipher, &mut parameters, AAD), CKR_OK);
    assert_ne!(parameters.vector, before);
    let mut sealed = b.encrypt_next(cipher, &mut parameters, &DATA[..20], 0).unwrap();
    sealed.extend(b.encrypt_next(cipher, &mut parameters, &DATA[20..], CKF_END_OF_MESSAGE).unwrap());
    let expected = b.expected(cipher, &parameters, AAD, DATA);
    assert_eq!((sealed, parameters.tag), expected);
    b.end();
}

fn counters_begin_at_zero_and_with_each_process_anew(t: &Test) {
    let b = bench(t);
    for cipher in [Cipher::Gcm, Cipher::Ccm] {
        for _ in 0..2 {
            b.begin(cipher);
            let mut parameters = Parameters::generated(&[0xFF; 12], 36, CKG_GENERATE_COUNTER, 16);
            parameters = parameters.for_data(DATA.len());
            for count in 0..300_u16 {
                let sealed = b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
                let [high, low] = count.to_be_bytes();
                let vector = [0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 0, 0, 0, high, low];
                assert_eq!(parameters.vector, vector, "{cipher:?}");
                assert_eq!(sealed, b.expected(cipher, &parameters, AAD, DATA).0);
            }
            b.end();
        }
    }
}

fn a_counter_is_combined_with_what_was_given(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    b.begin(cipher);
    for count in 0..4_u8 {
        let mut parameters = Parameters::generated(&[0x0A; 12], 32, CKG_GENERATE_COUNTER_XOR, 16);
        b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
        let mut expected = [0x0A; 12];
        expected[11] ^= count;
        assert_eq!(parameters.vector, expected);
        if count > 0 {
            // It has what was made in the place of what was given.
            assert_eq!(b.encrypt(cipher, &mut parameters, AAD, DATA), Err(CKR_MECHANISM_PARAM_INVALID));
        }
    }
    b.end();
}

/// "Nonce space exhausted": refused, and from then on.
fn generators_are_refused_before_a_vector_comes_twice(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    for (vector, fixed_bits, generator, most) in [
        (&[9; 12][..], 93, CKG_GENERATE_COUNTER, 8),
        (&[9; 12], 96, CKG_GENERATE_COUNTER, 1),
        (&[9; 12], 90, CKG_GENERATE_COUNTER_XOR, 64),
        (&[9; 12], 60, CKG_GENERATE_RANDOM, 4),
        (&[9; 4], 0, CKG_GENERATE_RANDOM, 1),
        (&[9; 12], 65, CKG_GENERATE_RANDOM, 0),
        (&[9; 12], 65, CKG_GENERATE, 0),
    ] {
        b.begin(cipher);
        let fresh = || Parameters::generated(vector, fixed_bits, generator, 16);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..most {
            let mut parameters = fresh();
            b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
            assert!(seen.insert(parameters.vector), "generator {generator}");
        }
        for _ in 0..2 {
            let mut parameters = fresh();
            let refused = Err(CKR_MECHANISM_PARAM_INVALID);
            assert_eq!(b.encrypt(cipher, &mut parameters, AAD, DATA), refused, "generator {generator}");
            assert_rv!(b.encrypt_begin(cipher, &mut parameters, AAD), CKR_MECHANISM_PARAM_INVALID);
            assert_eq!(parameters, fresh());
        }
        b.end();
    }
}

fn generators_that_count_are_alone_in_their_process(t: &Test) {
    let b = bench(t);
    let (cipher, refused) = (Cipher::Gcm, Err(CKR_MECHANISM_PARAM_INVALID));
    let counted = || Parameters::generated(&[9; 12], 32, CKG_GENERATE_COUNTER, 16);
    b.begin(cipher);
    b.encrypt(cipher, &mut counted(), AAD, DATA).unwrap();
    for mut other in [
        Parameters { generator: CKG_NO_GENERATE, ..counted() },
        Parameters { generator: CKG_GENERATE, ..counted() },
        Parameters { generator: CKG_GENERATE_RANDOM, ..counted() },
        Parameters { generator: CKG_GENERATE_COUNTER_XOR, ..counted() },
        Parameters { fixed_bits: 40, ..counted() },
        Parameters { vector: vec![9; 13], ..counted() },
        Parameters { vector: vec![8; 12], ..counted() },
    ] {
        assert_eq!(b.encrypt(cipher, &mut other, AAD, DATA), refused, "{other:?}");
    }
    b.encrypt(cipher, &mut counted(), AAD, DATA).unwrap();
    b.end();
    b.begin(cipher);
    b.encrypt(cipher, &mut Parameters::given(IV, 16), AAD, DATA).unwrap();
    assert_eq!(b.encrypt(cipher, &mut counted(), AAD, DATA), refused);
    b.end();
}

fn random_vectors_differ_and_keep_their_fixed_bits(t: &Test) {
    let b = bench(t);
    for cipher in [Cipher::Gcm, Cipher::Ccm] {
        for (generator, fixed_bits) in
            [(CKG_GENERATE, 0), (CKG_GENERATE, 35), (CKG_GENERATE_RANDOM, 0), (CKG_GENERATE_RANDOM, 35)]
        {
            b.begin(cipher);
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..20 {
                let mut parameters = Parameters::generated(&[0xA5; 12], fixed_bits, generator, 16);
                parameters = parameters.for_data(DATA.len());
                let sealed = b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
                if fixed_bits > 0 {
                    assert_eq!(parameters.vector[..4], [0xA5; 4]);
                    assert_eq!(parameters.vector[4] >> 5, 0xA5 >> 5);
                }
                assert_eq!(b.decrypt(cipher, &mut parameters, AAD, &sealed), Ok(DATA.to_vec()));
                assert!(seen.insert(parameters.vector), "{cipher:?}");
            }
            b.end();
        }
    }
}

/// It may lie where nothing is writable.
fn a_vector_that_is_given_is_not_written(t: &Test) {
    let b = bench(t);
    static GIVEN: [u8; 12] = [7; 12];
    b.begin(Cipher::Gcm);
    let mut parameters = whole_parameters();
    let mut raw = parameters.gcm();
    raw.pIv = GIVEN.as_ptr().cast_mut();
    let mut room = [0; 128];
    let out = Out::buffer(&mut room);
    let rv = b.m.encrypt_message(b.session, Given::of(&mut raw), AAD.into(), DATA.into(), out).0;
    assert_rv!(rv, CKR_OK);
    b.end();
}

/// Section 6.13.3: "the ulIvFixedBits and ivGenerator fields are ignored".
fn generators_do_not_matter_to_decryption(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    b.begin(cipher);
    let mut parameters = whole_parameters();
    let sealed = b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
    for generator in [CKG_GENERATE_COUNTER, 77] {
        let mut ignored = Parameters { generator, fixed_bits: 5000, ..parameters.clone() };
        assert_eq!(b.decrypt(cipher, &mut ignored, AAD, &sealed), Ok(DATA.to_vec()));
        assert_eq!(ignored.vector, IV);
    }
    b.end();
}

/// Section 6.13.8, and pointers that cannot be there.
fn lengths_that_do_not_fit_are_refused(t: &Test) {
    let b = bench(t);
    let invalid = CKR_MECHANISM_PARAM_INVALID;
    for cipher in ALL {
        b.begin(cipher);
        let fitting = whole_parameters();
        let mut others = vec![
            Parameters { vector: vec![], ..fitting.clone() },
            Parameters { vector: vec![1; 6], ..fitting.clone() },
            Parameters { tag: vec![0; 3], ..fitting.clone() },
            Parameters { tag: vec![0; 17], ..fitting.clone() },
            Parameters { fixed_bits: 97, ..fitting.clone() },
            Parameters { generator: 5, ..fitting.clone() },
            Parameters { generator: u64::MAX, ..fitting },
        ];
        match cipher {
            // Any vector of a byte or more is one.
            Cipher::Gcm => drop(others.remove(1)),
            Cipher::Ccm => {}
            Cipher::ChaCha => others.truncate(2),
        }
        for mut other in others {
            assert_eq!(b.encrypt(cipher, &mut other, AAD, DATA), Err(invalid), "{cipher:?} {other:?}");
            assert_rv!(b.encrypt_begin(cipher, &mut other, AAD), invalid, "{cipher:?} {other:?}");
        }
        b.end();
    }
    let (m, session) = (b.m, b.session);
    b.begin(Cipher::Gcm);
    let mut parameters = whole_parameters();
    let raw = parameters.gcm();
    let wild = (usize::MAX - 4095) as *mut u8;
    for (vector, tag) in [(std::ptr::null_mut(), raw.pTag), (wild, raw.pTag), (raw.pIv, std::ptr::null_mut())]
    {
        let mut broken = cryptoki_sys::CK_GCM_MESSAGE_PARAMS { pIv: vector, pTag: tag, ..raw };
        let out = &mut [0; 128];
        let given = Given::of(&mut broken);
        let rv = m.encrypt_message(session, given, AAD.into(), DATA.into(), Out::buffer(out)).0;
        assert_rv!(rv, invalid);
        let given = Given::of(&mut broken);
        let rv = m.decrypt_message(session, given, AAD.into(), DATA.into(), Out::buffer(out)).0;
        assert_rv!(rv, invalid);
    }
    let mut long = cryptoki_sys::CK_GCM_MESSAGE_PARAMS { ulIvLen: u64::MAX, ..raw };
    let rv = m.encrypt_message_begin(session, Given::of(&mut long), AAD.into());
    assert_rv!(rv, invalid);
    // A tag is needed at the end alone: that of a message's beginning is not looked at.
    let mut early = cryptoki_sys::CK_GCM_MESSAGE_PARAMS { pTag: std::ptr::null_mut(), ..raw };
    assert_rv!(m.encrypt_message_begin(session, Given::of(&mut early), AAD.into()), CKR_OK);
    let given = Given::of(&mut early);
    let rv = m.encrypt_message_next(session, given, DATA.into(), Out::buffer(&mut [0; 128]), 0).0;
    assert_rv!(rv, CKR_OK);
    let given = Given::of(&mut early);
    let rv = m.encrypt_message_next(session, given, DATA.into(), Out::buffer(&mut [0; 128]), 1).0;
    assert_rv!(rv, invalid);
}

fn the_parameters_at_init_are_judged_by_their_length_alone(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    for (cipher, own) in [(Cipher::Gcm, 48), (Cipher::Ccm, 56), (Cipher::ChaCha, 24)] {
        let wild = Sent::at((usize::MAX - 4095) as *mut u8, own);
        for (sent, expected) in [
            (wild, CKR_OK),
            (Sent::null(own), CKR_OK),
            (Sent::null(0), CKR_OK),
            (Sent::at((usize::MAX - 4095) as *mut u8, 32), CKR_MECHANISM_PARAM_INVALID),
            (Sent::null(1), CKR_MECHANISM_PARAM_INVALID),
        ] {
            let by = claiming(cipher.kind(), sent);
            assert_rv!(m.message_encrypt_init(session, Some(&by), b.key(cipher)), expected);
            assert_rv!(m.message_decrypt_init(session, Some(&by), b.key(cipher)), expected);
            if expected == CKR_OK {
                b.end();
            }
        }
    }
}

fn the_length_told_to_ccm_holds_for_the_message(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Ccm;
    let told = |len: usize| Parameters::given(IV, 16).for_data(len);
    b.begin(cipher);
    for len in [0, DATA.len() - 1, DATA.len() + 1] {
        assert_eq!(b.encrypt(cipher, &mut told(len), AAD, DATA), Err(CKR_DATA_LEN_RANGE));
        assert_eq!(b.decrypt(cipher, &mut told(len), AAD, DATA), Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
        assert_rv!(b.encrypt_begin(cipher, &mut told(len), AAD), CKR_OK);
        let last = b.encrypt_next(cipher, &mut told(len), DATA, CKF_END_OF_MESSAGE);
        assert_eq!(last, Err(CKR_DATA_LEN_RANGE));
        assert_rv!(b.decrypt_begin(cipher, &mut told(len), AAD), CKR_OK);
        let last = b.decrypt_next(cipher, &mut told(len), DATA, CKF_END_OF_MESSAGE);
        assert_eq!(last, Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
    }
    assert_rv!(b.encrypt_begin(cipher, &mut told(4), AAD), CKR_OK);
    assert_eq!(b.encrypt_next(cipher, &mut told(4), &DATA[..5], 0), Err(CKR_DATA_LEN_RANGE));
    assert_rv!(b.decrypt_begin(cipher, &mut told(4), AAD), CKR_OK);
    assert_eq!(b.decrypt_next(cipher, &mut told(4), &DATA[..5], 0), Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
    // A nonce of 13 bytes leaves two for the length.
    let mut long = Parameters::given(&[1; 13], 16).for_data(1 << 16);
    assert_rv!(b.encrypt_begin(cipher, &mut long, AAD), CKR_MECHANISM_PARAM_INVALID);
    assert_rv!(b.decrypt_begin(cipher, &mut long, AAD), CKR_MECHANISM_PARAM_INVALID);
    b.end();
}

fn a_tag_may_not_change_its_length_within_a_message(t: &Test) {
    let b = bench(t);
    for cipher in [Cipher::Gcm, Cipher::Ccm] {
        b.begin(cipher);
        let mut shorter = Parameters { tag: vec![0; 12], ..whole_parameters() };
        assert_rv!(b.encrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        let last = b.encrypt_next(cipher, &mut shorter, DATA, CKF_END_OF_MESSAGE);
        assert_eq!(last, Err(CKR_MECHANISM_PARAM_INVALID));
        assert_rv!(b.decrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        let last = b.decrypt_next(cipher, &mut shorter, DATA, CKF_END_OF_MESSAGE);
        assert_eq!(last, Err(CKR_MECHANISM_PARAM_INVALID));
        b.end();
    }
}

/// What is no structure of the process's mechanism is not followed.
fn parameters_of_another_form_are_not_followed(t: &Test) {
    let b = bench(t);
    let (m, session, invalid) = (b.m, b.session, CKR_MECHANISM_PARAM_INVALID);
    let wild = usize::MAX - 4095;
    for cipher in ALL {
        b.begin(cipher);
        let sizes = [48, 56, 24];
        let own = match cipher {
            Cipher::Gcm => 48,
            Cipher::Ccm => 56,
            Cipher::ChaCha => 24,
        };
        let lengths = sizes.into_iter().filter(|len| *len != own).chain([1, 8, u64::MAX, 0]);
        let mut out = [0; 128];
        for (address, len) in lengths.map(|len| (wild, len)).chain([(0, own), (wild, own)]) {
            let given = || Given::at(address, len);
            let sent = Sent::from(DATA);
            let rv = m.encrypt_message(session, given(), AAD.into(), sent, Out::buffer(&mut out)).0;
            assert_rv!(rv, invalid, "{cipher:?} {len}");
            let rv = m.encrypt_message(session, given(), AAD.into(), sent, Out::query()).0;
            assert_rv!(rv, invalid);
            let rv = m.decrypt_message(session, given(), AAD.into(), sent, Out::buffer(&mut out)).0;
            assert_rv!(rv, invalid);
            assert_rv!(m.encrypt_message_begin(session, given(), AAD.into()), invalid);
            assert_rv!(m.decrypt_message_begin(session, given(), AAD.into()), invalid);
            assert_rv!(b.encrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
            let rv = m.encrypt_message_next(session, given(), sent, Out::buffer(&mut out), 0).0;
            assert_rv!(rv, invalid);
            assert_rv!(b.encrypting()[2](&b, cipher), CKR_OPERATION_NOT_INITIALIZED, "the message is over");
            assert_rv!(b.decrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
            let rv = m.decrypt_message_next(session, given(), sent, Out::query(), CKF_END_OF_MESSAGE).0;
            assert_rv!(rv, invalid);
            assert_rv!(b.decrypting()[2](&b, cipher), CKR_OPERATION_NOT_INITIALIZED);
        }
        b.end();
    }
}

/// C_MessageEncryptInit lists no CKR_ARGUMENTS_BAD, as C_EncryptInit.
fn a_mechanism_that_cannot_be_there_is_a_bad_argument(t: &Test) {
    let b = bench(t);
    for address in [usize::MAX, usize::MAX - 64, 1 << 62] {
        let [encrypt, others @ ..] = b.m.message_inits_at(b.session, address, b.aes);
        assert_rv!(encrypt, CKR_MECHANISM_PARAM_INVALID);
        assert_eq!(others, [CKR_ARGUMENTS_BAD; 3]);
    }
}

/// Section 5.1.1. What is decrypted stays apart until its tag holds; input that shares its memory with output is copied.
fn a_host_without_memory_is_told_by_what_takes_some(t: &Test) {
    limits::keep_no_memory();
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let (cipher, much) = (Cipher::Gcm, vec![0; MUCH]);
    let (sent, mut parameters) = (Sent::from(&much), whole_parameters());
    let raw = parameters.gcm();
    let given = || Given::at(std::ptr::from_ref(&raw).expose_provenance(), 48);
    b.begin(cipher);
    let over = || Out::over(sent, MUCH as u64);
    let none = || Sent::null(0);
    let short = |call: &dyn Fn() -> u64| assert_rv!(short_of_memory(call), CKR_HOST_MEMORY);
    short(&|| m.encrypt_message(session, given(), none(), sent, over()).0);
    short(&|| m.decrypt_message(session, given(), none(), sent, over()).0);
    short(&|| m.decrypt_message_begin(session, given(), sent));
    assert_rv!(m.encrypt_message_begin(session, given(), none()), CKR_OK);
    short(&|| m.encrypt_message_next(session, given(), sent, over(), 0).0);
    assert_rv!(m.decrypt_message_begin(session, given(), none()), CKR_OK);
    short(&|| m.decrypt_message_next(session, given(), sent, Out::buffer(&mut []), 0).0);
    let long =
        cryptoki_sys::CK_GCM_MESSAGE_PARAMS { pIv: much.as_ptr().cast_mut(), ulIvLen: MUCH as u64, ..raw };
    let long = || Given::at(std::ptr::from_ref(&long).expose_provenance(), 48);
    short(&|| m.encrypt_message_begin(session, long(), none()));
    b.end();
    let hmac = mechanism(CKM_SHA256_HMAC);
    let key = generic(m, session, &[1; 32]);
    assert_rv!(m.message_sign_init(session, Some(&hmac), key), CKR_OK);
    short(&|| m.sign_message(session, Given::none(), sent, over()).0);
}

fn too_little_room_keeps_what_is_to_be_decrypted(t: &Test) {
    let b = bench(t);
    for cipher in ALL {
        b.begin(cipher);
        let mut parameters = whole_parameters();
        let sealed = b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
        let len = DATA.len() as u64;
        let mut room = [0; 8];
        let answer = cipher.given(&mut parameters, |given| {
            let out = Out::buffer(&mut room);
            b.m.decrypt_message(b.session, given, AAD.into(), Sent::from(&sealed), out)
        });
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, len));
        assert_rv!(b.decrypt_begin(cipher, &mut parameters, AAD), CKR_OK);
        for _ in 0..2 {
            let answer = cipher.given(&mut parameters, |given| {
                let out = Out::buffer(&mut room);
                b.m.decrypt_message_next(b.session, given, Sent::from(&sealed), out, CKF_END_OF_MESSAGE)
            });
            assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, len), "its part is not taken in");
        }
        assert_eq!(room, [0; 8]);
        let opened = b.decrypt_next(cipher, &mut parameters, &sealed, CKF_END_OF_MESSAGE);
        assert_eq!(opened, Ok(DATA.to_vec()));
        b.end();
    }
}
