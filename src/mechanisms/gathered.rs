//! Ciphers that work on their whole input at once.

use engine::mechanism::{Ciphering, Saving};
use pkcs11::encode::Writer;
use pkcs11::{Error, Result, Secret};

/// What is done with the whole input: it is written to a place of at least [`Gathered::whole_len`] bytes, and the
/// length written is given.
type Transform = Box<dyn FnOnce(&[u8], &mut [u8]) -> Result<usize> + Send>;

/// A cipher that gathers its input, if it comes in parts, and gives nothing before the end.
pub(crate) struct Gathered {
    input: Writer,
    len: usize,
    /// Bytes of input at most, and the error beyond.
    limit: (usize, Error),
    /// Bytes of output at most, by bytes of input.
    most: Box<dyn Fn(usize) -> usize + Send>,
    transform: Transform,
}

impl Gathered {
    /// A cipher of at most `limit` bytes of input, beyond which it answers the error, and `most` bytes of output for
    /// a number of bytes of input.
    pub(crate) fn start(
        limit: (usize, Error),
        most: impl Fn(usize) -> usize + Send + 'static,
        transform: impl FnOnce(&[u8], &mut [u8]) -> Result<usize> + Send + 'static,
    ) -> Box<dyn Ciphering> {
        let (most, transform) = (Box::new(most), Box::new(transform));
        Box::new(Self { input: Writer::new(), len: 0, limit, most, transform })
    }

    /// As [`Gathered::start`], of a cipher that proves what it opens: what the transformation writes reaches the application's
    /// memory once it has succeeded, and nothing before.
    pub(crate) fn proving(
        limit: (usize, Error),
        most: impl Fn(usize) -> usize + Send + 'static,
        transform: impl FnOnce(&[u8], &mut [u8]) -> Result<usize> + Send + 'static,
    ) -> Box<dyn Ciphering> {
        Self::start(limit, most, move |input, out| {
            let mut apart = Secret::try_zeroed(out.len().min(input.len()))?;
            let len = transform(input, apart.as_mut())?;
            let (place, proven) = (out.get_mut(..len), apart.expose().get(..len));
            let (Some(place), Some(proven)) = (place, proven) else {
                return Err(Error::Bug("more came out than there is place for"));
            };
            place.copy_from_slice(proven);
            Ok(len)
        })
    }

    fn check(&self, len: usize) -> Result<()> {
        if len <= self.limit.0 { Ok(()) } else { Err(self.limit.1.clone()) }
    }
}

/// Bytes of input that a state may hold: it lies in memory several times while it is sealed.
const LONGEST_SAVED: usize = 1 << 26;

impl Saving for Gathered {
    /// The input so far: the rest comes of mechanism and key.
    fn save(&self) -> Option<Secret> {
        (self.len <= LONGEST_SAVED).then(|| Secret::from(self.input.written()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.check(state.len()).map_err(|_| Error::SavedStateInvalid)?;
        self.input = Writer::new();
        self.input.try_raw(state)?;
        self.len = state.len();
        Ok(())
    }
}

impl Ciphering for Gathered {
    fn update_len(&self, _len: usize) -> usize {
        0
    }

    fn update(&mut self, part: &[u8], _out: &mut [u8]) -> Result<()> {
        let len = self.len.saturating_add(part.len());
        self.check(len)?;
        self.input.try_raw(part)?;
        self.len = len;
        Ok(())
    }

    fn finish_len(&self) -> usize {
        (self.most)(self.len)
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        let input = self.input.finish();
        (self.transform)(input.expose(), out)
    }

    fn whole_len(&self, len: usize) -> usize {
        (self.most)(len)
    }

    fn whole(self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        self.check(data.len())?;
        (self.transform)(data, out)
    }
}
