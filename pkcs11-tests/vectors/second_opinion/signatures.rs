//! Signatures: OpenSSL verifies what is signed here.

use cryptoki_sys::CKA_PUBLIC_KEY_INFO;
use pkcs11_tests::keys::{attribute, ecdsa_to_der};
use pkcs11_tests::program::{openssl, output, told};

use super::{Question, Verdict, same, wraps};

/// The signature as OpenSSL reads it, and the public key as a file.
fn signed(q: &Question<'_>) -> Result<(std::path::PathBuf, std::path::PathBuf), String> {
    let keys = q.keyring.keys(q.row.key);
    let signature = q.signed(&q.row.ready_for(q.message.len()).mechanism(), keys.private)?;
    let has_two_numbers = ["CKM_ECDSA", "CKM_DSA"].iter().any(|name| q.row.name.starts_with(name));
    let signature = if has_two_numbers { ecdsa_to_der(&signature) } else { signature };
    let public = attribute(q.m, q.session, keys.public, CKA_PUBLIC_KEY_INFO);
    Ok((q.theirs.file("public.der", &public), q.theirs.file("signature", &signature)))
}

fn verified(command: &mut std::process::Command) -> Verdict {
    let done = output(command);
    if done.status.success() { Ok(()) } else { Err(told(command, &done)) }
}

/// `openssl dgst -verify`.
pub(super) fn hashed(q: &Question<'_>, digest: &str, options: &[&str]) -> Verdict {
    let (public, signature) = signed(q)?;
    let mut command = openssl(["dgst", &format!("-{digest}"), "-keyform", "DER", "-verify"]);
    command.arg(public);
    for option in options {
        command.args(["-sigopt", option]);
    }
    command.arg("-signature").arg(signature).arg(q.theirs.file("message", q.message));
    verified(&mut command)
}

/// `openssl pkeyutl -verify` of what is not hashed before.
pub(super) fn unhashed(q: &Question<'_>, options: &[&str]) -> Verdict {
    let (public, signature) = signed(q)?;
    let mut command = openssl(["pkeyutl", "-verify", "-keyform", "DER", "-pubin", "-inkey"]);
    command.arg(public).arg("-sigfile").arg(signature).arg("-in").arg(q.theirs.file("message", q.message));
    for option in options {
        if option.starts_with('-') {
            command.arg(option);
        } else {
            command.args(["-pkeyopt", option]);
        }
    }
    verified(&mut command)
}

/// PKCS #1 v1.5 signs what it is given, and encrypts.
pub(super) fn rsa_pkcs(q: &Question<'_>) -> Verdict {
    same(&recovered(q, "rsa_padding_mode:pkcs1")?, q.message)?;
    wraps::rsa(q)
}

/// The bare function: what is signed opens with the public key, and what is encrypted with the private one.
pub(super) fn rsa_x_509(q: &Question<'_>) -> Verdict {
    let number = recovered(q, "rsa_padding_mode:none")?;
    let filled = [&vec![0; number.len().saturating_sub(q.message.len())], q.message].concat();
    same(&number, &filled)?;
    wraps::rsa(q)
}

/// What `openssl pkeyutl -verifyrecover` finds in a signature.
fn recovered(q: &Question<'_>, padding: &str) -> Result<Vec<u8>, String> {
    let (public, signature) = signed(q)?;
    let mut command =
        openssl(["pkeyutl", "-verifyrecover", "-pkeyopt", padding, "-keyform", "DER", "-pubin"]);
    command.arg("-inkey").arg(public).arg("-in").arg(signature);
    let done = output(&mut command);
    if done.status.success() { Ok(done.stdout) } else { Err(told(&command, &done)) }
}
