//! TABLE: every mechanism with the key, the parameters and the messages that it is tried with.

use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_HASH_SIGN_ADDITIONAL_CONTEXT, CK_MECHANISM_TYPE, CK_RSA_PKCS_PSS_PARAMS, CK_ULONG,
    CKA_EC_PARAMS, CKA_MODULUS_BITS, CKA_PARAMETER_SET, CKA_PUBLIC_EXPONENT, CKD_NULL, CKG_MGF1_SHA1,
    CKG_MGF1_SHA3_224, CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384, CKG_MGF1_SHA3_512, CKG_MGF1_SHA224,
    CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKH_HEDGE_PREFERRED, CKK_AES, CKK_AES_XTS,
    CKK_BLAKE2B_160_HMAC, CKK_BLAKE2B_256_HMAC, CKK_BLAKE2B_384_HMAC, CKK_BLAKE2B_512_HMAC, CKK_CAMELLIA,
    CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKK_HKDF, CKK_HOTP, CKK_POLY1305,
    CKK_SHA_1_HMAC, CKK_SHA3_224_HMAC, CKK_SHA3_256_HMAC, CKK_SHA3_384_HMAC, CKK_SHA3_512_HMAC,
    CKK_SHA224_HMAC, CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC,
    CKK_SHA512_HMAC, CKK_SHA512_T_HMAC, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_ECB_ENCRYPT_DATA,
    CKM_CAMELLIA_CBC_ENCRYPT_DATA, CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB_ENCRYPT_DATA,
    CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE, CKM_DES_CBC_ENCRYPT_DATA,
    CKM_DES_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA, CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DSA_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP, CKM_ECDH_X_AES_KEY_WRAP, CKM_ECDH1_COFACTOR_DERIVE,
    CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_ML_DSA_KEY_PAIR_GEN,
    CKM_ML_KEM_KEY_PAIR_GEN, CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS, CKM_SHA_1,
    CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224, CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256, CKM_SHA3_256_RSA_PKCS_PSS,
    CKM_SHA3_384, CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224,
    CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384,
    CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_RSA_PKCS_PSS, CKM_SLH_DSA_KEY_PAIR_GEN, CKM_TLS_KDF,
    CKM_TLS_MAC, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MAC,
    CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH, CKM_XOR_BASE_AND_DATA, CKP_ML_DSA_65,
    CKP_ML_KEM_768, CKP_PKCS5_PBKD2_HMAC_SHA256, CKP_SLH_DSA_SHA2_128F,
};

use super::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use super::draft::CKM_ML_DSA_EXTERNAL_MU;
use super::finite_fields::{DSA_2048, dh_group, dsa_domain};
use super::{Key, Message, PairKind, Parameter, Row, Structure};
use crate::Template;
use crate::keys::P256;
use crate::raw::key_wraps::KeyWrap;
use crate::raw::parameters::{
    Parameterised, ccm, chacha20, chacha20_poly1305, ctr, ecdh1, gcm, hash_sign_context, hkdf, oaep, pbkd2,
};
use crate::raw::{Sent, derivations};

/// `edwards25519` as DER object identifier (RFC 8410 section 3).
pub const ED25519: &[u8] = &[0x06, 0x03, 0x2B, 0x65, 0x70];
/// `curve25519` as DER object identifier (RFC 8410 section 3).
pub const X25519: &[u8] = &[0x06, 0x03, 0x2B, 0x65, 0x6E];

/// `edwards448` and `curve448` as DER object identifiers (RFC 8410 section 3).
pub const ED448: &[u8] = &[0x06, 0x03, 0x2B, 0x65, 0x71];
/// See [`ED448`].
pub const X448: &[u8] = &[0x06, 0x03, 0x2B, 0x65, 0x6F];

const AES: Key = Key::Secret(CKK_AES, 32);
const XTS: Key = Key::Secret(CKK_AES_XTS, 64);
const DES: Key = Key::Secret(CKK_DES, 8);
const DES3: Key = Key::Secret(CKK_DES3, 24);
const CAMELLIA: Key = Key::Secret(CKK_CAMELLIA, 32);
const CHACHA20: Key = Key::Secret(CKK_CHACHA20, 32);
const POLY1305: Key = Key::Secret(CKK_POLY1305, 32);
const HOTP: Key = Key::Secret(CKK_HOTP, 20);
const GENERIC: Key = Key::Secret(CKK_GENERIC_SECRET, 40);
const HKDF: Key = Key::Secret(CKK_HKDF, 32);
/// A master secret of TLS, or one that comes before it.
const MASTER: Key = Key::Secret(CKK_GENERIC_SECRET, 48);
const RSA: Key = Key::Pair(PairKind { generator: CKM_RSA_PKCS_KEY_PAIR_GEN, public: rsa_2048 });
const EC: Key = Key::Pair(PairKind { generator: CKM_EC_KEY_PAIR_GEN, public: p256 });
const EDWARDS: Key = Key::Pair(PairKind { generator: CKM_EC_EDWARDS_KEY_PAIR_GEN, public: edwards });
const MONTGOMERY: Key = Key::Pair(PairKind { generator: CKM_EC_MONTGOMERY_KEY_PAIR_GEN, public: montgomery });

