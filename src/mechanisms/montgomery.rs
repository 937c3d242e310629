//! Keys on curve25519 and curve448 for X25519 and X448 (PKCS#11 v3.2 sections 6.3.7, 6.3.8 and 6.3.11; RFC 7748); the derivation is that of
//! `ec/agreement.rs`.

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow};
use p384::elliptic_curve::subtle::ConstantTimeEq;
use pkcs11::constants::{
    CKA_EC_POINT, CKA_VALUE, CKF_EC_COMPRESS, CKF_EC_CURVENAME, CKF_EC_F_P, CKF_EC_OID, CKK_EC_MONTGOMERY,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, Result, Secret};
use zeroize::Zeroize;

use crate::aws_lc::curve25519::{self, key_bytes};
use crate::byte_curves::{CurveRow, required};
use crate::{aws_lc, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[MechanismRow {
    mechanism: CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    key_types: &[CKK_EC_MONTGOMERY],
    sizes: (255, 448),
    flags: CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS,
    can: &[Can::GenerateKeyPair(generate)],
}];

/// Keys on these curves, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow =
    KeyTypeRow { key_type: CKK_EC_MONTGOMERY, complete, parse, to_bytes, from_bytes };

/// Length of a key on curve448 in bytes.
const X448: usize = 56;

const CURVES: &[CurveRow] = &[
    // id-X25519 (1.3.101.110), and the identifier of earlier years (1.3.6.1.4.1.3029.1.5.1).
    CurveRow {
        len: curve25519::LEN,
        bits: 255,
        oids: &[b"\x2b\x65\x6e", b"\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01"],
        names: &["curve25519", "x25519"],
        // OpenSC's pkcs11-tool up to 0.23 counts the name one byte too long.
        misspelt: &[b"\x13\x0bcurve25519"],
        public_key: |private| Ok(curve25519::x25519_public(key_bytes(private)?)),
        is_public_key: |public| agreed(&[9; curve25519::LEN], public).is_ok(),
    },
    // id-X448 (1.3.101.111).
    CurveRow {
        len: X448,
        bits: 448,
        oids: &[b"\x2b\x65\x6f"],
        names: &["curve448", "x448"],
        misspelt: &[],
        public_key: |private| Ok(x448(private, &x448::X448_BASEPOINT_BYTES)?.expose().to_vec()),
        is_public_key: |public| agreed(&[9; X448], public).is_ok(),
    },
];

/// The shared secret of a private and a public key of the same length.
///
/// # Errors
/// [`Error::Primitive`] where it is all zeros, as with a peer's point of small order (RFC 7748 section 6); for another
/// length.
fn agreed(private: &[u8], public: &[u8]) -> Result<Secret> {
    if private.len() == X448 {
        return x448(private, public);
    }
    curve25519::x25519(key_bytes(private)?, key_bytes(public)?)
}

fn x448(private: &[u8], public: &[u8]) -> Result<Secret> {
    let of_another_length = |_| Error::Primitive("a key of another length");
    let mut private: [u8; X448] = private.try_into().map_err(of_another_length)?;
    let public: [u8; X448] = public.try_into().map_err(of_another_length)?;
    // The crate knows the points of small order by their bytes, of which some have two forms: the result tells of all.
    let mut shared = x448::x448_unchecked(private, public);
    private.zeroize();
    let secret = Secret::from(shared.as_slice());
    shared.zeroize();
    if bool::from(secret.expose().ct_eq(&[0; X448])) { Err(Error::Primitive("X448")) } else { Ok(secret) }
}

/// A private key; wiped when dropped.
pub(crate) struct PrivateKey {
    curve: &'static CurveRow,
    value: Secret,
}

impl PrivateKey {
    /// Length of a public key in bytes.
    pub(crate) fn len(&self) -> usize {
        self.curve.len
    }

    /// The shared secret with a public key in any form that clients send.
    ///
    /// # Errors
    /// [`Error::MechanismParamInvalid`] for what is no public key, and for one with which every secret is the same.
    pub(crate) fn agree(&self, public: &[u8]) -> Result<Secret> {
        let peer = self.curve.public_bytes(public);
        let peer = peer.ok_or(Error::MechanismParamInvalid("pPublicData is no public key"))?;
        agreed(self.value.expose(), peer)
            .map_err(|_| Error::MechanismParamInvalid("pPublicData is a point of small order"))
    }
}

/// A public key, which is shown, and agreed with by an ephemeral key.
pub(crate) struct PublicKey {
    curve: &'static CurveRow,
    point: Vec<u8>,
}

impl PublicKey {
    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.curve.len
    }

    /// The public half of a key made for one use, and the shared secret with it.
    ///
    /// # Errors
    /// [`Error::Primitive`]
    pub(crate) fn ephemeral(&self) -> Result<(Vec<u8>, Secret)> {
        let mut private = Secret::zeroed(self.curve.len);
        aws_lc::random(private.as_mut())?;
        let public = (self.curve.public_key)(private.expose())?;
        Ok((public, agreed(private.expose(), &self.point)?))
    }
}

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        self.curve.bits
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        self.curve.bits
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let curve = CurveRow::of_attributes(CURVES, public)?;
    let mut private = Secret::zeroed(curve.len);
    aws_lc::random(private.as_mut())?;
    let point = (curve.public_key)(private.expose())?;
    Ok(GeneratedPair {
        public: curve.public_attributes(&point),
        private: curve.private_attributes(private.expose())?,
    })
}

fn complete(attributes: &Attributes) -> Result<Attributes> {
    CurveRow::complete(CURVES, attributes)
}

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    CurveRow::public_key_of(CURVES, attributes)
}

fn to_bytes(attributes: &Attributes) -> Result<Secret> {
    CurveRow::wrapped(CURVES, attributes)
}

fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    CurveRow::unwrapped(CURVES, template, bytes)
}

/// A complete key, ready for use.
fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    let curve = CurveRow::of_attributes(CURVES, attributes)?;
    match attributes.class() {
        Some(CKO_PUBLIC_KEY) => curve
            .public_bytes(required(attributes, CKA_EC_POINT)?)
            .map(|point| Arc::new(PublicKey { curve, point: point.to_vec() }) as Arc<dyn Key>)
            .ok_or(Error::AttributeValueInvalid(CKA_EC_POINT)),
        Some(CKO_PRIVATE_KEY) => {
            let value = Secret::from(required(attributes, CKA_VALUE)?);
            Ok(Arc::new(PrivateKey { curve, value }))
        }
        _ => Err(Error::KeyTypeInconsistent),
    }
}

#[cfg(test)]
mod tests;
