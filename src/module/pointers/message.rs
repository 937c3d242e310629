//! The parameters of a message: read before the call, with the token's word for what they are, and written back after it.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::{
    CK_CCM_MESSAGE_PARAMS, CK_CCM_WRAP_PARAMS, CK_FLAGS, CK_GCM_MESSAGE_PARAMS, CK_GCM_WRAP_PARAMS,
    CK_MECHANISM, CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS, CK_ULONG,
};
use pkcs11::constants::{CKF_END_OF_MESSAGE, CKM_AES_CCM, CKM_AES_GCM};
use pkcs11::vendor::meant;
use pkcs11::{
    CcmMessageParameters, CcmParameters, CcmWrapParameters, ChaCha20Poly1305MessageParameters, Error,
    GcmMessageParameters, GcmParameters, GcmWrapParameters, Mechanism, MechanismType, MessageParameters,
    Messaging, Parameters, Result, SessionHandle, Token,
};

use super::mechanism::{chacha20_nonce_len, field};
use super::{lendable, size, value};
use crate::parameters::{MessageForm, message_form};

/// The longest tag of any mechanism, in bytes.
const LONGEST_TAG: u64 = 16;

/// What a call does with its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// All of it.
    Whole,
    /// Begins it.
    Begin,
    /// A part.
    Part,
    /// The last part.
    Last,
}

impl Phase {
    /// Whether the vector is read, and generated.
    fn has_vector(self) -> bool {
        matches!(self, Self::Whole | Self::Begin)
    }

    /// Whether the tag is read, or written.
    fn has_tag(self) -> bool {
        matches!(self, Self::Whole | Self::Last)
    }
}

/// Bytes of the application's that a structure points to.
#[derive(Clone, Copy)]
struct Bytes {
    place: *mut u8,
    len: usize,
}

impl Bytes {
    const NONE: Self = Self { place: null_mut(), len: 0 };

    /// # Safety
    /// The bytes are writable, and nobody else uses them.
    unsafe fn write(self, bytes: &[u8]) {
        for (index, byte) in bytes.iter().take(self.len).enumerate() {
            let place = self.place.wrapping_add(index);
            // SAFETY: within the bytes that this function was promised.
            unsafe { place.write_unaligned(*byte) };
        }
    }
}

/// The parameters of a message, once [`Message::read`] has read them.
pub(crate) struct Message {
    place: *const u8,
    len: CK_ULONG,
    parameters: MessageParameters,
    /// As given.
    vector: Vec<u8>,
    vector_place: Bytes,
    tag_place: Bytes,
}

/// Parameters that nobody has looked at yet.
pub(crate) fn message(place: *mut c_void, len: CK_ULONG) -> Message {
    Message {
        place: place.cast_const().cast(),
        len,
        parameters: MessageParameters::Unknown,
        vector: Vec::new(),
        vector_place: Bytes::NONE,
        tag_place: Bytes::NONE,
    }
}

/// What stands in a structure of any form.
struct Fields {
    vector: Bytes,
    tag: Bytes,
    /// The parameters, of the vector and of the tag.
    make: Box<dyn FnOnce(Vec<u8>, Vec<u8>) -> MessageParameters>,
}

impl Message {
    /// Reads the structure that the session's process has, if it can be one; nothing is followed otherwise.
    ///
    /// # Safety
    /// The application lends the structure, if its length is that of the form, and what it points to, for the length of the
    /// call; writable, if the call encrypts.
    pub(crate) unsafe fn read(
        &mut self,
        token: &dyn Token,
        session: Option<SessionHandle>,
        messaging: Messaging,
        phase: Phase,
    ) -> Result<()> {
        let mechanism =
            session.and_then(|session| token.message_mechanism(session, messaging).ok().flatten());
        // SAFETY: as promised to this function.
        unsafe { self.read_as(mechanism, messaging, phase) }
    }

    /// The same of a mechanism that is known.
    ///
    /// # Safety
    /// As [`Message::read`].
    unsafe fn read_as(
        &mut self,
        mechanism: Option<MechanismType>,
        messaging: Messaging,
        phase: Phase,
    ) -> Result<()> {
        if self.len == 0 {
            self.parameters = MessageParameters::None;
            return Ok(());
        }
        let form = mechanism.and_then(|mechanism| message_form(mechanism, self.len));
        let Some(form) = form.filter(|_| self.lent()) else { return Ok(()) };
        // SAFETY: as promised to this function; the structure is not null and as long as the form.
        let fields = unsafe { fields(form, self.place) }?;
        // SAFETY: as promised to this function.
        unsafe { self.keep(fields, messaging, phase) }
    }

