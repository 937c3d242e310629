//! Mechanism parameters as applications send them, and what their fields point to.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_ECDH1_DERIVE_PARAMS, CK_EDDSA_PARAMS, CK_GCM_PARAMS, CK_HKDF_PARAMS,
    CK_PKCS5_PBKD2_PARAMS, CK_PKCS5_PBKD2_PARAMS2, CK_RSA_PKCS_OAEP_PARAMS,
};
use pkcs11::constants::{
    CKD_NULL, CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL, CKG_MGF1_SHA1, CKG_MGF1_SHA256,
    CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP,
    CKM_ECDH1_DERIVE, CKM_EDDSA, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_PKCS5_PBKD2, CKM_RSA_PKCS_OAEP,
    CKM_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC_GENERAL, CKP_PKCS5_PBKD2_HMAC_SHA256, CKR_ARGUMENTS_BAD,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKZ_DATA_SPECIFIED, CKZ_SALT_SPECIFIED,
};
use pkcs11::{
    CounterParameters, Ecdh1Parameters, EddsaParameters, GcmParameters, HkdfParameters, HkdfSalt,
    OaepParameters, ObjectHandle, Parameters, Pbkd2Parameters, PssParameters, Secret,
};

use super::double::locked;
use super::{Host, SESSION, WILD, call, mechanism};
use crate::parameters::OldGcmParams;

/// Lengths that nothing behind a field has.
pub(super) const WILD_LENGTHS: [u64; 4] = [u64::MAX, 1 << 63, 1 << 40, (1 << 30) + 1];

/// What arrives of parameters.
pub(super) fn begin(host: &Host, mechanism_type: u64, parameter: *mut c_void, len: u64) -> Parameters {
    let mut mechanism = mechanism(mechanism_type, parameter, len);
    assert_eq!(call!(host, C_DecryptInit(SESSION, &mut mechanism, 5)), CKR_OK);
    locked(&host.token.mechanism).take().unwrap().parameters
}

/// What arrives of a structure.
pub(super) fn arrives<T>(host: &Host, mechanism_type: u64, mut parameters: T) -> Parameters {
    begin(host, mechanism_type, (&raw mut parameters).cast(), size_of::<T>() as u64)
}

#[test]
fn an_initialisation_vector_arrives_as_bytes_whatever_its_length() {
    let host = Host::new();
    let mut iv = *b"0123456789abcdef!";
    for (mechanism, len) in [(CKM_AES_CBC, 16), (CKM_AES_CBC_PAD, 15), (CKM_AES_KEY_WRAP, 8)] {
        let expected = Parameters::Bytes(iv[..len].to_vec());
        assert_eq!(begin(&host, mechanism, iv.as_mut_ptr().cast(), len as u64), expected);
    }
    assert_eq!(begin(&host, CKM_AES_KEY_WRAP_KWP, null_mut(), 0), Parameters::None);
    assert_eq!(begin(&host, CKM_AES_KEY_WRAP, WILD.cast(), 0), Parameters::None);
    assert_eq!(begin(&host, CKM_AES_CBC, WILD.cast(), 17), Parameters::Unknown);
    assert_eq!(begin(&host, CKM_AES_CBC, WILD.cast(), u64::MAX), Parameters::Unknown);
}

#[test]
fn parameters_that_cannot_be_there_are_a_bad_argument() {
    let host = Host::new();
    for (mechanism_type, len) in [
        (CKM_RSA_PKCS_PSS, 24),
        (CKM_RSA_PKCS_OAEP, 40),
        (CKM_AES_CTR, 24),
        (CKM_AES_GCM, 48),
        (CKM_AES_GCM, 40),
        (CKM_ECDH1_DERIVE, 40),
        (CKM_AES_CBC, 16),
    ] {
        for place in [null_mut(), WILD] {
            let mut there = mechanism(mechanism_type, place.cast(), len);
            assert_eq!(call!(host, C_DecryptInit(SESSION, &mut there, 5)), CKR_ARGUMENTS_BAD);
            let rv = call!(host, C_EncryptInit(SESSION, &mut there, 5));
            assert_eq!(rv, CKR_MECHANISM_PARAM_INVALID, "the list of C_EncryptInit has nothing nearer");
        }
    }
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn pss_and_counter_parameters_arrive_in_their_form() {
    let host = Host::new();
    let pss = PssParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA256, salt_len: 32 };
    assert_eq!(arrives(&host, CKM_RSA_PKCS_PSS, [CKM_SHA256, CKG_MGF1_SHA256, 32]), Parameters::Pss(pss));
    let counter = CK_AES_CTR_PARAMS { ulCounterBits: 32, cb: *b"0123456789abcdef" };
    let expected = CounterParameters { counter_bits: 32, block: *b"0123456789abcdef" };
    assert_eq!(arrives(&host, CKM_AES_CTR, counter), Parameters::Counter(expected));
}

