//! Ciphers: those that the command has, and those that are composed of the blocks, streams and MACs that it has.

use cryptoki_sys::CK_AES_CTR_PARAMS;
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::parameters::{
    ccm as of_ccm, chacha20, chacha20_poly1305 as of_poly1305, gcm as of_gcm, with,
};
use pkcs11_tests::{Sent, mechanism};

use super::others::{Padding, aes_blocks, encrypted, mac};
use super::{Question, Verdict, same};

/// What a cipher is given besides the key; random but where it is said.
#[derive(Clone, Copy)]
pub(super) enum Given {
    Nothing,
    /// An initial vector of so many bytes.
    Vector(usize),
    /// A block that is a counter as a whole.
    Counter,
    /// A nonce, and the counter 9.
    Stream,
}

pub(super) fn cipher(q: &Question<'_>, name: &str, given: Given) -> Verdict {
    let key = q.key();
    let padding = if q.row.name.ends_with("CBC_PAD") { Padding::Pkcs7 } else { Padding::None };
    let agrees = |by, iv: &[u8]| q.same_both_ways(&by, &key, &encrypted(name, &key, iv, padding, q.message));
    match given {
        Given::Nothing => agrees(mechanism(q.row.kind), &[]),
        Given::Vector(len) => {
            let iv = q.chance.bytes(len);
            agrees(with(q.row.kind, &iv[..]), &iv)
        }
        Given::Counter => {
            let block = q.chance.array();
            agrees(with(q.row.kind, &CK_AES_CTR_PARAMS { ulCounterBits: 128, cb: block }), &block)
        }
        Given::Stream => {
            let nonce = q.chance.bytes(12);
            let by = chacha20(&[9, 0, 0, 0], Sent::from(&nonce[..]));
            agrees(by.mechanism(), &[&[9, 0, 0, 0], &nonce[..]].concat())
        }
    }
}

