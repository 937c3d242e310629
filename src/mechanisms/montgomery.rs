//! Keys on curve25519 for X25519 (PKCS#11 v3.2 sections 6.3.7, 6.3.8 and 6.3.11; RFC 7748); the derivation is that of
//! `ec/agreement.rs`.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow};
use pkcs11::constants::{
    CKA_EC_POINT, CKA_VALUE, CKF_EC_COMPRESS, CKF_EC_CURVENAME, CKF_EC_F_P, CKF_EC_OID, CKK_EC_MONTGOMERY,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, Result, Secret};

use crate::aws_lc::curve25519::{self, LEN, key_bytes, x25519};
use crate::curve25519::{CurveRow, public_bytes, required};
use crate::{aws_lc, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[MechanismRow {
    mechanism: CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    key_types: &[CKK_EC_MONTGOMERY],
    sizes: (BITS, BITS),
    flags: CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS,
    can: &[Can::GenerateKeyPair(generate)],
}];

/// Size of the field in bits, as the standard counts keys on this curve.
const BITS: u64 = 255;

/// Keys on this curve, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_EC_MONTGOMERY, complete, parse, to_bytes, from_bytes };

/// id-X25519 (1.3.101.110), and the identifier of earlier years (1.3.6.1.4.1.3029.1.5.1).
const CURVE: CurveRow = CurveRow {
    oids: &[b"\x2b\x65\x6e", b"\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01"],
    names: &["curve25519", "x25519"],
    // OpenSC's pkcs11-tool up to 0.23 counts the name one byte too long.
    misspelt: &[b"\x13\x0bcurve25519"],
    public_key: curve25519::x25519_public,
};

/// A private key; wiped when dropped.
pub(crate) struct PrivateKey(Secret);

impl PrivateKey {
    /// The shared secret with a public key in any form that clients send.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`] for what is no public key, and for one with which every secret is the same.
    pub(crate) fn agree(&self, public: &[u8]) -> Result<Secret> {
        let peer =
            public_bytes(public).ok_or(Error::MechanismParamInvalid("pPublicData is no public key"))?;
        x25519(key_bytes(self.0.expose())?, peer)
            .map_err(|_| Error::MechanismParamInvalid("pPublicData is a point of small order"))
    }
}

/// A public key, with which nothing is done here but that it is shown.
struct PublicKey;

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        BITS
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        BITS
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    CURVE.check(public)?;
    let mut private = Secret::zeroed(LEN);
    aws_lc::random(private.as_mut())?;
    let point = curve25519::x25519_public(key_bytes(private.expose())?);
    Ok(GeneratedPair {
        public: CURVE.public_attributes(&point),
        private: CURVE.private_attributes(private.expose())?,
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    CURVE.complete(attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    CURVE.wrapped(attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    CURVE.unwrapped(template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    CURVE.check(attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => {
            let point = public_bytes(required(attributes, CKA_EC_POINT)?);
            point
                .map(|_| Arc::new(PublicKey) as Arc<dyn Key>)
                .ok_or(Error::AttributeValueInvalid(CKA_EC_POINT))
        }
        Some(CKO_PRIVATE_KEY) => {
            Ok(Arc::new(PrivateKey(Secret::from(key_bytes(required(attributes, CKA_VALUE)?)?.as_slice()))))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

#[cfg(test)]
mod tests;
