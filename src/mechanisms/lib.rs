//! The algorithms: the only crate that links a crypto library.
//!
//! A file per family, its table of mechanisms on top; [`families`] says of each what a reader asks, and [`MECHANISMS`]
//! joins them for the engine. [`primitives()`] serves the vault from safe crates alone; [`aws_lc`] serves the token's own
//! operations (decision 0008).
#![deny(unsafe_code)]

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Key, Mechanisms};
use engine::primitives::Primitives;
use pkcs11::{Error, Mechanism, Parameters, Result, Secret};

#[cfg(feature = "fips")]
pub(crate) use aws_lc_fips_sys as lc;
#[cfg(not(feature = "fips"))]
pub(crate) use aws_lc_sys as lc;

mod aes;
mod authenticated_messages;
pub mod aws_lc;
mod block;
mod byte_curves;
mod camellia;
mod certificate;
mod chacha20;
mod der;
mod des;
mod dh;
mod digest;
mod dsa;
mod ec;
mod edwards;
pub mod families;
mod gathered;
mod hash_derivation;
mod hkdf;
mod hmac;
mod hotp;
mod message;
mod ml_dsa;
mod ml_kem;
mod montgomery;
mod numbers;
mod parameter_sets;
mod pbkdf2;
mod poly1305;
mod prehash;
mod primitives;
mod public_key;
mod rsa;
mod secret;
mod self_tests;
mod signed_context;
mod simple_derivation;
mod slh_dsa;
mod sp800_108;
mod tls12;
mod vectors;

#[cfg(test)]
mod fixtures;

pub use primitives::VaultPrimitives;

/// Every mechanism and every key type of this library, and what it reads of certificates.
pub const MECHANISMS: Mechanisms = Mechanisms {
    mechanisms: &families::TABLES,
    key_types: &[
        &aes::KEY_TYPES,
        &des::KEY_TYPES,
        &[camellia::KEY_TYPE, chacha20::KEY_TYPE, poly1305::KEY_TYPE, hotp::KEY_TYPE],
        &[rsa::KEY_TYPE, ec::KEY_TYPE, edwards::KEY_TYPE, montgomery::KEY_TYPE],
        &[dh::KEY_TYPE, dsa::KEY_TYPE],
        &[ml_kem::KEY_TYPE, ml_dsa::KEY_TYPE, slh_dsa::KEY_TYPE],
        &secret::KEY_TYPES,
    ],
    certificate: certificate::complete,
    is_known_prime: dh::is_known_prime,
    self_tests: self_tests::TESTS,
    pair_test: self_tests::pair,
};

/// What the vault is made of.
#[must_use]
pub fn primitives() -> Arc<dyn Primitives> {
    Arc::new(VaultPrimitives::new())
}

/// For the mechanisms that have no parameter.
fn no_parameter(mechanism: &Mechanism) -> Result<()> {
    match mechanism.parameters {
        Parameters::None => Ok(()),
        _ => Err(Error::MechanismParamInvalid("this mechanism takes no parameter")),
    }
}

/// The length of a MAC in bytes that its parameter asks for, from 1 to `longest`.
fn mac_len(mechanism: &Mechanism, longest: usize) -> Result<usize> {
    let len = match mechanism.parameters {
        Parameters::MacLen(len) => usize::try_from(len).ok(),
        _ => None,
    };
    let len = len.filter(|len| (1..=longest).contains(len));
    len.ok_or(Error::MechanismParamInvalid("CK_MAC_GENERAL_PARAMS from 1 to the whole length is needed"))
}

/// The bytes of a secret key that something is derived from.
fn value_of(key: &Arc<dyn Key>) -> Result<&Secret> {
    key.value().ok_or(Error::KeyTypeInconsistent)
}

/// A shared key of the type that an operation needs.
fn downcast<T: Key>(key: &Arc<dyn Key>) -> Result<Arc<T>> {
    let key: Arc<dyn Any + Send + Sync> = Arc::<dyn Key>::clone(key);
    key.downcast().map_err(|_| Error::KeyTypeInconsistent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::mechanism::{Can, KeyTypeRow};
    use engine::policy::attributes::Shape;
    use pkcs11::constants::{CKA_KEY_TYPE, CKO_SECRET_KEY};

    #[test]
    fn every_mechanism_stands_in_the_table_once() {
        let mut seen = Vec::new();
        for row in MECHANISMS.rows() {
            assert!(!seen.contains(&row.mechanism), "{:#x} twice", row.mechanism);
            seen.push(row.mechanism);
        }
        assert!(!seen.is_empty());
    }

    #[test]
    fn every_secret_key_can_be_derived_from() {
        let secret = |row: &&KeyTypeRow| {
            let shape = |shape: &&Shape| shape.subtype == Some((CKA_KEY_TYPE, row.key_type));
            Shape::of_class(CKO_SECRET_KEY).any(|it| shape(&it))
        };
        for row in MECHANISMS.key_types.iter().copied().flatten().filter(secret) {
            assert!(secret::DERIVABLE.contains(&row.key_type), "{:#x}", row.key_type);
        }
    }

    #[test]
    fn a_row_can_something_and_its_key_type_is_known() {
        for row in MECHANISMS.rows() {
            assert!(!row.can.is_empty(), "{:#x} can nothing", row.mechanism);
            assert!(row.sizes.0 <= row.sizes.1);
            let digests = row.can.iter().all(|can| matches!(can, Can::Digest(_)));
            assert_eq!(row.key_types.is_empty(), digests, "{:#x}", row.mechanism);
            for key_type in row.key_types {
                assert!(MECHANISMS.key_type(*key_type).is_some());
            }
        }
    }
}
