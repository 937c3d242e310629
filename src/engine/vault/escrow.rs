//! The escrow: what a user needs to get his vault back, sealed to a key that only the officers hold together.
//!
//! ECIES over P-384: `R = r G`, key = HKDF-SHA384(x(r E), "claviger/1 escrow", R, E), AES-256-GCM-SIV. An officer's
//! share `s` contributes `s R`; with a quorum of one the share is the whole key.

use pkcs11::encode::{Record, Writer};
use pkcs11::{Error, Result, Secret};

use crate::primitives::{P384_POINT, Primitives};

/// Which escrow key, and its public point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowPoint {
    /// Raised with every change of officers or quorum; 1 is the first.
    pub epoch: u64,
    /// SEC 1 compressed.
    pub point: [u8; P384_POINT],
}

/// An officer's share of the escrow key of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowShare {
    /// The epoch it belongs to.
    pub epoch: u64,
    /// A scalar; with a quorum of one the escrow key itself.
    pub share: Secret,
}

const EPOCH: u16 = 1;
const EPHEMERAL: u16 = 2;
const BOX: u16 = 3;

/// Seals `plain` to the escrow key; `associated` binds person and place.
///
/// # Errors
/// [`Error::Primitive`]
pub fn seal(
    primitives: &dyn Primitives,
    to: &EscrowPoint,
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>> {
    let ephemeral = primitives.p384_generate()?;
    let point = primitives.p384_point(&ephemeral)?;
    let shared = primitives.p384_multiply(&ephemeral, &to.point)?;
    let key = derive(primitives, &shared, &point, &to.point);
    let sealed = primitives.seal(&key, associated, plain)?;
    let mut writer = Writer::new();
    writer.number(EPOCH, to.epoch).field(EPHEMERAL, &point).field(BOX, &sealed);
    Ok(writer.finish().expose().to_vec())
}

/// Opens an escrow with the share of an officer who is the whole quorum.
///
/// # Errors
/// [`Error::Forged`] when it was sealed to another epoch, or does not open.
pub fn open_alone(
    primitives: &dyn Primitives,
    to: &EscrowPoint,
    shares: &[EscrowShare],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Secret> {
    let refuse = |reason| Error::Forged { what: "escrow".to_owned(), reason };
    let record = Record::read(sealed, &[EPOCH, EPHEMERAL, BOX])?;
    let epoch = record.number(EPOCH)?;
    if epoch != to.epoch {
        return Err(refuse("it is sealed to another epoch's key"));
    }
    let share =
        shares.iter().find(|s| s.epoch == epoch).ok_or_else(|| refuse("the officer holds no share of it"))?;
    let point: [u8; P384_POINT] = record.array(EPHEMERAL)?;
    let shared = primitives.p384_multiply(&share.share, &point)?;
    let key = derive(primitives, &shared, &point, &to.point);
    primitives.open(&key, associated, record.bytes(BOX)?).ok_or_else(|| refuse("it does not open"))
}

fn derive(primitives: &dyn Primitives, shared: &Secret, ephemeral: &[u8], to: &[u8]) -> Secret {
    // The first byte of a compressed point is the sign of y; ECDH takes x alone (SP 800-56A section 5.7.1.2).
    let x = shared.expose().get(1..).unwrap_or_default();
    primitives.hkdf_sha384(&[], &[x], &[b"claviger/1 escrow", ephemeral, to])
}
