//! TABLE: the mechanisms, each with what it is given and what it can.

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_CCM_PARAMS, CK_CHACHA20_PARAMS, CK_GCM_PARAMS, CK_MECHANISM,
    CK_SALSA20_CHACHA20_POLY1305_PARAMS, CKA_DERIVE, CKF_DECRYPT, CKF_ENCRYPT, CKF_SIGN, CKF_UNWRAP,
    CKF_VERIFY, CKF_WRAP, CKK_AES, CKK_AES_XTS, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3,
    CKK_POLY1305, CKM_AES_CBC, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8,
    CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_GMAC,
    CKM_AES_MAC, CKM_AES_MAC_GENERAL, CKM_AES_OFB, CKM_AES_XCBC_MAC, CKM_AES_XCBC_MAC_96, CKM_AES_XTS,
    CKM_AES_XTS_KEY_GEN, CKM_CAMELLIA_CBC, CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CBC_PAD,
    CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB, CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_KEY_GEN,
    CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL, CKM_CHACHA20, CKM_CHACHA20_KEY_GEN, CKM_CHACHA20_POLY1305,
    CKM_DES_CBC, CKM_DES_CBC_ENCRYPT_DATA, CKM_DES_CBC_PAD, CKM_DES_ECB, CKM_DES_ECB_ENCRYPT_DATA,
    CKM_DES_KEY_GEN, CKM_DES_MAC, CKM_DES_MAC_GENERAL, CKM_DES2_KEY_GEN, CKM_DES3_CBC,
    CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_CBC_PAD, CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB,
    CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_KEY_GEN, CKM_DES3_MAC, CKM_DES3_MAC_GENERAL, CKM_POLY1305,
    CKM_POLY1305_KEY_GEN,
};
use pkcs11_tests::mechanisms::{SEALS_MESSAGES, SIGNS};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Test, mechanism};

use crate::secret_keys::{create, secret_template};

/// What a mechanism is given.
#[derive(Clone, Copy)]
pub(super) enum Given {
    Nothing,
    /// So many bytes of an initialisation vector.
    Iv(usize),
    /// A counter of 64 bits.
    Counter,
    /// A nonce of 13 bytes and a MAC of 16, for the length of the data.
    Ccm,
    /// An initialisation vector of 12 bytes, and a tag of 128 bits.
    Gcm,
    /// A counter of 32 bits and a nonce of 96.
    Stream,
    /// A nonce of 96 bits.
    Sealed,
    /// A length.
    Len(u64),
}

/// Memory that lives as long as the test.
pub(super) fn kept<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

pub(super) const IV: [u8; 16] = *b"sixteen bytes iv";

impl Given {
    /// The mechanism, for `data_len` bytes.
    pub(super) fn of(self, by: u64, data_len: usize) -> CK_MECHANISM {
        let iv = kept(IV);
        let start = iv.as_mut_ptr();
        match self {
            Self::Nothing => mechanism(by),
            Self::Iv(len) => with(by, &kept(IV)[..len]),
            Self::Counter => with(by, kept(CK_AES_CTR_PARAMS { ulCounterBits: 64, cb: [7; 16] })),
            Self::Ccm => with(
                by,
                kept(CK_CCM_PARAMS {
                    ulDataLen: data_len as u64,
                    pNonce: start,
                    ulNonceLen: 13,
                    pAAD: start,
                    ulAADLen: 5,
                    ulMACLen: 16,
                }),
            ),
            Self::Gcm => with(
                by,
                kept(CK_GCM_PARAMS {
                    pIv: start,
                    ulIvLen: 12,
                    ulIvBits: 96,
                    pAAD: std::ptr::null_mut(),
                    ulAADLen: 0,
                    ulTagBits: 128,
                }),
            ),
            Self::Stream => with(
                by,
                kept(CK_CHACHA20_PARAMS {
                    pBlockCounter: kept([9u8, 0, 0, 0]).as_mut_ptr(),
                    blockCounterBits: 32,
                    pNonce: start,
                    ulNonceBits: 96,
                }),
            ),
            Self::Sealed => with(
                by,
                kept(CK_SALSA20_CHACHA20_POLY1305_PARAMS {
                    pNonce: start,
                    ulNonceLen: 96,
                    pAAD: start,
                    ulAADLen: 5,
                }),
            ),
            Self::Len(len) => with(by, kept(len)),
        }
    }
}

