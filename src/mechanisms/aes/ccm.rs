//! CCM (SP 800-38C, RFC 3610; PKCS#11 v3.2 sections 6.13.5 and 6.13.6), composed here of counter mode and a MAC.

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey, Messages, Saving};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::encode::Writer;
use pkcs11::{
    CcmMessageParameters, CcmParameters, Error, Mechanism, MessageParameters, Parameters, Result, Secret,
};
use zeroize::Zeroize;

use crate::authenticated_messages::{self, About, Aead, Sealing, Stated};
use crate::aws_lc::aes::{BLOCK, CounterState, Key};
use crate::block::mac::BlockMac;
use crate::downcast;
use crate::gathered::Gathered;

/// Bytes of a nonce and of the length of the data: one byte of a block is for flags.
const NONCE_AND_LENGTH: usize = BLOCK - 1;
/// The shortest MAC that guards a key, in bytes, as in GCM.
const MAC_OF_A_KEY: u64 = 12;

/// Checked parameters.
#[derive(Clone)]
struct Ccm {
    key: Arc<Key>,
    nonce: Vec<u8>,
    aad: Vec<u8>,
    /// Bytes of the MAC.
    mac_len: usize,
}

impl Ccm {
    fn new(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<(Self, u64)> {
        let Parameters::Ccm(CcmParameters { data_len, nonce, aad, mac_len }) = &mechanism.parameters else {
            return Err(Error::MechanismParamInvalid("CK_CCM_PARAMS is needed"));
        };
        lengths(nonce.len(), aad.len())?;
        let mac_len = known_mac_len(*mac_len)?;
        let ccm = Self { key: downcast(key)?, nonce: nonce.clone(), aad: aad.clone(), mac_len };
        Ok((ccm, *data_len))
    }

    /// Bytes that the length of the data has: 2 to 8.
    fn length_len(&self) -> usize {
        NONCE_AND_LENGTH - self.nonce.len()
    }

    /// The longest data in bytes.
    fn longest(&self) -> u64 {
        longest(self.nonce.len())
    }

    /// A block of flags, the nonce, and a number at its end (SP 800-38C appendix A).
    fn block(&self, flags: usize, number: u64) -> [u8; BLOCK] {
        let mut block = u128::from(number).to_be_bytes();
        let start = u8::try_from(flags | (self.length_len() - 1)).unwrap_or_default();
        let start = std::iter::once(&start).chain(&self.nonce);
        block.iter_mut().zip(start).for_each(|(place, byte)| *place = *byte);
        block
    }

    /// Starts with data of `len` bytes, which is no more than [`Ccm::longest`].
    fn run(self, len: u64) -> Result<Running> {
        let mut mac = BlockMac::zero_padded(Arc::clone(&self.key));
        let has_aad = usize::from(!self.aad.is_empty());
        mac.absorb(&self.block(has_aad << 6 | (self.mac_len - 2) << 2, len))?;
        if has_aad == 1 {
            match u16::try_from(self.aad.len()) {
                Ok(len @ ..0xff00) => mac.absorb(&len.to_be_bytes())?,
                _ => {
                    mac.absorb(&[0xff, 0xfe])?;
                    let len = u32::try_from(self.aad.len());
                    mac.absorb(&len.map_err(|_| Error::Bug("too much additional data"))?.to_be_bytes())?;
                }
            }
            mac.absorb(&self.aad)?;
            mac.pad();
        }
        let mut counter = CounterState::new(self.block(0, 0));
        let mut mask = [0; BLOCK];
        self.key.ctr(&mut counter, &[0; BLOCK], &mut mask)?;
        Ok(Running { key: self.key, mac, counter, mask, mac_len: self.mac_len, left: len })
    }

    /// Decrypts the whole, and wipes what it wrote unless the MAC holds.
    fn open(self, input: &[u8], out: &mut [u8]) -> Result<usize> {
        let len = input.len().checked_sub(self.mac_len).ok_or(Error::EncryptedDataLenRange)?;
        if len as u64 > self.longest() {
            return Err(Error::EncryptedDataLenRange);
        }
        let (sealed, mac) = input.split_at(len);
        let out = out.get_mut(..len).ok_or(Error::Bug("no place for the data"))?;
        self.open_apart(sealed, mac, out)?;
        Ok(len)
    }

    /// The same with the MAC apart: `out` is as long as `sealed`, and that no longer than [`Ccm::longest`].
    fn open_apart(self, sealed: &[u8], mac: &[u8], out: &mut [u8]) -> Result<()> {
        let mut running = self.run(sealed.len() as u64)?;
        running.key.ctr(&mut running.counter, sealed, out)?;
        running.mac.absorb(out)?;
        let expected = running.masked_mac()?;
        if bool::from(expected.get(..mac.len()).unwrap_or_default().ct_eq(mac)) {
            return Ok(());
        }
        out.zeroize();
        Err(Error::EncryptedDataInvalid)
    }
}

/// Whether a nonce and additional data may have these lengths.
fn lengths(nonce: usize, aad: usize) -> Result<()> {
    if !(7..=13).contains(&nonce) {
        return Err(Error::MechanismParamInvalid("a nonce of 7 to 13 bytes is needed"));
    }
    match u32::try_from(aad) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::MechanismParamInvalid("too much additional data")),
    }
}

