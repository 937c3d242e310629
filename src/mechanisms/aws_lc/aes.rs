//! AES (FIPS 197) in the modes of SP 800-38A and SP 800-38D.

use std::ptr::{NonNull, null, null_mut};
use std::sync::OnceLock;

use crate::lc as c;
use zeroize::{Zeroize, Zeroizing};

use pkcs11::encode::Writer;
use pkcs11::{Error, Result, Secret};

use super::aead::Aead;
use super::{Direction, failed, succeeded};

/// Length of a block in bytes.
pub const BLOCK: usize = 16;
/// Length of a whole GCM tag in bytes.
pub const TAG: usize = 16;
/// The longest message of GCM in bytes: 2^39 - 256 bits (SP 800-38D section 5.2.1.1).
pub const GCM_LONGEST: u64 = (1 << 36) - 32;
/// Bytes in one call to a function that counts them in an `int`.
const INT_BYTES: usize = 1 << 30;

/// Both schedules of one key; wiped when dropped.
struct Schedules {
    encrypt: c::AES_KEY,
    decrypt: c::AES_KEY,
}

impl Drop for Schedules {
    fn drop(&mut self) {
        self.encrypt.rd_key.zeroize();
        self.decrypt.rd_key.zeroize();
    }
}

/// A key whose schedules are made once.
pub struct Key {
    schedules: Box<Schedules>,
    /// Made at the first use with GCM; `None` where that failed.
    gcm: OnceLock<Option<Aead>>,
    bytes: Secret,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "aes::Key({} bytes)", self.bytes.len())
    }
}

impl Key {
    /// The key itself.
    #[must_use]
    pub fn bytes(&self) -> &Secret {
        &self.bytes
    }

