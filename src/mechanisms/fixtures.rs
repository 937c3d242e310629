//! What the tests of several families need.

use std::sync::Arc;

use engine::mechanism::{
    Bases, Can, Ciphering, Derivation, GeneratedPair, Key, MechanismRow, Several, Signing, StartCipher,
    Verifying,
};
use pkcs11::constants::{
    CKA_CLASS, CKA_KEY_TYPE, CKA_VALUE, CKA_VALUE_LEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, PssParameters, Result};

use crate::MECHANISMS;

/// Bytes of hexadecimal digits; white space is passed over.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    assert!(digits.len().is_multiple_of(2));
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

pub(crate) fn plain(mechanism_type: MechanismType) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::None }
}

pub(crate) fn pss(mechanism_type: MechanismType, hash: MechanismType, mgf: u64, salt_len: u64) -> Mechanism {
    Mechanism { mechanism_type, parameters: Parameters::Pss(PssParameters { hash, mgf, salt_len }) }
}

fn row(mechanism: &Mechanism) -> &'static MechanismRow {
    MECHANISMS.row(mechanism.mechanism_type).unwrap()
}

pub(crate) fn start_sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let sign = row(mechanism).can.iter().find_map(Can::sign);
    sign.unwrap()(mechanism, key)
}

pub(crate) fn start_verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let verify = row(mechanism).can.iter().find_map(Can::verify);
    verify.unwrap()(mechanism, key)
}

/// Signs a message that comes in parts of seven bytes.
pub(crate) fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>, message: &[u8]) -> Result<Vec<u8>> {
    let mut signing = start_sign(mechanism, key)?;
    let mut signature = vec![0; signing.signature_len()];
    message.chunks(7).try_for_each(|part| signing.update(part))?;
    signing.finish(&mut signature)?;
    Ok(signature)
}

pub(crate) fn verify(
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    message: &[u8],
    signature: &[u8],
) -> Result<()> {
    let mut verifying = start_verify(mechanism, key)?;
    message.chunks(7).try_for_each(|part| verifying.update(part))?;
    verifying.finish(signature)
}

/// Picks one ability of a mechanism, as [`Can::encrypt`] does.
pub(crate) type Ability = fn(&Can) -> Option<StartCipher>;

pub(crate) fn start_cipher(
    ability: Ability,
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
) -> Result<Box<dyn Ciphering>> {
    row(mechanism).can.iter().find_map(ability).unwrap()(mechanism, key)
}

/// All at once, in a place of just the length that is asked for.
pub(crate) fn whole(
    ability: Ability,
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    data: &[u8],
) -> Result<Vec<u8>> {
    let cipher = start_cipher(ability, mechanism, key)?;
    let mut out = vec![0; cipher.whole_len(data.len())];
    let len = cipher.whole(data, &mut out)?;
    out.truncate(len);
    Ok(out)
}

/// Part by part, each into a place of just the length that is asked for.
pub(crate) fn in_parts<'a>(
    ability: Ability,
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>> {
    let mut cipher = start_cipher(ability, mechanism, key)?;
    let mut out = Vec::new();
    for part in parts {
        let mut place = vec![0; cipher.update_len(part.len())];
        cipher.update(part, &mut place)?;
        out.extend(place);
    }
    let mut place = vec![0; cipher.finish_len()];
    let len = cipher.finish(&mut place)?;
    out.extend(&place[..len]);
    Ok(out)
}

/// Cuts data into parts of these sizes, and what is left.
pub(crate) fn cut<'a>(mut data: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for size in sizes {
        let (part, rest) = data.split_at((*size).min(data.len()));
        parts.push(part);
        data = rest;
    }
    parts.push(data);
    parts
}

/// As `in_parts`, but before each part, and before the end, the operation is saved and another goes on in its place.
pub(crate) fn in_lives(
    ability: Ability,
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    parts: &[&[u8]],
) -> Result<Vec<u8>> {
    let again = |cipher: Box<dyn Ciphering>| {
        let state = cipher.save().unwrap();
        let mut next = start_cipher(ability, mechanism, key)?;
        next.restore(state.expose()).map(|()| next)
    };
    let mut cipher = start_cipher(ability, mechanism, key)?;
    let mut out = Vec::new();
    for part in parts {
        cipher = again(cipher)?;
        let mut place = vec![0; cipher.update_len(part.len())];
        cipher.update(part, &mut place)?;
        out.extend(place);
    }
    cipher = again(cipher)?;
    let mut place = vec![0; cipher.finish_len()];
    let len = cipher.finish(&mut place)?;
    out.extend(&place[..len]);
    Ok(out)
}

