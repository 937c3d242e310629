use super::*;
use crate::digest::HASHES;
use crate::fixtures::{
    complete, error, generate, hex, of_class, parse, parse_pair, plain, pss, sign, start_sign, start_verify,
    verify,
};
use ::rsa::pkcs8::EncodePublicKey;
use ::rsa::{BoxedUint, Pkcs1v15Sign, RsaPrivateKey};
use p384::elliptic_curve::bigint::ConcatenatingMul;
use pkcs11::constants::{
    CKA_COEFFICIENT, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE_EXPONENT,
    CKM_ECDSA, CKM_MD5, CKM_SHA3_384, CKM_SHA256, CKM_SHA384, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

/// NIST CAVP, FIPS 186-3 SigGen15, 2048 bits: the key, and the first message and signature of SHA-256 and SHA-384.
const PKCS1_MODULUS: &str = "\
    a564d3d06be468a46958d56bb4884e2c4c28f538b7e15df35330505177789d3e1d792ad7aec7fc80a8cccf7ed4030471\
    100401724bd4636a8a8244180cc655e256c00e778efe8bea55ab52d3a557075e35039d687cc0755b939a44a73033a0a6\
    f09d2d6ae7e6593380718be00814d20567b1d7d48b633735e423017ff0a7b406d822f45fbb4d234028ca78abb702b18f\
    cce13d2f69148ef584e9aaf283caab38f6946d342d600c6e77b7370a05ff302e5483b0faad3103d0b3e8c9c8e9eca1d4\
    a871bdbd09585eb00dc3a488271cf6a3b767e68ea9bd2c83e8c89fd047f17915cf6a4c05bb9222b7e4470df5f3f1a283\
    24c1aafcbb2236d2293041d128b0e15f";
const PKCS1_SHA256: (&str, &str) = (
    "8f51ec6359d7efe1898274fa89ea4a91b8bbf95e05fef84bbc9a201e9f1a615939b0b45e6f7a50d7580521554f107637\
     4692face5dfee5bfb3c573a87b1c96065301e756d278e37a601b545f4bd10ddd17dedade151cb7c33787400322ff6915\
     854a6f91a9590f924accf55ea6b87749d3a783d655e0d620f0e96f78bb4b4450",
    "795B0D51721469DCDF14DF08EACAA83AF79C2734226B3C8E048CBC4BD44ED7DC6C1EFAEFE1C71F017A87641827A0D3AF\
     287E8C27EFA7CEBFC9435EFC7F6EAB1E373551887217D08313E8AE5EF0B0EFCB87C49C1F2898FCC117AC7DB229D34BD4\
     AC39A4F91377F4B5A038338E7D4CF530E4E00FF67BF257E27E55FA6D2C0EB21AD0BCFD65F9EA760A440CAB4F904D4B81\
     7604289BC8FF96FB07C0A23B5D31ABFFA706241D47FB42EF09B7BEC820E6076EBE7E1E0F4EEFE755BAB2CBCAE557AAB8\
     208BB681D5381C1D09B4CCF1100F33CAD1990EFB507062EA51DE3DFAE0821F106B4B052244C379D0D32DE7A56EE17A7D\
     9A5DCA2B472F0D3EEFA05F4E02FC0295",
);
const PKCS1_SHA384: (&str, &str) = (
    "7ff1fbab615bc95c3a4acc20c855d1df643d2503d973042476da54e562cd941930640f2bb3f355bc14d4eb8d216742a0\
     e856e69a851ef86c38cbde32bb02395bd245170b23736bbd488eba2d23c1167571a25076a2b46a79e9304b168f05b656\
     8c1d7d1458e2f2a9ff019fc8746d37a627a8cc5ed93e4195af92035986dcf44f",
    "18F57A57BDAA5CDE7B1CCC571AE27EC701D800B7FE2FA856B4702343CC728BAEE8096585CAE6B684E177ABDF20CFFC0A\
     2E2D4D52D103D06AA2F43790A63E1FC0C94A1D72AAEEF28934D8234BE6AC69D503656967ECE11E9DC5AD4C7FC6518827\
     4FF07660A21BA498556C1D0EFC3E381DAC279A90BC80C042F868FBCC109E566892495A9217BDA692DB965970A5128369\
     E3727F135397E1D829CBB6B4D5C29D6C2DFF1B7F42FA26FA2C1D130F9E29A8E3ECA0575D6E9B1F0D558995D170E52F9D\
     B3AEA4F8FBFB1FDC679E729EA19DE8C783179751C912CA81B45FA5D0BBE34A50C9AC2872EFE2EEEE9B1CFEAD25D918A4\
     A2A5A4438C9AA59A87A5678920C580A4",
);
/// NIST CAVP, FIPS 186-3 SigGenPSS, 2048 bits, no salt: the key, a message, and its signatures.
const PSS_MODULUS: &str = "\
    d58dcfa1b7b8dfb5c3135e9cb4ba80387f9841757fa8585ce00f431aeb7cfdec9e1ecec8cc2efd935a9641124f563a49\
    f62d426eafe0fa180b4d9b27957f897391c75ed86341d6ccf56ca79a880c697375809c973cd63ea238f46fec331d3dfa\
    0b71e5971d585d14d52da8c5bec9138a6041eb8cbc645a88a9bc6a780d2333ceb6e753707a6b91321665b4b524118bd6\
    c5430e0072b15bfa0c70fd2da1edf68e3d7c657381c7247f45497996bff1f28a9f0d70627aa3b638a549958e6c8fae92\
    17dbe851ce64ed41fe847dafae743f7c9ca9c597aefa827bbfb06e603bd775223e39e214a17b5f51d54e5196b99d32f9\
    27749a2492718a1c57d6e5ae2a178549";
const PSS_MESSAGE: &str = "\
    19828d058058243557e29ec3f95b566fb4292c6e7dc0d56ae1c475cb3f6d6f3535307b51589cfad1288287ae4358cfb4\
    d8dfa2415f044a4a87041b9e70d44b6f1bc0040e1f52b8f69d75b50c75daf925ba9b47c9641f7a37453d1aa83fa42dd8\
    b37a4fc33c4305ac9e054f64f9a97cc943a5428df4d80e3903b5997112a4bc79";
const PSS_SHA256: &str = "\
    38AE4EC36AE6A2DF3470364E5BB46778F3BADA7BBBD7368C295F871CAB3C0C0F474D2C4A4F4F3371FB11C0D98ABEA04E\
    B699693898DCE2A63B58334B8B5C708B4D00739FBCE8E8A2B4DF6D2E7219DA5B6CC13D48AF729B79D2FDE5FAAACA6DBA\
    3D84A352695ED324884076EF34A9D4E8102DF1DE0D9C65E62BDE97457D95AB1DF3551E030F94C53B4A8E1A8C22B3E7BB\
    49453670F26DEE950361AD40481A01BA34D1CD8F36AFE249B2C41D3BE7514A2FDE9AD918C18392031023399B3D434539\
    64B660A44D03C93CFB1375B45F853CE90B501672F04A2E84A7FE09C9B97E55F23A05E39419625DCF465325983947C0AE\
    1E4455A602BCBD65FA87A52079ACE7AF";
const PSS_SHA384: &str = "\
    96C1B354B4B316B8AC05E8AAA83439B54706AEA1EA2E7B8F5DD7EBE85E18C393EE027EB38F44A4BB20847E69160F1126\
    0554AC0FDC53F5D39C06A1864E4AB0E733E727EECD14EA5E49E577E267C287D3E063AD9A38DC240FFBC74829F4F9A501\
    53A74CF93AC59FB371CE09E329C60B9AEF2BB76D9C3B27F8898B77CAEB174D09B898B66E7088894F8D08075B51E70579\
    FC18A3516AA4839CE64C8C7E1CE1B691B7BA8A9DC42CB95DE96B6DB503416A7A3EFE8D22749C6C2842A4D8584F9C5A1E\
    5457676B62666BCAA449F9D31FC51CDE2C8381B5F3816AE3CDFBA4629F4E08ED5D0017773149C576F98B71C73DDAF874\
    F423B909199610D4E283412821B4F558";
const CAVP_EXPONENT: &[u8] = &[0x10, 0x01];

fn public(n: &[u8], e: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_MODULUS, n);
    attributes.set_bytes(CKA_PUBLIC_EXPONENT, e);
    of_class(CKO_PUBLIC_KEY, CKK_RSA, attributes)
}

