//! Key wrapping (SP 800-38F; RFC 3394, RFC 5649; PKCS#11 v3.2 section 6.16).

use std::sync::Arc;

use engine::mechanism::{Ciphering, Key as EngineKey};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7,
};
use pkcs11::{Error, Mechanism, Parameters, Result, Secret};
use zeroize::Zeroizing;

use crate::aws_lc::Direction;
use crate::aws_lc::aes::{BLOCK, Key};
use crate::block::iv;
use crate::downcast;
use crate::gathered::Gathered;

/// Half a block: what this algorithm shuffles.
const SEMIBLOCK: usize = 8;
/// The default initial value of KW (SP 800-38F section 6.2: ICV1).
const KW_INITIAL: [u8; SEMIBLOCK] = [0xa6; SEMIBLOCK];
/// The default start of KWP's (section 6.3: ICV2); the length follows.
const KWP_INITIAL: [u8; 4] = [0xa6, 0x59, 0x59, 0xa6];

/// Bytes that are wrapped at most: KWP tells their number in 32 bits (SP 800-38F section 5.3.1), and nobody has more for
/// the others.
pub(crate) const LONGEST: usize = u32::MAX as usize;

/// A mechanism with its initial value.
#[derive(Clone, Copy)]
enum Scheme {
    /// KW over whole semiblocks.
    Kw([u8; SEMIBLOCK]),
    /// KW over semiblocks that PKCS #7 padding made whole.
    Pkcs7([u8; SEMIBLOCK]),
    /// KWP.
    Kwp([u8; 4]),
}

impl Scheme {
    fn new(mechanism: &Mechanism) -> Result<Self> {
        match mechanism.mechanism_type {
            CKM_AES_KEY_WRAP => Ok(Self::Kw(initial(mechanism, KW_INITIAL)?)),
            // The older name has the padding of version 2.40: that of PKCS #7.
            CKM_AES_KEY_WRAP_PAD | CKM_AES_KEY_WRAP_PKCS7 => Ok(Self::Pkcs7(initial(mechanism, KW_INITIAL)?)),
            CKM_AES_KEY_WRAP_KWP => Ok(Self::Kwp(initial(mechanism, KWP_INITIAL)?)),
            other => Err(Error::MechanismInvalid(other)),
        }
    }

    /// Length of what `len` bytes are wrapped to.
    fn wrapped_len(self, len: usize) -> usize {
        let padded = match self {
            Self::Pkcs7(_) => (len - len % SEMIBLOCK).saturating_add(SEMIBLOCK),
            Self::Kw(_) | Self::Kwp(_) => len.checked_next_multiple_of(SEMIBLOCK).unwrap_or(usize::MAX),
        };
        padded.saturating_add(SEMIBLOCK)
    }
}

/// Bytes that KWP adds to what fills whole semiblocks.
pub(crate) const KWP_OVERHEAD: usize = SEMIBLOCK;

/// Length of what KWP wraps `len` bytes to.
pub(crate) fn kwp_len(len: usize) -> usize {
    Scheme::Kwp(KWP_INITIAL).wrapped_len(len)
}

/// Wraps under a temporary key by KWP: gives the length, [`kwp_len`], which `out` has at least.
///
/// # Errors
/// [`Error::DataLenRange`] for nothing.
pub(crate) fn wrap_kwp(key: &Secret, input: &[u8], out: &mut [u8]) -> Result<usize> {
    let out = out.get_mut(..kwp_len(input.len())).ok_or(Error::Bug("no place for the key"))?;
    wrap_into(&Key::new(key.expose())?, Scheme::Kwp(KWP_INITIAL), input, out)?;
    Ok(out.len())
}

/// Unwraps what [`wrap_kwp`] made: gives the length.
///
/// # Errors
/// [`Error::EncryptedDataLenRange`], [`Error::EncryptedDataInvalid`]
pub(crate) fn unwrap_kwp(key: &Secret, input: &[u8], out: &mut [u8]) -> Result<usize> {
    let (plain, len) = unwrapped(&Key::new(key.expose())?, Scheme::Kwp(KWP_INITIAL), input)?;
    let place = out.get_mut(..len).ok_or(Error::Bug("no place for the key"))?;
    place.copy_from_slice(plain.expose().get(..len).unwrap_or_default());
    Ok(len)
}

