//! Sections 5.9 and 5.11: message-based encryption and decryption. What comes out is held against C_Encrypt with the same vector. SoftHSM, of 2.40, has none of it.

use cryptoki_sys::{
    CK_MECHANISM, CKA_DECRYPT, CKA_ENCRYPT, CKA_PRIVATE, CKF_END_OF_MESSAGE, CKF_MESSAGE_DECRYPT,
    CKF_MESSAGE_ENCRYPT, CKF_MULTI_MESSAGE, CKG_GENERATE_COUNTER, CKK_AES, CKK_CHACHA20, CKM_AES_CBC,
    CKM_AES_CCM, CKM_AES_GCM, CKM_CHACHA20_POLY1305, CKR_AEAD_DECRYPT_FAILED, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
    CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::mechanisms::{flags, listed};
use pkcs11_tests::raw::messages::{Given, Parameters};
use pkcs11_tests::raw::parameters::{ccm, chacha20_poly1305, gcm};
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{ENCRYPTION, create, secret_template, whole};

on_claviger!(
    a_message_is_what_c_encrypt_makes_of_it_with_its_tag_apart,
    parts_are_what_the_whole_is,
    the_flags_say_which_mechanisms_take_messages,
    a_wrong_byte_anywhere_is_told_by_the_tag_and_shows_nothing,
    nothing_is_given_before_the_tag_holds,
    a_length_that_is_asked_for_and_a_buffer_without_room_take_no_vector,
    calls_out_of_order_are_refused_and_change_nothing,
    no_mechanism_and_cancelling_end_a_process_in_a_message,
    flags_of_a_part_that_are_none_end_the_message,
    what_cannot_be_read_ends_the_message_and_not_the_process,
    input_and_output_may_be_one_buffer,
    keys_and_mechanisms_are_judged_as_for_c_encrypt_init,
    a_process_does_not_outlive_the_login,
    a_bad_session_and_a_library_that_is_not_there_go_first,
);

/// A cipher that takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Gcm,
    Ccm,
    ChaCha,
}

pub(crate) const ALL: [Cipher; 3] = [Cipher::Gcm, Cipher::Ccm, Cipher::ChaCha];
pub(crate) const AAD: &[u8] = b"associated";
pub(crate) const DATA: &[u8] = b"a message of more than one block, so that parts may be cut within";
pub(crate) const IV: &[u8] = &[7; 12];

impl Cipher {
    pub(crate) fn kind(self) -> u64 {
        match self {
            Self::Gcm => CKM_AES_GCM,
            Self::Ccm => CKM_AES_CCM,
            Self::ChaCha => CKM_CHACHA20_POLY1305,
        }
    }

    pub(crate) fn given<R>(self, parameters: &mut Parameters, call: impl FnOnce(Given<'_>) -> R) -> R {
        match self {
            Self::Gcm => call(Given::of(&mut parameters.gcm())),
            Self::Ccm => call(Given::of(&mut parameters.ccm())),
            Self::ChaCha => call(Given::of(&mut parameters.chacha20_poly1305())),
        }
    }
}

pub(crate) struct Bench<'a> {
    pub(crate) m: &'a Module,
    pub(crate) session: u64,
    pub(crate) aes: u64,
    pub(crate) chacha: u64,
}

pub(crate) fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let key = |kind, len| {
        let value: Vec<u8> = vec![0x3C; len];
        let template = secret_template(kind, &value);
        create(t.module, session, &template.boolean(CKA_ENCRYPT, true).boolean(CKA_DECRYPT, true))
    };
    Bench { m: t.module, session, aes: key(CKK_AES, 16), chacha: key(CKK_CHACHA20, 32) }
}

pub(crate) type Answer = Result<Vec<u8>, u64>;

fn answer(room: Vec<u8>, (rv, len): (u64, u64)) -> Answer {
    let len = usize::try_from(len).unwrap();
    if rv == CKR_OK { Ok(room[..len].to_vec()) } else { Err(rv) }
}

