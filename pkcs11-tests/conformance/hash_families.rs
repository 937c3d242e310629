//! Every hash in every family, from tables: sections 6.1 (RSA), 6.3 (ECDSA and the functions of ECDH), 6.20 (digests), 6.21
//! (derivations) and 6.22 (HMAC and its keys). SoftHSM has few of them.

mod table;

use cryptoki_sys::{
    CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS, CKA_ALWAYS_SENSITIVE, CKA_DERIVE, CKA_EC_POINT, CKA_EXTRACTABLE,
    CKA_KEY_TYPE, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN,
    CKD_NULL, CKF_DERIVE, CKF_DIGEST, CKF_GENERATE, CKF_SIGN, CKF_VERIFY, CKG_MGF1_SHA1, CKK_AES,
    CKK_GENERIC_SECRET, CKM_BLAKE2B_256, CKM_MD5, CKM_MD5_RSA_PKCS, CKM_RIPEMD160_RSA_PKCS, CKM_SHA_1,
    CKM_SHA3_256, CKM_SHA256_KEY_DERIVATION, CKM_SHA256_KEY_GEN, CKM_SHA512_T, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_DERIVATION, CKM_SHA512_T_KEY_GEN, CKM_SHAKE_128_KEY_DERIVATION,
    CKM_SHAKE_256_KEY_DERIVATION, CKR_ENCRYPTED_DATA_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_STATE_UNSAVEABLE, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{Kind, attribute, ecdsa_to_der, flag, generate, sign, spki, verify};
use pkcs11_tests::mechanisms::SIGNS;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{ecdh1, oaep, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger, pss};

use crate::curves::openssl_verifies;
use crate::secret_keys::{DECRYPTION, ENCRYPTION, create, generic, opened, secret_template, whole};

use table::{KDFS, ROWS, SHA3, UNTOLD};

on_claviger!(
    each_is_listed_and_tells_what_it_can,
    each_digest_gives_the_published_figure_in_any_parts,
    sha_512_is_cut_to_the_bits_that_are_told,
    each_hmac_signs_with_its_own_keys_and_generic_ones,
    each_hmac_has_keys_made_for_it,
    a_key_is_derived_by_each_hash,
    a_key_of_any_length_is_derived_by_shake,
    a_derived_key_was_never_closed_when_its_base_was_not,
    rsa_and_ecdsa_sign_with_sha_3_and_openssl_agrees,
    oaep_takes_sha_3,
    ecdh_derives_with_each_function,
    a_state_that_nobody_tells_is_not_saved,
);

const ABC: &[u8] = b"abc";
const KEY: [u8; 20] = [0x0b; 20];

/// The longest secret that mechanisms take, in bytes.
const LONGEST: u64 = 1 << 24;

fn digest(t: &Test, session: u64, by: &CK_MECHANISM, parts: &[&[u8]]) -> Vec<u8> {
    assert_rv!(t.module.digest_init(session, Some(by)), CKR_OK, "{:#x}", by.mechanism);
    for part in parts {
        assert_rv!(t.module.digest_update(session, Sent::from(*part)), CKR_OK);
    }
    let mut out = vec![0; 64];
    let (rv, len) = t.module.digest_final(session, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    out
}

/// A secret key that can be read, as a template of a derivation or a generation.
fn readable(key_type: Option<u64>, len: Option<u64>) -> Template {
    let mut template = opened(Template::new().boolean(CKA_TOKEN, false));
    if let Some(key_type) = key_type {
        template = template.ulong(CKA_KEY_TYPE, key_type);
    }
    match len {
        Some(len) => template.ulong(CKA_VALUE_LEN, len),
        None => template,
    }
}

fn derived(
    t: &Test,
    session: u64,
    by: &CK_MECHANISM,
    base: u64,
    template: &Template,
) -> Result<Vec<u8>, u64> {
    match t.module.derive_key(session, Some(by), base, template) {
        (CKR_OK, key) => Ok(attribute(t.module, session, key, CKA_VALUE)),
        (rv, _) => Err(rv),
    }
}

/// Sections 6.1, 6.3 and 6.20 to 6.22, and 5.5 of C_GetMechanismList and C_GetMechanismInfo.
fn each_is_listed_and_tells_what_it_can(t: &Test) {
    let token = t.token();
    let (rv, _, listed) = t.module.mechanism_list(token.slot, Some(1000));
    assert_rv!(rv, CKR_OK);
    let tells = |kind: u64, flags: u64, sizes: (u64, u64)| {
        assert!(listed.contains(&kind), "{kind:#x}");
        let (rv, info) = t.module.mechanism_info(token.slot, kind);
        assert_rv!(rv, CKR_OK, "{kind:#x}");
        assert_eq!(
            (info.flags, info.ulMinKeySize, info.ulMaxKeySize),
            (flags, sizes.0, sizes.1),
            "{kind:#x}"
        );
    };
    for row in ROWS {
        tells(row.digest, CKF_DIGEST, (0, 0));
        tells(row.hmac, SIGNS, (1, LONGEST));
        tells(row.general, SIGNS, (1, LONGEST));
        row.key_gen.into_iter().for_each(|kind| tells(kind, CKF_GENERATE, (1, LONGEST)));
        row.derivation.into_iter().for_each(|kind| tells(kind, CKF_DERIVE, (1, LONGEST)));
    }
    tells(CKM_SHA512_T, CKF_DIGEST, (0, 0));
    tells(CKM_SHA512_T_HMAC, SIGNS, (1, LONGEST));
    tells(CKM_SHA512_T_KEY_GEN, CKF_GENERATE, (1, LONGEST));
    tells(CKM_SHA512_T_KEY_DERIVATION, CKF_DERIVE, (1, LONGEST));
    tells(CKM_SHAKE_128_KEY_DERIVATION, CKF_DERIVE, (1, LONGEST));
    tells(CKM_SHAKE_256_KEY_DERIVATION, CKF_DERIVE, (1, LONGEST));
    for (_, _, _, pkcs1, probabilistic, ecdsa) in SHA3 {
        tells(pkcs1, SIGNS, (1024, 16384));
        tells(probabilistic, SIGNS, (1024, 16384));
        let (rv, info) = t.module.mechanism_info(token.slot, ecdsa);
        assert_rv!(rv, CKR_OK, "{ecdsa:#x}");
        assert_eq!(info.flags & (CKF_SIGN | CKF_VERIFY | CKF_DIGEST), CKF_SIGN | CKF_VERIFY);
    }
    tells(CKM_MD5_RSA_PKCS, SIGNS, (1024, 16384));
    tells(CKM_RIPEMD160_RSA_PKCS, SIGNS, (1024, 16384));
}

fn each_digest_gives_the_published_figure_in_any_parts(t: &Test) {
    let session = t.token().open_ro();
    for row in ROWS {
        let by = mechanism(row.digest);
        assert_rv!(t.module.digest_init(session, Some(&by)), CKR_OK);
        let mut out = [0; 64];
        let (rv, len) = t.module.digest(session, Sent::from(ABC), Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK, "{:#x}", row.digest);
        assert_eq!(out[..usize::try_from(len).unwrap()], unhex(row.figure), "{:#x}", row.digest);
        assert_eq!(digest(t, session, &by, &[b"a", b"", b"bc"]), unhex(row.figure), "{:#x}", row.digest);
        let given = with(row.digest, &[1_u64]);
        assert_rv!(t.module.digest_init(session, Some(&given)), CKR_MECHANISM_PARAM_INVALID);
    }
}

/// Section 6.20.3: t is a parameter in bits, and 384 is none.
fn sha_512_is_cut_to_the_bits_that_are_told(t: &Test) {
    let session = t.token().user_session();
    let base = generic(t.module, session, ABC);
    for (bits, figure) in [
        (224_u64, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (160, "0a74fe1b43eecbea62182658da8a68b8acef25bf"),
    ] {
        assert_eq!(digest(t, session, &with(CKM_SHA512_T, &bits), &[ABC]), unhex(figure), "{bits}");
        let by = with(CKM_SHA512_T_KEY_DERIVATION, &bits);
        assert_eq!(derived(t, session, &by, base, &readable(None, None)).unwrap(), unhex(figure), "{bits}");
        let by = with(CKM_SHA512_T_HMAC, &bits);
        let mac = sign(t.module, session, &by, base, ABC).unwrap();
        assert_eq!(mac.len(), unhex(figure).len());
        assert_rv!(verify(t.module, session, &by, base, ABC, &mac), CKR_OK);
        assert_rv!(verify(t.module, session, &by, base, b"another", &mac), CKR_SIGNATURE_INVALID);
    }
    for bits in [0_u64, 384, 512, u64::MAX] {
        let rv = t.module.digest_init(session, Some(&with(CKM_SHA512_T, &bits)));
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{bits}");
        let rv = t.module.sign_init(session, Some(&with(CKM_SHA512_T_HMAC, &bits)), base);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{bits}");
        let by = with(CKM_SHA512_T_KEY_DERIVATION, &bits);
        let refused = derived(t, session, &by, base, &readable(None, None));
        assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID), "{bits}");
    }
    assert_rv!(t.module.digest_init(session, Some(&mechanism(CKM_SHA512_T))), CKR_MECHANISM_PARAM_INVALID);
    let short = with(CKM_SHA512_T_KEY_DERIVATION, &104_u64);
    assert_eq!(derived(t, session, &short, base, &readable(None, None)), Err(CKR_KEY_SIZE_RANGE));
}

/// Section 6.22: with generic secrets and keys of its own, whole and cut.
fn each_hmac_signs_with_its_own_keys_and_generic_ones(t: &Test) {
    let session = t.token().user_session();
    let secret = generic(t.module, session, &KEY);
    for (row, next) in ROWS.iter().zip(ROWS.iter().cycle().skip(1)) {
        let own = create(t.module, session, &secret_template(row.key_type, &KEY));
        let by = mechanism(row.hmac);
        let mac = sign(t.module, session, &by, secret, ABC).unwrap();
        assert_eq!(mac.len(), unhex(row.figure).len());
        assert_eq!(sign(t.module, session, &by, own, ABC).unwrap(), mac, "{:#x}", row.hmac);
        assert_rv!(verify(t.module, session, &by, own, ABC, &mac), CKR_OK);
        assert_rv!(verify(t.module, session, &by, own, b"another", &mac), CKR_SIGNATURE_INVALID);
        assert_rv!(verify(t.module, session, &by, own, ABC, &mac[1..]), CKR_SIGNATURE_LEN_RANGE);
        let eight = with(row.general, &8_u64);
        assert_eq!(sign(t.module, session, &eight, own, ABC).unwrap(), mac[..8]);
        for len in [0, mac.len() as u64 + 1, u64::MAX] {
            let rv = t.module.sign_init(session, Some(&with(row.general, &len)), own);
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x} of {len}", row.general);
        }
        let rv = t.module.sign_init(session, Some(&mechanism(row.general)), own);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        let rv = t.module.verify_init(session, Some(&with(row.hmac, &8_u64)), own);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        let rv = t.module.sign_init(session, Some(&mechanism(next.hmac)), own);
        assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT, "{:#x}", next.hmac);
    }
}

