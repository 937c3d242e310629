//! Agreement with a key of OpenSSL's: `openssl pkeyutl -derive`, and its key derivation functions over the secret.

use cryptoki_sys::{
    CK_KEY_TYPE, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CKA_DECAPSULATE, CKA_DERIVE, CKA_EC_PARAMS,
    CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_TOKEN, CKD_BLAKE2B_160_KDF, CKD_BLAKE2B_256_KDF,
    CKD_BLAKE2B_384_KDF, CKD_BLAKE2B_512_KDF, CKD_NULL, CKD_SHA1_KDF, CKD_SHA1_KDF_SP800, CKD_SHA3_224_KDF,
    CKD_SHA3_224_KDF_SP800, CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800, CKD_SHA3_384_KDF,
    CKD_SHA3_384_KDF_SP800, CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800, CKD_SHA224_KDF, CKD_SHA224_KDF_SP800,
    CKD_SHA256_KDF, CKD_SHA256_KDF_SP800, CKD_SHA384_KDF, CKD_SHA384_KDF_SP800, CKD_SHA512_KDF,
    CKD_SHA512_KDF_SP800, CKK_EC, CKK_EC_MONTGOMERY, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    CKM_ECDH1_DERIVE, CKR_OK,
};
use pkcs11_tests::keys::{P256, P384, attribute, der};
use pkcs11_tests::mechanisms::{X448, X25519};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::hex;
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1, with};
use pkcs11_tests::{Sent, Template, mechanism};

use super::others::{Hash, TheirKey, kdf};
use super::wraps::public;
use super::{Question, Verdict, same};

/// A curve: the type of its keys, its object identifier as DER, how OpenSSL makes a key, and the bytes of a public value.
#[derive(Clone, Copy)]
pub(super) struct Curve {
    pub(super) key_type: CK_KEY_TYPE,
    pub(super) parameters: &'static [u8],
    algorithm: &'static str,
    option: &'static str,
    pub(super) point_len: usize,
}

impl Curve {
    const fn ec(parameters: &'static [u8], option: &'static str, coordinate: usize) -> Self {
        Self { key_type: CKK_EC, parameters, algorithm: "EC", option, point_len: 2 * coordinate + 1 }
    }

    const fn montgomery(parameters: &'static [u8], algorithm: &'static str, point_len: usize) -> Self {
        Self { key_type: CKK_EC_MONTGOMERY, parameters, algorithm, option: "", point_len }
    }

    pub(super) fn generator(&self) -> CK_MECHANISM_TYPE {
        if self.key_type == CKK_EC { CKM_EC_KEY_PAIR_GEN } else { CKM_EC_MONTGOMERY_KEY_PAIR_GEN }
    }

    /// OpenSSL's key.
    pub(super) fn theirs(&self, q: &Question<'_>) -> TheirKey {
        q.theirs.key(self.algorithm, self.option)
    }
}