    fn lent(&self) -> bool {
        !self.place.is_null() && size(self.len).is_ok_and(|len| lendable(self.place.addr(), len))
    }

    /// # Safety
    /// As [`Message::read`].
    unsafe fn keep(&mut self, fields: Fields, messaging: Messaging, phase: Phase) -> Result<()> {
        let Fields { vector, tag, make } = fields;
        let there = |bytes: Bytes| !bytes.place.is_null() && lendable(bytes.place.addr(), bytes.len);
        if phase.has_tag() && !there(tag) {
            return Ok(());
        }
        if phase.has_vector() {
            // SAFETY: as promised to this function.
            let Some(given) = unsafe { field(vector.place, vector.len as CK_ULONG) }? else {
                return Ok(());
            };
            self.vector = given;
        }
        let encrypts = messaging == Messaging::Encrypt;
        let expected = match phase.has_tag() && !encrypts {
            // SAFETY: as promised to this function.
            true => unsafe { field(tag.place, tag.len as CK_ULONG) }?.unwrap_or_default(),
            false => Vec::new(),
        };
        self.parameters = make(self.vector.clone(), expected);
        self.vector_place = if encrypts && phase.has_vector() { vector } else { Bytes::NONE };
        self.tag_place = if encrypts && phase.has_tag() { tag } else { Bytes::NONE };
        Ok(())
    }

    pub(crate) fn parameters(&mut self) -> &mut MessageParameters {
        &mut self.parameters
    }

    /// Writes what was made into the application's memory: after success alone.
    pub(crate) fn put(&self) {
        let (vector, tag) = match &self.parameters {
            MessageParameters::Gcm(gcm) => (&gcm.iv, &gcm.tag),
            MessageParameters::Ccm(ccm) => (&ccm.nonce, &ccm.mac),
            MessageParameters::ChaCha20Poly1305(chacha) => (&chacha.nonce, &chacha.tag),
            MessageParameters::None | MessageParameters::Unknown => return,
        };
        // One that was given may lie where nothing is writable.
        if *vector != self.vector {
            // SAFETY: `read` was promised a writable vector for a call that encrypts; it has no place otherwise.
            unsafe { self.vector_place.write(vector) };
        }
        // SAFETY: `read` was promised a writable tag for a call that encrypts; it has no place otherwise.
        unsafe { self.tag_place.write(tag) };
    }

    /// Passes an answer on; after success what was made is written.
    pub(crate) fn finish(&self, answer: Result<()>) -> Result<()> {
        answer?;
        self.put();
        Ok(())
    }
}

/// A tag of so many bytes; one that is too long for any mechanism has no place, for nobody will ask for it.
fn tag(place: *mut u8, len: u64) -> Bytes {
    let len = if len <= LONGEST_TAG { usize::try_from(len).unwrap_or_default() } else { 0 };
    Bytes { place, len }
}

/// # Safety
/// A structure of the form is readable at `place`.
unsafe fn fields(form: MessageForm, place: *const u8) -> Result<Fields> {
    match form {
        MessageForm::Gcm => {
            // SAFETY: as promised to this function.
            let gcm: CK_GCM_MESSAGE_PARAMS = unsafe { value(place.cast()) }?;
            Ok(Fields {
                vector: Bytes { place: gcm.pIv, len: size(gcm.ulIvLen)? },
                tag: tag(gcm.pTag, gcm.ulTagBits.div_ceil(8)),
                make: Box::new(move |iv, tag| {
                    let (fixed_bits, generator) = (gcm.ulIvFixedBits, gcm.ivGenerator);
                    let tag_bits = gcm.ulTagBits;
                    MessageParameters::Gcm(GcmMessageParameters { iv, fixed_bits, generator, tag, tag_bits })
                }),
            })
        }
        MessageForm::Ccm => {
            // SAFETY: as promised to this function.
            let ccm: CK_CCM_MESSAGE_PARAMS = unsafe { value(place.cast()) }?;
            Ok(Fields {
                vector: Bytes { place: ccm.pNonce, len: size(ccm.ulNonceLen)? },
                tag: tag(ccm.pMAC, ccm.ulMACLen),
                make: Box::new(move |nonce, mac| {
                    MessageParameters::Ccm(CcmMessageParameters {
                        data_len: ccm.ulDataLen,
                        nonce,
                        fixed_bits: ccm.ulNonceFixedBits,
                        generator: ccm.nonceGenerator,
                        mac,
                        mac_len: ccm.ulMACLen,
                    })
                }),
            })
        }
        MessageForm::ChaCha20Poly1305 => {
            // SAFETY: as promised to this function.
            let chacha: CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS = unsafe { value(place.cast()) }?;
            Ok(Fields {
                vector: Bytes { place: chacha.pNonce, len: size(chacha20_nonce_len(chacha.ulNonceLen))? },
                tag: tag(chacha.pTag, LONGEST_TAG),
                make: Box::new(|nonce, tag| {
                    let parameters = ChaCha20Poly1305MessageParameters { nonce, tag };
                    MessageParameters::ChaCha20Poly1305(parameters)
                }),
            })
        }
    }
}

