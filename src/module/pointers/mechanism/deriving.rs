//! Parameters of derivations.

use cryptoki_sys::{
    CK_DERIVED_KEY, CK_ECDH1_DERIVE_PARAMS, CK_EXTRACT_PARAMS, CK_HKDF_PARAMS, CK_KEY_DERIVATION_STRING_DATA,
    CK_OBJECT_HANDLE, CK_PKCS5_PBKD2_PARAMS2, CK_PRF_DATA_PARAM, CK_SP800_108_COUNTER_FORMAT,
    CK_SP800_108_DKM_LENGTH_FORMAT, CK_SP800_108_FEEDBACK_KDF_PARAMS, CK_SP800_108_KDF_PARAMS, CK_ULONG,
};
use pkcs11::constants::{
    CK_SP800_108_BYTE_ARRAY, CK_SP800_108_COUNTER, CK_SP800_108_DKM_LENGTH, CK_SP800_108_ITERATION_VARIABLE,
    CK_SP800_108_KEY_HANDLE, CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL,
};
use pkcs11::{
    CounterFormat, DkmLengthFormat, Ecdh1Parameters, HkdfParameters, HkdfSalt, ObjectHandle, Parameters,
    Pbkd2Parameters, PrfData, Result, Secret, Sp800108Parameters, Template,
};

use super::super::{in_bounds, mapped, size, template, value};
use super::{array, field, flag};

/// The longest password in bytes. No page below this address is any process's: a larger number where a password's
/// length stands is the address of a length.
const LONGEST_PASSWORD: CK_ULONG = 1 << 16;

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn ecdh1(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_ECDH1_DERIVE_PARAMS { kdf, ulSharedDataLen, pSharedData, ulPublicDataLen, pPublicData } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let shared = unsafe { field(pSharedData, ulSharedDataLen) }?;
    // SAFETY: as promised to this function.
    let public = unsafe { field(pPublicData, ulPublicDataLen) }?;
    let both = shared.zip(public);
    Ok(both.map(|(shared, public)| Parameters::Ecdh1(Ecdh1Parameters { kdf, shared, public })))
}

/// The structure of v2.40 errata and later, or the one before, which has the address of the password's length where
/// the later one has the length.
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn pbkd2(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_PKCS5_PBKD2_PARAMS2 = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let salt = unsafe { field(given.pSaltSourceData.cast(), given.ulSaltSourceDataLen) }?;
    // SAFETY: as promised to this function.
    let prf_data = unsafe { field(given.pPrfData.cast(), given.ulPrfDataLen) }?;
    // SAFETY: as promised to this function.
    let password = match unsafe { password_len(given.ulPasswordLen) }? {
        // SAFETY: as promised to this function.
        Some(len) => unsafe { field(given.pPassword.cast(), len) }?.map(Secret::new),
        None => None,
    };
    let (Some(salt), Some(prf_data), Some(password)) = (salt, prf_data, password) else { return Ok(None) };
    let CK_PKCS5_PBKD2_PARAMS2 { saltSource: salt_source, iterations, prf, .. } = given;
    let parameters = Pbkd2Parameters { salt_source, salt, iterations, prf, prf_data, password };
    Ok(Some(Parameters::Pbkd2(parameters)))
}

/// A password's length, which may stand behind an address; nothing for one that no password has.
///
/// # Safety
/// Unless no process can have it there, or nothing is mapped there, a length at such an address is readable.
unsafe fn password_len(len: CK_ULONG) -> Result<Option<CK_ULONG>> {
    if len <= LONGEST_PASSWORD {
        return Ok(Some(len));
    }
    let (address, room) = (size(len)?, size_of::<CK_ULONG>());
    if !in_bounds(address, room) || !mapped(address, room) {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    let len = unsafe { value(std::ptr::with_exposed_provenance::<CK_ULONG>(address)) }?;
    Ok(Some(len).filter(|len| *len <= LONGEST_PASSWORD))
}

/// What a stage that does not run would take is not looked at (section 6.62.3).
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn hkdf(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_HKDF_PARAMS = unsafe { value(place.cast()) }?;
    let Some((extract, expand)) = flag(given.bExtract).zip(flag(given.bExpand)) else { return Ok(None) };
    let salt = match given.ulSaltType {
        _ if !extract => Some(HkdfSalt::Null),
        CKF_HKDF_SALT_NULL => Some(HkdfSalt::Null),
        // SAFETY: as promised to this function.
        CKF_HKDF_SALT_DATA => unsafe { field(given.pSalt, given.ulSaltLen) }?.map(HkdfSalt::Data),
        CKF_HKDF_SALT_KEY => Some(HkdfSalt::Key(ObjectHandle(given.hSaltKey))),
        _ => None,
    };
    let info = if expand {
        // SAFETY: as promised to this function.
        unsafe { field(given.pInfo, given.ulInfoLen) }?
    } else {
        Some(Vec::new())
    };
    let both = salt.zip(info);
    let hash = given.prfHashMechanism;
    Ok(both.map(|(salt, info)| Parameters::Hkdf(HkdfParameters { extract, expand, hash, salt, info })))
}

/// # Safety
/// Unless null, the handle is readable.
pub(super) unsafe fn key(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let handle: CK_OBJECT_HANDLE = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::Key(ObjectHandle(handle))))
}

