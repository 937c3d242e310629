//! New pairs: OpenSSL, or the crate of a post-quantum key, makes of the private key the public one.

use cryptoki_sys::{
    CKA_CLASS, CKA_DERIVE, CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO, CKA_SEED, CKA_VALUE, CKA_VERIFY, CKK_AES,
    CKK_EC, CKK_RSA, CKM_AES_KEY_WRAP_KWP, CKM_ML_KEM_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKR_OK,
};
use ml_dsa::{Keypair as _, MlDsa65, SigningKey};
use ml_kem::kem::KeyExport as _;
use ml_kem::{DecapsulationKey, MlKem768};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::{Key, Keys, new_pair};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::{openssl, output, run, told as what_came};
use pkcs11_tests::{Out, Sent, Template, mechanism};

use super::agreements::{CURVES, Curve};
use super::others::{Padding, decrypted, encrypted};
use super::{Question, Verdict, same, told};

/// What every key begins with that is wrapped by RFC 5649, and OpenSSL's name of that.
pub(super) const KWP: (&str, [u8; 4]) = ("id-aes{}-wrap-pad", [0xA6, 0x59, 0x59, 0xA6]);

fn made(q: &Question<'_>) -> Keys {
    let Key::Pair(pair) = q.row.key else { panic!("{} makes pairs", q.row.name) };
    new_pair(q.m, q.session, pair)
}

/// The private key leaves wrapped as a `PrivateKeyInfo`, which OpenSSL checks and whose public key it tells.
pub(super) fn generated(q: &Question<'_>) -> Verdict {
    let (keys, wrapping) = (made(q), q.chance.bytes(32));
    let public = attribute(q.m, q.session, keys.public, CKA_PUBLIC_KEY_INFO);
    let wrapped = q.with_key_of(CKK_AES, &wrapping, |key| {
        let mut room = vec![0; 8192];
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        let (rv, len) = q.m.wrap_key(q.session, Some(&by), key, keys.private, Out::buffer(&mut room));
        room.truncate(usize::try_from(len).unwrap());
        if rv == CKR_OK { Ok(room) } else { Err(rv_name(rv)) }
    })?;
    let info = q.theirs.file("private.der", &decrypted(KWP.0, &wrapping, &KWP.1, &wrapped));
    let mut command = openssl(["pkey", "-check", "-noout", "-inform", "DER", "-in"]);
    let checked = output(command.arg(&info));
    if !checked.status.success() {
        return Err(what_came(&command, &checked));
    }
    let told = run(openssl(["pkey", "-pubout", "-outform", "DER", "-inform", "DER", "-in"]).arg(&info));
    q.forget(keys.public);
    q.forget(keys.private);
    same(&public, &told)
}

/// The crate makes the same public key of the seed.
pub(super) fn post_quantum(q: &Question<'_>) -> Verdict {
    let keys = made(q);
    let seed = attribute(q.m, q.session, keys.private, CKA_SEED);
    let public = attribute(q.m, q.session, keys.public, CKA_VALUE);
    let theirs = if q.row.kind == CKM_ML_KEM_KEY_PAIR_GEN {
        let key = DecapsulationKey::<MlKem768>::from_seed(seed.as_slice().try_into().unwrap());
        key.encapsulation_key().to_bytes().to_vec()
    } else {
        let key = SigningKey::<MlDsa65>::from_seed(seed.as_slice().try_into().unwrap());
        key.verifying_key().encode().to_vec()
    };
    q.forget(keys.public);
    q.forget(keys.private);
    same(&public, &theirs)
}

/// A private key of OpenSSL's comes in wrapped, and its public key is derived.
pub(super) fn public_of_private(q: &Question<'_>) -> Verdict {
    let is_rsa = q.chance.between(0, 3) == 0;
    let (theirs, key_type) = if is_rsa {
        (q.theirs.key("RSA", "rsa_keygen_bits:2048"), CKK_RSA)
    } else {
        let curve: Curve = q.chance.pick(&CURVES);
        (curve.theirs(q), CKK_EC)
    };
    let info = run(openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"]).arg(&theirs.file));
    let wrapping = q.chance.bytes(32);
    let wrapped = encrypted(KWP.0, &wrapping, &KWP.1, Padding::None, &info);
    let private = q.with_key_of(CKK_AES, &wrapping, |key| {
        let by = mechanism(CKM_AES_KEY_WRAP_KWP);
        let template = Template::new()
            .ulong(CKA_CLASS, CKO_PRIVATE_KEY)
            .ulong(CKA_KEY_TYPE, key_type)
            .boolean(CKA_DERIVE, true);
        told(q.m.unwrap_key(q.session, Some(&by), key, Sent::from(&wrapped[..]), &template))
    })?;
    let template = Template::new().boolean(CKA_VERIFY, true);
    let public = told(q.m.derive_key(q.session, Some(&q.plain()), private, &template))?;
    same(&attribute(q.m, q.session, public, CKA_PUBLIC_KEY_INFO), &theirs.public)
}
