//! The trial of a new key pair (FIPS 140-3 implementation guidance 10.3.A).

use std::sync::Arc;

use engine::mechanism::{Can, Derivation, Key, Mechanisms};
use pkcs11::constants::{
    CKA_CLASS, CKA_EC_POINT, CKA_KEY_TYPE, CKA_VALUE, CKK_DSA, CKK_EC, CKK_EC_EDWARDS, CKK_GENERIC_SECRET,
    CKK_ML_DSA, CKK_ML_KEM, CKK_RSA, CKK_SLH_DSA, CKM_DSA_SHA256, CKM_ECDSA_SHA256, CKM_EDDSA, CKM_ML_DSA,
    CKM_ML_KEM, CKM_PUB_KEY_FROM_PRIV_KEY, CKM_SHA256_RSA_PKCS, CKM_SLH_DSA, CKO_SECRET_KEY,
};
use pkcs11::{Attributes, Result};

use super::{Bench, WRONG, is, plain};

/// What each type of pair is tried with: a signature, an encapsulation, or the public key computed again.
pub(crate) fn pair(mechanisms: &Mechanisms, public: &Attributes, private: &Attributes) -> Result<()> {
    let bench = Bench(mechanisms);
    let key_type = private.key_type().ok_or(WRONG)?;
    let row = mechanisms.key_type(key_type).ok_or(WRONG)?;
    let signs = match key_type {
        CKK_RSA => Some(CKM_SHA256_RSA_PKCS),
        CKK_EC => Some(CKM_ECDSA_SHA256),
        CKK_EC_EDWARDS => Some(CKM_EDDSA),
        CKK_DSA => Some(CKM_DSA_SHA256),
        CKK_ML_DSA => Some(CKM_ML_DSA),
        CKK_SLH_DSA => Some(CKM_SLH_DSA),
        _ => None,
    };
    if let Some(mechanism) = signs {
        let by = plain(mechanism);
        let message = b"the message of a trial";
        let signature = bench.signature(&by, &(row.parse)(private)?, message)?;
        return bench.judges(&by, &(row.parse)(public)?, message, signature);
    }
    if key_type == CKK_ML_KEM {
        return encapsulates(&bench, &(row.parse)(public)?, &(row.parse)(private)?);
    }
    let by = plain(CKM_PUB_KEY_FROM_PRIV_KEY);
    match bench.ability(&by, Can::derive)? {
        Derivation::Public(derive) => {
            let again = derive(&by, private)?;
            let same = |part| again.bytes(part).is_none() || again.bytes(part) == public.bytes(part);
            is(again.iter().next().is_some() && same(CKA_VALUE) && same(CKA_EC_POINT))
        }
        _ => Err(WRONG),
    }
}

/// Whether both keys come to the same secret.
fn encapsulates(bench: &Bench<'_>, public: &Arc<dyn Key>, private: &Arc<dyn Key>) -> Result<()> {
    let by = plain(CKM_ML_KEM);
    let mut template = Attributes::new();
    template.set_ulong(CKA_CLASS, CKO_SECRET_KEY);
    template.set_ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    let encapsulation = bench.ability(&by, Can::encapsulate)?(&by, public)?;
    let mut ciphertext = vec![0; encapsulation.ciphertext_len()];
    let sent = encapsulation.finish(&template, &mut ciphertext)?;
    let received = bench.decapsulated(&by, private, &template, &ciphertext)?;
    let (sent, received) = (sent.bytes(CKA_VALUE), received.bytes(CKA_VALUE));
    is(sent.is_some() && sent == received)
}
