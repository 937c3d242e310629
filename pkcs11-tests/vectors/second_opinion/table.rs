//! TABLE: whom each mechanism is held against, and how.

use cryptoki_sys::CK_MECHANISM_TYPE;
use pkcs11_tests::mechanisms::cloudhsm::{
    CKM_CLOUDHSM_AES_GCM, CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD,
    CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD,
};

use pkcs11_tests::mechanisms::draft::CKM_ML_DSA_EXTERNAL_MU;

use super::ciphers::Given;
use super::others::Hash;
use super::post_quantum::Prehash;
use super::{
    Opinion, agreements, ciphers, derivations, joining, macs, pairs, post_quantum, signatures, tls, wraps,
};

const PSS: &[&str] = &["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"];
const PSS_UNHASHED: &[&str] = &["rsa_padding_mode:pss", "digest:sha256", "rsa_pss_saltlen:digest"];
const BLOCK: Given = Given::Vector(16);
const HALF: Given = Given::Vector(8);

const NO_SECOND_SLH_DSA: Opinion = Opinion::Elsewhere(
    "docs/decisions/0031-libraries-of-the-post-quantum-mechanisms.md",
    "SLH-DSA has no second library",
    "NIST's ACVP samples judge alone",
);
const GROUP: Opinion = Opinion::Elsewhere(
    "pkcs11-tests/vectors/finite_fields.rs",
    "fn openssl_takes(",
    "a group takes seconds, so that OpenSSL checks the one that is made there",
);
const RANDOM: Opinion = Opinion::Elsewhere(
    "pkcs11-tests/vectors/generated.rs",
    "fn as_imported(",
    "a secret key is random: it is put to work beside an imported one",
);
const HOTP_KEY: Opinion = Opinion::Elsewhere(
    "pkcs11-tests/vectors/one_time.rs",
    "fn generated(",
    "a secret key is random: its password is put together of an HMAC",
);

macro_rules! opinions {
    ($($name:ident, $opinion:expr;)*) => {
        /// Every mechanism once.
        pub(super) const OPINIONS: &[(CK_MECHANISM_TYPE, Opinion)] = &[
            $((cryptoki_sys::$name, $opinion)),*,
            (CKM_ML_DSA_EXTERNAL_MU, Opinion::Composed(post_quantum::ml_dsa_of_mu)),
            (CKM_CLOUDHSM_AES_GCM, Opinion::Composed(ciphers::gcm_with_vector)),
            (CKM_CLOUDHSM_AES_KEY_WRAP_NO_PAD, Opinion::Composed(wraps::key_wrap)),
            (CKM_CLOUDHSM_AES_KEY_WRAP_PKCS5_PAD, Opinion::Composed(wraps::key_wrap)),
            (CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD, Opinion::Composed(wraps::key_wrap)),
        ];
    };
}

