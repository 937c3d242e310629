//! Parameters of signatures.

use cryptoki_sys::{
    CK_EDDSA_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_OTP_PARAMS, CK_SIGN_ADDITIONAL_CONTEXT,
    CK_TLS_MAC_PARAMS,
};
use pkcs11::{
    EddsaParameters, HashSignContextParameters, OtpParameter, Parameters, Result, Secret,
    SignContextParameters, TlsMacParameters,
};

use super::super::value;
use super::{array, field, flag};

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn eddsa(place: *const CK_EDDSA_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_EDDSA_PARAMS { phFlag, ulContextDataLen, pContextData } = unsafe { value(place) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContextData, ulContextDataLen) }?;
    let both = flag(phFlag).zip(context);
    Ok(both.map(|(prehash, context)| Parameters::Eddsa(EddsaParameters { prehash, context })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn sign_context(place: *const CK_SIGN_ADDITIONAL_CONTEXT) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: hedge, pContext, ulContextLen } = unsafe { value(place) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContext, ulContextLen) }?;
    Ok(context.map(|context| Parameters::SignContext(SignContextParameters { hedge, context })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn hash_sign_context(
    place: *const CK_HASH_SIGN_ADDITIONAL_CONTEXT,
) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_HASH_SIGN_ADDITIONAL_CONTEXT { hedgeVariant: hedge, pContext, ulContextLen, hash } =
        unsafe { value(place) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(pContext, ulContextLen) }?;
    Ok(context.map(|context| Parameters::HashSignContext(HashSignContextParameters { hedge, context, hash })))
}

/// # Safety
/// Unless null, the parameters are readable.
pub(super) unsafe fn tls_mac(place: *const CK_TLS_MAC_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_TLS_MAC_PARAMS {
        prfHashMechanism: hash,
        ulMacLength: mac_len,
        ulServerOrClient: server_or_client,
    } = unsafe { value(place) }?;
    Ok(Some(Parameters::TlsMac(TlsMacParameters { hash, mac_len, server_or_client })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn otp(place: *const CK_OTP_PARAMS) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_OTP_PARAMS { pParams, ulCount } = unsafe { value(place) }?;
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
