//! ECDH with a key that is made for one use (PKCS#11 v3.2 sections 6.3.17 and 6.3.18, `C_EncapsulateKey`): the ciphertext is
//! its public half.

use std::sync::Arc;

use engine::mechanism::{Encapsulating, Key};
use pkcs11::{Attributes, Ecdh1Parameters, Error, Mechanism, Result};

use super::agreement::{agree, ephemeral, kdf_of, key_of, parameters, public_len};

/// What is the same on both sides: a public value there is none of yet.
fn checked(mechanism: &Mechanism) -> Result<&Ecdh1Parameters> {
    let parameters = parameters(mechanism)?;
    if !parameters.public.is_empty() {
        return Err(Error::MechanismParamInvalid(
            "the ciphertext is the public value: pPublicData must be null",
        ));
    }
    kdf_of(parameters.kdf, &parameters.shared)?;
    Ok(parameters)
}

/// An encapsulation to a public key.
struct Encapsulation {
    key: Arc<dyn Key>,
    parameters: Ecdh1Parameters,
    len: usize,
}

pub(super) fn encapsulate(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Encapsulating>> {
    let parameters = checked(mechanism)?.clone();
    Ok(Box::new(Encapsulation { key: Arc::clone(key), parameters, len: public_len(key)? }))
}

impl Encapsulating for Encapsulation {
    fn ciphertext_len(&self) -> usize {
        self.len
    }

    fn finish(self: Box<Self>, attributes: &Attributes, ciphertext: &mut [u8]) -> Result<Attributes> {
        key_of(&self.parameters, attributes, || {
            let (public, secret) = ephemeral(&self.key)?;
            if public.len() != ciphertext.len() {
                return Err(Error::Bug("an ephemeral key of another length"));
            }
            ciphertext.copy_from_slice(&public);
            Ok(secret)
        })
    }
}

/// Takes the public key in any form that `C_DeriveKey` takes.
pub(super) fn decapsulate(
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    attributes: &Attributes,
    ciphertext: &[u8],
) -> Result<Attributes> {
    let parameters = checked(mechanism)?;
    let len = public_len(key)?;
    key_of(parameters, attributes, || {
        agree(key, ciphertext).map_err(|error| match error {
            Error::MechanismParamInvalid(_) if ciphertext.len() == len => Error::WrappedKeyInvalid,
            Error::MechanismParamInvalid(_) => Error::WrappedKeyLenRange,
            error => error,
        })
    })
}
