//! RSA signatures and key pairs (PKCS#11 v3.2 section 6.1; RFC 8017); encryption has its own file.

mod components;
mod encapsulation;
mod encryption;
mod key_wrap;
mod rejection;

use std::any::Any;
use std::sync::Arc;

use engine::mechanism::{Can, GeneratedPair, Key, KeyTypeRow, MechanismRow, Saving, Signing, Verifying};
use pkcs11::constants::{
    CKA_MODULUS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKG_MGF1_SHA1,
    CKG_MGF1_SHA3_224, CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384, CKG_MGF1_SHA3_512, CKG_MGF1_SHA224,
    CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKK_RSA, CKM_MD5_RSA_PKCS, CKM_RIPEMD160_RSA_PKCS,
    CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_RSA_PKCS_PSS,
    CKM_RSA_X_509, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA3_224_RSA_PKCS,
    CKM_SHA3_224_RSA_PKCS_PSS, CKM_SHA3_256_RSA_PKCS, CKM_SHA3_256_RSA_PKCS_PSS, CKM_SHA3_384_RSA_PKCS,
    CKM_SHA3_384_RSA_PKCS_PSS, CKM_SHA3_512_RSA_PKCS, CKM_SHA3_512_RSA_PKCS_PSS, CKM_SHA224_RSA_PKCS,
    CKM_SHA224_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS,
    CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS,
};
use pkcs11::{Attributes, Error, Mechanism, MechanismType, Parameters, Result, Secret};

use crate::aws_lc::hash::Hash;
use crate::aws_lc::rsa::{self, PKCS1_OVERHEAD, PrivateKey, Pss, PublicKey};
use crate::der::without_leading_zeros;
use crate::digest::{Function, hash_of};
use crate::message::Message;
use crate::{downcast, no_parameter};

/// The mechanisms of this family.
pub(crate) const MECHANISMS: &[MechanismRow] = &[
    row(CKM_RSA_PKCS_KEY_PAIR_GEN, &[Can::GenerateKeyPair(generate)]),
    row(CKM_RSA_PKCS, ALL),
    row(CKM_RSA_X_509, ALL),
    row(
        CKM_RSA_PKCS_OAEP,
        &[
            Can::Encrypt(encryption::encrypt),
            Can::Decrypt(encryption::decrypt),
            Can::Wrap(encryption::encrypt),
            Can::Unwrap(encryption::decrypt),
            Can::Encapsulate(encapsulation::encapsulate),
            Can::DecapsulateWrapped(encryption::decrypt),
        ],
    ),
    row(CKM_RSA_AES_KEY_WRAP, &[Can::Wrap(key_wrap::wrap), Can::Unwrap(key_wrap::unwrap)]),
    row(CKM_MD5_RSA_PKCS, SIGN),
    row(CKM_RIPEMD160_RSA_PKCS, SIGN),
    row(CKM_SHA1_RSA_PKCS, SIGN),
    row(CKM_SHA224_RSA_PKCS, SIGN),
    row(CKM_SHA256_RSA_PKCS, SIGN),
    row(CKM_SHA384_RSA_PKCS, SIGN),
    row(CKM_SHA512_RSA_PKCS, SIGN),
    row(CKM_SHA3_224_RSA_PKCS, SIGN),
    row(CKM_SHA3_256_RSA_PKCS, SIGN),
    row(CKM_SHA3_384_RSA_PKCS, SIGN),
    row(CKM_SHA3_512_RSA_PKCS, SIGN),
    row(CKM_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA1_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA224_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA256_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA384_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA512_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA3_224_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA3_256_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA3_384_RSA_PKCS_PSS, SIGN),
    row(CKM_SHA3_512_RSA_PKCS_PSS, SIGN),
];

/// Bits of keys: from the smallest that some token still makes to the largest that AWS-LC takes (docs/decisions/0039).
const BITS: (u64, u64) = (1024, 16384);
/// Bits of keys that verify: what others signed with once.
const VERIFY_BITS: (u64, u64) = (512, 16384);

const SIGN: &[Can] = &[Can::Sign(sign), Can::VerifyOf(VERIFY_BITS, verify)];

const ALL: &[Can] = &[
    Can::Sign(sign),
    Can::VerifyOf(VERIFY_BITS, verify),
    Can::SignRecover(encryption::sign_recover),
    Can::VerifyRecover(encryption::verify_recover),
    Can::Encrypt(encryption::encrypt),
    Can::Decrypt(encryption::decrypt),
    Can::Wrap(encryption::encrypt),
    Can::Unwrap(encryption::decrypt),
    Can::Encapsulate(encapsulation::encapsulate),
    Can::DecapsulateWrapped(encryption::decrypt),
];