/// A mechanism whose parameters are those of a message.
pub(crate) struct Authenticated {
    pub(crate) mechanism_type: MechanismType,
    pub(crate) message: Message,
}

/// A mechanism that wraps or unwraps a key as a message.
///
/// # Safety
/// Unless null, a `CK_MECHANISM` at `mechanism`, the structure that it names and what that points to are readable; writable,
/// if the call wraps.
pub(crate) unsafe fn authenticated(
    mechanism: *const CK_MECHANISM,
    messaging: Messaging,
) -> Result<Authenticated> {
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let CK_MECHANISM { mechanism, pParameter, ulParameterLen } = unsafe { value(mechanism) }?;
    let mechanism_type = meant(mechanism);
    let mut message = message(pParameter, ulParameterLen);
    // SAFETY: as promised to this function.
    unsafe { message.read_as(Some(mechanism_type), messaging, Phase::Whole) }?;
    Ok(Authenticated { mechanism_type, message })
}

impl Authenticated {
    pub(crate) fn put(&self) {
        self.message.put();
    }
}

/// A mechanism that wraps a key, and where the vector goes that it may generate.
pub(crate) struct Wraps {
    pub(crate) mechanism: Mechanism,
    vector: Vec<u8>,
    vector_place: Bytes,
}

/// A mechanism that wraps: its parameters may be `CK_GCM_WRAP_PARAMS` or `CK_CCM_WRAP_PARAMS`.
///
/// # Safety
/// Unless null, a `CK_MECHANISM` at `mechanism`, the parameters that it names and what those point to are readable, and the
/// vector of one that may be generated writable.
pub(crate) unsafe fn wraps(mechanism: *const CK_MECHANISM) -> Result<Wraps> {
    // SAFETY: as promised to this function.
    let Some((mechanism_type, read)) = unsafe { wrap_parameters(mechanism) }? else {
        // SAFETY: as promised to this function.
        let mechanism = unsafe { super::mechanism::mechanism(mechanism) }?;
        return Ok(Wraps { mechanism, vector: Vec::new(), vector_place: Bytes::NONE });
    };
    let (parameters, vector_place) = read.unwrap_or((Parameters::Unknown, Bytes::NONE));
    let vector = vector_of(&parameters).unwrap_or_default().to_vec();
    Ok(Wraps { mechanism: Mechanism { mechanism_type, parameters }, vector, vector_place })
}

/// A mechanism that unwraps: of such parameters what makes a vector is ignored (sections 6.13.4 and 6.13.6).
///
/// # Safety
/// As [`wraps`]; nothing is written.
pub(crate) unsafe fn unwraps(mechanism: *const CK_MECHANISM) -> Result<Mechanism> {
    // SAFETY: as promised to this function.
    let Wraps { mechanism: Mechanism { mechanism_type, parameters }, .. } = unsafe { wraps(mechanism) }?;
    let parameters = match parameters {
        Parameters::GcmWrap(GcmWrapParameters { iv, aad, tag_bits, .. }) => {
            Parameters::Gcm(GcmParameters { iv, aad, tag_bits })
        }
        Parameters::CcmWrap(CcmWrapParameters { nonce, aad, mac_len, .. }) => {
            Parameters::Ccm(CcmParameters { data_len: 0, nonce, aad, mac_len })
        }
        other => other,
    };
    Ok(Mechanism { mechanism_type, parameters })
}

fn vector_of(parameters: &Parameters) -> Option<&[u8]> {
    match parameters {
        Parameters::GcmWrap(gcm) => Some(&gcm.iv),
        Parameters::CcmWrap(ccm) => Some(&ccm.nonce),
        _ => None,
    }
}