fn template(bits: u64) -> Attributes {
    let mut template = Attributes::new();
    template.set_ulong(CKA_MODULUS_BITS, bits);
    template
}

fn made() -> GeneratedPair {
    generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template(2048)).unwrap()
}

/// A private key small enough to be imported many times, as attributes.
fn small() -> Attributes {
    let key = rsa::generate(1024, DEFAULT_EXPONENT).unwrap();
    of_class(CKO_PRIVATE_KEY, CKK_RSA, components::private_attributes(&key))
}

/// The key in the other implementation.
fn theirs(private: &Attributes) -> RsaPrivateKey {
    let number = |part| BoxedUint::from_be_slice_vartime(private.bytes(part).unwrap());
    RsaPrivateKey::from_components(
        number(CKA_MODULUS),
        number(CKA_PUBLIC_EXPONENT),
        number(CKA_PRIVATE_EXPONENT),
        vec![number(CKA_PRIME_1), number(CKA_PRIME_2)],
    )
    .unwrap()
}

fn without(attributes: &Attributes, parts: &[u64]) -> Attributes {
    let mut left = attributes.clone();
    parts.iter().for_each(|part| drop(left.remove(*part)));
    left
}

#[test]
fn published_pkcs1_signatures_verify_and_changed_ones_do_not() {
    let key = parse(&public(&hex(PKCS1_MODULUS), CAVP_EXPONENT)).unwrap();
    for (mechanism, (message, signature)) in
        [(CKM_SHA256_RSA_PKCS, PKCS1_SHA256), (CKM_SHA384_RSA_PKCS, PKCS1_SHA384)]
    {
        let (message, mut signature) = (hex(message), hex(signature));
        assert_eq!(verify(&plain(mechanism), &key, &message, &signature), Ok(()));
        assert_eq!(verify(&plain(mechanism), &key, b"", &signature), Err(Error::SignatureInvalid));
        signature[100] ^= 1;
        assert_eq!(verify(&plain(mechanism), &key, &message, &signature), Err(Error::SignatureInvalid));
    }
}

