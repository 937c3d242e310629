//! A second opinion: what OpenSSL makes of random keys and messages, for every mechanism that it has.

use cryptoki_sys::{
    CKA_PUBLIC_KEY_INFO, CKF_DIGEST, CKF_ENCRYPT, CKF_SIGN, CKK_DES, CKK_DES2, CKK_DES3, CKM_AES_CBC,
    CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8, CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CMAC,
    CKM_AES_CMAC_GENERAL, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_GMAC, CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_AES_MAC, CKM_AES_MAC_GENERAL,
    CKM_AES_OFB, CKM_AES_XCBC_MAC, CKM_AES_XCBC_MAC_96, CKM_AES_XTS, CKM_BLAKE2B_160, CKM_BLAKE2B_160_HMAC,
    CKM_BLAKE2B_160_HMAC_GENERAL, CKM_BLAKE2B_256, CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL,
    CKM_BLAKE2B_384, CKM_BLAKE2B_384_HMAC, CKM_BLAKE2B_384_HMAC_GENERAL, CKM_BLAKE2B_512,
    CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL, CKM_CAMELLIA_CBC, CKM_CAMELLIA_CBC_PAD,
    CKM_CAMELLIA_CTR, CKM_CAMELLIA_ECB, CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL, CKM_CHACHA20,
    CKM_CHACHA20_POLY1305, CKM_DES_CBC, CKM_DES_CBC_PAD, CKM_DES_ECB, CKM_DES_MAC, CKM_DES_MAC_GENERAL,
    CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC, CKM_DES3_CMAC_GENERAL, CKM_DES3_ECB, CKM_DES3_MAC,
    CKM_DES3_MAC_GENERAL, CKM_DSA, CKM_DSA_SHA1, CKM_DSA_SHA3_224, CKM_DSA_SHA3_256, CKM_DSA_SHA3_384,
    CKM_DSA_SHA3_512, CKM_DSA_SHA224, CKM_DSA_SHA256, CKM_DSA_SHA384, CKM_DSA_SHA512, CKM_ECDSA,
    CKM_ECDSA_SHA1, CKM_ECDSA_SHA3_224, CKM_ECDSA_SHA3_256, CKM_ECDSA_SHA3_384, CKM_ECDSA_SHA3_512,
    CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_EDDSA, CKM_HASH_ML_DSA,
    CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_ML_DSA_SHA3_512,
    CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHA256, CKM_HASH_ML_DSA_SHA384, CKM_HASH_ML_DSA_SHA512,
    CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA3_224,
    CKM_HASH_SLH_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA224,
    CKM_HASH_SLH_DSA_SHA256, CKM_HASH_SLH_DSA_SHA384, CKM_HASH_SLH_DSA_SHA512, CKM_HASH_SLH_DSA_SHAKE128,
    CKM_HASH_SLH_DSA_SHAKE256, CKM_HOTP, CKM_MD5, CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL, CKM_MD5_RSA_PKCS,
    CKM_ML_DSA, CKM_POLY1305, CKM_RIPEMD160, CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL,
    CKM_RIPEMD160_RSA_PKCS, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA_1,
    CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224,
    CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_224_RSA_PKCS, CKM_SHA3_224_RSA_PKCS_PSS,
    CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_256_RSA_PKCS,
    CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL,
    CKM_SHA3_384_RSA_PKCS, CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512, CKM_SHA3_512_HMAC,
    CKM_SHA3_512_HMAC_GENERAL, CKM_SHA3_512_RSA_PKCS, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224, CKM_SHA224_HMAC,
    CKM_SHA224_HMAC_GENERAL, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_HMAC,
    CKM_SHA256_HMAC_GENERAL, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA384_HMAC_GENERAL, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_224,
    CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256, CKM_SHA512_256_HMAC,
    CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKM_SHA512_RSA_PKCS,
    CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512_T, CKM_SHA512_T_HMAC, CKM_SLH_DSA, CKM_TLS_MAC, CKM_TLS12_MAC,
    CKR_OK,
};
use pkcs11_tests::keys::{attribute, ecdsa_to_der};
use pkcs11_tests::mechanisms::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};
use pkcs11_tests::mechanisms::operation::{Answer, DIGESTING, ENCRYPTION, SIGNING};
use pkcs11_tests::mechanisms::{Key, Keyring, Row, flags, listed, odd_parity, row, secret};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::program::{hex, openssl, run_with_input};
use pkcs11_tests::{Module, Test, assert_rv};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

