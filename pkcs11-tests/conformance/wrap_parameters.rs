//! Sections 6.13.4 and 6.13.6 with `CK_GCM_WRAP_PARAMS` and `CK_CCM_WRAP_PARAMS`: C_WrapKey with a vector of the token's, the tag
//! behind the key. SoftHSM, of 2.40, has none of it.

use cryptoki_sys::{
    CK_CCM_WRAP_PARAMS, CK_GCM_WRAP_PARAMS, CK_MECHANISM, CKA_ENCRYPT, CKA_UNWRAP, CKA_VALUE, CKA_WRAP,
    CKG_GENERATE, CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, CKG_GENERATE_RANDOM, CKG_NO_GENERATE,
    CKK_AES, CKM_AES_CCM, CKM_AES_GCM, CKO_SECRET_KEY, CKR_BUFFER_TOO_SMALL, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_WRAPPED_KEY_INVALID,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::raw::parameters::{ccm, claiming, gcm, with};
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, on_claviger};

use crate::secret_keys::{create, open_aes, opened, secret_template};
use crate::wrapping::kind;

on_claviger!(
    the_token_makes_the_vector_and_tells_it,
    a_vector_that_is_given_gives_what_the_older_structure_gives,
    a_length_that_is_asked_for_and_a_buffer_without_room_write_no_vector,
    what_makes_a_vector_is_ignored_to_unwrap,
    generators_that_count_and_short_tags_are_refused,
    parameters_that_cannot_be_there_are_refused_and_serve_nothing_else,
);

const AAD: &[u8] = b"associated";
const VALUE: &[u8] = &[0x42; 32];

/// Both structures over one vector.
struct Parameters {
    iv: Vec<u8>,
    fixed_bits: u64,
    generator: u64,
    tag_len: u64,
}

impl Parameters {
    fn new(fixed_bits: u64, generator: u64) -> Self {
        Self { iv: vec![0xA5; 12], fixed_bits, generator, tag_len: 16 }
    }

    fn by<R>(&mut self, kind: u64, call: impl FnOnce(&CK_MECHANISM) -> R) -> R {
        if kind == CKM_AES_GCM {
            return call(&with(
                kind,
                &CK_GCM_WRAP_PARAMS {
                    pIv: self.iv.as_mut_ptr(),
                    ulIvLen: self.iv.len() as u64,
                    ulIvFixedBits: self.fixed_bits,
                    ivGenerator: self.generator,
                    pAAD: AAD.as_ptr().cast_mut(),
                    ulAADLen: AAD.len() as u64,
                    ulTagBits: self.tag_len * 8,
                },
            ));
        }
        call(&with(
            kind,
            &CK_CCM_WRAP_PARAMS {
                ulDataLen: 77,
                pNonce: self.iv.as_mut_ptr(),
                ulNonceLen: self.iv.len() as u64,
                ulNonceFixedBits: self.fixed_bits,
                nonceGenerator: self.generator,
                pAAD: AAD.as_ptr().cast_mut(),
                ulAADLen: AAD.len() as u64,
                ulMACLen: self.tag_len,
            },
        ))
    }
}

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    wrapping: u64,
    key: u64,
}

fn bench(t: &Test) -> Bench<'_> {
    let (m, session) = (t.module, t.token().user_session());
    let template = secret_template(CKK_AES, &[0x3C; 16]).boolean(CKA_ENCRYPT, true);
    let wrapping = create(m, session, &template.boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true));
    Bench { m, session, wrapping, key: open_aes(m, session, VALUE) }
}

impl Bench<'_> {
    fn wrap_by(&self, by: &CK_MECHANISM) -> Result<Vec<u8>, u64> {
        let mut room = vec![0; 64];
        let out = Out::buffer(&mut room);
        let (rv, len) = self.m.wrap_key(self.session, Some(by), self.wrapping, self.key, out);
        room.truncate(usize::try_from(len).unwrap());
        if rv == CKR_OK { Ok(room) } else { Err(rv) }
    }

    fn unwrap_by(&self, by: &CK_MECHANISM, wrapped: &[u8]) -> Result<Vec<u8>, u64> {
        let template = opened(kind(CKO_SECRET_KEY, CKK_AES));
        let (rv, key) = self.m.unwrap_key(self.session, Some(by), self.wrapping, wrapped.into(), &template);
        if rv == CKR_OK { Ok(attribute(self.m, self.session, key, CKA_VALUE)) } else { Err(rv) }
    }
}

fn the_token_makes_the_vector_and_tells_it(t: &Test) {
    let b = bench(t);
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        let mut seen = std::collections::BTreeSet::new();
        for (generator, fixed_bits) in
            [(CKG_GENERATE, 0), (CKG_GENERATE, 8), (CKG_GENERATE_RANDOM, 0), (CKG_GENERATE_RANDOM, 8)]
        {
            let mut parameters = Parameters { iv: vec![0xA5; 13], ..Parameters::new(fixed_bits, generator) };
            let wrapped = parameters.by(kind, |by| b.wrap_by(by)).unwrap();
            assert_eq!(wrapped.len(), 48);
            assert_ne!(parameters.iv, [0xA5; 13]);
            assert!(fixed_bits == 0 || parameters.iv[0] == 0xA5);
            assert_eq!(parameters.by(kind, |by| b.unwrap_by(by, &wrapped)).unwrap(), VALUE);
            assert!(seen.insert(parameters.iv));
        }
    }
}