    /// A key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// [`Error::KeySizeRange`] for any other length; [`Error::Primitive`].
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let bits = match bytes.len() {
            16 => 128,
            24 => 192,
            32 => 256,
            _ => return Err(Error::KeySizeRange),
        };
        let empty = c::AES_KEY { rd_key: [0; 60], rounds: 0 };
        let mut schedules = Box::new(Schedules { encrypt: empty, decrypt: empty });
        // SAFETY: `bytes` holds as many bits as said; the schedule is this function's own.
        let rc = unsafe { c::AES_set_encrypt_key(bytes.as_ptr(), bits, &raw mut schedules.encrypt) };
        succeeded(i32::from(rc == 0), "AES key")?;
        // SAFETY: as above.
        let rc = unsafe { c::AES_set_decrypt_key(bytes.as_ptr(), bits, &raw mut schedules.decrypt) };
        succeeded(i32::from(rc == 0), "AES key")?;
        Ok(Self { schedules, gcm: OnceLock::new(), bytes: Secret::from(bytes) })
    }

    /// Length of the key in bytes.
    #[must_use]
    pub fn key_len(&self) -> usize {
        self.bytes.len()
    }

    /// One block in place.
    pub fn block(&self, direction: Direction, block: &mut [u8; BLOCK]) {
        let input = Zeroizing::new(*block);
        match direction {
            // SAFETY: both places hold one block; the schedule is whole and only read.
            Direction::Encrypt => unsafe {
                c::AES_encrypt(input.as_ptr(), block.as_mut_ptr(), &raw const self.schedules.encrypt);
            },
            // SAFETY: as above.
            Direction::Decrypt => unsafe {
                c::AES_decrypt(input.as_ptr(), block.as_mut_ptr(), &raw const self.schedules.decrypt);
            },
        }
    }

    /// Whole blocks in ECB mode; `out` is as long as `input`.
    ///
    /// # Errors
    /// [`Error::Primitive`] for lengths that differ or are no multiple of [`BLOCK`].
    pub fn ecb(&self, direction: Direction, input: &[u8], out: &mut [u8]) -> Result<()> {
        whole_blocks(input, out)?;
        for (input, place) in input.as_chunks::<BLOCK>().0.iter().zip(out.as_chunks_mut::<BLOCK>().0) {
            *place = *input;
            self.block(direction, place);
        }
        Ok(())
    }

    /// Whole blocks in CBC mode; `out` is as long as `input`, and `iv` is left for the blocks that follow.
    ///
    /// # Errors
    /// As [`Key::ecb`].
    pub fn cbc(
        &self,
        direction: Direction,
        iv: &mut [u8; BLOCK],
        input: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        whole_blocks(input, out)?;
        if input.is_empty() {
            return Ok(());
        }
        let (schedule, direction) = match direction {
            Direction::Encrypt => (&raw const self.schedules.encrypt, c::AES_ENCRYPT),
            Direction::Decrypt => (&raw const self.schedules.decrypt, c::AES_DECRYPT),
        };
        // SAFETY: both slices are as long as said, in whole blocks, and do not overlap; the schedule is whole and only
        // read; `iv` holds one block.
        unsafe {
            c::AES_cbc_encrypt(
                input.as_ptr(),
                out.as_mut_ptr(),
                input.len(),
                schedule,
                iv.as_mut_ptr(),
                direction,
            );
        }
        Ok(())
    }

    /// Bytes in counter mode, all 128 bits counting; `out` is as long as `input`.
    ///
    /// # Errors
    /// [`Error::Primitive`] for lengths that differ.
    pub fn ctr(&self, state: &mut CounterState, input: &[u8], out: &mut [u8]) -> Result<()> {
        if input.len() != out.len() {
            return Err(Error::Primitive("AES into a place of another length"));
        }
        // SAFETY: both slices are as long as said and do not overlap; the schedule is whole and only read; the fields of
        // the state have the lengths that the call expects, and `used` is below a block by its own doing.
        unsafe {
            c::AES_ctr128_encrypt(
                input.as_ptr(),
                out.as_mut_ptr(),
                input.len(),
                &raw const self.schedules.encrypt,
                state.block.as_mut_ptr(),
                state.stream.as_mut_ptr(),
                &raw mut state.used,
            );
        }
        Ok(())
    }

    /// Encrypts with GCM: `out` is as long as `plain`, the tag whole.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for an empty `iv`, for lengths that differ and for more than [`GCM_LONGEST`] bytes.
    pub fn seal(
        &self,
        iv: &[u8],
        aad: &[u8],
        plain: &[u8],
        out: &mut [u8],
        tag: &mut [u8; TAG],
    ) -> Result<()> {
        self.gcm()?.seal(iv, aad, plain, out, tag)
    }

    /// Decrypts with GCM: `out` is as long as `sealed`, and is wiped unless the tag holds. The tag is as long as it was
    /// agreed: a short one is compared in its whole length.
    ///
    /// # Errors
    /// [`Error::EncryptedDataInvalid`] when the tag does not hold; [`Error::Primitive`] for lengths that differ.
    pub fn open(&self, iv: &[u8], aad: &[u8], sealed: &[u8], tag: &[u8], out: &mut [u8]) -> Result<()> {
        if tag.len() == TAG {
            self.gcm()?.open(iv, aad, sealed, tag, out)
        } else {
            gcm_context(&self.bytes, tag.len())?.open(iv, aad, sealed, tag, out)
        }
    }

    fn gcm(&self) -> Result<&Aead> {
        let made = self.gcm.get_or_init(|| gcm_context(&self.bytes, TAG).ok());
        made.as_ref().ok_or(Error::HostMemory)
    }
}

fn whole_blocks(input: &[u8], out: &[u8]) -> Result<()> {
    if input.len() == out.len() && input.len().is_multiple_of(BLOCK) {
        Ok(())
    } else {
        Err(Error::Primitive("AES into a place of another length"))
    }
}

/// Where counter mode stands.
pub struct CounterState {
    block: [u8; BLOCK],
    stream: [u8; BLOCK],
    used: u32,
}

impl CounterState {
    /// Bytes of a saved state.
    pub const SAVED: usize = 2 * BLOCK + 4;

    /// At the first block.
    #[must_use]
    pub fn new(block: [u8; BLOCK]) -> Self {
        Self { block, stream: [0; BLOCK], used: 0 }
    }

