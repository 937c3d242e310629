//! Digests, and keys that are the digest of other keys: the examples that NIST publishes beside FIPS 180-4 and FIPS 202, and
//! those of the RFCs.

use cryptoki_sys::{
    CK_MECHANISM, CKK_GENERIC_SECRET, CKM_BLAKE2B_160, CKM_BLAKE2B_160_KEY_DERIVE, CKM_BLAKE2B_256,
    CKM_BLAKE2B_256_KEY_DERIVE, CKM_BLAKE2B_384, CKM_BLAKE2B_384_KEY_DERIVE, CKM_BLAKE2B_512,
    CKM_BLAKE2B_512_KEY_DERIVE, CKM_MD5, CKM_MD5_KEY_DERIVATION, CKM_RIPEMD160, CKM_SHA_1,
    CKM_SHA1_KEY_DERIVATION, CKM_SHA3_224, CKM_SHA3_224_KEY_DERIVATION, CKM_SHA3_256,
    CKM_SHA3_256_KEY_DERIVATION, CKM_SHA3_384, CKM_SHA3_384_KEY_DERIVATION, CKM_SHA3_512,
    CKM_SHA3_512_KEY_DERIVATION, CKM_SHA224, CKM_SHA224_KEY_DERIVATION, CKM_SHA256,
    CKM_SHA256_KEY_DERIVATION, CKM_SHA384, CKM_SHA384_KEY_DERIVATION, CKM_SHA512, CKM_SHA512_224,
    CKM_SHA512_224_KEY_DERIVATION, CKM_SHA512_256, CKM_SHA512_256_KEY_DERIVATION, CKM_SHA512_KEY_DERIVATION,
    CKM_SHA512_T, CKM_SHA512_T_KEY_DERIVATION, CKM_SHAKE_128_KEY_DERIVATION, CKM_SHAKE_256_KEY_DERIVATION,
};
use pkcs11_tests::mechanism;
use pkcs11_tests::mechanisms::operation::DIGESTING;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::with;

use crate::desk::Desk;

const ABC: &[u8] = b"abc";
const TWO_BLOCKS: &[u8] = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
const TWO_LONG_BLOCKS: &[u8] = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno\
                                 ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