/// How OpenSSL does what a mechanism does.
#[derive(Clone, Copy)]
enum Opinion {
    /// `openssl dgst`.
    Digest(&'static str),
    /// `openssl mac` with a digest.
    Hmac(&'static str),
    /// `openssl mac` with a cipher.
    Cmac(&'static str),
    /// `openssl mac` with AES in GCM.
    Gmac,
    /// `openssl mac`.
    Poly1305,
    /// `openssl enc` with the initialisation vector that the row has.
    Cipher(&'static str, &'static str),
    /// `openssl dgst -verify` with options.
    Signature(&'static str, &'static [&'static str]),
    /// Not here: where, or why not.
    Elsewhere(&'static str),
}

const PSS: &[&str] = &["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"];

/// Every mechanism that digests, signs or encrypts.
const OPINIONS: &[(u64, Opinion)] = &[
    (CKM_SHA_1, Opinion::Digest("sha1")),
    (CKM_SHA224, Opinion::Digest("sha224")),
    (CKM_SHA256, Opinion::Digest("sha256")),
    (CKM_SHA384, Opinion::Digest("sha384")),
    (CKM_SHA512, Opinion::Digest("sha512")),
    (CKM_SHA512_224, Opinion::Digest("sha512-224")),
    (CKM_SHA512_256, Opinion::Digest("sha512-256")),
    (CKM_SHA3_224, Opinion::Digest("sha3-224")),
    (CKM_SHA3_256, Opinion::Digest("sha3-256")),
    (CKM_SHA3_384, Opinion::Digest("sha3-384")),
    (CKM_SHA3_512, Opinion::Digest("sha3-512")),
    (CKM_BLAKE2B_512, Opinion::Digest("blake2b512")),
    (CKM_MD5, Opinion::Digest("md5")),
    (CKM_RIPEMD160, Opinion::Digest("ripemd160")),
    (CKM_SHA_1_HMAC, Opinion::Hmac("sha1")),
    (CKM_SHA_1_HMAC_GENERAL, Opinion::Hmac("sha1")),
    (CKM_SHA224_HMAC, Opinion::Hmac("sha224")),
    (CKM_SHA224_HMAC_GENERAL, Opinion::Hmac("sha224")),
    (CKM_SHA256_HMAC, Opinion::Hmac("sha256")),
    (CKM_SHA256_HMAC_GENERAL, Opinion::Hmac("sha256")),
    (CKM_SHA384_HMAC, Opinion::Hmac("sha384")),
    (CKM_SHA384_HMAC_GENERAL, Opinion::Hmac("sha384")),
    (CKM_SHA512_HMAC, Opinion::Hmac("sha512")),
    (CKM_SHA512_HMAC_GENERAL, Opinion::Hmac("sha512")),
    (CKM_SHA512_224_HMAC, Opinion::Hmac("sha512-224")),
    (CKM_SHA512_224_HMAC_GENERAL, Opinion::Hmac("sha512-224")),
    (CKM_SHA512_256_HMAC, Opinion::Hmac("sha512-256")),
    (CKM_SHA512_256_HMAC_GENERAL, Opinion::Hmac("sha512-256")),
    (CKM_SHA3_224_HMAC, Opinion::Hmac("sha3-224")),
    (CKM_SHA3_224_HMAC_GENERAL, Opinion::Hmac("sha3-224")),
    (CKM_SHA3_256_HMAC, Opinion::Hmac("sha3-256")),
    (CKM_SHA3_256_HMAC_GENERAL, Opinion::Hmac("sha3-256")),
    (CKM_SHA3_384_HMAC, Opinion::Hmac("sha3-384")),
    (CKM_SHA3_384_HMAC_GENERAL, Opinion::Hmac("sha3-384")),
    (CKM_SHA3_512_HMAC, Opinion::Hmac("sha3-512")),
    (CKM_SHA3_512_HMAC_GENERAL, Opinion::Hmac("sha3-512")),
    (CKM_BLAKE2B_512_HMAC, Opinion::Hmac("blake2b512")),
    (CKM_BLAKE2B_512_HMAC_GENERAL, Opinion::Hmac("blake2b512")),
    (CKM_MD5_HMAC, Opinion::Hmac("md5")),
    (CKM_MD5_HMAC_GENERAL, Opinion::Hmac("md5")),
    (CKM_RIPEMD160_HMAC, Opinion::Hmac("ripemd160")),
    (CKM_RIPEMD160_HMAC_GENERAL, Opinion::Hmac("ripemd160")),
    (CKM_AES_ECB, Opinion::Cipher("aes-256-ecb", "")),
    (CKM_AES_CBC, Opinion::Cipher("aes-256-cbc", "07070707070707070707070707070707")),
    (CKM_AES_CBC_PAD, Opinion::Cipher("aes-256-cbc", "07070707070707070707070707070707")),
    (CKM_AES_CTR, Opinion::Cipher("aes-256-ctr", "09090909090909090909090909090909")),
    (CKM_AES_CFB1, Opinion::Cipher("aes-256-cfb1", "07070707070707070707070707070707")),
    (CKM_AES_CFB8, Opinion::Cipher("aes-256-cfb8", "07070707070707070707070707070707")),
    (CKM_AES_CFB128, Opinion::Cipher("aes-256-cfb", "07070707070707070707070707070707")),
    (CKM_AES_OFB, Opinion::Cipher("aes-256-ofb", "07070707070707070707070707070707")),
    (CKM_CAMELLIA_ECB, Opinion::Cipher("camellia-256-ecb", "")),
    (CKM_CAMELLIA_CBC, Opinion::Cipher("camellia-256-cbc", "07070707070707070707070707070707")),
    (CKM_CAMELLIA_CBC_PAD, Opinion::Cipher("camellia-256-cbc", "07070707070707070707070707070707")),
    (CKM_CAMELLIA_CTR, Opinion::Cipher("camellia-256-ctr", "09090909090909090909090909090909")),
    (CKM_DES_ECB, Opinion::Cipher("des-ecb", "")),
    (CKM_DES_CBC, Opinion::Cipher("des-cbc", "0707070707070707")),
    (CKM_DES_CBC_PAD, Opinion::Cipher("des-cbc", "0707070707070707")),
    (CKM_DES3_ECB, Opinion::Cipher("des-ede3", "")),
    (CKM_DES3_CBC, Opinion::Cipher("des-ede3-cbc", "0707070707070707")),
    (CKM_DES3_CBC_PAD, Opinion::Cipher("des-ede3-cbc", "0707070707070707")),
    (CKM_CHACHA20, Opinion::Cipher("chacha20", "09000000030303030303030303030303")),
    (CKM_AES_KEY_WRAP, Opinion::Cipher("id-aes256-wrap", "a6a6a6a6a6a6a6a6")),
    (CKM_AES_CMAC, Opinion::Cmac("AES-256-CBC")),
    (CKM_AES_CMAC_GENERAL, Opinion::Cmac("AES-256-CBC")),
    (CKM_DES3_CMAC, Opinion::Cmac("DES-EDE3-CBC")),
    (CKM_DES3_CMAC_GENERAL, Opinion::Cmac("DES-EDE3-CBC")),
    (CKM_AES_GMAC, Opinion::Gmac),
    (CKM_POLY1305, Opinion::Poly1305),
    (CKM_MD5_RSA_PKCS, Opinion::Signature("md5", &[])),
    (CKM_RIPEMD160_RSA_PKCS, Opinion::Signature("ripemd160", &[])),
    (CKM_SHA1_RSA_PKCS, Opinion::Signature("sha1", &[])),
    (CKM_SHA224_RSA_PKCS, Opinion::Signature("sha224", &[])),
    (CKM_SHA256_RSA_PKCS, Opinion::Signature("sha256", &[])),
    (CKM_SHA384_RSA_PKCS, Opinion::Signature("sha384", &[])),
    (CKM_SHA512_RSA_PKCS, Opinion::Signature("sha512", &[])),
    (CKM_SHA3_224_RSA_PKCS, Opinion::Signature("sha3-224", &[])),
    (CKM_SHA3_256_RSA_PKCS, Opinion::Signature("sha3-256", &[])),
    (CKM_SHA3_384_RSA_PKCS, Opinion::Signature("sha3-384", &[])),
    (CKM_SHA3_512_RSA_PKCS, Opinion::Signature("sha3-512", &[])),
    (CKM_SHA1_RSA_PKCS_PSS, Opinion::Signature("sha1", PSS)),
    (CKM_SHA224_RSA_PKCS_PSS, Opinion::Signature("sha224", PSS)),
    (CKM_SHA256_RSA_PKCS_PSS, Opinion::Signature("sha256", PSS)),
    (CKM_SHA384_RSA_PKCS_PSS, Opinion::Signature("sha384", PSS)),
    (CKM_SHA512_RSA_PKCS_PSS, Opinion::Signature("sha512", PSS)),
    (CKM_SHA3_224_RSA_PKCS_PSS, Opinion::Signature("sha3-224", PSS)),
    (CKM_SHA3_256_RSA_PKCS_PSS, Opinion::Signature("sha3-256", PSS)),
    (CKM_SHA3_384_RSA_PKCS_PSS, Opinion::Signature("sha3-384", PSS)),
    (CKM_SHA3_512_RSA_PKCS_PSS, Opinion::Signature("sha3-512", PSS)),
    (CKM_ECDSA_SHA1, Opinion::Signature("sha1", &[])),
    (CKM_ECDSA_SHA224, Opinion::Signature("sha224", &[])),
    (CKM_ECDSA_SHA256, Opinion::Signature("sha256", &[])),
    (CKM_ECDSA_SHA384, Opinion::Signature("sha384", &[])),
    (CKM_ECDSA_SHA512, Opinion::Signature("sha512", &[])),
    (CKM_ECDSA_SHA3_224, Opinion::Signature("sha3-224", &[])),
    (CKM_ECDSA_SHA3_256, Opinion::Signature("sha3-256", &[])),
    (CKM_ECDSA_SHA3_384, Opinion::Signature("sha3-384", &[])),
    (CKM_ECDSA_SHA3_512, Opinion::Signature("sha3-512", &[])),
    (CKM_DSA_SHA1, Opinion::Signature("sha1", &[])),
    (CKM_DSA_SHA224, Opinion::Signature("sha224", &[])),
    (CKM_DSA_SHA256, Opinion::Signature("sha256", &[])),
    (CKM_DSA_SHA384, Opinion::Signature("sha384", &[])),
    (CKM_DSA_SHA512, Opinion::Signature("sha512", &[])),
    (CKM_DSA_SHA3_224, Opinion::Signature("sha3-224", &[])),
    (CKM_DSA_SHA3_256, Opinion::Signature("sha3-256", &[])),
    (CKM_DSA_SHA3_384, Opinion::Signature("sha3-384", &[])),
    (CKM_DSA_SHA3_512, Opinion::Signature("sha3-512", &[])),
    (CKM_ML_DSA, Opinion::Elsewhere("src/mechanisms/ml_dsa against the crate ml-dsa")),
    (CKM_SLH_DSA, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA224, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA384, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA512, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA3_224, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA3_256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA3_384, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHA3_512, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHAKE128, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_ML_DSA_SHAKE256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA224, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA384, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA512, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA3_224, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA3_256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA3_384, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHA3_512, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHAKE128, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_HASH_SLH_DSA_SHAKE256, Opinion::Elsewhere("OpenSSL 3.0 has none")),
    (CKM_RSA_PKCS, Opinion::Elsewhere("conformance/oracle.rs, both ways")),
    (CKM_RSA_PKCS_PSS, Opinion::Elsewhere("conformance/oracle.rs, both ways")),
    (CKM_ECDSA, Opinion::Elsewhere("conformance/oracle.rs, both ways")),
    (CKM_DSA, Opinion::Elsewhere("conformance/finite_fields.rs, both ways")),
    (CKM_RSA_X_509, Opinion::Elsewhere("what the mechanisms with padding are made of")),
    (CKM_RSA_PKCS_OAEP, Opinion::Elsewhere("conformance/rsa_encrypting.rs, both ways")),
    (CKM_EDDSA, Opinion::Elsewhere("conformance/clients_mechanisms/edwards.rs")),
    (
        CKM_AES_GCM,
        Opinion::Elsewhere("the openssl command has no AEAD; src/mechanisms/aes against the crate aes-gcm"),
    ),
    (CKM_CLOUDHSM_AES_GCM, Opinion::Elsewhere("CKM_AES_GCM with the vector before it: vectors/aes.rs")),
    (CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, Opinion::Elsewhere("CKM_AES_KEY_WRAP by another number")),
    (CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, Opinion::Elsewhere("CKM_AES_KEY_WRAP_PKCS7 by another number")),
    (CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, Opinion::Elsewhere("CKM_AES_KEY_WRAP_KWP by another number")),
    (CKM_AES_CCM, Opinion::Elsewhere("the openssl command has no AEAD")),
    (CKM_CHACHA20_POLY1305, Opinion::Elsewhere("the openssl command has no AEAD")),
    (CKM_AES_KEY_WRAP_PAD, Opinion::Elsewhere("vectors/aes.rs: CKM_AES_KEY_WRAP of the padded")),
    (CKM_AES_KEY_WRAP_PKCS7, Opinion::Elsewhere("vectors/aes.rs: CKM_AES_KEY_WRAP of the padded")),
    (CKM_AES_KEY_WRAP_KWP, Opinion::Elsewhere("src/mechanisms/aes against the crate aes-kw")),
    (
        CKM_AES_CFB64,
        Opinion::Elsewhere("OpenSSL has no segments of 64 bits; vectors/ciphers.rs composes them"),
    ),
    (CKM_AES_CTS, Opinion::Elsewhere("the openssl command has no stealing")),
    (CKM_AES_XTS, Opinion::Elsewhere("the openssl command has no XTS")),
    (CKM_AES_MAC, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_AES_MAC_GENERAL, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_AES_XCBC_MAC, Opinion::Elsewhere("OpenSSL has none")),
    (CKM_AES_XCBC_MAC_96, Opinion::Elsewhere("OpenSSL has none")),
    (CKM_DES_MAC, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_DES_MAC_GENERAL, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_DES3_MAC, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_DES3_MAC_GENERAL, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_CAMELLIA_MAC, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_CAMELLIA_MAC_GENERAL, Opinion::Elsewhere("vectors/ciphers.rs composes it")),
    (CKM_SHA512_T, Opinion::Elsewhere("SHA-512/t of t that FIPS 180-4 names is another row")),
    (CKM_SHA512_T_HMAC, Opinion::Elsewhere("SHA-512/t of t that FIPS 180-4 names is another row")),
    (CKM_HOTP, Opinion::Elsewhere("vectors/one_time.rs composes it")),
    (CKM_TLS_MAC, Opinion::Elsewhere("src/mechanisms/tls12")),
    (CKM_TLS12_MAC, Opinion::Elsewhere("src/mechanisms/tls12")),
    (CKM_BLAKE2B_160, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_160_HMAC, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_160_HMAC_GENERAL, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_256, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_256_HMAC, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_256_HMAC_GENERAL, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_384, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_384_HMAC, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
    (CKM_BLAKE2B_384_HMAC_GENERAL, Opinion::Elsewhere("OpenSSL 3.0 has 512 bits alone")),
];

/// Inputs of each mechanism: of the quick form and of the long one.
const CASES: (u32, u32) = (3, 40);

/// Asks for every mechanism that the token lists.
pub(crate) fn run(t: &Test, long: bool) {
    let token = t.token();
    let session = token.user_session();
    let keyring = Keyring::new(t.module, session);
    for kind in listed(&token) {
        if flags(&token, kind) & (CKF_DIGEST | CKF_SIGN | CKF_ENCRYPT) == 0 {
            continue;
        }
        let row = row(kind);
        let opinion = OPINIONS.iter().find(|(of, _)| *of == kind);
        let (_, opinion) =
            opinion.unwrap_or_else(|| panic!("{} has no second opinion, and no reason", row.name));
        if let Opinion::Elsewhere(why) = opinion {
            println!("{}: not by OpenSSL: {why}", row.name);
            continue;
        }
        let cases = if long { CASES.1 } else { CASES.0 };
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let inputs = (any::<usize>(), vec(any::<u8>(), row.message.most), vec(any::<u8>(), 64));
        let result = TestRunner::new(config).run(&inputs, |(len, bytes, key)| {
            let message = &bytes[..row.message.fitting(len)];
            let agreed = agrees(t, session, &keyring, row, *opinion, (message, key));
            agreed.map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(why, _) | TestError::Abort(why)) => panic!("{}: {why}", row.name),
        }
    }
}

fn agrees(
    t: &Test,
    session: u64,
    keyring: &Keyring<'_>,
    row: &Row,
    opinion: Opinion,
    (message, mut key): (&[u8], Vec<u8>),
) -> Result<(), String> {
    let m = t.module;
    let ready = row.ready_for(message.len());
    let by = ready.mechanism();
    if let Opinion::Signature(digest, options) = opinion {
        let keys = keyring.keys(row.key);
        let signature = SIGNING.whole(m, session, &by, keys.private, message).map_err(rv_name)?;
        let has_two_numbers = ["CKM_ECDSA", "CKM_DSA"].iter().any(|name| row.name.starts_with(name));
        let der = if has_two_numbers { ecdsa_to_der(&signature) } else { signature };
        return verified(
            t,
            &attribute(m, session, keys.public, CKA_PUBLIC_KEY_INFO),
            (digest, options),
            message,
            &der,
        );
    }
    let found: Answer = match row.key {
        Key::Secret(key_type, len) => {
            key.truncate(len);
            if [CKK_DES, CKK_DES2, CKK_DES3].contains(&key_type) {
                odd_parity(&mut key);
            }
            with_key(m, session, key_type, &key, |handle| match opinion {
                Opinion::Cipher(..) => ENCRYPTION.whole(m, session, &by, handle, message),
                _ => SIGNING.whole(m, session, &by, handle, message),
            })
        }
        _ => DIGESTING.whole(m, session, &by, 0, message),
    };
    let found = found.map_err(rv_name)?;
    let other = asked(row, opinion, &key, message);
    // Some mechanisms cut.
    let is_cut = !matches!(opinion, Opinion::Cipher(..)) && !found.is_empty() && other.starts_with(&found);
    if found == other || is_cut {
        Ok(())
    } else {
        Err(format!("{} bytes: {} here, {} by OpenSSL", message.len(), hex(&found), hex(&other)))
    }
}

fn with_key(
    m: &Module,
    session: u64,
    key_type: u64,
    value: &[u8],
    does: impl FnOnce(u64) -> Answer,
) -> Answer {
    let (rv, key) = m.create_object(session, &secret(key_type, value));
    if rv != CKR_OK {
        return Err(rv);
    }
    let done = does(key);
    assert_rv!(m.destroy_object(session, key), CKR_OK);
    done
}

/// What OpenSSL gives.
fn asked(row: &Row, opinion: Opinion, key: &[u8], message: &[u8]) -> Vec<u8> {
    let hex_key = hex(key);
    let option = format!("hexkey:{hex_key}");
    let mac = |arguments: &[&str]| {
        run_with_input(openssl(["mac", "-binary", "-macopt", &option]).args(arguments), message)
    };
    match opinion {
        Opinion::Digest(name) => {
            run_with_input(&mut openssl(["dgst", "-binary", &format!("-{name}")]), message)
        }
        Opinion::Hmac(name) => mac(&["-digest", name, "HMAC"]),
        Opinion::Cmac(name) => mac(&["-cipher", name, "CMAC"]),
        Opinion::Gmac => {
            mac(&["-cipher", "AES-256-GCM", "-macopt", "hexiv:030303030303030303030303", "GMAC"])
        }
        Opinion::Poly1305 => mac(&["Poly1305"]),
        Opinion::Cipher(name, iv) => {
            let mut command = openssl(["enc", &format!("-{name}"), "-K", &hex_key]);
            command.args(["-provider", "legacy", "-provider", "default"]);
            if !iv.is_empty() {
                command.args(["-iv", iv]);
            }
            if !row.name.ends_with("_PAD") {
                command.arg("-nopad");
            }
            run_with_input(&mut command, message)
        }
        Opinion::Signature(..) | Opinion::Elsewhere(_) => panic!("{} is asked otherwise", row.name),
    }
}

fn verified(
    t: &Test,
    public: &[u8],
    (digest, options): (&str, &[&str]),
    message: &[u8],
    signature: &[u8],
) -> Result<(), String> {
    let file = |name: &str, bytes: &[u8]| {
        let path = t.installation.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (key, signature) = (file("public.der", public), file("signature", signature));
    let mut command = openssl(["dgst", &format!("-{digest}"), "-keyform", "DER", "-verify"]);
    command.arg(key);
    for option in options {
        command.args(["-sigopt", option]);
    }
    command.arg("-signature").arg(signature).arg(file("message", message));
    let done = pkcs11_tests::program::output(&mut command);
    if done.status.success() { Ok(()) } else { Err(pkcs11_tests::program::told(&command, &done)) }
}
