//! Parameters of derivations whose structures point to further structures; all of it lives as long as the test.

use std::ffi::c_void;
use std::ptr;

use cryptoki_sys::{
    CK_BYTE, CK_DERIVED_KEY, CK_FALSE, CK_KEY_DERIVATION_STRING_DATA, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE,
    CK_PRF_DATA_PARAM, CK_PRF_DATA_TYPE, CK_SP800_108_BYTE_ARRAY, CK_SP800_108_COUNTER,
    CK_SP800_108_COUNTER_FORMAT, CK_SP800_108_DKM_LENGTH, CK_SP800_108_DKM_LENGTH_FORMAT,
    CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_SP800_108_FEEDBACK_KDF_PARAMS, CK_SP800_108_ITERATION_VARIABLE,
    CK_SP800_108_KDF_PARAMS, CK_SP800_108_KEY_HANDLE, CK_SSL3_KEY_MAT_OUT, CK_SSL3_RANDOM_DATA,
    CK_TLS_KDF_PARAMS, CK_TLS_MAC_PARAMS, CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
    CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS, CK_ULONG, CK_VERSION,
    CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF, CKM_SP800_108_FEEDBACK_KDF,
};

use super::Template;
use super::parameters::Parameterised;

fn lasting(bytes: &[u8]) -> (*mut CK_BYTE, CK_ULONG) {
    let bytes = Box::leak(Box::<[u8]>::from(bytes));
    (bytes.as_mut_ptr(), bytes.len() as CK_ULONG)
}

fn lasting_place<T>(value: T) -> *mut T {
    ptr::from_mut(Box::leak(Box::new(value)))
}

/// Data that goes with a base key.
#[must_use]
pub fn string_data(kind: CK_MECHANISM_TYPE, data: &[u8]) -> Parameterised<CK_KEY_DERIVATION_STRING_DATA> {
    let (data, len) = lasting(data);
    Parameterised::new(kind, CK_KEY_DERIVATION_STRING_DATA { pData: data, ulLen: len })
}

/// The parameters of a derivation by CBC: an initialisation vector, and data.
#[repr(C)]
pub struct ChainedData<const IV: usize> {
    iv: [CK_BYTE; IV],
    data: *mut CK_BYTE,
    len: CK_ULONG,
}

/// Data that is encrypted in CBC: `CK_AES_CBC_ENCRYPT_DATA_PARAMS` and its like, which differ in the vector's length.
#[must_use]
pub fn chained_data<const IV: usize>(
    kind: CK_MECHANISM_TYPE,
    iv: [CK_BYTE; IV],
    data: &[u8],
) -> Parameterised<ChainedData<IV>> {
    let (data, len) = lasting(data);
    Parameterised::new(kind, ChainedData { iv, data, len })
}

/// A counter of `bits`, the high byte first.
fn counter(bits: CK_ULONG) -> (*mut c_void, CK_ULONG) {
    let format = CK_SP800_108_COUNTER_FORMAT { bLittleEndian: CK_FALSE, ulWidthInBits: bits };
    (lasting_place(format).cast(), size_of::<CK_SP800_108_COUNTER_FORMAT>() as CK_ULONG)
}

fn data_parameters(
    parts: &[(CK_PRF_DATA_TYPE, (*mut c_void, CK_ULONG))],
) -> (*mut CK_PRF_DATA_PARAM, CK_ULONG) {
    let rows = parts.iter().map(|(kind, (value, len))| CK_PRF_DATA_PARAM {
        type_: *kind,
        pValue: *value,
        ulValueLen: *len,
    });
    let rows = Box::leak(rows.collect::<Box<[_]>>());
    (rows.as_mut_ptr(), rows.len() as CK_ULONG)
}

fn bytes(data: &[u8]) -> (*mut c_void, CK_ULONG) {
    let (data, len) = lasting(data);
    (data.cast(), len)
}

/// What a chained mode is fed: what the step before gave, a counter of `bits`, and fixed data.
fn chained(bits: CK_ULONG, fixed: &[u8]) -> (*mut CK_PRF_DATA_PARAM, CK_ULONG) {
    data_parameters(&[
        (CK_SP800_108_ITERATION_VARIABLE, (ptr::null_mut(), 0)),
        (CK_SP800_108_COUNTER, counter(bits)),
        (CK_SP800_108_BYTE_ARRAY, bytes(fixed)),
    ])
}