fn gcm(iv: (*mut u8, u64), aad: (*mut u8, u64)) -> CK_GCM_PARAMS {
    CK_GCM_PARAMS { pIv: iv.0, ulIvLen: iv.1, ulIvBits: 0, pAAD: aad.0, ulAADLen: aad.1, ulTagBits: 96 }
}

#[test]
fn gcm_parameters_arrive_from_headers_old_and_new() {
    let host = Host::new();
    let (mut iv, mut aad) = (*b"twelve bytes", *b"data");
    let (iv, aad) = ((iv.as_mut_ptr(), 12), (aad.as_mut_ptr(), 4));
    let expected = GcmParameters { iv: b"twelve bytes".to_vec(), aad: b"data".to_vec(), tag_bits: 96 };
    assert_eq!(arrives(&host, CKM_AES_GCM, gcm(iv, aad)), Parameters::Gcm(expected.clone()));
    let old = OldGcmParams { pIv: iv.0, ulIvLen: 12, pAAD: aad.0, ulAADLen: 4, ulTagBits: 96 };
    assert_eq!(arrives(&host, CKM_AES_GCM, old), Parameters::Gcm(expected));
    let bare = GcmParameters { iv: b"twelve bytes".to_vec(), aad: vec![], tag_bits: 96 };
    assert_eq!(arrives(&host, CKM_AES_GCM, gcm(iv, (null_mut(), 0))), Parameters::Gcm(bare.clone()));
    assert_eq!(arrives(&host, CKM_AES_GCM, gcm(iv, (WILD, 0))), Parameters::Gcm(bare));
}

#[test]
fn a_field_of_gcm_that_cannot_be_there_is_unknown() {
    let host = Host::new();
    let mut iv = [0u8; 12];
    let good = (iv.as_mut_ptr(), 12);
    let mut bad = vec![(null_mut(), 1), (WILD, 4096)];
    bad.extend(WILD_LENGTHS.map(|len| (good.0, len)));
    for field in bad {
        assert_eq!(arrives(&host, CKM_AES_GCM, gcm(field, good)), Parameters::Unknown, "{field:?}");
        assert_eq!(arrives(&host, CKM_AES_GCM, gcm(good, field)), Parameters::Unknown, "{field:?}");
    }
}

fn oaep(source: u64, label: *mut u8, len: u64) -> CK_RSA_PKCS_OAEP_PARAMS {
    CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: CKM_SHA256,
        mgf: CKG_MGF1_SHA1,
        source,
        pSourceData: label.cast(),
        ulSourceDataLen: len,
    }
}

#[test]
fn a_label_of_oaep_arrives_only_where_the_source_says_so() {
    let host = Host::new();
    let mut label = *b"label";
    let place = label.as_mut_ptr();
    let with = |source, label: &[u8]| {
        let label = label.to_vec();
        Parameters::Oaep(OaepParameters { hash: CKM_SHA256, mgf: CKG_MGF1_SHA1, source, label })
    };
    for (given, expected) in [
        (oaep(CKZ_DATA_SPECIFIED, place, 5), with(CKZ_DATA_SPECIFIED, b"label")),
        (oaep(CKZ_DATA_SPECIFIED, null_mut(), 0), with(CKZ_DATA_SPECIFIED, b"")),
        (oaep(0, null_mut(), 0), with(0, b"")),
        (oaep(0, WILD, 0), with(0, b"")),
        (oaep(7, null_mut(), 0), with(7, b"")),
        (oaep(0, place, 5), Parameters::Unknown),
        (oaep(CKZ_DATA_SPECIFIED, null_mut(), 5), Parameters::Unknown),
        (oaep(CKZ_DATA_SPECIFIED, WILD, 4096), Parameters::Unknown),
    ] {
        assert_eq!(arrives(&host, CKM_RSA_PKCS_OAEP, given), expected, "{given:?}");
    }
    for len in WILD_LENGTHS {
        let given = oaep(CKZ_DATA_SPECIFIED, place, len);
        assert_eq!(arrives(&host, CKM_RSA_PKCS_OAEP, given), Parameters::Unknown);
    }
}

