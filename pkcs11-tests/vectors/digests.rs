//! Digests: the examples that NIST publishes beside FIPS 180-4.

use cryptoki_sys::{
    CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_256,
};
use pkcs11_tests::program::unhex;

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

pub(crate) fn run(desk: &Desk<'_>) {
    digests(desk, "FIPS 180-4, NIST's examples", SECURE_HASH_STANDARD);
}

/// Digests of published messages.
pub(crate) fn digests(desk: &Desk<'_>, source: &str, rows: &[(u64, &[u8], &str)]) {
    for (kind, message, digest) in rows {
        let found = desk.digest(*kind, message);
        desk.compare(*kind, source, format!("{} bytes", message.len()), &found, &unhex(digest));
    }
}
