//! Public keys from private ones (PKCS#11 v3.2 section 6.43.8).

use engine::mechanism::{Can, MechanismRow};
use pkcs11::constants::{
    CKK_DH, CKK_DSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY, CKK_ML_DSA, CKK_ML_KEM, CKK_RSA, CKK_SLH_DSA,
    CKM_PUB_KEY_FROM_PRIV_KEY, CKO_PRIVATE_KEY,
};
use pkcs11::{Attributes, Error, KeyType, Mechanism, Result};

use crate::{dh, dsa, ec, edwards, ml_dsa, ml_kem, montgomery, no_parameter, rsa, slh_dsa};

/// The mechanism of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[MechanismRow {
    mechanism: CKM_PUB_KEY_FROM_PRIV_KEY,
    key_types: &[
        CKK_RSA,
        CKK_DSA,
        CKK_DH,
        CKK_EC,
        CKK_EC_EDWARDS,
        CKK_EC_MONTGOMERY,
        CKK_ML_KEM,
        CKK_ML_DSA,
        CKK_SLH_DSA,
    ],
    // The least is a key of SLH-DSA, of 32 bytes; the most a modulus in bits.
    sizes: (32, 16384),
    flags: 0,
    can: &[Can::DerivePublic(public_key_of)],
}];

/// Finds the components of the public key in the attributes of a private one.
type Find = fn(&Attributes) -> Result<Attributes>;

/// TABLE: how that is done for each key type.
const FINDERS: [(KeyType, Find); 9] = [
    (CKK_RSA, rsa::public_key_of),
    (CKK_DSA, dsa::public_key_of),
    (CKK_DH, dh::public_key_of),
    (CKK_EC, ec::public_key_of),
    (CKK_EC_EDWARDS, edwards::public_key_of),
    (CKK_EC_MONTGOMERY, montgomery::public_key_of),
    (CKK_ML_KEM, ml_kem::public_key_of),
    (CKK_ML_DSA, ml_dsa::public_key_of),
    (CKK_SLH_DSA, slh_dsa::public_key_of),
];

/// The components of the public key that belongs to a private one.
fn public_key_of(mechanism: &Mechanism, private: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    if private.class() != Some(CKO_PRIVATE_KEY) {
        return Err(Error::KeyTypeInconsistent);
    }
    let finder = FINDERS.iter().find(|(key_type, _)| private.key_type() == Some(*key_type));
    finder.map(|(_, find)| *find).ok_or(Error::KeyTypeInconsistent)?(private)
}

#[cfg(test)]
mod tests;
