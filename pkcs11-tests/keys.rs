//! Key pairs and signatures as most tests want them.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CKA_EC_PARAMS, CKA_EC_POINT,
    CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_SIGN, CKA_TOKEN,
    CKA_VERIFY, CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_OK,
};

use crate::assert_rv;
use crate::raw::{Module, Out, Sent, Template, mechanism};

/// `prime256v1` as DER object identifier.
pub const P256: &[u8] = &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// `secp384r1` as DER object identifier.
pub const P384: &[u8] = &[0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22];
/// `brainpoolP512r1`: a curve that is not offered.
pub const BRAINPOOL: &[u8] = &[0x06, 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0D];

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA with 2048 bits.
    Rsa,
    /// EC over P-256.
    P256,
    /// EC over P-384.
    P384,
}

impl Kind {
    /// The mechanism that makes it.
    #[must_use]
    pub fn generator(self) -> CK_MECHANISM {
        mechanism(if self == Self::Rsa { CKM_RSA_PKCS_KEY_PAIR_GEN } else { CKM_EC_KEY_PAIR_GEN })
    }

    /// What must stand in the public template.
    #[must_use]
    pub fn public_template(self) -> Template {
        let template = Template::new().boolean(CKA_VERIFY, true);
        match self {
            Self::Rsa => template.ulong(CKA_MODULUS_BITS, 2048).bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]),
            Self::P256 => template.bytes(CKA_EC_PARAMS, P256),
            Self::P384 => template.bytes(CKA_EC_PARAMS, P384),
        }
    }

    /// What a private template says.
    #[must_use]
    pub fn private_template(self) -> Template {
        Template::new().boolean(CKA_SIGN, true).boolean(CKA_PRIVATE, true)
    }
}

/// A generated pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The public key.
    pub public: CK_OBJECT_HANDLE,
    /// The private key.
    pub private: CK_OBJECT_HANDLE,
}

/// Generates a pair with a label, which is its `CKA_ID` too.
///
/// # Panics
/// When the module refuses.
#[must_use]
pub fn generate(module: &Module, session: CK_SESSION_HANDLE, kind: Kind, token: bool, label: &str) -> Pair {
    let named =
        |template: Template| template.boolean(CKA_TOKEN, token).bytes(CKA_LABEL, label).bytes(CKA_ID, label);
    let (rv, public, private) = module.generate_key_pair(
        session,
        Some(&kind.generator()),
        &named(kind.public_template()),
        &named(kind.private_template()),
    );
    assert_rv!(rv, CKR_OK);
    Pair { public, private }
}

/// Signs in one call.
///
/// # Errors
/// The first return value that is not `CKR_OK`.
pub fn sign(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: &CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
    data: &[u8],
) -> Result<Vec<u8>, CK_RV> {
    let mut signature = vec![0; 1024];
    match module.sign_init(session, Some(mechanism), key) {
        CKR_OK => {}
        rv => return Err(rv),
    }
    let (rv, len) = module.sign(session, data.into(), Out::buffer(&mut signature));
    if rv != CKR_OK {
        return Err(rv);
    }
    signature.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    Ok(signature)
}

/// Verifies in one call: the first return value that is not `CKR_OK`, or `CKR_OK`.
#[must_use]
pub fn verify(
    module: &Module,
    session: CK_SESSION_HANDLE,
    mechanism: &CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
    data: &[u8],
    signature: &[u8],
) -> CK_RV {
    match module.verify_init(session, Some(mechanism), key) {
        CKR_OK => module.verify(session, data.into(), Sent::from(signature)),
        rv => rv,
    }
}

/// One attribute that can be read.
///
/// # Panics
/// When it cannot.
#[must_use]
pub fn attribute(
    module: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    kind: CK_ATTRIBUTE_TYPE,
) -> Vec<u8> {
    let (rv, mut answers) = module.attribute_values(session, object, &[(kind, Some(32 * 1024))]);
    assert_rv!(rv, CKR_OK, "for attribute {kind:#x}");
    let (mut value, len) = answers.remove(0);
    value.truncate(usize::try_from(len).expect("a length"));
    value
}

/// An attribute that is a `CK_BBOOL`.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn flag(
    module: &Module,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    kind: CK_ATTRIBUTE_TYPE,
) -> bool {
    let value = attribute(module, session, object, kind);
    assert!(value == [0] || value == [1], "attribute {kind:#x} is {value:?}, no CK_BBOOL");
    value == [1]
}

/// The public key as `SubjectPublicKeyInfo`, from the components that every token gives.
///
/// # Panics
/// When they cannot be read.
#[must_use]
pub fn spki(module: &Module, session: CK_SESSION_HANDLE, public: CK_OBJECT_HANDLE, kind: Kind) -> Vec<u8> {
    if kind == Kind::Rsa {
        let modulus = attribute(module, session, public, CKA_MODULUS);
        let exponent = attribute(module, session, public, CKA_PUBLIC_EXPONENT);
        let key = der(0x30, &[der_integer(&modulus), der_integer(&exponent)].concat());
        let algorithm =
            [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
        return der(0x30, &[algorithm.to_vec(), der_bits(&key)].concat());
    }
    let parameters = attribute(module, session, public, CKA_EC_PARAMS);
    let point = attribute(module, session, public, CKA_EC_POINT);
    let point = octets(&point);
    let ec_public_key = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
    let algorithm = der(0x30, &[ec_public_key.to_vec(), parameters].concat());
    der(0x30, &[algorithm, der_bits(point)].concat())
}

/// A raw ECDSA signature (r and s of equal length) as DER.
#[must_use]
pub fn ecdsa_to_der(raw: &[u8]) -> Vec<u8> {
    let (r, s) = raw.split_at(raw.len() / 2);
    der(0x30, &[der_integer(r), der_integer(s)].concat())
}

/// A DER ECDSA signature as r and s of `half` bytes each.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn ecdsa_from_der(der: &[u8], half: usize) -> Vec<u8> {
    let mut raw = Vec::new();
    let mut rest = &der[2..];
    assert_eq!((der[0], usize::from(der[1])), (0x30, rest.len()));
    for _ in 0..2 {
        let len = usize::from(rest[1]);
        let (number, after) = rest[2..].split_at(len);
        let number = &number[number.len().saturating_sub(half)..];
        raw.extend(vec![0; half - number.len()]);
        raw.extend(number);
        rest = after;
    }
    raw
}

/// One DER value.
#[must_use]
pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let mut value = vec![tag];
    if let Some(short) = u8::try_from(len).ok().filter(|len| *len < 0x80) {
        value.push(short);
    } else {
        let bytes: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        value.push(0x80 | u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        value.extend(bytes);
    }
    value.extend(content);
    value
}

fn der_integer(number: &[u8]) -> Vec<u8> {
    let significant = number.iter().position(|byte| *byte != 0).unwrap_or(number.len().saturating_sub(1));
    let mut content = number[significant..].to_vec();
    if content.first().is_some_and(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    der(0x02, &content)
}

fn der_bits(content: &[u8]) -> Vec<u8> {
    der(0x03, &[&[0], content].concat())
}

/// The content of a DER `OCTET STRING` of up to 255 bytes.
fn octets(value: &[u8]) -> &[u8] {
    assert_eq!(value[0], 0x04, "CKA_EC_POINT is a DER OCTET STRING (section 6.3.3)");
    if value[1] < 0x80 { &value[2..] } else { &value[3..] }
}
