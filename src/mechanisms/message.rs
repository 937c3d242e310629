//! What a signature is made over, as it comes in parts: hashed at once, or kept whole.

use engine::mechanism::Digesting;
use pkcs11::{Error, Result, Secret};

use crate::digest::{self, Function, Output};

/// A message on its way.
pub(crate) enum Message {
    /// Hashed as it comes.
    Hashed(Box<dyn Digesting>),
    /// Kept as it is, up to the length of `bytes`.
    Whole {
        /// What came so far, then zeros.
        bytes: Secret,
        /// How many bytes of `bytes` are taken.
        len: usize,
    },
}

/// A complete message.
pub(crate) enum Complete {
    /// Its digest.
    Digest(Output),
    /// Itself, in the first bytes.
    Whole(Secret, usize),
}

impl AsRef<[u8]> for Complete {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Digest(digest) => digest.as_ref(),
            Self::Whole(bytes, len) => bytes.expose().get(..*len).unwrap_or_default(),
        }
    }
}

impl Message {
    /// A message that is hashed.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn hashed(function: impl Into<Function>) -> Result<Self> {
        digest::start(function).map(Self::Hashed)
    }

    /// A message of at most `limit` bytes that is kept whole.
    pub(crate) fn whole(limit: usize) -> Self {
        Self::Whole { bytes: Secret::zeroed(limit), len: 0 }
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`Error::DataLenRange`] beyond the limit.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        match self {
            Self::Hashed(state) => return state.update(part),
            Self::Whole { bytes, len } => {
                let end = len.checked_add(part.len()).ok_or(Error::DataLenRange)?;
                let place = bytes.as_mut().get_mut(*len..end).ok_or(Error::DataLenRange)?;
                place.copy_from_slice(part);
                *len = end;
            }
        }
        Ok(())
    }

    /// Adds as much of a part as there is room for, and passes over the rest.
    pub(crate) fn update_up_to_limit(&mut self, part: &[u8]) -> Result<()> {
        let room = match self {
            Self::Hashed(_) => part.len(),
            Self::Whole { bytes, len } => bytes.len() - *len,
        };
        self.update(part.get(..room).unwrap_or(part))
    }

    /// What came so far, for [`Message::restore`]; `None` where it cannot be told.
    pub(crate) fn save(&self) -> Option<Secret> {
        match self {
            Self::Hashed(state) => state.save(),
            Self::Whole { bytes, len } => bytes.expose().get(..*len).map(Secret::from),
        }
    }

    /// Takes up what [`Message::save`] gave, in a message of the same kind that is empty.
    ///
    /// # Errors
    /// [`Error::SavedStateInvalid`]
    pub(crate) fn restore(&mut self, state: &[u8]) -> Result<()> {
        match self {
            Self::Hashed(running) => running.restore(state),
            Self::Whole { .. } => self.update(state).map_err(|_| Error::SavedStateInvalid),
        }
    }

    /// The complete message.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn finish(self) -> Result<Complete> {
        match self {
            Self::Hashed(state) => Ok(Complete::Digest(Output::of(state)?)),
            Self::Whole { bytes, len } => Ok(Complete::Whole(bytes, len)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws_lc::hash::Hash;

    #[test]
    fn a_whole_message_is_refused_beyond_its_limit_and_stays_as_it_was() {
        let mut message = Message::whole(4);
        message.update(b"abc").unwrap();
        assert_eq!(message.update(b"de"), Err(Error::DataLenRange));
        message.update(b"d").unwrap();
        message.update(b"").unwrap();
        assert_eq!(message.finish().unwrap().as_ref(), b"abcd");
    }

    #[test]
    fn a_truncated_message_keeps_its_first_bytes() {
        let mut message = Message::whole(4);
        message.update_up_to_limit(b"abc").unwrap();
        message.update_up_to_limit(b"def").unwrap();
        message.update_up_to_limit(b"g").unwrap();
        assert_eq!(message.finish().unwrap().as_ref(), b"abcd");
    }

    #[test]
    fn a_saved_message_goes_on_in_another_of_its_kind() {
        for make in [|| Message::hashed(Hash::Sha256).unwrap(), || Message::whole(7)] {
            let (mut first, mut whole) = (make(), make());
            first.update(b"one ").unwrap();
            whole.update(b"one two").unwrap();
            let mut second = make();
            second.restore(first.save().unwrap().expose()).unwrap();
            second.update(b"two").unwrap();
            assert_eq!(second.finish().unwrap().as_ref(), whole.finish().unwrap().as_ref());
        }
    }

    #[test]
    fn a_state_of_another_kind_or_beyond_the_limit_is_refused() {
        let state = Message::hashed(Hash::Sha256).unwrap().save().unwrap();
        for mut message in [Message::whole(7), Message::hashed(Hash::Sha512).unwrap()] {
            assert_eq!(message.restore(state.expose()), Err(Error::SavedStateInvalid));
        }
    }
}