/// Section 6.22.4: the length is CKA_VALUE_LEN, and class and type are the mechanism's.
fn each_hmac_has_keys_made_for_it(t: &Test) {
    let session = t.token().user_session();
    for row in ROWS {
        let Some(by) = row.key_gen.map(mechanism) else { continue };
        let template = readable(None, Some(33)).boolean(CKA_SIGN, true);
        let made = [(); 2].map(|()| {
            let (rv, key) = t.module.generate_key(session, Some(&by), &template);
            assert_rv!(rv, CKR_OK, "{:#x}", by.mechanism);
            assert_eq!(attribute(t.module, session, key, CKA_KEY_TYPE), row.key_type.to_ne_bytes());
            sign(t.module, session, &mechanism(row.hmac), key, ABC).unwrap();
            attribute(t.module, session, key, CKA_VALUE)
        });
        assert_eq!(made[0].len(), 33);
        assert_ne!(made[0], made[1]);
        let rv = t.module.generate_key(session, Some(&by), &readable(None, None)).0;
        assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE, "{:#x}", by.mechanism);
        let rv = t.module.generate_key(session, Some(&by), &readable(Some(CKK_AES), Some(16))).0;
        assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT, "{:#x}", by.mechanism);
        let by = with(by.mechanism, &[1_u64]);
        let rv = t.module.generate_key(session, Some(&by), &template).0;
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x}", by.mechanism);
    }
}