fn initial<const N: usize>(mechanism: &Mechanism, default: [u8; N]) -> Result<[u8; N]> {
    if mechanism.parameters == Parameters::None { Ok(default) } else { iv(mechanism) }
}

pub(super) fn encrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    wrapping(mechanism, key, false)
}

/// Unlike encryption, KW fills a key with zeros to whole semiblocks.
pub(super) fn wrap(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    wrapping(mechanism, key, true)
}

fn wrapping(mechanism: &Mechanism, key: &Arc<dyn EngineKey>, fill: bool) -> Result<Box<dyn Ciphering>> {
    let key: Arc<Key> = downcast(key)?;
    let scheme = Scheme::new(mechanism)?;
    let most = move |len| scheme.wrapped_len(len);
    Ok(Gathered::start((LONGEST, Error::DataLenRange), most, move |input, out| {
        if matches!(scheme, Scheme::Kw(_)) && !fill && !input.len().is_multiple_of(SEMIBLOCK) {
            return Err(Error::DataLenRange);
        }
        let out = out.get_mut(..scheme.wrapped_len(input.len())).ok_or(Error::Bug("no place for the key"))?;
        wrap_into(&key, scheme, input, out)?;
        Ok(out.len())
    }))
}

/// Wraps `input`; `out` is exactly as long as the scheme makes it.
fn wrap_into(key: &Key, scheme: Scheme, input: &[u8], out: &mut [u8]) -> Result<()> {
    let (initial, rest) =
        out.split_first_chunk_mut::<SEMIBLOCK>().ok_or(Error::Bug("no place for the key"))?;
    let (data, padding) = rest.split_at_mut_checked(input.len()).ok_or(Error::Bug("no place for the key"))?;
    data.copy_from_slice(input);
    match scheme {
        Scheme::Kw(value) => {
            *initial = value;
            padding.fill(0);
        }
        Scheme::Pkcs7(value) => {
            *initial = value;
            // 1 to 8.
            padding.fill(u8::try_from(padding.len()).unwrap_or(0));
        }
        Scheme::Kwp(value) => {
            let len = u32::try_from(input.len()).ok().filter(|len| *len > 0).ok_or(Error::DataLenRange)?;
            let [a, b, c, d] = value;
            let [e, f, g, h] = len.to_be_bytes();
            *initial = [a, b, c, d, e, f, g, h];
            padding.fill(0);
        }
    }
    // KWP of a single semiblock is one block; KW needs two.
    match (scheme, rest.len()) {
        (Scheme::Kwp(_), SEMIBLOCK) => {
            let (block, _) = out.split_first_chunk_mut().ok_or(Error::Bug("no place for the key"))?;
            key.block(Direction::Encrypt, block);
            Ok(())
        }
        (_, 0..=SEMIBLOCK) => {
            out.fill(0);
            Err(Error::DataLenRange)
        }
        _ => {
            shuffle(key, initial, rest);
            Ok(())
        }
    }
}

/// W of SP 800-38F section 6.1, in place.
fn shuffle(key: &Key, first: &mut [u8; SEMIBLOCK], rest: &mut [u8]) {
    let mut count = 0u64;
    for _ in 0..6 {
        for semiblock in rest.as_chunks_mut::<SEMIBLOCK>().0 {
            count += 1;
            let mut block = joined(first, semiblock);
            key.block(Direction::Encrypt, &mut block);
            halve(&block, first, semiblock);
            *first = (u64::from_be_bytes(*first) ^ count).to_be_bytes();
        }
    }
}

/// The inverse of W (SP 800-38F section 6.1), in place.
fn unshuffle(key: &Key, first: &mut [u8; SEMIBLOCK], rest: &mut [u8]) {
    let semiblocks = rest.as_chunks_mut::<SEMIBLOCK>().0;
    let mut count = 6 * semiblocks.len() as u64;
    for _ in 0..6 {
        for semiblock in semiblocks.iter_mut().rev() {
            *first = (u64::from_be_bytes(*first) ^ count).to_be_bytes();
            let mut block = joined(first, semiblock);
            key.block(Direction::Decrypt, &mut block);
            halve(&block, first, semiblock);
            count -= 1;
        }
    }
}

