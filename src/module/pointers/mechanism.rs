//! Mechanisms with their parameters, and what those point to.

mod ciphers;
mod deriving;
mod signing;
mod tls;

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_BBOOL, CK_GCM_PARAMS, CK_MAC_GENERAL_PARAMS, CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS,
    CK_ULONG,
};
use pkcs11::{CounterParameters, Error, Mechanism, ObjectHandle, Parameters, PssParameters, Result};

use super::{bytes, lendable, size, value};
use crate::parameters::{Form, Given, OldGcmParams, given};

/// Bytes that a field of a parameter may point to, at most.
const FIELD: usize = 16 << 20;
/// Structures that a field of a parameter may point to, at most.
const ARRAY: usize = 256;

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
        Form::Iv | Form::Value => {
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
        Form::Oaep => unsafe { ciphers::oaep(place.cast()) }?.map(Parameters::Oaep),
        Form::Gcm => {
            // SAFETY: as promised to this function.
            let CK_GCM_PARAMS { pIv, ulIvLen, ulIvBits: _, pAAD, ulAADLen, ulTagBits } =
                unsafe { value(place.cast()) }?;
            let old = OldGcmParams { pIv, ulIvLen, pAAD, ulAADLen, ulTagBits };
            // SAFETY: as promised to this function.
            unsafe { ciphers::gcm(&old) }?
        }
        Form::OldGcm => {
            // SAFETY: as promised to this function.
            let old = unsafe { value(place.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { ciphers::gcm(&old) }?
        }
        Form::MacLen => {
            // SAFETY: as promised to this function.
            let len: CK_MAC_GENERAL_PARAMS = unsafe { value(place.cast()) }?;
            Some(Parameters::MacLen(len))
        }
        Form::Key => {
            // SAFETY: as promised to this function.
            let handle: CK_ULONG = unsafe { value(place.cast()) }?;
            Some(Parameters::Key(ObjectHandle(handle)))
        }
        Form::Extract => {
            // SAFETY: as promised to this function.
            let first: CK_ULONG = unsafe { value(place.cast()) }?;
            Some(Parameters::Extract(first))
        }
        // SAFETY: as promised to this function.
        Form::Ccm => unsafe { ciphers::ccm(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::ChaCha20 => unsafe { ciphers::chacha20(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::ChaCha20Poly1305 => unsafe { ciphers::chacha20_poly1305(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::RsaAesKeyWrap => unsafe { ciphers::rsa_aes_key_wrap(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::EcdhAesKeyWrap => unsafe { ciphers::ecdh_aes_key_wrap(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::CbcEncryptData => unsafe { ciphers::cbc_encrypt_data(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::DesCbcEncryptData => unsafe { ciphers::des_cbc_encrypt_data(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Eddsa => unsafe { signing::eddsa(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::SignContext => unsafe { signing::sign_context(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::HashSignContext => unsafe { signing::hash_sign_context(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::TlsMac => unsafe { signing::tls_mac(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Otp => unsafe { signing::otp(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Ecdh1 => unsafe { deriving::ecdh1(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Pbkd2 => unsafe { deriving::pbkd2(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Hkdf => unsafe { deriving::hkdf(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::DerivationString => unsafe { deriving::string(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Sp800108 => unsafe { deriving::sp800_108(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Sp800108Feedback => unsafe { deriving::sp800_108_feedback(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Tls12Master => unsafe { tls::master(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Tls12ExtendedMaster => unsafe { tls::extended_master(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::Tls12KeyMaterial => unsafe { tls::key_material(place.cast()) }?,
        // SAFETY: as promised to this function.
        Form::TlsKdf => unsafe { tls::kdf(place.cast()) }?,
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

/// The structures that a field points to, without what they point to; nothing when they cannot be there.
///
/// # Safety
/// Unless the answer is nothing, `count` structures at `place` are readable, and any bytes make one.
unsafe fn array<T: Copy>(place: *const T, count: CK_ULONG) -> Result<Option<Vec<T>>> {
    let count = match size(count) {
        Ok(0) => return Ok(Some(Vec::new())),
        Ok(count) if count <= ARRAY && !place.is_null() => count,
        _ => return Ok(None),
    };
    if !lendable(place.addr(), count * size_of::<T>()) {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(count);
    for index in 0..count {
        // SAFETY: in bounds (above); the caller promises `count` readable structures.
        items.push(unsafe { value(place.wrapping_add(index)) }?);
    }
    Ok(Some(items))
}

/// A `CK_BBOOL`; nothing for a byte that is none.
fn flag(byte: CK_BBOOL) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}
