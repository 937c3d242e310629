//! Mechanisms with their parameters, and what those point to.

mod answers;
mod ciphers;
mod deriving;
mod signing;
mod tls;

use cryptoki_sys::{CK_BBOOL, CK_MECHANISM, CK_ULONG};
use pkcs11::vendor::meant;
use pkcs11::{Error, Mechanism, Parameters, Result};

use super::{LARGE, bytes, lendable, size, value};
use crate::parameters::{Form, Given, given};

pub(crate) use answers::{derived, deriving};
pub(super) use ciphers::chacha20_nonce_len;

/// Bytes that a field of a parameter may point to, at most (docs/decisions/0045).
const FIELD: usize = 1 << 30;
/// How many copies of a field there may be at once while a call is served.
const COPIES: usize = 4;
/// Structures that a field of a parameter may point to, at most.
const ARRAY: usize = 256;

/// A mechanism and its parameters; that which is meant, of an alias.
///
/// # Safety
/// Unless null, a `CK_MECHANISM` at `mechanism`, the parameters that it names and what those point to are readable.
pub(crate) unsafe fn mechanism(mechanism: *const CK_MECHANISM) -> Result<Mechanism> {
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let CK_MECHANISM { mechanism, pParameter, ulParameterLen } = unsafe { value(mechanism) }?;
    let mechanism = meant(mechanism);
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
    // SAFETY: as promised to this function.
    let whole = unsafe { bytes(place, len) }?;
    if form.is_bytes() {
        return Ok(Parameters::Bytes(whole.to_vec()));
    }
    let reader = reader(form);
    // SAFETY: as promised to this function, and the structure is as long as the form's.
    match unsafe { reader(place) } {
        Ok(Some(read)) => Ok(read),
        // The structure itself can be there (above): it is a further one, behind a field, that cannot.
        Ok(None) | Err(Error::ArgumentsBad(_)) => Ok(Parameters::Unknown),
        Err(error) => Err(error),
    }
}

/// What reads the structure of a form; nothing where a field cannot be there. Each is unsafe for one reason: unless null,
/// the structure and what it points to are readable.
type Reader = unsafe fn(*const u8) -> Result<Option<Parameters>>;

fn reader(form: Form) -> Reader {
    match form {
        Form::Iv | Form::Value => unreadable,
        Form::Pss => signing::pss,
        Form::Oaep => ciphers::oaep,
        Form::Counter => ciphers::counter,
        Form::Gcm => ciphers::gcm,
        Form::OldGcm => ciphers::old_gcm,
        Form::Ccm => ciphers::ccm,
        Form::ChaCha20 => ciphers::chacha20,
        Form::ChaCha20Poly1305 => ciphers::chacha20_poly1305,
        Form::RsaAesKeyWrap => ciphers::rsa_aes_key_wrap,
        Form::EcdhAesKeyWrap => ciphers::ecdh_aes_key_wrap,
        Form::CbcEncryptData => ciphers::cbc_encrypt_data,
        Form::DesCbcEncryptData => ciphers::des_cbc_encrypt_data,
        Form::MacLen => signing::mac_len,
        Form::Eddsa => signing::eddsa,
        Form::SignContext => signing::sign_context,
        Form::HashSignContext => signing::hash_sign_context,
        Form::TlsMac => signing::tls_mac,
        Form::Otp => signing::otp,
        Form::Ecdh1 => deriving::ecdh1,
        Form::Pbkd2 => deriving::pbkd2,
        Form::Hkdf => deriving::hkdf,
        Form::DerivationString => deriving::string,
        Form::Key => deriving::key,
        Form::Extract => deriving::extract,
        Form::Sp800108 => deriving::sp800_108,
        Form::Sp800108Feedback => deriving::sp800_108_feedback,
        Form::Tls12Master => tls::master,
        Form::Tls12ExtendedMaster => tls::extended_master,
        Form::Tls12KeyMaterial => tls::key_material,
        Form::TlsKdf => tls::kdf,
    }
}

/// Bytes as such are no structure.
///
/// # Safety
/// Always safe: nothing is read.
unsafe fn unreadable(_place: *const u8) -> Result<Option<Parameters>> {
    Ok(None)
}

/// The bytes that a field points to; nothing when they cannot be there.
///
/// # Safety
/// Unless the answer is nothing, `len` bytes at `place` are readable.
pub(super) unsafe fn field(place: *const u8, len: CK_ULONG) -> Result<Option<Vec<u8>>> {
    let len = match size(len) {
        Ok(0) => return Ok(Some(Vec::new())),
        Ok(len) if len <= FIELD && !place.is_null() && lendable(place.addr(), len) => len,
        _ => return Ok(None),
    };
    // SAFETY: not null and in bounds (above); the caller promises `len` readable bytes.
    let lent = unsafe { std::slice::from_raw_parts(place, len) };
    let mut copy = Vec::new();
    if len >= LARGE {
        // Elsewhere an allocation that fails ends the process.
        copy.try_reserve_exact(len * COPIES).map_err(|_| Error::HostMemory)?;
        copy = Vec::new();
    }
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
