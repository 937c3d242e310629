//! TABLE: where wrong parameters are answered with something else than `CKR_MECHANISM_PARAM_INVALID`, and why.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_RV, CKM_AES_CCM, CKM_AES_GMAC, CKR_ARGUMENTS_BAD, CKR_KEY_HANDLE_INVALID,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK,
};
use pkcs11_tests::mechanisms::Row;
use pkcs11_tests::mechanisms::forms::Takes;
use pkcs11_tests::mechanisms::spoiling::{How, Spoiled};

use super::functions::Function;

/// Where another answer is right.
struct Otherwise {
    /// Of these mechanisms; of all, where there is none.
    kinds: &'static [CK_MECHANISM_TYPE],
    /// In these functions.
    functions: &'static [&'static str],
    /// The field, without the path to it.
    field: &'static str,
    /// What is wrong with it.
    how: fn(How) -> bool,
    answer: CK_RV,
    /// Who says so.
    #[allow(dead_code, reason = "it is for who reads the table, and no row goes without")]
    why: &'static str,
}

/// All functions that know `CKR_ARGUMENTS_BAD`: `C_EncryptInit` alone leaves it out.
const OTHERS: &[&str] = &[
    "C_DigestInit",
    "C_DecryptInit",
    "C_SignInit",
    "C_VerifyInit",
    "C_SignRecoverInit",
    "C_VerifyRecoverInit",
    "C_WrapKey",
    "C_UnwrapKey",
    "C_DeriveKey",
    "C_GenerateKey",
    "C_GenerateKeyPair",
    "C_EncapsulateKey",
    "C_DecapsulateKey",
];

const TABLE: &[Otherwise] = &[
    Otherwise {
        kinds: &[],
        functions: OTHERS,
        field: "",
        how: |how| matches!(how, How::Null | How::Overflowing),
        answer: CKR_ARGUMENTS_BAD,
        why: "decision 0007: pParameter is a pointer like every other one of the call",
    },
    Otherwise {
        kinds: &[],
        functions: &["C_DeriveKey"],
        field: "hSaltKey",
        how: |how| matches!(how, How::Value(_)),
        answer: CKR_KEY_HANDLE_INVALID,
        why: "section 5.18.5 lists it, and section 5.1.6 describes the case by it",
    },
    Otherwise {
        kinds: &[],
        functions: &["C_DeriveKey"],
        field: "handle",
        how: |how| matches!(how, How::Value(_)),
        answer: CKR_KEY_HANDLE_INVALID,
        why: "the same: of the key in CKM_CONCATENATE_BASE_AND_KEY and CK_SP800_108_KEY_HANDLE",
    },
    Otherwise {
        kinds: &[],
        functions: &["C_VerifyInit"],
        field: "hedgeVariant",
        how: |how| matches!(how, How::Value(_)),
        answer: CKR_OK,
        why: "section 6.67.5: it says how to sign, and nothing on verification",
    },
    Otherwise {
        kinds: &[CKM_AES_CCM],
        functions: &["C_WrapKey", "C_UnwrapKey"],
        field: "ulDataLen",
        how: |how| matches!(how, How::Value(_)),
        answer: CKR_OK,
        why: "section 6.13.6: for a key its own length counts, and not the parameter's",
    },
    Otherwise {
        kinds: &[],
        functions: &["C_EncapsulateKey", "C_DecapsulateKey"],
        field: "pPublicData",
        how: |how| matches!(how, How::Length(0)),
        answer: CKR_OK,
        why: "section 6.3.17: for these functions there is none, and it is the ciphertext",
    },
    Otherwise {
        kinds: &[CKM_AES_GMAC],
        functions: &["C_SignInit", "C_VerifyInit"],
        field: "",
        // Those beside CK_GCM_PARAMS; what is above the longest vector is refused.
        how: |how| matches!(how, How::Length(1..=0x1_0000)),
        answer: CKR_OK,
        why: "section 6.13.5 has an initialisation vector alone in place of the structure, of any length",
    },
];

/// The standard's answer to wrong parameters.
///
/// # Panics
/// When two rows of the table claim them.
pub(super) fn expected(row: &Row, takes: Takes, function: &Function, spoiled: &Spoiled) -> CK_RV {
    // What takes none reads none, wherever they are.
    if matches!(takes, Takes::Nothing) {
        return CKR_MECHANISM_PARAM_INVALID;
    }
    let field = spoiled.field.rsplit('.').next().unwrap_or_default();
    let mut rows = TABLE.iter().filter(|other| {
        (other.kinds.is_empty() || other.kinds.contains(&row.kind))
            && other.functions.contains(&function.name)
            && other.field == field
            && (other.how)(spoiled.how)
    });
    let answer = rows.next().map_or(CKR_MECHANISM_PARAM_INVALID, |other| other.answer);
    assert!(rows.next().is_none(), "{}: two rows for one case", row.name);
    answer
}
