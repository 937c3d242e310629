//! Keys out of keys: SP 800-108 by NIST's ACVP, and the examples that PKCS#11 gives for joining and cutting.

use cryptoki_sys::{
    CKK_AES, CKK_GENERIC_SECRET, CKM_AES_CMAC, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_KEY,
    CKM_CONCATENATE_DATA_AND_BASE, CKM_EXTRACT_KEY_FROM_KEY, CKM_SHA256_HMAC, CKM_SHA384_HMAC,
    CKM_XOR_BASE_AND_DATA,
};
use pkcs11_tests::mechanisms::Structure;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::derivations::{counter_kdf, double_pipeline_kdf, feedback_kdf, string_data};
use pkcs11_tests::raw::parameters::with;

use crate::desk::Desk;

enum Mode {
    Counter,
    Feedback,
    DoublePipeline,
}

/// A case of ACVP's KDF-1.0 with the counter before the fixed data.
struct Row {
    mode: Mode,
    function: u64,
    key_type: u64,
    /// Width of the counter.
    bits: u64,
    key: &'static str,
    fixed: &'static str,
    iv: &'static str,
    output: &'static str,
}

/// Cases 11, 2771 and 5355 of the sample.
const SP_800_108: &[Row] = &[
    Row {
        mode: Mode::Counter,
        function: CKM_AES_CMAC,
        key_type: CKK_AES,
        bits: 8,
        key: "951956ad105a4f772b8f25c8a681d92d",
        fixed: "c29f8bf900546d5959df3ab416835f31",
        iv: "",
        output: "7668e606435d9d8011f25c55c50def6124196f88a5658daaa81be2c27c1aa646f5df767d8ed6e0d84ed6dc1bf49839e6\
                 1c42c3f5e6533765bec32069f6f81c5d",
    },
    Row {
        mode: Mode::Feedback,
        function: CKM_SHA256_HMAC,
        key_type: CKK_GENERIC_SECRET,
        bits: 16,
        key: "95e1bd4d31e0126c8e9e761e7493517f",
        fixed: "b594b10d9ab2ee20ace4a79493f33d02",
        iv: "849822fd07e6abbc4f03dd15ccf6db432da1b7faed6984c1a530d317d4c56a99",
        output: "37df0b4aa2e3ab028c68ae66052d7c4a4d52cf0e30df220d4ad724ee9817ee72a28093b0cc6fe65dd70801f4c68eafb3\
                 a46abe471927538b34c28caf976a80e7",
    },
    Row {
        mode: Mode::DoublePipeline,
        function: CKM_SHA384_HMAC,
        key_type: CKK_GENERIC_SECRET,
        bits: 24,
        key: "78bd73c8d42b6c280d8658ceb0f63cc0",
        fixed: "5eb91e64caf4903c81f400eb8a7b10ef",
        iv: "",
        output: "10481065e0574b95b65a2570de1be097f8e6d9fcb4f6662e7ad71219580a12240a41e183db4bbc16c8a82aa7ed61dc64\
                 e1a77b19871944d7942cbfa419fa4e574353e609a9b45b9717310cbbe870b80a7f1c3272a268ae71793fdbd8de974062",
    },
];

pub(crate) fn run(desk: &Desk<'_>) {
    for row in SP_800_108 {
        let (fixed, iv, output) = (unhex(row.fixed), unhex(row.iv), unhex(row.output));
        let by: Box<dyn Structure> = match row.mode {
            Mode::Counter => Box::new(counter_kdf(row.function, row.bits, &fixed)),
            Mode::Feedback => Box::new(feedback_kdf(row.function, row.bits, &fixed, &iv)),
            Mode::DoublePipeline => Box::new(double_pipeline_kdf(row.function, row.bits, &fixed)),
        };
        let by = by.mechanism();
        let found =
            desk.with_secret(row.key_type, &unhex(row.key), |key| desk.derive(&by, key, output.len()));
        desk.compare(by.mechanism, "NIST ACVP KDF-1.0", "output", &found, &output);
    }
    joined_and_cut(desk);
}

/// The examples of sections 6.43.3 to 6.43.7, whose keys have four bytes: the same bytes four times, since no derived key
/// has fewer than 14 (decision 0023).
fn joined_and_cut(desk: &Desk<'_>) {
    let source = "PKCS#11 v3.2 section 6.43, its examples four times over";
    let (base, other) = ([0x01, 0x23, 0x45, 0x67].repeat(4), [0x89, 0xab, 0xcd, 0xef].repeat(4));
    let rows = [
        (CKM_CONCATENATE_BASE_AND_DATA, [&base[..], &other].concat()),
        (CKM_CONCATENATE_DATA_AND_BASE, [&other[..], &base].concat()),
        (CKM_XOR_BASE_AND_DATA, vec![0x88; 16]),
    ];
    for (kind, expected) in rows {
        let by = string_data(kind, &other);
        let found = desk
            .with_secret(CKK_GENERIC_SECRET, &base, |key| desk.derive(&by.mechanism(), key, expected.len()));
        desk.compare(kind, source, "the example", &found, &expected);
    }
    let second = desk.secret(CKK_GENERIC_SECRET, &other).unwrap();
    let by = with(CKM_CONCATENATE_BASE_AND_KEY, &second);
    let found = desk.with_secret(CKK_GENERIC_SECRET, &base, |key| desk.derive(&by, key, 32));
    desk.compare(CKM_CONCATENATE_BASE_AND_KEY, source, "the example", &found, &[base, other].concat());
    desk.forget(second);
    let by = with(CKM_EXTRACT_KEY_FROM_KEY, &21u64);
    // The two bytes of the example, and the two that follow around the end.
    let (long, cut) = ([0x32, 0x9f, 0x84, 0xa9].repeat(4), [0x95, 0x26, 0x53, 0xf0].repeat(4));
    let found = desk.with_secret(CKK_GENERIC_SECRET, &long, |key| desk.derive(&by, key, 16));
    desk.compare(CKM_EXTRACT_KEY_FROM_KEY, source, "the example", &found, &cut);
}