fn xored(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// The block of the counter itself, and the data encrypted from the next one on.
fn counted(key: &[u8], counter: &[u8], data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut sealed = encrypted("aes-{}-ctr", key, counter, Padding::None, &[&[0; 16], data].concat());
    let data = sealed.split_off(16);
    (sealed, data)
}

/// Bytes filled up with zeros to whole blocks.
fn filled(bytes: &[u8]) -> Vec<u8> {
    let mut filled = bytes.to_vec();
    filled.resize(bytes.len().next_multiple_of(16), 0);
    filled
}

/// SP 800-38C: CBC for the MAC, and CTR.
pub(super) fn ccm(q: &Question<'_>) -> Verdict {
    let (key, nonce, aad) = (q.key(), q.chance.bytes(q.chance.between(7, 13)), q.chance.some(100));
    let mac_len = q.chance.pick(&[4, 6, 8, 10, 12, 14, 16]);
    let by = of_ccm(q.message.len(), Sent::from(&nonce[..]), Sent::from(&aad[..]), mac_len as u64);
    // Appendix A.2.1 and A.2.2; A.3 of the counter.
    let of_len = 15 - nonce.len();
    let is_with_aad = u8::from(!aad.is_empty());
    let flags =
        64 * is_with_aad + 8 * u8::try_from((mac_len - 2) / 2).unwrap() + u8::try_from(of_len - 1).unwrap();
    let len = (q.message.len() as u64).to_be_bytes();
    let first = [&[flags], &nonce[..], &[&[0; 8], &len[..]].concat()[16 - of_len..]].concat();
    let aad = if aad.is_empty() {
        Vec::new()
    } else {
        filled(&[&u16::try_from(aad.len()).unwrap().to_be_bytes(), &aad[..]].concat())
    };
    let chained =
        encrypted("aes-{}-cbc", &key, &[0; 16], Padding::None, &[first, aad, filled(q.message)].concat());
    let counter = [&[u8::try_from(of_len - 1).unwrap()], &nonce[..], &vec![0; of_len]].concat();
    let (mask, sealed) = counted(&key, &counter, q.message);
    let tag = xored(&chained[chained.len() - 16..], &mask);
    q.same_both_ways(&by.mechanism(), &key, &[&sealed, &tag[..mac_len]].concat())
}

/// SP 800-38D: CTR, and the hash function of section 6.4, which is written out here.
pub(super) fn gcm(q: &Question<'_>) -> Verdict {
    let (key, aad) = (q.key(), q.chance.some(100));
    // 12 bytes are another case than any other number.
    let iv_len = q.chance.pick(&[12, 1, 8, 16, 31]);
    let (iv, tag_len) = (q.chance.bytes(iv_len), q.chance.between(12, 16));
    let by = of_gcm(Sent::from(&iv[..]), Sent::from(&aad[..]), 8 * tag_len as u64);
    q.same_both_ways(&by.mechanism(), &key, &sealed_by_gcm(&key, &iv, &aad, tag_len, q.message))
}

/// The same behind a vector that the token makes.
pub(super) fn gcm_with_vector(q: &Question<'_>) -> Verdict {
    let (key, aad) = (q.key(), q.chance.some(100));
    let parameters = of_gcm(Sent::null(0), Sent::from(&aad[..]), 128).parameters;
    let by = with(q.row.kind, &parameters);
    let found = q.with_key(&key, |key| q.encrypted(&by, key))?;
    let (iv, sealed) = found.split_at(12);
    same(sealed, &sealed_by_gcm(&key, iv, &aad, 16, q.message))?;
    same(&q.with_key(&key, |key| q.decrypted(&by, key, &found))?, q.message)
}

fn sealed_by_gcm(key: &[u8], iv: &[u8], aad: &[u8], tag_len: usize, message: &[u8]) -> Vec<u8> {
    let hashed_with = u128::from_be_bytes(aes_blocks(key, &[0; 16]).try_into().unwrap());
    let lens = |one: &[u8], other: &[u8]| {
        [(8 * one.len() as u64).to_be_bytes(), (8 * other.len() as u64).to_be_bytes()].concat()
    };
    let counter = if iv.len() == 12 {
        [iv, &[0, 0, 0, 1]].concat()
    } else {
        hashed(hashed_with, &[filled(iv), lens(&[], iv)].concat())
    };
    let (mask, sealed) = counted(key, &counter, message);
    let tag = hashed(hashed_with, &[filled(aad), filled(&sealed), lens(aad, &sealed)].concat());
    [&sealed, &xored(&tag, &mask)[..tag_len]].concat()
}

/// GHASH (SP 800-38D section 6.4), of whole blocks.
fn hashed(key: u128, blocks: &[u8]) -> Vec<u8> {
    let sum = blocks
        .chunks_exact(16)
        .fold(0, |sum, block| product(sum ^ u128::from_be_bytes(block.try_into().unwrap()), key));
    sum.to_be_bytes().to_vec()
}

/// The product of blocks (section 6.3).
fn product(one: u128, mut other: u128) -> u128 {
    let mut product = 0;
    for bit in (0..128).rev() {
        if one >> bit & 1 == 1 {
            product ^= other;
        }
        other = other >> 1 ^ if other & 1 == 1 { 0xE1 << 120 } else { 0 };
    }
    product
}

/// RFC 8439 section 2.8, of the stream and the MAC.
pub(super) fn chacha20_poly1305(q: &Question<'_>) -> Verdict {
    let (key, nonce, aad) = (q.key(), q.chance.bytes(12), q.chance.some(100));
    let by = of_poly1305(Sent::from(&nonce[..]), Sent::from(&aad[..]));
    let streamed = |counter: u8, data: &[u8]| {
        encrypted("chacha20", &key, &[&[counter, 0, 0, 0], &nonce[..]].concat(), Padding::None, data)
    };
    let (once, sealed) = (streamed(0, &[0; 32]), streamed(1, q.message));
    let lens = [(aad.len() as u64).to_le_bytes(), (sealed.len() as u64).to_le_bytes()].concat();
    let authenticated = [filled(&aad), filled(&sealed), lens].concat();
    let tag = mac(&["-macopt", &format!("hexkey:{}", hex(&once)), "Poly1305"], &authenticated);
    q.same_both_ways(&by.mechanism(), &key, &[sealed, tag].concat())
}

/// IEEE 1619 section 5.3, of single blocks.
pub(super) fn xts(q: &Question<'_>) -> Verdict {
    let (key, unit) = (q.key(), q.chance.bytes(16));
    let (first, second) = key.split_at(key.len() / 2);
    let mut tweak = u128::from_le_bytes(aes_blocks(second, &unit).try_into().unwrap());
    let count = q.message.len().div_ceil(16);
    let tweaks: Vec<[u8; 16]> = (0..count)
        .map(|_| {
            let now = tweak.to_le_bytes();
            tweak = tweak << 1 ^ if tweak >> 127 == 1 { 0x87 } else { 0 };
            now
        })
        .collect();
    let block = |at: usize, data: &[u8]| xored(&aes_blocks(first, &xored(data, &tweaks[at])), &tweaks[at]);
    let whole = q.message.len() / 16 * 16;
    let masks = tweaks.concat();
    let mut sealed = xored(&aes_blocks(first, &xored(&q.message[..whole], &masks)), &masks);
    let rest = &q.message[whole..];
    if !rest.is_empty() {
        // The last whole block lends the end of its ciphertext, and takes the place of the last one.
        let stolen = sealed.split_off(whole - 16);
        sealed.extend(block(count - 1, &[rest, &stolen[rest.len()..]].concat()));
        sealed.extend(&stolen[..rest.len()]);
    }
    q.same_both_ways(&with(q.row.kind, &unit[..]), &key, &sealed)
}

/// SP 800-38A section 6.3 with segments of 64 bits: each is what came before, encrypted, over the message. What came before
/// is taken from the ciphertext that is judged, from the first segment on.
pub(super) fn cfb64(q: &Question<'_>) -> Verdict {
    let (key, iv) = (q.key(), q.chance.bytes(16));
    let by = with(q.row.kind, &iv[..]);
    let found = q.with_key(&key, |key| q.encrypted(&by, key))?;
    let before = [&iv[..], &found].concat();
    let count = q.message.len().div_ceil(8);
    let registers: Vec<u8> =
        (0..count).flat_map(|segment| before[8 * segment..8 * segment + 16].to_vec()).collect();
    let masks = if count == 0 { Vec::new() } else { aes_blocks(&key, &registers) };
    let masks: Vec<u8> = masks.chunks(16).flat_map(|block| block[..8].to_vec()).collect();
    q.same_both_ways(&by, &key, &xored(q.message, &masks))
}