/// A mechanism of ciphers or MACs.
pub(super) struct Row {
    pub(super) by: u64,
    pub(super) given: Given,
    pub(super) key_type: u64,
    /// Bytes of the key that is tried.
    pub(super) key: usize,
    pub(super) sizes: (u64, u64),
    pub(super) flags: u64,
}

pub(super) const ED: u64 = CKF_ENCRYPT | CKF_DECRYPT;
pub(super) const EDW: u64 = ED | CKF_WRAP;
pub(super) const EDWU: u64 = EDW | CKF_UNWRAP;
pub(super) const SV: u64 = SIGNS;
/// Signs and verifies, and no messages.
const ONCE: u64 = CKF_SIGN | CKF_VERIFY;

pub(super) const fn row(
    by: u64,
    given: Given,
    key_type: u64,
    key: usize,
    sizes: (u64, u64),
    flags: u64,
) -> Row {
    Row { by, given, key_type, key, sizes, flags }
}

pub(super) const ROWS: &[Row] = &[
    row(CKM_AES_CFB1, Given::Iv(16), CKK_AES, 16, (16, 32), EDWU),
    row(CKM_AES_CFB8, Given::Iv(16), CKK_AES, 24, (16, 32), EDWU),
    row(CKM_AES_CFB64, Given::Iv(16), CKK_AES, 32, (16, 32), EDWU),
    row(CKM_AES_CFB128, Given::Iv(16), CKK_AES, 16, (16, 32), EDWU),
    row(CKM_AES_OFB, Given::Iv(16), CKK_AES, 24, (16, 32), EDWU),
    row(CKM_AES_CTS, Given::Iv(16), CKK_AES, 32, (16, 32), EDWU),
    row(CKM_AES_CCM, Given::Ccm, CKK_AES, 16, (16, 32), EDWU | SEALS_MESSAGES),
    row(CKM_AES_XTS, Given::Iv(16), CKK_AES_XTS, 32, (32, 64), ED),
    row(CKM_AES_XTS, Given::Iv(16), CKK_AES_XTS, 64, (32, 64), ED),
    row(CKM_AES_GMAC, Given::Gcm, CKK_AES, 16, (16, 32), ONCE),
    row(CKM_AES_GMAC, Given::Iv(12), CKK_AES, 16, (16, 32), ONCE),
    row(CKM_AES_MAC, Given::Nothing, CKK_AES, 24, (16, 32), SV),
    row(CKM_AES_MAC_GENERAL, Given::Len(12), CKK_AES, 32, (16, 32), SV),
    row(CKM_AES_XCBC_MAC, Given::Nothing, CKK_AES, 16, (16, 16), SV),
    row(CKM_AES_XCBC_MAC_96, Given::Nothing, CKK_AES, 16, (16, 16), SV),
    row(CKM_DES_ECB, Given::Nothing, CKK_DES, 8, (8, 8), EDW),
    row(CKM_DES_CBC, Given::Iv(8), CKK_DES, 8, (8, 8), EDW),
    row(CKM_DES_CBC_PAD, Given::Iv(8), CKK_DES, 8, (8, 8), EDWU),
    row(CKM_DES_MAC, Given::Nothing, CKK_DES, 8, (8, 8), SV),
    row(CKM_DES_MAC_GENERAL, Given::Len(8), CKK_DES, 8, (8, 8), SV),
    row(CKM_DES3_ECB, Given::Nothing, CKK_DES2, 16, (16, 24), EDW),
    row(CKM_DES3_CBC, Given::Iv(8), CKK_DES3, 24, (16, 24), EDW),
    row(CKM_DES3_CBC_PAD, Given::Iv(8), CKK_DES3, 24, (16, 24), EDWU),
    row(CKM_DES3_MAC, Given::Nothing, CKK_DES2, 16, (16, 24), SV),
    row(CKM_DES3_MAC_GENERAL, Given::Len(1), CKK_DES3, 24, (16, 24), SV),
    row(CKM_DES3_CMAC, Given::Nothing, CKK_DES3, 24, (16, 24), SV),
    row(CKM_DES3_CMAC_GENERAL, Given::Len(8), CKK_DES2, 16, (16, 24), SV),
    row(CKM_CAMELLIA_ECB, Given::Nothing, CKK_CAMELLIA, 16, (16, 32), EDWU),
    row(CKM_CAMELLIA_CBC, Given::Iv(16), CKK_CAMELLIA, 24, (16, 32), EDWU),
    row(CKM_CAMELLIA_CBC_PAD, Given::Iv(16), CKK_CAMELLIA, 32, (16, 32), EDWU),
    row(CKM_CAMELLIA_CTR, Given::Counter, CKK_CAMELLIA, 16, (16, 32), ED),
    row(CKM_CAMELLIA_MAC, Given::Nothing, CKK_CAMELLIA, 16, (16, 32), SV),
    row(CKM_CAMELLIA_MAC_GENERAL, Given::Len(16), CKK_CAMELLIA, 24, (16, 32), SV),
    row(CKM_CHACHA20, Given::Stream, CKK_CHACHA20, 32, (32, 32), EDWU),
    row(CKM_CHACHA20_POLY1305, Given::Sealed, CKK_CHACHA20, 32, (32, 32), ED | SEALS_MESSAGES),
    row(CKM_POLY1305, Given::Nothing, CKK_POLY1305, 32, (32, 32), ONCE),
];

