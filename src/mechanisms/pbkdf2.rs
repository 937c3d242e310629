//! PBKDF2 (RFC 8018 section 5.2; PKCS#11 v3.2 section 6.37.4): secret keys of any type out of passwords.

use engine::mechanism::{Can, MechanismRow};
use pkcs11::constants::{
    CKK_AES, CKK_BLAKE2B_160_HMAC, CKK_BLAKE2B_256_HMAC, CKK_BLAKE2B_384_HMAC, CKK_BLAKE2B_512_HMAC,
    CKK_GENERIC_SECRET, CKK_HKDF, CKK_MD5_HMAC, CKK_RIPEMD160_HMAC, CKK_SHA_1_HMAC, CKK_SHA3_224_HMAC,
    CKK_SHA3_256_HMAC, CKK_SHA3_384_HMAC, CKK_SHA3_512_HMAC, CKK_SHA224_HMAC, CKK_SHA256_HMAC,
    CKK_SHA384_HMAC, CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC, CKK_SHA512_HMAC, CKK_SHA512_T_HMAC,
    CKM_PKCS5_PBKD2, CKP_PKCS5_PBKD2_HMAC_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA256,
    CKP_PKCS5_PBKD2_HMAC_SHA384, CKP_PKCS5_PBKD2_HMAC_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512_224,
    CKP_PKCS5_PBKD2_HMAC_SHA512_256, CKZ_SALT_SPECIFIED,
};
use pkcs11::{Attributes, Error, Mechanism, Parameters, Result, Secret};

use crate::aws_lc::derivation::pbkdf2;
use crate::aws_lc::hash::Hash;
use crate::secret;

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[MechanismRow {
    mechanism: CKM_PKCS5_PBKD2,
    key_types: &[
        CKK_GENERIC_SECRET,
        CKK_AES,
        CKK_HKDF,
        CKK_SHA_1_HMAC,
        CKK_SHA224_HMAC,
        CKK_SHA256_HMAC,
        CKK_SHA384_HMAC,
        CKK_SHA512_HMAC,
        CKK_SHA512_224_HMAC,
        CKK_SHA512_256_HMAC,
        CKK_SHA3_224_HMAC,
        CKK_SHA3_256_HMAC,
        CKK_SHA3_384_HMAC,
        CKK_SHA3_512_HMAC,
        CKK_BLAKE2B_160_HMAC,
        CKK_BLAKE2B_256_HMAC,
        CKK_BLAKE2B_384_HMAC,
        CKK_BLAKE2B_512_HMAC,
        CKK_MD5_HMAC,
        CKK_RIPEMD160_HMAC,
        CKK_SHA512_T_HMAC,
    ],
    sizes: (1, secret::LONGEST as u64),
    flags: 0,
    can: &[Can::GenerateKey(generate)],
}];

/// The pseudo-random functions: a `CKP_` value each, and the hash of its HMAC.
const FUNCTIONS: [(u64, Hash); 7] = [
    (CKP_PKCS5_PBKD2_HMAC_SHA1, Hash::Sha1),
    (CKP_PKCS5_PBKD2_HMAC_SHA224, Hash::Sha224),
    (CKP_PKCS5_PBKD2_HMAC_SHA256, Hash::Sha256),
    (CKP_PKCS5_PBKD2_HMAC_SHA384, Hash::Sha384),
    (CKP_PKCS5_PBKD2_HMAC_SHA512, Hash::Sha512),
    (CKP_PKCS5_PBKD2_HMAC_SHA512_224, Hash::Sha512_224),
    (CKP_PKCS5_PBKD2_HMAC_SHA512_256, Hash::Sha512_256),
];

fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    let Parameters::Pbkd2(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_PKCS5_PBKD2_PARAMS2 is needed"));
    };
    if parameters.salt_source != CKZ_SALT_SPECIFIED {
        return Err(Error::MechanismParamInvalid("saltSource is not CKZ_SALT_SPECIFIED"));
    }
    if !parameters.prf_data.is_empty() {
        return Err(Error::MechanismParamInvalid("the function takes no data"));
    }
    let hash = FUNCTIONS.iter().find(|(prf, _)| *prf == parameters.prf).map(|(_, hash)| *hash);
    let hash = hash.ok_or(Error::MechanismParamInvalid("prf is not offered"))?;
    let iterations = u32::try_from(parameters.iterations).ok().filter(|count| *count > 0);
    let iterations = iterations.ok_or(Error::MechanismParamInvalid("iterations are 0, or over 32 bits"))?;
    let mut value = Secret::zeroed(secret::wanted_len(template)?);
    pbkdf2(hash, parameters.password.expose(), &parameters.salt, iterations, value.as_mut())?;
    secret::made(template, value.expose())
}

#[cfg(test)]
mod tests;