fn ecdh1(shared: (*mut u8, u64), public: (*mut u8, u64)) -> CK_ECDH1_DERIVE_PARAMS {
    CK_ECDH1_DERIVE_PARAMS {
        kdf: CKD_NULL,
        ulSharedDataLen: shared.1,
        pSharedData: shared.0,
        ulPublicDataLen: public.1,
        pPublicData: public.0,
    }
}

#[test]
fn both_fields_of_ecdh_arrive_and_neither_is_followed_astray() {
    let host = Host::new();
    let (mut shared, mut public) = (*b"shared", [4u8; 65]);
    let (shared, public) = ((shared.as_mut_ptr(), 6), (public.as_mut_ptr(), 65));
    let expected = |shared: &[u8]| {
        let (shared, public) = (shared.to_vec(), vec![4; 65]);
        Parameters::Ecdh1(Ecdh1Parameters { kdf: CKD_NULL, shared, public })
    };
    assert_eq!(arrives(&host, CKM_ECDH1_DERIVE, ecdh1(shared, public)), expected(b"shared"));
    assert_eq!(arrives(&host, CKM_ECDH1_DERIVE, ecdh1((null_mut(), 0), public)), expected(b""));
    let mut bad = vec![(null_mut(), 1), (WILD, 4096)];
    bad.extend(WILD_LENGTHS.map(|len| (public.0, len)));
    for field in bad {
        assert_eq!(arrives(&host, CKM_ECDH1_DERIVE, ecdh1(field, public)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_ECDH1_DERIVE, ecdh1(shared, field)), Parameters::Unknown);
    }
}

#[test]
fn a_large_field_arrives_whole() {
    let host = Host::new();
    let mut aad = vec![7u8; (16 << 20) + 1];
    let mut iv = [0u8; 12];
    let given = gcm((iv.as_mut_ptr(), 12), (aad.as_mut_ptr(), (16 << 20) + 1));
    let Parameters::Gcm(arrived) = arrives(&host, CKM_AES_GCM, given) else { panic!("no GCM parameters") };
    assert!(arrived.aad == aad);
}

#[test]
fn eddsa_parameters_and_a_macs_length_arrive() {
    let host = Host::new();
    let mut context = *b"context";
    let given =
        |flag, len, place| CK_EDDSA_PARAMS { phFlag: flag, ulContextDataLen: len, pContextData: place };
    let arrived = arrives(&host, CKM_EDDSA, given(1, 7, context.as_mut_ptr()));
    let expected = EddsaParameters { prehash: true, context: context.to_vec() };
    assert_eq!(arrived, Parameters::Eddsa(expected));
    let expected = EddsaParameters { prehash: false, context: vec![] };
    assert_eq!(arrives(&host, CKM_EDDSA, given(0, 0, WILD.cast())), Parameters::Eddsa(expected));
    assert_eq!(arrives(&host, CKM_EDDSA, given(2, 0, null_mut())), Parameters::Unknown);
    for len in WILD_LENGTHS {
        assert_eq!(arrives(&host, CKM_EDDSA, given(0, len, context.as_mut_ptr())), Parameters::Unknown);
    }
    assert_eq!(begin(&host, CKM_EDDSA, null_mut(), 0), Parameters::None);
    assert_eq!(arrives(&host, CKM_SHA256_HMAC_GENERAL, 12u64), Parameters::MacLen(12));
    assert_eq!(arrives(&host, CKM_SHA256_HMAC_GENERAL, 12u32), Parameters::Unknown);
}

