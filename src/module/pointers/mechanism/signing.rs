//! Parameters of signatures.

use cryptoki_sys::{
    CK_EDDSA_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_MAC_GENERAL_PARAMS, CK_OTP_PARAMS,
    CK_RSA_PKCS_PSS_PARAMS, CK_SIGN_ADDITIONAL_CONTEXT, CK_TLS_MAC_PARAMS,
};
use pkcs11::{
    EddsaParameters, HashSignContextParameters, OtpParameter, Parameters, PssParameters, Result, Secret,
    SignContextParameters, TlsMacParameters,
};

use super::super::value;
use super::{array, field, flag};

/// # Safety
/// Unless null, the parameters are readable.
pub(super) unsafe fn pss(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: salt_len } = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::Pss(PssParameters { hash, mgf, salt_len })))
}

/// # Safety
/// Unless null, the length is readable.
pub(super) unsafe fn mac_len(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let len: CK_MAC_GENERAL_PARAMS = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::MacLen(len)))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn eddsa(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_EDDSA_PARAMS { phFlag, ulContextDataLen, pContextData } = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContextData, ulContextDataLen) }?;
    let both = flag(phFlag).zip(context);
    Ok(both.map(|(prehash, context)| Parameters::Eddsa(EddsaParameters { prehash, context })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn sign_context(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: hedge, pContext, ulContextLen } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContext, ulContextLen) }?;
    Ok(context.map(|context| Parameters::SignContext(SignContextParameters { hedge, context })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn hash_sign_context(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_HASH_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: hedge, pContext, ulContextLen, hash } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContext, ulContextLen) }?;
    Ok(context.map(|context| Parameters::HashSignContext(HashSignContextParameters { hedge, context, hash })))
}

/// # Safety
/// Unless null, the parameters are readable.
pub(super) unsafe fn tls_mac(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_TLS_MAC_PARAMS {
        prfHashMechanism: hash,
        ulMacLength: mac_len,
        ulServerOrClient: server_or_client,
    } = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::TlsMac(TlsMacParameters { hash, mac_len, server_or_client })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn otp(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_OTP_PARAMS { pParams, ulCount } = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let Some(sent) = unsafe { array(pParams, ulCount) }? else { return Ok(None) };
    let mut parameters = Vec::with_capacity(sent.len());
    for parameter in sent {
        // SAFETY: as promised to this function.
        let Some(value) = unsafe { field(parameter.pValue.cast(), parameter.ulValueLen) }? else {
            return Ok(None);
        };
        parameters.push(OtpParameter { kind: parameter.type_, value: Secret::new(value) });
    }
    Ok(Some(Parameters::Otp(parameters)))
}