/// Section 6.21: the digest is the key, or begins with it; decision 0023 sets the shortest.
fn a_key_is_derived_by_each_hash(t: &Test) {
    let session = t.token().user_session();
    let base = generic(t.module, session, ABC);
    let of_aes = create(t.module, session, &secret_template(CKK_AES, &[1; 16]).boolean(CKA_DERIVE, true));
    for row in ROWS {
        let Some(by) = row.derivation.map(mechanism) else { continue };
        let figure = unhex(row.figure);
        let derive = |key_type, len| derived(t, session, &by, base, &readable(key_type, len));
        assert_eq!(derive(None, None).unwrap(), figure, "{:#x}", by.mechanism);
        assert_eq!(derive(None, Some(14)).unwrap(), figure[..14]);
        assert_eq!(derive(Some(CKK_AES), Some(16)).unwrap(), figure[..16]);
        assert_eq!(derive(Some(row.key_type), Some(15)).unwrap(), figure[..15]);
        assert_eq!(derive(Some(CKK_AES), None), Err(CKR_TEMPLATE_INCOMPLETE));
        assert_eq!(derive(None, Some(figure.len() as u64 + 1)), Err(CKR_KEY_SIZE_RANGE));
        assert_eq!(derive(None, Some(13)), Err(CKR_KEY_SIZE_RANGE), "few enough to be tried");
        let from_aes = derived(t, session, &by, of_aes, &readable(None, None)).unwrap();
        assert_eq!(from_aes, digest(t, session, &mechanism(row.digest), &[&[1; 16]]));
        let given = with(by.mechanism, &[1_u64]);
        let refused = derived(t, session, &given, base, &readable(None, None));
        assert_eq!(refused, Err(CKR_MECHANISM_PARAM_INVALID));
    }
}