const DH: Key = Key::Pair(PairKind { generator: CKM_DH_PKCS_KEY_PAIR_GEN, public: dh_group });
const DSA: Key = Key::Pair(PairKind { generator: CKM_DSA_KEY_PAIR_GEN, public: dsa_2048 });
const ML_KEM: Key = Key::Pair(PairKind { generator: CKM_ML_KEM_KEY_PAIR_GEN, public: ml_kem });
const ML_DSA: Key = Key::Pair(PairKind { generator: CKM_ML_DSA_KEY_PAIR_GEN, public: ml_dsa });
const SLH_DSA: Key = Key::Pair(PairKind { generator: CKM_SLH_DSA_KEY_PAIR_GEN, public: slh_dsa });

fn dsa_2048() -> Template {
    dsa_domain(DSA_2048)
}

fn ml_kem() -> Template {
    Template::new().ulong(CKA_PARAMETER_SET, CKP_ML_KEM_768)
}

fn ml_dsa() -> Template {
    Template::new().ulong(CKA_PARAMETER_SET, CKP_ML_DSA_65)
}

/// The set that signs fastest.
fn slh_dsa() -> Template {
    Template::new().ulong(CKA_PARAMETER_SET, CKP_SLH_DSA_SHA2_128F)
}

fn of_digest_ml() -> Box<dyn Structure> {
    Box::new(Parameterised::new(CKM_HASH_ML_DSA, of_digest()))
}

fn of_digest_slh() -> Box<dyn Structure> {
    Box::new(Parameterised::new(CKM_HASH_SLH_DSA, of_digest()))
}

fn of_digest() -> CK_HASH_SIGN_ADDITIONAL_CONTEXT {
    hash_sign_context(CKH_HEDGE_PREFERRED, Sent::from(b"context"), CKM_SHA256)
}

fn rsa_2048() -> Template {
    Template::new().ulong(CKA_MODULUS_BITS, 2048).bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
}

fn p256() -> Template {
    Template::new().bytes(CKA_EC_PARAMS, P256)
}

fn edwards() -> Template {
    Template::new().bytes(CKA_EC_PARAMS, ED25519)
}

fn montgomery() -> Template {
    Template::new().bytes(CKA_EC_PARAMS, X25519)
}

const NONE: Parameter = Parameter::None;
const IV: Parameter = Parameter::Bytes(&[7; 16]);
const ANY: Message = Message::ANY;
const BLOCKS: Message = Message::blocks(16);
/// Of DES.
const HALF_BLOCKS: Message = Message::blocks(8);
const HALF_IV: Parameter = Parameter::Bytes(&[7; 8]);
/// Key wrapping: two halves of a block at least.
const SEMIBLOCKS: Message = Message::blocks(8).from(16);

const fn cloudhsm(
    kind: CK_MECHANISM_TYPE,
    name: &'static str,
    parameter: Parameter,
    message: Message,
) -> Row {
    Row { kind, name, key: AES, parameter, message }
}

macro_rules! rows {
    ($($name:ident, $key:expr, $parameter:expr, $message:expr;)*) => {
        /// Every mechanism once.
        pub const ROWS: &[Row] = &[$(Row {
            kind: cryptoki_sys::$name,
            name: stringify!($name),
            key: $key,
            parameter: $parameter,
            message: $message,
        }),*,
            Row {
                kind: CKM_ML_DSA_EXTERNAL_MU,
                name: "CKM_ML_DSA_EXTERNAL_MU",
                key: ML_DSA,
                parameter: NONE,
                message: Message::exactly(64),
            },
            cloudhsm(CKM_CLOUDHSM_AES_GCM, "CKM_CLOUDHSM_AES_GCM", AES_GCM_WITHOUT_IV, ANY),
            cloudhsm(CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, "CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD", NONE, SEMIBLOCKS),
            cloudhsm(
                CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
                "CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD",
                NONE,
                ANY.from(8),
            ),
            cloudhsm(
                CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
                "CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD",
                NONE,
                ANY.from(1),
            ),
        ];
    };
}

