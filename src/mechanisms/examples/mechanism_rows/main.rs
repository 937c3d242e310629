//! Prints every mechanism as a line of words between tabs, for `scripts/make-mechanisms`, which makes a page of them.
//!
//! The words are: family, section, mechanism, operations, keys, libraries, publications that approve.

use std::io::{Result, Write as _, stdout};

use claviger_mechanisms::families::{FAMILIES, Family, Statement, Unit};
use engine::mechanism::{Can, MechanismRow};
use engine::policy::approved::rows_of;
use pkcs11::constants::name;
use pkcs11::vendor::aliases_of;

fn main() -> Result<()> {
    let mut out = stdout().lock();
    for family in FAMILIES {
        for row in family.rows {
            for mechanism in std::iter::once(row.mechanism).chain(aliases_of(row.mechanism)) {
                let words = [
                    family.name.to_owned(),
                    family.section.to_owned(),
                    name("CKM_", mechanism).map_or_else(|| format!("{mechanism:#x}"), ToOwned::to_owned),
                    joined(row.can.iter().map(operation)),
                    keys(&family, row),
                    said(family.libraries, row),
                    approved(row),
                ];
                writeln!(out, "{}", words.join("\t"))?;
            }
        }
    }
    Ok(())
}

/// What one can do, in a word.
fn operation(can: &Can) -> &'static str {
    match can {
        Can::Digest(_) => "digest",
        Can::Sign(_) | Can::SignOnce(_) => "sign",
        Can::Verify(_) | Can::VerifyOf(..) | Can::VerifyOnce(_) => "verify",
        Can::MessageEncrypt(_) => "message-encrypt",
        Can::MessageDecrypt(_) => "message-decrypt",
        Can::SignRecover(_) => "sign-recover",
        Can::VerifyRecover(_) => "verify-recover",
        Can::Encrypt(_) => "encrypt",
        Can::Decrypt(_) => "decrypt",
        Can::Wrap(_) => "wrap",
        Can::Unwrap(_) => "unwrap",
        Can::WrapAuthenticated(_) => "wrap-authenticated",
        Can::UnwrapAuthenticated(_) => "unwrap-authenticated",
        Can::Derive(_) | Can::DeriveProtected(_) | Can::DeriveSeveral(_) => "derive",
        Can::DeriveData(_) => "derive data",
        Can::DerivePublic(_) => "derive a public key",
        Can::Encapsulate(_) => "encapsulate",
        Can::Decapsulate(_) | Can::DecapsulateWrapped(_) => "decapsulate",
        Can::GenerateKey(_) | Can::GenerateOtpKey(_) => "generate",
        Can::GenerateParameters(_) => "generate parameters",
        Can::GenerateKeyPair(_) => "generate pair",
    }
}

/// The sizes of keys with their unit.
fn keys(family: &Family, row: &MechanismRow) -> String {
    let unit = match family.unit {
        Unit::Bits => "bits",
        Unit::Bytes => "bytes",
        Unit::OfTheType => return "of the key's type".to_owned(),
        Unit::Nothing => return String::new(),
    };
    let range = |(least, most): (u64, u64)| match least == most {
        true => format!("{least} {unit}"),
        false => format!("{least} to {most} {unit}"),
    };
    let to_verify = row.sizes_to_verify();
    match row.sizes {
        (0, 0) => String::new(),
        sizes if sizes == to_verify => range(sizes),
        sizes => format!("{}; verify {}", range(sizes), range(to_verify)),
    }
}

/// The publications that approve, each with what may be done by it where that is not all that the mechanism can.
fn approved(row: &MechanismRow) -> String {
    let words: Vec<String> = rows_of(row.mechanism)
        .iter()
        .map(|approval| {
            let may: Vec<&Can> = row.can.iter().filter(|can| approval.acts.contains(&can.act())).collect();
            match may.len() == row.can.len() {
                true => approval.by.to_owned(),
                false => format!(
                    "{}: {}",
                    approval.by,
                    may.iter().map(|can| operation(can)).collect::<Vec<_>>().join(" and ")
                ),
            }
        })
        .collect();
    words.join("; ")
}

fn said(statements: &[Statement], row: &MechanismRow) -> String {
    let of_this = statements.iter().filter(|statement| statement.holds_for(row.mechanism));
    joined(of_this.map(|statement| statement.words))
}

fn joined(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
