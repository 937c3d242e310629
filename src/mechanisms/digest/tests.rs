use super::*;
use crate::aws_lc::hash::oracle::{self, Other};
use crate::fixtures::hex;
use pkcs11::PssParameters;
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use sha3::Digest;

/// The message "abc" and the empty one: FIPS 180-4 and NIST's examples of SHA-3; RFC 1321 appendix A.5; the figures of
/// RIPEMD-160's authors; RFC 7693 appendix A, and of the shorter digests of BLAKE2b what the reference implementation
/// gives.
const VECTORS: [(MechanismType, &[u8], &str); 21] = [
    (CKM_SHA_1, b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (CKM_SHA224, b"abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
    (CKM_SHA512_224, b"abc", "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
    (CKM_SHA512_256, b"abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    (CKM_SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (CKM_SHA256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
        CKM_SHA384,
        b"abc",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    ),
    (
        CKM_SHA512,
        b"abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
    (
        CKM_SHA512,
        b"",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
         47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ),
    (CKM_SHA3_224, b"abc", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
    (CKM_SHA3_256, b"abc", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
    (CKM_SHA3_256, b"", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
    (
        CKM_SHA3_384,
        b"abc",
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
    ),
    (
        CKM_SHA3_512,
        b"abc",
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
         10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
    ),
    (CKM_BLAKE2B_160, b"abc", "384264f676f39536840523f284921cdc68b6846b"),
    (CKM_BLAKE2B_256, b"abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    (
        CKM_BLAKE2B_384,
        b"abc",
        "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4",
    ),
    (
        CKM_BLAKE2B_512,
        b"abc",
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
         7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
    ),
    (CKM_MD5, b"abc", "900150983cd24fb0d6963f7d28e17f72"),
    (CKM_MD5, b"", "d41d8cd98f00b204e9800998ecf8427e"),
    (CKM_RIPEMD160, b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
];

/// SHA-512/t of "abc": for 224 and 256 FIPS 180-4's figures, for the others those of an independent implementation,
/// written from the standard's text.
const CUT: [(u64, &str); 9] = [
    (224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
    (256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    (1, "00"),
    (13, "a378"),
    (128, "3b273530347747cde5c927ff8d34b6ef"),
    (160, "0a74fe1b43eecbea62182658da8a68b8acef25bf"),
    (380, "d06af5a0a73c82490e8586d76d90832010a3eae8830b188f66b4e3973812d0d6692978d27ea535af7663aeae8f204e30"),
    (
        504,
        "8c43e4bf1cad93067af1ad632ba38bba0b5673bf0129f01a469224c2d981b8ec\
         aa301facf8e392f97efc5997885a1c90cefba70d81892f40267df4fd6fef9a",
    ),
    (
        511,
        "71a80c6a46fbd2d092522f3a5d7750b9daa2c59f2ff05dfde25cd68e53317f4e\
         79a080da3d4145b3fc2d8fe520cd787da4bb0165a90296a99a9a9b87994a087c",
    ),
];

fn start(mechanism_type: MechanismType) -> Box<dyn Digesting> {
    digest(&Mechanism { mechanism_type, parameters: Parameters::None }).unwrap()
}

#[test]
fn published_digests_come_out_whatever_the_parts() {
    for (mechanism, message, expected) in VECTORS {
        for part_len in [1, 2, 100] {
            let mut running = start(mechanism);
            message.chunks(part_len).for_each(|part| running.update(part).unwrap());
            let mut out = vec![0; running.digest_len()];
            running.finish(&mut out).unwrap();
            assert_eq!(out, hex(expected));
        }
    }
}

fn cut_to(t: u64) -> Result<Box<dyn Digesting>> {
    digest(&Mechanism { mechanism_type: CKM_SHA512_T, parameters: Parameters::MacLen(t) })
}

fn finished(running: Box<dyn Digesting>) -> Vec<u8> {
    let mut out = vec![0; running.digest_len()];
    running.finish(&mut out).unwrap();
    out
}

#[test]
fn sha_512_is_cut_to_any_number_of_bits() {
    for (t, expected) in CUT {
        let mut running = cut_to(t).unwrap();
        b"abc".iter().for_each(|byte| running.update(&[*byte]).unwrap());
        assert_eq!(finished(running), hex(expected), "SHA-512/{t}");
    }
    let message: Vec<u8> = (0..=255).collect();
    for (t, whole) in [(224, CKM_SHA512_224), (256, CKM_SHA512_256)] {
        let [mut one, mut other] = [cut_to(t).unwrap(), start(whole)];
        one.update(&message).unwrap();
        other.update(&message).unwrap();
        assert_eq!(finished(one), finished(other));
    }
}

#[test]
fn bits_that_sha_512_is_not_cut_to_are_refused() {
    let wrong = [0, 384, 512, 513, 65536 + 224, u64::MAX].map(Parameters::MacLen);
    for parameters in wrong.into_iter().chain([Parameters::None, Parameters::Unknown]) {
        let refused = digest(&Mechanism { mechanism_type: CKM_SHA512_T, parameters }).err();
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
}

fn theirs(function: Function, message: &[u8]) -> Option<Vec<u8>> {
    Some(match function {
        Function::Sha(Hash::Sha3_224) => sha3::Sha3_224::digest(message).to_vec(),
        Function::Sha(Hash::Sha3_256) => sha3::Sha3_256::digest(message).to_vec(),
        Function::Sha(Hash::Sha3_384) => sha3::Sha3_384::digest(message).to_vec(),
        Function::Sha(Hash::Sha3_512) => sha3::Sha3_512::digest(message).to_vec(),
        Function::Sha(hash) => oracle::digest(Other::Sha(hash), message),
        Function::Md5 => oracle::digest(Other::Md5, message),
        Function::Ripemd160 => oracle::digest(Other::Ripemd160, message),
        Function::Blake2b256 => oracle::digest(Other::Blake2b256, message),
        Function::Sha512T(_) | Function::Blake2b160 | Function::Blake2b384 | Function::Blake2b512 => {
            return None;
        }
    })
}

proptest! {
    #[test]
    fn another_implementation_agrees_and_the_parts_do_not_matter(
        message in vec(any::<u8>(), 0..600),
        cuts in (0usize..600, 0usize..600),
    ) {
        for row in HASHES {
            let whole = super::of(row.function, &[&message]).unwrap();
            if let Some(expected) = theirs(row.function, &message) {
                prop_assert_eq!(whole.as_ref(), expected);
            }
            let (first, rest) = message.split_at(cuts.0.min(message.len()));
            let (second, third) = rest.split_at(cuts.1.min(rest.len()));
            let parts = super::of(row.function, &[first, second, third]).unwrap();
            prop_assert_eq!(whole.as_ref(), parts.as_ref());
        }
    }
}

/// The digests whose state a library tells, by the mechanism that starts them.
fn told() -> Vec<Mechanism> {
    let cut = Mechanism { mechanism_type: CKM_SHA512_T, parameters: Parameters::MacLen(200) };
    let whole =
        HASHES.iter().map(|row| Mechanism { mechanism_type: row.digest, parameters: Parameters::None });
    whole.chain([cut]).filter(|mechanism| digest(mechanism).unwrap().save().is_some()).collect()
}

#[test]
fn the_state_of_sha_3_and_blake2b_alone_is_not_told() {
    let untold = [
        CKM_SHA3_224,
        CKM_SHA3_256,
        CKM_SHA3_384,
        CKM_SHA3_512,
        CKM_BLAKE2B_160,
        CKM_BLAKE2B_256,
        CKM_BLAKE2B_384,
        CKM_BLAKE2B_512,
    ];
    let told: Vec<_> = told().iter().map(|mechanism| mechanism.mechanism_type).collect();
    for row in MECHANISMS {
        assert_eq!(told.contains(&row.mechanism), !untold.contains(&row.mechanism), "{:#x}", row.mechanism);
    }
    for mechanism in untold {
        assert_eq!(start(mechanism).restore(&[0; 200]), Err(Error::SavedStateInvalid));
    }
}

#[test]
fn a_digest_that_was_saved_goes_on_where_it_was() {
    let message: Vec<u8> = (0..=255).collect();
    for mechanism in told() {
        let mut whole = digest(&mechanism).unwrap();
        whole.update(&message).unwrap();
        let expected = finished(whole);
        for cut in [0, 1, 63, 64, 65, 127, 128, 129, 256] {
            let (before, after) = message.split_at(cut);
            let mut first = digest(&mechanism).unwrap();
            first.update(before).unwrap();
            let mut second = digest(&mechanism).unwrap();
            second.restore(first.save().unwrap().expose()).unwrap();
            second.update(after).unwrap();
            assert_eq!(finished(second), expected);
        }
    }
}

#[test]
fn what_is_no_state_of_this_digest_is_refused() {
    for mechanism in told() {
        let mut running = digest(&mechanism).unwrap();
        let state = running.save().unwrap();
        for state in [&[], &state.expose()[1..], &[state.expose(), &[0]].concat(), &vec![255; state.len()]] {
            assert_eq!(running.restore(state), Err(Error::SavedStateInvalid));
        }
    }
}

#[test]
fn a_digest_takes_no_parameter() {
    let pss = PssParameters { hash: CKM_SHA256, mgf: 0, salt_len: 0 };
    for parameters in [Parameters::Unknown, Parameters::Pss(pss)] {
        let refused = digest(&Mechanism { mechanism_type: CKM_SHA256, parameters }).err();
        assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
    }
}
