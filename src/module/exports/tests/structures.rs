//! Parameters that are structures of pointers: of ciphers, wrapping, derivation, TLS and signatures.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS, CK_ATTRIBUTE, CK_CCM_PARAMS, CK_CHACHA20_PARAMS, CK_DERIVED_KEY,
    CK_DES_CBC_ENCRYPT_DATA_PARAMS, CK_ECDH_AES_KEY_WRAP_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT,
    CK_KEY_DERIVATION_STRING_DATA, CK_OTP_PARAM, CK_OTP_PARAMS, CK_PRF_DATA_PARAM,
    CK_RSA_AES_KEY_WRAP_PARAMS, CK_RSA_PKCS_OAEP_PARAMS, CK_SALSA20_CHACHA20_POLY1305_PARAMS,
    CK_SIGN_ADDITIONAL_CONTEXT, CK_SP800_108_COUNTER_FORMAT, CK_SP800_108_DKM_LENGTH_FORMAT,
    CK_SP800_108_FEEDBACK_KDF_PARAMS, CK_SP800_108_KDF_PARAMS, CK_SSL3_KEY_MAT_OUT, CK_SSL3_RANDOM_DATA,
    CK_TLS_KDF_PARAMS, CK_TLS_MAC_PARAMS, CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
    CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS, CK_VERSION,
};
use pkcs11::constants::{
    CK_SP800_108_BYTE_ARRAY, CK_SP800_108_COUNTER, CK_SP800_108_DKM_LENGTH,
    CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_SP800_108_ITERATION_VARIABLE, CK_SP800_108_KEY_HANDLE, CKA_LABEL,
    CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CCM, CKM_AES_GMAC, CKM_CHACHA20, CKM_CHACHA20_POLY1305,
    CKM_CONCATENATE_BASE_AND_KEY, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DH_PKCS_DERIVE, CKM_ECDH_AES_KEY_WRAP,
    CKM_EXTRACT_KEY_FROM_KEY, CKM_HASH_ML_DSA, CKM_HOTP, CKM_ML_DSA, CKM_RSA_AES_KEY_WRAP, CKM_SHA256,
    CKM_SHA256_HMAC, CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF, CKM_TLS_KDF, CKM_TLS_MAC,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE,
    CKM_XOR_BASE_AND_DATA, CKZ_DATA_SPECIFIED,
};
use pkcs11::{
    Attribute, CbcEncryptDataParameters, CcmParameters, ChaCha20Parameters, ChaCha20Poly1305Parameters,
    CounterFormat, DkmLengthFormat, EcdhAesKeyWrapParameters, HashSignContextParameters, OaepParameters,
    ObjectHandle, OtpParameter, Parameters, PrfData, RsaAesKeyWrapParameters, Secret, SignContextParameters,
    Sp800108Parameters, Tls12ExtendedMasterParameters, Tls12KeyMaterialParameters, Tls12MasterParameters,
    TlsKdfParameters, TlsMacParameters, TlsRandoms,
};

use super::parameters::{WILD_LENGTHS, arrives, begin};
use super::{Host, WILD};

/// A field's address and length that are good, and all that nothing can be behind.
fn fields(good: &mut [u8]) -> ((*mut u8, u64), Vec<(*mut u8, u64)>) {
    let good = (good.as_mut_ptr(), good.len() as u64);
    let mut bad = vec![(null_mut(), 1), (WILD, 4096)];
    bad.extend(WILD_LENGTHS.map(|len| (good.0, len)));
    (good, bad)
}

#[test]
fn values_of_any_length_arrive_as_bytes() {
    let host = Host::new();
    let mut value = vec![7u8; 1 << 16];
    for mechanism in [CKM_DH_PKCS_DERIVE, CKM_AES_GMAC] {
        let place: *mut c_void = value.as_mut_ptr().cast();
        assert_eq!(begin(&host, mechanism, place, 300), Parameters::Bytes(vec![7; 300]));
        assert_eq!(begin(&host, mechanism, place, 1 << 16), Parameters::Bytes(vec![7; 1 << 16]));
        assert_eq!(begin(&host, mechanism, WILD.cast(), (1 << 16) + 1), Parameters::Unknown);
        assert_eq!(begin(&host, mechanism, null_mut(), 0), Parameters::None);
    }
}

