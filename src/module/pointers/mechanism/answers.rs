//! Where a derivation's results go: the call's own handle, and the places in the mechanism's parameters.

use cryptoki_sys::{
    CK_DERIVED_KEY, CK_MECHANISM, CK_OBJECT_HANDLE, CK_SP800_108_FEEDBACK_KDF_PARAMS,
    CK_SP800_108_KDF_PARAMS, CK_SSL3_KEY_MAT_OUT, CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS,
    CK_TLS12_KEY_MAT_PARAMS, CK_TLS12_MASTER_KEY_DERIVE_PARAMS, CK_ULONG, CK_VERSION,
};
use pkcs11::constants::{CK_INVALID_HANDLE, CKM_TLS12_KEY_SAFE_DERIVE};
use pkcs11::{DerivedKeys, Error, Mechanism, ObjectHandle, Result};

use super::super::{Place, place, value};
use super::{array, mechanism};
use crate::parameters::{Form, Given, given};
use crate::records::Record;

/// A mechanism to derive by, and where the application has it.
pub(crate) struct Deriving {
    pub(crate) mechanism: Mechanism,
    place: *const CK_MECHANISM,
}

/// As [`mechanism`], for a call whose results go into the parameters too.
///
/// # Safety
/// As [`mechanism`].
pub(crate) unsafe fn deriving(place: *const CK_MECHANISM) -> Result<Deriving> {
    // SAFETY: as promised to this function.
    let mechanism = unsafe { mechanism(place) }?;
    Ok(Deriving { mechanism, place })
}

/// Where the results of a derivation go.
pub(crate) struct Derived {
    /// The call's own; null is good where the mechanism gives nothing there.
    key: Option<Place<CK_OBJECT_HANDLE>>,
    beside: Beside,
}

/// What a mechanism gives beside the call's own handle.
enum Beside {
    Nothing,
    /// A handle for each further key (section 6.42.2).
    Keys(Vec<Place<CK_OBJECT_HANDLE>>),
    /// The version in a pre-master secret (section 6.40.4).
    Version(Place<CK_VERSION>),
    /// Four keys, and two initialisation vectors (section 6.40.6).
    Material {
        handles: Place<CK_SSL3_KEY_MAT_OUT>,
        /// Each byte of the client's, then of the server's: the application may have both at the same place.
        vectors: Vec<Place<u8>>,
    },
}

/// Where the results go; judged before anything is derived, so that no key is made whose handle nobody gets.
///
/// # Safety
/// Unless null, a handle at `key` is readable and writable; the mechanism is where it was read, with its parameters, and the
/// places that those name are writable, all as long as the answer is used.
pub(crate) unsafe fn derived(key: *mut CK_OBJECT_HANDLE, deriving: &Deriving) -> Result<Derived> {
    // SAFETY: as promised to this function.
    let beside = unsafe { beside(deriving.place) }.map_err(|error| match error {
        Error::ArgumentsBad(what) => Error::MechanismParamInvalid(what),
        error => error,
    })?;
    let key = match (&beside, key.is_null()) {
        // "phKey is unnecessary, and should be a NULL_PTR" (section 6.40.6).
        (Beside::Material { .. }, _) => None,
        // SAFETY: as promised to this function.
        _ => Some(unsafe { place(key) }?),
    };
    Ok(Derived { key, beside })
}

/// # Safety
/// As [`derived`], of the mechanism.
unsafe fn beside(at: *const CK_MECHANISM) -> Result<Beside> {
    // SAFETY: as promised to this function.
    let CK_MECHANISM { mechanism, pParameter, ulParameterLen } = unsafe { value(at) }?;
    let Given::Form(form) = given(mechanism, ulParameterLen) else { return Ok(Beside::Nothing) };
    match form {
        Form::Sp800108 => {
            // SAFETY: as promised to this function; the length is the form's.
            let sent: CK_SP800_108_KDF_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { further_keys(sent.pAdditionalDerivedKeys, sent.ulAdditionalDerivedKeys) }
        }
        Form::Sp800108Feedback => {
            // SAFETY: as promised to this function; the length is the form's.
            let sent: CK_SP800_108_FEEDBACK_KDF_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { further_keys(sent.pAdditionalDerivedKeys, sent.ulAdditionalDerivedKeys) }
        }
        Form::Tls12Master => {
            // SAFETY: as promised to this function; the length is the form's.
            let sent: CK_TLS12_MASTER_KEY_DERIVE_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { version(sent.pVersion) }
        }
        Form::Tls12ExtendedMaster => {
            // SAFETY: as promised to this function; the length is the form's.
            let sent: CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            unsafe { version(sent.pVersion) }
        }
        Form::Tls12KeyMaterial => {
            // SAFETY: as promised to this function; the length is the form's.
            let sent: CK_TLS12_KEY_MAT_PARAMS = unsafe { value(pParameter.cast()) }?;
            let iv_bits = if mechanism == CKM_TLS12_KEY_SAFE_DERIVE { 0 } else { sent.ulIVSizeInBits };
            // SAFETY: as promised to this function.
            unsafe { material(sent.pReturnedKeyMaterial, iv_bits) }
        }
        _ => Ok(Beside::Nothing),
    }
}