    /// Bytes in counter mode, all 128 bits counting, of a cipher that has no call of its own for it: `encrypt` encrypts
    /// a block in place.
    pub(crate) fn apply(&mut self, encrypt: impl Fn(&mut [u8; BLOCK]), input: &[u8], out: &mut [u8]) {
        for (byte, place) in input.iter().zip(out) {
            if self.used == 0 {
                self.stream = self.block;
                encrypt(&mut self.stream);
                self.block = u128::from_be_bytes(self.block).wrapping_add(1).to_be_bytes();
            }
            let key = usize::try_from(self.used).ok().and_then(|used| self.stream.get(used));
            *place = byte ^ key.copied().unwrap_or_default();
            self.used += 1;
            if usize::try_from(self.used).is_ok_and(|used| used == BLOCK) {
                self.used = 0;
            }
        }
    }

    /// All of it, for [`CounterState::restored`].
    #[must_use]
    pub fn save(&self) -> Secret {
        let mut state = Writer::new();
        state.raw(&self.block).raw(&self.stream).raw(&self.used.to_be_bytes()).finish()
    }

    /// What [`CounterState::save`] gave.
    ///
    /// # Errors
    /// [`Error::SavedStateInvalid`]
    pub fn restored(state: &[u8]) -> Result<Self> {
        let parts = state.split_first_chunk().and_then(|(block, rest)| {
            let (stream, used) = rest.split_first_chunk()?;
            Some(Self { block: *block, stream: *stream, used: u32::from_be_bytes(used.try_into().ok()?) })
        });
        // The library reads the stream at this place without a look.
        let sound = |state: &Self| usize::try_from(state.used).is_ok_and(|used| used < BLOCK);
        parts.filter(sound).ok_or(Error::SavedStateInvalid)
    }
}

impl Drop for CounterState {
    fn drop(&mut self) {
        self.stream.zeroize();
    }
}

/// The context of a key, for tags of `tag_len` bytes.
fn gcm_context(key: &Secret, tag_len: usize) -> Result<Aead> {
    let algorithm = match key.len() {
        // SAFETY: gives the address of a static.
        16 => unsafe { c::EVP_aead_aes_128_gcm() },
        // SAFETY: as above.
        24 => unsafe { c::EVP_aead_aes_192_gcm() },
        // SAFETY: as above.
        _ => unsafe { c::EVP_aead_aes_256_gcm() },
    };
    // SAFETY: one of the library's own algorithms.
    unsafe { Aead::new(algorithm, key, tag_len) }
}