impl Bench<'_> {
    pub(crate) fn key(&self, cipher: Cipher) -> u64 {
        if cipher == Cipher::ChaCha { self.chacha } else { self.aes }
    }

    pub(crate) fn begin(&self, cipher: Cipher) {
        let by = mechanism(cipher.kind());
        assert_rv!(self.m.message_encrypt_init(self.session, Some(&by), self.key(cipher)), CKR_OK);
        assert_rv!(self.m.message_decrypt_init(self.session, Some(&by), self.key(cipher)), CKR_OK);
    }

    pub(crate) fn end(&self) {
        assert_rv!(self.m.message_encrypt_final(self.session), CKR_OK);
        assert_rv!(self.m.message_decrypt_final(self.session), CKR_OK);
    }

    pub(crate) fn encrypt(
        &self,
        cipher: Cipher,
        parameters: &mut Parameters,
        aad: &[u8],
        data: &[u8],
    ) -> Answer {
        let mut room = vec![0; data.len() + 64];
        let out = Out::buffer(&mut room);
        let done = cipher.given(parameters, |given| {
            self.m.encrypt_message(self.session, given, aad.into(), data.into(), out)
        });
        answer(room, done)
    }

    pub(crate) fn decrypt(
        &self,
        cipher: Cipher,
        parameters: &mut Parameters,
        aad: &[u8],
        data: &[u8],
    ) -> Answer {
        let mut room = vec![0; data.len() + 64];
        let out = Out::buffer(&mut room);
        let done = cipher.given(parameters, |given| {
            self.m.decrypt_message(self.session, given, aad.into(), data.into(), out)
        });
        answer(room, done)
    }

    pub(crate) fn encrypt_begin(&self, cipher: Cipher, parameters: &mut Parameters, aad: &[u8]) -> u64 {
        cipher.given(parameters, |given| self.m.encrypt_message_begin(self.session, given, aad.into()))
    }

    pub(crate) fn decrypt_begin(&self, cipher: Cipher, parameters: &mut Parameters, aad: &[u8]) -> u64 {
        cipher.given(parameters, |given| self.m.decrypt_message_begin(self.session, given, aad.into()))
    }

    pub(crate) fn encrypt_next(
        &self,
        cipher: Cipher,
        parameters: &mut Parameters,
        part: &[u8],
        flags: u64,
    ) -> Answer {
        let mut room = vec![0; part.len() + 64];
        let out = Out::buffer(&mut room);
        let done = cipher.given(parameters, |given| {
            self.m.encrypt_message_next(self.session, given, part.into(), out, flags)
        });
        answer(room, done)
    }

    /// The last or another part, with a room of the test's own.
    fn offered(&self, cipher: Cipher, parameters: &mut Parameters, out: Out<'_>, flags: u64) -> (u64, u64) {
        cipher.given(parameters, |given| {
            self.m.encrypt_message_next(self.session, given, DATA.into(), out, flags)
        })
    }

    pub(crate) fn decrypt_next(
        &self,
        cipher: Cipher,
        parameters: &mut Parameters,
        part: &[u8],
        flags: u64,
    ) -> Answer {
        let mut room = vec![0; DATA.len() + 64];
        let out = Out::buffer(&mut room);
        let done = cipher.given(parameters, |given| {
            self.m.decrypt_message_next(self.session, given, part.into(), out, flags)
        });
        answer(room, done)
    }

    /// What C_Encrypt makes: ciphertext and tag.
    pub(crate) fn expected(
        &self,
        cipher: Cipher,
        parameters: &Parameters,
        aad: &[u8],
        data: &[u8],
    ) -> (Vec<u8>, Vec<u8>) {
        let (iv, aad, tag_len) =
            (Sent::from(&parameters.vector), Sent::from(aad), parameters.tag.len() as u64);
        let made = |by: &CK_MECHANISM| whole(self.m, ENCRYPTION, self.session, by, self.key(cipher), data);
        let mut sealed = match cipher {
            Cipher::Gcm => made(&gcm(iv, aad, tag_len * 8).mechanism()),
            Cipher::Ccm => made(&ccm(data.len(), iv, aad, tag_len).mechanism()),
            Cipher::ChaCha => made(&chacha20_poly1305(iv, aad).mechanism()),
        }
        .unwrap();
        let tag = sealed.split_off(data.len());
        (sealed, tag)
    }

    /// What each call but Init answers: whole, begin, next, last, final; of encrypting and of decrypting.
    pub(crate) fn encrypting(&self) -> [fn(&Self, Cipher) -> u64; 5] {
        [
            |b, cipher| rv(b.encrypt(cipher, &mut whole_parameters(), AAD, DATA)),
            |b, cipher| b.encrypt_begin(cipher, &mut whole_parameters(), AAD),
            |b, cipher| rv(b.encrypt_next(cipher, &mut whole_parameters(), &DATA[..9], 0)),
            |b, cipher| rv(b.encrypt_next(cipher, &mut whole_parameters(), &DATA[9..], CKF_END_OF_MESSAGE)),
            |b, _| b.m.message_encrypt_final(b.session),
        ]
    }

    pub(crate) fn decrypting(&self) -> [fn(&Self, Cipher) -> u64; 5] {
        [
            |b, cipher| rv(b.decrypt(cipher, &mut whole_parameters(), AAD, DATA)),
            |b, cipher| b.decrypt_begin(cipher, &mut whole_parameters(), AAD),
            |b, cipher| rv(b.decrypt_next(cipher, &mut whole_parameters(), &DATA[..9], 0)),
            |b, cipher| rv(b.decrypt_next(cipher, &mut whole_parameters(), &DATA[9..], CKF_END_OF_MESSAGE)),
            |b, _| b.m.message_decrypt_final(b.session),
        ]
    }
}

