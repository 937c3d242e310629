//! MACs and digests whose length is a parameter.

use cryptoki_sys::{CK_OTP_COUNTER, CK_OTP_OUTPUT_LENGTH, CKK_HOTP, CKM_AES_XCBC_MAC_96};
use pkcs11_tests::mechanism;
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::one_time::{hotp as asked_for, told};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Out, Sent};

use super::others::{Hash, Padding, aes_blocks, encrypted, mac, sized};
use super::{Question, Verdict, same};

/// A MAC that has `usual` bytes, and by the mechanisms that cut, as many as their parameter says.
fn cut(q: &Question<'_>, key: &[u8], whole: &[u8], usual: usize) -> Verdict {
    let cuts = q.row.name.ends_with("_GENERAL");
    let len = if cuts { q.chance.between(1, whole.len()) } else { usual };
    let number = len as u64;
    let by = if cuts { with(q.row.kind, &number) } else { mechanism(q.row.kind) };
    same(&q.with_key(key, |key| q.signed(&by, key))?, &whole[..len])
}

pub(super) fn hmac(q: &Question<'_>, hash: Hash) -> Verdict {
    let key = q.key();
    let whole = hash.hmac(&key, q.message);
    cut(q, &key, &whole, whole.len())
}

pub(super) fn cmac(q: &Question<'_>, cipher: &str) -> Verdict {
    let key = q.key();
    let whole = mac(
        &["-cipher", &sized(cipher, &key), "-macopt", &format!("hexkey:{}", hex(&key)), "CMAC"],
        q.message,
    );
    cut(q, &key, &whole, whole.len())
}

/// FIPS 113: half a block where nothing else is said.
pub(super) fn cbc_mac(q: &Question<'_>, cipher: &str, block: usize) -> Verdict {
    let key = q.key();
    let mut filled = q.message.to_vec();
    filled.resize(q.message.len().div_ceil(block).max(1) * block, 0);
    let sealed = encrypted(cipher, &key, &vec![0; block], Padding::None, &filled);
    cut(q, &key, &sealed[sealed.len() - block..], block / 2)
}

pub(super) fn gmac(q: &Question<'_>) -> Verdict {
    let (key, iv) = (q.key(), q.chance.bytes(12));
    let options = [format!("hexkey:{}", hex(&key)), format!("hexiv:{}", hex(&iv))];
    let cipher = sized("AES-{}-GCM", &key);
    let other = mac(&["-cipher", &cipher, "-macopt", &options[0], "-macopt", &options[1], "GMAC"], q.message);
    same(&q.with_key(&key, |key| q.signed(&with(q.row.kind, &iv[..]), key))?, &other)
}

pub(super) fn poly1305(q: &Question<'_>) -> Verdict {
    let key = q.key();
    let other = mac(&["-macopt", &format!("hexkey:{}", hex(&key)), "Poly1305"], q.message);
    same(&q.with_key(&key, |key| q.signed(&q.plain(), key))?, &other)
}

/// RFC 3566 section 4, of single blocks and CBC.
pub(super) fn xcbc(q: &Question<'_>) -> Verdict {
    let key = q.key();
    let keys = aes_blocks(&key, &[[1u8; 16], [2; 16], [3; 16]].concat());
    let mut filled = q.message.to_vec();
    let is_whole = !filled.is_empty() && filled.len().is_multiple_of(16);
    if !is_whole {
        filled.push(0x80);
        filled.resize(filled.len().next_multiple_of(16), 0);
    }
    let last = filled.len() - 16;
    let of_end = if is_whole { &keys[16..32] } else { &keys[32..] };
    filled[last..].iter_mut().zip(of_end).for_each(|(byte, other)| *byte ^= other);
    let sealed = encrypted("aes-{}-cbc", &keys[..16], &[0; 16], Padding::None, &filled);
    let len = if q.row.kind == CKM_AES_XCBC_MAC_96 { 12 } else { 16 };
    same(&q.with_key(&key, |key| q.signed(&q.plain(), key))?, &sealed[last..last + len])
}

/// SHA-512/t for the two t that have a name of their own (FIPS 180-4 section 5.3.6).
const NAMED: [(u64, Hash); 2] = [(224, Hash::Openssl("sha512-224")), (256, Hash::Openssl("sha512-256"))];

pub(super) fn sha512_t(q: &Question<'_>) -> Verdict {
    let (bits, hash) = q.chance.pick(&NAMED);
    same(&q.digested(&with(q.row.kind, &bits))?, &hash.of(q.message))
}

pub(super) fn sha512_t_hmac(q: &Question<'_>) -> Verdict {
    let (key, (bits, hash)) = (q.key(), q.chance.pick(&NAMED));
    let found = q.with_key(&key, |key| q.signed(&with(q.row.kind, &bits), key))?;
    same(&found, &hash.hmac(&key, q.message))
}

/// SHA-512/t of a key.
pub(super) fn sha512_t_of_key(q: &Question<'_>) -> Verdict {
    let (key, (bits, hash)) = (q.key(), q.chance.pick(&NAMED));
    let by = with(q.row.kind, &bits);
    let other = hash.of(&key);
    let len = q.chance.between(14, other.len());
    same(&q.with_key(&key, |key| q.derived(&by, key, len))?, &other[..len])
}

/// RFC 4226 section 5.3, of OpenSSL's HMAC.
pub(super) fn hotp(q: &Question<'_>) -> Verdict {
    let (key, counter) = (q.key(), q.chance.array::<8>());
    let digits = q.chance.between(6, 8);
    let mac = Hash::Openssl("sha1").hmac(&key, &counter);
    let offset = usize::from(mac[19] & 0x0F);
    let code = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7FFF_FFFF;
    let expected = format!("{:0digits$}", code % 10u32.pow(u32::try_from(digits).unwrap()));
    let len = (digits as u64).to_ne_bytes();
    let by = asked_for(&[(CK_OTP_COUNTER, &counter), (CK_OTP_OUTPUT_LENGTH, &len)]);
    let found = q.with_key_of(CKK_HOTP, &key, |key| {
        let mut room = [0; 128];
        let begun = q.m.sign_init(q.session, Some(&by.mechanism()), key);
        let (rv, _) = q.m.sign(q.session, Sent::null(0), Out::buffer(&mut room));
        if (begun, rv) == (0, 0) { Ok(told(&room).digits) } else { Err(format!("{begun:#x}, {rv:#x}")) }
    })?;
    same(found.as_bytes(), expected.as_bytes())
}