/// A GCM encryption whose message comes in parts.
pub struct GcmStream(NonNull<c::EVP_CIPHER_CTX>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for GcmStream {}

impl Drop for GcmStream {
    fn drop(&mut self) {
        // SAFETY: owned by this value.
        unsafe { c::EVP_CIPHER_CTX_free(self.0.as_ptr()) };
    }
}

impl GcmStream {
    /// Starts with an `iv` of at least one byte.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn new(key: &Key, iv: &[u8], aad: &[u8]) -> Result<Self> {
        let iv_len = i32::try_from(iv.len()).ok().filter(|len| *len > 0);
        let iv_len = iv_len.ok_or(Error::Primitive("a GCM IV of another length"))?;
        let cipher = match key.key_len() {
            // SAFETY: gives the address of a static.
            16 => unsafe { c::EVP_aes_128_gcm() },
            // SAFETY: as above.
            24 => unsafe { c::EVP_aes_192_gcm() },
            // SAFETY: as above.
            _ => unsafe { c::EVP_aes_256_gcm() },
        };
        // SAFETY: makes an empty object.
        let context = unsafe { c::EVP_CIPHER_CTX_new() };
        let mut stream = NonNull::new(context).map(Self).ok_or_else(|| failed("out of memory"))?;
        // SAFETY: a fresh object that nobody shares; null leaves key and IV for later.
        let rc = unsafe { c::EVP_EncryptInit_ex(stream.0.as_ptr(), cipher, null_mut(), null(), null()) };
        succeeded(rc, "AES-GCM")?;
        // SAFETY: the object has its cipher; this command takes no pointer.
        let rc = unsafe {
            c::EVP_CIPHER_CTX_ctrl(stream.0.as_ptr(), c::EVP_CTRL_AEAD_SET_IVLEN, iv_len, null_mut())
        };
        succeeded(rc, "AES-GCM")?;
        let bytes = key.bytes.expose().as_ptr();
        // SAFETY: the key is as long as the cipher's, the IV as long as just set; null keeps the cipher.
        let rc = unsafe { c::EVP_EncryptInit_ex(stream.0.as_ptr(), null(), null_mut(), bytes, iv.as_ptr()) };
        succeeded(rc, "AES-GCM")?;
        stream.authenticate(aad)?;
        Ok(stream)
    }

    /// Encrypts a part; `out` is as long as `part`.
    ///
    /// # Errors
    /// [`Error::Primitive`], also for lengths that differ.
    pub fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        if out.len() != part.len() {
            return Err(Error::Primitive("AES into a place of another length"));
        }
        for (part, out) in part.chunks(INT_BYTES).zip(out.chunks_mut(INT_BYTES)) {
            self.step(part, out.as_mut_ptr())?;
        }
        Ok(())
    }

    /// Adds additional data, all of which comes before the message.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn authenticate(&mut self, part: &[u8]) -> Result<()> {
        part.chunks(INT_BYTES).try_for_each(|part| self.step(part, null_mut()))
    }

    /// Adds data, or, where `out` is null, additional data. Else `out` is writable for the length of `part`.
    fn step(&self, part: &[u8], out: *mut u8) -> Result<()> {
        let len = i32::try_from(part.len()).map_err(|_| Error::Primitive("too much at once"))?;
        let mut written = 0;
        // SAFETY: the part is as long as said; both callers give null or a place of that length that does not overlap.
        let rc = unsafe { c::EVP_EncryptUpdate(self.0.as_ptr(), out, &raw mut written, part.as_ptr(), len) };
        succeeded(rc, "AES-GCM")
    }

    /// The tag.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub fn finish(self, tag: &mut [u8; TAG]) -> Result<()> {
        let (mut rest, mut written) = ([0; BLOCK], 0);
        // SAFETY: the object is this value's own; GCM writes nothing here, and there is room for a block.
        let rc = unsafe { c::EVP_EncryptFinal_ex(self.0.as_ptr(), rest.as_mut_ptr(), &raw mut written) };
        succeeded(rc, "AES-GCM")?;
        let place = tag.as_mut_ptr().cast();
        // SAFETY: `tag` holds the 16 bytes that are asked for.
        let rc = unsafe { c::EVP_CIPHER_CTX_ctrl(self.0.as_ptr(), c::EVP_CTRL_AEAD_GET_TAG, 16, place) };
        succeeded(rc, "AES-GCM")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_length_is_refused() {
        for len in [0, 1, 8, 15, 17, 31, 33, 40, 64] {
            assert_eq!(Key::new(&vec![7; len]).err(), Some(Error::KeySizeRange));
        }
    }

    #[test]
    fn a_place_of_another_length_is_refused() {
        let key = Key::new(&[7; 16]).unwrap();
        assert!(key.ecb(Direction::Encrypt, &[0; 16], &mut [0; 15]).is_err());
        assert!(key.ecb(Direction::Encrypt, &[0; 15], &mut [0; 15]).is_err());
        assert!(key.cbc(Direction::Encrypt, &mut [0; 16], &[0; 32], &mut [0; 16]).is_err());
        assert!(key.ctr(&mut CounterState::new([0; 16]), &[0; 3], &mut [0; 2]).is_err());
        assert!(key.seal(&[0; 12], &[], &[0; 3], &mut [0; 2], &mut [0; 16]).is_err());
        assert!(key.open(&[0; 12], &[], &[0; 3], &[0; 16], &mut [0; 2]).is_err());
        assert!(GcmStream::new(&key, &[], &[]).is_err());
    }

    #[test]
    fn debug_tells_no_byte_of_a_key() {
        assert_eq!(format!("{:?}", Key::new(&[0x5a; 16]).unwrap()), "aes::Key(16 bytes)");
    }
}
