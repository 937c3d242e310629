//! HKDF (RFC 5869; PKCS#11 v3.2 section 6.62).

use engine::mechanism::{Bases, Can, MechanismRow};
use pkcs11::constants::{
    CKA_VALUE, CKA_VALUE_LEN, CKK_GENERIC_SECRET, CKK_HKDF, CKM_HKDF_DATA, CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN,
};
use pkcs11::{
    Attributes, Error, HkdfParameters, HkdfSalt, KeyType, Mechanism, MechanismType, Parameters, Result,
    Secret,
};

use crate::aws_lc::derivation::{hkdf_expand, hkdf_extract};
use crate::aws_lc::hash::Hash;
use crate::hmac::HmacKey;
use crate::secret::LONGEST;
use crate::{digest, downcast, no_parameter, secret};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_HKDF_DERIVE, &[CKK_HKDF, CKK_GENERIC_SECRET], &[Can::Derive(derive)]),
    row(CKM_HKDF_DATA, &[CKK_HKDF, CKK_GENERIC_SECRET], &[Can::DeriveData(derive_data)]),
    row(CKM_HKDF_KEY_GEN, &[CKK_HKDF], &[Can::GenerateKey(generate)]),
];

const fn row(mechanism: MechanismType, key_types: &'static [KeyType], can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types, sizes: (1, LONGEST as u64), flags: 0, can }
}

/// Digests that the second stage gives at most (RFC 5869 section 2.3).
const MOST_DIGESTS: usize = 255;

fn generate(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    no_parameter(mechanism)?;
    secret::random(template)
}

fn derive(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    secret::made(template, output(mechanism, bases, template)?.expose())
}

fn derive_data(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Attributes> {
    let mut data = Attributes::new();
    data.set_bytes(CKA_VALUE, output(mechanism, bases, template)?.expose());
    Ok(data)
}

/// What the stages that run give. A base key of any length will do: the standard asks for a digest's, but secrets of
/// key agreement have other lengths, and RFC 5869 takes them all.
fn output(mechanism: &Mechanism, bases: &Bases<'_>, template: &Attributes) -> Result<Secret> {
    let Parameters::Hkdf(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_HKDF_PARAMS is needed"));
    };
    let hash = digest::hash_of(parameters.hash);
    let hash = hash.ok_or(Error::MechanismParamInvalid("prfHashMechanism is not offered"))?;
    let len = secret::value_len(template)?;
    let base = downcast::<HmacKey>(bases.key)?;
    match (parameters.extract, parameters.expand) {
        (true, true) => {
            let key = extracted(parameters, hash, bases, base.secret())?;
            expanded(parameters, hash, &key, len)
        }
        (false, true) => expanded(parameters, hash, base.secret(), len),
        (true, false) if len.is_none_or(|len| len == hash.digest_len()) => {
            extracted(parameters, hash, bases, base.secret())
        }
        (true, false) => Err(Error::TemplateInconsistent("CKA_VALUE_LEN is another than the digest's")),
        (false, false) => Err(Error::MechanismParamInvalid("neither stage of HKDF is to run")),
    }
}

fn extracted(parameters: &HkdfParameters, hash: Hash, bases: &Bases<'_>, base: &Secret) -> Result<Secret> {
    match &parameters.salt {
        HkdfSalt::Null => hkdf_extract(hash, base.expose(), &[]),
        HkdfSalt::Data(salt) => hkdf_extract(hash, base.expose(), salt),
        HkdfSalt::Key(_) => {
            let salt = bases.named.first().ok_or(Error::Bug("HKDF without the key of its salt"))?;
            hkdf_extract(hash, base.expose(), downcast::<HmacKey>(salt)?.secret().expose())
        }
    }
}

fn expanded(parameters: &HkdfParameters, hash: Hash, key: &Secret, len: Option<usize>) -> Result<Secret> {
    let len = len.ok_or(Error::TemplateIncomplete(CKA_VALUE_LEN))?;
    if len == 0 || len > MOST_DIGESTS * hash.digest_len() {
        return Err(Error::KeySizeRange);
    }
    let mut out = Secret::zeroed(len);
    hkdf_expand(hash, key.expose(), &parameters.info, out.as_mut())?;
    Ok(out)
}

#[cfg(test)]
mod tests;
