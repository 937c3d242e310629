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
const SIGNATURE: u16 = 4;
const SIGNED_AS: &[u8] = b"claviger/1 escrow signature";

/// Seals `plain` to the escrow key; `associated` binds person and place. The user's signing key vouches for it: anybody
/// could seal something to a public point, and an officer would hand it to the user as his vault.
///
/// # Errors
/// [`Error::Primitive`]
pub fn seal(
    primitives: &dyn Primitives,
    to: &EscrowPoint,
    signing: &Secret,
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
    let body = writer.finish();
    let signature = primitives.p384_sign(signing, &[SIGNED_AS, associated, body.expose()])?;
    let mut writer = Writer::new();
    writer.number(EPOCH, to.epoch).field(EPHEMERAL, &point).field(BOX, &sealed).field(SIGNATURE, &signature);
    Ok(writer.finish().expose().to_vec())
}

/// Opens an escrow with the share of an officer who is the whole quorum. `signing` is the user's public signing key, as
/// the roster names it.
///
/// # Errors
/// [`Error::Forged`] when the user has not signed it, when it was sealed to another epoch, or does not open.
pub fn open_alone(
    primitives: &dyn Primitives,
    to: &EscrowPoint,
    shares: &[EscrowShare],
    signing: &[u8],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Secret> {
    let refuse = |reason| Error::Forged { what: "escrow".to_owned(), reason };
    let record = Record::read(sealed, &[EPOCH, EPHEMERAL, BOX, SIGNATURE])
        .map_err(|_| refuse("it is not in the form of an escrow"))?;
    let field = |tag| record.optional(tag).ok_or_else(|| refuse("it is not in the form of an escrow"));
    let mut writer = Writer::new();
    writer.field(EPOCH, field(EPOCH)?).field(EPHEMERAL, field(EPHEMERAL)?).field(BOX, field(BOX)?);
    let body = writer.finish();
    if !primitives.p384_verify(signing, &[SIGNED_AS, associated, body.expose()], field(SIGNATURE)?) {
        return Err(refuse("the user whose vault it holds has not signed it"));
    }
    let epoch = record.number(EPOCH)?;
    if epoch != to.epoch {
        return Err(refuse("it is sealed to another epoch's key"));
    }
    let share =
        shares.iter().find(|s| s.epoch == epoch).ok_or_else(|| refuse("the officer holds no share of it"))?;
    let point: [u8; P384_POINT] = record.array(EPHEMERAL)?;
    let shared = primitives.p384_multiply(&share.share, &point)?;
    let key = derive(primitives, &shared, &point, &to.point);
    primitives.open(&key, associated, field(BOX)?).ok_or_else(|| refuse("it does not open"))
}

fn derive(primitives: &dyn Primitives, shared: &Secret, ephemeral: &[u8], to: &[u8]) -> Secret {
    // The first byte of a compressed point is the sign of y; ECDH takes x alone (SP 800-56A section 5.7.1.2).
    let x = shared.expose().get(1..).unwrap_or_default();
    primitives.hkdf_sha384(&[], &[x], &[b"claviger/1 escrow", ephemeral, to])
}
