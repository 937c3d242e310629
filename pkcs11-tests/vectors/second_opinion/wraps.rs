//! Wrapping: OpenSSL unwraps what is wrapped here, as data and as keys, and what is encapsulated by RSA.

use cryptoki_sys::{
    CK_MECHANISM, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT,
    CKA_ENCAPSULATE, CKA_ENCRYPT, CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO,
    CKA_TOKEN, CKA_WRAP, CKG_MGF1_SHA1, CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKK_GENERIC_SECRET, CKK_RSA,
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7,
    CKM_ECDH_X_AES_KEY_WRAP, CKM_RSA_PKCS, CKM_SHA_1, CKM_SHA256, CKM_SHA384, CKO_PUBLIC_KEY, CKR_OK,
};
use pkcs11_tests::keys::{attribute, der};
use pkcs11_tests::mechanisms::cloudhsm::{
    CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::key_wraps::KeyWrap;
use pkcs11_tests::raw::parameters::oaep as of_oaep;
use pkcs11_tests::{Out, Sent, Template};

use super::agreements::{CURVES, MONTGOMERY, wrapping_key};
use super::others::{Padding, TheirKey, decrypted, encrypted};
use super::pairs::KWP;
use super::{Question, Verdict, same, told};

/// What every key begins with that is wrapped by RFC 3394, and OpenSSL's name of that.
const KW: (&str, [u8; 8]) = ("id-aes{}-wrap", [0xA6; 8]);

/// A mechanism, and whether it is RFC 5649, or else pads by PKCS #7 before.
const KEY_WRAPS: [(CK_MECHANISM_TYPE, bool, bool); 7] = [
    (CKM_AES_KEY_WRAP, false, false),
    (CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, false, false),
    (CKM_AES_KEY_WRAP_PAD, false, true),
    (CKM_AES_KEY_WRAP_PKCS7, false, true),
    (CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, false, true),
    (CKM_AES_KEY_WRAP_KWP, true, false),
    (CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, true, false),
];

/// The key wraps of AES.
pub(super) fn key_wrap(q: &Question<'_>) -> Verdict {
    let (_, is_kwp, pads) = KEY_WRAPS.iter().find(|(kind, ..)| *kind == q.row.kind).unwrap();
    let key = q.key();
    let mut filled = q.message.to_vec();
    if *pads {
        let pad = 8 - filled.len() % 8;
        filled.extend(vec![u8::try_from(pad).unwrap(); pad]);
    }
    let (name, start) = if *is_kwp { (KWP.0, &KWP.1[..]) } else { (KW.0, &KW.1[..]) };
    let other = encrypted(name, &key, start, Padding::None, &filled);
    q.same_both_ways(&q.plain(), &key, &other)?;
    same(&q.with_key(&key, |wrapping| wrapped(q, &q.plain(), wrapping, q.message))?, &other)
}

/// A secret of these bytes, wrapped.
fn wrapped(
    q: &Question<'_>,
    by: &CK_MECHANISM,
    wrapping: CK_OBJECT_HANDLE,
    value: &[u8],
) -> Result<Vec<u8>, String> {
    q.with_key_of(CKK_GENERIC_SECRET, value, |key| {
        let mut room = vec![0; 2048];
        let (rv, len) = q.m.wrap_key(q.session, Some(by), wrapping, key, Out::buffer(&mut room));
        room.truncate(usize::try_from(len).unwrap());
        if rv == CKR_OK { Ok(room) } else { Err(rv_name(rv)) }
    })
}

/// A public key that encrypts, wraps and encapsulates, by its parts.
pub(super) fn public(
    q: &Question<'_>,
    key_type: u64,
    parts: &[(u64, &[u8])],
) -> Result<CK_OBJECT_HANDLE, String> {
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_ENCAPSULATE, true)
        .boolean(CKA_WRAP, true);
    let template = if key_type == CKK_RSA { template.boolean(CKA_ENCRYPT, true) } else { template };
    let template = parts.iter().fold(template, |template, (kind, part)| template.bytes(*kind, part));
    told(q.m.create_object(q.session, &template))
}

/// OpenSSL's key of 2048 bits, and its public half here.
fn rsa_key(q: &Question<'_>) -> Result<(TheirKey, CK_OBJECT_HANDLE), String> {
    let theirs = q.theirs.key("RSA", "rsa_keygen_bits:2048");
    // The modulus stands before the exponent 65537, an INTEGER of five bytes.
    let end = theirs.public.len() - 5;
    let modulus = &theirs.public[end - 256..end];
    let key = public(q, CKK_RSA, &[(CKA_MODULUS, modulus), (CKA_PUBLIC_EXPONENT, &[1, 0, 1])])?;
    Ok((theirs, key))
}