rows! {
    CKM_RSA_PKCS_KEY_PAIR_GEN, RSA, NONE, Message::NONE;
    CKM_RSA_PKCS, RSA, NONE, Message::up_to(245);
    // A number below the modulus, which begins with a bit that is set.
    CKM_RSA_X_509, RSA, NONE, Message::up_to(255);
    CKM_RSA_PKCS_OAEP, RSA, Parameter::Structure(oaep_sha256), Message::up_to(190);
    CKM_RSA_AES_KEY_WRAP, RSA, Parameter::Structure(rsa_aes_key_wrap), Message::NONE;
    CKM_SHA1_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA224_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA256_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA384_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA512_RSA_PKCS, RSA, NONE, ANY;
    CKM_MD5_RSA_PKCS, RSA, NONE, ANY;
    CKM_RIPEMD160_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA3_224_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA3_256_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA3_384_RSA_PKCS, RSA, NONE, ANY;
    CKM_SHA3_512_RSA_PKCS, RSA, NONE, ANY;
    CKM_RSA_PKCS_PSS, RSA, PSS, Message::exactly(32);
    CKM_SHA1_RSA_PKCS_PSS, RSA, PSS_SHA1, ANY;
    CKM_SHA224_RSA_PKCS_PSS, RSA, PSS_SHA224, ANY;
    CKM_SHA256_RSA_PKCS_PSS, RSA, PSS_SHA256, ANY;
    CKM_SHA384_RSA_PKCS_PSS, RSA, PSS_SHA384, ANY;
    CKM_SHA512_RSA_PKCS_PSS, RSA, PSS_SHA512, ANY;
    CKM_SHA3_224_RSA_PKCS_PSS, RSA, PSS_SHA3_224, ANY;
    CKM_SHA3_256_RSA_PKCS_PSS, RSA, PSS_SHA3_256, ANY;
    CKM_SHA3_384_RSA_PKCS_PSS, RSA, PSS_SHA3_384, ANY;
    CKM_SHA3_512_RSA_PKCS_PSS, RSA, PSS_SHA3_512, ANY;

    CKM_EC_KEY_PAIR_GEN, EC, NONE, Message::NONE;
    CKM_ECDSA, EC, NONE, Message::up_to(64).from(1);
    CKM_ECDSA_SHA1, EC, NONE, ANY;
    CKM_ECDSA_SHA224, EC, NONE, ANY;
    CKM_ECDSA_SHA256, EC, NONE, ANY;
    CKM_ECDSA_SHA384, EC, NONE, ANY;
    CKM_ECDSA_SHA512, EC, NONE, ANY;
    CKM_ECDSA_SHA3_224, EC, NONE, ANY;
    CKM_ECDSA_SHA3_256, EC, NONE, ANY;
    CKM_ECDSA_SHA3_384, EC, NONE, ANY;
    CKM_ECDSA_SHA3_512, EC, NONE, ANY;
    CKM_ECDH1_DERIVE, EC, Parameter::Structure(ecdh_with_the_generator), Message::NONE;
    CKM_ECDH1_COFACTOR_DERIVE, EC, Parameter::Structure(cofactor_ecdh_with_the_generator), Message::NONE;
    CKM_ECDH_AES_KEY_WRAP, EC, Parameter::Structure(ecdh_aes_key_wrap), Message::NONE;
    CKM_ECDH_COF_AES_KEY_WRAP, EC, Parameter::Structure(ecdh_cof_aes_key_wrap), Message::NONE;
    CKM_ECDH_X_AES_KEY_WRAP, MONTGOMERY, Parameter::Structure(ecdh_x_aes_key_wrap), Message::NONE;
    CKM_EC_EDWARDS_KEY_PAIR_GEN, EDWARDS, NONE, Message::NONE;
    CKM_EDDSA, EDWARDS, NONE, ANY;
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, MONTGOMERY, NONE, Message::NONE;

    CKM_DH_PKCS_KEY_PAIR_GEN, DH, NONE, Message::NONE;
    CKM_DH_PKCS_PARAMETER_GEN, DH, NONE, Message::NONE;
    // The square of the base.
    CKM_DH_PKCS_DERIVE, DH, Parameter::Bytes(&[4]), Message::NONE;

    CKM_DSA_KEY_PAIR_GEN, DSA, NONE, Message::NONE;
    CKM_DSA_PARAMETER_GEN, DSA, NONE, Message::NONE;
    CKM_DSA, DSA, NONE, Message::up_to(64).from(1);
    CKM_DSA_SHA1, DSA, NONE, ANY;
    CKM_DSA_SHA224, DSA, NONE, ANY;
    CKM_DSA_SHA256, DSA, NONE, ANY;
    CKM_DSA_SHA384, DSA, NONE, ANY;
    CKM_DSA_SHA512, DSA, NONE, ANY;
    CKM_DSA_SHA3_224, DSA, NONE, ANY;
    CKM_DSA_SHA3_256, DSA, NONE, ANY;
    CKM_DSA_SHA3_384, DSA, NONE, ANY;
    CKM_DSA_SHA3_512, DSA, NONE, ANY;

    CKM_PUB_KEY_FROM_PRIV_KEY, EC, NONE, Message::NONE;

    CKM_ML_KEM_KEY_PAIR_GEN, ML_KEM, NONE, Message::NONE;
    CKM_ML_KEM, ML_KEM, NONE, Message::NONE;

    CKM_ML_DSA_KEY_PAIR_GEN, ML_DSA, NONE, Message::NONE;
    CKM_ML_DSA, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA, ML_DSA, Parameter::Structure(of_digest_ml), Message::exactly(32);
    CKM_HASH_ML_DSA_SHA224, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA256, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA384, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA512, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA3_224, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA3_256, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA3_384, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHA3_512, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHAKE128, ML_DSA, NONE, ANY;
    CKM_HASH_ML_DSA_SHAKE256, ML_DSA, NONE, ANY;

    CKM_SLH_DSA_KEY_PAIR_GEN, SLH_DSA, NONE, Message::NONE;
    CKM_SLH_DSA, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA, SLH_DSA, Parameter::Structure(of_digest_slh), Message::exactly(32);
    CKM_HASH_SLH_DSA_SHA224, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA256, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA384, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA512, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA3_224, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA3_256, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA3_384, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHA3_512, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHAKE128, SLH_DSA, NONE, ANY;
    CKM_HASH_SLH_DSA_SHAKE256, SLH_DSA, NONE, ANY;

    CKM_GENERIC_SECRET_KEY_GEN, GENERIC, NONE, Message::NONE;
    CKM_PKCS5_PBKD2, GENERIC, Parameter::Structure(pbkdf2_sha256), Message::NONE;
    CKM_HKDF_KEY_GEN, HKDF, NONE, Message::NONE;
    CKM_HKDF_DERIVE, HKDF, Parameter::Structure(hkdf_derive), Message::NONE;
    CKM_HKDF_DATA, HKDF, Parameter::Structure(hkdf_data), Message::NONE;

    CKM_SP800_108_COUNTER_KDF, GENERIC, Parameter::Structure(counter_mode), Message::NONE;
    CKM_SP800_108_FEEDBACK_KDF, GENERIC, Parameter::Structure(feedback_mode), Message::NONE;
    CKM_SP800_108_DOUBLE_PIPELINE_KDF, GENERIC, Parameter::Structure(double_pipeline_mode), Message::NONE;
    // The parameter is the handle of another key: whoever derives gives that.
    CKM_CONCATENATE_BASE_AND_KEY, GENERIC, Parameter::Number(0), Message::NONE;
    CKM_CONCATENATE_BASE_AND_DATA, GENERIC, Parameter::Structure(base_and_data), Message::NONE;
    CKM_CONCATENATE_DATA_AND_BASE, GENERIC, Parameter::Structure(data_and_base), Message::NONE;
    CKM_XOR_BASE_AND_DATA, GENERIC, Parameter::Structure(xor), Message::NONE;
    CKM_EXTRACT_KEY_FROM_KEY, GENERIC, Parameter::Number(21), Message::NONE;

    CKM_TLS12_MASTER_KEY_DERIVE, MASTER, Parameter::Structure(master), Message::NONE;
    CKM_TLS12_MASTER_KEY_DERIVE_DH, MASTER, Parameter::Structure(master_dh), Message::NONE;
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, MASTER, Parameter::Structure(extended), Message::NONE;
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, MASTER, Parameter::Structure(extended_dh), Message::NONE;
    CKM_TLS12_KEY_AND_MAC_DERIVE, MASTER, Parameter::Structure(key_and_mac), Message::NONE;
    CKM_TLS12_KEY_SAFE_DERIVE, MASTER, Parameter::Structure(key_safe), Message::NONE;
    CKM_TLS_KDF, MASTER, Parameter::Structure(exported), Message::NONE;
    CKM_TLS12_KDF, MASTER, Parameter::Structure(exported_12), Message::NONE;
    CKM_TLS_MAC, MASTER, Parameter::Structure(finished), ANY;
    CKM_TLS12_MAC, MASTER, Parameter::Structure(finished_12), ANY;

    CKM_AES_KEY_GEN, AES, NONE, Message::NONE;
    CKM_AES_ECB, AES, NONE, BLOCKS;
    CKM_AES_CBC, AES, IV, BLOCKS;
    CKM_AES_CBC_PAD, AES, IV, ANY;
    CKM_AES_CTR, AES, Parameter::Structure(counter), ANY;
    CKM_AES_GCM, AES, Parameter::Structure(aes_gcm), ANY;
    CKM_AES_KEY_WRAP, AES, NONE, SEMIBLOCKS;
    CKM_AES_KEY_WRAP_PAD, AES, NONE, ANY.from(8);
    CKM_AES_KEY_WRAP_PKCS7, AES, NONE, ANY.from(8);
    CKM_AES_KEY_WRAP_KWP, AES, NONE, ANY.from(1);
    CKM_AES_CMAC, AES, NONE, ANY;
    CKM_AES_CMAC_GENERAL, AES, Parameter::Number(9), ANY;

    CKM_AES_CFB1, AES, IV, ANY;
    CKM_AES_CFB8, AES, IV, ANY;
    CKM_AES_CFB64, AES, IV, ANY;
    CKM_AES_CFB128, AES, IV, ANY;
    CKM_AES_OFB, AES, IV, ANY;
    CKM_AES_CTS, AES, IV, ANY.from(16);
    CKM_AES_CCM, AES, Parameter::OfLength(aes_ccm), ANY;
    CKM_AES_GMAC, AES, Parameter::Bytes(&[3; 12]), ANY;
    CKM_AES_MAC, AES, NONE, ANY;
    CKM_AES_MAC_GENERAL, AES, Parameter::Number(12), ANY;
    CKM_AES_XCBC_MAC, Key::Secret(CKK_AES, 16), NONE, ANY;
    CKM_AES_XCBC_MAC_96, Key::Secret(CKK_AES, 16), NONE, ANY;
    CKM_AES_ECB_ENCRYPT_DATA, AES, Parameter::Structure(aes_ecb_data), Message::NONE;
    CKM_AES_CBC_ENCRYPT_DATA, AES, Parameter::Structure(aes_cbc_data), Message::NONE;
    CKM_AES_XTS_KEY_GEN, XTS, NONE, Message::NONE;
    CKM_AES_XTS, XTS, IV, ANY.from(16);

    CKM_DES_KEY_GEN, DES, NONE, Message::NONE;
    CKM_DES_ECB, DES, NONE, HALF_BLOCKS;
    CKM_DES_CBC, DES, HALF_IV, HALF_BLOCKS;
    CKM_DES_CBC_PAD, DES, HALF_IV, ANY;
    CKM_DES_MAC, DES, NONE, ANY;
    CKM_DES_MAC_GENERAL, DES, Parameter::Number(8), ANY;
    CKM_DES_ECB_ENCRYPT_DATA, DES, Parameter::Structure(des_ecb_data), Message::NONE;
    CKM_DES_CBC_ENCRYPT_DATA, DES, Parameter::Structure(des_cbc_data), Message::NONE;
    CKM_DES2_KEY_GEN, Key::Secret(CKK_DES2, 16), NONE, Message::NONE;
    CKM_DES3_KEY_GEN, DES3, NONE, Message::NONE;
    CKM_DES3_ECB, DES3, NONE, HALF_BLOCKS;
    CKM_DES3_CBC, DES3, HALF_IV, HALF_BLOCKS;
    CKM_DES3_CBC_PAD, DES3, HALF_IV, ANY;
    CKM_DES3_MAC, DES3, NONE, ANY;
    CKM_DES3_MAC_GENERAL, DES3, Parameter::Number(5), ANY;
    CKM_DES3_CMAC, DES3, NONE, ANY;
    CKM_DES3_CMAC_GENERAL, DES3, Parameter::Number(5), ANY;
    CKM_DES3_ECB_ENCRYPT_DATA, DES3, Parameter::Structure(des3_ecb_data), Message::NONE;
    CKM_DES3_CBC_ENCRYPT_DATA, DES3, Parameter::Structure(des3_cbc_data), Message::NONE;

    CKM_CAMELLIA_KEY_GEN, CAMELLIA, NONE, Message::NONE;
    CKM_CAMELLIA_ECB, CAMELLIA, NONE, BLOCKS;
    CKM_CAMELLIA_CBC, CAMELLIA, IV, BLOCKS;
    CKM_CAMELLIA_CBC_PAD, CAMELLIA, IV, ANY;
    CKM_CAMELLIA_CTR, CAMELLIA, Parameter::Structure(camellia_counter), ANY;
    CKM_CAMELLIA_MAC, CAMELLIA, NONE, ANY;
    CKM_CAMELLIA_MAC_GENERAL, CAMELLIA, Parameter::Number(16), ANY;
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, CAMELLIA, Parameter::Structure(camellia_ecb_data), Message::NONE;
    CKM_CAMELLIA_CBC_ENCRYPT_DATA, CAMELLIA, Parameter::Structure(camellia_cbc_data), Message::NONE;

    CKM_CHACHA20_KEY_GEN, CHACHA20, NONE, Message::NONE;
    CKM_CHACHA20, CHACHA20, Parameter::Structure(stream), ANY;
    CKM_CHACHA20_POLY1305, CHACHA20, Parameter::Structure(sealed), ANY;
    CKM_POLY1305_KEY_GEN, POLY1305, NONE, Message::NONE;
    CKM_POLY1305, POLY1305, NONE, ANY;
    CKM_HOTP_KEY_GEN, HOTP, NONE, Message::NONE;
    CKM_HOTP, HOTP, NONE, Message::NONE;

    CKM_SHA_1, Key::None, NONE, ANY;
    CKM_SHA224, Key::None, NONE, ANY;
    CKM_SHA256, Key::None, NONE, ANY;
    CKM_SHA384, Key::None, NONE, ANY;
    CKM_SHA512, Key::None, NONE, ANY;
    CKM_SHA512_224, Key::None, NONE, ANY;
    CKM_SHA512_256, Key::None, NONE, ANY;
    CKM_SHA3_224, Key::None, NONE, ANY;
    CKM_SHA3_256, Key::None, NONE, ANY;
    CKM_SHA3_384, Key::None, NONE, ANY;
    CKM_SHA3_512, Key::None, NONE, ANY;
    CKM_SHA512_T, Key::None, Parameter::Number(200), ANY;
    CKM_BLAKE2B_160, Key::None, NONE, ANY;
    CKM_BLAKE2B_256, Key::None, NONE, ANY;
    CKM_BLAKE2B_384, Key::None, NONE, ANY;
    CKM_BLAKE2B_512, Key::None, NONE, ANY;
    CKM_MD5, Key::None, NONE, ANY;
    CKM_RIPEMD160, Key::None, NONE, ANY;

    CKM_SHA_1_HMAC, GENERIC, NONE, ANY;
    CKM_SHA224_HMAC, GENERIC, NONE, ANY;
    CKM_SHA256_HMAC, GENERIC, NONE, ANY;
    CKM_SHA384_HMAC, GENERIC, NONE, ANY;
    CKM_SHA512_HMAC, GENERIC, NONE, ANY;
    CKM_SHA512_224_HMAC, GENERIC, NONE, ANY;
    CKM_SHA512_256_HMAC, GENERIC, NONE, ANY;
    CKM_SHA_1_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA224_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA256_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA384_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA512_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA512_224_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA512_256_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA3_224_HMAC, GENERIC, NONE, ANY;
    CKM_SHA3_256_HMAC, GENERIC, NONE, ANY;
    CKM_SHA3_384_HMAC, GENERIC, NONE, ANY;
    CKM_SHA3_512_HMAC, GENERIC, NONE, ANY;
    CKM_BLAKE2B_160_HMAC, GENERIC, NONE, ANY;
    CKM_BLAKE2B_256_HMAC, GENERIC, NONE, ANY;
    CKM_BLAKE2B_384_HMAC, GENERIC, NONE, ANY;
    CKM_BLAKE2B_512_HMAC, GENERIC, NONE, ANY;
    CKM_MD5_HMAC, GENERIC, NONE, ANY;
    CKM_RIPEMD160_HMAC, GENERIC, NONE, ANY;
    CKM_SHA512_T_HMAC, GENERIC, Parameter::Number(200), ANY;
    CKM_SHA3_224_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA3_256_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA3_384_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA3_512_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_BLAKE2B_160_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_BLAKE2B_256_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_BLAKE2B_384_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_BLAKE2B_512_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_MD5_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_RIPEMD160_HMAC_GENERAL, GENERIC, Parameter::Number(11), ANY;
    CKM_SHA_1_KEY_GEN, Key::Secret(CKK_SHA_1_HMAC, 32), NONE, Message::NONE;
    CKM_SHA224_KEY_GEN, Key::Secret(CKK_SHA224_HMAC, 32), NONE, Message::NONE;
    CKM_SHA256_KEY_GEN, Key::Secret(CKK_SHA256_HMAC, 32), NONE, Message::NONE;
    CKM_SHA384_KEY_GEN, Key::Secret(CKK_SHA384_HMAC, 32), NONE, Message::NONE;
    CKM_SHA512_KEY_GEN, Key::Secret(CKK_SHA512_HMAC, 32), NONE, Message::NONE;
    CKM_SHA512_224_KEY_GEN, Key::Secret(CKK_SHA512_224_HMAC, 32), NONE, Message::NONE;
    CKM_SHA512_256_KEY_GEN, Key::Secret(CKK_SHA512_256_HMAC, 32), NONE, Message::NONE;
    CKM_SHA512_T_KEY_GEN, Key::Secret(CKK_SHA512_T_HMAC, 32), NONE, Message::NONE;
    CKM_SHA3_224_KEY_GEN, Key::Secret(CKK_SHA3_224_HMAC, 32), NONE, Message::NONE;
    CKM_SHA3_256_KEY_GEN, Key::Secret(CKK_SHA3_256_HMAC, 32), NONE, Message::NONE;
    CKM_SHA3_384_KEY_GEN, Key::Secret(CKK_SHA3_384_HMAC, 32), NONE, Message::NONE;
    CKM_SHA3_512_KEY_GEN, Key::Secret(CKK_SHA3_512_HMAC, 32), NONE, Message::NONE;
    CKM_BLAKE2B_160_KEY_GEN, Key::Secret(CKK_BLAKE2B_160_HMAC, 32), NONE, Message::NONE;
    CKM_BLAKE2B_256_KEY_GEN, Key::Secret(CKK_BLAKE2B_256_HMAC, 32), NONE, Message::NONE;
    CKM_BLAKE2B_384_KEY_GEN, Key::Secret(CKK_BLAKE2B_384_HMAC, 32), NONE, Message::NONE;
    CKM_BLAKE2B_512_KEY_GEN, Key::Secret(CKK_BLAKE2B_512_HMAC, 32), NONE, Message::NONE;
    CKM_SHA1_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA224_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA256_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA384_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA512_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA512_224_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA512_256_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA3_224_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA3_256_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA3_384_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHA3_512_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_MD5_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHAKE_128_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_SHAKE_256_KEY_DERIVATION, GENERIC, NONE, Message::NONE;
    CKM_BLAKE2B_160_KEY_DERIVE, GENERIC, NONE, Message::NONE;
    CKM_BLAKE2B_256_KEY_DERIVE, GENERIC, NONE, Message::NONE;
    CKM_BLAKE2B_384_KEY_DERIVE, GENERIC, NONE, Message::NONE;
    CKM_BLAKE2B_512_KEY_DERIVE, GENERIC, NONE, Message::NONE;
    CKM_SHA512_T_KEY_DERIVATION, GENERIC, Parameter::Number(200), Message::NONE;
}

