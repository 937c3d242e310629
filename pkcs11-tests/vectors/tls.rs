//! Secrets, keys and MACs of TLS 1.2: NIST's values, and the known answer of its pseudo-random function.

use cryptoki_sys::{
    CKA_KEY_TYPE, CKA_VALUE, CKK_AES, CKK_GENERIC_SECRET, CKM_SHA256, CKM_SHA256_HMAC, CKM_TLS_KDF,
    CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC,
    CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH, CKR_OK,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::mechanisms::usable;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::derivations::{
    tls_kdf, tls_mac, tls12_extended_master, tls12_key_material, tls12_master, told_material,
};
use pkcs11_tests::{Template, mechanism};

use crate::desk::Desk;

/// NIST CAVP, `tls.rsp`, TLS 1.2 with SHA-256: pre-master secret, random values of client and server, master secret.
const MASTER: [&str; 4] = [
    "f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc",
    "36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c",
    "f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce",
    "202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf",
];

/// NIST ACVP, TLS-v1.2-KDF-RFC7627, case 1, SHA-256: pre-master secret, hash of the handshake, extended master secret,
/// random values of client and server, key block.
const EXTENDED: [&str; 6] = [
    "8252b983a6459a6fb3b9debe8725247e276139ebf7c9adccdd7d240f3ada7f5e3351b2769b6c8dc169a6d799c3c0ffeb",
    "1359d7df74cb27c67f74c98d521d442b887eaf0decf6e382c62434d6c3dd7d0d",
    "43a5e821fcf5446c712207f7cd161ed213ee3b9d001d418c57231befd596b583ecd55ab2c4456b02738698f90bc59ac0",
    "abe7af69affc5e0944f4009b3e7abd1cc0a5cce8db055eff4a509e5b6de9475a",
    "50e0a1a1fd64a55259781a5c22580a81f99799c32f52d3f48d2c10c5c692e289",
    "4886e75be82dd4fb73c540729072d3e29b93c164e1cffe071f1212b1237b98dc0b0a5895f331f7180ceb30b17bb8c3e9\
     2a074b26325ff975237dbd22320c0b88d64931f39c777b1527d36a999ad5fe5ee7f53fc42a509beb22634b17ec7b768e\
     af6a87977cf8670b34d0a76ebce6a659dab6c15b4b86b98b9a63c50bbe1e2a09",
];

/// The known answer of P_SHA256 that was posted to the TLS working group with RFC 5246: secret, label, seed, output.
const KNOWN_ANSWER: [&str; 4] = [
    "9bbe436ba940f017b17652849a71db35",
    "test label",
    "a0ba9f936cda311827a6f796ffd5198c",
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7\
     077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
];

/// Whose Finished message it is (PKCS#11 v3.2 section 6.40.3).
const SERVER: u64 = 1;
const CLIENT: u64 = 2;

/// "The Illustrated TLS 1.2 Connection" (tls12.xargs.org), SHA-256: master secret, hash of the handshake, and what the
/// client's Finished message holds.
const ILLUSTRATED: [&str; 3] = [
    "916abf9da55973e13614ae0a3f5d3f37b023ba129aee02cc9134338127cd7049781c8e19fc1eb2a7387ac06ae237344c",
    "061dda04b3c2217ff73bd79b9cf88a2bb6ec505404aac8722db03ef417b54cb4",
    "cf919626f1360c536aaad73a",
];

pub(crate) fn run(desk: &Desk<'_>) {
    masters(desk);
    for kind in [CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE] {
        key_block(desk, kind);
    }
    for kind in [CKM_TLS_KDF, CKM_TLS12_KDF] {
        known_answer(desk, kind);
    }
    for kind in [CKM_TLS_MAC, CKM_TLS12_MAC] {
        finished(desk, kind);
    }
}

fn masters(desk: &Desk<'_>) {
    let [secret, client, server, master] = MASTER.map(unhex);
    for kind in [CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH] {
        let by = tls12_master(kind, CKM_SHA256, (&client, &server));
        let found =
            desk.with_secret(CKK_GENERIC_SECRET, &secret, |key| desk.derive(&by.mechanism(), key, 48));
        desk.compare(kind, "NIST CAVP tls.rsp", "master secret", &found, &master);
    }
    let [secret, session_hash, master, ..] = EXTENDED.map(unhex);
    for kind in [CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH] {
        let by = tls12_extended_master(kind, CKM_SHA256, &session_hash);
        let found =
            desk.with_secret(CKK_GENERIC_SECRET, &secret, |key| desk.derive(&by.mechanism(), key, 48));
        desk.compare(kind, "NIST ACVP TLS-v1.2-KDF-RFC7627", "master secret", &found, &master);
    }
}

/// The block in its order: MAC keys, cipher keys and, where they are told, vectors.
fn key_block(desk: &Desk<'_>, kind: u64) {
    let [_, _, master, client, server, block] = EXTENDED.map(unhex);
    let by = tls12_key_material(kind, CKM_SHA256, (&client, &server), [160, 128, 128]);
    let found: Answer = desk.with_secret(CKK_GENERIC_SECRET, &master, |key| {
        let template = usable(Template::new().ulong(CKA_KEY_TYPE, CKK_AES));
        let (rv, _) = desk.m.derive_key(desk.session, Some(&by.mechanism()), key, &template);
        if rv != CKR_OK {
            return Err(rv);
        }
        let (handles, vectors) = told_material(&by, 16);
        let mut dealt: Vec<u8> = Vec::new();
        for handle in handles {
            dealt.extend(attribute(desk.m, desk.session, handle, CKA_VALUE));
            desk.forget(handle);
        }
        // The other mechanism derives no vectors (section 6.40.6).
        if kind == CKM_TLS12_KEY_AND_MAC_DERIVE {
            dealt.extend(vectors);
        }
        Ok(dealt)
    });
    let len = if kind == CKM_TLS12_KEY_AND_MAC_DERIVE { 104 } else { 72 };
    desk.compare(kind, "NIST ACVP TLS-v1.2-KDF-RFC7627", "key block", &found, &block[..len]);
}

fn known_answer(desk: &Desk<'_>, kind: u64) {
    let [secret, label, seed, output] = KNOWN_ANSWER;
    let (seed, output) = (unhex(seed), unhex(output));
    // The seed is what client and server make together.
    let by = tls_kdf(kind, CKM_SHA256, label.as_bytes(), seed.split_at(8));
    let found = desk.with_secret(CKK_GENERIC_SECRET, &unhex(secret), |key| {
        desk.derive(&by.mechanism(), key, output.len())
    });
    desk.compare(kind, "IETF TLS working group, P_SHA256", "output", &found, &output);
}

/// What a Finished message holds is the function's output under a label of its own (RFC 5246 section 7.4.9), which no exporter
/// takes: the client's is published, and for both the function is put together of HMACs (section 5).
fn finished(desk: &Desk<'_>, kind: u64) {
    let [master, hash, published] = ILLUSTRATED.map(unhex);
    let by = tls_mac(kind, CKM_SHA256, 12, CLIENT);
    let found = desk.with_secret(CKK_GENERIC_SECRET, &master, |key| desk.sign(&by.mechanism(), key, &hash));
    desk.compare(kind, "tls12.xargs.org, client's Finished", "verify data", &found, &published);
    let hash: Vec<u8> = (0..32).collect();
    let master = unhex(MASTER[3]);
    let source = "self-consistent: CKM_SHA256_HMAC, put together as RFC 5246 5 has it";
    for (side, label) in [(SERVER, "server finished"), (CLIENT, "client finished")] {
        let by = tls_mac(kind, CKM_SHA256, 12, side);
        let seed = [label.as_bytes(), &hash].concat();
        let found = desk.with_secret(CKK_GENERIC_SECRET, &master, |key| {
            let hmac = |data: &[u8]| desk.sign(&mechanism(CKM_SHA256_HMAC), key, data);
            let expected = hmac(&[hmac(&seed)?, seed.clone()].concat())?;
            Ok((desk.sign(&by.mechanism(), key, &hash)?, expected))
        });
        let right = found.is_ok_and(|(found, expected)| found == expected[..12]);
        desk.count(kind, source, label, right);
    }
}