#[test]
fn published_pss_signatures_verify_under_their_parameters_alone() {
    let key = parse(&public(&hex(PSS_MODULUS), CAVP_EXPONENT)).unwrap();
    let message = hex(PSS_MESSAGE);
    for (mechanism, hash, mgf, signature) in [
        (CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, PSS_SHA256),
        (CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, PSS_SHA384),
    ] {
        let signature = hex(signature);
        assert_eq!(verify(&pss(mechanism, hash, mgf, 0), &key, &message, &signature), Ok(()));
        for other in [pss(mechanism, hash, mgf, 1), pss(mechanism, hash, CKG_MGF1_SHA512, 0)] {
            assert_eq!(verify(&other, &key, &message, &signature), Err(Error::SignatureInvalid));
        }
    }
}

#[test]
fn pkcs1_signatures_equal_those_of_another_implementation() {
    let pair = made();
    let theirs = theirs(&pair.private);
    let (private, public) = parse_pair(CKK_RSA, pair);
    for len in [0, 1, 51, 245] {
        let message = vec![0x5a; len];
        let ours = sign(&plain(CKM_RSA_PKCS), &private, &message).unwrap();
        assert_eq!(ours, theirs.sign(Pkcs1v15Sign::new_unprefixed(), &message).unwrap());
        assert_eq!(verify(&plain(CKM_RSA_PKCS), &public, &message, &ours), Ok(()));
    }
    let message = b"a message in several parts";
    for (mechanism, expected) in [
        (CKM_SHA1_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(message))),
        (CKM_SHA224_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha224>(), &Sha224::digest(message))),
        (CKM_SHA256_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message))),
        (CKM_SHA384_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message))),
        (CKM_SHA512_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message))),
        (CKM_SHA3_224_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha3_224>(), &Sha3_224::digest(message))),
        (CKM_SHA3_256_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha3_256>(), &Sha3_256::digest(message))),
        (CKM_SHA3_384_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha3_384>(), &Sha3_384::digest(message))),
        (CKM_SHA3_512_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Sha3_512>(), &Sha3_512::digest(message))),
        (CKM_MD5_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<md5::Md5>(), &md5::Md5::digest(message))),
        (CKM_RIPEMD160_RSA_PKCS, theirs.sign(Pkcs1v15Sign::new::<Ripemd160>(), &Ripemd160::digest(message))),
    ] {
        let ours = sign(&plain(mechanism), &private, message).unwrap();
        assert_eq!(ours, expected.unwrap());
        assert_eq!(verify(&plain(mechanism), &public, message, &ours), Ok(()));
    }
}

