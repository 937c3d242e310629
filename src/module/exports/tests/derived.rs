//! Where the results of `C_DeriveKey` go: the call's own handle, and the places in the mechanism's parameters.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_DERIVED_KEY, CK_MECHANISM, CK_SP800_108_FEEDBACK_KDF_PARAMS, CK_SP800_108_KDF_PARAMS,
    CK_SSL3_KEY_MAT_OUT, CK_SSL3_RANDOM_DATA, CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
    CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS, CK_VERSION,
};
use pkcs11::constants::{
    CK_INVALID_HANDLE, CKA_VALUE_LEN, CKM_EXTRACT_KEY_FROM_KEY, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE,
    CKM_TLS12_MASTER_KEY_DERIVE, CKR_ARGUMENTS_BAD, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11::{DerivedKeys, Error, ObjectHandle};

use super::double::locked;
use super::{Host, SESSION, WILD, call, mechanism};

/// A mechanism over a structure of the test's.
fn by<T>(kind: u64, parameters: &mut T) -> CK_MECHANISM {
    mechanism(kind, std::ptr::from_mut(parameters).cast::<c_void>(), size_of::<T>() as u64)
}

fn derive(host: &Host, mut mechanism: CK_MECHANISM, key: *mut u64) -> u64 {
    call!(host, C_DeriveKey(SESSION, &mut mechanism, 5, null_mut(), 0, key))
}

/// What the token gives next.
fn gives(host: &Host, keys: &[Option<u64>], told: &[u8]) {
    let keys = keys.iter().map(|key| key.map(ObjectHandle)).collect();
    *locked(&host.token.derived) = Some(DerivedKeys { keys, told: told.to_vec() });
}

#[test]
fn the_calls_own_handle_is_written_where_it_is_wanted_and_nowhere_else() {
    let host = Host::new();
    let (mut first, mut key) = (21u64, 0);
    assert_eq!((derive(&host, by(CKM_EXTRACT_KEY_FROM_KEY, &mut first), &mut key), key), (CKR_OK, 25));
    host.token.asked();
    for nowhere in [null_mut(), WILD.cast()] {
        let refused = derive(&host, by(CKM_EXTRACT_KEY_FROM_KEY, &mut first), nowhere);
        assert_eq!(refused, CKR_ARGUMENTS_BAD);
    }
    assert_eq!(host.token.asked(), [""; 0], "nothing is derived whose handle nobody gets");
    *locked(&host.token.failure) = Some(Error::TemplateIncomplete(CKA_VALUE_LEN));
    key = 7;
    let refused = derive(&host, by(CKM_EXTRACT_KEY_FROM_KEY, &mut first), &mut key);
    assert_eq!((refused, key), (CKR_TEMPLATE_INCOMPLETE, 7));
}

fn further(handle: *mut u64) -> CK_DERIVED_KEY {
    CK_DERIVED_KEY { pTemplate: null_mut::<CK_ATTRIBUTE>(), ulAttributeCount: 0, phKey: handle }
}

fn counter(keys: &mut [CK_DERIVED_KEY]) -> CK_SP800_108_KDF_PARAMS {
    CK_SP800_108_KDF_PARAMS {
        prfType: CKM_SHA256_HMAC,
        ulNumberOfDataParams: 0,
        pDataParams: null_mut(),
        ulAdditionalDerivedKeys: keys.len() as u64,
        pAdditionalDerivedKeys: keys.as_mut_ptr(),
    }
}

fn feedback(keys: &mut [CK_DERIVED_KEY]) -> CK_SP800_108_FEEDBACK_KDF_PARAMS {
    CK_SP800_108_FEEDBACK_KDF_PARAMS {
        prfType: CKM_SHA256_HMAC,
        ulNumberOfDataParams: 0,
        pDataParams: null_mut(),
        ulIVLen: 0,
        pIV: null_mut(),
        ulAdditionalDerivedKeys: keys.len() as u64,
        pAdditionalDerivedKeys: keys.as_mut_ptr(),
    }
}

#[test]
fn handles_of_further_keys_are_written_into_their_places() {
    let host = Host::new();
    for kind in [CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF] {
        let (mut key, mut second, mut third) = (0, 0, 0);
        let mut keys = [further(&mut second), further(&mut third)];
        gives(&host, &[Some(1), Some(2), Some(3)], &[]);
        let answer = if kind == CKM_SP800_108_FEEDBACK_KDF {
            derive(&host, by(kind, &mut feedback(&mut keys)), &mut key)
        } else {
            derive(&host, by(kind, &mut counter(&mut keys)), &mut key)
        };
        assert_eq!((answer, key, second, third), (CKR_OK, 1, 2, 3));
    }
}

#[test]
fn a_further_key_without_a_place_is_refused_before_anything_is_derived() {
    let host = Host::new();
    let (mut key, mut second) = (4, 4);
    for nowhere in [null_mut(), WILD.cast()] {
        let mut keys = [further(&mut second), further(nowhere)];
        let refused = derive(&host, by(CKM_SP800_108_COUNTER_KDF, &mut counter(&mut keys)), &mut key);
        assert_eq!(refused, CKR_MECHANISM_PARAM_INVALID);
        let refused = derive(&host, by(CKM_SP800_108_FEEDBACK_KDF, &mut feedback(&mut keys)), &mut key);
        assert_eq!(refused, CKR_MECHANISM_PARAM_INVALID);
    }
    let mut keys = [further(&mut second)];
    let refused = derive(&host, by(CKM_SP800_108_COUNTER_KDF, &mut counter(&mut keys)), null_mut());
    assert_eq!(refused, CKR_ARGUMENTS_BAD);
    assert_eq!((key, second), (4, 4));
    assert_eq!(host.token.asked(), [""; 0]);
}

/// Section 6.42.6: "the corresponding phKey value will be set to CK_INVALID_HANDLE to identify the offending template".
#[test]
fn the_place_of_a_template_that_is_wrong_says_so_alone() {
    let host = Host::new();
    let incomplete = || Error::TemplateIncomplete(CKA_VALUE_LEN);
    for (failure, expected) in [
        (incomplete().of_derived_key(1), [9, CK_INVALID_HANDLE, 9]),
        (incomplete().of_derived_key(2), [9, 9, CK_INVALID_HANDLE]),
        (incomplete().of_derived_key(3), [9, 9, 9]),
        (incomplete(), [9, 9, 9]),
    ] {
        let (mut key, mut second, mut third) = (9, 9, 9);
        let mut keys = [further(&mut second), further(&mut third)];
        *locked(&host.token.failure) = Some(failure);
        let refused = derive(&host, by(CKM_SP800_108_COUNTER_KDF, &mut counter(&mut keys)), &mut key);
        assert_eq!((refused, [key, second, third]), (CKR_TEMPLATE_INCOMPLETE, expected));
    }
}

fn randoms(bytes: &mut [u8; 32]) -> CK_SSL3_RANDOM_DATA {
    let (place, len) = (bytes.as_mut_ptr(), 32);
    CK_SSL3_RANDOM_DATA {
        pClientRandom: place,
        ulClientRandomLen: len,
        pServerRandom: place,
        ulServerRandomLen: len,
    }
}

#[test]
fn a_protocols_version_is_written_where_there_is_a_place_for_it() {
    let host = Host::new();
    let (mut random, mut key) = ([1; 32], 0);
    let random = randoms(&mut random);
    let mut version = CK_VERSION { major: 9, minor: 9 };
    let master = |place: *mut CK_VERSION, key: *mut u64| {
        let mut parameters = CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
            RandomInfo: random,
            pVersion: place,
            prfHashMechanism: CKM_SHA256,
        };
        derive(&host, by(CKM_TLS12_MASTER_KEY_DERIVE, &mut parameters), key)
    };
    gives(&host, &[Some(3)], &[3, 1]);
    assert_eq!((master(&mut version, &mut key), key), (CKR_OK, 3));
    assert_eq!((version.major, version.minor), (3, 1));
    gives(&host, &[Some(4)], &[]);
    assert_eq!((master(null_mut(), &mut key), key), (CKR_OK, 4));
    assert_eq!(master(WILD.cast(), &mut key), CKR_MECHANISM_PARAM_INVALID);
    assert_eq!(master(&mut version, null_mut()), CKR_ARGUMENTS_BAD);
    let mut extended = CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
        prfHashMechanism: CKM_SHA256,
        pSessionHash: random.pClientRandom,
        ulSessionHashLen: 32,
        pVersion: &raw mut version,
    };
    gives(&host, &[Some(5)], &[3, 3]);
    assert_eq!(derive(&host, by(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &mut extended), &mut key), CKR_OK);
    assert_eq!((key, version.major, version.minor), (5, 3, 3));
    extended.pVersion = WILD.cast();
    let refused = derive(&host, by(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &mut extended), &mut key);
    assert_eq!(refused, CKR_MECHANISM_PARAM_INVALID);
}

