//! The elliptic curves that keys are made on, and their names.

use pkcs11::constants as c;
use pkcs11::{KeyType, MechanismType};

/// A curve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    /// What it is called here, and then by others.
    pub(crate) names: &'static [&'static str],
    /// `CKA_EC_PARAMS`: the object identifier in DER.
    pub(crate) params: &'static [u8],
    pub(crate) key_type: KeyType,
    /// Its size, in the unit of the mechanisms' bounds.
    pub(crate) bits: u64,
    /// What makes a pair of keys.
    pub(crate) mechanism: MechanismType,
}

const fn curve(names: &'static [&'static str], bits: u64, params: &'static [u8]) -> Curve {
    Curve { names, params, bits, key_type: c::CKK_EC, mechanism: c::CKM_EC_KEY_PAIR_GEN }
}

/// The curves: SEC 2 and RFC 5639 for the object identifiers, RFC 8410 for the last four.
pub(crate) const CURVES: &[Curve] = &[
    curve(&["P-224", "secp224r1"], 224, b"\x06\x05\x2b\x81\x04\x00\x21"),
    curve(&["P-256", "secp256r1", "prime256v1"], 256, b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
    curve(&["P-384", "secp384r1"], 384, b"\x06\x05\x2b\x81\x04\x00\x22"),
    curve(&["P-521", "secp521r1"], 521, b"\x06\x05\x2b\x81\x04\x00\x23"),
    curve(&["secp256k1"], 256, b"\x06\x05\x2b\x81\x04\x00\x0a"),
    curve(&["brainpoolP256r1"], 256, b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"),
    curve(&["brainpoolP384r1"], 384, b"\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"),
    Curve {
        names: &["Ed25519"],
        params: b"\x06\x03\x2b\x65\x70",
        bits: 255,
        key_type: c::CKK_EC_EDWARDS,
        mechanism: c::CKM_EC_EDWARDS_KEY_PAIR_GEN,
    },
    Curve {
        names: &["Ed448"],
        params: b"\x06\x03\x2b\x65\x71",
        bits: 448,
        key_type: c::CKK_EC_EDWARDS,
        mechanism: c::CKM_EC_EDWARDS_KEY_PAIR_GEN,
    },
    Curve {
        names: &["X25519"],
        params: b"\x06\x03\x2b\x65\x6e",
        bits: 255,
        key_type: c::CKK_EC_MONTGOMERY,
        mechanism: c::CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    },
    Curve {
        names: &["X448"],
        params: b"\x06\x03\x2b\x65\x6f",
        bits: 448,
        key_type: c::CKK_EC_MONTGOMERY,
        mechanism: c::CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
    },
];

/// The curve of a `CKA_EC_PARAMS`.
pub(crate) fn curve_of(params: &[u8]) -> Option<&'static Curve> {
    CURVES.iter().find(|curve| curve.params == params)
}

/// What the curve of a `CKA_EC_PARAMS` is called.
pub(crate) fn curve_named(params: &[u8]) -> Option<&'static str> {
    curve_of(params).and_then(|curve| curve.names.first().copied())
}

/// What all curves are called, for whoever came with another.
pub(crate) fn curve_names() -> String {
    let names: Vec<_> = CURVES.iter().filter_map(|curve| curve.names.first().copied()).collect();
    names.join(", ")
}