#[test]
fn pss_signatures_pass_from_one_implementation_to_the_other() {
    let pair = made();
    let theirs = theirs(&pair.private);
    let (private, public) = parse_pair(CKK_RSA, pair);
    let digest = Sha256::digest(b"message");
    for salt_len in [0, 20, 32, 222] {
        let scheme = || ::rsa::Pss::<Sha256>::new_with_salt(salt_len);
        let len = u64::try_from(salt_len).unwrap();
        let hashed = pss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, len);
        let raw = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, len);
        let ours = sign(&hashed, &private, b"message").unwrap();
        theirs.to_public_key().verify(scheme(), &digest, &ours).unwrap();
        assert_eq!(verify(&raw, &public, &digest, &ours), Ok(()));
        let signature = theirs.sign(scheme(), &digest).unwrap();
        assert_eq!(verify(&raw, &public, &digest, &signature), Ok(()));
        assert_eq!(verify(&hashed, &public, b"message", &signature), Ok(()));
    }
    let mechanism = pss(CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_384, CKG_MGF1_SHA3_384, 48);
    let ours = sign(&mechanism, &private, b"message").unwrap();
    let scheme = || ::rsa::Pss::<Sha3_384>::new_with_salt(48);
    theirs.to_public_key().verify(scheme(), &Sha3_384::digest(b"message"), &ours).unwrap();
    let signature = theirs.sign(scheme(), &Sha3_384::digest(b"message")).unwrap();
    assert_eq!(verify(&mechanism, &public, b"message", &signature), Ok(()));
}

#[test]
fn every_pair_of_hash_and_mask_signs_what_it_verifies() {
    let (private, public) = parse_pair(CKK_RSA, made());
    for (row, hash) in HASHES.iter().filter_map(|row| hash_of(row.digest).map(|hash| (row, hash))) {
        let digest = vec![1; hash.digest_len()];
        for (mgf, _) in MGFS {
            let mechanism = pss(CKM_RSA_PKCS_PSS, row.digest, mgf, 13);
            let signature = sign(&mechanism, &private, &digest).unwrap();
            assert_eq!(verify(&mechanism, &public, &digest, &signature), Ok(()));
        }
    }
    for (mechanism, hash) in PSS_HASHES {
        let row = HASHES.iter().find(|row| row.function == Function::Sha(hash)).unwrap();
        let mechanism = pss(mechanism, row.digest, CKG_MGF1_SHA1, 20);
        let signature = sign(&mechanism, &private, b"message").unwrap();
        assert_eq!(verify(&mechanism, &public, b"message", &signature), Ok(()));
    }
}

#[test]
fn pss_parameters_that_cannot_be_are_refused() {
    let (private, public) = parse_pair(CKK_RSA, made());
    for (mechanism, why) in [
        (plain(CKM_RSA_PKCS_PSS), "no parameters"),
        (pss(CKM_RSA_PKCS_PSS, CKM_MD5, CKG_MGF1_SHA256, 20), "a hash that is not offered"),
        (pss(CKM_RSA_PKCS_PSS, CKM_SHA256, 0, 20), "a mask that is not offered"),
        (pss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 20), "a hash that is not the mechanism's"),
        (pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 223), "a salt one byte too long"),
        (pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, u64::MAX), "a wild salt"),
        (pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 0x1_0000_0014), "a salt of more than 32 bits"),
        (pss(CKM_RSA_PKCS, CKM_SHA256, CKG_MGF1_SHA256, 20), "parameters of another mechanism"),
    ] {
        let refused = error(start_sign(&mechanism, &private));
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))), "{why}: {refused:?}");
        assert_eq!(error(start_verify(&mechanism, &public)), refused, "{why}");
    }
}