const PSS: Parameter = Parameter::Structure(|| pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32));
const PSS_SHA1: Parameter = Parameter::Structure(|| pss(CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, 20));
const PSS_SHA224: Parameter =
    Parameter::Structure(|| pss(CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224, 28));
const PSS_SHA256: Parameter =
    Parameter::Structure(|| pss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32));
const PSS_SHA384: Parameter =
    Parameter::Structure(|| pss(CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48));
const PSS_SHA512: Parameter =
    Parameter::Structure(|| pss(CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64));
const PSS_SHA3_224: Parameter =
    Parameter::Structure(|| pss(CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_224, CKG_MGF1_SHA3_224, 28));
const PSS_SHA3_256: Parameter =
    Parameter::Structure(|| pss(CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_256, CKG_MGF1_SHA3_256, 32));
const PSS_SHA3_384: Parameter =
    Parameter::Structure(|| pss(CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_384, CKG_MGF1_SHA3_384, 48));
const PSS_SHA3_512: Parameter =
    Parameter::Structure(|| pss(CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA3_512, CKG_MGF1_SHA3_512, 64));

fn pss(
    kind: CK_MECHANISM_TYPE,
    hash: CK_MECHANISM_TYPE,
    mgf: CK_ULONG,
    salt: CK_ULONG,
) -> Box<dyn Structure> {
    Box::new(Parameterised::new(kind, CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: salt }))
}