fn material(
    random: CK_SSL3_RANDOM_DATA,
    iv_bits: u64,
    place: *mut CK_SSL3_KEY_MAT_OUT,
) -> CK_TLS12_KEY_MAT_PARAMS {
    CK_TLS12_KEY_MAT_PARAMS {
        ulMacSizeInBits: 160,
        ulKeySizeInBits: 128,
        ulIVSizeInBits: iv_bits,
        bIsExport: 0,
        RandomInfo: random,
        pReturnedKeyMaterial: place,
        prfHashMechanism: CKM_SHA256,
    }
}

#[test]
fn four_keys_of_tls_and_two_vectors_go_into_the_parameters_and_phkey_is_left_alone() {
    let host = Host::new();
    let mut random = [1; 32];
    let random = randoms(&mut random);
    let (mut client, mut server) = ([0u8; 5], [0u8; 5]);
    let mut out = CK_SSL3_KEY_MAT_OUT {
        pIVClient: client.as_mut_ptr(),
        pIVServer: server.as_mut_ptr(),
        ..Default::default()
    };
    let mut key = 6;
    for place in [null_mut(), &raw mut key] {
        gives(&host, &[None, None, Some(13), Some(14)], b"clntserv");
        let mut parameters = material(random, 32, &raw mut out);
        assert_eq!(derive(&host, by(CKM_TLS12_KEY_AND_MAC_DERIVE, &mut parameters), place), CKR_OK);
        let handles = [out.hClientMacSecret, out.hServerMacSecret, out.hClientKey, out.hServerKey];
        assert_eq!(handles, [CK_INVALID_HANDLE, CK_INVALID_HANDLE, 13, 14]);
        assert_eq!((&client, &server, key), (b"clnt\0", b"serv\0", 6));
    }
    // Both vectors in one place, as an application may have it: the later one stays.
    out.pIVServer = out.pIVClient;
    gives(&host, &[Some(1), Some(2), Some(3), Some(4)], b"clntserv");
    let mut parameters = material(random, 32, &raw mut out);
    assert_eq!(derive(&host, by(CKM_TLS12_KEY_AND_MAC_DERIVE, &mut parameters), null_mut()), CKR_OK);
    assert_eq!((&client, out.hClientMacSecret, out.hServerKey), (b"serv\0", 1, 4));
}

