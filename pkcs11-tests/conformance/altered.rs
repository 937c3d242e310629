//! Signatures, ciphertexts and wrapped keys that were cut, prolonged or bent, by every mechanism that can tell (sections 5.10, 5.15
//! and 5.18.4): refused by a value that the function lists, nothing is given out, and the session goes on.

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RV, CKA_CLASS, CKA_KEY_TYPE, CKF_SIGN, CKF_VERIFY,
    CKF_WRAP, CKK_GENERIC_SECRET, CKM_AES_CCM, CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP,
    CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_CHACHA20_POLY1305, CKM_ECDH_AES_KEY_WRAP,
    CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP, CKM_HOTP, CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS_OAEP,
    CKO_SECRET_KEY, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_OK, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::keys::verify;
use pkcs11_tests::mechanisms::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use pkcs11_tests::mechanisms::operation::{DECRYPTION, ENCRYPTION, SIGNING, verify_in_parts};
use pkcs11_tests::mechanisms::{Keyring, Keys, Row, flags, listed, row, secret, usable};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, on_claviger};

on_claviger!(
    a_signature_of_another_length_is_refused_by_every_mechanism,
    a_bent_signature_is_refused_by_every_mechanism,
    a_ciphertext_that_was_altered_gives_nothing_out,
    a_ciphertext_that_was_altered_gives_nothing_out_in_parts,
    a_ciphertext_that_was_altered_is_not_opened_in_its_place,
    a_wrapped_key_that_was_altered_makes_no_key,
);

/// What the buffers hold before.
const BEFORE: u8 = 0xA5;
const ROOM: usize = 4096;

/// A message of so many bytes.
fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| at.to_le_bytes()[0] ^ 0x3C).collect()
}

/// One mechanism that signs, and a signature by it.
struct Signed {
    row: &'static Row,
    keys: Keys,
    message: Vec<u8>,
    signature: Vec<u8>,
}

/// A signature by every mechanism of the token's list; one-time passwords are told otherwise: conformance/one_time.rs.
fn signed(t: &Test, does: impl Fn(u64, &CK_MECHANISM, &Signed)) {
    let token = t.token();
    let session = token.user_session();
    let keyring = Keyring::new(t.module, session);
    let signs = |kind: &CK_MECHANISM_TYPE| {
        let can = flags(&token, *kind);
        can & CKF_SIGN != 0 && can & CKF_VERIFY != 0 && *kind != CKM_HOTP
    };
    let kinds: Vec<_> = listed(&token).into_iter().filter(signs).collect();
    assert!(kinds.len() > 120, "{} mechanisms that sign", kinds.len());
    for kind in kinds {
        let row = row(kind);
        let (keys, message) = (keyring.keys(row.key), message(row.message.fitting(96)));
        let ready = row.ready_for(message.len());
        let by = ready.mechanism();
        let signature = SIGNING.whole(t.module, session, &by, keys.private, &message);
        let signature = signature.unwrap_or_else(|rv| panic!("{}: {}", row.name, rv_name(rv)));
        does(session, &by, &Signed { row, keys, message, signature });
    }
}

impl Signed {
    /// Every way of verifying answers with a value, after which the signature as it was verifies.
    fn answers(&self, m: &Module, session: u64, by: &CK_MECHANISM, signature: &[u8], expected: CK_RV) {
        let Self { row, keys, message, .. } = self;
        let what = format!("by {}, {} bytes of {}", row.name, signature.len(), self.signature.len());
        let parts: Vec<&[u8]> = message.chunks(17).collect();
        let at_once = || verify(m, session, by, keys.public, message, signature);
        let in_parts = || verify_in_parts(m, session, by, keys.public, &parts, signature);
        let before_the_message = || {
            assert_rv!(m.verify_signature_init(session, Some(by), keys.public, signature.into()), CKR_OK);
            m.verify_signature(session, Sent::from(&message[..]))
        };
        for rv in [at_once(), in_parts(), before_the_message()] {
            assert_rv!(rv, expected, "{what}");
            let good = verify(m, session, by, keys.public, message, &self.signature);
            assert_rv!(good, CKR_OK, "{what}, then the whole");
        }
    }
}