fn rv(answer: Answer) -> u64 {
    answer.err().unwrap_or(CKR_OK)
}

pub(crate) fn whole_parameters() -> Parameters {
    Parameters::given(IV, 16).for_data(DATA.len())
}

fn a_message_is_what_c_encrypt_makes_of_it_with_its_tag_apart(t: &Test) {
    let b = bench(t);
    let shapes: [(Cipher, &[usize], &[usize]); 3] = [
        (Cipher::Gcm, &[12, 1, 16, 60], &[16, 15, 14, 13, 12, 8, 4]),
        (Cipher::Ccm, &[7, 12, 13], &[16, 14, 12, 10, 8, 6, 4]),
        (Cipher::ChaCha, &[12, 24], &[16]),
    ];
    for (cipher, vectors, tags) in shapes {
        b.begin(cipher);
        for (vector_len, tag_len, data, aad) in
            vectors.iter().flat_map(|vector| tags.iter().map(move |tag| (*vector, *tag))).flat_map(
                |(vector, tag)| [(vector, tag, DATA, AAD), (vector, tag, &[], AAD), (vector, tag, DATA, &[])],
            )
        {
            let vector: Vec<u8> = (0..vector_len).map(|at| u8::try_from(at).unwrap()).collect();
            let mut parameters = Parameters::given(&vector, tag_len).for_data(data.len());
            let sealed = b.encrypt(cipher, &mut parameters, aad, data).unwrap();
            let expected = b.expected(cipher, &parameters, aad, data);
            assert_eq!((&sealed, &parameters.tag), (&expected.0, &expected.1), "{cipher:?}");
            assert_eq!(b.decrypt(cipher, &mut parameters, aad, &sealed).unwrap(), data, "{cipher:?}");
        }
        b.end();
    }
}

fn parts_are_what_the_whole_is(t: &Test) {
    let b = bench(t);
    for cipher in ALL {
        b.begin(cipher);
        for cut in [1, 7, 16, 33, DATA.len()] {
            let mut parameters = whole_parameters();
            let expected = b.expected(cipher, &parameters, AAD, DATA);
            assert_rv!(b.encrypt_begin(cipher, &mut parameters, AAD), CKR_OK);
            let mut sealed = Vec::new();
            let mut parts = DATA.chunks(cut).peekable();
            while let Some(part) = parts.next() {
                let flags = if parts.peek().is_none() { CKF_END_OF_MESSAGE } else { 0 };
                sealed.extend(b.encrypt_next(cipher, &mut parameters, part, flags).unwrap());
            }
            assert_eq!((&sealed, &parameters.tag), (&expected.0, &expected.1), "{cipher:?} by {cut}");
            assert_rv!(b.decrypt_begin(cipher, &mut parameters, AAD), CKR_OK);
            for part in sealed.chunks(cut) {
                assert_eq!(b.decrypt_next(cipher, &mut parameters, part, 0), Ok(vec![]), "{cipher:?}");
            }
            let opened = b.decrypt_next(cipher, &mut parameters, &[], CKF_END_OF_MESSAGE);
            assert_eq!(opened, Ok(DATA.to_vec()), "{cipher:?} by {cut}");
        }
        b.end();
    }
}