/// NIST's examples of SHAKE with 200 bytes of a3.
fn a_key_of_any_length_is_derived_by_shake(t: &Test) {
    let session = t.token().user_session();
    let base = generic(t.module, session, &[0xa3; 200]);
    for (kind, figure) in [
        (CKM_SHAKE_128_KEY_DERIVATION, "131ab8d2b594946b9c81333f9bb6e0ce75c3b93104fa3469d3917457385da037"),
        (CKM_SHAKE_256_KEY_DERIVATION, "cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d"),
    ] {
        let derive = |key_type, len| derived(t, session, &mechanism(kind), base, &readable(key_type, len));
        assert_eq!(derive(None, Some(32)).unwrap(), unhex(figure));
        assert_eq!(derive(Some(CKK_AES), Some(24)).unwrap(), unhex(figure)[..24]);
        assert_eq!(derive(None, Some(1000)).unwrap().len(), 1000);
        assert_eq!(derive(None, None), Err(CKR_TEMPLATE_INCOMPLETE));
        assert_eq!(derive(None, Some(13)), Err(CKR_KEY_SIZE_RANGE));
        assert_eq!(derive(None, Some(LONGEST + 1)), Err(CKR_KEY_SIZE_RANGE));
    }
}

/// Section 6.21: CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE need a base key that was so, and the template is free.
fn a_derived_key_was_never_closed_when_its_base_was_not(t: &Test) {
    let session = t.token().user_session();
    let closed = |template: Template| template.boolean(CKA_SENSITIVE, true).boolean(CKA_EXTRACTABLE, false);
    let by = mechanism(CKM_SHA256_KEY_DERIVATION);
    let (rv, made) = t.module.generate_key(
        session,
        Some(&mechanism(CKM_SHA256_KEY_GEN)),
        &closed(Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_DERIVE, true).boolean(CKA_TOKEN, false)),
    );
    assert_rv!(rv, CKR_OK);
    let imported = generic(t.module, session, &KEY);
    for (base, always) in [(made, true), (imported, false)] {
        let (rv, key) = t.module.derive_key(session, Some(&by), base, &closed(Template::new()));
        assert_rv!(rv, CKR_OK);
        assert_eq!(flag(t.module, session, key, CKA_ALWAYS_SENSITIVE), always);
        assert_eq!(flag(t.module, session, key, CKA_NEVER_EXTRACTABLE), always);
        assert_eq!(derived(t, session, &by, base, &readable(None, None)).unwrap().len(), 32);
    }
    let idle =
        create(t.module, session, &secret_template(CKK_GENERIC_SECRET, &KEY).boolean(CKA_DERIVE, false));
    let refused = derived(t, session, &by, idle, &readable(None, None));
    assert_eq!(refused, Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
}