#[test]
fn numbers_arrive_as_a_key_or_as_a_bit() {
    let host = Host::new();
    assert_eq!(arrives(&host, CKM_CONCATENATE_BASE_AND_KEY, 9u64), Parameters::Key(ObjectHandle(9)));
    assert_eq!(arrives(&host, CKM_EXTRACT_KEY_FROM_KEY, 21u64), Parameters::Extract(21));
    assert_eq!(arrives(&host, CKM_EXTRACT_KEY_FROM_KEY, 21u32), Parameters::Unknown);
}

#[test]
fn parameters_of_ciphers_arrive_with_what_they_point_to() {
    let host = Host::new();
    let (mut nonce, mut aad) = (*b"twelve bytes", *b"more");
    let (nonce, bad) = fields(&mut nonce);
    let (aad, _) = fields(&mut aad);
    let ccm = |nonce: (*mut u8, u64), aad: (*mut u8, u64)| CK_CCM_PARAMS {
        ulDataLen: 5,
        pNonce: nonce.0,
        ulNonceLen: nonce.1,
        pAAD: aad.0,
        ulAADLen: aad.1,
        ulMACLen: 16,
    };
    let poly = |nonce: (*mut u8, u64), aad: (*mut u8, u64)| CK_SALSA20_CHACHA20_POLY1305_PARAMS {
        pNonce: nonce.0,
        ulNonceLen: nonce.1,
        pAAD: aad.0,
        ulAADLen: aad.1,
    };
    let stream = |counter: (*mut u8, u64), nonce: (*mut u8, u64)| CK_CHACHA20_PARAMS {
        pBlockCounter: counter.0,
        blockCounterBits: counter.1.saturating_mul(8),
        pNonce: nonce.0,
        ulNonceBits: nonce.1.saturating_mul(8),
    };
    let (nonce_bytes, aad_bytes) = (b"twelve bytes".to_vec(), b"more".to_vec());
    let expected =
        CcmParameters { data_len: 5, nonce: nonce_bytes.clone(), aad: aad_bytes.clone(), mac_len: 16 };
    assert_eq!(arrives(&host, CKM_AES_CCM, ccm(nonce, aad)), Parameters::Ccm(expected));
    let expected = ChaCha20Poly1305Parameters { nonce: nonce_bytes.clone(), aad: aad_bytes.clone() };
    let arrived = arrives(&host, CKM_CHACHA20_POLY1305, poly(nonce, aad));
    assert_eq!(arrived, Parameters::ChaCha20Poly1305(expected.clone()));
    // The standard counts bits here, and many clients bytes.
    let arrived = arrives(&host, CKM_CHACHA20_POLY1305, poly((nonce.0, 8 * nonce.1), aad));
    assert_eq!(arrived, Parameters::ChaCha20Poly1305(expected));
    let expected = ChaCha20Parameters { block_counter: aad_bytes, nonce: nonce_bytes };
    assert_eq!(arrives(&host, CKM_CHACHA20, stream(aad, nonce)), Parameters::ChaCha20(expected));
    for bad in bad {
        assert_eq!(arrives(&host, CKM_AES_CCM, ccm(bad, aad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_AES_CCM, ccm(nonce, bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_CHACHA20_POLY1305, poly(bad, aad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_CHACHA20_POLY1305, poly(nonce, bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_CHACHA20, stream(bad, nonce)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_CHACHA20, stream(aad, bad)), Parameters::Unknown);
    }
    let odd = CK_CHACHA20_PARAMS { blockCounterBits: 33, ..stream(aad, nonce) };
    assert_eq!(arrives(&host, CKM_CHACHA20, odd), Parameters::Unknown);
}

#[test]
fn parameters_of_wrapping_arrive_with_those_within() {
    let host = Host::new();
    let mut label = *b"label";
    let mut oaep = CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: CKM_SHA256,
        mgf: 2,
        source: CKZ_DATA_SPECIFIED,
        pSourceData: label.as_mut_ptr().cast(),
        ulSourceDataLen: 5,
    };
    let wrap = |place| CK_RSA_AES_KEY_WRAP_PARAMS { ulAESKeyBits: 256, pOAEPParams: place };
    let within =
        OaepParameters { hash: CKM_SHA256, mgf: 2, source: CKZ_DATA_SPECIFIED, label: label.to_vec() };
    let expected = RsaAesKeyWrapParameters { aes_key_bits: 256, oaep: within };
    let arrived = arrives(&host, CKM_RSA_AES_KEY_WRAP, wrap(&raw mut oaep));
    assert_eq!(arrived, Parameters::RsaAesKeyWrap(expected));
    assert_eq!(arrives(&host, CKM_RSA_AES_KEY_WRAP, wrap(null_mut())), Parameters::Unknown);
    oaep.ulSourceDataLen = u64::MAX;
    assert_eq!(arrives(&host, CKM_RSA_AES_KEY_WRAP, wrap(&raw mut oaep)), Parameters::Unknown);

    let (shared, bad) = fields(&mut label);
    let wrap = |shared: (*mut u8, u64)| CK_ECDH_AES_KEY_WRAP_PARAMS {
        ulAESKeyBits: 128,
        kdf: 2,
        ulSharedDataLen: shared.1,
        pSharedData: shared.0,
    };
    let expected = EcdhAesKeyWrapParameters { aes_key_bits: 128, kdf: 2, shared: b"label".to_vec() };
    assert_eq!(arrives(&host, CKM_ECDH_AES_KEY_WRAP, wrap(shared)), Parameters::EcdhAesKeyWrap(expected));
    for bad in bad {
        assert_eq!(arrives(&host, CKM_ECDH_AES_KEY_WRAP, wrap(bad)), Parameters::Unknown);
    }
}

#[test]
fn data_for_derivations_arrives() {
    let host = Host::new();
    let mut data = [5; 16];
    let (good, bad) = fields(&mut data);
    let string = |(place, len)| CK_KEY_DERIVATION_STRING_DATA { pData: place, ulLen: len };
    let aes = |(place, len)| CK_AES_CBC_ENCRYPT_DATA_PARAMS { iv: [1; 16], pData: place, length: len };
    let des = |(place, len)| CK_DES_CBC_ENCRYPT_DATA_PARAMS { iv: [1; 8], pData: place, length: len };
    let bytes = Secret::from([5; 16]);
    let arrived = arrives(&host, CKM_XOR_BASE_AND_DATA, string(good));
    assert_eq!(arrived, Parameters::DerivationString(bytes.clone()));
    let cbc = |iv: &[u8]| {
        Parameters::CbcEncryptData(CbcEncryptDataParameters { iv: iv.to_vec(), data: bytes.clone() })
    };
    assert_eq!(arrives(&host, CKM_AES_CBC_ENCRYPT_DATA, aes(good)), cbc(&[1; 16]));
    assert_eq!(arrives(&host, CKM_DES3_CBC_ENCRYPT_DATA, des(good)), cbc(&[1; 8]));
    for bad in bad {
        assert_eq!(arrives(&host, CKM_XOR_BASE_AND_DATA, string(bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_AES_CBC_ENCRYPT_DATA, aes(bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_DES3_CBC_ENCRYPT_DATA, des(bad)), Parameters::Unknown);
    }
}

/// Everything that the parameters of SP 800-108 point to, of each kind one.
struct Kbkdf {
    counter: CK_SP800_108_COUNTER_FORMAT,
    length: CK_SP800_108_DKM_LENGTH_FORMAT,
    bytes: [u8; 5],
    handle: u64,
    label: [u8; 6],
    template: [CK_ATTRIBUTE; 1],
    further: [CK_DERIVED_KEY; 1],
    second: u64,
}

impl Kbkdf {
    fn new() -> Box<Self> {
        let method = CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS;
        let mut kbkdf = Box::new(Self {
            counter: CK_SP800_108_COUNTER_FORMAT { bLittleEndian: 0, ulWidthInBits: 16 },
            length: CK_SP800_108_DKM_LENGTH_FORMAT {
                dkmLengthMethod: method,
                bLittleEndian: 1,
                ulWidthInBits: 32,
            },
            bytes: *b"label",
            handle: 6,
            label: *b"second",
            template: [CK_ATTRIBUTE { type_: CKA_LABEL, pValue: null_mut(), ulValueLen: 6 }],
            further: [CK_DERIVED_KEY { pTemplate: null_mut(), ulAttributeCount: 1, phKey: null_mut() }],
            second: 0,
        });
        kbkdf.template[0].pValue = kbkdf.label.as_mut_ptr().cast();
        kbkdf.further[0].pTemplate = kbkdf.template.as_mut_ptr();
        kbkdf.further[0].phKey = &raw mut kbkdf.second;
        kbkdf
    }

    fn data(&mut self) -> [CK_PRF_DATA_PARAM; 6] {
        let chained =
            CK_PRF_DATA_PARAM { type_: CK_SP800_108_ITERATION_VARIABLE, pValue: null_mut(), ulValueLen: 0 };
        [
            datum(CK_SP800_108_ITERATION_VARIABLE, &mut self.counter),
            chained,
            datum(CK_SP800_108_COUNTER, &mut self.counter),
            datum(CK_SP800_108_DKM_LENGTH, &mut self.length),
            datum(CK_SP800_108_BYTE_ARRAY, &mut self.bytes),
            datum(CK_SP800_108_KEY_HANDLE, &mut self.handle),
        ]
    }
}

fn datum<T>(kind: u64, value: &mut T) -> CK_PRF_DATA_PARAM {
    CK_PRF_DATA_PARAM { type_: kind, pValue: (&raw mut *value).cast(), ulValueLen: size_of::<T>() as u64 }
}

fn kdf(data: &mut [CK_PRF_DATA_PARAM], keys: &mut [CK_DERIVED_KEY]) -> CK_SP800_108_KDF_PARAMS {
    CK_SP800_108_KDF_PARAMS {
        prfType: CKM_SHA256_HMAC,
        ulNumberOfDataParams: data.len() as u64,
        pDataParams: data.as_mut_ptr(),
        ulAdditionalDerivedKeys: keys.len() as u64,
        pAdditionalDerivedKeys: keys.as_mut_ptr(),
    }
}

#[test]
fn data_of_sp_800_108_and_the_templates_of_further_keys_arrive() {
    let host = Host::new();
    let mut kbkdf = Kbkdf::new();
    let (mut data, mut iv) = (kbkdf.data(), [3; 4]);
    let format = CounterFormat { little_endian: false, width_bits: 16 };
    let method = CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS;
    let length = DkmLengthFormat { method, little_endian: true, width_bits: 32 };
    let expected = |iv: &[u8]| {
        Parameters::Sp800108(Sp800108Parameters {
            prf: CKM_SHA256_HMAC,
            data: vec![
                PrfData::IterationVariable(Some(format.clone())),
                PrfData::IterationVariable(None),
                PrfData::Counter(format.clone()),
                PrfData::DkmLength(length.clone()),
                PrfData::Bytes(b"label".to_vec()),
                PrfData::Key(ObjectHandle(6)),
            ],
            iv: iv.to_vec(),
            additional: vec![vec![Attribute::bytes(CKA_LABEL, b"second")]],
        })
    };
    let given = kdf(&mut data, &mut kbkdf.further);
    assert_eq!(arrives(&host, CKM_SP800_108_COUNTER_KDF, given), expected(&[]));
    let feedback = |iv: *mut u8| CK_SP800_108_FEEDBACK_KDF_PARAMS {
        prfType: given.prfType,
        ulNumberOfDataParams: given.ulNumberOfDataParams,
        pDataParams: given.pDataParams,
        ulIVLen: 4,
        pIV: iv,
        ulAdditionalDerivedKeys: 1,
        pAdditionalDerivedKeys: given.pAdditionalDerivedKeys,
    };
    let arrived = arrives(&host, CKM_SP800_108_FEEDBACK_KDF, feedback(iv.as_mut_ptr()));
    assert_eq!(arrived, expected(&[3; 4]));
    let arrived = arrives(&host, CKM_SP800_108_FEEDBACK_KDF, feedback(null_mut()));
    assert_eq!(arrived, Parameters::Unknown);
}

#[test]
fn data_of_sp_800_108_that_cannot_be_there_or_has_no_meaning_is_unknown() {
    let host = Host::new();
    let mut kbkdf = Kbkdf::new();
    let mut data = kbkdf.data();
    let refused = |parameters| {
        assert_eq!(arrives(&host, CKM_SP800_108_COUNTER_KDF, parameters), Parameters::Unknown);
    };
    let given = kdf(&mut data, &mut kbkdf.further);
    for (place, count) in [(null_mut(), 1), (WILD.cast(), 1 << 40), (given.pDataParams, 257)] {
        refused(CK_SP800_108_KDF_PARAMS { pDataParams: place, ulNumberOfDataParams: count, ..given });
    }
    for (place, count) in [(null_mut(), 1), (given.pAdditionalDerivedKeys, u64::MAX)] {
        let mut keys = given;
        (keys.pAdditionalDerivedKeys, keys.ulAdditionalDerivedKeys) = (place, count);
        refused(keys);
    }
    for (index, change) in [
        (0, CK_PRF_DATA_PARAM { ulValueLen: 8, ..data[0] }),
        (0, CK_PRF_DATA_PARAM { pValue: null_mut(), ..data[0] }),
        (1, CK_PRF_DATA_PARAM { type_: 99, ..data[1] }),
        (3, CK_PRF_DATA_PARAM { ulValueLen: 16, ..data[3] }),
        (4, CK_PRF_DATA_PARAM { pValue: null_mut(), ..data[4] }),
        (5, CK_PRF_DATA_PARAM { ulValueLen: 4, ..data[5] }),
    ] {
        let mut changed = data;
        changed[index] = change;
        refused(kdf(&mut changed, &mut kbkdf.further));
    }
    let mut nowhere = [CK_DERIVED_KEY { phKey: null_mut(), ..kbkdf.further[0] }];
    refused(kdf(&mut data, &mut nowhere));
    kbkdf.counter.bLittleEndian = 2;
    refused(kdf(&mut data, &mut kbkdf.further));
}

/// Random values of both sides, the same with one that is not there, and how they arrive.
fn tls_randoms(
    client: &mut [u8; 32],
    server: &mut [u8; 32],
) -> (CK_SSL3_RANDOM_DATA, CK_SSL3_RANDOM_DATA, TlsRandoms) {
    let random = CK_SSL3_RANDOM_DATA {
        pClientRandom: client.as_mut_ptr(),
        ulClientRandomLen: 32,
        pServerRandom: server.as_mut_ptr(),
        ulServerRandomLen: 32,
    };
    let cut = CK_SSL3_RANDOM_DATA { pServerRandom: null_mut(), ..random };
    (random, cut, TlsRandoms { client: client.to_vec(), server: server.to_vec() })
}

#[test]
fn parameters_of_tls_secrets_arrive() {
    let host = Host::new();
    let (mut client, mut server) = ([1; 32], [2; 32]);
    let (random, cut, randoms) = tls_randoms(&mut client, &mut server);
    let mut version = CK_VERSION { major: 0, minor: 0 };
    let master = |random, version| CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
        RandomInfo: random,
        pVersion: version,
        prfHashMechanism: CKM_SHA256,
    };
    for (place, tells_version) in [(&raw mut version, true), (null_mut(), false)] {
        let expected = Tls12MasterParameters { randoms: randoms.clone(), tells_version, hash: CKM_SHA256 };
        let arrived = arrives(&host, CKM_TLS12_MASTER_KEY_DERIVE, master(random, place));
        assert_eq!(arrived, Parameters::Tls12Master(expected));
    }
    let arrived = arrives(&host, CKM_TLS12_MASTER_KEY_DERIVE, master(cut, null_mut()));
    assert_eq!(arrived, Parameters::Unknown);

    let mut place = CK_SSL3_KEY_MAT_OUT::default();
    let material = |random, export, place| CK_TLS12_KEY_MAT_PARAMS {
        ulMacSizeInBits: 160,
        ulKeySizeInBits: 256,
        ulIVSizeInBits: 128,
        bIsExport: export,
        RandomInfo: random,
        pReturnedKeyMaterial: place,
        prfHashMechanism: CKM_SHA256,
    };
    let expected = Tls12KeyMaterialParameters {
        mac_bits: 160,
        key_bits: 256,
        iv_bits: 128,
        is_export: false,
        randoms,
        hash: CKM_SHA256,
    };
    let arrived = arrives(&host, CKM_TLS12_KEY_AND_MAC_DERIVE, material(random, 0, &raw mut place));
    assert_eq!(arrived, Parameters::Tls12KeyMaterial(expected));
    for bad in [
        material(random, 2, &raw mut place),
        material(cut, 0, &raw mut place),
        material(random, 0, null_mut()),
    ] {
        assert_eq!(arrives(&host, CKM_TLS12_KEY_AND_MAC_DERIVE, bad), Parameters::Unknown);
    }
}

#[test]
fn parameters_of_tls_labels_and_macs_arrive() {
    let host = Host::new();
    let (mut client, mut server, mut label) = ([1; 32], [2; 32], *b"label");
    let (random, cut, randoms) = tls_randoms(&mut client, &mut server);
    let mut version = CK_VERSION { major: 0, minor: 0 };
    let (label, bad) = fields(&mut label);
    let kdf = |random, label: (*mut u8, u64), context: (*mut u8, u64)| CK_TLS_KDF_PARAMS {
        prfMechanism: CKM_SHA256,
        pLabel: label.0,
        ulLabelLength: label.1,
        RandomInfo: random,
        pContextData: context.0,
        ulContextDataLength: context.1,
    };
    let expected =
        TlsKdfParameters { prf: CKM_SHA256, label: b"label".to_vec(), randoms, context: Vec::new() };
    let none = (null_mut(), 0);
    assert_eq!(arrives(&host, CKM_TLS_KDF, kdf(random, label, none)), Parameters::TlsKdf(expected));
    assert_eq!(arrives(&host, CKM_TLS_KDF, kdf(cut, label, none)), Parameters::Unknown);
    let extended = |(place, len), version| CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
        prfHashMechanism: CKM_SHA256,
        pSessionHash: place,
        ulSessionHashLen: len,
        pVersion: version,
    };
    let expected = Tls12ExtendedMasterParameters {
        hash: CKM_SHA256,
        session_hash: b"label".to_vec(),
        tells_version: true,
    };
    let arrived = arrives(&host, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, extended(label, &raw mut version));
    assert_eq!(arrived, Parameters::Tls12ExtendedMaster(expected));
    for bad in bad {
        assert_eq!(arrives(&host, CKM_TLS_KDF, kdf(random, bad, none)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_TLS_KDF, kdf(random, label, bad)), Parameters::Unknown);
        let arrived = arrives(&host, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, extended(bad, null_mut()));
        assert_eq!(arrived, Parameters::Unknown);
    }
    let mac = CK_TLS_MAC_PARAMS { prfHashMechanism: CKM_SHA256, ulMacLength: 12, ulServerOrClient: 2 };
    let expected = TlsMacParameters { hash: CKM_SHA256, mac_len: 12, server_or_client: 2 };
    assert_eq!(arrives(&host, CKM_TLS_MAC, mac), Parameters::TlsMac(expected));
}

#[test]
fn parameters_of_signatures_arrive() {
    let host = Host::new();
    let mut context = *b"context";
    let (good, bad) = fields(&mut context);
    let sign =
        |(place, len)| CK_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: 1, pContext: place, ulContextLen: len };
    let hash = |(place, len)| CK_HASH_SIGN_ADDITIONAL_CONTEXT {
        hedgeVariant: 2,
        pContext: place,
        ulContextLen: len,
        hash: CKM_SHA256,
    };
    let context = b"context".to_vec();
    let expected = SignContextParameters { hedge: 1, context: context.clone() };
    assert_eq!(arrives(&host, CKM_ML_DSA, sign(good)), Parameters::SignContext(expected));
    assert_eq!(begin(&host, CKM_ML_DSA, null_mut(), 0), Parameters::None);
    let expected = HashSignContextParameters { hedge: 2, context, hash: CKM_SHA256 };
    assert_eq!(arrives(&host, CKM_HASH_ML_DSA, hash(good)), Parameters::HashSignContext(expected));
    assert_eq!(begin(&host, CKM_HASH_ML_DSA, null_mut(), 0), Parameters::Unknown);
    let otp = |params, count| CK_OTP_PARAMS { pParams: params, ulCount: count };
    let param =
        |(place, len): (*mut u8, u64)| CK_OTP_PARAM { type_: 6, pValue: place.cast(), ulValueLen: len };
    let expected = OtpParameter { kind: 6, value: Secret::from(b"context".as_slice()) };
    let arrived = arrives(&host, CKM_HOTP, otp([param(good)].as_mut_ptr(), 1));
    assert_eq!(arrived, Parameters::Otp(vec![expected]));
    assert_eq!(arrives(&host, CKM_HOTP, otp(null_mut(), 1)), Parameters::Unknown);
    for bad in bad {
        assert_eq!(arrives(&host, CKM_ML_DSA, sign(bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_HASH_ML_DSA, hash(bad)), Parameters::Unknown);
        assert_eq!(arrives(&host, CKM_HOTP, otp([param(bad)].as_mut_ptr(), 1)), Parameters::Unknown);
    }
}
