//! Which keys the token can use, as its mechanisms tell (`C_GetMechanismInfo`).

use pkcs11::constants as c;
use pkcs11::{Error, KeyType, MechanismType};

use crate::curves::CURVES;
use crate::failure::{Failure, Result};
use crate::session::UserSession;

/// A type of private keys, what such a key is called, and the mechanisms that could use it.
struct Row(KeyType, &'static str, &'static [MechanismType]);

const PRIVATE_KEYS: &[Row] = &[
    Row(
        c::CKK_RSA,
        "an RSA key",
        &[c::CKM_RSA_PKCS, c::CKM_RSA_PKCS_PSS, c::CKM_RSA_X_509, c::CKM_RSA_PKCS_OAEP],
    ),
    Row(c::CKK_EC, "an EC key", &[c::CKM_ECDSA, c::CKM_ECDH1_DERIVE]),
    Row(c::CKK_EC_EDWARDS, "an Edwards key", &[c::CKM_EDDSA]),
    Row(c::CKK_EC_MONTGOMERY, "a Montgomery key", &[c::CKM_ECDH1_DERIVE]),
];

/// What a private key does.
const USES: u64 = c::CKF_SIGN | c::CKF_SIGN_RECOVER | c::CKF_DECRYPT | c::CKF_UNWRAP | c::CKF_DERIVE;

/// Refuses a private key of so many bits that no operation of the token takes. `undone` says what was not done, as in
/// "nothing was imported".
pub(crate) fn check(session: &UserSession, key_type: KeyType, bits: u64, undone: &str) -> Result<()> {
    let Some(Row(_, called, mechanisms)) = PRIVATE_KEYS.iter().find(|row| row.0 == key_type) else {
        return Ok(());
    };
    let sizes = sizes(session, mechanisms)?;
    if sizes.iter().any(|(least, most)| (*least..=*most).contains(&bits)) {
        return Ok(());
    }
    Err(Failure::refused(
        format!("no operation of the token takes {called} of {bits} bits: {undone}"),
        offer(key_type, &sizes),
    ))
}

/// The sizes of private keys that the mechanisms take, without those that the token does not have.
fn sizes(session: &UserSession, mechanisms: &[MechanismType]) -> Result<Vec<(u64, u64)>> {
    let mut sizes = Vec::new();
    for mechanism in mechanisms {
        match session.token.mechanism_info(session.slot, *mechanism) {
            Ok(info) if info.flags & USES != 0 => sizes.push((info.min_key_size, info.max_key_size)),
            Ok(_) | Err(Error::MechanismInvalid(_)) => {}
            Err(error) => return Err(Failure::token("the mechanisms cannot be listed", error)),
        }
    }
    Ok(sizes)
}

fn offer(key_type: KeyType, sizes: &[(u64, u64)]) -> String {
    let fits = |bits: u64| sizes.iter().any(|(least, most)| (*least..=*most).contains(&bits));
    let curves: Vec<_> = CURVES
        .iter()
        .filter(|curve| curve.key_type == key_type && fits(curve.bits))
        .filter_map(|curve| curve.names.first().copied())
        .collect();
    match (sizes.iter().map(|size| size.0).min(), sizes.iter().map(|size| size.1).max(), curves.is_empty()) {
        (Some(least), Some(most), true) => format!("take a key of {least} to {most} bits"),
        (Some(_), Some(_), false) => format!("take a key on {}", curves.join(", ")),
        _ => "take a key of another type: `claviger token show` lists the mechanisms".to_owned(),
    }
}