/// SoftHSM has none of them (`CKR_MECHANISM_INVALID`).
fn rsa_and_ecdsa_sign_with_sha_3_and_openssl_agrees(t: &Test) {
    let session = t.token().user_session();
    let rsa = generate(t.module, session, Kind::Rsa, false, "rsa");
    let ec = generate(t.module, session, Kind::P256, false, "ec");
    let [rsa_key, ec_key] =
        [(rsa, Kind::Rsa), (ec, Kind::P256)].map(|(pair, kind)| spki(t.module, session, pair.public, kind));
    for (hash, digest, mgf, pkcs1, probabilistic, ecdsa) in SHA3 {
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: digest, mgf, sLen: 20 };
        let salted = ["rsa_padding_mode:pss", "rsa_pss_saltlen:20"].map(String::from).to_vec();
        for (by, options) in [(mechanism(pkcs1), Vec::new()), (pss(probabilistic, &parameters), salted)] {
            let signature = sign(t.module, session, &by, rsa.private, ABC).unwrap();
            assert_rv!(verify(t.module, session, &by, rsa.public, ABC, &signature), CKR_OK);
            assert!(openssl_verifies(t, &rsa_key, hash, &options, &signature, ABC), "{:#x}", by.mechanism);
            let rv = verify(t.module, session, &by, rsa.public, b"another", &signature);
            assert_rv!(rv, CKR_SIGNATURE_INVALID);
        }
        let by = mechanism(ecdsa);
        let signature = sign(t.module, session, &by, ec.private, ABC).unwrap();
        assert_rv!(verify(t.module, session, &by, ec.public, ABC, &signature), CKR_OK);
        assert!(openssl_verifies(t, &ec_key, hash, &[], &ecdsa_to_der(&signature), ABC), "{ecdsa:#x}");
        let rv = verify(t.module, session, &by, ec.public, b"another", &signature);
        assert_rv!(rv, CKR_SIGNATURE_INVALID);
        let other = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_MD5, mgf, sLen: 20 };
        let rv = t.module.sign_init(session, Some(&pss(probabilistic, &other)), rsa.private);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        for by in [pkcs1, probabilistic] {
            let rv = t.module.sign_init(session, Some(&with(by, &[1_u64])), rsa.private);
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{by:#x}");
        }
        let rv = t.module.sign_init(session, Some(&mechanism(pkcs1)), ec.private);
        assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
        let rv = t.module.sign_init(session, Some(&mechanism(ecdsa)), rsa.private);
        assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
    }
    for (kind, hash) in [(CKM_MD5_RSA_PKCS, "md5"), (CKM_RIPEMD160_RSA_PKCS, "ripemd160")] {
        let by = mechanism(kind);
        let signature = sign(t.module, session, &by, rsa.private, ABC).unwrap();
        assert_rv!(verify(t.module, session, &by, rsa.public, ABC, &signature), CKR_OK);
        assert!(openssl_verifies(t, &rsa_key, hash, &[], &signature, ABC), "{kind:#x}");
        let rv = verify(t.module, session, &by, rsa.public, b"another", &signature);
        assert_rv!(rv, CKR_SIGNATURE_INVALID);
    }
}