/// The length of a MAC, if one may have it.
fn known_mac_len(mac_len: u64) -> Result<usize> {
    let known = match mac_len {
        4 | 6 | 8 | 10 | 12 | 14 | 16 => usize::try_from(mac_len).ok(),
        _ => None,
    };
    known.ok_or(Error::MechanismParamInvalid("a MAC of another length"))
}

/// The longest data in bytes with a nonce of so many: a length of 16 to 64 bits.
fn longest(nonce: usize) -> u64 {
    let unused = nonce.saturating_sub(NONCE_AND_LENGTH - 8) * 8;
    u32::try_from(unused).ok().and_then(|unused| u64::MAX.checked_shr(unused)).unwrap_or_default()
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let (ccm, len) = with_length(mechanism, key)?;
    Ok(Box::new(ccm.run(len)?))
}

/// Gathers the ciphertext, since nothing may be given out before the MAC holds.
pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let (ccm, len) = with_length(mechanism, key)?;
    let mac_len = ccm.mac_len;
    let expected = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(mac_len);
    Ok(Gathered::proving(
        (expected, Error::EncryptedDataLenRange),
        move |len| len.saturating_sub(mac_len),
        move |input, out| {
            if input.len() != expected {
                return Err(Error::EncryptedDataLenRange);
            }
            ccm.open(input, out)
        },
    ))
}

/// The parameters with the length that they tell.
fn with_length(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<(Ccm, u64)> {
    let (ccm, len) = Ccm::new(mechanism, key)?;
    if len > ccm.longest() {
        return Err(Error::MechanismParamInvalid("ulDataLen has no room beside this nonce"));
    }
    Ok((ccm, len))
}

/// The key's own length counts, and not the parameter's (section 6.13.6).
pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let ccm = for_a_key(mechanism, key)?;
    let longest = usize::try_from(ccm.longest()).unwrap_or(usize::MAX);
    let mac_len = ccm.mac_len;
    Ok(Gathered::start(
        (longest, Error::DataLenRange),
        move |len| len.saturating_add(mac_len),
        move |input, out| Box::new(ccm.run(input.len() as u64)?).whole(input, out),
    ))
}

/// The length of what was wrapped counts, and not the parameter's (section 6.13.6).
pub(super) fn unwrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let ccm = for_a_key(mechanism, key)?;
    let longest = usize::try_from(ccm.longest()).unwrap_or(usize::MAX);
    let mac_len = ccm.mac_len;
    Ok(Gathered::proving(
        (longest.saturating_add(mac_len), Error::EncryptedDataLenRange),
        move |len| len.saturating_sub(mac_len),
        move |input, out| ccm.open(input, out),
    ))
}

fn for_a_key(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Ccm> {
    let (ccm, _) = Ccm::new(mechanism, key)?;
    if (ccm.mac_len as u64) < MAC_OF_A_KEY {
        return Err(Error::MechanismParamInvalid("a MAC under 96 bits does not guard a key"));
    }
    Ok(ccm)
}

/// A running encryption.
struct Running {
    key: Arc<Key>,
    mac: Box<BlockMac<Key, BLOCK>>,
    counter: CounterState,
    /// What the MAC is combined with.
    mask: [u8; BLOCK],
    mac_len: usize,
    /// Bytes that have to come.
    left: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.mask.zeroize();
    }
}

impl Running {
    fn masked_mac(&mut self) -> Result<[u8; BLOCK]> {
        let mut mac = self.mac.mac()?;
        mac.iter_mut().zip(self.mask).for_each(|(place, byte)| *place ^= byte);
        Ok(mac)
    }
}