#[test]
fn data_and_signatures_of_impossible_lengths_are_refused() {
    let (private, public) = parse_pair(CKK_RSA, made());
    assert_eq!(sign(&plain(CKM_RSA_PKCS), &private, &[1; 246]), Err(Error::DataLenRange));
    assert_eq!(verify(&plain(CKM_RSA_PKCS), &public, &[1; 246], &[1; 256]), Err(Error::DataLenRange));
    let raw_pss = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32);
    for len in [0, 31, 33] {
        assert_eq!(sign(&raw_pss, &private, &vec![1; len]), Err(Error::DataLenRange));
        assert_eq!(verify(&raw_pss, &public, &vec![1; len], &[1; 256]), Err(Error::DataLenRange));
    }
    for len in [0, 255, 257] {
        for mechanism in [plain(CKM_RSA_PKCS), plain(CKM_SHA256_RSA_PKCS)] {
            let found = verify(&mechanism, &public, &[1; 32], &vec![1; len]);
            assert_eq!(found, Err(Error::SignatureLenRange));
        }
        assert_eq!(verify(&raw_pss, &public, &[1; 32], &vec![1; len]), Err(Error::SignatureLenRange));
    }
    assert_eq!(verify(&plain(CKM_RSA_PKCS), &public, &[1; 32], &[0xff; 256]), Err(Error::SignatureInvalid));
}

#[test]
fn a_made_pair_is_complete_and_its_public_key_info_is_what_others_write() {
    let pair = made();
    let info = theirs(&pair.private).to_public_key().to_public_key_der().unwrap();
    for half in [&pair.public, &pair.private] {
        assert_eq!(half.bytes(CKA_PUBLIC_KEY_INFO), Some(info.as_bytes()));
        assert_eq!(half.bytes(CKA_PUBLIC_EXPONENT), Some(DEFAULT_EXPONENT));
    }
    let private = of_class(CKO_PRIVATE_KEY, CKK_RSA, pair.private.clone());
    let mut completed = complete(&private).unwrap();
    completed = of_class(CKO_PRIVATE_KEY, CKK_RSA, completed);
    assert!(completed == private, "importing what was made changes it");
    let public = complete(&of_class(CKO_PUBLIC_KEY, CKK_RSA, pair.public)).unwrap();
    assert_eq!(public.ulong(CKA_MODULUS_BITS), Some(2048));
    assert_eq!(parse(&private).unwrap().size(), 2048);
}

#[test]
fn an_exponent_is_taken_when_it_is_odd_and_in_bounds() {
    for (exponent, usable) in [
        (&[1, 0, 1][..], true),
        (&[1, 0, 3], true),
        (&[1, 0, 0, 1], true),
        (&[0xff, 0xff, 0xff, 0xff], true),
        (&[1, 0, 0, 0, 1], false),
        (&[1, 0, 0], false),
        (&[0xff, 0xff], false),
        (&[3], false),
        (&[], false),
    ] {
        assert_eq!(exponent_is_usable(exponent), usable, "{exponent:x?}");
    }
    let mut asked = template(2048);
    asked.set_bytes(CKA_PUBLIC_EXPONENT, &[0, 0, 1, 0, 3]);
    let pair = generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &asked).unwrap();
    assert_eq!(pair.public.bytes(CKA_PUBLIC_EXPONENT), Some(&[1, 0, 3][..]));
    asked.set_bytes(CKA_PUBLIC_EXPONENT, &[3]);
    let refused = error(generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &asked));
    assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_PUBLIC_EXPONENT)));
}