pub(super) const CURVES: [Curve; 7] = [
    Curve::ec(&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x21], "ec_paramgen_curve:P-224", 28),
    Curve::ec(P256, "ec_paramgen_curve:P-256", 32),
    Curve::ec(P384, "ec_paramgen_curve:P-384", 48),
    Curve::ec(&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23], "ec_paramgen_curve:P-521", 66),
    Curve::ec(&[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A], "ec_paramgen_curve:secp256k1", 32),
    Curve::ec(b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07", "ec_paramgen_curve:brainpoolP256r1", 32),
    Curve::ec(b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", "ec_paramgen_curve:brainpoolP384r1", 48),
];

pub(super) const MONTGOMERY: [Curve; 2] =
    [Curve::montgomery(X25519, "X25519", 32), Curve::montgomery(X448, "X448", 56)];

/// Where a counter stands in what is hashed for a block of the derived key.
#[derive(Clone, Copy)]
enum Counted {
    /// ANSI X9.63: OpenSSL's X963KDF.
    After,
    /// SP 800-56A: OpenSSL's SSKDF.
    Before,
}

/// Every key derivation function.
const KDFS: [(u64, Hash, Counted); 22] = [
    (CKD_SHA1_KDF, Hash::Openssl("sha1"), Counted::After),
    (CKD_SHA224_KDF, Hash::Openssl("sha224"), Counted::After),
    (CKD_SHA256_KDF, Hash::Openssl("sha256"), Counted::After),
    (CKD_SHA384_KDF, Hash::Openssl("sha384"), Counted::After),
    (CKD_SHA512_KDF, Hash::Openssl("sha512"), Counted::After),
    (CKD_SHA3_224_KDF, Hash::Openssl("sha3-224"), Counted::After),
    (CKD_SHA3_256_KDF, Hash::Openssl("sha3-256"), Counted::After),
    (CKD_SHA3_384_KDF, Hash::Openssl("sha3-384"), Counted::After),
    (CKD_SHA3_512_KDF, Hash::Openssl("sha3-512"), Counted::After),
    (CKD_SHA1_KDF_SP800, Hash::Openssl("sha1"), Counted::Before),
    (CKD_SHA224_KDF_SP800, Hash::Openssl("sha224"), Counted::Before),
    (CKD_SHA256_KDF_SP800, Hash::Openssl("sha256"), Counted::Before),
    (CKD_SHA384_KDF_SP800, Hash::Openssl("sha384"), Counted::Before),
    (CKD_SHA512_KDF_SP800, Hash::Openssl("sha512"), Counted::Before),
    (CKD_SHA3_224_KDF_SP800, Hash::Openssl("sha3-224"), Counted::Before),
    (CKD_SHA3_256_KDF_SP800, Hash::Openssl("sha3-256"), Counted::Before),
    (CKD_SHA3_384_KDF_SP800, Hash::Openssl("sha3-384"), Counted::Before),
    (CKD_SHA3_512_KDF_SP800, Hash::Openssl("sha3-512"), Counted::Before),
    (CKD_BLAKE2B_160_KDF, Hash::Blake2b(160), Counted::Before),
    (CKD_BLAKE2B_256_KDF, Hash::Blake2b(256), Counted::Before),
    (CKD_BLAKE2B_384_KDF, Hash::Blake2b(384), Counted::Before),
    (CKD_BLAKE2B_512_KDF, Hash::Blake2b(512), Counted::Before),
];

/// The key that a function makes of a secret.
fn of_secret(hash: Hash, counted: Counted, secret: &[u8], info: &[u8], len: usize) -> Vec<u8> {
    let Hash::Openssl(name) = hash else {
        let block = |count: u32| hash.of(&[&count.to_be_bytes(), secret, info].concat());
        return (1..).flat_map(block).take(len).collect();
    };
    let (function, secret_option) =
        if matches!(counted, Counted::After) { ("X963KDF", "hexsecret") } else { ("SSKDF", "hexkey") };
    let mut options = vec![format!("digest:{name}"), format!("{secret_option}:{}", hex(secret))];
    if !info.is_empty() {
        options.push(format!("hexinfo:{}", hex(info)));
    }
    kdf(function, len, &options)
}

/// The secret that is agreed on, cut at its start, and then a key by every function.
pub(super) fn ecdh(q: &Question<'_>) -> Verdict {
    let is_cofactor = q.row.kind != CKM_ECDH1_DERIVE;
    let all = if is_cofactor { CURVES.to_vec() } else { [&CURVES[..], &MONTGOMERY[..]].concat() };
    let curve = q.chance.pick(&all);
    let (theirs, public) = (curve.theirs(q), Template::new().bytes(CKA_EC_PARAMS, curve.parameters));
    let private = Template::new().boolean(CKA_DERIVE, true).boolean(CKA_DECAPSULATE, true);
    let (rv, ours, own) = q.m.generate_key_pair(
        q.session,
        Some(&mechanism(curve.generator())),
        &public.boolean(CKA_TOKEN, false),
        &private.boolean(CKA_TOKEN, false),
    );
    if rv != CKR_OK {
        return Err(rv_name(rv));
    }
    let secret = q.theirs.agreed(&theirs, &attribute(q.m, q.session, ours, CKA_PUBLIC_KEY_INFO), &[]);
    let point = &theirs.public[theirs.public.len() - curve.point_len..];
    let derived = |kdf, info: Sent<'_>, len| {
        let by = Parameterised::new(q.row.kind, ecdh1(kdf, info, Sent::from(point)).parameters);
        q.derived(&by.mechanism(), own, len)
    };
    let len = q.chance.between(14, secret.len());
    same(&derived(CKD_NULL, Sent::null(0), len)?, &secret[secret.len() - len..])?;
    for (kdf, hash, counted) in KDFS {
        let (info, len) = (q.chance.some(30), q.chance.between(14, 100));
        let found = derived(kdf, Sent::from(&info[..]), len)?;
        same(&found, &of_secret(hash, counted, &secret, &info, len))
            .map_err(|why| format!("{kdf}: {why}"))?;
    }
    encapsulated(q, curve, (&theirs, own), &secret)?;
    q.forget(ours);
    q.forget(own);
    Ok(())
}

/// The same by encapsulation, to OpenSSL's key and from it; `secret` is what its key and `own` agree on.
fn encapsulated(
    q: &Question<'_>,
    curve: Curve,
    (theirs, own): (&TheirKey, CK_OBJECT_HANDLE),
    secret: &[u8],
) -> Verdict {
    let (kdf, hash, counted) = q.chance.pick(&KDFS);
    let (info, len) = (q.chance.some(30), q.chance.between(14, 100));
    let of_ecdh = ecdh1(kdf, Sent::from(&info[..]), Sent::null(0)).parameters;
    let by = with(q.row.kind, &of_ecdh);
    let (header, point) = theirs.public.split_at(theirs.public.len() - curve.point_len);
    let wrapped = der(4, point);
    let parts = [(CKA_EC_PARAMS, curve.parameters), (CKA_EC_POINT, &wrapped[..])];
    let public = public(q, curve.key_type, &parts)?;
    let (ciphertext, found) = q.encapsulated(&by, public, len)?;
    let agreed = q.theirs.agreed(theirs, &[header, &ciphertext].concat(), &[]);
    same(&found, &of_secret(hash, counted, &agreed, &info, len))?;
    q.forget(public);
    let opened = q.decapsulated(&by, own, point, len)?;
    same(&opened, &of_secret(hash, counted, secret, &info, len))
}

/// Diffie-Hellman, cut at the start of the secret.
pub(super) fn dh(q: &Question<'_>) -> Verdict {
    let (theirs, ours) = (q.theirs.key("DH", "group:ffdhe2048"), q.keyring.keys(q.row.key));
    let public = attribute(q.m, q.session, ours.public, CKA_PUBLIC_KEY_INFO);
    let secret = q.theirs.agreed(&theirs, &public, &["dh_pad:1"]);
    let value = &theirs.public[theirs.public.len() - secret.len()..];
    let len = q.chance.between(14, secret.len());
    let found = q.derived(&with(q.row.kind, value), ours.private, len)?;
    same(&found, &secret[secret.len() - len..])
}

/// The key that the mechanisms of ECDH and AES key wrap make of a secret: X9.63 with SHA-256.
pub(super) fn wrapping_key(secret: &[u8], len: usize) -> Vec<u8> {
    of_secret(Hash::Openssl("sha256"), Counted::After, secret, &[], len)
}