/// A generation of keys.
pub(super) struct Generation {
    pub(super) by: u64,
    pub(super) key_type: u64,
    pub(super) sizes: (u64, u64),
    /// The length to ask for, where the template must tell one.
    pub(super) asked: Option<u64>,
    /// Bytes of the key.
    pub(super) len: usize,
}

const fn generation(by: u64, key_type: u64, sizes: (u64, u64), asked: Option<u64>, len: usize) -> Generation {
    Generation { by, key_type, sizes, asked, len }
}

pub(super) const GENERATIONS: [Generation; 7] = [
    generation(CKM_AES_XTS_KEY_GEN, CKK_AES_XTS, (32, 64), Some(64), 64),
    generation(CKM_DES_KEY_GEN, CKK_DES, (8, 8), None, 8),
    generation(CKM_DES2_KEY_GEN, CKK_DES2, (16, 16), None, 16),
    generation(CKM_DES3_KEY_GEN, CKK_DES3, (24, 24), None, 24),
    generation(CKM_CAMELLIA_KEY_GEN, CKK_CAMELLIA, (16, 32), Some(24), 24),
    generation(CKM_CHACHA20_KEY_GEN, CKK_CHACHA20, (32, 32), None, 32),
    generation(CKM_POLY1305_KEY_GEN, CKK_POLY1305, (32, 32), None, 32),
];

/// A derivation in ECB and one in CBC mode, the modes themselves, type and bytes of a base key, bytes of a block.
pub(super) struct Derivation {
    pub(super) by: (u64, u64),
    pub(super) modes: (u64, u64),
    pub(super) key_type: u64,
    pub(super) key: usize,
    pub(super) block: usize,
}

pub(super) const DERIVATIONS: [Derivation; 4] = [
    Derivation {
        by: (CKM_AES_ECB_ENCRYPT_DATA, CKM_AES_CBC_ENCRYPT_DATA),
        modes: (CKM_AES_ECB, CKM_AES_CBC),
        key_type: CKK_AES,
        key: 32,
        block: 16,
    },
    Derivation {
        by: (CKM_DES_ECB_ENCRYPT_DATA, CKM_DES_CBC_ENCRYPT_DATA),
        modes: (CKM_DES_ECB, CKM_DES_CBC),
        key_type: CKK_DES,
        key: 8,
        block: 8,
    },
    Derivation {
        by: (CKM_DES3_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA),
        modes: (CKM_DES3_ECB, CKM_DES3_CBC),
        key_type: CKK_DES3,
        key: 24,
        block: 8,
    },
    Derivation {
        by: (CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CAMELLIA_CBC_ENCRYPT_DATA),
        modes: (CKM_CAMELLIA_ECB, CKM_CAMELLIA_CBC),
        key_type: CKK_CAMELLIA,
        key: 16,
        block: 16,
    },
];

/// Bytes of odd parity, no two of which are the same one after another.
pub(super) fn value(len: usize) -> Vec<u8> {
    (1..=255u8).filter(|byte| byte.count_ones() % 2 == 1).take(len).collect()
}

pub(super) fn message(len: usize) -> Vec<u8> {
    (0..=255u8).cycle().skip(7).take(len).collect()
}

impl Row {
    pub(super) fn key(&self, t: &Test, session: u64) -> u64 {
        let template = secret_template(self.key_type, &value(self.key));
        create(t.module, session, &template.boolean(CKA_DERIVE, true))
    }

    pub(super) fn encrypts(&self) -> bool {
        self.flags & CKF_ENCRYPT != 0
    }
}