fn oaep_sha256() -> Box<dyn Structure> {
    Box::new(oaep(CKM_SHA256, CKG_MGF1_SHA256, Sent::null(0)))
}

fn ecdh_with_the_generator() -> Box<dyn Structure> {
    Box::new(ecdh1(CKD_NULL, Sent::null(0), Sent::from(&P256_GENERATOR)))
}

fn cofactor_ecdh_with_the_generator() -> Box<dyn Structure> {
    let of = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&P256_GENERATOR));
    Box::new(Parameterised::new(CKM_ECDH1_COFACTOR_DERIVE, of.parameters))
}

fn rsa_aes_key_wrap() -> Box<dyn Structure> {
    Box::new(KeyWrap::new(CKM_RSA_AES_KEY_WRAP, 256))
}

fn ecdh_aes_key_wrap() -> Box<dyn Structure> {
    Box::new(KeyWrap::new(CKM_ECDH_AES_KEY_WRAP, 256))
}

fn ecdh_cof_aes_key_wrap() -> Box<dyn Structure> {
    Box::new(KeyWrap::new(CKM_ECDH_COF_AES_KEY_WRAP, 256))
}

fn ecdh_x_aes_key_wrap() -> Box<dyn Structure> {
    Box::new(KeyWrap::new(CKM_ECDH_X_AES_KEY_WRAP, 256))
}