fn a_signature_of_another_length_is_refused_by_every_mechanism(t: &Test) {
    signed(t, |session, by, signed| {
        let (signature, len) = (&signed.signature, signed.signature.len());
        let longer = [&signature[..], &[0]].concat();
        let twice = [&signature[..], signature].concat();
        for other in [&longer[..], &twice, &signature[..len - 1], &signature[1..], &[]] {
            signed.answers(t.module, session, by, other, CKR_SIGNATURE_LEN_RANGE);
        }
    });
}

fn a_bent_signature_is_refused_by_every_mechanism(t: &Test) {
    signed(t, |session, by, signed| {
        let last = signed.signature.len() - 1;
        for place in [0, last / 2, last] {
            let mut bent = signed.signature.clone();
            bent[place] ^= 1;
            signed.answers(t.module, session, by, &bent, CKR_SIGNATURE_INVALID);
        }
    });
}

/// Mechanisms that tell a ciphertext that was altered: no byte of the plaintext comes out before that is proven.
const PROVING: [CK_MECHANISM_TYPE; 11] = [
    CKM_AES_GCM,
    CKM_AES_CCM,
    CKM_CHACHA20_POLY1305,
    CKM_CLOUDHSM_AES_GCM,
    CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_PAD,
    CKM_AES_KEY_WRAP_PKCS7,
    CKM_AES_KEY_WRAP_KWP,
    CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
];

/// Mechanisms that wrap only, and tell what was altered.
const WRAPPING: [CK_MECHANISM_TYPE; 5] = [
    CKM_RSA_PKCS_OAEP,
    CKM_RSA_AES_KEY_WRAP,
    CKM_ECDH_AES_KEY_WRAP,
    CKM_ECDH_COF_AES_KEY_WRAP,
    CKM_ECDH_X_AES_KEY_WRAP,
];

/// What was done to bytes, and the bytes.
type Altered = (String, Vec<u8>);

/// Every bit of the first, the middle and the last byte, and in the middle of what lies between; each length that is near.
fn altered(sealed: &[u8]) -> Vec<Altered> {
    let last = sealed.len() - 1;
    let mut all = Vec::new();
    for place in [0, last / 4, last / 2, last / 4 * 3, last.saturating_sub(15), last] {
        for bit in [0, 7] {
            let mut bent = sealed.to_vec();
            bent[place] ^= 1 << bit;
            all.push((format!("bit {bit} of byte {place} bent"), bent));
        }
    }
    for less in [1, 8, 15, 16, 17, last, last + 1] {
        let len = sealed.len().saturating_sub(less);
        all.push((format!("cut to {len} bytes"), sealed[..len].to_vec()));
        all.push((format!("without its first {less} bytes"), sealed[sealed.len() - len..].to_vec()));
    }
    for more in [1, 8, 16] {
        all.push((format!("{more} bytes longer"), [sealed, &vec![0; more]].concat()));
    }
    all.push(("twice".to_owned(), [sealed, sealed].concat()));
    all
}

/// A value that fits a ciphertext of this length in place of another: a bent one has the right length.
fn fits(rv: CK_RV, len: usize, right_len: usize, [invalid, len_range]: [CK_RV; 2]) -> bool {
    rv == invalid || (rv == len_range && len != right_len)
}

const OF_DATA: [CK_RV; 2] = [CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE];
const OF_KEYS: [CK_RV; 2] = [CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE];

/// Tries every alteration of a ciphertext, of a short message and of a longer one, by every mechanism that proves what it opens;
/// the ciphertext as it was opens after each of them.
fn sealed(t: &Test, opens: impl Fn(u64, &CK_MECHANISM, CK_OBJECT_HANDLE, &[u8]) -> Vec<CK_RV>) {
    let session = t.token().user_session();
    let keyring = Keyring::new(t.module, session);
    for row in PROVING.map(row) {
        let keys = keyring.keys(row.key);
        for message in [row.message.least, row.message.fitting(96)].map(message) {
            let ready = row.ready_for(message.len());
            let by = ready.mechanism();
            let sealed = ENCRYPTION.whole(t.module, session, &by, keys.public, &message).unwrap();
            for (what, other) in altered(&sealed) {
                for rv in opens(session, &by, keys.private, &other) {
                    let right = fits(rv, other.len(), sealed.len(), OF_DATA);
                    assert!(right, "{}, {what} of {}: {}", row.name, sealed.len(), rv_name(rv));
                }
                let good = DECRYPTION.whole(t.module, session, &by, keys.private, &sealed);
                assert_eq!(good.as_ref(), Ok(&message), "{}, {what}, then the whole", row.name);
            }
        }
    }
}