/// Section 6.1.8: each SHA-3 as hash and in the mask; a ciphertext of one is none of another.
fn oaep_takes_sha_3(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "rsa");
    let run = |by: &CK_MECHANISM, cipher, key, data: &[u8]| whole(t.module, cipher, session, by, key, data);
    for (_, hash, mgf, ..) in SHA3 {
        let by = oaep(hash, mgf, Sent::from(b"label"));
        let sent = run(&by.mechanism(), ENCRYPTION, pair.public, ABC).unwrap();
        assert_eq!(run(&by.mechanism(), DECRYPTION, pair.private, &sent).unwrap(), ABC, "{hash:#x}");
        for other in
            [oaep(CKM_SHA_1, mgf, Sent::from(b"label")), oaep(hash, CKG_MGF1_SHA1, Sent::from(b"label"))]
        {
            let refused = run(&other.mechanism(), DECRYPTION, pair.private, &sent);
            assert_eq!(refused, Err(CKR_ENCRYPTED_DATA_INVALID), "{hash:#x}");
        }
    }
    for (hash, mgf) in [(CKM_MD5, CKG_MGF1_SHA1), (CKM_BLAKE2B_256, CKG_MGF1_SHA1), (CKM_SHA3_256, 0)] {
        let rv =
            t.module.encrypt_init(session, Some(&oaep(hash, mgf, Sent::null(0)).mechanism()), pair.public);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{hash:#x} with {mgf}");
    }
}

/// Section 6.3.16: what each function makes of the shared secret is told by digests over the interface itself.
fn ecdh_derives_with_each_function(t: &Test) {
    let session = t.token().user_session();
    let public = Kind::P256.public_template().boolean(CKA_TOKEN, false);
    let private = Kind::P256.private_template().boolean(CKA_DERIVE, true).boolean(CKA_TOKEN, false);
    let by = Kind::P256.generator();
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&by), &public, &private);
    assert_rv!(rv, CKR_OK);
    let point = attribute(t.module, session, public, CKA_EC_POINT);
    let point = Sent::from(&point[2..]);
    let template = readable(Some(CKK_GENERIC_SECRET), None);
    let bare = ecdh1(CKD_NULL, Sent::null(0), point);
    let shared = derived(t, session, &bare.mechanism(), private, &template).unwrap();
    let template = readable(Some(CKK_GENERIC_SECRET), Some(100));
    for (kdf, hash, counter_first) in KDFS {
        let by = ecdh1(kdf, Sent::from(b"info"), point);
        let found = derived(t, session, &by.mechanism(), private, &template).unwrap();
        let blocks = (1_u32..=5).flat_map(|count| {
            let count = count.to_be_bytes();
            let parts: [&[u8]; 3] =
                if counter_first { [&count, &shared, b"info"] } else { [&shared, &count, b"info"] };
            digest(t, session, &mechanism(hash), &parts)
        });
        assert_eq!(found, blocks.take(100).collect::<Vec<_>>(), "{kdf}");
    }
}

/// Section 5.12.6: the libraries tell no state of SHA-3 and BLAKE2b; of the others one goes on.
fn a_state_that_nobody_tells_is_not_saved(t: &Test) {
    let session = t.token().open_ro();
    for row in ROWS {
        assert_rv!(t.module.digest_init(session, Some(&mechanism(row.digest))), CKR_OK);
        assert_rv!(t.module.digest_update(session, Sent::from(b"a")), CKR_OK);
        let mut state = vec![0; 1024];
        let (rv, len) = t.module.operation_state(session, Out::buffer(&mut state));
        let told = rv == CKR_OK;
        assert_eq!(told, !UNTOLD.contains(&row.digest), "{:#x}", row.digest);
        if !told {
            assert_rv!(rv, CKR_STATE_UNSAVEABLE);
        }
        let mut out = [0; 64];
        assert_rv!(t.module.digest_update(session, Sent::from(b"bc")), CKR_OK);
        let (rv, digest_len) = t.module.digest_final(session, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK);
        assert_eq!(out[..usize::try_from(digest_len).unwrap()], unhex(row.figure), "{:#x}", row.digest);
        if told {
            let state = Sent::from(&state[..usize::try_from(len).unwrap()]);
            assert_rv!(t.module.set_operation_state(session, state, 0, 0), CKR_OK);
            assert_rv!(t.module.digest_update(session, Sent::from(b"bc")), CKR_OK);
            let (rv, len) = t.module.digest_final(session, Out::buffer(&mut out));
            assert_rv!(rv, CKR_OK);
            assert_eq!(out[..usize::try_from(len).unwrap()], unhex(row.figure), "{:#x}", row.digest);
        }
    }
}
