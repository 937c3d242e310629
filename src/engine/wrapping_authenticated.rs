//! Chapter 5.18: wrapping and unwrapping keys with associated data, the tag apart (`C_WrapKeyAuthenticated`).

use std::sync::Arc;

use pkcs11::{
    CcmMessageParameters, CcmWrapParameters, Error, GcmMessageParameters, GcmWrapParameters, Mechanism,
    MechanismType, MessageParameters, ObjectHandle, Parameters, Result, Room, Secret, SessionHandle,
    Template,
};

use crate::application::Application;
use crate::asking::Asking;
use crate::audit::Happening;
use crate::key_management::{of_wrapping_key, too_long};
use crate::mechanism::{Can, Ciphering, Messages, Saving};
use crate::object::Object;
use crate::policy::approved::is_callers_vector;
use crate::policy::usage::{Operation, may_wrap};
use crate::slot::Look;

/// The mechanism for the table of approved mode: the parameters are a message's.
fn of_number(mechanism_type: MechanismType) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

impl Application {
    pub(crate) fn do_wrap_key_authenticated(
        &self,
        session: SessionHandle,
        (mechanism, parameters): (MechanismType, &mut MessageParameters),
        (wrapping_key, key): (ObjectHandle, ObjectHandle),
        associated: &[u8],
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let asking = self.asking(session)?;
        let Wrappable { mut messages, object, bytes, meets } =
            self.wrappable(&asking, (mechanism, parameters), (wrapping_key, key))?;
        if matches!(parameters, MessageParameters::None | MessageParameters::Unknown) {
            return Err(Error::MechanismParamInvalid("the parameters of a message are needed"));
        }
        if out.is_query() {
            return Ok(bytes.len());
        }
        let place = out.take(bytes.len())?;
        messages.whole(parameters, associated, bytes.expose(), place).map_err(too_long)?;
        self.record_use(&asking, Happening::KeyWrapped, &object);
        self.finished(&asking, meets)?;
        Ok(bytes.len())
    }

    fn wrappable(
        &self,
        asking: &Asking,
        (mechanism, parameters): (MechanismType, &MessageParameters),
        (wrapping_key, key): (ObjectHandle, ObjectHandle),
    ) -> Result<Wrappable> {
        let (row, start) = self.ability(mechanism, Can::wrap_authenticated)?;
        // Another process may have made either key's attributes stricter.
        asking.session.slot.token(&self.parts, Look::Now)?;
        let wrapping = self.key_for(asking, Operation::Wrap, row, &of_number(mechanism), wrapping_key);
        let wrapping = wrapping.map_err(of_wrapping_key)?;
        let meets = wrapping.needs.meets && !is_callers_vector(parameters);
        let object = self.object(asking, key, Look::Lately)?.ok_or(Error::KeyHandleInvalid)?;
        may_wrap(&wrapping.object.attributes, &object.attributes, row.mechanism)?;
        let (messages, bytes) = (start(&wrapping.key)?, self.bytes_of(&object)?);
        Ok(Wrappable { messages, object, bytes, meets })
    }

    /// `C_WrapKey` with parameters that may have the token make the vector: the tag is appended.
    pub(crate) fn wrap_with_a_vector(
        &self,
        session: SessionHandle,
        (mechanism, message): (&mut Mechanism, Appended),
        keys: (ObjectHandle, ObjectHandle),
        out: &mut Room<'_>,
    ) -> Result<usize> {
        let Appended { mut parameters, associated, tag_len } = message;
        let asking = self.asking(session)?;
        let by = (mechanism.mechanism_type, &parameters);
        let Wrappable { mut messages, object, bytes, meets } = self.wrappable(&asking, by, keys)?;
        let most = bytes.len().saturating_add(tag_len);
        if out.is_query() {
            return Ok(most);
        }
        let place = out.take(most)?;
        let (sealed, tag) = place.split_at_mut(bytes.len());
        messages.whole(&mut parameters, &associated, bytes.expose(), sealed).map_err(too_long)?;
        let made = Appended::made(parameters, &mut mechanism.parameters)?;
        if made.len() != tag.len() {
            return Err(Error::Bug("a tag of another length than was asked for"));
        }
        tag.copy_from_slice(&made);
        self.record_use(&asking, Happening::KeyWrapped, &object);
        self.finished(&asking, meets)?;
        Ok(most)
    }

