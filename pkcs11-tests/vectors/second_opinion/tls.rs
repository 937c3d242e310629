//! TLS 1.2: everything is the function of RFC 5246 section 5 under some label, which is OpenSSL's TLS1-PRF.

use cryptoki_sys::{
    CKA_KEY_TYPE, CKA_VALUE, CKK_AES, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_TLS12_KEY_AND_MAC_DERIVE,
};
use pkcs11_tests::Template;
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::usable;
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::derivations::{
    tls_kdf, tls_mac, tls12_extended_master, tls12_key_material, tls12_master, told_material,
};

use super::others::kdf;
use super::{Question, Verdict, same, told};

/// The functions of cipher suites, by OpenSSL's name.
const HASHES: [(&str, u64); 3] = [("sha256", CKM_SHA256), ("sha384", CKM_SHA384), ("sha512", CKM_SHA512)];

fn function(hash: &str, secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    let options =
        [format!("digest:{hash}"), format!("hexsecret:{}", hex(secret)), format!("hexseed:{}", hex(seed))];
    kdf("TLS1-PRF", len, &options)
}

pub(super) fn master(q: &Question<'_>) -> Verdict {
    let (key, (name, hash)) = (q.key(), q.chance.pick(&HASHES));
    let (client, server) = (q.chance.bytes(32), q.chance.bytes(32));
    let by = tls12_master(q.row.kind, hash, (&client, &server));
    let other = function(name, &key, &[b"master secret", &client[..], &server].concat(), 48);
    same(&q.with_key(&key, |key| q.derived(&by.mechanism(), key, 48))?, &other)
}

/// RFC 7627 section 4.
pub(super) fn extended_master(q: &Question<'_>) -> Verdict {
    let (key, (name, hash)) = (q.key(), q.chance.pick(&HASHES));
    let session_hash = q.chance.bytes(match name {
        "sha256" => 32,
        "sha384" => 48,
        _ => 64,
    });
    let by = tls12_extended_master(q.row.kind, hash, &session_hash);
    let other = function(name, &key, &[b"extended master secret", &session_hash[..]].concat(), 48);
    same(&q.with_key(&key, |key| q.derived(&by.mechanism(), key, 48))?, &other)
}

/// RFC 5246 section 6.3: MAC keys, cipher keys, and where they are told, vectors.
pub(super) fn key_block(q: &Question<'_>) -> Verdict {
    let (key, (name, hash)) = (q.key(), q.chance.pick(&HASHES));
    let (client, server) = (q.chance.bytes(32), q.chance.bytes(32));
    let [mac_len, key_len, iv_len] = [q.chance.pick(&[20, 32, 48]), q.chance.pick(&[16, 32]), 16];
    let bits = [mac_len, key_len, iv_len].map(|len| 8 * len as u64);
    let by = tls12_key_material(q.row.kind, hash, (&client, &server), bits);
    let found = q.with_key(&key, |key| {
        let template = usable(Template::new().ulong(CKA_KEY_TYPE, CKK_AES));
        told(q.m.derive_key(q.session, Some(&by.mechanism()), key, &template))?;
        let (handles, vectors) = told_material(&by, iv_len);
        let values = handles.map(|handle| {
            let value = attribute(q.m, q.session, handle, CKA_VALUE);
            q.forget(handle);
            value
        });
        let tells = q.row.kind == CKM_TLS12_KEY_AND_MAC_DERIVE;
        Ok([values.concat(), if tells { vectors } else { Vec::new() }].concat())
    })?;
    let len =
        2 * (mac_len + key_len) + if q.row.kind == CKM_TLS12_KEY_AND_MAC_DERIVE { 2 * iv_len } else { 0 };
    let other = function(name, &key, &[b"key expansion", &server[..], &client].concat(), len);
    same(&found, &other)
}

/// RFC 5705 section 4, without a context.
pub(super) fn exported(q: &Question<'_>) -> Verdict {
    let (key, (name, hash), len) = (q.key(), q.chance.pick(&HASHES), q.chance.between(14, 150));
    let (client, server) = (q.chance.bytes(32), q.chance.bytes(32));
    let label = b"EXPERIMENTAL opinion";
    let by = tls_kdf(q.row.kind, hash, label, (&client, &server));
    let other = function(name, &key, &[&label[..], &client, &server].concat(), len);
    same(&q.with_key(&key, |key| q.derived(&by.mechanism(), key, len))?, &other)
}

/// RFC 5246 section 7.4.9.
pub(super) fn finished(q: &Question<'_>) -> Verdict {
    let (key, (name, hash)) = (q.key(), q.chance.pick(&HASHES));
    let (side, label) = q.chance.pick(&[(1, "server finished"), (2, "client finished")]);
    let by = tls_mac(q.row.kind, hash, 12, side);
    let other = function(name, &key, &[label.as_bytes(), q.message].concat(), 12);
    same(&q.with_key(&key, |key| q.signed(&by.mechanism(), key))?, &other)
}
