//! Mechanisms with their parameters, and what those point to.

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_BBOOL, CK_ECDH1_DERIVE_PARAMS, CK_EDDSA_PARAMS, CK_GCM_PARAMS, CK_HKDF_PARAMS,
    CK_MAC_GENERAL_PARAMS, CK_MECHANISM, CK_PKCS5_PBKD2_PARAMS2, CK_RSA_PKCS_OAEP_PARAMS,
    CK_RSA_PKCS_PSS_PARAMS, CK_ULONG,
};
use pkcs11::constants::{CKF_HKDF_SALT_DATA, CKF_HKDF_SALT_KEY, CKF_HKDF_SALT_NULL, CKZ_DATA_SPECIFIED};
use pkcs11::{
    CounterParameters, Ecdh1Parameters, EddsaParameters, Error, GcmParameters, HkdfParameters, HkdfSalt,
    Mechanism, OaepParameters, ObjectHandle, Parameters, Pbkd2Parameters, PssParameters, Result, Secret,
};

use super::{bytes, in_bounds, lendable, mapped, size, value};
use crate::parameters::{Form, Given, OldGcmParams, given};

/// Bytes that a field of a parameter may point to, at most.
const FIELD: usize = 16 << 20;
/// The longest password in bytes. No page below this address is any process's: a larger number where a password's
/// length stands is the address of a length.
const LONGEST_PASSWORD: CK_ULONG = 1 << 16;

/// A mechanism and its parameters.
///
/// # Safety
/// Unless null, a `CK_MECHANISM` at `mechanism`, the parameters that it names and what those point to are readable.
pub(crate) unsafe fn mechanism(mechanism: *const CK_MECHANISM) -> Result<Mechanism> {
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let CK_MECHANISM { mechanism, pParameter, ulParameterLen } = unsafe { value(mechanism) }?;
    let parameters = match given(mechanism, ulParameterLen) {
        Given::None => Parameters::None,
        Given::Unknown => Parameters::Unknown,
        Given::Form(form) => {
            // SAFETY: as promised to this function, and the length is one that the form has.
            unsafe { read(form, pParameter.cast::<u8>(), ulParameterLen) }?
        }
    };
    Ok(Mechanism { mechanism_type: mechanism, parameters })
}

/// A mechanism, or null, by which v3.0 ends an active operation.
///
/// # Safety
/// As [`mechanism`].
pub(crate) unsafe fn mechanism_or_end(mechanism: *const CK_MECHANISM) -> Result<Option<Mechanism>> {
    if mechanism.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    unsafe { self::mechanism(mechanism) }.map(Some)
}