opinions! {
    CKM_RSA_PKCS_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_RSA_PKCS, Opinion::Composed(signatures::rsa_pkcs);
    CKM_RSA_X_509, Opinion::Composed(signatures::rsa_x_509);
    CKM_RSA_PKCS_OAEP, Opinion::Composed(wraps::oaep);
    CKM_RSA_AES_KEY_WRAP, Opinion::Composed(wraps::rsa_aes);
    CKM_SHA1_RSA_PKCS, Opinion::Signature("sha1", &[]);
    CKM_SHA224_RSA_PKCS, Opinion::Signature("sha224", &[]);
    CKM_SHA256_RSA_PKCS, Opinion::Signature("sha256", &[]);
    CKM_SHA384_RSA_PKCS, Opinion::Signature("sha384", &[]);
    CKM_SHA512_RSA_PKCS, Opinion::Signature("sha512", &[]);
    CKM_MD5_RSA_PKCS, Opinion::Signature("md5", &[]);
    CKM_RIPEMD160_RSA_PKCS, Opinion::Signature("ripemd160", &[]);
    CKM_SHA3_224_RSA_PKCS, Opinion::Signature("sha3-224", &[]);
    CKM_SHA3_256_RSA_PKCS, Opinion::Signature("sha3-256", &[]);
    CKM_SHA3_384_RSA_PKCS, Opinion::Signature("sha3-384", &[]);
    CKM_SHA3_512_RSA_PKCS, Opinion::Signature("sha3-512", &[]);
    CKM_RSA_PKCS_PSS, Opinion::Unhashed(PSS_UNHASHED);
    CKM_SHA1_RSA_PKCS_PSS, Opinion::Signature("sha1", PSS);
    CKM_SHA224_RSA_PKCS_PSS, Opinion::Signature("sha224", PSS);
    CKM_SHA256_RSA_PKCS_PSS, Opinion::Signature("sha256", PSS);
    CKM_SHA384_RSA_PKCS_PSS, Opinion::Signature("sha384", PSS);
    CKM_SHA512_RSA_PKCS_PSS, Opinion::Signature("sha512", PSS);
    CKM_SHA3_224_RSA_PKCS_PSS, Opinion::Signature("sha3-224", PSS);
    CKM_SHA3_256_RSA_PKCS_PSS, Opinion::Signature("sha3-256", PSS);
    CKM_SHA3_384_RSA_PKCS_PSS, Opinion::Signature("sha3-384", PSS);
    CKM_SHA3_512_RSA_PKCS_PSS, Opinion::Signature("sha3-512", PSS);
    CKM_EC_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_ECDSA, Opinion::Unhashed(&[]);
    CKM_ECDSA_SHA1, Opinion::Signature("sha1", &[]);
    CKM_ECDSA_SHA224, Opinion::Signature("sha224", &[]);
    CKM_ECDSA_SHA256, Opinion::Signature("sha256", &[]);
    CKM_ECDSA_SHA384, Opinion::Signature("sha384", &[]);
    CKM_ECDSA_SHA512, Opinion::Signature("sha512", &[]);
    CKM_ECDSA_SHA3_224, Opinion::Signature("sha3-224", &[]);
    CKM_ECDSA_SHA3_256, Opinion::Signature("sha3-256", &[]);
    CKM_ECDSA_SHA3_384, Opinion::Signature("sha3-384", &[]);
    CKM_ECDSA_SHA3_512, Opinion::Signature("sha3-512", &[]);
    CKM_ECDH1_DERIVE, Opinion::Composed(agreements::ecdh);
    CKM_ECDH1_COFACTOR_DERIVE, Opinion::Composed(agreements::ecdh);
    CKM_ECDH_AES_KEY_WRAP, Opinion::Composed(wraps::ecdh_aes);
    CKM_ECDH_COF_AES_KEY_WRAP, Opinion::Composed(wraps::ecdh_aes);
    CKM_ECDH_X_AES_KEY_WRAP, Opinion::Composed(wraps::ecdh_aes);
    CKM_EC_EDWARDS_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_EDDSA, Opinion::Unhashed(&["-rawin"]);
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_DH_PKCS_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_DH_PKCS_PARAMETER_GEN, GROUP;
    CKM_DH_PKCS_DERIVE, Opinion::Composed(agreements::dh);
    CKM_DSA_KEY_PAIR_GEN, Opinion::Composed(pairs::generated);
    CKM_DSA_PARAMETER_GEN, GROUP;
    CKM_DSA, Opinion::Unhashed(&[]);
    CKM_DSA_SHA1, Opinion::Signature("sha1", &[]);
    CKM_DSA_SHA224, Opinion::Signature("sha224", &[]);
    CKM_DSA_SHA256, Opinion::Signature("sha256", &[]);
    CKM_DSA_SHA384, Opinion::Signature("sha384", &[]);
    CKM_DSA_SHA512, Opinion::Signature("sha512", &[]);
    CKM_DSA_SHA3_224, Opinion::Signature("sha3-224", &[]);
    CKM_DSA_SHA3_256, Opinion::Signature("sha3-256", &[]);
    CKM_DSA_SHA3_384, Opinion::Signature("sha3-384", &[]);
    CKM_DSA_SHA3_512, Opinion::Signature("sha3-512", &[]);
    CKM_PUB_KEY_FROM_PRIV_KEY, Opinion::Composed(pairs::public_of_private);
    CKM_ML_KEM_KEY_PAIR_GEN, Opinion::Composed(pairs::post_quantum);
    CKM_ML_KEM, Opinion::Composed(post_quantum::ml_kem);
    CKM_ML_DSA_KEY_PAIR_GEN, Opinion::Composed(pairs::post_quantum);
    CKM_ML_DSA, Opinion::MlDsa(None);
    CKM_HASH_ML_DSA, Opinion::MlDsa(Some(Prehash::Callers));
    CKM_HASH_ML_DSA_SHA224, Opinion::MlDsa(Some(post_quantum::SHA224));
    CKM_HASH_ML_DSA_SHA256, Opinion::MlDsa(Some(post_quantum::SHA256));
    CKM_HASH_ML_DSA_SHA384, Opinion::MlDsa(Some(post_quantum::SHA384));
    CKM_HASH_ML_DSA_SHA512, Opinion::MlDsa(Some(post_quantum::SHA512));
    CKM_HASH_ML_DSA_SHA3_224, Opinion::MlDsa(Some(post_quantum::SHA3_224));
    CKM_HASH_ML_DSA_SHA3_256, Opinion::MlDsa(Some(post_quantum::SHA3_256));
    CKM_HASH_ML_DSA_SHA3_384, Opinion::MlDsa(Some(post_quantum::SHA3_384));
    CKM_HASH_ML_DSA_SHA3_512, Opinion::MlDsa(Some(post_quantum::SHA3_512));
    CKM_HASH_ML_DSA_SHAKE128, Opinion::MlDsa(Some(post_quantum::SHAKE128));
    CKM_HASH_ML_DSA_SHAKE256, Opinion::MlDsa(Some(post_quantum::SHAKE256));
    CKM_SLH_DSA_KEY_PAIR_GEN, NO_SECOND_SLH_DSA;
    CKM_SLH_DSA, NO_SECOND_SLH_DSA;
    CKM_HASH_SLH_DSA, NO_SECOND_SLH_DSA;
    CKM_HASH_SLH_DSA_SHA224, Opinion::SlhDsaOf(post_quantum::SHA224);
    CKM_HASH_SLH_DSA_SHA256, Opinion::SlhDsaOf(post_quantum::SHA256);
    CKM_HASH_SLH_DSA_SHA384, Opinion::SlhDsaOf(post_quantum::SHA384);
    CKM_HASH_SLH_DSA_SHA512, Opinion::SlhDsaOf(post_quantum::SHA512);
    CKM_HASH_SLH_DSA_SHA3_224, Opinion::SlhDsaOf(post_quantum::SHA3_224);
    CKM_HASH_SLH_DSA_SHA3_256, Opinion::SlhDsaOf(post_quantum::SHA3_256);
    CKM_HASH_SLH_DSA_SHA3_384, Opinion::SlhDsaOf(post_quantum::SHA3_384);
    CKM_HASH_SLH_DSA_SHA3_512, Opinion::SlhDsaOf(post_quantum::SHA3_512);
    CKM_HASH_SLH_DSA_SHAKE128, NO_SECOND_SLH_DSA;
    CKM_HASH_SLH_DSA_SHAKE256, NO_SECOND_SLH_DSA;
    CKM_GENERIC_SECRET_KEY_GEN, RANDOM;
    CKM_PKCS5_PBKD2, Opinion::Composed(derivations::pbkdf2);
    CKM_HKDF_KEY_GEN, RANDOM;
    CKM_HKDF_DERIVE, Opinion::Composed(derivations::hkdf);
    CKM_HKDF_DATA, Opinion::Composed(derivations::hkdf);
    CKM_SP800_108_COUNTER_KDF, Opinion::Composed(derivations::kbkdf);
    CKM_SP800_108_FEEDBACK_KDF, Opinion::Composed(derivations::kbkdf);
    CKM_SP800_108_DOUBLE_PIPELINE_KDF, Opinion::Composed(derivations::double_pipeline);
    CKM_CONCATENATE_BASE_AND_KEY, Opinion::Composed(joining::with_key);
    CKM_CONCATENATE_BASE_AND_DATA, Opinion::Composed(joining::with_data);
    CKM_CONCATENATE_DATA_AND_BASE, Opinion::Composed(joining::with_data);
    CKM_XOR_BASE_AND_DATA, Opinion::Composed(joining::with_data);
    CKM_EXTRACT_KEY_FROM_KEY, Opinion::Composed(joining::extracted);
    CKM_TLS12_MASTER_KEY_DERIVE, Opinion::Composed(tls::master);
    CKM_TLS12_MASTER_KEY_DERIVE_DH, Opinion::Composed(tls::master);
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, Opinion::Composed(tls::extended_master);
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, Opinion::Composed(tls::extended_master);
    CKM_TLS12_KEY_AND_MAC_DERIVE, Opinion::Composed(tls::key_block);
    CKM_TLS12_KEY_SAFE_DERIVE, Opinion::Composed(tls::key_block);
    CKM_TLS_KDF, Opinion::Composed(tls::exported);
    CKM_TLS12_KDF, Opinion::Composed(tls::exported);
    CKM_TLS_MAC, Opinion::Composed(tls::finished);
    CKM_TLS12_MAC, Opinion::Composed(tls::finished);
    CKM_AES_KEY_GEN, RANDOM;
    CKM_AES_ECB, Opinion::Cipher("aes-{}-ecb", Given::Nothing);
    CKM_AES_CBC, Opinion::Cipher("aes-{}-cbc", BLOCK);
    CKM_AES_CBC_PAD, Opinion::Cipher("aes-{}-cbc", BLOCK);
    CKM_AES_CTR, Opinion::Cipher("aes-{}-ctr", Given::Counter);
    CKM_AES_GCM, Opinion::Composed(ciphers::gcm);
    CKM_AES_KEY_WRAP, Opinion::Composed(wraps::key_wrap);
    CKM_AES_KEY_WRAP_PAD, Opinion::Composed(wraps::key_wrap);
    CKM_AES_KEY_WRAP_PKCS7, Opinion::Composed(wraps::key_wrap);
    CKM_AES_KEY_WRAP_KWP, Opinion::Composed(wraps::key_wrap);
    CKM_AES_CMAC, Opinion::Cmac("AES-{}-CBC");
    CKM_AES_CMAC_GENERAL, Opinion::Cmac("AES-{}-CBC");
    CKM_AES_CFB1, Opinion::Cipher("aes-{}-cfb1", BLOCK);
    CKM_AES_CFB8, Opinion::Cipher("aes-{}-cfb8", BLOCK);
    CKM_AES_CFB64, Opinion::Composed(ciphers::cfb64);
    CKM_AES_CFB128, Opinion::Cipher("aes-{}-cfb", BLOCK);
    CKM_AES_OFB, Opinion::Cipher("aes-{}-ofb", BLOCK);
    CKM_AES_CTS, Opinion::Cipher("AES-{}-CBC-CTS", BLOCK);
    CKM_AES_CCM, Opinion::Composed(ciphers::ccm);
    CKM_AES_GMAC, Opinion::Composed(macs::gmac);
    CKM_AES_MAC, Opinion::CbcMac("aes-{}-cbc", 16);
    CKM_AES_MAC_GENERAL, Opinion::CbcMac("aes-{}-cbc", 16);
    CKM_AES_XCBC_MAC, Opinion::Composed(macs::xcbc);
    CKM_AES_XCBC_MAC_96, Opinion::Composed(macs::xcbc);
    CKM_AES_ECB_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_AES_CBC_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_AES_XTS_KEY_GEN, RANDOM;
    CKM_AES_XTS, Opinion::Composed(ciphers::xts);
    CKM_DES_KEY_GEN, RANDOM;
    CKM_DES_ECB, Opinion::Cipher("des-ecb", Given::Nothing);
    CKM_DES_CBC, Opinion::Cipher("des-cbc", HALF);
    CKM_DES_CBC_PAD, Opinion::Cipher("des-cbc", HALF);
    CKM_DES_MAC, Opinion::CbcMac("des-cbc", 8);
    CKM_DES_MAC_GENERAL, Opinion::CbcMac("des-cbc", 8);
    CKM_DES_ECB_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_DES_CBC_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_DES2_KEY_GEN, RANDOM;
    CKM_DES3_KEY_GEN, RANDOM;
    CKM_DES3_ECB, Opinion::Cipher("des-ede3", Given::Nothing);
    CKM_DES3_CBC, Opinion::Cipher("des-ede3-cbc", HALF);
    CKM_DES3_CBC_PAD, Opinion::Cipher("des-ede3-cbc", HALF);
    CKM_DES3_MAC, Opinion::CbcMac("des-ede3-cbc", 8);
    CKM_DES3_MAC_GENERAL, Opinion::CbcMac("des-ede3-cbc", 8);
    CKM_DES3_CMAC, Opinion::Cmac("DES-EDE3-CBC");
    CKM_DES3_CMAC_GENERAL, Opinion::Cmac("DES-EDE3-CBC");
    CKM_DES3_ECB_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_DES3_CBC_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_CAMELLIA_KEY_GEN, RANDOM;
    CKM_CAMELLIA_ECB, Opinion::Cipher("camellia-{}-ecb", Given::Nothing);
    CKM_CAMELLIA_CBC, Opinion::Cipher("camellia-{}-cbc", BLOCK);
    CKM_CAMELLIA_CBC_PAD, Opinion::Cipher("camellia-{}-cbc", BLOCK);
    CKM_CAMELLIA_CTR, Opinion::Cipher("camellia-{}-ctr", Given::Counter);
    CKM_CAMELLIA_MAC, Opinion::CbcMac("camellia-{}-cbc", 16);
    CKM_CAMELLIA_MAC_GENERAL, Opinion::CbcMac("camellia-{}-cbc", 16);
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_CAMELLIA_CBC_ENCRYPT_DATA, Opinion::Composed(joining::encrypted_data);
    CKM_CHACHA20_KEY_GEN, RANDOM;
    CKM_CHACHA20, Opinion::Cipher("chacha20", Given::Stream);
    CKM_CHACHA20_POLY1305, Opinion::Composed(ciphers::chacha20_poly1305);
    CKM_POLY1305_KEY_GEN, RANDOM;
    CKM_POLY1305, Opinion::Composed(macs::poly1305);
    CKM_HOTP_KEY_GEN, HOTP_KEY;
    CKM_HOTP, Opinion::Composed(macs::hotp);
    CKM_SHA_1, Opinion::Digest(Hash::Openssl("sha1"));
    CKM_SHA224, Opinion::Digest(Hash::Openssl("sha224"));
    CKM_SHA256, Opinion::Digest(Hash::Openssl("sha256"));
    CKM_SHA384, Opinion::Digest(Hash::Openssl("sha384"));
    CKM_SHA512, Opinion::Digest(Hash::Openssl("sha512"));
    CKM_SHA512_224, Opinion::Digest(Hash::Openssl("sha512-224"));
    CKM_SHA512_256, Opinion::Digest(Hash::Openssl("sha512-256"));
    CKM_SHA3_224, Opinion::Digest(Hash::Openssl("sha3-224"));
    CKM_SHA3_256, Opinion::Digest(Hash::Openssl("sha3-256"));
    CKM_SHA3_384, Opinion::Digest(Hash::Openssl("sha3-384"));
    CKM_SHA3_512, Opinion::Digest(Hash::Openssl("sha3-512"));
    CKM_SHA512_T, Opinion::Composed(macs::sha512_t);
    CKM_BLAKE2B_160, Opinion::Digest(Hash::Blake2b(160));
    CKM_BLAKE2B_256, Opinion::Digest(Hash::Blake2b(256));
    CKM_BLAKE2B_384, Opinion::Digest(Hash::Blake2b(384));
    CKM_BLAKE2B_512, Opinion::Digest(Hash::Openssl("blake2b512"));
    CKM_MD5, Opinion::Digest(Hash::Openssl("md5"));
    CKM_RIPEMD160, Opinion::Digest(Hash::Openssl("ripemd160"));
    CKM_SHA_1_HMAC, Opinion::Hmac(Hash::Openssl("sha1"));
    CKM_SHA224_HMAC, Opinion::Hmac(Hash::Openssl("sha224"));
    CKM_SHA256_HMAC, Opinion::Hmac(Hash::Openssl("sha256"));
    CKM_SHA384_HMAC, Opinion::Hmac(Hash::Openssl("sha384"));
    CKM_SHA512_HMAC, Opinion::Hmac(Hash::Openssl("sha512"));
    CKM_SHA512_224_HMAC, Opinion::Hmac(Hash::Openssl("sha512-224"));
    CKM_SHA512_256_HMAC, Opinion::Hmac(Hash::Openssl("sha512-256"));
    CKM_SHA_1_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha1"));
    CKM_SHA224_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha224"));
    CKM_SHA256_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha256"));
    CKM_SHA384_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha384"));
    CKM_SHA512_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha512"));
    CKM_SHA512_224_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha512-224"));
    CKM_SHA512_256_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha512-256"));
    CKM_SHA3_224_HMAC, Opinion::Hmac(Hash::Openssl("sha3-224"));
    CKM_SHA3_256_HMAC, Opinion::Hmac(Hash::Openssl("sha3-256"));
    CKM_SHA3_384_HMAC, Opinion::Hmac(Hash::Openssl("sha3-384"));
    CKM_SHA3_512_HMAC, Opinion::Hmac(Hash::Openssl("sha3-512"));
    CKM_BLAKE2B_160_HMAC, Opinion::Hmac(Hash::Blake2b(160));
    CKM_BLAKE2B_256_HMAC, Opinion::Hmac(Hash::Blake2b(256));
    CKM_BLAKE2B_384_HMAC, Opinion::Hmac(Hash::Blake2b(384));
    CKM_BLAKE2B_512_HMAC, Opinion::Hmac(Hash::Openssl("blake2b512"));
    CKM_MD5_HMAC, Opinion::Hmac(Hash::Openssl("md5"));
    CKM_RIPEMD160_HMAC, Opinion::Hmac(Hash::Openssl("ripemd160"));
    CKM_SHA512_T_HMAC, Opinion::Composed(macs::sha512_t_hmac);
    CKM_SHA3_224_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha3-224"));
    CKM_SHA3_256_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha3-256"));
    CKM_SHA3_384_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha3-384"));
    CKM_SHA3_512_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("sha3-512"));
    CKM_BLAKE2B_160_HMAC_GENERAL, Opinion::Hmac(Hash::Blake2b(160));
    CKM_BLAKE2B_256_HMAC_GENERAL, Opinion::Hmac(Hash::Blake2b(256));
    CKM_BLAKE2B_384_HMAC_GENERAL, Opinion::Hmac(Hash::Blake2b(384));
    CKM_BLAKE2B_512_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("blake2b512"));
    CKM_MD5_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("md5"));
    CKM_RIPEMD160_HMAC_GENERAL, Opinion::Hmac(Hash::Openssl("ripemd160"));
    CKM_SHA_1_KEY_GEN, RANDOM;
    CKM_SHA224_KEY_GEN, RANDOM;
    CKM_SHA256_KEY_GEN, RANDOM;
    CKM_SHA384_KEY_GEN, RANDOM;
    CKM_SHA512_KEY_GEN, RANDOM;
    CKM_SHA512_224_KEY_GEN, RANDOM;
    CKM_SHA512_256_KEY_GEN, RANDOM;
    CKM_SHA512_T_KEY_GEN, RANDOM;
    CKM_SHA3_224_KEY_GEN, RANDOM;
    CKM_SHA3_256_KEY_GEN, RANDOM;
    CKM_SHA3_384_KEY_GEN, RANDOM;
    CKM_SHA3_512_KEY_GEN, RANDOM;
    CKM_BLAKE2B_160_KEY_GEN, RANDOM;
    CKM_BLAKE2B_256_KEY_GEN, RANDOM;
    CKM_BLAKE2B_384_KEY_GEN, RANDOM;
    CKM_BLAKE2B_512_KEY_GEN, RANDOM;
    CKM_SHA1_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha1"));
    CKM_SHA224_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha224"));
    CKM_SHA256_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha256"));
    CKM_SHA384_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha384"));
    CKM_SHA512_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha512"));
    CKM_SHA512_224_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha512-224"));
    CKM_SHA512_256_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha512-256"));
    CKM_SHA3_224_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha3-224"));
    CKM_SHA3_256_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha3-256"));
    CKM_SHA3_384_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha3-384"));
    CKM_SHA3_512_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("sha3-512"));
    CKM_MD5_KEY_DERIVATION, Opinion::DigestOfKey(Hash::Openssl("md5"));
    CKM_SHAKE_128_KEY_DERIVATION, Opinion::Composed(derivations::shake128);
    CKM_SHAKE_256_KEY_DERIVATION, Opinion::Composed(derivations::shake256);
    CKM_BLAKE2B_160_KEY_DERIVE, Opinion::DigestOfKey(Hash::Blake2b(160));
    CKM_BLAKE2B_256_KEY_DERIVE, Opinion::DigestOfKey(Hash::Blake2b(256));
    CKM_BLAKE2B_384_KEY_DERIVE, Opinion::DigestOfKey(Hash::Blake2b(384));
    CKM_BLAKE2B_512_KEY_DERIVE, Opinion::DigestOfKey(Hash::Openssl("blake2b512"));
    CKM_SHA512_T_KEY_DERIVATION, Opinion::Composed(macs::sha512_t_of_key);
}
