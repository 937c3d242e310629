//! TABLE: the calls of each errand, and the mechanisms that they are made with.

use cryptoki_sys::{
    CK_USER_TYPE, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_ECB,
    CKM_AES_GCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_ECDSA, CKM_ECDSA_SHA256,
    CKM_EDDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA512_HMAC,
    CKU_SO, CKU_USER,
};

/// A call of an errand.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Call(&'static str),
    LogIn(CK_USER_TYPE),
    /// A login with a wrong PIN: whatever it answers, the errand goes on.
    Guess(CK_USER_TYPE),
}

use Step::{Call, Guess, LogIn};

/// What errands of a kind have in common.
pub(super) struct Plan {
    /// How often, beside the others.
    pub(super) weight: u64,
    /// Mechanisms to sign with.
    pub(super) signers: &'static [u64],
    /// Mechanisms to encrypt or wrap with.
    pub(super) ciphers: &'static [u64],
    pub(super) steps: &'static [Step],
}

const PLAIN: Plan = Plan { weight: 60, signers: WHOLE_SIGNERS, ciphers: CIPHERS_IN_PARTS, steps: &[] };

const WHOLE_SIGNERS: &[u64] = &[
    CKM_ECDSA,
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_PSS,
    CKM_ECDSA_SHA256,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA512_HMAC,
    CKM_EDDSA,
    CKM_AES_CMAC,
    CKM_AES_CMAC_GENERAL,
    CKM_SHA256_HMAC_GENERAL,
];
const SIGNERS_IN_PARTS: &[u64] = &[
    CKM_ECDSA_SHA256,
    CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA_1_HMAC,
    CKM_SHA256_HMAC,
    CKM_SHA512_HMAC,
    CKM_EDDSA,
    CKM_AES_CMAC,
    CKM_AES_CMAC_GENERAL,
    CKM_SHA256_HMAC_GENERAL,
];
const WHOLE_CIPHERS: &[u64] = &[
    CKM_AES_ECB,
    CKM_AES_CBC,
    CKM_AES_CBC_PAD,
    CKM_AES_CTR,
    CKM_AES_GCM,
    CKM_RSA_PKCS,
    CKM_RSA_PKCS_OAEP,
    CKM_RSA_X_509,
];
const CIPHERS_IN_PARTS: &[u64] = &[CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM];
const RECOVERERS: &[u64] = &[CKM_RSA_PKCS, CKM_RSA_X_509];
const WRAPPERS: &[u64] =
    &[CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_KWP, CKM_AES_CBC_PAD, CKM_RSA_PKCS_OAEP];
/// What these take is not of any length.
pub(super) const FUSSY: &[u64] =
    &[CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509];

pub(super) const PLANS: &[Plan] = &[
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_Sign"),
            Call("C_VerifyInit"),
            Call("C_Verify"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: SIGNERS_IN_PARTS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_SignUpdate"),
            Call("C_SignUpdate"),
            Call("C_SignFinal"),
            Call("C_VerifyInit"),
            Call("C_VerifyUpdate"),
            Call("C_VerifyUpdate"),
            Call("C_VerifyFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: RECOVERERS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignRecoverInit"),
            Call("C_SignRecover"),
            Call("C_VerifyRecoverInit"),
            Call("C_VerifyRecover"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        ciphers: WHOLE_CIPHERS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_EncryptInit"),
            Call("C_Encrypt"),
            Call("C_DecryptInit"),
            Call("C_Decrypt"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_EncryptInit"),
            Call("C_EncryptUpdate"),
            Call("C_EncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_DecryptInit"),
            Call("C_DecryptUpdate"),
            Call("C_DecryptFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_DigestInit"),
            Call("C_EncryptInit"),
            Call("C_DigestEncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_DigestFinal"),
            Call("C_DecryptInit"),
            Call("C_DigestInit"),
            Call("C_DecryptDigestUpdate"),
            Call("C_DecryptFinal"),
            Call("C_DigestFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        signers: SIGNERS_IN_PARTS,
        steps: &[
            Call("C_OpenSession"),
            Call("C_SignInit"),
            Call("C_EncryptInit"),
            Call("C_SignEncryptUpdate"),
            Call("C_EncryptFinal"),
            Call("C_SignFinal"),
            Call("C_DecryptInit"),
            Call("C_VerifyInit"),
            Call("C_DecryptVerifyUpdate"),
            Call("C_DecryptFinal"),
            Call("C_VerifyFinal"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_OpenSession"),
            Call("C_DigestInit"),
            Call("C_DigestUpdate"),
            Call("C_DigestKey"),
            Call("C_GetOperationState"),
            Call("C_DigestFinal"),
            Call("C_SetOperationState"),
            Call("C_DigestFinal"),
            Call("C_DigestInit"),
            Call("C_Digest"),
            Call("C_CloseSession"),
        ],
        ..PLAIN
    },
    Plan {
        ciphers: WRAPPERS,
        steps: &[Call("C_WrapKey"), Call("C_UnwrapKey"), Call("C_GetObjectSize"), Call("C_DestroyObject")],
        ..PLAIN
    },
    Plan {
        steps: &[
            Call("C_CreateObject"),
            Call("C_GetAttributeValue"),
            Call("C_SetAttributeValue"),
            Call("C_CopyObject"),
            Call("C_FindObjectsInit"),
            Call("C_FindObjects"),
            Call("C_FindObjectsFinal"),
            Call("C_DestroyObject"),
        ],
        ..PLAIN
    },
    Plan {
        weight: 20,
        steps: &[
            Call("C_GenerateKey"),
            Call("C_GenerateKeyPair"),
            Call("C_DeriveKey"),
            Call("C_GenerateRandom"),
            Call("C_SeedRandom"),
        ],
        ..PLAIN
    },
    Plan {
        weight: 10,
        steps: &[Call("C_OpenSession"), Call("C_Logout"), LogIn(CKU_USER), Call("C_SetPIN")],
        ..PLAIN
    },
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_SetPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_InitToken"),
            Call("C_OpenSession"),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    // The user forgets his PIN, and the officer gives him another.
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            Guess(CKU_USER),
            Guess(CKU_USER),
            Guess(CKU_USER),
            Guess(CKU_USER),
            LogIn(CKU_SO),
            Call("C_InitPIN"),
            Call("C_Logout"),
            LogIn(CKU_USER),
        ],
        ..PLAIN
    },
    // The officer forgets his: nobody can help, and the token is given up.
    Plan {
        weight: 1,
        steps: &[
            Call("C_CloseAllSessions"),
            Call("C_OpenSession"),
            Guess(CKU_SO),
            Guess(CKU_SO),
            Guess(CKU_SO),
            Guess(CKU_SO),
        ],
        ..PLAIN
    },
    Plan {
        weight: 2,
        steps: &[Call("C_Finalize"), Call("C_Initialize"), Call("C_OpenSession"), LogIn(CKU_USER)],
        ..PLAIN
    },
];