/// What is encrypted, wrapped and encapsulated opens by OpenSSL with these options, and what OpenSSL encrypts is decapsulated.
fn opens(q: &Question<'_>, by: &CK_MECHANISM, message: &[u8], options: &[&str]) -> Verdict {
    let (theirs, key) = rsa_key(q)?;
    let q = &Question { message, ..*q };
    let is_bare = options.contains(&"rsa_padding_mode:none");
    let judged = |sealed: &[u8], message: &[u8]| {
        let opened = q.theirs.opened(&theirs, sealed, options);
        let start = if is_bare { opened.len().saturating_sub(message.len()) } else { 0 };
        same(&opened[start..], message)
    };
    judged(&q.encrypted(by, key)?, message)?;
    if !message.is_empty() {
        judged(&wrapped(q, by, key, message)?, message)?;
    }
    // Without padding the secret is a number as long as the modulus, and below it.
    let len = if is_bare { 256 } else { q.chance.between(14, 60) };
    let (ciphertext, secret) = q.encapsulated(by, key, len)?;
    judged(&ciphertext, &secret)?;
    q.forget(key);
    let mut secret = q.chance.bytes(len);
    if is_bare {
        secret[0] = 0;
    }
    let ours = q.keyring.keys(q.row.key);
    let public = attribute(q.m, q.session, ours.public, CKA_PUBLIC_KEY_INFO);
    let ciphertext = q.theirs.sealed(&public, &secret, options);
    same(&q.decapsulated(by, ours.private, &ciphertext, len)?, &secret)
}

/// Encryption without parameters: with the padding of PKCS #1 v1.5, and with none.
pub(super) fn rsa(q: &Question<'_>) -> Verdict {
    let padding = if q.row.kind == CKM_RSA_PKCS { "rsa_padding_mode:pkcs1" } else { "rsa_padding_mode:none" };
    opens(q, &q.plain(), q.message, &[padding])
}

/// OAEP with a hash, a hash of the mask, and a label.
pub(super) fn oaep(q: &Question<'_>) -> Verdict {
    let hashes = [
        ("sha1", CKM_SHA_1, CKG_MGF1_SHA1, 20),
        ("sha256", CKM_SHA256, CKG_MGF1_SHA256, 32),
        ("sha384", CKM_SHA384, CKG_MGF1_SHA384, 48),
    ];
    let ((name, hash, _, len), (mask, _, mgf, _)) = (q.chance.pick(&hashes), q.chance.pick(&hashes));
    let label = q.chance.bytes(q.chance.between(1, 40));
    let message = &q.message[..q.message.len().min(256 - 2 - 2 * len)];
    let by = of_oaep(hash, mgf, Sent::from(&label[..]));
    let [digest, mask] = [format!("rsa_oaep_md:{name}"), format!("rsa_mgf1_md:{mask}")];
    let label = format!("rsa_oaep_label:{}", hex(&label));
    opens(q, &by.mechanism(), message, &["rsa_padding_mode:oaep", &digest, &mask, &label])
}

/// What a temporary key has wrapped.
fn opened(temporary: &[u8], wrapped: &[u8]) -> Vec<u8> {
    decrypted(KWP.0, temporary, &KWP.1, wrapped)
}

/// Section 6.1.21: the temporary key by OAEP, and what it wraps.
pub(super) fn rsa_aes(q: &Question<'_>) -> Verdict {
    let (theirs, key) = rsa_key(q)?;
    let (value, bits) = (q.chance.bytes(q.chance.between(14, 100)), q.chance.pick(&[128, 192, 256]));
    let found = wrapped(q, &KeyWrap::new(q.row.kind, bits).mechanism(), key, &value)?;
    let (first, rest) = found.split_at(256);
    let options = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"];
    let temporary = q.theirs.opened(&theirs, first, &options);
    if temporary.len() as u64 * 8 != bits {
        return Err(format!("a temporary key of {} bytes", temporary.len()));
    }
    q.forget(key);
    same(&opened(&temporary, rest), &value)
}

/// Sections 6.3.20 and 6.3.21: the temporary public key, and what the agreed key wraps.
pub(super) fn ecdh_aes(q: &Question<'_>) -> Verdict {
    let curve = if q.row.kind == CKM_ECDH_X_AES_KEY_WRAP {
        q.chance.pick(&MONTGOMERY)
    } else {
        q.chance.pick(&CURVES)
    };
    let theirs = curve.theirs(q);
    let (header, point) = theirs.public.split_at(theirs.public.len() - curve.point_len);
    let point = der(4, point);
    let key = public(q, curve.key_type, &[(CKA_EC_PARAMS, curve.parameters), (CKA_EC_POINT, &point)])?;
    let (value, bits) = (q.chance.bytes(q.chance.between(14, 100)), q.chance.pick(&[128, 192, 256]));
    let found = wrapped(q, &KeyWrap::new(q.row.kind, bits).mechanism(), key, &value)?;
    let (temporary, rest) = found.split_at(curve.point_len);
    let secret = q.theirs.agreed(&theirs, &[header, temporary].concat(), &[]);
    q.forget(key);
    same(&opened(&wrapping_key(&secret, usize::try_from(bits / 8).unwrap()), rest), &value)
}