/// Both halves, in a place that is wiped.
fn joined(left: &[u8; SEMIBLOCK], right: &[u8; SEMIBLOCK]) -> Zeroizing<[u8; BLOCK]> {
    let mut block = Zeroizing::new([0; BLOCK]);
    block.iter_mut().zip(left.iter().chain(right)).for_each(|(place, byte)| *place = *byte);
    block
}

/// Puts the halves of a block back where they came from.
fn halve(block: &[u8; BLOCK], left: &mut [u8; SEMIBLOCK], right: &mut [u8; SEMIBLOCK]) {
    left.iter_mut().chain(right).zip(block).for_each(|(place, byte)| *place = *byte);
}

pub(super) fn decrypt(mechanism: &Mechanism, key: &Arc<dyn EngineKey>) -> Result<Box<dyn Ciphering>> {
    let key: Arc<Key> = downcast(key)?;
    let scheme = Scheme::new(mechanism)?;
    let most = |len: usize| len.saturating_sub(SEMIBLOCK);
    Ok(Gathered::start((LONGEST + 2 * SEMIBLOCK, Error::EncryptedDataLenRange), most, move |input, out| {
        let (plain, len) = unwrapped(&key, scheme, input)?;
        let place = out.get_mut(..len).ok_or(Error::Bug("no place for the key"))?;
        place.copy_from_slice(plain.expose().get(..len).unwrap_or_default());
        Ok(len)
    }))
}

/// What was wrapped, in the first bytes, and their number.
fn unwrapped(key: &Key, scheme: Scheme, input: &[u8]) -> Result<(Secret, usize)> {
    let shortest = if matches!(scheme, Scheme::Kwp(_)) { 2 } else { 3 } * SEMIBLOCK;
    let (initial, rest) = input.split_first_chunk::<SEMIBLOCK>().ok_or(Error::EncryptedDataLenRange)?;
    if input.len() < shortest || !input.len().is_multiple_of(SEMIBLOCK) {
        return Err(Error::EncryptedDataLenRange);
    }
    let (mut initial, mut plain) = (*initial, Secret::try_zeroed(rest.len())?);
    plain.as_mut().copy_from_slice(rest);
    if let ([only], []) = plain.as_mut().as_chunks_mut::<SEMIBLOCK>() {
        let mut block = joined(&initial, only);
        key.block(Direction::Decrypt, &mut block);
        halve(&block, &mut initial, only);
    } else {
        unshuffle(key, &mut initial, plain.as_mut());
    }
    let len = match scheme {
        Scheme::Kw(value) => bool::from(initial.ct_eq(&value)).then(|| plain.len()),
        Scheme::Pkcs7(value) => {
            if bool::from(initial.ct_eq(&value)) {
                len_before_pkcs7(plain.expose())
            } else {
                None
            }
        }
        Scheme::Kwp(value) => len_of_kwp(value, initial, plain.expose()),
    };
    Ok((plain, len.ok_or(Error::EncryptedDataInvalid)?))
}

/// The length before PKCS #7 padding. The integrity of the whole has been checked: nothing can be learned by asking.
fn len_before_pkcs7(plain: &[u8]) -> Option<usize> {
    let last = *plain.last()?;
    let len = plain.len().checked_sub(usize::from(last))?;
    let right = (1..=8).contains(&last) && plain.iter().skip(len).all(|byte| *byte == last);
    right.then_some(len)
}

/// The length that KWP's initial value tells, if it is right and zeros follow (SP 800-38F section 6.3, algorithm 6).
fn len_of_kwp(expected: [u8; 4], initial: [u8; SEMIBLOCK], plain: &[u8]) -> Option<usize> {
    let [a, b, c, d, e, f, g, h] = initial;
    let known: bool = [a, b, c, d].ct_eq(&expected).into();
    let len = usize::try_from(u32::from_be_bytes([e, f, g, h])).ok()?;
    let padding = plain.get(len..).filter(|padding| padding.len() < SEMIBLOCK)?;
    (known && padding.iter().fold(0, |all, byte| all | byte) == 0).then_some(len)
}