/// # Safety
/// Unless null, `count` structures at `keys` are readable, and the handles that they name writable.
unsafe fn further_keys(keys: *const CK_DERIVED_KEY, count: CK_ULONG) -> Result<Beside> {
    // SAFETY: as promised to this function.
    let Some(keys) = unsafe { array(keys, count) }? else { return Ok(Beside::Nothing) };
    let mut places = Vec::with_capacity(keys.len());
    for key in keys {
        // SAFETY: as promised to this function.
        places.push(unsafe { place(key.phKey) }?);
    }
    Ok(Beside::Keys(places))
}

/// # Safety
/// Unless null, a version at `at` is writable.
unsafe fn version(at: *mut CK_VERSION) -> Result<Beside> {
    if at.is_null() {
        return Ok(Beside::Nothing);
    }
    // SAFETY: as promised to this function.
    unsafe { place(at) }.map(Beside::Version)
}

/// The longest vector in bits that the mechanism gives; it refuses longer ones itself.
const LONGEST_IV: CK_ULONG = 512;

/// # Safety
/// Unless null, a structure at `at` is readable and writable, and the vectors that it names are writable.
unsafe fn material(at: *mut CK_SSL3_KEY_MAT_OUT, iv_bits: CK_ULONG) -> Result<Beside> {
    // SAFETY: as promised to this function.
    let handles = unsafe { place(at) }?;
    let len = usize::try_from(iv_bits / 8).ok().filter(|_| iv_bits <= LONGEST_IV).unwrap_or_default();
    let CK_SSL3_KEY_MAT_OUT { pIVClient, pIVServer, .. } = handles.value();
    let mut vectors = Vec::with_capacity(2 * len);
    for vector in [pIVClient, pIVServer] {
        for index in 0..len {
            let byte = if vector.is_null() { vector } else { vector.wrapping_add(index) };
            // SAFETY: as promised to this function.
            vectors.push(unsafe { place(byte) }?);
        }
    }
    Ok(Beside::Material { handles, vectors })
}

/// A handle as C has it; none for a key that was not asked for.
fn handle(key: Option<&Option<ObjectHandle>>) -> CK_OBJECT_HANDLE {
    key.copied().flatten().map_or(CK_INVALID_HANDLE, |key| key.record())
}

impl Derived {
    /// Writes the results, if there are any; of a further key that could not be made, that its handle is none.
    pub(crate) fn finish(self, answer: Result<DerivedKeys>) -> Result<()> {
        let derived = match (answer, &self.beside) {
            (Ok(derived), _) => derived,
            (Err(error), beside) => {
                if let (Error::OfDerivedKey { index, .. }, Beside::Keys(places)) = (&error, beside)
                    && let Some(place) = index.checked_sub(1).and_then(|index| places.get(index))
                {
                    place.put(CK_INVALID_HANDLE);
                }
                return Err(error);
            }
        };
        if let Some(key) = self.key {
            key.put(handle(derived.keys.first()));
        }
        match self.beside {
            Beside::Nothing => {}
            Beside::Keys(places) => {
                for (place, key) in places.iter().zip(derived.keys.iter().skip(1)) {
                    place.put(handle(Some(key)));
                }
            }
            Beside::Version(place) => {
                if let [major, minor] = *derived.told {
                    place.put(CK_VERSION { major, minor });
                }
            }
            Beside::Material { handles, vectors } => {
                let mut out = handles.value();
                out.hClientMacSecret = handle(derived.keys.first());
                out.hServerMacSecret = handle(derived.keys.get(1));
                out.hClientKey = handle(derived.keys.get(2));
                out.hServerKey = handle(derived.keys.get(3));
                handles.put(out);
                vectors.iter().zip(derived.told).for_each(|(place, byte)| place.put(byte));
            }
        }
        Ok(())
    }
}