/// SP 800-108 in counter mode, a counter of `bits` before fixed data.
#[must_use]
pub fn counter_kdf(
    function: CK_MECHANISM_TYPE,
    bits: CK_ULONG,
    fixed: &[u8],
) -> Parameterised<CK_SP800_108_KDF_PARAMS> {
    let data = data_parameters(&[
        (CK_SP800_108_ITERATION_VARIABLE, counter(bits)),
        (CK_SP800_108_BYTE_ARRAY, bytes(fixed)),
    ]);
    plain_kdf(CKM_SP800_108_COUNTER_KDF, function, data)
}

/// SP 800-108 in double-pipeline mode, a counter of `bits` before fixed data.
#[must_use]
pub fn double_pipeline_kdf(
    function: CK_MECHANISM_TYPE,
    bits: CK_ULONG,
    fixed: &[u8],
) -> Parameterised<CK_SP800_108_KDF_PARAMS> {
    plain_kdf(CKM_SP800_108_DOUBLE_PIPELINE_KDF, function, chained(bits, fixed))
}

/// SP 800-108 in counter mode: a counter of a byte, fixed data, and a key.
#[must_use]
pub fn counter_kdf_of_key(
    function: CK_MECHANISM_TYPE,
    fixed: &[u8],
    key: CK_OBJECT_HANDLE,
) -> Parameterised<CK_SP800_108_KDF_PARAMS> {
    let key = (lasting_place(key).cast(), size_of::<CK_OBJECT_HANDLE>() as CK_ULONG);
    let data = data_parameters(&[
        (CK_SP800_108_ITERATION_VARIABLE, counter(8)),
        (CK_SP800_108_BYTE_ARRAY, bytes(fixed)),
        (CK_SP800_108_KEY_HANDLE, key),
    ]);
    plain_kdf(CKM_SP800_108_COUNTER_KDF, function, data)
}

fn plain_kdf(
    kind: CK_MECHANISM_TYPE,
    function: CK_MECHANISM_TYPE,
    (data, count): (*mut CK_PRF_DATA_PARAM, CK_ULONG),
) -> Parameterised<CK_SP800_108_KDF_PARAMS> {
    let parameters = CK_SP800_108_KDF_PARAMS {
        prfType: function,
        ulNumberOfDataParams: count,
        pDataParams: data,
        ulAdditionalDerivedKeys: 0,
        pAdditionalDerivedKeys: ptr::null_mut(),
    };
    Parameterised::new(kind, parameters)
}

/// Keys that are derived beside the first, by their templates, and places of their handles, which hold `before` now.
#[derive(Clone, Copy)]
pub struct FurtherKeys {
    keys: *mut CK_DERIVED_KEY,
    count: CK_ULONG,
}

impl FurtherKeys {
    /// What C is given.
    #[must_use]
    pub fn raw(&self) -> (*mut CK_DERIVED_KEY, CK_ULONG) {
        (self.keys, self.count)
    }

    /// The handles that stand in the places.
    #[must_use]
    pub fn handles(&self) -> Vec<CK_OBJECT_HANDLE> {
        let count = usize::try_from(self.count).unwrap_or_default();
        // SAFETY: `further_keys` made them, and they live as long as the test.
        let keys = unsafe { std::slice::from_raw_parts(self.keys, count) };
        let handle = |key: &CK_DERIVED_KEY| {
            // SAFETY: the same.
            unsafe { key.phKey.read() }
        };
        keys.iter().map(handle).collect()
    }
}

/// Further keys of these templates.
#[must_use]
pub fn further_keys(templates: &[Template], before: CK_OBJECT_HANDLE) -> FurtherKeys {
    let key = |template: &Template| {
        let template: &'static Template = Box::leak(Box::new(template.clone()));
        let raw = Box::leak(template.raw().into_boxed_slice());
        let (place, count) = (lasting_place(before), raw.len() as CK_ULONG);
        CK_DERIVED_KEY { pTemplate: raw.as_mut_ptr(), ulAttributeCount: count, phKey: place }
    };
    let keys = Box::leak(templates.iter().map(key).collect::<Box<[_]>>());
    FurtherKeys { keys: keys.as_mut_ptr(), count: keys.len() as CK_ULONG }
}