#[test]
fn a_modulus_is_made_in_steps_of_128_bits_within_the_bounds() {
    let pair = generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template(2176)).unwrap();
    assert_eq!(pair.public.bytes(CKA_MODULUS).map(<[u8]>::len), Some(272));
    for bits in [0, 512, 896, 1023, 1025, 2049, 16385, 16512, 65536 + 2048, u64::MAX] {
        let refused = error(generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &template(bits)));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_MODULUS_BITS)), "{bits}");
    }
    let refused = error(generate(CKM_RSA_PKCS_KEY_PAIR_GEN, &Attributes::new()));
    assert_eq!(refused, Some(Error::TemplateIncomplete(CKA_MODULUS_BITS)));
}

#[test]
fn lost_primes_come_back() {
    let key = small();
    let crt = [CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT];
    let primes = [CKA_PRIME_1, CKA_PRIME_2];
    for lost in
        [&crt[..], &[&crt[..], &primes].concat(), &[&crt[..], &primes, &[CKA_PUBLIC_EXPONENT]].concat()]
    {
        let back = of_class(CKO_PRIVATE_KEY, CKK_RSA, complete(&without(&key, lost)).unwrap());
        assert!(back == key, "the key came back changed");
    }
}

#[test]
fn what_a_private_key_cannot_do_without_is_named() {
    let key = small();
    for (lost, named) in [
        (&[CKA_MODULUS][..], CKA_MODULUS),
        (&[CKA_PRIVATE_EXPONENT], CKA_PRIVATE_EXPONENT),
        (&[CKA_PRIME_1], CKA_PRIME_1),
        (&[CKA_PRIME_2], CKA_PRIME_2),
    ] {
        assert_eq!(error(complete(&without(&key, lost))), Some(Error::TemplateIncomplete(named)));
    }
    let odd = rsa::generate(1024, &[1, 0, 3]).unwrap();
    let odd = of_class(CKO_PRIVATE_KEY, CKK_RSA, components::private_attributes(&odd));
    let refused = error(complete(&without(&odd, &[CKA_PUBLIC_EXPONENT])));
    assert_eq!(refused, Some(Error::TemplateIncomplete(CKA_PUBLIC_EXPONENT)), "not 65537 after all");
    assert!(complete(&odd).is_ok());
}

#[test]
fn no_changed_component_is_believed() {
    let key = small();
    let given = [
        CKA_MODULUS,
        CKA_PUBLIC_EXPONENT,
        CKA_PRIVATE_EXPONENT,
        CKA_PRIME_1,
        CKA_PRIME_2,
        CKA_EXPONENT_1,
        CKA_EXPONENT_2,
        CKA_COEFFICIENT,
    ];
    let primes = [CKA_PRIME_1, CKA_PRIME_2];
    let modulus = key.bytes(CKA_MODULUS).unwrap().to_vec();
    for part in given {
        let right = key.bytes(part).unwrap().to_vec();
        let flipped = |i: usize, bit: u8| {
            let mut bytes = right.clone();
            let i = i % bytes.len();
            bytes[i] ^= bit;
            bytes
        };
        let wrong = [
            flipped(0, 0x80),
            flipped(1, 1),
            flipped(right.len() - 1, 1),
            flipped(right.len() - 1, 2),
            flipped(right.len() / 2, 0x10),
            vec![0],
            vec![1],
            vec![2],
            vec![3],
            vec![0xff; right.len()],
            vec![0xff; right.len() + 1],
            vec![0xff; 9000],
            right[1..].to_vec(),
            [&modulus[..], &[1]].concat(),
        ];
        for value in wrong {
            for lost in [&[][..], &primes] {
                let mut changed = without(&key, lost);
                changed.set_bytes(part, &value);
                if changed.bytes(CKA_PRIME_1).is_some() == changed.bytes(CKA_PRIME_2).is_some() {
                    assert!(complete(&changed).is_err(), "{part:#x} of {} bytes was believed", value.len());
                }
            }
        }
    }
}