/// A secret key of a value, parsed.
pub(crate) fn secret_key(key_type: u64, value: &[u8]) -> Arc<dyn Key> {
    parse(&secret_attributes(key_type, value)).unwrap()
}

/// A secret key of a value, as an application would describe it.
pub(crate) fn secret_attributes(key_type: u64, value: &[u8]) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.set_bytes(CKA_VALUE, value);
    of_class(CKO_SECRET_KEY, key_type, attributes)
}

pub(crate) fn with(mechanism_type: MechanismType, parameters: Parameters) -> Mechanism {
    Mechanism { mechanism_type, parameters }
}

/// Makes a secret key.
pub(crate) fn generate_key(mechanism: &Mechanism, template: &Attributes) -> Result<Attributes> {
    row(mechanism).can.iter().find_map(Can::generate_key).unwrap().1(mechanism, template)
}

pub(crate) fn derive(mechanism: &Mechanism, key: &Arc<dyn Key>, template: &Attributes) -> Result<Attributes> {
    derive_from(mechanism, &Bases { key, named: &[] }, template)
}

/// Derives from several keys, or data.
pub(crate) fn derive_from(
    mechanism: &Mechanism,
    bases: &Bases<'_>,
    template: &Attributes,
) -> Result<Attributes> {
    match row(mechanism).can.iter().find_map(Can::derive).unwrap() {
        Derivation::Key(_, derive) | Derivation::Data(derive) => derive(mechanism, bases, template),
        Derivation::Public(_) => panic!("a public key is derived from attributes"),
        Derivation::Several(several) => {
            let derived = (several.derive)(mechanism, bases, &[Some(template.clone())])?;
            Ok(derived.keys.into_iter().flatten().next().unwrap())
        }
    }
}

/// Derives several keys, for templates that are complete already.
pub(crate) fn derive_several(
    mechanism: &Mechanism,
    key: &Arc<dyn Key>,
    templates: &[Option<Attributes>],
) -> Result<Several> {
    let Some(Derivation::Several(several)) = row(mechanism).can.iter().find_map(Can::derive) else {
        panic!("it derives one key");
    };
    (several.derive)(mechanism, &Bases { key, named: &[] }, templates)
}

/// The template of a secret key of a type and a length in bytes.
pub(crate) fn wanted(key_type: u64, len: u64) -> Attributes {
    let mut template = of_class(CKO_SECRET_KEY, key_type, Attributes::new());
    template.set_ulong(CKA_VALUE_LEN, len);
    template
}

/// What of these attributes would be wrapped.
pub(crate) fn to_bytes(attributes: &Attributes) -> Result<Vec<u8>> {
    let row = MECHANISMS.key_type(attributes.key_type().unwrap()).unwrap();
    (row.to_bytes)(attributes).map(|bytes| bytes.expose().to_vec())
}

/// The key of unwrapped bytes, completed.
pub(crate) fn from_bytes(template: &Attributes, bytes: &[u8]) -> Result<Attributes> {
    let row = MECHANISMS.key_type(template.key_type().unwrap()).unwrap();
    let mut attributes = template.clone();
    attributes.extend((row.from_bytes)(template, bytes)?);
    complete(&attributes)
}

pub(crate) fn generate(mechanism: MechanismType, template: &Attributes) -> Result<GeneratedPair> {
    let mechanism = plain(mechanism);
    let make = row(&mechanism).can.iter().find_map(|can| match can {
        Can::GenerateKeyPair(make) => Some(make),
        _ => None,
    });
    make.unwrap()(&mechanism, template, &Attributes::new())
}

/// The attributes with class and key type set.
pub(crate) fn of_class(class: u64, key_type: u64, mut attributes: Attributes) -> Attributes {
    attributes.set_ulong(CKA_CLASS, class);
    attributes.set_ulong(CKA_KEY_TYPE, key_type);
    attributes
}

pub(crate) fn complete(attributes: &Attributes) -> Result<Attributes> {
    (MECHANISMS.key_type(attributes.key_type().unwrap()).unwrap().complete)(attributes)
}

pub(crate) fn parse(attributes: &Attributes) -> Result<Arc<dyn Key>> {
    (MECHANISMS.key_type(attributes.key_type().unwrap()).unwrap().parse)(attributes)
}

/// Both keys of a pair, parsed.
pub(crate) fn parse_pair(key_type: u64, pair: GeneratedPair) -> (Arc<dyn Key>, Arc<dyn Key>) {
    (
        parse(&of_class(CKO_PRIVATE_KEY, key_type, pair.private)).unwrap(),
        parse(&of_class(CKO_PUBLIC_KEY, key_type, pair.public)).unwrap(),
    )
}

/// The error of a result whose value cannot be printed.
pub(crate) fn error<T>(result: Result<T>) -> Option<Error> {
    result.err()
}