const fn row(mechanism: MechanismType, can: &'static [Can]) -> MechanismRow {
    MechanismRow { mechanism, key_types: &[CKK_RSA], sizes: BITS, flags: 0, can }
}

/// RSA keys, from outside and out of the store.
pub(crate) const KEY_TYPE: KeyTypeRow = KeyTypeRow {
    key_type: CKK_RSA,
    complete: components::complete,
    parse: components::parse,
    to_bytes: components::to_bytes,
    from_bytes: components::from_bytes,
};

/// The mechanisms of PKCS #1 v1.5 that hash, and the function of each.
const PKCS1_HASHES: [(MechanismType, Function); 11] = [
    (CKM_MD5_RSA_PKCS, Function::Md5),
    (CKM_RIPEMD160_RSA_PKCS, Function::Ripemd160),
    (CKM_SHA1_RSA_PKCS, Function::Sha(Hash::Sha1)),
    (CKM_SHA224_RSA_PKCS, Function::Sha(Hash::Sha224)),
    (CKM_SHA256_RSA_PKCS, Function::Sha(Hash::Sha256)),
    (CKM_SHA384_RSA_PKCS, Function::Sha(Hash::Sha384)),
    (CKM_SHA512_RSA_PKCS, Function::Sha(Hash::Sha512)),
    (CKM_SHA3_224_RSA_PKCS, Function::Sha(Hash::Sha3_224)),
    (CKM_SHA3_256_RSA_PKCS, Function::Sha(Hash::Sha3_256)),
    (CKM_SHA3_384_RSA_PKCS, Function::Sha(Hash::Sha3_384)),
    (CKM_SHA3_512_RSA_PKCS, Function::Sha(Hash::Sha3_512)),
];

/// The mechanisms of PSS that hash, and the function of each.
const PSS_HASHES: [(MechanismType, Hash); 9] = [
    (CKM_SHA1_RSA_PKCS_PSS, Hash::Sha1),
    (CKM_SHA224_RSA_PKCS_PSS, Hash::Sha224),
    (CKM_SHA256_RSA_PKCS_PSS, Hash::Sha256),
    (CKM_SHA384_RSA_PKCS_PSS, Hash::Sha384),
    (CKM_SHA512_RSA_PKCS_PSS, Hash::Sha512),
    (CKM_SHA3_224_RSA_PKCS_PSS, Hash::Sha3_224),
    (CKM_SHA3_256_RSA_PKCS_PSS, Hash::Sha3_256),
    (CKM_SHA3_384_RSA_PKCS_PSS, Hash::Sha3_384),
    (CKM_SHA3_512_RSA_PKCS_PSS, Hash::Sha3_512),
];

/// The public key of a private one.
pub(crate) fn public_key_of(attributes: &Attributes) -> Result<Attributes> {
    components::complete_public(attributes)
}

/// The mask generation functions: a `CKG_` value each.
const MGFS: [(u64, Hash); 9] = [
    (CKG_MGF1_SHA1, Hash::Sha1),
    (CKG_MGF1_SHA224, Hash::Sha224),
    (CKG_MGF1_SHA256, Hash::Sha256),
    (CKG_MGF1_SHA384, Hash::Sha384),
    (CKG_MGF1_SHA512, Hash::Sha512),
    (CKG_MGF1_SHA3_224, Hash::Sha3_224),
    (CKG_MGF1_SHA3_256, Hash::Sha3_256),
    (CKG_MGF1_SHA3_384, Hash::Sha3_384),
    (CKG_MGF1_SHA3_512, Hash::Sha3_512),
];

fn mgf_of(mgf: u64) -> Option<Hash> {
    MGFS.iter().find(|(known, _)| *known == mgf).map(|(_, hash)| *hash)
}

/// The public exponent when the template names none: 65537.
const DEFAULT_EXPONENT: &[u8] = &[1, 0, 1];
/// AWS-LC makes moduli of multiples of this many bits.
const MODULUS_STEP: u64 = 128;

/// `DigestInfo` without the digest itself (RFC 8017 section 9.2, note 1; NIST's object identifiers of SHA-3; ISO 10118-3
/// and TeleTrusT's of RIPEMD-160). BLAKE2b and SHA-512 cut elsewhere have none.
fn digest_info_prefix(function: Function) -> Result<&'static [u8]> {
    let Function::Sha(hash) = function else {
        return match function {
            Function::Md5 => {
                Ok(b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10".as_slice())
            }
            Function::Ripemd160 => {
                Ok(b"\x30\x21\x30\x09\x06\x05\x2b\x24\x03\x02\x01\x05\x00\x04\x14".as_slice())
            }
            _ => Err(Error::Bug("a hash function without a DigestInfo")),
        };
    };
    Ok(match hash {
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha224 => b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        Hash::Sha512_224 => b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x05\x05\x00\x04\x1c",
        Hash::Sha512_256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x06\x05\x00\x04\x20",
        Hash::Sha3_224 => b"\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x07\x05\x00\x04\x1c",
        Hash::Sha3_256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08\x05\x00\x04\x20",
        Hash::Sha3_384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x09\x05\x00\x04\x30",
        Hash::Sha3_512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x0a\x05\x00\x04\x40",
    })
}