impl Saving for Running {
    /// How much has to come, the counter, and the MAC so far.
    fn save(&self) -> Option<Secret> {
        let (counter, mac) = (self.counter.save(), self.mac.save()?);
        let mut state = Writer::new();
        Some(state.raw(&self.left.to_be_bytes()).raw(counter.expose()).raw(mac.expose()).finish())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let parts = state.split_first_chunk().and_then(|(left, rest)| {
            let (counter, mac) = rest.split_at_checked(CounterState::SAVED)?;
            Some((u64::from_be_bytes(*left), counter, mac))
        });
        let (left, counter, mac) = parts.ok_or(Error::SavedStateInvalid)?;
        if left > self.left {
            return Err(Error::SavedStateInvalid);
        }
        self.counter = CounterState::restored(counter)?;
        self.mac.restore(mac)?;
        self.left = left;
        Ok(())
    }
}

impl Ciphering for Running {
    fn update_len(&self, len: usize) -> usize {
        len
    }

    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        let left = self.left.checked_sub(part.len() as u64).ok_or(Error::DataLenRange)?;
        self.mac.absorb(part)?;
        self.key.ctr(&mut self.counter, part, out)?;
        self.left = left;
        Ok(())
    }

    fn finish_len(&self) -> usize {
        self.mac_len
    }

    fn finish(mut self: Box<Self>, out: &mut [u8]) -> Result<usize> {
        if self.left > 0 {
            return Err(Error::DataLenRange);
        }
        let mac = self.masked_mac()?;
        let place = out.get_mut(..self.mac_len).ok_or(Error::Bug("no place for the MAC"))?;
        place.copy_from_slice(mac.get(..self.mac_len).unwrap_or_default());
        Ok(self.mac_len)
    }

    fn whole_len(&self, len: usize) -> usize {
        len.saturating_add(self.mac_len)
    }

    fn whole(mut self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize> {
        if data.len() as u64 != self.left {
            return Err(Error::DataLenRange);
        }
        let (sealed, place) =
            out.split_at_mut_checked(data.len()).ok_or(Error::Bug("no place for the data"))?;
        self.update(data, sealed)?;
        Ok(data.len() + self.finish(place)?)
    }
}

pub(super) fn encrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::encryption(OfMessages(downcast(key)?)))
}

pub(super) fn decrypt_messages(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::decryption(OfMessages(downcast(key)?)))
}

pub(super) fn wrap_authenticated(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::wrapping(OfMessages(downcast(key)?)))
}

pub(super) fn unwrap_authenticated(key: &Arc<dyn EngineKey>) -> Result<Box<dyn Messages>> {
    Ok(authenticated_messages::unwrapping(OfMessages(downcast(key)?)))
}

/// A key that messages are encrypted with.
struct OfMessages(Arc<Key>);

impl OfMessages {
    fn ccm(&self, about: &About, associated: &[u8]) -> Result<Ccm> {
        let (key, nonce) = (Arc::clone(&self.0), about.vector.clone());
        Ok(Ccm { key, nonce, aad: authenticated_messages::kept(associated)?, mac_len: about.tag_len })
    }
}

impl Aead for OfMessages {
    fn stated<'a>(&self, parameters: &'a mut MessageParameters) -> Result<Stated<'a>> {
        let MessageParameters::Ccm(ccm) = parameters else {
            return Err(Error::MechanismParamInvalid("CK_CCM_MESSAGE_PARAMS is needed"));
        };
        let CcmMessageParameters { data_len, nonce, fixed_bits, generator, mac, mac_len } = ccm;
        Ok(Stated {
            vector: nonce,
            fixed_bits: *fixed_bits,
            generator: *generator,
            tag: mac,
            tag_len: known_mac_len(*mac_len)?,
            data_len: Some(*data_len),
        })
    }

    fn check(&self, vector_len: usize, associated_len: usize) -> Result<()> {
        lengths(vector_len, associated_len)
    }

    fn longest(&self, vector_len: usize) -> u64 {
        longest(vector_len)
    }

    fn seal(&self, about: &About, associated: &[u8], data: &[u8], out: &mut [u8]) -> Result<[u8; BLOCK]> {
        let mut running = self.ccm(about, associated)?.run(data.len() as u64)?;
        Ciphering::update(&mut running, data, out)?;
        running.masked_mac()
    }

    fn open(
        &self,
        about: &About,
        associated: &[u8],
        sealed: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> Result<()> {
        self.ccm(about, associated)?.open_apart(sealed, tag, out)
    }

    fn start(&self, about: &About, associated: &[u8], len: u64) -> Result<Box<dyn Sealing>> {
        Ok(Box::new(self.ccm(about, associated)?.run(len)?))
    }
}

impl Sealing for Running {
    fn add(&mut self, part: &[u8], out: &mut [u8]) -> Result<()> {
        Ciphering::update(self, part, out)
    }

    fn into_tag(mut self: Box<Self>) -> Result<[u8; BLOCK]> {
        self.masked_mac()
    }
}
