//! Parameters of TLS 1.2.

use cryptoki_sys::{
    CK_SSL3_RANDOM_DATA, CK_TLS_KDF_PARAMS, CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
    CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS,
};
use pkcs11::{
    Parameters, Result, Tls12ExtendedMasterParameters, Tls12KeyMaterialParameters, Tls12MasterParameters,
    TlsKdfParameters, TlsRandoms,
};

use super::super::value;
use super::{field, flag};

/// # Safety
/// Unless null, what the structure points to is readable.
unsafe fn randoms(sent: &CK_SSL3_RANDOM_DATA) -> Result<Option<TlsRandoms>> {
    // SAFETY: as promised to this function.
    let client = unsafe { field(sent.pClientRandom, sent.ulClientRandomLen) }?;
    // SAFETY: as promised to this function.
    let server = unsafe { field(sent.pServerRandom, sent.ulServerRandomLen) }?;
    Ok(client.zip(server).map(|(client, server)| TlsRandoms { client, server }))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn master(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_TLS12_MASTER_KEY_DERIVE_PARAMS { RandomInfo, pVersion, prfHashMechanism: hash } =
        unsafe { value(place.cast()) }?;
    let tells_version = !pVersion.is_null();
    // SAFETY: as promised to this function.
    let randoms = unsafe { randoms(&RandomInfo) }?;
    Ok(randoms.map(|randoms| Parameters::Tls12Master(Tls12MasterParameters { randoms, tells_version, hash })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn extended_master(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS = unsafe { value(place.cast()) }?;
    let (hash, tells_version) = (given.prfHashMechanism, !given.pVersion.is_null());
    // SAFETY: as promised to this function.
    let session_hash = unsafe { field(given.pSessionHash, given.ulSessionHashLen) }?;
    Ok(session_hash.map(|session_hash| {
        Parameters::Tls12ExtendedMaster(Tls12ExtendedMasterParameters { hash, session_hash, tells_version })
    }))
}

/// The place of the results is for later; one that is not there is no use.
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn key_material(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_TLS12_KEY_MAT_PARAMS = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let randoms = unsafe { randoms(&given.RandomInfo) }?;
    let there = !given.pReturnedKeyMaterial.is_null();
    let (Some(randoms), Some(is_export), true) = (randoms, flag(given.bIsExport), there) else {
        return Ok(None);
    };
    Ok(Some(Parameters::Tls12KeyMaterial(Tls12KeyMaterialParameters {
        mac_bits: given.ulMacSizeInBits,
        key_bits: given.ulKeySizeInBits,
        iv_bits: given.ulIVSizeInBits,
        is_export,
        randoms,
        hash: given.prfHashMechanism,
    })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn kdf(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let given: CK_TLS_KDF_PARAMS = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let label = unsafe { field(given.pLabel, given.ulLabelLength) }?;
    // SAFETY: as promised to this function.
    let randoms = unsafe { randoms(&given.RandomInfo) }?;
    // SAFETY: as promised to this function.
    let context = unsafe { field(given.pContextData, given.ulContextDataLength) }?;
    let (Some(label), Some(randoms), Some(context)) = (label, randoms, context) else { return Ok(None) };
    let prf = given.prfMechanism;
    Ok(Some(Parameters::TlsKdf(TlsKdfParameters { prf, label, randoms, context })))
}
