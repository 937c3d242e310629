//! Chapter 5.18: wrapping and unwrapping keys with associated data, the tag apart (`C_WrapKeyAuthenticated`).

use std::sync::Arc;

use pkcs11::constants::CKG_NO_GENERATE;
use pkcs11::{Error, MechanismType, MessageParameters, ObjectHandle, Result, Room, SessionHandle, Template};

use crate::application::Application;
use crate::audit::Happening;
use crate::key_management::{of_wrapping_key, too_long};
use crate::mechanism::{Can, Ciphering, Messages, Saving};
use crate::policy::usage::{Operation, Vector, may_wrap};
use crate::slot::Look;

/// From so many random bits on no vector of the token's comes twice.
const RANDOM_BITS: usize = 96;

/// Whose the vector is.
fn vector_of(parameters: &MessageParameters) -> Vector {
    let (given, fixed_bits, generator) = match parameters {
        MessageParameters::Gcm(gcm) => (&gcm.iv, gcm.fixed_bits, gcm.generator),
        MessageParameters::Ccm(ccm) => (&ccm.nonce, ccm.fixed_bits, ccm.generator),
        MessageParameters::ChaCha20Poly1305(_) | MessageParameters::None | MessageParameters::Unknown => {
            return Vector::OfTheCaller;
        }
    };
    let fixed_bits = usize::try_from(fixed_bits).unwrap_or(usize::MAX);
    let free = given.len().saturating_mul(8).saturating_sub(fixed_bits);
    if generator != CKG_NO_GENERATE && free >= RANDOM_BITS { Vector::OfTheToken } else { Vector::OfTheCaller }
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
        let (row, start) = self.ability(mechanism, Can::wrap_authenticated)?;
        // Another process may have made either key's attributes stricter.
        asking.session.slot.token(&self.parts, Look::Now)?;
        let wrapping = self.key_for(&asking, Operation::Wrap, row, wrapping_key).map_err(of_wrapping_key)?;
        let object = self.object(&asking, key, Look::Lately)?.ok_or(Error::KeyHandleInvalid)?;
        let vector = vector_of(parameters);
        may_wrap(&wrapping.object.attributes, &object.attributes, row.mechanism, vector)?;
        let bytes = self.bytes_of(&object)?;
        if matches!(parameters, MessageParameters::None | MessageParameters::Unknown) {
            return Err(Error::MechanismParamInvalid("the parameters of a message are needed"));
        }
        if out.is_query() {
            return Ok(bytes.len());
        }
        let place = out.take(bytes.len())?;
        let mut messages = start(&wrapping.key)?;
        messages.whole(parameters, associated, bytes.expose(), place).map_err(too_long)?;
        self.record_use(&asking, Happening::KeyWrapped, &object);
        Ok(bytes.len())
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
        self.unwrap_by(&asking, row, unwrapping_key, wrapped, |key| {
            let mut kept = Vec::new();
            kept.try_reserve_exact(associated.len()).map_err(|_| Error::HostMemory)?;
            kept.extend_from_slice(associated);
            let (parameters, messages) = (parameters.clone(), start(&Arc::clone(key))?);
            Ok(Box::new(OneMessage { messages, parameters, associated: kept }))
        })
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