#[test]
fn a_passwords_length_arrives_as_it_is_and_behind_an_address() {
    let host = Host::new();
    let (mut salt, mut password, mut len) = (*b"salt", *b"password", 8);
    let new = |salt: *mut u8, password: *mut u8, len| CK_PKCS5_PBKD2_PARAMS2 {
        saltSource: CKZ_SALT_SPECIFIED,
        pSaltSourceData: salt.cast(),
        ulSaltSourceDataLen: 4,
        iterations: 1000,
        prf: CKP_PKCS5_PBKD2_HMAC_SHA256,
        pPrfData: null_mut(),
        ulPrfDataLen: 0,
        pPassword: password,
        ulPasswordLen: len,
    };
    let expected = Pbkd2Parameters {
        salt_source: CKZ_SALT_SPECIFIED,
        salt: salt.to_vec(),
        iterations: 1000,
        prf: CKP_PKCS5_PBKD2_HMAC_SHA256,
        prf_data: vec![],
        password: Secret::from(password),
    };
    let (salt, password) = (salt.as_mut_ptr(), password.as_mut_ptr());
    let arrived = arrives(&host, CKM_PKCS5_PBKD2, new(salt, password, 8));
    assert_eq!(arrived, Parameters::Pbkd2(expected.clone()));
    let old = CK_PKCS5_PBKD2_PARAMS {
        saltSource: CKZ_SALT_SPECIFIED,
        pSaltSourceData: salt.cast(),
        ulSaltSourceDataLen: 4,
        iterations: 1000,
        prf: CKP_PKCS5_PBKD2_HMAC_SHA256,
        pPrfData: null_mut(),
        ulPrfDataLen: 0,
        pPassword: password,
        ulPasswordLen: &raw mut len,
    };
    assert_eq!(arrives(&host, CKM_PKCS5_PBKD2, old), Parameters::Pbkd2(expected));
    for wild in WILD_LENGTHS.into_iter().chain([(1 << 16) + 1, WILD.addr() as u64]) {
        assert_eq!(arrives(&host, CKM_PKCS5_PBKD2, new(salt, password, wild)), Parameters::Unknown);
    }
    let mut too_long = (1u64 << 16) + 1;
    let behind = new(salt, password, (&raw mut too_long).expose_provenance() as u64);
    assert_eq!(arrives(&host, CKM_PKCS5_PBKD2, behind), Parameters::Unknown);
    assert_eq!(arrives(&host, CKM_PKCS5_PBKD2, new(salt, null_mut(), 8)), Parameters::Unknown);
    assert_eq!(arrives(&host, CKM_PKCS5_PBKD2, new(null_mut(), password, 8)), Parameters::Unknown);
}

#[test]
fn what_a_stage_of_hkdf_does_not_need_is_not_touched() {
    let host = Host::new();
    let (mut salt, mut info) = (*b"salt", *b"info");
    let mut given = CK_HKDF_PARAMS {
        bExtract: 1,
        bExpand: 1,
        prfHashMechanism: CKM_SHA256,
        ulSaltType: CKF_HKDF_SALT_DATA,
        pSalt: salt.as_mut_ptr(),
        ulSaltLen: 4,
        hSaltKey: 77,
        pInfo: info.as_mut_ptr(),
        ulInfoLen: 4,
    };
    let read = |extract, expand, salt, info: &[u8]| {
        let info = info.to_vec();
        Parameters::Hkdf(HkdfParameters { extract, expand, hash: CKM_SHA256, salt, info })
    };
    let data = || HkdfSalt::Data(b"salt".to_vec());
    assert_eq!(arrives(&host, CKM_HKDF_DERIVE, given), read(true, true, data(), b"info"));
    given.ulSaltType = CKF_HKDF_SALT_KEY;
    let key = HkdfSalt::Key(ObjectHandle(77));
    assert_eq!(arrives(&host, CKM_HKDF_DATA, given), read(true, true, key, b"info"));
    given.pSalt = WILD.cast();
    given.ulSaltType = CKF_HKDF_SALT_NULL;
    assert_eq!(arrives(&host, CKM_HKDF_DERIVE, given), read(true, true, HkdfSalt::Null, b"info"));
    (given.bExtract, given.ulSaltType) = (0, 99);
    assert_eq!(arrives(&host, CKM_HKDF_DERIVE, given), read(false, true, HkdfSalt::Null, b"info"));
    (given.bExtract, given.ulSaltType, given.pSalt) = (1, CKF_HKDF_SALT_DATA, salt.as_mut_ptr());
    (given.bExpand, given.pInfo) = (0, WILD.cast());
    assert_eq!(arrives(&host, CKM_HKDF_DERIVE, given), read(true, false, data(), b""));
    for (extract, salt_type, len) in
        [(2, CKF_HKDF_SALT_DATA, 4), (1, 99, 4), (1, CKF_HKDF_SALT_DATA, 1 << 40)]
    {
        (given.bExtract, given.ulSaltType, given.ulSaltLen) = (extract, salt_type, len);
        assert_eq!(arrives(&host, CKM_HKDF_DERIVE, given), Parameters::Unknown);
    }
}