fn a_vector_that_is_given_gives_what_the_older_structure_gives(t: &Test) {
    let b = bench(t);
    let (iv, aad) = (Sent::from(&[0xA5; 12]), Sent::from(AAD));
    for by in [gcm(iv, aad, 128).mechanism(), ccm(0, iv, aad, 16).mechanism()].map(|by| by.mechanism) {
        let (older_gcm, older_ccm) = (gcm(iv, aad, 128), ccm(0, iv, aad, 16));
        let older = if by == CKM_AES_GCM { older_gcm.mechanism() } else { older_ccm.mechanism() };
        let mut parameters = Parameters::new(0, CKG_NO_GENERATE);
        let wrapped = parameters.by(by, |by| b.wrap_by(by)).unwrap();
        assert_eq!(b.wrap_by(&older).unwrap(), wrapped);
        assert_eq!(b.unwrap_by(&older, &wrapped).unwrap(), VALUE);
        assert_eq!(parameters.by(by, |by| b.unwrap_by(by, &wrapped)).unwrap(), VALUE);
    }
}

fn a_length_that_is_asked_for_and_a_buffer_without_room_write_no_vector(t: &Test) {
    let b = bench(t);
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        let mut parameters = Parameters::new(0, CKG_GENERATE);
        let mut short = [0x5A; 47];
        for (out, expected) in [(Out::query(), CKR_OK), (Out::buffer(&mut short), CKR_BUFFER_TOO_SMALL)] {
            let answer = parameters.by(kind, |by| b.m.wrap_key(b.session, Some(by), b.wrapping, b.key, out));
            assert_eq!(answer, (expected, 48));
        }
        assert_eq!((parameters.iv.as_slice(), short), ([0xA5; 12].as_slice(), [0x5A; 47]));
    }
}

fn what_makes_a_vector_is_ignored_to_unwrap(t: &Test) {
    let b = bench(t);
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        let mut parameters = Parameters::new(0, CKG_GENERATE);
        let mut wrapped = parameters.by(kind, |by| b.wrap_by(by)).unwrap();
        let mut ignored = Parameters { fixed_bits: 4000, generator: CKG_GENERATE_COUNTER, ..parameters };
        assert_eq!(ignored.by(kind, |by| b.unwrap_by(by, &wrapped)).unwrap(), VALUE);
        wrapped[40] ^= 1;
        assert_eq!(ignored.by(kind, |by| b.unwrap_by(by, &wrapped)), Err(CKR_WRAPPED_KEY_INVALID));
    }
}

fn generators_that_count_and_short_tags_are_refused(t: &Test) {
    let b = bench(t);
    for kind in [CKM_AES_GCM, CKM_AES_CCM] {
        let right = || Parameters::new(0, CKG_GENERATE);
        for mut wrong in [
            Parameters::new(32, CKG_GENERATE_COUNTER),
            Parameters::new(32, CKG_GENERATE_COUNTER_XOR),
            Parameters::new(0, 5),
            // Fewer than 96 random bits would have to be remembered.
            Parameters::new(1, CKG_GENERATE),
            Parameters::new(32, CKG_GENERATE_RANDOM),
            Parameters::new(65, CKG_GENERATE),
            Parameters::new(97, CKG_NO_GENERATE),
            Parameters { tag_len: 8, ..right() },
            Parameters { tag_len: 17, ..right() },
            Parameters { iv: vec![], ..right() },
        ] {
            let answer = wrong.by(kind, |by| b.wrap_by(by));
            assert_eq!(answer, Err(CKR_MECHANISM_PARAM_INVALID), "{kind:#x} {}", wrong.generator);
        }
    }
}

/// Nothing but C_WrapKey and C_UnwrapKey has them.
fn parameters_that_cannot_be_there_are_refused_and_serve_nothing_else(t: &Test) {
    let b = bench(t);
    for (kind, len) in [(CKM_AES_GCM, 56), (CKM_AES_CCM, 64)] {
        let wild = claiming(kind, Sent::at((usize::MAX - 4095) as *mut u8, len));
        for by in [wild, claiming(kind, Sent::null(len))] {
            assert_eq!(b.wrap_by(&by), Err(CKR_MECHANISM_PARAM_INVALID));
            assert_eq!(b.unwrap_by(&by, &[1; 48]), Err(CKR_MECHANISM_PARAM_INVALID));
        }
        let mut right = Parameters::new(0, CKG_NO_GENERATE);
        let rv = right.by(kind, |by| b.m.encrypt_init(b.session, Some(by), b.wrapping));
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    let mut raw = CK_GCM_WRAP_PARAMS {
        pIv: std::ptr::null_mut(),
        ulIvLen: 12,
        ulIvFixedBits: 0,
        ivGenerator: CKG_GENERATE,
        pAAD: std::ptr::null_mut(),
        ulAADLen: 0,
        ulTagBits: 128,
    };
    assert_eq!(b.wrap_by(&with(CKM_AES_GCM, &raw)), Err(CKR_MECHANISM_PARAM_INVALID));
    raw.ulIvLen = u64::MAX;
    assert_eq!(b.wrap_by(&with(CKM_AES_GCM, &raw)), Err(CKR_MECHANISM_PARAM_INVALID));
}
