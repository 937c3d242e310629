//! Message-based encryption and decryption by ciphers that authenticate: what GCM, CCM and ChaCha20-Poly1305 have in common.
//! The tag stands in the parameters and not behind the ciphertext.

use std::sync::Arc;

use engine::mechanism::vector::is_random;
use engine::mechanism::{Message, Messages};
use pkcs11::constants::CKG_NO_GENERATE;
use pkcs11::encode::Writer;
use pkcs11::{Error, MessageParameters, Result, Secret};

use crate::vectors::{Demand, Vectors};

/// Bytes of the longest tag.
pub(crate) const TAG: usize = 16;

/// What stands in a message's parameters, whatever their form.
pub(crate) struct Stated<'a> {
    /// The vector, or what is given of it.
    pub(crate) vector: &'a mut Vec<u8>,
    /// How many of its bits are fixed.
    pub(crate) fixed_bits: u64,
    /// What makes the rest: a `CKG_` value.
    pub(crate) generator: u64,
    /// The tag.
    pub(crate) tag: &'a mut Vec<u8>,
    /// Its length in bytes: one that the cipher has.
    pub(crate) tag_len: usize,
    /// The length of the data, where it has to be told.
    pub(crate) data_len: Option<u64>,
}

/// The shortest tag that guards a key, in bytes, as in `aes/gcm.rs`.
const TAG_OF_A_KEY: usize = 12;

/// A wrapping of one key: a process of one message.
pub(crate) fn wrapping<A: Aead>(cipher: A) -> Box<dyn Messages> {
    encryption(OfKeys { cipher, wraps: true })
}

/// The unwrapping of one key.
pub(crate) fn unwrapping<A: Aead>(cipher: A) -> Box<dyn Messages> {
    decryption(OfKeys { cipher, wraps: false })
}

/// A cipher whose messages are keys.
struct OfKeys<A> {
    cipher: A,
    wraps: bool,
}

impl<A: Aead> Aead for OfKeys<A> {
    fn stated<'a>(&self, parameters: &'a mut MessageParameters) -> Result<Stated<'a>> {
        let stated = self.cipher.stated(parameters)?;
        if stated.tag_len < TAG_OF_A_KEY {
            return Err(Error::MechanismParamInvalid("a tag under 96 bits does not guard a key"));
        }
        // Nothing remembers the vectors of other wrappings (docs/decisions/0048).
        let Stated { vector, fixed_bits, generator, .. } = &stated;
        let asks = *generator != CKG_NO_GENERATE;
        if self.wraps && asks && !is_random(vector.len(), *fixed_bits, *generator) {
            return Err(Error::MechanismParamInvalid(
                "a vector that is made for a wrapping has at least 96 bits that are random",
            ));
        }
        // The key's own length counts, and not the parameter's (section 6.13.6).
        Ok(Stated { data_len: None, ..stated })
    }

    fn check(&self, vector_len: usize, associated_len: usize) -> Result<()> {
        self.cipher.check(vector_len, associated_len)
    }

    fn longest(&self, vector_len: usize) -> u64 {
        self.cipher.longest(vector_len)
    }

    fn seal(&self, about: &About, associated: &[u8], data: &[u8], out: &mut [u8]) -> Result<[u8; TAG]> {
        self.cipher.seal(about, associated, data, out)
    }

    fn open(
        &self,
        about: &About,
        associated: &[u8],
        sealed: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        self.cipher.open(about, associated, sealed, tag, out)
    }

    fn start(&self, about: &About, associated: &[u8], len: u64) -> Result<Box<dyn Sealing>> {
        self.cipher.start(about, associated, len)
    }
}

/// What a message is encrypted with, beside the key.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// The whole vector: of a length that [`Aead::check`] has let pass.
    pub(crate) vector: Vec<u8>,
    /// Bytes of the tag.
    pub(crate) tag_len: usize,
}

/// A cipher with its key.
pub(crate) trait Aead: Send + Sync + 'static {
    /// The parameters, if they are of this cipher's form and their tag is of a length that it has.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`]
    fn stated<'a>(&self, parameters: &'a mut MessageParameters) -> Result<Stated<'a>>;
    /// Whether it takes a vector of this length, and associated data of that.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`]
    fn check(&self, vector_len: usize, associated_len: usize) -> Result<()>;
    /// The longest message in bytes with a vector of this length.
    fn longest(&self, vector_len: usize) -> u64;
    /// Encrypts: `out` is as long as `data`.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn seal(&self, about: &About, associated: &[u8], data: &[u8], out: &mut [u8]) -> Result<[u8; TAG]>;
    /// Decrypts: `out` is as long as `sealed`, and wiped unless the tag holds.
    ///
    /// # Errors
    /// [`Error::EncryptedDataInvalid`], [`Error::Primitive`]
    fn open(&self, about: &About, associated: &[u8], sealed: &[u8], tag: &[u8], out: &mut [u8])
    -> Result<()>;
    /// Begins an encryption in parts, of `len` bytes where the cipher has to know.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn start(&self, about: &About, associated: &[u8], len: u64) -> Result<Box<dyn Sealing>>;
}