/// SP 800-108 in feedback mode with an initial vector, a counter of `bits` before fixed data.
#[must_use]
pub fn feedback_kdf(
    function: CK_MECHANISM_TYPE,
    bits: CK_ULONG,
    fixed: &[u8],
    iv: &[u8],
) -> Parameterised<CK_SP800_108_FEEDBACK_KDF_PARAMS> {
    let ((data, count), (iv, iv_len)) = (chained(bits, fixed), lasting(iv));
    let parameters = CK_SP800_108_FEEDBACK_KDF_PARAMS {
        prfType: function,
        ulNumberOfDataParams: count,
        pDataParams: data,
        ulIVLen: iv_len,
        pIV: iv,
        ulAdditionalDerivedKeys: 0,
        pAdditionalDerivedKeys: ptr::null_mut(),
    };
    Parameterised::new(CKM_SP800_108_FEEDBACK_KDF, parameters)
}

fn randoms((client, server): (&[u8], &[u8])) -> CK_SSL3_RANDOM_DATA {
    let ((client, client_len), (server, server_len)) = (lasting(client), lasting(server));
    CK_SSL3_RANDOM_DATA {
        pClientRandom: client,
        ulClientRandomLen: client_len,
        pServerRandom: server,
        ulServerRandomLen: server_len,
    }
}

/// A master secret of TLS 1.2 out of the random values of client and server.
#[must_use]
pub fn tls12_master(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    of_both: (&[u8], &[u8]),
) -> Parameterised<CK_TLS12_MASTER_KEY_DERIVE_PARAMS> {
    let parameters = CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
        RandomInfo: randoms(of_both),
        pVersion: ptr::null_mut(),
        prfHashMechanism: hash,
    };
    Parameterised::new(kind, parameters)
}

/// The same, with a place for the version that stands in the pre-master secret.
#[must_use]
pub fn tls12_master_with_version(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    of_both: (&[u8], &[u8]),
) -> Parameterised<CK_TLS12_MASTER_KEY_DERIVE_PARAMS> {
    let mut master = tls12_master(kind, hash, of_both);
    master.parameters.pVersion = lasting_place(CK_VERSION { major: 0, minor: 0 });
    master
}

/// The version that the module told.
#[must_use]
pub fn told_version(of: &Parameterised<CK_TLS12_MASTER_KEY_DERIVE_PARAMS>) -> [u8; 2] {
    // SAFETY: `tls12_master_with_version` made it, and it lives as long as the test.
    let CK_VERSION { major, minor } = unsafe { of.parameters.pVersion.read() };
    [major, minor]
}

/// An extended master secret out of the hash of the handshake.
#[must_use]
pub fn tls12_extended_master(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    session_hash: &[u8],
) -> Parameterised<CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS> {
    let (session_hash, len) = lasting(session_hash);
    let parameters = CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
        prfHashMechanism: hash,
        pSessionHash: session_hash,
        ulSessionHashLen: len,
        pVersion: ptr::null_mut(),
    };
    Parameterised::new(kind, parameters)
}

/// The key block of TLS 1.2 dealt out: a MAC key, a cipher key and a vector for each side, of so many bits.
#[must_use]
pub fn tls12_key_material(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    of_both: (&[u8], &[u8]),
    [mac_bits, key_bits, iv_bits]: [CK_ULONG; 3],
) -> Parameterised<CK_TLS12_KEY_MAT_PARAMS> {
    let out = CK_SSL3_KEY_MAT_OUT {
        hClientMacSecret: 0,
        hServerMacSecret: 0,
        hClientKey: 0,
        hServerKey: 0,
        pIVClient: lasting(&[0; 16]).0,
        pIVServer: lasting(&[0; 16]).0,
    };
    let parameters = CK_TLS12_KEY_MAT_PARAMS {
        ulMacSizeInBits: mac_bits,
        ulKeySizeInBits: key_bits,
        ulIVSizeInBits: iv_bits,
        bIsExport: CK_FALSE,
        RandomInfo: randoms(of_both),
        pReturnedKeyMaterial: lasting_place(out),
        prfHashMechanism: hash,
    };
    Parameterised::new(kind, parameters)
}