fn the_flags_say_which_mechanisms_take_messages(t: &Test) {
    let token = t.token();
    for kind in listed(&token) {
        let can = flags(&token, kind);
        let takes = ALL.iter().any(|cipher| cipher.kind() == kind);
        for flag in [CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_DECRYPT] {
            assert_eq!(can & flag != 0, takes, "{kind:#x}");
        }
        assert!(!takes || can & CKF_MULTI_MESSAGE != 0);
    }
}

fn a_wrong_byte_anywhere_is_told_by_the_tag_and_shows_nothing(t: &Test) {
    let b = bench(t);
    let failed = CKR_AEAD_DECRYPT_FAILED;
    for cipher in ALL {
        b.begin(cipher);
        let mut right = whole_parameters();
        let sealed = b.encrypt(cipher, &mut right, AAD, DATA).unwrap();
        let mut wrongs = Vec::new();
        for at in [0, 15] {
            let mut parameters = right.clone();
            parameters.tag[at] ^= 1;
            wrongs.push((parameters, AAD.to_vec(), sealed.clone()));
        }
        let mut other = right.clone();
        other.vector[3] ^= 1;
        wrongs.push((other, AAD.to_vec(), sealed.clone()));
        wrongs.push((right.clone(), b"another".to_vec(), sealed.clone()));
        let mut flipped = sealed.clone();
        flipped[5] ^= 1;
        wrongs.push((right.clone(), AAD.to_vec(), flipped));
        for (mut parameters, aad, sealed) in wrongs {
            let mut room = [0x5A; 128];
            let out = Out::buffer(&mut room);
            let (rv, _) = cipher.given(&mut parameters, |given| {
                b.m.decrypt_message(b.session, given, Sent::from(&aad), Sent::from(&sealed), out)
            });
            assert_rv!(rv, failed, "{cipher:?}");
            assert_eq!(room, [0x5A; 128], "nothing of it is shown");
            assert_rv!(b.decrypt_begin(cipher, &mut parameters, &aad), CKR_OK);
            assert_eq!(b.decrypt_next(cipher, &mut parameters, &sealed[..20], 0), Ok(vec![]));
            let last = b.decrypt_next(cipher, &mut parameters, &sealed[20..], CKF_END_OF_MESSAGE);
            assert_eq!(last, Err(failed), "{cipher:?}");
            let over = b.decrypt_next(cipher, &mut parameters, &[], CKF_END_OF_MESSAGE);
            assert_eq!(over, Err(CKR_OPERATION_NOT_INITIALIZED));
        }
        assert_eq!(b.decrypt(cipher, &mut right, AAD, &sealed), Ok(DATA.to_vec()), "the process goes on");
        b.end();
    }
}

/// Section 6.13.3: the tag is set before the last part, and need not be there earlier.
fn nothing_is_given_before_the_tag_holds(t: &Test) {
    let b = bench(t);
    for cipher in ALL {
        b.begin(cipher);
        let mut right = whole_parameters();
        let sealed = b.encrypt(cipher, &mut right, AAD, DATA).unwrap();
        let mut later = Parameters { tag: vec![0; 16], ..right.clone() };
        assert_rv!(b.decrypt_begin(cipher, &mut later, AAD), CKR_OK);
        assert_eq!(b.decrypt_next(cipher, &mut later, &sealed, 0), Ok(vec![]));
        let mut ask = |flags| {
            let part = Sent::from(&sealed[..1]);
            cipher.given(&mut right, |given| {
                b.m.decrypt_message_next(b.session, given, part, Out::query(), flags)
            })
        };
        assert_eq!(ask(0), (CKR_OK, 1), "null may not be taken for a buffer of no bytes");
        assert_eq!(ask(CKF_END_OF_MESSAGE), (CKR_OK, DATA.len() as u64 + 1));
        let opened = b.decrypt_next(cipher, &mut right, &[], CKF_END_OF_MESSAGE);
        assert_eq!(opened, Ok(DATA.to_vec()), "{cipher:?}");
        b.end();
    }
}