/// A running encryption.
pub(crate) trait Sealing: Send {
    /// Encrypts a part: `out` is as long.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn add(&mut self, part: &[u8], out: &mut [u8]) -> Result<()>;
    /// The tag, of the cipher's full length.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    fn into_tag(self: Box<Self>) -> Result<[u8; TAG]>;
}

/// A copy of what the application lends for a call.
///
/// # Errors
/// [`Error::HostMemory`]
pub(crate) fn kept(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut kept = Vec::new();
    kept.try_reserve_exact(bytes.len()).map_err(|_| Error::HostMemory)?;
    kept.extend_from_slice(bytes);
    Ok(kept)
}

/// A process of encrypting.
pub(crate) fn encryption<A: Aead>(cipher: A) -> Box<dyn Messages> {
    Box::new(Encryption { cipher: Arc::new(cipher), vectors: Vectors::default() })
}

/// A process of decrypting.
pub(crate) fn decryption<A: Aead>(cipher: A) -> Box<dyn Messages> {
    Box::new(Decryption { cipher: Arc::new(cipher) })
}

struct Encryption<A> {
    cipher: Arc<A>,
    vectors: Vectors,
}

impl<A: Aead> Encryption<A> {
    /// Makes the vector of a message whose lengths are right, and writes it into the parameters; how many bytes have to
    /// come, or may.
    fn take_vector(
        &mut self,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data_len: Option<usize>,
    ) -> Result<(About, Left)> {
        let stated = self.cipher.stated(parameters)?;
        self.cipher.check(stated.vector.len(), associated.len())?;
        let left = Left::of(&stated, self.cipher.longest(stated.vector.len()))?;
        if let Some(len) = data_len {
            left.all(len).map_err(|_| Error::DataLenRange)?;
        }
        let Stated { vector, fixed_bits, generator, tag_len, .. } = stated;
        *vector = self.vectors.next(Demand { given: vector, fixed_bits, generator })?;
        Ok((About { vector: vector.clone(), tag_len }, left))
    }
}

/// Bytes that have to come, or may.
#[derive(Clone, Copy, Debug)]
struct Left {
    bytes: u64,
    /// Whether they have to.
    exactly: bool,
}

/// A length that is not the one.
struct OtherLength;

impl Left {
    fn of(stated: &Stated<'_>, longest: u64) -> Result<Self> {
        match stated.data_len {
            Some(len) if len > longest => {
                Err(Error::MechanismParamInvalid("ulDataLen has no room beside this nonce"))
            }
            Some(bytes) => Ok(Self { bytes, exactly: true }),
            None => Ok(Self { bytes: longest, exactly: false }),
        }
    }

    fn take(&mut self, len: usize) -> std::result::Result<(), OtherLength> {
        self.bytes = self.bytes.checked_sub(len as u64).ok_or(OtherLength)?;
        Ok(())
    }

    fn all(mut self, len: usize) -> std::result::Result<(), OtherLength> {
        self.take(len)?;
        if self.exactly && self.bytes > 0 { Err(OtherLength) } else { Ok(()) }
    }
}

impl<A: Aead> Messages for Encryption<A> {
    fn whole(
        &mut self,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        let (about, _) = self.take_vector(parameters, associated, Some(data.len()))?;
        let tag = self.cipher.seal(&about, associated, data, out)?;
        put_tag(&*self.cipher, parameters, &tag)
    }

    fn begin(&mut self, parameters: &mut MessageParameters, associated: &[u8]) -> Result<Box<dyn Message>> {
        let (about, left) = self.take_vector(parameters, associated, None)?;
        let sealing = self.cipher.start(&about, associated, left.bytes)?;
        Ok(Box::new(Encrypting { cipher: Arc::clone(&self.cipher), sealing, left, tag_len: about.tag_len }))
    }
}

fn put_tag<A: Aead>(cipher: &A, parameters: &mut MessageParameters, tag: &[u8; TAG]) -> Result<()> {
    let stated = cipher.stated(parameters)?;
    *stated.tag = tag.get(..stated.tag_len).unwrap_or_default().to_vec();
    Ok(())
}

