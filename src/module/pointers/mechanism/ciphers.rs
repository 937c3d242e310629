//! Parameters of ciphers and of wrapping.

use cryptoki_sys::{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS, CK_AES_CTR_PARAMS, CK_CCM_PARAMS, CK_CHACHA20_PARAMS,
    CK_DES_CBC_ENCRYPT_DATA_PARAMS, CK_ECDH_AES_KEY_WRAP_PARAMS, CK_GCM_PARAMS, CK_RSA_AES_KEY_WRAP_PARAMS,
    CK_RSA_PKCS_OAEP_PARAMS, CK_SALSA20_CHACHA20_POLY1305_PARAMS, CK_ULONG,
};
use pkcs11::constants::CKZ_DATA_SPECIFIED;
use pkcs11::{
    CbcEncryptDataParameters, CcmParameters, ChaCha20Parameters, ChaCha20Poly1305Parameters,
    CounterParameters, EcdhAesKeyWrapParameters, GcmParameters, OaepParameters, Parameters, Result,
    RsaAesKeyWrapParameters, Secret,
};

use super::super::value;
use super::field;
use crate::parameters::OldGcmParams;

/// A label is read only where `source` says that there is one; a label beside another source is none of the standard's.
///
/// # Safety
/// Unless null, the parameters and what they point to are readable.
unsafe fn oaep_within(place: *const CK_RSA_PKCS_OAEP_PARAMS) -> Result<Option<OaepParameters>> {
    // SAFETY: as promised to this function.
    let CK_RSA_PKCS_OAEP_PARAMS { hashAlg: hash, mgf, source, pSourceData, ulSourceDataLen } =
        unsafe { value(place) }?;
    if source != CKZ_DATA_SPECIFIED && ulSourceDataLen != 0 {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    let label = unsafe { field(pSourceData.cast(), ulSourceDataLen) }?;
    Ok(label.map(|label| OaepParameters { hash, mgf, source, label }))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn oaep(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let read = unsafe { oaep_within(place.cast()) }?;
    Ok(read.map(Parameters::Oaep))
}

/// The number of bits that newer headers have beside the vector's length is not looked at: clients leave it 0.
///
/// # Safety
/// What the parameters point to is readable.
unsafe fn gcm_fields(given: &OldGcmParams) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let iv = unsafe { field(given.pIv, given.ulIvLen) }?;
    // SAFETY: as promised to this function.
    let aad = unsafe { field(given.pAAD, given.ulAADLen) }?;
    let both = iv.zip(aad);
    Ok(both.map(|(iv, aad)| Parameters::Gcm(GcmParameters { iv, aad, tag_bits: given.ulTagBits })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn gcm(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_GCM_PARAMS { pIv, ulIvLen, ulIvBits: _, pAAD, ulAADLen, ulTagBits } =
        unsafe { value(place.cast()) }?;
    let fields = OldGcmParams { pIv, ulIvLen, pAAD, ulAADLen, ulTagBits };
    // SAFETY: as promised to this function.
    unsafe { gcm_fields(&fields) }
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn old_gcm(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let fields = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    unsafe { gcm_fields(&fields) }
}

/// # Safety
/// Unless null, the parameters are readable.
pub(super) unsafe fn counter(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_AES_CTR_PARAMS { ulCounterBits: counter_bits, cb: block } = unsafe { value(place.cast()) }?;
    Ok(Some(Parameters::Counter(CounterParameters { counter_bits, block })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn ccm(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_CCM_PARAMS { ulDataLen: data_len, pNonce, ulNonceLen, pAAD, ulAADLen, ulMACLen: mac_len } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let nonce = unsafe { field(pNonce, ulNonceLen) }?;
    // SAFETY: as promised to this function.
    let aad = unsafe { field(pAAD, ulAADLen) }?;
    let both = nonce.zip(aad);
    Ok(both.map(|(nonce, aad)| Parameters::Ccm(CcmParameters { data_len, nonce, aad, mac_len })))
}

/// Whole bytes for a number of bits.
fn byte_len(bits: CK_ULONG) -> Option<CK_ULONG> {
    bits.is_multiple_of(8).then_some(bits / 8)
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn chacha20(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_CHACHA20_PARAMS { pBlockCounter, blockCounterBits, pNonce, ulNonceBits } =
        unsafe { value(place.cast()) }?;
    let Some((counter_len, nonce_len)) = byte_len(blockCounterBits).zip(byte_len(ulNonceBits)) else {
        return Ok(None);
    };
    // SAFETY: as promised to this function.
    let block_counter = unsafe { field(pBlockCounter, counter_len) }?;
    // SAFETY: as promised to this function.
    let nonce = unsafe { field(pNonce, nonce_len) }?;
    let both = block_counter.zip(nonce);
    Ok(both.map(|(block_counter, nonce)| Parameters::ChaCha20(ChaCha20Parameters { block_counter, nonce })))
}

/// Bytes of a nonce whose length counts bits (section 6.61.3) and, of many clients, bytes: no nonce has so many bytes as
/// the shortest has bits.
pub(in crate::pointers) fn chacha20_nonce_len(len: CK_ULONG) -> CK_ULONG {
    match len {
        64 | 96 | 192 => len / 8,
        other => other,
    }
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn chacha20_poly1305(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_SALSA20_CHACHA20_POLY1305_PARAMS { pNonce, ulNonceLen, pAAD, ulAADLen } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let nonce = unsafe { field(pNonce, chacha20_nonce_len(ulNonceLen)) }?;
    // SAFETY: as promised to this function.
    let aad = unsafe { field(pAAD, ulAADLen) }?;
    let both = nonce.zip(aad);
    Ok(both.map(|(nonce, aad)| Parameters::ChaCha20Poly1305(ChaCha20Poly1305Parameters { nonce, aad })))
}

/// # Safety
/// Unless null, the parameters, those of OAEP that they point to, and what these point to are readable.
pub(super) unsafe fn rsa_aes_key_wrap(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_RSA_AES_KEY_WRAP_PARAMS { ulAESKeyBits: aes_key_bits, pOAEPParams } =
        unsafe { value(place.cast()) }?;
    if pOAEPParams.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    let oaep = unsafe { oaep_within(pOAEPParams) }?;
    Ok(oaep.map(|oaep| Parameters::RsaAesKeyWrap(RsaAesKeyWrapParameters { aes_key_bits, oaep })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn ecdh_aes_key_wrap(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_ECDH_AES_KEY_WRAP_PARAMS { ulAESKeyBits: aes_key_bits, kdf, ulSharedDataLen, pSharedData } =
        unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    let shared = unsafe { field(pSharedData, ulSharedDataLen) }?;
    Ok(shared
        .map(|shared| Parameters::EcdhAesKeyWrap(EcdhAesKeyWrapParameters { aes_key_bits, kdf, shared })))
}

/// A vector, and data to encrypt.
///
/// # Safety
/// Unless null, `len` bytes at `data` are readable.
unsafe fn encrypted(iv: &[u8], data: *const u8, len: CK_ULONG) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let data = unsafe { field(data, len) }?.map(Secret::new);
    Ok(data.map(|data| Parameters::CbcEncryptData(CbcEncryptDataParameters { iv: iv.to_vec(), data })))
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn cbc_encrypt_data(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_AES_CBC_ENCRYPT_DATA_PARAMS { iv, pData, length } = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    unsafe { encrypted(&iv, pData, length) }
}

/// # Safety
/// Unless null, the parameters and what they point to are readable.
pub(super) unsafe fn des_cbc_encrypt_data(place: *const u8) -> Result<Option<Parameters>> {
    // SAFETY: as promised to this function.
    let CK_DES_CBC_ENCRYPT_DATA_PARAMS { iv, pData, length } = unsafe { value(place.cast()) }?;
    // SAFETY: as promised to this function.
    unsafe { encrypted(&iv, pData, length) }
}