/// # Safety
/// Unless null, the number is readable.
pub(super) unsafe fn extract(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let first: CK_EXTRACT_PARAMS = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::Extract(first)))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn string(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_KEY_DERIVATION_STRING_DATA { pData, ulLen } = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let data = unsafe { field(pData, ulLen) }?;
    Ok(data.map(|data| Parameters::DerivationString(Secret::new(data))))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn sp800_108(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_SP800_108_KDF_PARAMS = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let data = unsafe { prf_data(given.pDataParams, given.ulNumberOfDataParams) }?;
    // SAFETY: as promised to this function.
    let additional = unsafe { derived_keys(given.pAdditionalDerivedKeys, given.ulAdditionalDerivedKeys) }?;
    let both = data.zip(additional);
    Ok(both.map(|(data, additional)| {
        Parameters::Sp800108(Sp800108Parameters { prf: given.prfType, data, iv: Vec::new(), additional })
    }))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn sp800_108_feedback(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_SP800_108_FEEDBACK_KDF_PARAMS = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let data = unsafe { prf_data(given.pDataParams, given.ulNumberOfDataParams) }?;
    // SAFETY: as promised to this function.
    let iv = unsafe { field(given.pIV, given.ulIVLen) }?;
    // SAFETY: as promised to this function.
    let additional = unsafe { derived_keys(given.pAdditionalDerivedKeys, given.ulAdditionalDerivedKeys) }?;
    let (Some(data), Some(iv), Some(additional)) = (data, iv, additional) else { return Ok(None) };
    Ok(Some(Parameters::Sp800108(Sp800108Parameters { prf: given.prfType, data, iv, additional })))
}

/// # Safety
/// Unless null, `count` structures at `place` and what they point to are readable.
unsafe fn prf_data(place: *const CK_PRF_DATA_PARAM, count: CK_ULONG) -> Result<Option<Vec<PrfData>>> {
    // SAFETY: as promised to this function.
    let Some(sent) = unsafe { array(place, count) }? else { return Ok(None) };
    let mut data = Vec::with_capacity(sent.len());
    for one in &sent {
        // SAFETY: as promised to this function.
        let Some(read) = unsafe { prf_datum(one) }? else { return Ok(None) };
        data.push(read);
    }
    Ok(Some(data))
}

/// # Safety
/// Unless null, what the structure points to is readable.
unsafe fn prf_datum(sent: &CK_PRF_DATA_PARAM) -> Result<Option<PrfData>> {
    let CK_PRF_DATA_PARAM { type_, pValue, ulValueLen } = *sent;
    let is = |len: usize| !pValue.is_null() && ulValueLen == len as CK_ULONG;
    match type_ {
        CK_SP800_108_ITERATION_VARIABLE if ulValueLen == 0 => Ok(Some(PrfData::IterationVariable(None))),
        CK_SP800_108_ITERATION_VARIABLE if is(size_of::<CK_SP800_108_COUNTER_FORMAT>()) => {
            // SAFETY: as promised to this function; the length is the structure's.
            let format = counter_format(unsafe { value(pValue.cast()) }?);
            Ok(format.map(|format| PrfData::IterationVariable(Some(format))))
        }
        CK_SP800_108_COUNTER if is(size_of::<CK_SP800_108_COUNTER_FORMAT>()) => {
            // SAFETY: as promised to this function; the length is the structure's.
            Ok(counter_format(unsafe { value(pValue.cast()) }?).map(PrfData::Counter))
        }
        CK_SP800_108_DKM_LENGTH if is(size_of::<CK_SP800_108_DKM_LENGTH_FORMAT>()) => {
            // SAFETY: as promised to this function; the length is the structure's.
            let CK_SP800_108_DKM_LENGTH_FORMAT {
                dkmLengthMethod: method,
                bLittleEndian,
                ulWidthInBits: width_bits,
            } = unsafe { value(pValue.cast()) }?;
            let format = flag(bLittleEndian).map(|little_endian| DkmLengthFormat {
                method,
                little_endian,
                width_bits,
            });
            Ok(format.map(PrfData::DkmLength))
        }
        CK_SP800_108_BYTE_ARRAY => {
            // SAFETY: as promised to this function.
            let bytes = unsafe { field(pValue.cast(), ulValueLen) }?;
            Ok(bytes.map(PrfData::Bytes))
        }
        CK_SP800_108_KEY_HANDLE if is(size_of::<CK_ULONG>()) => {
            // SAFETY: as promised to this function; the length is a handle's.
            let handle = unsafe { value(pValue.cast()) }?;
            Ok(Some(PrfData::Key(ObjectHandle(handle))))
        }
        _ => Ok(None),
    }
}

fn counter_format(sent: CK_SP800_108_COUNTER_FORMAT) -> Option<CounterFormat> {
    let CK_SP800_108_COUNTER_FORMAT { bLittleEndian, ulWidthInBits: width_bits } = sent;
    flag(bLittleEndian).map(|little_endian| CounterFormat { little_endian, width_bits })
}

/// The templates of keys to derive beside the first; where their handles go is for later.
///
/// # Safety
/// Unless null, `count` structures at `place` and the templates that they point to are readable.
unsafe fn derived_keys(place: *const CK_DERIVED_KEY, count: CK_ULONG) -> Result<Option<Vec<Template>>> {
    // SAFETY: as promised to this function.
    let Some(sent) = unsafe { array(place, count) }? else { return Ok(None) };
    let mut templates = Vec::with_capacity(sent.len());
    for key in sent {
        if key.phKey.is_null() {
            return Ok(None);
        }
        // SAFETY: as promised to this function.
        templates.push(unsafe { template(key.pTemplate, key.ulAttributeCount) }?);
    }
    Ok(Some(templates))
}