fn a_length_that_is_asked_for_and_a_buffer_without_room_take_no_vector(t: &Test) {
    let b = bench(t);
    for cipher in [Cipher::Gcm, Cipher::Ccm] {
        b.begin(cipher);
        let fresh = || Parameters::generated(IV, 32, CKG_GENERATE_COUNTER, 16).for_data(DATA.len());
        let mut parameters = fresh();
        for room in [None, Some(DATA.len() - 1), Some(0)] {
            let mut bytes = vec![0x5A; room.unwrap_or(0)];
            let out = if room.is_none() { Out::query() } else { Out::buffer(&mut bytes) };
            let answer = cipher.given(&mut parameters, |given| {
                b.m.encrypt_message(b.session, given, AAD.into(), DATA.into(), out)
            });
            let expected = if room.is_none() { CKR_OK } else { CKR_BUFFER_TOO_SMALL };
            assert_eq!(answer, (expected, DATA.len() as u64));
            assert_eq!(parameters, fresh(), "nothing was written");
            assert!(bytes.iter().all(|byte| *byte == 0x5A));
        }
        b.encrypt(cipher, &mut parameters, AAD, DATA).unwrap();
        assert_eq!(parameters.vector[4..], [0; 8], "the first of the counter");
        let mut parts = fresh();
        assert_rv!(b.encrypt_begin(cipher, &mut parts, AAD), CKR_OK);
        assert_eq!(parts.vector[11], 1);
        assert_eq!(parts.tag, [0; 16]);
        for flags in [0, CKF_END_OF_MESSAGE] {
            assert_eq!(b.offered(cipher, &mut parts, Out::query(), flags), (CKR_OK, DATA.len() as u64));
            let mut short = [0; 8];
            let answer = b.offered(cipher, &mut parts, Out::buffer(&mut short), flags);
            assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, DATA.len() as u64));
            assert_eq!((parts.tag.as_slice(), short), ([0; 16].as_slice(), [0; 8]));
        }
        let sealed = b.encrypt_next(cipher, &mut parts, DATA, CKF_END_OF_MESSAGE).unwrap();
        assert_eq!(b.decrypt(cipher, &mut parts, AAD, &sealed), Ok(DATA.to_vec()));
        b.end();
    }
}

fn calls_out_of_order_are_refused_and_change_nothing(t: &Test) {
    let b = bench(t);
    let (not, active) = (CKR_OPERATION_NOT_INITIALIZED, CKR_OPERATION_ACTIVE);
    for cipher in ALL {
        let both = [b.encrypting(), b.decrypting()];
        for calls in both {
            assert_eq!(calls.map(|call| call(&b, cipher)), [not; 5], "there is no process");
        }
        b.begin(cipher);
        let by = mechanism(cipher.kind());
        assert_rv!(b.m.message_encrypt_init(b.session, Some(&by), b.key(cipher)), active);
        assert_rv!(b.m.message_decrypt_init(b.session, Some(&by), b.key(cipher)), active);
        for [_, begin, next, last, _] in both {
            assert_eq!([next(&b, cipher), last(&b, cipher)], [not; 2], "there is no message");
            assert_rv!(begin(&b, cipher), CKR_OK);
        }
        for [whole, begin, next, _, end] in both {
            let refused = [whole(&b, cipher), begin(&b, cipher), end(&b, cipher)];
            assert_eq!(refused, [active; 3], "in the middle of a message");
            assert_rv!(next(&b, cipher), CKR_OK, "which goes on");
        }
        let mut parameters = whole_parameters();
        let sealed = b.encrypt_next(cipher, &mut parameters, &DATA[9..], CKF_END_OF_MESSAGE).unwrap();
        let expected = b.expected(cipher, &whole_parameters(), AAD, DATA);
        assert_eq!((sealed.as_slice(), parameters.tag), (&expected.0[9..], expected.1), "{cipher:?}");
        let last = b.decrypt_next(cipher, &mut whole_parameters(), &DATA[9..], CKF_END_OF_MESSAGE);
        assert_eq!(last, Err(CKR_AEAD_DECRYPT_FAILED));
        b.end();
    }
}