impl Wraps {
    /// Writes a vector that was generated.
    pub(crate) fn put(&self) {
        let Some(vector) = vector_of(&self.mechanism.parameters) else { return };
        if *vector != self.vector {
            // SAFETY: `wraps` was promised a writable vector.
            unsafe { self.vector_place.write(vector) };
        }
    }
}

/// The mechanism and its parameters, if they are as long as those that wrap; the place of the vector. Nothing in place of
/// parameters that cannot be there.
///
/// # Safety
/// As [`wraps`].
#[allow(clippy::type_complexity, reason = "read in one place")]
unsafe fn wrap_parameters(
    mechanism: *const CK_MECHANISM,
) -> Result<Option<(MechanismType, Option<(Parameters, Bytes)>)>> {
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let CK_MECHANISM { mechanism, pParameter, ulParameterLen } = unsafe { value(mechanism) }?;
    let kind = meant(mechanism);
    let of = |size: usize| usize::try_from(ulParameterLen) == Ok(size);
    let there =
        !pParameter.is_null() && size(ulParameterLen).is_ok_and(|len| lendable(pParameter.addr(), len));
    let read = match kind {
        CKM_AES_GCM if of(size_of::<CK_GCM_WRAP_PARAMS>()) && there => {
            // SAFETY: as promised to this function; not null, and as long as the structure.
            let gcm: CK_GCM_WRAP_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            let iv = unsafe { field(gcm.pIv, gcm.ulIvLen) }?;
            // SAFETY: as promised to this function.
            let aad = unsafe { field(gcm.pAAD, gcm.ulAADLen) }?;
            let (fixed_bits, generator, tag_bits) = (gcm.ulIvFixedBits, gcm.ivGenerator, gcm.ulTagBits);
            let place = Bytes { place: gcm.pIv, len: size(gcm.ulIvLen)? };
            iv.zip(aad).map(|(iv, aad)| {
                let parameters = GcmWrapParameters { iv, fixed_bits, generator, aad, tag_bits };
                (Parameters::GcmWrap(parameters), place)
            })
        }
        CKM_AES_CCM if of(size_of::<CK_CCM_WRAP_PARAMS>()) && there => {
            // SAFETY: as promised to this function; not null, and as long as the structure.
            let ccm: CK_CCM_WRAP_PARAMS = unsafe { value(pParameter.cast()) }?;
            // SAFETY: as promised to this function.
            let nonce = unsafe { field(ccm.pNonce, ccm.ulNonceLen) }?;
            // SAFETY: as promised to this function.
            let aad = unsafe { field(ccm.pAAD, ccm.ulAADLen) }?;
            let (fixed_bits, generator, mac_len) = (ccm.ulNonceFixedBits, ccm.nonceGenerator, ccm.ulMACLen);
            let place = Bytes { place: ccm.pNonce, len: size(ccm.ulNonceLen)? };
            nonce.zip(aad).map(|(nonce, aad)| {
                let parameters = CcmWrapParameters { nonce, fixed_bits, generator, aad, mac_len };
                (Parameters::CcmWrap(parameters), place)
            })
        }
        _ => return Ok(None),
    };
    Ok(Some((kind, read)))
}

/// A mechanism that begins a process of encrypting or of decrypting, or null, which ends one. Its parameters are those of a
/// message that is still to come: their length alone is judged.
///
/// # Safety
/// Unless null, a `CK_MECHANISM` at `mechanism` is readable.
pub(crate) unsafe fn process_or_end(mechanism: *const CK_MECHANISM) -> Result<Option<Mechanism>> {
    if mechanism.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised to this function; a CK_MECHANISM is made of numbers and a raw pointer.
    let CK_MECHANISM { mechanism, ulParameterLen: len, .. } = unsafe { value(mechanism) }?;
    let mechanism_type = meant(mechanism);
    let fits = len == 0 || message_form(mechanism_type, len).is_some();
    let parameters = if fits { Parameters::None } else { Parameters::Unknown };
    Ok(Some(Mechanism { mechanism_type, parameters }))
}

/// Whether the flags of a part say that it is the last.
pub(crate) fn end_of_message(flags: CK_FLAGS) -> Result<bool> {
    match flags {
        0 => Ok(false),
        CKF_END_OF_MESSAGE => Ok(true),
        _ => Err(Error::ArgumentsBad("a flag of a message that is not CKF_END_OF_MESSAGE")),
    }
}
