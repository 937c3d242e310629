//! RSA for `C_EncapsulateKey` (PKCS#11 v3.2 sections 6.1.6, 6.1.8 and 6.1.12): a random secret that is wrapped by PKCS #1 v1.5
//! or OAEP, or the random number itself of RSASVE (SP 800-56B section 7.2.1). The other side unwraps.

use std::sync::Arc;

use engine::mechanism::{Encapsulating, Key};
use pkcs11::constants::{CKA_VALUE, CKA_VALUE_LEN};
use pkcs11::{Attributes, Error, Mechanism, Result, Secret};

use super::encryption::Padding;
use crate::aws_lc::rsa::PublicKey;
use crate::{aws_lc, downcast, secret};

/// An encapsulation to a public key.
struct Encapsulation {
    key: Arc<PublicKey>,
    padding: Padding,
}

pub(super) fn encapsulate(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Encapsulating>> {
    let padding = Padding::new(mechanism)?;
    Ok(Box::new(Encapsulation { key: downcast(key)?, padding }))
}

impl Encapsulating for Encapsulation {
    fn ciphertext_len(&self) -> usize {
        self.key.signature_len()
    }

    fn finish(self: Box<Self>, attributes: &Attributes, ciphertext: &mut [u8]) -> Result<Attributes> {
        let Self { key, padding } = *self;
        match padding {
            Padding::Zeros => {
                let number = number_below(&key)?;
                if attributes.ulong(CKA_VALUE_LEN).is_some_and(|len| len != number.len() as u64) {
                    return Err(Error::KeySizeRange);
                }
                let made = secret::made(attributes, number.expose())?;
                key.raw(number.expose(), ciphertext)?;
                Ok(made)
            }
            padding => {
                let made = secret::random(attributes)?;
                let value = made.bytes(CKA_VALUE).ok_or(Error::Bug("a secret key without a value"))?;
                if value.len() > padding.longest(key.signature_len()) {
                    return Err(Error::KeySizeRange);
                }
                padding.encrypt(&key, value, ciphertext)?;
                Ok(made)
            }
        }
    }
}

/// A random number from 2 to n - 2, as long as the modulus.
fn number_below(key: &PublicKey) -> Result<Secret> {
    let mut number = Secret::zeroed(key.signature_len());
    // A number has no more bits than the modulus, so that every second one at least is below it.
    let mask = u8::MAX >> ((8 - key.bits() % 8) % 8);
    loop {
        aws_lc::random(number.as_mut())?;
        if let Some(first) = number.as_mut().first_mut() {
            *first &= mask;
        }
        if key.may_be_shared(number.expose()) {
            return Ok(number);
        }
    }
}
