//! Rules between the attributes of one object, whatever event made or changed it.

use pkcs11::constants::{
    CKA_ALWAYS_AUTHENTICATE, CKA_HASH_OF_CERTIFICATE, CKA_HASH_OF_ISSUER_PUBLIC_KEY,
    CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_PRIVATE, CKA_TRUST_CLIENT_AUTH, CKA_TRUST_CODE_SIGNING,
    CKA_TRUST_EMAIL_PROTECTION, CKA_TRUST_IPSEC_IKE, CKA_TRUST_OCSP_SIGNING, CKA_TRUST_SERVER_AUTH,
    CKA_TRUST_TIME_STAMPING, CKA_TRUSTED, CKA_URL, CKA_VALUE, CKO_CERTIFICATE, CKO_OTP_KEY, CKO_SECRET_KEY,
    CKO_TRUST, CKT_NOT_TRUSTED, CKT_TRUST_ANCHOR, CKT_TRUST_MUST_VERIFY_TRUST, CKT_TRUST_UNKNOWN,
    CKT_TRUSTED,
};
use pkcs11::{AttributeType, Attributes, Error, Result};

/// Whether they hold.
///
/// # Errors
/// [`Error::TemplateInconsistent`], [`Error::TemplateIncomplete`]
pub(super) fn agree(object: &Attributes) -> Result<()> {
    if object.is(CKA_ALWAYS_AUTHENTICATE) && !object.is(CKA_PRIVATE) {
        return Err(Error::TemplateInconsistent("CKA_ALWAYS_AUTHENTICATE needs CKA_PRIVATE (section 4.10)"));
    }
    // Anyone with the device key could write a key of that unique id on the public shelf.
    let is_secret_key = matches!(object.class(), Some(CKO_SECRET_KEY | CKO_OTP_KEY));
    if is_secret_key && object.is(CKA_TRUSTED) && !object.is(CKA_PRIVATE) {
        return Err(Error::TemplateInconsistent("a trusted secret key must be private"));
    }
    match object.class() {
        Some(CKO_CERTIFICATE) => certificate_agrees(object),
        Some(CKO_TRUST) => trust_agrees(object),
        _ => Ok(()),
    }
}

/// Section 4.7: trust is given to a certificate whose hash is told.
fn trust_agrees(object: &Attributes) -> Result<()> {
    let said = |attribute: &AttributeType| object.ulong(*attribute).unwrap_or(CKT_TRUST_UNKNOWN);
    const KNOWN: [u64; 5] =
        [CKT_TRUSTED, CKT_TRUST_ANCHOR, CKT_NOT_TRUSTED, CKT_TRUST_MUST_VERIFY_TRUST, CKT_TRUST_UNKNOWN];
    if let Some(unknown) = TRUSTS.iter().find(|attribute| !KNOWN.contains(&said(attribute))) {
        return Err(Error::AttributeValueInvalid(*unknown));
    }
    let gives =
        TRUSTS.iter().any(|attribute| !matches!(said(attribute), CKT_TRUST_UNKNOWN | CKT_NOT_TRUSTED));
    if gives && object.bytes(CKA_HASH_OF_CERTIFICATE).is_none_or(<[u8]>::is_empty) {
        return Err(Error::TemplateIncomplete(CKA_HASH_OF_CERTIFICATE));
    }
    Ok(())
}

fn certificate_agrees(object: &Attributes) -> Result<()> {
    let empty = |attribute| object.bytes(attribute).is_none_or(<[u8]>::is_empty);
    // Section 4.6.3, the footnotes of the X.509 table.
    let required = match (empty(CKA_URL), empty(CKA_VALUE)) {
        (true, true) => &[CKA_VALUE][..],
        (true, false) => &[],
        (false, _) => &[CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_HASH_OF_ISSUER_PUBLIC_KEY],
    };
    match required.iter().find(|attribute| empty(**attribute)) {
        Some(attribute) => Err(Error::TemplateIncomplete(*attribute)),
        None => Ok(()),
    }
}

/// What a trust object says of a certificate.
const TRUSTS: [AttributeType; 7] = [
    CKA_TRUST_SERVER_AUTH,
    CKA_TRUST_CLIENT_AUTH,
    CKA_TRUST_CODE_SIGNING,
    CKA_TRUST_EMAIL_PROTECTION,
    CKA_TRUST_IPSEC_IKE,
    CKA_TRUST_TIME_STAMPING,
    CKA_TRUST_OCSP_SIGNING,
];
