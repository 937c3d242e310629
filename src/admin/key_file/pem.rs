//! PEM: blocks of base64 between lines of dashes, with any text around them (RFC 7468).

use pem_rfc7468::Decoder;
use pkcs11::Secret;

use super::{Ask, Certificate, Contents, Refusal, der};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// How the first bytes of a text that is no PEM are: DER begins with a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// Whether bytes are to be read as PEM.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.first() != Some(&SEQUENCE) && bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// Reads every block.
pub(super) fn parse(bytes: &[u8], ask: Ask<'_>, contents: &mut Contents) -> Result<(), Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::form("it is neither PEM nor DER"))?;
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let block = rest.get(start..).unwrap_or_default();
        let cut = || Refusal::form("a block of it has no end");
        let label = block.get(BEGIN.len()..).and_then(|after| after.split(DASHES).next()).ok_or_else(cut)?;
        let end = format!("{END}{label}{DASHES}");
        let length = block.find(&end).ok_or_else(cut)?.saturating_add(end.len());
        let (block, after) = block.split_at_checked(length).ok_or_else(cut)?;
        one(label, block, ask, contents)?;
        rest = after;
    }
    Ok(())
}

fn one(label: &str, block: &str, ask: Ask<'_>, contents: &mut Contents) -> Result<(), Refusal> {
    if block.contains("Proc-Type:") {
        return Err(Refusal::Form(
            "its key is encrypted in OpenSSL's old way, with the passphrase hashed once".to_owned(),
            "turn it into PKCS#8: openssl pkcs8 -topk8 -in FILE -out NEW".to_owned(),
        ));
    }
    let decoded = || -> Result<Secret, Refusal> {
        let wrong = |_| Refusal::form(format!("the base64 of its {label} is damaged"));
        let mut bytes = Vec::new();
        let outcome = Decoder::new_detect_wrap(block.as_bytes())
            .and_then(|mut decoder| decoder.decode_to_end(&mut bytes).map(drop));
        // Wiped whether it is right or not.
        let bytes = Secret::new(bytes);
        outcome.map_err(wrong)?;
        Ok(bytes)
    };
    match label {
        "PRIVATE KEY" => contents.private_keys.push(der::pkcs8(decoded()?.expose())?),
        "ENCRYPTED PRIVATE KEY" => contents.private_keys.push(der::encrypted(decoded()?.expose(), ask)?),
        "RSA PRIVATE KEY" => contents.private_keys.push(der::pkcs1(decoded()?.expose())?),
        "EC PRIVATE KEY" => contents.private_keys.push(der::sec1(decoded()?.expose(), None)?),
        "PUBLIC KEY" => contents.public_keys.push(der::spki(decoded()?.expose())?),
        "RSA PUBLIC KEY" => contents.public_keys.push(der::pkcs1_public(decoded()?.expose())?),
        "CERTIFICATE" | "X509 CERTIFICATE" => {
            contents.certificates.push(Certificate::read(decoded()?.expose(), None)?);
        }
        // The curve stands in the key too.
        "EC PARAMETERS" => {}
        other => {
            return Err(Refusal::form(format!("it holds a {other}, which is neither key nor certificate")));
        }
    }
    Ok(())
}