#[test]
fn primes_that_are_none_are_found_out() {
    // Odd products p and q with all the relations of a key, d e = 1 modulo p - 1 and q - 1 included.
    let (p, q, d) = (
        hex("d372cb9fd6993a81df759dc9422267529437f03bd0edd05c6ed4f992f4d9caf5f534d6a8fb086ef46ca0808f\
         443e58efd3c9fdbc02a744069f6815036ad4e41f"),
        hex("a19f363bd189f79ee29ffb259d97bdf265e71917f0227e3cdbb88acfb4eed7836b5b48d8d65cb51c858df018\
         7f6cd61d1d726394f2c49a223116586003b90891"),
        hex("00c997c7ef3c7f7bb8f900dc8305d81199aaefd106b370e65ea392b3accbefb90b4ce8bd67f5019aa5230509\
         884e8454def7c7e2a9a8df01b61d60b693b4d8b5eb826f7489c14eb6729cd585796db36e2ff410e21192b48b\
         8995e643e9e4db405dcdbe15ebbd30a78b38918e28941096a48775da8a0ba80bb44d7ca00d4aa141"),
    );
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    let mut key = Attributes::new();
    key.set_bytes(CKA_MODULUS, &number(&p).concatenating_mul(&number(&q)).to_be_bytes());
    key.set_bytes(CKA_PUBLIC_EXPONENT, DEFAULT_EXPONENT);
    key.set_bytes(CKA_PRIVATE_EXPONENT, &d);
    key.set_bytes(CKA_PRIME_1, &p);
    key.set_bytes(CKA_PRIME_2, &q);
    let refused = error(complete(&of_class(CKO_PRIVATE_KEY, CKK_RSA, key)));
    assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_PRIVATE_EXPONENT)));
}

#[test]
fn public_keys_are_taken_within_the_bounds_and_leading_zeros_go() {
    let modulus = hex(PKCS1_MODULUS);
    let padded = public(&[&[0, 0], &modulus[..]].concat(), &[0, 1, 0, 1]);
    let completed = complete(&padded).unwrap();
    assert_eq!(completed.bytes(CKA_MODULUS), Some(&modulus[..]));
    assert_eq!(completed.bytes(CKA_PUBLIC_EXPONENT), Some(DEFAULT_EXPONENT));
    let size = |len: usize| error(complete(&public(&vec![0xff; len], DEFAULT_EXPONENT)));
    assert_eq!([size(64), size(2048)], [None, None]);
    assert_eq!(size(63), Some(Error::AttributeValueInvalid(CKA_MODULUS)));
    assert_eq!(size(2049), Some(Error::AttributeValueInvalid(CKA_MODULUS)));
    let mut even = modulus.clone();
    even[255] &= 0xfe;
    let refused = error(complete(&public(&even, DEFAULT_EXPONENT)));
    assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_MODULUS)));
    for exponent in [&[1][..], &[2], &[0], &[1, 0, 0, 0, 0, 0, 1]] {
        let refused = error(complete(&public(&modulus, exponent)));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_PUBLIC_EXPONENT)), "{exponent:x?}");
    }
    let mut other_info = public(&modulus, DEFAULT_EXPONENT);
    other_info.set_bytes(CKA_PUBLIC_KEY_INFO, b"0");
    assert_eq!(error(complete(&other_info)), Some(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
}

#[test]
fn keys_of_the_wrong_half_or_family_are_refused() {
    let (private, public) = parse_pair(CKK_RSA, made());
    assert_eq!(error(start_sign(&plain(CKM_RSA_PKCS), &public)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_verify(&plain(CKM_RSA_PKCS), &private)), Some(Error::KeyTypeInconsistent));
    assert_eq!(error(start_sign(&plain(CKM_ECDSA), &private)), Some(Error::KeyTypeInconsistent));
}

#[test]
fn more_threads_than_copies_sign_with_one_key() {
    let (private, public) = parse_pair(CKK_RSA, made());
    std::thread::scope(|scope| {
        for mark in 0..24u8 {
            let (private, public) = (&private, &public);
            scope.spawn(move || {
                for _ in 0..3 {
                    let signature = sign(&plain(CKM_RSA_PKCS), private, &[mark; 51]).unwrap();
                    verify(&plain(CKM_RSA_PKCS), public, &[mark; 51], &signature).unwrap();
                }
            });
        }
    });
}