fn pbkdf2_sha256() -> Box<dyn Structure> {
    Box::new(pbkd2(CKP_PKCS5_PBKD2_HMAC_SHA256, Sent::from(b"password"), Sent::from(b"salt"), 1000))
}

fn hkdf_derive() -> Box<dyn Structure> {
    Box::new(hkdf(CKM_HKDF_DERIVE, Sent::from(b"salt"), Sent::from(b"info")))
}

fn hkdf_data() -> Box<dyn Structure> {
    Box::new(hkdf(CKM_HKDF_DATA, Sent::from(b"salt"), Sent::from(b"info")))
}

fn counter_mode() -> Box<dyn Structure> {
    Box::new(derivations::counter_kdf(CKM_SHA256_HMAC, 16, b"fixed"))
}

fn feedback_mode() -> Box<dyn Structure> {
    Box::new(derivations::feedback_kdf(CKM_SHA256_HMAC, 16, b"fixed", &[4; 32]))
}

fn double_pipeline_mode() -> Box<dyn Structure> {
    Box::new(derivations::double_pipeline_kdf(CKM_SHA256_HMAC, 16, b"fixed"))
}

fn base_and_data() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_CONCATENATE_BASE_AND_DATA, b"data"))
}

fn data_and_base() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_CONCATENATE_DATA_AND_BASE, b"data"))
}