fn untouched(by: &CK_MECHANISM, room: &[u8]) {
    assert!(room.iter().all(|byte| *byte == BEFORE), "{} wrote something", row(by.mechanism).name);
}

fn a_ciphertext_that_was_altered_gives_nothing_out(t: &Test) {
    sealed(t, |session, by, key, sealed| {
        assert_rv!(t.module.decrypt_init(session, Some(by), key), CKR_OK);
        let mut room = vec![BEFORE; ROOM];
        let (rv, _) = t.module.decrypt(session, Sent::from(sealed), Out::buffer(&mut room));
        untouched(by, &room);
        vec![rv]
    });
}

fn a_ciphertext_that_was_altered_gives_nothing_out_in_parts(t: &Test) {
    let in_parts_of = |part_len, session, by: &CK_MECHANISM, key, sealed: &[u8]| {
        assert_rv!(t.module.decrypt_init(session, Some(by), key), CKR_OK);
        let mut room = vec![BEFORE; ROOM];
        for part in sealed.chunks(part_len) {
            let (rv, len) = t.module.decrypt_update(session, Sent::from(part), Out::buffer(&mut room));
            untouched(by, &room);
            if rv != CKR_OK {
                return rv;
            }
            assert_eq!(len, 0);
        }
        let (rv, _) = t.module.decrypt_final(session, Out::buffer(&mut room));
        untouched(by, &room);
        rv
    };
    sealed(t, |session, by, key, sealed| {
        [1, 16, 33].map(|part_len| in_parts_of(part_len, session, by, key, sealed)).to_vec()
    });
}

/// Section 5.2: the same memory may be input and output.
fn a_ciphertext_that_was_altered_is_not_opened_in_its_place(t: &Test) {
    sealed(t, |session, by, key, sealed| {
        assert_rv!(t.module.decrypt_init(session, Some(by), key), CKR_OK);
        let mut memory = [sealed, &[BEFORE; 64]].concat();
        let (start, len) = (memory.as_mut_ptr(), memory.len() as u64);
        let input = Sent::at(start, sealed.len() as u64);
        let (rv, _) = t.module.decrypt(session, input, Out::over(Sent::at(start, 0), len));
        assert_eq!(memory[..sealed.len()], *sealed, "the ciphertext lies there no more");
        untouched(by, &memory[sealed.len()..]);
        vec![rv]
    });
}

fn a_wrapped_key_that_was_altered_makes_no_key(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (m, keyring) = (t.module, Keyring::new(t.module, session));
    let (rv, key) = m.create_object(session, &secret(CKK_GENERIC_SECRET, &[0x5C; 40]));
    assert_rv!(rv, CKR_OK);
    let template =
        usable(Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET));
    // ChaCha20-Poly1305 wraps nothing.
    let proving = PROVING.into_iter().filter(|kind| flags(&token, *kind) & CKF_WRAP != 0);
    for row in proving.chain(WRAPPING).map(row) {
        let keys = keyring.keys(row.key);
        let ready = row.ready_for(40);
        let by = ready.mechanism();
        let mut room = vec![0; ROOM];
        let (rv, len) = m.wrap_key(session, Some(&by), keys.public, key, Out::buffer(&mut room));
        assert_rv!(rv, CKR_OK, "by {}", row.name);
        let wrapped = &room[..usize::try_from(len).unwrap()];
        let unwrap =
            |wrapped: &[u8]| m.unwrap_key(session, Some(&by), keys.private, Sent::from(wrapped), &template);
        let before = token.find(session, &Template::new()).len();
        for (what, other) in altered(wrapped) {
            let (rv, made) = unwrap(&other);
            assert!(fits(rv, other.len(), wrapped.len(), OF_KEYS), "{}, {what}: {}", row.name, rv_name(rv));
            assert_eq!(made, 0, "{}, {what}: a handle", row.name);
        }
        assert_eq!(token.find(session, &Template::new()).len(), before, "{}: a key", row.name);
        assert_rv!(unwrap(wrapped).0, CKR_OK, "by {}", row.name);
    }
}