#[test]
fn vectors_without_a_place_are_refused_unless_none_are_made() {
    let host = Host::new();
    let mut random = [1; 32];
    let random = randoms(&mut random);
    let mut vector = [0u8; 16];
    for (client, server) in [
        (null_mut(), vector.as_mut_ptr()),
        (vector.as_mut_ptr(), null_mut()),
        (WILD, vector.as_mut_ptr()),
        (vector.as_mut_ptr(), (usize::MAX - 7) as *mut u8),
    ] {
        let mut out = CK_SSL3_KEY_MAT_OUT { pIVClient: client, pIVServer: server, ..Default::default() };
        let mut parameters = material(random, 128, &raw mut out);
        let refused = derive(&host, by(CKM_TLS12_KEY_AND_MAC_DERIVE, &mut parameters), null_mut());
        assert_eq!(refused, CKR_MECHANISM_PARAM_INVALID);
        assert_eq!(host.token.asked(), [""; 0]);
        for (kind, bits) in [(CKM_TLS12_KEY_AND_MAC_DERIVE, 0), (CKM_TLS12_KEY_SAFE_DERIVE, 128)] {
            let mut parameters = material(random, bits, &raw mut out);
            gives(&host, &[Some(1), Some(2), Some(3), Some(4)], &[]);
            assert_eq!(derive(&host, by(kind, &mut parameters), null_mut()), CKR_OK);
        }
        host.token.asked();
    }
    for nowhere in [null_mut(), WILD.cast()] {
        let mut parameters = material(random, 0, nowhere);
        let refused = derive(&host, by(CKM_TLS12_KEY_AND_MAC_DERIVE, &mut parameters), null_mut());
        assert_eq!(refused, CKR_MECHANISM_PARAM_INVALID);
    }
    assert_eq!(host.token.asked(), [""; 0]);
}