fn xor() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_XOR_BASE_AND_DATA, &[6; 40]))
}

/// The random values of a client and a server.
const RANDOMS: (&[u8], &[u8]) = (&[1; 32], &[2; 32]);

fn master() -> Box<dyn Structure> {
    Box::new(derivations::tls12_master(CKM_TLS12_MASTER_KEY_DERIVE, CKM_SHA256, RANDOMS))
}

fn master_dh() -> Box<dyn Structure> {
    Box::new(derivations::tls12_master(CKM_TLS12_MASTER_KEY_DERIVE_DH, CKM_SHA256, RANDOMS))
}

fn extended() -> Box<dyn Structure> {
    let kind = CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE;
    Box::new(derivations::tls12_extended_master(kind, CKM_SHA256, &[3; 32]))
}

fn extended_dh() -> Box<dyn Structure> {
    let kind = CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH;
    Box::new(derivations::tls12_extended_master(kind, CKM_SHA256, &[3; 32]))
}

fn key_and_mac() -> Box<dyn Structure> {
    let kind = CKM_TLS12_KEY_AND_MAC_DERIVE;
    Box::new(derivations::tls12_key_material(kind, CKM_SHA256, RANDOMS, [256, 128, 128]))
}

fn key_safe() -> Box<dyn Structure> {
    let kind = CKM_TLS12_KEY_SAFE_DERIVE;
    Box::new(derivations::tls12_key_material(kind, CKM_SHA256, RANDOMS, [256, 128, 0]))
}