    pub(crate) fn do_unwrap_key_authenticated(
        &self,
        session: SessionHandle,
        (mechanism, parameters): (MechanismType, &MessageParameters),
        unwrapping_key: ObjectHandle,
        wrapped: (&[u8], Template),
        associated: &[u8],
    ) -> Result<ObjectHandle> {
        let asking = self.asking(session)?;
        let (row, start) = self.ability(mechanism, Can::unwrap_authenticated)?;
        self.unwrap_by(&asking, (row, &of_number(mechanism)), unwrapping_key, wrapped, |key| {
            let mut kept = Vec::new();
            kept.try_reserve_exact(associated.len()).map_err(|_| Error::HostMemory)?;
            kept.extend_from_slice(associated);
            let (parameters, messages) = (parameters.clone(), start(&Arc::clone(key))?);
            Ok(Box::new(OneMessage { messages, parameters, associated: kept }))
        })
    }
}

/// A key that may be wrapped, and what wraps it.
struct Wrappable {
    messages: Box<dyn Messages>,
    object: Arc<Object>,
    bytes: Secret,
    /// Whether the wrapping meets the table of approved mode.
    meets: bool,
}

/// A wrapping whose tag is appended, as a message.
pub(crate) struct Appended {
    parameters: MessageParameters,
    associated: Vec<u8>,
    /// Bytes of the tag, if it can be of so many bits.
    tag_len: usize,
}

impl Appended {
    /// What parameters of `C_WrapKey` say, if they are such.
    pub(crate) fn of(parameters: &Parameters) -> Option<Self> {
        let (parameters, associated, tag_len) = match parameters.clone() {
            Parameters::GcmWrap(GcmWrapParameters { iv, fixed_bits, generator, aad, tag_bits }) => {
                let tag = Vec::new();
                let gcm = GcmMessageParameters { iv, fixed_bits, generator, tag, tag_bits };
                (MessageParameters::Gcm(gcm), aad, tag_bits / 8)
            }
            Parameters::CcmWrap(CcmWrapParameters { nonce, fixed_bits, generator, aad, mac_len }) => {
                let (data_len, mac) = (0, Vec::new());
                let ccm = CcmMessageParameters { data_len, nonce, fixed_bits, generator, mac, mac_len };
                (MessageParameters::Ccm(ccm), aad, mac_len)
            }
            _ => return None,
        };
        Some(Self { parameters, associated, tag_len: usize::try_from(tag_len).unwrap_or(usize::MAX) })
    }

    /// Writes the vector that was made into the parameters of `C_WrapKey`; gives the tag.
    fn made(message: MessageParameters, parameters: &mut Parameters) -> Result<Vec<u8>> {
        match (message, parameters) {
            (MessageParameters::Gcm(message), Parameters::GcmWrap(gcm)) => {
                gcm.iv = message.iv;
                Ok(message.tag)
            }
            (MessageParameters::Ccm(message), Parameters::CcmWrap(ccm)) => {
                ccm.nonce = message.nonce;
                Ok(message.mac)
            }
            _ => Err(Error::Bug("a message of another form")),
        }
    }
}

/// A message that is known but for its bytes.
struct OneMessage {
    messages: Box<dyn Messages>,
    parameters: MessageParameters,
    associated: Vec<u8>,
}

impl Saving for OneMessage {}

/// It comes whole.
impl Ciphering for OneMessage {
    fn update_len(&self, _len: usize) -> usize {
        0
    }

    fn update(&mut self, _part: &[u8], _out: &mut [u8]) -> Result<()> {
        Err(Error::Bug("a wrapped key in parts"))
    }

    fn finish_len(&self) -> usize {
        0
    }

    fn finish(self: Box<Self>, _out: &mut [u8]) -> Result<usize> {
        Err(Error::Bug("a wrapped key in parts"))
    }

    fn whole_len(&self, len: usize) -> usize {
        len
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        let out = out.get_mut(..data.len()).ok_or(Error::Bug("no place for the key"))?;
        self.messages.whole(&mut self.parameters, &self.associated, data, out)?;
        Ok(data.len())
    }
}