impl Key for PrivateKey {
    fn size(&self) -> u64 {
        self.bits().into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Key for PublicKey {
    fn size(&self) -> u64 {
        self.bits().into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// How a mechanism makes a signature of the bytes of its message.
#[derive(Clone, Copy)]
enum Scheme {
    /// PKCS #1 v1.5 over the bytes as they are, or over the `DigestInfo` of this hash.
    Pkcs1(Option<Function>),
    /// The bytes as they are, with zeros before them.
    Raw,
    /// PSS over a digest that the caller made (`hashed` false) or that is made here.
    Pss { pss: Pss, hashed: bool },
}

impl Scheme {
    /// Reads mechanism and parameters for a key of `bits`.
    fn new(mechanism: &Mechanism, bits: u32) -> Result<Self> {
        let pss = |hash: Option<Hash>| {
            let hashed = hash.is_some();
            pss_parameters(mechanism, hash, bits).map(|pss| Self::Pss { pss, hashed })
        };
        let pkcs1 = |hash| no_parameter(mechanism).map(|()| Self::Pkcs1(hash));
        let kind = mechanism.mechanism_type;
        match kind {
            CKM_RSA_PKCS => return pkcs1(None),
            CKM_RSA_X_509 => return no_parameter(mechanism).map(|()| Self::Raw),
            CKM_RSA_PKCS_PSS => return pss(None),
            _ => {}
        }
        if let Some((_, function)) = PKCS1_HASHES.iter().find(|(known, _)| *known == kind) {
            return pkcs1(Some(*function));
        }
        let hash = PSS_HASHES.iter().find(|(known, _)| *known == kind).map(|(_, hash)| *hash);
        pss(Some(hash.ok_or(Error::MechanismInvalid(kind))?))
    }

    /// An empty message; `modulus_len` is in bytes.
    fn message(self, modulus_len: usize) -> Result<Message> {
        match self {
            Self::Pkcs1(None) => Ok(Message::whole(modulus_len.saturating_sub(PKCS1_OVERHEAD))),
            Self::Pkcs1(Some(function)) => Message::hashed(function),
            Self::Raw => Ok(Message::whole(modulus_len)),
            Self::Pss { pss, hashed: false } => Ok(Message::whole(pss.hash.digest_len())),
            Self::Pss { pss, hashed: true } => Message::hashed(pss.hash),
        }
    }
}

/// The parameters of PSS; `required` is the hash that the mechanism fixes.
fn pss_parameters(mechanism: &Mechanism, required: Option<Hash>, bits: u32) -> Result<Pss> {
    let Parameters::Pss(parameters) = &mechanism.parameters else {
        return Err(Error::MechanismParamInvalid("CK_RSA_PKCS_PSS_PARAMS is needed"));
    };
    let hash = hash_of(parameters.hash).ok_or(Error::MechanismParamInvalid("hashAlg is not offered"))?;
    if required.is_some_and(|required| required != hash) {
        return Err(Error::MechanismParamInvalid("hashAlg is another than the mechanism's"));
    }
    let mgf = mgf_of(parameters.mgf).ok_or(Error::MechanismParamInvalid("mgf is not offered"))?;
    // emLen - hLen - 2 (RFC 8017 section 9.1.1 step 3), where emLen holds one bit less than the modulus.
    let room = (bits.saturating_sub(1).div_ceil(8) as usize).checked_sub(hash.digest_len() + 2);
    let salt_len = u16::try_from(parameters.salt_len).ok().filter(|len| Some(usize::from(*len)) <= room);
    let salt_len = salt_len.ok_or(Error::MechanismParamInvalid("sLen is too long for the key"))?;
    Ok(Pss { hash, mgf, salt_len })
}

fn sign(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Signing>> {
    let key: Arc<PrivateKey> = downcast(key)?;
    let scheme = Scheme::new(mechanism, key.bits())?;
    Ok(Box::new(RsaSigning { message: scheme.message(key.signature_len())?, scheme, key }))
}

struct RsaSigning {
    key: Arc<PrivateKey>,
    scheme: Scheme,
    message: Message,
}

impl Saving for RsaSigning {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Signing for RsaSigning {
    fn signature_len(&self) -> usize {
        self.key.signature_len()
    }

    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()> {
        let message = self.message.finish()?;
        match self.scheme {
            Scheme::Pkcs1(None) => self.key.sign_pkcs1(message.as_ref(), out),
            Scheme::Pkcs1(Some(function)) => {
                self.key.sign_pkcs1(&[digest_info_prefix(function)?, message.as_ref()].concat(), out)
            }
            Scheme::Raw => encryption::sign_raw(&self.key, message.as_ref(), out),
            Scheme::Pss { pss, .. } => self.key.sign_pss(message.as_ref(), pss, out),
        }
    }
}

fn verify(mechanism: &Mechanism, key: &Arc<dyn Key>) -> Result<Box<dyn Verifying>> {
    let key: Arc<PublicKey> = downcast(key)?;
    let scheme = Scheme::new(mechanism, key.bits())?;
    Ok(Box::new(RsaVerifying { message: scheme.message(key.signature_len())?, scheme, key }))
}

struct RsaVerifying {
    key: Arc<PublicKey>,
    scheme: Scheme,
    message: Message,
}

impl Saving for RsaVerifying {
    fn save(&self) -> Option<Secret> {
        self.message.save()
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        self.message.restore(state)
    }
}

impl Verifying for RsaVerifying {
    fn update(&mut self, part: &[u8]) -> Result<()> {
        self.message.update(part)
    }

    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()> {
        let message = self.message.finish()?;
        let message = message.as_ref();
        if let Scheme::Pss { pss, .. } = self.scheme
            && message.len() != pss.hash.digest_len()
        {
            return Err(Error::DataLenRange);
        }
        if signature.len() != self.key.signature_len() {
            return Err(Error::SignatureLenRange);
        }
        let right = match self.scheme {
            Scheme::Pkcs1(None) => self.key.verify_pkcs1(message, signature),
            Scheme::Pkcs1(Some(function)) => {
                self.key.verify_pkcs1(&[digest_info_prefix(function)?, message].concat(), signature)
            }
            Scheme::Raw => verify_raw(&self.key, message, signature)?,
            Scheme::Pss { pss, .. } => self.key.verify_pss(message, pss, signature),
        };
        if right { Ok(()) } else { Err(Error::SignatureInvalid) }
    }
}

fn verify_raw(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool> {
    if !key.is_in_range(signature) {
        return Ok(false);
    }
    let mut recovered = vec![0; key.signature_len()];
    key.raw(signature, &mut recovered)?;
    Ok(recovered == encryption::with_zeros(message, recovered.len())?.expose())
}

/// Makes a key pair: `CKA_MODULUS_BITS` is required, `CKA_PUBLIC_EXPONENT` is 65537 unless the template names
/// another (PKCS#11 v3.2 section 6.1.4).
fn generate(mechanism: &Mechanism, public: &Attributes, _private: &Attributes) -> Result<GeneratedPair> {
    no_parameter(mechanism)?;
    let bits = public.ulong(CKA_MODULUS_BITS).ok_or(Error::TemplateIncomplete(CKA_MODULUS_BITS))?;
    let bits = u16::try_from(bits)
        .ok()
        .filter(|bits| (BITS.0..=BITS.1).contains(&u64::from(*bits)))
        .filter(|bits| u64::from(*bits).is_multiple_of(MODULUS_STEP))
        .ok_or(Error::AttributeValueInvalid(CKA_MODULUS_BITS))?;
    let exponent = match public.bytes(CKA_PUBLIC_EXPONENT).map(without_leading_zeros) {
        None => DEFAULT_EXPONENT,
        Some(exponent) if exponent_is_usable(exponent) => exponent,
        Some(_) => return Err(Error::AttributeValueInvalid(CKA_PUBLIC_EXPONENT)),
    };
    let made = rsa::generate(bits, exponent)?;
    let mut pair = GeneratedPair::default();
    pair.public.set_bytes(CKA_MODULUS, made.n.expose());
    pair.public.set_bytes(CKA_PUBLIC_EXPONENT, made.e.expose());
    pair.public
        .set_bytes(CKA_PUBLIC_KEY_INFO, &components::public_key_info(made.n.expose(), made.e.expose()));
    pair.private = components::private_attributes(&made);
    Ok(pair)
}

/// Whether a key may be made with this exponent, given without leading zeros: odd, 65537 or more (FIPS 186-5 section
/// 5.4), and 32 bits at most, which is where AWS-LC ends.
fn exponent_is_usable(exponent: &[u8]) -> bool {
    let odd = exponent.last().is_some_and(|last| last % 2 == 1);
    let large =
        exponent.len() > DEFAULT_EXPONENT.len() || exponent.len() == 3 && exponent >= DEFAULT_EXPONENT;
    odd && large && exponent.len() <= 4
}

#[cfg(test)]
mod tests;