fn exported() -> Box<dyn Structure> {
    Box::new(derivations::tls_kdf(CKM_TLS_KDF, CKM_SHA256, b"EXPERIMENTAL", RANDOMS))
}

fn exported_12() -> Box<dyn Structure> {
    Box::new(derivations::tls_kdf(CKM_TLS12_KDF, CKM_SHA256, b"EXPERIMENTAL", RANDOMS))
}

fn finished() -> Box<dyn Structure> {
    Box::new(derivations::tls_mac(CKM_TLS_MAC, CKM_SHA256, 12, 1))
}

fn finished_12() -> Box<dyn Structure> {
    Box::new(derivations::tls_mac(CKM_TLS12_MAC, CKM_SHA256, 12, 2))
}

fn counter() -> Box<dyn Structure> {
    Box::new(ctr(128, [9; 16]))
}

fn aes_ecb_data() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_AES_ECB_ENCRYPT_DATA, &[6; 32]))
}

fn aes_cbc_data() -> Box<dyn Structure> {
    Box::new(derivations::chained_data(CKM_AES_CBC_ENCRYPT_DATA, [7; 16], &[6; 32]))
}

fn des_ecb_data() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_DES_ECB_ENCRYPT_DATA, &[6; 32]))
}

fn des_cbc_data() -> Box<dyn Structure> {
    Box::new(derivations::chained_data(CKM_DES_CBC_ENCRYPT_DATA, [7; 8], &[6; 32]))
}

fn des3_ecb_data() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_DES3_ECB_ENCRYPT_DATA, &[6; 32]))
}

fn des3_cbc_data() -> Box<dyn Structure> {
    Box::new(derivations::chained_data(CKM_DES3_CBC_ENCRYPT_DATA, [7; 8], &[6; 32]))
}

fn camellia_ecb_data() -> Box<dyn Structure> {
    Box::new(derivations::string_data(CKM_CAMELLIA_ECB_ENCRYPT_DATA, &[6; 32]))
}

fn camellia_cbc_data() -> Box<dyn Structure> {
    Box::new(derivations::chained_data(CKM_CAMELLIA_CBC_ENCRYPT_DATA, [7; 16], &[6; 32]))
}

fn camellia_counter() -> Box<dyn Structure> {
    let parameters = CK_AES_CTR_PARAMS { ulCounterBits: 128, cb: [9; 16] };
    Box::new(Parameterised::new(CKM_CAMELLIA_CTR, parameters))
}

fn aes_ccm(len: usize) -> Box<dyn Structure> {
    Box::new(ccm(len, Sent::from(&[3; 13]), Sent::from(b"associated"), 16))
}

fn stream() -> Box<dyn Structure> {
    Box::new(chacha20(&[9, 0, 0, 0], Sent::from(&[3; 12])))
}

fn sealed() -> Box<dyn Structure> {
    Box::new(chacha20_poly1305(Sent::from(&[3; 12]), Sent::from(b"associated")))
}

fn aes_gcm() -> Box<dyn Structure> {
    Box::new(gcm(Sent::from(&[3; 12]), Sent::from(b"associated"), 128))
}

const AES_GCM_WITHOUT_IV: Parameter = Parameter::Structure(|| {
    let parameters = gcm(Sent::null(0), Sent::from(b"associated"), 128).parameters;
    Box::new(Parameterised::new(CKM_CLOUDHSM_AES_GCM, parameters))
});

/// The base point of P-256, uncompressed (SP 800-186 section 3.2.1.3): everybody's public key for the private key 1.
const P256_GENERATOR: [u8; 65] = [
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
    0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
    0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE,
    0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5,
];