/// What the module told of keys: handles of both MAC keys and both cipher keys, and vectors of `iv_len` bytes.
///
/// # Panics
/// When the vectors are longer than the room for them.
#[must_use]
pub fn told_material(of: &Parameterised<CK_TLS12_KEY_MAT_PARAMS>, iv_len: usize) -> ([u64; 4], Vec<u8>) {
    assert!(iv_len <= 16, "there is room for 16 bytes");
    // SAFETY: `tls12_key_material` made it, and it lives as long as the test.
    let out = unsafe { of.parameters.pReturnedKeyMaterial.read() };
    let handles = [out.hClientMacSecret, out.hServerMacSecret, out.hClientKey, out.hServerKey];
    // SAFETY: the same; there are 16 bytes.
    let client = unsafe { std::slice::from_raw_parts(out.pIVClient, iv_len) };
    // SAFETY: the same.
    let server = unsafe { std::slice::from_raw_parts(out.pIVServer, iv_len) };
    (handles, [client, server].concat())
}

/// Keying material that TLS exports under a label (RFC 5705).
#[must_use]
pub fn tls_kdf(
    kind: CK_MECHANISM_TYPE,
    function: CK_MECHANISM_TYPE,
    label: &[u8],
    of_both: (&[u8], &[u8]),
) -> Parameterised<CK_TLS_KDF_PARAMS> {
    let (label, len) = lasting(label);
    let parameters = CK_TLS_KDF_PARAMS {
        prfMechanism: function,
        pLabel: label,
        ulLabelLength: len,
        RandomInfo: randoms(of_both),
        pContextData: ptr::null_mut(),
        ulContextDataLength: 0,
    };
    Parameterised::new(kind, parameters)
}

/// The MAC of a Finished message: 1 for the server's, 2 for the client's.
#[must_use]
pub fn tls_mac(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    len: CK_ULONG,
    side: CK_ULONG,
) -> Parameterised<CK_TLS_MAC_PARAMS> {
    let parameters = CK_TLS_MAC_PARAMS { prfHashMechanism: hash, ulMacLength: len, ulServerOrClient: side };
    Parameterised::new(kind, parameters)
}

/// SP 800-108 with a piece of every type: what is chained or counted, a counter, the length of what is derived, fixed
/// data and a key; and with a key beside the first. A chained mode that takes it has an initial vector.
#[must_use]
pub fn kdf_of_everything(
    kind: CK_MECHANISM_TYPE,
    function: CK_MECHANISM_TYPE,
    key: CK_OBJECT_HANDLE,
    beside: &Template,
) -> Box<dyn crate::mechanisms::Structure> {
    let length = CK_SP800_108_DKM_LENGTH_FORMAT {
        dkmLengthMethod: CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS,
        bLittleEndian: CK_FALSE,
        ulWidthInBits: 16,
    };
    let size = size_of::<CK_SP800_108_DKM_LENGTH_FORMAT>() as CK_ULONG;
    let mut parts = vec![(CK_SP800_108_ITERATION_VARIABLE, counter(16))];
    if kind != CKM_SP800_108_COUNTER_KDF {
        parts = vec![
            (CK_SP800_108_ITERATION_VARIABLE, (ptr::null_mut(), 0)),
            (CK_SP800_108_COUNTER, counter(16)),
        ];
    }
    parts.extend([
        (CK_SP800_108_DKM_LENGTH, (lasting_place(length).cast(), size)),
        (CK_SP800_108_BYTE_ARRAY, bytes(b"fixed")),
        (CK_SP800_108_KEY_HANDLE, (lasting_place(key).cast(), size_of::<CK_OBJECT_HANDLE>() as CK_ULONG)),
    ]);
    let data = data_parameters(&parts);
    let (keys, count) = further_keys(std::slice::from_ref(beside), 0).raw();
    if kind == CKM_SP800_108_FEEDBACK_KDF {
        let mut whole = feedback_kdf(function, 16, b"fixed", &[4; 32]);
        (whole.parameters.pDataParams, whole.parameters.ulNumberOfDataParams) = data;
        whole.parameters.pAdditionalDerivedKeys = keys;
        whole.parameters.ulAdditionalDerivedKeys = count;
        return Box::new(whole);
    }
    let mut whole = plain_kdf(kind, function, data);
    whole.parameters.pAdditionalDerivedKeys = keys;
    whole.parameters.ulAdditionalDerivedKeys = count;
    Box::new(whole)
}