/// Parameters of a form. What cannot be there behind a field makes them unknown, which every mechanism refuses
/// (docs/decisions/0007).
///
/// # Safety
/// Unless null, `len` bytes at `place` are readable, and so is what they point to; `len` is a length of the form.
unsafe fn read(form: Form, place: *const u8, len: CK_ULONG) -> Result<Parameters> {
    let read = match form {
        Form::Iv => {
            // SAFETY: as promised to this function.
            let iv = unsafe { bytes(place, len) }?;
            Some(Parameters::Bytes(iv.to_vec()))
        }
        Form::Pss => {
            // SAFETY: as promised to this function.
            let CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: salt_len } =
                unsafe { value(place.cast()) }?;
            Some(Parameters::Pss(PssParameters { hash, mgf, salt_len }))
        }
        Form::Counter => {
            // SAFETY: as promised to this function.
            let CK_AES_CTR_PARAMS { ulCounterBits, cb: block } = unsafe { value(place.cast()) }?;
            Some(Parameters::Counter(CounterParameters { counter_bits: ulCounterBits, block }))
        }
        // SAFETY: as promised to this function.
        Form::Oaep => unsafe { oaep(place.cast()) }?,
        Form::Gcm => {
            // SAFETY: as promised to this function.
            let CK_GCM_PARAMS { pIv, ulIvLen, ulIvBits: _, pAAD, ulAADLen, ulTagBits } =
                unsafe { value(place.cast()) }?;
            let old = OldGcmParams { pIv, ulIvLen, pAAD, ulAADLen, ulTagBits };
            // SAFETY: as promised to this function.
            unsafe { gcm(&old) }?
        }
        Form::OldGcm => {
            // SAFETY: as promised to this function.
            let old = unsafe { value(place.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { gcm(&old) }?
        }
        // SAFETY: as promised to this function.
        Form::Ecdh1 => unsafe { ecdh1(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Eddsa => unsafe { eddsa(place.cast()) }?,
        Form::MacLen => {
            // SAFETY: as promised to this function.
            let len: CK_MAC_GENERAL_PARAMS = unsafe { value(place.cast()) }?;
            Some(Parameters::MacLen(len))
        }
        // SAFETY: as promised to this function.
        Form::Pbkd2 => unsafe { pbkd2(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Hkdf => unsafe { hkdf(place.cast()) }?,
    };
    Ok(read.unwrap_or(Parameters::Unknown))
}

/// The bytes that a field points to; nothing when they cannot be there.
///
/// # Safety
/// Unless the answer is nothing, `len` bytes at `place` are readable.
unsafe fn field(place: *const u8, len: CK_ULONG) -> Result<Option<Vec<u8>>> {
    let len = match size(len) {
        Ok(0) => return Ok(Some(Vec::new())),
        Ok(len) if len <= FIELD && !place.is_null() && lendable(place.addr(), len) => len,
        _ => return Ok(None),
    };
    // SAFETY: not null and in bounds (above); the caller promises `len` readable bytes.
    let lent = unsafe { std::slice::from_raw_parts(place, len) };
    let mut copy = Vec::new();
    copy.try_reserve_exact(len).map_err(|_| Error::HostMemory)?;
    copy.extend_from_slice(lent);
    Ok(Some(copy))
}

/// A label is read only where `source` says that there is one; a label beside another source is none of the standard's.
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
unsafe fn oaep(place: *const CK_RSA_PKCS_OAEP_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_RSA_PKCS_OAEP_PARAMS { hashAlg: hash, mgf, source, pSourceData, ulSourceDataLen } =
        unsafe { value(place) }?;
    if source != CKZ_DATA_SPECIFIED && ulSourceDataLen != 0 {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    let label = unsafe { field(pSourceData.cast(), ulSourceDataLen) }?;
    Ok(label.map(|label| Parameters::Oaep(OaepParameters { hash, mgf, source, label })))
}

/// The number of bits that newer headers have beside the vector's length is not looked at: clients leave it 0.
///
/// # Safety
/// What the parameters point to is readable.
unsafe fn gcm(given: &OldGcmParams) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let iv = unsafe { field(given.pIv, given.ulIvLen) }?;
    // SAFETY: as promised to this function.
    let aad = unsafe { field(given.pAAD, given.ulAADLen) }?;
    let both = iv.zip(aad);
    Ok(both.map(|(iv, aad)| Parameters::Gcm(GcmParameters { iv, aad, tag_bits: given.ulTagBits })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
unsafe fn ecdh1(place: *const CK_ECDH1_DERIVE_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_ECDH1_DERIVE_PARAMS { kdf, ulSharedDataLen, pSharedData, ulPublicDataLen, pPublicData } =
        unsafe { value(place) }?;
    // SAFETY: as promised to this function.
    let shared = unsafe { field(pSharedData, ulSharedDataLen) }?;
    // SAFETY: as promised to this function.
    let public = unsafe { field(pPublicData, ulPublicDataLen) }?;
    let both = shared.zip(public);
    Ok(both.map(|(shared, public)| Parameters::Ecdh1(Ecdh1Parameters { kdf, shared, public })))
}

/// A `CK_BBOOL`; nothing for a byte that is none.
fn flag(byte: CK_BBOOL) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
unsafe fn eddsa(place: *const CK_EDDSA_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_EDDSA_PARAMS { phFlag, ulContextDataLen, pContextData } = unsafe { value(place) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContextData, ulContextDataLen) }?;
    let both = flag(phFlag).zip(context);
    Ok(both.map(|(prehash, context)| Parameters::Eddsa(EddsaParameters { prehash, context })))
}

/// The structure of v2.40 errata and later, or the one before, which has the address of the password's length where
/// the later one has the length.
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
unsafe fn pbkd2(place: *const CK_PKCS5_PBKD2_PARAMS2) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given = unsafe { value(place) }?;
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
unsafe fn hkdf(place: *const CK_HKDF_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given = unsafe { value(place) }?;
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
