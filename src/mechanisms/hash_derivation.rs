//! Secret keys that are the digest of other secret keys (PKCS#11 v3.2 section 6.21).

use engine::mechanism::{Bases, Can, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE_LEN, CKM_BLAKE2B_160_KEY_DERIVE, CKM_BLAKE2B_256_KEY_DERIVE, CKM_BLAKE2B_384_KEY_DERIVE,
    CKM_BLAKE2B_512_KEY_DERIVE, CKM_MD5_KEY_DERIVATION, CKM_SHA1_KEY_DERIVATION, CKM_SHA3_224_KEY_DERIVATION,
    CKM_SHA3_256_KEY_DERIVATION, CKM_SHA3_384_KEY_DERIVATION, CKM_SHA3_512_KEY_DERIVATION,
    CKM_SHA224_KEY_DERIVATION, CKM_SHA256_KEY_DERIVATION, CKM_SHA384_KEY_DERIVATION,
    CKM_SHA512_224_KEY_DERIVATION, CKM_SHA512_256_KEY_DERIVATION, CKM_SHA512_KEY_DERIVATION,
    CKM_SHA512_T_KEY_DERIVATION, CKM_SHAKE_128_KEY_DERIVATION, CKM_SHAKE_256_KEY_DERIVATION,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Result, Secret};

use crate::aws_lc::hash::{Hash, Shake, shake};
use crate::digest::{self, Function, sha512_t};
use crate::secret::{self, LONGEST};
use crate::{no_parameter, value_of};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_SHA1_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA224_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA256_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA384_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA512_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA512_224_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA512_256_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA3_224_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA3_256_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA3_384_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA3_512_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_BLAKE2B_160_KEY_DERIVE, &[Can::Derive(derive)]),
    row(CKM_BLAKE2B_256_KEY_DERIVE, &[Can::Derive(derive)]),
    row(CKM_BLAKE2B_384_KEY_DERIVE, &[Can::Derive(derive)]),
    row(CKM_BLAKE2B_512_KEY_DERIVE, &[Can::Derive(derive)]),
    row(CKM_MD5_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHA512_T_KEY_DERIVATION, &[Can::Derive(derive)]),
    row(CKM_SHAKE_128_KEY_DERIVATION, &[Can::Derive(extend)]),
    row(CKM_SHAKE_256_KEY_DERIVATION, &[Can::Derive(extend)]),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: secret::DERIVABLE, sizes: (1, LONGEST as u64), flags: 0, can }
}

/// The mechanisms that have no parameter, and the function of each.
const FUNCTIONS: [(MechanismType, Function); 16] = [
    (CKM_SHA1_KEY_DERIVATION, Function::Sha(Hash::Sha1)),
    (CKM_SHA224_KEY_DERIVATION, Function::Sha(Hash::Sha224)),
    (CKM_SHA256_KEY_DERIVATION, Function::Sha(Hash::Sha256)),
    (CKM_SHA384_KEY_DERIVATION, Function::Sha(Hash::Sha384)),
    (CKM_SHA512_KEY_DERIVATION, Function::Sha(Hash::Sha512)),
    (CKM_SHA512_224_KEY_DERIVATION, Function::Sha(Hash::Sha512_224)),
    (CKM_SHA512_256_KEY_DERIVATION, Function::Sha(Hash::Sha512_256)),
    (CKM_SHA3_224_KEY_DERIVATION, Function::Sha(Hash::Sha3_224)),
    (CKM_SHA3_256_KEY_DERIVATION, Function::Sha(Hash::Sha3_256)),
    (CKM_SHA3_384_KEY_DERIVATION, Function::Sha(Hash::Sha3_384)),
    (CKM_SHA3_512_KEY_DERIVATION, Function::Sha(Hash::Sha3_512)),
    (CKM_BLAKE2B_160_KEY_DERIVE, Function::Blake2b160),
    (CKM_BLAKE2B_256_KEY_DERIVE, Function::Blake2b256),
    (CKM_BLAKE2B_384_KEY_DERIVE, Function::Blake2b384),
    (CKM_BLAKE2B_512_KEY_DERIVE, Function::Blake2b512),
    (CKM_MD5_KEY_DERIVATION, Function::Md5),
];

/// The first bytes of the digest of the base key, or all of it.
fn derive(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let kind = mechanism.mechanism_type;
    let function = if kind == CKM_SHA512_T_KEY_DERIVATION {
        sha512_t(mechanism)?
    } else {
        no_parameter(mechanism)?;
        let known = FUNCTIONS.iter().find(|(known, _)| *known == kind);
        known.map(|(_, function)| *function).ok_or(Error::MechanismInvalid(kind))?
    };
    let digest = digest::of(function, &[value_of(bases.key)?.expose()])?;
    secret::cut(template, digest.as_ref())
}

/// As many bytes of SHAKE as the template or the key type says: one of them must.
fn extend(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    let function = match mechanism.mechanism_type {
        CKM_SHAKE_128_KEY_DERIVATION => Shake::Shake128,
        CKM_SHAKE_256_KEY_DERIVATION => Shake::Shake256,
        other => return Err(Error::MechanismInvalid(other)),
    };
    let of_type = template.key_type().and_then(secret::fixed_len);
    let len = secret::value_len(template)?.or(of_type).ok_or(Error::TemplateIncomplete(CKA_VALUE_LEN))?;
    let mut value = Secret::zeroed(len);
    shake(function, value_of(bases.key)?.expose(), value.as_mut())?;
    secret::made(template, value.expose())
}

#[cfg(test)]
mod tests;