fn no_mechanism_and_cancelling_end_a_process_in_a_message(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    for cancelled in [false, true] {
        b.begin(cipher);
        assert_rv!(b.encrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        assert_rv!(b.decrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        if cancelled {
            let flags = CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT;
            assert_rv!(b.m.session_cancel(b.session, flags), CKR_OK);
        } else {
            assert_rv!(b.m.message_encrypt_init(b.session, None, 0), CKR_OK);
            assert_rv!(b.m.message_decrypt_init(b.session, None, 0), CKR_OK);
        }
        for calls in [b.encrypting(), b.decrypting()] {
            assert_eq!(calls.map(|call| call(&b, cipher)), [CKR_OPERATION_NOT_INITIALIZED; 5]);
        }
    }
}

fn flags_of_a_part_that_are_none_end_the_message(t: &Test) {
    let b = bench(t);
    let cipher = Cipher::Gcm;
    b.begin(cipher);
    for flags in [2, 3, 1 << 31, u64::MAX] {
        assert_rv!(b.encrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        let answer = b.encrypt_next(cipher, &mut whole_parameters(), DATA, flags);
        assert_eq!(answer, Err(CKR_ARGUMENTS_BAD));
        assert_rv!(b.encrypting()[3](&b, cipher), CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(b.decrypt_begin(cipher, &mut whole_parameters(), AAD), CKR_OK);
        let answer = b.decrypt_next(cipher, &mut whole_parameters(), DATA, flags);
        assert_eq!(answer, Err(CKR_ARGUMENTS_BAD));
        assert_rv!(b.decrypting()[3](&b, cipher), CKR_OPERATION_NOT_INITIALIZED);
    }
    b.end();
}

/// C_EncryptMessageBegin and C_DecryptMessageBegin list no CKR_ARGUMENTS_BAD: associated data is a parameter.
fn what_cannot_be_read_ends_the_message_and_not_the_process(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let cipher = Cipher::Gcm;
    b.begin(cipher);
    let room = &mut [0; 128];
    for bad in [Sent::null(1), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 63)] {
        let mut parameters = whole_parameters();
        let raw = &mut parameters.gcm();
        let rv = m.encrypt_message(session, Given::of(raw), AAD.into(), bad, Out::buffer(room)).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        let rv = m.encrypt_message(session, Given::of(raw), bad, DATA.into(), Out::buffer(room)).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        let rv = m.decrypt_message(session, Given::of(raw), bad, DATA.into(), Out::buffer(room)).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(m.encrypt_message_begin(session, Given::of(raw), bad), CKR_MECHANISM_PARAM_INVALID);
        assert_rv!(m.decrypt_message_begin(session, Given::of(raw), bad), CKR_MECHANISM_PARAM_INVALID);
        assert_rv!(m.encrypt_message_begin(session, Given::of(raw), AAD.into()), CKR_OK);
        let rv = m.encrypt_message_next(session, Given::of(raw), bad, Out::buffer(room), 0).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(b.encrypting()[2](&b, cipher), CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.decrypt_message_begin(session, Given::of(raw), AAD.into()), CKR_OK);
        let rv = m.decrypt_message_next(session, Given::of(raw), bad, Out::buffer(room), 0).0;
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(b.decrypting()[2](&b, cipher), CKR_OPERATION_NOT_INITIALIZED);
    }
    let mut parameters = whole_parameters();
    let raw = &mut parameters.gcm();
    let nowhere = Out::without_length(room);
    let rv = m.encrypt_message(session, Given::of(raw), AAD.into(), DATA.into(), nowhere).0;
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert!(b.encrypt(cipher, &mut parameters, AAD, DATA).is_ok());
    b.end();
}

/// Section 5.9.2: "the plaintext and ciphertext can be in the same place"; the tag may lie right behind.
fn input_and_output_may_be_one_buffer(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    b.begin(Cipher::Gcm);
    let expected = b.expected(Cipher::Gcm, &whole_parameters(), AAD, DATA);
    let mut memory = [DATA, &[0; 16]].concat();
    let mut parameters = whole_parameters();
    let mut raw = parameters.gcm();
    let at = memory.as_mut_ptr();
    raw.pTag = at.wrapping_add(DATA.len());
    let sent = || Sent::at(at, DATA.len() as u64);
    let out = || Out::over(sent(), memory.len() as u64);
    let (rv, len) = m.encrypt_message(session, Given::of(&mut raw), AAD.into(), sent(), out());
    assert_eq!((rv, len), (CKR_OK, DATA.len() as u64));
    assert_eq!(memory, [expected.0, expected.1].concat());
    let (rv, len) = m.decrypt_message(session, Given::of(&mut raw), AAD.into(), sent(), out());
    assert_eq!((rv, len), (CKR_OK, DATA.len() as u64));
    assert_eq!(&memory[..DATA.len()], DATA);
    b.end();
}

fn keys_and_mechanisms_are_judged_as_for_c_encrypt_init(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let each = |kind, key| {
        let by = mechanism(kind);
        [m.message_encrypt_init(session, Some(&by), key), m.message_decrypt_init(session, Some(&by), key)]
    };
    for handle in [0, 4711, u64::MAX] {
        assert_eq!(each(CKM_AES_GCM, handle), [CKR_KEY_HANDLE_INVALID; 2]);
    }
    for kind in [CKM_AES_CBC, cryptoki_sys::CKM_SHA256, 0x7FFF_FFFF] {
        assert_eq!(each(kind, b.aes), [CKR_MECHANISM_INVALID; 2]);
    }
    assert_eq!(each(CKM_AES_GCM, b.chacha), [CKR_KEY_TYPE_INCONSISTENT; 2]);
    assert_eq!(each(CKM_CHACHA20_POLY1305, b.aes), [CKR_KEY_TYPE_INCONSISTENT; 2]);
    let template = secret_template(CKK_AES, &[1; 16]);
    let idle = create(m, session, &template.boolean(CKA_ENCRYPT, false).boolean(CKA_DECRYPT, false));
    assert_eq!(each(CKM_AES_GCM, idle), [CKR_KEY_FUNCTION_NOT_PERMITTED; 2]);
}

/// C_EncryptMessage, C_EncryptMessageNext and C_MessageEncryptFinal do not list CKR_USER_NOT_LOGGED_IN.
fn a_process_does_not_outlive_the_login(t: &Test) {
    let token = t.token();
    let m = t.module;
    let (out, not) = (CKR_USER_NOT_LOGGED_IN, CKR_OPERATION_NOT_INITIALIZED);
    let expected = [(not, out), (out, out), (not, out), (not, out), (not, out)];
    for (at, (encrypting, decrypting)) in expected.into_iter().enumerate() {
        let session = token.user_session();
        let template = secret_template(CKK_AES, &[1; 16]).boolean(CKA_PRIVATE, true);
        let aes = create(m, session, &template.boolean(CKA_ENCRYPT, true).boolean(CKA_DECRYPT, true));
        let b = Bench { m, session, aes, chacha: 0 };
        b.begin(Cipher::Gcm);
        assert_rv!(b.encrypt_begin(Cipher::Gcm, &mut whole_parameters(), AAD), CKR_OK);
        assert_rv!(b.decrypt_begin(Cipher::Gcm, &mut whole_parameters(), AAD), CKR_OK);
        assert_rv!(m.logout(session), CKR_OK);
        assert_rv!(b.encrypting()[at](&b, Cipher::Gcm), encrypting, "encrypting, call {at}");
        assert_rv!(b.decrypting()[at](&b, Cipher::Gcm), decrypting, "decrypting, call {at}");
        for calls in [b.encrypting(), b.decrypting()] {
            assert_eq!(calls.map(|call| call(&b, Cipher::Gcm)), [not; 5]);
        }
        assert_rv!(m.close_session(session), CKR_OK);
    }
}

fn a_bad_session_and_a_library_that_is_not_there_go_first(t: &Test) {
    let mut b = bench(t);
    b.session ^= 1 << 40;
    let all = |b: &Bench<'_>| {
        let by = mechanism(CKM_AES_GCM);
        let calls = [b.encrypting(), b.decrypting()].concat();
        let mut answers: Vec<u64> = calls.iter().map(|call| call(b, Cipher::Gcm)).collect();
        answers.push(b.m.message_encrypt_init(b.session, Some(&by), b.aes));
        answers.push(b.m.message_decrypt_init(b.session, Some(&by), b.aes));
        answers
    };
    assert_eq!(all(&b), [CKR_SESSION_HANDLE_INVALID; 12]);
    assert_rv!(b.m.finalize(), CKR_OK);
    assert_eq!(all(&b), [CKR_CRYPTOKI_NOT_INITIALIZED; 12]);
}