/// The tag's length may not change within a message.
fn same_length<A: Aead>(cipher: &A, parameters: &mut MessageParameters, tag_len: usize) -> Result<()> {
    match cipher.stated(parameters)?.tag_len == tag_len {
        true => Ok(()),
        false => Err(Error::MechanismParamInvalid("a tag of another length than at the message's beginning")),
    }
}

/// An encryption in parts.
struct Encrypting<A> {
    cipher: Arc<A>,
    sealing: Box<dyn Sealing>,
    left: Left,
    tag_len: usize,
}

impl<A: Aead> Message for Encrypting<A> {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        self.left.take(part.len()).map_err(|_| Error::DataLenRange)?;
        self.sealing.add(part, out)
    }

    fn finish_len(&self, len: usize) -> usize {
        len
    }

    fn finish(
        mut self: Box<Self>,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        same_length(&*self.cipher, parameters, self.tag_len)?;
        self.left.all(part.len()).map_err(|_| Error::DataLenRange)?;
        self.sealing.add(part, out)?;
        put_tag(&*self.cipher, parameters, &self.sealing.into_tag()?)
    }
}

struct Decryption<A> {
    cipher: Arc<A>,
}

impl<A: Aead> Decryption<A> {
    fn about(&self, parameters: &mut MessageParameters, associated: &[u8]) -> Result<(About, Left)> {
        let stated = self.cipher.stated(parameters)?;
        self.cipher.check(stated.vector.len(), associated.len())?;
        let left = Left::of(&stated, self.cipher.longest(stated.vector.len()))?;
        Ok((About { vector: stated.vector.clone(), tag_len: stated.tag_len }, left))
    }
}

/// Decrypts where the parameters' tag holds.
fn open<A: Aead>(
    cipher: &A,
    about: &About,
    parameters: &mut MessageParameters,
    (associated, sealed): (&[u8], &[u8]),
    out: &mut [u8],
) -> Result<()> {
    same_length(cipher, parameters, about.tag_len)?;
    let tag = std::mem::take(cipher.stated(parameters)?.tag);
    if tag.len() != about.tag_len {
        return Err(Error::MechanismParamInvalid("a tag is needed"));
    }
    // Apart: nothing reaches the application's memory before the tag has held.
    let mut apart = Secret::try_zeroed(sealed.len())?;
    cipher.open(about, associated, sealed, &tag, apart.as_mut()).map_err(|error| match error {
        Error::EncryptedDataInvalid => Error::AeadDecryptFailed,
        other => other,
    })?;
    if out.len() != apart.len() {
        return Err(Error::Bug("a place of another length than the message"));
    }
    out.copy_from_slice(apart.expose());
    Ok(())
}

impl<A: Aead> Messages for Decryption<A> {
    fn whole(
        &mut self,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        let (about, left) = self.about(parameters, associated)?;
        left.all(data.len()).map_err(|_| Error::EncryptedDataLenRange)?;
        open(&*self.cipher, &about, parameters, (associated, data), out)
    }

    fn begin(&mut self, parameters: &mut MessageParameters, associated: &[u8]) -> Result<Box<dyn Message>> {
        let (about, left) = self.about(parameters, associated)?;
        let (cipher, associated) = (Arc::clone(&self.cipher), kept(associated)?);
        Ok(Box::new(Decrypting { cipher, about, associated, left, sealed: Writer::new(), len: 0 }))
    }
}

/// A decryption in parts: the ciphertext is gathered, since nothing may be given out before the tag holds.
struct Decrypting<A> {
    cipher: Arc<A>,
    about: About,
    associated: Vec<u8>,
    left: Left,
    sealed: Writer,
    len: usize,
}

impl<A: Aead> Message for Decrypting<A> {
    fn update_len(&self, _len: usize) -> usize {
        0
    }

    fn update(&mut self, part: &[u8], _out: &mut [u8]) -> Result<()> {
        self.left.take(part.len()).map_err(|_| Error::EncryptedDataLenRange)?;
        self.sealed.try_raw(part)?;
        self.len += part.len();
        Ok(())
    }

    fn finish_len(&self, len: usize) -> usize {
        self.len.saturating_add(len)
    }

    fn finish(
        mut self: Box<Self>,
        parameters: &mut MessageParameters,
        part: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        self.left.all(part.len()).map_err(|_| Error::EncryptedDataLenRange)?;
        self.sealed.try_raw(part)?;
        let sealed = self.sealed.finish();
        open(&*self.cipher, &self.about, parameters, (&self.associated, sealed.expose()), out)
    }
}