/// Mechanism, message and digest.
const SECURE_HASH_STANDARD: &[(u64, &[u8], &str)] = &[
    (CKM_SHA_1, ABC, "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (CKM_SHA_1, TWO_BLOCKS, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    (CKM_SHA224, ABC, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
    (CKM_SHA224, TWO_BLOCKS, "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525"),
    (CKM_SHA256, ABC, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (CKM_SHA256, TWO_BLOCKS, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    (
        CKM_SHA384,
        ABC,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
         8086072ba1e7cc2358baeca134c825a7",
    ),
    (
        CKM_SHA384,
        TWO_LONG_BLOCKS,
        "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712\
         fcc7c71a557e2db966c3e9fa91746039",
    ),
    (
        CKM_SHA512,
        ABC,
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
    (
        CKM_SHA512,
        TWO_LONG_BLOCKS,
        "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018\
         501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
    ),
    (CKM_SHA512_224, ABC, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
    (CKM_SHA512_224, TWO_LONG_BLOCKS, "23fec5bb94d60b23308192640b0c453335d664734fe40e7268674af9"),
    (CKM_SHA512_256, ABC, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    (CKM_SHA512_256, TWO_LONG_BLOCKS, "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"),
];

/// The same of SHA-3.
const SHA3: &[(u64, &[u8], &str)] = &[
    (CKM_SHA3_224, ABC, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
    (CKM_SHA3_256, ABC, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
    (
        CKM_SHA3_384,
        ABC,
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
    ),
    (
        CKM_SHA3_512,
        ABC,
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
         10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
    ),
];

/// RFC 1321 appendix A.5, the figures of RIPEMD-160's authors, and RFC 7693 appendix A.
const OF_OTHERS: &[(u64, &str, &str)] = &[
    (CKM_MD5, "RFC 1321", "900150983cd24fb0d6963f7d28e17f72"),
    (CKM_RIPEMD160, "RIPEMD-160, its authors' figures", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
    (
        CKM_BLAKE2B_512,
        "RFC 7693",
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
         7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
    ),
    (
        CKM_BLAKE2B_384,
        "V, vlib/crypto/blake2b",
        "6f56a82c8e7ef526dfe182eb5212f7db9df1317e57815dbda46083fc30f54ee6c66ba83be64b302d7cba6ce15bb556f4",
    ),
    (
        CKM_BLAKE2B_256,
        "V, vlib/crypto/blake2b",
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
    ),
    (CKM_BLAKE2B_160, "V, vlib/crypto/blake2b", "384264f676f39536840523f284921cdc68b6846b"),
];

/// SHA-512/t by its parameter, as FIPS 180-4 has it by name.
const CUT: &[(u64, &str)] = &[
    (224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
    (256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
];

/// A digest, and the derivation by it.
const DERIVATIONS: &[(u64, u64)] = &[
    (CKM_SHA_1, CKM_SHA1_KEY_DERIVATION),
    (CKM_SHA224, CKM_SHA224_KEY_DERIVATION),
    (CKM_SHA256, CKM_SHA256_KEY_DERIVATION),
    (CKM_SHA384, CKM_SHA384_KEY_DERIVATION),
    (CKM_SHA512, CKM_SHA512_KEY_DERIVATION),
    (CKM_SHA512_224, CKM_SHA512_224_KEY_DERIVATION),
    (CKM_SHA512_256, CKM_SHA512_256_KEY_DERIVATION),
    (CKM_SHA3_224, CKM_SHA3_224_KEY_DERIVATION),
    (CKM_SHA3_256, CKM_SHA3_256_KEY_DERIVATION),
    (CKM_SHA3_384, CKM_SHA3_384_KEY_DERIVATION),
    (CKM_SHA3_512, CKM_SHA3_512_KEY_DERIVATION),
    (CKM_BLAKE2B_160, CKM_BLAKE2B_160_KEY_DERIVE),
    (CKM_BLAKE2B_256, CKM_BLAKE2B_256_KEY_DERIVE),
    (CKM_BLAKE2B_384, CKM_BLAKE2B_384_KEY_DERIVE),
    (CKM_BLAKE2B_512, CKM_BLAKE2B_512_KEY_DERIVE),
    (CKM_MD5, CKM_MD5_KEY_DERIVATION),
];

/// NIST's examples of SHAKE with a message of 1600 bits, 200 bytes of a3: the first bytes.
const SHAKE: &[(u64, &str)] = &[
    (CKM_SHAKE_128_KEY_DERIVATION, "131ab8d2b594946b9c81333f9bb6e0ce75c3b93104fa3469d3917457385da037"),
    (CKM_SHAKE_256_KEY_DERIVATION, "cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d"),
];

const FIPS_180: &str = "FIPS 180-4, NIST's examples";
const FIPS_202: &str = "FIPS 202, NIST's examples";

pub(crate) fn run(desk: &Desk<'_>) {
    digests(desk, FIPS_180, SECURE_HASH_STANDARD);
    derivations(desk, FIPS_180, SECURE_HASH_STANDARD);
    digests(desk, FIPS_202, SHA3);
    derivations(desk, FIPS_202, SHA3);
    for (kind, source, digest) in OF_OTHERS {
        digests(desk, source, &[(*kind, ABC, digest)]);
        derivations(desk, source, &[(*kind, ABC, digest)]);
    }
    for (bits, digest) in CUT {
        let found = DIGESTING.whole(desk.m, desk.session, &with(CKM_SHA512_T, bits), 0, ABC);
        desk.compare(CKM_SHA512_T, FIPS_180, bits, &found, &unhex(digest));
        derived(desk, &with(CKM_SHA512_T_KEY_DERIVATION, bits), FIPS_180, ABC, digest);
    }
    for (kind, value) in SHAKE {
        derived(desk, &mechanism(*kind), FIPS_202, &[0xa3; 200], value);
    }
}

/// Keys whose digests were published as those of messages.
fn derivations(desk: &Desk<'_>, source: &str, rows: &[(u64, &[u8], &str)]) {
    for (digest, key, value) in rows {
        let row = DERIVATIONS.iter().find(|(by, _)| by == digest);
        row.into_iter().for_each(|(_, kind)| derived(desk, &mechanism(*kind), source, key, value));
    }
}

fn derived(desk: &Desk<'_>, by: &CK_MECHANISM, source: &str, base: &[u8], value: &str) {
    let value = unhex(value);
    let found = desk.with_secret(CKK_GENERIC_SECRET, base, |key| desk.derive(by, key, value.len()));
    desk.compare(by.mechanism, source, format!("{} bytes", base.len()), &found, &value);
}

/// Digests of published messages.
pub(crate) fn digests(desk: &Desk<'_>, source: &str, rows: &[(u64, &[u8], &str)]) {
    for (kind, message, digest) in rows {
        let found = desk.digest(*kind, message);
        desk.compare(*kind, source, format!("{} bytes", message.len()), &found, &unhex(digest));
    }
}
